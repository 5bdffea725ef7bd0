package refer

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/relate"
	"github.com/refarena/refarena/sim"
)

// MaxSteps is the largest number of reasoning steps.
const MaxSteps = 5

// An Instruction is a question to a pointing model, with its answer.
type Instruction struct {
	Kind       scenes.QuestionKind
	Text       string
	ObjectSpan Span              // the words for Object in Text
	HeldSpan   Span              // of a placement: those for what is to be put there
	Object     string            // what Text asks for, alone: a noun phrase in the first words for it
	Phrase     *Phrase           // of a location: what is meant
	Place      *Place            // of a placement: where
	Target     int               // of a location: the thing meant, an index into the scene's Objects; -1 for a placement
	Held       int               // of a placement: what is to be put there, -1 if nothing is said of it; -1 for a location
	Anchors    []int             // the things that the text refers to on the way, in the order of the trace, each once
	Relations  []relate.Relation // that it uses, in order, each once
	Steps      int               // of reasoning, 1…MaxSteps, as RefSpatial-Bench counts them
	Trace      []TraceStep       // one for each step
	Split      Split
	Region     sim.Region // the right answers in the picture
	Area       *Area      // of a placement: the right answers in the world; of a location that is the thing itself, or its part

	mentions int // how many phrases name an anchor
}

// Points are the places in the world that the picture shows in the region: the visible surface of the thing, or of the free space [m].
func (in *Instruction) Points(shot *sim.Shot) []sim.Vec3 {
	var out []sim.Vec3
	for i, right := range in.Region.Mask {
		if right && shot.Frame.Depth[i] > 0 {
			px := sim.Pixel{X: float64(i%in.Region.Width) + 0.5, Y: float64(i/in.Region.Width) + 0.5}
			out = append(out, shot.Frame.Camera.Deproject(px, float64(shot.Frame.Depth[i])))
		}
	}
	return out
}

// Options say what instructions to make. The zero value is ready to use: 20 of all kinds.
type Options struct {
	Count int // how many; 0 means 20. Fewer come back if the scene has no more to say
	// Patience is after how many draws in a row that come to nothing a number of steps is given up for a kind: five steps are rarely found on an
	// easy table. 0 means never, which spends most of the time on what is rare.
	Patience  int
	Kinds     []scenes.QuestionKind // none means both
	Steps     []int                 // the step counts wanted, 1…MaxSteps; none means all
	Relations []relate.Relation     // each instruction uses all of these; none means no preference
	Split     Split                 // only of this split; "" means both
	Target    string                // only locations of the thing of this name (scenes.Placed.Name), and placements of it; "" means any

	// Executable asks for what a gripper can do: locations of things (not parts of them) that can be picked up, with nothing on them and in reach, and
	// placements in reach of one of those, which the text may name.
	Executable bool
	// Reach is the smallest and the largest distance from the world's z axis that a robot at the origin reaches [m]; zero means 0.28 and 0.756,
	// the far corner of scenes.TaskZone.
	Reach [2]float64
}

func (o Options) withDefaults() Options {
	o.Count = cmp.Or(o.Count, 20)
	if len(o.Kinds) == 0 {
		o.Kinds = []scenes.QuestionKind{scenes.Location, scenes.Placement}
	}
	if len(o.Steps) == 0 {
		o.Steps = []int{1, 2, 3, 4, 5}
	}
	o.Reach = cmp.Or(o.Reach, [2]float64{0.28, 0.756})
	return o
}

