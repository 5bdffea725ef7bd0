package scenes

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/refarena/refarena/sim"
)

func levelConfig(t testing.TB, l Level) Config {
	t.Helper()
	cfg, err := l.Config()
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// drift is how far the object that moves most comes in 5 s of physics with everything woken up [m].
func drift(s *Scene) (float64, string, error) {
	look, err := sim.NewData(s.Model)
	if err != nil {
		return 0, "", err
	}
	defer look.Close()
	if err := look.CopyAwake(s.Data); err != nil {
		return 0, "", err
	}
	if err := look.Step(2500); err != nil {
		return 0, "", err
	}
	var worst float64
	var name string
	for i, p := range s.Objects {
		if moved := look.BodyPose(s.Bodies[i]).Pos.Sub(p.TWorldObj.Pos).Len(); moved > worst {
			worst, name = moved, p.Name
		}
	}
	return worst, name, nil
}

// overlaps is how deep any object is inside anything [m], everything woken up.
func overlaps(s *Scene) (float64, error) {
	look, err := sim.NewData(s.Model)
	if err != nil {
		return 0, err
	}
	defer look.Close()
	if err := look.CopyAwake(s.Data); err != nil {
		return 0, err
	}
	depth, _, _ := penetration(s.Model, look.Contacts(nil), s.Bodies)
	return depth, nil
}

// checkClutter is what every scene of a level promises. It returns what is broken.
func checkClutter(s *Scene) []string {
	var bad []string
	fail := func(format string, args ...any) { bad = append(bad, fmt.Sprintf(format, args...)) }
	cfg := s.Config
	if n := len(s.Objects); n < cfg.MinObjects || n > cfg.MaxObjects {
		fail("%d objects, want %d to %d", n, cfg.MinObjects, cfg.MaxObjects)
	}
	names, kinds := map[string]bool{}, map[string]int{}
	carried, twins, placeable := 0, 0, 0
	for i := range s.Objects {
		p := &s.Objects[i]
		if names[p.Name] {
			fail("two objects called %s", p.Name)
		}
		names[p.Name] = true
		if kinds[p.Design.Category()] > 0 {
			twins++
		}
		kinds[p.Design.Category()]++
		if now := s.Data.BodyPose(s.Bodies[i]); now != p.TWorldObj {
			fail("%s is at %v, the layout says %v", p.Name, now, p.TWorldObj)
		}
		if !s.Data.Asleep(s.Bodies[i]) {
			fail("%s is awake", p.Name)
		}
		if on := s.Under(i); on >= 0 {
			carried++
			if !s.RestsOn(s.Data, i, on) {
				fail("%s does not rest on %s", p.Name, p.On)
			}
		} else if s.TableUnder(p.TWorldObj.Pos[0], p.TWorldObj.Pos[1]) < 0 {
			fail("%s at %v is on no table", p.Name, p.TWorldObj.Pos)
		}
		if slices.Contains(s.Pickable(), i) && len(s.SupportsFor(i)) > 0 {
			placeable++
		}
		if !cfg.Lookalikes && !s.Unique(i) {
			fail("%s may be another object", p.Phrase())
		}
	}
	if carried < cfg.MinCarried || carried > cfg.MaxCarried {
		fail("%d objects lie on others, want %d to %d", carried, cfg.MinCarried, cfg.MaxCarried)
	}
	if twins < cfg.Twins {
		fail("%d objects have one of their category beside them, want %d", twins, cfg.Twins)
	}
	if placeable < cfg.MinPickable {
		fail("%d objects in reach can be picked up and put somewhere in reach, want %d", placeable, cfg.MinPickable)
	}
	for i, e := range s.Difficulty(s.Data, s.Camera(640, 480)).Each {
		const rough = 0.12 // two grids of rays
		if 1-e.Occlusion < cfg.MinVisible-rough {
			fail("%s is hidden to %.0f %%, want %.0f at most", s.Objects[i].Name, 100*e.Occlusion, 100*(1-cfg.MinVisible))
		}
	}
	if depth, err := overlaps(s); err != nil || depth > MaxPenetration {
		fail("something is %.2f mm inside something (%v)", 1e3*depth, err)
	}
	return bad
}

// A tally is what came of drawing many scenes.
type tally struct {
	scenes, objects, broken, drifted int
	rejected                         map[Reason]int
	wall                             []time.Duration
}

// makeScenes draws the scenes of the level's first n seeds with as many workers as there are processors, and checks each.
func makeScenes(t *testing.T, l Level, n int) tally {
	cfg := levelConfig(t, l)
	total := tally{rejected: map[Reason]int{}}
	var mu sync.Mutex
	var next atomic.Uint64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for seed := next.Add(1) - 1; seed < uint64(n); seed = next.Add(1) - 1 {
				start := time.Now()
				s, err := Generate(cfg, seed, Mount{})
				wall := time.Since(start)
				if err != nil {
					t.Errorf("%s: %v", l, err)
					continue
				}
				bad := checkClutter(s)
				moved, what, err := drift(s)
				mu.Lock()
				total.scenes++
				total.objects += len(s.Objects)
				total.wall = append(total.wall, wall)
				for why, k := range s.Rejected {
					total.rejected[why] += k
				}
				if len(bad) > 0 {
					total.broken++
					t.Errorf("%s, seed %d: %s", l, seed, strings.Join(bad, "; "))
				}
				if err != nil || moved > 0.002 {
					total.drifted++
					t.Logf("%s, seed %d: the %s moves by %.1f mm in 5 s (%v)", l, seed, what, 1e3*moved, err)
				}
				mu.Unlock()
				s.Close()
			}
		})
	}
	wg.Wait()
	return total
}

