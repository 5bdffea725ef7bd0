package tasks

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/refarena/refarena/scenes"
)

// A Rate is a share of successes with its 95 % Wilson interval.
type Rate struct {
	K    int     `json:"k"`
	N    int     `json:"n"`
	Rate float64 `json:"rate"` // K / N; 0 without trials
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// NewRate is k of n.
func NewRate(k, n int) Rate {
	r := Rate{K: k, N: n}
	r.Low, r.High = Wilson(k, n)
	if n > 0 {
		r.Rate = float64(k) / float64(n)
	}
	return r
}

func (r Rate) String() string {
	if r.N == 0 {
		return "none"
	}
	return fmt.Sprintf("%5.1f %% of %d (%.1f to %.1f)", 100*r.Rate, r.N, 100*r.Low, 100*r.High)
}

// A Group is the part of a run's questions that have something in common.
type Group struct {
	Name    string `json:"name"`
	Hits    Rate   `json:"hits"`    // points in the right region, of the questions that were answered or should have been
	Success Rate   `json:"success"` // steps that succeeded
}

// A Breakdown splits a run's questions.
type Breakdown struct {
	Title  string  `json:"title"`
	Curve  bool    `json:"curve,omitempty"` // the groups are ranges of a quantity, ascending
	Groups []Group `json:"groups"`
}

// A Count is how often something was so.
type Count struct {
	Name string `json:"name"`
	N    int    `json:"n"`
}

// An Analysis is what a run's records say together.
type Analysis struct {
	Episodes    Rate        `json:"episodes"` // success of the judged ones
	Errors      int         `json:"errors"`
	Abandoned   int         `json:"abandoned"` // asked for and not ended
	Progress    float64     `json:"progress"`  // mean share of a task's steps that succeeded, judged episodes
	Chain       float64     `json:"chain"`     // mean number of steps in a row, from the first, that succeeded
	Hits        Rate        `json:"hits"`
	HitTable    [2][2]int   `json:"hit_by_success"` // questions by [hit][success]
	Causes      []Count     `json:"causes"`         // of failed steps, most frequent first
	Tasks       []Group     `json:"tasks"`          // Success counts episodes here
	By          []Breakdown `json:"by"`
	Also        []Also      `json:"also,omitempty"` // the conditions that decide nothing, by kind
	SimSeconds  float64     `json:"sim_s"`          // mean of an episode
	WallSeconds float64     `json:"wall_s"`         // mean of an episode
	Wall        WallTimes   `json:"wall"`           // its parts, means too
	LatencyMS   Spread      `json:"latency_ms"`
	Tokens      Spread      `json:"tokens"` // of an answer, if its referee counts them
}

// An Also is how often a condition under `also` held at the end of the judged episodes that have it.
type Also struct {
	Name string `json:"name"`
	Rate Rate   `json:"rate"`
}

// A Spread is the middle and the upper end of a distribution.
type Spread struct {
	Median float64 `json:"median"`
	P95    float64 `json:"p95"`
}

func spread(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	slices.Sort(values)
	at := func(q float64) float64 { return values[int(q*float64(len(values)-1)+0.5)] }
	return Spread{at(0.5), at(0.95)}
}

// tally counts the questions of one group.
type tally struct{ hits, good, n int }

func (t *tally) add(s *StepRecord) {
	t.n++
	if s.Hit {
		t.hits++
	}
	if s.Outcome == Success {
		t.good++
	}
}

func (t *tally) group(name string) Group {
	return Group{name, NewRate(t.hits, t.n), NewRate(t.good, t.n)}
}

// A scale sorts questions into ranges of a quantity that may make them hard.
type scale struct {
	title string
	marks []float64 // where the ranges after the first begin
	names []string  // of the ranges
	of    func(*Record, *StepRecord) (value float64, ok bool)
}

var scales = []scale{
	{"objects in the scene", []float64{6, 10}, []string{"up to 5", "6 to 9", "10 or more"}, func(r *Record, _ *StepRecord) (float64, bool) {
		return float64(r.Scene.Difficulty.Objects), r.Scene.Difficulty.Objects > 0
	}},
	{"table covered", []float64{0.05, 0.10, 0.15}, []string{"up to 5 %", "5 to 10 %", "10 to 15 %", "15 % or more"}, func(r *Record, _ *StepRecord) (float64, bool) {
		return r.Scene.Difficulty.Density, r.Scene.Difficulty.Objects > 0
	}},
	{"object hidden", []float64{0.05, 0.20, 0.40}, []string{"up to 5 %", "5 to 20 %", "20 to 40 %", "40 % or more"}, ofObject(func(d scenes.ObjectDifficulty) float64 { return d.Occlusion })},
	{"likeness of another object", []float64{0.3, 0.5, 0.7}, []string{"up to 0.3", "0.3 to 0.5", "0.5 to 0.7", "0.7 or more"}, ofObject(func(d scenes.ObjectDifficulty) float64 { return d.Similarity })},
	{"room around the object", []float64{0.02, 0.05, 0.10}, []string{"up to 2 cm", "2 to 5 cm", "5 to 10 cm", "10 cm or more"}, ofObject(func(d scenes.ObjectDifficulty) float64 { return d.Clearance })},
}

// ofObject is a quantity of the object that a question asks to pick up, if its name tells it from the others.
func ofObject(of func(scenes.ObjectDifficulty) float64) func(*Record, *StepRecord) (float64, bool) {
	return func(r *Record, s *StepRecord) (float64, bool) {
		at := -1
		for i := range r.Scene.Objects {
			if r.Scene.Objects[i].Phrase == s.Referent {
				if at >= 0 {
					return 0, false
				}
				at = i
			}
		}
		if s.Skill != "pick" || at < 0 || at >= len(r.Scene.Difficulty.Each) {
			return 0, false
		}
		return of(r.Scene.Difficulty.Each[at]), true
	}
}

// Analyse sums records up; asked is how many episodes there should be.
func Analyse(records []*Record, asked int) *Analysis {
	a := &Analysis{Abandoned: max(0, asked-len(records))}
	var all tally
	causes := map[Cause]int{}
	skills, steps, relations, splits := map[string]*tally{}, map[string]*tally{}, map[string]*tally{}, map[string]*tally{}
	count := func(m map[string]*tally, key string, s *StepRecord) {
		if m[key] == nil {
			m[key] = &tally{}
		}
		m[key].add(s)
	}
	also := map[string]*tally{}
	taskHits, taskWins := map[string]*tally{}, map[string]*tally{}
	ranges := make([][]tally, len(scales))
	for i := range scales {
		ranges[i] = make([]tally, len(scales[i].names))
	}
	won, judged := 0, 0
	var latency, tokens []float64
	for _, r := range records {
		a.WallSeconds += r.WallSeconds / float64(len(records))
		a.Wall.add(r.Wall, 1/float64(len(records)))
		if r.Outcome == Error {
			a.Errors++
			continue
		}
		judged++
		a.Progress += r.Progress
		for _, m := range r.Also {
			if also[m.Kind] == nil {
				also[m.Kind] = &tally{}
			}
			also[m.Kind].n++
			also[m.Kind].good += bit(m.Holds)
		}
		a.SimSeconds += r.SimSeconds
		if taskWins[r.Task] == nil {
			taskWins[r.Task], taskHits[r.Task] = &tally{}, &tally{}
		}
		taskWins[r.Task].n++
		if r.Outcome == Success {
			won++
			taskWins[r.Task].good++
		}
		chain := true
		for i := range r.Steps {
			s := &r.Steps[i]
			if s.Cause != "" {
				causes[s.Cause]++
			}
			if s.Outcome != Success {
				chain = false
			}
			if s.Skill == "check" {
				continue
			}
			if chain {
				a.Chain++
			}
			if !s.asked() {
				continue
			}
			all.add(s)
			taskHits[r.Task].add(s)
			a.HitTable[bit(s.Hit)][bit(s.Outcome == Success)]++
			latency = append(latency, s.LatencyMS)
			if s.Tokens > 0 {
				tokens = append(tokens, float64(s.Tokens))
			}
			for i, sc := range scales {
				if v, ok := sc.of(r, s); ok {
					k, exact := slices.BinarySearch(sc.marks, v)
					ranges[i][k+bit(exact)].add(s)
				}
			}
			count(skills, s.Skill, s)
			count(steps, fmt.Sprint(s.ReasoningSteps), s)
			for _, rel := range s.Relations {
				count(relations, rel, s)
			}
			if s.Split != "" {
				count(splits, s.Split, s)
			}
		}
	}
	if judged > 0 {
		a.Progress /= float64(judged)
		a.SimSeconds /= float64(judged)
		a.Chain /= float64(judged)
	}
	a.Episodes, a.Hits, a.LatencyMS, a.Tokens = NewRate(won, judged), NewRate(all.hits, all.n), spread(latency), spread(tokens)
	a.Wall.round()
	for _, name := range slices.Sorted(maps.Keys(also)) {
		a.Also = append(a.Also, Also{name, NewRate(also[name].good, also[name].n)})
	}
	for cause, n := range causes {
		a.Causes = append(a.Causes, Count{string(cause), n})
	}
	slices.SortFunc(a.Causes, func(x, y Count) int { return cmp.Or(cmp.Compare(y.N, x.N), cmp.Compare(x.Name, y.Name)) })
	for name, t := range taskWins {
		g := taskHits[name].group(name)
		g.Success = NewRate(t.good, t.n)
		a.Tasks = append(a.Tasks, g)
	}
	sortGroups(a.Tasks)
	for _, b := range []struct {
		title string
		m     map[string]*tally
	}{{"question", skills}, {stepsTitle, steps}, {relationTitle, relations}, {"split", splits}} {
		if len(b.m) == 0 {
			continue
		}
		down := Breakdown{Title: b.title, Curve: b.title == stepsTitle}
		for name, t := range b.m {
			down.Groups = append(down.Groups, t.group(name))
		}
		sortGroups(down.Groups)
		a.By = append(a.By, down)
	}
	for i, sc := range scales {
		down := Breakdown{Title: sc.title, Curve: true}
		for k, t := range ranges[i] {
			if t.n > 0 {
				down.Groups = append(down.Groups, t.group(sc.names[k]))
			}
		}
		if down.Groups != nil {
			a.By = append(a.By, down)
		}
	}
	return a
}

// Titles of breakdowns.
const (
	stepsTitle    = "reasoning steps"
	relationTitle = "relation"
)

func sortGroups(groups []Group) {
	slices.SortFunc(groups, func(x, y Group) int { return cmp.Compare(x.Name, y.Name) })
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// maxLines is how long an Analysis is for people.
const maxLines = 19

// String is the analysis for people: maxLines at most. Where there is more to say, it says so; a report has all of it.
func (a *Analysis) String() string {
	var lines []string
	line := func(name, format string, args ...any) {
		lines = append(lines, fmt.Sprintf("%-18s %s", name, fmt.Sprintf(format, args...)))
	}
	line("success", "%v", a.Episodes)
	if a.Errors+a.Abandoned > 0 {
		line("not judged", "%d errors, %d abandoned", a.Errors, a.Abandoned)
	}
	line("progress", "%5.1f %% of the steps; %.1f steps in a row", 100*a.Progress, a.Chain)
	line("points that hit", "%v", a.Hits)
	t := a.HitTable
	line("hit, succeeded", "%d;  hit, failed %d;  missed, succeeded %d;  missed, failed %d", t[1][1], t[1][0], t[0][1], t[0][0])
	last := len(lines)
	line("an episode", "%.1f s simulated, %.2f s wall: scene %.2f, pictures %.2f, referee %.2f, robot %.2f, verdict %.2f",
		a.SimSeconds, a.WallSeconds, a.Wall.Scene, a.Wall.Render, a.Wall.Referee, a.Wall.Robot, a.Wall.Judge)
	if a.LatencyMS.P95 > 0 {
		tokens := ""
		if a.Tokens.P95 > 0 {
			tokens = fmt.Sprintf("; %.0f tokens median, %.0f p95", a.Tokens.Median, a.Tokens.P95)
		}
		line("an answer", "%.0f ms median, %.0f ms p95%s", a.LatencyMS.Median, a.LatencyMS.P95, tokens)
	}
	lines, end := lines[:last:last], slices.Clone(lines[last:])
	left := maxLines - last - len(end)
	block := func(name, more string, most int, rows []string) {
		if most = min(most, left); len(rows) > most && most > 0 {
			rows = append(rows[:most-1:most-1], fmt.Sprintf("%d more %s", len(rows)-most+1, more))
		}
		for i, r := range rows[:min(len(rows), most)] {
			line(map[bool]string{true: name}[i == 0], "%s", r)
			left--
		}
	}
	var causes, also []string
	for _, c := range a.Causes {
		causes = append(causes, fmt.Sprintf("%4d × %s", c.N, c.Name))
	}
	for _, m := range a.Also {
		also = append(also, fmt.Sprintf("%-16s %v", m.Name, m.Rate))
	}
	block("causes", "causes", 5, causes)
	block("also", "conditions", 5, also)
	for _, by := range a.By {
		if by.Title == relationTitle || by.Curve && by.Title != stepsTitle {
			continue // these are for pictures
		}
		var rows []string
		for _, g := range by.Groups {
			rows = append(rows, fmt.Sprintf("%-9s hit %v, succeeded %5.1f %%", g.Name, g.Hits, 100*g.Success.Rate))
		}
		block("by "+by.Title, "groups", 5, rows)
	}
	return strings.Join(append(lines, end...), "\n")
}
