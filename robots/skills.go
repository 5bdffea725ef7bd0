package robots

import (
	"cmp"
	"context"
	"math"

	"github.com/refarena/refarena/sim"
)

// A Held is what the hand holds, as far as the robot knows.
type Held struct {
	Grasp Grasp   // how it was grasped
	Width float64 // between the fingers, measured [m]
	Force float64 // at each pad [N]
}

// PickOptions tunes Pick. The zero value is ready to use.
type PickOptions struct {
	Force      float64 // at each pad [N]; 0 means 60
	Attempts   int     // grasps to try when the hand closes on nothing; 0 means 2
	MaxPeriods int     // control periods, the way home after a failure not counted; 0 means a minute's worth
}

// A PickResult is how a Pick went.
type PickResult struct {
	Outcome
	Point    sim.Vec3 // what the pixel shows, in the world [m]
	Found    int      // grasps
	Attempts int      // grasps tried
	Grasp    Grasp    // the last one
	Held     *Held    // nil unless it succeeded
	Phases   []Phase
	Periods  int // control periods
}

// Pick takes up what the frame shows at px and brings it home. The robot stands still in the pose that the frame shows it in.
// After a failure the arm is at rest, at home with its hand open, unless something keeps it from there, or where it was if it did not
// move. The error is the plant's or the context's.
func (e *Executor) Pick(ctx context.Context, f *sim.Frame, px sim.Pixel, opt PickOptions) (PickResult, error) {
	e.begin(opt.MaxPeriods)
	var r PickResult
	err := e.pick(ctx, f, px, opt, &r)
	r.Phases, r.Periods = e.phases, e.periods
	return r, err
}

func (e *Executor) pick(ctx context.Context, f *sim.Frame, px sim.Pixel, opt PickOptions, r *PickResult) error {
	var grasps []Grasp
	r.Outcome, _ = e.phase("look", func() (out Outcome, err error) {
		grasps, r.Point, out = e.planner.Plan(f, px, e.robotCapsules(nil))
		if reach := e.distance(r.Point); r.Point != (sim.Vec3{}) && reach > e.robot.Arm.Reach {
			out = failed(OutOfReach, "%.3f m from the base, the arm reaches %.3f", reach, e.robot.Arm.Reach)
		}
		return out, nil
	})
	if !r.OK() {
		return nil
	}
	r.Found = len(grasps)
	e.field.set(&e.planner.cloud, e.tBaseWorld, nil)
	attempts := cmp.Or(opt.Attempts, 2)
	worst := Unreachable
	for _, g := range grasps {
		plan, out := e.planPick(g)
		if !out.OK() {
			if out.Cause == NoPath {
				worst = NoPath
			}
			continue
		}
		r.Grasp = g
		r.Attempts++
		var held *Held
		var err error
		r.Outcome, held, err = e.grasp(ctx, plan, opt)
		if err != nil {
			return err
		}
		if r.OK() {
			r.Held = held
			return nil
		}
		if r.Cause != Slip || r.Attempts >= attempts {
			break
		}
		e.field.set(&e.planner.cloud, e.tBaseWorld, nil) // what was held is an obstacle again
	}
	if r.Attempts == 0 {
		r.Outcome = failed(worst, "none of %d grasps at (%.3f, %.3f, %.3f) can be reached on a clear way, the best %v",
			len(grasps), r.Point[0], r.Point[1], r.Point[2], grasps[0])
		return nil
	}
	return e.giveUp(ctx)
}

// distance is how far a point of the world is from the base, horizontally [m].
func (e *Executor) distance(pWorld sim.Vec3) float64 {
	p := e.tBaseWorld.Apply(pWorld)
	return math.Hypot(p[0], p[1])
}

// giveUp opens the hand and goes home.
func (e *Executor) giveUp(ctx context.Context) error {
	_, err := e.phase("give up", func() (Outcome, error) {
		e.hand = HandCommand{Width: e.robot.Hand.MaxWidth}
		if err := e.wait(ctx, Rate/2, nil); err != nil {
			return Outcome{}, err
		}
		return e.retreat(ctx, nil)
	})
	return err
}

// A pickPlan is the motion to a grasp and up again.
type pickPlan struct {
	grasp    Grasp
	there    *path
	approach [][]float64
}

