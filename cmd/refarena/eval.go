package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
)

// What an episode is a function of, shared by the commands that run one.
type episodeFlags struct {
	Suite string `default:"starter" help:"Suite by name (${suites}), or a file that ends in .yaml."`
	Robot string `default:"ur5" help:"Robot: ${robots}."`
	Seed  uint64 `default:"1" help:"Seed of the first episode; the others count up from it."`
	GL    string `name:"gl" default:"software" help:"What draws: software (the reference), gpu or auto."`
}

type evalCommand struct {
	episodeFlags
	Referee  string        `default:"oracle" help:"What is asked where to point: ${referees}."`
	Timeout  time.Duration `default:"60s" help:"How long a server may take for one answer."`
	Episodes int           `short:"n" default:"20" help:"How many episodes."`
	Workers  int           `default:"0" help:"Episodes at a time; 0: one for each core. Results do not depend on it."`
	Size     string        `default:"640x480" help:"Size of the referee's picture [px]."`
	Out      string        `placeholder:"DIR" help:"Folder of the run (default: a new one under runs/)."`
	Frames   string        `default:"failed" enum:"failed,all,none" help:"Which steps' pictures to keep: failed, all or none."`
	JSON     bool          `name:"json" help:"One line of JSON for each episode, in order, then one for the summary."`
}

func (f episodeFlags) load() (*tasks.Suite, render.Device, error) {
	suite, err := tasks.LoadSuite(f.Suite)
	if err != nil {
		return nil, 0, usageError{err}
	}
	if _, err := robots.Open(f.Robot); err != nil {
		return nil, 0, usageError{err}
	}
	device, err := render.ParseDevice(f.GL)
	if err != nil {
		return nil, 0, usageError{err}
	}
	return suite, device, nil
}

func parseSize(s string) (w, h int, err error) {
	var rest string
	if n, _ := fmt.Sscanf(s+" ", "%dx%d%s", &w, &h, &rest); n != 2 || w < 1 || h < 1 || w > sim.MaxImageSide || h > sim.MaxImageSide {
		return 0, 0, usageError{fmt.Errorf("size %q (want WIDTHxHEIGHT, each 1 to %d, such as 640x480)", s, sim.MaxImageSide)}
	}
	return w, h, nil
}

// Run evaluates. Results go to stdout; progress, where the run is kept, and problems go to stderr.
func (c *evalCommand) Run(ctx context.Context, io console) error {
	suite, device, err := c.load()
	if err != nil {
		return err
	}
	if c.Episodes < 1 {
		return usageError{fmt.Errorf("%d episodes (want at least 1)", c.Episodes)}
	}
	if c.Workers < 0 {
		return usageError{fmt.Errorf("%d workers (want at least 1, or 0 for one for each core)", c.Workers)}
	}
	w, h, err := parseSize(c.Size)
	if err != nil {
		return err
	}
	ref, err := referee.Open(c.Referee, referee.Options{RoboRefer: referee.RoboReferOptions{Timeout: c.Timeout}})
	if err != nil {
		return usageError{err}
	}
	if c.Out == "" {
		name := fmt.Sprintf("%s-%s-%s-%s", time.Now().Format("20060102-150405"), suite.Name, c.Robot, fileName(c.Referee))
		c.Out = filepath.Join("runs", name)
	}

	var table *tabwriter.Writer
	var written error
	if !c.JSON {
		table = tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "TASK\tSEED\tOUTCOME\tSTEPS\tSIM_S\tWALL_S\tREASON")
	}
	bar := progress(io.err, c.Episodes)
	start := time.Now()
	records, runErr := tasks.Evaluate(ctx, tasks.Options{
		Suite: suite, Robot: c.Robot, Referee: ref, Seed: c.Seed, Episodes: c.Episodes, Workers: c.Workers, Width: w, Height: h,
		NewRenderer: func() (sim.Renderer, error) { return render.New(render.Options{Device: device}) },
		Out:         c.Out, Frames: tasks.FramePolicy(c.Frames),
		OnDone: func(int) { bar.Add(1) },
		OnRecord: func(r *tasks.Record) {
			if c.JSON {
				line, err := r.Line()
				if err == nil {
					_, err = fmt.Fprintf(io.out, "%s\n", line)
				}
				written = errors.Join(written, err)
				return
			}
			good := 0
			for _, s := range r.Steps {
				if s.Outcome == tasks.Success {
					good++
				}
			}
			fmt.Fprintf(table, "%s\t%d\t%s\t%d/%d\t%.1f\t%.2f\t%s\n", r.Task, r.Seed, r.Outcome, good, r.Planned, r.SimSeconds, r.WallSeconds, r.Why())
		},
	})
	bar.Finish()
	if len(records) > 0 {
		sum := tasks.Summarize(records, time.Since(start).Seconds())
		if c.JSON {
			line, err := json.Marshal(sum)
			if err == nil {
				_, err = fmt.Fprintf(io.out, "%s\n", line)
			}
			written = errors.Join(written, err)
		} else {
			written = errors.Join(written, table.Flush())
			_, err := fmt.Fprintln(io.out, sum)
			written = errors.Join(written, err)
		}
		fmt.Fprintf(io.err, "%s: %d of %d episodes saved\n", c.Out, len(records), c.Episodes)
	}
	if err := errors.Join(runErr, written); err != nil {
		return err
	}
	for _, r := range records {
		if r.Outcome == tasks.Error {
			return errReported
		}
	}
	return nil
}

// fileName is a referee's name as part of a folder's.
func fileName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
			return r
		}
		return '_'
	}, s)
}

// progress is a bar on a terminal and silent elsewhere.
func progress(w io.Writer, n int) *progressbar.ProgressBar {
	if f, ok := w.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return progressbar.DefaultSilent(int64(n))
	}
	return progressbar.NewOptions(n, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription("episodes"),
		progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish())
}
