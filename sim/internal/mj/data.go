package mj

// #include "shim.h"
// static void deleteData(mjData* d) { L.mj_deleteData(d); }
// static void jacSite(const mjModel* m, const mjData* d, mjtNum* jacp, mjtNum* jacr, int site) { L.mj_jacSite(m, d, jacp, jacr, site); }
// static void objectVelocity(const mjModel* m, const mjData* d, int body, mjtNum* res) { L.mj_objectVelocity(m, d, mjOBJ_XBODY, body, res, 0); }
// static void contactForce(const mjModel* m, const mjData* d, int i, mjtNum* f) { L.mj_contactForce(m, d, i, f); }
import "C"

import (
	"fmt"
	"unsafe"
)

// A Data is an mjData: one simulation's state and workspace. It is not safe for concurrent use.
type Data struct {
	p *C.mjData
	m *C.mjModel

	// What calls hand back, kept here so that stepping allocates nothing.
	err           C.mjgErr
	done, warning C.int
	force         [6]C.mjtNum
}

// MakeData is mj_makeData. The Model must outlive the Data.
func MakeData(m *Model) (*Data, error) {
	var e C.mjgErr
	d := C.mjg_makeData(m.p, &e)
	if d == nil {
		return nil, asError(&e)
	}
	return &Data{p: d, m: m.p}, nil
}

// Delete is mj_deleteData.
func (d *Data) Delete() {
	if d.p != nil {
		C.deleteData(d.p)
		d.p = nil
	}
}

// live is the mjData, of which C would not survive the absence.
func (d *Data) live() *C.mjData {
	if d.p == nil {
		panic("mujoco: use of a closed Data")
	}
	return d.p
}

var warnings = [...]string{
	C.mjWARN_INERTIA: "the inertia matrix is singular", C.mjWARN_CONTACTFULL: "the contact buffer is full",
	C.mjWARN_CNSTRFULL: "the constraint buffer is full", C.mjWARN_BADQPOS: "a position is not finite or huge",
	C.mjWARN_BADQVEL: "a velocity is not finite or huge", C.mjWARN_BADQACC: "an acceleration is not finite or huge",
	C.mjWARN_BADCTRL: "a control is not finite",
}

// Step advances n steps in one crossing and brings the bodies' frames up to date. done counts the steps that were taken; the error
// says why the last of them is not to be trusted.
func (d *Data) Step(n int) (done int, err error) {
	if C.mjg_step(d.m, d.live(), C.int(n), &d.done, &d.warning, &d.err) != 0 {
		return int(d.done), asError(&d.err)
	}
	if d.warning >= 0 {
		return int(d.done), fmt.Errorf("mujoco: physics diverged: %s", warnings[d.warning])
	}
	return int(d.done), nil
}

// Forward is mj_forward.
func (d *Data) Forward() error { return d.result(C.mjg_forward(d.m, d.live(), &d.err)) }

// FwdPosition is mj_fwdPosition: frames and contacts of qpos, without forces.
func (d *Data) FwdPosition() error { return d.result(C.mjg_fwdPosition(d.m, d.live(), &d.err)) }

// Reset is mj_resetData.
func (d *Data) Reset() error { return d.result(C.mjg_resetData(d.m, d.live(), &d.err)) }

// CopyFrom is mj_copyData: exact, with sleep and warm start. Both must be of the same model.
func (d *Data) CopyFrom(from *Data) error {
	return d.result(C.mjg_copyData(d.live(), d.m, from.live(), &d.err))
}

// CopyAwake takes the positions, velocities and controls of another Data of the same model with every body awake, and forwards.
func (d *Data) CopyAwake(from *Data) error {
	return d.result(C.mjg_copyAwake(d.live(), d.m, from.live(), &d.err))
}

func (d *Data) result(status C.int) error {
	if status != 0 {
		return asError(&d.err)
	}
	return nil
}

