package robots_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/sim"
)

// A bench is a robot at a table of its own making, seen by a camera across the table. Its depth images are ray casts into the collision
// geometry of table and objects (the arm at home is out of the picture, or outside of what the tests look at).
type bench struct {
	t     testing.TB
	robot *robots.Robot
	model *sim.Model
	data  *sim.Data
	plant *robots.SimPlant
	exec  *robots.Executor
	cam   sim.Camera
}

// A thing is an object on the bench.
type thing struct {
	name string
	geom sim.GeomType
	size sim.Vec3
	at   sim.Vec3 // of its middle
	yaw  float64
	mass float64
}

// newBench is a bench with a UR5.
func newBench(t testing.TB, things ...thing) *bench {
	t.Helper()
	return newBenchOf(t, "ur5", things...)
}

func newBenchOf(t testing.TB, robot string, things ...thing) *bench {
	t.Helper()
	b := &bench{t: t, cam: sim.NewCamera("test", 384, 288, 42, sim.LookAt(sim.Vec3{1.25, 0, 0.95}, sim.Vec3{0.45, 0, 0.02}))}
	var err error
	b.robot, err = robots.Open(robot)
	b.must(err)
	part, err := b.robot.Build()
	b.must(err)
	defer part.Close()
	spec, err := sim.NewSpec()
	b.must(err)
	defer spec.Close()
	b.must(spec.Attach(part, spec.World(), sim.Identity(), "robot/"))
	spec.World().AddGeom(sim.Geom{Name: "table", Type: sim.GeomBox, Size: sim.Vec3{0.6, 0.65, 0.02}, Pose: sim.Translation(0.35, 0, -0.02)})
	for _, x := range things {
		body := spec.World().AddBody(x.name, sim.Pose{Pos: x.at, Rot: sim.RPY(0, 0, x.yaw)})
		if x.mass > 0 {
			body.AddFreeJoint(x.name)
		}
		body.AddGeom(sim.Geom{Name: x.name, Type: x.geom, Size: x.size, Mass: math.Max(x.mass, 0.01), Condim: 4})
	}
	b.model, err = spec.Compile()
	b.must(err)
	t.Cleanup(b.model.Close)
	b.data, err = sim.NewData(b.model)
	b.must(err)
	t.Cleanup(b.data.Close)
	b.plant, err = b.robot.NewPlant(b.data, "robot/")
	b.must(err)
	b.must(b.plant.Reset())
	b.must(b.data.Step(100))
	b.exec = robots.NewExecutor(b.robot, b.plant)
	return b
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// look is what the camera sees.
func (b *bench) look() *sim.Frame {
	f := &sim.Frame{Camera: b.cam, Depth: make([]float32, b.cam.Width*b.cam.Height)}
	forward := b.cam.TWorldCam.Axis(2)
	for i := range f.Depth {
		origin, dir := b.cam.Ray(sim.Pixel{X: float64(i%b.cam.Width) + 0.5, Y: float64(i/b.cam.Width) + 0.5})
		if dist, _, ok := b.data.Ray(origin, dir, false); ok {
			f.Depth[i] = float32(dist * dir.Dot(forward))
		}
	}
	return f
}

// at is the pixel that shows a point of the world.
func (b *bench) at(x, y, z float64) sim.Pixel {
	px, _, _ := b.cam.Project(sim.Vec3{x, y, z})
	return px
}

func (b *bench) pose(name string) sim.Pose {
	b.t.Helper()
	id, err := b.model.BodyID(name)
	b.must(err)
	return b.data.BodyPose(id)
}

// atRest checks that the arm stands still where home is.
func (b *bench) atRest() {
	b.t.Helper()
	s, home := b.plant.State(), b.robot.Arm.Home
	for i, q := range s.Q {
		if math.Abs(q-home[i]) > 0.01 || math.Abs(s.QD[i]) > 0.05 {
			b.t.Errorf("%s at %.3f rad, %.3f rad/s; want home, %.3f, at rest", b.robot.Arm.Joints[i].Name, q, s.QD[i], home[i])
		}
	}
}

var (
	box   = thing{"box", sim.GeomBox, sim.Vec3{0.025, 0.04, 0.03}, sim.Vec3{0.45, -0.12, 0.03}, 0.5, 0.15}
	can   = thing{"can", sim.GeomCylinder, sim.Vec3{0.033, 0.055, 0}, sim.Vec3{0.50, 0.15, 0.055}, 0, 0.3}
	ball  = thing{"ball", sim.GeomSphere, sim.Vec3{0.032, 0, 0}, sim.Vec3{0.38, 0.05, 0.032}, 0, 0.1}
	crate = thing{"crate", sim.GeomBox, sim.Vec3{0.06, 0.07, 0.03}, sim.Vec3{0.62, -0.03, 0.03}, 0.2, 0} // too wide to be gripped, and fixed
)

// Things are picked up at a pixel on them and put down at a pixel elsewhere, upright and within a centimetre, by friction alone.
func TestPickAndPlace(t *testing.T) {
	for _, tt := range []struct {
		thing
		pick sim.Vec3 // that the pixel shows
	}{
		{box, sim.Vec3{0.45, -0.12, 0.06}},
		{box, sim.Vec3{0.475, -0.115, 0.05}}, // its front
		{can, sim.Vec3{0.50, 0.15, 0.11}},
		{can, sim.Vec3{0.533, 0.15, 0.06}},
		{ball, sim.Vec3{0.395, 0.05, 0.06}},
	} {
		for _, put := range []struct {
			name string
			at   sim.Vec3
		}{{"table", sim.Vec3{0.40, -0.27, 0}}, {"crate", sim.Vec3{0.62, -0.03, 0.06}}} {
			if tt.geom == sim.GeomSphere && put.name == "table" {
				continue // it rolls away
			}
			t.Run(fmt.Sprintf("%s at %.2v onto %s", tt.name, tt.pick, put.name), func(t *testing.T) {
				b := newBench(t, tt.thing, crate)
				before := b.pose(tt.name)
				var fastest float64
				b.plant.OnStep = func() {
					for _, qd := range b.plant.State().QD {
						fastest = math.Max(fastest, math.Abs(qd))
					}
				}
				pick, err := b.exec.Pick(context.Background(), b.look(), b.at(tt.pick[0], tt.pick[1], tt.pick[2]), robots.PickOptions{})
				b.must(err)
				if !pick.OK() || pick.Held == nil {
					t.Fatalf("Pick: %v, %v", pick.Outcome, pick.Phases)
				}
				b.atRest()
				if z := b.pose(tt.name).Pos[2]; z < before.Pos[2]+0.05 {
					t.Fatalf("the %s is %.3f m high after Pick", tt.name, z)
				}
				if fastest > math.Pi*1.02 {
					t.Errorf("a joint moved at %.2f rad/s", fastest)
				}

				b.plant.OnStep = nil
				place, err := b.exec.Place(context.Background(), b.look(), b.at(put.at[0], put.at[1], put.at[2]), pick.Held, robots.PlaceOptions{})
				b.must(err)
				if !place.OK() {
					t.Fatalf("Place: %v, %v", place.Outcome, place.Phases)
				}
				b.atRest()
				b.must(b.data.Step(250))
				got := b.pose(tt.name)
				want := put.at.Add(sim.Vec3{0, 0, before.Pos[2]})
				if d := got.Pos.Sub(want); math.Hypot(d[0], d[1]) > 0.012 || math.Abs(d[2]) > 0.003 {
					t.Errorf("the %s is at %.3f, want %.3f", tt.name, got.Pos, want)
				}
				if up := got.Axis(2)[2]; tt.geom != sim.GeomSphere && up < 0.999 {
					t.Errorf("the %s leans by %.1f°", tt.name, math.Acos(up)*180/math.Pi)
				}
				t.Logf("%.2f s and %.2f s simulated", float64(pick.Periods)*robots.Period, float64(place.Periods)*robots.Period)
			})
		}
	}
}

// What is put down meets the surface slowly.
func TestPlaceIsGentle(t *testing.T) {
	b := newBench(t, can)
	pick, err := b.exec.Pick(context.Background(), b.look(), b.at(0.50, 0.15, 0.11), robots.PickOptions{})
	b.must(err)
	if !pick.OK() {
		t.Fatal(pick.Outcome)
	}
	id, err := b.model.BodyID("can")
	b.must(err)
	var last sim.Pose
	speed := math.NaN()
	b.plant.OnStep = func() {
		now := b.data.BodyPose(id)
		if math.IsNaN(speed) && now.Pos[2] < 0.0555 && last != (sim.Pose{}) {
			speed = (last.Pos[2] - now.Pos[2]) / robots.Period
		}
		last = now
	}
	place, err := b.exec.Place(context.Background(), b.look(), b.at(0.45, -0.2, 0), pick.Held, robots.PlaceOptions{})
	b.must(err)
	if !place.OK() || !place.Touched || !(speed < 0.1) {
		t.Errorf("Place: %v, touched %v, down at %.3f m/s, want < 0.1", place.Outcome, place.Touched, speed)
	}
}

func TestPickCauses(t *testing.T) {
	wall := thing{"wall", sim.GeomBox, sim.Vec3{0.05, 0.05, 0.03}, sim.Vec3{0.45, 0.1, 0.03}, 0.3, 0}
	far := thing{"far", sim.GeomBox, sim.Vec3{0.02, 0.02, 0.02}, sim.Vec3{0.90, 0, 0.02}, 0, 0.1}
	hole := func(d float64) func(*sim.Frame, *sim.Pixel) {
		return func(f *sim.Frame, px *sim.Pixel) {
			for y := int(px.Y) - 4; y <= int(px.Y)+4; y++ {
				for x := int(px.X) - 4; x <= int(px.X)+4; x++ {
					f.Depth[y*f.Camera.Width+x] = float32(d)
				}
			}
		}
	}
	for _, tt := range []struct {
		name string
		add  []thing
		p    sim.Vec3 // that the pixel shows
		edit func(f *sim.Frame, px *sim.Pixel)
		want robots.Cause
		say  string
	}{
		{"no depth", []thing{box}, box.at, hole(0), robots.NoDepth, "no depth"},
		{"NaN depth", []thing{box}, box.at, hole(math.NaN()), robots.NoDepth, "no depth"},
		{"infinite depth", []thing{box}, box.at, hole(math.Inf(1)), robots.NoDepth, "no depth"},
		{"empty depth", []thing{box}, box.at, func(f *sim.Frame, _ *sim.Pixel) { f.Depth = nil }, robots.NoDepth, "0 values for 384 × 288"},
		{"pixel outside", []thing{box}, box.at, func(_ *sim.Frame, px *sim.Pixel) { px.X = 1000 }, robots.NoDepth, "outside the image"},
		{"NaN pixel", []thing{box}, box.at, func(_ *sim.Frame, px *sim.Pixel) { px.X = math.NaN() }, robots.NoDepth, "outside the image"},
		{"bare table", []thing{box}, sim.Vec3{0.5, 0.2, 0}, nil, robots.NoGrasp, "shows the surface"},
		{"too wide", []thing{wall}, wall.at.Add(sim.Vec3{0, 0, 0.03}), nil, robots.NoGrasp, "narrowest 0.1"},
		{"too far", []thing{far}, far.at.Add(sim.Vec3{0, 0, 0.02}), nil, robots.OutOfReach, "the arm reaches"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, tt.add...)
			f := b.look()
			px := b.at(tt.p[0], tt.p[1], tt.p[2])
			if tt.edit != nil {
				tt.edit(f, &px)
			}
			before := b.data.Steps()
			r, err := b.exec.Pick(context.Background(), f, px, robots.PickOptions{})
			b.must(err)
			if r.Cause != tt.want || !strings.Contains(r.Detail, tt.say) {
				t.Errorf("Pick = %v, want %s with %q", r.Outcome, tt.want, tt.say)
			}
			if tt.want != "" && (r.Held != nil || b.data.Steps() != before) {
				t.Errorf("the arm moved for %d steps, or holds something: %v", b.data.Steps()-before, r.Held)
			}
			b.atRest()
		})
	}
}

