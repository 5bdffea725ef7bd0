package render

import (
	"cmp"
	"slices"
	"unsafe"

	"github.com/g3n/engine/geometry"
	"github.com/g3n/engine/gls"
	"github.com/g3n/engine/math32"
	"github.com/g3n/engine/texture"
	"github.com/go-gl/gl/v3.3-core/gl"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// libraryBudget is how much GPU memory meshes and textures may hold on to beyond those of the scene that is drawn [bytes].
const libraryBudget = 48 << 20

// A library keeps one copy of each mesh and texture on the GPU, from one scene to the next: a new episode doesn't send the robot again.
type library struct {
	gs       *gls.GLS
	meshes   map[*shape.Mesh]*gpuMesh
	textures map[*sim.Texture]*gpuTexture
	scenes   int // how many scenes were built
	uploads  int // how many meshes and textures were sent
	bytes    int // of everything that is kept
	budget   int
}

// A gpuMesh is a g3n geometry whose buffers are our own: with g3n's, the race detector's pointer checks end the program.
type gpuMesh struct {
	geometry.Geometry        // holds the indices, for g3n's draw call
	vao               uint32 // vertex array: positions, normals, texture coordinates and indices
	buffers           [2]uint32
	caster            caster
	centre            math32.Vector3 // of the bounding sphere, in the mesh's frame [m]
	radius            float32
	bytes             int
	lastUse           int // scene number
	order             int // of the upload
}

type gpuTexture struct {
	texture *texture.Texture2D
	bytes   int
	lastUse int
	order   int
}

func newLibrary(gs *gls.GLS) *library {
	return &library{gs: gs, budget: libraryBudget, meshes: map[*shape.Mesh]*gpuMesh{}, textures: map[*sim.Texture]*gpuTexture{}}
}

// mesh is m on the GPU.
func (l *library) mesh(m *shape.Mesh) *gpuMesh {
	g, ok := l.meshes[m]
	if !ok {
		g = l.upload(m)
		l.uploads++
		g.order = l.uploads
		l.meshes[m] = g
		l.bytes += g.bytes
	}
	g.lastUse = l.scenes
	return g
}

func (l *library) upload(m *shape.Mesh) *gpuMesh {
	g := new(gpuMesh)
	g.Geometry.Init()
	g.SetIndices(m.Indices)
	if len(m.Indices) == 0 {
		return g
	}
	g.centre, g.radius = boundingSphere(m)
	if g.radius <= maxCaster {
		g.caster = newCaster(m)
	}
	indices := m.Indices
	const floats = 3 + 3 + 2
	vertices := make([]float32, 0, floats*len(m.Positions))
	for i, p := range m.Positions {
		var uv [2]float32
		if len(m.UVs) > 0 {
			uv = m.UVs[i]
		}
		n := m.Normals[i]
		vertices = append(vertices, p[0], p[1], p[2], n[0], n[1], n[2], uv[0], uv[1])
	}
	g.bytes = 4 * (len(vertices) + len(indices))
	gl.GenVertexArrays(1, &g.vao)
	l.gs.BindVertexArray(g.vao)
	gl.GenBuffers(int32(len(g.buffers)), &g.buffers[0])
	gl.BindBuffer(gl.ARRAY_BUFFER, g.buffers[0])
	gl.BufferData(gl.ARRAY_BUFFER, 4*len(vertices), unsafe.Pointer(&vertices[0]), gl.STATIC_DRAW)
	gl.BindBuffer(gl.ELEMENT_ARRAY_BUFFER, g.buffers[1])
	gl.BufferData(gl.ELEMENT_ARRAY_BUFFER, 4*len(indices), unsafe.Pointer(&indices[0]), gl.STATIC_DRAW)
	for location, a := range [...]struct{ size, offset int }{{3, 0}, {3, 3}, {2, 6}} { // as in the shaders
		gl.EnableVertexAttribArray(uint32(location))
		gl.VertexAttribPointerWithOffset(uint32(location), int32(a.size), gl.FLOAT, false, 4*floats, uintptr(4*a.offset))
	}
	return g
}

// RenderSetup makes the mesh the one that is drawn next.
func (g *gpuMesh) RenderSetup(gs *gls.GLS) { gs.BindVertexArray(g.vao) }

// Dispose frees the mesh's buffers.
func (g *gpuMesh) Dispose() {
	gl.DeleteVertexArrays(1, &g.vao)
	gl.DeleteBuffers(int32(len(g.buffers)), &g.buffers[0])
}

// boundingSphere is a sphere around the middle of the mesh's bounding box that holds all its vertices [m].
func boundingSphere(m *shape.Mesh) (centre math32.Vector3, radius float32) {
	lo, hi := m.Bounds()
	centre = math32.Vector3{X: (lo[0] + hi[0]) / 2, Y: (lo[1] + hi[1]) / 2, Z: (lo[2] + hi[2]) / 2}
	for _, p := range m.Positions {
		radius = max(radius, centre.DistanceTo(&math32.Vector3{X: p[0], Y: p[1], Z: p[2]}))
	}
	return centre, radius
}

// texture is t on the GPU, with mipmaps. Its first row is at v = 0, as in sim/shape.
func (l *library) texture(t *sim.Texture) *texture.Texture2D {
	g, ok := l.textures[t]
	if !ok {
		l.uploads++
		g = &gpuTexture{
			texture: texture.NewTexture2DFromData(t.Width, t.Height, gls.RGB, gls.UNSIGNED_BYTE, gls.SRGB8_ALPHA8, t.RGB),
			bytes:   t.Width * t.Height * 4 * 4 / 3,
			order:   l.uploads,
		}
		g.texture.SetMinFilter(gls.LINEAR_MIPMAP_NEAREST) // trilinear costs 3 ms of a 640×480 picture on two cores
		g.texture.SetWrapS(gls.REPEAT)
		g.texture.SetWrapT(gls.REPEAT)
		g.texture.RenderSetup(l.gs, 0, 0)
		l.textures[t] = g
		l.bytes += g.bytes
	}
	g.lastUse = l.scenes
	return g.texture
}

// trim frees what the scene that was built last doesn't use, longest unused first, until the rest fits the budget.
func (l *library) trim() {
	if l.bytes <= l.budget {
		return
	}
	type entry struct {
		lastUse, kind, order, bytes int
		free                        func()
	}
	var unused []entry
	for m, g := range l.meshes {
		if g.lastUse != l.scenes {
			unused = append(unused, entry{g.lastUse, 0, g.order, g.bytes, func() { g.Dispose(); delete(l.meshes, m) }})
		}
	}
	for t, g := range l.textures {
		if g.lastUse != l.scenes {
			unused = append(unused, entry{g.lastUse, 1, g.order, g.bytes, func() { g.texture.Dispose(); delete(l.textures, t) }})
		}
	}
	slices.SortFunc(unused, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.lastUse, b.lastUse), cmp.Compare(a.kind, b.kind), cmp.Compare(a.order, b.order))
	})
	for _, e := range unused {
		if l.bytes <= l.budget {
			return
		}
		e.free()
		l.bytes -= e.bytes
	}
}
