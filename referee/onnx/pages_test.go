package onnx

import (
	"testing"
	"unsafe"
)

func TestAnonymous(t *testing.T) {
	for _, tt := range []struct {
		line   string
		lo, hi uintptr
		ok     bool
	}{
		{"7f0000000000-7f0000400000 rw-p 00000000 00:00 0 ", 0x7f0000000000, 0x7f0000400000, true},
		{"55d000000000-55d000800000 rw-p 00000000 00:00 0                          [heap]", 0x55d000000000, 0x55d000800000, true},
		{"7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]", 0, 0, false},
		{"7f0000000000-7f0000400000 r--p 00000000 00:00 0 ", 0, 0, false},
		{"7f0000000000-7f0000400000 rw-s 00000000 00:01 5 /memfd:x", 0, 0, false},
		{"7f0000000000-7f0000400000 rw-p 00001000 fd:00 77 /usr/lib/x.so", 0, 0, false},
		{"", 0, 0, false},
	} {
		if lo, hi, ok := anonymous(tt.line); lo != tt.lo || hi != tt.hi || ok != tt.ok {
			t.Errorf("anonymous(%q) = %x, %x, %t", tt.line, lo, hi, ok)
		}
	}
}

// What lies in memory stays as it is, and what has never been written is left alone.
func TestCollapsePages(t *testing.T) {
	const n = 16 << 20
	used, err := Alloc(CPU, n)
	if err != nil {
		t.Fatal(err)
	}
	defer used.Close()
	free, err := Alloc(CPU, n)
	if err != nil {
		t.Fatal(err)
	}
	defer free.Close()
	for i := range used.host {
		used.host[i] = byte(i * 7)
	}
	t.Logf("%d huge pages", CollapsePages())
	for i, b := range used.host {
		if b != byte(i*7) {
			t.Fatalf("byte %d has changed", i)
		}
	}
	for at := (uintptr(unsafe.Pointer(&free.host[0])) + hugePage - 1) &^ (hugePage - 1); at+hugePage <= uintptr(unsafe.Pointer(&free.host[0]))+n; at += hugePage {
		if inUse(at) {
			t.Errorf("memory that nobody has written is in use")
		}
	}
}
