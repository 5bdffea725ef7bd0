package robots

import "math"

// fingers drives a hand with a motor in each joint.
type fingers struct {
	*Fingers
	joints          []channel
	ref             float64   // set point of the opening [m]
	late            float64   // … for the joints of Late
	set             []float64 // of a hand that wraps: the joints' set points [rad]
	wrapped         bool      // it closes, or has closed, around something
	firm            int       // for so many physics steps all joints have borne their share at rest; from wrapFirm on they move in Groups
	posture, q, tau []float64 // scratch, as long as joints
	share           []float64 // of its torque that a joint bears
}

func newFingers(f *Fingers) *fingers {
	n := len(f.Joints)
	return &fingers{Fingers: f, set: make([]float64, n), posture: make([]float64, n), q: make([]float64, n), tau: make([]float64, n), share: make([]float64, n)}
}

// reset opens the hand.
func (f *fingers) reset(p *SimPlant) {
	f.wrapped, f.firm = false, 0
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
	if f.Wrap != nil && (f.wrapped || cmd.Width < 0 && (grip > wrapFrom*force || f.ref < wrapBelow*h.MaxWidth)) {
		f.wrap(p, cmd.Width, most, force) // until it touches something it closes as parallel fingers do
		return
	}
	step := min(max(target-f.ref, -most), most)
	if step < 0 {
		step *= min(max((force-grip)/(0.2*force), -0.3), 1) // slower as the force is reached, back beyond it
	}
	f.ref = min(max(f.ref+step, width-f.Most), width+f.Most)
	f.Posture(f.ref, f.posture)
	if len(f.Late) > 0 { // while it opens one finger is late: what sticks between two of them turns, and comes loose
		switch {
		case f.ref > target:
			f.late = f.ref
		case f.ref < target:
			f.late = max(f.late, f.ref-f.LateBy)
		default:
			f.late = min(f.late+most, f.ref)
		}
		f.Posture(f.late, f.q)
		for _, i := range f.Late {
			f.posture[i] = f.q[i]
		}
	}
	ctrl := p.data.Ctrl()
	for i, c := range f.joints {
		ctrl[c.actuator] = f.posture[i]
	}
}

// wrap moves each joint's set point one physics step: closing until the joint bears its share of the force and not much more; or back to the posture of an opening,
// all together. Once all bear their share, at rest, the joints of a group close or give way together, by what they bear in the mean: the weight of what is held, and
// what shakes it, loads some of them and relieves others, which is no reason to move. Each for itself they would let a cylinder between thumb and two fingers go
// to one side: the finger that it comes nearer to pushes it back less, if it pushes with the same force wherever it is.
func (f *fingers) wrap(p *SimPlant, width, most, force float64) {
	ctrl := p.data.Ctrl()
	if !f.wrapped {
		f.wrapped = true
		for i, c := range f.joints {
			f.set[i] = ctrl[c.actuator]
		}
	}
	turn := most / (2 * wrapLever) // of a joint in this step [rad]
	if width >= 0 {                // opens
		f.Posture(width, f.posture)
		farthest := 0.0
		for i := range f.joints {
			farthest = max(farthest, math.Abs(f.posture[i]-f.set[i]))
		}
		share := min(1, unwrap*turn/max(farthest, 1e-9)) // all joints get there at the same time
		for i := range f.joints {
			f.set[i] += share * (f.posture[i] - f.set[i])
		}
		if share == 1 {
			f.wrapped, f.firm = false, 0
			f.ref, f.late = width, width
		}
	} else {
		f.bearing(p, force)
		for i := range f.joints {
			if f.Wrap[i] == 0 {
				continue
			}
			by := math.Copysign(turn, f.Wrap[i])
			switch share := f.share[i]; {
			case share < wrapLow:
				f.set[i] += by * min((wrapLow-share)/0.2, 1)
			case share > wrapHigh:
				f.set[i] -= by * min((share-wrapHigh)/0.2, 0.3)
			}
			limit := f.Limits[i]
			f.set[i] = min(max(f.set[i], limit[0]-wrapBeyond, f.q[i]-wrapAhead), limit[1]+wrapBeyond, f.q[i]+wrapAhead)
		}
	}
	for i, c := range f.joints {
		ctrl[c.actuator] = f.set[i]
	}
}

// bearing fills share with what the joints bear, as a share of what they shall for a force; or, once all bear it, with the mean of each group.
func (f *fingers) bearing(p *SimPlant, force float64) {
	settled := true
	for i, c := range f.joints {
		if f.share[i] = 0; f.Wrap[i] == 0 {
			continue
		}
		f.share[i] = f.tau[i] / (f.Wrap[i] * force)
		settled = settled && f.share[i] > wrapSettled && math.Abs(p.data.Qvel()[c.dof]) < wrapRest
	}
	switch {
	case settled:
		f.firm++
	case f.firm < wrapFirm:
		f.firm = 0
	}
	if f.firm < wrapFirm {
		return
	}
	for _, group := range f.Groups {
		mean := 0.0
		for _, i := range group {
			mean += f.share[i] / float64(len(group))
		}
		for _, i := range group {
			f.share[i] = mean
		}
	}
}

const (
	wrapLever   = 0.0458 // of an inner link, to turn the speed of the opening into that of joints [m]
	unwrap      = 2      // so many times as fast as it closes a hand opens
	wrapFrom    = 0.35   // of the force, with which both sides touch …
	wrapBelow   = 0.4    // … or of the widest opening, less of which the hand closes around something narrow or nothing
	wrapLow     = 0.9    // of its share of the force, less of which has a joint close on …
	wrapHigh    = 1.2    // … and more draw back
	wrapSettled = 0.8    // … and less of which is too little to hold by
	wrapRest    = 0.05   // slower than this a joint is at rest [rad/s]
	wrapFirm    = 50     // so many physics steps of that make the hand firm
	wrapAhead   = 0.25   // the farthest that a joint's set point goes ahead of it [rad]
	wrapBeyond  = 0.1    // … and of its limits, to press there
)

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
	if f.wrapped { // the outer links move, too
		for i, c := range f.joints {
			if by := -2 * wrapLever * math.Copysign(p.data.Qvel()[c.dof], f.Wrap[i]*p.data.Qvel()[c.dof]); f.Wrap[i] != 0 && math.Abs(by) > math.Abs(s.WidthD) {
				s.WidthD = by
			}
		}
	}
}
