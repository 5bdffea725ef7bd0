package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
	"github.com/refarena/refarena/tasks/export"
)

// A grip is an episode in which something is picked up: it is shown when it has just been lifted.
type grip struct {
	robot, suite string
	seed         uint64
}

// gripRow draws grips, one beside the other, each w × h px: the hand from near, or the whole robot.
func gripRow(grips []grip, w, h int, near bool) (image.Image, error) {
	row := image.NewRGBA(image.Rect(0, 0, len(grips)*w, h))
	for i, g := range grips {
		img, err := g.draw(w, h, near)
		if err != nil {
			return nil, fmt.Errorf("%s, %s, seed %d: %w", g.robot, g.suite, g.seed, err)
		}
		draw.Draw(row, image.Rect(i*w, 0, (i+1)*w, h), img, image.Point{}, draw.Src)
	}
	return row, nil
}

func (g grip) draw(w, h int, near bool) (image.Image, error) {
	suite, err := tasks.LoadSuite(g.suite)
	if err != nil {
		return nil, err
	}
	renderer := func() (sim.Renderer, error) { return render.New(render.Options{Device: render.Software}) }
	s, err := tasks.Open(context.Background(), tasks.Options{Suite: suite, Robot: g.robot, Referee: referee.Oracle(), Seed: g.seed, NewRenderer: renderer}, nil)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	s.RunOn()
	<-s.Finished()
	var m tasks.Moment
	first, last, _ := s.Span()
	const period = 25 // physics steps: 50 ms
	lifted := false
	for at := first; at <= last; at += period {
		if err := s.Look(at, &m); err != nil {
			return nil, err
		}
		if m.Phase == "lift" {
			lifted = true
		} else if lifted {
			break // just above where it was taken up
		}
	}
	if !lifted {
		return nil, errors.New("nothing was lifted")
	}
	scene, cam := s.Stage().Scene, export.Overview(w, h)
	if near {
		target := m.Poses[scene.Bodies[s.Stage().Goals[0].Move]].Pos.Add(sim.Vec3{0, 0, 0.06})
		cam = sim.NewCamera("near", w, h, 26, sim.LookAt(target.Add(sim.Vec3{0.62, 0.42, 0.30}), target))
	}
	r, err := render.New(render.Options{Device: render.Software})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var shot sim.Shot
	if err := r.RenderScene(&render.Scene{Visuals: scene.Model.Visuals(), Environment: scene.Model.Environment()}, m.Poses, cam, &shot); err != nil {
		return nil, err
	}
	return tasks.RGBImage(&shot.Frame), nil
}
