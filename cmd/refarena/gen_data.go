package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/refer"
	"github.com/refarena/refarena/tasks"
	"github.com/refarena/refarena/tasks/dataset"
)

// data writes a data set, or reads one, and writes what is made from it. What is in it goes to stdout; progress goes to stderr.
func (c *genCommand) data(ctx context.Context, io console) error {
	if c.Each < 1 {
		return usageError{fmt.Errorf("%d questions of each task (want at least 1)", c.Each)}
	}
	var s *dataset.Summary
	var err error
	if c.From != "" {
		s, err = c.read(io)
	} else {
		s, err = c.make(ctx, io)
	}
	if err != nil {
		return err
	}
	if err := s.Counts.Write(io.out); err != nil {
		return err
	}
	dir := cmp.Or(c.From, c.Out)
	if c.Sheet != "" {
		img, err := dataSheet(dir, 9)
		if err != nil {
			return err
		}
		var buf bytes.Buffer
		if err := png.Encode(&buf, img); err != nil {
			return err
		}
		if err := os.WriteFile(c.Sheet, buf.Bytes(), 0o666); err != nil {
			return fmt.Errorf("sheet: %w", err)
		}
	}
	if c.LLaVA != "" {
		if err := dataset.LLaVA(dir, c.LLaVA); err != nil {
			return err
		}
		fmt.Fprintf(io.err, "%s: rgb.json, rgbd.json and reasoning.json with %d questions each\n", c.LLaVA, s.Questions)
	}
	if c.RefSpatial != "" {
		blind, err := dataset.RefSpatial(dir, c.RefSpatial, c.Each)
		if err != nil {
			return err
		}
		fmt.Fprintf(io.err, "%s: %d questions of each task; what answers score that ignore the question:\n", c.RefSpatial, c.Each)
		return blind.Write(io.err)
	}
	return nil
}

// read is what is in the data set --from, whose shards are compared with their hashes.
func (c *genCommand) read(io console) (*dataset.Summary, error) {
	info, _, err := dataset.Read(c.From, true)
	if err != nil {
		return nil, err
	}
	s, err := dataset.Summarize(c.From)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(io.err, "%s: %d pictures with %d questions in %d shards, as they were written\n", c.From, s.Pictures, s.Questions, info.Shards)
	return s, nil
}

// make writes the data set --out.
func (c *genCommand) make(ctx context.Context, io console) (*dataset.Summary, error) {
	cfg, err := c.config()
	if err != nil {
		return nil, usageError{err}
	}
	device, err := c.device()
	if err != nil {
		return nil, err
	}
	if c.Workers < 0 {
		return nil, usageError{fmt.Errorf("%d workers (want at least 1, or 0 for one for each core)", c.Workers)}
	}
	if cfg.Cycles > 0 {
		if err := c.checkCycles(); err != nil {
			return nil, err
		}
	}
	start := time.Now()
	p := &genProgress{out: io.err, shards: cfg.Shards(), start: start}
	s, err := dataset.Make(ctx, c.Out, cfg, dataset.Options{
		Workers:     c.Workers,
		NewRenderer: renderers(device, c.Workers),
		Cycles:      c.cycles,
		OnShard:     p.shard,
	})
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(io.err, "%s: %d pictures with %d questions in %d shards, %.1f MB; %.1f s\n", c.Out, s.Pictures, s.Questions, len(s.SHA256), float64(s.Bytes)/1e6,
		time.Since(start).Seconds())
	if len(s.Skipped) > 0 || s.LeftOut > 0 {
		fmt.Fprintf(io.err, "left out: %d scenes that do not settle, %d pictures with fewer than %d questions\n", len(s.Skipped), s.LeftOut, cfg.WithDefaults().MinQuestions)
	}
	return s, nil
}

const cyclesScript = "train/cycles.py"

// cycles renders scenes with Blender Cycles.
func (c *genCommand) cycles(ctx context.Context, files []string, out string, paths int) error {
	args := append([]string{cyclesScript, "--out", out, "--samples", strconv.Itoa(paths)}, files...)
	cmd := exec.CommandContext(ctx, c.Python, args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		return fmt.Errorf("%s: %w: %s", cyclesScript, err, lines[len(lines)-1])
	}
	return nil
}

