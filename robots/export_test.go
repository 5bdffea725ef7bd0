package robots

// Stiffen has an executor do without the positions that are not easily found, so that it has to change hands.
func Stiffen(e *Executor) {
	for _, m := range e.modes() {
		m.robot.Arm.Kinematics = struct{ Kinematics }{m.robot.Arm.Kinematics} // no stretcher
	}
}