// yaws are the two ways to hold a parallel gripper the same.
var yaws = [2]sim.Pose{sim.Identity(), sim.Rotation(math.Pi, sim.Vec3{0, 0, 1})}

// planPick finds joint positions for a grasp, a straight way down to it, and a way to where that begins.
func (e *Executor) planPick(g Grasp) (pickPlan, Outcome) {
	reached := false
	n := len(e.q)
	for _, yaw := range yaws {
		tBaseEE := e.tBaseWorld.Mul(g.TWorldEE).Mul(yaw)
		// Above everything around: where the way down begins.
		up := max(tBaseEE.Pos[2]+0.04, e.field.height(tBaseEE.Pos[0], tBaseEE.Pos[1], 0.07)+0.03) + e.robot.Hand.TipBack(g.Opening)
		sols := append([]float64(nil), e.robot.Arm.Inverse(tBaseEE, e.robot.Arm.Home, e.rows)...)
		for ; len(sols) > 0; sols = sols[n:] {
			if !e.clear(sols[:n], nil, false) {
				continue
			}
			rows, ok := e.line(sols[:n], sim.Vec3{tBaseEE.Pos[0], tBaseEE.Pos[1], up})
			if !ok {
				continue
			}
			reached = true
			if p, ok := e.transit(e.q, rows[len(rows)-1], nil); ok {
				return pickPlan{g, p, reversed(rows)}, Outcome{}
			}
		}
	}
	if !reached {
		return pickPlan{}, failed(Unreachable, "%v", g)
	}
	return pickPlan{}, failed(NoPath, "%v", g)
}

// grasp carries a plan out: there, down, close, up, home.
func (e *Executor) grasp(ctx context.Context, plan pickPlan, opt PickOptions) (Outcome, *Held, error) {
	g := plan.grasp
	e.hand = HandCommand{Width: g.Opening}
	out, err := e.phase("reach", func() (Outcome, error) { return e.follow(ctx, e.timed(plan.there, 0), nil) })
	if err != nil || !out.OK() {
		return out, nil, err
	}
	out, err = e.phase("approach", func() (Outcome, error) {
		if err := e.wait(ctx, Rate/2, func() bool { return math.Abs(e.plant.State().Width-g.Opening) < 0.002 }); err != nil {
			return Outcome{}, err
		}
		return e.follow(ctx, e.timed(newPath(plan.approach...), lineSpeed), nil)
	})
	if err != nil || !out.OK() {
		return out, nil, err
	}
	held := &Held{Grasp: g}
	out, err = e.phase("close", func() (Outcome, error) { return e.close(ctx, held, cmp.Or(opt.Force, gripForce)) })
	if err != nil {
		return out, nil, err
	}
	if out.OK() {
		out, err = e.phase("lift", func() (Outcome, error) { return e.lift(ctx, held, plan.approach) })
		if err != nil || out.OK() {
			if err == nil {
				out, err = e.phase("carry", func() (Outcome, error) { return e.carryHome(ctx, held) })
			}
			return out, held, err
		}
	}
	if out.Cause == Slip { // back up, ready for another try
		_, err = e.phase("back", func() (Outcome, error) {
			e.hand = HandCommand{Width: g.Opening}
			if err := e.wait(ctx, Rate/4, nil); err != nil {
				return Outcome{}, err
			}
			at := e.robot.Arm.Forward(e.q).Pos
			top := e.robot.Arm.Forward(plan.approach[0]).Pos
			rows, _ := e.line(e.q, sim.Vec3{at[0], at[1], max(at[2], top[2])})
			back, err := e.follow(ctx, e.timed(newPath(rows...), lineSpeed), nil)
			return back, err
		})
	}
	return out, nil, err
}

// close closes the hand until it stops, and looks whether something is in it.
func (e *Executor) close(ctx context.Context, held *Held, force float64) (Outcome, error) {
	s := e.plant.State()
	e.hand = HandCommand{Width: -pressing, Speed: closeSpeed, Force: force}
	limit := int((e.robot.Hand.MaxWidth/closeSpeed + 0.5) * Rate)
	still := 0
	err := e.wait(ctx, limit, func() bool {
		if math.Abs(s.WidthD) < 0.004 && s.Grip > 0.6*force {
			still++
		} else {
			still = 0
		}
		return still >= 8
	})
	if err != nil {
		return Outcome{}, err
	}
	held.Width, held.Force = s.Width, force
	if s.Width < nothing {
		return failed(Slip, "the hand closed to %.1f mm on something seen as %.1f mm wide", 1000*s.Width, 1000*held.Grasp.Width), nil
	}
	return Outcome{}, nil
}

