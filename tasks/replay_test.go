package tasks_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
)

func software() (sim.Renderer, error) { return render.New(render.Options{Device: render.Software}) }

// A recorded episode is played again, whole or up to a step, through the same states; who looks on sees each of them, and can end it.
func TestReplay(t *testing.T) {
	s, err := tasks.ParseSuite([]byte(twoTries))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	records, err := tasks.Evaluate(t.Context(), tasks.Options{
		Suite: s, Referee: referee.RandomInMask(), Seed: 5, Workers: 1, Width: 320, Height: 240, NewRenderer: software, Out: dir, Frames: tasks.FramesNone,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := records[0]
	for _, steps := range []int{0, 1} {
		asked, periods, stages := 0, 0, 0
		var done []string
		o := tasks.ReplayOptions{
			NewRenderer: software, Steps: steps,
			OnStage: func(st *tasks.Stage) error {
				if len(st.Scene.Objects) != len(want.Scene.Objects) {
					t.Errorf("%d objects, want %d", len(st.Scene.Objects), len(want.Scene.Objects))
				}
				stages++
				return nil
			},
			OnAsk: func(step int, shot *sim.Shot, s tasks.StepRecord, right sim.Region) error {
				if step != asked || s.Query != want.Steps[step].Query || *s.Point != *want.Steps[step].Point || right.Count() != want.Steps[step].Region || shot.Frame.Camera.Width != 320 {
					t.Errorf("question %d is not the recorded one", step)
				}
				asked++
				return nil
			},
			OnPeriod: func(*tasks.Stage) error { periods++; return nil },
			OnStep:   func(_ int, s tasks.StepRecord) error { done = append(done, s.Trace); return nil },
		}
		got, err := tasks.Replay(t.Context(), dir, 5, o)
		if err != nil {
			t.Fatal(err)
		}
		n := len(want.Steps)
		if steps > 0 {
			n = steps
		}
		if stages != 1 || asked != n || periods == 0 || len(done) != n || len(got.Steps) != n {
			t.Fatalf("%d steps: %d stages, %d questions, %d periods, %d steps played", steps, stages, asked, periods, len(done))
		}
		for i, trace := range done {
			if trace != want.Steps[i].Trace {
				t.Errorf("step %d: trace %s, recorded %s", i+1, trace, want.Steps[i].Trace)
			}
		}
		if steps == 0 && got.Trace != want.Trace {
			t.Errorf("trace %s, recorded %s", got.Trace, want.Trace)
		}
	}
	enough := errors.New("seen enough")
	if _, err := tasks.Replay(t.Context(), dir, 5, tasks.ReplayOptions{NewRenderer: software, OnPeriod: func(*tasks.Stage) error { return enough }}); !errors.Is(err, enough) {
		t.Errorf("ended by who looks on: %v", err)
	}
	for _, tt := range []struct {
		seed  uint64
		steps int
		want  string
	}{{4, 0, "no episode of seed 4"}, {5, -1, "-1 steps"}, {5, 99, "it has"}} {
		if _, err := tasks.Replay(t.Context(), dir, tt.seed, tasks.ReplayOptions{NewRenderer: software, Steps: tt.steps}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Replay(seed %d, %d steps) = %v, want %q", tt.seed, tt.steps, err, tt.want)
		}
	}
}
