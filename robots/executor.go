package robots

import (
	"context"
	"math"
	"slices"

	"github.com/refarena/refarena/sim"
)

// An Executor carries out skills on a Plant. It plans from frames alone, and keeps what it knows between skills: the last command and
// what the hand holds. It is not safe for concurrent use.
type Executor struct {
	// Look takes a fresh picture while the arm stands still at home; nil: the first picture has to do for a second attempt. The frame is
	// used until the skill ends. An error ends the skill with it.
	Look func(context.Context) (*sim.Frame, error)
	// Watch, if set, is told what the robot means to do, for people to look at. It must not keep or change what it is given.
	Watch Watcher

	// Interrupt is asked after each control period of the way to a grasp and to a place, until the hand closes or something is set down; nil:
	// never. True ends the skill with exec.interrupted: the arm goes home, with what it holds.
	Interrupt func() bool

	robot *Robot
	plant Plant

	tWorldBase, tBaseWorld sim.Pose
	planner                *GraspPlanner  // shared by modes whose hands find the same grasps
	field                  *obstacles     // shared by all modes
	motion, wary           *MotionPlanner // of transit

	q, qd    []float64 // last command
	hand     HandCommand
	phases   []Phase
	periods  int // since the skill began
	budget   int // for the skill
	capsules []Capsule
	rows     []float64
	tried    []Grasp     // in this skill
	others   []*Executor // of the robot's other modes
	active   *Executor   // the mode that acts; nil: this one
	grips    *Held       // what this mode's hand holds
	first    *Executor   // of the robot's modes
	anyhow   bool        // see positions
	nearby   []sim.Vec3  // what was seen around the place of planPlace
	below    []sim.Vec3  // scratch of spots
	around   []sim.Vec3
}

// NewExecutor is an executor for a robot that stands still. Make a new one when the plant was reset.
func NewExecutor(r *Robot, p Plant) *Executor {
	e := newExecutor(r, p)
	if m, ok := p.(modal); ok {
		for i, other := range r.others {
			o := newExecutor(other, m.Modes()[i+1])
			o.field, o.first = e.field, e
			for _, twin := range append([]*Executor{e}, e.others...) {
				if k := twin.robot.Hand.Kind; k != "" && k == other.Hand.Kind {
					o.planner = twin.planner
				}
			}
			e.others = append(e.others, o)
		}
		for _, a := range e.modes() {
			for _, b := range e.modes() {
				a.planner.Whole = max(a.planner.Whole, b.robot.Hand.widest())
			}
		}
	}
	return e
}

func newExecutor(r *Robot, p Plant) *Executor {
	n := len(r.Arm.Joints)
	e := &Executor{robot: r, plant: p, q: make([]float64, n), qd: make([]float64, n), tWorldBase: p.Base(), tBaseWorld: p.Base().Inv()}
	e.planner, e.field = &GraspPlanner{Hand: &r.Hand, Base: e.tWorldBase.Pos}, &obstacles{beside: r.Arm.Beside, ceiling: r.Arm.lowest() - homeGap}
	e.first = e
	copy(e.q, p.State().Q)
	for i, j := range r.Arm.Joints {
		e.q[i] = min(max(e.q[i], j.Min), j.Max)
	}
	e.hand = HandCommand{Width: p.State().Width}
	return e
}

// Motion settings.
const (
	lineStep      = 0.02  // between the knots of straight tool motions [m]
	lineSpeed     = 0.45  // of the tool on the way to a grasp and away from it [m/s]
	lowerSpeed    = 0.08  // at most, of a held object for its last centimetres [m/s]
	closeSpeed    = 0.12  // of the hand's opening [m/s]
	gripForce     = 80.0  // [N]
	touchForce    = 12.0  // more than before, upwards, is the surface under a held object [N]
	pushForce     = 40.0  // … and is, more than the next few centimetres above it [N]
	maxLag        = 0.025 // between commanded and measured joint position; more is a collision [rad]
	looseShare    = 0.4   // a hand that presses with less than this share of its force …
	looseFor      = 25    // … for so many control periods has lost what it held
	moved         = 0.10  // how far what slipped away is looked for [m]
	bodyMargin    = 0.03  // around the robot, within which what is seen is taken to be the robot [m]
	clearance     = 0.003 // that the arm keeps from what was seen where it grasps and lets go [m]
	homeGap       = 0.015 // at least so much lower than the arm at home is what stands where nobody saw [m]
	heldClearance = 0.015 // and the object in the hand
	jump          = 0.35  // between neighbouring knots of a straight motion; more is another branch of the kinematics [rad]
)

