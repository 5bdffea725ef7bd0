package shape

import (
	"math"
	"slices"
)

// Tube sweeps a circle of the given radius [m] along a path of points [m]. A closed path is a ring (its last point is joined to its
// first, which is not repeated); an open one gets a flat cap at each end. The circle is carried along without twisting (parallel
// transport). Texture: u around, v along. It panics if the path has too few points (2 open, 3 closed), two points in a row
// are equal, the radius is not positive or there are fewer than 3 segments.
func Tube(path [][3]float64, radius float64, segments int, closed bool) *Mesh {
	return sweep(path, slices.Repeat([]float64{radius}, len(path)), segments, closed)
}

// TaperedTube is an open Tube with its own radius [m] at each point of the path, as for a banana or a bottle's spout.
// It panics as Tube does.
func TaperedTube(path [][3]float64, radii []float64, segments int) *Mesh {
	check(len(radii) == len(path), "tapered tube with %d radii for %d points", len(radii), len(path))
	return sweep(path, radii, segments, false)
}

func sweep(path [][3]float64, radii []float64, segments int, closed bool) *Mesh {
	n := len(path)
	check(segments >= 3, "tube with %d segments (want 3 or more)", segments)
	check(n >= 3 || !closed && n == 2, "tube along %d points (want 2 or more, 3 or more if closed)", n)
	for i := range path {
		check(radii[i] > 0, "tube radius %d is %g m (want positive)", i, radii[i])
		check((i == n-1 && !closed) || path[i] != path[(i+1)%n], "tube path: points %d and %d are equal", i, (i+1)%n)
	}
	point := func(i int) vec3 { return vec3(path[(i+n)%n]) }
	// direction is that of the span from point i to the next; an open path goes straight on beyond its ends.
	direction := func(i int) vec3 {
		if !closed {
			i = min(max(i, 0), n-2)
		}
		return unit(point(i + 1).Sub(point(i)))
	}
	tangent := func(i int) vec3 { return unit(direction(i - 1).Add(direction(i))) }

	// Parallel transport: each frame is the one before it, turned by the smallest rotation that takes tangent to tangent.
	type frame struct{ x, y, t vec3 }
	frames := make([]frame, n)
	t := tangent(0)
	x := perpendicular(t)
	frames[0] = frame{x, t.Cross(x), t}
	for i := 1; i < n; i++ {
		t := tangent(i)
		x := transport(frames[i-1].x, frames[i-1].t, t)
		frames[i] = frame{x, t.Cross(x), t}
	}
	if closed { // what is left over after one turn is spread evenly, so that the last ring meets the first
		end := transport(frames[n-1].x, frames[n-1].t, frames[0].t)
		left := math.Atan2(end.Cross(frames[0].x).Dot(frames[0].t), end.Dot(frames[0].x))
		for i := range frames {
			a := left * float64(i) / float64(n)
			f := frames[i]
			frames[i].x = f.x.Mul(math.Cos(a)).Add(f.y.Mul(math.Sin(a)))
			frames[i].y = f.t.Cross(frames[i].x)
		}
	}

	b := &builder{name: "tube"}
	cosA, sinA := circle(segments)
	// spoke points from the path to the surface. Where the path bends, the ring lies in the mitre plane and is stretched across the
	// bend, so that the tube is as thick there as along its straight parts.
	spoke := func(i, s int) vec3 {
		v := frames[i].x.Mul(cosA[s%segments]).Add(frames[i].y.Mul(sinA[s%segments]))
		bend := direction(i).Sub(direction(i - 1))
		if bend.Len() < 1e-9 {
			return v
		}
		across := unit(bend)
		cosHalf := max(direction(i).Dot(frames[i].t), 0.25)
		return v.Add(across.Mul(v.Dot(across) * (1/cosHalf - 1)))
	}
	for i := range n {
		for s := range segments {
			b.point(point(i).Add(spoke(i, s).Mul(radii[i])))
		}
	}
	// slope is how fast the radius grows along the path at point i: normals lean back by it.
	slope := func(i int) float64 {
		before, after := i-1, i+1
		if closed {
			return 0
		}
		before, after = max(before, 0), min(after, n-1)
		return (radii[after] - radii[before]) / (point(after).Sub(point(i)).Len() + point(i).Sub(point(before)).Len())
	}
	// at is the corner of spoke s at point i, as the span that begins at point from sees it.
	at := func(i, s, from, spans int) corner {
		k := i % n
		along := frames[k].t
		if direction(k-1).Dot(direction(k)) < creaseCos {
			along = direction(from)
		}
		v := spoke(k, s)
		normal := unit(unit(v.Sub(along.Mul(v.Dot(along)))).Sub(along.Mul(slope(k))))
		return corner{k*segments + s%segments, normal, [2]float64{float64(s) / float64(segments), float64(i) / float64(spans)}}
	}
	spans := n - 1
	if closed {
		spans = n
	}
	for i := range spans {
		for s := range segments {
			b.quad(at(i, s, i, spans), at(i, s+1, i, spans), at(i+1, s+1, i, spans), at(i+1, s, i, spans))
		}
	}
	if !closed {
		for _, end := range []int{0, n - 1} {
			normal := frames[end].t
			if end == 0 {
				normal = normal.Mul(-1)
			}
			centre := corner{b.point(point(end)), normal, [2]float64{0.5, 0.5}}
			rim := func(s int) corner {
				return corner{end*segments + s%segments, normal, [2]float64{0.5 + 0.5*cosA[s%segments], 0.5 + 0.5*sinA[s%segments]}}
			}
			for s := range segments {
				if end == 0 {
					b.triangle(centre, rim(s+1), rim(s))
				} else {
					b.triangle(centre, rim(s), rim(s+1))
				}
			}
		}
	}
	return b.mesh()
}

