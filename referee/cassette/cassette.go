// Package cassette records the answers of a referee and gives them again without the model: in tests, on machines without a GPU, for models that cost money,
// and to look at an old run with new code.
//
// An answer is found by what the model was shown: picture, depth, text, and which model it was. When there is none, the error says which of the four has
// changed.
package cassette

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/sim"
)

// An entry is one line of a cassette: a model, or an answer of the model with hash Model.
type entry struct {
	Info *referee.Info `json:"info,omitempty"` // a model: first in the file, and again whenever another one is recorded

	Model       string  `json:"model"` // ModelHash
	Image       string  `json:"image,omitempty"`
	Depth       string  `json:"depth,omitempty"` // "" is RGB only
	Instruction string  `json:"instruction,omitempty"`
	Verbatim    bool    `json:"verbatim,omitempty"`
	Seed        uint64  `json:"seed,omitempty"`
	Answer      *answer `json:"answer,omitempty"`
}

// An answer is a referee.Answer without its latency, which does not repeat.
type answer struct {
	Text     string          `json:"text"`
	Raw      []byte          `json:"raw,omitempty"` // the text if it is not UTF-8, as base64
	Points   [][2]float64    `json:"points"`
	Problem  referee.Problem `json:"problem,omitempty"`
	Reason   string          `json:"reason,omitempty"`
	Prompt   string          `json:"prompt,omitempty"`
	Attempts int             `json:"attempts"`
	Served   bool            `json:"server_text,omitempty"`
}

func newAnswer(a referee.Answer) *answer {
	out := &answer{Text: a.Text, Points: make([][2]float64, len(a.Points)), Problem: a.Problem, Reason: a.Reason, Prompt: a.Prompt, Attempts: a.Attempts, Served: a.ServerText}
	if !utf8.ValidString(a.Text) {
		out.Text, out.Raw = "", []byte(a.Text)
	}
	for i, p := range a.Points {
		out.Points[i] = [2]float64{p.X, p.Y}
	}
	return out
}

func (a *answer) referee() referee.Answer {
	out := referee.Answer{Text: a.Text, Problem: a.Problem, Reason: a.Reason, Prompt: a.Prompt, Attempts: a.Attempts, ServerText: a.Served}
	if a.Raw != nil {
		out.Text = string(a.Raw)
	}
	for _, p := range a.Points {
		out.Points = append(out.Points, sim.NormPoint{X: p[0], Y: p[1]})
	}
	return out
}

// check says what no referee would have answered.
func (a *answer) check() error {
	for _, p := range a.Points {
		if !(p[0] >= 0 && p[0] <= 1 && p[1] >= 0 && p[1] <= 1) {
			return fmt.Errorf("point %v is outside [0,1]", p)
		}
	}
	switch a.Problem {
	case referee.ProblemNone, referee.ProblemUnparsable, referee.ProblemEmpty, referee.ProblemTimeout:
	default:
		return fmt.Errorf("unknown problem %q", a.Problem)
	}
	if a.Attempts < 1 || (a.Problem == "") != (len(a.Points) > 0) || (a.Problem == "") != (a.Reason == "") || len(a.Text)+len(a.Raw) > referee.MaxText || a.Problem == "" && a.Text == "" && len(a.Raw) == 0 {
		return errors.New("an answer that contradicts itself (was the file edited?)")
	}
	return nil
}

// question is what an answer is found by, but for the seed, which no model sees.
type question struct {
	model, image, depth, instruction string
	verbatim                         bool
}

func (e *entry) question() question {
	return question{e.Model, e.Image, e.Depth, e.Instruction, e.Verbatim}
}

// ModelHash identifies a model and everything that is set about it.
func ModelHash(info referee.Info) string {
	info.Name = "" // where it runs does not matter
	data, err := json.Marshal(info)
	if err != nil {
		panic(err) // texts and a bool
	}
	return short(data)
}

func short(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:16])
}

// hashes of what a query shows.
func hashes(q referee.Query) (image, depth string) {
	size := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, uint32(q.Width)), uint32(q.Height))
	image = short(slices.Concat(size, q.RGB))
	switch {
	case q.Depth != nil:
		b := append(size, 'z')
		for _, z := range q.Depth {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(z))
		}
		depth = short(b)
	case q.Disparity != nil:
		depth = short(slices.Concat(size, []byte{'d'}, q.Disparity))
	}
	return image, depth
}

// A tape is what is known of a cassette's file.
type tape struct {
	models  []string // hashes, in the order of recording
	infos   map[string]referee.Info
	answers map[question][]entry
	digest  string // of the file
}

// maxLine is the longest line that is read [bytes].
const maxLine = 4 << 20

