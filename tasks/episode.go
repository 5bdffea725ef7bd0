package tasks

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/refer"
	"github.com/refarena/refarena/scenes/relate"
	"github.com/refarena/refarena/sim"
)

// A worker runs episodes, one after the other. It owns a renderer; everything else is made anew for each episode, so that none depends
// on the one before.
type worker struct {
	o        Options
	robot    *robots.Robot
	renderer sim.Renderer
	drawn    sim.RendererInfo // renderer's, at first
	shot     sim.Shot         // what the referee is asked about
	again    sim.Shot         // what the robot looks at for a second try of its own
	kept     []keptFrame      // of the last episode
	director *director        // nil: nothing is scripted, and nobody watches
}

// A picture is a file of the run's folder.
type picture struct {
	Name string
	PNG  []byte
}

// A keptFrame is what a picture is drawn from.
type keptFrame struct {
	name  string
	frame sim.Frame
	point *sim.NormPoint
	right sim.Region // the right answers; without a mask there are none
}

func newWorker(o Options) (*worker, error) {
	robot, err := robots.Open(o.Robot)
	if err != nil {
		return nil, err
	}
	r, err := o.NewRenderer()
	if err != nil {
		return nil, err
	}
	return &worker{o: o, robot: robot, renderer: r, drawn: r.Info()}, nil
}

func (w *worker) Close() { w.renderer.Close() }

// Renderer is what draws.
func (w *worker) Renderer() sim.RendererInfo { return w.renderer.Info() }

// Over reports whether the worker cannot play any more.
func (w *worker) Over() bool { return false }

