package relate

import (
	"github.com/refarena/refarena/sim"
)

// Half-angles of the sector that a direction of the viewer means: certainly in it, certainly not [degrees].
const (
	inSector  = 40
	offSector = 70
	apart     = 0.005 // between outlines, for one thing to be beside another [m]
)

// beside says whether a lies from b in a ground direction of the viewer: in the sector about it, measured with the viewer's parallel
// directions and with those seen at b itself, which perspective turns. turn takes "away" to the direction. Things above each other are not
// beside each other.
func (w *World) beside(a, b int, turn func(away Vec2) Vec2) Truth {
	d := w.Solids[a].Centre.Sub(w.Solids[b].Centre)
	if d.Len() < 1e-9 {
		return No
	}
	sector := func(away Vec2) Truth { return grade(angleTo(d, turn(away)), deg(inSector), deg(offSector)) }
	t := agree(sector(w.away), sector(w.Solids[b].Centre.Sub(w.eye).Normalize()))
	if w.gaps[a][b] < apart {
		t = min(t, Unclear)
		if w.Over(a, b) == Yes || w.Over(b, a) == Yes || w.In(a, b) == Yes || w.In(b, a) == Yes {
			return No
		}
	}
	return t
}

// LeftOf says whether a is to the left of b: relation left. Frame: viewer. Yes if the direction from b's middle to a's is within 40° of left
// along the ground and a's picture is left of b's by 1 % of the width, No from 70° on.
func (w *World) LeftOf(a, b int) Truth {
	t := w.beside(a, b, func(away Vec2) Vec2 { return Vec2{-away[1], away[0]} })
	return w.seenBeside(t, a, b)
}

// RightOf says whether a is to the right of b: relation right. As LeftOf, mirrored.
func (w *World) RightOf(a, b int) Truth {
	t := w.beside(a, b, func(away Vec2) Vec2 { return Vec2{away[1], -away[0]} })
	return w.seenBeside(t, b, a)
}

// seenBeside weakens a Yes if the picture of a is not left of that of b.
func (w *World) seenBeside(t Truth, a, b int) Truth {
	if t == Yes && w.Solids[b].imageCentre()[0]-w.Solids[a].imageCentre()[0] < 0.01*float64(w.Camera.Width) {
		return Unclear
	}
	return t
}

// InFrontOf says whether a is in front of b, that is nearer to the viewer: relation front. Frame: viewer. Yes if the direction from b's
// middle to a's is within 40° of the direction to the viewer along the ground, No from 70° on.
func (w *World) InFrontOf(a, b int) Truth {
	return w.beside(a, b, func(away Vec2) Vec2 { return away.Mul(-1) })
}

// BehindOf says whether a is behind b as the viewer sees it: relation behind. As InFrontOf, the other way.
func (w *World) BehindOf(a, b int) Truth {
	return w.beside(a, b, func(away Vec2) Vec2 { return away })
}

// AboveInImage says whether a is above b in the picture: relations above and below (image). Frame: image. Yes if the direction from the
// middle of b's box to that of a's is within 30° of up and a's middle is higher than all of b's box; No from 55° on.
func (w *World) AboveInImage(a, b int) Truth {
	s, t := &w.Solids[a], &w.Solids[b]
	d := s.imageCentre().Sub(t.imageCentre())
	if d.Len() < 1e-9 {
		return No
	}
	up := grade(angleTo(d, Vec2{0, -1}), deg(30), deg(55))
	if up == Yes && s.imageCentre()[1] > t.ImageMin[1] {
		return Unclear
	}
	return up
}

// Over says whether a is above b: relations above and below. Frame: gravity. Yes if 70 % of the smaller one's outline lies over the other's
// (SupportShare) and a's middle is 5 mm above b's highest point. No with 30 % or less, or with a's middle 5 mm below.
func (w *World) Over(a, b int) Truth {
	if w.gaps[a][b] > 0 {
		return No
	}
	s, t := &w.Solids[a], &w.Solids[b]
	share := s.Outline.Overlap(t.Outline) / min(s.Outline.Area(), t.Outline.Area())
	return And(grade(share, SupportShare, 0.30), more((s.Lo+s.Hi)/2, t.Hi, 0.005, 0))
}

