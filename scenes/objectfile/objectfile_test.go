package objectfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/qmuntal/gltf"
	"github.com/qmuntal/gltf/modeler"
	"github.com/stretchr/testify/require"

	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

func toOBJ(m *shape.Mesh) string {
	var b strings.Builder
	for i, p := range m.Positions {
		fmt.Fprintf(&b, "v %g %g %g\nvt %g %g\n", p[0], p[1], p[2], m.UVs[i][0], 1-m.UVs[i][1])
	}
	for i := 0; i < len(m.Indices); i += 3 {
		fmt.Fprintf(&b, "f %d/%[1]d %d/%[2]d %d/%[3]d\n", m.Indices[i]+1, m.Indices[i+1]+1, m.Indices[i+2]+1)
	}
	return b.String()
}

func toSTL(m *shape.Mesh) []byte {
	out := binary.LittleEndian.AppendUint32(make([]byte, 80), uint32(m.Triangles()))
	for i := 0; i < len(m.Indices); i += 3 {
		out = append(out, make([]byte, 12)...)
		for k := range 3 {
			for _, x := range m.Positions[m.Indices[i+k]] {
				out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
			}
		}
		out = append(out, 0, 0)
	}
	return out
}

func toTextSTL(m *shape.Mesh) string {
	var b strings.Builder
	b.WriteString("solid thing\n")
	for i := 0; i < len(m.Indices); i += 3 {
		b.WriteString("facet normal 0 0 0\nouter loop\n")
		for k := range 3 {
			p := m.Positions[m.Indices[i+k]]
			fmt.Fprintf(&b, "vertex %g %g %g\n", p[0], p[1], p[2])
		}
		b.WriteString("endloop\nendfacet\n")
	}
	return b.String() + "endsolid thing\n"
}

// toGLB writes the mesh, z up, as glTF's y up, in a node that is twice as large and a child that halves it.
func toGLB(t testing.TB, m *shape.Mesh) []byte {
	t.Helper()
	doc := gltf.NewDocument()
	var positions [][3]float32
	for _, p := range m.Positions {
		positions = append(positions, [3]float32{p[1], p[2], p[0]})
	}
	var picture bytes.Buffer
	img := image.NewRGBA(image.Rect(0, 0, 2, 2))
	img.Set(1, 0, color.RGBA{200, 100, 50, 255})
	require.NoError(t, png.Encode(&picture, img))
	pictureIndex, err := modeler.WriteImage(doc, "label.png", "image/png", &picture)
	require.NoError(t, err)
	doc.Textures = []*gltf.Texture{{Source: &pictureIndex}}
	doc.Materials = []*gltf.Material{{Name: "paint", PBRMetallicRoughness: &gltf.PBRMetallicRoughness{
		BaseColorFactor: &[4]float64{0.5, 0.25, 1, 1}, RoughnessFactor: gltf.Float(0.3), MetallicFactor: gltf.Float(0.2),
		BaseColorTexture: &gltf.TextureInfo{Index: 0}}}}
	doc.Meshes = []*gltf.Mesh{{Primitives: []*gltf.Primitive{{
		Attributes: gltf.PrimitiveAttributes{gltf.POSITION: modeler.WritePosition(doc, positions), gltf.TEXCOORD_0: modeler.WriteTextureCoord(doc, m.UVs)},
		Indices:    gltf.Index(modeler.WriteIndices(doc, m.Indices)), Material: gltf.Index(0),
	}}}}
	doc.Nodes = []*gltf.Node{{Scale: [3]float64{2, 2, 2}, Children: []int{1}}, {Scale: [3]float64{0.5, 0.5, 0.5}, Mesh: gltf.Index(0)}}
	doc.Scenes[0].Nodes = []int{0}
	var out bytes.Buffer
	enc := gltf.NewEncoder(&out)
	enc.AsBinary = true
	require.NoError(t, enc.Encode(doc))
	return out.Bytes()
}

const boxDefinition = `name: tea box
synonyms: [box of tea]
colors: [green, red]
front: label
mass_g: 120
upright: true
parts:
  - mesh: box.%s
`

