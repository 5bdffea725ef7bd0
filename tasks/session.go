package tasks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/sim"
)

// A Session is an episode that can be watched: stopped, looked back at, pulled at and branched. The episode runs on a goroutine of its own,
// up to the physics step that Allow names; Look brings any state that it has passed back, bit for bit, from a tape of what the physics was
// told. Its methods are safe for concurrent use, but for Look, which is for one goroutine, and Close, after which nothing may be called.
//
// Watching changes nothing: the record is that of Evaluate.
type Session struct {
	o        Options
	script   Script
	director *director
	worker   *worker
	player   *player
	judge    *judge
	cancel   context.CancelFunc
	finished chan struct{}
	record   *Record // when finished

	looking sync.Mutex // of player and judge
}

// A sessionLog is what an episode has reported so far.
type sessionLog struct {
	steps     []SessionStep
	questions []*Question
	grasps    []graspNote
	ways      []wayNote
	phases    []phaseNote
	dwells    []DwellNote
	asides    []Event  // of joints
	onWay     [][2]int // physics steps from and to which the robot was on its way and could be halted
}

type graspNote struct {
	at     int
	grasps []robots.Grasp
}
type wayNote struct {
	at  int
	way []sim.Vec3
}
type phaseNote struct {
	at   int
	name string
}

// A SessionStep is a step of the episode on the time line.
type SessionStep struct {
	Index      int    // in the record, from 0
	Skill      string // as in StepRecord
	Goal       int    // from 1
	Begin, End int    // physics steps; End is -1 while it lasts
	Outcome    Outcome
	Cause      Cause
	Reason     string
	Trace      string // at its end
}

// A Question is what the referee was shown, what was right, and what it said. It is not changed once it is answered.
type Question struct {
	Step        int  // index of its step, from 0
	At          int  // physics step
	Again       bool // the step had been interrupted …
	Halted      int  // … by the script, in this physics step: see ScriptedAnswer.At; 0 if not
	Instruction string
	Referent    string // the object that is meant: ground truth
	Shot        sim.Shot
	Region      sim.Region
	Answered    bool
	Scripted    bool
	Answer      string
	Points      []sim.NormPoint
	Point       *sim.NormPoint // acted on; nil without
	Hit         bool
	Problem     referee.Problem // why there are no points
	Reason      string
	LatencyMS   float64
}

// A DwellNote is how the goals stand in one control period of the wait at a step's end.
type DwellNote struct {
	At         int
	Held, Want int    // control periods
	Why        string // not, if so
}

