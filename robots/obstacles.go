package robots

import (
	"math"

	"github.com/refarena/refarena/sim"
)

const (
	cell     = 0.01 // [m]
	fieldMin = -0.5 // in base x; y runs ±fieldY
	fieldMax = 1.0
	fieldY   = 0.9
	// footRadius is around the base where all that is seen is the robot's own foot [m].
	footRadius = 0.14
	fieldNX    = int((fieldMax - fieldMin) / cell)
	fieldNY    = int(2 * fieldY / cell)
)

// fieldRadii are what the height fields are widened by: the robot's thin, middle and thick parts, with room for a clearance [m].
var fieldRadii = [...]float64{0, 0.025, 0.050, 0.070, 0.110, 0.160}

// An obstacles is what motions keep clear of: the plane that the robot stands on, and a column under every point that the camera saw,
// square, a cell wide and full down to that plane. What the camera did not see because something stood before it is not in it: behind
// what is seen it counts as free. Heights are in the base frame.
//
// Where the picture ends nobody knows what stands: a tray may go on, a carton stand beside it. A robot that stands beside the table, with its arms
// beside the picture, may be cautious: the farther from the picture, the taller what it takes to be there.
//
// Beside the columns themselves it holds, for each cell, the highest column within each of fieldRadii: one look there clears nearly
// everything that is above what stands around, and only what is not is compared with single columns.
type obstacles struct {
	columns
	other   columns   // with what may be where nobody saw, or without, whichever the first is not
	unseen  []float32 // by cell: how high what nobody saw may be; nil: all is taken to be seen
	ceiling float64   // nor is it any higher than that [m]
	wide    []float32 // scratch of imagine: by cell, how high all around it is, with its sign changed
	nearest []int32   // by cell: the nearest that the picture shows …
	away    []int32   // … and how far that is [cells / 5]
	careful bool      // columns are those with what is unseen
	scratch []float32
	queue   []int32
	beside  bool // the robot stands beside the table, not on it: see Arm.Beside
}

// columns are one idea of what is there.
type columns struct {
	heights [len(fieldRadii)][]float32 // by cell, y fastest; widened by fieldRadii
	tallest float64
}

// set fills the field from a cloud, without the pixels in skip.
func (o *obstacles) set(c *cloud, tBaseWorld sim.Pose, skip []bool) {
	o.reset()
	field, t := o.heights[0], newMover(&tBaseWorld)
	top, ok := tableTop(c, &t)
	if o.beside && ok && top > thin {
		// Where the camera does not see it the table goes on.
		for i := int((tableFront - fieldMin) / cell); i < fieldNX; i++ {
			for k := i * fieldNY; k < (i+1)*fieldNY; k++ {
				field[k] = float32(top)
			}
		}
		o.tallest = top
	}
	least := thin + 3*c.noise // above the plane
	for i, p := range c.points {
		if !valid(p) || t.height(&p) < least || skip != nil && skip[i] {
			continue // most of what is seen is the table
		}
		p = t.apply(&p)
		k, ok := fieldIndex(p[0], p[1])
		if !ok || p[0]*p[0]+p[1]*p[1] < footRadius*footRadius {
			continue
		}
		field[k] = max(field[k], float32(p[2]))
		o.tallest = max(o.tallest, p[2])
	}
	if o.beside {
		o.imagine(c, tBaseWorld.Inv(), top)
	}
	o.finish()
}

const (
	unseenRise = 2.0  // so much taller for each metre away from the picture is what may stand where nobody saw
	unseenMost = 0.15 // … and no taller than that above what is seen at the picture's edge [m]
	unseenEdge = 0.05 // so far from the picture what it shows at its edge goes on [m] …
	unseenWide = 4    // … and farther if it is wider than twice so many cells
	unseenLow  = 0.03 // what rises higher above the table …
	unseenMore = 0.10 // … may be so much taller than it is seen where the picture's edge cuts it [m]
)

