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

// fieldRadii are what the height fields are widened by: the robot's thin, middle and thick parts [m].
var fieldRadii = [...]float64{0, 0.025, 0.050, 0.070}

// An obstacles is what motions keep clear of: the plane that the robot stands on, and a height field of what the camera saw. Under what
// it saw everything counts as full, behind it nothing. Heights are in the base frame.
type obstacles struct {
	heights [len(fieldRadii)][]float32 // by cell; widened by fieldRadii
	scratch []float32
	tallest float64
}

// set fills the field from a cloud, without the pixels in skip.
func (o *obstacles) set(c *cloud, tBaseWorld sim.Pose, skip []bool) {
	for i := range o.heights {
		if o.heights[i] == nil {
			o.heights[i] = make([]float32, fieldNX*fieldNY)
		}
	}
	if o.scratch == nil {
		o.scratch = make([]float32, fieldNX*fieldNY)
	}
	field := o.heights[0]
	clear(field)
	o.tallest = 0
	for i, p := range c.points {
		if !valid(p) || skip != nil && skip[i] {
			continue
		}
		p = tBaseWorld.Apply(p)
		k, ok := fieldIndex(p[0], p[1])
		if !ok || p[2] < thin || p[0]*p[0]+p[1]*p[1] < footRadius*footRadius {
			continue
		}
		field[k] = max(field[k], float32(p[2]))
		o.tallest = max(o.tallest, p[2])
	}
	for i := 1; i < len(fieldRadii); i++ {
		o.widen(field, o.heights[i], int(math.Ceil(fieldRadii[i]/cell)))
	}
}

// widen takes the greatest height in the square of ±n cells, first along y, then along x.
func (o *obstacles) widen(from, to []float32, n int) {
	for x := range fieldNX {
		for y := range fieldNY {
			h := float32(0)
			for k := max(0, y-n); k <= min(fieldNY-1, y+n); k++ {
				h = max(h, from[x*fieldNY+k])
			}
			o.scratch[x*fieldNY+y] = h
		}
	}
	for x := range fieldNX {
		for y := range fieldNY {
			h := float32(0)
			for k := max(0, x-n); k <= min(fieldNX-1, x+n); k++ {
				h = max(h, o.scratch[k*fieldNY+y])
			}
			to[x*fieldNY+y] = h
		}
	}
}

func fieldIndex(x, y float64) (int, bool) {
	i, j := int(math.Floor((x-fieldMin)/cell)), int(math.Floor((y+fieldY)/cell))
	return i*fieldNY + j, i >= 0 && j >= 0 && i < fieldNX && j < fieldNY
}

// height is the greatest height within radius (at least) of a place in the base frame.
func (o *obstacles) height(x, y, radius float64) float64 {
	k, ok := fieldIndex(x, y)
	if !ok || o.heights[0] == nil {
		return 0
	}
	for i, r := range fieldRadii {
		if radius <= r || i == len(fieldRadii)-1 {
			return float64(o.heights[i][k])
		}
	}
	return 0
}

// clear reports whether a capsule in the base frame stays margin above everything [m].
func (o *obstacles) clear(c Capsule, margin float64) bool {
	n := int(c.B.Sub(c.A).Len()/0.03) + 1
	for i := range n + 1 {
		p := c.A.Add(c.B.Sub(c.A).Mul(float64(i) / float64(n)))
		if p[2]-c.Radius < o.height(p[0], p[1], c.Radius+margin/2)+margin {
			return false
		}
	}
	return true
}
