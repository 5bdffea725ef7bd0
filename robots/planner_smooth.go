package robots

import "math"

// greedy takes out corners that a way can do without, in place: from each row it goes straight to a far one that it can reach.
func (p *MotionPlanner) greedy(margin float64, rows []float64) []float64 {
	dof := len(p.target)
	n := len(rows) / dof
	kept := 1
	for i := 0; i < n-1; {
		k := n - 1
		for k > i+1 && !p.edge(rows[(kept-1)*dof:kept*dof], rows[k*dof:(k+1)*dof], margin) {
			k = i + 1 + (k-i-1)/2
		}
		copy(rows[kept*dof:(kept+1)*dof], rows[k*dof:(k+1)*dof])
		kept++
		i = k
	}
	return rows[:kept*dof]
}

// shorten makes the found way shorter: by straight lines between two random places on it, all joints together or a single one (Geraerts
// and Overmars, "Creating high-quality paths for motion planning", IJRR 2007), and by pulling each corner towards the line between
// its neighbours.
func (p *MotionPlanner) shorten(margin float64) {
	idle := 0
	for k := 0; k < p.opt.Shortcuts && len(p.found) > 2*len(p.target) && idle < 24 && p.check.checks < p.limit; k++ {
		idle++
		var shorter bool
		switch k % 4 {
		case 0, 2:
			shorter = p.cut(margin)
		case 1:
			shorter = p.cutJoint(margin)
		default:
			shorter = p.pull(margin)
		}
		if shorter {
			idle = 0
		}
	}
	p.found = p.greedy(margin, p.found)
}

// place fills q with the found way at a length, and returns the index of the row before it.
func (p *MotionPlanner) place(length float64, q []float64) int {
	dof := len(q)
	last := len(p.found)/dof - 2
	for i := 0; ; i++ {
		a, b := p.found[i*dof:(i+1)*dof], p.found[(i+1)*dof:(i+2)*dof]
		d := distance(a, b)
		if length <= d || i == last {
			share := min(length/max(d, 1e-12), 1)
			for k := range q {
				q[k] = a[k] + share*(b[k]-a[k])
			}
			return i
		}
		length -= d
	}
}

// cut tries a straight line between two random places on the way.
func (p *MotionPlanner) cut(margin float64) bool {
	dof := len(p.target)
	length := wayLength(p.found, dof)
	s, t := p.draw.Float64()*length, p.draw.Float64()*length
	if s > t {
		s, t = t, s
	}
	a, b := p.between[1], p.between[2]
	i, k := p.place(s, a), p.place(t, b)
	if i == k || !p.edge(a, b, margin) {
		return false
	}
	p.other = appendNew(append(p.other[:0], p.found[:(i+1)*dof]...), a)
	p.other = appendNew(p.other, b)
	for r := k + 1; r < len(p.found)/dof; r++ {
		p.other = appendNew(p.other, p.found[r*dof:(r+1)*dof])
	}
	if wayLength(p.other, dof) > length-1e-4 {
		return false
	}
	p.found, p.other = p.other, p.found
	return true
}

// appendNew appends a row unless it is the last one already.
func appendNew(rows, q []float64) []float64 {
	if dof := len(q); distance(rows[len(rows)-dof:], q) < 1e-9 {
		return rows
	}
	return append(rows, q...)
}

// cutJoint tries to move a single joint straight from one random row to another.
func (p *MotionPlanner) cutJoint(margin float64) bool {
	dof := len(p.target)
	n := len(p.found) / dof
	i := p.draw.IntN(n - 2)
	k := i + 2 + p.draw.IntN(n-2-i)
	joint := p.draw.IntN(dof)
	total := wayLength(p.found[i*dof:(k+1)*dof], dof)
	p.other = append(p.other[:0], p.found...)
	first, last := p.found[i*dof+joint], p.found[k*dof+joint]
	done := 0.0
	for r := i + 1; r < k; r++ {
		done += distance(p.found[(r-1)*dof:r*dof], p.found[r*dof:(r+1)*dof])
		p.other[r*dof+joint] = first + (last-first)*done/max(total, 1e-12)
	}
	return p.accept(margin, i, k)
}

// pull tries to move a random corner towards the line between its neighbours, as far as it goes.
func (p *MotionPlanner) pull(margin float64) bool {
	dof := len(p.target)
	i := 1 + p.draw.IntN(len(p.found)/dof-2)
	a, q, b := p.found[(i-1)*dof:i*dof], p.found[i*dof:(i+1)*dof], p.found[(i+1)*dof:(i+2)*dof]
	share := distance(a, q) / max(distance(a, q)+distance(q, b), 1e-12)
	for _, pull := range [...]float64{0.8, 0.4, 0.15} {
		p.other = append(p.other[:0], p.found...)
		for k := range dof {
			p.other[i*dof+k] = q[k] + pull*(a[k]+share*(b[k]-a[k])-q[k])
		}
		if p.accept(margin, i-1, i+1) {
			return true
		}
	}
	return false
}

