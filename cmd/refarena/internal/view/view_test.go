package view

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refarena/refarena/cmd/refarena/internal/chromium"
	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
)

func starter(t testing.TB) Options {
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

func newViewer(t testing.TB, o Options) *Viewer {
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

// A script opens a suite, plays, pauses, scrubs back, moves a thing, asks in other words, clicks a point, pushes a joint, continues and saves all that as
// a scenario, which gives the same hash without the viewer.
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
		loop 2
			period 1
		endloop
		seek step 2
		expect step 2: place
		overlay region on
		shot before.png
		seek 1.5
		move 0 0 0 0.1
		expect moved
		expect branch
		seek 0.8
		redirect The red thing, please.
		expect branch
		seek 2.4
		expect The red thing, please.
		run
		wait end
		expect success
		seek step 2
		period 10
		say Put it into the bowl, please.
		expect Put it into the bowl, please.
		# the table, not the bowl
		point 0.55 0.85
		joint 1 -100
		joint 6 250
		joint 6
		play
		wait end
		expect step 2: place failure refer.miss
		save branch.yaml
	`), &out)
	require.NoError(t, err, out.String())
	require.Contains(t, out.String(), "loop 2: 2, ")
	sh := v.latest()
	require.NotZero(t, sh.JointList[0].Aside)
	require.Zero(t, sh.JointList[5].Aside)
	branch := replayed(t, filepath.Join(o.Dir, "branch.yaml"))
	require.Equal(t, tasks.CauseMiss, branch.Steps[1].Cause)
	require.Equal(t, "Put it into the bowl, please.", branch.Steps[1].Instruction)
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
		{"joint 9 0", "want 1 to 6"},
		{"joint 1 500", "want -360 to 360"},
		{"record film.gif", "want a name that ends in .mp4, .webm, .webp, .apng or .png"},
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

// A scene file is opened without a task: time passes, joints and objects are moved, nothing can be answered or saved.
func TestScene(t *testing.T) {
	o := starter(t)
	cfg, err := scenes.LevelEasy.Config()
	require.NoError(t, err)
	made, err := scenes.Generate(cfg, 3, scenes.Mount{})
	require.NoError(t, err)
	text, err := made.Encode()
	made.Close()
	require.NoError(t, err)
	require.True(t, scenes.IsSceneFile(text))
	o.Session.Suite, err = tasks.SceneSuite("kitchen.yaml", text)
	require.NoError(t, err)
	o.Session.Referee, o.Playing = tasks.Nobody(), true
	v := newViewer(t, o)
	var out bytes.Buffer
	require.NoError(t, RunScript(t.Context(), v, strings.NewReader(`
		expect kitchen
		expect playing
		speed 16
		joint 1 -60
		seek +2
		move 0 0 0 0.05
		expect moved
	`), &out), out.String())
	require.InDelta(t, -60, v.latest().JointList[0].Deg, 0.5)
	require.ErrorContains(t, v.Do("point 0.5 0.5"), "nothing is asked in a scene")
	require.ErrorContains(t, v.Do("say hello"), "nothing is asked in a scene")
	require.ErrorContains(t, v.Do("save"), "no task")
}

// A person answers what a referee is asked, and the run is recorded like any other.
func TestHuman(t *testing.T) {
	o := starter(t)
	o.Human = NewHuman()
	o.Session.Referee = o.Human
	o.Episodes = 2
	var records []*tasks.Record
	o.OnRecord = func(r *tasks.Record) error { records = append(records, r); return nil }
	v := newViewer(t, o)
	script := func(text string) {
		t.Helper()
		var out bytes.Buffer
		require.NoError(t, RunScript(t.Context(), v, strings.NewReader(text), &out), out.String())
	}
	answer := func() { // rightly
		t.Helper()
		q := v.latest().Question
		p := middle(q.Region)
		script(fmt.Sprintf("point %.4f %.4f\nwait answered", p.X, p.Y))
	}
	script("speed 16\nplay\nwait question")
	require.Empty(t, v.latest().Ask.Referent, "the person who is asked is told what is right")
	answer()
	script("wait 0.2\nwait question")
	answer()
	script("wait end\nexpect success\nnext\nwait question\npass\nwait end\nexpect failure")
	require.ErrorContains(t, v.Do("point 0.5 0.5"), "is not branched")
	require.Len(t, records, 2)
	require.Equal(t, tasks.Success, records[0].Outcome)
	require.Equal(t, "human", records[0].Referee)
	require.Positive(t, records[0].Steps[0].LatencyMS)
	require.Equal(t, tasks.Cause("refer.empty"), records[1].Steps[0].Cause)
	require.Equal(t, uint64(8), records[1].Seed)
}

// middle is a place well inside of a region: the one with the most of it around.
func middle(r sim.Region) sim.NormPoint {
	best, at := -1, sim.NormPoint{}
	for y := 4; y < r.Height-4; y += 2 {
		for x := 4; x < r.Width-4; x += 2 {
			n := 0
			for d := 1; d <= 4; d++ {
				for _, i := range [4]int{y*r.Width + x + d, y*r.Width + x - d, (y+d)*r.Width + x, (y-d)*r.Width + x} {
					if r.Mask[i] {
						n++
					}
				}
			}
			if r.Mask[y*r.Width+x] && n > best {
				best, at = n, sim.Pixel{X: float64(x) + 0.5, Y: float64(y) + 0.5}.Norm(r.Width, r.Height)
			}
		}
	}
	return at
}

// A recording of each kind has pictures in it, and one that cannot be written says so and goes no further.
func TestRecording(t *testing.T) {
	o := starter(t)
	v := newViewer(t, o)
	names := []string{"film.png"}
	if _, err := exec.LookPath("ffmpeg"); err == nil {
		names = append(names, "film.mp4", "film.webm", "film.webp")
	}
	for _, name := range names {
		require.NoError(t, v.Do("record "+name))
		require.True(t, v.latest().Recording)
		require.NoError(t, v.Do("record"))
		require.False(t, v.latest().Recording)
		require.Contains(t, v.latest().Message, "saved ")
		data, err := os.ReadFile(filepath.Join(o.Dir, name))
		require.NoError(t, err)
		switch filepath.Ext(name) {
		case ".png":
			cfg, err := png.DecodeConfig(bytes.NewReader(data))
			require.NoError(t, err)
			require.Equal(t, 640, cfg.Width)
			require.Equal(t, 1, bytes.Count(data, []byte("acTL")))
			require.NotZero(t, bytes.Count(data, []byte("fcTL")))
		case ".mp4":
			require.Contains(t, string(data[:16]), "ftyp")
		case ".webm":
			require.Equal(t, "\x1a\x45\xdf\xa3", string(data[:4])) // EBML
		case ".webp":
			require.Contains(t, string(data[:16]), "WEBP")
		}
	}
	t.Setenv("PATH", t.TempDir())
	require.ErrorContains(t, v.Do("record other.mp4"), "animated PNG")
	require.NoError(t, v.Do("record"), "without ffmpeg")
	require.NoError(t, v.Do("record"))
	require.Contains(t, v.latest().Message, ".png")
	require.NoError(t, os.Mkdir(filepath.Join(o.Dir, "folder.png"), 0o777))
	require.ErrorContains(t, v.Do("record folder.png"), "is a directory")
	require.False(t, v.latest().Recording)
}

// A film has as many pictures as the clock says, up to when it was ended: not for the time that an encoder takes, however slow it is.
func TestFilmKeepsTheClock(t *testing.T) {
	v := newViewer(t, starter(t))
	require.NoError(t, v.pictures.beginRecording(filepath.Join(t.TempDir(), "film.png")))
	f := v.pictures.film
	for _, tt := range []struct {
		at     time.Duration
		frames int
	}{{0, 1}, {50 * time.Millisecond, 1}, {time.Second, 16}, {time.Second, 16}, {500 * time.Millisecond, 16}, {1100 * time.Millisecond, 17}} {
		require.NoError(t, v.pictures.Film(v.latest(), f.begun.Add(tt.at)))
		require.Equal(t, tt.frames, f.frames, "after %v", tt.at)
	}
	name, err := v.pictures.endRecording()
	require.NoError(t, err)
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, 3, bytes.Count(data, []byte("fcTL")))
}

// A script with loops that make no sense is refused before anything is done.
func TestLoops(t *testing.T) {
	for _, tt := range []struct{ script, want string }{
		{"play\nloop 3\nplay", "line 2, loop 3: no endloop"},
		{"endloop", "no loop was begun"},
		{"loop 2\nloop 3", "not nested"},
		{"loop soon\nendloop", "want how many times, or for how long"},
		{"loop -1s\nendloop", "want how many"},
	} {
		require.ErrorContains(t, RunScript(t.Context(), nil, strings.NewReader(tt.script), &bytes.Buffer{}), tt.want)
	}
}

// An order that was carried out has its answer, also where it is the one that closes the viewer; one that was not says that it was not.
func TestLastOrder(t *testing.T) {
	for range 50 { // a select that may choose chooses both ways
		synctest.Test(t, func(t *testing.T) {
			v := &Viewer{orders: newQueue(), done: make(chan struct{})}
			answered := make(chan error, 1)
			go func() { answered <- v.Do("quit") }()
			<-v.orders.some
			o := v.orders.pop()
			synctest.Wait()
			o.answer(nil)
			close(v.done)
			require.NoError(t, <-answered)
			require.ErrorIs(t, v.Do("play"), errClosed)
		})
	}
}

// While the clock is busy no order is lost, however many come; of a mouse that is moved meanwhile only the end counts.
func TestCrowd(t *testing.T) {
	v := &Viewer{orders: newQueue(), done: make(chan struct{})}
	var told, want []string
	for i := range 3 * crowd {
		told = append(told, fmt.Sprintf("say %d", i), "toggle")
	}
	want = append(want, told...)
	told, want = append(told, "drag 1 1", "drag 2 2", "drag 3 3", "drop", "orbit 1 1", "say Hello.", "orbit 2 2"), append(want, "drag 3 3", "drop", "orbit 1 1", "say Hello.", "orbit 2 2")
	for _, text := range told {
		v.Tell(text)
	}
	for _, text := range want {
		<-v.orders.some
		require.Equal(t, text, v.orders.pop().text)
	}
	require.Empty(t, v.orders.some)
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
	b := chromium.Open(t, 960, 540)
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

	b.Navigate(w.URL())
	b.Until("typeof state === 'object' && window.refarenaPictures > 0")
	b.Key(" ", " ")
	b.Until("state.playing || state.ended") // on a machine that stood still meanwhile
	b.Eval("tell('speed 16')", nil)
	b.Until("state.ended && !state.playing && state.outcome === 'success'")
	b.Key("Home", "")
	b.Until("state.time === 0")
	b.Eval("tell('seek step 2')", nil)
	b.Until("state.ask && state.ask.instruction && state.steps[1].now")
	if dir := os.Getenv("REFARENA_SHOTS"); dir != "" { // for the documentation, by hand
		b.Until("document.getElementById('scene').width === document.getElementById('scene').clientWidth") // the fine picture
		time.Sleep(time.Second)                                                                            // and the referee's
		b.Screenshot(filepath.Join(dir, "web.png"))
	}
	b.Click("#eye", 0.55, 0.85)
	b.Until("state.branched && !state.busy")
	b.Click("#play", 0.5, 0.5)
	b.Until("state.ended && state.steps[1].cause === 'refer.miss'")
	b.Eval("tell('save web.yaml')", nil)
	b.Eval("tell('view top')", nil) // after it: a message is not there for long
	b.Until("state.choice.view === 'top'")
	b.Key("?", "?")
	b.Until("document.getElementById('help').open")
	require.Empty(t, b.Errors())
	saved, err := tasks.LoadSuite(filepath.Join(o.Dir, "web.yaml")) // which plays with the same hash: TestScript
	require.NoError(t, err)
	require.Len(t, saved.Replay.Answers, 2)
	require.NotEmpty(t, saved.Replay.Trace)
	require.NoError(t, v.Do("quit"))
	require.NoError(t, <-served)
	b.Until("document.getElementById('condition').textContent === '" + viewerEnded + "'")
}
