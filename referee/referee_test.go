package referee_test

import (
	"bytes"
	"context"
	"image"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/referee/refereetest"
	"github.com/refarena/refarena/sim"
)

func TestConformance(t *testing.T) {
	for _, r := range []referee.Referee{referee.Oracle(), referee.RandomInMask(), referee.RandomPixel()} {
		t.Run(r.Info().Name, func(t *testing.T) { refereetest.Run(t, r) })
	}
	for _, tt := range []struct {
		name   string
		answer string
		opt    referee.RoboReferOptions
	}{
		{"RoboRefer", "[(0.341, 0.510)]", referee.RoboReferOptions{}},
		{"RoboRefer, RGB only", "[(0.341, 0.510)]", referee.RoboReferOptions{Depth: referee.DepthFromNobody}},
		{"RoboRefer, parallel", "[(0.341, 0.510)]", referee.RoboReferOptions{Parallel: 3}},
		{"RoboRefer that talks", "I think it is near (0.3, 0.5).", referee.RoboReferOptions{}},
		{"RoboRefer that is silent", "", referee.RoboReferOptions{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := refereetest.NewRoboReferServer(t, func(refereetest.ServerQuery) string { return tt.answer })
			refereetest.Run(t, newClient(t, srv.URL, tt.opt))
		})
	}
}

// A referee that breaks a rule for answers is caught.
func TestCheckAnswer(t *testing.T) {
	good := referee.ReadAnswer("[(0.5, 0.5)]")
	if err := refereetest.CheckAnswer(good); err != nil {
		t.Errorf("CheckAnswer(%+v): %v", good, err)
	}
	for name, edit := range map[string]func(*referee.Answer){
		"no points, no problem": func(a *referee.Answer) { a.Points = nil },
		"off image":             func(a *referee.Answer) { a.Points[0].X = 1.01 },
		"NaN":                   func(a *referee.Answer) { a.Points[0].Y = math.NaN() },
		"points and a problem":  func(a *referee.Answer) { a.Problem, a.Reason = referee.ProblemEmpty, "why" },
		"problem and no reason": func(a *referee.Answer) { a.Points, a.Problem = nil, referee.ProblemTimeout },
		"unknown problem":       func(a *referee.Answer) { a.Points, a.Problem, a.Reason = nil, "refer.miss", "why" },
		"reason and no problem": func(a *referee.Answer) { a.Reason = "why" },
		"never asked":           func(a *referee.Answer) { a.Attempts = 0 },
		"no text":               func(a *referee.Answer) { a.Text = "" },
		"negative latency":      func(a *referee.Answer) { a.Latency = -1 },
	} {
		a := good
		a.Points = slices.Clone(good.Points)
		edit(&a)
		if err := refereetest.CheckAnswer(a); err == nil {
			t.Errorf("%s: CheckAnswer(%+v) finds nothing wrong", name, a)
		}
	}
}

func TestOraclePointsAtThePole(t *testing.T) {
	q := refereetest.Query(64, 48, true, 1)
	truth := refereetest.Truth(64, 48) // 12 × 12 pixels from (26, 18)
	a, err := referee.Ask(t.Context(), referee.Oracle(), q, truth)
	if err != nil {
		t.Fatal(err)
	}
	px, _, _ := truth.Pole()
	if got := a.Points[0].Pixel(64, 48); len(a.Points) != 1 || got != px || px != (sim.Pixel{X: 31.5, Y: 23.5}) {
		t.Errorf("oracle points at %v, the pole is %v, want (31.5, 23.5)", got, px)
	}
	if parsed, err := referee.ParsePoints(a.Text); err != nil || !slices.Equal(parsed, a.Points) {
		t.Errorf("oracle says %q, which reads %v, error %v, want %v", a.Text, parsed, err, a.Points)
	}
}

