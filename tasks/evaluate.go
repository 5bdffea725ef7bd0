package tasks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
)

// A FramePolicy says which steps' pictures are kept in the run's folder.
type FramePolicy string

const (
	FramesFailed FramePolicy = "failed" // of steps that failed
	FramesAll    FramePolicy = "all"
	FramesNone   FramePolicy = "none"
)

// Options say what to evaluate. Suite, Referee and NewRenderer must be set.
type Options struct {
	Suite    *Suite
	Robot    string // "" means "ur5"
	Referee  referee.Referee
	Seed     uint64 // of the first episode; the others count up from it
	Episodes int    // 0 means 1
	Shard    Shard  // which of the episodes to play; the zero value means all

	// NewRenderer makes a renderer; every worker has its own.
	NewRenderer func() (sim.Renderer, error)
	// Spawn makes the command of a process that calls ServeWorker on its files WorkerIn and WorkerOut, for workers that are processes: a crash costs
	// one episode, which is tried once more. If the command has a Stderr, it gets what the process writes there. nil: they are goroutines, NewRenderer is theirs, and a crash of a C library ends the program.
	Spawn         func() *exec.Cmd
	Width, Height int            // of the referee's picture [px]; 0 means 640 × 480, or 640 × 360 through the robot's own camera
	Camera        string         // that the referee looks through: see ParseCamera; "" means the robot's usual one
	DepthNoise    sim.DepthNoise // of the camera, for referee and robot alike; "" means none
	ColorNoise    bool           // its colours' too: see sim.ApplyColor
	Latency       *Latency       // what answers are charged; nil means what the suite's clock says
	Workers       int            // episodes at a time; 0 means one for each core. The results do not depend on it.

	Out    string      // the run's folder, made if need be; "" keeps nothing
	Resume bool        // go on with the run in Out, if there is one: what is done there is not played again
	Frames FramePolicy // "" means FramesFailed

	// EpisodeTimeout is how long an episode may take before it is given up as an error, so that a worker that hangs costs one episode, not
	// the run [wall time]; 0 means 10 minutes. Too short a time makes results depend on the machine.
	EpisodeTimeout time.Duration

	// OnRecord is called for each episode in the order of the seeds, as soon as it and all before it are saved, those that a resumed run
	// had done included; after a run that was cut short, for the rest that ended. An error ends the run.
	OnRecord func(*Record) error
	// OnDone is called after each episode, in the order of their ends, with how many have ended.
	OnDone func(done int)

	seeds      []uint64               // instead of Seed, Episodes and Shard: certain ones, ascending
	onRenderer func(sim.RendererInfo) // is told what draws
	watch      *ReplayOptions         // who looks on; nil: nobody
	grace      time.Duration          // how long an episode that was told to stop may take to do so before its worker is given up; 0 means 10 s
}

func (o Options) withDefaults() Options {
	if s := o.Suite.Replay; s != nil { // the one episode of a scenario
		o.Seed, o.Episodes, o.Shard, o.Robot, o.DepthNoise = s.Seed, 1, Shard{}, s.Robot, s.DepthNoise
		o.Camera, o.ColorNoise = s.Camera, s.ColorNoise
		o.Width, o.Height = s.Size[0], s.Size[1]
	}
	o.Robot = cmp.Or(o.Robot, "ur5")
	o.Episodes = cmp.Or(o.Episodes, 1)
	if robot, err := robots.Open(o.Robot); err == nil && o.Width == 0 { // that there is no such robot is said later
		if cam, err := viewOf(robot, o.Camera, 0, 0); err == nil {
			o.Width, o.Height = cam.Width, cam.Height
		}
	}
	o.Workers = min(cmp.Or(o.Workers, runtime.NumCPU()), o.Episodes)
	o.EpisodeTimeout = cmp.Or(o.EpisodeTimeout, 10*time.Minute)
	o.grace = cmp.Or(o.grace, 10*time.Second)
	o.Frames = cmp.Or(o.Frames, FramesFailed)
	return o
}

