package onnx

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	ort "github.com/yalue/onnxruntime_go"
)

func TestOpen(t *testing.T) {
	r, err := Open()
	require.NoError(t, err)
	require.Equal(t, Version, r.Version)
	require.Equal(t, libName(Version), filepath.Base(r.Path))
	require.FileExists(t, r.Path)
	require.Contains(t, r.Providers, "CPUExecutionProvider")

	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if again, err := Open(); again != r || err != nil {
				t.Errorf("second Open() = %p, %v, want %p", again, err, r)
			}
		})
	}
	wg.Wait()
}

// After Open a session runs: y = a + b on a graph of one node.
func TestOpenIsReadyForSessions(t *testing.T) {
	_, err := Open()
	require.NoError(t, err)
	a, err := ort.NewTensor(ort.NewShape(2), []float32{1, 2})
	require.NoError(t, err)
	defer a.Destroy()
	b, err := ort.NewTensor(ort.NewShape(2), []float32{10, 20})
	require.NoError(t, err)
	defer b.Destroy()
	y, err := ort.NewEmptyTensor[float32](ort.NewShape(2))
	require.NoError(t, err)
	defer y.Destroy()
	s, err := ort.NewAdvancedSessionWithONNXData(addModel(), []string{"a", "b"}, []string{"y"}, []ort.Value{a, b}, []ort.Value{y}, nil)
	require.NoError(t, err)
	defer s.Destroy()
	require.NoError(t, s.Run())
	require.Equal(t, []float32{11, 22}, y.GetData())
}

// addModel is an ONNX file (protobuf; field numbers from onnx.proto) with the graph y = Add(a, b) on float32 vectors of length 2.
func addModel() []byte {
	field := func(n int, v ...[]byte) []byte { // length-delimited
		b := slices.Concat(v...)
		return append([]byte{byte(n<<3 | 2), byte(len(b))}, b...)
	}
	number := func(n int, v byte) []byte { return []byte{byte(n << 3), v} }
	str := func(n int, s string) []byte { return field(n, []byte(s)) }
	value := func(n int, name string) []byte { // ValueInfoProto: tensor(float32), shape [2]
		return field(n, str(1, name), field(2, field(1, number(1, 1), field(2, field(1, number(1, 2))))))
	}
	node := field(1, str(1, "a"), str(1, "b"), str(2, "y"), str(4, "Add"))
	graph := field(7, node, str(2, "g"), value(11, "a"), value(11, "b"), value(12, "y"))
	return slices.Concat(number(1, 8), graph, field(8, number(2, 13))) // IR version 8, operator set 13
}

func TestSearchDirs(t *testing.T) {
	for _, tt := range []struct {
		name, libDir string
		loader, want []string
	}{
		{"nothing", "", nil, []string{"/usr/local/lib"}},
		{"environment first", "/gpu", []string{"/app", "/app/../lib"}, []string{"/gpu", "/app", "/lib", "/usr/local/lib"}},
		{"each once", "/app/", []string{"/app", "/usr/local/lib", "/usr/lib"}, []string{"/app", "/usr/local/lib", "/usr/lib"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, searchDirs(tt.libDir, tt.loader))
		})
	}
}

// The loader's path has the folder of this binary and lib beside it, where a copied binary keeps its libraries, and the checkout's .deps.
func TestLoaderPath(t *testing.T) {
	exe, err := os.Executable()
	require.NoError(t, err)
	checkout, err := filepath.Abs("../..")
	require.NoError(t, err)
	got := searchDirs("", loaderPath())
	for _, want := range []string{
		filepath.Dir(exe),
		filepath.Join(filepath.Dir(exe), "../lib"),
		filepath.Join(checkout, ".deps/onnxruntime-"+Version+"/lib"),
	} {
		require.Contains(t, got, want)
	}
}

func TestFindErrors(t *testing.T) {
	const version = "9.9.9" // no loader finds that one by itself
	empty, old, broken := t.TempDir(), t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(old, libName("1.20.0")), nil, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(broken, libName(version)), []byte("not a library"), 0o644))
	for _, tt := range []struct {
		name string
		dirs []string
		want []string
	}{
		{"missing", []string{empty}, []string{
			"onnx: no libonnxruntime.so.9.9.9 (ONNX Runtime 9.9.9) in " + empty + ": run `make setup`", LibDirEnv,
		}},
		{"another version", []string{empty, old}, []string{"in " + empty + ", " + old + ", only " + old + "/libonnxruntime.so.1.20.0: run"}},
		{"broken", []string{empty, broken, old}, []string{"onnx: " + broken + "/libonnxruntime.so.9.9.9: ", "want ONNX Runtime 9.9.9"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := find(version, tt.dirs)
			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

// A file with the right name may hold something else.
func TestLoadRefuses(t *testing.T) {
	for _, tt := range []struct{ name, source, want string }{
		{"another release", apiBase("1.20.1", "0"), "is ONNX Runtime 1.20.1, want " + Version},
		{"no API of that version", apiBase(Version, "0"), "does not list its execution providers"},
		{"another library", "int answer = 42;", "not ONNX Runtime"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := compile(t, tt.source)
			lib, err := find(Version, []string{filepath.Dir(path)})
			require.NoError(t, err)
			defer lib.close()
			require.Equal(t, path, lib.path())
			_, err = load(lib, Version)
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, err, "onnx: "+path)
		})
	}
}

// apiBase is the C source of a library that has ONNX Runtime's entry point.
func apiBase(version, api string) string {
	return fmt.Sprintf(`
static const void* get_api(unsigned v) { return %s; }
static const char* get_version(void) { return "%s"; }
static struct { const void* (*a)(unsigned); const char* (*v)(void); } base = {get_api, get_version};
void* OrtGetApiBase(void) { return &base; }`, api, version)
}

// compile makes a shared library of ONNX Runtime's file name in a folder of its own.
func compile(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, libName(Version))
	src := filepath.Join(dir, "lib.c")
	require.NoError(t, os.WriteFile(src, []byte(source), 0o644))
	out, err := exec.Command("gcc", "-shared", "-fPIC", "-o", path, src).CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}

// The release is written in three places, which have to agree: what the set-up fetches, what is accepted, where the linker is told to look.
func TestOneVersion(t *testing.T) {
	native, err := os.ReadFile("../../scripts/native.txt")
	require.NoError(t, err)
	require.Equal(t, "onnxruntime=="+Version, regexp.MustCompile(`(?m)^onnxruntime==[0-9.]+`).FindString(string(native)))
	source, err := os.ReadFile("dl.go")
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(source), ".deps/onnxruntime-"+Version+"/lib"))
}
