package robots_test

import (
	"context"
	"strings"
	"testing"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/sim"
)

// By the torques of its finger joints the G1 knows whether its hand holds something, whatever it is: nothing there, held, and lost on the way.
func TestG1Feels(t *testing.T) {
	for _, tt := range []thing{
		{"box", sim.GeomBox, sim.Vec3{0.020, 0.030, 0.035}, sim.Vec3{0.40, -0.15, 0.035}, 0.2, 0.15},
		{"can", sim.GeomCylinder, sim.Vec3{0.033, 0.060, 0}, sim.Vec3{0.40, -0.15, 0.060}, 0, 0.25},
		{"pen", sim.GeomBox, sim.Vec3{0.006, 0.060, 0.006}, sim.Vec3{0.40, -0.15, 0.006}, 0.2, 0.02},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBenchOf(t, "g1", tt)
			joint, err := b.model.JointID(tt.name)
			b.must(err)
			aside := sim.Translation(0.40, 0.45, tt.at[2]) // out of every hand
			f, px := b.look(), b.at(tt.at[0], tt.at[1], tt.at[2]+tt.size[2])

			start := b.pose(tt.name)
			b.data.SetFreePose(joint, aside)
			b.must(b.data.Forward())
			r, err := b.exec.Pick(context.Background(), f, px, robots.PickOptions{Attempts: 1})
			b.must(err)
			if r.Cause != robots.Slip || !strings.Contains(r.Detail, "closed to") || r.Held != nil {
				t.Fatalf("Pick of what is not there = %v holding %v, want %s", r.Outcome, r.Held, robots.Slip)
			}
			b.safe()

			b.data.SetFreePose(joint, start)
			b.must(b.data.Forward())
			r, err = b.exec.Pick(context.Background(), f, px, robots.PickOptions{Attempts: 1})
			b.must(err)
			if !r.OK() || r.Held == nil {
				t.Fatalf("Pick = %v holding %v", r.Outcome, r.Held)
			}
			t.Logf("held by the %s hand at %.0f N", b.exec.Mode().Mode, r.Held.Force)

			b.data.SetFreePose(joint, aside)
			b.must(b.data.Forward())
			p, err := b.exec.Place(context.Background(), b.look(), b.at(0.40, 0.05, 0), r.Held, robots.PlaceOptions{})
			b.must(err)
			if p.Cause != robots.Dropped || p.Held != nil {
				t.Errorf("Place of what was lost = %v holding %v, want %s", p.Outcome, p.Held, robots.Dropped)
			}
			b.must(b.data.Step(250))
			b.safe()
		})
	}
}
