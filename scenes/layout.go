package scenes

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// A Zone is a rectangle of the table top [m, world].
type Zone struct{ MinX, MaxX, MinY, MaxY float64 }

// TaskZone is where a UR5 at the world's origin reaches everything from above.
var TaskZone = Zone{0.30, 0.68, -0.33, 0.33}

// A Config says what scenes to make. The zero value is ready to use.
type Config struct {
	MinObjects, MaxObjects int      // how many objects; 0 means 4 and 8
	MinSupports            int      // of which at least so many carry others (plates, bowls, books); 0 means 1
	MaxSupports            int      // … and at most so many; 0 means 2
	MinPickable            int      // of which at least so many can be picked up, and fit on or in one of those that carry; 0 means 2
	Designs                []string // the designs to choose from, by name; nil means the whole catalogue
	Gap                    float64  // least distance between the outlines of two objects [m]; 0 means 0.038, room for a finger
	MinVisible             float64  // how much of each object DefaultCamera has to see, 0…1; 0 means 0.75
	Zone                   Zone     // where objects stand, outline and all; zero means TaskZone
	MaxTries               int      // scenes drawn before giving up; 0 means 40
}

func (c Config) withDefaults() Config {
	c.MinObjects = cmp.Or(c.MinObjects, min(4, cmp.Or(c.MaxObjects, 4)))
	c.MaxObjects = cmp.Or(c.MaxObjects, max(8, c.MinObjects))
	c.MinSupports = cmp.Or(c.MinSupports, 1)
	c.MaxSupports = cmp.Or(c.MaxSupports, max(2, c.MinSupports))
	c.MinPickable = cmp.Or(c.MinPickable, 2)
	c.Gap = cmp.Or(c.Gap, 0.038)
	c.MinVisible = cmp.Or(c.MinVisible, 0.75)
	c.Zone = cmp.Or(c.Zone, TaskZone)
	c.MaxTries = cmp.Or(c.MaxTries, 40)
	return c
}

// designs are the designs to choose from.
func (c Config) designs() ([]*Design, error) {
	if c.Designs == nil {
		return Catalogue(), nil
	}
	out := make([]*Design, len(c.Designs))
	for i, name := range c.Designs {
		d, err := Find(name)
		if err != nil {
			return nil, err
		}
		out[i] = d
	}
	return out, nil
}

// Validate says what is wrong with the configuration, if anything.
func (c Config) Validate() error {
	c = c.withDefaults()
	designs, err := c.designs()
	if err != nil {
		return err
	}
	var pickable, supports bool
	for _, d := range designs {
		pickable = pickable || d.Pickable()
		supports = supports || d.Support != nil
	}
	switch {
	case c.MinObjects < 1 || c.MaxObjects < c.MinObjects:
		return fmt.Errorf("scenes: %d to %d objects (want 1 or more, and no fewer at most than at least)", c.MinObjects, c.MaxObjects)
	case c.MinSupports < 0 || c.MaxSupports < c.MinSupports || c.MinPickable < 0 || c.MinSupports+c.MinPickable > c.MinObjects:
		return fmt.Errorf("scenes: %d to %d supports and %d or more objects to pick up do not make %d to %d objects",
			c.MinSupports, c.MaxSupports, c.MinPickable, c.MinObjects, c.MaxObjects)
	case !pickable && c.MinPickable > 0, !supports && c.MinSupports > 0:
		return fmt.Errorf("scenes: the designs %s do not include what the scene needs (want some to pick up and some to put things on)",
			strings.Join(c.Designs, ", "))
	case !(c.Gap >= 0 && c.Gap < 1):
		return fmt.Errorf("scenes: a gap of %g m between objects (want 0…1)", c.Gap)
	case !(c.MinVisible >= 0 && c.MinVisible <= 1):
		return fmt.Errorf("scenes: %g of each object to be visible (want 0…1)", c.MinVisible)
	case !(c.Zone.MaxX > c.Zone.MinX && c.Zone.MaxY > c.Zone.MinY):
		return fmt.Errorf("scenes: an empty zone %+v", c.Zone)
	}
	t := tableTop
	if c.Zone.MinX < t.MinX || c.Zone.MaxX > t.MaxX || c.Zone.MinY < t.MinY || c.Zone.MaxY > t.MaxY {
		return fmt.Errorf("scenes: the zone %+v is not on the table (%+v)", c.Zone, t)
	}
	return nil
}

