package scenes

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// A Zone is a rectangle of a table top [m, world].
type Zone struct{ MinX, MaxX, MinY, MaxY float64 }

// TaskZone is where a UR5 at the world's origin reaches everything from above.
var TaskZone = Zone{0.30, 0.68, -0.33, 0.33}

// JointZone is where the middle of an object has to be for both robots to reach it from above, whatever the height of the table: the
// intersection of TaskZone with what a G1 reaches that stands at x = 0.05 m behind the table.
//
// The G1's shoulders (shoulder roll axes) are 0.248 m above and 0.138 m beside its waist pitch joint, which is at z = 0.087 m when it
// stands on the floor; its arm is 0.479 m long up to the palm. Bent forward by 0.52 rad, the shoulder is at x = 0.17, z = 0.30. The palm
// is 0.12 m above the table top when the fingers are around something low. On a table 50 mm low, that leaves 0.42 m in the plane:
// the far corner (0.52, 0.30) is 0.38 m from the shoulder. See TestJointZone, and TestG1ReachesJointZone for the joints' limits.
var JointZone = Zone{0.30, 0.52, -0.30, 0.30}

// A Config says what scenes to make. The zero value is ready to use: a tidy table whose objects can be told apart by colour and name. The
// Config of a Level is more like life.
type Config struct {
	MinObjects, MaxObjects int      // how many objects; 0 means 4 and 8
	MinSupports            int      // of which at least so many carry others or could (plates, bowls, books); 0 means 1
	MaxSupports            int      // … and at most so many; 0 means 2
	MinPickable            int      // of which at least so many can be picked up, and fit on or in an empty one of those that carry; 0 means 2
	MinCarried, MaxCarried int      // how many objects lie on or in others
	Wanted                 []Wanted // objects that have to be there; MinSupports, MinPickable and MinObjects grow to what they need
	Twins                  int      // at least so many objects are of the same category as one that is there already
	Lookalikes             bool     // things of the same name may have the same colour: then only their places tell them apart
	Designs                []string // the designs to choose from, by name; nil means the whole catalogue
	Gap                    float64  // least distance between the outlines of two objects [m]; 0 means 0.038, room for a finger
	TaskGap                float64  // … one of which is needed for MinSupports or MinPickable [m]; 0 means the larger of Gap and 0.038
	Huddle                 int      // of so many free places an object that is not needed takes the one nearest to others; 0 means 1: anywhere
	MinVisible             float64  // how much of each object the camera has to see, 0…1; 0 means 0.75
	Zone                   Zone     // where objects stand, outline and all, as far as the table goes; zero means TaskZone
	Reach                  Zone     // where the middles of the objects needed for MinSupports and MinPickable are; zero means Zone
	MinTables, MaxTables   int      // how many tables, 1 or 2; 0 means 1. What the second one has on it, is at hand for the robot, too
	Vary                   bool     // tables, room, light and view differ from seed to seed; else only the wood does
	Setting                *Setting // the setting to use, instead of a drawn one; nil draws
	MaxTries               int      // scenes drawn before giving up; 0 means 400: most of those refused cost microseconds
}

// A Wanted is an object that a scene has to have, of one of the designs and one of the colours.
type Wanted struct {
	Designs []string // by name; nil means any that is fit for its role
	Colors  []string // by name; nil means any that the design comes in
	Role    Role
	Like    bool // it may look like another one that is there
	Table   int  // that it stands on, from 1; 0 means any
}

// A Role is what an object is there for.
type Role int

const (
	Bystander Role = iota // something that others are described by
	Picked                // can be picked up, stands free in reach, and fits on or in one of the scene's supports that carries nothing
	Carrier               // can be used to put things on or in, carries nothing, and is in reach
)

func (r Role) String() string {
	switch r {
	case Picked:
		return "something to pick up"
	case Carrier:
		return "something to put things on or in"
	}
	return "a bystander"
}

// fits reports whether a design can play the part.
func (w Wanted) fits(d *Design) bool {
	switch {
	case w.Role == Picked && !d.Pickable(), w.Role == Carrier && d.Support == nil, w.Designs != nil && !slices.Contains(w.Designs, d.Name):
		return false
	}
	return w.Colors == nil || slices.ContainsFunc(w.Colors, func(c string) bool { return slices.Contains(d.Colors, c) })
}

// wanted are those with a role, in the order in which they were asked for.
func (c Config) wanted(r Role) []Wanted {
	return slices.DeleteFunc(slices.Clone(c.Wanted), func(w Wanted) bool { return w.Role != r })
}

