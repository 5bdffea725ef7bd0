// Package scenariotest runs a suite of scenarios as Go tests: every episode is a sub-test, and one that does not succeed fails with its
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
	"fmt"
	"strings"
	"testing"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
)

// Options tunes Run. The zero value is ready to use.
type Options struct {
	Robot    string // "" means "ur5"
	Seed     uint64 // of the first episode; 0 means 1
	Episodes int    // 0 means 10
	GPU      bool   // draw on a GPU; false means on the CPU, which is the reference
	// MinSuccess is how many of the episodes have to succeed; 0 means all of them. If it is less than all, an episode that fails is
	// reported but does not fail its sub-test: the suite's test fails if too few succeed.
	MinSuccess int
}

// Run plays the episodes of a suite (a name, or a file that ends in .yaml) with a referee. Sub-tests run one after the other; each owns
// its simulation. An episode that cannot be judged always fails.
func Run(t *testing.T, suite string, r referee.Referee, options ...Options) {
	t.Helper()
	if len(options) > 1 {
		t.Fatalf("scenariotest: %d Options, want at most one", len(options))
	}
	o := append(options, Options{})[0]
	s, err := tasks.LoadSuite(suite)
	if err != nil {
		t.Fatal(err)
	}
	if s.Replay != nil { // a scenario is one episode
		o.Seed, o.Episodes = s.Replay.Seed, 1
	}
	o.Seed, o.Episodes = cmp.Or(o.Seed, 1), cmp.Or(o.Episodes, 10)
	o.MinSuccess = cmp.Or(o.MinSuccess, o.Episodes)
	if err := referee.Check(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	t.Run(s.Name, func(t *testing.T) {
		good, run := 0, 0
		for i := range o.Episodes {
			seed := o.Seed + uint64(i)
			t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
				run++
				rec := episode(t, s, r, o, seed)
				replay := fmt.Sprintf("again:  go test -run '^%s$'\nreplay: refarena eval --suite %s --robot %s --referee %s --seed %d --episodes 1 --frames all",
					strings.ReplaceAll(t.Name(), "/", "$/^"), suite, rec.Robot, rec.Referee, seed)
				switch {
				case rec.Outcome == tasks.Success:
					good++
				case rec.Outcome == tasks.Failure && o.MinSuccess < o.Episodes:
					t.Logf("%s: %s\n%s", rec.Outcome, rec.Why(), replay)
				default:
					t.Errorf("%s: %s\n%s", rec.Outcome, rec.Why(), replay)
				}
			})
		}
		if run == o.Episodes && good < o.MinSuccess { // not if -run chose some of them
			t.Errorf("%d of %d episodes succeeded, want %d", good, run, o.MinSuccess)
		}
	})
}

func episode(t *testing.T, s *tasks.Suite, r referee.Referee, o Options, seed uint64) *tasks.Record {
	t.Helper()
	device := render.Software
	if o.GPU {
		device = render.GPU
	}
	records, err := tasks.Evaluate(t.Context(), tasks.Options{
		Suite: s, Robot: o.Robot, Referee: r, Seed: seed, Episodes: 1,
		NewRenderer: func() (sim.Renderer, error) { return render.New(render.Options{Device: device}) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return records[0]
}
