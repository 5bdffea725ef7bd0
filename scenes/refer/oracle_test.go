package refer

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/relate"
	"github.com/refarena/refarena/sim"
)

// An oracle is a second opinion on what instructions mean: the definitions of docs/relations.md once more, by brute force from the things'
// points and poses. It shares no geometry with packages relate and refer: hulls are wrapped like gifts, areas are integrated, angles are
// arc cosines, every pixel of the picture is looked at.
type oracle struct {
	scene *scenes.Scene
	shot  *sim.Shot
	cam   sim.Camera
	tabs  []relate.Table
	all   []solid
	gap   [][]float64
	apart map[[2]int]float64 // known distances between hulls
	share map[[2]int]float64 // … and shared areas
	cut   map[int][]triangle
	axes3 [3]sim.Vec3 // the camera's
}

type vec2 = [2]float64

type solid struct {
	thing          *relate.Thing
	pts            []sim.Vec3
	hull           []vec2 // counter-clockwise
	cx, cy, lo, hi float64
	ext            sim.Vec3
	face           *vec2
	u0, v0, u1, v1 float64 // box in the picture
	axis           vec2
	ratio          float64
}

const (
	no    = -1
	maybe = 0
	yes   = 1
)

func newOracle(v *View) *oracle {
	o := &oracle{scene: v.scene, shot: v.shot, cam: v.World.Camera, tabs: v.World.Tables, apart: map[[2]int]float64{}, share: map[[2]int]float64{}, cut: map[int][]triangle{}}
	for i := range o.axes3 {
		o.axes3[i] = o.cam.TWorldCam.Axis(i)
	}
	for i := range v.World.Things {
		o.all = append(o.all, o.solidOf(&v.World.Things[i]))
	}
	o.gap = make([][]float64, len(o.all))
	for i := range o.all {
		o.gap[i] = make([]float64, len(o.all))
		for j := range o.all {
			o.gap[i][j] = hullGap(o.all[i].hull, o.all[j].hull)
		}
	}
	return o
}

func (o *oracle) project(p sim.Vec3) vec2 {
	x, y, z := o.cam.TWorldCam.Axis(0), o.cam.TWorldCam.Axis(1), o.cam.TWorldCam.Axis(2)
	d := p.Sub(o.cam.TWorldCam.Pos)
	return vec2{o.cam.Cx + o.cam.Fx*d.Dot(x)/d.Dot(z), o.cam.Cy + o.cam.Fy*d.Dot(y)/d.Dot(z)}
}

func (o *oracle) solidOf(t *relate.Thing) solid {
	s := solid{thing: t, lo: 9, hi: -9, u0: 1e9, v0: 1e9, u1: -1e9, v1: -1e9}
	var flat []vec2
	var mn, mx sim.Vec3
	for i, q := range t.Points {
		p := t.TWorldObj.Apply(q)
		s.pts = append(s.pts, p)
		flat = append(flat, vec2{p[0], p[1]})
		s.lo, s.hi = math.Min(s.lo, p[2]), math.Max(s.hi, p[2])
		px := o.project(p)
		s.u0, s.u1, s.v0, s.v1 = math.Min(s.u0, px[0]), math.Max(s.u1, px[0]), math.Min(s.v0, px[1]), math.Max(s.v1, px[1])
		for k := range q {
			if i == 0 || q[k] < mn[k] {
				mn[k] = q[k]
			}
			if i == 0 || q[k] > mx[k] {
				mx[k] = q[k]
			}
		}
	}
	s.ext = mx.Sub(mn)
	s.hull = wrap(flat)
	// Area, centroid and second moments by slices along x.
	x0, x1 := 9.0, -9.0
	for _, p := range s.hull {
		x0, x1 = math.Min(x0, p[0]), math.Max(x1, p[0])
	}
	const slices = 4000
	var area, mx1, my1, xx, yy, xy float64
	for k := range slices {
		x := x0 + (x1-x0)*(float64(k)+0.5)/slices
		a, b := slice(s.hull, x)
		h := b - a
		area += h
		mx1 += x * h
		my1 += (b*b - a*a) / 2
		xx += x * x * h
		yy += (b*b*b - a*a*a) / 3
		xy += x * (b*b - a*a) / 2
	}
	s.cx, s.cy = mx1/area, my1/area
	xx, yy, xy = xx/area-s.cx*s.cx, yy/area-s.cy*s.cy, xy/area-s.cx*s.cy
	best, worst := -1.0, 1e9 // the spread along each direction
	for k := range 36000 {
		a := math.Pi * float64(k) / 36000
		c, n := math.Cos(a), math.Sin(a)
		m := c*c*xx + n*n*yy + 2*c*n*xy
		if m > best {
			best, s.axis = m, vec2{c, n}
		}
		worst = math.Min(worst, m)
	}
	s.ratio = math.Sqrt(best / worst)
	if f := t.TWorldObj.Apply(sim.Vec3{1, 0, 0}).Sub(t.TWorldObj.Pos); t.Front != "" && math.Asin(math.Min(1, math.Abs(f[2])))*180/math.Pi < 45 {
		l := math.Sqrt(f[0]*f[0] + f[1]*f[1])
		s.face = &vec2{f[0] / l, f[1] / l}
	}
	return s
}

