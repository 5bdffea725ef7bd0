// Package ur5 is the arm of Universal Robots' UR5 (CB series, hardware series 3): its dimensions, limits and looks, forward kinematics
// and the closed-form inverse.
//
// Frames: base is ROS's base_link (z up, the arm along +x at q = 0, the controller's own "Base" turned by π about z); flange is the
// controller's frame for a zero tool, ROS's tool0 (z out of the flange). Joints in order: shoulder_pan, shoulder_lift, elbow,
// wrist_1, wrist_2, wrist_3.
package ur5

import (
	"math"

	"github.com/refarena/refarena/sim"
)

// DOF is the number of joints.
const DOF = 6

// A Config is one position of all joints [rad].
type Config = [DOF]float64

// Dimensions of the standard Denavit–Hartenberg table [m]; a2 and a3 are negative there. Source: UR's DH article and the CB3 service
// manual, hardware series 3 (series 1 and 2 differ by up to 1.65 mm).
const (
	d1 = 0.089159
	a2 = 0.42500
	a3 = 0.39225
	d4 = 0.10915
	d5 = 0.09465
	d6 = 0.08230
)

// Offsets along the joint axes to the link frames that the arm is drawn in; shoulderY - elbowY + wristY = d4.
const (
	shoulderY = 0.13585
	elbowY    = 0.11970
	wristY    = 0.09300
)

// JointNames are the joints' names in the MJCF and in ROS.
var JointNames = [DOF]string{
	"shoulder_pan_joint", "shoulder_lift_joint", "elbow_joint", "wrist_1_joint", "wrist_2_joint", "wrist_3_joint",
}

// LinkNames are the bodies' names in the MJCF and in ROS, base first. Their frames are the upright ones of ROS's older description.
var LinkNames = [DOF + 1]string{
	"base_link", "shoulder_link", "upper_arm_link", "forearm_link", "wrist_1_link", "wrist_2_link", "wrist_3_link",
}

// Min and Max are the joints' limits [rad]. The elbow turns ±2π too, but never needs to: ±π, as in the manufacturer's description.
var (
	Min = Config{-2 * math.Pi, -2 * math.Pi, -math.Pi, -2 * math.Pi, -2 * math.Pi, -2 * math.Pi}
	Max = Config{2 * math.Pi, 2 * math.Pi, math.Pi, 2 * math.Pi, 2 * math.Pi, 2 * math.Pi}
)

const (
	// Reach is the working radius [m], from the user manual.
	Reach = 0.850
	// MaxSpeed is every joint's speed limit [rad/s] (CB3 manual: 180°/s).
	MaxSpeed = math.Pi
	// MaxTorqueBig and MaxTorqueSmall limit the size-3 joints (pan, lift, elbow) and the size-1 wrists [N·m]; UR's joint torque article.
	MaxTorqueBig, MaxTorqueSmall = 150.0, 28.0
)

var (
	quarterY = sim.Quat{W: math.Sqrt2 / 2, V: sim.Vec3{0, math.Sqrt2 / 2, 0}}

	// links[i] is link i+1's frame in link i's at joint position 0, and the axis it turns about.
	links = [DOF]struct {
		pose sim.Pose
		axis int // 0 x, 1 y, 2 z
	}{
		{sim.Translation(0, 0, d1), 2},
		{sim.Pose{Pos: sim.Vec3{0, shoulderY, 0}, Rot: quarterY}, 1},
		{sim.Translation(0, -elbowY, a2), 1},
		{sim.Pose{Pos: sim.Vec3{0, 0, a3}, Rot: quarterY}, 1},
		{sim.Translation(0, wristY, 0), 2},
		{sim.Translation(0, 0, d5), 1},
	}

	// TWrist3Flange is the flange in the last link's frame.
	TWrist3Flange = sim.Pose{Pos: sim.Vec3{0, d6, 0}, Rot: sim.Quat{W: math.Sqrt2 / 2, V: sim.Vec3{-math.Sqrt2 / 2, 0, 0}}}
)

// Forward is T_base_flange at q [rad].
func Forward(q Config) sim.Pose {
	var tBaseLink [DOF + 1]sim.Pose
	Links(q, &tBaseLink)
	return tBaseLink[DOF].Mul(TWrist3Flange)
}

// Links fills tBaseLink with the poses of the seven links of LinkNames in the base frame at q [rad].
func Links(q Config, tBaseLink *[DOF + 1]sim.Pose) {
	tBaseLink[0] = sim.Identity()
	for i, l := range links {
		s, c := math.Sincos(q[i] / 2)
		turn := sim.Pose{Rot: sim.Quat{W: c}}
		turn.Rot.V[l.axis] = s
		tBaseLink[i+1] = tBaseLink[i].Mul(l.pose).Mul(turn)
	}
}

// Jacobian fills jac with the flange's geometric Jacobian in the base frame at q: column i is the linear [m/rad] and the angular
// velocity of pBaseTool, a point that moves with the flange, for one rad/s at joint i.
func Jacobian(q Config, pBaseTool sim.Vec3, jac *[DOF][6]float64) {
	var tBaseLink [DOF + 1]sim.Pose
	Links(q, &tBaseLink)
	for i, l := range links {
		w := tBaseLink[i+1].Axis(l.axis)
		v := w.Cross(pBaseTool.Sub(tBaseLink[i+1].Pos))
		jac[i] = [6]float64{v[0], v[1], v[2], w[0], w[1], w[2]}
	}
}

