package render

/*
#cgo linux LDFLAGS: -ldl
#include <stdlib.h>
#include "egl.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"unsafe"

	"github.com/g3n/engine/gls"
	"github.com/go-gl/gl/v3.3-core/gl"

	"github.com/refarena/refarena/sim"
)

// A Device says what draws.
type Device int

const (
	Auto     Device = iota // the first GPU that gives a context, else the CPU
	Software               // the CPU: the reference, the same bytes on machines of one kind; needs no driver
	GPU                    // OpenGL on a GPU, or an error
	Mesa                   // OpenGL on the CPU (llvmpipe), or an error: slow, to compare the CPU's rasteriser with
)

func (d Device) String() string {
	switch d {
	case Auto:
		return "auto"
	case Software:
		return "software"
	case GPU:
		return "gpu"
	case Mesa:
		return "mesa"
	}
	return fmt.Sprintf("Device(%d)", int(d))
}

// ParseDevice is the Device of that name.
func ParseDevice(name string) (Device, error) {
	for d := Auto; d <= Mesa; d++ {
		if name == d.String() {
			return d, nil
		}
	}
	return 0, fmt.Errorf("render: no device %q (have auto, software, gpu, mesa)", name)
}

// LoadGL finds the functions of OpenGL, which package sim/render/window calls on a context of its own.
func LoadGL() error {
	glMu.Lock()
	defer glMu.Unlock()
	if _, err := displays(); err != nil {
		return err
	}
	return loadGL()
}

// A glContext is an OpenGL 3.3 core context. It is current on the thread that opened it and is used and closed there only.
type glContext struct {
	display, context unsafe.Pointer
	gs               *gls.GLS
	info             sim.RendererInfo
}

// glMu guards what EGL, g3n and go-gl keep in process-wide variables: the displays and the tables of function addresses.
var glMu sync.Mutex

// displays lists where contexts can be made, GPUs first. A display stays initialised as long as the process lives.
var displays = sync.OnceValues(func() ([]C.renderDisplay, error) {
	C.renderKeepMemory()
	if missing := C.renderLoadEGL(); missing != nil {
		return nil, fmt.Errorf("render: %s not found (on Debian or Ubuntu: apt-get install libegl1 libgl1-mesa-dri)", C.GoString(missing))
	}
	list := make([]C.renderDisplay, C.RENDER_MAX_DISPLAYS)
	return list[:C.renderListDisplays(&list[0])], nil
})

var loadGL = sync.OnceValue(func() error {
	return gl.InitWithProcAddrFunc(func(name string) unsafe.Pointer {
		cname := C.CString(name)
		defer C.free(unsafe.Pointer(cname))
		return C.renderProcAddress(cname)
	})
})

// openContext makes a context on the first display that serves dev and makes it current. The goroutine must be locked to its thread.
func openContext(dev Device) (*glContext, error) {
	glMu.Lock()
	defer glMu.Unlock()
	list, err := displays()
	if err != nil {
		return nil, err
	}
	var tried []string
	for _, d := range list {
		if (dev == Mesa) != (d.software == 1) {
			continue
		}
		c, err := openOn(d.display)
		if err != nil {
			tried = append(tried, err.Error())
			continue
		}
		if c.info.Software != (dev == Mesa) {
			tried = append(tried, fmt.Sprintf("%s is not a %s renderer", c.info.Renderer, dev))
			c.close()
			continue
		}
		return c, nil
	}
	advice := "install the GPU's EGL driver, or choose software"
	if dev == Mesa {
		advice = "apt-get install libegl1 libgl1-mesa-dri, or choose software"
	}
	if len(tried) == 0 {
		tried = append(tried, "EGL lists none")
	}
	return nil, fmt.Errorf("render: no %s device gives an OpenGL 3.3 context: %s (%s)", dev, strings.Join(tried, "; "), advice)
}

// openOn makes a context on one display. glMu is held.
func openOn(display unsafe.Pointer) (*glContext, error) {
	c := &glContext{display: display}
	var code C.int
	if failed := C.renderMakeContext(display, &c.context, &code); failed != nil {
		return nil, fmt.Errorf("%s: EGL error 0x%x", C.GoString(failed), int(code))
	}
	err := loadGL()
	if err == nil {
		c.gs, err = gls.New()
	}
	if err != nil {
		C.renderFreeContext(c.display, c.context)
		return nil, err
	}
	c.gs.SetCheckErrors(false) // checked once a frame, see checkGL
	c.info = sim.RendererInfo{
		Vendor:   c.gs.GetString(gls.VENDOR),
		Renderer: c.gs.GetString(gls.RENDERER),
		Version:  c.gs.GetString(gls.VERSION),
	}
	for _, name := range []string{"llvmpipe", "softpipe", "swr"} {
		c.info.Software = c.info.Software || strings.Contains(strings.ToLower(c.info.Renderer), name)
	}
	return c, nil
}

// close destroys the context and with it every GL object.
func (c *glContext) close() {
	C.renderFreeContext(c.display, c.context)
	// gls keeps a C string buffer for shader sources and never frees it.
	if buf := reflect.ValueOf(c.gs).Elem().FieldByName("cbuf"); buf.IsValid() && buf.Len() > 0 {
		C.free(buf.UnsafePointer())
	}
	c.gs = nil
}

// checkGL is the error of the GL calls since the last check, if any.
func checkGL(doing string) error {
	switch code := gl.GetError(); code {
	case gl.NO_ERROR:
		return nil
	case gl.OUT_OF_MEMORY:
		return fmt.Errorf("render: %s: out of memory", doing)
	case 0x0507: // GL_CONTEXT_LOST (OpenGL 4.5, KHR_robustness)
		return fmt.Errorf("render: %s: the graphics driver lost its context; open a new Renderer, or draw on the CPU (--gl software)", doing)
	case gl.INVALID_FRAMEBUFFER_OPERATION:
		return fmt.Errorf("render: %s: the driver refuses the framebuffer", doing)
	default:
		return fmt.Errorf("render: %s: GL error 0x%x", doing, code)
	}
}

// errClosed answers calls to a closed Renderer.
var errClosed = errors.New("render: the renderer is closed")
