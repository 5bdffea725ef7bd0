package roborefer

import "math"

// A picture is an 8-bit image of c channels, row-major, interleaved.
type picture struct {
	w, h, c int
	pix     []byte
}

func newPicture(w, h, c int) picture { return picture{w: w, h: h, c: c, pix: make([]byte, w*h*c)} }

// resize scales p to w × h exactly as Pillow 11 does with BICUBIC: horizontal pass, rounding to 8 bits, vertical pass. A pass that changes
// nothing is left out. p is not changed; the result may be p.
func (p picture) resize(w, h int) picture {
	if w != p.w {
		p = p.horizontal(w)
	}
	if h != p.h {
		p = p.vertical(h)
	}
	return p
}

// precisionBits is Pillow's: 8 bits for the result and 2 for overshoot are left of 32.
const precisionBits = 32 - 8 - 2

// A window is what one output pixel is made of: the input pixels from first on, by weight in units of 2^-precisionBits.
type window struct {
	first   int
	weights []int32
}

// windows is Pillow's precompute_coeffs and normalize_coeffs_8bpc for the bicubic filter. Products are rounded before they are added, also
// where the processor could do both at once.
func windows(in, out int) []window {
	scale := float64(in) / float64(out)
	filterScale := max(scale, 1)
	support := 2 * filterScale
	inv := 1 / filterScale
	ws := make([]window, out)
	k := make([]float64, 0, int(math.Ceil(support))*2+1)
	for i := range ws {
		center := float64((float64(i) + 0.5) * scale)
		lo := max(int(center-support+0.5), 0)
		hi := min(int(center+support+0.5), in)
		k = k[:0]
		sum := 0.0
		for x := lo; x < hi; x++ {
			w := bicubic(float64((float64(x) - center + 0.5) * inv))
			k = append(k, w)
			sum += w
		}
		weights := make([]int32, len(k))
		for j, w := range k {
			if sum != 0 {
				w /= sum
			}
			v := float64(w * (1 << precisionBits))
			if w < 0 {
				weights[j] = int32(v - 0.5)
			} else {
				weights[j] = int32(v + 0.5)
			}
		}
		ws[i] = window{lo, weights}
	}
	return ws
}

// bicubic is Keys' kernel with a = -0.5 (IEEE ASSP-29, 1981).
func bicubic(x float64) float64 {
	const a = -0.5
	x = math.Abs(x)
	switch {
	case x < 1:
		return float64(float64((float64((a+2)*x)-(a+3))*x)*x) + 1
	case x < 2:
		return (float64((float64((x-5)*x)+8)*x) - 4) * a
	}
	return 0
}

func clip8(v int32) byte {
	v >>= precisionBits
	switch {
	case v < 0:
		return 0
	case v > 255:
		return 255
	}
	return byte(v)
}

const half = 1 << (precisionBits - 1)

func (p picture) horizontal(w int) picture {
	out := newPicture(w, p.h, p.c)
	ws := windows(p.w, w)
	for y := range p.h {
		src := p.pix[y*p.w*p.c : (y+1)*p.w*p.c]
		dst := out.pix[y*w*p.c : (y+1)*w*p.c]
		if p.c == 3 {
			for x, win := range ws {
				r, g, b := int32(half), int32(half), int32(half)
				s := src[3*win.first:]
				for j, k := range win.weights {
					r += int32(s[3*j]) * k
					g += int32(s[3*j+1]) * k
					b += int32(s[3*j+2]) * k
				}
				dst[3*x], dst[3*x+1], dst[3*x+2] = clip8(r), clip8(g), clip8(b)
			}
			continue
		}
		for x, win := range ws {
			v := int32(half)
			s := src[win.first:]
			for j, k := range win.weights {
				v += int32(s[j]) * k
			}
			dst[x] = clip8(v)
		}
	}
	return out
}

func (p picture) vertical(h int) picture {
	out := newPicture(p.w, h, p.c)
	n := p.w * p.c
	sum := make([]int32, n)
	for y, win := range windows(p.h, h) {
		for i := range sum {
			sum[i] = half
		}
		for j, k := range win.weights {
			src := p.pix[(win.first+j)*n : (win.first+j+1)*n]
			for i, v := range src {
				sum[i] += int32(v) * k
			}
		}
		dst := out.pix[y*n : (y+1)*n]
		for i, v := range sum {
			dst[i] = clip8(v)
		}
	}
	return out
}
