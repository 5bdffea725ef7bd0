package scenes

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/refarena/refarena/sim"
)

// Every design is complete and possible: closed meshes that fit the stated outline and height, collision geometry that fits the
// meshes, colours that exist, a density that things have.
func TestCatalogue(t *testing.T) {
	categories, colors := map[string]bool{}, map[string]bool{}
	names, hulls := map[string]bool{}, map[string]bool{}
	pickable, supports := 0, 0
	for _, d := range Catalogue() {
		t.Run(d.Name, func(t *testing.T) {
			if names[d.Name] {
				t.Errorf("a second design %q", d.Name)
			}
			names[d.Name] = true
			categories[d.Category()] = true
			if len(d.Colors) == 0 || len(d.Parts()) == 0 || len(d.Geoms) == 0 {
				t.Fatalf("%d colours, %d parts, %d geoms, want some of each", len(d.Colors), len(d.Parts()), len(d.Geoms))
			}
			for _, name := range d.Colors {
				c, err := FindColor(name)
				if err != nil {
					t.Error(err)
				}
				colors[c.Name] = true
			}
			if d.Pickable() {
				pickable++
				if d.GripWidth > 0.075 {
					t.Errorf("grip width = %g m, want at most 0.075", d.GripWidth)
				}
			}
			if d.Support != nil {
				supports++
			}
			for _, h := range d.Hulls {
				if hulls[h.Name] || !(h.Volume > 0) || d.hull(h.Name) == nil {
					t.Errorf("hull %q is there twice or has no volume (%g m³)", h.Name, h.Volume)
				}
				hulls[h.Name] = true
			}
			for _, g := range d.Grips {
				if g.Where == "" || !(g.Width > 0 && g.Width <= 0.075) {
					t.Errorf("grip %+v, want a place of 0 to 0.075 m", g)
				}
			}
			drawn, triangles := sim.Vec3{}, 0
			for _, p := range d.Parts() {
				triangles += p.Mesh.Triangles()
				if err := p.Mesh.Validate(); err != nil {
					t.Errorf("part %s: %v", p.Name, err)
				}
				for _, v := range p.Mesh.Positions {
					x, y, z := float64(v[0]), float64(v[1]), float64(v[2])+d.Lift
					if out := d.Footprint.distance(x, y); out > 0.004 {
						t.Fatalf("part %s: vertex %v is %.1f mm outside the footprint", p.Name, v, 1e3*out)
					}
					if z < -1e-5 || z > d.Height+0.002 {
						t.Fatalf("part %s: vertex %v is not between 0 and the height %g m", p.Name, v, d.Height)
					}
					drawn[2] = max(drawn[2], z)
				}
			}
			if drawn[2] < d.Height-0.003 {
				t.Errorf("height = %g m, but nothing is drawn above %g m", d.Height, drawn[2])
			}
			if triangles > 4000 {
				t.Errorf("%d triangles, want at most 4000: scenes have many objects", triangles)
			}
			var mass float64
			for _, g := range d.Geoms {
				mass += g.Mass
				if g.Mass <= 0 {
					t.Errorf("geom %+v has no mass", g)
				}
			}
			if math.Abs(mass-d.Mass) > 1e-9 {
				t.Errorf("geoms weigh %g kg, want %g", mass, d.Mass)
			}
			if z := d.Lowest(sim.Translation(0, 0, d.Lift)); math.Abs(z) > 1e-9 {
				t.Errorf("collision geometry begins at z = %g m, want 0", z)
			}
		})
	}
	if len(names) < 60 || len(categories) < 40 || len(colors) < len(Colors) || pickable < 45 || supports < 10 {
		t.Errorf("%d designs, %d categories, %d colours, %d pickable, %d supports, want at least 60, 40, all, 45, 10", len(names), len(categories), len(colors), pickable, supports)
	}
}

// What an object collides with is what it looks like: rays from all around and above meet both at the same distance, nearly always.
func TestCollisionFollowsLook(t *testing.T) {
	r := Stream(2, "test")
	leafy := map[string]float64{"pineapple": 0.7, "potted plant": 0.5} // a crown of leaves collides as its hull
	for _, d := range Catalogue() {
		t.Run(d.Name, func(t *testing.T) {
			l := &Layout{}
			l.Objects = []Placed{{Name: "it", Design: d, Color: Colors[0], TWorldObj: sim.Translation(0.5, 0, d.Lift)}}
			s, why, err := l.realize(includeVisuals)
			if err != nil || why != "" {
				t.Fatalf("settling = %q, %v", why, err)
			}
			defer s.Close()
			middle := sim.Vec3{0.5, 0, d.Height / 2}
			agree, hits := 0, 0
			var worst float64
			for range 400 {
				turn, rise := 2*math.Pi*r.Float64(), 0.05+1.4*r.Float64()
				eye := middle.Add(sim.Vec3{math.Cos(turn) * math.Cos(rise), math.Sin(turn) * math.Cos(rise), math.Sin(rise)})
				f := d.Footprint
				aim := sim.Vec3{0.5 + f.X + (2*r.Float64()-1)*(f.HalfX+f.Radius), f.Y + (2*r.Float64()-1)*(f.HalfY+f.Radius), 0.9 * r.Float64() * d.Height}
				dir := aim.Sub(eye).Normalize()
				drawn, drawnGeom, ok1 := s.Data.Ray(eye, dir, true)
				solid, solidGeom, ok2 := s.Data.Ray(eye, dir, false)
				if !ok1 || !ok2 {
					continue // past the table
				}
				on := s.Bodies[0]
				if s.Model.GeomBody(drawnGeom) != on && s.Model.GeomBody(solidGeom) != on {
					continue
				}
				hits++
				if diff := math.Abs(drawn - solid); diff < 0.005 {
					agree++
				} else {
					worst = max(worst, diff)
				}
			}
			if share := cmp.Or(leafy[d.Name], 0.85); hits < 50 || float64(agree) < share*float64(hits) {
				t.Errorf("%d of %d rays agree to 5 mm (worst %.1f mm), want %g of them", agree, hits, 1e3*worst, share)
			}
			t.Logf("%d of %d rays agree to 5 mm", agree, hits)
		})
	}
}

