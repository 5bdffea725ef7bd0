// Package objectfile loads users' own objects: a folder with a definition file (YAML) for each object and the meshes that it names (OBJ,
// STL, glTF), checked so that what loads can be drawn, gripped and put down. See docs/objects.md for the format.
package objectfile

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// What an object on a table can be.
const (
	minExtent  = 0.005 // of the longest side [m]
	maxExtent  = 0.6
	minDensity = 5.0 // of what collides [kg/m³]: lighter than a basket, …
	maxDensity = 25000
	maxGrip    = 0.075 // what the 2F-85's 85 mm of stroke take from above with room to spare [m]
)

// A definition is a definition file. Lengths of the file carry their unit in their names; those of mesh files are Scale m.
type definition struct {
	Name      string     `yaml:"name"`      // unique; what people call it
	Synonyms  []string   `yaml:"synonyms"`  // other words for it
	Colors    []string   `yaml:"colors"`    // the colours it comes in; parts without a look of their own have them
	Front     string     `yaml:"front"`     // what is on its +x side: "handle", "label"; none if it has no front
	MassG     float64    `yaml:"mass_g"`    // [g]
	Friction  float64    `yaml:"friction"`  // sliding; 0 means 0.5
	Upright   bool       `yaml:"upright"`   // put down, it has to stand
	Rolls     bool       `yaml:"rolls"`     // it may turn over, as a ball does
	GripMM    *float64   `yaml:"grip_mm"`   // width for a hand from above; 0: it cannot be taken; none: the narrower side, if a hand can take it
	Grips     []grip     `yaml:"grips"`     // narrower places for a hand
	Scale     float64    `yaml:"scale"`     // of the mesh files' unit [m]; 0 means 1
	Up        string     `yaml:"up"`        // the mesh files' axis that points up: y or z; "" means y for glTF and z for the others
	TurnDeg   float64    `yaml:"turn_deg"`  // a turn about the upright axis that brings the front to +x [degrees]
	Parts     []part     `yaml:"parts"`     // what is drawn, one or more
	Collision []solid    `yaml:"collision"` // what collides; none: the convex hull of each part
	Support   *container `yaml:"support"`   // what can be put on or in it; none: nothing
}

type grip struct {
	Where string  `yaml:"where"`
	MM    float64 `yaml:"mm"`
}

type part struct {
	Name      string      `yaml:"name"`      // "" means body
	Mesh      string      `yaml:"mesh"`      // a file in the folder
	Color     *[3]float32 `yaml:"color"`     // sRGB, 0…1; none: the mesh file's, or else the object's colour
	Roughness *float32    `yaml:"roughness"` // 0…1; none: the mesh file's, or else 0.5
	Metallic  *float32    `yaml:"metallic"`  // 0…1; none: the mesh file's, or else 0
	Texture   string      `yaml:"texture"`   // a PNG or JPEG file in the folder, over the mesh's texture coordinates
}

// A solid is one of a hull, a box, a cylinder or a sphere. Primitives are placed in the object's frame: the middle of what it stands on.
type solid struct {
	Hull     string    `yaml:"hull"` // the convex hull of a mesh file
	Box      []float64 `yaml:"box_mm"`
	Cylinder []float64 `yaml:"cylinder_mm"` // radius, height
	Sphere   []float64 `yaml:"sphere_mm"`   // radius
	At       []float64 `yaml:"at_mm"`       // its middle; none: the origin
}

type container struct {
	Preposition string    `yaml:"preposition"` // on or in
	ZMM         float64   `yaml:"z_mm"`        // height of the surface above what the object stands on
	AreaMM      []float64 `yaml:"area_mm"`     // of the flat surface: a radius, or the sizes in x and y
	DepthMM     float64   `yaml:"depth_mm"`    // in: how far the rim is above the surface
	OpeningMM   []float64 `yaml:"opening_mm"`  // in: what has to be fitted through, as area_mm; none: the area
}

