package scenes

import (
	"math"
	"slices"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// Kitchen things. Cutlery and tools lie along x, their business end ahead.

var (
	smoothSteel = surface{slide: 0.35, torsion: 0.003}
	hardPlastic = surface{slide: 0.45, torsion: 0.004}
)

// The handle that fork, knife and spoon share: coloured, from x = -0.095 to 0.
const cutleryHandle = -0.095

var cutleryHalf = spline([2]float64{cutleryHandle, 0.0045}, [2]float64{cutleryHandle + 0.004, 0.0085}, [2]float64{-0.06, 0.0090},
	[2]float64{0.002, 0.0050})

func cutleryGrip(name string, mid func(x float64) float64) *shape.Mesh {
	return strip(name+" handle", cutleryHandle, 0.002, cutleryHalf, func(x float64) float64 { return mid(x) + 0.0008 }, 0.0058, 24)
}

var cutleryColors = []string{"silver", "red", "blue", "green", "black"}

func fork() Design {
	mid := spline([2]float64{-0.095, 0.0021}, [2]float64{-0.05, 0.0030}, [2]float64{0.01, 0.0095}, [2]float64{0.045, 0.0040},
		[2]float64{0.065, 0.0013}, [2]float64{0.095, 0.0065})
	half := spline([2]float64{-0.01, 0.0035}, [2]float64{0.030, 0.0035}, [2]float64{0.044, 0.0110}, [2]float64{0.060, 0.0125},
		[2]float64{0.095, 0.0120})
	return Design{
		Name: "fork", Names: []string{"fork"},
		Colors: cutleryColors, Front: "tines",
		Mass: 0.045, Height: 0.0125, Footprint: rect(0.19, 0.026), Base: rect(0.17, 0.020), GripWidth: 0.018,
		Geoms: slices.Concat(
			smoothSteel.stripGeoms(-0.095, -0.04, level(0.0088), level(0.0029), 0.0058, 1),
			smoothSteel.stripGeoms(-0.04, 0.002, cutleryHalf, mid, 0.0058, 3),
			smoothSteel.stripGeoms(0, 0.044, level(0.0045), mid, 0.0022, 3), smoothSteel.stripGeoms(0.044, 0.095, level(0.012), mid, 0.0020, 4)),
		Parts: once(func() []Part {
			head := []*shape.Mesh{strip("head", -0.01, 0.066, half, mid, 0.0022, 30)}
			for i := range 4 {
				y := (float64(i) - 1.5) * 0.0070
				tine := strip("tine", 0.062, 0.095, spline([2]float64{0.062, 0.0019}, [2]float64{0.088, 0.0017}, [2]float64{0.095, 0.0007}),
					mid, 0.0020, 8)
				head = append(head, tine.Moved(0, y, 0))
			}
			return []Part{
				{Name: "tines", Mesh: shape.Merge("fork tines", head...), Paint: steel},
				{Name: "handle", Mesh: cutleryGrip("fork", mid), Paint: metalled("fork handle", 0.35)},
			}
		}),
	}.grounded()
}

func spoon() Design {
	mid := spline([2]float64{-0.095, 0.0021}, [2]float64{-0.05, 0.0030}, [2]float64{0.02, 0.0130}, [2]float64{0.040, 0.0110})
	const cx, rx, ry, rz = 0.064, 0.031, 0.0205, 0.0105
	return Design{
		Name: "spoon", Names: []string{"spoon", "tablespoon"},
		Colors: cutleryColors, Front: "bowl",
		Mass: 0.045, Height: 0.0150, Footprint: rect(0.19, 0.041), Base: rect(0.17, 0.026), GripWidth: 0.018,
		Geoms: slices.Concat(
			smoothSteel.stripGeoms(-0.095, -0.04, level(0.0088), level(0.0029), 0.0058, 1),
			smoothSteel.stripGeoms(-0.04, 0.002, cutleryHalf, mid, 0.0058, 3),
			smoothSteel.stripGeoms(0, 0.038, level(0.0045), mid, 0.0024, 4),
			smoothSteel.oval(cx, rx*0.95, ry*0.95, 0.0095, 0.0016, 14), smoothSteel.oval(cx, rx*0.70, ry*0.70, 0.0046, 0.0024, 10),
			smoothSteel.oval(cx, rx*0.42, ry*0.42, 0.0026, 0.0022, 8),
			[]sim.Geom{smoothSteel.box(0.030, 0.018, 0.002, cx, 0, 0.001)}),
		Parts: once(func() []Part {
			var outer, inner [][2]float64
			for i := range 9 {
				a := quarter * float64(i) / 8
				outer = append(outer, [2]float64{math.Sin(a), 1 - math.Cos(a)})
				inner = append(inner, [2]float64{0.94 * math.Cos(a), 1.03 - 0.86*math.Sin(a)})
			}
			outer[0][0], inner[8][0] = 0, 0
			bowl := shape.Lathe(slices.Concat(outer, inner), 32).Scaled(rx, ry, rz).Moved(cx, 0, 0)
			neck := strip("neck", -0.01, 0.038, spline([2]float64{-0.01, 0.0035}, [2]float64{0.025, 0.0035}, [2]float64{0.038, 0.0060}),
				mid, 0.0024, 12)
			return []Part{
				{Name: "bowl", Mesh: shape.Merge("spoon bowl", bowl, neck), Paint: steel},
				{Name: "handle", Mesh: cutleryGrip("spoon", mid), Paint: metalled("spoon handle", 0.35)},
			}
		}),
	}.grounded()
}

func knife() Design {
	return Design{
		Name: "knife", Names: []string{"knife", "kitchen knife"},
		Colors: []string{"black", "red", "blue", "green", "brown"}, Front: "tip",
		Mass: 0.09, Height: 0.015, Footprint: rect(0.24, 0.032), Base: rect(0.20, 0.020), GripWidth: 0.024,
		Geoms: []sim.Geom{
			hardPlastic.box(0.100, 0.022, 0.0150, -0.070, 0, 0.0075), smoothSteel.box(0.085, 0.028, 0.0020, 0.025, 0, 0.0010),
			smoothSteel.box(0.034, 0.018, 0.0020, 0.084, -0.004, 0.0010), smoothSteel.box(0.018, 0.008, 0.0020, 0.109, -0.008, 0.0010),
		},
		Parts: once(func() []Part {
			blade := [][2]float64{{-0.03, -0.0140}, {0.115, -0.0140}, {0.119, -0.0125}, {0.118, -0.0095}, {0.108, -0.0025}, {0.092, 0.0050},
				{0.070, 0.0110}, {0.040, 0.0142}, {-0.018, 0.0145}, {-0.020, 0.0100}, {-0.03, 0.0100}}
			grip := [][2]float64{{-0.120, -0.0095}, {-0.114, -0.0120}, {-0.095, -0.0118}, {-0.070, -0.0100}, {-0.040, -0.0110},
				{-0.021, -0.0125}, {-0.020, 0.0115}, {-0.045, 0.0090}, {-0.075, 0.0105}, {-0.100, 0.0105}, {-0.114, 0.0135}, {-0.120, 0.0110}}
			var rivets []*shape.Mesh
			for i := range 3 {
				rivets = append(rivets, shape.Cylinder(0.0028, 0.0154, 0.0002, 16).Moved(-0.100+0.030*float64(i), 0, 0.0077))
			}
			return []Part{
				{Name: "blade", Mesh: shape.Extrude(blade, 0.0016, 0).Moved(0, 0, 0.0012).Named("blade"), Paint: steel},
				{Name: "handle", Mesh: shape.Extrude(grip, 0.0150, 0.003).Moved(0, 0, 0.0075).Named("knife handle"),
					Paint: finish("knife handle", 0.45)},
				{Name: "handle", Mesh: shape.Merge("knife rivets", rivets...), Paint: steel},
			}
		}),
	}
}

func spatula() Design {
	mid := spline([2]float64{-0.150, 0.0075}, [2]float64{-0.05, 0.0095}, [2]float64{0.040, 0.0240}, [2]float64{0.070, 0.0120},
		[2]float64{0.090, 0.0026}, [2]float64{0.150, 0.0024})
	return Design{
		Name: "spatula", Names: []string{"spatula"},
		Colors: []string{"black", "red", "green", "blue", "orange"}, Front: "blade",
		Mass: 0.08, Height: 0.0270, Footprint: rect(0.30, 0.072), Base: rect(0.27, 0.060), GripWidth: 0.022,
		Geoms: slices.Concat(hardPlastic.stripGeoms(-0.150, -0.030, level(0.0105), level(0.0080), 0.0160, 1),
			hardPlastic.stripGeoms(-0.030, 0.090, level(0.0060), mid, 0.0050, 4),
			hardPlastic.stripGeoms(0.086, 0.150, level(0.0340), level(0.00125), 0.0025, 1)),
		Parts: once(func() []Part {
			blade := []*shape.Mesh{
				shape.Extrude([][2]float64{{0.078, -0.012}, {0.092, -0.034}, {0.097, -0.034}, {0.097, 0.034}, {0.092, 0.034},
					{0.078, 0.012}}, 0.0025, 0),
				shape.Box(p3{0.010, 0.070, 0.0025}, 0).Moved(0.1445, 0, 0),
			}
			for i := range 5 {
				blade = append(blade, shape.Box(p3{0.050, 0.0095, 0.0025}, 0).Moved(0.119, (float64(i)-2)*0.01505, 0))
			}
			neck := strip("spatula neck", -0.040, 0.092, level(0.0055), mid, 0.0040, 24)
			grip := strip("spatula handle", -0.150, -0.030, spline([2]float64{-0.150, 0.006}, [2]float64{-0.145, 0.0105},
				[2]float64{-0.1, 0.011}, [2]float64{-0.030, 0.0085}), level(0.0080), 0.0150, 24)
			hole := ringSolid("spatula hole", 0.0035, 0.0055, 0.0003, 0.0160, 16).Moved(-0.138, 0, 0)
			return []Part{
				{Name: "blade", Mesh: shape.Merge("spatula blade", blade...).Moved(0, 0, 0.00125), Paint: finish("nylon", 0.5)},
				{Name: "handle", Mesh: shape.Merge("spatula neck", neck, hole), Paint: steel},
				{Name: "handle", Mesh: grip, Paint: finish("nylon", 0.5)},
			}
		}),
	}.grounded()
}

func rollingPin() Design {
	const r = 0.0225
	return Design{
		Name: "rolling pin", Names: []string{"rolling pin"},
		Colors: []string{"brown", "red", "blue"},
		Mass:   0.30, Height: 2 * r, Footprint: rect(0.30, 2*r), Base: rect(0.17, 0.012), GripWidth: 2 * r, Rolls: true, Lift: r,
		Geoms: func() []sim.Geom {
			w := surface{slide: 0.5, torsion: 0.005, roll: 0.0015}
			return []sim.Geom{w.rod(r, sim.Vec3{-0.09, 0, 0}, sim.Vec3{0.09, 0, 0}),
				w.capsule(0.0100, sim.Vec3{-0.140, 0, 0}, sim.Vec3{-0.09, 0, 0}), w.capsule(0.0100, sim.Vec3{0.09, 0, 0}, sim.Vec3{0.140, 0, 0})}
		}(),
		Parts: once(func() []Part {
			grip := func(s float64) *shape.Mesh {
				p := [][2]float64{{0, 0.088}, {0.0070, 0.090}, {0.0070, 0.098}, {0.0095, 0.104}, {0.0108, 0.125}, {0.0098, 0.142},
					{0.0060, 0.149}, {0, 0.150}}
				m := shape.Lathe(p, 20)
				return m.Transformed(turn(s*quarter, 0, 1, 0), p3{})
			}
			return []Part{
				{Name: "body", Mesh: lain(shape.Cylinder(r, 0.18, 0.003, 32), "rolling pin", 0), Paint: tint("beech", 0.80, 0.62, 0.40, 0.55)},
				{Name: "handle", Mesh: shape.Merge("pin handles", grip(1), grip(-1)), Paint: painted},
			}
		}),
	}
}

func cuttingBoard() Design {
	const sx, sy, h = 0.17, 0.25, 0.014
	return Design{
		Name: "cutting board", Names: []string{"cutting board", "chopping board"},
		Colors: []string{"brown", "green", "blue", "white"}, Front: "",
		Mass: 0.60, Height: h, Footprint: rect(sx, sy), Base: rect(sx, sy),
		Support: &Support{Preposition: "on", Area: rect(sx-0.004, sy-0.004), Z: h},
		Geoms:   []sim.Geom{wood.box(sx, sy, h, 0, 0, h/2)},
		Parts: once(func() []Part {
			board := shape.Extrude(rounded(sx, sy, 0.015, 6), h, 0.0018).Moved(0, 0, h/2).Named("cutting board")
			grip := shape.Extrude(rounded(0.016, 0.075, 0.0079, 6), 0.0006, 0).Moved(0, 0, h).Moved(-sx/2+0.020, 0, 0).Named("board grip")
			groove := shape.Extrude(rounded(sx-0.066, sy-0.030, 0.010, 5), 0.0004, 0).Moved(0.014, 0, h).Named("board groove")
			inner := shape.Extrude(rounded(sx-0.074, sy-0.038, 0.007, 5), 0.0006, 0).Moved(0.014, 0, h).Named("board middle")
			return []Part{
				{Name: "body", Mesh: board, Paint: boardPaint},
				{Name: "handle", Mesh: grip, Paint: dark},
				{Name: "body", Mesh: groove, Paint: shade(0.6)},
				{Name: "body", Mesh: inner, Paint: boardPaint},
			}
		}),
	}
}

// boardPaint is wood if the board is brown, and plastic otherwise.
func boardPaint(c Color) sim.Material {
	if c.Name != "brown" {
		return plastic(c)
	}
	return sim.Material{Name: "board", Color: [3]float32{1, 1, 1}, Roughness: 0.6, Texture: texture("board", 96, 96, func(u, v float64) [3]float32 {
		ring := 0.5 + 0.5*math.Sin(40*u+3*noise(u*6, v*2, 6, 101))
		return mix([3]float32{0.72, 0.50, 0.28}, [3]float32{0.60, 0.38, 0.19}, 0.6*ring+0.4*noise(u*60, v*4, 60, 102))
	})}
}

func fryingPan() Design {
	const r0, r1, h, floor, t = 0.068, 0.082, 0.034, 0.004, 0.003
	geoms := append(tin.wall(16, r0-t, floor, r1-t, h, t), tin.cylinder(r0-0.001, 0, floor))
	return Design{
		Name: "frying pan", Names: []string{"frying pan", "skillet", "pan"},
		Colors: []string{"black", "red", "blue", "gray"}, Front: "handle",
		Mass: 0.75, Height: 0.048, Footprint: Footprint{X: 0.0500, HalfX: 0.0490, Radius: 0.083}, Base: circle(r0), Upright: true,
		Grips:   []Grip{{"handle", 0.022}},
		Support: &Support{Preposition: "in", Area: circle(r0 - 0.006), Z: floor, Opening: circle(r0), Depth: h - floor},
		Geoms:   append(geoms, hardPlastic.tilted(0.100, 0.020, 0.013, 0.129, 0, 0.0362, -0.10, sim.Vec3{0, 1, 0})),
		Parts: once(func() []Part {
			outer := [][2]float64{{0, 0}, {r0 - 0.004, 0}, {r0, 0.003}, {r1, h - 0.001}}
			inner := [][2]float64{{r1 - t, h - 0.001}, {r0 - t, floor + 0.002}, {r0 - t - 0.003, floor}, {0, floor}}
			rise := func(x float64) float64 { return 0.0305 + 0.10*(x-0.072) }
			grip := strip("pan handle", 0.078, 0.180, spline([2]float64{0.078, 0.007}, [2]float64{0.095, 0.0085}, [2]float64{0.155, 0.0115},
				[2]float64{0.176, 0.0095}, [2]float64{0.180, 0.005}), rise, 0.012, 24)
			bolt := shape.Box(p3{0.022, 0.024, 0.010}, 0.003).Moved(0.080, 0, 0.0295)
			return []Part{
				{Name: "body", Mesh: shape.Lathe(hollow(outer, inner), around).Named("frying pan"), Paint: finish("enamel", 0.3)},
				{Name: "inside", Mesh: lining("pan coat", inner, 0.003), Paint: tint("coating", 0.13, 0.13, 0.14, 0.45)},
				{Name: "handle", Mesh: shape.Merge("pan handle", grip), Paint: dark},
				{Name: "handle", Mesh: bolt.Named("pan bolt"), Paint: steel},
			}
		}),
	}
}

func pot() Design {
	const r, h = 0.080, 0.085
	hull, g := tin.turned("pot lid", [][2]float64{{r + 0.002, h}, {r, h + 0.004}, {r * 0.6, h + 0.014}, {0, h + 0.018}}, sim.Identity())
	return Design{
		Name: "pot", Names: []string{"pot", "cooking pot", "saucepan"},
		Colors: []string{"red", "blue", "silver", "green", "white"},
		Mass:   1.1, Height: h + 0.042, Footprint: Footprint{HalfY: 0.024, Radius: r + 0.004}, Base: circle(r - 0.004), Upright: true,
		Grips: []Grip{{"lid knob", 0.030}},
		Hulls: []Hull{hull},
		Geoms: []sim.Geom{tin.cylinder(r-0.002, 0, 0.01), tin.cylinder(r, 0.006, h), g, hardPlastic.cylinder(0.014, h+0.014, h+0.041),
			hardPlastic.box(0.060, 0.026, 0.011, 0, r+0.012, 0.064), hardPlastic.box(0.060, 0.026, 0.011, 0, -r-0.012, 0.064)},
		Parts: once(func() []Part {
			body := slices.Concat([][2]float64{{0, 0}, {r - 0.008, 0}}, shape.Arc(r-0.008, 0.008, 0.008, -quarter, 0, 4),
				[][2]float64{{r, h - 0.003}, {r + 0.002, h - 0.002}, {r + 0.002, h}, {0, h}})
			lid := slices.Concat([][2]float64{{0, h}, {r + 0.002, h}, {r + 0.002, h + 0.003}, {r * 0.85, h + 0.0085}, {r * 0.6, h + 0.0135},
				{r * 0.3, h + 0.0170}, {0, h + 0.018}})
			knob := [][2]float64{{0, h + 0.015}, {0.007, h + 0.015}, {0.006, h + 0.026}, {0.012, h + 0.030}, {0.0145, h + 0.036},
				{0.011, h + 0.0415}, {0, h + 0.042}}
			loop := func(s float64) *shape.Mesh {
				return shape.Tube([][3]float64{{-0.028, s * (r - 0.010), 0.064}, {-0.028, s * (r + 0.012), 0.064},
					{-0.022, s * (r + 0.019), 0.064}, {0.022, s * (r + 0.019), 0.064}, {0.028, s * (r + 0.012), 0.064}, {0.028,
						s * (r - 0.010), 0.064}}, 0.0055, 12, false)
			}
			return []Part{
				{Name: "body", Mesh: shape.Lathe(body, around).Named("pot"), Paint: metalled("enamel", 0.25)},
				{Name: "lid", Mesh: shape.Lathe(lid, around).Named("pot lid"), Paint: steel},
				{Name: "lid", Mesh: shape.Lathe(knob, 24).Named("pot knob"), Paint: dark},
				{Name: "handle", Mesh: shape.Merge("pot handles", loop(1), loop(-1)), Paint: dark},
			}
		}),
	}
}

func teapot() Design {
	const r, body, h = 0.062, 0.092, 0.122
	radius := spline([2]float64{0, 0.038}, [2]float64{0.004, 0.044}, [2]float64{0.035, r}, [2]float64{0.060, 0.058},
		[2]float64{0.085, 0.034}, [2]float64{body, 0.030})
	hull, g := ceramic.turned("teapot", turnedProfile(radius, 0.0003, 0.073, 9), sim.Identity())
	neck, neckGeom := ceramic.turned("teapot neck", [][2]float64{{0.046, 0.072}, {0.035, 0.0845}, {0.031, body}, {0.028, 0.098},
		{0.010, 0.106}}, sim.Identity())
	return Design{
		Name: "teapot", Names: []string{"teapot"},
		Colors: []string{"white", "blue", "green", "red", "yellow", "pink"}, Front: "spout",
		Mass: 0.65, Height: h, Footprint: Footprint{X: 0.003, HalfX: 0.042, Radius: r + 0.002}, Base: circle(0.042), Upright: true,
		Grips: []Grip{{"handle", 0.014}, {"lid knob", 0.018}},
		Hulls: []Hull{hull, neck},
		Geoms: []sim.Geom{ceramic.cylinder(0.038, 0, 0.004), g, neckGeom, ceramic.standing(0.0085, 0, 0, 0.104, h),
			ceramic.capsule(0.0125, sim.Vec3{0.050, 0, 0.036}, sim.Vec3{0.074, 0, 0.052}),
			ceramic.capsule(0.0085, sim.Vec3{0.074, 0, 0.052}, sim.Vec3{0.096, 0, 0.084}),
			ceramic.capsule(0.0058, sim.Vec3{-0.045, 0, 0.080}, sim.Vec3{-0.075, 0, 0.084}),
			ceramic.capsule(0.0058, sim.Vec3{-0.075, 0, 0.084}, sim.Vec3{-0.094, 0, 0.064}),
			ceramic.capsule(0.0058, sim.Vec3{-0.094, 0, 0.064}, sim.Vec3{-0.086, 0, 0.038}),
			ceramic.capsule(0.0058, sim.Vec3{-0.086, 0, 0.038}, sim.Vec3{-0.058, 0, 0.024})},
		Parts: once(func() []Part {
			pot := slices.Concat([][2]float64{{0, 0.001}}, turnedProfile(radius, 0, body, 20), [][2]float64{{0, body}})
			lid := [][2]float64{{0, body - 0.002}, {0.0310, body - 0.002}, {0.0310, body + 0.002}, {0.022, body + 0.008},
				{0.009, body + 0.013}, {0.005, body + 0.017}, {0.0085, body + 0.023}, {0.0075, body + 0.0285}, {0, body + 0.030}}
			spout := shape.TaperedTube([][3]float64{{0.048, 0, 0.034}, {0.062, 0, 0.040}, {0.074, 0, 0.051}, {0.083, 0, 0.066},
				{0.091, 0, 0.079}, {0.100, 0, 0.089}}, []float64{0.017, 0.0145, 0.0110, 0.0088, 0.0080, 0.0085}, 20)
			hole := shape.Cylinder(0.0062, 0.001, 0, 16).Transformed(turn(0.73, 0, 1, 0), p3{0.1000, 0, 0.0890})
			handle := shape.Tube([][3]float64{{-0.040, 0, 0.080}, {-0.060, 0, 0.087}, {-0.080, 0, 0.083}, {-0.093, 0, 0.069},
				{-0.095, 0, 0.053}, {-0.087, 0, 0.037}, {-0.072, 0, 0.027}, {-0.050, 0, 0.024}}, 0.0055, 14, false)
			return []Part{
				{Name: "body", Mesh: shape.Lathe(pot, around).Named("teapot"), Paint: glazed},
				{Name: "lid", Mesh: shape.Lathe(lid, 32).Named("teapot lid"), Paint: glazed},
				{Name: "spout", Mesh: spout.Named("spout"), Paint: glazed},
				{Name: "spout", Mesh: hole.Named("spout hole"), Paint: dark},
				{Name: "handle", Mesh: handle.Named("teapot handle"), Paint: glazed},
			}
		}),
	}
}

func saltShaker() Design {
	const h = 0.078
	return Design{
		Name: "salt shaker", Names: []string{"salt shaker"},
		Colors: []string{"white", "blue", "red", "green"},
		Mass:   0.11, Height: h, Footprint: circle(0.0215), Base: circle(0.019), GripWidth: 0.043, Upright: true,
		Geoms: []sim.Geom{ceramic.cylinder(0.0190, 0, 0.01), ceramic.cylinder(0.0212, 0.003, 0.028), ceramic.cylinder(0.0192, 0.02, 0.058),
			ceramic.cylinder(0.0165, 0.055, 0.072), ceramic.cylinder(0.010, 0.07, h)},
		Parts: once(func() []Part {
			glass := slices.Concat([][2]float64{{0, 0.0005}, {0.0185, 0}, {0.0210, 0.004}, {0.0212, 0.016}, {0.0195, 0.034},
				{0.0172, 0.056}, {0, 0.056}})
			top := slices.Concat([][2]float64{{0, 0.054}, {0.0182, 0.054}, {0.0182, 0.064}},
				shape.Arc(0.0042, 0.064, 0.0140, 0, quarter, 6), [][2]float64{{0, h}})
			holes := []*shape.Mesh{shape.Cylinder(0.0013, 0.0006, 0, 10).Moved(0, 0, h)}
			for i := range 6 {
				a := math.Pi / 3 * float64(i)
				holes = append(holes, shape.Cylinder(0.0013, 0.0008, 0, 10).Transformed(turn(0.35, -math.Sin(a), math.Cos(a), 0),
					p3{0.0078 * math.Cos(a), 0.0078 * math.Sin(a), h - 0.0006}))
			}
			letter := letterS().Transformed(turn(quarter, 0, 0, 1), p3{}) // readable from +x
			letter = letter.Transformed(turn(quarter, 0, 1, 0), p3{0.0197, 0, 0.030})
			return []Part{
				{Name: "body", Mesh: shape.Lathe(glass, 32).Named("salt shaker"), Paint: glazed},
				{Name: "cap", Mesh: shape.Lathe(top, 32).Named("shaker cap"), Paint: steel},
				{Name: "cap", Mesh: shape.Merge("shaker holes", holes...), Paint: dark},
				{Name: "body", Mesh: letter.Named("letter S"), Paint: accent},
			}
		}),
	}
}

// letterS is a flat S about the origin in the plane of x (right) and y (up), 16 mm high.
func letterS() *shape.Mesh {
	var path [][3]float64
	for i := range 13 {
		a := 0.3 + 1.45*math.Pi*float64(i)/12
		path = append(path, p3{0.0042 * math.Cos(a), 0.0040 + 0.0040*math.Sin(a), 0})
	}
	for i := range 12 {
		a := quarter - 1.45*math.Pi*float64(i+1)/12
		path = append(path, p3{0.0042 * math.Cos(a), -0.0040 + 0.0040*math.Sin(a), 0})
	}
	return shape.Tube(path, 0.0012, 8, false)
}

func pepperMill() Design {
	const h = 0.165
	profile := [][2]float64{{0, 0}, {0.0260, 0}, {0.0275, 0.002}, {0.0275, 0.014}, {0.0245, 0.020}, {0.0190, 0.045}, {0.0170, 0.065},
		{0.0200, 0.086}, {0.0245, 0.096}, {0.0250, 0.104}, {0.0205, 0.1065}, {0.0205, 0.1085}, {0.0250, 0.111}, {0.0262, 0.125}, {0.0225,
			0.141}, {0.0120, 0.150}, {0, 0.151}}
	return Design{
		Name: "pepper mill", Names: []string{"pepper mill", "pepper grinder"},
		Colors: []string{"brown", "black", "white", "red"},
		Mass:   0.26, Height: h, Footprint: circle(0.028), Base: circle(0.0265), GripWidth: 0.054, Upright: true,
		Geoms: []sim.Geom{wood.cylinder(0.0272, 0, 0.017), wood.cylinder(0.0235, 0.016, 0.028), wood.cylinder(0.0207, 0.026, 0.042),
			wood.cylinder(0.0182, 0.040, 0.078), wood.cylinder(0.0225, 0.078, 0.096), wood.cylinder(0.0248, 0.092, 0.108),
			wood.cylinder(0.0255, 0.108, 0.136), wood.cylinder(0.0185, 0.134, 0.148), smoothSteel.cylinder(0.0070, 0.148, h)},
		Parts: once(func() []Part {
			knob := slices.Concat([][2]float64{{0, 0.149}, {0.0045, 0.149}, {0.0045, 0.152}}, shape.Arc(0, 0.158, 0.0070, -0.9, quarter, 8))
			knob[len(knob)-1][0] = 0
			return []Part{
				{Name: "body", Mesh: shape.Lathe(profile, 36).Named("pepper mill"), Paint: finish("varnish", 0.3)},
				{Name: "knob", Mesh: shape.Lathe(knob, 20).Named("mill knob"), Paint: steel},
			}
		}),
	}
}

func wineBottle() Design {
	const r, h = 0.0370, 0.295
	radius := [][2]float64{{0, 0.006}, {0.025, 0.001}, {0.030, 0}, {0.035, 0.002}, {r, 0.006}, {r, 0.175}, {0.0355, 0.190}, {0.029, 0.204},
		{0.0195, 0.216}, {0.0155, 0.228}, {0.0142, 0.270}, {0.0142, 0.280}, {0, 0.280}}
	foil := [][2]float64{{0, 0.240}, {0.0154, 0.240}, {0.0148, 0.276}, {0.0158, 0.278}, {0.0158, 0.284}, {0.0148, 0.285}, {0.0148, 0.294},
		{0.0140, h}, {0, h}}
	return Design{
		Name: "wine bottle", Names: []string{"wine bottle", "bottle of wine"},
		Colors: []string{"green", "black", "brown"}, Front: "label",
		Mass: 0.75, Height: h, Footprint: circle(r), Base: circle(0.034), GripWidth: 2 * r, Upright: true, Grips: []Grip{{"neck", 0.030}},
		Geoms: []sim.Geom{tin.cylinder(0.034, 0, 0.01), tin.cylinder(r, 0.004, 0.182), tin.cylinder(0.0335, 0.18, 0.197),
			tin.cylinder(0.0255, 0.195, 0.210), tin.cylinder(0.0175, 0.208, 0.225), tin.cylinder(0.0150, 0.222, h)},
		Parts: once(func() []Part {
			return []Part{
				{Name: "body", Mesh: shape.Lathe(radius, around).Named("wine bottle"), Paint: func(c Color) sim.Material {
					return sim.Material{Name: "bottle glass", Color: c.mixed(ink, 0.45), Roughness: 0.08}
				}},
				{Name: "label", Mesh: arcMesh("wine label", r+0.0003, 0.055, 0.135, 0.18), Paint: printed("wine label", 128, 64, 0.7, wineArt)},
				{Name: "neck", Mesh: shape.Lathe(foil, 28).Named("foil"), Paint: tint("foil", 0.48, 0.07, 0.12, 0.35)},
			}
		}),
	}
}

// wineArt is a cream label, which covers the front third of the bottle.
func wineArt(c Color, u, v float64) [3]float32 {
	x := math.Mod(u+0.5, 1) - 0.5
	d := boxDistance(x*2.9, v, 0, 0.5, 0.52, 0.5, 0.02)
	out := mix(c.mixed(ink, 0.45), [3]float32{0.93, 0.89, 0.78}, inside(d, 0.02))
	out = mix(out, [3]float32{0.48, 0.07, 0.12}, inside(boxDistance(x*2.9, v, 0, 0.26, 0.36, 0.07, 0.02), 0.02))
	out = mix(out, ink, inside(boxDistance(x*2.9, v, 0, 0.50, 0.26, 0.018, 0.01), 0.02))
	out = mix(out, ink, inside(boxDistance(x*2.9, v, 0, 0.60, 0.20, 0.014, 0.01), 0.02))
	return mix(out, [3]float32{0.62, 0.48, 0.18}, inside(math.Abs(math.Hypot(x*2.9, (v-0.80)*0.9)-0.08)-0.02, 0.02))
}

func ketchupBottle() Design {
	const h = 0.178
	body := spline([2]float64{0, 0.026}, [2]float64{0.004, 0.031}, [2]float64{0.05, 0.031}, [2]float64{0.085, 0.0275},
		[2]float64{0.105, 0.0290}, [2]float64{0.120, 0.024}, [2]float64{0.130, 0.016})
	hull, g := hardPlastic.turned("squeeze bottle", [][2]float64{{0.028, 0.0003}, {0.031, 0.006}, {0.0305, 0.055}, {0.0288, 0.106},
		{0.024, 0.120}, {0.0175, 0.132}}, sim.Identity())
	return Design{
		Name: "squeeze bottle", Names: []string{"squeeze bottle", "sauce bottle"},
		Colors: []string{"red", "yellow", "brown"},
		Mass:   0.36, Height: h, Footprint: circle(0.0315), Base: circle(0.028), GripWidth: 0.062, Upright: true,
		Hulls: []Hull{hull},
		Geoms: []sim.Geom{hardPlastic.cylinder(0.028, 0, 0.004), g, hardPlastic.cylinder(0.0165, 0.128, 0.147),
			hardPlastic.cylinder(0.0080, 0.145, 0.163), hardPlastic.cylinder(0.0042, 0.16, h)},
		Parts: once(func() []Part {
			p := slices.Concat([][2]float64{{0, 0.001}}, turnedProfile(body, 0, 0.130, 24), [][2]float64{{0, 0.130}})
			top := [][2]float64{{0, 0.127}, {0.0172, 0.127}, {0.0172, 0.142}, {0.0140, 0.1465}, {0.0095, 0.148}, {0.0070, 0.158},
				{0.0045, 0.170}, {0.0036, h}, {0, h}}
			return []Part{
				{Name: "body", Mesh: upright(shape.Lathe(p, around), "squeeze bottle", 0, 0.13),
					Paint: printed("squeeze bottle", 128, 64, 0.3, sauceArt)},
				{Name: "cap", Mesh: shape.Lathe(top, 32).Named("nozzle"), Paint: accent},
			}
		}),
	}
}

// sauceArt is a bright oval with a tomato on it, front and back.
func sauceArt(c Color, u, v float64) [3]float32 {
	x := (math.Mod(u+0.25, 0.5) - 0.25) * 4.6
	out := mix(c.RGB, offWhite, inside(math.Hypot(x/0.62, (v-0.58)/0.30)-1, 0.06))
	out = mix(out, c.mixed(ink, 0.25), inside(math.Hypot(x, (v-0.64)*3.1)-0.32, 0.05))
	return mix(out, [3]float32{0.20, 0.45, 0.15}, inside(boxDistance(x, v, 0, 0.50, 0.16, 0.025, 0.02), 0.02))
}

func sprayBottle() Design {
	const r, h = 0.034, 0.225
	body := spline([2]float64{0, 0.030}, [2]float64{0.004, r}, [2]float64{0.10, r}, [2]float64{0.125, 0.030}, [2]float64{0.145, 0.018},
		[2]float64{0.160, 0.0125})
	hull, g := hardPlastic.turned("spray bottle", [][2]float64{{0.031, 0.0003}, {r, 0.006}, {r, 0.105}, {0.0295, 0.126}, {0.013, 0.158}},
		sim.Identity())
	return Design{
		Name: "spray bottle", Names: []string{"spray bottle"},
		Colors: []string{"blue", "green", "orange", "pink", "purple"}, Front: "nozzle",
		Mass: 0.45, Height: h, Footprint: Footprint{X: 0.011, HalfX: 0.012, Radius: r + 0.001}, Base: circle(0.031), GripWidth: 2 * r, Upright: true,
		Hulls: []Hull{hull},
		Geoms: []sim.Geom{hardPlastic.cylinder(0.031, 0, 0.004), g, hardPlastic.cylinder(0.0145, 0.155, 0.180),
			hardPlastic.box(0.074, 0.022, 0.034, 0.012, 0, 0.207), hardPlastic.tilted(0.009, 0.014, 0.048, 0.034, 0, 0.174, 0.45, sim.Vec3{0, 1, 0})},
		Parts: once(func() []Part {
			p := slices.Concat([][2]float64{{0, 0.001}}, turnedProfile(body, 0, 0.160, 22), [][2]float64{{0, 0.160}})
			collar := ringSolid("collar", 0.004, 0.0150, 0.154, 0.174, 28)
			head := shape.Extrude([][2]float64{{-0.024, 0.184}, {0.020, 0.184}, {0.030, 0.198}, {0.049, 0.198}, {0.049, 0.214},
				{0.030, 0.222}, {-0.014, h}, {-0.026, 0.212}}, 0.022, 0.003).Transformed(turn(quarter, 1, 0, 0), p3{})
			neck := shape.Cylinder(0.010, 0.016, 0, 20).Moved(0, 0, 0.179)
			lever := shape.TaperedTube([][3]float64{{0.024, 0, 0.196}, {0.032, 0, 0.180}, {0.038, 0, 0.166}, {0.048, 0, 0.152}},
				[]float64{0.006, 0.0048, 0.0045, 0.0035}, 10).Scaled(1, 1.4, 1)
			nozzle := shape.Cylinder(0.0085, 0.010, 0.001, 20).Transformed(layDown, p3{0.052, 0, 0.206})
			return []Part{
				{Name: "body", Mesh: upright(shape.Lathe(p, around), "spray bottle", 0, 0.16),
					Paint: printed("spray bottle", 128, 64, 0.25, sprayArt)},
				{Name: "head", Mesh: shape.Merge("spray head", collar, head, neck), Paint: accent},
				{Name: "trigger", Mesh: lever.Named("trigger"), Paint: tint("trigger", 0.80, 0.15, 0.12, 0.4)},
				{Name: "nozzle", Mesh: nozzle.Named("nozzle"), Paint: tint("nozzle", 0.80, 0.15, 0.12, 0.4)},
			}
		}),
	}
}

// sprayArt is a label with a big drop on it.
func sprayArt(c Color, u, v float64) [3]float32 {
	x, y := (math.Mod(u+0.5, 1)-0.5)*1.33, v-0.62
	out := mix(c.RGB, offWhite, inside(boxDistance(x, y, 0, 0, 0.26, 0.26, 0.05), 0.02))
	drop := math.Hypot(x, y-0.06) - 0.11
	tip := max(math.Abs(x)-0.11*(y+0.16)/0.22, -y-0.16, y-0.06)
	return mix(out, c.RGB, inside(min(drop, tip), 0.02))
}

func soapDispenser() Design {
	const r, h = 0.033, 0.180
	return Design{
		Name: "soap dispenser", Names: []string{"soap dispenser", "soap bottle", "pump bottle"},
		Colors: []string{"white", "blue", "green", "pink", "black"}, Front: "spout",
		Mass: 0.34, Height: h, Footprint: Footprint{X: 0.008, HalfX: 0.008, Radius: r}, Base: circle(0.031), GripWidth: 2 * r, Upright: true,
		Geoms: []sim.Geom{ceramic.cylinder(0.031, 0, 0.005), ceramic.cylinder(r, 0.003, 0.112), ceramic.cylinder(0.024, 0.11, 0.122),
			hardPlastic.cylinder(0.0125, 0.12, 0.140), hardPlastic.cylinder(0.0050, 0.135, h-0.012),
			hardPlastic.cylinder(0.0135, h-0.016, h), hardPlastic.box(0.045, 0.010, 0.009, 0.024, 0, h-0.007)},
		Parts: once(func() []Part {
			body := slices.Concat([][2]float64{{0, 0}, {r - 0.004, 0}}, shape.Arc(r-0.004, 0.004, 0.004, -quarter, 0, 3),
				shape.Arc(r-0.012, 0.108, 0.012, 0, 1.3, 6), [][2]float64{{0.0125, 0.122}, {0, 0.122}})
			pump := []*shape.Mesh{
				shape.Cylinder(0.0125, 0.018, 0.0015, 28).Moved(0, 0, 0.130), shape.Cylinder(0.0042, 0.040, 0, 16).Moved(0, 0, 0.153),
				shape.Cylinder(0.0135, 0.014, 0.003, 28).Moved(0, 0, h-0.007),
				shape.TaperedTube([][3]float64{{0.004, 0, h - 0.007}, {0.030, 0, h - 0.0065}, {0.042, 0, h - 0.009}, {0.046, 0, h - 0.016}},
					[]float64{0.0055, 0.0050, 0.0042, 0.0036}, 14),
			}
			return []Part{
				{Name: "body", Mesh: shape.Lathe(body, around).Named("soap dispenser"), Paint: glazed},
				{Name: "pump", Mesh: shape.Merge("pump", pump...), Paint: steel},
			}
		}),
	}
}

func tinCan() Design {
	const r, h = 0.037, 0.095
	ribs := func(z0, z1 float64, n int) [][2]float64 {
		var out [][2]float64
		for i := range 2*n + 1 {
			out = append(out, [2]float64{r - 0.0009*float64(i%2), z0 + (z1-z0)*float64(i)/float64(2*n)})
		}
		return out
	}
	return Design{
		Name: "tin can", Names: []string{"food can", "tin can", "tin"},
		Colors: []string{"red", "green", "yellow", "blue", "orange"},
		Mass:   0.40, Height: h, Footprint: circle(r + 0.0008), Base: circle(r - 0.001), GripWidth: 2*r + 0.0008, Upright: true,
		Geoms: []sim.Geom{tin.cylinder(r, 0, h)},
		Parts: once(func() []Part {
			p := slices.Concat([][2]float64{{0, 0.003}, {r - 0.0025, 0.003}, {r - 0.0015, 0}, {r + 0.0006, 0}, {r + 0.0006, 0.003}},
				ribs(0.004, h-0.004, 4), [][2]float64{{r + 0.0006, h - 0.003}, {r + 0.0006, h}, {r - 0.0015, h}, {r - 0.0025, h - 0.003},
					{0.024, h - 0.003}, {0.023, h - 0.0022}, {0.020, h - 0.0022}, {0.019, h - 0.003}, {0, h - 0.003}})
			ring := shape.Tube([][3]float64{{0.020, 0, 0}, {0.0155, 0.0045, 0}, {0.011, 0, 0}, {0.0155, -0.0045, 0}}, 0.0009, 6,
				true).Moved(0, 0, h-0.0015)
			return []Part{
				{Name: "body", Mesh: shape.Lathe(p, around).Named("tin can"), Paint: steel},
				{Name: "label", Mesh: bandMesh("tin label", r+0.0004, 0.010, h-0.010), Paint: printed("tin label", 160, 64, 0.6, tinArt)},
				{Name: "tab", Mesh: ring.Named("ring pull"), Paint: steel},
			}
		}),
	}
}

// tinArt is a two-tone label with a round picture, front and back.
func tinArt(c Color, u, v float64) [3]float32 {
	out := mix(c.RGB, offWhite, inside(0.56-v, 0.02))
	x := (math.Mod(u+0.25, 0.5) - 0.25) * 3.0
	d := math.Hypot(x, v-0.56) - 0.30
	out = mix(out, [3]float32{0.93, 0.75, 0.25}, inside(d, 0.03))
	out = mix(out, c.mixed(ink, 0.2), inside(d+0.07, 0.03))
	return mix(out, [3]float32{0.30, 0.55, 0.20}, inside(math.Hypot(x*1.6, (v-0.42)*2.4)-0.16, 0.03))
}

func teacup() Design {
	const r, h, saucer = 0.042, 0.060, 0.068
	outer := [][2]float64{{0, 0.0125}, {0.0185, 0.0125}, {0.0200, 0.0110}, {0.0225, 0.0110}, {0.0240, 0.0135}, {0.0300, 0.020},
		{0.0360, 0.032}, {0.0400, 0.048}, {r, h - 0.001}}
	inner := [][2]float64{{r - 0.0026, h - 0.001}, {0.0374, 0.048}, {0.0335, 0.033}, {0.0275, 0.0215}, {0.019, 0.0165}, {0, 0.0158}}
	geoms := append(ceramic.wall(12, 0.0255, 0.018, r-0.0026, h, 0.0026), ceramic.cylinder(saucer*0.55, 0, 0.010),
		ceramic.cylinder(0.0245, 0.010, 0.0185), ceramic.cylinder(0.0285, 0.0185, 0.030), ceramic.cylinder(0.034, 0.030, 0.0475))
	geoms = append(geoms, ceramic.wall(14, saucer*0.52, 0.005, saucer-0.001, 0.0145, 0.0030)...)
	geoms = append(geoms, ceramic.capsule(0.0034, sim.Vec3{0.040, 0, 0.052}, sim.Vec3{0.060, 0, 0.050}),
		ceramic.capsule(0.0034, sim.Vec3{0.060, 0, 0.050}, sim.Vec3{0.058, 0, 0.034}), ceramic.capsule(0.0034, sim.Vec3{0.058, 0, 0.034},
			sim.Vec3{0.036, 0, 0.028}))
	return Design{
		Name: "teacup", Names: []string{"teacup", "cup and saucer"},
		Colors: []string{"white", "blue", "pink", "green", "yellow"}, Front: "handle",
		Mass: 0.30, Height: h, Footprint: circle(saucer), Base: circle(saucer * 0.55), Upright: true, Grips: []Grip{{"rim", 0.0026}},
		Geoms: geoms,
		Parts: once(func() []Part {
			plate := [][2]float64{{0, 0.001}, {0.034, 0.001}, {0.0355, 0}, {0.039, 0}, {0.041, 0.002}, {0.055, 0.0075}, {saucer, 0.0145},
				{saucer - 0.001, 0.0160}, {0.054, 0.0105}, {0.040, 0.0062}, {0.025, 0.0055}, {0.024, 0.012}, {0, 0.012}}
			handle := shape.Tube([][3]float64{{0.037, 0, 0.050}, {0.048, 0, 0.0545}, {0.058, 0, 0.051}, {0.061, 0, 0.043},
				{0.056, 0, 0.034}, {0.046, 0, 0.029}, {0.033, 0, 0.0275}}, 0.0030, 12, false)
			tea := shape.Cylinder(0.0372, 0.001, 0, 36).Moved(0, 0, 0.0470)
			return []Part{
				{Name: "body", Mesh: shape.Lathe(hollow(outer, inner), around).Named("teacup"), Paint: glazed},
				{Name: "handle", Mesh: handle.Named("teacup handle"), Paint: glazed},
				{Name: "saucer", Mesh: shape.Lathe(plate, around).Named("saucer"), Paint: glazed},
				{Name: "tea", Mesh: tea.Named("tea"), Paint: tint("tea", 0.45, 0.20, 0.06, 0.1)},
			}
		}),
	}
}
