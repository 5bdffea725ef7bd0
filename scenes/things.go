package scenes

import (
	"math"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// Boxes, books and other things that people leave on tables.

func boxMesh(name string, sx, sy, sz, bevel, x, y, z float64) *shape.Mesh {
	return shape.Box([3]float64{sx, sy, sz}, bevel).Moved(x, y, z).Named(name)
}

// panel is a printed sheet on the front (x) side of something, its middle at height z; the picture's top is up.
func panel(name string, x, sy, sz, z float64) *shape.Mesh {
	return boxMesh(name, 0.0006, sy, sz, 0, x, 0, z)
}

func tray() Design {
	const sx, sy, h, t, floor = 0.20, 0.30, 0.024, 0.007, 0.006
	walls := [4][5]float64{ // size and place
		{t, sy, (sx - t) / 2, 0}, {t, sy, -(sx - t) / 2, 0}, {sx, t, 0, (sy - t) / 2}, {sx, t, 0, -(sy - t) / 2},
	}
	geoms := []sim.Geom{wood.box(sx-0.002, sy-0.002, floor, 0, 0, floor/2)}
	for _, w := range walls {
		geoms = append(geoms, wood.box(w[0], w[1], h-0.001, w[2], w[3], (h+0.001)/2))
	}
	return Design{
		Name: "tray", Names: []string{"tray", "serving tray"},
		Colors: []string{"white", "black", "green", "red", "blue"},
		Mass:   0.60, Height: h, Footprint: rect(sx, sy), Base: rect(sx, sy),
		Support: &Support{Preposition: "on", Area: rect(sx-2*t-0.004, sy-2*t-0.004), Z: floor},
		Geoms:   geoms,
		Parts: once(func() []Part {
			rim := make([]*shape.Mesh, 4)
			for i, w := range walls {
				rim[i] = boxMesh("tray wall", w[0], w[1], h-0.001, 0.003, w[2], w[3], (h+0.001)/2)
			}
			return []Part{
				{Name: "floor", Mesh: boxMesh("tray floor", sx-0.004, sy-0.004, floor, 0.001, 0, 0, floor/2), Paint: painted},
				{Name: "rim", Mesh: shape.Merge("tray rim", rim...), Paint: shade(0.4)},
			}
		}),
	}
}

func cerealBox() Design {
	const sx, sy, h = 0.050, 0.105, 0.150
	return Design{
		Name: "cereal box", Names: []string{"cereal box", "box of cereal"},
		Colors: []string{"yellow", "red", "blue", "green", "orange", "purple"},
		Mass:   0.17, Height: h, Footprint: rect(sx, sy), Base: rect(sx, sy), GripWidth: sx, Upright: true,
		Geoms: []sim.Geom{cardboard.box(sx, sy, h, 0, 0, h/2)},
		Parts: once(func() []Part {
			art := printed("cereal box", 96, 136, 0.7, cerealArt)
			front := panel("cereal front", sx/2, sy-0.004, h-0.004, h/2)
			return []Part{
				{Name: "body", Mesh: boxMesh("cereal box", sx, sy, h, 0.0012, 0, 0, h/2), Paint: card},
				{Name: "label", Mesh: front, Paint: art},
				{Name: "label", Mesh: front.Transformed([4]float64{0, 0, 0, 1}, [3]float64{}), Paint: art},
				{Name: "body", Mesh: boxMesh("cereal flap", sx*0.9, 0.0012, 0.0004, 0, 0, 0, h+0.0001), Paint: shade(0.8)},
			}
		}),
	}
}

// cerealArt is a bright title, a bowl with round flakes, and a stripe at the foot.
func cerealArt(c Color, u, v float64) [3]float32 {
	x, y := u, v*1.42
	bright := accent(c).Color
	out := c.RGB
	out = mix(out, bright, inside(boxDistance(x, y, 0.5, 0.26, 0.40, 0.13, 0.05), 0.02))
	for i := range 5 { // letters
		w := 0.05 + 0.012*hash01(i, 2, 5)
		out = mix(out, c.mixed(ink, 0.4), inside(boxDistance(x, y, 0.21+0.145*float64(i), 0.26, w, 0.075, 0.02), 0.015))
		out = mix(out, bright, inside(boxDistance(x, y, 0.21+0.145*float64(i), 0.24+0.04*hash01(i, 3, 5), w*0.4, 0.025, 0.01), 0.015))
	}
	bowl := max(math.Hypot(x-0.5, (y-0.86)*1.15)-0.33, 0.86-y)
	out = mix(out, bright, inside(bowl, 0.02))
	for i := range 9 {
		fx, fy := 0.27+0.46*hash01(i, 0, 6), 0.70+0.14*hash01(i, 1, 6)
		d := math.Abs(math.Hypot(x-fx, y-fy)-0.045) - 0.022
		out = mix(out, [3]float32{0.82, 0.58, 0.25}, inside(d, 0.015))
	}
	return mix(out, c.mixed(ink, 0.5), inside(math.Abs(y-1.34)-0.035, 0.015))
}

func milkCarton() Design {
	const s, body, h = 0.062, 0.130, 0.172
	geoms := []sim.Geom{cardboard.box(s, s, body, 0, 0, body/2), cardboard.box(0.0044, s, h-body, 0, 0, (h+body)/2)}
	const roof = 6 // slices of the gable, each as wide as the roof in its middle
	for i := range roof {
		k := (float64(i) + 0.5) / roof
		geoms = append(geoms, cardboard.box(s+(0.0044-s)*k, s, 0.027/roof, 0, 0, body+0.027*k))
	}
	return Design{
		Name: "milk carton", Names: []string{"milk carton", "carton of milk", "carton"},
		Colors: []string{"blue", "green", "red", "pink", "purple"},
		Mass:   0.36, Height: h, Footprint: rect(s, s), Base: rect(s, s), GripWidth: s, Upright: true,
		Geoms: geoms,
		Parts: once(func() []Part {
			// The gable is a prism along y. Extrude lifts along z, so the outline is drawn in (x, z) and tipped up about x.
			outline := [][2]float64{{-s / 2, 0}, {s / 2, 0}, {s / 2, body}, {0.0022, 0.157}, {0.0022, h}, {-0.0022, h}, {-0.0022, 0.157}, {-s / 2, body}}
			house := shape.Extrude(outline, s, 0.0008).Transformed([4]float64{math.Sqrt2 / 2, math.Sqrt2 / 2, 0, 0}, [3]float64{})
			art := printed("milk carton", 64, 128, 0.5, milkArt)
			front := panel("milk front", s/2, s-0.006, body-0.008, body/2)
			side := front.Transformed([4]float64{math.Sqrt2 / 2, 0, 0, math.Sqrt2 / 2}, [3]float64{})
			screw := shape.Cylinder(0.0105, 0.010, 0.0015, 40)
			// The cap sits on the middle of the roof's front slope.
			slope := math.Atan2(0.157-body, s/2-0.0022)
			tilt := quarter - slope
			lid := screw.Transformed([4]float64{math.Cos((quarter - tilt) / 2), 0, math.Sin((quarter - tilt) / 2), 0}, [3]float64{0.0180, 0, 0.1460})
			half := [4]float64{0, 0, 0, 1}
			return []Part{
				{Name: "body", Mesh: house.Named("milk carton"), Paint: finish("waxed card", 0.5)},
				{Name: "label", Mesh: front, Paint: art},
				{Name: "label", Mesh: front.Transformed(half, [3]float64{}), Paint: art},
				{Name: "label", Mesh: side, Paint: art},
				{Name: "label", Mesh: side.Transformed(half, [3]float64{}), Paint: art},
				{Name: "cap", Mesh: lid.Named("milk cap"), Paint: accent},
			}
		}),
	}
}

// milkArt is the object's colour with a splash of milk from below and a bright title.
func milkArt(c Color, u, v float64) [3]float32 {
	bright := accent(c).Color
	crest := 0.68 + 0.05*math.Sin(2*math.Pi*u*1.5+0.6) + 0.02*math.Sin(2*math.Pi*u*4)
	out := mix(c.RGB, bright, inside(crest-v, 0.015))
	out = mix(out, bright, inside(boxDistance(u, v*2, 0.5, 0.5, 0.34, 0.16, 0.06), 0.02))
	for i := range 4 {
		out = mix(out, c.mixed(ink, 0.3), inside(boxDistance(u, v*2, 0.27+0.155*float64(i), 0.5, 0.05, 0.09, 0.02), 0.02))
	}
	return out
}

func giftBox() Design {
	const sx, sy, h, lid = 0.120, 0.165, 0.060, 0.022
	return Design{
		Name: "box", Names: []string{"box", "gift box"},
		Colors: []string{"red", "green", "blue", "purple", "pink", "yellow"},
		Mass:   0.35, Height: h, Footprint: rect(sx, sy), Base: rect(sx, sy),
		Support: &Support{Preposition: "on", Area: rect(sx, sy), Z: h},
		Geoms:   []sim.Geom{cardboard.box(sx-0.003, sy-0.003, h-lid, 0, 0, (h-lid)/2), cardboard.box(sx, sy, lid, 0, 0, h-lid/2)},
		Parts: once(func() []Part {
			ribbon := shape.Merge("box ribbon",
				shape.Box([3]float64{0.018, sy + 0.0008, lid + 0.0004}, 0).Moved(0, 0, h-lid/2),
				shape.Box([3]float64{sx + 0.0008, 0.018, lid + 0.0004}, 0).Moved(0, 0, h-lid/2),
				shape.Box([3]float64{0.018, sy - 0.0024, h - lid}, 0).Moved(0, 0, (h-lid)/2),
				shape.Box([3]float64{sx - 0.0024, 0.018, h - lid}, 0).Moved(0, 0, (h-lid)/2))
			return []Part{
				{Name: "body", Mesh: boxMesh("box body", sx-0.003, sy-0.003, h-0.002, 0.001, 0, 0, (h-0.002)/2), Paint: shade(0.7)},
				{Name: "lid", Mesh: boxMesh("box lid", sx, sy, lid, 0.0012, 0, 0, h-lid/2), Paint: card},
				{Name: "ribbon", Mesh: ribbon, Paint: accent},
			}
		}),
	}
}

func book() Design {
	const sx, sy, h, board = 0.145, 0.205, 0.030, 0.003
	return Design{
		Name: "book", Names: []string{"book", "hardcover book"},
		Colors: []string{"red", "blue", "green", "black", "purple", "orange", "yellow"},
		Mass:   0.50, Height: h, Footprint: rect(sx, sy), Base: rect(sx, sy),
		Support: &Support{Preposition: "on", Area: rect(sx, sy), Z: h + 0.0002},
		Geoms:   []sim.Geom{cardboard.box(sx, sy, h, 0, 0, h/2)},
		Parts: once(func() []Part {
			// Lying face up with its spine at -y: a reader at +x has the title the right way round.
			cover := shape.Merge("book cover",
				shape.Box([3]float64{sx, sy, board}, 0.0008).Moved(0, 0, board/2),
				shape.Box([3]float64{sx, sy, board}, 0.0008).Moved(0, 0, h-board/2),
				shape.Box([3]float64{sx, board, h}, 0.0012).Moved(0, -sy/2+board/2, 0).Moved(0, 0, h/2))
			pages := boxMesh("book pages", sx-0.006, sy-0.005, h-2*board, 0, 0, -0.0005, h/2)
			title := boxMesh("book title", sx-0.016, sy-0.020, 0.0004, 0, 0, 0.002, h)
			return []Part{
				{Name: "cover", Mesh: cover, Paint: card},
				{Name: "pages", Mesh: pages, Paint: paper},
				{Name: "cover", Mesh: title, Paint: printed("book title", 96, 136, 0.7, bookArt)},
			}
		}),
	}
}

// bookArt is a cover with a frame, two lines of title and a disc. The reader sits at +x: across is 1 - v, down is u.
func bookArt(c Color, u, v float64) [3]float32 {
	x, y := 1.42*(1-v), u
	bright := accent(c).Color
	d := boxDistance(x, y, 0.71, 0.5, 0.66, 0.45, 0.04)
	out := mix(c.RGB, bright, inside(math.Abs(d+0.03)-0.010, 0.012))
	for i, w := range []float64{0.42, 0.28} {
		out = mix(out, bright, inside(boxDistance(x, y, 0.71, 0.24+0.14*float64(i), w, 0.04, 0.02), 0.015))
	}
	return mix(out, bright, inside(math.Abs(math.Hypot(x-0.71, y-0.66)-0.13)-0.03, 0.015))
}

func block() Design {
	const s = 0.045
	return Design{
		Name: "block", Names: []string{"block", "toy block"},
		Colors: []string{"red", "blue", "green", "yellow", "orange", "purple", "pink"},
		Mass:   0.065, Height: s, Footprint: rect(s, s), Base: rect(s, s), GripWidth: s,
		Geoms: []sim.Geom{wood.box(s, s, s, 0, 0, s/2)},
		Parts: once(func() []Part {
			return []Part{{Name: "body", Mesh: boxMesh("block", s, s, s, 0.003, 0, 0, s/2), Paint: painted}}
		}),
	}
}

func sponge() Design {
	const sx, sy, h, pad = 0.062, 0.100, 0.034, 0.008
	return Design{
		Name: "sponge", Names: []string{"sponge", "kitchen sponge"},
		Colors: []string{"yellow", "pink", "blue", "green", "orange"},
		Mass:   0.03, Height: h, Footprint: rect(sx, sy), Base: rect(sx, sy), GripWidth: sx,
		Geoms: []sim.Geom{foam.box(sx, sy, h, 0, 0, h/2)},
		Parts: once(func() []Part {
			return []Part{
				{Name: "body", Mesh: boxMesh("sponge", sx, sy, h-pad, 0.004, 0, 0, (h+pad)/2), Paint: printed("sponge", 128, 128, 0.95, spongeArt)},
				{Name: "scouring pad", Mesh: boxMesh("sponge pad", sx, sy, pad, 0.002, 0, 0, pad/2),
					Paint: fixed(sim.Material{Name: "scouring pad", Color: [3]float32{0.16, 0.30, 0.20}, Roughness: 1})},
			}
		}),
	}
}

// spongeArt is the object's colour with dark pores of all sizes.
func spongeArt(c Color, u, v float64) [3]float32 {
	t := noise(u*24, v*24, 24, 21)*0.5 + noise(u*50, v*50, 50, 22)*0.5
	return mix(c.RGB, c.mixed(ink, 0.55), inside(0.62-t, 0.12))
}

func tapeRoll() Design {
	const outer, core, hole, h = 0.0335, 0.0225, 0.0200, 0.026
	washer := func(r0, r1, z0, z1, bevel float64) *shape.Mesh {
		return shape.Lathe([][2]float64{{r0, z0}, {r1 - bevel, z0}, {r1, z0 + bevel}, {r1, z1 - bevel}, {r1 - bevel, z1}, {r0, z1}, {r0, z0}}, around)
	}
	var geoms []sim.Geom
	for i, g := range wood.wall(wallRing, hole, 0, hole, h, outer-hole) {
		if i%3 != 0 { // a third of the ring stands on the table: as stable, and fewer contacts
			g.Size[2] -= 0.0005
			g.Pose.Pos[2] += 0.0005
		}
		geoms = append(geoms, g)
	}
	return Design{
		Name: "tape roll", Names: []string{"tape roll", "roll of tape", "roll of adhesive tape"},
		Colors: []string{"blue", "red", "black", "yellow", "green", "white"},
		Mass:   0.09, Height: h, Footprint: circle(outer), Base: circle(outer), GripWidth: 2 * outer,
		Geoms: geoms,
		Parts: once(func() []Part {
			return []Part{
				{Name: "body", Mesh: washer(core, outer, 0, h, 0.0006).Named("tape"), Paint: finish("tape", 0.3)},
				{Name: "core", Mesh: washer(hole, core+0.0002, 0.0005, h-0.0005, 0).Named("tape core"),
					Paint: fixed(sim.Material{Name: "cardboard", Color: [3]float32{0.66, 0.52, 0.36}, Roughness: 0.9})},
			}
		}),
	}
}

func ball() Design {
	const r = 0.032
	return Design{
		Name: "ball", Names: []string{"ball", "rubber ball", "toy ball"},
		Colors: []string{"red", "green", "blue", "yellow", "orange", "pink", "purple"},
		Mass:   0.06, Height: 2 * r, Footprint: circle(r), Base: circle(0.012), GripWidth: 2 * r, Rolls: true, Lift: r,
		Geoms: []sim.Geom{rubber.geom(sim.GeomSphere, sim.Vec3{r, 0, 0}, sim.Identity())},
		Parts: once(func() []Part {
			band := shape.Arc(0, 0, r+0.0003, -0.16, 0.16, 6)
			inner := shape.Arc(0, 0, r-0.001, 0.16, -0.16, 6)
			ring := append(append(band, inner...), band[0])
			sphere := shape.Ellipsoid([3]float64{r, r, r}, around)
			return []Part{
				{Name: "body", Mesh: sphere.Named("ball"), Paint: finish("rubber", 0.5)},
				{Name: "stripe", Mesh: shape.Lathe(ring, around).Named("ball stripe"), Paint: accent},
			}
		}),
	}
}
