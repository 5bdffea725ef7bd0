package relate

import (
	"fmt"
	"math"
)

// facing grades the bearing of thing b against a direction at thing a.
func (w *World) facing(a, b int, sign float64) Truth {
	s := &w.Solids[a]
	d := w.Solids[b].Centre.Sub(s.Centre)
	if s.Facing == (Vec2{}) || d.Len() < 1e-9 {
		return No
	}
	if w.gaps[a][b] < apart { // on, in or under it
		return min(Unclear, grade(angleTo(d, s.Facing.Mul(sign)), deg(25), deg(50)))
	}
	return grade(angleTo(d, s.Facing.Mul(sign)), deg(25), deg(50))
}

// Faces says whether a's front points to b: relation face. Frame: object a. Yes if b's middle is within 25° of where the front points, seen
// from above, No from 50° on. No if a has no front, or it points up or down.
func (w *World) Faces(a, b int) Truth { return w.facing(a, b, 1) }

// TurnsBackTo says whether a's front points away from b: relation back. Frame: object a. As Faces, the other way.
func (w *World) TurnsBackTo(a, b int) Truth { return w.facing(a, b, -1) }

// Stands says whether a thing stands upright: relation vertical rotate, the turn in a vertical plane. Frame: gravity. Yes if its height is
// 1.5 times its largest extent along the ground or more, No if it is no larger.
func (w *World) Stands(t int) Truth { return grade(w.slenderness(t), 1.5, 1) }

// Lies says whether a thing lies flat or on its side: relation vertical rotate. Frame: gravity. Yes if its height is half of its largest extent
// along the ground or less, No from 0.8 on.
func (w *World) Lies(t int) Truth { return grade(w.slenderness(t), 0.5, 0.8) }

func (w *World) slenderness(t int) float64 {
	s := &w.Solids[t]
	return (s.Hi - s.Lo) / s.Diagonal
}

// Heads says which way a thing's front points as the viewer sees it: relation horizontal rotate, the turn in the ground plane. Frame: viewer.
// way is ToLeft, ToRight, ToViewer or Away. Yes within 25° of it, measured with the viewer's parallel directions and with those seen at the
// thing itself; No from 50° on, and for what has no front.
func (w *World) Heads(t int, way Way) Truth {
	s := &w.Solids[t]
	if s.Facing == (Vec2{}) {
		return No
	}
	look := func(away Vec2) Truth {
		var to Vec2
		switch way {
		case ToLeft:
			to = Vec2{-away[1], away[0]}
		case ToRight:
			to = Vec2{away[1], -away[0]}
		case ToViewer:
			to = away.Mul(-1)
		case Away:
			to = away
		default:
			panic(fmt.Sprintf("relate: way %d is no heading", way))
		}
		return grade(angleTo(s.Facing, to), deg(25), deg(50))
	}
	return agree(look(w.away), look(s.Centre.Sub(w.eye).Normalize()))
}

// The ratio of an outline's spreads from which it has a long axis for certain, and up to which it certainly has none.
const (
	oblong = 1.35
	round  = 1.12
)

// between0and90 is the angle between the long axes of two things' outlines [rad, 0…π/2], and whether both have one.
func (w *World) axisAngle(a, b int) (float64, Truth) {
	s, t := &w.Solids[a], &w.Solids[b]
	angle := angleTo(s.axis, t.axis)
	return min(angle, math.Pi-angle), And(grade(s.ratio, oblong, round), grade(t.ratio, oblong, round))
}

// Parallel says whether two things lie parallel: relation angle. Frame: world, seen from above. Both outlines must be oblong (their second
// moments' spreads in the ratio 1.35; No up to 1.12). Yes if the long axes are within 10°, No from 22° on.
func (w *World) Parallel(a, b int) Truth {
	angle, long := w.axisAngle(a, b)
	return And(long, grade(angle, deg(10), deg(22)))
}

// Perpendicular says whether two things lie at a right angle: relation angle. As Parallel: Yes from 80° on, No up to 68°.
func (w *World) Perpendicular(a, b int) Truth {
	angle, long := w.axisAngle(a, b)
	return And(long, grade(angle, deg(80), deg(68)))
}

// Free says whether a disc on a plane is free of things: relation free space. Frame: world, seen from above. The things are those that reach
// above the plane's height z [m], but not t (the thing that the plane belongs to, or -1) nor moved (the thing that is to be put there, or
// -1). Yes if the disc of the radius touches no outline; No otherwise: a wanted clearance has no tolerance.
func (w *World) Free(at Vec2, z, radius float64, t, moved int) Truth {
	for i := range w.Solids {
		if s := &w.Solids[i]; i != t && i != moved && s.Hi > z+freeSlack && s.Outline.Distance(at) < radius {
			return No
		}
	}
	return Yes
}

// freeSlack is how far a thing may reach above a surface and still count as part of it [m].
const freeSlack = 0.001
