package relate

import (
	"fmt"
	"math"
	"sync"

	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
)

// FromScene is the world that cam sees: thing i is object i of the scene, where its Data has it now. The World keeps nothing of the Scene but
// read-only names and geometry.
func FromScene(s *scenes.Scene, cam sim.Camera) (*World, error) {
	things := make([]Thing, len(s.Objects))
	for i := range s.Objects {
		p := &s.Objects[i]
		d := p.Design
		things[i] = Thing{
			Name: p.Name, Nouns: d.Names, Color: p.Color.Name, Mixed: d.Mixed(p.Color), TWorldObj: s.Data.BodyPose(s.Bodies[i]), Points: corners(d),
			Front: d.Front, Upright: d.Upright, Parts: d.PartNames(),
		}
		if on := d.Support; on != nil {
			things[i].Support = &Support{Area: polygon(on.Area), Z: on.Z, Depth: on.Depth}
			if on.Depth > 0 {
				things[i].Support.Opening = polygon(on.Opening)
			}
		}
	}
	all := s.Setting.Tables
	if len(all) == 0 {
		all = []scenes.Table{scenes.DefaultTable}
	}
	tables := make([]Table, len(all))
	for i, t := range all {
		name := scenes.TableBody
		if i > 0 {
			name = fmt.Sprintf("%s %d", name, i+1)
		}
		id, err := s.Model.BodyID(name)
		if err != nil {
			return nil, fmt.Errorf("relate: %w", err)
		}
		tables[i] = Table{Body: id, Min: Vec2{t.Top.MinX, t.Top.MinY}, Max: Vec2{t.Top.MaxX, t.Top.MaxY}, Z: t.Z}
	}
	return New(things, tables, cam)
}

// hulls keeps the corners of each design: its meshes never change.
var hulls sync.Map // *scenes.Design → []sim.Vec3

// corners are the vertices of a design's meshes that are extreme in one of 32 horizontal and 96 other directions: their hull is the
// object's to within a half percent of its size.
func corners(d *scenes.Design) []sim.Vec3 {
	if known, ok := hulls.Load(d); ok {
		return known.([]sim.Vec3)
	}
	var all []sim.Vec3
	for _, part := range d.Parts() {
		pose := part.TObjPart
		if pose == (sim.Pose{}) {
			pose = sim.Identity()
		}
		for _, v := range part.Mesh.Positions {
			all = append(all, pose.Apply(sim.Vec3{float64(v[0]), float64(v[1]), float64(v[2])}))
		}
	}
	seen := map[sim.Vec3]bool{}
	var out []sim.Vec3
	add := func(dir sim.Vec3) {
		if p := extreme(all, dir); !seen[p] {
			seen[p] = true
			out = append(out, p)
		}
	}
	const around, about = 32, 96
	for k := range around {
		a := 2 * math.Pi * float64(k) / around
		add(sim.Vec3{math.Cos(a), math.Sin(a), 0})
	}
	for k := range about { // a spiral of equal areas over the sphere
		z := 1 - (2*float64(k)+1)/about
		a := float64(k) * math.Pi * (3 - math.Sqrt(5))
		r := math.Sqrt(1 - z*z)
		add(sim.Vec3{r * math.Cos(a), r * math.Sin(a), z})
	}
	for axis := range 3 { // so that sizes along the axes are exact
		for _, sign := range []float64{-1, 1} {
			var dir sim.Vec3
			dir[axis] = sign
			add(dir)
		}
	}
	kept, _ := hulls.LoadOrStore(d, out)
	return kept.([]sim.Vec3)
}

// polygon is a footprint with its round corners cut into eighths of a right angle, at most 0.5 % outside of the arcs.
func polygon(f scenes.Footprint) Outline {
	const arc = 8
	var points []Vec2
	c, s := math.Cos(f.Yaw), math.Sin(f.Yaw)
	add := func(x, y float64) { points = append(points, Vec2{f.X + c*x - s*y, f.Y + s*x + c*y}) }
	for _, k := range [4][2]float64{{1, 1}, {-1, 1}, {-1, -1}, {1, -1}} {
		x, y := k[0]*f.HalfX, k[1]*f.HalfY
		if f.Radius <= 0 {
			add(x, y)
			continue
		}
		start := math.Atan2(k[1], k[0]) - math.Pi/4
		step := math.Pi / 2 / arc
		r := f.Radius / math.Cos(step/2)
		for i := range arc {
			a := start + step*(float64(i)+0.5)
			add(x+r*math.Cos(a), y+r*math.Sin(a))
		}
	}
	return Hull(points)
}
