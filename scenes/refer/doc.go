// Package refer makes instructions that refer: "Point to the apple that is behind the second mug from the left." Each has exactly one meaning,
// which is known: the thing or the free space, as a region of the picture and in the world, the steps of reasoning that lead to it, and the
// relations it uses.
//
//	view, err := refer.Look(scene, shot)               // the settled scene as a picture shows it
//	all, err := view.Generate(refer.Options{}, rng)    // about 20 instructions, locations and placements
//
// An instruction is a tree (Phrase, Place) before it is words. Phrases are resolved by package relate's three-valued predicates, and one
// is used only if it holds of one thing for certain and of every other one certainly not; each clause in it is needed. The grammar is
// the lists in words.go.
//
// left, right, in front of and behind are the viewer's. For things with a front of their own, such as a clock, the words say so.
package refer
