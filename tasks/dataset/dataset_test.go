package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/refer"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
)

func newRenderer() (sim.Renderer, error) {
	return render.New(render.Options{Device: render.Software})
}

// small is a data set that takes a second: three shards.
func small() Config {
	return Config{
		Levels: []scenes.Level{scenes.LevelEasy}, Seed: Training.First, Scenes: 3, Views: 2, Width: 96, Aspects: []float64{1, 4.0 / 3}, Questions: 6, MinQuestions: 2,
		RGB: Raw, ShardScenes: 1,
	}
}

func build(t *testing.T, dir string, cfg Config, workers int) *Summary {
	t.Helper()
	s, err := Make(t.Context(), dir, cfg, Options{Workers: workers, NewRenderer: newRenderer})
	require.NoError(t, err)
	return s
}

func rows(t *testing.T, dir string, shards int) []Row {
	t.Helper()
	var out []Row
	for i := range shards {
		require.NoError(t, ReadShard(filepath.Join(dir, shardName(i)), func(r *Row) (bool, error) { out = append(out, *r); return true, nil }))
	}
	return out
}

// What a row says of itself holds: masks, points, answers, objects, steps.
func TestRows(t *testing.T) {
	dir := t.TempDir()
	cfg := small()
	cfg.Levels = nil
	cfg.Questions = 12
	s := build(t, dir, cfg, 2)
	all := rows(t, dir, 3)
	require.Len(t, all, s.Pictures)
	require.Equal(t, 6, s.Pictures+s.LeftOut)
	questions := 0
	for _, r := range all {
		w, h := int(r.Width), int(r.Height)
		require.Equal(t, []int{96, 96, 96 * 96, 2 * 96 * 96, 96 * 96, 3 * 96 * 96}, []int{w, h, len(r.Disparity), len(r.Depth), len(r.IDs), len(r.RGB)}, r.ID)
		var objects []Object
		require.NoError(t, json.Unmarshal([]byte(r.Objects), &objects))
		pixels := map[byte]int{}
		for _, id := range r.IDs {
			pixels[id]++
		}
		require.NotZero(t, pixels[TableID], r.ID)
		for i, o := range objects {
			require.Equal(t, i+1, o.ID)
			require.Equal(t, pixels[byte(o.ID)], o.Pixels, "%s, object %d", r.ID, o.ID)
			if o.Pixels == 0 {
				require.Nil(t, o.Box)
				continue
			}
			px := sim.NormPoint{X: o.Point[0], Y: o.Point[1]}.Pixel(w, h)
			require.True(t, px.X >= float64(o.Box[0]) && px.X <= float64(o.Box[2]) && px.Y >= float64(o.Box[1]) && px.Y <= float64(o.Box[3]), r.ID)
		}
		var list []Question
		require.NoError(t, json.Unmarshal([]byte(r.Questions), &list))
		questions += len(list)
		for _, q := range list {
			region, err := RegionOf(q.Mask, w, h)
			require.NoError(t, err)
			require.Equal(t, q.Pixels, region.Count())
			require.NotEmpty(t, q.Points)
			for _, p := range q.Points {
				require.True(t, region.Contains(sim.NormPoint{X: p[0], Y: p[1]}), "%s: %s: %v", r.ID, q.Text, p)
			}
			got, err := referee.ParsePoints(q.Answer)
			require.NoError(t, err)
			require.Equal(t, []sim.NormPoint{{X: q.Points[0][0], Y: q.Points[0][1]}}, got)
			require.Len(t, q.Trace, q.Steps)
			require.Equal(t, "seen", q.Split)
			require.True(t, strings.HasPrefix(q.Reasoning, "<think>Step1: ["), q.Reasoning)
			require.True(t, strings.HasSuffix(q.Reasoning, "</think><answer>"+q.Answer+"</answer>"), q.Reasoning)
			for _, step := range q.Trace {
				require.Contains(t, q.Reasoning, step.Line)
			}
			if q.Kind == "location" && q.Part == "" { // the mask is the object
				n := 0
				for i, in := range region.Mask {
					if in {
						n++
						require.Equal(t, byte(q.Target), r.IDs[i])
					}
				}
				require.Equal(t, pixels[byte(q.Target)], n)
			}
		}
	}
	require.Equal(t, questions, s.Questions)
}

// With a robot the first picture is what its referee sees: of a G1 what its head's camera shows, the same place in all scenes, its ratio of width to
// height kept; the others are the scene's, with the robot in them. The scenes are those without a robot.
func TestRobotAtTheTable(t *testing.T) {
	cfg := small()
	cfg.Scenes, cfg.Width, cfg.Height, cfg.Aspects, cfg.MinQuestions = 2, 160, 90, nil, 1
	without := t.TempDir()
	build(t, without, cfg, 1)
	bare := rows(t, without, 2)
	cfg.Robot = "g1"
	with := t.TempDir()
	build(t, with, cfg, 2)
	all := rows(t, with, 2)
	require.Len(t, all, len(bare))
	head, err := sim.FindCameraPreset("g1-head")
	require.NoError(t, err)
	want := head.Camera(160, 90, sim.Identity())
	for i, r := range all {
		require.Equal(t, bare[i].ID, r.ID)
		var got, other Camera
		require.NoError(t, json.Unmarshal([]byte(r.Camera), &got))
		require.NoError(t, json.Unmarshal([]byte(bare[i].Camera), &other))
		if r.View > 0 {
			require.Equal(t, other, got, r.ID)
			require.NotEqual(t, bare[i].RGB, r.RGB, "%s: the G1 is behind the table", r.ID)
			continue
		}
		require.InDelta(t, want.Fx, got.Fx, 1e-9)
		require.InDelta(t, want.Fy, got.Fy, 1e-9)
		require.InDelta(t, 0, got.Eye[0], 0.15, "%s: the head is behind the table", r.ID)
		var first Camera
		require.NoError(t, json.Unmarshal([]byte(all[0].Camera), &first))
		require.InDeltaSlice(t, first.Eye[:], got.Eye[:], 0.002, "%s: the head stands still", r.ID)
		var a, b []Object
		require.NoError(t, json.Unmarshal([]byte(r.Objects), &a))
		require.NoError(t, json.Unmarshal([]byte(bare[i].Objects), &b))
		for k := range a {
			require.InDeltaSlice(t, b[k].Position[:], a[k].Position[:], 0.002, r.ID)
		}
	}
	cfg.Robot = "g2"
	require.ErrorContains(t, cfg.Validate(), `no robot "g2" (have ur5, g1, g1-free)`)
	cfg.Robot = "ur5"
	_, err = Make(t.Context(), with, cfg, Options{Workers: 1, NewRenderer: newRenderer})
	require.ErrorContains(t, err, `robot is "g1" there, and "ur5" is asked for`)
}

