package tasks

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/refarena/refarena/scenes/relate"
	"github.com/refarena/refarena/sim"
)

// A Condition is a predicate over the simulation's state about some of a task's things. In a file it is its name and their names, in order:
//
//	on: [apple, plate]
//
// No condition holds while one of the things it is about is touched by the robot, moves, or is not carried by a table or by something on one:
// none can be met in the air, in the hand or in passing. Conditions says what there are.
type Condition struct {
	Kind   string
	Things []string
	Way    string // of relations that have several: "near left"
}

// UnmarshalYAML takes a mapping of one name to a list; for relations with ways the list ends with the way.
func (c *Condition) UnmarshalYAML(unmarshal func(any) error) error {
	var m map[string]Words
	if err := unmarshal(&m); err != nil {
		return err
	}
	if len(m) != 1 {
		return fmt.Errorf("a condition with %d names (want one, such as on: [apple, plate])", len(m))
	}
	for kind, things := range m {
		c.Kind, c.Things = kind, things
	}
	if n := len(c.Things); n > 0 {
		if r, err := relate.ParseRelation(c.Kind); err == nil && conditionWays[r] != nil {
			c.Way, c.Things = c.Things[n-1], c.Things[:n-1]
		}
	}
	return nil
}

// A ConditionKind is a predicate that tasks can use.
type ConditionKind struct {
	Name     string
	About    string // its definition, with tolerances
	Min, Max int    // how many things it is about
	Keeps    bool   // it says that something is as it should be, and is for keep: it holds at the beginning
	Also     bool   // it is for also alone: it says less than a condition has to
}

// Conditions are all there are: those about contact and posture, then the relations.
func Conditions() []ConditionKind {
	out := slices.Clone(conditionKinds)
	for _, r := range relate.Relations() {
		if n := conditionAnchors(r); n >= 0 {
			out = append(out, ConditionKind{r.String(), "as scenes/relate defines it: what is certain, with that package's margins", 1 + n, 1 + n, false, false})
		}
	}
	return append(out, officialKinds...)
}

var conditionKinds = []ConditionKind{
	{"on", "the first lies on or in the second: its origin above the surface, its lowest point within 3 mm below to 5 mm above it (in what is hollow: its centre of mass and its lowest point within the hollow), " +
		"and the second, or what lies on or in it, carries half of its weight or more", 2, 2, false, false},
	{"supported by", "the second carries half of the first's weight or more, directly", 2, 2, false, false},
	{"touching", "the two are in contact", 2, 2, false, false},
	{"stacked", "each carries the one before it: the top first", 2, 8, false, false},
	{"row", "in a straight row: no centre is more than 20 mm from the line through them, seen from above, and none more than 0.25 m from the next", 3, 8, false, false},
	{"sorted", "things of one colour lie on or in the same thing, and of different colours on or in different ones", 2, 8, false, false},
	{"upright", "no more tilted than 20°, for kinds that stand", 1, 8, true, false},
	{"at rest", "slower than 5 mm/s and 0.05 rad/s", 1, 8, true, false},
	{"released", "not touched by the robot", 1, 8, true, false},
	{"undisturbed", "within 10 mm and 5° of where it was at the beginning", 1, 8, true, false},
}

// conditionWays are the relations that need a way, with its names.
var conditionWays = map[relate.Relation]map[string]relate.Way{
	relate.Edge: wayNames[relate.Edge], relate.Corner: wayNames[relate.Corner],
	relate.VerticalRotate:   {"standing": relate.Standing, "lying": relate.Lying},
	relate.HorizontalRotate: {"left": relate.ToLeft, "right": relate.ToRight, "near": relate.ToViewer, "far": relate.Away},
	relate.Angle:            {"parallel": relate.Along, "perpendicular": relate.Across},
}

// conditionAnchors is how many things a relation relates something to; -1 for those that only order things.
func conditionAnchors(r relate.Relation) int {
	switch r {
	case relate.Close, relate.Far, relate.Depth, relate.FreeSpace, relate.Distance:
		return -1
	case relate.Between:
		return 2
	case relate.VerticalRotate, relate.HorizontalRotate, relate.Edge, relate.Corner:
		return 0
	}
	return 1
}

