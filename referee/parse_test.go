package referee

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/refarena/refarena/sim"
)

func TestParsePoints(t *testing.T) {
	for _, tt := range []struct {
		name, reply string
		want        []sim.NormPoint
		wantErr     string // substring; "" means none
	}{
		{"one", "[(0.41, 0.53)]", []sim.NormPoint{{X: 0.41, Y: 0.53}}, ""},
		{"two", "[(0.1, 0.2), (0.3, 0.4)]", []sim.NormPoint{{X: 0.1, Y: 0.2}, {X: 0.3, Y: 0.4}}, ""},
		{"no space", "[(0.1,0.2),(0.3,0.4)]", []sim.NormPoint{{X: 0.1, Y: 0.2}, {X: 0.3, Y: 0.4}}, ""},
		{"space everywhere", " \n[ ( 0.1 , 0.2 )\t, (0.3 ,0.4 ) ]\r\n", []sim.NormPoint{{X: 0.1, Y: 0.2}, {X: 0.3, Y: 0.4}}, ""},
		{"corners as whole numbers", "[(0, 1), (1, 0)]", []sim.NormPoint{{X: 0, Y: 1}, {X: 1, Y: 0}}, ""},
		{"no digit after the point", "[(0., 1.)]", []sim.NormPoint{{X: 0, Y: 1}}, ""},
		{"signs", "[(+0.5, -0.0)]", []sim.NormPoint{{X: 0.5, Y: 0}}, ""},
		{"leading zeros", "[(00.5, 0.5)]", []sim.NormPoint{{X: 0.5, Y: 0.5}}, ""},
		{"many digits", "[(0." + strings.Repeat("3", 400) + ", 0.5)]", []sim.NormPoint{{X: 1. / 3, Y: 0.5}}, ""},
		{"no points", "[]", nil, ""},
		{"no points, space", " [ ] ", nil, ""},
		{"answer part", "<answer>[(0.341, 0.610)]</answer>", []sim.NormPoint{{X: 0.341, Y: 0.610}}, ""},
		{
			"thought and answer", "<think>Step1: [Position] [the cup]: [(0.129, 0.617)]</think><answer>[(0.2, 0.3)]</answer>",
			[]sim.NormPoint{{X: 0.2, Y: 0.3}}, "",
		},
		{"thought and answer, spaced", " <think>\n</think>\n<answer>\n[(0.2, 0.3)]\n</answer>\n", []sim.NormPoint{{X: 0.2, Y: 0.3}}, ""},
		{"thought without points", "<think>none is there</think><answer>[]</answer>", nil, ""},

		{"nothing", "", nil, `want "["`},
		{"off image", "[(1.3, 0.5)]", nil, "byte 2: x = 1.3 is outside [0,1]"},
		{"off image below", "[(0.3, -0.001)]", nil, "y = -0.001 is outside [0,1]"},
		{"one bad point spoils all", "[(0.3, 0.4), (0.3, 1.0001)]", nil, "outside [0,1]"},
		{"pixels", "[(320, 240)]", nil, "x = 320 is outside [0,1]"},
		{"thousandths", "[(341, 510)]", nil, "outside [0,1]"},
		{"overflow", "[(" + strings.Repeat("9", 400) + ", 0.5)]", nil, "outside [0,1]"},
		{"exponent", "[(1e-1, 0.2)]", nil, "x has an exponent"},
		{"capital exponent", "[(0.2, 5E0)]", nil, "y has an exponent"},
		{"NaN", "[(nan, 0.2)]", nil, "want a number for x"},
		{"infinity", "[(0.2, inf)]", nil, "want a number for y"},
		{"hexadecimal", "[(0x0, 0.2)]", nil, `want "," after x`},
		{"underscore", "[(0.1_0, 0.2)]", nil, `want "," after x`},
		{"no digit before the point", "[(.5, .2)]", nil, "want a number for x"},
		{"two signs", "[(--0.5, 0.2)]", nil, "want a number for x"},
		{"sign apart", "[(- 0.5, 0.2)]", nil, "want a number for x"},
		{"two points in a number", "[(0.5.1, 0.2)]", nil, `want "," after x`},
		{"one number", "[(0.5)]", nil, `want "," after x`},
		{"three numbers", "[(0.5, 0.5, 0.5)]", nil, "a point is two numbers"},
		{"box", "[(0.1, 0.2, 0.3, 0.4)]", nil, "a point is two numbers"},
		{"no list", "(0.1, 0.2)", nil, `want "["`},
		{"lists", "[[0.1, 0.2]]", nil, `want "(", the start of a point`},
		{"JSON", `[{"point_2d": [341, 510]}]`, nil, `want "("`},
		{"not closed", "[(0.1, 0.2)", nil, "the reply ends"},
		{"cut off", "[(0.1, 0.", nil, `the reply ends (want ")"`},
		{"tuple not closed", "[(0.1, 0.2]", nil, `want ")" after y`},
		{"trailing comma", "[(0.1, 0.2),]", nil, "the start of a point"},
		{"trailing comma in a point", "[(0.1, 0.2,)]", nil, `want ")"`},
		{"missing comma", "[(0.1, 0.2) (0.3, 0.4)]", nil, `want "," or "]"`},
		{"text before", "The point is [(0.1, 0.2)]", nil, `got "The point is [(0.1, 0.2)" (want "["`},
		{"text after", "[(0.1, 0.2)].", nil, `got "." (want nothing after the list)`},
		{"two lists", "[(0.1, 0.2)] [(0.3, 0.4)]", nil, "want nothing after the list"},
		{"code", `__import__("os").system("true")`, nil, `want "["`},
		{"code in a list", `[(__import__("os"), 0.1)]`, nil, "want a number for x"},
		{"comment", "[(0.1, 0.2)] # here", nil, "want nothing after the list"},
		{"fence", "```\n[(0.1, 0.2)]\n```", nil, `want "["`},
		{"full-width digits", "[(０.５, 0.5)]", nil, "want a number for x"},
		{"no-break space", "[(0.1,\u00a00.2)]", nil, "want a number for y"},
		{"zero byte", "[(0.1, 0.2)]\x00", nil, "want nothing after the list"},
		{"not UTF-8", "[(0.1, 0.2)]\xff", nil, "want nothing after the list"},
		{"thought without end", "<think>[(0.1, 0.2)]", nil, "<think> has no </think>"},
		{"thought without answer", "<think>so</think>[(0.1, 0.2)]", nil, "want <answer> after </think>"},
		{"two thoughts", "<think>a</think><think>b</think><answer>[(0.1, 0.2)]</answer>", nil, "want <answer> after </think>"},
		{"answer not closed", "<answer>[(0.1, 0.2)]", nil, "want </answer> after the list"},
		{"answer in words", "<answer>The point is (0.1, 0.2)</answer>", nil, `want "["`},
		{"text after the answer", "<answer>[(0.1, 0.2)]</answer> done", nil, "want nothing after the list"},
		{"other case", "<Answer>[(0.1, 0.2)]</Answer>", nil, `want "["`},
		{"too long", strings.Repeat(" ", MaxText) + "[]", nil, "want at most 65536"},
		{"too many", "[" + strings.Repeat("(0,0),", MaxPoints) + "(0,0)]", nil, "more than 1000 points"},
		{"nested deep", strings.Repeat("[", 60000), nil, `want "("`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParsePoints(tt.reply)
			if tt.wantErr == "" && err != nil {
				t.Fatalf("ParsePoints(%.80q) failed: %v", tt.reply, err)
			}
			if tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)) {
				t.Fatalf("ParsePoints(%.80q) = %v, error %v, want an error with %q", tt.reply, got, err, tt.wantErr)
			}
			if err != nil && len(err.Error()) > 200 {
				t.Errorf("ParsePoints(%.80q): error of %d bytes, want one short line: %v", tt.reply, len(err.Error()), err)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("ParsePoints(%.80q) = %v, want %v", tt.reply, got, tt.want)
			}
		})
	}
}

