package scenes

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// A Setting is a scene without its objects: tables, room, light and view. The zero value is ready to use: DefaultTable on pale
// tiles, no wall, daylight from a window, seen through DefaultCamera.
type Setting struct {
	Tables []Table         // one or two, the first in front of the robot; none means DefaultTable
	Floor  string          // one of Floors; "" means tiles
	Wall   string          // behind the robot, one of Walls; "" means no wall
	Light  sim.Environment // zero means sim.DefaultEnvironment
	View   View            // how the referee sees it
}

// A View is where the referee's camera is. The zero value means DefaultCamera's.
type View struct {
	Eye, Target sim.Vec3 // the camera's centre and what it looks at, in the world
	FovyDeg     float64  // vertical field of view [degrees]
}

var defaultView = View{Eye: sim.Vec3{1.25, 0, 0.95}, Target: sim.Vec3{0.36, 0, 0.06}, FovyDeg: 42}

func (v View) camera(width, height int) sim.Camera {
	v = cmp.Or(v, defaultView)
	return sim.NewCamera("referee", width, height, v.FovyDeg, sim.LookAt(v.Eye, v.Target))
}

// wallX is where the wall behind the robot is, in the world [m]: out of the reach of its arm.
const wallX = -1.35

// A roomSurface is how a floor or a wall looks.
type roomSurface struct {
	name  string
	mesh  func() *shape.Mesh
	side  [2]func() *shape.Mesh // with a window: of the wall at the robot's left, at its right
	paint func() sim.Material
}

func plainSurface(name string, rgb [3]float32, roughness float32) roomSurface {
	material := sim.Material{Name: name, Color: rgb, Roughness: roughness}
	return roomSurface{name, onceMesh(func() *shape.Mesh { return sheet(1) }), sides(1), func() sim.Material { return material }}
}

// printedSurface repeats a picture every so many m.
func printedSurface(name string, repeat float64, roughness float32, picture func() *sim.Texture) roomSurface {
	return roomSurface{name, onceMesh(func() *shape.Mesh { return sheet(repeat) }), sides(repeat), func() sim.Material {
		return sim.Material{Name: name, Color: [3]float32{1, 1, 1}, Roughness: roughness, Texture: picture()}
	}}
}

var floors = []roomSurface{
	printedSurface("tiles", 0.5, 0.8, tiles),
	printedSurface("parquet", 1.2, 0.6, parquet),
	printedSurface("carpet", 0.8, 1, carpet),
	plainSurface("concrete", [3]float32{0.50, 0.50, 0.49}, 0.85),
	plainSurface("dark linoleum", [3]float32{0.27, 0.29, 0.32}, 0.7),
}

var walls = []roomSurface{
	plainSurface("white", [3]float32{0.86, 0.86, 0.84}, 0.9),
	plainSurface("cream", [3]float32{0.84, 0.78, 0.66}, 0.9),
	plainSurface("sage", [3]float32{0.60, 0.67, 0.60}, 0.9),
	plainSurface("blue grey", [3]float32{0.48, 0.55, 0.63}, 0.9),
	plainSurface("terracotta", [3]float32{0.66, 0.43, 0.34}, 0.9),
	printedSurface("brick", 0.8, 0.95, bricks),
}

func surfaceNames(all []roomSurface) []string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.name
	}
	return names
}

// Floors are the names of what floors are made of.
func Floors() []string { return surfaceNames(floors) }

// Walls are the names of how walls are painted.
func Walls() []string { return surfaceNames(walls) }

func findSurface(what, name string, all []roomSurface) (roomSurface, error) {
	for _, s := range all {
		if s.name == name {
			return s, nil
		}
	}
	return roomSurface{}, fmt.Errorf("scenes: no %s %q (have %s)", what, name, strings.Join(surfaceNames(all), ", "))
}

// Validate says what is wrong with the setting, if anything.
func (s Setting) Validate() error {
	if len(s.Tables) > 2 {
		return fmt.Errorf("scenes: %d tables (want 1 or 2)", len(s.Tables))
	}
	for _, t := range s.Tables {
		if err := t.validate(); err != nil {
			return err
		}
	}
	if len(s.Tables) == 2 && !s.Tables[0].Top.meet(s.Tables[1].Top).empty() {
		return fmt.Errorf("scenes: two tables in one place: %+v and %+v", s.Tables[0].Top, s.Tables[1].Top)
	}
	if _, err := findSurface("floor", cmp.Or(s.Floor, floors[0].name), floors); err != nil {
		return err
	}
	if s.Wall != "" {
		if _, err := findSurface("wall", s.Wall, walls); err != nil {
			return err
		}
	}
	if v := cmp.Or(s.View, defaultView); !(v.FovyDeg > 1 && v.FovyDeg < 150) || !(v.Eye.Sub(v.Target).Len() > 0.01) {
		return fmt.Errorf("scenes: a view from %v to %v with %g° (want two places, and 1…150°)", v.Eye, v.Target, v.FovyDeg)
	}
	return nil
}

