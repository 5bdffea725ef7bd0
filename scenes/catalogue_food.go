package scenes

import (
	"math"
	"slices"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// More to eat. What is long lies along x, and stands on a flat a few millimetres wide, so that it stays where it is put.

func orange() Design {
	const r = 0.0365
	return Design{
		Name: "orange", Names: []string{"orange"},
		Colors: []string{"orange"},
		Mass:   0.18, Height: 2*r - 0.001, Footprint: circle(r), Base: circle(0.015), GripWidth: 2 * r,
		Geoms: []sim.Geom{skin.geom(sim.GeomSphere, sim.Vec3{r, 0, 0}, sim.Translation(0, 0, r+0.0002)), skin.cylinder(0.014, 0, 0.006)},
		Parts: once(func() []Part {
			star := make([]*shape.Mesh, 5)
			for i := range star {
				star[i] = shape.Ellipsoid(p3{0.0045, 0.0018, 0.0009}, 8).Moved(0.004, 0,
					2*r-0.0022).Transformed(turn(2*math.Pi*float64(i)/5, 0, 0, 1), p3{})
			}
			return []Part{
				{Name: "body", Mesh: shape.Lathe(lobe(r, r-0.0005, 0.002, 0.0015, 0.006), around).Named("orange"),
					Paint: printed("orange peel", 128, 128, 0.5, peelArt)},
				{Name: "body", Mesh: shape.Merge("orange star", star...), Paint: leaf},
			}
		}),
	}
}

// peelArt has the pits of citrus peel, finer than a lemon's.
func peelArt(c Color, u, v float64) [3]float32 {
	pit := noise(u*90, v*60, 360, 62)
	return mix(c.RGB, c.mixed([3]float32{0.62, 0.26, 0.02}, 0.7), inside(0.70-pit, 0.2)*0.5)
}

func tomato() Design {
	const r = 0.036
	return Design{
		Name: "tomato", Names: []string{"tomato"},
		Colors: []string{"red", "yellow"},
		Mass:   0.14, Height: 0.0625, Footprint: circle(r + 0.001), Base: circle(0.016), GripWidth: 2 * r,
		Geoms: []sim.Geom{skin.egg(r, r, 0.0290, 0, 0, 0.0292), skin.cylinder(0.015, 0, 0.005)},
		Parts: once(func() []Part {
			body := shape.Lathe(lobe(r, 0.0305, 0.007, 0.004, 0.012), around).Deformed(func(p [3]float64) [3]float64 {
				k := 1 + 0.025*math.Cos(5*math.Atan2(p[1], p[0]))*math.Min(1, math.Hypot(p[0], p[1])/0.02)
				return p3{p[0] * k, p[1] * k, p[2]}
			})
			var calyx []*shape.Mesh
			for i := range 6 {
				a := turn(2*math.Pi*float64(i)/6, 0, 0, 1)
				calyx = append(calyx, shape.TaperedTube([][3]float64{{0.002, 0, 0.055}, {0.010, 0, 0.0585}, {0.017, 0, 0.0590}, {0.022, 0, 0.0600}},
					[]float64{0.0022, 0.0026, 0.0018, 0.0006}, 8).Scaled(1, 1.3, 1).Transformed(a, p3{}))
			}
			calyx = append(calyx, stem(0.052, 0.011, 0.0017))
			return []Part{
				{Name: "body", Mesh: body.Named("tomato"), Paint: finish("tomato", 0.22)},
				{Name: "stem", Mesh: shape.Merge("tomato calyx", calyx...), Paint: leaf},
			}
		}),
	}
}

// root is something long and round that lies along x with its tip ahead: radius r(x) from x0 to x1.
func root(d Design, s surface, r func(x float64) float64, x0, x1 float64, pieces int, flat [2]float64, parts func(body *shape.Mesh) []Part) Design {
	hull, g := s.along(d.Name, steps(x0, x1, pieces), r, r, 0.0003)
	base := s.box(flat[1]-flat[0], 0.010, 0.003, (flat[0]+flat[1])/2, 0, 0.0015)
	d.Hulls, d.Geoms = []Hull{hull}, append([]sim.Geom{base, g}, d.Geoms...)
	d.Parts = once(func() []Part {
		body := shape.Lathe(append(append([][2]float64{{0, x0}}, turnedProfile(r, x0, x1, 22)...), [2]float64{0, x1}), 28)
		return parts(grown(body, d.Name, r))
	})
	return d
}

func carrot() Design {
	r := spline([2]float64{-0.080, 0.0105}, [2]float64{-0.074, 0.0155}, [2]float64{-0.02, 0.0135}, [2]float64{0.04, 0.0090},
		[2]float64{0.074, 0.0045}, [2]float64{0.088, 0.0015})
	return root(Design{
		Name: "carrot", Names: []string{"carrot"},
		Colors: []string{"orange"}, Front: "tip",
		Mass: 0.09, Height: 0.0315, Footprint: Footprint{X: -0.005, HalfX: 0.084, Radius: 0.0155},
		Base: Footprint{HalfX: 0.070, Radius: 0.008}, GripWidth: 0.027,
		Geoms: []sim.Geom{skin.capsule(0.007, sim.Vec3{-0.078, 0, 0.0135}, sim.Vec3{-0.098, 0, 0.0140})},
	}, skin, r, -0.080, 0.088, 7, [2]float64{-0.06, 0.06}, func(body *shape.Mesh) []Part {
		var tops []*shape.Mesh
		for i := range 6 {
			a := float64(i) * math.Pi / 3
			y, z := math.Sin(a), math.Cos(a)
			tops = append(tops, shape.TaperedTube([][3]float64{{-0.076, 0.002 * y, 0.0125 + 0.002*z}, {-0.090, 0.005 * y, 0.0135 + 0.004*z},
				{-0.104, 0.010 * y, 0.0135 + 0.009*z}},
				[]float64{0.0024, 0.0026, 0.0012}, 8))
		}
		return []Part{
			{Name: "body", Mesh: body, Paint: printed("carrot", 16, 128, 0.6, func(c Color, u, v float64) [3]float32 {
				ring := noise(u*6, v*60, 60, 71)
				return mix(c.RGB, c.mixed([3]float32{0.45, 0.18, 0.02}, 0.6), inside(0.70-ring, 0.1)*0.8)
			})},
			{Name: "greens", Mesh: shape.Merge("carrot greens", tops...), Paint: leaf},
		}
	})
}

func cucumber() Design {
	r := spline([2]float64{-0.085, 0.0040}, [2]float64{-0.080, 0.0120}, [2]float64{-0.060, 0.0175}, [2]float64{0, 0.0195},
		[2]float64{0.060, 0.0180}, [2]float64{0.080, 0.0125}, [2]float64{0.086, 0.0040})
	return root(Design{
		Name: "cucumber", Names: []string{"cucumber"},
		Colors: []string{"green"},
		Mass:   0.20, Height: 0.039, Footprint: Footprint{HalfX: 0.068, Radius: 0.0195}, Base: Footprint{HalfX: 0.050, Radius: 0.010},
		GripWidth: 0.039,
	}, skin, r, -0.085, 0.086, 8, [2]float64{-0.04, 0.04}, func(body *shape.Mesh) []Part {
		return []Part{{Name: "body", Mesh: body, Paint: printed("cucumber", 96, 64, 0.4, func(c Color, u, v float64) [3]float32 {
			stripe := noise(u*14, v*3, 14, 75)
			wart := noise(u*40, v*50, 200, 76)
			out := mix([3]float32{0.14, 0.34, 0.10}, [3]float32{0.45, 0.60, 0.24}, stripe*stripe*0.8)
			return mix(out, [3]float32{0.62, 0.72, 0.40}, inside(0.80-wart, 0.08)*0.5)
		})}}
	})
}

func eggplant() Design {
	r := spline([2]float64{-0.070, 0.0120}, [2]float64{-0.060, 0.0170}, [2]float64{-0.02, 0.0235}, [2]float64{0.030, 0.0315},
		[2]float64{0.055, 0.0275}, [2]float64{0.069, 0.0150}, [2]float64{0.074, 0.0040})
	return root(Design{
		Name: "eggplant", Names: []string{"eggplant", "aubergine"},
		Colors: []string{"purple"},
		Mass:   0.26, Height: 0.063, Footprint: Footprint{X: -0.012, HalfX: 0.058, Radius: 0.0315},
		Base: Footprint{HalfX: 0.040, Radius: 0.012}, GripWidth: 0.062,
	}, skin, r, -0.070, 0.074, 8, [2]float64{-0.05, 0.05}, func(body *shape.Mesh) []Part {
		var crown []*shape.Mesh
		for i := range 4 {
			a := -1.5 + float64(i)
			at := func(x, k float64) [3]float64 { return p3{x, k * r(x) * math.Sin(a), r(x) + k*r(x)*math.Cos(a)} }
			crown = append(crown, shape.TaperedTube([][3]float64{at(-0.071, 0.3), at(-0.065, 0.97), at(-0.050, 1.0), at(-0.036, 1.0)},
				[]float64{0.004, 0.006, 0.0045, 0.001}, 10))
		}
		crown = append(crown, shape.TaperedTube([][3]float64{{-0.068, 0, 0.013}, {-0.080, 0, 0.015}, {-0.094, 0.002, 0.020}},
			[]float64{0.011, 0.006, 0.005}, 14))
		return []Part{
			{Name: "body", Mesh: body, Paint: fixed(sim.Material{Name: "aubergine", Color: [3]float32{0.23, 0.08, 0.28}, Roughness: 0.15})},
			{Name: "stem", Mesh: shape.Merge("eggplant crown", crown...), Paint: leaf},
		}
	})
}

func corn() Design {
	r := spline([2]float64{-0.075, 0.0150}, [2]float64{-0.060, 0.0210}, [2]float64{0, 0.0215}, [2]float64{0.050, 0.0175},
		[2]float64{0.074, 0.0105}, [2]float64{0.082, 0.0030})
	return root(Design{
		Name: "corn", Names: []string{"corn cob", "ear of corn"},
		Colors: []string{"yellow"}, Front: "tip",
		Mass: 0.21, Height: 0.0465, Footprint: Footprint{X: -0.010, HalfX: 0.074, Radius: 0.0235},
		Base: Footprint{HalfX: 0.050, Radius: 0.010}, GripWidth: 0.043,
		Geoms: []sim.Geom{skin.capsule(0.0095, sim.Vec3{-0.072, 0, 0.0170}, sim.Vec3{-0.094, 0, 0.0165}),
			skin.capsule(0.0215, sim.Vec3{-0.060, 0, 0.0225}, sim.Vec3{-0.020, 0, 0.0232})},
	}, skin, r, -0.075, 0.082, 7, [2]float64{-0.05, 0.04}, func(body *shape.Mesh) []Part {
		var husk []*shape.Mesh
		for i := range 3 {
			a := -1.15 + 1.15*float64(i)
			at := func(x, k float64) [3]float64 { return p3{x, k * r(x) * math.Sin(a), r(x) + k*r(x)*math.Cos(a)} }
			husk = append(husk, shape.TaperedTube([][3]float64{at(-0.092, 0.25), at(-0.080, 0.7), at(-0.060, 0.87), at(-0.030, 0.90),
				at(0.005, 0.99)},
				[]float64{0.005, 0.008, 0.0065, 0.0045, 0.0008}, 10))
		}
		husk = append(husk, shape.TaperedTube([][3]float64{{-0.070, 0, 0.017}, {-0.090, 0, 0.016}, {-0.104, 0, 0.017}},
			[]float64{0.014, 0.008, 0.006}, 12))
		return []Part{
			{Name: "body", Mesh: body, Paint: printed("kernels", 128, 192, 0.35, func(c Color, u, v float64) [3]float32 {
				col := math.Floor(u * 16)
				x, y := math.Mod(u*16, 1)-0.5, math.Mod(v*26+0.5*math.Mod(col, 2), 1)-0.5
				d := boxDistance(x, y, 0, 0, 0.46, 0.44, 0.3)
				shade := 0.15 * hash01(int(col), int(v*26+0.5*math.Mod(col, 2)), 78)
				return mix([3]float32{0.62, 0.42, 0.05}, mix([3]float32{0.97, 0.80, 0.20}, [3]float32{0.95, 0.90, 0.55}, shade*4), inside(d, 0.2))
			})},
			{Name: "husk", Mesh: shape.Merge("husk", husk...), Paint: tint("husk", 0.45, 0.62, 0.24, 0.7)},
		}
	})
}

func strawberry() Design {
	r := spline([2]float64{-0.0225, 0.0010}, [2]float64{-0.020, 0.0045}, [2]float64{-0.010, 0.0105}, [2]float64{0.006, 0.0165},
		[2]float64{0.015, 0.0145}, [2]float64{0.018, 0.0080})
	return root(Design{
		Name: "strawberry", Names: []string{"strawberry"},
		Colors: []string{"red"}, Front: "stem",
		Mass: 0.025, Height: 0.034, Footprint: Footprint{X: 0, HalfX: 0.006, Radius: 0.0185}, Base: Footprint{HalfX: 0.008, Radius: 0.006},
		GripWidth: 0.033,
	}, skin, r, -0.0225, 0.018, 7, [2]float64{-0.012, 0.012}, func(body *shape.Mesh) []Part {
		var calyx []*shape.Mesh
		for i := range 6 {
			a := math.Pi/6 + math.Pi/3*float64(i)
			at := func(x, k float64) [3]float64 { return p3{x, k * math.Sin(a), 0.0155 + k*math.Cos(a)} }
			calyx = append(calyx, shape.TaperedTube([][3]float64{at(0.018, 0.001), at(0.0205, 0.006), at(0.0185, 0.0125)},
				[]float64{0.0016, 0.0028, 0.0005}, 8))
		}
		calyx = append(calyx, shape.TaperedTube([][3]float64{{0.018, 0, 0.0155}, {0.024, 0, 0.0185}}, []float64{0.0013, 0.0010}, 8))
		return []Part{
			{Name: "body", Mesh: body, Paint: printed("strawberry", 96, 64, 0.3, func(c Color, u, v float64) [3]float32 {
				row := math.Floor(v * 9)
				x, y := math.Mod(u*10+0.5*math.Mod(row, 2), 1)-0.5, math.Mod(v*9, 1)-0.5
				return mix(c.RGB, [3]float32{0.95, 0.80, 0.40}, inside(math.Hypot(x*1.6, y)-0.16, 0.12)*0.9)
			})},
			{Name: "stem", Mesh: shape.Merge("strawberry calyx", calyx...), Paint: leaf},
		}
	})
}

func bellPepper() Design {
	const r, h = 0.034, 0.074
	profile := func(z float64) float64 {
		return spline([2]float64{0, 0.012}, [2]float64{0.003, 0.018}, [2]float64{0.015, 0.026}, [2]float64{0.040, 0.0325},
			[2]float64{0.060, r}, [2]float64{0.070, 0.028}, [2]float64{h, 0.014})(z)
	}
	p := turnedProfile(profile, 0, h, 20)
	hull, g := skin.turned("bell pepper", [][2]float64{{0.018, 0.003}, {0.026, 0.015}, {0.0325, 0.040}, {0.0335, 0.060}, {0.027, 0.0705},
		{0.014, h}}, sim.Identity())
	return Design{
		Name: "bell pepper", Names: []string{"bell pepper", "sweet pepper"},
		Colors: []string{"red", "yellow", "green", "orange"},
		Mass:   0.16, Height: 0.089, Footprint: circle(r + 0.001), Base: circle(0.017), GripWidth: 2 * r,
		Hulls: []Hull{hull}, Geoms: []sim.Geom{skin.cylinder(0.017, 0, 0.008), g, skin.standing(0.004, 0, 0, h-0.006, 0.087)},
		Parts: once(func() []Part {
			body := shape.Lathe(slices.Concat([][2]float64{{0, 0.002}}, p, [][2]float64{{0.009, h - 0.004}, {0, h - 0.008}}),
				48).Deformed(func(q [3]float64) [3]float64 {
				rr := math.Hypot(q[0], q[1])
				k := 1 + 0.045*math.Cos(4*math.Atan2(q[1], q[0]))*min(1, rr/0.01)
				return p3{q[0] * k, q[1] * k, q[2]}
			})
			stalk := shape.TaperedTube([][3]float64{{0, 0, h - 0.010}, {0, 0, h - 0.002}, {0.002, 0, h + 0.006}, {0.005, 0, h + 0.014}},
				[]float64{0.010, 0.0055, 0.0040, 0.0048}, 14)
			return []Part{
				{Name: "body", Mesh: body.Named("bell pepper"), Paint: finish("pepper", 0.18)},
				{Name: "stem", Mesh: stalk.Named("pepper stem"), Paint: tint("pepper stem", 0.30, 0.50, 0.18, 0.6)},
			}
		}),
	}
}

func mushroom() Design {
	const r, h = 0.027, 0.054
	return Design{
		Name: "mushroom", Names: []string{"mushroom"},
		Colors: []string{"brown", "white", "red"},
		Mass:   0.02, Height: h, Footprint: circle(r + 0.0005), Base: circle(0.010), GripWidth: 2 * r,
		Geoms: []sim.Geom{skin.cylinder(0.0105, 0, 0.034), skin.cylinder(r-0.0005, 0.028, 0.033), skin.egg(r, r, 0.0225, 0, 0, h-0.0225)},
		Parts: once(func() []Part {
			cap := slices.Concat([][2]float64{{0, 0.030}, {0.020, 0.028}, {0.0245, 0.0265}}, shape.Arc(0.0245, 0.0290, 0.0025, -1.2, 0, 3))
			for i := range 10 {
				a := quarter * float64(i+1) / 10
				cap = append(cap, [2]float64{r * math.Cos(a), 0.0305 + (h-0.0305)*math.Sin(a)})
			}
			cap[len(cap)-1][0] = 0
			foot := [][2]float64{{0, 0}, {0.009, 0}, {0.0112, 0.002}, {0.0100, 0.012}, {0.0092, 0.022}, {0.0110, 0.0305}, {0, 0.0305}}
			return []Part{
				{Name: "cap", Mesh: shape.Lathe(cap, around).Named("mushroom cap"), Paint: printed("mushroom", 64, 64, 0.6, mushroomArt)},
				{Name: "stem", Mesh: shape.Lathe(foot, 28).Named("mushroom stem"), Paint: tint("mushroom stem", 0.93, 0.89, 0.80, 0.8)},
			}
		}),
	}
}

// mushroomArt is a cap that is lighter at its rim; a red one has the dots of a toadstool.
func mushroomArt(c Color, u, v float64) [3]float32 {
	out := c.RGB
	if c.Name == "red" {
		row := math.Floor(v * 7)
		x, y := math.Mod(u*9+0.5*math.Mod(row, 2), 1)-0.5, math.Mod(v*7, 1)-0.5
		return mix(out, offWhite, inside(math.Hypot(x, y)-0.24, 0.1))
	}
	return mix(out, offWhite, 0.25*noise(u*10, v*10, 10, 81))
}

func egg() Design {
	const r, a = 0.0222, 0.029
	// Half the length a to both ends, the blunt one at -x.
	radius := func(x float64) float64 {
		t := x / a
		return r * math.Sqrt(max(1-t*t, 0)) * (1 - 0.13*t)
	}
	return Design{
		Name: "egg", Names: []string{"egg"},
		Colors: []string{"white", "brown"},
		Mass:   0.06, Height: 2*r + 0.0005, Footprint: Footprint{HalfX: 0.0065, Radius: r + 0.0005}, Base: circle(0.010), GripWidth: 2 * r,
		Rolls: true, Lift: r,
		Geoms: []sim.Geom{skin.egg(a, r, r, 0, 0, 0)},
		Parts: once(func() []Part {
			return []Part{{Name: "body", Mesh: lain(shape.Lathe(turnedProfile(radius, -a, a, 20), 32), "egg", 0).Scaled(1, 0.985, 0.985),
				Paint: eggshell}}
		}),
	}
}

// eggshell is the colour as eggs have it: a brown egg is lighter than a brown table.
func eggshell(c Color) sim.Material {
	m := sim.Material{Name: "eggshell", Color: [3]float32{0.95, 0.93, 0.89}, Roughness: 0.55}
	if c.Name == "brown" {
		m.Color = [3]float32{0.78, 0.55, 0.39}
	}
	return m
}

func breadLoaf() Design {
	const a, b, h = 0.096, 0.056, 0.075
	hull, g := foam.dome("bread", p3{a, b, 0.047}, 0.028, 0.0003, h)
	return Design{
		Name: "bread", Names: []string{"loaf of bread", "bread loaf", "loaf"},
		Colors: []string{"brown"},
		Mass:   0.40, Height: h, Footprint: Footprint{HalfX: a - b, Radius: b}, Base: Footprint{HalfX: 0.060, Radius: 0.030},
		Hulls: []Hull{hull}, Geoms: []sim.Geom{foam.box(0.11, 0.06, 0.003, 0, 0, 0.0015), g},
		Parts: once(func() []Part {
			whole := shape.EllipsoidField(p3{0, 0, 0.028}, p3{a, b, 0.047})
			floor := shape.BoxField(p3{0, 0, 0.1}, p3{0.4, 0.4, 0.2}, 0)
			crust := shape.Common(0.012, whole, floor)
			core := shape.EllipsoidField(p3{0, 0, 0.028}, p3{a - 0.008, b - 0.008, 0.039})
			for i := range 3 {
				x := -0.048 + 0.048*float64(i)
				slot := func(p [3]float64) float64 { // slanting, as deep as the core
					return max(math.Abs(0.9*(p[0]-x)-0.42*p[1])-0.0065, math.Abs(p[1])-0.036, 0.05-p[2], -core(p))
				}
				crust = shape.Carve(0.003, crust, slot)
			}
			crumb := shape.Ellipsoid(p3{a - 0.005, b - 0.005, 0.0425}, 20).Moved(0, 0, 0.0285)
			lift := func(p [3]float64) [3]float64 { return p3{p[0], p[1], max(p[2], 0.004) + 0.0002*min(p[2], 0)} }
			return []Part{
				{Name: "body", Mesh: shape.Contour("bread", crust, p3{-0.11, -0.07, -0.01}, p3{0.11, 0.07, 0.085}, 0.0080),
					Paint: tint("crust", 0.62, 0.37, 0.15, 0.75)},
				{Name: "body", Mesh: crumb.Deformed(lift).Named("crumb"), Paint: tint("crumb", 0.90, 0.76, 0.52, 0.9)},
			}
		}),
	}
}

func croissant() Design {
	const bow = 0.055
	at := func(a float64) (x, y float64) { return 0.030 - bow*math.Cos(a), bow * math.Sin(a) }
	size := func(t float64) float64 { return 0.0235*(1-t*t) + 0.0075*t*t }
	geoms := []sim.Geom{foam.box(0.020, 0.040, 0.004, -0.020, 0, 0.002)}
	for i := range 9 {
		t := (float64(i) - 4) / 4
		x, y := at(1.25 * t)
		r := size(t)
		pose := sim.Rotation(-1.25*t, sim.Vec3{0, 0, 1})
		pose.Pos = sim.Vec3{x, y, r * 0.95}
		geoms = append(geoms, foam.geom(sim.GeomEllipsoid, sim.Vec3{r, 0.0125, r * 0.95}, pose))
	}
	return Design{
		Name: "croissant", Names: []string{"croissant"},
		Colors: []string{"brown"},
		Mass:   0.06, Height: 0.046, Footprint: Footprint{X: -0.012, HalfX: 0.012, HalfY: 0.038, Radius: 0.0265},
		Base: Footprint{X: -0.014, HalfX: 0.014, HalfY: 0.030}, GripWidth: 0.048,
		Geoms: geoms,
		Parts: once(func() []Part {
			var rolls []shape.Field
			for i := range 9 {
				t := (float64(i) - 4) / 4
				x, y := at(1.25 * t)
				r := size(t)
				s, c := math.Sincos(1.25 * t)
				core := shape.EllipsoidField(p3{}, p3{r, 0.0115, r})
				rolls = append(rolls, func(p [3]float64) float64 {
					dx, dy := p[0]-x, p[1]-y
					return core(p3{c*dx - s*dy, s*dx + c*dy, p[2] - r*0.95})
				})
			}
			body := shape.Common(0.006, shape.Union(0.004, rolls...), shape.BoxField(p3{0, 0, 0.1}, p3{0.4, 0.4, 0.2}, 0))
			m := shape.Contour("croissant", body, p3{-0.06, -0.075, -0.01}, p3{0.05, 0.075, 0.055}, 0.0042)
			return []Part{{Name: "body", Mesh: m, Paint: tint("croissant", 0.76, 0.47, 0.18, 0.55)}}
		}),
	}
}

// hamburger is a small one, a slider, that a hand of 85 mm can take.
func hamburger() Design {
	const r, k = 0.0500, 0.74 // of a burger of the usual size, and how much smaller this one is
	scaled := func(x float64) float64 { return k * x }
	dome := [][2]float64{{0.0490, 0.030}, {0.0500, 0.0385}, {0.0445, 0.051}, {0.032, 0.0595}, {0.015, 0.0642}, {0, 0.0655}}
	for i := range dome {
		dome[i] = [2]float64{scaled(dome[i][0]), scaled(dome[i][1])}
	}
	hull, g := foam.turned("upper bun", dome, sim.Identity())
	return Design{
		Name: "hamburger", Names: []string{"hamburger", "burger"},
		Colors: []string{"brown"},
		Mass:   0.09, Height: scaled(0.066), Footprint: circle(scaled(r + 0.003)), Base: circle(scaled(0.045)), GripWidth: scaled(2 * r),
		Hulls: []Hull{hull}, Geoms: []sim.Geom{foam.cylinder(scaled(0.045), 0, scaled(0.004)), foam.cylinder(scaled(0.0475), scaled(0.003), scaled(0.034)), g},
		Parts: once(func() []Part {
			bun := fixed(sim.Material{Name: "bun", Color: [3]float32{0.80, 0.52, 0.22}, Roughness: 0.45})
			lower := slices.Concat([][2]float64{{0, 0}, {0.042, 0}}, shape.Arc(0.042, 0.006, 0.006, -quarter, 0, 4),
				[][2]float64{{0.0475, 0.014}, {0, 0.014}})
			patty := slices.Concat([][2]float64{{0, 0.0135}, {0.045, 0.0135}}, shape.Arc(0.0455, 0.0195, 0.006, -quarter, quarter, 6),
				[][2]float64{{0, 0.0255}})
			upper := [][2]float64{{0, 0.0330}, {0.046, 0.0330}, {0.0495, 0.0355}}
			for i := range 10 {
				a := quarter * float64(i) / 9
				upper = append(upper, [2]float64{r * math.Cos(a), 0.0385 + 0.0270*math.Sin(a)})
			}
			upper[len(upper)-1][0] = 0
			lettuce := ringSolid("lettuce", 0.030, 0.0515, 0.0290, 0.0305, 56).Deformed(func(p [3]float64) [3]float64 {
				k := math.Hypot(p[0], p[1])
				return p3{p[0], p[1], p[2] + 0.0028*math.Sin(11*math.Atan2(p[1], p[0]))*(k-0.030)/0.02 - 0.12*max(k-0.045, 0)}
			})
			cheese := shape.Box(p3{0.082, 0.082, 0.0022}, 0).Transformed(turn(0.5, 0, 0, 1),
				p3{0, 0, 0.0266}).Deformed(func(p [3]float64) [3]float64 {
				return p3{p[0] * 0.93, p[1] * 0.93, p[2] - 0.35*max(math.Hypot(p[0], p[1])-0.048, 0)}
			})
			tomato := ringSolid("tomato slice", 0.02, 0.0465, 0.0300, 0.0340, 36)
			var seeds []*shape.Mesh
			for i := range 26 {
				a, k := 2.399963*float64(i), math.Sqrt((float64(i)+0.5)/30)
				x, y := 0.043*k*math.Cos(a), 0.043*k*math.Sin(a)
				z := 0.0385 + 0.0270*math.Sqrt(1-(x*x+y*y)/(r*r))
				seeds = append(seeds, shape.Ellipsoid(p3{0.0024, 0.0014, 0.0009}, 6).Transformed(turn(a, 0, 0, 1), p3{x, y, z}))
			}
			parts := []Part{
				{Name: "bun", Mesh: shape.Lathe(lower, around).Named("lower bun"), Paint: bun},
				{Name: "patty", Mesh: shape.Lathe(patty, around).Named("patty"), Paint: tint("patty", 0.30, 0.16, 0.09, 0.85)},
				{Name: "cheese", Mesh: cheese.Named("cheese slice"), Paint: tint("cheese", 0.98, 0.74, 0.16, 0.4)},
				{Name: "lettuce", Mesh: lettuce.Named("lettuce"), Paint: tint("lettuce", 0.45, 0.68, 0.20, 0.6)},
				{Name: "tomato slice", Mesh: tomato, Paint: tint("tomato slice", 0.80, 0.16, 0.10, 0.3)},
				{Name: "bun", Mesh: shape.Lathe(upper, around).Named("upper bun"), Paint: bun},
				{Name: "sesame", Mesh: shape.Merge("sesame", seeds...), Paint: tint("sesame", 0.95, 0.88, 0.70, 0.6)},
			}
			for i := range parts {
				parts[i].Mesh = parts[i].Mesh.Deformed(func(p [3]float64) [3]float64 { return p3{scaled(p[0]), scaled(p[1]), scaled(p[2])} })
			}
			return parts
		}),
	}
}

func donut() Design {
	const mid, tube = 0.027, 0.0145
	ring := func(k, z0 float64) [][2]float64 {
		p := shape.Arc(mid, tube, tube+k, 0, 2*math.Pi, 15)
		p[len(p)-1] = p[0]
		for i := range p {
			p[i][1] = max(p[i][1], z0)
		}
		return p
	}
	geoms := make([]sim.Geom, 12)
	for i := range geoms {
		a, b := 2*math.Pi*float64(i)/12, 2*math.Pi*float64(i+1)/12
		geoms[i] = foam.capsule(tube, sim.Vec3{mid * math.Cos(a), mid * math.Sin(a), tube}, sim.Vec3{mid * math.Cos(b), mid * math.Sin(b), tube})
		if i%3 != 0 {
			geoms[i].Pose.Pos[2] += 0.0004
		}
	}
	return Design{
		Name: "donut", Names: []string{"donut", "doughnut"},
		Colors: []string{"pink", "brown", "white", "yellow", "blue"},
		Mass:   0.06, Height: 2*tube + 0.0022, Footprint: circle(mid + tube), Base: circle(mid), GripWidth: 2 * (mid + tube) * 0.87,
		Geoms: geoms,
		Parts: once(func() []Part {
			icing := ring(0.0010, tube+0.002)
			top := shape.Lathe(slices.Compact(icing), 42).Deformed(func(p [3]float64) [3]float64 {
				drip := max(0, 1-(p[2]-tube)/0.008)
				return p3{p[0], p[1], p[2] - drip*0.0022*(1+math.Sin(7*math.Atan2(p[1], p[0])))}
			})
			var bits [2][]*shape.Mesh
			for i := range 26 {
				a, w := 2.399963*float64(i), 0.5+2.1*hash01(i, 1, 91)
				x, z := mid+(tube+0.0012)*math.Cos(w), tube+(tube+0.0012)*math.Sin(w)
				bit := shape.Ellipsoid(p3{0.0026, 0.0008, 0.0008}, 6).Transformed(turn(6*hash01(i, 2, 91), 0, 0, 1),
					p3{x, 0, z}).Transformed(turn(a, 0, 0, 1), p3{})
				bits[i%2] = append(bits[i%2], bit)
			}
			return []Part{
				{Name: "body", Mesh: shape.Lathe(ring(0, 0), 36).Named("donut"), Paint: tint("dough", 0.80, 0.55, 0.28, 0.7)},
				{Name: "icing", Mesh: top.Named("icing"), Paint: finish("icing", 0.25)},
				{Name: "sprinkles", Mesh: shape.Merge("light sprinkles", bits[0]...), Paint: accent},
				{Name: "sprinkles", Mesh: shape.Merge("dark sprinkles", bits[1]...), Paint: tint("sprinkles", 0.25, 0.65, 0.75, 0.4)},
			}
		}),
	}
}

func cheese() Design {
	const l, w, h = 0.090, 0.060, 0.045
	// A wedge: its point ahead.
	outline := [][2]float64{{-l / 2, -w / 2}, {l/2 - 0.002, -0.002}, {l/2 - 0.002, 0.002}, {-l / 2, w / 2}}
	hull, g := skin.prism("cheese", outline, 0.0003, h)
	return Design{
		Name: "cheese", Names: []string{"piece of cheese", "cheese wedge", "wedge of cheese"},
		Colors: []string{"yellow"}, Front: "tip",
		Mass: 0.16, Height: h, Footprint: rect(l, w), Base: Footprint{X: -0.015, HalfX: 0.026, HalfY: 0.018}, GripWidth: 0.045,
		Hulls: []Hull{hull},
		Geoms: []sim.Geom{cardboard.box(0.020, 0.046, 0.002, -0.034, 0, 0.001), cardboard.box(0.036, 0.012, 0.002, 0.008, 0, 0.001), g},
		Parts: once(func() []Part {
			n := math.Hypot(l, w/2)
			side := func(s float64) shape.Field {
				return func(p [3]float64) float64 { return (s*p[1]*l + (p[0]-l/2)*w/2) / n }
			}
			wedge := shape.Common(0, shape.BoxField(p3{0, 0, h / 2}, p3{l, w, h}, 0.002), shape.Common(0.002, side(1), side(-1)))
			for _, b := range [][4]float64{{-0.020, -0.020, 0.030, 0.0085}, {0.012, -0.010, 0.015, 0.0065}, {-0.015, 0.003, h, 0.0095},
				{-0.045, 0.010, 0.026, 0.0085},
				{-0.002, -0.016, 0.040, 0.0050}, {-0.045, -0.014, 0.014, 0.006}, {0.015, 0.002, h, 0.0055}, {-0.034, -0.024, 0.012,
					0.0065}, {-0.010, 0.018, 0.018, 0.008}, {-0.034, -0.006, h, 0.005}} {
				wedge = shape.Carve(0.0008, wedge, shape.BallField(p3{b[0], b[1], b[2]}, b[3]))
			}
			m := shape.Contour("cheese", wedge, p3{-0.052, -0.036, -0.006}, p3{0.052, 0.036, 0.052}, 0.0040)
			return []Part{{Name: "body", Mesh: m, Paint: tint("cheese", 0.97, 0.78, 0.25, 0.5)}}
		}),
	}
}

func cupcake() Design {
	const h = 0.078
	hull, g := foam.turned("cupcake frosting", [][2]float64{{0.030, 0.034}, {0.0320, 0.0385}, {0.0255, 0.048}, {0.0175, 0.057},
		{0.0100, 0.066}}, sim.Identity())
	cupHull, cupGeom := cardboard.turned("cupcake cup", [][2]float64{{0.0240, 0}, {0.0315, 0.036}}, sim.Identity())
	cupGeom.Pose.Pos[2] = 0.0003
	return Design{
		Name: "cupcake", Names: []string{"cupcake", "muffin"},
		Colors: []string{"pink", "white", "brown", "yellow", "blue", "green"},
		Mass:   0.07, Height: h, Footprint: circle(0.034), Base: circle(0.024), GripWidth: 0.062, Upright: true,
		Hulls: []Hull{hull, cupHull},
		Geoms: []sim.Geom{cardboard.cylinder(0.024, 0, 0.004), cupGeom, g,
			foam.geom(sim.GeomSphere, sim.Vec3{0.0075, 0, 0}, sim.Translation(0, 0, h-0.008))},
		Parts: once(func() []Part {
			paper := shape.Lathe([][2]float64{{0, 0}, {0.0240, 0}, {0.0315, 0.036}, {0, 0.036}}, 72).Deformed(func(p [3]float64) [3]float64 {
				k := 1 + 0.018*math.Cos(24*math.Atan2(p[1], p[0]))
				return p3{p[0] * k, p[1] * k, p[2]}
			})
			var swirl [][3]float64
			var radii []float64
			for i := range 60 {
				t := float64(i) / 59
				a := 2 * math.Pi * 3.2 * t
				k := 0.0235 * (1 - 0.72*t)
				swirl = append(swirl, p3{k * math.Cos(a), k * math.Sin(a), 0.0385 + 0.028*t})
				radii = append(radii, 0.0090-0.0045*t)
			}
			core := shape.Lathe([][2]float64{{0, 0.033}, {0.029, 0.033}, {0.026, 0.044}, {0.012, 0.058}, {0, 0.064}}, 32)
			return []Part{
				{Name: "cup", Mesh: paper.Named("cupcake paper"), Paint: accent},
				{Name: "frosting", Mesh: shape.Merge("frosting", shape.TaperedTube(swirl, radii, 10), core), Paint: finish("frosting", 0.5)},
				{Name: "cherry", Mesh: shape.Ellipsoid(p3{0.0075, 0.0075, 0.0075}, 18).Moved(0, 0, h-0.008).Named("cherry"),
					Paint: tint("cherry", 0.72, 0.05, 0.08, 0.12)},
			}
		}),
	}
}

func pineapple() Design {
	const r, body, h = 0.046, 0.105, 0.170
	radius := spline([2]float64{0, 0.026}, [2]float64{0.012, 0.038}, [2]float64{0.045, r}, [2]float64{0.085, 0.040}, [2]float64{body, 0.022})
	hull, g := skin.turned("pineapple", [][2]float64{{0.027, 0.0003}, {0.038, 0.012}, {0.0455, 0.035}, {0.0455, 0.055}, {0.040, 0.085},
		{0.022, body}}, sim.Identity())
	crown, gc := skin.turned("pineapple crown", [][2]float64{{0.015, body - 0.003}, {0.029, 0.130}, {0.025, 0.148}, {0.006, h - 0.007}},
		sim.Identity())
	return Design{
		Name: "pineapple", Names: []string{"pineapple"},
		Colors: []string{"brown", "yellow"},
		Mass:   0.70, Height: h, Footprint: circle(r + 0.002), Base: circle(0.027), Upright: true,
		Hulls: []Hull{hull, crown}, Geoms: []sim.Geom{skin.cylinder(0.027, 0, 0.004), g, gc},
		Parts: once(func() []Part {
			fruit := shape.Lathe(slices.Concat([][2]float64{{0, 0}}, turnedProfile(radius, 0, body, 20), [][2]float64{{0, body}}), around)
			var leaves []*shape.Mesh
			for i := range 22 {
				ring := i / 6
				a := 2.399963 * float64(i)
				lean := []float64{1.0, 0.72, 0.42, 0.15}[ring]
				tall := []float64{0.040, 0.052, 0.060, 0.064}[ring]
				k := math.Sin(lean)
				leaves = append(leaves, shape.TaperedTube([][3]float64{{0.004, 0, body - 0.004}, {0.010 + 0.008*k, 0, body + 0.25*tall},
					{0.012 + 0.020*k, 0, body + 0.60*tall}, {0.008 + 0.032*k, 0, body + tall}},
					[]float64{0.006, 0.0068, 0.0048, 0.0006}, 8).Deformed(func(p [3]float64) [3]float64 {
					return p3{p[0] * 0.85, p[1] * 1.1,
						p[2]}
				}).Transformed(turn(a, 0, 0, 1), p3{}))
			}
			return []Part{
				{Name: "body", Mesh: upright(fruit, "pineapple", 0, body), Paint: printed("pineapple", 160, 96, 0.7, pineappleArt)},
				{Name: "leaves", Mesh: shape.Merge("pineapple leaves", leaves...), Paint: tint("pineapple leaf", 0.25, 0.44, 0.22, 0.6)},
			}
		}),
	}
}

// pineappleArt is a lattice of diamonds, each with a dark eye.
func pineappleArt(c Color, u, v float64) [3]float32 {
	s, t := u*10+v*5.5, u*10-v*5.5
	x, y := math.Mod(s+20, 1)-0.5, math.Mod(t+20, 1)-0.5
	edge := 0.5 - max(math.Abs(x), math.Abs(y))
	base := [3]float32{0.78, 0.52, 0.14}
	if c.Name == "brown" {
		base = [3]float32{0.66, 0.40, 0.14}
	}
	out := mix(base, [3]float32{0.30, 0.18, 0.06}, inside(edge-0.09, 0.1)*0.9)
	return mix(out, [3]float32{0.28, 0.16, 0.05}, inside(math.Hypot(x, y)-0.13, 0.12))
}

func watermelon() Design {
	const r, h = 0.090, 0.024
	half := func(radius, y0 float64) [][2]float64 { // half a disc, its straight side towards +y
		var out [][2]float64
		for i := range 33 {
			a := math.Pi + math.Pi*float64(i)/32
			out = append(out, [2]float64{radius * math.Cos(a), y0 + radius*math.Sin(a)})
		}
		return out
	}
	turned := func(m *shape.Mesh) *shape.Mesh { return m.Transformed(turn(quarter, 0, 0, 1), p3{}) } // the rind comes to face +x
	hull, g := skin.prism("watermelon", func() [][2]float64 {
		out := half(r, r/2)
		for i, p := range out {
			out[i] = [2]float64{-p[1], p[0]}
		}
		return out
	}(), 0.0003, h)
	return Design{
		Name: "watermelon", Names: []string{"slice of watermelon", "watermelon slice"},
		Colors: []string{"red"}, Front: "rind",
		Mass: 0.30, Height: h, Footprint: rect(r, 2*r), Base: rect(r*0.7, 1.5*r), GripWidth: 0,
		Hulls: []Hull{hull}, Geoms: []sim.Geom{skin.box(0.05, 0.10, 0.002, 0, 0, 0.001), g},
		Parts: once(func() []Part {
			layer := func(name string, radius, h0, h1 float64) *shape.Mesh {
				return turned(shape.Extrude(half(radius, r/2), h1-h0, 0).Moved(0, 0, (h0+h1)/2)).Named(name)
			}
			var seeds []*shape.Mesh
			for i := range 11 {
				a := math.Pi * (float64(i) + 0.7) / 11.4
				k := []float64{0.058, 0.036}[i%2]
				x, y := -r/2+k*math.Sin(a), k*math.Cos(a)
				seeds = append(seeds, shape.Ellipsoid(p3{0.0042, 0.0024, 0.0008}, 8).Transformed(turn(quarter-a, 0, 0, 1), p3{x, y, h}))
			}
			return []Part{
				{Name: "rind", Mesh: layer("rind", r, 0, h-0.0006), Paint: tint("rind", 0.13, 0.40, 0.16, 0.4)},
				{Name: "rind", Mesh: layer("pith", r-0.006, 0.0002, h-0.0003), Paint: tint("pith", 0.84, 0.92, 0.70, 0.5)},
				{Name: "body", Mesh: layer("flesh", r-0.012, 0.0004, h), Paint: tint("flesh", 0.90, 0.22, 0.24, 0.4)},
				{Name: "seeds", Mesh: shape.Merge("watermelon seeds", seeds...), Paint: dark},
			}
		}),
	}
}

func hotDog() Design {
	const l, r = 0.070, 0.0185 // half length, radius of a bun half
	return Design{
		Name: "hot dog", Names: []string{"hot dog"},
		Colors: []string{"brown"},
		Mass:   0.12, Height: 0.051, Footprint: Footprint{HalfX: l - 0.012, HalfY: 0.016, Radius: 0.020},
		Base: Footprint{HalfX: l - 0.020, HalfY: 0.016}, GripWidth: 0.068,
		Geoms: []sim.Geom{
			foam.box(0.10, 0.034, 0.004, 0, 0, 0.002),
			foam.capsule(r, sim.Vec3{-l + r, 0.0160, r + 0.0003}, sim.Vec3{l - r, 0.0160, r + 0.0003}),
			foam.capsule(r, sim.Vec3{-l + r, -0.0160, r + 0.0003}, sim.Vec3{l - r, -0.0160, r + 0.0003}),
			skin.capsule(0.0125, sim.Vec3{-l + 0.004, 0, 0.034}, sim.Vec3{l - 0.004, 0, 0.034}),
		},
		Parts: once(func() []Part {
			half := func(y float64) *shape.Mesh {
				return shape.Capsule(r, 2*(l-r), 24).Transformed(layDown, p3{0, y, r})
			}
			base := shape.Box(p3{2*l - 0.03, 0.03, 0.02}, 0.004).Moved(0, 0, 0.0102)
			var path [][3]float64
			for i := range 41 {
				t := float64(i)/20 - 1
				path = append(path, p3{0.062 * t, 0.0055 * math.Sin(22*t), 0.0470 - 0.003*math.Abs(math.Sin(22*t))})
			}
			return []Part{
				{Name: "bun", Mesh: shape.Merge("hot dog bun", half(0.0160), half(-0.0160), base), Paint: tint("bun", 0.82, 0.56, 0.26, 0.5)},
				{Name: "sausage", Mesh: shape.Capsule(0.0125, 2*(l-0.004), 24).Transformed(layDown, p3{0, 0, 0.034}).Named("sausage"),
					Paint: tint("sausage", 0.62, 0.22, 0.12, 0.25)},
				{Name: "mustard", Mesh: shape.Tube(path, 0.0026, 8, false).Named("mustard"), Paint: tint("mustard", 0.95, 0.78, 0.10, 0.3)},
			}
		}),
	}
}

func broccoli() Design {
	const h = 0.092
	balls := [][4]float64{{0, 0, 0.066, 0.026}, {0.020, 0.006, 0.058, 0.018}, {-0.018, 0.012, 0.058, 0.018}, {0.002, -0.022, 0.057, 0.018},
		{-0.016, -0.012, 0.056, 0.017}, {0.006, 0.022, 0.056, 0.017}, {0.018, -0.013, 0.060, 0.017}}
	hull, g := skin.turned("broccoli stem", [][2]float64{{0.0135, 0.033}, {0.0245, 0.056}}, sim.Identity())
	geoms := []sim.Geom{skin.cylinder(0.0125, 0, 0.040), g}
	for _, b := range balls {
		geoms = append(geoms, skin.geom(sim.GeomSphere, sim.Vec3{0.90 * b[3], 0, 0}, sim.Translation(b[0], b[1], b[2])))
	}
	return Design{
		Name: "broccoli", Names: []string{"head of broccoli", "broccoli floret"},
		Colors: []string{"green"},
		Mass:   0.15, Height: h, Footprint: circle(0.040), Base: circle(0.0125), GripWidth: 0.074,
		Hulls: []Hull{hull}, Geoms: geoms,
		Parts: once(func() []Part {
			var head []*shape.Mesh
			for k, b := range balls {
				n := 15
				if k > 0 {
					n = 9
				}
				for i := range n { // buds all over the upper part of each ball
					a, z := 2.399963*float64(i), 1-1.35*(float64(i)+0.5)/float64(n)
					w := math.Sqrt(max(1-z*z, 0))
					q := 0.62 * b[3]
					head = append(head, shape.Ellipsoid(p3{0.42 * b[3], 0.42 * b[3], 0.40 * b[3]}, 8).Moved(b[0]+q*w*math.Cos(a),
						b[1]+q*w*math.Sin(a), b[2]+q*z))
				}
			}
			foot := shape.TaperedTube([][3]float64{{0, 0, 0}, {0, 0, 0.02}, {0, 0, 0.040}, {0, 0, 0.058}},
				[]float64{0.0125, 0.0120, 0.0150, 0.026}, 16)
			return []Part{
				{Name: "body", Mesh: shape.Merge("broccoli head", head...), Paint: tint("broccoli", 0.16, 0.40, 0.14, 0.85)},
				{Name: "stem", Mesh: foot.Named("broccoli stem"), Paint: tint("broccoli stem", 0.58, 0.70, 0.36, 0.7)},
			}
		}),
	}
}

func pumpkin() Design {
	const r, h = 0.052, 0.072
	return Design{
		Name: "pumpkin", Names: []string{"pumpkin"},
		Colors: []string{"orange", "green", "white"},
		Mass:   0.45, Height: 0.092, Footprint: circle(r + 0.001), Base: circle(0.022),
		Geoms: []sim.Geom{skin.egg(r-0.0015, r-0.0015, 0.0355, 0, 0, 0.0357), skin.cylinder(0.022, 0, 0.006),
			skin.standing(0.006, 0, 0, 0.055, 0.090)},
		Parts: once(func() []Part {
			body := shape.Lathe(lobe(r, 0.0375, 0.012, 0.006, 0.014), 64).Deformed(func(p [3]float64) [3]float64 {
				k := 1 - 0.075*math.Pow(math.Abs(math.Cos(5*math.Atan2(p[1], p[0]))), 6)
				return p3{p[0] * k, p[1] * k, p[2]}
			})
			return []Part{
				{Name: "body", Mesh: body.Named("pumpkin"), Paint: finish("pumpkin", 0.45)},
				{Name: "stem", Mesh: shape.TaperedTube([][3]float64{{0, 0, 0.050}, {0, 0, h - 0.004}, {0.002, 0, 0.080}, {0.007, 0, 0.090}},
					[]float64{0.010, 0.0065, 0.0050, 0.0055}, 10).Named("pumpkin stem"), Paint: tint("pumpkin stem", 0.36, 0.40, 0.18, 0.85)},
			}
		}),
	}
}

func chocolateBar() Design {
	const sx, sy, h = 0.070, 0.140, 0.010
	return Design{
		Name: "chocolate bar", Names: []string{"bar of chocolate", "chocolate bar"},
		Colors: []string{"brown"},
		Mass:   0.10, Height: h, Footprint: rect(sx, sy), Base: rect(sx, sy), GripWidth: sx,
		Geoms: []sim.Geom{cardboard.box(sx, sy, h-0.001, 0, 0, (h-0.001)/2)},
		Parts: once(func() []Part {
			bar := []*shape.Mesh{shape.Box(p3{sx, sy, h - 0.004}, 0.001).Moved(0, 0, (h-0.004)/2)}
			for i := range 3 {
				for j := range 6 {
					y := (float64(j) - 2.5) * 0.0228
					bar = append(bar, shape.Extrude([][2]float64{{-0.0102, -0.0102}, {0.0102, -0.0102}, {0.0102, 0.0102},
						{-0.0102, 0.0102}}, 0.008, 0.0024).Moved((float64(i)-1)*0.0225, y, h-0.004))
				}
			}
			return []Part{{Name: "body", Mesh: shape.Merge("chocolate bar", bar...), Paint: tint("chocolate", 0.28, 0.15, 0.08, 0.35)}}
		}),
	}
}
