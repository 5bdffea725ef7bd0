// Package glb writes what there is to see of a simulation as a glTF 2.0 binary (.glb), which Blender, three.js and most other programs
// open: meshes, materials, textures, lights, cameras and the bodies as they stand.
//
// glTF has y up; the root node turns the world, whose z is up, and everything below it has the world's axes. Lengths are metres. What
// glTF has no words for is in the extras of the scene (environment), the bodies' nodes (body, the id) and the cameras (intrinsics in
// pixels), under the names of the fields of sim.
package glb

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
	"slices"

	"github.com/go-gl/mathgl/mgl64"
	"github.com/qmuntal/gltf"
	"github.com/qmuntal/gltf/ext/lightspunctual"
	"github.com/qmuntal/gltf/modeler"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// A Scene is what is written.
type Scene struct {
	Name        string
	Bodies      []Body // by id; the first is the world
	Visuals     []sim.Visual
	Environment sim.Environment
	Cameras     []sim.Camera
}

// A Body is a node with a name.
type Body struct {
	Name       string
	Parent     int      // a smaller id; ignored for the world
	TWorldBody sim.Pose // where it stands
}

// FromData is d as it stands, seen by the cameras.
func FromData(name string, d *sim.Data, cameras ...sim.Camera) *Scene {
	m := d.Model()
	s := &Scene{Name: name, Visuals: m.Visuals(), Environment: m.Environment(), Cameras: cameras}
	for id := range m.NBody() {
		s.Bodies = append(s.Bodies, Body{m.BodyName(id), m.BodyParent(id), d.BodyPose(id)})
	}
	return s
}

// Write writes the scene. Equal scenes give equal bytes. The error says what is no scene: no body, a mesh that is no mesh, a camera that
// makes no sense, poses or colours that are not finite; nothing has been written then.
func (s *Scene) Write(w io.Writer) error {
	if err := s.check(); err != nil {
		return err
	}
	b := &builder{
		doc:       gltf.NewDocument(),
		meshes:    map[meshKey]int{},
		shapes:    map[shapeKey]shapeAccessors{},
		materials: map[sim.Material]int{},
		textures:  map[*sim.Texture]int{},
	}
	b.doc.Asset.Generator = "refarena"
	if err := b.scene(s); err != nil {
		return err
	}
	var out bytes.Buffer
	if err := gltf.NewEncoder(&out).Encode(b.doc); err != nil {
		return fmt.Errorf("glb: %w", err)
	}
	_, err := w.Write(out.Bytes())
	return err
}

func (s *Scene) check() error {
	if len(s.Bodies) == 0 {
		return errors.New("glb: no bodies (want the world, at least)")
	}
	for id, b := range s.Bodies {
		if id > 0 && (b.Parent < 0 || b.Parent >= id) {
			return fmt.Errorf("glb: body %d (%s) hangs on body %d (want a smaller one)", id, b.Name, b.Parent)
		}
		if !isPose(b.TWorldBody) {
			return fmt.Errorf("glb: body %d (%s) is at %v (want finite numbers and a unit quaternion)", id, b.Name, b.TWorldBody)
		}
	}
	for i, v := range s.Visuals {
		switch {
		case v.Mesh == nil:
			return fmt.Errorf("glb: visual %d has no mesh", i)
		case v.Body < 0 || v.Body >= len(s.Bodies):
			return fmt.Errorf("glb: visual %d (%s) moves with body %d (have 0 to %d)", i, v.Mesh.Name, v.Body, len(s.Bodies)-1)
		case !isPose(v.TBodyVisual):
			return fmt.Errorf("glb: visual %d (%s) is at %v in its body (want finite numbers and a unit quaternion)", i, v.Mesh.Name, v.TBodyVisual)
		}
		m := &v.Material
		if !finite(m.Color[:]...) || !finite(m.Roughness, m.Metallic) {
			return fmt.Errorf("glb: material %q: colour %v, roughness %g, metallic %g (want finite numbers)", m.Name, m.Color, m.Roughness, m.Metallic)
		}
		if err := checkMesh(v.Mesh); err != nil {
			return err
		}
		if t := m.Texture; t != nil && (t.Width < 1 || t.Height < 1 || len(t.RGB) != 3*t.Width*t.Height) {
			return fmt.Errorf("glb: texture %q is %d × %d with %d bytes (want 3 bytes a texel)", t.Name, t.Width, t.Height, len(t.RGB))
		}
	}
	e := &s.Environment
	for _, c := range [][3]float32{e.KeyColor, e.Sky, e.Ground, e.Background, e.WhiteBalance} {
		if !finite(c[:]...) || min(c[0], c[1], c[2]) < 0 {
			return fmt.Errorf("glb: light of colour %v (want finite numbers from 0 up)", c)
		}
	}
	if !finite(e.KeyDir[:]...) || !finite(e.KeyAngle, e.Exposure) {
		return fmt.Errorf("glb: the key light comes from %v, %g rad wide, and the exposure is %g (want finite numbers)", e.KeyDir, e.KeyAngle, e.Exposure)
	}
	for _, c := range s.Cameras {
		if err := c.Validate(); err != nil {
			return fmt.Errorf("glb: %w", err)
		}
		if !finite(c.TWorldCam.Pos[:]...) || !finite(c.Cx, c.Cy) {
			return fmt.Errorf("glb: camera %q: at %v, principal point %g, %g px (want finite numbers)", c.Name, c.TWorldCam.Pos, c.Cx, c.Cy)
		}
	}
	return nil
}

