package robots

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/refarena/refarena/sim"
)

// A Grasp is a place for the hand.
type Grasp struct {
	TWorldEE sim.Pose // where the hand closes: the ee frame, z towards the object, y along the closing direction
	Opening  float64  // between the fingers on the way there [m]
	Width    float64  // of what is between them, as far as it was seen [m]
	Cost     float64  // lower is better; about centimetres
	Edge     bool     // at an edge or a wall of something wider, not around all of it
	Tilt     float64  // of the hand from pointing straight down [rad]

	thumb  int        // a hand with a thumb has it on this side of the closing direction: 1 along it, -1 against it, 0 either
	below  float64    // how far the object reaches below the ee frame's origin [m]
	foot   sim.Vec3   // the middle of the object's bottom, in ee
	half   float64    // radius around the upright line through foot that holds the object [m]
	height float64    // of the object above what it stands on [m]
	shape  silhouette // of the object seen from above
	body   []Capsule  // what the object takes up where it was seen, in the world; shared by the grasps of one search
}

// A silhouette is an outline seen from above: the radius by direction around the middle, in sectors of equal angle that begin with the
// direction of ee's x [m].
type silhouette [16]float64

// sector is the sector of a direction.
func sector(x, y float64) int {
	n := len(silhouette{})
	return (int(math.Round(math.Atan2(y, x)/(2*math.Pi)*float64(n))) + n) % n
}

// holds reports whether a place relative to the middle is inside the outline, grown by margin [m].
func (s *silhouette) holds(x, y, margin float64) bool {
	return math.Hypot(x, y) < s[sector(x, y)]+margin
}

// A GraspPlanner finds grasps in depth images, and nothing else: it is told no object's pose or shape. Its buffers are reused; it is
// not safe for concurrent use.
//
// What was pointed at is the connected part of the point cloud that rises from the level surface around the pointed pixel; where the
// colour changes at a hollow edge another thing begins. The camera sees one side of it: the hidden side is taken to be as far from the
// middle as the visible one (see middle), the fingers open wide where there is room, closing along the line of sight costs extra, and at
// edges and walls fingers only go where the camera saw that nothing is.
//
// Grasps are antipodal, in six degrees of freedom: for each of some directions to come from (straight down, tilted, sideways), each of
// some directions to close in, and several places across, the points in a slice as wide as the fingers are laid out along the closing
// direction; what fits between the fingers, with room for them beside it, for the palm behind it, and for all of the hand above what the
// object stands on, is a candidate. Their costs add up what makes grips fail: width, slanting or short contact, distance from the middle
// and from the pointed point, tilt.
type GraspPlanner struct {
	Hand *Hand
	Base sim.Vec3 // where the robot stands, in the world: tilted hands come from its side, not from across
	// Whole is the width up to which something and what stands on it are taken to be one thing, if that is more than the hand can grip: a robot's other hand may [m].
	Whole float64
	Snap  int // how far beside an object's outline a pixel may be [px at 480 rows]; 0 means 4, negative: not at all

	cloud   cloud
	seg     segment
	scratch []float64
	own     []sim.Vec3 // points of the segment near the pixel's point, thinned out
	normals []sim.Vec3 // of own; zero where there is none
	hidden  []sim.Vec3 // mirror images of own that the camera could not see: where the hidden side is taken to be
	turned  []sim.Vec3 // their normals
	others  []sim.Vec3 // points of everything else that stands around it
	found   []Grasp
	along   []bool     // of goesAlong
	solid   []sim.Vec3 // points of the whole segment, with those of its hidden side
	body    []Capsule
	snapped float64 // how far the pixel was beside the outline [px]

	ownAt, othersAt []place // own and others as the hand sees them in the direction under trial
	ownIn, othersIn []place // those in the slice under trial
}

const (
	fingertipGap = 0.0025 // between the closed finger tips and the support, without noise [m]
	fewPoints    = 12     // fewer points are no object
	hollowGap    = 0.002  // … and inside the hand, to what is gripped [m]
	sideGap      = 0.004  // beside the fingers, to everything that was seen [m]
	gripReserve  = 0.001  // the widest thing to be gripped is this much narrower than the opening, unless Hand.Reserve says more [m]
	astray       = 0.06   // the farthest that a grasp may be from the pointed point [m]
	snapPixels   = 4      // how far a pixel beside an object's outline may be off, at 640 × 480
	around       = 0.16   // how far around the pointed point matters [m]
	maxPoints    = 4000   // of own and others each
	maxGrasps    = 40
	maxCost      = 26.0  // what costs more does not hold
	blindCost    = 3.0   // for closing along the line of sight: one finger goes where only guesses are
	slimWidth    = 0.03  // what is less wide has to be seen where two fingers press on it [m]
	thinHigh     = 0.025 // thin things that stand up, higher than this above the support [m], …
	thinCost     = 5.0   // … such as pens in a holder, are missed easily
	wedgeCost    = 6.0   // for what may stay between two fingers when they open
	wedgeAngle   = 0.82  // of the sides of what does, from the closing direction's normal: the angle of friction from a right angle [rad]
	behindCost   = 5.0   // for a finger that goes where something else hides the view
)

