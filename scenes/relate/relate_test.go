package relate

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/refarena/refarena/sim"
)

// view is a camera across the table: its left is -y, its front +x.
var view = sim.NewCamera("test", 640, 480, 42, sim.LookAt(sim.Vec3{1.25, 0, 0.95}, sim.Vec3{0.4, 0, 0}))

var desk = Table{Body: 1, Min: Vec2{0.17, -0.65}, Max: Vec2{0.95, 0.65}}

// block is a box of full extents about (x, y) that stands at z0, turned by yawDeg, its front to +x of its own.
func block(name string, x, y, z0, sx, sy, sz, yawDeg float64) Thing {
	t := Thing{Name: name, Nouns: []string{name}, Front: "front", TWorldObj: sim.Rotation(deg(yawDeg), sim.Vec3{0, 0, 1})}
	t.TWorldObj.Pos = sim.Vec3{x, y, z0}
	for i := range 8 {
		s := func(bit int) float64 { return float64(i>>bit&1) - 0.5 }
		t.Points = append(t.Points, sim.Vec3{s(0) * sx, s(1) * sy, (s(2) + 0.5) * sz})
	}
	return t
}

// cube is a block of 5 cm on the table.
func cube(name string, x, y float64) Thing { return block(name, x, y, 0, 0.05, 0.05, 0.05, 0) }

// bowl is a hollow block: floor at 1 cm, walls 1 cm thick, rim at 7 cm.
func bowl(name string, x, y float64) Thing {
	t := block(name, x, y, 0, 0.16, 0.16, 0.07, 0)
	open := Outline{{-0.07, -0.07}, {0.07, -0.07}, {0.07, 0.07}, {-0.07, 0.07}}
	t.Support = &Support{Area: open, Z: 0.01, Opening: open, Depth: 0.06}
	return t
}

