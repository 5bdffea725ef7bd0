package robots

import (
	"fmt"
	"math"
	"sort"

	"github.com/refarena/refarena/sim"
)

// A path is a smooth curve through joint positions: a natural cubic spline over the parameter s in [0, 1] (one segment: a line).
// It says where to go, not when.
type path struct {
	knots  []float64   // increasing, 0 … 1
	q      [][]float64 // joint positions at the knots [rad]
	second [][]float64 // d²q/ds² at the knots
}

// newPath is a path through rows of joint positions, at least two, spaced by their distance. Rows equal to the one before are
// dropped. The rows are copied.
func newPath(rows ...[]float64) *path {
	p := &path{}
	length := 0.0
	for i, row := range rows {
		if i > 0 {
			d := 0.0
			for k := range row {
				d += (row[k] - p.q[len(p.q)-1][k]) * (row[k] - p.q[len(p.q)-1][k])
			}
			if d < 1e-18 {
				continue
			}
			length += math.Sqrt(d)
		}
		p.knots = append(p.knots, length)
		p.q = append(p.q, append([]float64(nil), row...))
	}
	if len(p.q) == 1 { // nowhere to go
		p.knots, p.q, length = append(p.knots, 1), append(p.q, p.q[0]), 1
	}
	for i := range p.knots {
		p.knots[i] /= length
	}
	p.solve()
	return p
}

// solve finds the second derivatives of the natural spline: a tridiagonal system for each joint (Press et al., Numerical Recipes, 3.3).
func (p *path) solve() {
	n, dof := len(p.q), len(p.q[0])
	p.second = make([][]float64, n)
	for i := range p.second {
		p.second[i] = make([]float64, dof)
	}
	u := make([]float64, n)
	w := make([]float64, n)
	for k := range dof {
		u[0], w[0] = 0, 0
		for i := 1; i < n-1; i++ {
			h0, h1 := p.knots[i]-p.knots[i-1], p.knots[i+1]-p.knots[i]
			sig := h0 / (h0 + h1)
			den := sig*w[i-1] + 2
			w[i] = (sig - 1) / den
			slope := (p.q[i+1][k]-p.q[i][k])/h1 - (p.q[i][k]-p.q[i-1][k])/h0
			u[i] = (6*slope/(h0+h1) - sig*u[i-1]) / den
		}
		for i := n - 2; i > 0; i-- {
			p.second[i][k] = w[i]*p.second[i+1][k] + u[i]
		}
	}
}

// length is the sum of the distances between the knots [rad].
func (p *path) length() float64 {
	sum := 0.0
	for i := 1; i < len(p.q); i++ {
		sum += distance(p.q[i-1], p.q[i])
	}
	return sum
}

// distance is the Euclidean distance between joint positions [rad].
func distance(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += sq(a[i] - b[i])
	}
	return math.Sqrt(sum)
}

// at fills q, and d1 and d2 with the first and second derivatives by s, unless they are nil.
func (p *path) at(s float64, q, d1, d2 []float64) {
	i := 1 + sort.SearchFloat64s(p.knots[1:len(p.knots)-1], s)
	h := p.knots[i] - p.knots[i-1]
	a, b := (p.knots[i]-s)/h, (s-p.knots[i-1])/h
	for k := range q {
		q0, q1, m0, m1 := p.q[i-1][k], p.q[i][k], p.second[i-1][k], p.second[i][k]
		q[k] = a*q0 + b*q1 + ((a*a*a-a)*m0+(b*b*b-b)*m1)*h*h/6
		if d1 != nil {
			d1[k] = (q1-q0)/h + ((3*b*b-1)*m1-(3*a*a-1)*m0)*h/6
		}
		if d2 != nil {
			d2[k] = a*m0 + b*m1
		}
	}
}

// A trajectory is a path with its times: the joint positions and velocities at the end of each control period. All joints start and end
// at rest.
type trajectory struct {
	*path
	periods int       // control periods it takes
	q, qd   []float64 // (periods+1) × joints, from the start on [rad, rad/s]
}

const (
	// speedShare is how much of the joints' speed and acceleration limits motions use.
	speedShare = 0.95
	// profileStep is how far joints move, all together, between the places where the limits are looked at [rad].
	profileStep = 0.02
)

// A pace is what a motion keeps to beside the joints' limits. The zero value is nothing.
type pace struct {
	speed float64 // of the first of points, at most [m/s]; 0: as the joints allow
	accel float64 // of each of points, at most, along each axis of base [m/s²]; 0: as the joints allow
	// points appends to buf[:0] where some points of the tool, and of what it holds, are in base at q. Their number is always the same.
	points func(q []float64, buf []sim.Vec3) []sim.Vec3
}

