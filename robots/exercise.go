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
	exerciseLift   = 0.30 // of the hand, at least, from where it gripped [m]
	exerciseHeight = 0.42 // of the hand above the base, if that is enough [m]
	exerciseReach  = 0.42 // in front of the base [m]
	exerciseCarry  = 0.50 // from side to side [m]
	shakeAmplitude = 0.05 // [m]
	shakeFrequency = 2.0  // [Hz]
	shakeCycles    = 6    // along each of the three axes, the first two growing and the last two fading
	turnPlaces     = 12   // of the nearest places to turn the hand over, ways are looked for to so many
)

// Exercise moves what is held about, to see whether the grip holds: up by 0.3 m at least, to and fro along y, x and z (±0.05 m at 2 Hz), over by
// the wrist until the hand points sideways, half a turn around the hand's axis there, back, and 0.5 m across at full speed. The robot stands at home as
// after Pick. It ends there, unless something went wrong; the outcome is exec.dropped if the hand lost what it held, plan.no_path if there was no
// way, or no room for the half turn, ik.unreachable if there is no place where the arm can shake that fast. The phases are up, shake, turn over, across, home. The
// error is the plant's or the context's.
func (e *Executor) Exercise(ctx context.Context, held *Held) (Outcome, []Phase, error) {
	e = e.acting()
	e.begin(0)
	from, to, ok := e.exercisePlace(held)
	if !ok {
		return failed(Unreachable, "nowhere before the robot can the arm shake by %g m at %g Hz", shakeAmplitude, shakeFrequency), nil, nil
	}
	guard := e.holding(held, Dropped).guard
	run := func(name string, do func() (Outcome, error)) func() (Outcome, error) {
		return func() (Outcome, error) { return e.phase(name, do) }
	}
	for _, step := range []func() (Outcome, error){
		run("up", func() (Outcome, error) { return e.exerciseTo(ctx, [][]float64{from}, held, guard) }),
		run("shake", func() (Outcome, error) { return e.shake(ctx, guard) }),
		run("turn over", func() (Outcome, error) { return e.turnOver(ctx, held, guard) }),
		run("across", func() (Outcome, error) { return e.exerciseTo(ctx, [][]float64{to}, held, guard) }),
		run("home", func() (Outcome, error) {
			rests, _ := e.rests(held)
			return e.exerciseTo(ctx, rests, held, guard)
		}),
	} {
		if out, err := step(); err != nil || !out.OK() {
			return out, e.phases, err
		}
	}
	return Outcome{}, e.phases, nil
}

// exercisePlaces are places for the hand before the robot, turned as at home, in base: to the base's right or left, at exerciseReach and exerciseHeight, or
// higher if what is held was gripped high up, and in a grid around that, those nearest to it first.
func (e *Executor) exercisePlaces(held *Held) []sim.Pose {
	rot := e.robot.Arm.Forward(e.robot.Arm.Home).Rot
	least := e.tBaseWorld.Apply(held.Grasp.TWorldEE.Pos)[2] + exerciseLift
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
	var out []sim.Pose
	for _, p := range places {
		if z := max(exerciseHeight, least) + p.dz; z >= least {
			out = append(out, sim.Pose{Pos: sim.Vec3{exerciseReach + p.dx, p.side * exerciseCarry / 2, z}, Rot: rot})
		}
	}
	return out
}