// Views of C memory, valid until Delete.
func (d *Data) Qpos() []float64          { return nums(d.p.qpos, int(d.m.nq)) }
func (d *Data) Qvel() []float64          { return nums(d.p.qvel, int(d.m.nv)) }
func (d *Data) Qacc() []float64          { return nums(d.p.qacc, int(d.m.nv)) }
func (d *Data) Ctrl() []float64          { return nums(d.p.ctrl, int(d.m.nu)) }
func (d *Data) QfrcBias() []float64      { return nums(d.p.qfrc_bias, int(d.m.nv)) }
func (d *Data) ActuatorForce() []float64 { return nums(d.p.actuator_force, int(d.m.nu)) }
func (d *Data) XfrcApplied() []float64   { return nums(d.p.xfrc_applied, 6*int(d.m.nbody)) }
func (d *Data) BodyPos() []float64       { return nums(d.p.xpos, 3*int(d.m.nbody)) }

// BodyCom is mjData.xipos.
func (d *Data) BodyCom() []float64  { return nums(d.p.xipos, 3*int(d.m.nbody)) }
func (d *Data) BodyQuat() []float64 { return nums(d.p.xquat, 4*int(d.m.nbody)) }
func (d *Data) GeomPos() []float64  { return nums(d.p.geom_xpos, 3*int(d.m.ngeom)) }
func (d *Data) GeomMat() []float64  { return nums(d.p.geom_xmat, 9*int(d.m.ngeom)) }
func (d *Data) SitePos() []float64  { return nums(d.p.site_xpos, 3*int(d.m.nsite)) }
func (d *Data) SiteMat() []float64  { return nums(d.p.site_xmat, 9*int(d.m.nsite)) }
func (d *Data) BodyAwake() []int32  { return ints(d.p.body_awake, int(d.m.nbody)) }

// A Contact is one of the last step's or Forward's.
type Contact struct {
	Geom        [2]int
	Pos, Normal [3]float64
	Push        [3]float64 // on the second, in the world
	Dist, Force float64
}

// NCon is the number of contacts.
func (d *Data) NCon() int { return int(d.p.ncon) }

// Contact is contact i.
func (d *Data) Contact(i int) Contact {
	c := &unsafe.Slice(d.p.contact, int(d.p.ncon))[i]
	out := Contact{Geom: [2]int{int(c.geom[0]), int(c.geom[1])}, Dist: float64(c.dist)}
	for k := range 3 {
		out.Pos[k], out.Normal[k] = float64(c.pos[k]), float64(c.frame[k])
	}
	C.contactForce(d.m, d.live(), C.int(i), &d.force[0])
	out.Force = float64(d.force[0])
	for axis := range 3 { // the rows of the contact's frame: normal, tangents
		for k := range 3 {
			out.Push[k] += float64(d.force[axis]) * float64(c.frame[3*axis+k])
		}
	}
	return out
}

// Ray is mj_ray over the geom groups whose flag is set; the distance is in units of dir's length, negative for none.
func (d *Data) Ray(origin, dir [3]float64, groups [6]bool) (dist float64, geom int) {
	var g [6]C.mjtByte
	for i, on := range groups {
		if on {
			g[i] = 1
		}
	}
	id := C.int(-1)
	var hit C.double
	if C.mjg_ray(d.m, d.live(), (*C.mjtNum)(&origin[0]), (*C.mjtNum)(&dir[0]), &g[0], &hit, &id, &d.err) != 0 {
		panic(asError(&d.err))
	}
	return float64(hit), int(id)
}

// JacSite is mj_jacSite: 3 × nv each, row-major; nil is left out.
func (d *Data) JacSite(site int, jacp, jacr []float64) {
	C.jacSite(d.m, d.live(), (*C.mjtNum)(unsafe.SliceData(jacp)), (*C.mjtNum)(unsafe.SliceData(jacr)), C.int(site))
}

// BodyVelocity is mj_objectVelocity of the body's frame, in world axes.
func (d *Data) BodyVelocity(body int) (linear, angular [3]float64) {
	var r [6]C.mjtNum
	C.objectVelocity(d.m, d.live(), C.int(body), &r[0])
	for i := range 3 {
		angular[i], linear[i] = float64(r[i]), float64(r[3+i])
	}
	return linear, angular
}

// GeomDistance is mj_geomDistance, at most max.
func (d *Data) GeomDistance(a, b int, max float64) float64 {
	var dist C.double
	if C.mjg_geomDistance(d.m, d.live(), C.int(a), C.int(b), C.double(max), &dist, &d.err) != 0 {
		panic(asError(&d.err))
	}
	return float64(dist)
}
