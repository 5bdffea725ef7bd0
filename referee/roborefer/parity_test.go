package roborefer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/referee/onnx"
)

// A parityCase is what PyTorch made of one query to a small model of random weights, RoboRefer written from stock Hugging Face modules
// (train/model.py): see train/parity.py golden.
type parityCase struct {
	Variant Variant
	W, H    int
	Depth   bool
	Seed    uint32
	Text    string

	IDs         []int `json:"ids"`
	Tiles       int
	TilesSHA256 string    `json:"tiles_sha256"`
	Splice      []float32 // the sum over the channels of each position of inputs_embeds
	Answer      []int
	Reply       string
	Margin      float32 // least difference of the two best logits of any step
	Logits      []byte  // float32, of the first step
	Best        []float32
}

func (c parityCase) name() string {
	return fmt.Sprintf("%s %d×%d depth %t", c.Variant, c.W, c.H, c.Depth)
}

func (c parityCase) query() referee.Query {
	q := referee.Query{Width: c.W, Height: c.H, RGB: testPicture(c.W, c.H, 3, c.Seed).pix, Instruction: c.Text, Verbatim: true}
	if c.Depth {
		q.Depth = testDepth(c.W, c.H, c.Seed)
	}
	return q
}

// PyTorch and the graphs in this runtime agree: the same tiles bit for bit, the same token ids, the same spliced sequence, logits within 1e-3 and
// the same greedy answer, for 24 combinations of size, depth and prompt with each variant.
func TestParityWithPyTorch(t *testing.T) {
	const steps, tolerance = 10, 1e-3
	dir := parityModels(t)
	var cases []parityCase
	readJSON(t, "parity.json", &cases)
	count := map[Variant]int{}
	var worst, worstSplice float64
	for _, v := range []Variant{Tiles, DynamicS2} {
		r, err := Open(filepath.Join(dir, string(v), "fp32"), Options{Engines: 1, MaxNewTokens: steps})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		e := r.engines[0]
		for _, c := range cases {
			if c.Variant != v {
				continue
			}
			count[v]++
			var logits [][]float32
			var splice []float32
			r.m.onLogits = func(s []float32) { logits = append(logits, slices.Clone(s)) }
			r.m.onPrompt = func(n int) {
				h := r.m.cfg.Decoder.Hidden
				x := make([]float32, n*h)
				if err := onnx.Read(e.prompt, 0, x); err != nil {
					t.Fatal(err)
				}
				for i := range n {
					sum := float32(0)
					for _, v := range x[i*h : (i+1)*h] {
						sum += v
					}
					splice = append(splice, sum)
				}
			}
			q := c.query()
			j := r.newJob(t.Context(), q, c.Text)
			if !slices.Equal(j.ids, c.IDs) {
				t.Errorf("%s: ids %v, want %v", c.name(), j.ids, c.IDs)
			}
			h := sha256.New()
			for _, tile := range j.pixels[colour] {
				h.Write(tile.pix)
			}
			if sum := hex.EncodeToString(h.Sum(nil)); len(j.pixels[colour]) != c.Tiles || sum != c.TilesSHA256 {
				t.Errorf("%s: %d tiles, hash %.8s, want %d, %.8s", c.name(), len(j.pixels[colour]), sum, c.Tiles, c.TilesSHA256)
			}
			e.do(func() { e.state = make([]rowState, e.rows) }) // no prefix of the case before, so that all of the sequence is seen
			if err := r.submit(t.Context(), j); err != nil {
				t.Fatalf("%s: %v", c.name(), err)
			}
			if len(splice) != len(c.Splice) {
				t.Errorf("%s: %d positions, want %d", c.name(), len(splice), len(c.Splice))
				continue
			}
			for i, s := range splice {
				worstSplice = max(worstSplice, math.Abs(float64(s-c.Splice[i])))
			}
			want := make([]float32, len(c.Logits)/4)
			if _, err := binary.Decode(c.Logits, binary.LittleEndian, want); err != nil {
				t.Fatal(err)
			}
			if len(want) != len(logits[0]) || len(logits) != len(c.Best) {
				t.Errorf("%s: %d steps of %d logits, want %d of %d", c.name(), len(logits), len(logits[0]), len(c.Best), len(want))
				continue
			}
			for i, w := range want {
				worst = max(worst, math.Abs(float64(logits[0][i]-w)))
			}
			for i, w := range c.Best {
				worst = max(worst, math.Abs(float64(slices.Max(logits[i])-w)))
			}
			if !slices.Equal(j.answer, c.Answer) {
				t.Errorf("%s: answer %v, want %v (margin %g)", c.name(), j.answer, c.Answer, c.Margin)
			}
			if got := strip(r.m.tok.Decode(j.answer)); got != c.Reply {
				t.Errorf("%s: reply %q, want %q", c.name(), got, c.Reply)
			}
		}
	}
	if worst > tolerance || worstSplice > tolerance {
		t.Errorf("logits differ by up to %.2g, sums of the sequence's embeddings by up to %.2g (want at most %g)", worst, worstSplice, tolerance)
	}
	if count[Tiles] < 20 || count[DynamicS2] < 20 {
		t.Errorf("%v cases, want 20 of each", count)
	}
	t.Logf("%v cases; logits within %.2g, sums of embeddings within %.2g", count, worst, worstSplice)
}
