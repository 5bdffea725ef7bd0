package refer

import (
	"fmt"
	"math"
	"slices"

	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/relate"
	"github.com/refarena/refarena/sim"
)

// A View is a scene as one picture shows it: what instructions are about. It holds on to the scene and the shot, neither of which may change
// while it is in use. It is not safe for concurrent use.
type View struct {
	World *relate.World
	scene *scenes.Scene
	shot  *sim.Shot
	seen  []sighting
	held  int // the thing that a robot holds, -1 for none: no phrase means it, nothing is described by it, and it is in nothing's way

	// What has been worked out already; everything here follows from the above.
	holds  map[relate.Claim][]relate.Truth // by thing
	before map[relate.Claim][]relate.Truth // by thing × thing
	parent []int
	fronts []bool // by thing: see showsFront
	facts  [relate.Angle + 1]*[]fact
	about  [relate.Angle + 1][][]fact   // facts by thing
	areas  map[areaKey]*Area            // nil: there is none
	heads  map[[2]string][]relate.Truth // noun and colour: what Phrase.fits says of each thing
	known  map[*Phrase]int              // what phrases that are finished mean
}

// A sighting is what the picture shows of a thing.
type sighting struct {
	pixels         int
	x0, y0, x1, y1 int        // the box around its visible pixels, half open
	share          float64    // of its outline in the picture that is visible, 0…1
	mark           *sim.Pixel // the visible pixel that is deepest inside; made when asked for
}

// What a picture has to show of a thing for an instruction to name it.
const (
	minPixels = 0.0004 // of the picture: 123 px of 640 × 480
	minShare  = 0.40   // of the thing's own picture
)

// Look makes a View of a settled scene and a shot of it. Poses are those that the scene's Data has now.
func Look(s *scenes.Scene, shot *sim.Shot) (*View, error) { return LookHolding(s, shot, -1) }

// LookHolding is Look while a robot holds one of the scene's objects: for the instructions it is not there, except that placements are made
// for it. -1 is Look.
func LookHolding(s *scenes.Scene, shot *sim.Shot, held int) (*View, error) {
	if held < -1 || held >= len(s.Objects) {
		return nil, fmt.Errorf("refer: object %d of %d is held (want -1 for none, or one of them)", held, len(s.Objects))
	}
	cam := shot.Frame.Camera
	if n := cam.Width * cam.Height; len(shot.Seg.Bodies) != n || len(shot.Frame.Depth) != n {
		return nil, fmt.Errorf("refer: a shot of %d × %d px has %d ids and %d depths (want %d each)",
			cam.Width, cam.Height, len(shot.Seg.Bodies), len(shot.Frame.Depth), n)
	}
	w, err := relate.FromScene(s, cam)
	if err != nil {
		return nil, fmt.Errorf("refer: %w", err)
	}
	v := &View{
		World: w, scene: s, shot: shot, seen: make([]sighting, len(w.Things)), held: held,
		holds: map[relate.Claim][]relate.Truth{}, before: map[relate.Claim][]relate.Truth{}, areas: map[areaKey]*Area{}, heads: map[[2]string][]relate.Truth{}, known: map[*Phrase]int{},
	}
	for i := range w.Things {
		v.parent = append(v.parent, w.Parent(i))
	}
	for i := range w.Things {
		v.fronts = append(v.fronts, v.showsFront(i))
	}
	thing := make([]int32, s.Model.NBody())
	for i := range thing {
		thing[i] = -1
	}
	for i, body := range s.Bodies {
		thing[body] = int32(i)
		v.seen[i].x0, v.seen[i].y0 = cam.Width, cam.Height
	}
	for y := range cam.Height {
		for x, body := range shot.Seg.Bodies[y*cam.Width : (y+1)*cam.Width] {
			if body <= 0 || thing[body] < 0 {
				continue
			}
			g := &v.seen[thing[body]]
			g.pixels++
			g.x0, g.x1 = min(g.x0, x), max(g.x1, x+1)
			g.y0, g.y1 = min(g.y0, y), max(g.y1, y+1)
		}
	}
	for i := range v.seen {
		v.seen[i].share = min(1, float64(v.seen[i].pixels)/v.pictureArea(i))
	}
	return v, nil
}

// pictureArea is the area of a thing's convex hull in the picture [px²], hidden parts and those out of the picture included.
func (v *View) pictureArea(thing int) float64 {
	points := v.World.Solids[thing].Points
	flat := make([]relate.Vec2, 0, len(points))
	for _, p := range points {
		px, _, ok := v.World.Camera.Project(p)
		if !ok {
			return math.Inf(1)
		}
		flat = append(flat, relate.Vec2{px.X, px.Y})
	}
	return max(relate.Hull(flat).Area(), 1)
}

