package refer

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"

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

// FindBy is the instruction to find a thing by how it lies to others, which are certain, named plainly and not the only thing that tells it
// from its like: the one closest to (relation close) or farthest from (far) c.A, or the one of which the claim c holds. The words are drawn from r.
// ok is false if that does not mean this thing alone, without doubt, or if it would without the claim.
func (v *View) FindBy(thing int, c relate.Claim, r *rand.Rand) (in Instruction, ok bool) {
	m := &maker{View: v, Options: Options{Executable: true}.withDefaults(), draw: r, target: thing}
	if !m.visible(thing) {
		return in, false
	}
	const tries = 12 // to find words
	for range tries {
		p := &Phrase{Noun: v.World.Things[thing].Nouns[0]}
		var anchors []*Phrase
		for _, a := range []int{c.A, c.B}[:anchorCount(c.Relation)] {
			anchors = append(anchors, m.phrase(a, 0, 0, 1))
		}
		switch c.Relation {
		case relate.Close, relate.Far:
			p.Order = &Order{Relation: c.Relation, Rank: 1, Anchor: m.phrase(c.A, 0, 0, 1)}
			anchors = []*Phrase{p.Order.Anchor}
		default:
			p.Clauses = []Clause{{Relation: c.Relation, Way: c.Way, Distance: c.Distance, Anchors: anchors}}
		}
		if slices.Contains(anchors, nil) || !readable(p) || !m.consistent(append(p.anchors(nil), p)) || !m.minimal(p) {
			continue
		}
		if x, ok := m.resolve(p); !ok || x != thing {
			return in, false // other words do not change it
		}
		m.known[p] = thing
		in = Instruction{
			Kind: scenes.Location, Phrase: p, Target: thing, Held: -1, Steps: p.Steps(), Relations: tidy(p.relations(nil)), Anchors: m.anchors(anchors),
		}
		in.mentions, in.Trace = len(anchors), m.tracePhrase(p, thing)
		s := speaker{m.View, m.draw, new(marker)}
		in.say(s, p, sentence(s.pick(pickTexts), s.say(p, false)))
		in.Object, in.Split = speaker{view: m.View}.say(p, false), SplitOf(in.Relations)
		var pixels int
		in.Region, pixels = v.thingRegion(thing, "")
		return in, float64(pixels) >= minPixels*float64(len(in.Region.Mask))
	}
	return in, false
}

// amidTexts ask to put ^, a thing, in the middle of ~, several.
var amidTexts = []string{"Put ^ in the middle of ~.", "Place ^ at the center of ~.", "Put ^ down in the middle of ~."}

// PlaceAmid is the instruction to put the thing held (as for PlaceAt) in the middle of two to five others: where the box around their middles, along the
// world's x and y, has room, seen from above. The words are drawn from r; the instruction has no Place. ok is as for PlaceAt.
func (v *View) PlaceAmid(held int, things []int, r *rand.Rand) (in Instruction, ok bool) {
	m := &maker{View: v, Options: Options{}.withDefaults(), draw: r, target: held}
	in = Instruction{Kind: scenes.Placement, Target: -1, Held: held, Anchors: slices.Clone(things), Steps: min(len(things), MaxSteps), Relations: []relate.Relation{relate.Between, relate.FreeSpace}}
	if in.Area = v.amid(things, held); in.Area == nil {
		return in, false
	}
	const tries = 12 // to find words
	for range tries {
		var phrases []*Phrase
		var said []string
		s := speaker{m.View, m.draw, new(marker)}
		for _, t := range things {
			if p := m.phrase(t, 0, 0, 1); p != nil {
				phrases, said = append(phrases, p), append(said, s.say(p, false))
			}
		}
		if len(phrases) < len(things) || !m.consistent(phrases) {
			continue
		}
		all := strings.Join(said[:len(said)-1], ", ") + " and " + said[len(said)-1]
		what := m.callHeld(held, phrases)
		if what == "" {
			continue
		}
		in.mentions = len(things)
		in.say(s, &in.Area, strings.ReplaceAll(sentence(s.pick(amidTexts), s.mark(&in.Area, all)), "^", s.mark(&in.Held, what)))
		in.Object, in.Split = "the free space in the middle of "+all, SplitOf(in.Relations)
		var pixels int
		in.Region, pixels = v.areaRegion(in.Area)
		return in, float64(pixels) >= minPixels*float64(len(in.Region.Mask))
	}
	return in, false
}

// amid is the area in the middle of things; nil if there is none.
func (v *View) amid(things []int, held int) *Area {
	a := &Area{Table: -1, Thing: -1, View: v.World.Camera, clearance: v.clearance(held)}
	lo, hi := relate.Vec2{math.Inf(1), math.Inf(1)}, relate.Vec2{math.Inf(-1), math.Inf(-1)}
	for _, t := range things {
		table := v.World.TableOf(t)
		if table < 0 || v.parent[t] >= 0 || a.Table >= 0 && a.Table != table {
			return nil
		}
		a.Table = table
		p := v.World.Things[t].TWorldObj.Pos
		for i := range 2 {
			lo[i], hi[i] = min(lo[i], p[i]), max(hi[i], p[i])
		}
	}
	box := relate.Hull([]relate.Vec2{lo, {hi[0], lo[1]}, hi, {lo[0], hi[1]}})
	if len(box) < 3 {
		return nil
	}
	a.Z = v.World.Tables[a.Table].Z
	a.inside = append(a.inside, box)
	a.enclose(box)
	v.obstruct(a, held)
	if !v.measure(a) {
		return nil
	}
	return a
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
		if in.Place == nil {
			in.Area = v.amid(in.Anchors, in.Held)
			ok = in.Area != nil
		} else {
			in.Area, ok = v.area(in.Place, in.Held)
		}
		if !ok {
			return in, false
		}
		in.Region, pixels = v.areaRegion(in.Area)
	}
	return in, float64(pixels) >= minPixels*float64(len(in.Region.Mask))
}