// Validate says what is wrong with the options, if anything, apart from the scene.
func (o Options) Validate() error {
	d := o.withDefaults()
	if d.Count < 0 || d.Count > 1000 {
		return fmt.Errorf("refer: %d instructions of a scene (want 1…1000)", o.Count)
	}
	for _, k := range d.Kinds {
		if k != scenes.Location && k != scenes.Placement {
			return fmt.Errorf("refer: no kind of instruction %q (have %s, %s)", k, scenes.Location, scenes.Placement)
		}
	}
	for _, n := range d.Steps {
		if n < 1 || n > MaxSteps {
			return fmt.Errorf("refer: %d reasoning steps (want 1…%d)", n, MaxSteps)
		}
	}
	least := 0
	for i, r := range d.Relations {
		if !r.Valid() {
			_, err := relate.ParseRelation(r.String())
			return fmt.Errorf("refer: %w", err)
		}
		if slices.Contains(d.Relations[:i], r) {
			return fmt.Errorf("refer: relation %q twice in a request (want each once)", r)
		}
		least += leastSteps(r)
	}
	if most := slices.Max(d.Steps); least > most {
		return fmt.Errorf("refer: %s take %d steps at least, and %d are asked for at most (want fewer relations, or %d steps)",
			names(d.Relations), least, most, least)
	}
	if slices.Contains(d.Relations, relate.FreeSpace) && !slices.Contains(d.Kinds, scenes.Placement) {
		return fmt.Errorf("refer: relation %q in a location (want kind %s, or another relation: %s)", relate.FreeSpace, scenes.Placement, names(locationRelations))
	}
	switch d.Split {
	case "", Unseen:
	case Seen:
		if SplitOf(d.Relations) == Unseen {
			return fmt.Errorf("refer: %s together are held out of split %q (want split %q, or fewer of them)", names(d.Relations), Seen, Unseen)
		}
	default:
		return fmt.Errorf("refer: no split %q (have %s, %s)", d.Split, Seen, Unseen)
	}
	if !(d.Reach[0] >= 0 && d.Reach[1] > d.Reach[0]) {
		return fmt.Errorf("refer: a reach of %g to %g m (want 0 ≤ smallest < largest)", d.Reach[0], d.Reach[1])
	}
	return nil
}

// leastSteps is how many steps an instruction has at least because of a relation.
func leastSteps(r relate.Relation) int {
	switch r {
	case relate.Between:
		return 3
	case relate.Front, relate.Behind, relate.Face, relate.Back:
		return 2
	case relate.Close, relate.Far, relate.Above, relate.Below, relate.Distance, relate.Inside, relate.Outside, relate.Touch, relate.FarFrom, relate.Angle,
		relate.Edge, relate.Corner:
		return 1
	}
	return 0
}

func names(relations []relate.Relation) string {
	out := make([]string, len(relations))
	for i, r := range relations {
		out[i] = fmt.Sprintf("%q", r)
	}
	return strings.Join(out, ", ")
}

// A maker makes the instructions of one request.
type maker struct {
	*View
	Options
	draw      *rand.Rand
	reachable []bool // by thing: in reach, and free to be picked up
	target    int    // the only thing wanted; -1 is any
	used      [relate.Angle + 1]int
}

// Generate makes instructions about the view: never two that mean the same, at most Options.Count. The draws come from r. The error is for
// options that make no sense.
func (v *View) Generate(o Options, r *rand.Rand) ([]Instruction, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	m := &maker{View: v, Options: o.withDefaults(), draw: r, target: -1}
	if o.Target != "" {
		m.target = slices.IndexFunc(v.World.Things, func(t relate.Thing) bool { return t.Name == o.Target })
		if m.target < 0 {
			var have []string
			for _, t := range v.World.Things {
				have = append(have, t.Name)
			}
			return nil, fmt.Errorf("refer: no object %q in the scene (have %s)", o.Target, strings.Join(have, ", "))
		}
	}
	for i := range v.World.Things {
		m.reachable = append(m.reachable, v.scene.Objects[i].Design.Pickable() && m.inReach(v.World.Solids[i].Centre) && v.bare(i))
	}
	var out []Instruction
	known := map[string]bool{}
	made := map[scenes.QuestionKind]int{}
	type label struct {
		kind  scenes.QuestionKind
		steps int
	}
	bySteps := map[label]int{}
	vain := map[label]int{}                 // draws in a row that came to nothing
	left := map[scenes.QuestionKind][]int{} // step counts that have not been given up
	for _, kind := range m.Kinds {
		left[kind] = m.Steps
	}
	const triesEach = 40
	for try := 0; try < triesEach*m.Count && len(out) < m.Count; try++ {
		// The kind that there is less of, unless it has been tried in vain; of three step counts the rarest.
		kind := m.Kinds[try%len(m.Kinds)]
		if other := m.Kinds[(try+1)%len(m.Kinds)]; made[kind] > made[other] && try%4 > 0 {
			kind = other
		}
		if len(left[kind]) == 0 {
			kind = m.Kinds[slices.IndexFunc(m.Kinds, func(k scenes.QuestionKind) bool { return len(left[k]) > 0 })]
		}
		choice := left[kind]
		steps := choice[m.draw.IntN(len(choice))]
		for range 2 {
			if n := choice[m.draw.IntN(len(choice))]; bySteps[label{kind, n}] < bySteps[label{kind, steps}] {
				steps = n
			}
		}
		if vain[label{kind, steps}]++; m.Patience > 0 && vain[label{kind, steps}] == m.Patience {
			left[kind] = slices.DeleteFunc(slices.Clone(choice), func(n int) bool { return n == steps })
			if !slices.ContainsFunc(m.Kinds, func(k scenes.QuestionKind) bool { return len(left[k]) > 0 }) {
				break
			}
		}
		in, ok := m.make(kind, steps)
		if !ok || m.Split != "" && in.Split != m.Split {
			continue
		}
		meaning := m.meaning(&in)
		if known[meaning] {
			continue
		}
		known[meaning] = true
		var pixels int
		if kind == scenes.Location {
			in.Region, pixels = m.thingRegion(in.Target, in.Phrase.Part)
		} else {
			in.Region, pixels = m.areaRegion(in.Area)
		}
		if float64(pixels) < minPixels*float64(len(in.Region.Mask)) {
			continue
		}
		made[kind]++
		bySteps[label{kind, steps}]++
		vain[label{kind, steps}] = 0
		for _, r := range in.Relations {
			m.used[r]++
		}
		out = append(out, in)
	}
	return out, nil
}

