package window_test

import (
	"bufio"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refarena/refarena/sim/render/window"
)

// xvfb starts an X server without a screen, or skips the test.
func xvfb(t *testing.T) {
	t.Helper()
	program, err := exec.LookPath("Xvfb")
	if err != nil {
		t.Skip("no Xvfb here (apt-get install xvfb)")
	}
	r, w, err := os.Pipe()
	require.NoError(t, err)
	cmd := exec.Command(program, "-displayfd", "3", "-screen", "0", "1400x900x24", "-nolisten", "tcp")
	cmd.ExtraFiles = []*os.File{w}
	require.NoError(t, cmd.Start())
	w.Close()
	t.Cleanup(func() { // it takes away its lock and its socket, which another server would stumble over
		cmd.Process.Signal(syscall.SIGTERM)
		late := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
		cmd.Wait()
		late.Stop()
		r.Close()
	})
	line, err := bufio.NewReader(r).ReadString('\n')
	require.NoError(t, err)
	t.Setenv("DISPLAY", ":"+line[:len(line)-1])
}

// Two layers, one half transparent, are where they should be, the right way up.
func TestWindow(t *testing.T) {
	xvfb(t)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	w, err := window.Open("test", 800, 500)
	require.NoError(t, err)
	defer w.Close()
	width, height, scale := w.Size()
	require.Equal(t, "800 500 1", fmt.Sprint(width, height, scale))
	back := image.NewRGBA(image.Rect(0, 0, 40, 20))
	draw.Draw(back, back.Rect, image.NewUniform(color.RGBA{200, 0, 0, 255}), image.Point{}, draw.Src)
	draw.Draw(back, image.Rect(0, 0, 40, 10), image.NewUniform(color.RGBA{0, 200, 0, 255}), image.Point{}, draw.Src)
	over := image.NewRGBA(image.Rect(0, 0, 800, 500))
	draw.Draw(over, image.Rect(0, 0, 400, 500), image.NewUniform(color.RGBA{0, 0, 100, 128}), image.Point{}, draw.Src)
	layers := []window.Layer{{Image: back, Place: image.Rect(0, 0, 800, 400)}, {Image: over, Place: image.Rect(0, 0, 800, 500)}}
	for range 3 {
		require.NoError(t, w.Show(layers...))
		layers[0].Same = true
		w.Wait(0.001)
	}
	img, err := w.Read(layers...)
	require.NoError(t, err)
	for _, tt := range []struct {
		x, y int
		want color.RGBA
	}{
		{700, 50, color.RGBA{0, 200, 0, 255}}, {700, 350, color.RGBA{200, 0, 0, 255}}, {100, 50, color.RGBA{0, 100, 100, 255}}, {700, 450, color.RGBA{13, 14, 18, 255}},
	} {
		got := img.RGBAAt(tt.x, tt.y)
		for _, d := range []int{int(got.R) - int(tt.want.R), int(got.G) - int(tt.want.G), int(got.B) - int(tt.want.B)} {
			require.LessOrEqual(t, max(d, -d), 2, "(%d, %d): %v, want %v", tt.x, tt.y, got, tt.want)
		}
	}
	require.False(t, w.Closing())
	w.Close()
}

func TestNoDisplay(t *testing.T) {
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	_, err := window.Open("test", 800, 500)
	require.ErrorIs(t, err, window.ErrNoDisplay)
	t.Setenv("DISPLAY", ":987")
	_, err = window.Open("test", 800, 500)
	require.ErrorContains(t, err, ":987")
}
