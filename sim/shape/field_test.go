package shape

import (
	"math"
	"testing"
)

// Contour makes closed meshes of the field's volume whose normals follow the surface, however near the box is.
func TestContour(t *testing.T) {
	const r = 0.03
	ball := BallField([3]float64{0.01, 0, 0}, r)
	corner := BallField([3]float64{0.01 + r, 0, 0}, 0.02)
	tight := func(margin float64) (lo, hi [3]float64) {
		return [3]float64{0.01 - r - margin, -r - margin, -r - margin}, [3]float64{0.01 + r + margin, r + margin, r + margin}
	}
	sphere := 4.0 / 3 * math.Pi * r * r * r
	lens := func(a, b, d float64) float64 { // of two balls (Kern & Blank 1948)
		return math.Pi * (a + b - d) * (a + b - d) * (d*d + 2*d*a - 3*a*a + 2*d*b + 6*a*b - 3*b*b) / (12 * d)
	}
	for _, tt := range []struct {
		name   string
		field  Field
		margin float64
		volume float64
	}{
		{"ball", ball, 0.005, sphere},
		{"ball in a tight box", ball, 0.0005, sphere},
		{"ellipsoid", EllipsoidField([3]float64{0.01, 0, 0}, [3]float64{r, 0.02, 0.01}), 0.002, 4.0 / 3 * math.Pi * r * 0.02 * 0.01},
		{"capsule", CapsuleField([3]float64{0, 0, -0.01}, [3]float64{0, 0, 0.01}, 0.01, 0.01), 0.002, math.Pi * 1e-4 * (0.02 + 4.0/3*0.01)},
		{"box", BoxField([3]float64{0.01, 0, 0}, [3]float64{0.04, 0.03, 0.02}, 0.003), 0.002, 2.334e-5},
		{"carved", Carve(0, ball, corner), 0.002, sphere - lens(r, 0.02, r)},
		{"common", Common(0, ball, corner), 0.002, lens(r, 0.02, r)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lo, hi := tight(tt.margin)
			m := Contour(tt.name, tt.field, lo, hi, 0.002)
			if err := m.Validate(); err != nil {
				t.Fatal(err)
			}
			if got := m.Volume(); math.Abs(got/tt.volume-1) > 0.03 {
				t.Errorf("volume = %g m³, want %g", got, tt.volume)
			}
			for i, p := range m.Positions {
				if d := tt.field([3]float64(double3(p))); math.Abs(d) > 0.0008 {
					t.Fatalf("vertex %d at %v is %.2f mm off the surface", i, p, 1e3*d)
				}
			}
		})
	}
	m := Contour("ball", ball, [3]float64{-0.03, -0.04, -0.04}, [3]float64{0.05, 0.04, 0.04}, 0.004)
	for i, p := range m.Positions {
		if n := unit(double3(p).Sub(vec3{0.01, 0, 0})); n.Sub(double3(m.Normals[i])).Len() > 0.01 {
			t.Fatalf("normal at %v = %v, want %v", p, m.Normals[i], n)
		}
	}
}

// A blended union is the two fields and a little more between them, nowhere less.
func TestUnion(t *testing.T) {
	a, b := BallField([3]float64{}, 0.02), BallField([3]float64{0.03, 0, 0}, 0.02)
	sharp, soft := Union(0, a, b), Union(0.01, a, b)
	for i := range 100 {
		p := [3]float64{-0.03 + 0.0009*float64(i), 0.01, 0.003}
		want := min(a(p), b(p))
		if got := sharp(p); got != want {
			t.Fatalf("sharp union at %v = %g, want %g", p, got, want)
		}
		if got := soft(p); got > want || got < want-0.0025-1e-12 {
			t.Fatalf("soft union at %v = %g, want up to a quarter of 10 mm less than %g", p, got, want)
		}
	}
}

