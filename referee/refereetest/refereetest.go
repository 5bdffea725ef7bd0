// Package refereetest holds every referee to the contract of referee.Referee, and has a server that speaks RoboRefer's HTTP protocol.
//
//	func TestConformance(t *testing.T) { refereetest.Run(t, myReferee) }
package refereetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/sim"
)

// stuck is how long a call may take before the suite takes it for one that never returns. No result depends on it.
const stuck = 2 * time.Minute

// Run tests that r keeps the contract of referee.Referee, and that of referee.Control if it is one: its answers are well-formed for
// pictures of all shapes, with and without depth or instruction; queries that cannot be asked are errors and leave it able to answer;
// nothing of a query is changed; an ended context ends the call; it may be used by many at once; Info stays the same; what is
// repeatable repeats.
// r must be able to answer: an error for a good query fails the test. Run asks about 60 queries and does not close r.
func Run(t *testing.T, r referee.Referee) {
	t.Helper()
	t.Run("info", func(t *testing.T) { testInfo(t, r) })
	t.Run("answers", func(t *testing.T) { testAnswers(t, r) })
	t.Run("bad queries", func(t *testing.T) { testBadQueries(t, r) })
	t.Run("context", func(t *testing.T) { testContext(t, r) })
	t.Run("concurrent use", func(t *testing.T) { testConcurrent(t, r) })
	if c, ok := r.(referee.Control); ok {
		t.Run("control", func(t *testing.T) { testControl(t, c) })
	}
}

// Query is a good query for tests: a smooth picture of w × h pixels with a bright square and, with depth, a sloping table that the square
// stands on and a border without return. The same arguments give the same query.
func Query(w, h int, depth bool, seed uint64) referee.Query {
	q := referee.Query{Width: w, Height: h, RGB: make([]byte, 3*w*h), Instruction: "Please point out the bright square.", Seed: seed}
	if depth {
		q.Depth = make([]float32, w*h)
	}
	truth := Truth(w, h)
	for i, in := range truth.Mask {
		x, y := i%w, i/w
		rgb := [3]byte{byte(40 + 80*x/w), byte(60 + 80*y/h), 90}
		z := 1.2 - 0.5*float32(y)/float32(h)
		if in {
			rgb, z = [3]byte{240, 230, 80}, z-0.1
		}
		copy(q.RGB[3*i:], rgb[:])
		if depth && (w < 3 || x > 0 && x < w-1) {
			q.Depth[i] = z
		}
	}
	return q
}

// Truth is the bright square of Query(w, h, …): at least one pixel.
func Truth(w, h int) sim.Region {
	r := sim.Region{Width: w, Height: h, Mask: make([]bool, w*h)}
	side := max(1, min(w, h)/4)
	for y := (h - side) / 2; y < (h-side)/2+side; y++ {
		for x := (w - side) / 2; x < (w-side)/2+side; x++ {
			r.Mask[y*w+x] = true
		}
	}
	return r
}

// CheckAnswer says in what way a breaks the rules for answers, if it does.
func CheckAnswer(a referee.Answer) error {
	switch a.Problem {
	case referee.ProblemNone:
		if len(a.Points) == 0 {
			return errors.New("an answer without points has no problem")
		}
		if a.Reason != "" {
			return fmt.Errorf("an answer without a problem has the reason %q", a.Reason)
		}
		if a.Text == "" {
			return errors.New("an answer with points has no text")
		}
	case referee.ProblemUnparsable, referee.ProblemEmpty, referee.ProblemTimeout:
		if len(a.Points) > 0 {
			return fmt.Errorf("an answer with problem %s has points %v", a.Problem, a.Points)
		}
		if a.Reason == "" {
			return fmt.Errorf("problem %s has no reason", a.Problem)
		}
	default:
		return fmt.Errorf("unknown problem %q", a.Problem)
	}
	for _, p := range a.Points {
		if !(p.X >= 0 && p.X <= 1 && p.Y >= 0 && p.Y <= 1) {
			return fmt.Errorf("point %v is outside [0,1] × [0,1]", p)
		}
	}
	if len(a.Text) > referee.MaxText {
		return fmt.Errorf("text of %d bytes (want at most %d)", len(a.Text), referee.MaxText)
	}
	if a.Attempts < 1 {
		return fmt.Errorf("%d attempts (want 1 or more)", a.Attempts)
	}
	if a.Latency < 0 {
		return fmt.Errorf("latency %v", a.Latency)
	}
	return nil
}

