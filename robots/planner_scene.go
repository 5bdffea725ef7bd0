package robots

import (
	"math"

	"github.com/refarena/refarena/sim"
)

// A Load is what the hand holds, as far as planning is concerned: capsules in the ee frame that move with the hand. It is read-only.
type Load struct {
	Capsules []Capsule
}

// loadOf is what is held, as it was seen before it was grasped.
func loadOf(held *Held) *Load {
	if held == nil {
		return nil
	}
	tEEWorld := held.Grasp.TWorldEE.Inv()
	l := &Load{Capsules: make([]Capsule, len(held.Grasp.body))}
	for i, c := range held.Grasp.body {
		l.Capsules[i] = Capsule{tEEWorld.Apply(c.A), tEEWorld.Apply(c.B), c.Radius}
	}
	return l
}

// end is the end of a capsule that is farthest from the tool, in ee.
func (l *Load) end() sim.Vec3 {
	var far sim.Vec3
	for _, c := range l.Capsules {
		for _, at := range [2]sim.Vec3{c.A, c.B} {
			if at.Len() > far.Len() {
				far = at
			}
		}
	}
	return far
}

// A Cylinder along z of the ee frame.
type Cylinder struct {
	X, Y        float64 // of its axis, in ee [m]
	Top, Bottom float64 // along z of ee, out of the palm: Top < Bottom [m]
	Radius      float64 // [m]
}

// loadSpacing is how far apart the rods are that a Load is made of: nothing that the camera resolves fits between them [m].
const loadSpacing = 0.03

// Load is the cylinder as rods along its axis on rings of at most loadSpacing. They lie in the cylinder; what is between them is nearer to
// a rod than a clearance.
func (l Cylinder) Load() *Load {
	var out Load
	r := min(0.012, l.Radius, max((l.Bottom-l.Top)/2, 0.003))
	top, bottom := l.Top+r, max(l.Bottom-r, l.Top+r)
	rod := func(x, y float64) {
		out.Capsules = append(out.Capsules, Capsule{sim.Vec3{l.X + x, l.Y + y, top}, sim.Vec3{l.X + x, l.Y + y, bottom}, r})
	}
	for ring := l.Radius - r; ; ring -= loadSpacing {
		if ring < loadSpacing/2 {
			if ring > -loadSpacing/2 || l.Radius-r < loadSpacing/2 {
				rod(0, 0)
			}
			return &out
		}
		n := int(math.Ceil(2 * math.Pi * ring / loadSpacing))
		for k := range n {
			s, c := math.Sincos(2 * math.Pi * float64(k) / float64(n))
			rod(ring*c, ring*s)
		}
	}
}

// hull is a capsule that holds all of the capsules, of which there is one at least: its axis is as the longest one's.
func hull(capsules []Capsule) Capsule {
	var axis sim.Vec3
	longest := 0.0
	for _, c := range capsules {
		if d := c.B.Sub(c.A); d.Len() > longest {
			axis, longest = d.Mul(1/d.Len()), d.Len()
		}
	}
	if longest == 0 {
		axis = sim.Vec3{0, 0, 1}
	}
	var middle sim.Vec3
	for _, c := range capsules {
		middle = middle.Add(c.A.Add(c.B).Mul(0.5 / float64(len(capsules))))
	}
	lo, hi, radius := math.Inf(1), math.Inf(-1), 0.0
	for _, c := range capsules {
		for _, p := range [2]sim.Vec3{c.A, c.B} {
			d := p.Sub(middle)
			along := axis.Dot(d)
			lo, hi = min(lo, along), max(hi, along)
			radius = max(radius, d.Sub(axis.Mul(along)).Len()+c.Radius)
		}
	}
	return Capsule{middle.Add(axis.Mul(lo)), middle.Add(axis.Mul(hi)), radius}
}

// A checker says whether joint positions keep clear of what is around, of the arm itself, and what it holds likewise.
//
// It compares capsules with columns and with each other. MuJoCo, with a box for each column, takes as long for one look (`refarena bench
// plan.mujoco`: 9 µs against 7), and has to compile a model for each picture first (11 ms). What decides is what a look tells: capsules know at
// once whether they keep a wide margin, so that long stretches of a way are cleared as a whole (edge), and a way is checked with
// guarantees instead of at samples. The answers are compared in TestSelfCollisionAgainstMuJoCo and, motion by motion against the true
// scene, in `refarena bench plan.penetration`.
type checker struct {
	arm   *Arm
	field *obstacles

	load      []Capsule   // in ee
	hull      Capsule     // around load, in ee
	against   []int       // the parts that the load could touch
	groups    []group     // Arm.Pairs
	balls     []ball      // by link: around its parts, in its frame; then in base
	sweep     []float64   // Arm.Sweep, with the load
	tLinkEE   sim.Pose    // in the last link
	axis      sim.Vec3    // of the last joint, in the last link
	extent    []float64   // by link: how far its parts reach from its origin; last, the load's [m]
	length    []float64   // by link: from the origin of the one before [m]
	turn      []float64   // by joint: how far it turns on the stretch that is looked at [rad]
	shift     [][]float64 // by link, and by link behind it, the load last: how far anything on that moves in this on the stretch [m]
	links     []sim.Pose
	placed    []Capsule // Arm.Parts in base
	carried   []Capsule // load in base
	hullInArm Capsule   // hull in base
	checks    int       // joint positions looked at since the query began
}

