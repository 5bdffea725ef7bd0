package dex3

import (
	"math"

	"github.com/refarena/refarena/sim"
)

// A Preshape is a way to grasp: which fingers oppose the thumb, and how they close. In Tripod and Pinch the hand closes like a gripper with
// two parallel fingers: the pads stay parallel while they are far apart and lean towards each other by up to 12° below 42 mm. In Power it closes
// around what is in it, each joint until it is held up (see Wrap).
//
// The closing direction joins the thumb's second joint and the fingers' first ones, so that thumb and fingers reach equally far; the hand
// points at right angles to it, 69° from the palm's x axis, out of the palm.
type Preshape int

// The pre-shapes.
const (
	// Tripod is the thumb between index and middle finger: a grip at three places, for what is wider than the gap between these two.
	Tripod Preshape = iota
	// Pinch is the thumb, turned towards it, and the index finger; the middle finger stays straight. For what is small.
	Pinch
	// Power is the tripod with what is held deep in the hand, up to the palm: thumb and fingers close around it with their inner and their outer
	// links. For what is wide or heavy.
	Power
)

func (p Preshape) String() string { return [...]string{"tripod", "pinch", "power"}[p] }

const (
	padHalf  = 0.0085 // half the thickness of a pad [m]
	tipReach = 0.051  // of the outer links [m]
	padAt    = 0.035  // along the outer links, where contacts are taken to be [m]
)

var (
	thumbBase  = sim.Vec3{thumb0[0] + thumb1[0], thumb1[1], 0}
	gap        = thumbBase.Sub(finger0)
	opposition = gap.Mul(1 / gap.Len())                     // closing direction, from the fingers to the thumb
	out        = sim.Vec3{opposition[1], -opposition[0], 0} // where the hand points
	lean       = math.Atan2(out[1], out[0])                 // of out from the palm's x axis [rad]
	parallel   = gap.Len() - 2*padHalf                      // the opening at which the inner links point along out, too [m]
	middle     = finger0.Add(thumbBase).Mul(0.5)            // between the bases
	eeAt       = middle.Add(out.Mul(Proximal + tipReach))   // between the tips, at their farthest
	pivot      = eeAt[0] - thumb0[0]                        // of the closed tips from the axis of thumb 0, along x
)

// Palm is how far behind the ee frame's origin the middle of the palm is [m].
var Palm = (eeAt[1] - palmY) / out[1]

const palmY = 0.0155 // the palm's surface [m]

// Hollow is how far from its middle the open hand, between the inner links, has room, at a distance behind the ee frame's origin [m]: what has its
// middle there can be that wide.
func Hollow(width, back float64) float64 {
	inner, _ := leans(width)
	return gap.Len()/2 + max(0, Proximal+tipReach-back)*math.Tan(inner) - innerHalf/math.Cos(inner)
}

const innerHalf = 0.011 // half the thickness of an inner link [m]

// MaxWidth is the widest opening of a pre-shape [m].
func (p Preshape) MaxWidth() float64 {
	if p == Pinch {
		return 0.060 // where the thumb turns by 43°
	}
	return 0.108
}

// TPalmEE is the ee frame in the palm of the left (0) or right (1) hand: its origin between the tips when they reach farthest, z along where
// the hand points, y along the closing direction, from the fingers to the thumb.
func (p Preshape) TPalmEE(side int) sim.Pose {
	at, y, z := eeAt, opposition, out
	if side == 0 {
		at[1], y[1], z[1] = -at[1], -y[1], -z[1]
	}
	if p == Pinch {
		at[2] += FingerZ
	}
	return sim.Pose{Pos: at, Rot: sim.QuatFromAxes(y.Cross(z), y, z)}
}

// leans are the angles of the inner link and of the outer link from out at an opening, outwards [rad].
func leans(width float64) (inner, outer float64) {
	half := (width - parallel) / 2
	if half >= 0 {
		return math.Asin(min(half/Proximal, 1)), 0
	}
	a := math.Asin(max(half/(Proximal+tipReach), -1))
	return a, a
}

