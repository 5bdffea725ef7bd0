package relate

import (
	"fmt"
	"math"

	"github.com/refarena/refarena/sim"
)

// A Thing is an object as the predicates see it: the convex hull of its points, with names.
type Thing struct {
	Name      string     // unique in the world
	Nouns     []string   // what people call it, singular: the category first
	Color     string     // one word
	Mixed     []string   // colours for which "the red thing" may or may not mean it: see scenes.Design.Mixed
	TWorldObj sim.Pose   // the object's frame: z up when it stands as it should, x to its front
	Points    []sim.Vec3 // in the object's frame [m]: at least the corners of its convex hull; shared, read only
	Front     string     // what points along +x: "handle", "face", …; "" if no side is its front
	Upright   bool       // it is meant to stand
	Support   *Support   // where others can be put on or in it; nil: nowhere
	Parts     []string   // the names of its parts
}

// A Support is a place on or in a thing where others can be put, in its frame.
type Support struct {
	Area    Outline // the flat surface
	Z       float64 // its height [m]
	Opening Outline // of a hollow thing: what the rim encloses; nil if it is not hollow
	Depth   float64 // of a hollow thing: how far the rim is above Z [m]
}

// Hollow reports whether things are put into it rather than onto it.
func (s *Support) Hollow() bool { return s != nil && s.Depth > 0 }

// A Table is a horizontal rectangle, parallel to the world's axes.
type Table struct {
	Body     int // id of what the camera sees as the table, in the sim.Model
	Min, Max Vec2
	Z        float64 // of its surface [m]
}

// Outline is the table's.
func (t Table) Outline() Outline {
	return Outline{t.Min, {t.Max[0], t.Min[1]}, t.Max, {t.Min[0], t.Max[1]}}
}

// A Solid is what a Thing amounts to in the world.
type Solid struct {
	Outline  Outline    // its shadow straight down
	Centre   Vec2       // the outline's centroid
	Lo, Hi   float64    // its lowest and highest z [m]
	Points   []sim.Vec3 // of the hull, in the world
	Extent   sim.Vec3   // full size along its own axes [m]
	Diagonal float64    // of the outline: its largest extent [m]
	Facing   Vec2       // where its front points, on the ground, of unit length; zero if it has none or it points up or down
	ImageMin Vec2       // the box around its whole picture, hidden parts included [px]; NaN if it is not all in front of the camera
	ImageMax Vec2
	axis     Vec2    // the direction the outline is longest in
	ratio    float64 // by how much
}

// Middle is the solid's middle in the world.
func (s *Solid) Middle() sim.Vec3 { return sim.Vec3{s.Centre[0], s.Centre[1], (s.Lo + s.Hi) / 2} }

// imageCentre is the middle of the image box [px].
func (s *Solid) imageCentre() Vec2 { return s.ImageMin.Add(s.ImageMax).Mul(0.5) }

// A World is things on tables in front of a camera. It does not change and is safe for concurrent use.
type World struct {
	Camera sim.Camera
	Things []Thing
	Tables []Table
	Solids []Solid // of Things, by index

	away, right Vec2        // the viewer's ground directions, of unit length
	eye         Vec2        // the camera from above
	gaps        [][]float64 // between outlines [m]
}

// maxPitch is how far a front may point up or down and still face a side [rad].
const maxPitch = math.Pi / 4