func checkMesh(m *shape.Mesh) error {
	if len(m.Normals) != len(m.Positions) || len(m.UVs) != len(m.Positions) && len(m.UVs) != 0 {
		return fmt.Errorf("glb: mesh %q has %d positions, %d normals and %d texture coordinates (want as many of each, or no texture coordinates)",
			m.Name, len(m.Positions), len(m.Normals), len(m.UVs))
	}
	if len(m.Indices)%3 != 0 || len(m.Indices) > 0 && int(slices.Max(m.Indices)) >= len(m.Positions) {
		return fmt.Errorf("glb: mesh %q has indices that are no triangles of its %d vertices", m.Name, len(m.Positions))
	}
	for i := range m.Positions {
		if n := m.Normals[i]; !finite(m.Positions[i][:]...) || !finite(n[:]...) || n == ([3]float32{}) {
			return fmt.Errorf("glb: mesh %q: vertex %d is at %v with the normal %v (want finite numbers and a direction)", m.Name, i, m.Positions[i], n)
		}
	}
	for i, uv := range m.UVs {
		if !finite(uv[:]...) {
			return fmt.Errorf("glb: mesh %q: the texture coordinate of vertex %d is %v (want finite numbers)", m.Name, i, uv)
		}
	}
	return nil
}

func finite[F ~float32 | ~float64](all ...F) bool {
	return !slices.ContainsFunc(all, func(x F) bool { return math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) })
}

func isPose(p sim.Pose) bool { return finite(p.Pos[:]...) && math.Abs(p.Rot.Len()-1) < 1e-6 }

// A builder puts together a document in which everything that is used twice is written once.
type builder struct {
	doc       *gltf.Document
	meshes    map[meshKey]int
	shapes    map[shapeKey]shapeAccessors
	materials map[sim.Material]int
	textures  map[*sim.Texture]int
}

// A glTF mesh has its material with it: the same shape in two colours is two meshes with the same accessors.
type meshKey struct {
	shape    *shape.Mesh
	material sim.Material
}

type shapeKey struct {
	shape    *shape.Mesh
	textured bool // with texture coordinates, all 0 if the mesh has none
}

type shapeAccessors struct {
	attributes gltf.PrimitiveAttributes
	indices    int
}

func (b *builder) scene(s *Scene) error {
	for id, body := range s.Bodies {
		n := b.node(body.Name, body.TWorldBody)
		n.Extras = map[string]any{"body": id}
		if id > 0 {
			parent := s.Bodies[body.Parent]
			place(n, parent.TWorldBody.Inv().Mul(body.TWorldBody))
			b.hang(id, body.Parent)
		}
	}
	for _, v := range s.Visuals {
		if len(v.Mesh.Indices) == 0 {
			continue
		}
		mesh, err := b.mesh(v.Mesh, v.Material)
		if err != nil {
			return err
		}
		b.node(cmp.Or(v.Mesh.Name, v.Material.Name), v.TBodyVisual).Mesh = gltf.Index(mesh)
		b.hang(len(b.doc.Nodes)-1, v.Body)
	}
	b.keyLight(&s.Environment)
	for _, c := range s.Cameras {
		b.camera(c)
	}
	// The root: the world's axes with y up.
	root := b.node(cmp.Or(s.Name, "scene"), sim.Identity())
	root.Rotation = [4]float64{-math.Sqrt2 / 2, 0, 0, math.Sqrt2 / 2} // the world's z becomes y, its x stays
	root.Children = []int{0}
	e := &s.Environment
	b.doc.Scenes[0] = &gltf.Scene{
		Name:  s.Name,
		Nodes: []int{len(b.doc.Nodes) - 1},
		Extras: map[string]any{"environment": map[string]any{
			"keyDir": e.KeyDir, "keyColor": e.KeyColor, "keyAngle": e.KeyAngle, "sky": e.Sky, "ground": e.Ground, "background": e.Background,
			"exposure": e.Exposure, "whiteBalance": cmp.Or(e.WhiteBalance, [3]float32{1, 1, 1}),
		}},
	}
	return nil
}

