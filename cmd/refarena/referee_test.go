package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// Episodes that are played again from a cassette, without the model, are the same to the last bit: the pictures repeat, so the answers are found.
func TestEvalFromCassette(t *testing.T) {
	tape := filepath.Join(t.TempDir(), "tape.jsonl")
	play := func(args ...string) (traces []string) {
		t.Helper()
		args = append([]string{"eval", "--episodes", "2", "--size", "160x120", "--json", "--out", filepath.Join(t.TempDir(), "run")}, args...)
		status, stdout, stderr := command(t, args...)
		if status != exitOK {
			t.Fatalf("refarena %s = %d, %s", strings.Join(args, " "), status, stderr)
		}
		for _, line := range strings.Split(strings.TrimSpace(stdout), "\n") {
			var r struct{ Type, Trace, Outcome string }
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatal(err)
			}
			if r.Type == "episode" {
				traces = append(traces, r.Outcome+" "+r.Trace)
			}
		}
		return traces
	}
	want := play("--referee", "random-in-mask", "--record", tape)
	got := play("--referee", "cassette:"+tape)
	if len(want) != 2 || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("from the cassette %q, want %q", got, want)
	}
}
