package view

import (
	"image"
	"image/color"
	"math"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/tasks"
)

// An Overlay is something that can be drawn over the pictures.
type Overlay string

// The overlays, in the order of their keys, 1 to 6.
const (
	Points   Overlay = "points"   // what the referee answered
	Regions  Overlay = "region"   // what would have been right
	Paths    Overlay = "path"     // of the tool, as it is planned
	Grasps   Overlay = "grasps"   // that were found, best first
	Spheres  Overlay = "spheres"  // what the planner takes the arm to be
	Contacts Overlay = "contacts" // between bodies, and their forces
)

var overlays = []Overlay{Points, Regions, Paths, Grasps, Spheres, Contacts}

// rgba copies a frame's colours.
func rgba(f *sim.Frame, into *image.RGBA) *image.RGBA {
	w, h := f.Camera.Width, f.Camera.Height
	if into == nil || into.Rect.Dx() != w || into.Rect.Dy() != h {
		into = image.NewRGBA(image.Rect(0, 0, w, h))
	}
	for i, j := 0, 0; i+2 < len(f.RGB); i, j = i+3, j+4 {
		p := into.Pix[j : j+4 : j+4]
		p[0], p[1], p[2], p[3] = f.RGB[i], f.RGB[i+1], f.RGB[i+2], 255
	}
	return into
}

// depthImage shows depth as colours from near (warm) to far (cool), over the range that is in the picture; black where there is none.
func depthImage(f *sim.Frame) *image.RGBA {
	w, h := f.Camera.Width, f.Camera.Height
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	lo, hi := float32(math.Inf(1)), float32(0)
	for _, z := range f.Depth {
		if z > 0 {
			lo, hi = min(lo, z), max(hi, z)
		}
	}
	hi = min(hi, lo+2.5) // the floor far away would take all the colours
	for i, z := range f.Depth {
		c := color.NRGBA{0, 0, 0, 255}
		if z > 0 && hi > lo {
			c = turbo(1 - float64(min((z-lo)/(hi-lo), 1)))
		}
		p := img.Pix[4*i : 4*i+4 : 4*i+4]
		p[0], p[1], p[2], p[3] = c.R, c.G, c.B, 255
	}
	return img
}

// turbo is Google's Turbo colour map (Mikhailov 2019, polynomial of R. Du), 0…1.
func turbo(x float64) color.NRGBA {
	poly := func(c ...float64) uint8 {
		y, p := 0.0, 1.0
		for _, k := range c {
			y += k * p
			p *= x
		}
		return uint8(255*min(max(y, 0), 1) + 0.5)
	}
	return color.NRGBA{
		poly(0.13572138, 4.61539260, -42.66032258, 132.13108234, -152.94239396, 59.28637943),
		poly(0.09140261, 2.19418839, 4.84296658, -14.18503333, 4.27729857, 2.82956604),
		poly(0.10667330, 12.64194608, -60.58204836, 110.36276771, -89.90310912, 27.34824973), 255,
	}
}

// tintRegion shows a region in a picture of any size.
func tintRegion(img *image.RGBA, r sim.Region) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	at := func(x, y int) bool {
		if x < 0 || y < 0 || x >= w || y >= h {
			return false
		}
		return r.Mask[(y*r.Height/h)*r.Width+x*r.Width/w]
	}
	for y := range h {
		for x := range w {
			if !at(x, y) {
				continue
			}
			edge := !at(x-1, y) || !at(x+1, y) || !at(x, y-1) || !at(x, y+1)
			if edge {
				blend(img, x, y, colGood, 0.95)
			} else {
				blend(img, x, y, colGood, 0.35)
			}
		}
	}
}

// A projector draws things of the world into a picture of a camera.
type projector struct {
	img   *image.RGBA
	cam   sim.Camera
	scale float64
	depth []float32 // of the picture, to tell what is hidden; nil: nothing is
}

