package refer

import (
	"slices"
	"strings"

	"github.com/refarena/refarena/scenes/relate"
)

// A Phrase is a noun phrase that means one thing: "the second mug from the left", "the apple that is closest to the tallest bottle".
type Phrase struct {
	Noun    string   // singular: one of the thing's Nouns, or one of Generic, which mean any thing
	Color   string   // "" is any
	Part    string   // the part of the thing that is meant; "" is all of it
	Order   *Order   // nil: none
	Clauses []Clause // all of them hold
}

// An Order chooses from the things that the rest of a Phrase describes the one of a rank: tallest, second closest to the bowl.
type Order struct {
	Relation relate.Relation
	Way      relate.Way
	Rank     int     // from 1
	Anchor   *Phrase // of close and far; else nil
}

// A Clause relates a thing to others.
type Clause struct {
	Relation relate.Relation
	Way      relate.Way
	Distance float64   // of relation distance [m]
	Anchors  []*Phrase // two for between, none for what is said of a thing alone, else one
}

// Generic are the nouns that mean any thing on a table.
var Generic = []string{"object", "item", "thing"}

// colorPairs are colours that people may take for each other.
var colorPairs = [][2]string{
	{"red", "orange"}, {"orange", "yellow"}, {"red", "pink"}, {"pink", "purple"}, {"blue", "purple"}, {"red", "brown"}, {"orange", "brown"},
	{"brown", "black"}, {"brown", "beige"}, {"white", "beige"}, {"white", "gray"}, {"white", "silver"}, {"gray", "silver"}, {"gray", "black"},
	{"yellow", "beige"}, {"blue", "turquoise"}, {"green", "turquoise"}, {"green", "yellow"}, {"purple", "brown"},
	{"brown", "yellow"}, {"purple", "black"}, {"green", "black"}, {"blue", "black"},
}

// doubtful are the nouns that some people would use for something of another name, by that name. "The can" is a tin, and may be a watering can.
var doubtful = map[string][]string{
	"can": {"trash can", "watering can"}, "pen": {"felt-tip pen"}, "pot": {"potted plant", "cactus"}, "plant": {"cactus"}, "houseplant": {"cactus"},
	"potted plant": {"cactus"},
}

// fits says whether noun and colour are right for a thing. A colour that people may take for the other is Unclear, and so is a name that
// ends in the noun as one word: a teacup may be called a cup. What is called "wine bottle" or "bottle of wine" is a bottle for certain,
// but see doubtful. "The blue thing" is Unclear for what is partly blue, such as a cactus in a blue pot.
func (p *Phrase) fits(t *relate.Thing) relate.Truth {
	generic := slices.Contains(Generic, p.Noun)
	named := relate.No
	if generic {
		named = relate.Yes
	}
	for _, n := range t.Nouns {
		switch {
		case n == p.Noun:
			named = relate.Yes
		case slices.Contains(doubtful[p.Noun], n):
			named = max(named, relate.Unclear)
		case strings.HasSuffix(n, " "+p.Noun) || strings.HasPrefix(n, p.Noun+" of "):
			named = relate.Yes
		case strings.HasSuffix(n, p.Noun):
			named = max(named, relate.Unclear)
		}
	}
	colored := relate.No
	switch {
	case p.Color == "":
		colored = relate.Yes
	case generic && slices.Contains(t.Mixed, p.Color):
		colored = relate.Unclear
	case p.Color == t.Color:
		colored = relate.Yes
	case slices.ContainsFunc(colorPairs, func(c [2]string) bool { return c == [2]string{p.Color, t.Color} || c == [2]string{t.Color, p.Color} }):
		colored = relate.Unclear
	}
	return min(named, colored)
}

// resolve is the thing that the phrase means. ok is false unless it is exactly one, and everything that decides it is certain: one thing of
// which the phrase holds, and not one of which it might.
func (v *View) resolve(p *Phrase) (thing int, ok bool) {
	if t, ok := v.known[p]; ok {
		return t, true
	}
	var claims [][]relate.Truth
	for i := range p.Clauses {
		c, ok := v.claim(p.Clauses[i].Relation, p.Clauses[i].Way, p.Clauses[i].Anchors)
		if !ok {
			return -1, false
		}
		c.Distance = p.Clauses[i].Distance
		claims = append(claims, v.whoHolds(c))
	}
	var order relate.Claim
	if o := p.Order; o != nil {
		var anchors []*Phrase
		if o.Anchor != nil {
			anchors = []*Phrase{o.Anchor}
		}
		if order, ok = v.claim(o.Relation, o.Way, anchors); !ok {
			return -1, false
		}
	}
	var members []int
	for t, truth := range v.whoFits(p) {
		if p.Order != nil && t == order.A {
			truth = relate.No
		}
		for _, c := range claims {
			if truth == relate.No {
				break
			}
			truth = min(truth, c[t])
		}
		switch truth {
		case relate.Unclear:
			return -1, false
		case relate.Yes:
			members = append(members, t)
		}
	}
	if p.Order == nil {
		if len(members) != 1 {
			return -1, false
		}
		return members[0], true
	}
	return v.ranked(order, p.Order.Rank, members)
}

