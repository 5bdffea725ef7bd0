// Package scenes makes cluttered tables: (config, seed) gives the same table, every time.
//
// A scene comes about in steps, which Generate does in one go:
//
//	layout, why, err := Draw(cfg, draws)  // pure data: which objects, in which colours, where, on which tables, in which light
//	spec, err := layout.Build()           // room, tables, objects; the caller attaches a robot to it
//	model, err := spec.Compile()          // then NewData, and the robot takes its home posture
//
// Then physics goes on until everything rests. A scene that does not come to rest, where something topples, slips off what it is on, stands on an edge, leaves the zone, hides more
// than it may or sinks into something else, is drawn again from the same random streams, and the reasons are counted. Whatever is used
// later (regions, relations, Difficulty) is computed from the settled state.
//
// The zero Config makes tidy tables: few objects, all at hand, all called differently, on one table, in one light. The Config of a Level
// is more like life: tables, rooms, light and view vary, several objects are of one kind and even of one colour, and at the hardest
// level things hide each other, stand in stacks, lie in bowls and on plates. What a task needs is then within JointZone, where both robots
// reach; the rest is anywhere on the tables.
//
// Encode writes a settled scene to a file; Load settles it again and refuses it, by name, if it does not rest as the file says.
//
// The world frame has its origin where the robot is mounted, in front of the table; z is up, the robot faces +x, and the table's upper
// surface is near z = 0. The floor is z = FloorZ. An object's own frame has its origin at the middle of what it stands on, z up, and x to
// its front (a mug's handle, a box's printed side).
//
// What an object is (its names, mesh, mass, collision geometry, what it supports) is a Design; the Catalogue lists them, and Extend adds a
// user's own.
package scenes
