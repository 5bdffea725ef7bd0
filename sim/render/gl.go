package render

// #include "light.h"
import "C"

import (
	"embed"
	"fmt"
	"unsafe"

	"github.com/g3n/engine/core"
	"github.com/g3n/engine/gls"
	"github.com/g3n/engine/renderer"
	"github.com/g3n/engine/texture"
	"github.com/go-gl/gl/v3.3-core/gl"

	"github.com/refarena/refarena/sim"
)

//go:embed shaders
var shaderFiles embed.FS

// A glSeer is a seer by OpenGL. It lives on its context's thread.
type glSeer struct {
	context         *glContext
	gs              *gls.GLS
	plain, textured surfaceProgram // for a surface of one colour, with a texture
	crew            *crew
	renderInfo      core.RenderInfo

	// The picture at hand.
	graph   *graph
	view    *view
	picture *picture
	shot    *sim.Shot
	shadow  *shadowMap
	depths  depthJob
}

// A surfaceProgram is a compiled shader and where its uniforms are.
type surfaceProgram struct {
	*gls.Program
	clipMesh, worldMesh, visual int32
}

// newGL opens a context on the thread of the goroutine, which must be locked to it.
func newGL(dev Device, c *crew) (*glSeer, error) {
	ctx, err := openContext(dev)
	if err != nil {
		return nil, err
	}
	g := &glSeer{context: ctx, gs: ctx.gs, crew: c}
	if err := g.setUp(); err != nil {
		ctx.close()
		return nil, err
	}
	return g, nil
}

func (g *glSeer) setUp() error {
	for _, capability := range []int{gls.BLEND, gls.MULTISAMPLE, gls.PROGRAM_POINT_SIZE, gls.POLYGON_OFFSET_FILL, gls.POLYGON_OFFSET_LINE,
		gls.POLYGON_OFFSET_POINT} { // g3n turns these on
		g.gs.Disable(capability)
	}
	gl.PixelStorei(gl.PACK_ALIGNMENT, 1)
	gl.PixelStorei(gl.UNPACK_ALIGNMENT, 1)
	manager := renderer.NewShaman(g.gs) // g3n's shader manager
	source := func(file string) string {
		text, err := shaderFiles.ReadFile("shaders/" + file)
		if err != nil {
			panic(err) // embedded: the build has it
		}
		return string(text)
	}
	const name = "surface"
	manager.AddShader(name+".vert", source(name+".vert"))
	manager.AddShader(name+".frag", source(name+".frag"))
	manager.AddProgram(name, name+".vert", name+".frag")
	for _, b := range []struct {
		program *surfaceProgram
		defines gls.ShaderDefines
	}{{&g.plain, nil}, {&g.textured, gls.ShaderDefines{"TEXTURED": "1"}}} {
		p, err := manager.GenProgram(&renderer.ShaderSpecs{Name: name, ShaderUnique: true, Defines: b.defines})
		if err != nil {
			return fmt.Errorf("render: shader %s: %w", name, err)
		}
		at := func(uniform string) int32 { return g.gs.GetUniformLocation(p.Handle(), uniform) }
		*b.program = surfaceProgram{p, at("ClipMesh"), at("WorldMesh"), at("Visual")}
	}
	return checkGL("setting up")
}

func (g *glSeer) info() sim.RendererInfo { return g.context.info }

func (g *glSeer) free() { g.context.close() }

// glMesh is where GL keeps a mesh: with g3n's own buffers, the race detector's pointer checks end the program.
type glMesh struct {
	vao     uint32 // vertex array: positions, normals, texture coordinates and indices
	buffers [2]uint32
}

func (g *glSeer) keepMesh(m *mesh) {
	indices := m.data.Indices
	const floats = 3 + 3 + 2
	vertices := make([]float32, 0, floats*len(m.data.Positions))
	for i, p := range m.data.Positions {
		var uv [2]float32
		if len(m.data.UVs) > 0 {
			uv = m.data.UVs[i]
		}
		n := m.data.Normals[i]
		vertices = append(vertices, p[0], p[1], p[2], n[0], n[1], n[2], uv[0], uv[1])
	}
	m.bytes = 4 * (len(vertices) + len(indices))
	gl.GenVertexArrays(1, &m.gl.vao)
	g.gs.BindVertexArray(m.gl.vao)
	gl.GenBuffers(int32(len(m.gl.buffers)), &m.gl.buffers[0])
	gl.BindBuffer(gl.ARRAY_BUFFER, m.gl.buffers[0])
	gl.BufferData(gl.ARRAY_BUFFER, 4*len(vertices), unsafe.Pointer(&vertices[0]), gl.STATIC_DRAW)
	gl.BindBuffer(gl.ELEMENT_ARRAY_BUFFER, m.gl.buffers[1])
	gl.BufferData(gl.ELEMENT_ARRAY_BUFFER, 4*len(indices), unsafe.Pointer(&indices[0]), gl.STATIC_DRAW)
	for location, a := range [...]struct{ size, offset int }{{3, 0}, {3, 3}, {2, 6}} { // as in the shaders
		gl.EnableVertexAttribArray(uint32(location))
		gl.VertexAttribPointerWithOffset(uint32(location), int32(a.size), gl.FLOAT, false, 4*floats, uintptr(4*a.offset))
	}
}

