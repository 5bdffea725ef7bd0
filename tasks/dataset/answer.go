package dataset

import (
	"math"

	"github.com/refarena/refarena/sim"
)

// maxPoints is how many right answers a question comes with.
const maxPoints = 4

// answers are right answers of a region: the first is deepest inside, each further one as far as possible from those before it, and half as deep
// inside at least. Fewer than maxPoints come back if the region is small; none if three decimals cannot hit it.
func answers(r *sim.Region) []Point {
	px, depth, ok := r.Pole()
	if !ok {
		return nil
	}
	first, ok := hit(r, px)
	if !ok {
		return nil
	}
	out := []Point{first}
	chosen := []sim.Pixel{px}
	inner := int(depth / 2)
	if inner < 1 {
		return out
	}
	deep := func(x, y int) bool { // an octagon about the pixel is inside
		for _, d := range [8][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {1, 1}, {1, -1}, {-1, 1}, {-1, -1}} {
			k := inner
			if d[0] != 0 && d[1] != 0 {
				k = int(float64(inner) * math.Sqrt2 / 2)
			}
			u, v := x+k*d[0], y+k*d[1]
			if u < 0 || v < 0 || u >= r.Width || v >= r.Height || !r.Mask[v*r.Width+u] {
				return false
			}
		}
		return true
	}
	var pixels []sim.Pixel
	for i, in := range r.Mask {
		if x, y := i%r.Width, i/r.Width; in && deep(x, y) {
			pixels = append(pixels, sim.Pixel{X: float64(x) + 0.5, Y: float64(y) + 0.5})
		}
	}
	for len(out) < maxPoints {
		best, far := sim.Pixel{}, 2*float64(inner) // nearer ones say the same
		for _, p := range pixels {
			near := math.Inf(1)
			for _, c := range chosen {
				near = min(near, math.Hypot(p.X-c.X, p.Y-c.Y))
			}
			if near > far {
				best, far = p, near
			}
		}
		p, ok := hit(r, best)
		if best == (sim.Pixel{}) || !ok {
			break
		}
		out, chosen = append(out, p), append(chosen, best)
	}
	return out
}

// hit is a pixel's centre with three decimals, rounded so that it still falls into the region.
func hit(r *sim.Region, px sim.Pixel) (Point, bool) {
	n := px.Norm(r.Width, r.Height)
	round := [3]func(float64) float64{math.Round, math.Floor, math.Ceil}
	for _, fx := range round {
		for _, fy := range round {
			p := Point{fx(n.X*1000) / 1000, fy(n.Y*1000) / 1000}
			if r.Contains(sim.NormPoint{X: p[0], Y: p[1]}) {
				return p, true
			}
		}
	}
	return Point{}, false
}
