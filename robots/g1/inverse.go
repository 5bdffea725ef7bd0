package g1

import (
	"math"

	"github.com/refarena/refarena/sim"
)

// Tolerances that Inverse and Track reach.
const (
	PosTol = 1e-6 // [m]
	RotTol = 1e-6 // [rad]
)

const (
	lever      = 0.15 // what a radian of the hand counts as, for steps and damping [m]
	damping    = 2e-3 // of steps [m]
	iterations = 24   // of steps from one start
	restarts   = 60   // random starts after the analytic ones
)

// inside is what limits are drawn in by at least, so that rounding keeps inside [rad].
const inside = 1e-9

// Options tune InverseArm. The zero value is ready to use.
type Options struct {
	Most   int     // positions wanted; 0 means 1, at most 8
	Quick  bool    // give up after the analytic starts, the most promising ones
	Margin float64 // from the joints' limits [rad]
}

// A target is where the palm is wanted, in the frame that a chain begins in.
type target struct {
	x [3]sim.Vec3
	p sim.Vec3
}

// miss is the way from a frame to the target: position [m] and rotation vector [rad], in the chain's frame.
func (t *target) miss(f *frame) (e [6]float64, pos, rot float64) {
	d := t.p.Sub(f.p)
	var v sim.Vec3
	trace := 0.0
	for i := range 3 {
		v = v.Add(f.x[i].Cross(t.x[i]))
		trace += f.x[i].Dot(t.x[i])
	}
	v = v.Mul(0.5)
	sin := v.Len()
	rot = math.Atan2(sin, (trace-1)/2)
	if sin > 1e-12 {
		v = v.Mul(rot / sin)
	} else if rot > 1 { // turned by π: about the axis that differs least
		best := 0
		for i := range 3 {
			if f.x[i].Dot(t.x[i]) > f.x[best].Dot(t.x[best]) {
				best = i
			}
		}
		v = f.x[best].Mul(math.Pi)
	}
	return [6]float64{d[0], d[1], d[2], v[0], v[1], v[2]}, d.Len(), rot
}

// A chain is joints from..DOF of an arm with the frame that it begins in.
type chain struct {
	side   Side
	from   int // 0: waist and arm; Waist: the arm alone
	start  frame
	margin float64 // from the joints' limits [rad]
}

// run fills jac with the columns of the joints (lever-weighted rows) and returns the palm's frame.
func (c *chain) run(q *Config, jac *[DOF][6]float64) frame {
	f := c.start
	var at, axis [DOF]sim.Vec3
	for i := c.from; i < DOF; i++ {
		l := &links[c.side][i]
		f.advance(l, q[i])
		at[i], axis[i] = f.p, f.x[l.axis]
	}
	f.p = f.apply(&TWristPalm[c.side].Pos)
	if jac != nil {
		for i := c.from; i < DOF; i++ {
			w := axis[i]
			v := w.Cross(f.p.Sub(at[i]))
			jac[i] = [6]float64{v[0], v[1], v[2], lever * w[0], lever * w[1], lever * w[2]}
		}
	}
	return f
}

// solve goes from q to the target by damped least squares (Nakamura and Hanafusa 1986; the damping falls with what is missing), with
// the joints' limits as an active set: a joint at its limit that would go on is left out of the step. weight is each joint's share of
// the motion. It reports whether it got there.
func (c *chain) solve(t *target, q *Config, weight *Config) bool {
	chain := &chains[c.side]
	var jac [DOF][6]float64
	last, stuck := math.Inf(1), 0
	margin := c.margin + inside
	for range iterations {
		f := c.run(q, &jac)
		e, pos, rot := t.miss(&f)
		if pos < PosTol && rot < RotTol {
			return true
		}
		missing := pos + lever*rot
		if missing > 0.8*last {
			if stuck++; stuck > 5 {
				return false
			}
		}
		last = missing
		for i := 3; i < 6; i++ {
			e[i] *= lever
		}
		if missing > 0.25 { // not farther than the lines hold
			for i := range e {
				e[i] *= 0.25 / missing
			}
		}
		lambda := damping * min(1, missing/0.02)
		var frozen [DOF]bool
		for range 4 {
			var a [6][6]float64
			for i := c.from; i < DOF; i++ {
				if frozen[i] {
					continue
				}
				for r := range 6 {
					jr := weight[i] * jac[i][r]
					for k := r; k < 6; k++ {
						a[r][k] += jr * jac[i][k]
					}
				}
			}
			for r := range 6 {
				a[r][r] += lambda*lambda + 1e-12
			}
			y := cholesky(&a, e)
			again := false
			var dq Config
			for i := c.from; i < DOF; i++ {
				if frozen[i] {
					continue
				}
				for r := range 6 {
					dq[i] += jac[i][r] * y[r]
				}
				dq[i] *= weight[i]
				lo, hi := chain[i].Min+margin, chain[i].Max-margin
				if q[i] <= lo && dq[i] < 0 || q[i] >= hi && dq[i] > 0 {
					frozen[i], again = true, true
				}
			}
			if again {
				continue
			}
			for i := c.from; i < DOF; i++ {
				q[i] = min(max(q[i]+min(max(dq[i], -0.7), 0.7), chain[i].Min+margin), chain[i].Max-margin)
			}
			break
		}
	}
	f := c.run(q, nil)
	_, pos, rot := t.miss(&f)
	return pos < PosTol && rot < RotTol
}