// exercisePlace is where the arm shakes and where it goes across from there: the first of exercisePlaces where shaking asks for no more speed than the joints
// are planned with.
func (e *Executor) exercisePlace(held *Held) (from, to []float64, ok bool) {
	for _, t := range e.exercisePlaces(held) {
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
	t, _, ok := e.transit(to, 0, held)
	if !ok {
		return failed(NoPath, "no clear way with what is held"), nil
	}
	return e.follow(ctx, e.timed(t.path, 0), guard) // as fast as the joints allow: gentler is how it carries otherwise
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

// turnOver brings the hand to where its axis is level, turns it half around that axis, by one joint of the wrist, and back again, and returns to where the
// arm was.
func (e *Executor) turnOver(ctx context.Context, held *Held, guard func() (Outcome, bool)) (Outcome, error) {
	start := slices.Clone(e.q)
	around := e.halfTurns(held)
	if len(around) == 0 {
		return failed(NoPath, "no room to turn the hand half around"), nil
	}
	var goals [][]float64
	for _, h := range around[:min(len(around), turnPlaces)] {
		goals = append(goals, h.from)
	}
	t, goal, ok := e.transit(goals, 0, held)
	if !ok {
		return failed(NoPath, "no clear way to where there is room to turn the hand half around"), nil
	}
	h := around[goal]
	for _, t := range [...]trajectory{e.timed(t.path, 0), e.timed(newPath(h.from, h.to), 0), e.timed(newPath(h.to, h.from), 0)} {
		if out, err := e.follow(ctx, t, guard); err != nil || !out.OK() {
			return out, err
		}
	}
	return e.exerciseTo(ctx, [][]float64{start}, held, guard)
}

// A halfTurn is joint positions between which the hand turns by π about its axis, which is level.
type halfTurn struct{ from, to []float64 }

// halfTurns are half turns with room for the arm and what is held all the way, the nearest to where the arm is first: with the arm as it is there, or as it
// is in one of exercisePlaces, but for its wrist, of which the first joint makes the hand's axis level.
func (e *Executor) halfTurns(held *Held) []halfTurn {
	arm := &e.robot.Arm
	n := len(arm.Joints)
	load := loadOf(held)
	inside := func(i int, q float64) bool { return q >= arm.Joints[i].Min && q <= arm.Joints[i].Max }
	var out []halfTurn
	try := func(q []float64) {
		for _, begin := range [...]float64{q[arm.Twist], -math.Pi / 2, math.Pi / 2} {
			for _, by := range [...]float64{math.Pi, -math.Pi} {
				from := slices.Clone(q)
				from[arm.Twist] = begin
				copy(from[arm.Twist+1:], arm.Straight)
				if !inside(arm.Twist, begin) || !inside(arm.Twist, begin+by) {
					continue
				}
				for _, level := range e.level(from, n-3) {
					if !inside(n-3, level) {
						continue
					}
					from := slices.Clone(from)
					from[n-3] = level
					to := slices.Clone(from)
					to[arm.Twist] += by
					if e.ways().sweeps(from, to, load, startClearance) {
						out = append(out, halfTurn{from, to})
					}
				}
			}
		}
	}
	if try(e.q); len(out) == 0 {
		for _, t := range e.exercisePlaces(held) {
			rows := slices.Clone(arm.Inverse(t, e.q, e.rows))
			for ; len(rows) > 0; rows = rows[n:] {
				try(rows[:n])
			}
		}
	}
	far := func(h halfTurn) float64 { return jointDistance(e.q, h.from) }
	slices.SortStableFunc(out, func(a, b halfTurn) int { return cmp.Compare(far(a), far(b)) })
	return out
}

// level are the angles of a joint at which, all others being where they are in q, the hand's axis is level [rad]: those in -π…π, and the nearest ones.
func (e *Executor) level(q []float64, joint int) []float64 {
	at := q[joint]
	q = slices.Clone(q)
	var up [3]float64 // how far the hand's axis points up at 0, π/2 and π: a·cos + b·sin + c
	for k := range up {
		q[joint] = float64(k) * math.Pi / 2
		up[k] = e.robot.Arm.Forward(q).Axis(2)[2]
	}
	c := (up[0] + up[2]) / 2
	a, b := (up[0]-up[2])/2, up[1]-c
	most := math.Hypot(a, b)
	if most < 0.05 || math.Abs(c) > most {
		return nil
	}
	middle, half := math.Atan2(b, a), math.Acos(-c/most)
	var out []float64
	for _, x := range [...]float64{middle + half, middle - half} {
		x = math.Remainder(x, 2*math.Pi)
		out = append(out, x)
		if near := at + math.Remainder(x-at, 2*math.Pi); math.Abs(near-x) > 1e-9 {
			out = append(out, near)
		}
	}
	return out
}
