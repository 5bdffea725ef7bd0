package scenes

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// A Table is what objects stand on. It reaches down to the floor.
type Table struct {
	Top    Zone    // the outline of its top
	Z      float64 // height of the top, in the world [m]
	Finish string  // of the top, one of Finishes; "" means oak
	Frame  string  // its legs and rails, one of Frames; "" means graphite
}

// DefaultTable stands in front of a robot at the world's origin, as high as the robot's base.
var DefaultTable = Table{Top: Zone{0.17, 0.95, -0.65, 0.65}}

// TableBody is the name of the first table's body in the Spec; the second one's is TableBody and " 2". The floor belongs to the world.
const TableBody = "table"

// FloorZ is the height of the floor, in the world [m]: a table top at z = 0 is 0.75 m high.
const FloorZ = -0.75

const (
	tableThickness = 0.035
	legSize        = 0.05
	// edgeMargin is how far the outlines of objects stay away from a table's edge [m].
	edgeMargin = 0.03
	// A table may be this small and this large [m].
	minTableSide, maxTableSide = 0.15, 3.0
)

// tableName is the name of the body of the i-th table.
func tableName(i int) string {
	if i == 0 {
		return TableBody
	}
	return fmt.Sprintf("%s %d", TableBody, i+1)
}

// validate says what is wrong with the table, if anything.
func (t Table) validate() error {
	for _, side := range []float64{t.Top.MaxX - t.Top.MinX, t.Top.MaxY - t.Top.MinY} {
		if !(side >= minTableSide && side <= maxTableSide) {
			return fmt.Errorf("scenes: a table of %.3g × %.3g m (want sides of %g to %g m)",
				t.Top.MaxX-t.Top.MinX, t.Top.MaxY-t.Top.MinY, minTableSide, maxTableSide)
		}
	}
	if !(t.Z >= -0.4 && t.Z <= 0.4) {
		return fmt.Errorf("scenes: a table top at z = %g m (want -0.4…0.4)", t.Z)
	}
	if _, err := findFinish(t.Finish); err != nil {
		return err
	}
	_, err := findFrame(t.Frame)
	return err
}

// A tableFinish is how a table top looks.
type tableFinish struct {
	name     string
	material func() sim.Material
}

func (w woodTone) tableTop() sim.Material {
	return sim.Material{Name: "wood", Color: [3]float32{1, 1, 1}, Roughness: 0.55, Texture: w.planks()}
}

// tableFinishes are those that are not wood.
var tableFinishes = func() []tableFinish {
	laminate := func(name string, rgb [3]float32, roughness float32) tableFinish {
		return tableFinish{name, func() sim.Material { return sim.Material{Name: name, Color: rgb, Roughness: roughness} }}
	}
	return []tableFinish{
		laminate("white laminate", [3]float32{0.84, 0.84, 0.82}, 0.6),
		laminate("grey laminate", [3]float32{0.52, 0.54, 0.56}, 0.6),
		laminate("green linoleum", [3]float32{0.35, 0.43, 0.37}, 0.7),
		{"marble", func() sim.Material {
			return sim.Material{Name: "marble", Color: [3]float32{1, 1, 1}, Roughness: 0.4, Texture: marble()}
		}},
		{"checked cloth", func() sim.Material {
			return sim.Material{Name: "checked cloth", Color: [3]float32{1, 1, 1}, Roughness: 0.95, Texture: checks()}
		}},
	}
}()

// Finishes are the names of what table tops are made of: the Woods, then others.
func Finishes() []string {
	names := Woods()
	for _, f := range tableFinishes {
		names = append(names, f.name)
	}
	return names
}

func findFinish(name string) (tableFinish, error) {
	name = cmp.Or(name, "oak")
	if w, err := findWood(name); err == nil {
		return tableFinish{w.name, w.tableTop}, nil
	}
	for _, f := range tableFinishes {
		if f.name == name {
			return f, nil
		}
	}
	return tableFinish{}, fmt.Errorf("scenes: no table finish %q (have %s)", name, strings.Join(Finishes(), ", "))
}

