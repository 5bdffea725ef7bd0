package scenes

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/refarena/refarena/sim"
)

// A Placed is one object of a layout: a design in a colour at a place.
type Placed struct {
	Name      string // of its body in the Spec, such as "red mug" or "red mug 2"; unique in the layout
	Design    *Design
	Color     Color
	TWorldObj sim.Pose
	On        string // the Name of the object that it stands on or lies in; "": a table
}

// Phrase names the object by its colour and category: "the red mug". It means this object alone unless the Config allowed
// Lookalikes: see Layout.Unique.
func (p *Placed) Phrase() string { return "the " + p.Color.Name + " " + p.Design.Category() }

// Phrases are all ways to name the object: Phrase first, then the same with each synonym.
func (p *Placed) Phrases() []string {
	out := make([]string, len(p.Design.Names))
	for i, n := range p.Design.Names {
		out[i] = "the " + p.Color.Name + " " + n
	}
	return out
}

// Footprint is the object's outline on the table, in the world.
func (p *Placed) Footprint() Footprint { return p.Design.Footprint.At(p.TWorldObj) }

// ambiguous reports whether a phrase for an object of this design and colour could mean p.
func (p *Placed) ambiguous(d *Design, c Color) bool {
	return p.Color.Name == c.Name && p.Design.sharesName(d)
}

// A Layout is a scene as data: what stands where.
type Layout struct {
	Config  Config // what it was drawn for
	Setting Setting
	Objects []Placed
}

// Camera is the camera that the referee sees the scene through. width and height are in px; 640 × 480 is usual.
func (l *Layout) Camera(width, height int) sim.Camera { return l.Setting.View.camera(width, height) }

// Unique reports whether no phrase of the object could mean another one.
func (l *Layout) Unique(object int) bool {
	p := &l.Objects[object]
	for i := range l.Objects {
		if i != object && l.Objects[i].ambiguous(p.Design, p.Color) {
			return false
		}
	}
	return true
}

// Object is the index of the object whose phrase is given ("the red mug", with a synonym or with the category). The error says that
// there is none, or more than one.
func (l *Layout) Object(phrase string) (int, error) {
	var have []string
	var found []int
	for i, p := range l.Objects {
		if slices.Contains(p.Phrases(), phrase) {
			found = append(found, i)
		}
		have = append(have, p.Phrase())
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return 0, fmt.Errorf("scenes: no object is called %q (have %s)", phrase, strings.Join(have, ", "))
	}
	return 0, fmt.Errorf("scenes: %d objects are called %q (have %s)", len(found), phrase, strings.Join(have, ", "))
}

// Under is the index of the object that the object stands on or lies in; -1: it stands on a table.
func (l *Layout) Under(object int) int { return l.named(l.Objects[object].On) }

// named is the index of the object of that Name; -1 if there is none.
func (l *Layout) named(name string) int {
	return slices.IndexFunc(l.Objects, func(p Placed) bool { return name != "" && p.Name == name })
}

// Carried are the indices of the objects that stand on or lie in the object, not counting what those carry.
func (l *Layout) Carried(object int) []int {
	var out []int
	for i := range l.Objects {
		if l.Objects[i].On == l.Objects[object].Name {
			out = append(out, i)
		}
	}
	return out
}

// depth is how many objects are between the object and the table.
func (l *Layout) depth(object int) int {
	n := 0
	for i := l.Under(object); i >= 0 && n < len(l.Objects); i = l.Under(i) {
		n++
	}
	return n
}

// Pickable are the indices of the objects that a hand can take, in order: small enough, carrying nothing, in reach, and with room for
// fingers around them.
func (l *Layout) Pickable() []int {
	var out []int
	for i, p := range l.Objects {
		if p.Design.Pickable() && len(l.Carried(i)) == 0 && l.InReach(i) && l.Clearance(i) >= fingerRoom {
			out = append(out, i)
		}
	}
	return out
}

// fingerRoom is how far a thing's neighbours have to be for a hand to reach in between [m]: a finger of the 2F-85 open around it.
const fingerRoom = 0.030

// Clearance is the distance, seen from above, from the object's outline to the nearest other one that is in the way of fingers: that rises above
// the object's middle height and neither carries it nor lies on it [m]; 0 if they overlap. It is maxTableSide, 3 m, if there is none.
func (l *Layout) Clearance(object int) float64 {
	p := &l.Objects[object]
	middle := (p.bottom() + p.top()) / 2
	f, gap := p.Footprint(), maxTableSide
	for i := range l.Objects {
		q := &l.Objects[i]
		if i != object && p.On != q.Name && q.On != p.Name && q.top() > middle {
			gap = min(gap, max(0, f.Gap(q.Footprint())))
		}
	}
	return gap
}

// bottom and top are the heights of the object's lowest and highest point, in the world [m].
func (p *Placed) bottom() float64 { return p.Design.Lowest(p.TWorldObj) }
func (p *Placed) top() float64    { return p.Design.highest(p.TWorldObj) }

// highest is the z of the highest point of an object's collision geometry in the frame a of tAObj, whichever way it lies.
func (d *Design) highest(tAObj sim.Pose) float64 {
	return -d.Lowest(sim.Rotation(math.Pi, sim.Vec3{1, 0, 0}).Mul(tAObj))
}