func world(t testing.TB, things ...Thing) *World {
	t.Helper()
	for i := range things {
		if things[i].Name == "" {
			t.Fatalf("thing %d has no name", i)
		}
	}
	w, err := New(things, []Table{desk}, view)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Each relation in worlds made by hand: what holds, what does not, and what is too close to call. Thing 0 is the one the claim is about, 1
// and 2 are its anchors; for an order, whether 0 comes before 1 (of anchor 2).
func TestRelations(t *testing.T) {
	at := func(x, y float64) Thing { return cube("a", x, y) }
	turned := func(yawDeg float64) Thing { return block("a", 0.5, 0, 0, 0.05, 0.05, 0.05, yawDeg) }
	long := func(name string, y, yawDeg float64) Thing { return block(name, 0.5, y, 0, 0.12, 0.04, 0.03, yawDeg) }
	sized := func(name string, y, sx, sy, sz float64) Thing { return block(name, 0.5, y, 0, sx, sy, sz, 0) }
	b := cube("b", 0.5, 0)
	c := cube("c", 0.5, 0.3)
	for _, tt := range []struct {
		relation Relation
		way      Way
		distance float64
		order    bool
		things   []Thing
		want     Truth
	}{
		{Close, 0, 0, true, []Thing{at(0.5, 0.15), b, c}, Yes},
		{Close, 0, 0, true, []Thing{at(0.5, -0.15), b, c}, No},
		{Close, 0, 0, true, []Thing{at(0.5, 0.005), b, c}, Unclear},
		{Close, 0, 0, true, []Thing{block("a", 0.5, 0.08, 0, 0.05, 0.30, 0.05, 0), cube("b", 0.5, 0.20), cube("c", 0.5, 0.40)}, Unclear}, // its middle is farther, its end nearer
		{Far, 0, 0, true, []Thing{at(0.5, -0.15), b, c}, Yes},
		{Far, 0, 0, true, []Thing{at(0.5, 0.15), b, c}, No},

		{ImageAbove, 0, 0, false, []Thing{at(0.35, 0), b}, Yes}, // behind is higher in the picture
		{ImageAbove, 0, 0, false, []Thing{at(0.65, 0), b}, No},
		{ImageAbove, 0, 0, false, []Thing{at(0.5, 0.2), b}, No},
		{ImageAbove, 0, 0, false, []Thing{at(0.35, 0.12), b}, Unclear},
		{ImageAbove, 0, 0, false, []Thing{block("a", 0.5, 0, 0.3, 0.05, 0.05, 0.05, 0), b}, Yes}, // and so is what hangs over it
		{ImageBelow, 0, 0, false, []Thing{at(0.65, 0), b}, Yes},
		{ImageBelow, 0, 0, false, []Thing{at(0.35, 0), b}, No},
		{ImageAbove, 0, 0, true, []Thing{at(0.40, 0.2), b}, Yes},
		{ImageAbove, 0, 0, true, []Thing{at(0.495, 0.2), b}, Unclear},
		{ImageBelow, 0, 0, true, []Thing{at(0.60, 0.2), b}, Yes},

		{Depth, 0, 0, true, []Thing{at(0.60, 0), b}, Yes},
		{Depth, 0, 0, true, []Thing{at(0.40, 0), b}, No},
		{Depth, Descending, 0, true, []Thing{at(0.40, 0), b}, Yes},
		{Depth, 0, 0, true, []Thing{at(0.51, 0), b}, Unclear},

		{Left, 0, 0, false, []Thing{at(0.5, -0.15), b}, Yes},
		{Left, 0, 0, false, []Thing{at(0.5, 0.15), b}, No},
		{Left, 0, 0, false, []Thing{at(0.3, 0), b}, No},
		{Left, 0, 0, false, []Thing{at(0.35, -0.12), b}, Unclear},
		{Left, 0, 0, false, []Thing{block("a", 0.5, -0.01, 0.05, 0.05, 0.05, 0.05, 0), b}, No}, // it is on top of it
		{Right, 0, 0, false, []Thing{at(0.5, 0.15), b}, Yes},
		{Right, 0, 0, false, []Thing{at(0.5, -0.15), b}, No},
		{Left, 0, 0, true, []Thing{at(0.3, -0.05), b}, Yes},
		{Left, 0, 0, true, []Thing{at(0.3, -0.001), b}, Unclear}, // 1 mm does not make it the leftmost
		{Right, 0, 0, true, []Thing{at(0.3, 0.05), b}, Yes},

		{Front, 0, 0, false, []Thing{at(0.65, 0), b}, Yes},
		{Front, 0, 0, false, []Thing{at(0.35, 0), b}, No},
		{Front, 0, 0, false, []Thing{at(0.5, 0.15), b}, No},
		{Front, 0, 0, false, []Thing{at(0.62, 0.14), b}, Unclear},
		{Behind, 0, 0, false, []Thing{at(0.35, 0), b}, Yes},
		{Behind, 0, 0, false, []Thing{at(0.65, 0), b}, No},

		{Tall, 0, 0, false, []Thing{sized("a", 0.2, 0.05, 0.05, 0.10), b}, Yes},
		{Tall, 0, 0, false, []Thing{sized("a", 0.2, 0.05, 0.05, 0.055), b}, Unclear},
		{Tall, 0, 0, true, []Thing{sized("a", 0.2, 0.05, 0.05, 0.03), b}, No},
		{Tall, 0, 0, false, []Thing{block("a", 0.5, 0.2, 0.2, 0.05, 0.05, 0.05, 0), b}, Unclear}, // as tall, however high it is
		{Short, 0, 0, false, []Thing{sized("a", 0.2, 0.05, 0.05, 0.02), b}, Yes},
		{Short, 0, 0, true, []Thing{sized("a", 0.2, 0.05, 0.05, 0.10), b}, No},

		{Big, 0, 0, false, []Thing{sized("a", 0.2, 0.08, 0.08, 0.08), b}, Yes},
		{Big, 0, 0, true, []Thing{sized("a", 0.2, 0.20, 0.02, 0.02), b}, Unclear}, // longer, but less of it
		{Small, 0, 0, false, []Thing{sized("a", 0.2, 0.03, 0.03, 0.03), b}, Yes},
		{Small, 0, 0, true, []Thing{sized("a", 0.2, 0.08, 0.08, 0.08), b}, No},

		{Wide, 0, 0, false, []Thing{sized("a", 0.2, 0.05, 0.10, 0.05), b}, Yes},
		{Wide, 0, 0, false, []Thing{sized("a", 0.1, 0.12, 0.03, 0.05), b}, Unclear}, // it is long, but away from the viewer
		{Thin, 0, 0, false, []Thing{sized("a", 0.2, 0.03, 0.03, 0.05), b}, Yes},
		{Thin, 0, 0, true, []Thing{sized("a", 0.2, 0.05, 0.10, 0.05), b}, No},

		{Above, 0, 0, false, []Thing{block("a", 0.5, 0.01, 0.05, 0.05, 0.05, 0.05, 0), b}, Yes},
		{Above, 0, 0, false, []Thing{b, block("a", 0.5, 0.01, 0.05, 0.05, 0.05, 0.05, 0)}, No},
		{Above, 0, 0, false, []Thing{block("a", 0.5, 0.1, 0.5, 0.05, 0.05, 0.05, 0), b}, No},         // higher, but beside it
		{Above, 0, 0, false, []Thing{at(0.35, 0), b}, No},                                            // above in the image is not above
		{Above, 0, 0, false, []Thing{block("a", 0.5, 0.025, 0.05, 0.05, 0.05, 0.05, 0), b}, Unclear}, // it half hangs over
		{Below, 0, 0, false, []Thing{b, block("a", 0.5, 0.01, 0.05, 0.05, 0.05, 0.05, 0)}, Yes},
		{Below, 0, 0, false, []Thing{at(0.65, 0), b}, No},

		{Distance, 0, 0.20, false, []Thing{at(0.5, 0.15), b}, Yes},
		{Distance, 0, 0.20, false, []Thing{at(0.5, 0.30), b}, No},
		{Distance, 0, 0.20, false, []Thing{at(0.5, 0.22), b}, Unclear},

		{Between, 0, 0, false, []Thing{at(0.5, 0.15), b, c}, Yes},
		{Between, 0, 0, false, []Thing{at(0.5, -0.15), b, c}, No},
		{Between, 0, 0, false, []Thing{at(0.7, 0.15), b, c}, No},
		{Between, 0, 0, false, []Thing{at(0.58, 0.15), b, c}, Unclear},

		{Face, 0, 0, false, []Thing{at(0.7, 0), b}, Yes}, // b's front points to +x
		{Face, 0, 0, false, []Thing{at(0.5, 0.2), b}, No},
		{Face, 0, 0, false, []Thing{at(0.3, 0), b}, No},
		{Face, 0, 0, false, []Thing{at(0.65, 0.1), b}, Unclear},
		{Face, Itself, 0, false, []Thing{turned(90), cube("b", 0.5, 0.2)}, Yes},
		{Face, Itself, 0, false, []Thing{turned(-90), cube("b", 0.5, 0.2)}, No},
		{Back, 0, 0, false, []Thing{at(0.3, 0), b}, Yes},
		{Back, 0, 0, false, []Thing{at(0.7, 0), b}, No},
		{Back, Itself, 0, false, []Thing{turned(-90), cube("b", 0.5, 0.2)}, Yes},

		{Edge, ToLeft, 0, false, []Thing{at(0.5, -0.60)}, Yes},
		{Edge, ToLeft, 0, false, []Thing{at(0.5, 0.60)}, No},
		{Edge, ToRight, 0, false, []Thing{at(0.5, 0.60)}, Yes},
		{Edge, ToViewer, 0, false, []Thing{at(0.90, 0)}, Yes},
		{Edge, Away, 0, false, []Thing{at(0.20, 0)}, Yes},
		{Edge, ToLeft, 0, false, []Thing{at(0.5, -0.55)}, Unclear},
		{Edge, ToLeft, 0, true, []Thing{at(0.5, -0.1), b}, Yes},
		{Edge, ToLeft, 0, true, []Thing{at(0.5, -0.01), b}, Unclear},
		{Corner, FarLeft, 0, false, []Thing{at(0.22, -0.60)}, Yes},
		{Corner, FarRight, 0, false, []Thing{at(0.22, -0.60)}, No},
		{Corner, NearRight, 0, false, []Thing{at(0.90, 0.60)}, Yes},
		{Corner, NearLeft, 0, false, []Thing{at(0.78, -0.56)}, Unclear},
		{Corner, FarLeft, 0, true, []Thing{at(0.4, -0.1), b}, Yes},

		{Inside, 0, 0, false, []Thing{block("a", 0.5, 0.01, 0.01, 0.04, 0.04, 0.04, 0), bowl("b", 0.5, 0)}, Yes},
		{Inside, 0, 0, false, []Thing{block("a", 0.5, 0.01, 0.01, 0.04, 0.04, 0.20, 0), bowl("b", 0.5, 0)}, Yes}, // it sticks out, and is in
		{Inside, 0, 0, false, []Thing{block("a", 0.5, 0, 0.07, 0.2, 0.04, 0.04, 0), bowl("b", 0.5, 0)}, No},      // across the rim
		{Inside, 0, 0, false, []Thing{block("a", 0.5, 0, 0.05, 0.04, 0.04, 0.04, 0), bowl("b", 0.5, 0)}, Unclear},
		{Inside, 0, 0, false, []Thing{at(0.5, 0.2), bowl("b", 0.5, 0)}, No},
		{Inside, 0, 0, false, []Thing{block("a", 0.5, 0, 0.01, 0.04, 0.04, 0.04, 0), block("b", 0.5, 0, 0, 0.16, 0.16, 0.07, 0)}, No}, // nothing hollow
		{Outside, 0, 0, false, []Thing{at(0.5, 0.2), bowl("b", 0.5, 0)}, Yes},
		{Outside, 0, 0, false, []Thing{block("a", 0.5, 0.01, 0.01, 0.04, 0.04, 0.04, 0), bowl("b", 0.5, 0)}, No},
		{Outside, 0, 0, false, []Thing{at(0.5, 0.2), b}, No},

		{Touch, 0, 0, false, []Thing{at(0.5, 0.051), b}, Yes},
		{Touch, 0, 0, false, []Thing{block("a", 0.5, 0, 0.05, 0.05, 0.05, 0.05, 0), b}, Yes},
		{Touch, 0, 0, false, []Thing{at(0.5, 0.08), b}, No},
		{Touch, 0, 0, false, []Thing{at(0.5, 0.055), b}, Unclear},
		{Touch, 0, 0, false, []Thing{block("a", 0.5, 0.03, 0.01, 0.05, 0.05, 0.05, 0), b}, Unclear}, // hulls that overlap
		{FarFrom, 0, 0, false, []Thing{at(0.5, -0.35), b}, Yes},
		{FarFrom, 0, 0, false, []Thing{at(0.5, -0.15), b}, No},
		{FarFrom, 0, 0, false, []Thing{at(0.5, -0.25), b}, Unclear},

		{VerticalRotate, Standing, 0, false, []Thing{sized("a", 0, 0.05, 0.05, 0.20)}, Yes},
		{VerticalRotate, Standing, 0, false, []Thing{sized("a", 0, 0.20, 0.05, 0.05)}, No},
		{VerticalRotate, Standing, 0, false, []Thing{sized("a", 0, 0.05, 0.05, 0.085)}, Unclear},
		{VerticalRotate, Lying, 0, false, []Thing{sized("a", 0, 0.20, 0.05, 0.05)}, Yes},
		{VerticalRotate, Lying, 0, false, []Thing{sized("a", 0, 0.05, 0.05, 0.20)}, No},
		{HorizontalRotate, ToViewer, 0, false, []Thing{turned(0)}, Yes},
		{HorizontalRotate, Away, 0, false, []Thing{turned(180)}, Yes},
		{HorizontalRotate, ToRight, 0, false, []Thing{turned(90)}, Yes},
		{HorizontalRotate, ToLeft, 0, false, []Thing{turned(-90)}, Yes},
		{HorizontalRotate, ToLeft, 0, false, []Thing{turned(90)}, No},
		{HorizontalRotate, ToLeft, 0, false, []Thing{turned(-55)}, Unclear},
		{Angle, Along, 0, false, []Thing{long("a", 0.2, 35), long("b", 0, 30)}, Yes},
		{Angle, Along, 0, false, []Thing{long("a", 0.2, 208), long("b", 0, 30)}, Yes}, // an axis has no front
		{Angle, Along, 0, false, []Thing{long("a", 0.2, 60), long("b", 0, 30)}, No},
		{Angle, Along, 0, false, []Thing{long("a", 0.2, 45), long("b", 0, 30)}, Unclear},
		{Angle, Along, 0, false, []Thing{at(0.5, 0.2), long("b", 0, 0)}, No}, // a square has no axis
		{Angle, Across, 0, false, []Thing{long("a", 0.2, 121), long("b", 0, 30)}, Yes},
		{Angle, Across, 0, false, []Thing{long("a", 0.2, 35), long("b", 0, 30)}, No},
	} {
		w := world(t, tt.things...)
		claim := Claim{Relation: tt.relation, Way: tt.way, A: -1, B: -1, Distance: tt.distance}
		var got Truth
		if tt.order {
			claim.A = 2
			got = w.Before(claim, 0, 1)
		} else {
			if len(tt.things) > 1 {
				claim.A = 1
			}
			if len(tt.things) > 2 {
				claim.B = 2
			}
			got = w.Holds(claim, 0)
		}
		if got != tt.want {
			t.Errorf("%s, way %d, order %v: a at %v (extent %v) = %v, want %v", tt.relation, tt.way, tt.order,
				w.Solids[0].Middle(), w.Solids[0].Extent, got, tt.want)
		}
	}
}

// Free space keeps its clearance from everything but the thing that is to be put there and the surface's owner.
func TestFree(t *testing.T) {
	w := world(t, cube("a", 0.5, 0), bowl("b", 0.5, 0.3))
	for _, tt := range []struct {
		at          Vec2
		z, radius   float64
		owner, held int
		want        Truth
	}{
		{Vec2{0.5, 0.1}, 0, 0.07, -1, -1, Yes},
		{Vec2{0.5, 0.1}, 0, 0.08, -1, -1, No},
		{Vec2{0.5, 0}, 0, 0.05, -1, -1, No},
		{Vec2{0.5, 0}, 0, 0.05, -1, 0, Yes},
		{Vec2{0.5, 0}, 0.05, 0.05, 0, -1, Yes},   // on top of it
		{Vec2{0.5, 0.3}, 0.01, 0.05, 1, -1, Yes}, // in the bowl
	} {
		if got := w.Free(tt.at, tt.z, tt.radius, tt.owner, tt.held); got != tt.want {
			t.Errorf("Free(%v, z %g, radius %g, owner %d, held %d) = %v, want %v", tt.at, tt.z, tt.radius, tt.owner, tt.held, got, tt.want)
		}
	}
}

// In any world: pairs are opposites, orders are antisymmetric and have no cycles, nothing is related to itself.
func TestRelationLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for draw := range 60 {
		var things []Thing
		for i := range 7 {
			th := block(string(rune('a'+i)), 0.25+0.5*r.Float64(), -0.5+r.Float64(), 0, 0.03+0.1*r.Float64(), 0.03+0.1*r.Float64(), 0.02+0.2*r.Float64(), 360*r.Float64())
			if r.IntN(2) == 0 {
				th.Front = ""
			}
			things = append(things, th)
		}
		w := world(t, things...)
		for _, rel := range Relations() {
			if rel == FreeSpace {
				continue
			}
			order := slices.Contains([]Relation{Close, Far, ImageAbove, Depth, Left, Right, Tall, Big, Small, Wide, Thin}, rel)
			for a := range things {
				for b := range things {
					if order && a != b {
						claim := Claim{Relation: rel, A: 6, B: -1}
						ab, ba := w.Before(claim, a, b), w.Before(claim, b, a)
						if ab != ba.Not() {
							t.Fatalf("draw %d, %s: %d before %d is %v, the reverse %v", draw, rel, a, b, ab, ba)
						}
						for c := range things {
							if ab == Yes && w.Before(claim, b, c) == Yes && w.Before(claim, a, c) != Yes && w.Before(claim, c, a) == Yes {
								t.Fatalf("draw %d, %s: %d before %d before %d before %d", draw, rel, a, b, c, a)
							}
						}
					}
					if rel == Close || rel == Far || rel == Depth || rel == Between {
						continue
					}
					way := map[Relation]Way{VerticalRotate: Standing, HorizontalRotate: ToLeft, Angle: Along, Edge: ToLeft, Corner: FarLeft}[rel]
					claim := Claim{Relation: rel, Way: way, A: b, B: -1, Distance: 0.2}
					if a == b && w.Holds(claim, a) != No {
						t.Fatalf("draw %d: %s holds of a thing and itself", draw, rel)
					}
				}
			}
		}
		for a := range things {
			for b := range a {
				both := func(x, y Truth) bool { return x == Yes && y == Yes }
				if both(w.LeftOf(a, b), w.RightOf(a, b)) || both(w.InFrontOf(a, b), w.BehindOf(a, b)) || both(w.Stands(a), w.Lies(a)) ||
					both(w.Parallel(a, b), w.Perpendicular(a, b)) || both(w.Faces(a, b), w.TurnsBackTo(a, b)) || both(w.Touches(a, b), w.WellAway(a, b)) {
					t.Fatalf("draw %d: %d and %d are related both ways", draw, a, b)
				}
				if w.Touches(a, b) != w.Touches(b, a) || w.Parallel(a, b) != w.Parallel(b, a) || w.WellAway(a, b) != w.WellAway(b, a) || w.Gap(a, b) != w.Gap(b, a) {
					t.Fatalf("draw %d: %d and %d are not related both ways", draw, a, b)
				}
			}
		}
	}
}

