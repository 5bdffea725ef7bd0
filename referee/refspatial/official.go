package refspatial

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/refarena/refarena/sim"
)

// A Grammar is how the official scorer (RoboRefer, Evaluation/summarize_acc.py) reads an answer. It is chosen by the model's name.
type Grammar string

const (
	TuplesRelative Grammar = "tuples-relative" // every (x, y) or (x0, y0, x1, y1) in the text; 0…1 if one number has a point, else pixels
	TuplesAbsolute Grammar = "tuples-absolute" // the same in pixels
	MolmoXML       Grammar = "molmo-xml"       // x1="…" y1="…", 0…100
	GeminiJSON     Grammar = "gemini-json"     // the first fenced block, a list of {"point": [y, x]}, 0…1000
)

// Grammars is all of them.
func Grammars() []Grammar { return []Grammar{TuplesRelative, TuplesAbsolute, MolmoXML, GeminiJSON} }

// OfficialGrammar is the grammar that the official scorer chooses for a model's name, by parts of it, in this order and with regard to case; false for
// a name that it scores not at all.
func OfficialGrammar(model string) (Grammar, bool) {
	for _, g := range []struct {
		grammar Grammar
		parts   []string
	}{
		{TuplesRelative, []string{"RoboPoint", "Claude", "GPT4O", "RoboRefer"}},
		{TuplesAbsolute, []string{"RoboBrain", "Qwen"}},
		{MolmoXML, []string{"Molmo"}},
		{GeminiJSON, []string{"Gemini"}},
	} {
		for _, p := range g.parts {
			if strings.Contains(model, p) {
				return g.grammar, true
			}
		}
	}
	return "", false
}

// OfficialPrompt is the text that the official benchmark sends to a model of that name (Evaluation/test_benchmark.py).
func OfficialPrompt(model string, s *Sample) string {
	switch {
	case strings.Contains(model, "Molmo"):
		return "Locate several points of " + s.Object + "."
	case strings.Contains(model, "RoboBrain"):
		return s.Prompt + " Please provide its 2D coordinates."
	case strings.Contains(model, "Gemini"):
		return "Locate one point of " + s.Object + "."
	case strings.Contains(model, "Qwen"):
		return "Locate " + s.Object + " in this image and output the point coordinates in JSON format."
	}
	return s.Prompt + " " + s.Suffix
}

// An Outcome is what the official scorer makes of one answer.
type Outcome string

const (
	Scored  Outcome = "scored"
	Dropped Outcome = "dropped" // its parser raised: the sample is left out of the mean, and only "Evaluated: n, Total: m" tells
	Crashed Outcome = "crashed" // it raises outside the parser: the whole script ends without a result
)

// A Score is what one answer is worth.
type Score struct {
	Outcome Outcome
	Value   float64 // share of the points that hit, 0 to 1; 0 if not scored
	Hits    int64   // points on the mask
	Points  int64   // points, every pixel of a box being one
	Reason  string  // why it was dropped or crashed; "" if scored
}

// Official is the official score of an answer, bit for bit as with Python 3.11 and numpy 1.26, with its faults: intermediate points of a reasoning
// answer count, boxes are all their pixels, what the parser raises at is dropped. A box of more than 2³³ pixels counts as out of memory, and so dropped.
func Official(g Grammar, text string, mask sim.Region) Score {
	var p officialPoints
	var err error
	switch g {
	case TuplesRelative, TuplesAbsolute:
		err = p.tuples(text, mask, g == TuplesAbsolute)
	case MolmoXML:
		err = p.molmo(text, mask)
	case GeminiJSON:
		err = p.gemini(text, mask)
	default:
		panic(fmt.Sprintf("refspatial: no grammar %q", string(g)))
	}
	switch {
	case err != nil:
		return Score{Outcome: Dropped, Reason: err.Error()}
	case p.n == 0:
		return Score{Outcome: Scored}
	case p.floats || p.big && !p.onlyUint64:
		return Score{Outcome: Crashed, Reason: "a coordinate is no index: it has decimals, or is beyond 64 bits"}
	}
	return Score{Outcome: Scored, Value: float64(p.hits) / float64(p.n), Hits: p.hits, Points: p.n}
}

