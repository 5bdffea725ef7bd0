package robots

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

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
	Force      float64 // at each pad [N]; 0 means 80, or the hand's most if that is less
	Attempts   int     // grasps to try when the hand closes on nothing, loses it, or meets something on its way; 0 means 2
	MaxPeriods int     // control periods, the way home after a failure not counted; 0 means a minute's worth
	Snap       int     // see GraspPlanner.Snap
}

// A PickResult is how a Pick went.
type PickResult struct {
	Outcome
	Point    sim.Vec3 // what the pixel shows, in the world [m]
	Snapped  float64  // how far the pixel was beside what it was taken to mean [px]; 0: it was on it
	Found    int      // grasps
	Attempts int      // grasps tried
	Grasp    Grasp    // the last one
	Held     *Held    // nil unless it succeeded
	Phases   []Phase
	Periods  int // control periods
}

// Pick takes up what the frame shows at px and brings it home. The robot stands still in the pose that the frame shows it in.
// After a failure the arm is at rest, at home with its hand open, unless something keeps it from there, or where it was if it did not
// move. A hand that holds something is not used. The error is the plant's or the context's.
func (e *Executor) Pick(ctx context.Context, f *sim.Frame, px sim.Pixel, opt PickOptions) (PickResult, error) {
	if out := e.occupied(); !out.OK() {
		return PickResult{Outcome: out}, nil
	}
	e.stand()
	for _, m := range append([]*Executor{e}, e.others...) {
		m.planner.Snap = opt.Snap
	}
	mode, c := e.choosing(f, px, 0)
	return mode.pickUp(ctx, f, px, c, opt)
}

// pickUp is Pick with this mode; c is what is known of it already, nil if nothing.
func (e *Executor) pickUp(ctx context.Context, f *sim.Frame, px sim.Pixel, c *choice, opt PickOptions) (PickResult, error) {
	e.begin(opt.MaxPeriods)
	e.tried = e.tried[:0]
	var r PickResult
	err := e.pick(ctx, f, px, c, opt, &r)
	r.Phases, r.Periods = e.phases, e.periods
	e.grips = r.Held
	return r, err
}

func (e *Executor) pick(ctx context.Context, f *sim.Frame, px sim.Pixel, c *choice, opt PickOptions, r *PickResult) error {
	look := func() (Outcome, error) { return e.find(f, px, r), nil }
	if c != nil {
		look = func() (Outcome, error) {
			*r = c.result
			return c.look, nil
		}
	}
	if r.Outcome, _ = e.phase("look", look); !r.OK() {
		return nil
	}
	seen := e.sight(f, px, r.Point)
	attempts := cmp.Or(opt.Attempts, 2)
	for {
		var plan pickPlan
		if c != nil && c.plan != nil && r.Attempts == 0 {
			plan = *c.plan
		} else {
			var out Outcome
			if plan, out = e.choose(r, true); !out.OK() {
				plan, out = e.choose(r, false)
			}
			if !out.OK() {
				if r.Attempts > 0 {
					break // the first attempt's outcome says more
				}
				r.Outcome = out
				return nil
			}
		}
		r.Grasp = plan.grasp
		r.Attempts++
		e.tried = append(e.tried, plan.grasp)
		var held *Held
		var err error
		if r.Outcome, held, err = e.grasp(ctx, plan, opt); err != nil {
			return err
		}
		if r.OK() {
			r.Held = held
			return nil
		}
		if r.Cause != Slip && r.Cause != Collision && r.Cause != Dropped || r.Attempts >= attempts {
			break
		}
		if e.Look == nil {
			e.field.set(&e.planner.cloud, e.tBaseWorld, nil) // what was held is an obstacle again
			continue
		}
		if err := e.giveUp(ctx); err != nil {
			return err
		}
		again, err := e.lookAgain(ctx, seen, r)
		if err != nil {
			return err
		}
		if !again {
			return nil
		}
	}
	return e.giveUp(ctx)
}

// find plans grasps for a pixel, in e.planner.found, and makes what was seen the obstacles.
func (e *Executor) find(f *sim.Frame, px sim.Pixel, r *PickResult) Outcome {
	grasps, p, out := e.planner.Plan(f, px, e.robotCapsules(nil))
	r.Point, r.Found, r.Snapped = p, len(grasps), e.planner.snapped
	if reach := e.distance(p); p != (sim.Vec3{}) && reach > e.robot.Arm.Reach {
		return failed(OutOfReach, "%.3f m from the base, the arm reaches %.3f", reach, e.robot.Arm.Reach)
	}
	if out.OK() {
		e.field.set(&e.planner.cloud, e.tBaseWorld, nil)
		if e.Watch != nil {
			e.Watch.Grasps(grasps)
		}
		out.Detail = fmt.Sprintf("%d grasps, the best %v", len(grasps), grasps[0])
		if r.Snapped > 0 {
			out.Detail += fmt.Sprintf("; the pixel was %.1f px beside it", r.Snapped)
		}
	}
	return out
}

