package robots

import "github.com/refarena/refarena/sim"

// A Watcher is told what an Executor means to do, before it does it. Being watched changes nothing.
type Watcher interface {
	// Grasps is told the grasps that were found for what was pointed at, best first.
	Grasps([]Grasp)
	// Planned is told the way of the tool centre point, in the world [m], on the motion that begins now.
	Planned(way []sim.Vec3)
	// Phase is told the name of the part of a skill that begins now: "reach", "close", "lift".
	Phase(name string)
}

// toolWay is where a trajectory brings the tool centre point, in the world, ten times a second and at its end.
func (e *Executor) toolWay(t trajectory) []sim.Vec3 {
	const every = Rate / 10
	var way []sim.Vec3
	for k := 0; ; k += every {
		q, _ := t.row(min(k, t.periods))
		way = append(way, e.tWorldBase.Apply(e.robot.Arm.Forward(q).Pos))
		if k >= t.periods {
			return way
		}
	}
}
