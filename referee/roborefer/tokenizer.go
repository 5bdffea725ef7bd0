package roborefer

import (
	"cmp"
	"container/heap"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A Tokenizer is Qwen2's: byte-level byte-pair encoding behind NFC and a fixed pre-tokeniser, with special tokens that are found first. It
// gives the ids that Hugging Face's tokenizers gives for the same tokenizer.json. It is read-only and safe for concurrent use.
//
// There are Go libraries for this, but those that reproduce this pre-tokeniser (it needs look-ahead, which Go's regexp leaves out) are
// bindings to the Rust library or carry a second regular-expression engine; the scanner below is 60 lines.
type Tokenizer struct {
	vocab    map[string]int // in byte-level letters
	texts    [][]byte       // by id, as bytes
	special  []bool         // by id: left out of decoded text
	bytes    [256]int       // id of each single byte
	merges   map[[2]int]merge
	added    []addedToken // found in the text as it is, longest first
	addedNFC []addedToken // found after NFC
}

type merge struct{ rank, id int }

type addedToken struct {
	text string
	id   int
}

// qwen2Split is the pre-tokeniser that the scanner implements.
const qwen2Split = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`

// A tokenizerFile is what matters of tokenizer.json.
type tokenizerFile struct {
	AddedTokens []struct {
		ID         int    `json:"id"`
		Content    string `json:"content"`
		Special    bool   `json:"special"`
		Normalized bool   `json:"normalized"`
		LStrip     bool   `json:"lstrip"`
		RStrip     bool   `json:"rstrip"`
		SingleWord bool   `json:"single_word"`
	} `json:"added_tokens"`
	Normalizer   *struct{ Type string } `json:"normalizer"`
	PreTokenizer *preTokenizer          `json:"pre_tokenizer"`
	Model        struct {
		Type         string            `json:"type"`
		Vocab        map[string]int    `json:"vocab"`
		Merges       []json.RawMessage `json:"merges"`
		ByteFallback bool              `json:"byte_fallback"`
		IgnoreMerges bool              `json:"ignore_merges"`
		Prefix       *string           `json:"continuing_subword_prefix"`
		Suffix       *string           `json:"end_of_word_suffix"`
		Dropout      *float64          `json:"dropout"`
	} `json:"model"`
}

type preTokenizer struct {
	Type           string         `json:"type"`
	PreTokenizers  []preTokenizer `json:"pretokenizers"`
	Pattern        struct{ Regex string }
	Behavior       string `json:"behavior"`
	Invert         bool   `json:"invert"`
	AddPrefixSpace bool   `json:"add_prefix_space"`
	UseRegex       *bool  `json:"use_regex"`
}

// ParseTokenizer reads a tokenizer.json. The error says what in it is not Qwen2's kind.
func ParseTokenizer(data []byte) (*Tokenizer, error) {
	var f tokenizerFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("roborefer: tokenizer.json: %w", err)
	}
	t, err := newTokenizer(&f)
	if err != nil {
		return nil, fmt.Errorf("roborefer: tokenizer.json: %w", err)
	}
	return t, nil
}

func newTokenizer(f *tokenizerFile) (*Tokenizer, error) {
	m := &f.Model
	switch p := f.PreTokenizer; {
	case m.Type != "BPE" && m.Type != "":
		return nil, fmt.Errorf("a model of type %q (want BPE)", m.Type)
	case m.ByteFallback || m.IgnoreMerges || m.Dropout != nil || m.Prefix != nil && *m.Prefix != "" || m.Suffix != nil && *m.Suffix != "":
		return nil, fmt.Errorf("the BPE has byte_fallback, ignore_merges, dropout, a prefix or a suffix (want none)")
	case f.Normalizer == nil || f.Normalizer.Type != "NFC":
		return nil, fmt.Errorf("the normalizer is not NFC")
	case p == nil || p.Type != "Sequence" || len(p.PreTokenizers) != 2 || p.PreTokenizers[0].Type != "Split" || p.PreTokenizers[1].Type != "ByteLevel":
		return nil, fmt.Errorf("the pre_tokenizer is not Split, then ByteLevel")
	case p.PreTokenizers[0].Pattern.Regex != qwen2Split || p.PreTokenizers[0].Invert || p.PreTokenizers[0].Behavior != "Isolated":
		return nil, fmt.Errorf("the pre_tokenizer splits by %q (want Qwen2's pattern, isolated)", p.PreTokenizers[0].Pattern.Regex)
	case p.PreTokenizers[1].AddPrefixSpace || p.PreTokenizers[1].UseRegex == nil || *p.PreTokenizers[1].UseRegex:
		return nil, fmt.Errorf("ByteLevel adds a space or splits once more (want neither)")
	}
	t := &Tokenizer{vocab: m.Vocab, merges: make(map[[2]int]merge, len(m.Merges))}
	size := len(m.Vocab) + len(f.AddedTokens)
	put := func(id int, text []byte, special bool) error {
		if id < 0 || id >= maxVocab || id > 2*size+1024 {
			return fmt.Errorf("id %d for %.40q among %d entries", id, text, size)
		}
		for len(t.texts) <= id {
			t.texts, t.special = append(t.texts, nil), append(t.special, false)
		}
		t.texts[id], t.special[id] = text, special
		return nil
	}
	for word, id := range m.Vocab { // their order does not matter: each has its own id
		if err := put(id, unletter(word), false); err != nil {
			return nil, err
		}
	}
	for b := range 256 {
		id, ok := m.Vocab[string(letters[b])]
		if !ok {
			return nil, fmt.Errorf("no entry for byte %#02x (%q)", b, letters[b])
		}
		t.bytes[b] = id
	}
	for rank, raw := range m.Merges {
		a, b, err := parseMerge(raw)
		if err != nil {
			return nil, fmt.Errorf("merge %d: %w", rank, err)
		}
		ida, oka := m.Vocab[a]
		idb, okb := m.Vocab[b]
		id, ok := m.Vocab[a+b]
		if !oka || !okb || !ok {
			return nil, fmt.Errorf("merge %d, %.40q and %.40q: not all in the vocabulary", rank, a, b)
		}
		t.merges[[2]int{ida, idb}] = merge{rank, id}
	}
	for _, a := range f.AddedTokens {
		if a.LStrip || a.RStrip || a.SingleWord || a.Content == "" {
			return nil, fmt.Errorf("added token %q: lstrip, rstrip, single_word or empty (want none)", a.Content)
		}
		if err := put(a.ID, []byte(a.Content), a.Special); err != nil {
			return nil, err
		}
		if a.Normalized {
			t.addedNFC = append(t.addedNFC, addedToken{norm.NFC.String(a.Content), a.ID})
		} else {
			t.added = append(t.added, addedToken{a.Content, a.ID})
		}
	}
	for _, s := range [][]addedToken{t.added, t.addedNFC} {
		slices.SortStableFunc(s, func(a, b addedToken) int { return cmp.Compare(len(b.text), len(a.text)) })
	}
	return t, nil
}

// parseMerge reads "a b" or ["a", "b"], as older and newer files have it.
func parseMerge(raw json.RawMessage) (a, b string, err error) {
	var pair [2]string
	if len(raw) > 0 && raw[0] == '[' {
		err = json.Unmarshal(raw, &pair)
		return pair[0], pair[1], err
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", "", err
	}
	a, b, ok := strings.Cut(s, " ")
	if !ok {
		return "", "", fmt.Errorf("%.40q (want two words)", s)
	}
	return a, b, nil
}

// ID is the id of the added token or vocabulary entry with this text; ok is false if there is none.
func (t *Tokenizer) ID(token string) (id int, ok bool) {
	for _, list := range [][]addedToken{t.added, t.addedNFC} {
		for _, a := range list {
			if a.text == token {
				return a.id, true
			}
		}
	}
	id, ok = t.vocab[letter(token)]
	return id, ok
}

// Size is one more than the largest id.
func (t *Tokenizer) Size() int { return len(t.texts) }

// Encode is the ids of text. Invalid UTF-8 counts as U+FFFD.
func (t *Tokenizer) Encode(text string) []int {
	text = strings.ToValidUTF8(text, "\uFFFD")
	var ids []int
	split(text, t.added, func(part string, id int) {
		if id >= 0 {
			ids = append(ids, id)
			return
		}
		split(norm.NFC.String(part), t.addedNFC, func(part string, id int) {
			if id >= 0 {
				ids = append(ids, id)
				return
			}
			for part != "" {
				n := pretoken(part)
				ids = t.encodeWord(ids, part[:n])
				part = part[n:]
			}
		})
	})
	return ids
}

// split calls visit for each of the tokens in s, the leftmost and of those the longest first, and with id -1 for the text between them.
func split(s string, tokens []addedToken, visit func(part string, id int)) {
	var firsts [256]bool
	for _, a := range tokens {
		firsts[a.text[0]] = true
	}
	start := 0
	for i := 0; i < len(s); {
		if !firsts[s[i]] {
			i++
			continue
		}
		k := slices.IndexFunc(tokens, func(a addedToken) bool { return strings.HasPrefix(s[i:], a.text) })
		if k < 0 {
			i++
			continue
		}
		if i > start {
			visit(s[start:i], -1)
		}
		visit(tokens[k].text, tokens[k].id)
		i += len(tokens[k].text)
		start = i
	}
	if start < len(s) {
		visit(s[start:], -1)
	}
}

// pretoken is the length of the first match of qwen2Split in s, which is not empty. Its alternatives are tried in their order.
func pretoken(s string) int {
	r, n := utf8.DecodeRuneInString(s)
	next, nextLen := utf8.DecodeRuneInString(s[n:])
	if nextLen == 0 {
		next = 0
	}
	if r == '\'' {
		if k := contraction(s[n:]); k > 0 {
			return n + k
		}
	}
	switch {
	case isLetter(r):
		return run(s, 0, isLetter)
	case r != '\r' && r != '\n' && !isNumber(r) && nextLen > 0 && isLetter(next):
		return run(s, n, isLetter)
	case isNumber(r):
		return n
	}
	start := -1
	if isMark(r) {
		start = 0
	} else if r == ' ' && nextLen > 0 && isMark(next) {
		start = n
	}
	if start >= 0 {
		return run(s, run(s, start, isMark), isLineEnd)
	}
	end := run(s, 0, isSpace) // what is left is white space
	if k := strings.LastIndexAny(s[:end], "\r\n"); k >= 0 {
		return k + 1
	}
	if _, last := utf8.DecodeLastRuneInString(s[:end]); end < len(s) && end > last {
		return end - last
	}
	return end
}

// contraction is the length of 's, 't, 're, 've, 'm, 'll or 'd after the apostrophe, in either case, or 0.
func contraction(s string) int {
	r, n := utf8.DecodeRuneInString(s)
	switch unicode.ToLower(r) {
	case 's', 't', 'm', 'd', 'ſ': // U+017F folds to s
		return n
	case 'r', 'v':
		if len(s) > n && (s[n] == 'e' || s[n] == 'E') {
			return n + 1
		}
	case 'l':
		if len(s) > n && (s[n] == 'l' || s[n] == 'L') {
			return n + 1
		}
	}
	return 0
}

// run is where the characters of a kind that begin at byte i of s end.
func run(s string, i int, is func(rune) bool) int {
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		if !is(r) {
			break
		}
		i += n
	}
	return i
}

func isLetter(r rune) bool  { return unicode.IsLetter(r) }
func isNumber(r rune) bool  { return unicode.IsNumber(r) }
func isSpace(r rune) bool   { return unicode.Is(unicode.White_Space, r) }
func isLineEnd(r rune) bool { return r == '\r' || r == '\n' }
func isMark(r rune) bool    { return !isSpace(r) && !isLetter(r) && !isNumber(r) }

// encodeWord appends the ids of one pre-token: its bytes, of which the pair with the lowest rank, the leftmost of equals, is merged until none is
// left. A heap keeps this at n·log n for the longest of words.
func (t *Tokenizer) encodeWord(ids []int, word string) []int {
	if len(word) == 1 {
		return append(ids, t.bytes[word[0]])
	}
	nodes := make([]node, len(word))
	for i := range nodes {
		nodes[i] = node{id: t.bytes[word[i]], prev: i - 1, next: i + 1}
	}
	nodes[len(nodes)-1].next = -1
	var q candidates
	push := func(i int) {
		if i < 0 || nodes[i].next < 0 {
			return
		}
		pair := [2]int{nodes[i].id, nodes[nodes[i].next].id}
		if m, ok := t.merges[pair]; ok {
			heap.Push(&q, candidate{m.rank, i, m.id, pair})
		}
	}
	for i := range nodes {
		push(i)
	}
	for len(q) > 0 {
		c := heap.Pop(&q).(candidate)
		n := &nodes[c.at]
		if n.id != c.pair[0] || n.next < 0 || nodes[n.next].id != c.pair[1] {
			continue // one of the two was merged with another
		}
		gone := &nodes[n.next]
		n.id, n.next, gone.id = c.id, gone.next, -1
		if n.next >= 0 {
			nodes[n.next].prev = c.at
		}
		push(n.prev)
		push(c.at)
	}
	for i := 0; i >= 0; i = nodes[i].next {
		ids = append(ids, nodes[i].id)
	}
	return ids
}

type node struct{ id, prev, next int }

// A candidate is a pair that may be merged, if it is still there.
type candidate struct {
	rank, at, id int
	pair         [2]int
}

type candidates []candidate

func (c candidates) Len() int { return len(c) }
func (c candidates) Less(i, j int) bool {
	return c[i].rank < c[j].rank || c[i].rank == c[j].rank && c[i].at < c[j].at
}
func (c candidates) Swap(i, j int) { c[i], c[j] = c[j], c[i] }
func (c *candidates) Push(x any)   { *c = append(*c, x.(candidate)) }
func (c *candidates) Pop() any {
	last := (*c)[len(*c)-1]
	*c = (*c)[:len(*c)-1]
	return last
}

// Decode is the text of ids without special tokens. Bytes that are no UTF-8 become U+FFFD, one for each longest start of a character, as in
// Rust's from_utf8_lossy. Ids that are not in the vocabulary are left out.
func (t *Tokenizer) Decode(ids []int) string {
	var b []byte
	for _, id := range ids {
		if id >= 0 && id < len(t.texts) && !t.special[id] {
			b = append(b, t.texts[id]...)
		}
	}
	return lossy(b)
}

// lossy is b with each maximal invalid part (Unicode 16, section 3.9) as one U+FFFD.
func lossy(b []byte) string {
	var out strings.Builder
	for len(b) > 0 {
		if r, n := utf8.DecodeRune(b); r != utf8.RuneError || n > 1 {
			out.Write(b[:n])
			b = b[n:]
			continue
		}
		out.WriteRune(utf8.RuneError)
		b = b[invalidPart(b):]
	}
	return out.String()
}

// invalidPart is how many of the bytes that b begins with are the start of a character that does not go on, at least 1.
func invalidPart(b []byte) int {
	var need int
	lo, hi := byte(0x80), byte(0xbf) // of the second byte
	switch c := b[0]; {
	case c >= 0xc2 && c <= 0xdf:
		need = 1
	case c >= 0xe0 && c <= 0xef:
		need = 2
		if c == 0xe0 {
			lo = 0xa0
		} else if c == 0xed {
			hi = 0x9f
		}
	case c >= 0xf0 && c <= 0xf4:
		need = 3
		if c == 0xf0 {
			lo = 0x90
		} else if c == 0xf4 {
			hi = 0x8f
		}
	default:
		return 1
	}
	n := 1
	for ; n <= need && n < len(b) && b[n] >= lo && b[n] <= hi; n++ {
		lo, hi = 0x80, 0xbf
	}
	return n
}

// letters is the printable character that stands for each byte in byte-level vocabularies (GPT-2's table), and fromLetter its inverse.
var letters, fromLetter = byteLetters()

func byteLetters() (to [256]rune, from map[rune]byte) {
	from = map[rune]byte{}
	n := rune(256)
	for b := range 256 {
		r := rune(b)
		if !(b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae) {
			r = n
			n++
		}
		to[b], from[r] = r, byte(b)
	}
	return to, from
}

func letter(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(letters[s[i]])
	}
	return b.String()
}

// unletter is the bytes that word stands for, or its own bytes if it holds another character.
func unletter(word string) []byte {
	b := make([]byte, 0, len(word))
	for _, r := range word {
		c, ok := fromLetter[r]
		if !ok {
			return []byte(word)
		}
		b = append(b, c)
	}
	return b
}
