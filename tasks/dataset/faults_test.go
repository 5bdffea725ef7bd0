package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refarena/refarena/referee/refspatial"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/refer"
	"github.com/refarena/refarena/sim"
)

// What goes wrong is said, and leaves nothing half.
func TestFaults(t *testing.T) {
	dir := t.TempDir()
	build(t, dir, small(), 2)

	other := small()
	other.Views, other.Questions = 3, 7
	_, err := Make(t.Context(), dir, other, Options{NewRenderer: newRenderer})
	require.ErrorContains(t, err, "holds another data set: views is 2 there, and 3 is asked for; questions is 6 there, and 7 is asked for")

	shard := filepath.Join(dir, shardName(1))
	whole, err := os.ReadFile(shard)
	require.NoError(t, err)
	for _, tt := range []struct {
		name      string
		data      []byte
		make, all string // errors of Make and of Read with hashes
	}{
		{"cut off", whole[:len(whole)-1000], "shard-00001.parquet has ", "shard-00001.parquet has "},
		{"empty", nil, "shard-00001.parquet has 0 bytes", "shard-00001.parquet has 0 bytes"},
		{"one byte", flipped(whole, len(whole)/2), "", "shard-00001.parquet is not as it was written: SHA-256"},
	} {
		require.NoError(t, os.WriteFile(shard, tt.data, 0o644))
		_, err := Make(t.Context(), dir, small(), Options{NewRenderer: newRenderer})
		if tt.make == "" {
			require.NoError(t, err, tt.name) // a run that goes on does not read what is there
		} else {
			require.ErrorContains(t, err, tt.make, tt.name)
			require.ErrorContains(t, err, "remove it, and it is made anew", tt.name)
		}
		_, _, err = Read(dir, true)
		require.ErrorContains(t, err, tt.all, tt.name)
		require.ErrorContains(t, Rows(dir, func(*Row) (bool, error) { return true, nil }), tt.all, tt.name)
	}
	for _, n := range []int{0, 3, 100, len(whole) / 3, len(whole) - 9} { // what is read all the same is an error, never a panic
		require.NoError(t, os.WriteFile(shard, whole[:n], 0o644))
		require.ErrorContains(t, ReadShard(shard, func(*Row) (bool, error) { return true, nil }), "is no shard")
	}
	r := scenes.Stream(1, "bytes")
	for range 100 {
		require.NoError(t, os.WriteFile(shard, flipped(whole, r.IntN(len(whole))), 0o644))
		ReadShard(shard, func(r *Row) (bool, error) { // may find it or not
			if _, err := r.List(); err != nil {
				return false, err
			}
			return true, nil
		})
	}

	require.NoError(t, os.Remove(shard)) // as the messages say
	build(t, dir, small(), 1)
	again, err := os.ReadFile(shard)
	require.NoError(t, err)
	require.Equal(t, whole, again)

	require.NoError(t, os.WriteFile(filepath.Join(dir, dataFile), []byte(`{"format": 1, "shards": 3, "colour": 1}`), 0o644))
	_, err = Make(t.Context(), dir, small(), Options{NewRenderer: newRenderer})
	require.ErrorContains(t, err, `dataset.json: json: unknown field "colour"`)
	require.NoError(t, os.Remove(filepath.Join(dir, dataFile)))
	_, err = Make(t.Context(), dir, small(), Options{NewRenderer: newRenderer})
	require.ErrorContains(t, err, "has shards but no dataset.json")

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	_, err = Make(t.Context(), filepath.Join(file, "data"), small(), Options{NewRenderer: newRenderer})
	require.ErrorContains(t, err, "not a directory")
	because := errors.New("no GL here")
	_, err = Make(t.Context(), t.TempDir(), small(), Options{NewRenderer: func() (sim.Renderer, error) { return nil, because }})
	require.ErrorIs(t, err, because)
}

func flipped(data []byte, at int) []byte {
	out := append([]byte{}, data...)
	out[at] ^= 0x55
	return out
}

