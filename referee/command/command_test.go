package command_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/referee/command"
	"github.com/refarena/refarena/referee/refereetest"
)

// A buffer for standard error, which arrives from another goroutine.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func open(t *testing.T, line string, opt command.Options) *command.Command {
	t.Helper()
	c, err := command.New(line, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

const answers = `while read -r line; do echo '{"answer": "[(0.341, 0.510)]"}'; done`

func TestConformance(t *testing.T) {
	for name, line := range map[string]string{
		"answer": answers,
		"points": `while read -r line; do echo '{"points": [[0.5, 0.25]]}'; done`,
		"empty":  `while read -r line; do echo; echo '{"points": []}'; done`,
		"talk":   `while read -r line; do echo '{"answer": "somewhere"}'; done`,
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, line, command.Options{})
			if err := c.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			refereetest.Run(t, c)
		})
	}
}

// The example of the documentation answers, if Python is there.
func TestExample(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("no python3")
	}
	const script = "../../examples/command/model.py"
	c := open(t, "python3 "+script, command.Options{Timeout: 10 * time.Minute}) // Python is slow to start on a busy machine
	a, err := c.Point(t.Context(), refereetest.Query(64, 48, true, 1))
	if err != nil || len(a.Points) != 1 {
		t.Fatalf("answer %+v, error %v", a, err)
	}
	if c.Info().Version == "" {
		t.Error("the script's hash is not the version")
	}
	source, err := os.ReadFile(script)
	if err != nil || bytes.Count(source, []byte("\n")) > 20 {
		t.Errorf("the example has %d lines, error %v", bytes.Count(source, []byte("\n")), err)
	}
}

