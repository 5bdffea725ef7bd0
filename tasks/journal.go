package tasks

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/sim"
)

// The files of a run's folder.
const (
	runFile      = "run.json"
	suiteFile    = "suite.yaml"
	episodesFile = "episodes.jsonl"
	controlsDir  = "controls"

	FramesDir = "frames" // pictures of steps, named by FrameName
)

// FrameName is the name of the picture of a step, counted from 0, of the episode of a seed.
func FrameName(seed uint64, step int, skill string) string {
	return fmt.Sprintf("%d-%d-%s.png", seed, step+1, skill)
}

// ControlDir is the folder of a control's run on the episodes of the run in dir.
func ControlDir(dir, referee string) string { return filepath.Join(dir, controlsDir, referee) }

// ControlRuns are the folders of the controls' runs that the run in dir has, in the order of their names.
func ControlRuns(dir string) []string {
	names, _ := filepath.Glob(filepath.Join(dir, controlsDir, "*", runFile)) // the pattern is well formed
	for i, name := range names {
		names[i] = filepath.Dir(name)
	}
	return names
}

// A RunInfo is what was asked for and what answered it: run.json.
type RunInfo struct {
	Suite     string           `json:"suite"`
	SuiteHash string           `json:"suite_sha256"`
	Robot     string           `json:"robot"`
	Referee   referee.Info     `json:"referee"`
	Seed      uint64           `json:"seed"` // of the first episode
	Episodes  int              `json:"episodes"`
	Spans     []Span           `json:"spans,omitempty"` // of a merged run, if its seeds do not count up from Seed without a gap; null means that they do
	Shard     *Shard           `json:"shard,omitempty"` // the part of the episodes that this run plays; null means all
	Camera    CameraInfo       `json:"camera"`
	Latency   *Latency         `json:"latency,omitempty"` // charged for answers; null means what the suite's clock says
	Renderer  sim.RendererInfo `json:"renderer"`
	Versions  Versions         `json:"versions"`
	Started   time.Time        `json:"started"`
}

// A Span is a range of seeds.
type Span struct {
	Seed     uint64 `json:"seed"` // the first
	Episodes int    `json:"episodes"`
}

// A CameraInfo is the referee's view.
type CameraInfo struct {
	Name    string  `json:"name"`
	Width   int     `json:"width"`
	Height  int     `json:"height"`
	FovyDeg float64 `json:"fovy_deg"`
	// DepthNoise is the depth camera that was imitated; "" means exact depth.
	DepthNoise sim.DepthNoise `json:"depth_noise,omitempty"`
	ColorNoise bool           `json:"colour_noise,omitempty"`
	Chosen     string         `json:"chosen,omitempty"` // Options.Camera
}

// A Journal writes a run's folder. Its methods are for one goroutine at a time.
type Journal struct {
	dir      string
	episodes *os.File
}

// CreateJournal makes the folder, if need be, and starts a run of suite in it. A folder that holds a run already is refused, but not one in which a
// program was stopped before its run was described. The folder is locked until Close: no other program can write into it.
func CreateJournal(dir string, info RunInfo, suite []byte) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("tasks: output folder: %w", err)
	}
	holds := func() bool {
		_, described := os.Lstat(filepath.Join(dir, runFile))
		episodes, err := os.Lstat(filepath.Join(dir, episodesFile))
		return !errors.Is(described, fs.ErrNotExist) || err == nil && episodes.Size() > 0
	}
	already := fmt.Errorf("tasks: output folder %s already holds a run (choose another with --out, or go on with that one with --resume)", dir)
	if holds() {
		return nil, already
	}
	f, err := os.OpenFile(filepath.Join(dir, episodesFile), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o666)
	if err != nil {
		return nil, fmt.Errorf("tasks: output folder: %w", err)
	}
	if err := lock(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("tasks: output folder %s: %w", dir, err)
	}
	if holds() { // another program was quicker, and has done
		f.Close()
		return nil, already
	}
	text, err := json.MarshalIndent(info, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, suiteFile), suite, 0o666)
	}
	begun := filepath.Join(dir, "."+runFile)
	if err == nil {
		err = os.WriteFile(begun, append(text, '\n'), 0o666)
	}
	if err == nil { // the last, and at once, so that a folder with this file has everything
		err = os.Rename(begun, filepath.Join(dir, runFile))
	}
	if err != nil {
		os.Remove(begun)
		os.Remove(f.Name())
		f.Close()
		return nil, fmt.Errorf("tasks: output folder: %w", err)
	}
	return &Journal{dir, f}, nil
}

