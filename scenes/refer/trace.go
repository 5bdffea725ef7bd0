package refer

import (
	"fmt"
	"math"

	"github.com/refarena/refarena/scenes/relate"
	"github.com/refarena/refarena/sim"
)

// A TraceStep is one step of reasoning, in the form of RoboRefer's process rewards (arXiv 2506.04308, appendix D.4.2).
type TraceStep struct {
	N        int             // from 1
	Kind     StepKind        // what is found out
	Target   string          // of what, in words
	Value    []float64       // as Kind says, to three decimals
	Relation relate.Relation // of the clause or order that the step is for; 0 if the instruction is about one thing alone
	Things   []int           // the thing that has the position or size, or the anchors of the direction; none for an edge or corner of a table
	Depth    int             // 0 for what is asked for, 1 for what its own words name, 2 for what the words for that name, …
	Span     Span            // the words for it in the instruction's text

	key any // what is marked as its words
}

// A StepKind says what a step finds out.
type StepKind string

// The kinds of steps.
const (
	StepPosition    StepKind = "Position"    // normalised image coordinates
	StepOrientation StepKind = "Orientation" // a unit vector in the camera frame: x right, y down, z forward
	StepSize        StepKind = "Size"        // a length [m]
)

// String is the step as a line of text:
//
//	Step1: [Position] [the red mug]: [(0.245, 0.147)]
//	Step2: [Orientation] [to the left of the red mug]: (-1.000, 0.000, 0.000)
func (s TraceStep) String() string {
	var value string
	switch s.Kind {
	case StepPosition:
		value = fmt.Sprintf("[(%.3f, %.3f)]", s.Value[0], s.Value[1])
	case StepOrientation:
		value = fmt.Sprintf("(%.3f, %.3f, %.3f)", s.Value[0], s.Value[1], s.Value[2])
	case StepSize:
		value = fmt.Sprintf("%.3f", s.Value[0])
	}
	return fmt.Sprintf("Step%d: [%s] [%s]: %s", s.N, s.Kind, s.Target, value)
}

// A tracer writes down what has to be found out for an instruction, innermost first.
type tracer struct {
	view  *View
	steps []TraceStep
	depth int
}

func (t *tracer) add(key any, kind StepKind, target string, use relate.Relation, things []int, value ...float64) {
	for i, x := range value {
		value[i] = math.Round(x*1000)/1000 + 0 // no "-0.000"
	}
	t.steps = append(t.steps, TraceStep{N: len(t.steps) + 1, Kind: kind, Target: target, Value: value, Relation: use, Things: things, Depth: t.depth, key: key})
}

// at adds the position of something that the picture shows at a pixel.
func (t *tracer) at(key any, target string, use relate.Relation, things []int, px sim.Pixel) {
	n := px.Norm(t.view.World.Camera.Width, t.view.World.Camera.Height)
	t.add(key, StepPosition, target, use, things, n.X, n.Y)
}

// plainly is a phrase in the first words for it.
func (t *tracer) plainly(p *Phrase) string { return speaker{view: t.view}.say(p, false) }

// anchor traces what leads to a phrase, then the phrase's own position, which a relation needs.
func (t *tracer) anchor(p *Phrase, use relate.Relation) {
	t.depth++
	defer func() { t.depth-- }()
	t.inside(p)
	thing, _ := t.view.resolve(p)
	t.at(p, t.plainly(p), use, []int{thing}, t.view.markOf(thing))
}

// inside traces what a phrase refers to.
func (t *tracer) inside(p *Phrase) {
	for i := range p.Clauses {
		c := &p.Clauses[i]
		t.clause(c, speaker{view: t.view}.sayClause(p, c))
	}
	o := p.Order
	switch {
	case o == nil:
	case o.Anchor != nil:
		t.anchor(o.Anchor, o.Relation)
	case o.Relation == relate.Edge:
		thing, _ := t.view.resolve(p)
		t.edge(o, o.Way, t.view.World.Solids[thing].Centre)
	case o.Relation == relate.Corner:
		t.corner(o, o.Way)
	}
}

// edge traces the place on a table's edge that is nearest to a place on the ground.
func (t *tracer) edge(of any, side relate.Way, near relate.Vec2) {
	from, to, _ := t.view.World.TableEdge(side)
	along := to.Sub(from)
	k := ((near[0]-from[0])*along[0] + (near[1]-from[1])*along[1]) / along.LenSqr()
	px, _, _ := t.view.World.Camera.Project(from.Add(along.Mul(min(max(k, 0), 1))))
	t.table(of, "the "+sides[side]+" edge of the table", relate.Edge, px)
}

