package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
)

// A graspBench is how well the hand holds on to things: for each design that can be taken up (see scenes.Design.Pickable), at several poses, alone on the table,
// it is picked up at the middle of what the camera sees of it and moved about by robots.Executor.Exercise. The trials are the same for every robot.
type graspBench struct {
	trials  []graspTrial
	designs []graspDesign // in the catalogue's order
}

// A graspTrial is how one design at one pose went.
type graspTrial struct {
	Robot  string  `json:"robot"`
	Design string  `json:"design"`
	Pose   int     `json:"pose"` // of Poses
	Poses  int     `json:"poses"`
	Stage  string  `json:"stage,omitempty"` // in which it failed: one of graspStages; "" if it was held to the end
	Why    string  `json:"why,omitempty"`
	Grasp  string  `json:"grasp,omitempty"`
	Lifted bool    `json:"lifted"`         // it was raised by 0.3 m
	Slip   float64 `json:"slip,omitempty"` // in the hand, from when it left the table to the end [m]
	Code   string  `json:"code"`           // the version that played it
}

// graspStages are the stages of a trial: robots.Executor.Pick's phases, then Exercise's. Those from "shake" on are of what was lifted.
var graspStages = []string{"see", "look", "reach", "approach", "close", "lift", "carry", "up", "shake", "turn over", "across", "home"}

// A graspDesign is how the trials with one design went.
type graspDesign struct {
	Name      string         `json:"design"`
	Trials    int            `json:"trials"`
	Lifted    int            `json:"lifted"`
	Held      int            `json:"held"`
	Graspable bool           `json:"graspable"`
	Failed    map[string]int `json:"failed,omitempty"` // by stage
}

// graspableDoc says what graspable means.
const graspableDoc = "gripped and lifted by 0.3 m in at least 4 of 5 poses"

// sum counts the trials by design.
func (g *graspBench) sum() {
	g.designs = nil
	for _, t := range g.trials {
		i := slices.IndexFunc(g.designs, func(d graspDesign) bool { return d.Name == t.Design })
		if i < 0 {
			i = len(g.designs)
			g.designs = append(g.designs, graspDesign{Name: t.Design, Failed: map[string]int{}})
		}
		d := &g.designs[i]
		d.Trials++
		if t.Lifted {
			d.Lifted++
		}
		if t.Stage == "" {
			d.Held++
		} else {
			d.Failed[t.Stage]++
		}
		d.Graspable = 5*d.Lifted >= 4*d.Trials
	}
}

// names are the designs that are graspable, or those that are not.
func (g *graspBench) names(graspable bool) []string {
	names := []string{}
	for _, d := range g.designs {
		if d.Graspable == graspable {
			names = append(names, d.Name)
		}
	}
	return names
}

// failed counts trials by the stage in which they failed.
func (g *graspBench) failed() map[string]int {
	n := map[string]int{}
	for _, t := range g.trials {
		if t.Stage != "" {
			n[t.Stage]++
		}
	}
	return n
}

// graspHeld is the share of trials in which the thing was picked up and held to the end.
func (b *bench) graspHeld() ([]float64, map[string]any, error) {
	g, err := b.graspTrials()
	if err != nil {
		return nil, nil, err
	}
	held, missed := 0, []graspTrial{}
	for _, t := range g.trials {
		if t.Stage == "" {
			held++
		} else {
			missed = append(missed, t)
		}
	}
	return []float64{100 * float64(held) / float64(len(g.trials))}, map[string]any{
		"trials": len(g.trials), "held": held, "failed": g.failed(), "missed": missed, "cpu": tasks.CPUModel(),
	}, nil
}

// graspGraspable is the share of the catalogue's designs that the hand takes up.
func (b *bench) graspGraspable() ([]float64, map[string]any, error) {
	g, err := b.graspTrials()
	if err != nil {
		return nil, nil, err
	}
	yes, no := g.names(true), g.names(false)
	return []float64{100 * float64(len(yes)) / float64(len(g.designs))}, map[string]any{
		"means": graspableDoc, "graspable": yes, "not": no, "designs": g.designs, "cpu": tasks.CPUModel(),
	}, nil
}

// graspGraspableHeld is the share of trials with graspable designs in which the thing was held to the end, those in which it was not even lifted
// counted.
func (b *bench) graspGraspableHeld() ([]float64, map[string]any, error) {
	g, err := b.graspTrials()
	if err != nil {
		return nil, nil, err
	}
	held, trials := 0, 0
	for _, d := range g.designs {
		if d.Graspable {
			held, trials = held+d.Held, trials+d.Trials
		}
	}
	if trials == 0 {
		return nil, nil, fmt.Errorf("none of %d designs is graspable: %s", len(g.designs), graspableDoc)
	}
	return []float64{100 * float64(held) / float64(trials)}, map[string]any{"trials": trials, "held": held, "cpu": tasks.CPUModel()}, nil
}

