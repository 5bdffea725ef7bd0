package refspatial

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/refarena/refarena/sim"
)

// The official score and outcome of 5,000 answers are those of testdata/official.py, to the last bit, and so are the means.
func TestOfficialScores(t *testing.T) {
	f, err := os.Open("testdata/official.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	masks := map[string]sim.Region{}
	counts := map[Outcome]int{}
	bad := 0
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var want struct {
			Grammar       Grammar
			Mask, Text    string
			Outcome       Outcome
			Value         float64
			Values, Means []float64
		}
		if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		for n, mean := range want.Means {
			if got := Mean(want.Values[:n+1]); got != mean {
				t.Fatalf("Mean of %d values = %v, want %v", n+1, got, mean)
			}
		}
		if want.Values != nil {
			counts["means"] = len(want.Means)
			continue
		}
		mask, ok := masks[want.Mask]
		if !ok {
			data, err := os.ReadFile(filepath.Join("testdata/masks", want.Mask))
			if err == nil {
				mask, err = decodeMask(data)
			}
			if err != nil {
				t.Fatal(err)
			}
			masks[want.Mask] = mask
		}
		counts[want.Outcome]++
		if got := Official(want.Grammar, want.Text, mask); got.Outcome != want.Outcome || got.Value != want.Value {
			if bad++; bad <= 10 {
				t.Errorf("Official(%s, %.300q, %s %d×%d) = %s %v (%s), want %s %v", want.Grammar, want.Text, want.Mask, mask.Width, mask.Height,
					got.Outcome, got.Value, got.Reason, want.Outcome, want.Value)
			}
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if bad > 0 {
		t.Errorf("%d answers differ", bad)
	}
	if n := counts[Scored] + counts[Dropped] + counts[Crashed]; n != 5000 || counts[Dropped] < 100 || counts[Crashed] < 100 || counts["means"] != 1000 {
		t.Errorf("testdata has %v, want 5,000 answers with 100 or more of each outcome, and 1,000 means", counts)
	}
	t.Log(counts)
}

// Intervals hold their mean, shrink with the number of samples, and those of an average are between the two.
func TestIntervals(t *testing.T) {
	var few, many []float64
	for i := range 400 {
		v := []float64{0, 0.5, 1, 1}[i%4]
		if many = append(many, v); i < 40 {
			few = append(few, v)
		}
	}
	l1, h1 := Bootstrap(few)
	l2, h2 := Bootstrap(many)
	// The standard error of the mean of 400 is 0.4146 / 20 = 0.0207.
	if !(l1 < l2 && l2 < 0.625 && 0.625 < h2 && h2 < h1) || math.Abs(h2-l2-2*1.96*0.0207) > 0.005 {
		t.Errorf("40: %.3f … %.3f, 400: %.3f … %.3f", l1, h1, l2, h2)
	}
	if l, h := Bootstrap(nil); l != 0 || h != 1 {
		t.Errorf("none: %v … %v", l, h)
	}
	a := Average(Estimate{1, 0.44, 1}, Estimate{0, 0, 0.56})
	if a.Score != 0.5 || math.Abs(a.Low-0.22) > 1e-12 || math.Abs(a.High-0.78) > 1e-12 {
		t.Errorf("Average() = %+v", a)
	}
}

func FuzzOfficial(f *testing.F) {
	for _, g := range []byte{0, 1, 2, 3} {
		for _, text := range []string{"[(0.341, 0.510)]", "(1, 2, 30, 40)", `<points x1="61.5" y1="40.4"/>`, "```json\n[{\"point\": [438, 330]}]\n```", "(٣, ٤)"} {
			f.Add(g, text)
		}
	}
	mask := sim.Region{Width: 8, Height: 6, Mask: make([]bool, 48)}
	for i := range mask.Mask {
		mask.Mask[i] = i%2 == 0
	}
	f.Fuzz(func(t *testing.T, g byte, text string) {
		s := Official(Grammars()[int(g)%4], text, mask)
		if !(s.Value >= 0 && s.Value <= 1) || s.Hits > s.Points || s.Outcome != Scored && (s.Value != 0 || s.Reason == "") {
			t.Errorf("Official(%d, %q) = %+v", g, text, s)
		}
	})
}