// officialPoints counts points as they are found. Python's numbers are kept apart as numpy would see them: an array with a float or with integers
// beyond int64 cannot index the mask, except that an array of nothing but integers from 2⁶³ to 2⁶⁴-1 is of type uint64.
type officialPoints struct {
	n, hits    int64
	floats     bool
	big        bool // a coordinate is outside int64
	onlyUint64 bool // … and every one is in [2⁶³, 2⁶⁴)
}

func (p *officialPoints) add(x, y pyNumber, mask sim.Region) {
	for i, v := range []pyNumber{x, y} {
		first := p.n == 0 && i == 0
		switch {
		case v.isFloat:
			p.floats = true
		case v.i.IsInt64():
			p.onlyUint64 = false
		default:
			p.onlyUint64 = v.i.IsUint64() && (first || p.onlyUint64)
			p.big = true
		}
	}
	p.n++
	if !x.isFloat && !y.isFloat && x.i.IsInt64() && y.i.IsInt64() && on(mask, x.i.Int64(), y.i.Int64()) {
		p.hits++
	}
}

func on(mask sim.Region, x, y int64) bool {
	return x >= 0 && x < int64(mask.Width) && y >= 0 && y < int64(mask.Height) && mask.Mask[y*int64(mask.Width)+x]
}

// A pyNumber is an int or a float of Python.
type pyNumber struct {
	isFloat bool
	f       float64
	i       *big.Int
}

var (
	errOverflow = errors.New("OverflowError: a number is too large")
	errNaN      = errors.New("ValueError: a number is not a number")
)

// scaled is int(v·size).
func (v pyNumber) scaled(size int) (pyNumber, error) {
	if !v.isFloat {
		return pyNumber{i: new(big.Int).Mul(v.i, big.NewInt(int64(size)))}, nil
	}
	return truncated(v.f * float64(size))
}

// truncated is int(f).
func truncated(f float64) (pyNumber, error) {
	switch {
	case math.IsNaN(f):
		return pyNumber{}, errNaN
	case math.IsInf(f, 0):
		return pyNumber{}, errOverflow
	}
	i, _ := new(big.Float).SetFloat64(f).Int(nil)
	return pyNumber{i: i}, nil
}

// tuplePattern is the official one. \d is any decimal digit of Unicode, and \s also takes the separators 0x1C to 0x1F, as in Python.
var tuplePattern = regexp.MustCompile(`\(([-+]?\p{Nd}+\.?\p{Nd}*(?:,[\s\v\x1c-\x1f\x{85}\p{Z}]*[-+]?\p{Nd}+\.?\p{Nd}*)*?)\)`)

func (p *officialPoints) tuples(text string, mask sim.Region, absolute bool) error {
	for _, m := range tuplePattern.FindAllStringSubmatch(text, -1) {
		var v []pyNumber
		for _, s := range strings.Split(m[1], ",") {
			x, err := pythonNumber(s)
			if err != nil {
				return err
			}
			v = append(v, x)
		}
		switch len(v) {
		case 2:
			x, y := v[0], v[1]
			if !absolute && (x.isFloat || y.isFloat) {
				var err error
				if x, err = x.scaled(mask.Width); err != nil {
					return err
				}
				if y, err = y.scaled(mask.Height); err != nil {
					return err
				}
			}
			p.add(x, y, mask)
		case 4:
			if err := p.box(v, mask, absolute); err != nil {
				return err
			}
		}
	}
	return nil
}