// meaning is what two instructions that say the same have in common: the first words for what they mean.
func (m *maker) meaning(in *Instruction) string {
	s := speaker{view: m.View}
	if in.Phrase != nil {
		return s.say(in.Phrase, false)
	}
	return fmt.Sprint(in.Held, " ", s.sayPlace(in.Place))
}

func (m *maker) inReach(p relate.Vec2) bool { d := p.Len(); return d >= m.Reach[0] && d <= m.Reach[1] }

// bare reports whether nothing stands on or in a thing.
func (v *View) bare(thing int) bool {
	for i := range v.World.Things {
		if v.parent[i] == thing {
			return false
		}
	}
	return true
}

// locationRelations are those that a location can use; a placement can use them for its anchors.
var locationRelations = slices.DeleteFunc(relate.Relations(), func(r relate.Relation) bool { return r == relate.FreeSpace })

// drawnRelations are locationRelations to draw from: what seldom comes to anything is in it twice.
var drawnRelations = append(slices.Clone(locationRelations), relate.Depth, relate.HorizontalRotate, relate.Touch, relate.Below)

// placeRelations are those that a placement's conditions use.
var placeRelations = []relate.Relation{
	relate.Left, relate.Right, relate.Front, relate.Behind, relate.Between, relate.Distance, relate.Face, relate.Back, relate.Edge, relate.Corner,
	relate.Inside, relate.Outside, relate.Above, relate.ImageAbove, relate.ImageBelow,
}

// among draws one relation of a list: one that is asked for, if any is in it, else one of those that were used least.
func (m *maker) among(from []relate.Relation) relate.Relation {
	best := make([]relate.Relation, 0, len(m.used)) // stays on the stack
	wanted := slices.ContainsFunc(m.Relations, func(r relate.Relation) bool { return slices.Contains(from, r) })
	for _, r := range from {
		switch {
		case wanted && !slices.Contains(m.Relations, r):
			continue
		case len(best) > 0 && m.used[r] > m.used[best[0]]:
			continue
		case len(best) > 0 && m.used[r] < m.used[best[0]]:
			best = best[:0]
		}
		best = append(best, r)
	}
	if m.draw.IntN(2) == 0 && !wanted { // or any, so that a relation that never works does not keep the others waiting
		return from[m.draw.IntN(len(from))]
	}
	return best[m.draw.IntN(len(best))]
}

// make tries to make one instruction of a kind with so many steps.
func (m *maker) make(kind scenes.QuestionKind, steps int) (Instruction, bool) {
	var in Instruction
	var ok bool
	if kind == scenes.Location {
		in, ok = m.location(steps)
	} else {
		in, ok = m.placement(steps)
	}
	if !ok {
		return in, false
	}
	for _, r := range m.Relations {
		if !slices.Contains(in.Relations, r) {
			return in, false
		}
	}
	if len(in.Anchors) != in.mentions || slices.Contains(in.Anchors, in.Target) || slices.Contains(in.Anchors, in.Held) {
		return in, false // it names a thing twice
	}
	in.Split = SplitOf(in.Relations)
	return in, true
}

