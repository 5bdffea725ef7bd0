package tasks

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/refarena/refarena/assets"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/refer"
	"github.com/refarena/refarena/scenes/relate"
)

// A Suite is a list of tasks and what they have in common. An episode of a suite is named by a seed: the seed chooses the task, the
// scene and every random number.
type Suite struct {
	Name   string       `yaml:"name"`
	About  string       `yaml:"about"`
	Scene  SceneOptions `yaml:"scene"`
	Tasks  []Task       `yaml:"tasks"`
	Budget Budget       `yaml:"budget"`
	Replay *Script      `yaml:"replay"` // of a scenario: the one episode that is played; nil of a suite
	Clock  Clock        `yaml:"clock"`

	Hash string `yaml:"-"` // SHA-256 of the file, hexadecimal
	text []byte // the file

	layout []byte // of SceneSuite: the scene's file; nil: scenes are drawn
}

// SceneOptions says which scenes a suite is played in.
type SceneOptions struct {
	Level      string `yaml:"level"`       // easy, medium or hard: see scenes.Level; "" means tidy tables of MinObjects to MaxObjects
	MinObjects int    `yaml:"min_objects"` // 0 means 4; not with a level
	MaxObjects int    `yaml:"max_objects"` // 0 means 8; not with a level
	// Designs are what the objects are chosen from, by the names that `refarena objects` prints; empty means the whole catalogue.
	Designs []string `yaml:"designs"`
}

// A Task is a list of goals on a table that has certain things.
type Task struct {
	Name  string `yaml:"name"`
	Level string `yaml:"level"` // of its scenes, instead of the suite's; "" means the suite's
	// Things are objects that the table has to have, each with a name by which goals and conditions refer to it.
	Things []Thing `yaml:"things"`
	Goals  []Goal  `yaml:"goals"`
	Order  Order   `yaml:"order"` // "" means Strict
	// MaxObjects is how many objects there are at most, instead of the suite's; 0 means the suite's. Not with a level.
	MaxObjects int `yaml:"max_objects"`
	Need       int `yaml:"need"` // how many of the goals have to be reached; 0 means all
	// Finally has to hold at the end, all of it together for DwellSeconds, and must not hold at the beginning. Keep has to hold at the
	// beginning and at the end.
	Finally []Condition `yaml:"finally"`
	Keep    []Condition `yaml:"keep"`
	// Also are looked at when the episode is over and recorded; they decide nothing.
	Also   []Condition `yaml:"also"`
	Events []Push      `yaml:"events"` // what happens while the robot acts
}

// An Order says which goals are tried when.
type Order string

const (
	Strict Order = "strict" // one after the other; the episode ends with the first that cannot be reached
	Free   Order = "free"   // a goal that cannot be reached does not keep the others from being tried, but for those that come after it
)

// A Thing is an object that a task's table has to have.
type Thing struct {
	Name  string `yaml:"name"`
	Kind  Words  `yaml:"kind"` // as of a Selector
	Color Words  `yaml:"color"`
	Like  bool   `yaml:"like"`  // others of its kind and colour may be there: a goal that moves it says which it is
	Table int    `yaml:"table"` // that it stands on: 1, or 2 for one beside the first, which the scene then has; 0: any
}

func (t Thing) selector() Selector { return Selector{Kind: t.Kind, Color: t.Color} }

// maxGoals is how many goals a task can have.
const maxGoals = 10

// A Goal asks for one object to be put somewhere: on or into another (To), to a free place that is described by others (At), or to any free
// place that the scene grammar can describe (Steps without To and At). Which objects, of those that fit, is drawn from the seed.
type Goal struct {
	Name  string    `yaml:"name"`  // for After; "" means its number
	Which *Where    `yaml:"which"` // tells what is moved, a thing, from others like it by how it lies to others
	Move  Selector  `yaml:"move"`  // what is picked up; an empty selector means anything that can be
	To    *Selector `yaml:"to"`    // what it is put on or into; empty means anything that can hold it. Without At and Steps nil means empty, too
	At    []Where   `yaml:"at"`    // one or two relations that hold of the free place
	Steps int       `yaml:"steps"` // reasoning steps of its instructions, 1 to 5, made by the scene grammar; 0 means plain ones, by name and colour
	After []string  `yaml:"after"` // goals that have to be reached before
	// Split is of the grammar's instructions: seen or unseen (held out of training data); "" means either.
	Split string `yaml:"split"`
}

