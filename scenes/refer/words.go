package refer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/refarena/refarena/scenes/relate"
)

// A speaker puts phrases into words. Of several ways to say a thing it draws one, or takes the first if it has no random numbers.
type speaker struct {
	view  *View
	draw  *rand.Rand
	marks *marker // nil: does not mark
}

func (s speaker) pick(choices []string) string {
	if s.draw == nil {
		return choices[0]
	}
	return choices[s.draw.IntN(len(choices))]
}

// Where words stand for something else in the lists below: % is the anchor, & the second one, # the feature that an object's front is, @ a
// side, $ a length, ~ the noun.

// clauseWords are how a relation is said, after "that is" or right after the noun.
var clauseWords = map[relate.Relation][]string{
	relate.Left:       {"to the left of %", "left of %", "located to the left of %", "positioned to the left of %"},
	relate.Right:      {"to the right of %", "right of %", "located to the right of %", "positioned to the right of %"},
	relate.Front:      {"in front of %", "located in front of %", "positioned in front of %"},
	relate.Behind:     {"behind %", "located behind %", "positioned behind %"},
	relate.ImageAbove: {"above % in the image", "directly above % in the image", "straight above % in the image"}, // see View.straight
	relate.ImageBelow: {"below % in the image", "directly below % in the image", "straight below % in the image"},
	relate.Tall:       {"taller than %"},
	relate.Short:      {"shorter than %"},
	relate.Big:        {"bigger than %", "larger than %"},
	relate.Small:      {"smaller than %"},
	relate.Wide:       {"wider than %", "broader than %"},
	relate.Thin:       {"narrower than %", "less wide than %"},
	relate.Above:      {"on top of %", "resting on %", "sitting on top of %"},
	relate.Below:      {"underneath %", "beneath %", "under %"},
	relate.Distance:   {"within $ of %", "no more than $ away from %", "at most $ away from %"},
	relate.Between:    {"between % and &", "located between % and &", "positioned between % and &"},
	relate.Inside:     {"inside %", "in %", "contained in %"},
	relate.Outside:    {"outside %"},
	relate.Touch:      {"touching %", "in contact with %"},
	relate.FarFrom:    {"far from %", "far away from %", "well away from %"},
	relate.Edge:       {"at the @ edge of the table", "right by the @ edge of the table"},
	relate.Corner:     {"in the @ corner of the table", "right by the @ corner of the table"},
	relate.Face:       {"on the # side of %"},
	relate.Back:       {"on the side of % opposite its #", "on the side of % away from its #"},
}

// wayWords are how the ways of a relation are said after "that is" or right after the noun.
var wayWords = map[relate.Relation]map[relate.Way][]string{
	relate.VerticalRotate: {
		relate.Standing: {"standing upright", "in an upright position"},
		relate.Lying:    {"lying flat"},
	},
	relate.Angle: {
		relate.Along:  {"parallel to %", "lying parallel to %", "oriented parallel to %"},
		relate.Across: {"at a right angle to %", "perpendicular to %", "oriented at a right angle to %"},
	},
}

// relativeWords are how a relation is said with a verb of its own, beginning with "that", "whose" or the like.
var relativeWords = map[relate.Relation]map[relate.Way][]string{
	relate.Face: {
		relate.Plain:  {"that the # of % points to", "that the # of % points towards", "at which the # of % points"},
		relate.Itself: {"whose # points to %", "whose # points towards %", "whose # is turned towards %"},
	},
	relate.Back: {
		relate.Plain:  {"that the # of % points away from"},
		relate.Itself: {"whose # points away from %", "whose # is turned away from %"},
	},
	relate.HorizontalRotate: {
		relate.ToLeft:   {"whose # points to the left", "whose # is turned to the left"},
		relate.ToRight:  {"whose # points to the right", "whose # is turned to the right"},
		relate.ToViewer: {"whose # points towards the viewer", "whose # is turned towards the viewer"},
		relate.Away:     {"whose # points away from the viewer", "whose # is turned away from the viewer"},
	},
	relate.VerticalRotate: {
		relate.Standing: {"that stands upright"},
		relate.Lying:    {"that lies flat"},
	},
	relate.Touch:   {relate.Plain: {"that touches %"}},
	relate.Outside: {relate.Plain: {"that is not in %", "that is not inside %"}},
}

// onItsSide is how Lying is said of a thing that should stand, and has fallen over.
var onItsSide = []string{"lying on its side", "that lies on its side"}

// orderWords are how an order is said: the first of a rank, and those after it, whose ordinal is "second", "third", …
type orderWords struct{ first, later []string }

