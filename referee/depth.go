package referee

import (
	"encoding/binary"
	"fmt"
	"image"
	"math"
	"slices"
	"strings"
)

// A DepthEncoding names how metric depth is written for a model. No return (0, negative or not finite) is 0 in each of them.
type DepthEncoding string

const (
	// DepthMetricF32 is the depth itself: float32 [m], little-endian, row-major, without a header.
	DepthMetricF32 DepthEncoding = "metric_f32"
	// DepthMillimetreU16 is a 16-bit grey PNG, rounded to whole millimetres, as depth cameras store it. Beyond 65.535 m there is no return.
	DepthMillimetreU16 DepthEncoding = "millimetre_u16"
	// DepthDisparityMinMaxU8 is an 8-bit PNG of three equal channels, near is bright: what RoboRefer saw in training. See DisparityMinMaxU8.
	DepthDisparityMinMaxU8 DepthEncoding = "disparity_minmax_u8"
	// DepthLinearInvertedU8 is an 8-bit PNG of three equal channels, near is bright, even in depth instead of in its inverse. See LinearInvertedU8.
	DepthLinearInvertedU8 DepthEncoding = "linear_inverted_u8"
	// DepthRawU16 is whole millimetres as 16-bit numbers, little-endian, row-major, without a header: what librealsense calls Z16.
	DepthRawU16 DepthEncoding = "raw_u16"
)

// depthEncodings in the order of their constants.
var depthEncodings = []DepthEncoding{DepthMetricF32, DepthMillimetreU16, DepthDisparityMinMaxU8, DepthLinearInvertedU8, DepthRawU16}

// DepthEncodings is the encodings there are. The caller owns the result.
func DepthEncodings() []DepthEncoding { return slices.Clone(depthEncodings) }

// ParseDepthEncoding is the encoding of that name.
func ParseDepthEncoding(name string) (DepthEncoding, error) {
	names := make([]string, len(depthEncodings))
	for i, e := range depthEncodings {
		if names[i] = string(e); names[i] == name {
			return e, nil
		}
	}
	return "", fmt.Errorf("referee: no depth encoding %q (have %s)", name, strings.Join(names, ", "))
}

// Ext is the usual ending of the names of e's files, with its dot.
func (e DepthEncoding) Ext() string {
	switch e {
	case DepthMetricF32:
		return ".f32"
	case DepthRawU16:
		return ".z16"
	}
	return ".png"
}

// EncodeDepth is the file with a depth image of w × h pixels [m] in encoding e. The same depth gives the same pixels everywhere; the bytes
// of a PNG may change with the Go version. The caller owns the result. The error is for an unknown encoding or a wrong length.
func EncodeDepth(e DepthEncoding, w, h int, depth []float32) ([]byte, error) {
	if w < 1 || h < 1 || len(depth) != w*h {
		return nil, fmt.Errorf("referee: %d depths for an image of %d×%d (want width × height)", len(depth), w, h)
	}
	switch e {
	case DepthMetricF32:
		b := make([]byte, 0, 4*len(depth))
		for _, z := range depth {
			if !hasReturn(z) {
				z = 0
			}
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(z))
		}
		return b, nil
	case DepthMillimetreU16:
		img := image.NewGray16(image.Rect(0, 0, w, h))
		for i, v := range MillimetresU16(depth) {
			binary.BigEndian.PutUint16(img.Pix[2*i:], v) // image.Gray16 is big-endian
		}
		return encodePNG(img)
	case DepthDisparityMinMaxU8:
		return encodeDisparity(w, h, DisparityMinMaxU8(depth))
	case DepthLinearInvertedU8:
		return encodeDisparity(w, h, LinearInvertedU8(depth))
	case DepthRawU16:
		b := make([]byte, 0, 2*len(depth))
		for _, v := range MillimetresU16(depth) {
			b = binary.LittleEndian.AppendUint16(b, v)
		}
		return b, nil
	}
	_, err := ParseDepthEncoding(string(e))
	return nil, err
}

// DisparityMinMaxU8 turns metric depth [m] into relative inverse depth, one byte a pixel: the disparity 1/z, with 0 for no return as for
// something infinitely far, mapped linearly from its least and largest value in this image to 0 and 255, and cut to whole numbers. So the
// nearest pixel is 255 and the farthest, or any without return, 0. A flat image, one pixel or no return at all give 0 everywhere.
//
// This is what RoboRefer's server makes of the output of Depth Anything V2, (d-min)/(max-min)·255 as uint8 (API/api.py), with the true
// disparity in place of the estimated one, in float32 as there. The caller owns the result.
func DisparityMinMaxU8(depth []float32) []byte {
	out := make([]byte, len(depth))
	lo, hi := float32(math.Inf(1)), float32(0)
	for _, z := range depth {
		d := disparity(z)
		lo, hi = min(lo, d), max(hi, d)
	}
	span := hi - lo
	if !(span > 0) {
		return out
	}
	for i, z := range depth {
		out[i] = uint8((disparity(z) - lo) / span * 255)
	}
	return out
}

// LinearInvertedU8 maps metric depth [m] linearly from its largest and least value in this image to 1 and 255, cut to whole numbers; no
// return is 0, so that it is not taken for the farthest thing. A flat image or one pixel gives 255 where there is a return. The caller owns
// the result.
func LinearInvertedU8(depth []float32) []byte {
	out := make([]byte, len(depth))
	lo, hi := float32(math.Inf(1)), float32(0)
	for _, z := range depth {
		if hasReturn(z) {
			lo, hi = min(lo, z), max(hi, z)
		}
	}
	for i, z := range depth {
		switch {
		case !hasReturn(z):
		case hi > lo:
			out[i] = uint8(1 + (hi-z)/(hi-lo)*254)
		default:
			out[i] = 255
		}
	}
	return out
}

// MillimetresU16 rounds metric depth [m] to millimetres; 0 where there is no return or it is beyond 65.535 m. The caller owns the result.
func MillimetresU16(depth []float32) []uint16 {
	out := make([]uint16, len(depth))
	for i, z := range depth {
		if mm := math.Round(float64(z) * 1000); hasReturn(z) && mm <= math.MaxUint16 {
			out[i] = uint16(mm)
		}
	}
	return out
}

// disparity is 1/z [1/m], or 0 without a return.
func disparity(z float32) float32 {
	if !hasReturn(z) {
		return 0
	}
	return 1 / z
}

// hasReturn says whether z is a depth. Less than a micrometre is none, so that 1/z stays a number.
func hasReturn(z float32) bool { return z >= 1e-6 && z <= math.MaxFloat32 }
