package scenes

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/refarena/refarena/sim"
)

func randFootprint(r *rand.Rand) Footprint {
	f := Footprint{X: r.Float64() - 0.5, Y: r.Float64() - 0.5, Yaw: 2 * math.Pi * r.Float64()}
	switch r.IntN(3) {
	case 0:
		f.Radius = 0.05 + 0.2*r.Float64()
	case 1:
		f.HalfX, f.HalfY = 0.05+0.2*r.Float64(), 0.05+0.2*r.Float64()
	default:
		f.HalfY, f.Radius = 0.3*r.Float64(), 0.02+0.1*r.Float64()
	}
	return f
}

// Gap agrees with brute force over points of both outlines.
func TestGap(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	apart := 0
	for i := range 120 {
		f, g := randFootprint(r), randFootprint(r)
		var on [2][][2]float64
		touch := false
		for k, a := range []Footprint{f, g} {
			b := []Footprint{g, f}[k]
			for j := range 200 {
				x, y := outlinePoint(a, float64(j)/200)
				if d := a.distance(x, y); math.Abs(d) > 1e-9 {
					t.Fatalf("draw %d: point of the outline is %g m from %+v", i, d, a)
				}
				on[k] = append(on[k], [2]float64{x, y})
				touch = touch || b.Contains(x, y)
			}
		}
		got := f.Gap(g)
		if got != g.Gap(f) {
			t.Fatalf("draw %d: Gap = %g one way and %g the other", i, got, g.Gap(f))
		}
		want := 0.0 // or less
		if !touch {
			want = math.Inf(1)
			for _, p := range on[0] {
				for _, q := range on[1] {
					want = min(want, math.Hypot(p[0]-q[0], p[1]-q[1]))
				}
			}
			apart++
		}
		const step = 0.01 // between two points of an outline, about
		if got > want+1e-9 || got < want-step && want > step {
			t.Fatalf("draw %d: Gap(%+v, %+v) = %g, want %g", i, f, g, got, want)
		}
	}
	if apart < 40 {
		t.Fatalf("only %d draws were apart", apart)
	}
}

// outlinePoint is the point of f's outline in the direction of the turn 0…1 from its middle, found by bisection.
func outlinePoint(f Footprint, turn float64) (x, y float64) {
	c, s := math.Cos(2*math.Pi*turn), math.Sin(2*math.Pi*turn)
	lo, hi := 0.0, f.Reach()+0.01
	for range 60 {
		if mid := (lo + hi) / 2; f.distance(f.X+c*mid, f.Y+s*mid) < 0 {
			lo = mid
		} else {
			hi = mid
		}
	}
	return f.X + c*lo, f.Y + s*lo
}

// A point lies in the inset area exactly if it is that deep inside.
func TestInset(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for i := range 2000 {
		f := randFootprint(r)
		d := 0.1 * r.Float64()
		inner, ok := f.Inset(d)
		x, y := f.X+0.3*(r.Float64()-0.5), f.Y+0.3*(r.Float64()-0.5)
		depth := -f.distance(x, y)
		got := ok && inner.Contains(x, y)
		// A rounded corner's inset is a smaller rounded corner; inside a corner of the rectangle the distance to the sides decides.
		if want := depth >= d; got != want && math.Abs(depth-d) > 1e-9 {
			t.Fatalf("draw %d: (%g, %g) is %g m inside %+v; in the inset by %g: %v, want %v", i, x, y, depth, f, d, got, want)
		}
	}
	if _, ok := circle(0.05).Inset(0.06); ok {
		t.Error("a circle of 50 mm has something left 60 mm inside")
	}
}

// At moves an outline with its object, also one that has rolled about its y axis.
func TestFootprintAt(t *testing.T) {
	f := Footprint{X: 0.1, HalfY: 0.3, Radius: 0.02}
	pose := sim.Rotation(math.Pi/2, sim.Vec3{0, 0, 1})
	pose.Pos = sim.Vec3{1, 2, 3}
	g := f.At(pose)
	if math.Hypot(g.X-1, g.Y-2.1) > 1e-12 || !g.Contains(1.29, 2.1) || g.Contains(1, 2.39) {
		t.Errorf("At = %+v, want it at (1, 2.1) with its long side along x", g)
	}
	f.X = 0
	rolled := pose.Mul(sim.Rotation(1.4, sim.Vec3{0, 1, 0}))
	if g := f.At(rolled); !g.Contains(1.29, 2) || g.Contains(1, 2.1) {
		t.Errorf("At(rolled) = %+v, want its long side along x", g)
	}
}