// holding is the guard while something is carried: it is gone when the fingers come together.
func (e *Executor) holding(held *Held, cause Cause, stop bool) func() (Outcome, bool) {
	return func() (Outcome, bool) {
		if s := e.plant.State(); s.Width < nothing || s.Width < held.Width-lostWidth {
			return failed(cause, "the hand closed from %.1f to %.1f mm", 1000*held.Width, 1000*s.Width), stop
		}
		return Outcome{}, false
	}
}

// lift raises what is held straight up, above everything that was seen if the arm can, and looks whether it is still there.
func (e *Executor) lift(ctx context.Context, held *Held, approach [][]float64) (Outcome, error) {
	e.field.set(&e.planner.cloud, e.tBaseWorld, e.planner.seg.mask) // what is held is no obstacle
	at := e.robot.Arm.Forward(e.q).Pos
	top := max(at[2]+0.06, e.field.tallest+held.Grasp.below+2*heldClearance)
	rows, ok := e.line(e.q, sim.Vec3{at[0], at[1], top})
	if !ok && len(rows) < 4 {
		rows = reversed(approach)
	}
	guard := e.holding(held, Slip, true)
	if out, err := e.follow(ctx, e.timed(newPath(rows...), lineSpeed), guard); err != nil || !out.OK() {
		return out, err
	}
	out, _ := guard()
	return out, nil
}

// carryHome brings what is held home.
func (e *Executor) carryHome(ctx context.Context, held *Held) (Outcome, error) {
	guard := e.holding(held, Dropped, true)
	p, ok := e.transit(e.q, e.robot.Arm.Home, held)
	if !ok { // back to where it stood
		rows, _ := e.line(e.q, e.tBaseWorld.Apply(held.Grasp.TWorldEE.Pos))
		if out, err := e.follow(ctx, e.timed(newPath(rows...), lineSpeed/2), guard); err != nil || !out.OK() {
			return out, err
		}
		return failed(NoPath, "no clear way home with something %.2f m wide that reaches %.2f m below the fingers",
			2*held.Grasp.half, held.Grasp.below), nil
	}
	if out, err := e.follow(ctx, e.timed(p, 0), guard); err != nil || !out.OK() {
		return out, err
	}
	out, _ := guard()
	return out, nil
}

// PlaceOptions tunes Place. The zero value is ready to use.
type PlaceOptions struct {
	MaxPeriods int // control periods, the way home after a failure not counted; 0 means a minute's worth
}

// A PlaceResult is how a Place went.
type PlaceResult struct {
	Outcome
	Point    sim.Vec3 // what the pixel shows, in the world [m]
	TWorldEE sim.Pose // where the hand was to let go
	Touched  bool     // the surface was felt
	Held     *Held    // what is still in the hand; nil after success
	Phases   []Phase
	Periods  int // control periods
}

// Place sets what is held down at what the frame shows at px, lets go, and goes home. The robot stands still in the pose that the frame
// shows it in. After a failure it is at rest, at home unless something keeps it from there, and holds on to what it still holds.
// The error is the plant's or the context's.
func (e *Executor) Place(ctx context.Context, f *sim.Frame, px sim.Pixel, held *Held, opt PlaceOptions) (PlaceResult, error) {
	e.begin(opt.MaxPeriods)
	var r PlaceResult
	err := e.place(ctx, f, px, held, &r)
	r.Phases, r.Periods = e.phases, e.periods
	return r, err
}

