package shape

import (
	"math"
	"slices"
)

// A Field is a solid given by its signed distance: negative inside, positive outside, growing by no more than about 1 m per m. Contour
// turns it into a mesh.
type Field func(p [3]float64) float64

// BallField is a sphere.
func BallField(centre [3]float64, radius float64) Field {
	c := vec3(centre)
	return func(p [3]float64) float64 { return vec3(p).Sub(c).Len() - radius }
}

// EllipsoidField is an ellipsoid with its axes along x, y, z. Away from its surface the distance is a lower bound (Quílez's estimate).
func EllipsoidField(centre, radii [3]float64) Field {
	return func(p [3]float64) float64 {
		var k0, k1 float64
		for i := range 3 {
			d := (p[i] - centre[i]) / radii[i]
			k0 += d * d
			k1 += d * d / (radii[i] * radii[i])
		}
		if k1 == 0 {
			return -min(radii[0], radii[1], radii[2])
		}
		k0, k1 = math.Sqrt(k0), math.Sqrt(k1)
		return k0 * (k0 - 1) / k1
	}
}

// CapsuleField is a ball of radius ra at a joined to one of radius rb at b by what lies between them.
func CapsuleField(a, b [3]float64, ra, rb float64) Field {
	from, along := vec3(a), vec3(b).Sub(vec3(a))
	l2 := along.LenSqr()
	return func(p [3]float64) float64 {
		d := vec3(p).Sub(from)
		t := min(max(d.Dot(along)/l2, 0), 1)
		return d.Sub(along.Mul(t)).Len() - ra - (rb-ra)*t
	}
}

// BoxField is a box of full extents size about centre, its edges rounded with the radius round.
func BoxField(centre, size [3]float64, round float64) Field {
	return func(p [3]float64) float64 {
		var out, in float64
		in = math.Inf(-1)
		for i := range 3 {
			q := math.Abs(p[i]-centre[i]) - size[i]/2 + round
			out += max(q, 0) * max(q, 0)
			in = max(in, q)
		}
		return math.Sqrt(out) + min(in, 0) - round
	}
}

// Union is everything that is in one of the fields, the creases between them filled to the width blend [m] (0: sharp).
func Union(blend float64, fields ...Field) Field {
	return func(p [3]float64) float64 {
		d := fields[0](p)
		for _, f := range fields[1:] {
			d = smoothMin(d, f(p), blend)
		}
		return d
	}
}

// Carve is what is in f and not in tool, the new edges rounded to the width blend [m].
func Carve(blend float64, f, tool Field) Field {
	return func(p [3]float64) float64 { return -smoothMin(-f(p), tool(p), blend) }
}

// Common is what is in both fields, the new edges rounded to the width blend [m].
func Common(blend float64, f, g Field) Field {
	return func(p [3]float64) float64 { return -smoothMin(-f(p), -g(p), blend) }
}

// smoothMin is the quadratic smooth minimum: min(a, b), less up to k/4 where they differ by less than k.
func smoothMin(a, b, k float64) float64 {
	if k <= 0 {
		return min(a, b)
	}
	h := max(k-math.Abs(a-b), 0) / k
	return min(a, b) - h*h*k/4
}