// graspSlip is how far what was held to the end moved in the hand.
func (b *bench) graspSlip() ([]float64, map[string]any, error) {
	g, err := b.graspTrials()
	if err != nil {
		return nil, nil, err
	}
	var mm []float64
	for _, t := range g.trials {
		if t.Stage == "" {
			mm = append(mm, 1000*t.Slip)
		}
	}
	if len(mm) == 0 {
		return nil, nil, fmt.Errorf("nothing was held to the end")
	}
	return mm, map[string]any{"trials": len(mm), "cpu": tasks.CPUModel()}, nil
}

// report says for each design that was not held in all its trials what happened, and which designs are graspable.
func (g *graspBench) report(w io.Writer) {
	for _, d := range g.designs {
		if d.Held == d.Trials {
			continue
		}
		fmt.Fprintf(w, "%s: lifted %d, held %d of %d\n", d.Name, d.Lifted, d.Held, d.Trials)
		for _, t := range g.trials {
			if t.Design == d.Name && t.Stage != "" {
				fmt.Fprintf(w, "  pose %d, %s: %s\n", t.Pose, t.Stage, t.Why)
			}
		}
	}
	failed := g.failed()
	var stages []string
	for _, s := range graspStages {
		if n := failed[s]; n > 0 {
			stages = append(stages, fmt.Sprintf("%s %d", s, n))
		}
	}
	yes, no := g.names(true), g.names(false)
	fmt.Fprintf(w, "Failed, by stage: %s.\n", cmp.Or(strings.Join(stages, ", "), "none"))
	fmt.Fprintf(w, "Graspable (%s), %d of %d: %s.\n", graspableDoc, len(yes), len(g.designs), cmp.Or(strings.Join(yes, ", "), "none"))
	fmt.Fprintf(w, "Not graspable: %s.\n", cmp.Or(strings.Join(no, ", "), "none"))
}

