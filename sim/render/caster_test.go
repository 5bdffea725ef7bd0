package render

import (
	"testing"

	"github.com/g3n/engine/math32"

	"github.com/refarena/refarena/sim/shape"
)

// A caster is made of the mesh's own vertices, at most one for each cell of the grid, and none of its triangles is degenerate; every
// vertex of the mesh is near one of them.
func TestCaster(t *testing.T) {
	for _, m := range []*shape.Mesh{
		shape.Box([3]float64{0.1, 0.2, 0.3}, 0.004),
		shape.Ellipsoid([3]float64{0.04, 0.05, 0.06}, 120),
		shape.Capsule(0.05, 0.3, 60),
		{Name: "empty"},
	} {
		c := newCaster(m)
		own := map[[3]float32]bool{}
		for _, p := range m.Positions {
			own[p] = true
		}
		cells := map[[3]int]bool{}
		for _, p := range c.positions {
			if !own[[3]float32{p.X, p.Y, p.Z}] {
				t.Errorf("%s: %v is no vertex of the mesh", m.Name, p)
			}
			cell := [3]int{int(math32.Floor(p.X / shadowCell)), int(math32.Floor(p.Y / shadowCell)), int(math32.Floor(p.Z / shadowCell))}
			if cells[cell] {
				t.Errorf("%s: a second vertex in cell %v", m.Name, cell)
			}
			cells[cell] = true
		}
		if len(c.indices) > len(m.Indices) || len(c.indices)%3 != 0 {
			t.Errorf("%s: %d indices become %d", m.Name, len(m.Indices), len(c.indices))
		}
		for i := 0; i < len(c.indices); i += 3 {
			if a, b, d := c.indices[i], c.indices[i+1], c.indices[i+2]; a == b || b == d || d == a {
				t.Errorf("%s: triangle %d is %d %d %d", m.Name, i/3, a, b, d)
			}
		}
		for _, p := range m.Positions {
			nearest := float32(1)
			for _, q := range c.positions {
				nearest = min(nearest, q.DistanceTo(&math32.Vector3{X: p[0], Y: p[1], Z: p[2]}))
			}
			if nearest > 1.75*shadowCell { // √3 and rounding
				t.Errorf("%s: the caster is %.4f m from vertex %v", m.Name, nearest, p)
				break
			}
		}
	}
}
