package main

import (
	"bufio"
	"encoding/json"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/refarena/refarena/scenes"
)

func TestObjects(t *testing.T) {
	sheet := filepath.Join(t.TempDir(), "sheet.png")
	status, stdout, stderr := command(t, "objects", "--gl", "software", "--sheet", sheet)
	if status != exitOK {
		t.Fatalf("refarena objects = %d, %s", status, stderr)
	}
	for _, want := range []string{"NAME", "mug", "coffee mug, cup", "103×72×88", "72, handle 13, rim 3.6", "objects in"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("refarena objects does not say %q:\n%s", want, stdout)
		}
	}
	f, err := os.Open(sheet)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	// Every tile shows something else than ground: many colours.
	columns := img.Bounds().Dx() / cell
	for i, d := range scenes.Catalogue() {
		const many = 12
		colors := map[color.Color]bool{}
		for k := 0; k < cell*cell && len(colors) < many; k++ {
			colors[img.At(i%columns*cell+k%cell, i/columns*(cell+captionHeight)+k/cell)] = true
		}
		if len(colors) < many {
			t.Errorf("the tile of %s has %d colours, want a picture", d.Name, len(colors))
		}
	}
}

func TestObjectsJSON(t *testing.T) {
	dir := t.TempDir()
	definition := "name: peg\ncolors: [brown]\nmass_g: 30\nparts: [{mesh: peg.obj}]\n"
	tetrahedron := "v 0 0 0\nv 0.05 0 0\nv 0 0.05 0\nv 0 0 0.05\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"
	for name, text := range map[string]string{"peg.yaml": definition, "peg.obj": tetrahedron} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	status, stdout, stderr := command(t, "objects", "--json", "--objects", dir)
	if status != exitOK {
		t.Fatalf("refarena objects --json = %d, %s", status, stderr)
	}
	var last objectRecord
	n := 0
	for lines := bufio.NewScanner(strings.NewReader(stdout)); lines.Scan(); n++ {
		last = objectRecord{}
		if err := json.Unmarshal(lines.Bytes(), &last); err != nil {
			t.Fatalf("line %q: %v", lines.Text(), err)
		}
	}
	if want := len(scenes.Catalogue()) + 1; n != want || last.Name != "peg" || last.SizeMM != [3]float64{50, 50, 50} || last.MassG != 30 {
		t.Errorf("%d lines, the last %+v, want %d and the peg", n, last, want)
	}
	if err := os.WriteFile(filepath.Join(dir, "peg.obj"), []byte(tetrahedron[:len(tetrahedron)-8]), 0o666); err != nil {
		t.Fatal(err)
	}
	status, _, stderr = command(t, "objects", "--objects", dir)
	if want := "peg.yaml:4: parts[0].mesh: peg.obj: the mesh is not closed"; status != exitBadUsage || !strings.Contains(stderr, want) {
		t.Errorf("refarena objects = %d, %s, want %d and %q", status, stderr, exitBadUsage, want)
	}
}