// accept takes other, which differs from found between rows i and k, if it is shorter and clear.
func (p *MotionPlanner) accept(margin float64, i, k int) bool {
	dof := len(p.target)
	part := func(rows []float64) []float64 { return rows[i*dof : (k+1)*dof] }
	if wayLength(part(p.other), dof) > wayLength(part(p.found), dof)-1e-3 {
		return false
	}
	for r := i + 1; r <= k; r++ {
		row := p.other[r*dof : (r+1)*dof]
		if r < k && !p.check.clear(row, margin) || !p.edge(p.other[(r-1)*dof:r*dof], row, margin) {
			return false
		}
	}
	p.found, p.other = p.other, p.found
	return true
}

const (
	// curveShare is how much of the clearance the curve keeps that replaces straight lines.
	curveShare = 0.75
	// splits is how often a stretch of the way is halved to keep the curve near to it.
	splits = 7
)

// smooth fills curve with a spline through the found way that is clear.
func (p *MotionPlanner) smooth(margin float64) bool {
	dof := len(p.target)
	rows := make([][]float64, 0, 8)
	for i := 0; i < len(p.found); i += dof {
		rows = append(rows, append([]float64(nil), p.found[i:i+dof]...))
	}
	for range splits + 1 {
		p.curve = newPath(rows...)
		if len(rows) == 2 {
			return true
		}
		// Halve every stretch on which the curve comes too near to something.
		var more [][]float64
		clear := true
		for i := range rows {
			if i > 0 {
				bad := len(p.curve.q) != len(rows) || !p.curveClear(p.curve.knots[i-1], p.curve.knots[i], curveShare*margin)
				if bad {
					clear = false
					more = append(more, lerp(rows[i-1], rows[i], 0.5))
				}
			}
			more = append(more, rows[i])
		}
		if clear {
			return true
		}
		// The neighbours of short stretches pull the curve about: no stretch may be more than four times as long as the next.
		rows = evenOut(more)
	}
	return false
}

// evenOut halves stretches that are more than four times as long as one beside them.
func evenOut(rows [][]float64) [][]float64 {
	for {
		var more [][]float64
		for i, row := range rows {
			if i > 0 {
				d := distance(rows[i-1], row)
				if i > 1 && d > 4*distance(rows[i-2], rows[i-1]) || i < len(rows)-1 && d > 4*distance(row, rows[i+1]) {
					more = append(more, lerp(rows[i-1], row, 0.5))
				}
			}
			more = append(more, row)
		}
		if len(more) == len(rows) || len(more) > 200 {
			return more
		}
		rows = more
	}
}

// curveClear reports whether the curve is clear and inside the joints' limits from s to t, as edge does for straight lines: halved until nothing
// moves more than a step, along chords that are shorter than the curve by less than a tenth.
func (p *MotionPlanner) curveClear(s, t, margin float64) bool {
	a, b := p.between[0], p.between[1]
	p.curve.at(s, a, nil, nil)
	n := 4
	for k := 1; k <= n; k++ {
		p.curve.at(s+(t-s)*float64(k)/float64(n), b, nil, nil)
		if !p.stretchClear(s+(t-s)*float64(k-1)/float64(n), s+(t-s)*float64(k)/float64(n), a, b, margin, p.mid) {
			return false
		}
		copy(a, b)
	}
	return true
}

func (p *MotionPlanner) stretchClear(s, t float64, a, b []float64, margin float64, mid []float64) bool {
	dof := len(a)
	m := mid[:dof]
	p.curve.at((s+t)/2, m, nil, nil)
	if !p.inside(m) {
		return false
	}
	for i := range m {
		p.check.turn[i] = 1.1 * max(math.Abs(a[i]-b[i]), 2*math.Abs(a[i]-m[i]), 2*math.Abs(m[i]-b[i]))
	}
	moved := p.check.moving()
	p.check.place(m)
	if moved > step(margin) && moved < 0.6 && p.check.surelyClear(margin) {
		return true
	}
	if !p.check.placedClear(margin) {
		return false
	}
	if moved <= step(margin) || len(mid) < 2*dof {
		return true
	}
	return p.stretchClear(s, (s+t)/2, a, m, margin, mid[dof:]) && p.stretchClear((s+t)/2, t, m, b, margin, mid[dof:])
}

// curveLength is the curve's length [rad].
func (p *MotionPlanner) curveLength() float64 {
	a, b := p.between[0], p.between[1]
	p.curve.at(0, a, nil, nil)
	sum := 0.0
	const n = 400
	for k := 1; k <= n; k++ {
		p.curve.at(float64(k)/n, b, nil, nil)
		sum += distance(a, b)
		copy(a, b)
	}
	return math.Max(sum, 0)
}