// Plan finds grasps for what the frame shows at px, best first. robot is what the robot itself takes up in the world; points in it are
// left out. The slice is the planner's, valid until the next call. Without grasps the outcome says why: deproject.no_depth, grasp.none.
// pWorld is the point that was pointed at, if there is one.
func (g *GraspPlanner) Plan(f *sim.Frame, px sim.Pixel, robot []Capsule) (grasps []Grasp, pWorld sim.Vec3, out Outcome) {
	g.snapped = 0
	start, out := g.look(f, px, robot)
	if !out.OK() {
		return nil, sim.Vec3{}, out
	}
	p := g.cloud.points[start]
	support, count, ok := g.cloud.level(p, levelRange, p[2]+2*levelBin, nil)
	if !ok {
		return nil, p, failed(NoGrasp, "no level surface near (%.3f, %.3f, %.3f)", p[0], p[1], p[2])
	}
	onto := func(rise float64) bool { // makes pointed what is nearest to the pixel among what rises so far
		g.cloud.rise = rise
		if g.cloud.above(start, support) {
			return true
		}
		radius := cmp.Or(g.Snap, snapPixels) * g.cloud.h / 480
		beside, ok := g.cloud.at(px, max(radius, 0), func(q sim.Vec3) bool { return q[2] >= support+rise+2*g.cloud.noise })
		if !ok {
			return false
		}
		w := g.cloud.w
		g.snapped = math.Hypot(float64(start%w-beside%w), float64(start/w-beside/w))
		start, p = beside, g.cloud.points[beside]
		return true
	}
	rises := []float64{thin, flat}
	if g.cloud.rise = flat; !g.cloud.above(start, support+thin-flat) && g.cloud.above(start, support) {
		rises = []float64{flat} // low, but on it
	}
	any := false
	for _, rise := range rises {
		if !onto(rise) {
			continue
		}
		any = true
		if g.find(start, p, support, count, f.Camera.TWorldCam.Pos) {
			return g.found, p, Outcome{}
		}
	}
	switch {
	case !any:
		return nil, p, failed(NoGrasp, "pixel (%.1f, %.1f) shows the surface at %.3f m height, and nothing on it within %d pixels",
			px.X, px.Y, support, max(cmp.Or(g.Snap, snapPixels)*g.cloud.h/480, 0))
	case len(g.own) < fewPoints:
		return nil, p, failed(NoGrasp, "only %d points at pixel (%.1f, %.1f)", len(g.own), px.X, px.Y)
	}
	return nil, p, failed(NoGrasp, "no grasp at (%.3f, %.3f, %.3f): narrowest %.3f m, the hand opens %.3f m, %d points of other things around",
		p[0], p[1], p[2], g.narrowest(), g.Hand.MaxWidth, len(g.others))
}

// ideas are what may have been pointed at, and what more a grasp of it costs that does not go by the first: what its colour and its edges
// say, all that is connected, what is nearly connected too, all that has one colour.
var ideas = [...]struct {
	how  cut
	cost float64
}{{cutCrease, 0}, {cutNone, 2}, {cutLoose, 3}, {cutColor, 4}}

// goodCost is what a grasp costs that makes other ideas of what was pointed at superfluous.
const goodCost = 11.0

// find fills found with grasps for what was pointed at, by the idea of it that gives the best one. It reports whether there are any.
func (g *GraspPlanner) find(start int, p sim.Vec3, support float64, count int, eye sim.Vec3) bool {
	best, least, last := cutCrease, math.Inf(1), cutCrease
	for _, idea := range ideas {
		last = idea.how
		if start = g.isolate(idea.how, start, p, support, count); len(g.own) < fewPoints {
			continue
		}
		if g.search(p, eye); len(g.found) > 0 && g.found[0].Cost+idea.cost < least {
			best, least = idea.how, g.found[0].Cost+idea.cost
		}
		if least < goodCost {
			break
		}
	}
	if math.IsInf(least, 1) {
		return false
	}
	if best != last {
		g.isolate(best, start, p, support, count)
		g.search(p, eye)
	}
	return true
}

// isolate makes seg what was pointed at by one idea, or what stands on something if that is too wide, and returns the pixel that it began
// at.
func (g *GraspPlanner) isolate(how cut, start int, p sim.Vec3, support float64, count int) int {
	start = g.cloud.growFrom(&g.seg, start, support, how)
	g.collect(p)
	widest := max(g.Hand.widest(), g.Whole)
	if how == cutColor || g.narrowest() <= widest {
		return start
	}
	// It may be something that stands on something wide, as an apple on a plate does.
	upper, n, ok := g.cloud.level(p, around, p[2]-2*thin, func(i int) bool { return g.seg.mask[i] })
	if ok && upper > support+thin && 5*n > len(g.seg.pixels) && n > count/50 {
		g.cloud.grow(&g.seg, start, upper, how)
		g.collect(p)
		if g.narrowest() > widest {
			g.cloud.grow(&g.seg, start, support, how)
			g.collect(p)
		}
	}
	return start
}

// look makes the cloud and finds the pointed pixel in it.
func (g *GraspPlanner) look(f *sim.Frame, px sim.Pixel, robot []Capsule) (int, Outcome) {
	if !g.cloud.set(f) {
		return 0, failed(NoDepth, "depth image of %d values for %d × %d pixels", len(f.Depth), f.Camera.Width, f.Camera.Height)
	}
	if _, ok := px.Index(g.cloud.w, g.cloud.h); !ok {
		return 0, failed(NoDepth, "pixel (%.1f, %.1f) outside the image of %d × %d", px.X, px.Y, g.cloud.w, g.cloud.h)
	}
	g.cloud.erase(robot, bodyMargin)
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
	g.own, g.normals, g.others = g.own[:0], g.normals[:0], g.others[:0]
	inside := 0
	for _, i := range g.seg.pixels {
		if near(g.cloud.points[i]) {
			inside++
		}
	}
	every := (inside + maxPoints - 1) / maxPoints
	n := 0
	for _, i := range g.seg.pixels {
		if q := g.cloud.points[i]; near(q) {
			if n++; n%every == 0 {
				normal, _ := g.cloud.normal(int(i))
				g.own, g.normals = append(g.own, q), append(g.normals, normal)
			}
		}
	}
	for i, q := range g.cloud.points {
		if !g.seg.mask[i] && g.cloud.above(i, g.seg.support) && near(q) {
			g.others = append(g.others, q)
		}
	}
	g.others = thinOut(g.others)
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
	yawSteps  = 24    // over half a turn, straight down
	tiltSteps = 6     // … tilted
)

