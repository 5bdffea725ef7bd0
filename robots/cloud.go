package robots

import (
	"math"

	"github.com/refarena/refarena/sim"
)

// A cloud is a depth image as points in the world, still in the order of the image.
type cloud struct {
	w, h   int
	points []sim.Vec3 // h × w; x is NaN where there is nothing
	pixel  float64    // size of a pixel at 1 m [m]
	cam    sim.Camera
	rgb    []byte    // h × w × 3, the frame's; nil if it has no colour
	noise  float64   // standard deviation of the depth from pixel to pixel, estimated [m]
	depth  []float32 // h × w, smoothed if there is noise, else the frame's
	rise   float64   // how far above its support something must rise to be seen as an object [m]: thin, or flat
	buf    []float32
	near   []binned // of level
}

// A binned is the height of a point and its bin in a histogram.
type binned struct {
	z   float64
	bin int
}

// none marks a pixel without a point.
var none = sim.Vec3{math.NaN(), 0, 0}

func valid(p sim.Vec3) bool { return p[0] == p[0] }

// plausible reports whether a depth [m] can be one.
func plausible(d float64) bool { return d > 0 && d <= 100 }

// leastNoise is the noise from which on depth is smoothed [m].
const leastNoise = 0.0003

// estimateNoise is the standard deviation of the depth's noise, from how far the inverse depths of pixels are from the mean of two in the
// same row, a few pixels to either side: those of planes are linear in the picture. The distance is beyond the patches within which stereo
// cameras err alike. The median leaves out edges.
func (c *cloud) estimateNoise() float64 {
	const bins, width, apart = 400, 0.00005, 4 // up to 20 mm
	var hist [bins + 1]int
	count := 0
	for i := apart; i+apart < len(c.depth); i += 3 {
		a, b, d := float64(c.depth[i-apart]), float64(c.depth[i]), float64(c.depth[i+apart])
		if plausible(a) && plausible(b) && plausible(d) {
			hist[int(min(bins, math.Abs(1/a-2/b+1/d)*b*b/width))]++
			count++
		}
	}
	below := 0
	for k, n := range hist {
		if below += n; 2*below > count {
			// Of a normal variable the median of the absolute value is 0.6745 σ; that of a - 2b + d is √6 times as large.
			return (float64(k) + 0.5) * width / (0.6745 * math.Sqrt(6))
		}
	}
	return 0
}

// smooth fills depth with means over 5 × 5 pixels, of those that are about as far away as the one in the middle.
func (c *cloud) smooth(from []float32) {
	if cap(c.buf) < len(from) {
		c.buf = make([]float32, len(from))
	}
	c.depth = c.buf[:len(from)]
	for y := range c.h {
		for x := range c.w {
			i := y*c.w + x
			d := float64(from[i])
			if !plausible(d) {
				c.depth[i] = 0
				continue
			}
			like := float32(4*c.noise + 2*c.pixel*d)
			var sum float32
			n := float32(0)
			for v := max(0, y-2); v <= min(c.h-1, y+2); v++ {
				for u := max(0, x-2); u <= min(c.w-1, x+2); u++ {
					if e := from[v*c.w+u] - from[i]; e < like && e > -like {
						sum += e
						n++
					}
				}
			}
			c.depth[i] = from[i] + sum/n
		}
	}
	c.noise /= 3
}

// set fills c from a frame's depth, leaving out pixels without a plausible one. It reports false if the depth image does not have the
// camera's size.
func (c *cloud) set(f *sim.Frame) bool {
	cam := f.Camera
	c.w, c.h, c.pixel, c.cam, c.rise = cam.Width, cam.Height, 1/min(cam.Fx, cam.Fy), cam, thin
	n := c.w * c.h
	if n <= 0 || len(f.Depth) != n {
		return false
	}
	if cap(c.points) < n {
		c.points = make([]sim.Vec3, n)
	}
	c.points = c.points[:n]
	c.rgb = nil
	if len(f.RGB) == 3*n {
		c.rgb = f.RGB
	}
	c.depth = f.Depth
	if c.noise = c.estimateNoise(); c.noise > leastNoise {
		c.smooth(f.Depth)
	}
	ax, ay, az := cam.TWorldCam.Axis(0), cam.TWorldCam.Axis(1), cam.TWorldCam.Axis(2)
	for y := range c.h {
		row := az.Add(ay.Mul((float64(y) + 0.5 - cam.Cy) / cam.Fy))
		for x := range c.w {
			i := y*c.w + x
			d := float64(c.depth[i])
			if !plausible(d) {
				c.points[i] = none
				continue
			}
			dir := row.Add(ax.Mul((float64(x) + 0.5 - cam.Cx) / cam.Fx))
			c.points[i] = cam.TWorldCam.Pos.Add(dir.Mul(d))
		}
	}
	return true
}