// Load loads all objects of a folder: one for each file that ends in .yaml or .yml, in the order of their names. The error names the
// file, the line, the field and the choices. Names must not be those of the catalogue (scenes.Catalogue).
func Load(dir string) ([]*scenes.Design, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("objectfile: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("objectfile: %s is a file (want a folder of definition files)", dir)
	}
	designs, err := LoadFS(os.DirFS(dir))
	if err != nil {
		return nil, fmt.Errorf("objectfile: folder %s: %w", dir, err)
	}
	return designs, nil
}

// LoadFS is Load for the top folder of a file system.
func LoadFS(fsys fs.FS) ([]*scenes.Design, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, err
	}
	from := map[string]string{}
	for _, d := range scenes.Catalogue() {
		from[d.Name] = "the catalogue"
	}
	var designs []*scenes.Design
	for _, e := range entries {
		name := e.Name()
		if ext := path.Ext(name); e.IsDir() || ext != ".yaml" && ext != ".yml" {
			continue
		}
		text, err := readFile(fsys, name)
		if err != nil {
			return nil, err
		}
		f := &file{name: name, text: text, fsys: fsys}
		d, err := f.design()
		if err != nil {
			return nil, err
		}
		if other, ok := from[d.Name]; ok {
			return nil, f.errorf("name", "a second object %q (the first is in %s)", d.Name, other)
		}
		from[d.Name] = name
		designs = append(designs, d)
	}
	if len(designs) == 0 {
		return nil, errors.New("no definition files (want one .yaml file for each object)")
	}
	return designs, nil
}

// A file is a definition file that is being read.
type file struct {
	name string
	text []byte
	fsys fs.FS
	def  definition
}

// errorf is an error that names the file, and the line and path of the field.
func (f *file) errorf(field, format string, args ...any) error {
	line, _ := scenes.Position(f.text, field)
	return fmt.Errorf("%s:%d: %s: %w", f.name, line, field, fmt.Errorf(format, args...))
}

// A body is a part's model in the object's frame.
type body struct {
	part  *part
	model *model
}

// design reads the definition and what it names.
func (f *file) design() (*scenes.Design, error) {
	if err := scenes.DecodeYAML(f.text, &f.def); err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	def := &f.def
	bodies, shift, err := f.bodies()
	if err != nil {
		return nil, err
	}
	d := scenes.Design{
		Name: def.Name, Names: append([]string{def.Name}, def.Synonyms...), Colors: def.Colors, Front: def.Front,
		Mass: def.MassG / 1000, Upright: def.Upright, Rolls: def.Rolls,
	}
	var all []sim.Vec3
	for _, b := range bodies {
		all = append(all, b.model.used()...)
	}
	lo, hi := bounds(all)
	size := hi.Sub(lo)
	if def.Rolls {
		d.Lift = -lo[2]
	}
	d.Height = size[2]
	d.Footprint = scenes.Footprint{X: (lo[0] + hi[0]) / 2, Y: (lo[1] + hi[1]) / 2, HalfX: size[0] / 2, HalfY: size[1] / 2}
	d.Base = d.Footprint
	if !def.Rolls {
		d.Base = foot(all, lo[2])
	}
	switch narrow := min(size[0], size[1]); {
	case def.GripMM != nil:
		d.GripWidth = *def.GripMM / 1000
	case narrow <= maxGrip:
		d.GripWidth = narrow
	}
	for _, g := range def.Grips {
		d.Grips = append(d.Grips, scenes.Grip{Where: g.Where, Width: g.MM / 1000})
	}
	if def.Support != nil {
		d.Support = def.Support.support()
	}
	if err := f.solids(&d, bodies, shift); err != nil {
		return nil, err
	}
	parts, err := f.parts(bodies)
	if err != nil {
		return nil, err
	}
	d.Parts = func() []scenes.Part { return parts }
	made, err := scenes.NewDesign(d)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	if err := f.rests(made); err != nil {
		return nil, err
	}
	return made, nil
}

