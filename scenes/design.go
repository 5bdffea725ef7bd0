package scenes

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// A Design is what all objects of one make have in common; an object adds a colour and a place. Lengths are in m in the object's frame:
// the origin in the middle of what it stands on (of things that roll: in their middle, Lift above that), z up, x to its front. Designs are
// read-only and shared; NewDesign makes them.
type Design struct {
	Name      string    // unique in the catalogue
	Names     []string  // what people call it, each a singular noun: the category first, then synonyms
	Colors    []string  // the colours it comes in, names of Colors
	Front     string    // what points along +x: "handle", "spout", "label", "screen", …; "" if no side of it is its front
	Mass      float64   // [kg]
	Height    float64   // of its highest point
	Footprint Footprint // its outline seen from above
	Base      Footprint // the part of it that has to find room where it is put down
	GripWidth float64   // the smallest width that a hand from above can close on; 0: it is too wide or too flat to be picked up
	Grips     []Grip    // narrower places that a hand can close on too: handles and rims
	Upright   bool      // put down, it has to stand: a can that lies has toppled, an apple has not
	Rolls     bool      // it may turn over while it settles, as a ball does
	Lift      float64   // height of the frame's origin when it is put down
	Support   *Support  // what can be put on or in it; nil: nothing
	Geoms     []sim.Geom
	Hulls     []Hull        // the meshes that Geoms of type sim.GeomMesh name
	Parts     func() []Part // what is drawn, at least one piece, built on first use and kept; safe for concurrent use

	measure func() [2]sim.Vec3 // see Bounds
	pieces  func() *pieces     // see PartAt
}

// A Part is a visible piece of a design. Several may share a name, such as the legs of a bear.
type Part struct {
	Name     string   // what people call it: "handle", "lid", …; "body" for what has no name of its own
	TObjPart sim.Pose // the zero value means Identity
	Mesh     *shape.Mesh
	Paint    Paint
}

// bodyPart is the name of parts that people have no name for.
const bodyPart = "body"

// A Grip is a place on an object that a hand can close on, apart from the object as a whole.
type Grip struct {
	Where string  // "handle", "rim", …
	Width float64 // how far the fingers have to be apart [m]
}

// A Hull is a convex piece of collision geometry for which there is no primitive.
type Hull struct {
	Name     string       // unique among all designs; Geom.Mesh refers to it
	Vertices [][3]float32 // in the geom's frame [m]; their convex hull is what collides
	Volume   float64      // [m³]
}

// A Support is a place on or in an object where others can be put down, in the object's frame.
type Support struct {
	Preposition string    // "on" or "in"
	Area        Footprint // the flat surface: where the bases of other objects may be
	Z           float64   // its height above the object's origin
	Opening     Footprint // of a hollow object: what can be put in at all, stand or not; zero if it is not hollow
	Depth       float64   // how far the rim of a hollow object is above Z
}

// hollow reports whether the support is one to put things in.
func (s *Support) hollow() bool { return s.Depth > 0 }

// Category is the first of the design's names.
func (d *Design) Category() string { return d.Names[0] }

// Pickable reports whether a hand with 85 mm of stroke can take the object from above.
func (d *Design) Pickable() bool { return d.GripWidth > 0 }

// minRoom is how far the place where an object is put may at least be missed in any direction for the object to fit [m].
const minRoom = 0.010

// Fits reports whether an object of this design can be put down on or in one of the other without the last word in precision: its
// base finds room on the flat surface with PlaceMargin to spare, whichever way it is turned, and 10 mm to move about. In a hollow object
// what need not stand upright only has to fit through the opening.
func (d *Design) Fits(on *Design) bool {
	if on.Support == nil || on == d {
		return false
	}
	room, ok := on.Support.room(d)
	if ok {
		_, ok = room.Inset(minRoom)
	}
	return ok
}

// room is where the origin of an object of design held may come to lie, whichever way the object is turned.
func (s *Support) room(held *Design) (Footprint, bool) {
	area, need := s.Area, held.Base
	if s.hollow() && !held.Upright {
		area, need = s.Opening, held.Footprint
	}
	return area.Inset(need.turned() + PlaceMargin)
}