// imagine fills unseen: nothing where the picture shows the table's top. Elsewhere what is seen at the picture's edge goes on, if it is wide, and something stands on it, the taller
// the farther that is, but for what could not be there while the arms are at home.
func (o *obstacles) imagine(c *cloud, tWorldBase sim.Pose, top float64) {
	const far = math.MaxInt32 / 2
	const nothing = -1e3
	n := fieldNX * fieldNY
	if o.unseen == nil {
		o.unseen, o.wide, o.nearest, o.away = make([]float32, n), make([]float32, n), make([]int32, n), make([]int32, n)
	}
	at := newMover(&tWorldBase)
	for i := range fieldNX {
		for k := range fieldNY {
			p := sim.Vec3{fieldMin + (float64(i)+0.5)*cell, -fieldY + (float64(k)+0.5)*cell, top}
			px, _, ok := c.cam.Project(at.apply(&p))
			if ok {
				_, ok = px.Index(c.w, c.h)
			}
			j := i*fieldNY + k
			if o.away[j], o.nearest[j], o.unseen[j] = far, -1, nothing; ok {
				o.away[j], o.nearest[j], o.unseen[j] = 0, int32(j), -o.heights[0][j]
			}
		}
	}
	o.widen(o.unseen, o.wide, unseenWide) // the least height around, with its sign changed
	// Chamfer distances: 5 for a neighbour, 7 for one across a corner (Borgefors 1986), there and back.
	look := func(j, i, k, di, dk int, step int32) {
		if i+di < 0 || i+di >= fieldNX || k+dk < 0 || k+dk >= fieldNY {
			return
		}
		if from := j + di*fieldNY + dk; o.away[from]+step < o.away[j] {
			o.away[j], o.nearest[j] = o.away[from]+step, o.nearest[from]
		}
	}
	for i := range fieldNX {
		for k := range fieldNY {
			j := i*fieldNY + k
			look(j, i, k, -1, 0, 5)
			look(j, i, k, 0, -1, 5)
			look(j, i, k, -1, -1, 7)
			look(j, i, k, -1, 1, 7)
		}
	}
	for i := fieldNX - 1; i >= 0; i-- {
		for k := fieldNY - 1; k >= 0; k-- {
			j := i*fieldNY + k
			look(j, i, k, 1, 0, 5)
			look(j, i, k, 0, 1, 5)
			look(j, i, k, 1, 1, 7)
			look(j, i, k, 1, -1, 7)
		}
	}
	first := int((tableFront-fieldMin)/cell) * fieldNY
	for j := range o.unseen {
		o.unseen[j] = 0
		if j < first || o.away[j] == 0 || o.away[j] >= far {
			continue
		}
		away := float64(o.away[j]) / 5 * cell
		seen := max(-o.wide[o.nearest[j]], float32(top))
		high := seen + float32(min(unseenMost, unseenRise*away))
		if away < unseenEdge {
			high = max(high, o.heights[0][o.nearest[j]])
		}
		o.unseen[j] = min(high, float32(o.ceiling))
	}
	tBaseWorld := tWorldBase.Inv()
	for i := range c.points { // what the picture's edge cuts goes on up and outwards
		if x, y := i%c.w, i/c.w; x > 0 && x < c.w-1 && y > 0 && y < c.h-1 || !valid(c.points[i]) {
			continue
		}
		if p := tBaseWorld.Apply(c.points[i]); p[2] > top+unseenLow {
			stamp(o.unseen, p[0], p[1], unseenEdge, float32(min(p[2]+unseenMore, o.ceiling)))
		}
	}
}

// stamp makes the cells of a disc at least so high.
func stamp(field []float32, x0, y0, r float64, high float32) {
	for x := x0 - r; x <= x0+r; x += cell / 2 {
		for y := y0 - r; y <= y0+r; y += cell / 2 {
			if k, ok := fieldIndex(x, y); ok && sq(x-x0)+sq(y-y0) <= sq(r) {
				field[k] = max(field[k], high)
			}
		}
	}
}