// at is the index of the pixel with a point that is nearest to px within radius pixels; false if there is none.
func (c *cloud) at(px sim.Pixel, radius int, want func(sim.Vec3) bool) (int, bool) {
	i, ok := px.Index(c.w, c.h)
	if !ok {
		return 0, false
	}
	x0, y0 := i%c.w, i/c.w
	best, bestDist := -1, math.Inf(1)
	for y := max(y0-radius, 0); y <= min(y0+radius, c.h-1); y++ {
		for x := max(x0-radius, 0); x <= min(x0+radius, c.w-1); x++ {
			d := float64((x-x0)*(x-x0) + (y-y0)*(y-y0))
			if p := c.points[y*c.w+x]; d < bestDist && d <= float64(radius*radius) && valid(p) && want(p) {
				best, bestDist = y*c.w+x, d
			}
		}
	}
	return best, best >= 0
}

// seenFree reports whether the camera looked through p: what it saw in that direction lies behind.
func (c *cloud) seenFree(p sim.Vec3) bool {
	px, depth, ok := c.cam.Project(p)
	if !ok {
		return false
	}
	i, ok := px.Index(c.w, c.h)
	if !ok {
		return false
	}
	q := c.points[i]
	return !valid(q) || c.cam.TWorldCam.Axis(2).Dot(q.Sub(c.cam.TWorldCam.Pos)) > depth-0.003
}

// behind reports whether p is hidden by something that own, by pixel, is not true of.
func (c *cloud) behind(p sim.Vec3, own []bool) bool {
	px, depth, ok := c.cam.Project(p)
	if !ok {
		return false
	}
	i, ok := px.Index(c.w, c.h)
	if !ok || own[i] {
		return false
	}
	q := c.points[i]
	return valid(q) && c.cam.TWorldCam.Axis(2).Dot(q.Sub(c.cam.TWorldCam.Pos)) < depth-0.01-4*c.noise
}

// erase removes the points that lie in any of the capsules (in the world), each grown by margin [m] and by what noise may add to it.
func (c *cloud) erase(capsules []Capsule, margin float64) {
	if len(capsules) == 0 {
		return
	}
	margin += 6 * c.noise
	type box struct{ lo, hi sim.Vec3 }
	holds := func(b *box, p *sim.Vec3) bool {
		return p[0] >= b.lo[0] && p[0] <= b.hi[0] && p[1] >= b.lo[1] && p[1] <= b.hi[1] && p[2] >= b.lo[2] && p[2] <= b.hi[2]
	}
	boxes, all := make([]box, len(capsules)), box{capsules[0].A, capsules[0].A}
	for i, k := range capsules {
		const slack = 1e-9 // for rounding: what is on a capsule's border is decided by its distance
		b := &boxes[i]
		for a := range 3 {
			b.lo[a], b.hi[a] = min(k.A[a], k.B[a])-k.Radius-margin-slack, max(k.A[a], k.B[a])+k.Radius+margin+slack
			all.lo[a], all.hi[a] = min(all.lo[a], b.lo[a]), max(all.hi[a], b.hi[a])
		}
	}
	for i := range c.points {
		p := &c.points[i]
		if !holds(&all, p) { // none is in no box
			continue
		}
		for j := range capsules {
			if k := &capsules[j]; holds(&boxes[j], p) && segmentDistance2(*p, k.A, k.B) <= (k.Radius+margin)*(k.Radius+margin) {
				*p = none
				break
			}
		}
	}
}