// check says what is wrong with the definition by itself.
func (f *file) check() error {
	def := &f.def
	if def.Name == "" || strings.TrimSpace(def.Name) != def.Name {
		return f.errorf("name", "%q (want what people call it, such as \"watering can\")", def.Name)
	}
	for i, s := range def.Synonyms {
		if s == "" || strings.TrimSpace(s) != s {
			return f.errorf(fmt.Sprintf("synonyms[%d]", i), "%q (want a word)", s)
		}
	}
	if len(def.Colors) == 0 {
		return f.errorf("colors", "none (want one or more of %s)", strings.Join(colorNames(), ", "))
	}
	for i, c := range def.Colors {
		if _, err := scenes.FindColor(c); err != nil {
			return f.errorf(fmt.Sprintf("colors[%d]", i), "%w", err)
		}
	}
	if !(def.MassG > 0) || math.IsInf(def.MassG, 0) {
		return f.errorf("mass_g", "%g (want the object's mass in grams: without it, it has no inertia)", def.MassG)
	}
	if !(def.Friction >= 0 && def.Friction <= 2) {
		return f.errorf("friction", "%g (want 0 to 2; 0 means 0.5)", def.Friction)
	}
	if def.GripMM != nil && !(*def.GripMM >= 0 && *def.GripMM <= 1000*maxGrip) {
		return f.errorf("grip_mm", "%g (want 0, or up to %g)", *def.GripMM, 1000*maxGrip)
	}
	for i, g := range def.Grips {
		if g.Where == "" || !(g.MM > 0 && g.MM <= 1000*maxGrip) {
			return f.errorf(fmt.Sprintf("grips[%d]", i), "where %q, mm %g (want a word, and up to %g)", g.Where, g.MM, 1000*maxGrip)
		}
	}
	if !(def.Scale >= 0) || math.IsInf(def.Scale, 0) {
		return f.errorf("scale", "%g (want the meshes' unit in m: 0.001 for mm, 0.01 for cm, 1 for m)", def.Scale)
	}
	if !slices.Contains([]string{"", "y", "z"}, def.Up) {
		return f.errorf("up", "%q (want y or z)", def.Up)
	}
	if !(math.Abs(def.TurnDeg) <= 360) {
		return f.errorf("turn_deg", "%g (want -360 to 360)", def.TurnDeg)
	}
	if len(def.Parts) == 0 {
		return f.errorf("parts", "none (want one or more, each with a mesh)")
	}
	for i, p := range def.Parts {
		field := fmt.Sprintf("parts[%d]", i)
		if p.Mesh == "" {
			return f.errorf(field+".mesh", "none (want a file that ends in %s)", strings.Join(formats, ", "))
		}
		if v := p.Roughness; v != nil && !(*v >= 0 && *v <= 1) {
			return f.errorf(field+".roughness", "%g (want 0 to 1)", *v)
		}
		if v := p.Metallic; v != nil && !(*v >= 0 && *v <= 1) {
			return f.errorf(field+".metallic", "%g (want 0 to 1)", *v)
		}
		if c := p.Color; c != nil && !(min(c[0], c[1], c[2]) >= 0 && max(c[0], c[1], c[2]) <= 1) {
			return f.errorf(field+".color", "%v (want red, green and blue, 0 to 1)", *c)
		}
	}
	if s := def.Support; s != nil {
		area := func(a []float64) bool {
			return (len(a) == 1 || len(a) == 2) && slices.Min(a) > 0 && slices.Max(a) <= 1000*maxExtent
		}
		switch {
		case s.Preposition != "on" && s.Preposition != "in":
			return f.errorf("support.preposition", "%q (want on or in)", s.Preposition)
		case !area(s.AreaMM):
			return f.errorf("support.area_mm", "%v (want [radius] or [size x, size y])", s.AreaMM)
		case !(s.ZMM >= 0 && s.ZMM <= 1000*maxExtent):
			return f.errorf("support.z_mm", "%g (want the height of the surface)", s.ZMM)
		case (s.Preposition == "in") != (s.DepthMM > 0) || !(s.DepthMM >= 0 && s.DepthMM <= 1000*maxExtent):
			return f.errorf("support.depth_mm", "%g (want how far the rim is above the surface of what things are put in, and none for on)", s.DepthMM)
		case s.OpeningMM != nil && (s.Preposition == "on" || !area(s.OpeningMM)):
			return f.errorf("support.opening_mm", "%v (want, for in, [radius] or [size x, size y])", s.OpeningMM)
		}
	}
	return nil
}

func colorNames() []string {
	var names []string
	for _, c := range scenes.Colors {
		names = append(names, c.Name)
	}
	return names
}

