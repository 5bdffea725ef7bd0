package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/refarena/refarena/sim/glb"
	"github.com/refarena/refarena/sim/mjcf"
	"github.com/refarena/refarena/tasks"
)

type exportSceneCommand struct {
	sceneFlags
	Size string `placeholder:"WxH" help:"Size of the cameras' pictures [px] (default: 640x480; 640x360, all of the sensor, if the referee looks through the G1's own camera)."`
	GLTF string `name:"gltf" placeholder:"FILE.glb" help:"Write what there is to see as a glTF 2.0 binary."`
	MJCF string `name:"mjcf" placeholder:"DIR" help:"Write the whole model for MuJoCo into this folder, made if need be: scene.xml, meshes, textures."`
}

var (
	errNoRobot  = errors.New("--no-robot goes with --level: an episode of a suite has a robot")
	errNoExport = errors.New("nothing to export (want --gltf FILE.glb, --mjcf DIR, or both)")
)

// Run writes the scene at the start of an episode.
func (c *exportSceneCommand) Run(_ context.Context, io console) error {
	if c.GLTF == "" && c.MJCF == "" {
		return usageError{errNoExport}
	}
	if _, _, err := parseSize(cmp.Or(c.Size, "1x1")); err != nil { // before the scene is made
		return err
	}
	s, err := c.open(false)
	if err != nil {
		return err
	}
	defer s.close()
	w, h, err := s.size(c.Size, s.ownView())
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s %d", s.name, c.Seed)
	cameras, err := s.cameras(w, h)
	if err != nil {
		return err
	}
	if c.GLTF != "" {
		var file bytes.Buffer
		presets, err := s.presets(w, h)
		if err != nil {
			return err
		}
		if err := glb.FromData(name, s.Data, append(slices.Clone(cameras), presets...)...).Write(&file); err != nil {
			return err
		}
		if err := writeFile(c.GLTF, file.Bytes()); err != nil {
			return err
		}
		fmt.Fprintln(io.out, c.GLTF)
	}
	if c.MJCF != "" {
		spec, err := tasks.SceneSpec(s.Scene, s.robot)
		if err != nil {
			return err
		}
		defer spec.Close()
		if err := mjcf.Write(c.MJCF, spec, mjcf.Options{Name: name, Cameras: cameras, Start: s.Data}); err != nil {
			return err
		}
		fmt.Fprintln(io.out, filepath.Join(c.MJCF, mjcf.File))
	}
	return nil
}

// writeFile writes a file as a whole: what was there before stays until all is written.
func writeFile(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}
