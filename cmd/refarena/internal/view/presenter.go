package view

import (
	"image"
	"time"
)

// A Presenter makes the images that a window shows, and makes them anew only where something changed. It is for one goroutine.
type Presenter struct {
	v      *Viewer
	detail *detail
	scene  sceneShown
	eye    string
	panels uint64
	size   image.Rectangle
	when   time.Time // the panels were drawn
	moved  time.Time // the scene was
	pace   pace
	layers [3]PresentedLayer
}

// A pace keeps pictures from coming more often than they are wanted.
type pace struct {
	every time.Duration // 0: as often as they can
	last  time.Time
}

func newPace(rate float64) pace {
	if rate <= 0 {
		return pace{}
	}
	return pace{every: time.Duration(float64(time.Second) / rate)}
}

// wait is for how long the next picture has to wait.
func (p *pace) wait() time.Duration { return max(p.every-time.Since(p.last), 0) }

func (p *pace) drawn() { p.last = time.Now() }

// A PresentedLayer is an image and where it goes on the screen [px].
type PresentedLayer struct {
	Image *image.RGBA
	Place image.Rectangle
	Same  bool // as in the last Layers
}

// NewPresenter is one for a window.
func NewPresenter(v *Viewer) *Presenter {
	return &Presenter{v: v, detail: newDetail(), pace: newPace(v.o.Rate)}
}

// Layers are the 3D view, the referee's picture and all the rest, which has holes for the first two. changed is false if they are all the same as
// they were.
func (p *Presenter) Layers() (layers []PresentedLayer, changed bool, err error) {
	if p.pace.wait() > 0 && p.layers[2].Image != nil {
		return p.layers[:], false, nil
	}
	defer func() {
		if changed {
			p.pace.drawn()
		}
	}()
	sh, _ := p.v.Shown()
	scene, eye := p.v.Places()
	whole := p.v.pictures.screen()
	resized := whole != p.size
	p.size = whole
	for i := range p.layers {
		p.layers[i].Same = !resized && p.layers[i].Image != nil
	}
	// While things move the picture is coarser; when they stand still it is made once more, as fine as the screen.
	now := sceneShown{sh.serialOf(), [2]int{scene.Dx(), scene.Dy()}, false}
	moving := now.key != p.scene.key || now.size != p.scene.size
	if fine := !moving && !p.scene.fine && time.Since(p.moved) > 150*time.Millisecond; moving || fine || resized {
		w, h := scene.Dx(), scene.Dy()
		if !fine {
			w, h = p.detail.size(w, h)
			p.moved = time.Now()
		}
		start := time.Now()
		img, err := p.v.Scene(sh, w, h)
		if err != nil {
			return nil, false, err
		}
		if !fine {
			p.detail.took(time.Since(start))
		}
		p.layers[0] = PresentedLayer{Image: img, Place: scene}
		p.scene = now
		p.scene.fine = fine
		changed = true
	}
	if key := sh.eyeKey([2]int{eye.Dx(), eye.Dy()}); key != p.eye || resized {
		img, err := p.v.Eye(sh, eye.Dx(), eye.Dy())
		if err != nil {
			return nil, false, err
		}
		p.layers[1] = PresentedLayer{Image: img, Place: eye}
		p.eye = key
		changed = true
	}
	// Numbers that run need not be read more often than this.
	if every := time.Second / 15; sh.serial != p.panels && (!sh.Playing || time.Since(p.when) > every) || resized {
		p.layers[2] = PresentedLayer{Image: p.v.Panels(sh), Place: whole}
		p.panels, p.when = sh.serial, time.Now()
		changed = true
	}
	return p.layers[:], changed, nil
}
