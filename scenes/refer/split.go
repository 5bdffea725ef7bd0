package refer

import (
	"slices"

	"github.com/refarena/refarena/scenes/relate"
)

// A Split says whether instructions of a kind may be trained on.
type Split string

// The splits.
const (
	Seen   Split = "seen"   // for training and testing
	Unseen Split = "unseen" // for testing alone: their combination of relations is held out
)

// Splits are all splits.
var Splits = []Split{Seen, Unseen}

// HeldOut are the combinations of relations that training data never has. An instruction that uses all relations of a row is Unseen, whatever
// else it uses; each single relation is well known from the others. This is the rule, and the only place of it.
var HeldOut = [][]relate.Relation{
	{relate.Left, relate.Between},
	{relate.Right, relate.Tall},
	{relate.Behind, relate.Close},
	{relate.Front, relate.Far},
	{relate.FreeSpace, relate.Face},
	{relate.FreeSpace, relate.Distance, relate.Right},
	{relate.Inside, relate.Big},
	{relate.Edge, relate.Small},
}

// SplitOf is the split of an instruction that uses these relations.
func SplitOf(used []relate.Relation) Split {
	for _, row := range HeldOut {
		if !slices.ContainsFunc(row, func(r relate.Relation) bool { return !slices.Contains(used, r) }) {
			return Unseen
		}
	}
	return Seen
}
