package view

import (
	"cmp"
	"errors"
	"fmt"
	"image/png"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/tasks"
)

// An Order is something that a Viewer can be told: by a key, a button, a browser or a line of a script.
type Order struct {
	Name, Args, Key string
	About           string
	do              func(v *Viewer, args []string, rest string) error
}

var errQuit = errors.New("quit")

// orders are all there are, in the order in which help lists them. Places in pictures are 0…1 from the top left corner.
var orders []Order

func init() { // not where it is declared: help refers to the list
	orders = []Order{
		{"toggle", "", "Space", "play or pause", func(v *Viewer, a []string, _ string) error {
			v.playing = !v.playing
			v.hold()
			if _, head, ended := v.session.Span(); v.playing && ended && v.at >= float64(head) {
				v.at = float64(v.still.first)
			}
			return nil
		}},
		{"play", "", "", "let time pass", func(v *Viewer, a []string, _ string) error { v.playing = true; return nil }},
		{"pause", "", "", "let time stand still", func(v *Viewer, a []string, _ string) error { v.playing = false; v.hold(); return nil }},
		{"step", "[N]", ". ,", "N physics steps (2 ms) on, or back if negative", func(v *Viewer, a []string, _ string) error { return v.stepBy(a, 1) }},
		{"period", "[N]", "→ ←", "N control periods (8 ms) on, or back", func(v *Viewer, a []string, _ string) error { return v.stepBy(a, 4) }},
		{"seek", "SECONDS|+S|-S|start|end|step N", "Home End Shift+→", "to a time, by so many seconds, or to a step of the episode", (*Viewer).seek},
		{"speed", "X", "[ ]", "0.1 to 16 times real time", func(v *Viewer, a []string, _ string) error {
			x, err := number(a, 0)
			if err != nil || !(x >= 0.1 && x <= 16) {
				return fmt.Errorf("speed %s (want 0.1 to 16)", strings.Join(a, " "))
			}
			v.speed = x
			return nil
		}},
		{"run", "", "e", "simulate to the end of the episode, as fast as it goes", func(v *Viewer, a []string, _ string) error {
			v.ahead = true
			v.session.RunOn()
			return nil
		}},
		{"point", "X Y", "click", "answer the question; or branch: answer it otherwise", func(v *Viewer, a []string, _ string) error {
			p, err := place(a)
			if err != nil {
				return err
			}
			return v.point(p)
		}},
		{"touch", "X Y", "double click", "the same, a place in the 3D view", func(v *Viewer, a []string, _ string) error {
			p, err := place(a)
			if err != nil {
				return err
			}
			q, err := v.pictures.through(v.latest(), p)
			if err != nil {
				return err
			}
			return v.point(q)
		}},
		{"pass", "", "Esc", "as the referee: there is no right answer", func(v *Viewer, a []string, _ string) error {
			if v.human == nil {
				return errors.New("pass: nobody is asked here (want --referee human)")
			}
			return v.human.pass()
		}},
		{"say", "TEXT", "i", "branch: ask the referee something else", func(v *Viewer, _ []string, rest string) error { return v.say(rest) }},
		{"redirect", "X Y | TEXT", "Shift+click, I", "branch: halt the robot on its way, and send it elsewhere", func(v *Viewer, a []string, rest string) error {
			return v.redirect(a, rest)
		}},
		{"referee", "NAME", "", "branch: ask another referee from now on", func(v *Viewer, a []string, _ string) error { return v.change(a) }},
		{"grab", "X Y", "Ctrl+drag", "take hold of an object: moved while time stands still, pulled by a spring while it passes", func(v *Viewer, a []string, _ string) error {
			p, err := place(a)
			if err != nil {
				return err
			}
			return v.take(p)
		}},
		{"drag", "X Y", "Ctrl+drag", "draw it there", func(v *Viewer, a []string, _ string) error {
			p, err := place(a)
			if err != nil || v.grab == nil {
				return err
			}
			cam := v.latest().Orbit.Camera(1000, int(1000*v.pictures.aspect()))
			v.grab.at = cam.Deproject(p.Pixel(cam.Width, cam.Height), v.grab.depth)
			return nil
		}},
		{"drop", "", "release", "let it go", func(v *Viewer, a []string, _ string) error { return v.drop() }},
		{"move", "OBJECT DX DY DZ", "", "move an object by so many metres: a branch", func(v *Viewer, a []string, _ string) error { return v.move(a) }},
		{"joint", "N [DEG]", "drag", "push the N-th joint aside, to an angle; without one it goes back: a branch", func(v *Viewer, a []string, _ string) error { return v.deflect(a) }},
		{"select", "OBJECT", "", "mark an object in the list; -1: none", func(v *Viewer, a []string, _ string) error {
			n, err := number(a, 0)
			if err != nil || n < -1 || int(n) >= len(v.still.objects) {
				return fmt.Errorf("select %s (want 0 to %d, or -1)", strings.Join(a, " "), len(v.still.objects)-1)
			}
			v.ui.Selected = int(n)
			return nil
		}},
		{"orbit", "DX DY", "drag", "turn the view [rad]", func(v *Viewer, a []string, _ string) error {
			x, y, err := two(a)
			o := &v.ui.Orbit
			o.Yaw, o.Pitch = math.Remainder(o.Yaw+x, 2*math.Pi), min(max(o.Pitch+y, -0.1), 1.55)
			return err
		}},
		{"pan", "DX DY", "Shift+drag", "shift the view, in shares of its height", func(v *Viewer, a []string, _ string) error {
			x, y, err := two(a)
			o := &v.ui.Orbit
			t := o.Camera(100, 100).TWorldCam
			f := 2 * o.Distance * math.Tan(orbitFovyDeg/2*math.Pi/180)
			o.Target = o.Target.Sub(t.Axis(0).Mul(x * f)).Sub(t.Axis(1).Mul(y * f))
			v.ui.Follow = false
			return err
		}},
		{"zoom", "F", "wheel + -", "nearer by a factor", func(v *Viewer, a []string, _ string) error {
			f, err := number(a, 0)
			if err == nil && f > 0 {
				v.ui.Orbit.Distance = min(max(v.ui.Orbit.Distance/f, 0.15), 6)
			}
			return err
		}},
		{"view", "overview|robot|referee|top", "v", "look from there; robot follows the tool; without a name the next", (*Viewer).look},
		{"overlay", "NAME [on|off]", "1 … 6", "points, region, path, grasps, spheres, contacts", func(v *Viewer, a []string, _ string) error {
			if len(a) == 0 || !slices.Contains(overlays, Overlay(a[0])) {
				return fmt.Errorf("overlay %s (have %v)", strings.Join(a, " "), overlays)
			}
			on := !v.ui.Overlays[Overlay(a[0])]
			if len(a) > 1 {
				on = a[1] == "on"
			}
			v.ui.Overlays[Overlay(a[0])] = on
			return nil
		}},
		{"tab", "rgb|depth|ids", "t", "what the referee's camera shows; without a name the next", func(v *Viewer, a []string, _ string) error {
			return next(&v.ui.Tab, a, "rgb", "depth", "ids")
		}},
		{"eye", "asked|live", "l", "what the referee was shown, or what its camera sees now", func(v *Viewer, a []string, _ string) error {
			return next(&v.ui.Eye, a, "asked", "live")
		}},
		{"next", "", "n", "the next episode", (*Viewer).nextEpisode},
		{"restart", "", "Shift+R", "give up the branch, from the beginning", func(v *Viewer, _ []string, _ string) error {
			if err := v.begin(v.o.Session, v.o.Script); err != nil {
				return err
			}
			v.branched, v.ahead, v.playing, v.message, v.failure = false, v.o.Recorded != nil, v.o.Playing, "", ""
			if v.ahead {
				v.session.RunOn()
			}
			return nil
		}},
		{"save", "[FILE]", "Ctrl+S", "save the branch as a scenario, for eval and go test", (*Viewer).save},
		{"shot", "[FILE]", "s", "save what is on the screen as a PNG", (*Viewer).shot},
		{"record", "[FILE]", "r", "begin or end a recording: .mp4, .webm, .webp or .png", (*Viewer).record},
		{"help", "", "?", "this list", func(v *Viewer, a []string, _ string) error { v.ui.Help = !v.ui.Help; return nil }},
		{"quit", "", "q", "end", func(*Viewer, []string, string) error { return errQuit }},
	}
}

