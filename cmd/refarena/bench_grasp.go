package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
)

// A graspBench is how well the hand holds on to things: for each design that can be taken up, at several poses, alone on the table, it
// is picked up at the middle of what the camera sees of it and moved about by robots.Executor.Exercise.
type graspBench struct {
	slips   []float64 // of each that was held to the end, in the hand, from when it left the table on [mm]
	held    []float64 // by trial: 100 if it was held to the end, else 0 [%]
	missed  []string  // which were not, and why
	designs []graspDesign
}

// A graspDesign is how the trials with one design went.
type graspDesign struct {
	name         string
	trials       int
	picked, held int // of them: brought home, and held to the end of the exercise
}

// graspable reports whether the hand takes the design up wherever it lies, but for one pose in five.
func (d *graspDesign) graspable() bool { return 5*d.picked >= 4*d.trials }

// graspHeld is the share of trials in which the thing was picked up and held to the end.
func (b *bench) graspHeld() ([]float64, map[string]any, error) {
	g, err := b.graspTrials()
	if err != nil {
		return nil, nil, err
	}
	sum := 0.0
	for _, x := range g.held {
		sum += x
	}
	return []float64{sum / float64(len(g.held))}, g.config(), nil
}

// graspGraspable is the share of the catalogue's designs that the hand takes up.
func (b *bench) graspGraspable() ([]float64, map[string]any, error) {
	g, err := b.graspTrials()
	if err != nil {
		return nil, nil, err
	}
	yes, no := 0, []string{}
	for _, d := range g.designs {
		if d.graspable() {
			yes++
		} else {
			no = append(no, fmt.Sprintf("%s (%d)", d.name, d.picked))
		}
	}
	return []float64{100 * float64(yes) / float64(len(g.designs))}, map[string]any{
		"designs": len(g.designs), "least": "picked up at 4 of 5 poses", "poses": b.poses, "not": no, "cpu": tasks.CPUModel(),
	}, nil
}

// graspGraspableHeld is the share of trials with graspable designs in which the thing was held to the end, those in which it was not even picked up
// counted.
func (b *bench) graspGraspableHeld() ([]float64, map[string]any, error) {
	g, err := b.graspTrials()
	if err != nil {
		return nil, nil, err
	}
	held, trials, lost := 0, 0, []string{}
	for _, d := range g.designs {
		if !d.graspable() {
			continue
		}
		held, trials = held+d.held, trials+d.trials
		if d.held < d.trials {
			lost = append(lost, fmt.Sprintf("%s (%d)", d.name, d.held))
		}
	}
	if trials == 0 {
		return nil, nil, fmt.Errorf("none of %d designs is picked up at 4 of 5 poses", len(g.designs))
	}
	return []float64{100 * float64(held) / float64(trials)}, map[string]any{"trials": trials, "not all": lost, "cpu": tasks.CPUModel()}, nil
}

// graspSlip is how far things moved in the hand.
func (b *bench) graspSlip() ([]float64, map[string]any, error) {
	g, err := b.graspTrials()
	if err != nil {
		return nil, nil, err
	}
	return slices.Clone(g.slips), g.config(), nil
}

func (g *graspBench) config() map[string]any {
	return map[string]any{"trials": len(g.held), "missed": g.missed, "cpu": tasks.CPUModel()}
}

// graspTrials runs the trials, once.
func (b *bench) graspTrials() (*graspBench, error) {
	if b.grasp != nil {
		return b.grasp, nil
	}
	r, err := render.New(render.Options{Device: b.device})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	g := &graspBench{}
	for _, d := range scenes.Catalogue() {
		if !d.Pickable() || !b.chosen(d.Name) {
			continue
		}
		g.designs = append(g.designs, graspDesign{name: d.Name, trials: b.poses})
		tally := &g.designs[len(g.designs)-1]
		for pose := range b.poses {
			slip, picked, why, err := b.graspTrial(r, d, pose)
			if err != nil {
				return nil, fmt.Errorf("%s, pose %d: %w", d.Name, pose, err)
			}
			if picked {
				tally.picked++
			}
			if why != "" {
				g.held = append(g.held, 0)
				g.missed = append(g.missed, fmt.Sprintf("%s %d: %s", d.Name, pose, why))
				continue
			}
			tally.held++
			g.held = append(g.held, 100)
			g.slips = append(g.slips, 1000*slip)
		}
	}
	if len(g.held) == 0 {
		return nil, fmt.Errorf("no design that can be picked up begins with %s", strings.Join(b.designs, ", "))
	}
	b.grasp = g
	return g, nil
}

