package refer

import (
	"fmt"

	"github.com/refarena/refarena/scenes/relate"
	"github.com/refarena/refarena/sim"
)

// A tracer writes down what has to be found out for an instruction, innermost first: a line for each step, in the form of RoboRefer's
// process rewards (arXiv 2506.04308, appendix D.4.2),
//
//	Step1: [Position] [the red mug]: [(0.245, 0.147)]
//	Step2: [Orientation] [to the left of the red mug]: (-1.000, 0.000, 0.000)
//
// A position is normalised image coordinates, an orientation a unit vector in the camera frame (x right, y down, z forward), a size in m.
type tracer struct {
	view  *View
	lines []string
}

func (t *tracer) add(kind, target, value string) {
	t.lines = append(t.lines, fmt.Sprintf("Step%d: [%s] [%s]: %s", len(t.lines)+1, kind, target, value))
}

// plainly is a phrase in the first words for it.
func (t *tracer) plainly(p *Phrase) string { return speaker{view: t.view}.say(p, false) }

func position(px sim.Pixel, cam sim.Camera) string {
	n := px.Norm(cam.Width, cam.Height)
	return fmt.Sprintf("[(%.3f, %.3f)]", n.X, n.Y)
}

// anchor traces what leads to a phrase, then the phrase's own position.
func (t *tracer) anchor(p *Phrase) {
	t.inside(p)
	thing, _ := t.view.resolve(p)
	t.add("Position", t.plainly(p), position(t.view.markOf(thing), t.view.World.Camera))
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
		t.anchor(o.Anchor)
	case o.Relation == relate.Edge:
		thing, _ := t.view.resolve(p)
		t.edge(o.Way, t.view.World.Solids[thing].Centre)
	case o.Relation == relate.Corner:
		t.corner(o.Way)
	}
}

// edge traces the place on a table's edge that is nearest to a place on the ground.
func (t *tracer) edge(side relate.Way, near relate.Vec2) {
	from, to, _ := t.view.World.TableEdge(side)
	along := to.Sub(from)
	k := ((near[0]-from[0])*along[0] + (near[1]-from[1])*along[1]) / along.LenSqr()
	px, _, _ := t.view.World.Camera.Project(from.Add(along.Mul(min(max(k, 0), 1))))
	t.add("Position", "the "+sides[side]+" edge of the table", position(px, t.view.World.Camera))
}

func (t *tracer) corner(corner relate.Way) {
	at, _ := t.view.World.TableCorner(corner)
	px, _, _ := t.view.World.Camera.Project(at)
	t.add("Position", "the "+sides[corner]+" corner of the table", position(px, t.view.World.Camera))
}

// clause traces a clause's anchors, then its direction, which words say.
func (t *tracer) clause(c *Clause, words string) {
	for _, a := range c.Anchors {
		t.anchor(a)
	}
	switch {
	case c.Relation == relate.Edge && len(c.Anchors) == 0:
		t.add("Position", "the "+sides[c.Way]+" edge of the table", t.middleOfEdge(c.Way))
	case c.Relation == relate.Edge:
		thing, _ := t.view.resolve(c.Anchors[0])
		t.edge(c.Way, t.view.World.Solids[thing].Centre)
		t.orientation(words, t.toEdge(c.Way))
	case c.Relation == relate.Corner:
		t.corner(c.Way)
	case c.directional():
		t.orientation(words, t.clauseDirection(c))
	}
}

func (t *tracer) middleOfEdge(side relate.Way) string {
	from, to, _ := t.view.World.TableEdge(side)
	px, _, _ := t.view.World.Camera.Project(from.Add(to).Mul(0.5))
	return position(px, t.view.World.Camera)
}

func (t *tracer) orientation(words string, dirCam sim.Vec3) {
	for i, x := range dirCam {
		if x > -0.0005 && x < 0.0005 {
			dirCam[i] = 0 // no "-0.000"
		}
	}
	t.add("Orientation", words, fmt.Sprintf("(%.3f, %.3f, %.3f)", dirCam[0], dirCam[1], dirCam[2]))
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
func (v *View) tracePhrase(p *Phrase, thing int) []string {
	t := tracer{view: v}
	if t.inside(p); len(t.lines) > 0 {
		return t.lines
	}
	s := &v.World.Solids[thing]
	size := 0.0
	if p.Order != nil {
		switch p.Order.Relation {
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
		t.add("Size", t.plainly(p), fmt.Sprintf("%.3f", size))
	case len(p.Clauses) > 0 && p.Clauses[0].Relation == relate.HorizontalRotate:
		t.orientation(t.plainly(p), t.inCamera(s.Facing))
	default:
		t.add("Position", t.plainly(p), position(v.markOf(thing), v.World.Camera))
	}
	return t.lines
}

// tracePlace is the trace of a placement.
func (v *View) tracePlace(p *Place) []string {
	t := tracer{view: v}
	for i := range p.Conditions {
		c := &p.Conditions[i]
		one := Place{Conditions: p.Conditions[i : i+1]}
		t.clause(c, speaker{view: v}.sayPlace(&one))
	}
	return t.lines
}
