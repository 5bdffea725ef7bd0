package sim

import (
	"cmp"
	"fmt"

	"github.com/refarena/refarena/sim/internal/mj"
	"github.com/refarena/refarena/sim/shape"
)

const (
	// Timestep is the physics step of every model [s].
	Timestep = 0.002
	// impratio makes friction ten times stiffer than the normal direction, so that grasped things do not creep out of the fingers.
	impratio = 10
	// memory holds contacts and the solver's stack; 12 objects and a robot use 0.2 MB [bytes].
	memory = 8 << 20
)

// Library names the libmujoco in use: its version and the file it was loaded from.
func Library() (version, path string, err error) {
	if err := mj.Load(); err != nil {
		return "", "", fmt.Errorf("sim: %w", err)
	}
	return mj.Version(), mj.Path(), nil
}

// A GeomType is the shape of a Geom; Size means something else for each.
type GeomType int

// The shapes of collision geometry, with what Size holds.
const (
	GeomBox       GeomType = iota // half extents
	GeomSphere                    // radius
	GeomCylinder                  // radius, half height along z
	GeomCapsule                   // radius, half length of the straight part along z
	GeomEllipsoid                 // radii
	GeomPlane                     // half extents in x and y (0: infinite), grid spacing; only on the world body
	GeomMesh                      // nothing: see Mesh
)

var geomTypes = [...]int{
	GeomBox: mj.Box, GeomSphere: mj.Sphere, GeomCylinder: mj.Cylinder, GeomCapsule: mj.Capsule,
	GeomEllipsoid: mj.Ellipsoid, GeomPlane: mj.Plane, GeomMesh: mj.Mesh,
}

// A Geom is collision geometry, and the source of a body's inertia. It is not drawn unless Visible.
type Geom struct {
	Name     string
	Type     GeomType
	Size     Vec3       // [m], see GeomType
	Pose     Pose       // T_body_geom; the zero value means Identity
	Mass     float64    // [kg]; 0 means from Density
	Density  float64    // [kg/m³]; 0 means 1000
	Friction [3]float64 // sliding; torsional and rolling [m]; zero means 1, 0.005, 0.0001
	Condim   int        // 1, 3, 4 or 6: what friction acts on; 0 means 3
	Priority int        // of two geoms in contact the higher one's parameters count
	Solref   [2]float64 // time constant [s] and damping ratio of contacts; zero means 0.02, 1
	Solimp   [5]float64 // impedance of contacts; zero means 0.9, 0.95, 0.001, 0.5, 2
	Mesh     string     // the name of an AddConvexMesh, for GeomMesh
	Visible  bool       // draw it, too
	Material Material   // how, if Visible
}

// Geom groups: what is in groups 0 to 2 is drawn, here as in MuJoCo's viewers.
const (
	groupLastDrawn = 2
	groupCollision = 3
)

// visualPrefix begins the names of the geoms that stand for Visuals (see IncludeVisuals).
const visualPrefix = "visual/"

// A Spec is a model under construction: bodies in a tree, geometry, visuals and attached parts. What goes wrong while building (a body
// of the same name twice, a mesh that does not exist) is an error of Compile.
type Spec struct {
	mj             *mj.Spec
	visuals        []specVisual
	env            Environment
	includeVisuals bool
	err            error // the first one
}

type specVisual struct {
	body string
	v    Visual
}

// A Body is a body of a Spec that is being built.
type Body struct {
	spec *Spec
	name string
	mj   mj.Body
}

// NewSpec is an empty world with gravity -9.81 m/s² along z. The error says that libmujoco is missing.
// Close it when it has been compiled.
func NewSpec() (*Spec, error) {
	if err := mj.Load(); err != nil {
		return nil, fmt.Errorf("sim: %w", err)
	}
	return newSpec(mj.MakeSpec()), nil
}

// ParseMJCF is a part, such as a robot, given as MJCF without files. Geoms in groups 0 to 2 are drawn, those in higher groups are not.
// Its physics options have no effect on the model that it is attached to.
func ParseMJCF(xml []byte) (*Spec, error) {
	if err := mj.Load(); err != nil {
		return nil, fmt.Errorf("sim: %w", err)
	}
	p, err := mj.ParseXML(string(xml))
	if err != nil {
		return nil, fmt.Errorf("sim: MJCF: %w", err)
	}
	return newSpec(p), nil
}