// A Where is a relation that holds of a free place: left of the mug.
type Where struct {
	Relation string   `yaml:"relation"` // left, right, front, behind, between, face, back, outside, edge or corner
	Way      string   `yaml:"way"`      // of edge (left, right, near, far) and corner (near left, …)
	Of       []string `yaml:"of"`       // names of the task's things: one, two for between, none for corner
	Distance float64  `yaml:"distance"` // [m] from the thing, for left, right, front and behind; 0 means any
}

// put says how a goal describes where its object goes.
type put int

const (
	putTo   put = iota // on or into another object
	putAt              // to a free place of given relations
	putFree            // to a free place that the grammar finds
)

func (g *Goal) put() put {
	switch {
	case len(g.At) > 0:
		return putAt
	case g.To == nil && g.Steps > 0:
		return putFree
	}
	return putTo
}

// to is the selector of what the object is put on or into.
func (g *Goal) to() Selector {
	if g.To == nil {
		return Selector{}
	}
	return *g.To
}

// A Selector describes objects. Empty fields fit everything. In a file it is a thing's name, or the fields.
type Selector struct {
	Thing string `yaml:"-"`     // the name of one of the task's things
	Kind  Words  `yaml:"kind"`  // "mug", or several to choose from
	Color Words  `yaml:"color"` // "red", or several
}

// UnmarshalYAML takes a name, or the fields.
func (s *Selector) UnmarshalYAML(unmarshal func(any) error) error {
	if unmarshal(&s.Thing) == nil {
		return nil
	}
	type fields Selector
	return unmarshal((*fields)(s))
}

// Words are one word or a list of some.
type Words []string

// UnmarshalYAML takes a word, or a list.
func (w *Words) UnmarshalYAML(unmarshal func(any) error) error {
	var one string
	if unmarshal(&one) == nil {
		*w = Words{one}
		return nil
	}
	return unmarshal((*[]string)(w))
}

func (w Words) String() string { return strings.Join(w, " or ") }

func (s Selector) fits(o *scenes.Placed) bool {
	return s.describes(o.Design) && (s.Color == nil || slices.Contains(s.Color, o.Color.Name))
}

func (s Selector) describes(d *scenes.Design) bool {
	fits := func(wanted, have []string) bool {
		return wanted == nil || slices.ContainsFunc(wanted, func(w string) bool { return slices.Contains(have, w) })
	}
	return fits(s.Kind, append([]string{d.Name}, d.Names...)) && fits(s.Color, d.Colors)
}

// check looks every word up, so that a misspelt one is not merely never found.
func (s Selector) check() error {
	var names, colors []string
	for _, d := range scenes.Catalogue() {
		names = append(names, d.Category())
		colors = append(colors, d.Colors...)
	}
	for _, kind := range s.Kind {
		if !slices.ContainsFunc(scenes.Catalogue(), Selector{Kind: Words{kind}}.describes) {
			return fmt.Errorf("no %s in the catalogue (have the kinds %s)", kind, strings.Join(names, ", "))
		}
	}
	for _, color := range s.Color {
		if !slices.Contains(colors, color) {
			slices.Sort(colors)
			return fmt.Errorf("no colour %q in the catalogue (have %s)", color, strings.Join(slices.Compact(colors), ", "))
		}
	}
	if !slices.ContainsFunc(scenes.Catalogue(), s.describes) {
		return fmt.Errorf("no %s in the catalogue (have the kinds %s)", s, strings.Join(names, ", "))
	}
	return nil
}

// possible reports whether the catalogue has a pair of objects for a goal to put one on or into another.
func possible(move, to Selector) bool {
	for _, a := range scenes.Catalogue() {
		for _, b := range scenes.Catalogue() {
			if a.Pickable() && move.describes(a) && to.describes(b) && a.Fits(b) {
				return true
			}
		}
	}
	return false
}

func (s Selector) String() string {
	if s.Thing != "" {
		return s.Thing
	}
	return strings.TrimSpace(s.Color.String() + " " + cmp.Or(s.Kind.String(), "object"))
}

// A Budget bounds an episode. Zero fields mean the defaults.
type Budget struct {
	Attempts   int     `yaml:"attempts"`    // tries of each step, a query each; 0 means 1
	Queries    int     `yaml:"queries"`     // questions in the whole episode; 0 means as many as the attempts need
	SimSeconds float64 `yaml:"sim_seconds"` // simulated time of the whole episode [s]; 0 means 60 for each goal
}

// SuiteNames lists the suites that come with the program.
func SuiteNames() []string {
	files, err := fs.Glob(assets.Suites, "suites/*.yaml")
	if err != nil {
		panic(err) // the pattern is well formed
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(path.Base(f), ".yaml")
	}
	slices.Sort(names)
	return names
}

