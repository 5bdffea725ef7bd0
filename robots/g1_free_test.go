package robots

import (
	"context"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/refarena/refarena/sim"
)

// standing is a G1 on a floor that holds its arms at home for so long [s]; then something pushes its trunk forward [N] for half a second, and two seconds
// are left.
func standing(t *testing.T, name string, seconds, push float64) (r *rig, trace string) {
	t.Helper()
	robot, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	r = newRigOf(t, robot, func(s *sim.Spec) {
		s.World().AddGeom(sim.Geom{Name: "floor", Type: sim.GeomPlane, Size: sim.Vec3{0, 0, 1}, Pose: sim.Translation(0, 0, -0.75), Friction: [3]float64{0.8}})
	})
	h := sha256.New()
	home := Command{Q: robot.Arm.Home, QD: make([]float64, len(robot.Arm.Home)), Hand: HandCommand{Width: robot.Hand.MaxWidth}}
	hold := func(seconds float64) {
		for range int(seconds * Rate) {
			if err := r.plant.Step(home); err != nil {
				t.Fatal(err)
			}
			r.data.Hash(h)
		}
	}
	hold(seconds)
	if push != 0 {
		trunk := r.body(t, "robot/torso_link")
		r.data.Push(trunk, sim.Vec3{push, 0, 0}, r.data.BodyPose(trunk).Apply(sim.Vec3{0, 0, 0.2}))
		hold(0.5)
		r.data.Push(trunk, sim.Vec3{}, sim.Vec3{})
		hold(2)
	}
	return r, string(h.Sum(nil))
}

// On its own feet the G1 stands while nobody touches it, and keeps its hands where they rest; a push makes it fall, the same way each time. What it is
// asked to do then is answered at once.
func TestG1Free(t *testing.T) {
	r, _ := standing(t, "g1-free", 4, 0)
	base := r.plant.Base()
	if how := r.plant.Fallen(); how != "" || base.Axis(2)[2] < 0.998 || base.Pos.Len() > 0.05 {
		t.Errorf("after 4 s its base is at %.3f, tilted by %.3f: %q", base.Pos, base.Axis(2), how)
	}
	for i, q := range r.plant.State().Q {
		if d := q - r.robot.Arm.Home[i]; d > 0.003 || d < -0.003 {
			t.Errorf("%s is %.4f rad off home", r.robot.Arm.Joints[i].Name, d)
		}
	}

	r, first := standing(t, "g1-free", 0.2, 150)
	if _, again := standing(t, "g1-free", 0.2, 150); first != again {
		t.Error("it does not fall the same way twice")
	}
	if r.plant.Fallen() == "" {
		t.Fatalf("pushed, it stands: base at %.3f, tilted by %.3f", r.plant.Base().Pos, r.plant.Base().Axis(2))
	}
	before := r.data.Steps()
	exec := NewExecutor(r.robot, r.plant)
	pick, err := exec.Pick(context.Background(), &sim.Frame{}, sim.Pixel{}, PickOptions{})
	if err != nil || pick.Cause != Fell || !strings.Contains(pick.Detail, "has fallen") || r.data.Steps() != before {
		t.Errorf("Pick of a fallen robot = %v, %v after %d steps; want %s at once", pick.Outcome, err, r.data.Steps()-before, Fell)
	}
	held := &Held{}
	place, err := exec.Place(context.Background(), &sim.Frame{}, sim.Pixel{}, held, PlaceOptions{})
	if err != nil || place.Cause != Fell || place.Held != held {
		t.Errorf("Place of a fallen robot = %v, %v holding %p; want %s, holding %p", place.Outcome, err, place.Held, Fell, held)
	}
	if out, err := exec.Home(context.Background()); err != nil || out.Cause != Fell {
		t.Errorf("Home of a fallen robot = %v, %v; want %s", out, err, Fell)
	}

	r, _ = standing(t, "g1", 0.2, 150)
	if p := r.data.BodyPose(r.body(t, "robot/pelvis")); p != tBasePelvis || r.plant.Fallen() != "" {
		t.Errorf("the pelvis that is held is at %v, want %v", p, tBasePelvis)
	}
}