// New is the world of these things. The slices are kept. The error is for a camera that looks straight down or is none, for a thing without
// volume, and for two things of one name.
func New(things []Thing, tables []Table, cam sim.Camera) (*World, error) {
	if err := cam.Validate(); err != nil {
		return nil, fmt.Errorf("relate: %w", err)
	}
	z := cam.TWorldCam.Axis(2)
	away := Vec2{z[0], z[1]}
	if away.Len() < 0.1 {
		return nil, fmt.Errorf("relate: camera %q looks along %v: straight down there is no left or right on the ground", cam.Name, z)
	}
	away = away.Normalize()
	w := &World{
		Camera: cam, Things: things, Tables: tables, Solids: make([]Solid, len(things)),
		away: away, right: Vec2{away[1], -away[0]}, eye: Vec2{cam.TWorldCam.Pos[0], cam.TWorldCam.Pos[1]},
	}
	names := map[string]bool{}
	for i := range things {
		t := &things[i]
		if names[t.Name] {
			return nil, fmt.Errorf("relate: two things are called %q", t.Name)
		}
		names[t.Name] = true
		s, ok := t.solid(cam)
		if !ok {
			return nil, fmt.Errorf("relate: thing %q has no volume (%d points)", t.Name, len(t.Points))
		}
		w.Solids[i] = s
	}
	w.gaps = make([][]float64, len(things))
	for i := range things {
		w.gaps[i] = make([]float64, len(things))
		for j := range i {
			gap := w.Solids[i].Outline.Gap(w.Solids[j].Outline)
			w.gaps[i][j], w.gaps[j][i] = gap, gap
		}
	}
	return w, nil
}

func (t *Thing) solid(cam sim.Camera) (Solid, bool) {
	s := Solid{Lo: math.Inf(1), Hi: math.Inf(-1), Points: make([]sim.Vec3, len(t.Points))}
	inf := math.Inf(1)
	lo, hi := sim.Vec3{inf, inf, inf}, sim.Vec3{-inf, -inf, -inf}
	s.ImageMin, s.ImageMax = Vec2{inf, inf}, Vec2{-inf, -inf}
	ground := make([]Vec2, len(t.Points))
	turn := t.TWorldObj.Rot.Mat4().Mat3()
	for i, q := range t.Points {
		for k := range q {
			lo[k], hi[k] = min(lo[k], q[k]), max(hi[k], q[k])
		}
		p := turn.Mul3x1(q).Add(t.TWorldObj.Pos)
		s.Points[i], ground[i] = p, Vec2{p[0], p[1]}
		s.Lo, s.Hi = min(s.Lo, p[2]), max(s.Hi, p[2])
		px, _, ok := cam.Project(p)
		if !ok {
			px.X, px.Y = math.NaN(), math.NaN()
		}
		s.ImageMin = Vec2{min(s.ImageMin[0], px.X), min(s.ImageMin[1], px.Y)}
		s.ImageMax = Vec2{max(s.ImageMax[0], px.X), max(s.ImageMax[1], px.Y)}
	}
	if s.Outline = Hull(ground); s.Outline == nil || !(s.Hi > s.Lo) {
		return s, false
	}
	s.Centre, s.Extent = s.Outline.Centroid(), hi.Sub(lo)
	s.Diagonal = s.Outline.Diagonal()
	s.axis, s.ratio = s.Outline.axis()
	if x := t.TWorldObj.Axis(0); t.Front != "" && math.Abs(x[2]) < math.Sin(maxPitch) {
		s.Facing = Vec2{x[0], x[1]}.Normalize()
	}
	return s, true
}

// Away and Right are the viewer's ground directions, of unit length: from the camera into the picture, and to the picture's right.
func (w *World) Away() Vec2 { return w.away }

// Right is the ground direction to the picture's right, of unit length.
func (w *World) Right() Vec2 { return w.right }

// Gap is the distance between the outlines of two things, seen from above [m]; 0 if they overlap.
func (w *World) Gap(a, b int) float64 { return w.gaps[a][b] }

// TableOf is the index of the table whose surface is below the middle of thing t and within 5 cm of its lowest point; -1 if there is none.
func (w *World) TableOf(t int) int {
	s := &w.Solids[t]
	for i, table := range w.Tables {
		if table.Outline().Contains(s.Centre) && math.Abs(s.Lo-table.Z) <= SupportReach {
			return i
		}
	}
	return -1
}

// The support test of RefSpatial's generator (arXiv 2506.04308, appendix B): a thing stands on another if that one's surface is within
// SupportReach of its lowest point [m] and SupportShare of its outline lies over the other's.
const (
	SupportReach = 0.05
	SupportShare = 0.70
)

