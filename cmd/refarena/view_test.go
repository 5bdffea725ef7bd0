package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refarena/refarena/tasks"
)

// What cannot be viewed is one line that says so, and leaves nothing behind.
func TestViewRefuses(t *testing.T) {
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	if status, _, errs := command(t, "eval", "--referee", "random-pixel", "--episodes", "1", "--out", run); status != exitOK {
		t.Fatal(errs)
	}
	info := filepath.Join(run, "run.json")
	text, err := os.ReadFile(info)
	require.NoError(t, err)
	here := tasks.CurrentVersions().MuJoCo
	require.Contains(t, string(text), here)
	scene := filepath.Join(dir, "scene.yaml")
	if status, _, errs := command(t, "scene", "make", "--level", "easy", "--out", scene); status != exitOK {
		t.Fatal(errs)
	}
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	made := filepath.Join(dir, "made")
	other := func() {
		require.NoError(t, os.WriteFile(info, bytes.ReplaceAll(text, []byte(here), []byte("3.9.9")), 0o666))
	}
	for _, tt := range []struct {
		name, args string
		before     func()
		status     int
		want       []string
	}{
		{"no run", "view nowhere/run", nil, exitBadUsage, []string{"no run in nowhere/run"}},
		{"a folder that is none", "view " + dir, nil, exitBadUsage, []string{"no run in", "episodes.jsonl"}},
		{"no such episode", "view " + run + " --episode 99", nil, exitBadUsage, []string{"no episode 99", "have 1"}},
		{"no such step", "view " + run + " --step 9", nil, exitBadUsage, []string{"no step 9"}},
		{"no display", "view starter", nil, exitUndone, []string{"no display", "refarena view --web"}},
		{"no display, to be recorded", "view starter --referee human --out " + made, nil, exitUndone, []string{"no display", "refarena view --web"}},
		{"a person in a scene", "view " + scene + " --referee human", nil, exitBadUsage, []string{"nothing is asked"}},
		{"another version of the engine", "view " + run + " --headless-script " + os.DevNull, other, exitBadUsage,
			[]string{"was made with MuJoCo 3.9.9", "here are MuJoCo " + here}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.before != nil {
				tt.before()
			}
			status, out, errs := command(t, strings.Fields(tt.args)...)
			require.Equal(t, tt.status, status, errs)
			require.Empty(t, out)
			require.Equal(t, 1, strings.Count(errs, "\n"), errs)
			for _, w := range tt.want {
				require.Contains(t, errs, w)
			}
		})
	}
	require.NoDirExists(t, made, "a run was begun that nobody can play")
}

// A scene file is viewed, by a script, without a display.
func TestViewScene(t *testing.T) {
	dir := t.TempDir()
	scene, script := filepath.Join(dir, "kitchen.yaml"), filepath.Join(dir, "orders.txt")
	if status, _, errs := command(t, "scene", "make", "--level", "easy", "--out", scene); status != exitOK {
		t.Fatal(errs)
	}
	require.NoError(t, os.WriteFile(script, []byte("expect kitchen\nspeed 16\njoint 1 -60\nseek 1\nshot kitchen.png\n"), 0o666))
	status, _, errs := command(t, "view", scene, "--dir", dir, "--size", "640x400", "--headless-script", script)
	require.Equal(t, exitOK, status, errs)
	require.FileExists(t, filepath.Join(dir, "kitchen.png"))
}

// xServer starts an X server without a screen, and gives the environment in which this test's program is the command and that server its display.
func xServer(t *testing.T) []string {
	t.Helper()
	if _, err := exec.LookPath("Xvfb"); err != nil {
		t.Skip("no Xvfb here (apt-get install xvfb)")
	}
	r, w, err := os.Pipe()
	require.NoError(t, err)
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1000x700x24", "-nolisten", "tcp")
	x.ExtraFiles = []*os.File{w}
	require.NoError(t, x.Start())
	w.Close()
	t.Cleanup(func() { // it takes away its lock and its socket, which another server would stumble over
		x.Process.Signal(syscall.SIGTERM)
		late := time.AfterFunc(20*time.Second, func() { x.Process.Kill() })
		x.Wait()
		late.Stop()
		r.Close()
	})
	display, err := bufio.NewReader(r).ReadString('\n')
	require.NoError(t, err)
	return append(os.Environ(), "REFARENA_AS_COMMAND=1", "DISPLAY=:"+strings.TrimSpace(display))
}

