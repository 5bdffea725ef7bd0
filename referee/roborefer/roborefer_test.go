package roborefer

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/referee/onnx"
	"github.com/refarena/refarena/referee/refereetest"
)

// openTest opens one of the small models of `make parity`. The caller's test closes it at its end.
func openTest(t testing.TB, v Variant, precision string, o Options) *Referee {
	t.Helper()
	r, err := Open(filepath.Join(parityModels(t), string(v), precision), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(r.Close(), r.Close()); err != nil { // twice
			t.Error(err)
		}
	})
	return r
}

func TestConformance(t *testing.T) {
	for _, v := range []Variant{Tiles, DynamicS2} {
		for _, precision := range []string{"fp32", "int8", "int4"} {
			t.Run(string(v)+"/"+precision, func(t *testing.T) {
				refereetest.Run(t, openTest(t, v, precision, Options{MaxNewTokens: 6}))
			})
		}
	}
}

// The embedded way: the same files through an fs.FS give the same model and the same answers.
func TestOpenFS(t *testing.T) {
	dir := filepath.Join(parityModels(t), "tiles", "int8")
	a := openTest(t, Tiles, "int8", Options{})
	b, err := OpenFS("embedded", os.DirFS(dir), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if a.Info().Version != b.Info().Version || b.Info().Name != "embedded" {
		t.Errorf("%+v from a folder, %+v from an fs.FS", a.Info(), b.Info())
	}
	q := refereetest.Query(90, 60, true, 1)
	if x, y := point(t, a, q), point(t, b, q); x.Text != y.Text {
		t.Errorf("%q from a folder, %q from an fs.FS", x.Text, y.Text)
	}
}

// do runs f where e's state may be touched.
func (e *engine) do(f func()) {
	done := make(chan struct{})
	e.inspect <- func() {
		f()
		close(done)
	}
	<-done
}

func point(t testing.TB, r *Referee, q referee.Query) referee.Answer {
	t.Helper()
	a, err := r.Point(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// What was asked before changes no bit: logits are compared, not only tokens. The second question about a frame finds the frame's prefix, the
// third has to build it anew from features that are still there, the fourth encodes the frame again.
func TestCachesChangeNothing(t *testing.T) {
	for _, tt := range []struct {
		v         Variant
		precision string
	}{{Tiles, "fp32"}, {DynamicS2, "fp32"}, {Tiles, "int8"}, {DynamicS2, "int8"}, {Tiles, "int4"}, {DynamicS2, "int4"}} {
		t.Run(string(tt.v)+"/"+tt.precision, func(t *testing.T) {
			r := openTest(t, tt.v, tt.precision, Options{Engines: 1, MaxNewTokens: 5})
			e := r.engines[0]
			var logits []float32
			r.m.onLogits = func(s []float32) { logits = append(logits, s...) }
			q := refereetest.Query(90, 60, true, 1)
			other := refereetest.Query(91, 60, true, 2)
			ask := func(q referee.Query, text string) []float32 {
				logits = nil
				q.Instruction = text
				point(t, r, q)
				return logits
			}
			fresh := ask(q, "the left cup")
			ask(q, "another, much longer question about the same picture, which leaves more behind")
			for _, tt := range []struct {
				what  string
				spoil func()
			}{
				{"prefix found", func() {}},
				{"prefix lost", func() { e.state = make([]rowState, e.rows) }},
				{"prefix in another row", func() {
					e.state[0], e.state[1] = rowState{}, e.state[0]
					for i := range e.state {
						e.state[i].prefix = 0
					}
				}},
				{"frame lost", func() {
					e.state = make([]rowState, e.rows)
					for _, f := range e.frames {
						f.mem.Close()
					}
					e.frames = nil
				}},
			} {
				e.do(tt.spoil)
				if got := ask(q, "the left cup"); !slices.Equal(got, fresh) {
					t.Errorf("%s: other logits", tt.what)
				}
			}
			ask(other, "x")
			if got := ask(q, "the left cup"); !slices.Equal(got, fresh) {
				t.Error("another frame between: other logits")
			}
			s := r.Stats()
			if s.PrefixesFound == 0 || s.FramesReused == 0 || s.FramesEncoded < 6 {
				t.Errorf("%+v: the test does not reach what it is about", s)
			}
		})
	}
}

// Nor do the threads of a query change a bit: a run is repeated on a machine with more cores.
func TestThreadsChangeNothing(t *testing.T) {
	for _, precision := range []string{"fp32", "int8", "int4"} {
		var want []float32
		for _, threads := range []int{1, 2, 3} {
			var logits []float32
			r := openTest(t, Tiles, precision, Options{Engines: 1, Threads: threads, MaxNewTokens: 5})
			r.m.onLogits = func(s []float32) { logits = append(logits, s...) }
			for seed := range uint64(3) {
				point(t, r, refereetest.Query(150, 90, seed != 1, seed))
			}
			if threads == 1 {
				want = logits
			} else if !slices.Equal(logits, want) {
				t.Errorf("%s: other logits with %d threads", precision, threads)
			}
		}
	}
}

// A prompt that goes through the decoder in chunks gives the logits of one that goes at once, but for rounding.
func TestChunks(t *testing.T) {
	r := openTest(t, Tiles, "fp32", Options{Engines: 1, MaxNewTokens: 3})
	var logits []float32
	r.m.onLogits = func(s []float32) { logits = append(logits, s...) }
	q := refereetest.Query(640, 480, true, 1)
	point(t, r, q)
	whole := logits
	e := r.engines[0]
	e.do(func() { e.chunk, e.state = 17, make([]rowState, e.rows) })
	logits = nil
	point(t, r, q)
	if len(logits) != len(whole) {
		t.Fatalf("%d logits, want %d", len(logits), len(whole))
	}
	for i := range whole {
		if d := logits[i] - whole[i]; d > 1e-4 || d < -1e-4 {
			t.Fatalf("logit %d: %g in chunks of 17, %g at once", i, logits[i], whole[i])
		}
	}
}

// Eight workers, decoded together, get the answers that they get one by one; a query that is given up leaves the others alone.
func TestBatch(t *testing.T) {
	one := openTest(t, Tiles, "fp32", Options{Engines: 1, Batch: 1, MaxNewTokens: 12})
	eight := openTest(t, Tiles, "fp32", Options{Engines: 1, Batch: 8, MaxWait: 50 * time.Millisecond, MaxNewTokens: 12})
	if !one.Info().Repeatable || eight.Info().Repeatable {
		t.Errorf("repeatable %t alone and %t in batches, want true and false", one.Info().Repeatable, eight.Info().Repeatable)
	}
	const n = 24
	queries := make([]referee.Query, n)
	want := make([]string, n)
	for i := range queries {
		queries[i] = refereetest.Query(60+5*(i%7), 60, i%2 == 0, uint64(i))
		queries[i].Instruction = strings.Repeat("the red mug ", 1+i%5)
		want[i] = point(t, one, queries[i]).Text
	}
	var wg sync.WaitGroup
	for i := range queries {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if i%6 == 5 {
				time.AfterFunc(time.Duration(i)*time.Millisecond, cancel)
			}
			a, err := eight.Point(ctx, queries[i])
			if i%6 == 5 && errors.Is(err, context.Canceled) {
				return
			}
			if err != nil || a.Text != want[i] {
				t.Errorf("query %d: %q, error %v, want %q", i, a.Text, err, want[i])
			}
		})
	}
	wg.Wait()
	if s := eight.Stats(); s.DecodeSteps >= s.Tokens {
		t.Errorf("%d decoder steps for %d tokens: nothing ran together", s.DecodeSteps, s.Tokens)
	}
}

// A model that goes on and on ends at the cap, and the answer says so.
func TestCap(t *testing.T) {
	r := openTest(t, Tiles, "fp32", Options{MaxNewTokens: 7})
	q := refereetest.Query(160, 90, false, 1)
	a := point(t, r, q)
	if s := r.Stats(); s.Capped != 1 || s.Tokens != 7 {
		t.Errorf("%+v, want 7 tokens and one capped answer", s)
	}
	if a.Problem != referee.ProblemUnparsable || !strings.HasPrefix(a.Reason, "cut at the cap of 7 tokens: ") {
		t.Errorf("problem %q, reason %q", a.Problem, a.Reason)
	}
}

// After Close queries are refused; one that runs meanwhile ends.
func TestClose(t *testing.T) {
	r := openTest(t, Tiles, "fp32", Options{Engines: 1, MaxNewTokens: 3000})
	done := make(chan error)
	for i := range 3 {
		go func() {
			_, err := r.Point(t.Context(), refereetest.Query(300+i, 200, true, 1))
			done <- err
		}()
	}
	time.Sleep(5 * time.Millisecond)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := <-done; err != nil && !errors.Is(err, errClosed) {
			t.Error(err)
		}
	}
	if _, err := r.Point(t.Context(), refereetest.Query(30, 20, true, 1)); !errors.Is(err, errClosed) {
		t.Errorf("Point after Close: %v, want %v", err, errClosed)
	}
	if err := r.Check(t.Context()); !errors.Is(err, errClosed) {
		t.Errorf("Check after Close: %v", err)
	}
}

