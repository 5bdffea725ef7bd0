// Package sim is the simulated world: a Spec is composed, compiled into a Model, and stepped as Data; a Camera and a Renderer turn a
// Data into a Frame.
//
// The life of a simulation:
//
//	spec, err := sim.NewSpec()          // bodies, geoms, attached robots
//	model, err := spec.Compile()        // shared, read-only, safe for concurrent use
//	data, err := sim.NewData(model)     // one owner; not safe for concurrent use
//	err = data.Step(5)                  // 5 × 2 ms
//
// Units are SI: m, rad, s, kg, N. World z points up. T_a_b, in Go tAB, is the pose of frame b in frame a. Quaternions are wxyz.
// The physics is MuJoCo's (libmujoco, through sim/internal/mj); no C type leaves this package.
package sim