// Open begins the episode of o.Suite and o.Seed and waits until the scene stands. An o.Out is not written to. A script, if not nil, decides
// what it has answers and events for; its seed, robot and sizes are not looked at. Nothing of o.Workers and o.Episodes is used. The
// episode waits at its beginning for Allow. The caller closes the Session.
func Open(ctx context.Context, o Options, script *Script) (*Session, error) {
	o = o.withDefaults()
	o.Out = ""
	if _, _, err := sim.Library(); err != nil {
		return nil, err
	}
	w, err := newWorker(o)
	if err != nil {
		return nil, err
	}
	s := &Session{o: o, worker: w, finished: make(chan struct{})}
	if script != nil {
		s.script = *script
	}
	s.script.Seed, s.script.Robot, s.script.Size, s.script.DepthNoise = o.Seed, o.Robot, []int{o.Width, o.Height}, o.DepthNoise
	s.script.ColorNoise, s.script.Camera = o.ColorNoise, o.Camera
	if err := s.script.check(); err != nil {
		w.Close()
		return nil, fmt.Errorf("tasks: %w", err)
	}
	d := newDirector(&s.script, true)
	d.allowed = 0
	w.director, s.director = d, d
	ctx, s.cancel = context.WithCancel(ctx)
	context.AfterFunc(ctx, func() {
		d.mu.Lock()
		d.ended = cmp.Or(d.ended, context.Cause(ctx))
		d.mu.Unlock()
		d.wake.Broadcast()
	})
	go func() {
		defer close(s.finished)
		s.record = w.Episode(ctx, o.Seed)
	}()
	select {
	case <-d.started:
	case <-s.finished:
		err := errors.New(s.record.Error)
		s.cancel()
		if d.stage != nil {
			d.stage.Close()
		}
		w.Close()
		return nil, err
	}
	if s.player, err = newPlayer(d.tape); err == nil {
		s.judge, err = newJudge(d.stage.Scene.Model, isRobot)
	}
	if err == nil {
		err = s.player.data.CopyAwake(d.data)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close ends the episode where it is, and frees everything.
func (s *Session) Close() {
	s.cancel()
	<-s.finished
	s.looking.Lock()
	defer s.looking.Unlock()
	if s.player != nil {
		s.player.close()
	}
	if s.judge != nil {
		s.judge.Close()
	}
	s.director.tape.close()
	s.director.stage.Close()
	s.worker.Close()
}

// Stage is the episode's stage. Its Data belongs to the episode: only what does not change may be read, Scene.Data never.
func (s *Session) Stage() *Stage { return s.director.stage }

// Options are what the Session was opened with, defaults filled in.
func (s *Session) Options() Options { return s.o }

// Allow lets the episode run up to a physics step, and hold there before the next one.
func (s *Session) Allow(step int) {
	d := s.director
	d.mu.Lock()
	d.allowed, d.holding = step, false // until it has seen that
	d.mu.Unlock()
	d.wake.Broadcast()
}

// RunOn lets the episode run to its end.
func (s *Session) RunOn() { s.Allow(noLimit) }

// Span is the first physics step of the episode and the one that it has reached; ended says that there will be no more.
func (s *Session) Span() (first, head int, ended bool) {
	t := s.director.tape
	select {
	case <-s.finished:
		ended = true
	default:
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.begun, t.head, ended
}

// Idle reports whether nothing will happen by itself: the episode has got to where Allow lets it, and done what Move and Deflect said; or it waits for
// the referee; or it has ended.
func (s *Session) Idle() bool {
	select {
	case <-s.finished:
		return true
	default:
	}
	d := s.director
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.holding || d.asks
}

// Finished is closed when the episode has ended.
func (s *Session) Finished() <-chan struct{} { return s.finished }

// Record is the episode's record; nil before it has ended.
func (s *Session) Record() *Record {
	select {
	case <-s.finished:
		return s.record
	default:
		return nil
	}
}

// A Moment is the state of an episode at a physics step, and what was going on. The slices are reused by the next Look into it; what they point to is
// not changed.
type Moment struct {
	Step     int
	Poses    []sim.Pose // T_world_body by body id
	Joints   []float64  // of the robot, as robots.Robot.Joints lists them [rad]
	Aside    []float64  // … how far each stands aside of its own course: see Deflect [rad]
	AsideTo  []float64  // … and will
	Contacts []sim.Contact
	Hands    []float64 // the openings of the robot's hands, right before left [m]
	Asleep   []bool    // by scene object

	Current  *SessionStep // nil before the first
	Question *Question    // the last that was asked; nil before the first
	Phase    string       // of the robot's skill
	Grasps   []robots.Grasp
	Way      []sim.Vec3 // of the tool, on the motion under way
	Dwell    *DwellNote // nil unless the goals are being watched
	OnWay    bool       // the robot is on its way to a grasp or a place, and can be halted: see ScriptedAnswer.At
}

// Look brings back the state at a physics step, or the nearest there is, into m. The error says that it is not the state that was simulated.
func (s *Session) Look(step int, m *Moment) error {
	s.looking.Lock()
	defer s.looking.Unlock()
	if err := s.player.seek(step); err != nil {
		return err
	}
	data := s.player.data
	st := s.director.stage
	m.Step = data.Steps()
	m.Poses = m.Poses[:0]
	for id := range data.Model().NBody() {
		m.Poses = append(m.Poses, data.BodyPose(id))
	}
	m.Asleep = m.Asleep[:0]
	for _, b := range st.Scene.Bodies {
		m.Asleep = append(m.Asleep, data.Asleep(b))
	}
	m.Joints, m.Hands = st.Plant.JointAngles(data, m.Joints[:0]), st.Plant.HandWidths(data, m.Hands[:0])
	if err := s.judge.see(data); err != nil {
		return err
	}
	m.Contacts = append(m.Contacts[:0], s.judge.contacts...)

	d := s.director
	d.mu.Lock()
	defer d.mu.Unlock()
	l := &d.log
	m.aside(st.Robot, l.asides)
	m.Current, m.Question, m.Phase, m.Grasps, m.Way, m.Dwell = nil, nil, "", nil, nil, nil
	from := 0 // when the step under way began
	for i := range l.steps {
		if l.steps[i].Begin <= m.Step {
			c := l.steps[i]
			m.Current, from = &c, c.Begin
		}
	}
	for _, q := range l.questions {
		if q.At <= m.Step {
			m.Question = q
		}
	}
	for _, p := range l.phases {
		if p.at <= m.Step && p.at >= from {
			m.Phase = p.name
		}
	}
	for _, g := range l.grasps {
		if g.at <= m.Step && g.at >= from {
			m.Grasps = g.grasps
		}
	}
	for _, w := range l.ways {
		if w.at <= m.Step && w.at >= from {
			m.Way = w.way
		}
	}
	m.OnWay = slices.ContainsFunc(l.onWay, func(w [2]int) bool { return w[0] <= m.Step && m.Step <= w[1] })
	for i := range l.dwells {
		if n := l.dwells[i]; n.At <= m.Step && n.At > m.Step-8 {
			m.Dwell = &n
		}
	}
	return nil
}

// aside fills in how far joints stand aside, from what was done to them.
func (m *Moment) aside(r *robots.Robot, done []Event) {
	n := len(m.Joints)
	m.Aside, m.AsideTo = append(m.Aside[:0], make([]float64, n)...), append(m.AsideTo[:0], make([]float64, n)...)
	goOn := func(i, steps int) {
		most := robots.DeflectSpeed * sim.Timestep * float64(steps)
		m.Aside[i] += min(max(m.AsideTo[i]-m.Aside[i], -most), most)
	}
	at := make([]int, n)
	for _, e := range done {
		if i, err := jointNamed(r, e.Joint); err == nil && e.At <= m.Step {
			goOn(i, e.At-at[i])
			at[i], m.AsideTo[i] = e.At, e.Aside
		}
	}
	for i := range at {
		goOn(i, m.Step-at[i])
	}
}

// Steps are the episode's steps so far.
func (s *Session) Steps() []SessionStep {
	s.director.mu.Lock()
	defer s.director.mu.Unlock()
	return slices.Clone(s.director.log.steps)
}

// Questions are those asked so far. The last may still wait for its answer.
func (s *Session) Questions() []*Question {
	s.director.mu.Lock()
	defer s.director.mu.Unlock()
	return slices.Clone(s.director.log.questions)
}

// Move puts an object somewhere, at rest, where the episode is now. It must not be held by the robot for that to make sense.
func (s *Session) Move(object int, tWorldObj sim.Pose) {
	p, q := tWorldObj.Pos, tWorldObj.Rot.Normalize()
	s.edit(Event{Object: object, Pose: []float64{p[0], p[1], p[2], q.W, q.V[0], q.V[1], q.V[2]}})
}

// Deflect pushes a joint of the robot, by its index in robots.Robot.Joints, aside from where it is commanded by so much [rad], from where the episode is now: see
// robots.SimPlant.Deflect.
func (s *Session) Deflect(joint int, by float64) {
	s.edit(Event{Joint: s.Stage().Robot.Joints()[joint].Name, Aside: min(max(by, -maxAside), maxAside)})
}

func (s *Session) edit(e Event) {
	d := s.director
	d.mu.Lock()
	d.edits, d.holding = append(d.edits, e), false // until it has seen that
	d.mu.Unlock()
	d.wake.Broadcast()
}

// Pull draws a point of an object, in its own frame, towards a place in the world with a spring, from where the episode is now until
// Release, whenever time passes.
func (s *Session) Pull(object int, point, to sim.Vec3) {
	d := s.director
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pull == nil || d.pull.object != object {
		d.pull = &pull{object: object}
	}
	d.pull.point, d.pull.to, d.pull.release = point, to, false
}

// Release ends a Pull.
func (s *Session) Release() {
	d := s.director
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pull != nil {
		d.pull.release = true
	}
}

// Script is what has determined the episode so far: opening the same suite with it gives the same episode.
func (s *Session) Script() Script { return s.ScriptUntil(noLimit) }

// ScriptUntil is the Script up to a physics step: what a branch there begins with.
func (s *Session) ScriptUntil(step int) Script {
	out := s.script
	out.Answers, out.Events, out.Trace = nil, nil, ""
	d := s.director
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, q := range d.log.questions {
		if !q.Answered || max(q.At, q.Halted) > step || q.Again && q.Halted == 0 {
			continue
		}
		a := ScriptedAnswer{Step: q.Step + 1, At: q.Halted, Points: slices.Clone(q.Points), Text: q.Answer}
		if given := s.script.answerAt(a.Step, a.At); given != nil {
			a.Instruction = given.Instruction
		}
		if len(q.Points) == 0 {
			a.Problem, a.Reason = q.Problem, q.Reason
		}
		out.Answers = append(out.Answers, a)
	}
	for _, e := range d.done {
		if e.At <= step {
			out.Events = append(out.Events, e)
		}
	}
	// What the script still holds for later stays in force, as long as nothing was cut off; so does what has halted the robot and is not asked yet.
	for _, a := range s.script.Answers {
		given := func(b ScriptedAnswer) bool { return a.Step == b.Step && a.At == b.At }
		if (step == noLimit || a.At > 0 && a.At <= step) && !slices.ContainsFunc(out.Answers, given) {
			out.Answers = append(out.Answers, a)
		}
	}
	slices.SortStableFunc(out.Answers, func(a, b ScriptedAnswer) int { return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.At, b.At)) })
	if step == noLimit {
		select {
		case <-s.finished:
			if s.record.Outcome != Error {
				out.Trace = s.record.Trace
			}
		default:
		}
	}
	return out
}

// Scenario is the suite with the Script: a file for `refarena eval --suite` and scenariotest.
func (s *Session) Scenario() ([]byte, error) {
	if s.o.Suite.IsScene() {
		return nil, errors.New("tasks: a scene by itself has no task, and so is no scenario (want a suite or a task file)")
	}
	return s.o.Suite.Scenario(s.Script())
}

// JournalOf makes the folder of a run of o, for records that sessions play. The caller closes it.
func JournalOf(o Options, renderer sim.RendererInfo) (*Journal, error) {
	o = o.withDefaults()
	return CreateJournal(o.Out, runInfo(o, renderer), o.Suite.text)
}

// OpenRecorded reads an episode of the run in a folder: what it was asked, and the script that plays it again. It refuses what cannot come out
// the same here: another version of the physics, of the objects, another camera. renderer is what draws here. changes are other differences: other code, another machine.
func OpenRecorded(dir string, seed uint64, renderer sim.RendererInfo) (o Options, script *Script, record *Record, changes []string, err error) {
	fail := func(err error) (Options, *Script, *Record, []string, error) { return Options{}, nil, nil, nil, err }
	info, suite, records, err := readRun(dir)
	if err != nil {
		return fail(err)
	}
	var have []string
	for _, r := range records {
		have = append(have, fmt.Sprint(r.Seed))
		if r.Seed == seed {
			record = r
		}
	}
	if record == nil {
		return fail(fmt.Errorf("tasks: no episode %d in %s (have %s)", seed, dir, shorten(have)))
	}
	now := CurrentVersions()
	if info.Versions.MuJoCo != now.MuJoCo || info.Versions.Objects != now.Objects {
		return fail(fmt.Errorf("tasks: the run in %s was made with MuJoCo %s and objects %.12q, here are MuJoCo %s and objects %.12q: its states cannot be had again",
			dir, info.Versions.MuJoCo, info.Versions.Objects, now.MuJoCo, now.Objects))
	}
	if o, err = replayOptions(dir, info, suite, []*Record{record}); err != nil {
		return fail(err)
	}
	o.Seed = seed
	o = o.withDefaults()
	changes = info.Differences(runInfo(o, renderer))
	s := ScriptOf(info, record)
	if suite.Replay != nil {
		s.Events = suite.Replay.Events
		for _, a := range suite.Replay.Answers {
			if a.At > 0 {
				s.Answers = append(s.Answers, a)
			}
		}
	}
	return o, &s, record, changes, nil
}

// DifferenceOf is the first difference between a record and the same episode played again; "" if they are equal.
func DifferenceOf(recorded, again *Record) string {
	if m, differs := compareRecords(recorded, again); differs {
		return m.String()
	}
	return ""
}

// shorten lists the first of many words.
func shorten(words []string) string {
	const most = 12
	if len(words) > most {
		return strings.Join(words[:most], ", ") + fmt.Sprintf(", … %d in all", len(words))
	}
	return strings.Join(words, ", ")
}
