// Package roborefer runs RoboRefer (arXiv 2506.04308) and models of its shape in this process, on ONNX Runtime: the released 2B and 8B
// checkpoints and the tiny model of this project alike. train/export.py makes the graphs.
//
//	r, err := roborefer.Open("models/2b-int8", roborefer.Options{})   // or "roborefer:models/2b-int8" on the command line
//	answer, err := r.Point(ctx, query)
//	err = r.Close()
//
// A query is resized and cut into tiles exactly as Pillow does it, its instruction goes into RoboRefer's chat template and through Qwen2's
// tokenizer, the features of its pictures take the places of their placeholders, and the decoder answers greedily, with a key-value cache that
// is written in place. Answers are read strictly and never evaluated.
//
// What is computed once: the features of a picture, for all queries about it while it is among the last eight; the decoder's state behind
// header and pictures, for the next question about the same frame. Neither changes a bit of any answer. The form of an answer is drafted, so that the
// decoder runs once for each token that it is free to choose; see draft.go.
package roborefer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/refarena/refarena/referee"
)

// Prefix begins the name of a model folder where a referee is named: "roborefer:DIR".
const Prefix = "roborefer:"

// Options tunes Open. The zero value is ready to use.
type Options struct {
	// Device is "cpu", "cuda:N" or "auto", a GPU if there is one, its libraries are installed (make gpu) and the graphs are made for it; "" is auto.
	Device string
	// Threads of the CPU for one query; 0 means two for models below 128 MB, else one for each core. Neither they nor Engines change a bit.
	Threads int
	// Engines is how many queries are worked on at the same time, each with a cache of its own; 0 means cores / threads on a CPU, or cores for models
	// below 128 MB, whose queries come in between other work; 1 on a GPU.
	Engines int
	// Batch is how many queries one engine decodes together, a token of each at a time; 0 means 1 on a CPU, 8 on a GPU. With more than one, the
	// last bits of the logits depend on which queries met, so that an answer may change where two tokens are all but equally likely: Info then
	// promises no repeatability.
	Batch int
	// MaxWait is how long the first query of a batch waits for others; 0 means 2 ms. Queries that come later join between two tokens.
	MaxWait time.Duration
	// MaxNewTokens is the cap on an answer's tokens; 0 means what roborefer.json says, which is 64 for the released models.
	MaxNewTokens int
}

// A Referee is one model, ready to answer. It is safe for concurrent use.
type Referee struct {
	name    string
	m       *model
	opt     Options
	engines []*engine
	wg      sync.WaitGroup

	mu     sync.Mutex
	closed bool
}

var _ referee.Referee = (*Referee)(nil)

// Maker makes "roborefer:DIR" a name that referee.Open knows.
func Maker(o Options) referee.Maker {
	return referee.Maker{
		Name: Prefix + "DIR", Doc: "RoboRefer on ONNX Runtime, from a folder that train/export.py made", Prefix: Prefix,
		Make: func(spec string, _ referee.Options) (referee.Referee, error) {
			return Open(strings.TrimPrefix(spec, Prefix), o)
		},
	}
}

// Open loads the model in a folder. It reads and checks all its files, which takes a second or so for each gigabyte. The caller closes the
// result.
func Open(dir string, o Options) (*Referee, error) {
	s, err := folder(dir)
	if err != nil {
		return nil, err
	}
	return load(Prefix+dir, s, o)
}

// OpenFS is Open for a model whose files are in the root of fsys, such as an embedded one. name is what it is called in records. Graphs with
// external weights need a folder.
func OpenFS(name string, fsys fs.FS, o Options) (*Referee, error) {
	return load(name, source{name: name, fsys: fsys}, o)
}

func load(name string, s source, o Options) (*Referee, error) {
	if o.Threads < 0 || o.Engines < 0 || o.Batch < 0 || o.MaxWait < 0 || o.MaxNewTokens < 0 {
		return nil, fmt.Errorf("roborefer: threads %d, engines %d, batch %d, wait %v, tokens %d (want none negative)", o.Threads, o.Engines, o.Batch, o.MaxWait, o.MaxNewTokens)
	}
	m, err := open(s, o)
	if err != nil {
		return nil, err
	}
	o.MaxNewTokens = cmp.Or(o.MaxNewTokens, m.cfg.MaxNewTokens)
	o.MaxWait = cmp.Or(o.MaxWait, 2*time.Millisecond)
	if o.Batch == 0 {
		o.Batch = 1
		if m.device.IsCUDA() {
			o.Batch = 8
		}
	}
	if o.Engines == 0 {
		o.Engines = 1
		switch {
		case m.small:
			o.Engines = runtime.NumCPU()
		case !m.device.IsCUDA():
			o.Engines = max(runtime.NumCPU()/m.cores(), 1)
		}
	}
	r := &Referee{name: name, m: m, opt: o}
	for range o.Engines {
		e, err := newEngine(m, o)
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		r.engines = append(r.engines, e)
		r.wg.Go(func() {
			defer close(e.stopped)
			e.run()
		})
	}
	return r, nil
}

