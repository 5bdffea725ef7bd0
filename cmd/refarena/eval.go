package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
	"github.com/refarena/refarena/tasks/export"
)

// Which robot.
type robotFlags struct {
	Robot string `default:"ur5" help:"Robot: ${robots}."`
	Base  string `default:"held" enum:"held,free" help:"The G1's pelvis: held at standing height, or free: it stands on its legs and may fall (the same as --robot g1-free)."`
}

// AfterApply makes one name of both flags: kong calls it.
func (f *robotFlags) AfterApply() error {
	switch {
	case f.Base != "free":
	case f.Robot == "g1":
		f.Robot = "g1-free"
	case f.Robot != "g1-free":
		return fmt.Errorf("--base free with --robot %s (want g1: it alone has legs)", f.Robot)
	}
	return nil
}

// What draws.
type glFlag struct {
	GL string `name:"gl" default:"software" help:"What draws: software (the reference; needs no driver), gpu, auto, or mesa (OpenGL on the CPU)."`
}

func (f glFlag) device() (render.Device, error) {
	d, err := render.ParseDevice(f.GL)
	if err != nil {
		return 0, usageError{err}
	}
	return d, nil
}

// What an episode is a function of, shared by the commands that run one.
type episodeFlags struct {
	robotFlags
	Suite string `default:"starter" help:"Suite by name (${suites}), or a file that ends in .yaml."`
	Seed  uint64 `default:"1" help:"Seed of the episode; of several, of the first: the others count up from it."`
	glFlag
}

type evalCommand struct {
	episodeFlags
	refereeFlags
	Episodes int    `short:"n" default:"20" help:"How many episodes."`
	Workers  int    `default:"0" help:"Episodes at a time; 0: one for each core. Results do not depend on it."`
	Size     string `placeholder:"WxH" help:"Size of the referee's picture [px] (default: 640x480; 640x360, all of the sensor, through the G1's own camera)."`
	Noise    string `name:"depth-noise" placeholder:"CAMERA" help:"Only the depth of --sensor, with exact colours: d435 or l515."`
	Camera   string `placeholder:"CAMERA" help:"What the referee looks through: referee (the scene's own), d435 or l515 in its place, or wrist (UR5) or head (G1), on the robot (default: head for the G1, else referee)."`
	Sensor   string `placeholder:"SENSOR" help:"Colour noise and depth as a sensor measures them, for robot and referee alike: d435 or l515 (default: exact)."`
	Fallback bool   `name:"gl-fallback" help:"If the GPU cannot be used, or fails on the way, go on with the CPU; the run and its episodes say so (default: an error)."`
	Latency  string `placeholder:"S" help:"Simulated time that an answer is charged: seconds, or measured (default: what the suite's clock says)."`
	Out      string `placeholder:"DIR" help:"Folder of the run (default: a new one under runs/)."`
	Controls bool   `help:"Play the same episodes with oracle, random-in-mask and random-pixel too, for the report: what can be reached, and what luck does."`
	Shard    string `placeholder:"I/N" help:"Play only the I-th of N parts of the episodes; refarena merge joins the runs."`
	Resume   bool   `help:"Go on with the run in --out after an interruption: what is done there is not played again."`
	Frames   string `default:"failed" enum:"failed,all,none" help:"Which steps' pictures to keep: failed, all or none."`
	Threads  bool   `help:"Workers are threads of this program, not processes: less memory, but what crashes one ends the run."`
	JUnit    string `name:"junit" placeholder:"FILE" help:"Also write the results as JUnit XML, as CI systems read it."`
	JSON     bool   `name:"json" help:"One line of JSON for each episode, in order, then one for the summary."`
}

// renderers opens a renderer for each of so many workers, 0 being one for each core: several keep the cores busy without threads in each.
func renderers(device render.Device, workers int) func() (sim.Renderer, error) {
	opt := render.Options{Device: device}
	if workers != 1 {
		opt.Threads = 1
	}
	return func() (sim.Renderer, error) { return render.New(opt) }
}

func (f episodeFlags) load() (*tasks.Suite, render.Device, error) {
	suite, err := tasks.LoadSuite(f.Suite)
	if err != nil {
		return nil, 0, usageError{err}
	}
	if _, err := robots.Open(f.Robot); err != nil {
		return nil, 0, usageError{err}
	}
	device, err := f.device()
	if err != nil {
		return nil, 0, err
	}
	return suite, device, nil
}

func parseSize(s string) (w, h int, err error) {
	var rest string
	if n, _ := fmt.Sscanf(s+" ", "%dx%d%s", &w, &h, &rest); n != 2 || w < 1 || h < 1 || w > sim.MaxImageSide || h > sim.MaxImageSide {
		return 0, 0, usageError{fmt.Errorf("size %q (want WIDTHxHEIGHT, each 1 to %d, such as 640x480)", s, sim.MaxImageSide)}
	}
	return w, h, nil
}