// carryOut does what an order says.
func (v *Viewer) carryOut(text string) error {
	name, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	switch name {
	case "type": // of an instruction, as far as it is written
		_, v.ui.Text, _ = strings.Cut(text, " ")
		v.ui.Typing = true
		return nil
	case "failed": // while pictures were drawn
		return errors.New(rest)
	case "typed":
		v.ui.Typing, v.ui.Text = false, ""
		return nil
	}
	rest = strings.TrimSpace(rest)
	for i := range orders {
		if orders[i].Name == name {
			err := orders[i].do(v, strings.Fields(rest), rest)
			if err == nil && name != "drag" && name != "joint" && name != "orbit" && name != "zoom" && name != "pan" {
				v.failure = ""
			}
			return err
		}
	}
	var have []string
	for i := range orders {
		have = append(have, orders[i].Name)
	}
	return fmt.Errorf("no order %q (have %s)", name, strings.Join(have, ", "))
}

func number(a []string, i int) (float64, error) {
	if i >= len(a) {
		return 0, errors.New("a number is missing")
	}
	x, err := strconv.ParseFloat(a[i], 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, fmt.Errorf("%q is no number", a[i])
	}
	return x, nil
}

func two(a []string) (x, y float64, err error) {
	x, err = number(a, 0)
	if err == nil {
		y, err = number(a, 1)
	}
	return x, y, err
}

