package robots

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/refarena/refarena/sim"
)

// A Grasp is a place for the hand: from above, fingers down.
type Grasp struct {
	TWorldEE sim.Pose // where the hand closes: the ee frame, z down, y along the closing direction
	Opening  float64  // between the fingers on the way there [m]
	Width    float64  // of what is between them, as far as it was seen [m]
	Cost     float64  // lower is better; about centimetres
	Edge     bool     // at an edge or a wall of something wider, not around all of it

	below  float64  // how far the object reaches below the ee frame's origin [m]
	centre sim.Vec3 // of the object's visible points, in ee
	half   float64  // radius around centre in ee's xy that holds them [m]
	height float64  // of the object above what it stands on [m]
}

// A GraspPlanner finds grasps in depth images, and nothing else: it is told no object's pose or shape. Its buffers are reused; it is
// not safe for concurrent use.
//
// What was pointed at is the connected part of the point cloud that rises from the level surface around the pointed pixel. The
// camera sees one side of it: the hidden side is taken to be as far from the middle as the visible one (see middle), the fingers open
// wide where there is room, closing along the line of sight costs extra, and at edges and walls fingers only go where the camera saw
// that nothing is.
//
// For each of yawSteps directions to close in, and several places across, the points in a vertical slice as wide as the fingers are
// laid out along the closing direction; what fits between the fingers, with room for them beside it, is a candidate.
type GraspPlanner struct {
	Hand *Hand

	cloud   cloud
	seg     segment
	scratch []float64
	own     []sim.Vec3 // points of the segment near the pixel's point, thinned out
	others  []sim.Vec3 // points of everything else that stands around it
	found   []Grasp
}

const (
	fingertipGap = 0.004 // between the closed finger tips and the support [m]
	sideGap      = 0.004 // beside the fingers, to everything that was seen [m]
	gripReserve  = 0.003 // the widest thing to be gripped is this much narrower than the opening [m]
	astray       = 0.06  // the farthest that a grasp may be from the pointed point, horizontally [m]
	snapPixels   = 4     // how far a pixel beside an object's outline may be off, at 640 × 480
	around       = 0.16  // how far around the pointed point matters [m]
	maxPoints    = 5000  // of own and others each
)

// Plan finds grasps for what the frame shows at px, best first. robot is what the robot itself takes up in the world; points in it are
// left out. The slice is the planner's, valid until the next call. Without grasps the outcome says why: deproject.no_depth, grasp.none.
// pWorld is the point that was pointed at, if there is one.
func (g *GraspPlanner) Plan(f *sim.Frame, px sim.Pixel, robot []Capsule) (grasps []Grasp, pWorld sim.Vec3, out Outcome) {
	start, out := g.look(f, px, robot)
	if !out.OK() {
		return nil, sim.Vec3{}, out
	}
	p := g.cloud.points[start]
	support, count, ok := g.cloud.level(p, levelRange, p[2]+2*levelBin, nil)
	if !ok {
		return nil, p, failed(NoGrasp, "no level surface near (%.3f, %.3f, %.3f)", p[0], p[1], p[2])
	}
	if p[2] < support+thin {
		radius := max(1, snapPixels*g.cloud.h/480)
		start, ok = g.cloud.at(px, radius, func(q sim.Vec3) bool { return q[2] >= support+thin })
		if !ok {
			return nil, p, failed(NoGrasp, "pixel (%.1f, %.1f) shows the surface at %.3f m height, and nothing on it within %d pixels",
				px.X, px.Y, support, radius)
		}
		p = g.cloud.points[start]
	}
	g.cloud.grow(&g.seg, start, support)
	g.collect(p)
	if narrow := g.narrowest(); narrow > g.Hand.MaxWidth-gripReserve {
		// Too wide as a whole. It may be something that stands on something wide, as an apple on a plate does.
		upper, n, ok := g.cloud.level(p, around, p[2]-2*thin, func(i int) bool { return g.seg.mask[i] })
		if ok && upper > support+thin && 5*n > len(g.seg.pixels) && n > count/50 {
			g.cloud.grow(&g.seg, start, upper)
			g.collect(p)
			if g.narrowest() > g.Hand.MaxWidth-gripReserve {
				g.cloud.grow(&g.seg, start, support)
				g.collect(p)
			}
		}
	}
	if len(g.own) < 12 {
		return nil, p, failed(NoGrasp, "only %d points at pixel (%.1f, %.1f)", len(g.own), px.X, px.Y)
	}
	g.search(p, f.Camera.TWorldCam.Pos)
	if len(g.found) == 0 {
		return nil, p, failed(NoGrasp, "no grasp at (%.3f, %.3f, %.3f): narrowest %.3f m, the hand opens %.3f m, %d points of other things around",
			p[0], p[1], p[2], g.narrowest(), g.Hand.MaxWidth, len(g.others))
	}
	return g.found, p, Outcome{}
}