// ResumeJournal goes on with the run in a folder, which must have asked the same question, of the same versions, as info does. It returns
// the episodes that are done; half a record, from when the program was stopped, is cut off.
func ResumeJournal(dir string, info RunInfo) (*Journal, []*Record, error) {
	begun, err := ReadRunInfo(dir)
	if err != nil {
		return nil, nil, err
	}
	diffs := begun.Differences(info)
	if begun.Seed != info.Seed || begun.Episodes != info.Episodes || begun.shard() != info.shard() || !slices.Equal(begun.Spans, info.Spans) {
		diffs = append(diffs, fmt.Sprintf("episodes %s and %s", begun.Span(), info.Span()))
	}
	if diffs != nil {
		return nil, nil, fmt.Errorf("tasks: the run in %s is another one: %s", dir, strings.Join(diffs, "; "))
	}
	f, err := os.OpenFile(filepath.Join(dir, episodesFile), os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("tasks: output folder: %w", err)
	}
	var records []*Record
	var whole int64
	if err = lock(f); err == nil { // before the records are read: whoever wrote until now may have added one
		records, whole, err = readRecords(f)
	}
	if err == nil {
		err = f.Truncate(whole)
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekEnd)
	}
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("tasks: %s: %w", dir, err)
	}
	return &Journal{dir, f}, records, nil
}

// lock takes the file for this program, until it is closed.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("another program is writing a run there")
	}
	return err
}

// ReadRunInfo reads what the run in a folder was asked.
func ReadRunInfo(dir string) (RunInfo, error) {
	var info RunInfo
	text, err := os.ReadFile(filepath.Join(dir, runFile))
	if errors.Is(err, os.ErrNotExist) {
		return info, fmt.Errorf("tasks: no run in %s (there is no %s)", dir, runFile)
	}
	if err != nil {
		return info, fmt.Errorf("tasks: %w", err)
	}
	if err := json.Unmarshal(text, &info); err != nil {
		return info, fmt.Errorf("tasks: %s: %w", filepath.Join(dir, runFile), err)
	}
	return info, nil
}

// ReadRunSuite reads the suite that the run in a folder played.
func ReadRunSuite(dir string) (*Suite, error) {
	info, err := ReadRunInfo(dir)
	if err != nil {
		return nil, err
	}
	s, err := LoadSuite(filepath.Join(dir, suiteFile))
	if err != nil {
		return nil, err
	}
	if s.Hash != info.SuiteHash {
		return nil, fmt.Errorf("tasks: %s is not the suite that was played: its SHA-256 is %.12s…, %s has %.12s…", filepath.Join(dir, suiteFile), s.Hash, runFile, info.SuiteHash)
	}
	return s, nil
}

// Asked is how many episodes the run has.
func (r RunInfo) Asked() int { return len(r.Seeds()) }

// Seeds are those of the run's episodes, ascending: of its shard, if it plays one.
func (r RunInfo) Seeds() []uint64 {
	if r.Spans == nil {
		return r.shard().Seeds(r.Seed, r.Episodes)
	}
	var seeds []uint64
	for _, s := range r.Spans {
		seeds = append(seeds, Shard{}.Seeds(s.Seed, s.Episodes)...)
	}
	return seeds
}

// setSeeds makes the run one of these seeds, ascending, one at least.
func (r *RunInfo) setSeeds(seeds []uint64) {
	r.Seed, r.Episodes, r.Spans = seeds[0], len(seeds), nil
	for i, seed := range seeds {
		if i == 0 || seed != seeds[i-1]+1 {
			r.Spans = append(r.Spans, Span{Seed: seed})
		}
		r.Spans[len(r.Spans)-1].Episodes++
	}
	if len(r.Spans) == 1 {
		r.Spans = nil
	}
}

func (r RunInfo) shard() Shard {
	if r.Shard == nil {
		return Shard{}
	}
	return *r.Shard
}