// tilts are how far from pointing straight down the hand comes [rad], and turns of the side that it comes from, away from the robot's.
var (
	tilts = [...]float64{0.35, 0.75, 1.25}
	sides = [...]float64{0, math.Pi / 4, -math.Pi / 4, math.Pi / 2, -math.Pi / 2}
)

// A place is a point as the hand sees it: along the closing direction, across, and back towards where the hand comes from [m].
type place struct {
	u, v, z float64
	facing  float64 // how squarely the surface there faces along the closing direction, 0…1; negative if unknown
	hidden  bool    // not seen, only supposed
}

// A slot is what a stretch of slotSize along the closing direction holds.
type slot struct{ own, other bool }

// A target is what grasps are rated by.
type target struct {
	point sim.Vec3 // that was pointed at
	mid   sim.Vec3 // the middle of the object
	top   float64  // the segment's highest point [m]
	reach float64  // the segment's horizontal radius around mid [m]
	eye   sim.Vec3 // where the camera is
}

// A slice is a slice through the points, as wide as the fingers, seen by a hand that comes along one direction.
type slice struct {
	closing, across, back sim.Vec3 // the hand's axes: unit, in the world
	tilt                  float64
	point, mid            place   // the target's
	sight                 float64 // along closing, away from the camera, of a unit vector across back; 0 if the camera looks the hand's way
	v                     float64 // where it lies along across
	u0                    float64 // where its slots begin along closing
	highest               float64 // own point in it, along back
	lo, hi                float64 // along closing, of all own points in it
	seen                  int     // the first so many own points were seen, the others are on the hidden side
	tip                   float64 // of the ee frame's origin along back, at the depth under trial
	row                   [slots]slot
}

// of is where a point lies whose surface has a normal; the zero vector: that is not known.
func (s *slice) of(p, normal sim.Vec3) place {
	facing := -1.0
	if normal != (sim.Vec3{}) {
		facing = math.Abs(s.closing.Dot(normal))
	}
	return place{u: s.closing.Dot(p), v: s.across.Dot(p), z: s.back.Dot(p), facing: facing}
}

// world is the point of the world at a place.
func (s *slice) world(u, v, z float64) sim.Vec3 {
	return s.closing.Mul(u).Add(s.across.Mul(v)).Add(s.back.Mul(z))
}

// search fills found, best first.
func (g *GraspPlanner) search(p, eye sim.Vec3) {
	g.found = g.found[:0]
	t := target{point: p, mid: g.middle(eye), top: math.Inf(-1), eye: eye}
	for _, q := range g.own {
		t.top = max(t.top, q[2])
		t.reach = max(t.reach, math.Hypot(q[0]-t.mid[0], q[1]-t.mid[1]))
	}
	t.mid[2] = (t.top + g.seg.support) / 2
	g.hidden, g.turned = g.hidden[:0], g.turned[:0]
	for i, q := range g.own {
		if m := mirrored(q, t.mid); !g.cloud.seenFree(m) {
			g.hidden, g.turned = append(g.hidden, m), append(g.turned, mirrored(g.normals[i], sim.Vec3{}))
		}
	}
	g.goOn(eye)
	flat := g.alignment()
	for k := range yawSteps {
		g.direction(&t, 0, 0, math.Pi*float64(k)/yawSteps)
	}
	for _, yaw := range [...]float64{flat, flat + math.Pi/2} { // along the sides of a box
		g.direction(&t, 0, 0, yaw)
	}
	home := math.Atan2(g.Base[1]-p[1], g.Base[0]-p[0])
	for _, tilt := range tilts {
		for _, side := range sides {
			for k := range tiltSteps {
				g.direction(&t, tilt, home+side, math.Pi*float64(k)/tiltSteps)
			}
		}
	}
	slices.SortStableFunc(g.found, func(a, b Grasp) int { return cmp.Compare(a.Cost, b.Cost) })
	g.spread()
	if len(g.found) == 0 {
		return
	}
	g.complete(t.mid)
	mid := g.center()
	half := 0.0
	for _, q := range g.solid {
		half = max(half, math.Hypot(q[0]-mid[0], q[1]-mid[1]))
	}
	for i := range g.found {
		k := &g.found[i]
		k.body, k.half = g.body, half
		k.foot = k.TWorldEE.Inv().Apply(mid)
		k.shape = g.outline(mid, k.TWorldEE.Axis(0))
	}
}

const (
	goesOn     = 0.06  // how far what the picture's edge cuts is taken to go on, as wide and as high as it is there [m]
	goesOnStep = 0.004 // [m]
)

// goOn adds to hidden what of the segment is beyond the picture's edge: no finger may come down there.
func (g *GraspPlanner) goOn(eye sim.Vec3) {
	c := &g.cloud
	for _, i := range g.seg.pixels {
		x, y := int(i)%c.w, int(i)/c.w
		beside := sim.Pixel{X: float64(x) + 0.5, Y: float64(y) + 0.5}
		switch {
		case y%2 == 0 && x == 0:
			beside.X--
		case y%2 == 0 && x == c.w-1:
			beside.X++
		case x%2 == 0 && y == 0:
			beside.Y--
		case x%2 == 0 && y == c.h-1:
			beside.Y++
		default:
			continue
		}
		p := c.points[i]
		_, ray := c.cam.Ray(beside)
		if ray[2] > -0.1 {
			continue
		}
		d := eye.Add(ray.Mul((p[2] - eye[2]) / ray[2])).Sub(p) // level, to where the next ray comes through
		if l := d.Len(); l > 1e-6 {
			for far := goesOnStep; far <= goesOn; far += goesOnStep {
				g.hidden, g.turned = append(g.hidden, p.Add(d.Mul(far/l))), append(g.turned, sim.Vec3{})
			}
		}
	}
}

