package render

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/g3n/engine/core"
	"github.com/g3n/engine/gls"
	"github.com/g3n/engine/graphic"
	"github.com/g3n/engine/material"
	"github.com/g3n/engine/math32"
	"github.com/g3n/engine/texture"

	"github.com/refarena/refarena/sim"
)

// A Scene is what there is to draw, without physics: meshes that move with bodies, and the light. It is immutable and compared by
// pointer: drawing the same Scene again sends nothing but poses. A Model's scene is made by Render.
type Scene struct {
	Visuals     []sim.Visual
	Environment sim.Environment
}

// check says what is wrong with the scene, for nBody bodies.
func (s *Scene) check(nBody int) error {
	for i, v := range s.Visuals {
		switch {
		case v.Mesh == nil:
			return fmt.Errorf("render: visual %d has no mesh", i)
		case v.Body < 0 || v.Body >= nBody:
			return fmt.Errorf("render: visual %d (%s) moves with body %d (have 0 to %d)", i, v.Mesh.Name, v.Body, nBody-1)
		case len(v.Mesh.Normals) != len(v.Mesh.Positions) || len(v.Mesh.UVs) != len(v.Mesh.Positions) && len(v.Mesh.UVs) != 0:
			return fmt.Errorf("render: mesh %q has %d positions, %d normals and %d texture coordinates (want as many of each, or no texture "+
				"coordinates)", v.Mesh.Name, len(v.Mesh.Positions), len(v.Mesh.Normals), len(v.Mesh.UVs))
		case len(v.Mesh.Indices)%3 != 0 || len(v.Mesh.Indices) > 0 && int(slices.Max(v.Mesh.Indices)) >= len(v.Mesh.Positions):
			return fmt.Errorf("render: mesh %q has indices that are no triangles of its %d vertices", v.Mesh.Name, len(v.Mesh.Positions))
		}
		const most = 8192
		t := v.Material.Texture
		if t != nil && (min(t.Width, t.Height) < 1 || max(t.Width, t.Height) > most || len(t.RGB) != 3*t.Width*t.Height) {
			return fmt.Errorf("render: texture %q is %d × %d with %d bytes (want 1×1 to %d×%d, 3 bytes a texel)",
				t.Name, t.Width, t.Height, len(t.RGB), most, most)
		}
	}
	return nil
}

// A graph is a Scene as g3n nodes: a root, a node for each body, and under it what moves with the body. It knows nothing of where
// it is drawn to.
type graph struct {
	root    *core.Node
	bodies  []*core.Node // by body id; nil for a body without visuals
	poses   []sim.Pose   // the bodies' last poses
	solids  []*solid
	casters casters
	env     environment
	moved   bool // since the last shadow map

	visible []*solid // of the frame being drawn, nearest first
}

// An environment is a sim.Environment as the shaders want it.
type environment struct {
	keyDir                math32.Vector3 // unit
	keyColor, sky, ground [3]float32
	background            [4]float32
}

// A solid is a mesh with a material in the graph.
type solid struct {
	graphic.Graphic
	mesh       *gpuMesh
	surface    *surface
	body       int32
	tWorldMesh math32.Matrix4
	uniforms   meshUniforms   // of this frame
	centre     math32.Vector3 // of the bounding sphere, in the world
	order      int            // in the scene
	far        float32        // sort key: depth of the bounding sphere's far end [m]
}

// A surface is a g3n material for our shaders.
type surface struct {
	material.Material
	program        *program
	texture        *texture.Texture2D
	diffuse, gloss [3]float32 // see the shaders
	mirror, fit    [4]float32
}

// newGraph builds the nodes of a checked scene. Meshes and textures come from the library. The graph's own buffers are freed by free.
func newGraph(s *Scene, nBody int, lib *library, progs *programs) *graph {
	g := &graph{
		root:   core.NewNode(),
		bodies: make([]*core.Node, nBody),
		poses:  make([]sim.Pose, nBody),
		env:    newEnvironment(s.Environment),
		moved:  true,
	}
	lib.scenes++
	lib.gs.UseProgram(progs.textured.Program) // where g3n looks for the uniforms of textures
	for i, v := range s.Visuals {
		if len(v.Mesh.Indices) == 0 {
			continue
		}
		if g.bodies[v.Body] == nil {
			g.bodies[v.Body] = core.NewNode()
			g.root.Add(g.bodies[v.Body])
		}
		o := &solid{mesh: lib.mesh(v.Mesh), surface: newSurface(v.Material, lib, progs), body: int32(v.Body), order: i}
		o.Graphic.Init(o, o.mesh, gls.TRIANGLES)
		o.AddMaterial(o, o.surface, 0, 0)
		setPose(&o.Node, v.TBodyVisual)
		g.bodies[v.Body].Add(o)
		g.solids = append(g.solids, o)
	}
	g.visible = make([]*solid, 0, len(g.solids))
	g.casters = newCasters(lib.gs, g)
	lib.trim()
	return g
}

