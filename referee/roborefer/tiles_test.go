package roborefer

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The grids and tile counts of the specification, for both released models.
func TestShapes(t *testing.T) {
	if n := len(shapes(1, 12)); n != 35 {
		t.Errorf("%d grids of 1 to 12 tiles, want 35", n)
	}
	for _, tt := range []struct {
		w, h      int
		want      shape
		positions int // RGB, 2B
		want8     shape
	}{
		{224, 224, shape{1, 1}, 123, shape{3, 3}},
		{448, 448, shape{1, 1}, 123, shape{3, 3}},
		{512, 512, shape{1, 1}, 123, shape{3, 3}},
		{640, 360, shape{2, 1}, 369, shape{4, 3}},
		{848, 480, shape{2, 1}, 369, shape{4, 3}},
		{960, 540, shape{2, 1}, 369, shape{4, 3}},
		{640, 640, shape{2, 2}, 615, shape{3, 3}},
		{1280, 720, shape{4, 2}, 1107, shape{4, 3}},
		{1920, 1080, shape{4, 2}, 1107, shape{4, 3}},
		{1024, 1024, shape{3, 3}, 1230, shape{3, 3}},
		{320, 240, shape{4, 3}, 1599, shape{4, 3}},
		{640, 480, shape{4, 3}, 1599, shape{4, 3}},
		{4000, 3000, shape{4, 3}, 1599, shape{4, 3}},
		{700, 400, shape{2, 1}, 369, shape{4, 3}},   // midway between 3:2 and 2:1: the larger only if it would be half full
		{1400, 800, shape{4, 2}, 1107, shape{4, 3}}, //
		{1, 4096, shape{1, 12}, 1599, shape{1, 12}},
	} {
		if got := chooseShape(tt.w, tt.h, 1, 12, 448); got != tt.want {
			t.Errorf("%d×%d: %v, want %v", tt.w, tt.h, got, tt.want)
		}
		tiles := tt.want.cols * tt.want.rows
		if tiles > 1 {
			tiles++
		}
		if tiles*123 != tt.positions {
			t.Errorf("%d×%d: %d positions, want %d", tt.w, tt.h, tiles*123, tt.positions)
		}
		if got := chooseShape(tt.w, tt.h, 9, 12, 448); got != tt.want8 {
			t.Errorf("8B, %d×%d: %v, want %v", tt.w, tt.h, got, tt.want8)
		}
	}
}

// mergeScales against PyTorch's definition of adaptive average pooling, written from the whole maps.
func TestMergeScales(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, last := range []shape{{3, 3}, {4, 3}, {3, 4}, {1, 12}, {5, 2}} {
		const g, ch = 4, 3
		scales := []shape{{1, 1}, {2, 2}, last}
		n := 0
		for _, s := range scales {
			n += s.cols * s.rows
		}
		features := make([]float32, n*g*g*ch)
		for i := range features {
			features[i] = float32(r.NormFloat64())
		}
		out := mergeScales(features, g, ch, scales)
		if want := last.cols * last.rows * g * g * ch * 3; len(out) != want {
			t.Fatalf("%v: %d numbers, want %d", last, len(out), want)
		}
		at := 0
		for si, s := range scales {
			H, W := s.rows*g, s.cols*g
			whole := make([]float64, H*W*ch)
			for y := range H {
				for x := range W {
					for k := range ch {
						whole[(y*W+x)*ch+k] = float64(features[((at+y/g*s.cols+x/g)*g*g+(y%g)*g+x%g)*ch+k])
					}
				}
			}
			at += s.cols * s.rows
			OH, OW := last.rows*g, last.cols*g
			for y := range OH {
				for x := range OW {
					for k := range ch {
						y0, y1 := int(math.Floor(float64(y)*float64(H)/float64(OH))), int(math.Ceil(float64(y+1)*float64(H)/float64(OH)))
						x0, x1 := int(math.Floor(float64(x)*float64(W)/float64(OW))), int(math.Ceil(float64(x+1)*float64(W)/float64(OW)))
						sum := 0.0
						for yy := y0; yy < y1; yy++ {
							for xx := x0; xx < x1; xx++ {
								sum += whole[(yy*W+xx)*ch+k]
							}
						}
						want := sum / float64((y1-y0)*(x1-x0))
						block := y/g*last.cols + x/g
						got := out[(block*g*g+(y%g)*g+x%g)*ch*3+si*ch+k]
						if math.Abs(float64(got)-want) > 1e-6 {
							t.Fatalf("%v, scale %d, (%d, %d), channel %d: %g, want %g", last, si, x, y, k, got, want)
						}
					}
				}
			}
		}
	}
}

func TestPrompt(t *testing.T) {
	two, eight := Config{Variant: Tiles, System: "You are a helpful assistant"}, Config{Variant: DynamicS2, System: "You are a helpful assistant"}
	train := two
	train.RGBNewline = true
	for _, tt := range []struct {
		name         string
		c            *Config
		text         string
		tiles, depth int
		want         string
	}{
		{"2B RGB-D", &two, "Point.", 2, 2, "<image>\n<image>\n <depth>\n<depth>\n\nPoint."},
		{"2B RGB", &two, "Point.", 2, 0, "<image>\n<image>\nPoint."},
		{"2B RGB as in training", &train, "Point.", 1, 0, "<image>\n\nPoint."},
		{"8B RGB-D", &eight, "Point.", 14, 14, "<image> <depth>\nPoint."},
		{"8B RGB", &eight, "Point.", 14, 0, "<image>Point."},
		{"newlines go, spaces stay", &two, "\n\n Point. \n", 1, 1, "<image>\n <depth>\n\n Point."},
		{"no text", &two, "", 1, 1, "<image>\n <depth>"},
		{"no text, RGB", &two, "", 1, 0, "<image>"},
		{"placeholders in the text", &two, "  a <image> b <depth>", 1, 0, "<image>\na  b"},
	} {
		if got := tt.c.content(tt.text, tt.tiles, tt.depth); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	want := "<|im_start|>system\nYou are a helpful assistant<|im_end|>\n<|im_start|>user\n<image>\nHi<|im_end|>\n<|im_start|>assistant\n"
	if got := two.prompt("Hi", 1, 0); got != want {
		t.Errorf("prompt: %q, want %q", got, want)
	}
}