func newSpec(p *mj.Spec) *Spec {
	p.SetOptions(Timestep, impratio, memory)
	return &Spec{mj: p, env: DefaultEnvironment()}
}

// Close frees the Spec. Models compiled from it live on. It may be called twice.
func (s *Spec) Close() { s.mj.Delete() }

// SetEnvironment sets light and background; the default is DefaultEnvironment.
func (s *Spec) SetEnvironment(e Environment) { s.env = e }

// IncludeVisuals also gives MuJoCo every Visual as geometry that touches nothing, for ray casts (Data.Ray) and for MJCF: geom "visual/i"
// stands for Visuals()[i]. Call it before Compile. It costs time and changes no motion.
func (s *Spec) IncludeVisuals() { s.includeVisuals = true }

// Visuals is what was added to be drawn, in order. Body is not set: ids come with Compile.
func (s *Spec) Visuals() []Visual {
	out := make([]Visual, len(s.visuals))
	for i, v := range s.visuals {
		out[i] = v.v
	}
	return out
}

// Environment is light and background.
func (s *Spec) Environment() Environment { return s.env }

// World is the fixed body that everything else is in.
func (s *Spec) World() *Body {
	b, _ := s.Body("world")
	return b
}

// Body is the body of that name.
func (s *Spec) Body(name string) (*Body, error) {
	b, ok := s.mj.FindBody(name)
	if !ok {
		return nil, fmt.Errorf("sim: no body %q in the spec", name)
	}
	return &Body{s, name, b}, nil
}

// SetGravityCompensation has so much of the weight of all bodies borne, by motors where joints have actuatorgravcomp and by nothing at all elsewhere: 0
// none, 1 all.
func (s *Spec) SetGravityCompensation(share float64) { s.mj.SetGravcomp(share) }

// AddBody adds a body. Names are unique in a Spec.
func (b *Body) AddBody(name string, tParentBody Pose) *Body {
	if _, ok := b.spec.mj.FindBody(name); ok {
		b.spec.fail(fmt.Errorf("sim: body %q twice", name))
	}
	return &Body{b.spec, name, b.mj.AddBody(name, tParentBody.Pos, wxyz(tParentBody.Rot))}
}

// Name is the body's name.
func (b *Body) Name() string { return b.name }

// AddFreeJoint lets the body move freely. It must be a child of the world.
func (b *Body) AddFreeJoint(name string) { b.mj.AddFreeJoint(name) }

// SetInertia sets mass [kg], centre of mass and principal inertia [kg·m²] in the frame tBodyCom, instead of what the geoms give.
func (b *Body) SetInertia(mass float64, tBodyCom Pose, diag Vec3) {
	b.mj.SetInertia(mass, tBodyCom.Pos, wxyz(tBodyCom.Rot), diag)
}

// AddSite adds a named frame.
func (b *Body) AddSite(name string, tBodySite Pose) {
	b.mj.AddSite(name, tBodySite.Pos, wxyz(tBodySite.Rot))
}

// AddVisual adds a mesh that is drawn and does nothing else.
func (b *Body) AddVisual(tBodyVisual Pose, m *shape.Mesh, mat Material) {
	b.spec.visuals = append(b.spec.visuals, specVisual{b.name, Visual{TBodyVisual: tBodyVisual, Mesh: m, Material: mat}})
}

// AddGeom adds collision geometry.
func (b *Body) AddGeom(g Geom) {
	if g.Type < 0 || int(g.Type) >= len(geomTypes) {
		b.spec.fail(fmt.Errorf("sim: geom %q of body %q: unknown type %d", g.Name, b.name, g.Type))
		return
	}
	if g.Pose == (Pose{}) {
		g.Pose = Identity()
	}
	if g.Visible {
		mesh, err := primitive(g.Type, g.Size)
		if err != nil {
			b.spec.fail(fmt.Errorf("sim: geom %q of body %q: %w", g.Name, b.name, err))
			return
		}
		b.AddVisual(g.Pose, mesh, g.Material)
	}
	if g.Friction != [3]float64{} {
		for i, def := range [3]float64{1, 0.005, 0.0001} {
			g.Friction[i] = cmp.Or(g.Friction[i], def)
		}
	}
	b.mj.AddGeom(mj.Geom{
		Name: g.Name, Mesh: g.Mesh, Type: geomTypes[g.Type], Group: groupCollision, Size: g.Size, Pos: g.Pose.Pos, Quat: wxyz(g.Pose.Rot),
		Mass: g.Mass, Density: g.Density, Friction: g.Friction, Condim: g.Condim, Priority: g.Priority, Solref: g.Solref, Solimp: g.Solimp,
	})
}

