package main

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/refarena/refarena/assets"
	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/referee/roborefer"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
)

// benchInstructions are of a usual length for the grammar of scenes/refer.
var benchInstructions = []string{
	"Point to the item that is located between the squeeze bottle and the watering can.",
	"Show me vacant space roughly 15 cm to the right of the banana.",
	"Point out the second mug from the left.",
	"Locate the largest object behind the blue box.",
}

// embeddedSide is the side of the embedded model's own picture [px].
const embeddedSide = 192

// frame is what the stage's camera sees, at the embedded model's resolution.
func (b *bench) frame() (sim.Frame, error) {
	r, err := render.New(render.Options{Device: b.device})
	if err != nil {
		return sim.Frame{}, err
	}
	defer r.Close()
	var shot sim.Shot
	if err := r.Render(b.stage.Scene.Data, b.stage.Scene.Camera(embeddedSide, embeddedSide), &shot); err != nil {
		return sim.Frame{}, err
	}
	f := shot.Frame
	f.RGB, f.Depth = slices.Clone(f.RGB), slices.Clone(f.Depth)
	return f, nil
}

// point asks the embedded model: about a new picture each time, or once more about the last one.
func (b *bench) point(depth, newFrame bool) (x []float64, _ map[string]any, err error) {
	f, err := b.frame()
	if err != nil {
		return nil, nil, err
	}
	r, err := roborefer.OpenFS("embedded", assets.Referee(), roborefer.Options{Device: "cpu"})
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	q := referee.NewQuery(&f, "", 0)
	if !depth {
		q.Depth = nil
	}
	var cpu []float64
	for i := range 110 {
		if newFrame {
			q.RGB[0], q.RGB[1] = byte(i), byte(i>>8) // another picture, by a pixel
			if depth {
				q.Depth[0] += 1e-3
			}
		}
		q.Instruction = benchInstructions[i%len(benchInstructions)]
		start, used := time.Now(), cpuTime()
		if _, err := r.Point(b.ctx, q); err != nil {
			return nil, nil, err
		}
		if i >= 10 {
			x = append(x, 1000*time.Since(start).Seconds())
			cpu = append(cpu, 1000*(cpuTime()-used).Seconds())
		}
	}
	slices.Sort(cpu)
	return x, map[string]any{"side": embeddedSide, "depth": depth, "model": r.Info().Version, "cpu": tasks.CPUModel(), "cpu_ms": median(cpu)}, nil
}

// pointBatched compares the tokens a second of eight workers whose queries decode together with those of eight whose queries wait for one another:
// each about a new picture, or all about one.
func (b *bench) pointBatched(newFrame bool) (x []float64, _ map[string]any, err error) {
	f, err := b.frame()
	if err != nil {
		return nil, nil, err
	}
	config := map[string]any{"side": embeddedSide, "workers": 8, "new_frame": newFrame, "cpu": tasks.CPUModel()}
	rate := func(batch int) (float64, error) {
		r, err := roborefer.OpenFS("embedded", assets.Referee(), roborefer.Options{Device: "cpu", Batch: batch, Engines: 1})
		if err != nil {
			return 0, err
		}
		defer r.Close()
		const workers, each = 8, 12
		errs := make([]error, workers)
		ask := func(questions int) (tokens int, took time.Duration) {
			before, start := r.Stats().Tokens, time.Now()
			var wg sync.WaitGroup
			for w := range workers {
				wg.Go(func() {
					q := referee.NewQuery(&f, "", 0)
					q.RGB = slices.Clone(q.RGB)
					for i := range questions {
						if newFrame {
							q.RGB[0], q.RGB[1] = byte(i), byte(w+1)
						}
						q.Instruction = benchInstructions[(w+i)%len(benchInstructions)]
						if _, err := r.Point(b.ctx, q); err != nil {
							errs[w] = err
							return
						}
					}
				})
			}
			wg.Wait()
			return r.Stats().Tokens - before, time.Since(start)
		}
		ask(1) // the frame is encoded
		tokens, took := ask(each)
		for _, err := range errs {
			if err != nil {
				return 0, err
			}
		}
		return float64(tokens) / took.Seconds(), nil
	}
	for range 5 {
		one, err := rate(1)
		if err != nil {
			return nil, nil, err
		}
		eight, err := rate(8)
		if err != nil {
			return nil, nil, err
		}
		config["one_tokens_s"], config["batched_tokens_s"] = fmt.Sprintf("%.0f", one), fmt.Sprintf("%.0f", eight)
		x = append(x, eight/one)
	}
	return x, config, nil
}