// build adds room and tables.
func (s Setting) build(spec *sim.Spec) error {
	if err := s.Validate(); err != nil {
		return err
	}
	world := spec.World()
	world.AddGeom(sim.Geom{Name: "floor", Type: sim.GeomPlane, Size: sim.Vec3{0, 0, 1}, Pose: sim.Translation(0, 0, FloorZ), Friction: [3]float64{0.8, 0.005, 0.0001}})
	floor, err := findSurface("floor", cmp.Or(s.Floor, floors[0].name), floors)
	if err != nil {
		return err
	}
	world.AddVisual(sim.Translation(0, 0, FloorZ), floor.mesh(), floor.paint())
	if s.Wall != "" {
		wall, err := findSurface("wall", s.Wall, walls)
		if err != nil {
			return err
		}
		// The sheet's x becomes the world's y, its y the world's z: it looks along +x.
		upright := sim.QuatFromAxes(sim.Vec3{0, 1, 0}, sim.Vec3{0, 0, 1}, sim.Vec3{1, 0, 0})
		world.AddVisual(sim.Pose{Pos: sim.Vec3{wallX, 0, FloorZ + roomHalf}, Rot: upright}, wall.mesh(), wall.paint())
		world.AddVisual(sim.Translation(wallX+0.001, 0, FloorZ+0.04), skirtingMesh(), skirting)
		// The other walls meet it at the ends. They are to be seen by people who look around, not through the referee's cameras.
		for i, left := range []float64{1, -1} {
			inward := sim.QuatFromAxes(sim.Vec3{left, 0, 0}, sim.Vec3{0, 0, 1}, sim.Vec3{0, -left, 0})
			at := sim.Vec3{wallX + roomHalf, left * roomHalf, FloorZ + roomHalf}
			world.AddVisual(sim.Pose{Pos: at, Rot: inward}, wall.side[i](), wall.paint())
			world.AddVisual(sim.Pose{Pos: at, Rot: inward}, windowMesh[i](), skirting)
			along := sim.QuatFromAxes(sim.Vec3{0, -left, 0}, sim.Vec3{left, 0, 0}, sim.Vec3{0, 0, 1})
			world.AddVisual(sim.Pose{Pos: sim.Vec3{wallX + roomHalf, left * (roomHalf - 0.001), FloorZ + 0.04}, Rot: along}, skirtingMesh(), skirting)
		}
	}
	if s.Light != (sim.Environment{}) {
		spec.SetEnvironment(s.Light)
	}
	for i, t := range s.tables() {
		if err := t.build(world, tableName(i)); err != nil {
			return err
		}
	}
	return nil
}

// roomHalf is half the side of the square sheets that floor and wall are [m].
const roomHalf = 3.5

// sheet is a square in the plane z = 0 that is seen from above; a texture repeats every so many m.
func sheet(repeat float64) *shape.Mesh {
	const half = roomHalf
	up := [3]float32{0, 0, 1}
	n := float32(2 * half / repeat)
	return &shape.Mesh{
		Name:      "sheet",
		Positions: [][3]float32{{-half, -half, 0}, {half, -half, 0}, {half, half, 0}, {-half, half, 0}},
		Normals:   [][3]float32{up, up, up, up},
		UVs:       [][2]float32{{0, n}, {n, n}, {n, 0}, {0, 0}},
		Indices:   []uint32{0, 1, 2, 0, 2, 3},
	}
}

// The window in the walls at the robot's sides, in the wall's plane as seen from the room at its left [m]: it begins 0.6 m from the wall behind the robot. What
// is seen through it is the environment's background. It is larger than what the key light's shadows are drawn of.
var windowHole = Zone{-2.9, 0.3, -roomHalf + 0.95, -roomHalf + 2.35}

// hole is the window in one of the two side walls.
func hole(side int) Zone {
	h := windowHole
	if side == 1 { // x runs the other way there
		h.MinX, h.MaxX = -h.MaxX, -h.MinX
	}
	return h
}

