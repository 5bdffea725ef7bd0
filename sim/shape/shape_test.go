package shape

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/go-gl/mathgl/mgl64"
)

func ringProfile(radius, tube float64, steps int) [][2]float64 {
	p := Arc(radius, 0, tube, 0, 2*math.Pi, steps)
	p[len(p)-1] = p[0]
	return p
}

func circlePath(radius float64, n int) [][3]float64 {
	var path [][3]float64
	for i := range n {
		a := 2 * math.Pi * float64(i) / float64(n)
		path = append(path, [3]float64{radius * math.Cos(a), radius * math.Sin(a), 0.01 * math.Sin(3*a)})
	}
	return path
}

var star = func() [][2]float64 {
	var p [][2]float64
	for i := range 10 {
		r := []float64{0.05, 0.02}[i%2]
		a := 2 * math.Pi * float64(i) / 10
		p = append(p, [2]float64{r * math.Cos(a), r * math.Sin(a)})
	}
	return p
}()

// Every builder makes a closed manifold of positive volume near the formula's, with unit normals outward and texture coordinates.
func TestBuilders(t *testing.T) {
	box := [3]float64{0.1, 0.2, 0.3}
	rounded := func(x, y, z, r float64) float64 { // Steiner's formula
		x, y, z = x-2*r, y-2*r, z-2*r
		return x*y*z + 2*r*(x*y+y*z+z*x) + math.Pi*r*r*(x+y+z) + 4.0/3*math.Pi*r*r*r
	}
	line := [][3]float64{{0, 0, 0}, {0.1, 0.05, 0}, {0.1, 0.05, 0.4}}
	for _, tt := range []struct {
		name   string
		mesh   *Mesh
		volume float64 // of the ideal solid [m³]
		within float64 // relative
		euler  int     // vertices − edges + faces
	}{
		{"box", Box(box, 0), 0.006, 1e-6, 2},
		{"rounded box", Box(box, 0.02), rounded(0.1, 0.2, 0.3, 0.02), 0.01, 2},
		{"box that is all bevel", Box([3]float64{0.1, 0.1, 0.2}, 0.05), rounded(0.1, 0.1, 0.2, 0.05), 0.08, 2},
		{"cylinder", Cylinder(0.03, 0.12, 0, 64), math.Pi * 0.03 * 0.03 * 0.12, 0.002, 2},
		{"bevelled cylinder", Cylinder(0.03, 0.12, 0.001, 64), math.Pi * 0.03 * 0.03 * 0.12, 0.003, 2},
		{"triangular cylinder", Cylinder(0.03, 0.12, 0, 3), 3 * math.Sqrt(3) / 4 * 0.03 * 0.03 * 0.12, 1e-6, 2},
		{"ellipsoid", Ellipsoid([3]float64{0.03, 0.04, 0.05}, 96), 4.0 / 3 * math.Pi * 0.03 * 0.04 * 0.05, 0.003, 2},
		{"octahedron", Ellipsoid([3]float64{1, 1, 1}, 4), 4.0 / 3, 1e-6, 2},
		{"capsule", Capsule(0.02, 0.1, 96), math.Pi * 0.02 * 0.02 * (0.1 + 4.0/3*0.02), 0.003, 2},
		{"cone", Lathe([][2]float64{{0, 0}, {0.1, 0}, {0, 0.3}}, 96), math.Pi * 0.01 * 0.3 / 3, 0.002, 2},
		{"open profile", Lathe([][2]float64{{0.1, 0}, {0.1, 0.3}}, 96), math.Pi * 0.01 * 0.3, 0.002, 2},
		{"torus", Lathe(ringProfile(0.1, 0.02, 48), 96), 2 * math.Pi * math.Pi * 0.1 * 0.02 * 0.02, 0.005, 0},
		{"straight tube", Tube([][3]float64{{0, 0, 0}, {0, 0, 0.5}}, 0.01, 64, false), math.Pi * 0.0001 * 0.5, 0.002, 2},
		{"bent tube", Tube(line, 0.01, 64, false), math.Pi * 0.0001 * (math.Hypot(0.1, 0.05) + 0.4), 0.002, 2},
		{"closed tube", Tube(circlePath(0.1, 96), 0.01, 48, true), math.Pi * 0.0001 * 2 * math.Pi * 0.1, 0.02, 0},
		{"tapered tube", TaperedTube([][3]float64{{0, 0, 0}, {0.3, 0, 0}}, []float64{0.02, 0.01}, 96),
			math.Pi * 0.3 / 3 * (0.0004 + 0.0002 + 0.0001), 0.002, 2},
		{"extruded square", Extrude([][2]float64{{0, 0}, {0.1, 0}, {0.1, 0.1}, {0, 0.1}}, 0.05, 0), 0.0005, 1e-6, 2},
		{"extruded star", Extrude(star, 0.05, 0), polygonArea(star) * 0.05, 1e-6, 2},
		{"bevelled star", Extrude(star, 0.05, 0.001), polygonArea(star) * 0.05, 0.02, 2},
		{"mirrored", Box(box, 0.01).Scaled(-1, 2, 1), 2 * rounded(0.1, 0.2, 0.3, 0.01), 0.005, 2},
		{"merged", Merge("pair", Box(box, 0), Box(box, 0).Moved(1, 0, 0)), 0.012, 1e-6, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := tt.mesh
			if err := m.Validate(); err != nil {
				t.Fatal(err)
			}
			if got := m.Volume(); math.Abs(got/tt.volume-1) > tt.within {
				t.Errorf("volume = %g m³, want %g within %g", got, tt.volume, tt.within)
			}
			if len(m.UVs) != len(m.Positions) {
				t.Errorf("%d texture coordinates for %d vertices", len(m.UVs), len(m.Positions))
			}
			for _, uv := range m.UVs {
				if !(uv[0] >= -1e-6 && uv[0] <= 1+1e-6 && uv[1] >= -1e-6 && uv[1] <= 1+1e-6) {
					t.Fatalf("texture coordinate %v, want within 0…1", uv)
				}
			}
			if got := manifold(t, m); got != tt.euler {
				t.Errorf("Euler characteristic = %d, want %d", got, tt.euler)
			}
		})
	}
}

