package relate

import (
	"cmp"
	"math"
	"slices"

	"github.com/go-gl/mathgl/mgl64"
)

// A Vec2 is a point or a direction in a plane: the ground (x and y of the world) unless said otherwise.
type Vec2 = mgl64.Vec2

// An Outline is a convex polygon, counter-clockwise, three corners or more [m].
type Outline []Vec2

// Hull is the convex hull of points, by Andrew's monotone chain (1979). Points on a line have an empty one. The argument is not modified.
func Hull(points []Vec2) Outline {
	p := slices.Clone(points)
	slices.SortFunc(p, func(a, b Vec2) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	p = slices.Compact(p)
	if len(p) < 3 {
		return nil
	}
	chain := func(out Outline, p []Vec2) Outline {
		start := len(out)
		for _, q := range p {
			for len(out)-start >= 2 && cross(out[len(out)-1].Sub(out[len(out)-2]), q.Sub(out[len(out)-1])) <= 1e-15 {
				out = out[:len(out)-1]
			}
			out = append(out, q)
		}
		return out[:len(out)-1]
	}
	out := chain(make(Outline, 0, len(p)+2), p)
	slices.Reverse(p)
	if out = chain(out, p); len(out) < 3 {
		return nil
	}
	return out
}

func cross(a, b Vec2) float64 { return a[0]*b[1] - a[1]*b[0] }

// Area is in m².
func (o Outline) Area() float64 {
	var sum float64
	for i, p := range o {
		sum += cross(p, o[(i+1)%len(o)])
	}
	return sum / 2
}

// Centroid is the middle of the area.
func (o Outline) Centroid() Vec2 {
	var c Vec2
	var sum float64
	for i := 2; i < len(o); i++ { // triangles of a fan around the first corner, so that no digits are lost far from the origin
		a, b := o[i-1].Sub(o[0]), o[i].Sub(o[0])
		area := cross(a, b)
		c = c.Add(a.Add(b).Mul(area / 3))
		sum += area
	}
	return o[0].Add(c.Mul(1 / sum))
}

// Contains reports whether p is inside or on the border.
func (o Outline) Contains(p Vec2) bool {
	if len(o) == 0 {
		return false
	}
	a := o[len(o)-1]
	for _, b := range o {
		if (b[0]-a[0])*(p[1]-a[1])-(b[1]-a[1])*(p[0]-a[0]) < 0 {
			return false
		}
		a = b
	}
	return true
}

// Distance is how far p is from the area [m]; 0 inside.
func (o Outline) Distance(p Vec2) float64 {
	inside, d2 := o.look(p)
	if inside {
		return 0
	}
	return math.Sqrt(d2)
}

// look says whether p is inside and how far it is from the border, squared [m²].
func (o Outline) look(p Vec2) (inside bool, d2 float64) {
	inside, d2 = true, math.Inf(1)
	a := o[len(o)-1]
	for _, b := range o {
		ex, ey, qx, qy := b[0]-a[0], b[1]-a[1], p[0]-a[0], p[1]-a[1]
		inside = inside && ex*qy-ey*qx >= 0
		t := min(max((qx*ex+qy*ey)/(ex*ex+ey*ey), 0), 1)
		dx, dy := qx-t*ex, qy-t*ey
		d2 = min(d2, dx*dx+dy*dy)
		a = b
	}
	return inside, d2
}

// Depth is how far p is inside of the border [m]; negative outside.
func (o Outline) Depth(p Vec2) float64 {
	inside, d2 := o.look(p)
	if inside {
		return math.Sqrt(d2)
	}
	return -math.Sqrt(d2)
}

// Gap is the distance between two areas [m]; 0 if they overlap.
func (o Outline) Gap(q Outline) float64 {
	if o.separated(q) || q.separated(o) {
		d := math.Inf(1)
		for _, p := range o {
			d = min(d, q.Distance(p))
		}
		for _, p := range q {
			d = min(d, o.Distance(p))
		}
		return d
	}
	return 0
}

// separated reports whether a side of o has all of q beyond it (separating axis theorem, one half).
func (o Outline) separated(q Outline) bool {
	for i, a := range o {
		e := o[(i+1)%len(o)].Sub(a)
		if !slices.ContainsFunc(q, func(p Vec2) bool { return cross(e, p.Sub(a)) >= 0 }) {
			return true
		}
	}
	return false
}

// Overlap is the area that o and q share [m²], by Sutherland and Hodgman's clipping (1974).
func (o Outline) Overlap(q Outline) float64 {
	part := slices.Clone(o)
	for i, a := range q {
		e := q[(i+1)%len(q)].Sub(a)
		var kept Outline
		for k, p := range part {
			r := part[(k+1)%len(part)]
			dp, dr := cross(e, p.Sub(a)), cross(e, r.Sub(a))
			if dp >= 0 {
				kept = append(kept, p)
			}
			if dp > 0 && dr < 0 || dp < 0 && dr > 0 {
				kept = append(kept, p.Add(r.Sub(p).Mul(dp/(dp-dr))))
			}
		}
		if part = kept; len(part) < 3 {
			return 0
		}
	}
	return part.Area()
}

// Span is how far the area reaches along a direction of unit length: its smallest and its largest coordinate [m].
func (o Outline) Span(dir Vec2) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, p := range o {
		lo, hi = min(lo, p.Dot(dir)), max(hi, p.Dot(dir))
	}
	return lo, hi
}

// Scaled is the area shrunk or grown about its centroid.
func (o Outline) Scaled(by float64) Outline {
	c := o.Centroid()
	out := make(Outline, len(o))
	for i, p := range o {
		out[i] = c.Add(p.Sub(c).Mul(by))
	}
	return out
}

// Diagonal is the distance between the two corners that are farthest apart [m].
func (o Outline) Diagonal() float64 {
	var d float64
	for i, p := range o {
		for _, q := range o[:i] {
			d = max(d, p.Sub(q).LenSqr())
		}
	}
	return math.Sqrt(d)
}

// axis is the direction that the area is longest in and by how much: the first principal axis of its second moments, and the ratio of the
// spreads along and across it, 1 for a disc or a square, a/b for a rectangle of a × b.
func (o Outline) axis() (dir Vec2, ratio float64) {
	c := o.Centroid()
	var xx, yy, xy float64
	for i := range o {
		p, q := o[i].Sub(c), o[(i+1)%len(o)].Sub(c)
		k := cross(p, q) / 12
		xx += k * (p[0]*p[0] + p[0]*q[0] + q[0]*q[0])
		yy += k * (p[1]*p[1] + p[1]*q[1] + q[1]*q[1])
		xy += k / 2 * (2*p[0]*p[1] + p[0]*q[1] + q[0]*p[1] + 2*q[0]*q[1])
	}
	mean, half := (xx+yy)/2, math.Hypot((xx-yy)/2, xy)
	angle := math.Atan2(2*xy, xx-yy) / 2
	return Vec2{math.Cos(angle), math.Sin(angle)}, math.Sqrt((mean + half) / max(mean-half, 1e-18))
}
