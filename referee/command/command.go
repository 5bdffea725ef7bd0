// Package command asks any program that reads one query a line and writes one answer a line, so that a model in any language is ten lines away
// (examples/command). It speaks JSON over standard input and output:
//
//	{"id": 7, "width": 640, "height": 480, "instruction": "Point to the red mug.", "image": "<base64 PNG>",
//	 "depth": "<base64 PNG, 16 bits, mm>", "disparity": "<base64 PNG, 8 bits, near is bright>"}
//	{"id": 7, "answer": "[(0.341, 0.510)]"}            or
//	{"id": 7, "points": [[0.341, 0.510]]}              or
//	{"id": 7, "error": "out of memory"}
//
// Fields that are not there: depth and disparity of a query that is RGB only, depth of one whose metric depth is not known. "id" may be left out of an
// answer. What the program writes to standard error is passed on. The query after a crash, a hang or a breach of the protocol starts the program anew.
package command

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/sim"
)

// Options tunes a Command. The zero value is ready to use.
type Options struct {
	Timeout time.Duration // longest wall time of one answer, starting included; 0 means 60 s
	Grace   time.Duration // how long the program may take to end after its input has ended; 0 means 3 s
	Watch   time.Duration // how long Check looks on whether a program that it has started ends at once; 0 means 200 ms
	Stderr  io.Writer     // where the program's standard error goes; nil means this process's
	// Crashes in a row after which the program is not started again; 0 means 3.
	Crashes int
}

// A Command is a program that is asked. Its queries are put one after the other. It is safe for concurrent use.
type Command struct {
	line    string
	version string
	opt     Options
	turn    chan struct{} // holds one token: whoever has it may use what follows

	proc    *process
	id      uint64
	crashes int // in a row
	last    error
	closed  bool
}

// maxLine is the longest answer that is read [bytes].
const maxLine = 1 << 20

// New is a command that /bin/sh understands, such as "python3 model.py --weights w.pt". It is started by the first query, or by Check.
func New(line string, opt Options) (*Command, error) {
	if strings.TrimSpace(line) == "" {
		return nil, errors.New(`command: no program (want command:PROGRAM, such as "command:python3 model.py")`)
	}
	if opt.Timeout < 0 || opt.Grace < 0 || opt.Watch < 0 || opt.Crashes < 0 {
		return nil, fmt.Errorf("command: time-out %v, grace %v, watch %v, crashes %d (want none negative)", opt.Timeout, opt.Grace, opt.Watch, opt.Crashes)
	}
	opt.Timeout = cmp.Or(opt.Timeout, 60*time.Second)
	opt.Grace = cmp.Or(opt.Grace, 3*time.Second)
	opt.Watch = cmp.Or(opt.Watch, 200*time.Millisecond)
	opt.Crashes = cmp.Or(opt.Crashes, 3)
	if opt.Stderr == nil {
		opt.Stderr = os.Stderr
	}
	c := &Command{line: line, version: fileHash(line), opt: opt, turn: make(chan struct{}, 1)}
	c.turn <- struct{}{}
	return c, nil
}

// Maker opens "command:PROGRAM ARGUMENTS" for referee.Open.
func Maker(opt Options) referee.Maker {
	return referee.Maker{
		Name: "command:PROGRAM", Prefix: "command:", Doc: "a program that reads a query and writes an answer a line (examples/command)",
		Make: func(spec string, _ referee.Options) (referee.Referee, error) {
			c, err := New(strings.TrimPrefix(spec, "command:"), opt)
			if err != nil {
				return nil, err
			}
			return c, nil
		},
	}
}

