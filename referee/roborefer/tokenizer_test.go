package roborefer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// The same strings as train/parity.py's string().
var testRanges = [][2]rune{
	{0x20, 0x7E}, {0x61, 0x7A}, {0x30, 0x39}, {0x9, 0xD}, {0x20, 0x20}, {0xA, 0xA}, {0x80, 0xFF}, {0x100, 0x17F}, {0x300, 0x36F}, {0x370, 0x3FF}, {0x400, 0x4FF},
	{0x5D0, 0x5EA}, {0x620, 0x669}, {0x900, 0x97F}, {0xE00, 0xE3A}, {0x1100, 0x11FF}, {0x2000, 0x206F}, {0x20A0, 0x20BF}, {0x2150, 0x218B}, {0x3000, 0x30FF}, {0x4E00, 0x9FA5},
	{0xAC00, 0xD7A3}, {0xFB00, 0xFB06}, {0xFF00, 0xFFEF}, {0x1D400, 0x1D7FF}, {0x1F300, 0x1F64F}, {0x1F1E6, 0x1F1FF}, {0x212B, 0x212B}, {0x1C, 0x1F}, {0xFE0F, 0xFE0F},
}

var testPieces = []string{
	"'s", "'S", "'ſ", "'re", "'LL", "n't", "  ", "   \n", "\r\n", "\n\n", " \n \n", "0.341", "[(0.", ", 0.", ")]", "<|im_end|>", "<image>", "<image", "<depth>\n", "<think>", "</answer>",
	"\u00a0", "\u3000", "Please point", " the", "é", "e\u0301", "\u1e9b\u0323", "한", "ﬁ", "👩‍🚀", "...",
}

func testString(i int) string {
	r := random(uint32(i)*2654435761 + 12345)
	var b strings.Builder
	for range 1 + r.n(12) {
		if r.n(4) == 0 {
			b.WriteString(testPieces[r.n(len(testPieces))])
			continue
		}
		k := testRanges[r.n(len(testRanges))]
		for range 1 + r.n(5) {
			b.WriteRune(k[0] + rune(r.n(int(k[1]-k[0])+1)))
		}
	}
	return b.String()
}

// 20,000 strings give the ids, and the ids the texts, of Hugging Face's tokenizers, whose hashes are in testdata (train/parity.py strings).
func TestTokenizerIsHuggingFaces(t *testing.T) {
	for _, tt := range []struct{ tokenizer, sums string }{
		{"testdata/tokenizer.json", "strings.json"},
		{"../../.cache/qwen/tokenizer.json", "strings_qwen.json"},
	} {
		t.Run(tt.sums, func(t *testing.T) {
			data, err := os.ReadFile(tt.tokenizer)
			if os.IsNotExist(err) {
				t.Skipf("no %s: run `make parity`", tt.tokenizer)
			}
			if err != nil {
				t.Fatal(err)
			}
			tok, err := ParseTokenizer(data)
			if err != nil {
				t.Fatal(err)
			}
			var sums []string
			readJSON(t, tt.sums, &sums)
			if len(sums) != 200 {
				t.Fatalf("%d hashes, want 200", len(sums))
			}
			for block, want := range sums {
				h := sha256.New()
				for i := block * 100; i < block*100+100; i++ {
					ids := tok.Encode(testString(i))
					fmt.Fprintf(h, "%s\n", strings.Trim(fmt.Sprint(ids), "[]"))
					fmt.Fprintf(h, "%s\n", tok.Decode(ids))
					fmt.Fprintf(h, "%s\n", tok.Decode(ids[len(ids)/3:len(ids)*2/3]))
				}
				if got := hex.EncodeToString(h.Sum(nil))[:16]; got != want {
					t.Errorf("strings %d to %d: %s, want %s", block*100, block*100+99, got, want)
				}
			}
		})
	}
}