func (e *Executor) place(ctx context.Context, f *sim.Frame, px sim.Pixel, held *Held, r *PlaceResult) error {
	var plan placePlan
	r.Outcome, _ = e.phase("look", func() (Outcome, error) {
		if held == nil {
			return failed(Dropped, "nothing in the hand"), nil
		}
		if out, lost := e.holding(held, Dropped, true)(); lost {
			return out, nil
		}
		start, out := e.planner.look(f, px, e.robotCapsules(held))
		if !out.OK() {
			return out, nil
		}
		r.Point = e.planner.cloud.points[start]
		if reach := e.distance(r.Point); reach > e.robot.Arm.Reach {
			return failed(OutOfReach, "%.3f m from the base, the arm reaches %.3f", reach, e.robot.Arm.Reach), nil
		}
		e.field.set(&e.planner.cloud, e.tBaseWorld, nil)
		plan, out = e.planPlace(r.Point, held)
		r.TWorldEE = plan.tWorldEE
		return out, nil
	})
	if r.Cause != Dropped {
		r.Held = held
	}
	if !r.OK() {
		return nil
	}
	guard := e.holding(held, Dropped, true)
	var err error
	r.Outcome, err = e.phase("carry", func() (Outcome, error) { return e.follow(ctx, e.timed(plan.there, 0), guard) })
	if err == nil && r.OK() {
		r.Outcome, err = e.phase("lower", func() (Outcome, error) { return e.follow(ctx, e.timed(newPath(plan.lower...), lineSpeed), guard) })
	}
	if err == nil && r.OK() {
		r.Outcome, err = e.phase("set down", func() (Outcome, error) {
			out, touched, err := e.setDown(ctx, held, plan)
			r.Touched = touched
			return out, err
		})
	}
	if err != nil {
		return err
	}
	if !r.OK() {
		if r.Cause == Dropped {
			r.Held = nil
			return e.giveUp(ctx)
		}
		_, err = e.phase("retreat", func() (Outcome, error) { return e.retreat(ctx, held) })
		return err
	}
	r.Held = nil
	if r.Outcome, err = e.phase("release", func() (Outcome, error) { return e.release(ctx, plan) }); err != nil {
		return err
	}
	_, err = e.phase("home", func() (Outcome, error) { return e.retreat(ctx, nil) })
	return err
}

// A placePlan is the motion to where something is set down.
type placePlan struct {
	tWorldEE sim.Pose // where the hand lets go, if the surface is where it was seen
	there    *path
	lower    [][]float64 // to just above the surface
	set      [][]float64 // on to just below it
	opening  float64     // to let go [m]
}

// turns are the ways to turn what is held about the vertical, most wanted first [rad].
var turns = [...]float64{0, math.Pi / 2, math.Pi / 6, -math.Pi / 6, math.Pi / 3, -math.Pi / 3}

// drops are how far above the surface the hand may let go where its fingers have no room farther down, as in a bowl [m].
var drops = [...]float64{0, 0.012, 0.025, 0.04}

// planPlace finds a pose that puts the middle of what is held over p and its bottom on the surface there.
func (e *Executor) planPlace(p sim.Vec3, held *Held) (placePlan, Outcome) {
	g := held.Grasp
	pBase := e.tBaseWorld.Apply(p)
	ground := pBase[2] // the highest under it; what is under its outermost parts may also be beside it
	for _, q := range e.planner.cloud.points {
		if valid(q) && sq(q[0]-p[0])+sq(q[1]-p[1]) < sq(0.7*g.half) {
			ground = max(ground, e.tBaseWorld.Apply(q)[2])
		}
	}
	room, reached := false, false
	for _, drop := range drops {
		for _, turn := range turns {
			for _, yaw := range yaws {
				t := sim.Rotation(turn, sim.Vec3{0, 0, 1}).Mul(sim.Pose{Rot: g.TWorldEE.Rot}).Mul(yaw)
				t.Pos = p.Sub(t.Rot.Rotate(sim.Vec3{g.centre[0], g.centre[1], g.below})).Add(sim.Vec3{0, 0, drop})
				opening := e.room(t, held.Width)
				if opening == 0 {
					continue
				}
				room = true
				plan, out := e.planPlaceAt(t, ground+drop, opening, held)
				if out.OK() {
					return plan, out
				}
				reached = reached || out.Cause == NoPath
			}
		}
	}
	where := failed("", "set something %.2f m wide down at (%.3f, %.3f, %.3f)", 2*g.half, p[0], p[1], p[2]).Detail
	switch {
	case !room:
		return placePlan{}, failed(NoPath, "no room for the fingers to %s", where)
	case !reached:
		return placePlan{}, failed(Unreachable, "no joint positions to %s", where)
	}
	return placePlan{}, failed(NoPath, "no clear way to %s", where)
}

