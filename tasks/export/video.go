package export

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A Video is a file of moving pictures of one size that is written picture by picture. It is for one goroutine at a time.
type Video struct {
	size image.Rectangle
	to   encoder
}

// An encoder writes pictures of one size.
type encoder interface {
	add(img *image.RGBA, times int) error
	close() error
}

// codecs are ffmpeg's settings by the ending of a file's name.
var codecs = map[string][]string{
	".mp4":  {"-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-movflags", "+faststart"},
	".webm": {"-c:v", "libvpx-vp9", "-crf", "32", "-b:v", "0"},
	".webp": {"-c:v", "libwebp_anim", "-quality", "80", "-loop", "0"},
}

// FFmpeg is the program that encodes MP4, WebM and WebP; false if it is not there.
func FFmpeg() (path string, ok bool) {
	path, err := exec.LookPath("ffmpeg")
	return path, err == nil
}

// NewVideo begins a video of w × h pixels and fps pictures a second: .mp4 (H.264), .webm (VP9) or .webp by ffmpeg, for which w and h are made even, .apng
// or .png as animated PNG, which needs no other program. The caller closes it.
func NewVideo(name string, w, h, fps int) (*Video, error) {
	ext := strings.ToLower(filepath.Ext(name))
	args, known := codecs[ext]
	if known {
		w, h = w&^1, h&^1
	}
	v := &Video{size: image.Rect(0, 0, w, h)}
	var err error
	switch program, ok := FFmpeg(); {
	case ext == ".apng" || ext == ".png":
		v.to, err = newAPNG(name, fps)
	case !known:
		err = fmt.Errorf("export: a video called %s (want a name that ends in .mp4, .webm, .webp, .apng or .png)", filepath.Base(name))
	case !ok:
		err = fmt.Errorf("export: %s needs the program ffmpeg, which is not there (install it, or ask for .apng or .png, an animated PNG)", filepath.Base(name))
	default:
		v.to, err = newFFmpeg(program, name, args, w, h, fps)
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Add adds a picture that is shown for so many periods of the rate, 1 or more; what of it is beyond the video's size is left out. img is not kept.
func (v *Video) Add(img *image.RGBA, times int) error {
	if !v.size.In(img.Rect) {
		return fmt.Errorf("export: a picture of %v in a video of %v", img.Rect, v.size)
	}
	return v.to.add(img.SubImage(v.size).(*image.RGBA), times)
}

// Close ends the file.
func (v *Video) Close() error { return v.to.close() }

type ffmpeg struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	stderr bytes.Buffer // read when over
	rgb    []byte
	over   bool // it has ended
}

func newFFmpeg(program, name string, codec []string, w, h, fps int) (*ffmpeg, error) {
	args := []string{"-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", fmt.Sprintf("%dx%d", w, h), "-r", fmt.Sprint(fps), "-i", "-", "-an"}
	e := &ffmpeg{cmd: exec.Command(program, append(append(args, codec...), "-pix_fmt", "yuv420p", name)...)}
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

func (e *ffmpeg) add(img *image.RGBA, times int) error {
	e.rgb = e.rgb[:0]
	for y := range img.Rect.Dy() {
		row := img.Pix[y*img.Stride:][:4*img.Rect.Dx()]
		for i := 0; i < len(row); i += 4 {
			e.rgb = append(e.rgb, row[i:i+3]...)
		}
	}
	for range times {
		if _, err := e.in.Write(e.rgb); err != nil { // it has given up, and says why
			return e.fail(errors.Join(err, e.wait()))
		}
	}
	return nil
}

func (e *ffmpeg) close() error {
	if err := e.wait(); err != nil {
		return e.fail(err)
	}
	return nil
}

// wait ends the program's input and waits for its end, once.
func (e *ffmpeg) wait() error {
	if e.over {
		return nil
	}
	e.over = true
	return errors.Join(e.in.Close(), e.cmd.Wait())
}

func (e *ffmpeg) fail(err error) error {
	return fmt.Errorf("export: ffmpeg: %w: %s", err, strings.TrimSpace(e.stderr.String()))
}

// An apng writes an animated PNG picture by picture: what image/png makes of each, with its chunks renamed
// (https://www.w3.org/TR/png-3/#apng-frame-based-animation).
type apng struct {
	f        *os.File
	fps      int
	frames   uint32
	sequence uint32
	header   []byte // IHDR's data
	err      error
}

const apngCount = 8 + 25 + 8 // where acTL's data begin: after the signature, IHDR, and acTL's length and name

func newAPNG(name string, fps int) (*apng, error) {
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

func (a *apng) add(img *image.RGBA, times int) error {
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
				return errors.New("export: apng: pictures of different kinds")
			}
			control := binary.BigEndian.AppendUint32(nil, a.sequence)
			a.sequence++
			control = append(control, body[:8]...)        // width and height
			control = append(control, make([]byte, 8)...) // the offset
			control = binary.BigEndian.AppendUint16(control, uint16(min(times, math.MaxUint16)))
			control = binary.BigEndian.AppendUint16(control, uint16(a.fps)) // shown for times/fps s
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