// direction tries grasps of a hand that comes tilted by tilt from the side at azimuth, and closes turned by yaw from there.
func (g *GraspPlanner) direction(t *target, tilt, azimuth, yaw float64) {
	st, ct := math.Sincos(tilt)
	sa, ca := math.Sincos(azimuth)
	x, y := sim.Vec3{ct * ca, ct * sa, -st}, sim.Vec3{-sa, ca, 0}
	sin, cos := math.Sincos(yaw)
	s := slice{closing: x.Mul(cos).Add(y.Mul(sin)), across: y.Mul(cos).Sub(x.Mul(sin)), back: sim.Vec3{st * ca, st * sa, ct}, tilt: tilt}
	s.point, s.mid = s.of(t.point, sim.Vec3{}), s.of(t.mid, sim.Vec3{})
	s.u0 = s.point.u - slots/2*slotSize
	sight := t.point.Sub(t.eye)
	sight = sight.Mul(1 / max(sight.Len(), 1e-6))
	if along := sight.Sub(s.back.Mul(sight.Dot(s.back))); along.Len() > 0.3 {
		s.sight = s.closing.Dot(along) / along.Len()
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	g.ownAt, g.othersAt = g.ownAt[:0], g.othersAt[:0]
	thinning := 1
	if tilt > 0 {
		thinning = 2 // there are many such directions
	}
	for i := 0; i < len(g.own); i += thinning {
		q := s.of(g.own[i], g.normals[i])
		lo, hi = min(lo, q.v), max(hi, q.v)
		g.ownAt = append(g.ownAt, q)
	}
	s.seen = len(g.ownAt)
	for i := 0; i < len(g.hidden); i += thinning {
		q := s.of(g.hidden[i], g.turned[i])
		q.hidden = true
		g.ownAt = append(g.ownAt, q)
	}
	for _, q := range g.others {
		g.othersAt = append(g.othersAt, s.of(q, sim.Vec3{}))
	}
	mid, at := s.mid.v, s.point.v
	tried := [...]float64{mid, (lo + hi) / 2, at, mid - 0.012, mid + 0.012, at - 0.02, at + 0.02, mid - 0.03, mid + 0.03}
	n := len(tried)
	if tilt > 0 {
		n = 5
	}
	for k, v := range tried[:n] {
		if v < lo || v > hi || slices.ContainsFunc(tried[:k], func(w float64) bool { return math.Abs(w-v) < 0.004 }) {
			continue
		}
		s.v = v
		g.depths(&s, t)
	}
}

// inSlice fills ownIn and othersIn with what is within half of the slice's middle.
func (g *GraspPlanner) inSlice(s *slice, half float64) {
	g.ownIn, g.othersIn = g.ownIn[:0], g.othersIn[:0]
	for _, q := range g.ownAt {
		if d := q.v - s.v; d <= half && d >= -half {
			g.ownIn = append(g.ownIn, q)
		}
	}
	for _, q := range g.othersAt {
		if d := q.v - s.v; d <= half && d >= -half {
			g.othersIn = append(g.othersIn, q)
		}
	}
}

// depths tries grasps in the slice at several depths.
func (g *GraspPlanner) depths(s *slice, t *target) {
	h := g.Hand
	g.inSlice(s, h.FingerWidth/2+sideGap/2)
	s.highest, s.lo, s.hi = math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, q := range g.ownIn {
		s.lo, s.hi = min(s.lo, q.u), max(s.hi, q.u)
		if !q.hidden {
			s.highest = max(s.highest, q.z)
		}
	}
	// As deep as the support lets the finger tips go that are nearest to it: they are the farther back the wider the hand is open, and
	// close no farther than what is between them is wide. What that is is not known yet, all of the slice or less.
	deepest := [2]float64{math.Inf(-1), math.Inf(-1)}
	if s.back[2] > 0.2 {
		low := math.Abs(s.across[2])*h.FingerWidth/2 + math.Abs(s.closing[2])*(h.MaxWidth/2+h.FingerThickness)
		closed := (g.seg.support + g.tipGap() + low - s.closing[2]*s.mid.u - s.across[2]*s.v) / s.back[2]
		deepest = [2]float64{closed - h.tipReserve(min(s.hi-s.lo, h.MaxWidth)), closed}
	}
	for k, depth := range graspDepths {
		depth = min(depth, h.Depth-0.008)
		tip := max(deepest[0], s.highest-depth)
		if k == 0 || tip > s.tip+0.002 {
			g.depth(s, t, tip)
		}
		if closed := max(deepest[1], s.highest-depth); k == 0 && closed > tip+0.002 {
			g.depth(s, t, closed)
			s.tip = tip
		}
	}
}

const (
	fillSlack = 0.010 // at MinDepth but for so much …
	fillShare = 0.7   // … what is to fill the hand is so wide, at least, as it is between the finger tips
)

// graspDepths are how far below the highest point of a slice the ee frame's origin is tried [m].
var graspDepths = [...]float64{1, 0.054, 0.045, 0.037, 0.030, 0.024, 0.018}

// widest is the widest thing that the hand can take hold of, and let go again [m].
func (h *Hand) widest() float64 { return h.MaxWidth - max(gripReserve, h.Reserve) }

// loose is how much wider than what it holds the hand opens, at least, to let go [m].
func (h *Hand) loose() float64 { return max(0.008, h.Reserve, h.Spare) }

// nothing is an opening at which the hand is closed on nothing, or on less [m].
func (h *Hand) nothing() float64 { return cmp.Or(h.Nothing, 0.002) }

// tipReserve is how much deeper the ee frame's origin may be because the fingers close to width and no farther [m].
func (h *Hand) tipReserve(width float64) float64 { return max(0, h.TipBack(width)-0.001) }

// depth tries grasps in the slice with the ee frame's origin at tip along back.
func (g *GraspPlanner) depth(s *slice, t *target, tip float64) {
	if s.tip = tip; s.highest-tip < max(0.006, g.Hand.MinDepth) {
		return
	}
	s.row = [slots]slot{}
	for _, q := range g.ownIn {
		if i := int((q.u - s.u0) / slotSize); q.z >= s.tip-0.002 && i >= 0 && i < slots {
			s.row[i].own = true
		}
	}
	for _, q := range g.othersIn {
		if i := int((q.u - s.u0) / slotSize); q.z >= s.tip-0.002 && i >= 0 && i < slots {
			s.row[i].other = true
		}
	}
	s.join()
	g.stretches(s, t)
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
	widest := g.Hand.widest()
	for i := range s.row {
		if !s.row[i].own || i > 0 && s.row[i-1].own {
			continue // not the left end of something
		}
		for j := i; j < slots && float64(j+1-i)*slotSize <= widest; j++ {
			if s.row[j].other {
				break
			}
			if s.row[j].own && (j+1 == slots || !s.row[j+1].own) { // its right end, or that of something more
				a, b := g.ends(s.u0+float64(i)*slotSize, s.u0+float64(j+1)*slotSize, s.tip-0.002)
				g.stretch(s, t, a, b)
			}
		}
	}
}

// ends are the outermost own points of the slice between two places, from a depth on.
func (g *GraspPlanner) ends(from, to, depth float64) (a, b float64) {
	a, b = to, from
	for _, q := range g.ownIn {
		if q.z >= depth && q.u >= from && q.u <= to {
			a, b = min(a, q.u), max(b, q.u)
		}
	}
	return a, b
}

// free reports whether the slots from one place to another are empty.
func (s *slice) free(from, to float64) bool {
	const rounding = 1e-6
	a, b := int(math.Floor((from-s.u0)/slotSize+rounding)), int(math.Ceil((to-s.u0)/slotSize-rounding))
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
	mid := s.mid.u
	inside := 0
	for _, q := range g.ownAt[:s.seen] {
		if q.u >= a-0.004 && q.u <= b+0.004 {
			inside++
		}
	}
	edge := 10*inside < 8*s.seen && (mid < a || mid > b || math.Abs(s.mid.v-s.v) > 0.02)
	seenA, seenB := s.u0+math.Floor((a-s.u0)/slotSize)*slotSize, s.u0+math.Ceil((b-s.u0)/slotSize)*slotSize // with their slots
	if !edge && mid > a && mid < b && math.Abs(s.sight) > 0.3 {
		// The far end may be hidden: then it is as far from the middle as the near one.
		if s.sight > 0 {
			b = max(b, 2*mid-a)
		} else {
			a = min(a, 2*mid-b)
		}
	}
	width := b - a
	if width < h.MinWidth {
		return
	}
	if h.MinDepth > 0 {
		if c, d := g.ends(a, b, s.tip+h.MinDepth-fillSlack); d-c < fillShare*width {
			return // the hand would hold it by the finger tips only
		}
	}
	off := place{u: max(a-s.point.u, s.point.u-b, 0), v: s.v - s.point.v}
	if math.Hypot(off.u, off.v) > astray || width > h.widest() {
		return
	}
	spare := cmp.Or(h.Spare, 0.012)
	for _, opening := range [...]float64{h.MaxWidth, min(h.MaxWidth, width+2*spare), min(h.MaxWidth, width+spare)} {
		reach := (opening-width)/2 + h.FingerThickness + sideGap
		if !s.free(a-reach, seenA) || !s.free(seenB, b+reach) {
			continue
		}
		u := (a + b) / 2
		if g.supportBlocks(s, u, width, opening) || g.palmBlocked(s, u) || g.tooWideInside(s, u, opening) || edge && !g.fingersSeenFree(s, u, opening) {
			continue
		}
		if cost, ok := g.rate(s, a, b, edge); ok && cost < maxCost {
			cost += behindCost * float64(g.fingersBehind(s, u, width))
			thumb := 0
			if h.FingerGap > 0 {
				switch wedge := g.wedges(s, u, width); {
				case wedge[0] && wedge[1]:
					cost += wedgeCost
				case wedge[0]:
					thumb = -1
				case wedge[1]:
					thumb = 1
				}
			}
			g.keep(s, t, s.world(u, s.v, s.tip), width, opening, cost, edge, thumb)
		}
		return
	}
}

// supportBlocks reports whether a part of the hand, open or closing to width, would be below what the object stands on.
func (g *GraspPlanner) supportBlocks(s *slice, u, width, opening float64) bool {
	h := g.Hand
	low := func(z, halfU, halfV float64) float64 {
		return s.world(u, s.v, z)[2] - math.Abs(s.closing[2])*halfU - math.Abs(s.across[2])*halfV - g.seg.support
	}
	return low(s.tip+h.tipReserve(width), opening/2+h.FingerThickness, h.FingerWidth/2) < g.tipGap()-1e-9 ||
		low(s.tip+h.Depth, h.PalmHalf[1], h.PalmHalf[0]) < 0.008
}

// tipGap is what is kept between finger tips and the support [m].
func (g *GraspPlanner) tipGap() float64 { return fingertipGap + 2*g.cloud.noise }

// palmBlocked reports whether something is where the palm and the knuckles would be.
func (g *GraspPlanner) palmBlocked(s *slice, u float64) bool {
	h := g.Hand
	blocked := func(q place) bool {
		return q.z > s.tip+h.Depth-0.005 && math.Abs(q.v-s.v) < h.PalmHalf[0]+sideGap && math.Abs(q.u-u) < h.PalmHalf[1]+sideGap
	}
	return slices.ContainsFunc(g.ownAt, blocked) || slices.ContainsFunc(g.othersAt, blocked)
}

// tooWideInside reports whether what is in the hand's middle is wider than the room between the fingers there.
func (g *GraspPlanner) tooWideInside(s *slice, u, opening float64) bool {
	h := g.Hand
	return h.Hollow != nil && slices.ContainsFunc(g.ownIn, func(q place) bool {
		back := q.z - s.tip
		return back > h.Depth-h.PadLength/2 && back < h.Depth && math.Abs(q.u-u) > h.Hollow(opening, back)-hollowGap
	})
}

// fingersSeenFree reports whether the camera looked through where the open finger tips would be. Around all of something the fingers
// go where it ends, as far as that can be seen; at an edge one of them goes inside.
func (g *GraspPlanner) fingersSeenFree(s *slice, u, opening float64) bool {
	h := g.Hand
	for _, side := range [2]float64{-1, 1} {
		for _, up := range [2]float64{0.004, 0.015} {
			if !g.cloud.seenFree(s.world(u+side*(opening+h.FingerThickness)/2, s.v, s.tip+h.TipBack(opening)+up)) {
				return false
			}
		}
	}
	return true
}

// fingersBehind counts the closed fingers that would be where something else hides the view: there the object may go on.
func (g *GraspPlanner) fingersBehind(s *slice, u, width float64) int {
	h, n := g.Hand, 0
	for _, side := range [2]float64{-1, 1} {
		at := func(up float64) sim.Vec3 {
			return s.world(u+side*(width+h.FingerThickness)/2, s.v, s.tip+h.TipBack(width)+up)
		}
		if g.cloud.behind(at(0.010), g.seg.mask) && g.cloud.behind(at(0.025), g.seg.mask) {
			n++
		}
	}
	return n
}

// rate is a grasp's cost, about in centimetres; false if there is nothing for the pads to hold on to.
func (g *GraspPlanner) rate(s *slice, a, b float64, edge bool) (float64, bool) {
	h := g.Hand
	u, width := (a+b)/2, b-a
	padLow := s.tip + h.TipBack(width) // lower end of the pads
	// What the two sides are like between the pads: how high they rise within 4 mm, and how far each third across reaches out.
	var rise [2]float64
	var ends [2][3]float64
	var beside [2]int            // points where each of two fingers is, on either side of the gap
	var facing, known [2]float64 // sum over those with a normal, and how many
	var slanting, clear [2]int   // points there whose surface is at 40° to 75° to a pad, and others
	for _, q := range g.ownIn {
		du, dv := q.u-u, q.v-s.v
		if math.Abs(dv) > h.FingerWidth/2 || math.Abs(du) > width/2+0.001 || q.z < s.tip {
			continue
		}
		side, third := 0, 1
		if du > 0 {
			side = 1
		}
		if math.Abs(dv) > h.FingerWidth/6 {
			third = 1 + int(math.Copysign(1, dv))
		}
		if math.Abs(du) > width/2-0.004 && q.z <= padLow+h.PadLength {
			rise[side] = max(rise[side], q.z-padLow)
			if q.facing >= 0 {
				facing[side], known[side] = facing[side]+q.facing, known[side]+1
			}
			if q.facing > 0.26 && q.facing < 0.77 {
				slanting[side]++
			} else {
				clear[side]++
			}
		}
		ends[side][third] = max(ends[side][third], math.Abs(du))
		if q.hidden && width < slimWidth {
			continue // the mirror image of a spout is none
		}
		if dv > h.FingerGap/2+0.003 {
			beside[0]++
		} else if dv < -h.FingerGap/2-0.003 {
			beside[1]++
		}
	}
	if h.FingerGap > 0 && min(beside[0], beside[1]) < 3 {
		return 0, false // it would slip through the gap
	}
	// The hidden side shows nothing: the seen one counts.
	near, both := 0, edge || math.Abs(s.sight) <= 0.3
	if s.sight < 0 {
		near = 1
	}
	steep, skew := rise[near], h.skew(ends[near])
	if both {
		steep, skew = min(steep, rise[1-near]), max(skew, h.skew(ends[1-near]))
	}
	share := 2 // so many times as many slanting points as others are too many
	if edge && s.tilt > 0 {
		share = 0 // the edge of a box, seen askew, looks like a wall
	}
	slant := slanting[near] > share*clear[near]
	if both || slanting[1-near]+clear[1-near] > 10 {
		slant = slant || slanting[1-near] > share*clear[1-near]
	}
	least := 0.0025 // of a low thing only its edge is between the pads
	if s.tilt > 0 {
		least = 0.006
	}
	if steep < least || slant {
		return 0, false
	}
	cost := 80*width + 60*math.Hypot(u-s.point.u, s.v-s.point.v) + blindCost*math.Abs(s.sight)
	cost += 400*max(0, 0.012-steep) + 10*min(skew, 1) - 8*(s.highest-s.tip)
	cost += 60 * max(0, h.PadLength-(s.highest-padLow)) // little of the pads touches
	cost += 1500 * max(0, 0.004-(h.MaxWidth-width)/2)   // fingers that have to go down close beside it may come down on it
	cost += 5 * s.tilt
	for side := range 2 { // what is not square to the pads is pressed out between them
		if known[side] > 0 {
			cost += 12 * max(0, 0.9-facing[side]/known[side])
		}
	}
	low, high := g.ends(a-slotSize, b+slotSize, padLow)
	cost += 1600 * min(0.012, max(0, width-max(high-low, 0)-0.001)) // below the pads: they would press it down and out
	if width < h.Thin && s.world(u, s.v, padLow)[2]-g.seg.support > thinHigh {
		cost += thinCost
	}
	if edge {
		cost += 3
	} else {
		cost += 150 * math.Abs(s.v-s.mid.v)
		cost += 500 * min(0.012, max(0, s.hi-s.lo-width-0.002)) // it is wider below
	}
	return cost, true
}

// wedges says of each side whether what is between the fingers, in the middle of the hand, would be pressed into the gap between two fingers there, and stay
// in it: it reaches farther into it than a cylinder does of the size at which the sides of a wedge are held by friction.
func (g *GraspPlanner) wedges(s *slice, u, width float64) (wedge [2]bool) {
	h := g.Hand
	low := s.tip + h.TipBack(width)
	var ends [2][3]float64 // beside the gap on either side, and in it
	for _, q := range g.ownIn {
		du, dv := q.u-u, q.v-s.v
		if math.Abs(du) > width/2+0.001 || q.z < low || q.z > low+h.PadLength {
			continue
		}
		side, part := 0, 1
		if du > 0 {
			side = 1
		}
		if math.Abs(dv) > h.FingerGap/2 {
			part = 1 + int(math.Copysign(1, dv))
		}
		ends[side][part] = max(ends[side][part], math.Abs(du))
	}
	r := h.FingerGap / 2 / math.Sin(wedgeAngle)
	deep := r * (1 - math.Cos(wedgeAngle))
	for i, e := range ends {
		wedge[i] = e[0] > 0 && e[2] > 0 && e[1]-(e[0]+e[2])/2 > deep
	}
	return wedge
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
func (g *GraspPlanner) keep(s *slice, t *target, pos sim.Vec3, width, opening, cost float64, edge bool, thumb int) {
	tWorldEE := sim.Pose{Pos: pos, Rot: sim.QuatFromAxes(s.across, s.closing, s.back.Mul(-1))}
	g.found = append(g.found, Grasp{
		TWorldEE: tWorldEE, Opening: opening, Width: width, Cost: cost, Edge: edge, Tilt: s.tilt, thumb: thumb,
		below:  pos[2] - g.seg.support,
		height: t.top - g.seg.support,
	})
}

const (
	rodSpacing = 0.024 // between the rods that a body is made of [m]
	rodRadius  = 0.012
	rodCells   = 32 // along each side of the grid of rods
)

// mirrored is the mirror image of q through the upright line at mid.
func mirrored(q, mid sim.Vec3) sim.Vec3 { return sim.Vec3{2*mid[0] - q[0], 2*mid[1] - q[1], q[2]} }

// complete fills solid with the segment's points and their mirror images through the upright line at mid, as far as the camera could not see
// those places: the hidden side is taken to be like the visible one. Then it fills body with upright rods from the support to the
// highest point in each cell of a grid.
func (g *GraspPlanner) complete(mid sim.Vec3) {
	g.solid = g.solid[:0]
	every := (len(g.seg.pixels) + maxPoints - 1) / maxPoints
	for i := 0; i < len(g.seg.pixels); i += every {
		g.solid = append(g.solid, g.cloud.points[g.seg.pixels[i]])
	}
	for _, q := range g.solid {
		if m := mirrored(q, mid); !g.cloud.seenFree(m) {
			g.solid = append(g.solid, m)
		}
	}
	var cells [rodCells][rodCells]struct {
		x, y, top float64
		n         int
	}
	cellOf := func(x float64) int { return min(max(int(math.Floor(x/rodSpacing+rodCells/2+0.5)), 0), rodCells-1) }
	for _, q := range g.solid {
		c := &cells[cellOf(q[0]-mid[0])][cellOf(q[1]-mid[1])]
		if c.n == 0 {
			c.top = q[2]
		}
		c.x, c.y, c.top, c.n = c.x+q[0], c.y+q[1], max(c.top, q[2]), c.n+1
	}
	g.body = nil // grasps keep it
	for i := range cells {
		for k := range cells[i] {
			c := &cells[i][k]
			if c.n == 0 {
				continue
			}
			r := min(rodRadius, max((c.top-g.seg.support)/2, 0.003))
			x, y := c.x/float64(c.n), c.y/float64(c.n)
			g.body = append(g.body, Capsule{sim.Vec3{x, y, g.seg.support + r}, sim.Vec3{x, y, max(c.top, g.seg.support+2*r) - r}, r})
		}
	}
}

// goesAlong is, by pixel of the cloud, what is taken up with a grasp: the segment, and what is seen above and below where it is: the pens in a holder.
// The slice is the planner's.
func (g *GraspPlanner) goesAlong(k *Grasp) []bool {
	g.along = append(g.along[:0], g.seg.mask...)
	foot := k.TWorldEE.Apply(k.foot)
	for i := range g.cloud.points {
		p := &g.cloud.points[i]
		if d := sq(p[0]-foot[0]) + sq(p[1]-foot[1]); g.along[i] || !(d <= sq(k.half+besideMargin)) || !g.cloud.above(i, g.seg.support) {
			continue
		}
		for j := range k.body {
			c := &k.body[j]
			if sq(p[0]-c.A[0])+sq(p[1]-c.A[1]) <= sq(c.Radius+besideMargin) {
				g.along[i] = true
				break
			}
		}
	}
	return g.along
}

// grow makes a grasp's object as tall as what goes along with it: a bottle with its cap, a holder with its pens.
func (g *GraspPlanner) grow(k *Grasp, along []bool) {
	k.body = slices.Clone(k.body) // shared by the grasps of a search
	for i, p := range g.cloud.points {
		if !along[i] || g.seg.mask[i] {
			continue
		}
		for j := range k.body {
			if c := &k.body[j]; sq(p[0]-c.A[0])+sq(p[1]-c.A[1]) <= sq(c.Radius+besideMargin) {
				c.B[2] = max(c.B[2], p[2]-c.Radius)
				k.height = max(k.height, p[2]-g.seg.support)
			}
		}
	}
}

// center is the middle of the area that solid covers seen from above, at the height of the support: about where the object's weight is.
func (g *GraspPlanner) center() sim.Vec3 {
	const (
		size = 0.005 // of a cell [m]
		n    = 80    // along each side of the grid
	)
	var covered [n][n]bool
	at := g.solid[0]
	cellOf := func(x float64) int { return min(max(int(math.Floor(x/size))+n/2, 0), n-1) }
	var x, y, cells float64
	for _, q := range g.solid {
		if c := &covered[cellOf(q[0]-at[0])][cellOf(q[1]-at[1])]; !*c {
			*c = true
			x, y, cells = x+q[0], y+q[1], cells+1
		}
	}
	return sim.Vec3{x / cells, y / cells, g.seg.support}
}

// outline is the silhouette of solid, its sectors beginning at the world's direction of x.
func (g *GraspPlanner) outline(mid, x sim.Vec3) silhouette {
	var out silhouette
	a := math.Atan2(x[1], x[0])
	sin, cos := math.Sincos(a)
	for _, q := range g.solid {
		dx, dy := q[0]-mid[0], q[1]-mid[1]
		k := sector(cos*dx+sin*dy, cos*dy-sin*dx)
		out[k] = max(out[k], math.Hypot(dx, dy))
	}
	return out
}

// alignment is the direction of the sides of the narrowest rectangle around the segment, seen from above [rad].
func (g *GraspPlanner) alignment() float64 {
	const steps = 90 // over a quarter turn
	best, least := 0.0, math.Inf(1)
	for k := range steps {
		angle := math.Pi / 2 * float64(k) / steps
		sin, cos := math.Sincos(angle)
		loU, hiU, loV, hiV := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
		for i := 0; i < len(g.own); i += 2 {
			q := g.own[i]
			u, v := cos*q[0]+sin*q[1], cos*q[1]-sin*q[0]
			loU, hiU, loV, hiV = min(loU, u), max(hiU, u), min(loV, v), max(hiV, v)
		}
		if area := (hiU - loU) * (hiV - loV); area < least {
			best, least = angle, area
		}
	}
	return best
}

// middle is where the middle of the segment is horizontally, the hidden side included: the middle of the highest fifth of the points, the
// outermost tenths left out so that a leaf or a stem does not count. Of what is low they are seen all around. Of what is tall, such as
// the neck of a bottle, only the near side is: there what the camera could not see behind them belongs to it too, as far as it is not merely
// in the shadow of the top, and until it is as deep as it is wide.
func (g *GraspPlanner) middle(eye sim.Vec3) sim.Vec3 {
	z := g.scratch[:0]
	for _, q := range g.own {
		z = append(z, q[2])
	}
	slices.Sort(z)
	high, median, top := z[len(z)*4/5]-0.002, z[len(z)*9/10], z[len(z)-1-len(z)/50]
	g.scratch = z
	sight := g.own[0].Sub(eye)
	far := math.Hypot(sight[0], sight[1])
	away := sim.Vec3{sight[0] / max(far, 1e-6), sight[1] / max(far, 1e-6), 0}
	var lo, hi [2]float64 // along away, and across
	axes := [2]sim.Vec3{away, {-away[1], away[0], 0}}
	for k, axis := range axes {
		x := g.scratch[:0]
		for _, q := range g.own {
			if q[2] >= high {
				x = append(x, axis.Dot(q))
			}
		}
		slices.Sort(x)
		lo[k], hi[k] = x[len(x)/10], x[len(x)-1-len(x)/10]
		g.scratch = x
	}
	across := (lo[1] + hi[1]) / 2
	const step = 0.002
	shadow := (top - median) * far / max(-sight[2], 1e-6)
	room := max(0, hi[1]-lo[1]-(hi[0]-lo[0]))
	hidden := 0.0
	for hidden < room+shadow {
		at := axes[0].Mul(hi[0] + hidden + step).Add(axes[1].Mul(across))
		if at[2] = median; g.cloud.seenFree(at) {
			break
		}
		hidden += step
	}
	back := hi[0] + min(max(0, hidden-shadow), room)
	return axes[0].Mul((lo[0] + back) / 2).Add(axes[1].Mul(across))
}

// spread drops grasps that are nearly the same as a better one.
func (g *GraspPlanner) spread() {
	kept := g.found[:0]
	for _, a := range g.found {
		same := slices.ContainsFunc(kept, func(b Grasp) bool {
			pos, angle := a.TWorldEE.Distance(b.TWorldEE)
			return pos < 0.006 && angle < 0.2
		})
		if !same && len(kept) < maxGrasps {
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
	p := g.TWorldEE.Pos
	return fmt.Sprintf("%s, %.0f mm wide, at (%.3f, %.3f, %.3f), tilted %.0f°, cost %.2f",
		kind, 1000*g.Width, p[0], p[1], p[2], g.Tilt*180/math.Pi, g.Cost)
}