// Evaluate runs the episodes and returns their records in the order of the seeds. The error is for a run that could not go on: nothing
// to draw with, a referee that is not there, an output folder that cannot be written. The records of the episodes that ended before are
// returned, and saved, all the same; an episode that was under way is not in them.
func Evaluate(ctx context.Context, o Options) ([]*Record, error) {
	o = o.withDefaults()
	if o.Episodes < 1 || o.Workers < 1 {
		return nil, fmt.Errorf("tasks: %d episodes by %d workers (want at least 1 of each)", o.Episodes, o.Workers)
	}
	if o.Seed > math.MaxUint64-uint64(o.Episodes-1) {
		return nil, fmt.Errorf("tasks: %d episodes from seed %d on (want seeds up to %d)", o.Episodes, o.Seed, uint64(math.MaxUint64))
	}
	if err := o.Shard.check(); err != nil {
		return nil, err
	}
	if _, _, err := sim.Library(); err != nil {
		return nil, err
	}
	if err := referee.Check(ctx, o.Referee); err != nil {
		return nil, err
	}
	first, err := o.newCrew()
	if err != nil {
		return nil, err
	}
	if o.onRenderer != nil {
		o.onRenderer(first.Renderer())
	}
	r := &run{o: o, seeds: o.seeds}
	if r.seeds == nil {
		r.seeds = o.Shard.Seeds(o.Seed, o.Episodes)
	}
	r.records = make([]*Record, len(r.seeds))
	if o.Out != "" {
		if err := r.open(runInfo(o, first.Renderer())); err != nil {
			first.Close()
			return nil, err
		}
	}
	ctx, r.cancel = context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	for i := range o.Workers {
		wg.Go(func() {
			if i > 0 {
				r.work(ctx, nil)
				return
			}
			r.work(ctx, first)
		})
	}
	wg.Wait()
	err = context.Cause(ctx)
	r.cancel(nil)
	if err == nil || ctxEnded(err) {
		err = cmp.Or(r.tell(true), err)
	}
	if r.journal != nil {
		err = cmp.Or(err, r.journal.Close())
	}
	var ended []*Record
	for _, rec := range r.records {
		if rec != nil {
			ended = append(ended, rec)
		}
	}
	return ended, err
}

// ctxEnded tells a run that was interrupted from one that could not go on.
func ctxEnded(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func runInfo(o Options, renderer sim.RendererInfo) RunInfo {
	cam := scenes.DefaultCamera(o.Width, o.Height)
	if robot, err := robots.Open(o.Robot); err == nil {
		if own, err := viewOf(robot, o.Camera, o.Width, o.Height); err == nil {
			cam = own
		}
	}
	info := RunInfo{
		Suite: o.Suite.Name, SuiteHash: o.Suite.Hash, Robot: o.Robot, Referee: o.Referee.Info(), Seed: o.Seed, Episodes: o.Episodes,
		Camera:   CameraInfo{cam.Name, cam.Width, cam.Height, cam.FovyDeg(), o.DepthNoise, o.ColorNoise, o.Camera},
		Renderer: renderer, Versions: CurrentVersions(), Started: time.Now().UTC(),
	}
	info.Latency = o.Latency
	if o.Shard != (Shard{}) {
		info.Shard = &o.Shard
	}
	return info
}

// A run is what the workers share.
type run struct {
	o       Options
	seeds   []uint64 // of the episodes, ascending
	journal *Journal
	cancel  context.CancelCauseFunc

	mu      sync.Mutex
	next    int       // the first episode that nobody has begun
	done    int       // how many have ended
	told    int       // how many OnRecord has been told of
	records []*Record // by index; nil while under way
}

// open starts the run's folder, or takes over what is done in it.
func (r *run) open(info RunInfo) (err error) {
	_, missing := os.Stat(filepath.Join(r.o.Out, runFile))
	if !r.o.Resume || errors.Is(missing, fs.ErrNotExist) {
		r.journal, err = CreateJournal(r.o.Out, info, r.o.Suite.text)
		return err
	}
	journal, records, err := ResumeJournal(r.o.Out, info)
	if err != nil {
		return err
	}
	for _, rec := range records {
		i, ok := slices.BinarySearch(r.seeds, rec.Seed)
		if !ok {
			journal.Close()
			return fmt.Errorf("tasks: the run in %s has a record of seed %d, which is none of its seeds", r.o.Out, rec.Seed)
		}
		r.records[i] = rec
		r.done++
	}
	r.journal = journal
	return nil
}

// A crew plays episodes, one after the other: a worker, here or in a process of its own.
type crew interface {
	Renderer() sim.RendererInfo
	Episode(ctx context.Context, seed uint64) *Record
	Pictures() ([]picture, error) // of the last episode
	Over() bool                   // it has ended by itself
	Close()
}

func (o Options) newCrew() (crew, error) {
	if o.Spawn == nil {
		return newWorker(o)
	}
	return newProcess(o)
}

// work plays episodes until there are none left. A worker that hangs is left behind, and another takes its place.
func (r *run) work(ctx context.Context, w crew) {
	defer func() {
		if w != nil {
			w.Close()
		}
	}()
	for {
		i := r.take()
		if i < 0 || ctx.Err() != nil {
			return
		}
		var err error
		if w == nil {
			if w, err = r.o.newCrew(); err != nil {
				w = nil // not a crew that is a nil pointer
				r.cancel(err)
				return
			}
		}
		rec, hung := r.episode(ctx, &w, r.seeds[i])
		if hung {
			w = nil // it still runs: nothing of it can be touched, or freed
		}
		if ctx.Err() != nil {
			return // cut short: not an episode that counts
		}
		var pictures []picture
		if w != nil {
			pictures, err = w.Pictures()
		}
		if err == nil {
			err = r.end(i, rec, pictures)
		}
		if err != nil {
			r.cancel(err)
			return
		}
	}
}

// take is the index of the next episode to play, -1 if none is left.
func (r *run) take() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.next < len(r.seeds) && r.records[r.next] != nil {
		r.next++
	}
	if r.next == len(r.seeds) {
		return -1
	}
	r.next++
	return r.next - 1
}

