package render

/*
#cgo CFLAGS: -O3 -ffast-math
#cgo linux LDFLAGS: -lm
#include <stdlib.h>
#include "light.h"
*/
import "C"

import (
	"unsafe"

	"github.com/refarena/refarena/sim"
)

// The pictures are lit by light.c and not by a fragment shader: it is arithmetic on arrays, which a compiler vectorises, and the same
// whatever found out what is seen. A GPU's pictures differ from the CPU's in rasterisation alone.

// A lighter lights pictures. Its memory is C's.
type lighter struct {
	scene  C.lightScene
	shadow *shadowMap
	crew   *crew
	step   int // what the crew is doing
	shot   *sim.Shot
}

const (
	stepRaw = iota
	stepOpen
	stepColors
	stepEdges
	stepSmooth
	steps
)

func newLighter(c *crew) *lighter {
	l := &lighter{shadow: newShadowMap(), crew: c}
	m := l.shadow
	l.scene.shadow = (*C.float)(&m.texels[0])
	l.scene.shadowLo = (*C.float)(&m.bounds[0])
	l.scene.shadowHi = (*C.float)(&m.bounds[shadowBlocks*shadowBlocks])
	l.scene.shadowSide = shadowSide
	return l
}

func (l *lighter) free() { l.shadow.free() }

// cSlice is n zeros in C's memory; freeSlice frees them. n must not be 0.
func cSlice[T any](n int) []T {
	var x T
	return unsafe.Slice((*T)(C.calloc(C.size_t(n), C.size_t(unsafe.Sizeof(x)))), n)
}

func freeSlice[T any](s *[]T) {
	C.free(unsafe.Pointer(unsafe.SliceData(*s)))
	*s = nil
}

// light finishes a picture: what is seen is in t, depth in shot.
func (l *lighter) light(t *picture, v *view, g *graph, shot *sim.Shot) {
	c, s := &l.scene, l.shadow
	c.width, c.height = C.int32_t(t.width), C.int32_t(t.height)
	c.surfaces = (*C.int32_t)(&t.surfaces[0])
	c.prints = (*C.uint8_t)(&t.prints[0])
	c.edges = (*C.uint8_t)(&t.edges[0])
	c.open = (*C.uint8_t)(&t.open[0])
	c.raw = (*C.uint8_t)(&t.open[len(t.open)/2])
	c.materials = (*C.lightMaterial)(&g.materials[0])
	for i := range 3 {
		x, y := v.rays[1][i]/float32(t.width), v.rays[2][i]/float32(t.height)
		c.rayCorner[i] = C.float(v.rays[0][i] + 0.5*(x+y))
		c.rayX[i], c.rayY[i] = C.float(x), C.float(y)
	}
	c.focal = C.float(v.focal)
	e := &g.env
	c.key = [3]C.float{C.float(e.keyDir.X), C.float(e.keyDir.Y), C.float(e.keyDir.Z)}
	for i := range 3 {
		c.keyColor[i], c.ground[i], c.sky[i] = C.float(e.keyColor[i]), C.float(e.ground[i]), C.float(e.sky[i]-e.ground[i])
		c.background[i] = C.uint8_t(e.background[i]*255 + 0.5)
	}
	m := &s.worldShadow // world to 0…1
	for row, k := range [3]float32{shadowSide, shadowSide, 1} {
		c.eyeShadow[row] = C.float(k * (m[row]*v.eye[0] + m[4+row]*v.eye[1] + m[8+row]*v.eye[2] + m[12+row]))
		for col := range 3 {
			c.worldShadow[3*row+col] = C.float(k * m[4*col+row])
		}
	}
	c.texel = C.float(s.texel)
	c.penumbra = C.float(0.5 * e.keyAngle * s.depth / s.texel)
	l.shot = shot
	for l.step = range steps {
		l.crew.run(l)
	}
	l.shot = nil
}

// part does some rows of a step.
func (l *lighter) part(part, parts int) {
	f := &l.shot.Frame
	depth := (*C.float)(&f.Depth[0])
	rows := int(l.scene.height)
	if l.step == stepRaw || l.step == stepOpen {
		rows = (rows + C.LIGHT_COARSE - 1) / C.LIGHT_COARSE
	}
	first, last := C.int(rows*part/parts), C.int(rows*(part+1)/parts)
	switch l.step {
	case stepRaw:
		C.lightRaw(&l.scene, depth, first, last)
	case stepOpen:
		C.lightOpen(&l.scene, depth, first, last)
	case stepColors:
		C.lightColors(&l.scene, depth, (*C.uint8_t)(&f.RGB[0]), first, last)
	case stepEdges:
		C.lightEdges(&l.scene, (*C.uint8_t)(&f.RGB[0]), first, last)
	case stepSmooth:
		C.lightSmooth(&l.scene, (*C.uint8_t)(&f.RGB[0]), first, last)
	}
}
