package tasks

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// A Comparison sets a run against another over the episodes that both have judged: the same scenes and the same questions.
type Comparison struct {
	Suite      string  `json:"suite"`
	A, B       string  `json:"-"` // names of the runs
	Pairs      int     `json:"pairs"`
	Both       int     `json:"both"`       // succeeded in both
	OnlyA      int     `json:"only_a"`     // succeeded in A and not in B
	OnlyB      int     `json:"only_b"`     // succeeded in B and not in A
	Unpaired   int     `json:"unpaired"`   // episodes that only one of the runs has judged
	Beside     int     `json:"beside"`     // episodes that are not compared because something else is moved in them: see CompareOptions.Designs
	P          float64 `json:"p"`          // of McNemar's exact test, two-sided
	Difference float64 `json:"difference"` // B's rate less A's, over the pairs
	Low        float64 `json:"low"`        // 95 % interval of the difference: paired bootstrap over episodes, 10,000 draws
	High       float64 `json:"high"`
	// Progress is the mean difference of the share of steps that succeeded, B less A, with its interval.
	Progress     float64 `json:"progress"`
	ProgressLow  float64 `json:"progress_low"`
	ProgressHigh float64 `json:"progress_high"`
	Verdict      Verdict `json:"verdict"`
	// More is about how many further episodes would settle it, if the shares stay as they are: a test of 5 % with a power of 80 %. 0 if it is settled,
	// or if the runs do not differ at all.
	More    int      `json:"more"`
	Flipped []Flip   `json:"flipped"`
	Changes []string `json:"changes,omitempty"` // versions that differ
}

// A Verdict is what a comparison says of the run that is compared.
type Verdict string

const (
	Better     Verdict = "better"
	Worse      Verdict = "worse"
	CannotTell Verdict = "cannot tell"
)

// A Flip is an episode that came out differently.
type Flip struct {
	Seed uint64  `json:"seed"`
	A, B Outcome `json:"-"`
	Won  string  `json:"won"` // "a" or "b"
	Why  string  `json:"why"` // the other's failure
}

// CompareOptions says which runs and which of their episodes may be compared. The zero value is ready to use.
type CompareOptions struct {
	AcrossVersions bool     // runs of different versions, too, whose difference may not be the model's
	Designs        []string // only episodes in which nothing else is moved than these designs of the catalogue; nil: all
}

// Compare sets the run in the folder b against the one in the folder a. Runs of different suites have no pairs, and are refused; so are runs of different
// versions, unless the options allow it.
func Compare(a, b string, o CompareOptions) (*Comparison, error) {
	c := &Comparison{A: a, B: b}
	var infos [2]RunInfo
	var records [2][]*Record
	for i, dir := range []string{a, b} {
		var err error
		if infos[i], err = ReadRunInfo(dir); err != nil {
			return nil, err
		}
		if records[i], err = ReadRecords(dir); err != nil {
			return nil, err
		}
	}
	c.Suite = infos[0].Suite
	if infos[0].SuiteHash != infos[1].SuiteHash {
		return nil, fmt.Errorf("tasks: compare: %s played suite %s (SHA-256 %.12s…), %s played %s (%.12s…): their episodes are not the same", a, infos[0].Suite, infos[0].SuiteHash,
			b, infos[1].Suite, infos[1].SuiteHash)
	}
	other := infos[1]
	other.Robot, other.Referee, other.Camera = infos[0].Robot, infos[0].Referee, infos[0].Camera // what one may want to compare
	if c.Changes = infos[0].Differences(other); c.Changes != nil && !o.AcrossVersions {
		return nil, fmt.Errorf("tasks: compare: %s and %s were not made with the same program: %s (--across-versions compares them all the same)", a, b, strings.Join(c.Changes, "; "))
	}
	if o.Designs != nil {
		c.Beside = o.leaveOut(&records)
	}
	c.pair(records[0], records[1])
	return c, nil
}

// leaveOut drops the episodes in which something else is moved than o.Designs, in either run, from both, and says how many there are.
func (o *CompareOptions) leaveOut(runs *[2][]*Record) int {
	other := map[uint64]bool{} // by seed
	for _, records := range runs {
		for _, r := range records {
			if slices.ContainsFunc(r.moved(), func(design string) bool { return !slices.Contains(o.Designs, design) }) {
				other[r.Seed] = true
			}
		}
	}
	for i := range runs {
		runs[i] = slices.DeleteFunc(runs[i], func(r *Record) bool { return other[r.Seed] })
	}
	return len(other)
}

// moved is the designs of the things that the episode asked to take up.
func (r *Record) moved() []string {
	var out []string
	for i := range r.Steps {
		for k := range r.Scene.Objects {
			if o := &r.Scene.Objects[k]; r.Steps[i].Skill == "pick" && o.Phrase == r.Steps[i].Referent {
				out = append(out, o.Kind)
			}
		}
	}
	return out
}