var tableFrames = []sim.Material{
	{Name: "graphite", Color: [3]float32{0.24, 0.25, 0.27}, Roughness: 0.5},
	{Name: "white", Color: [3]float32{0.85, 0.85, 0.84}, Roughness: 0.45},
	{Name: "beech", Color: [3]float32{0.72, 0.55, 0.37}, Roughness: 0.6},
}

// Frames are the names of what the legs of tables are made of.
func Frames() []string {
	names := make([]string, len(tableFrames))
	for i, f := range tableFrames {
		names[i] = f.Name
	}
	return names
}

func findFrame(name string) (sim.Material, error) {
	name = cmp.Or(name, "graphite")
	for _, f := range tableFrames {
		if f.Name == name {
			return f, nil
		}
	}
	return sim.Material{}, fmt.Errorf("scenes: no table frame %q (have %s)", name, strings.Join(Frames(), ", "))
}

// size is the extent of the top and the height of the legs [m].
func (t Table) size() [3]float64 {
	return [3]float64{t.Top.MaxX - t.Top.MinX, t.Top.MaxY - t.Top.MinY, t.Z - FloorZ - tableThickness}
}

func (t Table) middle() (x, y float64) {
	return (t.Top.MinX + t.Top.MaxX) / 2, (t.Top.MinY + t.Top.MaxY) / 2
}

// build adds the table: a fixed body whose frame is in the middle of the top's upper surface.
func (t Table) build(world *sim.Body, name string) error {
	finish, err := findFinish(t.Finish)
	if err != nil {
		return err
	}
	frame, err := findFrame(t.Frame)
	if err != nil {
		return err
	}
	x, y := t.middle()
	size := t.size()
	b := world.AddBody(name, sim.Translation(x, y, t.Z))
	top := sim.Translation(0, 0, -tableThickness/2)
	b.AddGeom(sim.Geom{
		Name: name + " top", Type: sim.GeomBox, Size: sim.Vec3{size[0] / 2, size[1] / 2, tableThickness / 2}, Pose: top,
		Friction: [3]float64{0.45, 0.004, 0.0001}, Solref: contactSolref,
	})
	for _, leg := range tableLegs(size) {
		b.AddGeom(sim.Geom{Type: sim.GeomBox, Size: sim.Vec3{legSize / 2, legSize / 2, size[2] / 2}, Pose: sim.Translation(leg[0], leg[1], -tableThickness-size[2]/2)})
	}
	meshes := tableMeshesOf(size)
	b.AddVisual(top, meshes.top, finish.material())
	b.AddVisual(sim.Identity(), meshes.frame, frame)
	return nil
}

func tableLegs(size [3]float64) [4][2]float64 {
	const inset = 0.06
	x, y := size[0]/2-min(inset, size[0]/4), size[1]/2-min(inset, size[1]/4)
	return [4][2]float64{{-x, -y}, {x, -y}, {x, y}, {-x, y}}
}

// A tableMeshes is the top, about its own middle, and legs and rails in the table's frame.
type tableMeshes struct{ top, frame *shape.Mesh }

// knownTables keeps the meshes of each size, because renderers tell meshes apart by pointer. Drawn tables come in about
// a thousand sizes, some 15 kB each.
var knownTables struct {
	sync.Mutex
	m map[[3]float64]tableMeshes
}

