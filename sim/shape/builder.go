package shape

import (
	"fmt"
	"math"

	"github.com/go-gl/mathgl/mgl64"
)

type vec3 = mgl64.Vec3

// creaseCos is the cosine of the crease angle, 35°: two faces that meet at a larger angle keep an edge between them.
var creaseCos = math.Cos(mgl64.DegToRad(35))

// A corner is one corner of a triangle while a mesh is being built: which point, and how the surface looks there.
type corner struct {
	point  int
	normal vec3 // zero: find it from the faces around the point
	uv     [2]float64
}

// A builder collects triangles over shared points and turns them into a Mesh.
type builder struct {
	name    string
	points  []vec3
	corners []corner // three a triangle, counter-clockwise seen from outside
}

func (b *builder) point(p vec3) int {
	b.points = append(b.points, p)
	return len(b.points) - 1
}

// triangle adds a triangle, unless two of its corners are at the same place (as in the first row of a sphere).
func (b *builder) triangle(p, q, r corner) {
	x, y, z := float3(b.points[p.point]), float3(b.points[q.point]), float3(b.points[r.point])
	if x != y && y != z && z != x {
		b.corners = append(b.corners, p, q, r)
	}
}

func (b *builder) quad(p, q, r, s corner) {
	b.triangle(p, q, r)
	b.triangle(p, r, s)
}

// mesh welds corners that look the same into vertices. Normals that were not given are the mean of the faces around the point that
// lie within the crease angle of the corner's own face, each weighted by its angle at the point, which makes the result independent
// of the triangulation (Thürmer & Wüthrich 1998).
func (b *builder) mesh() *Mesh {
	b.computeNormals()
	m := &Mesh{Name: b.name, Indices: make([]uint32, 0, len(b.corners))}
	type vertex struct {
		pos, normal [3]float32
		uv          [2]float32
	}
	index := make(map[vertex]uint32, len(b.corners)/4)
	for _, c := range b.corners {
		v := vertex{float3(b.points[c.point]), float3(c.normal), [2]float32{float32(c.uv[0]), float32(c.uv[1])}}
		i, ok := index[v]
		if !ok {
			i = uint32(len(m.Positions))
			index[v] = i
			m.Positions = append(m.Positions, v.pos)
			m.Normals = append(m.Normals, v.normal)
			m.UVs = append(m.UVs, v.uv)
		}
		m.Indices = append(m.Indices, i)
	}
	return m
}

func (b *builder) computeNormals() {
	type fan struct {
		face  vec3 // unit normal
		angle float64
	}
	var missing bool
	for _, c := range b.corners {
		missing = missing || c.normal == (vec3{})
	}
	if !missing {
		return
	}
	around := make([][]fan, len(b.points))
	faces := make([]vec3, len(b.corners)/3)
	for t := range faces {
		p, q, r := b.points[b.corners[3*t].point], b.points[b.corners[3*t+1].point], b.points[b.corners[3*t+2].point]
		faces[t] = unit(q.Sub(p).Cross(r.Sub(p)))
		for k, e := range [3][2]vec3{{q.Sub(p), r.Sub(p)}, {r.Sub(q), p.Sub(q)}, {p.Sub(r), q.Sub(r)}} {
			angle := math.Atan2(e[0].Cross(e[1]).Len(), e[0].Dot(e[1]))
			i := b.corners[3*t+k].point
			around[i] = append(around[i], fan{faces[t], angle})
		}
	}
	for k := range b.corners {
		c := &b.corners[k]
		if c.normal != (vec3{}) {
			continue
		}
		own := faces[k/3]
		var sum vec3
		for _, f := range around[c.point] {
			if own.Dot(f.face) >= creaseCos {
				sum = sum.Add(f.face.Mul(f.angle))
			}
		}
		c.normal = unit(sum)
	}
}

// unit is v at length 1; a vector without a direction becomes +z.
func unit(v vec3) vec3 {
	l := v.Len()
	if !(l > 0) {
		return vec3{0, 0, 1}
	}
	return v.Mul(1 / l)
}

// float3 rounds to float32. Adding 0 turns -0 into 0, so that equal points have equal bits.
func float3(v vec3) [3]float32 {
	return [3]float32{float32(v[0]) + 0, float32(v[1]) + 0, float32(v[2]) + 0}
}

func check(ok bool, format string, args ...any) {
	if !ok {
		panic("shape: " + fmt.Sprintf(format, args...))
	}
}