// look makes the cloud and finds the pointed pixel in it.
func (g *GraspPlanner) look(f *sim.Frame, px sim.Pixel, robot []Capsule) (int, Outcome) {
	if !g.cloud.set(f) {
		return 0, failed(NoDepth, "depth image of %d values for %d × %d pixels", len(f.Depth), f.Camera.Width, f.Camera.Height)
	}
	if _, ok := px.Index(g.cloud.w, g.cloud.h); !ok {
		return 0, failed(NoDepth, "pixel (%.1f, %.1f) outside the image of %d × %d", px.X, px.Y, g.cloud.w, g.cloud.h)
	}
	g.cloud.erase(robot, 0.03)
	i, ok := g.cloud.at(px, 2, func(sim.Vec3) bool { return true })
	if !ok {
		return 0, failed(NoDepth, "no depth within 2 pixels of (%.1f, %.1f)", px.X, px.Y)
	}
	return i, Outcome{}
}

// collect fills own and others with the points around p.
func (g *GraspPlanner) collect(p sim.Vec3) {
	near := func(q sim.Vec3) bool {
		dx, dy := q[0]-p[0], q[1]-p[1]
		return dx*dx+dy*dy <= around*around
	}
	g.own, g.others = g.own[:0], g.others[:0]
	for _, i := range g.seg.pixels {
		if q := g.cloud.points[i]; near(q) {
			g.own = append(g.own, q)
		}
	}
	for i, q := range g.cloud.points {
		if valid(q) && !g.seg.mask[i] && q[2] > g.seg.support+thin && near(q) {
			g.others = append(g.others, q)
		}
	}
	g.own, g.others = thinOut(g.own), thinOut(g.others)
}

// thinOut keeps every n-th point, so that at most maxPoints are left.
func thinOut(points []sim.Vec3) []sim.Vec3 {
	n := (len(points) + maxPoints - 1) / maxPoints
	if n <= 1 {
		return points
	}
	kept := points[:0]
	for i := 0; i < len(points); i += n {
		kept = append(kept, points[i])
	}
	return kept
}

// narrowest is the smallest horizontal extent of the segment's points [m].
func (g *GraspPlanner) narrowest() float64 {
	best := math.Inf(1)
	for k := range yawSteps {
		s, c := math.Sincos(math.Pi * float64(k) / yawSteps)
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, q := range g.own {
			u := c*q[0] + s*q[1]
			lo, hi = min(lo, u), max(hi, u)
		}
		best = min(best, hi-lo)
	}
	return best
}

const (
	slotSize  = 0.002 // resolution along the closing direction [m]
	slots     = 160   // ±0.16 m around the pointed point
	joinSlots = 7     // gaps up to so many are no gaps
	yawSteps  = 24    // over half a turn
)

// A slot is what a stretch of slotSize along the closing direction holds.
type slot struct{ own, other bool }

// A target is what grasps are rated by.
type target struct {
	point sim.Vec3 // that was pointed at
	mid   sim.Vec3 // the middle of the segment, horizontally
	sight sim.Vec3 // away from the camera, horizontal, unit
	top   float64  // the segment's highest point [m]
}

// A slice is a vertical slice through the points, as wide as the fingers.
type slice struct {
	closing, across sim.Vec3 // horizontal, unit
	v               float64  // where it lies along across
	u0              float64  // where its slots begin along closing
	highest         float64  // own point in it
	lo, hi          float64  // along closing, of all own points in it
	tip             float64  // height of the ee frame's origin, at the depth under trial
	row             [slots]slot
}