func (g *glSeer) dropMesh(m *mesh) {
	gl.DeleteVertexArrays(1, &m.gl.vao)
	gl.DeleteBuffers(int32(len(m.gl.buffers)), &m.gl.buffers[0])
}

func (g *glSeer) keepPrint(p *print) {
	t := p.data
	g.gs.UseProgram(g.textured.Program) // where g3n looks for the uniforms of textures
	p.texture = texture.NewTexture2DFromData(t.Width, t.Height, gls.RGB, gls.UNSIGNED_BYTE, gls.SRGB8_ALPHA8, t.RGB)
	p.texture.SetMinFilter(gls.LINEAR_MIPMAP_NEAREST) // trilinear costs llvmpipe 3 ms of a 640×480 picture on two cores
	p.texture.SetWrapS(gls.REPEAT)
	p.texture.SetWrapT(gls.REPEAT)
	p.texture.RenderSetup(g.gs, 0, 0)
	p.bytes = t.Width * t.Height * 4 * 4 / 3
}

func (g *glSeer) dropPrint(p *print) { p.texture.Dispose() }

// RenderSetup makes the mesh the one that g3n draws next.
func (m *mesh) RenderSetup(gs *gls.GLS) { gs.BindVertexArray(m.gl.vao) }

// RenderSetup sends the material to its program, which is current.
func (s *surface) RenderSetup(gs *gls.GLS) {
	if s.print != nil {
		s.print.texture.RenderSetup(gs, 0, 0)
	}
}

// RenderSetup sends the pose and the visual's number to the current program.
func (o *solid) RenderSetup(gs *gls.GLS, _ *core.RenderInfo) {
	p := o.program
	gs.UniformMatrix4fv(p.clipMesh, 1, false, &o.clipMesh[0])
	t := &o.tWorldMesh
	o.rotation = [9]float32{t[0], t[1], t[2], t[4], t[5], t[6], t[8], t[9], t[10]}
	gs.UniformMatrix3fv(p.worldMesh, 1, false, &o.rotation[0])
	gs.Uniform1f(p.visual, float32(o.order+1))
}

func (g *glSeer) see(scene *graph, v *view, p *picture, shot *sim.Shot, shadow *shadowMap) error {
	if p.frame == nil {
		var err error
		if p.frame, err = newFramebuffer(p.width, p.height); err != nil {
			return err
		}
	}
	g.graph, g.view, g.picture, g.shot, g.shadow = scene, v, p, shot, shadow
	g.crew.run(g)
	g.depths = depthJob{surfaces: p.surfaces, visualBody: scene.visualBody, clip: [2]C.float{C.float(v.clip[0]), C.float(v.clip[1])}, shot: shot}
	g.crew.run(&g.depths)
	g.graph, g.view, g.picture, g.shot, g.shadow, g.depths = nil, nil, nil, nil, nil, depthJob{}
	return checkGL("drawing")
}

// part draws the picture on the context's thread, and the shadow map on another one if there is one.
func (g *glSeer) part(part, parts int) {
	if part == 0 {
		g.picture.frame.begin()
		g.gs.FrontFace(gls.CW) // the view is flipped
		g.surfaces()
		g.picture.frame.read(g.picture, g.shot)
	}
	if part == parts-1 && g.shadow != nil {
		g.shadow.draw(g.graph)
	}
}

// surfaces draws what the view sees of the graph into the bound framebuffer.
func (g *glSeer) surfaces() {
	var current *surfaceProgram
	for _, o := range g.graph.visible {
		o.program = &g.plain
		if o.surface.print != nil {
			o.program = &g.textured
		}
		if o.program != current {
			current = o.program
			g.gs.UseProgram(current.Program)
			textured := current == &g.textured
			gl.ColorMaski(1, textured, textured, textured, textured)
		}
		o.clipMesh.MultiplyMatrices(&g.view.worldClip, &o.tWorldMesh)
		o.Materials()[0].Render(g.gs, &g.renderInfo)
	}
}

