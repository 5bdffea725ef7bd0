// Command gallery makes the pictures of docs/gallery.md and the list of them, with bin/refarena and by itself: `make gallery`.
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
	"slices"
	"strings"
)

// What is shown: flags of `refarena render` and what to look at. The pictures of a scene are its colour, depth and ids in one row.
var pictures = []struct{ name, flags, caption string }{
	{"starter-1", "--suite starter --seed 1", "a tidy table of the suite `starter`"},
	{"starter-7", "--suite starter --seed 7", "the same suite, another seed"},
	{"starter-7-overview", "--suite starter --seed 7 --view overview", "… with the whole robot"},
	{"starter-7-g1", "--suite starter --seed 7 --robot g1 --view overview", "… and a Unitree G1 at the same table"},
	{"starter-7-head", "--suite starter --seed 7 --robot g1", "… which the G1's referee sees through the camera in its head"},
	{"executor-3", "--suite executor --seed 3", "the suite `executor`"},
	{"easy-2", "--level easy --seed 2", "level easy: 3 to 5 objects; room, tables, light and view vary"},
	{"easy-4", "--level easy --seed 4 --no-robot", "level easy without the robot, as `refarena gen` shows it"},
	{"medium-1", "--level medium --seed 1", "level medium: several things of one kind"},
	{"medium-5", "--level medium --seed 5", "level medium"},
	{"medium-5-head", "--level medium --seed 5 --robot g1", "… from a G1's head, as `refarena gen --robot g1` shows it"},
	{"medium-11", "--level medium --seed 11 --view overview", "level medium from the side"},
	{"hard-3", "--level hard --seed 3", "level hard: things lie in and on others"},
	{"hard-8", "--level hard --seed 8", "level hard"},
	{"hard-12", "--level hard --seed 12 --no-robot", "level hard without the robot"},
}

// What is picked up, in pictures of both robots: see grip.
var (
	bothPicks = []grip{{"ur5", "executor", 41004}, {"g1", "executor", 41004}}
	handPicks = []grip{{"g1", "executor", 41000}, {"g1", "executor", 41004}, {"g1", "pick", 41006}}
)

const (
	folder = "docs/pictures/gallery"
	page   = "docs/gallery.md"
	size   = "320x240"
	head   = "320x180" // of a G1's own camera
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
		img, err := row(tmp, strings.Fields(p.flags))
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		file, err := save(p.name, img)
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "\n`%s`: %s\n\n![colour, depth and ids of %s](%s)\n", p.flags, p.caption, p.name, file)
	}
	for _, p := range []struct {
		name    string
		grips   []grip
		w, h    int
		near    bool
		caption string
	}{
		{"both", bothPicks, 480, 360, false, "UR5 and G1 at the same table, each with the same can in its hand (`executor`, seed 41004)"},
		{"hand", handPicks, 320, 240, true, "The G1's Dex3-1 hand: a roll of tape, a can and a pepper, just lifted (seeds 41000 and 41004 of `executor`, 41006 of `pick`)"},
	} {
		img, err := gripRow(p.grips, p.w, p.h, p.near)
		if err != nil {
			return err
		}
		file, err := save(p.name, img)
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "\n%s\n\n![%s](%s)\n", p.caption, p.caption, file)
	}
	return os.WriteFile(page, []byte(parts[0]+mark+list.String()+"\n"+mark+parts[2]), 0o666)
}

// row draws a scene: its three pictures, one beside the other.
func row(tmp string, flags []string) (image.Image, error) {
	px := size
	if slices.Contains(flags, "g1") && !slices.Contains(flags, "overview") {
		px = head
	}
	out, err := exec.Command("bin/refarena", append([]string{"render", "--size", px, "--out", tmp}, flags...)...).CombinedOutput()
	if err != nil {
		return nil, errors.Join(err, errors.New(string(out)))
	}
	var all *image.RGBA
	for i, line := range strings.Split(string(out), "\n")[:3] { // the files' names come first: colour, depth, ids
		data, err := os.ReadFile(line)
		if err != nil {
			return nil, err
		}
		img, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		b := img.Bounds()
		if i == 0 {
			all = image.NewRGBA(image.Rect(0, 0, 3*b.Dx(), b.Dy()))
		}
		draw.Draw(all, image.Rect(i*b.Dx(), 0, (i+1)*b.Dx(), b.Dy()), img, b.Min, draw.Src)
	}
	return all, nil
}

// save writes a picture of the page, and names it as the page does.
func save(name string, img image.Image) (file string, err error) {
	var data bytes.Buffer
	if err := jpeg.Encode(&data, img, &jpeg.Options{Quality: 88}); err != nil {
		return "", err
	}
	file = filepath.Join(folder, name+".jpg")
	return strings.TrimPrefix(file, "docs/"), os.WriteFile(file, data.Bytes(), 0o666)
}
