package refer

import (
	"slices"

	"github.com/refarena/refarena/scenes/relate"
)

// A fact is something that holds of a thing for certain and that people would say of it.
type fact struct {
	claim relate.Claim
	thing int
}

// distances are those that locations and placements speak of [m].
var distances = []float64{0.10, 0.15, 0.20, 0.25}

// ways are the ways in which a location can use a relation.
func ways(r relate.Relation) []relate.Way {
	switch r {
	case relate.Face, relate.Back:
		return []relate.Way{relate.Plain, relate.Itself}
	case relate.VerticalRotate:
		return []relate.Way{relate.Standing, relate.Lying}
	case relate.HorizontalRotate:
		return []relate.Way{relate.ToLeft, relate.ToRight, relate.ToViewer, relate.Away}
	case relate.Angle:
		return []relate.Way{relate.Along, relate.Across}
	case relate.Edge:
		return relate.Edges
	case relate.Corner:
		return relate.Corners
	}
	return []relate.Way{relate.Plain}
}

// anchorCount is how many anchors a clause of a relation has.
func anchorCount(r relate.Relation) int {
	switch r {
	case relate.Between:
		return 2
	case relate.VerticalRotate, relate.HorizontalRotate, relate.Edge, relate.Corner:
		return 0
	}
	return 1
}

// factsOf are all facts of a relation about visible things with visible anchors. They are worked out once.
func (v *View) factsOf(r relate.Relation) []fact {
	if v.facts[r] != nil {
		return *v.facts[r]
	}
	var all []fact
	add := func(c relate.Claim) {
		for t, truth := range v.whoHolds(c) {
			if truth == relate.Yes && v.visible(t) && v.sayable(c, t) {
				all = append(all, fact{c, t})
			}
		}
	}
	c := relate.Claim{Relation: r, A: -1, B: -1}
	var far []float64
	switch r {
	case relate.Close, relate.Far, relate.Depth, relate.FreeSpace: // orders, and no relation between things
		v.facts[r] = &all
		return nil
	case relate.Distance:
		far = distances
	default:
		far = []float64{0}
	}
	for _, c.Way = range ways(r) {
		for _, c.Distance = range far {
			n := anchorCount(r)
			if n == 0 {
				add(c)
				continue
			}
			for c.A = range v.World.Things {
				if !v.visible(c.A) {
					continue
				}
				if n == 1 {
					add(c)
					continue
				}
				for c.B = range c.A {
					if v.visible(c.B) {
						add(c)
					}
				}
				c.B = -1
			}
			c.A = -1
		}
	}
	v.facts[r] = &all
	return all
}

// factsAbout are the facts of a relation about one thing.
func (v *View) factsAbout(r relate.Relation, thing int) []fact {
	if v.about[r] == nil {
		v.about[r] = make([][]fact, len(v.World.Things))
		for _, f := range v.factsOf(r) {
			v.about[r][f.thing] = append(v.about[r][f.thing], f)
		}
	}
	return v.about[r][thing]
}

// sayable reports whether a claim that holds is one that people would make.
func (v *View) sayable(c relate.Claim, thing int) bool {
	w := v.World
	switch c.Relation {
	case relate.Above: // "on top of" means directly, and not in
		return v.parent[thing] == c.A && !w.Things[c.A].Support.Hollow()
	case relate.Below:
		return v.parent[c.A] == thing && !w.Things[thing].Support.Hollow()
	case relate.Distance: // what is on or in something is not "within 20 cm of" it
		return v.parent[thing] != c.A && v.parent[c.A] != thing
	case relate.Outside: // only where something else is inside
		return slices.Contains(v.whoHolds(relate.Claim{Relation: relate.Inside, A: c.A, B: -1}), relate.Yes)
	case relate.Tall, relate.Short: // nobody calls what lies flat short
		return w.Lies(thing) != relate.Yes && w.Lies(c.A) != relate.Yes
	case relate.Face, relate.Back:
		if c.Way == relate.Plain {
			return v.fronts[c.A]
		}
		return v.fronts[thing]
	case relate.HorizontalRotate:
		return v.fronts[thing]
	case relate.Angle: // a handle gives a mug no long side
		return !slices.Contains(pointing, w.Things[thing].Front) && !slices.Contains(pointing, w.Things[c.A].Front)
	case relate.Edge:
		return v.showsEdge(c.Way, w.Solids[thing].Centre)
	case relate.Corner:
		return v.showsCorner(c.Way)
	}
	return true
}
