package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/refarena/refarena/tasks"
)

// The question that the runs of this file ask: short episodes, of which some fail.
var shortRun = []string{"eval", "--suite", "starter", "--referee", "random-in-mask", "--size", "200x150", "--seed", "40", "--episodes", "6", "--frames", "none"}

// shortly plays shortRun with more flags into a new folder, which it returns.
func shortly(t *testing.T, more ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	if status, _, stderr := command(t, append(append(slices.Clone(shortRun), "--out", dir), more...)...); status != exitOK {
		t.Fatalf("refarena %v %v = %d, %s", shortRun, more, status, stderr)
	}
	return dir
}

// once is shortRun as one worker plays it, for the tests that only need a run.
var once struct {
	sync.Once
	dir string // removed by TestMain
}

// played is the folder of shortRun, played by one worker once for all tests. They must not change it.
func played(t *testing.T) string {
	t.Helper()
	once.Do(func() {
		dir, err := os.MkdirTemp("", "refarena-run")
		if err != nil {
			t.Fatal(err)
		}
		once.dir = dir
		if status, _, stderr := command(t, append(slices.Clone(shortRun), "--workers", "1", "--out", filepath.Join(dir, "run"))...); status != exitOK {
			t.Fatalf("refarena %v = %d, %s", shortRun, status, stderr)
		}
	})
	return filepath.Join(once.dir, "run")
}

// repeats is what must be equal of a run's records: all but the wall times, by seed.
func repeats(t *testing.T, dir string) []string {
	t.Helper()
	records, err := tasks.ReadRecords(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range records {
		r.WallSeconds, r.Wall = 0, tasks.WallTimes{}
		for i := range r.Steps {
			r.Steps[i].WallSeconds, r.Steps[i].LatencyMS = 0, 0
		}
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(line))
	}
	return out
}

// One worker, two workers, three shards merged, and a run that is killed five times and resumed: the same records.
func TestRunsAreOne(t *testing.T) {
	want := repeats(t, played(t))
	if len(want) != 6 {
		t.Fatalf("%d records, want 6", len(want))
	}
	check := func(name, dir string) {
		t.Helper()
		if got := repeats(t, dir); !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\none worker:\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	check("two workers", shortly(t, "--workers", "2"))
	junit := filepath.Join(t.TempDir(), "run.xml")
	check("threads", shortly(t, "--threads", "--junit", junit))
	if text, err := os.ReadFile(junit); err != nil || strings.Count(string(text), "<testcase ") != 6 {
		t.Errorf("the JUnit file: %v\n%s", err, text)
	}

	merged := filepath.Join(t.TempDir(), "merged")
	parts := []string{shortly(t, "--shard", "1/3"), shortly(t, "--shard", "2/3"), shortly(t, "--shard", "3/3")}
	if status, _, stderr := command(t, "merge", merged, parts[0], parts[2]); status != exitUndone || !strings.Contains(stderr, "2 of 6 episodes") {
		t.Errorf("merging two of three parts = %d, %s", status, stderr)
	}
	if status, _, stderr := command(t, append([]string{"merge", merged}, parts...)...); status != exitOK {
		t.Fatalf("refarena merge = %d, %s", status, stderr)
	}
	check("three shards merged", merged)
	joined := filepath.Join(t.TempDir(), "joined") // from runs of other seeds, which are given last
	if status, _, stderr := command(t, "merge", joined, shortly(t, "--seed", "43", "--episodes", "3"), shortly(t, "--episodes", "3")); status != exitOK {
		t.Fatalf("merging two runs of different seeds = %d, %s", status, stderr)
	}
	check("two runs of different seeds merged", joined)
	if status, stdout, stderr := command(t, "report", joined); status != exitOK || !strings.Contains(stdout, "episodes: 6 from seed 40 on") {
		t.Errorf("the report of the merged runs = %d, %s%s", status, stdout, stderr)
	}
	if status, stdout, stderr := command(t, "compare", merged, joined); status != exitOK || !strings.Contains(stdout, "6 episodes that both") {
		t.Errorf("comparing what was merged = %d, %s%s", status, stdout, stderr)
	}

	check("killed five times", killedAndResumed(t, 5))
}

// killedAndResumed plays shortRun in a process that is killed at different moments, and goes on with it.
func killedAndResumed(t *testing.T, kills int) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	for k := range kills {
		cmd := exec.Command(self, append(slices.Clone(shortRun), "--workers", "2", "--out", dir, "--resume")...)
		cmd.Env = append(os.Environ(), "REFARENA_AS_COMMAND=1")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for range 600 { // until it has done one more, and then a while
			time.Sleep(100 * time.Millisecond)
			if text, _ := os.ReadFile(filepath.Join(dir, "episodes.jsonl")); bytes.Count(text, []byte("\n")) > k {
				break
			}
		}
		time.Sleep(time.Duration(k) * 60 * time.Millisecond)
		cmd.Process.Signal(syscall.SIGKILL)
		cmd.Wait()
	}
	if status, _, stderr := command(t, append(slices.Clone(shortRun), "--out", dir, "--resume")...); status != exitOK {
		t.Fatalf("the last resume = %d, %s", status, stderr)
	}
	return dir
}

