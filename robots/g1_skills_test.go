package robots_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/sim"
)

// safe checks that both arms of the G1 stand still where they rest.
func (b *bench) safe() {
	b.t.Helper()
	for _, mode := range b.robot.Modes() {
		for i, j := range mode.Arm.Joints {
			id, err := b.model.JointID("robot/" + j.Name)
			b.must(err)
			q, qd := b.data.Qpos()[b.model.JointQpos(id)], b.data.Qvel()[b.model.JointDof(id)]
			if math.Abs(q-mode.Arm.Home[i]) > 0.02 || math.Abs(qd) > 0.05 {
				b.t.Errorf("%s: %s at %.3f rad, %.3f rad/s; want home, %.3f, at rest", mode.Mode, j.Name, q, qd, mode.Arm.Home[i])
			}
		}
	}
}

// What the G1 cannot do has a cause, and its arms end where they rest.
func TestG1Causes(t *testing.T) {
	wall := thing{"wall", sim.GeomBox, sim.Vec3{0.07, 0.07, 0.03}, sim.Vec3{0.42, 0.05, 0.03}, 0.3, 0}
	far := thing{"far", sim.GeomBox, sim.Vec3{0.02, 0.02, 0.02}, sim.Vec3{0.70, -0.35, 0.02}, 0, 0.1}
	heavy := thing{"heavy", sim.GeomCylinder, sim.Vec3{0.033, 0.055, 0}, sim.Vec3{0.62, -0.15, 0.055}, 0, 1.6}
	heavier := thing{"heavier", sim.GeomCylinder, sim.Vec3{0.033, 0.055, 0}, sim.Vec3{0.52, -0.10, 0.055}, 0, 3.5}
	for _, tt := range []struct {
		thing
		want  robots.Cause
		say   string
		moves bool
	}{
		{wall, robots.NoGrasp, "narrowest 0.1", false},
		{far, robots.OutOfReach, "the arm reaches", false},
		{heavy, robots.Overload, "it weighs about 1.", true},
		{heavier, robots.Overload, "it weighs about", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBenchOf(t, "g1", tt.thing)
			before := b.data.Steps()
			r, err := b.exec.Pick(context.Background(), b.look(), b.at(tt.at[0], tt.at[1], tt.at[2]+tt.size[2]), robots.PickOptions{Attempts: 1})
			b.must(err)
			if r.Cause != tt.want || !strings.Contains(r.Detail, tt.say) || r.Held != nil {
				t.Errorf("Pick = %v holding %v, want %v with %q", r.Outcome, r.Held, tt.want, tt.say)
			}
			if moved := b.data.Steps() != before; moved != tt.moves {
				t.Errorf("it moved: %v, want %v", moved, tt.moves)
			}
			b.must(b.data.Step(250))
			b.safe()
			if got := b.pose(tt.name); got.Pos.Sub(tt.at).Len() > 0.02 || got.Axis(2)[2] < 0.99 { // what could not be taken up stands where it stood
				t.Errorf("it is at %.3f, its axis points up by %.3f; want %.3f, upright", got.Pos, got.Axis(2)[2], tt.at)
			}
		})
	}
}