// A group is pairs of one part with parts of one link.
type group struct {
	part, link int
	others     []int
}

// A ball is around all parts of a link.
type ball struct {
	centre, placed sim.Vec3
	radius         float64
}

// newChecker is a checker for an arm without a load.
func newChecker(arm *Arm, field *obstacles) checker {
	c := checker{arm: arm, field: field}
	links := arm.Parts[len(arm.Parts)-1].Link + 1
	c.balls = make([]ball, links)
	for l := range c.balls {
		b := &c.balls[l]
		n := 0.0
		for _, p := range arm.Parts {
			if p.Link == l {
				b.centre = b.centre.Add(p.A).Add(p.B)
				n += 2
			}
		}
		b.centre = b.centre.Mul(1 / max(n, 1))
		for _, p := range arm.Parts {
			if p.Link == l {
				b.radius = max(b.radius, p.A.Sub(b.centre).Len()+p.Radius, p.B.Sub(b.centre).Len()+p.Radius)
			}
		}
	}
	for _, pair := range arm.Pairs {
		link := arm.Parts[pair[1]].Link
		if n := len(c.groups); n == 0 || c.groups[n-1].part != pair[0] || c.groups[n-1].link != link {
			c.groups = append(c.groups, group{part: pair[0], link: link})
		}
		g := &c.groups[len(c.groups)-1]
		g.others = append(g.others, pair[1])
	}
	c.measure()
	c.hold(nil)
	return c
}

// measure finds the lengths that moving is about: those of a chain of joints that turn about axes through their links' origins, which no
// position changes.
func (c *checker) measure() {
	dof := len(c.arm.Joints)
	zero := make([]float64, dof)
	c.links = c.arm.Links(zero, c.links)
	c.length, c.turn = make([]float64, len(c.links)), make([]float64, dof)
	c.extent, c.shift = make([]float64, len(c.links)+1), make([][]float64, len(c.links)+1)
	for k := range c.shift {
		c.shift[k] = make([]float64, len(c.links)+1)
	}
	for k := 1; k < len(c.links); k++ {
		c.length[k] = c.links[k].Pos.Sub(c.links[k-1].Pos).Len()
	}
	for _, p := range c.arm.Parts {
		c.extent[p.Link] = max(c.extent[p.Link], p.A.Len()+p.Radius, p.B.Len()+p.Radius)
	}
	last := len(c.links) - 1
	tBaseLink := c.links[last]
	c.tLinkEE = tBaseLink.Inv().Mul(c.arm.Forward(zero))
	zero[dof-1] = 1
	c.links = c.arm.Links(zero, c.links)
	c.axis = tBaseLink.Rot.Inverse().Mul(c.links[last].Rot).V.Normalize()
}

// hold makes the arm hold a load; nil is nothing.
func (c *checker) hold(l *Load) {
	c.load = c.load[:0]
	c.sweep = append(c.sweep[:0], c.arm.Sweep...)
	c.extent[len(c.extent)-1] = 0
	if l == nil || len(l.Capsules) == 0 {
		return
	}
	c.load, c.hull = append(c.load, l.Capsules...), hull(l.Capsules)
	off, far := 0.0, 0.0 // from the last joint's axis and from the ee frame's origin
	for _, k := range l.Capsules {
		for _, p := range [2]sim.Vec3{k.A, k.B} {
			off, far = max(off, c.axis.Cross(c.tLinkEE.Apply(p)).Len()+k.Radius), max(far, p.Len()+k.Radius)
		}
	}
	c.extent[len(c.extent)-1] = c.tLinkEE.Pos.Len() + far
	last := len(c.sweep) - 1
	for i := range c.sweep[:last] {
		c.sweep[i] += far // the ee frame's origin is within what Arm.Sweep bounds
	}
	c.sweep[last] = max(c.sweep[last], off)
	// What can touch the last part can touch what that holds.
	c.against = c.against[:0]
	for _, pair := range c.arm.Pairs {
		if pair[1] == len(c.arm.Parts)-1 {
			c.against = append(c.against, pair[0])
		}
	}
}