// SupportsFor are the indices of the objects in reach that the object held can be put down on or in, in order: it fits by its size, what is
// there already leaves room, and the camera sees the place (not that at the bottom of a deep bin). Where the object is now is not among
// them.
func (l *Layout) SupportsFor(held int) []int {
	cam := l.Camera(640, 480)
	var out []int
	for i, p := range l.Objects {
		if i == held || p.Name == l.Objects[held].On || !l.Objects[held].Design.Fits(p.Design) || !l.InReach(i) {
			continue
		}
		taken := l.takenOn(held, i, func(k int) sim.Pose { return l.Objects[k].TWorldObj })
		if l.Objects[held].Design.findsRoom(p.Design, p.TWorldObj, cam, taken) {
			out = append(out, i)
		}
	}
	return out
}

// minPlaces is the least share of the places on or in a support that have to be free and visible for it to be a place for an object.
const minPlaces = 0.05

// findsRoom reports whether a support of design on at tWorldSupport has places where an object of design d can be put down, on a grid of
// places: each may be missed by minRoom, keeps clear of the outlines taken (in the support's frame), and is seen by the camera over the rim.
func (d *Design) findsRoom(on *Design, tWorldSupport sim.Pose, cam sim.Camera, taken []Footprint) bool {
	room, ok := on.Support.room(d)
	if !ok {
		return false
	}
	if room, ok = room.Inset(minRoom); !ok {
		return false
	}
	eye := tWorldSupport.Inv().Apply(cam.TWorldCam.Pos)
	rim := on.Support.Z + on.Support.Depth
	const steps = 6 // from the middle to the border
	free := circle(d.Footprint.turned() + PlaceMargin + minRoom)
	good, all := 0, 0
	for i := -steps; i <= steps; i++ {
		for j := -steps; j <= steps; j++ {
			free.X = room.X + (room.HalfX+room.Radius)*float64(i)/steps
			free.Y = room.Y + (room.HalfY+room.Radius)*float64(j)/steps
			if !room.Contains(free.X, free.Y) {
				continue
			}
			all++
			if on.Support.hollow() { // where the line of sight passes the rim's height
				up := on.Support.Depth / (eye[2] - on.Support.Z)
				x, y := free.X+up*(eye[0]-free.X), free.Y+up*(eye[1]-free.Y)
				if eye[2] <= rim || !on.Support.Opening.Contains(x, y) {
					continue
				}
			}
			if !slices.ContainsFunc(taken, func(f Footprint) bool { return f.Gap(free) < 0 }) {
				good++
			}
		}
	}
	return good > 0 && float64(good) >= minPlaces*float64(all)
}

// takenOn is the outlines, in the support's frame, of what an object held that is put on or in the support would run into: what rises above
// the surface and is not far from it. tWorldObj is where the objects are.
func (l *Layout) takenOn(held, support int, tWorldObj func(object int) sim.Pose) []Footprint {
	const low = 0.002 // what does not rise above the surface by so much is not in the way [m]
	what, on := l.Objects[held].Design, l.Objects[support].Design
	room, _ := on.Support.room(what)
	tSupportWorld := tWorldObj(support).Inv()
	var out []Footprint
	for i, p := range l.Objects {
		if i == held || i == support {
			continue
		}
		tSupportObj := tSupportWorld.Mul(tWorldObj(i))
		f := p.Design.Footprint.At(tSupportObj)
		if f.Gap(room) < what.Footprint.turned()+PlaceMargin && p.Design.highest(tSupportObj) > on.Support.Z+low {
			out = append(out, f)
		}
	}
	return out
}

// InReach reports whether the object's middle is in the zone where the Config wants what is to be picked up, or on a second table, where
// a UR5 reaches all that is drawn.
func (l *Layout) InReach(object int) bool {
	p := l.Objects[object].TWorldObj.Pos
	return l.Reaches(p[0], p[1])
}

// Reaches is InReach for a place [m].
func (l *Layout) Reaches(x, y float64) bool {
	return l.Config.withDefaults().Reach.depth(x, y) > -zoneSlack || l.TableUnder(x, y) > 0
}

// Build composes the scene: room, tables (bodies TableBody, TableBody + " 2"), objects (a body and a free joint of each one's Name). The
// caller attaches a robot, if any, and compiles; it owns the Spec.
func (l *Layout) Build() (*sim.Spec, error) {
	s, err := sim.NewSpec()
	if err != nil {
		return nil, err
	}
	if err := l.Setting.build(s); err != nil {
		s.Close()
		return nil, err
	}
	addHulls(s, l.Objects)
	for i := range l.Objects {
		p := &l.Objects[i]
		b := s.World().AddBody(p.Name, p.TWorldObj)
		b.AddFreeJoint(p.Name)
		for _, g := range p.Design.Geoms {
			b.AddGeom(g)
		}
		for _, part := range p.Design.Parts() {
			b.AddVisual(part.pose(), part.Mesh, part.Paint(p.Color))
		}
	}
	return s, nil
}