// Random referees reach every pixel that they may, about equally often, and no other.
func TestRandomIsUniform(t *testing.T) {
	const w, h, draws = 6, 4, 12000
	q := refereetest.Query(w, h, false, 0)
	truth := sim.Region{Width: w, Height: h, Mask: make([]bool, w*h)}
	for _, i := range []int{0, 3, 8, 9, 10, 17, 22, 23} {
		truth.Mask[i] = true
	}
	for _, tt := range []struct {
		r       referee.Referee
		allowed func(i int) bool
		n       int
	}{
		{referee.RandomInMask(), func(i int) bool { return truth.Mask[i] }, 8},
		{referee.RandomPixel(), func(int) bool { return true }, w * h},
	} {
		counts := make([]int, w*h)
		for seed := range uint64(draws) {
			q.Seed = seed
			a, err := referee.Ask(t.Context(), tt.r, q, truth)
			if err != nil {
				t.Fatal(err)
			}
			i, ok := a.Points[0].Pixel(w, h).Index(w, h)
			if !ok {
				t.Fatalf("%s: seed %d: %v is no pixel", tt.r.Info().Name, seed, a.Points[0])
			}
			counts[i]++
		}
		mean := float64(draws) / float64(tt.n)
		for i, c := range counts {
			want := 0.0
			if tt.allowed(i) {
				want = mean
			}
			if math.Abs(float64(c)-want) > 5*math.Sqrt(mean) { // five standard deviations; 0 must be 0
				t.Errorf("%s: pixel %d was drawn %d times of %d, want about %.0f", tt.r.Info().Name, i, c, draws, want)
			}
			if want == 0 && c > 0 {
				t.Errorf("%s: pixel %d was drawn and may not be", tt.r.Info().Name, i)
			}
		}
	}
}

// Two baselines draw from streams of their own: their points do not move together.
func TestStreamsDiffer(t *testing.T) {
	const side = 64
	truth := sim.Region{Width: side, Height: side, Mask: slices.Repeat([]bool{true}, side*side)}
	q := refereetest.Query(side, side, false, 0)
	equal := 0
	for seed := range uint64(100) {
		q.Seed = seed
		a, err := referee.Ask(t.Context(), referee.RandomInMask(), q, truth)
		if err != nil {
			t.Fatal(err)
		}
		b, err := referee.Ask(t.Context(), referee.RandomPixel(), q, truth)
		if err != nil {
			t.Fatal(err)
		}
		if a.Text == b.Text {
			equal++
		}
	}
	if equal > 5 {
		t.Errorf("with the whole image as the region, random-in-mask and random-pixel agree on %d of 100 seeds", equal)
	}
}

func TestQueryValidate(t *testing.T) {
	for _, tt := range []struct {
		name    string
		edit    func(*referee.Query)
		wantErr string // substring; "" means none
	}{
		{"good", func(*referee.Query) {}, ""},
		{"RGB only", func(q *referee.Query) { q.Depth = nil }, ""},
		{"no instruction", func(q *referee.Query) { q.Instruction = "" }, ""},
		{"size", func(q *referee.Query) { q.Width = 0 }, "image size 0×6 (want 1×1 to 4096×4096)"},
		{"huge", func(q *referee.Query) { q.Width, q.Height = math.MaxInt, math.MaxInt }, "image size"},
		{"RGB", func(q *referee.Query) { q.RGB = q.RGB[:9] }, "9 bytes of RGB for an image of 8×6 (want 144)"},
		{"depth", func(q *referee.Query) { q.Depth = q.Depth[:9] }, "9 depths for an image of 8×6 (want 48, or nil for RGB only)"},
		{"text", func(q *referee.Query) { q.Instruction = "\xff" }, "not valid UTF-8"},
	} {
		q := refereetest.Query(8, 6, true, 1)
		tt.edit(&q)
		if err := q.Validate(); (err == nil) != (tt.wantErr == "") || err != nil && !strings.Contains(err.Error(), tt.wantErr) {
			t.Errorf("%s: Validate() = %v, want %q", tt.name, err, tt.wantErr)
		}
	}
}