// Lowest is the z of the lowest point of an object's collision geometry in the frame a of tAObj, whichever way it lies.
func (d *Design) Lowest(tAObj sim.Pose) float64 {
	low := math.Inf(1)
	for _, g := range d.Geoms {
		pose := tAObj.Mul(g.Pose)
		tilt := func(axis int) float64 { return math.Abs(pose.Axis(axis)[2]) }
		var down float64 // from the geom's middle to its lowest point
		switch s := g.Size; g.Type {
		case sim.GeomBox:
			down = s[0]*tilt(0) + s[1]*tilt(1) + s[2]*tilt(2)
		case sim.GeomSphere:
			down = s[0]
		case sim.GeomCylinder:
			down = s[1]*tilt(2) + s[0]*math.Hypot(tilt(0), tilt(1))
		case sim.GeomCapsule:
			down = s[1]*tilt(2) + s[0]
		case sim.GeomEllipsoid:
			down = math.Sqrt(math.Pow(s[0]*tilt(0), 2) + math.Pow(s[1]*tilt(1), 2) + math.Pow(s[2]*tilt(2), 2))
		case sim.GeomMesh:
			x, y, z := pose.Axis(0)[2], pose.Axis(1)[2], pose.Axis(2)[2]
			down = math.Inf(-1)
			for _, v := range d.hull(g.Mesh).Vertices {
				down = max(down, -(x*float64(v[0]) + y*float64(v[1]) + z*float64(v[2])))
			}
		}
		low = min(low, pose.Pos[2]-down)
	}
	return low
}

// hull is the design's hull of that name; nil if there is none.
func (d *Design) hull(name string) *Hull {
	for i := range d.Hulls {
		if d.Hulls[i].Name == name {
			return &d.Hulls[i]
		}
	}
	return nil
}

// addHulls registers the hulls of the objects' designs in the spec, each once.
func addHulls(s *sim.Spec, objects []Placed) {
	done := map[string]bool{}
	for i := range objects {
		for _, h := range objects[i].Design.Hulls {
			if !done[h.Name] {
				done[h.Name] = true
				s.AddConvexMesh(h.Name, h.Vertices)
			}
		}
	}
}

// sharesName reports whether someone could call both designs the same: one has a name that is a name of the other, or ends in one, as
// a cereal box is a box.
func (d *Design) sharesName(e *Design) bool {
	for _, a := range d.Names {
		for _, b := range e.Names {
			if a == b || strings.HasSuffix(a, " "+b) || strings.HasSuffix(b, " "+a) {
				return true
			}
		}
	}
	return false
}

// NewDesign is a copy of d, ready for use: its geoms, whose masses and contact parameters are not set yet, get their share of the mass by
// volume and contacts stiff enough for objects to rest within a tenth of a millimetre of where they seem to be. The error says what the
// design lacks. Meshes are built later, on first use.
func NewDesign(d Design) (*Design, error) {
	fail := func(format string, args ...any) (*Design, error) {
		return nil, fmt.Errorf("scenes: design %q: %s", d.Name, fmt.Sprintf(format, args...))
	}
	switch {
	case d.Name == "" || len(d.Names) == 0:
		return fail("no name")
	case len(d.Colors) == 0:
		return fail("no colours")
	case !(d.Mass > 0) || math.IsInf(d.Mass, 0):
		return fail("mass %g kg (want a positive number)", d.Mass)
	case !(d.Height > 0) || math.IsInf(d.Height, 0):
		return fail("height %g m (want a positive number)", d.Height)
	case len(d.Geoms) == 0:
		return fail("no collision geometry")
	case d.Parts == nil:
		return fail("nothing to draw")
	}
	for _, c := range d.Colors {
		if _, err := FindColor(c); err != nil {
			return nil, fmt.Errorf("scenes: design %q: %w", d.Name, err)
		}
	}
	d.Geoms = slices.Clone(d.Geoms)
	var total float64
	volumes := make([]float64, len(d.Geoms))
	for i, g := range d.Geoms {
		v, err := d.volume(g)
		if err != nil {
			return nil, fmt.Errorf("scenes: design %q: geom %d: %w", d.Name, i, err)
		}
		volumes[i] = v
		total += v
	}
	for i := range d.Geoms {
		d.Geoms[i].Mass = d.Mass * volumes[i] / total
		d.Geoms[i].Solref = contactSolref
	}
	made := &d
	made.measure = sync.OnceValue(made.bounds)
	made.pieces = sync.OnceValue(made.cut)
	return made, nil
}

