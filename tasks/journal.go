package tasks

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/sim"
)

// The files of a run's folder.
const (
	runFile      = "run.json"
	episodesFile = "episodes.jsonl"
	framesDir    = "frames"
)

// A RunInfo is what was asked for and what answered it: run.json.
type RunInfo struct {
	Suite     string           `json:"suite"`
	SuiteHash string           `json:"suite_sha256"`
	Robot     string           `json:"robot"`
	Referee   referee.Info     `json:"referee"`
	Seed      uint64           `json:"seed"` // of the first episode
	Episodes  int              `json:"episodes"`
	Camera    CameraInfo       `json:"camera"`
	Renderer  sim.RendererInfo `json:"renderer"`
	Versions  Versions         `json:"versions"`
	Started   time.Time        `json:"started"`
}

// A CameraInfo is the referee's view.
type CameraInfo struct {
	Name    string  `json:"name"`
	Width   int     `json:"width"`
	Height  int     `json:"height"`
	FovyDeg float64 `json:"fovy_deg"`
	// DepthNoise is the depth camera that was imitated; "" means exact depth.
	DepthNoise sim.DepthNoise `json:"depth_noise,omitempty"`
}

// A Journal writes a run's folder. Its methods are for one goroutine at a time.
type Journal struct {
	dir      string
	episodes *os.File
}

// CreateJournal makes the folder, if need be, and starts a run in it. A folder that holds a run already is refused.
func CreateJournal(dir string, info RunInfo) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("tasks: output folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, episodesFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o666)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("tasks: output folder %s already holds a run (choose another with --out)", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("tasks: output folder: %w", err)
	}
	text, err := json.MarshalIndent(info, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, runFile), append(text, '\n'), 0o666)
	}
	if err != nil {
		f.Close()
		os.Remove(f.Name())
		return nil, fmt.Errorf("tasks: output folder: %w", err)
	}
	return &Journal{dir, f}, nil
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

// SaveFrame writes what the referee saw at a step, with the point that was acted on, if any.
func (j *Journal) SaveFrame(name string, f *sim.Frame, point *sim.NormPoint) error {
	dir := filepath.Join(j.dir, framesDir)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("tasks: frame: %w", err)
	}
	img := RGBImage(f)
	if point != nil {
		drawPoint(img, point.Pixel(f.Camera.Width, f.Camera.Height))
	}
	var buf bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&buf, img); err != nil {
		return fmt.Errorf("tasks: frame %s: %w", name, err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), buf.Bytes(), 0o666); err != nil {
		return fmt.Errorf("tasks: frame: %w", err)
	}
	return nil
}

// Close ends the run's files.
func (j *Journal) Close() error { return j.episodes.Close() }

// ReadRecords reads the finished episodes of a run's folder. A last line without an end belongs to an episode that was being written
// when the program was stopped; it does not count.
func ReadRecords(dir string) ([]*Record, error) {
	f, err := os.Open(filepath.Join(dir, episodesFile))
	if err != nil {
		return nil, fmt.Errorf("tasks: %w", err)
	}
	defer f.Close()
	var records []*Record
	for in := bufio.NewReader(f); ; {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			return records, nil
		}
		if err != nil {
			return nil, fmt.Errorf("tasks: %s: %w", f.Name(), err)
		}
		r := &Record{}
		if err := json.Unmarshal(line, r); err != nil {
			return nil, fmt.Errorf("tasks: %s, line %d: %w", f.Name(), len(records)+1, err)
		}
		records = append(records, r)
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

// drawPoint marks a pixel with a ring, white within black, that leaves the pixel itself to be seen.
func drawPoint(img *image.NRGBA, p sim.Pixel) {
	cx, cy := int(p.X), int(p.Y)
	for dy := -9; dy <= 9; dy++ {
		for dx := -9; dx <= 9; dx++ {
			r2 := dx*dx + dy*dy
			if r2 < 25 || r2 > 81 || !(image.Point{X: cx + dx, Y: cy + dy}).In(img.Rect) {
				continue
			}
			c := []byte{255, 255, 255, 255}
			if r2 < 36 || r2 > 64 {
				c = []byte{0, 0, 0, 255}
			}
			copy(img.Pix[img.PixOffset(cx+dx, cy+dy):], c)
		}
	}
}