// AddConvexMesh adds the convex hull of vertices [m], for geoms of type GeomMesh.
func (s *Spec) AddConvexMesh(name string, vertices [][3]float32) {
	s.mj.AddMesh(name, flat(vertices), nil, nil, false)
}

// Attach puts a copy of all of child at tBodyChild in b: bodies, joints, actuators, sites, visuals, every name prefixed. child may be
// closed afterwards, or attached again with another prefix.
func (s *Spec) Attach(child *Spec, to *Body, tBodyChild Pose, prefix string) error {
	if child.err != nil {
		return child.err
	}
	if err := to.mj.Attach(child.mj, tBodyChild.Pos, wxyz(tBodyChild.Rot), prefix); err != nil {
		err = fmt.Errorf("sim: attach %q to body %q: %w", prefix, to.name, err)
		s.fail(err) // MuJoCo cannot compile a spec after this
		return err
	}
	for _, v := range child.visuals {
		body := prefix + v.body
		if v.body == "world" { // what hangs on the part's world comes to hang on the body that it is attached to
			body = to.name
			v.v.TBodyVisual = tBodyChild.Mul(v.v.TBodyVisual)
		}
		s.visuals = append(s.visuals, specVisual{body, v.v})
	}
	return nil
}

// Compile makes a Model. The Spec stays usable.
func (s *Spec) Compile() (*Model, error) {
	if s.err != nil {
		return nil, s.err
	}
	if s.includeVisuals {
		if err := s.addVisualGeoms(); err != nil {
			return nil, err
		}
		s.includeVisuals = false
	}
	p, err := s.mj.Compile()
	if err != nil {
		return nil, fmt.Errorf("sim: compile: %w", err)
	}
	return newModel(p, s)
}

// MJCF is the model as text, for reading and for other programs. Loaded again it moves the same, but not bit for bit.
func (s *Spec) MJCF() (string, error) {
	m, err := s.Compile()
	if err != nil {
		return "", err
	}
	m.Close()
	return s.mj.XML()
}

func (s *Spec) addVisualGeoms() error {
	names := map[*shape.Mesh]string{}
	for i, v := range s.visuals {
		name, ok := names[v.v.Mesh]
		if !ok {
			name = fmt.Sprintf("%s%d", visualPrefix, len(names))
			names[v.v.Mesh] = name
			faces := make([]int32, len(v.v.Mesh.Indices))
			for k, x := range v.v.Mesh.Indices {
				faces[k] = int32(x)
			}
			s.mj.AddMesh(name, flat(v.v.Mesh.Positions), flat(v.v.Mesh.Normals), faces, true)
		}
		b, ok := s.mj.FindBody(v.body)
		if !ok {
			return fmt.Errorf("sim: visual on unknown body %q", v.body)
		}
		b.AddGeom(mj.Geom{
			Name: fmt.Sprintf("%s%d", visualPrefix, i), Mesh: name, Type: mj.Mesh, Group: groupLastDrawn,
			Pos: v.v.TBodyVisual.Pos, Quat: wxyz(v.v.TBodyVisual.Rot), Massless: true, NoContact: true,
		})
	}
	return nil
}

// fail keeps the first error of building for Compile.
func (s *Spec) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// wxyz is a quaternion as MuJoCo stores it.
func wxyz(q Quat) [4]float64 { return [4]float64{q.W, q.V[0], q.V[1], q.V[2]} }

func fromWXYZ(q []float64) Quat { return Quat{W: q[0], V: Vec3{q[1], q[2], q[3]}} }

func flat(v [][3]float32) []float32 {
	out := make([]float32, 0, 3*len(v))
	for _, p := range v {
		out = append(out, p[0], p[1], p[2])
	}
	return out
}
