package onnx

// The loader looks in the folders that these rpaths name; $ORIGIN is that of the binary. sim/internal/mj finds libmujoco the same way.

// #cgo LDFLAGS: -ldl
// #cgo LDFLAGS: -Wl,-rpath,$ORIGIN -Wl,-rpath,$ORIGIN/../lib -Wl,-rpath,${SRCDIR}/../../.deps/onnxruntime-1.32.0/lib -Wl,-rpath,${SRCDIR}/../../.deps/onnxruntime-gpu-1.31.1/lib
// #include <stdlib.h>
// #include "dl.h"
import "C"

import (
	"errors"
	"unsafe"
)

// A library is an opened shared library.
type library struct{ handle unsafe.Pointer }

// openLibrary opens the library at path; a bare file name is looked for by the loader. The error is the loader's, which names the file.
func openLibrary(path string) (*library, error) {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	var msg [1024]C.char
	h := C.ronnx_open(name, &msg[0], C.int(len(msg)))
	if h == nil {
		return nil, errors.New(C.GoString(&msg[0]))
	}
	return &library{h}, nil
}

// preload opens the library at path for good, so that others find it by its name.
func preload(path string) {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	C.ronnx_preload(name)
}

func (l *library) close() { C.ronnx_close(l.handle) }

// path returns where the loader found the library.
func (l *library) path() string { return C.GoString(C.ronnx_path(l.handle)) }

// version returns what the library says of itself, e.g. "1.32.0".
func (l *library) version() (string, error) {
	v := C.ronnx_version(l.handle)
	if v == nil {
		return "", errors.New("no function OrtGetApiBase in it: not ONNX Runtime")
	}
	return C.GoString(v), nil
}

// providers returns the names of the execution providers that the library was built with. The library must be ONNX Runtime.
func (l *library) providers() ([]string, error) {
	var names **C.char
	n := C.ronnx_providers(l.handle, &names)
	if n < 0 {
		return nil, errors.New("it does not list its execution providers")
	}
	defer C.ronnx_free_providers(l.handle, names, n)
	out := make([]string, n)
	for i, name := range unsafe.Slice(names, int(n)) {
		out[i] = C.GoString(name)
	}
	return out, nil
}

// loaderPath returns the folders that the loader searches for this binary, without those of ld.so.cache.
func loaderPath() []string {
	var info unsafe.Pointer
	n := C.ronnx_search_path(&info)
	defer C.free(info)
	var dirs []string
	for i := range n {
		dirs = append(dirs, C.GoString(C.ronnx_search_dir(info, i)))
	}
	return dirs
}