// A run is equal to itself played again; a bit of an answer that is not as it was is found, and named.
func TestVerify(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.CopyFS(dir, os.DirFS(played(t))); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := command(t, "verify", dir)
	if status != exitOK || !strings.Contains(stdout, "6 of 6 episodes equal") {
		t.Fatalf("refarena verify = %d, %s%s", status, stdout, stderr)
	}
	file := filepath.Join(dir, "episodes.jsonl")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	records, err := tasks.ReadRecords(dir)
	if err != nil {
		t.Fatal(err)
	}
	two := slices.IndexFunc(records, func(r *tasks.Record) bool { return len(r.Steps) == 2 })
	answer := records[two].Steps[1].Answer
	i := bytes.Index(text, []byte(answer)) + len("[(0.")
	text[i] ^= 1 // one digit for its neighbour
	if err := os.WriteFile(file, text, 0o666); err != nil {
		t.Fatal(err)
	}
	status, stdout, _ = command(t, "verify", dir)
	want := fmt.Sprintf("seed %d, step 2", records[two].Seed)
	if status != exitUndone || !strings.Contains(stdout, want) || !strings.Contains(stdout, "5 of 6 episodes equal") {
		t.Errorf("verify after a changed answer = %d, %s; want %s named", status, stdout, want)
	}
}

func TestRunsRefused(t *testing.T) {
	a, b := shortly(t, "--episodes", "1"), shortly(t, "--episodes", "1", "--size", "200x200")
	other := shortly(t, "--episodes", "1", "--suite", "executor")
	edited := filepath.Join(t.TempDir(), "edited")
	if err := os.CopyFS(edited, os.DirFS(a)); err != nil {
		t.Fatal(err)
	}
	var info map[string]any
	text, _ := os.ReadFile(filepath.Join(edited, "run.json"))
	if err := json.Unmarshal(text, &info); err != nil {
		t.Fatal(err)
	}
	versions := maps.Clone(info["versions"].(map[string]any))
	versions["mujoco"] = "3.9.9"
	info["versions"] = versions
	text, _ = json.Marshal(info)
	if err := os.WriteFile(filepath.Join(edited, "run.json"), text, 0o666); err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(t.TempDir(), "half")
	if err := os.CopyFS(half, os.DirFS(a)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(half, "episodes.jsonl"), []byte("{\"seed\":\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	blank := filepath.Join(t.TempDir(), "blank")
	if err := os.CopyFS(blank, os.DirFS(a)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(blank, "episodes.jsonl"), []byte("{\"seed\":40,\"task\":\"starter/put\"}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	lists := []string{"{\"name\":\"grasp.slip\"}\n", "mug\nspork\n", "{\"name\":\n", "mug\n", "{\"name\":\"grasp.graspable\",\"config\":{\"graspable\":[\"mug\",\"can\"]}}\n"}
	for i, text := range lists {
		lists[i] = filepath.Join(t.TempDir(), "designs")
		if err := os.WriteFile(lists[i], []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	again := func(dir string, more ...string) []string {
		return append(append(slices.Clone(shortRun), "--episodes", "1", "--out", dir), more...)
	}
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"no run to verify", []string{"verify", t.TempDir()}, exitUndone, "no run in"},
		{"a second run in a folder", again(a), exitUndone, "already holds a run"},
		{"another question resumed", again(b, "--resume"), exitUndone, "is another one: camera"},
		{"other versions resumed", again(edited, "--resume"), exitUndone, "3.9.9"},
		{"other seeds resumed", again(a, "--resume", "--seed", "7"), exitUndone, "episodes 1 from seed 40 on and 1 from seed 7 on"},
		{"half a record inside", again(half, "--resume"), exitUndone, "line 1"},
		{"a record without its end", []string{"report", blank}, exitUndone, `line 1: half a record: task "starter/put", outcome ""`},
		{"resume without a folder", []string{"eval", "--resume"}, exitBadUsage, "--out"},
		{"parts of two runs", []string{"merge", filepath.Join(t.TempDir(), "m"), a, b}, exitUndone, "not parts of one run: camera"},
		{"one part twice", []string{"merge", filepath.Join(t.TempDir(), "m"), a, a}, exitUndone, "seed 40 is in"},
		{"two suites compared", []string{"compare", a, other}, exitUndone, "their episodes are not the same"},
		{"two versions compared", []string{"compare", a, edited}, exitUndone, `the same program: versions.mujoco "4.0.0" and "3.9.9" (--across`},
		{"no list of designs", []string{"compare", "--designs-in", filepath.Join(t.TempDir(), "none"), a, b}, exitBadUsage, "no such file"},
		{"a list without designs", []string{"compare", "--designs-in", lists[0], a, b}, exitBadUsage, "no designs (want one a line"},
		{"an unknown design in a list", []string{"compare", "--designs-in", lists[1], a, b}, exitBadUsage, `:2: scenes: no object design "spork"`},
		{"half a line in a list", []string{"compare", "--designs-in", lists[2], a, b}, exitBadUsage, ":1: unexpected end"},
		{"bad shard", []string{"eval", "--shard", "4/3"}, exitBadUsage, "1 ≤ i ≤ n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, _, stderr := command(t, tt.args...)
			if status != tt.status || !strings.Contains(stderr, tt.want) {
				t.Errorf("refarena %s = %d, %q; want %d and %q", strings.Join(tt.args, " "), status, stderr, tt.status, tt.want)
			}
		})
	}
	if status, stdout, stderr := command(t, "compare", "--designs-in", lists[3], "--designs-in", lists[4], a, a); status != exitOK || !strings.Contains(stdout, "0 episodes that both have judged; 1 in which another design") {
		t.Errorf("comparing with lists of designs = %d, %s%s", status, stdout, stderr)
	}
	if status, stdout, _ := command(t, "compare", "--across-versions", a, edited); status != exitOK || !strings.Contains(stdout, "cannot tell with these 1") {
		t.Errorf("comparing across versions = %d, %s", status, stdout)
	}
}
