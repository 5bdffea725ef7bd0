package refer

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/relate"
)

// Stats counts what instructions are like. The zero value is empty.
type Stats struct {
	N         int
	kinds     map[scenes.QuestionKind]int
	steps     map[scenes.QuestionKind][MaxSteps + 1]int
	relations [relate.Angle + 1]int
	splits    map[Split]int
}

// Add counts an instruction.
func (s *Stats) Add(in *Instruction) {
	if s.kinds == nil {
		s.kinds, s.steps, s.splits = map[scenes.QuestionKind]int{}, map[scenes.QuestionKind][MaxSteps + 1]int{}, map[Split]int{}
	}
	s.N++
	s.kinds[in.Kind]++
	s.splits[in.Split]++
	steps := s.steps[in.Kind]
	steps[in.Steps]++
	s.steps[in.Kind] = steps
	for _, r := range in.Relations {
		s.relations[r]++
	}
}

// A Share is how often one of several things occurs.
type Share struct {
	What string
	N    int
	Of   int // all of its kind
}

// Percent is N of Of.
func (s Share) Percent() float64 { return 100 * float64(s.N) / float64(max(s.Of, 1)) }

// Shares are the distributions: kinds, step counts of each kind, splits, and relations, each of which is counted once for every instruction that
// uses it. Always in the same order.
func (s *Stats) Shares() []Share {
	var out []Share
	kinds := []scenes.QuestionKind{scenes.Location, scenes.Placement}
	for _, k := range kinds {
		out = append(out, Share{string(k), s.kinds[k], s.N})
	}
	for _, k := range kinds {
		for n := 1; n <= MaxSteps; n++ {
			out = append(out, Share{fmt.Sprintf("%s, %d steps", k, n), s.steps[k][n], s.kinds[k]})
		}
	}
	for _, p := range Splits {
		out = append(out, Share{"split " + string(p), s.splits[p], s.N})
	}
	for _, r := range relate.Relations() {
		out = append(out, Share{"relation " + r.String(), s.relations[r], s.N})
	}
	return out
}

// WriteTo writes the distributions as a table.
func (s *Stats) WriteTo(w io.Writer) (int64, error) {
	c := &counter{w: w}
	t := tabwriter.NewWriter(c, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "WHAT\tN\tOF\tPERCENT")
	for _, x := range s.Shares() {
		fmt.Fprintf(t, "%s\t%d\t%d\t%.1f\n", x.What, x.N, x.Of, x.Percent())
	}
	err := t.Flush()
	return c.n, err
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