// LoadSuite loads a suite by its name, or from a file if nameOrPath ends in .yaml or .yml.
func LoadSuite(nameOrPath string) (*Suite, error) {
	var text []byte
	var err error
	if strings.HasSuffix(nameOrPath, ".yaml") || strings.HasSuffix(nameOrPath, ".yml") {
		if text, err = os.ReadFile(nameOrPath); err != nil {
			return nil, fmt.Errorf("tasks: suite file: %w", err)
		}
	} else {
		if !slices.Contains(SuiteNames(), nameOrPath) {
			return nil, fmt.Errorf("tasks: no suite %q (have %s; or a file that ends in .yaml)", nameOrPath, strings.Join(SuiteNames(), ", "))
		}
		if text, err = assets.Suites.ReadFile("suites/" + nameOrPath + ".yaml"); err != nil {
			return nil, fmt.Errorf("tasks: suite %q: %w", nameOrPath, err)
		}
	}
	s, err := ParseSuite(text)
	if err != nil {
		return nil, fmt.Errorf("tasks: suite %s: %w", nameOrPath, err)
	}
	return s, nil
}

// ParseSuite reads a suite file, strictly: an unknown key, a missing name or an impossible number is an error.
func ParseSuite(text []byte) (*Suite, error) {
	s := &Suite{}
	if err := scenes.DecodeYAML(text, s); err != nil {
		return nil, err
	}
	if err := scenes.Locate(text, s.check()); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	s.Hash, s.text = hex.EncodeToString(sum[:]), bytes.Clone(text)
	return s, nil
}

// at is an error about a field of the suite's file, or of the part of it that is being checked: see scenes.At.
func at(field, format string, args ...any) error {
	return scenes.At(field, fmt.Errorf(format, args...))
}

func (s *Suite) check() error {
	if s.Name == "" || strings.ContainsAny(s.Name, "/ \t\n") {
		return at("name", "name %q (want a word without spaces and slashes)", s.Name)
	}
	if len(s.Tasks) == 0 {
		return at("tasks", "no tasks (want at least one under `tasks:`)")
	}
	if s.Scene.Level != "" {
		if _, err := scenes.ParseLevel(s.Scene.Level); err != nil {
			return at("scene.level", "scene: %w", err)
		}
		if s.Scene.MinObjects != 0 || s.Scene.MaxObjects != 0 {
			return at("scene", "scene: level %s and a number of objects (want one or the other)", s.Scene.Level)
		}
	}
	s.Scene.MinObjects = cmp.Or(s.Scene.MinObjects, 4)
	s.Scene.MaxObjects = cmp.Or(s.Scene.MaxObjects, max(8, s.Scene.MinObjects))
	if s.Scene.MinObjects < 2 || s.Scene.MaxObjects < s.Scene.MinObjects || s.Scene.MaxObjects > 12 {
		return at("scene", "scene: %d to %d objects (want 2 ≤ min_objects ≤ max_objects ≤ 12; a level has more)", s.Scene.MinObjects, s.Scene.MaxObjects)
	}
	s.Budget.Attempts = cmp.Or(s.Budget.Attempts, 1)
	if s.Budget.Attempts < 1 || s.Budget.Attempts > 100 {
		return at("budget.attempts", "budget: %d attempts (want 1 to 100)", s.Budget.Attempts)
	}
	if !(s.Budget.SimSeconds >= 0 && s.Budget.SimSeconds <= 3600) {
		return at("budget.sim_seconds", "budget: %g sim_seconds (want 0 to 3600)", s.Budget.SimSeconds)
	}
	if s.Replay != nil {
		if err := s.Replay.check(); err != nil {
			return err
		}
	}
	names := map[string]bool{}
	for i := range s.Tasks {
		t := &s.Tasks[i]
		field := fmt.Sprintf("tasks[%d]", i)
		t.Name = cmp.Or(t.Name, fmt.Sprint(i+1))
		if names[t.Name] {
			return at(field+".name", "task %q twice", t.Name)
		}
		names[t.Name] = true
		if err := s.checkTask(t); err != nil {
			return at(field, "task %q: %w", t.Name, err)
		}
	}
	return nil
}