// What stands on something wide is taken up alone.
func TestPickFromOnTop(t *testing.T) {
	on := can
	on.at = crate.at.Add(sim.Vec3{0.01, 0, 0.03 + 0.055})
	b := newBench(t, on, crate)
	r, err := b.exec.Pick(context.Background(), b.look(), b.at(on.at[0]+0.03, on.at[1], on.at[2]), robots.PickOptions{})
	b.must(err)
	if !r.OK() || math.Abs(r.Held.Width-0.066) > 0.004 || b.pose("can").Pos[2] < 0.15 {
		t.Fatalf("Pick = %v holding %+v, want the can", r.Outcome, r.Held)
	}
	place, err := b.exec.Place(context.Background(), b.look(), b.at(0.4, -0.1, 0), r.Held, robots.PlaceOptions{})
	b.must(err)
	b.must(b.data.Step(250))
	if got := b.pose("can").Pos; !place.OK() || got.Sub(sim.Vec3{0.4, -0.1, 0.055}).Len() > 0.012 {
		t.Errorf("Place = %v, the can is at %.3f", place.Outcome, got)
	}
}

// Something hollow that is wider than the hand opens is taken by its wall.
func TestPickByTheWall(t *testing.T) {
	const n, radius = 16, 0.055
	var wall []thing
	for i := range n {
		s, c := math.Sincos(2 * math.Pi * float64(i) / n)
		wall = append(wall, thing{fmt.Sprintf("stave%d", i), sim.GeomBox, sim.Vec3{0.003, radius * math.Pi / n, 0.03},
			sim.Vec3{0.48 + radius*c, 0.05 + radius*s, 0.03}, 2 * math.Pi * float64(i) / n, 0})
	}
	b := newBench(t, wall...)
	g := robots.GraspPlanner{Hand: &b.robot.Hand}
	front := b.at(0.48+radius, 0.05, 0.06)
	grasps, _, out := g.Plan(b.look(), front, nil)
	if !out.OK() {
		t.Fatal(out)
	}
	best := grasps[0]
	if d := best.TWorldEE.Pos.Sub(sim.Vec3{0.48, 0.05, 0}); !best.Edge || math.Abs(math.Hypot(d[0], d[1])-radius) > 0.006 || best.Width > 0.02 {
		t.Errorf("best grasp: %v, want the wall %.3f m from (0.48, 0.05)", best, radius)
	}
	// The fingers close across the wall, not along it.
	y, d := best.TWorldEE.Axis(1), best.TWorldEE.Pos.Sub(sim.Vec3{0.48, 0.05, best.TWorldEE.Pos[2]}).Normalize()
	if math.Abs(y.Dot(d)) < 0.9 {
		t.Errorf("the hand closes along %.2f, the wall faces %.2f", y, d)
	}
}

