// Package robots is what acts: an arm and its hand, and the skills that carry out a pointed task with them.
//
// A Robot is data (joints, limits, home position, hand) with its kinematics; it builds its own sim.Spec. A Plant is what a controller
// sees of a robot that is there: joint positions and torques, the opening and the force of the hand, commands at 125 Hz. SimPlant is
// the simulated one; it touches no joint but the robot's. An Executor drives a Plant through skills written once for every robot:
//
//	robot, err := robots.Open("ur5")
//	spec, err := robot.Build()                         // attach it to a scene, compile, make a Data
//	plant, err := robot.NewPlant(data, "robot/")       // the prefix it was attached with
//	err = plant.Reset()                                // to its home position, before the episode begins
//	exec := robots.NewExecutor(robot, plant)
//	pick, err := exec.Pick(ctx, frame, pixel, robots.PickOptions{})
//	place, err := exec.Place(ctx, frame, pixel, pick.Held, robots.PlaceOptions{})
//
// Skills see a sim.Frame (colour, depth and where the camera is) and a pixel, never the simulation: no object pose, no segmentation.
// What goes wrong in a skill is an outcome with a Cause; an error means that the episode cannot be judged. Budgets count control
// periods and checks, never wall time, and random numbers come from a stream that each query of a MotionPlanner begins anew: the same input
// gives the same motion.
//
// Frames: world; base (the arm's base_link); ee (between the finger tips, z out of the palm, y along the closing direction).
package robots
