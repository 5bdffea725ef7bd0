// Package mjcf writes a scene as MJCF with the meshes and textures that it is drawn with, for MuJoCo's own programs.
package mjcf

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/go-gl/mathgl/mgl64"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// Options says what is written beside the model. The zero value is ready to use.
type Options struct {
	Name    string
	Cameras []sim.Camera // views; their nominal size and clip range are not part of MJCF, and skewed pixels are made square
	Start   *sim.Data    // a Data of the spec's model, whose Qpos and Ctrl become the keyframe "start"; nil: none
}

// File is the name of the model in the folder that Write fills. Meshes and textures have folders of their own beside it.
const File = "scene.xml"

// Write writes the spec into a folder, made if need be. What the spec has as Visuals become geoms of group 2 that touch nothing; collision
// geometry is in group 3. MuJoCo's lights have no hemisphere: the ambient light is the mean of Sky and Ground, and there is neither
// exposure nor a tone curve. The model moves as ours does, but not bit for bit. The spec keeps the geoms of its visuals afterwards.
func Write(dir string, spec *sim.Spec, opt Options) error {
	spec.IncludeVisuals()
	text, err := spec.MJCF()
	if err != nil {
		return err
	}
	root, err := parse(text)
	if err != nil {
		return fmt.Errorf("mjcf: %w", err)
	}
	w := &writer{dir: dir, visuals: spec.Visuals(), env: spec.Environment(), opt: opt, materials: map[sim.Material]string{}, textures: map[*sim.Texture]string{}}
	if err := w.write(root); err != nil {
		return fmt.Errorf("mjcf: %w", err)
	}
	return nil
}

// A writer turns MuJoCo's XML of a spec with visuals into one whose visuals have materials, and meshes in files.
type writer struct {
	dir       string
	visuals   []sim.Visual
	env       sim.Environment
	opt       Options
	materials map[sim.Material]string
	textures  map[*sim.Texture]string
	assets    []*element // textures and materials
}

func (w *writer) write(root *element) error {
	for _, sub := range []string{"meshes", "textures"} {
		if err := os.MkdirAll(filepath.Join(w.dir, sub), 0o777); err != nil {
			return err
		}
	}
	meshes := map[string]*shape.Mesh{} // by MuJoCo's name
	var failed error
	root.each("geom", func(e *element) {
		at, ok := strings.CutPrefix(e.get("name"), visualPrefix)
		if !ok || failed != nil {
			return
		}
		i, err := strconv.Atoi(at)
		if err != nil || i < 0 || i >= len(w.visuals) {
			failed = fmt.Errorf("geom %q stands for no visual (have %d)", e.get("name"), len(w.visuals))
			return
		}
		meshes[e.get("mesh")] = w.visuals[i].Mesh
		var material string
		if material, failed = w.material(w.visuals[i].Material); failed == nil {
			e.set("material", material)
		}
	})
	if failed != nil {
		return failed
	}
	root.each("mesh", func(e *element) {
		m := meshes[e.get("name")]
		if m == nil || failed != nil {
			return
		}
		file := "meshes/" + strings.TrimPrefix(e.get("name"), visualPrefix) + ".obj"
		e.remove("vertex", "normal", "texcoord", "face")
		e.set("file", file)
		failed = writeOBJ(filepath.Join(w.dir, file), m)
	})
	if failed != nil {
		return failed
	}
	if w.opt.Name != "" {
		root.set("model", w.opt.Name)
	}
	root.section("asset").children = append(w.assets, root.section("asset").children...)
	world := root.section("worldbody")
	world.children = append(append([]*element{w.keyLight()}, w.cameras()...), world.children...)
	root.children = append(root.children, w.tail()...)
	var out bytes.Buffer
	root.print(&out, 0)
	return os.WriteFile(filepath.Join(w.dir, File), out.Bytes(), 0o666)
}

const visualPrefix = "visual/"

// material is the name of a material, declared when first asked for.
func (w *writer) material(m sim.Material) (string, error) {
	if name, ok := w.materials[m]; ok {
		return name, nil
	}
	name := "material" + strconv.Itoa(len(w.materials))
	w.materials[m] = name
	e := newElement("material", "name", name)
	if m.Texture != nil {
		texture, err := w.texture(m.Texture)
		if err != nil {
			return "", err
		}
		e.set("texture", texture)
	}
	e.set("rgba", numbers(m.Color[0], m.Color[1], m.Color[2], 1))
	e.set("specular", numbers(0.5*(1-m.Roughness)))
	e.set("shininess", numbers(1-m.Roughness))
	e.set("metallic", numbers(m.Metallic))
	e.set("roughness", numbers(m.Roughness))
	w.assets = append(w.assets, e)
	return name, nil
}

