package view

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
	"time"
)

// A film is a recording of the screen, filmRate pictures a second.
type film struct {
	name   string
	begun  time.Time
	frames int
	w, h   int
	add    func(img *image.RGBA, times int) error // a picture that is shown for so many periods of filmRate
	end    func() error
}

const filmRate = 15 // pictures a second

// recordingExt is what kind of file a recording becomes if nothing else is said.
func recordingExt() string {
	if _, err := exec.LookPath("ffmpeg"); err == nil {
		return ".mp4"
	}
	return ".png"
}

// encoders are ffmpeg's settings by the kind of file.
var encoders = map[string][]string{
	".mp4":  {"-pix_fmt", "yuv420p", "-preset", "veryfast", "-crf", "20", "-movflags", "+faststart"},
	".webp": {"-c:v", "libwebp_anim", "-pix_fmt", "yuv420p", "-quality", "80", "-loop", "0"},
}

// beginRecording begins a film of the screen, which Film has to be called for.
func (p *pictures) beginRecording(name string) error {
	ext := strings.ToLower(filepath.Ext(name))
	if ext != ".mp4" && ext != ".webp" && ext != ".png" {
		return fmt.Errorf("recording: %s (want a name that ends in .mp4, .webp or .png)", name)
	}
	p.draw.Lock()
	defer p.draw.Unlock()
	w, h := int(float64(p.size[0])*p.unit), int(float64(p.size[1])*p.unit)
	f := &film{name: name, begun: time.Now(), w: w &^ 1, h: h &^ 1}
	var err error
	if ext == ".png" {
		err = f.openAPNG()
	} else {
		err = f.openFFmpeg(encoders[ext])
	}
	if err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	p.film = f
	p.filming.Store(true)
	return nil
}

func (p *pictures) endRecording() (string, error) {
	p.draw.Lock()
	defer p.draw.Unlock()
	f := p.film
	if f == nil {
		return "", nil
	}
	p.film = nil
	p.filming.Store(false)
	if err := f.end(); err != nil {
		return f.name, fmt.Errorf("recording: %w", err)
	}
	return f.name, nil
}

// keepFilming films until the recording ends.
func (v *Viewer) keepFilming() {
	tick := time.NewTicker(time.Second / filmRate)
	defer tick.Stop()
	for v.pictures.filming.Load() && v.ctx.Err() == nil {
		if err := v.pictures.Film(v.latest()); err != nil {
			v.fail(err)
		}
		select {
		case <-tick.C:
		case <-v.ctx.Done():
		}
	}
}

// Film adds the screen to a recording, if one is made and it is time for a picture. A recording that cannot go on ends.
func (p *pictures) Film(sh *Shown) error {
	p.draw.Lock()
	defer p.draw.Unlock()
	f := p.film
	if f == nil || int(time.Since(f.begun).Seconds()*filmRate) < f.frames {
		return nil
	}
	img, err := p.screenImage(sh)
	if err == nil && (img.Rect.Dx() < f.w || img.Rect.Dy() < f.h) {
		err = errors.New("the window has become smaller")
	}
	// The film keeps the clock's time: a picture that took long to make stands for those that were missed. It is made once, so that a slow
	// machine doesn't fall behind further and further.
	if times := int(time.Since(f.begun).Seconds()*filmRate) + 1 - f.frames; err == nil {
		err = f.add(img, times)
		f.frames += times
	}
	if err == nil {
		return nil
	}
	p.film = nil
	p.filming.Store(false)
	return fmt.Errorf("recording: %w", errors.Join(err, f.end()))
}

func (f *film) openFFmpeg(encoder []string) error {
	args := []string{"-loglevel", "error", "-y", "-f", "rawvideo", "-pixel_format", "rgba", "-video_size", fmt.Sprintf("%dx%d", f.w, f.h),
		"-framerate", fmt.Sprint(filmRate), "-i", "-"}
	cmd := exec.Command("ffmpeg", append(append(args, encoder...), f.name)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%w (without ffmpeg a name that ends in .png: an animated PNG)", err)
	}
	f.add = func(img *image.RGBA, times int) error {
		for range times {
			for y := range f.h {
				if _, err := in.Write(img.Pix[y*img.Stride : y*img.Stride+4*f.w]); err != nil {
					return err
				}
			}
		}
		return nil
	}
	f.end = func() error {
		in.Close()
		if err := cmd.Wait(); err != nil {
			return fmt.Errorf("ffmpeg: %w: %s", err, bytes.TrimSpace(said.Bytes()))
		}
		return nil
	}
	return nil
}

// openAPNG writes an animated PNG: https://www.w3.org/TR/png-3/#apng-frame-based-animation.
func (f *film) openAPNG() error {
	file, err := os.Create(f.name)
	if err != nil {
		return err
	}
	const header = 8 + 12 + 13 // signature and IHDR
	sequence := uint32(0)
	var last []byte
	frames := uint32(0)
	chunk := func(kind string, parts ...[]byte) error {
		data := append([]byte(kind), bytes.Join(parts, nil)...)
		buf := binary.BigEndian.AppendUint32(nil, uint32(len(data)-4))
		buf = append(buf, data...)
		_, err := file.Write(binary.BigEndian.AppendUint32(buf, crc32.ChecksumIEEE(data)))
		return err
	}
	u32 := func(x uint32) []byte { return binary.BigEndian.AppendUint32(nil, x) }
	f.add = func(img *image.RGBA, times int) error {
		var buf bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&buf, img.SubImage(image.Rect(0, 0, f.w, f.h))); err != nil {
			return err
		}
		b := buf.Bytes()
		if frames == 0 {
			if _, err := file.Write(b[:header]); err != nil {
				return err
			}
			if err := chunk("acTL", u32(0), u32(0)); err != nil { // the number of frames is put in at the end
				return err
			}
			last = bytes.Clone(b[:header])
		} else if !bytes.Equal(last, b[:header]) {
			return errors.New("recording: the pictures' format changed")
		}
		control := bytes.Join([][]byte{u32(sequence), u32(uint32(f.w)), u32(uint32(f.h)), u32(0), u32(0), u32(uint32(min(times, math.MaxUint16))<<16 | filmRate), {0, 0}}, nil)
		sequence++
		if err := chunk("fcTL", control); err != nil {
			return err
		}
		for b = b[header:]; len(b) >= 12; {
			n := binary.BigEndian.Uint32(b)
			kind, data := string(b[4:8]), b[8:8+n]
			b = b[12+n:]
			switch {
			case kind == "IDAT" && frames == 0:
				err = chunk("IDAT", data)
			case kind == "IDAT":
				err = chunk("fdAT", u32(sequence), data)
				sequence++
			}
			if err != nil {
				return err
			}
		}
		frames++
		return nil
	}
	f.end = func() error {
		err := chunk("IEND")
		if frames > 0 {
			count := append([]byte("acTL"), append(u32(frames), u32(0)...)...)
			_, seek := file.Seek(header+4, io.SeekStart)
			_, write := file.Write(binary.BigEndian.AppendUint32(count, crc32.ChecksumIEEE(count)))
			err = errors.Join(err, seek, write)
		}
		return errors.Join(err, file.Close())
	}
	return nil
}
