package main

import (
	"slices"

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
	name  string           // of its suite or level
	robot *robots.Robot    // nil: none
	stage *tasks.Stage     // nil: it is of a level, without a task
	see   *render.Renderer // nil if it wasn't asked for
	free  func()
}

// open makes the scene. With see, it comes with a renderer, the one that looked at it where one did: another would compile its shaders
// again. The caller closes both.
func (f *sceneFlags) open(see bool) (_ *shownScene, err error) {
	suite, device, err := f.load()
	if err != nil {
		return nil, err
	}
	s := &shownScene{name: suite.Name}
	if s.robot, err = robots.Open(f.Robot); err != nil {
		return nil, err
	}
	var level scenes.Level
	if f.Level != "" {
		if level, err = scenes.ParseLevel(f.Level); err != nil {
			return nil, usageError{err}
		}
		s.name = f.Level
		if f.NoRobot {
			s.robot = nil
		}
	} else if f.NoRobot {
		return nil, usageError{errNoRobot}
	}
	if see || f.Level == "" {
		if s.see, err = render.New(render.Options{Device: device}); err != nil {
			return nil, err
		}
	}
	if f.Level != "" {
		s.Scene, err = tasks.LevelScene(level, s.robot, f.Seed)
		s.free = func() { s.Scene.Close() }
	} else {
		var stage *tasks.Stage
		if stage, err = tasks.NewStage(suite, s.robot, f.Seed, s.see); err == nil {
			s.Scene, s.stage, s.free = stage.Scene, stage, func() { stage.Close() }
		}
	}
	if err != nil {
		s.free = nil
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *shownScene) close() {
	if s.free != nil {
		s.free()
	}
	if s.see != nil {
		s.see.Close()
	}
}

// referee is what the referee of an episode sees the scene through; of a level's scene, the robot's own camera if it has one.
func (s *shownScene) referee(w, h int) (sim.Camera, error) {
	if s.stage != nil {
		return s.stage.Camera(w, h)
	}
	return tasks.LevelCamera(s.Scene, s.robot, w, h)
}

// size is that of pictures [px]: what was asked for, or else what eval shows the referee; own says that they are seen through the robot's own camera.
func (s *shownScene) size(flag string, own bool) (w, h int, err error) {
	switch {
	case flag != "":
		return parseSize(flag)
	case own:
		w, h = tasks.PictureSize(s.robot)
		return w, h, nil
	}
	w, h = tasks.PictureSize(nil)
	return w, h, nil
}

// ownView reports whether the referee looks through a camera on the robot.
func (s *shownScene) ownView() bool {
	cam, err := s.referee(tasks.PictureSize(s.robot))
	return err == nil && s.robot != nil && cam.Name == s.robot.Camera
}

// cameras are the views of a scene, the referee's first.
func (s *shownScene) cameras(w, h int) ([]sim.Camera, error) {
	cam, err := s.referee(w, h)
	cam.Name = tasks.RefereeCamera // whichever it is: its preset is there by its own name
	return []sim.Camera{cam, overview(w, h)}, err
}

// presets are the named cameras: third persons where the referee's stands, and those on the robot as it stands.
func (s *shownScene) presets(w, h int) (out []sim.Camera, err error) {
	for _, name := range sim.CameraPresets() {
		p, err := sim.FindCameraPreset(name)
		if err != nil {
			return nil, err
		}
		if p.Body == "" {
			out = append(out, p.Camera(w, h, s.Camera(w, h).TWorldCam))
		} else if s.robot != nil && slices.Contains(tasks.Cameras(s.robot.Name), name) {
			cam, err := p.Mounted(s.Data, tasks.RobotPrefix, w, h)
			if err != nil {
				return nil, err
			}
			out = append(out, cam)
		}
	}
	return out, nil
}

// overview shows the whole robot.
func overview(w, h int) sim.Camera { return export.Overview(w, h) }
