package render

// #include "light.h"
// #include "raster.h"
import "C"

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/g3n/engine/core"
	"github.com/g3n/engine/gls"
	"github.com/g3n/engine/graphic"
	"github.com/g3n/engine/material"
	"github.com/g3n/engine/math32"
	"github.com/go-gl/mathgl/mgl64"

	"github.com/refarena/refarena/sim"
)

// A Scene is what there is to draw, without physics: meshes that move with bodies, and the light. It is immutable and compared by
// pointer: drawing the same Scene again sends nothing but poses. A Model's scene is made by Render.
type Scene struct {
	Visuals     []sim.Visual
	Environment sim.Environment
}

// maxVisuals is how many visuals the 12 bits of a pixel can tell apart, see light.h.
const maxVisuals = 1<<12 - 1

// check says what is wrong with the scene, for nBody bodies.
func (s *Scene) check(nBody int) error {
	if len(s.Visuals) > maxVisuals {
		return fmt.Errorf("render: %d visuals (at most %d)", len(s.Visuals), maxVisuals)
	}
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

	visualBody []int32           // body ids by visual number; -1 for 0, nothing
	materials  []C.lightMaterial // … by visual number

	visible []*solid // of the frame being drawn, nearest first
}

// An environment is a sim.Environment as the shaders want it.
type environment struct {
	keyDir                math32.Vector3 // unit
	keyColor, sky, ground [3]float32
	background            [4]float32
	keyAngle              float32 // [rad]
}

// A solid is a mesh with a material in the graph.
type solid struct {
	graphic.Graphic
	mesh       *mesh
	surface    *surface
	body       int32
	tWorldMesh math32.Matrix4
	centre     math32.Vector3 // of the bounding sphere, in the world
	order      int            // in the scene
	far        float32        // sort key: depth of the bounding sphere's far end [m]

	// For GL, of this frame.
	program  *surfaceProgram
	clipMesh math32.Matrix4
	rotation [9]float32 // of tWorldMesh
}

// A surface is a g3n material.
type surface struct {
	material.Material
	print *print // or nil
}

// newGraph builds the nodes of a checked scene. Meshes and textures come from the library. The graph's own buffers are freed by free.
func newGraph(s *Scene, nBody int, lib *library) *graph {
	g := &graph{
		root:   core.NewNode(),
		bodies: make([]*core.Node, nBody),
		poses:  make([]sim.Pose, nBody),
		env:    newEnvironment(s.Environment),
		moved:  true,
	}
	lib.scenes++
	for i, v := range s.Visuals {
		if len(v.Mesh.Indices) == 0 {
			continue
		}
		if g.bodies[v.Body] == nil {
			g.bodies[v.Body] = core.NewNode()
			g.root.Add(g.bodies[v.Body])
		}
		o := &solid{mesh: lib.mesh(v.Mesh), surface: newSurface(v.Material, lib), body: int32(v.Body), order: i}
		o.Graphic.Init(o, o.mesh, gls.TRIANGLES)
		o.AddMaterial(o, o.surface, 0, 0)
		setPose(&o.Node, v.TBodyVisual)
		g.bodies[v.Body].Add(o)
		g.solids = append(g.solids, o)
	}
	g.visualBody = cSlice[int32](len(s.Visuals) + 1)
	g.materials = cSlice[C.lightMaterial](len(s.Visuals) + 1)
	g.visualBody[0] = -1
	for i, v := range s.Visuals {
		g.visualBody[i+1] = int32(v.Body)
		g.materials[i+1] = newMaterial(v.Material)
	}
	g.visible = make([]*solid, 0, len(g.solids))
	g.casters = newCasters(g)
	lib.trim()
	return g
}

func (g *graph) free() {
	g.casters.free()
	freeSlice(&g.visualBody)
	freeSlice(&g.materials)
}

func newMaterial(m sim.Material) (out C.lightMaterial) {
	for i, c := range m.Color {
		out.albedo[i] = C.float(sim.DecodeSRGB(float64(clamp01(c))))
	}
	out.roughness, out.metallic = C.float(clamp01(m.Roughness)), C.float(clamp01(m.Metallic))
	if m.Texture != nil {
		out.textured = 1
	}
	return out
}

