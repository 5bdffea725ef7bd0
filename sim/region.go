package sim

import (
	"bytes"
	"fmt"
	"math"
	"unsafe"
)

// A Region is the ground truth of one query: the pixels that are right answers. It is for scoring and for Controls, never for a model.
type Region struct {
	Width, Height int
	Mask          []bool // Height × Width, row-major from the top left
}

// Validate says what is wrong with the region, if anything. A region without a true pixel is valid.
func (r Region) Validate() error {
	if r.Width < 1 || r.Height < 1 || r.Width > MaxImageSide || r.Height > MaxImageSide {
		return fmt.Errorf("sim: region: size %d×%d (want 1×1 to %d×%d)", r.Width, r.Height, MaxImageSide, MaxImageSide)
	}
	if len(r.Mask) != r.Width*r.Height {
		return fmt.Errorf("sim: region: mask of %d pixels for an image of %d×%d (want %d)", len(r.Mask), r.Width, r.Height, r.Width*r.Height)
	}
	return nil
}

// Contains says whether p falls on a pixel of the region: whether it is a hit.
func (r Region) Contains(p NormPoint) bool {
	i, ok := p.Pixel(r.Width, r.Height).Index(r.Width, r.Height)
	return ok && r.Mask[i]
}

// Count is the number of pixels in the region.
func (r Region) Count() int { return bytes.Count(bits(r.Mask), []byte{1}) }

// Runs are the lengths of the stretches of equal pixels, row by row: first those outside, which may be none, then those inside, and so on.
func (r Region) Runs() []int {
	var runs []int
	left := bits(r.Mask)
	for in := byte(0); ; in = 1 - in {
		n := bytes.IndexByte(left, 1-in)
		if n < 0 {
			return append(runs, len(left))
		}
		runs = append(runs, n)
		left = left[n:]
	}
}

// bits is a mask as bytes, 1 for true: the same memory, for package bytes, which looks at many at a time.
func bits(mask []bool) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(mask))), len(mask))
}

// Pole is the region's pole of inaccessibility: the centre of the pixel that is farthest from the outside, and that distance, between
// centres of pixels [px]. What lies beyond the image's border is outside. ok is false if the region has no pixel.
//
// Pixels within half a pixel of the largest distance are equally far, as the outline itself is known no better. Of those it is the one
// nearest to the region's centroid, so that the pole of a long thing is in its middle; then the first in row-major order.
//
// Time and memory grow with the region's bounding box: two passes of the exact Euclidean distance transform of Meijster, Roerdink and
// Hesselink, "A general algorithm for computing distance transforms in linear time" (2000), in whole numbers.
func (r Region) Pole() (px Pixel, distance float64, ok bool) {
	x0, y0, x1, y1, ok := r.bounds()
	if !ok {
		return Pixel{}, 0, false
	}
	w, h := x1-x0, y1-y0
	d2 := r.squaredDistances(x0, y0, w, h)

	var farthest int32
	var n, sumX, sumY int
	for i, d := range d2 {
		if d > 0 {
			n++
			sumX += i % w
			sumY += i / w
			farthest = max(farthest, d)
		}
	}
	const sub = 16 // the centroid is kept in whole 1/16 px, so that equally near pixels compare equal
	meanX, meanY := (sub*sumX+n/2)/n, (sub*sumY+n/2)/n
	least := int32(math.Ceil((math.Sqrt(float64(farthest)) - 0.5) * (math.Sqrt(float64(farthest)) - 0.5)))
	best, bestOff := -1, 0
	for i, d := range d2 {
		if d < max(least, 1) {
			continue
		}
		dx, dy := sub*(i%w)-meanX, sub*(i/w)-meanY
		if off := dx*dx + dy*dy; best < 0 || off < bestOff {
			best, bestOff = i, off
		}
	}
	return Pixel{X: float64(x0+best%w) + 0.5, Y: float64(y0+best/w) + 0.5}, math.Sqrt(float64(d2[best])), true
}

// bounds is the smallest box with all of the region's pixels, half open; false if there are none.
func (r Region) bounds() (x0, y0, x1, y1 int, ok bool) {
	x0, y0 = r.Width, r.Height
	for y := range r.Height {
		row := bits(r.Mask[y*r.Width : (y+1)*r.Width])
		if first := bytes.IndexByte(row, 1); first >= 0 {
			x0, x1 = min(x0, first), max(x1, bytes.LastIndexByte(row, 1)+1)
			y0, y1 = min(y0, y), y+1
		}
	}
	return x0, y0, x1, y1, x1 > 0
}

// squaredDistances is the squared distance from each pixel of a box to the nearest pixel outside the region [px²], row-major; 0 for a
// pixel that is itself outside. Everything beyond the box must be outside.
func (r Region) squaredDistances(x0, y0, w, h int) []int32 {
	// First pass: the distance g within each column, the box's surroundings being outside.
	g := make([]int32, w*h)
	for y := range h {
		mask := r.Mask[(y0+y)*r.Width+x0:][:w]
		for x, in := range mask {
			switch {
			case !in:
			case y == 0:
				g[x] = 1
			default:
				g[y*w+x] = g[(y-1)*w+x] + 1
			}
		}
	}
	for y := h - 1; y >= 0; y-- {
		for x := range w {
			below := int32(0)
			if y < h-1 {
				below = g[(y+1)*w+x]
			}
			g[y*w+x] = min(g[y*w+x], below+1)
		}
	}

	// Second pass: along each row the lower envelope of the parabolas (x-i)² + g(i)², i = 0 and w+1 being the pixels beside the box.
	row := make([]int, w+2) // g² of the row, shifted by one
	site := make([]int, w+2)
	from := make([]int, w+2) // site[k] is the nearest for x in from[k] … from[k+1]-1
	f := func(x, i int) int { return (x-i)*(x-i) + row[i] }
	for y := range h {
		line := g[y*w : (y+1)*w]
		for x, v := range line {
			row[x+1] = int(v) * int(v)
		}
		k := 0
		site[0], from[0] = 0, 0
		for u := 1; u < w+2; u++ {
			for f(from[k], site[k]) > f(from[k], u) {
				k-- // never below 0: the pixel beside the box is its own nearest
			}
			// The first x at which u is nearer than site[k]. Nothing negative is divided, as site[k] wins at from[k] ≥ 0.
			s := site[k]
			if first := 1 + (u*u-s*s+row[u]-row[s])/(2*(u-s)); first < w+2 {
				k++
				site[k], from[k] = u, first
			}
		}
		for x := w; x >= 1; x-- {
			for from[k] > x {
				k--
			}
			line[x-1] = int32(f(x, site[k]))
		}
	}
	return g
}