// The golden vectors of the released models' vocabulary.
func TestQwen2Tokens(t *testing.T) {
	data, err := os.ReadFile("../../.cache/qwen/tokenizer.json")
	if os.IsNotExist(err) {
		t.Skip("no .cache/qwen/tokenizer.json: run `make parity`")
	}
	if err != nil {
		t.Fatal(err)
	}
	tok, err := ParseTokenizer(data)
	if err != nil {
		t.Fatal(err)
	}
	if tok.Size() != 151652 {
		t.Errorf("%d ids, want 151652", tok.Size())
	}
	for _, tt := range []struct {
		text string
		want []int
	}{
		{"<|im_start|>system\nYou are a helpful assistant<|im_end|>\n<|im_start|>user\n", []int{151644, 8948, 198, 2610, 525, 264, 10950, 17847, 151645, 198, 151644, 872, 198}},
		{"<|im_end|>\n<|im_start|>assistant\n", []int{151645, 198, 151644, 77091, 198}},
		{"<image>\n<image>\n<image>\n <depth>\n<depth>\n<depth>\n\nPlease point", []int{151649, 198, 151649, 198, 151649, 198, 220, 151651, 198, 151651, 198, 151651, 271, 5501, 1459}},
		{"[(0.341, 0.510)]", []int{9697, 15, 13, 18, 19, 16, 11, 220, 15, 13, 20, 16, 15, 7252}},
		{"<think>", []int{13708, 766, 29}},
		{"</think>", []int{522, 26865, 29}},
		{"<answer>", []int{27, 9217, 29}},
		{"</answer>", []int{522, 9217, 29}},
	} {
		if got := tok.Encode(tt.text); !slices.Equal(got, tt.want) {
			t.Errorf("Encode(%q) = %v, want %v", tt.text, got, tt.want)
		}
		if got := tok.Decode(tok.Encode(tt.text)); strings.Contains(tt.text, "<|") != (got != tt.text) && !strings.Contains(tt.text, "<image>") {
			t.Errorf("Decode(Encode(%q)) = %q", tt.text, got)
		}
	}
	if n := len(tok.Encode("[Position] [the leftmost cup]: [(0.129, 0.617)]")); n != 23 {
		t.Errorf("a step of reasoning has %d tokens, want 23", n)
	}
}

// One U+FFFD for each maximal part, as the Unicode standard's table 3-8 has it.
func TestLossy(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"a\xc3", "a\ufffd"},
		{"\xf0\x9f\x92", "\ufffd"},
		{"\xf0\x9f\x92a", "\ufffda"},
		{"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", "\ufffd\ufffd\ufffd\ufffdA"},
		{"\xc0\xaf\xe0\x80\xbf\xf0\x81\x82A", "\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffdA"},
		{"\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
		{"ok\ufffd", "ok\ufffd"},
	} {
		if got := lossy([]byte(tt.in)); got != tt.want {
			t.Errorf("lossy(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestParseTokenizerRefuses(t *testing.T) {
	good, err := os.ReadFile("testdata/tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, old, new, want string }{
		{"another model", `"type":"BPE"`, `"type":"Unigram"`, "want BPE"},
		{"another normalizer", `"type":"NFC"`, `"type":"NFKC"`, "not NFC"},
		{"another pattern", `\\p{N}|`, `\\p{N}{1,3}|`, "want Qwen2's pattern"},
		{"an id out of range", `"Ġthe":`, `"Ġthe":99`, "id 99"},
		{"no JSON", `{`, `[`, "tokenizer.json"},
	} {
		bad := strings.Replace(strings.NewReplacer(": ", ":", ", ", ",").Replace(string(good)), tt.old, tt.new, 1)
		if !strings.Contains(string(good), "\": ") {
			bad = strings.Replace(string(good), tt.old, tt.new, 1)
		}
		if _, err := ParseTokenizer([]byte(bad)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}

// Whatever the text, its ids give the text back, if it has no special token in it and is in NFC.
func FuzzTokenizer(f *testing.F) {
	tok := testTokenizer(f)
	for _, s := range testPieces {
		f.Add(s)
	}
	for i := range 50 {
		f.Add(testString(i))
	}
	f.Fuzz(func(t *testing.T, s string) {
		ids := tok.Encode(s)
		for _, id := range ids {
			if id < 0 || id >= tok.Size() {
				t.Fatalf("Encode(%q): id %d", s, id)
			}
		}
		back := tok.Decode(ids)
		if !utf8.ValidString(back) {
			t.Fatalf("Decode(Encode(%q)) = %q, no UTF-8", s, back)
		}
		if again := tok.Decode(tok.Encode(back)); again != back && !strings.Contains(back, "<") && !strings.Contains(back, "[") {
			t.Fatalf("%q became %q and that %q", s, back, again)
		}
	})
}

// Any bytes as tokenizer.json: an error or a tokenizer that works, never a panic.
func FuzzParseTokenizer(f *testing.F) {
	good, err := os.ReadFile("testdata/tokenizer.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"model":{"type":"BPE","vocab":{"a":1},"merges":["a a"]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if tok, err := ParseTokenizer(data); err == nil {
			tok.Decode(tok.Encode("Point at the red mug, it's <image> 0.341\n\n"))
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	tok := testTokenizer(b)
	text := strings.Repeat("Please point at the red mug between the two boxes. ", 20)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		tok.Encode(text)
	}
}