// chosen reports whether grasp.* are to take up a design.
func (b *bench) chosen(name string) bool {
	return len(b.designs) == 0 || slices.ContainsFunc(b.designs, func(p string) bool { return strings.HasPrefix(name, p) })
}

// graspTrial picks one thing up and moves it about: how far it slipped in the hand [m], whether it was picked up, or why it was not held to the end.
func (b *bench) graspTrial(r sim.Renderer, d *scenes.Design, pose int) (slip float64, picked bool, why string, err error) {
	color, err := scenes.FindColor(d.Colors[pose%len(d.Colors)])
	if err != nil {
		return 0, false, "", err
	}
	// A golden angle apart, on a spiral around the middle of the zone.
	at := sim.Translation(0.46+0.03*math.Cos(2.4*float64(pose)), 0.22*float64(2*pose-b.poses+1)/float64(b.poses), d.Lift).Mul(
		sim.Rotation(2*math.Pi*float64(pose)/float64(b.poses)+0.1, sim.Vec3{0, 0, 1}))
	l := &scenes.Layout{Objects: []scenes.Placed{{Name: "object", Design: d, Color: color, TWorldObj: at}}}
	spec, err := l.Build()
	if err != nil {
		return 0, false, "", err
	}
	defer spec.Close()
	part, err := b.robot.Build()
	if err != nil {
		return 0, false, "", err
	}
	defer part.Close()
	if err := spec.Attach(part, spec.World(), sim.Identity(), "robot/"); err != nil {
		return 0, false, "", err
	}
	m, err := spec.Compile()
	if err != nil {
		return 0, false, "", err
	}
	defer m.Close()
	data, err := sim.NewData(m)
	if err != nil {
		return 0, false, "", err
	}
	defer data.Close()
	plant, err := b.robot.NewPlant(data, "robot/")
	if err != nil {
		return 0, false, "", err
	}
	if err := plant.Reset(); err != nil {
		return 0, false, "", err
	}
	if err := data.Step(int(1 / m.Timestep())); err != nil {
		return 0, false, "", err
	}
	body, err := m.BodyID("object")
	if err != nil {
		return 0, false, "", err
	}
	var shot sim.Shot
	if err := r.Render(data, scenes.DefaultCamera(640, 480), &shot); err != nil {
		return 0, false, "", err
	}
	seen := sim.Region{Width: shot.Seg.Width, Height: shot.Seg.Height, Mask: make([]bool, len(shot.Seg.Bodies))}
	for i, id := range shot.Seg.Bodies {
		seen.Mask[i] = id == int32(body)
	}
	px, _, ok := seen.Pole()
	if !ok {
		return 0, false, "not in the picture", nil
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
		return 0, false, "", err
	}
	if !pick.OK() {
		return 0, false, fmt.Sprintf("%v (%v)", pick.Outcome, pick.Grasp), nil
	}
	out, phases, err := e.Exercise(b.ctx, pick.Held)
	if err != nil {
		return 0, true, "", err
	}
	if !out.OK() {
		return 0, true, fmt.Sprintf("%v after %q (%v)", out, phases[len(phases)-1].Name, pick.Grasp), nil
	}
	if begun == nil {
		return 0, true, "never left the table", nil
	}
	// What of the object was between the middles of the pads at first.
	hand := &e.Mode().Hand
	pads := sim.Vec3{0, 0, -hand.TipBack(pick.Held.Width) - hand.PadLength/2}
	return inHand().Apply(begun.Inv().Apply(pads)).Sub(pads).Len(), true, "", nil
}
