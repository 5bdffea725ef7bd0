package scenes

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/refarena/refarena/sim"
)

func generate(t testing.TB, cfg Config, seed uint64) *Scene {
	t.Helper()
	s, err := Generate(cfg, seed, Mount{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Scenes of many seeds are settled, unambiguous, roomy and inside the zone, and stay where they are for 5 s more, even when nudged.
func TestGenerate(t *testing.T) {
	seeds := 80
	if testing.Short() {
		seeds = 20
	}
	rejected, accepted := map[Reason]int{}, 0
	for seed := range uint64(seeds) {
		s, err := Generate(Config{}, seed, Mount{})
		if err != nil {
			t.Fatal(err)
		}
		accepted++
		for why, n := range s.Rejected {
			rejected[why] += n
		}
		checkScene(t, s)
		s.Close()
	}
	t.Logf("%d scenes accepted, rejected: %v", accepted, rejected)
}

func checkScene(t *testing.T, s *Scene) {
	t.Helper()
	fail := func(format string, args ...any) { t.Errorf("seed %d: %s", s.Seed, fmt.Sprintf(format, args...)) }
	if n := len(s.Objects); n < 4 || n > 8 {
		fail("%d objects, want 4 to 8", n)
	}
	placeable := 0
	for i, p := range s.Objects {
		for _, phrase := range p.Phrases() {
			for j, q := range s.Objects {
				for _, other := range q.Phrases() {
					if i != j && (phrase == other || strings.HasSuffix(phrase, strings.TrimPrefix(other, "the "))) {
						fail("%q may be %s or %s", phrase, p.Name, q.Name)
					}
				}
			}
		}
		if p.Design.Pickable() && len(s.SupportsFor(i)) > 0 {
			placeable++
		}
		now := s.Data.BodyPose(s.Bodies[i])
		if now != p.TWorldObj {
			fail("%s is at %v, the layout says %v", p.Name, now, p.TWorldObj)
		}
		if !s.Data.Asleep(s.Bodies[i]) {
			fail("%s is awake", p.Name)
		}
		if !TaskZone.holds(p.Footprint(), 0.002) {
			fail("%s at %v is out of the zone", p.Name, now)
		}
		for _, q := range s.Objects[:i] {
			if gap := p.Footprint().Gap(q.Footprint()); gap < 0.030 {
				fail("%s and %s are %.1f mm apart, want room for a finger", p.Name, q.Name, 1e3*gap)
			}
		}
	}
	if placeable < 2 {
		fail("%d objects can be picked up and put somewhere, want 2 or more", placeable)
	}
	for _, p := range s.Objects { // a nudge of 1 cm/s wakes everything
		joint, err := s.Model.JointID(p.Name)
		if err != nil {
			t.Fatal(err)
		}
		s.Data.Qvel()[s.Model.JointDof(joint)] = 0.01
	}
	if err := s.Data.Step(2500); err != nil {
		t.Fatal(err)
	}
	for i, p := range s.Objects {
		if moved := s.Data.BodyPose(s.Bodies[i]).Pos.Sub(p.TWorldObj.Pos).Len(); moved > 0.002 {
			fail("%s has moved by %.1f mm in 5 s", p.Name, 1e3*moved)
		}
	}
}

// Every design comes to rest the way it was put, alone on the table, even when it is woken by a 2 mm drop.
func TestEveryDesignRests(t *testing.T) {
	for _, d := range Catalogue() {
		t.Run(d.Name, func(t *testing.T) {
			c, err := FindColor(d.Colors[0])
			if err != nil {
				t.Fatal(err)
			}
			l := &Layout{}
			pose := sim.Rotation(0.7, sim.Vec3{0, 0, 1})
			pose.Pos = sim.Vec3{0.5, 0, d.Lift + 0.002}
			l.Objects = []Placed{{Name: "it", Design: d, Color: c, TWorldObj: pose}}
			s, why, err := l.realize(Mount{})
			if err != nil || why != "" {
				t.Fatalf("settling = %q, %v", why, err)
			}
			defer s.Close()
			now := s.Objects[0].TWorldObj
			if down := pose.Pos[2] - now.Pos[2]; down < 0.0018 || down > 0.0024 {
				t.Errorf("it came down by %.2f mm, want 2", 1e3*down)
			}
			if depth := deepest(t, s.Data, s.Bodies); depth > 2e-4 {
				t.Errorf("it is %.2f mm inside the table", 1e3*depth)
			}
			t.Logf("at rest after %.2f s, %d steps", s.Data.Time(), s.Data.Steps())
		})
	}
}

// A thing that is put where it cannot stay is reported for what it did.
func TestSettleReasons(t *testing.T) {
	find := func(name string) *Design {
		d, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	red := Colors[0]
	at := func(d *Design, x, y, z float64, tilt float64) Placed {
		pose := sim.Rotation(tilt, sim.Vec3{1, 0, 0})
		pose.Pos = sim.Vec3{x, y, z + d.Lift}
		return Placed{Name: fmt.Sprintf("%s at %g", d.Name, x), Design: d, Color: red, TWorldObj: pose}
	}
	onBook := func(d *Design, past float64) Placed { // its middle so far past the edge [m]
		on := find("book").Support
		p := at(d, 0.5+on.Area.HalfX+past, 0, on.Z, 0)
		p.On = "book at 0.5"
		return p
	}
	for _, tt := range []struct {
		name    string
		objects []Placed
		want    Reason
	}{
		{"good", []Placed{at(find("can"), 0.5, 0, 0, 0)}, ""},
		{"leaning bottle", []Placed{at(find("bottle"), 0.5, 0, 0.02, 0.5)}, Toppled},
		{"dropped block", []Placed{at(find("block"), 0.5, 0, 0.2, 0)}, Moved},
		{"ball on a book", []Placed{at(find("book"), 0.5, 0, 0, 0), at(find("ball"), 0.578, 0, 0.0301, 0)}, Moved},
		{"ball behind a box", []Placed{at(find("cereal box"), 0.5, 0, 0, 0), at(find("ball"), 0.42, 0, 0, 0)}, Hidden},
		{"on the brink", []Placed{at(find("book"), 0.5, 0, 0, 0), onBook(find("block"), -0.001)}, Unbalanced},
		{"well on the book", []Placed{at(find("book"), 0.5, 0, 0, 0), onBook(find("block"), -0.012)}, ""},
		{"past the brink", []Placed{at(find("book"), 0.5, 0, 0, 0), onBook(find("block"), 0.004)}, Toppled},
		{"two in one place", []Placed{at(find("can"), 0.5, 0, 0, 0), at(find("can"), 0.502, 0, 0, 0)}, Toppled},
		{"outside", []Placed{at(find("can"), 0.3, 0, 0, 0)}, LeftZone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := &Layout{Objects: tt.objects}
			s, why, err := l.realize(Mount{})
			if err != nil || why != tt.want {
				t.Errorf("realize = %q, %v, want %q", why, err, tt.want)
			}
			if s != nil {
				s.Close()
			}
		})
	}
}

// deepest is how deep anything is inside an object, with all bodies awake.
func deepest(t *testing.T, data *sim.Data, bodies []int) float64 {
	t.Helper()
	look, err := sim.NewData(data.Model())
	if err != nil {
		t.Fatal(err)
	}
	defer look.Close()
	if err := look.CopyAwake(data); err != nil {
		t.Fatal(err)
	}
	depth, _, _ := penetration(data.Model(), look.Contacts(nil), bodies)
	return depth
}

// How deep things are inside each other is measured as it is, though nothing has touched yet.
func TestPenetration(t *testing.T) {
	s := generate(t, Config{MinObjects: 3, MaxObjects: 3, MaxSupports: 1, Designs: []string{"book", "block", "can"}}, 2)
	held := s.Pickable()
	for _, tt := range []struct {
		name string
		on   sim.Pose
		want float64
	}{
		{"in the table", sim.Translation(0.5, 0.6, -0.003), 0.003},
		{"in another", s.Objects[held[1]].TWorldObj.Mul(sim.Translation(0, 0, s.Objects[held[1]].Design.Height-0.004)), 0.004},
	} {
		joint, err := s.Model.JointID(s.Objects[held[0]].Name)
		if err != nil {
			t.Fatal(err)
		}
		s.Data.SetFreePose(joint, tt.on)
		if err := s.Data.Forward(); err != nil {
			t.Fatal(err)
		}
		if got := deepest(t, s.Data, s.Bodies); math.Abs(got-tt.want) > 2e-4 {
			t.Errorf("%s: penetration = %.2f mm, want %.2f", tt.name, 1e3*got, 1e3*tt.want)
		}
	}
}

// The same seed gives the same scene to the bit; other seeds give others.
func TestRepeatable(t *testing.T) {
	a, b, c := generate(t, Config{}, 17), generate(t, Config{}, 17), generate(t, Config{}, 18)
	if !reflect.DeepEqual(a.Layout.Objects, b.Layout.Objects) || !slices.Equal(a.Data.Qpos(), b.Data.Qpos()) || a.Data.Steps() != b.Data.Steps() {
		t.Error("seed 17 gave two different scenes")
	}
	if reflect.DeepEqual(a.Layout.Objects, c.Layout.Objects) {
		t.Error("seeds 17 and 18 gave the same scene")
	}
}

func TestConfigErrors(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  Config
		want string
	}{
		{"unknown design", Config{Designs: []string{"mugg"}}, `no object design "mugg" (have mug, cup,`},
		{"too many on a small zone", Config{MinObjects: 15, MaxTries: 3, Zone: Zone{0.3, 0.6, -0.15, 0.15}}, "3 × no room"},
		{"more at least than at most", Config{MinObjects: 9, MaxObjects: 5}, "9 to 5 objects"},
		{"nothing to pick up", Config{Designs: []string{"plate", "bowl"}}, "do not include what the scene needs"},
		{"off the table", Config{Zone: Zone{1.2, 1.5, 0, 0.3}}, "is not on the table"},
		{"empty zone", Config{Zone: Zone{0.5, 0.4, 0, 0.3}}, "empty zone"},
		{"visible", Config{MinVisible: 1.1}, "1.1 of each object"},
		{"gap", Config{Gap: -1}, "gap of -1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Generate(tt.cfg, 1, Mount{})
			if err == nil {
				s.Close()
				t.Fatalf("Generate(%+v) made a scene, want an error with %q", tt.cfg, tt.want)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Generate(%+v): %v, want %q in it", tt.cfg, err, tt.want)
			}
		})
	}
}

// A mount's errors come back, and what it attaches is there.
func TestMount(t *testing.T) {
	var calls []string
	mount := Mount{
		Attach: func(s *sim.Spec) error {
			calls = append(calls, "attach")
			s.World().AddBody("robot", sim.Translation(0, 0, 0.1)).AddGeom(sim.Geom{Type: sim.GeomSphere, Size: sim.Vec3{0.05}})
			return nil
		},
		Home: func(d *sim.Data) error {
			calls = append(calls, "home")
			_, err := d.Model().BodyID("robot")
			return err
		},
	}
	s, err := Generate(Config{}, 5, mount)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if len(calls) < 2 || calls[0] != "attach" || calls[1] != "home" {
		t.Errorf("calls = %v, want attach, home", calls)
	}
	mount.Accept = func(l *Layout) bool { return len(l.Objects) == 99 }
	if _, err := Generate(Config{}, 5, mount); err == nil || !strings.Contains(err.Error(), "× unfit") {
		t.Errorf("Generate = %v, want it to say that all scenes are unfit", err)
	}
	mount.Accept = func(l *Layout) bool { _, err := l.Object("the blue book"); return err == nil }
	if s, err := Generate(Config{MaxTries: 4000}, 5, mount); err != nil {
		t.Error(err)
	} else if _, err := s.Object("the blue book"); err != nil {
		t.Error(err)
		s.Close()
	} else {
		s.Close()
	}
	mount.Accept = nil
	mount.Home = func(*sim.Data) error { return fmt.Errorf("no home") }
	if _, err := Generate(Config{}, 5, mount); err == nil || !strings.Contains(err.Error(), "seed 5: no home") {
		t.Errorf("Generate = %v, want the mount's error and the seed", err)
	}
}

// Named streams do not depend on each other, and do depend on name and seed.
func TestStream(t *testing.T) {
	first := func(seed uint64, name string) uint64 { return Stream(seed, name).Uint64() }
	a := first(1, "a")
	if again := first(1, "a"); again != a {
		t.Errorf("Stream(1, a) = %d, then %d", a, again)
	}
	if first(1, "b") == a || first(2, "a") == a {
		t.Error("another name or another seed gave the same stream")
	}
}

// Instructions are whole sentences that name the object by one of its phrases; all phrasings occur.
func TestInstructions(t *testing.T) {
	s := generate(t, Config{}, 3)
	r := Stream(3, "phrases")
	seen := map[string]bool{}
	for range 300 {
		i := s.Pickable()[0]
		in := s.Locate(i, r)
		if !slices.ContainsFunc(s.Objects[i].Phrases(), func(p string) bool { return strings.Contains(in.Text, p) }) {
			t.Fatalf("%q does not name %s", in.Text, s.Objects[i].Name)
		}
		on := s.SupportsFor(i)
		if len(on) == 0 {
			continue
		}
		put := s.Place(i, on[0], r)
		for _, text := range []string{in.Text, put.Text} {
			if strings.ContainsAny(text, "{}") || strings.Contains(text, "the the") || !strings.ContainsAny(text[len(text)-1:], ".?") {
				t.Fatalf("instruction %q", text)
			}
			seen[text] = true
		}
	}
	if len(seen) < 10 {
		t.Errorf("%d different instructions, want 10 or more", len(seen))
	}
}

func BenchmarkGenerate(b *testing.B) {
	seed := uint64(0)
	for b.Loop() {
		s, err := Generate(Config{}, seed, Mount{})
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
		seed++
	}
	b.ReportMetric(1e3*b.Elapsed().Seconds()/float64(b.N), "ms/scene")
}