// Bounds is the box in the object's frame that encloses all that is drawn of the object [m].
func (d *Design) Bounds() (lo, hi sim.Vec3) {
	b := d.measure()
	return b[0], b[1]
}

func (d *Design) bounds() [2]sim.Vec3 {
	inf := math.Inf(1)
	lo, hi := sim.Vec3{inf, inf, inf}, sim.Vec3{-inf, -inf, -inf}
	for _, p := range d.Parts() {
		t := p.pose()
		for _, v := range p.Mesh.Positions {
			q := t.Apply(sim.Vec3{float64(v[0]), float64(v[1]), float64(v[2])})
			for i := range q {
				lo[i], hi[i] = min(lo[i], q[i]), max(hi[i], q[i])
			}
		}
	}
	return [2]sim.Vec3{lo, hi}
}

// Extent is the full size of the object along its axes [m]: depth (x), width (y), height (z).
func (d *Design) Extent() sim.Vec3 {
	lo, hi := d.Bounds()
	return hi.Sub(lo)
}

// A SizeClass is how big people find an object, among things that are kept on tables.
type SizeClass string

// The size classes, by the longest side of an object's Extent.
const (
	Small  SizeClass = "small"  // under 90 mm: it disappears in a hand
	Medium SizeClass = "medium" // under 180 mm
	Large  SizeClass = "large"
)

// SizeClass says how big the object is.
func (d *Design) SizeClass() SizeClass {
	e := d.Extent()
	switch longest := max(e[0], e[1], e[2]); {
	case longest < 0.090:
		return Small
	case longest < 0.180:
		return Medium
	}
	return Large
}

// catalogue is the designs that come with this package, and those that Extend has added.
var catalogue struct {
	sync.Mutex
	all []*Design
	own int // of which so many, the last ones, were added
}

// Catalogue is all designs, always in the same order, those that Extend has added last. Their meshes are built on first use. The slice is
// shared: read only.
func Catalogue() []*Design {
	catalogue.Lock()
	defer catalogue.Unlock()
	if catalogue.all == nil {
		for _, make := range makers {
			d, err := NewDesign(make())
			if err != nil {
				panic(err) // a mistake in the catalogue
			}
			catalogue.all = append(catalogue.all, d)
		}
	}
	return catalogue.all
}

// Extend adds designs of a user's own to the catalogue, for the whole process, until undo: call it before the first scene is drawn and undo after
// the last. Scenes that are drawn from the whole catalogue are other ones meanwhile. The error is for a name that is taken, or for designs that
// are there already; then nothing is added.
func Extend(own []*Design) (undo func(), err error) {
	all := slices.Clip(Catalogue())
	names := map[string]bool{}
	for _, d := range all {
		names[d.Name] = true
	}
	for _, d := range own {
		if names[d.Name] {
			return nil, fmt.Errorf("scenes: a second design %q (want a name that the catalogue does not have)", d.Name)
		}
		names[d.Name] = true
	}
	catalogue.Lock()
	defer catalogue.Unlock()
	if catalogue.own > 0 {
		return nil, fmt.Errorf("scenes: %d designs have been added already (want all at once)", catalogue.own)
	}
	catalogue.all, catalogue.own = append(all, own...), len(own)
	return func() {
		catalogue.Lock()
		defer catalogue.Unlock()
		catalogue.all, catalogue.own = all, 0
	}, nil
}

