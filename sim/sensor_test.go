package sim

import (
	"math"
	"math/rand/v2"
	"testing"
)

// What a sensor can't measure has no depth: too near, too far, highlights, and dark things far away.
func TestLostSurfaces(t *testing.T) {
	for _, tt := range []struct {
		name  string
		noise DepthNoise
		depth float32
		grey  byte
		lost  bool
	}{
		{"near", D435, 0.2, 128, true}, {"at hand", D435, 0.5, 128, false}, {"far", D435, 12, 128, true}, {"black", D435, 1, 3, true},
		{"highlight", D435, 1, 255, true}, {"near", L515, 0.2, 128, true}, {"grey", L515, 3, 128, false}, {"dark", L515, 3, 40, true},
		{"dark but near", L515, 0.8, 40, false}, {"highlight", L515, 1, 252, true},
	} {
		f := &Frame{Camera: NewCamera("test", 32, 32, 42, Identity()), Depth: make([]float32, 1024), RGB: make([]byte, 3*1024)}
		for i := range f.Depth {
			f.Depth[i] = tt.depth
		}
		for i := range f.RGB {
			f.RGB[i] = tt.grey
		}
		tt.noise.Apply(f, rand.New(rand.NewPCG(1, 2)))
		lost := 0
		for _, d := range f.Depth {
			if d == 0 {
				lost++
			}
		}
		if want := map[bool]int{true: 1024}[tt.lost]; lost != want {
			t.Errorf("%s, %s: %d of 1024 pixels without depth, want %d", tt.noise, tt.name, lost, want)
		}
	}
}

// Noise of colour has the stated spread; with the same numbers it repeats.
func TestApplyColor(t *testing.T) {
	picture := func(seed uint64) *Frame {
		f := &Frame{RGB: make([]byte, 30000)}
		for i := range f.RGB {
			f.RGB[i] = 188 // linear 0.503
		}
		ApplyColor(f, rand.New(rand.NewPCG(seed, 2)))
		return f
	}
	f := picture(1)
	var sum, sum2 float64
	for _, c := range f.RGB {
		x := linear[c]
		sum, sum2 = sum+x, sum2+x*x
	}
	n := float64(len(f.RGB))
	mean := sum / n
	if sd := math.Sqrt(sum2/n - mean*mean); sd < 0.011 || sd > 0.018 || math.Abs(mean-0.503) > 0.04 {
		t.Errorf("grey 0.503 becomes %.4f ± %.4f, want 0.503 ± 0.014, gamma aside", mean, sd)
	}
	if g := picture(1); string(g.RGB) != string(f.RGB) {
		t.Error("the same numbers give another picture")
	}
	if g := picture(3); string(g.RGB) == string(f.RGB) {
		t.Error("other numbers give the same picture")
	}
}
