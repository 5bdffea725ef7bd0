package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
)

// Commands that work on the folders of runs.

type mergeCommand struct {
	Out   string   `arg:"" help:"Folder of the whole run, made if need be."`
	Parts []string `arg:"" help:"Folders of its parts: those of eval --shard, for example."`
}

// Run joins the parts of a run.
func (c *mergeCommand) Run(io console) error {
	n, err := tasks.Merge(c.Out, c.Parts)
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "%s: %d episodes\n", c.Out, n)
	return nil
}

type verifyCommand struct {
	Dir     string `arg:"" name:"run" help:"Folder of the run."`
	Sample  int    `placeholder:"N" help:"Only so many of its episodes, evenly spread."`
	Workers int    `default:"0" help:"Episodes at a time; 0: one for each core."`
	GL      string `name:"gl" default:"software" help:"What draws: software (the reference), gpu or auto."`
}

// Run plays a run again from its record and compares. Exit status 1 if anything differs.
func (c *verifyCommand) Run(ctx context.Context, io console) error {
	device, err := render.ParseDevice(c.GL)
	if err != nil {
		return usageError{err}
	}
	if c.Sample < 0 || c.Workers < 0 {
		return usageError{fmt.Errorf("a sample of %d by %d workers (want 0 or more)", c.Sample, c.Workers)}
	}
	bar := progress(io.err, -1)
	start := time.Now()
	v, err := tasks.Verify(ctx, c.Dir, tasks.VerifyOptions{
		NewRenderer: func() (sim.Renderer, error) { return render.New(render.Options{Device: device}) },
		Sample:      c.Sample, Workers: c.Workers, OnDone: func(int) { bar.Add(1) },
	})
	bar.Finish()
	if err != nil {
		return err
	}
	for _, m := range v.Mismatches {
		fmt.Fprintln(io.out, m)
	}
	for _, change := range v.Changes {
		fmt.Fprintf(io.out, "recorded and here: %s\n", change)
	}
	fmt.Fprintf(io.out, "%d of %d episodes equal, bit for bit; %.1f s\n", len(v.Checked)-len(v.Mismatches), len(v.Checked), time.Since(start).Seconds())
	if len(v.Mismatches) > 0 {
		return errReported
	}
	return nil
}

type compareCommand struct {
	A      string   `arg:"" help:"Folder of the run that the others are compared with."`
	Others []string `arg:"" name:"run" help:"Folders of the others."`
	Across bool     `name:"across-versions" help:"Compare runs made by different programs too."`
	JSON   bool     `name:"json" help:"One line of JSON for each comparison."`
}

// Run compares runs, episode by episode.
func (c *compareCommand) Run(io console) error {
	for i, b := range c.Others {
		cmp, err := tasks.Compare(c.A, b, c.Across)
		if err != nil {
			return err
		}
		if c.JSON {
			line, err := json.Marshal(struct {
				Type string `json:"type"`
				A    string `json:"a"`
				B    string `json:"b"`
				*tasks.Comparison
			}{"comparison", c.A, b, cmp})
			if err != nil {
				return err
			}
			fmt.Fprintln(io.out, string(line))
			continue
		}
		if i > 0 {
			fmt.Fprintln(io.out)
		}
		fmt.Fprint(io.out, cmp)
	}
	return nil
}