// A display on a machine without an OpenGL driver is one line that says so and what to do; a run that was to be recorded is not begun.
func TestViewWithoutGL(t *testing.T) {
	env := append(xServer(t), "__EGL_VENDOR_LIBRARY_FILENAMES="+os.DevNull) // no driver: what a machine without Mesa has
	self, err := os.Executable()
	require.NoError(t, err)
	made := filepath.Join(t.TempDir(), "made")
	var out, errs bytes.Buffer
	cmd := exec.Command(self, "view", "starter", "--referee", "human", "--out", made)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, &out, &errs
	require.Error(t, cmd.Run())
	require.Equal(t, exitUndone, cmd.ProcessState.ExitCode(), errs.String())
	require.Empty(t, out.String())
	require.Equal(t, 1, strings.Count(errs.String(), "\n"), errs.String())
	require.Contains(t, errs.String(), "no OpenGL")
	require.Contains(t, errs.String(), "refarena view --web")
	require.NoDirExists(t, made)
}

// The window does what keys, mouse and text say: it is the command itself in an X server without a screen, and xdotool in front of it.
func TestViewWindow(t *testing.T) {
	if _, err := exec.LookPath("xdotool"); err != nil {
		t.Skip("no xdotool here (apt-get install xvfb xdotool)")
	}
	env := xServer(t)
	self, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	var said bytes.Buffer
	cmd := exec.Command(self, "view", "starter", "--seed", "7", "--referee", "oracle", "--size", "800x500", "--max-fps", "4", "--dir", dir)
	cmd.Env, cmd.Stderr = env, &said
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { cmd.Process.Kill() })
	do := func(args ...string) string {
		t.Helper()
		c := exec.Command("xdotool", args...)
		c.Env = env
		out, err := c.CombinedOutput()
		require.NoError(t, err, "xdotool %v: %s", args, out)
		return strings.TrimSpace(string(out))
	}
	until := func(what string, there func() bool) {
		t.Helper()
		for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			if there() {
				return
			}
			select {
			case err := <-ended:
				t.Fatalf("the viewer has ended: %v: %s", err, said.String())
			default:
			}
		}
		t.Fatalf("no %s", what)
	}
	// kept is whether a file that the viewer has written has something in it.
	kept := func(name, what string) bool {
		files, _ := filepath.Glob(filepath.Join(dir, name))
		return slices.ContainsFunc(files, func(f string) bool {
			text, _ := os.ReadFile(f)
			return regexp.MustCompile(what).Match(text)
		})
	}
	// save presses Ctrl+S and waits for the scenario to have something in it. What keys and mouse say is done in turn, and takes the time that it takes:
	// a key is pressed once.
	save := func(what string) {
		t.Helper()
		do("key", "ctrl+s")
		until(what, func() bool { return kept("*.yaml", what) })
	}
	do("search", "--sync", "--onlyvisible", "--name", "refarena")
	pressed := time.Time{}
	until("scenario after Ctrl+S", func() bool { // keys that come before the window listens may be lost
		if time.Since(pressed) > 10*time.Second {
			do("key", "ctrl+s")
			pressed = time.Now()
		}
		return kept("*.yaml", "replay:")
	})
	do("key", "bracketright", "space", "s")
	until("picture after the key s", func() bool { return kept("*.png", "IEND") })
	do("key", "space", "End")
	// The referee's picture of a window of 800 × 500 begins at (492, 82) and is 261 × 196. A click has four digits, the oracle three.
	do("mousemove", "622", "180", "click", "1")
	save(`text: "\[\(0\.\d{4}, 0\.\d{4}\)\]"`)
	do("key", "i")
	for range 60 {
		do("key", "BackSpace")
	}
	do("type", "--delay", "20", "Take the bowl.")
	do("key", "Return")
	save(`instruction: Take the bowl\.`)
	do("type", "--delay", "20", ":move 0 0 0 0.05") // an order without a key
	do("key", "Return")
	save(`pose: \[`)
	do("key", "q")
	select {
	case err := <-ended:
		require.NoError(t, err, said.String())
	case <-time.After(3 * time.Minute):
		t.Fatal("the key q does not end it")
	}
}