// wrap is the hull by Jarvis's march.
func wrap(p []vec2) []vec2 {
	start := 0
	for i := range p {
		if p[i][1] < p[start][1] || p[i][1] == p[start][1] && p[i][0] < p[start][0] {
			start = i
		}
	}
	var out []vec2
	for at := start; ; {
		out = append(out, p[at])
		next := -1
		for i := range p {
			if p[i] == p[at] {
				continue
			}
			if next < 0 {
				next = i
				continue
			}
			turn := side(p[at], p[next], p[i])
			if turn < 0 || turn == 0 && dist(p[at], p[i]) > dist(p[at], p[next]) {
				next = i
			}
		}
		at = next
		if p[at] == p[start] || len(out) > len(p) {
			return out
		}
	}
}

func side(a, b, c vec2) float64 { return (b[0]-a[0])*(c[1]-a[1]) - (b[1]-a[1])*(c[0]-a[0]) }
func dist(a, b vec2) float64    { return math.Sqrt((a[0]-b[0])*(a[0]-b[0]) + (a[1]-b[1])*(a[1]-b[1])) }

// slice is where the vertical line at x crosses a convex polygon.
func slice(h []vec2, x float64) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for i, a := range h {
		b := h[(i+1)%len(h)]
		if (a[0]-x)*(b[0]-x) <= 0 && a[0] != b[0] {
			y := a[1] + (b[1]-a[1])*(x-a[0])/(b[0]-a[0])
			lo, hi = math.Min(lo, y), math.Max(hi, y)
		}
	}
	return lo, hi
}

func inPoly(h []vec2, p vec2) bool {
	for i := range h {
		if side(h[i], h[(i+1)%len(h)], p) < 0 {
			return false
		}
	}
	return true
}

func toSegment(p, a, b vec2) float64 {
	ab, l := vec2{b[0] - a[0], b[1] - a[1]}, dist(a, b)
	if l == 0 {
		return dist(p, a)
	}
	t := ((p[0]-a[0])*ab[0] + (p[1]-a[1])*ab[1]) / l / l
	if t <= 0 {
		return dist(p, a)
	}
	if t >= 1 {
		return dist(p, b)
	}
	return math.Abs(side(a, b, p)) / l
}

// toPoly is the distance to a convex polygon, 0 inside.
func toPoly(h []vec2, p vec2) float64 {
	if inPoly(h, p) {
		return 0
	}
	return toBorder(h, p)
}

func toBorder(h []vec2, p vec2) float64 {
	d := math.Inf(1)
	for i := range h {
		d = math.Min(d, toSegment(p, h[i], h[(i+1)%len(h)]))
	}
	return d
}

// hullGap is the distance between two convex polygons: 0 if an edge of one crosses one of the other, or one holds the other.
func hullGap(a, b []vec2) float64 {
	if inPoly(a, b[0]) || inPoly(b, a[0]) {
		return 0
	}
	d := math.Inf(1)
	for i := range a {
		p, q := a[i], a[(i+1)%len(a)]
		for k := range b {
			r, s := b[k], b[(k+1)%len(b)]
			if side(p, q, r)*side(p, q, s) < 0 && side(r, s, p)*side(r, s, q) < 0 {
				return 0
			}
			d = math.Min(d, math.Min(math.Min(toSegment(p, r, s), toSegment(q, r, s)), math.Min(toSegment(r, p, q), toSegment(s, p, q))))
		}
	}
	return d
}

// shared is the area that two convex polygons share, by slices.
func shared(a, b []vec2) float64 {
	x0, x1 := 9.0, -9.0
	for _, p := range a {
		x0, x1 = math.Min(x0, p[0]), math.Max(x1, p[0])
	}
	const n = 4000
	var sum float64
	for k := range n {
		x := x0 + (x1-x0)*(float64(k)+0.5)/n
		al, ah := slice(a, x)
		bl, bh := slice(b, x)
		sum += math.Max(0, math.Min(ah, bh)-math.Max(al, bl)) * (x1 - x0) / n
	}
	return sum
}

// common is the area that two things share.
func (o *oracle) common(a, b int) float64 {
	area, ok := o.share[[2]int{a, b}]
	if !ok {
		area = shared(o.all[a].hull, o.all[b].hull)
		o.share[[2]int{a, b}] = area
	}
	return area
}

func diameter(h []vec2) float64 {
	d := 0.0
	for _, p := range h {
		for _, q := range h {
			d = math.Max(d, dist(p, q))
		}
	}
	return d
}

// angle is between two directions [degrees].
func angle(a, b vec2) float64 {
	c := (a[0]*b[0] + a[1]*b[1]) / math.Hypot(a[0], a[1]) / math.Hypot(b[0], b[1])
	return math.Acos(math.Max(-1, math.Min(1, c))) * 180 / math.Pi
}

