package sim

import (
	"fmt"
	"math"

	"github.com/go-gl/mathgl/mgl64"
)

// A Vec3 is a point, a direction or an extent; the name of the variable says in which frame.
type Vec3 = mgl64.Vec3

// A Quat is a rotation as a unit quaternion, W first as in MuJoCo. q and -q are the same rotation.
type Quat = mgl64.Quat

// A Pose is T_a_b, the pose of frame b in frame a. Pose{} is invalid; start from Identity.
type Pose struct {
	Pos Vec3 // p_a_b: b's origin, expressed in a [m]
	Rot Quat // q_a_b: wxyz, unit
}

// Identity is the pose of a frame in itself.
func Identity() Pose { return Pose{Rot: mgl64.QuatIdent()} }

// Translation is the pose of a frame that is moved by (x, y, z) [m] and not turned.
func Translation(x, y, z float64) Pose { return Pose{Vec3{x, y, z}, mgl64.QuatIdent()} }

// Rotation is the pose of a frame turned by angle [rad] about axis (any length but zero).
func Rotation(angle float64, axis Vec3) Pose {
	return Pose{Rot: mgl64.QuatRotate(angle, axis.Normalize())}
}

// RPY is the rotation of URDF's fixed-axis roll, pitch, yaw [rad]: Rz(yaw)·Ry(pitch)·Rx(roll).
func RPY(roll, pitch, yaw float64) Quat {
	x := mgl64.QuatRotate(roll, Vec3{1, 0, 0})
	y := mgl64.QuatRotate(pitch, Vec3{0, 1, 0})
	z := mgl64.QuatRotate(yaw, Vec3{0, 0, 1})
	return z.Mul(y).Mul(x)
}

// QuatFromAxes is the rotation whose matrix has the columns x, y and z, which must be orthonormal and right-handed.
func QuatFromAxes(x, y, z Vec3) Quat {
	m := mgl64.Mat4FromCols(x.Vec4(0), y.Vec4(0), z.Vec4(0), mgl64.Vec4{0, 0, 0, 1})
	return mgl64.Mat4ToQuat(m).Normalize()
}

// Mul chains poses: T_a_c = T_a_b · T_b_c. The rotation is normalised, so that long chains stay rigid.
func (p Pose) Mul(q Pose) Pose {
	return Pose{p.Pos.Add(p.Rot.Rotate(q.Pos)), p.Rot.Mul(q.Rot).Normalize()}
}

// Inv is T_b_a.
func (p Pose) Inv() Pose {
	r := p.Rot.Conjugate()
	return Pose{r.Rotate(p.Pos.Mul(-1)), r}
}

// Apply takes a point from b to a: p_a = T_a_b · p_b.
func (p Pose) Apply(pB Vec3) Vec3 { return p.Pos.Add(p.Rot.Rotate(pB)) }

// Axis is column i (0 x, 1 y, 2 z) of the rotation matrix: b's axis, expressed in a.
func (p Pose) Axis(i int) Vec3 {
	var e Vec3
	e[i] = 1
	return p.Rot.Rotate(e)
}

// Distance is how far q is from p: the translation [m] and the angle of the rotation [rad, 0…π] between them.
func (p Pose) Distance(q Pose) (pos, angle float64) {
	return p.Pos.Sub(q.Pos).Len(), QuatAngle(p.Rot, q.Rot)
}

// Near reports whether p and q agree to tol, in metres and in radians.
func (p Pose) Near(q Pose, tol float64) bool {
	pos, angle := p.Distance(q)
	return pos <= tol && angle <= tol
}

// QuatAngle is the angle [rad, 0…π] of the rotation that takes a to b.
func QuatAngle(a, b Quat) float64 {
	r := a.Conjugate().Mul(b)
	return 2 * math.Atan2(r.V.Len(), math.Abs(r.W)) // exact near 0, where acos of the dot product is not
}

func (p Pose) String() string {
	return fmt.Sprintf("pos (%.4f, %.4f, %.4f) rot (%.4f, %.4f, %.4f, %.4f)",
		p.Pos[0], p.Pos[1], p.Pos[2], p.Rot.W, p.Rot.V[0], p.Rot.V[1], p.Rot.V[2])
}