// Between two walls that leave its short sides no room for fingers, a box is taken by its long side.
func TestPickBetweenWalls(t *testing.T) {
	b := newBench(t, box,
		thing{"behind", sim.GeomBox, sim.Vec3{0.02, 0.12, 0.05}, box.at.Sub(sim.Vec3{0.057 * math.Cos(0.5), 0.057 * math.Sin(0.5), -0.02}), 0.5, 0},
		thing{"before", sim.GeomBox, sim.Vec3{0.02, 0.12, 0.03}, box.at.Add(sim.Vec3{0.057 * math.Cos(0.5), 0.057 * math.Sin(0.5), 0}), 0.5, 0})
	r, err := b.exec.Pick(context.Background(), b.look(), b.at(0.45, -0.12, 0.06), robots.PickOptions{})
	b.must(err)
	if !r.OK() || math.Abs(r.Held.Width-0.08) > 0.004 || b.pose("box").Pos[2] < 0.1 {
		t.Errorf("Pick = %v holding %+v, want it by its 0.08 m", r.Outcome, r.Held)
	}
}

// What the picture did not show stops the arm, which then goes home.
func TestCollisionStops(t *testing.T) {
	b := newBench(t, box)
	f := b.look()
	hidden := newBench(t, box, thing{"hidden", sim.GeomBox, sim.Vec3{0.3, 0.3, 0.02}, sim.Vec3{0.55, -0.1, 0.14}, 0, 0})
	r, err := hidden.exec.Pick(context.Background(), f, b.at(0.45, -0.12, 0.06), robots.PickOptions{})
	hidden.must(err)
	if r.Cause != robots.Collision {
		t.Errorf("Pick = %v, want %s", r.Outcome, robots.Collision)
	}
	hidden.atRest()
}