// cholesky solves a·x = b for a symmetric positive definite a, given by its upper triangle.
func cholesky(a *[6][6]float64, b [6]float64) [6]float64 {
	var l [6][6]float64 // rows; a = l·lᵀ
	for i := range 6 {
		for k := 0; k <= i; k++ {
			s := a[k][i]
			for m := range k {
				s -= l[i][m] * l[k][m]
			}
			if i == k {
				l[i][i] = math.Sqrt(max(s, 1e-18))
			} else {
				l[i][k] = s / l[k][k]
			}
		}
	}
	for i := range 6 {
		for m := range i {
			b[i] -= l[i][m] * b[m]
		}
		b[i] /= l[i][i]
	}
	for i := 5; i >= 0; i-- {
		for m := i + 1; m < 6; m++ {
			b[i] -= l[m][i] * b[m]
		}
		b[i] /= l[i][i]
	}
	return b
}

// Dimensions of the arm as if the shoulder's axes met in one point, for the analytic starts [m].
const (
	shoulderY = 0.038 + 0.001 // along the pitch axis
	elbowX    = 0.015783
	elbowZ    = -(0.1032 + 0.080518)
	wristX    = 0.138 // of the wrist's pitch axis in the forearm
	wristZ    = -0.010
)

var (
	upperLen = math.Hypot(elbowX, elbowZ)
	foreLen  = math.Hypot(wristX, wristZ)
	// With the elbow at straight the upper arm and the forearm point the same way.
	straight = math.Atan2(-elbowZ, elbowX) - math.Atan2(-wristZ, wristX)
	// shoulders are the shoulder frames in the torso, and in which the axes nearly meet.
	shoulders = func() (out [2]frame) {
		for s := range chains {
			f := identity
			l := links[s][Waist]
			f.advance(&l, 0)
			y := shoulderY * (1 - 2*float64(s))
			f.p = f.apply(&sim.Vec3{0, y, -0.004})
			out[s] = f
		}
		return out
	}()
	rolls = [2]float64{-0.27925, 0.27925} // the fixed turn between shoulder pitch and roll
)

// yaws are the positions of the wrist's yaw joint that starts are made for, as shares of its range.
var yaws = [...]float64{0, 0.25, -0.25, 0.5, -0.5, 0.75, -0.75, 0.97, -0.97}

// A start is joint positions that nearly reach the target.
type start struct {
	q    ArmConfig
	cost float64
}

// maxStarts is how many starts there are at most: yaws and the given one, two elbows, two swivels, two shoulders.
const maxStarts = (len(yaws) + 1) * 8

