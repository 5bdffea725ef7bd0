package robots

import "math"

const (
	// stride is how far a tree grows at once [rad], Euclidean.
	stride = 0.6
	// rounds is how many searches there are for one query, as long as the first one took less than 1/roundShare of the checks that there
	// may be: the shortest way counts.
	rounds, roundShare = 3, 10
)

// A tree is joint positions that were reached from one end.
type tree struct {
	dof    int
	q      []float64 // rows
	parent []int32
}

func (t *tree) clear() { t.q, t.parent = t.q[:0], t.parent[:0] }

func (t *tree) plant(q []float64) {
	t.clear()
	t.dof = len(q)
	t.add(q, -1)
}

func (t *tree) add(q []float64, parent int32) int32 {
	t.q = append(t.q, q...)
	t.parent = append(t.parent, parent)
	return int32(len(t.parent) - 1)
}

func (t *tree) row(i int32) []float64 { return t.q[int(i)*t.dof : (int(i)+1)*t.dof] }

// nearest is the node that is nearest to q.
func (t *tree) nearest(q []float64) int32 {
	best, bestDist := int32(0), math.Inf(1)
	for i := range int32(len(t.parent)) {
		dist := 0.0
		for k, x := range t.row(i) {
			dist += (x - q[k]) * (x - q[k])
		}
		if dist < bestDist {
			best, bestDist = i, dist
		}
	}
	return best
}

// lifts are how far above an end its tree goes on straight up, before it grows at random: the way out of a gap in clutter [m].
var lifts = [...]float64{0.02, 0.05, 0.09, 0.14, 0.20, 0.28}

// lift adds the positions straight above the first node, as far as the way there is clear.
func (p *MotionPlanner) lift(t *tree, margin float64) {
	tBaseEE := p.arm.Forward(t.row(0))
	z := tBaseEE.Pos[2]
	for _, up := range lifts {
		last := t.row(int32(len(t.parent) - 1))
		tBaseEE.Pos[2] = z + up
		p.inverse = p.arm.Inverse(tBaseEE, last, p.inverse)
		if len(p.inverse) == 0 {
			return
		}
		row := p.inverse[:t.dof]
		if distance(row, last) > stride || !p.inside(row) || !p.check.clear(row, margin) || !p.edge(last, row, margin) {
			return
		}
		t.add(row, int32(len(t.parent)-1))
	}
}

// over looks for a way straight up from both ends and across, as low as possible, and leaves it in found.
func (p *MotionPlanner) over(from, to []float64, margin float64) bool {
	a, b := &p.trees[0], &p.trees[1]
	a.plant(from)
	b.plant(to)
	p.lift(a, margin)
	p.lift(b, margin)
	na, nb := len(a.parent), len(b.parent)
	for up := 1; up < max(na, nb) && p.check.checks < p.limit; up++ {
		node, end := int32(min(up, na-1)), int32(min(up, nb-1))
		if p.edge(a.row(node), b.row(end), margin) {
			p.join(a, b, node, end)
			p.found = append(p.found[:0], p.other...)
			return true
		}
	}
	return false
}

// search grows the trees from both ends until they meet, as often as rounds says, and leaves the shortest way in found. The trees begin
// with what over has left in them.
func (p *MotionPlanner) search(margin float64) bool {
	best := math.Inf(1)
	limit := p.check.checks + p.opt.Checks/roundShare
	roots := [2]int{len(p.trees[0].parent), len(p.trees[1].parent)}
	for range rounds {
		if !math.IsInf(best, 1) && p.check.checks > limit {
			break
		}
		for i := range p.trees {
			p.trees[i].cut(roots[i])
		}
		a, b, swapped := &p.trees[0], &p.trees[1], false
		for len(a.parent)+len(b.parent) < p.opt.Nodes && p.check.checks < p.limit {
			for i := range p.target {
				p.target[i] = p.lo[i] + p.draw.Float64()*(p.hi[i]-p.lo[i])
			}
			if node, _, grown := p.grow(a, a.nearest(p.target), p.target, margin); grown {
				goal := p.between[3]
				copy(goal, a.row(node))
				end, reached := b.nearest(goal), false
				for grown = true; grown && !reached; {
					end, reached, grown = p.grow(b, end, goal, margin)
				}
				if reached {
					if swapped {
						p.join(b, a, end, node)
					} else {
						p.join(a, b, node, end)
					}
					p.other = p.greedy(margin, p.other)
					if length := wayLength(p.other, a.dof); length < best {
						best = length
						p.found = append(p.found[:0], p.other...)
					}
					break
				}
			}
			a, b, swapped = b, a, !swapped
		}
	}
	return !math.IsInf(best, 1)
}

// cut leaves the first n nodes.
func (t *tree) cut(n int) { t.q, t.parent = t.q[:n*t.dof], t.parent[:n] }

// grow goes from a node towards a place, by one stride at most, or by less if that is not clear: what a narrow place allows. grown is
// false if nothing is clear.
func (p *MotionPlanner) grow(t *tree, from int32, to []float64, margin float64) (node int32, reached, grown bool) {
	next := p.between[0]
	start := t.row(from)
	dist := distance(start, to)
	if dist == 0 {
		return from, true, true
	}
	for _, far := range [...]float64{stride, stride / 4, stride / 16} {
		far = min(far, dist)
		for i := range next {
			next[i] = start[i] + (to[i]-start[i])*far/dist
		}
		if far == dist {
			copy(next, to)
		}
		if p.check.clear(next, margin) && p.edge(start, next, margin) {
			return t.add(next, from), far == dist, true
		}
	}
	return from, false, false
}

// join fills other with the way through both trees, which meet at node of a and end of b, from a's root to b's.
func (p *MotionPlanner) join(a, b *tree, node, end int32) {
	p.other = p.other[:0]
	for i := node; i >= 0; i = a.parent[i] {
		p.other = append(p.other, a.row(i)...)
	}
	reverseRows(p.other, a.dof)
	for i := end; i >= 0; i = b.parent[i] {
		p.other = appendNew(p.other, b.row(i))
	}
}

func reverseRows(rows []float64, dof int) {
	for i, k := 0, len(rows)-dof; i < k; i, k = i+dof, k-dof {
		for j := range dof {
			rows[i+j], rows[k+j] = rows[k+j], rows[i+j]
		}
	}
}

// wayLength is the length of a way of straight lines [rad].
func wayLength(rows []float64, dof int) float64 {
	sum := 0.0
	for i := dof; i < len(rows); i += dof {
		sum += distance(rows[i-dof:i], rows[i:i+dof])
	}
	return sum
}
