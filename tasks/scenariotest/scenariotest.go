// Package scenariotest runs suites of scenarios as Go tests: every episode is a sub-test, and one that does not succeed fails with its
// reason and the command that replays it.
//
//	func TestScenario(t *testing.T) {
//		scenariotest.Run(t, "starter", referee.Oracle())
//	}
//
// gives TestScenario/starter/seed=1, …, of which `go test -run TestScenario/starter/seed=17` runs one.
package scenariotest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
	"github.com/refarena/refarena/tasks/export"
)

// Options tunes Run. The zero value is ready to use: ten episodes, all of which have to succeed.
type Options struct {
	Robot    string // "" means "ur5"
	Seed     uint64 // of the first episode; 0 means 1
	Episodes int    // 0 means 10
	GPU      bool   // draw on a GPU; false means on the CPU, which is the reference

	// With one of the following bars an episode that fails is reported but does not fail its sub-test: the suite's test fails if the bar is
	// missed. Bars are looked at only if all episodes were played, not if -run chose some.
	MinSuccess int // how many of the episodes have to succeed
	// MinRate is the share of judged episodes that should succeed, 0…1. The test fails only if the rate's 95 % Wilson interval lies below it:
	// with few episodes, only what is certainly worse fails.
	MinRate float64
	MinHits float64 // the same for points: the share that should be on the right region

	// Golden is a file with the outcome and the causes of each seed, which the episodes have to have again; a difference names both. With
	// REFARENA_UPDATE=1 in the environment it is written instead. Outcomes are the same on all machines but where a hair decides; keep the
	// suite's seeds that are not.
	Golden string
	// Repeat plays each episode twice and wants the same trace: the same bits of every state and decision. It costs twice the time.
	Repeat bool
	// Parallel plays the episodes side by side, as many as `go test -parallel` says. What comes out does not depend on it. The referee must be
	// safe for concurrent use.
	Parallel bool
	// Artifacts is a folder that keeps each episode that does not succeed, as a run that `refarena report`, `verify` and `export run` take, in
	// a folder of its own, and junit.xml for the whole suite. "" means that of the environment variable REFARENA_ARTIFACTS, or none.
	Artifacts string
}

// bars says whether single failures are to be borne.
func (o *Options) bars() bool {
	return o.MinSuccess > 0 || o.MinRate > 0 || o.MinHits > 0 || o.Golden != ""
}

// Run plays the episodes of a suite (a name, or a file that ends in .yaml) with a referee. Each sub-test owns its simulation. An episode that
// cannot be judged always fails.
func Run(t *testing.T, suite string, r referee.Referee, options ...Options) {
	t.Helper()
	s, err := tasks.LoadSuite(suite)
	if err != nil {
		t.Fatal(err)
	}
	run(t, suite, s, r, options)
}

// RunScenario is Run for a suite that is written in the test itself, as YAML (docs/tasks.md).
func RunScenario(t *testing.T, yaml string, r referee.Referee, options ...Options) {
	t.Helper()
	s, err := tasks.ParseSuite([]byte(yaml))
	if err != nil {
		t.Fatalf("scenariotest: the scenario: %v", err)
	}
	run(t, writtenInTest, s, r, options)
}

// writtenInTest is how a suite is called that has no file.
const writtenInTest = "FILE.yaml"

