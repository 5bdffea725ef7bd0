package scenes

import (
	"math"
	"slices"

	"github.com/refarena/refarena/sim"
)

// pose is T_obj_part with the zero value resolved.
func (p *Part) pose() sim.Pose {
	if p.TObjPart == (sim.Pose{}) {
		return sim.Identity()
	}
	return p.TObjPart
}

// PartNames are the names of the design's parts that people have a word for, each once, in the order of Parts: ["handle"] of a mug. The
// main piece ("body") is not among them.
func (d *Design) PartNames() []string {
	var names []string
	for _, p := range d.Parts() {
		if p.Name != bodyPart && !slices.Contains(names, p.Name) {
			names = append(names, p.Name)
		}
	}
	return names
}

// PartBounds is the box in the object's frame that encloses the parts of that name [m]; false if there are none.
func (d *Design) PartBounds(name string) (lo, hi sim.Vec3, ok bool) {
	inf := math.Inf(1)
	lo, hi = sim.Vec3{inf, inf, inf}, sim.Vec3{-inf, -inf, -inf}
	for _, p := range d.Parts() {
		if p.Name != name {
			continue
		}
		ok = true
		t := p.pose()
		for _, v := range p.Mesh.Positions {
			q := t.Apply(sim.Vec3{float64(v[0]), float64(v[1]), float64(v[2])})
			for i := range q {
				lo[i], hi[i] = min(lo[i], q[i]), max(hi[i], q[i])
			}
		}
	}
	if !ok {
		return sim.Vec3{}, sim.Vec3{}, false
	}
	return lo, hi, true
}

// partCell is the size of the cells that a design's triangles are sorted into, and how far from a surface PartAt still finds it [m].
const partCell = 0.004

// pieces are a design's triangles, sorted into cubes of partCell: a triangle is in every cell that its bounding box meets.
type pieces struct {
	triangles []piece
	cells     map[[3]int32][]int32
	names     []string
}

type piece struct {
	a, b, c sim.Vec3
	name    int32 // index into names
}

func cellOf(p sim.Vec3) [3]int32 {
	var c [3]int32
	for i := range c {
		c[i] = int32(math.Floor(p[i] / partCell))
	}
	return c
}

func (d *Design) cut() *pieces {
	s := &pieces{cells: map[[3]int32][]int32{}}
	for _, p := range d.Parts() {
		name := slices.Index(s.names, p.Name)
		if name < 0 {
			name = len(s.names)
			s.names = append(s.names, p.Name)
		}
		t := p.pose()
		at := func(i uint32) sim.Vec3 {
			v := p.Mesh.Positions[i]
			return t.Apply(sim.Vec3{float64(v[0]), float64(v[1]), float64(v[2])})
		}
		for k := 0; k < len(p.Mesh.Indices); k += 3 {
			tri := piece{at(p.Mesh.Indices[k]), at(p.Mesh.Indices[k+1]), at(p.Mesh.Indices[k+2]), int32(name)}
			id := int32(len(s.triangles))
			s.triangles = append(s.triangles, tri)
			var lo, hi sim.Vec3
			for i := range lo {
				lo[i], hi[i] = min(tri.a[i], tri.b[i], tri.c[i]), max(tri.a[i], tri.b[i], tri.c[i])
			}
			c0, c1 := cellOf(lo), cellOf(hi)
			for x := c0[0]; x <= c1[0]; x++ {
				for y := c0[1]; y <= c1[1]; y++ {
					for z := c0[2]; z <= c1[2]; z++ {
						s.cells[[3]int32{x, y, z}] = append(s.cells[[3]int32{x, y, z}], id)
					}
				}
			}
		}
	}
	return s
}

// PartAt is the name of the part whose drawn surface is nearest to a point of the object's frame [m]; false if none is within 4 mm. It
// turns a pixel into a part: deproject it with its depth and take it into the object's frame. A few microseconds; safe for concurrent use.
func (d *Design) PartAt(pObj sim.Vec3) (string, bool) {
	s := d.pieces()
	c := cellOf(pObj)
	nearest, best := int32(-1), partCell*partCell
	look := func(cell [3]int32) {
		for _, id := range s.cells[cell] {
			t := &s.triangles[id]
			if d2 := pObj.Sub(t.nearest(pObj)).LenSqr(); d2 < best || d2 == best && id < nearest {
				best, nearest = d2, id
			}
		}
	}
	look(c) // what is nearest is mostly here; then few other cells are near enough
	for x := int32(-1); x <= 1; x++ {
		for y := int32(-1); y <= 1; y++ {
			for z := int32(-1); z <= 1; z++ {
				var d2 float64 // from the point to the cell
				for i, step := range [3]int32{x, y, z} {
					off := pObj[i] - partCell*float64(c[i]) // in the point's own cell: 0 … partCell
					switch step {
					case 1:
						off = partCell - off
					case 0:
						off = 0
					}
					d2 += off * off
				}
				if (x != 0 || y != 0 || z != 0) && d2 <= best {
					look([3]int32{c[0] + x, c[1] + y, c[2] + z})
				}
			}
		}
	}
	if nearest < 0 {
		return "", false
	}
	return s.names[s.triangles[nearest].name], true
}

// nearest is the point of the triangle nearest to p (Ericson 2005, section 5.1.5).
func (t *piece) nearest(p sim.Vec3) sim.Vec3 {
	ab, ac, ap := t.b.Sub(t.a), t.c.Sub(t.a), p.Sub(t.a)
	d1, d2 := ab.Dot(ap), ac.Dot(ap)
	if d1 <= 0 && d2 <= 0 {
		return t.a
	}
	bp := p.Sub(t.b)
	d3, d4 := ab.Dot(bp), ac.Dot(bp)
	if d3 >= 0 && d4 <= d3 {
		return t.b
	}
	vc := d1*d4 - d3*d2
	if vc <= 0 && d1 >= 0 && d3 <= 0 {
		return t.a.Add(ab.Mul(d1 / (d1 - d3)))
	}
	cp := p.Sub(t.c)
	d5, d6 := ab.Dot(cp), ac.Dot(cp)
	if d6 >= 0 && d5 <= d6 {
		return t.c
	}
	vb := d5*d2 - d1*d6
	if vb <= 0 && d2 >= 0 && d6 <= 0 {
		return t.a.Add(ac.Mul(d2 / (d2 - d6)))
	}
	va := d3*d6 - d5*d4
	if va <= 0 && d4 >= d3 && d5 >= d6 {
		return t.b.Add(t.c.Sub(t.b).Mul((d4 - d3) / ((d4 - d3) + (d5 - d6))))
	}
	k := 1 / (va + vb + vc)
	return t.a.Add(ab.Mul(vb * k)).Add(ac.Mul(vc * k))
}
