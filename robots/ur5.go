package robots

import (
	"errors"
	"math"
	"slices"

	"github.com/refarena/refarena/assets"
	"github.com/refarena/refarena/robots/robotiq"
	"github.com/refarena/refarena/robots/ur5"
	"github.com/refarena/refarena/sim"
)

// gripperPrefix begins the names of the gripper's parts.
const gripperPrefix = "gripper/"

// tFlangeEE is the ee frame behind UR's flange.
var tFlangeEE = sim.Translation(0, 0, robotiq.MountZ+robotiq.TipZ)

// ur5Home folds the arm up: the hand points down in front of the base, short of the task zone, so that from across the table nothing
// of the robot hides anything in the zone.
var ur5Home = ur5.Config{-0.65, -2.43, 2.09, 0.34 - math.Pi/2, -math.Pi / 2, 0.92}

func newUR5() *Robot {
	r := &Robot{
		Name:  "ur5",
		Title: "Universal Robots UR5 (CB3) with a Robotiq 2F-85",
		Arm: Arm{
			Kinematics: ur5Arm{}, Home: slices.Clone(ur5Home[:]), Base: ur5.LinkNames[0], Reach: ur5.Reach,
			Payload: [2]float64{4, 4}, // 5 with the gripper
			Twist:   ur5.DOF - 1, Parts: ur5Parts(), HandParts: 16, Sweep: ur5Sweep[:],
		},
		Hand: Hand{
			MaxWidth: robotiq.MaxWidth, MinForce: robotiq.MinForce, MaxForce: robotiq.MaxForce, MaxSpeed: robotiq.MaxSpeed,
			FingerWidth: 0.027, FingerThickness: 0.022, PadLength: robotiq.PadLength, Depth: 0.070, PalmHalf: [2]float64{0.0375, 0.074},
			TipBack:  robotiq.TipBack,
			Drivers:  [2]string{gripperPrefix + "right_driver_joint", gripperPrefix + "left_driver_joint"},
			Actuator: gripperPrefix + "fingers", Gain: 200, Damping: 10,
			Angle: robotiq.Angle, Width: robotiq.Width, Leverage: robotiq.Leverage,
		},
		build: buildUR5,
	}
	r.Arm.Pairs = pairs(r.Arm.Parts, ur5Apart)
	actuators := [ur5.DOF]string{"shoulder_pan", "shoulder_lift", "elbow", "wrist_1", "wrist_2", "wrist_3"}
	for i, name := range ur5.JointNames {
		j := Joint{
			Name: name, Actuator: actuators[i], Min: ur5.Min[i], Max: ur5.Max[i], MaxSpeed: ur5.MaxSpeed,
			// UR publishes no acceleration limits: this is what the torque limits allow with 2 kg in the hand (TestTracking).
			// Nor limits of jerk: this takes a tenth of a second to build up full acceleration, and is less than a twentieth of what the maker of
			// an arm of the same reach that does publish them allows (Franka Panda, FCI documentation: 3750 to 10,000 rad/s³).
			MaxAccel: 8, MaxJerk: 160, MaxTorque: ur5.MaxTorqueBig, Lead: 0.020,
		}
		if i >= 3 {
			j.MaxAccel, j.MaxJerk, j.MaxTorque, j.Lead = 12, 240, ur5.MaxTorqueSmall, 0.010
		}
		r.Arm.Joints = append(r.Arm.Joints, j)
	}
	return r
}

// buildUR5 composes the arm, its looks, and the gripper at its flange.
func buildUR5() (*sim.Spec, error) {
	arm, err := sim.ParseMJCF(assets.UR5)
	if err != nil {
		return nil, err
	}
	hand, err := sim.ParseMJCF(assets.Robotiq2F85)
	if err != nil {
		arm.Close()
		return nil, err
	}
	defer hand.Close()
	ur5.AddPedestal(arm)
	wrist, err := arm.Body(ur5.LinkNames[ur5.DOF])
	if err == nil {
		err = errors.Join(ur5.Dress(arm), robotiq.Dress(hand))
	}
	if err == nil {
		err = arm.Attach(hand, wrist, ur5.TWrist3Flange.Mul(sim.Translation(0, 0, robotiq.MountZ)), gripperPrefix)
	}
	if err != nil {
		arm.Close()
		return nil, err
	}
	return arm, nil
}

