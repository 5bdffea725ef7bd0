package tasks

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"

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
		Attach: func(s *sim.Spec) error { return s.Attach(part, s.World(), sim.Identity(), RobotPrefix) },
		Home: func(d *sim.Data) error {
			plant, err := robot.NewPlant(d, RobotPrefix)
			if err != nil {
				return err
			}
			return plant.Reset()
		},
	})
}

// LevelCamera is what the referee of a robot in a LevelScene looks through: the robot's own camera, as the robot stands, if it is its usual one, else the
// scene's.
func LevelCamera(s *scenes.Scene, robot *robots.Robot, width, height int) (sim.Camera, error) {
	if robot == nil || robot.Camera == "" {
		return s.Camera(width, height), nil
	}
	preset, err := sim.FindCameraPreset(robot.Camera)
	if err != nil {
		return sim.Camera{}, err
	}
	return preset.Mounted(s.Data, RobotPrefix, width, height)
}

// PictureSize is the size of the pictures that a robot's referee is shown, if nothing else is asked for [px]; nil is no robot.
func PictureSize(robot *robots.Robot) (width, height int) {
	if robot != nil && robot.Camera != "" {
		return ownWidth, ownHeight
	}
	return 640, 480
}

// sceneSeconds is how long a scene by itself can be played with [s].
const sceneSeconds = 600

// SceneSuite is a scene file as a suite, for looking at it in a Session: in its one episode nothing is asked, and the robot holds its home position,
// but for what is done to it by hand. name is the file's. No run can be made of it.
func SceneSuite(name string, text []byte) (*Suite, error) {
	if _, _, err := scenes.Parse(name, text); err != nil {
		return nil, err
	}
	base := filepath.Base(name)
	sum := sha256.Sum256(text)
	return &Suite{
		Name: strings.TrimSuffix(base, filepath.Ext(base)), Tasks: []Task{{Name: "scene"}}, Budget: Budget{Attempts: 1, SimSeconds: sceneSeconds}, layout: text,
		Hash: hex.EncodeToString(sum[:]),
	}, nil
}

// IsScene reports whether the suite is a SceneSuite.
func (s *Suite) IsScene() bool { return s.layout != nil }

// linger holds the robot still until the time is up: the episode of a scene by itself.
func (e *episode) linger(ctx context.Context) error {
	arm := e.stage.Robot.Arm
	still := robots.Command{Q: arm.Home, QD: make([]float64, len(arm.Home)), Hand: robots.HandCommand{Width: e.stage.Robot.Hand.MaxWidth}}
	for !e.timeIsUp() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := e.stage.Plant.Step(still); err != nil {
			return err
		}
	}
	return nil
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
	if err := spec.Attach(part, spec.World(), sim.Identity(), RobotPrefix); err != nil {
		spec.Close()
		return nil, err
	}
	return spec, nil
}
