package scenes

import (
	"math"
	"slices"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// Things to keep food and drink in. Profiles for shape.Lathe are (radius, z) in m.

const (
	around   = 40 // segments of a lathed body
	quarter  = math.Pi / 2
	wallRing = 12 // boxes in the collision geometry of a round wall
)

func bandMesh(name string, radius, z0, z1 float64) *shape.Mesh {
	const thick = 0.0004
	m := shape.Lathe([][2]float64{{radius - thick, z0}, {radius, z0}, {radius, z1}, {radius - thick, z1}, {radius - thick, z0}}, around)
	return upright(m, name, z0, z1)
}

// arcMesh is the piece of a bandMesh within so many turns to either side of +x: a label that does not go all around.
func arcMesh(name string, radius, z0, z1, turns float64) *shape.Mesh {
	const thick, n = 0.0004, 16
	outline := make([][2]float64, 0, 2*n+2)
	for _, r := range []float64{radius, radius - thick} {
		for i := range n + 1 {
			k := float64(i)/n*2 - 1
			if r < radius { // back along the inside
				k = -k
			}
			sin, cos := math.Sincos(2 * math.Pi * turns * k)
			outline = append(outline, [2]float64{r * cos, r * sin})
		}
	}
	m := upright(shape.Extrude(outline, z1-z0, 0).Moved(0, 0, (z0+z1)/2), name, z0, z1)
	for i, p := range m.Positions {
		m.UVs[i][0] = float32(math.Atan2(float64(p[1]), float64(p[0])) / (2 * math.Pi))
	}
	return m
}

// upright gives a lathed mesh texture coordinates by height: v = 0 at z1, 1 at z0.
func upright(m *shape.Mesh, name string, z0, z1 float64) *shape.Mesh {
	m = m.Named(name)
	m.UVs = slices.Clone(m.UVs)
	for i, p := range m.Positions {
		m.UVs[i][1] = float32(min(max((z1-float64(p[2]))/(z1-z0), 0), 1))
	}
	return m
}

// hollow joins an outer profile (from the axis up to the rim) and an inner one (from the rim down to the axis) by a round lip.
func hollow(outer, inner [][2]float64) [][2]float64 {
	o, i := outer[len(outer)-1], inner[0]
	r, z := (o[0]+i[0])/2, (o[1]+i[1])/2
	radius := math.Hypot(o[0]-i[0], o[1]-i[1]) / 2
	from := math.Atan2(o[1]-z, o[0]-r)
	return slices.Concat(outer, shape.Arc(r, z, radius, from, from+math.Pi, 6), inner)
}

// lining is a thin coat over an inner profile: what the inside of a vessel is glazed with. It stops below the rim.
func lining(name string, inner [][2]float64, below float64) *shape.Mesh {
	const out, in = 0.0008, 0.0002
	coat := slices.Clone(inner)
	coat[0][1] -= below
	skin, back := slices.Clone(coat), slices.Clone(coat)
	for i, p := range coat {
		if p[0] > 0 {
			skin[i][0] -= in
			back[i][0] += out
		}
		skin[i][1] += in
		back[i][1] -= out
	}
	slices.Reverse(back)
	return shape.Lathe(slices.Concat(back, skin), around).Named(name)
}

func mug() Design {
	const r, h, t, floor = 0.036, 0.088, 0.0036, 0.006
	outer := slices.Concat([][2]float64{{0, 0.0015}, {0.026, 0.0015}, {0.0275, 0}, {0.030, 0}},
		shape.Arc(r-0.006, 0.006, 0.006, -quarter, 0, 5), [][2]float64{{r, h - t/2}})
	inner := slices.Concat([][2]float64{{r - t, h - t/2}}, shape.Arc(r-t-0.008, floor+0.008, 0.008, 0, -quarter, 6), [][2]float64{{0, floor}})
	geoms := append(ceramic.wall(wallRing, r-t, floor, r-t, h, t), ceramic.cylinder(r-0.002, 0, floor))
	for _, p := range [3][2]sim.Vec3{
		{{r, 0, 0.070}, {r + 0.022, 0, 0.068}}, {{r + 0.025, 0, 0.064}, {r + 0.025, 0, 0.030}}, {{r + 0.022, 0, 0.025}, {r, 0, 0.022}},
	} {
		geoms = append(geoms, ceramic.capsule(0.0045, p[0], p[1]))
	}
	return Design{
		Name: "mug", Names: []string{"mug", "coffee mug", "cup"},
		Colors: []string{"red", "blue", "yellow", "green", "white", "black", "orange"},
		Front:  "handle", Mass: 0.28, Height: h, Footprint: Footprint{X: 0.014, HalfX: 0.014, Radius: r + 0.001}, Base: circle(0.031), GripWidth: 2 * r, Upright: true, Grips: []Grip{{"handle", 0.013}, {"rim", t}},
		Geoms: geoms,
		Parts: once(func() []Part {
			var path [][3]float64
			for i := range 17 {
				a := math.Pi * (0.5 - float64(i)/16)
				path = append(path, [3]float64{r - 0.002 + 0.029*math.Pow(max(math.Cos(a), 0), 0.7), 0, 0.046 + 0.025*math.Sin(a)})
			}
			handle := shape.Tube(path, 0.0042, 14, false).Scaled(1, 1.5, 1).Named("mug handle")
			return []Part{
				{Name: "body", Mesh: shape.Lathe(hollow(outer, inner), around).Named("mug"), Paint: glazed},
				{Name: "inside", Mesh: lining("mug inside", inner, 0.004), Paint: fixed(sim.Material{Name: "glaze", Color: offWhite, Roughness: 0.2})},
				{Name: "handle", Mesh: handle, Paint: glazed},
			}
		}),
	}
}

func cup() Design {
	const top, bottom, h, t, floor = 0.0355, 0.0265, 0.096, 0.0022, 0.004
	outer := [][2]float64{{0, 0.002}, {bottom - 0.004, 0.002}, {bottom - 0.003, 0}, {bottom - 0.0008, 0}, {bottom, 0.0015}}
	ridge := func(k float64) float64 { return bottom + (top-bottom)*k }
	for _, k := range []float64{0.30, 0.40, 0.50} { // three grooves to hold on to
		outer = append(outer, [2]float64{ridge(k - 0.02), h * (k - 0.02)}, [2]float64{ridge(k) - 0.0008, h * k}, [2]float64{ridge(k + 0.02), h * (k + 0.02)})
	}
	outer = append(outer, [2]float64{top - 0.0006, h - 0.006}, [2]float64{top + 0.0006, h - 0.005}, [2]float64{top + 0.0006, h - t/2})
	inner := [][2]float64{{top - t, h - t/2}, {bottom - t, floor + 0.002}, {bottom - t - 0.002, floor}, {0, floor}}
	return Design{
		Name: "cup", Names: []string{"plastic cup", "tumbler", "cup"},
		Colors: []string{"red", "blue", "green", "orange", "purple", "pink"},
		Mass:   0.06, Height: h, Footprint: circle(top + 0.001), Base: circle(bottom), GripWidth: 2 * top, Upright: true,
		Geoms: append(tin.wall(wallRing, bottom-t, floor, top-t, h, t), tin.cylinder(bottom-0.0005, 0, floor)),
		Parts: once(func() []Part {
			return []Part{{Name: "body", Mesh: shape.Lathe(hollow(outer, inner), around).Named("cup"), Paint: plastic}}
		}),
	}
}

func can() Design {
	const r, h = 0.033, 0.115
	body := [][2]float64{{0, 0.005}, {0.020, 0.003}, {0.0235, 0}, {0.0255, 0}, {0.031, 0.006}, {r, 0.010}, {r, 0.100}, {0.0315, 0.104},
		{0.0275, 0.110}, {0.0268, 0.1115}, {0.0275, 0.1130}, {0.0275, 0.1145}, {0.0270, h}, {0.0262, h}, {0.0257, 0.1145}, {0.0250, 0.1115}, {0, 0.1115}}
	return Design{
		Name: "can", Names: []string{"can", "soda can", "drink can"},
		Colors: []string{"red", "blue", "green", "orange", "yellow", "black", "purple"},
		Mass:   0.35, Height: h, Footprint: circle(r), Base: circle(0.0265), GripWidth: 2 * r, Upright: true,
		Geoms: []sim.Geom{tin.cylinder(r, 0.005, 0.105), tin.cylinder(0.0265, 0, h)},
		Parts: once(func() []Part {
			tab := shape.Merge("can tab",
				shape.Lathe([][2]float64{{0.0035, 0}, {0.0065, 0}, {0.0065, 0.0008}, {0.0035, 0.0008}, {0.0035, 0}}, 24).Moved(-0.005, 0, 0.1120),
				shape.Box([3]float64{0.012, 0.007, 0.0008}, 0.0003).Moved(0.005, 0, 0.1125))
			return []Part{
				{Name: "body", Mesh: shape.Lathe(body, around).Named("can"), Paint: steel},
				{Name: "label", Mesh: bandMesh("can label", r+0.0003, 0.0095, 0.1005), Paint: printed("can label", 256, 128, 0.35, canArt)},
				{Name: "tab", Mesh: tab, Paint: steel},
			}
		}),
	}
}

// canArt is the object's colour with a bright wave and, front and back, a disc.
func canArt(c Color, u, v float64) [3]float32 {
	bright := accent(c).Color
	wave := math.Abs(v-0.62-0.10*math.Sin(4*math.Pi*u)) - 0.05
	out := mix(c.RGB, bright, inside(wave, 0.012))
	x := math.Mod(u+0.25, 0.5) - 0.25 // discs at u = 0 and u = 0.5
	disc := math.Hypot(x*2.28, v-0.36) - 0.20
	out = mix(out, bright, inside(disc, 0.012))
	return mix(out, c.RGB, inside(math.Abs(disc+0.05)-0.014, 0.012))
}

func bottle() Design {
	const r, h = 0.031, 0.190
	body := slices.Concat([][2]float64{{0, 0.003}, {0.018, 0.003}, {0.023, 0}, {0.026, 0}}, shape.Arc(r-0.006, 0.006, 0.006, -1.2, 0, 4),
		[][2]float64{{r, 0.035}, {r - 0.0008, 0.037}, {r - 0.0008, 0.098}, {r, 0.100}, {r, 0.112}})
	for i := 1; i <= 10; i++ { // shoulder
		a := quarter * float64(i) / 10
		body = append(body, [2]float64{0.0125 + (r-0.0125)*(0.5+0.5*math.Cos(2*a)), 0.112 + 0.043*float64(i)/10})
	}
	body = append(body, [2]float64{0.0125, 0.166}, [2]float64{0.0150, 0.167}, [2]float64{0.0150, 0.169}, [2]float64{0.0125, 0.170}, [2]float64{0.0120, 0.182}, [2]float64{0, 0.182})
	lid := slices.Concat([][2]float64{{0, 0.1715}, {0.0147, 0.1715}, {0.0150, 0.172}}, shape.Arc(0.0150-0.002, h-0.002, 0.002, 0, quarter, 4), [][2]float64{{0, h}})
	return Design{
		Name: "bottle", Names: []string{"bottle", "water bottle"},
		Colors: []string{"blue", "green", "red", "white", "pink", "purple"},
		Mass:   0.32, Height: h, Footprint: circle(r), Base: circle(0.027), GripWidth: 2 * r, Upright: true,
		Geoms: []sim.Geom{
			tin.cylinder(0.027, 0, 0.01), tin.cylinder(r, 0.004, 0.114), tin.cylinder(0.0280, 0.112, 0.123), tin.cylinder(0.0235, 0.120, 0.131),
			tin.cylinder(0.0185, 0.128, 0.139), tin.cylinder(0.0130, 0.135, 0.175), tin.cylinder(0.0150, 0.171, h),
		},
		Parts: once(func() []Part {
			return []Part{
				{Name: "body", Mesh: shape.Lathe(body, around).Named("bottle"), Paint: finish("bottle", 0.16)},
				{Name: "label", Mesh: bandMesh("bottle label", r-0.0003, 0.040, 0.095), Paint: printed("bottle label", 256, 64, 0.6, bottleArt)},
				{Name: "cap", Mesh: shape.Lathe(lid, 48).Named("bottle cap"), Paint: accent},
			}
		}),
	}
}

// bottleArt is a bright label with a stripe of the object's colour above and below, and lines that stand for writing.
func bottleArt(c Color, u, v float64) [3]float32 {
	bright := accent(c).Color
	out := mix(bright, c.RGB, inside(math.Abs(math.Abs(v-0.5)-0.36)-0.05, 0.02))
	x := math.Mod(u, 0.5)
	for i, w := range []float64{0.12, 0.17, 0.09} {
		out = mix(out, c.mixed(ink, 0.5), inside(boxDistance(x, v, 0.1+w/2, 0.36+0.14*float64(i), w/2, 0.035, 0.01), 0.01))
	}
	return out
}

func jar() Design {
	const r, h = 0.0325, 0.090
	body := slices.Concat([][2]float64{{0, 0.002}, {0.022, 0.002}, {0.025, 0}}, shape.Arc(r-0.006, 0.006, 0.006, -quarter, 0, 5),
		shape.Arc(r-0.008, 0.062, 0.008, 0, 1.1, 5), [][2]float64{{0.0275, 0.0715}, {0.0275, 0.076}, {0, 0.076}})
	lid := slices.Concat([][2]float64{{0, 0.0735}, {0.0305, 0.0735}, {0.0312, 0.0742}}, shape.Arc(0.0312-0.0025, h-0.0025, 0.0025, 0, quarter, 4),
		[][2]float64{{0.024, h}, {0.0235, h - 0.0008}, {0, h - 0.0008}})
	return Design{
		Name: "jar", Names: []string{"jar", "jam jar"},
		Colors: []string{"red", "purple", "orange", "yellow", "green"},
		Mass:   0.30, Height: h, Footprint: circle(r), Base: circle(0.027), GripWidth: 2 * r, Upright: true,
		Geoms: []sim.Geom{tin.cylinder(r, 0.004, 0.068), tin.cylinder(0.028, 0, 0.075), tin.cylinder(0.0312, 0.073, h)},
		Parts: once(func() []Part {
			return []Part{
				{Name: "body", Mesh: shape.Lathe(body, around).Named("jar"), Paint: finish("jam in glass", 0.08)},
				{Name: "label", Mesh: bandMesh("jar label", r+0.0003, 0.016, 0.050), Paint: printed("jar label", 256, 48, 0.8, jarArt)},
				{Name: "lid", Mesh: shape.Lathe(lid, around).Named("jar lid"), Paint: fixed(sim.Material{Name: "brass", Color: [3]float32{0.80, 0.68, 0.38}, Roughness: 0.35, Metallic: 0.8})},
			}
		}),
	}
}

// jarArt is a paper label on a quarter of the front and the back, with a frame; between them the jam shows.
func jarArt(c Color, u, v float64) [3]float32 {
	x := math.Mod(u+0.25, 0.5) - 0.25
	d := boxDistance(x*6, v, 0, 0.5, 0.85, 0.48, 0.08)
	out := mix(c.RGB, offWhite, inside(d, 0.02))
	out = mix(out, c.mixed(ink, 0.35), inside(math.Abs(d+0.09)-0.02, 0.02))
	return mix(out, c.RGB, inside(math.Hypot(x*6, v-0.5)-0.2, 0.02))
}

func bowl() Design {
	const rim, h = 0.084, 0.060
	curve := func(r0, z0, r1, z1 float64, down bool) [][2]float64 {
		var p [][2]float64
		for i := range 13 {
			a := quarter * float64(i) / 12
			if down {
				a = quarter - a
			}
			p = append(p, [2]float64{r0 + (r1-r0)*math.Sin(a), z0 + (z1-z0)*(1-math.Cos(a))})
		}
		return p
	}
	outer := slices.Concat([][2]float64{{0, 0.002}, {0.040, 0.002}, {0.0415, 0}, {0.0465, 0}, {0.0485, 0.002}}, curve(0.0485, 0.0035, rim, h-0.002, false))
	inner := slices.Concat(curve(0.045, 0.0068, rim-0.0042, h-0.002, true), [][2]float64{{0, 0.0065}})
	geoms := append(ceramic.wall(16, 0.0455, 0.0075, 0.0698, 0.0222, 0.004), ceramic.wall(16, 0.0698, 0.0222, rim-0.004, h, 0.004)...)
	return Design{
		Name: "bowl", Names: []string{"bowl"},
		Colors: []string{"blue", "white", "red", "green", "yellow", "purple"},
		Mass:   0.38, Height: h, Footprint: circle(rim), Base: circle(0.0465),
		Support: &Support{Preposition: "in", Area: circle(0.046), Z: 0.0066, Opening: circle(0.074), Depth: h - 0.0066},
		Geoms:   append(geoms, ceramic.cylinder(0.0475, 0, 0.0066)),
		Parts: once(func() []Part {
			return []Part{
				{Name: "body", Mesh: shape.Lathe(hollow(outer, inner), around).Named("bowl"), Paint: glazed},
			}
		}),
	}
}

func plate() Design {
	const rim, h = 0.105, 0.0185
	outer := [][2]float64{{0, 0.0015}, {0.058, 0.0015}, {0.060, 0}, {0.065, 0}, {0.067, 0.0015}, {0.074, 0.0045}, {0.088, 0.0105}, {rim, 0.0165}}
	inner := [][2]float64{{rim - 0.0015, 0.0188}, {0.088, 0.0143}, {0.076, 0.0088}, {0.071, 0.0068}, {0.066, 0.0060}, {0, 0.0060}}
	return Design{
		Name: "plate", Names: []string{"plate", "dinner plate"},
		Colors: []string{"white", "blue", "green", "yellow", "pink", "black", "red"},
		Mass:   0.45, Height: h, Footprint: circle(rim), Base: circle(0.066),
		Support: &Support{Preposition: "on", Area: circle(0.070), Z: 0.0060},
		Geoms:   append(ceramic.wall(16, 0.069, 0.0062, rim-0.0015, 0.0182, 0.0035), ceramic.cylinder(0.069, 0, 0.0060)),
		Parts: once(func() []Part {
			ring := shape.Lathe([][2]float64{{0.093, 0.0150}, {0.099, 0.0173}, {0.099, 0.01755}, {0.093, 0.0164}, {0.093, 0.0150}}, around)
			return []Part{
				{Name: "body", Mesh: shape.Lathe(hollow(outer, inner), around).Named("plate"), Paint: glazed},
				{Name: "rim", Mesh: ring.Named("plate ring"), Paint: accent},
			}
		}),
	}
}