// ur5Arm is the kinematics of the UR5 with the gripper.
type ur5Arm struct{}

func (ur5Arm) Forward(q []float64) sim.Pose { return ur5.Forward(ur5.Config(q)).Mul(tFlangeEE) }

func (ur5Arm) Inverse(tBaseEE sim.Pose, seed []float64, buf []float64) []float64 {
	near := ur5.Config(seed)
	var sols [8]ur5.Config
	n := ur5.Inverse(tBaseEE.Mul(tFlangeEE.Inv()), near[5], &sols)
	var cost [8]float64
	kept := 0
	for _, q := range sols[:n] {
		q, ok := ur5.Nearest(q, near)
		if !ok {
			continue
		}
		c := jointDistance(q[:], seed) + ur5.Posture(q)
		k := kept
		for ; k > 0 && cost[k-1] > c; k-- { // insertion sort: at most eight
			cost[k], sols[k] = cost[k-1], sols[k-1]
		}
		cost[k], sols[k] = c, q
		kept++
	}
	buf = buf[:0]
	for _, q := range sols[:kept] {
		buf = append(buf, q[:]...)
	}
	return buf
}

func (ur5Arm) ToolForce(q, torque []float64, dir sim.Vec3) float64 {
	c := ur5.Config(q)
	var jac [ur5.DOF][6]float64
	ur5.Jacobian(c, ur5Arm{}.Forward(q).Pos, &jac)
	var num, den float64 // τ = Jᵀ·dir·f, solved for f by least squares
	for i := range jac {
		j := jac[i][0]*dir[0] + jac[i][1]*dir[1] + jac[i][2]*dir[2]
		num += j * torque[i]
		den += j * j
	}
	return num / max(den, 1e-6)
}

// ur5Capsules are the links' shapes in their frames, a little outside of the collision geometry of the MJCF.
var ur5Capsules = [...]struct {
	link   int
	a, b   sim.Vec3
	radius float64
}{
	{1, sim.Vec3{0, 0, -0.005}, sim.Vec3{0, 0, 0.010}, 0.060},
	{1, sim.Vec3{0, 0, 0}, sim.Vec3{0, 0.015, 0}, 0.058},
	{2, sim.Vec3{0, -0.010, 0}, sim.Vec3{0, 0.012, 0}, 0.060},
	{2, sim.Vec3{0, 0, 0.02}, sim.Vec3{0, 0, 0.40}, 0.052},
	{2, sim.Vec3{0, -0.010, 0.425}, sim.Vec3{0, 0.010, 0.425}, 0.060},
	{3, sim.Vec3{0, 0, 0}, sim.Vec3{0, 0.012, 0}, 0.058},
	{3, sim.Vec3{0, 0, 0.04}, sim.Vec3{0, 0, 0.36}, 0.040},
	{3, sim.Vec3{0, -0.020, 0.39225}, sim.Vec3{0, 0.010, 0.39225}, 0.039},
	{4, sim.Vec3{0, 0.05, 0}, sim.Vec3{0, 0.095, 0}, 0.039},
	{4, sim.Vec3{0, 0.093, -0.020}, sim.Vec3{0, 0.093, 0.010}, 0.039},
	{5, sim.Vec3{0, 0, 0.05}, sim.Vec3{0, 0, 0.096}, 0.039},
	{5, sim.Vec3{0, -0.020, 0.09465}, sim.Vec3{0, 0.010, 0.09465}, 0.039},
	{6, sim.Vec3{0, 0.06, 0}, sim.Vec3{0, 0.14, 0}, 0.045},            // flange and palm
	{6, sim.Vec3{0, 0.16, 0.05}, sim.Vec3{0, 0.16, -0.05}, 0.024},     // knuckles, at their widest
	{6, sim.Vec3{0, 0.17, 0.053}, sim.Vec3{0, 0.229, 0.053}, 0.014},   // right finger, open
	{6, sim.Vec3{0, 0.17, -0.053}, sim.Vec3{0, 0.229, -0.053}, 0.014}, // left finger
}

