package main

import (
	"context"
	"fmt"
	"runtime"

	"github.com/refarena/refarena/cmd/refarena/internal/view"
	"github.com/refarena/refarena/sim/render/window"
)

// elsewhere tells what to do where there can be no window.
func elsewhere(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w; refarena view --web serves the same view to a browser", err)
}

// A viewWindow is the viewer's window on the desktop. It is for the goroutine that opened it, which draws, and does nothing else.
type viewWindow struct{ win *window.Window }

func openWindow(w, h int) (*viewWindow, error) {
	runtime.LockOSThread()
	win, err := window.Open("refarena", w, h)
	if err != nil {
		runtime.UnlockOSThread()
		return nil, elsewhere(err)
	}
	return &viewWindow{win}, nil
}

func (w *viewWindow) close() {
	w.win.Close()
	runtime.UnlockOSThread()
}

// show shows the viewer until the window is closed.
func (w *viewWindow) show(ctx context.Context, _ console, v *view.Viewer) error {
	win := w.win
	in := view.NewInput(v)
	p := view.NewPresenter(v)
	for !win.Closing() && ctx.Err() == nil {
		select {
		case <-v.Done():
			return nil
		default:
		}
		width, height, scale := win.Size()
		v.SetSize(width, height, scale)
		layers, changed, err := p.Layers()
		if err != nil {
			return err
		}
		wait := 0.001
		if changed {
			var show []window.Layer
			for _, l := range layers {
				show = append(show, window.Layer{Image: l.Image, Place: l.Place, Same: l.Same})
			}
			if err := win.Show(show...); err != nil {
				return err
			}
		} else {
			wait = 0.008
		}
		for _, e := range win.Wait(wait) {
			m := view.Mods{Shift: e.Shift, Ctrl: e.Ctrl}
			switch e.Kind {
			case window.Press:
				in.Press(e.X, e.Y, e.Button, m)
			case window.Release:
				in.Release()
			case window.Move:
				in.Move(e.X, e.Y, m)
			case window.Scroll:
				in.Scroll(e.Y)
			case window.Key:
				in.Key(e.Name, m)
			case window.Char:
				in.Text(e.Rune)
			}
		}
	}
	return nil
}