// ranked is the member of that rank. Two members are enough for a first, three for a second.
func (v *View) ranked(order relate.Claim, rank int, members []int) (thing int, ok bool) {
	if len(members) < rank+1 {
		return -1, false
	}
	return rankedBy(v.whoIsBefore(order), len(v.World.Things), rank, members)
}

// rankedBy is ranked by what whoIsBefore says of n things.
func rankedBy(before []relate.Truth, n, rank int, members []int) (thing int, ok bool) {
	if len(members) < rank+1 {
		return -1, false
	}
	thing = -1
	for _, t := range members {
		first, certain := 0, true
		for _, u := range members {
			if u == t {
				continue
			}
			switch before[u*n+t] {
			case relate.Yes:
				first++
			case relate.Unclear:
				certain = false
			}
		}
		if certain && first == rank-1 {
			thing = t
		}
	}
	return thing, thing >= 0
}

// claim resolves a relation's anchors.
func (v *View) claim(r relate.Relation, way relate.Way, anchors []*Phrase) (relate.Claim, bool) {
	c := relate.Claim{Relation: r, Way: way, A: -1, B: -1}
	for i, a := range anchors {
		t, ok := v.resolve(a)
		if !ok {
			return c, false
		}
		if i == 0 {
			c.A = t
		} else {
			c.B = t
		}
	}
	return c, len(anchors) < 2 || c.A != c.B
}

// minimal reports whether each clause is needed: without it the phrase no longer means one thing for certain.
func (v *View) minimal(p *Phrase) bool {
	for i := range p.Clauses {
		q := *p
		q.Clauses = slices.Delete(slices.Clone(p.Clauses), i, i+1)
		if _, ok := v.resolve(&q); ok {
			return false
		}
	}
	return true
}

// directional reports whether the clause names a direction from its anchor, which counts as a step of its own. Where a thing's own front
// points is not one.
func (c *Clause) directional() bool {
	switch c.Relation {
	case relate.Left, relate.Right, relate.Front, relate.Behind, relate.ImageAbove, relate.ImageBelow, relate.Between, relate.Face, relate.Back:
		return len(c.Anchors) > 0 && c.Way != relate.Itself
	}
	return false
}

// own is the number of steps that the clause adds by itself, its anchors taken as known.
func (c *Clause) own() int {
	n := len(c.Anchors)
	if c.directional() {
		n++
	}
	if c.Relation == relate.Edge || c.Relation == relate.Corner {
		n++
	}
	return n
}

// Steps counts the reasoning steps of the phrase as RefSpatial-Bench does (arXiv 2506.04308, appendix C): anchor objects, and directions tied
// to an anchor, that narrow the search. The viewer is no anchor, and what a thing is by itself or its place in the picture does not
// count; a table's edge or corner counts as an anchor.
func (p *Phrase) Steps() int {
	n := 0
	for _, c := range p.Clauses {
		n += c.steps()
	}
	if o := p.Order; o != nil {
		switch {
		case o.Anchor != nil:
			n += 1 + o.Anchor.Steps()
		case o.Relation == relate.Edge || o.Relation == relate.Corner:
			n++
		}
	}
	return n
}

func (c *Clause) steps() int {
	n := c.own()
	for _, a := range c.Anchors {
		n += a.Steps()
	}
	return n
}

// relations adds the relations that the phrase uses to a list.
func (p *Phrase) relations(list []relate.Relation) []relate.Relation {
	if o := p.Order; o != nil {
		list = append(list, o.Relation)
		if o.Anchor != nil {
			list = o.Anchor.relations(list)
		}
	}
	for _, c := range p.Clauses {
		list = append(list, c.Relation)
		for _, a := range c.Anchors {
			list = a.relations(list)
		}
	}
	return list
}

// generic reports whether the phrase or one inside it uses a Generic noun.
func (p *Phrase) generic() bool {
	if slices.Contains(Generic, p.Noun) {
		return true
	}
	if p.Order != nil && p.Order.Anchor != nil && p.Order.Anchor.generic() {
		return true
	}
	return slices.ContainsFunc(p.Clauses, func(c Clause) bool {
		return slices.ContainsFunc(c.Anchors, (*Phrase).generic)
	})
}
