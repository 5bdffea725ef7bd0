package scenes

import (
	"math"
	"slices"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// What lies on desks.

// A pen, pencil or marker has a few flats, so that it does not roll off.

func pen() Design {
	const r, x0, x1 = 0.0055, -0.072, 0.072
	hull, g := hardPlastic.turned("pen", [][2]float64{{0.0045, x0}, {r, x0 + 0.004}, {r, x1 - 0.018}, {0.0012, x1}},
		sim.Pose{Pos: sim.Vec3{0, 0, r + 0.0002}, Rot: sim.Rotation(quarter, sim.Vec3{0, 1, 0}).Rot})
	return Design{
		Name: "pen", Names: []string{"pen", "ballpoint pen"},
		Colors: []string{"red", "silver", "black", "green", "blue"}, Front: "tip",
		Mass: 0.012, Height: 2*r + 0.003, Footprint: rect(x1-x0, 0.014), Base: rect(0.10, 0.010), GripWidth: 0.011,
		Hulls: []Hull{hull}, Geoms: []sim.Geom{hardPlastic.box(0.110, 0.0075, 0.003, -0.010, 0, 0.0015), g,
			hardPlastic.box(0.040, 0.003, 0.002, -0.046, 0, 2*r+0.0015)},
		Parts: once(func() []Part {
			barrel := [][2]float64{{0, x0 + 0.004}, {r, x0 + 0.004}, {r, x1 - 0.030}, {0, x1 - 0.030}}
			nose := [][2]float64{{0, x1 - 0.031}, {r, x1 - 0.031}, {r, x1 - 0.022}, {0.0016, x1 - 0.003}, {0.0008, x1}, {0, x1}}
			push := [][2]float64{{0, x0}, {0.0026, x0}, {0.0026, x0 + 0.006}, {0, x0 + 0.006}}
			clip := []*shape.Mesh{shape.Box(p3{0.042, 0.0034, 0.0010}, 0.0003).Moved(-0.046, 0, 2*r+0.0020),
				shape.Box(p3{0.004, 0.0034, 0.0040}, 0.0003).Moved(-0.0655, 0, 2*r+0.0002)}
			return []Part{
				{Name: "body", Mesh: lain(shape.Lathe(barrel, 20), "pen", r), Paint: metalled("pen", 0.25)},
				{Name: "tip", Mesh: lain(shape.Lathe(nose, 20), "pen tip", r), Paint: steel},
				{Name: "clip", Mesh: shape.Merge("pen clip", append(clip, lain(shape.Lathe(push, 14), "", r))...), Paint: steel},
			}
		}),
	}
}

func pencil() Design {
	const r, x0, x1 = 0.0042, -0.090, 0.090
	hex := func(radius float64) [][2]float64 { return disc(0, 0, radius, 6) }
	hull, g := wood.turned("pencil", [][2]float64{{r * 0.95, x0}, {r * 0.95, x1 - 0.022}, {0.0006, x1}},
		sim.Pose{Pos: sim.Vec3{0, 0, r * 0.95}, Rot: sim.Rotation(quarter, sim.Vec3{0, 1, 0}).Rot})
	g.Pose.Pos[2] += 0.0002
	return Design{
		Name: "pencil", Names: []string{"pencil"},
		Colors: []string{"yellow", "red", "green", "blue", "black"}, Front: "tip",
		Mass: 0.007, Height: 2 * r, Footprint: rect(x1-x0, 2*r), Base: rect(0.14, 2*r), GripWidth: 2 * r,
		Hulls: []Hull{hull}, Geoms: []sim.Geom{wood.box(0.140, 0.0052, 0.0020, -0.008, 0, 0.0010), g},
		Parts: once(func() []Part {
			const z = r * 0.866
			flat := func(m *shape.Mesh, name string) *shape.Mesh { // a flat of the hexagon is down
				return m.Transformed(turn(math.Pi/6, 0, 0, 1), p3{}).Transformed(layDown, p3{0, 0, z}).Named(name)
			}
			length := x1 - 0.022 - (x0 + 0.020)
			cone := [][2]float64{{0, x1 - 0.0225}, {r * 0.86, x1 - 0.0225}, {0.0013, x1 - 0.006}, {0, x1 - 0.006}}
			lead := [][2]float64{{0, x1 - 0.0062}, {0.0013, x1 - 0.0062}, {0.0003, x1}, {0, x1}}
			ferrule := [][2]float64{{0, x0 + 0.009}, {0.0036, x0 + 0.009}, {0.0036, x0 + 0.013}, {0.0033, x0 + 0.0137},
				{0.0036, x0 + 0.0145}, {0.0036, x0 + 0.0205}, {0, x0 + 0.0205}}
			rubberEnd := slices.Concat([][2]float64{{0, x0}, {0.0025, x0}},
				[][2]float64{{0.0035, x0 + 0.001}, {0.0035, x0 + 0.0095}, {0, x0 + 0.0095}})
			return []Part{
				{Name: "body", Mesh: flat(shape.Extrude(hex(r), length, 0).Moved(0, 0, (x1-0.022+x0+0.020)/2), "pencil"),
					Paint: finish("lacquer", 0.3)},
				{Name: "tip", Mesh: lain(shape.Lathe(cone, 18), "pencil cone", z), Paint: tint("cedar", 0.85, 0.66, 0.44, 0.8)},
				{Name: "tip", Mesh: lain(shape.Lathe(lead, 12), "lead", z), Paint: dark},
				{Name: "eraser", Mesh: lain(shape.Lathe(ferrule, 18), "ferrule", z), Paint: steel},
				{Name: "eraser", Mesh: lain(shape.Lathe(rubberEnd, 18), "pencil eraser", z), Paint: tint("eraser", 0.92, 0.52, 0.52, 0.8)},
			}
		}),
	}
}

func marker() Design {
	const r, x0, x1 = 0.0085, -0.070, 0.070
	return Design{
		Name: "marker", Names: []string{"marker", "felt-tip pen"},
		Colors: []string{"yellow", "pink", "green", "orange", "blue"}, Front: "cap",
		Mass: 0.018, Height: 2*r + 0.002, Footprint: rect(x1-x0, 2*r), Base: rect(0.10, 2*r), GripWidth: 2 * r,
		Geoms: []sim.Geom{hardPlastic.box(0.130, 0.010, 0.003, 0, 0, 0.0015), hardPlastic.rod(r-0.0002, sim.Vec3{x0, 0, r}, sim.Vec3{x1, 0, r})},
		Parts: once(func() []Part {
			body := [][2]float64{{0, x0}, {r - 0.002, x0}, {r - 0.0006, x0 + 0.0015}, {r - 0.0006, 0.024}, {0, 0.024}}
			top := [][2]float64{{0, 0.022}, {r, 0.022}, {r, x1 - 0.004}, {r - 0.003, x1}, {0, x1}}
			band := [][2]float64{{0, -0.040}, {r - 0.0003, -0.040}, {r - 0.0003, 0.008}, {0, 0.008}}
			clip := shape.Box(p3{0.036, 0.004, 0.0022}, 0.0005).Moved(0.042, 0, 2*r+0.0008)
			return []Part{
				{Name: "body", Mesh: lain(shape.Lathe(body, 24), "marker", r), Paint: tint("marker", 0.90, 0.90, 0.88, 0.4)},
				{Name: "label", Mesh: lain(shape.Lathe(band, 24), "marker label", r), Paint: plastic},
				{Name: "cap", Mesh: shape.Merge("marker cap", lain(shape.Lathe(top, 24), "", r), clip), Paint: plastic},
			}
		}),
	}
}

func penHolder() Design {
	const r, h, t = 0.037, 0.095, 0.0025
	pens := [][5]float64{ // where it stands, where it leans (x, y at the top), how high
		{0.012, -0.010, 0.030, -0.022, 0.150}, {-0.014, 0.008, -0.029, 0.024, 0.162}, {0.008, 0.014, 0.020, 0.031, 0.140},
		{-0.010, -0.014, -0.022, -0.030, 0.156},
	}
	geoms := append(tin.wall(wallRing, r-t, 0.004, r-t, h, t), tin.cylinder(r-0.001, 0, 0.005))
	for _, p := range pens {
		geoms = append(geoms, hardPlastic.capsule(0.0040, sim.Vec3{p[0], p[1], 0.012}, sim.Vec3{p[2], p[3], p[4] - 0.004}))
	}
	return Design{
		Name: "pen holder", Names: []string{"pen holder", "pencil holder"},
		Colors: []string{"black", "silver", "blue", "red", "white"},
		Mass:   0.18, Height: 0.162, Footprint: circle(0.0385), Base: circle(r - 0.001), GripWidth: 2 * r, Upright: true,
		Geoms: geoms,
		Parts: once(func() []Part {
			outer := [][2]float64{{0, 0}, {r - 0.001, 0}, {r, 0.001}, {r, h - t/2}}
			inner := [][2]float64{{r - t, h - t/2}, {r - t, 0.005}, {0, 0.005}}
			parts := []Part{{Name: "body", Mesh: shape.Lathe(hollow(outer, inner), around).Named("pen holder"), Paint: metalled("pen holder", 0.4)}}
			tints := []Paint{tint("red pencil", 0.80, 0.14, 0.12, 0.35), tint("yellow pencil", 0.95, 0.75, 0.12, 0.35),
				tint("green pencil", 0.15, 0.50, 0.25, 0.35), tint("blue pen", 0.14, 0.28, 0.68, 0.3)}
			for i, p := range pens {
				a, b := sim.Vec3{p[0], p[1], 0.010}, sim.Vec3{p[2], p[3], p[4]}
				at := func(t float64) [3]float64 { q := a.Add(b.Sub(a).Mul(t)); return p3{q[0], q[1], q[2]} }
				l := b.Sub(a).Len()
				parts = append(parts, Part{Name: "pens", Mesh: shape.TaperedTube([][3]float64{at(0), at(1 - 0.020/l)},
					[]float64{0.0040, 0.0040}, 10).Named("pen in holder"), Paint: tints[i]})
				if i < 3 {
					parts = append(parts, Part{Name: "pens",
						Mesh: shape.TaperedTube([][3]float64{at(1 - 0.0201/l), at(1 - 0.006/l)}, []float64{0.0038, 0.0012},
							10).Named("pencil cone"), Paint: tint("cedar", 0.85, 0.66, 0.44, 0.8)},
						Part{Name: "pens", Mesh: shape.TaperedTube([][3]float64{at(1 - 0.0062/l), at(1)}, []float64{0.0012, 0.0003},
							8).Named("lead in holder"), Paint: tints[i]})
				} else {
					parts = append(parts, Part{Name: "pens",
						Mesh: shape.TaperedTube([][3]float64{at(1 - 0.0202/l), at(1)}, []float64{0.0044, 0.0040}, 10).Named("pen cap"), Paint: dark})
				}
			}
			return parts
		}),
	}
}

func scissors() Design {
	// Two blades that cross at (0.01, 0), tips ahead; the ring handles lie behind.
	const h = 0.010
	const open = 0.16
	ring := func(s float64) [][3]float64 {
		var path [][3]float64
		for i := range 20 {
			a := 2 * math.Pi * float64(i) / 20
			path = append(path, p3{-0.062 + 0.024*math.Cos(a), s * (0.024 + 0.0145*math.Sin(a)), h / 2})
		}
		return path
	}
	blade := func(s float64) [][2]float64 {
		out := [][2]float64{{-0.030, -0.0050}, {0.020, -0.0075}, {0.060, -0.0068}, {0.092, -0.0010}, {0.0925, 0.0008}, {0.020, 0.0045},
			{-0.030, 0.0035}}
		turnBy := s * open / 2
		for i, p := range out {
			x, y := p[0], s*p[1]
			out[i] = [2]float64{x*math.Cos(turnBy) - y*math.Sin(turnBy), x*math.Sin(turnBy) + y*math.Cos(turnBy)}
		}
		if s < 0 {
			slices.Reverse(out)
		}
		return out
	}
	var geoms []sim.Geom
	for _, s := range []float64{1, -1} {
		for i := range 10 {
			a, b := ring(s)[2*i], ring(s)[(2*i+2)%20]
			geoms = append(geoms, hardPlastic.capsule(0.0048, sim.Vec3(a), sim.Vec3(b)))
		}
		geoms = append(geoms, smoothSteel.tilted(0.118, 0.011, 0.0040, 0.031, s*0.0020, h/2, s*open/2, sim.Vec3{0, 0, 1}),
			hardPlastic.capsule(0.0046, sim.Vec3{-0.040, s * 0.018, h / 2}, sim.Vec3{-0.020, -s * 0.002, h / 2}))
	}
	return Design{
		Name: "scissors", Names: []string{"pair of scissors"},
		Colors: []string{"red", "orange", "blue", "green", "black"}, Front: "tip",
		Mass: 0.06, Height: h, Footprint: rect(0.186, 0.088), Base: rect(0.15, 0.07), GripWidth: 0,
		Geoms: append(geoms, hardPlastic.box(0.030, 0.060, 0.002, -0.06, 0, 0.0012),
			smoothSteel.box(0.040, 0.010, 0.0035, 0.050, 0, 0.00195), smoothSteel.cylinder(0.004, 0.0008, h)),
		Parts: once(func() []Part {
			var grips []*shape.Mesh
			for _, s := range []float64{1, -1} {
				grips = append(grips, shape.Tube(ring(s), 0.0047, 10, true),
					shape.TaperedTube([][3]float64{{-0.044, s * 0.0165, h / 2}, {-0.030, s * 0.006, h / 2}, {-0.014, -s * 0.002, h / 2}},
						[]float64{0.0047, 0.0047, 0.0042}, 10))
			}
			return []Part{
				{Name: "blades", Mesh: shape.Merge("scissor blades", shape.Extrude(blade(1), 0.0018, 0).Moved(0, 0, h/2+0.0010),
					shape.Extrude(blade(-1), 0.0018, 0).Moved(0, 0, h/2-0.0010)), Paint: steel},
				{Name: "blades", Mesh: shape.Cylinder(0.0036, 0.0056, 0.0008, 18).Moved(0.006, 0, h/2).Named("rivet"), Paint: dark},
				{Name: "handle", Mesh: shape.Merge("scissor handles", grips...), Paint: plastic},
			}
		}),
	}.grounded()
}

func stapler() Design {
	const l, w, h = 0.130, 0.032, 0.052
	arm := [][2]float64{{-0.060, 0.036}, {0.055, 0.0220}, {0.060, 0.0225}, {0.063, 0.028}, {0.058, 0.036}, {0.020, 0.0450},
		{-0.030, 0.0515}, {-0.052, 0.0500}, {-0.061, 0.0440}}
	armHull, armGeom := hardPlastic.slab("stapler arm", arm, 0.026)
	magazine := [][2]float64{{-0.056, 0.030}, {0.058, 0.0170}, {0.058, 0.0235}, {-0.056, 0.0370}}
	magazineHull, magazineGeom := hardPlastic.slab("stapler magazine", magazine, 0.018)
	hinge := [][2]float64{{-0.062, 0.009}, {-0.030, 0.009}, {-0.034, 0.036}, {-0.058, 0.040}}
	hingeHull, hingeGeom := hardPlastic.slab("stapler hinge", hinge, 0.030)
	return Design{
		Name: "stapler", Names: []string{"stapler"},
		Colors: []string{"red", "black", "blue", "gray"}, Front: "mouth",
		Mass: 0.20, Height: h, Footprint: rect(l, w+0.002), Base: rect(l, w), GripWidth: w,
		Hulls: []Hull{armHull, magazineHull, hingeHull},
		Geoms: []sim.Geom{hardPlastic.box(l, w, 0.010, 0, 0, 0.005), armGeom, magazineGeom, hingeGeom},
		Parts: once(func() []Part {
			side := func(outline [][2]float64, width, bevel float64) *shape.Mesh { // drawn in (x, z)
				return shape.Extrude(outline, width, bevel).Transformed(turn(quarter, 1, 0, 0), p3{})
			}
			base := shape.Extrude(rounded(l, w, 0.010, 5), 0.010, 0.0015).Moved(0, 0, 0.005)
			anvil := shape.Box(p3{0.018, 0.014, 0.0014}, 0.0004).Moved(0.050, 0, 0.0104)
			return []Part{
				{Name: "base", Mesh: base.Named("stapler base"), Paint: dark},
				{Name: "arm", Mesh: side(arm, 0.026, 0.003).Named("stapler arm"), Paint: plastic},
				{Name: "body", Mesh: side(hinge, 0.030, 0.002).Named("stapler hinge"), Paint: plastic},
				{Name: "mouth", Mesh: shape.Merge("stapler magazine", side(magazine, 0.018, 0), anvil), Paint: steel},
			}
		}),
	}
}

func calculator() Design {
	const sx, sy, h = 0.135, 0.078, 0.014
	return Design{
		Name: "calculator", Names: []string{"calculator", "pocket calculator"},
		Colors: []string{"gray", "black", "white", "pink", "blue"}, Front: "keys",
		Mass: 0.11, Height: h + 0.0028, Footprint: rect(sx, sy), Base: rect(sx, sy), GripWidth: 0.075,
		Geoms: []sim.Geom{hardPlastic.box(sx, sy, h, 0, 0, h/2)},
		Parts: once(func() []Part {
			body := shape.Extrude(rounded(sx, sy-0.003, 0.008, 5), h, 0.002).Moved(0, 0, h/2).Named("calculator")
			screen := shape.Box(p3{0.026, 0.060, 0.0010}, 0).Moved(-0.044, 0, h).Named("calculator screen")
			var keys, special []*shape.Mesh
			for i := range 5 {
				for j := range 4 {
					k := shape.Box(p3{0.0115, 0.0125, 0.0050}, 0).Moved(-0.017+0.0165*float64(i), (float64(j)-1.5)*0.0165, h)
					if j == 3 || i == 0 {
						special = append(special, k)
					} else {
						keys = append(keys, k)
					}
				}
			}
			return []Part{
				{Name: "body", Mesh: body, Paint: plastic},
				{Name: "screen", Mesh: screen, Paint: printed("calculator screen", 32, 64, 0.25, calculatorArt)},
				{Name: "keys", Mesh: shape.Merge("calculator keys", keys...), Paint: keyPaint},
				{Name: "keys", Mesh: shape.Merge("calculator operators", special...), Paint: tint("operators", 0.90, 0.45, 0.12, 0.5)},
			}
		}),
	}
}

// keyPaint is dark on light things and light on dark ones.
func keyPaint(c Color) sim.Material {
	if c.luminance() > 0.35 {
		return sim.Material{Name: "keys", Color: ink, Roughness: 0.5}
	}
	return sim.Material{Name: "keys", Color: offWhite, Roughness: 0.5}
}

// calculatorArt is a greenish display that shows 0.8 8 in segments. The reader sits at +x.
func calculatorArt(_ Color, u, v float64) [3]float32 {
	x, y := 2.3*v*0+2.3*(1-v), u // across and down
	out := [3]float32{0.66, 0.74, 0.64}
	for i := range 4 {
		cx := 0.75 + 0.38*float64(i)
		for _, s := range [][4]float64{{0, -0.22, 0.10, 0.03}, {0, 0, 0.10, 0.03}, {0, 0.22, 0.10, 0.03}, {-0.12, -0.11, 0.03, 0.09},
			{0.12, -0.11, 0.03, 0.09}, {0.12, 0.11, 0.03, 0.09}} {
			if i == 1 && s[1] == 0 && s[2] > s[3] {
				continue
			}
			out = mix(out, ink, inside(boxDistance(x, y, cx+s[0], 0.52+s[1], s[2], s[3], 0.01), 0.02))
		}
	}
	return out
}

func ruler() Design {
	const l, w, h = 0.21, 0.034, 0.003
	return Design{
		Name: "ruler", Names: []string{"ruler"},
		Colors: []string{"yellow", "green", "pink", "blue", "silver"},
		Mass:   0.02, Height: h, Footprint: rect(l, w), Base: rect(l, w),
		Geoms: []sim.Geom{hardPlastic.box(l, w, h, 0, 0, h/2)},
		Parts: once(func() []Part {
			var long []*shape.Mesh
			for i := range 21 { // one for each centimetre, thick enough to be seen from where a robot looks
				x := -0.1 + 0.01*float64(i)
				tick := 0.009
				if i%5 == 0 {
					tick = 0.017
				}
				long = append(long, shape.Box(p3{0.0018, tick, 0.0003}, 0).Moved(x, -w/2+0.001+tick/2, h))
			}
			return []Part{
				{Name: "body", Mesh: boxMesh("ruler", l, w, h, 0.0006, 0, 0, h/2), Paint: metalled("ruler", 0.35)},
				{Name: "scale", Mesh: shape.Merge("ruler scale", long...), Paint: dark},
			}
		}),
	}
}

func phone() Design {
	const sx, sy, h = 0.148, 0.072, 0.0085
	return Design{
		Name: "phone", Names: []string{"phone", "smartphone", "cell phone"},
		Colors: []string{"black", "white", "blue", "red", "silver"}, Front: "top edge",
		Mass: 0.18, Height: h, Footprint: rect(sx, sy), Base: rect(sx, sy), GripWidth: sy,
		Geoms: []sim.Geom{hardPlastic.box(sx, sy, h, 0, 0, h/2)},
		Parts: once(func() []Part {
			return []Part{
				{Name: "body", Mesh: shape.Extrude(rounded(sx, sy, 0.010, 6), h-0.0002, 0.002).Moved(0, 0, (h-0.0002)/2).Named("phone"),
					Paint: metalled("phone", 0.3)},
				{Name: "screen", Mesh: shape.Extrude(rounded(sx-0.005, sy-0.005, 0.008, 6), 0.0006, 0).Moved(0, 0,
					h-0.0003).Named("phone screen"), Paint: printedFlat("phone screen", 64, 96, 0.08, phoneArt)},
			}
		}),
	}
}

// printedFlat is printed, the same for all colours.
func printedFlat(name string, width, height int, roughness float32, pixel func(u, v float64) [3]float32) Paint {
	return func(Color) sim.Material {
		return sim.Material{Name: name, Color: [3]float32{1, 1, 1}, Roughness: roughness, Texture: texture(name, width, height, pixel)}
	}
}

// phoneArt is a home screen: a gradient with rows of icons, its top at u = 1.
func phoneArt(u, v float64) [3]float32 {
	x, y := v, (1-u)*2.06 // across 0…1, down 0…2.06
	out := mix([3]float32{0.16, 0.22, 0.48}, [3]float32{0.72, 0.34, 0.46}, y/2.06)
	for i := range 4 {
		for j := range 6 {
			if j == 4 {
				continue
			}
			cx, cy := 0.17+0.22*float64(i), 0.36+0.28*float64(j)
			c := hueColor(hash01(i, j, 121))
			out = mix(out, c, inside(boxDistance(x, y, cx, cy, 0.075, 0.075, 0.025), 0.02))
		}
	}
	out = mix(out, offWhite, inside(boxDistance(x, y, 0.5, 0.12, 0.13, 0.03, 0.01), 0.02))
	return mix(out, [3]float32{0.02, 0.02, 0.02}, inside(boxDistance(x, y, 0.5, 0.05, 0.14, 0.022, 0.02), 0.015))
}

// hueColor is a bright colour of the hue h, 0…1.
func hueColor(h float64) [3]float32 {
	var out [3]float32
	for i, n := range []float64{0, 8, 4} {
		k := math.Mod(n+12*h, 12)
		out[i] = float32(0.60 - 0.32*max(-1, min(k-3, 9-k, 1)))
	}
	return out
}

func remote() Design {
	const l, w, h = 0.170, 0.046, 0.018
	half := spline([2]float64{-l / 2, 0.017}, [2]float64{-l/2 + 0.008, 0.0215}, [2]float64{0, 0.0205}, [2]float64{l/2 - 0.008, 0.0230},
		[2]float64{l / 2, 0.019})
	return Design{
		Name: "remote", Names: []string{"remote control", "TV remote", "remote"},
		Colors: []string{"black", "gray", "white"}, Front: "top edge",
		Mass: 0.11, Height: h + 0.0025, Footprint: rect(l, w), Base: rect(l, 0.040), GripWidth: 0.045,
		Geoms: []sim.Geom{hardPlastic.box(l-0.004, 0.042, h, 0, 0, h/2)},
		Parts: once(func() []Part {
			var grey []*shape.Mesh
			for i := range 3 {
				for j := range 4 {
					grey = append(grey, shape.Cylinder(0.0042, 0.0045, 0, 14).Moved(-0.060+0.0125*float64(j), (float64(i)-1)*0.0125, h))
				}
			}
			for _, s := range []float64{1, -1} {
				grey = append(grey, shape.Extrude(rounded(0.022, 0.008, 0.0039, 4), 0.0045, 0.0008).Moved(0.060-0.006, s*0.0125, h))
			}
			pad := ringSolid("remote pad", 0.0065, 0.0140, h-0.002, h+0.0018, 28).Moved(0.016, 0, 0)
			grey = append(grey, pad)
			power := shape.Cylinder(0.0048, 0.0045, 0.0008, 16).Moved(0.074, 0, h)
			ok := shape.Cylinder(0.0050, 0.0050, 0.0008, 16).Moved(0.016, 0, h-0.0005)
			return []Part{
				{Name: "body", Mesh: strip("remote", -l/2, l/2, half, level(h/2), h, 24), Paint: finish("remote", 0.5)},
				{Name: "buttons", Mesh: shape.Merge("remote buttons", grey...), Paint: keyPaint},
				{Name: "buttons", Mesh: shape.Merge("remote power", power, ok), Paint: tint("power", 0.85, 0.12, 0.10, 0.4)},
			}
		}),
	}
}

func camera() Design {
	const sx, sy, h = 0.044, 0.120, 0.074
	return Design{
		Name: "camera", Names: []string{"camera"},
		Colors: []string{"black", "silver", "brown", "red"}, Front: "lens",
		Mass: 0.42, Height: h + 0.014, Footprint: Footprint{X: 0.020, HalfX: sx/2 + 0.021, HalfY: sy / 2}, Base: rect(sx, sy),
		GripWidth: sx, Upright: true,
		Geoms: []sim.Geom{hardPlastic.box(sx, sy, h, 0, 0, h/2),
			hardPlastic.rod(0.0295, sim.Vec3{sx / 2, 0, 0.036}, sim.Vec3{sx/2 + 0.036, 0, 0.036}),
			hardPlastic.box(0.030, 0.038, 0.012, 0, 0, h+0.006),
			hardPlastic.standing(0.0085, 0.002, -0.042, h, h+0.008)},
		Parts: once(func() []Part {
			lens := func(name string, p ...[2]float64) *shape.Mesh { return lain(shape.Lathe(p, 36), name, 0.036) }
			barrel := lens("lens barrel", [2]float64{0, sx/2 - 0.001}, [2]float64{0.0300, sx/2 - 0.001}, [2]float64{0.0300, sx/2 + 0.012},
				[2]float64{0.0285, sx/2 + 0.013}, [2]float64{0.0285, sx/2 + 0.034}, [2]float64{0.0270, sx/2 + 0.038}, [2]float64{0.0235,
					sx/2 + 0.038}, [2]float64{0.0200, sx/2 + 0.030}, [2]float64{0, sx/2 + 0.030})
			glass := lens("lens glass", [2]float64{0, sx/2 + 0.0295}, [2]float64{0.0200, sx/2 + 0.0295}, [2]float64{0.0170, sx/2 + 0.0320},
				[2]float64{0.009, sx/2 + 0.0340}, [2]float64{0, sx/2 + 0.0345})
			hump := shape.Extrude([][2]float64{{-0.019, 0}, {0.019, 0}, {0.013, 0.0135}, {-0.013, 0.0135}}, 0.034,
				0.002).Transformed(turn(quarter, 1, 0, 0), p3{}).Transformed(turn(quarter, 0, 0, 1), p3{0, 0, h - 0.0005})
			top := shape.Box(p3{sx, sy, 0.016}, 0.004).Moved(0, 0, h-0.008)
			base := shape.Box(p3{sx, sy, 0.008}, 0.003).Moved(0, 0, 0.004)
			wrap := shape.Box(p3{sx - 0.0012, sy - 0.0012, h - 0.018}, 0.003).Moved(0, 0, (h-0.016)/2+0.002)
			knobs := []*shape.Mesh{shape.Cylinder(0.0085, 0.008, 0.001, 24).Moved(0.002, -0.042, h+0.0035),
				shape.Cylinder(0.0055, 0.006, 0.001, 20).Moved(0.004, 0.044, h+0.002)}
			flash := shape.Box(p3{0.001, 0.020, 0.008}, 0).Moved(0.0172, 0, h+0.006)
			return []Part{
				{Name: "body", Mesh: wrap.Named("camera wrap"),
					Paint: fixed(sim.Material{Name: "leatherette", Color: [3]float32{0.12, 0.12, 0.12}, Roughness: 0.9})},
				{Name: "body", Mesh: shape.Merge("camera shell", top, base, hump), Paint: metalled("camera", 0.4)},
				{Name: "lens", Mesh: barrel, Paint: dark},
				{Name: "lens", Mesh: glass, Paint: tint("lens glass", 0.10, 0.16, 0.30, 0.04)},
				{Name: "buttons", Mesh: shape.Merge("camera knobs", knobs...), Paint: steel},
				{Name: "flash", Mesh: flash.Named("flash"), Paint: paper},
			}
		}),
	}
}

func headphones() Design {
	const r, w = 0.076, 0.024 // of the band, lying flat
	arc := func(i, n int) [3]float64 {
		a := -0.5*math.Pi - 0.02 + (math.Pi+0.04)*float64(i)/float64(n)
		return p3{-0.030 - r*math.Cos(a)*1.05 + 0.02, r * math.Sin(a), 0.031}
	}
	var geoms []sim.Geom
	for i := range 10 {
		a, b := sim.Vec3(arc(i, 10)), sim.Vec3(arc(i+1, 10))
		d := b.Sub(a)
		g := hardPlastic.tilted(d.Len()+0.004, 0.008, 0.020, (a[0]+b[0])/2, (a[1]+b[1])/2, 0.031, math.Atan2(d[1], d[0]), sim.Vec3{0, 0, 1})
		geoms = append(geoms, g)
	}
	cup := func(name string, s float64) (Hull, sim.Geom) {
		pose := sim.Rotation(-s*quarter, sim.Vec3{1, 0, 0})
		pose.Pos = sim.Vec3{0.012, s * (r + 0.002), 0.0314}
		return foam.turned(name, [][2]float64{{0.026, -0.0215}, {0.0305, -0.013}, {0.0297, 0}, {0.027, 0.007}, {0.018, 0.0108}}, pose)
	}
	leftHull, left := cup("left ear pad", 1)
	rightHull, right := cup("right ear pad", -1)
	geoms = append(geoms, left, right, foam.box(0.016, 0.028, 0.002, 0.012, r-0.004, 0.001), foam.box(0.016, 0.028, 0.002, 0.012, -r+0.004, 0.001))
	return Design{
		Name: "headphones", Names: []string{"pair of headphones", "headset"},
		Colors: []string{"black", "white", "red", "blue", "pink"}, Front: "",
		Mass: 0.24, Height: 0.062, Footprint: Footprint{X: -0.024, HalfX: 0.069, HalfY: 0.090}, Base: Footprint{X: 0.01, HalfX: 0.02, HalfY: r},
		Hulls: []Hull{leftHull, rightHull},
		Geoms: append(geoms, hardPlastic.box(0.006, 0.030, 0.031, -0.088, 0, 0.0155)),
		Parts: once(func() []Part {
			var path [][3]float64
			for i := range 25 {
				p := arc(i, 24)
				path = append(path, p3{p[0], p[1], p[2] / 2.3})
			}
			band := shape.Tube(path, 0.0045, 12, false).Scaled(1, 1, 2.3)
			pad := func(s float64) *shape.Mesh {
				p := [][2]float64{{0, -0.020}, {0.014, -0.020}, {0.020, -0.022}, {0.028, -0.020}, {0.031, -0.013}, {0.0300, -0.006},
					{0.027, -0.004}, {0, -0.004}}
				return shape.Lathe(p, 30).Transformed(turn(-s*quarter, 1, 0, 0), p3{0.012, s * (r + 0.002), 0.031})
			}
			shell := func(s float64) *shape.Mesh {
				p := [][2]float64{{0, -0.006}, {0.0285, -0.006}, {0.0300, 0}, {0.027, 0.007}, {0.018, 0.0105}, {0, 0.0115}}
				return shape.Lathe(p, 30).Transformed(turn(-s*quarter, 1, 0, 0), p3{0.012, s * (r + 0.002), 0.031})
			}
			foot := shape.Box(p3{0.004, 0.026, 0.028}, 0.0015).Moved(-0.0885, 0, 0.0142)
			return []Part{
				{Name: "band", Mesh: shape.Merge("headphone band", band, foot), Paint: plastic},
				{Name: "ear pads", Mesh: shape.Merge("ear pads", pad(1), pad(-1)), Paint: tint("ear pads", 0.16, 0.16, 0.17, 0.95)},
				{Name: "body", Mesh: shape.Merge("ear shells", shell(1), shell(-1)), Paint: plastic},
			}
		}),
	}.grounded()
}

func computerMouse() Design {
	const l, w, h = 0.108, 0.060, 0.038
	hull, g := hardPlastic.dome("computer mouse", p3{l / 2, w / 2, 0.050}, -0.012, 0.0003, h-0.0006)
	return Design{
		Name: "computer mouse", Names: []string{"computer mouse", "mouse"},
		Colors: []string{"black", "gray", "white", "red", "blue"}, Front: "buttons",
		Mass: 0.10, Height: h, Footprint: Footprint{HalfX: 0.024, Radius: w / 2}, Base: rect(0.08, 0.04), GripWidth: w,
		Hulls: []Hull{hull}, Geoms: []sim.Geom{hardPlastic.box(0.078, 0.040, 0.004, 0, 0, 0.002), g},
		Parts: once(func() []Part {
			// The dome's outline at the table is 0.97 of its radii.
			at := func(z float64) float64 { return math.Sqrt(1 - (z+0.012)*(z+0.012)/(0.050*0.050)) }
			var p [][2]float64
			p = append(p, [2]float64{0, 0}, [2]float64{at(0) - 0.03, 0})
			for i := range 13 {
				z := (h - 0.0001) * math.Sin(quarter*float64(i)/12)
				p = append(p, [2]float64{at(z), max(z, 0.001)})
			}
			p[len(p)-1][0] = 0
			body := shape.Lathe(p, 40).Scaled(l/2, w/2, 1)
			// The gap between the buttons and the wheel lie on the dome, ahead of the middle.
			top := func(x float64) float64 { return 0.050*math.Sqrt(1-x*x/(l*l/4)) - 0.012 }
			seam := strip("mouse seam", 0.010, 0.050, level(0.0006), func(x float64) float64 { return top(x) }, 0.0008, 14)
			var cross [][3]float64
			for i := range 17 {
				y := 0.026 * (float64(i)/8 - 1)
				k := 0.010*0.010/(l*l/4) + y*y/(w*w/4)
				cross = append(cross, p3{0.010, y, 0.050*math.Sqrt(1-k) - 0.012})
			}
			wheel := shape.Cylinder(0.0085, 0.0060, 0.0012, 24).Transformed(turn(quarter, 1, 0, 0), p3{0.028, 0, top(0.028) - 0.0040})
			return []Part{
				{Name: "body", Mesh: body.Named("computer mouse"), Paint: finish("mouse", 0.45)},
				{Name: "buttons", Mesh: shape.Merge("mouse seams", seam, shape.Tube(cross, 0.0005, 6, false)), Paint: keyPaint},
				{Name: "wheel", Mesh: wheel.Named("mouse wheel"), Paint: keyPaint},
			}
		}),
	}
}

func flashlight() Design {
	const r, head = 0.0135, 0.0215
	return Design{
		Name: "flashlight", Names: []string{"flashlight", "torch"},
		Colors: []string{"black", "red", "blue", "yellow", "silver"}, Front: "lens",
		Mass: 0.16, Height: 2 * head, Footprint: rect(0.160, 2*head), Base: rect(0.14, 0.03), GripWidth: 2 * r,
		Geoms: []sim.Geom{hardPlastic.rod(head-0.0002, sim.Vec3{0.045, 0, head}, sim.Vec3{0.080, 0, head}),
			hardPlastic.rod(0.0180, sim.Vec3{0.032, 0, head}, sim.Vec3{0.046, 0, head}),
			hardPlastic.rod(r, sim.Vec3{-0.080, 0, head}, sim.Vec3{0.034, 0, head}),
			hardPlastic.box(0.034, 0.014, 0.003, 0.062, 0, 0.0015), hardPlastic.box(0.004, 0.020, head, -0.068, 0, head/2)},
		Parts: once(func() []Part {
			body := [][2]float64{{0, -0.080}, {r - 0.002, -0.080}, {r, -0.078}, {r, -0.060}, {r - 0.001, -0.058}, {r - 0.001, 0.020},
				{r, 0.022}, {r, 0.030}, {0.0185, 0.042}, {0.0185, 0.042}, {head, 0.050}, {head, 0.078}, {head - 0.0015,
					0.080}, {head - 0.004, 0.080}, {head - 0.005, 0.074}, {0, 0.074}}
			var rings []*shape.Mesh
			for i := range 7 {
				x := -0.050 + 0.0095*float64(i)
				rings = append(rings, lain(ringSolid("", r-0.003, r, x, x+0.006, 24), "", head))
			}
			stand := shape.Box(p3{0.0045, 0.022, head - 0.006}, 0.001).Moved(-0.068, 0, (head-0.006)/2)
			button := shape.Extrude(rounded(0.014, 0.009, 0.004, 4), 0.005, 0.001).Moved(0.024, 0, head+r)
			return []Part{
				{Name: "body", Mesh: lain(shape.Lathe(body, 32), "flashlight", head), Paint: metalled("flashlight", 0.4)},
				{Name: "body", Mesh: shape.Merge("flashlight grip", append(rings, stand)...), Paint: dark},
				{Name: "lens", Mesh: lain(shape.Cylinder(head-0.0048, 0.001, 0, 32).Moved(0, 0, 0.0765), "flashlight lens", head),
					Paint: tint("flashlight lens", 0.98, 0.96, 0.80, 0.1)},
				{Name: "button", Mesh: button.Named("flashlight button"), Paint: tint("flashlight button", 0.85, 0.20, 0.12, 0.5)},
			}
		}),
	}.grounded()
}

func lamp() Design {
	const h = 0.240
	shadeHull, shadeGeom := cardboard.turned("lamp shade", [][2]float64{{0.075, 0.140}, {0.045, 0.232}}, sim.Identity())
	footHull, footGeom := ceramic.turned("lamp foot", [][2]float64{{0.053, 0.003}, {0.050, 0.010}, {0.022, 0.016}}, sim.Identity())
	knobHull, knobGeom := ceramic.turned("lamp knob", [][2]float64{{0.022, 0.015}, {0.0245, 0.026}, {0.030, 0.045}, {0.026, 0.065},
		{0.013, 0.082}}, sim.Identity())
	return Design{
		Name: "lamp", Names: []string{"table lamp", "lamp", "desk lamp"},
		Colors: []string{"white", "yellow", "red", "blue", "green"},
		Mass:   0.80, Height: h, Footprint: circle(0.076), Base: circle(0.052), Upright: true, Grips: []Grip{{"stand", 0.020}},
		Hulls: []Hull{shadeHull, footHull, knobHull},
		Geoms: []sim.Geom{ceramic.cylinder(0.050, 0, 0.003), footGeom, knobGeom, tin.cylinder(0.0095, 0.07, 0.15), shadeGeom,
			tin.cylinder(0.006, 0.23, h)},
		Parts: once(func() []Part {
			foot := [][2]float64{{0, 0}, {0.050, 0}, {0.053, 0.003}, {0.050, 0.010}, {0.022, 0.016}, {0.024, 0.026}, {0.0300, 0.045},
				{0.026, 0.065}, {0.013, 0.082}, {0.009, 0.096}, {0.009, 0.150}, {0, 0.150}}
			top := slices.Concat([][2]float64{{0, 0.226}, {0.004, 0.226}, {0.004, 0.233}}, shape.Arc(0, 0.2355, 0.0045, -0.6, quarter, 5))
			top[len(top)-1][0] = 0
			cone := shape.Lathe([][2]float64{{0.0755, 0.139}, {0.0455, 0.232}, {0.0440, 0.232}, {0.0740, 0.139}, {0.0755, 0.139}}, 48)
			lid := shape.Lathe([][2]float64{{0, 0.2255}, {0.0470, 0.2255}, {0.0465, 0.2275}, {0, 0.2275}}, 48)
			glow := shape.Lathe([][2]float64{{0, 0.1415}, {0.0740, 0.1415}, {0.0735, 0.1430}, {0, 0.1430}}, 48)
			rims := []*shape.Mesh{ringSolid("", 0.0735, 0.0762, 0.1385, 0.1430, 48), ringSolid("", 0.0437, 0.0462, 0.2285, 0.2325, 48)}
			return []Part{
				{Name: "base", Mesh: shape.Lathe(foot, 36).Named("lamp foot"), Paint: tint("brass", 0.72, 0.55, 0.28, 0.35)},
				{Name: "shade", Mesh: shape.Merge("lamp shade", cone, lid), Paint: finish("lampshade", 0.9)},
				{Name: "shade", Mesh: shape.Merge("lamp rims", rims...), Paint: shade(0.7)},
				{Name: "shade", Mesh: glow.Named("lamp glow"), Paint: tint("lamp glow", 1.0, 0.95, 0.78, 0.9)},
				{Name: "base", Mesh: shape.Lathe(top, 16).Named("lamp finial"), Paint: tint("brass", 0.72, 0.55, 0.28, 0.35)},
			}
		}),
	}
}

func alarmClock() Design {
	const r, z, d = 0.046, 0.054, 0.040
	bell := func(s float64) sim.Vec3 { return sim.Vec3{0, s * 0.030, 0.1035} }
	return Design{
		Name: "alarm clock", Names: []string{"alarm clock", "clock"},
		Colors: []string{"red", "blue", "black", "green", "yellow"}, Front: "dial",
		Mass: 0.28, Height: 0.127, Footprint: rect(d+0.006, 2*r+0.002), Base: rect(d, 0.064), GripWidth: d, Upright: true,
		Grips: []Grip{{"handle", 0.006}},
		Geoms: []sim.Geom{tin.rod(r, sim.Vec3{-d / 2, 0, z}, sim.Vec3{d / 2, 0, z}), tin.box(0.030, 0.010, 0.014, 0, 0.030, 0.007),
			tin.box(0.030, 0.010, 0.014, 0, -0.030, 0.007),
			tin.egg(0.0165, 0.0165, 0.0115, 0, 0.030, 0.1030), tin.egg(0.0165, 0.0165, 0.0115, 0, -0.030, 0.1030),
			tin.capsule(0.0030, sim.Vec3{0, 0.028, 0.116}, sim.Vec3{0, 0.012, 0.1235}),
			tin.capsule(0.0030, sim.Vec3{0, -0.028, 0.116}, sim.Vec3{0, -0.012, 0.1235}),
			tin.capsule(0.0030, sim.Vec3{0, -0.012, 0.1235}, sim.Vec3{0, 0.012, 0.1235})},
		Parts: once(func() []Part {
			drum := [][2]float64{{0, -d / 2}, {r - 0.005, -d / 2}, {r - 0.001, -d/2 + 0.004}, {r, -d/2 + 0.008}, {r, d/2 - 0.006},
				{r + 0.001, d/2 - 0.004}, {r + 0.001, d / 2}, {r - 0.0045, d / 2}, {r - 0.0055, d/2 - 0.003}, {0, d/2 - 0.003}}
			dial := shape.Cylinder(r-0.0055, 0.0010, 0, 40).Moved(0, 0, d/2-0.0028)
			var marks []*shape.Mesh
			for i := range 12 {
				a := math.Pi / 6 * float64(i)
				k, w := 0.0325, 0.0022
				if i%3 == 0 {
					k, w = 0.0315, 0.0036
				}
				marks = append(marks, shape.Box(p3{0.0006, w, 0.0075}, 0).Moved(0, 0, k).Transformed(turn(a, 1, 0, 0), p3{d/2 - 0.0022, 0, z}))
			}
			hand := func(length, width, a float64) *shape.Mesh {
				return shape.Box(p3{0.0010, width, length}, 0).Moved(0, 0, length/2-0.004).Transformed(turn(a, 1, 0, 0), p3{d/2 - 0.0016, 0, z})
			}
			marks = append(marks, hand(0.026, 0.0036, 1.0), hand(0.034, 0.0026, -0.95),
				shape.Cylinder(0.0032, 0.0030, 0, 16).Transformed(layDown, p3{d/2 - 0.0012, 0, z}))
			var bells []*shape.Mesh
			for _, s := range []float64{1, -1} {
				b := bell(s)
				cap := slices.Concat([][2]float64{{0, -0.004}, {0.0165, -0.004}}, func() [][2]float64 {
					var out [][2]float64
					for i := range 8 {
						a := quarter * float64(i) / 7
						out = append(out, [2]float64{0.0165 * math.Cos(a), -0.002 + 0.0130*math.Sin(a)})
					}
					out[7][0] = 0
					return out
				}())
				bells = append(bells, shape.Lathe(cap, 28).Transformed(turn(-s*0.35, 1, 0, 0), p3{b[0], b[1], b[2]}),
					shape.TaperedTube([][3]float64{{0, s * 0.022, z + r*0.85}, {0, s * 0.029, 0.101}}, []float64{0.003, 0.003}, 8))
			}
			handle := shape.Tube([][3]float64{{0, 0.032, 0.112}, {0, 0.026, 0.118}, {0, 0.014, 0.1230}, {0, -0.014, 0.1230},
				{0, -0.026, 0.118}, {0, -0.032, 0.112}}, 0.0028, 10, false)
			foot := func(s float64) *shape.Mesh {
				return shape.TaperedTube([][3]float64{{0, s * 0.026, 0.018}, {0, s * 0.033, 0.0055}}, []float64{0.005, 0.0045}, 12)
			}
			feet := shape.Merge("clock feet", foot(1), foot(-1), shape.Ellipsoid(p3{0.0055, 0.0055, 0.0055}, 12).Moved(0, 0.0335, 0.0055),
				shape.Ellipsoid(p3{0.0055, 0.0055, 0.0055}, 12).Moved(0, -0.0335, 0.0055))
			return []Part{
				{Name: "body", Mesh: lain(shape.Lathe(drum, 40), "clock drum", z), Paint: finish("clock", 0.25)},
				{Name: "dial", Mesh: lain(dial, "clock dial", z), Paint: tint("clock dial", 0.95, 0.94, 0.90, 0.5)},
				{Name: "dial", Mesh: shape.Merge("clock marks", marks...), Paint: dark},
				{Name: "bells", Mesh: shape.Merge("clock bells", bells...), Paint: steel},
				{Name: "handle", Mesh: handle.Named("clock handle"), Paint: steel},
				{Name: "feet", Mesh: feet, Paint: steel},
			}
		}),
	}
}

func pictureFrame() Design {
	const w, h, t = 0.120, 0.150, 0.012
	lean := -0.20
	axis := sim.Vec3{0, 1, 0}
	return Design{
		Name: "picture frame", Names: []string{"picture frame", "framed picture", "photo frame"},
		Colors: []string{"brown", "black", "white", "silver", "red"}, Front: "picture",
		Mass: 0.30, Height: 0.150, Footprint: rect(0.070, w+0.002), Base: rect(0.066, w), Upright: true, Grips: []Grip{{"frame", t}},
		Geoms: []sim.Geom{wood.tilted(t, w, h, 0.013, 0, 0.0748, lean, axis), wood.tilted(0.004, 0.040, 0.105, -0.0155, 0, 0.0502, 0.36, axis)},
		Parts: once(func() []Part {
			bar := 0.014
			tilt := func(m *shape.Mesh) *shape.Mesh { return m.Transformed(turn(lean, 0, 1, 0), p3{0.013, 0, 0.0748}) }
			frame := shape.Merge("frame",
				shape.Box(p3{t, w, bar}, 0.002).Moved(0, 0, h/2-bar/2), shape.Box(p3{t, w, bar}, 0.002).Moved(0, 0, -h/2+bar/2),
				shape.Box(p3{t, bar, h}, 0.002).Moved(0, w/2-bar/2, 0), shape.Box(p3{t, bar, h}, 0.002).Moved(0, -w/2+bar/2, 0))
			art := shape.Box(p3{0.001, w - 2*bar + 0.004, h - 2*bar + 0.004}, 0).Moved(0.0035, 0, 0)
			back := shape.Box(p3{0.004, w - bar, h - bar}, 0).Moved(-0.003, 0, 0)
			strut := shape.Box(p3{0.0035, 0.040, 0.105}, 0).Transformed(turn(0.36, 0, 1, 0), p3{-0.0155, 0, 0.0502})
			return []Part{
				{Name: "frame", Mesh: tilt(frame).Named("frame"), Paint: metalled("frame", 0.45)},
				{Name: "picture", Mesh: tilt(art).Named("picture"), Paint: printedFlat("landscape", 72, 96, 0.3, landscapeArt)},
				{Name: "stand", Mesh: shape.Merge("frame back", tilt(back), strut), Paint: dark},
			}
		}),
	}.grounded()
}

// landscapeArt is a hill, a house and the sun.
func landscapeArt(u, v float64) [3]float32 {
	x, y := u, v*1.33
	out := mix([3]float32{0.42, 0.66, 0.90}, [3]float32{0.88, 0.93, 0.96}, y)
	out = mix(out, [3]float32{0.99, 0.83, 0.25}, inside(math.Hypot(x-0.74, y-0.28)-0.12, 0.02))
	out = mix(out, [3]float32{0.46, 0.58, 0.66}, inside(0.72-0.22*math.Sin(5.2*x+0.6)-y, 0.02))
	out = mix(out, [3]float32{0.36, 0.60, 0.24}, inside(0.90-0.10*math.Sin(4*x+2.2)-y, 0.02))
	out = mix(out, [3]float32{0.93, 0.90, 0.82}, inside(boxDistance(x, y, 0.34, 0.90, 0.13, 0.11, 0), 0.02))
	return mix(out, [3]float32{0.72, 0.22, 0.16}, inside(max(math.Abs(x-0.34)*0.75-(y-0.64), y-0.80), 0.02))
}

func notebook() Design {
	const sx, sy, h = 0.148, 0.105, 0.014
	return Design{
		Name: "notebook", Names: []string{"notebook", "notepad", "spiral notebook"},
		Colors: []string{"green", "red", "blue", "yellow", "purple", "black"}, Front: "top edge",
		Mass: 0.14, Height: h + 0.0035, Footprint: rect(sx+0.006, sy), Base: rect(sx, sy),
		Support: &Support{Preposition: "on", Area: Footprint{X: -0.006, HalfX: sx/2 - 0.010, HalfY: sy / 2}, Z: h},
		Geoms: []sim.Geom{cardboard.box(sx, sy, h, 0, 0, h/2),
			smoothSteel.rod(0.0085, sim.Vec3{sx/2 - 0.006, -sy/2 + 0.006, 0.0086}, sim.Vec3{sx/2 - 0.006, sy/2 - 0.006, 0.0086})},
		Parts: once(func() []Part {
			var path [][3]float64
			const turns = 13
			for i := range turns*8 + 1 {
				a := 2 * math.Pi * float64(i) / 8
				path = append(path, p3{sx/2 - 0.006 + 0.0078*math.Cos(a), -sy/2 + 0.007 + (sy-0.014)*float64(i)/(turns*8),
					0.0087 + 0.0078*math.Sin(a)})
			}
			covers := []*shape.Mesh{shape.Box(p3{sx, sy, 0.002}, 0.0005).Moved(0, 0, 0.001),
				shape.Box(p3{sx, sy, 0.002}, 0.0005).Moved(0, 0, h-0.001)}
			return []Part{
				{Name: "cover", Mesh: shape.Merge("notebook cover", covers...), Paint: card},
				{Name: "pages", Mesh: boxMesh("notebook pages", sx-0.003, sy-0.003, h-0.004, 0, 0, 0, h/2), Paint: paper},
				{Name: "label", Mesh: boxMesh("notebook label", 0.034, 0.062, 0.0004, 0, 0.012, 0, h).Named("notebook label"),
					Paint: printedFlat("notebook label", 32, 48, 0.8, func(u, v float64) [3]float32 {
						return mix([3]float32{0.95, 0.94, 0.90}, ink,
							inside(math.Abs(math.Mod(u*3, 1)-0.5)-0.06, 0.05)*inside(math.Abs(v-0.5)-0.36, 0.02)*0.7)
					})},
				{Name: "spiral", Mesh: shape.Tube(path, 0.0007, 5, false).Named("spiral"), Paint: steel},
			}
		}),
	}
}

func glueStick() Design {
	const r, h = 0.0135, 0.098
	return Design{
		Name: "glue stick", Names: []string{"glue stick"},
		Colors: []string{"yellow", "blue", "red", "white"},
		Mass:   0.035, Height: h, Footprint: circle(r + 0.0008), Base: circle(r - 0.001), GripWidth: 2 * r, Upright: true,
		Geoms: []sim.Geom{hardPlastic.cylinder(r, 0, h)},
		Parts: once(func() []Part {
			knob := [][2]float64{{0, 0}, {r, 0}, {r + 0.0006, 0.001}, {r + 0.0006, 0.013}, {0, 0.013}}
			tube := [][2]float64{{0, 0.0125}, {r - 0.0012, 0.0125}, {r - 0.0012, 0.062}, {0, 0.062}}
			top := [][2]float64{{0, 0.060}, {r + 0.0003, 0.060}, {r + 0.0003, h - 0.002}, {r - 0.0017, h}, {0, h}}
			return []Part{
				{Name: "body", Mesh: upright(shape.Lathe(tube, 28), "glue tube", 0.0125, 0.062), Paint: printed("glue label", 96, 48, 0.5, glueArt)},
				{Name: "cap", Mesh: shape.Lathe(top, 28).Named("glue cap"), Paint: accent},
				{Name: "knob", Mesh: shape.Lathe(knob, 28).Named("glue knob"), Paint: accent},
			}
		}),
	}
}

// glueArt is the object's colour with four bright letters, GLUE, front and back.
func glueArt(c Color, u, v float64) [3]float32 {
	bright := accent(c).Color
	x := math.Mod(u+0.25, 0.5) - 0.25
	out := mix(c.RGB, bright, inside(math.Abs(math.Abs(v-0.5)-0.42)-0.03, 0.03))
	glyphs := [4][]string{{"111", "100", "101", "101", "111"}, {"100", "100", "100", "100", "111"}, {"101", "101", "101", "101", "111"},
		{"111", "100", "110", "100", "111"}}
	for i, g := range glyphs {
		gx, gy := (x+0.17-0.09*float64(i))/0.07, (v-0.28)/0.44
		if gx >= 0 && gx < 1 && gy >= 0 && gy < 1 && g[int(gy*5)][int(gx*3)] == '1' {
			out = bright
		}
	}
	return out
}
