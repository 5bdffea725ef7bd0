package export

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/tasks"
)

// PlayOptions say how an episode is looked at while it is played again. NewRenderer must be set.
type PlayOptions struct {
	NewRenderer   func() (sim.Renderer, error)
	FPS           int  // moments a second of simulated time, a divisor of robots.Rate (125); 0 means 25
	Width, Height int  // of the pictures [px]; 0 means 640 × 480
	Overview      bool // also a picture that shows the whole robot
	NoPictures    bool // none at all
}

func (o PlayOptions) withDefaults() (PlayOptions, error) {
	if o.FPS == 0 {
		o.FPS = 25
	}
	if o.Width == 0 && o.Height == 0 {
		o.Width, o.Height = 640, 480
	}
	if o.FPS < 1 || robots.Rate%o.FPS != 0 {
		return o, fmt.Errorf("export: %d moments a second (want a divisor of %d: 1, 5, 25 or 125)", o.FPS, robots.Rate)
	}
	if o.Width < 16 || o.Height < 16 || o.Width > sim.MaxImageSide || o.Height > sim.MaxImageSide {
		return o, fmt.Errorf("export: pictures of %d × %d px (want 16 to %d)", o.Width, o.Height, sim.MaxImageSide)
	}
	if o.Width%2+o.Height%2 > 0 {
		return o, fmt.Errorf("export: pictures of %d × %d px (want even numbers, which videos need)", o.Width, o.Height)
	}
	return o, nil
}

// A Moment is what an episode is like at one time. Everything in it is good until the next one.
type Moment struct {
	Stage   *tasks.Stage
	Time    float64   // since the episode began, simulated [s]
	Step    int       // the step that is under way, from 0
	Ask     *Ask      // the question that is being acted on; nil before the first
	Joints  []Joint   // of the robot that have an actuator of their own, in the actuators' order
	Control []float64 // what all actuators were told last, in their order: set points
	Width   float64   // the opening of the hand [m]
	Referee *sim.Frame
	View    *sim.Frame // the overview; nil without
}

// A Joint is a joint with an actuator.
type Joint struct {
	Name     string
	Position float64 // [rad]
	Velocity float64 // [rad/s]
	Command  float64 // the actuator's set point [rad]
}

// An Ask is a question with its answer.
type Ask struct {
	Step    int
	Shot    *sim.Shot // what the referee was shown; good while it is being told
	Record  tasks.StepRecord
	Right   sim.Region
	Opening bool // the moment at which it was asked; false later
}

// An Episode is what is known when the playing begins.
type Episode struct {
	Record   *tasks.Record // as it was recorded, whole
	Stage    *tasks.Stage
	Joints   []Joint
	Controls []string // the names of the actuators
	Options  PlayOptions
}

// A Watcher is told what happens in an episode. Its methods are called on the goroutine that plays; an error ends the playing.
type Watcher interface {
	Begin(*Episode) error
	Moment(*Moment) error
	Asked(*Moment) error // the Ask is new; there is no picture but the Ask's
	Ended(step int, s tasks.StepRecord, time float64) error
}

// Play plays the episode of a seed of a run again and tells the watchers.
func Play(ctx context.Context, dir string, seed uint64, o PlayOptions, watchers ...Watcher) error {
	o, err := o.withDefaults()
	if err != nil {
		return err
	}
	recorded, err := find(dir, seed)
	if err != nil {
		return err
	}
	p := &player{o: o, watchers: watchers, rec: recorded, every: robots.Rate / o.FPS}
	if !o.NoPictures {
		if p.see, err = o.NewRenderer(); err != nil {
			return err
		}
		defer p.see.Close()
	}
	_, err = tasks.Replay(ctx, dir, seed, tasks.ReplayOptions{
		NewRenderer: o.NewRenderer, OnStage: p.begin, OnAsk: p.asked, OnPeriod: p.period,
		OnStep: func(step int, s tasks.StepRecord) error {
			return p.tell(func(w Watcher) error { return w.Ended(step, s, p.now.Time) })
		},
	})
	if err != nil {
		return fmt.Errorf("export: seed %d: %w", seed, err)
	}
	return nil
}

// find is the record of a seed.
func find(dir string, seed uint64) (*tasks.Record, error) {
	records, err := tasks.ReadRecords(dir)
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		if r.Seed == seed {
			return r, nil
		}
	}
	return nil, fmt.Errorf("export: no episode of seed %d in %s (have %s)", seed, dir, seeds(records))
}