// A balancer is a plant that may fall: see SimPlant.Fallen.
type balancer interface{ Fallen() string }

// upright says that the robot has fallen; ok if it has not.
func (e *Executor) upright() Outcome {
	if b, ok := e.plant.(balancer); ok {
		if how := b.Fallen(); how != "" {
			return failed(Fell, "%s", how)
		}
	}
	return Outcome{}
}

// stand finds where the robot's base is now, for all modes.
func (e *Executor) stand() {
	for _, m := range e.modes() {
		m.tWorldBase, m.tBaseWorld = m.plant.Base(), m.plant.Base().Inv()
		m.planner.Base = m.tWorldBase.Pos
	}
}

// begin starts a skill.
func (e *Executor) begin(budget int) {
	e.phases, e.periods, e.budget = nil, 0, budget
	if e.budget == 0 {
		e.budget = 60 * Rate
	}
}

// phase runs one phase and notes how it ended.
func (e *Executor) phase(name string, run func() (Outcome, error)) (Outcome, error) {
	before := e.periods
	if e.Watch != nil {
		e.Watch.Phase(name)
	}
	out, err := run()
	if out.OK() && out.Detail == "" {
		out.Detail = "done"
	}
	e.phases = append(e.phases, Phase{name, out, e.periods - before})
	return out, err
}

// step carries out the last command for one period.
func (e *Executor) step(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e.periods++
	return e.plant.Step(Command{Q: e.q, QD: e.qd, Hand: e.hand})
}

// lag is the largest difference between commanded and measured joint position [rad].
func (e *Executor) lag() (joint int, lag float64) {
	for i, q := range e.plant.State().Q {
		if d := math.Abs(q - e.q[i]); d > lag {
			joint, lag = i, d
		}
	}
	return joint, lag
}

// follow runs a trajectory. It stops early when the arm meets resistance (exec.collision), when the budget is used up (budget.time), or
// when guard, asked after each period unless it is nil, returns stop.
func (e *Executor) follow(ctx context.Context, t trajectory, guard func() (out Outcome, stop bool)) (Outcome, error) {
	if e.Watch != nil {
		e.Watch.Planned(e.toolWay(t))
	}
	for k := 1; k <= t.periods; k++ {
		t.at(k, e.q, e.qd)
		for i, j := range e.robot.Arm.Joints { // a curve through positions near a limit may swing beyond it
			e.q[i] = min(max(e.q[i], j.Min), j.Max)
		}
		if err := e.step(ctx); err != nil {
			return Outcome{}, err
		}
		if out := e.upright(); !out.OK() {
			e.halt()
			return out, nil
		}
		if j, lag := e.lag(); lag > maxLag {
			e.halt()
			return failed(Collision, "%s is %.1f° behind its command", e.robot.Arm.Joints[j].Name, lag*180/math.Pi), nil
		}
		if guard != nil {
			if out, stop := guard(); stop {
				e.halt()
				return out, nil
			}
		}
		if e.periods >= e.budget {
			e.halt()
			return failed(OverBudget, "%d control periods used up", e.budget), nil
		}
	}
	clear(e.qd)
	return Outcome{}, nil
}

// interrupted is the guard of the way to a place.
func (e *Executor) interrupted() (Outcome, bool) {
	if e.Interrupt == nil || !e.Interrupt() {
		return Outcome{}, false
	}
	return failed(Interrupted, "the point was another one by then"), true
}

// halt makes where the arm is now the command.
func (e *Executor) halt() {
	for i, q := range e.plant.State().Q {
		j := e.robot.Arm.Joints[i]
		d := min(max(q-e.q[i], -j.MaxSpeed*Period), j.MaxSpeed*Period)
		e.q[i] = min(max(e.q[i]+d, j.Min), j.Max)
	}
	clear(e.qd)
}

// wait stands still for at most n periods, until done says so after at least 5.
func (e *Executor) wait(ctx context.Context, n int, done func() bool) error {
	clear(e.qd)
	for k := range n {
		if err := e.step(ctx); err != nil {
			return err
		}
		if k >= 4 && done != nil && done() {
			return nil
		}
	}
	return nil
}

