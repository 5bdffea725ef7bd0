package robots

import (
	"cmp"
	"hash/fnv"
	"math"
	"math/rand/v2"

	"github.com/refarena/refarena/sim"
)

// MotionOptions tunes a MotionPlanner. The zero value is ready to use.
type MotionOptions struct {
	Seed      uint64  // of the random stream
	Clearance float64 // that motions keep from everything, where their ends do [m]; 0 means 0.012
	Nodes     int     // joint positions in the search trees before they give up; 0 means 6000
	Checks    int     // joint positions looked at before a search gives up; 0 means 16,000
	Shortcuts int     // tries to make the way shorter; 0 means 120
}

func (o MotionOptions) withDefaults() MotionOptions {
	o.Clearance = cmp.Or(o.Clearance, 0.012)
	o.Nodes = cmp.Or(o.Nodes, 6000)
	o.Checks = cmp.Or(o.Checks, 16_000)
	o.Shortcuts = cmp.Or(o.Shortcuts, 120)
	return o
}

// A MotionPlanner finds motions of an arm between joint positions that keep clear of the plane that it stands on, of what the camera
// saw, and of the arm itself, its foot and its hand; what the hand holds moves with it. It knows columns under seen points (See), no
// true object.
//
// The straight line, if it is clear, needs no search, nor does a way straight up from both ends and across. Else the search is RRT-Connect
// (Kuffner and LaValle, ICRA 2000) from trees that begin with those ways up, in a box around both ends first, in all of the joints'
// range only when that fails. The way is then shortened by cutting across it, all joints together and
// one by one, and by pulling its corners in. A cubic spline through what is left is the path; where it leaves the checked lines and
// comes too near to something, corners are added until it does not. Straight lines and curves are checked as a whole: see
// MotionOptions.Clearance and Motion.
//
// Where an end is nearer to something than the clearance, smaller ones are tried: a half, a quarter. Then there is no motion.
//
// It draws random numbers from a stream of its own that begins anew with each query: the same query in the same scene gives the same
// motion, whatever was asked before. Budgets count nodes and checks. It is not safe for concurrent use.
type MotionPlanner struct {
	opt   MotionOptions
	arm   *Arm
	check checker

	cloud cloud
	own   obstacles // of See; an Executor brings its own

	draw    *rand.Rand
	source  *rand.PCG
	trees   [2]tree
	lo, hi  []float64 // the box that is searched
	target  []float64
	mid     []float64 // scratch of edges
	found   []float64 // the way: rows of joint positions
	other   []float64
	limit   int     // of checks, for this search
	effort  float64 // share of the checks that a search at random may take; 0: no such search
	inverse []float64
	curve   *path
	between [4][]float64
}

// A Motion is the answer to a query.
type Motion struct {
	Seconds   float64     // it takes [s], a whole number of control periods
	Length    float64     // of the way, Euclidean in joint space [rad]
	Rows      [][]float64 // joint positions that the path goes through; the caller's
	Clearance float64     // that was kept at every place that was looked at; between them it is at least half of that [m]
	Straight  bool        // in joint space
	Searched  int         // nodes of the search trees
	Checks    int         // joint positions looked at

	path  *path
	timed trajectory
}

// NewMotionPlanner plans for an arm, which it does not change.
func NewMotionPlanner(arm *Arm, opt MotionOptions) *MotionPlanner {
	n := len(arm.Joints)
	p := &MotionPlanner{opt: opt.withDefaults(), arm: arm, effort: 1, source: rand.NewPCG(0, 0)}
	p.draw = rand.New(p.source)
	p.own.reset()
	p.check = newChecker(arm, &p.own)
	p.lo, p.hi, p.target = make([]float64, n), make([]float64, n), make([]float64, n)
	p.mid = make([]float64, scratchRows*n)
	for i := range p.between {
		p.between[i] = make([]float64, n)
	}
	return p
}

// See makes what a frame shows the scene. q is where the arm is in it [rad]: what lies within 3 cm of it there is the arm. Pixels for which
// skip, as long as the depth image, is true are left out; nil leaves none out. The answer is false if the depth image does not have
// the camera's size; then nothing changes.
func (p *MotionPlanner) See(f *sim.Frame, tWorldBase sim.Pose, q []float64, skip []bool) bool {
	if !p.cloud.set(f) {
		return false
	}
	var capsules []Capsule
	for _, c := range p.arm.Capsules(q, nil) {
		capsules = append(capsules, Capsule{tWorldBase.Apply(c.A), tWorldBase.Apply(c.B), c.Radius})
	}
	p.cloud.erase(capsules, 0.03)
	p.own.set(&p.cloud, tWorldBase.Inv(), skip)
	return true
}

// Height is the height of the highest column within radius (at least) of a place in base [m].
func (p *MotionPlanner) Height(x, y, radius float64) float64 { return p.own.height(x, y, radius) }

// Columns are what a MotionPlanner sees, in base: square columns that stand on z = 0. Heights is the planner's, valid until it sees
// something else.
type Columns struct {
	Cell    float64    // width of a column [m]
	Min     [2]float64 // x and y of the first one's outer corner [m]
	Size    [2]int     // how many there are along x and y
	Heights []float32  // Size[0] × Size[1], y fastest [m]; 0: nothing there
}

// Columns is what the planner sees.
func (p *MotionPlanner) Columns() Columns {
	return Columns{cell, [2]float64{fieldMin, -fieldY}, [2]int{fieldNX, fieldNY}, p.own.heights[0]}
}

// Clear reports whether the arm with its load (nil: none) keeps margin [m] away from everything at q, which is inside the joints' limits.
func (p *MotionPlanner) Clear(q []float64, load *Load, margin float64) bool {
	p.check.hold(load)
	return p.inside(q) && p.check.clear(q, margin)
}

