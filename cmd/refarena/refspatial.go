package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/referee/photo"
	"github.com/refarena/refarena/referee/refspatial"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/tasks"
	"github.com/refarena/refarena/tasks/dataset"
)

type refspatialCommand struct {
	Path string `arg:"" help:"RefSpatial-Bench or a benchmark of its form: a folder with Location/, Placement/, …, one of these, a .parquet file, or a folder of those."`
	refereeFlags
	Mode      string   `default:"strict" enum:"strict,official" help:"strict: every sample counts. official: as the authors' script, which drops answers that it cannot read."`
	Model     string   `placeholder:"NAME" help:"Name that the official script would choose prompt and answer form by; it contains RoboRefer, RoboPoint, Claude, GPT4O, RoboBrain, Qwen, Molmo or Gemini (default: the model's own, else RoboRefer)."`
	Prompt    string   `default:"official" enum:"official,referee" help:"official: the benchmark's prompt for that name. referee: the question in the words that the referee uses in the arena."`
	Depth     string   `default:"query" enum:"query,server,none" help:"query: the folder's depth pictures, if it has any. server: RoboRefer's server estimates depth itself. none: RGB only."`
	Splits    []string `name:"split" help:"Only these splits, such as location,placement."`
	Limit     int      `default:"0" help:"Only so many samples of each split; 0: all."`
	Workers   int      `default:"4" help:"Questions at a time."`
	Out       string   `placeholder:"DIR" help:"Write DIR/SPLIT.jsonl, as the official script does and with both scores, and DIR/summary.json."`
	Published bool     `help:"Print the published results even beside a benchmark that is not RefSpatial-Bench."`
	JSON      bool     `name:"json" help:"Print one line of JSON for each row."`
}

// A benchAnswer is a line of DIR/SPLIT.jsonl. The first fields are the official script's, which reads these files.
type benchAnswer struct {
	QuestionID  string  `json:"question_id"`
	Prompt      string  `json:"prompt"`
	ObjectName  string  `json:"object_name"`
	Suffix      string  `json:"suffix"`
	Instruction string  `json:"instruction"`
	Text        *string `json:"text"` // null: the model was not reached, or its server failed
	ModelID     string  `json:"model_id"`
	RGBPath     string  `json:"rgb_path"`
	MaskPath    string  `json:"mask_path"`
	Category    string  `json:"category"`
	Step        int     `json:"step"`

	Relations []string         `json:"relations,omitempty"`
	Points    []sim.NormPoint  `json:"points"`
	Problem   referee.Problem  `json:"problem,omitempty"`
	Reason    string           `json:"reason,omitempty"`
	Error     string           `json:"error,omitempty"`
	Width     int              `json:"width"`
	Height    int              `json:"height"`
	Depth     bool             `json:"depth"`
	Strict    refspatial.Score `json:"strict"`
	Official  refspatial.Score `json:"official"`
}

// A benchRow is a line of the result.
type benchRow struct {
	Split     string  `json:"split"`
	Step      int     `json:"step"`               // 0: all
	Relation  string  `json:"relation,omitempty"` // of location and placement together; "": all
	N         int     `json:"n"`
	Evaluated int     `json:"evaluated"` // what the mean is over
	Dropped   int     `json:"dropped"`
	Crashed   int     `json:"crashed"` // the official script would have ended here without a result
	Errors    int     `json:"errors"`  // not asked
	Score     float64 `json:"score"`
	Low       float64 `json:"low"`
	High      float64 `json:"high"`
	Interval  string  `json:"interval"` // "wilson", "bootstrap", or "of the two" for the mean of location and placement
}

// A benchSummary is summary.json.
type benchSummary struct {
	Benchmark string       `json:"benchmark"`
	Mode      string       `json:"mode"`
	Prompt    string       `json:"prompt"`
	Depth     string       `json:"depth"`
	Model     string       `json:"model"`
	Grammar   string       `json:"grammar"`
	Referee   referee.Info `json:"referee"`
	Strict    []benchRow   `json:"strict"`
	Official  []benchRow   `json:"official"`
	// Blind is what answers score that ignore the question, where the folder says so.
	Blind *dataset.Baselines `json:"blind,omitempty"`
}

