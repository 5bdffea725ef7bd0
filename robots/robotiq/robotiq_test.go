package robotiq

import (
	"math"
	"testing"
)

func TestAngleInvertsWidth(t *testing.T) {
	for w := -0.006; w <= MaxWidth+1e-9; w += 0.001 {
		if got := Width(Angle(w)); math.Abs(got-w) > 1e-12 {
			t.Errorf("Width(Angle(%.4f)) = %.6f", w, got)
		}
	}
	if a := Angle(MaxWidth); math.Abs(a) > 1e-9 {
		t.Errorf("Angle(open) = %g, want 0", a)
	}
	if a := Angle(0); math.Abs(a-0.807) > 1e-3 { // where the CAD model's pads meet
		t.Errorf("Angle(closed) = %.4f, want 0.807", a)
	}
}

// By virtual work the leverage is how far a pad moves in for an angle, and the width's derivative is twice that.
func TestLeverageIsDerivative(t *testing.T) {
	const h = 1e-6
	for a := 0.0; a < 0.82; a += 0.05 {
		if want := -(Width(a+h) - Width(a-h)) / (4 * h); math.Abs(Leverage(a)-want) > 1e-9 {
			t.Errorf("Leverage(%.2f) = %.6f, want %.6f", a, Leverage(a), want)
		}
	}
	// The manual's 235 N take about 12.5 N·m on each driver.
	if tau := MaxForce * Leverage(Angle(0.04)); math.Abs(tau-12.5) > 1 {
		t.Errorf("%.1f N·m for %g N", tau, MaxForce)
	}
}

// The tips come forward by 14.5 mm while the hand closes, all but the last 0.3 mm of it before the pads meet.
func TestTipBack(t *testing.T) {
	last := math.Inf(1)
	for w := MaxWidth; w > -1e-9; w -= 0.005 {
		b := TipBack(w)
		if b > last && b > 0 || b < -0.0003 {
			t.Errorf("TipBack(%.3f) = %.5f after %.5f", w, b, last)
		}
		last = b
	}
	if open, closed := TipBack(MaxWidth), TipBack(0); math.Abs(open-0.0145) > 2e-4 || math.Abs(closed) > 1e-9 {
		t.Errorf("TipBack(open) = %.5f, TipBack(closed) = %.5f; want 0.0145 and 0", open, closed)
	}
}