// manifold checks that every edge has exactly two faces, one each way, and returns vertices − edges + faces.
func manifold(t *testing.T, m *Mesh) int {
	t.Helper()
	points, edges := map[[3]float32]bool{}, map[[2][3]float32]int{}
	for i := 0; i < len(m.Indices); i += 3 {
		for k := range 3 {
			a, b := m.Positions[m.Indices[i+k]], m.Positions[m.Indices[i+(k+1)%3]]
			points[a] = true
			edges[[2][3]float32{a, b}]++
		}
	}
	for e, n := range edges {
		if n != 1 || edges[[2][3]float32{e[1], e[0]}] != 1 {
			t.Fatalf("edge %v is walked %d times this way and %d times that way, want once each", e, n, edges[[2][3]float32{e[1], e[0]}])
		}
	}
	return len(points) - len(edges)/2 + m.Triangles()
}

// Normals follow the true surface: those of a sphere are radial, those of a cylinder's wall horizontal, and its edges stay sharp.
func TestNormals(t *testing.T) {
	sphere := Ellipsoid([3]float64{0.05, 0.05, 0.05}, 24)
	for i, p := range sphere.Positions {
		if got, want := double3(sphere.Normals[i]), double3(p).Normalize(); got.Sub(want).Len() > 1e-5 {
			t.Fatalf("normal at %v = %v, want %v", p, got, want)
		}
	}
	cylinder := Cylinder(0.05, 0.2, 0, 24)
	for i, p := range cylinder.Positions {
		n := double3(cylinder.Normals[i])
		if math.Abs(n[2]) > 1e-6 && math.Abs(math.Abs(n[2])-1) > 1e-6 {
			t.Fatalf("normal at %v = %v, want horizontal or vertical", p, n)
		}
		if math.Abs(n[2]) < 1e-6 && n.Sub(vec3{float64(p[0]), float64(p[1])}.Normalize()).Len() > 1e-5 {
			t.Fatalf("wall normal at %v = %v, want radial", p, n)
		}
	}
	// Flat sides of a rounded box stay flat right up to the rounding.
	box := Box([3]float64{0.1, 0.1, 0.1}, 0.01)
	for i, p := range box.Positions {
		if math.Abs(float64(p[0])) < 0.0401 && math.Abs(float64(p[1])) < 0.0401 && math.Abs(float64(box.Normals[i][2])) < 1-1e-6 {
			t.Fatalf("normal at %v = %v, want along z", p, box.Normals[i])
		}
	}
}

// A texture on the wall of a lathed solid reads left to right and top to bottom from outside.
func TestLatheUV(t *testing.T) {
	for _, profile := range [][][2]float64{{{0.1, 0}, {0.1, 0.3}}, {{0.1, 0.3}, {0.1, 0}}} {
		m := Lathe(profile, 16)
		down := profile[0][1] > profile[1][1] // v = 0 is where the profile ends
		for i, p := range m.Positions {
			if math.Abs(float64(m.Normals[i][2])) > 0.5 {
				continue
			}
			angle := math.Mod(math.Atan2(float64(p[1]), float64(p[0]))/(2*math.Pi)+1, 1)
			if u := math.Mod(float64(m.UVs[i][0]), 1); math.Abs(u-angle) > 1e-6 && math.Abs(math.Abs(u-angle)-1) > 1e-6 {
				t.Errorf("u at %v = %g, want %g", p, u, angle)
			}
			top := p[2] > 0.15
			if (m.UVs[i][1] < 0.5) != (top != down) {
				t.Errorf("v at %v = %g", p, m.UVs[i][1])
			}
		}
	}
}

