package roborefer

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/refarena/refarena/referee/refereetest"
)

// TestCUDA runs the model folders in $REFARENA_CUDA_SMALL (made by `make parity` with --device cuda; its answers are compared with PyTorch's) and
// $REFARENA_CUDA_MODEL (any model; it is timed) on cuda:0. Without them it skips. It prints figures and asserts what must hold whatever they are.
func TestCUDA(t *testing.T) {
	small, big := os.Getenv("REFARENA_CUDA_SMALL"), os.Getenv("REFARENA_CUDA_MODEL")
	if small == "" && big == "" {
		t.Skip("neither $REFARENA_CUDA_SMALL nor $REFARENA_CUDA_MODEL is set")
	}
	if small != "" {
		t.Run("parity", func(t *testing.T) { testCUDAParity(t, small) })
	}
	if big != "" {
		t.Run("speed", func(t *testing.T) { testCUDASpeed(t, big) })
	}
}

func testCUDAParity(t *testing.T, dir string) {
	r, err := Open(dir, Options{Device: "cuda:0", Batch: 1, MaxNewTokens: 10})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var cases []parityCase
	readJSON(t, "parity.json", &cases)
	same, decided, all := 0, 0, 0
	for _, c := range cases {
		if c.Variant != r.m.cfg.Variant {
			continue
		}
		all++
		a, err := r.Point(t.Context(), c.query())
		if err != nil {
			t.Fatalf("%s: %v", c.name(), err)
		}
		if c.Margin > 0.1 { // float16 moves logits by hundredths
			decided++
			if a.Text != c.Reply {
				t.Errorf("%s: %q, want %q (margin %g)", c.name(), a.Text, c.Reply, c.Margin)
			}
		}
		if a.Text == c.Reply {
			same++
		}
	}
	t.Logf("%v: %d of %d answers equal PyTorch's float32, %d of them with a margin above 0.1", r.Info().Settings, same, all, decided)
	if info := r.Info(); info.Settings["device"] != "cuda:0" {
		t.Errorf("ran on %s, want cuda:0", info.Settings["device"])
	}
}

func testCUDASpeed(t *testing.T, dir string) {
	for _, batch := range []int{1, 8} {
		start := time.Now()
		r, err := Open(dir, Options{Device: "cuda:0", Batch: batch, MaxNewTokens: 14, MaxWait: 5 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("batch %d: %s loaded in %.1f s, %v", batch, r.Info().Model, time.Since(start).Seconds(), r.Info().Settings)
		ask := func(frame, w, h, question int) time.Duration {
			q := refereetest.Query(w, h, true, 1)
			q.RGB[0], q.RGB[1] = byte(frame), byte(frame>>8)
			q.Instruction = "Please point out cup number " + strconv.Itoa(question) + "."
			start := time.Now()
			if _, err := r.Point(t.Context(), q); err != nil {
				t.Error(err)
			}
			return time.Since(start)
		}
		frame := 0
		next := func() int { frame++; return frame }
		ask(next(), 448, 448, 1) // CUDA's own warm-up
		ask(next(), 640, 480, 1)
		for _, size := range [][2]int{{448, 448}, {960, 540}, {640, 480}} {
			var first, second time.Duration
			for k := range 3 {
				f := next()
				a, b := ask(f, size[0], size[1], 1), ask(f, size[0], size[1], 2)
				if k == 0 || a < first {
					first = a
				}
				if k == 0 || b < second {
					second = b
				}
			}
			t.Logf("batch %d: %d×%d RGB-D, one query, 14 tokens: %.1f ms; second question about the frame: %.1f ms (%.0f %%)", batch, size[0], size[1],
				first.Seconds()*1e3, second.Seconds()*1e3, 100*second.Seconds()/first.Seconds())
		}
		// Eight workers, each with questions about its own frame, long answers: what decoding together is worth.
		r.opt.MaxNewTokens = 64
		const workers, rounds = 8, 3
		base := next() * 100
		for round := range rounds {
			before := r.Stats()
			start := time.Now()
			var wg sync.WaitGroup
			for w := range workers {
				wg.Go(func() { ask(base+w, 448, 448, 10+round) })
			}
			wg.Wait()
			took, s := time.Since(start).Seconds(), r.Stats()
			tokens := s.Tokens - before.Tokens
			t.Logf("batch %d: %d workers, round %d: %d tokens in %.3f s = %.0f tokens/s, %d decoder steps", batch, workers, round, tokens, took, float64(tokens)/took, s.DecodeSteps-before.DecodeSteps)
			if tokens != workers*64 && s.Capped-before.Capped == workers {
				t.Errorf("%d tokens, want %d", tokens, workers*64)
			}
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	fmt.Fprintln(os.Stderr, "CUDA figures done")
}
