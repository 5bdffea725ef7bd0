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

func checkDisplay() error { return elsewhere(window.CheckDisplay()) }

// window shows the viewer in a window until that is closed. The goroutine that calls it draws, and does nothing else.
func (c *viewCommand) window(ctx context.Context, _ console, v *view.Viewer) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	w, h, err := parseSize(c.Size)
	if err != nil {
		return err
	}
	win, err := window.Open("refarena", w, h)
	if err != nil {
		return elsewhere(err)
	}
	defer win.Close()
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
