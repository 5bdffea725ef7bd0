// Package onnx finds and loads ONNX Runtime for the referees that run a model in this process. The library comes from its official
// Python wheel (scripts/native.txt pins it) and is opened when Open is called, not when the program starts: who runs no model does not
// need it. Sessions and tensors are those of github.com/yalue/onnxruntime_go, ready for use after Open.
package onnx

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// Version is the release of ONNX Runtime that results are made with. Another release may round differently, so no other is accepted.
const Version = "1.32.0"

// CUDAVersion is the release for GPUs, the newest that its maker builds.
const CUDAVersion = "1.31.1"

// LibDirEnv names the environment variable with a folder that is looked in first. Unset or empty means none.
const LibDirEnv = "REFARENA_LIBDIR"

// flashEnv is ONNX Runtime's own switch for the block-wise kernel of GroupQueryAttention on a CPU.
const flashEnv = "ORT_GQA_DISABLE_FLASH_ATTENTION"

// libName is the file of a release, as it is called in the wheel.
func libName(version string) string { return "libonnxruntime.so." + version }

// A Runtime says what was loaded. It is read-only.
type Runtime struct {
	Path      string   // of the shared library
	Version   string   // as the library reports it
	Providers []string // execution providers built into it, in ONNX Runtime's own order of preference, e.g. CPUExecutionProvider

	lib *library
}

var (
	mu     sync.Mutex
	opened *Runtime
)

// Open loads ONNX Runtime once per process and returns the same Runtime ever after; it is safe for concurrent use. The library stays
// loaded until the process ends. It looks in the folder $REFARENA_LIBDIR, the loader's path (LD_LIBRARY_PATH; the folder of this binary and
// ../lib beside it; the .deps of the checkout that it was built in; the system's folders) and /usr/local/lib. The error says which file
// was looked for where, or what is wrong with the file; after an error Open may be called again.
func Open() (*Runtime, error) { return open(Version) }

// OpenCUDA loads ONNX Runtime with its CUDA provider (`make gpu`), and sees to it that GPU number id is there. It looks where Open does. A
// process has one ONNX Runtime: after Open has loaded the one for CPUs, OpenCUDA is an error, while Open after OpenCUDA gives the one that is
// there, which runs on CPUs too.
func OpenCUDA(id int) (*Runtime, error) {
	r, err := open(CUDAVersion)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(r.Providers, "CUDAExecutionProvider") {
		return nil, fmt.Errorf("onnx: %s, which this process has loaded already, has no CUDA (load the model for the GPU first)", r.Path)
	}
	n, err := cudaDevices()
	if err != nil {
		return nil, fmt.Errorf("onnx: CUDA: %w (want an NVIDIA GPU and its driver, 580 or newer)", err)
	}
	if id >= n {
		return nil, fmt.Errorf("onnx: no GPU cuda:%d (have %d)", id, n)
	}
	return r, nil
}

// CUDAThere says whether OpenCUDA(0) would succeed, and then has loaded the library; else it has not.
func CUDAThere() bool {
	mu.Lock()
	loaded := opened
	mu.Unlock()
	if loaded != nil {
		return slices.Contains(loaded.Providers, "CUDAExecutionProvider")
	}
	for _, dir := range searchDirs(os.Getenv(LibDirEnv), loaderPath()) {
		if _, err := os.Stat(filepath.Join(dir, libName(CUDAVersion))); err == nil {
			preloadCUDA(dir)
		}
	}
	if n, err := cudaDevices(); err != nil || n < 1 {
		return false
	}
	_, err := OpenCUDA(0)
	return err == nil
}

func open(version string) (*Runtime, error) {
	mu.Lock()
	defer mu.Unlock()
	if opened != nil {
		return opened, nil
	}
	lib, err := find(version, searchDirs(os.Getenv(LibDirEnv), loaderPath()))
	if err != nil {
		return nil, err
	}
	if version == CUDAVersion {
		preloadCUDA(filepath.Dir(lib.path()))
	}
	r, err := load(lib, version)
	if err != nil {
		lib.close()
		return nil, err
	}
	opened = r
	return r, nil
}

