package render

import (
	"cmp"
	"slices"

	"github.com/g3n/engine/geometry"
	"github.com/g3n/engine/math32"
	"github.com/g3n/engine/texture"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// libraryBudget is how much memory meshes and textures may hold on to beyond those of the scene that is drawn [bytes].
const libraryBudget = 48 << 20

// A library keeps the seer's copy of each mesh and texture from one scene to the next: a new episode doesn't send the robot again.
type library struct {
	seer   seer
	meshes map[*shape.Mesh]*mesh
	prints map[*sim.Texture]*print
	scenes int // how many scenes were built
	kept   int // how many meshes and textures were taken in
	bytes  int // of everything that is kept
	budget int
}

// A mesh is a g3n geometry whose data the seer keeps.
type mesh struct {
	geometry.Geometry // holds the indices, for g3n's draw call
	data              *shape.Mesh
	gl                glMesh
	cpu               *cpuMesh
	caster            caster
	centre            math32.Vector3 // of the bounding sphere, in the mesh's frame [m]
	radius            float32
	bytes             int
	lastUse           int // scene number
	order             int // of being taken in
}

// A print is a texture that the seer keeps.
type print struct {
	data    *sim.Texture
	texture *texture.Texture2D // GL's
	cpu     *cpuPrint
	bytes   int
	lastUse int
	order   int
}

func newLibrary(s seer) *library {
	return &library{seer: s, budget: libraryBudget, meshes: map[*shape.Mesh]*mesh{}, prints: map[*sim.Texture]*print{}}
}

// mesh is m as the seer keeps it.
func (l *library) mesh(m *shape.Mesh) *mesh {
	g, ok := l.meshes[m]
	if !ok {
		l.kept++
		g = &mesh{data: m, order: l.kept}
		g.Geometry.Init()
		g.SetIndices(m.Indices)
		if len(m.Indices) > 0 {
			g.centre, g.radius = boundingSphere(m)
			if g.radius <= maxCaster {
				g.caster = newCaster(m)
			}
			l.seer.keepMesh(g)
		}
		l.meshes[m] = g
		l.bytes += g.bytes
	}
	g.lastUse = l.scenes
	return g
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

// print is t as the seer keeps it. Its first row is at v = 0, as in sim/shape.
func (l *library) print(t *sim.Texture) *print {
	p, ok := l.prints[t]
	if !ok {
		l.kept++
		p = &print{data: t, order: l.kept}
		l.seer.keepPrint(p)
		l.prints[t] = p
		l.bytes += p.bytes
	}
	p.lastUse = l.scenes
	return p
}

// trim drops what the scene that was built last doesn't use, longest unused first, until the rest fits the budget.
func (l *library) trim() {
	if l.bytes <= l.budget {
		return
	}
	type entry struct {
		lastUse, order, bytes int
		drop                  func()
	}
	var unused []entry
	for m, g := range l.meshes {
		if g.lastUse != l.scenes && g.bytes > 0 {
			unused = append(unused, entry{g.lastUse, g.order, g.bytes, func() { l.seer.dropMesh(g); delete(l.meshes, m) }})
		}
	}
	for t, p := range l.prints {
		if p.lastUse != l.scenes {
			unused = append(unused, entry{p.lastUse, p.order, p.bytes, func() { l.seer.dropPrint(p); delete(l.prints, t) }})
		}
	}
	slices.SortFunc(unused, func(a, b entry) int { return cmp.Or(cmp.Compare(a.lastUse, b.lastUse), cmp.Compare(a.order, b.order)) })
	for _, e := range unused {
		if l.bytes <= l.budget {
			return
		}
		e.drop()
		l.bytes -= e.bytes
	}
}

// free drops everything.
func (l *library) free() {
	for _, g := range l.meshes {
		if g.bytes > 0 {
			l.seer.dropMesh(g)
		}
	}
	for _, p := range l.prints {
		l.seer.dropPrint(p)
	}
	clear(l.meshes)
	clear(l.prints)
}
