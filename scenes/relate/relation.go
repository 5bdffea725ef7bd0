package relate

import (
	"fmt"
	"strings"
)

// A Relation is one of the 31 spatial relations, numbered from 1 as in the data set's figure.
type Relation int

// The relations. The comment names the predicate of World that defines each.
const (
	Close            Relation = iota + 1 // Closer
	Far                                  // Closer, reversed
	ImageAbove                           // AboveInImage, HigherInImage
	ImageBelow                           // the same, reversed
	Depth                                // Nearer
	Left                                 // LeftOf, Lefter
	Right                                // RightOf, Lefter reversed
	Front                                // InFrontOf
	Behind                               // BehindOf
	Tall                                 // Taller
	Short                                // Taller, reversed
	Big                                  // Bigger
	Small                                // Bigger, reversed
	Wide                                 // Wider
	Thin                                 // Wider, reversed
	Above                                // Over
	Below                                // Over, reversed
	Distance                             // Within
	Between                              // Amid
	Face                                 // Faces
	Back                                 // TurnsBackTo
	Edge                                 // AtEdge, NearerEdge
	Corner                               // AtCorner, NearerCorner
	FreeSpace                            // Free
	Inside                               // In
	Outside                              // Out
	Touch                                // Touches
	FarFrom                              // WellAway
	VerticalRotate                       // Stands, Lies
	HorizontalRotate                     // Heads
	Angle                                // Parallel, Perpendicular
)

var relationNames = [...]string{
	Close: "close", Far: "far", ImageAbove: "above (image)", ImageBelow: "below (image)", Depth: "depth", Left: "left", Right: "right",
	Front: "front", Behind: "behind", Tall: "tall", Short: "short", Big: "big", Small: "small", Wide: "wide", Thin: "thin",
	Above: "above", Below: "below", Distance: "distance", Between: "between", Face: "face", Back: "back", Edge: "edge", Corner: "corner",
	FreeSpace: "free space", Inside: "inside", Outside: "outside", Touch: "touch", FarFrom: "far from",
	VerticalRotate: "vertical rotate", HorizontalRotate: "horizontal rotate", Angle: "angle",
}

// Relations are all 31, in order.
func Relations() []Relation {
	out := make([]Relation, len(relationNames)-1)
	for i := range out {
		out[i] = Relation(i + 1)
	}
	return out
}

// Valid reports whether r is one of the 31.
func (r Relation) Valid() bool { return r >= Close && r <= Angle }

// String is the relation's name, as ParseRelation takes it.
func (r Relation) String() string {
	if !r.Valid() {
		return fmt.Sprintf("relation %d", int(r))
	}
	return relationNames[r]
}

// ParseRelation is the relation of that name; the error lists the names there are.
func ParseRelation(name string) (Relation, error) {
	for _, r := range Relations() {
		if r.String() == name {
			return r, nil
		}
	}
	return 0, fmt.Errorf("relate: no relation %q (have %s)", name, strings.Join(relationNames[1:], ", "))
}

// A Way tells the variants of a relation apart.
type Way int

// The ways of the relations that have more than one.
const (
	Plain      Way = iota
	ToLeft         // HorizontalRotate, Edge
	ToRight        // HorizontalRotate, Edge
	ToViewer       // HorizontalRotate; Edge: the near one
	Away           // HorizontalRotate; Edge: the far one
	NearLeft       // Corner
	NearRight      // Corner
	FarLeft        // Corner
	FarRight       // Corner
	Standing       // VerticalRotate
	Lying          // VerticalRotate
	Along          // Angle: parallel
	Across         // Angle: at a right angle
	Itself         // Face, Back: the thing itself faces the anchor; Plain is that the anchor faces the thing
	Descending     // orders: the other end first, such as farthest from the camera
)

// Edges and Corners are the ways to name a table's.
var (
	Edges   = []Way{ToLeft, ToRight, ToViewer, Away}
	Corners = []Way{NearLeft, NearRight, FarLeft, FarRight}
)

