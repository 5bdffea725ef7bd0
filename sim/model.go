package sim

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/refarena/refarena/sim/internal/mj"
	"github.com/refarena/refarena/sim/shape"
)

// A Model is a compiled world: what does not change while it moves. It is read-only and safe for concurrent use.
type Model struct {
	mj      *mj.Model
	visuals []Visual
	env     Environment
	names   [len(kinds)][]string // by kind and id
	ids     [len(kinds)]map[string]int
}

type kind int

const (
	body kind = iota
	joint
	geom
	site
	actuator
)

var kinds = [...]struct {
	name string
	obj  mj.Object
}{
	body: {"body", mj.ObjBody}, joint: {"joint", mj.ObjJoint}, geom: {"geom", mj.ObjGeom}, site: {"site", mj.ObjSite},
	actuator: {"actuator", mj.ObjActuator},
}

func newModel(p *mj.Model, s *Spec) (*Model, error) {
	m := &Model{mj: p, env: s.env}
	for k, info := range kinds {
		n := p.Count(info.obj)
		m.names[k], m.ids[k] = make([]string, n), make(map[string]int, n)
		for id := range n {
			name := p.Name(info.obj, id)
			m.names[k][id] = name
			if name != "" {
				m.ids[k][name] = id
			}
		}
	}
	m.addDrawnGeoms()
	for _, v := range s.visuals {
		id, err := m.BodyID(v.body)
		if err != nil {
			m.Close()
			return nil, fmt.Errorf("sim: a visual hangs on a body that is gone: %w", err)
		}
		v.v.Body = id
		m.visuals = append(m.visuals, v.v)
	}
	return m, nil
}

// Close frees the Model. Every Data and Snapshot of it must be closed before. It may be called twice.
func (m *Model) Close() { m.mj.Delete() }

// NQ, NV and NU are the lengths of Qpos, Qvel and Ctrl. A free joint has seven positions and six velocities.
func (m *Model) NQ() int { return m.mj.NQ() }

// NV is the length of Qvel.
func (m *Model) NV() int { return m.mj.NV() }

// NU is the length of Ctrl.
func (m *Model) NU() int { return m.mj.NU() }

// NBody is the number of bodies, the world included.
func (m *Model) NBody() int { return len(m.names[body]) }

// NGeom is the number of geoms.
func (m *Model) NGeom() int { return len(m.names[geom]) }

// Timestep is the physics step [s].
func (m *Model) Timestep() float64 { return m.mj.Timestep() }

// Visuals is everything there is to draw. The slice is the Model's.
func (m *Model) Visuals() []Visual { return m.visuals }

// Environment is light and background.
func (m *Model) Environment() Environment { return m.env }

func (m *Model) id(k kind, name string) (int, error) {
	if id, ok := m.ids[k][name]; ok {
		return id, nil
	}
	var have []string
	for _, n := range m.names[k] {
		if n != "" {
			have = append(have, n)
		}
	}
	return 0, fmt.Errorf("sim: no %s %q in the model (have %s)", kinds[k].name, name, strings.Join(have, ", "))
}

// check panics if there is no thing of that id: C would read beyond its arrays.
func (m *Model) check(k kind, id int) {
	if id < 0 || id >= len(m.names[k]) {
		panic(fmt.Sprintf("sim: %s %d of a model with %d", kinds[k].name, id, len(m.names[k])))
	}
}

// BodyID, JointID, SiteID and ActuatorID find things by name; the error lists the names there are.
func (m *Model) BodyID(name string) (int, error) { return m.id(body, name) }

// JointID is the joint of that name.
func (m *Model) JointID(name string) (int, error) { return m.id(joint, name) }

// SiteID is the site of that name.
func (m *Model) SiteID(name string) (int, error) { return m.id(site, name) }

// ActuatorID is the actuator of that name; it indexes Ctrl.
func (m *Model) ActuatorID(name string) (int, error) { return m.id(actuator, name) }

// BodyName is the name of a body, "world" for 0.
func (m *Model) BodyName(id int) string { return m.names[body][id] }

// GeomName is the name of a geom, "" if it has none.
func (m *Model) GeomName(id int) string { return m.names[geom][id] }

// ActuatorName is the name of an actuator, "" if it has none.
func (m *Model) ActuatorName(id int) string { return m.names[actuator][id] }

// BodyParent is the body that id hangs on; the world is its own parent.
func (m *Model) BodyParent(id int) int { return int(m.mj.BodyParent()[id]) }

// BodyRoot is the child of the world that id hangs on, directly or not.
func (m *Model) BodyRoot(id int) int { return int(m.mj.BodyRoot()[id]) }

// BodyMass is the body's own mass [kg].
func (m *Model) BodyMass(id int) float64 { return m.mj.BodyMass()[id] }

// GeomBody is the body that a geom belongs to.
func (m *Model) GeomBody(id int) int { return int(m.mj.GeomBody()[id]) }

// GeomCollides reports whether the geom can touch anything.
func (m *Model) GeomCollides(id int) bool {
	return m.mj.GeomContype()[id] != 0 || m.mj.GeomConaffinity()[id] != 0
}