// A Placed is one object of a layout: a design in a colour at a place.
type Placed struct {
	Name      string // of its body in the Spec, such as "red mug"; unique in the layout
	Design    *Design
	Color     Color
	TWorldObj sim.Pose
}

// Phrase names the object so that no other one of the scene can be meant: "the red mug".
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

// A Look is how a scene looks apart from its objects. The zero value is ready to use.
type Look struct {
	Wood string // of the table top, one of Woods; "" means oak
}

// A Layout is a scene as data: what stands where, before physics.
type Layout struct {
	Config  Config // what it was drawn for
	Look    Look
	Objects []Placed
}

// A Reason says why a drawn scene is no good.
type Reason string

// The reasons for which scenes are drawn again.
const (
	NoRoom      Reason = "no room"     // the objects drawn do not fit into the zone
	Unfit       Reason = "unfit"       // the caller has no use for the scene (see Mount.Accept)
	Unsettled   Reason = "unsettled"   // something still moves after MaxSettleTime
	Toppled     Reason = "toppled"     // something does not stand as it was put
	Moved       Reason = "moved"       // something has slid or rolled away from where it was put
	LeftZone    Reason = "left zone"   // something has moved out of the zone
	Hidden      Reason = "hidden"      // the camera sees less than MinVisible of something
	Penetration Reason = "penetration" // two things are more than MaxPenetration inside each other
)

// Draws are the random streams that a scene is drawn from. Attempts after the first go on where the one before stopped, but keep the
// number of objects and the look: full tables must not become rare because they are harder to draw.
type Draws struct {
	objects, placement *rand.Rand
	crowd              float64 // 0 the fewest objects … 1 the most
	look               Look
}

// NewDraws are the streams of a seed: "count", "look", "objects" and "placement".
func NewDraws(seed uint64) *Draws {
	return &Draws{
		objects: Stream(seed, "objects"), placement: Stream(seed, "placement"),
		crowd: Stream(seed, "count").Float64(), look: Look{Wood: pick(Stream(seed, "look"), Woods())},
	}
}

// Draw draws a layout. Not finding room is a Reason, and the layout is nil; the error is for a configuration that makes no sense.
func Draw(cfg Config, draws *Draws) (*Layout, Reason, error) {
	if err := cfg.Validate(); err != nil {
		return nil, "", err
	}
	cfg = cfg.withDefaults()
	designs, err := cfg.designs()
	if err != nil {
		return nil, "", err
	}
	l := &Layout{Config: cfg, Look: draws.look}
	n := cfg.MinObjects + int(draws.crowd*float64(cfg.MaxObjects-cfg.MinObjects+1))
	if !l.choose(n, designs, draws.objects) || !l.place(draws.placement) {
		return nil, NoRoom, nil
	}
	return l, "", nil
}

// choose draws which n objects there are. It gives up, and says so, if the designs have too few names and colours for the number.
func (l *Layout) choose(n int, designs []*Design, r *rand.Rand) bool {
	cfg := l.Config
	maxSupports := min(cfg.MaxSupports, n-cfg.MinPickable)
	supports := cfg.MinSupports + r.IntN(maxSupports-cfg.MinSupports+1)
	var carrying, others []*Design
	for _, d := range designs {
		if d.Support != nil {
			carrying = append(carrying, d)
		} else {
			others = append(others, d)
		}
	}
	for range 50 * n {
		if len(l.Objects) == n {
			break
		}
		from := others
		if len(l.Objects) < supports {
			from = carrying
		}
		if len(from) == 0 {
			from = designs
		}
		d := pick(r, from)
		colorName := pick(r, d.Colors)
		c, err := FindColor(colorName)
		if err != nil {
			panic(err) // a mistake in the catalogue, which its test would have found
		}
		clash := func(p Placed) bool { return p.ambiguous(d, c) || d.Support != nil && p.Design == d }
		if slices.ContainsFunc(l.Objects, clash) {
			continue
		}
		l.Objects = append(l.Objects, Placed{Name: c.Name + " " + d.Name, Design: d, Color: c})
	}
	pickable := 0
	for _, p := range l.Objects {
		if p.Design.Pickable() && (supports == 0 || slices.ContainsFunc(l.Objects, func(q Placed) bool { return p.Design.Fits(q.Design) })) {
			pickable++
		}
	}
	return len(l.Objects) == n && pickable >= cfg.MinPickable
}