// load reads the cassette at path. A last line without an end, of a recording that was cut off, is left out; end is where the whole lines end.
func load(path string) (t *tape, end int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("cassette: %w", err)
	}
	defer f.Close()
	t = &tape{infos: map[string]referee.Info{}, answers: map[question][]entry{}}
	sum := sha256.New()
	lines := bufio.NewReaderSize(f, 64<<10)
	for n := 1; ; n++ {
		line, err := readLine(lines)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, 0, fmt.Errorf("cassette: %s: line %d: %w", path, n, err)
		}
		sum.Write(line)
		end += int64(len(line))
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, 0, fmt.Errorf("cassette: %s: line %d: %w", path, n, err)
		}
		if err := t.add(e); err != nil {
			return nil, 0, fmt.Errorf("cassette: %s: line %d: %w", path, n, err)
		}
	}
	t.digest = hex.EncodeToString(sum.Sum(nil)[:16])
	return t, end, nil
}

// readLine reads up to and with a line feed; io.EOF where there is none to come.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, fmt.Errorf("longer than %d bytes", maxLine)
		case err == nil:
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

func (t *tape) add(e entry) error {
	switch {
	case e.Info != nil:
		if h := ModelHash(*e.Info); h != e.Model {
			return fmt.Errorf("model %q has hash %s, not %s (was the file edited?)", e.Info.Model, h, e.Model)
		}
		if _, ok := t.infos[e.Model]; !ok {
			t.models = append(t.models, e.Model)
		}
		t.infos[e.Model] = *e.Info
	case e.Answer != nil:
		if _, ok := t.infos[e.Model]; !ok {
			return fmt.Errorf("an answer of the model %s, which is not named before it", e.Model)
		}
		if err := e.Answer.check(); err != nil {
			return err
		}
		q := e.question()
		t.answers[q] = append(t.answers[q], e)
	default:
		return errors.New("neither a model nor an answer")
	}
	return nil
}

// A Replay is a Referee that answers from a cassette.
type Replay struct {
	path  string
	tape  *tape
	model string
}

// Open reads the cassette at path. model chooses which model's answers are given, by its name or the beginning of its hash; "" means the only one.
func Open(path, model string) (*Replay, error) {
	t, _, err := load(path)
	if err != nil {
		return nil, err
	}
	var found, all []string
	for _, h := range t.models {
		info := t.infos[h]
		all = append(all, fmt.Sprintf("%s (%s)", info.Model, h))
		if model == "" || info.Model == model || info.Name == model || strings.HasPrefix(h, model) {
			found = append(found, h)
		}
	}
	switch {
	case len(all) == 0:
		return nil, fmt.Errorf("cassette: %s is empty", path)
	case len(found) != 1:
		return nil, fmt.Errorf("cassette: %s: %d models match %q (have %s; choose one with cassette:FILE#MODEL)", path, len(found), model, strings.Join(all, ", "))
	}
	return &Replay{path: path, tape: t, model: found[0]}, nil
}

// Info is that of the recorded model, with the name of the cassette; it repeats, whatever the model did.
func (r *Replay) Info() referee.Info {
	info := r.tape.infos[r.model]
	info.Name = "cassette:" + filepath.Base(r.path)
	settings := map[string]string{"cassette": r.tape.digest}
	for k, v := range info.Settings {
		settings[k] = v
	}
	info.Settings, info.Repeatable = settings, true
	return info
}

// A Miss is the error for a query that is not on the cassette.
type Miss struct {
	File string
	// Changed is what is different from the most alike query that is there: "pixels", "depth", "prompt", "model"; empty if nothing there is alike.
	Changed []string
	Detail  string
}

func (m *Miss) Error() string {
	if len(m.Changed) == 0 {
		return fmt.Sprintf("cassette: %s has no such query: %s", m.File, m.Detail)
	}
	return fmt.Sprintf("cassette: %s has no such query: another %s than recorded: %s", m.File, strings.Join(m.Changed, " and "), m.Detail)
}

// Point gives the recorded answer. Of several to one question it is the one with the query's seed, else the first, provided that they all agree.
func (r *Replay) Point(ctx context.Context, q referee.Query) (referee.Answer, error) {
	if err := ctx.Err(); err != nil {
		return referee.Answer{}, fmt.Errorf("cassette: %s: not asked: %w", r.path, err)
	}
	if err := q.Validate(); err != nil {
		return referee.Answer{}, err
	}
	image, depth := hashes(q)
	want := question{r.model, image, depth, q.Instruction, q.Verbatim}
	entries := r.tape.answers[want]
	if len(entries) == 0 {
		return referee.Answer{}, r.miss(want)
	}
	pick, agree := &entries[0], true
	for i := range entries {
		if entries[i].Seed == q.Seed {
			return entries[i].Answer.referee(), nil
		}
		agree = agree && entries[i].Answer.Text == pick.Answer.Text && bytes.Equal(entries[i].Answer.Raw, pick.Answer.Raw)
	}
	if !agree {
		return referee.Answer{}, &Miss{r.path, []string{"seed"}, fmt.Sprintf("%d answers that do not agree, none with seed %d", len(entries), q.Seed)}
	}
	return pick.Answer.referee(), nil
}