// search fills found, best first.
func (g *GraspPlanner) search(p, eye sim.Vec3) {
	g.found = g.found[:0]
	t := target{point: p, mid: g.middle(), top: math.Inf(-1)}
	for _, q := range g.own {
		t.top = max(t.top, q[2])
	}
	t.sight = sim.Vec3{p[0] - eye[0], p[1] - eye[1], 0}
	if l := t.sight.Len(); l > 1e-6 {
		t.sight = t.sight.Mul(1 / l)
	}
	for k := range yawSteps {
		sin, cos := math.Sincos(math.Pi * float64(k) / yawSteps)
		s := slice{closing: sim.Vec3{cos, sin, 0}, across: sim.Vec3{-sin, cos, 0}}
		s.u0 = s.closing.Dot(p) - slots/2*slotSize
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, q := range g.own {
			v := s.across.Dot(q)
			lo, hi = min(lo, v), max(hi, v)
		}
		mid, at := s.across.Dot(t.mid), s.across.Dot(p)
		tried := [...]float64{mid, (lo + hi) / 2, at, mid - 0.012, mid + 0.012, at - 0.02, at + 0.02, mid - 0.03, mid + 0.03}
		for n, v := range tried {
			if v < lo || v > hi || slices.ContainsFunc(tried[:n], func(w float64) bool { return math.Abs(w-v) < 0.004 }) {
				continue
			}
			s.v = v
			g.depths(&s, &t)
		}
	}
	slices.SortStableFunc(g.found, func(a, b Grasp) int { return cmp.Compare(a.Cost, b.Cost) })
	g.spread()
}

// depths tries grasps in the slice at several depths.
func (g *GraspPlanner) depths(s *slice, t *target) {
	h := g.Hand
	half := h.FingerWidth/2 + sideGap/2
	s.highest, s.lo, s.hi = math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, q := range g.own {
		if math.Abs(s.across.Dot(q)-s.v) <= half {
			u := s.closing.Dot(q)
			s.highest, s.lo, s.hi = max(s.highest, q[2]), min(s.lo, u), max(s.hi, u)
		}
	}
	last := math.Inf(-1)
	for _, depth := range [...]float64{h.Depth - 0.008, 0.045, 0.030, 0.018} {
		s.tip = max(g.seg.support+fingertipGap, s.highest-depth)
		if s.tip <= last+0.002 || s.highest-s.tip < 0.006 {
			continue
		}
		last = s.tip
		s.row = [slots]slot{}
		for k, points := range [2][]sim.Vec3{g.own, g.others} {
			for _, q := range points {
				if q[2] < s.tip-0.002 || math.Abs(s.across.Dot(q)-s.v) > half {
					continue
				}
				if i := int((s.closing.Dot(q) - s.u0) / slotSize); i >= 0 && i < slots {
					s.row[i].own = s.row[i].own || k == 0
					s.row[i].other = s.row[i].other || k == 1
				}
			}
		}
		s.join()
		g.stretches(s, t)
	}
}

// join closes gaps between own points that are too narrow for a finger: coarse images leave many.
func (s *slice) join() {
	last := -1
	for i := range s.row {
		if !s.row[i].own {
			continue
		}
		if last >= 0 && i-last <= joinSlots {
			for k := last + 1; k < i; k++ {
				s.row[k].own = true
			}
		}
		last = i
	}
}

// stretches tries every stretch of the slice that fits between the fingers.
func (g *GraspPlanner) stretches(s *slice, t *target) {
	widest := g.Hand.MaxWidth - gripReserve
	for i := range s.row {
		if !s.row[i].own || i > 0 && s.row[i-1].own {
			continue // not the left end of something
		}
		for j := i; j < slots && float64(j+1-i)*slotSize <= widest; j++ {
			if s.row[j].other {
				break
			}
			if s.row[j].own && (j+1 == slots || !s.row[j+1].own) { // its right end, or that of something more
				g.stretch(s, t, s.u0+float64(i)*slotSize, s.u0+float64(j+1)*slotSize)
			}
		}
	}
}

// free reports whether the slots from one place to another are empty.
func (s *slice) free(from, to float64) bool {
	a, b := int(math.Floor((from-s.u0)/slotSize)), int(math.Ceil((to-s.u0)/slotSize))
	if a < 0 || b > slots {
		return false
	}
	for _, x := range s.row[a:b] {
		if x.own || x.other {
			return false
		}
	}
	return true
}

