package robots

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/refarena/refarena/sim"
)

// A Robot is a kind of robot: one arm with one hand, or one of several ways to act with the arms and hands that it has (see Modes). It is read-only
// and safe for concurrent use.
type Robot struct {
	Name   string
	Title  string // for people
	Mode   string // the way to act: which arm and how its hand grasps; "" if there is one only
	Side   string // the arm that acts: right or left; "" if there is one only
	Camera string // the preset of the camera that it looks through, on its body (see sim.FindCameraPreset); "": it looks from outside
	Arm    Arm
	Hand   Hand
	Rest   []RestJoint // joints that stay where they rest meanwhile: the other arm's
	Stance *Stance     // it stands on its legs and may fall; nil: its base is held

	others []*Robot
	build  func() (*sim.Spec, error)
}

// Modes are the ways to act, the robot itself first. They have the same name and Spec and stand at the same place; arms share joints, the waist's,
// which have the same home position.
func (r *Robot) Modes() []*Robot { return append([]*Robot{r}, r.others...) }

// Joints are the joints that the Modes command, each once, those of the robot's own arm first.
func (r *Robot) Joints() []Joint {
	var all []Joint
	for _, m := range r.Modes() {
		for _, j := range m.Arm.Joints {
			if !slices.ContainsFunc(all, func(k Joint) bool { return k.Name == j.Name }) {
				all = append(all, j)
			}
		}
	}
	return all
}

// Arms are the first of the Modes for each Side.
func (r *Robot) Arms() []*Robot {
	var out []*Robot
	for _, m := range r.Modes() {
		if !slices.ContainsFunc(out, func(o *Robot) bool { return o.Side == m.Side }) {
			out = append(out, m)
		}
	}
	return out
}

// Capsules are what the robot's arms and hands take up, in base: see Arms. q is where the Joints are [rad].
func (r *Robot) Capsules(q []float64) []Capsule {
	at := map[string]float64{}
	for i, j := range r.Joints() {
		at[j.Name] = q[i]
	}
	var all, buf []Capsule
	for _, m := range r.Arms() {
		own := make([]float64, len(m.Arm.Joints))
		for k, j := range m.Arm.Joints {
			own[k] = at[j.Name]
		}
		buf = m.Arm.Capsules(own, buf[:0])
		all = append(all, buf...)
	}
	return all
}

// A Stance is how a robot whose base is not held stands. Its base frame moves with it.
type Stance struct {
	Joint string      // the base's free joint
	Legs  []RestJoint // whose servos hold it up
	Tilt  float64     // tilted farther from upright than this [rad] …
	Drop  float64     // … or lower by more than this [m], it has fallen
}

// A RestJoint is a joint that is held where it rests.
type RestJoint struct {
	Joint
	Home float64 // [rad]
}

// An Arm is a chain of joints.
type Arm struct {
	Kinematics
	Joints []Joint   // from the base to the tool
	Home   []float64 // where it rests between tasks, out of the view of the table, as long as Joints [rad]
	Base   string    // the body whose frame is base
	Beside bool      // it stands beside the table, whose top may be higher or lower than base, not on it
	Trunk  int       // links up to this one are the body that carries the arm; 0: none is
	Reach  float64   // farther from the base, horizontally, nothing can be taken up [m]

	Payload [2]float64 // what it lifts at Reach, and nearer to the base, where as much torque lifts more, at most [kg]

	Twist    int       // the joint of the wrist that turns the hand around its own axis
	Straight []float64 // … where the joints behind it are then [rad]

	// For planning motions. Parts is what the arm and its hand, at any opening, take up, from the base to the tool; Pairs are those of
	// them that could touch each other; Sweep says for each joint how far from its axis anything that it moves can be [m].
	Parts     []Part
	HandParts int // the last of Parts are the hand: palm, knuckles and fingers
	Pairs     [][2]int
	Sweep     []float64
}

// lowest is how low the arm with its hand is at home, over the table, in base [m].
func (a *Arm) lowest() float64 {
	links := a.Links(a.Home, nil)
	low := math.Inf(1)
	for _, p := range a.Parts {
		for _, at := range [2]sim.Vec3{links[p.Link].Apply(p.A), links[p.Link].Apply(p.B)} {
			if p.Link > a.Trunk && at[0] > tableFront {
				low = min(low, at[2]-p.Radius)
			}
		}
	}
	return low
}

// Turns appends to rows the joint positions that differ from q by a whole turn of one joint and are inside the limits: everything is where it
// is at q, and a way there may be clear that is not clear to q.
func (a *Arm) Turns(q []float64, rows [][]float64) [][]float64 {
	for i, j := range a.Joints {
		for _, turn := range [2]float64{-2 * math.Pi, 2 * math.Pi} {
			if to := q[i] + turn; to >= j.Min && to <= j.Max {
				row := slices.Clone(q)
				row[i] = to
				rows = append(rows, row)
			}
		}
	}
	return rows
}

// A Part is what a piece of an arm takes up, in the frame of its link: see Kinematics.Links.
type Part struct {
	Link int
	Capsule
}

// A Joint is a joint with its motor.
type Joint struct {
	Name      string  // of the joint in the model
	Actuator  string  // of its position servo in the model
	Min, Max  float64 // [rad]
	MaxSpeed  float64 // [rad/s]
	MaxAccel  float64 // that motions are planned with [rad/s²]
	MaxJerk   float64 // that motions are planned with [rad/s³]
	MaxTorque float64 // [N·m]
	Lead      float64 // the servo's damping over its gain [s]: its control is q + Lead·(qd - measured qd)
}