// Two runs do not write into one folder.
func TestOneWriter(t *testing.T) {
	dir := t.TempDir()
	_, err := Make(t.Context(), dir, small(), Options{Workers: 1, NewRenderer: newRenderer, OnPictures: func(int) {
		_, err := Make(context.Background(), dir, small(), Options{NewRenderer: newRenderer})
		require.ErrorContains(t, err, "another run writes to it")
	}})
	require.NoError(t, err)
}

// A file appears with all of its contents, or not at all.
func TestCreate(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "x")
	because := errors.New("no more")
	err := create(name, func(w io.Writer) error {
		if _, err := w.Write([]byte("half")); err != nil {
			return err
		}
		return because
	})
	require.ErrorIs(t, err, because)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}

// When a disk is full in the middle of a shard, the shards before it stay, the run says so, and the same command goes on. A limit on the size of
// files stands in for the disk.
func TestDiskFull(t *testing.T) {
	if dir := os.Getenv("REFARENA_TEST_DISK_FULL"); dir != "" {
		_, err := Make(t.Context(), dir, small(), Options{Workers: 1, NewRenderer: newRenderer})
		if err == nil || !strings.Contains(err.Error(), "file too large (") || !strings.Contains(err.Error(), "of 3 shards are in "+dir+", whole; the same command goes on from there)") {
			t.Errorf("error %v", err)
		}
		return
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `ulimit -f 50 && exec "$0" -test.run '^TestDiskFull$'`, os.Args[0])
	cmd.Env = append(os.Environ(), "REFARENA_TEST_DISK_FULL="+dir)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	shards, err := filepath.Glob(filepath.Join(dir, "shard-*.parquet"))
	require.NoError(t, err)
	require.Less(t, len(shards), 3)
	for _, name := range shards {
		require.NoError(t, ReadShard(name, func(*Row) (bool, error) { return true, nil }))
	}
	hidden, err := filepath.Glob(filepath.Join(dir, ".*"+unfinished))
	require.NoError(t, err)
	require.Empty(t, hidden)
	build(t, dir, small(), 1)
}

// LLaVA's folder has every question three times, and the pictures that it names.
func TestLLaVA(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	s := build(t, dir, small(), 2)
	require.NoError(t, LLaVA(dir, out))
	for _, f := range llavaFiles {
		data, err := os.ReadFile(filepath.Join(out, f.name))
		require.NoError(t, err)
		var list []dialogue
		require.NoError(t, json.Unmarshal(data, &list))
		require.Len(t, list, s.Questions)
		for _, d := range list {
			require.FileExists(t, filepath.Join(out, d.Image))
			require.Equal(t, f.depth, d.Depth != "")
			if f.depth {
				require.FileExists(t, filepath.Join(out, d.Depth))
			}
			require.Equal(t, []string{"human", "gpt"}, []string{d.Conversations[0].From, d.Conversations[1].From})
			require.Equal(t, f.reasoning, strings.HasPrefix(d.Conversations[1].Value, "<think>"))
			require.Equal(t, f.depth, strings.HasPrefix(d.Conversations[0].Value, "<image> <depth>\n"))
		}
	}
}

