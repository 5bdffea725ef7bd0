package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/refarena/refarena/"

// TestLayers keeps the package graph as docs/architecture.md draws it: imports point one way, and each native library has one door.
func TestLayers(t *testing.T) {
	for _, tt := range []struct{ pkgs, banned, because string }{
		{"assets", module, "bytes have no logic"},
		{"sim/shape", module, "meshes know nothing of physics or pictures"},
		{"sim", module + "robots " + module + "scenes " + module + "referee " + module + "tasks", "the world does not know who plays in it"},
		{"sim/glb sim/mjcf", module + "robots " + module + "scenes " + module + "referee " + module + "tasks", "a file for other programs is written from the model alone"},
		{"sim sim/glb sim/mjcf robots scenes scenes/objectfile scenes/relate scenes/refer referee referee/roborefer tasks tasks/dataset tasks/export tasks/report", "github.com/g3n github.com/go-gl/gl " + module + "sim/render",
			"only sim/render draws, and cmd and scenariotest join it to the rest, so that everything else is tested without GL"},
		{"robots", module + "scenes " + module + "referee " + module + "tasks", "a robot sees frames and pixels, not the scene's truth"},
		{"referee referee/cassette referee/command referee/family referee/onnx referee/openai referee/photo referee/refereetest referee/refspatial referee/roborefer referee/serve", module + "scenes " + module + "robots " + module + "tasks", "a referee sees a picture, not the scene's truth"},
		{"scenes scenes/objectfile scenes/relate scenes/refer", module + "robots " + module + "referee " + module + "tasks", "a table is the same for every robot and model"},
		{"sim/render", module + "robots " + module + "scenes " + module + "referee " + module + "tasks", "a picture is drawn from the model alone"},
		{"sim robots scenes tasks tasks/export tasks/report sim/render", "github.com/yalue/onnxruntime_go", "models run behind package referee"},
		{"tasks tasks/dataset tasks/export tasks/report", "github.com/alecthomas/kong github.com/schollz", "flags and progress belong to cmd"},
	} {
		for _, pkg := range strings.Fields(tt.pkgs) {
			out, err := exec.Command("go", "list", "-deps", module+pkg).Output()
			if err != nil {
				t.Fatalf("go list -deps %s: %v", pkg, err)
			}
			for _, dep := range strings.Fields(string(out)) {
				for _, ban := range strings.Fields(tt.banned) {
					if dep != module+pkg && strings.HasPrefix(dep, ban) {
						t.Errorf("%s imports %s: %s", pkg, dep, tt.because)
					}
				}
			}
		}
	}
}

// TestPackagesAreDocumented holds the table of docs/architecture.md to the packages that there are.
func TestPackagesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "list", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range strings.Fields(string(out)) {
		pkg = strings.TrimPrefix(pkg, module)
		if strings.HasPrefix(pkg, "examples/") || strings.HasPrefix(pkg, "scripts/") {
			continue
		}
		if short := strings.TrimPrefix(pkg, "cmd/refarena/"); !strings.Contains(string(text), "`"+pkg+"`") && !strings.Contains(string(text), "`"+short+"`") {
			t.Errorf("docs/architecture.md does not say what package %s is for", pkg)
		}
	}
}

// TestDoors lists the only packages that may contain cgo or the bindings named.
func TestDoors(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}}{{range .Imports}} {{.}}{{end}}", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	doors := map[string]string{
		"C":                               "sim/internal/mj sim/render referee/onnx",
		"github.com/g3n/":                 "sim/render",
		"github.com/go-gl/gl/":            "sim/render sim/render/window",
		"github.com/go-gl/glfw/":          "sim/render/window",
		"github.com/yalue/onnxruntime_go": "referee/onnx",
		module + "sim/internal/mj":        "sim",
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		words := strings.Fields(line)
		pkg := strings.TrimPrefix(words[0], module)
		for _, imp := range words[1:] {
			for door, allowed := range doors {
				if (imp == door || len(door) > 1 && strings.HasPrefix(imp, door)) && !strings.Contains(" "+allowed+" ", " "+pkg+" ") {
					t.Errorf("%s imports %s, which only %s may", pkg, imp, allowed)
				}
			}
		}
	}
}
