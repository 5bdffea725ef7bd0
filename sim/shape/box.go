package shape

import (
	"math"
)

// bevelSteps is how many flat pieces a rounded 90° edge has.
const bevelSteps = 3

// Box is a box of the full extents size [m], centred at the origin, its edges rounded with the radius bevel [m] (0: sharp).
// Each side carries the whole texture; on the four upright sides the texture's top is up. It panics if an extent is not positive or
// the bevel is negative or more than half of the shortest extent.
func Box(size [3]float64, bevel float64) *Mesh {
	half := vec3(size).Mul(0.5)
	shortest := min(size[0], size[1], size[2])
	check(shortest > 0, "box of size %v m (want positive extents)", size)
	check(bevel >= 0 && bevel <= shortest/2, "box of size %v m with a bevel of %g m (want 0…%g)", size, bevel, shortest/2)
	b := &builder{name: "box"}
	inner := half.Sub(vec3{bevel, bevel, bevel})
	steps := bevelSteps
	if bevel == 0 {
		steps = 0
	}

	// A rounded box is a sphere whose eight octants were pulled apart: rows of latitude, columns of longitude, each octant with its
	// own copy of the rows and columns it shares with its neighbours.
	type node struct {
		point  int
		normal vec3
	}
	rows, cols := 2*(steps+1), 4*(steps+1)
	grid := make([]node, rows*cols)
	at := func(row, col int) node { return grid[row*cols+col%cols] }
	for row := range rows {
		below, i := row/(steps+1) == 0, row%(steps+1)
		for col := range cols {
			quadrant, j := col/(steps+1), col%(steps+1)
			n := vec3{1, 1, 1} // only the signs count for a sharp box; its normals are those of its faces
			if steps > 0 {
				lat := float64(i) / float64(steps) * math.Pi / 2
				lon := float64(j) / float64(steps) * math.Pi / 2
				n = vec3{sin(math.Pi/2-lon) * sin(math.Pi/2-lat), sin(lon) * sin(math.Pi/2-lat), sin(lat)}
				if below {
					n = vec3{sin(math.Pi/2-lon) * sin(lat), sin(lon) * sin(lat), sin(math.Pi/2 - lat)}
				}
			}
			sign := [4][2]float64{{1, 1}, {-1, 1}, {-1, -1}, {1, -1}}[quadrant]
			if quadrant%2 == 1 {
				n[0], n[1] = n[1], n[0]
			}
			n = vec3{n[0] * sign[0], n[1] * sign[1], n[2]}
			corner := vec3{inner[0] * sign[0], inner[1] * sign[1], inner[2]}
			if below {
				n[2], corner[2] = -n[2], -corner[2]
			}
			pole := steps > 0 && (below && i == 0 || !below && i == steps)
			if pole && j > 0 { // the whole arc is one point
				grid[row*cols+col] = grid[row*cols+col-1]
				continue
			}
			grid[row*cols+col] = node{b.point(corner.Add(n.Mul(bevel))), n}
		}
	}
	// face adds a quad whose texture coordinates are those of the side that it looks along most.
	face := func(nodes ...node) {
		var sum vec3
		for k := range nodes {
			p, q, r := b.points[nodes[0].point], b.points[nodes[k].point], b.points[nodes[(k+1)%len(nodes)].point]
			sum = sum.Add(q.Sub(p).Cross(r.Sub(p)))
		}
		axis := dominant(sum)
		cs := make([]corner, len(nodes))
		for k, n := range nodes {
			cs[k] = corner{n.point, n.normal, boxUV(b.points[n.point], half, axis, sum[axis] > 0)}
			if steps == 0 {
				cs[k].normal = vec3{}
				cs[k].normal[axis] = math.Copysign(1, sum[axis])
			}
		}
		b.quad(cs[0], cs[1], cs[2], cs[3])
	}
	for row := range rows - 1 {
		for col := range cols {
			face(at(row, col), at(row, col+1), at(row+1, col+1), at(row+1, col))
		}
	}
	k := steps + 1
	face(at(rows-1, 0), at(rows-1, k), at(rows-1, 2*k), at(rows-1, 3*k))
	face(at(0, 3*k), at(0, 2*k), at(0, k), at(0, 0))
	return b.mesh()
}

// boxUV maps a point of a box to the side that faces along an axis, seen from outside: u to the right, v down.
// The top is seen with x to the right, the bottom too.
func boxUV(p, half vec3, axis int, positive bool) [2]float64 {
	s := 1.0
	if !positive {
		s = -1
	}
	var right, up float64
	switch axis {
	case 0:
		right, up = s*p[1]/half[1], p[2]/half[2]
	case 1:
		right, up = -s*p[0]/half[0], p[2]/half[2]
	default:
		right, up = p[0]/half[0], s*p[1]/half[1]
	}
	return [2]float64{(right + 1) / 2, (1 - up) / 2}
}

func dominant(v vec3) int {
	best := 2
	for _, i := range []int{0, 1} {
		if math.Abs(v[i]) > math.Abs(v[best])+1e-12 {
			best = i
		}
	}
	return best
}

// sin is exact at the multiples of 90° that shapes are made of: sin(π) is 0 here.
func sin(a float64) float64 {
	s := math.Sin(a)
	if math.Abs(s) < 1e-15 {
		return 0
	}
	return s
}