// sides are the walls at the robot's sides: sheets with a window.
func sides(repeat float64) (out [2]func() *shape.Mesh) {
	for side := range out {
		out[side] = onceMesh(func() *shape.Mesh {
			h := hole(side)
			m := &shape.Mesh{Name: "wall with a window"}
			for _, z := range []Zone{
				{-roomHalf, roomHalf, -roomHalf, h.MinY}, {-roomHalf, roomHalf, h.MaxY, roomHalf}, {-roomHalf, h.MinX, h.MinY, h.MaxY}, {h.MaxX, roomHalf, h.MinY, h.MaxY},
			} {
				first := uint32(len(m.Positions))
				for _, p := range [4][2]float64{{z.MinX, z.MinY}, {z.MaxX, z.MinY}, {z.MaxX, z.MaxY}, {z.MinX, z.MaxY}} {
					m.Positions = append(m.Positions, [3]float32{float32(p[0]), float32(p[1]), 0})
					m.Normals = append(m.Normals, [3]float32{0, 0, 1})
					m.UVs = append(m.UVs, [2]float32{float32((p[0] + roomHalf) / repeat), float32((roomHalf - p[1]) / repeat)})
				}
				m.Indices = append(m.Indices, first, first+1, first+2, first, first+2, first+3)
			}
			return m
		})
	}
	return out
}

// windowMesh is the frame of the window in each side wall, with a post in the middle.
var windowMesh = func() (out [2]func() *shape.Mesh) {
	for side := range out {
		out[side] = onceMesh(func() *shape.Mesh {
			const wide, deep = 0.06, 0.08
			h := hole(side)
			w, t := h.MaxX-h.MinX, h.MaxY-h.MinY
			x, y := (h.MinX+h.MaxX)/2, (h.MinY+h.MaxY)/2
			bar := func(x, y, w, t float64) *shape.Mesh { return shape.Box([3]float64{w, t, deep}, 0.004).Moved(x, y, 0) }
			return shape.Merge("window frame", bar(x, h.MinY, w+wide, wide), bar(x, h.MaxY, w+wide, wide), bar(h.MinX, y, wide, t), bar(h.MaxX, y, wide, t), bar(x, y, wide/2, t))
		})
	}
	return out
}()

var (
	skirtingMesh = onceMesh(func() *shape.Mesh {
		// Painted on, as it were: the top of a board is thinner than a pixel from anywhere but near by, and would sparkle.
		return shape.Box([3]float64{0.0002, 2 * roomHalf, 0.08}, 0).Named("skirting board")
	})
	skirting = sim.Material{Name: "skirting board", Color: [3]float32{0.88, 0.87, 0.85}, Roughness: 0.5}
)

// parquet is a floor of staggered oak staves.
func parquet() *sim.Texture {
	return texture("parquet", 384, 384, func(u, v float64) [3]float32 {
		const rows = 9
		row := math.Floor(u * rows)
		along := v*2 + hash01(int(row), 3, 31)*2
		stave := math.Floor(math.Mod(along, 2))
		tone := hash01(int(row), int(stave), 32)
		grain := noise(u*rows*8, v*6, 72, uint64(row)*2+uint64(stave)+33)*0.7 + noise(u*300, v*24, 300, 34)*0.3
		c := mix([3]float32{0.62, 0.46, 0.31}, [3]float32{0.48, 0.33, 0.21}, 0.55*tone+0.4*grain)
		du := math.Min(math.Mod(u*rows, 1), 1-math.Mod(u*rows, 1)) / rows
		dv := math.Min(math.Mod(along, 1), 1-math.Mod(along, 1)) / 2
		return mix(c, [3]float32{0.22, 0.15, 0.10}, inside(min(du, dv)-0.001, 0.002)*0.7)
	})
}

// carpet is grey wool.
func carpet() *sim.Texture {
	return texture("carpet", 256, 256, func(u, v float64) [3]float32 {
		pile := hash01(int(u*256), int(v*256), 41)*0.6 + noise(u*8, v*8, 8, 42)*0.4
		return mix([3]float32{0.40, 0.38, 0.37}, [3]float32{0.52, 0.50, 0.48}, pile)
	})
}

