package tasks

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/sim"
)

// A worker can be a process of its own: what crashes in it, or hangs, ends that process and costs the episode that it was playing. The process
// that runs the run (process) and the worker's (ServeWorker) talk through two pipes, in gob:
//
//	run → worker: workerJob, then a workerOrder for each episode, and a workerAnswer for each question
//	worker → run: workerNews: ready, a question, an episode's end
//
// The referee stays with the run, so that there is one model for all workers; only the baselines, which are no models, answer in the worker.

// What a worker process reads from and writes to: the first two files after the three that every process has.
const (
	WorkerIn  = 3
	WorkerOut = 4
)

type workerJob struct {
	Suite         []byte // the file
	Robot         string
	Width, Height int
	Camera        string
	DepthNoise    sim.DepthNoise
	ColorNoise    bool
	Latency       *Latency
	Pictures      bool
	Frames        FramePolicy
	Referee       referee.Info
	Control       bool   // it has to be told the answer
	Baseline      string // not "": the worker has it itself
}

// A workerOrder is an episode to be played.
type workerOrder struct{ Seed uint64 }

// A workerAnswer is the referee's.
type workerAnswer struct {
	Answer referee.Answer
	Err    string
}

// A workerNote is one of what both sides send.
type workerNote struct {
	Order  *workerOrder
	Answer *workerAnswer
}

type workerNews struct {
	Ready    *sim.RendererInfo
	Err      string // instead of Ready
	Question *workerQuestion
	End      *workerEnd
}

// A workerQuestion is a query and, for controls, the right answers. Depth is in bytes, which gob copies.
type workerQuestion struct {
	Query referee.Query // without Depth
	Depth []byte        // nil: none
	Truth []byte        // a byte for each pixel; nil: not told
}

type workerEnd struct {
	Record    []byte // JSON
	Retryable bool
	Pictures  []picture
}

// ServeWorker plays episodes for another program's Evaluate, which has started this process (see Options.Spawn), until that program closes
// in, or is no more: then the process ends. Nothing else may use in and out.
func ServeWorker(in io.Reader, out io.Writer, newRenderer func() (sim.Renderer, error)) error {
	dec, enc := gob.NewDecoder(in), gob.NewEncoder(out)
	var job workerJob
	if err := dec.Decode(&job); err != nil {
		return fmt.Errorf("tasks: worker: no job: %w", err)
	}
	o, asked, err := job.options(enc)
	if err != nil {
		return enc.Encode(workerNews{Err: err.Error()})
	}
	o.NewRenderer = newRenderer
	w, err := newWorker(o)
	if err != nil {
		return enc.Encode(workerNews{Err: err.Error()})
	}
	defer w.Close()
	info := w.Renderer()
	if err := enc.Encode(workerNews{Ready: &info}); err != nil {
		return err
	}
	orders := make(chan uint64)
	go func() {
		for {
			var note workerNote
			if err := dec.Decode(&note); err != nil {
				os.Exit(0) // the run is over, or was killed: whatever is being played is nobody's
			}
			if note.Answer != nil {
				asked.answers <- *note.Answer
				continue
			}
			orders <- note.Order.Seed
		}
	}()
	for seed := range orders {
		rec := w.Episode(context.Background(), seed)
		end := workerEnd{Retryable: rec.retryable}
		if end.Record, err = json.Marshal(rec); err != nil {
			return fmt.Errorf("tasks: record of seed %d: %w", seed, err)
		}
		if end.Pictures, err = w.Pictures(); err != nil {
			return err
		}
		if err := asked.send(workerNews{End: &end}); err != nil {
			return err
		}
	}
	return nil
}

