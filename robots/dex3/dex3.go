// Package dex3 is Unitree's Dex3-1 hand: its dimensions and limits, forward kinematics of the fingers, pre-shapes, and looks.
//
// The palm frame is Unitree's: x along the fingers, index finger at +z and middle finger at -z. The left palm faces -y, the right one +y. A hand's joints
// in order: thumb 0, 1, 2; index 0, 1; middle 0, 1. Index and middle finger close with negative angles on the left hand, with positive
// ones on the right; the thumb the other way round.
package dex3

import (
	"github.com/refarena/refarena/sim"
)

// DOF is the number of joints.
const DOF = 7

// A Config is one position of all joints [rad].
type Config = [DOF]float64

// JointNames are the joints' names, after the prefix "left_hand_" or "right_hand_".
var JointNames = [DOF]string{"thumb_0_joint", "thumb_1_joint", "thumb_2_joint", "index_0_joint", "index_1_joint", "middle_0_joint", "middle_1_joint"}

// Min and Max are the right hand's limits [rad]. The left hand's are these, negated and exchanged.
var (
	Min = Config{-1.04719755, -1.04719755, -1.74532925, 0, 0, 0, 0}
	Max = Config{1.04719755, 0.61086523, 0, 1.57079632, 1.74532925, 1.57079632, 1.74532925}
)

const (
	// MaxTorque is what the thumb's first joint can [N·m]; MaxTorqueFinger all others.
	MaxTorque, MaxTorqueFinger = 2.45, 1.4
	// MaxSpeed is the speed of all joints but the thumb's first, which turns at 3.14 [rad/s].
	MaxSpeed = 12.0
	// Proximal and Distal are the lengths of the fingers' links, the latter up to the tip that Unitree's retargeting uses [m].
	Proximal, Distal = 0.0458, 0.050
)

// Places of the right hand's joints at q = 0, in the palm [m]; on the left hand y is negated.
var (
	thumb0  = sim.Vec3{0.0255, 0, 0}
	thumb1  = sim.Vec3{-0.0025, 0.0193, 0} // in thumb 0
	finger0 = sim.Vec3{0.0777, -0.0016, 0} // index at +FingerZ, middle at -FingerZ
)

// FingerZ is how far index and middle finger are from the hand's middle [m].
const FingerZ = 0.0285

// Fingers are the poses of the outer links, whose tips are Distal farther on (the thumb's along y, the others' along x), in the palm.
// side is 0 for the left hand and 1 for the right.
func Fingers(side int, q Config) (thumb, index, middle sim.Pose) {
	s := 2*float64(side) - 1
	z, y := sim.Vec3{0, 0, 1}, sim.Vec3{0, 1, 0}
	at := func(v sim.Vec3) sim.Pose { return sim.Translation(v[0], s*v[1], v[2]) }
	thumb = at(thumb0).Mul(sim.Rotation(q[0], y)).Mul(at(thumb1)).Mul(sim.Rotation(q[1], z)).Mul(sim.Translation(0, s*Proximal, 0)).Mul(sim.Rotation(q[2], z))
	finger := func(dz, a, b float64) sim.Pose {
		return at(finger0).Mul(sim.Translation(0, 0, dz)).Mul(sim.Rotation(a, z)).Mul(sim.Translation(Proximal, 0, 0)).Mul(sim.Rotation(b, z))
	}
	return thumb, finger(FingerZ, q[3], q[4]), finger(-FingerZ, q[5], q[6])
}

// Mirrored is the same shape of the other hand.
func Mirrored(q Config) Config {
	for i := 1; i < DOF; i++ {
		q[i] = -q[i]
	}
	return q // thumb 0 turns about y: z stays
}

// Limits are a joint's limits on the left (0) or right (1) hand [rad].
func Limits(side, joint int) (least, most float64) {
	if side == 0 {
		a, b := Mirrored(Min)[joint], Mirrored(Max)[joint]
		return min(a, b), max(a, b)
	}
	return Min[joint], Max[joint]
}
