package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/tasks"
)

type renderCommand struct {
	sceneFlags
	Size string `placeholder:"WxH" help:"Size of the pictures [px] (default: 640x480; 640x360, all of the sensor, through the G1's own camera)."`
	View string `default:"referee" enum:"referee,overview" help:"From where: what the referee looks through, or overview, which shows the whole robot."`
	Out  string `default:"." help:"Folder for the pictures, made if need be."`

	Camera  string `placeholder:"CAMERA" help:"Another camera: d435 or l515, at --view's place; wrist (UR5) or head (G1), on the robot; referee, across the table (default: what --referee of eval sees)."`
	Depth   string `default:"disparity_minmax_u8" placeholder:"ENCODING" help:"How depth is written: metric_f32, millimetre_u16, disparity_minmax_u8 (near is bright), linear_inverted_u8 or raw_u16."`
	Distort bool   `help:"Bend the pictures as the lens of --camera does."`
	Sensor  string `placeholder:"SENSOR" help:"Colour noise and depth as a sensor measures them: d435 or l515 (default: exact)."`
}

// camera is the camera that was asked for.
func (c *renderCommand) camera(s *shownScene, w, h int) (cam sim.Camera, lens sim.Distortion, err error) {
	cam = s.Camera(w, h)
	if c.View == "overview" {
		cam = overview(w, h)
	}
	if c.Camera == "" {
		if c.Distort {
			return cam, lens, usageError{errors.New("--distort needs a --camera, whose lens it is")}
		}
		if c.View == "referee" {
			cam, err = s.referee(w, h)
		}
		return cam, lens, err
	}
	name := c.Camera
	if s.robot != nil {
		if name, err = tasks.ParseCamera(s.robot.Name, c.Camera); err != nil {
			return cam, lens, usageError{err}
		}
	}
	if name == tasks.RefereeCamera {
		return s.Camera(w, h), lens, nil
	}
	preset, err := sim.FindCameraPreset(name)
	if err != nil {
		return cam, lens, usageError{err}
	}
	if c.Distort {
		lens = preset.Distortion
	}
	if preset.Body == "" {
		return preset.Camera(w, h, cam.TWorldCam), lens, nil
	}
	cam, err = preset.Mounted(s.Data, tasks.RobotPrefix, w, h)
	return cam, lens, err
}

// Run writes SUITE-SEED-{rgb,depth,ids}.png: colour; depth, by default as a model sees it (near is bright); and each body in a colour of its own.
func (c *renderCommand) Run(_ context.Context, io console) error {
	if _, _, err := parseSize(cmp.Or(c.Size, "1x1")); err != nil { // before the scene is made
		return err
	}
	s, err := c.open(true)
	if err != nil {
		return err
	}
	defer s.close()
	own := c.View == "referee" && (c.Camera == "" && s.ownView() || c.Camera != "" && s.robot != nil && strings.HasSuffix(s.robot.Camera, c.Camera))
	w, h, err := s.size(c.Size, own)
	if err != nil {
		return err
	}
	var shot sim.Shot
	cam, lens, err := c.camera(s, w, h)
	if err != nil {
		return err
	}
	encoding, err := referee.ParseDepthEncoding(c.Depth)
	if err != nil {
		return usageError{err}
	}
	noise, err := sim.ParseDepthNoise(c.Sensor)
	if err != nil {
		return usageError{err}
	}
	if err := s.see.Render(s.Data, cam, &shot); err != nil {
		return err
	}
	if noise != "" {
		noise.Apply(&shot.Frame, scenes.Stream(c.Seed, "depth 0"))
		sim.ApplyColor(&shot.Frame, scenes.Stream(c.Seed, "colour 0"))
	}
	lens.Apply(&shot)
	if err := os.MkdirAll(c.Out, 0o777); err != nil {
		return fmt.Errorf("output folder: %w", err)
	}
	depth, err := referee.EncodeDepth(encoding, w, h, shot.Frame.Depth)
	if err != nil {
		return err
	}
	rgb, ids := new(bytes.Buffer), new(bytes.Buffer)
	if err := cmp.Or(png.Encode(rgb, tasks.RGBImage(&shot.Frame)), png.Encode(ids, tasks.IDImage(&shot.Seg))); err != nil {
		return err
	}
	for _, f := range []struct {
		name, ext string
		data      []byte
	}{{"rgb", ".png", rgb.Bytes()}, {"depth", encoding.Ext(), depth}, {"ids", ".png", ids.Bytes()}} {
		file := filepath.Join(c.Out, fmt.Sprintf("%s-%d-%s%s", s.name, c.Seed, f.name, f.ext))
		if err := os.WriteFile(file, f.data, 0o666); err != nil {
			return fmt.Errorf("picture: %w", err)
		}
		fmt.Fprintln(io.out, file)
	}
	for i := range s.Objects {
		o := &s.Objects[i]
		p := o.TWorldObj.Pos
		fmt.Fprintf(io.out, "%-28s at (%.3f, %.3f) m, id %d\n", o.Phrase(), p[0], p[1], s.Bodies[i])
	}
	return nil
}
