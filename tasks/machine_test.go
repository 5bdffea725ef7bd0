package tasks

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestProgramName: what is not one certain code is told apart by the build's ID, in a checkout as in somebody's program.
func TestProgramName(t *testing.T) {
	main := func(version string, settings ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Path: modulePath, Version: version}, Settings: settings}
	}
	with := func(m debug.Module) *debug.BuildInfo {
		i := &debug.BuildInfo{Main: debug.Module{Path: "example.org/suite", Version: "v9.9.9"}, Deps: []*debug.Module{{Path: "example.org/other", Version: "v1.0.0"}, &m}}
		m.Path = modulePath
		return i
	}
	revision, modified := debug.BuildSetting{Key: "vcs.revision", Value: "7505700"}, debug.BuildSetting{Key: "vcs.modified", Value: "true"}
	for _, tt := range []struct {
		name, want string
		info       *debug.BuildInfo
	}{
		{"a clean checkout", "v0.0.1 7505700", main("v0.0.1", revision, debug.BuildSetting{Key: "vcs.modified", Value: "false"})},
		{"a changed checkout", "v0.0.1+dirty 7505700 modified build ID", main("v0.0.1+dirty", revision, modified)},
		{"no version control", "(devel) build ID", main("(devel)")},
		{"a test's program", "(devel) build ID", main("")},
		{"go install module@version", "v1.2.3", main("v1.2.3")},
		{"in a program, a release", "v1.2.3", with(debug.Module{Version: "v1.2.3"})},
		{"in a program, a checkout", "(devel) build ID", with(debug.Module{Version: "v0.0.0", Replace: &debug.Module{Path: "../.."}})},
		{"no information", "unknown build ID", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, programName(tt.info, func() string { return "ID" }))
		})
	}
}

// TestBuildID: it is the one that go reads of the program, and two programs of different code have different ones.
func TestBuildID(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	ids := map[string]string{}
	dir := t.TempDir()
	for _, said := range []string{"one", "two"} {
		file := filepath.Join(dir, said+".go")
		require.NoError(t, os.WriteFile(file, []byte("package main\n\nfunc main() { print(\""+said+"\") }\n"), 0o666))
		out, err := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(dir, said), file).CombinedOutput()
		require.NoError(t, err, "%s", out)
		ids[said] = buildIDOf(filepath.Join(dir, said))
	}
	require.NotEqual(t, ids["one"], ids["two"])
	for name, got := range map[string]string{self: buildID(), filepath.Join(dir, "one"): ids["one"]} {
		out, err := exec.Command("go", "tool", "buildid", name).CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.True(t, strings.HasSuffix(strings.TrimSpace(string(out)), "/"+got), "%s: %s, go tool buildid: %s", name, got, out)
	}
	require.Equal(t, "unknown", buildIDOf(filepath.Join(dir, "missing")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bare"), []byte("no program"), 0o666))
	require.Len(t, buildIDOf(filepath.Join(dir, "bare")), 20)
}
