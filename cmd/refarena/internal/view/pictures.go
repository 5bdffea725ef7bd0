package view

import (
	"cmp"
	"errors"
	"image"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/image/draw"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
)

// pictures draws. It has a renderer of its own, so that a referee's pictures and the screen's do not wait for each other.
type pictures struct {
	renderer *render.Renderer

	draw  sync.Mutex // of what follows, and of drawing
	shot  sim.Shot
	eye   sim.Shot
	base  *image.RGBA // the 3D view without what is drawn over it
	key   sceneKey    // of base
	kept  eyeKept
	size  [2]int // of the screen, in units
	unit  float64
	shape float64 // of a browser's 3D view, height over width; 0: the screen's
	ratio float64 // height over width of the referee's picture; 0: 0.75
	ui    *image.RGBA
	hits  hits
	film  *film

	filming atomic.Bool // whether there is a film
	stat    sync.Mutex
	ms      float64
	last    []time.Time // when pictures of the last second were drawn
}

type sceneKey struct {
	scene *render.Scene
	step  int
	orbit Orbit
	w, h  int
}

// eyeKept is the referee's picture that was drawn last.
type eyeKept struct {
	q    any
	tab  string
	size image.Point
	img  *image.RGBA
}

func (p *pictures) open(d render.Device) error {
	r, err := render.New(render.Options{Device: d})
	p.renderer = r
	p.size, p.unit = [2]int{1280, 720}, 1
	return err
}

func (p *pictures) close() {
	if p.renderer != nil {
		p.endRecording()
		p.renderer.Close()
	}
}

// frameMS is how long a picture takes to draw, about.
func (p *pictures) frameMS() float64 {
	p.stat.Lock()
	defer p.stat.Unlock()
	return p.ms
}

// perSecond is how many pictures of the scene were drawn in the last second.
func (p *pictures) perSecond() int {
	p.stat.Lock()
	defer p.stat.Unlock()
	for len(p.last) > 0 && time.Since(p.last[0]) > time.Second {
		p.last = p.last[1:]
	}
	return len(p.last)
}

// SetSize says how large the screen is, in pixels, and how many of them a unit is.
func (p *pictures) SetSize(w, h int, scale float64) {
	p.draw.Lock()
	defer p.draw.Unlock()
	p.unit = max(scale, 0.5)
	p.size = [2]int{max(int(float64(w)/p.unit), 640), max(int(float64(h)/p.unit), 400)}
}

// SetSceneShape says how large the 3D view is on a screen with a layout of its own [px].
func (p *pictures) SetSceneShape(w, h int) {
	p.draw.Lock()
	defer p.draw.Unlock()
	p.shape = float64(h) / float64(w)
}

// setEyeShape says what the referee's pictures are like [px].
func (p *pictures) setEyeShape(w, h int) {
	p.draw.Lock()
	defer p.draw.Unlock()
	p.ratio = float64(h) / float64(w)
}

// unitSize is how many pixels a unit of the layout is.
func (p *pictures) unitSize() float64 {
	p.draw.Lock()
	defer p.draw.Unlock()
	return p.unit
}

// screen is the whole screen [px].
func (p *pictures) screen() image.Rectangle {
	p.draw.Lock()
	defer p.draw.Unlock()
	return image.Rect(0, 0, int(float64(p.size[0])*p.unit), int(float64(p.size[1])*p.unit))
}

// lastHits are the places of the panels that were drawn last.
func (p *pictures) lastHits() hits {
	p.draw.Lock()
	defer p.draw.Unlock()
	return p.hits
}

// aspect is height over width of the 3D view.
func (p *pictures) aspect() float64 {
	p.draw.Lock()
	defer p.draw.Unlock()
	if p.shape > 0 {
		return p.shape
	}
	r := p.layoutLocked().scene
	return r.h / r.w
}

// Scene draws the 3D view in w × h pixels, with what is drawn over it. The image is the caller's.
func (p *pictures) Scene(sh *Shown, w, h int) (*image.RGBA, error) {
	p.draw.Lock()
	defer p.draw.Unlock()
	return p.scene(sh, w, h)
}

func (p *pictures) scene(sh *Shown, w, h int) (*image.RGBA, error) {
	start := time.Now()
	cam := sh.Orbit.Camera(w, h)
	key := sceneKey{sh.scene, sh.Step, sh.Orbit, w, h}
	if p.base == nil || key != p.key {
		if err := p.renderer.RenderScene(sh.scene, sh.Poses, cam, &p.shot); err != nil {
			return nil, err
		}
		p.base, p.key = rgba(&p.shot.Frame, p.base), key
	}
	img := image.NewRGBA(p.base.Rect)
	copy(img.Pix, p.base.Pix)
	// Lines follow the size of the view, so that they look the same in a small picture of it that is blown up.
	pr := &projector{img: img, cam: cam, scale: float64(h) / max(p.layoutLocked().scene.h, 1), depth: p.shot.Frame.Depth}
	overlay(pr, sh)
	p.stat.Lock()
	ms := float64(time.Since(start).Microseconds()) / 1000
	p.ms += (ms - p.ms) / 8
	p.last = append(p.last, time.Now())
	for len(p.last) > 0 && time.Since(p.last[0]) > time.Second {
		p.last = p.last[1:]
	}
	p.stat.Unlock()
	return img, nil
}

