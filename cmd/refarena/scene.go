package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/refarena/refarena/scenes"
)

type sceneCommand struct {
	Make  layoutMakeCommand  `cmd:"" help:"Make a scene, say what is in it, and keep it as a scene file if you like."`
	Check layoutCheckCommand `cmd:"" help:"Read scene files, settle them again, and see whether they still are what they say."`
}

type layoutMakeCommand struct {
	Level  string   `placeholder:"LEVEL" help:"easy, medium or hard; without it a tidy table."`
	Seed   uint64   `default:"1" help:"Seed of the scene."`
	Count  string   `placeholder:"N" help:"How many objects: a number, or MIN-MAX."`
	Table  string   `placeholder:"DEPTHxWIDTH" help:"Size of the table's top [m], such as 0.8x1.2."`
	Gap    float64  `placeholder:"M" help:"Least distance between two objects [m]."`
	Design []string `placeholder:"NAME" help:"What the objects are chosen from, by the names that refarena objects prints."`
	Out    string   `placeholder:"FILE" help:"Write the scene into this file."`
}

// config is what the flags ask for.
func (c *layoutMakeCommand) config() (scenes.Config, error) {
	var cfg scenes.Config
	if c.Level != "" {
		level, err := scenes.ParseLevel(c.Level)
		if err != nil {
			return cfg, err
		}
		if cfg, err = level.Config(); err != nil {
			return cfg, err
		}
	}
	if c.Count != "" {
		from, to, isRange := strings.Cut(c.Count, "-")
		if !isRange {
			to = from
		}
		var err1, err2 error
		cfg.MinObjects, err1 = strconv.Atoi(from)
		cfg.MaxObjects, err2 = strconv.Atoi(to)
		if err1 != nil || err2 != nil || cfg.MinObjects < 1 {
			return cfg, fmt.Errorf("--count %s (want a number of objects, or two as in 4-8)", c.Count)
		}
	}
	if c.Table != "" {
		depth, width, ok := strings.Cut(c.Table, "x")
		x, err1 := strconv.ParseFloat(depth, 64)
		y, err2 := strconv.ParseFloat(width, 64)
		if !ok || err1 != nil || err2 != nil {
			return cfg, fmt.Errorf("--table %s (want its depth and width in m, such as 0.8x1.2)", c.Table)
		}
		t := scenes.DefaultTable
		if near := scenes.TaskZone.MinX; x < t.Top.MaxX-near { // a small table stands where the robot reaches
			t.Top.MinX = near
		}
		t.Top.MaxX, t.Top.MinY, t.Top.MaxY = t.Top.MinX+x, -y/2, y/2
		cfg.Setting, cfg.MinTables, cfg.MaxTables = &scenes.Setting{Tables: []scenes.Table{t}}, 1, 1
	}
	if c.Gap != 0 {
		cfg.Gap, cfg.TaskGap = c.Gap, max(c.Gap, cfg.TaskGap)
	}
	cfg.Designs = c.Design
	return cfg, cfg.Validate()
}

// Run makes the scene, or says why there can be none.
func (c *layoutMakeCommand) Run(io console) error {
	cfg, err := c.config()
	if err != nil {
		return usageError{err}
	}
	s, err := scenes.Generate(cfg, c.Seed, scenes.Mount{})
	if err != nil {
		return err
	}
	defer s.Close()
	if c.Out != "" {
		text, err := s.Encode()
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(c.Out), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(c.Out, text, 0o644); err != nil {
			return err
		}
	}
	fmt.Fprintf(io.out, "%-26s %-15s %-26s %s\n", "OBJECT", "DESIGN", "ON", "AT_M")
	for _, o := range s.Objects {
		on := o.On
		if on == "" {
			on = "table"
		}
		fmt.Fprintf(io.out, "%-26s %-15s %-26s %.3f, %.3f, %.3f\n", o.Name, o.Design.Name, on, o.TWorldObj.Pos[0], o.TWorldObj.Pos[1], o.TWorldObj.Pos[2])
	}
	var refused []string
	for _, why := range slices.Sorted(maps.Keys(s.Rejected)) {
		refused = append(refused, fmt.Sprintf("%d × %s", s.Rejected[why], why))
	}
	if refused == nil {
		refused = []string{"none"}
	}
	fmt.Fprintf(io.out, "%d objects; draws refused before: %s; hash %s\n", len(s.Objects), strings.Join(refused, ", "), s.Hash())
	return nil
}

type layoutCheckCommand struct {
	Files []string `arg:"" help:"Scene files (refarena scene make --out FILE)."`
}

// Run checks scene files. Exit status 1 if one is refused, 2 if one cannot be read.
func (c *layoutCheckCommand) Run(io console) error {
	var unreadable, refused error
	for _, name := range c.Files {
		text, err := os.ReadFile(name)
		if err == nil {
			_, _, err = scenes.Parse(name, text)
		}
		if err != nil {
			fmt.Fprintf(io.err, "refarena: %v\n", err)
			unreadable = errors.Join(unreadable, err)
			continue
		}
		s, err := scenes.Load(name, text, scenes.Mount{})
		if err != nil {
			fmt.Fprintf(io.err, "refarena: %v\n", err)
			refused = err
			continue
		}
		fmt.Fprintf(io.out, "%s: ok, %d objects rest where they should; hash %s\n", name, len(s.Objects), s.Hash())
		s.Close()
	}
	switch {
	case unreadable != nil:
		return usageError{fmt.Errorf("not every file could be read")}
	case refused != nil:
		return errReported
	}
	return nil
}