func newEnvironment(e sim.Environment) environment {
	dir := e.KeyDir
	if dir.Len() == 0 {
		dir = sim.Vec3{0, 0, 1}
	}
	dir = dir.Normalize()
	b, gain := e.Background, e.Gain()
	out := environment{
		keyDir:     math32.Vector3{X: float32(dir[0]), Y: float32(dir[1]), Z: float32(dir[2])},
		background: [4]float32{clamp01(b[0]), clamp01(b[1]), clamp01(b[2]), 1},
		keyAngle:   float32(e.KeyAngle),
	}
	for i, g := range gain { // the camera's gain, applied to the lights: shading is linear in them
		out.keyColor[i], out.sky[i], out.ground[i] = g*e.KeyColor[i], g*e.Sky[i], g*e.Ground[i]
	}
	return out
}

func newSurface(m sim.Material, lib *library) *surface {
	s := new(surface)
	s.Material.Init()
	if m.Texture != nil {
		s.print = lib.print(m.Texture)
	}
	return s
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

// A view is a camera as seers and light want it.
type view struct {
	worldClip math32.Matrix4
	pixel     [3][4]float64 // world to (x, y, 1) · depth, x and y in pixels; rows
	nearest   float64       // depths that are seen [m]
	farthest  float64       // …
	eye       [3]float32
	rays      [3][3]float32 // see screen.vert: RayCorner, RayX, RayY
	clip      [2]float32    // … Clip
	focal     float32       // [px]
	planes    [6][4]float32 // inward, unit normals: n·p + d ≥ 0 inside
	guards    [4][4]float32 // … of the picture and the guard around it, see raster.c
	forward   [4]float32    // depth along cam z = forward·(p, 1)
}

// set prepares v for a camera. GL's view is flipped: the picture's first row is the one that GL draws at the bottom, so that pixels are
// read back in the order in which a sim.Frame holds them; front faces then turn clockwise.
func (v *view) set(cam sim.Camera) {
	proj := cam.ProjectionGL()
	for col := range 4 {
		proj[4*col+1] = -proj[4*col+1]
	}
	clip := proj.Mul4(cam.ViewGL())
	for i, x := range clip {
		v.worldClip[i] = float32(x)
	}
	for i := range 3 {
		v.eye[i] = float32(cam.TWorldCam.Pos[i])
	}
	w, h := float64(cam.Width), float64(cam.Height)
	for i, d := range [3]sim.Vec3{{-cam.Cx / cam.Fx, -cam.Cy / cam.Fy, 1}, {w / cam.Fx, 0, 0}, {0, h / cam.Fy, 0}} {
		d = cam.TWorldCam.Rot.Rotate(d)
		v.rays[i] = [3]float32{float32(d[0]), float32(d[1]), float32(d[2])}
	}
	v.nearest, v.farthest = cam.Clip()
	v.clip = [2]float32{float32(1 / v.nearest), float32(1/v.nearest - 1/v.farthest)}
	v.focal = float32(cam.Fx)
	row3 := clip.Row(3)
	for i, size := range [3]float64{w, h, 0} {
		row := row3
		if i < 2 {
			row = clip.Row(i).Add(row3).Mul(size / 2) // from -1…1 to pixels
		}
		v.pixel[i] = row
	}
	for i := range 4 {
		v.forward[i] = float32(row3[i]) // see Camera.ProjectionGL: clip w is the depth
	}
	for i := range 4 {
		axis, size, guard := v.pixel[i/2], [2]float64{w, h}[i/2], float64(C.RASTER_GUARD)
		plane := mgl64.Vec4(axis).Add(row3.Mul(guard))
		if i%2 == 1 {
			plane = row3.Mul(size + guard).Sub(axis)
		}
		plane = plane.Mul(1 / plane.Vec3().Len())
		for k := range 4 {
			v.guards[i][k] = float32(plane[k])
		}
	}
	for i := range 6 { // Gribb and Hartmann 2001: -w ≤ x, y, z ≤ w
		row := clip.Row(i / 2)
		if i%2 == 1 {
			row = row.Mul(-1)
		}
		plane := row3.Add(row)
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

// leaves says whether part of a solid may be too near, behind the camera, or beyond the guard around the picture.
func (v *view) leaves(o *solid) bool {
	r := o.mesh.radius
	if v.depth(&o.centre)-r < 1.01*float32(v.nearest) {
		return true
	}
	for i := range 4 {
		if along(&v.guards[i], &o.centre) < r {
			return true
		}
	}
	return false
}

func (v *view) depth(p *math32.Vector3) float32 { return along(&v.forward, p) }

func along(plane *[4]float32, p *math32.Vector3) float32 {
	return plane[0]*p.X + plane[1]*p.Y + plane[2]*p.Z + plane[3]
}

func clamp01(x float32) float32 { return max(0, min(1, x)) }
