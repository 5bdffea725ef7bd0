package main

import (
	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
	"github.com/refarena/refarena/tasks/export"
)

// Which scene a command shows: an episode's, or one of a level.
type sceneFlags struct {
	episodeFlags
	Level   string `placeholder:"LEVEL" help:"A scene of this level (easy, medium, hard) instead of one of a suite."`
	NoRobot bool   `help:"Leave the robot away; only with --level."`
}

// A shownScene is a settled scene and what it is called.
type shownScene struct {
	*scenes.Scene
	name  string        // of its suite or level
	robot *robots.Robot // nil: none
	close func()
}

// open makes the scene. The caller closes it.
func (f *sceneFlags) open() (*shownScene, error) {
	suite, device, err := f.load()
	if err != nil {
		return nil, err
	}
	robot, err := robots.Open(f.Robot)
	if err != nil {
		return nil, err
	}
	if f.Level != "" {
		level, err := scenes.ParseLevel(f.Level)
		if err != nil {
			return nil, usageError{err}
		}
		if f.NoRobot {
			robot = nil
		}
		s, err := tasks.LevelScene(level, robot, f.Seed)
		if err != nil {
			return nil, err
		}
		return &shownScene{s, f.Level, robot, s.Close}, nil
	}
	if f.NoRobot {
		return nil, usageError{errNoRobot}
	}
	see, err := render.New(render.Options{Device: device})
	if err != nil {
		return nil, err
	}
	defer see.Close()
	stage, err := tasks.NewStage(suite, robot, f.Seed, see)
	if err != nil {
		return nil, err
	}
	return &shownScene{stage.Scene, suite.Name, robot, stage.Close}, nil
}

// cameras are the views of a scene by name, the referee's first.
func (s *shownScene) cameras(w, h int) []sim.Camera {
	return []sim.Camera{s.Camera(w, h), overview(w, h)}
}

// overview shows the whole robot.
func overview(w, h int) sim.Camera { return export.Overview(w, h) }
