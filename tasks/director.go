package tasks

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/sim"
)

// A director sees to it that a script's events happen, and, for a Session, writes everything down and holds the episode up until it may go on.
// Its before runs on the episode's goroutine.
type director struct {
	script *Script
	next   int // of script.Events
	data   *sim.Data
	stage  *Stage

	watched bool // for a Session; all that follows is only then used
	tape    *tape
	started chan struct{} // closed when the stage is there

	mu      sync.Mutex
	wake    *sync.Cond
	allowed int  // the physics step that the episode may go to
	holding bool // it has got there, has done all that it was told to, and waits
	asks    bool // it waits for the referee
	ended   error
	edits   []Event // that came from outside and wait for the next call
	pull    *pull
	done    []Event // everything that happened, the script's events included
	log     sessionLog
}

// noLimit lets an episode run to its end.
const noLimit = int(^uint(0) >> 1)

// A pull is a spring between a point of an object and a place in the world.
type pull struct {
	object  int
	point   sim.Vec3 // in the object's frame
	to      sim.Vec3
	release bool
	last    Event
}

// The spring that objects are pulled with: what an object weighs is held 1.5 cm below the mouse, and a kilogram swings at 4 Hz, well damped.
const (
	pullStiffness = 650.0 // of the object's mass [N/(m·kg)]
	pullDamping   = 36.0  // [N·s/(m·kg)]
	pullMost      = 60.0  // [N]
)

func newDirector(script *Script, watched bool) *director {
	d := &director{script: script, watched: watched, started: make(chan struct{}), allowed: noLimit}
	d.wake = sync.NewCond(&d.mu)
	return d
}

// begin is called when the stage is there.
func (d *director) begin(st *Stage) error {
	d.stage, d.data = st, st.Scene.Data
	d.data.OnStep(d.before)
	if !d.watched {
		return nil
	}
	d.tape = newTape(d.data)
	close(d.started)
	return nil
}

// before is called before each step of the physics.
func (d *director) before(n int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	jump := false
	happen := func(e Event) error {
		if e.Joint != "" {
			d.done, d.log.asides = append(d.done, e), append(d.log.asides, e)
			return d.deflect(&e)
		}
		if e.Object >= len(d.stage.Scene.Bodies) {
			return fmt.Errorf("tasks: event at %d: no object %d (have 0 to %d)", e.At, e.Object, len(d.stage.Scene.Bodies)-1)
		}
		d.done = append(d.done, e)
		jump = jump || e.Pose != nil
		return d.apply(&e)
	}
	for d.script != nil && d.next < len(d.script.Events) && d.script.Events[d.next].At <= d.data.Steps() {
		d.next++
		if err := happen(d.script.Events[d.next-1]); err != nil {
			return err
		}
	}
	if !d.watched {
		return nil
	}
	d.tape.reached(d.data)
	for {
		for _, e := range d.edits {
			e.At = d.data.Steps()
			if err := happen(e); err != nil {
				return err
			}
			if jump {
				if err := d.tape.changed(d.data); err != nil {
					return err
				}
			}
		}
		d.edits = d.edits[:0]
		if d.ended != nil {
			return d.ended
		}
		if d.data.Steps() < d.allowed {
			break
		}
		d.hold()
	}
	if e, ok := d.spring(); ok {
		if err := happen(e); err != nil {
			return err
		}
	}
	return d.tape.record(d.data, n, jump)
}

// hold waits for something to change. mu is held.
func (d *director) hold() {
	d.holding = true
	d.wake.Wait()
	d.holding = false
}

// apply does what an event says.
func (d *director) apply(e *Event) error {
	body := d.stage.Scene.Bodies[e.Object]
	if e.Pose == nil {
		d.data.Push(body, sim.Vec3(e.Force), sim.Vec3(e.Point))
		return nil
	}
	return d.stage.setDown(e.Object, sim.Pose{Pos: sim.Vec3(e.Pose[:3]), Rot: sim.Quat{W: e.Pose[3], V: sim.Vec3(e.Pose[4:7])}})
}

