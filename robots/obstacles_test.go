package robots

import (
	"math"
	"testing"

	"github.com/refarena/refarena/sim"
)

// seenFrom is what a camera 0.6 m above a level table sees, 160 × 120 pixels of about 3 mm, where each shows something so high [m].
func seenFrom(t *testing.T, high func(x, y int) float64) *cloud {
	t.Helper()
	const w, h, up = 160, 120, 0.6
	cam := sim.Camera{Width: w, Height: h, Fx: 200, Fy: 200, Cx: w / 2, Cy: h / 2, TWorldCam: sim.LookAt(sim.Vec3{0.4, 0, up}, sim.Vec3{0.401, 0, 0})}
	f := &sim.Frame{Camera: cam, Depth: make([]float32, w*h)}
	for y := range h {
		for x := range w {
			eye, ray := cam.Ray(sim.Pixel{X: float64(x) + 0.5, Y: float64(y) + 0.5})
			f.Depth[y*w+x] = float32((high(x, y) - eye[2]) / ray[2] * ray.Dot(cam.TWorldCam.Axis(2)))
		}
	}
	c := &cloud{}
	if !c.set(f) {
		t.Fatal("no cloud")
	}
	return c
}

// flatTable is a table seen from above that has a wall of 0.1 m along the picture's right edge, if wall is set.
func flatTable(t *testing.T, wall bool) *cloud {
	t.Helper()
	return seenFrom(t, func(x, _ int) float64 {
		if wall && x >= 160-8 {
			return 0.1
		}
		return 0
	})
}

// What the picture shows is as it is seen. Beside the picture something may stand, the taller the farther away, up to a limit and to the ceiling; with
// care ways keep clear of it, without they do not, and a robot on the table never does.
func TestUnseen(t *testing.T) {
	base := sim.Pose{Rot: sim.Quat{W: 1}}
	c := flatTable(t, false)
	o := &obstacles{beside: true, ceiling: 0.12}
	o.set(c, base, nil)
	seen := sim.Vec3{0.4, 0, 0}
	const edge = 0.6 * 80 / 200 // of the picture, to either side along y or x
	last := 0.0
	for _, d := range []float64{0.02, 0.04, 0.06, 0.10, 0.20} {
		p := sim.Vec3{0.4, edge + d, 0}
		if px, _, ok := c.cam.Project(p); ok {
			if _, ok := px.Index(c.w, c.h); ok {
				p = sim.Vec3{0.4 + edge + d, 0, 0} // the picture is wider along y
			}
		}
		if got := o.height(p[0], p[1], 0); got > 0.001 {
			t.Errorf("%.2f m beside the picture, without care: %.3f m high, want nothing", d, got)
		}
		if !o.beCareful(true) {
			t.Fatal("nothing is unseen")
		}
		got := o.height(p[0], p[1], 0)
		if got < last-1e-6 || got > 0.12+1e-6 || math.Abs(got-min(unseenMost, unseenRise*d, 0.12)) > unseenRise*3*cell {
			t.Errorf("%.2f m beside the picture, with care: %.3f m high, after %.3f", d, got, last)
		}
		last = got
		if got := o.height(seen[0], seen[1], 0); got > 0.001 {
			t.Errorf("in the picture, with care: %.3f m high, want what is seen", got)
		}
		o.beCareful(false)
	}

	wall := &obstacles{beside: true, ceiling: 0.5}
	wall.set(flatTable(t, true), base, nil)
	wall.beCareful(true)
	if wall.tallest < 0.1+unseenMore-0.01 {
		t.Errorf("what the picture's edge cuts at 0.1 m goes on up to %.3f m, want %.3f", wall.tallest, 0.1+unseenMore)
	}

	arm := &obstacles{}
	arm.set(c, base, nil)
	if arm.beCareful(true) {
		t.Error("a robot that stands on the table takes something to be where nobody saw")
	}
}

// What the picture's edge cuts goes on beyond it, as high as it is seen there, and not farther than goesOn.
func TestGoOn(t *testing.T) {
	g := &GraspPlanner{cloud: *flatTable(t, true)}
	c := &g.cloud
	for y := 20; y < 100; y++ {
		for x := c.w - 8; x < c.w; x++ {
			g.seg.pixels = append(g.seg.pixels, int32(y*c.w+x))
		}
	}
	g.goOn(c.cam.TWorldCam.Pos)
	if len(g.hidden) == 0 || len(g.hidden) != len(g.turned) {
		t.Fatalf("%d points beyond the edge, %d normals", len(g.hidden), len(g.turned))
	}
	far := 0.0
	for _, p := range g.hidden {
		px, _, ok := c.cam.Project(p)
		if _, in := px.Index(c.w, c.h); !ok || in || math.Abs(p[2]-0.1) > 0.002 {
			t.Fatalf("%v is at %v in the picture", p, px)
		}
		out := math.Inf(1)
		for _, i := range g.seg.pixels {
			out = min(out, p.Sub(c.points[i]).Len())
		}
		far = max(far, out)
	}
	if far < goesOn-2*goesOnStep || far > goesOn+1e-9 {
		t.Errorf("it goes on for %.3f m, want %.3f", far, goesOn)
	}
	n := len(g.hidden)
	g.seg.pixels = g.seg.pixels[:0]
	for y := 20; y < 100; y++ { // nothing at the edge
		g.seg.pixels = append(g.seg.pixels, int32(y*c.w+c.w/2))
	}
	if g.goOn(c.cam.TWorldCam.Pos); len(g.hidden) != n {
		t.Error("what the picture shows whole goes on")
	}
}