// leans of a pre-shape: in a power grasp the outer links stay parallel while they are not held up by anything.
func (p Preshape) leans(width float64) (inner, outer float64) {
	if p == Power {
		return math.Asin(min(max((width-parallel)/2/Proximal, -1), 1)), 0
	}
	return leans(width)
}

// TipBack is how far the tips are behind the ee frame's origin at an opening [m].
func (p Preshape) TipBack(width float64) float64 {
	inner, outer := p.leans(width)
	return Proximal*(1-math.Cos(inner)) + tipReach*(1-math.Cos(outer))
}

// Posture fills q with the joint positions of the left (0) or right (1) hand at an opening [m]; less than 0 presses. They are within the limits.
func (p Preshape) Posture(side int, width float64, q *Config) {
	inner, outer := p.leans(width)
	*q = Config{
		0, lean - math.Pi/2 + inner, outer - inner,
		lean - inner, inner - outer, lean - inner, inner - outer,
	}
	if p == Pinch {
		// The thumb turns about thumb 0 until it faces the index finger, and reaches farther by what that takes it away.
		x := pivot + opposition[0]*(width/2+padHalf)
		reach := math.Hypot(x, FingerZ)
		q[0] = -math.Atan2(FingerZ, max(x, 0))
		inner, outer = leans(2 * ((reach-pivot)/opposition[0] - padHalf))
		q[1], q[2] = lean-math.Pi/2+inner, outer-inner
		q[5], q[6] = 0, 0
	}
	for i := range q {
		q[i] = min(max(q[i], Min[i]), Max[i])
	}
	if side == 0 {
		*q = Mirrored(*q)
	}
}

// Width is the opening at joint positions of the left (0) or right (1) hand [m], the inverse of Posture. That of a power grasp is where the inner links
// end: it does not tell how far the outer ones are closed around what is held.
func (p Preshape) Width(side int, q *Config) float64 {
	s := *q
	if side == 0 {
		s = Mirrored(s)
	}
	off := func(a, b float64) float64 { // outwards
		if p == Power {
			b = 0
		}
		return Proximal*math.Sin(a) + tipReach*math.Sin(b)
	}
	thumb := off(s[1]-lean+math.Pi/2, s[1]+s[2]-lean+math.Pi/2)
	fingers := off(lean-s[3], lean-s[3]-s[4])
	if p != Pinch {
		fingers = (fingers + off(lean-s[5], lean-s[5]-s[6])) / 2
	}
	reach := pivot + opposition[0]*(parallel/2+padHalf+thumb)
	return parallel + thumb + fingers - opposition[0]*reach*(1-math.Cos(s[0]))
}

// Grip is the force with which thumb and fingers press on something between the middles of their pads, from the motors' torques [N].
func (p Preshape) Grip(side int, torque *Config) float64 {
	s := *torque
	if side == 0 {
		s = Mirrored(s)
	}
	thumb, fingers := -s[1], s[3]
	if p != Pinch {
		fingers += s[5]
	}
	return min(thumb, fingers) / (Proximal + padAt)
}

// MaxForce is what the weakest joint, the thumb's second, allows at the tips [N].
const MaxForce = MaxTorqueFinger / (Proximal + tipReach)

// Wrap is the torque of each joint of the left (0) or right (1) hand that stands for 1 N at the middles of the pads in a power grasp, with the sign
// of closing [N·m]: the two fingers share what the thumb bears, and the outer links press
// less than that, so that they give way to what the inner ones press them on, until it lies flat along them.
func Wrap(side int) Config {
	const inner, outer = Proximal + padAt, 0.025
	q := Config{0, -inner, -outer, inner / 2, outer / 2, inner / 2, outer / 2}
	if side == 0 {
		q = Mirrored(q)
	}
	return q
}