func place(a []string) (sim.NormPoint, error) {
	x, y, err := two(a)
	if err == nil && !(x >= 0 && x <= 1 && y >= 0 && y <= 1) {
		err = fmt.Errorf("place %g %g (want 0 to 1)", x, y)
	}
	return sim.NormPoint{X: x, Y: y}, err
}

// next sets a choice, or goes on to the next one.
func next(to *string, a []string, choices ...string) error {
	if len(a) == 0 {
		*to = choices[(slices.Index(choices, *to)+1)%len(choices)]
		return nil
	}
	if !slices.Contains(choices, a[0]) {
		return fmt.Errorf("%s (have %s)", a[0], strings.Join(choices, ", "))
	}
	*to = a[0]
	return nil
}

// hold makes what is shown the present, if time stands still.
func (v *Viewer) hold() {
	if _, head, _ := v.session.Span(); !v.playing {
		v.at = math.Floor(min(v.at, float64(head)))
	}
}

// stepBy goes on or back by so many times n physics steps, time standing still.
func (v *Viewer) stepBy(a []string, n int) error {
	by := 1.0
	if len(a) > 0 {
		var err error
		if by, err = number(a, 0); err != nil {
			return err
		}
	}
	v.playing = false
	return v.goTo(math.Round(v.at) + by*float64(n))
}

// goTo sets the time. What was not simulated yet is, as fast as it goes, but for questions that a person is to answer.
func (v *Viewer) goTo(step float64) error {
	first, head, ended := v.session.Span()
	v.at = max(step, float64(first))
	if ended {
		v.at = min(v.at, float64(head))
	}
	if v.at > float64(head) && !v.ahead {
		v.session.Allow(int(v.at))
		v.waitFor(int(v.at))
		if _, head, _ = v.session.Span(); float64(head) < v.at {
			v.at = float64(head)
		}
	}
	return nil
}