// read reads a mesh file and brings it to z up, metres and the front ahead.
func (f *file) read(name string) (*model, error) {
	m, err := readModel(f.fsys, name)
	if err != nil {
		return nil, err
	}
	def := &f.def
	up := def.Up
	if ext := strings.ToLower(path.Ext(name)); up == "" && (ext == ".glb" || ext == ".gltf") {
		up = "y"
	}
	scale := cmp.Or(def.Scale, 1)
	s, c := math.Sincos(def.TurnDeg * math.Pi / 180)
	m.mapped(func(p sim.Vec3) sim.Vec3 {
		if up == "y" { // glTF: y up, z to the front
			p = sim.Vec3{p[2], p[0], p[1]}
		}
		return sim.Vec3{c*p[0] - s*p[1], s*p[0] + c*p[1], p[2]}.Mul(scale)
	})
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}

// bodies reads the parts' meshes and moves them to the object's frame by shift: above the origin, standing on z = 0, or about it if it
// rolls.
func (f *file) bodies() ([]body, sim.Vec3, error) {
	var out []body
	var all []sim.Vec3
	faces := 0
	for i := range f.def.Parts {
		p := &f.def.Parts[i]
		field := fmt.Sprintf("parts[%d].mesh", i)
		m, err := f.read(p.Mesh)
		if err != nil {
			return nil, sim.Vec3{}, f.errorf(field, "%w", err)
		}
		if faces += m.triangles(); faces > maxFaces {
			return nil, sim.Vec3{}, f.errorf(field, "%d triangles with those of the parts before (want at most %d): simplify the mesh", faces, maxFaces)
		}
		out = append(out, body{p, m})
		all = append(all, m.used()...)
	}
	lo, hi := bounds(all)
	size := hi.Sub(lo)
	if longest := max(size[0], size[1], size[2]); !(longest >= minExtent && longest <= maxExtent) {
		return nil, sim.Vec3{}, f.errorf("scale", "the object is %.4g × %.4g × %.4g m (want its longest side to be %g to %g m; is scale, now %g, the meshes' unit?)",
			size[0], size[1], size[2], minExtent, maxExtent, cmp.Or(f.def.Scale, 1))
	}
	shift := sim.Vec3{-(lo[0] + hi[0]) / 2, -(lo[1] + hi[1]) / 2, -lo[2]}
	if f.def.Rolls {
		shift[2] -= size[2] / 2
	}
	for _, b := range out {
		b.model.mapped(func(p sim.Vec3) sim.Vec3 { return p.Add(shift) })
	}
	return out, shift, nil
}

func bounds(points []sim.Vec3) (lo, hi sim.Vec3) {
	inf := math.Inf(1)
	lo, hi = sim.Vec3{inf, inf, inf}, sim.Vec3{-inf, -inf, -inf}
	for _, p := range points {
		for i, x := range p {
			lo[i], hi[i] = min(lo[i], x), max(hi[i], x)
		}
	}
	return lo, hi
}

// foot is the rectangle around the points that are at most 3 mm above the lowest.
func foot(points []sim.Vec3, lowest float64) scenes.Footprint {
	var low []sim.Vec3
	for _, p := range points {
		if p[2] < lowest+0.003 {
			low = append(low, p)
		}
	}
	lo, hi := bounds(low)
	return scenes.Footprint{X: (lo[0] + hi[0]) / 2, Y: (lo[1] + hi[1]) / 2, HalfX: (hi[0] - lo[0]) / 2, HalfY: (hi[1] - lo[1]) / 2}
}

func (c *container) support() *scenes.Support {
	area := func(mm []float64) scenes.Footprint {
		if len(mm) == 1 {
			return scenes.Footprint{Radius: mm[0] / 1000}
		}
		return scenes.Footprint{HalfX: mm[0] / 2000, HalfY: mm[1] / 2000}
	}
	s := &scenes.Support{Preposition: c.Preposition, Area: area(c.AreaMM), Z: c.ZMM / 1000, Depth: c.DepthMM / 1000}
	if s.Depth > 0 {
		s.Opening = s.Area
		if c.OpeningMM != nil {
			s.Opening = area(c.OpeningMM)
		}
	}
	return s
}