// upTo is yes up to a bound, no from another one on, in either direction.
func upTo(x, y, n float64) int {
	switch {
	case y < n && x <= y, y > n && x >= y:
		return yes
	case y < n && x >= n, y > n && x <= n:
		return no
	}
	return maybe
}

func both(a, b int) int {
	if a == b {
		return a
	}
	return maybe
}

// exceeds compares with a margin.
func exceeds(a, b, abs, rel float64) int {
	m := math.Max(abs, rel*math.Max(math.Abs(a), math.Abs(b)))
	return upTo(a-b, m, -m)
}

// ground is a direction of the viewer: 0 away, 1 left, 2 towards, 3 right.
func (o *oracle) ground(k int, at *solid) vec2 {
	z := o.cam.TWorldCam.Axis(2)
	d := vec2{z[0], z[1]}
	if at != nil {
		d = vec2{at.cx - o.cam.TWorldCam.Pos[0], at.cy - o.cam.TWorldCam.Pos[1]}
	}
	for range k {
		d = vec2{-d[1], d[0]}
	}
	l := math.Hypot(d[0], d[1])
	return vec2{d[0] / l, d[1] / l}
}

func (o *oracle) center(i int) vec2 { return vec2{o.all[i].cx, o.all[i].cy} }

func (o *oracle) mid(i int) sim.Vec3 {
	s := &o.all[i]
	return sim.Vec3{s.cx, s.cy, (s.lo + s.hi) / 2}
}

func sub(a, b vec2) vec2 { return vec2{a[0] - b[0], a[1] - b[1]} }

func (o *oracle) beside(a, b, k int) int {
	d := sub(o.center(a), o.center(b))
	t := both(upTo(angle(d, o.ground(k, nil)), 40, 70), upTo(angle(d, o.ground(k, &o.all[b])), 40, 70))
	if o.gap[a][b] < 0.005 {
		if o.over(a, b) == yes || o.over(b, a) == yes || o.in(a, b) == yes || o.in(b, a) == yes {
			return no
		}
		if t == yes {
			t = maybe
		}
	}
	ua, ub := (o.all[a].u0+o.all[a].u1)/2, (o.all[b].u0+o.all[b].u1)/2
	if t == yes && (k == 1 && ub-ua < 0.01*float64(o.cam.Width) || k == 3 && ua-ub < 0.01*float64(o.cam.Width)) {
		return maybe
	}
	return t
}

func (o *oracle) aboveImage(a, b int) int {
	s, t := &o.all[a], &o.all[b]
	d := vec2{(s.u0 + s.u1 - t.u0 - t.u1) / 2, (s.v0 + s.v1 - t.v0 - t.v1) / 2}
	r := upTo(angle(d, vec2{0, -1}), 30, 55)
	if r == yes && (s.v0+s.v1)/2 > t.v0 {
		return maybe
	}
	return r
}

func (o *oracle) over(a, b int) int {
	if o.gap[a][b] > 0 {
		return no
	}
	s, t := &o.all[a], &o.all[b]
	share := o.common(a, b) / math.Min(o.common(a, a), o.common(b, b))
	return min(upTo(share, 0.7, 0.3), exceeds((s.lo+s.hi)/2, t.hi, 0.005, 0))
}

func (o *oracle) hollow(b int) bool {
	s := o.all[b].thing.Support
	return s != nil && s.Depth > 0
}

func (o *oracle) in(a, b int) int {
	if !o.hollow(b) || o.gap[a][b] > 0 {
		return no
	}
	t := o.all[b].thing
	local := func(p sim.Vec3) sim.Vec3 {
		d := p.Sub(t.TWorldObj.Pos)
		return sim.Vec3{d.Dot(t.TWorldObj.Axis(0)), d.Dot(t.TWorldObj.Axis(1)), d.Dot(t.TWorldObj.Axis(2))}
	}
	low := 9.0
	for _, p := range o.all[a].pts {
		low = math.Min(low, local(p)[2])
	}
	m := local(o.mid(a))
	low = math.Min(low, m[2])
	open := poly(t.Support.Opening)
	depth := toBorder(open, vec2{m[0], m[1]})
	if !inPoly(open, vec2{m[0], m[1]}) {
		depth = -depth
	}
	below := t.Support.Z + t.Support.Depth - low
	r := min(upTo(below, t.Support.Depth/2, t.Support.Depth/10), upTo(depth, 0, -0.01))
	if r == yes && math.Acos(math.Min(1, t.TWorldObj.Axis(2)[2]))*180/math.Pi > 9.936 {
		return maybe
	}
	return r
}

func poly(o relate.Outline) []vec2 {
	var out []vec2
	for _, p := range o {
		out = append(out, vec2{p[0], p[1]})
	}
	return out
}

