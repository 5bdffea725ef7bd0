package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/refarena/refarena/sim/glb"
)

type exportCommand struct {
	sceneFlags
	Size string `default:"640x480" help:"Size of the cameras' pictures [px]."`
	GLTF string `name:"gltf" placeholder:"FILE.glb" help:"Write what there is to see as a glTF 2.0 binary."`
}

var (
	errNoRobot  = errors.New("--no-robot goes with --level: an episode of a suite has a robot")
	errNoExport = errors.New("nothing to export (want --gltf FILE.glb)")
)

// Run writes the scene at the start of an episode.
func (c *exportCommand) Run(_ context.Context, io console) error {
	if c.GLTF == "" {
		return usageError{errNoExport}
	}
	w, h, err := parseSize(c.Size)
	if err != nil {
		return err
	}
	s, err := c.open()
	if err != nil {
		return err
	}
	defer s.close()
	name := fmt.Sprintf("%s %d", s.name, c.Seed)
	var file bytes.Buffer
	if err := glb.FromData(name, s.Data, s.cameras(w, h)...).Write(&file); err != nil {
		return err
	}
	if err := writeFile(c.GLTF, file.Bytes()); err != nil {
		return err
	}
	fmt.Fprintln(io.out, c.GLTF)
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
