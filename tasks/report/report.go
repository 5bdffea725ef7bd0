// Package report writes what came of runs as a web page: a folder that opens from a file, without a network, and has everything in it.
package report

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/refarena/refarena/tasks"
)

//go:embed page.html page.css page.js
var files embed.FS

// A run is what the page knows of one.
type run struct {
	Name     string          `json:"name"` // its folder's
	Dir      string          `json:"dir"`  // of the run, as it was given, for commands
	Info     tasks.RunInfo   `json:"info"`
	Analysis *tasks.Analysis `json:"analysis"`
	Controls []control       `json:"controls,omitempty"`
	Episodes []*tasks.Record `json:"episodes"`
	Frames   map[string]bool `json:"-"`
}

// A control is a referee that bounds what can be reached, on the same episodes.
type control struct {
	Name     string          `json:"name"`
	Analysis *tasks.Analysis `json:"analysis"`
}

// Write writes the report of the runs in some folders into the folder out: index.html, and frames/ with the pictures that the runs kept. What
// stood in out under these names is replaced.
func Write(out string, dirs []string) error {
	if len(dirs) == 0 {
		return fmt.Errorf("report: no runs (want at least one)")
	}
	var runs []*run
	for i, dir := range dirs {
		r, err := load(dir)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(runs, func(o *run) bool { return o.Name == r.Name }) {
			r.Name = fmt.Sprintf("%s (%d)", r.Name, i+1)
		}
		runs = append(runs, r)
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	for i, r := range runs {
		if err := copyFrames(filepath.Join(out, "frames", fmt.Sprint(i)), r); err != nil {
			return err
		}
	}
	page, err := render(runs)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, "index.html"), page, 0o666); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

func load(dir string) (*run, error) {
	info, err := tasks.ReadRunInfo(dir)
	if err != nil {
		return nil, err
	}
	records, err := tasks.ReadRecords(dir)
	if err != nil {
		return nil, err
	}
	r := &run{Name: filepath.Base(filepath.Clean(dir)), Dir: dir, Info: info, Episodes: records, Analysis: tasks.Analyse(records, info.Asked())}
	for _, name := range tasks.ControlRuns(dir) {
		rec, err := tasks.ReadRecords(name)
		if err != nil {
			return nil, err
		}
		cInfo, err := tasks.ReadRunInfo(name)
		if err != nil {
			return nil, err
		}
		r.Controls = append(r.Controls, control{cInfo.Referee.Name, tasks.Analyse(rec, cInfo.Asked())})
	}
	return r, nil
}

// copyFrames copies the pictures of a run and notes which there are.
func copyFrames(to string, r *run) error {
	r.Frames = map[string]bool{}
	names, err := filepath.Glob(filepath.Join(r.Dir, tasks.FramesDir, "*.png"))
	if err != nil || len(names) == 0 {
		return err
	}
	if err := os.MkdirAll(to, 0o777); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(filepath.Join(to, filepath.Base(name)), data, 0o666)
		}
		if err != nil {
			return fmt.Errorf("report: %w", err)
		}
		r.Frames[filepath.Base(name)] = true
	}
	return nil
}

// A step is a StepRecord with the picture of it that the page can show.
type step struct {
	Skill          string   `json:"skill"`
	Goal           int      `json:"goal"`
	Attempt        int      `json:"attempt"`
	Instruction    string   `json:"instruction"`
	Referent       string   `json:"referent"`
	Answer         string   `json:"answer"`
	Hit            bool     `json:"hit"`
	Asked          bool     `json:"asked"`
	ReasoningSteps int      `json:"reasoning_steps"`
	Relations      []string `json:"relations,omitempty"`
	Outcome        string   `json:"outcome"`
	Cause          string   `json:"cause,omitempty"`
	Reason         string   `json:"reason,omitempty"`
	Frame          string   `json:"frame,omitempty"`
}

type episode struct {
	Seed     uint64  `json:"seed"`
	Task     string  `json:"task"`
	Outcome  string  `json:"outcome"`
	Error    string  `json:"error,omitempty"`
	Progress float64 `json:"progress"`
	Sim      float64 `json:"sim_s"`
	Trace    string  `json:"trace"`
	Steps    []step  `json:"steps"`
}

func render(runs []*run) ([]byte, error) {
	type data struct {
		*run
		Episodes []episode `json:"episodes"`
	}
	var list []data
	for i, r := range runs {
		d := data{run: r}
		for _, rec := range r.Episodes {
			e := episode{Seed: rec.Seed, Task: rec.Task, Outcome: string(rec.Outcome), Error: rec.Error, Progress: rec.Progress, Sim: rec.SimSeconds, Trace: rec.Trace, Steps: []step{}}
			for k := range rec.Steps {
				s := &rec.Steps[k]
				frame := tasks.FrameName(rec.Seed, k, s.Skill)
				if r.Frames[frame] {
					frame = fmt.Sprintf("frames/%d/%s", i, frame)
				} else {
					frame = ""
				}
				e.Steps = append(e.Steps, step{s.Skill, s.Goal, s.Attempt, s.Instruction, s.Referent, s.Answer, s.Hit, s.Query != "" && s.Region > 0, s.ReasoningSteps, s.Relations,
					string(s.Outcome), string(s.Cause), s.Reason, frame})
			}
			d.Episodes = append(d.Episodes, e)
		}
		list = append(list, d)
	}
	// json.Marshal escapes <, > and &, so that the text cannot end the script element.
	text, err := json.Marshal(list)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	read := func(name string) string {
		b, err := files.ReadFile(name)
		if err != nil {
			panic(err) // embedded
		}
		return string(b)
	}
	t := template.Must(template.New("page").Parse(read("page.html")))
	var titles []string
	for _, r := range runs {
		titles = append(titles, r.Info.Suite+" · "+r.Info.Robot+" · "+r.Info.Referee.Name)
	}
	var buf bytes.Buffer
	err = t.Execute(&buf, map[string]any{
		"Title": strings.Join(titles, " | "), "CSS": template.CSS(read("page.css")), "JS": template.JS(read("page.js")), "Data": template.JS(text),
	})
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return buf.Bytes(), nil
}
