package robots

import (
	"cmp"
	"hash/fnv"
	"math"
	"math/rand/v2"

	"github.com/go-gl/mathgl/mgl64"

	"github.com/refarena/refarena/sim"
)

// MotionOptions tunes a MotionPlanner. The zero value is ready to use.
type MotionOptions struct {
	Seed      uint64  // of the random stream
	Clearance float64 // that motions keep from everything, where their ends do [m]; 0 means 0.012
	Nodes     int     // joint positions in the search trees before they give up; 0 means 6000
	Checks    int     // joint positions looked at before a search gives up that keeps Clearance; 0 means 16,000
	Shortcuts int     // tries to make the way shorter; 0 means 120
	LoadAccel float64 // of the tool and of a load's far end, at most, along each axis [m/s²]; 0: as the joints allow
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
// (Kuffner and LaValle, ICRA 2000) between one tree that begins where the arm is and one from each place where it may go, all with
// those ways up in them, in boxes around both ends and in all of the joints' range. It ends early where either side cannot get away from
// where it begins. The way is then shortened by cutting across it, all joints together and
// one by one, and by pulling its corners in. A cubic spline through what is left is the path; where it leaves the checked lines and
// comes too near to something, corners are added until it does not. Straight lines and curves are checked as a whole: see
// MotionOptions.Clearance and Motion.
//
// Where an end is nearer to something than the clearance, or no way keeps it, smaller ones are tried: a half, a quarter. Then there is no motion.
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
	target  []float64
	mid     []float64 // scratch of edges
	found   []float64 // the way: rows of joint positions
	other   []float64
	limit   int    // of checks, for this search
	lifted  []tree // by margin: from where the arm is straight up, empty: not yet known
	roots   []root // of trees[1]
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
	p := &MotionPlanner{opt: opt.withDefaults(), arm: arm, source: rand.NewPCG(0, 0)}
	p.draw = rand.New(p.source)
	p.lifted = make([]tree, len(margins))
	p.own.reset()
	p.check = newChecker(arm, &p.own)
	p.target = make([]float64, n)
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
	m, _, ok := p.PlanAny(from, [][]float64{to}, load)
	return m, ok
}

// margins are the shares of the clearance that motions are tried with.
var margins = [...]float64{1, 1. / 2, 1. / 4}

// PlanAny finds a motion to one of several places, the one that is most wanted first: goal is its index. Ways that need no search are
// looked for to all of them, one after the other; if there is none, there is one search for ways to all. false: none was found.
func (p *MotionPlanner) PlanAny(from []float64, goals [][]float64, load *Load) (m Motion, goal int, ok bool) {
	p.check.hold(load)
	p.check.checks = 0
	searched := 0
	if !p.inside(from) {
		return Motion{}, 0, false
	}
	for i := range p.lifted {
		p.lifted[i].clear()
	}
	var open [len(margins)]bool // whether from keeps the margin
	for i, share := range margins {
		open[i] = p.check.clear(from, p.opt.Clearance*share)
	}
	answer := func(straight bool, margin float64, goal int) (Motion, int, bool) {
		m := p.answer(load, margin)
		m.Straight, m.Searched = straight, searched
		if straight {
			m.Length = distance(from, goals[goal])
		}
		return m, goal, true
	}
	for goal, to := range goals {
		p.reseed(from, to)
		for i, share := range margins {
			margin := p.opt.Clearance * share
			if !open[i] || !p.inside(to) || !p.check.clear(to, margin) {
				continue
			}
			straight, ok := p.simple(from, to, i)
			searched += p.trees[0].size() + p.trees[1].size()
			if ok && p.smooth(margin) {
				return answer(straight, margin, goal)
			}
		}
	}
	if len(goals) > 0 {
		p.reseed(from, goals[0])
	}
	for i, share := range margins {
		margin := p.opt.Clearance * share
		if !open[i] {
			continue
		}
		// Smaller clearances get a smaller part of the budget.
		goal, ok := p.search(from, goals, i, int(float64(p.opt.Checks)*share))
		searched += p.trees[0].size() + p.trees[1].size()
		if !ok {
			continue
		}
		p.limit = p.check.checks + p.opt.Checks/4
		p.shorten(margin)
		if p.smooth(margin) {
			return answer(false, margin, goal)
		}
	}
	return Motion{Searched: searched, Checks: p.check.checks}, 0, false
}

// pace is what motions with a load keep to.
func (p *MotionPlanner) pace(load *Load) pace {
	if load == nil || p.opt.LoadAccel == 0 {
		return pace{}
	}
	return pace{accel: p.opt.LoadAccel, points: func(q []float64, buf []sim.Vec3) []sim.Vec3 {
		tBaseEE := p.arm.Forward(q)
		return append(buf[:0], tBaseEE.Pos, tBaseEE.Apply(load.end()))
	}}
}

// levelChecks is how many joint positions are looked at before PlanLevel gives up.
const levelChecks = 8000

// rises are how much higher than straight the hand goes half way on the ways of PlanLevel [m].
var rises = [...]float64{0, 0.06, 0.12, 0.20}

