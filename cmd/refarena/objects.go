package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/golang/freetype/truetype"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/math/fixed"

	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/sim/shape"
)

type objectsCommand struct {
	JSON  bool   `name:"json" help:"One JSON object a line instead of a table."`
	Sheet string `placeholder:"FILE" help:"Also write a picture of all objects, each with its name below, to this PNG file."`
	glFlag
}

// An objectRecord is what `refarena objects --json` says of an object.
type objectRecord struct {
	Name     string       `json:"name"`
	Category string       `json:"category"`
	Synonyms []string     `json:"synonyms"`
	Colors   []string     `json:"colors"`
	Size     string       `json:"size"`
	SizeMM   [3]float64   `json:"size_mm"` // depth (along the facing direction), width, height
	MassG    float64      `json:"mass_g"`
	Front    string       `json:"front"`   // what faces along +x; "" if nothing does
	GripMM   float64      `json:"grip_mm"` // 0: too wide or too flat to be picked up whole
	Grips    []gripRecord `json:"grips"`
	Holds    string       `json:"holds"` // "on", "in" or ""
	Parts    []string     `json:"parts"`
}

type gripRecord struct {
	Where   string  `json:"where"`
	WidthMM float64 `json:"width_mm"`
}

func newObjectRecord(d *scenes.Design) objectRecord {
	mm := func(m float64) float64 { return math.Round(1e4*m) / 10 }
	r := objectRecord{
		Name: d.Name, Category: d.Category(), Synonyms: append([]string{}, d.Names[1:]...), Colors: d.Colors, Size: string(d.SizeClass()),
		MassG: mm(d.Mass), Front: d.Front, GripMM: mm(d.GripWidth), Grips: []gripRecord{}, Parts: append([]string{}, d.PartNames()...),
	}
	for i, e := range d.Extent() {
		r.SizeMM[i] = mm(e)
	}
	for _, g := range d.Grips {
		r.Grips = append(r.Grips, gripRecord{g.Where, mm(g.Width)})
	}
	if d.Support != nil {
		r.Holds = d.Support.Preposition
	}
	return r
}