func TestFormatPoints(t *testing.T) {
	for _, tt := range []struct {
		points []sim.NormPoint
		want   string
	}{
		{nil, "[]"},
		{[]sim.NormPoint{{X: 0.341, Y: 0.51}}, "[(0.341, 0.51)]"},
		{[]sim.NormPoint{{X: 0, Y: 1}, {X: 0.5, Y: 1e-7}}, "[(0.0, 1.0), (0.5, 0.0000001)]"},
	} {
		if got := FormatPoints(tt.points); got != tt.want {
			t.Errorf("FormatPoints(%v) = %s, want %s", tt.points, got, tt.want)
		}
	}
}

// What FormatPoints writes, ParsePoints reads back bit for bit.
func TestFormatPointsRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	coord := func() float64 {
		switch r.IntN(8) {
		case 0:
			return float64(r.IntN(2))
		case 1:
			return r.Float64() * 1e-12
		default:
			return r.Float64()
		}
	}
	for i := range 500 {
		points := make([]sim.NormPoint, r.IntN(6))
		for k := range points {
			points[k] = sim.NormPoint{X: coord(), Y: coord()}
		}
		text := FormatPoints(points)
		if got, err := ParsePoints(text); err != nil || !slices.Equal(got, points) {
			t.Fatalf("draw %d: ParsePoints(%s) = %v, error %v, want %v", i, text, got, err, points)
		}
	}
}

