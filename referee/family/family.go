// Package family knows how the families of vision-language models are asked for points and in what form they answer. A model moves by 5 to 20 points
// with prompt, coordinate format and image size (docs/referees.md), so each family states all three, and they stand in every record.
package family

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/sim"
)

// A Family is one way to ask for points and to read them.
type Family struct {
	Name string // "qwen3"
	Doc  string // the form of its answers, one line
	// Coordinates names what a coordinate is, for records: "0-1", "0-1000, y first", "pixels of the picture as the model resizes it".
	Coordinates string

	models []string // parts of models' names, in small letters
	ask    func(instruction string) string
	parse  func(text string, w, h int) ([]sim.NormPoint, error)
	// square is the grid that the model resizes a picture to, for pixel coordinates [px]; 0: it does not.
	grid int
}

const oneJSON = " Answer with the location only, as JSON: "

// families in the order in which a model's name is compared.
var families = []Family{
	{
		Name: "qwen2.5", Doc: `JSON, [{"point_2d": [x, y]}] in pixels of the resized picture`, Coordinates: "pixels of the picture resized to multiples of 28",
		models: []string{"qwen2.5-vl", "qwen2.5vl", "qwen2_5", "qwen2-vl"}, grid: 28,
		ask: func(s string) string {
			return s + oneJSON + `[{"point_2d": [x, y], "label": "..."}], with x and y in pixels.`
		},
		parse: jsonPoints("point_2d", false, 0),
	},
	{
		Name: "qwen3", Doc: `JSON, [{"point_2d": [x, y]}] from 0 to 1000`, Coordinates: "0-1000",
		models: []string{"qwen"},
		ask: func(s string) string {
			return s + oneJSON + `[{"point_2d": [x, y], "label": "..."}], with x and y from 0 to 1000.`
		},
		parse: jsonPoints("point_2d", false, 1000),
	},
	{
		Name: "gemini", Doc: `JSON, [{"point": [y, x]}] from 0 to 1000, y first`, Coordinates: "0-1000, y first",
		models: []string{"gemini"},
		ask: func(s string) string {
			return s + oneJSON + `[{"point": [y, x], "label": "..."}], with y and x normalized to 0-1000.`
		},
		parse: jsonPoints("point", true, 1000),
	},
	{
		Name: "molmo", Doc: `XML, <point x="…" y="…"> or <points x1="…" y1="…" …>, from 0 to 100`, Coordinates: "0-100",
		models: []string{"molmo"},
		ask:    func(s string) string { return s },
		parse:  xmlPoints,
	},
	{
		Name: "robobrain", Doc: "[(x, y), …] in pixels", Coordinates: "pixels",
		models: []string{"robobrain"},
		ask:    func(s string) string { return s + " Please provide its 2D coordinates." },
		parse:  pixelTuples,
	},
	{
		Name: "roborefer", Doc: "[(x, y), …] from 0 to 1, and nothing else but <think> and <answer>", Coordinates: "0-1",
		models: []string{"roborefer"},
		ask:    func(s string) string { return s + referee.RoboReferSuffix },
		parse:  func(text string, _, _ int) ([]sim.NormPoint, error) { return referee.ParsePoints(text) },
	},
	{
		Name: "tuples", Doc: "[(x, y), …] from 0 to 1, words around it allowed: RoboPoint, GPT, Claude and any other", Coordinates: "0-1",
		models: []string{""},
		ask:    func(s string) string { return s + " " + referee.RoboReferSuffix },
		parse:  unitTuples,
	},
}

// Names is the names of all families.
func Names() []string {
	var out []string
	for _, f := range families {
		out = append(out, f.Name)
	}
	return out
}

// Open is the family of that name.
func Open(name string) (Family, error) {
	for _, f := range families {
		if f.Name == name {
			return f, nil
		}
	}
	return Family{}, fmt.Errorf("family: no family %q (have %s)", name, strings.Join(Names(), ", "))
}

// Of is the family that a model with this name belongs to; "tuples" for one that is not known.
func Of(model string) Family {
	model = strings.ToLower(model)
	i := slices.IndexFunc(families, func(f Family) bool {
		return slices.ContainsFunc(f.models, func(part string) bool { return strings.Contains(model, part) })
	})
	return families[i]
}

// Prompt is the text that a model of the family is given for q: the instruction in the family's words, or as it is if it is verbatim.
func (f Family) Prompt(q referee.Query) string {
	if q.Verbatim {
		return q.Instruction
	}
	return f.ask(q.Instruction)
}

