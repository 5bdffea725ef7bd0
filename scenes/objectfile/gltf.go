package objectfile

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // texture formats
	_ "image/png"
	"io/fs"
	"math"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"github.com/go-gl/mathgl/mgl64"
	"github.com/qmuntal/gltf"
	"github.com/qmuntal/gltf/modeler"

	"github.com/refarena/refarena/sim"
)

const maxTextureSide = 2048 // [px]

// parseGLTF reads glTF 2.0, .gltf or .glb: the triangles of the default scene with their nodes' poses, base colours, base colour
// textures, roughness and metalness. Files that it names are looked up in the folder dir of fsys. The result has the file's axes: y up.
func parseGLTF(data []byte, fsys fs.FS, dir string) (m *model, err error) {
	// The library checks types and lengths, but not every index: a document that points outside of itself makes it panic.
	defer func() {
		if e := recover(); e != nil {
			m, err = nil, fmt.Errorf("not a valid glTF document: %v", e)
		}
	}()
	text, bin, err := splitGLB(data)
	if err != nil {
		return nil, err
	}
	doc := &gltf.Document{}
	if err := json.Unmarshal(text, doc); err != nil {
		return nil, fmt.Errorf("not a glTF document: %w", err)
	}
	if len(doc.ExtensionsRequired) > 0 {
		return nil, fmt.Errorf("the file requires extensions that are not read: %s (want it exported without)", strings.Join(doc.ExtensionsRequired, ", "))
	}
	for i, b := range doc.Buffers {
		if b.URI == "" && i == 0 && bin != nil {
			b.Data = bin
		} else if b.Data, err = resource(b.URI, fsys, dir); err != nil {
			return nil, fmt.Errorf("buffer %d: %w", i, err)
		}
		if len(b.Data) < b.ByteLength || b.ByteLength < 0 {
			return nil, fmt.Errorf("buffer %d has %d bytes (want %d)", i, len(b.Data), b.ByteLength)
		}
	}
	for i, a := range doc.Accessors {
		if a.Count < 0 || a.Count > 3*maxFaces || a.Sparse != nil && (a.Sparse.Count < 0 || a.Sparse.Count > a.Count) {
			return nil, fmt.Errorf("accessor %d has %d elements (want at most %d: simplify the mesh)", i, a.Count, 3*maxFaces)
		}
	}
	r := &gltfReader{doc: doc, fsys: fsys, dir: dir, m: &model{}, looks: map[int]*sim.Material{}}
	roots := []int{}
	switch {
	case doc.Scene != nil:
		roots = doc.Scenes[*doc.Scene].Nodes
	case len(doc.Scenes) > 0:
		roots = doc.Scenes[0].Nodes
	default:
		for i := range doc.Nodes {
			roots = append(roots, i)
		}
	}
	for _, n := range roots {
		if err := r.node(n, mgl64.Ident4(), 0); err != nil {
			return nil, err
		}
	}
	return r.m, nil
}

// splitGLB takes a .glb file apart into its JSON and its binary chunk; other data are JSON.
func splitGLB(data []byte) (text, bin []byte, err error) {
	if !bytes.HasPrefix(data, []byte("glTF")) {
		return data, nil, nil
	}
	if len(data) < 12 || binary.LittleEndian.Uint32(data[4:]) != 2 {
		return nil, nil, errors.New("a binary glTF file of another version than 2")
	}
	for rest := data[12:]; len(rest) >= 8; {
		n, kind := int64(binary.LittleEndian.Uint32(rest)), string(rest[4:8])
		if n > int64(len(rest)-8) {
			return nil, nil, fmt.Errorf("chunk %q of %d bytes is cut off", kind, n)
		}
		switch chunk := rest[8 : 8+n]; {
		case kind == "JSON" && text == nil:
			text = chunk
		case kind == "BIN\x00" && bin == nil:
			bin = chunk
		}
		rest = rest[8+n:]
	}
	if text == nil {
		return nil, nil, errors.New("a binary glTF file without a JSON chunk")
	}
	return text, bin, nil
}

// resource is what a URI of a glTF document means: data in it, or a file beside it.
func resource(uri string, fsys fs.FS, dir string) ([]byte, error) {
	if meta, data, ok := strings.Cut(uri, ","); ok && strings.HasPrefix(meta, "data:") {
		if !strings.HasSuffix(meta, ";base64") {
			return nil, fmt.Errorf("data URI %.40q (want base64)", meta)
		}
		return base64.StdEncoding.DecodeString(data)
	}
	name, err := url.PathUnescape(uri)
	if err != nil || name == "" || !filepath.IsLocal(name) {
		return nil, fmt.Errorf("%q (want data or a file beside the glTF file)", uri)
	}
	return readFile(fsys, path.Join(dir, filepath.ToSlash(name)))
}

type gltfReader struct {
	doc   *gltf.Document
	fsys  fs.FS
	dir   string
	m     *model
	looks map[int]*sim.Material // by material index: pieces of one material share it
}

