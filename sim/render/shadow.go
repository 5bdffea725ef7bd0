package render

// #include "light.h"
import "C"

import (
	"math"

	"github.com/g3n/engine/math32"
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
// cast.c draws it, on the CPU like the rest of the light, while the seer finds out what the camera sees. Its memory is C's.
type shadowMap struct {
	texels      []float32      // depth, shadowSide²; nothing is 1
	bounds      []float32      // lowest and highest of its blocks, then as much scratch
	worldShadow math32.Matrix4 // world to the map and depth, 0…1 each
	texel       float32        // a texel's side in the world [m]
	depth       float32        // how far it reaches along the light [m]

	bodyShadow math32.Matrix4 // of the body that is drawn
	rows       [12]C.float    // … for lightCast
	caster     C.lightCaster
}

const shadowBlocks = shadowSide / C.LIGHT_BLOCK

func newShadowMap() *shadowMap {
	return &shadowMap{texels: cSlice[float32](shadowSide * shadowSide), bounds: cSlice[float32](4 * shadowBlocks * shadowBlocks)}
}

func (s *shadowMap) free() {
	freeSlice(&s.texels)
	freeSlice(&s.bounds)
}

// draw fills the map with the graph's casters.
func (s *shadowMap) draw(g *graph) {
	texels := (*C.float)(&s.texels[0])
	C.lightClear(texels, shadowSide*shadowSide)
	for i := range g.casters.parts {
		p := &g.casters.parts[i]
		tWorldBody := g.bodies[p.body].MatrixWorld()
		m := &s.bodyShadow
		m.MultiplyMatrices(&s.worldShadow, &tWorldBody)
		for row, k := range [3]float32{shadowSide, shadowSide, 1} {
			for col := range 4 {
				s.rows[4*row+col] = C.float(k * m[4*col+row])
			}
		}
		s.caster = C.lightCaster{points: C.int32_t(p.points), triangles: C.int32_t(p.triangles),
			at: (*C.float)(&g.casters.at[p.firstPoint]), corners: (*C.uint32_t)(&g.casters.corners[p.firstCorner])}
		C.lightCast(texels, shadowSide, &s.caster, &s.rows[0], (*C.float)(&g.casters.scratch[0]))
	}
	const n = shadowBlocks * shadowBlocks
	C.lightBounds(texels, shadowSide, (*C.float)(&s.bounds[0]), (*C.float)(&s.bounds[n]), (*C.float)(&s.bounds[2*n]))
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

	// Rows of world → map; the light looks along -z.
	k := 1 / side
	s.worldShadow.Set(
		k*x.X, k*x.Y, k*x.Z, 0.5-k*cx,
		k*y.X, k*y.Y, k*y.Z, 0.5-k*cy,
		-z.X/depth, -z.Y/depth, -z.Z/depth, near/depth,
		0, 0, 0, 1)
	s.texel, s.depth = texel, depth
}
