package refer

import (
	"math"

	"github.com/go-gl/mathgl/mgl64"

	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/relate"
	"github.com/refarena/refarena/sim"
)

// The rules of free space, from RefSpatial's generator (arXiv 2506.04308, appendix B). That one works on rooms; three of its numbers are
// changed for tables, which is said beside them.
const (
	SectorHalf    = math.Pi / 4 // a direction is a sector of 90° about the middle of the anchor's outline
	MinRadius     = 0.20        // … of this radius [m], or of the outline's diagonal if that is larger
	SurfaceShrink = 0.80        // on top of something means on its surface shrunk to 80 % about its middle
	MinArea       = 0.0036      // less free area is no answer [m²]; the generator's 0.036 m² for rooms would leave few gaps on a table
	MinVisible    = 0.60        // this share of the free area has to be visible: the generator's rule for between (6,000 of 10,000 samples)
	VisibleDepth  = 0.025       // a sample is visible if its depth differs from the picture's by no more than this [m]
)

// The rules that are this package's own.
const (
	Clearance     = 0.020 // around an answer, if nothing is said about what is to be put there [m]
	DistanceSlack = 0.03  // "15 cm to the left of" means 12…18 cm between the outline and the answer [m]
	OutsideReach  = 0.10  // "just outside" means this near to the outline [m]
	CornerReach   = 0.25  // "in the corner" means this near to it [m]
	surfaceRelief = 0.005 // how far a pixel's point may be off the surface it shows [m]
	sampleStep    = 0.008 // of the grid that areas are measured with [m]
)

// An Area is a part of a horizontal surface that is free: where an answer may be, in the world.
type Area struct {
	Table  int        // index of the table it is on; -1 if it is on or in a thing
	Thing  int        // … of the thing
	Z      float64    // of the surface [m]
	Size   float64    // [m²], measured on a grid of 8 mm
	Seen   float64    // the share of it that is visible
	Centre sim.Vec3   // the mean of its visible part, or the visible place nearest to it if that is not free
	View   sim.Camera // for areas that the picture defines

	bounds    relate.Outline // a convex outline that encloses it
	inside    []relate.Outline
	lo, hi    relate.Vec2    // a table without its border
	room      relate.Outline // a thing's surface: the answer is inset or more inside of it; nil on a table
	inset     float64        // [m]
	sectors   []sector
	rings     []ring
	images    []imageSector
	obstacles []obstacle
	clearance float64
	height    float64 // of a hollow: how far above Z the answer may lie [m]
}

// A sector is what lies in a direction of a place, up to a radius (0: any).
type sector struct {
	apex, dir    relate.Vec2
	cos2, radius float64
}

func newSector(apex, dir relate.Vec2, radius float64) sector {
	c := math.Cos(SectorHalf)
	return sector{apex, dir, c * c, radius}
}

func (s *sector) contains(p relate.Vec2) bool {
	d := p.Sub(s.apex)
	along, len2 := d.Dot(s.dir), d.LenSqr()
	return along > 0 && along*along >= s.cos2*len2 && (s.radius == 0 || len2 <= s.radius*s.radius)
}

// A ring is what lies between two distances from an outline [m].
type ring struct {
	around relate.Outline
	lo, hi float64
	disc   discs
}

// discs are about an outline's centroid, one inside of it and one around it: they decide most questions about distances.
type discs struct {
	centre   relate.Vec2
	in, over float64 // radii
}

func discsOf(s *relate.Solid) discs {
	d := discs{centre: s.Centre, in: s.Outline.Depth(s.Centre)}
	for _, p := range s.Outline {
		d.over = max(d.over, p.Sub(s.Centre).Len())
	}
	return d
}

// bounds are bounds of a place's distance to the outline.
func (d *discs) bounds(p relate.Vec2) (lo, hi float64) {
	x, y := p[0]-d.centre[0], p[1]-d.centre[1]
	far := math.Sqrt(x*x + y*y)
	return far - d.over, far - d.in
}

func newRing(s *relate.Solid, lo, hi float64) ring { return ring{s.Outline, lo, hi, discsOf(s)} }

