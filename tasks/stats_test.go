package tasks

import (
	"math"
	"testing"
)

// Values of the score interval as in Newcombe (1998), table I, and at the borders.
func TestWilson(t *testing.T) {
	for _, tt := range []struct {
		k, n      int
		low, high float64
	}{
		{81, 263, 0.2553, 0.3662},
		{15, 148, 0.0624, 0.1605},
		{0, 20, 0, 0.1611},
		{1, 29, 0.0061, 0.1718},
		{29, 29, 0.8830, 1},
		{0, 0, 0, 1},
	} {
		low, high := Wilson(tt.k, tt.n)
		if math.Abs(low-tt.low) > 5e-5 || math.Abs(high-tt.high) > 5e-5 {
			t.Errorf("Wilson(%d, %d) = %.4f, %.4f, want %.4f, %.4f", tt.k, tt.n, low, high, tt.low, tt.high)
		}
	}
}

// Values of the exact test: by hand (2·(1 + 10)/2¹⁰), the example of Fagerland, Lydersen and Laake (2013), table 1 (1 and 7 of 21: p = 0.070), and
// no difference at all.
func TestMcNemar(t *testing.T) {
	for _, tt := range []struct {
		a, b int
		want float64
	}{{1, 9, 22.0 / 1024}, {1, 7, 0.0703125}, {7, 1, 0.0703125}, {5, 5, 1}, {0, 0, 1}, {0, 6, 2.0 / 64}} {
		if p := McNemar(tt.a, tt.b); math.Abs(p-tt.want) > 1e-12 {
			t.Errorf("McNemar(%d, %d) = %g, want %g", tt.a, tt.b, p, tt.want)
		}
	}
}

// records are episodes of which those that are 1 succeeded; 2 are errors.
func outcomes(of string) []*Record {
	var out []*Record
	for i, c := range of {
		r := testRecord(uint64(i))
		switch c {
		case '1':
			r.Outcome, r.Progress = Success, 1
		case '2':
			r.Outcome = Error
		}
		out = append(out, r)
	}
	return out
}

func TestComparison(t *testing.T) {
	for _, tt := range []struct {
		name, a, b string
		verdict    Verdict
		pairs      int
		flipped    int
	}{
		{"better", "0000000011", "1111111111", Better, 10, 8},
		{"worse", "1111111111", "0000000011", Worse, 10, 8},
		{"too few", "00001111", "00011111", CannotTell, 8, 1},
		{"equal", "0101", "0101", CannotTell, 4, 0},
		{"errors are left out", "2201", "1121", CannotTell, 1, 0},
	} {
		c := &Comparison{}
		c.pair(outcomes(tt.a), outcomes(tt.b))
		if c.Verdict != tt.verdict || c.Pairs != tt.pairs || len(c.Flipped) != tt.flipped || c.Low > c.Difference || c.High < c.Difference {
			t.Errorf("%s: %+v, want %s of %d pairs, %d flipped", tt.name, c, tt.verdict, tt.pairs, tt.flipped)
		}
	}
	c := &Comparison{}
	c.pair(outcomes("00001111"), outcomes("00011111"))
	// Connor (1987): (1.96·√⅛ + 0.8416·√(⅛ - 1/64))²/(1/64) = 60.2
	if c.More != 61-8 {
		t.Errorf("one flip of 8 asks for %d more, want %d", c.More, 61-8)
	}
	if c.pair(nil, nil); c.P != 1 {
		t.Errorf("no pairs: p = %g, want 1", c.P)
	}
}

func TestShards(t *testing.T) {
	seen := map[uint64]int{}
	for i := range 3 {
		for _, seed := range (Shard{i + 1, 3}).Seeds(10, 7) {
			seen[seed]++
		}
	}
	for seed := uint64(10); seed < 17; seed++ {
		if seen[seed] != 1 {
			t.Errorf("seed %d is in %d of three shards, want 1", seed, seen[seed])
		}
	}
	if len(seen) != 7 {
		t.Errorf("%d seeds in three shards of 7", len(seen))
	}
	for _, bad := range []string{"0/3", "4/3", "1", "/", "a/b", "1/0", "-1/2", "1/2/3"} {
		if s, err := ParseShard(bad); err == nil {
			t.Errorf("ParseShard(%q) = %v, want an error", bad, s)
		}
	}
}

func TestCompareDesigns(t *testing.T) {
	episode := func(seed uint64, kind string, outcome Outcome) *Record {
		return &Record{
			Seed: seed, Outcome: outcome,
			Scene: SceneRecord{Objects: []ObjectRecord{{Phrase: "the red mug", Kind: "mug"}, {Phrase: "the blue " + kind, Kind: kind}}},
			Steps: []StepRecord{{Skill: "pick", Referent: "the blue " + kind}, {Skill: "place", Referent: "the red mug"}},
		}
	}
	runs := [2][]*Record{
		{episode(1, "can", Success), episode(2, "pen_holder", Success), episode(3, "can", Success), episode(4, "pen_holder", Failure)},
		{episode(1, "can", Success), episode(2, "pen_holder", Failure), episode(3, "can", Failure)},
	}
	o := CompareOptions{Designs: []string{"can", "mug"}}
	c := &Comparison{Beside: o.leaveOut(&runs)}
	c.pair(runs[0], runs[1])
	if c.Beside != 2 || c.Pairs != 2 || c.Both != 1 || c.OnlyA != 1 || c.Unpaired != 0 {
		t.Errorf("%+v, want 2 left out, 2 pairs, one of them won by A only", c)
	}
}
