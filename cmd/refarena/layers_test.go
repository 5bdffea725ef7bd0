package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/refarena/refarena/"

// TestLayers keeps the package graph as docs/architecture.md draws it: imports point one way, and each native library has one door. "x/..." is x and all
// packages below it.
func TestLayers(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Deps \" \"}}", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := map[string][]string{} // of the module's packages, by their names in it
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		deps[strings.TrimPrefix(words[0], module)] = words[1:]
	}
	for _, tt := range []struct{ pkgs, banned, because string }{
		{"assets", module, "bytes have no logic"},
		{"sim/shape", module, "meshes know nothing of physics or pictures"},
		{"sim/...", module + "robots " + module + "scenes " + module + "referee " + module + "tasks", "the world, its pictures and files know nothing of who plays in it"},
		{"sim sim/internal/mj sim/glb sim/mjcf robots/... scenes/... referee/... tasks tasks/dataset tasks/export tasks/report", "github.com/g3n github.com/go-gl/gl " + module + "sim/render",
			"only sim/render draws, and cmd and scenariotest join it to the rest, so that everything else is tested without GL"},
		{"robots/...", module + "scenes " + module + "referee " + module + "tasks", "a robot sees frames and pixels, not the scene's truth"},
		{"robots/dex3 robots/g1 robots/robotiq robots/ur5", module + "robots " + module + "assets", "a part does not know the robots that are made of it"},
		{"referee/...", module + "scenes " + module + "robots " + module + "tasks", "a referee sees a picture, not the scene's truth"},
		{"scenes/...", module + "robots " + module + "referee " + module + "tasks", "a table is the same for every robot and model"},
		{"scenes", module + "scenes/", "what tells of scenes, or adds to them, comes after them"},
		{"tasks", module + "tasks/", "an episode does not know what is made of its record"},
		{"sim/... robots/... scenes/... tasks/...", "github.com/yalue/onnxruntime_go", "models run behind package referee"},
		{"sim/... robots/... scenes/... referee/... tasks/...", "github.com/alecthomas/kong github.com/schollz " + module + "cmd", "flags and progress belong to cmd"},
	} {
		for _, pattern := range strings.Fields(tt.pkgs) {
			n := 0
			for pkg, all := range deps {
				below, tree := strings.CutSuffix(pattern, "/...")
				if pkg != below && !(tree && strings.HasPrefix(pkg, below+"/")) {
					continue
				}
				n++
				for _, dep := range all {
					for _, ban := range strings.Fields(tt.banned) {
						if strings.HasPrefix(dep, ban) {
							t.Errorf("%s imports %s: %s", pkg, dep, tt.because)
						}
					}
				}
			}
			if n == 0 {
				t.Errorf("there is no package %s", pattern)
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