func (r *ring) contains(p relate.Vec2) bool {
	switch lo, hi := r.disc.bounds(p); {
	case lo > r.hi, hi < r.lo:
		return false
	case lo >= r.lo && hi <= r.hi:
		return true
	}
	d := r.around.Distance(p)
	return d >= r.lo && d <= r.hi
}

// An imageSector is a sector of the picture [px].
type imageSector struct {
	sector
	cam  sim.Camera
	turn mgl64.Mat3 // R_cam_world
}

// at is the pixel that shows a point of the world; false if it is behind the camera.
func (s *imageSector) at(p sim.Vec3) (relate.Vec2, bool) {
	q := s.turn.Mul3x1(p.Sub(s.cam.TWorldCam.Pos))
	return relate.Vec2{s.cam.Cx + s.cam.Fx*q[0]/q[2], s.cam.Cy + s.cam.Fy*q[1]/q[2]}, q[2] > 0
}

// Contains reports whether a point of the surface, seen from above, is free and where the instruction says. Its height is not looked at.
func (a *Area) Contains(at relate.Vec2) bool { return a.says(at) && a.free(at) }

// Meets reports whether a place is where the instruction says, to within slack [m]: it, or one of eight places so far around it. Whether it
// was free is not looked at: it is for what has been put there.
func (a *Area) Meets(at relate.Vec2, slack float64) bool {
	if a.says(at) {
		return true
	}
	for k := range 8 {
		sin, cos := math.Sincos(math.Pi / 4 * float64(k))
		if a.says(at.Add(relate.Vec2{slack * cos, slack * sin})) {
			return true
		}
	}
	return false
}

// says reports whether a place is where the instruction says.
func (a *Area) says(at relate.Vec2) bool {
	if a.Table >= 0 && (at[0] < a.lo[0] || at[1] < a.lo[1] || at[0] > a.hi[0] || at[1] > a.hi[1]) {
		return false
	}
	for i := range a.sectors {
		if !a.sectors[i].contains(at) {
			return false
		}
	}
	for _, o := range a.inside {
		if !o.Contains(at) {
			return false
		}
	}
	if a.room != nil && a.room.Depth(at) < a.inset {
		return false
	}
	for i := range a.rings {
		if !a.rings[i].contains(at) {
			return false
		}
	}
	for i := range a.images {
		s := &a.images[i]
		if px, ok := s.at(sim.Vec3{at[0], at[1], a.Z}); !ok || !s.contains(px) {
			return false
		}
	}
	return true
}

// free reports whether a place has its clearance.
func (a *Area) free(at relate.Vec2) bool {
	for i := range a.obstacles {
		o := &a.obstacles[i]
		lo, hi := o.disc.bounds(at)
		if lo < a.clearance && (hi < a.clearance || near(o.outline, at, a.clearance)) {
			return false
		}
	}
	return true
}

// An obstacle is an outline that the clearance is kept from.
type obstacle struct {
	outline relate.Outline
	disc    discs
}

// near reports whether a point is less than r from an outline.
func near(o relate.Outline, p relate.Vec2, r float64) bool {
	inside, r2 := true, r*r
	a := o[len(o)-1]
	for _, b := range o {
		ex, ey, qx, qy := b[0]-a[0], b[1]-a[1], p[0]-a[0], p[1]-a[1]
		a = b
		if out := ey*qx - ex*qy; out > 0 { // beyond this side, by out over its length
			inside = false
			if out*out >= r2*(ex*ex+ey*ey) {
				return false
			}
		} else {
			continue // the point of the border that is nearest to what is outside is on a side that it is beyond
		}
		t := min(max((qx*ex+qy*ey)/(ex*ex+ey*ey), 0), 1)
		if dx, dy := qx-t*ex, qy-t*ey; dx*dx+dy*dy < r2 {
			return true
		}
	}
	return inside
}

// A Place is a description of free space.
type Place struct {
	Conditions []Clause // one or two, which all hold: relations to anchors. Above and Inside are alone
}

// Steps counts the reasoning steps as Phrase.Steps does. "On" and "in" are no directions.
func (p *Place) Steps() int {
	n := 0
	for i := range p.Conditions {
		c := &p.Conditions[i]
		n += c.steps()
		if c.Relation == relate.Edge { // between an anchor and the edge
			n++
		}
	}
	return n
}

