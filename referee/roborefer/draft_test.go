package roborefer

import (
	"slices"
	"testing"

	"github.com/refarena/refarena/referee/refereetest"
)

func TestDrafter(t *testing.T) {
	// One token for each character.
	d := newDrafter(func(s string) (ids []int) {
		for _, r := range s {
			ids = append(ids, int(r))
		}
		return ids
	})
	for _, tt := range []struct {
		answer string
		limit  int
		want   string
	}{
		{"", 9, "[(0."},
		{"[", 9, "(0."},
		{"[(0.", 9, ""},
		{"[(0.34", 9, ""},
		{"[(0.341", 9, ", 0."},
		{"[(0.341", 2, ", "},
		{"[(0.341", 0, ""},
		{"[(0.34)", 9, ", 0."}, // any token may be a choice: the decoder says no
		{"[(0.341, 0.510", 9, ")]"},
		{"[(0.341, 0.510)]", 9, ""},
		{"[(1.0", 9, ""},
		{"<think>", 9, ""},
		{"<think>Step1: [Position] [the cup]: [(0.129, 0.617", 9, ")]"},
		{"a long answer without any brackets", 9, ""},
	} {
		var answer []int
		for _, r := range tt.answer {
			answer = append(answer, int(r))
		}
		got := ""
		for _, id := range d.next(answer, tt.limit) {
			got += string(rune(id))
		}
		if got != tt.want {
			t.Errorf("next(%q, %d) = %q, want %q", tt.answer, tt.limit, got, tt.want)
		}
	}
	if d := newDrafter(func(s string) []int { return make([]int, int(s[4]-'0')) }); d.next(nil, 9) != nil {
		t.Error("a tokenizer that makes one answer longer than the other gets drafts")
	}
}

// Drafts change no answer, whether they are right or, as with random weights, all wrong; and one that is right saves a run of the decoder.
func TestDraftsChangeNothing(t *testing.T) {
	for _, v := range []Variant{Tiles, DynamicS2} {
		plain := openTest(t, v, "fp32", Options{Engines: 1, MaxNewTokens: 12})
		plain.m.draft = drafter{}
		wrong := openTest(t, v, "fp32", Options{Engines: 1, MaxNewTokens: 12})
		right := openTest(t, v, "fp32", Options{Engines: 1, MaxNewTokens: 12})
		for seed := range uint64(6) {
			q := refereetest.Query(90, 60, seed%2 == 0, seed)
			ids := plain.newJob(t.Context(), q, q.Instruction)
			if err := plain.submit(t.Context(), ids); err != nil {
				t.Fatal(err)
			}
			want := ids.answer
			// The form is the answer itself, with some tokens left to the model and one that is wrong.
			form, chosen := slices.Clone(want), make([]bool, len(want))
			for i := range chosen {
				chosen[i] = i%4 == 3
			}
			if len(form) > 9 {
				form[9]++
			}
			right.m.draft = drafter{form, chosen}
			for _, r := range []*Referee{wrong, right} {
				j := r.newJob(t.Context(), q, q.Instruction)
				if err := r.submit(t.Context(), j); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(j.answer, want) || j.capped != ids.capped {
					t.Errorf("%s, seed %d: %v with drafts, want %v", v, seed, j.answer, want)
				}
			}
		}
		if a, b := plain.Stats(), right.Stats(); b.DecodeSteps >= a.DecodeSteps*2/3 {
			t.Errorf("%s: %d runs of the decoder with drafts that are mostly right, %d without", v, b.DecodeSteps, a.DecodeSteps)
		}
	}
}