// parent is what a thing stands on: the highest surface within 5 cm of its lowest point, below its middle, under 70 % of its outline.
func (o *oracle) parent(a int) int {
	s := &o.all[a]
	best, top := -1, -9.0
	for b := range o.all {
		t := &o.all[b]
		if a == b || o.gap[a][b] > 0 {
			continue
		}
		z := t.hi
		if sup := t.thing.Support; sup != nil {
			z = t.thing.TWorldObj.Pos[2] + sup.Z*t.thing.TWorldObj.Axis(2)[2]
		}
		if math.Abs(s.lo-z) <= 0.05 && z < (s.lo+s.hi)/2 && t.lo < s.lo-0.001 && o.common(a, b) >= 0.7*o.common(a, a) && z > top {
			best, top = b, z
		}
	}
	return best
}

// separation is the distance between two hulls: the largest gap that any direction shows, searched for from many starts.
func (o *oracle) separation(a, b int) float64 {
	if a > b {
		a, b = b, a
	}
	if d, ok := o.apart[[2]int{a, b}]; ok {
		return d
	}
	show := func(d sim.Vec3) float64 {
		lo, hi := 1e9, -1e9
		for _, p := range o.all[a].pts {
			lo = math.Min(lo, p.Dot(d))
		}
		for _, p := range o.all[b].pts {
			hi = math.Max(hi, p.Dot(d))
		}
		return lo - hi
	}
	r := rand.New(rand.NewPCG(7, 8))
	random := func() sim.Vec3 { return sim.Vec3{r.NormFloat64(), r.NormFloat64(), r.NormFloat64()} }
	at, best := sim.Vec3{0, 0, 1}, -9.0
	for range 500 {
		if d := random().Normalize(); show(d) > best {
			at, best = d, show(d)
		}
	}
	for step := 0.3; step > 1e-5; step *= 0.97 {
		for range 4 {
			if d := at.Add(random().Mul(step)).Normalize(); show(d) > best {
				at, best = d, show(d)
			}
		}
	}
	o.apart[[2]int{a, b}] = math.Max(0, best)
	return math.Max(0, best)
}

func (o *oracle) touches(a, b int) int {
	if o.gap[a][b] > 0.02 {
		return no
	}
	d := o.separation(a, b)
	if d <= 1e-4 && o.parent(a) != b && o.parent(b) != a {
		return maybe
	}
	return upTo(d, 0.002, 0.010)
}

func (o *oracle) points(a, b int, sign float64) int {
	f := o.all[a].face
	if f == nil {
		return no
	}
	t := upTo(angle(sub(o.center(b), o.center(a)), vec2{sign * f[0], sign * f[1]}), 25, 50)
	if o.gap[a][b] < 0.005 && t == yes {
		return maybe
	}
	return t
}

func (o *oracle) axes(a, b int) (float64, int) {
	s, t := &o.all[a], &o.all[b]
	x := angle(s.axis, t.axis)
	return math.Min(x, 180-x), min(upTo(s.ratio, 1.35, 1.12), upTo(t.ratio, 1.35, 1.12))
}

// edgeOf is the outward direction of the edge that the viewer calls so and the coordinate along it.
func (o *oracle) edgeOf(way relate.Way) (vec2, float64, bool) {
	if len(o.tabs) != 1 {
		return vec2{}, 0, false
	}
	k := map[relate.Way]int{relate.Away: 0, relate.ToLeft: 1, relate.ToViewer: 2, relate.ToRight: 3}[way]
	t := o.tabs[0]
	for _, n := range []vec2{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
		if angle(n, o.ground(k, nil)) <= 25 {
			return n, math.Max(n[0]*t.Min[0]+n[1]*t.Min[1], n[0]*t.Max[0]+n[1]*t.Max[1]), true
		}
	}
	return vec2{}, 0, false
}

func (o *oracle) cornerOf(way relate.Way) (vec2, bool) {
	pair := map[relate.Way][2]relate.Way{relate.NearLeft: {relate.ToLeft, relate.ToViewer}, relate.NearRight: {relate.ToRight, relate.ToViewer},
		relate.FarLeft: {relate.ToLeft, relate.Away}, relate.FarRight: {relate.ToRight, relate.Away}}[way]
	n, c, ok := o.edgeOf(pair[0])
	m, d, ok2 := o.edgeOf(pair[1])
	return vec2{n[0]*c + m[0]*d, n[1]*c + m[1]*d}, ok && ok2
}

func (o *oracle) reach(i int, n vec2) float64 {
	far := -9.0
	for _, p := range o.all[i].hull {
		far = math.Max(far, p[0]*n[0]+p[1]*n[1])
	}
	return far
}

