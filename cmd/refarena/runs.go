package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/tasks"
	"github.com/refarena/refarena/tasks/report"
)

// Commands that work on the folders of runs.

type mergeCommand struct {
	Out   string   `arg:"" help:"Folder of the whole run, made if need be."`
	Parts []string `arg:"" help:"Folders of its parts: shards, or runs of one suite, robot, referee and version with different seeds."`
}

// Run joins runs that are parts of one.
func (c *mergeCommand) Run(con console) error {
	n, err := tasks.Merge(c.Out, c.Parts)
	if err != nil {
		return err
	}
	fmt.Fprintf(con.out, "%s: %d episodes\n", c.Out, n)
	return nil
}

type verifyCommand struct {
	Dir     string `arg:"" name:"run" help:"Folder of the run."`
	Sample  int    `placeholder:"N" help:"Only so many of its episodes, evenly spread."`
	Workers int    `default:"0" help:"Episodes at a time; 0: one for each core."`
	glFlag
}

// Run plays a run again from its record and compares. Exit status 1 if anything differs.
func (c *verifyCommand) Run(ctx context.Context, con console) error {
	device, err := c.device()
	if err != nil {
		return err
	}
	if c.Sample < 0 || c.Workers < 0 {
		return usageError{fmt.Errorf("a sample of %d by %d workers (want 0 or more)", c.Sample, c.Workers)}
	}
	recorded, err := tasks.ReadRecords(c.Dir)
	if err != nil {
		return err
	}
	n := len(recorded)
	if c.Sample > 0 {
		n = min(n, c.Sample)
	}
	bar := progress(con.err, max(n, 1))
	start := time.Now()
	v, err := tasks.Verify(ctx, c.Dir, tasks.VerifyOptions{
		NewRenderer: renderers(device, c.Workers),
		Sample:      c.Sample, Workers: c.Workers, OnDone: func(int) { bar.Add(1) },
	})
	bar.Finish()
	if err != nil {
		return err
	}
	for _, m := range v.Mismatches {
		fmt.Fprintln(con.out, m)
	}
	for _, change := range v.Changes {
		fmt.Fprintf(con.out, "recorded and here: %s\n", change)
	}
	fmt.Fprintf(con.out, "%d of %d episodes equal, bit for bit; %.1f s\n", len(v.Checked)-len(v.Mismatches), len(v.Checked), time.Since(start).Seconds())
	if len(v.Mismatches) > 0 {
		return errReported
	}
	return nil
}

type compareCommand struct {
	A      string   `arg:"" help:"Folder of the run that the others are compared with."`
	Others []string `arg:"" name:"run" help:"Folders of the others."`
	Across bool     `name:"across-versions" help:"Compare runs made by different programs too."`
	Lists  []string `name:"designs-in" placeholder:"FILE" help:"Only episodes in which what is moved is a design of this list: one design a line, or what bench grasp.graspable --json printed or bench grasp --trials wrote. With several lists, of all of them."`
	JSON   bool     `name:"json" help:"One line of JSON for each comparison."`
}

// Run compares runs, episode by episode.
func (c *compareCommand) Run(con console) error {
	o := tasks.CompareOptions{AcrossVersions: c.Across}
	for i, file := range c.Lists {
		designs, err := readDesigns(file)
		if err != nil {
			return usageError{err}
		}
		if i > 0 {
			designs = slices.DeleteFunc(designs, func(d string) bool { return !slices.Contains(o.Designs, d) })
		}
		o.Designs = designs
	}
	for i, b := range c.Others {
		cmp, err := tasks.Compare(c.A, b, o)
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
			fmt.Fprintln(con.out, string(line))
			continue
		}
		if i > 0 {
			fmt.Fprintln(con.out)
		}
		fmt.Fprint(con.out, cmp)
	}
	return nil
}

// readDesigns reads a list of designs of the catalogue: one a line, or lines of JSON, of which those of bench's figure grasp.graspable and its trials count.
func readDesigns(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	designs := []string{}
	trials := graspBench{}
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if !strings.HasPrefix(line, "{") {
			if _, err := scenes.Find(line); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
			}
			designs = append(designs, line)
			continue
		}
		var figure struct {
			Name   string `json:"name"`
			Config struct {
				Graspable []string `json:"graspable"`
			} `json:"config"`
			graspTrial
		}
		if err := json.Unmarshal([]byte(line), &figure); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
		}
		switch {
		case figure.Name == "grasp.graspable":
			designs = append(designs, figure.Config.Graspable...)
		case figure.Design != "":
			trials.trials = append(trials.trials, figure.graspTrial)
		}
	}
	trials.sum()
	if designs = append(designs, trials.names(true)...); len(designs) == 0 {
		return nil, fmt.Errorf("%s: no designs (want one a line, or lines of bench grasp.graspable --json or of bench --trials FILE)", file)
	}
	return designs, nil
}

type reportCommand struct {
	Runs []string `arg:"" name:"run" help:"Folders of runs, the first one is shown first."`
	Out  string   `placeholder:"DIR" help:"Folder of the report (default: report/ in the first run's)."`
	JSON bool     `name:"json" help:"Print the analysis of each run as one line of JSON, instead of for people."`
}

// Run writes the report and says the same in a few lines.
func (c *reportCommand) Run(con console) error {
	out := c.Out
	if out == "" {
		out = filepath.Join(c.Runs[0], "report")
	}
	if err := report.Write(out, c.Runs); err != nil {
		return err
	}
	for _, dir := range c.Runs {
		if err := printAnalysis(con.out, dir, c.JSON); err != nil {
			return err
		}
	}
	fmt.Fprintf(con.err, "%s\n", filepath.Join(out, "index.html"))
	return nil
}

func printAnalysis(out io.Writer, dir string, asJSON bool) error {
	info, err := tasks.ReadRunInfo(dir)
	if err != nil {
		return err
	}
	records, err := tasks.ReadRecords(dir)
	if err != nil {
		return err
	}
	a := tasks.Analyse(records, info.Asked())
	if asJSON {
		line, err := json.Marshal(struct {
			Type string `json:"type"`
			Run  string `json:"run"`
			*tasks.Analysis
		}{"analysis", dir, a})
		if err == nil {
			_, err = fmt.Fprintln(out, string(line))
		}
		return err
	}
	_, err = fmt.Fprintf(out, "%s: %s on %s, %s, episodes: %s\n%v\n", dir, info.Referee.Name, info.Suite, info.Robot, info.Span(), a)
	return err
}
