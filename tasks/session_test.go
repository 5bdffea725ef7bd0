package tasks_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/tasks"
)

func starter(t *testing.T, robot string, seed uint64) tasks.Options {
	t.Helper()
	suite, err := tasks.LoadSuite("starter")
	require.NoError(t, err)
	return tasks.Options{Suite: suite, Robot: robot, Referee: referee.Oracle(), Seed: seed, NewRenderer: software}
}

func open(t *testing.T, o tasks.Options, script *tasks.Script) *tasks.Session {
	t.Helper()
	s, err := tasks.Open(t.Context(), o, script)
	require.NoError(t, err)
	return s
}

func finish(t *testing.T, s *tasks.Session) *tasks.Record {
	t.Helper()
	s.RunOn()
	<-s.Finished()
	require.NotEqual(t, tasks.Error, s.Record().Outcome, s.Record().Error)
	return s.Record()
}

// Watching an episode changes nothing, and every state of it can be had again: Look compares each with the checksum that was taken when it was
// simulated, and fails if they differ.
func TestSessionIsTheEpisode(t *testing.T) {
	for _, robot := range robots.Names() {
		t.Run(robot, func(t *testing.T) {
			o := starter(t, robot, 7)
			batch, err := tasks.Evaluate(t.Context(), o)
			require.NoError(t, err)
			s := open(t, o, nil)
			defer s.Close()
			watched := finish(t, s)
			require.Equal(t, batch[0].Trace, watched.Trace)
			require.Equal(t, batch[0].Steps[0].Trace, s.Steps()[0].Trace)
			first, head, ended := s.Span()
			require.True(t, ended)
			require.InDelta(t, batch[0].SimSeconds, float64(head-first)*sim.Timestep, 1e-9)

			var m, again tasks.Moment
			require.NoError(t, s.Look(head, &m))
			end := append([]sim.Pose(nil), m.Poses...)
			r := rand.New(rand.NewPCG(1, 2))
			for range 12 { // forwards and backwards
				step := first + r.IntN(head-first)
				require.NoError(t, s.Look(step, &m))
				require.Equal(t, step, m.Step)
				require.NoError(t, s.Look(first+r.IntN(head-first), &again))
				require.NoError(t, s.Look(step, &again))
				require.Equal(t, m.Poses, again.Poses, "step %d looks different the second time", step)
			}
			require.NoError(t, s.Look(head, &m))
			require.Equal(t, end, m.Poses)
			require.Len(t, s.Questions(), len(batch[0].Steps)) // a robot that has fallen is asked nothing more
			require.NotEmpty(t, s.Questions()[0].Point)
		})
	}
}

// An episode holds where it is told to, and no state ahead of that is there.
func TestSessionHolds(t *testing.T) {
	s := open(t, starter(t, "ur5", 7), nil)
	defer s.Close()
	first, head, _ := s.Span()
	require.Equal(t, first, head)
	s.Allow(first + 400)
	require.Eventually(t, func() bool { _, head, _ := s.Span(); return head >= first+400 }, time.Minute, time.Millisecond)
	_, head, ended := s.Span()
	require.False(t, ended)
	require.Less(t, head, first+404)
	require.Nil(t, s.Record())
	var m tasks.Moment
	require.NoError(t, s.Look(first+5000, &m))
	require.Equal(t, head, m.Step)
	require.Equal(t, "pick", m.Current.Skill)
	require.NotEmpty(t, m.Way)
	for range 20 { // Idle means that all was done that was to be done by then
		first += 20
		s.Allow(first + 400)
		body := s.Stage().Scene.Bodies[0]
		require.Eventually(t, s.Idle, time.Minute, time.Millisecond)
		_, head, _ := s.Span()
		require.GreaterOrEqual(t, head, first+400)
		require.NoError(t, s.Look(head, &m))
		up := m.Poses[body]
		up.Pos[2] += 0.5
		s.Move(0, up)
		require.Eventually(t, s.Idle, time.Minute, time.Millisecond)
		require.NoError(t, s.Look(head, &m))
		require.Equal(t, up.Pos, m.Poses[body].Pos)
	}
}