func (o *oracle) holds(r relate.Relation, way relate.Way, d float64, a int, anchors []int) int {
	if slices.Contains(anchors, a) {
		return no
	}
	s := &o.all[a]
	b := -1
	if len(anchors) > 0 {
		b = anchors[0]
	}
	switch r {
	case relate.ImageAbove:
		return o.aboveImage(a, b)
	case relate.ImageBelow:
		return o.aboveImage(b, a)
	case relate.Left:
		return o.beside(a, b, 1)
	case relate.Right:
		return o.beside(a, b, 3)
	case relate.Front:
		return o.beside(a, b, 2)
	case relate.Behind:
		return o.beside(a, b, 0)
	case relate.Tall, relate.Big, relate.Wide:
		return o.before(r, way, a, b, -1)
	case relate.Short, relate.Small, relate.Thin:
		return o.before(r-1, way, b, a, -1)
	case relate.Above:
		return o.over(a, b)
	case relate.Below:
		return o.over(b, a)
	case relate.Distance:
		if dist(o.center(a), o.center(b)) <= d-0.02 {
			return yes
		}
		if o.gap[a][b] >= d+0.02 {
			return no
		}
		return maybe
	case relate.Between:
		c := anchors[1]
		t := upTo(angle(sub(o.center(b), o.center(a)), sub(o.center(c), o.center(a))), 145, 115)
		if t == yes && (o.gap[a][b] < 0.005 || o.gap[a][c] < 0.005) {
			return maybe
		}
		return t
	case relate.Face, relate.Back:
		sign := 1.0
		if r == relate.Back {
			sign = -1
		}
		if way == relate.Itself {
			return o.points(a, b, sign)
		}
		return o.points(b, a, sign)
	case relate.Edge:
		n, c, ok := o.edgeOf(way)
		if !ok {
			return maybe
		}
		return upTo(c-o.reach(a, n), 0.05, 0.10)
	case relate.Corner:
		c, ok := o.cornerOf(way)
		if !ok {
			return maybe
		}
		return upTo(toPoly(s.hull, c), 0.10, 0.20)
	case relate.Inside:
		return o.in(a, b)
	case relate.Outside:
		if !o.hollow(b) {
			return no
		}
		t := -o.in(a, b)
		if t == yes && o.gap[a][b] < 0.005 {
			return maybe
		}
		return t
	case relate.Touch:
		return o.touches(a, b)
	case relate.FarFrom:
		return upTo(o.gap[a][b], 0.25, 0.15)
	case relate.VerticalRotate:
		x := (s.hi - s.lo) / diameter(s.hull)
		if way == relate.Standing {
			return upTo(x, 1.5, 1)
		}
		return upTo(x, 0.5, 0.8)
	case relate.HorizontalRotate:
		if s.face == nil {
			return no
		}
		k := map[relate.Way]int{relate.Away: 0, relate.ToLeft: 1, relate.ToViewer: 2, relate.ToRight: 3}[way]
		return both(upTo(angle(*s.face, o.ground(k, nil)), 25, 50), upTo(angle(*s.face, o.ground(k, s)), 25, 50))
	case relate.Angle:
		x, long := o.axes(a, b)
		if way == relate.Along {
			return min(long, upTo(x, 10, 22))
		}
		return min(long, upTo(x, 80, 68))
	}
	panic(r.String())
}

func (o *oracle) before(r relate.Relation, way relate.Way, a, b, c int) int {
	s, t := &o.all[a], &o.all[b]
	w, h := float64(o.cam.Width), float64(o.cam.Height)
	switch r {
	case relate.Close:
		return both(exceeds(o.mid(b).Sub(o.mid(c)).Len(), o.mid(a).Sub(o.mid(c)).Len(), 0.025, 1.0/7), exceeds(o.gap[b][c], o.gap[a][c], 0.025, 1.0/7))
	case relate.ImageAbove:
		return both(exceeds((t.v0+t.v1)/2, (s.v0+s.v1)/2, 0.03*h, 0), exceeds(t.v1, s.v1, 0.03*h, 0))
	case relate.Depth:
		if way == relate.Descending {
			return -o.before(r, 0, a, b, c)
		}
		near := func(i int) float64 { return -o.reach(i, o.ground(2, nil)) }
		eye := o.cam.TWorldCam.Pos
		return both(exceeds(o.mid(b).Sub(eye).Len(), o.mid(a).Sub(eye).Len(), 0.03, 0), exceeds(near(b), near(a), 0.03, 0))
	case relate.Left:
		g := o.ground(3, nil)
		lat := func(i int) float64 { return o.all[i].cx*g[0] + o.all[i].cy*g[1] }
		return both(exceeds((t.u0+t.u1)/2, (s.u0+s.u1)/2, 0.02*w, 0), exceeds(lat(b), lat(a), 0.02, 0))
	case relate.Tall:
		return exceeds(s.hi-s.lo, t.hi-t.lo, 0.01, 0.15)
	case relate.Big:
		longest := func(e sim.Vec3) float64 { return math.Max(e[0], math.Max(e[1], e[2])) }
		return both(exceeds(s.ext[0]*s.ext[1]*s.ext[2], t.ext[0]*t.ext[1]*t.ext[2], 0, 0.3), exceeds(longest(s.ext), longest(t.ext), 0, 0.05))
	case relate.Wide:
		across := func(i int) float64 {
			g := o.ground(3, &o.all[i])
			return o.reach(i, g) + o.reach(i, vec2{-g[0], -g[1]})
		}
		return both(exceeds(across(a), across(b), 0.01, 0.15), exceeds(diameter(s.hull), diameter(t.hull), 0.01, 0.15))
	case relate.Far, relate.ImageBelow, relate.Right, relate.Short, relate.Small, relate.Thin:
		return o.before(r-1, way, b, a, c)
	case relate.Edge:
		n, _, ok := o.edgeOf(way)
		if !ok {
			return maybe
		}
		at := func(i int) float64 { return o.all[i].cx*n[0] + o.all[i].cy*n[1] }
		return both(exceeds(o.reach(a, n), o.reach(b, n), 0.025, 0), exceeds(at(a), at(b), 0.025, 0))
	case relate.Corner:
		q, ok := o.cornerOf(way)
		if !ok {
			return maybe
		}
		return both(exceeds(dist(o.center(b), q), dist(o.center(a), q), 0.03, 0.1), exceeds(toPoly(t.hull, q), toPoly(s.hull, q), 0.03, 0.1))
	}
	panic(r.String())
}