func (t *tracer) corner(of any, corner relate.Way) {
	at, _ := t.view.World.TableCorner(corner)
	px, _, _ := t.view.World.Camera.Project(at)
	t.table(of, "the "+sides[corner]+" corner of the table", relate.Corner, px)
}

// table adds a place on a table that a clause or an order names.
func (t *tracer) table(of any, target string, use relate.Relation, px sim.Pixel) {
	t.depth++
	t.at(tableKey{of}, target, use, nil, px)
	t.depth--
}

// clause traces a clause's anchors, then its direction, which words say.
func (t *tracer) clause(c *Clause, words string) {
	var things []int
	for _, a := range c.Anchors {
		t.anchor(a, c.Relation)
		thing, _ := t.view.resolve(a)
		things = append(things, thing)
	}
	switch {
	case c.Relation == relate.Edge && len(c.Anchors) == 0:
		t.table(c, "the "+sides[c.Way]+" edge of the table", relate.Edge, t.middleOfEdge(c.Way))
	case c.Relation == relate.Edge:
		t.edge(c, c.Way, t.view.World.Solids[things[0]].Centre)
		t.orientation(c, words, c.Relation, things, t.toEdge(c.Way))
	case c.Relation == relate.Corner:
		t.corner(c, c.Way)
	case c.directional():
		t.orientation(c, words, c.Relation, things, t.clauseDirection(c))
	}
}

func (t *tracer) middleOfEdge(side relate.Way) sim.Pixel {
	from, to, _ := t.view.World.TableEdge(side)
	px, _, _ := t.view.World.Camera.Project(from.Add(to).Mul(0.5))
	return px
}

func (t *tracer) orientation(key any, words string, use relate.Relation, things []int, dirCam sim.Vec3) {
	t.add(key, StepOrientation, words, use, things, dirCam[0], dirCam[1], dirCam[2])
}

// inCamera takes a ground direction into the camera frame.
func (t *tracer) inCamera(d relate.Vec2) sim.Vec3 {
	return t.view.World.Camera.TWorldCam.Inv().Rot.Rotate(sim.Vec3{d[0], d[1], 0}).Normalize()
}

func (t *tracer) toEdge(side relate.Way) sim.Vec3 {
	w := t.view.World
	return t.inCamera(map[relate.Way]relate.Vec2{
		relate.ToLeft: w.Right().Mul(-1), relate.ToRight: w.Right(), relate.ToViewer: w.Away().Mul(-1), relate.Away: w.Away(),
	}[side])
}

// clauseDirection is the direction of a clause in the camera frame.
func (t *tracer) clauseDirection(c *Clause) sim.Vec3 {
	w := t.view.World
	a, _ := t.view.resolve(c.Anchors[0])
	switch c.Relation {
	case relate.ImageAbove:
		return sim.Vec3{0, -1, 0}
	case relate.ImageBelow:
		return sim.Vec3{0, 1, 0}
	case relate.Between:
		b, _ := t.view.resolve(c.Anchors[1])
		return t.inCamera(w.Solids[b].Centre.Sub(w.Solids[a].Centre))
	}
	return t.inCamera(t.view.direction(c.Relation, a))
}

// tracePhrase is the trace of a location. A phrase without a step has one line, which says what is seen: a size if the words ask for it, else
// the position.
func (v *View) tracePhrase(p *Phrase, thing int) []TraceStep {
	t := tracer{view: v}
	if t.inside(p); len(t.steps) > 0 {
		return t.steps
	}
	about := []int{thing}
	var use relate.Relation
	s := &v.World.Solids[thing]
	size := 0.0
	if p.Order != nil {
		use = p.Order.Relation
		switch use {
		case relate.Tall, relate.Short:
			size = s.Hi - s.Lo
		case relate.Wide, relate.Thin:
			size = s.Diagonal
		case relate.Big, relate.Small:
			size = max(s.Extent[0], s.Extent[1], s.Extent[2])
		}
	}
	switch {
	case size > 0:
		t.add(p, StepSize, t.plainly(p), use, about, size)
	case len(p.Clauses) > 0 && p.Clauses[0].Relation == relate.HorizontalRotate:
		t.orientation(p, t.plainly(p), relate.HorizontalRotate, about, t.inCamera(s.Facing))
	default:
		t.at(p, t.plainly(p), use, about, v.markOf(thing))
	}
	return t.steps
}

// tracePlace is the trace of a placement.
func (v *View) tracePlace(p *Place) []TraceStep {
	t := tracer{view: v}
	for i := range p.Conditions {
		c := &p.Conditions[i]
		one := Place{Conditions: p.Conditions[i : i+1]}
		t.clause(c, speaker{view: v}.sayPlace(&one))
	}
	return t.steps
}