// checkCycles says what is missing for --renderer cycles.
func (c *genCommand) checkCycles() error {
	if _, err := exec.LookPath(c.Python); err != nil {
		return fmt.Errorf("--renderer cycles: %w (make cycles sets it up, or --python says where it is)", err)
	}
	if _, err := os.Stat(cyclesScript); err != nil {
		return fmt.Errorf("--renderer cycles: %w (want to be run in the checkout)", err)
	}
	return nil
}

// config is the data set that the flags ask for.
func (c *genCommand) config() (dataset.Config, error) {
	robot, err := c.robot()
	if err != nil {
		return dataset.Config{}, err
	}
	w, h, err := c.size(robot)
	if err != nil {
		return dataset.Config{}, err
	}
	first := dataset.Training.First
	if c.RefSpatial != "" {
		first = dataset.Bench.First
	}
	cfg := dataset.Config{
		Seed: cmp.Or(c.Seed, first), Scenes: c.Scenes, Robot: c.Robot, Views: c.Views, Width: w, Height: h, Questions: c.Count, MinQuestions: c.MinCount,
		Steps: c.Steps, Relations: c.Relations, Split: refer.Split(c.Split), RGB: dataset.Format(c.RGB), ShardScenes: c.ShardScenes,
	}
	if c.Renderer == "cycles" {
		if cfg.Cycles = c.Samples; c.Samples < 1 {
			return cfg, fmt.Errorf("%d paths a pixel (want 1 or more)", c.Samples)
		}
	}
	for _, l := range c.Levels {
		cfg.Levels = append(cfg.Levels, scenes.Level(l))
	}
	for _, k := range c.Kinds {
		cfg.Kinds = append(cfg.Kinds, scenes.QuestionKind(k))
	}
	for _, a := range c.Aspects {
		ratio, err := parseAspect(a)
		if err != nil {
			return cfg, err
		}
		cfg.Aspects = append(cfg.Aspects, ratio)
	}
	if c.Views < 1 || c.Count < 1 || c.MinCount < 0 || c.ShardScenes < 1 {
		return cfg, fmt.Errorf("%d views with %d instructions, %d at least, %d scenes in a shard (want 1 or more)", c.Views, c.Count, c.MinCount, c.ShardScenes)
	}
	return cfg, cfg.Validate()
}

// size is --size: a square of so many pixels, or width and height.
func (c *genCommand) size(robot *robots.Robot) (w, h int, err error) {
	if c.Size == "" {
		if robot != nil && robot.Camera != "" {
			w, h = tasks.PictureSize(robot)
			return w, h, nil
		}
		return 448, 448, nil
	}
	if n, err := strconv.Atoi(c.Size); err == nil && n > 0 {
		return n, n, nil
	}
	return parseSize(c.Size)
}

// parseAspect reads a ratio such as 4:3 or 1.333.
func parseAspect(s string) (float64, error) {
	first, second, both := strings.Cut(s, ":")
	a, err := strconv.ParseFloat(first, 64)
	b := 1.0
	if err == nil && both {
		b, err = strconv.ParseFloat(second, 64)
	}
	if r := a / b; err == nil && r > 0 && !math.IsInf(r, 0) {
		return r, nil
	}
	return 0, fmt.Errorf("aspect %q (want a ratio such as 4:3, or a number)", s)
}

// A genProgress prints a line for each shard.
type genProgress struct {
	mu       sync.Mutex
	out      io.Writer
	shards   int
	done     int
	pictures int // of this run
	start    time.Time
}

func (p *genProgress) shard(info dataset.ShardInfo, old bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	if old {
		return
	}
	p.pictures += info.Pictures
	fmt.Fprintf(p.out, "shard %d: %d pictures, %d questions; %d of %d shards, %.1f pictures/s\n", info.Shard, info.Pictures, info.Questions, p.done, p.shards,
		float64(p.pictures)/time.Since(p.start).Seconds())
}
