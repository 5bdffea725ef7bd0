package robots

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/refarena/refarena/assets"
	"github.com/refarena/refarena/robots/dex3"
	"github.com/refarena/refarena/robots/g1"
	"github.com/refarena/refarena/sim"
)

// tBasePelvis is where the G1 stands: base is at the world's origin, level with the top of a table of 0.75 m, and the pelvis is held at
// standing height behind the table. As in the MJCF.
var tBasePelvis = sim.Translation(0.05, 0, g1.StandHeight-0.75)

// g1HomeArm is where the left arm rests, the right arm being its mirror image: the hands are beside what the head's camera sees, pointing down, over what
// stands on a table, and clear of one at the robot's side.
var g1HomeArm = g1.ArmConfig{0.16, 1.31, 0.99, -0.04, 0.08, -0.23, -1.20}

// g1Home is the position of waist and arm at rest.
func g1Home(s g1.Side) g1.Config {
	var q g1.Config
	copy(q[g1.Waist:], g1HomeArm[:])
	if s == g1.Right {
		for i, j := range g1.Joints(s) {
			if i >= g1.Waist && j.Axis != 1 {
				q[i] = -q[i]
			}
		}
	}
	return q
}

// newG1 is the G1: six ways to act, right and left hand, tripod, power and pinch.
func newG1() *Robot {
	var modes []*Robot
	for _, s := range [...]g1.Side{g1.Right, g1.Left} {
		for _, p := range [...]dex3.Preshape{dex3.Tripod, dex3.Power, dex3.Pinch} {
			modes = append(modes, newG1Mode(s, p))
		}
	}
	r := modes[0]
	r.others = modes[1:]
	return r
}

func newG1Mode(s g1.Side, p dex3.Preshape) *Robot {
	arm := g1Arm{side: s, tPalmEE: p.TPalmEE(int(s))}
	home := g1Home(s)
	r := &Robot{
		Name: "g1", Title: "Unitree G1 (29 joints) with Dex3-1 hands", Mode: fmt.Sprintf("%v %v", s, p), Side: s.String(), Camera: "g1-head",
		Arm: Arm{
			Kinematics: arm, Home: home[:], Base: "base", Beside: true, Trunk: g1Torso, Reach: 0.72, Payload: [2]float64{1, 2}, Sweep: g1Sweep[:],
			Twist: g1.DOF - 2, Straight: []float64{g1Straight(s)}, // wrist pitch; with the wrist yawed so that its axis is the hand's
		},
		Hand: Hand{
			Kind: p.String(),
			// Closed on nothing the thumb goes on between the two fingers.
			MaxWidth: p.MaxWidth(), Nothing: -0.004, Reserve: 0.014, MinForce: 1, MaxForce: 14, MaxSpeed: 0.25, LoadAccel: 2.5,
			FingerWidth: 0.083, FingerThickness: 0.023, PadLength: 0.045, Depth: 0.066, PalmHalf: [2]float64{0.046, 0.078},
			TipBack: p.TipBack,
		},
		build: buildG1,
	}
	var late []int
	switch p {
	case dex3.Pinch:
		// The middle finger sticks out straight, 60 mm behind the tips: nothing may be there.
		r.Hand.FingerWidth, r.Hand.Depth, r.Hand.PalmHalf, r.Hand.Handicap = 0.026, 0.058, [2]float64{0.074, 0.110}, 5
		r.Hand.Thin = 0.014
		r.Hand.Nothing = 0.0038 // pressed together the finger tips bend back: the joints then say 3.2 mm
	case dex3.Tripod:
		r.Hand.FingerGap = 2 * (dex3.FingerZ - 0.011)
		r.Hand.Thin = 0.025
		late = []int{5, 6} // the middle finger
	case dex3.Power:
		// Around what is up to 88 mm wide and reaches at least 55 mm into the hand, up to the palm. Closed on nothing, the inner links meet the palm.
		h := &r.Hand
		h.FingerGap, h.Depth, h.PadLength = 2*(dex3.FingerZ-0.011), dex3.Palm, 0.060
		h.MinWidth, h.MinDepth, h.Spare, h.Reserve, h.Nothing = 0.050, 0.055, 0.028, 0.020, 0.022
		h.Hollow, h.Handicap, h.MaxForce = dex3.Hollow, g1PowerHandicap, 16.5
	}
	f := &Fingers{
		Posture: func(width float64, q []float64) {
			var c dex3.Config
			p.Posture(int(s), width, &c)
			copy(q, c[:])
		},
		Width: func(q []float64) float64 {
			c := dex3.Config(q)
			return p.Width(int(s), &c)
		},
		Grip: func(torque []float64) float64 {
			c := dex3.Config(torque)
			return p.Grip(int(s), &c)
		},
		Most: 0.030, Late: late, LateBy: 0.014,
	}
	if p == dex3.Power {
		wrap := dex3.Wrap(int(s))
		f.Wrap, f.Groups = wrap[:], [][]int{{1, 3, 5}, {2, 4, 6}} // inner links, outer links
		for i := range wrap {
			lo, hi := dex3.Limits(int(s), i)
			f.Limits = append(f.Limits, [2]float64{lo, hi})
		}
	}
	for _, name := range dex3.JointNames {
		f.Joints = append(f.Joints, s.String()+"_hand_"+name)
	}
	r.Hand.Fingers = f
	for i, j := range g1.Joints(s) {
		r.Arm.Joints = append(r.Arm.Joints, g1Joint(i, j))
	}
	other := 1 - s
	rest := g1Home(other)
	for i, j := range g1.Joints(other) {
		if i >= g1.Waist {
			r.Rest = append(r.Rest, RestJoint{g1Joint(i, j), rest[i]})
		}
	}
	r.Arm.Parts, r.Arm.HandParts = g1Parts(s, p)
	r.Arm.Pairs = pairs(r.Arm.Parts, g1Apart)
	return r
}