// The evaluation set is one that package refspatial reads, with the steps that were asked for; its answers are right.
func TestRefSpatial(t *testing.T) {
	cfg := small()
	cfg.Levels, cfg.Seed, cfg.Scenes, cfg.Views, cfg.Questions, cfg.ShardScenes = nil, Bench.First, 24, 1, 30, 8
	dir := t.TempDir()
	build(t, dir, cfg, 2)
	out := filepath.Join(t.TempDir(), "bench")
	b, err := RefSpatial(dir, out, 4)
	require.NoError(t, err)
	splits, err := refspatial.Load(out)
	require.NoError(t, err)
	require.Len(t, splits, 3)
	for i, s := range splits {
		require.Equal(t, tasksOfBench[i].name, s.Name)
		require.Len(t, s.Samples, 4)
		steps := make([]int, refer.MaxSteps)
		var entries []benchQuestion
		require.NoError(t, readJSON(filepath.Join(out, tasksOfBench[i].folder, "question.json"), &entries))
		for k := range s.Samples {
			q := &s.Samples[k]
			steps[q.Step-1]++
			mask, err := q.Mask()
			require.NoError(t, err)
			require.True(t, mask.Contains(sim.NormPoint{X: entries[k].Answer[0], Y: entries[k].Answer[1]}))
			_, err = q.Picture()
			require.NoError(t, err)
			depth, err := q.Depth()
			require.NoError(t, err)
			require.NotNil(t, depth)
			require.Contains(t, q.Prompt, " ")
		}
		require.Equal(t, tasksOfBench[i].quota(4), steps)
		require.Equal(t, 4, b.Tasks[i].Questions)
		require.Less(t, b.Tasks[i].RandomPixel, 0.2)
	}

	read, err := ReadBaselines(out)
	require.NoError(t, err)
	require.Equal(t, b, read)
	read, err = ReadBaselines(dir)
	require.NoError(t, err)
	require.Nil(t, read)
	_, err = RefSpatial(dir, out, 4)
	require.ErrorContains(t, err, "is there already")
	_, err = RefSpatial(dir, filepath.Join(t.TempDir(), "x"), 500)
	require.ErrorContains(t, err, "too few questions for the bench")
	train := t.TempDir()
	build(t, train, small(), 2)
	_, err = RefSpatial(train, filepath.Join(t.TempDir(), "x"), 5)
	require.ErrorContains(t, err, "is made from seeds for training (want those for the bench, 800000…899999)")
}

// Colours of another renderer: rows get its pictures, and a run that was interrupted keeps those that are there. Blender itself is not in this test.
func TestCycles(t *testing.T) {
	cfg := small()
	cfg.Cycles, cfg.Scenes = 4, 2
	dir := t.TempDir()
	_, err := Make(t.Context(), dir, cfg, Options{NewRenderer: newRenderer})
	require.ErrorIs(t, err, errNoCycles)
	because := errors.New("no Blender")
	red := image.NewRGBA(image.Rect(0, 0, 96, 96))
	for i := range 96 * 96 {
		red.SetRGBA(i%96, i/96, color.RGBA{200, 10, 20, 255})
	}
	good, err := encoded(red)
	require.NoError(t, err)
	small, err := encoded(red.SubImage(image.Rect(0, 0, 50, 50)))
	require.NoError(t, err)
	for _, tt := range []struct {
		name string
		data []byte
		err  error
		want string
	}{
		{"fails", nil, because, "no Blender"},
		{"no picture", nil, nil, "Cycles left no picture"},
		{"no PNG", []byte("PNG"), nil, "of Cycles: unexpected EOF"},
		{"other size", small, nil, "it is of 50 × 50 px (want 96 × 96)"},
		{"good", good, nil, ""},
	} {
		_, err := Make(t.Context(), dir, cfg, Options{Workers: 1, NewRenderer: newRenderer, Cycles: func(_ context.Context, files []string, out string, paths int) error {
			require.Equal(t, 4, paths)
			for _, f := range files {
				require.FileExists(t, f)
				if tt.data != nil {
					require.NoError(t, os.WriteFile(filepath.Join(out, strings.TrimSuffix(filepath.Base(f), ".glb")+".png"), tt.data, 0o644))
				}
			}
			return tt.err
		}})
		if tt.want == "" {
			require.NoError(t, err, tt.name)
			break
		}
		require.ErrorContains(t, err, tt.want, tt.name)
		require.ErrorContains(t, err, "0 of 2 shards", tt.name)
		_, err = os.Stat(filepath.Join(dir, shardName(0)))
		require.ErrorIs(t, err, os.ErrNotExist, tt.name)
	}
	for _, r := range rows(t, dir, 2) {
		require.Equal(t, []byte{200, 10, 20}, r.RGB[:3])
	}
	left, err := filepath.Glob(filepath.Join(dir, ".cycles-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}
