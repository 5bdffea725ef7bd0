package referee

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/png"
	"math"
	"slices"
	"strings"
	"testing"
)

var (
	nan = float32(math.NaN())
	inf = float32(math.Inf(1))
)

func TestDisparityMinMaxU8(t *testing.T) {
	for _, tt := range []struct {
		name  string
		depth []float32
		want  []byte
	}{
		{"near is bright, cut not rounded", []float32{0.5, 1, 2}, []byte{255, 85, 0}},     // disparities 2, 1, 0.5
		{"no return is infinitely far", []float32{0.5, 1, 2, 0}, []byte{255, 127, 63, 0}}, // … and 0
		{"whatever says no return", []float32{1, -1, nan, inf, -inf, 1e-9}, []byte{255, 0, 0, 0, 0, 0}},
		{"flat", []float32{0.8, 0.8, 0.8}, []byte{0, 0, 0}},
		{"flat with a hole", []float32{0.8, 0, 0.8}, []byte{255, 0, 255}},
		{"no return at all", []float32{0, nan, 0}, []byte{0, 0, 0}},
		{"one pixel", []float32{0.8}, []byte{0}},
		{"empty", nil, []byte{}},
	} {
		if got := DisparityMinMaxU8(tt.depth); !bytes.Equal(got, tt.want) {
			t.Errorf("%s: DisparityMinMaxU8(%v) = %v, want %v", tt.name, tt.depth, got, tt.want)
		}
	}
}

// Nearer is never darker, and the extremes are used.
func TestDisparityMinMaxU8Order(t *testing.T) {
	depth := make([]float32, 3000)
	for i := range depth {
		depth[i] = 0.3 + 0.001*float32(i)
	}
	out := DisparityMinMaxU8(depth)
	if out[0] != 255 || out[len(out)-1] != 0 {
		t.Errorf("nearest %d, farthest %d, want 255 and 0", out[0], out[len(out)-1])
	}
	for i := 1; i < len(out); i++ {
		if out[i] > out[i-1] {
			t.Fatalf("%g m is %d and %g m is %d", depth[i-1], out[i-1], depth[i], out[i])
		}
	}
}

func TestLinearInvertedU8(t *testing.T) {
	for _, tt := range []struct {
		name  string
		depth []float32
		want  []byte
	}{
		{"even in depth", []float32{1, 2, 3}, []byte{255, 128, 1}},
		{"no return is no depth", []float32{1, 3, 0, nan, -1}, []byte{255, 1, 0, 0, 0}},
		{"flat", []float32{0.8, 0.8}, []byte{255, 255}},
		{"flat with a hole", []float32{0.8, 0}, []byte{255, 0}},
		{"no return at all", []float32{0, inf}, []byte{0, 0}},
		{"one pixel", []float32{0.8}, []byte{255}},
		{"empty", nil, []byte{}},
	} {
		if got := LinearInvertedU8(tt.depth); !bytes.Equal(got, tt.want) {
			t.Errorf("%s: LinearInvertedU8(%v) = %v, want %v", tt.name, tt.depth, got, tt.want)
		}
	}
}

func TestRawU16(t *testing.T) {
	b, err := EncodeDepth(DepthRawU16, 2, 1, []float32{0.8, 0})
	if want := []byte{0x20, 0x03, 0, 0}; err != nil || !bytes.Equal(b, want) {
		t.Errorf("EncodeDepth(raw_u16) = %v, error %v, want %v", b, err, want)
	}
	for _, e := range DepthEncodings() {
		if got, err := ParseDepthEncoding(string(e)); err != nil || got != e || e.Ext() == "" {
			t.Errorf("ParseDepthEncoding(%q) = %q, error %v", e, got, err)
		}
		if _, err := EncodeDepth(e, 0, 0, nil); err == nil {
			t.Errorf("%s: an empty image has a file", e)
		}
		if _, err := EncodeDepth(e, 1, 1, []float32{0.8}); err != nil {
			t.Errorf("%s: one pixel: %v", e, err)
		}
	}
}

func TestMillimetresU16(t *testing.T) {
	got := MillimetresU16([]float32{0.8, 0.0004, 0.0006, 1.2345, 65.535, 65.536, 0, -1, nan, inf})
	want := []uint16{800, 0, 1, 1235, 65535, 0, 0, 0, 0, 0}
	if !slices.Equal(got, want) {
		t.Errorf("MillimetresU16() = %v, want %v", got, want)
	}
}

