// Package relate says how the things on a table lie to each other: RoboRefer's 31 spatial relations as geometric predicates.
//
// A World is what the predicates look at: Things, which are convex hulls with names, Tables, and the Camera of the viewer. It is made by
// hand in tests and by FromScene from a settled scene. Nothing here knows physics, meshes or pictures.
//
// A predicate answers with a Truth: Yes, No, or Unclear for what two people could judge differently. The bounds of Yes and of No stand in
// the predicate's comment; what lies between is Unclear. Where people have two ways to look at a thing (the distance between middles or
// between surfaces, left in the picture or left on the table), both must say Yes for Yes and No for No.
//
// Frames. "viewer": the ground directions of the camera. Left and right are the camera's, front is towards it, behind is away from it.
// "image": pixels, y down. "gravity": the world's z. "object": the thing's own axes, such as its facing side.
//
// The relations are those of the RefSpatial data set's figure 3 (arXiv 2506.04308), 12 pairs and 7 single ones; the figure names them, the
// definitions are this package's.
package relate