// graspTrials runs the trials, once: those of the designs and the shard that are asked for, but for those that the file of trials has already.
func (b *bench) graspTrials() (*graspBench, error) {
	if b.grasp != nil {
		return b.grasp, nil
	}
	known, err := b.knownTrials()
	if err != nil {
		return nil, err
	}
	var file *os.File
	if b.trialFile != "" {
		if file, err = os.OpenFile(b.trialFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644); err != nil {
			return nil, err
		}
		defer file.Close()
	}
	r, err := render.New(render.Options{Device: b.device})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	g := &graspBench{}
	var chosen []*scenes.Design
	for _, d := range scenes.Catalogue() {
		if d.Pickable() && b.chosen(d.Name) {
			chosen = append(chosen, d)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no design that can be picked up begins with %s", strings.Join(b.designs, ", "))
	}
	for i, d := range chosen {
		if b.shard.Count > 0 && i%b.shard.Count != b.shard.Index-1 {
			continue
		}
		for pose := range b.poses {
			t, ok := known[graspKey{d.Name, pose}]
			if !ok {
				if t, err = b.graspTrial(r, d, pose); err != nil {
					return nil, fmt.Errorf("%s, pose %d: %w", d.Name, pose, err)
				}
				if file != nil {
					line, err := json.Marshal(t)
					if err != nil {
						return nil, err
					}
					if _, err := file.Write(append(line, '\n')); err != nil {
						return nil, err
					}
				}
			}
			g.trials = append(g.trials, t)
		}
	}
	if len(g.trials) == 0 {
		return nil, fmt.Errorf("shard %v has none of %d designs", b.shard, len(chosen))
	}
	g.sum()
	b.grasp = g
	return g, nil
}

// A graspKey is which trial of a robot.
type graspKey struct {
	design string
	pose   int
}

// knownTrials are those in the file of trials, which another run wrote, or several whose files were joined.
func (b *bench) knownTrials() (map[graspKey]graspTrial, error) {
	known := map[graspKey]graspTrial{}
	if b.trialFile == "" {
		return known, nil
	}
	raw, err := os.ReadFile(b.trialFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	n, code := 0, tasks.CurrentVersions().Refarena
	for line := range bytes.Lines(raw) {
		n++
		if !bytes.HasSuffix(line, []byte("\n")) {
			return nil, fmt.Errorf("%s: line %d is cut off; remove it to go on", b.trialFile, n)
		}
		var t graspTrial
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		switch err := d.Decode(&t); {
		case err != nil:
			return nil, fmt.Errorf("%s: line %d: %w", b.trialFile, n, err)
		case t.Robot != b.name || t.Poses != b.poses:
			return nil, fmt.Errorf("%s: line %d is of the robot %s and %d poses (want %s, %d)", b.trialFile, n, t.Robot, t.Poses, b.name, b.poses)
		case t.Code != code:
			return nil, fmt.Errorf("%s: line %d was played by the version %q (want this one, %q; --trials with another file plays anew)", b.trialFile, n, t.Code, code)
		}
		known[graspKey{t.Design, t.Pose}] = t
	}
	return known, nil
}

// chosen reports whether grasp.* are to take up a design.
func (b *bench) chosen(name string) bool {
	return len(b.designs) == 0 || slices.ContainsFunc(b.designs, func(p string) bool { return strings.HasPrefix(name, p) })
}

// graspTrial picks one thing up and moves it about.
func (b *bench) graspTrial(r sim.Renderer, d *scenes.Design, pose int) (trial graspTrial, err error) {
	trial = graspTrial{Robot: b.name, Design: d.Name, Pose: pose, Poses: b.poses, Code: tasks.CurrentVersions().Refarena}
	color, err := scenes.FindColor(d.Colors[pose%len(d.Colors)])
	if err != nil {
		return trial, err
	}
	// A golden angle apart, on a spiral around the middle of the zone.
	at := sim.Translation(0.46+0.03*math.Cos(2.4*float64(pose)), 0.22*float64(2*pose-b.poses+1)/float64(b.poses), d.Lift).Mul(
		sim.Rotation(2*math.Pi*float64(pose)/float64(b.poses)+0.1, sim.Vec3{0, 0, 1}))
	l := &scenes.Layout{Objects: []scenes.Placed{{Name: "object", Design: d, Color: color, TWorldObj: at}}}
	spec, err := l.Build()
	if err != nil {
		return trial, err
	}
	defer spec.Close()
	part, err := b.robot.Build()
	if err != nil {
		return trial, err
	}
	defer part.Close()
	if err := spec.Attach(part, spec.World(), sim.Identity(), tasks.RobotPrefix); err != nil {
		return trial, err
	}
	m, err := spec.Compile()
	if err != nil {
		return trial, err
	}
	defer m.Close()
	data, err := sim.NewData(m)
	if err != nil {
		return trial, err
	}
	defer data.Close()
	plant, err := b.robot.NewPlant(data, tasks.RobotPrefix)
	if err != nil {
		return trial, err
	}
	if err := plant.Reset(); err != nil {
		return trial, err
	}
	if err := data.Step(int(1 / m.Timestep())); err != nil {
		return trial, err
	}
	body, err := m.BodyID("object")
	if err != nil {
		return trial, err
	}
	var shot sim.Shot
	if err := r.Render(data, scenes.DefaultCamera(640, 480), &shot); err != nil {
		return trial, err
	}
	seen := sim.Region{Width: shot.Seg.Width, Height: shot.Seg.Height, Mask: make([]bool, len(shot.Seg.Bodies))}
	for i, id := range shot.Seg.Bodies {
		seen.Mask[i] = id == int32(body)
	}
	px, _, ok := seen.Pole()
	if !ok {
		trial.Stage, trial.Why = "see", "not in the picture"
		return trial, nil
	}

	e := robots.NewExecutor(b.robot, plant)
	inHand := func() sim.Pose {
		i := slices.IndexFunc(b.robot.Modes(), func(r *robots.Robot) bool { return r.Mode == e.Mode().Mode })
		mode := plant.Modes()[i]
		ee := mode.Base().Mul(e.Mode().Arm.Forward(mode.State().Q))
		return ee.Inv().Mul(data.BodyPose(body))
	}
	rest := data.BodyPose(body).Pos[2]
	var begun *sim.Pose // T_ee_object when it left the table
	plant.OnStep = func() {
		if begun == nil && data.BodyPose(body).Pos[2] > rest+0.003 {
			t := inHand()
			begun = &t
		}
	}
	pick, err := e.Pick(b.ctx, &shot.Frame, px, robots.PickOptions{Attempts: 1})
	if err != nil {
		return trial, err
	}
	trial.Grasp = fmt.Sprintf("%s, %v", e.Mode().Mode, pick.Grasp)
	if !pick.OK() {
		trial.Stage, trial.Why = failedIn(pick.Phases), fmt.Sprintf("%v (%s)", pick.Outcome, trial.Grasp)
		return trial, nil
	}
	out, phases, err := e.Exercise(b.ctx, pick.Held)
	if err != nil {
		return trial, err
	}
	trial.Lifted = out.OK() || failedIn(phases) != "up"
	high := data.BodyPose(body).Pos[2] - rest
	switch {
	case !out.OK():
		trial.Stage, trial.Why = failedIn(phases), fmt.Sprintf("%v (%s)", out, trial.Grasp)
	case begun == nil || high < heldHigh:
		trial.Stage, trial.Why = "home", fmt.Sprintf("it is %.0f mm above where it stood (%s)", 1000*high, trial.Grasp)
	default:
		// What of the object was between the middles of the pads at first.
		hand := &e.Mode().Hand
		pads := sim.Vec3{0, 0, -hand.TipBack(pick.Held.Width) - hand.PadLength/2}
		trial.Slip = inHand().Apply(begun.Inv().Apply(pads)).Sub(pads).Len()
	}
	return trial, nil
}

// heldHigh is how much higher than it stood something is at the end, at least, that is in the hand, wherever the robot waits with it [m].
const heldHigh = 0.05

// failedIn is the first phase that did not go well.
func failedIn(phases []robots.Phase) string {
	for _, p := range phases {
		if !p.Outcome.OK() {
			return p.Name
		}
	}
	return ""
}
