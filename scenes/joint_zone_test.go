package scenes

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/refarena/refarena/sim"
)

// A hinge of the G1's chain from the pelvis to the left palm: origin in its parent, fixed rotation about x, axis, range [rad]. The numbers are
// those of the manufacturer's URDF (g1_29dof_with_hand_rev_1_0).
type hinge struct {
	xyz      sim.Vec3
	roll     float64
	axis     int // 0 x, 1 y, 2 z
	low, upp float64
}

var g1Left = []hinge{
	{sim.Vec3{}, 0, 2, -2.618, 2.618},
	{sim.Vec3{-0.0039635, 0, 0.044}, 0, 0, -0.52, 0.52},
	{sim.Vec3{}, 0, 1, -0.52, 0.52},
	{sim.Vec3{0.0039563, 0.10022, 0.24778}, 0.27931, 1, -3.0892, 2.6704},
	{sim.Vec3{0, 0.038, -0.013831}, -0.27925, 0, -1.5882, 2.2515},
	{sim.Vec3{0, 0.00624, -0.1032}, 0, 2, -2.618, 2.618},
	{sim.Vec3{0.015783, 0, -0.080518}, 0, 1, -1.0472, 2.0944},
	{sim.Vec3{0.1, 0.00188791, -0.01}, 0, 0, -1.972, 1.972},
	{sim.Vec3{0.038, 0, 0}, 0, 1, -1.614, 1.614},
	{sim.Vec3{0.046, 0, 0}, 0, 2, -1.614, 1.614},
}

// g1Palm is the left palm's frame in the world, of a G1 whose pelvis is at that place.
func g1Palm(pelvis sim.Vec3, q []float64) sim.Pose {
	t := sim.Identity()
	t.Pos = pelvis
	unit := [3]sim.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
	for i, h := range g1Left {
		t = t.Mul(sim.Translation(h.xyz[0], h.xyz[1], h.xyz[2])).Mul(sim.Rotation(h.roll, unit[0])).Mul(sim.Rotation(q[i], unit[h.axis]))
	}
	return t.Mul(sim.Translation(0.0415, 0.003, 0))
}

// In all of JointZone, on tables of all heights, a G1 that stands behind the table brings its hand to what is there: the place between its finger
// tips, 120 mm from the palm, is 30 mm above the table top, and the fingers point down to within 60° of straight.
func TestG1ReachesJointZone(t *testing.T) {
	pelvis := sim.Vec3{0.05, 0, 0.793 + FloorZ}
	draw := rand.New(rand.NewPCG(1, 2))
	miss := func(q []float64, at sim.Vec3) (float64, []float64) {
		palm := g1Palm(pelvis, q)
		tip := palm.Apply(sim.Vec3{0.12, 0, 0})
		e := tip.Sub(at)
		down := 0.1 * max(0, palm.Axis(0)[2]+math.Cos(60*math.Pi/180))
		low := max(0, at[2]+0.03-palm.Pos[2]) // the palm is well above the table
		out := []float64{e[0], e[1], e[2], down, low}
		var sum float64
		for _, x := range out {
			sum += x * x
		}
		return math.Sqrt(sum), out
	}
	n := len(g1Left)
	reach := func(at sim.Vec3) float64 {
		best := math.Inf(1)
		for range 40 {
			q := make([]float64, n)
			for i, h := range g1Left {
				q[i] = h.low + (h.upp-h.low)*draw.Float64()
			}
			q[0] *= 0.3
			d, _ := miss(q, at)
			lambda := 1e-3
			for range 60 { // damped Gauss–Newton with the diagonal of JᵀJ
				_, e := miss(q, at)
				g := make([]float64, n)
				jj := make([]float64, n)
				for i := range q {
					const h = 1e-5
					old := q[i]
					q[i] += h
					_, f := miss(q, at)
					q[i] = old
					for k := range e {
						dk := (f[k] - e[k]) / h
						g[i] += dk * e[k]
						jj[i] += dk * dk
					}
				}
				next := make([]float64, n)
				for i := range q {
					next[i] = min(max(q[i]-g[i]/(float64(n)*jj[i]+lambda), g1Left[i].low), g1Left[i].upp)
				}
				if dn, _ := miss(next, at); dn < d {
					q, d, lambda = next, dn, lambda/2
				} else {
					lambda = lambda*4 + 1e-4
				}
			}
			if best = min(best, d); best < 0.002 {
				break
			}
		}
		return best
	}
	for _, top := range []float64{-0.05, 0, 0.05} {
		for x := JointZone.MinX; x <= JointZone.MaxX+1e-9; x += 0.055 {
			for y := 0.0; y <= JointZone.MaxY+1e-9; y += 0.075 {
				at := sim.Vec3{x, y, top + 0.03}
				if d := reach(at); d > 0.005 {
					t.Errorf("(%.3f, %.3f) on a top at %g m: the hand misses it by %.0f mm", x, y, top, 1000*d)
				}
			}
		}
	}
}