// Run asks every question and scores the answers both ways; the flag says which table is printed.
func (c *refspatialCommand) Run(ctx context.Context, io console) (err error) {
	splits, err := c.load()
	if err != nil {
		return err
	}
	r, done, err := c.openWith(io, referee.DepthSource(c.Depth))
	if err != nil {
		return err
	}
	defer done(&err)
	if err := referee.Check(ctx, r); err != nil {
		return err
	}
	info := r.Info()
	model := c.Model
	if model == "" {
		model = info.Model
		if _, ok := refspatial.OfficialGrammar(model); !ok {
			model = "RoboRefer"
		}
	}
	grammar, ok := refspatial.OfficialGrammar(model)
	if !ok {
		return usageError{fmt.Errorf("the official script scores no model %q (want a name with RoboRefer, RoboPoint, Claude, GPT4O, RoboBrain, Qwen, Molmo or Gemini in it)", model)}
	}
	if c.Out != "" {
		if err := os.MkdirAll(c.Out, 0o777); err != nil {
			return fmt.Errorf("output folder: %w", err)
		}
	}
	sum := benchSummary{Benchmark: filepath.Base(filepath.Clean(c.Path)), Mode: c.Mode, Prompt: c.Prompt, Depth: c.Depth, Model: model, Grammar: string(grammar), Referee: info}
	if sum.Blind, err = dataset.ReadBaselines(c.Path); err != nil {
		return err
	}
	if sum.Blind != nil {
		sum.Blind.Tasks = slices.DeleteFunc(sum.Blind.Tasks, func(t dataset.TaskBaselines) bool {
			return !slices.ContainsFunc(splits, func(s refspatial.Split) bool { return s.Name == t.Task })
		})
	}
	n := 0
	for _, s := range splits {
		n += len(s.Samples)
	}
	bar := progress(io.err, n)
	var all [][]benchAnswer
	failures := 0
	for _, s := range splits {
		answers, err := c.ask(ctx, r, model, grammar, s, func() { bar.Add(1) })
		if err != nil {
			return err
		}
		for _, a := range answers {
			if a.Error != "" {
				if failures++; failures <= 3 {
					fmt.Fprintf(io.err, "refarena: %s %s: %s\n", s.Name, a.QuestionID, a.Error)
				}
			}
		}
		if c.Out != "" {
			if err := writeAnswers(filepath.Join(c.Out, splitFile(s.Name)), answers); err != nil {
				return err
			}
		}
		all = append(all, answers)
	}
	bar.Finish()
	sum.Strict, sum.Official = rows(splits, all, false), rows(splits, all, true)
	if c.Out != "" {
		data, err := json.MarshalIndent(sum, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(c.Out, "summary.json"), append(data, '\n'), 0o666); err != nil {
			return err
		}
	}
	if err := c.print(io, sum, splits); err != nil {
		return err
	}
	if failures > 0 {
		fmt.Fprintf(io.err, "refarena: %d of %d questions could not be asked\n", failures, n)
		return errReported
	}
	return nil
}

func (c *refspatialCommand) load() ([]refspatial.Split, error) {
	if c.Workers < 1 || c.Limit < 0 {
		return nil, usageError{fmt.Errorf("%d workers, limit %d (want 1 or more workers, and a limit of 0 or more)", c.Workers, c.Limit)}
	}
	splits, err := refspatial.Load(c.Path)
	if err != nil {
		return nil, usageError{err}
	}
	var names []string
	for _, s := range splits {
		names = append(names, s.Name)
	}
	for _, want := range c.Splits {
		if !slices.Contains(names, want) {
			return nil, usageError{fmt.Errorf("no split %q (have %s)", want, strings.Join(names, ", "))}
		}
	}
	if len(c.Splits) > 0 {
		splits = slices.DeleteFunc(splits, func(s refspatial.Split) bool { return !slices.Contains(c.Splits, s.Name) })
	}
	if c.Limit > 0 {
		for i := range splits {
			splits[i].Samples = splits[i].Samples[:min(c.Limit, len(splits[i].Samples))]
		}
	}
	return splits, nil
}

