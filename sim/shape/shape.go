// Package shape makes triangle meshes from code: boxes, lathed profiles, tubes, spheres. It knows nothing of physics or pictures.
package shape

// A Mesh is a triangle mesh with a normal and a texture coordinate at each vertex. It is immutable once built and may be shared.
type Mesh struct {
	Name      string
	Positions [][3]float32 // [m], in the mesh's own frame
	Normals   [][3]float32 // unit length, outward; as long as Positions
	UVs       [][2]float32 // as long as Positions, or empty
	Indices   []uint32     // three a triangle, counter-clockwise seen from outside
}

// Triangles is the number of triangles.
func (m *Mesh) Triangles() int { return len(m.Indices) / 3 }