// node appends a node at a pose in its parent.
func (b *builder) node(name string, t sim.Pose) *gltf.Node {
	n := &gltf.Node{Name: name}
	place(n, t)
	b.doc.Nodes = append(b.doc.Nodes, n)
	return n
}

// place is the one place where a pose becomes a glTF transform: wxyz becomes xyzw.
func place(n *gltf.Node, t sim.Pose) {
	q := t.Rot.Normalize()
	n.Translation, n.Rotation = t.Pos, [4]float64{q.V[0], q.V[1], q.V[2], q.W}
}

func (b *builder) hang(node, parent int) {
	p := b.doc.Nodes[parent]
	p.Children = append(p.Children, node)
}

func (b *builder) mesh(m *shape.Mesh, mat sim.Material) (int, error) {
	key := meshKey{m, mat}
	if i, ok := b.meshes[key]; ok {
		return i, nil
	}
	material, err := b.material(mat)
	if err != nil {
		return 0, err
	}
	s := b.shape(m, mat.Texture != nil)
	i := len(b.doc.Meshes)
	b.doc.Meshes = append(b.doc.Meshes, &gltf.Mesh{Name: m.Name, Primitives: []*gltf.Primitive{{
		Attributes: s.attributes, Indices: gltf.Index(s.indices), Material: gltf.Index(material),
	}}})
	b.meshes[key] = i
	return i, nil
}

func (b *builder) shape(m *shape.Mesh, textured bool) shapeAccessors {
	key := shapeKey{m, textured}
	if s, ok := b.shapes[key]; ok {
		return s
	}
	normals := make([][3]float32, len(m.Normals))
	for i, n := range m.Normals {
		u := mgl64.Vec3{float64(n[0]), float64(n[1]), float64(n[2])}.Normalize()
		normals[i] = [3]float32{float32(u[0]), float32(u[1]), float32(u[2])}
	}
	s := shapeAccessors{attributes: gltf.PrimitiveAttributes{
		gltf.POSITION: modeler.WritePosition(b.doc, m.Positions),
		gltf.NORMAL:   modeler.WriteNormal(b.doc, normals),
	}}
	if textured {
		uvs := m.UVs
		if len(uvs) == 0 {
			uvs = make([][2]float32, len(m.Positions))
		}
		s.attributes[gltf.TEXCOORD_0] = modeler.WriteTextureCoord(b.doc, uvs)
	}
	if len(m.Positions) < math.MaxUint16 { // the largest number is kept for restarts
		short := make([]uint16, len(m.Indices))
		for i, x := range m.Indices {
			short[i] = uint16(x)
		}
		s.indices = modeler.WriteIndices(b.doc, short)
	} else {
		s.indices = modeler.WriteIndices(b.doc, m.Indices)
	}
	b.shapes[key] = s
	return s
}

func (b *builder) material(m sim.Material) (int, error) {
	if i, ok := b.materials[m]; ok {
		return i, nil
	}
	clamp := func(x float32) float64 { return float64(max(0, min(1, x))) }
	pbr := &gltf.PBRMetallicRoughness{
		BaseColorFactor: &[4]float64{sim.DecodeSRGB(clamp(m.Color[0])), sim.DecodeSRGB(clamp(m.Color[1])), sim.DecodeSRGB(clamp(m.Color[2])), 1},
		MetallicFactor:  gltf.Float(clamp(m.Metallic)), RoughnessFactor: gltf.Float(clamp(m.Roughness)),
	}
	if m.Texture != nil {
		t, err := b.texture(m.Texture)
		if err != nil {
			return 0, err
		}
		pbr.BaseColorTexture = &gltf.TextureInfo{Index: t}
	}
	i := len(b.doc.Materials)
	b.doc.Materials = append(b.doc.Materials, &gltf.Material{Name: m.Name, PBRMetallicRoughness: pbr})
	b.materials[m] = i
	return i, nil
}

