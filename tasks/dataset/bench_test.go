package dataset

import (
	"fmt"
	"testing"
)

// Pictures of all levels from start to end, one worker.
func BenchmarkMake(b *testing.B) {
	for _, side := range []int{192, 448} {
		b.Run(fmt.Sprintf("%d", side), func(b *testing.B) {
			r, err := newRenderer()
			if err != nil {
				b.Fatal(err)
			}
			defer r.Close()
			cfg := Config{Seed: Training.First, Scenes: 1000, Width: side, Aspects: []float64{4.0 / 3}}.WithDefaults()
			p, err := newPainter(&cfg, r)
			if err != nil {
				b.Fatal(err)
			}
			pictures, questions, i := 0, 0, 0
			for b.Loop() {
				_, err := writeShard(b.TempDir(), 0, func(_ *ShardInfo, emit func(*Row) error) error {
					i++
					_, err := p.scene(i%cfg.Scenes, func(row *Row, q []Question) error {
						pictures++
						questions += len(q)
						return emit(row)
					})
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(pictures)/b.Elapsed().Seconds(), "pictures/s")
			b.ReportMetric(float64(questions)/float64(pictures), "questions/picture")
		})
	}
}
