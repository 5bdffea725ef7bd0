package dex3

import (
	"math"
	"testing"

	"github.com/refarena/refarena/sim"
)

// In each pre-shape, at every opening, the tips are where the ee frame says: on either side of its origin, that far apart, facing each other.
func TestPostures(t *testing.T) {
	for _, p := range [...]Preshape{Tripod, Pinch, Power} {
		for side := range 2 {
			ee, tol, least := p.TPalmEE(side), 1e-9, 0.0
			if p == Power {
				least = 0.045 // below, the outer links would have to bend back
			}
			if p == Pinch {
				tol = 0.006 // the thumb's tip stays behind as it turns
			}
			for w := least; w <= p.MaxWidth()+1e-9; w += 0.005 {
				var q Config
				p.Posture(side, w, &q)
				thumb, index, middle := Fingers(side, q)
				sign := 2*float64(side) - 1
				at := func(f sim.Pose, tip sim.Vec3) sim.Vec3 { return ee.Inv().Apply(f.Apply(tip)) }
				a, b := at(thumb, sim.Vec3{0, sign * tipReach, 0}), at(index, sim.Vec3{tipReach, 0, 0})
				if p != Pinch {
					b = b.Add(at(middle, sim.Vec3{tipReach, 0, 0})).Mul(0.5)
				}
				want := sim.Vec3{0, w + 2*padHalf, 0}
				if got := a.Sub(b); got.Sub(want).Len() > tol {
					t.Errorf("%v, side %d, opening %.3f: from fingers to thumb %.4f, want %.4f", p, side, w, got, want)
				}
				if back := -(a[2] + b[2]) / 2; math.Abs(back-p.TipBack(w)) > 0.0025 {
					t.Errorf("%v, side %d, opening %.3f: tips %.4f m back, TipBack = %.4f", p, side, w, back, p.TipBack(w))
				}
				if got := p.Width(side, &q); math.Abs(got-w) > 0.002 {
					t.Errorf("%v, side %d: Width(Posture(%.4f)) = %.4f", p, side, w, got)
				}
			}
			for _, w := range []float64{-0.05, 0, p.MaxWidth()} {
				var q Config
				p.Posture(side, w, &q)
				r := q
				if side == 0 {
					r = Mirrored(q)
				}
				for i := range r {
					if r[i] < Min[i] || r[i] > Max[i] {
						t.Errorf("%v, side %d, opening %.3f: %s = %g outside %g…%g", p, side, w, JointNames[i], r[i], Min[i], Max[i])
					}
				}
			}
		}
	}
}
