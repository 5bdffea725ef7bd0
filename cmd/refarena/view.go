package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/refarena/refarena/cmd/refarena/internal/view"
	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
)

type viewCommand struct {
	refereeFlags
	robotFlags
	What     string `arg:"" optional:"" default:"starter" help:"A suite by name, a suite, task, scenario or scene file, or the folder of a run."`
	Seed     uint64 `default:"1" help:"Seed of the episode."`
	Episode  uint64 `placeholder:"SEED" help:"Of a run: which episode, by its seed (default: the first)."`
	Step     int    `placeholder:"N" help:"Of a run: begin where this step does, from 1."`
	Episodes int    `short:"n" default:"1" help:"How many episodes, with --referee human."`
	Out      string `placeholder:"DIR" help:"With --referee human: the folder of the run (default: a new one under runs/)."`
	Dir      string `default:"." help:"Where screenshots, recordings and scenarios go."`
	Size     string `default:"1280x720" help:"Size of the window, or of the screenshots of a script [px]."`
	Camera   string `name:"camera-size" placeholder:"WxH" help:"Size of the referee's picture [px] (default: as in eval, 640x480, or 640x360 through the G1's own camera)."`
	glFlag
	Rate   float64 `name:"max-fps" placeholder:"N" help:"Draw at most so many pictures a second (default: as many as can be drawn)."`
	Web    bool    `help:"Serve the viewer to a browser instead of opening a window."`
	Listen string  `default:"127.0.0.1:0" help:"With --web: where to listen. The address has a random token in it; keep to loopback unless the network is yours."`
	Window bool    `help:"With --headless-script: carry it out in a window all the same."`
	Script string  `name:"headless-script" placeholder:"FILE" help:"Carry out the orders in a file without a screen, one a line (- reads them from standard input): see docs/viewer.md."`
}

// Help is that of the refereeFlags, with one referee more.
func (c *viewCommand) Help() string {
	return refereeHelp(append(allMakers(), referee.Maker{Name: humanName, Doc: "you: the viewer asks, a click answers"}))
}

// Run opens the viewer.
func (c *viewCommand) Run(ctx context.Context, io console) (err error) {
	device, err := c.device()
	if err != nil {
		return err
	}
	w, h, err := parseSize(c.Size)
	if err != nil {
		return err
	}
	if c.Episodes < 1 {
		return usageError{fmt.Errorf("%d episodes (want at least 1)", c.Episodes)}
	}
	if c.Episodes > 1 && c.Referee != humanName {
		return usageError{fmt.Errorf("--episodes %d without --referee %s: the viewer shows one episode; refarena eval plays many", c.Episodes, humanName)}
	}
	if c.Rate != 0 && !(c.Rate >= 0.1 && c.Rate <= 240) {
		return usageError{fmt.Errorf("--max-fps %g (want 0.1 to 240)", c.Rate)}
	}
	o, done, err := c.options(ctx, io, device)
	if err != nil {
		return err
	}
	defer done(&err)
	var show func(context.Context, console, *view.Viewer) error // comes after the viewer is there
	switch {
	case c.Script != "" && !c.Window:
		show = c.headless
	case c.Web:
		show = c.serve
	default: // first of all: without a display nothing else is opened
		win, err := openWindow(w, h)
		if err != nil {
			return err
		}
		defer win.close()
		show = win.show
	}
	if o.Human != nil {
		journal, err := c.baseline(io, &o, device)
		if err != nil {
			return err
		}
		defer journal.Close() // after the viewer, which writes into it until its end; each record is on the disk by itself
	}
	v, err := view.New(ctx, o)
	if err != nil {
		return err
	}
	defer v.Close()
	v.SetSize(w, h, 1)
	if c.Step > 0 {
		if err := v.Do(fmt.Sprintf("seek step %d", c.Step)); err != nil {
			return usageError{err}
		}
	}
	if c.Script == "" || !c.Window {
		return show(ctx, io, v)
	}
	ended := make(chan error, 1)
	go func() {
		err := c.headless(ctx, io, v)
		v.Do("quit")
		ended <- err
	}()
	if err := show(ctx, io, v); err != nil {
		return err
	}
	v.Close()
	return <-ended
}

// suite is what is to be viewed: a suite, or a scene file as one.
func (c *viewCommand) suite() (*tasks.Suite, error) {
	if ext := filepath.Ext(c.What); ext == ".yaml" || ext == ".yml" {
		if text, err := os.ReadFile(c.What); err == nil && scenes.IsSceneFile(text) {
			if _, err := robots.Open(c.Robot); err != nil {
				return nil, usageError{err}
			}
			suite, err := tasks.SceneSuite(c.What, text)
			if err != nil {
				return nil, usageError{err}
			}
			return suite, nil
		}
	}
	flags := episodeFlags{Suite: c.What, robotFlags: c.robotFlags, Seed: c.Seed, glFlag: c.glFlag}
	suite, _, err := flags.load()
	return suite, err
}

// humanName is a referee of this command alone: see view.Human.
const humanName = "human"