func TestTruth(t *testing.T) {
	all := []Truth{No, Unclear, Yes}
	for _, a := range all {
		for _, b := range all {
			want := Unclear
			switch {
			case a == No || b == No:
				want = No
			case a == Yes && b == Yes:
				want = Yes
			}
			if got := And(a, b); got != want {
				t.Errorf("And(%v, %v) = %v, want %v", a, b, got, want)
			}
		}
		if a.Not().Not() != a {
			t.Errorf("not not %v = %v", a, a.Not().Not())
		}
	}
	for _, tt := range []struct {
		x, yes, no float64
		want       Truth
	}{{1, 2, 3, Yes}, {2, 2, 3, Yes}, {2.5, 2, 3, Unclear}, {3, 2, 3, No}, {3, 2, 1, Yes}, {1.5, 2, 1, Unclear}, {1, 2, 1, No}} {
		if got := grade(tt.x, tt.yes, tt.no); got != tt.want {
			t.Errorf("grade(%g, yes %g, no %g) = %v, want %v", tt.x, tt.yes, tt.no, got, tt.want)
		}
	}
}

// Outlines against sampling: area, centroid, overlap, containment and gaps.
func TestOutline(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	draw := func(cx float64) Outline {
		var p []Vec2
		for range 8 {
			p = append(p, Vec2{cx + r.Float64(), r.Float64()})
		}
		return Hull(p)
	}
	for i := range 15 {
		o, q := draw(0), draw(1.6*r.Float64())
		const n = 200
		var area, both float64
		var centre Vec2
		for x := range 3 * n {
			for y := range n {
				p := Vec2{(float64(x) + 0.5) / n, (float64(y) + 0.5) / n}
				if o.Contains(p) {
					area++
					centre = centre.Add(p)
					if q.Contains(p) {
						both++
					}
				}
			}
		}
		centre = centre.Mul(1 / area)
		area, both = area/n/n, both/n/n
		if math.Abs(o.Area()-area) > 0.01 || o.Centroid().Sub(centre).Len() > 0.01 || math.Abs(o.Overlap(q)-both) > 0.01 {
			t.Fatalf("draw %d: area %g, centroid %v, overlap %g, want %g, %v, %g", i, o.Area(), o.Centroid(), o.Overlap(q), area, centre, both)
		}
		gap := math.Inf(1) // between points of the two borders
		const steps = 60
		for k := range o {
			for m := range q {
				for s := range steps {
					p := o[k].Add(o[(k+1)%len(o)].Sub(o[k]).Mul(float64(s) / steps))
					for u := range steps {
						gap = min(gap, p.Sub(q[m].Add(q[(m+1)%len(q)].Sub(q[m]).Mul(float64(u)/steps))).Len())
					}
				}
			}
		}
		if both > 0 {
			gap = 0
		}
		if math.Abs(o.Gap(q)-gap) > 0.02 || o.Gap(q) != q.Gap(o) {
			t.Fatalf("draw %d: gaps %g and %g, want %g", i, o.Gap(q), q.Gap(o), gap)
		}
	}
	line := []Vec2{{0, 0}, {1, 1}, {2, 2}}
	if h := Hull(line); h != nil {
		t.Errorf("Hull(%v) = %v, want none", line, h)
	}
}