// name is what the suite is called in commands.
func run(t *testing.T, name string, s *tasks.Suite, r referee.Referee, options []Options) {
	t.Helper()
	if len(options) > 1 {
		t.Fatalf("scenariotest: %d Options, want at most one", len(options))
	}
	o := append(options, Options{})[0]
	o.Seed, o.Episodes = cmp.Or(o.Seed, 1), cmp.Or(o.Episodes, 10)
	o.Artifacts = cmp.Or(o.Artifacts, os.Getenv("REFARENA_ARTIFACTS"))
	if o.MinSuccess > o.Episodes || !(o.MinRate >= 0 && o.MinRate <= 1) || !(o.MinHits >= 0 && o.MinHits <= 1) {
		t.Fatalf("scenariotest: bars of %d successes, rate %g, hits %g for %d episodes (want what can be reached)", o.MinSuccess, o.MinRate, o.MinHits, o.Episodes)
	}
	if err := referee.Check(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	t.Run(s.Name, func(t *testing.T) {
		var mu sync.Mutex
		var records []*tasks.Record
		t.Cleanup(func() { // after all sub-tests, those in parallel too
			slices.SortFunc(records, func(a, b *tasks.Record) int { return cmp.Compare(a.Seed, b.Seed) })
			judge(t, s, r, &o, records)
		})
		for i := range o.Episodes {
			seed := o.Seed + uint64(i)
			t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
				if o.Parallel {
					t.Parallel()
				}
				rec := episode(t, s, r, &o, seed)
				mu.Lock()
				records = append(records, rec)
				mu.Unlock()
				replay := fmt.Sprintf("again:  go test -run '^%s$'\nreplay: refarena eval --suite %s --robot %s --referee %s --seed %d --episodes 1 --frames all",
					strings.ReplaceAll(t.Name(), "/", "$/^"), name, rec.Robot, rec.Referee, seed)
				if name == writtenInTest {
					replay += "\n        (FILE.yaml: the test's YAML, saved)"
				}
				if rec.Outcome != tasks.Success && o.Artifacts != "" {
					replay += "\nkept:   " + artifact(&o, t.Name())
				}
				switch {
				case rec.Outcome == tasks.Success:
				case rec.Outcome == tasks.Failure && o.bars():
					t.Logf("%s: %s\n%s", rec.Outcome, rec.Why(), replay)
				default:
					t.Errorf("%s: %s\n%s", rec.Outcome, rec.Why(), replay)
				}
			})
		}
	})
}

// judge looks at the bars, when all episodes are there.
func judge(t *testing.T, s *tasks.Suite, r referee.Referee, o *Options, records []*tasks.Record) {
	t.Helper()
	if o.Golden != "" {
		compareGolden(t, o.Golden, records)
	}
	if o.Artifacts != "" && len(records) > 0 {
		info := tasks.RunInfo{Suite: s.Name, SuiteHash: s.Hash, Robot: records[0].Robot, Referee: r.Info(), Seed: o.Seed, Episodes: o.Episodes}
		if err := writeJUnit(filepath.Join(o.Artifacts, fileName(t.Name()), "junit.xml"), info, records); err != nil {
			t.Error(err)
		}
	}
	if len(records) < o.Episodes { // -run chose some of them
		return
	}
	sum := tasks.Summarize(records, o.Episodes, 0)
	if sum.Success < o.MinSuccess {
		t.Errorf("%d of %d episodes succeeded, want %d", sum.Success, o.Episodes, o.MinSuccess)
	}
	if sum.High < o.MinRate {
		t.Errorf("%d of %d judged episodes succeeded: %.1f %%, 95 %% interval %.1f to %.1f %%, below the bar of %.1f %%",
			sum.Success, sum.Success+sum.Failure, 100*sum.Rate, 100*sum.Low, 100*sum.High, 100*o.MinRate)
	}
	hits, asked := 0, 0
	for _, rec := range records {
		for i := range rec.Steps {
			if st := &rec.Steps[i]; rec.Outcome != tasks.Error && st.Query != "" {
				asked++
				if st.Hit {
					hits++
				}
			}
		}
	}
	if low, high := tasks.Wilson(hits, asked); high < o.MinHits {
		t.Errorf("%d of %d points hit: %.1f %%, 95 %% interval %.1f to %.1f %%, below the bar of %.1f %%",
			hits, asked, 100*float64(hits)/float64(max(asked, 1)), 100*low, 100*high, 100*o.MinHits)
	}
}

// An outcome is what a golden file keeps of an episode.
type outcome struct {
	Seed    uint64        `json:"seed"`
	Outcome tasks.Outcome `json:"outcome"`
	Causes  []tasks.Cause `json:"causes,omitempty"` // of the steps that failed, in order
}