func (m *maker) location(steps int) (Instruction, bool) {
	use := m.among(drawnRelations)
	target := m.target
	facts := m.factsOf(use)
	switch {
	case target >= 0:
	case len(facts) > 0 && m.draw.IntN(4) > 0:
		target = facts[m.draw.IntN(len(facts))].thing
	default:
		target = m.draw.IntN(len(m.World.Things))
	}
	if !m.visible(target) || m.Executable && !m.reachable[target] {
		return Instruction{}, false
	}
	budget := steps
	if steps == 1 && m.draw.IntN(2) == 0 {
		budget = 0
	}
	p := m.phrase(target, budget, use, 0)
	if p == nil {
		return Instruction{}, false
	}
	if parts := m.partsOf(target); !m.Executable && len(parts) > 0 && m.draw.IntN(10) == 0 {
		p.Part = parts[m.draw.IntN(len(parts))]
	}
	in := Instruction{
		Kind: scenes.Location, Phrase: p, Target: target, Held: -1, Steps: steps, Relations: tidy(p.relations(nil)),
		Anchors: m.anchors(p.anchors(nil)),
	}
	in.mentions = len(p.anchors(nil))
	in.Trace = m.tracePhrase(p, target)
	texts := locationTexts
	if m.Executable || p.Part == "" && m.reachable[target] && m.draw.IntN(4) == 0 {
		texts = slices.Concat(texts, pickTexts)
	}
	s := speaker{m.View, m.draw, new(marker)}
	in.say(s, p, sentence(s.pick(texts), s.say(p, false)))
	in.Object = speaker{view: m.View}.say(p, false)
	return in, p.Part == "" || strings.Count(in.Text, p.Part) == 1
}

// tidy sorts a list and drops what is twice in it.
func tidy(list []relate.Relation) []relate.Relation {
	slices.Sort(list)
	return slices.Compact(list)
}

// anchors are the phrases inside a phrase, innermost first.
func (p *Phrase) anchors(list []*Phrase) []*Phrase {
	for _, c := range p.Clauses {
		for _, a := range c.Anchors {
			list = append(a.anchors(list), a)
		}
	}
	if p.Order != nil && p.Order.Anchor != nil {
		list = append(p.Order.Anchor.anchors(list), p.Order.Anchor)
	}
	return list
}