// miss finds the question on the tape that is most like want, and says in what it differs.
func (r *Replay) miss(want question) error {
	m := &Miss{File: r.path}
	best := -1
	for have := range r.tape.answers {
		var changed, detail []string
		if have.image != want.image {
			changed, detail = append(changed, "pixels"), append(detail, fmt.Sprintf("image %s, recorded %s", want.image, have.image))
		}
		if have.depth != want.depth {
			changed, detail = append(changed, "depth"), append(detail, fmt.Sprintf("depth %s, recorded %s", orNone(want.depth), orNone(have.depth)))
		}
		if have.instruction != want.instruction || have.verbatim != want.verbatim {
			changed, detail = append(changed, "prompt"), append(detail, fmt.Sprintf("prompt %.100q, recorded %.100q", want.instruction, have.instruction))
		}
		if have.model != want.model {
			changed, detail = append(changed, "model"), append(detail, fmt.Sprintf("model %s (%s), recorded %s (%s)", r.tape.infos[want.model].Model, want.model, r.tape.infos[have.model].Model, have.model))
		}
		alike := 0
		if have.image == want.image {
			alike += 8
		}
		if have.instruction == want.instruction && have.verbatim == want.verbatim {
			alike += 4
		}
		if have.depth == want.depth && have.depth != "" {
			alike += 2
		}
		if alike == 0 {
			continue
		}
		if have.model == want.model {
			alike++
		}
		text := strings.Join(detail, "; ")
		if alike > best || alike == best && text < m.Detail { // no map order in messages
			best, m.Changed, m.Detail = alike, changed, text
		}
	}
	if best < 0 {
		m.Detail = fmt.Sprintf("neither the picture nor the prompt %.100q is in any of its %d questions", want.instruction, len(r.tape.answers))
	}
	return m
}

func orNone(hash string) string {
	if hash == "" {
		return "none"
	}
	return hash
}

// A Recorder asks another referee and writes down what it answers. Errors are not recorded: they say nothing of the model.
type Recorder struct {
	inner referee.Referee
	model string

	mu     sync.Mutex
	file   *os.File
	failed error
}

// Record makes r's answers be written to the end of the cassette at path, which is made if there is none. What it returns is a Control if r is one. Closing
// it closes the file and r. An answer is on the disk, whole, before Point returns.
func Record(r referee.Referee, path string) (referee.Referee, error) {
	t := &tape{infos: map[string]referee.Info{}}
	var end int64
	if _, err := os.Stat(path); err == nil {
		if t, end, err = load(path); err != nil {
			return nil, err
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, fmt.Errorf("cassette: %w", err)
	}
	info := r.Info()
	rec := &Recorder{inner: r, model: ModelHash(info), file: f}
	if err = f.Truncate(end); err == nil { // a last line that was cut off
		_, err = f.Seek(end, io.SeekStart)
	}
	if _, ok := t.infos[rec.model]; !ok && err == nil {
		err = rec.write(entry{Info: &info, Model: rec.model})
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("cassette: %w", err)
	}
	if c, ok := r.(referee.Control); ok {
		return &controlRecorder{rec, c}, nil
	}
	return rec, nil
}

// write appends one line with one call.
func (r *Recorder) write(e entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed == nil {
		_, r.failed = r.file.Write(append(line, '\n'))
	}
	return r.failed
}

// Info is that of the referee that is asked.
func (r *Recorder) Info() referee.Info { return r.inner.Info() }

// Check is that of the referee that is asked.
func (r *Recorder) Check(ctx context.Context) error { return referee.Check(ctx, r.inner) }

// Point asks and writes down.
func (r *Recorder) Point(ctx context.Context, q referee.Query) (referee.Answer, error) {
	a, err := r.inner.Point(ctx, q)
	return r.keep(q, a, err)
}

func (r *Recorder) keep(q referee.Query, a referee.Answer, err error) (referee.Answer, error) {
	if err != nil {
		return a, err
	}
	image, depth := hashes(q)
	if err := r.write(entry{Model: r.model, Image: image, Depth: depth, Instruction: q.Instruction, Verbatim: q.Verbatim, Seed: q.Seed, Answer: newAnswer(a)}); err != nil {
		return a, fmt.Errorf("cassette: %s: %w", r.file.Name(), err)
	}
	return a, nil
}

// Close closes the file and the referee that is asked.
func (r *Recorder) Close() error {
	r.mu.Lock()
	err := r.file.Close()
	if r.failed == nil {
		r.failed = errors.New("the cassette is closed")
	}
	r.mu.Unlock()
	if c, ok := r.inner.(io.Closer); ok {
		err = errors.Join(err, c.Close())
	}
	return err
}

type controlRecorder struct {
	*Recorder
	control referee.Control
}

func (r *controlRecorder) PointKnowing(ctx context.Context, q referee.Query, truth sim.Region) (referee.Answer, error) {
	a, err := r.control.PointKnowing(ctx, q, truth)
	return r.keep(q, a, err)
}

// Maker opens "cassette:FILE[#MODEL]" for referee.Open.
func Maker() referee.Maker {
	return referee.Maker{
		Name: "cassette:FILE", Prefix: "cassette:", Doc: "answers recorded with --record, without the model",
		Make: func(spec string, _ referee.Options) (referee.Referee, error) {
			path, model, _ := strings.Cut(strings.TrimPrefix(spec, "cassette:"), "#")
			r, err := Open(path, model)
			if err != nil {
				return nil, err
			}
			return r, nil
		},
	}
}