// When the thing has gone since the picture was taken, the hand closes on nothing, twice, and the arm goes home.
func TestNothingThere(t *testing.T) {
	f := newBench(t, can).look()
	b := newBench(t)
	r, err := b.exec.Pick(context.Background(), f, b.at(0.50, 0.15, 0.11), robots.PickOptions{})
	b.must(err)
	if r.Cause != robots.Slip || r.Attempts != 2 || r.Held != nil {
		t.Errorf("Pick = %v after %d attempts, holding %v; want %s after 2", r.Outcome, r.Attempts, r.Held, robots.Slip)
	}
	b.atRest()
}

// Place without anything in the hand moves nothing; with something that slipped away meanwhile it says so.
func TestPlaceWithoutHolding(t *testing.T) {
	b := newBench(t, can)
	f := b.look()
	place := func(px sim.Pixel, held *robots.Held) robots.PlaceResult {
		r, err := b.exec.Place(context.Background(), f, px, held, robots.PlaceOptions{})
		b.must(err)
		return r
	}
	if r := place(b.at(0.5, -0.1, 0), nil); r.Cause != robots.Dropped {
		t.Errorf("Place of nothing = %v, want %s", r.Outcome, robots.Dropped)
	}
	pick, err := b.exec.Pick(context.Background(), f, b.at(0.50, 0.15, 0.11), robots.PickOptions{})
	b.must(err)
	lost := *pick.Held
	lost.Force *= 4 // pressed with before
	if r := place(b.at(0.5, -0.1, 0), &lost); r.Cause != robots.Dropped || r.Held != nil {
		t.Errorf("Place of what is gone = %v, want %s", r.Outcome, robots.Dropped)
	}
	if r := place(b.at(0.82, 0.32, 0), pick.Held); r.Cause != robots.OutOfReach || r.Held != pick.Held {
		t.Errorf("Place out of reach = %v holding %v, want %s holding on", r.Outcome, r.Held, robots.OutOfReach)
	}
	b.atRest()
}