// ask puts q to r and tells Controls the truth. It fails t, from any goroutine, if the query cannot be asked or the answer breaks the rules.
func ask(t *testing.T, r referee.Referee, q referee.Query) (referee.Answer, bool) {
	t.Helper()
	a, err := referee.Ask(t.Context(), r, q, Truth(q.Width, q.Height))
	if err != nil {
		t.Errorf("Ask(%d×%d, depth %t, %q) failed: %v", q.Width, q.Height, q.HasDepth(), q.Instruction, err)
		return a, false
	}
	if err := CheckAnswer(a); err != nil {
		t.Errorf("Ask(%d×%d, depth %t, %q): %v", q.Width, q.Height, q.HasDepth(), q.Instruction, err)
		return a, false
	}
	return a, true
}

// same says whether two answers agree in all that must repeat.
func same(a, b referee.Answer) bool {
	return a.Text == b.Text && slices.Equal(a.Points, b.Points) && a.Problem == b.Problem
}

func testInfo(t *testing.T, r referee.Referee) {
	info := r.Info()
	if info.Name == "" || info.Model == "" {
		t.Errorf("Info() = %+v, want a name and a model", info)
	}
	if info.Settings != nil {
		clear(r.Info().Settings) // the caller owns it
	}
	ask(t, r, Query(64, 48, true, 1))
	if again := r.Info(); !equalInfo(info, again) {
		t.Errorf("Info() = %+v after a query and a change of its result, want %+v as before", again, info)
	}
}

func equalInfo(a, b referee.Info) bool {
	return a.Name == b.Name && a.Model == b.Model && a.Version == b.Version && a.Repeatable == b.Repeatable && maps.Equal(a.Settings, b.Settings)
}

func testAnswers(t *testing.T, r referee.Referee) {
	for _, tt := range []struct {
		name  string
		w, h  int
		depth bool
		edit  func(*referee.Query)
	}{
		{"RGB-D", 64, 48, true, nil},
		{"RGB", 64, 48, false, nil},
		{"square", 56, 56, true, nil},
		{"tall and odd", 17, 91, true, nil},
		{"1×1", 1, 1, true, nil},
		{"1×1 RGB", 1, 1, false, nil},
		{"one row", 33, 1, true, nil},
		{"no instruction", 64, 48, true, func(q *referee.Query) { q.Instruction = "" }},
		{"other scripts", 64, 48, true, func(q *referee.Query) { q.Instruction = "指出红色的杯子 “<image>”\n\x00 🍎" }},
		{"disparity", 64, 48, true, func(q *referee.Query) { q.Disparity, q.Depth = q.DisparityU8(), nil }},
		{"verbatim", 64, 48, true, func(q *referee.Query) { q.Verbatim = true }},
		{"no return anywhere", 64, 48, true, func(q *referee.Query) { clear(q.Depth) }},
		{"flat depth", 64, 48, true, func(q *referee.Query) {
			for i := range q.Depth {
				q.Depth[i] = 0.8
			}
		}},
		{"depth that is no number", 64, 48, true, func(q *referee.Query) {
			q.Depth[0], q.Depth[1], q.Depth[2] = float32(math.NaN()), float32(math.Inf(1)), -1
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := Query(tt.w, tt.h, tt.depth, 7)
			if tt.edit != nil {
				tt.edit(&q)
			}
			before, rgb, depth, disparity := q.Hash(), bytes.Clone(q.RGB), slices.Clone(q.Depth), bytes.Clone(q.Disparity)
			a, ok := ask(t, r, q)
			if q.Hash() != before {
				t.Error("the query's pixels were changed")
			}
			if !ok || !r.Info().Repeatable {
				return
			}
			q.RGB, q.Depth, q.Disparity = rgb, depth, disparity // the same query in other memory
			if b, ok := ask(t, r, q); ok && !same(a, b) {
				t.Errorf("the same query twice: %q, then %q", a.Text, b.Text)
			}
		})
	}
}

