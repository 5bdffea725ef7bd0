package render

import (
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

var update = flag.Bool("update", false, "write the golden pictures anew")

// still is a picture of the clutter from the front.
func still(t testing.TB, r *Renderer, w, h int) *sim.Shot {
	return draw(t, r, clutter(24), overview(w, h))
}

func digest(shot *sim.Shot) string {
	h := sha256.New()
	h.Write(shot.Frame.RGB)
	for i, z := range shot.Frame.Depth {
		_ = binary.Write(h, binary.LittleEndian, [2]uint32{math.Float32bits(z), uint32(shot.Seg.Bodies[i])})
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// TestProcesses draws the same picture in this process and in another one, with one goroutine that lights it and with three.
func TestProcesses(t *testing.T) {
	const child = "REFARENA_TEST_PICTURE"
	if os.Getenv(child) != "" {
		fmt.Printf("picture %s\n", digest(still(t, open(t, Options{Device: Software, Threads: 1}), 320, 240)))
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestProcesses$")
	cmd.Env = append(os.Environ(), child+"=1", "LP_NUM_THREADS=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := "picture " + digest(still(t, open(t, Options{Device: Software, Threads: 3}), 320, 240))
	if !strings.Contains(string(out), want) {
		t.Errorf("the other process drew %s, want %s", out, want)
	}
}

// TestGolden compares pictures with those in testdata. They are to be alike on other drivers and CPUs, too: the mean over all channels
// may differ by 1 of 255, and 1 % of the pixels (at edges) by more than 32.
func TestGolden(t *testing.T) {
	r := openSoftware(t)
	dim := clutter(24)
	dim.scene.Environment.KeyDir, dim.scene.Environment.KeyAngle = sim.Vec3{0.6, 0.2, 0.6}, 0.15
	dim.scene.Environment.Exposure, dim.scene.Environment.WhiteBalance = -1, [3]float32{1.1, 1, 0.9}
	for _, tt := range []struct {
		name string
		b    *builder
		cam  sim.Camera
	}{
		{"front", clutter(24), overview(320, 240)},
		{"low", clutter(24), sim.NewCamera("low", 320, 240, 50, sim.LookAt(sim.Vec3{0.7, -0.6, tableTop + 0.25}, sim.Vec3{0, 0, tableTop}))},
		{"dim", dim, overview(224, 224)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			shot := draw(t, r, tt.b, tt.cam)
			file := filepath.Join("testdata", tt.name+".png")
			got := rgbImage(shot)
			if *update {
				writePNG(t, file, got)
			}
			want := readPNG(t, file)
			if want.Bounds() != got.Bounds() {
				t.Fatalf("%s is %v, want %v", file, want.Bounds(), got.Bounds())
			}
			sum, far := 0, 0
			for i := 0; i < len(got.Pix); i += 4 {
				worst := 0
				for c := range 3 {
					d := int(got.Pix[i+c]) - int(want.Pix[i+c])
					d = max(d, -d)
					sum += d
					worst = max(worst, d)
				}
				if worst > 32 {
					far++
				}
			}
			n := len(got.Pix) / 4
			if mean := float64(sum) / float64(3*n); mean > 1 || far > n/100 {
				new := filepath.Join(os.TempDir(), "refarena-"+tt.name+".png")
				writePNG(t, new, got)
				t.Errorf("mean difference %.2f (want ≤ 1), %d of %d pixels differ by more than 32 (want ≤ 1 %%): see %s", mean, far, n, new)
			}
		})
	}
}

func rgbImage(shot *sim.Shot) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, shot.Seg.Width, shot.Seg.Height))
	for i := range shot.Frame.Depth {
		p := shot.Frame.RGB[3*i:]
		img.SetNRGBA(i%shot.Seg.Width, i/shot.Seg.Width, color.NRGBA{p[0], p[1], p[2], 255})
	}
	return img
}

func writePNG(t *testing.T, file string, img image.Image) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
}

func readPNG(t *testing.T, file string) *image.NRGBA {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	out := image.NewNRGBA(img.Bounds())
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			out.Set(x, y, img.At(x, y))
		}
	}
	return out
}

// A can that stands on the table joins its shadow; lifted by 2 cm, there is lit table between them. The light comes from behind it, and
// the camera looks in below it.
func TestLiftedShadow(t *testing.T) {
	r := openSoftware(t)
	gap := func(height float64) (lit, dark int) {
		b := newBuilder()
		b.scene.Environment.KeyDir = sim.Vec3{0, 0.6, 0.77}
		b.world(sim.Translation(0, 0, tableTop-0.02), shape.Box([3]float64{1.2, 0.8, 0.04}, 0), paint(0.7, 0.7, 0.7, 0.9, 0))
		body := int32(b.body(sim.Translation(0, 0, tableTop+height), paint(0.8, 0.1, 0.1, 0.5, 0), can()))
		cam := sim.NewCamera("low", 640, 480, 25, sim.LookAt(sim.Vec3{0, -0.9, tableTop + 0.25}, sim.Vec3{0, 0, tableTop + 0.03}))
		shot := draw(t, r, b, cam)
		at := func(px sim.Pixel) (bright int, body int32) {
			i, _ := px.Index(640, 480)
			return int(shot.Frame.RGB[3*i]), shot.Seg.Bodies[i]
		}
		project := func(p sim.Vec3) sim.Pixel {
			px, _, ok := cam.Project(p)
			if !ok {
				t.Fatalf("%v is behind the camera", p)
			}
			return px
		}
		free, _ := at(project(sim.Vec3{-0.12, 0, tableTop}))
		px := project(sim.Vec3{0, 0, tableTop + height + 0.02})
		for below := 0; px.Y < 479; px.Y++ { // down from the can's middle
			bright, what := at(px)
			switch {
			case what == body:
				continue
			case dark == 0 && below < 40 && bright > free*8/10:
				lit++
			case bright < free*7/10:
				dark++
			}
			below++
		}
		return lit, dark
	}
	if lit, dark := gap(0); lit > 1 || dark < 5 { // one pixel of blended edge
		t.Errorf("standing: %d lit pixels, then %d of shadow; want none between can and shadow", lit, dark)
	}
	if lit, dark := gap(0.02); lit < 3 || dark < 5 {
		t.Errorf("lifted by 2 cm: %d lit pixels, then %d of shadow; want the two apart", lit, dark)
	}
}

// A panic while drawing is an error of that picture, and the next one is drawn.
func TestPanic(t *testing.T) {
	r := openSoftware(t)
	b := clutter(12)
	still := *b.scene
	draw(t, r, b, overview(32, 24))
	err := r.draw(&still, b.poses, sim.Camera{Width: 8, Height: 8, Fx: 1, Fy: 1, TWorldCam: sim.Identity()}, &sim.Shot{})
	if err != nil {
		t.Fatal(err)
	}
	p := &painter{} // without anything: the first use panics
	if err := p.safely(&order{scene: &Scene{}, shot: &sim.Shot{}}); err == nil || !strings.Contains(err.Error(), "drawing panicked") {
		t.Errorf("error %v, want a panic's", err)
	}
	draw(t, r, b, overview(32, 24))
}