// deflect pushes a joint aside.
func (d *director) deflect(e *Event) error {
	i, err := jointNamed(d.stage.Robot, e.Joint)
	if err != nil {
		return fmt.Errorf("tasks: event at %d: %w", e.At, err)
	}
	d.stage.Plant.Deflect(i, e.Aside)
	return nil
}

// jointNamed is the index of a joint in Robot.Joints.
func jointNamed(r *robots.Robot, name string) (int, error) {
	var have []string
	for i, j := range r.Joints() {
		if j.Name == name {
			return i, nil
		}
		have = append(have, j.Name)
	}
	return 0, fmt.Errorf("the %s has no joint %q (have %s)", r.Name, name, strings.Join(have, ", "))
}

// spring is the event that the pull makes now; false if nothing changes. mu is held.
func (d *director) spring() (Event, bool) {
	p := d.pull
	if p == nil {
		return Event{}, false
	}
	e := Event{At: d.data.Steps(), Object: p.object, Force: []float64{0, 0, 0}, Point: []float64{0, 0, 0}}
	if p.release {
		d.pull = nil
		return e, p.last.Force != nil
	}
	body := d.stage.Scene.Bodies[p.object]
	pose := d.data.BodyPose(body)
	at := pose.Apply(p.point)
	linear, angular := d.data.BodyVelocity(body)
	speed := linear.Add(angular.Cross(at.Sub(pose.Pos)))
	mass := d.data.Model().BodyMass(body)
	force := p.to.Sub(at).Mul(pullStiffness * mass).Sub(speed.Mul(pullDamping * mass))
	if l := force.Len(); l > pullMost {
		force = force.Mul(pullMost / l)
	}
	e.Force, e.Point = force[:], at[:]
	p.last = e
	return e, true
}

// The rest is what an episode reports to its director. A nil director wants to know nothing.

func (d *director) answerTo(step int) *ScriptedAnswer {
	if d == nil {
		return nil
	}
	return d.script.answerTo(step)
}

// halt is what halts the robot next in a step, after the physics step of the last time.
func (d *director) halt(step, after int) *ScriptedAnswer {
	if d == nil {
		return nil
	}
	return d.script.halt(step, after)
}

// onWay notes that the robot is on its way now, and could be halted.
func (d *director) onWay() {
	if !d.watching() {
		return
	}
	pause := int(8 * robots.Period / sim.Timestep) // the hand may open on the way; longer is another way
	d.note(func(l *sessionLog) {
		if n := len(l.onWay); n > 0 && d.now()-l.onWay[n-1][1] < pause {
			l.onWay[n-1][1] = d.now()
			return
		}
		l.onWay = append(l.onWay, [2]int{d.now(), d.now()})
	})
}

func (d *director) watching() bool { return d != nil && d.watched }

// note changes the log.
func (d *director) note(change func(*sessionLog)) {
	if !d.watching() {
		return
	}
	d.mu.Lock()
	change(&d.log)
	d.mu.Unlock()
}

// now is the physics step. It is for the episode's goroutine.
func (d *director) now() int { return d.data.Steps() }

// asking waits until the episode may go on to a question: it is asked when it is reached, not a control period ahead.
func (d *director) asking(ctx context.Context) error {
	if !d.watching() {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tape.reached(d.data)
	for d.ended == nil && d.data.Steps() > d.allowed {
		d.hold()
	}
	if d.ended != nil {
		return d.ended
	}
	return ctx.Err()
}

// asksNow notes that the referee is being asked, or no longer.
func (d *director) asksNow(on bool) {
	if !d.watching() {
		return
	}
	d.mu.Lock()
	d.asks = on
	d.mu.Unlock()
}

// Grasps implements robots.Watcher.
func (d *director) Grasps(found []robots.Grasp) {
	kept := slices.Clone(found[:min(len(found), 40)])
	d.note(func(l *sessionLog) { l.grasps = append(l.grasps, graspNote{d.now(), kept}) })
}

// Planned implements robots.Watcher.
func (d *director) Planned(way []sim.Vec3) {
	d.note(func(l *sessionLog) { l.ways = append(l.ways, wayNote{d.now(), way}) })
}

// Phase implements robots.Watcher.
func (d *director) Phase(name string) {
	d.note(func(l *sessionLog) { l.phases = append(l.phases, phaseNote{d.now(), name}) })
}