// settledShare is the share of the scenes that physics saw and that were good.
func (c tally) settledShare() float64 {
	seen := c.scenes
	for why, n := range c.rejected {
		if why != Unmatched && why != NoRoom && why != Unfit {
			seen += n
		}
	}
	return float64(c.scenes) / float64(seen)
}

// Scenes of all levels are what the level promises, and stay as they are for 5 s. With REFARENA_LONG=1 there are 10,000 of them.
func TestLevels(t *testing.T) {
	n := 12
	if testing.Short() {
		n = 3
	}
	if os.Getenv("REFARENA_LONG") != "" {
		n = 3334
	}
	for _, l := range Levels() {
		t.Run(string(l), func(t *testing.T) {
			c := makeScenes(t, l, n)
			if limit := n / 1000; c.drifted > limit {
				t.Errorf("in %d of %d scenes something moves by more than 2 mm in 5 s, want %d at most", c.drifted, c.scenes, limit)
			}
			if c.scenes == 0 {
				return
			}
			slices.Sort(c.wall)
			at := func(q float64) time.Duration {
				return c.wall[min(int(q*float64(len(c.wall))), len(c.wall)-1)].Round(100 * time.Microsecond)
			}
			t.Logf("%d scenes, %.1f objects each; %.1f %% of those settled were good; wall p50 %v, p99 %v; rejected %v; drifted %d",
				c.scenes, float64(c.objects)/float64(c.scenes), 100*c.settledShare(), at(0.5), at(0.99), c.rejected, c.drifted)
		})
	}
}

func hashes(t testing.TB, workers int) string {
	t.Helper()
	const perLevel = 4
	levels := Levels()
	out := make([]string, perLevel*len(levels))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := int(next.Add(1) - 1); i < len(out); i = int(next.Add(1) - 1) {
				cfg, err := levels[i/perLevel].Config()
				if err != nil {
					t.Error(err)
					return
				}
				s, err := Generate(cfg, uint64(100+i%perLevel), Mount{})
				if err != nil {
					t.Error(err)
					return
				}
				out[i] = s.Hash()
				s.Close()
			}
		})
	}
	wg.Wait()
	return strings.Join(out, "\n")
}