var orders = map[relate.Relation]map[relate.Way]orderWords{
	relate.Left: {relate.Plain: {
		first: []string{"leftmost ~", "first ~ from the left", "~ farthest to the left"}, later: []string{"! ~ from the left"}}},
	relate.Right: {relate.Plain: {
		first: []string{"rightmost ~", "first ~ from the right", "~ farthest to the right"}, later: []string{"! ~ from the right"}}},
	relate.Depth: {
		relate.Plain: {first: []string{"~ closest to the viewer", "~ nearest to the viewer", "nearest ~ to the viewer"},
			later: []string{"! closest ~ to the viewer", "! nearest ~ to the viewer"}},
		relate.Descending: {first: []string{"~ farthest from the viewer", "~ farthest away from the viewer", "~ most distant from the viewer"},
			later: []string{"! farthest ~ from the viewer", "! most distant ~ from the viewer"}},
	},
	relate.ImageAbove: {relate.Plain: {
		first: []string{"topmost ~ in the image", "~ highest up in the image", "~ closest to the top of the image"}, later: []string{"! ~ from the top of the image"}}},
	relate.ImageBelow: {relate.Plain: {
		first: []string{"~ lowest down in the image", "~ closest to the bottom of the image", "bottommost ~ in the image"}, later: []string{"! ~ from the bottom of the image"}}},
	relate.Tall:  {relate.Plain: {[]string{"tallest ~"}, []string{"! tallest ~"}}},
	relate.Short: {relate.Plain: {[]string{"shortest ~"}, []string{"! shortest ~"}}},
	relate.Big:   {relate.Plain: {[]string{"biggest ~", "largest ~"}, []string{"! biggest ~", "! largest ~"}}},
	relate.Small: {relate.Plain: {[]string{"smallest ~"}, []string{"! smallest ~"}}},
	relate.Wide:  {relate.Plain: {[]string{"widest ~", "broadest ~"}, []string{"! widest ~"}}},
	relate.Thin:  {relate.Plain: {[]string{"narrowest ~"}, []string{"! narrowest ~"}}},
	relate.Close: {relate.Plain: {[]string{"~ closest to %", "~ nearest to %", "closest ~ to %", "nearest ~ to %"}, []string{"! closest ~ to %", "~ ! closest to %"}}},
	relate.Far: {relate.Plain: {[]string{"~ farthest from %", "~ farthest away from %", "~ most distant from %"},
		[]string{"! farthest ~ from %", "~ ! farthest from %"}}},
	relate.Edge:   {relate.Plain: {[]string{"~ closest to the @ edge of the table", "~ nearest to the @ edge of the table"}, []string{"! closest ~ to the @ edge of the table"}}},
	relate.Corner: {relate.Plain: {[]string{"~ closest to the @ corner of the table", "~ nearest to the @ corner of the table"}, []string{"! closest ~ to the @ corner of the table"}}},
}

var ordinals = []string{"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"}

var sides = map[relate.Way]string{
	relate.ToLeft: "left", relate.ToRight: "right", relate.ToViewer: "near", relate.Away: "far",
	relate.NearLeft: "near left", relate.NearRight: "near right", relate.FarLeft: "far left", relate.FarRight: "far right",
}

// ownFronts are features that give a thing a front, left and right of its own: a clock's face does, nobody takes a mug's handle for its front.
var ownFronts = []string{"face", "front", "screen", "display", "lens", "nose", "dial", "keyboard", "hood", "bonnet"}

// ownFront reports whether a thing has a front of its own, so that "in front of it" can be meant by it or by the viewer.
func ownFront(t *relate.Thing) bool { return slices.Contains(ownFronts, t.Front) }

// Features that point somewhere, and those that face it, by which a thing's front is spoken of. Other fronts have no good word in the
// singular.
var (
	pointing = []string{"handle", "spout", "nozzle", "tip", "blade", "stem", "neck", "nose", "eraser", "antenna", "face"}
	facing   = []string{"label", "front", "screen", "display", "lens", "dial", "logo"}
)

// feature is what people call the side of a thing that is its front; "" if they have no good word for it.
func feature(t *relate.Thing) string {
	if slices.Contains(pointing, t.Front) || slices.Contains(facing, t.Front) {
		return t.Front
	}
	return ""
}

// faces puts words about what points into words about what faces.
var faces = strings.NewReplacer("points towards the viewer", "faces the viewer", "points away", "faces away", "points to the left", "faces to the left",
	"points to the right", "faces to the right", "points towards", "faces", "points to", "faces")

