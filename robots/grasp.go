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
	TWorldEE sim.Pose // where the hand closes
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
// camera sees one side of it: the hidden side is taken to end where the visible part ends, the fingers open wide where there is room,
// and closing along the line of sight costs extra.
type GraspPlanner struct {
	Hand *Hand

	cloud  cloud
	seg    segment
	own    []sim.Vec3 // points of the segment near the pixel's point, thinned out
	others []sim.Vec3 // points of everything else that stands around it
	found  []Grasp
}

const (
	fingertipGap = 0.004 // between the closed finger tips and the support [m]
	sideGap      = 0.005 // beside the fingers, to everything that was seen [m]
	gripReserve  = 0.007 // the widest thing to be gripped is this much narrower than the opening [m]
	snapPixels   = 4     // how far a pixel beside an object's outline may be off, at 640 × 480
	around       = 0.16  // how far around the pointed point matters [m]
	maxPoints    = 5000  // of own and others each
	yawSteps     = 18
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
			return nil, p, failed(NoGrasp, "pixel (%.1f, %.1f) shows the surface at %.3f m height, and nothing on it within %d pixels", px.X, px.Y, support, radius)
		}
		p = g.cloud.points[start]
	}
	g.cloud.grow(&g.seg, start, support, f.Camera.TWorldCam.Pos)
	g.collect(p)
	if narrow := g.narrowest(); narrow > g.Hand.MaxWidth-gripReserve {
		// Too wide as a whole. It may be something that stands on something wide, as an apple on a plate does.
		upper, n, ok := g.cloud.level(p, around, p[2]-2*thin, func(i int) bool { return g.seg.mask[i] })
		if ok && upper > support+thin && 5*n > len(g.seg.pixels) && n > count/50 {
			g.cloud.grow(&g.seg, start, upper, f.Camera.TWorldCam.Pos)
			g.collect(p)
			if g.narrowest() > g.Hand.MaxWidth-gripReserve {
				g.cloud.grow(&g.seg, start, support, f.Camera.TWorldCam.Pos)
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
	g.cloud.erase(robot, 0.015)
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
	slotSize = 0.002 // resolution along the closing direction [m]
	slots    = 160   // ±0.16 m around the pointed point
)

// A slot is what a slice along the closing direction holds.
type slot struct{ own, other bool }

// search fills found, best first.
func (g *GraspPlanner) search(p, eye sim.Vec3) {
	g.found = g.found[:0]
	var top float64
	mid := sim.Vec3{}
	for i, q := range g.own {
		if i == 0 || q[2] > top {
			top = q[2]
		}
		mid = mid.Add(q)
	}
	mid = mid.Mul(1 / float64(len(g.own)))
	sight := sim.Vec3{p[0] - eye[0], p[1] - eye[1], 0}
	if l := sight.Len(); l > 1e-6 {
		sight = sight.Mul(1 / l)
	}
	for k := range yawSteps {
		sin, cos := math.Sincos(math.Pi * float64(k) / yawSteps)
		closing, across := sim.Vec3{cos, sin, 0}, sim.Vec3{-sin, cos, 0}
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, q := range g.own {
			v := across.Dot(q)
			lo, hi = min(lo, v), max(hi, v)
		}
		centre := (lo + hi) / 2
		tried := [...]float64{centre, across.Dot(mid), across.Dot(p), centre - 0.012, centre + 0.012,
			across.Dot(p) - 0.02, across.Dot(p) + 0.02, centre - 0.03, centre + 0.03}
		for n, v := range tried {
			if v < lo || v > hi || slices.ContainsFunc(tried[:n], func(w float64) bool { return math.Abs(w-v) < 0.004 }) {
				continue
			}
			g.slice(closing, across, v, centre, p, top, sight)
		}
	}
	slices.SortStableFunc(g.found, func(a, b Grasp) int { return cmp.Compare(a.Cost, b.Cost) })
	g.spread()
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

// slice tries grasps whose fingers stay in the vertical slice at v along across, at several depths.
func (g *GraspPlanner) slice(closing, across sim.Vec3, v, centre float64, p sim.Vec3, top float64, sight sim.Vec3) {
	h := g.Hand
	half := h.FingerWidth/2 + sideGap/2
	u0 := closing.Dot(p) - slots/2*slotSize
	highest := math.Inf(-1)
	for _, q := range g.own {
		if math.Abs(across.Dot(q)-v) <= half {
			highest = max(highest, q[2])
		}
	}
	floor := g.seg.support + fingertipGap
	last := math.Inf(-1)
	for _, depth := range [...]float64{h.PadLength + 0.008, 0.030, 0.018} {
		tip := max(floor, highest-depth)
		if tip <= last+0.002 || highest-tip < 0.006 {
			continue
		}
		last = tip
		var row [slots]slot
		mark := func(q sim.Vec3, other bool) {
			if q[2] < tip-0.002 || math.Abs(across.Dot(q)-v) > half {
				return
			}
			i := int((closing.Dot(q) - u0) / slotSize)
			if i < 0 || i >= slots {
				return
			}
			if other {
				row[i].other = true
			} else {
				row[i].own = true
			}
		}
		for _, q := range g.own {
			mark(q, false)
		}
		for _, q := range g.others {
			mark(q, true)
		}
		g.row(&row, closing, across, u0, v, centre, tip, highest, p, top, sight)
	}
}

// row tries every stretch of the slice that fits between the fingers.
func (g *GraspPlanner) row(row *[slots]slot, closing, across sim.Vec3, u0, v, centre, tip, highest float64, p sim.Vec3, top float64, sight sim.Vec3) {
	h := g.Hand
	free := func(from, to float64) bool {
		a, b := int(math.Floor((from-u0)/slotSize)), int(math.Ceil((to-u0)/slotSize))
		if a < 0 || b > slots {
			return false
		}
		for _, s := range row[a:b] {
			if s.own || s.other {
				return false
			}
		}
		return true
	}
	widest := h.MaxWidth - gripReserve
	for i := range row {
		if !row[i].own || i > 0 && row[i-1].own {
			continue // not the left end of something
		}
		for j := i; j < slots && float64(j+1-i)*slotSize <= widest; j++ {
			if row[j].other {
				break
			}
			if !row[j].own || j+1 < slots && row[j+1].own {
				continue // not the right end
			}
			ua, ub := u0+float64(i)*slotSize, u0+float64(j+1)*slotSize
			width := ub - ua
			for _, opening := range [...]float64{h.MaxWidth, min(h.MaxWidth, width+0.024)} {
				gap := (opening - width) / 2
				reach := gap + h.FingerThickness + sideGap
				if !free(ua-reach, ua) || !free(ub, ub+reach) {
					continue
				}
				g.add(closing, across, (ua+ub)/2, v, centre, tip, highest, width, opening, p, top, sight)
				break
			}
		}
	}
}

// add rates a grasp and keeps it if the palm has room.
func (g *GraspPlanner) add(closing, across sim.Vec3, u, v, centre, tip, highest, width, opening float64, p sim.Vec3, top float64, sight sim.Vec3) {
	h := g.Hand
	pos := closing.Mul(u).Add(across.Mul(v))
	pos[2] = tip
	// Above the fingers: the palm and the knuckles.
	blocked := func(q sim.Vec3) bool {
		if q[2] < tip+h.Depth-0.006 {
			return false
		}
		return math.Abs(across.Dot(q)-v) < h.PalmHalf[0]+sideGap && math.Abs(closing.Dot(q)-u) < h.PalmHalf[1]+sideGap
	}
	if slices.ContainsFunc(g.own, blocked) || slices.ContainsFunc(g.others, blocked) {
		return
	}
	// The whole of it, or a part?
	var inside int
	lo, hi := sim.Vec3{math.Inf(1), math.Inf(1), math.Inf(1)}, sim.Vec3{math.Inf(-1), math.Inf(-1), math.Inf(-1)}
	for _, q := range g.own {
		du, dv := closing.Dot(q)-u, across.Dot(q)-v
		if math.Abs(du) <= width/2+0.004 {
			inside++
		}
		e := sim.Vec3{dv, du, q[2] - tip}
		for a := range 3 {
			lo[a], hi[a] = min(lo[a], e[a]), max(hi[a], e[a])
		}
	}
	edge := 10*inside < 8*len(g.own)
	cost := 80*width + 60*math.Hypot(u-closing.Dot(p), v-across.Dot(p)) + math.Abs(closing.Dot(sight))
	if edge {
		cost += 3
	} else {
		cost += 150 * math.Abs(v-centre)
	}
	cost += 60 * max(0, h.PadLength-(highest-tip)) // little of the pads touches
	if opening < h.MaxWidth {
		cost += 0.5
	}
	g.found = append(g.found, Grasp{
		TWorldEE: sim.Pose{Pos: pos, Rot: sim.QuatFromAxes(across, closing, sim.Vec3{0, 0, -1})},
		Opening:  opening, Width: width, Cost: cost, Edge: edge,
		below:  tip - g.seg.support,
		centre: sim.Vec3{(lo[0] + hi[0]) / 2, (lo[1] + hi[1]) / 2, -(lo[2] + hi[2]) / 2},
		half:   math.Hypot(hi[0]-lo[0], hi[1]-lo[1]) / 2,
		height: top - g.seg.support,
	})
}

func (g Grasp) String() string {
	kind := "around"
	if g.Edge {
		kind = "edge"
	}
	return fmt.Sprintf("%s, %.0f mm wide, at %v, cost %.2f", kind, 1000*g.Width, g.TWorldEE.Pos, g.Cost)
}
