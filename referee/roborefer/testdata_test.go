package roborefer

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// random is Knuth's linear congruential generator, as in train/parity.py.
type random uint32

func (r *random) n(n int) int {
	*r = *r*1664525 + 1013904223
	return int(uint32(*r)>>8) % n
}

// testPicture is train/parity.py's picture().
func testPicture(w, h, channels int, seed uint32) picture {
	r := random(seed)
	p := newPicture(w, h, channels)
	for y := range h {
		for x := range w {
			block := 0
			if x >= w/3 && x < w/2 && y >= h/4 && y < h/2 {
				block = 90
			}
			for c := range channels {
				p.pix[(y*w+x)*channels+c] = byte(x*160/w + y*60/h*(c+1) + block + r.n(40))
			}
		}
	}
	return p
}

// testDepth is train/parity.py's depth() [m].
func testDepth(w, h int, seed uint32) []float32 {
	r := random(seed)
	d := make([]float32, w*h)
	for y := range h {
		for x := range w {
			v := 400 + y*500/h + r.n(60)
			if x > 0 && y > 0 || w < 3 || h < 3 {
				d[y*w+x] = float32(v) / 1000
			}
		}
	}
	return d
}

func readJSON(t testing.TB, name string, v any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// parityModels is where `make parity` puts the small models. Tests that want them skip without, and say so.
func parityModels(t testing.TB) string {
	t.Helper()
	dir := filepath.Join("..", "..", ".cache", "parity")
	if _, err := os.Stat(filepath.Join(dir, "dynamic_s2", "int4", "roborefer.json")); err != nil {
		t.Skip("no models in .cache/parity: run `make parity`")
	}
	return dir
}

func testTokenizer(t testing.TB) *Tokenizer {
	t.Helper()
	b, err := os.ReadFile("testdata/tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	tok, err := ParseTokenizer(b)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}