// episode plays one, once more if it could not be judged for a reason that may have passed. A crew that has ended is replaced. hung means that
// it is still at it, and must not be used again.
func (r *run) episode(ctx context.Context, w *crew, seed uint64) (rec *Record, hung bool) {
	for try := 1; ; try++ {
		rec, hung = r.watch(ctx, *w, seed)
		rec.Tries = try
		again := !hung && rec.Outcome == Error && rec.retryable && try < 2 && ctx.Err() == nil
		if !hung && (*w).Over() {
			(*w).Close()
			*w = nil
			if again {
				next, err := r.o.newCrew()
				if err != nil {
					r.cancel(err)
					return rec, false
				}
				*w = next
			}
		}
		if !again {
			return rec, hung
		}
	}
}

// watch plays an episode and ends it when it takes too long.
func (r *run) watch(ctx context.Context, w crew, seed uint64) (rec *Record, hung bool) {
	late := fmt.Errorf("tasks: seed %d: the episode took longer than %v", seed, r.o.EpisodeTimeout)
	timed, stop := context.WithTimeoutCause(ctx, r.o.EpisodeTimeout, late)
	defer stop()
	ended := make(chan *Record, 1)
	go func() { ended <- w.Episode(timed, seed) }()
	select {
	case rec = <-ended:
	case <-timed.Done():
		select {
		case rec = <-ended:
		case <-time.After(r.o.grace):
			rec, hung = r.o.blank(seed), true
		}
	}
	if ctx.Err() == nil && timed.Err() != nil && (hung || rec.Outcome == Error) {
		rec.Outcome, rec.Error, rec.retryable = Error, late.Error(), false
	}
	return rec, hung
}

// end saves a record before anybody hears of it.
func (r *run) end(i int, rec *Record, pictures []picture) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.journal != nil {
		for _, p := range pictures {
			if err := r.journal.savePicture(p); err != nil {
				return err
			}
		}
		if err := r.journal.Append(rec); err != nil {
			return err
		}
	}
	r.records[i] = rec
	r.done++
	if r.o.OnDone != nil {
		r.o.OnDone(r.done)
	}
	return r.tell(false)
}

// tell passes on the records that can be: those up to the first gap, or with rest all that are left.
func (r *run) tell(rest bool) error {
	for ; r.told < len(r.records); r.told++ {
		rec := r.records[r.told]
		if rec == nil && !rest {
			break
		}
		if rec != nil && r.o.OnRecord != nil {
			if err := r.o.OnRecord(rec); err != nil {
				r.told++
				return err
			}
		}
	}
	return nil
}
