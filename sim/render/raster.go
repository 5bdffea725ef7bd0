package render

/*
#cgo CFLAGS: -O3 -ffast-math
#cgo linux LDFLAGS: -lm
#include "raster.h"
*/
import "C"

import (
	"math"
	"unsafe"

	"github.com/refarena/refarena/sim"
)

// A cpuSeer is a seer by arithmetic: raster.c. Triangles are put into the picture solid by solid, then drawn in strips of rows, so that what a
// strip needs stays in the cache. Any number of threads share both; what they find doesn't depend on it.
//
// It is there because Mesa's llvmpipe takes three times as long for this: it shades in blocks of 4 × 4 pixels, and most triangles are smaller.
type cpuSeer struct {
	crew    *crew
	job     *C.rasterJob // in C's memory, like all that it points to
	solids  []C.rasterSolid
	facets  []C.rasterFacet
	prints  []C.rasterPrint
	rows    []C.int16_t
	scratch []cpuScratch // of each of the crew

	// The picture at hand.
	graph  *graph
	shadow *shadowMap
	shot   *sim.Shot
}

// cpuScratch is a thread's memory.
type cpuScratch struct{ vertices, strip []float32 }

// A cpuMesh is a mesh in C's memory.
type cpuMesh struct {
	positions, normals, uvs []float32
	corners                 []uint32
	meshes                  []C.rasterMesh // one
}

// A cpuPrint is a texture in C's memory.
type cpuPrint struct {
	rasters []C.rasterTexture // one
	texels  []uint32
}

func newCPU(c *crew) *cpuSeer {
	s := &cpuSeer{crew: c, scratch: make([]cpuScratch, c.n)}
	s.job = &cSlice[C.rasterJob](1)[0]
	return s
}

// rasterVersion changes when the same scene may give other pixels.
const rasterVersion = "1"

func (s *cpuSeer) info() sim.RendererInfo {
	return sim.RendererInfo{Vendor: "refarena", Renderer: "CPU rasterizer", Version: rasterVersion, Software: true}
}

func (s *cpuSeer) free() {
	freeSlice(&s.solids)
	freeSlice(&s.facets)
	freeSlice(&s.prints)
	freeSlice(&s.rows)
	for i := range s.scratch {
		freeSlice(&s.scratch[i].vertices)
		freeSlice(&s.scratch[i].strip)
	}
	job := unsafe.Slice(s.job, 1)
	freeSlice(&job)
	s.job = nil
}

// columns copies vectors as all first numbers, then all second ones, ….
func columns[V [2]float32 | [3]float32](vectors []V) []float32 {
	if len(vectors) == 0 {
		return nil
	}
	n := len(vectors)
	out := cSlice[float32](len(vectors[0]) * n)
	for i, v := range vectors {
		for k := range len(v) {
			out[k*n+i] = v[k]
		}
	}
	return out
}

func (s *cpuSeer) keepMesh(m *mesh) {
	d := m.data
	c := &cpuMesh{positions: columns(d.Positions), normals: columns(d.Normals), uvs: columns(d.UVs), corners: cSlice[uint32](len(d.Indices))}
	n := len(d.Indices) / 3
	for i, v := range d.Indices {
		c.corners[i%3*n+i/3] = v
	}
	c.meshes = cSlice[C.rasterMesh](1)
	r := &c.meshes[0]
	*r = C.rasterMesh{vertices: C.int32_t(len(d.Positions)), triangles: C.int32_t(n), positions: (*C.float)(&c.positions[0]),
		normals: (*C.float)(&c.normals[0]), corners: (*C.uint32_t)(&c.corners[0])}
	if c.uvs != nil {
		r.uvs = (*C.float)(&c.uvs[0])
	}
	m.cpu = c
	m.bytes = 4 * (len(c.positions) + len(c.normals) + len(c.uvs) + len(c.corners))
}

func (s *cpuSeer) dropMesh(m *mesh) {
	c := m.cpu
	freeSlice(&c.positions)
	freeSlice(&c.normals)
	if c.uvs != nil {
		freeSlice(&c.uvs)
	}
	freeSlice(&c.corners)
	freeSlice(&c.meshes)
	m.cpu = nil
}

