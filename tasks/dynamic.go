package tasks

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
)

// A Clock says how a suite's time goes on while the referee thinks. The zero value is a world that waits.
type Clock struct {
	LatencySeconds float64 `yaml:"latency_s"` // what an answer takes, simulated [s]: the world goes on, the robot stands still or is on its way
	RateHz         float64 `yaml:"rate_hz"`   // how often the same is asked again while the hand is on its way [Hz, simulated]; 0 means never
	JumpMetres     float64 `yaml:"jump_m"`    // an answer that is so far from where the hand goes interrupts it [m]; 0 means 0.03
}

// A Latency is what a run charges for answers instead of what its suite says.
type Latency struct {
	Seconds  float64 `json:"seconds,omitempty"`
	Measured bool    `json:"measured,omitempty"` // each answer's own wall time: no two runs are the same, but a recorded one is repeated exactly
}

// ParseLatency reads "measured", or seconds such as "0.4"; "" is nil, the suite's.
func ParseLatency(s string) (*Latency, error) {
	switch s {
	case "":
		return nil, nil
	case "measured":
		return &Latency{Measured: true}, nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v >= 0 && v <= 60) {
		return nil, fmt.Errorf("latency %q (want seconds, 0 to 60, or measured)", s)
	}
	return &Latency{Seconds: v}, nil
}

// A Push is something that happens while the robot acts, without its doing and outside of its knowledge: somebody pushes a thing along the table. The
// way is straight, begins and ends gently, leads where there is room, and is drawn from the seed. It ends early when the robot takes hold of the thing.
type Push struct {
	Move   string  `yaml:"move"`    // the name of a thing
	Goal   string  `yaml:"goal"`    // the goal during which it happens; "" means the first
	During string  `yaml:"during"`  // pick or place
	After  float64 `yaml:"after_s"` // since that step's first question was asked [s]
	Over   float64 `yaml:"over_s"`  // how long it takes [s]; 0 means 1
	By     float64 `yaml:"by_m"`    // how far [m]
}

// A boundPush is a Push in a scene.
type boundPush struct {
	Push
	goal   int
	object int
	dir    sim.Vec3 // along the ground, of unit length

	begin   int // physics step; 0: not yet
	from    sim.Vec3
	stopped bool
}

// checkDynamics says what is wrong with a suite's clock or a task's events, if anything.
func (s *Suite) checkDynamics(t *Task, known func(string) error) error {
	c := s.Clock
	if !(c.LatencySeconds >= 0 && c.LatencySeconds <= 60) || !(c.RateHz >= 0 && c.RateHz <= 30) || !(c.JumpMetres >= 0 && c.JumpMetres <= 0.5) {
		return fmt.Errorf("clock: latency_s %g, rate_hz %g, jump_m %g (want 0 to 60, 0 to 30, 0 to 0.5)", c.LatencySeconds, c.RateHz, c.JumpMetres)
	}
	for i, e := range t.Events {
		if err := known(e.Move); err != nil {
			return fmt.Errorf("event %d: %w", i+1, err)
		}
		if e.Goal != "" && t.goal(e.Goal) < 0 {
			var have []string
			for _, g := range t.Goals {
				have = append(have, g.Name)
			}
			return fmt.Errorf("event %d: no goal %q (have %s)", i+1, e.Goal, strings.Join(have, ", "))
		}
		if e.During != "pick" && e.During != "place" {
			return fmt.Errorf("event %d: during %q (want pick or place)", i+1, e.During)
		}
		if !(e.After >= 0 && e.After <= 60) || !(e.Over >= 0 && e.Over <= 10) || !(e.By >= 0.01 && e.By <= 0.4) {
			return fmt.Errorf("event %d: after_s %g, over_s %g, by_m %g (want 0 to 60, 0 to 10, 0.01 to 0.4)", i+1, e.After, e.Over, e.By)
		}
	}
	return nil
}

// pushSpace is what has to be free beside a thing that is pushed [m].
const pushSpace = 0.02

// bindEvents draws where things are pushed; it reports whether there is room for all.
func (st *Stage) bindEvents(s *scenes.Scene) bool {
	st.events = nil
	for i, ev := range st.Task.Events {
		draw := scenes.Stream(st.Seed, fmt.Sprintf("event %d", i))
		b := boundPush{Push: ev, object: st.Things[slices.IndexFunc(st.Task.Things, func(t Thing) bool { return t.Name == ev.Move })]}
		if ev.Goal != "" {
			b.goal = st.Task.goal(ev.Goal)
		}
		if b.Over == 0 {
			b.Over = 1
		}
		const ways = 16
		ok := false
		for k, first := 0, draw.IntN(ways); k < ways && !ok; k++ {
			sin, cos := math.Sincos(2 * math.Pi * float64(first+k) / ways)
			b.dir = sim.Vec3{cos, sin, 0}
			ok = st.roomToPush(s, b.object, b.dir.Mul(ev.By))
		}
		if !ok {
			return false
		}
		st.events = append(st.events, b)
	}
	return true
}