// place draws where the objects stand, the largest first, since they find room least easily.
func (l *Layout) place(r *rand.Rand) bool {
	order := make([]int, len(l.Objects))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(l.Objects[b].Design.Footprint.Reach(), l.Objects[a].Design.Footprint.Reach())
	})
	z := l.Config.Zone
	var taken []Footprint
	for _, i := range order {
		p := &l.Objects[i]
		if !func() bool {
			for range 100 {
				yaw := 2 * math.Pi * r.Float64()
				x, y := z.MinX+(z.MaxX-z.MinX)*r.Float64(), z.MinY+(z.MaxY-z.MinY)*r.Float64()
				p.TWorldObj = sim.Rotation(yaw, sim.Vec3{0, 0, 1})
				p.TWorldObj.Pos = sim.Vec3{x, y, p.Design.Lift}
				f := p.Footprint()
				if !z.holds(f, 0) || slices.ContainsFunc(taken, func(g Footprint) bool { return f.Gap(g) < l.Config.Gap }) {
					continue
				}
				taken = append(taken, f)
				return true
			}
			return false
		}() {
			return false
		}
	}
	return true
}

// holds reports whether all of f is in the zone, or sticks out by no more than slack [m].
func (z Zone) holds(f Footprint, slack float64) bool {
	r := f.Radius - slack
	for _, c := range f.corners() {
		if c[0]-r < z.MinX || c[0]+r > z.MaxX || c[1]-r < z.MinY || c[1]+r > z.MaxY {
			return false
		}
	}
	return true
}

// Object is the index of the object whose phrase is given ("the red mug", with a synonym or with the category).
func (l *Layout) Object(phrase string) (int, error) {
	var have []string
	for i, p := range l.Objects {
		if slices.Contains(p.Phrases(), phrase) {
			return i, nil
		}
		have = append(have, p.Phrase())
	}
	return 0, fmt.Errorf("scenes: no object is called %q (have %s)", phrase, strings.Join(have, ", "))
}

// Pickable are the indices of the objects that a hand can take, in order.
func (l *Layout) Pickable() []int {
	var out []int
	for i, p := range l.Objects {
		if p.Design.Pickable() {
			out = append(out, i)
		}
	}
	return out
}

// SupportsFor are the indices of the objects that the object held can be put down on or in, in order.
func (l *Layout) SupportsFor(held int) []int {
	var out []int
	for i, p := range l.Objects {
		if i != held && l.Objects[held].Design.Fits(p.Design) {
			out = append(out, i)
		}
	}
	return out
}

// TableBody is the name of the table's body in the Spec. The floor belongs to the world.
const TableBody = "table"

// FloorZ is the height of the floor below the table top, in the world [m].
const FloorZ = -0.75

// tableTop is the outline of the table, in the world.
var tableTop = Zone{-0.25, 0.95, -0.65, 0.65}

const tableThickness = 0.035

// Build composes the scene: floor, table (body TableBody), objects (a body and a free joint of each one's Name). The caller attaches a
// robot, if any, and compiles; it owns the Spec.
func (l *Layout) Build() (*sim.Spec, error) {
	wood, err := findWood(cmp.Or(l.Look.Wood, "oak"))
	if err != nil {
		return nil, err
	}
	s, err := sim.NewSpec()
	if err != nil {
		return nil, err
	}
	world := s.World()
	world.AddGeom(sim.Geom{Name: "floor", Type: sim.GeomPlane, Size: sim.Vec3{0, 0, 1}, Pose: sim.Translation(0, 0, FloorZ), Friction: [3]float64{0.8, 0.005, 0.0001}})
	world.AddVisual(sim.Translation(0, 0, FloorZ), floorMesh(), sim.Material{Name: "floor", Color: [3]float32{1, 1, 1}, Roughness: 0.8, Texture: tiles()})
	buildTable(world.AddBody(TableBody, sim.Identity()), wood)
	for i := range l.Objects {
		p := &l.Objects[i]
		b := world.AddBody(p.Name, p.TWorldObj)
		b.AddFreeJoint(p.Name)
		for _, g := range p.Design.Geoms {
			b.AddGeom(g)
		}
		for _, part := range p.Design.Parts {
			t := part.TObjPart
			if t == (sim.Pose{}) {
				t = sim.Identity()
			}
			b.AddVisual(t, part.Mesh, part.Paint(p.Color))
		}
	}
	return s, nil
}

