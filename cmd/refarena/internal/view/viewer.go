// Package view is refarena's viewer without a screen: a Viewer plays a session of package tasks, takes orders in words and draws what is
// seen. A window, a browser and a script are three ways to give the orders and to show the pictures.
//
// Physics, planning and models run on goroutines of the session and of the Viewer's clock; whoever draws gets a Shown, which does not change.
package view

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
)

// Options say what to view.
type Options struct {
	Session tasks.Options
	Script  *tasks.Script // of a recorded episode, or of a scenario; nil: the referee answers
	// Recorded is the record that the script is of; the episode is then simulated to its end at once and compared with it. nil: none.
	Recorded *tasks.Record
	Changes  []string // in what the record was made with, and what is here

	// Human is set if Session.Referee asks the person in front of the screen.
	Human *Human
	// Episodes is how many the run has, by seeds counted up; 0 means 1. OnRecord saves one that ended by itself.
	Episodes int
	OnRecord func(*tasks.Record) error

	// OpenReferee makes a referee by the name that `--referee` takes; nil: the referee cannot be changed.
	OpenReferee func(name string) (referee.Referee, error)
	Device      render.Device
	Dir         string  // where pictures, recordings and scenarios go
	Playing     bool    // time passes from the beginning
	Rate        float64 // how many pictures a second are drawn at most; 0: as many as can be
}

// A Viewer is a session that is being looked at. Its methods are safe for concurrent use.
type Viewer struct {
	o      Options
	orders queue
	done   chan struct{}
	stop   context.CancelFunc
	closed sync.Once
	films  sync.WaitGroup // recordings
	pictures

	mu     sync.Mutex
	shown  *Shown
	signal chan struct{} // closed and replaced when shown changes

	// What follows belongs to the clock's goroutine.
	ctx      context.Context
	renderer *shared
	session  *tasks.Session
	options  tasks.Options // of the session
	human    *Human        // who answers in this session; nil: nobody has to
	still    static
	at       float64 // physics steps
	playing  bool
	ahead    bool // the episode runs on by itself, as fast as it can
	speed    float64
	ui       UI
	episode  int  // of Episodes, from 0
	counted  bool // its record was saved
	branched bool
	message  string
	said     string // the message before, and when it came
	saidAt   time.Time
	failure  string
	rate     rate
	busy     string
	grab     *grabbed
}

// A grabbed object is drawn by a spring while time passes, and moved while it stands still.
type grabbed struct {
	object int
	point  sim.Vec3 // in its frame
	depth  float64  // of the plane in which it is drawn [m]
	at     sim.Vec3
}

// An UI is what is chosen on the screen.
type UI struct {
	Orbit    Orbit
	Follow   bool
	Tab      string // rgb, depth or ids
	Eye      string // "asked": what the referee was shown; "live": what its camera sees now
	Overlays map[Overlay]bool
	Selected int // object; -1: none
	Help     bool
	Typing   bool   // an instruction is being typed
	Text     string // … so far
	view     string
}

// An Orbit is a camera that goes around a point.
type Orbit struct {
	Target     sim.Vec3
	Yaw, Pitch float64 // where the camera is, from the target [rad]
	Distance   float64 // [m]
}

const orbitFovyDeg = 38

// overview shows the whole robot, as `refarena render --view overview` does.
var overview = Orbit{Target: sim.Vec3{0.18, 0.02, 0.16}, Yaw: -0.681, Pitch: 0.371, Distance: 2.17}

// Camera is the orbit's camera for a picture of w × h.
func (o Orbit) Camera(w, h int) sim.Camera {
	sp, cp := math.Sincos(o.Pitch)
	sy, cy := math.Sincos(o.Yaw)
	eye := o.Target.Add(sim.Vec3{cp * cy, cp * sy, sp}.Mul(o.Distance))
	return sim.NewCamera("orbit", w, h, orbitFovyDeg, sim.LookAt(eye, o.Target))
}

