package tasks

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
)

// Versions is everything besides the question that a result's bits depend on.
type Versions struct {
	Refarena string `json:"refarena"` // equal only of equal programs: see programName
	Go       string `json:"go"`       // and how it was told to compile, if that may move a bit
	MuJoCo   string `json:"mujoco"`
	OS       string `json:"os"`
	CPU      string `json:"cpu"`
	Objects  string `json:"objects_sha256,omitempty"` // of the user's own objects: see scenes.OwnHash
}

// CurrentVersions names what is running.
func CurrentVersions() Versions {
	v := Versions{Refarena: program(), Go: toolchain(), MuJoCo: "missing", OS: runtime.GOOS + "/" + runtime.GOARCH, CPU: CPUModel(), Objects: scenes.OwnHash()}
	if mujoco, _, err := sim.Library(); err == nil {
		v.MuJoCo = mujoco
	}
	return v
}

const modulePath = "github.com/refarena/refarena"

// program is programName of what is running.
var program = sync.OnceValue(func() string {
	info, _ := debug.ReadBuildInfo()
	return programName(info, buildID)
})

// programName names a program such that programs of different code have different names: by the release of the module or the revision of its checkout
// and, if neither says which code it was (a checkout with changes, a build without version control, go run), by the build's ID too. info is
// nil if there is none.
func programName(info *debug.BuildInfo, id func() string) string {
	if info == nil {
		return "unknown build " + id()
	}
	name, exact := info.Main.Version, false
	switch i := slices.IndexFunc(info.Deps, func(m *debug.Module) bool { return m.Path == modulePath }); {
	case i >= 0 && info.Deps[i].Replace == nil: // in somebody's program, whose own version says nothing of ours
		return info.Deps[i].Version
	case i >= 0 || info.Main.Path != modulePath:
		name = "(devel)"
	default:
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				name, exact = name+" "+s.Value, true
			case s.Key == "vcs.modified" && s.Value == "true":
				return name + " modified build " + id()
			}
		}
		exact = exact || name != "" && name != "(devel)"
	}
	if !exact {
		return cmp.Or(name, "(devel)") + " build " + id()
	}
	return name
}

// toolchain is Go's version, with the settings of the build that may move the bits of sums (fused multiplication from GOAMD64=v3 on, flags of the C
// compiler) where they are not the usual ones.
var toolchain = sync.OnceValue(func() string {
	name := runtime.Version()
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return name
	}
	usual := map[string]string{"GOAMD64": "v1", "GOARM64": "v8.0", "GOEXPERIMENT": "", "CGO_CFLAGS": "", "CGO_CPPFLAGS": ""}
	for _, s := range info.Settings {
		if u, ok := usual[s.Key]; ok && s.Value != u {
			name += " " + s.Key + "=" + s.Value
		}
	}
	return name
})

// buildID is what go build wrote into the running program about its content or, in what go run and go test run, about all that it was made of; the
// hash of the file if it is not there.
func buildID() string {
	name, err := os.Executable()
	if err != nil {
		return "unknown"
	}
	return buildIDOf(name)
}

// buildIDOf is buildID of the program in a file.
func buildIDOf(name string) string {
	if f, err := elf.Open(name); err == nil {
		defer f.Close()
		// Sizes of name and ID, the note's kind, "Go\0\0", and the ID: actions and contents, the whole program's content last.
		if note := f.Section(".note.go.buildid"); note != nil {
			if b, err := note.Data(); err == nil && len(b) > 16 {
				id := strings.TrimRight(string(b[16:]), "\x00")
				if id = id[strings.LastIndexByte(id, '/')+1:]; id != "" {
					return id
				}
			}
		}
	}
	file, err := os.Open(name)
	if err != nil {
		return "unknown"
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "unknown"
	}
	return hex.EncodeToString(h.Sum(nil)[:10])
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