// at is where a point of the world is in the picture; ok is false if it is behind the camera.
func (p *projector) at(w sim.Vec3) (x, y, depth float64, ok bool) {
	px, d, ok := p.cam.Project(w)
	return px.X, px.Y, d, ok
}

// hidden reports whether something drawn stands in front of a point.
func (p *projector) hidden(x, y, depth float64) bool {
	i, ok := sim.Pixel{X: x, Y: y}.Index(p.cam.Width, p.cam.Height)
	return ok && p.depth != nil && p.depth[i] > 0 && float64(p.depth[i]) < depth-0.004
}

func (p *projector) line(a, b sim.Vec3, width float64, c color.NRGBA) {
	const near = 0.05
	if pa, pb := p.cam.TWorldCam.Inv().Apply(a)[2], p.cam.TWorldCam.Inv().Apply(b)[2]; pa < near || pb < near {
		return
	}
	ax, ay, _, _ := p.at(a)
	bx, by, _, _ := p.at(b)
	line(p.img, ax, ay, bx, by, width*p.scale, c)
}

// path draws a way, faint where it is hidden.
func (p *projector) path(way []sim.Vec3, c color.NRGBA) {
	for i := 1; i < len(way); i++ {
		x, y, d, ok := p.at(way[i])
		f := 0.95
		if ok && p.hidden(x, y, d) {
			f = 0.35
		}
		p.line(way[i-1], way[i], 2.2, alpha(c, f))
	}
	if n := len(way); n > 0 {
		if x, y, _, ok := p.at(way[n-1]); ok {
			disc(p.img, x, y, 3.5*p.scale, c)
		}
	}
}

// grasp draws a hand: two fingers, the palm's bar and the stem.
func (p *projector) grasp(g *robots.Grasp, c color.NRGBA, width float64) {
	t := g.TWorldEE
	at := func(y, z float64) sim.Vec3 { return t.Apply(sim.Vec3{0, y, z}) }
	half := g.Opening / 2
	const finger = 0.045
	for _, s := range [...]float64{-1, 1} {
		p.line(at(s*half, 0), at(s*half, -finger), width, c)
	}
	p.line(at(-half, -finger), at(half, -finger), width, c)
	p.line(at(0, -finger), at(0, -2*finger), width, c)
}

// capsule draws the outline of the balls that a capsule is made of.
func (p *projector) capsule(c robots.Capsule) {
	n := max(1, int(math.Ceil(c.B.Sub(c.A).Len()/(1.2*c.Radius))))
	for i := range n + 1 {
		at := c.A.Add(c.B.Sub(c.A).Mul(float64(i) / float64(n)))
		if x, y, d, ok := p.at(at); ok && d > 0.05 {
			r := c.Radius * p.cam.Fx / d
			disc(p.img, x, y, r, alpha(colAccent, 0.07))
			ring(p.img, x, y, r, 1.1*p.scale, alpha(colAccent, 0.55))
		}
	}
}

func (p *projector) contact(c *sim.Contact) {
	x, y, _, ok := p.at(c.Pos)
	if !ok {
		return
	}
	disc(p.img, x, y, 2.6*p.scale, colContact)
	l := 0.012 * math.Sqrt(max(c.Force, 0))
	p.line(c.Pos, c.Pos.Add(c.Normal.Mul(min(l, 0.2))), 1.6, alpha(colContact, 0.9))
}

// pointColor is green for a hit, red for a miss.
func pointColor(q *tasks.Question) color.NRGBA {
	if q.Hit {
		return colGood
	}
	return colBad
}

// pointWorld is what the answered point shows, in the world; ok is false where there is no depth.
func pointWorld(q *tasks.Question) (sim.Vec3, bool) {
	if q == nil || q.Point == nil {
		return sim.Vec3{}, false
	}
	cam := q.Shot.Frame.Camera
	px := q.Point.Pixel(cam.Width, cam.Height)
	z := q.Shot.Frame.DepthAt(px)
	if z <= 0 {
		return sim.Vec3{}, false
	}
	return cam.Deproject(px, float64(z)), true
}
