package main

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/refarena/refarena/scenes/relate"
)

func gen(t *testing.T, args ...string) (out, err string, status int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status = run(t.Context(), append([]string{"gen"}, args...), &stdout, &stderr)
	return stdout.String(), stderr.String(), status
}

// docs/instructions.md is what the command prints. A changed catalogue or grammar changes it: make it anew, and read it.
func TestInstructionsDoc(t *testing.T) {
	doc, err := os.ReadFile("../../docs/instructions.md")
	if err != nil {
		t.Fatal(err)
	}
	out, errOut, status := gen(t, "--examples", "200")
	if status != exitOK {
		t.Fatalf("status %d: %s", status, errOut)
	}
	have, want := strings.Split(string(doc), "\n"), strings.Split(out, "\n")
	for i := range want {
		if i >= len(have) || have[i] != want[i] {
			t.Fatalf("docs/instructions.md is out of date at line %d: run refarena gen --examples 200 > docs/instructions.md, and read it", i+1)
		}
	}
	if n := strings.Count(out, "\n| "); n < 200 {
		t.Errorf("%d rows, want 200 instructions", n)
	}
}

func TestGenStats(t *testing.T) {
	out, errOut, status := gen(t, "--stats", "-n", "3")
	if status != exitOK || !strings.HasPrefix(out, "WHAT") {
		t.Fatalf("status %d: %s%s", status, out, errOut)
	}
	for _, r := range relate.Relations() {
		if !strings.Contains(out, "relation "+r.String()+" ") {
			t.Errorf("no line for relation %q", r)
		}
	}
}

func TestGenBadInput(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--relation", "near"}, `no relation "near" (have close, far,`},
		{[]string{"--relation", "between", "--steps", "2"}, `"between" take 3 steps at least`},
		{[]string{"--level", "extreme"}, `no level "extreme" (have easy, medium, hard)`},
		{[]string{"--kind", "counting"}, `no kind of instruction "counting" (have location, placement)`},
		{[]string{"--split", "x"}, `no split "x" (have seen, unseen)`},
		{[]string{"-n", "0"}, "0 scenes"},
		{[]string{"--robot", "g2"}, `no robot "g2" (have ur5, g1, g1-free)`},
		{[]string{"--robot", "g2", "--out", "x"}, `no robot "g2" (have ur5, g1, g1-free)`},
		{[]string{"--base", "free"}, "--robot g1-free is the G1 on its own feet"},
		{[]string{"--out", "x", "--seed", "900000"}, "seed 900000 is for no data set"},
		{[]string{"--out", "x", "--split", "unseen"}, "the combinations of split unseen are held out"},
		{[]string{"--out", "x", "--level", "extreme"}, `no level "extreme" (have easy, medium, hard)`},
		{[]string{"--out", "x", "--relation", "near"}, `no relation "near" (have close, far,`},
		{[]string{"--out", "x", "--kind", "counting"}, `no kind of instruction "counting" (have location, placement)`},
		{[]string{"--out", "x", "--aspect", "wide"}, `aspect "wide" (want a ratio such as 4:3, or a number)`},
		{[]string{"--out", "x", "--size", "0"}, `size "0"`},
		{[]string{"--out", "x", "--views", "0"}, "0 views"},
		{[]string{"--out", "x", "--rgb", "gif"}, `no picture format "gif" (have png, jpeg, raw)`},
		{[]string{"--sheet", "x.png"}, "add --out DIR, or --from DIR"},
	} {
		_, errOut, status := gen(t, tt.args...)
		if status != exitBadUsage || !strings.Contains(errOut, tt.want) {
			t.Errorf("gen %s: status %d, %q, want %d and %q", strings.Join(tt.args, " "), status, errOut, exitBadUsage, tt.want)
		}
	}
}

// A data set of the command, and what is made from it.
func TestGenData(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	sheet := filepath.Join(t.TempDir(), "sheet.png")
	args := []string{"--level", "easy", "-n", "2", "--views", "1", "--size", "64", "--aspect", "4:3", "--questions", "4", "--min-count", "1", "--shard-scenes", "1"}
	out, errOut, status := gen(t, append([]string{"--out", dir, "--sheet", sheet}, args...)...)
	if status != exitOK || !strings.HasPrefix(out, "WHAT") || !strings.Contains(errOut, "in 2 shards") {
		t.Fatalf("status %d: %s%s", status, out, errOut)
	}
	f, err := os.Open(sheet)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := png.Decode(f); err != nil {
		t.Error(err)
	}
	again, errOut, status := gen(t, "--from", dir)
	if status != exitOK || again != out || !strings.Contains(errOut, "as they were written") {
		t.Errorf("status %d: %s", status, errOut)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--out", dir}, "holds another data set: levels is"},
		{[]string{"--from", dir, "--refspatial", filepath.Join(dir, "x")}, "made from seeds for training"},
		{[]string{"--from", t.TempDir()}, "dataset.json: no such file"},
	} {
		_, errOut, status := gen(t, tt.args...)
		if status != exitUndone || !strings.Contains(errOut, tt.want) {
			t.Errorf("gen %s: status %d, %q, want %d and %q", strings.Join(tt.args, " "), status, errOut, exitUndone, tt.want)
		}
	}
}