// overlay draws what was chosen over a picture of the scene.
func overlay(p *projector, sh *Shown) {
	if sh.Overlays[Spheres] {
		tWorldBase := sh.Poses[sh.base]
		for _, c := range sh.robot.Capsules(sh.Joints) {
			c.A, c.B = tWorldBase.Apply(c.A), tWorldBase.Apply(c.B)
			p.capsule(c)
		}
	}
	if sh.Overlays[Grasps] {
		for i := min(len(sh.Grasps), 24) - 1; i >= 0; i-- {
			if i == 0 {
				p.grasp(&sh.Grasps[i], colGood, 2.6)
			} else {
				p.grasp(&sh.Grasps[i], alpha(colGrasp, 0.5), 1.3)
			}
		}
	}
	if sh.Overlays[Paths] {
		p.path(sh.Way, colAccent)
	}
	if sh.Overlays[Contacts] {
		for i := range sh.Moment.Contacts {
			p.contact(&sh.Moment.Contacts[i])
		}
	}
	if w, ok := pointWorld(sh.Question); ok && sh.Overlays[Points] {
		if x, y, _, ok := p.at(w); ok {
			target(p.img, x, y, p.scale, pointColor(sh.Question))
		}
	}
	if i := sh.Selected; i >= 0 && i < len(sh.bodies) {
		if x, y, _, ok := p.at(sh.Poses[sh.bodies[i]].Pos); ok {
			ring(p.img, x, y, 15*p.scale, 1.6*p.scale, colAccent)
		}
	}
}

// Eye draws what the referee sees, or was shown, in w × h pixels. The image is the caller's.
func (p *pictures) Eye(sh *Shown, w, h int) (*image.RGBA, error) {
	p.draw.Lock()
	defer p.draw.Unlock()
	return p.drawEye(sh, w, h)
}

func (p *pictures) drawEye(sh *Shown, w, h int) (*image.RGBA, error) {
	var from *image.RGBA
	q, kind := sh.Question, sh.Tab
	if sh.Ask != nil && sh.Ask.Waiting && kind == "ids" {
		kind = "rgb" // a person who is asked is not told what belongs together
	}
	if sh.Eye == "asked" && q != nil {
		if k := &p.kept; k.q != any(q) || k.tab != kind || k.size != (image.Point{w, h}) {
			*k = eyeKept{q, kind, image.Point{w, h}, fit(tab(&q.Shot, kind), w, h)}
		}
		from = image.NewRGBA(p.kept.img.Rect)
		copy(from.Pix, p.kept.img.Pix)
	} else {
		cam := sh.eye
		if q != nil { // of a robot that looks for itself, as it looked then
			cam = q.Shot.Frame.Camera
		}
		k := float64(w) / float64(cam.Width)
		cam.Width, cam.Height = w, max(int(float64(cam.Height)*k+0.5), 1)
		cam.Fx, cam.Fy, cam.Cx, cam.Cy = cam.Fx*k, cam.Fy*k, cam.Cx*k, cam.Cy*k
		if err := p.renderer.RenderScene(sh.scene, sh.Poses, cam, &p.eye); err != nil {
			return nil, err
		}
		from = fit(tab(&p.eye, kind), w, h)
	}
	if q != nil && sh.Overlays[Regions] && (q.Answered || sh.Ask == nil || !sh.Ask.Waiting) { // a person who is asked is not told
		tintRegion(from, q.Region)
	}
	if q != nil && q.Point != nil && sh.Overlays[Points] {
		px := q.Point.Pixel(from.Rect.Dx(), from.Rect.Dy())
		target(from, px.X, px.Y, float64(w)/340, pointColor(q))
	}
	return from, nil
}

func tab(s *sim.Shot, name string) *image.RGBA {
	switch name {
	case "depth":
		return depthImage(&s.Frame)
	case "ids":
		return tasks.IDImage(&s.Seg)
	}
	return rgba(&s.Frame, nil)
}

