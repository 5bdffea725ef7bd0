package referee

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/refarena/refarena/sim"
)

// MaxPoints is the most points that one reply may hold.
const MaxPoints = 1000

// ParsePoints reads a reply in the form that RoboRefer is asked for, a list of pairs of numbers from 0 to 1:
//
//	reply  = [ think ] ( list | "<answer>" list "</answer>" )    after a think part, only the form with the tags
//	think  = "<think>" … "</think>"                              skipped: points in it are intermediate steps
//	list   = "[" [ tuple { "," tuple } ] "]"
//	tuple  = "(" number "," number ")"                           x, y; 0…1 over the width and the height
//	number = [ "+" | "-" ] digits [ "." [ digits ] ]
//
// with white space allowed around every part, and nothing else anywhere. A number outside [0,1] refuses the whole reply, and so do an
// exponent, NaN, a box of four numbers, a trailing comma or any text around the list. A list of no points is no error.
//
// Numbers are those of the official scorer's pattern (RoboRefer, Evaluation/summarize_acc.py), in ASCII only. Like the official client
// (API/use_api.py) and unlike the scorer, which takes (1, 0) for a pixel, whole numbers are corners of the image: the prompt asks for
// nothing else. The official client passes the reply to eval; here it is only ever read.
//
// The caller owns the result. The error says what is wrong and at which byte.
func ParsePoints(reply string) ([]sim.NormPoint, error) {
	if len(reply) > MaxText {
		return nil, fmt.Errorf("referee: reply of %d bytes (want at most %d)", len(reply), MaxText)
	}
	p := parser{s: reply}
	p.space()
	thought := p.eat("<think>")
	if thought {
		end := strings.Index(p.s[p.i:], "</think>")
		if end < 0 {
			return nil, p.errorf("<think> has no </think>")
		}
		p.i += end + len("</think>")
		p.space()
	}
	tagged := p.eat("<answer>")
	if thought && !tagged {
		return nil, p.want("<answer> after </think>")
	}
	points, err := p.list()
	if err != nil {
		return nil, err
	}
	if tagged && !p.eat("</answer>") {
		return nil, p.want("</answer> after the list")
	}
	p.space()
	if p.i < len(p.s) {
		return nil, p.want("nothing after the list")
	}
	return points, nil
}

// FormatPoints is the reply with these points: the text that ParsePoints reads back into exactly them. Every number has a decimal point,
// so that RoboRefer's scorer takes none for a pixel, and as many digits as it needs. Coordinates must lie within [0,1].
func FormatPoints(points []sim.NormPoint) string {
	b := []byte{'['}
	for i, p := range points {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendNumber(append(b, '('), p.X)
		b = appendNumber(append(b, ", "...), p.Y)
		b = append(b, ')')
	}
	return string(append(b, ']'))
}

func appendNumber(b []byte, v float64) []byte {
	n := len(b)
	b = strconv.AppendFloat(b, v, 'f', -1, 64)
	if !strings.Contains(string(b[n:]), ".") {
		b = append(b, ".0"...)
	}
	return b
}

// A parser reads s from byte i on.
type parser struct {
	s string
	i int
}

func (p *parser) list() ([]sim.NormPoint, error) {
	p.space()
	if !p.eat("[") {
		return nil, p.want(`"[", the start of a list of points`)
	}
	p.space()
	if p.eat("]") {
		p.space()
		return nil, nil
	}
	var points []sim.NormPoint
	for {
		if len(points) == MaxPoints {
			return nil, p.errorf("more than %d points", MaxPoints)
		}
		pt, err := p.tuple()
		if err != nil {
			return nil, err
		}
		points = append(points, pt)
		p.space()
		if p.eat("]") {
			p.space()
			return points, nil
		}
		if !p.eat(",") {
			return nil, p.want(`"," or "]" after a point`)
		}
	}
}

func (p *parser) tuple() (sim.NormPoint, error) {
	p.space()
	if !p.eat("(") {
		return sim.NormPoint{}, p.want(`"(", the start of a point`)
	}
	x, err := p.number("x")
	if err != nil {
		return sim.NormPoint{}, err
	}
	if !p.eat(",") {
		return sim.NormPoint{}, p.want(`"," after x`)
	}
	y, err := p.number("y")
	if err != nil {
		return sim.NormPoint{}, err
	}
	if !p.eat(")") {
		return sim.NormPoint{}, p.want(`")" after y, since a point is two numbers`)
	}
	return sim.NormPoint{X: x, Y: y}, nil
}

// number reads the coordinate called name with the white space around it.
func (p *parser) number(name string) (float64, error) {
	p.space()
	start := p.i
	if !p.eat("+") {
		p.eat("-")
	}
	if p.digits() == 0 {
		p.i = start
		return 0, p.want("a number for " + name)
	}
	if p.eat(".") {
		p.digits()
	}
	text := p.s[start:p.i]
	if p.i < len(p.s) && (p.s[p.i] == 'e' || p.s[p.i] == 'E') {
		return 0, p.errorf("%s has an exponent (want a plain decimal number)", name)
	}
	v, err := strconv.ParseFloat(text, 64) // an error is a number too large, and v then infinite
	if err != nil || v < 0 || v > 1 {
		p.i = start
		return 0, p.errorf("%s = %.24s is outside [0,1]", name, text)
	}
	p.space()
	return math.Abs(v), nil // -0 is 0
}

func (p *parser) digits() (n int) {
	for ; p.i < len(p.s) && '0' <= p.s[p.i] && p.s[p.i] <= '9'; n++ {
		p.i++
	}
	return n
}

func (p *parser) space() {
	for p.i < len(p.s) && isSpace(p.s[p.i]) {
		p.i++
	}
}

func (p *parser) eat(token string) bool {
	if !strings.HasPrefix(p.s[p.i:], token) {
		return false
	}
	p.i += len(token)
	return true
}

func (p *parser) want(what string) error {
	if p.i >= len(p.s) {
		return p.errorf("the reply ends (want %s)", what)
	}
	return p.errorf("got %.24q (want %s)", p.s[p.i:], what)
}

func (p *parser) errorf(format string, args ...any) error {
	return fmt.Errorf("referee: reply, byte %d: %s", p.i, fmt.Sprintf(format, args...))
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

func isBlank(s string) bool {
	for i := range len(s) {
		if !isSpace(s[i]) {
			return false
		}
	}
	return true
}

// A Choice says which of several points is acted on. The zero value is FirstPoint. RoboRefer is trained to answer one point for one thing
// and its benchmark scores the share of points that hit, so that the two differ only where a model hedges.
type Choice string

const (
	FirstPoint Choice = "first" // the first point of the reply
	MeanPoint  Choice = "mean"  // the mean of all points, as in RoboRefer's training answers; it may lie where no single point does
)

// Validate says if c is no known choice.
func (c Choice) Validate() error {
	switch c {
	case "", FirstPoint, MeanPoint:
		return nil
	}
	return fmt.Errorf("referee: no choice of points %q (have %s, %s)", string(c), FirstPoint, MeanPoint)
}

// Of is the point to act on; false if there is none. It panics if Validate refuses c.
func (c Choice) Of(points []sim.NormPoint) (sim.NormPoint, bool) {
	if err := c.Validate(); err != nil {
		panic(err)
	}
	if len(points) == 0 {
		return sim.NormPoint{}, false
	}
	if c != MeanPoint {
		return points[0], true
	}
	var sum sim.NormPoint
	for _, p := range points {
		sum.X += p.X
		sum.Y += p.Y
	}
	n := float64(len(points))
	return sim.NormPoint{X: sum.X / n, Y: sum.Y / n}, true
}
