// Package render draws what a camera sees of a simulation: colour, depth in metres and body ids, from one pass, without a window.
//
// g3n holds the scene graph: nodes, geometries, materials, textures. What a camera sees of it is found out by a rasteriser on the CPU (raster.c), which
// needs nothing but the CPU, or by g3n's shaders and OpenGL on a GPU (gl.go), in a headless EGL context; light.c makes the picture of it (see
// lighting.go). The world's z stays up: the only changes of axes are Camera.ViewGL and Camera.ProjectionGL.
package render

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/refarena/refarena/sim"
)

// Options says how to draw. The zero value is ready to use.
type Options struct {
	Device  Device // what draws
	Threads int    // how many goroutines make a picture; 0 means one for each CPU, at most 4. The pixels don't depend on it

	// NoShadows lets the key light through everything. It is there to measure what shadows cost.
	NoShadows bool
}

const maxThreads = 4

// A Renderer is a sim.Renderer with a goroutine of its own and, where GL draws, a context on a thread of its own. Callers need no particular thread. Calls from several
// goroutines wait for each other; work in parallel takes a Renderer each.
type Renderer struct {
	mu     sync.Mutex
	closed bool
	calls  chan struct{} // an order is in call
	done   chan error    // … and its answer
	call   order
	info   sim.RendererInfo

	model *sim.Model // whose scene is scene
	scene *Scene
	poses []sim.Pose
}

var _ sim.Renderer = (*Renderer)(nil)

// An order is a picture that was asked for.
type order struct {
	scene *Scene
	poses []sim.Pose
	cam   sim.Camera
	shot  *sim.Shot
}

// New opens a Renderer. Close frees it.
func New(opt Options) (*Renderer, error) {
	r := &Renderer{calls: make(chan struct{}), done: make(chan error)}
	go r.serve(opt)
	if err := <-r.done; err != nil {
		return nil, err
	}
	return r, nil
}

// serve owns what draws. With GL its goroutine is locked to its thread and never unlocked, so that the thread ends with it.
func (r *Renderer) serve(opt Options) {
	p, err := newPainter(opt)
	if err != nil {
		r.done <- err
		return
	}
	r.info = p.seer.info()
	r.done <- nil
	for range r.calls {
		r.done <- p.safely(&r.call)
	}
	p.free()
	close(r.done)
}

// Info names what draws.
func (r *Renderer) Info() sim.RendererInfo { return r.info }

// Close frees what draws. A second Close does nothing.
func (r *Renderer) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	close(r.calls)
	for range r.done { // closed when all is gone
	}
	r.model, r.scene = nil, nil
	return nil
}

// Render draws d as it stands into shot, whose slices grow as needed and are reused. The pictures are a function of d, cam and the
// device alone. Errors: a closed renderer, a camera that makes no sense, a mesh or texture that is no mesh or texture, a GL error.
func (r *Renderer) Render(d *sim.Data, cam sim.Camera, shot *sim.Shot) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := d.Model(); r.model != m {
		r.model = m
		r.scene = &Scene{Visuals: m.Visuals(), Environment: m.Environment()}
		r.poses = make([]sim.Pose, m.NBody())
	}
	for i := range r.poses {
		r.poses[i] = d.BodyPose(i)
	}
	return r.draw(r.scene, r.poses, cam, shot)
}

// RenderScene is Render without a simulation: poses holds T_world_body by body id, and is not kept.
func (r *Renderer) RenderScene(s *Scene, poses []sim.Pose, cam sim.Camera, shot *sim.Shot) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.draw(s, poses, cam, shot)
}

func (r *Renderer) draw(s *Scene, poses []sim.Pose, cam sim.Camera, shot *sim.Shot) error {
	if r.closed {
		return errClosed
	}
	if s == nil {
		return errors.New("render: no scene")
	}
	if err := cam.Validate(); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	shot.Frame.Camera = cam
	shot.Seg.Width, shot.Seg.Height = cam.Width, cam.Height
	n := cam.Width * cam.Height
	shot.Frame.RGB = resize(shot.Frame.RGB, 3*n)
	shot.Frame.Depth = resize(shot.Frame.Depth, n)
	shot.Seg.Bodies = resize(shot.Seg.Bodies, n)
	r.call = order{s, poses, cam, shot}
	r.calls <- struct{}{}
	err := <-r.done
	r.call = order{}
	return err
}

// resize is s with length n; its contents are lost.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// A painter draws what was ordered.
type painter struct {
	crew      crew
	seer      seer
	library   *library
	pictures  pictures
	lighter   *lighter
	noShadows bool

	scene *Scene // that graph was built from
	graph *graph
	view  view
}

// newPainter makes a painter for the goroutine that calls it, which GL locks to its thread.
func newPainter(opt Options) (*painter, error) {
	p := &painter{noShadows: opt.NoShadows}
	threads := opt.Threads
	if threads == 0 {
		threads = min(runtime.GOMAXPROCS(0), maxThreads)
	}
	p.crew.start(max(threads, 1))
	var err error
	if p.seer, err = newSeer(opt.Device, &p.crew); err != nil {
		p.crew.stop()
		return nil, err
	}
	p.library = newLibrary(p.seer)
	p.lighter = newLighter(&p.crew)
	if p.noShadows {
		p.lighter.scene.shadowSide = 0 // every place is outside of the map, and so is lit
	}
	return p, nil
}

// newSeer is what finds out what is seen on a device.
func newSeer(dev Device, c *crew) (seer, error) {
	if dev == Software {
		return newCPU(c), nil
	}
	runtime.LockOSThread()
	g, err := newGL(dev, c)
	if err == nil {
		return g, nil
	}
	runtime.UnlockOSThread()
	if dev == Auto {
		return newCPU(c), nil
	}
	return nil, err
}

func (p *painter) free() {
	if p.graph != nil {
		p.graph.free()
	}
	p.pictures.free()
	p.library.free()
	p.lighter.free()
	p.seer.free()
	p.crew.stop()
}

// safely is paint whose panic, on a goroutine that no caller can guard, is an error.
func (p *painter) safely(o *order) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("render: drawing panicked: %v", cause)
		}
	}()
	return p.paint(o)
}

func (p *painter) paint(o *order) error {
	if p.scene != o.scene || len(p.graph.poses) != len(o.poses) {
		if p.graph != nil {
			p.graph.free()
		}
		p.scene, p.graph = nil, nil
		if err := o.scene.check(len(o.poses)); err != nil {
			return err
		}
		p.graph = newGraph(o.scene, len(o.poses), p.library)
		p.scene = o.scene
	}
	p.graph.pose(o.poses)
	colors := o.shot.Wants(sim.PlaneRGB)
	var shadow *shadowMap // if it is to be drawn anew
	if colors && p.graph.moved && !p.noShadows {
		shadow = p.lighter.shadow
		shadow.fit(p.graph)
	}
	p.view.set(o.cam)
	p.graph.cull(&p.view)
	pic := p.pictures.get(o.cam.Width, o.cam.Height)
	if err := p.seer.see(p.graph, &p.view, pic, o.shot, shadow); err != nil {
		return err
	}
	if !colors {
		return nil // depth and ids are there
	}
	p.graph.moved = p.graph.moved && p.noShadows
	p.lighter.light(pic, &p.view, p.graph, o.shot)
	return nil
}