// segmentDistance2 is the squared distance from p to the segment from a to b.
func segmentDistance2(p, a, b sim.Vec3) float64 {
	ab, ap := b.Sub(a), p.Sub(a)
	t := 0.0
	if l := ab.Dot(ab); l > 0 {
		t = min(max(ap.Dot(ab)/l, 0), 1)
	}
	d := ap.Sub(ab.Mul(t))
	return d.Dot(d)
}

const (
	// levelBin is the resolution of the search for level surfaces [m].
	levelBin = 0.005
	// levelRange is how far around the pointed point a level surface counts [m].
	levelRange = 0.20
	// thin is how far above its support something must rise to be seen as an object [m]; flat is how far what is looked for because
	// nothing else is there, such as a fork.
	thin, flat = 0.006, 0.001
)

// level is the height of the level surface that most points near p (horizontally within radius, and not above top) lie on, from a
// histogram of heights: the mean of the points in and next to the fullest bin, without those far from it. ok is false without enough points.
func (c *cloud) level(p sim.Vec3, radius, top float64, among func(i int) bool) (z float64, count int, ok bool) {
	const bins = 256
	var hist [bins]int
	bottom := top - bins*levelBin
	c.near = c.near[:0] // the points that count
	for i := range c.points {
		q := &c.points[i]
		if dx, dy := q[0]-p[0], q[1]-p[1]; !(dx*dx+dy*dy <= radius*radius) || q[2] >= top || q[2] <= bottom || among != nil && !among(i) {
			continue
		}
		b := min(int((q[2]-bottom)/levelBin), bins-1)
		c.near = append(c.near, binned{q[2], b})
		hist[b]++
	}
	full := 0
	for b, n := range hist {
		if n > hist[full] {
			full = b
		}
	}
	if hist[full] < 30 {
		return 0, 0, false
	}
	sum := 0.0
	level := c.near[:0]
	for _, q := range c.near {
		if q.bin >= full-1 && q.bin <= full+1 {
			sum += q.z
			level = append(level, q)
		}
	}
	count = len(level)
	z = sum / float64(count)
	for range 3 { // low things on it count less and less
		sum, n := 0.0, 0
		for _, q := range level {
			if math.Abs(q.z-z) < 0.0015+3*c.noise {
				sum += q.z
				n++
			}
		}
		if n == 0 {
			break
		}
		z = sum / float64(n)
	}
	return z, count, true
}

// A segment is what was pointed at, as far as it is visible.
type segment struct {
	pixels  []int32 // indices into the cloud
	mask    []bool  // by pixel; true for those
	support float64 // height of what it stands on [m]
	tried   []bool  // by pixel; true for those next to it that turned out to be something else
}

// A cut says where a segment ends besides at gaps.
type cut int

const (
	cutNone   cut = iota // nowhere
	cutLoose             // not even at gaps of a few pixels, or around what lies within its outline: the leaves of a tomato, the ends of a sausage behind its bun
	cutCrease            // where another colour begins at a hollow edge or a step: things that touch each other
	cutColor             // where another colour begins
)

// grow collects what is connected to the pixel start: neighbours whose points are near each other and above the support. Specks next
// to it that are connected to nothing else, such as a leaf that hides its stalk, count as parts of it, and so does what touches it and
// lies within its outline in the picture, such as the calyx of a tomato.
func (c *cloud) grow(s *segment, start int, support float64, how cut) {
	for _, i := range s.pixels {
		s.mask[i] = false
	}
	if len(s.mask) != len(c.points) {
		s.mask, s.tried = make([]bool, len(c.points)), make([]bool, len(c.points))
	}
	clear(s.tried)
	s.pixels, s.support = append(s.pixels[:0], int32(start)), support
	s.mask[start] = true
	c.flood(s, 0, len(c.points), how)
	grown := len(s.pixels)
	box := c.box(s.pixels)
	speck := max(4, len(c.points)/2500)
	var near [4]int
	for k := 0; k < len(s.pixels); k++ {
		for _, i := range c.neighbours(int(s.pixels[k]), &near) {
			if s.mask[i] || s.tried[i] || !c.above(i, support) {
				continue
			}
			limit := speck
			if how != cutNone && c.joined(int(s.pixels[k]), i, cutNone) || how == cutLoose {
				limit = max(speck, grown*2/5)
			}
			n := len(s.pixels)
			s.pixels = append(s.pixels, int32(i))
			s.mask[i] = true
			if c.flood(s, n, limit, how) && (len(s.pixels)-n <= speck || c.box(s.pixels[n:]).in(box, 4)) {
				continue
			}
			for _, j := range s.pixels[n:] { // too large: it is something else
				s.mask[j], s.tried[j] = false, limit > speck
			}
			s.pixels = s.pixels[:n]
		}
	}
}

