package tasks

import (
	"fmt"
	"strings"
	"testing"

	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/relate"
	"github.com/refarena/refarena/sim"
)

// A bench is a table with things that a test puts where it likes, and a finger that counts as the robot, on a slide above (0.45, 0).
type bench struct {
	t     *testing.T
	stage *Stage
	judge *judge
	begun []sim.Pose
}

// newBench makes things, each a colour and a design, named "0", "1", …; they stand in a row along y, 0.13 m apart, the first at y = -0.26.
func newBench(t *testing.T, things ...[2]string) *bench {
	t.Helper()
	l := scenes.Layout{}
	task := &Task{}
	st := &Stage{Task: task}
	for i, th := range things {
		d, err := scenes.Find(th[1])
		if err != nil {
			t.Fatal(err)
		}
		c, err := scenes.FindColor(th[0])
		if err != nil {
			t.Fatal(err)
		}
		l.Objects = append(l.Objects, scenes.Placed{Name: fmt.Sprintf("thing %d", i), Design: d, Color: c,
			TWorldObj: sim.Translation(0.45, -0.26+0.13*float64(i), d.Lift)})
		task.Things = append(task.Things, Thing{Name: fmt.Sprint(i)})
		st.Things = append(st.Things, i)
	}
	spec, err := l.Build()
	if err != nil {
		t.Fatal(err)
	}
	defer spec.Close()
	finger, err := sim.ParseMJCF([]byte(`<mujoco><worldbody><body name="finger" pos="0.45 0 1"><joint name="slide" type="slide" axis="0 0 1"/>
		<geom type="sphere" size="0.01" mass="0.1"/></body></worldbody><actuator><position joint="slide" kp="200" kv="20"/></actuator></mujoco>`))
	if err != nil {
		t.Fatal(err)
	}
	defer finger.Close()
	if err := spec.Attach(finger, spec.World(), sim.Identity(), robotPrefix); err != nil {
		t.Fatal(err)
	}
	m, err := spec.Compile()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	d, err := sim.NewData(m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	b := &bench{t: t, stage: st}
	st.Scene = &scenes.Scene{Layout: l, Model: m, Data: d}
	for _, o := range l.Objects {
		id, err := m.BodyID(o.Name)
		if err != nil {
			t.Fatal(err)
		}
		st.Scene.Bodies = append(st.Scene.Bodies, id)
	}
	if b.judge, err = newJudge(m, isRobot); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.judge.Close)
	return b
}

// set puts all back in the row, some of the things elsewhere, the finger to a height above the floor's level, and lets time pass.
func (b *bench) set(at map[int]sim.Pose, finger float64, steps int) {
	b.t.Helper()
	d, m := b.stage.Scene.Data, b.stage.Scene.Model
	if err := d.Reset(); err != nil {
		b.t.Fatal(err)
	}
	for i, o := range b.stage.Scene.Objects {
		joint, err := m.JointID(o.Name)
		if err != nil {
			b.t.Fatal(err)
		}
		pose := o.TWorldObj
		if p, ok := at[i]; ok {
			pose = p
			pose.Pos[2] += o.Design.Lift
		}
		d.SetFreePose(joint, pose)
	}
	slide, err := m.JointID(robotPrefix + "slide")
	if err != nil {
		b.t.Fatal(err)
	}
	d.Qpos()[m.JointQpos(slide)], d.Ctrl()[0] = finger-1, finger-1
	if err := d.Forward(); err != nil {
		b.t.Fatal(err)
	}
	if b.begun == nil {
		for _, id := range b.stage.Scene.Bodies {
			b.begun = append(b.begun, d.BodyPose(id))
		}
	}
	if err := d.Step(steps); err != nil {
		b.t.Fatal(err)
	}
	if err := b.judge.see(d); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) holds(c Condition) (bool, string) { return b.stage.holds(c, b.judge, b.begun) }