// fileHash is a hash over the files that the words of line name, the script foremost; "" if none does.
func fileHash(line string) string {
	h, n := sha256.New(), 0
	for _, word := range strings.Fields(line) {
		word = strings.Trim(word, `"'`)
		info, err := os.Stat(word)
		if err != nil || !info.Mode().IsRegular() || info.Size() > 64<<20 {
			continue
		}
		data, err := os.ReadFile(word)
		if err != nil {
			continue
		}
		n++
		fmt.Fprintf(h, "%d\n", len(data))
		h.Write(data)
	}
	if n == 0 {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Info names the program; its version is a hash over the files that the command line names.
func (c *Command) Info() referee.Info {
	return referee.Info{Name: "command:" + c.line, Model: "program", Version: c.version, Settings: map[string]string{"timeout": c.opt.Timeout.String()}}
}

// Check starts the program and sees whether it is still there a moment later: see Options.Watch.
func (c *Command) Check(ctx context.Context) error {
	if err := c.lock(ctx); err != nil {
		return err
	}
	defer c.unlock()
	if err := c.start(); err != nil {
		return err
	}
	select {
	case <-c.proc.dead:
		return c.crashed("before the first query")
	case <-time.After(c.opt.Watch):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("command: %s: given up: %w", c.line, ctx.Err())
	}
}

func (c *Command) lock(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("command: %s: not asked: %w", c.line, err)
	}
	select {
	case <-c.turn:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("command: %s: not asked: %w", c.line, ctx.Err())
	}
}

func (c *Command) unlock() { c.turn <- struct{}{} }

// A query is a line that the program reads.
type query struct {
	ID          uint64 `json:"id"`
	Width       int    `json:"width"`
	Height      int    `json:"height"`
	Instruction string `json:"instruction"`
	Verbatim    bool   `json:"verbatim,omitempty"` // the instruction is a whole prompt
	Image       []byte `json:"image"`
	Depth       []byte `json:"depth,omitempty"`
	Disparity   []byte `json:"disparity,omitempty"`
}

func encode(id uint64, q referee.Query) ([]byte, error) {
	msg := query{ID: id, Width: q.Width, Height: q.Height, Instruction: q.Instruction, Verbatim: q.Verbatim}
	var err error
	if msg.Image, err = referee.EncodeRGB(q); err != nil {
		return nil, fmt.Errorf("command: encode image: %w", err)
	}
	if q.Depth != nil {
		if msg.Depth, err = referee.EncodeDepth(referee.DepthMillimetreU16, q.Width, q.Height, q.Depth); err != nil {
			return nil, err
		}
	}
	if q.HasDepth() {
		if msg.Disparity, err = referee.EncodeDisparity(q); err != nil {
			return nil, err
		}
	}
	line, err := json.Marshal(msg)
	return append(line, '\n'), err
}

// Point asks the program. Its crash while it has the query is an error; no answer within Timeout is ProblemTimeout, and what is no answer ProblemUnparsable.
func (c *Command) Point(ctx context.Context, q referee.Query) (referee.Answer, error) {
	if err := ctx.Err(); err != nil {
		return referee.Answer{}, fmt.Errorf("command: %s: not asked: %w", c.line, err)
	}
	if err := q.Validate(); err != nil {
		return referee.Answer{}, err
	}
	if err := c.lock(ctx); err != nil {
		return referee.Answer{}, err
	}
	defer c.unlock()
	start := time.Now()
	if err := c.start(); err != nil {
		return referee.Answer{}, err
	}
	c.id++
	line, err := encode(c.id, q)
	if err != nil {
		return referee.Answer{}, err
	}
	late := time.NewTimer(c.opt.Timeout)
	defer late.Stop()
	p := c.proc
	select {
	case p.in <- line:
	default: // a program that has not read what came before: it blocks the writer, not this
		select {
		case p.in <- line:
		case <-p.dead:
			return referee.Answer{}, c.crashed("before it read the query")
		case <-ctx.Done():
			return referee.Answer{}, fmt.Errorf("command: %s: not asked: %w", c.line, ctx.Err())
		case <-late.C:
			c.stop()
			return referee.Answer{}, fmt.Errorf("command: %s: has not read the query after %v", c.line, c.opt.Timeout)
		}
	}
	for over := false; ; {
		var got []byte
		var ok bool
		select {
		case got, ok = <-p.out: // first of all: an answer that is there was in time, however late this process comes to look
		default:
			if over {
				c.stop()
				return referee.Answer{Problem: referee.ProblemTimeout, Reason: fmt.Sprintf("no answer within %v", c.opt.Timeout), Prompt: q.Instruction, Attempts: 1, Latency: time.Since(start)}, nil
			}
			select {
			case got, ok = <-p.out:
			case <-ctx.Done():
				return referee.Answer{}, fmt.Errorf("command: %s: given up: %w", c.line, ctx.Err())
			case <-late.C:
				over = true
				continue
			}
		}
		if !ok {
			return referee.Answer{}, c.crashed("while it had a query")
		}
		a, stale, err := c.read(got)
		if stale {
			continue // of a query that was given up
		}
		a.Prompt, a.Attempts, a.Latency = q.Instruction, 1, time.Since(start)
		return a, err
	}
}

// read makes an answer of a line.
func (c *Command) read(line []byte) (a referee.Answer, stale bool, err error) {
	bad := func(format string, args ...any) (referee.Answer, bool, error) {
		c.stop() // nobody knows where its answers would be from now on
		text := strings.ToValidUTF8(string(line[:min(len(line), 2<<10)]), "\uFFFD")
		return referee.Answer{Text: text, ServerText: true, Problem: referee.ProblemUnparsable, Reason: fmt.Sprintf(format, args...)}, false, nil
	}
	if len(line) > maxLine {
		return bad("the program wrote a line of more than %d bytes", maxLine)
	}
	var msg struct {
		ID     *uint64
		Answer *string
		Points *[][]float64
		Error  *string
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&msg); err != nil {
		return bad("the program wrote %.80q: %v (want {\"answer\": \"…\"}, {\"points\": [[x, y]]} or {\"error\": \"…\"})", bytes.TrimSpace(line), err)
	}
	if msg.ID != nil && *msg.ID < c.id {
		return a, true, nil
	}
	if msg.ID != nil && *msg.ID != c.id {
		return bad("the program answered query %d, which was not asked (the last was %d)", *msg.ID, c.id)
	}
	c.crashes = 0
	switch {
	case msg.Error != nil:
		return a, false, fmt.Errorf("command: %s: %.300s", c.line, strings.TrimSpace(*msg.Error))
	case msg.Answer != nil:
		return referee.ReadAnswer(*msg.Answer), false, nil
	case msg.Points != nil:
		points := []sim.NormPoint{}
		for _, p := range *msg.Points {
			if len(p) != 2 || !(p[0] >= 0 && p[0] <= 1 && p[1] >= 0 && p[1] <= 1) || len(*msg.Points) > referee.MaxPoints {
				return referee.Answer{Text: string(line[:min(len(line), 2<<10)]), Problem: referee.ProblemUnparsable, Reason: fmt.Sprintf("point %v (want [x, y], each 0 to 1, at most %d of them)", p, referee.MaxPoints)}, false, nil
			}
			points = append(points, sim.NormPoint{X: p[0], Y: p[1]})
		}
		return referee.ReadAnswer(referee.FormatPoints(points)), false, nil
	}
	return bad(`the program wrote %.80q, which has neither "answer", "points" nor "error"`, bytes.TrimSpace(line))
}

// start starts the program if it does not run.
func (c *Command) start() error {
	if c.closed {
		return fmt.Errorf("command: %s: closed", c.line)
	}
	if c.proc != nil {
		select {
		case <-c.proc.dead:
			c.crashed("between two queries")
		default:
			return nil
		}
	}
	if c.crashes >= c.opt.Crashes {
		return fmt.Errorf("command: %s: not started again after %d crashes in a row: %w", c.line, c.crashes, c.last)
	}
	p, err := startProcess(c.line, c.opt)
	if err != nil {
		return fmt.Errorf("command: %s: %w", c.line, err)
	}
	c.proc = p
	return nil
}

// crashed is the error for a program that has ended, which is cleared away.
func (c *Command) crashed(when string) error {
	p := c.proc
	c.proc = nil
	what := p.stop(c.opt.Grace)
	c.crashes++
	if tail := p.stderr.tail(); tail != "" {
		what += ": " + tail
	}
	c.last = fmt.Errorf("command: %s: the program ended %s: %s", c.line, when, what)
	return c.last
}

// stop kills the program; the next query starts it anew.
func (c *Command) stop() {
	if p := c.proc; p != nil {
		c.proc = nil
		p.stop(0)
	}
}

// Close ends the program: its input ends, and after a moment of grace it is killed.
func (c *Command) Close() error {
	<-c.turn
	defer c.unlock()
	c.closed = true
	if p := c.proc; p != nil {
		c.proc = nil
		p.stop(c.opt.Grace)
	}
	return nil
}

// A process is a running program with a goroutine for each of its streams.
type process struct {
	cmd                   *exec.Cmd
	in                    chan []byte   // lines to write; there is room for one, so that the first is always taken
	out                   chan []byte   // lines that it wrote; closed at the end of its output
	dead                  chan struct{} // closed when its output has ended
	quit                  chan struct{} // closed to end the goroutines
	exited                chan struct{} // closed when it has ended, and state is how
	said                  chan struct{} // closed when its standard error has ended
	state                 string
	stderr                *tee
	stdin, stdout, errors io.Closer
	wg                    sync.WaitGroup
}

func startProcess(line string, opt Options) (*process, error) {
	p := &process{
		cmd: exec.Command("/bin/sh", "-c", line), in: make(chan []byte, 1), out: make(chan []byte), dead: make(chan struct{}), quit: make(chan struct{}),
		exited: make(chan struct{}), said: make(chan struct{}), stderr: &tee{out: opt.Stderr},
	}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that its children end with it
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.stdin, p.stdout, p.errors = stdin, stdout, stderr
	go func() { // not Cmd.Wait, which closes pipes that are being read
		state, err := p.cmd.Process.Wait()
		if p.state = state.String(); err != nil {
			p.state = err.Error()
		}
		close(p.exited)
	}()
	p.wg.Go(func() {
		for {
			select {
			case line := <-p.in:
				if _, err := stdin.Write(line); err != nil {
					return // its output ends as well
				}
			case <-p.quit:
				return
			}
		}
	})
	p.wg.Go(func() {
		defer close(p.dead)
		defer close(p.out)
		r := bufio.NewReaderSize(stdout, 64<<10)
		for {
			line, err := readLine(r)
			if err != nil {
				return
			}
			select {
			case p.out <- line:
			case <-p.quit:
				return
			}
		}
	})
	p.wg.Go(func() {
		defer close(p.said)
		io.Copy(p.stderr, stderr)
	})
	return p, nil
}

// readLine reads a line without its end, of which no more than maxLine + 1 bytes are kept. White space alone is skipped.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part[:min(len(part), maxLine+1-len(line))]...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return nil, err // half a line is none
		}
		if trimmed := bytes.TrimSpace(line); len(trimmed) > 0 {
			return trimmed, nil
		}
		line = line[:0]
	}
}

// stop ends the program and its children, by the end of its input and, after grace, by a signal, and waits for all of it. It is what the program's end
// was like.
func (p *process) stop(grace time.Duration) string {
	close(p.quit)
	p.stdin.Close()
	if grace > 0 {
		select {
		case <-p.exited:
		case <-time.After(grace):
		}
	}
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // whoever is left of its group
	<-p.exited
	select {
	case <-p.said: // its last words
	case <-time.After(time.Second):
	}
	p.stdout.Close() // a child that left the group may still hold the other ends
	p.errors.Close()
	p.wg.Wait()
	return p.state
}

// A tee passes on and keeps the last of what it passes.
type tee struct {
	out io.Writer

	mu   sync.Mutex
	last []byte
}

func (t *tee) Write(b []byte) (int, error) {
	t.mu.Lock()
	t.last = append(t.last, b...)
	t.last = slices.Clone(t.last[max(0, len(t.last)-2048):])
	t.mu.Unlock()
	t.out.Write(b) // a full disk behind it must not stop the program
	return len(b), nil
}

// tail is the last line that is not blank.
func (t *tee) tail() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(string(t.last), "\uFFFD")), "\n")
	return lines[len(lines)-1]
}
