package dataset

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/refer"
	"github.com/refarena/refarena/scenes/relate"
)

// Counts says how many questions there are of each sort: "location", "location, 2 steps", "split seen", "relation left". A question counts
// once for each relation that it uses.
type Counts map[string]int

func (c Counts) add(questions []Question) {
	for i := range questions {
		q := &questions[i]
		c[q.Kind]++
		c[stepsOf(q.Kind, q.Steps)]++
		c["split "+q.Split]++
		for _, r := range q.Relations {
			c["relation "+r]++
		}
	}
}

func stepsOf(kind string, n int) string {
	if n == 1 {
		return kind + ", 1 step"
	}
	return fmt.Sprintf("%s, %d steps", kind, n)
}

func (c Counts) merge(d Counts) {
	for k, n := range d {
		c[k] += n
	}
}

// Write writes the counts as a table, always in the same order, with what does not occur.
func (c Counts) Write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	kinds := []string{string(scenes.Location), string(scenes.Placement)}
	all := c[kinds[0]] + c[kinds[1]]
	row := func(what string, of int) {
		fmt.Fprintf(t, "%s\t%d\t%d\t%.1f\n", what, c[what], of, 100*float64(c[what])/float64(max(of, 1)))
	}
	fmt.Fprintln(t, "WHAT\tN\tOF\tPERCENT")
	for _, k := range kinds {
		row(k, all)
	}
	for _, k := range kinds {
		for n := 1; n <= refer.MaxSteps; n++ {
			row(stepsOf(k, n), c[k])
		}
	}
	for _, s := range refer.Splits {
		row("split "+string(s), all)
	}
	for _, r := range relate.Relations() {
		row("relation "+r.String(), all)
	}
	return t.Flush()
}
