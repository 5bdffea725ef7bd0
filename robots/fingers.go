package robots

import "math"

// fingers drives a hand with a motor in each joint.
type fingers struct {
	*Fingers
	joints          []channel
	ref             float64   // set point of the opening [m]
	posture, q, tau []float64 // scratch, as long as joints
}

func newFingers(f *Fingers) *fingers {
	n := len(f.Joints)
	return &fingers{Fingers: f, posture: make([]float64, n), q: make([]float64, n), tau: make([]float64, n)}
}

// reset opens the hand.
func (f *fingers) reset(p *SimPlant) {
	f.Posture(p.robot.Hand.MaxWidth, f.posture)
	for i, c := range f.joints {
		p.data.Qpos()[c.qpos], p.data.Qvel()[c.dof] = f.posture[i], 0
		p.data.Ctrl()[c.actuator] = f.posture[i]
	}
}

// control moves the set point of the opening one physics step towards what is commanded, and all joints' servos to its posture. While the hand
// closes, the set point stops where the pads press with the commanded force, and draws back where they press harder: thumb and fingers
// hold what is between them with the stiffness of their servos, about the middle.
func (f *fingers) control(p *SimPlant, cmd HandCommand) {
	h := &p.robot.Hand
	const dt = Period / substeps
	width, grip := f.measure(p)
	most := clampOr(cmd.Speed, h.MaxSpeed, 0, h.MaxSpeed) * dt
	target := min(max(cmd.Width, -f.Most), h.MaxWidth)
	if cmd.Width < 0 {
		target = -f.Most // presses
	}
	force := clampOr(cmd.Force, h.MinForce, h.MinForce, h.MaxForce)
	step := min(max(target-f.ref, -most), most)
	if step < 0 {
		step *= min(max((force-grip)/(0.2*force), -0.3), 1) // slower as the force is reached, back beyond it
	}
	f.ref = min(max(f.ref+step, width-f.Most), width+f.Most)
	f.Posture(f.ref, f.posture)
	ctrl := p.data.Ctrl()
	for i, c := range f.joints {
		ctrl[c.actuator] = f.posture[i]
	}
}

// measure is the opening [m] and the force at the pads [N].
func (f *fingers) measure(p *SimPlant) (width, grip float64) {
	qpos, force := p.data.Qpos(), p.data.ActuatorForce()
	for i, c := range f.joints {
		f.q[i], f.tau[i] = qpos[c.qpos], force[c.actuator]
	}
	return f.Width(f.q), f.Grip(f.tau)
}

func (f *fingers) sense(p *SimPlant) {
	s := &p.state
	s.Width, s.Grip = f.measure(p)
	const h = 1e-4 // [s]
	for i, c := range f.joints {
		f.q[i] += h * p.data.Qvel()[c.dof]
	}
	if s.WidthD = (f.Width(f.q) - s.Width) / h; math.IsNaN(s.WidthD) {
		s.WidthD = 0
	}
}
