package scenes

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/refarena/refarena/sim"
)

// A Reason says why a drawn scene is no good.
type Reason string

// The reasons for which scenes are drawn again.
const (
	Unmatched   Reason = "unmatched"   // the objects drawn are not what was asked for, such as too few that others can lie on
	NoRoom      Reason = "no room"     // the objects drawn do not fit into the zone, or hide each other wherever they are put
	Unfit       Reason = "unfit"       // the caller has no use for the scene (see Mount.Accept)
	Unsettled   Reason = "unsettled"   // something still moves after MaxSettleTime
	Toppled     Reason = "toppled"     // something does not stand as it was put
	Moved       Reason = "moved"       // something has slid or rolled away from where it was put
	LeftZone    Reason = "left zone"   // something has moved out of the zone
	FellOff     Reason = "fell off"    // something does not rest on what it was put on, or something else bears its weight
	Unbalanced  Reason = "unbalanced"  // something stands on an edge: a touch would make it fall
	Hidden      Reason = "hidden"      // the camera sees less than MinVisible of something
	Penetration Reason = "penetration" // two things are more than MaxPenetration inside each other
)

// Draws are the random streams that a scene is drawn from. Attempts after the first go on where the one before stopped, but keep the
// number of objects and the setting: full tables must not become rare because they are harder to draw.
type Draws struct {
	seed                     uint64
	objects, placement, load *rand.Rand
	crowd                    float64        // 0 the fewest objects … 1 the most
	suitable                 map[suit]bool  // known answers of drawing.suits, which are the same in all attempts
	roomy                    bool           // see Config.checkRoom
	unmatched                map[string]int // how often a draw came to nothing, by what was missing
}

// NewDraws are the streams of a seed: "count", "objects", "placement" and "load", and those of the setting: "look", "tables", "room", "light"
// and "camera".
func NewDraws(seed uint64) *Draws {
	return &Draws{
		seed: seed, crowd: Stream(seed, "count").Float64(),
		objects: Stream(seed, "objects"), placement: Stream(seed, "placement"), load: Stream(seed, "load"),
		suitable: map[suit]bool{}, unmatched: map[string]int{},
	}
}

// setting is the one that cfg wants, or one drawn.
func (d *Draws) setting(cfg Config) Setting {
	if cfg.Setting != nil {
		return *cfg.Setting
	}
	return drawSetting(cfg, d.seed)
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
	d := &drawing{Layout: &Layout{Config: cfg, Setting: draws.setting(cfg)}, suitable: draws.suitable}
	if !draws.roomy {
		if err := cfg.checkRoom(designs, d.Setting); err != nil {
			return nil, "", err
		}
		draws.roomy = true // for all attempts, which have one setting
	}
	n := cfg.MinObjects + int(draws.crowd*float64(cfg.MaxObjects-cfg.MinObjects+1))
	missing := ""
	switch {
	case !d.choose(n, designs, draws.objects):
		missing = fmt.Sprintf("%d objects that a person can tell apart", n)
	case !d.load(draws.load):
		missing = fmt.Sprintf("supports for %d carried objects", cfg.MinCarried)
	case !d.appoint():
		missing = fmt.Sprintf("%d objects to pick up that fit on or in one of %d empty supports", cfg.MinPickable, cfg.MinSupports)
	case !d.place(draws.placement, draws.load):
		return nil, NoRoom, nil
	case !d.serves():
		missing = fmt.Sprintf("room on or in %d supports, as they stand, for %d objects to pick up", cfg.MinSupports, cfg.MinPickable)
	default:
		return d.Layout, "", nil
	}
	draws.unmatched[missing]++
	return nil, Unmatched, nil
}

// mostly says what has been missing most often.
func (d *Draws) mostly() string {
	most := ""
	for _, missing := range slices.Sorted(maps.Keys(d.unmatched)) {
		if most == "" || d.unmatched[missing] > d.unmatched[most] {
			most = missing
		}
	}
	return most
}

// A drawing is a layout that is being drawn.
type drawing struct {
	*Layout
	supports int           // how many of Objects, from the first, were chosen for others to be put on or in
	task     []bool        // by object: it counts for MinSupports or MinPickable
	table    []int         // by object: the table that is wanted, from 1; 0: any
	suitable map[suit]bool // see Draws
}