func TestBudgetAndCancel(t *testing.T) {
	b := newBench(t, can)
	f, px := b.look(), b.at(0.50, 0.15, 0.11)
	r, err := b.exec.Pick(context.Background(), f, px, robots.PickOptions{MaxPeriods: 60})
	b.must(err)
	if r.Cause != robots.OverBudget {
		t.Errorf("Pick with 60 periods = %v, want %s", r.Outcome, robots.OverBudget)
	}
	b.atRest()
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	b.plant.OnStep = func() {
		if n++; n == 40 {
			cancel()
		}
	}
	if _, err := b.exec.Pick(ctx, f, px, robots.PickOptions{}); !errors.Is(err, context.Canceled) || n != 40 {
		t.Errorf("cancelled Pick: %v after %d periods, want %v after 40", err, n, context.Canceled)
	}
}

// The same scene, frame and pixel give the same motion, bit for bit, whatever was done before with the executor's buffers.
func TestSkillsRepeat(t *testing.T) {
	run := func(b *bench, f *sim.Frame) string {
		h := sha256.New()
		b.plant.OnStep = func() { b.data.Hash(h) }
		pick, err := b.exec.Pick(context.Background(), f, b.at(0.50, 0.15, 0.11), robots.PickOptions{})
		b.must(err)
		if !pick.OK() {
			t.Fatal(pick.Outcome)
		}
		_, err = b.exec.Place(context.Background(), f, b.at(0.45, -0.2, 0), pick.Held, robots.PlaceOptions{})
		b.must(err)
		return fmt.Sprintf("%x", h.Sum(nil))
	}
	a := newBench(t, can, ball)
	f := a.look()
	used := newBench(t, can, ball)
	for range 2 { // looks, but cannot do it
		if r, err := used.exec.Pick(context.Background(), f, used.at(0.5, -0.2, 0), robots.PickOptions{}); err != nil || r.OK() {
			t.Fatal(r.Outcome, err)
		}
	}
	if x, y := run(a, f), run(used, f); x != y {
		t.Errorf("two runs: %s and %s", x, y)
	}
}