func (g *graph) free() { g.casters.free() }

func newEnvironment(e sim.Environment) environment {
	dir := e.KeyDir
	if dir.Len() == 0 {
		dir = sim.Vec3{0, 0, 1}
	}
	dir = dir.Normalize()
	b, gain := e.Background, e.Gain()
	out := environment{
		keyDir:     math32.Vector3{X: float32(dir[0]), Y: float32(dir[1]), Z: float32(dir[2])},
		background: [4]float32{b[0], b[1], b[2], 1},
	}
	for i, g := range gain { // the camera's gain, applied to the lights: shading is linear in them
		out.keyColor[i], out.sky[i], out.ground[i] = g*e.KeyColor[i], g*e.Sky[i], g*e.Ground[i]
	}
	return out
}

func newSurface(m sim.Material, lib *library, progs *programs) *surface {
	s := &surface{program: &progs.plain}
	s.Material.Init()
	if m.Texture != nil {
		s.program = &progs.textured
		s.texture = lib.texture(m.Texture)
	}
	roughness, metallic := clamp01(m.Roughness), clamp01(m.Metallic)
	dielectric := 0.04 * (1 - metallic)
	for i, c := range m.Color {
		albedo := float32(sim.DecodeSRGB(float64(clamp01(c))))
		s.diffuse[i] = albedo * (1 - metallic)
		s.mirror[i] = albedo * metallic
		if m.Texture == nil {
			s.mirror[i] += dielectric
		}
	}
	s.mirror[3] = dielectric
	a := max(roughness*roughness, 0.02)
	s.gloss = [3]float32{a*a - 1, a * a / (roughness + 0.5), 0.5 / (0.25 + 0.75*roughness)}
	// Karis's fit with its last line, vec2(-1.04, 1.04)·a004 + k.zw, taken apart: what doesn't depend on the pixel is here.
	kx, ky, kz, kw := 1-roughness, 0.0425-0.0275*roughness, 1.04-0.572*roughness, 0.022*roughness-0.04
	s.fit = [4]float32{kz - 1.04*ky, kw + 1.04*ky, kx * kx, 1.04 * kx}
	return s
}

// RenderSetup sends the material to its program, which is current.
func (s *surface) RenderSetup(gs *gls.GLS) {
	gs.Uniform4fv(s.program.mirror, 1, &s.mirror[0])
	gs.Uniform3fv(s.program.gloss, 1, &s.gloss[0])
	gs.Uniform4fv(s.program.fit, 1, &s.fit[0])
	if s.texture != nil {
		s.texture.RenderSetup(gs, 0, 0)
	}
}

// RenderSetup sends the pose and the body's id to the surface's program, which is current.
func (o *solid) RenderSetup(gs *gls.GLS, _ *core.RenderInfo) {
	p, u := o.surface.program, &o.uniforms
	gs.UniformMatrix4fv(p.clipMesh, 1, false, &u.clipMesh[0])
	gs.UniformMatrix4fv(p.shadowMesh, 1, false, &u.shadowMesh[0])
	gs.Uniform4fv(p.eye, 1, &u.eye[0])
	gs.Uniform3fv(p.key, 1, &u.key[0])
	gs.Uniform3fv(p.up, 1, &u.up[0])
	d := &o.surface.diffuse
	gs.Uniform4f(p.diffuse, d[0], d[1], d[2], float32(o.body))
}

// meshUniforms are the view and the light in a mesh's frame, as the shaders want them.
type meshUniforms struct {
	clipMesh, shadowMesh math32.Matrix4
	eye                  [4]float32
	key, up              [3]float32
}

