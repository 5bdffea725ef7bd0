// Package g1 is Unitree's G1 with 29 joints (g1_29dof_with_hand_rev_1_0, mode_machine 5): its dimensions, limits and looks, forward
// kinematics of waist and arms, and their inverse. Its hands are package dex3.
//
// Frames are those of Unitree's URDF: x forward, y left, z up at q = 0; pelvis is the root. At q = 0 the elbows are bent and the hands point
// ahead; the elbow at +π/2 is the straight arm. An arm is a chain of ten joints from the pelvis: waist yaw, roll, pitch; shoulder pitch,
// roll, yaw; elbow; wrist roll, pitch, yaw. It ends at the palm.
package g1

import (
	"math"

	"github.com/refarena/refarena/sim"
)

// A Side is the left or the right arm.
type Side int

// The sides.
const (
	Left Side = iota
	Right
)

func (s Side) String() string { return [...]string{"left", "right"}[s] }

const (
	// Waist and Arm are how many joints the waist has, and an arm from the shoulder on; DOF is a chain of both.
	Waist = 3
	Arm   = 7
	DOF   = Waist + Arm
)

// A Config is one position of waist and arm [rad].
type Config = [DOF]float64

// An ArmConfig is one position of an arm, from the shoulder on [rad].
type ArmConfig = [Arm]float64

// StandHeight is the pelvis frame's height above the floor with straight legs, 1 mm above where the soles touch it [m].
const StandHeight = 0.793

// A Joint is a joint of the URDF: its origin in its parent (position, and fixed rotation as roll, pitch, yaw), the axis it turns
// about (0 x, 1 y, 2 z), its range [rad], its motor's torque [N·m] and speed [rad/s].
type Joint struct {
	Name, Child      string
	Origin           sim.Vec3
	RPY              [3]float64
	Axis             int
	Min, Max         float64
	Torque, MaxSpeed float64
}

// chains are the joints of both arms, the waist first.
var chains = [2][DOF]Joint{
	Left: {
		{"waist_yaw_joint", "waist_yaw_link", sim.Vec3{0, 0, 0}, [3]float64{0, 0, 0}, 2, -2.618, 2.618, 88, 32},
		{"waist_roll_joint", "waist_roll_link", sim.Vec3{-0.0039635, 0, 0.044}, [3]float64{0, 0, 0}, 0, -0.52, 0.52, 35, 30},
		{"waist_pitch_joint", "torso_link", sim.Vec3{0, 0, 0}, [3]float64{0, 0, 0}, 1, -0.52, 0.52, 35, 30},
		{"left_shoulder_pitch_joint", "left_shoulder_pitch_link", sim.Vec3{0.0039563, 0.10022, 0.24778}, [3]float64{0.27931, 5.4949e-05, -0.00019159}, 1, -3.0892, 2.6704, 25, 37},
		{"left_shoulder_roll_joint", "left_shoulder_roll_link", sim.Vec3{0, 0.038, -0.013831}, [3]float64{-0.27925, 0, 0}, 0, -1.5882, 2.2515, 25, 37},
		{"left_shoulder_yaw_joint", "left_shoulder_yaw_link", sim.Vec3{0, 0.00624, -0.1032}, [3]float64{0, 0, 0}, 2, -2.618, 2.618, 25, 37},
		{"left_elbow_joint", "left_elbow_link", sim.Vec3{0.015783, 0, -0.080518}, [3]float64{0, 0, 0}, 1, -1.0472, 2.0944, 25, 37},
		{"left_wrist_roll_joint", "left_wrist_roll_link", sim.Vec3{0.1, 0.00188791, -0.01}, [3]float64{0, 0, 0}, 0, -1.97222205, 1.97222205, 25, 37},
		{"left_wrist_pitch_joint", "left_wrist_pitch_link", sim.Vec3{0.038, 0, 0}, [3]float64{0, 0, 0}, 1, -1.61442956, 1.61442956, 5, 22},
		{"left_wrist_yaw_joint", "left_wrist_yaw_link", sim.Vec3{0.046, 0, 0}, [3]float64{0, 0, 0}, 2, -1.61442956, 1.61442956, 5, 22},
	},
	Right: {
		{"waist_yaw_joint", "waist_yaw_link", sim.Vec3{0, 0, 0}, [3]float64{0, 0, 0}, 2, -2.618, 2.618, 88, 32},
		{"waist_roll_joint", "waist_roll_link", sim.Vec3{-0.0039635, 0, 0.044}, [3]float64{0, 0, 0}, 0, -0.52, 0.52, 35, 30},
		{"waist_pitch_joint", "torso_link", sim.Vec3{0, 0, 0}, [3]float64{0, 0, 0}, 1, -0.52, 0.52, 35, 30},
		{"right_shoulder_pitch_joint", "right_shoulder_pitch_link", sim.Vec3{0.0039563, -0.10021, 0.24778}, [3]float64{-0.27931, 5.4949e-05, 0.00019159}, 1, -3.0892, 2.6704, 25, 37},
		{"right_shoulder_roll_joint", "right_shoulder_roll_link", sim.Vec3{0, -0.038, -0.013831}, [3]float64{0.27925, 0, 0}, 0, -2.2515, 1.5882, 25, 37},
		{"right_shoulder_yaw_joint", "right_shoulder_yaw_link", sim.Vec3{0, -0.00624, -0.1032}, [3]float64{0, 0, 0}, 2, -2.618, 2.618, 25, 37},
		{"right_elbow_joint", "right_elbow_link", sim.Vec3{0.015783, 0, -0.080518}, [3]float64{0, 0, 0}, 1, -1.0472, 2.0944, 25, 37},
		{"right_wrist_roll_joint", "right_wrist_roll_link", sim.Vec3{0.1, -0.00188791, -0.01}, [3]float64{0, 0, 0}, 0, -1.97222205, 1.97222205, 25, 37},
		{"right_wrist_pitch_joint", "right_wrist_pitch_link", sim.Vec3{0.038, 0, 0}, [3]float64{0, 0, 0}, 1, -1.61442956, 1.61442956, 5, 22},
		{"right_wrist_yaw_joint", "right_wrist_yaw_link", sim.Vec3{0.046, 0, 0}, [3]float64{0, 0, 0}, 2, -1.61442956, 1.61442956, 5, 22},
	},
}

