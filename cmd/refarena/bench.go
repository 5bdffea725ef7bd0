package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/robots/ur5"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/mjcf"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
)

type benchCommand struct {
	Names []string `arg:"" optional:"" help:"Figures to measure, by the beginning of their names (default: all)."`
	Robot string   `default:"ur5" help:"Whose figures: ${robots}; plan.*, grasp.*, beside.* and episode.* depend on it."`
	glFlag
	JSON  bool     `name:"json" help:"One line of JSON for each figure."`
	Plans string   `name:"plans" placeholder:"FILE" help:"Where plan.* write their queries and collision model (JSON, for train/bench_ompl.py)."`
	Seed  uint64   `name:"seed" default:"1000" help:"Which scene plan.* begin with."`
	Only  []string `name:"designs" placeholder:"NAME" help:"Only these designs of the catalogue, by the beginning of their names, in grasp.*."`
	Poses int      `name:"poses" default:"10" help:"At how many places and directions each design is taken up in grasp.*; it is graspable if it is gripped and lifted by 0.3 m in at least 4 of 5."`
	Shard string   `placeholder:"I/N" help:"Only every N-th design, from the I-th on, in grasp.*."`
	Trial string   `name:"trials" placeholder:"FILE" help:"Where grasp.* write their trials (JSON lines). Trials of this version that are there already are not played again: a run that was stopped goes on, and joined files of shards are one run."`
	MJCF  string   `name:"mjcf" placeholder:"DIR" help:"Write the scene that render.* draw into this folder (MJCF, for train/bench_mujoco_renderer.py)."`
}

// A figure is one thing that is measured: samples in a unit, of which the median counts.
type figure struct {
	name, unit, budget string
	measure            func(b *bench) (samples []float64, config map[string]any, err error)
}