// roomToPush reports whether an object can be pushed along the table without touching another one, to where the robot reaches.
func (st *Stage) roomToPush(s *scenes.Scene, object int, by sim.Vec3) bool {
	o := s.Objects[object]
	o.TWorldObj = s.Data.BodyPose(s.Bodies[object])
	const n = 8
	from := o.TWorldObj.Pos
	z := scenes.TaskZone
	for k := 1; k <= n; k++ {
		o.TWorldObj.Pos = from.Add(by.Mul(float64(k) / n))
		f := o.Footprint()
		if p := o.TWorldObj.Pos; p[0] < z.MinX || p[0] > z.MaxX || p[1] < z.MinY || p[1] > z.MaxY || math.Hypot(p[0], p[1]) > 0.70 {
			return false
		}
		for i := range s.Objects {
			q := s.Objects[i]
			q.TWorldObj = s.Data.BodyPose(s.Bodies[i])
			if i != object && f.Gap(q.Footprint()) < pushSpace {
				return false
			}
		}
	}
	return true
}

// push lets events happen, after a control period.
func (e *episode) push() {
	data, m := e.stage.Scene.Data, e.stage.Scene.Model
	for i := range e.stage.events {
		ev := &e.stage.events[i]
		if ev.begin == 0 || ev.stopped || data.Steps() < ev.begin {
			continue
		}
		if ev.from == (sim.Vec3{}) {
			ev.from = data.BodyPose(e.body(ev.object)).Pos
		}
		now := float64(data.Steps()-ev.begin) * sim.Timestep / ev.Over
		if now > 1.2 || e.robotTouches(e.body(ev.object)) {
			ev.stopped = true
			continue
		}
		joint, err := m.JointID(e.stage.Scene.Objects[ev.object].Name)
		if err != nil {
			panic(err) // every object has one of its name
		}
		next := min(1, now+robots.Period/ev.Over)
		want := ev.from.Add(ev.dir.Mul(ev.By * next * next * next * (10 - 15*next + 6*next*next))) // least jerk (Flash and Hogan 1985)
		at := data.BodyPose(e.body(ev.object)).Pos
		v := data.Qvel()[m.JointDof(joint):]
		for axis := range 2 {
			v[axis] = min(max((want[axis]-at[axis])/robots.Period, -0.5), 0.5)
		}
		v[2] = min(v[2], -1e-6)    // awake, even where it begins
		v[3], v[4], v[5] = 0, 0, 0 // whoever pushes it keeps it from falling over and from rolling
	}
}

// robotTouches reports whether the robot touches an object now.
func (e *episode) robotTouches(object int) bool {
	e.touch = e.stage.Scene.Data.Contacts(e.touch)
	m := e.stage.Scene.Model
	for _, c := range e.touch {
		if e.judge.robot[c.Body1] && m.BodyRoot(c.Body2) == object || e.judge.robot[c.Body2] && m.BodyRoot(c.Body1) == object {
			return true
		}
	}
	return false
}

// arm starts the clocks of the events of a step whose question is being asked.
func (e *episode) arm(skill string, goal int) {
	for i := range e.stage.events {
		if ev := &e.stage.events[i]; ev.begin == 0 && ev.goal == goal && ev.During == skill {
			ev.begin = max(1, e.stage.Scene.Data.Steps()+int(math.Round(ev.After/sim.Timestep)))
		}
	}
}

// charge is what an answer costs, in whole control periods [s]. For one that is being replayed it is what was recorded.
func (e *episode) charge(a *referee.Answer) float64 {
	s := e.o.Suite.Clock.LatencySeconds
	if l := e.o.Latency; l != nil {
		s = l.Seconds
		if l.Measured {
			s = a.Latency.Seconds()
		}
	}
	return math.Ceil(s*robots.Rate-1e-6) / robots.Rate
}

