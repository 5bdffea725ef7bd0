package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/tasks"
)

// The files of a data set beside its shards.
const (
	dataFile  = "dataset.json" // an Info, written first
	statsFile = "stats.json"   // a Summary, written when all shards are there
)

// An Info says what a folder holds.
type Info struct {
	Format    int              `json:"format"` // version of the files: 1
	Partition string           `json:"partition"`
	Config    Config           `json:"config"`
	Shards    int              `json:"shards"`
	Renderer  sim.RendererInfo `json:"renderer"`
	Versions  tasks.Versions   `json:"versions"`
}

const format = 1

// A Summary says what is in a data set that is complete.
type Summary struct {
	Complete  bool     `json:"complete"`
	Pictures  int      `json:"pictures"`
	Questions int      `json:"questions"`
	LeftOut   int      `json:"left_out"`
	Skipped   []string `json:"skipped"`
	Bytes     int64    `json:"bytes"`
	Counts    Counts   `json:"counts"`
	SHA256    []string `json:"sha256"` // of each shard
}

// Options say how to make a data set; none changes what is in it.
type Options struct {
	Workers     int                          // shards at a time, each on a goroutine with a renderer of its own; 0 means one for each core
	NewRenderer func() (sim.Renderer, error) // required
	// Cycles makes OUT/NAME.png of each FOLDER/NAME.glb as the camera "referee" in it sees it, by Blender Cycles with so many paths a pixel; what is
	// there already may stay. For Config.Cycles > 0.
	Cycles     func(ctx context.Context, files []string, out string, paths int) error
	OnPictures func(n int)                    // called with the number of pictures of a scene when they are made, from any goroutine; may be nil
	OnShard    func(info ShardInfo, old bool) // called for each shard that is there, whether from an earlier run, from any goroutine; may be nil
}

// Make writes the data set into a folder, which it makes if need be. Shards that are there stay, so that a run that was interrupted goes on; the
// error is for another data set's folder, too. Whatever the error, shards that are there are whole.
func Make(ctx context.Context, dir string, cfg Config, o Options) (*Summary, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if o.NewRenderer == nil {
		return nil, errNoRenderer
	}
	if cfg.Cycles > 0 && o.Cycles == nil {
		return nil, errNoCycles
	}
	cfg = cfg.WithDefaults()
	first, err := o.NewRenderer()
	if err != nil {
		return nil, err
	}
	defer func() {
		if first != nil {
			first.Close()
		}
	}()
	unlock, err := begin(dir, cfg, first.Info())
	if err != nil {
		return nil, err
	}
	defer unlock()

	infos := make([]ShardInfo, cfg.Shards())
	var todo []int
	for i := range infos {
		info, ok, err := readInfo(dir, i)
		if err != nil {
			return nil, err
		}
		if infos[i] = info; !ok {
			todo = append(todo, i)
		} else if o.OnShard != nil {
			o.OnShard(info, true)
		}
	}

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers := o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for k := range min(workers, len(todo)) {
		r := first
		if k > 0 {
			if r, err = o.NewRenderer(); err != nil {
				cancel(err)
				break
			}
		} else {
			first = nil // the worker closes it
		}
		wg.Go(func() {
			defer r.Close()
			p, err := newPainter(&cfg, r)
			if err != nil {
				cancel(err)
				return
			}
			for ctx.Err() == nil {
				n := next.Add(1) - 1
				if n >= int64(len(todo)) {
					return
				}
				i := todo[n]
				info, err := writeShard(dir, i, func(info *ShardInfo, emit func(*Row) error) error { return p.shard(ctx, dir, i, info, emit, &o) })
				if err != nil {
					if ctx.Err() == nil {
						err = fmt.Errorf("dataset: %s: %w", filepath.Join(dir, shardName(i)), err)
					}
					cancel(err)
					return
				}
				infos[i] = info
				if p.dark != nil {
					p.dark.close()
				}
				if o.OnShard != nil {
					o.OnShard(info, false)
				}
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		whole := 0
		for i := range infos {
			if infos[i].SHA256 != "" {
				whole++
			}
		}
		return nil, fmt.Errorf("%w (%d of %d shards are in %s, whole; the same command goes on from there)", err, whole, len(infos), dir)
	}
	s := summarize(infos)
	if err := writeJSON(filepath.Join(dir, statsFile), s); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	return s, nil
}

// shard makes the rows of a shard.
func (p *painter) shard(ctx context.Context, dir string, i int, info *ShardInfo, emit func(*Row) error, o *Options) error {
	if p.cfg.Cycles > 0 {
		var err error
		if p.dark, err = openDarkroom(dir, i); err != nil {
			return err
		}
	}
	for n := i * p.cfg.ShardScenes; n < min((i+1)*p.cfg.ShardScenes, p.cfg.Scenes); n++ {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		before := info.Pictures
		why, err := p.scene(n, func(row *Row, questions []Question) error {
			info.Pictures++
			info.Questions += len(questions)
			info.Counts.add(questions)
			if p.dark != nil {
				return nil
			}
			return emit(row)
		})
		if err != nil {
			return err
		}
		if why != "" {
			info.Skipped = append(info.Skipped, why)
			continue
		}
		info.LeftOut += p.cfg.Views - (info.Pictures - before)
		if o.OnPictures != nil {
			o.OnPictures(info.Pictures - before)
		}
	}
	if p.dark != nil {
		if err := p.dark.develop(ctx, p, o.Cycles, emit); err != nil {
			return err
		}
	}
	return nil
}

// begin makes the folder ready: its own, described by dataset.json, and free of what an interrupted run left unfinished.
func begin(dir string, cfg Config, renderer sim.RendererInfo) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("dataset: output folder: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, fmt.Errorf("dataset: output folder: %w", err)
	}
	defer func() {
		if err != nil {
			lock.Close()
		}
	}()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, fmt.Errorf("dataset: output folder %s: another run writes to it (%w)", dir, err)
	}
	p, err := PartitionOf(cfg.Seed, cfg.Scenes)
	if err != nil {
		return nil, err
	}
	info := Info{Format: format, Partition: p.Name, Config: cfg, Shards: cfg.Shards(), Renderer: renderer, Versions: tasks.CurrentVersions()}
	name := filepath.Join(dir, dataFile)
	var old Info
	switch err := readJSON(name, &old); {
	case errors.Is(err, fs.ErrNotExist):
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, fmt.Errorf("dataset: output folder: %w", err)
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), "shard-") {
				return nil, fmt.Errorf("dataset: output folder %s has shards but no %s: it is no data set of this program (choose another)", dir, dataFile)
			}
		}
		if err := writeJSON(name, &info); err != nil {
			return nil, fmt.Errorf("dataset: output folder: %w", err)
		}
	case err != nil:
		return nil, fmt.Errorf("dataset: output folder: %w", err)
	default:
		if diff := differences(&old, &info); len(diff) > 0 {
			return nil, fmt.Errorf("dataset: output folder %s holds another data set: %s (go on with what it has, or choose another folder)", dir, strings.Join(diff, "; "))
		}
	}
	stale, _ := filepath.Glob(filepath.Join(dir, ".*"+unfinished))
	for _, f := range stale {
		os.Remove(f)
	}
	return func() { lock.Close() }, nil
}