// node adds a node and its children at the pose tFileParent.
func (r *gltfReader) node(i int, tFileParent mgl64.Mat4, depth int) error {
	if depth > 64 {
		return errors.New("nodes are nested in a circle")
	}
	n := r.doc.Nodes[i]
	q, s := n.RotationOrDefault(), n.ScaleOrDefault()
	t := mgl64.Translate3D(n.Translation[0], n.Translation[1], n.Translation[2]).
		Mul4(mgl64.Quat{W: q[3], V: mgl64.Vec3{q[0], q[1], q[2]}}.Normalize().Mat4()).
		Mul4(mgl64.Scale3D(s[0], s[1], s[2]))
	if m := n.MatrixOrDefault(); m != gltf.DefaultMatrix {
		t = mgl64.Mat4(m)
	}
	t = tFileParent.Mul4(t)
	if n.Mesh != nil {
		for k, p := range r.doc.Meshes[*n.Mesh].Primitives {
			if err := r.primitive(p, t); err != nil {
				return fmt.Errorf("mesh %d, primitive %d: %w", *n.Mesh, k, err)
			}
		}
	}
	for _, c := range n.Children {
		if err := r.node(c, t, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (r *gltfReader) primitive(p *gltf.Primitive, tFileNode mgl64.Mat4) error {
	if p.Mode != gltf.PrimitiveTriangles {
		return errors.New("points, lines, strips or fans (want triangles)")
	}
	at, ok := p.Attributes[gltf.POSITION]
	if !ok {
		return errors.New("no POSITION")
	}
	positions, err := modeler.ReadPosition(r.doc, r.doc.Accessors[at], nil)
	if err != nil {
		return err
	}
	var indices []uint32
	if p.Indices != nil {
		if indices, err = modeler.ReadIndices(r.doc, r.doc.Accessors[*p.Indices], nil); err != nil {
			return err
		}
	} else {
		for i := range positions {
			indices = append(indices, uint32(i))
		}
	}
	var coords [][2]float32
	if at, ok := p.Attributes[gltf.TEXCOORD_0]; ok {
		if coords, err = modeler.ReadTextureCoord(r.doc, r.doc.Accessors[at], nil); err != nil {
			return err
		}
		if len(coords) != len(positions) {
			return fmt.Errorf("%d texture coordinates for %d positions", len(coords), len(positions))
		}
	}
	if len(indices)%3 != 0 {
		return fmt.Errorf("%d indices (want three a triangle)", len(indices))
	}
	if r.m.triangles()+len(indices)/3 > maxFaces {
		return fmt.Errorf("more than %d triangles: simplify the mesh", maxFaces)
	}
	first := len(r.m.points)
	for _, v := range positions {
		q := tFileNode.Mul4x1(mgl64.Vec4{float64(v[0]), float64(v[1]), float64(v[2]), 1})
		r.m.points = append(r.m.points, [3]float64{q[0], q[1], q[2]})
	}
	out := piece{}
	if p.Material != nil {
		if out.look, err = r.material(*p.Material); err != nil {
			return fmt.Errorf("material %d: %w", *p.Material, err)
		}
	}
	mirrored := tFileNode.Mat3().Det() < 0
	for i := 0; i < len(indices); i += 3 {
		f := [3]int{int(indices[i]), int(indices[i+1]), int(indices[i+2])}
		if mirrored {
			f[1], f[2] = f[2], f[1]
		}
		var uv [3][2]float64
		for k, v := range f {
			if v >= len(positions) {
				return fmt.Errorf("index %d of %d positions", v, len(positions))
			}
			if coords != nil {
				uv[k] = [2]float64{float64(coords[v][0]), float64(coords[v][1])}
			}
			f[k] += first
		}
		out.faces = append(out.faces, f)
		if coords != nil {
			out.uvs = append(out.uvs, uv)
		}
	}
	r.m.pieces = append(r.m.pieces, out)
	return nil
}

func (r *gltfReader) material(i int) (*sim.Material, error) {
	if m := r.looks[i]; m != nil {
		return m, nil
	}
	src := r.doc.Materials[i]
	m := &sim.Material{Name: src.Name, Color: [3]float32{1, 1, 1}, Roughness: 1, Metallic: 1}
	if pbr := src.PBRMetallicRoughness; pbr == nil {
		m.Metallic = 0
	} else {
		m.Roughness, m.Metallic = float32(pbr.RoughnessFactorOrDefault()), float32(pbr.MetallicFactorOrDefault())
		factor := pbr.BaseColorFactorOrDefault()
		for k := range m.Color {
			m.Color[k] = encodeSRGB(factor[k])
		}
		if info := pbr.BaseColorTexture; info != nil && r.doc.Textures[info.Index].Source != nil {
			img := r.doc.Images[*r.doc.Textures[info.Index].Source]
			var data []byte
			var err error
			if img.BufferView != nil {
				data, err = modeler.ReadBufferView(r.doc, r.doc.BufferViews[*img.BufferView])
			} else {
				data, err = resource(img.URI, r.fsys, r.dir)
			}
			if err != nil {
				return nil, fmt.Errorf("texture: %w", err)
			}
			if m.Texture, err = decodeTexture(src.Name, data); err != nil {
				return nil, err
			}
		}
	}
	r.looks[i] = m
	return m, nil
}

// encodeSRGB turns a linear value into an sRGB one (IEC 61966-2-1).
func encodeSRGB(c float64) float32 {
	c = min(max(c, 0), 1)
	if c <= 0.0031308 {
		return float32(12.92 * c)
	}
	return float32(1.055*math.Pow(c, 1/2.4) - 0.055)
}

// decodeTexture reads a PNG or JPEG picture.
func decodeTexture(name string, data []byte) (*sim.Texture, error) {
	cfg, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("texture: %w (want PNG or JPEG)", err)
	}
	if cfg.Width < 1 || cfg.Height < 1 || cfg.Width > maxTextureSide || cfg.Height > maxTextureSide {
		return nil, fmt.Errorf("texture of %d × %d pixels (want at most %d a side)", cfg.Width, cfg.Height, maxTextureSide)
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("texture: %w", err)
	}
	b := img.Bounds()
	t := &sim.Texture{Name: name, Width: b.Dx(), Height: b.Dy(), RGB: make([]byte, 0, 3*b.Dx()*b.Dy())}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, _ := img.At(x, y).RGBA()
			t.RGB = append(t.RGB, byte(r>>8), byte(g>>8), byte(bl>>8))
		}
	}
	return t, nil
}