func (p *Place) relations() []relate.Relation {
	list := []relate.Relation{relate.FreeSpace}
	for _, c := range p.Conditions {
		list = append(list, c.Relation)
		if c.Relation == relate.Edge {
			list = append(list, relate.Between)
		}
		if c.Distance > 0 {
			list = append(list, relate.Distance)
		}
		for _, a := range c.Anchors {
			list = a.relations(list)
		}
	}
	return list
}

// direction is the ground direction that a relation means at an anchor.
func (v *View) direction(r relate.Relation, anchor int) relate.Vec2 {
	w := v.World
	switch r {
	case relate.Left:
		return w.Right().Mul(-1)
	case relate.Right:
		return w.Right()
	case relate.Front:
		return w.Away().Mul(-1)
	case relate.Behind:
		return w.Away()
	case relate.Face:
		return w.Solids[anchor].Facing
	case relate.Back:
		return w.Solids[anchor].Facing.Mul(-1)
	}
	return relate.Vec2{}
}

// area is what a Place means. held is the thing that is to be put there, -1 for none. ok is false if an anchor is not certain, does not stand
// on a table (or is no support, for Above and Inside), or if the free part is too small or too hidden.
func (v *View) area(p *Place, held int) (area *Area, ok bool) {
	key := areaKey{n: len(p.Conditions), held: held}
	for i := range p.Conditions {
		c := &p.Conditions[i]
		claim, ok := v.claim(c.Relation, c.Way, c.Anchors)
		if !ok || claim.A == held && held >= 0 || claim.B == held && held >= 0 || i == len(key.claims) {
			return nil, false
		}
		claim.Distance = c.Distance
		key.claims[i] = claim
	}
	a, known := v.areas[key]
	if !known {
		a = v.newArea(key)
		v.areas[key] = a
	}
	return a, a != nil
}

// An areaKey is a Place with its anchors resolved: one or two conditions.
type areaKey struct {
	claims [2]relate.Claim
	n      int
	held   int
}

// newArea is the area of a place; nil if there is none.
func (v *View) newArea(key areaKey) *Area {
	a := &Area{Table: -1, Thing: -1, View: v.World.Camera, clearance: v.clearance(key.held)}
	for _, c := range key.claims[:key.n] {
		ok := false
		if c.Relation == relate.Above || c.Relation == relate.Inside {
			ok = key.n == 1 && v.onThing(a, c, key.held)
		} else {
			ok = v.onTable(a, c)
		}
		if !ok {
			return nil
		}
	}
	v.obstruct(a, key.held)
	if !v.measure(a) {
		return nil
	}
	return a
}

// clearance is the radius of the disc that has to be free around an answer.
func (v *View) clearance(held int) float64 {
	if held < 0 {
		return Clearance
	}
	var r float64
	for _, p := range v.World.Things[held].Points {
		r = max(r, math.Hypot(p[0], p[1]))
	}
	return r + scenes.PlaceMargin
}