// place sets the uniforms of a frame.
func (o *solid) place(v *view, s *shadowMap, env *environment) {
	u, t := &o.uniforms, &o.tWorldMesh
	u.clipMesh.MultiplyMatrices(&v.worldClip, t)
	u.shadowMesh.MultiplyMatrices(&s.worldShadow, t)
	eye := [3]float32{v.eye[0] - t[12], v.eye[1] - t[13], v.eye[2] - t[14]}
	key := [3]float32{env.keyDir.X, env.keyDir.Y, env.keyDir.Z}
	for i := range 3 { // the rotation's transpose
		axis := t[4*i : 4*i+3]
		u.eye[i] = axis[0]*eye[0] + axis[1]*eye[1] + axis[2]*eye[2]
		u.key[i] = axis[0]*key[0] + axis[1]*key[1] + axis[2]*key[2]
		u.up[i] = axis[2]
	}
	u.eye[3] = s.texel
}

// setPose is the one place where a pose becomes a g3n transform: wxyz becomes xyzw.
func setPose(n *core.Node, p sim.Pose) {
	n.SetPosition(float32(p.Pos[0]), float32(p.Pos[1]), float32(p.Pos[2]))
	n.SetQuaternion(float32(p.Rot.V[0]), float32(p.Rot.V[1]), float32(p.Rot.V[2]), float32(p.Rot.W))
}

// pose moves the bodies. poses holds T_world_body by body id.
func (g *graph) pose(poses []sim.Pose) {
	changed := false
	for id, n := range g.bodies {
		if n != nil && g.poses[id] != poses[id] {
			g.poses[id] = poses[id]
			setPose(n, poses[id])
			changed = true
		}
	}
	if !changed {
		return
	}
	g.moved = true
	g.root.UpdateMatrixWorld()
	for _, o := range g.solids {
		o.tWorldMesh = o.MatrixWorld()
		o.centre = o.mesh.centre
		o.centre.ApplyMatrix4(&o.tWorldMesh)
	}
}

// cull lists in g.visible what a camera may see, nearest first, so that little is shaded in vain.
func (g *graph) cull(v *view) {
	g.visible = g.visible[:0]
	for _, o := range g.solids {
		if v.sees(&o.centre, o.mesh.radius) {
			o.far = v.depth(&o.centre) + o.mesh.radius
			g.visible = append(g.visible, o)
		}
	}
	slices.SortFunc(g.visible, func(a, b *solid) int {
		return cmp.Or(cmp.Compare(a.far, b.far), cmp.Compare(a.order, b.order))
	})
}

// A view is a camera as the GPU wants it.
type view struct {
	worldClip math32.Matrix4
	eye       [3]float32
	planes    [6][4]float32 // inward, unit normals: n·p + d ≥ 0 inside
	forward   [4]float32    // depth along cam z = forward·(p, 1)
}

// set prepares v for a camera. In a flipped view the picture's first row is the one that GL draws at the bottom, so that pixels are
// read back in the order in which a sim.Frame holds them; front faces then turn clockwise.
func (v *view) set(cam sim.Camera, flipped bool) {
	proj := cam.ProjectionGL()
	if flipped {
		for col := range 4 {
			proj[4*col+1] = -proj[4*col+1]
		}
	}
	clip := proj.Mul4(cam.ViewGL())
	for i, x := range clip {
		v.worldClip[i] = float32(x)
	}
	for i := range 3 {
		v.eye[i] = float32(cam.TWorldCam.Pos[i])
	}
	w := clip.Row(3)
	for i := range 4 {
		v.forward[i] = float32(w[i]) // see Camera.ProjectionGL: clip w is the depth
	}
	for i := range 6 { // Gribb and Hartmann 2001: -w ≤ x, y, z ≤ w
		row := clip.Row(i / 2)
		if i%2 == 1 {
			row = row.Mul(-1)
		}
		plane := w.Add(row)
		plane = plane.Mul(1 / plane.Vec3().Len())
		for k := range 4 {
			v.planes[i][k] = float32(plane[k])
		}
	}
}

func (v *view) sees(centre *math32.Vector3, radius float32) bool {
	for i := range v.planes {
		if along(&v.planes[i], centre) < -radius {
			return false
		}
	}
	return true
}

func (v *view) depth(p *math32.Vector3) float32 { return along(&v.forward, p) }

func along(plane *[4]float32, p *math32.Vector3) float32 {
	return plane[0]*p.X + plane[1]*p.Y + plane[2]*p.Z + plane[3]
}

func clamp01(x float32) float32 { return max(0, min(1, x)) }