// named says whether a thing may be called by a noun and a colour.
func (o *oracle) named(p *Phrase, i int) int {
	t := o.all[i].thing
	n := no
	for _, generic := range []string{"object", "item", "thing"} {
		if p.Noun == generic {
			n = yes
		}
	}
	generic := n == yes
	unsure := map[string]string{"can": " trash can watering can", "pen": " felt-tip pen", "plant": " cactus", "houseplant": " cactus", "potted plant": " cactus",
		"pot": " potted plant cactus"}
	for _, have := range t.Nouns {
		padded := " " + have
		perhaps := strings.Contains(unsure[p.Noun], padded)
		if have == p.Noun || !perhaps && (strings.HasSuffix(padded, " "+p.Noun) || strings.HasPrefix(have, p.Noun+" of ")) {
			n = yes
		} else if (perhaps || strings.HasSuffix(have, p.Noun)) && n == no {
			n = maybe
		}
	}
	if p.Color == "" {
		return n
	}
	// Of what has another colour for a good part, nobody knows whether it is "the blue thing".
	if generic && slices.Contains(t.Mixed, p.Color) {
		return min(n, maybe)
	}
	if p.Color == t.Color {
		return n
	}
	for _, c := range colorPairs {
		if slices.Contains(c[:], p.Color) && slices.Contains(c[:], t.Color) {
			return min(n, maybe)
		}
	}
	return no
}

// meant is the one thing that a phrase means; -1 if it is none, several, or too close to call.
func (o *oracle) meant(p *Phrase) int {
	truth := make([]int, len(o.all))
	for i := range o.all {
		truth[i] = o.named(p, i)
	}
	for _, c := range p.Clauses {
		var anchors []int
		for _, a := range c.Anchors {
			x := o.meant(a)
			if x < 0 {
				return -1
			}
			anchors = append(anchors, x)
		}
		for i := range o.all {
			if truth[i] > no {
				truth[i] = min(truth[i], o.holds(c.Relation, c.Way, c.Distance, i, anchors))
			}
		}
	}
	c := -1
	if p.Order != nil && p.Order.Anchor != nil {
		if c = o.meant(p.Order.Anchor); c < 0 {
			return -1
		}
		truth[c] = no
	}
	if slices.Contains(truth, maybe) {
		return -1
	}
	var in []int
	for i, t := range truth {
		if t == yes {
			in = append(in, i)
		}
	}
	if p.Order == nil {
		if len(in) == 1 {
			return in[0]
		}
		return -1
	}
	if len(in) <= p.Order.Rank {
		return -1
	}
	for _, i := range in {
		first, last := 0, 0
		for _, j := range in {
			if i != j {
				switch o.before(p.Order.Relation, p.Order.Way, j, i, c) {
				case yes:
					first++
				case no:
					last++
				}
			}
		}
		if first == p.Order.Rank-1 && first+last == len(in)-1 {
			return i
		}
	}
	return -1
}

// pixel is the world's point that a pixel shows.
func (o *oracle) pixel(i int) sim.Vec3 {
	x, y := float64(i%o.cam.Width)+0.5, float64(i/o.cam.Width)+0.5
	d := float64(o.shot.Frame.Depth[i])
	return o.cam.TWorldCam.Pos.Add(o.axes3[0].Mul((x - o.cam.Cx) / o.cam.Fx * d)).Add(o.axes3[1].Mul((y - o.cam.Cy) / o.cam.Fy * d)).Add(o.axes3[2].Mul(d))
}

