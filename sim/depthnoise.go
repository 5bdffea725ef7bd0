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
// at 9 m (recalled), in steps of 0.25 mm (recalled: the depth unit of its pictures).
//
// Range (recalled): D435 0.28 m at its full size to 10 m; L515 0.25 to 9 m. Nearer or farther there is no depth.
//
// Surfaces: where the picture is as good as white, a highlight blinds the sensor: no depth. The L515 measures its own light: what throws back
// little of it is lost far away. Its range is given for 95 % and 15 % of reflectance as 9 and 3.9 m (recalled), which is about the square root
// of the reflectance: so there is no depth beyond 9 m·√(reflectance/0.95), reflectance being the pixel's mean linear colour. The D435 needs texture
// or its projected dots to be seen: where the mean linear colour is below 0.004 (nearly black), it has none. The pixels of a frame without colour are all grey.
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
		f.loseSurfaces(0.28, 10, func(shine float64) float64 {
			if shine < 0.004 {
				return 0
			}
			return 10
		})
		f.stereoNoise(r)
	case L515:
		f.loseSurfaces(0.25, 9, func(shine float64) float64 { return 9 * math.Sqrt(shine/0.95) })
		const step = 0.00025 // [m]
		for i, d := range f.Depth {
			if d > 0 {
				noisy := float64(d) + (0.0025+0.001625*(float64(d)-1))*r.NormFloat64()
				f.Depth[i] = float32(max(0, math.Round(noisy/step)*step))
			}
		}
	}
}

// loseSurfaces takes away depth out of the range from near to far, of highlights, and of what is farther than reach says for its mean
// linear colour.
func (f *Frame) loseSurfaces(near, far float64, reach func(color float64) float64) {
	const white = 250
	for i, z := range f.Depth {
		d := float64(z)
		if d < near || d > far {
			f.Depth[i] = 0
			continue
		}
		if len(f.RGB) < 3*len(f.Depth) {
			continue
		}
		p := f.RGB[3*i : 3*i+3]
		if min(p[0], p[1], p[2]) >= white || d > reach((linear[p[0]]+linear[p[1]]+linear[p[2]])/3) {
			f.Depth[i] = 0
		}
	}
}

// linear is DecodeSRGB of each byte.
var linear = func() (t [256]float64) {
	for i := range t {
		t[i] = DecodeSRGB(float64(i) / 255)
	}
	return t
}()

// ApplyColor makes the frame's colours what a small camera would measure, with random numbers from r: light comes in grains and the
// amplifier adds its own, so that the variance grows evenly with the signal, σ² = a·x + b (Foi et al., "Practical Poissonian-Gaussian
// noise modeling and fitting for single-image raw-data", 2008), with a = 0.0004 and b = 0.00001 of the full scale, about what they
// measured on a small sensor at low gain; and its gamma is up to 5 % off from picture to picture.
func ApplyColor(f *Frame, r *rand.Rand) {
	const a, b = 0.0004, 0.00001
	gamma := 1 + 0.05*(2*r.Float64()-1)
	var encode [1025]byte
	for i := range encode {
		encode[i] = byte(255*math.Pow(EncodeSRGB(float64(i)/1024), gamma) + 0.5)
	}
	for i, c := range f.RGB {
		x := linear[c]
		x += math.Sqrt(a*x+b) * r.NormFloat64()
		// Dark steps of sRGB are finer than the table's: those are computed.
		switch {
		case x <= 0:
			f.RGB[i] = 0
		case x < 0.02:
			f.RGB[i] = byte(255*math.Pow(EncodeSRGB(x), gamma) + 0.5)
		default:
			f.RGB[i] = encode[int(min(x, 1)*1024)]
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