// seeds names the seeds of records, for people.
func seeds(records []*tasks.Record) string {
	var names []string
	for i, r := range records {
		if i == 12 {
			names = append(names, "…")
			break
		}
		names = append(names, fmt.Sprint(r.Seed))
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, ", ")
}

// A player turns what a replay says into moments.
type player struct {
	o        PlayOptions
	watchers []Watcher
	rec      *tasks.Record
	see      sim.Renderer
	every    int // control periods between moments
	periods  int
	joints   []jointChannel
	controls []string // names
	now      Moment
	shots    [2]sim.Shot
	began    float64
}

// A jointChannel is where a joint is found.
type jointChannel struct {
	name                string
	actuator, qpos, dof int
}

func (p *player) tell(do func(Watcher) error) error {
	for _, w := range p.watchers {
		if err := do(w); err != nil {
			return err
		}
	}
	return nil
}

func (p *player) begin(st *tasks.Stage) error {
	m := st.Scene.Model
	for a := range m.NU() {
		name := m.ActuatorName(a)
		p.controls = append(p.controls, afterSlash(name))
		for _, joint := range []string{name, name + "_joint"} {
			if id, err := m.JointID(joint); err == nil {
				p.joints = append(p.joints, jointChannel{afterSlash(joint), a, m.JointQpos(id), m.JointDof(id)})
				break
			}
		}
	}
	if len(p.joints) == 0 {
		return fmt.Errorf("export: robot %s has no actuator that is called as a joint", st.Robot.Name)
	}
	p.began = st.Scene.Data.Time()
	if err := p.look(st); err != nil {
		return err
	}
	if err := p.tell(func(w Watcher) error { return w.Begin(&Episode{p.rec, st, p.now.Joints, p.controls, p.o}) }); err != nil {
		return err
	}
	return p.tell(func(w Watcher) error { return w.Moment(&p.now) })
}

// afterSlash is a name without the prefix that the robot was attached with.
func afterSlash(name string) string { return name[strings.LastIndex(name, "/")+1:] }

// look brings the moment up to date.
func (p *player) look(st *tasks.Stage) error {
	d := st.Scene.Data
	p.now.Stage, p.now.Time, p.now.Width = st, d.Time()-p.began, st.Plant.State().Width
	p.now.Control = append(p.now.Control[:0], d.Ctrl()...)
	p.now.Joints = p.now.Joints[:0]
	for _, c := range p.joints {
		p.now.Joints = append(p.now.Joints, Joint{c.name, d.Qpos()[c.qpos], d.Qvel()[c.dof], d.Ctrl()[c.actuator]})
	}
	if p.see == nil {
		return nil
	}
	own, err := st.Camera(p.o.Width, p.o.Height)
	if err != nil {
		return err
	}
	cameras := []sim.Camera{own}
	if p.o.Overview {
		cameras = append(cameras, Overview(p.o.Width, p.o.Height))
	}
	for i, cam := range cameras {
		if err := p.see.Render(d, cam, &p.shots[i]); err != nil {
			return err
		}
	}
	p.now.Referee = &p.shots[0].Frame
	if p.o.Overview {
		p.now.View = &p.shots[1].Frame
	}
	return nil
}

func (p *player) period(st *tasks.Stage) error {
	p.periods++
	if p.periods%p.every != 0 {
		return nil
	}
	if err := p.look(st); err != nil {
		return err
	}
	return p.tell(func(w Watcher) error { return w.Moment(&p.now) })
}

func (p *player) asked(step int, shot *sim.Shot, s tasks.StepRecord, right sim.Region) error {
	p.now.Step, p.now.Ask = step, &Ask{Step: step, Shot: shot, Record: s, Right: right, Opening: true}
	err := p.tell(func(w Watcher) error { return w.Asked(&p.now) })
	p.now.Ask.Opening, p.now.Ask.Shot = false, nil
	return err
}

// Overview is a camera that shows the whole robot and the table.
func Overview(w, h int) sim.Camera {
	return sim.NewCamera("overview", w, h, 38, sim.LookAt(sim.Vec3{1.75, -1.25, 0.95}, sim.Vec3{0.18, 0.02, 0.16}))
}

// stamp is a time as messages have it.
func stamp(t float64) (sec, nsec uint64) {
	n := uint64(math.Round(max(t, 0) * 1e9))
	return n / 1e9, n % 1e9
}