// bricks is a painted brick wall in running bond, eight courses to a repeat.
func bricks() *sim.Texture {
	return texture("bricks", 256, 256, func(u, v float64) [3]float32 {
		const courses, across = 8, 3
		course := math.Floor(v * courses)
		x := u*across + 0.5*math.Mod(course, 2)
		brick := math.Floor(math.Mod(x, across))
		tone := hash01(int(brick), int(course), 51)*0.6 + noise(u*24, v*24, 24, 52)*0.4
		c := mix([3]float32{0.62, 0.36, 0.28}, [3]float32{0.50, 0.27, 0.21}, tone)
		fx, fy := math.Mod(x, 1), math.Mod(v*courses, 1)
		joint := min(min(fx, 1-fx)/across, min(fy, 1-fy)/courses)
		return mix(c, [3]float32{0.70, 0.67, 0.62}, inside(joint-0.006, 0.005))
	})
}

// drawSetting draws tables, room, light and view from the streams "tables", "look", "room", "light", "exposure", "white balance"
// and "camera" of the seed.
func drawSetting(cfg Config, seed uint64) Setting {
	wood := pick(Stream(seed, "look"), Woods())
	if !cfg.Vary {
		t := DefaultTable
		t.Finish = wood
		s := Setting{Tables: []Table{t}}
		if cfg.MinTables > 1 {
			s.Tables = twoTables(t)
		}
		s.Wall = walls[0].name
		s.Light = s.bounced(sim.DefaultEnvironment())
		return s
	}
	s := Setting{Tables: drawTables(cfg, seed)}
	r := Stream(seed, "room")
	s.Floor, s.Wall = pick(r, Floors()), pick(r, Walls())
	s.Light = s.bounced(drawLight(seed))
	s.View = drawView(seed, len(s.Tables))
	return s
}

// drawTables draws one table or two: depth 0.6…0.9 m, width 1.0…1.6 m, the near edge at x = 0.17 m, the top within 50 mm of z = 0. Half
// of the tops are of wood. Sides come in steps of 50 mm, so that few meshes are needed.
func drawTables(cfg Config, seed uint64) []Table {
	r := Stream(seed, "tables")
	two := cfg.MinTables > 1 || cfg.MaxTables > 1 && r.Float64() < 0.3
	const step = 0.05
	depth, width := 0.6+step*float64(r.IntN(7)), 1.0+step*float64(r.IntN(13))
	finish := func() string {
		if r.Float64() < 0.5 {
			return pick(r, Woods())
		}
		return pick(r, Finishes()[len(Woods()):])
	}
	height := func() float64 { return 0.01 * float64(r.IntN(11)-5) }
	t := Table{
		Top: Zone{DefaultTable.Top.MinX, DefaultTable.Top.MinX + depth, -width / 2, width / 2},
		Z:   height(), Finish: finish(), Frame: pick(r, Frames()),
	}
	if !two {
		return []Table{t}
	}
	both := twoTables(t)
	both[1].Z = height()
	if r.Float64() < 0.5 {
		both[1].Finish = finish()
	}
	if r.Float64() < 0.5 { // the side table may stand on either side
		for i := range both {
			both[i].Top.MinY, both[i].Top.MaxY = -both[i].Top.MaxY, -both[i].Top.MinY
		}
	}
	return both
}

// sideTable is where the second table stands: at the robot's left, within its reach, near enough for the camera to see its inner half.
var sideTable = Zone{-0.10, 0.50, 0.40, 1.00}

// twoTables puts a side table, made like t, next to t, which keeps clear of it.
func twoTables(t Table) []Table {
	side := t
	side.Top = sideTable
	const gap, width = 0.03, 1.0 // [m]
	t.Top.MaxY = sideTable.MinY - gap
	t.Top.MinY = min(t.Top.MinY, t.Top.MaxY-width)
	return []Table{t, side}
}

// drawView draws where the camera is: within 40 mm of DefaultCamera's place, looking within 20 mm of the same spot, the field of view
// 41…44°. With two tables it stands back and turns to see both.
func drawView(seed uint64, tables int) View {
	r := Stream(seed, "camera")
	jitter := func(d float64) sim.Vec3 {
		return sim.Vec3{d * (2*r.Float64() - 1), d * (2*r.Float64() - 1), d * (2*r.Float64() - 1)}
	}
	v := defaultView
	v.Eye, v.Target = v.Eye.Add(jitter(0.04)), v.Target.Add(jitter(0.02))
	v.FovyDeg = 41 + 3*r.Float64()
	if tables > 1 {
		v.Eye = v.Eye.Add(sim.Vec3{0.10, 0, 0.10})
	}
	return v
}