func (j *workerJob) options(enc *gob.Encoder) (Options, *askedBy, error) {
	suite, err := ParseSuite(j.Suite)
	if err != nil {
		return Options{}, nil, err
	}
	a := &askedBy{enc: enc, info: j.Referee, answers: make(chan workerAnswer, 1)}
	o := Options{Suite: suite, Robot: j.Robot, Width: j.Width, Height: j.Height, Camera: j.Camera, DepthNoise: j.DepthNoise, ColorNoise: j.ColorNoise,
		Latency: j.Latency, Frames: j.Frames, Referee: a}
	if j.Pictures {
		o.Out = "." // only that there is a folder matters
	}
	switch {
	case j.Baseline != "":
		o.Referee, err = referee.Open(j.Baseline, referee.Options{})
	case j.Control:
		o.Referee = askedKnowing{a}
	}
	return o, a, err
}

// askedBy is a referee that the other process asks.
type askedBy struct {
	mu      sync.Mutex // of enc
	enc     *gob.Encoder
	info    referee.Info
	answers chan workerAnswer
}

func (a *askedBy) send(n workerNews) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.enc.Encode(n)
}

func (a *askedBy) Info() referee.Info { return a.info }

func (a *askedBy) Point(ctx context.Context, q referee.Query) (referee.Answer, error) {
	return a.ask(q, nil)
}

func (a *askedBy) ask(q referee.Query, truth []byte) (referee.Answer, error) {
	w := workerQuestion{Query: q, Truth: truth}
	w.Query.Depth = nil
	if q.Depth != nil {
		w.Depth = floatBytes(q.Depth)
	}
	if err := a.send(workerNews{Question: &w}); err != nil {
		return referee.Answer{}, err
	}
	r := <-a.answers
	if r.Err != "" {
		return r.Answer, errors.New(r.Err)
	}
	return r.Answer, nil
}

// askedKnowing is askedBy for a control.
type askedKnowing struct{ *askedBy }

func (a askedKnowing) PointKnowing(_ context.Context, q referee.Query, truth sim.Region) (referee.Answer, error) {
	told := make([]byte, len(truth.Mask))
	for i, in := range truth.Mask {
		if in {
			told[i] = 1
		}
	}
	return a.ask(q, told)
}

// A process is a worker in a process of its own, seen from the run.
type process struct {
	o        Options
	cmd      *exec.Cmd
	to       *os.File
	enc      *gob.Encoder
	dec      *gob.Decoder
	from     *os.File
	stderr   tail
	renderer sim.RendererInfo
	pictures []picture
	over     bool // it was seen to end
}

