package robots

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/refarena/refarena/sim"
)

const (
	// Rate is how often a robot is commanded [Hz], as a CB3 controller is.
	Rate = 125
	// Period is a control period [s], a whole number of physics steps.
	Period = 1.0 / Rate

	substeps = 4
	pressing = 0.006 // how far beyond closed the hand's set point may go [m]
)

// A State is what a robot's own sensors say. The slices are as long as Arm.Joints.
type State struct {
	Q      []float64 // joint positions [rad]
	QD     []float64 // joint velocities [rad/s]
	Torque []float64 // motor torques beyond what carries the arm's own weight [N·m]
	Width  float64   // opening of the hand [m]
	WidthD float64   // and its speed [m/s], negative while closing
	Grip   float64   // what the hand's motor exerts, as force at each pad [N], positive while closing
}

// A Command is what a robot is told for one control period.
type Command struct {
	Q, QD []float64 // joint positions and velocities at the end of the period [rad, rad/s]
	Hand  HandCommand
}

// A HandCommand moves the hand towards an opening, at a speed, with a force; it stops where the force meets resistance.
type HandCommand struct {
	Width float64 // [m], at most Hand.MaxWidth; negative presses the pads together
	Speed float64 // [m/s], clamped to the hand's; 0 means the fastest
	Force float64 // at each pad [N], clamped to the hand's; 0 means the least
}

// A Plant is a robot that is there, simulated or not.
type Plant interface {
	// Base is T_world_base.
	Base() sim.Pose
	// State is what the sensors say. It is the plant's, and changes with the next Step.
	State() *State
	// Step carries out one command, which takes one Period. The error says that the plant cannot go on.
	Step(Command) error
}

// A SimPlant is a Robot in a simulation. It reads and writes the robot's own joints and actuators and steps the Data.
type SimPlant struct {
	// OnStep is called after each control period, of any mode, for traces and recordings; nil is fine.
	OnStep func()

	robot   *Robot
	data    *sim.Data
	tBase   sim.Pose
	joints  []channel
	drivers [2]channel
	hand    int // actuator
	handRef float64
	fingers *fingers // instead of drivers and hand; nil: it has none
	rest    []restChannel
	ref     []float64   // by actuator: where joints were commanded to last; shared by the modes' plants
	aside   []float64   // by actuator: how far joints stand aside now [rad]; shared, too. See Deflect
	asideTo []float64   // … and will
	modes   []*SimPlant // of Robot.Modes, this one first
	all     []channel   // of Robot.Joints
	first   *SimPlant   // of the modes: whoever made the plant has that one
	stance  *stance     // of a robot whose base is not held

	state    State
	q, qd    []float64 // last command
	commands int
}

// A stance is a Stance in a Data.
type stance struct {
	*Stance
	base, joint int       // body and free joint
	legs        []channel // of Legs
	gain        []float64 // by actuator
}

// A channel is where one joint is found in a Data.
type channel struct{ qpos, dof, actuator int }

// NewPlant finds the robot in the data's model under the prefix that it was attached with, and reads its present state. Call Reset
// before the episode unless the robot is where it should be. The plant does not own data; its steps advance it.
func (r *Robot) NewPlant(data *sim.Data, prefix string) (*SimPlant, error) {
	p, err := r.newPlant(data, prefix)
	if err != nil {
		return nil, err
	}
	p.modes, p.first = []*SimPlant{p}, p
	for _, other := range r.others {
		o, err := other.newPlant(data, prefix)
		if err != nil {
			return nil, err
		}
		o.ref, o.aside, o.asideTo, o.first = p.ref, p.aside, p.asideTo, p
		p.modes = append(p.modes, o)
	}
	for _, m := range p.modes { // as Robot.Joints does it
		for _, c := range m.joints {
			if !slices.Contains(p.all, c) {
				p.all = append(p.all, c)
			}
		}
	}
	return p, nil
}