// PlanLevel finds a motion on which the hand goes straight to one of several places, the one that is most wanted first, or in an arc over it, and turns
// evenly: what it holds is tilted on the way no more than at the ends, but for blendTilt. Places are joint positions [rad], goal is the index of the one
// that it goes to. There is no search; false: none is clear.
func (p *MotionPlanner) PlanLevel(from []float64, goals [][]float64, load *Load) (m Motion, goal int, ok bool) {
	p.check.hold(load)
	p.check.checks = 0
	for share := range margins {
		margin := p.opt.Clearance * margins[share]
		if !p.inside(from) || !p.check.clear(from, margin) {
			continue
		}
		for goal, to := range goals {
			if !p.inside(to) || !p.check.clear(to, margin) {
				continue
			}
			for _, rise := range rises {
				if p.check.checks < levelChecks && p.along(from, to, rise, margin) && p.smooth(margin) {
					return p.answer(load, margin), goal, true
				}
			}
		}
	}
	return Motion{Checks: p.check.checks}, 0, false
}

// along fills found with joint positions on such a way. The last stretch, on which the arm may turn about the hand, tilts it by a little at most.
func (p *MotionPlanner) along(from, to []float64, rise, margin float64) bool {
	const far, turned = 0.03, 0.15 // between rows [m, rad]
	dof := len(from)
	a, b := p.arm.Forward(from), p.arm.Forward(to)
	n := int(math.Ceil(max(b.Pos.Sub(a.Pos).Len()/far, 4*rise/far, sim.QuatAngle(a.Rot, b.Rot)/turned, 2)))
	p.found = append(p.found[:0], from...)
	for k := 1; k < n; k++ {
		s := float64(k) / float64(n)
		t := sim.Pose{Pos: a.Pos.Add(b.Pos.Sub(a.Pos).Mul(s)), Rot: mgl64.QuatSlerp(a.Rot, b.Rot, s)}
		t.Pos[2] += rise * 4 * s * (1 - s)
		last := p.found[len(p.found)-dof:]
		if !p.follows(t, lerp(last, to, 1/float64(n-k+1)), last) && !p.follows(t, last, last) { // towards the end, or else as the arm is
			return false
		}
		row := p.inverse[:dof]
		if !p.inside(row) || !p.check.clear(row, margin) || !p.edge(last, row, margin) {
			return false
		}
		p.found = append(p.found, row...)
	}
	last := p.found[len(p.found)-dof:]
	for k := range 8 {
		q := p.arm.Forward(lerp(last, to, float64(k)/8))
		if angle := math.Acos(max(-1, min(1, q.Axis(2).Dot(b.Axis(2))))); angle > blendTilt+turned {
			return false
		}
	}
	if !p.edge(last, to, margin) {
		return false
	}
	p.found = append(p.found, to...)
	return true
}

// follows fills inverse with where the arm is with its hand at tBaseEE, and reports whether that is near to where it was before.
func (p *MotionPlanner) follows(tBaseEE sim.Pose, seed, last []float64) bool {
	p.inverse = p.arm.Inverse(tBaseEE, seed, p.inverse)
	return len(p.inverse) > 0 && distance(p.inverse[:len(last)], last) <= stride
}

// blendTilt is how far the hand is tilted, at most, where the arm turns about it at the end of a level way [rad].
const blendTilt = 0.2

// answer is the motion along curve, which was looked at with a margin.
func (p *MotionPlanner) answer(load *Load, margin float64) Motion {
	m := Motion{Clearance: margin, Checks: p.check.checks, path: p.curve, Rows: p.curve.q, Length: p.curveLength()}
	m.timed = timed(m.path, p.arm.Joints, p.pace(load))
	m.Seconds = float64(m.timed.periods) * Period
	return m
}

// At fills joint positions [rad] and velocities [rad/s] at the end of control period k, from 0 to Seconds × Rate.
func (m *Motion) At(k int, q, qd []float64) { m.timed.at(k, q, qd) }

// Sample fills q with the path at a share of its length, 0…1.
func (m *Motion) Sample(share float64, q []float64) { m.path.at(share, q, nil, nil) }

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

// sweeps reports whether the straight way between joint positions, its ends included, keeps margin [m] from everything, with a load (nil: none).
func (p *MotionPlanner) sweeps(from, to []float64, load *Load, margin float64) bool {
	return p.Clear(from, load, margin) && p.Clear(to, load, margin) && p.edge(from, to, margin)
}

// simple fills found with a way that needs no search, as short as it gets.
func (p *MotionPlanner) simple(from, to []float64, share int) (straight, ok bool) {
	margin := p.opt.Clearance * margins[share]
	p.trees[0].clear()
	p.trees[1].clear()
	p.found = append(append(p.found[:0], from...), to...)
	if p.edge(from, to, margin) {
		return true, true
	}
	p.limit = p.check.checks + p.opt.Checks/4
	if !p.over(from, to, share) {
		return false, false
	}
	p.limit = p.check.checks + p.opt.Checks/4
	p.shorten(margin)
	return false, true
}
