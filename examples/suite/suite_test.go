// Package suite is what a user of refarena writes to have a pointing model tested by go test: a suite, a referee, one call.
package suite

import (
	"os"
	"testing"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/tasks/scenariotest"
)

// TestScenario plays five episodes of the suite as sub-tests, TestScenario/clutter/seed=1 to 5, side by side. It fails if the success rate is
// certainly below 80 %: if the 95 % interval of what was counted lies below that. What failed is kept in $REFARENA_ARTIFACTS, if that is set. Without a model in
// the environment it plays the oracle, which points at the middle of the true region: what fails then is the robot's fault, not a model's.
//
//	REFEREE=http://localhost:25547 go test -count=1 ./...
func TestScenario(t *testing.T) {
	name := os.Getenv("REFEREE")
	if name == "" {
		name = referee.OracleName
	}
	model, err := referee.Open(name, referee.Options{})
	if err != nil {
		t.Fatal(err)
	}
	scenariotest.Run(t, "clutter.yaml", model, scenariotest.Options{Episodes: 5, MinRate: 0.8, Parallel: true})
}
