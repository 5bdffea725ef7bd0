package tasks

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/refarena/refarena/sim"
)

func testRecord(seed uint64) *Record {
	return &Record{
		Seed: seed, Task: "starter/put", Robot: "ur5", Referee: "oracle", Outcome: Failure, Planned: 2, Progress: 0.5, Trace: "9f",
		Steps: []StepRecord{
			{Skill: "pick", Attempt: 1, Points: []sim.NormPoint{{X: 0.5, Y: 0.25}}, Point: &sim.NormPoint{X: 0.5, Y: 0.25}, Hit: true, Outcome: Success},
			{Skill: "place", Attempt: 1, Points: []sim.NormPoint{}, Outcome: Failure, Cause: CauseMiss, Reason: "point is on the table"},
		},
	}
}

func TestJournalKeepsRecords(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "run")
	j, err := CreateJournal(dir, RunInfo{Suite: "starter"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var want []*Record
	for seed := range uint64(5) {
		want = append(want, testRecord(seed))
		if err := j.Append(want[seed]); err != nil {
			t.Fatal(err)
		}
	}
	// The program is killed in the middle of the sixth.
	f, err := os.OpenFile(filepath.Join(dir, episodesFile), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(`{"seed":5,"task":"sta`)
	f.Close()
	got, err := ReadRecords(dir)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("ReadRecords after a torn line = %d records, %v; want the %d whole ones", len(got), err, len(want))
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	if _, err := CreateJournal(dir, RunInfo{}, nil); err == nil || !strings.Contains(err.Error(), "already holds a run") {
		t.Errorf("a second run in the folder = %v, want it refused", err)
	}
	if again, _ := ReadRecords(dir); !reflect.DeepEqual(again, want) {
		t.Error("the refused run has touched the first one's records")
	}
}

// A program that is killed while it begins its run leaves nothing in the way of the next one, and takes nothing from one that is at it.
func TestJournalOfARunThatDidNotBegin(t *testing.T) {
	for _, left := range [][]string{{}, {episodesFile}, {episodesFile, suiteFile}, {episodesFile, suiteFile, "." + runFile}} {
		dir := t.TempDir()
		for _, name := range left {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		j, err := CreateJournal(dir, RunInfo{Suite: "starter"}, nil)
		if err != nil {
			t.Errorf("in a folder with %v: %v", left, err)
			continue
		}
		if _, _, err := ResumeJournal(dir, RunInfo{Suite: "starter"}); err == nil || !strings.Contains(err.Error(), "another program is writing") {
			t.Errorf("resumed while it is written: %v", err)
		}
		if err := os.Rename(filepath.Join(dir, runFile), filepath.Join(dir, "."+runFile)); err != nil { // as if it were beginning
			t.Error(err)
		}
		if _, err := CreateJournal(dir, RunInfo{Suite: "starter"}, nil); err == nil || !strings.Contains(err.Error(), "another program is writing") {
			t.Errorf("begun while another begins it: %v", err)
		}
		if err := j.Append(testRecord(1)); err != nil {
			t.Error(err)
		}
		j.Close()
		if _, err := CreateJournal(dir, RunInfo{Suite: "starter"}, nil); err == nil || !strings.Contains(err.Error(), "already holds a run") {
			t.Errorf("a folder with records, and nothing that says what of: %v", err)
		}
	}
}

func TestJournalOnBadFolders(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := CreateJournal(filepath.Join(file, "run"), RunInfo{}, nil); err == nil || !strings.Contains(err.Error(), "output folder") {
		t.Errorf("a folder inside a file = %v, want an error about the output folder", err)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("this system has no device that is always full: %v", err)
	}
	j := &Journal{dir: t.TempDir(), episodes: full}
	defer j.Close()
	if err := j.Append(testRecord(7)); err == nil || !strings.Contains(err.Error(), "seed 7 is not saved") || !strings.Contains(err.Error(), "no space") {
		t.Errorf("Append to a full disk = %v, want an error that names the seed and the reason", err)
	}
}

func TestSummary(t *testing.T) {
	won := testRecord(3)
	won.Outcome, won.Steps[1].Outcome, won.Steps[1].Hit, won.Steps[1].Cause = Success, Success, true, ""
	lost := testRecord(4)
	broken := &Record{Seed: 5, Outcome: Error, Error: "server down"}
	s := Summarize([]*Record{won, lost, broken}, 5, 2)
	if s.Episodes != 3 || s.Abandoned != 2 || s.Success != 1 || s.Failure != 1 || s.Error != 1 || s.Rate != 0.5 || s.HitRate != 0 {
		t.Errorf("Summarize = %+v", s)
	}
	for _, st := range []*StepRecord{&won.Steps[0], &lost.Steps[1]} {
		st.Query, st.Region = "a", 9
	}
	won.Steps = append(won.Steps, StepRecord{Skill: "check", Outcome: Success}) // nothing is asked there, nor in the steps without a query
	s = Summarize([]*Record{won, lost, broken}, 5, 2)
	if s.HitRate != 0.5 || s.HitTable != [2][2]int{{1, 0}, {0, 1}} || !strings.Contains(s.String(), "\n1 points hit and their steps succeeded, 0 hit and failed; 0 missed and succeeded, 1 missed and failed") {
		t.Errorf("hit × success %v: %s", s.HitTable, s)
	}
	if got := lost.Why(); got != "place: refer.miss: point is on the table" {
		t.Errorf("Why() = %q", got)
	}
	line, err := lost.Line()
	const want = `{"type":"episode","seed":4,"task":"starter/put","robot":"ur5","referee":"oracle","outcome":"failure","progress":0.5,` +
		`"hits":[true,false],"causes":["refer.miss"],"trace":"9f","sim_s":0,"wall_s":0}`
	if err != nil || string(line) != want {
		t.Errorf("Line() = %s, %v\nwant %s", line, err, want)
	}
}
