package sim

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// Presets have the field of view of their data sheets, at any size; a square picture has the full height.
func TestCameraPresets(t *testing.T) {
	for _, tt := range []struct {
		name       string
		w, h       int
		horizontal float64 // [degrees]
		vertical   float64
	}{
		{"d435", 1280, 720, 69.4, 42.6}, {"d435", 960, 540, 69.4, 42.6}, {"l515", 1920, 1080, 70, 43}, {"d435", 448, 448, 42.6, 42.6},
		{"g1-head", 640, 360, 69.4, 42.6},
	} {
		p, err := FindCameraPreset(tt.name)
		if err != nil {
			t.Fatal(err)
		}
		c := p.Camera(tt.w, tt.h, Identity())
		if err := c.Validate(); err != nil {
			t.Error(err)
		}
		horizontal := 2 * math.Atan(float64(tt.w)/2/c.Fx) * 180 / math.Pi
		if math.Abs(horizontal-tt.horizontal) > 0.1 || math.Abs(c.FovyDeg()-tt.vertical) > 0.1 {
			t.Errorf("%s at %d×%d sees %.1f° × %.1f°, want %.1f° × %.1f°", tt.name, tt.w, tt.h, horizontal, c.FovyDeg(), tt.horizontal, tt.vertical)
		}
	}
	if _, err := FindCameraPreset("kinect"); err == nil || !strings.Contains(err.Error(), `no camera "kinect" (have d435, l515, ur5-wrist, g1-head)`) {
		t.Errorf("unknown preset: %v", err)
	}
	head, _ := FindCameraPreset("g1-head")
	if z := head.TBodyCam.Axis(2); math.Abs(z[0]-0.674302) > 1e-5 || math.Abs(z[2]+0.738455) > 1e-5 {
		t.Errorf("the head's camera looks along %v, want 47.6° down", z)
	}
}

// Undistorting inverts distorting, over the whole picture; without distortion nothing changes.
func TestDistortion(t *testing.T) {
	p, _ := FindCameraPreset("l515")
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		x, y := (2*r.Float64()-1)*0.70, (2*r.Float64()-1)*0.39
		xd, yd := p.Distortion.distort(x, y)
		if ux, uy := p.Distortion.undistort(xd, yd); math.Hypot(ux-x, uy-y) > 1e-5 {
			t.Fatalf("(%.3f, %.3f) comes back as (%.6f, %.6f)", x, y, ux, uy)
		}
	}
	c := p.Camera(64, 36, Identity())
	shot := &Shot{Frame: Frame{Camera: c, RGB: make([]byte, 3*64*36), Depth: make([]float32, 64*36)}, Seg: Segmentation{64, 36, make([]int32, 64*36)}}
	for i := range shot.Frame.Depth {
		shot.Frame.Depth[i], shot.Seg.Bodies[i], shot.Frame.RGB[3*i] = float32(i%64), int32(i%64), byte(i%64)
	}
	p.Distortion.Apply(shot)
	for i, d := range shot.Frame.Depth {
		if int32(d) != shot.Seg.Bodies[i] && shot.Seg.Bodies[i] >= 0 || d != float32(int(d)) {
			t.Fatalf("pixel %d: depth %g of body %d: mixed", i, d, shot.Seg.Bodies[i])
		}
	}
	if mid := 18*64 + 32; shot.Frame.Depth[mid] != 32 {
		t.Errorf("the middle moved: %g", shot.Frame.Depth[mid])
	}
}