// stretch rates the grasp around what lies between a and b along the closing direction, and keeps it if hand and object have room.
func (g *GraspPlanner) stretch(s *slice, t *target, a, b float64) {
	h := g.Hand
	mid := s.closing.Dot(t.mid)
	inside := 0
	for _, q := range g.own {
		if u := s.closing.Dot(q); u >= a-0.004 && u <= b+0.004 {
			inside++
		}
	}
	edge := 10*inside < 8*len(g.own) && (mid < a || mid > b || math.Abs(s.across.Dot(t.mid)-s.v) > 0.02)
	seenA, seenB := a, b
	if along := s.closing.Dot(t.sight); !edge && mid > a && mid < b && math.Abs(along) > 0.3 {
		// The far end may be hidden: then it is as far from the middle as the near one.
		if along > 0 {
			b = max(b, 2*mid-a)
		} else {
			a = min(a, 2*mid-b)
		}
	}
	width := b - a
	off := sim.Vec3{max(a-s.closing.Dot(t.point), s.closing.Dot(t.point)-b, 0), s.v - s.across.Dot(t.point), 0}
	if off.Len() > astray {
		return
	}
	for _, opening := range [...]float64{h.MaxWidth, min(h.MaxWidth, width+0.024), min(h.MaxWidth, width+0.012)} {
		reach := (opening-width)/2 + h.FingerThickness + sideGap
		if width > h.MaxWidth-gripReserve || !s.free(a-reach, seenA) || !s.free(seenB, b+reach) {
			continue
		}
		pos := s.closing.Mul((a + b) / 2).Add(s.across.Mul(s.v))
		pos[2] = s.tip
		if g.palmBlocked(s, pos) || edge && !g.fingersSeenFree(s, pos, opening) {
			continue
		}
		if cost, ok := g.rate(s, t, a, b, edge); ok {
			g.keep(s, t, pos, width, opening, cost, edge)
		}
		return
	}
}

// palmBlocked reports whether something is where the palm and the knuckles would be.
func (g *GraspPlanner) palmBlocked(s *slice, pos sim.Vec3) bool {
	h := g.Hand
	u, v := s.closing.Dot(pos), s.across.Dot(pos)
	blocked := func(q sim.Vec3) bool {
		return q[2] > pos[2]+h.Depth-0.005 &&
			math.Abs(s.across.Dot(q)-v) < h.PalmHalf[0]+sideGap && math.Abs(s.closing.Dot(q)-u) < h.PalmHalf[1]+sideGap
	}
	return slices.ContainsFunc(g.own, blocked) || slices.ContainsFunc(g.others, blocked)
}

// fingersSeenFree reports whether the camera looked through where the open finger tips would be. Around all of something the fingers
// go where it ends, as far as that can be seen; at an edge one of them goes inside.
func (g *GraspPlanner) fingersSeenFree(s *slice, pos sim.Vec3, opening float64) bool {
	h := g.Hand
	for _, side := range [2]float64{-1, 1} {
		finger := pos.Add(s.closing.Mul(side * (opening + h.FingerThickness) / 2))
		for _, up := range [2]float64{0.004, 0.015} {
			finger[2] = pos[2] + h.TipBack(opening) + up
			if !g.cloud.seenFree(finger) {
				return false
			}
		}
	}
	return true
}

