package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/tasks"
)

// runFolder writes a run of records into a new folder.
func runFolder(t *testing.T, records ...*tasks.Record) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	j, err := tasks.CreateJournal(dir, tasks.RunInfo{Suite: "starter", Robot: "ur5", Seed: 1, Episodes: 3}, []byte("name: starter\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := j.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A model's words cannot become a part of the page, and the numbers on it are those of the records.
func TestWrite(t *testing.T) {
	const evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
	point := &sim.NormPoint{X: 0.5, Y: 0.5}
	dir := runFolder(t,
		&tasks.Record{Seed: 1, Task: "starter/put", Outcome: tasks.Failure, Steps: []tasks.StepRecord{
			{Skill: "pick", Query: "a", Region: 9, Answer: evil, Instruction: evil, Point: point, Outcome: tasks.Failure, Cause: tasks.CauseMiss, Reason: evil}}},
		&tasks.Record{Seed: 2, Task: "starter/put", Outcome: tasks.Success, Progress: 1, Steps: []tasks.StepRecord{
			{Skill: "pick", Query: "b", Region: 9, Point: point, Hit: true, Outcome: tasks.Success}, {Skill: "place", Query: "c", Region: 9, Point: point, Hit: true, Outcome: tasks.Success}}},
	)
	frames := filepath.Join(dir, tasks.FramesDir)
	if err := os.MkdirAll(frames, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(frames, tasks.FrameName(1, 0, "pick")), []byte("png"), 0o666); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "report")
	if err := Write(out, []string{dir}); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(out, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(page), "<script"); n != 2 {
		t.Errorf("the page has %d script elements, want its own 2", n)
	}
	if regexp.MustCompile(`(src|href)="?(https?:)?//`).Match(page) {
		t.Error("the page refers to the network")
	}
	text := string(page)
	text = text[strings.Index(text, `type="application/json">`)+len(`type="application/json">`):]
	var runs []struct {
		Analysis tasks.Analysis
		Episodes []episode
	}
	if err := json.Unmarshal([]byte(text[:strings.Index(text, "</script>")]), &runs); err != nil {
		t.Fatalf("the page's data: %v", err)
	}
	a := runs[0].Analysis
	if a.Episodes.K != 1 || a.Episodes.N != 2 || a.Abandoned != 1 || a.HitTable != [2][2]int{{1, 0}, {0, 2}} || a.Causes[0].Name != "refer.miss" {
		t.Errorf("analysis on the page: %+v", a)
	}
	if e := runs[0].Episodes[0]; e.Steps[0].Frame != "frames/0/1-1-pick.png" || e.Steps[0].Answer != evil {
		t.Errorf("first episode on the page: %+v", e)
	}
	if _, err := os.Stat(filepath.Join(out, "frames/0/1-1-pick.png")); err != nil {
		t.Error(err)
	}
}

func TestWriteRefuses(t *testing.T) {
	if err := Write(t.TempDir(), nil); err == nil {
		t.Error("a report of no runs is written")
	}
	if err := Write(t.TempDir(), []string{t.TempDir()}); err == nil || !strings.Contains(err.Error(), "no run in") {
		t.Errorf("a report of an empty folder: %v", err)
	}
}
