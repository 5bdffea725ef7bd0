package shape

// Facets is a mesh of triangles over shared points [m], each face three indices into points, counter-clockwise seen from outside. Points at
// the same place are one. Normals come from the faces: edges under 35° are smooth, others sharp. uvs, if not nil, has the texture
// coordinates of each face's corners. Faces without area are left out. It panics if an index is out of range or uvs is of another length
// than faces; whether the surface is closed is for Validate to say.
func Facets(name string, points [][3]float64, faces [][3]int, uvs [][3][2]float64) *Mesh {
	check(uvs == nil || len(uvs) == len(faces), "facets: texture coordinates for %d of %d faces", len(uvs), len(faces))
	b := &builder{name: name}
	index := make(map[[3]float32]int, len(points))
	of := make([]int, len(points))
	for i, p := range points {
		key := float3(vec3(p))
		k, ok := index[key]
		if !ok {
			k = b.point(vec3(p))
			index[key] = k
		}
		of[i] = k
	}
	for i, f := range faces {
		var cs [3]corner
		for k, v := range f {
			check(v >= 0 && v < len(points), "facets: face %d uses point %d of %d", i, v, len(points))
			cs[k].point = of[v]
			if uvs != nil {
				cs[k].uv = uvs[i][k]
			}
		}
		b.triangle(cs[0], cs[1], cs[2])
	}
	return b.mesh()
}