// choose plans the motion to the best grasp that can be reached, but for those that are much like one that was tried: only if there is
// no other, those that are not quite the same. A careful motion keeps clear of what may be where nobody saw.
func (e *Executor) choose(r *PickResult, careful bool) (pickPlan, Outcome) {
	if len(e.tried) > 0 {
		if plan, out := e.chooseApart(r, 0.03, 0.35, careful); out.OK() {
			return plan, out
		}
	}
	return e.chooseApart(r, 0.006, 0.2, careful)
}

// chooseApart plans the motion to the best grasp that can be reached, leaving out those within some distance [m] and angle [rad] of one that
// was tried: the first few first, so that a good grasp behind a long way is not passed over for a worse one.
func (e *Executor) chooseApart(r *PickResult, far, turned float64, careful bool) (pickPlan, Outcome) {
	cause := Unreachable
	var plans []pickPlan
	var goals [][]float64
	seen := 0
	for i, g := range e.planner.found {
		like := func(t Grasp) bool {
			pos, angle := g.TWorldEE.Distance(t.TWorldEE)
			return pos < far && min(angle, math.Pi-angle) < turned
		}
		if !slices.ContainsFunc(e.tried, like) {
			seen++
			for _, plan := range e.planPick(g) {
				plans, goals = append(plans, plan), append(goals, plan.approach[0])
			}
		}
		if !slices.Contains(portions, seen) && i < len(e.planner.found)-1 {
			continue
		}
		if len(goals) > 0 {
			cause = NoPath
			if careful && seen > portions[1] {
				break
			}
			if t, goal, ok := e.way(goals, 0, nil, careful); ok {
				plans[goal].there = t
				return plans[goal], Outcome{}
			}
			plans, goals = plans[:0], goals[:0]
		}
	}
	return pickPlan{}, failed(cause, "none of %d grasps at (%.3f, %.3f, %.3f) can be reached on a clear way, the best %v",
		r.Found, r.Point[0], r.Point[1], r.Point[2], e.planner.found[0])
}

// A sight is what is remembered of what was pointed at, to find it again.
type sight struct {
	point   sim.Vec3 // in the world
	color   [3]byte  // sRGB
	colored bool
}

func (e *Executor) sight(f *sim.Frame, px sim.Pixel, point sim.Vec3) sight {
	s := sight{point: point}
	if i, ok := px.Index(f.Camera.Width, f.Camera.Height); ok && len(f.RGB) == 3*len(f.Depth) {
		s.color, s.colored = [3]byte(f.RGB[3*i:]), true
	}
	return s
}

// lookAgain takes a fresh picture and plans new grasps for what was pointed at: what is nearest to where it was, rises from its support
// and has its colour. It reports whether there are any; the outcome of the attempt before stays otherwise.
func (e *Executor) lookAgain(ctx context.Context, s sight, r *PickResult) (bool, error) {
	out, err := e.phase("look again", func() (Outcome, error) {
		f, err := e.Look(ctx)
		if err != nil {
			return Outcome{}, err
		}
		if !e.planner.cloud.set(f) {
			return failed(NoDepth, "depth image of %d values for %d × %d pixels", len(f.Depth), f.Camera.Width, f.Camera.Height), nil
		}
		e.planner.cloud.erase(e.robotCapsules(nil), bodyMargin)
		i, ok := e.planner.cloud.refind(s, e.planner.seg.support)
		if !ok {
			return failed(NoGrasp, "nothing of its colour within %.2f m of where it was", moved), nil
		}
		w := f.Camera.Width
		again := *r
		out := e.find(f, sim.Pixel{X: float64(i%w) + 0.5, Y: float64(i/w) + 0.5}, &again)
		r.Found = again.Found
		return out, nil
	})
	return out.OK(), err
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
	there    trajectory  // to where the approach begins
	approach [][]float64 // straight, along the hand or down
}

// yaws are the two ways to hold a parallel gripper the same.
var yaws = [2]sim.Pose{sim.Identity(), sim.Rotation(math.Pi, sim.Vec3{0, 0, 1})}

