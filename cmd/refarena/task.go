package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
)

type taskCommand struct {
	Check taskCheckCommand `cmd:"" help:"Check a suite file, and make the scenes of some seeds with it."`
	List  taskListCommand  `cmd:"" help:"List the suites that come with the program, and their tasks."`
	Words taskWordsCommand `cmd:"" help:"List the conditions that a task can ask for, each with its definition."`
}

type taskCheckCommand struct {
	robotFlags
	Suite string `arg:"" help:"A file that ends in .yaml, or the name of a suite."`
	Seeds int    `default:"2" help:"How many scenes of each task to make; 0 only reads the file."`
	Seed  uint64 `default:"1" help:"The first seed."`
}

// Run says what is in a suite and whether its scenes can be made. Exit status 1 if not.
func (c *taskCheckCommand) Run(ctx context.Context, io console) error {
	suite, err := tasks.LoadSuite(c.Suite)
	if err != nil {
		return usageError{err}
	}
	robot, err := robots.Open(c.Robot)
	if err != nil {
		return usageError{err}
	}
	if c.Seeds < 0 || c.Seeds > 1000 {
		return usageError{fmt.Errorf("%d seeds (want 0 to 1000)", c.Seeds)}
	}
	fmt.Fprintf(io.out, "suite %s, %d tasks: the file is well formed\n", suite.Name, len(suite.Tasks))
	if c.Seeds == 0 {
		return nil
	}
	see, err := render.New(render.Options{Device: render.Software})
	if err != nil {
		return err
	}
	defer see.Close()
	bad := 0
	for i := range c.Seeds * len(suite.Tasks) {
		if err := ctx.Err(); err != nil {
			return err
		}
		seed := c.Seed + uint64(i)
		start := time.Now()
		stage, err := tasks.NewStage(suite, robot, seed, see)
		if err != nil {
			bad++
			fmt.Fprintf(io.out, "%-22s seed %-6d %v\n", suite.Task(seed).Name, seed, err)
			continue
		}
		draws := 1
		for _, n := range stage.Scene.Rejected {
			draws += n
		}
		fmt.Fprintf(io.out, "%-22s seed %-6d ok, %d objects, %d draws, %.1f s\n", stage.Task.Name, seed, len(stage.Scene.Objects), draws, time.Since(start).Seconds())
		stage.Close()
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d scenes could not be made", bad, c.Seeds*len(suite.Tasks))
	}
	return nil
}

type taskListCommand struct{}

// Run lists suites.
func (taskListCommand) Run(io console) error {
	for _, name := range tasks.SuiteNames() {
		s, err := tasks.LoadSuite(name)
		if err != nil {
			return err
		}
		var list []string
		for _, t := range s.Tasks {
			list = append(list, fmt.Sprintf("%s (%d)", t.Name, len(t.Goals)))
		}
		fmt.Fprintf(io.out, "%-12s %s\n%-12s tasks (goals): %s\n", name, s.About, "", strings.Join(list, ", "))
	}
	return nil
}

type taskWordsCommand struct{}

// Run lists conditions.
func (taskWordsCommand) Run(io console) error {
	for _, k := range tasks.Conditions() {
		where := "finally, keep"
		switch {
		case k.Keeps:
			where = "keep"
		case k.Also:
			where = "also"
		}
		n := fmt.Sprint(k.Min)
		if k.Max > k.Min {
			n += fmt.Sprintf("…%d", k.Max)
		}
		fmt.Fprintf(io.out, "%-17s %-4s %-14s %s\n", k.Name, n, where, cmp.Or(k.About, "-"))
	}
	return nil
}