// choose draws which n objects there are: supports, then what can be picked up and put there, then others, and in the end twins. It gives up, and says so, if the designs have too few names
// and colours for the number.
func (d *drawing) choose(n int, designs []*Design, r *rand.Rand) bool {
	cfg := d.Config
	carriers, picked, bystanders := cfg.wanted(Carrier), cfg.wanted(Picked), cfg.wanted(Bystander)
	d.supports = cfg.MinSupports + r.IntN(max(min(cfg.MaxSupports, n-cfg.MinPickable-len(bystanders))-cfg.MinSupports, 0)+1)
	d.supports = max(d.supports, len(carriers))
	var carrying, others []*Design
	var movable []*Design // of others, what can be picked up and put on or in a support
	for _, e := range designs {
		if e.Support != nil {
			carrying = append(carrying, e)
		} else {
			others = append(others, e)
		}
	}
	for range 50 * n {
		k := len(d.Objects)
		if k == n {
			break
		}
		from := others
		var like *Placed // a twin's twin
		var want *Wanted
		role := func(list []Wanted, first int) bool { // is object k one of list, which begins at object first?
			if k < first || k >= first+len(list) {
				return false
			}
			want = &list[k-first]
			return true
		}
		switch {
		case role(carriers, 0), role(picked, d.supports), role(bystanders, d.supports+cfg.MinPickable):
			from = slices.DeleteFunc(slices.Clone(Catalogue()), func(e *Design) bool { return !want.fits(e) })
		case k < d.supports:
			from = carrying
		case k >= n-cfg.Twins && k > d.supports:
			like = &d.Objects[r.IntN(k)]
			from = slices.DeleteFunc(slices.Clone(designs), func(e *Design) bool { return e.Category() != like.Design.Category() })
		case k < d.supports+cfg.MinPickable:
			if movable == nil {
				movable = slices.DeleteFunc(slices.Clone(others), func(e *Design) bool { return !e.Pickable() || !d.somewhereFor(e) })
			}
			from = movable
		}
		if len(from) == 0 {
			from = designs
		}
		e := pick(r, from)
		colors := e.Colors
		if want != nil && want.Colors != nil {
			colors = slices.DeleteFunc(slices.Clone(e.Colors), func(c string) bool { return !slices.Contains(want.Colors, c) })
		}
		colorName := pick(r, colors)
		if like != nil && cfg.Lookalikes && r.Float64() < 0.4 && slices.Contains(e.Colors, like.Color.Name) {
			colorName = like.Color.Name
		}
		c, err := FindColor(colorName)
		if err != nil {
			panic(err) // a mistake in the catalogue, which its test would have found
		}
		clash := func(p Placed) bool {
			if like != nil && cfg.Lookalikes || want != nil && want.Like {
				return false
			}
			return p.ambiguous(e, c) || like == nil && want == nil && e.Support != nil && p.Design == e
		}
		if !slices.ContainsFunc(d.Objects, clash) {
			d.add(e, c)
			table := 0
			if want != nil {
				table = want.Table
			}
			d.table = append(d.table, table)
		}
	}
	return len(d.Objects) == n
}

// somewhereFor reports whether an object of design e fits on or in one of the supports that the scene needs, or it needs none.
func (d *drawing) somewhereFor(e *Design) bool {
	n := d.Config.MinSupports
	return n == 0 || slices.ContainsFunc(d.Objects[:n], func(p Placed) bool { return d.suits(e, p.Design) })
}

// suits reports whether something of design e can be put on or in one of design on, seen from the camera, in the middle of the reach.
func (d *drawing) suits(e, on *Design) bool {
	z := d.Config.Zone.meet(d.Config.Reach)
	key := suit{e, on, z, d.Setting.View}
	ok, known := d.suitable[key]
	if !known {
		ok = e.Fits(on) && e.findsRoom(on, sim.Translation((z.MinX+z.MaxX)/2, (z.MinY+z.MaxY)/2, 0), d.Camera(640, 480), nil)
		d.suitable[key] = ok
	}
	return ok
}

// A suit is what drawing.suits depends on.
type suit struct {
	what, on *Design
	zone     Zone
	view     View
}

func (d *drawing) add(e *Design, c Color) {
	name := c.Name + " " + e.Name
	for i := 2; d.named(name) >= 0; i++ {
		name = fmt.Sprintf("%s %s %d", c.Name, e.Name, i)
	}
	d.Objects = append(d.Objects, Placed{Name: name, Design: e, Color: c, TWorldObj: sim.Identity()})
}

// load draws which objects lie on or in which, one or two deep: for each a support, of those that can take one more, then what lies there.
// One of the supports stays empty, so that something can be put there.
func (d *drawing) load(r *rand.Rand) bool {
	const most = 2 // on or in one support
	cfg := d.Config
	if cfg.MaxCarried == 0 {
		return true
	}
	k := cfg.MinCarried + r.IntN(cfg.MaxCarried-cfg.MinCarried+1)
	for done := range k {
		var supports []int
		loads := make([][]int, len(d.Objects)) // by support: what may lie there
		for on := range d.Objects {
			below := &d.Objects[on]
			if on == 0 && cfg.MinPickable > 0 && d.supports > 0 || len(d.Carried(on)) == most || d.depth(on) > 1 {
				continue
			}
			if below.Design.Support == nil || below.Design.Support.hollow() && below.On != "" {
				continue
			}
			for what := cfg.MinSupports; what < len(d.Objects); what++ {
				p := &d.Objects[what]
				if what >= d.supports && what < d.supports+cfg.MinPickable {
					continue // they are to stand by themselves
				}
				if what != on && p.On == "" && below.On != p.Name && len(d.Carried(what)) == 0 && below.Design.holds(p.Design) {
					loads[on] = append(loads[on], what)
				}
			}
			if loads[on] != nil {
				supports = append(supports, on)
			}
		}
		if supports == nil {
			return done >= cfg.MinCarried
		}
		on := pick(r, supports)
		d.Objects[pick(r, loads[on])].On = d.Objects[on].Name
	}
	return true
}

