package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"strings"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/referee/photo"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/tasks"
)

type pointCommand struct {
	Image       string `arg:"" help:"Picture: PNG, JPEG or GIF, of any size and depth; it is turned upright."`
	Instruction string `arg:"" help:"What to point at, such as \"the mug left of the bowl\"."`
	refereeFlags
	Depth     string `placeholder:"FILE" help:"Depth of the same view: PNG of 16 bits [mm] or 8 bits (near is bright), or .npy [m]."`
	DepthKind string `default:"auto" help:"What the numbers of --depth are: auto, disparity or millimetres."`
	Verbatim  bool   `help:"Send the instruction as it is, without the words that the model is used to."`
	Draw      string `placeholder:"FILE.png" help:"Write the picture with the answer marked."`
	JSON      bool   `name:"json" help:"Print one JSON object."`
}

// A pointAnswer is what --json prints.
type pointAnswer struct {
	Points    [][2]float64    `json:"points"` // 0…1 over the upright picture
	Pixels    [][2]int        `json:"pixels"` // of the upright picture in its full size
	Width     int             `json:"width"`
	Height    int             `json:"height"`
	Problem   referee.Problem `json:"problem,omitempty"`
	Reason    string          `json:"reason,omitempty"`
	Text      string          `json:"text"`
	Prompt    string          `json:"prompt"`
	LatencyMS float64         `json:"latency_ms"`
	Referee   referee.Info    `json:"referee"`
}

// Run asks one question about one picture.
func (c *pointCommand) Run(ctx context.Context, io console) (err error) {
	q, p, err := c.query()
	if err != nil {
		return err
	}
	r, done, err := c.open(io)
	if err != nil {
		return err
	}
	defer done(&err)
	if _, ok := r.(referee.Control); ok {
		return usageError{fmt.Errorf("%s is a control, which has to be told the answer: choose a model with --referee (%s)", r.Info().Name, strings.Join(modelNames(), ", "))}
	}
	a, err := r.Point(ctx, q)
	if err != nil {
		return err
	}
	out := pointAnswer{Points: [][2]float64{}, Pixels: [][2]int{}, Width: p.StoredWidth, Height: p.StoredHeight, Problem: a.Problem, Reason: a.Reason, Text: a.Text, Prompt: a.Prompt,
		LatencyMS: float64(a.Latency.Microseconds()) / 1000, Referee: r.Info()}
	if p.Orientation >= 5 {
		out.Width, out.Height = out.Height, out.Width
	}
	for _, pt := range a.Points {
		px := pt.Pixel(out.Width, out.Height)
		out.Points = append(out.Points, [2]float64{pt.X, pt.Y})
		out.Pixels = append(out.Pixels, [2]int{min(int(px.X), out.Width-1), min(int(px.Y), out.Height-1)})
	}
	if c.Draw != "" {
		if err := drawAnswer(c.Draw, p, a.Points); err != nil {
			return err
		}
	}
	if c.JSON {
		line, err := json.Marshal(out)
		if err != nil {
			return err
		}
		fmt.Fprintf(io.out, "%s\n", line)
	} else {
		for i, pt := range out.Points {
			fmt.Fprintf(io.out, "(%.3f, %.3f)  pixel (%d, %d) of %d×%d\n", pt[0], pt[1], out.Pixels[i][0], out.Pixels[i][1], out.Width, out.Height)
		}
	}
	if a.Problem != referee.ProblemNone {
		if !c.JSON {
			fmt.Fprintf(io.err, "refarena: %s: %s; the reply was %.300q\n", a.Problem, a.Reason, a.Text)
		}
		return errReported
	}
	return nil
}

func (c *pointCommand) query() (referee.Query, *photo.Picture, error) {
	data, err := os.ReadFile(c.Image)
	if err != nil {
		return referee.Query{}, nil, usageError{err}
	}
	p, err := photo.Decode(data, photo.Options{})
	if err != nil {
		return referee.Query{}, nil, usageError{fmt.Errorf("%s: %w", c.Image, err)}
	}
	if err := photo.DepthKind(c.DepthKind).Validate(); err != nil {
		return referee.Query{}, nil, usageError{err}
	}
	var d *photo.Depth
	if c.Depth != "" {
		if data, err = os.ReadFile(c.Depth); err != nil {
			return referee.Query{}, nil, usageError{err}
		}
		if d, err = photo.DecodeDepth(data, photo.DepthKind(c.DepthKind), photo.Options{}); err != nil {
			return referee.Query{}, nil, usageError{fmt.Errorf("%s: %w", c.Depth, err)}
		}
	}
	q, err := photo.Ask(p, d, c.Instruction, 1)
	if err != nil {
		return q, p, usageError{err}
	}
	q.Verbatim = c.Verbatim
	return q, p, nil
}

// drawAnswer writes p with a ring around each point: the first, which counts, is orange, the others are white.
func drawAnswer(file string, p *photo.Picture, points []sim.NormPoint) error {
	img := image.NewRGBA(image.Rect(0, 0, p.Width, p.Height))
	for i, j := 0, 0; i < len(p.RGB); i, j = i+3, j+4 {
		img.Pix[j], img.Pix[j+1], img.Pix[j+2], img.Pix[j+3] = p.RGB[i], p.RGB[i+1], p.RGB[i+2], 0xff
	}
	for i := len(points) - 1; i >= 0; i-- { // the first on top
		var c color.Color = color.White
		if i == 0 {
			c = color.RGBA{255, 140, 0, 255}
		}
		tasks.MarkPoint(img, points[i].Pixel(p.Width, p.Height), c)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o666)
}
