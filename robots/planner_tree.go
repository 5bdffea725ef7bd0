package robots

import (
	"math"
	"slices"
)

const (
	// stride is how far a tree grows at once [rad], Euclidean.
	stride = 0.6
	// rounds is how many searches there are for one query, as long as the first one took less than 1/roundShare of the checks that there
	// may be: the shortest way counts.
	rounds, roundShare = 3, 10
	// enclosedShare: a side that has got no farther than a stride after 1/enclosedShare of the checks is taken to be enclosed.
	enclosedShare = 8
	// liftedRoots is how many of the goals a search goes straight up from.
	liftedRoots = 12
)

// A tree is joint positions that were reached from one end, or a forest from several.
type tree struct {
	dof    int
	q      []float64 // rows
	parent []int32
	far    float64 // the farthest that a node is from the one that it began with [rad]
	root   []int32 // by node: where it began
}

func (t *tree) clear() { t.q, t.parent, t.root, t.far = t.q[:0], t.parent[:0], t.root[:0], 0 }

func (t *tree) size() int { return len(t.parent) }

// plant begins a tree.
func (t *tree) plant(q []float64) int32 {
	t.dof = len(q)
	node := int32(t.size())
	t.q, t.parent, t.root = append(t.q, q...), append(t.parent, -1), append(t.root, node)
	return node
}

func (t *tree) add(q []float64, parent int32) int32 {
	root := t.root[parent]
	t.q, t.parent, t.root = append(t.q, q...), append(t.parent, parent), append(t.root, root)
	t.far = max(t.far, distance(q, t.row(root)))
	return int32(t.size() - 1)
}

// copy makes t the same as from.
func (t *tree) copy(from *tree) {
	t.dof, t.far = from.dof, from.far
	t.q, t.parent, t.root = append(t.q[:0], from.q...), append(t.parent[:0], from.parent...), append(t.root[:0], from.root...)
}

// A root is a node that a tree of a forest begins with, and the index of the goal that it is.
type root struct {
	node int32
	goal int
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

// lift adds the positions straight above the last node, which a tree begins with, as far as the way there is clear.
func (p *MotionPlanner) lift(t *tree, margin float64) {
	tBaseEE := p.arm.Forward(t.row(int32(t.size() - 1)))
	z := tBaseEE.Pos[2]
	for _, up := range lifts {
		last := t.row(int32(t.size() - 1))
		tBaseEE.Pos[2] = z + up
		p.inverse = p.arm.Inverse(tBaseEE, last, p.inverse)
		if len(p.inverse) == 0 {
			return
		}
		row := p.inverse[:t.dof]
		if distance(row, last) > stride || !p.inside(row) || !p.check.clear(row, margin) || !p.edge(last, row, margin) {
			return
		}
		t.add(row, int32(t.size()-1))
	}
}

// begin makes the tree from where the arm is, with the way straight up: the same for all goals.
func (p *MotionPlanner) begin(from []float64, share int) {
	if t := &p.lifted[share]; t.size() == 0 {
		t.plant(from)
		p.lift(t, p.opt.Clearance*margins[share])
	}
	p.trees[0].copy(&p.lifted[share])
}

// over looks for a way straight up from both ends and across, as low as possible, and leaves it in found.
func (p *MotionPlanner) over(from, to []float64, share int) bool {
	margin := p.opt.Clearance * margins[share]
	a, b := &p.trees[0], &p.trees[1]
	p.begin(from, share)
	b.clear()
	b.plant(to)
	p.lift(b, margin)
	na, nb := a.size(), b.size()
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

// beyond is how far beyond the ends each joint may go: enough for a detour, mostly [rad].
var beyond = [...]float64{0.8, 2, 0.8, math.Inf(1)}

// search grows the trees from where the arm is and from the goals until two meet, as often as rounds says, and leaves the shortest way in found. It
// gives up after so many checks, or earlier when either side has got no farther than a stride by then.
func (p *MotionPlanner) search(from []float64, goals [][]float64, share, checks int) (goal int, ok bool) {
	margin := p.opt.Clearance * margins[share]
	start := p.check.checks
	p.begin(from, share)
	p.trees[1].clear()
	p.roots = p.roots[:0]
	for goal, to := range goals {
		if !p.inside(to) || !p.check.clear(to, margin) {
			continue
		}
		p.roots = append(p.roots, root{p.trees[1].plant(to), goal})
		if len(p.roots) <= liftedRoots {
			p.lift(&p.trees[1], margin)
		}
	}
	if len(p.roots) == 0 {
		return 0, false
	}
	best := math.Inf(1)
	p.limit = start + checks
	soon, enclosed := start+p.opt.Checks/roundShare, start+checks/enclosedShare
	begun := [2]int{p.trees[0].size(), p.trees[1].size()}
	for range rounds {
		if !math.IsInf(best, 1) && p.check.checks > soon {
			break
		}
		for i := range p.trees {
			p.trees[i].cut(begun[i])
		}
		a, b, swapped := &p.trees[0], &p.trees[1], false
		for n := 0; a.size()+b.size() < p.opt.Nodes && p.check.checks < p.limit; n++ {
			if p.check.checks > enclosed && min(a.far, b.far) < stride {
				break
			}
			// What is wanted more is gone for more often.
			to := goals[p.roots[int(sq(p.draw.Float64())*float64(len(p.roots)))].goal]
			more := beyond[n/2%len(beyond)] // both sides in turn
			for i, j := range p.arm.Joints {
				lo, hi := max(j.Min, min(from[i], to[i])-more), min(j.Max, max(from[i], to[i])+more)
				p.target[i] = lo + p.draw.Float64()*(hi-lo)
			}
			if node, _, grown := p.grow(a, a.nearest(p.target), p.target, margin); grown {
				target := p.between[3]
				copy(target, a.row(node))
				end, reached := b.nearest(target), false
				for grown = true; grown && !reached; {
					end, reached, grown = p.grow(b, end, target, margin)
				}
				if reached {
					if swapped {
						node, end = end, node
					}
					p.join(&p.trees[0], &p.trees[1], node, end)
					p.other = p.greedy(margin, p.other)
					if length := wayLength(p.other, a.dof); length < best {
						best = length
						p.found = append(p.found[:0], p.other...)
						first := p.trees[1].root[end]
						goal = p.roots[slices.IndexFunc(p.roots, func(r root) bool { return r.node == first })].goal
					}
					break
				}
			}
			a, b, swapped = b, a, !swapped
		}
	}
	return goal, !math.IsInf(best, 1)
}

// cut leaves the first n nodes.
func (t *tree) cut(n int) { t.q, t.parent, t.root = t.q[:n*t.dof], t.parent[:n], t.root[:n] }

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
