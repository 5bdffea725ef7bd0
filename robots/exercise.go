package robots

import (
	"cmp"
	"context"
	"math"
	"slices"

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
// there, unless something went wrong; the outcome is exec.dropped if the hand lost what it held, plan.no_path if there was no way, ik.unreachable if there is
// no place where the arm can shake that fast. The error is the plant's or the context's.
func (e *Executor) Exercise(ctx context.Context, held *Held) (Outcome, []Phase, error) {
	e = e.acting()
	e.begin(0)
	from, to, ok := e.exercisePlace()
	if !ok {
		return failed(Unreachable, "nowhere before the robot can the arm shake by %g m at %g Hz", shakeAmplitude, shakeFrequency), nil, nil
	}
	guard := e.holding(held, Dropped, true)
	run := func(name string, do func() (Outcome, error)) func() (Outcome, error) {
		return func() (Outcome, error) { return e.phase(name, do) }
	}
	for _, step := range []func() (Outcome, error){
		run("up", func() (Outcome, error) { return e.exerciseTo(ctx, [][]float64{from}, held, guard) }),
		run("shake", func() (Outcome, error) { return e.shake(ctx, guard) }),
		run("turn over", func() (Outcome, error) { return e.turnOver(ctx, held, guard) }),
		run("across", func() (Outcome, error) { return e.exerciseTo(ctx, [][]float64{to}, held, guard) }),
		run("home", func() (Outcome, error) { return e.exerciseTo(ctx, e.rests(held), held, guard) }),
	} {
		if out, err := step(); err != nil || !out.OK() {
			return out, e.phases, err
		}
	}
	return Outcome{}, e.phases, nil
}

// exercisePlace is where the arm shakes and where it goes across from there: with its hand turned as at home, to the base's right or left, at
// exerciseReach and exerciseHeight or, if shaking there asks for more speed than the joints are planned with, in the nearest place of a grid
// around where it does not.
func (e *Executor) exercisePlace() (from, to []float64, ok bool) {
	rot := e.robot.Arm.Forward(e.robot.Arm.Home).Rot
	near := [...]float64{0, -0.05, 0.05, -0.10, 0.10}
	type place struct{ dx, dz, side float64 }
	var places []place
	for _, dz := range near {
		for _, dx := range near {
			for _, side := range [2]float64{-1, 1} {
				places = append(places, place{dx, dz, side})
			}
		}
	}
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(math.Hypot(a.dx, a.dz), math.Hypot(b.dx, b.dz)) })
	for _, p := range places {
		t := sim.Pose{Pos: sim.Vec3{exerciseReach + p.dx, p.side * exerciseCarry / 2, exerciseHeight + p.dz}, Rot: rot}
		if from, ok = e.nearest(t, e.q); !ok || !e.canShake(from) {
			continue
		}
		t.Pos[1] = -t.Pos[1]
		if to, ok = e.nearest(t, from); ok {
			return from, to, true
		}
	}
	return nil, nil, false
}

// exerciseTo goes to one of several places at full speed.
func (e *Executor) exerciseTo(ctx context.Context, to [][]float64, held *Held, guard func() (Outcome, bool)) (Outcome, error) {
	t, _, ok := e.transit(to, held)
	if !ok {
		return failed(NoPath, "no clear way with what is held"), nil
	}
	return e.follow(ctx, t, guard)
}

// shakeWay calls visit with the positions of a shake around q, one a control period: to and fro along one axis of the base after the other. It ends
// early, and false, where there are none or visit returns false.
func (e *Executor) shakeWay(q []float64, visit func(row []float64) bool) bool {
	middle := e.robot.Arm.Forward(q)
	last := append([]float64(nil), q...)
	const n = int(shakeCycles * Rate / shakeFrequency)
	for _, axis := range [...]int{1, 0, 2} {
		for k := 1; k <= n; k++ {
			x := float64(k) / float64(n)
			// It grows over the first two cycles and fades over the last two.
			g := min(1, x*shakeCycles/2, (1-x)*shakeCycles/2)
			grown := g * g * (3 - 2*g)
			t := middle
			t.Pos[axis] += shakeAmplitude * grown * math.Sin(2*math.Pi*shakeCycles*x)
			row, ok := e.nearest(t, last)
			if !ok || !visit(row) {
				return false
			}
			copy(last, row)
		}
	}
	return true
}

// canShake reports whether the arm can shake around q within the speeds that its joints are planned with.
func (e *Executor) canShake(q []float64) bool {
	last := append([]float64(nil), q...)
	return e.shakeWay(q, func(row []float64) bool {
		for i, j := range e.robot.Arm.Joints {
			if math.Abs(row[i]-last[i]) > j.MaxSpeed*Period {
				return false
			}
		}
		copy(last, row)
		return true
	})
}

// shake moves the hand to and fro.
func (e *Executor) shake(ctx context.Context, guard func() (Outcome, bool)) (out Outcome, err error) {
	through := e.shakeWay(e.q, func(row []float64) bool {
		for i := range row {
			e.qd[i] = (row[i] - e.q[i]) / Period
			e.q[i] = row[i]
		}
		if err = e.step(ctx); err != nil {
			return false
		}
		lost, stop := guard()
		if stop {
			e.halt()
			out = lost
		}
		return !stop
	})
	clear(e.qd)
	if !through && err == nil && out.OK() {
		out = failed(Unreachable, "the arm cannot shake here")
	}
	return out, err
}

// turnOver points the hand sideways, by the wrist, turns it half around its axis there, one way or the other, or as far as a wrist can that turns less, and comes back.
func (e *Executor) turnOver(ctx context.Context, held *Held, guard func() (Outcome, bool)) (Outcome, error) {
	n := len(e.q)
	start := append([]float64(nil), e.q...)
	for _, side := range [...]float64{1, -1} {
		over := append([]float64(nil), start...)
		over[n-3] += side * overturn
		if _, _, ok := e.transit([][]float64{over}, held); !ok {
			continue
		}
		if out, err := e.exerciseTo(ctx, [][]float64{over}, held, guard); err != nil || !out.OK() {
			return out, err
		}
		last := e.robot.Arm.Joints[n-1]
		var around [][]float64
		for _, by := range [...]float64{math.Pi, -math.Pi} {
			q := append([]float64(nil), over...)
			q[n-1] += by
			if last.Max-last.Min < 2*math.Pi { // a wrist that turns less goes as far as it can
				q[n-1] = min(max(q[n-1], last.Min+0.02), last.Max-0.02)
			}
			if q[n-1] >= last.Min && q[n-1] <= last.Max {
				around = append(around, q)
			}
		}
		if out, err := e.exerciseTo(ctx, around, held, guard); err != nil || !out.OK() {
			return out, err
		}
		for _, q := range [...][]float64{over, start} {
			if out, err := e.exerciseTo(ctx, [][]float64{q}, held, guard); err != nil || !out.OK() {
				return out, err
			}
		}
		return Outcome{}, nil
	}
	return failed(NoPath, "no room to turn the hand over"), nil
}
