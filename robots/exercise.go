package robots

import (
	"context"
	"math"

	"github.com/refarena/refarena/sim"
)

// What Exercise does with what is held.
const (
	exerciseHeight = 0.42        // of the hand above the base, at least 0.3 m above where things stand [m]
	exerciseReach  = 0.42        // in front of the base [m]
	exerciseCarry  = 0.50        // from side to side [m]
	shakeAmplitude = 0.05        // [m]
	shakeFrequency = 2.0         // [Hz]
	shakeCycles    = 6           // along each of the three axes, the first two growing and the last two fading
	overturn       = math.Pi / 2 // of the hand, by the third joint from the tool, to either side if the arm can [rad]
)

// Exercise moves what is held about, to see whether the grip holds: up, to and fro along y, x and z (±0.05 m at 2 Hz), over by the wrist
// until the hand points sideways, half around there, back, and 0.5 m across at full speed. The robot stands at home as after Pick. It ends
// there, unless something went wrong; the outcome is exec.dropped if the hand lost what it held, plan.no_path if there was no way. The error is the plant's or the
// context's.
func (e *Executor) Exercise(ctx context.Context, held *Held) (Outcome, []Phase, error) {
	e = e.acting()
	e.begin(0)
	rot := e.robot.Arm.Forward(e.robot.Arm.Home).Rot
	at := func(y float64) sim.Pose { return sim.Pose{Pos: sim.Vec3{exerciseReach, y, exerciseHeight}, Rot: rot} }
	guard := e.holding(held, Dropped, true)
	run := func(name string, do func() (Outcome, error)) func() (Outcome, error) {
		return func() (Outcome, error) { return e.phase(name, do) }
	}
	to := func(t sim.Pose) func() (Outcome, error) {
		return func() (Outcome, error) {
			q, ok := e.nearest(t, e.q)
			if !ok {
				return failed(Unreachable, "no joint positions at %v", t), nil
			}
			return e.exerciseTo(ctx, [][]float64{q}, held, guard)
		}
	}
	for _, step := range []func() (Outcome, error){
		run("up", to(at(-exerciseCarry/2))),
		run("shake", func() (Outcome, error) { return e.shake(ctx, guard) }),
		run("turn over", func() (Outcome, error) { return e.turnOver(ctx, held, guard) }),
		run("across", to(at(exerciseCarry/2))),
		run("home", func() (Outcome, error) { return e.exerciseTo(ctx, e.rests(held), held, guard) }),
	} {
		if out, err := step(); err != nil || !out.OK() {
			return out, e.phases, err
		}
	}
	return Outcome{}, e.phases, nil
}

// exerciseTo goes to one of several places at full speed.
func (e *Executor) exerciseTo(ctx context.Context, to [][]float64, held *Held, guard func() (Outcome, bool)) (Outcome, error) {
	t, _, ok := e.transit(to, held)
	if !ok {
		return failed(NoPath, "no clear way with what is held"), nil
	}
	return e.follow(ctx, t, guard)
}

// shake moves the hand to and fro, along one axis of the base after the other.
func (e *Executor) shake(ctx context.Context, guard func() (Outcome, bool)) (Outcome, error) {
	middle := e.robot.Arm.Forward(e.q)
	const n = int(shakeCycles * Rate / shakeFrequency)
	for _, axis := range [...]int{1, 0, 2} {
		for k := 1; k <= n; k++ {
			x := float64(k) / float64(n)
			// It grows over the first two cycles and fades over the last two.
			g := min(1, x*shakeCycles/2, (1-x)*shakeCycles/2)
			grown := g * g * (3 - 2*g)
			t := middle
			t.Pos[axis] += shakeAmplitude * grown * math.Sin(2*math.Pi*shakeCycles*x)
			row, ok := e.nearest(t, e.q)
			if !ok {
				return failed(Unreachable, "the arm cannot shake here"), nil
			}
			for i := range row {
				e.qd[i] = (row[i] - e.q[i]) / Period
				e.q[i] = row[i]
			}
			if err := e.step(ctx); err != nil {
				return Outcome{}, err
			}
			if out, stop := guard(); stop {
				e.halt()
				return out, nil
			}
		}
	}
	clear(e.qd)
	return Outcome{}, nil
}

// turnOver points the hand sideways, by the wrist, turns it half around its axis there, and comes back.
func (e *Executor) turnOver(ctx context.Context, held *Held, guard func() (Outcome, bool)) (Outcome, error) {
	n := len(e.q)
	start := append([]float64(nil), e.q...)
	for _, side := range [...]float64{1, -1} {
		over := append([]float64(nil), start...)
		over[n-3] += side * overturn
		around := append([]float64(nil), over...)
		if around[n-1] += math.Pi; around[n-1] > e.robot.Arm.Joints[n-1].Max {
			around[n-1] -= 2 * math.Pi
		}
		last := e.robot.Arm.Joints[n-1] // a wrist that turns less goes as far as it can
		around[n-1] = min(max(around[n-1], last.Min+0.02), last.Max-0.02)
		if _, _, ok := e.transit([][]float64{over}, held); !ok {
			continue
		}
		for _, q := range [...][]float64{over, around, over, start} {
			if out, err := e.exerciseTo(ctx, [][]float64{q}, held, guard); err != nil || !out.OK() {
				return out, err
			}
		}
		return Outcome{}, nil
	}
	return failed(NoPath, "no room to turn the hand over"), nil
}
