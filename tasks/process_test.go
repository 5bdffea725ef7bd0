package tasks

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
)

// traps is where the tests' worker processes look for what shall become of them: a file named "crash" or "hang".
const traps = "REFARENA_TEST_TRAPS"

// A trapped renderer crashes, or hangs, when it is told to.
type trapped struct {
	sim.Renderer
	dir  string
	hang func()
}

func (r trapped) Render(d *sim.Data, cam sim.Camera, out *sim.Shot) error {
	if os.Remove(filepath.Join(r.dir, "crash")) == nil {
		os.Stderr.WriteString("the driver has lost its mind\n")
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	if os.Remove(filepath.Join(r.dir, "hang")) == nil {
		r.hang()
	}
	return r.Renderer.Render(d, cam, out)
}

func newTrapped(dir string, hang func()) (sim.Renderer, error) {
	r, err := render.New(render.Options{Device: render.Software})
	return trapped{r, dir, hang}, err
}

// TestIsWorker is no test: it is what the worker processes of the tests below run.
func TestIsWorker(t *testing.T) {
	dir := os.Getenv(traps)
	if dir == "" {
		t.Skip("this is no worker process")
	}
	err := ServeWorker(os.NewFile(WorkerIn, "in"), os.NewFile(WorkerOut, "out"), func() (sim.Renderer, error) { return newTrapped(dir, func() { select {} }) })
	if err != nil {
		t.Fatal(err)
	}
}

// A trapper is the oracle, and sets a trap when it is asked about an episode, so often.
type trapper struct {
	referee.Control
	dir, trap string
	seed      uint64 // of the first question
	mu        sync.Mutex
	left      int
}

func (r *trapper) PointKnowing(ctx context.Context, q referee.Query, truth sim.Region) (referee.Answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if q.Seed == r.seed && r.left > 0 {
		r.left--
		if err := os.WriteFile(filepath.Join(r.dir, r.trap), nil, 0o666); err != nil {
			return referee.Answer{}, err
		}
	}
	return r.Control.PointKnowing(ctx, q, truth)
}

// trapRun plays episodes in processes, of which that of seed 31 is trapped so often.
func trapRun(t *testing.T, trap string, times int, o Options) []*Record {
	t.Helper()
	dir := t.TempDir()
	var err error
	if o.Suite, err = LoadSuite("starter"); err != nil {
		t.Fatal(err)
	}
	o.Referee = &trapper{Control: referee.Oracle(), dir: dir, trap: trap, seed: querySeed(31, 0), left: times}
	o.Width, o.Height, o.Frames, o.Workers = 160, 120, FramesNone, 1
	o.Spawn = func() *exec.Cmd {
		cmd := exec.Command(os.Args[0], "-test.run=^TestIsWorker$")
		cmd.Env = append(os.Environ(), traps+"="+dir)
		return cmd
	}
	records, err := Evaluate(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// A worker that crashes costs nothing if the episode can be played the second time, and that episode alone if it cannot. What comes out is what
// comes out of workers in this process.
func TestCrashedWorkerCostsOneEpisode(t *testing.T) {
	suite, err := LoadSuite("starter")
	if err != nil {
		t.Fatal(err)
	}
	want, err := Evaluate(t.Context(), Options{Suite: suite, Referee: referee.Oracle(), Seed: 31, Episodes: 2, Workers: 1, Width: 160, Height: 120,
		NewRenderer: func() (sim.Renderer, error) { return render.New(render.Options{Device: render.Software}) }})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		crashes, tries int
		outcome        Outcome
	}{{1, 2, want[0].Outcome}, {2, 2, Error}} {
		got := trapRun(t, "crash", tt.crashes, Options{Seed: 31, Episodes: 2})
		if len(got) != 2 {
			t.Fatalf("%d crashes: %d records, want 2", tt.crashes, len(got))
		}
		for i, r := range got {
			if i == 0 && tt.outcome == Error {
				if r.Outcome != Error || r.Tries != 2 || !strings.Contains(r.Error, "seed 31: the worker's process ended: signal: killed") || !strings.Contains(r.Stack, "lost its mind") {
					t.Errorf("%d crashes: %s, %d tries, %q, %q", tt.crashes, r.Outcome, r.Tries, r.Error, r.Stack)
				}
				continue
			}
			if r.Trace != want[i].Trace || r.Outcome != want[i].Outcome || r.Error != "" {
				t.Errorf("%d crashes: seed %d is %s %s (%s), in one process %s %s", tt.crashes, r.Seed, r.Outcome, r.Trace, r.Error, want[i].Outcome, want[i].Trace)
			}
			if i == 0 && r.Tries != tt.tries || i == 1 && r.Tries != 1 {
				t.Errorf("%d crashes: %d tries of seed %d", tt.crashes, r.Tries, r.Seed)
			}
		}
	}
}

// A worker that hangs is ended when its episode's time is over, whether it is a process or not; the episode is an error, and the run goes on.
func TestHungWorkerCostsOneEpisode(t *testing.T) {
	check := func(t *testing.T, got []*Record) {
		t.Helper()
		if len(got) != 1 || got[0].Outcome != Error || !strings.Contains(got[0].Error, "seed 31: the episode took longer than") || got[0].Tries != 1 {
			t.Errorf("records %+v, want one error that says so, after one try", got)
		}
	}
	// Slower than this is late, too: nothing depends on the machine.
	const timeout = 2 * time.Second
	t.Run("process", func(t *testing.T) {
		check(t, trapRun(t, "hang", 1, Options{Seed: 31, Episodes: 1, EpisodeTimeout: timeout}))
	})
	t.Run("goroutine", func(t *testing.T) {
		suite, err := LoadSuite("starter")
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		free, hung := make(chan struct{}), make(chan struct{}, 1)
		if err := os.WriteFile(filepath.Join(dir, "hang"), nil, 0o666); err != nil {
			t.Fatal(err)
		}
		got, err := Evaluate(t.Context(), Options{Suite: suite, Referee: referee.Oracle(), Seed: 31, Episodes: 1, Workers: 1, Width: 160, Height: 120, Frames: FramesNone,
			EpisodeTimeout: timeout, grace: time.Millisecond,
			NewRenderer: func() (sim.Renderer, error) { return newTrapped(dir, func() { <-free; hung <- struct{}{} }) }})
		if err != nil {
			t.Fatal(err)
		}
		check(t, got)
		close(free) // the test waits for what it left behind
		<-hung
	})
}

// A worker that cannot begin ends the run, with what it said.
func TestWorkerThatDoesNotBegin(t *testing.T) {
	suite, err := LoadSuite("starter")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Evaluate(t.Context(), Options{Suite: suite, Referee: referee.Oracle(), Spawn: func() *exec.Cmd {
		return exec.Command("sh", "-c", "echo no such library >&2; exit 3")
	}})
	if err == nil || !strings.Contains(err.Error(), "a worker does not begin: exit status 3") || !strings.Contains(err.Error(), "no such library") {
		t.Errorf("Evaluate = %v", err)
	}
}
