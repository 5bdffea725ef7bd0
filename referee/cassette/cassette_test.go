package cassette_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/referee/cassette"
	"github.com/refarena/refarena/referee/refereetest"
)

// A model answers with what say makes of its query.
type model struct {
	name string
	say  func(q referee.Query) string
}

func (m model) Info() referee.Info { return referee.Info{Name: "test", Model: m.name} }

func (m model) Point(ctx context.Context, q referee.Query) (referee.Answer, error) {
	if err := ctx.Err(); err != nil {
		return referee.Answer{}, err
	}
	if err := q.Validate(); err != nil {
		return referee.Answer{}, err
	}
	return referee.ReadAnswer(m.say(q)), nil
}

func fixed(reply string) func(referee.Query) string {
	return func(referee.Query) string { return reply }
}

func record(t *testing.T, r referee.Referee, path string) referee.Referee {
	t.Helper()
	rec, err := cassette.Record(r, path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rec.(interface{ Close() error }).Close() })
	return rec
}

// What the conformance suite asks is recorded and then passes the suite again without the model.
func TestConformance(t *testing.T) {
	for name, m := range map[string]model{
		"points":   {"m", fixed("[(0.341, 0.510)]")},
		"nonsense": {"m", fixed("I \xff do not know")},
		"silence":  {"m", fixed("")},
		"by prompt": {"m", func(q referee.Query) string {
			return map[bool]string{true: "[(0.1, 0.2)]", false: "[]"}[q.Instruction == ""]
		}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "tape.jsonl")
			rec := record(t, m, path)
			refereetest.Run(t, rec)
			replay, err := cassette.Open(path, "")
			if err != nil {
				t.Fatal(err)
			}
			refereetest.Run(t, replay)
			q := refereetest.Query(64, 48, true, 1)
			a, err := rec.Point(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			b, err := replay.Point(t.Context(), q)
			if err != nil || a.Text != b.Text || a.Problem != b.Problem || a.Reason != b.Reason || len(a.Points) != len(b.Points) {
				t.Errorf("recorded %+v, replayed %+v, error %v", a, b, err)
			}
		})
	}
}

// A control stays one while it is recorded, and what it answered is replayed by seed.
func TestControlsAndSeeds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tape.jsonl")
	rec := record(t, referee.RandomPixel(), path)
	var want []string
	for seed := range uint64(3) {
		a, err := rec.Point(t.Context(), refereetest.Query(64, 48, true, seed))
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, a.Text)
	}
	replay, err := cassette.Open(path, "")
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(3) {
		if a, err := replay.Point(t.Context(), refereetest.Query(64, 48, true, seed)); err != nil || a.Text != want[seed] {
			t.Errorf("seed %d: %q, error %v, want %q", seed, a.Text, err, want[seed])
		}
	}
	if _, err := replay.Point(t.Context(), refereetest.Query(64, 48, true, 9)); err == nil || !strings.Contains(err.Error(), "another seed") {
		t.Errorf("seed 9: error %v", err)
	}
	refereetest.Run(t, record(t, referee.Oracle(), filepath.Join(t.TempDir(), "oracle.jsonl")))
}

// A miss says what has changed.
func TestMiss(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tape.jsonl")
	base := refereetest.Query(64, 48, true, 1)
	a, b := record(t, model{"a", fixed("[(0.5, 0.5)]")}, path), model{"b", fixed("[(0.1, 0.1)]")}
	if _, err := a.Point(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	other := refereetest.Query(32, 48, true, 1)
	if _, err := record(t, b, path).Point(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if _, err := cassette.Open(path, ""); err == nil || !strings.Contains(err.Error(), "2 models") || !strings.Contains(err.Error(), "a (") {
		t.Errorf("Open without a model: error %v", err)
	}
	replay, err := cassette.Open(path, "a")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		want string
		edit func(q *referee.Query)
	}{
		{"", func(q *referee.Query) {}},
		{"", func(q *referee.Query) { q.Seed = 5 }}, // no model sees it
		{"pixels", func(q *referee.Query) { q.RGB[7]++ }},
		{"depth", func(q *referee.Query) { q.Depth[100] += 0.1 }},
		{"depth", func(q *referee.Query) { q.Depth = nil }},
		{"prompt", func(q *referee.Query) { q.Instruction = "the cup" }},
		{"prompt", func(q *referee.Query) { q.Verbatim = true }},
		{"pixels and depth", func(q *referee.Query) { q.RGB[7]++; q.Depth[100] += 0.1 }},
		{"model", func(q *referee.Query) { *q = other }},
		{"-", func(q *referee.Query) { q.RGB[7]++; q.Instruction = "the cup"; q.Depth = nil }},
	} {
		q := refereetest.Query(64, 48, true, 1)
		tt.edit(&q)
		_, err := replay.Point(t.Context(), q)
		var miss *cassette.Miss
		switch {
		case tt.want == "":
			if err != nil {
				t.Errorf("error %v, want none", err)
			}
		case !errors.As(err, &miss) || tt.want != "-" && strings.Join(miss.Changed, " and ") != tt.want || tt.want == "-" && len(miss.Changed) > 0:
			t.Errorf("error %v, want a miss because of %s", err, tt.want)
		}
	}
}

// Recording by many at once and after a crash in the middle of a line keeps every whole line.
func TestAppend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tape.jsonl")
	rec := record(t, model{"m", fixed("[(0.5, 0.5)]")}, path)
	var wg sync.WaitGroup
	for k := range 20 {
		wg.Go(func() {
			if _, err := rec.Point(t.Context(), refereetest.Query(10+k, 8, k%2 == 0, 1)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(data, `{"model":"cut o`...), 0o666); err != nil {
		t.Fatal(err)
	}
	rec = record(t, model{"m", fixed("[(0.5, 0.5)]")}, path)
	if _, err := rec.Point(t.Context(), refereetest.Query(50, 8, true, 1)); err != nil {
		t.Fatal(err)
	}
	replay, err := cassette.Open(path, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []int{10, 29, 50} {
		if _, err := replay.Point(t.Context(), refereetest.Query(w, 8, w%2 == 0, 1)); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenBad(t *testing.T) {
	dir := t.TempDir()
	for name, tt := range map[string]struct{ text, want string }{
		"empty":   {"", "is empty"},
		"no json": {"hello\n", "line 1"},
		"nothing": {"{}\n", "neither a model nor an answer"},
		"edited":  {`{"info":{"name":"x","model":"y","version":"","repeatable":false},"model":"00"}` + "\n", "was the file edited?"},
		"unnamed": {`{"model":"00","answer":{"text":"","points":[],"attempts":1}}` + "\n", "not named before it"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(tt.text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := referee.Open("cassette:"+path, referee.Options{}, cassette.Maker()); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tt.want)
		}
	}
	if _, err := cassette.Open(filepath.Join(dir, "none"), ""); err == nil {
		t.Error("no file is no error")
	}
}

func FuzzOpen(f *testing.F) {
	path := filepath.Join(f.TempDir(), "seed.jsonl")
	rec, err := cassette.Record(model{"m", fixed("[(0.5, 0.5)]")}, path)
	if err != nil {
		f.Fatal(err)
	}
	rec.Point(context.Background(), refereetest.Query(8, 6, true, 1))
	rec.(interface{ Close() error }).Close()
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "tape.jsonl")
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		r, err := cassette.Open(path, "")
		if err != nil {
			return
		}
		a, err := r.Point(t.Context(), refereetest.Query(8, 6, true, 1))
		if err == nil {
			if err := refereetest.CheckAnswer(a); err != nil {
				t.Error(err)
			}
		}
	})
}
