package scenariotest_test

import (
	"os"
	"os/exec"
	"path/filepath"
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

const line = `
name: line
about: One thing onto another.
scene: {min_objects: 4, max_objects: 4}
tasks: [{name: put, goals: [{}]}]
`

// A scenario in the test itself, side by side, twice, with a bar that statistics decide, golden outcomes, and a folder of what failed.
func TestScenarioInTheTest(t *testing.T) {
	dir := t.TempDir()
	golden := filepath.Join(dir, "golden.jsonl")
	t.Setenv("REFARENA_UPDATE", "1")
	play := func(name string) {
		t.Run(name, func(t *testing.T) {
			scenariotest.RunScenario(t, line, referee.Oracle(), scenariotest.Options{
				Seed: 3, Episodes: 2, MinRate: 0.9, MinHits: 0.9, Golden: golden, Repeat: name == "first", Parallel: true, Artifacts: dir,
			})
		})
	}
	play("first")
	text, err := os.ReadFile(golden)
	if err != nil || strings.Count(string(text), "\n") != 2 || !strings.HasPrefix(string(text), `{"seed":3,"outcome":`) {
		t.Fatalf("the golden file has %q, %v", text, err)
	}
	t.Setenv("REFARENA_UPDATE", "")
	play("second")
	junit, err := os.ReadFile(filepath.Join(dir, "TestScenarioInTheTest", "second", "line", "junit.xml"))
	if err != nil || !strings.Contains(string(junit), `<testcase classname="refarena.line.put" name="seed=4"`) {
		t.Errorf("junit.xml has %s, %v", junit, err)
	}
}