// OwnHash is the SHA-256, in hexadecimal, of the designs that Extend has added, their shapes and looks included; "" if there are none. What
// comes of scenes depends on it.
func OwnHash() string {
	catalogue.Lock()
	own := catalogue.all[len(catalogue.all)-catalogue.own:]
	catalogue.Unlock()
	if len(own) == 0 {
		return ""
	}
	h := sha256.New()
	for _, d := range own {
		e := *d
		e.Parts, e.Support, e.measure, e.pieces = nil, nil, nil, nil
		fmt.Fprintf(h, "%+v %+v\n", e, d.Support)
		for _, p := range d.Parts() {
			fmt.Fprintf(h, "%q %v %v %v\n", p.Name, p.TObjPart, p.Mesh.Positions, p.Mesh.Indices)
			for _, name := range d.Colors {
				c, err := FindColor(name)
				if err != nil {
					panic(err) // NewDesign has looked
				}
				m := p.Paint(c)
				if m.Texture != nil {
					h.Write(m.Texture.RGB)
				}
				fmt.Fprintf(h, "%q %v %v %v\n", m.Name, m.Color, m.Roughness, m.Metallic)
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// makers are the designs' functions, in the order of the catalogue.
var makers = []func() Design{
	mug, cup, can, bottle, jar, bowl, plate, tray,
	cerealBox, milkCarton, giftBox, book, block, sponge, tapeRoll,
	apple, pear, banana, lemon, ball,
	orange, tomato, carrot, cucumber, eggplant, corn, strawberry, bellPepper, mushroom, egg, breadLoaf, croissant, hamburger, hotDog, donut,
	cupcake, cheese, pineapple, watermelon, broccoli, pumpkin, chocolateBar,
	fork, knife, spoon, spatula, rollingPin, cuttingBoard, fryingPan, pot, teapot, teacup, saltShaker, pepperMill, wineBottle, ketchupBottle,
	sprayBottle, soapDispenser, tinCan,
	pen, pencil, marker, penHolder, scissors, stapler, calculator, ruler, phone, remote, camera, headphones, computerMouse, flashlight, lamp,
	alarmClock, pictureFrame, notebook, glueStick,
	toyCar, teddyBear, rubberDuck, die, puzzleCube, pottedPlant, cactus, vase, basket, bin, shelf, candle, hammer, screwdriver, toothbrush,
	toiletRoll, globe, wateringCan,
}

// Find is the design of that name; the error lists the names there are.
func Find(name string) (*Design, error) {
	var names []string
	for _, d := range Catalogue() {
		if d.Name == name {
			return d, nil
		}
		names = append(names, d.Name)
	}
	return nil, fmt.Errorf("scenes: no object design %q (have %s)", name, strings.Join(names, ", "))
}

// contactSolref is the time constant [s] and damping ratio of the objects' and the table's contacts.
var contactSolref = [2]float64{0.008, 1}

// volume is that of a geom of the design [m³].
func (d *Design) volume(g sim.Geom) (float64, error) {
	s := g.Size
	switch g.Type {
	case sim.GeomBox:
		return 8 * s[0] * s[1] * s[2], nil
	case sim.GeomSphere:
		return 4.0 / 3 * math.Pi * s[0] * s[0] * s[0], nil
	case sim.GeomCylinder:
		return math.Pi * s[0] * s[0] * 2 * s[1], nil
	case sim.GeomCapsule:
		return math.Pi * s[0] * s[0] * (2*s[1] + 4.0/3*s[0]), nil
	case sim.GeomEllipsoid:
		return 4.0 / 3 * math.Pi * s[0] * s[1] * s[2], nil
	case sim.GeomMesh:
		if h := d.hull(g.Mesh); h != nil {
			return h.Volume, nil
		}
		return 0, fmt.Errorf("no hull %q", g.Mesh)
	}
	return 0, fmt.Errorf("no volume for geom type %d", g.Type)
}

// A surface is how a design's collision geometry grips.
type surface struct {
	slide   float64
	torsion float64 // [m]
	roll    float64 // [m]; 0: nothing that rolls
}

var (
	ceramic   = surface{slide: 0.45, torsion: 0.004}
	tin       = surface{slide: 0.40, torsion: 0.004}
	cardboard = surface{slide: 0.55, torsion: 0.005}
	wood      = surface{slide: 0.50, torsion: 0.005}
	foam      = surface{slide: 0.90, torsion: 0.010}
	skin      = surface{slide: 0.60, torsion: 0.005, roll: 0.0012}
	rubber    = surface{slide: 0.85, torsion: 0.008, roll: 0.0015}
)

// geom is a piece of collision geometry with this surface. Contacts resist turning on the spot (condim 4) and, for things that roll,
// rolling (condim 6), so that they come to rest.
func (s surface) geom(t sim.GeomType, size sim.Vec3, pose sim.Pose) sim.Geom {
	g := sim.Geom{Type: t, Size: size, Pose: pose, Friction: [3]float64{s.slide, s.torsion, s.roll}, Condim: 4}
	if s.roll > 0 {
		g.Condim = 6
	}
	return g
}

// box is a box of full extents about the centre (x, y, z).
func (s surface) box(sx, sy, sz, x, y, z float64) sim.Geom {
	return s.geom(sim.GeomBox, sim.Vec3{sx / 2, sy / 2, sz / 2}, sim.Translation(x, y, z))
}

// cylinder stands from z0 to z1 on the object's axis.
func (s surface) cylinder(radius, z0, z1 float64) sim.Geom {
	return s.geom(sim.GeomCylinder, sim.Vec3{radius, (z1 - z0) / 2, 0}, sim.Translation(0, 0, (z0+z1)/2))
}

// capsule runs from a to b.
func (s surface) capsule(radius float64, a, b sim.Vec3) sim.Geom {
	d := b.Sub(a)
	z := d.Normalize()
	x := sim.Vec3{0, 1, 0}
	if math.Abs(z[1]) > 0.9 {
		x = sim.Vec3{1, 0, 0}
	}
	x = x.Sub(z.Mul(x.Dot(z))).Normalize()
	pose := sim.Pose{Pos: a.Add(b).Mul(0.5), Rot: sim.QuatFromAxes(x, z.Cross(x), z)}
	return s.geom(sim.GeomCapsule, sim.Vec3{radius, d.Len() / 2, 0}, pose)
}

// wall is a ring of n boxes around the axis that follows the inside of a hollow thing: its inner surface runs from radius r0 at z0 to
// r1 at z1, and it is thick m thick.
func (s surface) wall(n int, r0, z0, r1, z1, thick float64) []sim.Geom {
	slope := math.Hypot(r1-r0, z1-z0)
	up := sim.Vec3{(r1 - r0) / slope, 0, (z1 - z0) / slope} // along the wall, in the plane of angle 0
	out := sim.Vec3{up[2], 0, -up[0]}                       // away from the inside
	half := sim.Vec3{thick / 2, (max(r0, r1) + thick) * math.Tan(math.Pi/float64(n)), slope / 2}
	geoms := make([]sim.Geom, n)
	for i := range geoms {
		turn := sim.Rotation(2*math.Pi*float64(i)/float64(n), sim.Vec3{0, 0, 1})
		centre := sim.Vec3{(r0 + r1) / 2, 0, (z0 + z1) / 2}.Add(out.Mul(thick / 2))
		pose := sim.Pose{Pos: centre, Rot: sim.QuatFromAxes(out, sim.Vec3{0, 1, 0}, up)}
		geoms[i] = s.geom(sim.GeomBox, half, turn.Mul(pose))
	}
	return geoms
}

// prism is a convex piece that stands from z0 to z1 on a convex outline (x, y), counter-clockwise, as a Hull and the geom that uses it.
func (s surface) prism(name string, outline [][2]float64, z0, z1 float64) (Hull, sim.Geom) {
	h := Hull{Name: name}
	var area float64
	for i, p := range outline {
		q := outline[(i+1)%len(outline)]
		area += (p[0]*q[1] - q[0]*p[1]) / 2
		for _, z := range []float64{z0, z1} {
			h.Vertices = append(h.Vertices, [3]float32{float32(p[0]), float32(p[1]), float32(z)})
		}
	}
	h.Volume = area * (z1 - z0)
	g := s.geom(sim.GeomMesh, sim.Vec3{}, sim.Identity())
	g.Mesh = name
	return h, g
}

// once builds a design's parts on first use and keeps them, because renderers tell meshes apart by pointer.
func once(build func() []Part) func() []Part { return sync.OnceValue(build) }

// onceMesh builds a mesh on first use and keeps it, because renderers tell meshes apart by pointer.
func onceMesh(build func() *shape.Mesh) func() *shape.Mesh { return sync.OnceValue(build) }