// check says what is wrong with the condition, if anything. field is where it stands: finally, keep or also.
func (c Condition) check(known func(string) error, field string) error {
	var names []string
	for _, k := range Conditions() {
		names = append(names, k.Name)
		if k.Name != c.Kind {
			continue
		}
		if n := len(c.Things); n < k.Min || n > k.Max {
			want := fmt.Sprint(k.Min)
			if k.Max > k.Min {
				want = fmt.Sprintf("%d to %d", k.Min, k.Max)
			}
			return fmt.Errorf("%s of %d things (want %s)", c.Kind, n, want)
		}
		if k.Keeps && field == "finally" {
			return fmt.Errorf("%s holds from the beginning (want it under keep)", c.Kind)
		}
		if k.Also && field != "also" {
			return fmt.Errorf("%s decides nothing (want it under also)", c.Kind)
		}
		for i, name := range c.Things {
			if err := known(name); err != nil {
				return fmt.Errorf("%s: %w", c.Kind, err)
			}
			if slices.Contains(c.Things[:i], name) {
				return fmt.Errorf("%s: thing %q twice", c.Kind, name)
			}
		}
		if r, err := relate.ParseRelation(c.Kind); err == nil && conditionWays[r] != nil {
			if _, ok := conditionWays[r][c.Way]; !ok {
				return fmt.Errorf("%s %q (want a way after the things: one of %s)", c.Kind, c.Way, joined(conditionWays[r]))
			}
		}
		return nil
	}
	return fmt.Errorf("no condition %q (have %s)", c.Kind, strings.Join(names, ", "))
}