// texture is the name of a texture, written when first asked for.
func (w *writer) texture(t *sim.Texture) (string, error) {
	if name, ok := w.textures[t]; ok {
		return name, nil
	}
	if t.Width < 1 || t.Height < 1 || len(t.RGB) != 3*t.Width*t.Height {
		return "", fmt.Errorf("texture %q is %d × %d with %d bytes (want 3 bytes a texel)", t.Name, t.Width, t.Height, len(t.RGB))
	}
	name := "texture" + strconv.Itoa(len(w.textures))
	w.textures[t] = name
	file := "textures/" + name + ".png"
	w.assets = append(w.assets, newElement("texture", "name", name, "type", "2d", "file", file))
	img := image.NewNRGBA(image.Rect(0, 0, t.Width, t.Height))
	for i := range t.Width * t.Height {
		copy(img.Pix[4*i:], t.RGB[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	var data bytes.Buffer
	if err := png.Encode(&data, img); err != nil {
		return "", err
	}
	return name, os.WriteFile(filepath.Join(w.dir, file), data.Bytes(), 0o666)
}

// tail are the sections at the end of the model.
func (w *writer) tail() []*element {
	var fill [3]float32
	for i := range fill {
		fill[i] = (w.env.Sky[i] + w.env.Ground[i]) / 2
	}
	visual := newElement("visual")
	visual.children = []*element{
		newElement("headlight", "ambient", numbers(fill[:]...), "diffuse", "0 0 0", "specular", "0 0 0"),
		newElement("global", "offwidth", "1920", "offheight", "1080"),
		newElement("map", "znear", "0.02", "zfar", "20"),
	}
	// The extent is the unit of MuJoCo's clip range and the size of what its shadow map covers.
	out := []*element{visual, newElement("statistic", "extent", "1", "center", "0.4 0 0")}
	if d := w.opt.Start; d != nil {
		keyframe := newElement("keyframe")
		keyframe.children = []*element{newElement("key", "name", "start", "qpos", numbers(d.Qpos()...), "ctrl", numbers(d.Ctrl()...))}
		out = append(out, keyframe)
	}
	return out
}

func (w *writer) keyLight() *element {
	dir := w.env.KeyDir
	if dir.Len() == 0 {
		dir = sim.Vec3{0, 0, 1}
	}
	dir = dir.Normalize()
	color := numbers(w.env.KeyColor[:]...)
	return newElement("light", "name", "key light", "type", "directional", "castshadow", "true",
		"pos", numbers(0.4+2*dir[0], 2*dir[1], 2*dir[2]), "dir", numbers(-dir[0], -dir[1], -dir[2]), "diffuse", color, "specular", color)
}

func (w *writer) cameras() (out []*element) {
	for _, c := range w.opt.Cameras {
		t := c.TWorldCam.Mul(sim.Rotation(math.Pi, sim.Vec3{1, 0, 0})) // MuJoCo's cameras look along -z with y up
		fovy := 2 * mgl64.RadToDeg(math.Atan(float64(c.Height)/2/c.Fy))
		out = append(out, newElement("camera", "name", c.Name, "pos", numbers(t.Pos[:]...),
			"quat", numbers(t.Rot.W, t.Rot.V[0], t.Rot.V[1], t.Rot.V[2]), "fovy", numbers(fovy)))
	}
	return out
}

// writeOBJ writes a mesh as Wavefront OBJ, whose texture coordinates begin at the bottom.
func writeOBJ(name string, m *shape.Mesh) error {
	var b bytes.Buffer
	for _, p := range m.Positions {
		fmt.Fprintf(&b, "v %s\n", numbers(p[:]...))
	}
	for _, n := range m.Normals {
		fmt.Fprintf(&b, "vn %s\n", numbers(n[:]...))
	}
	for _, uv := range m.UVs {
		fmt.Fprintf(&b, "vt %s\n", numbers(uv[0], 1-uv[1]))
	}
	corner := "%d//%d"
	if len(m.UVs) > 0 {
		corner = "%d/%d/%d"
	}
	for i := 0; i+2 < len(m.Indices); i += 3 {
		b.WriteString("f")
		for _, x := range m.Indices[i : i+3] {
			b.WriteString(" ")
			b.WriteString(strings.ReplaceAll(corner, "%d", strconv.Itoa(int(x)+1)))
		}
		b.WriteString("\n")
	}
	return os.WriteFile(name, b.Bytes(), 0o666)
}
