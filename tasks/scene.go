package tasks

import (
	"fmt"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
)

// LevelScene is the scene of a level and a seed, settled, with the robot in its home position; with no robot, nil, it is the scene that
// `refarena gen` asks about. No task is set in it. The caller closes the Scene.
func LevelScene(level scenes.Level, robot *robots.Robot, seed uint64) (*scenes.Scene, error) {
	cfg, err := level.Config()
	if err != nil {
		return nil, fmt.Errorf("tasks: %w", err)
	}
	if robot == nil {
		return scenes.Generate(cfg, seed, scenes.Mount{})
	}
	part, err := robot.Build()
	if err != nil {
		return nil, err
	}
	defer part.Close()
	return scenes.Generate(cfg, seed, scenes.Mount{
		Attach: func(s *sim.Spec) error { return s.Attach(part, s.World(), sim.Identity(), robotPrefix) },
		Home: func(d *sim.Data) error {
			plant, err := robot.NewPlant(d, robotPrefix)
			if err != nil {
				return err
			}
			return plant.Reset()
		},
	})
}

// SceneSpec is a scene with its robot, if any, as it is before it is compiled: objects where they came to rest, joints at 0. The caller
// closes the Spec.
func SceneSpec(s *scenes.Scene, robot *robots.Robot) (*sim.Spec, error) {
	spec, err := s.Build()
	if err != nil {
		return nil, err
	}
	if robot == nil {
		return spec, nil
	}
	part, err := robot.Build()
	if err != nil {
		spec.Close()
		return nil, err
	}
	defer part.Close()
	if err := spec.Attach(part, spec.World(), sim.Identity(), robotPrefix); err != nil {
		spec.Close()
		return nil, err
	}
	return spec, nil
}
