package view

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
)

func starter(t *testing.T) Options {
	t.Helper()
	suite, err := tasks.LoadSuite("starter")
	require.NoError(t, err)
	open := func(name string) (referee.Referee, error) { return referee.Open(name, referee.Options{}) }
	oracle, err := open("oracle")
	require.NoError(t, err)
	return Options{
		Session: tasks.Options{Suite: suite, Robot: "ur5", Referee: oracle, Seed: 7}, OpenReferee: open, Device: render.Software, Dir: t.TempDir(),
	}
}

func newViewer(t *testing.T, o Options) *Viewer {
	t.Helper()
	v, err := New(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(v.Close)
	v.SetSize(640, 400, 1)
	return v
}

// replayed plays a scenario without a viewer.
func replayed(t *testing.T, file string) *tasks.Record {
	t.Helper()
	suite, err := tasks.LoadSuite(file)
	require.NoError(t, err)
	records, err := tasks.Evaluate(t.Context(), tasks.Options{
		Suite: suite, Referee: tasks.Nobody(), NewRenderer: func() (sim.Renderer, error) { return render.New(render.Options{Device: render.Software}) },
	})
	require.NoError(t, err)
	require.Equal(t, suite.Replay.Trace, records[0].Trace)
	return records[0]
}

// A script opens a suite, plays, pauses, scrubs back, clicks a point, continues and saves a scenario, which gives the same hash without the
// viewer.
func TestScript(t *testing.T) {
	o := starter(t)
	v := newViewer(t, o)
	var out bytes.Buffer
	err := RunScript(t.Context(), v, strings.NewReader(`
		expect paused
		play
		speed 16
		wait end
		expect success
		pause
		seek 1
		step -3
		period 2
		seek step 2
		expect step 2: place
		overlay region on
		shot before.png
		# the table, not the bowl
		point 0.55 0.85
		expect branch
		play
		wait end
		expect step 2: place failure refer.miss
		save wrong.yaml
		seek 2.7
		say Put it into the bowl, please.
		play
		wait end
		expect Put it into the bowl, please.
		save said.yaml
		restart
		move 0 0 0 0.1
		expect moved
		play
		wait end
		save moved.yaml
	`), &out)
	require.NoError(t, err, out.String())
	require.Equal(t, tasks.CauseMiss, replayed(t, filepath.Join(o.Dir, "wrong.yaml")).Steps[1].Cause)
	require.Equal(t, "Put it into the bowl, please.", replayed(t, filepath.Join(o.Dir, "said.yaml")).Steps[1].Instruction)
	replayed(t, filepath.Join(o.Dir, "moved.yaml"))
	f, err := os.Open(filepath.Join(o.Dir, "before.png"))
	require.NoError(t, err)
	defer f.Close()
	img, err := png.Decode(f)
	require.NoError(t, err)
	require.Equal(t, 640, img.Bounds().Dx())

	for _, tt := range []struct{ order, want string }{
		{"dance", `no order "dance" (have toggle, `},
		{"speed 40", "speed 40 (want 0.1 to 16)"},
		{"seek step 9", "no step 9"},
		{"point 2 0", "want 0 to 1"},
		{"overlay hat", "have [points region"},
		{"tab nose", "have rgb, depth, ids"},
		{"move 99 0 0 0", "no object 99"},
		{"pass", "nobody is asked here"},
		{"next", "the last of 1"},
		{"referee nobody-knows", "nobody-knows"},
		{"wait dinner", "want seconds, question, answered or end"},
		{"expect the moon", "not there"},
	} {
		require.ErrorContains(t, RunScript(t.Context(), v, strings.NewReader(tt.order), &out), tt.want)
	}
	require.NoError(t, v.Do("quit"))
	<-v.Done()
	require.ErrorIs(t, v.Do("play"), errClosed)
}

// A person answers what a referee is asked, and the run is recorded like any other.
func TestHuman(t *testing.T) {
	o := starter(t)
	right, err := tasks.Evaluate(t.Context(), tasks.Options{Suite: o.Session.Suite, Referee: referee.Oracle(), Seed: 7,
		NewRenderer: func() (sim.Renderer, error) { return render.New(render.Options{Device: render.Software}) }})
	require.NoError(t, err)
	o.Human = NewHuman()
	o.Session.Referee = o.Human
	o.Episodes = 2
	var records []*tasks.Record
	o.OnRecord = func(r *tasks.Record) error { records = append(records, r); return nil }
	v := newViewer(t, o)
	p, q := right[0].Steps[0].Point, right[0].Steps[1].Point
	var out bytes.Buffer
	require.NoError(t, RunScript(t.Context(), v, strings.NewReader(fmt.Sprintf(`
		speed 16
		play
		wait question
		point %.4f %.4f
		wait answered
		wait 0.2
		wait question
		point %.4f %.4f
		wait end
		expect success
		next
		wait question
		pass
		wait end
		expect failure
	`, p.X, p.Y, q.X, q.Y)), &out), out.String())
	require.ErrorContains(t, v.Do("point 0.5 0.5"), "is not branched")
	require.Len(t, records, 2)
	require.Equal(t, tasks.Success, records[0].Outcome)
	require.Equal(t, "human", records[0].Referee)
	require.Positive(t, records[0].Steps[0].LatencyMS)
	require.Equal(t, tasks.Cause("refer.empty"), records[1].Steps[0].Cause)
	require.Equal(t, uint64(8), records[1].Seed)
}

// Closing in the middle of things, a question to a person included, ends cleanly.
func TestCloseWhileAsking(t *testing.T) {
	o := starter(t)
	o.Human = NewHuman()
	o.Session.Referee = o.Human
	v, err := New(context.Background(), o)
	require.NoError(t, err)
	require.NoError(t, RunScript(t.Context(), v, strings.NewReader("play\nwait question"), &bytes.Buffer{}))
	v.Close()
}

// The browser's page goes through the same script with mouse and keyboard.
func TestWeb(t *testing.T) {
	b := openChromium(t, 960, 540)
	o := starter(t)
	v := newViewer(t, o)
	w, err := NewWeb(v, "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- w.Serve(t.Context()) }()

	stranger, err := http.Get(strings.Replace(w.URL(), w.token, strings.Repeat("0", 32), 1))
	require.NoError(t, err)
	stranger.Body.Close()
	require.Equal(t, http.StatusNotFound, stranger.StatusCode)
	req, _ := http.NewRequest("GET", w.URL(), nil)
	req.Header.Set("Origin", "http://elsewhere.example")
	foreign, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	foreign.Body.Close()
	require.Equal(t, http.StatusForbidden, foreign.StatusCode)

	b.call("Page.navigate", map[string]any{"url": w.URL()}, nil)
	b.until("typeof state === 'object' && window.refarenaPictures > 0")
	b.key(" ", " ")
	b.until("state.playing")
	b.eval("tell('speed 16')", nil)
	b.until("state.ended && !state.playing && state.outcome === 'success'")
	b.key("Home", "")
	b.until("state.time === 0")
	b.eval("tell('seek step 2')", nil)
	b.until("state.ask && state.ask.instruction && state.steps[1].now")
	if dir := os.Getenv("REFARENA_SHOTS"); dir != "" {
		b.until("window.refarenaPictures > 5")
		b.screenshot(filepath.Join(dir, "web.png"))
	}
	b.click("#eye", 0.55, 0.85)
	b.until("state.branched && !state.busy")
	b.click("#play", 0.5, 0.5)
	b.until("state.ended && state.steps[1].cause === 'refer.miss'")
	b.eval("tell('save web.yaml')", nil)
	b.until("state.message.includes('web.yaml')")
	b.key("?", "?")
	b.until("document.getElementById('help').open")
	require.Empty(t, b.errors())
	require.Equal(t, tasks.CauseMiss, replayed(t, filepath.Join(o.Dir, "web.yaml")).Steps[1].Cause)
	require.NoError(t, v.Do("quit"))
	require.NoError(t, <-served)
}
