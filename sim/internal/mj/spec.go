package mj

// #include <stdlib.h>
// #include "shim.h"
// static mjSpec* makeSpec(void) { mjSpec* s = L.mj_makeSpec(); if (s) L.mjs_setDeepCopy(s, 1); return s; }
// static void deleteSpec(mjSpec* s) { L.mj_deleteSpec(s); }
// static mjsBody* findBody(mjSpec* s, const char* name) { return L.mjs_findBody(s, name); }
// static mjsBody* addBody(mjsBody* b, const char* name) { mjsBody* c = L.mjs_addBody(b, NULL); L.mjs_setName(c->element, name); return c; }
// static void addFreeJoint(mjsBody* b, const char* name) { L.mjs_setName(L.mjs_addFreeJoint(b)->element, name); }
// static mjsGeom* addGeom(mjsBody* b, const char* name, const char* mesh) {
//   mjsGeom* g = L.mjs_addGeom(b, NULL);
//   if (*name) L.mjs_setName(g->element, name);
//   if (*mesh) L.mjs_setString(g->meshname, mesh);
//   return g;
// }
// static mjsSite* addSite(mjsBody* b, const char* name) { mjsSite* s = L.mjs_addSite(b, NULL); L.mjs_setName(s->element, name); return s; }
// static mjsFrame* addFrame(mjsBody* b) { return L.mjs_addFrame(b, NULL); }
// static void addMesh(mjSpec* s, const char* name, const float* vert, int nvert, const float* normal, int nnormal, const int* face, int nface, int shell) {
//   mjsMesh* m = L.mjs_addMesh(s, NULL);
//   L.mjs_setName(m->element, name);
//   L.mjs_setFloat(m->uservert, vert, nvert);
//   if (nnormal) L.mjs_setFloat(m->usernormal, normal, nnormal);
//   if (nface) L.mjs_setInt(m->userface, face, nface);
//   if (shell) m->inertia = mjMESH_INERTIA_SHELL;
// }
// static void setGravcomp(mjSpec* s, double share) {
//   for (mjsElement* e = L.mjs_firstElement(s, mjOBJ_BODY); e; e = L.mjs_nextElement(s, e)) L.mjs_asBody(e)->gravcomp = share;
// }
// static int saveXML(mjSpec* s, char* buf, int n, mjgErr* e) { return L.mj_saveXMLString(s, buf, n, e->buf, sizeof e->buf); }
import "C"

import (
	"errors"
	"unsafe"
)

// A Spec is an mjSpec, an editable model. Bodies are pointers into it and die with it. Attaching copies (mjs_setDeepCopy).
type Spec struct{ p *C.mjSpec }

// A Body is a body of a Spec.
type Body struct {
	p *C.mjsBody
	s *C.mjSpec
}

// Geom types.
const (
	Plane     = int(C.mjGEOM_PLANE)
	Sphere    = int(C.mjGEOM_SPHERE)
	Capsule   = int(C.mjGEOM_CAPSULE)
	Ellipsoid = int(C.mjGEOM_ELLIPSOID)
	Cylinder  = int(C.mjGEOM_CYLINDER)
	Box       = int(C.mjGEOM_BOX)
	Mesh      = int(C.mjGEOM_MESH)
)

func cstr(s string) (*C.char, func()) {
	p := C.CString(s)
	return p, func() { C.free(unsafe.Pointer(p)) }
}

// MakeSpec is mj_makeSpec.
func MakeSpec() *Spec { return &Spec{C.makeSpec()} }

// ParseXML is mj_parseXMLString.
func ParseXML(xml string) (*Spec, error) {
	x, free := cstr(xml)
	defer free()
	var e C.mjgErr
	p := C.mjg_parse(x, &e)
	if p == nil {
		return nil, asError(&e)
	}
	return &Spec{p}, nil
}

// Delete is mj_deleteSpec.
func (s *Spec) Delete() {
	if s.p != nil {
		C.deleteSpec(s.p)
		s.p = nil
	}
}

// SetOptions sets what every scene of this project has in common: the time step [s], implicitfast, the elliptic cone with impratio,
// sleeping islands, no silent reset of diverged physics, and memory [bytes] for contacts and the stack.
func (s *Spec) SetOptions(timestep, impratio float64, memory int64) {
	o := &s.p.option
	o.timestep, o.impratio = C.mjtNum(timestep), C.mjtNum(impratio)
	o.integrator, o.cone = C.mjINT_IMPLICITFAST, C.mjCONE_ELLIPTIC
	o.disableflags |= C.mjDSBL_AUTORESET
	o.enableflags |= C.mjENBL_SLEEP
	s.p.memory = C.mjtSize(memory)
}

// FindBody is mjs_findBody; false if there is none of that name.
func (s *Spec) FindBody(name string) (Body, bool) {
	n, free := cstr(name)
	defer free()
	b := C.findBody(s.p, n)
	return Body{b, s.p}, b != nil
}

// AddBody adds a body at pos [m] and quat (wxyz) in its parent.
func (b Body) AddBody(name string, pos [3]float64, quat [4]float64) Body {
	n, free := cstr(name)
	defer free()
	c := C.addBody(b.p, n)
	put(c.pos[:], pos[:])
	put(c.quat[:], quat[:])
	return Body{c, b.s}
}

