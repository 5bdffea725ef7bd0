package main

import (
	"bytes"
	"encoding/json"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foxglove/mcap/go/mcap"
	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"
)

// A run is written as everything that it can be, and what is written says the same as the record.
func TestExportRun(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // without ffmpeg, wherever the test runs
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	status, _, stderr := command(t, "eval", "--suite", "starter", "--referee", "oracle", "--seed", "7", "-n", "1", "--out", run)
	require.Equal(t, exitOK, status, stderr)
	at := func(name string) string { return filepath.Join(dir, name) }
	status, stdout, stderr := command(t, "export", "run", run, "--parquet", at("s.parquet"), "--csv", at("s.csv"), "--junit", at("j.xml"),
		"--mcap", at("mcap"), "--lerobot", at("le"), "--video", at("film"), "--size", "64x48", "--fps", "5")
	require.Equal(t, exitOK, status, stderr)
	for _, name := range []string{"s.parquet", "s.csv", "j.xml", "mcap/7.mcap", "film/7.apng", "le"} {
		require.Contains(t, stdout, at(name)+"\n")
	}

	var info struct {
		Frames   int `json:"total_frames"`
		Episodes int `json:"total_episodes"`
		Tasks    int `json:"total_tasks"`
	}
	text, err := os.ReadFile(at("le/meta/info.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &info))
	require.Equal(t, [2]int{1, 2}, [2]int{info.Episodes, info.Tasks})
	type row struct {
		State     []float32 `parquet:"observation.state,list"`
		Action    []float32 `parquet:"action,list"`
		Timestamp float32   `parquet:"timestamp"`
		Task      int64     `parquet:"task_index"`
	}
	rows, err := parquet.ReadFile[row](at("le/data/chunk-000/file-000.parquet"))
	require.NoError(t, err)
	require.Len(t, rows, info.Frames)
	require.Len(t, rows[0].State, 7)
	require.Len(t, rows[0].Action, 7)
	require.InDelta(t, float64(info.Frames-1)/5, float64(rows[info.Frames-1].Timestamp), 1e-4)
	require.Equal(t, [2]int64{0, 1}, [2]int64{rows[0].Task, rows[info.Frames-1].Task})

	file, err := os.Open(at("mcap/7.mcap"))
	require.NoError(t, err)
	defer file.Close()
	reader, err := mcap.NewReader(file)
	require.NoError(t, err)
	summary, err := reader.Info()
	require.NoError(t, err)
	counts := map[string]int{}
	for id, n := range summary.Statistics.ChannelMessageCounts {
		counts[summary.Channels[id].Topic] = int(n)
	}
	require.Equal(t, map[string]int{
		"/camera/image": info.Frames, "/overview/image": info.Frames, "/camera/annotations": info.Frames, "/tf": info.Frames, "/joints": info.Frames,
		"/camera/depth": 2, "/camera/calibration": 1, "/scene": 1, "/steps": 2, "/log": 4,
	}, counts)

	film, err := os.ReadFile(at("film/7.apng"))
	require.NoError(t, err)
	require.Equal(t, info.Frames, bytes.Count(film, []byte("fcTL")))
	first, err := png.Decode(bytes.NewReader(film)) // what cannot play it shows the first picture
	require.NoError(t, err)
	require.Equal(t, 128, first.Bounds().Dx())

	for _, tt := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"nothing", []string{run}, exitBadUsage, "nothing to write (want --parquet"},
		{"no run", []string{dir, "--csv", at("x.csv")}, exitBadUsage, "run.json"},
		{"no seed", []string{run, "--csv", at("x.csv"), "--seed", "9"}, exitBadUsage, "no episode of seed 9"},
		{"none that failed", []string{run, "--csv", at("x.csv"), "--only", "failure"}, exitUndone, "none of which was asked for"},
		{"rate", []string{run, "--mcap", at("y"), "--fps", "30"}, exitUndone, "30 moments a second (want a divisor of 125"},
		{"odd size", []string{run, "--mcap", at("y"), "--size", "65x48"}, exitUndone, "want even numbers"},
		{"no ffmpeg", []string{run, "--video", at("y"), "--format", "mp4"}, exitUndone, "needs the program ffmpeg"},
		{"full folder", []string{run, "--lerobot", at("le")}, exitBadUsage, "is not empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, _, stderr := command(t, append([]string{"export", "run"}, tt.args...)...)
			if status != tt.status || !strings.Contains(stderr, tt.want) {
				t.Errorf("export run %v = %d, %s; want %d and %q", tt.args, status, stderr, tt.status, tt.want)
			}
		})
	}
}