func (v *Viewer) seek(a []string, _ string) error {
	if len(a) == 0 {
		return errors.New("seek where? (want seconds, +s, -s, start, end or step N)")
	}
	first, head, _ := v.session.Span()
	switch {
	case a[0] == "start":
		return v.goTo(float64(first))
	case a[0] == "end":
		return v.goTo(float64(head))
	case a[0] == "step":
		n, err := number(a, 1)
		if err != nil {
			return err
		}
		return v.toStep(int(n))
	}
	x, err := number(a, 0)
	if err != nil {
		return err
	}
	if strings.HasPrefix(a[0], "+") || strings.HasPrefix(a[0], "-") {
		return v.goTo(v.at + x/sim.Timestep)
	}
	return v.goTo(float64(first) + math.Round(x/sim.Timestep))
}

// toStep goes to where a step of the episode begins, counted from 1.
func (v *Viewer) toStep(n int) error {
	if v.ahead {
		select {
		case <-v.session.Finished():
		case <-v.ctx.Done():
		}
	}
	steps := v.session.Steps()
	if n < 1 || n > len(steps) {
		return fmt.Errorf("no step %d (the episode has %d so far)", n, len(steps))
	}
	return v.goTo(float64(steps[n-1].Begin))
}

// point answers the question that waits, or answers the one that is acted on otherwise.
func (v *Viewer) point(p sim.NormPoint) error {
	if v.human != nil {
		if _, waits := v.human.waiting(); waits {
			v.message = fmt.Sprintf("answered (%.3f, %.3f)", p.X, p.Y)
			v.playing = true
			return v.human.point(p)
		}
		if !v.branched && v.o.OnRecord != nil {
			return errors.New("nothing is being asked now; a run that is recorded is not branched")
		}
	}
	q := v.question()
	if q == nil && v.options.Suite.IsScene() {
		return errScene
	}
	if q == nil {
		return errors.New("nothing was asked yet: play to the first question, then point")
	}
	a := pointed(q.Step+1, q.Halted, p)
	for _, b := range v.session.Script().Answers {
		if b.Step == a.Step && b.At == a.At {
			a.Instruction = b.Instruction
		}
	}
	return v.branch(q, &a, nil)
}

var errScene = errors.New("nothing is asked in a scene by itself (want a suite or a task file)")

func (v *Viewer) say(text string) error {
	if text == "" {
		return errors.New("say what? (want an instruction)")
	}
	q := v.question()
	if q == nil && v.options.Suite.IsScene() {
		return errScene
	}
	if q == nil {
		return errors.New("nothing was asked yet: play to the first question, then type another")
	}
	return v.branch(q, &tasks.ScriptedAnswer{Step: q.Step + 1, At: q.Halted, Instruction: text}, nil)
}

// pointed is a click as an answer.
func pointed(step, at int, p sim.NormPoint) tasks.ScriptedAnswer {
	return tasks.ScriptedAnswer{Step: step, At: at, Points: []sim.NormPoint{p}, Text: fmt.Sprintf("[(%.4f, %.4f)]", p.X, p.Y)}
}

// redirect halts the robot on its way, where the time stands, and gives it another point, or asks in other words.
func (v *Viewer) redirect(a []string, text string) error {
	if v.o.OnRecord != nil {
		return errors.New("a run that is recorded is not branched")
	}
	if text == "" {
		return errors.New("redirect: want X and Y, or an instruction")
	}
	var m tasks.Moment
	_, head, _ := v.session.Span()
	if err := v.session.Look(int(min(v.at, float64(head))), &m); err != nil {
		return err
	}
	if m.Current == nil || !m.OnWay {
		return fmt.Errorf("redirect: the robot is halted on its way to a grasp or a place, before it closes or opens its hand, and not now%s; point and say answer the question otherwise", in(m.Phase))
	}
	answer := tasks.ScriptedAnswer{Step: m.Current.Index + 1, At: m.Step, Instruction: text}
	if len(a) == 2 {
		if p, err := place(a); err == nil {
			answer = pointed(m.Current.Index+1, m.Step, p)
		}
	}
	return v.branch(&tasks.Question{Step: m.Current.Index, At: m.Step, Halted: m.Step}, &answer, nil)
}

// in names the phase of a skill, for a message.
func in(phase string) string {
	if phase == "" {
		return ""
	}
	return " (" + phase + ")"
}