// Run evaluates. Results go to stdout; progress, where the run is kept, and problems go to stderr.
func (c *evalCommand) Run(ctx context.Context, io console) (err error) {
	debug.SetGCPercent(lean)
	suite, device, err := c.load()
	if err != nil {
		return err
	}
	if s := suite.Replay; s != nil { // a scenario is one episode
		c.Seed, c.Robot, c.Episodes, c.Shard = s.Seed, s.Robot, 1, ""
	}
	if c.Episodes < 1 {
		return usageError{fmt.Errorf("%d episodes (want at least 1)", c.Episodes)}
	}
	if c.Workers < 0 {
		return usageError{fmt.Errorf("%d workers (want at least 1, or 0 for one for each core)", c.Workers)}
	}
	w, h := 0, 0 // what the robot's view has
	if c.Size != "" {
		w, h, err = parseSize(c.Size)
	}
	if err != nil {
		return err
	}
	noise, err := sim.ParseDepthNoise(c.Noise)
	if err != nil {
		return usageError{err}
	}
	if c.Camera, err = tasks.ParseCamera(c.Robot, c.Camera); err != nil {
		return usageError{err}
	}
	colors := false
	if c.Sensor != "" {
		if c.Noise != "" {
			return usageError{errors.New("--sensor and --depth-noise (want one: --sensor is noise of depth and colour)")}
		}
		if noise, err = sim.ParseDepthNoise(c.Sensor); err != nil {
			return usageError{err}
		}
		colors = noise != ""
	}
	latency, err := tasks.ParseLatency(c.Latency)
	if err != nil {
		return usageError{err}
	}
	shard, err := tasks.ParseShard(c.Shard)
	if err != nil {
		return usageError{err}
	}
	if c.JUnit != "" { // before the run, not after it
		if err := canWrite(c.JUnit); err != nil {
			return usageError{err}
		}
	}
	if c.Resume && c.Out == "" {
		return usageError{errors.New("--resume without --out (want the folder of the run to go on with)")}
	}
	ref, done, err := c.open(io)
	if err != nil {
		return err
	}
	defer done(&err)
	if c.Out == "" {
		name := fmt.Sprintf("%s-%s-%s-%s", time.Now().Format("20060102-150405.000"), suite.Name, c.Robot, fileName(c.Referee))
		c.Out = filepath.Join("runs", name)
	}

	print := c.printer(io.out, suite)
	options := tasks.Options{
		Suite: suite, Robot: c.Robot, Referee: ref, Seed: c.Seed, Episodes: c.Episodes, Shard: shard, Workers: c.Workers, Width: w, Height: h,
		NewRenderer: renderersWith(c.Fallback, device, c.Workers, io.err),
		Camera:      c.Camera, DepthNoise: noise, ColorNoise: colors,
		Latency: latency,
		Out:     c.Out, Resume: c.Resume, Frames: tasks.FramePolicy(c.Frames),
		OnRecord: print.record,
	}
	if !c.Threads {
		options.Spawn = c.spawn(*io.own, io.err)
	}
	records, summary, err := play(ctx, io, options)
	if len(records) > 0 {
		err = errors.Join(err, print.summary(summary), c.writeJUnit(records))
	}
	if err == nil && c.Controls {
		err = c.playControls(ctx, io, options, print)
	}
	if err != nil {
		return err
	}
	for _, r := range records {
		if r.Outcome == tasks.Error {
			return errReported
		}
	}
	return nil
}

// renderersWith is renderers; with a fallback the CPU takes over from a GPU that fails.
func renderersWith(fallback bool, device render.Device, workers int, say io.Writer) func() (sim.Renderer, error) {
	open := renderers(device, workers)
	if !fallback || device == render.Software {
		return open
	}
	var once sync.Once
	return func() (sim.Renderer, error) {
		return render.WithFallback(open, renderers(render.Software, workers), func(why error) {
			once.Do(func() { fmt.Fprintf(say, "refarena: %v; from here on the CPU draws (--gl-fallback)\n", why) })
		})
	}
}

// writeJUnit writes what the run has so far as JUnit XML, if that was asked for.
func (c *evalCommand) writeJUnit(records []*tasks.Record) error {
	if c.JUnit == "" {
		return nil
	}
	info, err := tasks.ReadRunInfo(c.Out)
	if err != nil {
		return err
	}
	return writeWith(c.JUnit, func(w io.Writer) error { return export.WriteJUnit(w, info, records) })
}

// spawn makes worker processes: this program again.
func (c *evalCommand) spawn(own string, say io.Writer) func() *exec.Cmd {
	heard := &notices{to: say, said: map[string]bool{}}
	return func() *exec.Cmd {
		self, err := os.Executable()
		if err != nil {
			self = os.Args[0]
		}
		args := []string{"worker", "--gl", c.GL, "--workers", fmt.Sprint(c.Workers)}
		if c.Fallback {
			args = append(args, "--gl-fallback")
		}
		if own != "" {
			args = append([]string{"--objects", own}, args...)
		}
		cmd := exec.Command(self, args...)
		cmd.Env, cmd.Stderr = append(os.Environ(), asCommand+"=1"), heard
		return cmd
	}
}

// notices pass on what workers have to say to people, each once; what one says when it crashes stands in the record.
type notices struct {
	mu   sync.Mutex
	to   io.Writer
	said map[string]bool
}