// perpendicular is a unit vector at a right angle to the unit vector t, as near to an axis as it gets.
func perpendicular(t vec3) vec3 {
	var e vec3
	least := 0
	for i := range 3 {
		if math.Abs(t[i]) < math.Abs(t[least])-1e-9 {
			least = i
		}
	}
	e[least] = 1
	return unit(e.Sub(t.Mul(e.Dot(t))))
}

// transport turns x, at a right angle to the unit vector from, by the smallest rotation that takes from to to.
func transport(x, from, to vec3) vec3 {
	axis := from.Cross(to)
	c := from.Dot(to)
	if c < -1+1e-9 {
		return x.Sub(to.Mul(x.Dot(to)))
	}
	// Rodrigues' formula with sin·axis = axis: x cos + axis × x + axis (axis·x)/(1+cos)
	x = x.Mul(c).Add(axis.Cross(x)).Add(axis.Mul(axis.Dot(x) / (1 + c)))
	return unit(x.Sub(to.Mul(x.Dot(to))))
}

// Extrude lifts a simple polygon (in xy [m], counter-clockwise, not closed) along z to the given height [m], centred on z = 0, its
// upper and lower edges rounded with the radius bevel [m] (0: sharp). Walls whose corners are under 35° are smooth. The top and the
// bottom carry the texture over the polygon's bounding box; the walls carry it once around. It panics if the outline has fewer than 3
// points, is clockwise or crosses itself, if the height is not positive, or if the bevel does not fit.
func Extrude(outline [][2]float64, height, bevel float64) *Mesh {
	n := len(outline)
	check(n >= 3, "extrude an outline of %d points (want 3 or more)", n)
	check(height > 0, "extrude to a height of %g m (want positive)", height)
	check(bevel >= 0 && bevel <= height/2, "extrude to a height of %g m with a bevel of %g m", height, bevel)
	area := polygonArea(outline)
	check(area > 0, "extrude an outline of signed area %g m² (want positive: counter-clockwise)", area)
	b := &builder{name: "extrude"}

	// Layers from the bottom up: (inset, z). The bottom and top layers carry the caps.
	var layers [][2]float64
	for _, p := range arc(0, -height/2+bevel, bevel, -math.Pi/2, 0, bevelSteps) {
		layers = append(layers, [2]float64{bevel - p[0], p[1]})
	}
	for _, p := range arc(0, height/2-bevel, bevel, 0, math.Pi/2, bevelSteps) {
		layers = append(layers, [2]float64{bevel - p[0], p[1]})
	}
	if bevel == 0 {
		layers = [][2]float64{{0, -height / 2}, {0, height / 2}}
	}
	around := make([]float64, n+1)
	for i := range n {
		p, q := outline[i], outline[(i+1)%n]
		around[i+1] = around[i] + math.Hypot(q[0]-p[0], q[1]-p[1])
	}
	var bottom, top [][2]float64
	for k, l := range layers {
		ring := inset(outline, l[0])
		if k == 0 {
			bottom = ring
		}
		top = ring
		for _, p := range ring {
			b.point(vec3{p[0], p[1], l[1]})
		}
	}
	check(polygonArea(top) > 0, "extrude: a bevel of %g m is more than the outline has room for", bevel)
	for k := range len(layers) - 1 {
		for i := range n {
			at := func(layer, i int) corner {
				return corner{point: layer*n + i%n, uv: [2]float64{around[i] / around[n], 0.5 - layers[layer][1]/height}}
			}
			b.quad(at(k, i), at(k, i+1), at(k+1, i+1), at(k+1, i))
		}
	}
	lo, hi := outline[0], outline[0]
	for _, p := range outline {
		lo = [2]float64{min(lo[0], p[0]), min(lo[1], p[1])}
		hi = [2]float64{max(hi[0], p[0]), max(hi[1], p[1])}
	}
	capCorner := func(layer, i int, z float64) corner {
		p := b.points[layer*n+i]
		u, v := (p[0]-lo[0])/(hi[0]-lo[0]), (p[1]-lo[1])/(hi[1]-lo[1])
		if z > 0 {
			v = 1 - v
		}
		return corner{layer*n + i, vec3{0, 0, z}, [2]float64{u, v}}
	}
	last := len(layers) - 1
	for _, t := range triangulate(top) {
		b.triangle(capCorner(last, t[0], 1), capCorner(last, t[1], 1), capCorner(last, t[2], 1))
	}
	for _, t := range triangulate(bottom) {
		b.triangle(capCorner(0, t[2], -1), capCorner(0, t[1], -1), capCorner(0, t[0], -1))
	}
	return b.mesh()
}