func (o outcome) String() string { return strings.TrimSpace(fmt.Sprintf("%s %v", o.Outcome, o.Causes)) }

// compareGolden compares the episodes with what the file has of them, or writes it.
func compareGolden(t *testing.T, file string, records []*tasks.Record) {
	t.Helper()
	update := os.Getenv("REFARENA_UPDATE") != ""
	known := map[uint64]outcome{}
	text, err := os.ReadFile(file)
	if err != nil && !(update && os.IsNotExist(err)) {
		t.Errorf("scenariotest: golden outcomes: %v (REFARENA_UPDATE=1 writes them)", err)
		return
	}
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		var o outcome
		if line == "" {
			continue
		}
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Errorf("scenariotest: %s:%d: %v (want a line such as {\"seed\":1,\"outcome\":\"success\"})", file, i+1, err)
			return
		}
		known[o.Seed] = o
	}
	for _, r := range records {
		now := outcome{Seed: r.Seed, Outcome: r.Outcome}
		for i := range r.Steps {
			if c := r.Steps[i].Cause; c != "" {
				now.Causes = append(now.Causes, c)
			}
		}
		switch was, ok := known[r.Seed]; {
		case update:
			known[r.Seed] = now
		case !ok:
			t.Errorf("seed %d: %v, and %s does not have it (REFARENA_UPDATE=1 adds it)", r.Seed, now, file)
		case was.String() != now.String():
			t.Errorf("seed %d: %v, was %v (%s)", r.Seed, now, was, file)
		}
	}
	if !update {
		return
	}
	var out strings.Builder
	for _, seed := range slices.Sorted(maps.Keys(known)) {
		line, err := json.Marshal(known[seed])
		if err != nil {
			t.Error(err)
			return
		}
		fmt.Fprintf(&out, "%s\n", line)
	}
	if err := os.WriteFile(file, []byte(out.String()), 0o666); err != nil {
		t.Error(err)
	}
}

func writeJUnit(name string, info tasks.RunInfo, records []*tasks.Record) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return fmt.Errorf("scenariotest: artifacts: %w", err)
	}
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("scenariotest: artifacts: %w", err)
	}
	err = export.WriteJUnit(f, info, records)
	return cmp.Or(err, f.Close())
}

// artifact is the folder that keeps the episode of a test.
func artifact(o *Options, test string) string { return filepath.Join(o.Artifacts, fileName(test)) }

// fileName is a test's name as a path without surprises; sub-tests are folders.
func fileName(test string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`\:*?"<>|`, r) || r < ' ' {
			return '_'
		}
		return r
	}, strings.ReplaceAll(test, "..", "__"))
}

func episode(t *testing.T, s *tasks.Suite, r referee.Referee, o *Options, seed uint64) *tasks.Record {
	t.Helper()
	device := render.Software
	if o.GPU {
		device = render.GPU
	}
	options := tasks.Options{
		Suite: s, Robot: o.Robot, Referee: r, Seed: seed, Episodes: 1,
		NewRenderer: func() (sim.Renderer, error) { return render.New(render.Options{Device: device}) },
	}
	if o.Artifacts != "" {
		options.Out, options.Frames = artifact(o, t.Name()), tasks.FramesAll
		if err := os.RemoveAll(options.Out); err != nil { // of the last time
			t.Fatalf("scenariotest: artifacts: %v", err)
		}
	}
	records, err := tasks.Evaluate(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	rec := records[0]
	if options.Out != "" && rec.Outcome == tasks.Success {
		if err := os.RemoveAll(options.Out); err != nil {
			t.Errorf("scenariotest: artifacts: %v", err)
		}
	}
	if o.Repeat {
		options.Out = ""
		again, err := tasks.Evaluate(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		if again[0].Trace != rec.Trace {
			t.Errorf("played twice, the traces are %s and %s", rec.Trace, again[0].Trace)
		}
	}
	return rec
}
