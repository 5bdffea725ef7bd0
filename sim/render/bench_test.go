package render

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/refarena/refarena/sim"
)

// BenchmarkRender draws colour, depth and ids of a table with an arm and twelve objects: still, and with the arm and the objects moving,
// so that the shadow map is drawn anew for each picture.
func BenchmarkRender(b *testing.B) {
	scene := clutter(60)
	for _, bm := range []struct {
		name   string
		w, h   int
		moving bool
	}{
		{"640x480/still", 640, 480, false},
		{"640x480/moving", 640, 480, true},
		{"448x448/moving", 448, 448, true},
		{"256x256/moving", 256, 256, true},
	} {
		b.Run(bm.name, func(b *testing.B) {
			r := openSoftware(b)
			cam := overview(bm.w, bm.h)
			poses := slices.Clone(scene.poses)
			var shot sim.Shot
			var ms []float64
			cpu := 0.0 // of the process, llvmpipe's threads included
			step := 0
			frame := func() {
				step++
				for i := 1; i < len(poses) && bm.moving; i++ {
					poses[i].Pos[0] = scene.poses[i].Pos[0] + 0.0001*float64(step%100)
				}
				start := time.Now()
				if err := r.RenderScene(scene.scene, poses, cam, &shot); err != nil {
					b.Fatal(err)
				}
				ms = append(ms, time.Since(start).Seconds()*1000)
			}
			for range 5 {
				frame()
			}
			ms = ms[:0]
			cpu = -cpuSeconds(b)
			for b.Loop() {
				frame()
			}
			cpu += cpuSeconds(b)
			slices.Sort(ms)
			b.ReportMetric(ms[len(ms)/2], "median-ms/frame")
			b.ReportMetric(ms[0], "min-ms/frame")
			b.ReportMetric(1000*cpu/float64(b.N), "cpu-ms/frame")
			b.ReportMetric(float64(scene.triangles()), "triangles")
		})
	}
}

// cpuSeconds is the processor time of this process so far. Unlike wall time it hardly depends on what else the machine does.
func cpuSeconds(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}
