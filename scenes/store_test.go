package scenes

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/refarena/refarena/sim"
)

// A scene that is stored and loaded settles where it was, and stored again it is the same file but for what settling moves.
func TestStoreAndLoad(t *testing.T) {
	for _, l := range Levels() {
		for seed := range uint64(4) {
			s, err := Generate(levelConfig(t, l), seed, Mount{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			text, err := s.Encode()
			if err != nil {
				t.Fatal(err)
			}
			parsed, gotSeed, err := Parse("it", text)
			if err != nil {
				t.Fatalf("%s, seed %d: %v\n%s", l, seed, err, text)
			}
			if gotSeed != seed || len(parsed.Objects) != len(s.Objects) {
				t.Fatalf("%s, seed %d: Parse gives seed %d and %d objects, want %d", l, seed, gotSeed, len(parsed.Objects), len(s.Objects))
			}
			for i, p := range parsed.Objects {
				q := s.Objects[i]
				if p.Name != q.Name || p.Design != q.Design || p.Color != q.Color || p.On != q.On || !p.TWorldObj.Near(q.TWorldObj, 1e-12) {
					t.Errorf("%s, seed %d: object %d is %+v, want %+v", l, seed, i, p, q)
				}
			}
			again, err := Load("it", text, Mount{})
			if err != nil {
				t.Errorf("%s, seed %d: %v", l, seed, err)
				continue
			}
			if again.Camera(64, 48) != s.Camera(64, 48) || len(again.Setting.Tables) != len(s.Setting.Tables) {
				t.Errorf("%s, seed %d: the setting is %+v, want %+v", l, seed, again.Setting, s.Setting)
			}
			for i := range again.Objects {
				if moved, _ := again.Objects[i].TWorldObj.Distance(s.Objects[i].TWorldObj); moved > 0.0005 {
					t.Errorf("%s, seed %d: %s has moved by %.2f mm", l, seed, again.Objects[i].Name, 1e3*moved)
				}
			}
			twice, err := Load("it", text, Mount{})
			if err != nil {
				t.Fatal(err)
			}
			if again.Hash() != twice.Hash() {
				t.Errorf("%s, seed %d: loaded twice, two scenes", l, seed)
			}
			again.Close()
			twice.Close()
		}
	}
}

// handmade is testdata/handmade.yaml: a can on a book, an apple in a bowl, a mug beside them.
func handmade(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "handmade.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A scene made by hand loads; what a camera sees of it and what carries what is as the file says.
func TestLoadHandmade(t *testing.T) {
	s, err := Load("handmade.yaml", []byte(handmade(t)), Mount{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	can, apple := s.named("red can"), s.named("green apple")
	if s.Under(can) != s.named("blue book") || s.Under(apple) != s.named("white bowl") || s.Under(s.named("blue mug")) != -1 {
		t.Error("it stands on something else than the file says")
	}
	if got := s.Carried(s.named("white bowl")); len(got) != 1 || got[0] != apple {
		t.Errorf("the bowl carries %v, want the apple", got)
	}
	for i := range s.Objects {
		if !s.Unique(i) {
			t.Errorf("%s is not unique", s.Objects[i].Phrase())
		}
	}
	if _, err := Load("handmade.yaml", []byte(handmade(t)), Mount{Accept: func(*Layout) bool { return false }}); err == nil ||
		!strings.Contains(err.Error(), "its premise no longer holds: unfit") {
		t.Errorf("a scene that the caller refuses: %v", err)
	}
}

// A stored scene that does not rest as it says is refused by name, with the object and the figure.
func TestLoadRefuses(t *testing.T) {
	for _, tt := range []struct{ name, from, to, want string }{
		{"in the air", "pos: [0.5, -0.22, 0.0]", "pos: [0.5, -0.22, 0.015]", "the blue mug comes to rest 15.0 mm"},
		{"dropped from high", "pos: [0.5, -0.22, 0.0]", "pos: [0.5, -0.22, 0.06]", "moved: the blue mug has moved by 60 mm"},
		{"no longer on the book", "pos: [0.42, 0.2, 0.0301]", "pos: [0.42, 0.36, 0.0]", "fell off: the red can is no longer on the blue book"},
		{"leaning", "quat: [1.0, 0.0, 0.0, 0.0] # mug", "quat: [0.924, 0.383, 0.0, 0.0]", "toppled: the blue mug"},
		{"on the table after all", "    on: blue book\n", "", "fell off: the red can rests on the table with 0 % of its weight"},
		{"hidden", "min_visible: 0.5", "min_visible: 1", "hidden: the "},
		{"out of its zone", "zone: [0.2, 0.9, -0.5, 0.5]", "zone: [0.2, 0.9, -0.2, 0.5]", "left zone: the blue mug"},
		{"inside each other", "pos: [0.5, -0.22, 0.0]", "pos: [0.42, 0.2, 0.02]", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := handmade(t)
			if !strings.Contains(text, tt.from) {
				t.Fatalf("testdata/handmade.yaml has no %q", tt.from)
			}
			s, err := Load("shelf/7.yaml", []byte(strings.Replace(text, tt.from, tt.to, 1)), Mount{})
			if err == nil {
				s.Close()
				t.Fatal("the scene was loaded")
			}
			if !strings.Contains(err.Error(), "scene shelf/7.yaml: its premise no longer holds: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Load: %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct{ name, from, to, want string }{
		{"unknown key", "seed: 0", "sed: 0", "[2:1] unknown field \"sed\""},
		{"version", "scene: 1", "scene: 2", "[1:8] format 2 (have 1)"},
		{"design", "design: mug", "design: mugg", `[16:13] object "blue mug": scenes: no object design "mugg" (have mug,`},
		{"color", "color: red", "color: reddish", `object "red can": scenes: no colour "reddish" (have red,`},
		{"on nothing", "on: blue book", "on: pink book", `object "red can": no object "pink book" to be on (have blue mug,`},
		{"on a mug", "on: blue book", "on: blue mug", `on "blue mug", which cannot carry anything`},
		{"in a circle", "    on: blue book", "    on: red can", `on "red can", which cannot carry anything`},
		{"on itself", "name: white bowl\n", "name: white bowl\n    on: white bowl\n", `object "white bowl": is on "white bowl", which is on it`},
		{"twice", "name: red can", "name: blue mug", `two objects called "blue mug"`},
		{"reserved", "name: red can", "name: table", `an object called "table"`},
		{"quaternion", "quat: [1.0, 0.0, 0.0, 0.0] # mug", "quat: [2.0, 0.0, 0.0, 0.0]", "a quaternion of length 2"},
		{"far away", "pos: [0.5, -0.22, 0.0]", "pos: [0.5, -22, 0.0]", "want a place on a table"},
		{"not a number", "pos: [0.5, -0.22, 0.0]", "pos: [0.5, .nan, 0.0]", `object "blue mug": pos: NaN (want finite numbers)`},
		{"two numbers", "pos: [0.5, -0.22, 0.0]", "pos: [0.5, -0.22]", `object "blue mug": pos: 2 numbers (want 3)`},
		{"a tag for a list", "pos: [0.5, -0.22, 0.0]", "pos: !x ", "scene a.yaml: "},
		{"finish", "finish: oak", "finish: gold", `no table finish "gold"`},
		{"premise", "min_visible: 0.5", "min_visible: 7", "min_visible 7 is not in 0…1"},
		{"no objects", "", "", "the file is empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(handmade(t), tt.from, tt.to, 1)
			if tt.from == "" {
				text = ""
			} else if !strings.Contains(handmade(t), tt.from) {
				t.Fatalf("testdata/handmade.yaml has no %q", tt.from)
			}
			_, _, err := Parse("a.yaml", []byte(text))
			if err == nil || !strings.HasPrefix(err.Error(), "scenes: scene a.yaml: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Parse: %v, want %q in it", err, tt.want)
			}
		})
	}
}

// No file makes Parse panic; what it accepts has a setting that makes sense, and every object stands on another or on none.
func FuzzParse(f *testing.F) {
	f.Add([]byte(handmade(f)))
	f.Add([]byte("scene: 1\nobjects: [{}]\n"))
	f.Add([]byte("scene: 1\nsetting: {tables: [{top: [0, 1, 0]}]}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, _, err := Parse("it", text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "scenes: scene it: ") || bytes.ContainsRune([]byte(err.Error()), '\n') {
				t.Errorf("error %q", err)
			}
			return
		}
		if err := l.Setting.Validate(); err != nil {
			t.Error(err)
		}
		for i, p := range l.Objects {
			if p.On != "" && (l.Under(i) < 0 || l.depth(i) >= len(l.Objects)) {
				t.Errorf("%s is on %q", p.Name, p.On)
			}
		}
	})
}

// What is hidden is measured as it is: a row of boxes, one behind the other, of which the camera sees what geometry says.
func TestVisible(t *testing.T) {
	box, err := Find("cereal box")
	if err != nil {
		t.Fatal(err)
	}
	// Seen level and from far away: the front box hides the lower half of the one behind, which stands as much higher.
	view := View{Eye: sim.Vec3{5, 0, 0.1}, Target: sim.Vec3{0, 0, 0.1}, FovyDeg: 6}
	at := func(name string, x, y, z float64) Placed {
		return Placed{Name: name, Design: box, Color: Colors[0], TWorldObj: sim.Translation(x, y, z)}
	}
	for _, tt := range []struct {
		name    string
		objects []Placed
		want    []float64
	}{
		{"alone", []Placed{at("a", 0.5, 0, 0)}, []float64{1}},
		{"side by side", []Placed{at("a", 0.5, -0.1, 0), at("b", 0.5, 0.1, 0)}, []float64{1, 1}},
		{"all hidden", []Placed{at("a", 0.6, 0, 0), at("b", 0.5, 0, 0)}, []float64{1, 0}},
		{"half hidden by height", []Placed{at("a", 0.6, 0, 0), at("b", 0.5, 0, 0.075)}, []float64{1, 0.5}},
		{"third hidden sideways", []Placed{at("a", 0.6, 0.07, 0), at("b", 0.5, 0, 0)}, []float64{1, 0.66}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := &Layout{Objects: tt.objects, Setting: Setting{View: view}}
			spec, err := l.Build()
			if err != nil {
				t.Fatal(err)
			}
			defer spec.Close()
			model, err := spec.Compile()
			if err != nil {
				t.Fatal(err)
			}
			defer model.Close()
			data, err := sim.NewData(model)
			if err != nil {
				t.Fatal(err)
			}
			defer data.Close()
			ids, err := l.bodies(model)
			if err != nil {
				t.Fatal(err)
			}
			s := &Scene{Layout: *l, Model: model, Data: data, Bodies: ids}
			for i, e := range s.Difficulty(data, l.Camera(640, 480)).Each {
				if got := 1 - e.Occlusion; got < tt.want[i]-0.05 || got > tt.want[i]+0.05 {
					t.Errorf("object %d is visible to %.2f, want %.2f", i, got, tt.want[i])
				}
			}
		})
	}
}

// Difficulty's other figures, on the scene made by hand.
func TestDifficulty(t *testing.T) {
	s, err := Load("handmade.yaml", []byte(handmade(t)), Mount{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d := s.Difficulty(s.Data, s.Camera(640, 480))
	if d.Objects != 5 || d.Carried != 2 || d.Density < 0.05 || d.Density > 0.3 {
		t.Errorf("%d objects, %d carried, density %.2f, want 5, 2 and some", d.Objects, d.Carried, d.Density)
	}
	mug := d.Each[s.named("blue mug")]
	if at := s.Objects[s.named("blue mug")].TWorldObj.Pos; mug.ReachMargin < 0.019 || mug.ReachMargin > 0.021 {
		t.Errorf("the mug at %v is %.3f m inside the joint zone, want 0.020", at, mug.ReachMargin)
	}
	bowl, apple := d.Each[s.named("white bowl")], d.Each[s.named("green apple")]
	if bowl.Clearance < 0.01 || apple.Clearance < bowl.Clearance {
		t.Errorf("clearance of the bowl %.3f m, of the apple in it %.3f, want some, and no less", bowl.Clearance, apple.Clearance)
	}
	for i, e := range d.Each {
		if e.Similarity < 0 || e.Similarity > 0.5 {
			t.Errorf("%s is %.2f like another one, want less than a half: nothing shares its name", s.Objects[i].Name, e.Similarity)
		}
	}
	p := s.Objects[0]
	if got := Similarity(&p, &p); got != 1 {
		t.Errorf("an object is %g like itself, want 1", got)
	}
	q := p
	q.Color = Colors[0]
	if got := Similarity(&p, &q); got < 0.69 || got > 0.71 || got != Similarity(&q, &p) {
		t.Errorf("two of a kind in two colours are alike to %g, want 0.7 both ways", got)
	}
}
