package dataset

import (
	"math"

	"github.com/refarena/refarena/sim"
)

// maxPoints is how many right answers a question comes with.
const maxPoints = 4

// answers are right answers of a region: the first is deepest inside, each further one as far as possible from those before it, and half as deep
// inside at least. Fewer than maxPoints come back if the region is small; none if three decimals cannot hit it. runs are those of the region.
func answers(r *sim.Region, runs []int) []Point {
	px, depth, ok := r.Pole()
	if !ok {
		return nil
	}
	first, ok := hit(r, px)
	if !ok {
		return nil
	}
	out := []Point{first}
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
	all := 0
	for k, n := range runs {
		all += n * (k % 2)
	}
	step := 1 + int(math.Sqrt(float64(all)/2000)) // of a large region, every second column and row, or third, …
	i := 0
	for k, n := range runs {
		for end := i + n; i < end; i++ {
			if k%2 == 0 {
				i = end
				break
			}
			if x, y := i%r.Width, i/r.Width; x%step == 0 && y%step == 0 && deep(x, y) {
				pixels = append(pixels, sim.Pixel{X: float64(x) + 0.5, Y: float64(y) + 0.5})
			}
		}
	}
	least := make([]float64, len(pixels)) // squared distance to the nearest that is chosen
	for i := range least {
		least[i] = math.Inf(1)
	}
	for last := px; ; {
		best, far := -1, 4*float64(inner*inner) // nearer ones say the same
		for i, p := range pixels {
			dx, dy := p.X-last.X, p.Y-last.Y
			if least[i] = min(least[i], dx*dx+dy*dy); least[i] > far {
				best, far = i, least[i]
			}
		}
		if best < 0 {
			return out
		}
		p, ok := hit(r, pixels[best])
		if !ok {
			return out
		}
		if out = append(out, p); len(out) == maxPoints {
			return out
		}
		last = pixels[best]
	}
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
