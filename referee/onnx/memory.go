package onnx

// #include "dl.h"
import "C"

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"syscall"
	"unsafe"

	ort "github.com/yalue/onnxruntime_go"
)

// A Device is where sessions run and tensors lie: CPU, or CUDA(n).
type Device struct {
	cuda bool
	id   int
}

// CPU is the host.
var CPU = Device{}

// CUDA is the GPU with that number.
func CUDA(id int) Device { return Device{cuda: true, id: id} }

// IsCUDA says whether d is a GPU.
func (d Device) IsCUDA() bool { return d.cuda }

// String is "cpu" or "cuda:0".
func (d Device) String() string {
	if d.cuda {
		return fmt.Sprintf("cuda:%d", d.id)
	}
	return "cpu"
}

// An ElementType is the type of a tensor's numbers, by ONNX's own code.
type ElementType int

// The element types of this project's graphs.
const (
	Float32 ElementType = 1
	Int64   ElementType = 7
	Float16 ElementType = 10
)

// Size is the bytes of one number.
func (e ElementType) Size() int {
	switch e {
	case Float32:
		return 4
	case Int64:
		return 8
	case Float16:
		return 2
	}
	panic(fmt.Sprintf("onnx: element type %d", e))
}

func (e ElementType) String() string {
	switch e {
	case Float32:
		return "float32"
	case Int64:
		return "int64"
	case Float16:
		return "float16"
	}
	return fmt.Sprintf("type %d", int(e))
}

// A Memory is a block of bytes on a device, zero at first (on a GPU: undefined). One goroutine uses it at a time; Close frees it.
type Memory struct {
	dev  Device
	size int
	host []byte         // CPU: mapped pages, which take no memory until they are written
	ptr  unsafe.Pointer // its start, on the device
}

// Alloc reserves size bytes on d. A GPU must have been made ready by a session before.
func Alloc(d Device, size int) (*Memory, error) {
	if size < 1 {
		return nil, fmt.Errorf("onnx: memory of %d bytes (want at least 1)", size)
	}
	m := &Memory{dev: d, size: size}
	if d.cuda {
		var msg message
		if C.rcuda_open(msg.c(), C.int(len(msg))) != 0 || C.rcuda_malloc(C.int(d.id), &m.ptr, C.size_t(size), msg.c(), C.int(len(msg))) != 0 {
			return nil, fmt.Errorf("onnx: %d MB on %v: %s", size>>20, d, msg)
		}
		return m, nil
	}
	b, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("onnx: %d MB of memory: %w", size>>20, err)
	}
	m.host, m.ptr = b, unsafe.Pointer(&b[0])
	return m, nil
}

// Close frees the memory. Tensors over it must not be used any more. It works twice.
func (m *Memory) Close() error {
	if m == nil || m.ptr == nil {
		return nil
	}
	ptr := m.ptr
	m.ptr = nil
	if m.dev.cuda {
		var msg message
		if C.rcuda_free(C.int(m.dev.id), ptr, msg.c(), C.int(len(msg))) != 0 {
			return fmt.Errorf("onnx: free %v: %s", m.dev, msg)
		}
		return nil
	}
	return syscall.Munmap(m.host)
}

// Size is the length in bytes.
func (m *Memory) Size() int { return m.size }

// Device is where it is.
func (m *Memory) Device() Device { return m.dev }

// at is the address of byte off, after a check that n bytes lie there.
func (m *Memory) at(off, n int) unsafe.Pointer {
	if m.ptr == nil || off < 0 || n < 0 || off+n > m.size {
		panic(fmt.Sprintf("onnx: bytes %d to %d of a memory of %d", off, off+n, m.size))
	}
	return unsafe.Add(m.ptr, off)
}

// Write copies src to byte off.
func Write[T float32 | int64](m *Memory, off int, src []T) error {
	if len(src) == 0 {
		return nil
	}
	n := len(src) * int(unsafe.Sizeof(src[0]))
	if !m.dev.cuda {
		copy(unsafe.Slice((*T)(m.at(off, n)), len(src)), src)
		return nil
	}
	return m.transfer(m.at(off, n), unsafe.Pointer(&src[0]), n)
}

// Read copies from byte off to dst.
func Read[T float32 | int64](m *Memory, off int, dst []T) error {
	if len(dst) == 0 {
		return nil
	}
	n := len(dst) * int(unsafe.Sizeof(dst[0]))
	if !m.dev.cuda {
		copy(dst, unsafe.Slice((*T)(m.at(off, n)), len(dst)))
		return nil
	}
	return m.transfer(unsafe.Pointer(&dst[0]), m.at(off, n), n)
}