// Contour meshes the surface of f inside the box lo…hi, which has to enclose it, with cells of the given size [m]: naive surface nets
// (Gibson 1998), whose vertices are then moved onto the surface. Normals are the field's gradient except at edges sharper than the
// cells show. Texture: u along x and v down z over the mesh's bounds. It panics if the surface leaves the box, if there is none, or if
// the box has more than 4 million cells.
func Contour(name string, f Field, lo, hi [3]float64, cell float64) *Mesh {
	check(cell > 0, "contour with cells of %g m (want positive)", cell)
	var n [3]int // nodes
	for i := range n {
		check(hi[i] > lo[i], "contour of the box %v…%v m", lo, hi)
		n[i] = int(math.Ceil((hi[i]-lo[i])/cell)) + 1
	}
	check(n[0]*n[1]*n[2] <= 4<<20, "contour of %d × %d × %d nodes (want 4 million at most)", n[0], n[1], n[2])
	at := func(x, y, z int) [3]float64 {
		return [3]float64{lo[0] + float64(x)*cell, lo[1] + float64(y)*cell, lo[2] + float64(z)*cell}
	}
	index := func(x, y, z int) int { return (z*n[1]+y)*n[0] + x }
	values := make([]float64, n[0]*n[1]*n[2])
	for z := range n[2] {
		for y := range n[1] {
			for x := range n[0] {
				v := f(at(x, y, z))
				check(v > 0 || x > 0 && y > 0 && z > 0 && x < n[0]-1 && y < n[1]-1 && z < n[2]-1, "contour: the solid leaves the box %v…%v m at %v", lo, hi, at(x, y, z))
				values[index(x, y, z)] = v
			}
		}
	}
	gradient := func(p vec3, here float64) vec3 {
		h := cell * 0.01
		var g vec3
		for i := range 3 {
			q := p
			q[i] += h
			g[i] = (f(q) - here) / h
		}
		return g
	}

	// One vertex in each cell that the surface passes through: the mean of where it cuts the cell's edges.
	b := &builder{name: name}
	vertex := make([]int32, len(values))
	var normals []vec3
	for z := range n[2] - 1 {
		for y := range n[1] - 1 {
			for x := range n[0] - 1 {
				vertex[index(x, y, z)] = -1
				inside := 0
				for corner := range 8 {
					if values[index(x+corner&1, y+corner>>1&1, z+corner>>2)] < 0 {
						inside++
					}
				}
				if inside == 0 || inside == 8 {
					continue // as most are
				}
				var sum vec3
				cuts := 0
				for corner := range 8 {
					c := [3]int{x + corner&1, y + corner>>1&1, z + corner>>2}
					v := values[index(c[0], c[1], c[2])]
					for axis := range 3 {
						if corner>>axis&1 == 1 {
							continue
						}
						d := c
						d[axis]++
						w := values[index(d[0], d[1], d[2])]
						if (v < 0) == (w < 0) {
							continue
						}
						p := vec3(at(c[0], c[1], c[2]))
						p[axis] += cell * v / (v - w)
						sum = sum.Add(p)
						cuts++
					}
				}
				p := sum.Mul(1 / float64(cuts))
				least, most := vec3(at(x, y, z)), vec3(at(x+1, y+1, z+1))
				for range 2 { // Newton's steps onto the surface, without leaving the cell
					d := f(p)
					g := gradient(p, d)
					if g.LenSqr() < 1e-6 {
						break
					}
					p = p.Sub(g.Mul(d / g.LenSqr()))
					for i := range 3 {
						margin := 0.02 * cell
						p[i] = min(max(p[i], least[i]+margin), most[i]-margin)
					}
				}
				vertex[index(x, y, z)] = int32(b.point(p))
				normals = append(normals, unit(gradient(p, f(p))))
			}
		}
	}
	check(len(b.points) > 0, "contour: no surface in the box %v…%v m", lo, hi)

	// One quad for each edge of the grid that the surface cuts, through the vertices of the four cells around it.
	low, high := b.points[0], b.points[0]
	for _, p := range b.points {
		for i := range 3 {
			low[i], high[i] = min(low[i], p[i]), max(high[i], p[i])
		}
	}
	triangle := func(ids [3]int) {
		p, q, r := b.points[ids[0]], b.points[ids[1]], b.points[ids[2]]
		face := unit(q.Sub(p).Cross(r.Sub(p)))
		var cs [3]corner
		for i, id := range ids {
			pt := b.points[id]
			cs[i] = corner{point: id, uv: [2]float64{(pt[0] - low[0]) / (high[0] - low[0]), (high[2] - pt[2]) / (high[2] - low[2])}}
			if normals[id].Dot(face) > 0.3 {
				cs[i].normal = normals[id]
			}
		}
		b.triangle(cs[0], cs[1], cs[2])
	}
	for z := range n[2] - 1 {
		for y := range n[1] - 1 {
			for x := range n[0] - 1 {
				v := values[index(x, y, z)]
				for axis := range 3 {
					next := [3]int{x, y, z}
					next[axis]++
					if (v < 0) == (values[index(next[0], next[1], next[2])] < 0) {
						continue // so it is for all edges in the sides of the box
					}
					cellAt := func(du, dv int) int {
						c := [3]int{x, y, z}
						c[(axis+1)%3] -= du
						c[(axis+2)%3] -= dv
						return int(vertex[index(c[0], c[1], c[2])])
					}
					quad := []int{cellAt(1, 1), cellAt(0, 1), cellAt(0, 0), cellAt(1, 0)}
					if v >= 0 {
						slices.Reverse(quad)
					}
					// The shorter diagonal makes the better triangles.
					p := func(i int) vec3 { return b.points[quad[i]] }
					if p(0).Sub(p(2)).LenSqr() <= p(1).Sub(p(3)).LenSqr() {
						triangle([3]int{quad[0], quad[1], quad[2]})
						triangle([3]int{quad[0], quad[2], quad[3]})
					} else {
						triangle([3]int{quad[1], quad[2], quad[3]})
						triangle([3]int{quad[1], quad[3], quad[0]})
					}
				}
			}
		}
	}
	return b.mesh()
}

// Deformed is m with every point moved by f, a smooth map that keeps left and right apart (no mirror). Normals follow by the inverse
// transpose of its Jacobian, taken by finite differences over 10 µm.
func (m *Mesh) Deformed(f func(p [3]float64) [3]float64) *Mesh {
	c := m.mapped(func(p vec3) vec3 { return vec3(f(p)) }, func(n vec3) vec3 { return n }, false)
	const h = 1e-5
	for i, p := range m.Positions {
		var d [3]vec3 // the columns of the Jacobian
		for k := range 3 {
			q, r := double3(p), double3(p)
			q[k] += h
			r[k] -= h
			d[k] = vec3(f(q)).Sub(vec3(f(r)))
		}
		n := double3(m.Normals[i])
		cofactors := d[1].Cross(d[2]).Mul(n[0]).Add(d[2].Cross(d[0]).Mul(n[1])).Add(d[0].Cross(d[1]).Mul(n[2]))
		c.Normals[i] = float3(unit(cofactors))
	}
	return c
}

// Textured is a copy of m with new texture coordinates: f gives (u, v) at a point of the surface with the given normal.
func (m *Mesh) Textured(f func(p, normal [3]float64) [2]float64) *Mesh {
	c := *m
	c.UVs = make([][2]float32, len(m.Positions))
	for i, p := range m.Positions {
		uv := f(double3(p), double3(m.Normals[i]))
		c.UVs[i] = [2]float32{float32(uv[0]), float32(uv[1])}
	}
	return &c
}