// Parent is the thing that thing t stands on or in; -1 if it stands on a table or on nothing. Of several it is the one with the highest
// surface, then the first. A surface above the thing's middle carries nothing.
func (w *World) Parent(t int) int {
	s := &w.Solids[t]
	parent, top := -1, math.Inf(-1)
	for i := range w.Things {
		if i == t || w.gaps[i][t] > 0 {
			continue
		}
		on := &w.Solids[i]
		z := on.Hi
		if sup := w.Things[i].Support; sup != nil {
			z = w.Things[i].TWorldObj.Apply(sim.Vec3{0, 0, sup.Z})[2]
		}
		if math.Abs(s.Lo-z) > SupportReach || z >= (s.Lo+s.Hi)/2 || on.Lo >= s.Lo-0.001 {
			continue
		}
		if s.Outline.Overlap(on.Outline) >= SupportShare*s.Outline.Area() && z > top {
			parent, top = i, z
		}
	}
	return parent
}

// edge is the table edge that the viewer calls so: a point of it and its direction outward. ok is false unless there is one table and the
// camera looks within 25° along one of its sides, so that nobody can take one edge for another.
func (w *World) edge(side Way) (at, out Vec2, ok bool) {
	if len(w.Tables) != 1 {
		return at, out, false
	}
	t := w.Tables[0]
	toward := map[Way]Vec2{ToLeft: w.right.Mul(-1), ToRight: w.right, ToViewer: w.away.Mul(-1), Away: w.away}[side]
	for _, e := range []struct{ at, out Vec2 }{{t.Min, Vec2{-1, 0}}, {t.Min, Vec2{0, -1}}, {t.Max, Vec2{1, 0}}, {t.Max, Vec2{0, 1}}} {
		if e.out.Dot(toward) >= math.Cos(25*math.Pi/180) {
			return e.at, e.out, true
		}
	}
	return at, out, false
}

// TableEdge is the line of the only table's edge that the viewer calls so: its two ends in the world. ok as for the predicates: false unless
// there is one table whose sides the camera looks along, to 25°.
func (w *World) TableEdge(side Way) (from, to sim.Vec3, ok bool) {
	at, out, ok := w.edge(side)
	if !ok {
		return from, to, false
	}
	t := w.Tables[0]
	other := t.Min.Add(t.Max).Sub(at)
	along := Vec2{-out[1], out[0]}
	end := at.Add(along.Mul(other.Sub(at).Dot(along)))
	return sim.Vec3{at[0], at[1], t.Z}, sim.Vec3{end[0], end[1], t.Z}, true
}

// cornerSides are the two edges that meet in a corner.
func cornerSides(corner Way) (lateral, sagittal Way) {
	switch corner {
	case NearLeft:
		return ToLeft, ToViewer
	case NearRight:
		return ToRight, ToViewer
	case FarLeft:
		return ToLeft, Away
	case FarRight:
		return ToRight, Away
	}
	panic(fmt.Sprintf("relate: way %d is no corner", corner))
}

// TableCorner is the only table's corner that the viewer calls so. ok as for TableEdge.
func (w *World) TableCorner(corner Way) (at sim.Vec3, ok bool) {
	lateral, sagittal := cornerSides(corner)
	p, out, ok := w.edge(lateral)
	q, back, ok2 := w.edge(sagittal)
	if !ok || !ok2 {
		return at, false
	}
	// Each edge fixes the coordinate along its own outward direction.
	c := Vec2{p[0]*out[0]*out[0] + q[0]*back[0]*back[0], p[1]*out[1]*out[1] + q[1]*back[1]*back[1]}
	return sim.Vec3{c[0], c[1], w.Tables[0].Z}, true
}

// angleTo is the angle between two directions of the plane [rad, 0…π].
func angleTo(a, b Vec2) float64 { return math.Abs(math.Atan2(cross(a, b), a.Dot(b))) }

func deg(d float64) float64 { return d * math.Pi / 180 }
