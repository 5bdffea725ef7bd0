package sim

import (
	"math"
	"testing"
)

// The tone curve rises, is smooth where its two parts meet, and stays below 1; decoding undoes encoding.
func TestToneAndTransfer(t *testing.T) {
	last := -1.0
	for i := range 4001 {
		x := float64(i) / 1000
		y := Tone(x)
		if y <= last || y >= 1 || x <= 0.8 && y != x {
			t.Fatalf("Tone(%g) = %g after %g", x, y, last)
		}
		last = y
		if x <= 1 {
			if back := DecodeSRGB(EncodeSRGB(x)); math.Abs(back-x) > 2e-6 { // the two pieces of the standard meet to 1e-6
				t.Errorf("DecodeSRGB(EncodeSRGB(%g)) = %g", x, back)
			}
		}
	}
	if slope := (Tone(0.8+1e-6) - 0.8) / 1e-6; math.Abs(slope-1) > 1e-4 {
		t.Errorf("slope of Tone after 0.8 = %g, want 1", slope)
	}
}

// A step of exposure doubles the light; no white balance is neutral.
func TestGain(t *testing.T) {
	if g := (Environment{}).Gain(); g != [3]float32{1, 1, 1} {
		t.Errorf("Gain of the zero Environment = %v, want 1, 1, 1", g)
	}
	if g := (Environment{Exposure: 1, WhiteBalance: [3]float32{1, 0.5, 2}}).Gain(); g != [3]float32{2, 1, 4} {
		t.Errorf("Gain = %v, want 2, 1, 4", g)
	}
}