// Kinematics is the geometry of an arm with its hand. Joint positions are in the order of Arm.Joints [rad].
type Kinematics interface {
	// Forward is T_base_ee at q.
	Forward(q []float64) sim.Pose
	// Inverse appends to buf[:0] the joint positions that bring the hand to tBaseEE: rows as long as Arm.Joints, each moved by whole
	// turns to where it is nearest to seed inside the limits, the nearest row first. Being near a joint's limit or a singularity counts as
	// being farther away. None if the pose is out of reach.
	Inverse(tBaseEE sim.Pose, seed []float64, buf []float64) []float64
	// ToolForce is the force along dir (unit, in base) at the ee frame's origin that explains the joint torques best [N].
	ToolForce(q, torque []float64, dir sim.Vec3) float64
	// Links appends to buf[:0] the poses of the links in base, the fixed one (number 0) first.
	Links(q []float64, buf []sim.Pose) []sim.Pose
	// Capsules appends to buf[:0] what the moving arm and its open hand take up, in base.
	Capsules(q []float64, buf []Capsule) []Capsule
}

// A stretcher is Kinematics that, if asked to, looks harder for joint positions than Inverse does.
type stretcher interface {
	InverseAnyhow(tBaseEE sim.Pose, seed []float64, buf []float64) []float64
}

// A Capsule is all that lies within Radius of the segment from A to B [m].
type Capsule struct {
	A, B   sim.Vec3
	Radius float64
}

// A Hand is a gripper with two parallel fingers that close along y of the ee frame.
type Hand struct {
	Kind               string  // hands of one kind, left and right, find the same grasps; "": like no other
	MaxWidth           float64 // opening [m]
	Handicap           float64 // what its grasps cost more than those of another mode (see Grasp.Cost)
	MinWidth, MinDepth float64 // of what it grasps, and of how deep that is in it and nearly as wide, at least [m]
	Thin               float64 // what is thinner and stands up is easily missed [m]; 0: nothing
	Spare              float64 // how much wider than what is grasped it opens at least [m]; 0 means 0.012
	Reserve            float64 // what the widest thing to be gripped is narrower than the opening, at least [m]
	Nothing            float64 // a hand closed to this, by its joints, holds nothing [m]; 0 means 0.002
	MinForce, MaxForce float64 // [N]
	MaxSpeed           float64 // of the opening [m/s]
	LoadAccel          float64 // of what it holds, at most, along each axis [m/s²]; 0: as the arm's joints allow

	// Shape, for finding grasps; lengths along z count from the ee frame's origin backwards [m].
	FingerWidth     float64 // across the closing direction
	FingerGap       float64 // … in the middle of which there is none on one side: two fingers, to either side of a thumb; 0: one finger on each side
	FingerThickness float64 // along it
	PadLength       float64
	Depth           float64    // to the palm
	PalmHalf        [2]float64 // half extents of what follows behind, along x and y
	// Hollow is half of what has room in the middle of the hand, at an opening, so far behind the ee frame's origin; nil: the palm alone ends it.
	Hollow func(opening, back float64) float64
	// TipBack is how far the tips are behind the ee frame's origin at an opening: 0 when closed.
	TipBack func(width float64) float64

	// The drive, for SimPlant.
	Drivers  [2]string // joints that move alike
	Actuator string    // position servo on their mean
	Gain     float64   // of the servo [N·m/rad]
	Damping  float64   // [N·m·s/rad]
	// Angle, Width and Leverage relate the drivers' angle [rad] to the opening [m] and to the torque on each driver for 1 N at each pad.
	Angle, Width, Leverage func(float64) float64

	Fingers *Fingers // the drive of a hand with fingers instead; nil: it has none
}

// Fingers are the drive of a hand with a motor in each joint, in a pre-shape that closes like two parallel fingers. Slices of joint positions [rad] and
// torques [N·m] are in the order of Joints.
type Fingers struct {
	Joints  []string                         // their position servos are named likewise, without "_joint"
	Posture func(width float64, q []float64) // fills q with the joint positions at an opening [m]; less than 0 presses
	Width   func(q []float64) float64        // the opening [m]
	Grip    func(torque []float64) float64   // the force at the pads [N], positive while closing
	Most    float64                          // the farthest that the set point of the opening goes ahead of the opening to press [m]
	Late    []int                            // of Joints: a finger that follows the others only when they have opened by LateBy, so that nothing stays between two
	LateBy  float64                          // [m]
	// Wrap is for a hand that closes around things, each joint until it is held up: its torque for 1 N at each pad, with the sign of closing [N·m].
	// Joints with 0 stay where Posture has them. nil: the hand closes in its posture.
	Wrap   []float64
	Groups [][]int      // of Joints: those that move alike once all hold
	Limits [][2]float64 // of the joints [rad]
}

// kinds are the robots that there are.
var kinds = []struct {
	name string
	open func() *Robot
}{
	{"ur5", newUR5}, {"g1", newG1}, {"g1-free", newFreeG1},
}

// Names are the robots that there are.
func Names() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// Open is the robot of that name.
func Open(name string) (*Robot, error) {
	for _, k := range kinds {
		if k.name == name {
			return k.open(), nil
		}
	}
	return nil, fmt.Errorf("robots: no robot %q (have %s)", name, strings.Join(Names(), ", "))
}

// Build makes the robot's Spec, its base frame at the origin, standing on z = 0. Attach it to a scene; the caller closes it.
func (r *Robot) Build() (*sim.Spec, error) {
	s, err := r.build()
	if err != nil {
		return nil, fmt.Errorf("robots: %s: %w", r.Name, err)
	}
	return s, nil
}