// timed gives a path the shortest duration that keeps within every joint's speed and acceleration limit and to a pace, and then takes the edges off.
//
// The first part is time-optimal on its grid: the acceleration jumps between its limits. The second averages positions over the
// past so many periods (a moving average, so speeds and accelerations stay within what they were) that no joint's jerk is beyond its limit:
// an acceleration that swings from one limit to the other over a window T has a jerk of 2·accel/T at most. It costs that
// window, a tenth of a second on a UR5, and is where the result is not optimal: the optimum under all three limits would save part of the
// window. It also cuts corners: by accel·T²/24 at most, 3 mrad at full acceleration, and along a straight path by nothing at all.
func timed(p *path, joints []Joint, at pace) trajectory {
	if p.length() == 0 {
		last := p.q[len(p.q)-1]
		return trajectory{path: p, periods: 1, q: append(append([]float64(nil), last...), last...), qd: make([]float64, 2*len(last))}
	}
	f := newProfile(p, joints, at)
	f.controllable()
	f.forward()
	window := 1
	for _, j := range joints {
		window = max(window, int(math.Ceil(2*speedShare*j.MaxAccel/j.MaxJerk*Rate)))
	}
	return f.sample(window)
}

// A profile is how fast a path is followed: x = (ds/dt)² on a grid in s, with d²s/dt² constant in between. The method is that of Pham and
// Pham, "A new approach to time-optimal path parameterization based on reachability analysis", IEEE T-RO 34 (2018), with the limits
// kept at both ends of each interval; the joints' limits make lines in the plane of x and d²s/dt², so that the reachable sets are found
// exactly instead of by a linear program.
type profile struct {
	p      *path
	accels []float64 // that what is limited has at most: the joints [rad/s²], then the coordinates of the points of a pace [m/s²]
	n      int       // intervals
	step   float64   // of the grid in s
	d1, d2 []float64 // (n+1) × accels: first and second derivatives by s along the path
	limit  []float64 // of x, from speeds
	x      []float64
	bounds []bound
}

// A bound is a + b·x, an upper or lower bound of d²s/dt².
type bound struct {
	a, b  float64
	upper bool
}

func newProfile(p *path, joints []Joint, at pace) *profile {
	dof := len(joints)
	q := make([]float64, dof)
	around := 0.0
	for i := 1; i < len(p.q); i++ {
		for k := range q {
			around += math.Abs(p.q[i][k] - p.q[i-1][k])
		}
	}
	n := min(max(int(around/profileStep), 40, 6*len(p.q)), 1500)
	f := &profile{p: p, n: n, step: 1 / float64(n), limit: make([]float64, n+1), x: make([]float64, n+1)}
	for _, j := range joints {
		f.accels = append(f.accels, speedShare*j.MaxAccel)
	}
	var points []sim.Vec3
	if at.accel > 0 {
		points = at.points(p.q[0], nil)
		for range 3 * len(points) {
			f.accels = append(f.accels, at.accel)
		}
	}
	width := len(f.accels)
	f.d1, f.d2, f.bounds = make([]float64, (n+1)*width), make([]float64, (n+1)*width), make([]bound, 0, 4*width+2)
	var last sim.Vec3
	for i := range n + 1 {
		d1, d2 := f.derivatives(i)
		p.at(float64(i)/float64(n), q, d1[:dof], d2[:dof])
		f.limit[i] = math.Inf(1)
		for k, j := range joints {
			f.limit[i] = min(f.limit[i], sq(speedShare*j.MaxSpeed/max(math.Abs(d1[k]), 1e-12)))
		}
		if at.speed > 0 {
			points = at.points(q, points)
			tool := points[0]
			if i > 0 {
				per := tool.Sub(last).Len() / f.step
				x := sq(at.speed / max(per, 1e-12))
				f.limit[i], f.limit[i-1] = min(f.limit[i], x), min(f.limit[i-1], x)
			}
			last = tool
		}
	}
	if at.accel > 0 {
		f.follow(at, q, dof)
	}
	return f
}

// follow fills the derivatives of the points of a pace by central differences, a tenth of the grid's step to either side.
func (f *profile) follow(at pace, q []float64, dof int) {
	var where [3][]sim.Vec3
	h := f.step / 10
	for i := range f.n + 1 {
		s := min(max(float64(i)*f.step, h), 1-h)
		for k := range where {
			f.p.at(s+float64(k-1)*h, q, nil, nil)
			where[k] = at.points(q, where[k])
		}
		d1, d2 := f.derivatives(i)
		for k := range where[1] {
			for axis := range 3 {
				before, now, after := where[0][k][axis], where[1][k][axis], where[2][k][axis]
				d1[dof+3*k+axis] = (after - before) / (2 * h)
				d2[dof+3*k+axis] = (after - 2*now + before) / (h * h)
			}
		}
	}
}

func (f *profile) derivatives(i int) (d1, d2 []float64) {
	width := len(f.accels)
	return f.d1[i*width : (i+1)*width], f.d2[i*width : (i+1)*width]
}

