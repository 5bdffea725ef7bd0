package refer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/relate"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
)

var long = os.Getenv("REFARENA_LONG") != ""

// look generates the scene of a level and a seed, draws it and looks at it.
func look(t testing.TB, r sim.Renderer, level scenes.Level, seed uint64, w, h int) *View {
	t.Helper()
	cfg, err := level.Config()
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenes.Generate(cfg, seed, scenes.Mount{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	shot := new(sim.Shot)
	if err := r.Render(s.Data, s.Camera(w, h), shot); err != nil {
		t.Fatal(err)
	}
	v, err := Look(s, shot)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func newRenderer(t testing.TB) sim.Renderer {
	t.Helper()
	r, err := render.New(render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func generate(t testing.TB, v *View, o Options, seed uint64) []Instruction {
	t.Helper()
	all, err := v.Generate(o, scenes.Stream(seed, "instructions"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Every instruction means what the oracle says it means: the same thing, the same pixels. REFARENA_LONG asks for 10,000 of them.
func TestOracle(t *testing.T) {
	r := newRenderer(t)
	want, w, h := 500, 320, 240
	if long {
		want, w, h = 10000, 640, 480
	}
	var stats Stats
	for seed := uint64(0); stats.N < want && seed < uint64(want); seed++ { // the second bound ends a run of one seed alone
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			v := look(t, r, scenes.Levels()[seed%3], seed, w, h)
			o := newOracle(v)
			for _, in := range generate(t, v, Options{}, seed) {
				stats.Add(&in)
				if in.Kind == scenes.Location {
					if got := o.meant(in.Phrase); got != in.Target {
						t.Errorf("%s\nmeans thing %d, the oracle says %d of %v", in.Text, in.Target, got, names2(v))
						continue
					}
				}
				var either, both int
				for i, right := range o.answers(&in) {
					if right || in.Region.Mask[i] {
						either++
					}
					if right && in.Region.Mask[i] {
						both++
					}
				}
				if float64(both) < 0.99*float64(either) || either == 0 {
					t.Errorf("%s\nthe region has %d pixels, %d of them right, IoU %.3f", in.Text, in.Region.Count(), both, float64(both)/float64(either))
				}
			}
		})
	}
	if stats.N < want {
		return // a run of one seed alone
	}
	for _, s := range stats.Shares() {
		least := 0.0 // in a short test, that it occurs is enough
		if long {
			least = 1
		}
		if !(s.Percent() > least) && (long || s.N == 0) {
			t.Errorf("%s: %d of %d instructions, %.1f %% (want more than %g)", s.What, s.N, s.Of, s.Percent(), least)
		}
	}
}

func names2(v *View) []string {
	var out []string
	for i, t := range v.World.Things {
		out = append(out, fmt.Sprintf("%d %s", i, t.Name))
	}
	return out
}

// checkSpan looks whether a step's words are where it says: those for a thing with its noun at the head, those for a direction before its anchor.
func checkSpan(t *testing.T, text string, step *TraceStep) {
	t.Helper()
	s := step.Span
	if !(0 <= s.Start && s.Start < s.Head && s.Head <= s.End && s.End <= len(text)) {
		t.Errorf("%s: %v is at %+v", text, step, s)
		return
	}
	words, head := text[s.Start:s.End], text[s.Start:s.Head]
	ends := strings.ContainsAny(text[s.End:][:1], " ,.?")
	if !ends || step.Kind == StepPosition && !strings.HasPrefix(words, "the ") || step.Kind == StepPosition && step.Depth > 0 && strings.Contains(head, " the ") {
		t.Errorf("%s: %v is said as %q, head %q", text, step, words, head)
	}
}

var traceLine = regexp.MustCompile(`^Step(\d): \[(Position|Orientation|Size)\] \[([^\[\]]+)\]: (.+)$`)

// What goes with an instruction fits it: trace, steps, relations, split, anchors, region and words.
func TestInstructions(t *testing.T) {
	r := newRenderer(t)
	texts := map[string]bool{}
	for seed := range uint64(9) {
		v := look(t, r, scenes.Levels()[seed%3], seed, 320, 240)
		for _, in := range generate(t, v, Options{}, seed) {
			fail := func(format string, args ...any) {
				t.Errorf("seed %d: %s\n%s", seed, in.Text, fmt.Sprintf(format, args...))
			}
			if texts[fmt.Sprint(seed, in.Text)] {
				fail("said twice")
			}
			texts[fmt.Sprint(seed, in.Text)] = true
			if len(in.Trace) != in.Steps {
				fail("%d steps, trace %q", in.Steps, in.Trace)
			}
			for i, step := range in.Trace {
				line := step.String()
				m := traceLine.FindStringSubmatch(line)
				if m == nil || m[1] != strconv.Itoa(i+1) {
					fail("trace line %q", line)
					continue
				}
				checkValue(t, m[2], m[4])
				checkSpan(t, in.Text, &step)
			}
			if o := in.ObjectSpan; !(0 < o.Start && o.Start < o.Head && o.Head <= o.End && o.End < len(in.Text)) {
				fail("the words for what is asked for are %+v", o)
			}
			if (in.Held >= 0) != (in.HeldSpan.End > 0) {
				fail("the words for what is held are %+v", in.HeldSpan)
			}
			if in.Split != SplitOf(in.Relations) || !slices.IsSorted(in.Relations) || len(in.Relations) != len(slices.Compact(slices.Clone(in.Relations))) {
				fail("split %s, relations %v", in.Split, in.Relations)
			}
			if slices.Contains(in.Anchors, in.Target) || slices.Contains(in.Anchors, in.Held) {
				fail("target %d or held %d is an anchor: %v", in.Target, in.Held, in.Anchors)
			}
			if err := in.Region.Validate(); err != nil || in.Region.Count() < 30 {
				fail("region of %d pixels, %v", in.Region.Count(), err)
			}
			if (in.Kind == scenes.Location) != (in.Phrase != nil) || (in.Kind == scenes.Placement) != (in.Area != nil) {
				fail("kind %s, phrase %v, area %v", in.Kind, in.Phrase, in.Area)
			}
			if in.Kind == scenes.Placement {
				if !slices.Contains(in.Relations, relate.FreeSpace) {
					fail("a placement without free space: %v", in.Relations)
				}
				for _, p := range in.Points(v.shot) {
					if !in.Area.Contains(relate.Vec2{p[0], p[1]}) {
						fail("the region shows %v, which is not in the area", p)
						break
					}
				}
				if c := in.Area.Centre; !in.Area.Contains(relate.Vec2{c[0], c[1]}) {
					fail("the centre %v is not in the area", c)
				}
			}
			checkEnglish(t, in.Text)
		}
	}
}

// checkValue checks the value of a trace line: image coordinates, a unit vector, a length.
func checkValue(t *testing.T, kind, value string) {
	t.Helper()
	var x, y, z float64
	switch kind {
	case "Position":
		if n, err := fmt.Sscanf(value, "[(%f, %f)]", &x, &y); n != 2 || err != nil || x < 0 || x > 1 || y < 0 || y > 1 {
			t.Errorf("position %q", value)
		}
	case "Orientation":
		if n, err := fmt.Sscanf(value, "(%f, %f, %f)", &x, &y, &z); n != 3 || err != nil || math.Abs(x*x+y*y+z*z-1) > 0.004 {
			t.Errorf("orientation %q", value)
		}
	case "Size":
		if n, err := fmt.Sscanf(value, "%f", &x); n != 1 || err != nil || x < 0.005 || x > 1 {
			t.Errorf("size %q", value)
		}
	}
}

var capital = regexp.MustCompile(`[A-Z][a-z]|\b[A-Z]\b`) // TV is a word

var article = regexp.MustCompile(`(?i)\b(a [aeiou]|an [^aeiou])`)

// checkEnglish finds what a machine can find: signs that stand for words, doubled words, wrong articles, blanks, capitals, ends.
func checkEnglish(t *testing.T, text string) {
	t.Helper()
	words := strings.Fields(strings.TrimRight(text, ".?"))
	bad := strings.ContainsAny(text, "%&#@$~^!") || strings.Join(strings.Fields(text), " ") != text || strings.Contains(text, "  ") ||
		article.MatchString(text) || text[0] < 'A' || text[0] > 'Z' || capital.MatchString(text[1:])
	switch question := strings.HasPrefix(text, "Wh"); {
	case question && !strings.HasSuffix(text, "?"), !question && !strings.HasSuffix(text, "."), strings.ContainsAny(text[:len(text)-1], ".?,"):
		bad = true
	}
	for i := 1; i < len(words); i++ {
		bad = bad || words[i] == words[i-1]
	}
	if bad {
		t.Errorf("%q is not English", text)
	}
}

// Things that move by up to 1 mm and 0.2° never make a phrase mean another thing.
func TestMargins(t *testing.T) {
	r := newRenderer(t)
	draw := rand.New(rand.NewPCG(5, 6))
	for seed := range uint64(6) {
		v := look(t, r, scenes.Levels()[seed%3], seed, 320, 240)
		all := generate(t, v, Options{Kinds: []scenes.QuestionKind{scenes.Location}}, seed)
		for range 10 {
			moved := slices.Clone(v.World.Things)
			for i := range moved {
				off := func(d float64) float64 { return d * (2*draw.Float64() - 1) }
				turn := sim.Rotation(off(0.2*math.Pi/180), sim.Vec3{0, 0, 1})
				moved[i].TWorldObj.Rot = turn.Rot.Mul(moved[i].TWorldObj.Rot)
				moved[i].TWorldObj.Pos = moved[i].TWorldObj.Pos.Add(sim.Vec3{off(0.001), off(0.001), 0})
			}
			w, err := relate.New(moved, v.World.Tables, v.World.Camera)
			if err != nil {
				t.Fatal(err)
			}
			u := &View{World: w, held: -1, holds: map[relate.Claim][]relate.Truth{}, before: map[relate.Claim][]relate.Truth{}, heads: map[[2]string][]relate.Truth{}}
			for _, in := range all {
				if got, ok := u.resolve(in.Phrase); ok && got != in.Target {
					t.Fatalf("seed %d: %s\nmeans thing %d, after a move by 1 mm thing %d", seed, in.Text, in.Target, got)
				}
			}
		}
	}
}

// The same scene, picture and random numbers give the same instructions, bit for bit.
func TestRepeatable(t *testing.T) {
	r := newRenderer(t)
	for _, level := range scenes.Levels() {
		a, b := generate(t, look(t, r, level, 3, 320, 240), Options{}, 3), generate(t, look(t, r, level, 3, 320, 240), Options{}, 3)
		if len(a) == 0 || !reflect.DeepEqual(a, b) {
			t.Errorf("%s: %d and %d instructions, not the same", level, len(a), len(b))
		}
	}
}

// Requests are kept.
func TestRequests(t *testing.T) {
	r := newRenderer(t)
	count := map[string]int{}
	for seed := range uint64(6) {
		v := look(t, r, scenes.LevelMedium, seed, 320, 240)
		for _, in := range generate(t, v, Options{Steps: []int{3, 4}, Kinds: []scenes.QuestionKind{scenes.Location}}, seed) {
			count["steps"]++
			if in.Kind != scenes.Location || in.Steps != 3 && in.Steps != 4 {
				t.Errorf("%s: %s, %d steps", in.Text, in.Kind, in.Steps)
			}
		}
		for _, in := range generate(t, v, Options{Relations: []relate.Relation{relate.Between, relate.Close}}, seed) {
			count["relations"]++
			if !slices.Contains(in.Relations, relate.Between) || !slices.Contains(in.Relations, relate.Close) {
				t.Errorf("%s: %v", in.Text, in.Relations)
			}
		}
		for _, split := range Splits {
			for _, in := range generate(t, v, Options{Split: split}, seed) {
				count[string(split)]++
				if in.Split != split {
					t.Errorf("%s: %v, split %s", in.Text, in.Relations, in.Split)
				}
			}
		}
		for _, in := range generate(t, v, Options{Executable: true}, seed) {
			count["executable"]++
			i := in.Target
			if in.Kind == scenes.Placement {
				i = in.Held
			}
			p := v.World.Solids[i].Centre.Len()
			if !v.scene.Objects[i].Design.Pickable() || !v.bare(i) || p < 0.28 || p > 0.756 || in.Phrase != nil && in.Phrase.Part != "" {
				t.Errorf("%s: object %d, pickable %v, bare %v, %.3f m away", in.Text, i, v.scene.Objects[i].Design.Pickable(), v.bare(i), p)
			}
			if in.Kind == scenes.Placement {
				out := 0
				points := in.Points(v.shot)
				for _, q := range points {
					if d := math.Hypot(q[0], q[1]); d < 0.28 || d > 0.756 {
						out++
					}
				}
				if in.Area.Thing < 0 && 4*out > len(points) {
					t.Errorf("%s: %d of %d points are out of reach", in.Text, out, len(points))
				}
			}
		}
		name := v.World.Things[0].Name
		for _, in := range generate(t, v, Options{Target: name}, seed) {
			count["target"]++
			if in.Target != 0 && in.Held != 0 {
				t.Errorf("%s: target %d, held %d, want object 0, %s", in.Text, in.Target, in.Held, name)
			}
		}
	}
	for _, what := range []string{"steps", "relations", "seen", "unseen", "executable", "target"} {
		if count[what] < 3 {
			t.Errorf("%d instructions for the request %q", count[what], what)
		}
	}
}

func TestOptionsErrors(t *testing.T) {
	for _, tt := range []struct {
		o    Options
		want string // "" means none
	}{
		{Options{}, ""},
		{Options{Count: -1}, "-1 instructions of a scene (want 1…1000)"},
		{Options{Kinds: []scenes.QuestionKind{"counting"}}, `no kind of instruction "counting" (have location, placement)`},
		{Options{Steps: []int{6}}, "6 reasoning steps (want 1…5)"},
		{Options{Relations: []relate.Relation{99}}, "(have close, far,"},
		{Options{Relations: []relate.Relation{relate.Left, relate.Left}}, `relation "left" twice`},
		{Options{Relations: []relate.Relation{relate.Between}, Steps: []int{1, 2}}, `"between" take 3 steps at least, and 2 are asked for`},
		{Options{Relations: []relate.Relation{relate.FreeSpace}, Kinds: []scenes.QuestionKind{scenes.Location}}, `relation "free space" in a location (want kind placement`},
		{Options{Relations: []relate.Relation{relate.Behind, relate.Close}, Split: Seen}, `"behind", "close" together are held out of split "seen"`},
		{Options{Relations: []relate.Relation{relate.Behind, relate.Close}, Split: Unseen}, ""},
		{Options{Split: "test"}, `no split "test" (have seen, unseen)`},
		{Options{Reach: [2]float64{1, 0.5}}, "a reach of 1 to 0.5 m"},
	} {
		err := tt.o.Validate()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Validate(%+v) = %v, want %q", tt.o, err, tt.want)
		}
	}
	v := look(t, newRenderer(t), scenes.LevelEasy, 1, 160, 120)
	_, err := v.Generate(Options{Target: "grand piano"}, scenes.Stream(1, "x"))
	if err == nil || !strings.Contains(err.Error(), `no object "grand piano" in the scene (have `+v.World.Things[0].Name) {
		t.Errorf("Generate for a grand piano = %v, want an error that lists the objects", err)
	}
}

// Each single relation occurs in both splits' union outside of the rows that hold it out, and rows hold out what they say.
func TestSplit(t *testing.T) {
	for _, row := range HeldOut {
		if SplitOf(row) != Unseen {
			t.Errorf("SplitOf(%v) = %s, want unseen", row, SplitOf(row))
		}
		for i := range row {
			if rest := slices.Delete(slices.Clone(row), i, i+1); SplitOf(rest) != Seen {
				t.Errorf("SplitOf(%v) = %s, want seen: each relation has to be known", rest, SplitOf(rest))
			}
		}
	}
	for _, r := range relate.Relations() {
		if SplitOf([]relate.Relation{r}) != Seen {
			t.Errorf("relation %q alone is unseen", r)
		}
	}
}

// Every pattern has five phrasings or more: words for the relation times sentences.
func TestPhrasings(t *testing.T) {
	sentences := min(len(locationTexts), len(placementTexts), len(putTexts))
	if sentences < 5 {
		t.Errorf("%d sentences, want 5 or more", sentences)
	}
	for _, texts := range [][]string{locationTexts, pickTexts, placementTexts, putTexts} {
		for _, s := range texts {
			if strings.Count(s, "~") != 1 {
				t.Errorf("sentence %q has no place for what it asks for", s)
			}
		}
	}
	for _, r := range locationRelations {
		words := len(clauseWords[r])
		for _, way := range wayWords[r] {
			words += len(way)
		}
		for _, way := range relativeWords[r] {
			words += len(way)
		}
		for _, o := range orders[r] {
			words += len(o.first)
		}
		if words == 0 {
			t.Errorf("no words for relation %q", r)
		}
	}
	for _, r := range placeRelations {
		if len(placeWords[r]) == 0 && r != relate.Distance {
			t.Errorf("no words for a place by relation %q", r)
		}
	}
}

// Steps as RefSpatial-Bench counts them.
func TestSteps(t *testing.T) {
	mug := func(clauses ...Clause) *Phrase { return &Phrase{Noun: "mug", Clauses: clauses} }
	left := func(of *Phrase) Clause { return Clause{Relation: relate.Left, Anchors: []*Phrase{of}} }
	tallest := &Phrase{Noun: "bottle", Order: &Order{Relation: relate.Tall, Rank: 1}}
	closest := &Phrase{Noun: "bottle", Order: &Order{Relation: relate.Close, Rank: 1, Anchor: mug()}}
	for _, tt := range []struct {
		what string
		got  int
		want int
	}{
		{"the mug", mug().Steps(), 0},
		{"the tallest bottle", tallest.Steps(), 0}, // what it is by itself
		{"the bottle closest to the mug", closest.Steps(), 1},
		{"the mug left of the mug", mug(left(mug())).Steps(), 2},
		{"… left of the tallest bottle", mug(left(tallest)).Steps(), 2},
		{"… left of the bottle closest to the mug", mug(left(closest)).Steps(), 3},
		{"… left of the mug left of the mug", mug(left(mug(left(mug())))).Steps(), 4},
		{"… between two", mug(Clause{Relation: relate.Between, Anchors: []*Phrase{mug(), mug()}}).Steps(), 3},
		{"… touching one", mug(Clause{Relation: relate.Touch, Anchors: []*Phrase{mug()}}).Steps(), 1},
		{"the free space on the mug", (&Place{Conditions: []Clause{{Relation: relate.Above, Anchors: []*Phrase{mug()}}}}).Steps(), 1}, // "on" does not count
		{"… left of it", (&Place{Conditions: []Clause{left(mug())}}).Steps(), 2},
		{"… between it and the edge", (&Place{Conditions: []Clause{{Relation: relate.Edge, Anchors: []*Phrase{mug()}}}}).Steps(), 3},
		{"… left of one and of another", (&Place{Conditions: []Clause{left(mug()), left(mug())}}).Steps(), 4},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %d steps, want %d", tt.what, tt.got, tt.want)
		}
	}
}

func BenchmarkGenerate(b *testing.B) {
	r := newRenderer(b)
	for _, level := range scenes.Levels() {
		b.Run(string(level), func(b *testing.B) {
			v := look(b, r, level, 5, 640, 480)
			v.Generate(Options{}, scenes.Stream(5, "instructions")) // meshes are cut into parts on first use
			n := 0
			for b.Loop() {
				w, err := Look(v.scene, v.shot)
				if err != nil {
					b.Fatal(err)
				}
				n += len(generate(b, w, Options{}, 5))
			}
			b.ReportMetric(float64(n)/float64(b.N), "instructions/op")
		})
	}
}