// Span names the episodes of a run, such as "50 from seed 37000 on".
func (r RunInfo) Span() string {
	spans := r.Spans
	if spans == nil {
		spans = []Span{{r.Seed, r.Episodes}}
	}
	var words []string
	for _, s := range spans {
		words = append(words, fmt.Sprintf("%d from seed %d on", s.Episodes, s.Seed))
	}
	s := strings.Join(words, ", ")
	if r.Shard != nil {
		s += ", shard " + r.Shard.String()
	}
	return s
}

// Differences says in which of what a result depends on two runs differ, one line each: the question, the referee, the versions. nil means
// that equal seeds must give equal records. Which seeds, and when, is left out.
func (r RunInfo) Differences(other RunInfo) []string {
	var out []string
	var add func(what string, a, b json.RawMessage)
	add = func(what string, a, b json.RawMessage) {
		var x, y map[string]json.RawMessage
		if json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && x != nil && y != nil { // what of it differs
			keys := slices.AppendSeq(slices.Collect(maps.Keys(x)), maps.Keys(y))
			slices.Sort(keys)
			for _, k := range slices.Compact(keys) {
				add(what+"."+k, x[k], y[k])
			}
			return
		}
		if !bytes.Equal(a, b) {
			out = append(out, fmt.Sprintf("%s %s and %s", what, cmp.Or(string(a), "nothing"), cmp.Or(string(b), "nothing")))
		}
	}
	for _, d := range []struct {
		what string
		a, b any
	}{
		{"suite", r.Suite, other.Suite}, {"suite_sha256", r.SuiteHash, other.SuiteHash}, {"robot", r.Robot, other.Robot}, {"referee", r.Referee, other.Referee},
		{"camera", r.Camera, other.Camera}, {"latency", r.Latency, other.Latency}, {"renderer", r.Renderer, other.Renderer}, {"versions", r.Versions, other.Versions},
	} {
		x, errX := json.Marshal(d.a)
		y, errY := json.Marshal(d.b)
		if err := errors.Join(errX, errY); err != nil {
			out = append(out, fmt.Sprintf("%s: %v", d.what, err))
			continue
		}
		add(d.what, x, y)
	}
	return out
}

// Dir is the run's folder.
func (j *Journal) Dir() string { return j.dir }

// Append adds a record and returns when it is on the disk. If it cannot be written whole, what was there before stays as it was.
func (j *Journal) Append(r *Record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("tasks: record of seed %d: %w", r.Seed, err)
	}
	end, err := j.episodes.Seek(0, io.SeekEnd)
	if err == nil {
		if _, err = j.episodes.Write(append(line, '\n')); err == nil {
			err = j.episodes.Sync()
		}
		if err != nil {
			j.episodes.Truncate(end) // half a line must not stand before the next one
		}
	}
	if err != nil {
		return fmt.Errorf("tasks: record of seed %d is not saved: %w", r.Seed, err)
	}
	return nil
}

// png draws what the referee saw at a step, with the outline of the right answers, and with the point that was acted on, if any.
func (k *keptFrame) png() (picture, error) {
	img := RGBImage(&k.frame)
	drawRegion(img, k.right)
	if k.point != nil {
		MarkPoint(img, k.point.Pixel(k.frame.Camera.Width, k.frame.Camera.Height), color.White)
	}
	var buf bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&buf, img); err != nil {
		return picture{}, fmt.Errorf("tasks: frame %s: %w", k.name, err)
	}
	return picture{k.name, buf.Bytes()}, nil
}

// savePicture writes a picture into the run's folder.
func (j *Journal) savePicture(p picture) error {
	dir := filepath.Join(j.dir, FramesDir)
	err := os.MkdirAll(dir, 0o777)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, p.Name), p.PNG, 0o666)
	}
	if err != nil {
		return fmt.Errorf("tasks: frame: %w", err)
	}
	return nil
}

// Close ends the run's files.
func (j *Journal) Close() error { return j.episodes.Close() }

