package g1

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/refarena/refarena/sim"
)

// Waist and arm together reach what random positions of all ten joints reach, inside the limits; asked twice they say the same.
func TestInverseWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	const draws = 500
	missed := 0
	var sols, again [8]Config
	for range draws {
		for _, s := range [2]Side{Left, Right} {
			want := Forward(s, randConfig(r, s))
			n := Inverse(s, want, Config{}, Options{Most: 3}, &sols)
			if n == 0 {
				missed++
			}
			for i, q := range sols[:n] {
				pos, angle := Forward(s, q).Distance(want)
				if pos > 1e-4 || angle > 1e-3 {
					t.Fatalf("%v solution %d of %v is off by %g m and %g rad", s, i, want, pos, angle)
				}
				for k, j := range Joints(s) {
					if q[k] < j.Min || q[k] > j.Max {
						t.Fatalf("%v: %s at %g, outside %g…%g", s, j.Name, q[k], j.Min, j.Max)
					}
				}
			}
			if m := Inverse(s, want, Config{}, Options{Most: 3}, &again); m != n || !slices.Equal(sols[:n], again[:m]) {
				t.Fatalf("%v: %v, then %v", s, sols[:n], again[:m])
			}
		}
	}
	if missed > 2*draws/200 {
		t.Errorf("%d of %d reachable palm poses have no solution", missed, 2*draws)
	}
	nan := sim.Identity()
	nan.Pos[0] = math.NaN()
	for _, p := range []sim.Pose{nan, sim.Translation(3, 0, 0), sim.Translation(1.1, 0.2, 0)} {
		if n := Inverse(Left, p, Config{}, Options{}, &sols); n != 0 {
			t.Errorf("Inverse(%v) = %d solutions, want none", p, n)
		}
	}
	pose := Forward(Left, Config{0.2, 0, 0.1, 0.2, 0.3, 0.1, 0.4, 0.2, -0.3, 0.2})
	if n := testing.AllocsPerRun(50, func() { Inverse(Left, pose, Config{}, Options{Most: 8}, &sols) }); n != 0 {
		t.Errorf("Inverse allocates %v times", n)
	}
}
