package scenes

import (
	"math"
	"slices"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// Toys, tools and what else stands about in a home.

func toyCar() Design {
	const l, w = 0.105, 0.050
	body := [][2]float64{{-0.052, 0.012}, {0.050, 0.012}, {0.0525, 0.018}, {0.051, 0.025}, {0.047, 0.0285}, {-0.049, 0.0285}, {-0.0525, 0.024}}
	cabin := [][2]float64{{-0.042, 0.026}, {0.024, 0.026}, {0.008, 0.046}, {-0.028, 0.046}, {-0.036, 0.043}}
	bodyHull, bodyGeom := hardPlastic.slab("car body", body, w-0.004)
	cabinHull, cabinGeom := hardPlastic.slab("car cabin", cabin, w-0.012)
	wheels := [4]sim.Vec3{{0.031, 0.0205, 0.0115}, {0.031, -0.0205, 0.0115}, {-0.031, 0.0205, 0.0115}, {-0.031, -0.0205, 0.0115}}
	geoms := []sim.Geom{bodyGeom, cabinGeom}
	for _, p := range wheels {
		// A flat under each wheel: a parked car does not roll.
		geoms = append(geoms, rubber.rod(0.0114, p.Sub(sim.Vec3{0, 0.0045, 0}), p.Add(sim.Vec3{0, 0.0045, 0})),
			rubber.box(0.008, 0.009, 0.004, p[0], p[1], 0.002))
	}
	return Design{
		Name: "toy car", Names: []string{"toy car", "car"},
		Colors: []string{"red", "blue", "yellow", "green", "orange", "white"}, Front: "headlights",
		Mass: 0.09, Height: 0.046, Footprint: rect(l, w+0.002), Base: rect(0.085, w), GripWidth: w,
		Hulls: []Hull{bodyHull, cabinHull}, Geoms: geoms,
		Parts: once(func() []Part {
			side := func(outline [][2]float64, width, bevel float64) *shape.Mesh {
				return shape.Extrude(outline, width, bevel).Transformed(turn(quarter, 1, 0, 0), p3{})
			}
			var tyres, hubs []*shape.Mesh
			for _, p := range wheels {
				tyres = append(tyres, shape.Cylinder(0.0115, 0.0095, 0.002, 18).Transformed(turn(quarter, 1, 0, 0), p3(p)))
				hubs = append(hubs, shape.Cylinder(0.0062, 0.0103, 0.0005, 18).Transformed(turn(quarter, 1, 0, 0), p3(p)))
			}
			glass := [][2]float64{{-0.038, 0.0285}, {0.0185, 0.0285}, {0.0065, 0.0430}, {-0.0265, 0.0430}, {-0.0340, 0.0410}}
			post := shape.Box(p3{0.0028, w - 0.0105, 0.0160}, 0).Moved(-0.010, 0, 0.0362)
			front := shape.Box(p3{0.0008, w - 0.024, 0.0190}, 0).Transformed(turn(-0.66, 0, 1, 0), p3{0.0168, 0, 0.0358})
			rear := shape.Box(p3{0.0008, w - 0.024, 0.0130}, 0).Transformed(turn(0.30, 0, 1, 0), p3{-0.0392, 0, 0.0355})
			lamp := func(x, y, z float64) *shape.Mesh {
				return shape.Ellipsoid(p3{0.0022, 0.0048, 0.0036}, 10).Moved(x, y, z)
			}
			bumper := shape.Merge("car bumpers", shape.Box(p3{0.004, w - 0.008, 0.005}, 0.0015).Moved(0.0510, 0, 0.0150),
				shape.Box(p3{0.004, w - 0.008, 0.005}, 0.0015).Moved(-0.0510, 0, 0.0150))
			return []Part{
				{Name: "body", Mesh: shape.Merge("toy car", side(body, w-0.004, 0.0025), side(cabin, w-0.012, 0.003), post),
					Paint: finish("car paint", 0.15)},
				{Name: "windows", Mesh: shape.Merge("car windows", side(glass, w-0.0114, 0), front, rear),
					Paint: tint("car glass", 0.16, 0.22, 0.28, 0.06)},
				{Name: "wheels", Mesh: shape.Merge("tyres", tyres...), Paint: tint("tyre", 0.07, 0.07, 0.07, 0.85)},
				{Name: "wheels", Mesh: shape.Merge("hubs", hubs...), Paint: steel},
				{Name: "headlights", Mesh: shape.Merge("headlights", lamp(0.0515, 0.016, 0.0228), lamp(0.0515, -0.016, 0.0228)),
					Paint: tint("headlight", 0.98, 0.95, 0.75, 0.1)},
				{Name: "tail lights", Mesh: shape.Merge("tail lights", lamp(-0.0515, 0.017, 0.0228), lamp(-0.0515, -0.017, 0.0228)),
					Paint: tint("tail light", 0.75, 0.05, 0.05, 0.2)},
				{Name: "bumper", Mesh: bumper, Paint: steel},
			}
		}),
	}
}

func teddyBear() Design {
	const h = 0.1645
	fur := surface{slide: 0.8, torsion: 0.008}
	return Design{
		Name: "teddy bear", Names: []string{"teddy bear", "teddy", "stuffed bear"},
		Colors: []string{"brown", "white", "pink", "blue"}, Front: "face",
		Mass: 0.12, Height: h, Footprint: Footprint{X: 0.014, HalfX: 0.018, HalfY: 0.0250, Radius: 0.0395},
		Base: Footprint{X: 0.01, HalfX: 0.03, HalfY: 0.03}, GripWidth: 0.072, Upright: true,
		Geoms: []sim.Geom{
			fur.box(0.070, 0.070, 0.004, 0.012, 0, 0.002), fur.egg(0.0360, 0.0400, 0.0465, 0, 0, 0.0475),
			fur.egg(0.0335, 0.0370, 0.0335, 0.004, 0, 0.118),
			fur.egg(0.0165, 0.0175, 0.0140, 0.033, 0, 0.110), fur.egg(0.0080, 0.0135, 0.0135, 0, 0.031, 0.150),
			fur.egg(0.0080, 0.0135, 0.0135, 0, -0.031, 0.150),
			fur.capsule(0.0180, sim.Vec3{0.026, 0.030, 0.0185}, sim.Vec3{0.046, 0.038, 0.0185}),
			fur.capsule(0.0180, sim.Vec3{0.026, -0.030, 0.0185}, sim.Vec3{0.046, -0.038, 0.0185}),
			fur.capsule(0.0132, sim.Vec3{0.004, 0.037, 0.077}, sim.Vec3{0.024, 0.046, 0.050}),
			fur.capsule(0.0132, sim.Vec3{0.004, -0.037, 0.077}, sim.Vec3{0.024, -0.046, 0.050}),
		},
		Parts: once(func() []Part {
			pair := func(f func(s float64) shape.Field) []shape.Field { return []shape.Field{f(1), f(-1)} }
			coat := []shape.Field{shape.EllipsoidField(p3{0, 0, 0.0475}, p3{0.036, 0.040, 0.0465}),
				shape.EllipsoidField(p3{0.004, 0, 0.118}, p3{0.0335, 0.037, 0.0335})}
			coat = append(coat, pair(func(s float64) shape.Field {
				return shape.EllipsoidField(p3{0, s * 0.031, 0.150}, p3{0.0085, 0.0140, 0.0140})
			})...)
			coat = append(coat, pair(func(s float64) shape.Field {
				return shape.CapsuleField(p3{0.020, s * 0.028, 0.0190}, p3{0.046, s * 0.038, 0.0190}, 0.0165, 0.0180)
			})...)
			coat = append(coat, pair(func(s float64) shape.Field {
				return shape.CapsuleField(p3{0.002, s * 0.035, 0.079}, p3{0.024, s * 0.046, 0.050}, 0.0125, 0.0135)
			})...)
			bear := shape.Contour("teddy bear", shape.Union(0.008, coat...), p3{-0.048, -0.072, -0.006}, p3{0.078, 0.072, 0.176}, 0.0082)
			at := func(name string, radii, p p3, n int) *shape.Mesh {
				return shape.Ellipsoid(radii, n).Moved(p[0], p[1], p[2]).Named(name)
			}
			pads := []*shape.Mesh{at("", p3{0.0030, 0.0115, 0.0120}, p3{0.0625, 0.0440, 0.0195}, 16),
				at("", p3{0.0030, 0.0115, 0.0120}, p3{0.0625, -0.0440, 0.0195}, 16),
				at("", p3{0.0030, 0.0085, 0.0085}, p3{0.0068, 0.0315, 0.1505}, 14), at("", p3{0.0030, 0.0085, 0.0085},
					p3{0.0068, -0.0315, 0.1505}, 14)}
			eyes := []*shape.Mesh{at("", p3{0.0040, 0.0040, 0.0040}, p3{0.0335, 0.0135, 0.1275}, 12),
				at("", p3{0.0040, 0.0040, 0.0040}, p3{0.0335, -0.0135, 0.1275}, 12), at("", p3{0.0040, 0.0062, 0.0045}, p3{0.0480, 0, 0.1170}, 12)}
			mouth := shape.Tube([][3]float64{{0.0480, -0.0075, 0.1035}, {0.0500, -0.0035, 0.1015}, {0.0505, 0, 0.1045},
				{0.0500, 0.0035, 0.1015}, {0.0480, 0.0075, 0.1035}}, 0.0008, 6, false)
			bow := []*shape.Mesh{at("", p3{0.0055, 0.0055, 0.0060}, p3{0.0330, 0, 0.0865}, 10)}
			for _, s := range []float64{1, -1} {
				bow = append(bow, shape.TaperedTube([][3]float64{{0.0330, s * 0.002, 0.0865}, {0.0335, s * 0.010, 0.0885},
					{0.0320, s * 0.021, 0.0895}}, []float64{0.0030, 0.0065, 0.0095}, 12))
			}
			return []Part{
				{Name: "body", Mesh: bear, Paint: plush},
				{Name: "muzzle", Mesh: at("muzzle", p3{0.0175, 0.0180, 0.0145}, p3{0.033, 0, 0.1095}, 18), Paint: plushPale},
				{Name: "paws", Mesh: shape.Merge("teddy pads", pads...), Paint: plushPale},
				{Name: "face", Mesh: shape.Merge("teddy face", append(eyes, mouth)...), Paint: tint("teddy eyes", 0.05, 0.04, 0.04, 0.2)},
				{Name: "bow", Mesh: shape.Merge("teddy bow", bow...), Paint: tint("teddy bow", 0.78, 0.12, 0.14, 0.6)},
			}
		}),
	}
}

// plush is the colour as plush has it: brown is lighter.
func plush(c Color) sim.Material {
	m := sim.Material{Name: "plush", Color: c.RGB, Roughness: 1}
	if c.Name == "brown" {
		m.Color = [3]float32{0.58, 0.37, 0.19}
	}
	return m
}

func plushPale(c Color) sim.Material {
	m := plush(c)
	m.Name, m.Color = "pale plush", mix(m.Color, [3]float32{0.97, 0.90, 0.78}, 0.62)
	return m
}

func rubberDuck() Design {
	const h = 0.082
	return Design{
		Name: "rubber duck", Names: []string{"rubber duck", "toy duck"},
		Colors: []string{"yellow", "pink", "blue", "white"}, Front: "beak",
		Mass: 0.05, Height: h, Footprint: Footprint{X: 0.002, HalfX: 0.018, Radius: 0.0345}, Base: Footprint{HalfX: 0.015, Radius: 0.022},
		GripWidth: 0.066,
		Geoms: []sim.Geom{
			rubber.box(0.050, 0.040, 0.004, 0, 0, 0.002), rubber.egg(0.0440, 0.0330, 0.0235, 0, 0, 0.0237),
			rubber.geom(sim.GeomSphere, sim.Vec3{0.0225, 0, 0}, sim.Translation(0.019, 0, 0.0590)),
			rubber.egg(0.0105, 0.0120, 0.0050, 0.044, 0, 0.0550), rubber.capsule(0.0090, sim.Vec3{-0.030, 0, 0.034}, sim.Vec3{-0.041, 0, 0.0395}),
			rubber.capsule(0.0225, sim.Vec3{0.008, 0, 0.030}, sim.Vec3{0.018, 0, 0.0560}), rubber.egg(0.033, 0.0380, 0.0150, -0.008, 0, 0.031),
		},
		Parts: once(func() []Part {
			duck := shape.Union(0.010, shape.EllipsoidField(p3{0, 0, 0.0237}, p3{0.044, 0.033, 0.0235}),
				shape.BallField(p3{0.019, 0, 0.0590}, 0.0225),
				shape.CapsuleField(p3{-0.030, 0, 0.030}, p3{-0.0455, 0, 0.0435}, 0.013, 0.0045),
				shape.EllipsoidField(p3{-0.008, 0.0305, 0.031}, p3{0.024, 0.0065, 0.0130}), shape.EllipsoidField(p3{-0.008, -0.0305, 0.031},
					p3{0.024, 0.0065, 0.0130}))
			m := shape.Contour("rubber duck", duck, p3{-0.060, -0.046, -0.006}, p3{0.056, 0.046, 0.090}, 0.0054)
			beak := shape.Merge("beak", shape.Ellipsoid(p3{0.0110, 0.0120, 0.0032}, 16).Transformed(turn(-0.18, 0, 1, 0),
				p3{0.0440, 0, 0.0568}), shape.Ellipsoid(p3{0.0090, 0.0100, 0.0026}, 14).Transformed(turn(0.22, 0, 1, 0), p3{0.0425, 0, 0.0530}))
			white := shape.Merge("duck eyes", shape.Ellipsoid(p3{0.0022, 0.0045, 0.0052}, 12).Transformed(turn(0.55, 0, 0, 1),
				p3{0.0355, 0.0108, 0.0670}), shape.Ellipsoid(p3{0.0022, 0.0045, 0.0052}, 12).Transformed(turn(-0.55, 0, 0, 1), p3{0.0355,
				-0.0108, 0.0670}))
			black := shape.Merge("duck pupils", shape.Ellipsoid(p3{0.0018, 0.0026, 0.0030}, 10).Transformed(turn(0.55, 0, 0, 1),
				p3{0.0370, 0.0115, 0.0672}), shape.Ellipsoid(p3{0.0018, 0.0026, 0.0030}, 10).Transformed(turn(-0.55, 0, 0, 1), p3{0.0370,
				-0.0115, 0.0672}))
			return []Part{
				{Name: "body", Mesh: m, Paint: finish("rubber duck", 0.28)},
				{Name: "beak", Mesh: beak, Paint: tint("beak", 0.93, 0.40, 0.06, 0.3)},
				{Name: "eyes", Mesh: white, Paint: paper},
				{Name: "eyes", Mesh: black, Paint: dark},
			}
		}),
	}
}

func pottedPlant() Design {
	const pot, h = 0.075, 0.179
	potHull, potGeom := ceramic.turned("plant pot", [][2]float64{{0.0330, 0.0003}, {0.0435, 0.062}, {0.0485, 0.063}, {0.0485, pot}}, sim.Identity())
	// Leaf i stands at the angle turned, leans out by lean, is long long, and hangs at the stem's end (out, up).
	type leafAt struct{ turned, lean, long, out, up float64 }
	var foliage []leafAt
	for i := range 19 {
		lean := 0.15 + 1.0*math.Sqrt((18-float64(i))/18) // the outer ones lean most
		c := math.Cos(lean)
		foliage = append(foliage, leafAt{2.399963 * float64(i), lean, 0.050 + 0.014*hash01(i, 1, 141), 0.034 * math.Sin(lean),
			0.092 + 0.058*c*c*(0.85+0.3*hash01(i, 2, 141))})
	}
	geoms := []sim.Geom{ceramic.cylinder(0.033, 0, 0.004), potGeom}
	for _, l := range foliage {
		pose := sim.Rotation(l.turned, sim.Vec3{0, 0, 1}).Mul(sim.Translation(l.out+0.004*math.Sin(l.lean), 0,
			l.up+0.010*math.Cos(l.lean))).Mul(sim.Rotation(-quarter+1.12*l.lean, sim.Vec3{0, 1, 0}))
		geoms = append(geoms, foam.geom(sim.GeomBox, sim.Vec3{l.long/2 - 0.004, 0.0110, 0.0022}, pose))
	}
	return Design{
		Name: "potted plant", Names: []string{"potted plant", "plant", "houseplant"},
		Colors: []string{"orange", "white", "blue", "yellow", "gray"},
		Mass:   0.55, Height: h, Footprint: circle(0.062), Base: circle(0.034), Upright: true, Grips: []Grip{{"rim", 0.004}},
		Hulls: []Hull{potHull}, Geoms: geoms,
		Parts: once(func() []Part {
			p := [][2]float64{{0, 0}, {0.033, 0}, {0.0435, 0.060}, {0.0480, 0.061}, {0.0490, pot - 0.001}, {0.0480, pot}, {0.0440, pot},
				{0.0430, pot - 0.008}, {0, pot - 0.008}}
			var leaves, stems []*shape.Mesh
			for _, f := range foliage {
				a, lean, l, top := f.turned, f.lean, f.long, p3{f.out, 0, f.up}
				stems = append(stems, shape.TaperedTube([][3]float64{{0.004, 0, pot - 0.010}, {0.3 * top[0], 0, 0.5*top[2] + 0.5*pot}, top},
					[]float64{0.0022, 0.0018, 0.0012}, 6).Transformed(turn(a, 0, 0, 1), p3{}))
				half := spline([2]float64{-l / 2, 0.001}, [2]float64{-l / 4, 0.0125}, [2]float64{0, 0.0140}, [2]float64{l / 4, 0.0095},
					[2]float64{l / 2, 0.0006})
				blade := strip("leaf", -l/2, l/2, half, func(x float64) float64 { return -5 * x * x }, 0.0012, 10)
				leaves = append(leaves, blade.Transformed(turn(-quarter+lean*1.12, 0, 1, 0),
					p3{top[0] + 0.004*math.Sin(lean), 0, top[2] + 0.010*math.Cos(lean)}).Transformed(turn(a, 0, 0, 1), p3{}))
			}
			return []Part{
				{Name: "pot", Mesh: shape.Lathe(p, around).Named("plant pot"), Paint: terracotta},
				{Name: "pot", Mesh: shape.Cylinder(0.0428, 0.002, 0, 32).Moved(0, 0, pot-0.0068).Named("soil"),
					Paint: tint("soil", 0.20, 0.13, 0.08, 1)},
				{Name: "leaves", Mesh: shape.Merge("leaves", leaves...), Paint: tint("plant leaf", 0.20, 0.50, 0.17, 0.5)},
				{Name: "leaves", Mesh: shape.Merge("plant stems", stems...), Paint: tint("plant stem", 0.32, 0.50, 0.20, 0.6)},
			}
		}),
	}
}

// terracotta is the colour as clay has it, if it is orange.
func terracotta(c Color) sim.Material {
	m := sim.Material{Name: "pot", Color: c.RGB, Roughness: 0.7}
	if c.Name == "orange" {
		m.Color = [3]float32{0.76, 0.40, 0.22}
	}
	return m
}

func cactus() Design {
	const pot, h = 0.050, 0.140
	potHull, potGeom := ceramic.turned("cactus pot", [][2]float64{{0.0240, 0.0003}, {0.0320, 0.042}, {0.0350, 0.043}, {0.0350, pot}}, sim.Identity())
	return Design{
		Name: "cactus", Names: []string{"cactus"},
		Colors: []string{"orange", "white", "blue", "pink", "yellow"},
		Mass:   0.25, Height: h, Footprint: Footprint{HalfY: 0.006, Radius: 0.0355}, Base: circle(0.025), GripWidth: 0.070, Upright: true,
		Hulls: []Hull{potHull},
		Geoms: []sim.Geom{ceramic.cylinder(0.0240, 0, 0.004), potGeom,
			skin.capsule(0.0165, sim.Vec3{0, 0, pot}, sim.Vec3{0, 0, h - 0.0168}),
			skin.capsule(0.0082, sim.Vec3{0, 0.012, 0.078}, sim.Vec3{0, 0.030, 0.084}),
			skin.capsule(0.0082, sim.Vec3{0, 0.0310, 0.084}, sim.Vec3{0, 0.0320, 0.104}),
			skin.capsule(0.0075, sim.Vec3{0, -0.012, 0.090}, sim.Vec3{0, -0.030, 0.096}),
			skin.capsule(0.0075, sim.Vec3{0, -0.0310, 0.096}, sim.Vec3{0, -0.0320, 0.112})},
		Parts: once(func() []Part {
			p := [][2]float64{{0, 0}, {0.024, 0}, {0.0320, 0.041}, {0.0350, 0.0415}, {0.0355, pot - 0.001}, {0.0345, pot}, {0.0315, pot},
				{0.0305, pot - 0.005}, {0, pot - 0.005}}
			ribbed := func(m *shape.Mesh, n float64) *shape.Mesh {
				return m.Deformed(func(q [3]float64) [3]float64 {
					k := 1 + 0.07*math.Cos(n*math.Atan2(q[1], q[0]))*min(1, math.Hypot(q[0], q[1])/0.008)
					return p3{q[0] * k, q[1] * k, q[2]}
				})
			}
			trunk := ribbed(shape.Capsule(0.0165, h-0.0168-0.030, 33), 11).Moved(0, 0, (h-0.0168+0.030)/2)
			arm := func(s, z, r, up float64) *shape.Mesh {
				return shape.TaperedTube([][3]float64{{0, s * 0.008, z - 0.003}, {0, s * 0.022, z}, {0, s * 0.0300, z + 0.005},
					{0, s * 0.0325, z + 0.014}, {0, s * 0.0325, z + up}, {0, s * 0.0325, z + up + 0.5*r}, {0, s * 0.0325,
						z + up + 0.85*r}}, []float64{r, r, r, r, r, 0.87 * r, 0.4 * r}, 14)
			}
			var spines []*shape.Mesh
			for i := range 54 {
				a, z := 2*math.Pi*float64(i%11)/11, 0.062+0.058*float64(i)/54
				spines = append(spines, shape.Box(p3{0.0055, 0.0005, 0.0005}, 0).Moved(0.0190, 0, z).Transformed(turn(a, 0, 0, 1), p3{}))
			}
			var petals []*shape.Mesh
			for i := range 6 {
				petals = append(petals, shape.Ellipsoid(p3{0.0058, 0.0030, 0.0012}, 10).Transformed(turn(-0.6, 0, 1, 0),
					p3{0.0050, 0, h - 0.0030}).Transformed(turn(math.Pi/3*float64(i), 0, 0, 1), p3{}))
			}
			return []Part{
				{Name: "pot", Mesh: shape.Lathe(p, around).Named("cactus pot"), Paint: terracotta},
				{Name: "pot", Mesh: shape.Cylinder(0.0303, 0.002, 0, 28).Moved(0, 0, pot-0.0042).Named("sand"),
					Paint: tint("sand", 0.70, 0.58, 0.42, 1)},
				{Name: "body", Mesh: shape.Merge("cactus", trunk, arm(1, 0.080, 0.0082, 0.022), arm(-1, 0.092, 0.0075, 0.020)),
					Paint: tint("cactus", 0.22, 0.46, 0.24, 0.7)},
				{Name: "spines", Mesh: shape.Merge("spines", spines...), Paint: paper},
				{Name: "flower", Mesh: shape.Merge("cactus flower", petals...), Paint: tint("cactus flower", 0.92, 0.30, 0.50, 0.6)},
			}
		}),
	}
}

func vase() Design {
	const h = 0.190
	outerAt := spline([2]float64{0, 0.030}, [2]float64{0.004, 0.034}, [2]float64{0.05, 0.049}, [2]float64{0.085, 0.047},
		[2]float64{0.130, 0.024}, [2]float64{0.155, 0.020}, [2]float64{h - 0.002, 0.033})
	lower, lowerGeom := ceramic.turned("vase belly", [][2]float64{{0.034, 0.004}, {0.0425, 0.027}, {0.049, 0.050}, {0.0485, 0.072},
		{0.0385, 0.105}, {0.025, 0.130}}, sim.Identity())
	return Design{
		Name: "vase", Names: []string{"vase", "flower vase"},
		Colors: []string{"blue", "white", "green", "purple", "red"},
		Mass:   0.60, Height: h, Footprint: circle(0.050), Base: circle(0.031), Upright: true, Grips: []Grip{{"neck", 0.042}},
		Hulls: []Hull{lower}, Geoms: append(ceramic.wall(12, 0.017, 0.152, 0.0305, h, 0.0030), ceramic.cylinder(0.031, 0, 0.008), lowerGeom,
			ceramic.cylinder(0.0225, 0.128, 0.140), ceramic.cylinder(0.0202, 0.138, 0.155)),
		Parts: once(func() []Part {
			outer := slices.Concat([][2]float64{{0, 0.001}}, turnedProfile(outerAt, 0, h-0.002, 26))
			inner := [][2]float64{{0.0300, h - 0.002}, {0.0220, 0.168}, {0.0172, 0.154}, {0.0160, 0.150}, {0, 0.150}}
			body := upright(shape.Lathe(hollow(outer, inner), 44), "vase", 0, h)
			return []Part{{Name: "body", Mesh: body, Paint: printed("vase", 64, 128, 0.2, func(c Color, u, v float64) [3]float32 {
				bright := accent(c).Color
				wave := math.Abs(v-0.62-0.022*math.Sin(2*math.Pi*u*12)) - 0.022
				out := mix(c.RGB, bright, inside(wave, 0.012))
				return mix(out, bright, max(inside(math.Abs(v-0.50)-0.008, 0.008), inside(math.Abs(v-0.76)-0.008, 0.008)))
			})}}
		}),
	}
}

func basket() Design {
	const sx, sy, h, t, floor = 0.160, 0.230, 0.075, 0.007, 0.006
	return Design{
		Name: "basket", Names: []string{"basket", "wicker basket"},
		Colors: []string{"brown", "white", "gray"},
		Mass:   0.35, Height: h, Footprint: rect(sx+0.006, sy+0.006), Base: rect(sx, sy), Grips: []Grip{{"rim", 0.012}},
		Support: &Support{Preposition: "in", Area: rect(sx-2*t-0.004, sy-2*t-0.004), Z: floor, Opening: rect(sx-2*t-0.006, sy-2*t-0.006),
			Depth: h - floor},
		Geoms: append(wood.crate(sx, sy, t, floor, h), wood.box(sx, sy, floor, 0, 0, floor/2)),
		Parts: once(func() []Part {
			side := func(m *shape.Mesh, along int, cells float64) *shape.Mesh { // weave by length and height
				return m.Textured(func(p, _ [3]float64) [2]float64 { return [2]float64{p[along] * cells / 0.24, (h - p[2]) / h} })
			}
			walls := shape.Merge("basket walls",
				side(shape.Box(p3{t, sy, h - 0.004}, 0.002).Moved((sx-t)/2, 0, h/2), 1, 1),
				side(shape.Box(p3{t, sy, h - 0.004}, 0.002).Moved(-(sx-t)/2, 0, h/2), 1, 1),
				side(shape.Box(p3{sx, t, h - 0.004}, 0.002).Moved(0, (sy-t)/2, h/2), 0,
					1), side(shape.Box(p3{sx, t, h - 0.004}, 0.002).Moved(0, -(sy-t)/2, h/2), 0, 1))
			bottom := shape.Box(p3{sx - 0.002, sy - 0.002, floor}, 0).Moved(0, 0,
				floor/2).Textured(func(p, _ [3]float64) [2]float64 { return [2]float64{p[1] / 0.24, p[0] / h} })
			var rim [][3]float64
			for _, p := range rounded(sx-t, sy-t, 0.010, 4) {
				rim = append(rim, p3{p[0], p[1], h - 0.0055})
			}
			return []Part{
				{Name: "body", Mesh: shape.Merge("basket", walls, bottom), Paint: printed("wicker", 128, 64, 0.85, wickerArt)},
				{Name: "rim", Mesh: shape.Tube(rim, 0.0055, 10, true).Named("basket rim"), Paint: func(c Color) sim.Material {
					if c.luminance() > 0.7 {
						return sim.Material{Name: "white wicker", Color: c.mixed([3]float32{0.12, 0.08, 0.05}, 0.2), Roughness: 0.8}
					}
					return shade(0.8)(c)
				}},
			}
		}),
	}
}

// wickerArt is a plain weave: strands that go over and under uprights.
func wickerArt(c Color, u, v float64) [3]float32 {
	base := c.RGB
	if c.Name == "brown" {
		base = [3]float32{0.70, 0.50, 0.28}
	}
	const columns, rows = 20, 9
	x, y := u*columns, v*rows
	over := math.Mod(math.Floor(x)+math.Floor(y), 2) == 0
	fx, fy := math.Mod(x, 1)-0.5, math.Mod(y, 1)-0.5
	strand := math.Cos(math.Pi*fx) * (1 - 1.6*fy*fy)
	if !over {
		strand *= 0.62
	}
	deep := 0.75
	if c.luminance() > 0.7 { // else people would call it gray
		deep = 0.35
	}
	return mix(mix(base, [3]float32{0.12, 0.08, 0.05}, deep), base, min(1, 0.25+strand))
}

func bin() Design {
	const r0, r1, h, t, floor = 0.052, 0.066, 0.135, 0.003, 0.004
	return Design{
		Name: "bin", Names: []string{"waste bin", "trash can", "bin"},
		Colors: []string{"gray", "black", "blue", "green", "red", "white"},
		Mass:   0.30, Height: h, Footprint: circle(r1 + 0.002), Base: circle(r0), Upright: true, Grips: []Grip{{"rim", 0.006}},
		Support: &Support{Preposition: "in", Area: circle(r0 - t - 0.002), Z: floor, Opening: circle(r1 - 0.010), Depth: h - floor},
		Geoms:   append(tin.wall(16, r0-t, floor, r1-t, h, t), tin.cylinder(r0-0.001, 0, floor)),
		Parts: once(func() []Part {
			outer := [][2]float64{{0, 0}, {r0 - 0.002, 0}, {r0, 0.002}, {r1 - 0.002, h - 0.012}, {r1 + 0.001, h - 0.011}, {r1 + 0.0015, h - 0.0015}}
			inner := [][2]float64{{r1 - t, h - 0.0015}, {r0 - t, floor + 0.002}, {r0 - t - 0.002, floor}, {0, floor}}
			var slots []*shape.Mesh
			for i := range 18 { // dark slots let the wall look pierced
				a := 2 * math.Pi * float64(i) / 18
				tilt := math.Atan2(r1-r0, h)
				slots = append(slots, shape.Box(p3{0.0010, 0.0080, 0.085}, 0).Transformed(turn(tilt, 0, 1, 0),
					p3{(r0+r1)/2 - 0.0006, 0, 0.062}).Transformed(turn(a, 0, 0, 1), p3{}))
			}
			return []Part{
				{Name: "body", Mesh: shape.Lathe(hollow(outer, inner), around).Named("bin"), Paint: plastic},
				{Name: "body", Mesh: shape.Merge("bin slots", slots...), Paint: shade(0.6)},
				{Name: "inside", Mesh: lining("bin inside", inner, 0.004), Paint: shade(0.7)},
			}
		}),
	}
}

func shelf() Design {
	const sx, sy, h, t, low, post = 0.130, 0.240, 0.150, 0.010, 0.050, 0.014
	corners := [4][2]float64{{1, 1}, {1, -1}, {-1, -1}, {-1, 1}}
	at := func(c [2]float64) (x, y float64) { return c[0] * (sx - post) / 2, c[1] * (sy - post) / 2 }
	d := Design{
		Name: "shelf", Names: []string{"shelf", "desk shelf"},
		Colors: []string{"brown", "white", "black"},
		Mass:   0.90, Height: h, Footprint: rect(sx, sy), Base: rect(sx, sy), Upright: true,
		Support: &Support{Preposition: "on", Area: rect(sx-0.004, sy-0.004), Z: h},
		Geoms:   []sim.Geom{wood.box(sx, sy, t, 0, 0, h-t/2), wood.box(sx, sy, t, 0, 0, low)},
		Parts: once(func() []Part {
			boards := []*shape.Mesh{shape.Box(p3{sx, sy, t}, 0.0015).Moved(0, 0, h-t/2), shape.Box(p3{sx, sy, t}, 0.0015).Moved(0, 0, low)}
			for _, c := range corners {
				x, y := at(c)
				boards = append(boards, shape.Box(p3{post, post, low - t/2}, 0.001).Moved(x, y, (low-t/2)/2),
					shape.Box(p3{post, post, h - low - 1.5*t}, 0.001).Moved(x, y, (h+low-t/2)/2))
			}
			return []Part{{Name: "body", Mesh: shape.Merge("shelf", boards...), Paint: boardPaint}}
		}),
	}
	for _, c := range corners {
		x, y := at(c)
		d.Geoms = append(d.Geoms, wood.box(post, post, low-t/2, x, y, (low-t/2)/2), wood.box(post, post, h-low-1.5*t, x, y, (h+low-t/2)/2))
	}
	return d
}

func die() Design {
	const s = 0.030
	return Design{
		Name: "die", Names: []string{"die"},
		Colors: []string{"white", "red", "black", "blue", "green"},
		Mass:   0.030, Height: s, Footprint: rect(s, s), Base: rect(s, s), GripWidth: s,
		Geoms: []sim.Geom{hardPlastic.box(s, s, s, 0, 0, s/2)},
		Parts: once(func() []Part {
			const q = 0.0075
			pips := map[int][][2]float64{1: {{0, 0}}, 2: {{-q, q}, {q, -q}}, 3: {{-q, q}, {0, 0}, {q, -q}},
				4: {{-q, q}, {q, -q}, {-q, -q}, {q, q}}, 5: {{-q, q}, {q, -q}, {-q, -q}, {q, q}, {0, 0}}, 6: {{-q, q}, {q, -q}, {-q, -q},
					{q, q}, {0, q}, {0, -q}}}
			var dots []*shape.Mesh
			for face, rot := range [][4]float64{turn(0, 0, 0, 1), turn(quarter, 0, 1, 0), turn(-quarter, 1, 0, 0), turn(quarter, 1, 0, 0),
				turn(-quarter, 0, 1, 0), turn(math.Pi, 1, 0, 0)} {
				for _, p := range pips[[6]int{1, 2, 3, 4, 5, 6}[face]] {
					dots = append(dots, shape.Cylinder(0.0032, 0.0006, 0, 12).Moved(p[0], p[1], s/2-0.0002).Transformed(rot, p3{0, 0, s / 2}))
				}
			}
			return []Part{
				{Name: "body", Mesh: boxMesh("die", s, s, s, 0.004, 0, 0, s/2), Paint: finish("die", 0.25)},
				{Name: "dots", Mesh: shape.Merge("pips", dots...).Deformed(func(p [3]float64) [3]float64 {
					return p3{p[0], p[1],
						max(p[2], 0.00005) + 1e-5*p[2]}
				}), Paint: keyPaint},
			}
		}),
	}
}

func puzzleCube() Design {
	const s, c = 0.057, 0.019
	return Design{
		Name: "puzzle cube", Names: []string{"puzzle cube", "magic cube"},
		Colors: []string{"black", "white"},
		Mass:   0.10, Height: s + 0.0004, Footprint: rect(s+0.0008, s+0.0008), Base: rect(s, s), GripWidth: s,
		Geoms: []sim.Geom{hardPlastic.box(s, s, s, 0, 0, s/2)},
		Parts: once(func() []Part {
			parts := []Part{{Name: "body", Mesh: boxMesh("puzzle cube", s, s, s, 0.0015, 0, 0, s/2), Paint: finish("cube", 0.35)}}
			names := []string{"yellow", "blue", "red", "orange", "green"}
			var stickers [5][]*shape.Mesh
			for face, rot := range [][4]float64{turn(0, 0, 0, 1), turn(quarter, 0, 1, 0), turn(-quarter, 1, 0, 0), turn(quarter, 1, 0, 0),
				turn(-quarter, 0, 1, 0)} {
				for i := range 9 {
					tile := shape.Box(p3{c * 0.84, c * 0.84, 0.0008}, 0).Moved((float64(i%3)-1)*c, (float64(i/3)-1)*c, s/2).Transformed(rot,
						p3{0, 0, s / 2})
					k := int(hash01(face, i, 151) * 5)
					stickers[k] = append(stickers[k], tile)
				}
			}
			for k, m := range stickers {
				color, err := FindColor(names[k])
				if err != nil {
					panic(err) // a mistake above
				}
				parts = append(parts, Part{Name: "body", Mesh: shape.Merge(names[k]+" stickers", m...),
					Paint: fixed(sim.Material{Name: names[k] + " sticker", Color: color.RGB, Roughness: 0.3})})
			}
			return parts
		}),
	}
}

func candle() Design {
	const r, h = 0.030, 0.095
	return Design{
		Name: "candle", Names: []string{"candle"},
		Colors: []string{"white", "red", "yellow", "purple", "green"},
		Mass:   0.22, Height: h + 0.011, Footprint: circle(r), Base: circle(r - 0.001), GripWidth: 2 * r, Upright: true,
		Geoms: []sim.Geom{skinless.cylinder(r, 0, h-0.003), skinless.cylinder(0.0018, h-0.004, h+0.010)},
		Parts: once(func() []Part {
			p := [][2]float64{{0, 0}, {r - 0.002, 0}, {r, 0.002}, {r, h - 0.006}, {r - 0.0015, h - 0.001}, {r - 0.004, h},
				{r - 0.007, h - 0.002}, {r - 0.012, h - 0.0055}, {0, h - 0.006}}
			var drips []*shape.Mesh
			for i := range 5 {
				a := 2*math.Pi*float64(i)/5 + 0.7*hash01(i, 0, 161)
				l := 0.018 + 0.030*hash01(i, 1, 161)
				drips = append(drips, shape.TaperedTube([][3]float64{{r - 0.004, 0, h - 0.001}, {r - 0.0015, 0, h - 0.006},
					{r - 0.0012, 0, h - 0.5*l}, {r - 0.0010, 0, h - l}, {r - 0.001, 0,
						h - l - 0.004}}, []float64{0.0032, 0.0032, 0.0024, 0.0032, 0.0012}, 8).Transformed(turn(a, 0, 0, 1), p3{}))
			}
			wick := shape.TaperedTube([][3]float64{{0, 0, h - 0.008}, {0, 0, h + 0.004}, {0.0012, 0, h + 0.011}},
				[]float64{0.0013, 0.0013, 0.0009}, 8)
			return []Part{
				{Name: "body", Mesh: shape.Merge("candle", append(drips, shape.Lathe(p, around))...), Paint: finish("wax", 0.5)},
				{Name: "wick", Mesh: wick.Named("wick"), Paint: dark},
			}
		}),
	}
}

var skinless = surface{slide: 0.5, torsion: 0.004}

func hammer() Design {
	const z = 0.0150
	head := [][2]float64{{-0.012, -0.030}, {0.012, -0.030}, {0.012, 0.012}, {0.010, 0.020}, {-0.010, 0.020}, {-0.012, 0.012}}
	return Design{
		Name: "hammer", Names: []string{"hammer"},
		Colors: []string{"red", "brown", "black", "yellow", "blue"}, Front: "head",
		Mass: 0.38, Height: 0.030, Footprint: Footprint{HalfX: 0.126, HalfY: 0.052}, Base: Footprint{HalfX: 0.11, HalfY: 0.03}, GripWidth: 0.030,
		Geoms: []sim.Geom{smoothSteel.box(0.026, 0.062, 0.0260, 0.104, -0.011, 0.0145),
			smoothSteel.rod(0.0142, sim.Vec3{0.104, -0.050, z}, sim.Vec3{0.104, -0.034, z}), smoothSteel.box(0.010, 0.032, 0.006, 0.1060, 0.034, z),
			wood.box(0.075, 0.024, 0.0260, 0.053, 0, z), wood.box(0.130, 0.029, 0.029, -0.057, 0, z),
			smoothSteel.box(0.020, 0.030, 0.003, 0.104, -0.020, 0.0015), wood.box(0.060, 0.020, 0.003, -0.080, 0, 0.0015)},
		Parts: once(func() []Part {
			block := shape.Extrude(head, 0.0250, 0.002).Moved(0.104, 0, z)
			face := shape.Cylinder(0.0145, 0.017, 0.002, 28).Transformed(turn(quarter, 1, 0, 0), p3{0.104, -0.0420, z})
			neck := shape.Cylinder(0.0105, 0.012, 0, 20).Transformed(turn(quarter, 1, 0, 0), p3{0.104, -0.0300, z})
			claw := func(s float64) *shape.Mesh {
				return shape.TaperedTube([][3]float64{{0.104, 0.016, z + s*0.006}, {0.105, 0.030, z + s*0.0065},
					{0.1075, 0.042, z + s*0.0075}, {0.112, 0.0515, z + s*0.0085}}, []float64{0.0070, 0.0055, 0.0042, 0.0018}, 10)
			}
			shaft := strip("hammer handle", -0.122, 0.093, spline([2]float64{-0.122, 0.011}, [2]float64{-0.117, 0.0145},
				[2]float64{-0.09, 0.0145}, [2]float64{-0.03, 0.0125}, [2]float64{0.01, 0.0145}, [2]float64{0.03, 0.0120}, [2]float64{0.093,
					0.0115}), level(z), 0.0255, 30)
			grip := strip("hammer grip", -0.123, 0.008, spline([2]float64{-0.123, 0.012}, [2]float64{-0.117, 0.0155},
				[2]float64{-0.09, 0.0152}, [2]float64{-0.03, 0.0132}, [2]float64{0.008, 0.0150}), level(z), 0.0285, 24)
			return []Part{
				{Name: "head", Mesh: shape.Merge("hammer head", block, face, neck, claw(1), claw(-1)), Paint: steel},
				{Name: "handle", Mesh: shaft, Paint: tint("hickory", 0.78, 0.60, 0.38, 0.6)},
				{Name: "handle", Mesh: grip, Paint: finish("rubber grip", 0.6)},
			}
		}),
	}.grounded()
}

func screwdriver() Design {
	const r = 0.0150
	return Design{
		Name: "screwdriver", Names: []string{"screwdriver"},
		Colors: []string{"red", "yellow", "blue", "green", "orange"}, Front: "tip",
		Mass: 0.11, Height: 2 * r, Footprint: rect(0.205, 2*r+0.002), Base: rect(0.16, 0.02), GripWidth: 2 * r,
		Geoms: []sim.Geom{hardPlastic.rod(r-0.0004, sim.Vec3{-0.100, 0, r}, sim.Vec3{-0.014, 0, r}),
			hardPlastic.rod(0.0085, sim.Vec3{-0.016, 0, r}, sim.Vec3{-0.002, 0, r}),
			smoothSteel.rod(0.0032, sim.Vec3{-0.004, 0, r}, sim.Vec3{0.101, 0, r}),
			hardPlastic.box(0.075, 0.012, 0.004, -0.058, 0, 0.002)},
		Parts: once(func() []Part {
			p := [][2]float64{{0, -0.102}, {0.008, -0.102}, {0.0125, -0.099}, {0.0148, -0.092}, {0.0150, -0.040}, {0.0130, -0.026},
				{0.0105, -0.018}, {0.0105, -0.010}, {0.0080, -0.003}, {0, -0.003}}
			grip := shape.Lathe(p, 48).Deformed(func(q [3]float64) [3]float64 {
				k := 1.0
				if q[2] < -0.030 && q[2] > -0.096 {
					k = 1 - 0.09*math.Pow(math.Abs(math.Sin(3*math.Atan2(q[1], q[0]))), 2)
				}
				return p3{q[0] * k, q[1] * k, q[2]}
			})
			blade := slices.Concat([][2]float64{{0, -0.004}, {0.0030, -0.004}, {0.0030, 0.088}, {0.0038, 0.094}, {0.0036, 0.1015}, {0, 0.1015}})
			flat := shape.Lathe(blade, 20).Deformed(func(q [3]float64) [3]float64 {
				k := 1 - 0.75*min(max((q[2]-0.086)/0.014, 0), 1)
				return p3{q[0] * k, q[1], q[2]}
			})
			ends := shape.Cylinder(0.0100, 0.003, 0.001, 24).Moved(0, 0, -0.1008)
			return []Part{
				{Name: "handle", Mesh: lain(grip, "screwdriver handle", r), Paint: finish("screwdriver", 0.2)},
				{Name: "handle", Mesh: lain(ends, "screwdriver end", r), Paint: dark},
				{Name: "shaft", Mesh: lain(flat, "screwdriver shaft", r), Paint: steel},
			}
		}),
	}.grounded()
}

func toothbrush() Design {
	const h = 0.008
	mid := spline([2]float64{-0.095, 0.0042}, [2]float64{-0.03, 0.0050}, [2]float64{0.030, 0.0060}, [2]float64{0.095, 0.0030})
	return Design{
		Name: "toothbrush", Names: []string{"toothbrush"},
		Colors: []string{"blue", "green", "pink", "red", "purple", "orange"}, Front: "bristles",
		Mass: 0.018, Height: 0.0160, Footprint: rect(0.192, 0.016), Base: rect(0.17, 0.012), GripWidth: 0.013,
		Geoms: slices.Concat(hardPlastic.stripGeoms(-0.095, 0.060, level(0.0060), mid, h, 3),
			hardPlastic.stripGeoms(0.060, 0.095, level(0.0060), mid, 0.0050, 1),
			[]sim.Geom{foam.box(0.028, 0.0110, 0.0110, 0.079, 0, 0.0103)}),
		Parts: once(func() []Part {
			half := spline([2]float64{-0.095, 0.0045}, [2]float64{-0.088, 0.0062}, [2]float64{-0.02, 0.0068}, [2]float64{0.030, 0.0042},
				[2]float64{0.058, 0.0034}, [2]float64{0.066, 0.0060}, [2]float64{0.090, 0.0064}, [2]float64{0.095, 0.0045})
			body := strip("toothbrush", -0.095, 0.095, half, mid, 0.0060, 36)
			grip := strip("toothbrush grip", -0.082, -0.010,
				spline([2]float64{-0.082, 0.0020}, [2]float64{-0.075, 0.0042}, [2]float64{-0.03, 0.0046},
					[2]float64{-0.010, 0.0020}), func(x float64) float64 { return mid(x) + 0.0002 }, 0.0070, 16)
			var white, blue []*shape.Mesh
			for i := range 7 {
				for j := range 3 {
					tuft := shape.Box(p3{0.0034, 0.0034, 0.0110}, 0).Moved(0.0665+0.0041*float64(i), (float64(j)-1)*0.0039, 0.0103)
					if i >= 2 && i <= 4 {
						blue = append(blue, tuft)
					} else {
						white = append(white, tuft)
					}
				}
			}
			return []Part{
				{Name: "handle", Mesh: body, Paint: finish("toothbrush", 0.3)},
				{Name: "handle", Mesh: grip, Paint: accent},
				{Name: "bristles", Mesh: shape.Merge("white bristles", white...), Paint: paper},
				{Name: "bristles", Mesh: shape.Merge("coloured bristles", blue...), Paint: finish("bristles", 0.8)},
			}
		}),
	}.grounded()
}

func toiletRoll() Design {
	const outer, core, h = 0.052, 0.021, 0.098
	return Design{
		Name: "toilet roll", Names: []string{"roll of toilet paper", "toilet roll"},
		Colors: []string{"white", "pink"},
		Mass:   0.12, Height: h, Footprint: circle(outer), Base: circle(outer), Upright: true, Grips: []Grip{{"wall", outer - core}},
		Geoms: foam.wall(wallRing, core, 0, core, h, outer-core),
		Parts: once(func() []Part {
			roll := ringSolid("toilet roll", core, outer, 0, h, 44)
			tube := ringSolid("toilet roll core", core-0.0015, core+0.0005, 0.0006, h-0.0006, 32)
			var sheets []*shape.Mesh
			for i := range 3 {
				k := core + 0.0085 + 0.008*float64(i)
				sheets = append(sheets, ringSolid("", k, k+0.0004, h-0.001, h+0.0002, 36))
			}
			flap := shape.Box(p3{0.0006, 0.030, h - 0.001}, 0).Transformed(turn(-0.25, 0, 0, 1), p3{outer - 0.0012, -0.012, h / 2})
			return []Part{
				{Name: "body", Mesh: shape.Merge("toilet roll", roll, flap), Paint: finish("tissue", 0.95)},
				{Name: "body", Mesh: shape.Merge("sheets", sheets...), Paint: tint("sheet edges", 0.74, 0.73, 0.71, 1)},
				{Name: "core", Mesh: tube, Paint: tint("cardboard core", 0.66, 0.52, 0.36, 0.9)},
			}
		}),
	}
}

func globe() Design {
	const r, zc, h = 0.058, 0.112, 0.178
	return Design{
		Name: "globe", Names: []string{"globe"},
		Colors: []string{"blue"},
		Mass:   0.45, Height: h, Footprint: circle(0.068), Base: circle(0.045), Upright: true,
		Geoms: []sim.Geom{wood.cylinder(0.046, 0, 0.010), wood.cylinder(0.022, 0.008, 0.024), wood.cylinder(0.008, 0.02, 0.052),
			hardPlastic.geom(sim.GeomSphere, sim.Vec3{r, 0, 0}, sim.Translation(0, 0, zc))},
		Parts: once(func() []Part {
			tilt := turn(-0.41, 1, 0, 0)
			ball := shape.Ellipsoid(p3{r, r, r}, 40).Transformed(turn(1.4, 0, 0, 1), p3{}).Transformed(tilt, p3{0, 0, zc})
			foot := [][2]float64{{0, 0}, {0.046, 0}, {0.047, 0.003}, {0.044, 0.009}, {0.026, 0.014}, {0.013, 0.022}, {0.0080, 0.032},
				{0.0075, 0.052}, {0, 0.052}}
			var ring [][3]float64
			for i := range 25 {
				a := -0.41 - quarter + math.Pi*float64(i)/24 // from the south pole to the north, around the +y side
				ring = append(ring, p3{0, 0.0645 * math.Cos(a), zc + 0.0645*math.Sin(a)})
			}
			pin := func(s float64) *shape.Mesh {
				y, z := math.Sin(0.41), math.Cos(0.41)
				return shape.TaperedTube([][3]float64{{0, s * y * 0.056, zc + s*z*0.056}, {0, s * y * 0.0675, zc + s*z*0.0675}},
					[]float64{0.003, 0.003}, 10)
			}
			return []Part{
				{Name: "body", Mesh: ball.Named("globe"), Paint: printedFlat("earth", 192, 96, 0.3, earthArt)},
				{Name: "stand", Mesh: shape.Merge("globe stand", shape.Lathe(foot, 36), shape.Tube(ring, 0.0032, 10, false), pin(1),
					pin(-1)), Paint: tint("globe stand", 0.62, 0.45, 0.22, 0.35)},
			}
		}),
	}
}

// earthArt is land and sea, u along the equator, v from the north pole: rough outlines of the continents by ellipses, frayed with noise.
func earthArt(u, v float64) [3]float32 {
	lon, lat := 360*u-180, 90-180*v
	fray := 9 * (noise(u*28, v*14, 28, 171) - 0.5)
	land := math.Inf(1)
	for _, e := range [][5]float64{ // longitude, latitude, half extents, slant
		{-105, 55, 34, 17, -0.1}, {-98, 38, 19, 13, 0}, {-88, 17, 12, 6, -0.7}, {-42, 72, 15, 9, 0}, {-62, -8, 19, 14, 0}, {-66, -34, 8, 19, 0.1},
		{8, 22, 25, 13, 0}, {22, -8, 15, 24, 0}, {47, -20, 3, 7, 0}, {16, 50, 22, 9, 0.3}, {12, 63, 7, 9, 0.5}, {75, 58, 58, 15, 0},
		{95, 38, 38, 13, 0},
		{46, 24, 11, 9, 0}, {78, 20, 8, 12, 0}, {104, 17, 8, 11, 0}, {118, -3, 18, 6, 0}, {134, -25, 19, 11, 0}, {0, -84, 200, 10, 0}, {138,
			37, 4, 7, 0.5}} {
		x, y := lon-e[0], lat-e[1]
		y -= e[4] * x * 0.3
		d := (math.Hypot(x/e[2], y/e[3]) - 1) * min(e[2], e[3])
		land = min(land, d)
	}
	sea := mix([3]float32{0.13, 0.36, 0.66}, [3]float32{0.22, 0.50, 0.76}, noise(u*12, v*6, 12, 172))
	ground := mix([3]float32{0.26, 0.52, 0.22}, [3]float32{0.74, 0.66, 0.38}, inside(math.Abs(math.Abs(lat)-22)-9, 12))
	ground = mix(ground, [3]float32{0.93, 0.95, 0.96}, inside(68-math.Abs(lat)+fray, 8))
	return mix(sea, ground, inside(land+fray, 3))
}

func wateringCan() Design {
	const r, h = 0.050, 0.100
	return Design{
		Name: "watering can", Names: []string{"watering can"},
		Colors: []string{"green", "blue", "red", "yellow", "gray"}, Front: "spout",
		Mass: 0.35, Height: 0.150, Footprint: Footprint{X: 0.026, HalfX: 0.062, Radius: r + 0.002}, Base: circle(r - 0.002), Upright: true,
		Grips: []Grip{{"handle", 0.012}},
		Geoms: []sim.Geom{tin.cylinder(r, 0, h), tin.capsule(0.0088, sim.Vec3{0.044, 0, 0.030}, sim.Vec3{0.112, 0, 0.110}),
			tin.rod(0.0205, sim.Vec3{0.1155, 0, 0.1140}, sim.Vec3{0.1215, 0, 0.1213}),
			tin.capsule(0.0058, sim.Vec3{-0.046, 0, 0.030}, sim.Vec3{-0.068, 0, 0.070}),
			tin.capsule(0.0058, sim.Vec3{-0.068, 0, 0.070}, sim.Vec3{-0.062, 0, 0.118}),
			tin.capsule(0.0058, sim.Vec3{-0.062, 0, 0.118}, sim.Vec3{-0.030, 0, 0.143}),
			tin.capsule(0.0058, sim.Vec3{-0.030, 0, 0.143}, sim.Vec3{0.012, 0, 0.138}),
			tin.capsule(0.0058, sim.Vec3{0.012, 0, 0.138}, sim.Vec3{0.034, 0, 0.102})},
		Parts: once(func() []Part {
			body := [][2]float64{{0, 0}, {r - 0.002, 0}, {r, 0.002}, {r, 0.010}, {r - 0.001, 0.0115}, {r - 0.001, h - 0.0115},
				{r, h - 0.010}, {r, h - 0.002}, {r - 0.002, h}, {0, h}}
			opening := shape.Extrude(disc(0, 0, 0.030, 28), 0.0008, 0).Moved(-0.008, 0, h)
			spout := shape.TaperedTube([][3]float64{{0.040, 0, 0.025}, {0.060, 0, 0.048}, {0.090, 0, 0.084}, {0.114, 0, 0.1125}},
				[]float64{0.0125, 0.0100, 0.0080, 0.0085}, 18)
			rose := shape.Lathe([][2]float64{{0, -0.010}, {0.0085, -0.010}, {0.0205, 0.004}, {0.0205, 0.006}, {0.012, 0.0085}, {0, 0.0092}},
				28).Transformed(turn(0.70, 0, 1, 0), p3{0.1165, 0, 0.1155})
			var holes []*shape.Mesh
			for i := range 13 {
				a, k := 2.399963*float64(i), 0.0042*math.Sqrt(float64(i))
				holes = append(holes, shape.Cylinder(0.0012, 0.003, 0, 8).Moved(k*math.Cos(a), k*math.Sin(a),
					0.0080-0.07*k).Transformed(turn(0.70, 0, 1, 0), p3{0.1165, 0, 0.1155}))
			}
			handle := shape.Tube([][3]float64{{-0.044, 0, 0.030}, {-0.062, 0, 0.048}, {-0.070, 0, 0.075}, {-0.067, 0, 0.105},
				{-0.052, 0, 0.132}, {-0.028, 0, 0.1440}, {0, 0, 0.1430}, {0.022, 0, 0.130}, {0.034, 0, 0.098}}, 0.0056, 12, false)
			return []Part{
				{Name: "body", Mesh: shape.Lathe(body, 44).Named("watering can"), Paint: finish("lacquered tin", 0.3)},
				{Name: "body", Mesh: opening.Named("can opening"), Paint: dark},
				{Name: "spout", Mesh: shape.Merge("watering spout", spout, rose), Paint: finish("lacquered tin", 0.3)},
				{Name: "spout", Mesh: shape.Merge("rose holes", holes...), Paint: dark},
				{Name: "handle", Mesh: handle.Named("watering handle"), Paint: finish("lacquered tin", 0.3)},
			}
		}),
	}
}
