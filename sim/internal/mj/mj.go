// Package mj is a thin binding of libmujoco 4.0.0: one Go function per C function, plus stepping in batches and a trap that turns
// MuJoCo's fatal errors into Go errors. Package sim is its only user and gives the numbers their meaning.
//
// libmujoco is opened at run time, not linked: a missing or wrong library is an error of Load that says where it was looked for, and
// `refarena doctor` can run without it. It is looked for in $REFARENA_LIBDIR first. The rpaths below are for that dlopen, which honours them: the binary's own folder, lib/ beside
// the binary's folder, and the .deps folder of the checkout that the binary was built in; then the system's folders.
package mj

// #cgo CFLAGS: -I${SRCDIR}/../../../.deps/mujoco-4.0.0/include
// #cgo LDFLAGS: -ldl -Wl,-rpath,$ORIGIN -Wl,-rpath,$ORIGIN/../lib -Wl,-rpath,${SRCDIR}/../../../.deps/mujoco-4.0.0/lib
// #include "shim.h"
// static int version(void) { return L.mj_version(); }
// static const char* versionString(void) { return L.mj_versionString(); }
import "C"

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Load opens libmujoco; every later call returns the first one's result. Safe for concurrent use. Everything else in this package
// needs a successful Load first.
var Load = sync.OnceValue(func() error {
	dir, free := cstr(os.Getenv("REFARENA_LIBDIR"))
	defer free()
	var e C.mjgErr
	if C.mjg_load(dir, &e) != 0 {
		return fmt.Errorf("mujoco: %s (run `make build` in the checkout, or put the library beside the binary)", message(&e))
	}
	return nil
})

// Version is the library's version, "4.0.0".
func Version() string { return C.GoString(C.versionString()) }

// Path is the file that the library was loaded from.
func Path() string { return filepath.Clean(C.GoString(C.mjg_path())) }

func message(e *C.mjgErr) string {
	// MuJoCo's compiler ends its messages with newlines and breaks them over lines: one line is wanted.
	return strings.Join(strings.Fields(C.GoString(&e.buf[0])), " ")
}

func asError(e *C.mjgErr) error { return errors.New("mujoco: " + message(e)) }

// Raise asks libmujoco for a fatal error, to show that it comes back as a Go error.
func Raise() error {
	var e C.mjgErr
	if C.mjg_raise(&e) != 0 {
		return asError(&e)
	}
	return nil
}