func TestContourPanics(t *testing.T) {
	ball := BallField([3]float64{}, 0.03)
	for name, f := range map[string]func(){
		"leaves the box": func() { Contour("", ball, [3]float64{-0.02, -0.04, -0.04}, [3]float64{0.04, 0.04, 0.04}, 0.004) },
		"no surface":     func() { Contour("", ball, [3]float64{1, 1, 1}, [3]float64{1.1, 1.1, 1.1}, 0.01) },
		"no cells":       func() { Contour("", ball, [3]float64{-1, -1, -1}, [3]float64{1, 1, 1}, 0) },
		"too many cells": func() { Contour("", ball, [3]float64{-1, -1, -1}, [3]float64{1, 1, 1}, 0.001) },
		"empty box":      func() { Contour("", ball, [3]float64{1, 1, 1}, [3]float64{}, 0.01) },
		"facet index":    func() { Facets("", make([][3]float64, 3), [][3]int{{0, 1, 3}}, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}

// Normals of a bent mesh stay at a right angle to its surface.
func TestDeformed(t *testing.T) {
	flat := Extrude([][2]float64{{-0.1, -0.01}, {0.1, -0.01}, {0.1, 0.01}, {-0.1, 0.01}}, 0.004, 0)
	bent := flat.Deformed(func(p [3]float64) [3]float64 { return [3]float64{p[0], p[1], p[2] + 0.5*p[0]} })
	if err := bent.Validate(); err != nil {
		t.Fatal(err)
	}
	want := vec3{-0.5, 0, 1}.Normalize()
	seen := false
	for _, n := range bent.Normals {
		seen = seen || double3(n).Sub(want).Len() < 1e-5
	}
	if !seen {
		t.Errorf("no normal is %v: %v", want, bent.Normals)
	}
	twice := flat.Deformed(func(p [3]float64) [3]float64 { return [3]float64{2 * p[0], p[1], p[2]} })
	if got, want := twice.Volume(), 2*flat.Volume(); math.Abs(got-want) > 1e-10 {
		t.Errorf("volume = %g, want %g", got, want)
	}
}

// Facets rebuilds a mesh from loose triangles: welded, smooth where it was, sharp where it was.
func TestFacets(t *testing.T) {
	for _, m := range []*Mesh{Box([3]float64{0.1, 0.2, 0.3}, 0), Cylinder(0.05, 0.1, 0, 48)} {
		var points [][3]float64
		var faces [][3]int
		for i, v := range m.Indices {
			points = append(points, [3]float64(double3(m.Positions[v])))
			if i%3 == 2 {
				faces = append(faces, [3]int{i - 2, i - 1, i})
			}
		}
		got := Facets(m.Name, points, faces, nil)
		if err := got.Validate(); err != nil {
			t.Fatal(err)
		}
		if math.Abs(got.Volume()-m.Volume()) > 1e-9 || got.Triangles() != m.Triangles() {
			t.Errorf("%s: volume %g, %d triangles, want %g, %d", m.Name, got.Volume(), got.Triangles(), m.Volume(), m.Triangles())
		}
		if m.Name == "box" && len(got.Positions) != 24 {
			t.Errorf("a box has %d vertices, want 24: three at each corner", len(got.Positions))
		}
	}
	flat := Facets("flat", [][3]float64{{0, 0, 0}, {0, 0, 0}, {1, 0, 0}}, [][3]int{{0, 1, 2}}, nil)
	if flat.Triangles() != 0 {
		t.Error("a face without area was kept")
	}
}

func TestTextured(t *testing.T) {
	m := Box([3]float64{0.1, 0.2, 0.3}, 0)
	got := m.Textured(func(p, n [3]float64) [2]float64 { return [2]float64{p[0], n[2]} })
	for i := range got.UVs {
		if got.UVs[i] != [2]float32{m.Positions[i][0], m.Normals[i][2]} {
			t.Fatalf("UV %d = %v", i, got.UVs[i])
		}
	}
	if &got.Positions[0] != &m.Positions[0] || m.UVs[0] == got.UVs[0] {
		t.Error("Textured has to share positions and to leave the mesh's own coordinates alone")
	}
}