// A depthJob makes depth and bodies of the depth buffer.
type depthJob struct {
	surfaces, visualBody []int32
	clip                 [2]C.float
	shot                 *sim.Shot
}

func (d *depthJob) part(part, parts int) {
	const align = 16 // so that a pixel's arithmetic doesn't depend on the number of parts
	n := len(d.surfaces)
	first, last := n*part/parts/align*align, n*(part+1)/parts/align*align
	if part == parts-1 {
		last = n
	}
	if first == last {
		return
	}
	C.lightDepth((*C.int32_t)(&d.surfaces[first]), (*C.int32_t)(&d.visualBody[0]), &d.clip[0], (*C.float)(&d.shot.Frame.Depth[first]),
		(*C.int32_t)(&d.shot.Seg.Bodies[first]), C.int(last-first))
}

// A framebuffer is where GL draws pictures of one size.
type framebuffer struct {
	fbo           uint32
	buffers       [3]uint32 // surface R32I, print RGBA8, depth 32F
	width, height int32
}

func newFramebuffer(width, height int) (*framebuffer, error) {
	f := &framebuffer{width: int32(width), height: int32(height)}
	gl.GenFramebuffers(1, &f.fbo)
	gl.BindFramebuffer(gl.FRAMEBUFFER, f.fbo)
	gl.GenRenderbuffers(int32(len(f.buffers)), &f.buffers[0])
	for i, b := range []struct{ format, attachment uint32 }{
		{gl.R32I, gl.COLOR_ATTACHMENT0},
		{gl.RGBA8, gl.COLOR_ATTACHMENT1},
		{gl.DEPTH_COMPONENT32F, gl.DEPTH_ATTACHMENT},
	} {
		gl.BindRenderbuffer(gl.RENDERBUFFER, f.buffers[i])
		gl.RenderbufferStorage(gl.RENDERBUFFER, b.format, f.width, f.height)
		gl.FramebufferRenderbuffer(gl.FRAMEBUFFER, b.attachment, gl.RENDERBUFFER, f.buffers[i])
	}
	draw := [2]uint32{gl.COLOR_ATTACHMENT0, gl.COLOR_ATTACHMENT1}
	gl.DrawBuffers(int32(len(draw)), &draw[0])
	what := fmt.Sprintf("the framebuffer of a %d×%d picture", width, height)
	err := checkGL("making " + what)
	if status := gl.CheckFramebufferStatus(gl.FRAMEBUFFER); status != gl.FRAMEBUFFER_COMPLETE {
		err = fmt.Errorf("render: the driver can't make %s: status 0x%x", what, status)
	}
	if err != nil {
		f.free()
		return nil, err
	}
	return f, nil
}

func (f *framebuffer) free() {
	gl.DeleteFramebuffers(1, &f.fbo)
	gl.DeleteRenderbuffers(int32(len(f.buffers)), &f.buffers[0])
}

// What nothing looks like: no visual, the far end of the depth buffer.
var (
	nothing [4]int32
	farEnd  = float32(1)
)

// begin binds the framebuffer and makes it empty. What textures show is only read where there is one, and not cleared.
func (f *framebuffer) begin() {
	gl.BindFramebuffer(gl.FRAMEBUFFER, f.fbo)
	gl.Viewport(0, 0, f.width, f.height)
	gl.ClearBufferiv(gl.COLOR, 0, &nothing[0])
	gl.ClearBufferfv(gl.DEPTH, 0, &farEnd)
}

// read copies what is seen to p, and the depth buffer to shot.
func (f *framebuffer) read(p *picture, shot *sim.Shot) {
	gl.ReadBuffer(gl.COLOR_ATTACHMENT0)
	gl.ReadPixels(0, 0, f.width, f.height, gl.RED_INTEGER, gl.INT, unsafe.Pointer(&p.surfaces[0]))
	gl.ReadPixels(0, 0, f.width, f.height, gl.DEPTH_COMPONENT, gl.FLOAT, unsafe.Pointer(&shot.Frame.Depth[0]))
	gl.ReadBuffer(gl.COLOR_ATTACHMENT1)
	gl.ReadPixels(0, 0, f.width, f.height, gl.RGBA, gl.UNSIGNED_BYTE, unsafe.Pointer(&p.prints[0]))
}
