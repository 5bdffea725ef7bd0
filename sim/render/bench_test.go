package render

import (
	"slices"
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
			for b.Loop() {
				frame()
			}
			slices.Sort(ms)
			b.ReportMetric(ms[len(ms)/2], "median-ms/frame")
			b.ReportMetric(ms[0], "min-ms/frame")
			b.ReportMetric(float64(scene.triangles()), "triangles")
		})
	}
}
