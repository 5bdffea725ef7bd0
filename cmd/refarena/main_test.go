package main

import (
	"bytes"
	"encoding/json"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/refarena/refarena/tasks"
)

// TestMain lets the test binary be the command itself, for the tests that kill it.
func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	status := m.Run()
	os.RemoveAll(once.dir)
	os.Exit(status)
}

// command runs the program inside the test.
func command(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, &out, &errs)
	return status, out.String(), errs.String()
}

func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	corrupt := filepath.Join(dir, "corrupt.yaml")
	if err := os.WriteFile(corrupt, []byte("name: [\x00"), 0o666); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	for _, tt := range []struct {
		name   string
		args   string
		status int
		want   string
	}{
		{"unknown command", "evaluate", exitBadUsage, "eval"},
		{"unknown flag", "eval --episode 3", exitBadUsage, "--episodes"},
		{"unknown suite", "eval --suite startr", exitBadUsage, `no suite "startr" (have dynamic, executor`},
		{"unknown robot", "eval --robot ur6", exitBadUsage, `no robot "ur6" (have ur5`},
		{"unknown referee", "eval --referee orcale", exitBadUsage, "oracle, random-in-mask, random-pixel, http://HOST:PORT"},
		{"unknown device", "eval --gl vulkan", exitBadUsage, "auto, software, gpu"},
		{"corrupt suite file", "eval --suite " + corrupt, exitBadUsage, "corrupt.yaml"},
		{"no suite file", "eval --suite " + dir + "/none.yaml", exitBadUsage, "none.yaml"},
		{"zero episodes", "eval --episodes 0", exitBadUsage, "0 episodes (want at least 1)"},
		{"negative workers", "eval --workers=-1", exitBadUsage, "-1 workers"},
		{"size of nothing", "eval --size 0x480", exitBadUsage, "640x480"},
		{"size with a tail", "render --size 640x480x3", exitBadUsage, "640x480"},
		{"huge size", "render --size 20000x20000", exitBadUsage, "1 to 4096"},
		{"unreachable server", "eval --referee http://127.0.0.1:1 --out " + out, exitUndone, "127.0.0.1:1"},
		{"folder inside a file", "eval --episodes 1 --out " + corrupt + "/run", exitUndone, "output folder"},
		{"JUnit inside a file", "eval --episodes 1 --junit " + corrupt + "/run.xml", exitBadUsage, "corrupt.yaml/run.xml cannot be written: not a directory"},
		{"JUnit over a folder", "eval --episodes 1 --junit " + dir, exitBadUsage, "is a folder"},
		{"pictures inside a file", "render --out " + corrupt + "/run", exitUndone, "output folder"},
		{"export of nothing", "export", exitBadUsage, "--gltf FILE.glb, --mjcf DIR"},
		{"export of no size", "export --size 0x0 --gltf " + out, exitBadUsage, "1 to 4096"},
		{"export of an unknown level", "export --level harder --gltf " + out, exitBadUsage, "easy, medium, hard"},
		{"export of an episode without a robot", "export --no-robot --gltf " + out, exitBadUsage, "--level"},
		{"export inside a file", "export --gltf " + corrupt + "/a.glb", exitUndone, "export: "},
		{"model inside a file", "export --mjcf " + corrupt + "/a", exitUndone, "mjcf: "},
		{"unknown figure", "bench speed", exitBadUsage, "render.rgbds.640x480"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := command(t, strings.Fields(tt.args)...)
			if status != tt.status || stdout != "" {
				t.Errorf("refarena %s = %d, stdout %q; want %d and nothing", tt.args, status, stdout, tt.status)
			}
			if strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, tt.want) {
				t.Errorf("refarena %s says %q, want one line with %q", tt.args, stderr, tt.want)
			}
		})
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a run that could not begin has left a folder behind")
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {}, {"eval", "--help"}} {
		status, stdout, _ := command(t, args...)
		if status != exitOK || !strings.Contains(stdout, "eval") {
			t.Errorf("refarena %v = %d, %q", args, status, stdout)
		}
	}
}

func TestDoctor(t *testing.T) {
	status, stdout, _ := command(t, "doctor")
	if status != exitOK {
		t.Errorf("refarena doctor = %d, want %d\n%s", status, exitOK, stdout)
	}
	for _, want := range []string{"libmujoco", "4.0.0", "ONNX Runtime", "CPUExecutionProvider", "renderer", "GPU", "CPU", "memory", "disk"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("refarena doctor does not speak of %s:\n%s", want, stdout)
		}
	}
}

func TestRenderWritesPictures(t *testing.T) {
	dir := t.TempDir()
	status, stdout, stderr := command(t, "render", "--seed", "17", "--size", "96x64", "--out", dir)
	if status != exitOK {
		t.Fatalf("refarena render = %d, %s", status, stderr)
	}
	for _, kind := range []string{"rgb", "depth", "ids"} {
		file := filepath.Join(dir, "starter-17-"+kind+".png")
		if info, err := os.Stat(file); err != nil || info.Size() < 200 || !strings.Contains(stdout, file) {
			t.Errorf("%s is missing, empty or not mentioned (%v)", file, err)
		}
	}
}

