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

// graspPoses is how many places and directions each design is taken up at.
const graspPoses = 10

// A graspBench is how well the hand holds on to things: for each design that can be taken up, at graspPoses poses alone on the table, it
// is picked up at the middle of what the camera sees of it and moved about by robots.Executor.Exercise.
type graspBench struct {
	slips  []float64 // of each that was held to the end, in the hand, from when it left the table on [mm]
	held   []float64 // by trial: 100 if it was held to the end, else 0 [%]
	missed []string  // which were not, and why
}

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

// graspSlip is how far things moved in the hand.
func (b *bench) graspSlip() ([]float64, map[string]any, error) {
	g, err := b.graspTrials()
	if err != nil {
		return nil, nil, err
	}
	return slices.Clone(g.slips), g.config(), nil
}

func (g *graspBench) config() map[string]any {
	return map[string]any{"trials": len(g.held), "poses": graspPoses, "missed": g.missed, "cpu": tasks.CPUModel()}
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
		for pose := range graspPoses {
			slip, why, err := b.graspTrial(r, d, pose)
			if err != nil {
				return nil, fmt.Errorf("%s, pose %d: %w", d.Name, pose, err)
			}
			if why != "" {
				g.held = append(g.held, 0)
				g.missed = append(g.missed, fmt.Sprintf("%s %d: %s", d.Name, pose, why))
				continue
			}
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

// graspTrial picks one thing up and moves it about: how far it slipped in the hand [m], or why it was not held to the end.
func (b *bench) graspTrial(r sim.Renderer, d *scenes.Design, pose int) (slip float64, why string, err error) {
	color, err := scenes.FindColor(d.Colors[pose%len(d.Colors)])
	if err != nil {
		return 0, "", err
	}
	// A golden angle apart, on a spiral around the middle of the zone.
	at := sim.Translation(0.46+0.03*math.Cos(2.4*float64(pose)), 0.022*float64(2*pose-graspPoses+1), d.Lift).Mul(
		sim.Rotation(2*math.Pi*float64(pose)/graspPoses+0.1, sim.Vec3{0, 0, 1}))
	l := &scenes.Layout{Objects: []scenes.Placed{{Name: "object", Design: d, Color: color, TWorldObj: at}}}
	spec, err := l.Build()
	if err != nil {
		return 0, "", err
	}
	defer spec.Close()
	part, err := b.robot.Build()
	if err != nil {
		return 0, "", err
	}
	defer part.Close()
	if err := spec.Attach(part, spec.World(), sim.Identity(), "robot/"); err != nil {
		return 0, "", err
	}
	m, err := spec.Compile()
	if err != nil {
		return 0, "", err
	}
	defer m.Close()
	data, err := sim.NewData(m)
	if err != nil {
		return 0, "", err
	}
	defer data.Close()
	plant, err := b.robot.NewPlant(data, "robot/")
	if err != nil {
		return 0, "", err
	}
	if err := plant.Reset(); err != nil {
		return 0, "", err
	}
	if err := data.Step(int(1 / m.Timestep())); err != nil {
		return 0, "", err
	}
	body, err := m.BodyID("object")
	if err != nil {
		return 0, "", err
	}
	var shot sim.Shot
	if err := r.Render(data, scenes.DefaultCamera(640, 480), &shot); err != nil {
		return 0, "", err
	}
	seen := sim.Region{Width: shot.Seg.Width, Height: shot.Seg.Height, Mask: make([]bool, len(shot.Seg.Bodies))}
	for i, id := range shot.Seg.Bodies {
		seen.Mask[i] = id == int32(body)
	}
	px, _, ok := seen.Pole()
	if !ok {
		return 0, "not in the picture", nil
	}

	inHand := func() sim.Pose {
		ee := plant.Base().Mul(b.robot.Arm.Forward(plant.State().Q))
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
	e := robots.NewExecutor(b.robot, plant)
	pick, err := e.Pick(b.ctx, &shot.Frame, px, robots.PickOptions{Attempts: 1})
	if err != nil {
		return 0, "", err
	}
	if !pick.OK() {
		return 0, pick.String(), nil
	}
	out, _, err := e.Exercise(b.ctx, pick.Held)
	if err != nil {
		return 0, "", err
	}
	if !out.OK() {
		return 0, out.String(), nil
	}
	if begun == nil {
		return 0, "never left the table", nil
	}
	// What of the object was between the middles of the pads at first.
	pads := sim.Vec3{0, 0, -b.robot.Hand.TipBack(plant.State().Width) - b.robot.Hand.PadLength/2}
	return inHand().Apply(begun.Inv().Apply(pads)).Sub(pads).Len(), "", nil
}
