package export

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"strings"

	"github.com/golang/freetype/truetype"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/math/fixed"

	"github.com/refarena/refarena/tasks"
)

// A Film is a video of an episode: the whole robot on the left, what the referee's camera sees on the right with the answer, what was asked below.
type Film struct {
	name string
	out  *Video
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
	f.out, err = NewVideo(f.name, f.img.Rect.Dx(), f.img.Rect.Dy(), e.Options.FPS)
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
			h := f.img.Rect.Dy() - captionHigh
			at := p.Pixel(w, h)
			at.X += float64(w)
			tasks.MarkPoint(f.img.SubImage(image.Rect(w, 0, 2*w, h)).(draw.Image), at, c)
		}
	}
	text := font.Drawer{Dst: f.img, Src: image.NewUniform(color.Gray{230}), Face: f.face, Dot: fixed.P(8, f.img.Rect.Dy()-captionHigh+18)}
	text.DrawString(question)
	text.Dot = fixed.P(8, f.img.Rect.Dy()-captionHigh+37)
	text.DrawString(fmt.Sprintf("%5.1f s   %s", m.Time, f.last))
	return f.out.Add(f.img, 1)
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
	return f.out.Close()
}