// inset moves each edge of a counter-clockwise polygon inward by d and returns where neighbouring edges meet.
func inset(outline [][2]float64, d float64) [][2]float64 {
	n := len(outline)
	out := make([][2]float64, n)
	edge := func(i int) (ux, uy float64) {
		p, q := outline[(i+n)%n], outline[(i+1)%n]
		l := math.Hypot(q[0]-p[0], q[1]-p[1])
		return (q[0] - p[0]) / l, (q[1] - p[1]) / l
	}
	for i, p := range outline {
		ax, ay := edge(i - 1)
		bx, by := edge(i)
		// The mitre: along the mean of both inward normals, long enough to be d away from both edges.
		nx, ny := -ay-by, ax+bx
		scale := d / (1 + ax*bx + ay*by)
		out[i] = [2]float64{p[0] + nx*scale, p[1] + ny*scale}
	}
	return out
}

func polygonArea(outline [][2]float64) float64 {
	var sum float64
	for i, p := range outline {
		q := outline[(i+1)%len(outline)]
		sum += p[0]*q[1] - q[0]*p[1]
	}
	return sum / 2
}

// triangulate cuts a simple counter-clockwise polygon into triangles by clipping ears (Meisters 1975), n² to n³ for n points.
func triangulate(outline [][2]float64) [][3]int {
	cross := func(a, b, c int) float64 {
		p, q, r := outline[a], outline[b], outline[c]
		return (q[0]-p[0])*(r[1]-p[1]) - (q[1]-p[1])*(r[0]-p[0])
	}
	left := make([]int, len(outline))
	for i := range left {
		left[i] = i
	}
	var out [][3]int
	for len(left) > 3 {
		// Of all ears the fattest goes first, which keeps slivers away.
		best, bestFat := -1, 0.0
		for k, b := range left {
			a, c := left[(k+len(left)-1)%len(left)], left[(k+1)%len(left)]
			if cross(a, b, c) <= 0 {
				continue
			}
			inside := false
			for _, p := range left {
				if p != a && p != b && p != c && cross(a, b, p) >= 0 && cross(b, c, p) >= 0 && cross(c, a, p) >= 0 {
					inside = true
					break
				}
			}
			if inside {
				continue
			}
			dist := func(i, j int) float64 {
				return math.Hypot(outline[i][0]-outline[j][0], outline[i][1]-outline[j][1])
			}
			longest := max(dist(a, b), dist(b, c), dist(c, a))
			if fat := cross(a, b, c) / (longest * longest); fat > bestFat {
				best, bestFat = k, fat
			}
		}
		check(best >= 0, "extrude: the outline crosses itself")
		m := len(left)
		out = append(out, [3]int{left[(best+m-1)%m], left[best], left[(best+1)%m]})
		left = slices.Delete(left, best, best+1)
	}
	return append(out, [3]int{left[0], left[1], left[2]})
}