// planPick finds joint positions for a grasp and straight ways to it, in all ways there are; no way to where they begin yet.
func (e *Executor) planPick(g Grasp) []pickPlan {
	var plans []pickPlan
	n := len(e.q)
	for _, yaw := range yaws {
		g := g.turned(yaw)
		if g.thumb < 0 {
			continue
		}
		tBaseEE := e.tBaseWorld.Mul(g.TWorldEE)
		begin := e.standOff(tBaseEE, g)
		sols := e.positions(tBaseEE)
		for ; len(sols) > 0; sols = sols[n:] {
			if !e.clear(sols[:n]) {
				continue
			}
			rows, ok := e.line(sols[:n], begin)
			if ok || e.outOf(rows[len(rows)-1], g) {
				plans = append(plans, pickPlan{grasp: g, approach: reversed(rows)})
			}
		}
	}
	return plans
}

// standOff is where the straight way to a grasp begins, in base: straight above, over everything around, or, of a tilted hand, as far
// back as the fingers are long.
func (e *Executor) standOff(tBaseEE sim.Pose, g Grasp) sim.Vec3 {
	h := &e.robot.Hand
	at := tBaseEE.Pos
	if g.Tilt > 0 {
		return at.Sub(tBaseEE.Axis(2).Mul(h.Depth + 0.03))
	}
	at[2] = max(at[2]+0.04, e.field.height(at[0], at[1], 0.07)+0.03) + h.TipBack(g.Opening)
	return at
}

// outOf reports whether the arm at q, on its way back from a grasp, has its open fingers above the object: then the way to the grasp may
// begin there, if the arm reaches no farther.
func (e *Executor) outOf(q []float64, g Grasp) bool {
	z := e.tWorldBase.Mul(e.robot.Arm.Forward(q)).Pos[2]
	return g.Tilt == 0 && z-e.robot.Hand.TipBack(g.Opening) > g.TWorldEE.Pos[2]-g.below+g.height+fingertipGap
}

// turned is the same grasp with the fingers exchanged: yaw is one of yaws.
func (g Grasp) turned(yaw sim.Pose) Grasp {
	inv := yaw.Inv()
	if yaw != yaws[0] {
		g.thumb = -g.thumb
	}
	g.TWorldEE = g.TWorldEE.Mul(yaw)
	g.foot = inv.Apply(g.foot)
	return g // its shape is the same from both sides
}