// figures is the speed budget, as far as it exists.
var figures = []figure{
	{"physics.moving", "× real time", "≥ 10", (*bench).physicsMoving},
	{"physics.rest", "× real time", "≥ 40", (*bench).physicsRest},
	{"render.rgb.256x256", "ms", "", func(b *bench) ([]float64, map[string]any, error) { return b.picture(256, 256, sim.PlaneRGB, moving) }},
	{"render.rgb.448x448", "ms", "", func(b *bench) ([]float64, map[string]any, error) { return b.picture(448, 448, sim.PlaneRGB, moving) }},
	{"render.rgb.640x480", "ms", "", func(b *bench) ([]float64, map[string]any, error) { return b.picture(640, 480, sim.PlaneRGB, moving) }},
	{"render.rgb.960x540", "ms", "", func(b *bench) ([]float64, map[string]any, error) { return b.picture(960, 540, sim.PlaneRGB, moving) }},
	{"render.rgb.1280x720", "ms", "", func(b *bench) ([]float64, map[string]any, error) { return b.picture(1280, 720, sim.PlaneRGB, moving) }},
	{"render.rgbd.256x256", "ms", "", func(b *bench) ([]float64, map[string]any, error) {
		return b.picture(256, 256, sim.PlaneRGB|sim.PlaneDepth, moving)
	}},
	{"render.rgbd.448x448", "ms", "", func(b *bench) ([]float64, map[string]any, error) {
		return b.picture(448, 448, sim.PlaneRGB|sim.PlaneDepth, moving)
	}},
	{"render.rgbd.640x480", "ms", "", func(b *bench) ([]float64, map[string]any, error) {
		return b.picture(640, 480, sim.PlaneRGB|sim.PlaneDepth, moving)
	}},
	{"render.rgbd.960x540", "ms", "", func(b *bench) ([]float64, map[string]any, error) {
		return b.picture(960, 540, sim.PlaneRGB|sim.PlaneDepth, moving)
	}},
	{"render.rgbd.1280x720", "ms", "", func(b *bench) ([]float64, map[string]any, error) {
		return b.picture(1280, 720, sim.PlaneRGB|sim.PlaneDepth, moving)
	}},
	{"render.rgbds.256x256", "ms", "", func(b *bench) ([]float64, map[string]any, error) { return b.picture(256, 256, 0, moving) }},
	{"render.rgbds.448x448", "ms", "≤ 8", func(b *bench) ([]float64, map[string]any, error) { return b.picture(448, 448, 0, moving) }},
	{"render.rgbds.640x480", "ms", "≤ 12", func(b *bench) ([]float64, map[string]any, error) { return b.picture(640, 480, 0, moving) }},
	{"render.rgbds.960x540", "ms", "", func(b *bench) ([]float64, map[string]any, error) { return b.picture(960, 540, 0, moving) }},
	{"render.rgbds.1280x720", "ms", "", func(b *bench) ([]float64, map[string]any, error) { return b.picture(1280, 720, 0, moving) }},
	{"render.rgbds.640x480.still", "ms", "", func(b *bench) ([]float64, map[string]any, error) { return b.picture(640, 480, 0, still) }},
	{"render.rgbds.448x448.noshadow", "ms", "", func(b *bench) ([]float64, map[string]any, error) { return b.picture(448, 448, 0, noShadows) }},
	{"render.rgbds.640x480.noshadow", "ms", "", func(b *bench) ([]float64, map[string]any, error) { return b.picture(640, 480, 0, noShadows) }},
	{"render.workers", "× one worker", "≥ 1.8", (*bench).pictureWorkers},
	{"loop.256x256", "observations/s", "≥ 100", func(b *bench) ([]float64, map[string]any, error) { return b.loop(256, 256) }},
	{"loop.640x480", "observations/s", "≥ 50", func(b *bench) ([]float64, map[string]any, error) { return b.loop(640, 480) }},
	{"episode.new", "ms", "≤ 150", (*bench).newEpisode},
	{"episode.reset", "µs", "≤ 50", (*bench).reset},
	{"episode.run", "s", "≤ 5", (*bench).runEpisode},
	{"ik.ur5", "µs", "≤ 5", (*bench).inverse},
	{"ik.g1", "µs", "≤ 200", (*bench).g1InverseTime},
	{"ik.g1.p99", "µs", "≤ 5000", (*bench).g1InverseSlowest},
	{"ik.g1.solved", "%", "≥ 99.5", (*bench).g1InverseSolved},
	{"ik.g1.waist", "µs", "≤ 200", (*bench).g1WaistTime},
	{"ik.g1.waist.p99", "µs", "≤ 5000", (*bench).g1WaistSlowest},
	{"ik.g1.waist.solved", "%", "≥ 99.5", (*bench).g1WaistSolved},
	{"scenes.easy", "CPU ms", "≤ 150", sceneTime(scenes.LevelEasy, wholeScene, false)},
	{"scenes.medium", "CPU ms", "≤ 150", sceneTime(scenes.LevelMedium, wholeScene, false)},
	{"scenes.hard", "CPU ms", "≤ 150", sceneTime(scenes.LevelHard, wholeScene, false)},
	{"scenes.hard.p99", "CPU ms", "≤ 600", sceneTime(scenes.LevelHard, wholeScene, true)},
	{"scenes.hard.instructions", "CPU ms", "", sceneTime(scenes.LevelHard, sceneInstructions, false)},
	{"plan.time", "ms", "≤ 25 (ur5), 150 (g1)", (*bench).planTime},
	{"plan.p99", "ms", "≤ 300 (ur5)", (*bench).planSlowest},
	{"plan.solved", "%", "≥ 99 (ur5), 98 (g1)", (*bench).planSolved},
	{"plan.length", "rad", "≤ OMPL", (*bench).planLength},
	{"plan.penetration", "mm", "0", (*bench).planPenetration},
	{"plan.mujoco", "× as long", "", (*bench).planMuJoCo},
	{"plan.tracking", "°", "≤ 0.5 (ur5)", (*bench).planTracking},
	{"grasp.held", "%", "≥ 98 (ur5)", (*bench).graspHeld},
	{"grasp.graspable", "% of designs", "≥ 80 (g1)", (*bench).graspGraspable},
	{"grasp.graspable.held", "%", "≥ 95 (g1)", (*bench).graspGraspableHeld},
	{"grasp.slip", "mm", "≤ 3 (ur5)", (*bench).graspSlip},
	{"beside.taken", "%", "", func(b *bench) ([]float64, map[string]any, error) { return b.beside(0) }},
	{"beside.refused", "%", "", func(b *bench) ([]float64, map[string]any, error) { return b.beside(-1) }},
	{"referee.frame.rgbd", "ms", "≤ 60", func(b *bench) ([]float64, map[string]any, error) { return b.point(true, true) }},
	{"referee.frame.rgb", "ms", "≤ 60", func(b *bench) ([]float64, map[string]any, error) { return b.point(false, true) }},
	{"referee.question", "ms", "≤ 60", func(b *bench) ([]float64, map[string]any, error) { return b.point(true, false) }},
	{"referee.batched.question", "× one by one", "", func(b *bench) ([]float64, map[string]any, error) { return b.pointBatched(false) }},
	{"referee.batched.frame", "× one by one", "", func(b *bench) ([]float64, map[string]any, error) { return b.pointBatched(true) }},
	{"workers.two", "× one worker", "≥ 1.85", (*bench).twoWorkers},
	{"process.first_image", "s", "≤ 1", (*bench).firstImage},
	{"process.memory", "MB", "≤ 200", (*bench).memory},
}