// beCareful makes the columns those with what may be where nobody saw, or those without. It reports whether there is a difference.
func (o *obstacles) beCareful(yes bool) bool {
	if o.unseen == nil {
		return false
	}
	if o.careful != yes {
		o.columns, o.other, o.careful = o.other, o.columns, yes
	}
	return true
}

// plain is the columns without what may be where nobody saw.
func (o *obstacles) plain() *columns {
	if o.careful {
		return &o.other
	}
	return &o.columns
}

const (
	tableFront = 0.15  // farther back there is no table, before a robot that stands beside one: in base x [m]
	tableRange = 0.20  // a table is at most so much higher or lower than base [m]
	tableBin   = 0.005 // [m]
)

// tableTop is the height in base of the level that most points are at, near base's height; false without points.
func tableTop(c *cloud, t *mover) (float64, bool) {
	var count [int(2 * tableRange / tableBin)]int
	var sum [len(count)]float64
	for i, p := range c.points {
		if i%3 != 0 || !valid(p) {
			continue
		}
		if k := int((t.height(&p) + tableRange) / tableBin); k >= 0 && k < len(count) {
			count[k]++
			sum[k] += t.height(&p)
		}
	}
	best := 0
	for k := range count {
		if count[k] > count[best] {
			best = k
		}
	}
	return sum[best] / max(float64(count[best]), 1), count[best] > 0
}

// add puts columns under capsules, in base, that the camera has not seen: what was just put down.
func (o *obstacles) add(capsules []Capsule) {
	o.beCareful(false)
	field := o.heights[0]
	for _, c := range capsules {
		n := int(c.B.Sub(c.A).Len()/cell) + 1
		for i := range n + 1 {
			p := c.A.Add(c.B.Sub(c.A).Mul(float64(i) / float64(n)))
			top := p[2] + c.Radius
			stamp(field, p[0], p[1], c.Radius, float32(top))
			o.tallest = max(o.tallest, top)
		}
	}
	o.finish()
}

// reset empties the field.
func (o *obstacles) reset() {
	const n = fieldNX * fieldNY
	o.beCareful(false)
	if o.scratch == nil {
		o.scratch, o.queue = make([]float32, n), make([]int32, max(fieldNX, fieldNY))
		for i := range o.heights {
			o.heights[i] = make([]float32, n)
		}
	}
	for i := range o.heights {
		clear(o.heights[i])
	}
	o.tallest = 0
}

// finish computes the widened fields from the columns, with and without what may be where nobody saw.
func (o *obstacles) finish() {
	o.widenAll()
	if o.unseen == nil {
		return
	}
	from := o.columns
	o.columns, o.other = o.other, from
	if o.heights[0] == nil {
		for i := range o.heights {
			o.heights[i] = make([]float32, len(o.unseen))
		}
	}
	o.tallest = from.tallest
	for j, h := range o.unseen {
		o.heights[0][j] = max(from.heights[0][j], h)
		o.tallest = max(o.tallest, float64(h))
	}
	o.widenAll()
	o.columns, o.other = o.other, o.columns
}

// widenAll computes the widened fields from the columns. Each is made from the one before, which is exact for squares.
func (o *obstacles) widenAll() {
	done := 0
	for i := 1; i < len(fieldRadii); i++ {
		n := int(math.Ceil(fieldRadii[i]/cell - 1e-9))
		o.widen(o.heights[i-1], o.heights[i], n-done)
		done = n
	}
}

// widen takes the greatest height in the square of ±n cells, first along y, then along x.
func (o *obstacles) widen(from, to []float32, n int) {
	for x := range fieldNX {
		slideMax(from[x*fieldNY:], o.scratch[x*fieldNY:], 1, fieldNY, n, o.queue)
	}
	for y := range fieldNY {
		slideMax(o.scratch[y:], to[y:], fieldNY, fieldNX, n, o.queue)
	}
}

