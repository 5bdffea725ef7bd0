package scenariotest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/tasks/scenariotest"
)

// The repository's own scenarios: with the right points the robot succeeds.
func TestScenario(t *testing.T) {
	scenariotest.Run(t, "starter", referee.Oracle(), scenariotest.Options{Episodes: 8, MinSuccess: 7})
}

// With wrong points it fails, and the failing test says why and how to see it again. It runs only as a child of TestFailureIsReported.
func TestScenarioFails(t *testing.T) {
	if os.Getenv("SCENARIOTEST_FAIL") == "" {
		t.Skip("fails on purpose; TestFailureIsReported runs it")
	}
	scenariotest.Run(t, "starter", referee.RandomPixel(), scenariotest.Options{Seed: 17, Episodes: 1})
}

func TestFailureIsReported(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run", "^TestScenarioFails$/starter/seed=17", "-test.v")
	cmd.Env = append(os.Environ(), "SCENARIOTEST_FAIL=1")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Errorf("random points pass:\n%s", out)
	}
	for _, want := range []string{
		"FAIL: TestScenarioFails/starter/seed=17", "refer.miss",
		"replay: refarena eval --suite starter --robot ur5 --referee random-pixel --seed 17 --episodes 1",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the failing test does not say %q:\n%s", want, out)
		}
	}
}