// holds reports whether something of design e can lie on or in one of design d, however carefully it has to be put there.
func (d *Design) holds(e *Design) bool {
	switch {
	case d.Support == nil || e.Rolls && !d.Support.hollow():
		return false
	case d.Support.hollow():
		_, ok := d.Support.room(e)
		return ok
	}
	return e.Base.fitsInside(d.Support.Area, 0, overhang(e, d.Support))
}

// overhang is how far the base of e may stick out from a flat support [m]: what is as flat and stiff as a book may, up to a sixth of its
// width; what stands may not.
func overhang(e *Design, on *Support) float64 {
	if e.Upright || on.hollow() || e.Support == nil {
		return -PlaceMargin
	}
	return min(0.015, (min(e.Base.HalfX, e.Base.HalfY)+e.Base.Radius)/3)
}

// fitsInside reports whether f, turned by yaw about the middle of area, sticks out of area by no more than over [m] (less than 0: stays
// inside by so much).
func (f Footprint) fitsInside(area Footprint, yaw, over float64) bool {
	turn := sim.Rotation(yaw, sim.Vec3{0, 0, 1})
	turn.Pos = sim.Vec3{area.X, area.Y, 0}
	return f.At(turn).within(area, over)
}

// within reports whether f sticks out of area by no more than over [m].
func (f Footprint) within(area Footprint, over float64) bool {
	for _, c := range f.corners() {
		if area.distance(c[0], c[1])+f.Radius > over {
			return false
		}
	}
	return true
}

// appoint marks the objects that the scene needs for its task: the first supports, and pickable objects on the table that fit on or in one
// of those that carries nothing. It says whether there are enough.
func (d *drawing) appoint() bool {
	cfg := d.Config
	d.task = make([]bool, len(d.Objects))
	for i := range cfg.MinSupports {
		d.task[i] = true
	}
	needed := cfg.MinPickable
	for i, p := range d.Objects {
		if needed == 0 {
			break
		}
		if !p.Design.Pickable() || p.On != "" || len(d.Carried(i)) > 0 || d.task[i] {
			continue
		}
		fits := cfg.MinSupports == 0
		for on := range cfg.MinSupports {
			fits = fits || len(d.Carried(on)) == 0 && d.suits(p.Design, d.Objects[on].Design)
		}
		if fits {
			d.task[i] = true
			needed--
		}
	}
	return needed == 0
}

// serves reports whether enough of what can be taken has somewhere to be put, now that all have their places.
func (d *drawing) serves() bool {
	if d.Config.MinSupports == 0 {
		return true
	}
	n := 0
	for _, i := range d.Pickable() {
		if len(d.SupportsFor(i)) > 0 {
			n++
		}
	}
	return n >= d.Config.MinPickable
}

// placeTries is how many places are drawn for an object before the scene is given up.
const placeTries = 100

// place draws where the objects stand: what the task needs first, since it has the least choice, then the largest first, since they find
// room least easily. What is carried is put on its support.
func (d *drawing) place(r, load *rand.Rand) bool {
	order := make([]int, len(d.Objects))
	for i := range order {
		order[i] = i
	}
	first := func(a, b bool) int { return map[bool]int{true: 1}[b] - map[bool]int{true: 1}[a] }
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(d.depth(a), d.depth(b)), first(d.task[a], d.task[b]),
			cmp.Compare(d.Objects[b].Design.Footprint.Reach(), d.Objects[a].Design.Footprint.Reach()))
	})
	placed := make([]int, 0, len(order))
	for _, i := range order {
		on, ok := d.Under(i), false
		if on >= 0 {
			ok = d.placeOn(i, on, placed, load)
		} else {
			ok = d.placeOnTable(i, placed, r)
		}
		if !ok {
			return false
		}
		placed = append(placed, i)
	}
	return true
}