func (c Config) withDefaults() Config {
	if c.Wanted != nil {
		c.MinSupports = max(c.MinSupports, len(c.wanted(Carrier)))
		c.MinPickable = max(c.MinPickable, len(c.wanted(Picked)))
		c.MinObjects = max(c.MinObjects, len(c.Wanted), c.MinSupports+c.MinPickable+len(c.wanted(Bystander)))
		c.MaxObjects = max(c.MaxObjects, c.MinObjects)
	}
	c.MinObjects = cmp.Or(c.MinObjects, min(4, cmp.Or(c.MaxObjects, 4)))
	c.MaxObjects = cmp.Or(c.MaxObjects, max(8, c.MinObjects))
	c.MinSupports = cmp.Or(c.MinSupports, 1)
	c.MaxSupports = cmp.Or(c.MaxSupports, max(2, c.MinSupports))
	c.MinPickable = cmp.Or(c.MinPickable, 2)
	c.MaxCarried = max(c.MinCarried, c.MaxCarried)
	c.Gap = cmp.Or(c.Gap, 0.038)
	c.TaskGap = cmp.Or(c.TaskGap, max(c.Gap, 0.038))
	c.MinVisible = cmp.Or(c.MinVisible, 0.75)
	c.Zone = cmp.Or(c.Zone, TaskZone)
	c.Reach = cmp.Or(c.Reach, c.Zone)
	c.MinTables = cmp.Or(c.MinTables, 1)
	c.MaxTables = max(c.MinTables, c.MaxTables)
	c.MaxTries = cmp.Or(c.MaxTries, 400)
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

// Validate says what is wrong with the configuration, if anything. What passes can still turn out to be too much for the room there is:
// then Generate says so.
func (c Config) Validate() error {
	c = c.withDefaults()
	designs, err := c.designs()
	if err != nil {
		return err
	}
	var pickable, supports bool
	looks := map[string]bool{} // what can be told apart by name and colour, at most
	for _, d := range designs {
		pickable = pickable || d.Pickable()
		supports = supports || d.Support != nil
		for _, color := range d.Colors {
			looks[color+" "+d.Category()] = true
		}
	}
	finite := func(z Zone) bool {
		return !math.IsInf(z.MinX, 0) && !math.IsInf(z.MaxX, 0) && !math.IsInf(z.MinY, 0) && !math.IsInf(z.MaxY, 0)
	}
	for _, w := range c.Wanted {
		if tables := max(c.MinTables, 1); w.Table < 0 || w.Table > tables {
			return fmt.Errorf("scenes: an object on table %d (want 0, any, to %d, as many as there are at least)", w.Table, tables)
		}
		if !slices.ContainsFunc(Catalogue(), w.fits) {
			return fmt.Errorf("scenes: the scene has to have an object that the catalogue does not have: designs %q, colours %q, as %v", w.Designs, w.Colors, w.Role)
		}
	}
	switch {
	case c.MinObjects < 1 || c.MaxObjects < c.MinObjects:
		return fmt.Errorf("scenes: %d to %d objects (want 1 or more, and no fewer at most than at least)", c.MinObjects, c.MaxObjects)
	case c.MaxObjects > maxObjects:
		return fmt.Errorf("scenes: up to %d objects (want %d at most)", c.MaxObjects, maxObjects)
	case c.MinSupports < 0 || c.MaxSupports < c.MinSupports || c.MinPickable < 0 || c.MinSupports+c.MinPickable > c.MinObjects:
		return fmt.Errorf("scenes: %d to %d supports and %d or more objects to pick up do not make %d to %d objects",
			c.MinSupports, c.MaxSupports, c.MinPickable, c.MinObjects, c.MaxObjects)
	case c.MinCarried < 0 || c.MinCarried > 0 && c.MinCarried+c.MinSupports > c.MinObjects:
		return fmt.Errorf("scenes: %d objects carried by others and %d supports do not make %d to %d objects (want fewer of the former)",
			c.MinCarried, c.MinSupports, c.MinObjects, c.MaxObjects)
	case c.Twins < 0 || c.Twins > 0 && c.Twins+c.MinSupports+1 > c.MinObjects:
		return fmt.Errorf("scenes: %d objects that have others of their kind beside them, and %d supports, do not make %d to %d objects "+
			"(want fewer Twins)", c.Twins, c.MinSupports, c.MinObjects, c.MaxObjects)
	case !pickable && c.MinPickable > 0, !supports && c.MinSupports > 0:
		return fmt.Errorf("scenes: the designs %s do not include what the scene needs (want some to pick up and some to put things on)",
			strings.Join(c.Designs, ", "))
	case !c.Lookalikes && len(looks) < c.MinObjects:
		return fmt.Errorf("scenes: %d objects, but the designs %s come in %d combinations of name and colour (want fewer objects, more designs, or Lookalikes)",
			c.MinObjects, strings.Join(c.Designs, ", "), len(looks))
	case !(c.Gap >= 0 && c.Gap < 1):
		return fmt.Errorf("scenes: a gap of %g m between objects (want 0…1)", c.Gap)
	case !(c.TaskGap >= c.Gap && c.TaskGap < 1):
		return fmt.Errorf("scenes: a gap of %g m around the objects of the task (want %g, the gap of all, to 1)", c.TaskGap, c.Gap)
	case c.Huddle < 0 || c.Huddle > placeTries:
		return fmt.Errorf("scenes: a choice of %d places for an object (want 0…%d)", c.Huddle, placeTries)
	case !(c.MinVisible >= 0 && c.MinVisible <= 1):
		return fmt.Errorf("scenes: %g of each object to be visible (want 0…1)", c.MinVisible)
	case c.Zone.empty() || !finite(c.Zone):
		return fmt.Errorf("scenes: an empty zone %+v", c.Zone)
	case c.Zone.meet(c.Reach).empty():
		return fmt.Errorf("scenes: the zone %+v and the reach %+v have nothing in common", c.Zone, c.Reach)
	case c.MinTables < 1 || c.MaxTables > 2:
		return fmt.Errorf("scenes: %d to %d tables (want 1 or 2)", c.MinTables, c.MaxTables)
	case c.MaxTries < 1:
		return fmt.Errorf("scenes: %d tries (want 1 or more)", c.MaxTries)
	}
	if c.Setting == nil {
		return nil
	}
	if err := c.Setting.Validate(); err != nil {
		return err
	}
	if n := len(c.Setting.tables()); n < c.MinTables {
		return fmt.Errorf("scenes: a setting with %d tables for a scene with %d or more", n, c.MinTables)
	}
	return nil
}

// maxObjects bounds a scene: more do not fit on a table that a robot reaches.
const maxObjects = 40

// checkRoom says whether the least crowded scene is too much for the tables, however it is arranged: the outlines, each grown by half
// of the gap, have to fit into the zones, grown alike.
func (c Config) checkRoom(designs []*Design, s Setting) error {
	room := c.room(s)
	t := s.tables()[0]
	if room == 0 {
		return fmt.Errorf("scenes: the zone %+v is not on the table (%+v)", c.Zone, t.Top)
	}
	if c.Wanted != nil { // they can be any
		designs = Catalogue()
	}
	var areas, supports []float64 // of what the scene can have, the smallest first
	for _, d := range designs {
		f := d.Footprint
		f.Radius += c.Gap / 2
		times := len(d.Colors)
		if c.Lookalikes {
			times = c.MinObjects
		}
		areas = append(areas, slices.Repeat([]float64{f.area()}, times)...)
		if d.Support != nil {
			supports = append(supports, f.area())
		}
	}
	slices.Sort(areas)
	slices.Sort(supports)
	var need float64
	stand := max(c.MinObjects-c.MaxCarried, 1)
	for i := range stand {
		need += areas[min(i, len(areas)-1)]
	}
	for i := range min(c.MinSupports, len(supports), stand) { // instead of the largest of those
		need += max(0, supports[0]-areas[min(stand-1-i, len(areas)-1)])
	}
	if need > room {
		return fmt.Errorf("scenes: %d objects need %.3f m² at least, the zone has %.3f m² on a table of %.3g × %.3g m (want fewer objects or a larger table)",
			c.MinObjects, need, room, t.Top.MaxX-t.Top.MinX, t.Top.MaxY-t.Top.MinY)
	}
	return nil
}

// room is the area of the zones, grown by half of the gap [m²].
func (c Config) room(s Setting) float64 {
	var room float64
	for _, z := range c.zones(s) {
		if !z.empty() {
			room += z.inset(-c.Gap / 2).area()
		}
	}
	return room
}

// zones are where the outlines of objects may be, for each table of the setting.
func (c Config) zones(s Setting) []Zone {
	var out []Zone
	for i, t := range s.tables() {
		z := c.Zone
		if i > 0 {
			z = atHand
		}
		out = append(out, z.meet(t.Top.inset(edgeMargin)))
	}
	return out
}

// atHand bounds the part of a second table that a UR5 reaches from above (its far corner is as far away as TaskZone's) and the camera sees.
var atHand = Zone{0.05, 0.36, -0.65, 0.65}