// moved bounds how far anything moves on the way from a to b, in a straight line in joint space [m].
func (c *checker) moved(a, b []float64) float64 {
	for i := range c.turn {
		c.turn[i] = math.Abs(a[i] - b[i])
	}
	return c.moving()
}

// moving fills shift for a stretch on which each joint turns by turn, and returns how far anything moves on it [m]. A joint moves what is on the
// links behind it, by no more than its turn times their distance from its axis: Arm.Sweep bounds that, and so do the lengths of the
// links in between.
func (c *checker) moving() float64 {
	most := 0.0
	for k := 1; k < len(c.shift); k++ {
		link := min(k, len(c.length)-1) // the load's is the last
		away, sum := c.extent[k], 0.0
		for i := link - 1; i >= 0; i-- {
			sum += min(c.sweep[i], away) * c.turn[i]
			c.shift[i][k] = sum
			away += c.length[i+1]
		}
		most = max(most, sum)
	}
	return most
}

// place computes where everything is at q, in base.
func (c *checker) place(q []float64) {
	c.checks++
	c.links = c.arm.Links(q, c.links)
	c.placed = c.placed[:0]
	var t mover
	link := -1
	for i := range c.arm.Parts {
		p := &c.arm.Parts[i]
		if p.Link != link {
			link = p.Link
			t = newMover(&c.links[link])
			c.balls[link].placed = t.apply(&c.balls[link].centre)
		}
		c.placed = append(c.placed, Capsule{t.apply(&p.A), t.apply(&p.B), p.Radius})
	}
	c.carried = c.carried[:0]
	if len(c.load) > 0 {
		tBaseEE := c.arm.Forward(q)
		t = newMover(&tBaseEE)
		for i := range c.load {
			l := &c.load[i]
			c.carried = append(c.carried, Capsule{t.apply(&l.A), t.apply(&l.B), l.Radius})
		}
		c.hullInArm = Capsule{t.apply(&c.hull.A), t.apply(&c.hull.B), c.hull.Radius}
	}
}

// A mover is a pose that is applied to many points.
type mover struct{ x, y, z, p sim.Vec3 }

func newMover(t *sim.Pose) mover { return mover{t.Axis(0), t.Axis(1), t.Axis(2), t.Pos} }

func (m *mover) apply(v *sim.Vec3) sim.Vec3 {
	return sim.Vec3{
		m.p[0] + v[0]*m.x[0] + v[1]*m.y[0] + v[2]*m.z[0],
		m.p[1] + v[0]*m.x[1] + v[1]*m.y[1] + v[2]*m.z[1],
		m.height(v),
	}
}

// height is apply's z alone.
func (m *mover) height(v *sim.Vec3) float64 {
	return m.p[2] + v[0]*m.x[2] + v[1]*m.y[2] + v[2]*m.z[2]
}

// clear reports whether everything keeps margin away from everything at q [m]. What turns in place, the first moving link, counts
// for the arm itself only: it stands where it stands.
func (c *checker) clear(q []float64, margin float64) bool {
	c.place(q)
	return c.placedClear(margin)
}

// clearBut is clear without a load, but that the last parts, so many of them, may be near what was seen.
func (c *checker) clearBut(q []float64, last int, margin float64) bool {
	c.hold(nil)
	c.place(q)
	for i := range c.placed[:len(c.placed)-last] {
		if link := c.arm.Parts[i].Link; link > 1 && !c.around(link).clear(c.placed[i], margin) {
			return false
		}
	}
	return c.clearOfItself(margin)
}

// placedClear is clear for what is placed.
func (c *checker) placedClear(margin float64) bool {
	for i := range c.placed {
		if link := c.arm.Parts[i].Link; link > 1 && !c.around(link).clear(c.placed[i], margin) {
			return false
		}
	}
	for i := range c.carried {
		if !c.field.clear(c.carried[i], margin) {
			return false
		}
	}
	return c.clearOfItself(margin)
}

// around is what a link has to keep clear of. What may be where nobody saw is nothing to a trunk that stands before it.
func (c *checker) around(link int) *columns {
	if link <= c.arm.Trunk {
		return c.field.plain()
	}
	return &c.field.columns
}

// met is how many parts of the arm and of its load reach into what was seen at q.
func (c *checker) met(q []float64) int {
	c.place(q)
	n := 0
	for i := range c.placed {
		if link := c.arm.Parts[i].Link; link > 1 && !c.around(link).clear(c.placed[i], 0) {
			n++
		}
	}
	for i := range c.carried {
		if !c.field.clear(c.carried[i], 0) {
			n++
		}
	}
	return n
}

