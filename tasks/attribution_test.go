package tasks

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
)

// A fault is one thing that goes wrong in an episode that is right otherwise. Its functions are nil where nothing does.
type fault struct {
	answer func(n int, right sim.NormPoint) referee.Answer // to the n-th question, from 0
	stage  func(*world)                                    // before the first question
	period func(*world)                                    // after each control period
	shot   func(w *world, shot *sim.Shot)                  // what the cameras see
}

// A world is an episode that a fault can meddle with.
type world struct {
	*Stage
	asked   int // questions
	periods int
	note    int // a fault's own
	pose    sim.Pose
	block   sim.Pose // where a fault holds the tray
}

func (w *world) at(object int) sim.Pose { return w.Scene.Data.BodyPose(w.Scene.Bodies[object]) }
func (w *world) thing(name string) int {
	for i, t := range w.Task.Things {
		if t.Name == name {
			return w.Things[i]
		}
	}
	panic("no thing " + name)
}

// put moves an object in an instant: what no robot and no suite ever does.
func (w *world) put(object int, pose sim.Pose) {
	joint, err := w.Scene.Model.JointID(w.Scene.Objects[object].Name)
	if err != nil {
		panic(err)
	}
	w.Scene.Data.SetFreePose(joint, pose)
	w.Scene.Data.Qvel()[w.Scene.Model.JointDof(joint)+2] = -1e-3 // awake
}

// spin turns an object about the vertical for a period.
func (w *world) spin(object int, rate float64) {
	joint, err := w.Scene.Model.JointID(w.Scene.Objects[object].Name)
	if err != nil {
		panic(err)
	}
	w.Scene.Data.Qvel()[w.Scene.Model.JointDof(joint)+5] = rate
}

// lifted says by how much an object is above where it stood at the beginning [m].
func (w *world) lifted(object int) float64 {
	return w.at(object).Pos[2] - w.Scene.Objects[object].TWorldObj.Pos[2]
}

// closing says whether the hand has begun to close on something: it is narrower than when it came.
func (w *world) closing() bool {
	s := w.Plant.State()
	return s.Grip > 5 && s.WidthD < -0.01
}

// aside is a place on the table where nothing else is, as far from everything as there is.
func (w *world) aside(object int) sim.Pose {
	best, at := -1.0, sim.Pose{}
	for x := 0.32; x < 0.66; x += 0.04 {
		for y := -0.32; y < 0.33; y += 0.04 {
			near := math.Inf(1)
			for i := range w.Scene.Objects {
				p := w.at(i).Pos
				near = min(near, math.Hypot(p[0]-x, p[1]-y))
			}
			if near > best {
				best, at = near, sim.Translation(x, y, w.Scene.Objects[object].Design.Lift+0.002)
			}
		}
	}
	return at
}

// A blindfold is a renderer whose pictures a fault changes.
type blindfold struct {
	sim.Renderer
	w    *world
	shot func(*world, *sim.Shot)
}

func (b *blindfold) Render(d *sim.Data, cam sim.Camera, shot *sim.Shot) error {
	err := b.Renderer.Render(d, cam, shot)
	if err == nil && b.w.Stage != nil && b.shot != nil { // not while the scene is made
		b.shot(b.w, shot)
	}
	return err
}

// A liar is the oracle, except for what a fault has it say.
type liar struct {
	referee.Control
	w      *world
	answer func(n int, right sim.NormPoint) referee.Answer
}

func (l *liar) PointKnowing(ctx context.Context, q referee.Query, truth sim.Region) (referee.Answer, error) {
	a, err := l.Control.PointKnowing(ctx, q, truth)
	if err == nil && l.answer != nil && len(a.Points) > 0 {
		a = l.answer(l.w.asked, a.Points[0])
	}
	l.w.asked++
	return a, err
}

// A can goes onto a tray: the episode that faults are put into, and that succeeds without one.
const canOnTray = `
name: t
scene: {min_objects: 4, max_objects: 4}
tasks:
  - things: [{name: tray, kind: tray}, {name: can, kind: can, color: red}, {name: twin, kind: can, color: blue}, {name: pumpkin, kind: pumpkin}]
    goals: [{move: can, to: tray}]
`