// box is 4 cm deep, 6 cm wide and 10 cm high, and not where the origin is.
var box = shape.Box([3]float64{0.04, 0.06, 0.10}, 0.002).Moved(0.3, -0.2, 0.5)

func folder(files map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range files {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

// The same box in every format becomes the same object: centred, on z = 0, with its sizes, its mass and a hull that fits.
func TestFormats(t *testing.T) {
	for ext, data := range map[string]string{"obj": toOBJ(box), "stl": string(toSTL(box)), "STL": toTextSTL(box), "glb": string(toGLB(t, box))} {
		t.Run(ext, func(t *testing.T) {
			designs, err := LoadFS(folder(map[string]string{"tea.yaml": fmt.Sprintf(boxDefinition, ext), "box." + ext: data}))
			require.NoError(t, err)
			require.Len(t, designs, 1)
			d := designs[0]
			lo, hi := d.Bounds()
			for i, want := range []float64{0.02, 0.03, 0.10} {
				require.InDelta(t, want, hi[i], 1e-6)
				require.InDelta(t, []float64{-0.02, -0.03, 0}[i], lo[i], 1e-6)
			}
			require.InDelta(t, 0.10, d.Height, 1e-6)
			require.InDelta(t, 0.04, d.GripWidth, 1e-6)
			require.True(t, d.Footprint.Contains(0.0199, 0.0299) && !d.Footprint.Contains(0.021, 0))
			require.Equal(t, "label", d.Front)
			require.Equal(t, []string{"tea box", "box of tea"}, d.Names)
			var mass float64
			for _, g := range d.Geoms {
				mass += g.Mass
			}
			require.InDelta(t, 0.12, mass, 1e-12)
			require.NoError(t, d.Parts()[0].Mesh.Validate())
			require.InDelta(t, box.Volume(), d.Parts()[0].Mesh.Volume(), 1e-8)
			require.Same(t, d.Parts()[0].Mesh, d.Parts()[0].Mesh)
			m := d.Parts()[0].Paint(scenes.Colors[0])
			if ext == "glb" {
				require.InDelta(t, 0.735, m.Color[0], 0.001) // 0.5 in sRGB
				require.Equal(t, float32(0.3), m.Roughness)
				require.Equal(t, []byte{200, 100, 50}, m.Texture.RGB[3:6])
			} else {
				require.Equal(t, scenes.Colors[0].RGB, m.Color)
			}
		})
	}
}

// Everything that a definition can say arrives.
func TestDefinition(t *testing.T) {
	text := `name: thermos
colors: [silver]
front: handle
mass_g: 400
grip_mm: 0
grips: [{where: handle, mm: 12}]
scale: 0.001
turn_deg: 90
friction: 0.7
parts:
  - {mesh: body.stl, color: [0.1, 0.2, 0.3], metallic: 0.5}
  - {name: handle, mesh: handle.stl, roughness: 0.9}
collision:
  - {cylinder_mm: [35, 200], at_mm: [0, -20, 100]}
  - {hull: handle.stl}
support: {preposition: in, z_mm: 190, area_mm: [30], depth_mm: 10}
`
	body := shape.Cylinder(35, 200, 2, 24).Moved(0, 0, 100)
	handle := shape.Box([3]float64{40, 12, 100}, 1).Moved(55, 0, 100) // along the file's x
	designs, err := LoadFS(folder(map[string]string{"a.yml": text, "body.stl": string(toSTL(body)), "handle.stl": string(toSTL(handle)), "notes.txt": "no object"}))
	require.NoError(t, err)
	d := designs[0]
	require.Equal(t, []string{"handle"}, d.PartNames())
	lo, hi, ok := d.PartBounds("handle")
	require.True(t, ok)
	require.InDelta(t, 0.055, hi[1], 1e-6) // turned to +y; the whole is centred
	require.InDelta(t, 0.015, lo[1], 1e-6)
	require.Zero(t, d.GripWidth)
	require.Equal(t, []scenes.Grip{{Where: "handle", Width: 0.012}}, d.Grips)
	require.Len(t, d.Geoms, 2)
	require.InDelta(t, 0.7, d.Geoms[0].Friction[0], 1e-12)
	require.Equal(t, sim.Vec3{0.035, 0.1, 0}, d.Geoms[0].Size)
	require.Greater(t, d.Geoms[0].Mass, d.Geoms[1].Mass)
	require.Equal(t, "in", d.Support.Preposition)
	require.InDelta(t, 0.03, d.Support.Opening.Radius, 1e-12)
	silver, err := scenes.FindColor("silver")
	require.NoError(t, err)
	require.Equal(t, [3]float32{0.1, 0.2, 0.3}, d.Parts()[0].Paint(silver).Color)
	require.Equal(t, silver.RGB, d.Parts()[1].Paint(silver).Color)
}

// A ball rolls, and has its origin in its middle.
func TestRolls(t *testing.T) {
	text := "name: marble\ncolors: [blue]\nmass_g: 20\nrolls: true\nparts: [{mesh: m.obj}]\ncollision: [{sphere_mm: [15], at_mm: [0, 0, 15]}]\n"
	designs, err := LoadFS(folder(map[string]string{"m.yaml": text, "m.obj": toOBJ(shape.Ellipsoid([3]float64{0.015, 0.015, 0.015}, 24))}))
	require.NoError(t, err)
	require.InDelta(t, 0.015, designs[0].Lift, 1e-6)
	require.Equal(t, 6, designs[0].Geoms[0].Condim)
}

// Broken folders are refused with the file, the line, the field and what would be right.
func TestErrors(t *testing.T) {
	good := fmt.Sprintf(boxDefinition, "obj")
	open := toOBJ(box)
	open = open[:strings.LastIndex(strings.TrimSpace(open), "\n")+1]
	many := shape.Ellipsoid([3]float64{0.02, 0.02, 0.02}, 180)
	replace := func(old, by string) map[string]string {
		return map[string]string{"tea.yaml": strings.Replace(good, old, by, 1)}
	}
	mesh := func(data string) map[string]string { return map[string]string{"box.obj": data} }
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"unknown key", replace("front:", "fornt:"), `tea.yaml: [4:1] unknown field "fornt"`},
		{"not YAML", map[string]string{"tea.yaml": "name: [\x00"}, "tea.yaml: "},
		{"a tag for a list", replace("[green, red]", "!tag"), "tea.yaml: not a YAML file that can be read"},
		{"empty", map[string]string{"tea.yaml": ""}, "tea.yaml: the file is empty"},
		{"a word for a number", replace("120", "heavy"), "tea.yaml: [5:9]"},
		{"no mass", replace("mass_g: 120\n", ""), "tea.yaml:1: mass_g: 0 (want the object's mass in grams: without it, it has no inertia)"},
		{"negative mass", replace("120", "-3"), "tea.yaml:5: mass_g: -3"},
		{"NaN", replace("120", ".nan"), "tea.yaml:5: mass_g: NaN"},
		{"heavier than gold", replace("120", "12000"), "tea.yaml:5: mass_g: 12000 g in 239 cm³ is 5.02e+04 kg/m³ (want 5 to 25000)"},
		{"unknown colour", replace("red", "rde"), `tea.yaml:3: colors[1]: scenes: no colour "rde" (have red,`},
		{"no name", replace("name: tea box\n", ""), `tea.yaml:1: name: ""`},
		{"name of the catalogue", replace("tea box", "mug"), `tea.yaml:1: name: a second object "mug" (the first is in the catalogue)`},
		{"name twice", map[string]string{"tea2.yaml": good}, `tea2.yaml:1: name: a second object "tea box" (the first is in tea.yaml)`},
		{"no parts", replace("parts:\n  - mesh: box.obj\n", ""), "tea.yaml:1: parts: none"},
		{"no mesh", replace("mesh: box.obj", "name: lid"), "tea.yaml:8: parts[0].mesh: none (want a file that ends in .obj, .stl, .glb, .gltf)"},
		{"missing file", replace("box.obj", "bx.obj"), "tea.yaml:8: parts[0].mesh: open bx.obj: file does not exist"},
		{"outside of the folder", replace("box.obj", "../box.obj"), "tea.yaml:8: parts[0].mesh: "},
		{"unknown format", replace("box.obj", "box.fbx"), `box.fbx: a mesh file that ends in ".fbx" (want .obj, .stl, .glb, .gltf)`},
		{"not closed", mesh(open), "tea.yaml:8: parts[0].mesh: box.obj: the mesh is not closed: 3 of its"},
		{"inside out", mesh(strings.NewReplacer("f ", "f ").Replace(toOBJ(flipped(box)))), "box.obj: the mesh is inside out"},
		{"flat", mesh("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\nf 3 2 1\n"), "box.obj: the mesh encloses nothing"},
		{"no triangles", mesh("v 0 0 0\n"), "box.obj: no triangles"},
		{"too many faces", mesh(toOBJ(many)), "more than 20000 triangles: simplify the mesh"},
		{"in millimetres", mesh(toOBJ(box.Scaled(1000, 1000, 1000))), "tea.yaml:1: scale: the object is 40 × 60 × 100 m (want its longest side to be 0.005 to 0.6 m; is scale, now 1, the meshes' unit?)"},
		{"index out of range", mesh("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 4\n"), "box.obj: line 4: vertex of a face: index 4 (have 3 so far)"},
		{"no number", mesh("v 0 0 zero\n"), `box.obj: line 1: vertex: "zero" is not a number`},
		{"not OBJ", mesh("<html>"), `box.obj: line 1: unknown word "<html>"`},
		{"cut-off STL", map[string]string{"tea.yaml": fmt.Sprintf(boxDefinition, "stl"), "box.stl": string(toSTL(box)[:200])}, "box.stl: 200 bytes for the 204 triangles of a binary STL file (want 10284 bytes)"},
		{"cut-off text STL", map[string]string{"tea.yaml": fmt.Sprintf(boxDefinition, "stl"), "box.stl": "solid a\nfacet\n"}, "box.stl: the file ends before endsolid"},
		{"not glTF", map[string]string{"tea.yaml": fmt.Sprintf(boxDefinition, "gltf"), "box.gltf": "{]"}, "box.gltf: not a glTF document"},
		{"two shapes", replace("parts:", "collision: [{box_mm: [1, 1, 1], sphere_mm: [1]}]\nparts:"), "tea.yaml:7: collision[0]: 2 shapes (want one of hull, box_mm, cylinder_mm, sphere_mm)"},
		{"box of two sizes", replace("parts:", "collision: [{box_mm: [1, 1]}]\nparts:"), "tea.yaml:7: collision[0].box_mm: [1 1] (want 3 positive numbers up to 600)"},
		{"collides elsewhere", replace("parts:", "collision: [{box_mm: [40, 60, 100], at_mm: [0, 0, 60]}]\nparts:"), "put down on a table, what is drawn begins -10"},
		{"balances", replace("parts:", "collision: [{cylinder_mm: [2, 100], at_mm: [15, 0, 50]}, {box_mm: [40, 60, 40], at_mm: [0, 0, 80]}]\nparts:"), "put down on a table, it tips by"},
		{"support of no kind", replace("parts:", "support: {preposition: under, area_mm: [3]}\nparts:"), `tea.yaml:7: support.preposition: "under" (want on or in)`},
		{"in without depth", replace("parts:", "support: {preposition: in, area_mm: [3]}\nparts:"), "tea.yaml:7: support.depth_mm: 0"},
		{"grip too wide", replace("parts:", "grip_mm: 90\nparts:"), "tea.yaml:7: grip_mm: 90 (want 0, or up to 75)"},
		{"up", replace("parts:", "up: x\nparts:"), `tea.yaml:7: up: "x" (want y or z)`},
		{"no texture", replace("box.obj", "box.obj\n    texture: box.obj"), "tea.yaml:9: parts[0].texture: box.obj: texture: image: unknown format (want PNG or JPEG)"},
		{"nothing there", map[string]string{"tea.yaml": "", "box.obj": ""}, "no definition files (want one .yaml file for each object)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{"tea.yaml": good, "box.obj": toOBJ(box)}
			for name, text := range tt.files {
				files[name] = text
			}
			if tt.name == "nothing there" {
				files = nil
			}
			_, err := LoadFS(folder(files))
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
	_, err := Load(t.TempDir() + "/none")
	require.ErrorContains(t, err, "none")
}

// flipped is m with its faces turned inside out.
func flipped(m *shape.Mesh) *shape.Mesh {
	c := *m
	c.Indices = append([]uint32(nil), m.Indices...)
	for i := 0; i < len(c.Indices); i += 3 {
		c.Indices[i], c.Indices[i+1] = c.Indices[i+1], c.Indices[i]
	}
	return &c
}

// Whatever the bytes, a mesh file gives a model that can be checked and drawn, or an error; no crash, and no memory beyond the limits.
func fuzzModel(f *testing.F, parse func([]byte) (*model, error)) {
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parse(data)
		if err != nil {
			return
		}
		if m.triangles() > maxFaces {
			t.Fatalf("%d triangles", m.triangles())
		}
		if m.check() == nil && m.triangles() > 0 {
			for _, p := range m.pieces {
				shape.Facets("fuzz", m.points, p.faces, p.uvs)
			}
			extremes(m.used())
		}
	})
}