// grasp carries a plan out: there, down, close, up, home.
func (e *Executor) grasp(ctx context.Context, plan pickPlan, opt PickOptions) (Outcome, *Held, error) {
	g := plan.grasp
	e.hand = HandCommand{Width: g.Opening}
	out, err := e.phase("reach", func() (Outcome, error) { return e.follow(ctx, plan.there, e.interrupted) })
	if err != nil || !out.OK() {
		return out, nil, err
	}
	out, err = e.phase("approach", func() (Outcome, error) {
		var out Outcome
		stop := false
		open := func() bool {
			out, stop = e.interrupted()
			return stop || math.Abs(e.plant.State().Width-g.Opening) < 0.002
		}
		if err := e.wait(ctx, Rate/2, open); err != nil || stop {
			return out, err
		}
		return e.follow(ctx, e.timed(newPath(plan.approach...), lineSpeed), e.interrupted)
	})
	if err != nil || !out.OK() {
		return out, nil, err
	}
	held := &Held{Grasp: g}
	out, err = e.phase("close", func() (Outcome, error) {
		return e.close(ctx, held, min(cmp.Or(opt.Force, gripForce), e.robot.Hand.MaxForce))
	})
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
	if out.Cause == Slip && e.Look == nil { // back up, ready for another try
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
	still, enough := 0, 8
	if f := e.robot.Hand.Fingers; f != nil && f.Wrap != nil {
		enough = 25 // what is drawn into the hand moves slowly
	}
	err := e.wait(ctx, limit, func() bool {
		if math.Abs(s.WidthD) < 0.004 && s.Grip > 0.6*force {
			still++
		} else {
			still = 0
		}
		return still >= enough
	})
	if err != nil {
		return Outcome{}, err
	}
	held.Width, held.Force = s.Width, force
	held.felt()
	if s.Width < e.robot.Hand.nothing() {
		return failed(Slip, "the hand closed to %.1f mm on something seen as %.1f mm wide", 1000*s.Width, 1000*held.Grasp.Width), nil
	}
	return Outcome{Detail: fmt.Sprintf("stopped at %.1f mm with %.0f N", 1000*s.Width, s.Grip)}, nil
}

// felt adds to what is held what the hand feels of it and the camera did not see: it is wider between the fingers than it looked.
func (h *Held) felt() {
	g := &h.Grasp
	if h.Width < g.Width+2*rodRadius {
		return
	}
	at, closing := g.TWorldEE.Pos, g.TWorldEE.Axis(1)
	low := at[2] - g.below
	high := max(low+g.height, low+2*rodRadius)
	g.body = slices.Clone(g.body) // shared by the grasps of a search
	for _, side := range [2]float64{-1, 1} {
		p := at.Add(closing.Mul(side * (h.Width/2 - rodRadius)))
		g.body = append(g.body, Capsule{sim.Vec3{p[0], p[1], low + rodRadius}, sim.Vec3{p[0], p[1], high - rodRadius}, rodRadius})
	}
}

// holding watches what is carried: it is lost when the fingers have come together, or press on nothing, for a while. That they come closer is no loss
// by itself: what was gripped askew turns until it lies flat between the pads; nor is a moment of either, when the arm jerks.
type holding struct {
	e     *Executor
	held  *Held
	cause Cause // of its loss
	loose int   // control periods for which it has looked lost
}

func (e *Executor) holding(held *Held, cause Cause) *holding {
	return &holding{e: e, held: held, cause: cause}
}

// guard is asked after each control period.
func (h *holding) guard() (Outcome, bool) {
	s, hand := h.e.plant.State(), &h.e.robot.Hand
	if s.Width < hand.nothing() || s.Grip < looseShare*h.held.Force {
		h.loose++
	} else {
		h.loose = 0
	}
	if h.loose < looseFor {
		return Outcome{}, false
	}
	return failed(h.cause, "the hand closed from %.1f to %.1f mm, pressing with %.0f N", 1000*h.held.Width, 1000*s.Width, s.Grip), true
}

// settled is asked when a motion has ended: where it looks lost, the arm waits until that is sure.
func (h *holding) settled(ctx context.Context) (out Outcome, err error) {
	out, lost := h.guard()
	for h.loose > 0 && !lost && err == nil {
		if err = h.e.step(ctx); err == nil {
			out, lost = h.guard()
		}
	}
	return out, err
}

// lift raises what is held straight up until it and the arm are clear of everything, or else as far as the arm can, and looks whether it
// is still there.
func (e *Executor) lift(ctx context.Context, held *Held, approach [][]float64) (Outcome, error) {
	along := e.planner.goesAlong(&held.Grasp)
	e.field.set(&e.planner.cloud, e.tBaseWorld, along) // what is held is no obstacle
	e.planner.grow(&held.Grasp, along)
	at := e.robot.Arm.Forward(e.q).Pos
	top := max(at[2]+0.10, e.field.tallest+held.Grasp.below+2*heldClearance)
	rows, ok := e.line(e.q, sim.Vec3{at[0], at[1], top})
	load := loadOf(held)
	clear := 0 // the last row at which nothing is in the way
	for k := range rows {
		if k > 1 && e.ways().Clear(rows[k], load, startClearance) {
			if clear = k; e.robot.Arm.Forward(rows[k]).Pos[2] > at[2]+0.06 {
				break
			}
		}
	}
	switch {
	case clear > 0:
		rows = rows[:clear+1]
	case !ok && len(rows) < 4:
		rows = reversed(approach)
	}
	hold := e.holding(held, Slip)
	force, n := 0.0, 0
	s, up := e.plant.State(), sim.Vec3{0, 0, 1}
	out, err := e.follow(ctx, e.laden(newPath(rows...), lineSpeed, held), func() (Outcome, bool) {
		force, n = force+e.robot.Arm.ToolForce(s.Q, s.Torque, up), n+1
		return hold.guard()
	})
	if err != nil || !out.OK() {
		return out, err
	}
	// From rest to rest the mean force is the weight.
	if out = e.tooHeavy(force / float64(n) / gravity); !out.OK() {
		rows, _ := e.line(e.q, at) // back to where it stood
		_, err = e.follow(ctx, e.timed(newPath(rows...), lineSpeed/2), nil)
		return out, err
	}
	return hold.settled(ctx)
}

const gravity = 9.81 // [m/s²]

// tooHeavy says whether a mass [kg] in the hand, where it is now, is more than the arm is made for.
func (e *Executor) tooHeavy(mass float64) Outcome {
	a := &e.robot.Arm
	at := a.Forward(e.q).Pos
	out := math.Hypot(at[0], at[1])
	most := min(a.Payload[0]*a.Reach/max(out, 1e-3), a.Payload[1])
	if mass <= most {
		return Outcome{}
	}
	return failed(Overload, "it weighs about %.1f kg; %.2f m from the base the arm lifts %.1f", mass, out, most)
}

// carryHome brings what is held home, or to another place where the arm may wait with it.
func (e *Executor) carryHome(ctx context.Context, held *Held) (Outcome, error) {
	hold := e.holding(held, Dropped)
	rests, few := e.rests(held)
	t, _, ok := e.transit(rests, few, held)
	if !ok { // it may be smaller than what was taken for it, with its like beside it
		t, _, ok = e.transit(rests, few, held.slim())
	}
	if !ok { // back to where it stood
		rows, _ := e.line(e.q, e.tBaseWorld.Apply(held.Grasp.TWorldEE.Pos))
		if out, err := e.follow(ctx, e.laden(newPath(rows...), lineSpeed/2, held), hold.guard); err != nil || !out.OK() {
			return out, err
		}
		return failed(NoPath, "no clear way home with something %.2f m wide that reaches %.2f m below the fingers",
			2*held.Grasp.half, held.Grasp.below), nil
	}
	if out, err := e.follow(ctx, t, hold.guard); err != nil || !out.OK() {
		return out, err
	}
	return hold.settled(ctx)
}

// slim is what is held as far as it is near the hand's axis.
func (h *Held) slim() *Held {
	const near = 0.06 // [m]
	s := *h
	s.Grasp.body = nil
	axis, at := h.Grasp.TWorldEE.Axis(2), h.Grasp.TWorldEE.Pos
	for _, c := range h.Grasp.body {
		d := c.A.Add(c.B).Mul(0.5).Sub(at)
		if d.Sub(axis.Mul(axis.Dot(d))).Len() < near {
			s.Grasp.body = append(s.Grasp.body, c)
		}
	}
	return &s
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
	for _, m := range e.modes() {
		if held != nil && m.grips == held {
			e.active = m // the other hand may have acted since
		}
	}
	if out := e.upright(); !out.OK() {
		return PlaceResult{Outcome: out, Held: held}, nil
	}
	e.stand()
	a := e.acting()
	a.Look, a.Watch, a.Interrupt = e.Look, e.Watch, e.Interrupt // they may be others than when it was chosen
	r, err := a.putDown(ctx, f, px, held, opt)
	if err == nil && r.Held != nil && (r.Cause == Unreachable || r.Cause == NoPath || r.Cause == OutOfReach) && e.Look != nil {
		return e.otherHand(ctx, f, px, r, opt)
	}
	return r, err
}

// putDown is Place with this mode.
func (e *Executor) putDown(ctx context.Context, f *sim.Frame, px sim.Pixel, held *Held, opt PlaceOptions) (PlaceResult, error) {
	e.begin(opt.MaxPeriods)
	var r PlaceResult
	err := e.place(ctx, f, px, held, &r)
	r.Phases, r.Periods = e.phases, e.periods
	e.grips = r.Held
	return r, err
}

func (e *Executor) place(ctx context.Context, f *sim.Frame, px sim.Pixel, held *Held, r *PlaceResult) error {
	var plan placePlan
	r.Outcome, _ = e.phase("look", func() (Outcome, error) {
		if held == nil {
			return failed(Dropped, "nothing in the hand"), nil
		}
		if s := e.plant.State(); s.Width < e.robot.Hand.nothing() || s.Grip < looseShare*held.Force {
			return failed(Dropped, "the hand closed from %.1f to %.1f mm, pressing with %.0f N", 1000*held.Width, 1000*s.Width, s.Grip), nil
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
		if _, ok := e.robot.Arm.Kinematics.(stretcher); ok && (out.Cause == Unreachable || out.Cause == NoPath) {
			e.anyhow = true
			if stretched, found := e.planPlace(r.Point, held); found.OK() {
				plan, out = stretched, found
			}
			e.anyhow = false
		}
		r.TWorldEE = plan.tWorldEE
		return out, nil
	})
	if r.Cause != Dropped {
		r.Held = held
	}
	if !r.OK() {
		return nil
	}
	hold := e.holding(held, Dropped)
	guard := func() (Outcome, bool) {
		if out, stop := hold.guard(); stop {
			return out, stop
		}
		return e.interrupted()
	}
	var err error
	r.Outcome, err = e.phase("carry", func() (Outcome, error) { return e.follow(ctx, plan.there, guard) })
	if err == nil && r.OK() {
		r.Outcome, err = e.phase("lower", func() (Outcome, error) {
			out, err := e.follow(ctx, e.laden(newPath(plan.lower...), lineSpeed, held), guard)
			high := e.robot.Arm.Forward(e.q).Pos[2] - e.robot.Arm.Forward(plan.lower[len(plan.lower)-1]).Pos[2]
			if r.Touched = out.Cause == Collision && high < earlyTouch; r.Touched {
				out = Outcome{Detail: fmt.Sprintf("it was met %.0f mm higher than it was seen", 1000*high)} // what is held hangs lower than it did
			}
			return out, err
		})
	}
	if err == nil && r.OK() && !r.Touched {
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
	put := e.inBase(loadOf(held))
	if r.Outcome, err = e.phase("release", func() (Outcome, error) { return e.release(ctx, plan) }); err != nil {
		return err
	}
	e.field.add(put) // no picture shows it where it stands now
	_, err = e.phase("home", func() (Outcome, error) { return e.retreat(ctx, nil) })
	return err
}

// inBase is where a load is, in base, as the arm was commanded last.
func (e *Executor) inBase(l *Load) []Capsule {
	tBaseEE := e.robot.Arm.Forward(e.q)
	out := make([]Capsule, len(l.Capsules))
	for i, c := range l.Capsules {
		out[i] = Capsule{tBaseEE.Apply(c.A), tBaseEE.Apply(c.B), c.Radius}
	}
	return out
}

// A placePlan is the motion to where something is set down.
type placePlan struct {
	tWorldEE sim.Pose // where the hand lets go, if the surface is where it was seen
	there    trajectory
	lower    [][]float64 // to a few centimetres above the surface
	set      [][]float64 // on to just below it
	touch    float64     // height of the hand when the surface is touched, if it is where it was seen [m, base]
	opening  float64     // to let go [m]
	tilt     float64     // of the hand [rad]
	off      bool        // the arm reaches high enough above to draw the fingers off what was set down
}

// turns are the ways to turn what is held about the vertical, most wanted first [rad].
var turns = [...]float64{0, math.Pi, math.Pi / 2, -math.Pi / 2, math.Pi / 6, -math.Pi / 6, 5 * math.Pi / 6, -5 * math.Pi / 6,
	math.Pi / 3, -math.Pi / 3, 2 * math.Pi / 3, -2 * math.Pi / 3}

// drops are how far above the surface the hand may let go where its fingers have no room farther down, as in a bowl [m].
var drops = [...]float64{0, 0.012, 0.025, 0.04, 0.055}

const (
	astrayPlace = 0.030 // the farthest that something is put from the pointed point, for more room or more level ground [m]
	placeRings  = 3     // circles of places out to there
	placeDirs   = 8     // places on each
	earlyTouch  = 0.04  // so far above where something is to be set down, resistance is the surface [m]
	placePlans  = 24    // of the best places, ways are planned to so many, at most
	levelPlaces = 12    // and level ways to so many positions of the arm
)

const (
	// slowRows is how many steps of lineStep above the place that joint positions are found for the last, slow part of the way down begins: what
	// is held may hang lower, and what stands there be higher, than was seen.
	slowRows = 2
	// surprise is how much farther up than expected a touch is the surface; above that it may be something at the side that gives way [m].
	surprise       = 0.015
	highestStart   = 0.30  // above the place, at most, the straight way down begins [m]
	startClearance = 0.010 // and keeps from everything there [m]
)

// portions are after how many grasps or places ways are looked for to those that are new.
var portions = []int{3, 12}

// A spot is a place to put something down.
type spot struct {
	tWorldEE sim.Pose
	ground   float64 // the height that the bottom is expected to touch at [m, world]
	opening  float64 // to let go [m]
	cost     float64 // about centimetres
}

// planPlace finds a pose that puts the middle of what is held over p, or near it where there is more room, and its bottom on the surface
// there.
func (e *Executor) planPlace(p sim.Vec3, held *Held) (placePlan, Outcome) {
	e.nearby = e.nearby[:0]
	reach := held.Grasp.half + astrayPlace + 0.1
	for i := 0; i < len(e.planner.cloud.points); i += 2 {
		if q := e.planner.cloud.points[i]; valid(q) && sq(q[0]-p[0])+sq(q[1]-p[1]) < sq(reach) {
			e.nearby = append(e.nearby, q)
		}
	}
	spots := e.spots(p, held)
	spots = spots[:min(len(spots), placePlans)]
	reached := false
	at := make([][]placePlan, len(spots))
	for _, off := range [...]bool{true, false} { // where the hand comes off it upwards is better than anywhere else
		var plans []placePlan
		var goals [][]float64
		for i, s := range spots {
			if off {
				at[i] = e.planPlaceAt(s, held)
			}
			for _, plan := range at[i] {
				if plan.off == off {
					plans, goals = append(plans, plan), append(goals, plan.lower[0])
				}
			}
			if !slices.Contains(portions, i+1) && i < len(spots)-1 || len(goals) == 0 {
				continue
			}
			reached = true
			if t, goal, ok := e.transit(goals, min(len(goals), levelPlaces), held); ok {
				plan := plans[goal]
				plan.there = t
				foot := plan.tWorldEE.Apply(held.Grasp.foot)
				return plan, Outcome{Detail: fmt.Sprintf("on a surface at %.3f m, %.0f mm from the point", foot[2], 1000*math.Hypot(foot[0]-p[0], foot[1]-p[1]))}
			}
			plans, goals = plans[:0], goals[:0]
		}
	}
	where := failed("", "set something %.2f m wide down at (%.3f, %.3f, %.3f)", 2*held.Grasp.half, p[0], p[1], p[2]).Detail
	switch {
	case len(spots) == 0:
		return placePlan{}, failed(NoPath, "no room for the fingers to %s", where)
	case !reached:
		return placePlan{}, failed(Unreachable, "no joint positions to %s", where)
	}
	return placePlan{}, failed(NoPath, "no clear way to %s", where)
}

// spots are places for what is held at p and around it, best first: on ground as low and level as what p shows, near p, turned little,
// with nothing beside it, and with room for the fingers to let go.
func (e *Executor) spots(p sim.Vec3, held *Held) []spot {
	g := &held.Grasp
	var out []spot
	// What is farther away horizontally is not under what is held, or not where fingers go.
	widest, fingers := slices.Max(g.shape[:])+besideMargin, roomRadius+g.foot.Len()
	for ring := range placeRings + 1 {
		dirs := placeDirs
		if ring == 0 {
			dirs = 1
		}
		for dir := range dirs {
			sin, cos := math.Sincos(2 * math.Pi * float64(dir) / placeDirs)
			r := astrayPlace * float64(ring) / placeRings
			at := p.Add(sim.Vec3{r * cos, r * sin, 0})
			below, around := e.within(at, widest, &e.below), e.within(at, fingers, &e.around)
			for k, turn := range turns {
				if ring > 0 && k%2 == 1 {
					continue // what is upside down there is as good
				}
				t := sim.Rotation(turn, sim.Vec3{0, 0, 1}).Mul(sim.Pose{Rot: g.TWorldEE.Rot})
				ground, beside := under(below, at, t.Axis(0), g)
				if beside {
					ground = max(ground, p[2])
				}
				cost := 50*r + 120*max(0, ground-p[2]-0.002) + 0.15*float64(k)
				if beside {
					cost += 2
				}
				for n, drop := range drops {
					t.Pos = sim.Vec3{at[0], at[1], ground + drop}.Sub(t.Rot.Rotate(g.foot))
					if opening := e.room(around, t, held.Width); opening > 0 {
						out = append(out, spot{t, ground + drop, opening, cost + 1.5*float64(n)})
						break
					}
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b spot) int { return cmp.Compare(a.cost, b.cost) })
	return out
}

const (
	besideMargin = 0.004 // beside what is held, to what stands there [m]
	roomRadius   = 0.1   // around the hand, within which its fingers may be [m]
)

// within are those of nearby that are at most radius from a place, seen from above, in buf, which is used again.
func (e *Executor) within(at sim.Vec3, radius float64, buf *[]sim.Vec3) []sim.Vec3 {
	radius += 1e-6 // for rounding
	out := (*buf)[:0]
	for i := range e.nearby {
		if q := &e.nearby[i]; sq(q[0]-at[0])+sq(q[1]-at[1]) <= sq(radius) {
			out = append(out, *q)
		}
	}
	*buf = out
	return out
}

// under is the height of the highest of some points under what is held, its outermost parts left out, if its middle is over at and the hand's
// x axis points along x; and whether something higher stands so near that it would be touched.
func under(points []sim.Vec3, at, x sim.Vec3, g *Grasp) (ground float64, beside bool) {
	const inner = 0.8 // of the outline: what is under its outermost parts may also be beside it
	a := math.Atan2(x[1], x[0])
	sin, cos := math.Sincos(a)
	ground = math.Inf(-1)
	highest := math.Inf(-1)
	for _, q := range points {
		dx, dy := q[0]-at[0], q[1]-at[1]
		u, v := cos*dx+sin*dy, cos*dy-sin*dx
		if !g.shape.holds(u, v, besideMargin) {
			continue
		}
		highest = max(highest, q[2])
		if g.shape.holds(u/inner, v/inner, 0) {
			ground = max(ground, q[2])
		}
	}
	if math.IsInf(ground, -1) {
		ground = at[2]
	}
	return ground, highest > ground+0.008
}

// planPlaceAt finds joint positions to let go at a spot, and straight ways down there from where what is held is clear of everything, in all
// ways there are; no way to where they begin yet.
func (e *Executor) planPlaceAt(s spot, held *Held) []placePlan {
	var plans []placePlan
	n := len(e.q)
	low := e.tBaseWorld.Mul(s.tWorldEE)
	touch := low.Pos.Sub(sim.Vec3{0, 0, 0.010})
	low.Pos[2] += 0.012
	load := loadOf(held)
	sols := e.positions(low)
	for ; len(sols) > 0; sols = sols[n:] {
		if !e.clear(sols[:n]) {
			continue
		}
		set, ok := e.line(sols[:n], touch)
		if !ok {
			continue
		}
		rows, _ := e.line(sols[:n], low.Pos.Add(sim.Vec3{0, 0, highestStart}))
		g := &held.Grasp
		rise := e.robot.Arm.Forward(rows[len(rows)-1]).Pos[2] - low.Pos[2]
		off := g.Tilt > 0 || rise >= min(g.height-g.below+e.robot.Hand.TipBack(s.opening)+fingertipGap, highestStart-lineStep)
		for _, margin := range [...]float64{startClearance, clearance} {
			k := slowRows
			for k < len(rows) && !e.ways().Clear(rows[k], load, margin) {
				k++
			}
			if k < len(rows) {
				plans = append(plans, placePlan{
					tWorldEE: s.tWorldEE, lower: reversed(rows[slowRows : k+1]), set: append(reversed(rows[1:slowRows+1]), set...), touch: touch[2] + 0.010,
					opening: s.opening, tilt: g.Tilt, off: off,
				})
				break
			}
		}
	}
	return plans
}

// room is how far the hand at tWorldEE can open from width without its fingers touching any of some points [m]; 0 if not far enough to
// let go.
func (e *Executor) room(points []sim.Vec3, tWorldEE sim.Pose, width float64) float64 {
	h := &e.robot.Hand
	best := h.MaxWidth
	inv := tWorldEE.Inv()
	enough := min(h.MaxWidth, width+h.loose())
	back := h.TipBack(width) // and farther as they open
	x := tWorldEE.Axis(0)
	for _, q := range points {
		d := q.Sub(tWorldEE.Pos)
		if d[0]*d[0]+d[1]*d[1] > roomRadius*roomRadius || math.Abs(x.Dot(d)) > h.FingerWidth/2+sideGap+1e-6 {
			continue // the latter for speed: it is the condition below, with some slack
		}
		p := inv.Apply(q)
		if p[2] > 0.002-back || math.Abs(p[0]) > h.FingerWidth/2+sideGap {
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

// setDown lowers what is held, slowly, until it is felt to touch. What is touched higher up than expected has to resist more before it counts.
func (e *Executor) setDown(ctx context.Context, held *Held, plan placePlan) (out Outcome, touched bool, err error) {
	s := e.plant.State()
	up := sim.Vec3{0, 0, 1}
	var before float64
	n := 0
	hold := e.holding(held, Dropped)
	out, err = e.follow(ctx, e.timed(newPath(plan.set...), lowerSpeed), func() (Outcome, bool) {
		if out, gone := hold.guard(); gone {
			return out, true
		}
		force := e.robot.Arm.ToolForce(s.Q, s.Torque, up)
		if n++; n <= 8 {
			before += force / 8
			return Outcome{}, false
		}
		enough := touchForce
		if e.robot.Arm.Forward(e.q).Pos[2] > plan.touch+surprise {
			enough = pushForce
		}
		touched = math.Abs(force-before) > enough
		return Outcome{}, touched
	})
	if out.Cause == Collision { // resistance is what is looked for here
		out, touched = Outcome{}, true
	}
	if out.OK() {
		out.Detail = "nothing was felt"
		if touched {
			out.Detail = fmt.Sprintf("the surface was felt %.0f mm above where it was expected", 1000*(e.robot.Arm.Forward(e.q).Pos[2]-plan.touch))
		}
	}
	return out, touched, err
}

// release opens the hand and draws it back the way that it points, then up.
func (e *Executor) release(ctx context.Context, plan placePlan) (Outcome, error) {
	s := e.plant.State()
	opening := min(plan.opening, s.Width+max(0.030, 2*e.robot.Hand.Spare))
	e.hand = HandCommand{Width: opening, Speed: closeSpeed}
	if err := e.wait(ctx, Rate/2, func() bool { return s.Width > opening-0.002 }); err != nil {
		return Outcome{}, err
	}
	if err := e.wait(ctx, Rate/16, nil); err != nil {
		return Outcome{}, err
	}
	if plan.tilt > 0 {
		ee := e.robot.Arm.Forward(e.q)
		rows, _ := e.line(e.q, ee.Pos.Sub(ee.Axis(2).Mul(e.robot.Hand.Depth+0.03)))
		if out, err := e.follow(ctx, e.timed(newPath(rows...), lineSpeed), nil); err != nil || !out.OK() {
			return out, err
		}
	}
	at, top := e.robot.Arm.Forward(e.q).Pos, e.robot.Arm.Forward(plan.lower[0]).Pos
	rows, _ := e.line(e.q, sim.Vec3{at[0], at[1], max(at[2]+0.08, top[2])})
	return e.follow(ctx, e.timed(newPath(rows...), lineSpeed), nil)
}