// What is done to a scene by hand, and what is answered instead of the referee, is in the scenario: eval plays the same bits.
func TestScenarioIsTheBranch(t *testing.T) {
	o := starter(t, "ur5", 7)
	whole := open(t, o, nil)
	finish(t, whole)
	place := whole.Questions()[1]
	script := whole.ScriptUntil(place.At - 1)
	require.Len(t, script.Answers, 1)
	wrong := sim.NormPoint{X: 0.5, Y: 0.55}
	script.Answers = append(script.Answers, tasks.ScriptedAnswer{Step: 2, Points: []sim.NormPoint{wrong}, Text: "clicked", Instruction: "Put it here."})
	whole.Close()

	s := open(t, o, &script)
	defer s.Close()
	first, _, _ := s.Span()
	s.Allow(first + 100)
	require.Eventually(t, func() bool { _, head, _ := s.Span(); return head >= first+100 }, time.Minute, time.Millisecond)
	goal := s.Stage().Goals[0]
	other := 0
	for other == goal.Move || other == goal.To {
		other++
	}
	var m tasks.Moment
	require.NoError(t, s.Look(first+100, &m))
	before := m.Poses[s.Stage().Scene.Bodies[other]]
	up := before
	up.Pos[2] += 0.05
	s.Move(other, up)
	require.Eventually(t, func() bool {
		require.NoError(t, s.Look(first+200, &m))
		return m.Poses[s.Stage().Scene.Bodies[other]].Pos[2] > before.Pos[2]+0.04
	}, time.Minute, time.Millisecond, "the object is not seen where it was put")
	s.Allow(first + 300)
	require.Eventually(t, func() bool { _, head, _ := s.Span(); return head >= first+300 }, time.Minute, time.Millisecond)
	require.NoError(t, s.Look(first+300, &m))
	require.InDelta(t, before.Pos[2], m.Poses[s.Stage().Scene.Bodies[other]].Pos[2], 0.02, "it does not fall back")
	before = m.Poses[s.Stage().Scene.Bodies[other]]
	s.Pull(other, sim.Vec3{}, before.Pos.Add(sim.Vec3{0, 0, 0.1}))
	s.Allow(first + 500)
	require.Eventually(t, func() bool { _, head, _ := s.Span(); return head >= first+500 }, time.Minute, time.Millisecond)
	require.NoError(t, s.Look(first+500, &m))
	require.Greater(t, m.Poses[s.Stage().Scene.Bodies[other]].Pos[2], before.Pos[2]+0.05, "the spring does not lift it")
	s.Release()
	played := finish(t, s)
	require.Equal(t, "Put it here.", played.Steps[1].Instruction)
	require.Equal(t, &wrong, played.Steps[1].Point)

	text, err := s.Scenario()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "branch.yaml")
	require.NoError(t, os.WriteFile(file, text, 0o666))
	suite, err := tasks.LoadSuite(file)
	require.NoError(t, err)
	again, err := tasks.Evaluate(t.Context(), tasks.Options{Suite: suite, Referee: tasks.Nobody(), NewRenderer: software})
	require.NoError(t, err)
	require.Equal(t, tasks.Outcome(played.Outcome), again[0].Outcome, again[0].Error)
	require.Equal(t, played.Trace, again[0].Trace)
	require.Equal(t, suite.Replay.Trace, again[0].Trace)

	twice := open(t, tasks.Options{Suite: suite, Referee: tasks.Nobody(), NewRenderer: software}, suite.Replay)
	defer twice.Close()
	require.Equal(t, played.Trace, finish(t, twice).Trace)
	more, err := twice.Scenario()
	require.NoError(t, err)
	require.Equal(t, string(text), string(more))
}