// A static is what stays the same as long as a session lives.
type static struct {
	scene   *render.Scene
	robot   *robots.Robot
	base    int // body
	bodies  []int
	objects []string
	goals   []string
	eye     sim.Camera
	first   int
}

// A Shown is all that a picture is made of. It does not change.
type Shown struct {
	tasks.Moment
	static
	UI
	State
	serial uint64
}

// shared is one renderer for all sessions, one after the other; their Close leaves it open.
type shared struct {
	*render.Renderer
}

func (*shared) Close() error { return nil }

type order struct {
	text string
	done chan error // gets what came of it; nil: nobody waits for that
}

// answer tells who has given an order what came of it.
func (o *order) answer(err error) {
	if o.done != nil {
		o.done <- err
	}
}

// A queue is of orders that wait to be carried out. None is lost: while the clock is busy with a branch, a whole instruction may be typed. Of those by which something is
// moved, of which a mouse makes hundreds meanwhile and a key that is held down dozens, only the last of a run counts if many wait.
type queue struct {
	mu   sync.Mutex
	wait []order
	some chan struct{} // holds a token while there are any
}

func newQueue() queue { return queue{some: make(chan struct{}, 1)} }

// crowd is how many orders wait before some of them count for nothing.
const crowd = 64

// moving are orders that are superseded by the next of their kind.
var moving = []string{"type", "drag", "orbit", "pan", "zoom", "seek", "step", "period", "joint"}

func (q *queue) push(o order) {
	q.mu.Lock()
	defer q.mu.Unlock()
	kind, _, _ := strings.Cut(o.text, " ")
	if n := len(q.wait); n >= crowd && o.done == nil && q.wait[n-1].done == nil && slices.Contains(moving, kind) && strings.HasPrefix(q.wait[n-1].text, kind+" ") {
		q.wait[n-1] = o
		return
	}
	q.wait = append(q.wait, o)
	q.signal()
}

// signal leaves a token where there is none. mu is held.
func (q *queue) signal() {
	select {
	case q.some <- struct{}{}:
	default:
	}
}

// pop is the order that has waited longest. It is for who has got the token of some; there is an order then.
func (q *queue) pop() order {
	q.mu.Lock()
	defer q.mu.Unlock()
	o := q.wait[0]
	if q.wait = q.wait[1:]; len(q.wait) > 0 {
		q.signal()
	}
	return o
}

// New opens the first episode, or says what is wrong. Close frees everything.
func New(ctx context.Context, o Options) (*Viewer, error) {
	r, err := render.New(render.Options{Device: o.Device})
	if err != nil {
		return nil, err
	}
	o.Episodes = max(o.Episodes, 1)
	v := &Viewer{o: o, orders: newQueue(), done: make(chan struct{}), renderer: &shared{r}, signal: make(chan struct{}), speed: 1, human: o.Human, playing: o.Playing}
	v.ctx, v.stop = context.WithCancel(ctx)
	v.ui = UI{Orbit: overview, Tab: "rgb", Eye: "asked", Overlays: map[Overlay]bool{Points: true, Paths: true}, Selected: -1}
	o.Session.NewRenderer = func() (sim.Renderer, error) { return v.renderer, nil }
	if err = v.pictures.open(o.Device); err == nil {
		err = v.begin(o.Session, o.Script)
	}
	if err != nil {
		v.stop()
		v.pictures.close()
		r.Close()
		return nil, err
	}
	v.o.Session = o.Session
	v.ahead = o.Recorded != nil
	if v.ahead {
		v.session.RunOn()
	}
	v.tick(0)
	go v.clock()
	return v, nil
}

// Close ends the session and frees everything. It may be called twice.
func (v *Viewer) Close() {
	v.stop()
	<-v.done
	v.films.Wait()
	v.closed.Do(func() {
		v.pictures.close()
		v.renderer.Renderer.Close()
	})
}