func joined(ways map[string]relate.Way) string {
	var names []string
	for name := range ways {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func (c Condition) String() string {
	s := c.Kind + " [" + strings.Join(c.Things, ", ")
	if c.Way != "" {
		s += ", " + c.Way
	}
	return s + "]"
}

// holds reports whether the condition holds in the state that the judge saw last, and if not, why.
func (st *Stage) holds(c Condition, j *judge, begun []sim.Pose) (bool, string) {
	objects := st.objects(c)
	s := st.Scene
	for _, o := range objects {
		switch g := j.ground(s.Data, s.Bodies[o]); {
		case g.touched:
			return false, s.Objects[o].Phrase() + " is touched by the robot"
		case !g.resting:
			return false, s.Objects[o].Phrase() + " moves"
		case !g.carried:
			return false, s.Objects[o].Phrase() + " is not carried by anything"
		}
	}
	no := func(format string, args ...any) (bool, string) { return false, fmt.Sprintf(format, args...) }
	phrase := func(i int) string { return s.Objects[objects[i]].Phrase() }
	body := func(i int) int { return s.Bodies[objects[i]] }
	switch c.Kind {
	case "on":
		if !s.RestsOn(s.Data, objects[0], objects[1]) || !j.standing(s.Data, body(0), st.carriers(objects[1])).supported {
			return no("%s is not on or in %s", phrase(0), phrase(1))
		}
	case "supported by":
		if !j.standing(s.Data, body(0), []int{body(1)}).supported {
			return no("%s does not carry %s", phrase(1), phrase(0))
		}
	case "touching":
		if !j.contact(body(0), body(1)) {
			return no("%s does not touch %s", phrase(0), phrase(1))
		}
	case "stacked":
		for i := range objects[1:] {
			if !j.standing(s.Data, body(i), []int{body(i + 1)}).supported {
				return no("%s does not stand on %s", phrase(i), phrase(i+1))
			}
		}
	case "row":
		var centres []relate.Vec2
		for i := range objects {
			p := s.Data.BodyPose(body(i)).Pos
			centres = append(centres, relate.Vec2{p[0], p[1]})
		}
		if off, gap := rowError(centres); off > 0.020 || gap > 0.25 {
			return no("they are up to %.0f mm beside their line and %.0f mm apart", 1000*off, 1000*gap)
		}
	case "sorted":
		for i := range objects {
			for k := range objects[:i] {
				a, b := st.carrier(objects[i]), st.carrier(objects[k])
				alike := s.Objects[objects[i]].Color.Name == s.Objects[objects[k]].Color.Name
				switch {
				case a < 0 || b < 0:
					return no("%s or %s lies on nothing but the table", phrase(i), phrase(k))
				case alike != (a == b):
					return no("%s and %s are together, or apart, where they should not be", phrase(i), phrase(k))
				}
			}
		}
	case "upright":
		for i, o := range objects {
			if !s.Stands(s.Data, o) {
				return no("%s does not stand", phrase(i))
			}
		}
	case "at rest", "released": // what was asked of all of them
	case "undisturbed":
		for i, o := range objects {
			if pos, angle := s.Data.BodyPose(body(i)).Distance(begun[o]); pos > 0.010 || angle > 5*math.Pi/180 {
				return no("%s has moved by %.0f mm and %.0f°", phrase(i), 1000*pos, angle*180/math.Pi)
			}
		}
	default:
		return st.related(c, objects)
	}
	return true, ""
}

// objects are what a condition is about, as indices into the scene's Objects.
func (st *Stage) objects(c Condition) []int {
	var out []int
	for _, name := range c.Things {
		out = append(out, st.Things[slices.IndexFunc(st.Task.Things, func(t Thing) bool { return t.Name == name })])
	}
	return out
}

// related is holds for relations.
func (st *Stage) related(c Condition, objects []int) (bool, string) {
	r, err := relate.ParseRelation(c.Kind)
	if err != nil {
		panic(err) // the suite was checked
	}
	w, err := relate.FromScene(st.Scene, st.Scene.Camera(approveWidth, approveHeight))
	if err != nil {
		return false, err.Error()
	}
	claim := relate.Claim{Relation: r, Way: conditionWays[r][c.Way], A: -1, B: -1}
	if len(objects) > 1 {
		claim.A = objects[1]
	}
	if len(objects) > 2 {
		claim.B = objects[2]
	}
	if truth := w.Holds(claim, objects[0]); truth != relate.Yes {
		return false, fmt.Sprintf("%v does not hold of %s: %v", c, st.Scene.Objects[objects[0]].Phrase(), truth)
	}
	return true, ""
}

// carriers are the bodies that count as an object for what lies on or in it: itself, and whatever lies on or in it.
func (st *Stage) carriers(object int) []int {
	s := st.Scene
	out := []int{s.Bodies[object]}
	for i := range s.Objects {
		if i != object && s.RestsOn(s.Data, i, object) {
			out = append(out, s.Bodies[i])
		}
	}
	return out
}

// carrier is the object that another lies on or in, -1 if there is none: the table, or the air.
func (st *Stage) carrier(object int) int {
	s := st.Scene
	for i := range s.Objects {
		if i != object && s.RestsOn(s.Data, object, i) {
			return i
		}
	}
	return -1
}

// rowError is how far points are from the straight line that fits them best (total least squares) and the largest distance between
// neighbours along it [m].
func rowError(points []relate.Vec2) (off, gap float64) {
	var mean relate.Vec2
	for _, p := range points {
		mean = mean.Add(p.Mul(1 / float64(len(points))))
	}
	var xx, xy, yy float64
	for _, p := range points {
		d := p.Sub(mean)
		xx, xy, yy = xx+d[0]*d[0], xy+d[0]*d[1], yy+d[1]*d[1]
	}
	sin, cos := math.Sincos(math.Atan2(2*xy, xx-yy) / 2) // the major axis of the scatter
	var along []float64
	for _, p := range points {
		d := p.Sub(mean)
		off = max(off, math.Abs(-sin*d[0]+cos*d[1]))
		along = append(along, cos*d[0]+sin*d[1])
	}
	slices.Sort(along)
	for i := range along[1:] {
		gap = max(gap, along[i+1]-along[i])
	}
	return off, gap
}
