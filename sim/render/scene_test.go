package render

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// tableTop is the height of the test table [m].
const tableTop = 0.75

func open(t testing.TB, opt Options) *Renderer {
	t.Helper()
	r, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func openSoftware(t testing.TB) *Renderer { return open(t, Options{Device: Software}) }

// A builder collects visuals, one body each, and the bodies' poses. Body 0 is the world.
type builder struct {
	scene *Scene
	poses []sim.Pose
}

func newBuilder() *builder {
	return &builder{&Scene{Environment: sim.DefaultEnvironment()}, []sim.Pose{sim.Identity()}}
}

func (b *builder) world(tWorldVisual sim.Pose, m *shape.Mesh, mat sim.Material) {
	b.scene.Visuals = append(b.scene.Visuals, sim.Visual{Body: 0, TBodyVisual: tWorldVisual, Mesh: m, Material: mat})
}

// body adds a body that looks like the meshes and returns its id.
func (b *builder) body(tWorldBody sim.Pose, mat sim.Material, meshes ...*shape.Mesh) int {
	b.poses = append(b.poses, tWorldBody)
	id := len(b.poses) - 1
	for _, m := range meshes {
		b.scene.Visuals = append(b.scene.Visuals, sim.Visual{Body: id, TBodyVisual: sim.Identity(), Mesh: m, Material: mat})
	}
	return id
}

func (b *builder) triangles() int {
	n := 0
	for _, v := range b.scene.Visuals {
		n += v.Mesh.Triangles()
	}
	return n
}

func paint(r, g, b, roughness, metallic float32) sim.Material {
	return sim.Material{Color: [3]float32{r, g, b}, Roughness: roughness, Metallic: metallic}
}

// mug is a hollow cup with a handle, its bottom at z = 0.
func mug() []*shape.Mesh {
	profile := [][2]float64{{0, 0}, {0.036, 0}, {0.040, 0.004}, {0.041, 0.092}, {0.0395, 0.095}, {0.037, 0.092}, {0.036, 0.008}, {0, 0.006}}
	var handle [][3]float64
	for i := range 17 {
		a := -math.Pi/2 + math.Pi*float64(i)/16
		handle = append(handle, [3]float64{0.038 + 0.028*math.Cos(a), 0, 0.048 + 0.030*math.Sin(a)})
	}
	return []*shape.Mesh{shape.Lathe(profile, 48), shape.Tube(handle, 0.0055, 12, false)}
}

func can() *shape.Mesh {
	return shape.Lathe([][2]float64{{0, 0.002}, {0.027, 0}, {0.033, 0.007}, {0.033, 0.113}, {0.027, 0.122}, {0.0265, 0.120}, {0, 0.120}}, 48)
}

func bowl() *shape.Mesh {
	profile := [][2]float64{{0, 0}, {0.04, 0}, {0.065, 0.02}, {0.08, 0.055}, {0.077, 0.055}, {0.062, 0.024}, {0.038, 0.005}, {0, 0.005}}
	return shape.Lathe(profile, 64)
}

// wood is a plain texture of boards.
func wood() *sim.Texture {
	const n = 256
	t := &sim.Texture{Name: "wood", Width: n, Height: n, RGB: make([]byte, 3*n*n)}
	r := rand.New(rand.NewPCG(3, 4))
	var shade [n]float64
	for y := range shade {
		shade[y] = 0.9 + 0.1*r.Float64()
		if y > 0 {
			shade[y] = 0.75*shade[y-1] + 0.25*shade[y]
		}
	}
	for y := range n {
		for x := range n {
			s := shade[(y+int(3*math.Sin(float64(x)/n*2*math.Pi)))&(n-1)]
			for c, v := range [3]float64{205, 172, 128} {
				t.RGB[3*(y*n+x)+c] = byte(v * s)
			}
		}
	}
	return t
}

// clutter is a room with a table, twelve objects and a six-link arm made of tubes, of about the given detail.
func clutter(segments int) *builder {
	b := newBuilder()
	b.world(sim.Translation(0, 0, -0.01), shape.Box([3]float64{8, 8, 0.02}, 0), paint(0.62, 0.62, 0.60, 0.8, 0))
	b.world(sim.Translation(0, 2.5, 1.5), shape.Box([3]float64{8, 0.05, 3}, 0), paint(0.86, 0.85, 0.82, 0.9, 0))
	top := paint(1, 1, 1, 0.6, 0)
	top.Texture = wood()
	b.world(sim.Translation(0, 0, tableTop-0.02), shape.Box([3]float64{1.4, 0.9, 0.04}, 0.004), top)
	for _, x := range []float64{-0.64, 0.64} {
		for _, y := range []float64{-0.39, 0.39} {
			leg := shape.Box([3]float64{0.05, 0.05, tableTop - 0.04}, 0.003)
			b.world(sim.Translation(x, y, (tableTop-0.04)/2), leg, paint(0.30, 0.30, 0.32, 0.5, 0.3))
		}
	}
	at := func(x, y, yaw float64) sim.Pose {
		return sim.Pose{Pos: sim.Vec3{x, y, tableTop}, Rot: sim.Rotation(yaw, sim.Vec3{0, 0, 1}).Rot}
	}
	b.body(at(-0.25, -0.10, 0.4), paint(0.80, 0.10, 0.09, 0.3, 0), mug()...)
	b.body(at(0.10, -0.22, -2.2), paint(0.10, 0.25, 0.70, 0.3, 0), mug()...)
	b.body(at(0.30, 0.10, 2.2), paint(0.92, 0.91, 0.88, 0.25, 0), mug()...)
	b.body(at(-0.05, 0.02, 0), paint(0.75, 0.76, 0.78, 0.3, 1), can())
	b.body(at(-0.36, -0.25, 0), paint(0.10, 0.55, 0.25, 0.35, 0.2), can())
	b.body(at(0.25, -0.15, 0), paint(0.95, 0.75, 0.12, 0.35, 0), can())
	b.body(at(0.02, -0.32, 0), paint(0.85, 0.60, 0.30, 0.5, 0), bowl())
	box := func(x, y, z float64) *shape.Mesh { return shape.Box([3]float64{x, y, z}, 0.002).Moved(0, 0, z/2) }
	b.body(at(-0.12, -0.27, 0.5), paint(0.90, 0.45, 0.10, 0.6, 0), box(0.09, 0.06, 0.14))
	b.body(at(0.42, -0.22, -0.4), paint(0.45, 0.20, 0.60, 0.6, 0), box(0.07, 0.07, 0.07))
	b.body(at(-0.45, 0.05, 0.2), paint(0.20, 0.60, 0.70, 0.6, 0), box(0.16, 0.11, 0.03))
	apple := func(r float64) *shape.Mesh {
		return shape.Ellipsoid([3]float64{r, r, r - 0.002}, 2*segments).Moved(0, 0, r-0.002)
	}
	b.body(at(0.16, -0.02, 0), paint(0.85, 0.15, 0.15, 0.35, 0), apple(0.037))
	b.body(at(-0.20, 0.12, 0), paint(0.35, 0.60, 0.15, 0.4, 0), apple(0.040))
	grey, blue := paint(0.72, 0.73, 0.75, 0.35, 0.6), paint(0.35, 0.60, 0.78, 0.45, 0)
	joints := []sim.Vec3{
		{0, 0.32, tableTop}, {0, 0.32, tableTop + 0.10}, {0.02, 0.30, 1.22}, {0.03, 0.0, 1.32}, {0.03, -0.06, 1.26}, {0.03, -0.08, 1.12},
	}
	for i, from := range joints[:len(joints)-1] {
		to := joints[i+1]
		axis := to.Sub(from)
		pose := sim.LookAt(from.Add(axis.Mul(0.5)), to)
		r := 0.06 - 0.006*float64(i)
		b.body(pose, grey, shape.Capsule(r, axis.Len(), segments))
		b.body(sim.Pose{Pos: to, Rot: pose.Rot}, blue, shape.Ellipsoid([3]float64{1.15 * r, 1.15 * r, 1.15 * r}, segments))
	}
	return b
}

// overview looks at the table from the front.
func overview(w, h int) sim.Camera {
	return sim.NewCamera("overview", w, h, 45, sim.LookAt(sim.Vec3{0.15, -1.25, 1.55}, sim.Vec3{0, 0, 0.85}))
}

func equalShots(a, b *sim.Shot) bool {
	return slices.Equal(a.Frame.RGB, b.Frame.RGB) && slices.Equal(a.Frame.Depth, b.Frame.Depth) && slices.Equal(a.Seg.Bodies, b.Seg.Bodies)
}
