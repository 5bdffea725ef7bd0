package scenes

import (
	"math"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// Fruit. Nothing here is coloured but by nature: each kind has the colours that people know it in.

// ripe is a colour as it looks on fruit: the green of apples and bananas is yellowish, that of mugs is not.
func ripe(c Color) Color {
	if c.Name == "green" {
		c.RGB = c.mixed([3]float32{0.70, 0.78, 0.24}, 0.6)
	}
	return c
}

// stem is a little bent stalk that stands on (0, 0, z).
func stem(z, length, radius float64) *shape.Mesh {
	var path [][3]float64
	var radii []float64
	for i := range 6 {
		t := float64(i) / 5
		path = append(path, [3]float64{0.25 * length * t * t, 0.1 * length * t * t, z + length*t})
		radii = append(radii, radius*(0.8+0.5*math.Abs(t-0.3)))
	}
	return shape.TaperedTube(path, radii, 10).Named("stem")
}

// lobe is a profile like an ellipse's (radius, half height h about the middle height h) with a dimple at the top and at the bottom.
func lobe(radius, h, top, bottom, width float64) [][2]float64 {
	const steps = 26
	profile := make([][2]float64, 0, steps+1)
	for i := range steps + 1 {
		a := math.Pi * float64(i) / steps
		r := radius * math.Sin(a) * (1 + 0.06*math.Cos(a-math.Pi))
		z := h - h*math.Cos(a)
		dip := math.Exp(-r * r / (width * width))
		if a > math.Pi/2 {
			z -= top * dip
		} else {
			z += bottom * dip
		}
		if i == 0 || i == steps {
			r = 0
		}
		profile = append(profile, [2]float64{r, z})
	}
	lowest := profile[0][1]
	for _, p := range profile {
		lowest = min(lowest, p[1])
	}
	for i := range profile {
		profile[i][1] -= lowest
	}
	return profile
}

func apple() Design {
	const r = 0.0355
	return Design{
		Name: "apple", Names: []string{"apple"},
		Colors: []string{"red", "green", "yellow"},
		Mass:   0.16, Height: 0.076, Footprint: circle(r + 0.001), Base: circle(0.016), GripWidth: 2 * r,
		Geoms: []sim.Geom{
			skin.geom(sim.GeomEllipsoid, sim.Vec3{r, r, 0.0300}, sim.Translation(0, 0, 0.0305)),
			skin.cylinder(0.014, 0, 0.006),
		},
		Parts: once(func() []Part {
			body := shape.Lathe(lobe(r, 0.0335, 0.013, 0.006, 0.011), around).Named("apple")
			sheet := shape.Ellipsoid([3]float64{0.013, 0.0065, 0.0008}, 24).
				Transformed([4]float64{math.Cos(-0.2), 0, math.Sin(-0.2), 0}, [3]float64{0.0135, 0.003, 0.0695}).Named("apple leaf")
			return []Part{
				{Name: "body", Mesh: body, Paint: printed("apple skin", 128, 64, 0.3, appleArt)},
				{Name: "stem", Mesh: stem(0.050, 0.024, 0.0016), Paint: stalk},
				{Name: "leaf", Mesh: sheet, Paint: leaf},
			}
		}),
	}
}

// appleArt is streaked from pole to pole, with pale freckles and a yellowish top.
func appleArt(c Color, u, v float64) [3]float32 {
	c = ripe(c)
	streak := noise(u*48, v*3, 48, 31)*0.6 + noise(u*16, v*4, 16, 32)*0.4
	out := mix(c.RGB, c.mixed([3]float32{0.95, 0.82, 0.35}, 0.5), (streak-0.35)*0.7)
	return mix(out, [3]float32{0.72, 0.70, 0.30}, inside(math.Abs(v)-0.10, 0.16)*0.7)
}

func pear() Design {
	// Half-widths up the pear, drawn by eye; cosine interpolation between them.
	widths := [][2]float64{{0, 0.004}, {0.010, 0.0005}, {0.016, 0}, {0.0245, 0.004}, {0.0310, 0.013}, {0.0335, 0.025}, {0.0318, 0.038}, {0.0262, 0.051},
		{0.0203, 0.062}, {0.0176, 0.072}, {0.0155, 0.081}, {0.0115, 0.088}, {0.0060, 0.0915}, {0, 0.091}}
	return Design{
		Name: "pear", Names: []string{"pear"},
		Colors: []string{"green", "yellow", "red"},
		Mass:   0.17, Height: 0.107, Footprint: circle(0.034), Base: circle(0.016), GripWidth: 0.067,
		Geoms: []sim.Geom{
			skin.geom(sim.GeomEllipsoid, sim.Vec3{0.0335, 0.0335, 0.0280}, sim.Translation(0, 0, 0.0285)),
			skin.geom(sim.GeomSphere, sim.Vec3{0.0245, 0, 0}, sim.Translation(0, 0, 0.0470)),
			skin.capsule(0.0175, sim.Vec3{0, 0, 0.045}, sim.Vec3{0, 0, 0.0735}),
			skin.cylinder(0.016, 0, 0.006),
		},
		Parts: once(func() []Part {
			return []Part{
				{Name: "body", Mesh: shape.Lathe(smooth(widths, 3), around).Named("pear"), Paint: printed("pear skin", 128, 64, 0.45, pearArt)},
				{Name: "stem", Mesh: stem(0.089, 0.018, 0.0017), Paint: stalk},
			}
		}),
	}
}

// pearArt is freckled.
func pearArt(c Color, u, v float64) [3]float32 {
	c = ripe(c)
	freckle := noise(u*90, v*60, 90, 41)
	out := mix(c.RGB, c.mixed([3]float32{0.88, 0.78, 0.30}, 0.45), noise(u*6, v*4, 6, 42))
	return mix(out, c.mixed([3]float32{0.40, 0.28, 0.12}, 0.5), inside(0.80-freckle, 0.1)*0.6)
}

// smooth puts n points between each two of a profile that lies above z = 0, along Catmull and Rom's curve (1974).
func smooth(p [][2]float64, n int) [][2]float64 {
	at := func(i int) [2]float64 { return p[min(max(i, 0), len(p)-1)] }
	var out [][2]float64
	for i := range len(p) - 1 {
		a, b, c, d := at(i-1), at(i), at(i+1), at(i+2)
		for k := range n {
			t := float64(k) / float64(n)
			var q [2]float64
			for j := range q {
				q[j] = b[j] + t/2*(c[j]-a[j]+t*(2*a[j]-5*b[j]+4*c[j]-d[j]+t*(3*(b[j]-c[j])+d[j]-a[j])))
			}
			q[0], q[1] = max(q[0], 0), max(q[1], 0)
			if i == 0 && k == 0 {
				q[0] = p[0][0]
			}
			out = append(out, q)
		}
	}
	return append(out, p[len(p)-1])
}

func banana() Design {
	// A bow of 0.1 m radius in the plane of the table, its back to -x.
	const bow, span, thick = 0.100, 0.80, 0.0170
	const back = bow - 0.0152 // puts the outline's middle at the origin
	at := func(a float64) [3]float64 { return [3]float64{back - bow*math.Cos(a), bow * math.Sin(a), thick} }
	var geoms []sim.Geom
	for _, piece := range [8][3]float64{ // from, to [rad], radius
		{-0.76, -0.60, 0.0085}, {-0.64, -0.40, 0.0135}, {-0.42, -0.14, thick - 0.0005}, {-0.14, 0.14, thick - 0.0005},
		{0.14, 0.42, thick - 0.0005}, {0.40, 0.64, 0.0135}, {0.60, 0.76, 0.0085}, {0.76, 0.90, 0.0045},
	} {
		a, b := sim.Vec3(at(piece[0])), sim.Vec3(at(piece[1]))
		a[2], b[2] = thick-0.0005, thick-0.0005
		geoms = append(geoms, skin.capsule(piece[2], a, b))
	}
	return Design{
		Name: "banana", Names: []string{"banana"},
		Colors: []string{"yellow", "green"},
		Mass:   0.13, Height: 2 * thick, Footprint: Footprint{HalfX: 0.014, HalfY: 0.064, Radius: 0.020}, Base: Footprint{HalfX: 0.008, HalfY: 0.036, Radius: 0.016},
		GripWidth: 2 * thick,
		Geoms:     geoms,
		Parts: once(func() []Part {
			var path [][3]float64
			var radii []float64
			for i := range 33 {
				t := float64(i)/16 - 1
				r := thick * math.Pow(1-math.Pow(math.Abs(t), 3.2), 0.5)
				path = append(path, at(span*t))
				radii = append(radii, max(r, 0.0048))
			}
			tip := func(a, b, r0, r1 float64) *shape.Mesh {
				return shape.TaperedTube([][3]float64{at(a), at((a + b) / 2), at(b)}, []float64{r0, r0, r1}, 16).Named("banana tip")
			}
			return []Part{
				{Name: "body", Mesh: shape.TaperedTube(path, radii, 24).Named("banana"), Paint: printed("banana skin", 64, 128, 0.5, bananaArt)},
				{Name: "stem", Mesh: tip(span-0.01, span+0.13, 0.0050, 0.0042), Paint: fixed(sim.Material{Name: "banana stem", Color: [3]float32{0.45, 0.40, 0.14}, Roughness: 0.8})},
				{Name: "tip", Mesh: tip(-span+0.01, -span-0.03, 0.0050, 0.0025), Paint: dark},
			}
		}),
	}
}

// bananaArt has ridges along it, greener ends and brown freckles.
func bananaArt(c Color, u, v float64) [3]float32 {
	c = ripe(c)
	ridge := math.Pow(math.Abs(math.Cos(math.Pi*u*5)), 12)
	out := mix(c.RGB, c.mixed([3]float32{0.45, 0.32, 0.08}, 0.5), ridge*0.35)
	out = mix(out, [3]float32{0.55, 0.62, 0.16}, inside(0.46-math.Abs(v-0.5), 0.14)*0.7)
	return mix(out, [3]float32{0.35, 0.22, 0.08}, inside(0.86-noise(u*14, v*46, 92, 51), 0.05)*0.8)
}

func lemon() Design {
	const a, r = 0.040, 0.0275 // half length without the tips, radius
	return Design{
		Name: "lemon", Names: []string{"lemon"},
		Colors: []string{"yellow"},
		Mass:   0.11, Height: 2 * r, Footprint: Footprint{HalfY: 0.019, Radius: r}, Base: circle(0.014), GripWidth: 2 * r, Rolls: true, Lift: r,
		Geoms: []sim.Geom{skin.geom(sim.GeomEllipsoid, sim.Vec3{r, a + 0.002, r}, sim.Identity())},
		Parts: once(func() []Part {
			var profile [][2]float64
			const steps = 26
			for i := range steps + 1 {
				t := math.Pi * float64(i) / steps
				x := -a * math.Cos(t)
				tip := math.Exp(-math.Pow((math.Abs(x)-a)/0.0075, 2))
				profile = append(profile, [2]float64{r * math.Pow(math.Sin(t), 0.92), x * (1 + 0.16*tip)})
			}
			profile[0][0], profile[steps][0] = 0, 0
			lying := [4]float64{math.Sqrt2 / 2, -math.Sqrt2 / 2, 0, 0} // z becomes y
			body := shape.Lathe(profile, around).Transformed(lying, [3]float64{}).Named("lemon")
			return []Part{{Name: "body", Mesh: body, Paint: printed("lemon skin", 128, 128, 0.45, lemonArt)}}
		}),
	}
}

// lemonArt has the pits of citrus peel.
func lemonArt(c Color, u, v float64) [3]float32 {
	pit := noise(u*70, v*50, 350, 61)
	return mix(c.RGB, c.mixed([3]float32{0.70, 0.50, 0.05}, 0.6), inside(0.72-pit, 0.2)*0.5)
}