func TestNewQuery(t *testing.T) {
	q := refereetest.Query(8, 6, true, 5)
	f := sim.Frame{Camera: sim.Camera{Width: 8, Height: 6}, RGB: q.RGB, Depth: q.Depth}
	if got := referee.NewQuery(&f, q.Instruction, 5); got.Hash() != q.Hash() || got.Seed != 5 || got.Validate() != nil {
		t.Errorf("NewQuery() = %d×%d, seed %d, want the frame's pixels", got.Width, got.Height, got.Seed)
	}
	f.Depth = []float32{}
	if got := referee.NewQuery(&f, "", 5); got.Depth != nil || got.Validate() != nil {
		t.Error("NewQuery() of a frame without depth has depth")
	}
}

// The hash depends on everything that a model is shown and on nothing else.
func TestQueryHash(t *testing.T) {
	base := refereetest.Query(40, 30, true, 1)
	want := base.Hash()
	other := refereetest.Query(40, 30, true, 2)
	if len(want) != 64 || other.Hash() != want {
		t.Errorf("Hash() = %s, with another seed %s, want the same 64 digits", want, other.Hash())
	}
	seen := map[string]string{want: "the query itself"}
	for _, tt := range []struct {
		name string
		edit func(*referee.Query)
	}{
		{"first pixel", func(q *referee.Query) { q.RGB[0]++ }},
		{"last pixel", func(q *referee.Query) { q.RGB[len(q.RGB)-1]++ }},
		{"first depth", func(q *referee.Query) { q.Depth[0] = 3 }},
		{"last depth", func(q *referee.Query) { q.Depth[len(q.Depth)-1] = 3 }},
		{"no depth", func(q *referee.Query) { q.Depth = nil }},
		{"disparity", func(q *referee.Query) { q.Disparity, q.Depth = q.DisparityU8(), nil }},
		{"other disparity", func(q *referee.Query) { q.Disparity, q.Depth = make([]byte, 40*30), nil }},
		{"verbatim", func(q *referee.Query) { q.Verbatim = true }},
		{"turned", func(q *referee.Query) { q.Width, q.Height = q.Height, q.Width }},
		{"instruction", func(q *referee.Query) { q.Instruction += " " }},
	} {
		q := refereetest.Query(40, 30, true, 1)
		tt.edit(&q)
		h := q.Hash()
		if twin, ok := seen[h]; ok {
			t.Errorf("%s: the same hash as %s", tt.name, twin)
		}
		seen[h] = tt.name
	}
}

