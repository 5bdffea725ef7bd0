package g1

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/refarena/refarena/sim"
)

func randConfig(r *rand.Rand, s Side) Config {
	var q Config
	for i, j := range chains[s] {
		q[i] = j.Min + r.Float64()*(j.Max-j.Min)
	}
	return q
}

// tTorsoPalm is the palm in the torso: the waist does not enter.
func tTorsoPalm(s Side, q Config) sim.Pose {
	q[0], q[1], q[2] = 0, 0, 0
	return sim.Translation(0.0039635, 0, -0.044).Mul(Forward(s, q))
}

// Nearly all poses that random joint positions reach are reached again, to the tolerances and within the limits.
func TestInverseArmOfForward(t *testing.T) {
	draws := 2000
	if os.Getenv("REFARENA_LONG") != "" {
		draws = 20_000
	}
	r := rand.New(rand.NewPCG(1, 2))
	var sols [8]ArmConfig
	for _, s := range [2]Side{Left, Right} {
		solved := 0
		for range draws {
			q := randConfig(r, s)
			want := tTorsoPalm(s, q)
			n := InverseArm(s, want, ArmConfig{}, Options{}, &sols)
			if n == 0 {
				continue
			}
			solved++
			full := Config{0, 0, 0, sols[0][0], sols[0][1], sols[0][2], sols[0][3], sols[0][4], sols[0][5], sols[0][6]}
			if pos, angle := tTorsoPalm(s, full).Distance(want); pos > 1.1*PosTol || angle > 1.1*RotTol {
				t.Fatalf("%v: off by %g m, %g rad", s, pos, angle)
			}
			for i, j := range chains[s] {
				if full[i] < j.Min || full[i] > j.Max {
					t.Fatalf("%v: %s = %g outside %g…%g", s, j.Name, full[i], j.Min, j.Max)
				}
			}
		}
		if float64(solved) < 0.995*float64(draws) {
			t.Errorf("%v: %d of %d solved, want 99.5 %%", s, solved, draws)
		}
	}
}

func TestInverseArmUnreachable(t *testing.T) {
	var sols [8]ArmConfig
	nan := sim.Identity()
	nan.Pos[1] = math.NaN()
	for _, p := range []sim.Pose{sim.Translation(0.9, 0.1, 0.2), nan, sim.Translation(math.Inf(1), 0, 0)} {
		if n := InverseArm(Left, p, ArmConfig{}, Options{Most: 8}, &sols); n != 0 {
			t.Errorf("InverseArm(%v) = %d solutions, want none", p, n)
		}
	}
}

func TestInverseAllocatesNothing(t *testing.T) {
	q := Config{0, 0, 0, 0.2, 0.3, 0.1, 0.4, 0.2, -0.3, 0.2}
	pose, full := tTorsoPalm(Left, q), Forward(Left, q)
	var sols [8]ArmConfig
	if n := testing.AllocsPerRun(100, func() { InverseArm(Left, pose, ArmConfig{}, Options{Most: 8}, &sols) }); n != 0 {
		t.Errorf("InverseArm allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() {
		at := Config{}
		Track(Left, full, &at, 0)
	}); n != 0 {
		t.Errorf("Track allocates %v times", n)
	}
}

func TestJacobianIsDerivative(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const h = 1e-6
	for range 50 {
		for _, s := range [2]Side{Left, Right} {
			q := randConfig(r, s)
			at := Forward(s, q)
			var jac [DOF][6]float64
			Jacobian(s, q, at.Pos, &jac)
			for i := range q {
				lo, hi := q, q
				lo[i] -= h
				hi[i] += h
				a, b := Forward(s, lo), Forward(s, hi)
				v := b.Pos.Sub(a.Pos).Mul(0.5 / h)
				turn := b.Rot.Mul(a.Rot.Conjugate())
				if turn.W < 0 {
					turn = turn.Scale(-1)
				}
				w := turn.V.Mul(1 / h)
				for k := range 3 {
					if math.Abs(v[k]-jac[i][k]) > 1e-8 || math.Abs(w[k]-jac[i][3+k]) > 1e-8 {
						t.Fatalf("joint %d at %v: Jacobian %v, differences %v %v", i, q, jac[i], v, w)
					}
				}
			}
		}
	}
}

func TestManipulability(t *testing.T) {
	bent := Config{0, 0, 0, 0, 0.2, 0, 0.3, 0, 0, 0}
	stretched := bent
	stretched[6] = straight
	if a, b := Manipulability(Left, bent), Manipulability(Left, stretched); !(a > 3*b) {
		t.Errorf("Manipulability bent %g, stretched %g: want much less stretched", a, b)
	}
}
