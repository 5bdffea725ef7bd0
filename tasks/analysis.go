package tasks

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
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
	LatencyMS   Spread      `json:"latency_ms"`
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
	won, judged := 0, 0
	var latency []float64
	for _, r := range records {
		a.WallSeconds += r.WallSeconds / float64(len(records))
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
	a.Episodes, a.Hits, a.LatencyMS = NewRate(won, judged), NewRate(all.hits, all.n), spread(latency)
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
	}{{"question", skills}, {"reasoning steps", steps}, {"relation", relations}, {"split", splits}} {
		if len(b.m) == 0 {
			continue
		}
		down := Breakdown{Title: b.title}
		for name, t := range b.m {
			down.Groups = append(down.Groups, t.group(name))
		}
		sortGroups(down.Groups)
		a.By = append(a.By, down)
	}
	return a
}

func sortGroups(groups []Group) {
	slices.SortFunc(groups, func(x, y Group) int { return cmp.Compare(x.Name, y.Name) })
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// String is the analysis for people: about 20 lines.
func (a *Analysis) String() string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-18s %s\n", name, fmt.Sprintf(format, args...))
	}
	line("success", "%v", a.Episodes)
	if a.Errors+a.Abandoned > 0 {
		line("not judged", "%d errors, %d abandoned", a.Errors, a.Abandoned)
	}
	line("progress", "%5.1f %% of the steps; %.1f steps in a row", 100*a.Progress, a.Chain)
	line("points that hit", "%v", a.Hits)
	t := a.HitTable
	line("hit, succeeded", "%d;  hit, failed %d;  missed, succeeded %d;  missed, failed %d", t[1][1], t[1][0], t[0][1], t[0][0])
	for i, c := range a.Causes {
		if i == 5 {
			line("", "%d more causes", len(a.Causes)-i)
			break
		}
		line(map[bool]string{true: "causes", false: ""}[i == 0], "%4d × %s", c.N, c.Name)
	}
	for _, by := range a.By {
		if by.Title == "relation" {
			continue
		}
		for i, g := range by.Groups {
			line(map[bool]string{true: "by " + by.Title, false: ""}[i == 0], "%-9s hit %v, succeeded %5.1f %%", g.Name, g.Hits, 100*g.Success.Rate)
		}
	}
	for i, m := range a.Also {
		line(map[bool]string{true: "also", false: ""}[i == 0], "%-16s %v", m.Name, m.Rate)
	}
	line("an episode", "%.1f s simulated, %.2f s wall", a.SimSeconds, a.WallSeconds)
	if a.LatencyMS.P95 > 0 {
		line("an answer", "%.0f ms median, %.0f ms p95", a.LatencyMS.Median, a.LatencyMS.P95)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