// A Claim is a predicate about one thing that is yet to be named: its relation, the way, and the things that it is related to.
type Claim struct {
	Relation Relation
	Way      Way
	A, B     int     // anchors, indices into Things; -1 where the relation has none
	Distance float64 // of relation Distance [m]
}

// Holds says whether the claim holds of thing t. A thing is related to nothing but others: for an anchor it is No. It panics for a claim
// that is none, such as a relation that only orders things or free space.
func (w *World) Holds(c Claim, t int) Truth {
	if t == c.A || t == c.B {
		return No
	}
	switch c.Relation {
	case ImageAbove:
		return w.AboveInImage(t, c.A)
	case ImageBelow:
		return w.AboveInImage(c.A, t)
	case Left:
		return w.LeftOf(t, c.A)
	case Right:
		return w.RightOf(t, c.A)
	case Front:
		return w.InFrontOf(t, c.A)
	case Behind:
		return w.BehindOf(t, c.A)
	case Tall:
		return w.Taller(t, c.A)
	case Short:
		return w.Taller(c.A, t)
	case Big:
		return w.Bigger(t, c.A)
	case Small:
		return w.Bigger(c.A, t)
	case Wide:
		return w.Wider(t, c.A)
	case Thin:
		return w.Wider(c.A, t)
	case Above:
		return w.Over(t, c.A)
	case Below:
		return w.Over(c.A, t)
	case Distance:
		return w.Within(t, c.A, c.Distance)
	case Between:
		return w.Amid(t, c.A, c.B)
	case Face:
		if c.Way == Itself {
			return w.Faces(t, c.A)
		}
		return w.Faces(c.A, t)
	case Back:
		if c.Way == Itself {
			return w.TurnsBackTo(t, c.A)
		}
		return w.TurnsBackTo(c.A, t)
	case Edge:
		return w.AtEdge(t, c.Way)
	case Corner:
		return w.AtCorner(t, c.Way)
	case Inside:
		return w.In(t, c.A)
	case Outside:
		return w.Out(t, c.A)
	case Touch:
		return w.Touches(t, c.A)
	case FarFrom:
		return w.WellAway(t, c.A)
	case VerticalRotate:
		if c.Way == Standing {
			return w.Stands(t)
		}
		return w.Lies(t)
	case HorizontalRotate:
		return w.Heads(t, c.Way)
	case Angle:
		if c.Way == Along {
			return w.Parallel(t, c.A)
		}
		return w.Perpendicular(t, c.A)
	}
	panic(fmt.Sprintf("relate: no predicate for relation %q", c.Relation))
}

// Before says whether thing a comes before thing b in the order that the claim names: closest first, tallest first, leftmost first, nearest
// to the edge first. It panics for a relation that orders nothing.
func (w *World) Before(c Claim, a, b int) Truth {
	if c.Way == Descending {
		c.Way = Plain
		return w.Before(c, b, a)
	}
	switch c.Relation {
	case Close:
		return w.Closer(a, b, c.A)
	case Far:
		return w.Closer(b, a, c.A)
	case ImageAbove:
		return w.HigherInImage(a, b)
	case ImageBelow:
		return w.HigherInImage(b, a)
	case Depth:
		return w.Nearer(a, b)
	case Left:
		return w.Lefter(a, b)
	case Right:
		return w.Lefter(b, a)
	case Tall:
		return w.Taller(a, b)
	case Short:
		return w.Taller(b, a)
	case Big:
		return w.Bigger(a, b)
	case Small:
		return w.Bigger(b, a)
	case Wide:
		return w.Wider(a, b)
	case Thin:
		return w.Wider(b, a)
	case Edge:
		return w.NearerEdge(a, b, c.Way)
	case Corner:
		return w.NearerCorner(a, b, c.Way)
	}
	panic(fmt.Sprintf("relate: relation %q is no order", c.Relation))
}