// Amid says whether a is between b and c: relation between. Frame: world, seen from above, which a picture's perspective keeps. Yes if b and
// c lie 145° or more apart as seen from a's middle, No up to 115°. Things that overlap from above are never between each other for certain.
func (w *World) Amid(a, b, c int) Truth {
	m := w.Solids[a].Centre
	t := grade(angleTo(w.Solids[b].Centre.Sub(m), w.Solids[c].Centre.Sub(m)), deg(145), deg(115))
	if t == Yes && (w.gaps[a][b] < apart || w.gaps[a][c] < apart) {
		return Unclear
	}
	return t
}

// In says whether a is in the hollow of b: relation inside. Frame: object b, which must be within 10° of upright. Yes if a's lowest point is
// in the lower half of the hollow and its middle within the opening. No if it is in the upper tenth or above the rim, or the middle is 1 cm
// outside the opening. No for a thing that is not hollow.
func (w *World) In(a, b int) Truth {
	sup := w.Things[b].Support
	if !sup.Hollow() || w.gaps[a][b] > 0 {
		return No
	}
	tObjWorld := w.Things[b].TWorldObj.Inv()
	m := tObjWorld.Apply(w.Solids[a].Middle())
	low := m[2]
	for _, p := range w.Solids[a].Points {
		low = min(low, tObjWorld.Apply(p)[2])
	}
	t := And(grade(sup.Z+sup.Depth-low, sup.Depth/2, sup.Depth/10), grade(sup.Opening.Depth(Vec2{m[0], m[1]}), 0, -0.01))
	if t == Yes && w.Things[b].TWorldObj.Axis(2)[2] < 0.985 {
		return Unclear
	}
	return t
}

// Out says whether a is outside of b: relation outside. Frame: object b. The opposite of In, and Yes only if the outlines do not overlap. No
// for a thing b that is not hollow, since nothing is outside of what has no inside.
func (w *World) Out(a, b int) Truth {
	if !w.Things[b].Support.Hollow() {
		return No
	}
	t := w.In(a, b).Not()
	if t == Yes && w.gaps[a][b] < apart {
		return Unclear
	}
	return t
}

// Touches says whether a and b touch: relation touch. Frame: world. Yes if their convex hulls are at most 2 mm apart, No from 10 mm on. Hulls
// that overlap do not mean that hollow things touch: that is Yes only for what stands on or in the other, else Unclear.
func (w *World) Touches(a, b int) Truth {
	if w.gaps[a][b] >= 0.010 {
		return No
	}
	carried := w.Parent(a) == b || w.Parent(b) == a
	lo, hi := w.distance(a, b, func(lo, hi float64) bool { return lo >= 0.010 || hi <= 0.002 && (lo > 1e-4 || carried) })
	switch {
	case lo <= 1e-4 && hi <= 0.002 && !carried: // nothing proves that they do not overlap
		return Unclear
	case hi <= 0.002:
		return Yes
	case lo >= 0.010:
		return No
	}
	return Unclear
}

// distance bounds the distance between two hulls from below and above [m], until that is enough: Gilbert's algorithm (1966) for the point of
// the Minkowski difference that is nearest to the origin.
func (w *World) distance(a, b int, enough func(lo, hi float64) bool) (lo, hi float64) {
	s, t := &w.Solids[a], &w.Solids[b]
	lo = max(w.gaps[a][b], s.Lo-t.Hi, t.Lo-s.Hi) // faces that lie side by side converge slowly; this bound is at hand
	p, q := s.Points, t.Points
	corner := func(dir sim.Vec3) sim.Vec3 { return extreme(p, dir).Sub(extreme(q, dir.Mul(-1))) }
	v := corner(sim.Vec3{0, 0, 1})
	for range 400 {
		hi = v.Len()
		if hi < 1e-4 {
			return max(lo, 0), hi
		}
		s := corner(v.Mul(-1))
		lo = max(lo, v.Dot(s)/hi) // no point of the difference is nearer, along v
		if hi-lo < 5e-5 || enough(lo, hi) {
			return lo, hi
		}
		d := s.Sub(v)
		v = v.Add(d.Mul(min(max(-v.Dot(d)/d.LenSqr(), 0), 1)))
	}
	return lo, hi
}

// extreme is the point that is farthest along dir.
func extreme(points []sim.Vec3, dir sim.Vec3) sim.Vec3 {
	best, most := 0, points[0].Dot(dir)
	for i, p := range points[1:] {
		if d := p.Dot(dir); d > most {
			best, most = i+1, d
		}
	}
	return points[best]
}