func TestParseRelation(t *testing.T) {
	if n := len(Relations()); n != 31 {
		t.Fatalf("%d relations, want 31", n)
	}
	for _, r := range Relations() {
		if got, err := ParseRelation(r.String()); got != r || err != nil {
			t.Errorf("ParseRelation(%q) = %v, %v, want %v", r.String(), got, err, r)
		}
	}
	_, err := ParseRelation("near")
	if err == nil || !strings.Contains(err.Error(), `no relation "near" (have close, far,`) || !strings.Contains(err.Error(), "angle") {
		t.Errorf(`ParseRelation("near") = %v, want an error that lists the relations`, err)
	}
}

func TestNewErrors(t *testing.T) {
	down := sim.NewCamera("down", 64, 48, 42, sim.LookAt(sim.Vec3{0, 0, 1}, sim.Vec3{}))
	flat := cube("flat", 0, 0)
	flat.Points = flat.Points[:4]
	for _, tt := range []struct {
		things []Thing
		cam    sim.Camera
		want   string
	}{
		{nil, sim.Camera{}, "image size 0×0"},
		{nil, down, "straight down"},
		{[]Thing{cube("a", 0, 0), cube("a", 0.2, 0)}, view, `two things are called "a"`},
		{[]Thing{flat}, view, "no volume"},
	} {
		if _, err := New(tt.things, nil, tt.cam); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("New = %v, want an error with %q", err, tt.want)
		}
	}
}

// The support test: what stands on what, through two levels and in a bowl.
func TestParent(t *testing.T) {
	w := world(t, block("tray", 0.5, 0, 0, 0.3, 0.3, 0.02, 0), block("box", 0.5, 0, 0.02, 0.1, 0.1, 0.1, 0), block("cup", 0.5, 0, 0.12, 0.05, 0.05, 0.1, 0),
		bowl("bowl", 0.5, 0.4), block("egg", 0.5, 0.4, 0.01, 0.04, 0.04, 0.05, 0), cube("die", 0.5, -0.4))
	for i, want := range []int{-1, 0, 1, -1, 3, -1} {
		if got := w.Parent(i); got != want {
			t.Errorf("Parent(%s) = %d, want %d", w.Things[i].Name, got, want)
		}
	}
}