func (s *Suite) checkTask(t *Task) error {
	if _, err := scenes.ParseLevel(cmp.Or(t.Level, string(scenes.LevelEasy))); err != nil {
		return scenes.At("level", err)
	}
	if n := len(t.Goals); n == 0 || n > maxGoals {
		return at("goals", "%d goals (want 1 to %d under `goals:`)", n, maxGoals)
	}
	t.Order = cmp.Or(t.Order, Strict)
	if t.Order != Strict && t.Order != Free {
		return at("order", "order %q (want %s or %s)", t.Order, Strict, Free)
	}
	t.Need = cmp.Or(t.Need, len(t.Goals))
	if t.Need < 1 || t.Need > len(t.Goals) {
		return at("need", "need %d (want 1 to %d, as many as there are goals)", t.Need, len(t.Goals))
	}
	things := map[string]Selector{}
	var names []string
	for i, thing := range t.Things {
		field := fmt.Sprintf("things[%d]", i)
		if thing.Name == "" {
			return at(field, "a thing without a name (want name, kind and color of each)")
		}
		if _, twice := things[thing.Name]; twice {
			return at(field+".name", "thing %q twice", thing.Name)
		}
		if err := thing.selector().check(); err != nil {
			return at(field, "thing %q: %w", thing.Name, err)
		}
		if thing.Table < 0 || thing.Table > 2 {
			return at(field+".table", "%s on table %d (want 1 or 2)", thing.Name, thing.Table)
		}
		things[thing.Name] = thing.selector()
		names = append(names, thing.Name)
	}
	known := func(name string) error {
		if _, ok := things[name]; !ok {
			return fmt.Errorf("no thing %q (have %s)", name, cmp.Or(strings.Join(names, ", "), "none"))
		}
		return nil
	}
	// selector is what a selector says of the object's design, whether it names a thing or not.
	selector := func(sel Selector) (Selector, error) {
		if sel.Thing == "" {
			return sel, sel.check()
		}
		return things[sel.Thing], known(sel.Thing)
	}
	goals := map[string]bool{}
	for k := range t.Goals {
		g := &t.Goals[k]
		g.Name = cmp.Or(g.Name, fmt.Sprint(k+1))
		if goals[g.Name] {
			return at(fmt.Sprintf("goals[%d].name", k), "goal %q twice", g.Name)
		}
		goals[g.Name] = true
	}
	for k := range t.Goals {
		g := &t.Goals[k]
		in := func(field string) string { return fmt.Sprintf("goals[%d].%s", k, field) }
		wrong := func(field string, err error) error {
			return at(in(field), "goal %s, %s: %w", g.Name, strings.TrimRight(field, "[]0123456789"), err)
		}
		move, err := selector(g.Move)
		if err != nil {
			return wrong("move", err)
		}
		to, err := selector(g.to())
		if err != nil {
			return wrong("to", err)
		}
		if g.put() == putTo && !possible(move, to) {
			return at(in("to"), "goal %s: no %s in the catalogue can be picked up and put on or in a %s", g.Name, move, to)
		}
		if !slices.ContainsFunc(scenes.Catalogue(), func(d *scenes.Design) bool { return d.Pickable() && move.describes(d) }) {
			return at(in("move"), "goal %s: no %s in the catalogue can be picked up", g.Name, move)
		}
		if g.To != nil && len(g.At) > 0 {
			return at(in("at"), "goal %s: to and at (want one or the other)", g.Name)
		}
		if g.Steps < 0 || g.Steps > refer.MaxSteps {
			return at(in("steps"), "goal %s: %d steps (want 1 to %d, or 0 for plain instructions)", g.Name, g.Steps, refer.MaxSteps)
		}
		if split := refer.Split(g.Split); split != "" && (split != refer.Seen && split != refer.Unseen || g.Steps == 0) {
			return at(in("split"), "goal %s: split %q (want %s or %s, of a goal with steps)", g.Name, g.Split, refer.Seen, refer.Unseen)
		}
		if len(g.At) > 2 {
			return at(in("at"), "goal %s: %d relations in at (want one or two)", g.Name, len(g.At))
		}
		if err := t.checkWhich(g, known); err != nil {
			return wrong("which", err)
		}
		for i, w := range g.At {
			field := fmt.Sprintf("at[%d]", i)
			if w.Relation == center {
				if err := w.checkCenter(g); err != nil {
					return wrong(field, err)
				}
			} else if _, err := w.claim(func(string) int { return 0 }); err != nil {
				return wrong(field, err)
			}
			for _, name := range w.Of {
				if err := known(name); err != nil {
					return wrong(field, err)
				}
			}
		}
		for i, after := range g.After {
			if !goals[after] {
				return wrong(fmt.Sprintf("after[%d]", i), fmt.Errorf("no goal %q (have %s)", after, strings.Join(slices.Sorted(maps.Keys(goals)), ", ")))
			}
		}
	}
	if cycle := t.cycle(); cycle != "" {
		return at("goals", "goals that wait for each other: %s", cycle)
	}
	for _, list := range []struct {
		field      string
		conditions []Condition
	}{{"finally", t.Finally}, {"keep", t.Keep}, {"also", t.Also}} {
		for i, c := range list.conditions {
			if err := c.check(known, list.field); err != nil {
				return at(fmt.Sprintf("%s[%d]", list.field, i), "%s: %w", list.field, err)
			}
		}
	}
	if budget := s.Budget.Queries; budget > 0 && budget < 2*t.Need {
		return at("$.budget.queries", "a budget of %d queries (want %d at least: two for each goal that is needed)", budget, 2*t.Need)
	}
	if least, have := float64(t.Need)*(DwellSeconds+2*s.Clock.LatencySeconds), s.budgetSeconds(t); have <= least {
		return at("$.budget.sim_seconds", "a budget of %g s of simulated time (want more than %g: each of %d goals has to hold for %g s, and its two answers take %g s each)",
			have, least, t.Need, DwellSeconds, s.Clock.LatencySeconds)
	}
	if err := s.checkMaxObjects(t); err != nil {
		return err
	}
	if err := s.checkDynamics(t, known); err != nil {
		return err
	}
	if err := s.sceneConfig(t).Validate(); err != nil {
		return fmt.Errorf("its scenes: %w", err)
	}
	return nil
}