// A bench is the world that the figures are measured in: a scene of the starter suite with ten objects, and a robot.
type bench struct {
	ctx    context.Context
	suite  *tasks.Suite
	name   string // of the robot
	robot  *robots.Robot
	device render.Device
	stage  *tasks.Stage
	begin  *sim.Snapshot                // of stage
	grasp  *graspBench                  // once the trials are done
	scenes map[scenes.Level]*sceneBench // once they are made

	poses     int         // of each design in grasp.*
	designs   []string    // by the beginning of their names, that grasp.* take up; empty: all
	shard     tasks.Shard // of these
	trialFile string      // where trials are kept; "": nowhere
	planFile  string      // where queries are written; "": nowhere
	seed      uint64      // of the first scene of plan.*
	plan      *planBench  // once the queries are answered
}

// benchSeed is a scene with ten objects and more than 60,000 triangles.
const benchSeed = 1000

// Run measures one figure after the other.
func (c *benchCommand) Run(ctx context.Context, io console) error {
	var chosen []figure
	for _, f := range figures {
		if len(c.Names) == 0 || slices.ContainsFunc(c.Names, func(n string) bool { return strings.HasPrefix(f.name, n) }) {
			chosen = append(chosen, f)
		}
	}
	if len(chosen) == 0 {
		var have []string
		for _, f := range figures {
			have = append(have, f.name)
		}
		return usageError{fmt.Errorf("no figure begins with %s (have %s)", strings.Join(c.Names, ", "), strings.Join(have, ", "))}
	}
	if c.Poses < 1 || c.Poses > 1000 {
		return usageError{fmt.Errorf("--poses %d (want 1 to 1000)", c.Poses)}
	}
	device, err := c.device()
	if err != nil {
		return err
	}
	shard, err := tasks.ParseShard(c.Shard)
	if err != nil {
		return usageError{err}
	}
	b := &bench{ctx: ctx, name: c.Robot, seed: c.Seed, device: device, designs: c.Only, poses: c.Poses, shard: shard, trialFile: c.Trial, planFile: c.Plans}
	if err := b.open(); err != nil {
		return err
	}
	defer b.close()
	if c.MJCF != "" {
		if err := b.writeMJCF(c.MJCF); err != nil {
			return err
		}
	}
	name, unit := len("FIGURE"), len("UNIT") // columns: a line is printed as soon as its figure is there
	for _, f := range chosen {
		name, unit = max(name, len(f.name)), max(unit, utf8.RuneCountInString(f.unit))
	}
	print := func(columns ...any) {
		fmt.Fprintln(io.out, strings.TrimRight(fmt.Sprintf("%-*s  %-9v  %-9v  %-9v  %-5v  %-*s  %s", append([]any{name}, columns...)...), " "))
	}
	if !c.JSON {
		print("FIGURE", "MEDIAN", "MIN", "MAX", "N", unit, "UNIT", "BUDGET")
	}
	for _, f := range chosen {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		x, config, err := f.measure(b)
		if err != nil {
			return fmt.Errorf("bench %s: %w", f.name, err)
		}
		slices.Sort(x)
		if !c.JSON {
			short := func(v float64) string { return fmt.Sprintf("%.4g", v) }
			print(f.name, short(median(x)), short(x[0]), short(x[len(x)-1]), len(x), unit, f.unit, f.budget)
			continue
		}
		line, err := json.Marshal(struct {
			Name   string         `json:"name"`
			Unit   string         `json:"unit"`
			Median float64        `json:"median"`
			Min    float64        `json:"min"`
			Max    float64        `json:"max"`
			N      int            `json:"n"`
			Config map[string]any `json:"config"`
		}{f.name, f.unit, median(x), x[0], x[len(x)-1], len(x), config})
		if err != nil {
			return err
		}
		fmt.Fprintf(io.out, "%s\n", line)
	}
	if b.grasp != nil && !c.JSON {
		b.grasp.report(io.out)
	}
	return nil
}

