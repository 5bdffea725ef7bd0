package tasks_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/tasks"
)

const pushed = `
name: t
scene: {min_objects: 4, max_objects: 4}
clock: {latency_s: 0.2, rate_hz: 5, jump_m: 0.04}
tasks:
  - things: [{name: tray, kind: tray}, {name: can, kind: can}]
    goals: [{move: can, to: tray}]
    events: [{move: can, during: pick, after_s: 0.1, over_s: 0.7, by_m: 0.12}]
`

// What is pushed away on the robot's way is asked for again; the answer interrupts it, and the new way leads to where the thing is. All of that repeats, bit for bit, from the record.
func TestDynamic(t *testing.T) {
	s, err := tasks.ParseSuite([]byte(pushed))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	o := tasks.Options{Suite: s, Referee: referee.Oracle(), Seed: 3, Workers: 1, Width: 320, Height: 240, NewRenderer: software, Out: dir, Frames: tasks.FramesNone}
	records, err := tasks.Evaluate(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	r := records[0]
	if r.Outcome != tasks.Success {
		t.Errorf("%s: %s%s", r.Outcome, r.Error, r.Why())
	}
	pick := r.Steps[0]
	interrupted, replanned := 0, 0
	for i, u := range pick.Updates {
		if u.Interrupted {
			interrupted++
		}
		if u.Replanned {
			replanned++
		}
		if i > 0 && u.SimSeconds < pick.Updates[i-1].SimSeconds || u.Query != "" && u.ChargedSeconds != 0.2 {
			t.Errorf("update %d: asked at %g s, charged %g s", i, u.SimSeconds, u.ChargedSeconds)
		}
	}
	if interrupted != 1 || replanned != 1 || pick.ChargedSeconds != 0.2 || len(r.Steps) != 2 {
		t.Errorf("the pick was interrupted %d times and planned anew %d times, %d steps, want once and 2: %+v", interrupted, replanned, len(r.Steps), pick.Updates)
	}
	v, err := tasks.Verify(t.Context(), dir, tasks.VerifyOptions{NewRenderer: software, Workers: 1})
	if err != nil || len(v.Mismatches) > 0 {
		t.Errorf("played again: %v, %v", err, v.Mismatches)
	}
}

func TestParseLatency(t *testing.T) {
	for _, tt := range []struct {
		s    string
		want *tasks.Latency
		err  string
	}{
		{"", nil, ""}, {"0.4", &tasks.Latency{Seconds: 0.4}, ""}, {"0", &tasks.Latency{}, ""}, {"measured", &tasks.Latency{Measured: true}, ""},
		{"-1", nil, "0 to 60"}, {"NaN", nil, "0 to 60"}, {"fast", nil, "or measured"},
	} {
		got, err := tasks.ParseLatency(tt.s)
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) || (got == nil) != (tt.want == nil) || got != nil && *got != *tt.want {
			t.Errorf("ParseLatency(%q) = %v, %v, want %v, %q", tt.s, got, err, tt.want, tt.err)
		}
	}
}