// box adds every pixel of a half-open box.
func (p *officialPoints) box(v []pyNumber, mask sim.Region, absolute bool) error {
	if !absolute {
		for i := range v {
			var err error
			if v[i], err = v[i].scaled([]int{mask.Width, mask.Height}[i%2]); err != nil {
				return err
			}
		}
	}
	for _, x := range v {
		if x.isFloat {
			if x.f != x.f || math.IsInf(x.f, 0) {
				return errOverflow
			}
			return errors.New("TypeError: a box with decimals in absolute mode")
		}
	}
	w, h := new(big.Int).Sub(v[2].i, v[0].i), new(big.Int).Sub(v[3].i, v[1].i)
	switch {
	case !w.IsInt64() || !h.IsInt64():
		return errors.New("OverflowError: a box is too large")
	case w.Sign() < 0 || h.Sign() < 0:
		return errors.New("ValueError: a box of negative size")
	case w.Sign() == 0 || h.Sign() == 0:
		if w.BitLen() > 60 || h.BitLen() > 60 {
			return errors.New("ValueError: array is too big")
		}
		return nil
	}
	if area := new(big.Int).Mul(w, h); area.Cmp(big.NewInt(1<<33)) > 0 {
		return errors.New("MemoryError: a box of more than 2³³ pixels")
	}
	// The corner is added to arrays of int64, which makes floats or objects of them if it does not fit.
	if !v[0].i.IsInt64() || !v[1].i.IsInt64() {
		p.floats = true
		p.n++
		return nil
	}
	x0, y0, nx, ny := v[0].i.Int64(), v[1].i.Int64(), w.Int64(), h.Int64()
	p.n += nx * ny
	p.onlyUint64 = false
	for y := max(y0, 0); y-y0 < ny && y < int64(mask.Height); y++ {
		for x := max(x0, 0); x-x0 < nx && x < int64(mask.Width); x++ {
			if on(mask, x, y) {
				p.hits++
			}
		}
	}
	return nil
}

// pythonNumber is float(s) if there is a point in s, else int(s).
func pythonNumber(s string) (pyNumber, error) {
	digits := 0
	s = strings.Map(func(r rune) rune {
		if r < 0x80 {
			if r >= '0' && r <= '9' {
				digits++
			}
			return r
		}
		if unicode.Is(unicode.Nd, r) {
			digits++
			return '0' + digitValue(r)
		}
		return r
	}, strings.TrimFunc(s, isPythonSpace))
	for _, r := range s {
		if r < '0' && r != '+' && r != '-' && r != '.' || r > '9' {
			return pyNumber{}, fmt.Errorf("ValueError: %.40q is no number", s)
		}
	}
	if strings.Contains(s, ".") {
		f, err := strconv.ParseFloat(s, 64) // a range error gives ±Inf, as in Python
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return pyNumber{}, fmt.Errorf("ValueError: %.40q is no number", s)
		}
		return pyNumber{isFloat: true, f: f}, nil
	}
	if digits > maxIntDigits {
		return pyNumber{}, fmt.Errorf("ValueError: an integer of %d digits (Python reads %d)", digits, maxIntDigits)
	}
	i, ok := new(big.Int).SetString(s, 10)
	if !ok {
		return pyNumber{}, fmt.Errorf("ValueError: %.40q is no number", s)
	}
	return pyNumber{i: i}, nil
}

// maxIntDigits is Python's limit for int() of a text (sys.int_info.default_max_str_digits).
const maxIntDigits = 4300

// digitValue is the value of a decimal digit: those of a script follow each other, beginning with its zero at a range's start or a tenth place.
func digitValue(r rune) rune {
	zero := r
	for unicode.Is(unicode.Nd, zero-1) && r-zero < 9 {
		zero--
	}
	// Ranges of Unicode that hold several tens (mathematical digits) start with a zero each.
	for _, t := range unicode.Nd.R32 {
		if lo, hi := rune(t.Lo), rune(t.Hi); r >= lo && r <= hi {
			return (r - lo) % 10
		}
	}
	for _, t := range unicode.Nd.R16 {
		if lo, hi := rune(t.Lo), rune(t.Hi); r >= lo && r <= hi {
			return (r - lo) % 10
		}
	}
	return r - zero
}

