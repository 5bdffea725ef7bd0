package glb_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/go-gl/mathgl/mgl64"
	"github.com/qmuntal/gltf"
	"github.com/qmuntal/gltf/ext/lightspunctual"
	"github.com/qmuntal/gltf/modeler"
	"github.com/stretchr/testify/require"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/glb"
	"github.com/refarena/refarena/sim/shape"
)

var (
	ball  = shape.Ellipsoid([3]float64{0.03, 0.03, 0.03}, 16)
	box   = shape.Box([3]float64{0.1, 0.2, 0.3}, 0.01)
	wood  = &sim.Texture{Name: "wood", Width: 2, Height: 1, RGB: []byte{200, 150, 100, 20, 30, 40}}
	red   = sim.Material{Name: "red", Color: [3]float32{0.8, 0.1, 0.05}, Roughness: 0.4}
	steel = sim.Material{Name: "steel", Color: [3]float32{0.7, 0.7, 0.7}, Roughness: 0.3, Metallic: 1}
	oak   = sim.Material{Name: "oak", Color: [3]float32{1, 1, 1}, Roughness: 0.6, Texture: wood}
)

// small is a scene with two bodies that hang on each other, one mesh in two colours, and a texture.
func small() *glb.Scene {
	turned := sim.Pose{Pos: sim.Vec3{0.3, -0.2, 0.5}, Rot: sim.RPY(0.3, -0.7, 1.1)}
	return &glb.Scene{
		Name: "small",
		Bodies: []glb.Body{
			{Name: "world", TWorldBody: sim.Identity()},
			{Name: "arm", Parent: 0, TWorldBody: turned},
			{Name: "hand", Parent: 1, TWorldBody: turned.Mul(sim.Rotation(2, sim.Vec3{1, 2, 3})).Mul(sim.Translation(0.1, 0.2, 0.3))},
		},
		Visuals: []sim.Visual{
			{Body: 0, TBodyVisual: sim.Identity(), Mesh: box, Material: oak},
			{Body: 1, TBodyVisual: sim.Translation(0, 0, 0.1), Mesh: ball, Material: red},
			{Body: 2, TBodyVisual: sim.Rotation(0.5, sim.Vec3{0, 1, 0}), Mesh: ball, Material: red},
			{Body: 2, TBodyVisual: sim.Identity(), Mesh: ball, Material: steel},
		},
		Environment: sim.DefaultEnvironment(),
		Cameras:     []sim.Camera{sim.NewCamera("referee", 640, 480, 42, sim.LookAt(sim.Vec3{1.2, 0.1, 0.9}, sim.Vec3{0.4, 0, 0}))},
	}
}

func write(t *testing.T, s *glb.Scene) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, s.Write(&out))
	return out.Bytes()
}

func read(t *testing.T, file []byte) *gltf.Document {
	t.Helper()
	doc := new(gltf.Document)
	require.NoError(t, gltf.NewDecoder(bytes.NewReader(file)).Decode(doc))
	return doc
}

// inWorld is the pose of each node in the world: the root's turn is taken back.
func inWorld(doc *gltf.Document) map[int]mgl64.Mat4 {
	out := map[int]mgl64.Mat4{}
	var visit func(i int, t mgl64.Mat4)
	visit = func(i int, t mgl64.Mat4) {
		n := doc.Nodes[i]
		r := n.RotationOrDefault()
		p := n.TranslationOrDefault()
		t = t.Mul4(mgl64.Translate3D(p[0], p[1], p[2])).Mul4(mgl64.Quat{W: r[3], V: mgl64.Vec3{r[0], r[1], r[2]}}.Mat4())
		out[i] = t
		for _, c := range n.Children {
			visit(c, t)
		}
	}
	for _, root := range doc.Scenes[0].Nodes {
		visit(root, mgl64.HomogRotate3DX(math.Pi/2)) // y up to z up
	}
	return out
}

// The file, read again, has every body where it was, every mesh once, and light and camera as they were.
func TestRoundTrip(t *testing.T) {
	s := small()
	doc := read(t, write(t, s))
	poses := inWorld(doc)
	for id, b := range s.Bodies {
		require.Equal(t, b.Name, doc.Nodes[id].Name)
		at := mgl64.TransformCoordinate(mgl64.Vec3{0.1, 0.2, 0.3}, poses[id])
		require.InDeltaSlice(t, sl(b.TWorldBody.Apply(sim.Vec3{0.1, 0.2, 0.3})), sl(at), 1e-9, "body %s", b.Name)
	}

	require.Len(t, doc.Meshes, 3, "a box, and a ball in two colours")
	require.Len(t, doc.Materials, 3)
	require.Len(t, doc.Images, 1)
	require.Equal(t, doc.Meshes[1].Primitives[0].Indices, doc.Meshes[2].Primitives[0].Indices, "the two balls have the same indices")
	require.Len(t, doc.Accessors, 4+3, "box: positions, normals, texture coordinates, indices; ball: the same without texture coordinates")
	for i, m := range []*shape.Mesh{box, ball} {
		p := doc.Meshes[i].Primitives[0]
		positions, err := modeler.ReadPosition(doc, doc.Accessors[p.Attributes[gltf.POSITION]], nil)
		require.NoError(t, err)
		require.Equal(t, m.Positions, positions)
		indices, err := modeler.ReadIndices(doc, doc.Accessors[*p.Indices], nil)
		require.NoError(t, err)
		require.Equal(t, m.Indices, indices)
	}
	// 0.8 in sRGB is 0.6038 linear (IEC 61966-2-1).
	require.InDelta(t, 0.6038, doc.Materials[1].PBRMetallicRoughness.BaseColorFactor[0], 1e-4)
	require.InDelta(t, 1, doc.Materials[2].PBRMetallicRoughness.MetallicFactorOrDefault(), 1e-6)

	lights := doc.Extensions[lightspunctual.ExtensionName].(lightspunctual.Lights)
	require.Len(t, lights, 1)
	for id, n := range doc.Nodes {
		if _, ok := n.Extensions[lightspunctual.ExtensionName]; ok {
			want := s.Environment.KeyDir.Normalize()
			require.InDeltaSlice(t, sl(want), sl(poses[id].Col(2).Vec3()), 1e-9, "a light shines along -z, from where the key light is")
			for i, c := range s.Environment.KeyColor {
				require.InDelta(t, math.Pi*float64(c), lights[0].Color[i]**lights[0].Intensity, 1e-5)
			}
		}
		if n.Camera != nil {
			// What the camera sees in the middle of the picture, 1 m away.
			cam := s.Cameras[*n.Camera]
			want := cam.Deproject(sim.Pixel{X: cam.Cx, Y: cam.Cy}, 1)
			require.InDeltaSlice(t, sl(want), sl(mgl64.TransformCoordinate(mgl64.Vec3{0, 0, -1}, poses[id])), 1e-9)
			above := cam.Deproject(sim.Pixel{X: cam.Cx, Y: cam.Cy - cam.Fy}, 1)
			require.InDeltaSlice(t, sl(above), sl(mgl64.TransformCoordinate(mgl64.Vec3{0, 1, -1}, poses[id])), 1e-9)
			require.InDelta(t, mgl64.DegToRad(42), doc.Cameras[*n.Camera].Perspective.Yfov, 1e-9)
		}
	}
}