// keepPrint makes the smaller copies of a texture, down to one texel: each the mean of the larger one, in linear light.
func (s *cpuSeer) keepPrint(p *print) {
	t := p.data
	total, levels := 0, 0
	for w, h := t.Width, t.Height; ; w, h = max(w/2, 1), max(h/2, 1) {
		total += w * h
		levels++
		if w == 1 && h == 1 {
			break
		}
	}
	c := &cpuPrint{rasters: cSlice[C.rasterTexture](1), texels: cSlice[uint32](total)}
	r := &c.rasters[0]
	r.texels, r.levels = (*C.uint32_t)(&c.texels[0]), C.int32_t(levels)
	var root [256]uint32 // of the linear value of an sRGB one, 0…255
	for i := range root {
		root[i] = uint32(math.Round(255 * math.Sqrt(sim.DecodeSRGB(float64(i)/255))))
	}
	for i := range t.Width * t.Height {
		rgb := t.RGB[3*i : 3*i+3]
		c.texels[i] = root[rgb[0]] | root[rgb[1]]<<8 | root[rgb[2]]<<16
	}
	at, w, h := 0, t.Width, t.Height
	for level := range levels {
		r.at[level], r.width[level], r.height[level] = C.int32_t(at), C.int32_t(w), C.int32_t(h)
		if level == levels-1 {
			break
		}
		w2, h2 := max(w/2, 1), max(h/2, 1)
		halve(c.texels[at+w*h:at+w*h+w2*h2], c.texels[at:at+w*h], w2, h2, w, h)
		at, w, h = at+w*h, w2, h2
	}
	p.cpu = c
	p.bytes = 4 * total
}

// halve makes out, w2 × h2 texels, of in, w × h.
func halve(out, in []uint32, w2, h2, w, h int) {
	for j := range h2 {
		for i := range w2 {
			var sum [3]uint32
			n := uint32(0)
			for y := j * h / h2; y < ((j+1)*h+h2-1)/h2; y++ {
				for x := i * w / w2; x < ((i+1)*w+w2-1)/w2; x++ {
					v := in[y*w+x]
					for c := range sum {
						b := v >> (8 * c) & 255
						sum[c] += b * b
					}
					n++
				}
			}
			var v uint32
			for c, x := range sum {
				v |= uint32(math.Round(math.Sqrt(float64(x)/float64(n)))) << (8 * c)
			}
			out[j*w2+i] = v
		}
	}
}

func (s *cpuSeer) dropPrint(p *print) {
	freeSlice(&p.cpu.texels)
	freeSlice(&p.cpu.rasters)
	p.cpu = nil
}

// grow gives a C slice place for n; its contents are lost.
func grow[T any](s *[]T, n int) {
	if len(*s) < n {
		if *s != nil {
			freeSlice(s)
		}
		*s = cSlice[T](n + n/4)
	}
}

func (s *cpuSeer) see(g *graph, v *view, p *picture, shot *sim.Shot, shadow *shadowMap) error {
	grow(&s.solids, max(len(g.visible), 1))
	facets, most := 1, 0 // facet 0 is nothing
	for i, o := range g.visible {
		out := &s.solids[i]
		m := &o.mesh.cpu.meshes[0]
		out.mesh, out.texture = m, nil
		if o.surface.print != nil {
			out.texture = &o.surface.print.cpu.rasters[0]
		}
		t := &o.tWorldMesh
		for row := range 3 {
			for col := range 4 {
				sum := 0.0
				for k := range 4 {
					sum += v.pixel[row][k] * float64(t[4*col+k])
				}
				out.pixel[4*row+col] = C.float(sum)
			}
			for col := range 3 {
				out.rotation[3*row+col] = C.float(t[4*col+row])
			}
		}
		out.visual, out.body = C.int32_t(o.order+1), C.int32_t(o.body)
		out.facet = C.int32_t(facets)
		n := int(m.triangles)
		out.leaves = 0
		if v.leaves(o) {
			out.leaves = 1
			n *= C.RASTER_SPLIT
		}
		facets += n
		most = max(most, int(m.vertices))
	}
	grow(&s.facets, facets)
	grow(&s.rows, 2*facets)
	grow(&s.prints, facets)
	for i := range s.scratch {
		grow(&s.scratch[i].vertices, 7*most+1)
		grow(&s.scratch[i].strip, int(C.rasterStripFloats(C.int(p.width))))
	}
	s.facets[0] = C.rasterFacet{body: -1}
	s.facets[0].normal[2] = 1
	*s.job = C.rasterJob{width: C.int32_t(p.width), height: C.int32_t(p.height), solids: C.int32_t(len(g.visible)), solid: &s.solids[0],
		facets: &s.facets[0], prints: &s.prints[0], rows: &s.rows[0], nearest: C.float(v.nearest), farthest: C.float(v.farthest),
		surfaces: (*C.int32_t)(&p.surfaces[0]), colors: (*C.uint8_t)(&p.prints[0])}
	s.graph, s.shadow, s.shot = g, shadow, shot
	s.crew.run(s)
	s.graph, s.shadow, s.shot = nil, nil, nil
	return nil
}

// part works on the picture beside others; the last one draws the shadow map before.
func (s *cpuSeer) part(part, parts int) {
	if part == parts-1 && s.shadow != nil {
		s.shadow.draw(s.graph)
	}
	m := &s.scratch[part]
	C.rasterWork(s.job, (*C.float)(&s.shot.Frame.Depth[0]), (*C.int32_t)(&s.shot.Seg.Bodies[0]), (*C.float)(&m.vertices[0]), (*C.float)(&m.strip[0]))
}
