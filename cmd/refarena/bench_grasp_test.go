package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/refarena/refarena/tasks"
)

// A design is graspable if it was lifted in at least four of five trials; where trials failed is counted.
func TestGraspSum(t *testing.T) {
	g := &graspBench{}
	for pose := range 5 {
		a := graspTrial{Design: "a", Pose: pose, Lifted: pose > 0}
		if pose == 0 {
			a.Stage = "close"
		} else if pose == 1 {
			a.Stage = "shake"
		}
		b := graspTrial{Design: "b", Pose: pose, Lifted: pose > 1}
		if pose <= 1 {
			b.Stage = "lift"
		}
		g.trials = append(g.trials, a, b)
	}
	g.sum()
	if got := g.names(true); len(got) != 1 || got[0] != "a" {
		t.Errorf("graspable: %v, want a", got)
	}
	a := g.designs[0]
	if a.Trials != 5 || a.Lifted != 4 || a.Held != 3 || a.Failed["close"] != 1 || a.Failed["shake"] != 1 {
		t.Errorf("a = %+v, want 4 lifted and 3 held of 5", a)
	}
	var out strings.Builder
	g.report(&out)
	for _, want := range []string{"close 1, lift 2, shake 1", "Not graspable: b.", "pose 1, shake"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("report = %q, want %q in it", out.String(), want)
		}
	}
}

// The file of trials is read strictly: trials of another robot, number of poses or version are not mixed in, and a line that was cut off is not forgotten.
func TestGraspTrialsFile(t *testing.T) {
	line := `{"robot":"g1","design":"can","pose":0,"poses":2,"lifted":true,"slip":0.002,"code":` + strconv.Quote(tasks.CurrentVersions().Refarena) + "}\n"
	for _, tt := range []struct{ name, text, wantErr string }{
		{"good", line + line, ""},
		{"none", "", ""},
		{"cut off", line + line[:40], "line 2 is cut off"},
		{"another robot", strings.Replace(line, "g1", "ur5", 1), "robot ur5"},
		{"other poses", strings.Replace(line, `"poses":2`, `"poses":10`, 1), "10 poses"},
		{"another version", strings.Replace(line, `"code":"`, `"code":"v0.0.1 `, 1), "was played by the version"},
		{"unknown", strings.Replace(line, `"code"`, `"kode"`, 1), "kode"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "trials")
			if err := os.WriteFile(file, []byte(tt.text), 0o644); err != nil {
				t.Fatal(err)
			}
			b := &bench{name: "g1", poses: 2, trialFile: file}
			known, err := b.knownTrials()
			switch {
			case tt.wantErr == "" && err != nil, tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)):
				t.Errorf("knownTrials = %v, want %q", err, tt.wantErr)
			case tt.name == "good" && (len(known) != 1 || !known[graspKey{"can", 0}].Lifted):
				t.Errorf("knownTrials = %v, want the can's", known)
			}
		})
	}
}
