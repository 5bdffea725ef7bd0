package render

// #include "light.h"
import "C"

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/g3n/engine/gls"
	"github.com/g3n/engine/math32"
	"github.com/go-gl/gl/v3.3-core/gl"
)

const (
	shadowSide = C.LIGHT_SHADOW // texels on each side of the shadow map

	// maxCaster is the largest bounding radius [m] of what casts a shadow. Floors and walls are larger; they would only take texels
	// from the rest.
	maxCaster = 1.6

	// shadowCell is how much a mesh may be simplified for the shadow map [m]: about four of its texels, within a penumbra.
	shadowCell = 0.012
)

// A shadowMap holds how far the key light gets: an orthographic view along the light that encloses everything that casts a shadow.
type shadowMap struct {
	fbo, buffer uint32
	worldClip   math32.Matrix4
	bodyClip    math32.Matrix4 // of the body that is drawn
	worldShadow math32.Matrix4 // world to the map and depth, 0…1 each
	texel       float32        // a texel's side in the world [m]
	depth       float32        // how far it reaches along the light [m]
}

func newShadowMap() (*shadowMap, error) {
	s := new(shadowMap)
	gl.GenFramebuffers(1, &s.fbo)
	gl.BindFramebuffer(gl.FRAMEBUFFER, s.fbo)
	gl.GenRenderbuffers(1, &s.buffer)
	gl.BindRenderbuffer(gl.RENDERBUFFER, s.buffer)
	gl.RenderbufferStorage(gl.RENDERBUFFER, gl.DEPTH_COMPONENT32F, shadowSide, shadowSide)
	gl.FramebufferRenderbuffer(gl.FRAMEBUFFER, gl.DEPTH_ATTACHMENT, gl.RENDERBUFFER, s.buffer)
	gl.DrawBuffer(gl.NONE)
	gl.ReadBuffer(gl.NONE)
	return s, checkFramebuffer("the shadow map")
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

// draw fills the map with the graph's casters.
func (s *shadowMap) draw(gs *gls.GLS, g *graph, p *shadowProgram) {
	s.fit(g)
	gl.BindFramebuffer(gl.FRAMEBUFFER, s.fbo)
	gs.Viewport(0, 0, shadowSide, shadowSide)
	gl.ClearBufferfv(gl.DEPTH, 0, &farEnd)
	gs.UseProgram(p.Program)
	gs.FrontFace(gls.CW) // back faces: a lit surface can't shade itself
	gs.BindVertexArray(g.casters.vao)
	for _, part := range g.casters.parts {
		tWorldBody := g.bodies[part.body].MatrixWorld()
		s.bodyClip.MultiplyMatrices(&s.worldClip, &tWorldBody)
		gs.UniformMatrix4fv(p.clipMesh, 1, false, &s.bodyClip[0])
		gl.DrawElementsWithOffset(gl.TRIANGLES, part.count, gl.UNSIGNED_INT, part.offset)
	}
}

// read copies the map, which is bound.
func (s *shadowMap) read(to []float32) {
	gl.ReadPixels(0, 0, shadowSide, shadowSide, gl.DEPTH_COMPONENT, gl.FLOAT, unsafe.Pointer(&to[0]))
}

// fit lays the map around the bounding spheres of the casters. The map's side grows in steps and its centre moves by whole texels, so
// that the edges of shadows at rest don't crawl while something else moves.
func (s *shadowMap) fit(g *graph) {
	z := g.env.keyDir // towards the light
	x := math32.Vector3{X: 1}
	if math32.Abs(z.X) > 0.9 {
		x = math32.Vector3{Y: 1}
	}
	y := *z.Clone().Cross(&x).Normalize()
	x = *y.Clone().Cross(&z)

	inf := float32(math.Inf(1))
	lo, hi := [3]float32{inf, inf, inf}, [3]float32{-inf, -inf, -inf}
	for _, o := range g.solids {
		if r := o.mesh.radius; r <= maxCaster {
			for i, c := range [3]float32{x.Dot(&o.centre), y.Dot(&o.centre), z.Dot(&o.centre)} {
				lo[i], hi[i] = min(lo[i], c-r), max(hi[i], c+r)
			}
		}
	}
	if lo[0] > hi[0] { // nothing casts a shadow
		lo, hi = [3]float32{-1, -1, -1}, [3]float32{1, 1, 1}
	}
	const step, margin = 0.25, 0.05
	side := max(hi[0]-lo[0], hi[1]-lo[1]) + 2*margin
	side = step * float32(math.Ceil(float64(side/step)))
	texel := side / shadowSide
	cx := texel * float32(math.Round(float64((lo[0]+hi[0])/2/texel)))
	cy := texel * float32(math.Round(float64((lo[1]+hi[1])/2/texel)))
	near, far := hi[2]+margin, lo[2]-margin // along z, the light comes from above near
	depth := near - far

	// Rows of world → clip; the light looks along -z.
	k := 2 / side
	s.worldClip.Set(
		k*x.X, k*x.Y, k*x.Z, -k*cx,
		k*y.X, k*y.Y, k*y.Z, -k*cy,
		-2*z.X/depth, -2*z.Y/depth, -2*z.Z/depth, 2*near/depth-1,
		0, 0, 0, 1)
	var half math32.Matrix4
	half.Set(
		0.5, 0, 0, 0.5,
		0, 0.5, 0, 0.5,
		0, 0, 0.5, 0.5,
		0, 0, 0, 1)
	s.worldShadow.MultiplyMatrices(&half, &s.worldClip)
	s.texel, s.depth = texel, depth
}