// g1Straight is the wrist's yaw at which the axis of its pitch joint is parallel to where the hand points [rad].
func g1Straight(s g1.Side) float64 {
	out := dex3.Tripod.TPalmEE(int(s)).Axis(2) // all pre-shapes point alike
	return math.Atan(out[0] / out[1])
}

// g1PowerHandicap is what a power grasp costs more than a tripod's, if the planner finds both (see Grasp.Cost): less, it holds better.
const g1PowerHandicap = -2.0

// g1Joint is a joint of waist or arm as motions are planned with it. Unitree's motors turn at 20 to 37 rad/s; accelerations are what their torques allow
// with a kilogram in the hand.
func g1Joint(i int, j g1.Joint) Joint {
	out := Joint{
		Name: j.Name, Actuator: j.Name[:len(j.Name)-len("_joint")], Min: j.Min, Max: j.Max,
		MaxSpeed: 5, MaxAccel: 9, MaxJerk: 180, MaxTorque: j.Torque, Lead: 0.020,
	}
	switch {
	case i < g1.Waist:
		out.MaxSpeed, out.MaxAccel, out.MaxJerk, out.Lead = 1.5, 4, 80, 0.025
	case i < g1.Waist+2:
		out.Lead = 0.022
	case i >= g1.Waist+5:
		out.Lead = 0.015
	}
	return out
}

