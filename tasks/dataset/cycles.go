package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io"
	"os"
	"path/filepath"

	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/glb"
)

var errNoCycles = errors.New("dataset: nothing that runs Blender Cycles (want Options.Cycles)")

// A darkroom is where the pictures of a shard are made by Blender Cycles: scenes as .glb files, and the pictures that come of them. It stays when
// the run is interrupted, since a picture takes seconds.
type darkroom struct {
	dir   string
	files []string // .glb
	rows  []*Row   // whose colours are missing
}

func openDarkroom(dataset string, shard int) (*darkroom, error) {
	d := &darkroom{dir: filepath.Join(dataset, fmt.Sprintf(".cycles-%05d", shard))}
	return d, os.MkdirAll(d.dir, 0o777)
}

// add keeps a row until develop, and writes the scene as the row's picture shows it.
func (d *darkroom) add(row *Row, s *scenes.Scene, cam sim.Camera) error {
	name := filepath.Join(d.dir, row.ID+".glb")
	err := create(name, func(w io.Writer) error { return glb.FromData(row.ID, s.Data, cam).Write(w) })
	d.files, d.rows = append(d.files, name), append(d.rows, row)
	return err
}

// develop makes the pictures, and gives the rows with their colours to emit.
func (d *darkroom) develop(ctx context.Context, p *painter, cycles func(context.Context, []string, string, int) error, emit func(*Row) error) error {
	if len(d.files) == 0 {
		return nil
	}
	if err := cycles(ctx, d.files, d.dir, p.cfg.Cycles); err != nil {
		return err
	}
	for _, row := range d.rows {
		data, err := os.ReadFile(filepath.Join(d.dir, row.ID+".png"))
		if err != nil {
			return fmt.Errorf("dataset: Cycles left no picture: %w", err)
		}
		rgb, err := colors(data, int(row.Width), int(row.Height))
		if err != nil {
			return fmt.Errorf("dataset: picture %s of Cycles: %w", row.ID, err)
		}
		if row.RGB, err = p.encode(rgb, int(row.Width), int(row.Height)); err != nil {
			return err
		}
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}

func (d *darkroom) close() { os.RemoveAll(d.dir) }

// colors are the rows of RGB of a PNG that has to be of that size.
func colors(data []byte, w, h int) ([]byte, error) {
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if b := img.Bounds(); b.Dx() != w || b.Dy() != h {
		return nil, fmt.Errorf("it is of %d × %d px (want %d × %d)", b.Dx(), b.Dy(), w, h)
	}
	flat := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(flat, flat.Bounds(), img, img.Bounds().Min, draw.Src)
	rgb := make([]byte, 0, 3*w*h)
	for i := 0; i < len(flat.Pix); i += 4 {
		rgb = append(rgb, flat.Pix[i:i+3]...)
	}
	return rgb, nil
}