// A board lies there too, which no hand gets hold of.
const boardOnTable = `
name: t
scene: {min_objects: 4, max_objects: 4}
tasks:
  - things: [{name: tray, kind: tray}, {name: can, kind: can}, {name: board, kind: cutting board}]
    goals: [{move: can, to: tray}]
`

// Two goals, and a third thing that must not be moved.
const twoOnTray = `
name: t
scene: {min_objects: 4, max_objects: 4}
tasks:
  - things: [{name: tray, kind: tray}, {name: can, kind: can}, {name: other, kind: [apple, lemon]}, {name: box, kind: cereal box}]
    goals: [{move: other, to: tray}, {move: can, to: tray}]
    keep: [{undisturbed: [box]}]
`

const faultSeed = 3

// gone is behind the camera.
var gone = sim.Translation(2.5, 0.5, -0.5)

func playFault(t *testing.T, suite string, f fault) *Record {
	t.Helper()
	s, err := ParseSuite([]byte(suite))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{}
	records, err := Evaluate(t.Context(), Options{
		Suite: s, Referee: &liar{referee.Oracle(), w, f.answer}, Seed: faultSeed, Workers: 1, Width: 320, Height: 240,
		NewRenderer: func() (sim.Renderer, error) {
			r, err := render.New(render.Options{Device: render.Software})
			return &blindfold{r, w, f.shot}, err
		},
		watch: &ReplayOptions{
			OnStage: func(st *Stage) error {
				w.Stage = st
				if f.stage != nil {
					f.stage(w)
				}
				return st.Scene.Data.Forward()
			},
			OnPeriod: func(*Stage) error {
				w.periods++
				if f.period != nil {
					f.period(w)
				}
				return nil
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return records[0]
}

func said(reply string) func(int, sim.NormPoint) referee.Answer {
	return func(int, sim.NormPoint) referee.Answer { return referee.ReadAnswer(reply) }
}

// Each thing that can go wrong gets exactly its cause, at exactly its step.
func TestAttribution(t *testing.T) {
	for _, tt := range []struct {
		name  string
		suite string // "" means canOnTray
		fault fault
		step  string // the skill that fails
		want  string // cause
		why   string // part of the reason
	}{
		{name: "nothing"},
		{name: "unreadable answer", fault: fault{answer: said("I think it is the one on the left.")}, step: "pick", want: "refer.unparsable"},
		{name: "empty answer", fault: fault{answer: said("[]")}, step: "pick", want: "refer.empty"},
		{name: "no answer in time", fault: fault{answer: func(int, sim.NormPoint) referee.Answer {
			return referee.Answer{Problem: referee.ProblemTimeout, Reason: "30 s", Attempts: 1}
		}}, step: "pick", want: "refer.timeout"},
		{name: "wrong point", fault: fault{answer: said("[(0.02, 0.98)]")}, step: "pick", want: "refer.miss", why: "want the"},
		{name: "wrong place", fault: fault{answer: func(n int, right sim.NormPoint) referee.Answer {
			if n == 1 {
				right = sim.NormPoint{X: 0.02, Y: 0.98}
			}
			return referee.Answer{Points: []sim.NormPoint{right}, Attempts: 1}
		}}, step: "place", want: "refer.miss"},
		{name: "no depth on the object", fault: fault{shot: func(w *world, shot *sim.Shot) {
			for i, body := range shot.Seg.Bodies {
				if int(body) == w.Scene.Bodies[w.thing("can")] {
					shot.Frame.Depth[i] = 0
				}
			}
		}}, step: "pick", want: "deproject.no_depth"},
		{name: "out of reach", fault: fault{stage: func(w *world) {
			w.put(w.thing("can"), sim.Translation(0.80, 0.50, 0))
		}}, step: "pick", want: "deproject.out_of_reach"},
		{name: "too wide", suite: boardOnTable, fault: fault{stage: func(w *world) { w.Goals[0].Move = w.thing("board") }}, step: "pick", want: "grasp.none"},
		{name: "the arm is caught", fault: fault{shot: curtain}, step: "pick", want: "plan.no_path"},
		{name: "something in the way of the hand, unseen", fault: fault{period: trayBeforeTheHand}, step: "pick", want: "exec.collision"},
		{name: "taken away as the hand closes", fault: fault{period: func(w *world) {
			if can := w.thing("can"); w.closing() && w.note == 0 {
				w.note++
				w.put(can, gone)
			}
		}}, step: "pick", want: "exec.slip"},
		{name: "taken away on the way", fault: fault{period: func(w *world) {
			if can := w.thing("can"); w.lifted(can) > 0.10 && w.note == 0 {
				w.note++
				w.put(can, w.aside(can))
			}
		}}, step: "pick", want: "exec.dropped"},
		{name: "exchanged after the picture", fault: fault{period: func(w *world) {
			if w.note == 0 {
				w.note++
				can, twin := w.thing("can"), w.thing("twin")
				a, b := w.at(can), w.at(twin)
				w.put(can, b)
				w.put(twin, a)
			}
		}}, step: "pick", want: "exec.wrong_object"},
		{name: "the tray is taken away", fault: fault{period: func(w *world) {
			if w.asked == 2 && w.note == 0 {
				w.note++
				w.put(w.thing("tray"), gone)
			}
		}}, step: "place", want: "place.off_target"},
		{name: "turns and turns", fault: fault{period: func(w *world) {
			if w.released() {
				w.spin(w.thing("can"), 1)
			}
		}}, step: "place", want: "place.unstable"},
		{name: "falls over", fault: fault{period: func(w *world) {
			if can := w.thing("can"); w.released() && w.note == 0 {
				w.note++
				p := w.at(can)
				lie := sim.Rotation(math.Pi/2, sim.Vec3{1, 0, 0})
				lie.Pos = p.Pos.Add(sim.Vec3{0, 0.04, 0.036})
				w.put(can, lie)
			}
		}}, step: "place", want: "place.toppled"},
		{name: "hops each half second", fault: fault{period: func(w *world) {
			if can := w.thing("can"); w.released() {
				if w.note++; w.note%100 == 99 {
					w.put(can, w.at(can).Mul(sim.Translation(0, 0, 0.01)))
				}
			}
		}}, step: "place", want: "dwell.broken"},
		{name: "what was put down before is taken away", suite: twoOnTray, fault: fault{period: func(w *world) {
			if w.asked == 4 && w.note == 0 {
				w.note++
				other := w.thing("other")
				w.put(other, w.aside(other))
			}
		}}, step: "place", want: "disturb.other_object"},
		{name: "a neighbour is bumped", suite: twoOnTray, fault: fault{period: func(w *world) {
			if w.asked == 4 && w.note == 0 {
				w.note++
				p := w.at(w.thing("box"))
				p.Pos = p.Pos.Add(sim.Vec3{-0.02, 0, 0.001})
				w.put(w.thing("box"), p)
			}
		}}, step: "check", want: "disturb.other_object", why: "has moved by 20 mm"},
		{name: "what is to be picked up is hidden", suite: twoOnTray, fault: fault{period: func(w *world) {
			if w.asked == 2 && w.note == 0 {
				w.note++
				w.put(w.thing("can"), gone)
			}
		}}, step: "pick", want: "disturb.other_object", why: "cannot be seen any more"},
		{name: "no time", suite: "budget: {sim_seconds: 1.2}" + canOnTray, step: "pick", want: "budget.time"},
		{name: "no questions left", suite: "budget: {queries: 2, attempts: 2}" + canOnTray, fault: fault{answer: said("[(0.02, 0.98)]")}, step: "pick", want: "refer.miss"},
		{name: "no questions left for the place", suite: "budget: {queries: 2, attempts: 3}" + canOnTray, fault: fault{
			answer: func(n int, right sim.NormPoint) referee.Answer {
				if n == 0 {
					right = sim.NormPoint{X: 0.02, Y: 0.98}
				}
				return referee.Answer{Points: []sim.NormPoint{right}, Attempts: 1}
			}}, step: "place", want: "budget.queries"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			suite := tt.suite
			if suite == "" {
				suite = canOnTray
			}
			r := playFault(t, suite, tt.fault)
			if tt.want == "" {
				if r.Outcome != Success {
					t.Errorf("%s: %s%s", r.Outcome, r.Error, r.Why())
				}
				return
			}
			if r.Outcome != Failure || len(r.Steps) == 0 {
				t.Fatalf("%s (%s), want a failure", r.Outcome, r.Error)
			}
			last := r.Steps[len(r.Steps)-1]
			if last.Skill != tt.step || string(last.Cause) != tt.want || !strings.Contains(last.Reason, tt.why) {
				t.Errorf("%s: %s: %s; want %s: %s (%s)\n%s", last.Skill, last.Cause, last.Reason, tt.step, tt.want, tt.why, stepsOf(r))
			}
			for _, s := range r.Steps[:len(r.Steps)-1] {
				if s.Outcome != Success && s.Cause != CauseMiss {
					t.Errorf("an earlier step fails: %s", stepsOf(r))
				}
			}
			if e := last.Evidence; (e == nil) != (last.Skill == "check") || e != nil && e.Object == "" {
				t.Errorf("evidence %+v", e)
			}
		})
	}
}

func stepsOf(r *Record) string {
	var out []string
	for _, s := range r.Steps {
		out = append(out, fmt.Sprintf("%s %s %s (%s)", s.Skill, s.Outcome, s.Cause, s.Reason))
	}
	return strings.Join(out, "\n")
}

// released says whether the can stands on the tray with the hand open and away.
func (w *world) released() bool {
	p := w.at(w.thing("can")).Pos
	return w.asked == 2 && w.Scene.RestsOn(w.Scene.Data, w.thing("can"), w.thing("tray")) && w.hand().Pos.Sub(p).Len() > 0.2
}

// hand is where the hand is in the world.
func (w *world) hand() sim.Pose {
	return w.Plant.Base().Mul(w.Robot.Arm.Forward(w.Plant.State().Q))
}

// curtain shows something that hangs over the robot's upper arm and, for all that one sees, reaches down to the table: the arm, which is in the
// middle of it, has no way out.
func curtain(w *world, shot *sim.Shot) {
	cam := shot.Frame.Camera
	const top = 0.33
	for i := range shot.Frame.Depth {
		px := sim.Pixel{X: float64(i%cam.Width) + 0.5, Y: float64(i/cam.Width) + 0.5}
		from, dir := cam.Ray(px)
		if dir[2] >= 0 {
			continue
		}
		p := from.Add(dir.Mul((top - from[2]) / dir[2]))
		if p[0] < -0.12 || p[0] > 0.02 || p[1] < 0.08 || p[1] > 0.30 {
			continue
		}
		_, depth, _ := cam.Project(p)
		shot.Frame.Depth[i] = float32(depth)
	}
}

// trayBeforeTheHand holds the tray across the hand's way, wherever that comes from, whenever the hand is near the can, and puts the can back
// when it is not: whatever is looked at shows the can, and whatever grasp is tried meets the tray.
func trayBeforeTheHand(w *world) {
	const begin, ahead = 0.24, 0.04 // how near the hand comes, and how far before its tool frame the tray then is [m]
	can, tray := w.thing("can"), w.thing("tray")
	if w.note == 0 {
		w.note++
		w.pose = w.at(can)
	}
	switch hand := w.hand(); {
	case hand.Pos.Sub(w.pose.Pos).Len() > begin:
		if w.note == 2 {
			w.note = 1
			w.put(tray, gone)
			w.put(can, w.pose)
		}
		return
	case w.note == 1:
		w.note = 2
		w.block = hand.Mul(sim.Translation(0, 0, ahead))
		w.put(can, w.aside(can))
	}
	w.put(tray, w.block)
}