// A query that was answered before the model was closed has its answer, also where who asked comes to look later.
func TestAnsweredBeforeClose(t *testing.T) {
	over := make(chan struct{})
	close(over)
	for range 50 { // a select that may choose chooses both ways
		r := &Referee{engines: []*engine{{queue: make(chan *job, 1), stopped: over}}}
		if err := r.submit(t.Context(), &job{done: over}); err != nil {
			t.Fatal(err)
		}
	}
}

// Everything that can be wrong with a folder is said before the first query, with the file's name.
func TestBadFolders(t *testing.T) {
	good := filepath.Join(parityModels(t), "tiles", "int8")
	config := func(change func(map[string]any)) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, configFile)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var c map[string]any
			if err := json.Unmarshal(b, &c); err != nil {
				t.Fatal(err)
			}
			change(c)
			if b, err = json.Marshal(c); err != nil {
				t.Fatal(err)
			}
			rewrite(t, path, b)
		}
	}
	set := func(part, key string, v any) func(t *testing.T, dir string) {
		return config(func(c map[string]any) {
			if part != "" {
				c = c[part].(map[string]any)
			}
			c[key] = v
		})
	}
	for _, tt := range []struct {
		name  string
		spoil func(t *testing.T, dir string)
		opt   Options
		want  []string
	}{
		{"nothing there", func(t *testing.T, dir string) { os.RemoveAll(dir) }, Options{}, []string{"no such file"}},
		{"no metadata", remove(configFile), Options{}, []string{"no roborefer.json", "train/export.py"}},
		{"no graph", remove("depth_encoder.onnx"), Options{}, []string{"no depth_encoder.onnx"}},
		{"no tokenizer", remove("tokenizer.json"), Options{}, []string{"no tokenizer.json"}},
		{"unknown key", set("", "tile", 448), Options{}, []string{"roborefer.json", `unknown field "tile"`}},
		{"bad variant", set("", "variant", "tile"), Options{}, []string{`variant "tile" (want tiles or dynamic_s2)`}},
		{"other shapes", set("decoder", "hidden", 96), Options{}, []string{"decoder_model_merged.onnx", "[batch, sequence, 64]", "96"}},
		{"other layers", set("decoder", "layers", 2), Options{}, []string{"decoder_model_merged.onnx has 10 inputs (want 8)"}},
		{"other token", set("tokens", "image", 3), Options{}, []string{`"<image>"`, "as 3"}},
		{"too small a vocabulary", set("decoder", "vocab", 500), Options{}, []string{"tokens.image is 537 (want 0 to 499)"}},
		{"huge numbers", set("", "max_context", 1<<40), Options{}, []string{"max_context is 1099511627776"}},
		{"cut weights", truncate("decoder_model_merged.onnx"), Options{}, []string{"decoder_model_merged.onnx", "cut short"}},
		{"cut tokenizer", truncate("tokenizer.json"), Options{}, []string{"tokenizer.json", "unexpected end of JSON"}},
		{"changed weights", func(t *testing.T, dir string) {
			path := filepath.Join(dir, "vision_encoder.onnx")
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b[len(b)/2] ^= 1
			rewrite(t, path, b)
		}, Options{}, []string{"vision_encoder.onnx has the hash", "changed or damaged"}},
		{"no ONNX", func(t *testing.T, dir string) { rewrite(t, filepath.Join(dir, "embed_tokens.onnx"), []byte("hello")) }, Options{}, []string{"embed_tokens.onnx", "not an ONNX file"}},
		{"device", nil, Options{Device: "gpu"}, []string{`device "gpu" (want auto, cpu or cuda:N)`}},
		{"CUDA for graphs that are not", nil, Options{Device: "cuda:0"}, []string{"float32", "--device cuda"}},
		{"negative", nil, Options{Batch: -1}, []string{"want none negative"}},
		{"more memory than there is", set("", "max_context", 1<<20), Options{Batch: 1 << 22}, []string{"the model takes up to", "this machine has"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(good)); err != nil {
				t.Fatal(err)
			}
			if tt.spoil != nil {
				tt.spoil(t, dir)
			}
			r, err := Open(dir, tt.opt)
			if err == nil {
				r.Close()
				t.Fatal("Open succeeded")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q, want one with %q", err, want)
				}
			}
		})
	}
}

