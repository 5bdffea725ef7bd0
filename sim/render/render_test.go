package render

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// draw is RenderScene that must work.
func draw(t testing.TB, r *Renderer, b *builder, cam sim.Camera) *sim.Shot {
	t.Helper()
	shot := new(sim.Shot)
	if err := r.RenderScene(b.scene, b.poses, cam, shot); err != nil {
		t.Fatal(err)
	}
	return shot
}

// randomCamera is somewhere above the table and looks roughly at it; its principal point is off-centre and its pixels are not square.
func randomCamera(r *rand.Rand, w, h int) sim.Camera {
	eye := sim.Vec3{1.2 * (r.Float64() - 0.5), 1.2 * (r.Float64() - 0.5), tableTop + 0.6 + 0.8*r.Float64()}
	target := sim.Vec3{0.4 * (r.Float64() - 0.5), 0.4 * (r.Float64() - 0.5), tableTop}
	cam := sim.NewCamera("random", w, h, 40+30*r.Float64(), sim.LookAt(eye, target))
	cam.TWorldCam = cam.TWorldCam.Mul(sim.Rotation(r.Float64()-0.5, sim.Vec3{0, 0, 1}))
	cam.Fx *= 0.9 + 0.2*r.Float64()
	cam.Cx += float64(w) * 0.2 * (r.Float64() - 0.5)
	cam.Cy += float64(h) * 0.2 * (r.Float64() - 0.5)
	return cam
}

// A small ball at a known point appears where the camera projects that point, at its depth and with its body's id.
func TestProjection(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	r := openSoftware(t)
	ball := shape.Ellipsoid([3]float64{0.006, 0.006, 0.006}, 24)
	for range 10 {
		b := newBuilder()
		for range 30 {
			p := sim.Vec3{rnd.Float64() - 0.5, rnd.Float64() - 0.5, tableTop + 0.4*rnd.Float64()}
			b.body(sim.Pose{Pos: p, Rot: sim.RPY(rnd.Float64(), rnd.Float64(), rnd.Float64())}, paint(1, 0, 0, 0.5, 0), ball)
		}
		cam := randomCamera(rnd, 501, 377)
		shot := draw(t, r, b, cam)
		sums := make([]struct{ x, y, n, nearest float64 }, len(b.poses))
		for i, id := range shot.Seg.Bodies {
			if id > 0 {
				s := &sums[id]
				s.x, s.y, s.n = s.x+float64(i%cam.Width)+0.5, s.y+float64(i/cam.Width)+0.5, s.n+1
				if d := float64(shot.Frame.Depth[i]); s.nearest == 0 || d < s.nearest {
					s.nearest = d
				}
			}
		}
		seen := 0
		for id := 1; id < len(b.poses); id++ {
			px, depth, ok := cam.Project(b.poses[id].Pos)
			s := sums[id]
			radius := cam.Fy * 0.006 / depth
			if !ok || px.X < 10 || px.Y < 10 || px.X > float64(cam.Width)-10 || px.Y > float64(cam.Height)-10 || s.n < 0.9*math.Pi*radius*radius {
				continue // outside, or partly hidden by another ball
			}
			seen++
			if dx, dy := s.x/s.n-px.X, s.y/s.n-px.Y; math.Hypot(dx, dy) > 0.5 {
				t.Errorf("ball at %v is drawn at (%.2f, %.2f), want (%.2f, %.2f)", b.poses[id].Pos, s.x/s.n, s.y/s.n, px.X, px.Y)
			}
			if math.Abs(s.nearest-(depth-0.006)) > 0.001 {
				t.Errorf("ball at depth %.4f has its nearest pixel at %.4f, want %.4f", depth, s.nearest, depth-0.006)
			}
		}
		if seen < 10 {
			t.Errorf("%d of 30 balls are in view, want at least 10", seen)
		}
	}
}

