package mj

// #include <stdlib.h>
// #include "shim.h"
// static void deleteModel(mjModel* m) { L.mj_deleteModel(m); }
// static int name2id(const mjModel* m, int type, const char* name) { return L.mj_name2id(m, type, name); }
// static const char* id2name(const mjModel* m, int type, int id) { return L.mj_id2name(m, type, id); }
import "C"

import "unsafe"

// A Model is a compiled, read-only mjModel. It is safe for concurrent use by several Data.
type Model struct{ p *C.mjModel }

// An Object is a kind of named thing in a model.
type Object int

// The kinds of named things.
const (
	ObjBody     Object = C.mjOBJ_BODY
	ObjJoint    Object = C.mjOBJ_JOINT
	ObjGeom     Object = C.mjOBJ_GEOM
	ObjSite     Object = C.mjOBJ_SITE
	ObjActuator Object = C.mjOBJ_ACTUATOR
	ObjTendon   Object = C.mjOBJ_TENDON
)

// Delete is mj_deleteModel.
func (m *Model) Delete() {
	if m.p != nil {
		C.deleteModel(m.p)
		m.p = nil
	}
}

// Count is how many there are of a kind.
func (m *Model) Count(o Object) int {
	switch o {
	case ObjBody:
		return int(m.p.nbody)
	case ObjJoint:
		return int(m.p.njnt)
	case ObjGeom:
		return int(m.p.ngeom)
	case ObjSite:
		return int(m.p.nsite)
	case ObjTendon:
		return int(m.p.ntendon)
	}
	return int(m.p.nu)
}

// ID is mj_name2id, -1 if there is none.
func (m *Model) ID(o Object, name string) int {
	n, free := cstr(name)
	defer free()
	return int(C.name2id(m.p, C.int(o), n))
}

// Name is mj_id2name, "" if it has none.
func (m *Model) Name(o Object, id int) string {
	n := C.id2name(m.p, C.int(o), C.int(id))
	if n == nil {
		return ""
	}
	return C.GoString(n)
}

// NQ, NV and NU are the lengths of qpos, qvel and ctrl.
func (m *Model) NQ() int { return int(m.p.nq) }
func (m *Model) NV() int { return int(m.p.nv) }
func (m *Model) NU() int { return int(m.p.nu) }

// Timestep is the physics step [s].
func (m *Model) Timestep() float64 { return float64(m.p.opt.timestep) }

func ints(p *C.int, n int) []int32        { return unsafe.Slice((*int32)(p), n) }
func nums(p *C.mjtNum, n int) []float64   { return unsafe.Slice((*float64)(p), n) }
func floats(p *C.float, n int) []float32  { return unsafe.Slice((*float32)(p), n) }
func (m *Model) nb() int                  { return int(m.p.nbody) }
func (m *Model) ng() int                  { return int(m.p.ngeom) }
func (m *Model) BodyParent() []int32      { return ints(m.p.body_parentid, m.nb()) }
func (m *Model) BodyRoot() []int32        { return ints(m.p.body_rootid, m.nb()) }
func (m *Model) BodyMass() []float64      { return nums(m.p.body_mass, m.nb()) }
func (m *Model) GeomBody() []int32        { return ints(m.p.geom_bodyid, m.ng()) }
func (m *Model) GeomType() []int32        { return ints(m.p.geom_type, m.ng()) }
func (m *Model) GeomGroup() []int32       { return ints(m.p.geom_group, m.ng()) }
func (m *Model) GeomData() []int32        { return ints(m.p.geom_dataid, m.ng()) }
func (m *Model) GeomMaterial() []int32    { return ints(m.p.geom_matid, m.ng()) }
func (m *Model) GeomContype() []int32     { return ints(m.p.geom_contype, m.ng()) }
func (m *Model) GeomConaffinity() []int32 { return ints(m.p.geom_conaffinity, m.ng()) }
func (m *Model) GeomSize() []float64      { return nums(m.p.geom_size, 3*m.ng()) }
func (m *Model) GeomPos() []float64       { return nums(m.p.geom_pos, 3*m.ng()) }
func (m *Model) GeomQuat() []float64      { return nums(m.p.geom_quat, 4*m.ng()) }
func (m *Model) GeomRGBA() []float32      { return floats(m.p.geom_rgba, 4*m.ng()) }
func (m *Model) MaterialRGBA() []float32  { return floats(m.p.mat_rgba, 4*int(m.p.nmat)) }
func (m *Model) JointQpos() []int32       { return ints(m.p.jnt_qposadr, int(m.p.njnt)) }
func (m *Model) JointDof() []int32        { return ints(m.p.jnt_dofadr, int(m.p.njnt)) }
func (m *Model) ActuatorGain() []float64  { return nums(m.p.actuator_gainprm, int(C.mjNGAIN)*m.NU()) }
func (m *Model) JointRange() []float64    { return nums(m.p.jnt_range, 2*int(m.p.njnt)) }

// MeshData is mesh i as the compiler left it: recentred and turned into its inertia frame, which the geoms that use it make up for.
// Faces index the vertices, faceNormals the normals.
func (m *Model) MeshData(i int) (vertices, normals []float32, faces, faceNormals []int32) {
	v0, nv := ints(m.p.mesh_vertadr, i+1)[i], ints(m.p.mesh_vertnum, i+1)[i]
	n0, nn := ints(m.p.mesh_normaladr, i+1)[i], ints(m.p.mesh_normalnum, i+1)[i]
	f0, nf := ints(m.p.mesh_faceadr, i+1)[i], ints(m.p.mesh_facenum, i+1)[i]
	return floats(m.p.mesh_vert, 3*int(v0+nv))[3*v0:], floats(m.p.mesh_normal, 3*int(n0+nn))[3*n0:],
		ints(m.p.mesh_face, 3*int(f0+nf))[3*f0:], ints(m.p.mesh_facenormal, 3*int(f0+nf))[3*f0:]
}