// JointQpos is the index of a joint's first position in Qpos.
func (m *Model) JointQpos(id int) int { return int(m.mj.JointQpos()[id]) }

// JointDof is the index of a joint's first velocity in Qvel.
func (m *Model) JointDof(id int) int { return int(m.mj.JointDof()[id]) }

// ActuatorGain is the gain of an actuator: for a position servo what it exerts for each unit that it is off [N·m/rad or N/m].
func (m *Model) ActuatorGain(id int) float64 {
	all := m.mj.ActuatorGain()
	return all[id*len(all)/m.NU()]
}

// JointRange is a joint's limits [rad or m]; 0, 0 if it has none.
func (m *Model) JointRange(id int) (lo, hi float64) {
	r := m.mj.JointRange()[2*id:]
	return r[0], r[1]
}

// addDrawnGeoms makes Visuals of the geoms that parsed MJCF means to be seen.
func (m *Model) addDrawnGeoms() {
	meshes := map[int32]*shape.Mesh{}
	for g := range m.NGeom() {
		if m.mj.GeomGroup()[g] > groupLastDrawn || strings.HasPrefix(m.names[geom][g], visualPrefix) {
			continue
		}
		rgba := m.mj.GeomRGBA()[4*g:]
		if mat := m.mj.GeomMaterial()[g]; mat >= 0 {
			rgba = m.mj.MaterialRGBA()[4*mat:]
		}
		if rgba[3] == 0 {
			continue
		}
		v := Visual{
			Body:        m.GeomBody(g),
			TBodyVisual: Pose{Vec3(m.mj.GeomPos()[3*g : 3*g+3]), fromWXYZ(m.mj.GeomQuat()[4*g:])},
			Material:    Material{Color: [3]float32(rgba[:3]), Roughness: 0.6},
		}
		if t := int(m.mj.GeomType()[g]); t == mj.Mesh {
			id := m.mj.GeomData()[g]
			if meshes[id] == nil {
				meshes[id] = meshOf(m.mj, int(id))
			}
			v.Mesh = meshes[id]
		} else {
			mesh, err := primitive(GeomType(slices.Index(geomTypes[:], t)), Vec3(m.mj.GeomSize()[3*g:3*g+3]))
			if err != nil {
				continue // a height field or a signed distance field: physics only
			}
			v.Mesh = mesh
		}
		m.visuals = append(m.visuals, v)
	}
}

// meshOf copies a mesh out of a model, each triangle's corners with normals of their own.
func meshOf(m *mj.Model, id int) *shape.Mesh {
	vert, norm, faces, faceNormals := m.MeshData(id)
	out := &shape.Mesh{}
	for i, f := range faces {
		n := faceNormals[i]
		out.Positions = append(out.Positions, [3]float32(vert[3*f:3*f+3]))
		out.Normals = append(out.Normals, [3]float32(norm[3*n:3*n+3]))
		out.Indices = append(out.Indices, uint32(i))
	}
	return out
}

type primitiveKey struct {
	t    GeomType
	size Vec3
}

// primitives keeps one mesh for each shape and size in use, so that renderers can keep one copy of it.
var primitives struct {
	sync.Mutex
	m map[primitiveKey]*shape.Mesh
}

// primitive is the mesh of a geom, in the geom's frame. An infinite plane ends at 20 m.
func primitive(t GeomType, size Vec3) (*shape.Mesh, error) {
	primitives.Lock()
	defer primitives.Unlock()
	key := primitiveKey{t, size}
	if m := primitives.m[key]; m != nil {
		return m, nil
	}
	const segments = 48
	var m *shape.Mesh
	switch t {
	case GeomBox:
		m = shape.Box([3]float64(size.Mul(2)), 0)
	case GeomSphere:
		m = shape.Ellipsoid([3]float64{size[0], size[0], size[0]}, segments)
	case GeomCylinder:
		m = shape.Cylinder(size[0], 2*size[1], 0, segments)
	case GeomCapsule:
		m = shape.Capsule(size[0], 2*size[1], segments)
	case GeomEllipsoid:
		m = shape.Ellipsoid([3]float64(size), segments)
	case GeomPlane:
		x, y := half(size[0]), half(size[1])
		up := [3]float32{0, 0, 1}
		m = &shape.Mesh{
			Positions: [][3]float32{{-x, -y, 0}, {x, -y, 0}, {x, y, 0}, {-x, y, 0}},
			Normals:   [][3]float32{up, up, up, up},
			UVs:       [][2]float32{{-x, -y}, {x, -y}, {x, y}, {-x, y}},
			Indices:   []uint32{0, 1, 2, 0, 2, 3},
		}
	default:
		return nil, errors.New("only primitive shapes can be drawn as they are; add a Visual for a mesh")
	}
	if primitives.m == nil {
		primitives.m = map[primitiveKey]*shape.Mesh{}
	}
	primitives.m[key] = m
	return m, nil
}

func half(extent float64) float32 {
	if extent <= 0 {
		return 20
	}
	return float32(math.Min(extent, 20))
}