// anchors are the things that phrases mean, each once.
func (m *maker) anchors(phrases []*Phrase) []int {
	var out []int
	for _, p := range phrases {
		if t, ok := m.resolve(p); ok && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// partsOf are the parts of a thing that people point at, of which it has one each.
func (m *maker) partsOf(thing int) []string {
	count := map[string]int{}
	for _, p := range m.scene.Objects[thing].Design.Parts() {
		count[p.Name]++
	}
	var out []string
	for _, name := range m.World.Things[thing].Parts {
		if count[name] == 1 && slices.Contains(partWords, name) {
			out = append(out, name)
		}
	}
	return out
}

// phrase builds a phrase for a thing with exactly so many steps; nil if this draw led to nothing. It uses the relation, unless that is 0.
// depth is 0 for what is asked for and more for its anchors.
func (m *maker) phrase(thing, steps int, use relate.Relation, depth int) *Phrase {
	if use == 0 && steps == 0 {
		if m.draw.IntN(4) > 0 || depth > 1 {
			return m.called(thing, 0, depth, &Phrase{})
		}
		use = m.among(freeRelations)
	}
	for range 3 + 2*steps {
		r := use
		if r == 0 {
			r = m.among(drawnRelations)
		}
		if p := m.attempt(thing, steps, r, depth); p != nil {
			return p
		}
	}
	return nil
}

// attempt is one try to say of a thing what a relation says, with so many steps.
func (m *maker) attempt(thing, steps int, use relate.Relation, depth int) *Phrase {
	p := &Phrase{}
	if isOrder(use) && (anchorless(use) || m.draw.IntN(2) == 0 || len(m.factsOf(use)) == 0) {
		if p.Order = m.order(thing, steps, use, depth); p.Order == nil {
			return nil
		}
		if rest := steps - p.Steps(); rest > 0 { // "the tallest bottle that is behind the can"
			if !sized(use) {
				return nil
			}
			c := m.clause(thing, rest, m.among(drawnRelations), depth)
			if c == nil {
				return nil
			}
			p.Clauses = []Clause{*c}
		}
		return m.called(thing, steps, depth, p)
	}
	c := m.clause(thing, steps, use, depth)
	if c == nil {
		return nil
	}
	p.Clauses = []Clause{*c}
	if rest := steps - c.steps(); rest > 0 {
		if depth > 0 { // "… that is A and B" inside a phrase: nobody knows what B belongs to
			return nil
		}
		second := m.second(thing, rest)
		if second == nil || second.Relation == c.Relation || opposite(second.Relation, c.Relation) {
			return nil
		}
		// What has something after its anchor's noun comes last, so that it is plain what belongs to what.
		if c.nested() {
			if second.nested() {
				return nil
			}
			c, second = second, c
		}
		p.Clauses = []Clause{*c, *second}
	}
	return m.called(thing, steps, depth, p)
}

// second draws a clause about a thing that has exactly so many steps, all its own.
func (m *maker) second(thing, steps int) *Clause {
	var facts []fact
	for range 12 { // relations without a fact about the thing are common
		r := locationRelations[m.draw.IntN(len(locationRelations))]
		c := Clause{Relation: r, Anchors: make([]*Phrase, anchorCount(r))}
		if all := m.factsAbout(r, thing); c.own() == steps && len(all) > 0 {
			facts = append(facts, all[m.draw.IntN(len(all))])
		}
	}
	for _, f := range facts {
		if c := m.said(f, steps, 0); c != nil && c.steps() == steps {
			return c
		}
	}
	return nil
}

// opposite reports whether two relations are a pair, of which nobody says both of one thing.
func opposite(a, b relate.Relation) bool {
	a, b = min(a, b), max(a, b)
	return b == a+1 && slices.Contains([]relate.Relation{
		relate.Left, relate.Front, relate.ImageAbove, relate.Tall, relate.Big, relate.Wide, relate.Above, relate.Face, relate.Inside,
	}, a)
}

// called finds a noun, and maybe a colour, with which the phrase is sound: it means the thing, has so many steps and no clause too many, and
// reads well. It is nil if there is none.
func (m *maker) called(thing, steps, depth int, p *Phrase) *Phrase {
	if p.Steps() != steps {
		return nil
	}
	t := &m.World.Things[thing]
	// Of the four kinds of heads the one that comes first is drawn; "the red object" is no name for an anchor.
	first := m.draw.IntN(4)
	for k := range 4 {
		kind := (first + k) % 4
		p.Noun, p.Color = t.Nouns[0], ""
		if m.draw.IntN(3) == 0 {
			p.Noun = m.synonym(t)
		}
		if kind >= 2 {
			if depth > 0 && p.Steps() == 0 {
				continue
			}
			p.Noun = Generic[m.draw.IntN(len(Generic))]
		}
		if kind%2 == 1 {
			p.Color = t.Color
		}
		if p.Color == p.Noun || !readable(p) || !m.consistent(append(p.anchors(nil), p)) {
			continue
		}
		ranks := 1
		if p.Order != nil {
			ranks = 3
		}
		for rank := 1; rank <= ranks; rank++ {
			if p.Order != nil {
				p.Order.Rank = rank
			}
			if x, ok := m.resolve(p); ok && x == thing && m.minimal(p) {
				m.known[p] = thing
				return p
			}
		}
	}
	return nil
}

// synonym draws one of the thing's names. Those with a size in them go with no colour ("brown small shelf") and no rank, and are passed over.
func (m *maker) synonym(t *relate.Thing) string {
	noun := t.Nouns[m.draw.IntN(len(t.Nouns))]
	for _, size := range []string{"small ", "little ", "big ", "large ", "tall "} {
		if strings.HasPrefix(noun, size) {
			return t.Nouns[0]
		}
	}
	return noun
}

// repeats reports whether a list has something twice.
func repeats(list []relate.Relation) bool {
	for i, r := range list {
		if slices.Contains(list[:i], r) {
			return true
		}
	}
	return false
}

// readable reports whether a phrase is one that people would say: no generic noun twice, no anchor called the same as what it is there for, no
// "behind the mug that is behind the can".
func readable(p *Phrase) bool {
	if repeats(p.relations(nil)) {
		return false
	}
	generic := slices.Contains(Generic, p.Noun)
	for _, a := range p.anchors(nil) {
		if generic && a.generic() || a.Noun == p.Noun && (a.Color == p.Color || a.Color == "" || p.Color == "") {
			return false
		}
	}
	return true
}

// isOrder reports whether a relation can put things in an order.
func isOrder(r relate.Relation) bool { _, ok := orders[r]; return ok }

// anchorless reports whether a relation is an order and nothing else.
func anchorless(r relate.Relation) bool {
	return r == relate.Close || r == relate.Far || r == relate.Depth
}

// freeRelations are those that cost no step.
var freeRelations = []relate.Relation{
	relate.Left, relate.Right, relate.Depth, relate.Tall, relate.Short, relate.Big, relate.Small, relate.Wide, relate.Thin, relate.ImageAbove, relate.ImageBelow,
	relate.VerticalRotate, relate.HorizontalRotate,
}

// nested reports whether anything follows the noun of one of the clause's anchors, or the clause itself ends in words that a next one could
// be taken to belong to.
func (c *Clause) nested() bool {
	return slices.ContainsFunc(c.Anchors, func(a *Phrase) bool { return len(a.Clauses) > 0 || a.Order != nil && !sized(a.Order.Relation) })
}

// sized reports whether a relation orders by size: its words come before the noun.
func sized(r relate.Relation) bool {
	switch r {
	case relate.Tall, relate.Short, relate.Big, relate.Small, relate.Wide, relate.Thin:
		return true
	}
	return false
}

// order draws an order by a relation, whose rank is yet to be found; nil if this draw led to nothing. It costs at most so many steps.
func (m *maker) order(thing, steps int, use relate.Relation, depth int) *Order {
	o := &Order{Relation: use, Rank: 1}
	switch use {
	case relate.Left, relate.Right, relate.ImageAbove, relate.ImageBelow:
	case relate.Tall, relate.Short:
		if m.World.Lies(thing) == relate.Yes { // nobody calls what lies flat the shortest
			return nil
		}
	case relate.Big, relate.Small, relate.Wide, relate.Thin:
	case relate.Depth:
		if m.draw.IntN(2) == 0 {
			o.Way = relate.Descending
		}
	case relate.Close, relate.Far:
		if steps < 1 {
			return nil
		}
		a := m.anchor(thing)
		if a < 0 || !m.rankable(relate.Claim{Relation: use, A: a, B: -1}, thing) {
			return nil
		}
		if o.Anchor = m.phrase(a, steps-1, 0, depth+1); o.Anchor == nil {
			return nil
		}
	case relate.Edge:
		o.Way = relate.Edges[m.draw.IntN(len(relate.Edges))]
		if steps < 1 || !m.showsEdge(o.Way, m.World.Solids[thing].Centre) {
			return nil
		}
	case relate.Corner:
		o.Way = relate.Corners[m.draw.IntN(len(relate.Corners))]
		if steps < 1 || !m.showsCorner(o.Way) {
			return nil
		}
	default:
		return nil
	}
	return o
}

// rankable reports whether an order gives the thing one of the first three ranks among the things of some name. That is cheap to know before a
// name for the order's anchor is looked for.
func (m *maker) rankable(order relate.Claim, thing int) bool {
	t := &m.World.Things[thing]
	n := len(m.World.Things)
	before := m.whoIsBefore(order)
	members := make([]int, 0, n)
	for _, noun := range []string{t.Nouns[0], Generic[0]} {
		for _, color := range []string{"", t.Color} {
			members = members[:0]
			for i, truth := range m.whoFits(&Phrase{Noun: noun, Color: color}) {
				if truth == relate.Yes && i != order.A {
					members = append(members, i)
				}
			}
			for rank := 1; rank <= 3; rank++ {
				if x, ok := rankedBy(before, n, rank, members); ok && x == thing {
					return true
				}
			}
		}
	}
	return false
}

// anchor draws a visible thing other than these; -1 if there is none this time.
func (m *maker) anchor(others ...int) int {
	for range 4 {
		if a := m.draw.IntN(len(m.World.Things)); !slices.Contains(others, a) && m.visible(a) {
			return a
		}
	}
	return -1
}

// clause draws a clause that holds of the thing and costs at most so many steps; nil if this draw led to nothing.
func (m *maker) clause(thing, steps int, use relate.Relation, depth int) *Clause {
	facts := m.factsAbout(use, thing)
	if len(facts) == 0 {
		return nil
	}
	return m.said(facts[m.draw.IntN(len(facts))], steps, depth)
}

// said is a fact as a clause of at most so many steps; nil if this draw led to nothing.
func (m *maker) said(f fact, steps, depth int) *Clause {
	claim := f.claim
	c := &Clause{Relation: claim.Relation, Way: claim.Way, Distance: claim.Distance, Anchors: make([]*Phrase, anchorCount(claim.Relation))}
	if c.own() > steps {
		return nil
	}
	if len(c.Anchors) == 2 && m.draw.IntN(2) == 0 {
		claim.A, claim.B = claim.B, claim.A
	}
	return m.callAnchors(c, claim, steps, depth)
}

// callAnchors finds phrases for a clause's anchors. Steps that are left over go to one of them, or to none.
func (m *maker) callAnchors(c *Clause, claim relate.Claim, steps, depth int) *Clause {
	rest := steps - c.own()
	if rest > 0 && m.draw.IntN(2) == 0 || depth > 1 || c.Relation == relate.ImageAbove || c.Relation == relate.ImageBelow {
		rest = 0
	}
	things := []int{claim.A, claim.B}
	for i := range c.Anchors {
		n := 0
		if i == len(c.Anchors)-1 {
			n = rest // the last one: nothing comes after what belongs to it
		}
		if c.Anchors[i] = m.phrase(things[i], n, 0, depth+1); c.Anchors[i] == nil {
			return nil
		}
		a := c.Anchors[i]
		last := i == len(c.Anchors)-1
		trails := len(a.Clauses) > 0 || a.Order != nil && !sized(a.Order.Relation)
		ends := c.Relation == relate.ImageAbove || c.Relation == relate.ImageBelow || c.Relation == relate.Face || c.Relation == relate.Back || ownFront(&m.World.Things[things[i]])
		if trails && (!last || ends) {
			return nil
		}
	}
	return c
}

func (m *maker) placement(steps int) (Instruction, bool) {
	held := m.held
	if held < 0 && (m.Executable || m.target >= 0 || m.draw.IntN(3) == 0) {
		held = m.target
		if held < 0 {
			held = m.draw.IntN(len(m.World.Things))
		}
		if !m.reachable[held] {
			return Instruction{}, false
		}
	}
	use, inside := m.among(placeRelations), relate.Relation(0)
	if m.draw.IntN(2) == 0 {
		inside = m.among(drawnRelations)
	}
	p := m.place(steps, use, inside, held)
	if p == nil || p.Steps() != steps || repeats(p.relations()) {
		return Instruction{}, false
	}
	if held >= 0 && (use == relate.ImageAbove || use == relate.ImageBelow) {
		return Instruction{}, false // nobody puts things above others in an image
	}
	return m.placementOf(p, held)
}

// placementOf is the instruction for a description of free space.
func (m *maker) placementOf(p *Place, held int) (Instruction, bool) {
	area, ok := m.area(p, held)
	if !ok || m.Executable && !m.allInReach(area) {
		return Instruction{}, false
	}
	in := Instruction{
		Kind: scenes.Placement, Place: p, Target: -1, Held: held, Steps: p.Steps(), Relations: tidy(p.relations()), Area: area,
	}
	var phrases []*Phrase
	for _, c := range p.Conditions {
		for _, a := range c.Anchors {
			phrases = append(a.anchors(phrases), a)
		}
	}
	in.Anchors, in.mentions, in.Trace = m.anchors(phrases), len(phrases), m.tracePlace(p)
	if !m.consistent(phrases) {
		return in, false
	}
	in.Object = "the free space " + speaker{view: m.View}.sayPlace(p)
	s := speaker{m.View, m.draw, new(marker)}
	if held < 0 {
		in.say(s, p, sentence(s.pick(placementTexts), s.mark(p, s.sayPlace(p))))
		return in, true
	}
	what := m.callHeld(held, phrases)
	in.say(s, p, strings.ReplaceAll(sentence(s.pick(putTexts), s.mark(p, s.sayPlace(p))), "^", s.mark(&in.Held, what)))
	return in, what != ""
}

// say makes the text of a speaker that marks the instruction's, and says where in it the words of each step are.
func (in *Instruction) say(s speaker, object any, marked string) {
	var at map[any]Span
	in.Text, at = s.marks.spans(marked)
	in.ObjectSpan, in.HeldSpan = at[object], at[&in.Held]
	for i := range in.Trace {
		in.Trace[i].Span = at[in.Trace[i].key]
	}
}

// callHeld names what is to be put somewhere by what it looks like. If that is not enough, and a robot holds it or the caller has asked for a
// placement of it, then by where it is by then: in the gripper. Else it is "". others are the phrases that it is said with.
func (m *maker) callHeld(held int, others []*Phrase) string {
	t := &m.World.Things[held]
	for range 4 {
		p := &Phrase{Noun: m.synonym(t), Color: t.Color}
		if m.draw.IntN(2) == 0 {
			p.Color = ""
		}
		sound := false
		if held == m.held { // nothing else may be called so
			sound = !slices.ContainsFunc(m.whoFits(p), func(t relate.Truth) bool { return t != relate.No })
		} else if x, ok := m.resolve(p); ok {
			sound = x == held
		}
		if sound && m.consistent(append(slices.Clone(others), p)) {
			return speaker{view: m.View, draw: m.draw}.say(p, true)
		}
	}
	if held == m.held || m.target >= 0 {
		return "the object in the gripper"
	}
	return ""
}

// place draws a description of free space around a relation; nil if this draw led to nothing. inside is a relation for its anchors to use, 0
// for any or none.
func (m *maker) place(steps int, use, inside relate.Relation, held int) *Place {
	first := m.condition(steps, use, inside, held)
	if first == nil {
		return nil
	}
	p := &Place{Conditions: []Clause{*first}}
	rest := steps - p.Steps()
	if rest == 0 || use == relate.Above || use == relate.Inside {
		return p
	}
	second := m.condition(rest, placeRelations[m.draw.IntN(4)], 0, held)
	if second == nil || second.Relation == first.Relation || first.nested() || first.Relation != relate.Outside && first.own() != 2 {
		return nil
	}
	p.Conditions = append(p.Conditions, *second)
	return p
}

// placeAnchor draws a visible thing that a placement can be about by a relation; -1 if there is none.
func (m *maker) placeAnchor(use relate.Relation, held int) int {
	var from []int
	for i := range m.World.Things {
		t := &m.World.Things[i]
		ok := m.parent[i] < 0
		switch use {
		case relate.Face, relate.Back:
			ok = ok && m.fronts[i]
		case relate.Inside, relate.Outside:
			ok = t.Support.Hollow()
		case relate.Above:
			ok = t.Support != nil && !t.Support.Hollow()
		}
		if ok && i != held && m.visible(i) {
			from = append(from, i)
		}
	}
	if len(from) == 0 {
		return -1
	}
	return from[m.draw.IntN(len(from))]
}

// condition draws a condition of free space that costs at most so many steps.
func (m *maker) condition(steps int, use, inside relate.Relation, held int) *Clause {
	c := &Clause{Relation: use}
	w := m.World
	anchors := 1
	switch use {
	case relate.Between:
		anchors = 2
	case relate.Distance:
		c.Relation = placeRelations[m.draw.IntN(4)]
		c.Distance = 0.10 + 0.05*float64(m.draw.IntN(3))
	case relate.Edge:
		c.Way = relate.Edges[m.draw.IntN(len(relate.Edges))]
	case relate.Corner:
		c.Way = relate.Corners[m.draw.IntN(len(relate.Corners))]
		anchors = 0
	}
	c.Anchors = make([]*Phrase, anchors)
	own := c.own()
	if use == relate.Edge {
		own++
	}
	if own > steps {
		return nil
	}
	claim := relate.Claim{Relation: c.Relation, A: -1, B: -1}
	if anchors > 0 {
		if claim.A = m.placeAnchor(use, held); claim.A < 0 {
			return nil
		}
	}
	if anchors > 1 {
		if claim.B = m.anchor(held, claim.A); claim.B < 0 || w.Gap(claim.A, claim.B) > 0.40 {
			return nil
		}
	}
	things := []int{claim.A, claim.B}
	rest := steps - own
	if inside == 0 && rest > 0 && m.draw.IntN(2) == 0 && use != relate.Above && use != relate.Inside {
		rest = 0
	}
	for i := range c.Anchors {
		last := i == len(c.Anchors)-1
		n, with := 0, relate.Relation(0)
		if last {
			n, with = rest, inside
		}
		a := m.phrase(things[i], n, with, 1)
		if a == nil {
			return nil
		}
		trails := len(a.Clauses) > 0 || a.Order != nil && !sized(a.Order.Relation)
		ends := use == relate.ImageAbove || use == relate.ImageBelow || use == relate.Face || use == relate.Back || use == relate.Edge ||
			ownFront(&w.Things[things[i]])
		if trails && (!last || ends) || use == relate.Outside && slices.Contains(Generic, a.Noun) { // "just outside the object": of what?
			return nil
		}
		c.Anchors[i] = a
	}
	return c
}

// allInReach reports whether a robot reaches nine tenths of an area's bounds that are free, sampled on the grid it was measured with.
func (m *maker) allInReach(a *Area) bool {
	if a.Thing >= 0 {
		return m.inReach(m.World.Solids[a.Thing].Centre)
	}
	lo, hi := a.box()
	in, all := 0, 0
	for x := math.Ceil(lo[0]/sampleStep) * sampleStep; x <= hi[0]; x += sampleStep {
		for y := math.Ceil(lo[1]/sampleStep) * sampleStep; y <= hi[1]; y += sampleStep {
			if at := (relate.Vec2{x, y}); a.Contains(at) {
				all++
				if m.inReach(at) {
					in++
				}
			}
		}
	}
	return 10*in >= 9*all
}