// Each condition where it holds, where it does not, in passing, and under the robot's finger.
func TestConditions(t *testing.T) {
	things := [][2]string{{"red", "block"}, {"blue", "book"}, {"green", "block"}, {"red", "can"}, {"white", "plate"}}
	const rest = 600
	at := func(x, y, z float64) sim.Pose { return sim.Translation(x, y, z) }
	onBook := map[int]sim.Pose{0: at(0.45, -0.13, 0.0305)}
	lying := sim.Rotation(1.5708, sim.Vec3{1, 0, 0})
	lying.Pos = sim.Vec3{0.45, 0.13, 0.034}
	for _, tt := range []struct {
		c    string // kind, then the things
		name string
		at   map[int]sim.Pose
		z    float64 // of the finger; 0 means far above
		n    int     // steps
		want bool
	}{
		{"on 0 1", "lies on it", onBook, 0, rest, true},
		{"on 0 1", "beside it", nil, 0, rest, false},
		{"on 0 1", "falls past the right height", map[int]sim.Pose{0: at(0.45, -0.13, 0.10)}, 0, 60, false},
		{"on 0 1", "above it for an instant, at rest", map[int]sim.Pose{0: at(0.45, -0.13, 0.032)}, 0, 0, false},
		{"on 2 1", "under the finger", map[int]sim.Pose{1: at(0.45, 0, 0), 2: at(0.45, 0, 0.0305)}, 0.083, rest, false},
		{"on 2 1", "without the finger", map[int]sim.Pose{1: at(0.45, 0, 0), 2: at(0.45, 0, 0.0305)}, 0, rest, true},
		{"supported by 0 1", "stands on it", onBook, 0, rest, true},
		{"supported by 0 1", "beside it", nil, 0, rest, false},
		{"touching 0 1", "stands on it", onBook, 0, rest, true},
		{"touching 0 1", "apart", nil, 0, rest, false},
		{"stacked 2 0 1", "three high", map[int]sim.Pose{0: at(0.45, -0.13, 0.0305), 2: at(0.45, -0.13, 0.0756)}, 0, rest, true},
		{"stacked 0 2 1", "the other way round", map[int]sim.Pose{0: at(0.45, -0.13, 0.0305), 2: at(0.45, -0.13, 0.0756)}, 0, rest, false},
		{"stacked 2 0 1", "the top still falls", map[int]sim.Pose{0: at(0.45, -0.13, 0.0305), 2: at(0.45, -0.13, 0.2)}, 0, 40, false},
		{"row 0 2 3", "in a row", nil, 0, rest, false}, // 0.26 m between the first two
		{"row 0 1 2 3", "in a row", nil, 0, rest, true},
		{"row 0 1 2 3", "one beside", map[int]sim.Pose{2: at(0.50, 0, 0)}, 0, rest, false},
		{"row 0 1 2 3", "under the finger", nil, 0.052, rest, false},
		{"sorted 0 2", "on the table", nil, 0, rest, false},
		{"sorted 0 2", "apart, on two things", map[int]sim.Pose{0: at(0.45, -0.13, 0.0305), 2: at(0.45, 0.26, 0.0065)}, 0, rest, true},
		{"sorted 0 2", "two colours together", map[int]sim.Pose{0: at(0.42, -0.13, 0.0305), 2: at(0.49, -0.13, 0.0305)}, 0, rest, false},
		{"upright 3", "stands", nil, 0, rest, true},
		{"upright 3", "lies", map[int]sim.Pose{3: lying}, 0, rest, false},
		{"at rest 3", "stands", nil, 0, rest, true},
		{"at rest 3", "falls", map[int]sim.Pose{3: at(0.45, 0.13, 0.3)}, 0, 50, false},
		{"released 2", "alone", nil, 0, rest, true},
		{"released 2", "under the finger", nil, 0.052, rest, false},
		{"undisturbed 3", "where it was", nil, 0, rest, true},
		{"undisturbed 3", "moved by 2 cm", map[int]sim.Pose{3: at(0.47, 0.13, 0)}, 0, rest, false},
		{"behind 0 3", "nearer to the viewer", map[int]sim.Pose{0: at(0.60, 0.13, 0)}, 0, rest, false},
		{"behind 0 3", "farther away", map[int]sim.Pose{0: at(0.30, 0.13, 0)}, 0, rest, true},
		{"behind 0 3", "in passing", map[int]sim.Pose{0: at(0.30, 0.13, 0.3)}, 0, 40, false},
		{"inside 0 4", "a plate has no inside", nil, 0, rest, false},
	} {
		t.Run(tt.c+": "+tt.name, func(t *testing.T) {
			b := newBench(t, things...)
			b.set(nil, 1, 0) // what was at the beginning
			z := tt.z
			if z == 0 {
				z = 1
			}
			b.set(tt.at, z, tt.n)
			kind, names := tt.c, []string{}
			for {
				i := strings.LastIndexByte(kind, ' ')
				if i < 0 || kind[i+1] < '0' || kind[i+1] > '9' {
					break
				}
				kind, names = kind[:i], append([]string{kind[i+1:]}, names...)
			}
			ok, why := b.holds(Condition{Kind: kind, Things: names})
			if ok != tt.want || ok == (why != "") {
				t.Errorf("%s = %v (%s), want %v", tt.c, ok, why, tt.want)
			}
		})
	}
}

func TestRowError(t *testing.T) {
	for _, tt := range []struct {
		name     string
		points   []relate.Vec2
		off, gap float64
	}{
		{"straight along x", []relate.Vec2{{0, 1}, {0.1, 1}, {0.3, 1}}, 0, 0.2},
		{"straight along y", []relate.Vec2{{2, 0}, {2, 0.3}, {2, 0.1}}, 0, 0.2},
		{"slanted", []relate.Vec2{{0, 0}, {0.3, 0.4}, {0.6, 0.8}}, 0, 0.5},
		{"one beside", []relate.Vec2{{0, 0}, {0.1, 0.03}, {0.2, 0}}, 0.02, 0.1},
	} {
		off, gap := rowError(tt.points)
		if diff := off - tt.off; diff > 1e-9 || diff < -1e-9 {
			t.Errorf("%s: %g m off, want %g", tt.name, off, tt.off)
		}
		if diff := gap - tt.gap; diff > 1e-9 || diff < -1e-9 {
			t.Errorf("%s: %g m apart, want %g", tt.name, gap, tt.gap)
		}
	}
}

func TestConditionsAreDefined(t *testing.T) {
	known := func(string) error { return nil }
	seen := map[string]bool{}
	for _, k := range Conditions() {
		if seen[k.Name] || k.About == "" || k.Min < 1 || k.Max < k.Min {
			t.Errorf("condition %+v", k)
		}
		seen[k.Name] = true
		c := Condition{Kind: k.Name, Things: strings.Split("abcdefgh", "")[:k.Min]}
		if r, err := relate.ParseRelation(k.Name); err == nil && conditionWays[r] != nil {
			c.Way = strings.Split(joined(conditionWays[r]), ", ")[0]
		}
		if err := c.check(known, "also"); err != nil {
			t.Errorf("%v: %v", c, err)
		}
	}
}