// The shards are the same whatever the number of workers, and when a run is interrupted.
func TestRepeatable(t *testing.T) {
	one := t.TempDir()
	want := build(t, one, small(), 1)
	require.Equal(t, want, build(t, t.TempDir(), small(), 3))

	dir := t.TempDir()
	ctx, stop := context.WithCancelCause(t.Context())
	because := errors.New("enough")
	_, err := Make(ctx, dir, small(), Options{Workers: 1, NewRenderer: newRenderer, OnShard: func(ShardInfo, bool) { stop(because) }})
	require.ErrorIs(t, err, because)
	require.ErrorContains(t, err, "1 of 3 shards are in "+dir)
	_, _, err = Read(dir, false)
	require.ErrorContains(t, err, "shard-00001.parquet is not there")
	left := filepath.Join(dir, ".shard-00001.parquet.123"+unfinished) // as if it had been killed
	require.NoError(t, os.WriteFile(left, []byte("PAR1"), 0o600))
	old := 0
	got, err := Make(t.Context(), dir, small(), Options{NewRenderer: newRenderer, OnShard: func(_ ShardInfo, was bool) {
		if was {
			old++
		}
	}})
	require.NoError(t, err)
	require.Equal(t, 1, old)
	require.Equal(t, want, got)
	require.NoFileExists(t, left)
	for i := range 3 {
		a, err := os.ReadFile(filepath.Join(one, shardName(i)))
		require.NoError(t, err)
		b, err := os.ReadFile(filepath.Join(dir, shardName(i)))
		require.NoError(t, err)
		require.Equal(t, a, b)
	}
	_, _, err = Read(dir, true)
	require.NoError(t, err)
}

func TestConfig(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"no scenes", func(c *Config) { c.Scenes = 0 }, "0 scenes (want 1…"},
		{"seed of tests", func(c *Config) { c.Seed = 1 }, "seed 1 is for no data set (have training 100000…699999, validation 700000…799999, bench 800000…899999"},
		{"seed of the examination", func(c *Config) { c.Seed = 900_000 }, "seed 900000 is for no data set"},
		{"two partitions", func(c *Config) { c.Seed = 699_999 }, "seeds 699999 to 700001 reach beyond those for training"},
		{"held out", func(c *Config) { c.Split = refer.Unseen }, `split "unseen" with seeds for training (want seen`},
		{"level", func(c *Config) { c.Levels = []scenes.Level{"extreme"} }, `no level "extreme" (have easy, medium, hard)`},
		{"kind", func(c *Config) { c.Kinds = []scenes.QuestionKind{"counting"} }, `no kind of instruction "counting"`},
		{"relation", func(c *Config) { c.Relations = []string{"near"} }, `no relation "near" (have close`},
		{"steps", func(c *Config) { c.Steps = []int{6} }, "6 reasoning steps (want 1…5)"},
		{"format", func(c *Config) { c.RGB = "gif" }, `no picture format "gif" (have png, jpeg, raw)`},
		{"size", func(c *Config) { c.Width = 8 }, "pictures of 8 × 8 px (want 32…4096 each)"},
		{"aspect", func(c *Config) { c.Aspects = []float64{9} }, "pictures 9 times as wide as high"},
		{"too few", func(c *Config) { c.MinQuestions = 7 }, "7 questions about a picture at least (want 1…6"},
	} {
		cfg := small()
		tt.change(&cfg)
		require.ErrorContains(t, cfg.Validate(), tt.want, tt.name)
		_, err := Make(t.Context(), filepath.Join(t.TempDir(), "x"), cfg, Options{NewRenderer: newRenderer})
		require.ErrorContains(t, err, tt.want, tt.name)
	}
}

// Runs and RegionOf are inverse to each other.
func TestRuns(t *testing.T) {
	r := scenes.Stream(1, "runs")
	for range 100 {
		w, h := 1+r.IntN(9), 1+r.IntN(9)
		mask := make([]bool, w*h)
		p := r.Float64()
		for i := range mask {
			mask[i] = r.Float64() < p
		}
		region := sim.Region{Width: w, Height: h, Mask: mask}
		got, err := RegionOf(region.Runs(), w, h)
		require.NoError(t, err)
		require.Equal(t, mask, got.Mask)
	}
	for _, runs := range [][]int{{3}, {5}, {2, -1, 3}, {2, 3}, {}} {
		_, err := RegionOf(runs, 2, 2)
		require.Error(t, err, "%v", runs)
	}
}
