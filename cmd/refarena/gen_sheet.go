package main

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"strings"

	"github.com/golang/freetype/truetype"
	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/math/fixed"

	"github.com/refarena/refarena/tasks/dataset"
)

// The sheet of a data set: pictures dataSide px wide, questions of each below it.
const (
	dataSide      = 420
	dataQuestions = 8
	dataColumns   = 3
	lineHeight    = 17
)

// markColors are those of the answers' marks and the numbers of their questions.
var markColors = []color.RGBA{
	{230, 25, 75, 255}, {60, 180, 75, 255}, {0, 130, 200, 255}, {245, 130, 48, 255}, {145, 30, 180, 255}, {0, 160, 160, 255}, {240, 50, 230, 255}, {150, 110, 20, 255},
}

// dataSheet draws n pictures of a complete data set, spread over it, each with its first questions: the answers' outlines, a cross for the first of
// the right points and dots for the others.
func dataSheet(dir string, n int) (image.Image, error) {
	_, shards, err := dataset.Read(dir, false)
	if err != nil {
		return nil, err
	}
	all := 0
	for i := range shards {
		all += shards[i].Pictures
	}
	n = min(n, all)
	ttf, err := truetype.Parse(goregular.TTF)
	if err != nil {
		return nil, err
	}
	face := truetype.NewFace(ttf, &truetype.Options{Size: 12.5})
	defer face.Close()
	var tiles []*image.RGBA
	i, next := 0, 0
	err = dataset.Rows(dir, func(r *dataset.Row) (bool, error) {
		if i == next*all/max(n, 1) && len(tiles) < n {
			t, err := dataTile(r, face)
			if err != nil {
				return false, err
			}
			tiles = append(tiles, t)
			next++
		}
		i++
		return len(tiles) < n, nil
	})
	if err != nil {
		return nil, err
	}
	var rows []int // heights
	for k, t := range tiles {
		if k%dataColumns == 0 {
			rows = append(rows, 0)
		}
		rows[len(rows)-1] = max(rows[len(rows)-1], t.Bounds().Dy())
	}
	height := 0
	for _, h := range rows {
		height += h
	}
	sheet := image.NewRGBA(image.Rect(0, 0, dataColumns*dataSide, height))
	draw.Draw(sheet, sheet.Bounds(), image.White, image.Point{}, draw.Src)
	y := 0
	for k, t := range tiles {
		x := k % dataColumns * dataSide
		if k > 0 && x == 0 {
			y += rows[k/dataColumns-1]
		}
		draw.Draw(sheet, t.Bounds().Add(image.Pt(x, y)), t, image.Point{}, draw.Src)
	}
	return sheet, nil
}

// dataTile is a picture with its questions below.
func dataTile(r *dataset.Row, face font.Face) (*image.RGBA, error) {
	const pad = 6
	img, err := r.Image()
	if err != nil {
		return nil, err
	}
	questions, err := r.List()
	if err != nil {
		return nil, err
	}
	questions = questions[:min(len(questions), dataQuestions)]
	side := dataSide - 2*pad
	high := side * int(r.Height) / int(r.Width)
	var lines []string
	var colors []color.RGBA
	for i, q := range questions {
		text := fmt.Sprintf("%d  %s", i+1, q.Text)
		if q.Split == "unseen" {
			text += " (unseen)"
		}
		text += fmt.Sprintf(" [%d]", q.Steps)
		for k, l := range wrap(text, side, face) {
			if k > 0 {
				l = "    " + l
			}
			lines, colors = append(lines, l), append(colors, markColors[i])
		}
	}
	tile := image.NewRGBA(image.Rect(0, 0, dataSide, pad+high+lineHeight*(len(lines)+1)+2*pad))
	draw.Draw(tile, tile.Bounds(), image.White, image.Point{}, draw.Src)
	at := image.Rect(pad, pad, pad+side, pad+high)
	xdraw.ApproxBiLinear.Scale(tile, at, img, img.Bounds(), xdraw.Src, nil)
	for i, q := range questions {
		region, err := dataset.RegionOf(q.Mask, int(r.Width), int(r.Height))
		if err != nil {
			return nil, err
		}
		inside := func(x, y int) bool { // of the tile
			u, v := (x-at.Min.X)*region.Width/side, (y-at.Min.Y)*region.Height/high
			return image.Pt(x, y).In(at) && region.Mask[v*region.Width+u]
		}
		for y := at.Min.Y; y < at.Max.Y; y++ {
			for x := at.Min.X; x < at.Max.X; x++ {
				if inside(x, y) && !(inside(x-1, y) && inside(x+1, y) && inside(x, y-1) && inside(x, y+1)) {
					tile.SetRGBA(x, y, markColors[i])
				}
			}
		}
		for k, p := range q.Points {
			x, y := at.Min.X+int(p[0]*float64(side)), at.Min.Y+int(p[1]*float64(high))
			arm := 5
			if k > 0 {
				arm = 1
			}
			for d := -arm; d <= arm; d++ {
				for w := range 2 {
					tile.SetRGBA(x+d, y+w, markColors[i])
					tile.SetRGBA(x+w, y+d, markColors[i])
				}
			}
			if k == 0 {
				label := font.Drawer{Dst: tile, Src: image.NewUniform(color.White), Face: face, Dot: fixed.P(x+7, y-3)}
				label.DrawString(fmt.Sprint(i + 1))
				label.Src, label.Dot = image.NewUniform(markColors[i]), fixed.P(x+6, y-4)
				label.DrawString(fmt.Sprint(i + 1))
			}
		}
	}
	text := font.Drawer{Dst: tile, Src: image.NewUniform(color.Gray{90}), Face: face, Dot: fixed.P(pad, pad+high+lineHeight-4)}
	text.DrawString(r.ID)
	for i, l := range lines {
		text.Src, text.Dot = image.NewUniform(colors[i]), fixed.P(pad, pad+high+lineHeight*(i+2)-4)
		text.DrawString(l)
	}
	return tile, nil
}

// wrap breaks a text into lines of at most so many px.
func wrap(text string, width int, face font.Face) []string {
	var lines []string
	line := ""
	for _, word := range strings.Split(text, " ") {
		longer := line + " " + word
		if line == "" {
			longer = word
		}
		if line != "" && font.MeasureString(face, longer).Ceil() > width-24 {
			lines = append(lines, line)
			longer = word
		}
		line = longer
	}
	return append(lines, line)
}
