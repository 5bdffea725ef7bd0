package tasks

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/relate"
	"github.com/refarena/refarena/sim"
)

// A bench is a table with things that a test puts where it likes, and a finger that counts as the robot, on slides, above (0.45, 0).
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
		<joint name="slide x" type="slide" axis="1 0 0"/><joint name="slide y" type="slide" axis="0 1 0"/><geom type="sphere" size="0.01" mass="0.1"/></body></worldbody>
		<actuator><position joint="slide" kp="200" kv="20"/><position joint="slide x" kp="200" kv="20"/><position joint="slide y" kp="200" kv="20"/></actuator></mujoco>`))
	if err != nil {
		t.Fatal(err)
	}
	defer finger.Close()
	if err := spec.Attach(finger, spec.World(), sim.Identity(), RobotPrefix); err != nil {
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
	slide, err := m.JointID(RobotPrefix + "slide")
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

// touch sets the finger on an object, wherever it can be touched from above, and looks.
func (b *bench) touch(object int) {
	b.t.Helper()
	const radius, press = 0.01, 0.0005 // [m]
	d, m := b.stage.Scene.Data, b.stage.Scene.Model
	at := d.BodyPose(b.stage.Scene.Bodies[object]).Pos
	for k := range 400 { // a spiral from its middle
		sin, cos := math.Sincos(0.5 * float64(k))
		from := sim.Vec3{at[0] + 0.0004*float64(k)*cos, at[1] + 0.0004*float64(k)*sin, 0.8}
		down, geom, ok := d.Ray(from, sim.Vec3{0, 0, -1}, false)
		if !ok || m.BodyRoot(m.GeomBody(geom)) != b.stage.Scene.Bodies[object] {
			continue
		}
		for i, name := range []string{"slide", "slide x", "slide y"} {
			joint, err := m.JointID(RobotPrefix + name)
			if err != nil {
				b.t.Fatal(err)
			}
			q := []float64{from[2] - down + radius - press - 1, from[0] - 0.45, from[1]}[i]
			d.Qpos()[m.JointQpos(joint)], d.Ctrl()[i] = q, q
		}
		if err := d.Forward(); err != nil {
			b.t.Fatal(err)
		}
		if err := b.judge.see(d); err != nil {
			b.t.Fatal(err)
		}
		if b.judge.touching(b.stage.Scene.Bodies[object]) {
			return
		}
	}
	b.t.Fatalf("no way to touch %s", b.stage.Scene.Objects[object].Name)
}

// pass lets an object go through its place: where it is, but moving.
func (b *bench) pass(object int) {
	b.t.Helper()
	d, m := b.stage.Scene.Data, b.stage.Scene.Model
	joint, err := m.JointID(m.BodyName(b.stage.Scene.Bodies[object]))
	if err != nil {
		b.t.Fatal(err)
	}
	d.Qvel()[m.JointDof(joint)+2] = 10 * restSpeed
	if err := d.Forward(); err != nil {
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

// An arrangement is things on the bench, the first of which a condition is about.
type arrangement struct {
	things  string           // designs, or colour and design, with commas
	at      map[int]sim.Pose // nil: in the bench's row
	falling bool             // a moment after it was let go
	finger  bool             // on the first
}

// all36 has for each condition where it holds and where it does not.
var all36 = map[string]struct {
	things  int // that it is about
	way     string
	yes, no arrangement
}{
	"on":           {2, "", arrangement{"block, book", stand(0.45, 0, 0.0305, 0.45, 0, 0), false, false}, arrangement{"block, book", nil, false, false}},
	"supported by": {2, "", arrangement{"block, book", stand(0.45, 0, 0.0305, 0.45, 0, 0), false, false}, arrangement{"block, book", nil, false, false}},
	"touching":     {2, "", arrangement{"block, book", stand(0.45, 0, 0.0305, 0.45, 0, 0), false, false}, arrangement{"block, book", nil, false, false}},
	"stacked": {3, "", arrangement{"red block, blue block, book", stand(0.45, 0, 0.0756, 0.45, 0, 0.0305, 0.45, 0, 0), false, false},
		arrangement{"red block, blue block, book", stand(0.45, 0, 0.0305, 0.45, 0, 0.0756, 0.45, 0, 0), false, false}},
	"row": {3, "", arrangement{"red block, blue block, can", nil, false, false}, arrangement{"red block, blue block, can", map[int]sim.Pose{1: sim.Translation(0.52, -0.13, 0)}, false, false}},
	"sorted": {2, "", arrangement{"red block, blue block, book, plate", stand(0.35, 0, 0.0305, 0.35, 0.25, 0.0065, 0.35, 0, 0, 0.35, 0.25, 0), false, false},
		arrangement{"red block, blue block, book, plate", stand(0.32, 0, 0.0305, 0.38, 0, 0.0305, 0.35, 0, 0, 0.35, 0.25, 0), false, false}},
	"upright":     {1, "", arrangement{"can", nil, false, false}, arrangement{"can", lying, false, false}},
	"at rest":     {1, "", arrangement{"can", nil, false, false}, arrangement{"can", stand(0.45, 0, 0.3), true, false}},
	"released":    {1, "", arrangement{"can", nil, false, false}, arrangement{"can", nil, false, true}},
	"undisturbed": {1, "", arrangement{"can", nil, false, false}, arrangement{"can", stand(0.47, -0.26, 0), false, false}},

	// The viewer sits at large x and looks along -x: y is to the right.
	"above (image)":     {2, "", arrangement{"block, can", stand(0.25, 0, 0, 0.6, 0, 0), false, false}, arrangement{"block, can", stand(0.6, 0, 0, 0.25, 0, 0), false, false}},
	"below (image)":     {2, "", arrangement{"block, can", stand(0.6, 0, 0, 0.25, 0, 0), false, false}, arrangement{"block, can", stand(0.25, 0, 0, 0.6, 0, 0), false, false}},
	"left":              {2, "", arrangement{"block, can", stand(0.45, -0.2, 0, 0.45, 0, 0), false, false}, arrangement{"block, can", stand(0.45, 0.2, 0, 0.45, 0, 0), false, false}},
	"right":             {2, "", arrangement{"block, can", stand(0.45, 0.2, 0, 0.45, 0, 0), false, false}, arrangement{"block, can", stand(0.45, -0.2, 0, 0.45, 0, 0), false, false}},
	"front":             {2, "", arrangement{"block, can", stand(0.6, 0, 0, 0.4, 0, 0), false, false}, arrangement{"block, can", stand(0.3, 0, 0, 0.5, 0, 0), false, false}},
	"behind":            {2, "", arrangement{"block, can", stand(0.3, 0, 0, 0.5, 0, 0), false, false}, arrangement{"block, can", stand(0.6, 0, 0, 0.4, 0, 0), false, false}},
	"tall":              {2, "", arrangement{"wine bottle, block", nil, false, false}, arrangement{"block, wine bottle", nil, false, false}},
	"short":             {2, "", arrangement{"block, wine bottle", nil, false, false}, arrangement{"wine bottle, block", nil, false, false}},
	"big":               {2, "", arrangement{"cereal box, die", nil, false, false}, arrangement{"die, cereal box", nil, false, false}},
	"small":             {2, "", arrangement{"die, cereal box", nil, false, false}, arrangement{"cereal box, die", nil, false, false}},
	"wide":              {2, "", arrangement{"plate, die", nil, false, false}, arrangement{"die, plate", nil, false, false}},
	"thin":              {2, "", arrangement{"die, plate", nil, false, false}, arrangement{"plate, die", nil, false, false}},
	"above":             {2, "", arrangement{"block, book", stand(0.45, 0, 0.0305, 0.45, 0, 0), false, false}, arrangement{"block, book", nil, false, false}},
	"below":             {2, "", arrangement{"book, block", stand(0.45, 0, 0, 0.45, 0, 0.0305), false, false}, arrangement{"book, block", nil, false, false}},
	"between":           {3, "", arrangement{"block, can, mug", stand(0.45, 0, 0, 0.45, -0.2, 0, 0.45, 0.2, 0), false, false}, arrangement{"block, can, mug", stand(0.45, 0.4, 0, 0.45, -0.2, 0, 0.45, 0.2, 0), false, false}},
	"face":              {2, "", arrangement{"block, toy car", stand(0.65, 0, 0, 0.45, 0, 0), false, false}, arrangement{"block, toy car", stand(0.25, 0, 0, 0.45, 0, 0), false, false}},
	"back":              {2, "", arrangement{"block, toy car", stand(0.25, 0, 0, 0.45, 0, 0), false, false}, arrangement{"block, toy car", stand(0.65, 0, 0, 0.45, 0, 0), false, false}},
	"edge":              {1, "near", arrangement{"block", stand(0.90, 0, 0), false, false}, arrangement{"block", stand(0.5, 0, 0), false, false}},
	"corner":            {1, "near left", arrangement{"block", stand(0.90, -0.60, 0), false, false}, arrangement{"block", stand(0.90, 0.60, 0), false, false}},
	"inside":            {2, "", arrangement{"block, basket", stand(0.45, 0, 0.0061, 0.45, 0, 0), false, false}, arrangement{"block, basket", stand(0.45, -0.3, 0, 0.45, 0, 0), false, false}},
	"outside":           {2, "", arrangement{"block, basket", stand(0.45, -0.3, 0, 0.45, 0, 0), false, false}, arrangement{"block, basket", stand(0.45, 0, 0.0061, 0.45, 0, 0), false, false}},
	"touch":             {2, "", arrangement{"red block, blue block", stand(0.45, 0, 0, 0.45, 0.0452, 0), false, false}, arrangement{"red block, blue block", nil, false, false}},
	"far from":          {2, "", arrangement{"block, can", stand(0.45, -0.3, 0, 0.45, 0.2, 0), false, false}, arrangement{"block, can", nil, false, false}},
	"vertical rotate":   {1, "standing", arrangement{"can", nil, false, false}, arrangement{"can", lying, false, false}},
	"horizontal rotate": {1, "left", arrangement{"toy car", turned(-math.Pi/2, 0.45, 0), false, false}, arrangement{"toy car", turned(math.Pi/2, 0.45, 0), false, false}},
	"angle":             {2, "parallel", arrangement{"red book, blue book", stand(0.4, -0.2, 0, 0.4, 0.2, 0), false, false}, arrangement{"red book, blue book", turned(math.Pi/2, 0.4, -0.2), false, false}},
}

// stand is where the things stand: x, y and z of each.
func stand(xyz ...float64) map[int]sim.Pose {
	out := map[int]sim.Pose{}
	for i := range len(xyz) / 3 {
		out[i] = sim.Translation(xyz[3*i], xyz[3*i+1], xyz[3*i+2])
	}
	return out
}

// turned stands the first thing at x, y, turned about the vertical by yaw [rad].
func turned(yaw, x, y float64) map[int]sim.Pose {
	pose := sim.Rotation(yaw, sim.Vec3{0, 0, 1})
	pose.Pos = sim.Vec3{x, y, 0}
	return map[int]sim.Pose{0: pose}
}

var lying = func() map[int]sim.Pose {
	pose := sim.Rotation(math.Pi/2, sim.Vec3{1, 0, 0})
	pose.Pos = sim.Vec3{0.45, 0, 0.034}
	return map[int]sim.Pose{0: pose}
}()

func (a arrangement) bench(t *testing.T) *bench {
	var things [][2]string
	for _, name := range strings.Split(a.things, ", ") {
		color, design, ok := strings.Cut(name, " ")
		if _, err := scenes.FindColor(color); !ok || err != nil {
			d, err := scenes.Find(name)
			if err != nil {
				t.Fatal(err)
			}
			color, design = d.Colors[0], name
		}
		things = append(things, [2]string{color, design})
	}
	b := newBench(t, things...)
	b.set(nil, 1, 0) // how it was at the beginning
	steps := 700
	if a.falling {
		steps = 50
	}
	b.set(a.at, 1, steps)
	if a.finger {
		b.touch(0)
	}
	return b
}

// Every condition holds and does not hold where it should, and holds neither of what passes by nor of what the robot touches; a task for
// which it holds at the beginning already is refused. A condition without a row fails.
func TestEveryConditionInEveryAspect(t *testing.T) {
	n := 0
	for _, k := range Conditions() {
		if k.Also {
			continue // open6dor's: they decide nothing
		}
		n++
		row, ok := all36[k.Name]
		if !ok {
			t.Errorf("condition %q has no row", k.Name)
			continue
		}
		c := Condition{Kind: k.Name, Way: row.way}
		for i := range row.things {
			c.Things = append(c.Things, fmt.Sprint(i))
		}
		holds := func(t *testing.T, b *bench, want bool) {
			t.Helper()
			if ok, why := b.holds(c); ok != want || ok == (why != "") {
				t.Errorf("%v = %v (%s), want %v", c, ok, why, want)
			}
		}
		for _, aspect := range []struct {
			name string
			look func(*testing.T)
		}{
			{"true", func(t *testing.T) { holds(t, row.yes.bench(t), true) }},
			{"false", func(t *testing.T) { holds(t, row.no.bench(t), false) }},
			{"transient", func(t *testing.T) {
				b := row.yes.bench(t)
				b.pass(0)
				holds(t, b, false)
			}},
			{"in the hand", func(t *testing.T) {
				b := row.yes.bench(t)
				b.touch(0)
				holds(t, b, false)
			}},
			{"already true", func(t *testing.T) {
				if k.Keeps { // it cannot be asked for at the end, and is wanted at the beginning
					if err := c.check(func(string) error { return nil }, "finally"); err == nil {
						t.Errorf("%v under finally is accepted", c)
					}
					if k.Name == "undisturbed" { // at the beginning everything is
						return
					}
					b := row.no.bench(t)
					b.stage.Task.Keep = []Condition{c}
					if ok, err := b.stage.premise(); err != nil || ok {
						t.Errorf("premise of a task that keeps %v, which does not hold: %v, %v", c, ok, err)
					}
					return
				}
				for _, holds := range []bool{true, false} {
					a := row.no
					if holds {
						a = row.yes
					}
					b := a.bench(t)
					b.stage.Task.Finally = []Condition{c}
					if ok, err := b.stage.premise(); err != nil || ok == holds {
						t.Errorf("premise of a task that wants %v, with the condition %v at the beginning: %v, %v", c, holds, ok, err)
					}
				}
			}},
		} {
			t.Run(k.Name+"/"+aspect.name, aspect.look)
		}
	}
	if n != len(all36) || n != 36 {
		t.Errorf("%d conditions and %d rows, want 36 of each", n, len(all36))
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
