package tasks_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
)

// A scripted referee is the oracle, except for the queries that it gives another answer to. It is for one worker.
type scripted struct {
	referee.Control
	query  int
	answer func(query int, right sim.NormPoint) (sim.NormPoint, error)
}

func (s *scripted) PointKnowing(ctx context.Context, q referee.Query, truth sim.Region) (referee.Answer, error) {
	a, err := s.Control.PointKnowing(ctx, q, truth)
	if err != nil || len(a.Points) == 0 {
		return a, err
	}
	a.Points[0], err = s.answer(s.query, a.Points[0])
	s.query++
	return a, err
}

// play runs one episode of a suite given as YAML.
func play(t *testing.T, suite string, seed uint64, answer func(query int, right sim.NormPoint) (sim.NormPoint, error)) *tasks.Record {
	t.Helper()
	s, err := tasks.ParseSuite([]byte(suite))
	if err != nil {
		t.Fatal(err)
	}
	records, err := tasks.Evaluate(t.Context(), tasks.Options{
		Suite: s, Referee: &scripted{Control: referee.Oracle(), answer: answer}, Seed: seed, Workers: 1,
		NewRenderer: func() (sim.Renderer, error) { return render.New(render.Options{Device: render.Software}) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return records[0]
}

func skills(r *tasks.Record) string {
	var out []string
	for _, s := range r.Steps {
		out = append(out, s.Skill+" "+string(s.Outcome))
	}
	return strings.Join(out, ", ")
}

var floor = sim.NormPoint{X: 0.02, Y: 0.02}

const twoTries = "name: t\nbudget: {attempts: 2}\ntasks: [{goals: [{}]}]\n"

// After a wrong place the object is set back, and the second attempt begins with a pick.
func TestSecondAttempt(t *testing.T) {
	good := 0
	for seed := range uint64(4) {
		r := play(t, twoTries, seed, func(query int, right sim.NormPoint) (sim.NormPoint, error) {
			if query == 1 {
				return floor, nil
			}
			return right, nil
		})
		if !strings.HasPrefix(skills(r), "pick success, place failure, pick ") || r.Steps[1].Cause != tasks.CauseMiss || r.Steps[1].Hit {
			t.Errorf("seed %d: steps %s, want a missed place and then a pick", seed, skills(r))
		}
		if r.Outcome == tasks.Success {
			good++
		}
	}
	if good < 2 {
		t.Errorf("%d of 4 second attempts succeed, want 2 at least", good)
	}
}

// The time that is used up is the cause only if the point was right.
func TestTimeBudget(t *testing.T) {
	const short = "name: t\nbudget: {sim_seconds: 1.2, attempts: 3}\ntasks: [{goals: [{}]}]\n"
	right := play(t, short, 3, func(_ int, right sim.NormPoint) (sim.NormPoint, error) { return right, nil })
	if right.Outcome != tasks.Failure || len(right.Steps) != 1 || right.Steps[0].Cause != tasks.CauseTime {
		t.Errorf("without time: %s, %s, want one step that fails with %s", right.Outcome, skills(right), tasks.CauseTime)
	}
	wrong := play(t, "name: t\ntasks: [{goals: [{}]}]\n", 3, func(int, sim.NormPoint) (sim.NormPoint, error) { return floor, nil })
	if wrong.Outcome != tasks.Failure || len(wrong.Steps) != 1 || wrong.Steps[0].Cause != tasks.CauseMiss {
		t.Errorf("pointing at the floor: %s, %s, want one step that fails with %s", wrong.Outcome, skills(wrong), tasks.CauseMiss)
	}
}

// A referee that fails, and fails again when the episode is tried once more, makes it an error, and the steps until then are kept, that one
// included.
func TestErrorKeepsTheSteps(t *testing.T) {
	r := play(t, twoTries, 3, func(query int, right sim.NormPoint) (sim.NormPoint, error) {
		if query%2 == 1 {
			return right, errors.New("the server is gone")
		}
		return right, nil
	})
	if r.Outcome != tasks.Error || r.Error != "the server is gone" || skills(r) != "pick success, place error" || r.Progress != 0.5 || r.Tries != 2 {
		t.Errorf("%s (%s): %s, progress %g; want an error in the place and half of the progress", r.Outcome, r.Error, skills(r), r.Progress)
	}
	if last := r.Steps[len(r.Steps)-1]; last.Instruction == "" || last.Query == "" {
		t.Errorf("the step that failed is recorded without its question: %+v", last)
	}
}

// A referee that fails once costs nothing.
func TestErrorIsRetried(t *testing.T) {
	failed := false
	r := play(t, twoTries, 3, func(_ int, right sim.NormPoint) (sim.NormPoint, error) {
		if !failed {
			failed = true
			return right, errors.New("the server is busy")
		}
		return right, nil
	})
	again := play(t, twoTries, 3, func(_ int, right sim.NormPoint) (sim.NormPoint, error) { return right, nil })
	if r.Outcome != again.Outcome || r.Trace != again.Trace || r.Tries != 2 || again.Tries != 1 {
		t.Errorf("after a failure %s in %d tries, trace %s; without %s in %d, trace %s", r.Outcome, r.Tries, r.Trace, again.Outcome, again.Tries, again.Trace)
	}
}

// A goal that was reached has to hold until the end: what a later step takes away from it is no success.
func TestEarlierGoalsMustHold(t *testing.T) {
	const two = "name: t\nscene: {min_objects: 6, max_objects: 7}\ntasks: [{goals: [{}, {}]}]\n"
	for seed := range uint64(3) {
		var first sim.NormPoint
		r := play(t, two, seed, func(query int, right sim.NormPoint) (sim.NormPoint, error) {
			switch query {
			case 1:
				first = right
			case 2:
				return first, nil // where the first object lies now
			}
			return right, nil
		})
		if r.Outcome == tasks.Success {
			t.Errorf("seed %d: success, though the second pick was pointed at the first object (%s)", seed, skills(r))
		}
	}
}

// In the first scene that seed 41154 draws, the glue stick that is to go into the basket leans against it so that it bears its weight: that scene is
// refused, not the episode.
func TestReachedAlreadyIsDrawnAgain(t *testing.T) {
	suite, err := tasks.LoadSuite("pick")
	if err != nil {
		t.Fatal(err)
	}
	records, err := tasks.Evaluate(t.Context(), tasks.Options{Suite: suite, Referee: referee.Oracle(), Seed: 41154, Workers: 1, NewRenderer: software})
	if err != nil {
		t.Fatal(err)
	}
	if r := records[0]; r.Outcome == tasks.Error {
		t.Errorf("the episode could not be judged: %s", r.Error)
	}
}
