package refspatial

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// errJSON is what Python's json.JSONDecodeError is for.
var errJSON = errors.New("JSONDecodeError")

// maxJSONDepth is about how deep Python's json module goes before a RecursionError.
const maxJSONDepth = 990

// parsePythonJSON reads s as Python's json.loads does: with NaN and Infinity, integers of any size up to 4,300 digits, lone surrogates, and no byte order
// mark. Objects are map[string]any, lists []any, numbers float64 or *big.Int.
func parsePythonJSON(s string) (any, error) {
	p := pyJSON{s: s}
	p.space()
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.i < len(p.s) {
		return nil, errJSON
	}
	return v, nil
}

type pyJSON struct {
	s string
	i int
}

func (p *pyJSON) space() {
	for p.i < len(p.s) && strings.IndexByte(" \t\n\r", p.s[p.i]) >= 0 {
		p.i++
	}
}

func (p *pyJSON) eat(token string) bool {
	if !strings.HasPrefix(p.s[p.i:], token) {
		return false
	}
	p.i += len(token)
	return true
}

func (p *pyJSON) value(depth int) (any, error) {
	if depth > maxJSONDepth {
		return nil, errors.New("RecursionError: nested too deeply")
	}
	switch {
	case p.eat(`"`):
		return p.text()
	case p.eat("{"):
		return p.object(depth)
	case p.eat("["):
		return p.list(depth)
	case p.eat("null"):
		return nil, nil
	case p.eat("true"):
		return true, nil
	case p.eat("false"):
		return false, nil
	case p.eat("NaN"):
		return math.NaN(), nil
	case p.eat("Infinity"):
		return math.Inf(1), nil
	case p.eat("-Infinity"):
		return math.Inf(-1), nil
	}
	return p.number()
}

func (p *pyJSON) list(depth int) (any, error) {
	list := []any{}
	p.space()
	if p.eat("]") {
		return list, nil
	}
	for {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		p.space()
		if p.eat("]") {
			return list, nil
		}
		if !p.eat(",") {
			return nil, errJSON
		}
		p.space()
	}
}

func (p *pyJSON) object(depth int) (any, error) {
	object := map[string]any{}
	p.space()
	if p.eat("}") {
		return object, nil
	}
	for {
		if !p.eat(`"`) {
			return nil, errJSON
		}
		key, err := p.text()
		if err != nil {
			return nil, err
		}
		p.space()
		if !p.eat(":") {
			return nil, errJSON
		}
		p.space()
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		object[key] = v // the last of equal keys counts
		p.space()
		if p.eat("}") {
			return object, nil
		}
		if !p.eat(",") {
			return nil, errJSON
		}
		p.space()
	}
}

// text reads after the opening quotation mark. A lone surrogate becomes U+FFFD; nothing here looks at it.
func (p *pyJSON) text() (string, error) {
	var b strings.Builder
	for p.i < len(p.s) {
		c := p.s[p.i]
		p.i++
		switch {
		case c == '"':
			return b.String(), nil
		case c < 0x20:
			return "", errJSON
		case c != '\\':
			b.WriteByte(c)
			continue
		}
		if p.i >= len(p.s) {
			return "", errJSON
		}
		c = p.s[p.i]
		p.i++
		if c == 'u' {
			if p.i+4 > len(p.s) {
				return "", errJSON
			}
			for _, d := range []byte(p.s[p.i : p.i+4]) {
				if strings.IndexByte("0123456789abcdefABCDEF", d) < 0 {
					return "", errJSON
				}
			}
			r, _ := strconv.ParseUint(p.s[p.i:p.i+4], 16, 32)
			p.i += 4
			b.Write(utf8.AppendRune(nil, rune(r))) // halves of a pair are no "point" either way
			continue
		}
		k := strings.IndexByte(`"\/bfnrt`, c)
		if k < 0 {
			return "", errJSON
		}
		b.WriteByte("\"\\/\b\f\n\r\t"[k])
	}
	return "", errJSON
}

func (p *pyJSON) number() (any, error) {
	start := p.i
	p.eat("-")
	digits := p.digits()
	switch {
	case digits == 0:
		return nil, errJSON
	case digits > 1 && p.s[p.i-digits] == '0': // 0 ends the number, and what follows is too much
		p.i -= digits - 1
		digits = 1
	}
	isInt := true
	if rest := p.i; p.eat(".") {
		if p.digits() == 0 {
			p.i = rest
		} else {
			isInt = false
		}
	}
	if rest := p.i; p.eat("e") || p.eat("E") {
		if !p.eat("+") {
			p.eat("-")
		}
		if p.digits() == 0 {
			p.i = rest
		} else {
			isInt = false
		}
	}
	if text := p.s[start:p.i]; !isInt {
		f, _ := strconv.ParseFloat(text, 64) // too large is ±Inf
		return f, nil
	} else if digits > maxIntDigits {
		return nil, errors.New("ValueError: an integer of more than 4,300 digits")
	} else {
		i, _ := new(big.Int).SetString(text, 10)
		return i, nil
	}
}

func (p *pyJSON) digits() (n int) {
	for ; p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9'; n++ {
		p.i++
	}
	return n
}
