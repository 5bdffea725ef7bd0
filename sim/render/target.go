package render

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"github.com/go-gl/gl/v3.3-core/gl"

	"github.com/refarena/refarena/sim"
)

// A target is a framebuffer of one size with everything that a Shot holds.
type target struct {
	width, height int
	fbo           uint32
	buffers       [4]uint32 // colour RGBA8, depth along cam z R32F, body id R32I, and the depth buffer
	rgba          []byte    // read-back of the colour
}

func newTarget(width, height int) (*target, error) {
	t := &target{width: width, height: height}
	gl.GenFramebuffers(1, &t.fbo)
	gl.BindFramebuffer(gl.FRAMEBUFFER, t.fbo)
	gl.GenRenderbuffers(int32(len(t.buffers)), &t.buffers[0])
	for i, b := range []struct{ format, attachment uint32 }{
		{gl.RGBA8, gl.COLOR_ATTACHMENT0},
		{gl.R32F, gl.COLOR_ATTACHMENT1},
		{gl.R32I, gl.COLOR_ATTACHMENT2},
		{gl.DEPTH_COMPONENT32F, gl.DEPTH_ATTACHMENT},
	} {
		gl.BindRenderbuffer(gl.RENDERBUFFER, t.buffers[i])
		gl.RenderbufferStorage(gl.RENDERBUFFER, b.format, int32(width), int32(height))
		gl.FramebufferRenderbuffer(gl.FRAMEBUFFER, b.attachment, gl.RENDERBUFFER, t.buffers[i])
	}
	draw := [3]uint32{gl.COLOR_ATTACHMENT0, gl.COLOR_ATTACHMENT1, gl.COLOR_ATTACHMENT2}
	gl.DrawBuffers(int32(len(draw)), &draw[0])
	if err := checkFramebuffer(fmt.Sprintf("a %d×%d picture", width, height)); err != nil {
		t.free()
		return nil, err
	}
	t.rgba = make([]byte, 4*width*height)
	return t, nil
}

func (t *target) free() {
	gl.DeleteFramebuffers(1, &t.fbo)
	gl.DeleteRenderbuffers(int32(len(t.buffers)), &t.buffers[0])
}

// What nothing looks like: no body, no return, the far end of the depth buffer.
var (
	noBody   = [4]int32{-1, -1, -1, -1}
	noReturn [4]float32
	farEnd   = float32(1)
)

// clear binds the target and fills it with the background.
func (t *target) clear(background *[4]float32) {
	gl.BindFramebuffer(gl.FRAMEBUFFER, t.fbo)
	gl.ClearBufferfv(gl.COLOR, 0, &background[0])
	gl.ClearBufferfv(gl.COLOR, 1, &noReturn[0])
	gl.ClearBufferiv(gl.COLOR, 2, &noBody[0])
	gl.ClearBufferfv(gl.DEPTH, 0, &farEnd)
}

// read copies the bound target into shot, whose slices have the right lengths.
func (t *target) read(shot *sim.Shot) {
	for i, b := range [...]struct {
		format, kind uint32
		to           unsafe.Pointer
	}{
		{gl.RGBA, gl.UNSIGNED_BYTE, unsafe.Pointer(&t.rgba[0])},
		{gl.RED, gl.FLOAT, unsafe.Pointer(&shot.Frame.Depth[0])},
		{gl.RED_INTEGER, gl.INT, unsafe.Pointer(&shot.Seg.Bodies[0])},
	} {
		gl.ReadBuffer(gl.COLOR_ATTACHMENT0 + uint32(i))
		gl.ReadPixels(0, 0, int32(t.width), int32(t.height), b.format, b.kind, b.to)
	}
	dropAlpha(shot.Frame.RGB, t.rgba)
}

// dropAlpha copies RGBA pixels to RGB, eight at a time.
func dropAlpha(rgb, rgba []byte) {
	const low = 1<<24 - 1
	le := binary.LittleEndian
	i := 0
	for ; 3*i+24 <= len(rgb); i += 8 {
		from, to := (*[32]byte)(rgba[4*i:]), (*[24]byte)(rgb[3*i:])
		a, b, c, d := le.Uint64(from[:]), le.Uint64(from[8:]), le.Uint64(from[16:]), le.Uint64(from[24:])
		a, b = a&low|a>>8&^low&(1<<48-1), b&low|b>>8&^low&(1<<48-1)
		c, d = c&low|c>>8&^low&(1<<48-1), d&low|d>>8&^low&(1<<48-1)
		le.PutUint64(to[:], a|b<<48)
		le.PutUint64(to[8:], b>>16|c<<32)
		le.PutUint64(to[16:], c>>32|d<<16)
	}
	for ; 3*i < len(rgb); i++ {
		copy(rgb[3*i:3*i+3], rgba[4*i:])
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