// rate is a grasp's cost, about in centimetres; false if there is nothing for the pads to hold on to.
func (g *GraspPlanner) rate(s *slice, t *target, a, b float64, edge bool) (float64, bool) {
	h := g.Hand
	u, width := (a+b)/2, b-a
	padLow := s.tip + h.TipBack(width) // lower end of the pads
	// What the two sides are like: how high they rise within 4 mm, and how far each third across reaches out.
	var rise [2]float64
	var ends [2][3]float64
	for _, q := range g.own {
		du, dv := s.closing.Dot(q)-u, s.across.Dot(q)-s.v
		if math.Abs(dv) > h.FingerWidth/2 || math.Abs(du) > width/2+0.001 || q[2] < s.tip {
			continue
		}
		side, third := 0, 1
		if du > 0 {
			side = 1
		}
		if math.Abs(dv) > h.FingerWidth/6 {
			third = 1 + int(math.Copysign(1, dv))
		}
		if math.Abs(du) > width/2-0.004 {
			rise[side] = max(rise[side], q[2]-padLow)
		}
		ends[side][third] = max(ends[side][third], math.Abs(du))
	}
	// The hidden side shows nothing: the seen one counts.
	near, both := 0, edge || math.Abs(s.closing.Dot(t.sight)) <= 0.3
	if s.closing.Dot(t.sight) < 0 {
		near = 1
	}
	steep, skew := rise[near], h.skew(ends[near])
	if both {
		steep, skew = min(steep, rise[1-near]), max(skew, h.skew(ends[1-near]))
	}
	if steep < 0.004 {
		return 0, false
	}
	cost := 80*width + 60*math.Hypot(u-s.closing.Dot(t.point), s.v-s.across.Dot(t.point)) + math.Abs(s.closing.Dot(t.sight))
	cost += 400*max(0, 0.012-steep) + 10*min(skew, 1) - 8*(s.highest-s.tip)
	cost += 60 * max(0, h.PadLength-(s.highest-padLow)) // little of the pads touches
	if edge {
		cost += 3
	} else {
		cost += 150 * math.Abs(s.v-s.across.Dot(t.mid))
		cost += 300 * min(0.012, max(0, s.hi-s.lo-width-0.003)) // it is wider below
	}
	return cost, true
}

// skew is how far a side is from flat against a pad, given how far its thirds across reach out [m]: the tangent of its angle to the pad,
// or, at a corner between the pads, of the corner's sides. What is as round as a thumb counts as flat.
func (h *Hand) skew(thirds [3]float64) float64 {
	if thirds[0] == 0 || thirds[2] == 0 {
		return 0.5 // it ends within the finger's width
	}
	slope := math.Abs(thirds[0]-thirds[2]) / (h.FingerWidth * 2 / 3)
	bulge := (thirds[1] - (thirds[0]+thirds[2])/2 - 0.0025) / (h.FingerWidth / 3)
	return max(slope, bulge, 0)
}

// keep notes a grasp.
func (g *GraspPlanner) keep(s *slice, t *target, pos sim.Vec3, width, opening, cost float64, edge bool) {
	radius := 0.0
	for _, q := range g.own {
		radius = max(radius, math.Hypot(q[0]-t.mid[0], q[1]-t.mid[1]))
	}
	mid := t.mid.Sub(pos)
	g.found = append(g.found, Grasp{
		TWorldEE: sim.Pose{Pos: pos, Rot: sim.QuatFromAxes(s.across, s.closing, sim.Vec3{0, 0, -1})},
		Opening:  opening, Width: width, Cost: cost, Edge: edge,
		below:  pos[2] - g.seg.support,
		centre: sim.Vec3{s.across.Dot(mid), s.closing.Dot(mid), 0},
		half:   radius,
		height: t.top - g.seg.support,
	})
}

// middle is where the middle of the segment is horizontally, the hidden side included. Most things are as wide behind as in front, and
// from above their highest parts are seen all around: it is the middle of the highest fifth of the points, the outermost tenths left
// out so that a leaf or a stem does not count.
func (g *GraspPlanner) middle() sim.Vec3 {
	z := g.scratch[:0]
	for _, q := range g.own {
		z = append(z, q[2])
	}
	slices.Sort(z)
	high := z[len(z)*4/5] - 0.002
	var mid sim.Vec3
	for axis := range 2 {
		x := g.scratch[:0]
		for _, q := range g.own {
			if q[2] >= high {
				x = append(x, q[axis])
			}
		}
		slices.Sort(x)
		mid[axis] = (x[len(x)/10] + x[len(x)-1-len(x)/10]) / 2
		g.scratch = x
	}
	return mid
}

// spread drops grasps that are nearly the same as a better one.
func (g *GraspPlanner) spread() {
	kept := g.found[:0]
	for _, a := range g.found {
		same := slices.ContainsFunc(kept, func(b Grasp) bool {
			pos, angle := a.TWorldEE.Distance(b.TWorldEE)
			return pos < 0.006 && angle < 0.2
		})
		if !same && len(kept) < 40 {
			kept = append(kept, a)
		}
	}
	g.found = kept
}

func (g Grasp) String() string {
	kind := "around"
	if g.Edge {
		kind = "edge"
	}
	return fmt.Sprintf("%s, %.0f mm wide, at %v, cost %.2f", kind, 1000*g.Width, g.TWorldEE.Pos, g.Cost)
}