// pointOnAnother is a point well on an object that a question does not mean, and that is not where things are put.
func pointOnAnother(t *testing.T, s *tasks.Session, q *tasks.Question) sim.NormPoint {
	t.Helper()
	st, seg := s.Stage(), &q.Shot.Seg
	goal := st.Goals[0]
	for i, body := range st.Scene.Bodies {
		if i == goal.Move || i == goal.To {
			continue
		}
		var on []int
		for p, b := range seg.Bodies {
			if int(b) == body {
				on = append(on, p)
			}
		}
		if len(on) > 800 {
			p := on[len(on)/2]
			return sim.NormPoint{X: (float64(p%seg.Width) + 0.5) / float64(seg.Width), Y: (float64(p/seg.Width) + 0.5) / float64(seg.Height)}
		}
	}
	t.Fatal("no other object is well in view")
	return sim.NormPoint{}
}

// A robot on its way is halted, and what is said then is done, to a new picture; what was said before stays, and all of it is in the scenario.
func TestHalt(t *testing.T) {
	o := starter(t, "ur5", 7)
	o.Referee = referee.Oracle()
	whole := open(t, o, nil)
	finish(t, whole)
	goal := whole.Questions()[0]
	var m tasks.Moment
	at, after := 0, 0 // in the middle of the way to the grasp; when the hand closes
	first, head, _ := whole.Span()
	for step := first; step < head; step += 20 {
		require.NoError(t, whole.Look(step, &m))
		if m.Phase == "approach" && at == 0 {
			require.True(t, m.OnWay)
			at = step
		}
		if m.Phase == "close" && after == 0 {
			after = step + 40
			require.NoError(t, whole.Look(after, &m))
			require.False(t, m.OnWay)
		}
	}
	require.NotZero(t, at)
	right := goal.Points[0]
	wrong := pointOnAnother(t, whole, goal)
	for _, tt := range []struct {
		name  string
		halts []tasks.ScriptedAnswer
		want  tasks.Outcome
		again int
	}{
		{"from the wrong thing to the right one", []tasks.ScriptedAnswer{{Step: 1, Points: []sim.NormPoint{wrong}}, {Step: 1, At: at, Points: []sim.NormPoint{right}}}, tasks.Success, 1},
		{"in other words, and once more", []tasks.ScriptedAnswer{{Step: 1, At: at, Instruction: "That one."}, {Step: 1, At: at + 900, Points: []sim.NormPoint{right}}}, tasks.Success, 2},
		{"too late", []tasks.ScriptedAnswer{{Step: 1, At: after, Points: []sim.NormPoint{wrong}}}, tasks.Success, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, o, &tasks.Script{Answers: tt.halts})
			defer s.Close()
			r := finish(t, s)
			halted := 0
			for _, u := range r.Steps[0].Updates {
				require.True(t, u.Halted && u.Replanned)
				halted++
			}
			require.Equal(t, tt.again, halted)
			require.Equal(t, tt.want, r.Outcome, r.Why())
			text, err := s.Scenario()
			require.NoError(t, err)
			suite, err := tasks.ParseSuite(text)
			require.NoError(t, err)
			if halted == 0 {
				return
			}
			out := filepath.Join(t.TempDir(), "run")
			again, err := tasks.Evaluate(t.Context(), tasks.Options{Suite: suite, Referee: tasks.Nobody(), NewRenderer: software, Out: out, Frames: tasks.FramesNone})
			require.NoError(t, err)
			require.Equal(t, r.Trace, again[0].Trace)
			v, err := tasks.Verify(t.Context(), out, tasks.VerifyOptions{NewRenderer: software, Workers: 1})
			require.NoError(t, err)
			require.Empty(t, v.Mismatches)
			opened, script, _, _, err := tasks.OpenRecorded(out, 7, sim.RendererInfo{})
			require.NoError(t, err)
			opened.NewRenderer = software
			recorded := open(t, opened, script)
			defer recorded.Close()
			require.Equal(t, r.Trace, finish(t, recorded).Trace)
		})
	}
}