// onTable adds a condition about a table's surface.
func (v *View) onTable(a *Area, c relate.Claim) bool {
	w := v.World
	anchors := []int{c.A, c.B}
	for _, t := range anchors {
		if t < 0 {
			continue
		}
		table := w.TableOf(t)
		if table < 0 || v.parent[t] >= 0 || a.Table >= 0 && a.Table != table {
			return false
		}
		a.Table = table
	}
	switch c.Relation {
	case relate.Left, relate.Right, relate.Front, relate.Behind, relate.Face, relate.Back:
		s := &w.Solids[c.A]
		dir := v.direction(c.Relation, c.A)
		if dir == (relate.Vec2{}) {
			return false
		}
		radius := max(s.Diagonal, MinRadius)
		if c.Distance > 0 {
			a.rings = append(a.rings, newRing(s, c.Distance-DistanceSlack, c.Distance+DistanceSlack))
			radius = s.Diagonal + c.Distance + DistanceSlack
		}
		a.sectors = append(a.sectors, newSector(s.Centre, dir, radius))
		a.enclose(wedge(s.Centre, dir, radius))
	case relate.ImageAbove, relate.ImageBelow:
		s := &w.Solids[c.A]
		dir := relate.Vec2{0, -1}
		if c.Relation == relate.ImageBelow {
			dir = relate.Vec2{0, 1}
		}
		_, depth, _ := w.Camera.Project(s.Middle())
		radius := max(s.ImageMax.Sub(s.ImageMin).Len(), MinRadius*w.Camera.Fx/depth)
		apex := s.ImageMin.Add(s.ImageMax).Mul(0.5)
		a.images = append(a.images, imageSector{newSector(apex, dir, radius), w.Camera, w.Camera.TWorldCam.Inv().Rot.Mat4().Mat3()})
		box, ok := v.onPlane(apex, radius, w.Tables[a.Table].Z)
		if !ok {
			return false
		}
		a.enclose(box)
	case relate.Between:
		span := relate.Hull(append(append([]relate.Vec2{}, w.Solids[c.A].Outline...), w.Solids[c.B].Outline...))
		a.inside = append(a.inside, span)
		a.enclose(span)
	case relate.Edge:
		s := &w.Solids[c.A]
		from, to, ok := w.TableEdge(c.Way)
		if !ok || !v.showsEdge(c.Way, s.Centre) {
			return false
		}
		span := append([]relate.Vec2{}, s.Outline...)
		along := to.Sub(from).Normalize()
		for _, p := range s.Outline {
			q := from.Add(along.Mul((p[0]-from[0])*along[0] + (p[1]-from[1])*along[1]))
			span = append(span, relate.Vec2{q[0], q[1]})
		}
		a.inside = append(a.inside, relate.Hull(span))
		a.enclose(relate.Hull(span))
	case relate.Corner:
		at, ok := w.TableCorner(c.Way)
		if !ok || !v.showsCorner(c.Way) {
			return false
		}
		a.Table = 0
		p := relate.Vec2{at[0], at[1]}
		t := w.Tables[0]
		half := newSector(p, t.Min.Add(t.Max).Mul(0.5).Sub(p).Normalize(), CornerReach)
		half.cos2 = 0 // all of the table within reach
		a.sectors = append(a.sectors, half)
		a.enclose(square(p, CornerReach))
	case relate.Outside:
		s := &w.Solids[c.A]
		if !w.Things[c.A].Support.Hollow() {
			return false
		}
		a.rings = append(a.rings, newRing(s, 0, OutsideReach))
		a.enclose(square(s.Centre, s.Diagonal/2+OutsideReach+0.02))
	default:
		return false
	}
	a.Z = w.Tables[a.Table].Z
	return true
}

// onThing makes the area a surface on or in a thing.
func (v *View) onThing(a *Area, c relate.Claim, held int) bool {
	w := v.World
	t := &w.Things[c.A]
	sup := t.Support
	if sup == nil || sup.Hollow() != (c.Relation == relate.Inside) || t.TWorldObj.Axis(2)[2] < 0.995 {
		return false
	}
	a.Thing = c.A
	if held >= 0 {
		d := v.scene.Objects[held].Design
		if !d.Fits(v.scene.Objects[c.A].Design) {
			return false
		}
		need := d.Base // as scenes.PlaceRegion has it: what need not stand in a hollow has to fit through the opening
		if sup.Hollow() && !d.Upright {
			need = d.Footprint
		}
		a.inset = math.Hypot(math.Abs(need.X)+need.HalfX, math.Abs(need.Y)+need.HalfY) + need.Radius + scenes.PlaceMargin
	}
	flat := sup.Area
	if sup.Hollow() {
		flat, a.height = sup.Opening, sup.Depth
	}
	var out relate.Outline
	for _, p := range flat {
		q := t.TWorldObj.Apply(sim.Vec3{p[0], p[1], sup.Z})
		out = append(out, relate.Vec2{q[0], q[1]})
		a.Z = q[2]
	}
	a.room = relate.Hull(out)
	if sup.Hollow() {
		a.enclose(a.room)
		return true
	}
	shrunk := a.room.Scaled(SurfaceShrink)
	a.inside = append(a.inside, shrunk)
	a.enclose(shrunk)
	return true
}