// whoHolds is what World.Holds says of each thing.
func (v *View) whoHolds(c relate.Claim) []relate.Truth {
	all, ok := v.holds[c]
	if !ok {
		for t := range v.World.Things {
			if v.held >= 0 && (t == v.held || c.A == v.held || c.B == v.held) {
				all = append(all, relate.No)
				continue
			}
			if c.Relation == relate.Touch { // it works both ways
				if back := v.holds[relate.Claim{Relation: relate.Touch, A: t, B: -1}]; back != nil && c.A >= 0 {
					all = append(all, back[c.A])
					continue
				}
			}
			all = append(all, v.World.Holds(c, t))
		}
		v.holds[c] = all
	}
	return all
}

// whoFits is what Phrase.fits says of each thing.
func (v *View) whoFits(p *Phrase) []relate.Truth {
	key := [2]string{p.Noun, p.Color}
	all, ok := v.heads[key]
	if !ok {
		for t := range v.World.Things {
			if t == v.held {
				all = append(all, relate.No)
				continue
			}
			all = append(all, p.fits(&v.World.Things[t]))
		}
		v.heads[key] = all
	}
	return all
}

// whoIsBefore is what World.Before says of each two of n things: of i and j at i·n + j.
func (v *View) whoIsBefore(c relate.Claim) []relate.Truth {
	all, ok := v.before[c]
	if !ok {
		n := len(v.World.Things)
		all = make([]relate.Truth, n*n)
		for i := range n {
			for j := range n {
				all[i*n+j] = v.World.Before(c, i, j)
			}
		}
		v.before[c] = all
	}
	return all
}

// visible reports whether the picture shows enough of a thing to name it.
func (v *View) visible(thing int) bool {
	g := &v.seen[thing]
	return thing != v.held && float64(g.pixels) >= minPixels*float64(len(v.shot.Seg.Bodies)) && g.share >= minShare
}

// fallen reports whether a thing that should stand does not.
func (v *View) fallen(thing int) bool {
	t := &v.World.Things[thing]
	return t.Upright && t.TWorldObj.Axis(2)[2] < math.Sqrt2/2
}

// straight reports whether the middle of a thing's box in the picture is within 15° of straight above or below that of another's.
func (v *View) straight(a, b int) bool {
	s, t := &v.World.Solids[a], &v.World.Solids[b]
	d := s.ImageMin.Add(s.ImageMax).Sub(t.ImageMin.Add(t.ImageMax))
	return math.Abs(d[0]) < math.Tan(15*math.Pi/180)*math.Abs(d[1])
}

// sameKind reports whether two nouns are different names for one kind of thing.
func (v *View) sameKind(a, b string) bool {
	return a != b && slices.ContainsFunc(v.World.Things, func(t relate.Thing) bool { return slices.Contains(t.Nouns, a) && slices.Contains(t.Nouns, b) })
}

// consistent reports whether no two of the phrases have different names for one kind of thing: "the pump bottle that touches the soap bottle".
func (v *View) consistent(phrases []*Phrase) bool {
	for i, p := range phrases {
		if slices.ContainsFunc(phrases[:i], func(q *Phrase) bool { return v.sameKind(p.Noun, q.Noun) }) {
			return false
		}
	}
	return true
}

// region is an empty region of the picture's size.
func (v *View) region() sim.Region {
	w, h := v.shot.Seg.Width, v.shot.Seg.Height
	return sim.Region{Width: w, Height: h, Mask: make([]bool, w*h)}
}

// showsFront reports whether the picture shows which way a thing's front points: a sixth of the corners of the part that is called so, or, if
// no part is, a front that points no more than 100° away from the viewer; and not too small. Labels and the like, which may go around a corner
// of what they are on, have to point no more than 65° away. False for a thing without a front that people have a word for.
func (v *View) showsFront(thing int) bool {
	t, s := &v.World.Things[thing], &v.World.Solids[thing]
	if feature(t) == "" || s.Facing == (relate.Vec2{}) {
		return false
	}
	body := int32(v.scene.Bodies[thing])
	seen, all := 0, 0
	inf := math.Inf(1)
	lo, hi := relate.Vec2{inf, inf}, relate.Vec2{-inf, -inf} // around what is seen of it [px]
	for _, part := range v.scene.Objects[thing].Design.Parts() {
		if part.Name != t.Front {
			continue
		}
		pose := part.TObjPart
		if pose == (sim.Pose{}) {
			pose = sim.Identity()
		}
		n := len(part.Mesh.Positions)
		for k := 0; k < n; k += max(1, n/64) {
			c := part.Mesh.Positions[k]
			p := t.TWorldObj.Mul(pose).Apply(sim.Vec3{float64(c[0]), float64(c[1]), float64(c[2])})
			all++
			px, depth, ok := v.World.Camera.Project(p)
			i, in := px.Index(v.shot.Seg.Width, v.shot.Seg.Height)
			if ok && in && v.shot.Seg.Bodies[i] == body && math.Abs(float64(v.shot.Frame.Depth[i])-depth) < frontDepth {
				seen++
				lo = relate.Vec2{min(lo[0], px.X), min(lo[1], px.Y)}
				hi = relate.Vec2{max(hi[0], px.X), max(hi[1], px.Y)}
			}
		}
	}
	most := 100.0 // [degrees]
	if slices.Contains(facing, t.Front) {
		most = 65
	}
	towards := s.Facing.Dot(v.World.Away().Mul(-1)) > math.Cos(most*math.Pi/180)
	if all == 0 {
		return towards
	}
	if !towards && slices.Contains(facing, t.Front) {
		return false
	}
	return 6*seen >= all && max(hi[0]-lo[0], hi[1]-lo[1]) >= minFront*float64(v.World.Camera.Width)
}