// turn makes texts about fronts fit the feature. "at which the label points" and "where its label points" have no such form.
func turn(choices []string, front string) []string {
	if !slices.Contains(facing, front) {
		return choices
	}
	var out []string
	for _, c := range choices {
		if !strings.Contains(c, "at which") && !strings.Contains(c, "where its") {
			out = append(out, faces.Replace(c))
		}
	}
	return out
}

// partWords are the parts that people point at. Others, such as the cup of a cupcake, are no help to anyone.
var partWords = []string{
	"handle", "lid", "label", "cap", "stem", "leaf", "leaves", "spout", "rim", "blade", "tines", "knob", "ribbon", "pump", "nozzle", "trigger", "saucer",
	"frosting", "icing", "tab", "neck", "screen", "antenna", "dial", "lens", "strap", "eraser", "clip", "greens", "husk", "scouring pad", "cherry", "shade",
}

// seenBy is what makes a direction the viewer's beyond doubt.
const seenBy = " as seen by the viewer"

// say is the phrase in words, with "the". inner phrases are inside others: what follows their noun begins with "that is", so that it can
// belong to nothing else.
func (s speaker) say(p *Phrase, inner bool) string {
	noun := strings.TrimSpace(p.Color + " " + p.Noun)
	after := ""
	if o := p.Order; o != nil {
		words := orders[o.Relation][o.table()]
		choice := words.first
		if o.Rank > 1 {
			choice = words.later
		}
		text := s.markTable(o, s.pick(choice))
		text = strings.ReplaceAll(text, "!", ordinals[o.Rank-1])
		text = strings.ReplaceAll(text, "@", sides[o.Way])
		if o.Anchor != nil {
			text = strings.ReplaceAll(text, "%", s.say(o.Anchor, true))
		}
		before, tail, _ := strings.Cut(text, "~")
		noun = before + noun
		if tail = strings.TrimSpace(tail); tail != "" {
			if before == "" && (inner || p.Part != "") {
				tail = "that is " + tail
			}
			after = " " + tail
		}
	}
	if len(p.Clauses) > 0 {
		after += " " + s.sayClauses(p, inner || p.Part != "" || len(p.Clauses) > 1 || after != "")
	}
	the := "the "
	if p.Part != "" {
		the += p.Part + " of the "
	}
	return s.mark(p, the+noun+s.head()+after)
}

// table is the key of the order's words: the sides of edges and corners are filled in.
func (o *Order) table() relate.Way {
	if o.Way == relate.Descending {
		return o.Way
	}
	return relate.Plain
}

// sayClauses are the clauses in words; full asks for a whole relative clause.
func (s speaker) sayClauses(p *Phrase, full bool) string {
	parts := make([]string, len(p.Clauses))
	for i := range p.Clauses {
		c := &p.Clauses[i]
		text := s.sayClause(p, c)
		relative := strings.HasPrefix(text, "that ") || strings.HasPrefix(text, "whose ") || strings.HasPrefix(text, "at which ")
		switch {
		case relative:
		case i > 0 && carries(&p.Clauses[i-1], parts[i-1]):
			text = placed.Replace(text)
		case full:
			text = "that is " + text
		}
		parts[i] = text
	}
	for i := range parts {
		parts[i] = s.mark(&p.Clauses[i], parts[i])
	}
	return strings.Join(parts, " and ")
}

// carries reports whether the "that is" of a clause's words does for the next clause, too. It does not where that could be taken for another
// thing in between, or for not being what follows.
func carries(c *Clause, text string) bool {
	return c.Relation != relate.Between && strings.HasPrefix(text, "that is ") && !strings.HasPrefix(text, "that is not ")
}

// placed takes "located" and "positioned" away, which are said once.
var placed = strings.NewReplacer("located ", "", "positioned ", "")

// sentence is a sentence about what ~ stands for. "Locate the mug located behind …" is said without the second verb.
func sentence(text, what string) string {
	if strings.HasPrefix(text, "Locate ") {
		what = strings.ReplaceAll(what, "located ", "")
	}
	return strings.ReplaceAll(text, "~", what)
}

// sayClause is a clause in words, as clauseWords and relativeWords have it.
func (s speaker) sayClause(p *Phrase, c *Clause) string {
	choices := slices.Concat(clauseWords[c.Relation], wayWords[c.Relation][c.Way], relativeWords[c.Relation][c.Way])
	if c.Way == relate.Itself {
		choices = relativeWords[c.Relation][c.Way]
	}
	turned := p // what has the front
	if len(c.Anchors) > 0 && c.Way != relate.Itself {
		turned = c.Anchors[0]
	}
	var front string
	if t, ok := s.view.resolve(turned); ok {
		front = feature(&s.view.World.Things[t])
		switch c.Relation {
		case relate.VerticalRotate:
			if c.Way == relate.Lying && s.view.fallen(t) {
				choices = onItsSide
			}
		case relate.ImageAbove, relate.ImageBelow: // "directly" is said of what is
			if a, ok := s.view.resolve(p); !ok || !s.view.straight(a, t) {
				choices = choices[:1]
			}
		}
	}
	return s.fill(s.markTable(c, s.pick(turn(choices, front))), c.Relation, c.Way, c.Distance, c.Anchors, front)
}