func TestEncodeDepth(t *testing.T) {
	depth := []float32{0.5, 1, 2, 0, nan, 4}
	t.Run("metric_f32", func(t *testing.T) {
		b, err := EncodeDepth(DepthMetricF32, 3, 2, depth)
		if err != nil || len(b) != 24 {
			t.Fatalf("EncodeDepth() = %d bytes, error %v, want 24", len(b), err)
		}
		for i, want := range []float32{0.5, 1, 2, 0, 0, 4} {
			if got := math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])); got != want {
				t.Errorf("pixel %d: %g m, want %g", i, got, want)
			}
		}
	})
	t.Run("millimetre_u16", func(t *testing.T) {
		img := decoded(t, DepthMillimetreU16, depth)
		grey, ok := img.(*image.Gray16)
		if !ok {
			t.Fatalf("a PNG of type %T, want 16-bit grey", img)
		}
		for i, want := range MillimetresU16(depth) {
			if got := grey.Gray16At(i%3, i/3).Y; got != want {
				t.Errorf("pixel %d: %d mm, want %d", i, got, want)
			}
		}
	})
	t.Run("disparity_minmax_u8", func(t *testing.T) {
		img := decoded(t, DepthDisparityMinMaxU8, depth)
		rgba, ok := img.(*image.RGBA) // what Go makes of three channels of 8 bits
		if !ok {
			t.Fatalf("a PNG of type %T, want three channels of 8 bits", img)
		}
		for i, want := range DisparityMinMaxU8(depth) {
			if c := rgba.RGBAAt(i%3, i/3); c.R != want || c.G != want || c.B != want || c.A != 255 {
				t.Errorf("pixel %d: %v, want three times %d", i, c, want)
			}
		}
	})
	for _, tt := range []struct {
		name    string
		e       DepthEncoding
		w, h    int
		wantErr string
	}{
		{"unknown", "jet", 3, 2, `no depth encoding "jet" (have metric_f32, millimetre_u16, disparity_minmax_u8, linear_inverted_u8, raw_u16)`},
		{"length", DepthMetricF32, 3, 3, "6 depths for an image of 3×3"},
		{"size", DepthMetricF32, -3, -2, "-3×-2"},
	} {
		if _, err := EncodeDepth(tt.e, tt.w, tt.h, depth); err == nil || !strings.Contains(err.Error(), tt.wantErr) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.wantErr)
		}
	}
	for _, e := range DepthEncodings() { // every one takes a single pixel
		if b, err := EncodeDepth(e, 1, 1, []float32{0}); err != nil || len(b) == 0 {
			t.Errorf("EncodeDepth(%s, one pixel) = %d bytes, error %v", e, len(b), err)
		}
	}
}

func decoded(t *testing.T, e DepthEncoding, depth []float32) image.Image {
	t.Helper()
	b, err := EncodeDepth(e, 3, 2, depth)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestEncodeRGB(t *testing.T) {
	q := Query{Width: 3, Height: 2, RGB: []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255, 0, 128}}
	b, err := EncodeRGB(q)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	rgba, ok := img.(*image.RGBA)
	if !ok || rgba.Rect != image.Rect(0, 0, 3, 2) {
		t.Fatalf("a PNG of type %T and size %v, want three channels of 8 bits, 3×2", img, img.Bounds())
	}
	for i := range 6 {
		if c := rgba.RGBAAt(i%3, i/3); c.R != q.RGB[3*i] || c.G != q.RGB[3*i+1] || c.B != q.RGB[3*i+2] {
			t.Errorf("pixel %d: %v, want %v", i, c, q.RGB[3*i:3*i+3])
		}
	}
}

// benchQuery is about as hard to compress as a rendered table: gradients with a little noise.
func benchQuery() Query {
	q := Query{Width: 640, Height: 480, RGB: make([]byte, 3*640*480), Depth: make([]float32, 640*480)}
	state := uint32(1)
	for i := range q.Depth {
		state = state*1664525 + 1013904223
		x, y := i%640, i/640
		q.RGB[3*i], q.RGB[3*i+1], q.RGB[3*i+2] = byte(x/3+int(state>>30)), byte(y/2+int(state>>29&1)), byte((x+y)/5)
		q.Depth[i] = 1.5 - float32(y)/600
	}
	return q
}

func BenchmarkEncodeRGB640x480(b *testing.B) {
	q := benchQuery()
	var n int
	for b.Loop() {
		data, err := EncodeRGB(q)
		if err != nil {
			b.Fatal(err)
		}
		n = len(data)
	}
	b.ReportMetric(float64(n), "bytes")
}

func BenchmarkEncodeDepth640x480(b *testing.B) {
	q := benchQuery()
	for b.Loop() {
		if _, err := EncodeDepth(DepthDisparityMinMaxU8, q.Width, q.Height, q.Depth); err != nil {
			b.Fatal(err)
		}
	}
}
