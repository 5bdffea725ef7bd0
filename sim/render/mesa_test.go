package render

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/refarena/refarena/sim"
)

// The rasteriser on the CPU sees what OpenGL sees, Mesa's and a GPU's if there is one, from far and from so near that parts are behind the camera: but for pixels at edges, which may
// go to either side, the same ids, the same depth and nearly the same colour.
func TestMesa(t *testing.T) {
	gl, err := New(Options{Device: Mesa})
	if err != nil {
		if !strings.Contains(err.Error(), "apt-get install") {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	defer gl.Close()
	seesTheSame(t, gl)
}

func TestGPU(t *testing.T) {
	gl, err := New(Options{Device: GPU})
	if err != nil {
		t.Skip(err)
	}
	defer gl.Close()
	seesTheSame(t, gl)
}

func seesTheSame(t *testing.T, gl *Renderer) {
	cpu := openSoftware(t)
	b := clutter(32)
	rnd := rand.New(rand.NewPCG(8, 9))
	for i := range 12 {
		cam := randomCamera(rnd, 320+rnd.IntN(9), 200+rnd.IntN(9))
		if i%3 == 2 { // among the things
			eye := sim.Vec3{rnd.Float64() - 0.5, rnd.Float64()*0.6 - 0.3, tableTop + 0.02 + 0.1*rnd.Float64()}
			cam.TWorldCam = sim.LookAt(eye, sim.Vec3{0, 0, tableTop + 0.05})
		}
		want, got := draw(t, gl, b, cam), draw(t, cpu, b, cam)
		ids, deep, bright, sum := 0, 0, 0, 0
		for i := range want.Frame.Depth {
			if want.Seg.Bodies[i] != got.Seg.Bodies[i] {
				ids++
				continue
			}
			if d := want.Frame.Depth[i]; math.Abs(float64(d-got.Frame.Depth[i])) > 0.0005*float64(d) {
				deep++
			}
			worst := 0
			for c := range 3 {
				d := int(want.Frame.RGB[3*i+c]) - int(got.Frame.RGB[3*i+c])
				d = max(d, -d)
				sum += d
				worst = max(worst, d)
			}
			if worst > 24 {
				bright++
			}
		}
		n := len(want.Frame.Depth)
		if mean := float64(sum) / float64(3*n); ids > n/500 || deep > n/500 || bright > n/200 || mean > 0.5 {
			t.Errorf("camera %d: of %d pixels %d show another body, %d another depth, %d another colour; colours differ by %.2f in the mean", i, n, ids, deep,
				bright, mean)
		}
	}
}