// differences says in what two data sets differ.
func differences(old, now *Info) []string {
	var out []string
	say := func(what string, a, b any) {
		if x, y := text(a), text(b); x != y {
			out = append(out, fmt.Sprintf("%s is %s there, and %s is asked for", what, x, y))
		}
	}
	say("format", old.Format, now.Format)
	a, b := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	if json.Unmarshal([]byte(text(old.Config)), &a) != nil || json.Unmarshal([]byte(text(now.Config)), &b) != nil {
		panic("dataset: a configuration is no JSON object")
	}
	for _, key := range []string{"levels", "seed", "scenes", "robot", "views", "width", "height", "aspects", "questions", "min_questions", "kinds", "steps", "relations", "split",
		"rgb", "shard_scenes", "cycles"} {
		say(key, a[key], b[key])
	}
	say("renderer", old.Renderer, now.Renderer)
	say("versions", old.Versions, now.Versions)
	return out
}

// Read is what a folder holds: what it was made from, and what is known about each of its shards. The error is for a folder that is no complete
// data set, or one that is not as it was written; verify compares the hashes, too, which reads all of it.
func Read(dir string, verify bool) (*Info, []ShardInfo, error) {
	var info Info
	if err := readJSON(filepath.Join(dir, dataFile), &info); err != nil {
		return nil, nil, fmt.Errorf("dataset: %s: %w", dir, err)
	}
	if info.Format != format {
		return nil, nil, fmt.Errorf("dataset: %s has format %d (want %d)", dir, info.Format, format)
	}
	if err := info.Config.Validate(); err != nil {
		return nil, nil, fmt.Errorf("%w (in %s)", err, filepath.Join(dir, dataFile))
	}
	shards := make([]ShardInfo, info.Config.Shards())
	for i := range shards {
		var ok bool
		var err error
		if shards[i], ok, err = readInfo(dir, i); err != nil {
			return nil, nil, err
		}
		if !ok {
			return nil, nil, fmt.Errorf("dataset: %s is not complete: %s is not there (run the command that makes it again)", dir, shardName(i))
		}
		if verify {
			if err := shards[i].check(dir); err != nil {
				return nil, nil, err
			}
		}
	}
	return &info, shards, nil
}

// Summarize is what is in a complete data set.
func Summarize(dir string) (*Summary, error) {
	_, infos, err := Read(dir, false)
	if err != nil {
		return nil, err
	}
	return summarize(infos), nil
}

func summarize(infos []ShardInfo) *Summary {
	s := &Summary{Complete: true, Skipped: []string{}, Counts: Counts{}}
	for i := range infos {
		s.Pictures += infos[i].Pictures
		s.Questions += infos[i].Questions
		s.LeftOut += infos[i].LeftOut
		s.Bytes += infos[i].Bytes
		s.Skipped = append(s.Skipped, infos[i].Skipped...)
		s.SHA256 = append(s.SHA256, infos[i].SHA256)
		s.Counts.merge(infos[i].Counts)
	}
	return s
}