// robotCapsules is what the robot takes up in the world, for leaving it out of depth images: the arm, and what it holds.
func (e *Executor) robotCapsules(held *Held) []Capsule {
	e.capsules = e.robot.Arm.Capsules(e.plant.State().Q, e.capsules)
	for i, c := range e.capsules {
		e.capsules[i] = Capsule{e.tWorldBase.Apply(c.A), e.tWorldBase.Apply(c.B), c.Radius}
	}
	ee := e.tWorldBase.Mul(e.robot.Arm.Forward(e.plant.State().Q))
	// The fingers close towards the middle, which the open hand's capsules leave out.
	e.capsules = append(e.capsules, Capsule{ee.Apply(sim.Vec3{0, 0, -e.robot.Hand.Depth}), ee.Pos, e.robot.Hand.MaxWidth / 2})
	holds := func(l *Load, ee sim.Pose) {
		if l == nil {
			return
		}
		for _, c := range l.Capsules {
			e.capsules = append(e.capsules, Capsule{ee.Apply(c.A), ee.Apply(c.B), c.Radius + 0.01})
		}
	}
	holds(loadOf(held), ee)
	for _, m := range e.first.modes() { // the other hand
		if m != e {
			holds(loadOf(m.grips), m.tWorldBase.Mul(m.robot.Arm.Forward(m.q)))
		}
	}
	return e.capsules
}

// clear reports whether the arm at q keeps away from what was seen, its hand left out: where that goes into a gap the
// grasp planner has looked after it.
func (e *Executor) clear(q []float64) bool {
	return e.ways().check.clearBut(q, e.robot.Arm.HandParts, clearance)
}

// transit plans a motion from where the arm is to one of several positions, the first being wanted most, that keeps clear of everything that
// was seen, of the arm itself and of what it holds; if it can, also of what may be where nobody saw. What a weak hand holds goes the straight way, where
// that is clear, and as upright as it is, if one of the first few is reached so.
func (e *Executor) transit(goals [][]float64, few int, held *Held) (t trajectory, goal int, ok bool) {
	load := loadOf(held)
	if t, goal, ok = e.way(goals, few, load, true); !ok {
		t, goal, ok = e.way(goals, few, load, false)
	}
	return t, goal, ok
}

// way is transit that, if careful, keeps clear of what may be where nobody saw too, or else does not mind it.
func (e *Executor) way(goals [][]float64, few int, load *Load, careful bool) (t trajectory, goal int, ok bool) {
	p := e.ways()
	if careful {
		if !e.field.beCareful(true) {
			return trajectory{}, 0, false
		}
		defer e.field.beCareful(false)
		p = e.careful()
	}
	var m Motion
	if load != nil && e.gentle() {
		m, goal, ok = p.PlanLevel(e.q, goals[:few], load)
	}
	if !ok {
		m, goal, ok = p.PlanAny(e.q, goals, load)
	}
	return m.timed, goal, ok
}

// careful is the planner of careful ways.
func (e *Executor) careful() *MotionPlanner {
	if e.wary == nil { // not worth a long search
		e.wary = NewMotionPlanner(&e.robot.Arm, MotionOptions{Checks: 2000, Nodes: 1000, LoadAccel: e.robot.Hand.LoadAccel})
		e.wary.check.field = e.field
	}
	return e.wary
}

// ways is the planner of motions among what was seen.
func (e *Executor) ways() *MotionPlanner {
	if e.motion == nil {
		e.motion = NewMotionPlanner(&e.robot.Arm, MotionOptions{LoadAccel: e.robot.Hand.LoadAccel})
		e.motion.check.field = e.field
	}
	return e.motion
}

// rests are where the arm may wait with what it holds: at home, or there with the hand turned, the first few, or else with the hand higher up or farther
// out, where there is room for things that hang down or stick out, as far as the arm reaches.
func (e *Executor) rests(held *Held) (goals [][]float64, few int) {
	home := e.robot.Arm.Home
	goals = [][]float64{home}
	if held == nil {
		return goals, 1
	}
	if e.gentle() {
		goals = append(goals, e.unturned(held)...)
	}
	few = len(goals)
	tBaseEE := e.robot.Arm.Forward(home)
	out := sim.Vec3{tBaseEE.Pos[0], tBaseEE.Pos[1], 0}
	out = out.Mul(1 / max(out.Len(), 1e-6))
	for _, away := range [...]float64{0, 0.06, 0.12} {
		for _, up := range [...]float64{0, 0.05, 0.10, 0.15, 0.20} {
			t := tBaseEE
			t.Pos = t.Pos.Add(out.Mul(away)).Add(sim.Vec3{0, 0, up})
			if q, ok := e.nearest(t, home); ok && away+up > 0 {
				goals = append(goals, q)
			}
		}
	}
	return goals, few
}