func FuzzOBJ(f *testing.F) {
	f.Add([]byte(toOBJ(shape.Box([3]float64{1, 1, 1}, 0))))
	f.Add([]byte("v 1 2 3\nf -1 -1 -1/1\n"))
	fuzzModel(f, parseOBJ)
}

func FuzzSTL(f *testing.F) {
	f.Add(toSTL(shape.Box([3]float64{1, 1, 1}, 0)))
	f.Add([]byte(toTextSTL(shape.Box([3]float64{1, 1, 1}, 0))))
	fuzzModel(f, parseSTL)
}

func FuzzGLTF(f *testing.F) {
	f.Add(toGLB(f, shape.Box([3]float64{1, 1, 1}, 0)))
	f.Add([]byte(`{"asset":{"version":"2.0"},"scene":0,"scenes":[{"nodes":[0]}],"nodes":[{"children":[0]}]}`))
	f.Add([]byte(`{"accessors":[{"count":99999999999,"type":"VEC3","componentType":5126}],"buffers":[{"byteLength":-1,"uri":"data:;base64,"}]}`))
	fuzzModel(f, func(data []byte) (*model, error) { return parseGLTF(data, fstest.MapFS{}, ".") })
}

func FuzzDefinition(f *testing.F) {
	f.Add(fmt.Sprintf(boxDefinition, "obj"))
	f.Add("name: a\ncollision: [{box_mm: []}]\nsupport: {area_mm: []}\n")
	f.Fuzz(func(t *testing.T, text string) {
		designs, err := LoadFS(folder(map[string]string{"a.yaml": text, "box.obj": toOBJ(box)}))
		if (err == nil) != (len(designs) == 1) {
			t.Fatalf("%d designs, error %v", len(designs), err)
		}
	})
}

// The example of docs/objects.md loads as it stands.
func TestDocExample(t *testing.T) {
	page, err := os.ReadFile("../../docs/objects.md")
	require.NoError(t, err)
	_, text, ok := strings.Cut(string(page), "```yaml\n")
	require.True(t, ok)
	text, _, _ = strings.Cut(text, "```")
	label := shape.Box([3]float64{1, 40, 80}, 0).Moved(0, 36, 120)
	designs, err := LoadFS(folder(map[string]string{
		"thermos.yaml": text,
		"body.stl":     string(toSTL(shape.Cylinder(36, 232, 2, 48).Moved(0, 0, 116))),
		"cap.obj":      toOBJ(shape.Cylinder(30, 10, 1, 48).Moved(0, 0, 235)),
		"label.glb":    string(toGLB(t, label)),
		"handle.stl":   string(toSTL(shape.Box([3]float64{14, 24, 120}, 2).Moved(0, -46, 120))),
	}))
	require.NoError(t, err)
	require.Equal(t, []string{"handle", "cap", "label"}, designs[0].PartNames())
	lo, _, _ := designs[0].PartBounds("handle")
	require.Greater(t, lo[0], 0.02, "the handle has to be ahead")
}
