package render

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/refarena/refarena/sim"
)

// compile makes a simulation of a builder's scene: every body free to move, hovering where it is.
func compile(t *testing.T, b *builder) *sim.Data {
	t.Helper()
	spec, err := sim.NewSpec()
	if err != nil {
		t.Fatal(err)
	}
	defer spec.Close()
	spec.IncludeVisuals()
	spec.SetEnvironment(b.scene.Environment)
	bodies := []*sim.Body{spec.World()}
	for i, tWorldBody := range b.poses[1:] {
		body := spec.World().AddBody(fmt.Sprintf("body%d", i+1), tWorldBody)
		body.AddFreeJoint("")
		body.SetInertia(0.1, sim.Identity(), sim.Vec3{1e-4, 1e-4, 1e-4})
		bodies = append(bodies, body)
	}
	for _, v := range b.scene.Visuals {
		bodies[v.Body].AddVisual(v.TBodyVisual, v.Mesh, v.Material)
	}
	model, err := spec.Compile()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(model.Close)
	d, err := sim.NewData(model)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	if err := d.Forward(); err != nil {
		t.Fatal(err)
	}
	return d
}

// Depth and body of a thousand random pixels are those of MuJoCo's ray through the pixel's centre, away from edges; a moment later, with
// everything fallen a little, too.
func TestAgainstRay(t *testing.T) {
	d := compile(t, clutter(16))
	r := openSoftware(t)
	rnd := rand.New(rand.NewPCG(7, 8))
	for round := range 3 {
		cam := randomCamera(rnd, 320, 240)
		var shot sim.Shot
		if err := r.Render(d, cam, &shot); err != nil {
			t.Fatal(err)
		}
		compared := 0
		for compared < 1000 {
			x, y := 1+rnd.IntN(cam.Width-2), 1+rnd.IntN(cam.Height-2)
			i := y*cam.Width + x
			body, depth := shot.Seg.Bodies[i], float64(shot.Frame.Depth[i])
			if nearEdge(&shot, x, y) {
				continue
			}
			compared++
			origin, dir := cam.Ray(sim.Pixel{X: float64(x) + 0.5, Y: float64(y) + 0.5})
			dist, geom, ok := d.Ray(origin, dir, true)
			if !ok {
				if body != -1 || depth != 0 {
					t.Errorf("round %d: pixel (%d, %d) shows body %d at %.4f m, the ray hits nothing", round, x, y, body, depth)
				}
				continue
			}
			want := dist * dir.Dot(cam.TWorldCam.Axis(2))
			if math.Abs(depth-want) > 0.001 {
				t.Errorf("round %d: depth at (%d, %d) = %.5f m, the ray's %.5f", round, x, y, depth, want)
			}
			if wantBody := d.Model().GeomBody(geom); int(body) != wantBody {
				t.Errorf("round %d: body at (%d, %d) = %d, the ray's %d", round, x, y, body, wantBody)
			}
		}
		if err := d.Step(30); err != nil {
			t.Fatal(err)
		}
	}
}

// nearEdge reports whether the pixels around (x, y) show something else or another depth.
func nearEdge(s *sim.Shot, x, y int) bool {
	w := s.Seg.Width
	at := y*w + x
	for dy := -1; dy <= 1; dy++ {
		for dx := -1; dx <= 1; dx++ {
			i := at + dy*w + dx
			if s.Seg.Bodies[i] != s.Seg.Bodies[at] || math.Abs(float64(s.Frame.Depth[i]-s.Frame.Depth[at])) > 0.03 {
				return true
			}
		}
	}
	return false
}