// Depth is metres along the optical axis: pixel by pixel that of the ray through the pixel's centre.
func TestDepthOfPlaneAndSphere(t *testing.T) {
	const radius = 0.15
	centre := sim.Vec3{0.05, -0.02, tableTop + 0.1}
	b := newBuilder()
	b.world(sim.Translation(0, 0, tableTop-0.5), shape.Box([3]float64{6, 6, 1}, 0), paint(0.8, 0.8, 0.8, 0.5, 0))
	sphere := shape.Ellipsoid([3]float64{radius, radius, radius}, 256)
	ball := b.body(sim.Translation(centre[0], centre[1], centre[2]), paint(0.8, 0, 0, 0.5, 0), sphere)
	rnd := rand.New(rand.NewPCG(5, 6))
	r := openSoftware(t)
	for range 5 {
		cam := randomCamera(rnd, 320, 240)
		shot := draw(t, r, b, cam)
		for range 2000 {
			x, y := rnd.IntN(cam.Width), rnd.IntN(cam.Height)
			px := sim.Pixel{X: float64(x) + 0.5, Y: float64(y) + 0.5}
			origin, dir := cam.Ray(px)
			along := dir.Dot(cam.TWorldCam.Axis(2)) // distance along the ray to depth along cam z
			want, wantID := 0.0, int32(-1)
			if s := (tableTop - origin[2]) / dir[2]; s > 0 {
				if p := origin.Add(dir.Mul(s)); math.Abs(p[0]) < 3 && math.Abs(p[1]) < 3 {
					want, wantID = s*along, 0
				}
			}
			oc := origin.Sub(centre)
			half := oc.Dot(dir)
			disc := half*half - oc.Dot(oc) + radius*radius
			if math.Abs(disc) < 0.002 {
				continue // the ball's rim
			}
			if disc > 0 {
				want, wantID = (-half-math.Sqrt(disc))*along, int32(ball)
			}
			i, _ := px.Index(cam.Width, cam.Height)
			if got := float64(shot.Frame.Depth[i]); math.Abs(got-want) > 0.0005 {
				t.Fatalf("depth at (%d, %d) = %.5f m, want %.5f", x, y, got, want)
			}
			if got := shot.Seg.Bodies[i]; got != wantID {
				t.Fatalf("body at (%d, %d) = %d, want %d", x, y, got, wantID)
			}
		}
	}
}

// Where nothing is, there is the background, no depth and no body.
func TestNothing(t *testing.T) {
	b := newBuilder()
	shot := draw(t, openSoftware(t), b, overview(16, 9))
	for i := range shot.Frame.Depth {
		if d, id := shot.Frame.Depth[i], shot.Seg.Bodies[i]; d != 0 || id != -1 {
			t.Fatalf("pixel %d: depth %g, body %d, want 0 and -1", i, d, id)
		}
		for c, want := range b.scene.Environment.Background {
			if got := float32(shot.Frame.RGB[3*i+c]) / 255; math.Abs(float64(got-want)) > 0.003 {
				t.Fatalf("pixel %d: channel %d is %.3f, want %.3f", i, c, got, want)
			}
		}
	}
}

// Pictures are a function of scene, poses and camera: not of what was drawn before, nor of the renderer.
func TestSameBytes(t *testing.T) {
	b := clutter(16)
	cam := overview(200, 150)
	r := openSoftware(t)
	first := draw(t, r, b, cam)
	if again := draw(t, r, b, cam); !equalShots(first, again) {
		t.Error("the same frame twice differs")
	}
	other := clutter(12)
	draw(t, r, other, overview(64, 64))
	moved := &builder{b.scene, append([]sim.Pose(nil), b.poses...)}
	for i := 1; i < len(moved.poses); i++ {
		moved.poses[i].Pos[2] += 0.3
	}
	if shot := draw(t, r, moved, cam); equalShots(first, shot) {
		t.Error("moving every body changes nothing")
	}
	if again := draw(t, r, b, cam); !equalShots(first, again) {
		t.Error("a frame after other pictures differs")
	}
	if shot := draw(t, openSoftware(t), b, cam); !equalShots(first, shot) {
		t.Error("another renderer's frame differs")
	}
}