// newProcess starts a worker process.
func newProcess(o Options) (p *process, err error) {
	p = &process{o: o, cmd: o.Spawn()}
	theirs := make([]*os.File, 2)
	if theirs[0], p.to, err = os.Pipe(); err != nil {
		return nil, fmt.Errorf("tasks: worker: %w", err)
	}
	if p.from, theirs[1], err = os.Pipe(); err != nil {
		theirs[0].Close()
		p.to.Close()
		return nil, fmt.Errorf("tasks: worker: %w", err)
	}
	p.cmd.ExtraFiles = theirs
	if also := p.cmd.Stderr; also != nil {
		p.cmd.Stderr = io.MultiWriter(&p.stderr, also)
	} else {
		p.cmd.Stderr = &p.stderr
	}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what a terminal's signals mean is for the run to decide
	err = p.cmd.Start()
	for _, f := range theirs {
		f.Close()
	}
	if err != nil {
		p.to.Close()
		p.from.Close()
		return nil, fmt.Errorf("tasks: worker: %w", err)
	}
	p.enc, p.dec = gob.NewEncoder(p.to), gob.NewDecoder(p.from)
	_, control := o.Referee.(referee.Control)
	baseline, _ := referee.Baseline(o.Referee)
	err = p.enc.Encode(workerJob{
		Suite: o.Suite.text, Robot: o.Robot, Width: o.Width, Height: o.Height, Camera: o.Camera, DepthNoise: o.DepthNoise, ColorNoise: o.ColorNoise,
		Latency: o.Latency, Pictures: o.Out != "", Frames: o.Frames,
		Referee: o.Referee.Info(), Control: control, Baseline: baseline,
	})
	var news workerNews
	if err == nil {
		err = p.dec.Decode(&news)
	}
	switch {
	case err != nil:
		err = fmt.Errorf("tasks: a worker does not begin: %s", p.end(err))
	case news.Ready == nil:
		err = errors.New(news.Err)
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	p.renderer = *news.Ready
	return p, nil
}

// end waits for a process that has ended, or is as good as ended, and says how, for people.
func (p *process) end(why error) string {
	if p.over {
		return why.Error()
	}
	p.over = true
	p.cmd.Process.Kill() // nothing to a process that has ended
	p.cmd.Wait()
	text := fmt.Sprintf("%v (%v)", p.cmd.ProcessState, why)
	if line, _, _ := strings.Cut(p.stderr.String(), "\n"); line != "" {
		text += ": " + line
	}
	return text
}

func (p *process) Renderer() sim.RendererInfo   { return p.renderer }
func (p *process) Pictures() ([]picture, error) { return p.pictures, nil }
func (p *process) Over() bool                   { return p.over }

// Close ends the process.
func (p *process) Close() {
	p.to.Close()
	p.end(errors.New("closed"))
	p.from.Close()
}

// Episode has an episode played. If ctx ends first, so does the process.
func (p *process) Episode(ctx context.Context, seed uint64) *Record {
	p.pictures = nil
	stop := context.AfterFunc(ctx, func() { p.cmd.Process.Kill() })
	defer stop()
	rec, err := p.play(ctx, seed)
	if err == nil {
		return rec
	}
	rec = p.o.blank(seed)
	rec.Outcome, rec.failure, rec.retryable = Error, err, true
	rec.Error = fmt.Sprintf("tasks: seed %d: the worker's process ended: %s", seed, p.end(err))
	rec.Stack = p.stderr.String()
	return rec
}

func (p *process) play(ctx context.Context, seed uint64) (*Record, error) {
	if err := p.enc.Encode(workerNote{Order: &workerOrder{seed}}); err != nil {
		return nil, err
	}
	for {
		var news workerNews
		if err := p.dec.Decode(&news); err != nil {
			return nil, err
		}
		if q := news.Question; q != nil {
			answer, err := q.ask(ctx, p.o.Referee)
			reply := workerAnswer{Answer: answer}
			if err != nil {
				reply.Err = err.Error()
			}
			if err := p.enc.Encode(workerNote{Answer: &reply}); err != nil {
				return nil, err
			}
			continue
		}
		rec := &Record{}
		if err := json.Unmarshal(news.End.Record, rec); err != nil {
			return nil, err
		}
		rec.retryable, p.pictures = news.End.Retryable, news.End.Pictures
		return rec, nil
	}
}

// ask puts the question to the referee.
func (w *workerQuestion) ask(ctx context.Context, r referee.Referee) (referee.Answer, error) {
	q := w.Query
	if w.Depth != nil {
		q.Depth = bytesFloats(w.Depth)
	}
	truth := sim.Region{Width: q.Width, Height: q.Height}
	for _, b := range w.Truth {
		truth.Mask = append(truth.Mask, b != 0)
	}
	return referee.Ask(ctx, r, q, truth)
}

// floatBytes are the bits of numbers, least first.
func floatBytes(v []float32) []byte {
	out := make([]byte, 0, 4*len(v))
	for _, x := range v {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
	}
	return out
}

func bytesFloats(b []byte) []float32 {
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}

// A tail keeps the first and the last of what is written, which is where crashes say what they are.
type tail struct {
	mu         sync.Mutex
	head, rest []byte
}

func (t *tail) Write(b []byte) (int, error) {
	const most = 16 << 10 // of each [bytes]
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(b)
	if room := most - len(t.head); room > 0 {
		k := min(room, len(b))
		t.head, b = append(t.head, b[:k]...), b[k:]
	}
	t.rest = append(t.rest, b...)
	t.rest = slices.Clone(t.rest[max(0, len(t.rest)-most):])
	return n, nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.ToValidUTF8(slices.Concat(t.head, t.rest), []byte("?")))
}