func (ur5Arm) Capsules(q []float64, buf []Capsule) []Capsule {
	var tBaseLink [ur5.DOF + 1]sim.Pose
	ur5.Links(ur5.Config(q), &tBaseLink)
	buf = buf[:0]
	for _, c := range ur5Capsules {
		t := tBaseLink[c.link]
		buf = append(buf, Capsule{t.Apply(c.a), t.Apply(c.b), c.radius})
	}
	return buf
}

func (ur5Arm) Links(q []float64, buf []sim.Pose) []sim.Pose {
	var tBaseLink [ur5.DOF + 1]sim.Pose
	ur5.Links(ur5.Config(q), &tBaseLink)
	return append(buf[:0], tBaseLink[:]...)
}

// ur5Parts is ur5Capsules as far as the flange, with the foot, and a closer likeness of the gripper that holds for every opening: palm,
// drivers, couplers and spring links where they are when it is open, which is outermost, and bars along which the fingers move. The
// numbers are those of the MJCF.
func ur5Parts() []Part {
	parts := []Part{
		{0, Capsule{sim.Vec3{0, 0, -0.02}, sim.Vec3{0, 0, 0}, 0.080}},
		{0, Capsule{sim.Vec3{0, 0, -ur5.PedestalHeight}, sim.Vec3{0, 0, -0.05}, 0.063}}, // pedestal
	}
	for _, c := range ur5Capsules[:12] {
		parts = append(parts, Part{c.link, Capsule{c.a, c.b, c.radius}})
	}
	parts = append(parts, Part{ur5.DOF, Capsule{sim.Vec3{0, 0.055, 0}, sim.Vec3{0, 0.085, 0}, 0.040}}) // flange
	add := func(radius float64, a, b sim.Vec3) {                                                       // in the gripper's base frame
		tLinkGripper := ur5.TWrist3Flange.Mul(sim.Translation(0, 0, robotiq.MountZ))
		parts = append(parts, Part{ur5.DOF, Capsule{tLinkGripper.Apply(a), tLinkGripper.Apply(b), radius}})
	}
	for _, x := range [2]float64{-0.018, 0.018} {
		for _, y := range [2]float64{-0.020, 0.020} {
			add(0.028, sim.Vec3{x, y, 0.005}, sim.Vec3{x, y, 0.081}) // palm
		}
	}
	for _, side := range [2]float64{-1, 1} {
		add(0.014, sim.Vec3{0, side * 0.035, 0.054}, sim.Vec3{0, side * 0.060, 0.054}) // driver
		add(0.016, sim.Vec3{0, side * 0.065, 0.052}, sim.Vec3{0, side * 0.065, 0.096}) // coupler
		add(0.014, sim.Vec3{0, side * 0.0165, 0.0657}, sim.Vec3{0, side * 0.047, 0.100})
		add(0.0135, sim.Vec3{0, side * 0.0575, 0.100}, sim.Vec3{0, side * 0.0575, 0.137}) // finger
		add(0.0135, sim.Vec3{0, side * 0.0457, 0.114}, sim.Vec3{0, side * 0.0457, 0.140}) // pad
	}
	for _, z := range [2]float64{0.124, 0.149} {
		add(0.0145, sim.Vec3{0, -0.045, z}, sim.Vec3{0, 0.045, z}) // where fingers are at other openings
	}
	return parts
}

// ur5Apart are the links, in pairs, that the joints between them keep from each other: neighbours, and wrist_1 and the hand.
func ur5Apart(a, b int) bool { return b-a < 2 || a == 4 && b == 6 }

// ur5Sweep bounds the distance of what each joint moves from its axis: the lengths of the links out to the finger tips.
var ur5Sweep = [ur5.DOF]float64{1.20, 1.12, 0.70, 0.31, 0.27, 0.085}

// pairs are all pairs of parts but those of links that are apart anyway.
func pairs(parts []Part, apart func(linkA, linkB int) bool) [][2]int {
	var out [][2]int
	for i, a := range parts {
		for k, b := range parts[i+1:] {
			if !apart(a.Link, b.Link) {
				out = append(out, [2]int{i, i + 1 + k})
			}
		}
	}
	return out
}

// jointDistance is the largest difference between two joint positions, with a small share of all of them to break ties [rad].
func jointDistance(a, b []float64) float64 {
	var largest, sum float64
	for i := range a {
		d := math.Abs(a[i] - b[i])
		largest = max(largest, d)
		sum += d
	}
	return largest + 0.1*sum
}
