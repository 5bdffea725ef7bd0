package render

import (
	"math"
	"slices"
	"unsafe"

	"github.com/g3n/engine/gls"
	"github.com/g3n/engine/math32"
	"github.com/go-gl/gl/v3.3-core/gl"

	"github.com/refarena/refarena/sim/shape"
)

// A caster is a coarse copy of a mesh, for the shadow map.
type caster struct {
	positions []math32.Vector3 // in the mesh's frame [m]
	indices   []uint32
}

// newCaster merges the vertices in each cell of a grid of shadowCell into the first of them and keeps the triangles that are left
// (vertex clustering, Rossignac and Borrel 1993). No point of the surface moves by more than a cell's diagonal.
func newCaster(m *shape.Mesh) (c caster) {
	const none = math.MaxUint32
	first := make(map[[3]int32]uint32, len(m.Positions)/4)
	merged := make([]uint32, len(m.Positions)) // vertex to cell
	for i, p := range m.Positions {
		var key [3]int32
		for k, x := range p {
			key[k] = int32(math.Floor(float64(x / shadowCell)))
		}
		j, ok := first[key]
		if !ok {
			j = uint32(i)
			first[key] = j
		}
		merged[i] = j
	}
	place := slices.Repeat([]uint32{none}, len(m.Positions)) // first vertex of a cell to its place in positions
	for i := 0; i < len(m.Indices); i += 3 {
		a, b, d := merged[m.Indices[i]], merged[m.Indices[i+1]], merged[m.Indices[i+2]]
		if a == b || b == d || d == a {
			continue
		}
		for _, v := range [3]uint32{a, b, d} {
			if place[v] == none {
				place[v] = uint32(len(c.positions))
				p := m.Positions[v]
				c.positions = append(c.positions, math32.Vector3{X: p[0], Y: p[1], Z: p[2]})
			}
			c.indices = append(c.indices, place[v])
		}
	}
	return c
}

// casters are all casters of a graph in one pair of buffers, those of a body one after the other, so that a body takes one draw call.
type casters struct {
	vao     uint32
	buffers [2]uint32
	parts   []casterPart
}

// A casterPart is what moves with a body.
type casterPart struct {
	body   int
	count  int32   // of indices
	offset uintptr // of the first one [bytes]
}

// newCasters sends the casters of the graph to the GPU.
func newCasters(gs *gls.GLS, g *graph) (c casters) {
	var positions []math32.Vector3
	var indices []uint32
	for body := range g.bodies {
		begin := len(indices)
		for _, o := range g.solids {
			if int(o.body) != body {
				continue
			}
			o.UpdateMatrix()
			tBodyMesh := o.Matrix()
			base := uint32(len(positions))
			for _, p := range o.mesh.caster.positions {
				positions = append(positions, *p.ApplyMatrix4(&tBodyMesh))
			}
			for _, i := range o.mesh.caster.indices {
				indices = append(indices, base+i)
			}
		}
		if n := len(indices) - begin; n > 0 {
			c.parts = append(c.parts, casterPart{body, int32(n), uintptr(4 * begin)})
		}
	}
	if len(indices) == 0 {
		return c
	}
	gl.GenVertexArrays(1, &c.vao)
	gs.BindVertexArray(c.vao)
	gl.GenBuffers(int32(len(c.buffers)), &c.buffers[0])
	gl.BindBuffer(gl.ARRAY_BUFFER, c.buffers[0])
	gl.BufferData(gl.ARRAY_BUFFER, len(positions)*int(unsafe.Sizeof(positions[0])), unsafe.Pointer(&positions[0]), gl.STATIC_DRAW)
	gl.BindBuffer(gl.ELEMENT_ARRAY_BUFFER, c.buffers[1])
	gl.BufferData(gl.ELEMENT_ARRAY_BUFFER, 4*len(indices), unsafe.Pointer(&indices[0]), gl.STATIC_DRAW)
	gl.EnableVertexAttribArray(0) // as in the shader
	gl.VertexAttribPointerWithOffset(0, 3, gl.FLOAT, false, 0, 0)
	return c
}

func (c *casters) free() {
	if c.vao != 0 {
		gl.DeleteVertexArrays(1, &c.vao)
		gl.DeleteBuffers(int32(len(c.buffers)), &c.buffers[0])
	}
}