// texture writes a texture as PNG. Its first row is at v = 0, in glTF as in sim/shape.
func (b *builder) texture(t *sim.Texture) (int, error) {
	if i, ok := b.textures[t]; ok {
		return i, nil
	}
	img := image.NewNRGBA(image.Rect(0, 0, t.Width, t.Height))
	for i := range t.Width * t.Height {
		copy(img.Pix[4*i:], t.RGB[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	var file bytes.Buffer
	if err := png.Encode(&file, img); err != nil { // opaque: written as RGB
		return 0, fmt.Errorf("glb: texture %q: %w", t.Name, err)
	}
	source, err := modeler.WriteImage(b.doc, t.Name, "image/png", &file)
	if err != nil {
		return 0, fmt.Errorf("glb: texture %q: %w", t.Name, err)
	}
	if len(b.doc.Samplers) == 0 {
		b.doc.Samplers = []*gltf.Sampler{{MagFilter: gltf.MagLinear, MinFilter: gltf.MinLinearMipMapLinear, WrapS: gltf.WrapRepeat, WrapT: gltf.WrapRepeat}}
	}
	i := len(b.doc.Textures)
	b.doc.Textures = append(b.doc.Textures, &gltf.Texture{Name: t.Name, Source: gltf.Index(source), Sampler: gltf.Index(0)})
	b.textures[t] = i
	return i, nil
}

// keyLight adds the key light. Its illuminance on a white matt surface that faces it makes that surface KeyColor bright: π KeyColor.
func (b *builder) keyLight(e *sim.Environment) {
	dir := e.KeyDir
	if dir.Len() == 0 {
		dir = sim.Vec3{0, 0, 1}
	}
	strength := max(e.KeyColor[0], e.KeyColor[1], e.KeyColor[2])
	if strength == 0 {
		return
	}
	var color [3]float64
	for i, c := range e.KeyColor {
		color[i] = float64(c / strength)
	}
	b.doc.ExtensionsUsed = append(b.doc.ExtensionsUsed, lightspunctual.ExtensionName)
	b.doc.Extensions = gltf.Extensions{lightspunctual.ExtensionName: map[string]any{"lights": lightspunctual.Lights{{
		Type: lightspunctual.TypeDirectional, Name: "key light", Color: &color, Intensity: gltf.Float(math.Pi * float64(strength)),
	}}}}
	// A glTF light shines along its node's -z; where the node stands does not matter, but people like to see it above the table.
	dir = dir.Normalize()
	n := b.node("key light", sim.Pose{Pos: dir.Mul(2), Rot: mgl64.QuatBetweenVectors(mgl64.Vec3{0, 0, 1}, dir)})
	n.Extensions = gltf.Extensions{lightspunctual.ExtensionName: map[string]any{"light": 0}}
	b.hang(len(b.doc.Nodes)-1, 0)
}

// camera adds a camera. glTF's looks along its -z with y up, and its principal point is in the middle; the extras have the exact numbers.
func (b *builder) camera(c sim.Camera) {
	near, far := cmp.Or(c.Near, 0.02), cmp.Or(c.Far, 20)
	i := len(b.doc.Cameras)
	b.doc.Cameras = append(b.doc.Cameras, &gltf.Camera{
		Name: c.Name,
		Perspective: &gltf.Perspective{
			AspectRatio: gltf.Float(float64(c.Width) / c.Fx * c.Fy / float64(c.Height)),
			Yfov:        2 * math.Atan(float64(c.Height)/2/c.Fy),
			Znear:       near, Zfar: gltf.Float(far),
		},
		Extras: map[string]any{"width": c.Width, "height": c.Height, "fx": c.Fx, "fy": c.Fy, "cx": c.Cx, "cy": c.Cy},
	})
	flip := sim.Rotation(math.Pi, sim.Vec3{1, 0, 0}) // optical frame to GL frame
	b.node(c.Name, c.TWorldCam.Mul(flip)).Camera = gltf.Index(i)
	b.hang(len(b.doc.Nodes)-1, 0)
}