func (v *Viewer) change(a []string) error {
	if len(a) != 1 || v.o.OpenReferee == nil {
		return errors.New("referee: want the name of one")
	}
	r, err := v.o.OpenReferee(a[0])
	if err != nil {
		return err
	}
	q := v.question()
	if q == nil {
		q = &tasks.Question{At: int(v.at)}
	}
	return v.branch(q, nil, r)
}

// live makes sure that what is done now is done where the episode is: a branch begins if it has gone on since.
func (v *Viewer) live() error {
	_, head, ended := v.session.Span()
	if !ended && !v.ahead && v.at >= float64(head)-4 {
		return nil
	}
	if v.o.OnRecord != nil {
		return errors.New("a run that is recorded is not branched")
	}
	return v.branch(&tasks.Question{At: int(v.at)}, nil, nil)
}

func (v *Viewer) take(p sim.NormPoint) error {
	object, point, depth, err := v.pictures.pick(v.latest(), p)
	if err != nil {
		return err
	}
	if v.o.OnRecord != nil {
		return errors.New("a run that is recorded is judged as it is: objects stay where they are")
	}
	if err := v.live(); err != nil {
		return err
	}
	var m tasks.Moment
	if err := v.session.Look(int(v.at), &m); err != nil {
		return err
	}
	v.ui.Selected = object
	v.grab = &grabbed{object: object, point: m.Poses[v.still.bodies[object]].Inv().Apply(point), depth: depth, at: point}
	return nil
}

// drop lets go: what was drawn while time stood still is put there.
func (v *Viewer) drop() error {
	g := v.grab
	if g == nil {
		return nil
	}
	v.grab = nil
	v.session.Release()
	if v.playing {
		return nil
	}
	var m tasks.Moment
	if err := v.session.Look(int(v.at), &m); err != nil {
		return err
	}
	pose := m.Poses[v.still.bodies[g.object]]
	by := g.at.Sub(pose.Apply(g.point))
	if by.Len() < 0.003 {
		return nil // a click
	}
	pose.Pos = pose.Pos.Add(by)
	v.place(g.object, pose)
	return nil
}

// place puts an object somewhere and waits until that is so.
func (v *Viewer) place(object int, pose sim.Pose) {
	v.session.Move(object, pose)
	v.settleEdits(object, pose)
	v.branched = true
	v.message = "moved " + v.still.objects[object]
}

func (v *Viewer) move(a []string) error {
	var x [4]float64
	for i := range x {
		var err error
		if x[i], err = number(a, i); err != nil {
			return fmt.Errorf("move: %w (want OBJECT DX DY DZ)", err)
		}
	}
	object := int(x[0])
	if object < 0 || object >= len(v.still.objects) {
		return fmt.Errorf("move: no object %d (have 0 to %d)", object, len(v.still.objects)-1)
	}
	if err := v.live(); err != nil {
		return err
	}
	var m tasks.Moment
	if err := v.session.Look(int(v.at), &m); err != nil {
		return err
	}
	pose := m.Poses[v.still.bodies[object]]
	pose.Pos = pose.Pos.Add(sim.Vec3{x[1], x[2], x[3]})
	v.place(object, pose)
	return nil
}

// deflect pushes a joint aside, so that it would be at an angle now.
func (v *Viewer) deflect(a []string) error {
	joints := v.still.robot.Joints()
	n, err := number(a, 0)
	if err != nil || n < 1 || int(n) > len(joints) {
		return fmt.Errorf("joint %s (want 1 to %d, and an angle in degrees)", strings.Join(a, " "), len(joints))
	}
	i := int(n) - 1
	to := 0.0
	if len(a) > 1 {
		if to, err = number(a, 1); err != nil {
			return err
		}
		to *= math.Pi / 180
		if to < joints[i].Min-1e-6 || to > joints[i].Max+1e-6 {
			return fmt.Errorf("joint %d to %s° (want %.0f to %.0f)", i+1, a[1], joints[i].Min*180/math.Pi, joints[i].Max*180/math.Pi)
		}
	}
	if err := v.live(); err != nil {
		return err
	}
	var m tasks.Moment
	if err := v.session.Look(int(v.at), &m); err != nil {
		return err
	}
	by := 0.0
	if len(a) > 1 { // the robot's own command is where the joint is but for what it was pushed aside so far
		by = to - (m.Joints[i] - m.Aside[i])
	}
	v.session.Deflect(i, by)
	v.branched = true
	return nil
}