// begin opens a session in place of the one there is, which stays if that fails.
func (v *Viewer) begin(o tasks.Options, script *tasks.Script) error {
	if v.session != nil { // one renderer: the old one must have stopped drawing
		if v.human != nil {
			v.human.abandon()
		}
		v.session.Close()
		v.session = nil
	}
	s, err := tasks.Open(v.ctx, o, script)
	if err != nil {
		return err
	}
	v.session, v.options = s, s.Options()
	st := s.Stage()
	m := st.Scene.Model
	base, err := m.BodyID(tasks.RobotPrefix + st.Robot.Arm.Base)
	if err != nil {
		return err
	}
	v.still = static{
		scene: &render.Scene{Visuals: m.Visuals(), Environment: m.Environment()}, robot: st.Robot, base: base, bodies: st.Scene.Bodies,
	}
	if v.still.eye, err = st.Camera(v.options.Width, v.options.Height); err != nil { // nothing has moved yet
		return err
	}
	v.pictures.setEyeShape(v.still.eye.Width, v.still.eye.Height)
	for i := range st.Scene.Objects {
		v.still.objects = append(v.still.objects, st.Scene.Objects[i].Phrase())
	}
	for i := range st.Goals {
		v.still.goals = append(v.still.goals, describe(st, i))
	}
	v.still.first, _, _ = s.Span()
	v.at = float64(v.still.first)
	v.grab = nil
	return nil
}

// describe is a goal in words.
func describe(st *tasks.Stage, i int) string {
	g := &st.Goals[i]
	what := st.Scene.Objects[g.Move].Phrase()
	switch {
	case g.To >= 0:
		return what + " → " + st.Scene.Objects[g.To].Phrase()
	case len(g.Goal.At) > 0:
		return fmt.Sprintf("%s → %s of %s", what, g.Goal.At[0].Relation, strings.Join(g.Goal.At[0].Of, " and "))
	}
	return what + " → a free place"
}

// Do gives an order and waits until it is carried out. See Orders for what there is.
func (v *Viewer) Do(text string) error {
	select {
	case <-v.done:
		return errClosed
	default:
	}
	o := order{text, make(chan error, 1)}
	v.orders.push(o)
	select {
	case err := <-o.done:
		return err
	case <-v.done:
		select {
		case err := <-o.done: // the last order that was carried out, `quit` itself perhaps
			return err
		default:
			return errClosed
		}
	}
}

// Tell gives an order and does not wait: what goes wrong is shown.
func (v *Viewer) Tell(text string) { v.orders.push(order{text: text}) }

var errClosed = errors.New("view: the viewer is closed")

// Done is closed when the viewer has ended, by `quit` or Close.
func (v *Viewer) Done() <-chan struct{} { return v.done }

// Shown is what is to be seen now, and a channel that is closed when that changes.
func (v *Viewer) Shown() (*Shown, <-chan struct{}) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.shown, v.signal
}

// clockRate is how often time is advanced [Hz].
const clockRate = 60

// clock owns the session: it carries out orders and lets time pass.
func (v *Viewer) clock() {
	defer close(v.done)
	defer func() {
		if v.human != nil {
			v.human.abandon()
		}
		if v.session != nil {
			_, _, ended := v.session.Span()
			v.ended(ended) // since the last tick, perhaps: it is saved, too
			v.session.Close()
		}
	}()
	tick := time.NewTicker(time.Second / clockRate)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-v.ctx.Done():
			return
		case <-v.orders.some:
			o := v.orders.pop()
			err := v.carryOut(o.text)
			if err != nil && !errors.Is(err, errQuit) { // it is shown, too
				v.failure, v.message = err.Error(), ""
			}
			if errors.Is(err, errQuit) {
				o.answer(nil)
				return
			}
			v.tick(0)
			o.answer(err)
		case now := <-tick.C:
			v.tick(min(now.Sub(last).Seconds(), 0.1))
			last = now
		}
	}
}

