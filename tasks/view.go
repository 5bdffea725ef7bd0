package tasks

import (
	"fmt"
	"strings"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
)

// RefereeCamera is the name of the scene's own camera, across the table from the robot.
const RefereeCamera = "referee"

// Cameras are the names of what a robot's referee can look through: its own camera, if it has one that is mounted, third persons, and RefereeCamera.
// The word wrist or head stands for the robot's camera there.
func Cameras(robot string) []string {
	out := []string{RefereeCamera}
	robot, _, _ = strings.Cut(robot, "-") // g1-free has the cameras of a g1
	for _, name := range sim.CameraPresets() {
		p, err := sim.FindCameraPreset(name)
		if err == nil && (p.Body == "" || strings.HasPrefix(name, robot+"-")) {
			out = append(out, name)
		}
	}
	return out
}

// ParseCamera is the name of a camera for a robot's referee: one of Cameras, or its last word, as in wrist; "" is the robot's usual one.
func ParseCamera(robot, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	for _, c := range Cameras(robot) {
		if c == name || strings.HasSuffix(c, "-"+name) {
			return c, nil
		}
	}
	return "", fmt.Errorf("tasks: no camera %q for the robot %s (have %s)", name, robot, strings.Join(Cameras(robot), ", "))
}

// A lens is what a referee looks through: a preset, mounted on the robot or where the scene's camera is, or the scene's own camera (nil).
func lensOf(robot *robots.Robot, camera string) (*sim.CameraPreset, error) {
	if camera == "" {
		camera = robot.Camera
	}
	if camera == "" || camera == RefereeCamera {
		return nil, nil
	}
	p, err := sim.FindCameraPreset(camera)
	return &p, err
}

// viewOf is the referee's camera with a robot, wherever it stands: the one that was chosen (see ParseCamera), else the robot's own, or across the table. Zero
// sizes mean 640 × 480, or for a camera on the robot 640 × 360, all of its sensor.
func viewOf(robot *robots.Robot, camera string, width, height int) (sim.Camera, error) {
	lens, err := lensOf(robot, camera)
	if err != nil {
		return sim.Camera{}, err
	}
	if width == 0 {
		width, height = 640, 480
		if lens != nil && lens.Body != "" {
			width, height = ownWidth, ownHeight
		}
	}
	if lens == nil {
		return scenes.DefaultCamera(width, height), nil
	}
	return lens.Camera(width, height, sim.Identity()), nil
}

// The size of the pictures of a robot's own camera, and of that by which it is decided whether the referee looks through it [px].
const ownWidth, ownHeight = 640, 360

// Camera is what the referee sees the stage through: a camera on the robot, where it is now, if that was chosen or is the robot's usual one, and shows
// what the task is about; else from across the table, through the scene's camera or the third person's that was chosen. Left and right, before
// and behind are what they are in the scene's view, by which scenes are approved for every robot alike: tasks that speak of them are seen from
// there.
func (st *Stage) Camera(width, height int) (sim.Camera, error) {
	cam := st.Scene.Camera(width, height)
	lens, err := lensOf(st.Robot, st.camera)
	switch {
	case err != nil:
		return cam, err
	case lens != nil && lens.Body == "":
		return lens.Camera(width, height, cam.TWorldCam), nil
	case lens != nil && st.ownView:
		return lens.Mounted(st.Scene.Data, RobotPrefix, width, height)
	}
	return cam, nil
}

// mounted reports whether the referee is to look through a camera on the robot.
func (st *Stage) mounted() bool {
	lens, err := lensOf(st.Robot, st.camera)
	return err == nil && lens != nil && lens.Body != ""
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
