package render

// #include "light.h"
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/go-gl/gl/v3.3-core/gl"

	"github.com/refarena/refarena/sim"
)

// A target is a framebuffer of one size and what is read back from it.
type target struct {
	width, height int
	fbo           uint32
	buffers       [3]uint32 // surface R32I, print RGBA8, depth 32F
	surfaces      []int32   // read back; in C's memory, like the rest
	prints        []byte
	edges         []byte
	open          []byte // ambient occlusion, smooth and raw, see light.h
}

func newTarget(width, height int) (*target, error) {
	t := &target{width: width, height: height}
	gl.GenFramebuffers(1, &t.fbo)
	gl.BindFramebuffer(gl.FRAMEBUFFER, t.fbo)
	gl.GenRenderbuffers(int32(len(t.buffers)), &t.buffers[0])
	for i, b := range []struct{ format, attachment uint32 }{
		{gl.R32I, gl.COLOR_ATTACHMENT0},
		{gl.RGBA8, gl.COLOR_ATTACHMENT1},
		{gl.DEPTH_COMPONENT32F, gl.DEPTH_ATTACHMENT},
	} {
		gl.BindRenderbuffer(gl.RENDERBUFFER, t.buffers[i])
		gl.RenderbufferStorage(gl.RENDERBUFFER, b.format, int32(width), int32(height))
		gl.FramebufferRenderbuffer(gl.FRAMEBUFFER, b.attachment, gl.RENDERBUFFER, t.buffers[i])
	}
	draw := [2]uint32{gl.COLOR_ATTACHMENT0, gl.COLOR_ATTACHMENT1}
	gl.DrawBuffers(int32(len(draw)), &draw[0])
	if err := checkFramebuffer(fmt.Sprintf("a %d×%d picture", width, height)); err != nil {
		t.free()
		return nil, err
	}
	t.surfaces = cSlice[int32](width * height)
	t.prints = cSlice[byte](4 * width * height)
	t.edges = cSlice[byte](width * height)
	t.open = cSlice[byte](2 * ((width + C.LIGHT_COARSE - 1) / C.LIGHT_COARSE) * ((height + C.LIGHT_COARSE - 1) / C.LIGHT_COARSE))
	return t, nil
}

func (t *target) free() {
	gl.DeleteFramebuffers(1, &t.fbo)
	gl.DeleteRenderbuffers(int32(len(t.buffers)), &t.buffers[0])
	freeSlice(&t.surfaces)
	freeSlice(&t.prints)
	freeSlice(&t.edges)
	freeSlice(&t.open)
}

// What nothing looks like: no visual, the far end of the depth buffer.
var (
	nothing [4]int32
	farEnd  = float32(1)
)

// begin binds the target and makes it empty. What textures show is only read where there is one, and not cleared.
func (t *target) begin() {
	gl.BindFramebuffer(gl.FRAMEBUFFER, t.fbo)
	gl.Viewport(0, 0, int32(t.width), int32(t.height))
	gl.ClearBufferiv(gl.COLOR, 0, &nothing[0])
	gl.ClearBufferfv(gl.DEPTH, 0, &farEnd)
}

// read copies what is seen to t, and the depth buffer to shot, whose slices have the right lengths.
func (t *target) read(shot *sim.Shot) {
	w, h := int32(t.width), int32(t.height)
	gl.ReadBuffer(gl.COLOR_ATTACHMENT0)
	gl.ReadPixels(0, 0, w, h, gl.RED_INTEGER, gl.INT, unsafe.Pointer(&t.surfaces[0]))
	gl.ReadPixels(0, 0, w, h, gl.DEPTH_COMPONENT, gl.FLOAT, unsafe.Pointer(&shot.Frame.Depth[0]))
	gl.ReadBuffer(gl.COLOR_ATTACHMENT1)
	gl.ReadPixels(0, 0, w, h, gl.RGBA, gl.UNSIGNED_BYTE, unsafe.Pointer(&t.prints[0]))
}

// checkFramebuffer is the error of the bound framebuffer, if any.
func checkFramebuffer(what string) error {
	switch status := gl.CheckFramebufferStatus(gl.FRAMEBUFFER); {
	case status == gl.FRAMEBUFFER_COMPLETE:
		return checkGL("making the framebuffer of " + what)
	default:
		return fmt.Errorf("render: the driver can't make the framebuffer of %s: status 0x%x", what, status)
	}
}

// targetCache keeps the targets of the sizes drawn last: a worker draws two or three cameras in turn.
type targetCache struct{ list []*target } // last used first

const (
	maxTargets      = 4
	maxTargetPixels = 4 << 20 // in all that are not in use
)

// get is the target of a size.
func (c *targetCache) get(width, height int) (*target, error) {
	for i, t := range c.list {
		if t.width == width && t.height == height {
			copy(c.list[1:i+1], c.list[:i])
			c.list[0] = t
			return t, nil
		}
	}
	pixels := 0
	for i, t := range c.list {
		if pixels += t.width * t.height; pixels > maxTargetPixels || i >= maxTargets-1 {
			for _, old := range c.list[i:] {
				old.free()
			}
			c.list = c.list[:i]
			break
		}
	}
	t, err := newTarget(width, height)
	if err != nil {
		return nil, err
	}
	c.list = append([]*target{t}, c.list...)
	return t, nil
}

func (c *targetCache) free() {
	for _, t := range c.list {
		t.free()
	}
	c.list = nil
}
