package dex3

import (
	"math"

	"github.com/refarena/refarena/sim"
)

// A Preshape is a way to grasp: which fingers oppose the thumb, and how far apart they begin. In each the hand closes like a gripper with
// two parallel fingers: the pads stay parallel while they are far apart and lean towards each other by up to 12° below 42 mm.
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
)

func (p Preshape) String() string { return [...]string{"tripod", "pinch"}[p] }

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

// TipBack is how far the tips are behind the ee frame's origin at an opening [m].
func (p Preshape) TipBack(width float64) float64 {
	inner, outer := leans(width)
	return Proximal*(1-math.Cos(inner)) + tipReach*(1-math.Cos(outer))
}

// Posture fills q with the joint positions of the left (0) or right (1) hand at an opening [m]; less than 0 presses. They are within the limits.
func (p Preshape) Posture(side int, width float64, q *Config) {
	inner, outer := leans(width)
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

// Width is the opening at joint positions of the left (0) or right (1) hand [m], the inverse of Posture.
func (p Preshape) Width(side int, q *Config) float64 {
	s := *q
	if side == 0 {
		s = Mirrored(s)
	}
	off := func(a, b float64) float64 { return Proximal*math.Sin(a) + tipReach*math.Sin(b) } // outwards
	thumb := off(s[1]-lean+math.Pi/2, s[1]+s[2]-lean+math.Pi/2)
	fingers := off(lean-s[3], lean-s[3]-s[4])
	if p == Tripod {
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
	if p == Tripod {
		fingers += s[5]
	}
	return min(thumb, fingers) / (Proximal + padAt)
}

// MaxForce is what the weakest joint, the thumb's second, allows at the tips [N].
const MaxForce = MaxTorqueFinger / (Proximal + tipReach)