// pair counts; both lists are in the order of the seeds.
func (c *Comparison) pair(a, b []*Record) {
	bySeed := map[uint64]*Record{}
	judged := 0
	for _, r := range b {
		if r.Outcome != Error {
			bySeed[r.Seed] = r
			judged++
		}
	}
	var success, progress []float64 // differences
	for _, x := range a {
		if x.Outcome == Error {
			continue
		}
		y := bySeed[x.Seed]
		if y == nil {
			c.Unpaired++
			continue
		}
		c.Pairs++
		judged--
		wonA, wonB := x.Outcome == Success, y.Outcome == Success
		success = append(success, indicator(wonB)-indicator(wonA))
		progress = append(progress, y.Progress-x.Progress)
		switch {
		case wonA && wonB:
			c.Both++
		case wonA:
			c.OnlyA++
			c.Flipped = append(c.Flipped, Flip{x.Seed, x.Outcome, y.Outcome, "a", y.Why()})
		case wonB:
			c.OnlyB++
			c.Flipped = append(c.Flipped, Flip{x.Seed, x.Outcome, y.Outcome, "b", x.Why()})
		}
	}
	c.Unpaired += judged
	c.P = McNemar(c.OnlyA, c.OnlyB)
	c.Difference, c.Low, c.High = bootstrap(success)
	c.Progress, c.ProgressLow, c.ProgressHigh = bootstrap(progress)
	c.Verdict = CannotTell
	switch {
	case c.P < 0.05 && c.OnlyB > c.OnlyA:
		c.Verdict = Better
	case c.P < 0.05:
		c.Verdict = Worse
	case c.OnlyA != c.OnlyB:
		c.More = max(1, pairsNeeded(c.OnlyA, c.OnlyB, c.Pairs)-c.Pairs)
	}
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// McNemar is the two-sided p of McNemar's exact test: of n = a + b pairs that differ, how likely is a split at least as uneven if either
// way were as likely.
func McNemar(a, b int) float64 {
	n, k := a+b, min(a, b)
	p := 0.0
	for i := range k + 1 {
		p += math.Exp(logChoose(n, i) - float64(n)*math.Ln2)
	}
	return min(1, 2*p)
}

func logChoose(n, k int) float64 {
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x + 1)); return v }
	return lg(n) - lg(k) - lg(n-k)
}

// pairsNeeded is how many pairs a test of 5 % with a power of 80 % needs if their shares stay as they are (Connor 1987, equation 3).
func pairsNeeded(a, b, pairs int) int {
	const za, zb = 1.959963984540054, 0.8416212335729143
	n := float64(pairs)
	sum, diff := float64(a+b)/n, float64(b-a)/n
	root := za*math.Sqrt(sum) + zb*math.Sqrt(sum-diff*diff)
	return int(math.Ceil(root * root / (diff * diff)))
}

// bootstrap is the mean of values and its 95 % interval: the percentiles of 10,000 means of values drawn with replacement, from a fixed
// stream of random numbers.
func bootstrap(values []float64) (mean, low, high float64) {
	if len(values) == 0 {
		return 0, 0, 0
	}
	const draws = 10000
	r := rand.New(rand.NewPCG(1, 2))
	means := make([]float64, draws)
	for i := range means {
		for range values {
			means[i] += values[r.IntN(len(values))]
		}
		means[i] /= float64(len(values))
	}
	for _, v := range values {
		mean += v / float64(len(values))
	}
	slices.Sort(means)
	return mean, means[draws*25/1000], means[draws-1-draws*25/1000]
}

// String is the comparison for people.
func (c *Comparison) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "B %s\nA %s\n", c.B, c.A)
	fmt.Fprintf(&b, "suite %s, %d episodes that both have judged", c.Suite, c.Pairs)
	if c.Unpaired > 0 {
		fmt.Fprintf(&b, " (%d that only one has are left out)", c.Unpaired)
	}
	if c.Beside > 0 {
		fmt.Fprintf(&b, "; %d in which another design is moved are left out", c.Beside)
	}
	n := max(1, float64(c.Pairs))
	fmt.Fprintf(&b, "\nsuccess: A %.1f %%, B %.1f %%; B - A = %+.1f points (95 %% interval %+.1f to %+.1f)\n",
		100*float64(c.Both+c.OnlyA)/n, 100*float64(c.Both+c.OnlyB)/n, 100*c.Difference, 100*c.Low, 100*c.High)
	fmt.Fprintf(&b, "progress: B - A = %+.1f points (95 %% interval %+.1f to %+.1f)\n", 100*c.Progress, 100*c.ProgressLow, 100*c.ProgressHigh)
	fmt.Fprintf(&b, "flipped: %d only A, %d only B; McNemar's exact test p = %.3g\n", c.OnlyA, c.OnlyB, c.P)
	switch {
	case c.Verdict != CannotTell:
		fmt.Fprintf(&b, "B is %s than A\n", c.Verdict)
	case c.More > 0:
		fmt.Fprintf(&b, "cannot tell with these %d; about %d more episodes would\n", c.Pairs, c.More)
	default:
		fmt.Fprintf(&b, "cannot tell with these %d: there is no difference to be seen\n", c.Pairs)
	}
	for _, f := range c.Flipped {
		fmt.Fprintf(&b, "  seed %d: only %s; the other: %s\n", f.Seed, strings.ToUpper(f.Won), f.Why)
	}
	return b.String()
}
