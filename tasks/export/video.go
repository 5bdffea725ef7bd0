package export

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/golang/freetype/truetype"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/math/fixed"

	"github.com/refarena/refarena/tasks"
)

// An encoder makes a video of pictures of one size.
type encoder interface {
	add(*image.RGBA) error
	close() error // ends the file
}

// FFmpeg is the program that encodes MP4 and WebM; false if it is not there.
func FFmpeg() (path string, ok bool) {
	path, err := exec.LookPath("ffmpeg")
	return path, err == nil
}

// newEncoder begins a video: .mp4 (H.264) or .webm (VP9) by ffmpeg, .apng or .png as animated PNG, which needs no other program.
func newEncoder(name string, w, h, fps int) (encoder, error) {
	switch ext := strings.ToLower(filepath.Ext(name)); ext {
	case ".apng", ".png":
		return newAPNG(name, w, h, fps)
	case ".mp4", ".webm":
		program, ok := FFmpeg()
		if !ok {
			return nil, fmt.Errorf("export: %s needs the program ffmpeg, which is not there (install it, or ask for .apng)", filepath.Base(name))
		}
		return newFFmpeg(program, name, ext, w, h, fps)
	default:
		return nil, fmt.Errorf("export: a video called %s (want one that ends in .mp4, .webm or .apng)", filepath.Base(name))
	}
}

type ffmpeg struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	stderr bytes.Buffer
	row    []byte
}

func newFFmpeg(program, name, ext string, w, h, fps int) (*ffmpeg, error) {
	args := []string{"-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", fmt.Sprintf("%dx%d", w, h), "-r", fmt.Sprint(fps), "-i", "-", "-an"}
	if ext == ".webm" {
		args = append(args, "-c:v", "libvpx-vp9", "-crf", "32", "-b:v", "0")
	} else {
		args = append(args, "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-movflags", "+faststart")
	}
	e := &ffmpeg{cmd: exec.Command(program, append(args, "-pix_fmt", "yuv420p", name)...)}
	e.cmd.Stderr = &e.stderr
	var err error
	if e.in, err = e.cmd.StdinPipe(); err == nil {
		err = e.cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("export: ffmpeg: %w", err)
	}
	return e, nil
}

func (e *ffmpeg) add(img *image.RGBA) error {
	e.row = e.row[:0]
	for i := 0; i < len(img.Pix); i += 4 {
		e.row = append(e.row, img.Pix[i:i+3]...)
	}
	if _, err := e.in.Write(e.row); err != nil {
		return e.fail(err)
	}
	return nil
}

func (e *ffmpeg) close() error {
	err := errors.Join(e.in.Close(), e.cmd.Wait())
	if err != nil {
		return e.fail(err)
	}
	return nil
}

func (e *ffmpeg) fail(err error) error {
	return fmt.Errorf("export: ffmpeg: %w: %s", err, strings.TrimSpace(e.stderr.String()))
}

// An apng writes an animated PNG picture by picture: what image/png makes of each, with its chunks renamed (APNG 1.0, now in PNG's third edition).
type apng struct {
	f        *os.File
	fps      int
	frames   uint32
	sequence uint32
	header   []byte // IHDR's data
	err      error
}

const apngCount = 8 + 25 + 8 // where acTL's data begin: after the signature, IHDR, and acTL's length and name

func newAPNG(name string, w, h, fps int) (*apng, error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return &apng{f: f, fps: fps}, nil
}

func (a *apng) chunk(kind string, data []byte) {
	if a.err != nil {
		return
	}
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	out = append(append(out, kind...), data...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
	_, a.err = a.f.Write(out)
}

func (a *apng) add(img *image.RGBA) error {
	var file bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := enc.Encode(&file, img); err != nil {
		return fmt.Errorf("export: apng: %w", err)
	}
	data := file.Bytes()
	first := a.frames == 0
	if first {
		_, a.err = a.f.Write(data[:8]) // the signature
	}
	a.frames++
	for rest := data[8:]; len(rest) >= 12 && a.err == nil; {
		n := binary.BigEndian.Uint32(rest)
		kind, body := string(rest[4:8]), rest[8:8+n]
		rest = rest[12+n:]
		switch kind {
		case "IHDR":
			if first {
				a.header = bytes.Clone(body)
				a.chunk(kind, body)
				a.chunk("acTL", make([]byte, 8)) // frames and plays (0: for ever), filled in by close
			} else if !bytes.Equal(a.header, body) {
				return errors.New("export: apng: pictures of different sizes or kinds")
			}
			control := binary.BigEndian.AppendUint32(nil, a.sequence)
			a.sequence++
			control = append(control, body[:8]...)        // width and height
			control = append(control, make([]byte, 8)...) // the offset
			control = binary.BigEndian.AppendUint16(control, 1)
			control = binary.BigEndian.AppendUint16(control, uint16(a.fps)) // shown for 1/fps s
			a.chunk("fcTL", append(control, 0, 0))
		case "IDAT":
			if first {
				a.chunk(kind, body)
				break
			}
			a.chunk("fdAT", append(binary.BigEndian.AppendUint32(nil, a.sequence), body...))
			a.sequence++
		}
	}
	if a.err != nil {
		return fmt.Errorf("export: apng: %w", a.err)
	}
	return nil
}

func (a *apng) close() error {
	a.chunk("IEND", nil)
	if a.err == nil && a.frames > 0 {
		_, a.err = a.f.Seek(apngCount-8, io.SeekStart)
		a.chunk("acTL", binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, a.frames), 0))
	}
	if err := errors.Join(a.err, a.f.Close()); err != nil {
		return fmt.Errorf("export: apng: %w", err)
	}
	return nil
}

