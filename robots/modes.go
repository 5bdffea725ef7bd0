package robots

import (
	"cmp"
	"math"
	"slices"

	"github.com/refarena/refarena/sim"
)

// modal is a plant that is commanded in one of several ways: see Robot.Modes.
type modal interface {
	// Modes are the plants of the modes, in their order, this one first.
	Modes() []Plant
	// Resume makes where all joints were commanded to last the mode's last command, and returns it [rad].
	Resume() []float64
}

// offSide is what a grasp by the hand of the other side costs more (see Grasp.Cost).
const offSide = 1.5

// acting is the executor of the mode that acted last.
func (e *Executor) acting() *Executor {
	if e.active != nil {
		return e.active
	}
	return e
}

// choosing is the executor of the mode that is to pick up what the frame shows at px, made ready: the one with the best grasp, a hand of the same
// side counting for more, that is reached on a clear way. A hand that is not at rest is the one to go on with.
func (e *Executor) choosing(f *sim.Frame, px sim.Pixel) *Executor {
	if len(e.others) == 0 {
		return e
	}
	if a := e.acting(); jointDistance(a.q, a.robot.Arm.Home) > 0.01 {
		return a
	}
	type option struct {
		*Executor
		result PickResult
		cost   float64
	}
	var options []option
	for _, m := range append([]*Executor{e}, e.others...) {
		m.resume(e)
		m.tried = m.tried[:0]
		o := option{Executor: m, cost: math.Inf(1)}
		if out := m.find(f, px, &o.result); out.OK() {
			o.cost = m.planner.found[0].Cost
		}
		if home := m.robot.Arm.Forward(m.robot.Arm.Home).Pos[1]; home*m.tBaseWorld.Apply(o.result.Point)[1] < 0 {
			o.cost += offSide
		}
		options = append(options, o)
	}
	slices.SortStableFunc(options, func(a, b option) int { return cmp.Compare(a.cost, b.cost) })
	e.active = options[0].Executor
	for i := range options {
		o := &options[i]
		if math.IsInf(o.cost, 1) {
			break
		}
		if _, out := o.choose(&o.result); out.OK() {
			e.active = o.Executor
			break
		}
	}
	e.active.resume(e)
	return e.active
}

// resume makes the mode's last command where the robot's joints are, whichever mode brought them there.
func (e *Executor) resume(first *Executor) {
	copy(e.q, e.plant.(modal).Resume())
	clear(e.qd)
	e.hand = HandCommand{Width: e.robot.Hand.MaxWidth}
	if e.Look == nil {
		e.Look = first.Look
	}
}