// Info names the model and its settings. Version is a hash of all its files.
func (r *Referee) Info() referee.Info {
	c := &r.m.cfg
	return referee.Info{
		Name:    r.name,
		Model:   fmt.Sprintf("%s (%s)", c.Name, c.Variant),
		Version: r.m.hash,
		Settings: map[string]string{
			"device":         r.m.device.String(),
			"onnxruntime":    r.m.runtime.Version,
			"precision":      c.Export.Precision,
			"activations":    c.Export.Activations,
			"depth_encoding": c.DepthConvention,
			"prompt_suffix":  c.Suffix,
			"rgb_newline":    strconv.FormatBool(c.RGBNewline),
			"max_new_tokens": strconv.Itoa(r.opt.MaxNewTokens),
			"batch":          strconv.Itoa(r.opt.Batch),
		},
		Repeatable: r.opt.Batch == 1,
	}
}

// Check says whether queries can be put.
func (r *Referee) Check(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return errClosed
	}
	return ctx.Err()
}

// Point answers q. An answer that ends at the cap on tokens and cannot be read says so in its Reason.
func (r *Referee) Point(ctx context.Context, q referee.Query) (referee.Answer, error) {
	if err := ctx.Err(); err != nil {
		return referee.Answer{}, fmt.Errorf("roborefer: not asked: %w", err)
	}
	if err := q.Validate(); err != nil {
		return referee.Answer{}, err
	}
	text := q.Instruction
	if !q.Verbatim {
		text += r.m.cfg.Suffix
	}
	start := time.Now()
	j := r.newJob(ctx, q, text)
	if err := r.submit(ctx, j); err != nil {
		return referee.Answer{}, fmt.Errorf("roborefer: %w", err)
	}
	reply := strip(r.m.tok.Decode(j.answer))
	a := referee.ReadAnswer(reply)
	a.Prompt, a.Tokens, a.Latency = text, len(j.answer), time.Since(start)
	if j.capped && a.Problem != referee.ProblemNone {
		a.Reason = fmt.Sprintf("cut at the cap of %d tokens: %s", len(j.answer), a.Reason)
	}
	return a, nil
}

// newJob does what a query needs before it meets the model: resizing, tiling, tokens.
func (r *Referee) newJob(ctx context.Context, q referee.Query, text string) *job {
	c := &r.m.cfg
	j := &job{ctx: ctx, limit: r.opt.MaxNewTokens, done: make(chan struct{})}
	pictures := []func() picture{func() picture { return picture{q.Width, q.Height, 3, q.RGB} }}
	if q.HasDepth() {
		pictures = append(pictures, func() picture { return picture{q.Width, q.Height, 1, q.DisparityU8()} })
	}
	var wg sync.WaitGroup
	for k, of := range pictures {
		wg.Go(func() {
			p, h := of(), sha256.New()
			var size [16]byte
			binary.LittleEndian.PutUint64(size[:], uint64(p.w))
			binary.LittleEndian.PutUint64(size[8:], uint64(p.h))
			h.Write(size[:])
			h.Write(p.pix)
			j.frames[k] = [32]byte(h.Sum(nil))
			j.pixels[k], j.shapes[k] = c.tiles(p)
		})
	}
	wg.Wait()
	j.ids = r.m.tok.Encode(c.prompt(text, len(j.pixels[colour]), len(j.pixels[depth])))
	return j
}

// submit gives j to an engine and waits for its end: one that has the frame's prefix, if it is not busier than others.
func (r *Referee) submit(ctx context.Context, j *job) error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return errClosed
	}
	best := r.engines[0]
	for _, e := range r.engines[1:] {
		if e.load < best.load || e.load == best.load && e.last == j.frames[colour] && best.last != j.frames[colour] {
			best = e
		}
	}
	best.load++
	best.last = j.frames[colour]
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		best.load--
		r.mu.Unlock()
	}()
	select {
	case best.queue <- j:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-j.done:
		return j.err
	case <-best.stopped:
		select {
		case <-j.done: // it had been answered before
			return j.err
		default:
			return errClosed
		}
	case <-ctx.Done():
		if j.begun.CompareAndSwap(false, true) { // still in the queue: nobody will touch it
			return ctx.Err()
		}
	}
	<-j.done // soon: an engine looks at ctx
	return j.err
}

// MemoryBound is the most memory that the model takes [bytes]: its weights, and for each engine the key-value cache, features of the last
// pictures and one prompt. ONNX Runtime's scratch while a graph runs comes on top: for one tile in a tower and 512 positions in the decoder,
// about 0.5 GB with the sizes of RoboRefer-2B. Pages of the cache that no prompt has reached take none.
func (r *Referee) MemoryBound() int64 {
	n := r.m.weights
	for _, e := range r.engines {
		n += e.memory()
	}
	return n
}

// Stats counts what was done since Open.
func (r *Referee) Stats() Stats {
	var t Stats
	for _, e := range r.engines {
		e.mu.Lock()
		s := e.stats
		e.mu.Unlock()
		t.Queries += s.Queries
		t.Tokens += s.Tokens
		t.Capped += s.Capped
		t.FramesEncoded += s.FramesEncoded
		t.FramesReused += s.FramesReused
		t.PrefixesBuilt += s.PrefixesBuilt
		t.PrefixesFound += s.PrefixesFound
		t.DecodeSteps += s.DecodeSteps
	}
	return t
}

// Close ends the queries that are still running, with an error, and frees the model. It works twice.
func (r *Referee) Close() error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.closed = true
	r.mu.Unlock()
	for _, e := range r.engines {
		close(e.quit)
	}
	r.wg.Wait()
	var errs []error
	for _, e := range r.engines {
		errs = append(errs, e.free())
	}
	return errors.Join(append(errs, r.m.close())...)
}