// A Film is a video of an episode: the whole robot on the left, what the referee's camera sees on the right with the answer, what was asked below.
type Film struct {
	name string
	out  encoder
	img  *image.RGBA
	face font.Face
	ask  *Ask
	last string
}

// NewFilm begins the video of one episode, which has to be played with an Overview.
func NewFilm(name string) *Film { return &Film{name: name} }

const captionHigh = 44 // [px], of two lines

// Begin opens the file.
func (f *Film) Begin(e *Episode) error {
	ttf, err := truetype.Parse(goregular.TTF)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	f.face = truetype.NewFace(ttf, &truetype.Options{Size: 15})
	f.img = image.NewRGBA(image.Rect(0, 0, 2*e.Options.Width, e.Options.Height+captionHigh))
	f.last = fmt.Sprintf("%s, seed %d, %s", e.Record.Task, e.Record.Seed, e.Record.Referee)
	f.out, err = newEncoder(f.name, f.img.Rect.Dx(), f.img.Rect.Dy(), e.Options.FPS)
	return err
}

// Moment adds a picture.
func (f *Film) Moment(m *Moment) error {
	draw.Draw(f.img, f.img.Rect, image.NewUniform(color.RGBA{24, 24, 26, 255}), image.Point{}, draw.Src)
	w := f.img.Rect.Dx() / 2
	if m.View != nil {
		draw.Draw(f.img, f.img.Rect, frameImage(m.View), image.Point{}, draw.Src)
		draw.Draw(f.img, image.Rect(0, f.img.Rect.Dy()-captionHigh, 2*w, f.img.Rect.Dy()), image.NewUniform(color.RGBA{24, 24, 26, 255}), image.Point{}, draw.Src)
	}
	if m.Referee != nil {
		right := frameImage(m.Referee)
		draw.Draw(f.img, image.Rect(w, 0, 2*w, right.Rect.Dy()), right, image.Point{}, draw.Src)
	}
	question := ""
	if f.ask != nil {
		question = f.ask.Record.Instruction
		if p := f.ask.Record.Point; p != nil {
			c := color.RGBA{235, 40, 40, 255}
			if f.ask.Record.Hit {
				c = color.RGBA{30, 220, 70, 255}
			}
			ring(f.img, w+int(p.X*float64(w)), int(p.Y*float64(f.img.Rect.Dy()-captionHigh)), c)
		}
	}
	text := font.Drawer{Dst: f.img, Src: image.NewUniform(color.Gray{230}), Face: f.face, Dot: fixed.P(8, f.img.Rect.Dy()-captionHigh+18)}
	text.DrawString(question)
	text.Dot = fixed.P(8, f.img.Rect.Dy()-captionHigh+37)
	text.DrawString(fmt.Sprintf("%5.1f s   %s", m.Time, f.last))
	return f.out.add(f.img)
}

// ring draws a ring of 8 px about a place.
func ring(img *image.RGBA, x, y int, c color.RGBA) {
	for dy := -11; dy <= 11; dy++ {
		for dx := -11; dx <= 11; dx++ {
			if d := dx*dx + dy*dy; d >= 64 && d <= 121 && image.Pt(x+dx, y+dy).In(img.Rect) {
				img.SetRGBA(x+dx, y+dy, c)
			}
		}
	}
}

// Asked keeps the question.
func (f *Film) Asked(m *Moment) error {
	a := *m.Ask
	a.Shot = nil
	f.ask, f.last = &a, "answer: "+strings.TrimSpace(a.Record.Answer)
	return nil
}

// Ended keeps what came of a step.
func (f *Film) Ended(step int, s tasks.StepRecord, _ float64) error {
	f.last = strings.TrimSpace(fmt.Sprintf("step %d, %s: %s %s", step+1, s.Skill, s.Outcome, s.Reason))
	return nil
}

// Close ends the file.
func (f *Film) Close() error {
	if f.out == nil {
		return nil
	}
	return f.out.close()
}