// Pictures are those of the last episode for the run's folder.
func (w *worker) Pictures() ([]picture, error) {
	var out []picture
	for i := range w.kept {
		p, err := w.kept[i].png()
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// Episode runs the episode of a seed. What keeps it from being judged stands in the record, as outcome Error.
func (w *worker) Episode(ctx context.Context, seed uint64) (rec *Record) {
	start := time.Now()
	w.kept = w.kept[:0]
	if w.o.Suite.Replay != nil && !w.director.watching() {
		w.director = newDirector(w.o.Suite.Replay, false)
	}
	rec = w.o.blank(seed)
	e := &episode{worker: w, rec: rec, trace: sha256.New()}
	defer func() {
		if now := w.renderer.Info(); now != w.drawn {
			rec.Renderer = &now
		}
		rec.Wall.round()
		if p := recover(); p != nil { // a bug costs one episode, not the run
			rec.Outcome, rec.Error, rec.Stack = Error, fmt.Sprintf("panic: %v", p), string(debug.Stack())
		}
		e.close()
		rec.WallSeconds = time.Since(start).Seconds()
	}()
	if err := e.run(ctx, seed); err != nil {
		rec.Outcome, rec.Error, rec.failure = Error, err.Error(), err
	}
	return rec
}

// blank is the record of an episode of which nothing is known yet.
func (o Options) blank(seed uint64) *Record {
	return &Record{Seed: seed, Task: o.Suite.Name + "/" + o.Suite.Task(seed).Name, Robot: o.Robot, Referee: o.Referee.Info().Name, Steps: []StepRecord{}}
}

// An episode is a stage being played.
type episode struct {
	*worker
	rec     *Record
	stage   *Stage
	exec    *robots.Executor
	judge   *judge
	trace   hash.Hash
	held    *robots.Held // what the robot believes to hold
	limit   int          // physics steps
	stop    context.CancelFunc
	stopped error // why the episode was stopped from inside of a control period

	looks    int             // pictures taken
	right    sim.Region      // the right answers to the last question
	start    int             // physics step at which the episode began
	live     sim.Shot        // what the camera sees while the robot is on its way
	tracking *tracking       // nil while nothing is asked again
	updates  int             // questions asked again
	halt     *ScriptedAnswer // of the script, that has halted the robot and is not given yet
	halted   int             // physics step of the last halt
	touch    []sim.Contact

	aimed string // what the depth image has the last point on; "" if on nothing
	asked int    // questions

	begun   []sim.Pose           // where the scene's objects were at the beginning
	areas   []*refer.Area        // by goal: where its last placement question said; nil where that was on or in an object
	said    []*refer.Instruction // by goal: the last that asked for a free place; nil where none did
	tables  []int                // bodies, as areas count them
	reached []int                // goals, in the order in which they were reached, that still have to hold
}

// errOverTime ends an episode whose simulated time is used up.
var errOverTime = errors.New("the simulated time is used up")

func (e *episode) run(ctx context.Context, seed uint64) (err error) {
	ctx, e.stop = context.WithCancel(ctx)
	defer func() {
		e.stop()
		if e.stopped != nil {
			err = e.stopped
		}
	}()
	begin := time.Now()
	if e.stage, err = newStage(e.o.Suite, e.robot, seed, e.renderer, e.o.Camera); err != nil {
		return err
	}
	e.rec.Wall.Scene = time.Since(begin).Seconds()
	if e.judge, err = newJudge(e.stage.Scene.Model, isRobot); err != nil {
		return err
	}
	e.recordScene()
	data := e.stage.Scene.Data
	if e.director != nil {
		if err := e.director.begin(e.stage); err != nil {
			return err
		}
	}
	begun := data.Steps()
	e.start = begun
	e.limit = begun + int(e.o.Suite.budgetSeconds(e.stage.Task)/sim.Timestep)
	e.stage.Plant.OnStep = e.period
	e.exec = robots.NewExecutor(e.robot, e.stage.Plant)
	e.exec.Look = func(context.Context) (*sim.Frame, error) { // not into shot, which the verdict still needs
		err := e.look(&e.again)
		return &e.again.Frame, err
	}
	if e.director.watching() {
		e.exec.Watch = e.director
	}
	defer func() {
		e.rec.SimSeconds = float64(data.Steps()-begun) * sim.Timestep
		e.rec.Fallen = e.stage.Plant.Fallen()
	}()

	e.begun = e.stage.poses()
	e.areas, e.said = make([]*refer.Area, len(e.stage.Goals)), make([]*refer.Instruction, len(e.stage.Goals))
	e.rec.Planned = 2 * e.stage.Task.Need
	e.rec.Outcome = Failure
	if w := e.o.watch; w != nil && w.OnStage != nil {
		if err := w.OnStage(e.stage); err != nil {
			return err
		}
	}
	if e.o.Suite.IsScene() {
		e.rec.Outcome = Success
		return e.linger(ctx)
	}
	for k := range e.stage.Goals {
		if err := e.refuseIfDone(k); err != nil {
			return err
		}
	}
	done, err := e.reachGoals(ctx)
	if err != nil {
		return err
	}
	if done == e.stage.Task.Need {
		ok, err := e.checkEnd(ctx)
		if err != nil {
			return err
		}
		if ok {
			e.rec.Outcome = Success
		}
	}
	if len(e.stage.Task.Also) > 0 {
		if err := e.judge.see(data); err != nil {
			return err
		}
		e.rec.Also = e.stage.measure(e.judge, e.begun)
	}
	return nil
}

// period is called after each control period.
func (e *episode) period() {
	e.stage.Scene.Data.Hash(e.trace)
	e.push()
	e.follow()
	if w := e.o.watch; w != nil && w.OnPeriod != nil && e.stopped == nil {
		if e.stopped = w.OnPeriod(e.stage); e.stopped != nil {
			e.stop()
		}
	}
}

// reachGoals tries the goals in order and says how many were reached, at most as many as the task needs.
func (e *episode) reachGoals(ctx context.Context) (done int, err error) {
	task := e.stage.Task
	reached := map[string]bool{}
	for k := range e.stage.Goals {
		if done == task.Need {
			break
		}
		g := &e.stage.Goals[k]
		if slices.ContainsFunc(g.After, func(name string) bool { return !reached[name] }) {
			continue // what it waits for could not be reached
		}
		// An object that is moved again need not be where an earlier goal wanted it.
		e.reached = slices.DeleteFunc(e.reached, func(i int) bool { return e.stage.Goals[i].Move == g.Move })
		ok, err := e.reach(ctx, k, done)
		if err != nil {
			return done, err
		}
		if ok {
			done++
			reached[g.Name] = true
			e.reached = append(e.reached, k)
			continue
		}
		if task.Order == Strict || e.timeIsUp() || e.outOfQueries() {
			break
		}
		if e.held != nil { // the next goal begins with an empty hand
			if err := e.putBack(ctx); err != nil {
				return done, err
			}
		}
	}
	return done, nil
}

// checkEnd sees whether what the task asks for at the end holds. What does not is a step of its own in the record.
func (e *episode) checkEnd(ctx context.Context) (bool, error) {
	if len(e.stage.Task.Finally)+len(e.stage.Task.Keep) == 0 {
		return true, nil
	}
	return e.step(ctx, 0, 1, func(ctx context.Context, _ int, s *StepRecord) error {
		s.Skill = "check"
		cause, reason, err := e.dwell(ctx, e.reached, true)
		s.Cause, s.Reason = cause, reason
		return err
	})
}

// reach tries a goal, pick and place, as often as the budget allows; done goals were reached before. The error says that the episode cannot
// be judged.
func (e *episode) reach(ctx context.Context, goal, done int) (bool, error) {
	for attempt := 1; attempt <= e.o.Suite.Budget.Attempts; attempt++ {
		if attempt > 1 && e.held != nil {
			if err := e.putBack(ctx); err != nil {
				return false, err
			}
		}
		e.progress(2 * done)
		ok, err := e.step(ctx, goal, attempt, e.pick)
		if err != nil {
			return false, err
		}
		if ok {
			e.progress(2*done + 1)
			if ok, err = e.step(ctx, goal, attempt, e.place); err != nil {
				return false, err
			}
		}
		if ok {
			e.progress(2*done + 2)
			return true, nil
		}
		if e.timeIsUp() || e.outOfQueries() {
			return false, nil
		}
	}
	return false, nil
}

// outOfQueries reports whether the budget of questions is used up.
func (e *episode) outOfQueries() bool {
	return e.o.Suite.Budget.Queries > 0 && e.asked >= e.o.Suite.Budget.Queries
}

func (e *episode) progress(steps int) { e.rec.Progress = float64(steps) / float64(e.rec.Planned) }

func (e *episode) timeIsUp() bool { return e.stage.Scene.Data.Steps() >= e.limit }

// putBack sets down what the hand holds where it was taken from, as far as the camera shows the place, so that another attempt begins
// with an empty hand. If there is no room, the hand stays full, and the next pick fails.
func (e *episode) putBack(ctx context.Context) error {
	if err := e.look(&e.shot); err != nil {
		return err
	}
	last := &e.rec.Steps[len(e.rec.Steps)-1]
	for i := range e.rec.Steps {
		if e.rec.Steps[i].Skill == "pick" && e.rec.Steps[i].Point != nil {
			last = &e.rec.Steps[i] // the last pick
		}
	}
	result, err := e.exec.Place(ctx, &e.shot.Frame, e.pixel(last), e.held, robots.PlaceOptions{MaxPeriods: e.periodsLeft()})
	e.held = result.Held
	e.decide("put back %v", result.OK())
	return err
}

// look draws what the referee's camera sees into shot, with the noise of the depth camera that was asked for.
func (e *episode) look(shot *sim.Shot) error {
	defer took(&e.rec.Wall.Render, time.Now())
	cam, err := e.stage.Camera(e.o.Width, e.o.Height)
	if err != nil {
		return err
	}
	if err := e.renderer.Render(e.stage.Scene.Data, cam, shot); err != nil {
		return err
	}
	e.looks++
	e.o.DepthNoise.Apply(&shot.Frame, scenes.Stream(e.stage.Seed, fmt.Sprintf("depth %d", e.looks)))
	if e.o.ColorNoise {
		sim.ApplyColor(&shot.Frame, scenes.Stream(e.stage.Seed, fmt.Sprintf("colour %d", e.looks)))
	}
	return nil
}

func (e *episode) close() {
	e.rec.Trace = e.traceSum()
	if e.judge != nil {
		e.judge.Close()
	}
	switch {
	case e.director.watching() && e.director.tape != nil: // the session goes on looking at it
		e.director.tape.end(e.stage.Scene.Data)
	case e.stage != nil:
		e.stage.Close()
	}
}

// took adds the wall time since begin to a sum [s].
func took(sum *float64, begin time.Time) { *sum += time.Since(begin).Seconds() }

func (e *episode) traceSum() string { return hex.EncodeToString(e.trace.Sum(nil)[:16]) }

// decide chains a decision into the trace.
func (e *episode) decide(format string, args ...any) {
	fmt.Fprintf(e.trace, format+"\n", args...)
}

func (e *episode) recordScene() {
	s := e.stage.Scene
	for _, n := range s.Rejected {
		e.rec.Scene.Draws += n
	}
	e.rec.Scene.Draws++
	for i := range s.Objects {
		o := &s.Objects[i]
		q := o.TWorldObj.Rot
		e.rec.Scene.Objects = append(e.rec.Scene.Objects, ObjectRecord{
			Phrase: o.Phrase(), Kind: o.Design.Name, Color: o.Color.Name, PosWorld: o.TWorldObj.Pos,
			QuatWorld: [4]float64{q.W, q.V[0], q.V[1], q.V[2]},
		})
	}
	e.rec.Scene.Difficulty = s.Difficulty(s.Data, s.Camera(640, 480))
	if e.stage.mounted() && !e.stage.ownView {
		e.rec.Scene.Camera = scenes.DefaultCamera(1, 1).Name
	}
	s.Data.Hash(e.trace)
}

// refuseIfDone is an error if the goal holds before anything has been done for it: the episode would prove nothing. Scenes that were looked at
// have been refused then: see Stage.premise.
func (e *episode) refuseIfDone(goal int) error {
	g := &e.stage.Goals[goal]
	if g.put() != putTo {
		return nil // the scene was refused if it did
	}
	if err := e.judge.see(e.stage.Scene.Data); err != nil {
		return err
	}
	if e.goal(goal).supported {
		return fmt.Errorf("tasks: seed %d: %s is on %s already", e.stage.Seed, e.phrase(g.Move), e.phrase(g.To))
	}
	return nil
}

// placeSlack is how far from where an instruction says something may lie [m]: the robot may put it up to 30 mm beside the point where the
// ground is better, and what is put down may turn.
const placeSlack = 0.02

// goal is how a goal stands in the state that the judge saw last.
func (e *episode) goal(goal int) standing {
	scene, g := e.stage.Scene, &e.stage.Goals[goal]
	var s standing
	switch area := e.areas[goal]; {
	case g.To >= 0:
		s = e.judge.standing(scene.Data, e.body(g.Move), e.stage.carriers(g.To))
		s.inPlace = scene.RestsOn(scene.Data, g.Move, g.To)
	case area == nil: // nothing was asked yet
	case area.Thing >= 0:
		s = e.judge.standing(scene.Data, e.body(g.Move), e.stage.carriers(area.Thing))
		s.inPlace = scene.RestsOn(scene.Data, g.Move, area.Thing)
	default:
		s = e.judge.standing(scene.Data, e.body(g.Move), []int{e.tables[area.Table]})
		p := scene.Data.BodyPose(e.body(g.Move)).Pos
		s.inPlace = area.Meets(relate.Vec2{p[0], p[1]}, placeSlack)
	}
	s.toppled = !scene.Stands(scene.Data, g.Move)
	return s
}

func (e *episode) body(object int) int      { return e.stage.Scene.Bodies[object] }
func (e *episode) phrase(object int) string { return e.stage.Scene.Objects[object].Phrase() }

// step tries a skill once and records what came of it. The error says that the episode cannot be judged.
func (e *episode) step(ctx context.Context, goal, attempt int, skill func(context.Context, int, *StepRecord) error) (bool, error) {
	data := e.stage.Scene.Data
	start, begun := time.Now(), data.Steps()
	s := &StepRecord{Goal: goal + 1, Attempt: attempt, Outcome: Failure, Points: []sim.NormPoint{}}
	e.director.note(func(l *sessionLog) {
		l.steps = append(l.steps, SessionStep{Index: len(e.rec.Steps), Goal: goal + 1, Begin: begun, End: -1})
	})
	err := skill(ctx, goal, s)
	switch {
	case errors.Is(err, errOverTime):
		err = nil
		e.blame(s, CauseTime, "%v", errOverTime)
	case err != nil:
		s.Outcome, s.Reason = Error, err.Error()
	case s.Cause == "":
		s.Outcome = Success
	}
	if s.Outcome == Failure && s.Skill != "check" && e.judge.see(data) == nil {
		s.Evidence = e.evidence(goal, s)
	}
	s.SimSeconds, s.WallSeconds = float64(data.Steps()-begun)*sim.Timestep, time.Since(start).Seconds()
	e.decide("%s %s", s.Outcome, s.Cause)
	s.Trace = e.traceSum()
	e.director.note(func(l *sessionLog) {
		l.steps[len(l.steps)-1] = SessionStep{len(e.rec.Steps), s.Skill, goal + 1, begun, data.Steps(), s.Outcome, s.Cause, s.Reason, s.Trace}
	})
	e.keepFrame(s)
	e.rec.Steps = append(e.rec.Steps, *s)
	if w := e.o.watch; w != nil && err == nil {
		if w.OnStep != nil {
			err = w.OnStep(len(e.rec.Steps)-1, *s)
		}
		if err == nil && w.Steps == len(e.rec.Steps) {
			err = errReplayed
		}
	}
	return s.Outcome == Success, err
}

func (e *episode) keepFrame(s *StepRecord) {
	if e.o.Out == "" || e.o.Frames == FramesNone || e.o.Frames == FramesFailed && s.Outcome == Success || s.Query == "" {
		return
	}
	e.kept = append(e.kept, keptFrame{
		name:  FrameName(e.rec.Seed, len(e.rec.Steps), s.Skill),
		frame: sim.Frame{Camera: e.shot.Frame.Camera, RGB: slices.Clone(e.shot.Frame.RGB)},
		point: s.Point, right: e.right,
	})
}

// A question is an instruction and its right answers.
type question struct {
	text   string
	region sim.Region
	in     *refer.Instruction // if the grammar made it
}

// ask draws the scene and puts a question to the referee. It reports whether there is a point to act on.
func (e *episode) ask(ctx context.Context, s *StepRecord, pose func(*rand.Rand) (question, error)) (bool, error) {
	if e.timeIsUp() {
		return false, errOverTime
	}
	if e.outOfQueries() {
		s.Cause, s.Reason = CauseQueries, fmt.Sprintf("%d questions are used up", e.asked)
		return false, nil
	}
	if e.director != nil {
		if err := e.director.asking(ctx); err != nil {
			return false, err
		}
	}
	if err := e.look(&e.shot); err != nil {
		return false, err
	}
	key := fmt.Sprintf("step %d", len(e.rec.Steps)) // one stream of random numbers for each decision
	q, err := pose(scenes.Stream(e.stage.Seed, "instruction "+key))
	if err != nil {
		return false, err
	}
	s.Instruction, s.ReasoningSteps = q.text, 1
	if q.in != nil {
		s.ReasoningSteps, s.Split = q.in.Steps, string(q.in.Split)
		for _, t := range q.in.Trace {
			s.Reasoning = append(s.Reasoning, t.String())
		}
		for _, r := range q.in.Relations {
			s.Relations = append(s.Relations, r.String())
		}
	}
	scripted := e.director.answerTo(len(e.rec.Steps) + 1)
	if scripted != nil && scripted.Instruction != "" {
		s.Instruction = scripted.Instruction
	}
	query := referee.NewQuery(&e.shot.Frame, s.Instruction, querySeed(e.stage.Seed, len(e.rec.Steps)))
	s.Query, s.Region = query.Hash(), q.region.Count()
	e.right = q.region
	if s.Region == 0 && len(e.rec.Steps) == 0 {
		return false, fmt.Errorf("tasks: seed %d: %q has no right answer in the picture: %s cannot be seen", e.stage.Seed, s.Instruction, s.Referent)
	}
	if s.Region == 0 { // it could be seen before the robot acted
		s.Cause, s.Reason = CauseDisturb, fmt.Sprintf("%s cannot be seen any more, or has no room", s.Referent)
		return false, nil
	}
	e.asked++
	e.noteQuestion(s, q.region, false)
	s.AskedSeconds = float64(e.stage.Scene.Data.Steps()-e.start) * sim.Timestep
	e.arm(s.Skill, s.Goal-1)
	answer, err := e.consult(ctx, query, q.region, scripted)
	if err != nil {
		return false, err
	}
	s.Answer, s.LatencyMS, s.Tokens = answer.Text, float64(answer.Latency.Microseconds())/1000, answer.Tokens
	s.ChargedSeconds = e.charge(&answer)
	s.Points = append(s.Points, answer.Points...)
	e.decide("%s %q %q %v", s.Query, s.Instruction, s.Answer, s.Points)
	point, ok := referee.FirstPoint.Of(answer.Points)
	if ok {
		s.Point, s.Hit = &point, q.region.Contains(point)
	} else {
		s.Cause, s.Reason = Cause(answer.Problem), answer.Reason
	}
	e.noteAnswer(s, answer, scripted != nil && !scripted.open())
	if !ok {
		return false, e.wait(ctx, s.ChargedSeconds)
	}
	e.aimed = e.aim(point)
	if w := e.o.watch; w != nil && w.OnAsk != nil {
		if err := w.OnAsk(len(e.rec.Steps), &e.shot, *s, q.region); err != nil {
			return false, err
		}
	}
	return true, e.wait(ctx, s.ChargedSeconds)
}

// consult has a query answered: by the script if that has an answer, else by the referee.
func (e *episode) consult(ctx context.Context, query referee.Query, right sim.Region, scripted *ScriptedAnswer) (referee.Answer, error) {
	defer took(&e.rec.Wall.Referee, time.Now())
	if scripted != nil && !scripted.open() {
		return scripted.answer(), nil
	}
	e.director.asksNow(true)
	defer e.director.asksNow(false)
	answer, err := referee.Ask(ctx, e.o.Referee, query, right)
	if err != nil {
		e.rec.retryable = true // the referee may be back later
	}
	return answer, err
}

// noteQuestion tells a Session what is about to be asked, again if the step was interrupted.
func (e *episode) noteQuestion(s *StepRecord, region sim.Region, again bool) {
	e.director.note(func(l *sessionLog) {
		shot := sim.Shot{
			Frame: sim.Frame{Camera: e.shot.Frame.Camera, RGB: slices.Clone(e.shot.Frame.RGB), Depth: slices.Clone(e.shot.Frame.Depth)},
			Seg:   sim.Segmentation{Width: e.shot.Seg.Width, Height: e.shot.Seg.Height, Bodies: slices.Clone(e.shot.Seg.Bodies)},
		}
		q := &Question{Step: len(e.rec.Steps), At: e.director.now(), Again: again, Instruction: s.Instruction, Referent: s.Referent, Shot: shot, Region: region}
		if again && e.halt != nil {
			q.Halted, q.Instruction = e.halt.At, cmp.Or(e.halt.Instruction, q.Instruction)
		}
		l.questions = append(l.questions, q)
		l.steps[len(l.steps)-1].Skill = s.Skill
	})
}

// noteAnswer tells a Session what was answered.
func (e *episode) noteAnswer(s *StepRecord, a referee.Answer, scripted bool) {
	e.director.note(func(l *sessionLog) {
		q := *l.questions[len(l.questions)-1]
		q.Answered, q.Scripted, q.Answer, q.Points, q.Point, q.Hit, q.LatencyMS = true, scripted, a.Text, slices.Clone(s.Points), s.Point, s.Hit, s.LatencyMS
		q.Problem, q.Reason = a.Problem, a.Reason
		l.questions[len(l.questions)-1] = &q
	})
}

// querySeed is the seed of the query that a step of an episode asks. It names the query within a run.
func querySeed(episode uint64, step int) uint64 {
	return scenes.Stream(episode, fmt.Sprintf("referee step %d", step)).Uint64()
}

// blame sets the cause of a step that failed: the point if it was wrong, else what happened.
func (e *episode) blame(s *StepRecord, cause Cause, format string, args ...any) {
	s.Cause, s.Reason = cause, fmt.Sprintf(format, args...)
	if s.Point != nil && !s.Hit {
		s.Cause = CauseMiss
		s.Reason = fmt.Sprintf("point (%.3f, %.3f) is on %s, want %s; then %s", s.Point.X, s.Point.Y, e.seenAt(*s.Point), s.Referent, s.Reason)
	}
}

// seenAt names what the picture shows at a point, for people.
func (e *episode) seenAt(p sim.NormPoint) string {
	i, ok := p.Pixel(e.shot.Seg.Width, e.shot.Seg.Height).Index(e.shot.Seg.Width, e.shot.Seg.Height)
	if !ok || e.shot.Seg.Bodies[i] < 0 {
		return "nothing"
	}
	id := int(e.shot.Seg.Bodies[i])
	return e.called(e.stage.Scene.Model.BodyRoot(id), id)
}

func (e *episode) pick(ctx context.Context, goal int, s *StepRecord) error {
	g := &e.stage.Goals[goal]
	s.Skill, s.Referent = "pick", e.phrase(g.Move)
	pose := func(r *rand.Rand) (question, error) { return e.locate(g, r) }
	ok, err := e.ask(ctx, s, pose)
	for replans := 0; err == nil && ok; replans++ {
		var again bool
		if again, err = e.runPick(ctx, g, s, pose, replans < maxReplans); err != nil || !again {
			return err
		}
		ok, err = e.replan(ctx, s, pose)
	}
	return err
}

// locate asks for the object to be moved: with the grammar's words if the goal has steps and there are such words now, else by its name.
func (e *episode) locate(g *BoundGoal, r *rand.Rand) (question, error) {
	scene := e.stage.Scene
	if g.described() {
		view, err := refer.Look(scene, &e.shot)
		if err != nil {
			return question{}, err
		}
		if g.find != nil {
			if in, ok := view.Again(*g.find); ok {
				return question{in.Text, in.Region, &in}, nil
			}
		}
		in, ok, err := g.sayWhich(view, r)
		if err != nil {
			return question{}, err
		}
		if ok {
			return question{in.Text, in.Region, &in}, nil
		}
		if g.Which != nil { // its name does not say which it is
			return question{region: sim.Region{Width: e.shot.Seg.Width, Height: e.shot.Seg.Height}}, nil
		}
	}
	return question{text: scene.Locate(g.Move, r).Text, region: scene.ObjectRegion(&e.shot, g.Move)}, nil
}

// whither asks for the place where the object in the hand is to be put.
func (e *episode) whither(goal int, s *StepRecord, r *rand.Rand) (question, error) {
	scene, g := e.stage.Scene, &e.stage.Goals[goal]
	if g.put() == putTo {
		return question{text: scene.Place(g.Move, g.To, r).Text, region: scene.PlaceRegion(&e.shot, scene.Data, g.Move, g.To)}, nil
	}
	view, err := refer.LookHolding(scene, &e.shot, g.Move)
	if err != nil {
		return question{}, err
	}
	var in refer.Instruction
	ok := false
	if g.place != nil {
		in, ok = view.Again(*g.place)
	}
	if !ok {
		in, ok, err = g.sayWhere(view, r)
	}
	if err != nil || !ok {
		return question{region: sim.Region{Width: e.shot.Seg.Width, Height: e.shot.Seg.Height}}, err
	}
	e.means(goal, &in, view)
	s.Referent = "the free place"
	return question{in.Text, in.Region, &in}, nil
}

// means notes which free place an instruction means as things are now.
func (e *episode) means(goal int, in *refer.Instruction, v *refer.View) {
	e.said[goal], e.areas[goal], e.tables = in, in.Area, nil
	for _, t := range v.World.Tables {
		e.tables = append(e.tables, t.Body)
	}
}

// whereNow brings up to date which free place a goal's last instruction means, where things may have been pushed since it was given: what counts is where
// they are when the object has been put down.
func (e *episode) whereNow(goal int) error {
	if in := e.said[goal]; in != nil && len(e.stage.events) > 0 {
		if err := e.look(&e.live); err != nil {
			return err
		}
		view, err := refer.LookHolding(e.stage.Scene, &e.live, e.stage.Goals[goal].Move)
		if err != nil {
			return err
		}
		if again, _ := view.Again(*in); again.Area != nil { // the object itself may hide the place
			e.means(goal, &again, view)
		}
	}
	return nil
}

func (s *Suite) budgetSeconds(t *Task) float64 {
	if s.Budget.SimSeconds > 0 {
		return s.Budget.SimSeconds
	}
	return 60 * float64(len(t.Goals))
}

// runPick lets the robot act on the point, and sees whether the right thing is in its hand. again means that it was interrupted, since the answer
// to the same question is another one now.
func (e *episode) runPick(ctx context.Context, g *BoundGoal, s *StepRecord, pose func(*rand.Rand) (question, error), mayReplan bool) (again bool, err error) {
	data := e.stage.Scene.Data
	done := func() bool { return false }
	if mayReplan {
		done = e.track(ctx, s, pose)
	}
	begin, drawn := time.Now(), e.rec.Wall.Render
	result, err := e.exec.Pick(ctx, &e.shot.Frame, e.pixel(s), robots.PickOptions{MaxPeriods: e.periodsLeft()})
	e.rec.Wall.Robot += time.Since(begin).Seconds() - (e.rec.Wall.Render - drawn)
	jumped := done()
	if err != nil {
		return false, err
	}
	if result.Held != nil || !e.exec.OtherHandHolds(e.held) {
		e.held = result.Held
	}
	s.Target = target(result.Point)
	if result.Cause == robots.Interrupted && jumped {
		return true, nil
	}
	if err := e.judge.see(data); err != nil {
		return false, err
	}
	switch {
	case e.judge.lifted(e.body(g.Move)):
		return false, nil // whatever the robot believes, it has it
	case e.timeIsUp():
		return false, errOverTime
	case !result.OK():
		e.blame(s, Cause(result.Cause), "%s", result.Detail)
	default:
		e.blame(s, CauseWrongObject, "the robot holds %s", e.inHand())
	}
	return false, nil
}

// inHand names what the robot touches, for people.
func (e *episode) inHand() string {
	for i, id := range e.stage.Scene.Bodies {
		if e.judge.touching(id) {
			return e.phrase(i)
		}
	}
	return "nothing"
}

func (e *episode) place(ctx context.Context, goal int, s *StepRecord) error {
	g := &e.stage.Goals[goal]
	s.Skill, s.Referent = "place", "a free place"
	if g.To >= 0 {
		s.Referent = e.phrase(g.To)
	}
	pose := func(r *rand.Rand) (question, error) { return e.whither(goal, s, r) }
	ok, err := e.ask(ctx, s, pose)
	if err != nil || !ok {
		return err
	}
	var result robots.PlaceResult
	for replans := 0; ; replans++ {
		done := func() bool { return false }
		if replans < maxReplans {
			done = e.track(ctx, s, pose)
		}
		begin, drawn := time.Now(), e.rec.Wall.Render
		result, err = e.exec.Place(ctx, &e.shot.Frame, e.pixel(s), e.held, robots.PlaceOptions{MaxPeriods: e.periodsLeft()})
		e.rec.Wall.Robot += time.Since(begin).Seconds() - (e.rec.Wall.Render - drawn)
		jumped := done()
		if err != nil {
			return err
		}
		s.Target = target(result.Point)
		e.held = result.Held
		if result.Cause != robots.Interrupted || !jumped {
			break
		}
		if ok, err := e.replan(ctx, s, pose); err != nil || !ok {
			return err
		}
	}
	if err := e.whereNow(goal); err != nil {
		return err
	}
	cause, reason, err := e.dwell(ctx, append(slices.Clone(e.reached), goal), false)
	if err != nil || cause == "" {
		return err
	}
	if !result.OK() {
		cause, reason = Cause(result.Cause), result.Detail
	}
	e.blame(s, cause, "%s", reason)
	return nil
}

// dwell lets time pass, the robot standing still, until the goals, and at the end of the task its conditions, have held together for
// DwellSeconds without a break. The cause says what was wrong at the end of the time that they have for that, with the last goal unless an
// earlier one is broken.
func (e *episode) dwell(ctx context.Context, goals []int, end bool) (Cause, string, error) {
	defer took(&e.rec.Wall.Judge, time.Now())
	const patience = 3 * DwellSeconds
	data := e.stage.Scene.Data
	steps := int(math.Round(robots.Period / data.Model().Timestep()))
	want, most := int(DwellSeconds*robots.Rate), int(patience*robots.Rate)
	var s standing
	broken := -1            // the goal that s is of; -1 if they all hold
	held, longest := -1, -1 // control periods between the first and the last look at which all was well
	var cause Cause         // of a condition
	var reason string
	for range most {
		if e.timeIsUp() {
			return "", "", errOverTime
		}
		if err := data.Step(steps); err != nil {
			return "", "", err
		}
		e.period()
		if err := ctx.Err(); err != nil {
			return "", "", err
		}
		if err := e.judge.see(data); err != nil {
			return "", "", err
		}
		broken = -1
		for _, k := range goals {
			if s = e.goal(k); !s.ok() {
				broken = k
				break
			}
		}
		cause, reason = "", ""
		if end && broken < 0 {
			cause, reason = e.conditions()
		}
		e.noteDwell(held, want, broken, s, reason)
		if broken >= 0 || cause != "" {
			held = -1
			continue
		}
		held++
		longest = max(longest, held)
		if held == want {
			return "", "", nil
		}
	}
	if broken < 0 && cause != "" {
		return cause, reason, nil
	}
	if broken < 0 {
		return CauseDwell, fmt.Sprintf("it held for %.2f s, want %.0f s", float64(longest)*robots.Period, DwellSeconds), nil
	}
	g := &e.stage.Goals[broken]
	object, support := e.phrase(g.Move), "where the instruction said"
	if g.To >= 0 {
		support = "on " + e.phrase(g.To)
	}
	switch p := data.BodyPose(e.body(g.Move)).Pos; {
	case broken != goals[len(goals)-1]:
		return CauseDisturb, fmt.Sprintf("%s is at (%.3f, %.3f, %.3f) and no longer as it was put %s", object, p[0], p[1], p[2], support), nil
	case s.touched:
		return CauseUnstable, object + " still touches the hand", nil
	case longest > 0:
		return CauseDwell, fmt.Sprintf("%s rested %s for %.2f s, want %.0f s", object, support, float64(longest)*robots.Period, DwellSeconds), nil
	case !s.supported || !s.inPlace:
		return CauseOffTarget, fmt.Sprintf("%s is at (%.3f, %.3f, %.3f), not %s", object, p[0], p[1], p[2], support), nil
	case s.toppled:
		return CauseToppled, object + " has fallen over", nil
	}
	return CauseUnstable, object + " does not come to rest", nil
}

// noteDwell tells a Session how the goals stand.
func (e *episode) noteDwell(held, want, broken int, s standing, reason string) {
	e.director.note(func(l *sessionLog) {
		n := DwellNote{At: e.director.now(), Held: held + 1, Want: want, Why: reason}
		if broken >= 0 {
			n.Held = 0
			var why []string
			for _, w := range []struct {
				not  bool
				what string
			}{{s.touched, "touched by the hand"}, {!s.supported, "not supported"}, {!s.inPlace, "not in place"}, {!s.resting, "moving"}, {s.toppled, "toppled"}} {
				if w.not {
					why = append(why, w.what)
				}
			}
			n.Why = fmt.Sprintf("goal %d: %s", broken+1, strings.Join(why, ", "))
		}
		l.dwells = append(l.dwells, n)
	})
}

// conditions says which of the task's conditions does not hold in the state that the judge saw last, the first of them; "" if all do.
func (e *episode) conditions() (Cause, string) {
	for _, c := range e.stage.Task.Keep {
		if ok, why := e.stage.holds(c, e.judge, e.begun); !ok {
			return CauseDisturb, fmt.Sprintf("%v: %s", c, why)
		}
	}
	for _, c := range e.stage.Task.Finally {
		if ok, why := e.stage.holds(c, e.judge, e.begun); !ok {
			return CauseOffTarget, fmt.Sprintf("%v: %s", c, why)
		}
	}
	return "", ""
}

func (e *episode) pixel(s *StepRecord) sim.Pixel {
	return s.Point.Pixel(e.shot.Frame.Camera.Width, e.shot.Frame.Camera.Height)
}

// periodsLeft is what the budget leaves, in control periods.
func (e *episode) periodsLeft() int {
	left := float64(e.limit-e.stage.Scene.Data.Steps()) * sim.Timestep
	return max(1, int(left*robots.Rate))
}

// target is a point for the record; null if the robot understood none.
func target(p sim.Vec3) *[3]float64 {
	if p == (sim.Vec3{}) {
		return nil
	}
	return (*[3]float64)(&p)
}