// placeOnTable draws the place of an object on a table among those placed already: the first that is free or, where objects huddle, the
// one of several free ones that is nearest to another object.
func (d *drawing) placeOnTable(i int, placed []int, r *rand.Rand) bool {
	cfg, p := d.Config, &d.Objects[i]
	zones, tables := cfg.zones(d.Setting), d.Setting.tables()
	cam := d.Camera(640, 480)
	want := 1
	if !d.task[i] && cfg.Huddle > 1 && r.Float64() < 0.75 { // there is always something that lies apart
		want = cfg.Huddle
	}
	found, nearest := 0, math.Inf(1)
	var best sim.Pose
	for range placeTries {
		k := min(max(d.table[i]-1, 0), len(tables)-1)
		if len(tables) > 1 && !d.task[i] && d.table[i] == 0 && r.Float64() < 0.3 {
			k = 1
		}
		z := zones[k]
		if k == 0 && d.task[i] {
			z = z.meet(cfg.Reach)
		}
		if z.empty() {
			return false
		}
		yaw := 2 * math.Pi * r.Float64()
		x, y := z.MinX+(z.MaxX-z.MinX)*r.Float64(), z.MinY+(z.MaxY-z.MinY)*r.Float64()
		p.TWorldObj = sim.Rotation(yaw, sim.Vec3{0, 0, 1})
		p.TWorldObj.Pos = sim.Vec3{x, y, tables[k].Z + p.Design.Lift}
		f := p.Footprint()
		if !zones[k].holds(f, 0) || !p.inPicture(cam) {
			continue
		}
		room := math.Inf(1) // to the nearest object
		clash := slices.ContainsFunc(placed, func(j int) bool {
			need := cfg.Gap
			if d.task[i] || d.task[j] {
				need = cfg.TaskGap
			}
			gap := f.Gap(d.Objects[j].Footprint())
			room = min(room, gap)
			return gap < need
		})
		if clash {
			continue
		}
		if found == 0 || room < nearest {
			best, nearest = p.TWorldObj, room
		}
		if found++; found == want {
			break
		}
	}
	p.TWorldObj = best
	return found > 0
}

// inPicture reports whether the camera has all of the object in its picture, were nothing in between.
func (p *Placed) inPicture(cam sim.Camera) bool {
	for _, c := range p.box() {
		px, _, ok := cam.Project(c)
		if _, inside := px.Index(cam.Width, cam.Height); !ok || !inside {
			return false
		}
	}
	return true
}

// box is the corners of the upright box around the object, as if it stood the way it was designed to, in the world.
func (p *Placed) box() [8]sim.Vec3 {
	f := p.Footprint()
	f.HalfX, f.HalfY, f.Radius = f.HalfX+f.Radius, f.HalfY+f.Radius, 0
	bottom := p.TWorldObj.Pos[2] - p.Design.Lift
	var out [8]sim.Vec3
	for i, c := range f.corners() {
		out[i] = sim.Vec3{c[0], c[1], bottom}
		out[i+4] = sim.Vec3{c[0], c[1], bottom + p.Design.Height}
	}
	return out
}

// placeOn draws the place of object i on or in the object on, which has its place, beside what else is there.
func (d *drawing) placeOn(i, on int, placed []int, r *rand.Rand) bool {
	const beside = 0.006 // between two things on one support [m]
	p, base := &d.Objects[i], &d.Objects[on]
	s := base.Design.Support
	loose := s.hollow() && !p.Design.Upright // it comes to lie wherever the hollow lets it
	area := s.Area
	if loose {
		area, _ = s.room(p.Design)
	}
	for range placeTries {
		yaw := 2 * math.Pi * r.Float64()
		if !loose && r.Float64() < 0.6 { // people put things straight, nearly
			yaw = math.Pi/2*math.Floor(4*r.Float64()) + 0.3*(r.Float64()-0.5)
		}
		rx, ry := area.HalfX+area.Radius, area.HalfY+area.Radius
		at := sim.Vec3{area.X + rx*(2*r.Float64()-1), area.Y + ry*(2*r.Float64()-1), s.Z + p.Design.Lift}
		if !area.Contains(at[0], at[1]) {
			continue
		}
		tBaseObj := sim.Rotation(yaw, sim.Vec3{0, 0, 1})
		tBaseObj.Pos = at
		if !loose && !p.Design.Base.At(tBaseObj).within(s.Area, overhang(p.Design, s)) {
			continue
		}
		p.TWorldObj = base.TWorldObj.Mul(tBaseObj)
		f := p.Footprint()
		clash := slices.ContainsFunc(placed, func(j int) bool {
			if j == on || d.Objects[j].Name == base.On {
				return false
			}
			q := &d.Objects[j]
			gap := beside
			switch {
			case q.On == base.Name:
			case d.task[j]:
				gap = d.Config.TaskGap
			default: // something on the table, or on another support, that may be lower than what sticks out above it
				gap = 0.002
			}
			return f.Gap(q.Footprint()) < gap
		})
		if !clash && p.inPicture(d.Camera(640, 480)) {
			return true
		}
	}
	return false
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