// gentle reports whether the hand is a weak one: see Hand.LoadAccel.
func (e *Executor) gentle() bool { return e.robot.Hand.LoadAccel > 0 }

// unturned is where the arm is with its hand where it is at home, but turned about the vertical as it is now, or nearly so; no joint that
// another arm needs is away from home, and what is held is not in the picture.
func (e *Executor) unturned(held *Held) [][]float64 {
	home, load := e.robot.Arm.Home, loadOf(held)
	at, t := e.robot.Arm.Forward(e.q), e.robot.Arm.Forward(home)
	var out [][]float64
	for _, turn := range [...]float64{0, 0.4, -0.4, 0.8, -0.8, 1.2, -1.2} {
		t.Rot = sim.RPY(0, 0, turn).Mul(at.Rot)
		for rows := e.robot.Arm.Inverse(t, home, nil); len(rows) > 0; rows = rows[len(home):] {
			if q := rows[:len(home)]; !e.leans(q) && !e.shown(load, e.tWorldBase.Mul(t)) {
				out = append(out, q)
				break
			}
		}
	}
	return out
}

// shown reports whether a load would be in the picture where the hand is at tWorldEE.
func (e *Executor) shown(load *Load, tWorldEE sim.Pose) bool {
	cam := &e.planner.cloud.cam
	return slices.ContainsFunc(load.Capsules, func(c Capsule) bool {
		return slices.ContainsFunc([]sim.Vec3{c.A, c.B}, func(at sim.Vec3) bool {
			px, _, ok := cam.Project(tWorldEE.Apply(at))
			_, in := px.Index(cam.Width, cam.Height)
			return ok && in
		})
	})
}

// leans reports whether joints that another arm needs, too, are away from home at q.
func (e *Executor) leans(q []float64) bool {
	for i, j := range e.robot.Arm.Joints {
		if math.Abs(q[i]-e.robot.Arm.Home[i]) < 1e-3 {
			continue
		}
		for _, m := range e.first.modes() {
			if m.robot.Side != e.robot.Side && slices.ContainsFunc(m.robot.Arm.Joints, func(k Joint) bool { return k.Name == j.Name }) {
				return true
			}
		}
	}
	return false
}

func lerp(a, b []float64, share float64) []float64 {
	out := make([]float64, len(a))
	for i := range out {
		out[i] = a[i] + share*(b[i]-a[i])
	}
	return out
}

// positions are joint positions, nearest to home first, as a new slice. Where anyhow is set, those that are not easily found too.
func (e *Executor) positions(tBaseEE sim.Pose) []float64 {
	if s, ok := e.robot.Arm.Kinematics.(stretcher); ok && e.anyhow {
		e.rows = s.InverseAnyhow(tBaseEE, e.robot.Arm.Home, e.rows)
	} else {
		e.rows = e.robot.Arm.Inverse(tBaseEE, e.robot.Arm.Home, e.rows)
	}
	return append([]float64(nil), e.rows...)
}

// nearest is the solution of the inverse kinematics that is nearest to seed, as a new slice.
func (e *Executor) nearest(tBaseEE sim.Pose, seed []float64) ([]float64, bool) {
	e.rows = e.robot.Arm.Inverse(tBaseEE, seed, e.rows)
	if len(e.rows) == 0 {
		return nil, false
	}
	return append([]float64(nil), e.rows[:len(seed)]...), true
}

// line is the straight way of the tool from where it is at q to the place to (in base, the orientation stays), as joint positions. It
// ends early, and false, where the kinematics ends or the arm would touch itself.
func (e *Executor) line(q []float64, to sim.Vec3) ([][]float64, bool) {
	start := e.robot.Arm.Forward(q)
	n := max(2, int(math.Ceil(to.Sub(start.Pos).Len()/lineStep)))
	rows := [][]float64{q}
	apart := e.apart(q)
	for k := 1; k <= n; k++ {
		t := start
		t.Pos = start.Pos.Add(to.Sub(start.Pos).Mul(float64(k) / float64(n)))
		row, ok := e.nearest(t, rows[k-1])
		if !ok {
			return rows, false
		}
		for i := range row {
			if math.Abs(row[i]-rows[k-1][i]) > jump {
				return rows, false
			}
		}
		if apart && !e.apart(row) {
			return rows, false
		}
		rows = append(rows, row)
	}
	return rows, true
}

