package tasks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"time"

	"github.com/refarena/refarena/referee"
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

	// NewRenderer makes a renderer; every worker has its own.
	NewRenderer   func() (sim.Renderer, error)
	Width, Height int            // of the referee's picture [px]; 0 means 640 × 480
	DepthNoise    sim.DepthNoise // of the camera, for referee and robot alike; "" means none
	Workers       int            // episodes at a time; 0 means one for each core. The results do not depend on it.

	Out    string      // the run's folder, made if need be; "" keeps nothing
	Frames FramePolicy // "" means FramesFailed

	// OnRecord is called for each episode in the order of the seeds, as soon as it and all before it are saved; after a run that was cut
	// short, for the rest that ended. An error ends the run.
	OnRecord func(*Record) error
	// OnDone is called after each episode, in the order of their ends, with how many have ended.
	OnDone func(done int)
}

func (o Options) withDefaults() Options {
	o.Robot = cmp.Or(o.Robot, "ur5")
	o.Episodes = cmp.Or(o.Episodes, 1)
	o.Width, o.Height = cmp.Or(o.Width, 640), cmp.Or(o.Height, 480)
	o.Workers = min(cmp.Or(o.Workers, runtime.NumCPU()), o.Episodes)
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
	if _, _, err := sim.Library(); err != nil {
		return nil, err
	}
	if err := referee.Check(ctx, o.Referee); err != nil {
		return nil, err
	}
	first, err := newWorker(o)
	if err != nil {
		return nil, err
	}
	var journal *Journal
	if o.Out != "" {
		if journal, err = CreateJournal(o.Out, runInfo(o, first.renderer.Info())); err != nil {
			first.Close()
			return nil, err
		}
	}
	r := &run{o: o, journal: journal, records: make([]*Record, o.Episodes)}
	ctx, r.cancel = context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	for i := range o.Workers {
		wg.Go(func() {
			w := first
			if i > 0 {
				var err error
				if w, err = newWorker(o); err != nil {
					r.cancel(err)
					return
				}
			}
			defer w.Close()
			r.work(ctx, w)
		})
	}
	wg.Wait()
	err = context.Cause(ctx)
	r.cancel(nil)
	if err == nil || ctxEnded(err) {
		err = cmp.Or(r.tell(true), err)
	}
	if journal != nil {
		err = cmp.Or(err, journal.Close())
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
	return RunInfo{
		Suite: o.Suite.Name, SuiteHash: o.Suite.Hash, Robot: o.Robot, Referee: o.Referee.Info(), Seed: o.Seed, Episodes: o.Episodes,
		Camera:   CameraInfo{cam.Name, cam.Width, cam.Height, cam.FovyDeg(), o.DepthNoise},
		Renderer: renderer, Versions: CurrentVersions(), Started: time.Now().UTC(),
	}
}

// A run is what the workers share.
type run struct {
	o       Options
	journal *Journal
	cancel  context.CancelCauseFunc

	mu      sync.Mutex
	next    int       // the first episode that nobody has begun
	done    int       // how many have ended
	told    int       // how many OnRecord has been told of
	records []*Record // by index; nil while under way
}

func (r *run) work(ctx context.Context, w *worker) {
	for {
		r.mu.Lock()
		i := r.next
		r.next++
		r.mu.Unlock()
		if i >= r.o.Episodes || ctx.Err() != nil {
			return
		}
		rec := w.Episode(ctx, r.o.Seed+uint64(i))
		if ctx.Err() != nil {
			return // cut short: not an episode that counts
		}
		if err := r.end(i, rec, w); err != nil {
			r.cancel(err)
			return
		}
	}
}

// end saves a record before anybody hears of it.
func (r *run) end(i int, rec *Record, w *worker) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.journal != nil {
		for _, f := range w.kept {
			if err := r.journal.SaveFrame(f.name, &f.frame, f.point); err != nil {
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