// ReadRecords reads the finished episodes of a run's folder, in the order of their seeds. A last line without an end belongs to an
// episode that was being written when the program was stopped; it does not count.
func ReadRecords(dir string) ([]*Record, error) {
	f, err := os.Open(filepath.Join(dir, episodesFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("tasks: no run in %s (there is no %s)", dir, episodesFile)
	}
	if err != nil {
		return nil, fmt.Errorf("tasks: %w", err)
	}
	defer f.Close()
	records, _, err := readRecords(f)
	if err != nil {
		return nil, fmt.Errorf("tasks: %s: %w", f.Name(), err)
	}
	sortRecords(records)
	return records, nil
}

func sortRecords(records []*Record) {
	slices.SortFunc(records, func(a, b *Record) int { return cmp.Compare(a.Seed, b.Seed) })
}

// readRecords reads whole lines, and says how many bytes they are.
func readRecords(f io.Reader) (records []*Record, whole int64, err error) {
	seen := map[uint64]bool{}
	for in := bufio.NewReader(f); ; {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			return records, whole, nil
		}
		if err != nil {
			return nil, 0, err
		}
		r := &Record{}
		if err := json.Unmarshal(line, r); err != nil {
			return nil, 0, fmt.Errorf("line %d: %w", len(records)+1, err)
		}
		if r.Task == "" || r.Outcome != Success && r.Outcome != Failure && r.Outcome != Error {
			return nil, 0, fmt.Errorf("line %d: half a record: task %q, outcome %q (want %s, %s or %s)", len(records)+1, r.Task, r.Outcome, Success, Failure, Error)
		}
		if seen[r.Seed] {
			return nil, 0, fmt.Errorf("line %d: seed %d a second time", len(records)+1, r.Seed)
		}
		seen[r.Seed] = true
		records, whole = append(records, r), whole+int64(len(line))
	}
}

// RGBImage copies a frame's colours into an image.
func RGBImage(f *sim.Frame) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, f.Camera.Width, f.Camera.Height))
	for i := 0; i < len(f.RGB)/3; i++ {
		copy(img.Pix[4*i:], f.RGB[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	return img
}

// drawRegion draws the border of a region: the pixels outside of it that touch it are dark, those inside that touch the outside are green.
func drawRegion(img *image.NRGBA, r sim.Region) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	if r.Width != w || r.Height != h || len(r.Mask) != w*h {
		return
	}
	for i, in := range r.Mask {
		x, y := i%w, i/w
		if x > 0 && r.Mask[i-1] != in || x < w-1 && r.Mask[i+1] != in || y > 0 && r.Mask[i-w] != in || y < h-1 && r.Mask[i+w] != in {
			c := []byte{0, 60, 0, 255}
			if in {
				c = []byte{60, 255, 90, 255}
			}
			copy(img.Pix[4*i:], c)
		}
	}
}

// MarkPoint marks a place in a picture: a ring within a black edge that leaves the place itself to be seen, 9 px in radius at 640 px and larger in larger
// pictures.
func MarkPoint(img draw.Image, p sim.Pixel, c color.Color) {
	unit := max(1, float64(max(img.Bounds().Dx(), img.Bounds().Dy()))/640)
	cx, cy, far := int(p.X), int(p.Y), int(9*unit)
	for dy := -far; dy <= far; dy++ {
		for dx := -far; dx <= far; dx++ {
			r2 := float64(dx*dx+dy*dy) / (unit * unit)
			if r2 < 25 || r2 > 81 || !(image.Point{X: cx + dx, Y: cy + dy}).In(img.Bounds()) {
				continue
			}
			if r2 < 36 || r2 > 64 {
				img.Set(cx+dx, cy+dy, color.Black)
			} else {
				img.Set(cx+dx, cy+dy, c)
			}
		}
	}
}

// IDImage paints each body in a colour of its own: hues a golden angle apart, so that neighbours in number differ most.
func IDImage(seg *sim.Segmentation) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, seg.Width, seg.Height))
	for i, id := range seg.Bodies {
		c := color.NRGBA{0, 0, 0, 255}
		switch {
		case id == 0:
			c = color.NRGBA{60, 60, 60, 255}
		case id > 0:
			c = hue(math.Mod(float64(id)*0.61803398875, 1))
		}
		copy(img.Pix[4*i:], []uint8{c.R, c.G, c.B, 255})
	}
	return img
}

func hue(h float64) color.NRGBA {
	f := func(n float64) uint8 {
		k := math.Mod(n+12*h, 12)
		return uint8(255 * (0.55 - 0.4*max(-1, min(k-3, 9-k, 1))))
	}
	return color.NRGBA{f(0), f(8), f(4), 255}
}