func TestFaults(t *testing.T) {
	q := refereetest.Query(16, 12, true, 1)
	flag := func(t *testing.T) string { return t.TempDir() + "/once" }
	t.Run("crash, then well", func(t *testing.T) {
		var stderr buffer
		c := open(t, `if mkdir `+flag(t)+` 2>/dev/null; then read -r line; echo "CUDA out of memory" >&2; exit 3; fi; `+answers, command.Options{Stderr: &stderr})
		if _, err := c.Point(t.Context(), q); err == nil || !strings.Contains(err.Error(), "exit status 3: CUDA out of memory") {
			t.Errorf("error %v", err)
		}
		if a, err := c.Point(t.Context(), q); err != nil || len(a.Points) != 1 {
			t.Errorf("after the crash: %+v, error %v", a, err)
		}
		if !strings.Contains(stderr.String(), "CUDA out of memory") {
			t.Errorf("standard error %q", stderr.String())
		}
	})
	t.Run("crashes for ever", func(t *testing.T) {
		c := open(t, "exit 7", command.Options{Stderr: &buffer{}, Watch: time.Minute})
		if err := c.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "exit status 7") {
			t.Errorf("Check: error %v", err)
		}
		var err error
		for range 5 {
			_, err = c.Point(t.Context(), q)
		}
		if err == nil || !strings.Contains(err.Error(), "not started again after 3 crashes") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("no such program", func(t *testing.T) {
		c := open(t, "refarena-no-such-program", command.Options{Stderr: &buffer{}, Watch: time.Minute})
		if err := c.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "refarena-no-such-program: not found") {
			t.Errorf("Check: error %v", err)
		}
	})
	t.Run("hangs, then well", func(t *testing.T) {
		well := flag(t)
		c := open(t, `if [ ! -e `+well+` ]; then read -r line; sleep 1000; fi; `+answers, command.Options{Timeout: 100 * time.Millisecond, Grace: time.Millisecond, Stderr: &buffer{}})
		a, err := c.Point(t.Context(), q)
		if err != nil || a.Problem != referee.ProblemTimeout || refereetest.CheckAnswer(a) != nil {
			t.Errorf("answer %+v, error %v", a, err)
		}
		if err := os.Mkdir(well, 0o777); err != nil {
			t.Fatal(err)
		}
		c.SetTimeout(time.Minute) // the second time nothing depends on how long it takes
		if a, err := c.Point(t.Context(), q); err != nil || len(a.Points) != 1 {
			t.Errorf("after the hang: %+v, error %v", a, err)
		}
	})
	t.Run("does not read", func(t *testing.T) {
		big := refereetest.Query(400, 300, true, 1)
		for i := range big.RGB {
			big.RGB[i] = byte(i * i >> 3)
		}
		c := open(t, "sleep 1000", command.Options{Timeout: 300 * time.Millisecond, Grace: time.Millisecond, Stderr: &buffer{}})
		if a, err := c.Point(t.Context(), big); err == nil && a.Problem != referee.ProblemTimeout {
			t.Errorf("answer %+v, error %v", a, err)
		}
	})
	for _, tt := range []struct{ name, says, want string }{
		{"garbage", "loading weights 100%", "loading weights"},
		{"unknown field", `{"anser": "[(0.1, 0.2)]"}`, "anser"},
		{"nothing in it", `{}`, "neither"},
		{"array", `[0.1, 0.2]`, "want"},
		{"points outside", `{"points": [[10, 20]]}`, "want [x, y]"},
		{"of three numbers", `{"points": [[0.1, 0.2, 0.3]]}`, "want [x, y]"},
		{"another id", `{"id": 99, "answer": "[]"}`, "query 99, which was not asked"},
		{"not UTF-8", "\xff\xfe", "want"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := t.TempDir() + "/says"
			if err := os.WriteFile(file, []byte(tt.says+"\n"), 0o666); err != nil {
				t.Fatal(err)
			}
			c := open(t, "while read -r line; do cat "+file+"; done", command.Options{Stderr: &buffer{}, Grace: time.Second})
			for range 2 {
				a, err := c.Point(t.Context(), q)
				if err != nil || a.Problem != referee.ProblemUnparsable || !strings.Contains(a.Reason, tt.want) || refereetest.CheckAnswer(a) != nil {
					t.Errorf("answer %+v, error %v, want a reason with %q", a, err, tt.want)
				}
			}
		})
	}
	t.Run("an endless line", func(t *testing.T) {
		c := open(t, "read -r line; head -c 3000000 /dev/zero | tr '\\0' x; echo; "+answers, command.Options{Stderr: &buffer{}, Grace: time.Second})
		a, err := c.Point(t.Context(), q)
		if err != nil || !strings.Contains(a.Reason, "more than 1048576 bytes") {
			t.Errorf("reason %q, error %v", a.Reason, err)
		}
	})
	t.Run("its own error", func(t *testing.T) {
		c := open(t, `while read -r line; do echo '{"error": "no such model"}'; done`, command.Options{})
		if _, err := c.Point(t.Context(), q); err == nil || !strings.Contains(err.Error(), "no such model") {
			t.Errorf("error %v", err)
		}
	})
}

// An answer to a query that was given up is not taken for one to the next.
func TestStaleAnswer(t *testing.T) {
	dir := t.TempDir()
	c := open(t, `cd `+dir+`; n=0; while read -r line; do n=$((n+1)); : > read; while [ ! -e go ]; do sleep 0.02; done; echo "{\"id\": $n, \"points\": [[0.$n, 0.5]]}"; done`, command.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { // gives up when the program has the query
		for ctx.Err() == nil {
			if _, err := os.Stat(dir + "/read"); err == nil {
				cancel()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	q := refereetest.Query(16, 12, false, 1)
	if _, err := c.Point(ctx, q); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	if err := os.WriteFile(dir+"/go", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	a, err := c.Point(t.Context(), q)
	if err != nil || len(a.Points) != 1 || a.Points[0].X != 0.2 {
		t.Errorf("answer %+v, error %v, want the second", a, err)
	}
}

// Closing ends the program and its children, and works twice.
func TestClose(t *testing.T) {
	dir := t.TempDir()
	c, err := command.New("sleep 1000 & echo $! > "+dir+"/pid; "+answers, command.Options{Grace: 100 * time.Millisecond, Stderr: &buffer{}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Point(t.Context(), refereetest.Query(16, 12, false, 1)); err != nil {
		t.Fatal(err)
	}
	pid, err := os.ReadFile(dir + "/pid")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	for range 3000 { // init reaps it in its own time
		stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat")
		if err != nil || bytes.Contains(stat, []byte(") Z ")) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("a child of the program is still there")
}