// fit is an image in another size.
func fit(img *image.RGBA, w, h int) *image.RGBA {
	if img.Rect.Dx() == w && img.Rect.Dy() == h {
		return img
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(out, out.Rect, img, img.Rect, draw.Src, nil)
	return out
}

var errNothing = errors.New("there is nothing to take hold of")

// pick is the object at a place of the 3D view, the point of it that is seen there, in the world, and how far away that is.
func (p *pictures) pick(sh *Shown, at sim.NormPoint) (object int, point sim.Vec3, depth float64, err error) {
	const w = 640
	h := int(w * p.aspect())
	p.draw.Lock()
	defer p.draw.Unlock()
	cam := sh.Orbit.Camera(w, h)
	var shot sim.Shot
	if err := p.renderer.RenderScene(sh.scene, sh.Poses, cam, &shot); err != nil {
		return 0, point, 0, err
	}
	px := at.Pixel(w, h)
	i, _ := px.Index(w, h)
	z := float64(shot.Frame.Depth[i])
	for k, b := range sh.bodies {
		if int32(b) == shot.Seg.Bodies[i] && z > 0 {
			return k, cam.Deproject(px, z), z, nil
		}
	}
	return 0, point, 0, errNothing
}

// through is the place in the referee's picture that shows what a place of the 3D view shows.
func (p *pictures) through(sh *Shown, at sim.NormPoint) (sim.NormPoint, error) {
	const w = 640
	h := int(w * p.aspect())
	p.draw.Lock()
	defer p.draw.Unlock()
	cam := sh.Orbit.Camera(w, h)
	var shot sim.Shot
	if err := p.renderer.RenderScene(sh.scene, sh.Poses, cam, &shot); err != nil {
		return sim.NormPoint{}, err
	}
	px := at.Pixel(w, h)
	z := shot.Frame.DepthAt(px)
	if z <= 0 {
		return sim.NormPoint{}, errors.New("there is nothing to point at")
	}
	world := cam.Deproject(px, float64(z))
	if err := p.renderer.RenderScene(sh.scene, sh.Poses, sh.eye, &shot); err != nil {
		return sim.NormPoint{}, err
	}
	seen, depth, ok := sh.eye.Project(world)
	if _, in := seen.Index(sh.eye.Width, sh.eye.Height); !ok || !in {
		return sim.NormPoint{}, errors.New("the referee's camera does not see that place")
	}
	if d := float64(shot.Frame.DepthAt(seen)); d > 0 && d < depth-0.02 {
		return sim.NormPoint{}, errors.New("from the referee's camera something stands in front of that place")
	}
	return seen.Norm(sh.eye.Width, sh.eye.Height), nil
}

// Screen draws everything, as the window shows it. The image is the caller's.
func (p *pictures) Screen(sh *Shown) (*image.RGBA, error) {
	p.draw.Lock()
	defer p.draw.Unlock()
	return p.screenImage(sh)
}

func (p *pictures) screenImage(sh *Shown) (*image.RGBA, error) {
	l := p.layoutLocked()
	out := image.NewRGBA(image.Rect(0, 0, int(float64(p.size[0])*p.unit), int(float64(p.size[1])*p.unit)))
	for _, part := range []struct {
		r    rect
		draw func(*Shown, int, int) (*image.RGBA, error)
	}{{l.scene, p.scene}, {l.eye, p.drawEye}} {
		b := p.pixels(part.r)
		img, err := part.draw(sh, b.Dx(), b.Dy())
		if err != nil {
			return nil, err
		}
		draw.Draw(out, b, img, image.Point{}, draw.Src)
	}
	draw.Draw(out, out.Rect, p.panels(sh), image.Point{}, draw.Over)
	return out, nil
}

// pixels is a rectangle of the layout in pixels.
func (p *pictures) pixels(r rect) image.Rectangle {
	return image.Rect(int(r.x*p.unit), int(r.y*p.unit), int((r.x+r.w)*p.unit), int((r.y+r.h)*p.unit))
}

// Panels draws all but the two pictures, whose places stay transparent. The image is overwritten by the next call.
func (p *pictures) Panels(sh *Shown) *image.RGBA {
	p.draw.Lock()
	defer p.draw.Unlock()
	return p.panels(sh)
}

// Places are where the two pictures go on the screen [px].
func (p *pictures) Places() (scene, eye image.Rectangle) {
	l := p.layout()
	return p.pixels(l.scene), p.pixels(l.eye)
}

func (p *pictures) panels(sh *Shown) *image.RGBA {
	w, h := int(float64(p.size[0])*p.unit), int(float64(p.size[1])*p.unit)
	if p.ui == nil || p.ui.Rect.Dx() != w || p.ui.Rect.Dy() != h {
		p.ui = image.NewRGBA(image.Rect(0, 0, w, h))
	} else {
		clear(p.ui.Pix)
	}
	p.hits = drawPanels(&canvas{p.ui, p.unit}, p.layoutLocked(), sh)
	return p.ui
}

func (p *pictures) layout() layout {
	p.draw.Lock()
	defer p.draw.Unlock()
	return p.layoutLocked()
}

func (p *pictures) layoutLocked() layout {
	return newLayout(float64(p.size[0]), float64(p.size[1]), cmp.Or(p.ratio, 0.75))
}