// solids adds the collision geometry.
func (f *file) solids(d *scenes.Design, bodies []body, shift sim.Vec3) error {
	friction := [3]float64{cmp.Or(f.def.Friction, 0.5), 0.005, 0}
	condim := 4
	if d.Rolls {
		friction[2], condim = 0.0012, 6
	}
	add := func(g sim.Geom) {
		g.Friction, g.Condim = friction, condim
		d.Geoms = append(d.Geoms, g)
	}
	var volume float64
	hull := func(m *model) {
		h := scenes.Hull{Name: fmt.Sprintf("%s/hull%d", d.Name, len(d.Hulls)), Vertices: extremes(m.used()), Volume: m.volume()}
		d.Hulls = append(d.Hulls, h)
		add(sim.Geom{Type: sim.GeomMesh, Mesh: h.Name, Pose: sim.Identity()})
		volume += h.Volume
	}
	for i, s := range f.def.Collision {
		field := fmt.Sprintf("collision[%d]", i)
		kinds := 0
		for _, given := range []bool{s.Hull != "", s.Box != nil, s.Cylinder != nil, s.Sphere != nil} {
			if given {
				kinds++
			}
		}
		if kinds != 1 {
			return f.errorf(field, "%d shapes (want one of hull, box_mm, cylinder_mm, sphere_mm)", kinds)
		}
		if s.Hull != "" {
			if s.At != nil {
				return f.errorf(field+".at_mm", "a hull is where its mesh is (want at_mm for primitives only)")
			}
			m, err := f.read(s.Hull)
			if err != nil {
				return f.errorf(field+".hull", "%w", err)
			}
			m.mapped(func(p sim.Vec3) sim.Vec3 { return p.Add(shift) })
			hull(m)
			continue
		}
		pose := sim.Identity()
		if s.At != nil {
			if len(s.At) != 3 {
				return f.errorf(field+".at_mm", "%d numbers (want x, y, z)", len(s.At))
			}
			pose = sim.Translation(s.At[0]/1000, s.At[1]/1000, s.At[2]/1000-d.Lift)
		}
		for _, k := range []struct {
			name  string
			mm    []float64
			n     int
			kind  sim.GeomType
			scale [3]float64 // from the file's sizes to the geom's
			full  float64    // volume over the product of the geom's sizes
		}{
			{"box_mm", s.Box, 3, sim.GeomBox, [3]float64{0.0005, 0.0005, 0.0005}, 8},
			{"cylinder_mm", s.Cylinder, 2, sim.GeomCylinder, [3]float64{0.001, 0.0005, 0}, 2 * math.Pi},
			{"sphere_mm", s.Sphere, 1, sim.GeomSphere, [3]float64{0.001, 0, 0}, 4.0 / 3 * math.Pi},
		} {
			if k.mm == nil {
				continue
			}
			if len(k.mm) != k.n || !(slices.Min(k.mm) > 0 && slices.Max(k.mm) <= 1000*maxExtent) {
				return f.errorf(field+"."+k.name, "%v (want %d positive numbers up to %g)", k.mm, k.n, 1000*maxExtent)
			}
			g := sim.Geom{Type: k.kind, Pose: pose}
			v := k.full
			for j, mm := range k.mm {
				g.Size[j] = mm * k.scale[j]
				v *= g.Size[j]
			}
			switch k.kind {
			case sim.GeomSphere:
				v *= g.Size[0] * g.Size[0]
			case sim.GeomCylinder:
				v *= g.Size[0]
			}
			volume += v
			add(g)
		}
	}
	if len(f.def.Collision) == 0 {
		for _, b := range bodies {
			hull(b.model)
		}
	}
	if density := d.Mass / volume; !(density >= minDensity && density <= maxDensity) {
		return f.errorf("mass_g", "%g g in %.3g cm³ is %.3g kg/m³ (want %g to %g)", f.def.MassG, 1e6*volume, density, minDensity, float64(maxDensity))
	}
	return nil
}

