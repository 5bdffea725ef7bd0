package onnx

// #include <malloc.h>
import "C"

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
	"unsafe"
)

// Linux from 6.1 on; older kernels answer EINVAL.
const madvCollapse = 25

const hugePage = 2 << 20 // bytes, on x86-64 and aarch64 with pages of 4 KB

// CollapsePages puts the memory of this process that is in use on huge pages and returns how many it made or found: a model reads all its weights
// for each token, and in a virtual machine looking up where thousands of small pages lie took a fifth of the time of the embedded one. Stretches of
// 2 MB of which less than three quarters are in use are left alone, so that the process hardly grows. Call it when a model is loaded and
// once more when it has run. What was freed meanwhile, as the graphs before their optimisation, goes back to the system first. Where the kernel cannot,
// nothing happens.
func CollapsePages() int {
	C.malloc_trim(0)
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return 0
	}
	defer f.Close()
	n := 0
	for s := bufio.NewScanner(f); s.Scan(); {
		lo, hi, ok := anonymous(s.Text())
		if !ok {
			continue
		}
		for at := (lo + hugePage - 1) &^ (hugePage - 1); at+hugePage <= hi; at += hugePage {
			if !inUse(at) {
				continue
			}
			_, _, errno := syscall.Syscall(syscall.SYS_MADVISE, at, hugePage, madvCollapse)
			if errno == syscall.ENOMEM { // no huge page is left
				return n
			}
			if errno == 0 {
				n++
			}
		}
	}
	return n
}

// anonymous is the range of a line of /proc/self/maps, if it is private memory that can be written and belongs to no file.
func anonymous(line string) (lo, hi uintptr, ok bool) {
	w := strings.Fields(line) // range, permissions, offset, device, inode, name
	if len(w) < 5 || w[1] != "rw-p" || w[4] != "0" || len(w) > 5 && w[5] != "[heap]" {
		return 0, 0, false
	}
	if n, err := fmt.Sscanf(w[0], "%x-%x", &lo, &hi); n != 2 || err != nil {
		return 0, 0, false
	}
	return lo, hi, true
}

// inUse says whether three quarters of the pages of the stretch at an address are in memory.
func inUse(at uintptr) bool {
	var pages [hugePage / 4096]byte
	if _, _, errno := syscall.Syscall(syscall.SYS_MINCORE, at, hugePage, uintptr(unsafe.Pointer(&pages[0]))); errno != 0 {
		return false // gone in the meantime
	}
	n := 0
	for _, p := range pages {
		n += int(p & 1)
	}
	return n >= len(pages)*3/4
}