func FuzzParsePoints(f *testing.F) {
	for _, s := range []string{
		"[(0.41, 0.53)]", "[]", "", "[(1e3,nan)]", "<think>a</think><answer>[(0, 1), (+1., -0.0)]</answer>", "[(0.1, 0.2, 0.3, 0.4)]", "((",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, reply string) {
		points, err := ParsePoints(reply)
		if err != nil {
			if points != nil {
				t.Fatalf("ParsePoints(%q) = %v beside the error %v", reply, points, err)
			}
			return
		}
		if len(points) > MaxPoints {
			t.Fatalf("ParsePoints(%q) gave %d points", reply, len(points))
		}
		for _, p := range points {
			if !(p.X >= 0 && p.X <= 1 && p.Y >= 0 && p.Y <= 1) {
				t.Fatalf("ParsePoints(%q) gave %v, outside [0,1]", reply, p)
			}
		}
		if again, err := ParsePoints(FormatPoints(points)); err != nil || !slices.Equal(again, points) {
			t.Fatalf("ParsePoints(FormatPoints(%v)) = %v, error %v", points, again, err)
		}
		if a := ReadAnswer(reply); (a.Problem == ProblemNone) != (len(points) > 0) {
			t.Fatalf("ReadAnswer(%q).Problem = %q with %d points", reply, a.Problem, len(points))
		}
	})
}

func TestReadAnswer(t *testing.T) {
	for _, tt := range []struct {
		name, reply string
		points      int
		problem     Problem
		reason      string // substring
	}{
		{"point", "[(0.5, 0.5)]", 1, ProblemNone, ""},
		{"no points", "[]", 0, ProblemEmpty, "no points"},
		{"blank", " \n", 0, ProblemEmpty, "blank"},
		{"nothing", "", 0, ProblemEmpty, "blank"},
		{"words", "I cannot see it.", 0, ProblemUnparsable, "byte 0"},
		{"endless", strings.Repeat("ä", MaxText), 0, ProblemUnparsable, "131072 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := ReadAnswer(tt.reply)
			if len(a.Points) != tt.points || a.Problem != tt.problem || !strings.Contains(a.Reason, tt.reason) {
				t.Errorf("ReadAnswer(%.40q) = %d points, problem %q, reason %q, want %d, %q, …%s…",
					tt.reply, len(a.Points), a.Problem, a.Reason, tt.points, tt.problem, tt.reason)
			}
			if len(a.Text) > MaxText || !strings.HasPrefix(tt.reply, a.Text) || a.Attempts != 1 {
				t.Errorf("ReadAnswer(%.40q): text of %d bytes, %d attempts, want the reply's first %d and 1", tt.reply, len(a.Text), a.Attempts, MaxText)
			}
		})
	}
}

func TestChoice(t *testing.T) {
	points := []sim.NormPoint{{X: 0.2, Y: 0.4}, {X: 0.6, Y: 1}}
	for _, tt := range []struct {
		choice Choice
		points []sim.NormPoint
		want   sim.NormPoint
		ok     bool
	}{
		{"", points, points[0], true},
		{FirstPoint, points, points[0], true},
		{MeanPoint, points, sim.NormPoint{X: 0.4, Y: 0.7}, true},
		{FirstPoint, nil, sim.NormPoint{}, false},
		{MeanPoint, nil, sim.NormPoint{}, false},
	} {
		if got, ok := tt.choice.Of(tt.points); got != tt.want || ok != tt.ok {
			t.Errorf("Choice(%q).Of(%v) = %v, %t, want %v, %t", tt.choice, tt.points, got, ok, tt.want, tt.ok)
		}
	}
	if err := Choice("last").Validate(); err == nil || !strings.Contains(err.Error(), "have first, mean") {
		t.Errorf(`Choice("last").Validate() = %v, want an error with the choices`, err)
	}
}