func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func (b *bench) open() (err error) {
	if b.suite, err = tasks.LoadSuite("starter"); err != nil {
		return err
	}
	b.suite.Scene.MinObjects, b.suite.Scene.MaxObjects = 10, 10
	if b.robot, err = robots.Open(b.name); err != nil {
		return usageError{err}
	}
	if b.stage, err = tasks.NewStage(b.suite, b.robot, benchSeed, nil); err != nil {
		return err
	}
	if b.begin, err = sim.NewSnapshot(b.stage.Scene.Model); err != nil {
		return err
	}
	return b.stage.Scene.Data.Save(b.begin)
}

// writeMJCF writes the stage as it is at the beginning.
func (b *bench) writeMJCF(dir string) error {
	s := b.stage.Scene
	spec, err := tasks.SceneSpec(s, b.robot)
	if err != nil {
		return err
	}
	defer spec.Close()
	return mjcf.Write(dir, spec, mjcf.Options{Name: "bench", Cameras: []sim.Camera{s.Camera(640, 480)}, Start: s.Data})
}

func (b *bench) close() {
	b.begin.Close()
	b.stage.Close()
}

// swing moves the arm about its home position for n control periods.
func (b *bench) swing(n int) error {
	home := b.robot.Arm.Home
	q, qd := slices.Clone(home), make([]float64, len(home))
	for k := range n {
		// A ramp of 0.25 rad/s there and back: commands are positions and the speeds between them.
		step := 0.25 * robots.Period
		half := n / 2
		up := min(k+1, n-k-1)
		q[0], qd[0] = home[0]+step*float64(up), 0.25
		if k >= half {
			qd[0] = -0.25
		}
		if err := b.stage.Plant.Step(robots.Command{Q: q, QD: qd, Hand: robots.HandCommand{Width: b.robot.Hand.MaxWidth}}); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) sceneConfig() map[string]any {
	tris := 0
	for _, v := range b.stage.Scene.Model.Visuals() {
		tris += v.Mesh.Triangles()
	}
	return map[string]any{"suite": "starter", "seed": benchSeed, "objects": len(b.stage.Scene.Objects), "triangles": tris,
		"cpu": tasks.CPUModel(), "cores": runtime.NumCPU()}
}

// physicsMoving throws all objects up, turning, and swings the arm until just before they have come to rest.
func (b *bench) physicsMoving() (x []float64, _ map[string]any, err error) {
	data, model := b.stage.Scene.Data, b.stage.Scene.Model
	draw := rand.New(rand.NewPCG(1, 2))
	for range 12 {
		if err := data.Restore(b.begin); err != nil {
			return nil, nil, err
		}
		if err := b.stage.Plant.Reset(); err != nil {
			return nil, nil, err
		}
		for i, id := range b.stage.Scene.Bodies {
			joint, err := model.JointID(b.stage.Scene.Objects[i].Name)
			if err != nil {
				return nil, nil, err
			}
			p := data.BodyPose(id)
			p.Pos[2] += 0.05
			data.SetFreePose(joint, p)
			v := data.Qvel()[model.JointDof(joint):]
			v[2], v[3], v[4] = 0.5, draw.NormFloat64(), draw.NormFloat64()
		}
		if err := data.Forward(); err != nil {
			return nil, nil, err
		}
		const periods = 60
		start := time.Now()
		if err := b.swing(periods); err != nil {
			return nil, nil, err
		}
		x = append(x, periods*robots.Period/time.Since(start).Seconds())
	}
	return x, b.sceneConfig(), b.restart()
}

// restart goes back to the beginning.
func (b *bench) restart() error {
	if err := b.stage.Scene.Data.Restore(b.begin); err != nil {
		return err
	}
	return b.stage.Plant.Reset()
}

// physicsRest swings the arm above objects that sleep.
func (b *bench) physicsRest() (x []float64, _ map[string]any, err error) {
	if err := b.restart(); err != nil {
		return nil, nil, err
	}
	for range 12 {
		const periods = 250
		start := time.Now()
		if err := b.swing(periods); err != nil {
			return nil, nil, err
		}
		x = append(x, periods*robots.Period/time.Since(start).Seconds())
	}
	return x, b.sceneConfig(), b.restart()
}

// How picture draws.
type how int

const (
	moving    how = iota // the arm moves before each picture, so that the shadow map is drawn anew
	still                // things are at rest: their shadows are known after the first picture
	noShadows            // moving, without shadows
)

// picture draws what is wanted of colour, depth and ids; 0: all. One pass makes all three: what is saved is the light where no colour is wanted.
func (b *bench) picture(w, h int, want sim.Planes, how how) (x []float64, _ map[string]any, err error) {
	r, err := render.New(render.Options{Device: b.device, NoShadows: how == noShadows})
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	shot := sim.Shot{Want: want}
	cam := b.stage.Scene.Camera(w, h)
	var cpu []float64
	for i := range 110 {
		if how != still {
			if err := b.swing(2); err != nil {
				return nil, nil, err
			}
		}
		start, used := time.Now(), cpuTime()
		if err := r.Render(b.stage.Scene.Data, cam, &shot); err != nil {
			return nil, nil, err
		}
		if i >= 10 {
			x = append(x, 1000*time.Since(start).Seconds())
			cpu = append(cpu, 1000*(cpuTime()-used).Seconds())
		}
	}
	slices.Sort(cpu)
	config := b.sceneConfig()
	config["renderer"], config["shadows"], config["cpu_ms"] = r.Info().Renderer, how != noShadows, median(cpu)
	return x, config, b.restart()
}

// pictureWorkers compares the pictures that two processes of one core each draw at the same time with those of one such process alone.
func (b *bench) pictureWorkers() (x []float64, _ map[string]any, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	rate := func(workers int) (perSecond float64, err error) {
		out := make([]bytes.Buffer, workers)
		cmds := make([]*exec.Cmd, workers)
		for i := range cmds {
			cmds[i] = exec.CommandContext(b.ctx, self, "bench", "render.rgbds.640x480", "--gl", b.device.String(), "--json")
			cmds[i].Env = append(os.Environ(), "LP_NUM_THREADS=0", "GOMAXPROCS=1")
			cmds[i].Stdout, cmds[i].Stderr = &out[i], os.Stderr
			if err := cmds[i].Start(); err != nil {
				return 0, err
			}
		}
		for i, cmd := range cmds {
			err = cmp.Or(err, cmd.Wait())
			var line struct{ Median float64 }
			if first, _, _ := bytes.Cut(out[i].Bytes(), []byte("\n")); err == nil {
				err = json.Unmarshal(first, &line)
			}
			perSecond += 1000 / line.Median
		}
		return perSecond, err
	}
	for range 3 {
		one, err := rate(1)
		if err != nil {
			return nil, nil, err
		}
		two, err := rate(2)
		if err != nil {
			return nil, nil, err
		}
		x = append(x, two/one)
	}
	return x, b.sceneConfig(), nil
}

// loop observes at 20 Hz of simulated time, with colour and depth at each observation.
func (b *bench) loop(w, h int) (x []float64, _ map[string]any, err error) {
	r, err := render.New(render.Options{Device: b.device})
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	var shot sim.Shot
	cam := b.stage.Scene.Camera(w, h)
	for range 8 {
		const observations = 20
		start := time.Now()
		for range observations {
			if err := b.swing(robots.Rate / 20); err != nil {
				return nil, nil, err
			}
			if err := r.Render(b.stage.Scene.Data, cam, &shot); err != nil {
				return nil, nil, err
			}
		}
		x = append(x, observations/time.Since(start).Seconds())
	}
	return x, b.sceneConfig(), b.restart()
}

// newEpisode draws, compiles, settles and checks scenes.
func (b *bench) newEpisode() (x []float64, _ map[string]any, err error) {
	for i := range 30 {
		start := time.Now()
		st, err := tasks.NewStage(b.suite, b.robot, benchSeed+uint64(i), nil)
		if err != nil {
			return nil, nil, err
		}
		x = append(x, 1000*time.Since(start).Seconds())
		st.Close()
	}
	return x, b.sceneConfig(), nil
}

func (b *bench) reset() (x []float64, _ map[string]any, err error) {
	for range 20 {
		const n = 100
		start := time.Now()
		for range n {
			if err := b.stage.Scene.Data.Restore(b.begin); err != nil {
				return nil, nil, err
			}
		}
		x = append(x, 1e6*time.Since(start).Seconds()/n)
	}
	return x, b.sceneConfig(), nil
}

// inverse finds all solutions of random reachable poses.
func (b *bench) inverse() (x []float64, _ map[string]any, err error) {
	draw := rand.New(rand.NewPCG(3, 4))
	poses := make([]sim.Pose, 1000)
	for i := range poses {
		var q ur5.Config
		for k := range q {
			q[k] = (2*draw.Float64() - 1) * 3.1
		}
		poses[i] = ur5.Forward(q)
	}
	var sols [8]ur5.Config
	for range 20 {
		start := time.Now()
		for _, p := range poses {
			ur5.Inverse(p, 0, &sols)
		}
		x = append(x, 1e6*time.Since(start).Seconds()/float64(len(poses)))
	}
	return x, map[string]any{"poses": len(poses), "cpu": tasks.CPUModel()}, nil
}

func (b *bench) evaluate(episodes, workers int) (time.Duration, []*tasks.Record, error) {
	oracle, err := referee.Open(referee.OracleName, referee.Options{})
	if err != nil {
		return 0, nil, err
	}
	start := time.Now()
	records, err := tasks.Evaluate(b.ctx, tasks.Options{
		Suite: b.suite, Robot: b.name, Referee: oracle, Seed: benchSeed, Episodes: episodes, Workers: workers,
		NewRenderer: renderers(b.device, workers),
	})
	return time.Since(start), records, err
}

// runEpisode plays whole episodes with the oracle.
func (b *bench) runEpisode() (x []float64, _ map[string]any, err error) {
	_, records, err := b.evaluate(10, 1)
	for _, r := range records {
		x = append(x, r.WallSeconds)
	}
	return x, b.sceneConfig(), err
}

// twoWorkers compares two workers with one on the same episodes: so many that the last one, with which a worker is left alone, counts little.
func (b *bench) twoWorkers() (x []float64, _ map[string]any, err error) {
	const episodes = 24
	for range 3 {
		one, _, err := b.evaluate(episodes, 1)
		if err != nil {
			return nil, nil, err
		}
		two, _, err := b.evaluate(episodes, 2)
		if err != nil {
			return nil, nil, err
		}
		x = append(x, one.Seconds()/two.Seconds())
	}
	return x, b.sceneConfig(), nil
}

// firstImage starts the program anew and waits until it has written the pictures of a scene.
func (b *bench) firstImage() (x []float64, _ map[string]any, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "refarena-bench")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	for range 5 {
		start := time.Now()
		if out, err := exec.CommandContext(b.ctx, self, "render", "--robot", b.name, "--gl", b.device.String(), "--out", dir).CombinedOutput(); err != nil {
			return nil, nil, fmt.Errorf("%w: %s", err, out)
		}
		x = append(x, time.Since(start).Seconds())
	}
	return x, b.sceneConfig(), nil
}

// memory is the process's largest resident set so far, with one worker's episodes played.
func (b *bench) memory() (x []float64, _ map[string]any, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "refarena-bench")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	cmd := exec.CommandContext(b.ctx, self, "eval", "--robot", b.name, "--gl", b.device.String(), "--episodes", "10", "--workers", "1", "--json", "--out", dir+"/run")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, nil, fmt.Errorf("%w: %s", err, out)
	}
	peak, err := peakMemory(cmd.ProcessState)
	return []float64{float64(peak) / 1e6}, b.sceneConfig(), err
}
