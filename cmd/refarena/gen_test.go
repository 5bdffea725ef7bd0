package main

import (
	"bytes"
	"os"
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
	} {
		_, errOut, status := gen(t, tt.args...)
		if status != exitBadUsage || !strings.Contains(errOut, tt.want) {
			t.Errorf("gen %s: status %d, %q, want %d and %q", strings.Join(tt.args, " "), status, errOut, exitBadUsage, tt.want)
		}
	}
}