// wait lets the world go on for so many seconds while the robot stands still.
func (e *episode) wait(ctx context.Context, seconds float64) error {
	data := e.stage.Scene.Data
	steps := int(math.Round(robots.Period / data.Model().Timestep()))
	for range int(math.Round(seconds * robots.Rate)) {
		if e.timeIsUp() {
			return errOverTime
		}
		if err := data.Step(steps); err != nil {
			return err
		}
		e.period()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// An Update is an answer to a step's question asked again while the robot was on its way, or when it had been interrupted.
type Update struct {
	SimSeconds     float64         `json:"sim_s"` // when it was asked, since the episode began
	Query          string          `json:"query"`
	Answer         string          `json:"answer"`
	Points         []sim.NormPoint `json:"points"`
	Hit            bool            `json:"hit"`
	Region         int             `json:"region_px"`
	ChargedSeconds float64         `json:"charged_s"`
	LatencyMS      float64         `json:"latency_ms"`
	Jump           float64         `json:"jump_m,omitempty"` // from where the hand was going [m]
	Interrupted    bool            `json:"interrupted,omitempty"`
	Replanned      bool            `json:"replanned,omitempty"`   // the robot stood still, and its new way was planned from this answer
	Halted         bool            `json:"halted,omitempty"`      // by the script: see ScriptedAnswer.At
	Instruction    string          `json:"instruction,omitempty"` // of that script, asked instead
}

// A tracking is a hand on its way whose question is asked again and again.
type tracking struct {
	ctx     context.Context
	s       *StepRecord
	pose    func(*rand.Rand) (question, error)
	key     string
	target  sim.Vec3
	last    int // physics step of the last question
	pending *pendingUpdate
	asking  bool // it is, by the suite's clock
	jumped  bool // or was halted by the script
}

type pendingUpdate struct {
	Update
	arrives int // physics step
	target  sim.Vec3
	ok      bool // there is a target
}

// maxReplans bounds how often a step is interrupted.
const maxReplans = 6

// updateSeed is the seed of a query that is asked again: see querySeed.
func updateSeed(episode uint64, step, update int) uint64 {
	return scenes.Stream(episode, fmt.Sprintf("referee step %d update %d", step, update)).Uint64()
}

// track begins to ask again while the hand is on its way to the step's point, if the suite's clock says so, and to look out for the script's
// halts; done ends it and says whether an answer jumped or the script halted the robot.
func (e *episode) track(ctx context.Context, s *StepRecord, pose func(*rand.Rand) (question, error)) (done func() bool) {
	target, ok := e.deproject(&e.shot, s.Point)
	asking := ok && e.o.Suite.Clock.RateHz != 0
	if !asking && e.director.halt(len(e.rec.Steps)+1, e.halted) == nil && !e.director.watching() {
		return func() bool { return false }
	}
	e.halt = nil
	t := &tracking{ctx: ctx, s: s, pose: pose, key: fmt.Sprintf("step %d", len(e.rec.Steps)), target: target, last: e.stage.Scene.Data.Steps(), asking: asking}
	e.tracking = t
	e.exec.Interrupt = func() bool {
		e.director.onWay()
		if a := e.director.halt(len(e.rec.Steps)+1, e.halted); a != nil && a.At <= e.stage.Scene.Data.Steps() {
			e.halt, e.halted, t.jumped = a, a.At, true
		}
		return t.jumped
	}
	return func() bool {
		e.tracking, e.exec.Interrupt = nil, nil
		return t.jumped
	}
}

func (e *episode) deproject(shot *sim.Shot, p *sim.NormPoint) (sim.Vec3, bool) {
	if p == nil {
		return sim.Vec3{}, false
	}
	cam := shot.Frame.Camera
	px := p.Pixel(cam.Width, cam.Height)
	i, ok := px.Index(cam.Width, cam.Height)
	if !ok || shot.Frame.Depth[i] == 0 {
		return sim.Vec3{}, false
	}
	return cam.Deproject(px, float64(shot.Frame.Depth[i])), true
}

// follow asks again, and takes in answers, after a control period of a hand on its way. What goes wrong stops the episode.
func (e *episode) follow() {
	t, data := e.tracking, e.stage.Scene.Data
	if t == nil || t.jumped || !t.asking {
		return
	}
	clock := e.o.Suite.Clock
	if u := t.pending; u != nil && data.Steps() >= u.arrives {
		t.pending = nil
		if u.ok {
			u.Jump = u.target.Sub(t.target).Len()
			limit := clock.JumpMetres
			if limit == 0 {
				limit = 0.03
			}
			t.jumped = u.Jump > limit
		}
		t.s.Updates = append(t.s.Updates, u.Update)
	}
	if t.pending != nil || float64(data.Steps()-t.last)*sim.Timestep < 1/clock.RateHz-1e-9 || t.jumped {
		return
	}
	t.last = data.Steps()
	u, shot, err := e.askAgain(t.ctx, t.s, t.key, t.pose, true)
	if err != nil {
		e.stopped = err
		e.stop()
		return
	}
	if len(u.Points) > 0 {
		p := u.Points[0]
		u.target, u.ok = e.deproject(shot, &p)
	}
	t.pending = u
}

// askAgain puts a step's question to the referee with a new picture: live, while the robot moves, the picture that the verdict needs stays.
func (e *episode) askAgain(ctx context.Context, s *StepRecord, key string, pose func(*rand.Rand) (question, error), live bool) (*pendingUpdate, *sim.Shot, error) {
	if live {
		e.shot, e.live = e.live, e.shot
		defer func() { e.shot, e.live = e.live, e.shot }()
	}
	if err := e.look(&e.shot); err != nil {
		return nil, nil, err
	}
	shot := &e.live // after the exchange
	if !live {
		shot = &e.shot
	}
	referent := s.Referent
	q, err := pose(scenes.Stream(e.stage.Seed, "instruction "+key))
	s.Referent = referent
	if err != nil {
		return nil, nil, err
	}
	data := e.stage.Scene.Data
	u := &pendingUpdate{Update: Update{SimSeconds: float64(data.Steps()-e.start) * sim.Timestep, Points: []sim.NormPoint{}, Region: q.region.Count()}, arrives: data.Steps()}
	text := q.text
	var scripted *ScriptedAnswer
	if a := e.director.answerTo(len(e.rec.Steps) + 1); a != nil && a.Instruction != "" {
		text = a.Instruction
	}
	if a := e.halt; a != nil && !live {
		u.Halted, u.Instruction, scripted = true, a.Instruction, a
		text = cmp.Or(a.Instruction, text)
	}
	if u.Region == 0 && (scripted == nil || scripted.open()) { // the arm is in the way: nothing is asked
		return u, shot, nil
	}
	query := referee.NewQuery(&e.shot.Frame, text, updateSeed(e.stage.Seed, len(e.rec.Steps), e.updates))
	e.updates++
	u.Query = query.Hash()
	if !live {
		e.noteQuestion(s, q.region, true)
	}
	answer, err := e.consult(ctx, query, q.region, scripted)
	if err != nil {
		return nil, nil, err
	}
	u.Answer, u.LatencyMS, u.ChargedSeconds = answer.Text, float64(answer.Latency.Microseconds())/1000, e.charge(&answer)
	u.arrives += int(math.Round(u.ChargedSeconds / sim.Timestep))
	u.Points = append(u.Points, answer.Points...)
	if len(u.Points) > 0 {
		u.Hit = q.region.Contains(u.Points[0])
	}
	e.decide("update %s %q %v", u.Query, u.Answer, u.Points)
	if !live {
		e.right = q.region
		noted := *s // its point is set by who asked
		noted.Answer, noted.Points, noted.Point, noted.Hit, noted.LatencyMS = u.Answer, u.Points, nil, u.Hit, u.LatencyMS
		if len(u.Points) > 0 {
			noted.Point = &u.Points[0]
		}
		e.noteAnswer(&noted, answer, scripted != nil && !scripted.open())
	}
	return u, shot, nil
}

// interrupted notes that the last answer has stopped the hand.
func (s *StepRecord) interrupted() {
	if n := len(s.Updates); n > 0 {
		s.Updates[n-1].Interrupted = true
	}
}

// replan asks again, the robot standing still after an interruption, and makes the answer what the step acts on. ok is false if there is no point.
func (e *episode) replan(ctx context.Context, s *StepRecord, pose func(*rand.Rand) (question, error)) (ok bool, err error) {
	if e.halt == nil {
		s.interrupted()
	}
	u, _, err := e.askAgain(ctx, s, fmt.Sprintf("step %d", len(e.rec.Steps)), pose, false)
	e.halt = nil
	if err != nil {
		return false, err
	}
	u.Replanned = true
	s.Updates = append(s.Updates, u.Update)
	if len(u.Points) == 0 {
		s.Cause, s.Reason = CauseDisturb, fmt.Sprintf("after an interruption %s cannot be seen, or the answer has no point: %.60q", s.Referent, u.Answer)
		return false, nil
	}
	p := u.Points[0]
	s.Point, s.Hit = &p, u.Hit
	e.aimed = e.aim(p)
	return true, e.wait(ctx, u.ChargedSeconds)
}