// Parse reads a reply about a picture of w × h pixels. A point outside the picture refuses the whole reply, as in referee.ParsePoints, and a part before
// "</think>" is skipped. The error says what is wrong.
func (f Family) Parse(reply string, w, h int) ([]sim.NormPoint, error) {
	if len(reply) > referee.MaxText {
		return nil, fmt.Errorf("family: reply of %d bytes (want at most %d)", len(reply), referee.MaxText)
	}
	if f.grid > 0 {
		w, h = smartResize(w, h, f.grid)
	}
	points, err := f.parse(reply, w, h)
	if err != nil {
		return nil, fmt.Errorf("family: %s: %w", f.Name, err)
	}
	if len(points) > referee.MaxPoints {
		return nil, fmt.Errorf("family: %s: more than %d points", f.Name, referee.MaxPoints)
	}
	return points, nil
}

// ReadAnswer is referee.ReadAnswer by the family's grammar.
func (f Family) ReadAnswer(reply string, w, h int) referee.Answer {
	a := referee.ReadAnswer(reply)
	if strings.TrimSpace(reply) == "" {
		return a
	}
	points, err := f.Parse(reply, w, h)
	a.Points, a.Problem, a.Reason = points, "", ""
	switch {
	case err != nil:
		a.Points, a.Problem, a.Reason = nil, referee.ProblemUnparsable, err.Error()
	case len(points) == 0:
		a.Points, a.Problem, a.Reason = nil, referee.ProblemEmpty, "the reply has no points"
	}
	return a
}

// smartResize is the size that Qwen2-VL's image processor gives a picture of w × h: multiples of grid, with 4 to 16,384 cells of grid² pixels
// (Hugging Face transformers, qwen2_vl/image_processing_qwen2_vl.py).
func smartResize(w, h, grid int) (int, int) {
	g := float64(grid)
	minPixels, maxPixels := 4*g*g, 16384*g*g
	round := func(v float64) float64 { return math.RoundToEven(v/g) * g }
	W, H := float64(w), float64(h)
	w2, h2 := max(g, round(W)), max(g, round(H))
	switch {
	case w2*h2 > maxPixels:
		beta := math.Sqrt(W * H / maxPixels)
		w2, h2 = max(g, math.Floor(W/beta/g)*g), max(g, math.Floor(H/beta/g)*g)
	case w2*h2 < minPixels:
		beta := math.Sqrt(minPixels / (W * H))
		w2, h2 = math.Ceil(W*beta/g)*g, math.Ceil(H*beta/g)*g
	}
	return int(w2), int(h2)
}

// answerPart is what a model says after thinking.
func answerPart(text string) string {
	if i := strings.LastIndex(text, "</think>"); i >= 0 {
		text = text[i+len("</think>"):]
	}
	if _, rest, ok := strings.Cut(text, "<answer>"); ok {
		text, _, _ = strings.Cut(rest, "</answer>")
	}
	return text
}

// unit checks a point.
func unit(x, y float64, quoted string) (sim.NormPoint, error) {
	if !(x >= 0 && x <= 1 && y >= 0 && y <= 1) {
		return sim.NormPoint{}, fmt.Errorf("point %.60s is outside the picture", quoted)
	}
	return sim.NormPoint{X: math.Abs(x), Y: math.Abs(y)}, nil // -0 is 0
}

const number = `[-+]?[0-9]+(?:\.[0-9]*)?`

var (
	tuple     = regexp.MustCompile(`\(\s*(` + number + `)\s*,\s*(` + number + `)\s*\)`)
	tupleList = regexp.MustCompile(`\[\s*(?:\(\s*` + number + `\s*,\s*` + number + `\s*\)\s*,?\s*)*\]`)
	parens    = regexp.MustCompile(`\([^()]*[0-9][^()]*\)`)
	point     = regexp.MustCompile(`<points?\b[^<>]*>`)
	attribute = regexp.MustCompile(`\b([xy])([0-9]{0,4})="\s*(` + number + `)\s*"`)
	fence     = regexp.MustCompile("(?s)```[^`\n]*\n(.*?)```")
)

// tuples are the pairs of the last list of pairs in text or, where there is no list, all pairs in it. A group of numbers that is no pair, such as a box,
// refuses them all.
func tuples(text string) ([][3]string, error) {
	text = answerPart(text)
	if lists := tupleList.FindAllString(text, -1); len(lists) > 0 {
		text = lists[len(lists)-1]
	} else if all := parens.FindAllString(text, -1); len(all) == 0 {
		return nil, errors.New("no points in the reply")
	} else if len(all) != len(tuple.FindAllString(text, -1)) {
		i := slices.IndexFunc(all, func(s string) bool { return !tuple.MatchString(s) })
		return nil, fmt.Errorf("%.60q is no pair of numbers", all[max(i, 0)])
	}
	var out [][3]string
	for _, m := range tuple.FindAllStringSubmatch(text, -1) {
		out = append(out, [3]string{m[0], m[1], m[2]})
	}
	return out, nil
}