// growFrom is grow, but where the pixel start is on a rim or a speck of its own, with few others, it begins at a pixel beside it that is
// part of more. It returns where it began.
func (c *cloud) growFrom(s *segment, start int, support float64, how cut) int {
	c.grow(s, start, support, how)
	few := max(12, len(c.points)/7500)
	if len(s.pixels) >= few {
		return start
	}
	best, most := start, len(s.pixels)
	for _, r := range [...]int{1, 2, 3} {
		for _, step := range [...]int{r, -r, r * c.w, -r * c.w} {
			i := start + step
			if i < 0 || i >= len(c.points) || !c.above(i, support) {
				continue
			}
			if c.grow(s, i, support, how); len(s.pixels) > most {
				best, most = i, len(s.pixels)
			}
		}
		if most >= few {
			break
		}
	}
	c.grow(s, best, support, how)
	return best
}

// A pixelBox is a rectangle of pixels, borders included.
type pixelBox struct{ x0, y0, x1, y1 int }

// box is the rectangle around pixels.
func (c *cloud) box(pixels []int32) pixelBox {
	b := pixelBox{c.w, c.h, -1, -1}
	for _, i := range pixels {
		x, y := int(i)%c.w, int(i)/c.w
		b = pixelBox{min(b.x0, x), min(b.y0, y), max(b.x1, x), max(b.y1, y)}
	}
	return b
}

// in reports whether b is inside a, grown by margin.
func (b pixelBox) in(a pixelBox, margin int) bool {
	return b.x0 >= a.x0-margin && b.y0 >= a.y0-margin && b.x1 <= a.x1+margin && b.y1 <= a.y1+margin
}

// above reports whether the pixel shows something that rises from a surface at height support.
func (c *cloud) above(i int, support float64) bool {
	return valid(c.points[i]) && c.points[i][2] >= support+c.rise+2*c.noise
}

// flood grows the segment from its pixels[from:] on, by at most limit pixels; false if there are more.
func (c *cloud) flood(s *segment, from, limit int, how cut) bool {
	var near [4]int
	for next := from; next < len(s.pixels); next++ {
		if next-from >= limit {
			return false
		}
		i := int(s.pixels[next])
		for _, n := range c.neighbours(i, &near) {
			if !s.mask[n] && c.above(n, s.support) && c.joined(i, n, how) {
				s.mask[n] = true
				s.pixels = append(s.pixels, int32(n))
			}
		}
	}
	return true
}

// joined reports whether two neighbouring pixels show the same thing. Points within two pixels' worth of each other do, and, since
// slanted surfaces are sampled sparsely, farther ones that continue the line that one of them is on. How says what divides them besides.
func (c *cloud) joined(i, n int, how cut) bool {
	p, q, step := c.points[i], c.points[n], n-i
	toCam := c.cam.TWorldCam.Pos.Sub(p)
	size := c.pixel * toCam.Len() // of a pixel
	d := q.Sub(p).Len()
	if how == cutLoose {
		return d < max(0.014, 5*size)+4*c.noise
	}
	tight := max(0.003, 2.2*size) + 4*c.noise
	if d > tight {
		if d > max(0.006, 5*size)+4*c.noise {
			return false
		}
		before, okA := c.point(i - step)
		after, okB := c.point(n + step)
		straight := 1.2*size + 3*c.noise
		if !(okA && p.Mul(2).Sub(before).Sub(q).Len() < straight || okB && q.Mul(2).Sub(after).Sub(p).Len() < straight) {
			return false
		}
	}
	if how == cutNone || !c.recolored(i, n, step) {
		return true
	}
	if how == cutColor || d > tight {
		return false
	}
	// A hollow edge: the middle lies behind the line between the points two pixels away on either side.
	a, okA := c.point(i - 2*step)
	b, okB := c.point(n + 2*step)
	if !okA || !okB || a.Sub(p).Len() > 4*tight || b.Sub(q).Len() > 4*tight {
		return true
	}
	hollow := a.Add(b).Sub(p).Sub(q).Mul(0.5).Dot(toCam.Mul(1 / toCam.Len()))
	return hollow < 0.0006+1.5*c.noise
}