// surelyClear is placedClear for all of a stretch that shift is about and what is placed is in the middle of, for far less work than looking at all of it.
// It may say no where that says yes.
func (c *checker) surelyClear(margin float64) bool {
	for i := range c.placed {
		if link := c.arm.Parts[i].Link; link > 1 && !c.around(link).surelyClear(c.placed[i], margin+c.shift[0][link]/2) {
			return false
		}
	}
	if wide := margin + c.shift[0][len(c.shift)-1]/2; len(c.carried) > 0 && !(min(c.hullInArm.A[2], c.hullInArm.B[2])-c.hullInArm.Radius-wide >= c.field.tallest) {
		for i := range c.carried {
			if !c.field.surelyClear(c.carried[i], wide) {
				return false
			}
		}
	}
	return c.apart(margin, 0.5)
}

// clearOfItself reports whether the placed parts and the load keep margin away from each other.
func (c *checker) clearOfItself(margin float64) bool { return c.apart(margin, 0) }

// apart reports whether the placed parts and the load keep margin away from each other, and on top of it a share of what they move
// with respect to each other on the stretch that shift is about.
func (c *checker) apart(margin, share float64) bool {
	for i := range c.groups {
		g := &c.groups[i]
		part, around := &c.placed[g.part], &c.balls[g.link]
		wide := margin + share*c.shift[c.arm.Parts[g.part].Link][g.link]
		if reach := part.Radius + around.radius + wide; segmentDistance2(around.placed, part.A, part.B) >= reach*reach {
			continue
		}
		for _, k := range g.others {
			if near(part, &c.placed[k], wide) {
				return false
			}
		}
	}
	if len(c.carried) == 0 {
		return true
	}
	for _, i := range c.against {
		wide := margin + share*c.shift[c.arm.Parts[i].Link][len(c.shift)-1]
		if !near(&c.placed[i], &c.hullInArm, wide) {
			continue
		}
		for k := range c.carried {
			if near(&c.placed[i], &c.carried[k], wide) {
				return false
			}
		}
	}
	return true
}

// near reports whether two capsules are less than margin apart.
func near(a, b *Capsule, margin float64) bool {
	reach := a.Radius + b.Radius + margin
	// Balls around both first.
	var gap, lenA, lenB float64
	for k := range 3 {
		gap += sq(a.A[k] + a.B[k] - b.A[k] - b.B[k])
		lenA += sq(a.B[k] - a.A[k])
		lenB += sq(b.B[k] - b.A[k])
	}
	// gap is 4 × the squared distance of the middles; (la+lb)² ≤ 2(la²+lb²)
	if bound := 2*reach + math.Sqrt(2*(lenA+lenB)); gap >= bound*bound {
		return false
	}
	return segmentsDistance2(a.A, a.B, b.A, b.B) < reach*reach
}

// segmentsDistance2 is the squared distance of the segments from a to b and from c to d (Ericson, Real-Time Collision Detection, 5.1.9).
func segmentsDistance2(a, b, c, d sim.Vec3) float64 {
	u, v, w := b.Sub(a), d.Sub(c), a.Sub(c)
	uu, vv, uv, uw, vw := u.Dot(u), v.Dot(v), u.Dot(v), u.Dot(w), v.Dot(w)
	clamp := func(x float64) float64 { return min(max(x, 0), 1) }
	var s, t float64
	switch {
	case uu == 0 && vv == 0:
	case uu == 0:
		t = clamp(vw / vv)
	case vv == 0:
		s = clamp(-uw / uu)
	default:
		if den := uu*vv - uv*uv; den > 1e-12*uu*vv {
			s = clamp((uv*vw - uw*vv) / den)
		}
		t = (uv*s + vw) / vv
		if t < 0 {
			t, s = 0, clamp(-uw/uu)
		} else if t > 1 {
			t, s = 1, clamp((uv-uw)/uu)
		}
	}
	g := w.Add(u.Mul(s)).Sub(v.Mul(t))
	return g.Dot(g)
}

// edge reports whether the straight way in joint space from a to b keeps clear. Where joint positions in the middle of a stretch keep
// margin and half of what anything moves on the stretch, all of it keeps margin; other stretches are halved until nothing moves more
// than step. So the whole way keeps margin - step/2, at least. mid is scratch, as long as a for each halving (see scratchRows).
// The ends are not looked at.
func (c *checker) edge(a, b []float64, margin, step float64, mid []float64) bool {
	dof := len(a)
	m := mid[:dof]
	for i := range m {
		m[i] = (a[i] + b[i]) / 2
	}
	moved := c.moved(a, b)
	c.place(m)
	if moved > step && moved < 0.6 && c.surelyClear(margin) {
		return true
	}
	if !c.placedClear(margin) {
		return false
	}
	if moved <= step {
		return true
	}
	return c.edge(a, m, margin, step, mid[dof:]) && c.edge(m, b, margin, step, mid[dof:])
}

// scratchRows is how many rows of joint positions edge needs: it halves stretches of 80 m down to the smallest step.
const scratchRows = 17