// apart reports whether the arm at q keeps clear of itself, and of the rest of the robot.
func (e *Executor) apart(q []float64) bool {
	check := &e.ways().check
	check.hold(nil)
	check.place(q)
	return check.clearOfItself(clearance)
}

// timed gives a path its duration; toolSpeed 0 leaves the tool's speed to the joints.
func (e *Executor) timed(p *path, toolSpeed float64) trajectory {
	return timed(p, e.robot.Arm.Joints, pace{speed: toolSpeed, points: func(q []float64, buf []sim.Vec3) []sim.Vec3 { return append(buf[:0], e.robot.Arm.Forward(q).Pos) }})
}

// laden is timed with something in the hand.
func (e *Executor) laden(p *path, toolSpeed float64, held *Held) trajectory {
	at := e.ways().pace(loadOf(held))
	if at.accel == 0 {
		return e.timed(p, toolSpeed)
	}
	at.speed = toolSpeed
	return timed(p, e.robot.Arm.Joints, at)
}

// reversed is rows from the last to the first.
func reversed(rows [][]float64) [][]float64 {
	out := make([][]float64, len(rows))
	for i, r := range rows {
		out[len(rows)-1-i] = r
	}
	return out
}

// Home brings the arm to its home position by a way that is clear of what was seen last. The outcome says whether
// it got there.
func (e *Executor) Home(ctx context.Context) (Outcome, error) {
	e = e.acting()
	e.begin(0)
	return e.retreat(ctx, nil)
}

// retreat goes home from anywhere, or to another place where the arm may wait: if there is no clear way, straight up first, and then as it
// may be.
func (e *Executor) retreat(ctx context.Context, held *Held) (Outcome, error) {
	if out := e.upright(); !out.OK() {
		return out, nil // it stays as it lies
	}
	e.budget = e.periods + 60*Rate // getting to safety is always allowed
	home := e.robot.Arm.Home
	if jointDistance(e.q, home) < 1e-6 {
		return Outcome{}, nil
	}
	rests, few := e.rests(held)
	if rows := e.escape(held); rows != nil {
		if out, err := e.follow(ctx, e.timed(newPath(rows...), lineSpeed), nil); err != nil || !out.OK() {
			return out, err
		}
	}
	t, _, ok := e.transit(rests, few, held)
	for _, rise := range [...]float64{0.06, 0.12, 0.20} {
		if ok {
			break
		}
		at := e.robot.Arm.Forward(e.q).Pos
		rows, _ := e.line(e.q, at.Add(sim.Vec3{0, 0, rise}))
		if out, err := e.follow(ctx, e.timed(newPath(rows...), lineSpeed), nil); err != nil || !out.OK() {
			return out, err
		}
		t, _, ok = e.transit(rests, few, held)
	}
	if !ok {
		t = e.timed(newPath(e.q, home), 0)
	}
	return e.follow(ctx, t, nil)
}

// escape is a short straight way from where the arm is near something, or near itself, to where it keeps startClearance from everything: a way planned
// from there does, too, and meets nothing on it that is not met there. Up is tried first, then away from the base and to the side where the hand rests. nil: the arm has room, or there
// is no such way.
func (e *Executor) escape(held *Held) [][]float64 {
	load := loadOf(held)
	if e.ways().Clear(e.q, load, startClearance) {
		return nil
	}
	met := e.ways().check.met(e.q)
	at := e.robot.Arm.Forward(e.q).Pos
	out := sim.Vec3{at[0], at[1], 0}
	out = out.Mul(1 / max(out.Len(), 1e-6))
	aside := sim.Vec3{0, math.Copysign(1, e.robot.Arm.Forward(e.robot.Arm.Home).Pos[1]-at[1]), 0}
	up := sim.Vec3{0, 0, 1}
	for _, far := range [...]float64{0.03, 0.06, 0.10, 0.15, 0.20} {
		for _, dir := range [...]sim.Vec3{up, up.Add(out), up.Add(aside), out, aside} {
			rows, ok := e.line(e.q, at.Add(dir.Mul(far/dir.Len())))
			if ok && e.ways().Clear(rows[len(rows)-1], load, startClearance) && !slices.ContainsFunc(rows, func(q []float64) bool { return e.ways().check.met(q) > met }) {
				return rows
			}
		}
	}
	return nil
}