// starts lists analytic solutions of an arm whose shoulder axes meet. The wrist's yaw joint, whose axis passes 46 mm beside the crossing
// of the other two, is the parameter of the redundancy: with it the crossing, and the direction of the pitch axis, are known.
// The distance from the shoulder gives the elbow; the forearm has to be perpendicular to the wrist's pitch axis, which gives the
// swivel about the line from the shoulder to the wrist; the rest are Euler angles. They are sorted by cost: what they exceed limits
// by, and how far they are from seed.
func (c *chain) starts(t *target, seed *ArmConfig, out *[maxStarts]start) int {
	s := c.side
	joints := chains[s][Waist:]
	sign := 1 - 2*float64(s)
	n := 0
	for k := -1; k < len(yaws); k++ {
		yaw := seed[6]
		if k >= 0 {
			yaw = yaws[k] * joints[6].Max
		}
		// Back from the palm to the wrist's pitch link.
		f := frame{t.x, t.p}
		f.p = f.apply(&sim.Vec3{-TWristPalm[s].Pos[0], -TWristPalm[s].Pos[1], 0})
		f.turn(2, -yaw)
		f.p = f.apply(&sim.Vec3{-joints[6].Origin[0], 0, 0})
		w := f.p.Sub(shoulders[s].p)
		d := w.Len()
		cos := (d*d - upperLen*upperLen - foreLen*foreLen) / (2 * upperLen * foreLen)
		if cos > 1.35 || cos < -1.2 {
			continue
		}
		bend := math.Acos(min(max(cos, -1), 1))
		axis := w.Mul(1 / max(d, 1e-9))
		for branch := range 2 {
			elbow := straight - bend
			if branch == 1 {
				elbow = straight + bend
			}
			if elbow > joints[3].Max+0.3 || elbow < joints[3].Min-0.3 {
				continue
			}
			se, ce := math.Sincos(elbow)
			wU := sim.Vec3{elbowX + wristX*ce + wristZ*se, 0, elbowZ - wristX*se + wristZ*ce} // the wrist in the upper arm's frame
			fU := sim.Vec3{ce, 0, -se}                                                        // the forearm's direction there
			lU := wU.Len()
			if lU < 1e-6 {
				continue
			}
			aU := wU.Mul(1 / lU)
			along := fU.Dot(aU)
			bU := fU.Sub(aU.Mul(along))
			across := bU.Len()
			if across < 1e-6 {
				continue
			}
			bU = bU.Mul(1 / across)
			yp := f.x[1]
			e1 := yp.Sub(axis.Mul(yp.Dot(axis)))
			r := e1.Len()
			if r < 1e-6 {
				continue
			}
			e1 = e1.Mul(1 / r)
			e2 := axis.Cross(e1)
			cs := -along * axis.Dot(yp) / (across * r) // cosine of the swivel from e1
			if math.Abs(cs) > 1.3 {
				continue
			}
			cs = min(max(cs, -1), 1)
			ss := math.Sqrt(1 - cs*cs)
			for swivel := range 2 {
				if swivel == 1 {
					ss = -ss
				}
				b := e1.Mul(cs).Add(e2.Mul(ss))
				// The upper arm's rotation takes (aU, bU, aU×bU) to (axis, b, axis×b).
				nU, nT := aU.Cross(bU), axis.Cross(b)
				var upper frame
				for i := range 3 {
					upper.x[i] = axis.Mul(aU[i]).Add(b.Mul(bU[i])).Add(nT.Mul(nU[i]))
				}
				fore := upper
				fore.turnBy(1, se, ce)
				q5 := math.Atan2(fore.x[2].Dot(yp), fore.x[1].Dot(yp))
				q6 := math.Atan2(fore.x[0].Dot(f.x[2]), fore.x[0].Dot(f.x[0]))
				// The shoulder: Ry(a)·Rx(b)·Rz(c) in its frame.
				m := func(i, k int) float64 { return shoulders[s].x[i].Dot(upper.x[k]) }
				sb := -m(1, 2)
				bb := math.Asin(min(max(sb, -1), 1))
				a, cc := math.Atan2(m(0, 2), m(2, 2)), math.Atan2(m(1, 0), m(1, 1))
				for flip := range 2 {
					if flip == 1 {
						bb, a, cc = wrap(math.Pi-bb), wrap(a+math.Pi), wrap(cc+math.Pi)
					}
					q := ArmConfig{a, wrap(bb - rolls[s]), cc, elbow, q5, q6, yaw}
					cost := posture(&q, seed, sign)
					for i, x := range q {
						j := &joints[i]
						if over := max(j.Min-x, x-j.Max, 0); over > 0 {
							cost += 2 + 20*over
							q[i] = min(max(x, j.Min), j.Max)
						}
					}
					cost += 8*max(0, math.Abs(cos)-1) + 4*max(0, math.Abs(along*axis.Dot(yp))/(across*r)-1)
					out[n] = start{q, cost}
					for i := n; i > 0 && out[i-1].cost > out[i].cost; i-- {
						out[i-1], out[i] = out[i], out[i-1]
					}
					n++
				}
			}
		}
	}
	return n
}

// wrap is the angle in [-π, π].
func wrap(a float64) float64 { return math.Remainder(a, 2*math.Pi) }