// Without --size pictures have the size that eval shows the referee: of a G1's head camera all of its sensor, whether the pelvis is held or free.
func TestRenderOfG1(t *testing.T) {
	for _, tt := range []struct {
		args          string
		width, height int
	}{
		{"--robot g1 --suite starter --seed 7", 640, 360},
		{"--robot g1 --suite starter --seed 7 --view overview", 640, 480},
		{"--robot g1 --suite starter --seed 7 --camera referee", 640, 480},
		{"--robot g1-free --level easy --camera head", 640, 360},
		{"--robot g1 --level easy --size 96x64", 96, 64},
	} {
		dir := t.TempDir()
		if status, _, stderr := command(t, append([]string{"render", "--out", dir}, strings.Fields(tt.args)...)...); status != exitOK {
			t.Errorf("refarena render %s = %d, %s", tt.args, status, stderr)
			continue
		}
		names, _ := filepath.Glob(filepath.Join(dir, "*-rgb.png"))
		f, err := os.Open(names[0])
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := png.DecodeConfig(f)
		f.Close()
		if err != nil || cfg.Width != tt.width || cfg.Height != tt.height {
			t.Errorf("refarena render %s: %d × %d px, %v; want %d × %d", tt.args, cfg.Width, cfg.Height, err, tt.width, tt.height)
		}
	}
}

// A command without --robot says where the robot is.
func TestRobotless(t *testing.T) {
	for name, why := range robotless {
		flag := "--robot"
		if name == "gen" {
			flag = "--base"
		}
		args := append(strings.Fields(name), "a", "b")
		switch name {
		case "doctor", "gen", "objects", "scene make", "serve", "task list", "task words":
			args = args[:len(args)-2]
		case "export run", "refspatial", "report", "verify":
			args = args[:len(args)-1]
		}
		status, _, stderr := command(t, append(args, flag, "g1")...)
		if status != exitBadUsage || !strings.Contains(stderr, "unknown flag "+flag) || !strings.Contains(stderr, why) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("refarena %v %s g1 = %d, %q; want one line with %q", args, flag, status, stderr, why)
		}
	}
	if _, _, stderr := command(t, "eval", "--robt", "g1"); !strings.Contains(stderr, `did you mean one of "--robot"`) || !strings.Contains(stderr, "see refarena --help") {
		t.Errorf("a misspelt flag: %q", stderr)
	}
}

// traces runs episodes and gives back each one's line without its wall time.
func traces(t *testing.T, args ...string) []string {
	t.Helper()
	status, stdout, stderr := command(t, append([]string{"eval", "--json", "--seed", "5", "--episodes", "3", "--size", "200x150"}, args...)...)
	if status != exitOK {
		t.Fatalf("refarena eval %v = %d, %s", args, status, stderr)
	}
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	var out []string
	for i, line := range lines {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		if kind := v["type"]; (kind == "summary") != (i == len(lines)-1) || kind != "episode" && kind != "summary" {
			t.Errorf("line %d is a %v", i+1, kind)
		}
		delete(v, "wall_s")
		b, _ := json.Marshal(v)
		out = append(out, string(b))
	}
	if len(out) != 4 {
		t.Fatalf("%d lines, want 3 episodes and a summary", len(out))
	}
	return out
}

// What is printed of the same episodes by one worker and by two, of a referee that draws random numbers too. TestRunsAreOne looks at all that is recorded,
// with random-in-mask.
func TestResultsDoNotDependOnWorkers(t *testing.T) {
	for _, ref := range []string{"oracle", "random-pixel"} {
		t.Run(ref, func(t *testing.T) {
			one := traces(t, "--referee", ref, "--workers", "1", "--out", filepath.Join(t.TempDir(), "run"))
			two := traces(t, "--referee", ref, "--workers", "2", "--out", filepath.Join(t.TempDir(), "run"))
			for i := range one {
				if one[i] != two[i] {
					t.Errorf("one worker: %s\ntwo workers: %s", one[i], two[i])
				}
			}
		})
	}
}

// A killed run loses nothing that was done: every line that was written is a whole record.
func TestKilledRunKeepsItsEpisodes(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	cmd := exec.Command(self, "eval", "--episodes", "100", "--workers", "2", "--referee", "random-pixel", "--out", dir)
	cmd.Env = append(os.Environ(), "REFARENA_AS_COMMAND=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var records []*tasks.Record
	for deadline := time.Now().Add(2 * time.Minute); len(records) < 3 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		records, _ = tasks.ReadRecords(dir)
	}
	cmd.Process.Signal(syscall.SIGKILL)
	cmd.Wait()
	after, err := tasks.ReadRecords(dir)
	if err != nil || len(after) < len(records) || len(records) < 3 {
		t.Fatalf("%d records before the kill, %d after, %v", len(records), len(after), err)
	}
	for _, r := range after {
		if r.Outcome == "" || r.Trace == "" {
			t.Errorf("record of seed %d is not whole: %+v", r.Seed, r)
		}
	}
}