// cycle names goals that wait for each other; "" if none do.
func (t *Task) cycle() string {
	state := map[string]int{} // 1: being followed, 2: known to end
	var follow func(name string) string
	follow = func(name string) string {
		switch state[name] {
		case 1:
			return name
		case 2:
			return ""
		}
		state[name] = 1
		for _, after := range t.Goals[t.goal(name)].After {
			if c := follow(after); c != "" {
				return name + " after " + c
			}
		}
		state[name] = 2
		return ""
	}
	for _, g := range t.Goals {
		if c := follow(g.Name); c != "" {
			return c
		}
	}
	return ""
}

// goal is the index of the goal of that name.
func (t *Task) goal(name string) int {
	return slices.IndexFunc(t.Goals, func(g Goal) bool { return g.Name == name })
}

// The relations that a free place can have to things, and the ways of those that have some.
var (
	placeRelations = []relate.Relation{relate.Left, relate.Right, relate.Front, relate.Behind, relate.Between, relate.Face, relate.Back,
		relate.Outside, relate.Edge, relate.Corner}
	wayNames = map[relate.Relation]map[string]relate.Way{
		relate.Edge:   {"left": relate.ToLeft, "right": relate.ToRight, "near": relate.ToViewer, "far": relate.Away},
		relate.Corner: {"near left": relate.NearLeft, "near right": relate.NearRight, "far left": relate.FarLeft, "far right": relate.FarRight},
	}
)

// claim is the relation about the objects that index finds by their names.
func (w Where) claim(index func(string) int) (relate.Claim, error) {
	c := relate.Claim{A: -1, B: -1, Distance: w.Distance}
	var err error
	if c.Relation, err = relate.ParseRelation(w.Relation); err != nil || !slices.Contains(placeRelations, c.Relation) {
		var have []string
		for _, r := range placeRelations {
			have = append(have, r.String())
		}
		return c, fmt.Errorf("relation %q of a free place (have %s)", w.Relation, strings.Join(have, ", "))
	}
	anchors := 1
	switch c.Relation {
	case relate.Between:
		anchors = 2
	case relate.Corner:
		anchors = 0
	}
	if len(w.Of) != anchors {
		return c, fmt.Errorf("relation %s of %d things (want %d)", w.Relation, len(w.Of), anchors)
	}
	if ways := wayNames[c.Relation]; ways != nil {
		way, ok := ways[w.Way]
		if !ok {
			return c, fmt.Errorf("way %q of relation %s (have %s)", w.Way, w.Relation, strings.Join(slices.Sorted(maps.Keys(ways)), ", "))
		}
		c.Way = way
	} else if w.Way != "" {
		return c, fmt.Errorf("way %q of relation %s (want none)", w.Way, w.Relation)
	}
	if directional := c.Relation >= relate.Left && c.Relation <= relate.Behind; w.Distance != 0 && (!directional || !(w.Distance >= 0.05 && w.Distance <= 0.5)) {
		return c, fmt.Errorf("a distance of %g m of relation %s (want 0.05 to 0.5, of left, right, front or behind)", w.Distance, w.Relation)
	}
	if anchors > 0 {
		c.A = index(w.Of[0])
	}
	if anchors > 1 {
		c.B = index(w.Of[1])
	}
	return c, nil
}

// Task is the task of an episode: the seeds go through the tasks in turn.
func (s *Suite) Task(seed uint64) *Task { return &s.Tasks[seed%uint64(len(s.Tasks))] }