// Run prints the catalogue and, if asked to, draws it.
func (c *objectsCommand) Run(io console) error {
	designs := scenes.Catalogue()
	device, err := c.device()
	if err != nil {
		return err
	}
	if c.Sheet != "" {
		img, err := contactSheet(designs, device)
		if err != nil {
			return err
		}
		var buf bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&buf, img); err != nil {
			return err
		}
		if err := os.WriteFile(c.Sheet, buf.Bytes(), 0o666); err != nil {
			return fmt.Errorf("contact sheet: %w", err)
		}
	}
	if c.JSON {
		enc := json.NewEncoder(io.out)
		for _, d := range designs {
			if err := enc.Encode(newObjectRecord(d)); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tCATEGORY\tSYNONYMS\tCOLOURS\tSIZE\tMM\tMASS_G\tGRIP_MM\tHOLDS\tFRONT\tPARTS")
	categories := map[string]bool{}
	for _, d := range designs {
		r := newObjectRecord(d)
		categories[r.Category] = true
		grip := dash(nonzero(r.GripMM))
		for _, g := range r.Grips {
			grip += fmt.Sprintf(", %s %g", g.Where, g.WidthMM)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%.0f×%.0f×%.0f\t%.0f\t%s\t%s\t%s\t%s\n", r.Name, r.Category, dash(strings.Join(r.Synonyms, ", ")),
			strings.Join(r.Colors, ", "), r.Size, r.SizeMM[0], r.SizeMM[1], r.SizeMM[2], r.MassG, grip, dash(r.Holds), dash(r.Front),
			dash(strings.Join(r.Parts, ", ")))
	}
	w.Flush()
	fmt.Fprintf(io.out, "%d objects in %d categories\n", len(designs), len(categories))
	return nil
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func nonzero(mm float64) string {
	if mm == 0 {
		return ""
	}
	return fmt.Sprintf("%g", mm)
}

// The contact sheet: tiles of cell × cell px with captionHeight px of text below, in as many columns as make it a little wider than high.
const (
	cell          = 140
	captionHeight = 20
	oversample    = 2 // each tile is drawn this much larger and averaged down
)

// contactSheet draws each design alone, its front turned a little away from the viewer, in one of its colours, and writes its name below.
func contactSheet(designs []*scenes.Design, device render.Device) (image.Image, error) {
	r, err := render.New(render.Options{Device: device})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	ttf, err := truetype.Parse(goregular.TTF)
	if err != nil {
		return nil, err
	}
	face := truetype.NewFace(ttf, &truetype.Options{Size: 13})
	defer face.Close()
	columns := int(math.Ceil(math.Sqrt(1.3 * float64(len(designs)))))
	rows := (len(designs) + columns - 1) / columns
	sheet := image.NewRGBA(image.Rect(0, 0, columns*cell, rows*(cell+captionHeight)))
	draw.Draw(sheet, sheet.Bounds(), image.White, image.Point{}, draw.Src)
	for i, d := range designs {
		x, y := i%columns*cell, i/columns*(cell+captionHeight)
		if err := drawDesign(sheet, x, y, d, i, r); err != nil {
			return nil, fmt.Errorf("%s: %w", d.Name, err)
		}
		text := font.Drawer{Dst: sheet, Src: image.NewUniform(color.Gray{40}), Face: face}
		width := text.MeasureString(d.Name)
		text.Dot = fixed.Point26_6{X: fixed.I(x+cell/2) - width/2, Y: fixed.I(y + cell + captionHeight - 6)}
		text.DrawString(d.Name)
	}
	return sheet, nil
}

// drawDesign draws the i-th design into the tile whose top left corner is (x, y).
func drawDesign(sheet *image.RGBA, x, y int, d *scenes.Design, i int, r *render.Renderer) error {
	c, err := scenes.FindColor(d.Colors[i%len(d.Colors)])
	if err != nil {
		return err
	}
	lo, hi := d.Bounds()
	scene := &render.Scene{Environment: sim.DefaultEnvironment()}
	scene.Environment.KeyDir = sim.Vec3{0.35, -0.60, 0.78}
	scene.Environment.Background = [3]float32{0.92, 0.92, 0.92}
	scene.Visuals = append(scene.Visuals, sim.Visual{
		TBodyVisual: sim.Translation(0, 0, lo[2]-0.0005), Mesh: groundMesh, Material: sim.Material{Name: "ground", Color: [3]float32{0.86, 0.86, 0.86}, Roughness: 1},
	})
	for _, p := range d.Parts() {
		t := p.TObjPart
		if t == (sim.Pose{}) {
			t = sim.Identity()
		}
		scene.Visuals = append(scene.Visuals, sim.Visual{TBodyVisual: t, Mesh: p.Mesh, Material: p.Paint(c)})
	}
	// The camera stands so far away that the object's enclosing ball just fits.
	const fovyDeg, turn, rise = 20, -0.6, 0.55
	middle := lo.Add(hi).Mul(0.5)
	away := hi.Sub(lo).Len() / 2 / math.Sin(fovyDeg/2*math.Pi/180) * 1.03
	eye := middle.Add(sim.Vec3{math.Cos(turn) * math.Cos(rise), math.Sin(turn) * math.Cos(rise), math.Sin(rise)}.Mul(away))
	cam := sim.NewCamera("sheet", cell*oversample, cell*oversample, fovyDeg, sim.LookAt(eye, middle))
	var shot sim.Shot
	if err := r.RenderScene(scene, []sim.Pose{sim.Identity()}, cam, &shot); err != nil {
		return err
	}
	for v := range cell {
		for u := range cell {
			var sum [3]int
			for k := range oversample * oversample {
				at := 3 * ((v*oversample+k/oversample)*cell*oversample + u*oversample + k%oversample)
				for j := range sum {
					sum[j] += int(shot.Frame.RGB[at+j])
				}
			}
			const n = oversample * oversample
			// In steps of 4: no eye sees it, and the file is half as large.
			level := func(s int) uint8 { return uint8(min((s/n+2)&^3, 255)) }
			sheet.SetRGBA(x+u, y+v, color.RGBA{level(sum[0]), level(sum[1]), level(sum[2]), 255})
		}
	}
	return nil
}

var groundMesh = shape.Box([3]float64{4, 4, 0.01}, 0).Moved(0, 0, -0.005).Named("ground")