func (m *Memory) transfer(dst, src unsafe.Pointer, n int) error {
	var msg message
	if C.rcuda_copy(C.int(m.dev.id), dst, C.size_t(n), src, C.size_t(n), C.size_t(n), 1, msg.c(), C.int(len(msg))) != 0 {
		return fmt.Errorf("onnx: copy of %d bytes to or from %v: %s", n, m.dev, msg)
	}
	return nil
}

// CopyRows copies rows of width bytes, whose starts lie pitch bytes apart in both, from src at byte from to m at byte to. Both are on the
// same device and do not overlap.
func (m *Memory) CopyRows(to int, src *Memory, from, pitch, width, rows int) error {
	if rows == 0 || width == 0 {
		return nil
	}
	n := (rows-1)*pitch + width
	d, s := m.at(to, n), src.at(from, n)
	if !m.dev.cuda {
		db, sb := unsafe.Slice((*byte)(d), n), unsafe.Slice((*byte)(s), n)
		for r := range rows {
			copy(db[r*pitch:r*pitch+width], sb[r*pitch:r*pitch+width])
		}
		return nil
	}
	var msg message
	if C.rcuda_copy(C.int(m.dev.id), d, C.size_t(pitch), s, C.size_t(pitch), C.size_t(width), C.size_t(rows), msg.c(), C.int(len(msg))) != 0 {
		return fmt.Errorf("onnx: copy on %v: %s", m.dev, msg)
	}
	return nil
}

// A Tensor is a view of a part of a Memory for a session's input or output.
type Tensor struct {
	value tensorValue
	lib   *library
}

// tensorValue is an ort.Value over a tensor of ours: sessions ask nothing of it but its OrtValue.
type tensorValue struct {
	ort.Value
	handle unsafe.Pointer
}

// onnxruntime_go does not export a way to make a Value of memory on a device, but its ValueInternalData is no more than the pointer.
var _ = [1]struct{}{}[unsafe.Sizeof(ort.ValueInternalData{})-unsafe.Sizeof(unsafe.Pointer(nil))]

func (t *tensorValue) GetInternals() *ort.ValueInternalData {
	return (*ort.ValueInternalData)(unsafe.Pointer(&t.handle))
}

// Tensor is the view of m from byte off on with this type and shape. The caller closes it before the memory.
func (m *Memory) Tensor(off int, kind ElementType, shape ...int) (*Tensor, error) {
	n := kind.Size()
	dims := make([]C.int64_t, len(shape))
	for i, d := range shape {
		if d < 0 || d > math.MaxInt32 {
			return nil, fmt.Errorf("onnx: tensor of shape %v", shape)
		}
		n *= d
		dims[i] = C.int64_t(d)
	}
	mu.Lock()
	r := opened
	mu.Unlock()
	if r == nil {
		return nil, fmt.Errorf("onnx: a tensor before Open")
	}
	var msg message
	var cuda C.int
	if m.dev.cuda {
		cuda = 1
	}
	h := C.ronnx_tensor(r.lib.handle, cuda, C.int(m.dev.id), m.at(off, n), C.size_t(n), &dims[0], C.size_t(len(dims)), C.int(kind), msg.c(), C.int(len(msg)))
	if h == nil {
		return nil, fmt.Errorf("onnx: tensor of shape %v: %s", shape, msg)
	}
	return &Tensor{value: tensorValue{handle: h}, lib: r.lib}, nil
}

// Close releases the view, not the memory. It works twice.
func (t *Tensor) Close() {
	if t != nil && t.value.handle != nil {
		C.ronnx_release(t.lib.handle, t.value.handle)
		t.value.handle = nil
	}
}

// A message is where C writes what was wrong.
type message [512]byte

func (m message) String() string {
	s, _, _ := strings.Cut(string(m[:]), "\x00")
	return s
}

func (m *message) c() *C.char { return (*C.char)(unsafe.Pointer(&m[0])) }

// cudaDevices is the number of GPUs. The error says which library is missing.
func cudaDevices() (int, error) {
	var msg message
	var n C.int
	if C.rcuda_open(msg.c(), C.int(len(msg))) != 0 || C.rcuda_count(&n, msg.c(), C.int(len(msg))) != 0 {
		return 0, errors.New(msg.String())
	}
	return int(n), nil
}
