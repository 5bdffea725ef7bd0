package scenes

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A QuestionKind says what an instruction asks for.
type QuestionKind string

// The kinds of questions, by the names of RefSpatial-Bench.
const (
	Location  QuestionKind = "location"  // which object
	Placement QuestionKind = "placement" // which free space
)

// An Instruction is a question to a pointing model and what it refers to.
type Instruction struct {
	Text    string
	Kind    QuestionKind
	Object  int // location: the object meant; placement: the object to be put down
	Support int // placement: what it is to be put on or in; -1 otherwise
}

// The phrasings of instructions. {object} and {support} are phrases, {on} is the support's preposition.
var (
	locationTexts = []string{
		"Point to {object}.",
		"Please point out {object}.",
		"Where is {object}?",
		"Locate {object} on the table.",
		"Pick up {object}.",
	}
	placementTexts = []string{
		"Point to the free space {on} {support}.",
		"Put {object} {on} {support}.",
		"Where {on} {support} is there room for {object}?",
		"Please point out a free spot {on} {support}.",
		"Place {object} {on} {support}.",
	}
)

// Locate is an instruction that asks for an object. The phrasing and the object's name (its category or a synonym) are drawn from r. It
// means one object only if the object is Unique.
func (l *Layout) Locate(object int, r *rand.Rand) Instruction {
	text := fill(pick(r, locationTexts), "object", pick(r, l.Objects[object].Phrases()))
	return Instruction{Text: text, Kind: Location, Object: object, Support: -1}
}

// Place is an instruction that asks where to put the object held on or in the object support. Drawn as for Locate. It panics if the
// support is none.
func (l *Layout) Place(held, support int, r *rand.Rand) Instruction {
	on := l.Objects[support]
	if on.Design.Support == nil {
		panic(fmt.Sprintf("scenes: %s is no support", on.Phrase()))
	}
	text := fill(pick(r, placementTexts), "object", pick(r, l.Objects[held].Phrases()))
	text = fill(text, "support", pick(r, on.Phrases()))
	return Instruction{Text: fill(text, "on", on.Design.Support.Preposition), Kind: Placement, Object: held, Support: support}
}

func fill(text, name, value string) string { return strings.ReplaceAll(text, "{"+name+"}", value) }