func TestParallel(t *testing.T) {
	b := clutter(12)
	want := draw(t, openSoftware(t), b, overview(160, 120))
	var wg sync.WaitGroup
	for range 2 {
		r := openSoftware(t)
		wg.Go(func() {
			var shot sim.Shot
			for range 10 {
				if err := r.RenderScene(b.scene, b.poses, overview(160, 120), &shot); err != nil {
					t.Error(err)
					return
				}
				if !equalShots(want, &shot) {
					t.Error("a picture drawn beside another differs")
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestSizes(t *testing.T) {
	r := openSoftware(t)
	b := clutter(12)
	for _, tt := range []struct {
		w, h    int
		wantErr string // substring; "" means none
	}{
		{1, 1, ""},
		{1, 300, ""},
		{7, 5, ""},
		{333, 1, ""},
		{641, 479, ""},
		{4096, 4096, ""},
		{64, 48, ""},
		{0, 10, "image size 0×10 (want 1×1 to 4096×4096)"},
		{5000, 10, "image size 5000×10 (want 1×1 to 4096×4096)"},
		{10, -1, "image size 10×-1"},
		{20000, 20000, "image size 20000×20000 (want 1×1 to 4096×4096)"},
	} {
		t.Run(fmt.Sprintf("%dx%d", tt.w, tt.h), func(t *testing.T) {
			var shot sim.Shot
			err := r.RenderScene(b.scene, b.poses, overview(tt.w, tt.h), &shot)
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Fatalf("error %v, want %q", err, tt.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			f, seg, n := &shot.Frame, &shot.Seg, tt.w*tt.h
			if len(f.RGB) != 3*n || len(f.Depth) != n || len(seg.Bodies) != n || seg.Width != tt.w || seg.Height != tt.h {
				t.Fatalf("%d bytes, %d depths, %d bodies of %d×%d", len(f.RGB), len(f.Depth), len(seg.Bodies), seg.Width, seg.Height)
			}
			if mid := tt.h/2*tt.w + tt.w/2; shot.Frame.Depth[mid] < 0.5 || shot.Frame.Depth[mid] > 3 {
				t.Errorf("depth in the middle = %g m, want that of the table", shot.Frame.Depth[mid])
			}
		})
	}
}

func TestSceneErrors(t *testing.T) {
	r := openSoftware(t)
	box := shape.Box([3]float64{1, 1, 1}, 0)
	bare := &shape.Mesh{Name: "m", Positions: box.Positions, Indices: box.Indices}
	empty := sim.Material{Texture: &sim.Texture{Name: "t", Width: 2, Height: 2}}
	for _, tt := range []struct {
		name   string
		visual sim.Visual
		want   string
	}{
		{"no mesh", sim.Visual{}, "visual 0 has no mesh"},
		{"no such body", sim.Visual{Body: 3, Mesh: box}, "moves with body 3 (have 0 to 0)"},
		{"normals", sim.Visual{Mesh: bare}, `mesh "m" has 24 positions, 0 normals`},
		{"index", sim.Visual{Mesh: &shape.Mesh{Name: "m", Indices: []uint32{0, 1, 2}}}, `mesh "m" has indices that are no triangles`},
		{"texture", sim.Visual{Mesh: box, Material: empty}, `texture "t" is 2 × 2 with 0 bytes`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var shot sim.Shot
			s := &Scene{Visuals: []sim.Visual{tt.visual}}
			if err := r.RenderScene(s, []sim.Pose{sim.Identity()}, overview(8, 8), &shot); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
	draw(t, r, clutter(12), overview(8, 8)) // still works
}

func TestClosed(t *testing.T) {
	r, err := New(Options{Device: Software})
	if err != nil {
		t.Fatal(err)
	}
	b := clutter(12)
	var shot sim.Shot
	for range 2 {
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if err := r.RenderScene(b.scene, b.poses, overview(8, 8), &shot); err == nil || err.Error() != "render: the renderer is closed" {
			t.Fatalf("error %v from a closed renderer", err)
		}
	}
}

func TestDevices(t *testing.T) {
	r := openSoftware(t)
	if info := r.Info(); !info.Software || info.Renderer == "" || info.Version == "" {
		t.Errorf("Info() = %+v, want a software renderer with names", info)
	}
	open(t, Options{}) // whatever the machine has
	if g, err := New(Options{Device: GPU}); err != nil {
		if msg := err.Error(); !strings.HasPrefix(msg, "render: no gpu device gives an OpenGL 3.3 context: ") || strings.Contains(msg, "\n") {
			t.Errorf("error %q", msg)
		}
	} else {
		if g.Info().Software {
			t.Errorf("a GPU was asked for and %+v came", g.Info())
		}
		g.Close()
	}
	for _, d := range []Device{Auto, Software, GPU, Mesa} {
		if got, err := ParseDevice(d.String()); got != d || err != nil {
			t.Errorf("ParseDevice(%q) = %v, %v", d.String(), got, err)
		}
	}
	if _, err := ParseDevice("vulkan"); err == nil || !strings.Contains(err.Error(), "have auto, software, gpu, mesa") {
		t.Errorf("ParseDevice(vulkan): %v", err)
	}
}

// A frame allocates nothing once the scene is known, also when everything moves.
func TestAllocations(t *testing.T) {
	r := openSoftware(t)
	b := clutter(12)
	cam := overview(64, 48)
	var shot sim.Shot
	step := 0
	frame := func() {
		step++
		for i := 1; i < len(b.poses); i++ {
			b.poses[i].Pos[2] = tableTop + 0.001*float64(step)
		}
		if err := r.RenderScene(b.scene, b.poses, cam, &shot); err != nil {
			t.Fatal(err)
		}
	}
	frame()
	if n := testing.AllocsPerRun(20, frame); n > 0 {
		t.Errorf("a frame makes %g allocations, want 0", n)
	}
}

// A second scene sends only the meshes and textures that the first one lacked; what is not used any more goes when there is too much.
func TestLibrary(t *testing.T) {
	p, err := newPainter(Options{Device: Software})
	if err != nil {
		t.Fatal(err)
	}
	defer p.free()
	var shot sim.Shot
	paintScene := func(s *Scene) {
		shot.Frame.RGB, shot.Frame.Depth, shot.Seg.Bodies = make([]byte, 3*64), make([]float32, 64), make([]int32, 64)
		if err := p.paint(&order{s, []sim.Pose{sim.Identity()}, overview(8, 8), &shot}); err != nil {
			t.Error(err)
		}
	}
	shared, tex := shape.Box([3]float64{1, 1, 1}, 0), wood()
	visual := func(m *shape.Mesh) sim.Visual {
		return sim.Visual{TBodyVisual: sim.Identity(), Mesh: m, Material: sim.Material{Texture: tex}}
	}
	paintScene(&Scene{Visuals: []sim.Visual{visual(shared), visual(shared)}})
	if p.library.kept != 2 {
		t.Errorf("one mesh and one texture: %d were taken in, want 2", p.library.kept)
	}
	paintScene(&Scene{Visuals: []sim.Visual{visual(shared), visual(shape.Box([3]float64{2, 1, 1}, 0))}})
	if p.library.kept != 3 {
		t.Errorf("one mesh more: %d were taken in, want 3", p.library.kept)
	}
	p.library.budget = 1 << 20
	for range 8 {
		paintScene(&Scene{Visuals: []sim.Visual{visual(shared), visual(shape.Ellipsoid([3]float64{1, 1, 1}, 80))}})
	}
	if p.library.bytes > p.library.budget || p.library.meshes[shared] == nil {
		t.Errorf("the library holds %d bytes (budget %d), the shared mesh: %v", p.library.bytes, p.library.budget, p.library.meshes[shared])
	}
}

// Contexts that are closed leave neither threads nor files nor memory behind. REFARENA_LONG=1 tries a thousand; memory counts only then,
// after a hundred have given each of malloc's arenas its size.
func TestNoLeak(t *testing.T) {
	warmUp, n := 3, 8
	if os.Getenv("REFARENA_LONG") != "" {
		warmUp, n = 100, 1000
	}
	b := clutter(12)
	cycle := func() {
		r, err := New(Options{Device: Software})
		if err != nil {
			t.Fatal(err)
		}
		draw(t, r, b, overview(32, 24))
		r.Close()
	}
	for range warmUp {
		cycle()
	}
	threads, files, memory := resources(t)
	for range n {
		cycle()
	}
	const spare = 5 // threads that Go may have started for itself meanwhile
	var threads2, files2, memory2 int
	for range 100 { // a thread ends a little after its context
		if threads2, files2, memory2 = resources(t); threads2 <= threads+spare {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Logf("%d contexts: threads %d → %d, files %d → %d, memory %d → %d kB", n, threads, threads2, files, files2, memory, memory2)
	if threads2 > threads+spare || files2 > files+1 {
		t.Errorf("%d contexts: threads %d → %d, open files %d → %d", n, threads, threads2, files, files2)
	}
	if grown := memory2 - memory; n >= 1000 && grown > 20<<10 {
		t.Errorf("%d contexts: memory grew by %d kB, want less than 20 kB each", n, grown)
	}
}

// resources counts this process's threads, open files and resident memory [kB].
func resources(t *testing.T) (threads, files, memory int) {
	t.Helper()
	runtime.GC()
	list, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Skip(err)
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(statm))[1])
	if err != nil {
		t.Fatal(err)
	}
	return len(list), len(open), pages * os.Getpagesize() / 1024
}

// A ball over a table throws its shadow where the light says; lifted, the shadow moves away from under it.
func TestShadow(t *testing.T) {
	r := openSoftware(t)
	brightness := func(height float64, at sim.Vec3) int {
		b := newBuilder()
		b.world(sim.Translation(0, 0, tableTop-0.02), shape.Box([3]float64{1.2, 0.8, 0.04}, 0), paint(0.7, 0.7, 0.7, 0.9, 0))
		b.body(sim.Translation(0, 0, tableTop+height), paint(0.8, 0.1, 0.1, 0.5, 0), shape.Ellipsoid([3]float64{0.04, 0.04, 0.04}, 48))
		cam := sim.NewCamera("side", 320, 240, 40, sim.LookAt(sim.Vec3{0, -0.9, tableTop + 0.7}, sim.Vec3{0, 0, tableTop}))
		shot := draw(t, r, b, cam)
		px, _, _ := cam.Project(at)
		i, ok := px.Index(cam.Width, cam.Height)
		if !ok || shot.Seg.Bodies[i] != 0 {
			t.Fatalf("%v shows body %d, want the table", at, shot.Seg.Bodies[i])
		}
		return int(shot.Frame.RGB[3*i])
	}
	key := sim.DefaultEnvironment().KeyDir
	shadowOf := func(height float64) sim.Vec3 { // of the ball's centre on the table
		return sim.Vec3{-height * key[0] / key[2], -height * key[1] / key[2], tableTop}
	}
	lit := brightness(0.2, sim.Vec3{0.3, 0.2, tableTop})
	for _, height := range []float64{0.10, 0.15, 0.2} {
		if dark := brightness(height, shadowOf(height)); dark > lit-30 {
			t.Errorf("ball %.2f m up: its shadow is %d bright, the table %d", height, dark, lit)
		}
	}
	if free := brightness(0.25, shadowOf(0.10)); free < lit-8 {
		t.Errorf("ball 0.25 m up: where the shadow was it is %d bright, the table %d", free, lit)
	}
}

// A floor far below everything that casts a shadow, beyond the far end of the shadow map, is as bright within the map's bounds as without.
func TestFloorBeyondTheShadowMap(t *testing.T) {
	r := openSoftware(t)
	b := newBuilder()
	b.world(sim.Translation(0, 0, -3.005), shape.Box([3]float64{12, 12, 0.01}, 0), paint(0.7, 0.7, 0.7, 0.9, 0))
	for _, x := range []float64{-0.5, 0.5} { // their shadows are apart, and what is between them is within the map
		b.body(sim.Translation(x, 0, 0), paint(0.8, 0.1, 0.1, 0.5, 0), shape.Ellipsoid([3]float64{0.05, 0.05, 0.05}, 24))
	}
	b.scene.Environment.KeyDir = sim.Vec3{0, 0, 1}
	cam := sim.NewCamera("side", 160, 120, 60, sim.LookAt(sim.Vec3{0, -2, 0}, sim.Vec3{0, 0, -3}))
	shot := draw(t, r, b, cam)
	at := func(p sim.Vec3) int {
		px, _, _ := cam.Project(p)
		i, ok := px.Index(cam.Width, cam.Height)
		if !ok || shot.Seg.Bodies[i] != 0 {
			t.Fatalf("%v does not show the floor", p)
		}
		return int(shot.Frame.RGB[3*i])
	}
	between, outside := at(sim.Vec3{0, 0, -3}), at(sim.Vec3{0, 1.2, -3})
	if between < outside-6 || between > outside+6 {
		t.Errorf("the floor between two shadows is %d bright, beside them %d", between, outside)
	}
	if dark := at(sim.Vec3{0.5, 0, -3}); dark > outside-20 {
		t.Errorf("the floor in a shadow is %d bright, beside it %d", dark, outside)
	}
}

// Without shadows what was in shadow is lit, and depth and ids are the same.
func TestNoShadows(t *testing.T) {
	with, without := openSoftware(t), open(t, Options{Device: Software, NoShadows: true})
	b := clutter(24)
	cam := overview(160, 120)
	one, two := draw(t, with, b, cam), draw(t, without, b, cam)
	if !slices.Equal(one.Frame.Depth, two.Frame.Depth) || !slices.Equal(one.Seg.Bodies, two.Seg.Bodies) {
		t.Error("depth or ids depend on shadows")
	}
	brighter := 0
	for i := range one.Frame.RGB {
		switch d := int(two.Frame.RGB[i]) - int(one.Frame.RGB[i]); {
		case d > 20:
			brighter++
		case d < -8: // edges are blended with their neighbours
			t.Fatalf("value %d is %d with shadows, %d without", i, one.Frame.RGB[i], two.Frame.RGB[i])
		}
	}
	if share := float64(brighter) / float64(len(one.Frame.RGB)); share < 0.01 || share > 0.5 {
		t.Errorf("%.1f %% of the picture is brighter without shadows", 100*share)
	}
}

// Depth and ids are the same where no colour is wanted, and so is the next picture with colour.
func TestWanted(t *testing.T) {
	r := openSoftware(t)
	b := clutter(16)
	cam := overview(160, 120)
	want := draw(t, openSoftware(t), b, cam)
	some := &sim.Shot{Want: sim.PlaneDepth | sim.PlaneIDs}
	if err := r.RenderScene(b.scene, b.poses, cam, some); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(some.Frame.Depth, want.Frame.Depth) || !slices.Equal(some.Seg.Bodies, want.Seg.Bodies) {
		t.Error("without colour, depth or ids differ")
	}
	if got := draw(t, r, b, cam); !equalShots(got, want) {
		t.Error("the picture after one without colour differs")
	}
}

// Under even light a matt surface shows the material's own colour, and a texture lies the right way round.
func TestColors(t *testing.T) {
	r := openSoftware(t)
	even := sim.Environment{KeyDir: sim.Vec3{0, 0, 1}, Sky: [3]float32{1, 1, 1}, Ground: [3]float32{1, 1, 1}}
	top := sim.NewCamera("top", 100, 100, 40, sim.LookAt(sim.Vec3{0, 0, 2}, sim.Vec3{0, 0, 0}))
	for _, want := range [][3]float32{{0.5, 0.5, 0.5}, {0.7, 0.2, 0.1}, {0.1, 0.3, 0.6}} {
		b := newBuilder()
		b.scene.Environment = even
		b.world(sim.Identity(), shape.Box([3]float64{4, 4, 0.1}, 0), paint(want[0], want[1], want[2], 1, 0))
		shot := draw(t, r, b, top)
		for c := range 3 {
			if got := float64(shot.Frame.RGB[3*5050+c]) / 255; math.Abs(got-float64(want[c])) > 0.1 {
				t.Errorf("colour %v, channel %d: %.2f", want, c, got)
			}
		}
	}
	b := newBuilder()
	b.scene.Environment = even
	tex := &sim.Texture{Name: "quarters", Width: 2, Height: 2, RGB: []byte{255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255}}
	square := &shape.Mesh{
		Name:      "square",
		Positions: [][3]float32{{-0.5, -0.5, 0}, {0.5, -0.5, 0}, {0.5, 0.5, 0}, {-0.5, 0.5, 0}},
		Normals:   [][3]float32{{0, 0, 1}, {0, 0, 1}, {0, 0, 1}, {0, 0, 1}},
		UVs:       [][2]float32{{0, 1}, {1, 1}, {1, 0}, {0, 0}}, // v down: the image upright, seen from above with y up
		Indices:   []uint32{0, 1, 2, 0, 2, 3},
	}
	white := paint(1, 1, 1, 1, 0)
	white.Texture = tex
	b.world(sim.Identity(), square, white)
	shot := draw(t, r, b, top)
	for name, want := range map[string]struct {
		p   sim.Vec3
		rgb [3]bool // channel is bright
	}{
		"red top left":       {sim.Vec3{-0.25, 0.25, 0}, [3]bool{true, false, false}},
		"green top right":    {sim.Vec3{0.25, 0.25, 0}, [3]bool{false, true, false}},
		"blue bottom left":   {sim.Vec3{-0.25, -0.25, 0}, [3]bool{false, false, true}},
		"white bottom right": {sim.Vec3{0.25, -0.25, 0}, [3]bool{true, true, true}},
	} {
		px, _, _ := top.Project(want.p)
		i, _ := px.Index(100, 100)
		for c := range 3 {
			if got := shot.Frame.RGB[3*i+c]; (got > 128) != want.rgb[c] {
				t.Errorf("%s: channel %d is %d", name, c, got)
			}
		}
	}
}
