package tasks

import (
	"bufio"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
)

// Versions is everything besides the question that a result's bits depend on.
type Versions struct {
	Refarena string `json:"refarena"` // version of the module and revision of the checkout, as far as the build knew
	Go       string `json:"go"`
	MuJoCo   string `json:"mujoco"`
	OS       string `json:"os"`
	CPU      string `json:"cpu"`
	Objects  string `json:"objects_sha256,omitempty"` // of the user's own objects: see scenes.OwnHash
}

// CurrentVersions names what is running.
func CurrentVersions() Versions {
	v := Versions{Refarena: "unknown", Go: runtime.Version(), MuJoCo: "missing", OS: runtime.GOOS + "/" + runtime.GOARCH, CPU: CPUModel(), Objects: scenes.OwnHash()}
	if info, ok := debug.ReadBuildInfo(); ok {
		v.Refarena = info.Main.Version
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				v.Refarena += " " + s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				v.Refarena += " modified"
			}
		}
	}
	if mujoco, _, err := sim.Library(); err == nil {
		v.MuJoCo = mujoco
	}
	return v
}

// CPUModel is the processor's name, or its architecture where the system does not say.
func CPUModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		if key, value, ok := strings.Cut(in.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
