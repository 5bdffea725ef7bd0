// Package render draws what a camera sees of a simulation: colour, depth in metres and body ids, from one pass, without a window.
//
// g3n holds the scene graph, materials and shaders; a headless EGL context and framebuffers of our own stand in for its window. GL finds
// out what is seen; light.c makes the picture of it (see lighting.go). The world's z stays up: the only
// changes of axes are Camera.ViewGL and Camera.ProjectionGL.
package render

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/g3n/engine/core"
	"github.com/g3n/engine/gls"
	"github.com/go-gl/gl/v3.3-core/gl"

	"github.com/refarena/refarena/sim"
)

// Options says how to draw. The zero value is ready to use.
type Options struct {
	Device  Device // what draws
	Threads int    // how many goroutines light a picture; 0 means one for each CPU, at most 4. The pixels don't depend on it

	// NoShadows lets the key light through everything. It is there to measure what shadows cost.
	NoShadows bool
}

const maxThreads = 4

// A Renderer is a sim.Renderer with a GL context and an OS thread of its own. Callers need no particular thread. Calls from several
// goroutines wait for each other; work in parallel takes a Renderer each.
type Renderer struct {
	mu     sync.Mutex
	closed bool
	calls  chan struct{} // a job is in call
	done   chan error    // … and its answer
	call   job
	info   sim.RendererInfo

	model *sim.Model // whose scene is scene
	scene *Scene
	poses []sim.Pose
}

var _ sim.Renderer = (*Renderer)(nil)

// A job is a picture that was asked for.
type job struct {
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

// serve owns the context. Its goroutine is locked to its thread and never unlocked, so that the thread ends with it.
func (r *Renderer) serve(opt Options) {
	runtime.LockOSThread()
	ctx, err := openContext(opt.Device)
	if err != nil {
		r.done <- err
		return
	}
	p, err := newPainter(ctx.gs, opt)
	if err != nil {
		ctx.close()
		r.done <- err
		return
	}
	r.info = ctx.info
	r.done <- nil
	for range r.calls {
		r.done <- p.safely(&r.call)
	}
	p.free()
	ctx.close()
	close(r.done)
}

// Info names what draws.
func (r *Renderer) Info() sim.RendererInfo { return r.info }

// Close frees the context and ends its thread. A second Close does nothing.
func (r *Renderer) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	close(r.calls)
	for range r.done { // closed when the context is gone
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
	r.call = job{s, poses, cam, shot}
	r.calls <- struct{}{}
	err := <-r.done
	r.call = job{}
	return err
}

// resize is s with length n; its contents are lost.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// A painter draws jobs into targets. It lives on the context's thread.
type painter struct {
	gs       *gls.GLS
	programs *programs
	library  *library
	targets  targetCache

	noShadows bool
	lighter   *lighter
	scene     *Scene // that graph was built from
	graph     *graph
	view      view
	info      core.RenderInfo
}

func newPainter(gs *gls.GLS, opt Options) (*painter, error) {
	p := &painter{gs: gs, library: newLibrary(gs)}
	for _, capability := range []int{gls.BLEND, gls.MULTISAMPLE, gls.PROGRAM_POINT_SIZE, gls.POLYGON_OFFSET_FILL, gls.POLYGON_OFFSET_LINE,
		gls.POLYGON_OFFSET_POINT} { // g3n turns these on
		gs.Disable(capability)
	}
	gl.PixelStorei(gl.PACK_ALIGNMENT, 1)
	gl.PixelStorei(gl.UNPACK_ALIGNMENT, 1)
	var err error
	if p.programs, err = newPrograms(gs); err != nil {
		return nil, err
	}
	if err := checkGL("setting up"); err != nil {
		return nil, err
	}
	threads := opt.Threads
	if threads == 0 {
		threads = min(runtime.GOMAXPROCS(0), maxThreads)
	}
	p.lighter = newLighter(max(threads, 1))
	if p.noShadows = opt.NoShadows; p.noShadows {
		p.lighter.scene.shadowSide = 0 // every place is outside of the map, and so is lit
	}
	return p, nil
}

// free gives back what is not GL's.
func (p *painter) free() {
	p.lighter.free()
	p.targets.free()
	if p.graph != nil {
		p.graph.free()
	}
}

// safely is paint whose panic, on a goroutine that no caller can guard, is an error.
func (p *painter) safely(j *job) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("render: drawing panicked: %v", cause)
		}
	}()
	return p.paint(j)
}

// paint draws one job and reads it back.
func (p *painter) paint(j *job) error {
	if p.scene != j.scene || len(p.graph.poses) != len(j.poses) {
		if p.graph != nil {
			p.graph.free()
		}
		p.scene, p.graph = nil, nil
		if err := j.scene.check(len(j.poses)); err != nil {
			return err
		}
		p.graph = newGraph(j.scene, len(j.poses), p.library, p.programs)
		p.scene = j.scene
	}
	t, err := p.targets.get(j.cam.Width, j.cam.Height)
	if err != nil {
		return err
	}
	p.graph.pose(j.poses)
	if p.graph.moved && !p.noShadows {
		p.lighter.castShadows(p.graph)
		defer p.lighter.wait() // a panic leaves nobody behind
		p.graph.moved = false
	}
	p.view.set(j.cam, true)
	t.begin()
	p.gs.FrontFace(gls.CW) // the view is flipped
	p.surfaces()
	t.read(j.shot)
	p.lighter.wait()
	p.lighter.light(t, &p.view, p.graph, j.shot)
	return checkGL("drawing")
}

// surfaces draws what the view sees of the graph into the bound framebuffer.
func (p *painter) surfaces() {
	p.graph.cull(&p.view)
	var current *surfaceProgram
	for _, o := range p.graph.visible {
		if o.surface.program != current {
			current = o.surface.program
			p.gs.UseProgram(current.Program)
			textured := current == &p.programs.textured
			gl.ColorMaski(1, textured, textured, textured, textured)
		}
		o.clipMesh.MultiplyMatrices(&p.view.worldClip, &o.tWorldMesh)
		o.Materials()[0].Render(p.gs, &p.info)
	}
}