// tick lets so much wall time pass, and shows what has come of it.
func (v *Viewer) tick(dt float64) {
	s := v.session
	if s == nil {
		return
	}
	first, head, ended := s.Span()
	before := v.at
	if v.playing {
		lead := max(8, v.speed*0.1/sim.Timestep)
		v.at = min(v.at+dt*v.speed/sim.Timestep, float64(head)+lead)
		if ended && v.at >= float64(head) {
			v.at, v.playing = float64(head), false
		}
		if !v.ahead {
			s.Allow(int(v.at))
		}
	} else if !v.ahead {
		s.Allow(int(v.at))
	}
	v.pulling()
	sh := &Shown{static: v.still}
	if err := s.Look(int(min(v.at, float64(head))), &sh.Moment); err != nil {
		v.failure, v.playing = err.Error(), false
	}
	if v.playing {
		v.rate.add(time.Now(), min(v.at, float64(head))*sim.Timestep)
	} else {
		v.rate.clear()
	}
	v.ended(ended)
	if v.message != v.said {
		v.said, v.saidAt = v.message, time.Now()
	} else if v.message != "" && time.Since(v.saidAt) > 6*time.Second {
		v.message, v.said = "", ""
	}
	sh.UI = v.ui
	sh.UI.Overlays = map[Overlay]bool{}
	for k, on := range v.ui.Overlays {
		sh.UI.Overlays[k] = on
	}
	if v.ui.Follow {
		sh.UI.Orbit.Target = v.still.tool(&sh.Moment)
	}
	v.state(sh, first, head, ended)
	v.mu.Lock()
	defer v.mu.Unlock()
	if dt > 0 && v.at == before && v.shown != nil && sh.State.same(&v.shown.State) && sh.Step == v.shown.Step && sh.Question == v.shown.Question && sh.Typing == v.shown.Typing && sh.Text == v.shown.Text {
		return // nobody has to draw that again
	}
	sh.serial = 1
	if v.shown != nil {
		sh.serial = v.shown.serial + 1
	}
	v.shown = sh
	close(v.signal)
	v.signal = make(chan struct{})
}

// tool is where the tool centre point is, in the world: of a robot with two arms, that of the arm that is away from home, or whose hand is closed more.
func (s *static) tool(m *tasks.Moment) sim.Vec3 {
	joints := s.robot.Joints()
	at := func(name string) float64 {
		return m.Joints[slices.IndexFunc(joints, func(j robots.Joint) bool { return j.Name == name })]
	}
	var pBaseTool sim.Vec3
	best := math.Inf(-1)
	for i, side := range s.robot.Arms() { // right before left, as the hands
		arm := &side.Arm
		q := make([]float64, len(arm.Joints))
		away := 0.0
		for k, j := range arm.Joints {
			if q[k] = at(j.Name); !strings.HasPrefix(j.Name, "waist_") { // which both arms have
				away = max(away, math.Abs(q[k]-arm.Home[k]))
			}
		}
		if away < 0.05 && i < len(m.Hands) {
			away = -m.Hands[i]
		}
		if away > best {
			best, pBaseTool = away, arm.Forward(q).Pos
		}
	}
	return m.Poses[s.base].Apply(pBaseTool)
}

// ended does what is to be done once when an episode has ended: save it, compare it.
func (v *Viewer) ended(ended bool) {
	if !ended || v.counted || v.branched {
		return
	}
	v.counted = true
	rec := v.session.Record()
	switch {
	case rec.Outcome == tasks.Error:
		v.failure = rec.Error
	case v.o.Recorded != nil:
		if d := tasks.DifferenceOf(v.o.Recorded, rec); d != "" {
			v.failure = "this is not what was recorded: " + d
			if len(v.o.Changes) > 0 {
				v.failure += " (" + strings.Join(v.o.Changes, "; ") + ")"
			}
		} else {
			v.message = "as recorded, bit for bit"
		}
	}
	if v.o.OnRecord != nil && rec.Outcome != tasks.Error {
		if err := v.o.OnRecord(rec); err != nil {
			v.failure = err.Error()
		} else {
			v.message = fmt.Sprintf("episode %d saved", rec.Seed)
		}
	}
}

// pulling moves what the mouse holds while time stands still; while it passes, the session's spring does.
func (v *Viewer) pulling() {
	g := v.grab
	if g == nil {
		return
	}
	v.session.Pull(g.object, g.point, g.at)
}

