package render

import (
	"errors"
	"strings"
	"testing"

	"github.com/refarena/refarena/sim"
)

// A fake draws until it fails.
type fake struct {
	name   string
	fails  int // from this picture on, counted from 1; 0: never
	drawn  int
	closed int
}

func (f *fake) Render(*sim.Data, sim.Camera, *sim.Shot) error {
	if f.drawn++; f.fails > 0 && f.drawn >= f.fails {
		return errors.New(f.name + " lost its context")
	}
	return nil
}
func (f *fake) Info() sim.RendererInfo { return sim.RendererInfo{Renderer: f.name} }
func (f *fake) Close() error           { f.closed++; return nil }

// The picture that one renderer fails at is drawn by the other, which then draws all that follow. What neither can draw changes nothing.
func TestFallback(t *testing.T) {
	gpu, cpu := &fake{name: "gpu", fails: 3}, &fake{name: "cpu"}
	var told []string
	open := func(f *fake) func() (sim.Renderer, error) { return func() (sim.Renderer, error) { return f, nil } }
	broken := func() (sim.Renderer, error) { return nil, errors.New("no driver") }
	f, err := WithFallback(open(gpu), open(cpu), func(why error) { told = append(told, why.Error()) })
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if err := f.Render(nil, sim.Camera{}, &sim.Shot{}); err != nil {
			t.Fatal(err)
		}
	}
	if gpu.drawn != 3 || cpu.drawn != 3 || gpu.closed != 1 {
		t.Errorf("the first was asked for %d pictures and closed %d times, the second was asked for %d; want 3, 1, 3", gpu.drawn, gpu.closed, cpu.drawn)
	}
	const why = "gpu: gpu lost its context"
	if len(told) != 1 || told[0] != why || f.Info() != (sim.RendererInfo{Renderer: "cpu", InsteadOf: why}) {
		t.Errorf("told %q, Info() = %+v", told, f.Info())
	}
	if f.Close(); cpu.closed != 1 || gpu.closed != 1 {
		t.Errorf("closed %d and %d times, want once each", gpu.closed, cpu.closed)
	}

	gpu, cpu = &fake{name: "gpu", fails: 1}, &fake{name: "cpu", fails: 1}
	if f, err = WithFallback(open(gpu), open(cpu), nil); err != nil {
		t.Fatal(err)
	}
	if err := f.Render(nil, sim.Camera{}, &sim.Shot{}); err == nil || err.Error() != "gpu lost its context" || f.Info().Renderer != "gpu" || cpu.closed != 1 {
		t.Errorf("what neither draws: %v, drawn by %+v, the other closed %d times", err, f.Info(), cpu.closed)
	}

	if f, err = WithFallback(broken, open(&fake{name: "cpu"}), nil); err != nil || f.Info().Renderer != "cpu" || !strings.Contains(f.Info().InsteadOf, "no driver") {
		t.Errorf("without the first: %v, %+v", err, f.Info())
	}
	if _, err = WithFallback(broken, broken, nil); err == nil || !strings.Contains(err.Error(), "cannot be opened") {
		t.Errorf("without both: %v", err)
	}
}