// parts are what is drawn: a scenes.Part for each piece of each mesh.
func (f *file) parts(bodies []body) ([]scenes.Part, error) {
	var out []scenes.Part
	for i, b := range bodies {
		var texture *sim.Texture
		if b.part.Texture != "" {
			field := fmt.Sprintf("parts[%d].texture", i)
			data, err := readFile(f.fsys, b.part.Texture)
			if err != nil {
				return nil, f.errorf(field, "%w", err)
			}
			if texture, err = decodeTexture(b.part.Texture, data); err != nil {
				return nil, f.errorf(field, "%s: %w", b.part.Texture, err)
			}
			for _, p := range b.model.pieces {
				if p.uvs == nil {
					return nil, f.errorf(field, "%s has no texture coordinates (want a mesh that has)", b.part.Mesh)
				}
			}
		}
		name := cmp.Or(b.part.Name, "body")
		for k, p := range b.model.pieces {
			mesh := shape.Facets(fmt.Sprintf("%s/%s/%d", f.def.Name, name, k), b.model.points, p.faces, p.uvs)
			out = append(out, scenes.Part{Name: name, Mesh: mesh, Paint: paint(b.part, p.look, texture)})
		}
	}
	return out, nil
}

// paint is how a piece looks: as the definition says, else as the mesh file says, else in the object's colour.
func paint(p *part, look *sim.Material, texture *sim.Texture) scenes.Paint {
	return func(c scenes.Color) sim.Material {
		m := sim.Material{Name: c.Name, Color: c.RGB, Roughness: 0.5}
		if look != nil {
			m = *look
		}
		if texture != nil {
			m.Color, m.Texture = [3]float32{1, 1, 1}, texture
		}
		if p.Color != nil {
			m.Color = *p.Color
		}
		if p.Roughness != nil {
			m.Roughness = *p.Roughness
		}
		if p.Metallic != nil {
			m.Metallic = *p.Metallic
		}
		return m
	}
}

// rests puts the object down on a plane and says why it does not stay, if it does not.
func (f *file) rests(d *scenes.Design) error {
	const (
		maxTime  = 3.0   // until everything must be at rest [s]
		maxTilt  = 0.05  // [rad]
		maxShift = 0.02  // in the plane [m]
		maxDrop  = 0.003 // between where it is drawn and where it rests [m]
	)
	spec, err := sim.NewSpec()
	if err != nil {
		return err
	}
	defer spec.Close()
	for _, h := range d.Hulls {
		spec.AddConvexMesh(h.Name, h.Vertices)
	}
	spec.World().AddGeom(sim.Geom{Type: sim.GeomPlane, Size: sim.Vec3{0, 0, 1}})
	b := spec.World().AddBody("object", sim.Translation(0, 0, d.Lift))
	b.AddFreeJoint("object")
	for _, g := range d.Geoms {
		b.AddGeom(g)
	}
	model, err := spec.Compile()
	if err != nil {
		return f.errorf("collision", "%w", err)
	}
	defer model.Close()
	data, err := sim.NewData(model)
	if err != nil {
		return err
	}
	defer data.Close()
	id, err := model.BodyID("object")
	if err != nil {
		return err
	}
	for !data.Asleep(id) {
		if data.Time() > maxTime {
			return f.errorf("collision", "put down on a table, it still moves after %g s (want a base that it rests on, or rolls: true)", maxTime)
		}
		if err := data.Step(10); err != nil {
			return f.errorf("collision", "%w", err)
		}
	}
	now := data.BodyPose(id)
	drop := d.Lift - now.Pos[2]
	switch tilt := math.Acos(min(max(now.Axis(2)[2], -1), 1)); {
	case !d.Rolls && tilt > maxTilt:
		return f.errorf("collision", "put down on a table, it tips by %.0f° (want it to rest as its mesh is turned; see up, or rolls: true)", tilt*180/math.Pi)
	case math.Hypot(now.Pos[0], now.Pos[1]) > maxShift:
		return f.errorf("collision", "put down on a table, it moves by %.0f mm", 1000*math.Hypot(now.Pos[0], now.Pos[1]))
	case !d.Rolls && math.Abs(drop) > maxDrop:
		return f.errorf("collision", "put down on a table, what is drawn begins %.1f mm above it (want %g mm at most to either side)", -1000*drop, 1000*maxDrop)
	}
	return nil
}
