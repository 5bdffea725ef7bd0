package refer

import (
	"math/rand/v2"

	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/relate"
)

// PlaceAt is the instruction to put the thing held (see LookHolding; else an index into the scene's Objects, or -1) where all claims, one or two, hold of a
// free place: claims about the thing to be put, with certain anchors, of relations left, right, front, behind, between, face, back, edge, corner, outside, or above or
// inside alone. The words are drawn from r. ok is false if there is no such place in the picture, or an anchor cannot be named without doubt.
func (v *View) PlaceAt(held int, claims []relate.Claim, r *rand.Rand) (in Instruction, ok bool) {
	m := &maker{View: v, Options: Options{}.withDefaults(), draw: r, target: held}
	const tries = 12 // to find words
	for try := range tries {
		p := &Place{}
		for _, c := range claims {
			clause := Clause{Relation: c.Relation, Way: c.Way, Distance: c.Distance}
			for _, thing := range []int{c.A, c.B}[:anchorCount(c.Relation)] {
				if c.Relation == relate.Edge || c.Relation == relate.Corner {
					break
				}
				clause.Anchors = append(clause.Anchors, m.phrase(thing, try/4, 0, 1))
			}
			p.Conditions = append(p.Conditions, clause)
		}
		if p.named() {
			if in, ok = m.placementOf(p, held); ok {
				var pixels int
				in.Split = SplitOf(in.Relations)
				in.Region, pixels = v.areaRegion(in.Area)
				return in, float64(pixels) >= minPixels*float64(len(in.Region.Mask))
			}
		}
	}
	return Instruction{Kind: scenes.Placement}, false
}

// named reports whether all anchors have been found words for.
func (p *Place) named() bool {
	for _, c := range p.Conditions {
		for _, a := range c.Anchors {
			if a == nil {
				return false
			}
		}
	}
	return true
}

// Again asks what an instruction from another View of the scene asks, with the same words. ok is false if it does not mean one thing, and the
// same, or no place any more.
func (v *View) Again(in Instruction) (out Instruction, ok bool) {
	var pixels int
	if in.Kind == scenes.Location {
		if t, ok := v.resolve(in.Phrase); !ok || t != in.Target || !v.visible(t) {
			return in, false
		}
		in.Region, pixels = v.thingRegion(in.Target, in.Phrase.Part)
	} else {
		if in.Area, ok = v.area(in.Place, in.Held); !ok {
			return in, false
		}
		in.Region, pixels = v.areaRegion(in.Area)
	}
	return in, float64(pixels) >= minPixels*float64(len(in.Region.Mask))
}
