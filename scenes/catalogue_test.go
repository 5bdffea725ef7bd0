package scenes

import (
	"math"
	"testing"

	"github.com/refarena/refarena/sim"
)

// Every design is complete and possible: closed meshes that fit the stated outline and height, collision geometry that fits the
// meshes, colours that exist, a density that things have.
func TestCatalogue(t *testing.T) {
	categories, colors := map[string]bool{}, map[string]bool{}
	names := map[string]bool{}
	pickable, supports := 0, 0
	for _, d := range Catalogue() {
		t.Run(d.Name, func(t *testing.T) {
			if names[d.Name] {
				t.Errorf("a second design %q", d.Name)
			}
			names[d.Name] = true
			categories[d.Category()] = true
			if len(d.Colors) == 0 || len(d.Parts) == 0 || len(d.Geoms) == 0 {
				t.Fatalf("%d colours, %d parts, %d geoms, want some of each", len(d.Colors), len(d.Parts), len(d.Geoms))
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
			drawn := sim.Vec3{}
			for _, p := range d.Parts {
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
			if z := d.lowest(sim.Translation(0, 0, d.Lift)); math.Abs(z) > 1e-9 {
				t.Errorf("collision geometry begins at z = %g m, want 0", z)
			}
		})
	}
	if len(categories) < 14 || len(colors) < 6 || pickable < 12 || supports < 4 {
		t.Errorf("%d categories, %d colours, %d pickable, %d supports, want at least 14, 6, 12, 4", len(categories), len(colors), pickable, supports)
	}
}

// What an object collides with is what it looks like: rays from all around and above meet both at the same distance, nearly always.
func TestCollisionFollowsLook(t *testing.T) {
	r := Stream(2, "test")
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
				aim := sim.Vec3{0.5 + (2*r.Float64()-1)*d.Footprint.turned(), (2*r.Float64() - 1) * d.Footprint.turned(), 0.9 * r.Float64() * d.Height}
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
			if hits < 50 || float64(agree) < 0.85*float64(hits) {
				t.Errorf("%d of %d rays agree to 5 mm (worst %.1f mm), want 85 %%", agree, hits, 1e3*worst)
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