// Two designs that share a name, or of which one's name ends in one of the other's, never come in one colour in one scene.
func TestSharesName(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"mug", "mug", true},
		{"mug", "cup", true},        // both are called cup
		{"cereal box", "box", true}, // a cereal box is a box
		{"milk carton", "box", false},
		{"apple", "pear", false},
		{"bottle", "bowl", false},
		{"block", "box", false},
	} {
		a, err := Find(tt.a)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Find(tt.b)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.sharesName(b); got != tt.want || b.sharesName(a) != got {
			t.Errorf("sharesName(%s, %s) = %v, want %v both ways", tt.a, tt.b, got, tt.want)
		}
	}
}

// A point on a part is known to be on that part, and one away from everything on none.
func TestPartAt(t *testing.T) {
	for _, d := range Catalogue() {
		for _, p := range d.Parts() {
			tObjPart := p.pose()
			right, all := 0, 0
			step := 3 * max(1, p.Mesh.Triangles()/200)
			for i := 0; i+2 < len(p.Mesh.Indices); i += step {
				var middle sim.Vec3
				for k := range 3 {
					v := p.Mesh.Positions[p.Mesh.Indices[i+k]]
					middle = middle.Add(sim.Vec3{float64(v[0]), float64(v[1]), float64(v[2])}.Mul(1.0 / 3))
				}
				name, ok := d.PartAt(tObjPart.Apply(middle))
				if !ok {
					t.Fatalf("%s: PartAt finds nothing at %v on part %s", d.Name, middle, p.Name)
				}
				all++
				if name == p.Name {
					right++
				}
			}
			if float64(right) < 0.80*float64(all) { // the rest lies where two parts touch
				t.Errorf("%s: PartAt is right at %d of %d points of part %s", d.Name, right, all, p.Name)
			}
		}
		if name, ok := d.PartAt(sim.Vec3{0, 0, 1}); ok {
			t.Errorf("%s: PartAt finds part %s a metre above it", d.Name, name)
		}
	}
}

// The handle of the mug is on its front side and nowhere else; sizes are those that it is made with.
func TestPartsOfMug(t *testing.T) {
	d, err := Find("mug")
	if err != nil {
		t.Fatal(err)
	}
	if d.Front != "handle" || !slices.Contains(d.PartNames(), "handle") || slices.Contains(d.PartNames(), "body") {
		t.Errorf("front %q, parts %v, want the handle to be both", d.Front, d.PartNames())
	}
	lo, hi, ok := d.PartBounds("handle")
	if !ok || lo[0] < 0.03 || hi[0] < 0.06 || math.Abs(lo[1]+hi[1]) > 1e-6 {
		t.Errorf("PartBounds(handle) = %v, %v, %v, want it ahead (x > 0) and in the middle", lo, hi, ok)
	}
	if _, _, ok := d.PartBounds("spout"); ok {
		t.Error("the mug has a spout")
	}
	e := d.Extent()
	if want := (sim.Vec3{0.103, 0.072, 0.088}); e.Sub(want).Len() > 0.003 {
		t.Errorf("Extent = %v, want about %v", e, want)
	}
	if got := d.SizeClass(); got != Medium {
		t.Errorf("SizeClass = %s, want %s", got, Medium)
	}
}

// What a design lacks is said by name.
func TestNewDesignErrors(t *testing.T) {
	good := block()
	for _, tt := range []struct {
		want  string
		spoil func(d *Design)
	}{
		{`design "": no name`, func(d *Design) { d.Name = "" }},
		{"no colours", func(d *Design) { d.Colors = nil }},
		{`no colour "beige" (have red,`, func(d *Design) { d.Colors = []string{"beige"} }},
		{"mass 0 kg", func(d *Design) { d.Mass = 0 }},
		{"mass NaN kg", func(d *Design) { d.Mass = math.NaN() }},
		{"height -1 m", func(d *Design) { d.Height = -1 }},
		{"no collision geometry", func(d *Design) { d.Geoms = nil }},
		{"nothing to draw", func(d *Design) { d.Parts = nil }},
		{`geom 0: no hull "egg"`, func(d *Design) { d.Geoms = []sim.Geom{{Type: sim.GeomMesh, Mesh: "egg"}} }},
		{"geom 0: no volume for geom type 5", func(d *Design) { d.Geoms = []sim.Geom{{Type: sim.GeomPlane}} }},
	} {
		d := good
		tt.spoil(&d)
		if _, err := NewDesign(d); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("NewDesign = %v, want %q in it", err, tt.want)
		}
	}
}