// answers says for each pixel whether it is a right answer.
func (o *oracle) answers(in *Instruction) []bool {
	out := make([]bool, len(o.shot.Seg.Bodies))
	if in.Kind == scenes.Location {
		target := o.meant(in.Phrase)
		for i, b := range o.shot.Seg.Bodies {
			out[i] = target >= 0 && int(b) == o.scene.Bodies[target] && (in.Phrase.Part == "" || o.part(target, o.pixel(i)) == in.Phrase.Part)
		}
		return out
	}
	var tests []func(vec2) bool
	radius := 0.02
	if in.Held >= 0 {
		radius = 0
		for _, p := range o.all[in.Held].thing.Points {
			radius = math.Max(radius, math.Sqrt(p[0]*p[0]+p[1]*p[1]))
		}
		radius += 0.005
	}
	owner, table := -1, 0
	z, tall := 0.0, 0.0
	for _, c := range in.Place.Conditions {
		var at []int
		for _, a := range c.Anchors {
			at = append(at, o.meant(a))
		}
		if slices.Contains(at, -1) {
			return out
		}
		if c.Relation == relate.Above || c.Relation == relate.Inside {
			owner = at[0]
			t := o.all[owner].thing
			room := poly(t.Support.Area)
			if c.Relation == relate.Inside {
				room, tall = poly(t.Support.Opening), t.Support.Depth
			}
			for k, p := range room {
				q := t.TWorldObj.Apply(sim.Vec3{p[0], p[1], t.Support.Z})
				room[k], z = vec2{q[0], q[1]}, q[2]
			}
			room = wrap(room)
			inset := 0.0
			if in.Held >= 0 {
				d := o.scene.Objects[in.Held].Design
				f := d.Base
				if c.Relation == relate.Inside && !d.Upright {
					f = d.Footprint
				}
				inset = math.Sqrt(math.Pow(math.Abs(f.X)+f.HalfX, 2)+math.Pow(math.Abs(f.Y)+f.HalfY, 2)) + f.Radius + 0.005
			}
			tests = append(tests, func(p vec2) bool { return inPoly(room, p) && toBorder(room, p) >= inset })
			if c.Relation == relate.Above {
				m := (&oracle{cam: o.cam}).middleOf(room)
				small := make([]vec2, len(room))
				for k, p := range room {
					small[k] = vec2{m[0] + 0.8*(p[0]-m[0]), m[1] + 0.8*(p[1]-m[1])}
				}
				tests = append(tests, func(p vec2) bool { return inPoly(small, p) })
			}
			continue
		}
		if len(at) > 0 {
			for k, t := range o.tabs {
				m := o.center(at[0])
				if m[0] >= t.Min[0] && m[0] <= t.Max[0] && m[1] >= t.Min[1] && m[1] <= t.Max[1] {
					table = k
				}
			}
		}
		z = o.tabs[table].Z
		tests = append(tests, o.condition(&c, at, z))
	}
	body := o.tabs[table].Body
	if owner >= 0 {
		body = o.scene.Bodies[owner]
	} else {
		t := o.tabs[table]
		tests = append(tests, func(p vec2) bool {
			return p[0] >= t.Min[0]+radius && p[0] <= t.Max[0]-radius && p[1] >= t.Min[1]+radius && p[1] <= t.Max[1]-radius
		})
	}
	for i := range o.all {
		if s := &o.all[i]; i != in.Held && i != owner && s.hi > z+0.001 {
			c := o.center(i)
			far := 0.0
			for _, q := range s.hull {
				far = math.Max(far, dist(c, q))
			}
			tests = append(tests, func(p vec2) bool { return dist(c, p) >= far+radius || toPoly(s.hull, p) >= radius })
		}
	}
	for i, b := range o.shot.Seg.Bodies {
		if int(b) != body || o.shot.Frame.Depth[i] == 0 {
			continue
		}
		p := o.pixel(i)
		out[i] = p[2] >= z-0.005 && p[2] <= z+tall+0.005 && !slices.ContainsFunc(tests, func(f func(vec2) bool) bool { return !f(vec2{p[0], p[1]}) })
	}
	return out
}

// middleOf is a convex polygon's centroid, by slices.
func (o *oracle) middleOf(h []vec2) vec2 {
	x0, x1 := 9.0, -9.0
	for _, p := range h {
		x0, x1 = math.Min(x0, p[0]), math.Max(x1, p[0])
	}
	var area, mx, my float64
	for k := range 4000 {
		x := x0 + (x1-x0)*(float64(k)+0.5)/4000
		a, b := slice(h, x)
		area, mx, my = area+b-a, mx+x*(b-a), my+(b*b-a*a)/2
	}
	return vec2{mx / area, my / area}
}