// options finds out what is to be viewed, before anything is opened.
func (c *viewCommand) options(ctx context.Context, out console, device render.Device) (o view.Options, done func(*error), err error) {
	done = func(*error) {}
	o = view.Options{Device: device, Dir: c.Dir, Episodes: c.Episodes, Rate: c.Rate}
	var opened []referee.Referee
	o.OpenReferee = func(name string) (referee.Referee, error) {
		f := c.refereeFlags
		f.Referee, f.Record = name, ""
		r, _, err := f.open(out)
		if err == nil {
			opened = append(opened, r)
		}
		return r, err
	}
	closeAll := func(err *error) {
		for _, r := range opened {
			*err = errors.Join(*err, closeReferee(r))
		}
	}
	if info, err := os.Stat(c.What); err == nil && info.IsDir() {
		if c.Referee == humanName {
			return o, done, usageError{errors.New("a run is viewed with the answers that it has; click to branch")}
		}
		return o, closeAll, c.recorded(&o, device)
	}
	if strings.ContainsRune(c.What, filepath.Separator) && !strings.HasSuffix(c.What, ".yaml") && !strings.HasSuffix(c.What, ".yml") {
		return o, done, usageError{fmt.Errorf("no run in %s (want the folder that eval wrote, a suite by name, or a file that ends in .yaml)", c.What)}
	}
	if c.Step != 0 || c.Episode != 0 {
		return o, done, usageError{fmt.Errorf("--episode and --step are for the folder of a run, and %s is none", c.What)}
	}
	cw, ch := 0, 0
	if c.Camera != "" {
		if cw, ch, err = parseSize(c.Camera); err != nil {
			return o, done, err
		}
	}
	suite, err := c.suite()
	if err != nil {
		return o, done, err
	}
	o.Session = tasks.Options{Suite: suite, Robot: c.Robot, Seed: c.Seed, Width: cw, Height: ch}
	o.Script = suite.Replay
	if suite.IsScene() {
		if c.Referee == humanName {
			return o, done, usageError{fmt.Errorf("--referee human with a scene file, %s, in which nothing is asked (want a suite or a task file)", c.What)}
		}
		o.Session.Referee, o.OpenReferee, o.Playing = tasks.Nobody(), nil, true
		return o, done, nil
	}
	if c.Referee == humanName {
		o.Human = view.NewHuman()
		o.Session.Referee = o.Human
		return o, closeAll, nil
	}
	r, closeFirst, err := c.open(out)
	if err != nil {
		return o, done, err
	}
	if err := referee.Check(ctx, r); err != nil {
		return o, done, errors.Join(err, closeReferee(r))
	}
	o.Session.Referee = r
	return o, func(err *error) { closeFirst(err); closeAll(err) }, nil
}

// recorded is an episode of a run.
func (c *viewCommand) recorded(o *view.Options, device render.Device) error {
	seed := c.Episode
	if seed == 0 {
		records, err := tasks.ReadRecords(c.What)
		if err != nil {
			return usageError{err}
		}
		if len(records) == 0 {
			return usageError{fmt.Errorf("the run in %s has no episodes", c.What)}
		}
		seed = records[0].Seed
	}
	r, err := render.New(render.Options{Device: device})
	if err != nil {
		return err
	}
	info := r.Info()
	r.Close()
	o.Session, o.Script, o.Recorded, o.Changes, err = tasks.OpenRecorded(c.What, seed, info)
	if err != nil {
		return usageError{err}
	}
	if c.Step < 0 || c.Step > len(o.Recorded.Steps) {
		return usageError{fmt.Errorf("no step %d in episode %d (have 1 to %d)", c.Step, seed, len(o.Recorded.Steps))}
	}
	return nil
}

// baseline begins to record a run of which a person is the referee. The caller closes the journal.
func (c *viewCommand) baseline(out console, o *view.Options, device render.Device) (*tasks.Journal, error) {
	dir := cmp.Or(c.Out, filepath.Join("runs", fmt.Sprintf("%s-%s-%s-human", time.Now().Format("20060102-150405.000"), o.Session.Suite.Name, c.Robot)))
	r, err := render.New(render.Options{Device: device})
	if err != nil {
		return nil, err
	}
	info := r.Info()
	r.Close()
	run := o.Session
	run.Out, run.Episodes = dir, c.Episodes
	run.NewRenderer = func() (sim.Renderer, error) { return nil, errors.New("not needed") }
	journal, err := tasks.JournalOf(run, info)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out.err, "the run is recorded in %s\n", dir)
	o.OnRecord = journal.Append
	return journal, nil
}

// headless carries out a script.
func (c *viewCommand) headless(ctx context.Context, out console, v *view.Viewer) error {
	in := io.Reader(os.Stdin)
	if c.Script != "-" {
		f, err := os.Open(c.Script)
		if err != nil {
			return usageError{fmt.Errorf("script: %w", err)}
		}
		defer f.Close()
		in = f
	}
	return view.RunScript(ctx, v, in, out.out)
}

// serve shows the viewer to a browser until it or the program is ended.
func (c *viewCommand) serve(ctx context.Context, out console, v *view.Viewer) error {
	w, err := view.NewWeb(v, c.Listen)
	if err != nil {
		return usageError{err}
	}
	fmt.Fprintf(out.out, "%s\n", w.URL())
	return w.Serve(ctx)
}