// minFront is how large a person has to see what is an object's front, on its longer side: 14 px of 640.
const minFront = 14.0 / 640

// frontDepth is how far behind the visible surface a corner counts as visible [m].
const frontDepth = 0.004

// thingRegion is where the picture shows a thing, or its part of that name ("" is all of it), and in how many pixels.
func (v *View) thingRegion(thing int, part string) (sim.Region, int) {
	r, count := v.region(), 0
	body, g := int32(v.scene.Bodies[thing]), &v.seen[thing]
	d := v.scene.Objects[thing].Design
	tObjWorld := v.World.Things[thing].TWorldObj.Inv()
	var lo, hi sim.Vec3
	var others [][2]sim.Vec3 // boxes of the other parts
	if part != "" {
		lo, hi, _ = d.PartBounds(part)
		for _, p := range d.Parts() {
			if p.Name != part {
				l, h, _ := d.PartBounds(p.Name)
				others = append(others, [2]sim.Vec3{l, h})
			}
		}
	}
	for y := g.y0; y < g.y1; y++ {
		for x := g.x0; x < g.x1; x++ {
			i := y*r.Width + x
			if v.shot.Seg.Bodies[i] != body {
				continue
			}
			if part != "" {
				p := tObjWorld.Apply(v.pointAt(x, y))
				if !inBox(p, lo, hi, partSlack) {
					continue
				}
				// Where no other part comes near, there is no need to ask which is the nearest.
				if slices.ContainsFunc(others, func(b [2]sim.Vec3) bool { return inBox(p, b[0], b[1], partSlack) }) {
					if name, ok := d.PartAt(p); !ok || name != part {
						continue
					}
				}
			}
			r.Mask[i] = true
			count++
		}
	}
	return r, count
}

// partSlack is how far the depth image may miss a part [m].
const partSlack = 0.004

func inBox(p, lo, hi sim.Vec3, slack float64) bool {
	for i := range p {
		if p[i] < lo[i]-slack || p[i] > hi[i]+slack {
			return false
		}
	}
	return true
}

// pointAt is the world's point that the picture shows at the middle of a pixel.
func (v *View) pointAt(x, y int) sim.Vec3 {
	px := sim.Pixel{X: float64(x) + 0.5, Y: float64(y) + 0.5}
	return v.World.Camera.Deproject(px, float64(v.shot.Frame.Depth[y*v.shot.Seg.Width+x]))
}

// markOf is where to point at a thing: its region's pole of inaccessibility.
func (v *View) markOf(thing int) sim.Pixel {
	g := &v.seen[thing]
	if g.mark == nil {
		// The region is cut out, so that the search costs what the thing takes up and not what the picture does.
		crop := sim.Region{Width: g.x1 - g.x0, Height: g.y1 - g.y0}
		crop.Mask = make([]bool, crop.Width*crop.Height)
		body := int32(v.scene.Bodies[thing])
		for y := range crop.Height {
			for x := range crop.Width {
				crop.Mask[y*crop.Width+x] = v.shot.Seg.Bodies[(g.y0+y)*v.shot.Seg.Width+g.x0+x] == body
			}
		}
		px, _, _ := crop.Pole()
		px.X += float64(g.x0)
		px.Y += float64(g.y0)
		g.mark = &px
	}
	return *g.mark
}

// Mark is where to point at a thing: the visible pixel that is deepest inside. ok is false if the picture does not show the thing.
func (v *View) Mark(thing int) (px sim.Pixel, ok bool) {
	if v.seen[thing].pixels == 0 {
		return sim.Pixel{}, false
	}
	return v.markOf(thing), true
}

// inPicture reports whether a point of the world lies in the picture, hidden or not, a fiftieth of its size off the border.
func (v *View) inPicture(p sim.Vec3) bool {
	cam := v.World.Camera
	px, _, ok := cam.Project(p)
	mx, my := float64(cam.Width)/50, float64(cam.Height)/50
	return ok && px.X >= mx && px.Y >= my && px.X <= float64(cam.Width)-mx && px.Y <= float64(cam.Height)-my
}

// showsEdge reports whether a person sees a table's edge where it is nearest to a place on the ground.
func (v *View) showsEdge(side relate.Way, near relate.Vec2) bool {
	from, to, ok := v.World.TableEdge(side)
	if !ok {
		return false
	}
	along := to.Sub(from)
	t := (near[0]-from[0])*along[0] + (near[1]-from[1])*along[1]
	return v.inPicture(from.Add(along.Mul(min(max(t/along.LenSqr(), 0), 1))))
}

// showsCorner reports whether a person sees a table's corner.
func (v *View) showsCorner(corner relate.Way) bool {
	at, ok := v.World.TableCorner(corner)
	return ok && v.inPicture(at)
}