// constrain fills bounds with what the accelerations at both ends of interval i allow, given the greatest x at its end, and returns the
// greatest x at its beginning as far as that does not depend on d²s/dt².
func (f *profile) constrain(i int, next float64) (most float64) {
	f.bounds = append(f.bounds[:0], bound{next / (2 * f.step), -1 / (2 * f.step), true}, bound{0, -1 / (2 * f.step), false})
	most = f.limit[i]
	for end := range 2 {
		d1, d2 := f.derivatives(i + end)
		for k, a := range f.accels {
			// acceleration = g·u + c·x, with u = d²s/dt² and x as at the beginning; x at the end is x + 2·u·step
			g, c := d1[k]+2*float64(end)*f.step*d2[k], d2[k]
			if g < 0 {
				g, c = -g, -c
			}
			if g < 1e-9 {
				most = min(most, a/max(math.Abs(c), 1e-12))
				continue
			}
			f.bounds = append(f.bounds, bound{a / g, -c / g, true}, bound{-a / g, -c / g, false})
		}
	}
	return most
}

// controllable fills x with the greatest values from which the end can be reached at rest.
func (f *profile) controllable() {
	f.x[f.n] = 0
	for i := f.n - 1; i >= 0; i-- {
		x := f.constrain(i, f.x[i+1])
		for _, lo := range f.bounds {
			if lo.upper {
				continue
			}
			for _, hi := range f.bounds {
				if hi.upper && lo.b > hi.b { // lo.a + lo.b·x ≤ hi.a + hi.b·x
					x = min(x, (hi.a-lo.a)/(lo.b-hi.b))
				}
			}
		}
		f.x[i] = max(x, 0)
	}
}

// forward turns x into the fastest values that can be reached from rest.
func (f *profile) forward() {
	x := 0.0
	for i := range f.n {
		f.constrain(i, f.x[i+1])
		u := math.Inf(1)
		for _, b := range f.bounds {
			if b.upper {
				u = min(u, b.a+b.b*x)
			}
		}
		f.x[i] = x
		x = min(max(x+2*u*f.step, 0), f.x[i+1])
	}
	f.x[f.n] = 0
}

// sample follows the profile in time and averages over a window of so many periods.
func (f *profile) sample(window int) trajectory {
	dof := len(f.p.q[0])
	ends := make([]float64, f.n+1) // when the grid's places are reached [s]
	for i := range f.n {
		ends[i+1] = ends[i] + 2*f.step/max(math.Sqrt(f.x[i])+math.Sqrt(f.x[i+1]), 1e-9)
	}
	whole := int(math.Ceil(ends[f.n]*Rate - 1e-9))
	raw := trajectory{periods: whole, q: make([]float64, (whole+1)*dof), qd: make([]float64, (whole+1)*dof)}
	i := 0
	for k := range whole + 1 {
		t := float64(k) * Period
		for i < f.n-1 && ends[i+1] < t {
			i++
		}
		q, qd := raw.row(k)
		v := math.Sqrt(f.x[i])
		u := (f.x[i+1] - f.x[i]) / (2 * f.step)
		dt := min(t, ends[f.n]) - ends[i]
		s := min((float64(i)*f.step)+v*dt+u*dt*dt/2, 1)
		f.p.at(s, q, qd, nil)
		speed := max(v+u*dt, 0)
		if k == whole {
			speed = 0
		}
		for j := range qd {
			qd[j] *= speed
		}
	}
	out := trajectory{path: f.p, periods: whole + window, q: make([]float64, (whole+window+1)*dof), qd: make([]float64, (whole+window+1)*dof)}
	for k := range out.periods + 1 {
		q, qd := out.row(k)
		for back := range window + 1 {
			share := 1 / float64(window)
			if back == 0 || back == window {
				share /= 2
			}
			from, fromD := raw.row(min(max(k-back, 0), whole))
			for j := range q {
				q[j] += share * from[j]
				qd[j] += share * fromD[j]
			}
		}
	}
	last, _ := out.row(out.periods)
	copy(last, f.p.q[len(f.p.q)-1])
	return out
}

// row is the joint positions and velocities at the end of control period k; 0 is the start.
func (t *trajectory) row(k int) (q, qd []float64) {
	dof := len(t.q) / (t.periods + 1)
	return t.q[k*dof : (k+1)*dof], t.qd[k*dof : (k+1)*dof]
}

func sq(x float64) float64 { return x * x }

// at fills the joint positions [rad] and velocities [rad/s] at the end of control period k, 1…periods.
func (t trajectory) at(k int, q, qd []float64) {
	fromQ, fromQD := t.row(min(k, t.periods))
	copy(q, fromQ)
	copy(qd, fromQD)
}

func (t trajectory) String() string {
	return fmt.Sprintf("%d knots in %.2f s", len(t.knots), float64(t.periods)*Period)
}
