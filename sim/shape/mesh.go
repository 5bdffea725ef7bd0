package shape

import (
	"errors"
	"fmt"
	"math"

	"github.com/go-gl/mathgl/mgl64"
)

// Merge puts parts into one mesh. Texture coordinates are kept; parts without any get zeros if another part has some.
func Merge(name string, parts ...*Mesh) *Mesh {
	m := &Mesh{Name: name}
	var uvs bool
	for _, p := range parts {
		uvs = uvs || len(p.UVs) > 0
	}
	for _, p := range parts {
		first := uint32(len(m.Positions))
		m.Positions = append(m.Positions, p.Positions...)
		m.Normals = append(m.Normals, p.Normals...)
		switch {
		case len(p.UVs) > 0:
			m.UVs = append(m.UVs, p.UVs...)
		case uvs:
			m.UVs = append(m.UVs, make([][2]float32, len(p.Positions))...)
		}
		for _, i := range p.Indices {
			m.Indices = append(m.Indices, first+i)
		}
	}
	return m
}

// Transformed is a copy of m turned by the unit quaternion rot (wxyz), then moved by pos [m].
func (m *Mesh) Transformed(rot [4]float64, pos [3]float64) *Mesh {
	q := mgl64.Quat{W: rot[0], V: vec3{rot[1], rot[2], rot[3]}}
	return m.mapped(func(p vec3) vec3 { return q.Rotate(p).Add(vec3(pos)) }, q.Rotate, false)
}

// Moved is a copy of m moved by (x, y, z) [m].
func (m *Mesh) Moved(x, y, z float64) *Mesh {
	return m.mapped(func(p vec3) vec3 { return p.Add(vec3{x, y, z}) }, func(n vec3) vec3 { return n }, false)
}

// Scaled is a copy of m stretched along its axes. Negative factors mirror it. It panics if a factor is 0.
func (m *Mesh) Scaled(x, y, z float64) *Mesh {
	check(x != 0 && y != 0 && z != 0, "mesh %q scaled by %g, %g, %g (want none of them 0)", m.Name, x, y, z)
	return m.mapped(
		func(p vec3) vec3 { return vec3{p[0] * x, p[1] * y, p[2] * z} },
		func(n vec3) vec3 { return unit(vec3{n[0] / x, n[1] / y, n[2] / z}) },
		x*y*z < 0)
}

// Named is m with another name; the data are shared.
func (m *Mesh) Named(name string) *Mesh {
	c := *m
	c.Name = name
	return &c
}

func (m *Mesh) mapped(point, normal func(vec3) vec3, flip bool) *Mesh {
	c := &Mesh{
		Name:      m.Name,
		Positions: make([][3]float32, len(m.Positions)),
		Normals:   make([][3]float32, len(m.Normals)),
		UVs:       append([][2]float32(nil), m.UVs...),
		Indices:   append([]uint32(nil), m.Indices...),
	}
	for i, p := range m.Positions {
		c.Positions[i] = float3(point(double3(p)))
	}
	for i, n := range m.Normals {
		c.Normals[i] = float3(normal(double3(n)))
	}
	if flip {
		for t := 0; t+2 < len(c.Indices); t += 3 {
			c.Indices[t+1], c.Indices[t+2] = c.Indices[t+2], c.Indices[t+1]
		}
	}
	return c
}

// Bounds is the smallest axis-parallel box around the mesh [m]; two zero points for an empty mesh.
func (m *Mesh) Bounds() (lo, hi [3]float32) {
	for i, p := range m.Positions {
		if i == 0 {
			lo, hi = p, p
		}
		for k := range 3 {
			lo[k], hi[k] = min(lo[k], p[k]), max(hi[k], p[k])
		}
	}
	return lo, hi
}

// Volume is the enclosed volume [m³] by the divergence theorem: a sixth of the sum of the triangles' triple products. Parts that overlap
// count twice. It means nothing for a mesh that is not closed.
func (m *Mesh) Volume() float64 {
	var sum float64
	for t := 0; t+2 < len(m.Indices); t += 3 {
		p, q, r := m.corner(t), m.corner(t+1), m.corner(t+2)
		sum += p.Dot(q.Cross(r))
	}
	return sum / 6
}

func (m *Mesh) corner(i int) vec3 { return double3(m.Positions[m.Indices[i]]) }

// Validate says what is wrong with the mesh, if anything: lengths and indices, finite numbers, unit normals that look away from the
// inside, no triangle without area, a closed surface (each edge is walked as often one way as the other), a positive volume.
func (m *Mesh) Validate() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("shape: mesh %q: %w", m.Name, fmt.Errorf(format, args...))
	}
	switch {
	case len(m.Positions) == 0 || len(m.Indices) == 0:
		return fail("%w", errors.New("no triangles"))
	case len(m.Normals) != len(m.Positions):
		return fail("%d normals for %d positions", len(m.Normals), len(m.Positions))
	case len(m.UVs) != 0 && len(m.UVs) != len(m.Positions):
		return fail("%d texture coordinates for %d positions (want as many, or none)", len(m.UVs), len(m.Positions))
	case len(m.Indices)%3 != 0:
		return fail("%d indices (want three a triangle)", len(m.Indices))
	}
	for i, p := range m.Positions {
		if s := double3(p).LenSqr(); math.IsNaN(s) || math.IsInf(s, 0) {
			return fail("vertex %d is at %v", i, p)
		}
		if l := double3(m.Normals[i]).Len(); !(math.Abs(l-1) < 1e-5) {
			return fail("the normal of vertex %d has length %g (want 1)", i, l)
		}
	}
	for i, uv := range m.UVs {
		if s := float64(uv[0]) + float64(uv[1]); math.IsNaN(s) || math.IsInf(s, 0) {
			return fail("the texture coordinate of vertex %d is %v", i, uv)
		}
	}
	for k, i := range m.Indices {
		if int(i) >= len(m.Positions) {
			return fail("triangle %d uses vertex %d of %d", k/3, i, len(m.Positions))
		}
	}
	// Vertices at the same place are one point of the surface.
	points := make(map[[3]float32]int, len(m.Positions))
	of := make([]int, len(m.Positions))
	for i, p := range m.Positions {
		id, ok := points[p]
		if !ok {
			id = len(points)
			points[p] = id
		}
		of[i] = id
	}
	edges := make(map[[2]int]int, len(m.Indices))
	for t := 0; t < len(m.Indices); t += 3 {
		p, q, r := m.corner(t), m.corner(t+1), m.corner(t+2)
		face := q.Sub(p).Cross(r.Sub(p))
		if face.Len() < 1e-16 {
			return fail("triangle %d has no area: %v, %v, %v", t/3, p, q, r)
		}
		for k := range 3 {
			if n := double3(m.Normals[m.Indices[t+k]]); n.Dot(unit(face)) <= 0 {
				return fail("the normal of vertex %d points into triangle %d", m.Indices[t+k], t/3)
			}
			a, b := of[m.Indices[t+k]], of[m.Indices[t+(k+1)%3]]
			if a < b {
				edges[[2]int{a, b}]++
			} else {
				edges[[2]int{b, a}]--
			}
		}
	}
	var open int
	for _, n := range edges {
		if n != 0 {
			open++
		}
	}
	if open > 0 {
		return fail("%d of %d edges are open (want a closed surface)", open, len(edges))
	}
	if v := m.Volume(); !(v > 0) {
		return fail("volume %g m³ (want positive: triangles counter-clockwise seen from outside)", v)
	}
	return nil
}

func double3(v [3]float32) vec3 { return vec3{float64(v[0]), float64(v[1]), float64(v[2])} }
