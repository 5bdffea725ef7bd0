package scenes

import (
	"math"
	"sort"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// What the designs are built with: turns, curves, strips, and the collision geometry that goes with them.

type p3 = [3]float64

// turn is the unit quaternion (wxyz) of a turn by angle [rad] about the axis (x, y, z), which need not be of length 1.
func turn(angle, x, y, z float64) [4]float64 {
	l := math.Sqrt(x*x + y*y + z*z)
	s := math.Sin(angle/2) / l
	return [4]float64{math.Cos(angle / 2), x * s, y * s, z * s}
}

// layDown turns what was built along z to lie along x, its top ahead.
var layDown = turn(quarter, 0, 1, 0)

// lain is a mesh built along z, laid down along x with its axis at height z.
func lain(m *shape.Mesh, name string, z float64) *shape.Mesh {
	return m.Transformed(layDown, p3{0, 0, z}).Named(name)
}

// spline is a smooth curve through the knots (x, y), x rising, by Hermite cubics with finite-difference slopes; beyond its ends it is flat.
func spline(knots ...[2]float64) func(x float64) float64 {
	n := len(knots)
	slope := make([]float64, n)
	for i := range knots {
		a, b := knots[max(i-1, 0)], knots[min(i+1, n-1)]
		slope[i] = (b[1] - a[1]) / (b[0] - a[0])
	}
	return func(x float64) float64 {
		switch {
		case x <= knots[0][0]:
			return knots[0][1]
		case x >= knots[n-1][0]:
			return knots[n-1][1]
		}
		i := sort.Search(n, func(k int) bool { return knots[k][0] > x }) - 1
		h := knots[i+1][0] - knots[i][0]
		t := (x - knots[i][0]) / h
		t2, t3 := t*t, t*t*t
		return (2*t3-3*t2+1)*knots[i][1] + (t3-2*t2+t)*h*slope[i] + (3*t2-2*t3)*knots[i+1][1] + (t3-t2)*h*slope[i+1]
	}
}

// turnedProfile samples a radius over z as a closed profile for shape.Lathe, n pieces from z0 to z1.
func turnedProfile(radius func(z float64) float64, z0, z1 float64, n int) [][2]float64 {
	out := make([][2]float64, 0, n+1)
	for i := range n + 1 {
		z := z0 + (z1-z0)*(0.5-0.5*math.Cos(math.Pi*float64(i)/float64(n))) // finer at the ends
		out = append(out, [2]float64{max(radius(z), 0), z})
	}
	return out
}

// strip is a long flat piece along x from x0 to x1: half wide at x to both sides of y = 0, thick thick, its middle at height mid(x).
func strip(name string, x0, x1 float64, half, mid func(x float64) float64, thick float64, n int) *shape.Mesh {
	outline := make([][2]float64, 0, 2*n+2)
	for i := range n + 1 {
		x := x0 + (x1-x0)*float64(i)/float64(n)
		outline = append(outline, [2]float64{x, -half(x)})
	}
	for i := range n + 1 {
		x := x1 + (x0-x1)*float64(i)/float64(n)
		outline = append(outline, [2]float64{x, half(x)})
	}
	return shape.Extrude(outline, thick, 0).Deformed(func(p [3]float64) [3]float64 {
		return p3{p[0], p[1], p[2] + mid(p[0])}
	}).Named(name)
}

// level is a curve that is the same everywhere.
func level(v float64) func(float64) float64 { return func(float64) float64 { return v } }

// rounded is an outline of a rectangle with rounded corners, for shape.Extrude; steps pieces a corner.
func rounded(sx, sy, radius float64, steps int) [][2]float64 {
	var out [][2]float64
	for q := range 4 {
		cx := (sx/2 - radius) * [4]float64{1, -1, -1, 1}[q]
		cy := (sy/2 - radius) * [4]float64{1, 1, -1, -1}[q]
		for i := range steps + 1 {
			a := quarter * (float64(q) + float64(i)/float64(steps))
			out = append(out, [2]float64{cx + radius*math.Cos(a), cy + radius*math.Sin(a)})
		}
	}
	return out
}

// disc is a circle's outline about (x, y), for shape.Extrude.
func disc(x, y, radius float64, n int) [][2]float64 {
	out := make([][2]float64, n)
	for i := range out {
		a := 2 * math.Pi * float64(i) / float64(n)
		out[i] = [2]float64{x + radius*math.Cos(a), y + radius*math.Sin(a)}
	}
	return out
}

// ringSolid is a washer about z: from radius r0 to r1, from z0 to z1.
func ringSolid(name string, r0, r1, z0, z1 float64, segments int) *shape.Mesh {
	return shape.Lathe([][2]float64{{r0, z0}, {r1, z0}, {r1, z1}, {r0, z1}, {r0, z0}}, segments).Named(name)
}

// stripGeoms are n boxes that follow a strip.
func (s surface) stripGeoms(x0, x1 float64, half, mid func(x float64) float64, thick float64, n int) []sim.Geom {
	geoms := make([]sim.Geom, n)
	for i := range geoms {
		a, b := x0+(x1-x0)*float64(i)/float64(n), x0+(x1-x0)*float64(i+1)/float64(n)
		m := (a + b) / 2
		rise := math.Atan2(mid(b)-mid(a), b-a)
		pose := sim.Rotation(-rise, sim.Vec3{0, 1, 0})
		pose.Pos = sim.Vec3{m, 0, (mid(a) + mid(b)) / 2}
		geoms[i] = s.geom(sim.GeomBox, sim.Vec3{math.Hypot(b-a, mid(b)-mid(a)) / 2, half(m), thick / 2}, pose)
	}
	return geoms
}

// standing is a cylinder from z0 to z1 about the upright axis through (x, y).
func (s surface) standing(radius, x, y, z0, z1 float64) sim.Geom {
	return s.geom(sim.GeomCylinder, sim.Vec3{radius, (z1 - z0) / 2, 0}, sim.Translation(x, y, (z0+z1)/2))
}

// rod is a cylinder from a to b.
func (s surface) rod(radius float64, a, b sim.Vec3) sim.Geom {
	g := s.capsule(radius, a, b)
	g.Type = sim.GeomCylinder
	return g
}

// tilted is a box of full extents about (x, y, z), turned by angle about an axis.
func (s surface) tilted(sx, sy, sz, x, y, z, angle float64, axis sim.Vec3) sim.Geom {
	pose := sim.Rotation(angle, axis)
	pose.Pos = sim.Vec3{x, y, z}
	return s.geom(sim.GeomBox, sim.Vec3{sx / 2, sy / 2, sz / 2}, pose)
}

// egg is an ellipsoid about (x, y, z).
func (s surface) egg(rx, ry, rz, x, y, z float64) sim.Geom {
	return s.geom(sim.GeomEllipsoid, sim.Vec3{rx, ry, rz}, sim.Translation(x, y, z))
}

// turned is the convex hull of a lathed profile, in the pose tObjHull. Its rings have 16 corners, as far out as makes their area right.
func (s surface) turned(name string, profile [][2]float64, tObjHull sim.Pose) (Hull, sim.Geom) {
	const ring = 16
	h := Hull{Name: name}
	for i, p := range profile {
		for k := range ring {
			a := 2 * math.Pi * (float64(k) + 0.5*float64(i%2)) / ring
			r := p[0] / math.Sqrt(math.Cos(math.Pi/ring))
			q := tObjHull.Apply(sim.Vec3{r * math.Cos(a), r * math.Sin(a), p[1]})
			h.Vertices = append(h.Vertices, [3]float32{float32(q[0]), float32(q[1]), float32(q[2])})
			if p[0] == 0 {
				break
			}
		}
		if i > 0 { // frustum
			r0, r1, dz := profile[i-1][0], p[0], p[1]-profile[i-1][1]
			h.Volume += math.Pi / 3 * math.Abs(dz) * (r0*r0 + r0*r1 + r1*r1)
		}
	}
	g := s.geom(sim.GeomMesh, sim.Vec3{}, sim.Identity())
	g.Mesh = name
	return h, g
}

// crate is four upright boxes along the rectangle sx × sy (outer size), thick thick, from z0 to z1: the walls of a crate.
func (s surface) crate(sx, sy, thick, z0, z1 float64) []sim.Geom {
	h, z := z1-z0, (z0+z1)/2
	return []sim.Geom{
		s.box(thick, sy, h, (sx-thick)/2, 0, z), s.box(thick, sy, h, -(sx-thick)/2, 0, z),
		s.box(sx-2*thick, thick, h, 0, (sy-thick)/2, z), s.box(sx-2*thick, thick, h, 0, -(sy-thick)/2, z),
	}
}

// along is the convex hull of rings in the planes x = xs[i], of radius r(x) about height z(x): something long and round that lies, its
// bottom cut flat at height floor.
func (s surface) along(name string, xs []float64, r, z func(x float64) float64, floor float64) (Hull, sim.Geom) {
	const ring = 14
	h := Hull{Name: name}
	for i, x := range xs {
		for k := range ring {
			a := 2 * math.Pi * float64(k) / ring
			h.Vertices = append(h.Vertices, [3]float32{float32(x), float32(r(x) * math.Cos(a)), float32(max(z(x)+r(x)*math.Sin(a), floor))})
		}
		if i > 0 {
			r0, r1 := r(xs[i-1]), r(x)
			h.Volume += math.Pi / 3 * (x - xs[i-1]) * (r0*r0 + r0*r1 + r1*r1)
		}
	}
	g := s.geom(sim.GeomMesh, sim.Vec3{}, sim.Identity())
	g.Mesh = name
	return h, g
}

// steps are n+1 numbers from a to b, evenly apart.
func steps(a, b float64, n int) []float64 {
	out := make([]float64, n+1)
	for i := range out {
		out[i] = a + (b-a)*float64(i)/float64(n)
	}
	return out
}

// grown is a mesh lathed about z, laid along x and lowered at each x so that its lowest line is z = 0; r is its radius at x.
func grown(m *shape.Mesh, name string, r func(x float64) float64) *shape.Mesh {
	return lain(m, name, 0).Deformed(func(p [3]float64) [3]float64 { return p3{p[0], p[1], p[2] + r(p[0])} }).Named(name)
}

// dome is the convex hull of the part between the heights z0 and z1 of an ellipsoid about (0, 0, zc).
func (s surface) dome(name string, radii p3, zc, z0, z1 float64) (Hull, sim.Geom) {
	const rings, ring = 7, 18
	h := Hull{Name: name}
	var before float64
	for i := range rings {
		z := z0 + (z1-z0)*math.Sin(quarter*float64(i)/(rings-1))
		k := math.Sqrt(max(1-(z-zc)*(z-zc)/(radii[2]*radii[2]), 0))
		for j := range ring {
			a := 2 * math.Pi * float64(j) / ring
			h.Vertices = append(h.Vertices, [3]float32{float32(k * radii[0] * math.Cos(a)), float32(k * radii[1] * math.Sin(a)), float32(z)})
		}
		if i > 0 {
			zb := z0 + (z1-z0)*math.Sin(quarter*float64(i-1)/(rings-1))
			h.Volume += math.Pi * radii[0] * radii[1] * (k*k + before*before) / 2 * (z - zb)
		}
		before = k
	}
	g := s.geom(sim.GeomMesh, sim.Vec3{}, sim.Identity())
	g.Mesh = name
	return h, g
}

// grounded is d with its collision geometry moved up or down so that it begins where the object stands.
func (d Design) grounded() Design {
	down := d.Lowest(sim.Translation(0, 0, d.Lift))
	d.Geoms = append([]sim.Geom(nil), d.Geoms...)
	for i := range d.Geoms {
		d.Geoms[i].Pose.Pos[2] -= down
	}
	return d
}

// oval is a ring of n capsules of the given radius along the ellipse rx × ry about (cx, 0, z): the rim of something oval.
func (s surface) oval(cx, rx, ry, z, radius float64, n int) []sim.Geom {
	at := func(i int) sim.Vec3 {
		a := 2 * math.Pi * float64(i) / float64(n)
		return sim.Vec3{cx + rx*math.Cos(a), ry * math.Sin(a), z}
	}
	geoms := make([]sim.Geom, n)
	for i := range geoms {
		geoms[i] = s.capsule(radius, at(i), at(i+1))
	}
	return geoms
}

// slab is a convex outline (x, z), counter-clockwise seen from -y, made width wide in y, as a Hull and the geom that uses it.
func (s surface) slab(name string, outline [][2]float64, width float64) (Hull, sim.Geom) {
	h, g := s.prism(name, outline, -width/2, width/2)
	for i, v := range h.Vertices {
		h.Vertices[i] = [3]float32{v[0], v[2], v[1]}
	}
	return h, g
}