// condition is one condition of free space on a table.
func (o *oracle) condition(c *Clause, at []int, z float64) func(vec2) bool {
	sector := func(apex, dir vec2, radius float64) func(vec2) bool {
		return func(p vec2) bool {
			d := sub(p, apex)
			return angle(d, dir) <= 45 && math.Hypot(d[0], d[1]) <= radius
		}
	}
	switch c.Relation {
	case relate.Between:
		span := wrap(append(append([]vec2{}, o.all[at[0]].hull...), o.all[at[1]].hull...))
		return func(p vec2) bool { return inPoly(span, p) }
	case relate.Edge:
		n, far, _ := o.edgeOf(c.Way)
		span := append([]vec2{}, o.all[at[0]].hull...)
		for _, p := range o.all[at[0]].hull {
			k := far - p[0]*n[0] - p[1]*n[1]
			span = append(span, vec2{p[0] + k*n[0], p[1] + k*n[1]})
		}
		span = wrap(span)
		return func(p vec2) bool { return inPoly(span, p) }
	case relate.Corner:
		q, _ := o.cornerOf(c.Way)
		return func(p vec2) bool { return dist(p, q) <= 0.25 }
	case relate.Outside:
		return func(p vec2) bool { return toPoly(o.all[at[0]].hull, p) <= 0.10 }
	case relate.ImageAbove, relate.ImageBelow:
		s := &o.all[at[0]]
		dir := vec2{0, -1}
		if c.Relation == relate.ImageBelow {
			dir = vec2{0, 1}
		}
		depth := o.mid(at[0]).Sub(o.cam.TWorldCam.Pos).Dot(o.cam.TWorldCam.Axis(2))
		in := sector(vec2{(s.u0 + s.u1) / 2, (s.v0 + s.v1) / 2}, dir, math.Max(math.Hypot(s.u1-s.u0, s.v1-s.v0), 0.20*o.cam.Fx/depth))
		return func(p vec2) bool { return in(o.project(sim.Vec3{p[0], p[1], z})) }
	}
	s := &o.all[at[0]]
	var dir vec2
	switch c.Relation {
	case relate.Behind:
		dir = o.ground(0, nil)
	case relate.Left:
		dir = o.ground(1, nil)
	case relate.Front:
		dir = o.ground(2, nil)
	case relate.Right:
		dir = o.ground(3, nil)
	case relate.Face:
		dir = *s.face
	case relate.Back:
		dir = vec2{-s.face[0], -s.face[1]}
	default:
		panic(c.Relation.String())
	}
	if c.Distance == 0 {
		return sector(o.center(at[0]), dir, math.Max(diameter(s.hull), 0.20))
	}
	in := sector(o.center(at[0]), dir, math.Inf(1))
	return func(p vec2) bool {
		d := toPoly(s.hull, p)
		return in(p) && d >= c.Distance-0.03 && d <= c.Distance+0.03
	}
}

// part is the part of a thing whose surface is nearest to a point, within 4 mm: every triangle is asked.
func (o *oracle) part(thing int, p sim.Vec3) string {
	t := o.all[thing].thing.TWorldObj
	d := p.Sub(t.Pos)
	p = sim.Vec3{d.Dot(t.Axis(0)), d.Dot(t.Axis(1)), d.Dot(t.Axis(2))}
	name, best := "", 0.004
	for _, t := range o.trianglesOf(thing) {
		far := false // its box is too far away
		for i := range p {
			far = far || p[i] < t.lo[i]-best || p[i] > t.hi[i]+best
		}
		if far {
			continue
		}
		if d := toTriangle(p, t.a, t.b, t.c); d < best {
			name, best = t.part, d
		}
	}
	return name
}

type triangle struct {
	part            string
	a, b, c, lo, hi sim.Vec3
}

// trianglesOf are all triangles of a thing, in its frame.
func (o *oracle) trianglesOf(thing int) []triangle {
	if o.cut[thing] != nil {
		return o.cut[thing]
	}
	var all []triangle
	for _, part := range o.scene.Objects[thing].Design.Parts() {
		pose := part.TObjPart
		if pose == (sim.Pose{}) {
			pose = sim.Identity()
		}
		at := func(i uint32) sim.Vec3 {
			v := part.Mesh.Positions[i]
			return pose.Apply(sim.Vec3{float64(v[0]), float64(v[1]), float64(v[2])})
		}
		for k := 0; k < len(part.Mesh.Indices); k += 3 {
			t := triangle{part: part.Name, a: at(part.Mesh.Indices[k]), b: at(part.Mesh.Indices[k+1]), c: at(part.Mesh.Indices[k+2])}
			for i := range t.a {
				t.lo[i], t.hi[i] = math.Min(t.a[i], math.Min(t.b[i], t.c[i])), math.Max(t.a[i], math.Max(t.b[i], t.c[i]))
			}
			all = append(all, t)
		}
	}
	o.cut[thing] = all
	return all
}

// toTriangle is the distance to a triangle: to its plane if the foot is inside, else to the nearest edge.
func toTriangle(p, a, b, c sim.Vec3) float64 {
	n := b.Sub(a).Cross(c.Sub(a)).Normalize()
	inside := true
	edge := math.Inf(1)
	for _, e := range [3][2]sim.Vec3{{a, b}, {b, c}, {c, a}} {
		ab, ap := e[1].Sub(e[0]), p.Sub(e[0])
		if n.Dot(ab.Cross(ap)) < 0 {
			inside = false
		}
		t := math.Max(0, math.Min(1, ap.Dot(ab)/ab.Dot(ab)))
		edge = math.Min(edge, ap.Sub(ab.Mul(t)).Len())
	}
	if inside {
		return math.Abs(p.Sub(a).Dot(n))
	}
	return edge
}
