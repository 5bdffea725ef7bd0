package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/qmuntal/gltf"
)

func TestExport(t *testing.T) {
	dir := t.TempDir()
	file, model := filepath.Join(dir, "a.glb"), filepath.Join(dir, "model")
	status, stdout, stderr := command(t, "export", "--seed", "7", "--size", "96x64", "--gltf", file, "--mjcf", model)
	if want := file + "\n" + filepath.Join(model, "scene.xml") + "\n"; status != exitOK || stdout != want {
		t.Fatalf("refarena export = %d, %q, %s; want %q", status, stdout, stderr, want)
	}
	doc, err := gltf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	nodes := map[string]*gltf.Node{}
	for _, n := range doc.Nodes {
		nodes[n.Name] = n
	}
	for _, name := range []string{"world", "red mug", "robot/wrist_3_link", "referee", "overview", "d435", "l515", "ur5-wrist", "key light"} {
		if nodes[name] == nil {
			t.Errorf("no node %q in the file", name)
		}
	}
	if status, _, stderr := command(t, "export", "--seed", "7", "--size", "96x64", "--gltf", file+"2"); status != exitOK {
		t.Fatal(stderr)
	}
	a, _ := os.ReadFile(file)
	b, err := os.ReadFile(file + "2")
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("the same scene gives %d bytes, and %d others the second time (%v)", len(a), len(b), err)
	}
}

// What cannot be written leaves what was there before.
func TestExportKeepsTheOldFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.glb")
	if err := os.WriteFile(file, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := command(t, "export", "--level", "medium", "--gltf", filepath.Join(file, "b.glb")); status != exitUndone {
		t.Errorf("a file inside a file: status %d, want %d", status, exitUndone)
	}
	if old, err := os.ReadFile(file); err != nil || string(old) != "old" {
		t.Errorf("the old file holds %q, %v", old, err)
	}
	if all, _ := os.ReadDir(dir); len(all) != 1 {
		t.Errorf("%d files in the folder, want the old one", len(all))
	}
}

// The official validator (npm gltf-validator) finds nothing wrong with scenes of a suite and of the levels.
func TestOfficialValidator(t *testing.T) {
	if os.Getenv("REFARENA_LONG") == "" {
		t.Skip("long: make test-long")
	}
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("no npm: the official glTF validator needs Node.js")
	}
	out, err := exec.Command("npm", "ci", "--prefix", "testdata/gltf-validator", "--no-audit", "--no-fund").CombinedOutput()
	if err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	dir := t.TempDir()
	for name, args := range map[string][]string{
		"suite":  {"--suite", "starter", "--seed", "7"},
		"easy":   {"--level", "easy", "--seed", "5"},
		"medium": {"--level", "medium", "--seed", "11", "--no-robot"},
		"hard":   {"--level", "hard", "--seed", "3", "--size", "960x540"},
	} {
		file := filepath.Join(dir, name+".glb")
		if status, _, stderr := command(t, append([]string{"export", "--gltf", file}, args...)...); status != exitOK {
			t.Fatalf("refarena export %v: %s", args, stderr)
		}
		out, err := exec.Command("node", "testdata/gltf-validator/validate.js", file).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		var report struct {
			Issues struct {
				NumErrors, NumWarnings int
				Messages               []any
			}
		}
		if err := json.Unmarshal(out, &report); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if n := report.Issues; n.NumErrors+n.NumWarnings > 0 {
			t.Errorf("%s: %d errors, %d warnings: %v", name, n.NumErrors, n.NumWarnings, n.Messages)
		}
	}
}
