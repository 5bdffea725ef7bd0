package mjcf_test

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/mjcf"
	"github.com/refarena/refarena/sim/shape"
)

// spec is a table with a ball on it that is drawn twice as two colours, and a box with a texture.
func spec(t *testing.T, texture *sim.Texture) *sim.Spec {
	t.Helper()
	s, err := sim.NewSpec()
	require.NoError(t, err)
	t.Cleanup(s.Close)
	s.World().AddGeom(sim.Geom{Name: "floor", Type: sim.GeomPlane, Size: sim.Vec3{0, 0, 1}})
	s.World().AddVisual(sim.Translation(0.4, 0, 0.1), shape.Box([3]float64{0.2, 0.2, 0.2}, 0.01), sim.Material{Name: "oak", Color: [3]float32{1, 1, 1}, Texture: texture})
	ball := shape.Ellipsoid([3]float64{0.03, 0.03, 0.03}, 16)
	b := s.World().AddBody("ball <&> co", sim.Translation(0, 0, 0.5))
	b.AddFreeJoint("ball")
	b.AddGeom(sim.Geom{Name: "ball", Type: sim.GeomSphere, Size: sim.Vec3{0.03}})
	b.AddVisual(sim.Identity(), ball, sim.Material{Color: [3]float32{0.8, 0.1, 0.1}, Roughness: 0.5})
	b.AddVisual(sim.Translation(0, 0, 0.05), ball, sim.Material{Color: [3]float32{0.1, 0.8, 0.1}, Roughness: 0.5})
	return s
}

type model struct {
	Meshes    []thing `xml:"asset>mesh"`
	Materials []thing `xml:"asset>material"`
	Textures  []thing `xml:"asset>texture"`
	Geoms     []thing `xml:"worldbody>geom"`
	Lights    []thing `xml:"worldbody>light"`
	Cameras   []thing `xml:"worldbody>camera"`
	Bodies    []struct {
		Name  string  `xml:"name,attr"`
		Geoms []thing `xml:"geom"`
	} `xml:"worldbody>body"`
	Keys []thing `xml:"keyframe>key"`
}

type thing struct {
	Name     string `xml:"name,attr"`
	File     string `xml:"file,attr"`
	Vertex   string `xml:"vertex,attr"`
	Material string `xml:"material,attr"`
	Texture  string `xml:"texture,attr"`
	Qpos     string `xml:"qpos,attr"`
	Fovy     string `xml:"fovy,attr"`
}

func TestWrite(t *testing.T) {
	s := spec(t, &sim.Texture{Name: "wood", Width: 2, Height: 1, RGB: []byte{200, 150, 100, 20, 30, 40}})
	m, err := s.Compile()
	require.NoError(t, err)
	defer m.Close()
	d, err := sim.NewData(m)
	require.NoError(t, err)
	defer d.Close()
	require.NoError(t, d.Step(50))

	dir := filepath.Join(t.TempDir(), "new", "folder")
	cam := sim.NewCamera("referee", 640, 480, 42, sim.LookAt(sim.Vec3{1, 0, 1}, sim.Vec3{}))
	require.NoError(t, mjcf.Write(dir, s, mjcf.Options{Name: "a \"test\"", Cameras: []sim.Camera{cam}, Start: d}))
	text, err := os.ReadFile(filepath.Join(dir, mjcf.File))
	require.NoError(t, err)
	var got model
	require.NoError(t, xml.Unmarshal(text, &got))

	require.Len(t, got.Meshes, 2, "the ball is drawn twice and written once")
	for _, e := range append(got.Meshes, got.Textures...) {
		require.Empty(t, e.Vertex, "vertices are in the file")
		info, err := os.Stat(filepath.Join(dir, e.File))
		require.NoError(t, err)
		require.Positive(t, info.Size())
	}
	require.Len(t, got.Textures, 1)
	require.Len(t, got.Materials, 3)
	require.Len(t, got.Lights, 1)
	require.Len(t, got.Cameras, 1)
	require.Equal(t, "42", got.Cameras[0].Fovy)
	require.Len(t, got.Bodies, 1)
	require.Equal(t, "ball <&> co", got.Bodies[0].Name)
	names := map[string]bool{}
	for _, e := range got.Materials {
		names[e.Name] = true
	}
	visible := 0
	for _, g := range append(got.Geoms, got.Bodies[0].Geoms...) {
		if strings.HasPrefix(g.Name, "visual/") {
			visible++
			require.True(t, names[g.Material], "geom %s has the material %q", g.Name, g.Material)
		}
	}
	require.Equal(t, 3, visible)
	require.Len(t, got.Keys, 1)
	require.Len(t, strings.Fields(got.Keys[0].Qpos), m.NQ())
}

func TestBadTexture(t *testing.T) {
	s := spec(t, &sim.Texture{Name: "wood", Width: 2, Height: 2, RGB: []byte{200, 150, 100}})
	err := mjcf.Write(t.TempDir(), s, mjcf.Options{})
	require.ErrorContains(t, err, `texture "wood" is 2 × 2 with 3 bytes`)
}

func TestFolderThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	require.ErrorContains(t, mjcf.Write(filepath.Join(file, "x"), spec(t, &sim.Texture{Width: 1, Height: 1, RGB: make([]byte, 3)}), mjcf.Options{}), "not a directory")
}
