package sim

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// On a wall the errors have the stated spread and no bias, they repeat with the seed, and pixels without depth stay so.
func TestDepthNoise(t *testing.T) {
	for _, tt := range []struct {
		noise DepthNoise
		depth float64
		want  float64 // standard deviation [m]
	}{
		{"", 1.2, 0}, {D435, 0.6, 0.00137}, {D435, 1.2, 0.00547}, {L515, 1, 0.0025}, {L515, 2, 0.004125},
	} {
		wall := func() *Frame {
			f := &Frame{Camera: NewCamera("test", 320, 240, 42, Identity()), Depth: make([]float32, 320*240)}
			for i := range f.Depth {
				f.Depth[i] = float32(tt.depth)
			}
			f.Depth[100] = 0
			tt.noise.Apply(f, rand.New(rand.NewPCG(1, 2)))
			return f
		}
		f := wall()
		if f.Depth[100] != 0 {
			t.Errorf("%q: a pixel without depth has %g m", tt.noise, f.Depth[100])
		}
		var sum, sum2, n float64
		for _, d := range f.Depth {
			if d > 0 {
				sum, sum2, n = sum+float64(d)-tt.depth, sum2+math.Pow(float64(d)-tt.depth, 2), n+1
			}
		}
		if mean := sum / n; math.Abs(mean) > 0.0003 || n < 0.99*float64(len(f.Depth)) {
			t.Errorf("%q at %g m: mean error %.5f m of %.0f pixels", tt.noise, tt.depth, mean, n)
		}
		if got := math.Sqrt(sum2 / n); math.Abs(got-tt.want) > 0.06*tt.want+1e-7 {
			t.Errorf("%q at %g m: standard deviation %.5f m, want %.5f", tt.noise, tt.depth, got, tt.want)
		}
		if !slices.Equal(f.Depth, wall().Depth) {
			t.Errorf("%q: two runs differ", tt.noise)
		}
	}
	if _, err := ParseDepthNoise("kinect"); err == nil {
		t.Error("ParseDepthNoise takes a camera that there is no model of")
	}
}

// Before a wall, a near thing hides a strip of it from the second camera: on its left, and nowhere else.
func TestStereoShadow(t *testing.T) {
	f := &Frame{Camera: NewCamera("test", 320, 240, 42, Identity()), Depth: make([]float32, 320*240)}
	for i := range f.Depth {
		f.Depth[i] = 1.5
		if x := i % 320; x >= 150 && x < 200 {
			f.Depth[i] = 1.0
		}
	}
	D435.Apply(f, rand.New(rand.NewPCG(1, 2)))
	gone := func(x int) bool { return f.Depth[120*320+x] == 0 }
	if !gone(148) || gone(130) || gone(152) || gone(195) || gone(202) {
		t.Errorf("depth is gone at 148, 130, 152, 195, 202: %v %v %v %v %v, want it at 148 only", gone(148), gone(130), gone(152), gone(195), gone(202))
	}
}