// A query with disparity shows RoboRefer the same as one with the depth that it was made of, and a verbatim one has no suffix.
func TestDisparityAndVerbatim(t *testing.T) {
	server := refereetest.NewRoboReferServer(t, nil)
	c, err := referee.NewRoboReferClient(server.URL, referee.RoboReferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	q := refereetest.Query(40, 30, true, 1)
	d := q
	d.Disparity, d.Depth, d.Verbatim = q.DisparityU8(), nil, true
	for _, q := range []referee.Query{q, d} {
		if _, err := c.Point(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	got := server.Queries()
	if a, b := got[0].Depths[0].(*image.RGBA), got[1].Depths[0].(*image.RGBA); !bytes.Equal(a.Pix, b.Pix) {
		t.Error("disparity was sent as other pixels than the depth it was made of")
	}
	if want := q.Instruction + referee.RoboReferSuffix; got[0].Text != want || got[1].Text != q.Instruction {
		t.Errorf("texts %q and %q, want %q and %q", got[0].Text, got[1].Text, want, q.Instruction)
	}
}

func TestOpen(t *testing.T) {
	for _, tt := range []struct{ spec, name, wantErr string }{
		{"oracle", "oracle", ""},
		{"random-in-mask", "random-in-mask", ""},
		{"random-pixel", "random-pixel", ""},
		{"http://127.0.0.1:25547", "http://127.0.0.1:25547", ""},
		{"http://127.0.0.1:25547/", "http://127.0.0.1:25547", ""},
		{"http://127.0.0.1:25547/query", "http://127.0.0.1:25547", ""},
		{"https://models.example/roborefer/query/", "https://models.example/roborefer", ""},
		{"", "", `no referee "" (nearest oracle; have oracle, random-in-mask, random-pixel, http://HOST:PORT, https://HOST:PORT)`},
		{"orcale", "", "nearest oracle;"},
		{"Oracle", "", "nearest oracle;"},
		{"random_pixel", "", "nearest random-pixel;"},
		{"random", "", "nearest random-in-mask;"},
		{"localhost:25547", "", "nearest http://localhost:25547;"},
		{"htp://localhost:25547", "", "nearest http://HOST:PORT;"},
		{"http://", "", `address "http://" (want http://HOST:PORT`},
		{"http://:25547", "", "want http://HOST:PORT"},
		{"http://host:port", "", "is not a URL"},
		{"http://host:99999", "", "port 99999 (want 1 to 65535)"},
		{"http://host:1/?x=1", "", "want http://HOST:PORT"},
		{"http://host:1/#x", "", "want http://HOST:PORT"},
	} {
		r, err := referee.Open(tt.spec, referee.Options{})
		if tt.wantErr != "" {
			if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
				t.Errorf("Open(%q) failed with %v, want %q", tt.spec, err, tt.wantErr)
			}
			if r != nil {
				t.Errorf("Open(%q) gave a referee beside the error", tt.spec)
			}
			continue
		}
		if err != nil {
			t.Errorf("Open(%q) failed: %v", tt.spec, err)
			continue
		}
		if got := r.Info().Name; got != tt.name {
			t.Errorf("Open(%q).Info().Name = %q, want %q", tt.spec, got, tt.name)
		}
	}
	want := []string{"oracle", "random-in-mask", "random-pixel", "http://HOST:PORT", "https://HOST:PORT"}
	if got := referee.Names(); !slices.Equal(got, want) {
		t.Errorf("Names() = %v, want %v", got, want)
	}
}

// A password in an address is refused and not repeated in the message.
func TestOpenPassword(t *testing.T) {
	for _, spec := range []string{"http://me:secret@host:1", "http://me:secret@host:port", "https://secret@host"} {
		if _, err := referee.Open(spec, referee.Options{}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("Open(%q): error %v, want one without the password", spec, err)
		}
	}
}

func TestOpenMore(t *testing.T) {
	fixed := referee.Maker{Name: "cassette:FILE", Prefix: "cassette:", Make: func(spec string, _ referee.Options) (referee.Referee, error) {
		return named{spec}, nil
	}}
	r, err := referee.Open("cassette:a", referee.Options{}, fixed)
	if err != nil || r.Info().Name != "cassette:a" {
		t.Errorf("Open(cassette:a) = %v, error %v", r, err)
	}
	if _, err := referee.Open("casette:a", referee.Options{}, fixed); err == nil || !strings.Contains(err.Error(), "nearest cassette:FILE") {
		t.Errorf("Open(casette:a): error %v, want one with the nearest", err)
	}
	if n := len(referee.Makers()); n != 5 {
		t.Errorf("%d makers after Open with one more, want 5", n)
	}
}

// named is a referee by its name alone.
type named struct{ name string }

func (n named) Info() referee.Info { return referee.Info{Name: n.name, Model: "none"} }
func (n named) Point(context.Context, referee.Query) (referee.Answer, error) {
	return referee.ReadAnswer("[]"), nil
}

// Truth goes to Controls only.
func TestAskTellsControlsOnly(t *testing.T) {
	q := refereetest.Query(16, 16, true, 1)
	if _, err := referee.Ask(t.Context(), referee.RandomPixel(), q, sim.Region{}); err != nil {
		t.Errorf("Ask(random-pixel) without a region failed: %v", err)
	}
	if _, err := referee.Ask(t.Context(), referee.Oracle(), q, sim.Region{}); err == nil {
		t.Error("Ask(oracle) without a region gave an answer")
	}
	if err := referee.Check(t.Context(), referee.Oracle()); err != nil {
		t.Errorf("Check(oracle) = %v", err)
	}
}

func newClient(t testing.TB, address string, opt referee.RoboReferOptions) *referee.RoboReferClient {
	t.Helper()
	c, err := referee.NewRoboReferClient(address, opt)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
