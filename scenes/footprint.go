package scenes

import (
	"math"

	"github.com/refarena/refarena/sim"
)

// A Footprint is an area of the plane: a rectangle of the half extents HalfX and HalfY [m] about (X, Y) [m], grown by Radius [m] all
// around. A circle has no rectangle, a stadium (a banana) has a line for one. The area lies in an object's frame, or, with Yaw, in
// another's.
type Footprint struct {
	X, Y         float64
	HalfX, HalfY float64
	Radius       float64
	Yaw          float64 // the rectangle's x axis is turned by this from the frame's [rad]
}

func circle(radius float64) Footprint { return Footprint{Radius: radius} }

func rect(sizeX, sizeY float64) Footprint { return Footprint{HalfX: sizeX / 2, HalfY: sizeY / 2} }

// At is the footprint of an object, given in the object's frame, in the frame a of tAObj; only the position in the plane and the
// turn about z count.
func (f Footprint) At(tAObj sim.Pose) Footprint {
	x, y := tAObj.Axis(0), tAObj.Axis(1)
	if math.Abs(x[2]) > math.Abs(y[2]) { // it has rolled about y, which still says which way it lies
		x = sim.Vec3{y[1], -y[0], 0}
	}
	p := tAObj.Apply(sim.Vec3{f.X, f.Y, 0})
	f.X, f.Y = p[0], p[1]
	f.Yaw += math.Atan2(x[1], x[0])
	return f
}

// Inset is the footprint shrunk by d [m] all around. ok is false if nothing is left.
func (f Footprint) Inset(d float64) (inner Footprint, ok bool) {
	r := min(f.Radius, d)
	f.Radius -= r
	d -= r
	if d > 0 && (f.HalfX < d || f.HalfY < d) {
		return f, false
	}
	f.HalfX, f.HalfY = f.HalfX-d, f.HalfY-d
	return f, true
}

// Contains reports whether the point lies in the area.
func (f Footprint) Contains(x, y float64) bool { return f.distance(x, y) <= 0 }

// Reach is the radius of the smallest circle about (X, Y) that encloses the area [m].
func (f Footprint) Reach() float64 { return math.Hypot(f.HalfX, f.HalfY) + f.Radius }

// turned is the radius of the smallest circle about the frame's origin that encloses the area [m]: what it takes up whichever way it is
// turned.
func (f Footprint) turned() float64 {
	return math.Hypot(math.Abs(f.X)+f.HalfX, math.Abs(f.Y)+f.HalfY) + f.Radius
}

// distance is how far the point is from the area [m]; 0 or less inside.
func (f Footprint) distance(x, y float64) float64 {
	c, s := math.Cos(f.Yaw), math.Sin(f.Yaw)
	dx, dy := x-f.X, y-f.Y
	qx := math.Abs(c*dx+s*dy) - f.HalfX
	qy := math.Abs(c*dy-s*dx) - f.HalfY
	return math.Hypot(max(qx, 0), max(qy, 0)) + min(max(qx, qy), 0) - f.Radius
}

// area is in m².
func (f Footprint) area() float64 {
	return 4*f.HalfX*f.HalfY + 4*(f.HalfX+f.HalfY)*f.Radius + math.Pi*f.Radius*f.Radius
}

func (f Footprint) corners() [4][2]float64 {
	c, s := math.Cos(f.Yaw), math.Sin(f.Yaw)
	var out [4][2]float64
	for i, k := range [4][2]float64{{1, 1}, {-1, 1}, {-1, -1}, {1, -1}} {
		x, y := k[0]*f.HalfX, k[1]*f.HalfY
		out[i] = [2]float64{f.X + c*x - s*y, f.Y + s*x + c*y}
	}
	return out
}

// Gap is the distance between two areas in the same frame [m]; 0 or less if they overlap (how much less means little).
func (f Footprint) Gap(g Footprint) float64 {
	fc, gc := f.corners(), g.corners()
	radii := f.Radius + g.Radius
	if overlap(fc, gc, f.Yaw) && overlap(fc, gc, g.Yaw) {
		return -radii
	}
	// Two convex polygons that are apart are nearest at a corner of one of them.
	f.Radius, g.Radius = 0, 0
	gap := math.Inf(1)
	for i := range 4 {
		gap = min(gap, f.distance(gc[i][0], gc[i][1]), g.distance(fc[i][0], fc[i][1]))
	}
	return gap - radii
}

// overlap reports whether the shadows of two rectangles overlap on both axes of a frame turned by yaw (separating axis theorem).
func overlap(a, b [4][2]float64, yaw float64) bool {
	c, s := math.Cos(yaw), math.Sin(yaw)
	for _, axis := range [2][2]float64{{c, s}, {-s, c}} {
		span := func(p [4][2]float64) (lo, hi float64) {
			lo, hi = math.Inf(1), math.Inf(-1)
			for _, q := range p {
				d := q[0]*axis[0] + q[1]*axis[1]
				lo, hi = min(lo, d), max(hi, d)
			}
			return lo, hi
		}
		alo, ahi := span(a)
		blo, bhi := span(b)
		if ahi < blo || bhi < alo {
			return false
		}
	}
	return true
}
