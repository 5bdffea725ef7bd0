package main

import (
	"path/filepath"
	"testing"

	"github.com/refarena/refarena/assets"
	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/referee/refspatial"
	"github.com/refarena/refarena/referee/roborefer"
	"github.com/refarena/refarena/tasks/dataset"
)

// The model that is built in knows this simulator: six questions of ten on pictures that it has not seen, by far, with depth and without, each answer in
// seven runs of the decoder. assets/referee/README.md has what it does on thousands.
func TestEmbedded(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if out, errOut, status := gen(t, "--out", dir, "-n", "3", "--views", "1", "--size", "192", "--aspect", "4:3", "--count", "14", "--seed", "700000", "--shard-scenes", "3", "--gl", "software"); status != exitOK {
		t.Fatalf("gen = %d: %s%s", status, out, errOut)
	}
	r, err := roborefer.OpenFS("embedded", assets.Referee(), roborefer.Options{Device: "cpu"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	asked, hits := 0, 0.0
	err = dataset.ReadShard(filepath.Join(dir, "shard-00000.parquet"), func(row *dataset.Row) (bool, error) {
		questions, err := row.List()
		if err != nil {
			return false, err
		}
		for i, q := range questions {
			region, err := dataset.RegionOf(q.Mask, int(row.Width), int(row.Height))
			if err != nil {
				return false, err
			}
			query := referee.Query{Width: int(row.Width), Height: int(row.Height), RGB: row.RGB, Instruction: q.Text}
			if i%4 != 3 {
				query.Disparity = row.Disparity
			}
			a, err := r.Point(t.Context(), query)
			if err != nil {
				return false, err
			}
			asked++
			hits += refspatial.Strict(a, region).Value
		}
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if asked < 20 || hits < 0.6*float64(asked) {
		t.Errorf("%.1f of %d answers hit, want 60 %%", hits, asked)
	}
	// The first token comes with the prompt, the last run says that the answer has ended.
	if s := r.Stats(); s.Capped > 0 || s.DecodeSteps != 6*asked || s.Tokens != 14*asked {
		t.Errorf("%+v, want 6 runs of the decoder behind each of %d prompts, and 14 tokens", s, asked)
	}
}
