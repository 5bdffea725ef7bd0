package tasks

import (
	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
)

// viewOf is the referee's camera with a robot, wherever it stands: the robot's own, or across the table. Zero sizes mean 640 × 480, or for the robot's own
// camera 640 × 360, all of its sensor.
func viewOf(robot *robots.Robot, width, height int) (sim.Camera, error) {
	if robot.Camera == "" {
		if width == 0 {
			width, height = 640, 480
		}
		return scenes.DefaultCamera(width, height), nil
	}
	if width == 0 {
		width, height = ownWidth, ownHeight
	}
	preset, err := sim.FindCameraPreset(robot.Camera)
	if err != nil {
		return sim.Camera{}, err
	}
	return preset.Camera(width, height, sim.Identity()), nil
}

// The size of the pictures of a robot's own camera, and of that by which it is decided whether the referee looks through it [px].
const ownWidth, ownHeight = 640, 360

// Camera is what the referee sees the stage through: the robot's own camera, where it is now, if it has one that shows what the task is about; else
// the scene's, from across the table. Left and right, before and behind are what they are in the scene's view, by which scenes are approved for
// every robot alike: tasks that speak of them are seen from there.
func (st *Stage) Camera(width, height int) (sim.Camera, error) {
	if !st.ownView {
		return st.Scene.Camera(width, height), nil
	}
	preset, err := sim.FindCameraPreset(st.Robot.Camera)
	if err != nil {
		return sim.Camera{}, err
	}
	return preset.Mounted(st.Scene.Data, robotPrefix, width, height)
}

// speaksOfPlaces reports whether the task's questions or conditions use relations.
func (st *Stage) speaksOfPlaces() bool {
	for i := range st.Goals {
		if g := &st.Goals[i]; g.find != nil || g.place != nil || len(g.Where) > 0 {
			return true
		}
	}
	return false
}

// inView reports whether a picture shows enough of all that the task's first questions are about.
func (st *Stage) inView(s *scenes.Scene, shot *sim.Shot) bool {
	enough := func(r sim.Region) bool { return float64(r.Count()) >= minRegion*float64(len(r.Mask)) }
	for k := range st.Goals {
		g := &st.Goals[k]
		if !enough(s.ObjectRegion(shot, g.Move)) || g.put() == putTo && !enough(s.PlaceRegion(shot, s.Data, g.Move, g.To)) {
			return false
		}
	}
	return true
}
