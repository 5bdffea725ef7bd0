package render

import (
	"errors"
	"fmt"
	"sync"

	"github.com/refarena/refarena/sim"
)

// A Fallback is a Renderer that goes on with another one when its own fails. It is for one goroutine at a time, as any sim.Renderer.
type Fallback struct {
	mu    sync.Mutex // of what follows: Info may be asked for from elsewhere
	now   sim.Renderer
	other func() (sim.Renderer, error) // nil once it has taken over
	told  func(error)
	why   string // what failed, and how; "" as long as nothing has
}

var _ sim.Renderer = (*Fallback)(nil)

// WithFallback opens a renderer, and has another one draw in its place if it cannot be opened, or from the first picture on that it fails to draw and
// the other one can: what neither can draw is the scene's fault, and an error. told, if not nil, is told of a change once; Info says so, too.
func WithFallback(open, other func() (sim.Renderer, error), told func(error)) (*Fallback, error) {
	f := &Fallback{other: other, told: told}
	first, err := open()
	if err == nil {
		f.now = first
		return f, nil
	}
	if second := f.takeOver(nil, err, "the first renderer"); second != nil {
		return nil, errors.Join(err, second)
	}
	return f, nil
}

// takeOver puts the other renderer in place of the one that failed. draw, if not nil, is what it has to be able to do.
func (f *Fallback) takeOver(draw func(sim.Renderer) error, failed error, name string) error {
	other, err := f.other()
	if err != nil {
		return fmt.Errorf("render: and the other renderer cannot be opened: %w", err)
	}
	if draw != nil {
		if err := draw(other); err != nil {
			return errors.Join(err, other.Close())
		}
	}
	f.mu.Lock()
	f.now, f.other, f.why = other, nil, fmt.Sprintf("%s: %v", name, failed)
	f.mu.Unlock()
	if f.told != nil {
		f.told(fmt.Errorf("%s: %w", name, failed))
	}
	return nil
}

// Render draws with the renderer that works. See sim.Renderer.
func (f *Fallback) Render(d *sim.Data, cam sim.Camera, shot *sim.Shot) error {
	err := f.now.Render(d, cam, shot)
	if err == nil || f.other == nil {
		return err
	}
	first := f.now
	if second := f.takeOver(func(r sim.Renderer) error { return r.Render(d, cam, shot) }, err, first.Info().Renderer); second != nil {
		return err // the first is as good as the other
	}
	first.Close() // of a context that is lost; what it says is of no use
	return nil
}

// Info names what draws now, and what failed.
func (f *Fallback) Info() sim.RendererInfo {
	f.mu.Lock()
	defer f.mu.Unlock()
	info := f.now.Info()
	info.InsteadOf = f.why
	return info
}

// Close closes what draws now.
func (f *Fallback) Close() error { return f.now.Close() }
