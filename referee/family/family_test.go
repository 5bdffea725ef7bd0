package family_test

import (
	"math"
	"strings"
	"testing"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/referee/family"
	"github.com/refarena/refarena/referee/refereetest"
	"github.com/refarena/refarena/sim"
)

func TestParse(t *testing.T) {
	pt := func(xy ...float64) (out []sim.NormPoint) {
		for i := 0; i < len(xy); i += 2 {
			out = append(out, sim.NormPoint{X: xy[i], Y: xy[i+1]})
		}
		return out
	}
	const w, h = 640, 480
	for _, tt := range []struct {
		family, reply string
		want          []sim.NormPoint
		wantErr       string
	}{
		{"tuples", "[(0.341, 0.510)]", pt(0.341, 0.510), ""},
		{"tuples", "The available placement point is (0.341, 0.610).", pt(0.341, 0.610), ""},
		{"tuples", "First (0.1, 0.1), then:\n```\n[(0.2, 0.3), (0.4, 0.5)]\n```", pt(0.2, 0.3, 0.4, 0.5), ""},
		{"tuples", "<think>[(0.1, 0.1)]</think><answer>[(0.2, 0.3)]</answer>", pt(0.2, 0.3), ""},
		{"tuples", "(it is red) (0.5, 1)", pt(0.5, 1), ""},
		{"tuples", "[]", nil, ""},
		{"tuples", "(0.1, 0.2, 0.3, 0.4)", nil, "no pair"},
		{"tuples", "(1.5, 0.2)", nil, "outside the picture"},
		{"tuples", "I see nothing.", nil, "no points"},
		{"robobrain", "[(320, 240)]", pt(0.5, 0.5), ""},
		{"robobrain", "(641, 240)", nil, "outside"},
		{"roborefer", "[(0.341, 0.510)]", pt(0.341, 0.510), ""},
		{"roborefer", "It is [(0.341, 0.510)]", nil, "byte 0"},
		{"qwen3", "```json\n[{\"point_2d\": [500, 250], \"label\": \"cup\"}]\n```", pt(0.5, 0.25), ""},
		{"qwen3", `{"point_2d": [500, 250]}`, pt(0.5, 0.25), ""},
		{"qwen3", `Sure: [{"point_2d": [500, 250]}, {"point_2d": [0, 1000]}] as asked.`, pt(0.5, 0.25, 0, 1), ""},
		{"qwen3", `[{"bbox_2d": [1, 2, 3, 4], "label": "cup"}]`, nil, "it has bbox_2d, label"},
		{"qwen3", `[{"point_2d": [500, 1200]}]`, nil, "outside"},
		{"qwen3", `[{"point_2d": [500`, nil, "JSON"},
		{"qwen3", `[500, 250]`, nil, "want a list of objects"},
		{"qwen2.5", `[{"point_2d": [322, 119]}]`, pt(0.5, 0.25), ""}, // 640 × 480 becomes 644 × 476
		{"gemini", "```json\n[\n  {\"point\": [438, 330], \"label\": \"free space\"}\n]\n```", pt(0.33, 0.438), ""},
		{"gemini", `[{"point": ["438", 330]}]`, nil, "want two numbers"},
		{"molmo", `<points x1="61.5" y1="40.4" x2="76.8" y2="21.8" alt="cups">cups</points>`, pt(0.615, 0.404, 0.768, 0.218), ""},
		{"molmo", ` <point x="63.5" y="44.5" alt="x">x</point>`, pt(0.635, 0.445), ""},
		{"molmo", `<point x="63.5">`, nil, "half a point"},
		{"molmo", `<point x="163.5" y="2">`, nil, "outside"},
		{"molmo", `There is none.`, nil, "no <point>"},
	} {
		f, err := family.Open(tt.family)
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Parse(tt.reply, w, h)
		if tt.wantErr != "" {
			if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
				t.Errorf("%s: Parse(%q) = %v, error %v, want one with %q", tt.family, tt.reply, got, err, tt.wantErr)
			}
			continue
		}
		same := err == nil && len(got) == len(tt.want)
		for i := range tt.want {
			same = same && math.Abs(got[i].X-tt.want[i].X) < 1e-12 && math.Abs(got[i].Y-tt.want[i].Y) < 1e-12
		}
		if !same {
			t.Errorf("%s: Parse(%q) = %v, error %v, want %v", tt.family, tt.reply, got, err, tt.want)
		}
		a := f.ReadAnswer(tt.reply, w, h)
		if err := refereetest.CheckAnswer(a); err != nil {
			t.Errorf("%s: ReadAnswer(%q): %v", tt.family, tt.reply, err)
		}
	}
}

func TestOf(t *testing.T) {
	for model, want := range map[string]string{
		"Qwen/Qwen2.5-VL-7B-Instruct": "qwen2.5", "qwen3-vl-8b": "qwen3", "Qwen3.5-27B": "qwen3", "gemini-2.5-pro": "gemini", "allenai/Molmo-7B-D": "molmo", "RoboBrain2.0-7B": "robobrain",
		"RoboRefer-2B-SFT": "roborefer", "gpt-5": "tuples", "claude-opus": "tuples", "": "tuples",
	} {
		if got := family.Of(model).Name; got != want {
			t.Errorf("Of(%s) = %s, want %s", model, got, want)
		}
	}
	if _, err := family.Open("qwn"); err == nil || !strings.Contains(err.Error(), "qwen2.5, qwen3, gemini") {
		t.Errorf("Open(qwn): error %v", err)
	}
	for _, name := range family.Names() {
		f, _ := family.Open(name)
		q := referee.Query{Instruction: "Point to the cup."}
		if p := f.Prompt(q); !strings.HasPrefix(p, q.Instruction) || f.Doc == "" || f.Coordinates == "" {
			t.Errorf("%s: prompt %q", name, p)
		}
		if q.Verbatim = true; f.Prompt(q) != q.Instruction {
			t.Errorf("%s: verbatim prompt %q", name, f.Prompt(q))
		}
	}
}

func FuzzParse(f *testing.F) {
	for i := range family.Names() {
		for _, s := range []string{"[(0.341, 0.510)]", "<think>", `[{"point_2d": [500, 250]}]`, "```json\n[{\"point\": [438, 330]}]\n```", `<points x1="61.5" y1="40.4" x2="76.8" y2="21.8">`, "[(1, 2), (3"} {
			f.Add(i, s)
		}
	}
	f.Fuzz(func(t *testing.T, i int, reply string) {
		names := family.Names()
		fam, _ := family.Open(names[(i%len(names)+len(names))%len(names)])
		if err := refereetest.CheckAnswer(fam.ReadAnswer(reply, 640, 480)); err != nil {
			t.Errorf("%s: ReadAnswer(%q): %v", fam.Name, reply, err)
		}
	})
}
