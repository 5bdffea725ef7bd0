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
}

// none marks a pixel without a point.
var none = sim.Vec3{math.NaN(), 0, 0}

func valid(p sim.Vec3) bool { return p[0] == p[0] }

// set fills c from a frame's depth, leaving out pixels without a plausible one. It reports false if the depth image does not have the
// camera's size.
func (c *cloud) set(f *sim.Frame) bool {
	cam := f.Camera
	c.w, c.h, c.pixel, c.cam = cam.Width, cam.Height, 1/min(cam.Fx, cam.Fy), cam
	n := c.w * c.h
	if n <= 0 || len(f.Depth) != n {
		return false
	}
	if cap(c.points) < n {
		c.points = make([]sim.Vec3, n)
	}
	c.points = c.points[:n]
	ax, ay, az := cam.TWorldCam.Axis(0), cam.TWorldCam.Axis(1), cam.TWorldCam.Axis(2)
	for y := range c.h {
		row := az.Add(ay.Mul((float64(y) + 0.5 - cam.Cy) / cam.Fy))
		for x := range c.w {
			i := y*c.w + x
			d := float64(f.Depth[i])
			if !(d > 0) || d > 100 {
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

// erase removes the points that lie in any of the capsules (in the world), each grown by margin [m].
func (c *cloud) erase(capsules []Capsule, margin float64) {
	if len(capsules) == 0 {
		return
	}
	lo, hi := capsules[0].A, capsules[0].A
	for _, k := range capsules {
		for _, p := range [2]sim.Vec3{k.A, k.B} {
			for a := range 3 {
				lo[a], hi[a] = min(lo[a], p[a]-k.Radius-margin), max(hi[a], p[a]+k.Radius+margin)
			}
		}
	}
	for i, p := range c.points {
		if !valid(p) || p[0] < lo[0] || p[1] < lo[1] || p[2] < lo[2] || p[0] > hi[0] || p[1] > hi[1] || p[2] > hi[2] {
			continue
		}
		for _, k := range capsules {
			if r := k.Radius + margin; segmentDistance2(p, k.A, k.B) <= r*r {
				c.points[i] = none
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
	// thin is how far above its support something must rise to be seen as an object [m].
	thin = 0.006
)

// level is the height of the level surface that most points near p (horizontally within radius, and not above top) lie on, from a
// histogram of heights: the mean of the points in and next to the fullest bin. ok is false without enough points.
func (c *cloud) level(p sim.Vec3, radius, top float64, among func(i int) bool) (z float64, count int, ok bool) {
	const bins = 256
	var hist [bins]int
	bottom := top - bins*levelBin
	bin := func(i int) (int, bool) {
		q := c.points[i]
		if !valid(q) || q[2] >= top || q[2] <= bottom {
			return 0, false
		}
		if dx, dy := q[0]-p[0], q[1]-p[1]; dx*dx+dy*dy > radius*radius || among != nil && !among(i) {
			return 0, false
		}
		return min(int((q[2]-bottom)/levelBin), bins-1), true
	}
	for i := range c.points {
		if b, ok := bin(i); ok {
			hist[b]++
		}
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
	for i := range c.points {
		if b, ok := bin(i); ok && b >= full-1 && b <= full+1 {
			sum += c.points[i][2]
			count++
		}
	}
	return sum / float64(count), count, true
}

// A segment is what was pointed at, as far as it is visible.
type segment struct {
	pixels  []int32 // indices into the cloud
	mask    []bool  // by pixel; true for those
	support float64 // height of what it stands on [m]
}

// grow collects what is connected to the pixel start: neighbours whose points are near each other and above the support. Specks next
// to it that are connected to nothing else, such as a leaf that hides its stalk, count as parts of it.
func (c *cloud) grow(s *segment, start int, support float64) {
	for _, i := range s.pixels {
		s.mask[i] = false
	}
	if len(s.mask) != len(c.points) {
		s.mask = make([]bool, len(c.points))
	}
	s.pixels, s.support = append(s.pixels[:0], int32(start)), support
	s.mask[start] = true
	c.flood(s, 0, len(c.points))
	speck := max(4, len(c.points)/2500)
	var near [4]int
	for k := 0; k < len(s.pixels); k++ {
		for _, i := range c.neighbours(int(s.pixels[k]), &near) {
			if s.mask[i] || !valid(c.points[i]) || c.points[i][2] < support+thin {
				continue
			}
			n := len(s.pixels)
			s.pixels = append(s.pixels, int32(i))
			s.mask[i] = true
			if !c.flood(s, n, speck) { // too large: it is something else
				for _, j := range s.pixels[n:] {
					s.mask[j] = false
				}
				s.pixels = s.pixels[:n]
			}
		}
	}
}

// flood grows the segment from its pixels[from:] on, by at most limit pixels; false if there are more.
func (c *cloud) flood(s *segment, from, limit int) bool {
	var near [4]int
	for next := from; next < len(s.pixels); next++ {
		if next-from >= limit {
			return false
		}
		i := int(s.pixels[next])
		p := c.points[i]
		// Four pixels' worth: slanted surfaces are sampled sparsely.
		reach := max(0.006, 4*c.pixel*p.Sub(c.cam.TWorldCam.Pos).Len())
		for _, n := range c.neighbours(i, &near) {
			if q := c.points[n]; !s.mask[n] && valid(q) && q[2] >= s.support+thin && q.Sub(p).Len() <= reach {
				s.mask[n] = true
				s.pixels = append(s.pixels, int32(n))
			}
		}
	}
	return true
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