func (r *Robot) newPlant(data *sim.Data, prefix string) (*SimPlant, error) {
	m := data.Model()
	p := &SimPlant{
		robot: r, data: data,
		state: State{Q: make([]float64, len(r.Arm.Joints)), QD: make([]float64, len(r.Arm.Joints)), Torque: make([]float64, len(r.Arm.Joints))},
		q:     make([]float64, len(r.Arm.Joints)), qd: make([]float64, len(r.Arm.Joints)),
	}
	if n := Period / m.Timestep() / substeps; math.Abs(n-1) > 1e-9 {
		return nil, fmt.Errorf("robots: physics step %g s, want %g (%d steps a control period)", m.Timestep(), Period/substeps, substeps)
	}
	var errs []error
	find := func(id int, err error) int {
		errs = append(errs, err)
		return id
	}
	joint := func(name string) channel {
		id, err := m.JointID(prefix + name)
		if errs = append(errs, err); err != nil {
			return channel{}
		}
		return channel{qpos: m.JointQpos(id), dof: m.JointDof(id)}
	}
	for _, j := range r.Arm.Joints {
		c := joint(j.Name)
		c.actuator = find(m.ActuatorID(prefix + j.Actuator))
		p.joints = append(p.joints, c)
	}
	if f := r.Hand.Fingers; f != nil {
		p.fingers = newFingers(f)
		for _, name := range f.Joints {
			c := joint(name)
			c.actuator = find(m.ActuatorID(prefix + strings.TrimSuffix(name, "_joint")))
			p.fingers.joints = append(p.fingers.joints, c)
		}
	} else {
		for i, name := range r.Hand.Drivers {
			p.drivers[i] = joint(name)
		}
		p.hand = find(m.ActuatorID(prefix + r.Hand.Actuator))
	}
	for _, j := range r.Rest {
		c := joint(j.Name)
		c.actuator = find(m.ActuatorID(prefix + j.Actuator))
		p.rest = append(p.rest, restChannel{c, j})
	}
	p.ref, p.aside, p.asideTo = make([]float64, m.NU()), make([]float64, m.NU()), make([]float64, m.NU())
	base := find(m.BodyID(prefix + r.Arm.Base))
	if s := r.Stance; s != nil {
		p.stance = &stance{Stance: s, base: base, joint: find(m.JointID(prefix + s.Joint))}
		for _, j := range s.Legs {
			c := joint(j.Name)
			c.actuator = find(m.ActuatorID(prefix + j.Actuator))
			p.stance.legs = append(p.stance.legs, c)
		}
		for i := range m.NU() {
			p.stance.gain = append(p.stance.gain, m.ActuatorGain(i))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("robots: no %s under the prefix %q: %w", r.Name, prefix, err)
	}
	p.tBase = data.BodyPose(base)
	p.sync()
	return p, nil
}

// Reset puts the robot at rest in its home position with its hand open. It is for setting an episode up: nothing that is in the way is
// pushed aside.
func (p *SimPlant) Reset() error {
	for i, c := range p.joints {
		p.data.Qpos()[c.qpos], p.data.Qvel()[c.dof] = p.robot.Arm.Home[i], 0
		p.data.Ctrl()[c.actuator] = p.robot.Arm.Home[i]
	}
	if p.fingers == nil {
		for _, c := range p.drivers {
			p.data.Qpos()[c.qpos], p.data.Qvel()[c.dof] = 0, 0
		}
		p.data.Ctrl()[p.hand] = 0
	}
	for i := len(p.modes) - 1; i >= 0; i-- { // the first mode's shape of the hand counts
		if m := p.modes[i]; m.fingers != nil {
			m.fingers.reset(m)
		}
	}
	for _, c := range p.rest {
		p.data.Qpos()[c.qpos], p.data.Qvel()[c.dof] = c.Home, 0
		p.data.Ctrl()[c.actuator] = c.Home
	}
	clear(p.aside)
	clear(p.asideTo)
	if s := p.stance; s != nil {
		p.data.SetFreePose(s.joint, p.tBase)
		for i, c := range s.legs {
			p.data.Qpos()[c.qpos], p.data.Qvel()[c.dof] = s.Legs[i].Home, 0
			p.data.Ctrl()[c.actuator] = s.Legs[i].Home
		}
	}
	if err := p.data.Forward(); err != nil {
		return err
	}
	for _, c := range p.joints {
		p.data.Ctrl()[c.actuator] += p.weight(c)
	}
	for _, c := range p.rest {
		p.data.Ctrl()[c.actuator] += p.weight(c.channel)
	}
	p.sync()
	return nil
}

// DeflectSpeed is how fast Deflect pushes joints aside [rad/s].
const DeflectSpeed = 0.6

// Deflect has a joint of Robot.Joints, by its index, stand aside from where it is commanded by so much [rad], from now until it is changed; it goes there at
// DeflectSpeed. The robot does not know: what its sensors say is off by as much, as with an encoder that is. Nothing leaves a joint's range.
func (p *SimPlant) Deflect(joint int, by float64) { p.asideTo[p.first.all[joint].actuator] = by }

// deflect lets what Deflect asks for go on by one physics step.
func (p *SimPlant) deflect() {
	const most = DeflectSpeed * Period / substeps
	for i, to := range p.asideTo {
		p.aside[i] += min(max(to-p.aside[i], -most), most)
	}
}

// sync makes the present position the last command.
func (p *SimPlant) sync() {
	p.sense()
	copy(p.q, p.state.Q)
	clear(p.qd)
	if p.fingers == nil {
		p.handRef = p.robot.Hand.Angle(p.state.Width)
	} else {
		p.fingers.ref, p.fingers.late = p.state.Width, p.state.Width
	}
	for i, c := range p.joints {
		p.ref[c.actuator] = p.q[i]
	}
	for _, c := range p.rest {
		p.ref[c.actuator] = p.data.Qpos()[c.qpos]
	}
}

// Base is T_world_base. Of a robot whose base is not held it changes with each Step.
func (p *SimPlant) Base() sim.Pose { return p.BaseIn(p.data) }

// BaseIn is Base in another Data of the same model, for people to look at.
func (p *SimPlant) BaseIn(data *sim.Data) sim.Pose {
	if p.stance == nil {
		return p.tBase
	}
	return data.BodyPose(p.stance.base)
}

// Fallen says how a robot whose base is not held has come to fall; "" if it stands, or its base is held.
func (p *SimPlant) Fallen() string {
	s := p.stance
	if s == nil {
		return ""
	}
	tilt := math.Acos(min(max(p.Base().Axis(2)[2], -1), 1))
	drop := p.tBase.Pos[2] - p.Base().Pos[2]
	if tilt < s.Tilt && drop < s.Drop {
		return ""
	}
	return fmt.Sprintf("the robot has fallen: its base is tilted by %.0f° and %.2f m lower than it stood", tilt*180/math.Pi, drop)
}

// weight is how much farther a joint's servo has to be told to go so that it carries what hangs on the joint [rad]: as a robot's controller does it, from
// its model. A base that is held has that in its MJCF.
func (p *SimPlant) weight(c channel) float64 {
	if p.stance == nil {
		return 0
	}
	return p.data.Bias()[c.dof] / p.stance.gain[c.actuator]
}

// State is what the sensors say; it changes with the next Step.
func (p *SimPlant) State() *State { return &p.state }

// Commands counts the control periods so far, of all modes.
func (p *SimPlant) Commands() int { return p.first.commands }

// Step advances the simulation by one control period. A command beyond a joint's position or speed limit is refused as an error.
func (p *SimPlant) Step(cmd Command) error {
	for i, j := range p.robot.Arm.Joints {
		q, speed := cmd.Q[i], (cmd.Q[i]-p.q[i])/Period
		if !(q >= j.Min && q <= j.Max) {
			return fmt.Errorf("robots: %s commanded to %.4f rad, outside %.4f…%.4f", j.Name, q, j.Min, j.Max)
		}
		if !(math.Abs(speed) <= j.MaxSpeed*1.001) || !(math.Abs(cmd.QD[i]) <= j.MaxSpeed*1.001) {
			return fmt.Errorf("robots: %s commanded at %.3f rad/s (%.3f between positions), beyond %.3f", j.Name, cmd.QD[i], speed, j.MaxSpeed)
		}
	}
	ctrl, qvel := p.data.Ctrl(), p.data.Qvel()
	for k := range substeps {
		p.deflect()
		s := float64(k) / substeps // a servo brings the joint to where its control is at the step's start
		for i, c := range p.joints {
			q, qd := p.q[i]+s*(cmd.Q[i]-p.q[i]), p.qd[i]+s*(cmd.QD[i]-p.qd[i])
			j := &p.robot.Arm.Joints[i]
			if aside := p.aside[c.actuator]; aside != 0 {
				q = min(max(q+aside, j.Min), j.Max)
			}
			ctrl[c.actuator] = q + j.Lead*(qd-qvel[c.dof]) + p.weight(c)
		}
		for _, c := range p.rest {
			ctrl[c.actuator] = p.ref[c.actuator] + p.aside[c.actuator] - c.Lead*qvel[c.dof] + p.weight(c.channel)
		}
		if p.fingers == nil {
			ctrl[p.hand] = p.handControl(cmd.Hand)
		} else {
			p.fingers.control(p, cmd.Hand)
		}
		if err := p.data.Step(1); err != nil {
			return err
		}
	}
	copy(p.q, cmd.Q)
	copy(p.qd, cmd.QD)
	for i, c := range p.joints {
		p.ref[c.actuator] = cmd.Q[i]
	}
	p.first.commands++
	p.sense()
	if p.first.OnStep != nil {
		p.first.OnStep()
	}
	return nil
}

// driver is the mean angle and speed of the hand's drivers.
func (p *SimPlant) driver() (angle, speed float64) {
	for _, c := range p.drivers {
		angle += p.data.Qpos()[c.qpos] / 2
		speed += p.data.Qvel()[c.dof] / 2
	}
	return angle, speed
}

// handControl moves the hand's set point one physics step towards what is commanded, and gives the servo as much of it as the
// commanded force allows: the servo's force is Gain·(control - angle) - Damping·speed.
func (p *SimPlant) handControl(cmd HandCommand) float64 {
	h := &p.robot.Hand
	angle, speed := p.driver()
	leverage := h.Leverage(angle)
	maxStep := clampOr(cmd.Speed, h.MaxSpeed, 0, h.MaxSpeed) / (2 * leverage) * (Period / substeps)
	target := h.Angle(min(max(cmd.Width, -pressing), h.MaxWidth))
	limit := 2 * leverage * clampOr(cmd.Force, h.MinForce, h.MinForce, h.MaxForce) / h.Gain

	step := min(max(target-p.handRef, -maxStep), maxStep)
	// The set point waits for a hand that is held up.
	p.handRef = min(max(p.handRef+step, angle-limit-maxStep), angle+limit+maxStep)
	damping := h.Damping / h.Gain
	control := p.handRef + damping*step/(Period/substeps)
	return min(max(control, angle+damping*speed-limit), angle+damping*speed+limit)
}

// clampOr is x inside lo…hi, or or if x is 0.
func clampOr(x, or, lo, hi float64) float64 {
	if x == 0 {
		x = or
	}
	return min(max(x, lo), hi)
}

// JointAngles appends where the joints of Robot.Joints are in another Data of the same model [rad], for people to look at, and returns that.
func (p *SimPlant) JointAngles(data *sim.Data, q []float64) []float64 {
	qpos := data.Qpos()
	for _, c := range p.first.all {
		q = append(q, qpos[c.qpos])
	}
	return q
}

// HandWidths appends how far the hands of Robot.Arms would be open in another Data of the same model [m], and returns that.
func (p *SimPlant) HandWidths(data *sim.Data, width []float64) []float64 {
	arms := p.first.robot.Arms()
	for _, m := range p.first.modes {
		if slices.Contains(arms, m.robot) {
			width = append(width, m.Sense(data).Width)
		}
	}
	return width
}

// Sense is what the sensors would say in another Data of the same model, for people to look at. The slices are the caller's.
func (p *SimPlant) Sense(data *sim.Data) State {
	n := len(p.joints)
	q := SimPlant{robot: p.robot, data: data, joints: p.joints, drivers: p.drivers, hand: p.hand, stance: p.stance}
	q.state = State{Q: make([]float64, n), QD: make([]float64, n), Torque: make([]float64, n)}
	if p.fingers != nil { // whose measuring needs room of its own
		f := *p.fingers
		f.q, f.tau = make([]float64, len(f.q)), make([]float64, len(f.tau))
		q.fingers = &f
	}
	q.sense()
	return q.state
}

func (p *SimPlant) sense() {
	qpos, qvel, force := p.data.Qpos(), p.data.Qvel(), p.data.ActuatorForce()
	for i, c := range p.joints {
		p.state.Q[i], p.state.QD[i], p.state.Torque[i] = qpos[c.qpos], qvel[c.dof], force[c.actuator]
		if p.aside != nil {
			p.state.Q[i] -= p.aside[c.actuator]
		}
		if p.stance != nil {
			p.state.Torque[i] -= p.data.Bias()[c.dof]
		}
	}
	if p.fingers != nil {
		p.fingers.sense(p)
		return
	}
	angle, speed := p.driver()
	leverage := p.robot.Hand.Leverage(angle)
	p.state.Width = p.robot.Hand.Width(angle)
	p.state.WidthD = -2 * leverage * speed
	p.state.Grip = force[p.hand] / (2 * leverage)
}

// A restChannel is a joint that is held, and where it is found.
type restChannel struct {
	channel
	RestJoint
}

// Modes are the plants of the robot's Modes, in their order: the same robot, commanded another way. Resume one before it is used after another.
func (p *SimPlant) Modes() []Plant {
	out := make([]Plant, len(p.modes))
	for i, m := range p.modes {
		out[i] = m
	}
	return out
}

// Resume makes where the joints were commanded to last, by any of the robot's modes, the last command, and returns it [rad]. The slice is the plant's.
func (p *SimPlant) Resume() []float64 {
	p.sense()
	for i, c := range p.joints {
		p.q[i] = p.ref[c.actuator]
	}
	clear(p.qd)
	if f := p.fingers; f != nil {
		f.ref, f.late = p.state.Width, p.state.Width
		for i, c := range f.joints {
			f.set[i] = p.data.Ctrl()[c.actuator]
		}
	}
	return p.q
}
