package export

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"os"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/tasks"
)

// records are an episode that succeeded, one that failed and one that could not be judged; the fourth did not end.
func records() (tasks.RunInfo, []*tasks.Record) {
	info := tasks.RunInfo{Suite: "tidy", Robot: "ur5", Referee: referee.Info{Name: "oracle"}, Seed: 7, Episodes: 4}
	point := &sim.NormPoint{X: 0.25, Y: 0.5}
	step := tasks.StepRecord{Skill: "pick", Goal: 1, Attempt: 1, Instruction: "Pick up the \"red\" mug, please.", Relations: []string{"left", "far"},
		Answer: "[(0.25, 0.5)]", Point: point, Hit: true, Region: 900, Target: &[3]float64{0.5, -0.125, 0.04}, Outcome: tasks.Success, Trace: "aa", Query: "q"}
	miss := step
	miss.Outcome, miss.Cause, miss.Reason, miss.Hit, miss.Answer = tasks.Failure, tasks.CauseMiss, "the point is\x00 on <table>", false, "none\n"
	miss.Point, miss.Target, miss.Evidence = nil, nil, &tasks.Evidence{Object: "red mug"}
	return info, []*tasks.Record{
		{Seed: 7, Task: "tidy/one", Robot: "ur5", Referee: "oracle", Outcome: tasks.Success, Planned: 2, Progress: 1, Steps: []tasks.StepRecord{step, step}, WallSeconds: 1.5},
		{Seed: 8, Task: "tidy/one", Robot: "ur5", Referee: "oracle", Outcome: tasks.Failure, Planned: 2, Steps: []tasks.StepRecord{miss}},
		{Seed: 9, Task: "tidy/one", Robot: "ur5", Referee: "oracle", Outcome: tasks.Error, Error: "server down"},
	}
}

// What is written as Parquet and CSV is what the records say; an episode without steps is not lost.
func TestTables(t *testing.T) {
	info, all := records()
	rows, err := Steps(info, all)
	require.NoError(t, err)
	require.Len(t, rows, 4)
	require.Equal(t, int32(0), rows[3].Step)
	require.Equal(t, "server down", rows[3].EpisodeError)

	var file bytes.Buffer
	require.NoError(t, WriteParquet(&file, rows))
	back, err := parquet.Read[Step](bytes.NewReader(file.Bytes()), int64(file.Len()))
	require.NoError(t, err)
	require.Len(t, back, 4)
	require.Equal(t, rows[0], back[0])
	require.Nil(t, back[2].PointX)
	require.Equal(t, `{"object":"red mug","pos_world":[0,0,0],"quat_world":[0,0,0,0],"touches":null,"moved":null}`, back[2].Evidence)

	var text bytes.Buffer
	require.NoError(t, WriteCSV(&text, rows))
	lines, err := csv.NewReader(&text).ReadAll()
	require.NoError(t, err)
	require.Len(t, lines, 5)
	column := func(row int, name string) string {
		for k, have := range lines[0] {
			if have == name {
				return lines[row][k]
			}
		}
		t.Fatalf("no column %q (have %v)", name, lines[0])
		return ""
	}
	require.Equal(t, "8", column(3, "seed"))
	require.Equal(t, `Pick up the "red" mug, please.`, column(1, "instruction"))
	require.Equal(t, "left;far", column(1, "relations"))
	require.Equal(t, "0.25", column(1, "point_x"))
	require.Equal(t, "", column(3, "point_x"))
	require.Equal(t, "-0.125", column(1, "target_y"))
	require.Equal(t, "refer.miss", column(3, "cause"))
}

// JUnit counts every episode that was asked for, and is XML whatever a model says.
func TestJUnit(t *testing.T) {
	info, all := records()
	var out bytes.Buffer
	require.NoError(t, WriteJUnit(&out, info, all))
	var back junitSuites
	require.NoError(t, xml.Unmarshal(out.Bytes(), &back))
	require.Len(t, back.Suites, 1)
	s := back.Suites[0]
	require.Equal(t, [4]int{4, 1, 1, 1}, [4]int{s.Tests, s.Failures, s.Errors, s.Skipped})
	require.Len(t, s.Cases, 4)
	require.Equal(t, "refer.miss", s.Cases[1].Failure.Type)
	require.Contains(t, s.Cases[1].Failure.Message, "on <table>")
	require.Equal(t, "server down", s.Cases[2].Error.Message)
	require.NotNil(t, s.Cases[3].Skipped)
	require.Equal(t, "1.500", s.Cases[0].Time)
	require.NotContains(t, out.String(), "\x00")
	if f := os.Getenv("EXPORT_TEST_KEEP"); f != "" {
		require.NoError(t, os.WriteFile(f, out.Bytes(), 0o666))
	}
	require.True(t, strings.HasPrefix(out.String(), xml.Header))
}