// isPythonSpace is what float() and int() strip and str.strip() takes away. 0x1C to 0x1F are str.strip's only, see pythonNumber.
func isPythonSpace(r rune) bool { return unicode.IsSpace(r) }

// molmoPattern is the official one.
var molmoPattern = regexp.MustCompile(`(x\p{Nd}+)="(-?\p{Nd}+\.?\p{Nd}*)"[\s\v\x1c-\x1f\x{85}\p{Z}]+(y\p{Nd}+)="(-?\p{Nd}+\.?\p{Nd}*)"`)

func (p *officialPoints) molmo(text string, mask sim.Region) error {
	for _, m := range molmoPattern.FindAllStringSubmatch(text, -1) {
		var v [2]pyNumber
		for i, s := range []string{m[2], m[4]} {
			if !strings.Contains(s, ".") {
				s += "." // float() reads integers too, of any length
			}
			x, err := pythonNumber(s)
			if err != nil {
				return err
			}
			if v[i], err = truncated(x.f / 100 * float64([]int{mask.Width, mask.Height}[i])); err != nil {
				return err
			}
		}
		p.add(v[0], v[1], mask)
	}
	return nil
}

// fencePattern finds the first fenced block. \w is any letter or number of Unicode, or an underscore.
var fencePattern = regexp.MustCompile("(?s)```(?:[\\pL\\pN_]+)?\n(.*?)```")

func (p *officialPoints) gemini(text string, mask sim.Region) error {
	m := fencePattern.FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	data, err := parsePythonJSON(strings.TrimFunc(m[1], func(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }))
	if errors.Is(err, errJSON) {
		return nil // a decode error scores 0
	}
	if err != nil {
		return err
	}
	switch data := data.(type) {
	case []any:
		for _, item := range data {
			if err := p.geminiItem(item, mask); err != nil {
				return err
			}
		}
	case map[string]any: // iterates its keys, which are texts
		for key := range data {
			if strings.Contains(key, "point") {
				return errors.New("TypeError: an object with a key that contains point instead of a list")
			}
		}
	case string: // iterates its characters
	default:
		return errors.New("TypeError: neither a list nor an object")
	}
	return nil
}

func (p *officialPoints) geminiItem(item any, mask sim.Region) error {
	switch item := item.(type) {
	case map[string]any:
		pair, ok := item["point"].([]any)
		if !ok || len(pair) != 2 {
			return nil
		}
		x, err := geminiCoordinate(pair[1], mask.Width)
		if err != nil {
			return err
		}
		y, err := geminiCoordinate(pair[0], mask.Height)
		if err != nil {
			return err
		}
		p.add(x, y, mask)
		return nil
	case string:
		if strings.Contains(item, "point") {
			return errors.New("TypeError: a text with point in it in place of an object")
		}
		return nil
	case []any:
		for _, v := range item {
			if v == any("point") {
				return errors.New(`TypeError: a list with "point" in it in place of an object`)
			}
		}
		return nil
	}
	return errors.New("TypeError: a list item that is neither object, text nor list")
}

// geminiCoordinate is int(v/1000·size).
func geminiCoordinate(v any, size int) (pyNumber, error) {
	var f float64
	switch v := v.(type) {
	case bool: // an int in Python
		if v {
			f = 1
		}
		f /= 1000
	case float64:
		f = v / 1000
	case *big.Int: // int/int is rounded once
		var exact bool
		f, exact = new(big.Rat).SetFrac(v, big.NewInt(1000)).Float64()
		if !exact && math.IsInf(f, 0) {
			return pyNumber{}, errOverflow
		}
	default:
		return pyNumber{}, fmt.Errorf("TypeError: a coordinate of type %T", v)
	}
	return truncated(f * float64(size))
}
