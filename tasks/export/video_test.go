package export

import (
	"image"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Why ffmpeg has given up is said, also where it shows while pictures are written to it.
func TestFFmpegGivesUp(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ffmpeg"), []byte("#!/bin/sh\nexec <&-\necho the disk is full >&2\nexit 1\n"), 0o777))
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	v, err := NewVideo(filepath.Join(dir, "film.mp4"), 64, 48, 5)
	require.NoError(t, err)
	img := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for err == nil { // until the pipe breaks
		err = v.Add(img, 100)
	}
	require.ErrorContains(t, err, "the disk is full")
	require.NoError(t, v.Close()) // it was said
}
