// Command gallery makes the pictures of docs/gallery.md and the list of them, with bin/refarena: `make gallery`.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// What is shown: flags of `refarena render` and what to look at. The pictures of a scene are its colour, depth and ids in one row.
var pictures = []struct{ name, flags, caption string }{
	{"starter-1", "--suite starter --seed 1", "a tidy table of the suite `starter`"},
	{"starter-7", "--suite starter --seed 7", "the same suite, another seed"},
	{"starter-7-overview", "--suite starter --seed 7 --view overview", "… with the whole robot"},
	{"starter-7-g1", "--suite starter --seed 7 --robot g1 --view overview", "… and a Unitree G1 at the same table"},
	{"executor-3", "--suite executor --seed 3", "the suite `executor`"},
	{"easy-2", "--level easy --seed 2", "level easy: 3 to 5 objects; room, tables, light and view vary"},
	{"easy-4", "--level easy --seed 4 --no-robot", "level easy without the robot, as `refarena gen` shows it"},
	{"medium-1", "--level medium --seed 1", "level medium: several things of one kind"},
	{"medium-5", "--level medium --seed 5", "level medium"},
	{"medium-11", "--level medium --seed 11 --view overview", "level medium from the side"},
	{"hard-3", "--level hard --seed 3", "level hard: things lie in and on others"},
	{"hard-8", "--level hard --seed 8", "level hard"},
	{"hard-12", "--level hard --seed 12 --no-robot", "level hard without the robot"},
}

const (
	folder = "docs/pictures/gallery"
	page   = "docs/gallery.md"
	size   = "320x240"
	mark   = "<!-- scenes -->\n"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "gallery:", err)
		os.Exit(1)
	}
}

func run() error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	parts := strings.Split(string(text), mark)
	if len(parts) != 3 {
		return fmt.Errorf("%s: want the line %q twice", page, strings.TrimSpace(mark))
	}
	tmp, err := os.MkdirTemp("", "gallery")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	var list strings.Builder
	for _, p := range pictures {
		file, err := row(tmp, p.name, strings.Fields(p.flags))
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Fprintf(&list, "\n`%s`: %s\n\n![colour, depth and ids of %s](%s)\n", p.flags, p.caption, p.name, strings.TrimPrefix(file, "docs/"))
	}
	return os.WriteFile(page, []byte(parts[0]+mark+list.String()+"\n"+mark+parts[2]), 0o666)
}

// row draws a scene and writes its three pictures, one beside the other.
func row(tmp, name string, flags []string) (file string, err error) {
	out, err := exec.Command("bin/refarena", append([]string{"render", "--size", size, "--out", tmp}, flags...)...).CombinedOutput()
	if err != nil {
		return "", errors.Join(err, errors.New(string(out)))
	}
	var all image.Image
	for i, line := range strings.Split(string(out), "\n")[:3] { // the files' names come first: colour, depth, ids
		data, err := os.ReadFile(line)
		if err != nil {
			return "", err
		}
		img, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			return "", err
		}
		b := img.Bounds()
		if i == 0 {
			all = image.NewRGBA(image.Rect(0, 0, 3*b.Dx(), b.Dy()))
		}
		draw.Draw(all.(draw.Image), image.Rect(i*b.Dx(), 0, (i+1)*b.Dx(), b.Dy()), img, b.Min, draw.Src)
	}
	var data bytes.Buffer
	if err := jpeg.Encode(&data, all, &jpeg.Options{Quality: 88}); err != nil {
		return "", err
	}
	file = filepath.Join(folder, name+".jpg")
	return file, os.WriteFile(file, data.Bytes(), 0o666)
}
