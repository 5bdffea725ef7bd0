package robots

import (
	"math"
	"testing"

	"github.com/refarena/refarena/sim"
)

// Something and what stands on it, a cactus on its pot, is one thing if a hand of the robot could grip all of it; else what was pointed at is taken
// alone. Being able to grip more never takes less.
func TestWhole(t *testing.T) {
	c := seenFrom(t, func(x, y int) float64 { // a cone on a disc with a slanted rim, 28 px in radius
		r := math.Hypot(float64(x)-80, float64(y)-60)
		switch {
		case r < 13:
			return 0.03 + 0.003*(13-r)
		case r < 20:
			return 0.03
		}
		return max(0, 0.03-0.00375*(r-20))
	})
	const tip = 60*160 + 80
	p := c.points[tip]
	support, count, ok := c.level(p, levelRange, p[2]+2*levelBin, nil)
	if !ok || math.Abs(support) > 0.001 {
		t.Fatalf("the table is at %.4f m", support)
	}
	size := func(whole float64) (pixels int, width float64) {
		g := &GraspPlanner{Hand: &Hand{MaxWidth: 0.085}, Whole: whole, cloud: *c}
		g.isolate(cutNone, tip, p, support, count)
		return len(g.seg.pixels), g.narrowest()
	}
	all := 0
	for i := range c.points {
		if c.above(i, support) {
			all++
		}
	}
	alone, wide := size(0)
	if wide > 0.084 || alone < 200 || alone > all/3 {
		t.Errorf("a hand of 85 mm takes %d pixels of %d, %.3f m wide; want the cone alone", alone, all, wide)
	}
	last := 0
	for _, whole := range []float64{0, 0.05, 0.10, 0.13, 0.20} {
		n, _ := size(whole)
		want := alone
		if whole > 0.155 { // as wide as the disc is
			want = all
		}
		if n != want || n < last {
			t.Errorf("Whole %.2f m: %d pixels, want %d", whole, n, want)
		}
		last = n
	}
}

// What goes along with a grasp is the segment, and what is seen above or below the body that the segment is taken to be, as pens in a holder are; not
// what stands beside it, however near, nor the table, nor pixels without depth.
func TestGoesAlong(t *testing.T) {
	const (
		pot, pens, beside = 0.05, 0.14, 0.10 // heights [m]
		hole              = 55*160 + 80      // a pixel without depth
	)
	at := func(x, y int) float64 {
		switch {
		case x >= 77 && x < 81 && y >= 57 && y < 61:
			return pens
		case x >= 70 && x < 90 && y >= 50 && y < 70:
			return pot
		case x >= 104 && x < 118 && y >= 50 && y < 70: // 33 mm beside it
			return beside
		}
		return 0
	}
	c := seenFrom(t, at)
	c.points[hole] = none
	g := &GraspPlanner{Hand: &Hand{MaxWidth: 0.085}, cloud: *c}
	g.seg.mask = make([]bool, len(c.points))
	for i := range c.points {
		if h := at(i%160, i/160); h == pot && i != hole {
			g.seg.mask[i], g.seg.pixels = true, append(g.seg.pixels, int32(i))
		}
	}
	var mid sim.Vec3
	for _, i := range g.seg.pixels {
		mid = mid.Add(c.points[i].Mul(1 / float64(len(g.seg.pixels))))
	}
	g.complete(mid)
	foot := sim.Vec3{mid[0], mid[1], 0}
	tWorldEE := sim.Translation(mid[0], mid[1], 0.04).Mul(sim.Rotation(math.Pi, sim.Vec3{1, 0, 0}))
	k := &Grasp{TWorldEE: tWorldEE, foot: tWorldEE.Inv().Apply(foot), half: 0.06, body: g.body}
	along := g.goesAlong(k)
	for i, got := range along {
		x, y := i%160, i/160
		h := at(x, y)
		switch {
		case i == hole:
			if got {
				t.Error("a pixel without depth goes along")
			}
		case h == pot:
			if !got {
				t.Fatalf("(%d, %d) of the segment does not go along", x, y)
			}
		case h == pens:
			if !got {
				t.Errorf("the pens at (%d, %d) do not go along", x, y)
			}
		case got:
			t.Fatalf("(%d, %d), %.2f m high, beside the segment goes along", x, y, h)
		}
	}

	k.half = -besideMargin // nothing is around the foot: the segment alone
	for i, got := range g.goesAlong(k) {
		if got != g.seg.mask[i] {
			t.Fatalf("pixel %d: goes along = %v, of the segment: %v", i, got, g.seg.mask[i])
		}
	}
}
