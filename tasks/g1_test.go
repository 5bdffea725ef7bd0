package tasks_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refarena/refarena/tasks"
)

// What a G1 does depends neither on how many workers there are nor on what they did before.
func TestG1Repeats(t *testing.T) {
	if os.Getenv("REFARENA_LONG") == "" {
		t.Skip("twelve episodes of a G1: set REFARENA_LONG=1")
	}
	for _, robot := range []string{"g1", "g1-free"} {
		o := starter(t, robot, 7)
		o.Episodes = 2
		var want []*tasks.Record
		for _, workers := range []int{1, 2, 2} {
			o.Workers = workers
			got, err := tasks.Evaluate(t.Context(), o)
			require.NoError(t, err)
			require.Len(t, got, 2)
			if want == nil {
				want = got
			}
			for i, r := range got {
				require.NotEqual(t, tasks.Error, r.Outcome, r.Error)
				require.Equal(t, want[i].Trace, r.Trace)
			}
		}
	}
}
