package robots

import (
	"cmp"
	"context"
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

// Mode is the way in which the robot acted last: one of Robot.Modes.
func (e *Executor) Mode() *Robot { return e.acting().robot }

// modes are the executors of all modes.
func (e *Executor) modes() []*Executor { return append([]*Executor{e}, e.others...) }

// busy reports whether the hand on a side holds something, in whichever way.
func (e *Executor) busy(side float64) bool {
	return slices.ContainsFunc(e.modes(), func(m *Executor) bool { return m.grips != nil && m.side() == side })
}

// OtherHandHolds reports whether another hand than the one that acted last holds on to what a Pick has taken up: a Pick that failed says nothing of it.
func (e *Executor) OtherHandHolds(held *Held) bool {
	return held != nil && slices.ContainsFunc(e.modes(), func(m *Executor) bool { return m.grips == held && m != e.acting() })
}

// occupied says that no hand can be used to pick something up; ok if one can. A hand that waits with what it holds away from home is in the way of the other.
func (e *Executor) occupied() Outcome {
	free := slices.ContainsFunc(e.modes(), func(m *Executor) bool { return !e.busy(m.side()) })
	a := e.acting()
	if out := e.upright(); !out.OK() {
		return out
	}
	switch {
	case !free && len(e.others) == 0:
		return failed(NoGrasp, "the hand holds something already")
	case !free:
		return failed(NoGrasp, "both hands hold something already")
	case a.grips != nil && !a.waits():
		return failed(NoGrasp, "the %s hand holds something, and there was no room for it at home", a.robot.Side)
	}
	return Outcome{}
}

// waits reports whether the hand is where it rests, however turned, and leaves the other arms to themselves.
func (e *Executor) waits() bool {
	arm := &e.robot.Arm
	return !e.leans(e.q) && arm.Forward(e.q).Pos.Sub(arm.Forward(arm.Home).Pos).Len() < 0.01
}

// A choice is what choosing found out about the mode that it chose.
type choice struct {
	result PickResult // of looking
	look   Outcome
	plan   *pickPlan // nil: none is known to be clear
}

// choosing is the executor of the mode that is to pick up what the frame shows at px, made ready, and what it has seen: the one with the best grasp, a
// hand of the same side counting for more, that is reached on a clear way. A hand that is not at rest is the one to go on with, and there is no choice. side
// is 1 for the left hand only, -1 for the right hand only, 0 for both; a hand that holds something is not asked.
func (e *Executor) choosing(f *sim.Frame, px sim.Pixel, side float64) (*Executor, *choice) {
	if len(e.others) == 0 {
		return e, nil
	}
	if a := e.acting(); jointDistance(a.q, a.robot.Arm.Home) > 0.01 {
		return a, nil
	}
	type option struct {
		*Executor
		choice
		cost float64
	}
	var options []option
	for _, m := range e.modes() {
		if side*m.side() < 0 || e.busy(m.side()) {
			continue
		}
		m.resume(e)
		m.tried = m.tried[:0]
		o := option{Executor: m, cost: math.Inf(1)}
		if i := slices.IndexFunc(options, func(twin option) bool { return twin.planner == m.planner }); i >= 0 {
			o.choice = options[i].choice // the same hand on the other arm
		} else {
			o.look = m.find(f, px, &o.result)
		}
		if o.look.OK() {
			o.cost = m.planner.found[0].Cost + m.robot.Hand.Handicap
		}
		if m.side()*m.tBaseWorld.Apply(o.result.Point)[1] < 0 {
			o.cost += offSide
		}
		options = append(options, o)
	}
	slices.SortStableFunc(options, func(a, b option) int { return cmp.Compare(a.cost, b.cost) })
	best := &options[0]
search:
	for _, pass := range [...]struct{ careful, anyhow bool }{{true, false}, {false, false}, {false, true}} {
		for i := range options {
			o := &options[i]
			if math.IsInf(o.cost, 1) {
				break
			}
			o.anyhow = pass.anyhow
			plan, out := o.choose(&o.result, pass.careful)
			o.anyhow = false
			if out.OK() {
				best, o.plan = o, &plan
				break search
			}
		}
	}
	e.active = best.Executor
	e.active.resume(e)
	return e.active, &best.choice
}

// resume makes the mode's last command where the robot's joints are, whichever mode brought them there.
func (e *Executor) resume(first *Executor) {
	copy(e.q, e.plant.(modal).Resume())
	clear(e.qd)
	e.hand = HandCommand{Width: e.robot.Hand.MaxWidth}
	e.Look, e.Watch, e.Interrupt = first.Look, first.Watch, first.Interrupt
}

// side is 1 for the left hand, -1 for the right hand, by where it rests.
func (e *Executor) side() float64 {
	return math.Copysign(1, e.robot.Arm.Forward(e.robot.Arm.Home).Pos[1])
}

// middles are places before the robot that both hands reach, in base [m], those nearest to both first.
var middles = func() (out [][2]float64) {
	for x := 0.29; x < 0.48; x += 0.03 {
		for y := -0.15; y < 0.16; y += 0.03 {
			out = append(out, [2]float64{x, y})
		}
	}
	far := func(m [2]float64) float64 { return math.Hypot(m[0]-0.38, m[1]) }
	slices.SortStableFunc(out, func(a, b [2]float64) int { return cmp.Compare(far(a), far(b)) })
	return out
}()

// mostMiddles is how many of them are tried.
const mostMiddles = 6

// otherHand puts what is held down where the hand that holds it cannot bring it: it is laid down in the middle, taken up by the other hand, and
// put down by that. r is how the first hand failed, which is the answer if there is no other, or no room in the middle.
func (e *Executor) otherHand(ctx context.Context, f *sim.Frame, px sim.Pixel, r PlaceResult, opt PlaceOptions) (PlaceResult, error) {
	first := e.acting()
	if len(e.others) == 0 {
		return r, nil
	}
	g := &r.Held.Grasp
	ground := g.TWorldEE.Pos[2] - g.below
	budget := func() PlaceOptions { // what is left of it
		if opt.MaxPeriods == 0 {
			return opt
		}
		return PlaceOptions{MaxPeriods: max(opt.MaxPeriods-r.Periods, 1)}
	}
	tried := 0
	for _, m := range middles {
		if tried == mostMiddles {
			break
		}
		p := first.tWorldBase.Apply(sim.Vec3{m[0], m[1], 0})
		p[2] = ground
		at, _, ok := f.Camera.Project(p)
		if high := first.field.height(m[0], m[1], g.half+0.02) + first.tWorldBase.Pos[2]; !ok || high > ground+0.012 {
			continue
		}
		tried++
		laid, err := first.putDown(ctx, f, at, r.Held, budget())
		r.Phases, r.Periods, r.Held = append(r.Phases, laid.Phases...), r.Periods+laid.Periods, laid.Held
		if err != nil {
			return r, err
		}
		if laid.Held != nil {
			continue // not there
		}
		if !laid.OK() {
			r.Outcome = laid.Outcome
			return r, nil
		}
		again, err := e.Look(ctx)
		if err != nil {
			return r, err
		}
		p[2] += g.height / 2
		if at, _, ok = again.Camera.Project(p); !ok {
			return r, nil
		}
		other, c := e.choosing(again, at, -first.side())
		took, err := other.pickUp(ctx, again, at, c, PickOptions{MaxPeriods: budget().MaxPeriods})
		r.Phases, r.Periods, r.Held = append(r.Phases, took.Phases...), r.Periods+took.Periods, took.Held
		if err != nil {
			return r, err
		}
		if !took.OK() {
			r.Outcome = took.Outcome
			return r, nil
		}
		if again, err = e.Look(ctx); err != nil {
			return r, err
		}
		put, err := e.acting().putDown(ctx, again, px, took.Held, budget())
		put.Phases, put.Periods = append(r.Phases, put.Phases...), r.Periods+put.Periods
		return put, err
	}
	return r, nil
}