func (n *notices) Write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "refarena: ") && !n.said[line] {
			n.said[line] = true
			if _, err := io.WriteString(n.to, line); err != nil {
				return 0, err
			}
		}
	}
	return len(b), nil
}

// asCommand makes a test binary of this package the command.
const asCommand = "REFARENA_AS_COMMAND"

// lean is how much garbage processes of eval let pile up before they collect it, in percent of what is in use: half of Go's default. Depth images and
// point clouds, most of what is in use, hold no pointers and cost the collector next to nothing.
const lean = 50

// workerCommand is what eval's worker processes run.
type workerCommand struct {
	glFlag
	Fallback bool `name:"gl-fallback" help:"As of eval."`
	Workers  int  `help:"As of eval: how many there are."`
}

// Run plays episodes until the run has no more.
func (c *workerCommand) Run() error {
	debug.SetGCPercent(lean)
	device, err := c.device()
	if err != nil {
		return err
	}
	return tasks.ServeWorker(os.NewFile(tasks.WorkerIn, "orders"), os.NewFile(tasks.WorkerOut, "news"), renderersWith(c.Fallback, device, c.Workers, os.Stderr))
}

// play runs episodes behind a progress bar.
func play(ctx context.Context, io console, o tasks.Options) ([]*tasks.Record, tasks.Summary, error) {
	asked := len(o.Shard.Seeds(o.Seed, o.Episodes))
	bar := progress(io.err, asked)
	o.OnDone = func(int) { bar.Add(1) }
	start := time.Now()
	records, err := tasks.Evaluate(ctx, o)
	bar.Finish()
	if len(records) > 0 {
		fmt.Fprintf(io.err, "%s: %d of %d episodes saved\n", o.Out, len(records), asked)
	}
	return records, tasks.Summarize(records, asked, time.Since(start).Seconds()), err
}

// playControls plays the same episodes with the referees that bound what a model can reach. Their runs are kept in the run's folder.
func (c *evalCommand) playControls(ctx context.Context, io console, o tasks.Options, print *printer) error {
	dir := o.Out
	for _, name := range []string{referee.OracleName, referee.RandomInMaskName, referee.RandomPixelName} {
		if name == c.Referee {
			continue
		}
		control, err := referee.Open(name, referee.Options{})
		if err != nil {
			return err
		}
		o.Referee, o.Out, o.OnRecord = control, tasks.ControlDir(dir, name), nil
		records, summary, err := play(ctx, io, o)
		if len(records) > 0 {
			err = errors.Join(err, print.control(name, summary))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// control prints what a control has reached; programs read it in the control's folder.
func (p *printer) control(name string, s tasks.Summary) error {
	if p.json {
		return nil
	}
	const indent = 24
	return p.line(fmt.Sprintf("control %-15s %s", name+":", strings.ReplaceAll(s.String(), "\n", "\n"+strings.Repeat(" ", indent))))
}

// A printer writes results as they come: a table for people, or lines of JSON for programs.
type printer struct {
	out    io.Writer
	json   bool
	task   int // width of the first column
	header bool
	failed bool // to write: nothing more is tried
}

func (c *evalCommand) printer(out io.Writer, s *tasks.Suite) *printer {
	p := &printer{out: out, json: c.JSON, task: len("TASK")}
	for _, t := range s.Tasks {
		p.task = max(p.task, len(s.Name)+1+len(t.Name))
	}
	return p
}

func (p *printer) record(r *tasks.Record) error {
	if p.json {
		line, err := r.Line()
		if err != nil {
			return err
		}
		return p.line(string(line))
	}
	if !p.header {
		p.header = true
		if err := p.line(fmt.Sprintf("%-*s  %6s  %-7s  %5s  %6s  %6s  %s", p.task, "TASK", "SEED", "OUTCOME", "STEPS", "SIM_S", "WALL_S", "REASON")); err != nil {
			return err
		}
	}
	steps := fmt.Sprintf("%d/%d", int(r.Progress*float64(r.Planned)+0.5), r.Planned)
	return p.line(strings.TrimRight(fmt.Sprintf("%-*s  %6d  %-7s  %5s  %6.1f  %6.2f  %s", p.task, r.Task, r.Seed, r.Outcome, steps, r.SimSeconds, r.WallSeconds, r.Why()), " "))
}

func (p *printer) summary(s tasks.Summary) error {
	if !p.json {
		return p.line(s.String())
	}
	line, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return p.line(string(line))
}

func (p *printer) line(s string) error {
	if p.failed {
		return nil // it was said once
	}
	if _, err := fmt.Fprintln(p.out, s); err != nil {
		p.failed = true
		return fmt.Errorf("results: %w", err)
	}
	return nil
}

// fileName is a referee's name as part of a folder's.
func fileName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
			return r
		}
		return '_'
	}, s)
}

// progress is a bar on a terminal and silent elsewhere.
func progress(w io.Writer, n int) *progressbar.ProgressBar {
	if f, ok := w.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return progressbar.DefaultSilent(int64(n))
	}
	return progressbar.NewOptions(n, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription("episodes"),
		progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish())
}
