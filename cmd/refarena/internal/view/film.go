package view

import (
	"errors"
	"fmt"
	"time"

	"github.com/refarena/refarena/tasks/export"
)

// A film is a recording of the screen, filmRate pictures a second.
type film struct {
	name   string
	begun  time.Time
	frames int
	w, h   int
	video  *export.Video
}

const filmRate = 15 // pictures a second

// due is how many pictures are missing at a time; none or fewer if it is not time for the next one.
func (f *film) due(now time.Time) int { return int(now.Sub(f.begun).Seconds()*filmRate) + 1 - f.frames }

// recordingExt is what kind of file a recording becomes if nothing else is said.
func recordingExt() string {
	if _, ok := export.FFmpeg(); ok {
		return ".mp4"
	}
	return ".png"
}

// beginRecording begins a film of the screen, which Film has to be called for.
func (p *pictures) beginRecording(name string) error {
	p.draw.Lock()
	defer p.draw.Unlock()
	f := &film{name: name, begun: time.Now(), w: int(float64(p.size[0]) * p.unit), h: int(float64(p.size[1]) * p.unit)}
	var err error
	if f.video, err = export.NewVideo(name, f.w, f.h, filmRate); err != nil {
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
	if err := f.video.Close(); err != nil {
		return f.name, fmt.Errorf("recording: %w", err)
	}
	return f.name, nil
}

// keepFilming films until the recording ends.
func (v *Viewer) keepFilming() {
	tick := time.NewTicker(time.Second / filmRate)
	defer tick.Stop()
	for v.pictures.filming.Load() && v.ctx.Err() == nil {
		if err := v.pictures.Film(v.latest(), time.Now()); err != nil {
			v.fail(err)
		}
		select {
		case <-tick.C:
		case <-v.ctx.Done():
		}
	}
}

// Film adds the screen to a recording, if one is made and it is time for a picture, as it was now: what the encoder needs to take the pictures before
// is no time of the film, or one that is slower than the clock would never come to its end. A recording that cannot go on ends.
func (p *pictures) Film(sh *Shown, now time.Time) error {
	p.draw.Lock()
	defer p.draw.Unlock()
	f := p.film
	if f == nil || f.due(now) < 1 {
		return nil
	}
	img, err := p.screenImage(sh)
	if err == nil && (img.Rect.Dx() < f.w || img.Rect.Dy() < f.h) {
		err = errors.New("the window has become smaller")
	}
	// The film keeps the clock's time: a picture that took long to make stands for those that were missed. It is made once, so that a slow
	// machine doesn't fall behind further and further.
	if times := f.due(now); err == nil {
		err = f.video.Add(img, times)
		f.frames += times
	}
	if err == nil {
		return nil
	}
	p.film = nil
	p.filming.Store(false)
	return fmt.Errorf("recording: %w", errors.Join(err, f.video.Close()))
}