func tableMeshesOf(size [3]float64) tableMeshes {
	knownTables.Lock()
	defer knownTables.Unlock()
	if m, ok := knownTables.m[size]; ok {
		return m
	}
	var parts []*shape.Mesh
	for _, leg := range tableLegs(size) {
		parts = append(parts, shape.Box([3]float64{legSize, legSize, size[2]}, 0).Moved(leg[0], leg[1], -tableThickness-size[2]/2))
	}
	const rail = 0.06
	corner := tableLegs(size)[2]
	for _, side := range []float64{-1, 1} {
		parts = append(parts,
			shape.Box([3]float64{2 * corner[0], 0.02, rail}, 0).Moved(0, side*corner[1], -tableThickness-rail/2),
			shape.Box([3]float64{0.02, 2 * corner[1], rail}, 0).Moved(side*corner[0], 0, -tableThickness-rail/2))
	}
	m := tableMeshes{
		top:   shape.Box([3]float64{size[0], size[1], tableThickness}, 0.004).Named("table top"),
		frame: shape.Merge("table frame", parts...),
	}
	if knownTables.m == nil {
		knownTables.m = map[[3]float64]tableMeshes{}
	}
	knownTables.m[size] = m
	return m
}

// marble is white stone with grey veins.
func marble() *sim.Texture {
	return texture("marble", 384, 384, func(u, v float64) [3]float32 {
		warp := noise(u*4, v*4, 4, 21)*0.8 + noise(u*12, v*12, 12, 22)*0.3 + noise(u*36, v*36, 36, 23)*0.1
		vein := math.Abs(math.Sin(math.Pi * (2*u + 3*v + 2.4*warp)))
		fine := math.Abs(math.Sin(math.Pi * (5*u - 4*v + 3*warp)))
		c := mix([3]float32{0.90, 0.89, 0.87}, [3]float32{0.84, 0.83, 0.82}, noise(u*6, v*6, 6, 24))
		c = mix(c, [3]float32{0.58, 0.58, 0.60}, inside(vein-0.04, 0.12)*0.6)
		return mix(c, [3]float32{0.66, 0.65, 0.64}, inside(fine-0.02, 0.06)*0.35)
	})
}

// checks is a table cloth: blue threads woven with white ones, 12 checks across.
func checks() *sim.Texture {
	return texture("checks", 384, 384, func(u, v float64) [3]float32 {
		const count = 12
		band := func(x float64) float64 { return inside(0.25-math.Abs(math.Mod(x*count, 1)-0.5), 0.02) }
		weave := 0.04 * (hash01(int(u*384), int(v*384), 25) - 0.5)
		c := mix([3]float32{0.90, 0.89, 0.86}, [3]float32{0.38, 0.48, 0.66}, 0.5*(band(u)+band(v)))
		for i := range c {
			c[i] += float32(weave)
		}
		return c
	})
}

// inset is the zone without a margin of d [m] at its edges; empty zones are allowed.
func (z Zone) inset(d float64) Zone { return Zone{z.MinX + d, z.MaxX - d, z.MinY + d, z.MaxY - d} }

// meet is what two zones have in common; it may be empty.
func (z Zone) meet(o Zone) Zone {
	return Zone{max(z.MinX, o.MinX), min(z.MaxX, o.MaxX), max(z.MinY, o.MinY), min(z.MaxY, o.MaxY)}
}

func (z Zone) empty() bool { return !(z.MaxX > z.MinX && z.MaxY > z.MinY) }

// area is in m².
func (z Zone) area() float64 {
	if z.empty() {
		return 0
	}
	return (z.MaxX - z.MinX) * (z.MaxY - z.MinY)
}

// depth is how far the point is inside the zone [m]; negative outside.
func (z Zone) depth(x, y float64) float64 {
	return min(x-z.MinX, z.MaxX-x, y-z.MinY, z.MaxY-y)
}

// tables are the setting's tables.
func (s Setting) tables() []Table {
	if len(s.Tables) == 0 {
		return []Table{DefaultTable}
	}
	return s.Tables
}

// TableUnder is the index of the table whose top the place (x, y) is on [m, world]; -1: none.
func (l *Layout) TableUnder(x, y float64) int {
	return slices.IndexFunc(l.Setting.tables(), func(t Table) bool { return t.Top.depth(x, y) >= 0 })
}