// AddFreeJoint makes the body free to move.
func (b Body) AddFreeJoint(name string) {
	n, free := cstr(name)
	defer free()
	C.addFreeJoint(b.p, n)
}

// SetGravcomp sets the gravcomp of all bodies.
func (s *Spec) SetGravcomp(share float64) { C.setGravcomp(s.p, C.double(share)) }

// SetInertia sets the body's mass, centre of mass and principal inertia instead of what follows from its geoms.
func (b Body) SetInertia(mass float64, pos [3]float64, quat [4]float64, diag [3]float64) {
	b.p.mass, b.p.explicitinertial = C.double(mass), true
	put(b.p.ipos[:], pos[:])
	put(b.p.iquat[:], quat[:])
	put(b.p.inertia[:], diag[:])
}

// A Geom is an mjsGeom; the zero value of a field leaves MuJoCo's default, except Pos.
type Geom struct {
	Name, Mesh    string
	Type, Group   int
	Size, Pos     [3]float64
	Quat          [4]float64
	Mass, Density float64
	Massless      bool // overrides Mass and Density
	Friction      [3]float64
	Condim        int
	Priority      int
	Solref        [2]float64
	Solimp        [5]float64
	Margin        float64
	NoContact     bool
}

// AddGeom adds a geom.
func (b Body) AddGeom(g Geom) {
	n, free := cstr(g.Name)
	defer free()
	mesh, freeMesh := cstr(g.Mesh)
	defer freeMesh()
	c := C.addGeom(b.p, n, mesh)
	c._type, c.group = C.mjtGeom(g.Type), C.int(g.Group)
	put(c.size[:], g.Size[:])
	put(c.pos[:], g.Pos[:])
	if g.Quat != [4]float64{} {
		put(c.quat[:], g.Quat[:])
	}
	switch {
	case g.Massless:
		c.mass = 0
	case g.Mass > 0:
		c.mass = C.double(g.Mass)
	case g.Density > 0:
		c.density = C.double(g.Density)
	}
	if g.Friction != [3]float64{} {
		put(c.friction[:], g.Friction[:])
	}
	if g.Condim != 0 {
		c.condim = C.int(g.Condim)
	}
	c.priority = C.int(g.Priority)
	if g.Solref != [2]float64{} {
		put(c.solref[:], g.Solref[:])
	}
	if g.Solimp != [5]float64{} {
		put(c.solimp[:], g.Solimp[:])
	}
	c.margin = C.double(g.Margin)
	if g.NoContact {
		c.contype, c.conaffinity = 0, 0
	}
}

// AddSite adds a site.
func (b Body) AddSite(name string, pos [3]float64, quat [4]float64) {
	n, free := cstr(name)
	defer free()
	c := C.addSite(b.p, n)
	put(c.pos[:], pos[:])
	put(c.quat[:], quat[:])
}

// AddMesh adds a mesh asset: vertices x, y, z, …; normals likewise or none; faces as vertex triples, or none for the convex hull.
// shell takes its inertia from the surface, which an open or thin mesh needs.
func (s *Spec) AddMesh(name string, vertices, normals []float32, faces []int32, shell bool) {
	n, free := cstr(name)
	defer free()
	sh := C.int(0)
	if shell {
		sh = 1
	}
	C.addMesh(s.p, n, (*C.float)(unsafe.SliceData(vertices)), C.int(len(vertices)), (*C.float)(unsafe.SliceData(normals)),
		C.int(len(normals)), (*C.int)(unsafe.SliceData(faces)), C.int(len(faces)), sh)
}

// Attach is mjs_attach: all of child at a new frame of b, every name prefixed.
func (b Body) Attach(child *Spec, pos [3]float64, quat [4]float64, prefix string) error {
	p, free := cstr(prefix)
	defer free()
	f := C.addFrame(b.p)
	put(f.pos[:], pos[:])
	put(f.quat[:], quat[:])
	var e C.mjgErr
	if C.mjg_attach(f.element, child.p.element, p, b.s, &e) != 0 {
		return asError(&e)
	}
	return nil
}

// Compile is mj_compile.
func (s *Spec) Compile() (*Model, error) {
	var e C.mjgErr
	m := C.mjg_compile(s.p, &e)
	if m == nil {
		return nil, asError(&e)
	}
	return &Model{m}, nil
}

// XML is mj_saveXMLString, of a compiled Spec.
func (s *Spec) XML() (string, error) {
	for size := 1 << 20; ; size *= 4 { // mj_saveXMLString cannot say beforehand how much it needs
		b := make([]C.char, size)
		var e C.mjgErr
		switch rc := C.saveXML(s.p, &b[0], C.int(size), &e); {
		case rc == 0:
			return C.GoString(&b[0]), nil
		case rc < 0:
			return "", asError(&e)
		case size > 1<<28:
			return "", errors.New("mujoco: the model's XML is larger than 256 MiB")
		}
	}
}

func put[T, F ~float64](to []T, from []F) {
	for i, v := range from {
		to[i] = T(v)
	}
}