func sl(v mgl64.Vec3) []float64 { return v[:] }

func TestSameBytes(t *testing.T) {
	if a, b := write(t, small()), write(t, small()); !bytes.Equal(a, b) {
		t.Error("the same scene gives other bytes the second time")
	}
}

func TestTextureWithoutCoordinates(t *testing.T) {
	s := small()
	bare := *ball
	bare.UVs = nil
	s.Visuals = []sim.Visual{{TBodyVisual: sim.Identity(), Mesh: &bare, Material: oak}}
	doc := read(t, write(t, s))
	at, ok := doc.Meshes[0].Primitives[0].Attributes[gltf.TEXCOORD_0]
	require.True(t, ok, "a texture needs coordinates")
	require.Equal(t, len(bare.Positions), doc.Accessors[at].Count)
}

func TestBadScenes(t *testing.T) {
	nan := math.NaN()
	for _, tt := range []struct {
		name  string
		spoil func(s *glb.Scene)
		want  string
	}{
		{"no bodies", func(s *glb.Scene) { s.Bodies = nil }, "no bodies"},
		{"a parent that comes later", func(s *glb.Scene) { s.Bodies[1].Parent = 2 }, "body 1 (arm) hangs on body 2"},
		{"a body nowhere", func(s *glb.Scene) { s.Bodies[1].TWorldBody.Pos[0] = nan }, "body 1 (arm) is at"},
		{"a zero pose", func(s *glb.Scene) { s.Bodies[1].TWorldBody = sim.Pose{} }, "unit quaternion"},
		{"a visual without a mesh", func(s *glb.Scene) { s.Visuals[1].Mesh = nil }, "visual 1 has no mesh"},
		{"a visual of no body", func(s *glb.Scene) { s.Visuals[1].Body = 3 }, "body 3 (have 0 to 2)"},
		{"a visual nowhere", func(s *glb.Scene) { s.Visuals[1].TBodyVisual.Pos[2] = math.Inf(1) }, "visual 1"},
		{"too few normals", func(s *glb.Scene) { m := *ball; m.Normals = m.Normals[1:]; s.Visuals[1].Mesh = &m }, "normals"},
		{"no triangles", func(s *glb.Scene) { m := *ball; m.Indices = []uint32{0, 1}; s.Visuals[1].Mesh = &m }, "no triangles of its"},
		{"a vertex that is not there", func(s *glb.Scene) { m := *ball; m.Indices = []uint32{0, 1, 1 << 30}; s.Visuals[1].Mesh = &m }, "no triangles of its"},
		{"a normal without direction", func(s *glb.Scene) {
			m := *ball
			m.Normals = make([][3]float32, len(m.Positions))
			s.Visuals[1].Mesh = &m
		}, "normal"},
		{"a colour that is no number", func(s *glb.Scene) { s.Visuals[1].Material.Color[1] = float32(nan) }, `material "red"`},
		{"half a texture", func(s *glb.Scene) { x := *wood; x.RGB = x.RGB[:3]; s.Visuals[0].Material.Texture = &x }, `texture "wood" is 2 × 1 with 3 bytes`},
		{"dark light", func(s *glb.Scene) { s.Environment.Sky[0] = -1 }, "light of colour"},
		{"light from nowhere", func(s *glb.Scene) { s.Environment.KeyDir[0] = nan }, "key light comes from"},
		{"a camera of no size", func(s *glb.Scene) { s.Cameras[0].Width = 0 }, "image size 0×480"},
		{"a camera nowhere", func(s *glb.Scene) { s.Cameras[0].TWorldCam.Pos[0] = nan }, `camera "referee"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := small()
			tt.spoil(s)
			var out bytes.Buffer
			if err := s.Write(&out); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "glb: ") {
				t.Errorf("Write() = %v, want an error with %q", err, tt.want)
			}
			if out.Len() > 0 {
				t.Errorf("%d bytes were written all the same", out.Len())
			}
		})
	}
}
