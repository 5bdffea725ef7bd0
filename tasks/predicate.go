package tasks

import (
	"slices"

	"github.com/refarena/refarena/sim"
)

// When something counts as lying still: what contact solvers leave of a resting object's velocity is a tenth of this.
const (
	restSpeed = 0.005 // [m/s]
	restSpin  = 0.05  // [rad/s]
)

// DwellSeconds is how long a goal's predicate has to hold without a break [s, simulated].
const DwellSeconds = 1.0

// A judge looks at a simulation with every body awake, since sleeping ones have no contacts.
type judge struct {
	model    *sim.Model
	look     *sim.Data
	contacts []sim.Contact
	robot    []bool // by body: part of the robot
}

// newJudge makes a judge; bodies whose names begin with RobotPrefix are the robot.
func newJudge(m *sim.Model, isRobot func(body string) bool) (*judge, error) {
	look, err := sim.NewData(m)
	if err != nil {
		return nil, err
	}
	j := &judge{model: m, look: look, robot: make([]bool, m.NBody())}
	for id := range j.robot {
		j.robot[id] = isRobot(m.BodyName(id))
	}
	return j, nil
}

func (j *judge) Close() { j.look.Close() }

// see takes in the present state of d.
func (j *judge) see(d *sim.Data) error {
	if err := j.look.CopyAwake(d); err != nil {
		return err
	}
	j.contacts = j.look.Contacts(j.contacts)
	return nil
}

// A standing is what the judge finds about one object.
type standing struct {
	touched   bool // by the robot
	supported bool // by the one it should be on
	resting   bool
	inPlace   bool // where it should be, by its position
	toppled   bool // not as upright as its kind has to be
}

// ok is the predicate of a goal: in place on the right thing and supported by it, upright, released, at rest.
func (s standing) ok() bool { return s.inPlace && s.supported && s.resting && !s.touched && !s.toppled }

// standing says how object stands with respect to what it should be on: bodies that count as its support, in the state that it saw last.
//
// supported: the contacts with them, friction included, hold it up with at least half of its weight. Half, because something that leans on its
// neighbour still stands on its plate.
func (j *judge) standing(d *sim.Data, object int, supports []int) standing {
	var s standing
	var up float64
	for _, c := range j.contacts {
		var other int
		var force float64 // upwards, on the object
		switch {
		case j.model.BodyRoot(c.Body2) == object:
			other, force = c.Body1, c.Push[2]
		case j.model.BodyRoot(c.Body1) == object:
			other, force = c.Body2, -c.Push[2]
		default:
			continue
		}
		switch {
		case j.robot[other]:
			s.touched = true
		case slices.Contains(supports, j.model.BodyRoot(other)):
			up += force
		}
	}
	const gravity = 9.81
	s.supported = up >= 0.5*j.model.BodyMass(object)*gravity
	linear, angular := d.BodyVelocity(object)
	s.resting = d.Asleep(object) || linear.Len() < restSpeed && angular.Len() < restSpin
	return s
}

// A grounding is what the judge finds about one object by itself.
type grounding struct {
	touched bool // by the robot
	resting bool
	carried bool // by something that is not the robot: it bears half of its weight or more
}

// ground says how an object is held up, in the state that it saw last.
func (j *judge) ground(d *sim.Data, object int) grounding {
	var below []int
	for _, c := range j.contacts {
		for _, b := range [...]int{c.Body1, c.Body2} {
			if root := j.model.BodyRoot(b); root != object && !j.robot[b] {
				below = append(below, root)
			}
		}
	}
	s := j.standing(d, object, below)
	return grounding{s.touched, s.resting, s.supported}
}

// contact reports whether two bodies that move freely touch.
func (j *judge) contact(a, b int) bool {
	for _, c := range j.contacts {
		x, y := j.model.BodyRoot(c.Body1), j.model.BodyRoot(c.Body2)
		if x == a && y == b || x == b && y == a {
			return true
		}
	}
	return false
}

// touching reports whether the robot touches the object.
func (j *judge) touching(object int) bool {
	for _, c := range j.contacts {
		if j.robot[c.Body1] && j.model.BodyRoot(c.Body2) == object || j.robot[c.Body2] && j.model.BodyRoot(c.Body1) == object {
			return true
		}
	}
	return false
}

// lifted reports whether the object touches the robot and nothing else.
func (j *judge) lifted(object int) bool {
	held := false
	for _, c := range j.contacts {
		a, b := j.model.BodyRoot(c.Body1), j.model.BodyRoot(c.Body2)
		switch {
		case a != object && b != object || a == b:
		case j.robot[c.Body1] || j.robot[c.Body2]:
			held = true
		default:
			return false
		}
	}
	return held
}