var viewNames = []string{"overview", "robot", "referee", "top"}

// look sets the orbit to one of a few good places.
func (v *Viewer) look(a []string, _ string) error {
	now := v.view()
	if err := next(&now, a, viewNames...); err != nil {
		return fmt.Errorf("view %w", err)
	}
	v.ui.Follow = now == "robot"
	switch now {
	case "overview":
		v.ui.Orbit = overview
	case "robot":
		v.ui.Orbit = Orbit{Target: v.still.tool(&v.latest().Moment), Yaw: -0.6, Pitch: 0.45, Distance: 0.9}
	case "top":
		v.ui.Orbit = Orbit{Target: sim.Vec3{0.45, 0, 0}, Yaw: math.Pi, Pitch: 1.5, Distance: 1.7}
	case "referee": // the orbit's camera stands where the referee's does
		t := v.still.eye.TWorldCam
		fwd := t.Axis(2)
		d := 1.0
		if fwd[2] < -0.05 {
			d = min(t.Pos[2]/-fwd[2], 3)
		}
		v.ui.Orbit = Orbit{Target: t.Pos.Add(fwd.Mul(d)), Yaw: math.Atan2(-fwd[1], -fwd[0]), Pitch: math.Asin(-fwd[2]), Distance: d}
	}
	v.ui.view = now
	return nil
}

func (v *Viewer) view() string { return cmp.Or(v.ui.view, "overview") }

func (v *Viewer) nextEpisode(_ []string, _ string) error {
	if v.episode+1 >= v.o.Episodes {
		return fmt.Errorf("that was the last of %d episodes", v.o.Episodes)
	}
	if v.o.OnRecord != nil && !v.counted {
		return errors.New("this episode has not ended")
	}
	o := v.o.Session
	o.Seed += uint64(v.episode + 1)
	if err := v.begin(o, nil); err != nil {
		return err
	}
	v.episode++
	v.counted, v.branched, v.ahead, v.playing, v.message = false, false, false, true, ""
	return nil
}

func (v *Viewer) save(a []string, rest string) error {
	text, err := v.session.Scenario()
	if err != nil {
		return err
	}
	name, err := v.file(rest, "scenario", ".yaml")
	if err != nil {
		return err
	}
	if err := os.WriteFile(name, text, 0o666); err != nil {
		return fmt.Errorf("scenario: %w", err)
	}
	v.message = "saved " + name + ", for refarena eval --suite"
	return nil
}

func (v *Viewer) shot(_ []string, rest string) error {
	name, err := v.file(rest, "shot", ".png")
	if err != nil {
		return err
	}
	sh := v.latest()
	img, err := v.pictures.Screen(sh)
	if err != nil {
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("screenshot: %w", err)
	}
	if err := errors.Join((&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(f, img), f.Close()); err != nil {
		return fmt.Errorf("screenshot: %w", err)
	}
	v.message = "saved " + name
	return nil
}

func (v *Viewer) record(_ []string, rest string) error {
	if v.pictures.filming.Load() {
		v.pictures.filming.Store(false)                                 // keepFilming adds nothing more
		if err := v.pictures.Film(v.latest(), time.Now()); err != nil { // the last picture, and the first of a recording that was that short
			return err
		}
		name, err := v.pictures.endRecording()
		if err == nil {
			v.message = "saved " + name
		}
		return err
	}
	name, err := v.file(rest, "recording", recordingExt())
	if err != nil {
		return err
	}
	if err := v.pictures.beginRecording(name); err != nil {
		return err
	}
	v.message = "recording " + name
	v.films.Go(v.keepFilming)
	return nil
}