// The same (level, seed) is the same scene to the bit: again, with another number of workers, and in another process.
func TestSameHash(t *testing.T) {
	if os.Getenv("REFARENA_PRINT_HASHES") != "" {
		fmt.Println("hashes:\n" + hashes(t, 3))
		return
	}
	want := hashes(t, 1)
	if n := len(slices.Compact(slices.Sorted(strings.SplitSeq(want, "\n")))); n != strings.Count(want, "\n")+1 {
		t.Errorf("only %d of the hashes are different", n)
	}
	if got := hashes(t, 4); got != want {
		t.Errorf("with 4 workers: hashes\n%s\nwant\n%s", got, want)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestSameHash$")
	cmd.Env = append(os.Environ(), "REFARENA_PRINT_HASHES=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if !strings.Contains(string(out), want) {
		t.Errorf("another process: %s\nwant\n%s", out, want)
	}
}

// What cannot be done is an error that says what was asked for and what would help, soon.
func TestImpossibleScenes(t *testing.T) {
	small := &Setting{Tables: []Table{{Top: Zone{0.3, 0.6, -0.15, 0.15}}}}
	anywhere := Zone{0, 1, -0.5, 0.5}
	for _, tt := range []struct {
		name string
		cfg  Config
		want string
	}{
		{"20 objects on a 0.3 m table", Config{MinObjects: 20, MaxObjects: 20, Setting: small, Zone: anywhere}, "20 "},
		{"20 mugs on it", Config{MinObjects: 20, MaxObjects: 20, Setting: small, Zone: anywhere, Lookalikes: true, Designs: []string{"mug", "plate"}},
			"20 objects need 0."},
		{"8 on it", Config{MinObjects: 8, MaxObjects: 8, Setting: small, Zone: anywhere, MaxTries: 30,
			Designs: []string{"mug", "can", "apple", "plate"}}, "8 objects need 0.108 m² at least, the zone has 0.077 m² on a table of 0.3 × 0.3 m"},
		{"6 on it", Config{MinObjects: 6, MaxObjects: 6, Setting: small, Zone: anywhere, MaxTries: 30,
			Designs: []string{"can", "apple", "box"}}, "no scene of 6 to 6 objects on 0.077 m² of table is good in 30 tries ("},
		{"zone off the table", Config{Setting: small, Zone: Zone{0.7, 0.9, 0, 0.2}}, "is not on the table"},
		{"zone and reach apart", Config{Zone: Zone{0.3, 0.4, 0, 0.3}, Reach: Zone{0.5, 0.6, 0, 0.3}}, "have nothing in common"},
		{"more carried than there are", Config{MinObjects: 4, MinCarried: 4}, "4 objects carried by others and 1 supports"},
		{"nothing that fits", Config{MinObjects: 4, MinCarried: 1, Designs: []string{"bottle", "plate", "can"}, MinSupports: 1, MaxSupports: 1, MaxTries: 9},
			"9 × unmatched, mostly for want of supports for 1 carried objects"},
		{"nothing that can ever be", Config{MinObjects: 4, MinCarried: 1, Designs: []string{"bottle", "plate", "can"}, MinSupports: 1, MaxSupports: 1, MaxTries: 1e6},
			"in 2000 tries (2000 × unmatched, mostly for want of"},
		{"too many twins", Config{MinObjects: 4, Twins: 4}, "want fewer Twins"},
		{"too few names", Config{MinObjects: 15, Designs: []string{"lemon", "plate"}}, "combinations of name and colour"},
		{"three tables", Config{MinTables: 3}, "3 to 3 tables (want 1 or 2)"},
		{"fewer tables than asked for", Config{MinTables: 2, Setting: small}, "a setting with 1 tables"},
		{"100 objects", Config{MinObjects: 100}, "want 40 at most"},
		{"task gap", Config{Gap: 0.05, TaskGap: 0.01}, "around the objects of the task"},
		{"tiny table", Config{Setting: &Setting{Tables: []Table{{Top: Zone{0.3, 0.4, 0, 0.3}}}}}, "a table of 0.1 × 0.3 m"},
		{"two tables in one place", Config{Setting: &Setting{Tables: []Table{DefaultTable, DefaultTable}}}, "two tables in one place"},
		{"unknown finish", Config{Setting: &Setting{Tables: []Table{{Top: DefaultTable.Top, Finish: "gold"}}}}, `no table finish "gold" (have birch, oak`},
		{"unknown frame", Config{Setting: &Setting{Tables: []Table{{Top: DefaultTable.Top, Frame: "gold"}}}}, `no table frame "gold" (have graphite`},
		{"unknown floor", Config{Setting: &Setting{Floor: "lava"}}, `no floor "lava" (have tiles`},
		{"unknown wall", Config{Setting: &Setting{Wall: "ice"}}, `no wall "ice" (have white`},
		{"high table", Config{Setting: &Setting{Tables: []Table{{Top: DefaultTable.Top, Z: 1}}}}, "z = 1 m"},
		{"blind view", Config{Setting: &Setting{View: View{FovyDeg: 42}}}, "a view from"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Generate(tt.cfg, 1, Mount{})
			if err == nil {
				s.Close()
				t.Fatalf("Generate made a scene, want an error with %q", tt.want)
			}
			if !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "scenes: ") {
				t.Errorf("Generate: %v, want %q in it", err, tt.want)
			}
		})
	}
	if _, err := Level("huge").Config(); err == nil || !strings.Contains(err.Error(), `no level "huge" (have easy, medium, hard)`) {
		t.Errorf("Config of an unknown level: %v", err)
	}
	if _, err := ParseLevel("huge"); err == nil || !strings.Contains(err.Error(), "have easy, medium, hard") {
		t.Errorf("ParseLevel of an unknown level: %v", err)
	}
}