var floorMesh = onceMesh(func() *shape.Mesh {
	const half, tile = 3.5, 0.5 // m
	up := [3]float32{0, 0, 1}
	n := float32(2 * half / tile)
	return &shape.Mesh{
		Name:      "floor",
		Positions: [][3]float32{{-half, -half, 0}, {half, -half, 0}, {half, half, 0}, {-half, half, 0}},
		Normals:   [][3]float32{up, up, up, up},
		UVs:       [][2]float32{{0, n}, {n, n}, {n, 0}, {0, 0}},
		Indices:   []uint32{0, 1, 2, 0, 2, 3},
	}
})

var tableTopMesh = onceMesh(func() *shape.Mesh {
	return shape.Box([3]float64{tableTop.MaxX - tableTop.MinX, tableTop.MaxY - tableTop.MinY, tableThickness}, 0.004).Named("table top")
})

var tableFrameMesh = onceMesh(func() *shape.Mesh {
	var parts []*shape.Mesh
	for _, leg := range tableLegs() {
		parts = append(parts, shape.Box([3]float64{legSize, legSize, -FloorZ - tableThickness}, 0.003).Moved(leg[0], leg[1], (FloorZ-tableThickness)/2))
	}
	const rail, inset = 0.06, 0.05
	sx, sy := tableTop.MaxX-tableTop.MinX-2*inset, tableTop.MaxY-tableTop.MinY-2*inset
	cx, cy := (tableTop.MaxX+tableTop.MinX)/2, (tableTop.MaxY+tableTop.MinY)/2
	for _, side := range []float64{-1, 1} {
		parts = append(parts,
			shape.Box([3]float64{sx, 0.02, rail}, 0.002).Moved(cx, cy+side*sy/2, -tableThickness-rail/2),
			shape.Box([3]float64{0.02, sy, rail}, 0.002).Moved(cx+side*sx/2, cy, -tableThickness-rail/2))
	}
	return shape.Merge("table frame", parts...)
})

const legSize = 0.05

func tableLegs() [4][2]float64 {
	const inset = 0.06
	return [4][2]float64{
		{tableTop.MinX + inset, tableTop.MinY + inset}, {tableTop.MaxX - inset, tableTop.MinY + inset},
		{tableTop.MaxX - inset, tableTop.MaxY - inset}, {tableTop.MinX + inset, tableTop.MaxY - inset},
	}
}

func buildTable(b *sim.Body, wood woodTone) {
	cx, cy := (tableTop.MaxX+tableTop.MinX)/2, (tableTop.MaxY+tableTop.MinY)/2
	half := sim.Vec3{(tableTop.MaxX - tableTop.MinX) / 2, (tableTop.MaxY - tableTop.MinY) / 2, tableThickness / 2}
	top := sim.Translation(cx, cy, -tableThickness/2)
	b.AddGeom(sim.Geom{Name: "table top", Type: sim.GeomBox, Size: half, Pose: top, Friction: [3]float64{0.45, 0.004, 0.0001}, Solref: contactSolref})
	for _, leg := range tableLegs() {
		h := -FloorZ - tableThickness
		b.AddGeom(sim.Geom{Type: sim.GeomBox, Size: sim.Vec3{legSize / 2, legSize / 2, h / 2}, Pose: sim.Translation(leg[0], leg[1], FloorZ+h/2)})
	}
	b.AddVisual(top, tableTopMesh(), sim.Material{Name: "wood", Color: [3]float32{1, 1, 1}, Roughness: 0.55, Texture: wood.planks()})
	b.AddVisual(sim.Identity(), tableFrameMesh(), sim.Material{Name: "frame", Color: [3]float32{0.24, 0.25, 0.27}, Roughness: 0.5})
}
