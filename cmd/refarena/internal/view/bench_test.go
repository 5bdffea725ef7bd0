package view

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refarena/refarena/cmd/refarena/internal/chromium"
)

// BenchmarkWeb counts the pictures that Chromium shows while an episode plays at its own pace: on a page of 960 × 540, and on one whose 3D view alone
// is that large.
func BenchmarkWeb(b *testing.B) {
	for _, size := range [][2]int{{960, 540}, {1308, 668}} {
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			c := chromium.Open(b, size[0], size[1])
			v := newViewer(b, starter(b))
			w, err := NewWeb(v, "127.0.0.1:0")
			require.NoError(b, err)
			served := make(chan error, 1)
			go func() { served <- w.Serve(b.Context()) }()
			c.Navigate(w.URL())
			c.Until("typeof state === 'object' && window.refarenaPictures > 0")
			c.Eval("tell('run')", nil)
			c.Until("state.ended")
			c.Eval("tell('play')", nil)
			c.Until("state.time > 0.5")
			var from, to, width int
			b.ResetTimer()
			for b.Loop() {
				c.Eval("window.refarenaPictures", &from)
				begun := time.Now()
				time.Sleep(6 * time.Second)
				c.Eval("window.refarenaPictures", &to)
				b.ReportMetric(float64(to-from)/time.Since(begun).Seconds(), "pictures/s")
				c.Eval("document.getElementById('scene').width", &width)
				b.ReportMetric(float64(width), "px-wide")
				b.ReportMetric(float64(v.frameMS()), "draw-ms")
				c.Eval("tell('seek start'), tell('play')", nil)
			}
			require.NoError(b, v.Do("quit"))
			require.NoError(b, <-served)
		})
	}
}