func scaledTuples(text string, w, h float64) ([]sim.NormPoint, error) {
	pairs, err := tuples(text)
	if err != nil {
		return nil, err
	}
	var out []sim.NormPoint
	for _, m := range pairs {
		x, _ := strconv.ParseFloat(m[1], 64) // too large is +Inf
		y, _ := strconv.ParseFloat(m[2], 64)
		p, err := unit(x/w, y/h, m[0])
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func unitTuples(text string, _, _ int) ([]sim.NormPoint, error) { return scaledTuples(text, 1, 1) }

func pixelTuples(text string, w, h int) ([]sim.NormPoint, error) {
	return scaledTuples(text, float64(w), float64(h))
}

// xmlPoints reads Molmo's points: x="…" y="…" for one, x1="…" y1="…" x2="…" y2="…" for several.
func xmlPoints(text string, _, _ int) ([]sim.NormPoint, error) {
	tags := point.FindAllString(answerPart(text), -1)
	if len(tags) == 0 {
		return nil, errors.New("no <point> or <points> in the reply")
	}
	var out []sim.NormPoint
	for _, tag := range tags {
		type pair struct{ x, y string }
		var order []string
		pairs := map[string]*pair{}
		for _, m := range attribute.FindAllStringSubmatch(tag, -1) {
			p := pairs[m[2]]
			if p == nil {
				p = &pair{}
				pairs[m[2]] = p
				order = append(order, m[2])
			}
			v := &p.x
			if m[1] == "y" {
				v = &p.y
			}
			if *v != "" {
				return nil, fmt.Errorf("%s%s occurs twice in %.80q", m[1], m[2], tag)
			}
			*v = m[3]
		}
		if len(order) == 0 {
			return nil, fmt.Errorf("no coordinates in %.80q", tag)
		}
		for _, k := range order {
			p := pairs[k]
			if p.x == "" || p.y == "" {
				return nil, fmt.Errorf("half a point in %.80q", tag)
			}
			x, _ := strconv.ParseFloat(p.x, 64)
			y, _ := strconv.ParseFloat(p.y, 64)
			pt, err := unit(x/100, y/100, fmt.Sprintf("(%s, %s) of 0 to 100", p.x, p.y))
			if err != nil {
				return nil, err
			}
			out = append(out, pt)
		}
	}
	return out, nil
}

// jsonPoints reads a list of objects with a pair of numbers under key, from 0 to scale; scale 0 means pixels. The list may stand in a fence, alone or
// after words; a single object counts as a list of one.
func jsonPoints(key string, yFirst bool, scale float64) func(string, int, int) ([]sim.NormPoint, error) {
	return func(text string, w, h int) ([]sim.NormPoint, error) {
		text = answerPart(text)
		if m := fence.FindStringSubmatch(text); m != nil {
			text = m[1]
		}
		start := strings.IndexAny(text, "[{")
		if start < 0 {
			return nil, errors.New("no JSON in the reply")
		}
		var raw json.RawMessage
		if err := json.NewDecoder(strings.NewReader(text[start:])).Decode(&raw); err != nil {
			return nil, fmt.Errorf("JSON: %w", err)
		}
		if raw[0] == '{' {
			raw = slices.Concat([]byte("["), raw, []byte("]"))
		}
		var items []map[string]json.RawMessage
		if err := json.Unmarshal(raw, &items); err != nil {
			return nil, fmt.Errorf("JSON: %w (want a list of objects)", err)
		}
		sx, sy := scale, scale
		if scale == 0 {
			sx, sy = float64(w), float64(h)
		}
		var out []sim.NormPoint
		for _, item := range items {
			value, ok := item[key]
			if !ok {
				return nil, fmt.Errorf("an object without %q: %.60s", key, jsonKeys(item))
			}
			var v []float64
			if err := json.Unmarshal(value, &v); err != nil || len(v) != 2 {
				return nil, fmt.Errorf("%q is %.60s (want two numbers)", key, value)
			}
			x, y := v[0], v[1]
			if yFirst {
				x, y = y, x
			}
			p, err := unit(x/sx, y/sy, string(value))
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		}
		return out, nil
	}
}

func jsonKeys(item map[string]json.RawMessage) string {
	keys := make([]string, 0, len(item))
	for k := range item {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return "it has " + strings.Join(keys, ", ")
}