func testBadQueries(t *testing.T, r referee.Referee) {
	for _, tt := range []struct {
		name string
		edit func(*referee.Query)
	}{
		{"nothing", func(q *referee.Query) { *q = referee.Query{} }},
		{"no pixels", func(q *referee.Query) { q.RGB = nil }},
		{"a byte too few", func(q *referee.Query) { q.RGB = q.RGB[1:] }},
		{"four channels", func(q *referee.Query) { q.RGB = make([]byte, 4*q.Width*q.Height) }},
		{"a depth too few", func(q *referee.Query) { q.Depth = q.Depth[1:] }},
		{"empty depth", func(q *referee.Query) { q.Depth = []float32{} }},
		{"a disparity too few", func(q *referee.Query) { q.Depth, q.Disparity = nil, make([]byte, q.Width*q.Height-1) }},
		{"depth and disparity", func(q *referee.Query) { q.Disparity = make([]byte, q.Width*q.Height) }},
		{"no width", func(q *referee.Query) { q.Width, q.RGB, q.Depth = 0, nil, nil }},
		{"negative sides", func(q *referee.Query) { q.Width, q.Height = -q.Width, -q.Height }},
		{"too wide", func(q *referee.Query) {
			q.Width, q.Height = sim.MaxImageSide+1, 1
			q.RGB, q.Depth = make([]byte, 3*q.Width), nil
		}},
		{"instruction that is no text", func(q *referee.Query) { q.Instruction = "the \xff mug" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := Query(8, 6, true, 1)
			truth := Truth(8, 6)
			tt.edit(&q)
			if a, err := referee.Ask(t.Context(), r, q, truth); err == nil {
				t.Errorf("Ask() = %+v, want an error", a)
			}
		})
	}
	ask(t, r, Query(8, 6, true, 1)) // and it goes on answering
}

func testContext(t *testing.T, r referee.Referee) {
	q := Query(64, 48, true, 1)
	call := func(t *testing.T, ctx context.Context) error {
		t.Helper()
		done := make(chan error, 1)
		go func() {
			_, err := referee.Ask(ctx, r, q, Truth(q.Width, q.Height))
			done <- err
		}()
		select {
		case err := <-done:
			return err
		case <-time.After(stuck):
			t.Fatal("Ask has not returned though its context has ended")
			return nil
		}
	}
	t.Run("cancelled before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := call(t, ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Ask() with a cancelled context: error %v, want context.Canceled", err)
		}
	})
	t.Run("deadline passed", func(t *testing.T) {
		ctx, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
		defer cancel()
		if err := call(t, ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Ask() after the context's deadline: error %v, want context.DeadlineExceeded", err)
		}
	})
	t.Run("cancelled meanwhile", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		if err := call(t, ctx); err != nil && !errors.Is(err, context.Canceled) { // it may have been quicker
			t.Errorf("Ask() while its context is cancelled: error %v, want none or context.Canceled", err)
		}
	})
	ask(t, r, q) // and it goes on answering
}

func testConcurrent(t *testing.T, r referee.Referee) {
	const callers, each = 4, 3
	query := func(k int) referee.Query { return Query(40+k, 30, k%2 == 0, uint64(k)) }
	var alone [each]referee.Answer
	for k := range alone {
		a, ok := ask(t, r, query(k))
		if !ok {
			return
		}
		alone[k] = a
	}
	repeatable := r.Info().Repeatable
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for j := range each {
				k := (c + j) % each
				if a, ok := ask(t, r, query(k)); ok && repeatable && !same(a, alone[k]) {
					t.Errorf("query %d: %q among others, %q alone", k, a.Text, alone[k].Text)
				}
				r.Info()
			}
		})
	}
	wg.Wait()
}

func testControl(t *testing.T, c referee.Control) {
	q := Query(64, 48, true, 3)
	truth := Truth(64, 48)
	t.Run("hits", func(t *testing.T) {
		before := slices.Clone(truth.Mask)
		for seed := range uint64(5) {
			q.Seed = seed
			a, ok := ask(t, c, q)
			if !ok {
				return
			}
			for _, p := range a.Points {
				if !truth.Contains(p) {
					t.Errorf("seed %d: point %v is not on the region it was told", seed, p)
				}
			}
		}
		if !slices.Equal(truth.Mask, before) {
			t.Error("the region was changed")
		}
	})
	t.Run("not told", func(t *testing.T) {
		if a, err := c.Point(t.Context(), q); err == nil {
			t.Errorf("Point() = %+v, want an error: it was not told the region", a)
		}
	})
	t.Run("no true pixel", func(t *testing.T) {
		a, err := c.PointKnowing(t.Context(), q, sim.Region{Width: 64, Height: 48, Mask: make([]bool, 64*48)})
		if err != nil || a.Problem != referee.ProblemEmpty {
			t.Errorf("PointKnowing() = %+v, error %v, want problem %s", a, err, referee.ProblemEmpty)
		} else if err := CheckAnswer(a); err != nil {
			t.Error(err)
		}
	})
	for _, tt := range []struct {
		name   string
		region sim.Region
	}{
		{"nothing", sim.Region{}},
		{"of another size", Truth(48, 64)},
		{"too short", sim.Region{Width: 64, Height: 48, Mask: make([]bool, 64)}},
	} {
		t.Run("region "+tt.name, func(t *testing.T) {
			if a, err := c.PointKnowing(t.Context(), q, tt.region); err == nil {
				t.Errorf("PointKnowing() = %+v, want an error", a)
			}
		})
	}
}
