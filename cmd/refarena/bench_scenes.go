package main

import (
	"slices"
	"syscall"
	"time"

	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/refer"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
)

// A sceneBench is what it takes to make scenes of a level with their instructions.
type sceneBench struct {
	whole, instructions []float64 // CPU time of each scene [ms]: all of it, and Look and Generate of it
	count               int       // instructions made
	tries               int       // scenes drawn
}

// sceneSeed is the first of the scenes that are measured.
const sceneSeed = 2000

// sceneBench makes scenes of a level: drawn, compiled with the robot in its home posture, settled, checked, drawn as a picture of 640 × 480 px,
// and asked for 20 instructions. It counts the process's CPU time, since that is what one core needs, whatever else the machine does.
func (b *bench) sceneBench(level scenes.Level) (*sceneBench, error) {
	if s := b.scenes[level]; s != nil {
		return s, nil
	}
	cfg, err := level.Config()
	if err != nil {
		return nil, err
	}
	part, err := b.robot.Build()
	if err != nil {
		return nil, err
	}
	defer part.Close()
	mount := scenes.Mount{
		Attach: func(s *sim.Spec) error { return s.Attach(part, s.World(), sim.Identity(), tasks.RobotPrefix) },
		Home: func(d *sim.Data) error {
			plant, err := b.robot.NewPlant(d, tasks.RobotPrefix)
			if err != nil {
				return err
			}
			return plant.Reset()
		},
	}
	r, err := render.New(render.Options{Device: b.device})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for _, d := range scenes.Catalogue() { // meshes and what follows from them are made on first use, once for all scenes
		d.Bounds()
		for _, name := range d.Colors {
			c, err := scenes.FindColor(name)
			if err != nil {
				return nil, err
			}
			d.Mixed(c)
		}
	}
	out := &sceneBench{}
	var shot sim.Shot
	const warm, n = 12, 120
	for i := range warm + n {
		if b.ctx.Err() != nil {
			return nil, b.ctx.Err()
		}
		seed := sceneSeed + uint64(i)
		start := cpuTime()
		s, err := scenes.Generate(cfg, seed, mount)
		if err != nil {
			return nil, err
		}
		err = r.Render(s.Data, s.Camera(640, 480), &shot)
		seen := cpuTime()
		var all []refer.Instruction
		if err == nil {
			var v *refer.View
			if v, err = refer.Look(s, &shot); err == nil {
				all, err = v.Generate(refer.Options{}, scenes.Stream(seed, "instructions"))
			}
		}
		end := cpuTime()
		for _, k := range s.Rejected {
			out.tries += k
		}
		s.Close()
		if err != nil {
			return nil, err
		}
		if i < warm {
			continue
		}
		out.whole = append(out.whole, 1000*(end-start).Seconds())
		out.instructions = append(out.instructions, 1000*(end-seen).Seconds())
		out.count += len(all)
	}
	if b.scenes == nil {
		b.scenes = map[scenes.Level]*sceneBench{}
	}
	b.scenes[level] = out
	return out, nil
}

// sceneTime is a figure about scenes of a level: of each, or the 99th percentile.
func sceneTime(level scenes.Level, pick func(*sceneBench) []float64, p99 bool) func(*bench) ([]float64, map[string]any, error) {
	return func(b *bench) ([]float64, map[string]any, error) {
		s, err := b.sceneBench(level)
		if err != nil {
			return nil, nil, err
		}
		x := slices.Sorted(slices.Values(pick(s)))
		if p99 {
			x = []float64{x[min(len(x)*99/100, len(x)-1)]}
		}
		config := b.sceneConfig()
		config["suite"], config["seed"], config["level"] = "", sceneSeed, string(level)
		config["scenes"], config["redrawn"], config["instructions"] = len(s.whole), s.tries, s.count
		delete(config, "objects")
		delete(config, "triangles")
		return x, config, nil
	}
}

func wholeScene(s *sceneBench) []float64        { return s.whole }
func sceneInstructions(s *sceneBench) []float64 { return s.instructions }

// cpuTime is how long this process has used a core, its threads added up.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