// slideMax fills to with the greatest of from within ±n, for count values stride apart. queue holds the places of values that may
// still become the greatest, largest first (Lemire, "Streaming maximum-minimum filter", 2006).
func slideMax(from, to []float32, stride, count, n int, queue []int32) {
	head, tail, next := 0, 0, 0
	for i := range count {
		for ; next < count && next <= i+n; next++ {
			for tail > head && from[int(queue[tail-1])*stride] <= from[next*stride] {
				tail--
			}
			queue[tail] = int32(next)
			tail++
		}
		if int(queue[head]) < i-n {
			head++
		}
		to[i*stride] = from[int(queue[head])*stride]
	}
}

func fieldIndex(x, y float64) (int, bool) {
	i, j := int(math.Floor((x-fieldMin)/cell)), int(math.Floor((y+fieldY)/cell))
	return i*fieldNY + j, i >= 0 && j >= 0 && i < fieldNX && j < fieldNY
}

// height is the greatest height within radius (at least) of a place in the base frame.
func (o *columns) height(x, y, radius float64) float64 {
	if o.heights[0] == nil {
		return 0
	}
	for i, r := range fieldRadii {
		if radius <= r {
			if k, ok := fieldIndex(x, y); ok {
				return float64(o.heights[i][k])
			}
			// Beside the field there is nothing, but its edge may be near.
			if x+r < fieldMin || x-r > fieldMax || y+r < -fieldY || y-r > fieldY {
				return 0
			}
			return o.tallest
		}
	}
	return o.tallest
}

// above reports whether a sphere is higher than all that is within its radius horizontally: one look, and true only if hits is false.
func (o *columns) above(p sim.Vec3, r float64) bool {
	low := p[2] - r
	return low >= 0 && (low >= o.tallest || low >= o.height(p[0], p[1], r))
}

// hits reports whether a sphere reaches into the plane or a column.
func (o *columns) hits(p sim.Vec3, r float64) bool {
	if o.above(p, r) {
		return false
	}
	if p[2] < r {
		return true
	}
	field := o.heights[0]
	x0, x1 := max(int((p[0]-r-fieldMin)/cell), 0), min(int((p[0]+r-fieldMin)/cell), fieldNX-1)
	y0, y1 := max(int((p[1]-r+fieldY)/cell), 0), min(int((p[1]+r+fieldY)/cell), fieldNY-1)
	for x := x0; x <= x1; x++ {
		left := fieldMin + float64(x)*cell
		dx := max(left-p[0], p[0]-left-cell, 0)
		for y := y0; y <= y1; y++ {
			h := float64(field[x*fieldNY+y])
			if h == 0 {
				continue
			}
			front := -fieldY + float64(y)*cell
			dy := max(front-p[1], p[1]-front-cell, 0)
			dz := max(p[2]-h, 0)
			if dx*dx+dy*dy+dz*dz < r*r {
				return true
			}
		}
	}
	return false
}

// balls is how many spheres on a capsule's axis, ends included, cover it, and their radius: they stand at most 1.2 radii apart.
func (c Capsule) balls() (n int, radius float64) {
	length := c.B.Sub(c.A).Len()
	n = int(length/(1.2*c.Radius)) + 2
	if length == 0 {
		n = 1
	}
	half := length / float64(2*max(n-1, 1))
	return n, math.Sqrt(c.Radius*c.Radius + half*half)
}

// clear reports whether a capsule in the base frame stays margin away from everything [m].
func (o *columns) clear(c Capsule, margin float64) bool {
	if min(c.A[2], c.B[2])-c.Radius-margin >= o.tallest {
		return true
	}
	n, r := c.balls()
	for i := range n {
		if o.hits(c.A.Add(c.B.Sub(c.A).Mul(float64(i)/float64(max(n-1, 1)))), r+margin) {
			return false
		}
	}
	return true
}

// surelyClear is clear, but for parts that stand lower than something beside them it says no without looking closer.
func (o *columns) surelyClear(c Capsule, margin float64) bool {
	if min(c.A[2], c.B[2])-c.Radius-margin >= o.tallest {
		return true
	}
	n, r := c.balls()
	for i := range n {
		if !o.above(c.A.Add(c.B.Sub(c.A).Mul(float64(i)/float64(max(n-1, 1)))), r+margin) {
			return false
		}
	}
	return true
}