const (
	// edge is how near to ±1, inside or outside, a sine or cosine counts as the edge of the workspace, where two solutions are one.
	// It moves the flange by less than 1 nm, and keeps a pose that was rounded to 10 digits from tearing the pair 1e-4 rad apart.
	edge = 4e-9
	// parallel is the sine of wrist_2 below which the axes of wrist_1 and wrist_3 count as parallel.
	parallel = 1e-9
)

// Inverse fills sols with the joint positions [rad, each in (-π, π]] that bring the flange to tBaseFlange, and returns how many there
// are, 0 to 8. The order is fixed: shoulder left and right, wrist up and down, elbow up and down.
//
// Singular poses: with the arm stretched out or folded both elbows are one, and with p5, where the axes of wrist_2 and wrist_3 meet,
// at d4 from the pan axis both shoulders are one: they are listed once. With wrist_1 and wrist_3 parallel (wrist_2 at 0 or π) these
// only turn together: wrist_3 is put at q6, and both wrists are listed once. Nearer than d4 to the pan axis p5 cannot be.
//
// It is the classical decomposition (Hawkins, "Analytic inverse kinematics for the Universal Robots UR-5/UR-10 arms", 2013), in
// vectors: n is the axis of the three parallel joints, k the axis of wrist_2.
func Inverse(tBaseFlange sim.Pose, q6 float64, sols *[8]Config) int {
	x, y, z := tBaseFlange.Axis(0), tBaseFlange.Axis(1), tBaseFlange.Axis(2)
	p5 := tBaseFlange.Pos.Sub(z.Mul(d6))

	// Pan: n·p5 = d4, so sin(φ - q1) = d4/R, φ and R being p5's polar coordinates about the pan axis.
	r := math.Hypot(p5[0], p5[1])
	if r < d4*(1-edge) || math.IsNaN(r) {
		return 0
	}
	phi, asin, shoulders := math.Atan2(p5[1], p5[0]), math.Pi/2, 1
	if d4/r < 1-edge {
		asin, shoulders = math.Asin(d4/r), 2
	}
	count := 0
	for shoulder := range shoulders {
		q1 := phi - asin
		if shoulder == 1 {
			q1 = phi - math.Pi + asin
		}
		s1, c1 := math.Sincos(q1)
		n := sim.Vec3{-s1, c1, 0}

		// Wrist 2 and 3: seen from n, the flange's axes are n·x = s5·c6, n·y = -s5·s6, n·z = c5.
		s5, c5 := math.Hypot(n.Dot(x), n.Dot(y)), n.Dot(z)
		wrists := 2
		if s5 < parallel {
			wrists = 1
		}
		for w := range wrists {
			q5, q6 := math.Atan2(s5, c5), q6
			if wrists == 2 {
				q6 = math.Atan2(-n.Dot(y), n.Dot(x))
				if w == 1 {
					q5, q6 = -q5, q6+math.Pi
				}
			}
			s6, c6 := math.Sincos(q6)
			k := x.Mul(-s6).Sub(y.Mul(c6))
			pWrist := p5.Sub(k.Mul(d5)).Sub(n.Mul(d4)) // wrist_1's axis, in the plane of the arm

			// Shoulder lift, elbow and wrist 1: two links in the plane of e (outwards) and down.
			u, v := c1*pWrist[0]+s1*pWrist[1], d1-pWrist[2]
			c3 := (u*u + v*v - a2*a2 - a3*a3) / (2 * a2 * a3)
			if math.Abs(c3) > 1+edge || math.IsNaN(c3) {
				continue
			}
			s3 := 0.0
			if math.Abs(c3) < 1-edge {
				s3 = math.Sqrt((1 - c3) * (1 + c3))
			}
			q234 := math.Atan2(-(c1*k[0] + s1*k[1]), -k[2])
			for range 2 {
				q3 := math.Atan2(s3, c3)
				q2 := math.Atan2(v, u) - math.Atan2(a3*s3, a2+a3*c3)
				sols[count] = Config{wrap(q1), wrap(q2), q3, wrap(q234 - q2 - q3), q5, wrap(q6)}
				count++
				if s3 == 0 {
					break
				}
				s3 = -s3
			}
		}
	}
	return count
}

// wrap is the angle in (-π, π].
func wrap(a float64) float64 {
	a = math.Remainder(a, 2*math.Pi)
	if a <= -math.Pi {
		a += 2 * math.Pi
	}
	return a
}

// Nearest moves each joint of q by whole turns to where it is nearest to seed inside the limits, and reports whether every joint has
// such a place.
func Nearest(q, seed Config) (Config, bool) {
	for i := range q {
		a := q[i] + 2*math.Pi*math.Round((seed[i]-q[i])/(2*math.Pi))
		for a > Max[i]+edge {
			a -= 2 * math.Pi
		}
		for a < Min[i]-edge {
			a += 2 * math.Pi
		}
		if a > Max[i]+edge {
			return q, false
		}
		q[i] = min(max(a, Min[i]), Max[i])
	}
	return q, true
}

// Images calls yield with q and every configuration that differs from it by whole turns of joints, inside the limits, in a fixed
// order, until yield returns false. Generic positions have 32 (the elbow has one place, each other joint two).
func Images(q Config, yield func(Config) bool) {
	images(q, 0, yield)
}

func images(q Config, joint int, yield func(Config) bool) bool {
	if joint == DOF {
		return yield(q)
	}
	first := q[joint] - 2*math.Pi*math.Floor((q[joint]-Min[joint]+edge)/(2*math.Pi))
	for a := first; a <= Max[joint]+edge; a += 2 * math.Pi {
		q[joint] = a
		if !images(q, joint+1, yield) {
			return false
		}
	}
	return true
}