// point is the point of a pixel; false if there is none.
func (c *cloud) point(i int) (sim.Vec3, bool) {
	if i < 0 || i >= len(c.points) || !valid(c.points[i]) {
		return none, false
	}
	return c.points[i], true
}

// recolored reports whether the colour changes between two neighbouring pixels, as seen one pixel farther out on either side, where a
// border is not smeared. Shade alone is no change of colour, only what is several times as bright is.
func (c *cloud) recolored(i, n, step int) bool {
	if c.rgb == nil {
		return false
	}
	if j := i - step; j >= 0 && j < len(c.points) && valid(c.points[j]) && c.points[j].Sub(c.points[i]).Len() < 0.01 {
		i = j
	}
	if j := n + step; j >= 0 && j < len(c.points) && valid(c.points[j]) && c.points[j].Sub(c.points[n]).Len() < 0.01 {
		n = j
	}
	return colorsDiffer([3]byte(c.rgb[3*i:]), [3]byte(c.rgb[3*n:]))
}

// colorsDiffer compares two colours (sRGB) by their shares of red, green and blue, and by brightness if that differs greatly.
func colorsDiffer(a, b [3]byte) bool {
	const dark = 12 // added to each channel: the hue of dark pixels means little
	var sumA, sumB float64
	for k := range 3 {
		sumA, sumB = sumA+float64(a[k])+dark, sumB+float64(b[k])+dark
	}
	var d float64
	for k := range 3 {
		d += math.Abs((float64(a[k])+dark)/sumA - (float64(b[k])+dark)/sumB)
	}
	return d > 0.16 || max(sumA, sumB) > 2.6*min(sumA, sumB)
}

// neighbours are the pixels beside, above and below i, in buf.
func (c *cloud) neighbours(i int, buf *[4]int) []int {
	out := buf[:0]
	if x := i % c.w; x > 0 {
		out = append(out, i-1)
	}
	if i%c.w < c.w-1 {
		out = append(out, i+1)
	}
	if i >= c.w {
		out = append(out, i-c.w)
	}
	if i+c.w < len(c.points) {
		out = append(out, i+c.w)
	}
	return out
}

// refind is the pixel of a point of the colour that was seen, above the support, nearest to where it was; false if there is none near.
func (c *cloud) refind(s sight, support float64) (int, bool) {
	best, least := -1, moved*moved
	for i, p := range c.points {
		if !c.above(i, support) || s.colored && c.rgb != nil && colorsDiffer(s.color, [3]byte(c.rgb[3*i:])) {
			continue
		}
		if d := p.Sub(s.point); d.Dot(d) < least {
			best, least = i, d.Dot(d)
		}
	}
	return best, best >= 0
}

// normal is the direction of the surface at a pixel, towards the camera, from the points two pixels beside it; false at borders and at
// edges, where they belong to two surfaces.
func (c *cloud) normal(i int) (sim.Vec3, bool) {
	p := c.points[i]
	far := 4 * max(0.003, 2.2*c.pixel*c.cam.TWorldCam.Pos.Sub(p).Len())
	var d [2]sim.Vec3
	for k, step := range [2]int{2, 2 * c.w} {
		a, okA := c.point(i - step)
		b, okB := c.point(i + step)
		if !okA || !okB || a.Sub(p).Len() > far || b.Sub(p).Len() > far {
			return sim.Vec3{}, false
		}
		d[k] = b.Sub(a)
		if bend := a.Add(b).Sub(p.Mul(2)); bend.Len() > 0.3*d[k].Len()+4*c.noise {
			return sim.Vec3{}, false
		}
	}
	n := d[1].Cross(d[0])
	l := n.Len()
	if l < 1e-12 {
		return sim.Vec3{}, false
	}
	return n.Mul(1 / l), true
}
