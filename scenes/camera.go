package scenes

import "github.com/refarena/refarena/sim"

// DefaultCamera is the camera that the referee sees through: across the table from the robot, to its left, looking down into the
// task zone. width and height are in px; 640 × 480 is usual.
func DefaultCamera(width, height int) sim.Camera {
	return sim.NewCamera("referee", width, height, 42, sim.LookAt(sim.Vec3{1.25, 0.0, 0.95}, sim.Vec3{0.45, 0, 0.02}))
}
