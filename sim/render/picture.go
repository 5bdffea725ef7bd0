package render

// #include "light.h"
import "C"

import "github.com/refarena/refarena/sim"

// A picture is what is noted of a picture while it is made. Its memory is C's.
type picture struct {
	width, height int
	surfaces      []int32 // what is seen, see light.h
	prints        []byte
	edges         []byte
	open          []byte       // ambient occlusion, smooth and raw
	frame         *framebuffer // GL's
}

func newPicture(width, height int) *picture {
	coarse := ((width + C.LIGHT_COARSE - 1) / C.LIGHT_COARSE) * ((height + C.LIGHT_COARSE - 1) / C.LIGHT_COARSE)
	return &picture{
		width: width, height: height,
		surfaces: cSlice[int32](width * height),
		prints:   cSlice[byte](4 * width * height),
		edges:    cSlice[byte](width * height),
		open:     cSlice[byte](2 * coarse),
	}
}

func (p *picture) free() {
	if p.frame != nil {
		p.frame.free()
	}
	freeSlice(&p.surfaces)
	freeSlice(&p.prints)
	freeSlice(&p.edges)
	freeSlice(&p.open)
}

// pictures keeps those of the sizes drawn last: a worker draws two or three cameras in turn.
type pictures struct{ list []*picture } // last used first

const (
	maxPictures      = 4
	maxPicturePixels = 4 << 20 // in all that are not in use
)

// get is a picture of a size.
func (c *pictures) get(width, height int) *picture {
	for i, p := range c.list {
		if p.width == width && p.height == height {
			copy(c.list[1:i+1], c.list[:i])
			c.list[0] = p
			return p
		}
	}
	pixels := 0
	for i, p := range c.list {
		if pixels += p.width * p.height; pixels > maxPicturePixels || i >= maxPictures-1 {
			for _, old := range c.list[i:] {
				old.free()
			}
			c.list = c.list[:i]
			break
		}
	}
	p := newPicture(width, height)
	c.list = append([]*picture{p}, c.list...)
	return p
}

func (c *pictures) free() {
	for _, p := range c.list {
		p.free()
	}
	c.list = nil
}

// A seer finds out what a camera sees: GL (gl.go) or the CPU (raster.go). It keeps a copy of each mesh and texture where it needs them.
type seer interface {
	info() sim.RendererInfo

	keepMesh(*mesh)   // its data become the seer's
	dropMesh(*mesh)   // … and are freed
	keepPrint(*print) // a texture's
	dropPrint(*print) // …

	// see notes in p what v shows of g, and depth and bodies in shot, whose slices have the right lengths. If shadows are to be cast,
	// it has them cast meanwhile, by shadow.draw(g).
	see(g *graph, v *view, p *picture, shot *sim.Shot, shadow *shadowMap) error

	free()
}