// Settings are as varied as they say, and no more.
func TestSettings(t *testing.T) {
	cfg := levelConfig(t, LevelMedium)
	finishes, rooms := map[string]int{}, map[string]int{}
	two := 0
	const draws = 600
	for seed := range uint64(draws) {
		s := drawSetting(cfg, seed)
		if err := s.Validate(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for i, table := range s.Tables {
			finishes[table.Finish]++
			if math.Abs(table.Z) > 0.05 {
				t.Errorf("seed %d: table top at z = %g m", seed, table.Z)
			}
			if i > 0 {
				two++
				continue
			}
			if d, w := table.Top.MaxX-table.Top.MinX, table.Top.MaxY-table.Top.MinY; table.Top.MinX != DefaultTable.Top.MinX ||
				d < 0.6-1e-9 || d > 0.9+1e-9 || w < 1.0-1e-9 || w > 1.6+1e-9 {
				t.Errorf("seed %d: a table of %g × %g m from x = %g m", seed, d, w, table.Top.MinX)
			}
			if JointZone.meet(table.Top.inset(edgeMargin)) != JointZone {
				t.Errorf("seed %d: the table %+v does not have all of the joint zone", seed, table.Top)
			}
		}
		rooms[s.Floor]++
		rooms[s.Wall]++
		if up := s.Light.KeyDir[2]; math.Abs(s.Light.KeyDir.Len()-1) > 1e-9 || up < 0.65 || up > 0.95 {
			t.Errorf("seed %d: light from %v", seed, s.Light.KeyDir)
		}
		if s.View.Eye.Sub(defaultView.Eye).Len() > 0.22 || s.View.FovyDeg < 41 || s.View.FovyDeg > 44 {
			t.Errorf("seed %d: view %+v", seed, s.View)
		}
	}
	for _, name := range Finishes() {
		if finishes[name] < draws/50 {
			t.Errorf("%d tables of %s in %d", finishes[name], name, draws)
		}
	}
	for _, name := range slices.Concat(Floors(), Walls()) {
		if rooms[name] < draws/20 {
			t.Errorf("%d rooms with %s in %d", rooms[name], name, draws)
		}
	}
	if two < draws/5 || two > draws*2/5 {
		t.Errorf("%d of %d settings have two tables, want about 30 %%", two, draws)
	}
	if a := drawSetting(Config{}.withDefaults(), 5); len(a.Tables) != 1 || a.Tables[0].Top != DefaultTable.Top || a.Tables[0].Z != 0 || a.View != (View{}) {
		t.Errorf("the default setting is %+v", a)
	}
}

// With two tables, things are on both, and what is on the second one is at hand.
func TestTwoTables(t *testing.T) {
	cfg := levelConfig(t, LevelMedium)
	cfg.MinTables = 2
	onSecond := 0
	for seed := range uint64(6) {
		s := generate(t, cfg, seed)
		if _, err := s.Model.BodyID(TableBody + " 2"); err != nil {
			t.Fatal(err)
		}
		for i, p := range s.Objects {
			at := p.TWorldObj.Pos
			if k := s.TableUnder(at[0], at[1]); k == 1 {
				onSecond++
				if !s.InReach(i) || math.Hypot(at[0], at[1]) > math.Hypot(TaskZone.MaxX, TaskZone.MaxY) {
					t.Errorf("seed %d: %s at %v is out of reach", seed, p.Name, at)
				}
				if z := s.Setting.Tables[1].Z; p.On == "" && math.Abs(p.bottom()-z) > 0.0005 {
					t.Errorf("seed %d: the lowest point of %s is at %.4f m, the table at %g", seed, p.Name, p.bottom(), z)
				}
			}
		}
	}
	if onSecond < 3 {
		t.Errorf("%d objects on six second tables, want some", onSecond)
	}
}

// The joint zone is what its comment says: inside the UR5's, and in the reach of a G1 whatever the table's height.
func TestJointZone(t *testing.T) {
	if TaskZone.meet(JointZone) != JointZone {
		t.Errorf("%+v is not inside %+v", JointZone, TaskZone)
	}
	const (
		pelvisX, pelvisZ = 0.05, 0.793 + FloorZ // standing
		waistZ           = pelvisZ + 0.044      // waist pitch joint
		up, beside       = 0.248, 0.138         // shoulder roll axis from there
		bend, arm        = 0.52, 0.479          // largest waist pitch [rad]; shoulder to palm
		palm, slack      = 0.12, 0.01           // palm above the table top; reach not to be used
	)
	x, z := pelvisX+up*math.Sin(bend), waistZ+up*math.Cos(bend)
	for _, top := range []float64{-0.05, 0, 0.05} {
		for _, at := range [][2]float64{{JointZone.MinX, 0}, {JointZone.MaxX, 0}, {JointZone.MaxX, JointZone.MaxY}, {JointZone.MinX, JointZone.MaxY}} {
			need := sim.Vec3{at[0], at[1], top + palm}.Sub(sim.Vec3{x, beside, z}).Len()
			if need > arm-slack {
				t.Errorf("(%g, %g) on a top at %g m is %.3f m from the shoulder, want %.3f at most", at[0], at[1], top, need, arm-slack)
			}
		}
	}
}

// balance is how far a point is inside the convex hull: by brute force over all half planes through two feet.
func TestBalance(t *testing.T) {
	r := Stream(4, "test")
	for i := range 500 {
		feet := make([][2]float64, 3+r.IntN(8))
		for k := range feet {
			feet[k] = [2]float64{r.Float64(), r.Float64()}
		}
		x, y := r.Float64(), r.Float64()
		want := math.Inf(1)
		for _, p := range feet {
			for _, q := range feet {
				dx, dy := q[0]-p[0], q[1]-p[1]
				l := math.Hypot(dx, dy)
				left := l > 0 && !slices.ContainsFunc(feet, func(f [2]float64) bool { return dx*(f[1]-p[1])-dy*(f[0]-p[0]) < -1e-12 })
				if left {
					want = min(want, (dx*(y-p[1])-dy*(x-p[0]))/l)
				}
			}
		}
		if got := balance(feet, x, y); math.Abs(got-want) > 1e-9 {
			t.Fatalf("draw %d: balance(%v, %g, %g) = %g, want %g", i, feet, x, y, got, want)
		}
	}
	if got := balance([][2]float64{{0, 0}, {1, 0}, {2, 0}}, 1, 0); got > 0 {
		t.Errorf("balance on a line = %g, want 0 or less", got)
	}
}

func BenchmarkGenerateLevel(b *testing.B) {
	for _, l := range Levels() {
		b.Run(string(l), func(b *testing.B) {
			cfg := levelConfig(b, l)
			var wall []time.Duration
			for b.Loop() {
				start := time.Now()
				s, err := Generate(cfg, uint64(len(wall)), Mount{})
				if err != nil {
					b.Fatal(err)
				}
				wall = append(wall, time.Since(start))
				s.Close()
			}
			slices.Sort(wall)
			b.ReportMetric(1e3*wall[len(wall)/2].Seconds(), "ms-p50")
			b.ReportMetric(1e3*wall[len(wall)*99/100].Seconds(), "ms-p99")
		})
	}
}

// What can be taken, what it can be put on, and what a phrase means, follow from where things are.
func TestWhereThingsAre(t *testing.T) {
	find := func(name string) *Design {
		d, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	red, blue := Colors[0], Colors[4]
	put := func(name string, d *Design, c Color, x, y, z float64, on string) Placed {
		return Placed{Name: name, Design: d, Color: c, TWorldObj: sim.Translation(x, y, z+d.Lift), On: on}
	}
	bowl, tray := find("bowl"), find("tray")
	l := &Layout{Config: Config{Reach: JointZone}, Objects: []Placed{
		put("can", find("can"), red, 0.40, -0.25, 0, ""),
		put("near can", find("can"), red, 0.40, -0.16, 0, ""), // 90 mm off, 24 mm between them
		put("bowl", bowl, blue, 0.40, 0.02, 0, ""),
		put("apple", find("apple"), red, 0.40, 0.02, bowl.Support.Z, "bowl"),
		put("tray", tray, blue, 0.42, 0.28, 0, ""),
		put("lemon", find("lemon"), Colors[2], 0.42, 0.18, tray.Support.Z, "tray"),
		put("far mug", find("mug"), blue, 0.75, -0.25, 0, ""),
	}}
	index := l.named
	if gap := l.Clearance(index("can")); math.Abs(gap-0.024) > 1e-3 {
		t.Errorf("clearance of the can = %.4f m, want 0.024", gap)
	}
	for _, tt := range []struct {
		object   string
		pickable bool
		on       []string
	}{
		{"can", false, []string{"tray"}},     // no room for fingers; the bowl has an apple in it
		{"bowl", false, []string{"tray"}},    // too wide
		{"apple", true, []string{"tray"}},    // it is in the bowl already
		{"lemon", true, nil},                 // on the tray already, the bowl is taken
		{"far mug", false, []string{"tray"}}, // out of reach
	} {
		i := index(tt.object)
		if got := slices.Contains(l.Pickable(), i); got != tt.pickable {
			t.Errorf("%s can be taken: %v, want %v", tt.object, got, tt.pickable)
		}
		var on []string
		for _, k := range l.SupportsFor(i) {
			on = append(on, l.Objects[k].Name)
		}
		if tt.object != "bowl" && !slices.Equal(on, tt.on) {
			t.Errorf("%s can be put on %v, want %v", tt.object, on, tt.on)
		}
	}
	if l.Unique(index("can")) || !l.Unique(index("apple")) {
		t.Error("Unique: the red can is one of two, the apple is not")
	}
	if _, err := l.Object("the red can"); err == nil || !strings.Contains(err.Error(), `2 objects are called "the red can"`) {
		t.Errorf("Object(the red can) = %v", err)
	}
	if i, err := l.Object("the red apple"); err != nil || i != index("apple") {
		t.Errorf("Object(the red apple) = %d, %v", i, err)
	}
	l.Objects[index("apple")] = put("apple", find("apple"), red, 0.50, 0.02, 0, "")
	if !slices.Contains(l.SupportsFor(index("lemon")), index("bowl")) {
		t.Error("the lemon cannot be put into the empty bowl")
	}
	l.Objects[index("far mug")].TWorldObj.Pos[0] = 0.45
	l.Objects[index("far mug")].On = "lemon"
	if slices.Contains(l.Pickable(), index("lemon")) {
		t.Error("what carries something can be taken")
	}
}