// posture is what a position of the arm costs besides where it is wanted to be near: joints near their limits.
func posture(q, seed *ArmConfig, sign float64) float64 {
	cost := 0.0
	for i := range q {
		d := q[i] - seed[i]
		cost += 0.25 * d * d
	}
	for i, j := range chains[Left][Waist:] {
		x := q[i]
		if sign < 0 && (i == 1 || i == 2 || i == 4 || i == 6) {
			x = -x
		}
		if room := min(x-j.Min, j.Max-x); room < 0.25 {
			cost += 6 * sqr(0.25-room)
		}
	}
	return cost
}

func sqr(x float64) float64 { return x * x }

var armWeight = Config{0, 0, 0, 1, 1, 1, 1, 1, 1, 1}

// InverseArm fills sols with positions of the arm that bring the palm to tTorsoPalm, nearest to seed first, and returns how many it found.
// They differ by a tenth of a radian at least in some joint. The waist does not move.
//
// The analytic starts (see chain.starts) are followed by a few damped Newton steps each. If none gets there, so are, unless Quick, a fixed
// sequence of positions all over the joints' ranges: the same request has the same answer.
func InverseArm(s Side, tTorsoPalm sim.Pose, seed ArmConfig, opt Options, sols *[8]ArmConfig) int {
	c := chain{side: s, from: Waist, start: identity, margin: opt.Margin}
	f := frameOf(tTorsoPalm)
	t := target(f)
	for _, v := range f.p {
		if math.IsNaN(v) || math.Abs(v) > 1 { // the arm is half a metre long
			return 0
		}
	}
	if f.p.Sub(shoulders[s].p).Len() > 0.53 {
		return 0
	}
	var list [maxStarts]start
	n := c.starts(&t, &seed, &list)
	most := min(max(opt.Most, 1), len(sols))
	count := 0
	try := func(q0 *ArmConfig) bool {
		var q Config
		copy(q[Waist:], q0[:])
		if !c.solve(&t, &q, &armWeight) {
			return false
		}
		var a ArmConfig
		copy(a[:], q[Waist:])
		for i := range count {
			near := true
			for k := range a {
				near = near && math.Abs(a[k]-sols[i][k]) < 0.1
			}
			if near {
				return false
			}
		}
		sols[count] = a
		count++
		return true
	}
	for i := range n {
		if i >= 24 && (count > 0 || opt.Quick) {
			break
		}
		if try(&list[i].q); count >= most {
			break
		}
	}
	state := uint64(0x9e3779b97f4a7c15)
	for k := 0; k < restarts && count == 0 && !opt.Quick; k++ {
		var q ArmConfig
		for i := range q {
			state = state*6364136223846793005 + 1442695040888963407
			j := &chains[s][Waist+i]
			q[i] = j.Min + (j.Max-j.Min)*float64(state>>11)/(1<<53)
		}
		try(&q)
	}
	// Nearest to seed first.
	sign := 1 - 2*float64(s)
	for i := 1; i < count; i++ {
		for k := i; k > 0 && posture(&sols[k], &seed, sign) < posture(&sols[k-1], &seed, sign); k-- {
			sols[k], sols[k-1] = sols[k-1], sols[k]
		}
	}
	return count
}

// trackWeight holds the waist back: the arm moves first.
var trackWeight = Config{0.15, 0.05, 0.15, 1, 1, 1, 1, 1, 1, 1}

// Track moves q, waist and arm, from where it is to where the palm is at tPelvisPalm, by the shortest way, and reports whether it got
// there within the limits, drawn in by margin [rad]. It is for the next place on a line.
func Track(s Side, tPelvisPalm sim.Pose, q *Config, margin float64) bool {
	c := chain{side: s, start: identity, margin: margin}
	f := frameOf(tPelvisPalm)
	t := target(f)
	return c.solve(&t, q, &trackWeight)
}

// Manipulability is Yoshikawa's measure of the arm alone at q, √det(J·Jᵀ), a radian counted as 0.15 m [m⁶]: 0 where the arm is singular.
func Manipulability(s Side, q Config) float64 {
	c := chain{side: s, start: identity}
	var jac [DOF][6]float64
	c.run(&q, &jac)
	var a [6][6]float64
	for i := Waist; i < DOF; i++ {
		for r := range 6 {
			for k := range 6 {
				a[r][k] += jac[i][r] * jac[i][k]
			}
		}
	}
	det := 1.0
	for i := range 6 { // elimination; a is positive semidefinite
		if a[i][i] < 1e-18 {
			return 0
		}
		det *= a[i][i]
		for r := i + 1; r < 6; r++ {
			m := a[r][i] / a[i][i]
			for k := i; k < 6; k++ {
				a[r][k] -= m * a[i][k]
			}
		}
	}
	return math.Sqrt(max(det, 0))
}
