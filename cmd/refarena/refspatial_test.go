package main

import (
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/refarena/refarena/referee/refereetest"
)

func refereetestPicture(w, h int) image.Image {
	q := refereetest.Query(w, h, false, 1)
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		img.SetRGBA(i%w, i/w, color.RGBA{q.RGB[3*i], q.RGB[3*i+1], q.RGB[3*i+2], 255})
	}
	return img
}

// writeBench makes a benchmark of two splits whose right pixels are the bright square of refereetest.
func writeBench(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, split := range []string{"Location", "Placement"} {
		truth := refereetest.Truth(64, 48)
		mask := image.NewGray(image.Rect(0, 0, 64, 48))
		for i, in := range truth.Mask {
			if in {
				mask.Pix[i] = 255
			}
		}
		var questions []map[string]any
		for i := range 4 {
			for folder, img := range map[string]image.Image{"image": refereetestPicture(64, 48), "mask": mask} {
				if err := os.MkdirAll(filepath.Join(dir, split, folder), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.Rename(writePNG(t, "x.png", img), filepath.Join(dir, split, folder, fmt.Sprintf("%d.png", i))); err != nil {
					t.Fatal(err)
				}
			}
			questions = append(questions, map[string]any{"id": i, "object": "the square", "prompt": fmt.Sprintf("Question %d.", i), "suffix": "As a list.",
				"rgb_path": fmt.Sprintf("image/%d.png", i), "mask_path": fmt.Sprintf("mask/%d.png", i), "category": strings.ToLower(split), "step": 1 + i%2, "relations": [][]string{{"left"}, {"left", "touch"}, nil, nil}[i]})
		}
		data, err := json.Marshal(questions)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, split, "question.json"), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	blind := `{"tasks": [{"task": "location", "questions": 4, "random_pixel": 0.02, "random_object": 0.25, "rules": {"nearest": 0.5}, "best": "nearest"}]}`
	if err := os.WriteFile(filepath.Join(dir, "baselines.json"), []byte(blind), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRefspatial(t *testing.T) {
	dir, out := writeBench(t), filepath.Join(t.TempDir(), "out")
	status, stdout, stderr := command(t, "refspatial", dir, "--referee", "oracle", "--out", out)
	if status != exitOK || !strings.Contains(stdout, "location     all     4          4        0        0  100.00  51.01 … 100.00 (wilson)") || !strings.Contains(stdout, "average") {
		t.Errorf("oracle: status %d, stderr %q, stdout\n%s", status, stderr, stdout)
	}
	for _, want := range []string{"left                  4  100.00  51.01", "touch                 2  100.00", "location  4          2.0           25.0           50.0 (nearest)"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	data, err := os.ReadFile(filepath.Join(out, "Location.jsonl"))
	if err != nil || strings.Count(string(data), "\n") != 4 || !strings.Contains(string(data), `"instruction":"Question 0. As a list."`) || !strings.Contains(string(data), `"mask_path":"mask/0.png"`) {
		t.Errorf("answers %q, error %v", data, err)
	}
	// A model that answers a point too many, thinks aloud, says nothing, and answers a box the wrong way round, in turn.
	script := filepath.Join(t.TempDir(), "answers.sh")
	if err := os.WriteFile(script, []byte(`n=0
while read -r line; do
	case "$line" in
	*"Question 0."*) echo '{"answer": "[(0.5, 0.5), (0.01, 0.01)]"}' ;;
	*"Question 1."*) echo '{"answer": "<think>(0.01, 0.01)</think><answer>[(0.5, 0.5)]</answer>"}' ;;
	*"Question 2."*) echo '{"answer": ""}' ;;
	*) echo '{"answer": "(0.9, 0.9, 0.1, 0.1)"}' ;;
	esac
done
`), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ mode, want string }{
		{"strict", `{"split":"location","step":0,"n":4,"evaluated":4,"dropped":0,"crashed":0,"errors":0,"score":0.375,`},                // (½ + 1 + 0 + 0) / 4
		{"official", `{"split":"location","step":0,"n":4,"evaluated":3,"dropped":1,"crashed":0,"errors":0,"score":0.3333333333333333,`}, // (½ + ½ + 0) / 3
	} {
		status, stdout, stderr = command(t, "refspatial", dir, "--referee", "command:sh "+script, "--mode", tt.mode, "--json")
		if status != exitOK || !strings.Contains(stdout, tt.want) {
			t.Errorf("%s: status %d, stderr %q, stdout\n%s", tt.mode, status, stderr, stdout)
		}
	}
	status, stdout, _ = command(t, "refspatial", dir, "--referee", "random-pixel", "--split", "placement", "--limit", "2", "--published")
	if status != exitOK || strings.Contains(stdout, "location") || !strings.Contains(stdout, "RoboRefer-2B-SFT") {
		t.Errorf("one split: status %d, stdout\n%s", status, stdout)
	}
}

func TestRefspatialBad(t *testing.T) {
	dir := writeBench(t)
	for _, tt := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{dir + "/none"}, exitBadUsage, "no such file"},
		{[]string{t.TempDir()}, exitBadUsage, "want RefSpatial-Bench"},
		{[]string{dir, "--split", "unseen"}, exitBadUsage, `no split "unseen" (have location, placement)`},
		{[]string{dir, "--model", "GPT-5"}, exitBadUsage, "the official script scores no model"},
		{[]string{dir, "--workers", "0"}, exitBadUsage, "0 workers"},
		{[]string{dir, "--referee", "http://127.0.0.1:1"}, exitUndone, "127.0.0.1:1"},
	} {
		status, stdout, stderr := command(t, append([]string{"refspatial"}, tt.args...)...)
		if status != tt.status || stdout != "" || !strings.Contains(stderr, tt.want) {
			t.Errorf("refspatial %v = %d, %q; want %d and %q", tt.args, status, stderr, tt.status, tt.want)
		}
	}
}