// A hand that holds something is not used for anything else: the other one is, and if both are busy nothing moves. Each puts down what it holds.
func TestG1BothHands(t *testing.T) {
	left := thing{"left", sim.GeomBox, sim.Vec3{0.02, 0.03, 0.035}, sim.Vec3{0.36, 0.16, 0.035}, 0.2, 0.15}
	right := thing{"right", sim.GeomBox, sim.Vec3{0.02, 0.03, 0.035}, sim.Vec3{0.36, -0.16, 0.035}, -0.2, 0.15}
	third := thing{"third", sim.GeomBox, sim.Vec3{0.02, 0.03, 0.035}, sim.Vec3{0.45, 0, 0.035}, 0, 0.15}
	b := newBenchOf(t, "g1", left, right, third)
	over := false
	b.exec.Interrupt = func() bool { return over } // of the picks
	pick := func(x thing) robots.PickResult {
		t.Helper()
		r, err := b.exec.Pick(context.Background(), b.look(), b.at(x.at[0], x.at[1], x.at[2]+x.size[2]), robots.PickOptions{})
		b.must(err)
		return r
	}
	a := pick(left)
	if !a.OK() || b.pose("left").Pos[2] < 0.1 {
		t.Fatalf("Pick of the left one = %v, it is at %.3f", a.Outcome, b.pose("left").Pos)
	}
	c := pick(right)
	if !c.OK() || b.pose("right").Pos[2] < 0.1 || b.pose("left").Pos[2] < 0.1 {
		t.Fatalf("Pick of the right one = %v, they are at %.3f and %.3f", c.Outcome, b.pose("right").Pos, b.pose("left").Pos)
	}
	if !b.exec.OtherHandHolds(a.Held) || b.exec.OtherHandHolds(c.Held) || b.exec.OtherHandHolds(nil) {
		t.Error("OtherHandHolds does not tell the left hand, which acted before, from the right one")
	}
	over = true
	before := b.data.Steps()
	if r := pick(third); r.Cause != robots.NoGrasp || !strings.Contains(r.Detail, "both hands hold") || b.data.Steps() != before {
		t.Errorf("Pick with both hands full = %v after %d steps, want %s at once", r.Outcome, b.data.Steps()-before, robots.NoGrasp)
	}
	b.exec.Interrupt = func() bool { return true } // of the next
	r, err := b.exec.Place(context.Background(), b.look(), b.at(0.40, 0.20, 0), a.Held, robots.PlaceOptions{})
	b.must(err)
	if r.Cause != robots.Interrupted || r.Held != a.Held {
		t.Errorf("Place that is interrupted = %v, holding %v; want %s, and what was held", r.Outcome, r.Held, robots.Interrupted)
	}
	b.exec.Interrupt = nil
	for _, put := range []struct {
		name string
		held *robots.Held
		at   sim.Vec3
	}{{"left", a.Held, sim.Vec3{0.40, 0.20, 0}}, {"right", c.Held, sim.Vec3{0.40, -0.20, 0}}} {
		r, err := b.exec.Place(context.Background(), b.look(), b.at(put.at[0], put.at[1], put.at[2]), put.held, robots.PlaceOptions{})
		b.must(err)
		b.must(b.data.Step(250))
		if d := b.pose(put.name).Pos.Sub(put.at); !r.OK() || math.Hypot(d[0], d[1]) > 0.02 {
			t.Errorf("Place of the %s one = %v, it is at %.3f, want %.3f", put.name, r.Outcome, b.pose(put.name).Pos, put.at)
		}
	}
	b.safe()
}

// What lies where only one hand reaches upright, and goes where only the other does, is put there by the first one, with the waist turned and bent; where that
// is not possible, it is laid down in the middle and taken up again by the other.
func TestG1FarSide(t *testing.T) {
	for _, tt := range []struct {
		name  string
		stiff bool
		hand  string // that puts it down
	}{{"turns its waist", false, "left"}, {"changes hands", true, "right"}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			can := thing{"can", sim.GeomCylinder, sim.Vec3{0.028, 0.045, 0}, sim.Vec3{0.30, 0.46, 0.045}, 0, 0.15}
			b := newBenchOf(t, "g1", can)
			if tt.stiff {
				robots.Stiffen(b.exec)
			}
			b.exec.Look = func(context.Context) (*sim.Frame, error) { return b.look(), nil }
			pick, err := b.exec.Pick(context.Background(), b.look(), b.at(can.at[0]+0.02, can.at[1], 0.09), robots.PickOptions{})
			b.must(err)
			if !pick.OK() || !strings.HasPrefix(b.exec.Mode().Mode, "left") {
				t.Fatalf("Pick = %v in mode %s, want the left hand's", pick.Outcome, b.exec.Mode().Mode)
			}
			goal := sim.Vec3{0.30, -0.46, 0}
			place, err := b.exec.Place(context.Background(), b.look(), b.at(goal[0], goal[1], goal[2]), pick.Held, robots.PlaceOptions{})
			b.must(err)
			b.must(b.data.Step(250))
			got := b.pose("can")
			if d := got.Pos.Sub(goal); !place.OK() || math.Hypot(d[0], d[1]) > 0.03 || got.Axis(2)[2] < 0.99 {
				t.Errorf("Place = %v, the can is at %.3f, want %.3f; %v", place.Outcome, got.Pos, goal, place.Phases)
			}
			if !strings.HasPrefix(b.exec.Mode().Mode, tt.hand) {
				t.Errorf("it was put down in mode %s, want the %s hand's", b.exec.Mode().Mode, tt.hand)
			}
			b.safe()
		})
	}
}