// buildG1 composes the body and its looks.
func buildG1() (*sim.Spec, error) {
	s, err := sim.ParseMJCF(assets.G1)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(g1.Dress(s), dex3.Dress(s)); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// g1Ankle is how far the ankles are bent for the pelvis to be level: its arms and trunk are before its feet [rad].
const g1Ankle = 0.022

// newFreeG1 is the G1 on its own feet: nothing holds its pelvis. Its legs stand straight; the servos hold each joint where it is and know nothing of
// balance. A push, or reaching far, makes it fall.
func newFreeG1() *Robot {
	r := newG1()
	stance := &Stance{Joint: "pelvis", Tilt: 0.8, Drop: 0.25}
	for _, side := range [...]string{"left", "right"} {
		for _, name := range [...]string{"hip_pitch", "hip_roll", "hip_yaw", "knee", "ankle_pitch", "ankle_roll"} {
			j := side + "_" + name
			home := 0.0
			if name == "ankle_pitch" {
				home = g1Ankle
			}
			stance.Legs = append(stance.Legs, RestJoint{Joint{Name: j + "_joint", Actuator: j}, home})
		}
	}
	for _, m := range r.Modes() {
		m.Name, m.Title, m.Stance = "g1-free", r.Title+", its pelvis free", stance
	}
	r.build = func() (*sim.Spec, error) {
		s, err := buildG1()
		if err != nil {
			return nil, err
		}
		base, err := s.Body(r.Arm.Base)
		if err != nil {
			s.Close()
			return nil, err
		}
		base.AddFreeJoint(stance.Joint)
		s.SetGravityCompensation(0) // which would bear the whole robot
		return s, nil
	}
	return r
}

// g1Arm is the kinematics of waist, arm and a pre-shape of the hand.
type g1Arm struct {
	side    g1.Side
	tPalmEE sim.Pose
}

func (a g1Arm) Forward(q []float64) sim.Pose {
	return tBasePelvis.Mul(g1.Forward(a.side, g1.Config(q))).Mul(a.tPalmEE)
}

// Waist positions that Inverse tries [rad].
var (
	g1WaistYaw   = [...]float64{0, 0.4, -0.4, 0.8, -0.8}
	g1WaistPitch = [...]float64{0, 0.18, 0.36, 0.51}
	g1WaistLean  = [...]float64{0.25, 0.48} // to the side, if no other reaches
)

// g1Margin is what Inverse keeps from the joints' limits, so that curves through its positions are inside [rad].
const g1Margin = 0.02

// g1Rows is how many positions Inverse lists, at most.
const g1Rows = 4

// InverseAnyhow is Inverse with the waist in whatever position it takes (see g1.Inverse): half as many poses again of a hand above the table are reached,
// bent down or leaning over; it takes nearly three times as long.
func (a g1Arm) InverseAnyhow(tBaseEE sim.Pose, seed []float64, buf []float64) []float64 {
	buf = buf[:0]
	var sols [8]g1.Config
	near := g1.Config(seed)
	n := g1.Inverse(a.side, tBasePelvis.Inv().Mul(tBaseEE).Mul(a.tPalmEE.Inv()), near, g1.Options{Most: len(sols), Margin: g1Margin}, &sols)
	found := sols[:n]
	slices.SortStableFunc(found, func(p, q g1.Config) int { return cmp.Compare(a.cost(&p, seed), a.cost(&q, seed)) })
	for i := range found {
		buf = append(buf, found[i][:]...)
	}
	return buf
}

// cost is what a position costs: its distance from seed, a turned or bent waist, and its posture.
func (a g1Arm) cost(q *g1.Config, seed []float64) float64 {
	return jointDistance(q[:], seed) + 0.5*math.Abs(q[0]) + 0.8*math.Abs(q[2]) + g1Posture(a.side, q)
}

// Inverse lists the nearest positions that waist and arm reach from seed by the shortest way, if that is near, or else the best of those for
// some positions of the waist.
func (a g1Arm) Inverse(tBaseEE sim.Pose, seed []float64, buf []float64) []float64 {
	buf = buf[:0]
	tPelvisPalm := tBasePelvis.Inv().Mul(tBaseEE).Mul(a.tPalmEE.Inv())
	near := g1.Config(seed)
	q := near
	if g1.Track(a.side, tPelvisPalm, &q, g1Margin) {
		if jointDistance(q[:], seed) < 0.3 {
			return append(buf, q[:]...)
		}
	}
	var rows [g1Rows]g1.Config
	var cost [g1Rows]float64
	n := 0
	keep := func(q *g1.Config) {
		c := a.cost(q, seed)
		if n == g1Rows && c >= cost[n-1] {
			return
		}
		if n < g1Rows {
			n++
		}
		k := n - 1
		for ; k > 0 && cost[k-1] > c; k-- {
			cost[k], rows[k] = cost[k-1], rows[k-1]
		}
		cost[k], rows[k] = c, *q
	}
	var sols [8]g1.ArmConfig
	opt := g1.Options{Most: 2, Quick: true, Margin: g1Margin}
	seedArm := g1.ArmConfig(seed[g1.Waist:])
	try := func(yaw, roll, pitch float64) {
		full := g1.Config{yaw, roll, pitch}
		var tPelvisLink [g1.DOF + 1]sim.Pose
		g1.Links(a.side, full, &tPelvisLink)
		for _, arm := range sols[:g1.InverseArm(a.side, tPelvisLink[g1.Waist].Inv().Mul(tPelvisPalm), seedArm, opt, &sols)] {
			copy(full[g1.Waist:], arm[:])
			keep(&full)
		}
	}
	for _, yaw := range g1WaistYaw {
		for _, pitch := range g1WaistPitch {
			try(yaw, 0, pitch)
		}
	}
	if n == 0 { // leaning over to where it is
		for _, lean := range g1WaistLean {
			roll := -math.Copysign(lean, tPelvisPalm.Pos[1])
			for _, yaw := range g1WaistYaw[:3] {
				try(yaw, roll, 0)
				try(yaw, roll, 0.3)
			}
		}
	}
	for i := range rows[:n] {
		buf = append(buf, rows[i][:]...)
	}
	return buf
}

// g1Posture is what a position costs for being near a singularity or a limit.
func g1Posture(s g1.Side, q *g1.Config) float64 {
	cost := 0.0
	if m := g1.Manipulability(s, *q); m < g1Nimble {
		cost += 0.8 * (1 - m/g1Nimble)
	}
	for i, j := range g1.Joints(s) {
		if room := min(q[i]-j.Min, j.Max-q[i]); i >= g1.Waist && room < 0.15 {
			cost += 0.5 * (1 - room/0.15)
		}
	}
	return cost
}

// g1Nimble is a manipulability above which the arm is far from singular [m⁶].
const g1Nimble = 2e-5

func (a g1Arm) ToolForce(q, torque []float64, dir sim.Vec3) float64 {
	c := g1.Config(q)
	var jac [g1.DOF][6]float64
	g1.Jacobian(a.side, c, g1.Forward(a.side, c).Mul(a.tPalmEE).Pos, &jac)
	var num, den float64 // τ = Jᵀ·dir·f, solved for f by least squares
	for i := range jac {
		j := jac[i][0]*dir[0] + jac[i][1]*dir[1] + jac[i][2]*dir[2]
		num += j * torque[i]
		den += j * j
	}
	return num / max(den, 1e-6)
}

func (a g1Arm) Links(q []float64, buf []sim.Pose) []sim.Pose {
	var tPelvisLink [g1.DOF + 1]sim.Pose
	g1.Links(a.side, g1.Config(q), &tPelvisLink)
	buf = append(buf[:0], sim.Identity())
	for _, t := range tPelvisLink[1:] {
		buf = append(buf, tBasePelvis.Mul(t))
	}
	return buf
}

// Numbers of links: of Kinematics.Links.
const (
	g1Base  = 0
	g1Torso = g1.Waist
	g1Upper = g1.Waist + 1 // the shoulder's first link
	g1Wrist = g1.DOF       // the last one, with palm and fingers
)

// g1ArmCapsules are the links of the left arm in their frames, a little outside of the collision geometry of the MJCF.
var g1ArmCapsules = [...]Part{
	{g1Upper, Capsule{sim.Vec3{0, 0.030, -0.010}, sim.Vec3{0, 0.045, -0.010}, 0.034}},
	{g1Upper + 1, Capsule{sim.Vec3{0, 0.004, -0.002}, sim.Vec3{0, 0.004, -0.068}, 0.036}},
	{g1Upper + 2, Capsule{sim.Vec3{0.004, -0.003, -0.005}, sim.Vec3{0.012, -0.003, -0.080}, 0.036}},
	{g1Upper + 3, Capsule{sim.Vec3{0.006, 0.002, -0.006}, sim.Vec3{0.075, 0.002, -0.009}, 0.033}},
	{g1Upper + 4, Capsule{sim.Vec3{0.015, 0, 0}, sim.Vec3{0.035, 0, 0}, 0.031}},
	{g1Upper + 5, Capsule{sim.Vec3{0, 0, 0}, sim.Vec3{0.046, 0, 0}, 0.031}},
	{g1Wrist, Capsule{sim.Vec3{0.002, 0.003, 0}, sim.Vec3{0.020, 0.003, 0}, 0.031}},
}

// g1HandParts are palm and fingers of a hand at some openings, in the frame of the wrist's last link.
func g1HandParts(s g1.Side, p dex3.Preshape, openings ...float64) []Part {
	var parts []Part
	add := func(a, b sim.Vec3, r float64) {
		t := g1.TWristPalm[s]
		parts = append(parts, Part{g1Wrist, Capsule{t.Apply(a), t.Apply(b), r}})
	}
	for _, z := range [3]float64{-0.024, 0, 0.024} {
		add(sim.Vec3{0.014, 0, z}, sim.Vec3{0.066, 0, z}, 0.023)
	}
	sign := 2*float64(s) - 1
	for _, w := range openings {
		var q dex3.Config
		p.Posture(int(s), w, &q)
		thumb, index, middle := dex3.Fingers(int(s), q)
		root := sim.Vec3{0.0245, sign * 0.0193, 0}
		add(root, thumb.Pos, 0.0135)
		add(thumb.Pos, thumb.Apply(sim.Vec3{0, sign * 0.042, 0}), 0.014)
		for k, f := range [2]sim.Pose{index, middle} {
			z := (1 - 2*float64(k)) * dex3.FingerZ
			add(sim.Vec3{0.0777, sign * -0.0016, z}, f.Pos, 0.0135)
			add(f.Pos, f.Apply(sim.Vec3{0.042, 0, 0}), 0.014)
		}
	}
	return parts
}

// g1Body are pelvis, trunk and head: link, in its frame (the pelvis in base).
var g1Body = [...]Part{
	{g1Base, Capsule{sim.Vec3{0.05, -0.030, -0.02}, sim.Vec3{0.05, 0.030, -0.02}, 0.060}},
	{g1Torso, Capsule{sim.Vec3{0.008, -0.035, 0.090}, sim.Vec3{0.008, -0.035, 0.245}, 0.072}},
	{g1Torso, Capsule{sim.Vec3{0.008, 0.035, 0.090}, sim.Vec3{0.008, 0.035, 0.245}, 0.072}},
	{g1Torso, Capsule{sim.Vec3{0.008, 0, 0.330}, sim.Vec3{0.008, 0, 0.425}, 0.068}},
}

// g1Parts are body, the other arm at rest, and the arm with its hand at all openings.
func g1Parts(s g1.Side, p dex3.Preshape) (parts []Part, hand int) {
	parts = append(parts, g1Body[:]...)
	other := 1 - s
	var tPelvisLink [g1.DOF + 1]sim.Pose
	g1.Links(other, g1Home(other), &tPelvisLink)
	tTorsoPelvis := tPelvisLink[g1Torso].Inv()
	for _, c := range append(g1ArmLinks(other), g1HandParts(other, dex3.Tripod, dex3.Tripod.MaxWidth())...) {
		t := tTorsoPelvis.Mul(tPelvisLink[c.Link])
		parts = append(parts, Part{g1Torso, Capsule{t.Apply(c.A), t.Apply(c.B), c.Radius}})
	}
	parts = append(parts, g1ArmLinks(s)...)
	fingers := g1HandParts(s, p, 0, p.MaxWidth()/2, p.MaxWidth())
	return append(parts, fingers...), len(fingers)
}

// g1ArmLinks is g1ArmCapsules of a side.
func g1ArmLinks(s g1.Side) []Part {
	parts := slices.Clone(g1ArmCapsules[:])
	if s == g1.Right {
		for i := range parts {
			parts[i].A[1], parts[i].B[1] = -parts[i].A[1], -parts[i].B[1]
		}
	}
	return parts
}

// g1Apart are links, in pairs, that the joints between them keep from each other.
func g1Apart(a, b int) bool {
	switch {
	case a == b, a >= g1Upper && b-a < 3, a < g1Upper && b < g1Upper:
		return true
	case a == g1Torso && b <= g1Upper+1, a == g1Base && b <= g1Upper+1:
		return true
	}
	return false
}

// g1Sweep bounds the distance of what each joint moves from its axis, out to the finger tips.
var g1Sweep = [g1.DOF]float64{0.90, 1.05, 1.05, 0.66, 0.65, 0.42, 0.43, 0.27, 0.28, 0.22}

// Capsules are what body, both arms and the open hand take up.
func (a g1Arm) Capsules(q []float64, buf []Capsule) []Capsule {
	links := a.Links(q, nil)
	buf = buf[:0]
	for _, p := range g1Seen(a.side) {
		t := &links[p.Link]
		buf = append(buf, Capsule{t.Apply(p.A), t.Apply(p.B), p.Radius})
	}
	return buf
}

// g1Seen are the parts of Capsules: those of the pre-shape that takes most room.
func g1Seen(s g1.Side) []Part { return g1SeenParts()[s] }

var g1SeenParts = sync.OnceValue(func() (out [2][]Part) {
	for s := range out {
		out[s], _ = g1Parts(g1.Side(s), dex3.Tripod)
	}
	return out
})