// fill puts what they stand for into a text's signs.
func (s speaker) fill(text string, r relate.Relation, way relate.Way, distance float64, anchors []*Phrase, front string) string {
	text = strings.ReplaceAll(text, "#", front)
	text = strings.ReplaceAll(text, "@", sides[way])
	text = strings.ReplaceAll(text, "$", fmt.Sprintf("%.0f cm", math.Round(100*distance)))
	if len(anchors) > 1 {
		text = strings.ReplaceAll(text, "&", s.say(anchors[1], true))
	}
	if len(anchors) > 0 {
		a := anchors[0]
		text = strings.ReplaceAll(text, "%", s.say(a, true))
		switch r {
		case relate.Left, relate.Right, relate.Front, relate.Behind:
			if t, ok := s.view.resolve(a); ok && ownFront(&s.view.World.Things[t]) {
				text += seenBy
			}
		}
	}
	return text
}

// locationTexts ask for ~, a phrase.
var locationTexts = []string{
	"Point to ~.", "Please point out ~.", "Where is ~?", "Locate ~.", "Find ~.", "Show me ~.", "Indicate ~.", "Which point is on ~?",
}

// pickTexts ask to take ~.
var pickTexts = []string{"Pick up ~.", "Grasp ~.", "Take ~."}

// placementTexts ask for the free space ~, a place.
var placementTexts = []string{
	"Point to the free space ~.", "Please point out a free spot ~.", "Where is there free space ~?", "Find an empty spot ~.",
	"Locate the free area ~.", "Show me vacant space ~.", "Indicate an unoccupied spot ~.",
}

// putTexts ask to put ^, a thing, to ~, a place.
var putTexts = []string{"Put ^ ~.", "Place ^ ~.", "Set ^ down ~.", "Put ^ down ~.", "Please place ^ ~."}

// placeWords are how a place is said.
var placeWords = map[relate.Relation][]string{
	relate.Left:       {"to the left of %", "left of %"},
	relate.Right:      {"to the right of %", "right of %"},
	relate.Front:      {"in front of %", "directly in front of %"},
	relate.Behind:     {"behind %", "directly behind %"},
	relate.ImageAbove: {"above % in the image", "directly above % in the image"},
	relate.ImageBelow: {"below % in the image", "directly below % in the image"},
	relate.Between:    {"between % and &", "in the gap between % and &"},
	relate.Face:       {"next to % on its # side", "next to % where its # points"},
	relate.Back:       {"next to % on the side opposite its #", "next to % on the side away from its #"},
	relate.Above:      {"on top of %", "on %"},
	relate.Inside:     {"inside %", "in %"},
	relate.Outside:    {"just outside %", "right next to %", "right beside %"},
	relate.Edge:       {"between % and the @ edge of the table"},
	relate.Corner:     {"in the @ corner of the table", "at the @ corner of the table"},
}

// distanceWords are how a distance in a direction is said.
var distanceWords = map[relate.Relation][]string{
	relate.Left:   {"$ to the left of %", "about $ to the left of %", "roughly $ to the left of %"},
	relate.Right:  {"$ to the right of %", "about $ to the right of %", "roughly $ to the right of %"},
	relate.Front:  {"$ in front of %", "about $ in front of %", "roughly $ in front of %"},
	relate.Behind: {"$ behind %", "about $ behind %", "roughly $ behind %"},
}

// sayPlace is a place in words.
func (s speaker) sayPlace(p *Place) string {
	parts := make([]string, len(p.Conditions))
	for i := range p.Conditions {
		c := &p.Conditions[i]
		choices := placeWords[c.Relation]
		if c.Distance > 0 {
			choices = distanceWords[c.Relation]
		}
		var front string
		if len(c.Anchors) > 0 {
			if t, ok := s.view.resolve(c.Anchors[0]); ok {
				front = feature(&s.view.World.Things[t])
			}
		}
		parts[i] = s.mark(c, s.fill(s.markTable(c, s.pick(turn(choices, front))), c.Relation, c.Way, c.Distance, c.Anchors, front))
	}
	return strings.Join(parts, " and ")
}