// question is the question that is being acted on now, or waited for.
func (v *Viewer) question() *tasks.Question {
	var m tasks.Moment
	_, head, _ := v.session.Span()
	if err := v.session.Look(int(min(v.at, float64(head))), &m); err != nil {
		return nil
	}
	return m.Question
}

// branch begins the session again, with what was said and done until the question q, and another answer to that. A q that is asked when the robot
// has been halted need not have been asked yet.
func (v *Viewer) branch(q *tasks.Question, a *tasks.ScriptedAnswer, r referee.Referee) error {
	at := q.At
	script := v.session.ScriptUntil(at)
	step := q.Step + 1
	if a == nil { // the rest is asked of r
		at = int(v.at)
		script = v.session.ScriptUntil(at)
	} else {
		script.Answers = slices.DeleteFunc(script.Answers, func(b tasks.ScriptedAnswer) bool { return b.Step > step || b.Step == step && b.At >= a.At })
		script.Answers = append(script.Answers, *a)
	}
	o := v.options
	o.Referee = cmp.Or(r, o.Referee)
	if v.o.Recorded != nil && r == nil { // what is no longer recorded has to be answered by somebody
		o.Referee = v.fallback()
	}
	v.busy = "branching …"
	v.publishBusy()
	err := v.begin(o, &script)
	if err == nil {
		v.session.Allow(at)
		v.waitFor(at) // or the beginning would be seen for a moment
		if a != nil && q.At > q.Halted {
			v.waitAsked(q)
		}
	}
	v.busy = ""
	if err != nil { // the scene stood before, so this is a matter of the machine: go back
		return errors.Join(err, v.begin(v.o.Session, v.o.Script))
	}
	v.branched, v.ahead, v.failure = true, false, ""
	v.at = float64(at)
	v.message = fmt.Sprintf("branch at %.2f s", v.seconds(v.at))
	return nil
}

// fallback answers what a recorded episode holds no answers for.
func (v *Viewer) fallback() referee.Referee {
	if v.o.OpenReferee != nil {
		if r, err := v.o.OpenReferee("embedded"); err == nil {
			return r
		}
	}
	return tasks.Nobody()
}

// fail shows what went wrong while pictures were drawn.
func (v *Viewer) fail(err error) { v.Tell("failed " + err.Error()) }

func (v *Viewer) publishBusy() {
	v.mu.Lock()
	defer v.mu.Unlock()
	sh := *v.shown
	sh.State.Busy, sh.serial = v.busy, sh.serial+1
	v.shown = &sh
	close(v.signal)
	v.signal = make(chan struct{})
}

func (v *Viewer) seconds(step float64) float64 {
	return (step - float64(v.still.first)) * sim.Timestep
}

// file is the name of a file to write: as given, or a new one in the viewer's folder.
func (v *Viewer) file(name, kind, ext string) (string, error) {
	if name == "" {
		for i := 1; ; i++ {
			name = fmt.Sprintf("%s-%d-%s-%d%s", v.options.Suite.Name, v.options.Seed, kind, i, ext)
			if _, err := os.Stat(filepath.Join(v.o.Dir, name)); errors.Is(err, os.ErrNotExist) {
				break
			}
		}
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(v.o.Dir, name)
	}
	return name, os.MkdirAll(filepath.Dir(name), 0o777)
}

// A rate is simulated time over wall time in the last second.
type rate struct {
	when []time.Time
	sim  []float64
}

func (r *rate) add(now time.Time, simTime float64) {
	r.when, r.sim = append(r.when, now), append(r.sim, simTime)
	for len(r.when) > 2 && now.Sub(r.when[0]) > time.Second {
		r.when, r.sim = r.when[1:], r.sim[1:]
	}
}

func (r *rate) clear() { r.when, r.sim = r.when[:0], r.sim[:0] }

func (r *rate) value() float64 {
	n := len(r.when)
	if n < 2 {
		return 0
	}
	return (r.sim[n-1] - r.sim[0]) / max(r.when[n-1].Sub(r.when[0]).Seconds(), 1e-6)
}