// planPlaceAt plans the motion to letting go at tWorldEE, with ground the height in base that the bottom of what is held is expected to
// touch at.
func (e *Executor) planPlaceAt(tWorldEE sim.Pose, ground, opening float64, held *Held) (placePlan, Outcome) {
	g := held.Grasp
	n := len(e.q)
	low := e.tBaseWorld.Mul(tWorldEE)
	touch := low.Pos.Sub(sim.Vec3{0, 0, 0.010})
	low.Pos[2] = ground + g.below + 0.012
	up := max(low.Pos[2]+0.04, e.field.height(low.Pos[0], low.Pos[1], 0.07)+g.below+0.03)
	reached := false
	sols := append([]float64(nil), e.robot.Arm.Inverse(low, e.robot.Arm.Home, e.rows)...)
	for ; len(sols) > 0; sols = sols[n:] {
		if !e.clear(sols[:n], nil, false) {
			continue
		}
		above, ok := e.line(sols[:n], sim.Vec3{low.Pos[0], low.Pos[1], up})
		if !ok {
			continue
		}
		set, ok := e.line(sols[:n], touch)
		if !ok {
			continue
		}
		reached = true
		if there, ok := e.transit(e.q, above[len(above)-1], held); ok {
			return placePlan{tWorldEE, there, reversed(above), set, opening}, Outcome{}
		}
	}
	if reached {
		return placePlan{}, Outcome{Cause: NoPath}
	}
	return placePlan{}, Outcome{Cause: Unreachable}
}

// room is how far the hand at tWorldEE can open from width without its fingers touching what was seen [m]; 0 if not far enough to
// let go.
func (e *Executor) room(tWorldEE sim.Pose, width float64) float64 {
	h := &e.robot.Hand
	best := h.MaxWidth
	inv := tWorldEE.Inv()
	enough := min(h.MaxWidth, width+0.010)
	for _, q := range e.planner.cloud.points {
		if !valid(q) {
			continue
		}
		if dx, dy := q[0]-tWorldEE.Pos[0], q[1]-tWorldEE.Pos[1]; dx*dx+dy*dy > 0.1*0.1 {
			continue
		}
		p := inv.Apply(q)
		if p[2] > 0.002 || math.Abs(p[0]) > h.FingerWidth/2+sideGap {
			continue
		}
		free := 2 * (math.Abs(p[1]) - h.FingerThickness - sideGap)
		if free < enough {
			return 0
		}
		best = min(best, free)
	}
	return best
}

// setDown lowers what is held, slowly, until it is felt to touch.
func (e *Executor) setDown(ctx context.Context, held *Held, plan placePlan) (out Outcome, touched bool, err error) {
	s := e.plant.State()
	up := sim.Vec3{0, 0, 1}
	var before float64
	n := 0
	lost := e.holding(held, Dropped, true)
	out, err = e.follow(ctx, e.timed(newPath(plan.set...), lowerSpeed), func() (Outcome, bool) {
		if out, gone := lost(); gone {
			return out, true
		}
		force := e.robot.Arm.ToolForce(s.Q, s.Torque, up)
		if n++; n <= 8 {
			before += force / 8
			return Outcome{}, false
		}
		touched = math.Abs(force-before) > touchForce
		return Outcome{}, touched
	})
	return out, touched, err
}

// release opens the hand and draws it straight up.
func (e *Executor) release(ctx context.Context, plan placePlan) (Outcome, error) {
	s := e.plant.State()
	opening := min(plan.opening, s.Width+0.030)
	e.hand = HandCommand{Width: opening, Speed: closeSpeed}
	if err := e.wait(ctx, Rate/2, func() bool { return s.Width > opening-0.002 }); err != nil {
		return Outcome{}, err
	}
	if err := e.wait(ctx, Rate/16, nil); err != nil {
		return Outcome{}, err
	}
	at, top := e.robot.Arm.Forward(e.q).Pos, e.robot.Arm.Forward(plan.lower[0]).Pos
	rows, _ := e.line(e.q, sim.Vec3{at[0], at[1], max(at[2]+0.08, top[2])})
	return e.follow(ctx, e.timed(newPath(rows...), lineSpeed), nil)
}