// obstruct adds what is in the way: everything that reaches above the surface but the surface's owner and what is held, and the edge of
// the surface itself.
func (v *View) obstruct(a *Area, held int) {
	w := v.World
	lo, hi := a.box()
	for i := range w.Solids {
		s := &w.Solids[i]
		if i == held || i == v.held || i == a.Thing || s.Hi <= a.Z+0.001 {
			continue
		}
		x0, x1 := s.Outline.Span(relate.Vec2{1, 0})
		y0, y1 := s.Outline.Span(relate.Vec2{0, 1})
		if c := a.clearance; x1 > lo[0]-c && x0 < hi[0]+c && y1 > lo[1]-c && y0 < hi[1]+c {
			a.obstacles = append(a.obstacles, obstacle{s.Outline, discsOf(s)})
		}
	}
	if a.Table >= 0 {
		t := w.Tables[a.Table]
		c := a.clearance
		a.lo, a.hi = relate.Vec2{t.Min[0] + c, t.Min[1] + c}, relate.Vec2{t.Max[0] - c, t.Max[1] - c}
	}
}

// enclose narrows the bounds to an outline: what is free lies in all of them.
func (a *Area) enclose(o relate.Outline) {
	if a.bounds == nil || o.Area() < a.bounds.Area() {
		a.bounds = o
	}
}

func (a *Area) box() (lo, hi relate.Vec2) {
	x0, x1 := a.bounds.Span(relate.Vec2{1, 0})
	y0, y1 := a.bounds.Span(relate.Vec2{0, 1})
	return relate.Vec2{x0, y0}, relate.Vec2{x1, y1}
}

func square(c relate.Vec2, r float64) relate.Outline {
	return relate.Outline{{c[0] - r, c[1] - r}, {c[0] + r, c[1] - r}, {c[0] + r, c[1] + r}, {c[0] - r, c[1] + r}}
}

// wedge encloses a sector of 90°: its apex, and three points outside of its arc.
func wedge(apex, dir relate.Vec2, r float64) relate.Outline {
	left := relate.Vec2{-dir[1], dir[0]}
	at := func(along, across float64) relate.Vec2 { return apex.Add(dir.Mul(along * r)).Add(left.Mul(across * r)) }
	const half, corner = math.Sqrt2 / 2, math.Sqrt2 - 1 // tangents to the arc at its ends and its middle
	return relate.Hull([]relate.Vec2{apex, at(half, half), at(half, -half), at(1, corner), at(1, -corner)})
}

// onPlane is the part of the plane z that a square of the picture shows.
func (v *View) onPlane(centre relate.Vec2, radius, z float64) (relate.Outline, bool) {
	var out []relate.Vec2
	for _, p := range square(centre, radius) {
		origin, dir := v.World.Camera.Ray(sim.Pixel{X: p[0], Y: p[1]})
		if dir[2] > -0.05 {
			return nil, false // up to the horizon
		}
		q := origin.Add(dir.Mul((z - origin[2]) / dir[2]))
		out = append(out, relate.Vec2{q[0], q[1]})
	}
	hull := relate.Hull(out)
	return hull, hull != nil
}

