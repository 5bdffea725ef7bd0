package render

import (
	"math"
	"slices"

	"github.com/g3n/engine/math32"

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

// casters are all casters of a graph, those of a body one after the other, in its frame. Their memory is C's.
type casters struct {
	at      []float32 // points; see light.h
	corners []uint32
	scratch []float32
	parts   []casterPart
}

// A casterPart is what moves with a body.
type casterPart struct {
	body                    int
	points, triangles       int
	firstPoint, firstCorner int // … in at and corners
}

// newCasters gathers the casters of the graph.
func newCasters(g *graph) (c casters) {
	points, corners := 0, 0
	for _, o := range g.solids {
		points, corners = points+len(o.mesh.caster.positions), corners+len(o.mesh.caster.indices)
	}
	if corners == 0 {
		return c
	}
	c.at, c.corners = cSlice[float32](3 * points)[:0], cSlice[uint32](corners)[:0]
	most := 0
	var positions []math32.Vector3 // of one body
	for body := range g.bodies {
		positions = positions[:0]
		part := casterPart{body: body, firstPoint: len(c.at), firstCorner: len(c.corners)}
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
				c.corners = append(c.corners, base+i)
			}
		}
		part.points, part.triangles = len(positions), (len(c.corners)-part.firstCorner)/3
		if part.triangles == 0 {
			continue
		}
		for _, p := range positions {
			c.at = append(c.at, p.X)
		}
		for _, p := range positions {
			c.at = append(c.at, p.Y)
		}
		for _, p := range positions {
			c.at = append(c.at, p.Z)
		}
		c.parts = append(c.parts, part)
		most = max(most, part.points)
	}
	c.scratch = cSlice[float32](3 * most)
	return c
}

func (c *casters) free() {
	freeSlice(&c.at)
	freeSlice(&c.corners)
	freeSlice(&c.scratch)
}
