package robots

import (
	"math"
	"testing"

	"github.com/refarena/refarena/sim"
)

// still is a plant that does nothing.
type still struct{ state State }

func (p *still) Base() sim.Pose     { return sim.Identity() }
func (p *still) State() *State      { return &p.state }
func (p *still) Step(Command) error { return nil }

// What is carried is lost when the hand has been closed on nothing, or has pressed on nothing, for a while; not by a moment of either, and where a
// motion ends in such a moment the arm waits until it is sure.
func TestHolding(t *testing.T) {
	robot, _ := Open("ur5")
	for name, gone := range map[string]State{"closed": {Width: 0.001, Grip: 80}, "loose": {Width: 0.03, Grip: 10}} {
		p := &still{State{Width: 0.03, Grip: 80}}
		e := &Executor{robot: robot, plant: p, q: robot.Arm.Home, qd: make([]float64, len(robot.Arm.Home))}
		h := e.holding(&Held{Width: 0.03, Force: 80}, Dropped)
		for k := range 5 * looseFor {
			there := p.state
			if k%looseFor != 0 {
				p.state = gone
			}
			if out, lost := h.guard(); lost {
				t.Fatalf("%s: after %d periods: %v, want no loss yet", name, k, out)
			}
			p.state = there
		}
		if out, err := h.settled(t.Context()); err != nil || !out.OK() {
			t.Errorf("%s: in the hand again: %v, %v", name, out, err)
		}
		p.state = gone
		if out, err := h.settled(t.Context()); err != nil || out.Cause != Dropped {
			t.Errorf("%s for good: %v, %v, want %v", name, out, err, Dropped)
		}
		if h.loose != looseFor {
			t.Errorf("%s: sure after %d periods, want %d", name, h.loose, looseFor)
		}
	}
}

// What is taken up is as tall as what goes along with it, and only where that is.
func TestGrow(t *testing.T) {
	bottle, beside := Capsule{sim.Vec3{0.4, 0, 0.012}, sim.Vec3{0.4, 0, 0.15}, 0.012}, Capsule{sim.Vec3{0.43, 0, 0.012}, sim.Vec3{0.43, 0, 0.15}, 0.012}
	g := &GraspPlanner{}
	g.cloud.points = []sim.Vec3{{0.4, 0.002, 0.16}, {0.401, 0.001, 0.19}, {0.399, -0.001, 0.12}, {0.5, 0, 0.3}}
	g.seg.mask = []bool{true, false, false, false}
	shared := []Capsule{bottle, beside}
	k := Grasp{body: shared, height: 0.162}
	g.grow(&k, []bool{true, true, true, false})
	if want := 0.19 - bottle.Radius; math.Abs(k.body[0].B[2]-want) > 1e-12 || k.body[1] != beside {
		t.Errorf("rods up to %.3f and %.3f, want %.3f and %.3f", k.body[0].B[2], k.body[1].B[2], want, beside.B[2])
	}
	if k.height != 0.19 {
		t.Errorf("height %.3f, want 0.190", k.height)
	}
	if shared[0] != bottle {
		t.Error("the grasp's neighbours have grown, too")
	}
}

// On a level way the hand is tilted no more than at its ends, and goes straight there if nothing is in the way, over it if something is.
func TestPlanLevel(t *testing.T) {
	robot, _ := Open("g1")
	arm := &robot.Arm
	p := NewMotionPlanner(arm, MotionOptions{LoadAccel: 2.5})
	home := arm.Forward(arm.Home)
	load := &Load{Capsules: []Capsule{{sim.Vec3{}, sim.Vec3{0, 0, 0.05}, 0.02}}}
	at := func(x, y, z, tilt float64) []float64 {
		rows := arm.Inverse(sim.Pose{Pos: sim.Vec3{x, y, z}, Rot: sim.RPY(0, tilt, 0).Mul(home.Rot)}, arm.Home, nil)
		if len(rows) == 0 {
			t.Fatalf("(%.2f, %.2f, %.2f) is not reached", x, y, z)
		}
		return rows[:len(arm.Home)]
	}
	tilt := func(q []float64) float64 { return math.Acos(min(1, -arm.Forward(q).Axis(2)[2])) }
	check := func(what string, from, to []float64) (highest float64) {
		t.Helper()
		m, _, ok := p.PlanLevel(from, [][]float64{to}, load)
		if !ok {
			t.Fatalf("%s: no way", what)
		}
		most := max(tilt(from), tilt(to)) + 0.03
		q := make([]float64, len(from))
		for k := range 201 {
			m.Sample(float64(k)/200, q)
			if is := tilt(q); is > most {
				t.Fatalf("%s: tilted by %.3f rad on the way, want at most %.3f", what, is, most)
			}
			highest = max(highest, arm.Forward(q).Pos[2])
		}
		if jointDistance(q, to) > 1e-9 {
			t.Errorf("%s: ends %g rad off", what, jointDistance(q, to))
		}
		return highest
	}
	a, b, c := at(0.40, -0.30, 0.20, 0), at(0.40, 0.02, 0.20, 0), at(0.35, -0.15, 0.30, 0.3)
	for _, w := range []struct {
		name     string
		from, to []float64
	}{{"home", arm.Home, a}, {"across", a, b}, {"tilted", a, c}, {"back", c, arm.Home}} {
		if high := check(w.name, w.from, w.to); high > max(arm.Forward(w.from).Pos[2], arm.Forward(w.to).Pos[2])+0.01 {
			t.Errorf("%s: up to %.3f m where nothing is in the way", w.name, high)
		}
	}
	wall(p, 0.3, 0.5, -0.16, -0.12, 0.19)
	if high := check("over a wall", a, b); high < 0.22 {
		t.Errorf("up to %.3f m over a wall", high)
	}
}