func remove(name string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

func truncate(name string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, info.Size()*2/3); err != nil {
			t.Fatal(err)
		}
	}
}

func rewrite(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// A prompt that does not fit is refused, with its length, and the next query is answered.
func TestPromptTooLong(t *testing.T) {
	r := openTest(t, Tiles, "fp32", Options{MaxNewTokens: 3})
	q := refereetest.Query(40, 30, false, 1)
	q.Instruction = strings.Repeat("mug ", 5000)
	if _, err := r.Point(t.Context(), q); err == nil || !strings.Contains(err.Error(), "a prompt of") {
		t.Errorf("error %v, want one about the prompt's length", err)
	}
	point(t, r, refereetest.Query(40, 30, false, 1))
}

// Any bytes as roborefer.json: an error or numbers that sizes can be computed from.
func FuzzParseConfig(f *testing.F) {
	if b, err := os.ReadFile("../../.cache/parity/tiles/fp32/roborefer.json"); err == nil {
		f.Add(b)
	}
	f.Add([]byte(`{"variant":"dynamic_s2","tile_size":448,"s2_scales":[448,896,1344]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseConfig(data)
		if err != nil {
			return
		}
		if c.tokensPerTile() < 1 || c.maxPositions() < 1 || len(c.graphs(onnx.Float32)) < 4 {
			t.Fatalf("%+v", c)
		}
		p := picture{5, 3, 3, make([]byte, 45)}
		if c.TileSize <= 64 {
			c.tiles(p)
		}
	})
}

// The tiny model's budget is 60 ms for a query. This is a smaller one; REFARENA_MODEL names another folder.
func BenchmarkPoint(b *testing.B) {
	var r *Referee
	if dir := os.Getenv("REFARENA_MODEL"); dir != "" {
		var err error
		if r, err = Open(dir, Options{MaxNewTokens: 14}); err != nil {
			b.Fatal(err)
		}
		defer r.Close()
	} else {
		r = openTest(b, Tiles, "int8", Options{MaxNewTokens: 14})
	}
	q := refereetest.Query(448, 448, true, 1)
	frame := 0
	b.Run("new frame", func(b *testing.B) {
		defer reportCPU(b)()
		for b.Loop() {
			frame++
			q.RGB[0], q.RGB[1], q.RGB[2] = byte(frame), byte(frame>>8), byte(frame>>16)
			q.Depth[500] = 0.5 + float32(frame)/1e4
			point(b, r, q)
		}
	})
	b.Run("second question", func(b *testing.B) {
		defer reportCPU(b)()
		for i := 0; b.Loop(); i++ {
			q.Instruction = "Please point out cup number " + string(rune('a'+i%26)) + "."
			point(b, r, q)
		}
	})
}

// reportCPU reports the processor time of the process: on a machine with other work it says more than the wall time.
func reportCPU(b *testing.B) func() {
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	start := used()
	return func() { b.ReportMetric((used()-start).Seconds()/float64(b.N), "cpu-s/op") }
}