// The four upright sides of a box show a texture upright; u runs to the right seen from outside.
func TestBoxUV(t *testing.T) {
	m := Box([3]float64{0.2, 0.4, 0.6}, 0)
	for i, p := range m.Positions {
		n := double3(m.Normals[i])
		up := vec3{0, 0, 1}
		if math.Abs(n[2]) > 0.5 {
			continue
		}
		right := up.Cross(n)
		want := [2]bool{double3(p).Dot(right) > 0, p[2] < 0}
		if got := [2]bool{m.UVs[i][0] > 0.5, m.UVs[i][1] > 0.5}; got != want {
			t.Errorf("texture coordinate at %v of the side %v = %v", p, n, m.UVs[i])
		}
	}
}

// Rigid motions keep volume and validity, and commute with Bounds in the obvious way.
func TestTransformed(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	m := Merge("thing", Box([3]float64{0.1, 0.2, 0.3}, 0.01), Capsule(0.05, 0.2, 12).Moved(1, 0, 0))
	for i := range 50 {
		q := mgl64.QuatRotate(r.Float64()*6, unit(vec3{r.NormFloat64(), r.NormFloat64(), r.NormFloat64()}))
		got := m.Transformed([4]float64{q.W, q.V[0], q.V[1], q.V[2]}, [3]float64{r.Float64(), r.Float64(), r.Float64()})
		if err := got.Validate(); err != nil {
			t.Fatalf("draw %d: %v", i, err)
		}
		if math.Abs(got.Volume()/m.Volume()-1) > 1e-4 {
			t.Fatalf("draw %d: volume = %g, want %g", i, got.Volume(), m.Volume())
		}
	}
	lo, hi := Box([3]float64{2, 4, 6}, 0).Moved(1, 2, 3).Bounds()
	if lo != [3]float32{0, 0, 0} || hi != [3]float32{2, 4, 6} {
		t.Errorf("Bounds = %v, %v, want 0, 0, 0 and 2, 4, 6", lo, hi)
	}
}

func TestRepeatable(t *testing.T) {
	if a, b := Extrude(star, 0.05, 0.001), Extrude(star, 0.05, 0.001); !reflect.DeepEqual(a, b) {
		t.Error("two calls made different meshes")
	}
}

func TestValidate(t *testing.T) {
	good := func() *Mesh { return Box([3]float64{1, 1, 1}, 0) }
	for _, tt := range []struct {
		name string
		harm func(m *Mesh)
		want string
	}{
		{"open", func(m *Mesh) { m.Indices = m.Indices[3:] }, "3 of 18 edges are open"},
		{"inside out", func(m *Mesh) {
			for i := 0; i < len(m.Indices); i += 3 {
				m.Indices[i], m.Indices[i+1] = m.Indices[i+1], m.Indices[i]
			}
		}, "points into triangle 0"},
		{"long normal", func(m *Mesh) { m.Normals[3] = [3]float32{0, 0, 2} }, "has length 2"},
		{"index", func(m *Mesh) { m.Indices[4] = 99 }, "triangle 1 uses vertex 99 of 24"},
		{"half a triangle", func(m *Mesh) { m.Indices = m.Indices[:4] }, "three a triangle"},
		{"NaN", func(m *Mesh) { m.Positions[0][1] = float32(math.NaN()) }, "vertex 0 is at"},
		{"normals missing", func(m *Mesh) { m.Normals = m.Normals[:3] }, "3 normals for 24 positions"},
		{"sliver", func(m *Mesh) { m.Indices[1] = m.Indices[0] }, "triangle 0 has no area"},
		{"empty", func(m *Mesh) { *m = Mesh{} }, "no triangles"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := good()
			tt.harm(m)
			if err := m.Validate(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Validate = %v, want %q in it", err, tt.want)
			}
		})
	}
	if err := good().Validate(); err != nil {
		t.Error(err)
	}
}

func TestPanics(t *testing.T) {
	for _, tt := range []struct {
		name string
		call func()
		want string
	}{
		{"flat box", func() { Box([3]float64{1, 0, 1}, 0) }, "positive extents"},
		{"bevel", func() { Box([3]float64{1, 1, 1}, 0.6) }, "bevel of 0.6"},
		{"two segments", func() { Lathe([][2]float64{{1, 0}, {1, 1}}, 2) }, "3 or more"},
		{"negative radius", func() { Lathe([][2]float64{{-1, 0}, {1, 1}}, 8) }, "radius ≥ 0"},
		{"line", func() { Lathe([][2]float64{{0, 0}, {0, 1}}, 8) }, "encloses nothing"},
		{"clockwise", func() { Extrude([][2]float64{{0, 0}, {0, 1}, {1, 1}}, 1, 0) }, "counter-clockwise"},
		{"one point", func() { Tube([][3]float64{{0, 0, 0}}, 1, 8, false) }, "2 or more"},
		{"same points", func() { Tube([][3]float64{{0, 0, 0}, {0, 0, 0}}, 1, 8, false) }, "are equal"},
		{"zero scale", func() { Box([3]float64{1, 1, 1}, 0).Scaled(1, 0, 1) }, "none of them 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			defer func() {
				if msg, _ := recover().(string); !strings.Contains(msg, tt.want) {
					t.Errorf("panic %q, want %q in it", msg, tt.want)
				}
			}()
			tt.call()
		})
	}
}
