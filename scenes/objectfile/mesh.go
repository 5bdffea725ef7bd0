package objectfile

import (
	"fmt"
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/refarena/refarena/sim"
)

// Limits of a mesh file. They keep a mistake from filling the memory, and pictures fast.
const (
	maxFileBytes = 64 << 20
	maxFaces     = 20000 // triangles of all meshes of an object
)

// A model is what a mesh file holds: pieces over shared points.
type model struct {
	points [][3]float64 // in the file's frame and unit
	pieces []piece
}

// A piece is the triangles of a model that look the same.
type piece struct {
	faces [][3]int        // indices into the model's points
	uvs   [][3][2]float64 // texture coordinates of the faces' corners, v down; nil: none
	look  *sim.Material   // nil: the file does not say
}

// formats are the mesh files that can be read.
var formats = []string{".obj", ".stl", ".glb", ".gltf"}

// readModel reads a mesh file of fsys.
func readModel(fsys fs.FS, name string) (*model, error) {
	ext := strings.ToLower(path.Ext(name))
	if !slices.Contains(formats, ext) {
		return nil, fmt.Errorf("%s: a mesh file that ends in %q (want %s)", name, ext, strings.Join(formats, ", "))
	}
	data, err := readFile(fsys, name)
	if err != nil {
		return nil, err
	}
	var m *model
	switch ext {
	case ".obj":
		m, err = parseOBJ(data)
	case ".stl":
		m, err = parseSTL(data)
	default:
		m, err = parseGLTF(data, fsys, path.Dir(name))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if n := m.triangles(); n == 0 {
		return nil, fmt.Errorf("%s: no triangles", name)
	}
	return m, nil
}

// readFile reads a file of fsys that is not absurdly large.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFileBytes {
		return nil, fmt.Errorf("%s: %d MB (want at most %d)", name, info.Size()>>20, maxFileBytes>>20)
	}
	return fs.ReadFile(fsys, name)
}

func (m *model) triangles() int {
	n := 0
	for _, p := range m.pieces {
		n += len(p.faces)
	}
	return n
}

// check says what is wrong with the surface, if anything: numbers that are none, holes, or a surface that is inside out.
func (m *model) check() error {
	for i, p := range m.points {
		for _, x := range p {
			if math.IsNaN(x) || math.IsInf(x, 0) || math.Abs(x) > 1e6 {
				return fmt.Errorf("vertex %d is at %v", i+1, p)
			}
		}
	}
	// Points at the same place are one point of the surface: each edge has to be walked as often one way as the other.
	index := map[[3]float32]int{}
	of := make([]int, len(m.points))
	for i, p := range m.points {
		key := [3]float32{float32(p[0]) + 0, float32(p[1]) + 0, float32(p[2]) + 0}
		k, ok := index[key]
		if !ok {
			k = len(index)
			index[key] = k
		}
		of[i] = k
	}
	edges := map[[2]int]int{}
	for _, p := range m.pieces {
		for _, f := range p.faces {
			for k := range 3 {
				a, b := of[f[k]], of[f[(k+1)%3]]
				switch {
				case a < b:
					edges[[2]int{a, b}]++
				case a > b:
					edges[[2]int{b, a}]--
				}
			}
		}
	}
	open := 0
	for _, n := range edges {
		if n != 0 {
			open++
		}
	}
	if open > 0 {
		return fmt.Errorf("the mesh is not closed: %d of its %d edges belong to one face only or to faces that look opposite ways", open, len(edges))
	}
	switch v := m.volume(); {
	case v < 0:
		return fmt.Errorf("the mesh is inside out (want faces counter-clockwise seen from outside)")
	case !(v > 0):
		return fmt.Errorf("the mesh encloses nothing")
	}
	return nil
}

// volume is the enclosed volume by the divergence theorem.
func (m *model) volume() float64 {
	var sum float64
	for _, p := range m.pieces {
		for _, f := range p.faces {
			a, b, c := sim.Vec3(m.points[f[0]]), sim.Vec3(m.points[f[1]]), sim.Vec3(m.points[f[2]])
			sum += a.Dot(b.Cross(c))
		}
	}
	return sum / 6
}

// mapped moves every point by f.
func (m *model) mapped(f func(p sim.Vec3) sim.Vec3) {
	for i, p := range m.points {
		m.points[i] = [3]float64(f(sim.Vec3(p)))
	}
}

// used are the points that faces use, each once, in order.
func (m *model) used() []sim.Vec3 {
	seen := make([]bool, len(m.points))
	var out []sim.Vec3
	for _, p := range m.pieces {
		for _, f := range p.faces {
			for _, v := range f {
				if !seen[v] {
					seen[v] = true
					out = append(out, sim.Vec3(m.points[v]))
				}
			}
		}
	}
	return out
}

// extremes are the points of a cloud that lie furthest in directions all around: the corners of its convex hull, or, of a hull that has
// very many, so many that no other sticks out by more than a few tenths of a percent of the size.
func extremes(points []sim.Vec3) [][3]float32 {
	const rings, around = 17, 24
	picked := map[int]bool{}
	var out [][3]float32
	for ring := range rings + 1 {
		rise := math.Pi * (float64(ring)/rings - 0.5) * 0.99
		for k := range around {
			turn := 2 * math.Pi * float64(k) / around
			dir := sim.Vec3{math.Cos(rise) * math.Cos(turn), math.Cos(rise) * math.Sin(turn), math.Sin(rise)}
			best, far := 0, math.Inf(-1)
			for i, p := range points {
				if d := p.Dot(dir); d > far+1e-12 {
					best, far = i, d
				}
			}
			if !picked[best] {
				picked[best] = true
				p := points[best]
				out = append(out, [3]float32{float32(p[0]), float32(p[1]), float32(p[2])})
			}
		}
	}
	return out
}
