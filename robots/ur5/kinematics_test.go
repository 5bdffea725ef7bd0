package ur5

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/refarena/refarena/sim"
)

type truthPose struct {
	Pos  [3]float64 `json:"pos"`
	Quat [4]float64 `json:"quat"`
}

func (p truthPose) pose() sim.Pose {
	return sim.Pose{Pos: p.Pos, Rot: sim.Quat{W: p.Quat[0], V: sim.Vec3{p.Quat[1], p.Quat[2], p.Quat[3]}}}
}

type truthSample struct {
	Set   string    `json:"set"`
	Q     Config    `json:"q"`
	Tool0 truthPose `json:"tool0"`
}

// truthTable is 204 poses computed from the manufacturer's URDF, independently of this package.
func truthTable(t *testing.T) []truthSample {
	t.Helper()
	raw, err := os.ReadFile("../testdata/fk_ur5.json")
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Samples []truthSample `json:"samples"`
	}
	if err := json.Unmarshal(raw, &table); err != nil {
		t.Fatal(err)
	}
	if len(table.Samples) != 204 {
		t.Fatalf("%d samples, want 204", len(table.Samples))
	}
	return table.Samples
}

func TestForwardTruthTable(t *testing.T) {
	for i, s := range truthTable(t) {
		if pos, angle := Forward(s.Q).Distance(s.Tool0.pose()); pos > 1e-8 || angle > 1e-8 {
			t.Errorf("sample %d (%s): Forward(%v) is off by %g m, %g rad", i, s.Set, s.Q, pos, angle)
		}
	}
}

// Every pose of the table is reached by every solution, and the joint positions it was made from are among them.
func TestInverseTruthTable(t *testing.T) {
	for i, s := range truthTable(t) {
		var sols [8]Config
		n := Inverse(s.Tool0.pose(), s.Q[5], &sols)
		found := false
		for _, q := range sols[:n] {
			if pos, angle := Forward(q).Distance(s.Tool0.pose()); pos > 1e-8 || angle > 1e-8 {
				t.Errorf("sample %d (%s): solution %v is off by %g m, %g rad", i, s.Set, q, pos, angle)
			}
			Images(q, func(im Config) bool {
				found = found || maxDiff(im, s.Q) < 1e-6
				return !found
			})
		}
		if !found {
			t.Errorf("sample %d (%s): %v is not among %d solutions %v", i, s.Set, s.Q, n, sols[:n])
		}
	}
}

func maxDiff(a, b Config) float64 {
	d := 0.0
	for i := range a {
		d = max(d, math.Abs(a[i]-b[i]))
	}
	return d
}

func randConfig(r *rand.Rand) Config {
	var q Config
	for i := range q {
		q[i] = Min[i] + r.Float64()*(Max[i]-Min[i])
	}
	return q
}

func TestInverseOfForward(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for draw := range 20_000 {
		want := randConfig(r)
		var sols [8]Config
		n := Inverse(Forward(want), 0, &sols)
		if n == 0 || n%2 != 0 {
			t.Fatalf("draw %d: %d solutions for %v", draw, n, want)
		}
		nearest := math.Inf(1)
		for _, q := range sols[:n] {
			if pos, angle := Forward(q).Distance(Forward(want)); pos > 1e-9 || angle > 1e-9 {
				t.Fatalf("draw %d: solution %v of %v is off by %g m, %g rad", draw, q, want, pos, angle)
			}
			if im, ok := Nearest(q, want); ok {
				nearest = min(nearest, maxDiff(im, want))
			}
		}
		if nearest > 1e-6 {
			t.Fatalf("draw %d: %v is not among its own solutions (nearest %g rad)", draw, want, nearest)
		}
	}
}

// Singular poses keep their residual and are listed once.
func TestInverseSingular(t *testing.T) {
	for _, tt := range []struct {
		name string
		q    Config
		want int
	}{
		{"wrist parallel", Config{0.3, -1.2, 1.1, -0.7, 0, 0.4}, 6}, // the other shoulder is regular

		{"wrist antiparallel", Config{0.3, -1.2, 1.1, -0.7, math.Pi, 0.4}, 6},
		{"nearly parallel", Config{0.3, -1.2, 1.1, -0.7, 1e-7, 0.4}, 8},
		{"stretched and parallel", Config{}, 0},
		{"stretched", Config{0.2, -0.9, 0, 0.3, 0.8, -2}, 0},
		{"folded", Config{0.2, -0.9, math.Pi, 0.3, 0.8, -2}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var sols [8]Config
			want := Forward(tt.q)
			n := Inverse(want, tt.q[5], &sols)
			if n == 0 || tt.want != 0 && n != tt.want {
				t.Errorf("Inverse found %d solutions, want %d", n, tt.want)
			}
			own := false
			for _, q := range sols[:n] {
				if pos, angle := Forward(q).Distance(want); pos > 1e-9 || angle > 1e-7 {
					t.Errorf("solution %v is off by %g m, %g rad", q, pos, angle)
				}
				im, ok := Nearest(q, tt.q)
				own = own || ok && maxDiff(im, tt.q) < 1e-6
			}
			if !own {
				t.Errorf("%v is not among %v", tt.q, sols[:n])
			}
		})
	}
}

func TestInverseUnreachable(t *testing.T) {
	nan := sim.Identity()
	nan.Pos[1] = math.NaN()
	for _, tt := range []struct {
		name string
		pose sim.Pose
	}{
		{"too far", sim.Translation(1.2, 0, 0.3)},
		{"on the pan axis", sim.Translation(0, 0, 0.5)},
		{"NaN", nan},
		{"infinite", sim.Translation(math.Inf(1), 0, 0)},
	} {
		var sols [8]Config
		if n := Inverse(tt.pose, 0, &sols); n != 0 {
			t.Errorf("%s: Inverse = %d solutions %v, want none", tt.name, n, sols[:n])
		}
	}
}

func TestImages(t *testing.T) {
	count := 0
	Images(Config{1, 1, 1, 1, 1, 1}, func(q Config) bool {
		count++
		for i, a := range q {
			if a < Min[i] || a > Max[i] || math.Abs(math.Remainder(a-1, 2*math.Pi)) > 1e-12 {
				t.Errorf("image %v is no image of 1 inside the limits", q)
			}
		}
		return true
	})
	if count != 32 {
		t.Errorf("%d images, want 32", count)
	}
}

func TestJacobianIsDerivative(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const h = 1e-6
	for range 100 {
		q := randConfig(r)
		at := Forward(q)
		var jac [DOF][6]float64
		Jacobian(q, at.Pos, &jac)
		for i := range q {
			lo, hi := q, q
			lo[i] -= h
			hi[i] += h
			a, b := Forward(lo), Forward(hi)
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

func TestInverseAllocatesNothing(t *testing.T) {
	pose := Forward(Config{0.1, -1.3, 1.7, -1.9, -1.5, 0.4})
	var sols [8]Config
	if n := testing.AllocsPerRun(100, func() { Inverse(pose, 0, &sols) }); n != 0 {
		t.Errorf("Inverse allocates %v times", n)
	}
}

func BenchmarkInverse(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 6))
	var poses [256]sim.Pose
	for i := range poses {
		poses[i] = Forward(randConfig(r))
	}
	var sols [8]Config
	i := 0
	for b.Loop() {
		Inverse(poses[i&255], 0, &sols)
		i++
	}
}
