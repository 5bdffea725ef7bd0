package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// A DepthNoise is a model of a depth camera's errors; "" is none.
type DepthNoise string

// The models. Figures marked recalled are from memory of the manufacturer's data sheet.
//
// D435: active stereo. Depth is f·B/d with the disparity d, so an error e of d is one of depth²·e/(f·B): B = 50 mm and f = 424 px (848 px
// over 90°: Intel, "Subpixel linearity improvement for Intel RealSense depth camera D400 series"). The disparity is wrong by 0.08 px
// (recalled: the value that Intel calls typical on textured walls), alike within patches of 3 × 3 pixels, as matching windows overlap, and comes in
// steps of 1/32 px (the same paper): 5 mm at 1.2 m. Beside steps in depth, the strip that only one of the two cameras sees has none.
//
// L515: time of flight, independent from pixel to pixel, normal, with a standard deviation of 2.5 mm at 1 m that grows evenly to 15.5 mm
// at 9 m (recalled).
const (
	D435 DepthNoise = "d435"
	L515 DepthNoise = "l515"
)

// ParseDepthNoise is the model of that name; "" and "none" are none.
func ParseDepthNoise(name string) (DepthNoise, error) {
	switch n := DepthNoise(name); n {
	case "", "none":
		return "", nil
	case D435, L515:
		return n, nil
	}
	return "", fmt.Errorf("sim: no depth noise %q (have none, %s, %s)", name, D435, L515)
}

// Apply makes the frame's depth what the camera would measure, with random numbers from r. Pixels without depth stay without.
func (n DepthNoise) Apply(f *Frame, r *rand.Rand) {
	switch n {
	case D435:
		f.stereoNoise(r)
	case L515:
		for i, d := range f.Depth {
			if d > 0 {
				f.Depth[i] = max(0, d+float32((0.0025+0.001625*(float64(d)-1))*r.NormFloat64()))
			}
		}
	}
}

// stereoNoise is D435's.
func (f *Frame) stereoNoise(r *rand.Rand) {
	const (
		focalBaseline = 424 * 0.050 // [px·m]
		wrong         = 0.08        // [px]
		patch         = 3           // [px]
		steps         = 32          // per px
	)
	w, h := f.Camera.Width, f.Camera.Height
	// The second camera is to the right: a near thing hides a strip of what is behind it, on its left, from it, as wide as their
	// disparities differ. In this image a disparity is as many times as wide as its focal length is longer.
	scale := f.Camera.Fx / 424
	for y := range h {
		row := f.Depth[y*w : (y+1)*w]
		edge := math.Inf(1) // leftmost in the second image of what is on the right
		for x := w - 1; x >= 0; x-- {
			if row[x] <= 0 {
				continue
			}
			seen := float64(x) - scale*focalBaseline/float64(row[x])
			if seen > edge+1 {
				row[x] = 0
				continue
			}
			edge = min(edge, seen)
		}
	}
	across := (w + patch - 1) / patch
	errs := make([]float64, across)
	for y := range h {
		if y%patch == 0 {
			for k := range errs {
				errs[k] = wrong * r.NormFloat64()
			}
		}
		for x := range w {
			if d := f.Depth[y*w+x]; d > 0 {
				disparity := math.Round((focalBaseline/float64(d)+errs[x/patch])*steps) / steps
				f.Depth[y*w+x] = 0
				if disparity > 0 {
					f.Depth[y*w+x] = float32(focalBaseline / disparity)
				}
			}
		}
	}
}