// measure samples the area on a grid: its size, how much of it is visible, and its centre. ok is false if that is not enough for an answer.
func (v *View) measure(a *Area) bool {
	lo, hi := a.box()
	cam, depth := v.World.Camera, v.shot.Frame.Depth
	tCamWorld := cam.TWorldCam.Inv()
	var visible []relate.Vec2
	var sum relate.Vec2
	free := 0
	for x := math.Ceil(lo[0]/sampleStep) * sampleStep; x <= hi[0]; x += sampleStep {
		for y := math.Ceil(lo[1]/sampleStep) * sampleStep; y <= hi[1]; y += sampleStep {
			at := relate.Vec2{x, y}
			if !a.Contains(at) {
				continue
			}
			free++
			p := tCamWorld.Apply(sim.Vec3{x, y, a.Z})
			px := sim.Pixel{X: cam.Cx + cam.Fx*p[0]/p[2], Y: cam.Cy + cam.Fy*p[1]/p[2]}
			if i, in := px.Index(cam.Width, cam.Height); in && p[2] > 0 && math.Abs(float64(depth[i])-p[2]) <= VisibleDepth+a.height/2 {
				visible = append(visible, at)
				sum = sum.Add(at)
			}
		}
	}
	a.Size = float64(free) * sampleStep * sampleStep
	if a.Thing >= 0 {
		if free == 0 || float64(len(visible)) < MinVisible*float64(free)/2 {
			return false
		}
	} else if a.Size < MinArea || float64(len(visible)) < MinVisible*float64(free) {
		return false
	}
	a.Seen = float64(len(visible)) / float64(free)
	mean := sum.Mul(1 / float64(len(visible)))
	if !a.Contains(mean) {
		best := visible[0]
		for _, p := range visible {
			if p.Sub(mean).LenSqr() < best.Sub(mean).LenSqr() {
				best = p
			}
		}
		mean = best
	}
	a.Centre = sim.Vec3{mean[0], mean[1], a.Z}
	return true
}

// areaRegion is where the picture shows the area, pixels of its surface whose points are free and where the instruction says, and how many they are.
func (v *View) areaRegion(a *Area) (sim.Region, int) {
	r, count := v.region(), 0
	cam := v.World.Camera
	rows := v.rows(a)
	body := int32(v.surfaceBody(a))
	turn, origin := cam.TWorldCam.Rot.Mat4().Mat3(), cam.TWorldCam.Pos
	for y, span := range rows {
		for x := span[0]; x < span[1]; x++ {
			i := y*cam.Width + x
			d := float64(v.shot.Frame.Depth[i])
			if v.shot.Seg.Bodies[i] != body || d == 0 {
				continue
			}
			ray := sim.Vec3{(float64(x) + 0.5 - cam.Cx) / cam.Fx * d, (float64(y) + 0.5 - cam.Cy) / cam.Fy * d, d}
			p := origin.Add(turn.Mul3x1(ray))
			if p[2] >= a.Z-surfaceRelief && p[2] <= a.Z+a.height+surfaceRelief && a.Contains(relate.Vec2{p[0], p[1]}) {
				r.Mask[i] = true
				count++
			}
		}
	}
	return r, count
}

// rows are, for each row of the picture, the pixels from the first to the one before the second that the area's bounds may show.
func (v *View) rows(a *Area) [][2]int {
	cam := v.World.Camera
	rows := make([][2]int, cam.Height)
	var corners []relate.Vec2
	for _, p := range a.bounds {
		for _, z := range []float64{a.Z - surfaceRelief, a.Z + a.height + surfaceRelief} {
			px, _, ok := cam.Project(sim.Vec3{p[0], p[1], z})
			if !ok { // it reaches behind the camera
				for y := range rows {
					rows[y] = [2]int{0, cam.Width}
				}
				return rows
			}
			corners = append(corners, relate.Vec2{px.X, px.Y})
		}
	}
	for y := range rows {
		rows[y] = [2]int{cam.Width, 0}
	}
	hull := relate.Hull(corners)
	for i, p := range hull {
		q := hull[(i+1)%len(hull)]
		if p[1] > q[1] {
			p, q = q, p
		}
		for y := max(0, int(p[1])-1); y < min(cam.Height, int(math.Ceil(q[1]))+1); y++ {
			for _, line := range [2]float64{float64(y), float64(y + 1)} { // where the edge is within the row
				t := 0.0
				if q[1] > p[1] {
					t = min(max((line-p[1])/(q[1]-p[1]), 0), 1)
				}
				x := p[0] + t*(q[0]-p[0])
				lo, hi := int(min(max(x-1, 0), float64(cam.Width))), int(min(max(x+2, 0), float64(cam.Width)))
				rows[y][0], rows[y][1] = min(rows[y][0], lo), max(rows[y][1], hi)
			}
		}
	}
	return rows
}

// surfaceBody is the id of the body whose surface the area is on.
func (v *View) surfaceBody(a *Area) int {
	if a.Thing >= 0 {
		return v.scene.Bodies[a.Thing]
	}
	return v.World.Tables[a.Table].Body
}
