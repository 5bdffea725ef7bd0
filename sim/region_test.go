package sim

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// drawn is the region of the # in a picture, one line a row.
func drawn(picture string) Region {
	lines := strings.Fields(picture)
	r := Region{Width: len(lines[0]), Height: len(lines)}
	for _, line := range lines {
		for _, c := range line {
			r.Mask = append(r.Mask, c == '#')
		}
	}
	return r
}

func TestPole(t *testing.T) {
	for _, tt := range []struct {
		name, picture string
		want          Pixel
		distance      float64
	}{
		{"one pixel", ".... ..#. ....", Pixel{X: 2.5, Y: 1.5}, 1},
		{"the whole of one", "#", Pixel{X: 0.5, Y: 0.5}, 1},
		{"the whole image", "##### ##### ##### ##### #####", Pixel{X: 2.5, Y: 2.5}, 3},
		{"in a corner", "###. ###. ###. ....", Pixel{X: 1.5, Y: 1.5}, 2},
		{"the middle of a bar", "....... ####### .......", Pixel{X: 3.5, Y: 1.5}, 1},
		{"first of two middles", "###### ......", Pixel{X: 2.5, Y: 0.5}, 1},
		{"the larger of two", "##..... ##..### ....### ....###", Pixel{X: 5.5, Y: 2.5}, 2},
		{"not in the hole", "##### #...# #...# #...# #####", Pixel{X: 2.5, Y: 0.5}, 1},
		{"the fat end", "........### ########### ........###", Pixel{X: 9.5, Y: 1.5}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, d, ok := drawn(tt.picture).Pole()
			if !ok || got != tt.want || d != tt.distance {
				t.Errorf("Pole() = %v, %g, %t, want %v, %g", got, d, ok, tt.want, tt.distance)
			}
		})
	}
	if _, _, ok := drawn("... ...").Pole(); ok {
		t.Error("Pole() of nothing is a pixel")
	}
}

// The distances are those of the definition, pixel by pixel, and the pole has nearly the largest.
func TestPoleAgainstDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for draw := range 200 {
		r := Region{Width: 1 + rng.IntN(24), Height: 1 + rng.IntN(24)}
		r.Mask = make([]bool, r.Width*r.Height)
		for range 1 + rng.IntN(4) { // discs, with holes
			cx, cy, rad := rng.IntN(r.Width), rng.IntN(r.Height), 1+rng.IntN(10)
			hole := rng.IntN(4) == 0
			for i := range r.Mask {
				if dx, dy := i%r.Width-cx, i/r.Width-cy; dx*dx+dy*dy < rad*rad && rng.IntN(50) > 0 {
					r.Mask[i] = !hole
				}
			}
		}
		x0, y0, x1, y1, ok := r.bounds()
		if !ok {
			continue
		}
		d2 := r.squaredDistances(x0, y0, x1-x0, y1-y0)
		farthest := 0
		for i := range r.Mask {
			x, y := i%r.Width, i/r.Width
			want := definedDistance2(r, x, y)
			farthest = max(farthest, want)
			if x < x0 || x >= x1 || y < y0 || y >= y1 {
				if want != 0 {
					t.Fatalf("draw %d: (%d, %d) is in the region and outside its bounds", draw, x, y)
				}
				continue
			}
			if got := int(d2[(y-y0)*(x1-x0)+x-x0]); got != want {
				t.Fatalf("draw %d: squared distance at (%d, %d) = %d, want %d", draw, x, y, got, want)
			}
		}
		px, d, ok := r.Pole()
		if got := definedDistance2(r, int(px.X), int(px.Y)); !ok || math.Sqrt(float64(got)) != d || d < math.Sqrt(float64(farthest))-0.5 {
			t.Fatalf("draw %d: Pole() = %v, %g, where the distance is √%d and the largest √%d", draw, px, d, got, farthest)
		}
		if !r.Contains(px.Norm(r.Width, r.Height)) {
			t.Fatalf("draw %d: Pole() = %v is not in the region", draw, px)
		}
	}
}

// definedDistance2 is the squared distance from pixel (x, y) to the nearest pixel that is not in r, in the image or beside it.
func definedDistance2(r Region, x, y int) int {
	best := math.MaxInt
	for v := -1; v <= r.Height; v++ {
		for u := -1; u <= r.Width; u++ {
			inside := u >= 0 && u < r.Width && v >= 0 && v < r.Height && r.Mask[v*r.Width+u]
			if d := (u-x)*(u-x) + (v-y)*(v-y); !inside && d < best {
				best = d
			}
		}
	}
	return best
}

func TestRegionContains(t *testing.T) {
	r := drawn("..# ..#")
	for _, tt := range []struct {
		p    NormPoint
		want bool
	}{
		{NormPoint{X: 0.7, Y: 0.5}, true},
		{NormPoint{X: 0.6, Y: 0.5}, false},
		{NormPoint{X: 1, Y: 1}, true}, // the border belongs to the last pixel
		{NormPoint{X: 1.001, Y: 0.5}, false},
		{NormPoint{X: math.NaN(), Y: 0.5}, false},
	} {
		if got := r.Contains(tt.p); got != tt.want {
			t.Errorf("Contains(%v) = %t, want %t", tt.p, got, tt.want)
		}
	}
	if got := r.Count(); got != 2 {
		t.Errorf("Count() = %d, want 2", got)
	}
}

func BenchmarkPole640x480(b *testing.B) {
	r := Region{Width: 640, Height: 480, Mask: make([]bool, 640*480)}
	for i := range r.Mask {
		dx, dy := i%640-320, i/640-240
		r.Mask[i] = dx*dx+dy*dy < 60*60
	}
	for b.Loop() {
		r.Pole()
	}
}
