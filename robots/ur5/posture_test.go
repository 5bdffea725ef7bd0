package ur5

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// determinant by elimination with row exchange.
func determinant(m [DOF][DOF]float64) float64 {
	det := 1.0
	for i := range m {
		p := i
		for k := i + 1; k < DOF; k++ {
			if math.Abs(m[k][i]) > math.Abs(m[p][i]) {
				p = k
			}
		}
		if m[p][i] == 0 {
			return 0
		}
		if p != i {
			m[p], m[i] = m[i], m[p]
			det = -det
		}
		det *= m[i][i]
		for k := i + 1; k < DOF; k++ {
			f := m[k][i] / m[i][i]
			for j := i; j < DOF; j++ {
				m[k][j] -= f * m[i][j]
			}
		}
	}
	return det
}

func TestManipulabilityIsDeterminant(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	most := 0.0
	for range 1000 {
		q := randConfig(r)
		var jac [DOF][6]float64
		Jacobian(q, Forward(q).Pos, &jac)
		got, want := Manipulability(q), math.Abs(determinant(jac))
		if math.Abs(got-want) > 1e-12 {
			t.Fatalf("Manipulability(%v) = %g, the Jacobian's determinant is %g", q, got, want)
		}
		most = max(most, got)
	}
	if most > 0.15 {
		t.Errorf("manipulability %g, documented as at most 0.15", most)
	}
}

func TestSingularities(t *testing.T) {
	bend := 2 - math.Acos(-a2*math.Cos(-2)/a3) // brings wrist_1, and with it p5, over the pan axis
	for _, tt := range []struct {
		name string
		q    Config
		want []Singularity
	}{
		{"regular", Config{0.3, -1.2, 1.1, -0.7, 0.9, 0.4}, nil},
		{"stretched", Config{0.3, -1.2, 0, -0.7, 0.9, 0.4}, []Singularity{Elbow}},
		{"folded", Config{0.3, -1.2, math.Pi, -0.7, 0.9, 0.4}, []Singularity{Elbow}},
		{"wrist", Config{0.3, -1.2, 1.1, -0.7, 0, 0.4}, []Singularity{Wrist}},
		{"wrist turned over", Config{0.3, -1.2, 1.1, -0.7, math.Pi, 0.4}, []Singularity{Wrist}},
		{"upright", Config{0, -math.Pi / 2, 0, -math.Pi / 2, 0, 0}, []Singularity{Shoulder, Elbow, Wrist}},
		{"overhead", Config{0.3, -2, bend, 2 - bend, 1, 0}, []Singularity{Shoulder}},
	} {
		if got := Singularities(tt.q, 1e-6, nil); !slices.Equal(got, tt.want) {
			t.Errorf("%s: Singularities = %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestPosture(t *testing.T) {
	middle := Posture(Config{0.3, -1.2, 1.1, -0.7, 0.9, 0.4})
	limit := Posture(Config{6.2, -1.2, 1.1, -0.7, 0.9, 0.4})
	singular := Posture(Config{0.3, -1.2, 1.1, -0.7, 0, 0.4})
	if middle != 0 || limit <= 0.05 || singular < 0.09 {
		t.Errorf("Posture: %g in the middle, %g near a limit, %g singular", middle, limit, singular)
	}
	r := rand.New(rand.NewPCG(33, 34))
	for range 1000 {
		if q := randConfig(r); Posture(q) < 0 || Posture(q) > 0.7 {
			t.Errorf("Posture(%v) = %g, want 0…0.7", q, Posture(q))
		}
	}
}

// The bar: every one of 100,000 random reachable poses is solved, to 1e-9 m and rad.
func TestInverseHundredThousand(t *testing.T) {
	if os.Getenv("REFARENA_LONG") == "" {
		t.Skip("100,000 poses: set REFARENA_LONG=1 (TestInverseOfForward has 20,000)")
	}
	r := rand.New(rand.NewPCG(35, 36))
	var sols [8]Config
	worstPos, worstAngle, found := 0.0, 0.0, 0
	for draw := range 100_000 {
		want := Forward(randConfig(r))
		n := Inverse(want, 0, &sols)
		if n == 0 {
			t.Fatalf("draw %d: no solution", draw)
		}
		found += n
		for _, q := range sols[:n] {
			pos, angle := Forward(q).Distance(want)
			worstPos, worstAngle = max(worstPos, pos), max(worstAngle, angle)
		}
	}
	if worstPos > 1e-9 || worstAngle > 1e-9 {
		t.Errorf("residuals up to %g m, %g rad, want 1e-9", worstPos, worstAngle)
	}
	t.Logf("100,000 poses, %d solutions, residuals up to %.2g m, %.2g rad", found, worstPos, worstAngle)
}