// Joints are the joints of waist and arm.
func Joints(s Side) [DOF]Joint { return chains[s] }

// Frames that are fixed to links.
var (
	// TWristPalm is the palm in the last link of the wrist, wrist_yaw_link.
	TWristPalm = [2]sim.Pose{sim.Translation(0.0415, 0.003, 0), sim.Translation(0.0415, -0.003, 0)}
	// TTorsoHead is the head's link frame in the torso (not the middle of the head).
	TTorsoHead = sim.Translation(0.0039635, 0, -0.044)
	// TTorsoD435 is the head camera's left imager in the torso, x ahead: ROS's camera body frame.
	TTorsoD435 = sim.Pose{Pos: sim.Vec3{0.0576235, 0.01753, 0.42987}, Rot: sim.RPY(0, 0.8307767239, 0)}
)

// A frame is a pose as columns, for chains of many.
type frame struct {
	x [3]sim.Vec3
	p sim.Vec3
}

func frameOf(t sim.Pose) frame {
	return frame{[3]sim.Vec3{t.Axis(0), t.Axis(1), t.Axis(2)}, t.Pos}
}

func (f *frame) pose() sim.Pose {
	return sim.Pose{Pos: f.p, Rot: sim.QuatFromAxes(f.x[0], f.x[1], f.x[2])}
}

func (f *frame) apply(v *sim.Vec3) sim.Vec3 {
	return sim.Vec3{
		f.p[0] + f.x[0][0]*v[0] + f.x[1][0]*v[1] + f.x[2][0]*v[2],
		f.p[1] + f.x[0][1]*v[0] + f.x[1][1]*v[1] + f.x[2][1]*v[2],
		f.p[2] + f.x[0][2]*v[0] + f.x[1][2]*v[1] + f.x[2][2]*v[2],
	}
}

// turn turns the frame about one of its own axes.
func (f *frame) turn(axis int, angle float64) {
	s, c := math.Sincos(angle)
	f.turnBy(axis, s, c)
}

func (f *frame) turnBy(axis int, s, c float64) {
	a, b := &f.x[(axis+1)%3], &f.x[(axis+2)%3]
	for k := range 3 {
		a[k], b[k] = c*a[k]+s*b[k], c*b[k]-s*a[k]
	}
}

// A link is a joint prepared for chains: fixed rotations, where there are any, as roll, pitch, yaw in sines and cosines.
type link struct {
	origin sim.Vec3
	fixed  bool
	rpy    [3][2]float64
	axis   int
}

var links = func() (out [2][DOF]link) {
	for s := range chains {
		for i, j := range chains[s] {
			l := link{origin: j.Origin, axis: j.Axis, fixed: j.RPY != [3]float64{}}
			for k, a := range j.RPY {
				l.rpy[k][0], l.rpy[k][1] = math.Sincos(a)
			}
			out[s][i] = l
		}
	}
	return out
}()

// advance goes over a joint.
func (f *frame) advance(l *link, q float64) {
	f.p = f.apply(&l.origin)
	if l.fixed { // R = Rz(yaw)·Ry(pitch)·Rx(roll)
		f.turnBy(2, l.rpy[2][0], l.rpy[2][1])
		f.turnBy(1, l.rpy[1][0], l.rpy[1][1])
		f.turnBy(0, l.rpy[0][0], l.rpy[0][1])
	}
	f.turn(l.axis, q)
}

var identity = frame{x: [3]sim.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}

// Forward is T_pelvis_palm at q.
func Forward(s Side, q Config) sim.Pose {
	f := identity
	for i := range links[s] {
		f.advance(&links[s][i], q[i])
	}
	f.p = f.apply(&TWristPalm[s].Pos)
	return f.pose()
}

// Links fills tPelvisLink with the poses of the pelvis and of the links after each joint, in the pelvis frame. Number 3 is the torso.
func Links(s Side, q Config, tPelvisLink *[DOF + 1]sim.Pose) {
	f := identity
	tPelvisLink[0] = sim.Identity()
	for i := range links[s] {
		f.advance(&links[s][i], q[i])
		tPelvisLink[i+1] = f.pose()
	}
}

// Jacobian fills jac with the palm's geometric Jacobian in the pelvis frame at q: column i is the linear [m/rad] and the angular velocity
// of pPelvisTool, a point that moves with the palm, for one rad/s at joint i.
func Jacobian(s Side, q Config, pPelvisTool sim.Vec3, jac *[DOF][6]float64) {
	f := identity
	for i := range links[s] {
		l := &links[s][i]
		f.advance(l, q[i])
		w := f.x[l.axis]
		v := w.Cross(pPelvisTool.Sub(f.p))
		jac[i] = [6]float64{v[0], v[1], v[2], w[0], w[1], w[2]}
	}
}