func TestScenarioErrors(t *testing.T) {
	const suite = "name: t\ntasks: [{goals: [{}]}]\nreplay: "
	for _, tt := range []struct{ replay, want string }{
		{"{seed: 1, size: [640, 480]}", "no robot"},
		{"{seed: 1, robot: ur5, size: [640]}", "size [640]"},
		{"{seed: 1, robot: ur5, size: [640, 480], answers: [{step: 0}]}", "step 0"},
		{"{seed: 1, robot: ur5, size: [640, 480], answers: [{step: 1}]}", "says nothing"},
		{"{seed: 1, robot: ur5, size: [640, 480], answers: [{step: 1, at: 9, text: a, problem: refer.empty}, {step: 1, at: 9, instruction: b}]}", "in order of time"},
		{"{seed: 1, robot: ur5, size: [640, 480], answers: [{step: 1, points: [{x: 2, y: 0}]}]}", "points at (2, 0)"},
		{"{seed: 1, robot: ur5, size: [640, 480], events: [{at: 3, object: 1}]}", "want a pose"},
		{"{seed: 1, robot: ur5, size: [640, 480], events: [{at: 3, object: 1, pose: [0,0,0,1,0,0,0]}, {at: 1, object: 1, pose: [0,0,0,1,0,0,0]}]}", "in order"},
		{"{seed: 1, robot: ur5, size: [640, 480], color: red}", "color"},
	} {
		_, err := tasks.ParseSuite([]byte(suite + tt.replay + "\n"))
		require.ErrorContains(t, err, tt.want, tt.replay)
	}
}

func TestOpenRecorded(t *testing.T) {
	o := starter(t, "ur5", 7)
	o.Out = filepath.Join(t.TempDir(), "run")
	records, err := tasks.Evaluate(t.Context(), o)
	require.NoError(t, err)
	_, _, _, _, err = tasks.OpenRecorded(t.TempDir(), 7, sim.RendererInfo{})
	require.ErrorContains(t, err, "no run in")
	_, _, _, _, err = tasks.OpenRecorded(o.Out, 8, sim.RendererInfo{})
	require.ErrorContains(t, err, "no episode 8 in "+o.Out+" (have 7)")
	again, script, record, _, err := tasks.OpenRecorded(o.Out, 7, sim.RendererInfo{})
	require.NoError(t, err)
	again.NewRenderer = software
	s := open(t, again, script)
	defer s.Close()
	require.Empty(t, tasks.DifferenceOf(record, finish(t, s)))
	require.Equal(t, records[0].Trace, s.Record().Trace)

	info := filepath.Join(o.Out, "run.json")
	text, err := os.ReadFile(info)
	require.NoError(t, err)
	now := tasks.CurrentVersions().MuJoCo
	require.NoError(t, os.WriteFile(info, []byte(strings.ReplaceAll(string(text), `"mujoco": "`+now, `"mujoco": "3.17.0`)), 0o666))
	_, _, _, _, err = tasks.OpenRecorded(o.Out, 7, sim.RendererInfo{})
	require.ErrorContains(t, err, "made with MuJoCo 3.17.0")
}

// A session that is closed in the middle of things leaves nothing behind, one that cannot begin says why.
func TestSessionEnds(t *testing.T) {
	s := open(t, starter(t, "ur5", 7), nil)
	first, _, _ := s.Span()
	s.Allow(first + 50)
	s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	s, err := tasks.Open(ctx, starter(t, "ur5", 7), nil)
	require.NoError(t, err)
	cancel()
	<-s.Finished()
	require.Equal(t, tasks.Error, s.Record().Outcome)
	s.Close()
	o := starter(t, "ur9", 7)
	_, err = tasks.Open(t.Context(), o, nil)
	require.ErrorContains(t, err, `no robot "ur9"`)
}
