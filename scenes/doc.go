// Package scenes makes cluttered tables: (config, seed) gives the same table, every time.
//
// A scene comes about in four steps, which Generate does in one go:
//
//	layout, err := Draw(cfg, rng)       // pure data: which objects, in which colours, where
//	spec, err := layout.Build()         // table, floor, objects; the caller attaches a robot to it
//	model, err := spec.Compile()        // then NewData, and the robot takes its home posture
//	why, err := Settle(data, layout)    // physics until everything rests; says why the scene is no good, if so
//
// A scene that does not come to rest, where something topples, leaves the zone or sinks into something else, is drawn again from the
// same random streams, and the reasons are counted. Whatever is used later, regions above all, is computed from the settled state.
//
// The world frame has its origin on the table top, where the robot is mounted; z is up, the robot faces +x. The table's upper surface
// is z = 0, the floor z = FloorZ. Objects stand in a zone in front of the robot. An object's own frame has its origin at the middle of what
// it stands on, z up, and x to its front (a mug's handle, a box's printed side).
//
// What an object is (its names, mesh, mass, collision geometry, what it supports) is a Design; the Catalogue lists them. No two objects of
// a scene could be called the same, so "the red mug" is one object.
package scenes