// Plan finds a motion from one place to another, with a load (nil: none). false: none was found.
func (p *MotionPlanner) Plan(from, to []float64, load *Load) (Motion, bool) {
	m, ok := p.plan(from, to, load)
	if ok {
		m.timed = timed(m.path, p.arm.Joints, 0, nil)
		m.Seconds = float64(m.timed.periods) * Period
	}
	return m, ok
}

// efforts are the shares of a query's checks that PlanAny gives to each place in turn, and how many queries' worth of checks all places
// may take together by then: so a place that is hard to get to does not use up what is left for the others.
var efforts = [...]struct{ share, total float64 }{{0, math.Inf(1)}, {0.3, 3}, {1, 6}, {3, 15}}

// PlanAny finds a motion to one of several places, the one that is most wanted first: goal is its index. Ways that need no search are
// looked for to all of them, before there is a short search for a way to each, and then longer ones, until fifteen queries' worth of
// checks is used up. false: none was found.
func (p *MotionPlanner) PlanAny(from []float64, goals [][]float64, load *Load) (m Motion, goal int, ok bool) {
	checks := 0
	defer func() { p.effort = 1 }()
	for _, e := range efforts {
		p.effort = e.share
		for goal, to := range goals {
			if float64(checks) > e.total*float64(p.opt.Checks) {
				break
			}
			m, ok = p.plan(from, to, load)
			checks += m.Checks
			if ok {
				m.Checks = checks
				m.timed = timed(m.path, p.arm.Joints, 0, nil)
				m.Seconds = float64(m.timed.periods) * Period
				return m, goal, true
			}
		}
	}
	return Motion{Searched: m.Searched, Checks: checks}, 0, false
}

// At fills joint positions [rad] and velocities [rad/s] at the end of control period k, from 0 to Seconds × Rate.
func (m *Motion) At(k int, q, qd []float64) { m.timed.at(k, q, qd) }

// Sample fills q with the path at a share of its length, 0…1.
func (m *Motion) Sample(share float64, q []float64) { m.path.at(share, q, nil, nil) }

// plan is Plan without times.
func (p *MotionPlanner) plan(from, to []float64, load *Load) (Motion, bool) {
	p.check.hold(load)
	p.check.checks = 0
	p.reseed(from, to)
	if !p.inside(from) || !p.inside(to) {
		return Motion{}, false
	}
	searched := 0
	for _, share := range [...]float64{1, 1. / 2, 1. / 4} {
		margin := p.opt.Clearance * share
		if !p.check.clear(from, margin) || !p.check.clear(to, margin) {
			continue
		}
		straight, ok := p.way(from, to, margin)
		searched += len(p.trees[0].parent) + len(p.trees[1].parent)
		if !ok || !p.smooth(margin) {
			continue
		}
		m := Motion{Clearance: margin, Straight: straight, Searched: searched, Checks: p.check.checks, path: p.curve, Rows: p.curve.q}
		if straight {
			m.Length = distance(from, to)
		} else {
			m.Length = p.curveLength()
		}
		return m, true
	}
	return Motion{Searched: searched, Checks: p.check.checks}, false
}

// reseed begins the random stream of a query.
func (p *MotionPlanner) reseed(from, to []float64) {
	h := fnv.New64a()
	h.Write([]byte("robots/plan"))
	var bits [8]byte
	for _, row := range [2][]float64{from, to} {
		for _, q := range row {
			b := math.Float64bits(q)
			for i := range bits {
				bits[i] = byte(b >> (8 * i))
			}
			h.Write(bits[:])
		}
	}
	p.source.Seed(p.opt.Seed, h.Sum64())
}

// inside reports whether q is within the joints' limits; NaN is not.
func (p *MotionPlanner) inside(q []float64) bool {
	for i, j := range p.arm.Joints {
		if !(q[i] >= j.Min && q[i] <= j.Max) {
			return false
		}
	}
	return true
}

// step is how far anything may move between joint positions that are looked at, for a clearance [m].
func step(margin float64) float64 { return min(margin, 0.012) }

// edge reports whether the straight way between joint positions is clear.
func (p *MotionPlanner) edge(a, b []float64, margin float64) bool {
	return p.check.edge(a, b, margin, step(margin), p.mid)
}

// way fills found with a way of straight lines, as short as it gets.
func (p *MotionPlanner) way(from, to []float64, margin float64) (straight, ok bool) {
	p.trees[0].clear()
	p.trees[1].clear()
	p.found = append(append(p.found[:0], from...), to...)
	if p.edge(from, to, margin) {
		return true, true
	}
	p.limit = p.check.checks + p.opt.Checks/4
	if p.over(from, to, margin) {
		p.limit = p.check.checks + p.opt.Checks/4
		p.shorten(margin)
		return false, true
	}
	if p.effort == 0 {
		return false, false
	}
	// How far beyond the ends each joint may go: enough for a detour first. Smaller clearances get a smaller part of the budget.
	budget := p.effort * float64(p.opt.Checks) * min(1, math.Sqrt(margin/p.opt.Clearance))
	start := p.check.checks
	for _, box := range [...]struct{ beyond, share float64 }{{0.8, 0.3}, {2.0, 0.7}, {math.Inf(1), 1}} {
		for i, j := range p.arm.Joints {
			p.lo[i] = max(j.Min, min(from[i], to[i])-box.beyond)
			p.hi[i] = min(j.Max, max(from[i], to[i])+box.beyond)
		}
		p.limit = start + int(box.share*budget)
		if p.search(margin) {
			p.limit = p.check.checks + int(budget/4)
			p.shorten(margin)
			return false, true
		}
	}
	return false, false
}
