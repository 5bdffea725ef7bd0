package tasks

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/sim"
)

// ReplayOptions tune Replay. NewRenderer must be set. The functions are called on the goroutine that called Replay, which waits for them: a
// viewer may look at everything they are given, draw it, and take its time; it must change nothing. An error ends the replay with it.
type ReplayOptions struct {
	NewRenderer func() (sim.Renderer, error)
	// Steps is how many of the recorded steps are played; 0 means all. The replay ends when they are done, before the next question.
	Steps int
	// OnStage is called once, before the first step: the scene settled, the robot at home. The Stage is the replay's, until Replay returns.
	OnStage func(*Stage) error
	// OnAsk is called when a step's question was answered, before the robot acts on it: the number of the step, from 0, what the referee was
	// shown (until the next call), what it was asked and said, and the right answers. The record is not complete before OnStep.
	OnAsk func(step int, shot *sim.Shot, s StepRecord, right sim.Region) error
	// OnPeriod is called after each control period (robots.Period) of simulated time.
	OnPeriod func(*Stage) error
	// OnStep is called after each step.
	OnStep func(step int, s StepRecord) error
}

// Replay plays the episode of a seed of the run in a folder again, with the answers that were recorded, and returns its record as far as it
// was played. On the machine, and with the versions, that made the run it goes through the same states bit for bit: the traces of the steps are equal (see
// Verify). An episode that ended in an error is played as far as its answers go. It goes one way, at its own pace, for what is made of an episode (package
// tasks/export); a Session is for people, who stop, go back and branch.
func Replay(ctx context.Context, dir string, seed uint64, o ReplayOptions) (*Record, error) {
	if o.Steps < 0 {
		return nil, fmt.Errorf("tasks: replay: %d steps (want 1 or more, or 0 for all)", o.Steps)
	}
	info, suite, records, err := readRun(dir)
	if err != nil {
		return nil, err
	}
	var recorded *Record
	for _, r := range records {
		if r.Seed == seed {
			recorded = r
		}
	}
	if recorded == nil {
		return nil, fmt.Errorf("tasks: replay: no episode of seed %d in %s (have %s)", seed, dir, seedRange(records))
	}
	if o.Steps > len(recorded.Steps) {
		return nil, fmt.Errorf("tasks: replay: %d steps of the episode of seed %d (it has %d)", o.Steps, seed, len(recorded.Steps))
	}
	options, err := replayOptions(dir, info, suite, []*Record{recorded})
	if err != nil {
		return nil, err
	}
	options.NewRenderer, options.watch = o.NewRenderer, &o
	w, err := newWorker(options.withDefaults())
	if err != nil {
		return nil, err
	}
	defer w.Close()
	rec := w.Episode(ctx, seed)
	if rec.failure != nil && !errors.Is(rec.failure, errReplayed) {
		return rec, rec.failure
	}
	if rec.failure != nil {
		rec.Outcome, rec.Error = recorded.Outcome, ""
	}
	return rec, ctx.Err()
}

// readRun reads what was asked for in the run in a folder, its suite and its records.
func readRun(dir string) (RunInfo, *Suite, []*Record, error) {
	info, err := ReadRunInfo(dir)
	if err != nil {
		return info, nil, nil, err
	}
	suite, err := ReadRunSuite(dir)
	if err != nil {
		return info, nil, nil, err
	}
	records, err := ReadRecords(dir)
	return info, suite, records, err
}

// errReplayed ends a replay that has played what was asked for.
var errReplayed = errors.New("tasks: replay: all is played that was asked for")

// replayOptions play records of the run in a folder again.
func replayOptions(dir string, info RunInfo, suite *Suite, records []*Record) (Options, error) {
	robot, err := robots.Open(info.Robot)
	if err != nil {
		return Options{}, err
	}
	cam, err := viewOf(robot, info.Camera.Chosen, info.Camera.Width, info.Camera.Height)
	if err != nil {
		return Options{}, err
	}
	if cam.Name != info.Camera.Name || cam.FovyDeg() != info.Camera.FovyDeg {
		return Options{}, fmt.Errorf("tasks: the run in %s was seen by camera %s of %g°, this program has %s of %g°", dir, info.Camera.Name, info.Camera.FovyDeg, cam.Name, cam.FovyDeg())
	}
	return Options{
		Suite: suite, Robot: info.Robot, Referee: newReplay(info.Referee, records), Seed: info.Seed, Episodes: info.Episodes,
		Width: info.Camera.Width, Height: info.Camera.Height, DepthNoise: info.Camera.DepthNoise, ColorNoise: info.Camera.ColorNoise,
		Camera: info.Camera.Chosen, Latency: info.Latency,
	}, nil
}

// seedRange names the seeds that records have, for people.
func seedRange(records []*Record) string {
	if len(records) == 0 {
		return "none"
	}
	lo, hi := uint64(math.MaxUint64), uint64(0)
	for _, r := range records {
		lo, hi = min(lo, r.Seed), max(hi, r.Seed)
	}
	return fmt.Sprintf("%d of the seeds %d to %d", len(records), lo, hi)
}