// ask puts a split's questions, Workers at a time; answers are in the order of the questions.
func (c *refspatialCommand) ask(ctx context.Context, r referee.Referee, model string, grammar refspatial.Grammar, s refspatial.Split, done func()) ([]benchAnswer, error) {
	answers := make([]benchAnswer, len(s.Samples))
	errs := make([]error, len(s.Samples))
	slots := make(chan struct{}, c.Workers)
	var wg sync.WaitGroup
	for i := range s.Samples {
		if ctx.Err() != nil {
			break
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			answers[i], errs[i] = c.one(ctx, r, model, grammar, s.Name, &s.Samples[i], uint64(i))
			done()
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return answers, errors.Join(errs...)
}

// one asks one question. The error is for files that cannot be read.
func (c *refspatialCommand) one(ctx context.Context, r referee.Referee, model string, grammar refspatial.Grammar, split string, s *refspatial.Sample, seed uint64) (benchAnswer, error) {
	out := benchAnswer{QuestionID: s.ID, Prompt: s.Prompt, ObjectName: s.Object, Suffix: s.Suffix, ModelID: model, RGBPath: s.RGBPath, MaskPath: s.MaskPath, Category: split, Step: s.Step, Relations: s.Relations}
	mask, err := s.Mask()
	if err != nil {
		return out, err
	}
	p, err := s.Picture()
	if err != nil {
		return out, err
	}
	var d *photo.Depth
	if c.Depth == "query" {
		if d, err = s.Depth(); err != nil {
			return out, err
		}
	}
	q, err := photo.Ask(p, d, s.Prompt, seed)
	if err != nil {
		return out, err
	}
	if c.Prompt == "official" {
		q.Instruction, q.Verbatim = refspatial.OfficialPrompt(model, s), true
	}
	out.Instruction, out.Width, out.Height, out.Depth = q.Instruction, q.Width, q.Height, q.HasDepth()
	a, err := referee.Ask(ctx, r, q, mask)
	if err != nil {
		out.Error = err.Error()
		out.Strict = refspatial.Score{Outcome: refspatial.Scored, Reason: out.Error}
		out.Official = refspatial.Score{Outcome: refspatial.Dropped, Reason: out.Error}
		return out, nil
	}
	if a.Prompt != "" {
		out.Instruction = a.Prompt
	}
	out.Points, out.Problem, out.Reason = a.Points, a.Problem, a.Reason
	out.Strict = refspatial.Strict(a, mask)
	if a.ServerText || a.Problem == referee.ProblemTimeout {
		out.Official = refspatial.Score{Outcome: refspatial.Dropped, Reason: "TypeError: no text: " + a.Reason} // the official client stores null
	} else {
		out.Text = &a.Text
		out.Official = refspatial.Official(grammar, a.Text, mask)
	}
	return out, nil
}

// splitFile is the name of a split's file, as the official script has it.
func splitFile(name string) string {
	if name == "" {
		return "split.jsonl"
	}
	return strings.ToUpper(name[:1]) + name[1:] + ".jsonl"
}

func writeAnswers(path string, answers []benchAnswer) error {
	var b strings.Builder
	for i := range answers {
		line, err := json.Marshal(&answers[i])
		if err != nil {
			return err
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	return os.WriteFile(path, []byte(b.String()), 0o666)
}

// rows are the results by split and step, of each split, the mean of location and placement where both are there, and of everything.
func rows(splits []refspatial.Split, all [][]benchAnswer, official bool) []benchRow {
	var out []benchRow
	var everything []benchAnswer
	byName := map[string]benchRow{}
	for i, s := range splits {
		steps := map[int][]benchAnswer{}
		for _, a := range all[i] {
			steps[a.Step] = append(steps[a.Step], a)
		}
		if len(steps) > 1 {
			for _, k := range slices.Sorted(maps.Keys(steps)) {
				out = append(out, row(s.Name, k, steps[k], official))
			}
		}
		byName[s.Name] = row(s.Name, 0, all[i], official)
		out = append(out, byName[s.Name])
		if s.Name == "location" || s.Name == "placement" {
			everything = append(everything, all[i]...)
		}
	}
	l, p := byName["location"], byName["placement"]
	if l.N > 0 && p.N > 0 {
		avg := row("average", 0, everything, official)
		e := refspatial.Average(refspatial.Estimate{Score: l.Score, Low: l.Low, High: l.High}, refspatial.Estimate{Score: p.Score, Low: p.Low, High: p.High})
		avg.Score, avg.Low, avg.High, avg.Interval = e.Score, e.Low, e.High, "of the two"
		out = append(out, avg)
	}
	return append(out, byRelation(everything, official)...)
}

// byRelation are the results of the questions that use a relation, the best first.
func byRelation(answers []benchAnswer, official bool) []benchRow {
	by := map[string][]benchAnswer{}
	for _, a := range answers {
		for _, rel := range a.Relations {
			by[rel] = append(by[rel], a)
		}
	}
	var out []benchRow
	for _, rel := range slices.Sorted(maps.Keys(by)) {
		r := row("relation", 0, by[rel], official)
		r.Relation = rel
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b benchRow) int { return cmp.Compare(b.Score, a.Score) })
	return out
}

// scored are the values that the mean is over.
func scored(answers []benchAnswer, official bool) []float64 {
	var values []float64
	for _, a := range answers {
		if s := a.score(official); s.Outcome == refspatial.Scored {
			values = append(values, s.Value)
		}
	}
	return values
}

func (a *benchAnswer) score(official bool) refspatial.Score {
	if official {
		return a.Official
	}
	return a.Strict
}

func row(split string, step int, answers []benchAnswer, official bool) benchRow {
	r := benchRow{Split: split, Step: step, N: len(answers), Interval: "wilson"}
	hits := 0
	for _, a := range answers {
		s := a.score(official)
		if a.Error != "" {
			r.Errors++
		}
		switch s.Outcome {
		case refspatial.Dropped:
			r.Dropped++
		case refspatial.Crashed:
			r.Crashed++
		default:
			if s.Value == 1 {
				hits++
			} else if s.Value > 0 {
				r.Interval = "bootstrap"
			}
		}
	}
	values := scored(answers, official)
	r.Evaluated = len(values)
	r.Score = refspatial.Mean(values)
	if r.Interval == "wilson" {
		r.Low, r.High = tasks.Wilson(hits, len(values))
	} else {
		r.Low, r.High = refspatial.Bootstrap(values)
	}
	return r
}

// print writes the table that was asked for and, beside the benchmark itself, what others reported.
func (c *refspatialCommand) print(io console, sum benchSummary, splits []refspatial.Split) error {
	table := sum.Strict
	if c.Mode == "official" {
		table = sum.Official
	}
	if c.JSON {
		for _, r := range table {
			line, err := json.Marshal(r)
			if err != nil {
				return err
			}
			fmt.Fprintf(io.out, "%s\n", line)
		}
		return nil
	}
	crashed := 0
	fmt.Fprintf(io.out, "%-10s  %4s  %4s  %9s  %7s  %7s  %6s  %s\n", "SPLIT", "STEP", "N", "EVALUATED", "DROPPED", "CRASHED", "SCORE", "95 % INTERVAL")
	relations := false
	for _, r := range table {
		step := "all"
		if r.Step > 0 {
			step = fmt.Sprint(r.Step)
		}
		if r.Relation != "" {
			if !relations {
				relations = true
				fmt.Fprintf(io.out, "\n%-17s  %4s  %6s  %s\n", "RELATION", "N", "SCORE", "95 % INTERVAL")
			}
			fmt.Fprintf(io.out, "%-17s  %4d  %6.2f  %.2f … %.2f (%s)\n", r.Relation, r.N, 100*r.Score, 100*r.Low, 100*r.High, r.Interval)
			continue
		}
		if step == "all" && r.Split != "average" {
			crashed += r.Crashed
		}
		fmt.Fprintf(io.out, "%-10s  %4s  %4d  %9d  %7d  %7d  %6.2f  %.2f … %.2f (%s)\n", r.Split, step, r.N, r.Evaluated, r.Dropped, r.Crashed, 100*r.Score, 100*r.Low, 100*r.High, r.Interval)
	}
	if sum.Blind != nil {
		fmt.Fprintln(io.out, "\nAnswers that ignore the question score, over all of the folder's:")
		if err := sum.Blind.Write(io.out); err != nil {
			return err
		}
		fmt.Fprintln(io.out)
	}
	protocol := fmt.Sprintf("%s scoring, %s prompts as for %q", c.Mode, c.Prompt, sum.Model)
	if c.Mode == "official" {
		protocol += ", answers read as " + sum.Grammar
	}
	fmt.Fprintf(io.out, "Protocol: %s; depth: %s; referee: %s %s.\n", protocol, depthUsed(c.Depth, splits), sum.Referee.Name, sum.Referee.Version)
	if c.Mode == "official" && crashed > 0 {
		fmt.Fprintf(io.out, "The official script would have ended without a result: %d answers crash it. The scores above are of the others.\n", crashed)
	}
	c.printPublished(io, sum, splits)
	return nil
}

func depthUsed(depth string, splits []refspatial.Split) string {
	if depth != "query" {
		return depth
	}
	for _, s := range splits {
		for i := range s.Samples {
			if s.Samples[i].HasDepth() {
				return "the folder's"
			}
		}
	}
	return "none"
}

func (c *refspatialCommand) printPublished(io console, sum benchSummary, splits []refspatial.Split) {
	size := map[string]int{}
	for _, s := range splits {
		size[s.Name] = len(s.Samples)
	}
	var published []refspatial.Published
	switch {
	case size["location"] == 241 || size["placement"] == 200:
		published = refspatial.ExpandRows()
	case c.Published || size["location"] == 100 || size["placement"] == 100 || size["unseen"] == 77:
		published = refspatial.PublishedRows()
	}
	own := sum.Strict
	if c.Mode == "official" {
		own = sum.Official
	}
	for _, split := range []string{"location", "placement", "unseen", "average"} {
		if split != "average" && size[split] == 0 && !c.Published {
			continue
		}
		header := false
		for _, p := range published {
			if p.Split != split {
				continue
			}
			if !header {
				header = true
				fmt.Fprintf(io.out, "\n%s, published (rows of different protocols do not rank)\n", strings.ToUpper(split))
				for _, r := range own {
					if r.Split == split && r.Step == 0 {
						fmt.Fprintf(io.out, "%6.2f  %-36s  %s scoring, %s prompts\n", 100*r.Score, "this run", c.Mode, c.Prompt)
					}
				}
			}
			fmt.Fprintf(io.out, "%6.2f  %-36s  %s: %s\n", p.Value, p.Model, p.Source, p.Protocol)
		}
	}
}
