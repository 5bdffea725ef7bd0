package robots

import (
	"fmt"
	"math"
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

// at fills q, and d1 and d2 with the first and second derivatives by s, unless they are nil.
func (p *path) at(s float64, q, d1, d2 []float64) {
	i := 1
	for i < len(p.knots)-1 && p.knots[i] < s {
		i++
	}
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

// ease is the quintic from 0 to 1 that starts and ends at rest without acceleration, with its derivatives.
func ease(t float64) (s, d1, d2 float64) {
	return t * t * t * (10 + t*(6*t-15)), 30 * t * t * (1 - t) * (1 - t), 60 * t * (1 - t) * (1 - 2*t)
}

// A trajectory runs along a path: s = ease(t/duration). All joints start and end together, at rest.
type trajectory struct {
	*path
	periods int // control periods it takes
}

// speedShare is how much of the joints' speed and acceleration limits motions use.
const speedShare = 0.95

// timed gives a path the shortest duration that keeps within every joint's speed and acceleration limit and, if toolSpeed > 0, moves the
// tool no faster than that [m/s] (tool says where the tool is at joint positions).
func timed(p *path, joints []Joint, toolSpeed float64, tool func(q []float64) [3]float64) trajectory {
	const steps = 120
	n := len(joints)
	q, d1, d2 := make([]float64, n), make([]float64, n), make([]float64, n)
	var speed, accel float64 // over the limits, for a duration of 1 s
	var last [3]float64
	for k := range steps + 1 {
		s, e1, e2 := ease(float64(k) / steps)
		p.at(s, q, d1, d2)
		for i, j := range joints {
			speed = max(speed, math.Abs(d1[i])*e1/(speedShare*j.MaxSpeed))
			accel = max(accel, math.Abs(d2[i]*e1*e1+d1[i]*e2)/(speedShare*j.MaxAccel))
		}
		if toolSpeed > 0 {
			at := tool(q)
			if k > 0 {
				speed = max(speed, math.Sqrt(sq(at[0]-last[0])+sq(at[1]-last[1])+sq(at[2]-last[2]))*steps/toolSpeed)
			}
			last = at
		}
	}
	return trajectory{p, max(1, int(math.Ceil(max(speed, math.Sqrt(accel))*Rate)))}
}

func sq(x float64) float64 { return x * x }

// at fills the joint positions [rad] and velocities [rad/s] at the end of control period k, 1…periods.
func (t trajectory) at(k int, q, qd []float64) {
	x := min(float64(k)/float64(t.periods), 1)
	s, e1, _ := ease(x)
	t.path.at(s, q, qd, nil)
	for i := range qd {
		qd[i] *= e1 * Rate / float64(t.periods)
	}
}

func (t trajectory) String() string {
	return fmt.Sprintf("%d knots in %.2f s", len(t.knots), float64(t.periods)*Period)
}
