package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/refarena/refarena/assets"
	"github.com/refarena/refarena/referee/roborefer"
	"github.com/refarena/refarena/scenes"
)

// The embedded model's words are those of the catalogue: labels for what its towers learn to tell apart, and tokens that are whole words. A new
// object makes this fail, for a model that has never heard of it: `python train/vocabulary.py` says how the files are made, and a training must follow.
func TestVocabulary(t *testing.T) {
	data, err := os.ReadFile("../../train/tiny/labels.json")
	if err != nil {
		t.Fatal(err)
	}
	var labels struct{ Names, Colors []string }
	if err := json.Unmarshal(data, &labels); err != nil {
		t.Fatal(err)
	}
	var names, colors []string
	words := map[string]bool{}
	for _, d := range scenes.Catalogue() {
		names = append(names, d.Name)
		colors = append(colors, d.Colors...)
		nouns := slices.Concat(d.Names, []string{d.Front})
		for _, p := range d.Parts() {
			if p.Name != "body" { // which nobody says
				nouns = append(nouns, p.Name)
			}
		}
		for _, w := range strings.Fields(strings.Join(append(nouns, colors...), " ")) {
			words[w] = true
		}
	}
	slices.Sort(names)
	slices.Sort(colors)
	if colors = slices.Compact(colors); !slices.Equal(names, labels.Names) || !slices.Equal(colors, labels.Colors) {
		t.Errorf("the catalogue has %v in %v, train/tiny/labels.json %v in %v", names, colors, labels.Names, labels.Colors)
	}
	text, err := os.ReadFile("../../train/tiny/tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	if shipped, err := fs.ReadFile(assets.Referee(), "tokenizer.json"); err != nil || !bytes.Equal(text, shipped) {
		t.Errorf("train/tiny/tokenizer.json is not the embedded model's (error %v)", err)
	}
	tokenizer, err := roborefer.ParseTokenizer(text)
	if err != nil {
		t.Fatal(err)
	}
	if len(words) < 200 {
		t.Fatalf("%d words in the catalogue", len(words))
	}
	for w := range words {
		if ids := tokenizer.Encode(" " + w); len(ids) > 1+strings.Count(w, "-") {
			t.Errorf("%q is %d tokens, want a word of the vocabulary", w, len(ids))
		}
	}
}