// preloadCUDA opens the CUDA libraries in dir, each after those that it needs: the CUDA provider has no search path of its own. Those that are not
// there are left to the loader.
func preloadCUDA(dir string) {
	for _, name := range []string{"cudart", "nvJitLink", "nvrtc", "cublasLt", "cublas", "curand", "cufft", "cudnn"} {
		files, _ := filepath.Glob(filepath.Join(dir, "lib"+name+".so.*")) // the only error is a bad pattern
		for _, f := range files {
			preload(f)
		}
	}
}

// searchDirs returns the folders to look in, each once, in order.
func searchDirs(libDir string, loader []string) []string {
	var dirs []string
	for _, d := range slices.Concat([]string{libDir}, loader, []string{"/usr/local/lib"}) {
		if d != "" && !slices.Contains(dirs, filepath.Clean(d)) {
			dirs = append(dirs, filepath.Clean(d))
		}
	}
	return dirs
}

// find opens that version's library in the first of dirs that has it, or else leaves the search to the loader, which also knows
// ld.so.cache. A file that is there but cannot be opened is an error: the next folder's would hide it.
func find(version string, dirs []string) (*library, error) {
	name := libName(version)
	for _, d := range dirs {
		path := filepath.Join(d, name)
		if _, err := os.Stat(path); err == nil {
			lib, err := openLibrary(path)
			if err != nil {
				return nil, fmt.Errorf("onnx: %w, want ONNX Runtime %s for this machine", err, version)
			}
			return lib, nil
		}
	}
	if lib, err := openLibrary(name); err == nil {
		return lib, nil
	}
	also := ""
	if others := otherVersions(dirs); len(others) > 0 {
		also = ", only " + strings.Join(others, ", ")
	}
	target := "setup"
	if version == CUDAVersion {
		target = "gpu"
	}
	return nil, fmt.Errorf("onnx: no %s (ONNX Runtime %s) in %s%s: run `make %s` in the checkout, or name its folder in $%s",
		name, version, strings.Join(dirs, ", "), also, target, LibDirEnv)
}

// otherVersions lists the libraries in dirs that have another version in their name.
func otherVersions(dirs []string) []string {
	var found []string
	for _, d := range dirs {
		files, _ := filepath.Glob(filepath.Join(d, "libonnxruntime.so.*.*")) // the only error is a bad pattern
		found = append(found, files...)
	}
	return found
}

// load checks the library's version and hands the library to onnxruntime_go.
func load(lib *library, version string) (*Runtime, error) {
	r := &Runtime{Path: lib.path(), lib: lib}
	var err error
	if r.Version, err = lib.version(); err != nil {
		return nil, fmt.Errorf("onnx: %s: %w", r.Path, err)
	}
	if r.Version != version {
		return nil, fmt.Errorf("onnx: %s is ONNX Runtime %s, want %s", r.Path, r.Version, version)
	}
	if r.Providers, err = lib.providers(); err != nil {
		return nil, fmt.Errorf("onnx: %s: %w", r.Path, err)
	}
	if ort.IsInitialized() { // by another part of the program: use that, if it is the same release
		if v := ort.GetVersion(); v != version {
			return nil, fmt.Errorf("onnx: this program already runs ONNX Runtime %s, want %s", v, version)
		}
		return r, nil
	}
	// Attention of many positions over a past is as fast with whole rows of scores as in blocks, and two threads share it evenly: with blocks, the one
	// that has the later positions of a causal mask works longer. Whoever has set it keeps it.
	if _, set := os.LookupEnv(flashEnv); !set {
		if err := os.Setenv(flashEnv, "1"); err != nil {
			return nil, fmt.Errorf("onnx: %w", err)
		}
	}
	ort.SetSharedLibraryPath(r.Path)
	if err := ort.InitializeEnvironment(ort.WithLogLevelError()); err != nil {
		return nil, fmt.Errorf("onnx: %s: %w", r.Path, err)
	}
	return r, nil
}
