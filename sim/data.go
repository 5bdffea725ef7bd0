package sim

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"math"

	"github.com/refarena/refarena/sim/internal/mj"
)

// A Data is one simulation of a Model: its state and everything computed from it. It has one owner and is not safe for concurrent
// use; several Data of one Model may be used at the same time.
type Data struct {
	m     *Model
	mj    *mj.Data
	steps int
	buf   []byte // of Hash

	before func(n int) error // see OnStep
}

// NewData is a simulation in the model's initial state, with the bodies' poses computed.
func NewData(m *Model) (*Data, error) {
	p, err := mj.MakeData(m.mj)
	if err != nil {
		return nil, fmt.Errorf("sim: %w", err)
	}
	d := &Data{m: m, mj: p}
	if err := d.Forward(); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// Close frees the Data. It may be called twice.
func (d *Data) Close() { d.mj.Delete() }

// Model is what the Data simulates.
func (d *Data) Model() *Model { return d.m }

// Reset goes back to the state that NewData gave, to the bit.
func (d *Data) Reset() error {
	if err := d.mj.Reset(); err != nil {
		return fmt.Errorf("sim: reset: %w", err)
	}
	d.steps = 0
	return d.Forward()
}

// Step advances n physics steps under the present Ctrl. Diverged physics (a number that is not finite or huge, a full contact buffer)
// is an error that names the step; the Data is then fit for Reset, Restore and Close only.
func (d *Data) Step(n int) error {
	if d.before != nil {
		if err := d.before(n); err != nil {
			return err
		}
	}
	done, err := d.mj.Step(n)
	d.steps += done
	if err != nil {
		return fmt.Errorf("sim: step %d (%.3f s): %w", d.steps, d.Time(), err)
	}
	return nil
}

// OnStep has before called at the start of every Step, with the number of physics steps that it is about to take: for recordings, and for
// what pushes at bodies. An error from it is Step's, which then takes none. nil ends that.
func (d *Data) OnStep(before func(n int) error) { d.before = before }

// Push has a force act on a body, at a point of the world, from now until it is changed: [N] and [m], both in world axes. It stands in place
// of an earlier one on that body; a force of zero ends it. A body that is asleep wakes up.
func (d *Data) Push(id int, force, at Vec3) {
	d.m.check(body, id)
	com := d.mj.BodyCom()[3*id:]
	torque := at.Sub(Vec3{com[0], com[1], com[2]}).Cross(force)
	copy(d.mj.XfrcApplied()[6*id:6*id+6], []float64{force[0], force[1], force[2], torque[0], torque[1], torque[2]})
}

// Wrench is what pushes at the bodies: force [N] and torque about the centre of mass [N·m] in world axes, 6 × NBody: a view, as Qpos.
func (d *Data) Wrench() []float64 { return d.mj.XfrcApplied() }

// Forward computes poses, contacts and accelerations of the present Qpos, Qvel and Ctrl. Call it after writing to Qpos.
func (d *Data) Forward() error {
	if err := d.mj.Forward(); err != nil {
		return fmt.Errorf("sim: forward: %w", err)
	}
	return nil
}

// Collide computes poses and contacts of the present Qpos and no more, which is what a planner needs.
func (d *Data) Collide() error {
	if err := d.mj.FwdPosition(); err != nil {
		return fmt.Errorf("sim: collide: %w", err)
	}
	return nil
}

// Steps counts the physics steps since NewData or Reset.
func (d *Data) Steps() int { return d.steps }

// Time is the simulated time [s].
func (d *Data) Time() float64 { return float64(d.steps) * d.m.Timestep() }

// Qpos is the generalised position, length NQ [m, rad, unit quaternions]: a view of C memory, valid until Close.
func (d *Data) Qpos() []float64 { return d.mj.Qpos() }

// Qvel is the generalised velocity, length NV [m/s, rad/s]: a view, as Qpos.
func (d *Data) Qvel() []float64 { return d.mj.Qvel() }

// Qacc is the generalised acceleration, length NV: a view, as Qpos.
func (d *Data) Qacc() []float64 { return d.mj.Qacc() }

// Ctrl is what the actuators are told, length NU: a view, as Qpos.
func (d *Data) Ctrl() []float64 { return d.mj.Ctrl() }

// ActuatorForce is what the actuators exert, length NU [N or N·m]: a view, as Qpos.
func (d *Data) ActuatorForce() []float64 { return d.mj.ActuatorForce() }

// Bias is what gravity and motion exert on the joints, which has to be held against them for no acceleration, as of the last step; length nv [N·m or N].
// It is C memory, valid until Close.
func (d *Data) Bias() []float64 { return d.mj.QfrcBias() }

// BodyPose is T_world_body as of the last Step, Forward or Collide.
func (d *Data) BodyPose(id int) Pose {
	p, q := d.mj.BodyPos()[3*id:], d.mj.BodyQuat()[4*id:]
	return Pose{Vec3{p[0], p[1], p[2]}, fromWXYZ(q)}
}

// GeomPose is T_world_geom.
func (d *Data) GeomPose(id int) Pose { return poseOf(d.mj.GeomPos()[3*id:], d.mj.GeomMat()[9*id:]) }

// SitePose is T_world_site.
func (d *Data) SitePose(id int) Pose { return poseOf(d.mj.SitePos()[3*id:], d.mj.SiteMat()[9*id:]) }

func poseOf(p, r []float64) Pose { // r is row-major
	return Pose{Vec3{p[0], p[1], p[2]}, QuatFromAxes(Vec3{r[0], r[3], r[6]}, Vec3{r[1], r[4], r[7]}, Vec3{r[2], r[5], r[8]})}
}

// BodyVelocity is the velocity of the body's frame [m/s, rad/s], in world axes, as of the start of the last step.
func (d *Data) BodyVelocity(id int) (linear, angular Vec3) {
	d.m.check(body, id)
	l, a := d.mj.BodyVelocity(id)
	return l, a
}

// Asleep reports whether the body rests and is left out of the computation until something touches it. Fixed bodies are asleep.
func (d *Data) Asleep(id int) bool { return d.mj.BodyAwake()[id] <= 0 }

// A Contact is a point where two geoms touch or nearly do.
type Contact struct {
	Geom1, Geom2 int
	Body1, Body2 int
	Pos          Vec3    // in the world
	Normal       Vec3    // from 1 to 2, unit, in the world
	Dist         float64 // < 0: penetration [m]
	Force        float64 // along the normal [N]
	Push         Vec3    // all of the force on 2, friction included, in the world [N]
}

// Contacts appends the contacts to buf[:0] and returns it. They are those of the last step's start, or of Forward or Collide (which
// computes no forces). Between bodies that are asleep there are none: see CopyAwake.
func (d *Data) Contacts(buf []Contact) []Contact {
	buf = buf[:0]
	for i := range d.mj.NCon() {
		c := d.mj.Contact(i)
		buf = append(buf, Contact{
			Geom1: c.Geom[0], Geom2: c.Geom[1], Body1: d.m.GeomBody(c.Geom[0]), Body2: d.m.GeomBody(c.Geom[1]),
			Pos: c.Pos, Normal: c.Normal, Dist: c.Dist, Force: c.Force, Push: c.Push,
		})
	}
	return buf
}

// CopyAwake takes over another Data's positions, velocities and controls, wakes every body and computes everything, contacts and their
// forces included. It is for looking at a state without touching it: d does not continue as from would (use a Snapshot for that).
func (d *Data) CopyAwake(from *Data) error {
	if d.m != from.m {
		return errors.New("sim: CopyAwake from a Data of another model")
	}
	d.steps = from.steps
	if err := d.mj.CopyAwake(from.mj); err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	return nil
}

// GeomDistance is the smallest distance between two geoms [m], negative if they overlap, at most max.
func (d *Data) GeomDistance(geom1, geom2 int, max float64) float64 {
	d.m.check(geom, geom1)
	d.m.check(geom, geom2)
	return d.mj.GeomDistance(geom1, geom2, max)
}

// Ray is the first hit of the ray from origin along dir (unit length), both in the world: the distance [m] and the geom. With drawn it
// looks at what is drawn (which needs Spec.IncludeVisuals), else at collision geometry.
func (d *Data) Ray(origin, dir Vec3, drawn bool) (dist float64, geom int, ok bool) {
	var groups [6]bool
	for g := range groups {
		groups[g] = (g <= groupLastDrawn) == drawn
	}
	dist, geom = d.mj.Ray(origin, dir, groups)
	return dist, geom, geom >= 0
}

// SiteJacobian fills the Jacobian of a site: jacp for its velocity, jacr for its angular velocity, 3 × NV each, row-major, in world
// axes. nil leaves one out.
func (d *Data) SiteJacobian(siteID int, jacp, jacr []float64) {
	d.m.check(site, siteID)
	for _, j := range [][]float64{jacp, jacr} {
		if j != nil && len(j) != 3*d.m.NV() {
			panic(fmt.Sprintf("sim: SiteJacobian: buffer of %d numbers, want 3 × %d", len(j), d.m.NV()))
		}
	}
	d.mj.JacSite(siteID, jacp, jacr)
}

// Hash writes the bits of Qpos and Qvel into h: the link of a trace's chain.
func (d *Data) Hash(h hash.Hash) {
	d.buf = d.buf[:0]
	for _, s := range [][]float64{d.Qpos(), d.Qvel()} {
		for _, x := range s {
			d.buf = binary.LittleEndian.AppendUint64(d.buf, math.Float64bits(x))
		}
	}
	h.Write(d.buf)
}

// A Snapshot is a saved state: everything that the future depends on, sleep and the solver's warm start included.
type Snapshot struct {
	m     *Model
	mj    *mj.Data
	steps int
}

// NewSnapshot is room for a state of the model. It may be saved to many times.
func NewSnapshot(m *Model) (*Snapshot, error) {
	p, err := mj.MakeData(m.mj)
	if err != nil {
		return nil, fmt.Errorf("sim: %w", err)
	}
	return &Snapshot{m: m, mj: p, steps: -1}, nil
}

// Close frees the Snapshot. It may be called twice.
func (s *Snapshot) Close() { s.mj.Delete() }

// Save copies the state into s, which must be of the same Model.
func (d *Data) Save(s *Snapshot) error {
	if s.m != d.m {
		return errors.New("sim: save into a snapshot of another model")
	}
	s.steps = d.steps
	return s.mj.CopyFrom(d.mj)
}

// Restore goes back to a saved state: what follows is what followed then, bit for bit.
func (d *Data) Restore(s *Snapshot) error {
	switch {
	case s.m != d.m:
		return errors.New("sim: restore from a snapshot of another model")
	case s.steps < 0:
		return errors.New("sim: restore from a snapshot that was never saved to")
	}
	d.steps = s.steps
	return d.mj.CopyFrom(s.mj)
}

// SetFreePose puts a body that has a free joint at tWorldBody, at rest. Call Forward afterwards. For setting a scene up: nothing is
// moved like this while an episode runs.
func (d *Data) SetFreePose(joint int, tWorldBody Pose) {
	q := tWorldBody.Rot.Normalize()
	copy(d.Qpos()[d.m.JointQpos(joint):], []float64{tWorldBody.Pos[0], tWorldBody.Pos[1], tWorldBody.Pos[2], q.W, q.V[0], q.V[1], q.V[2]})
	copy(d.Qvel()[d.m.JointDof(joint):], make([]float64, 6))
}
