package main

import (
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writePNG saves img in a new folder.
func writePNG(t *testing.T, name string, img image.Image) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
	return path
}

const says = `command:while read -r line; do echo '{"points": [[0.5, 0.25], [0.75, 0.75]]}'; done`

func TestPoint(t *testing.T) {
	grey := writePNG(t, "grey.png", image.NewGray16(image.Rect(0, 0, 200, 100)))
	depth := writePNG(t, "depth.png", image.NewGray16(image.Rect(0, 0, 100, 50)))
	marked := filepath.Join(t.TempDir(), "marked.png")
	tape := filepath.Join(t.TempDir(), "tape.jsonl")
	status, stdout, stderr := command(t, "point", grey, "the mug", "--depth", depth, "--referee", says, "--draw", marked, "--record", tape)
	if want := "(0.500, 0.250)  pixel (100, 25) of 200×100\n(0.750, 0.750)  pixel (150, 75) of 200×100\n"; status != exitOK || stdout != want {
		t.Errorf("status %d, stdout %q, stderr %q, want %q", status, stdout, stderr, want)
	}
	f, err := os.Open(marked)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if img.Bounds().Dx() != 200 || img.At(107, 25) != (color.RGBA{255, 140, 0, 255}) || img.At(150, 82) != (color.RGBA{255, 255, 255, 255}) || img.At(100, 25) != (color.RGBA{0, 0, 0, 255}) {
		t.Errorf("marked picture: %v, rings %v and %v, middle %v", img.Bounds(), img.At(107, 25), img.At(150, 82), img.At(100, 25))
	}
	if img.At(10, 90) != (color.RGBA{0, 0, 0, 255}) {
		t.Errorf("far from the marks: %v", img.At(10, 90))
	}

	status, stdout, stderr = command(t, "point", grey, "the mug", "--depth", depth, "--referee", "cassette:"+tape, "--json")
	var got pointAnswer
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || status != exitOK || len(got.Pixels) != 2 || got.Pixels[0] != [2]int{100, 25} || got.Referee.Model != "program" {
		t.Errorf("status %d, %+v, error %v, stderr %q", status, got, err, stderr)
	}
	status, _, stderr = command(t, "point", grey, "the cup", "--depth", depth, "--referee", "cassette:"+tape)
	if status != exitUndone || !strings.Contains(stderr, "another prompt than recorded") {
		t.Errorf("another prompt: status %d, stderr %q", status, stderr)
	}
}

func TestPointBad(t *testing.T) {
	good := writePNG(t, "good.png", image.NewGray(image.Rect(0, 0, 20, 10)))
	text := filepath.Join(t.TempDir(), "text.png")
	if err := os.WriteFile(text, []byte("hello"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"no file", []string{"none.png", "x"}, exitBadUsage, "none.png"},
		{"no picture", []string{text, "x"}, exitBadUsage, "want PNG, JPEG or GIF"},
		{"a control", []string{good, "x", "--referee", "oracle"}, exitBadUsage, "is a control"},
		{"depth of another shape", []string{good, "x", "--depth", writePNG(t, "d.png", image.NewGray(image.Rect(0, 0, 10, 10)))}, exitBadUsage, "same shape"},
		{"kind of depth", []string{good, "x", "--depth-kind", "metres"}, exitBadUsage, "have auto, disparity, millimetres"},
		{"silent model", []string{good, "x", "--referee", `command:while read -r line; do echo '{"answer": ""}'; done`}, exitUndone, "refer.empty"},
		{"nowhere to draw", []string{good, "x", "--referee", says, "--draw", good + "/x.png"}, exitUndone, "x.png"},
		{"no cassette", []string{good, "x", "--referee", "cassette:none.jsonl"}, exitBadUsage, "none.jsonl"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := command(t, append([]string{"point"}, tt.args...)...)
			if status != tt.status || stdout != "" || !strings.Contains(stderr, tt.want) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("status %d, stdout %q, stderr %q; want %d and one line with %q", status, stdout, stderr, tt.status, tt.want)
			}
		})
	}
}
