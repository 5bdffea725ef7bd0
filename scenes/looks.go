package scenes

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/refarena/refarena/sim"
)

// A Tone is a share of what one sees of an object that has one colour.
type Tone struct {
	Color string  // the nearest of Colors
	Share float64 // 0…1 of its picture from obliquely above, the mean of four sides
}

// Tones are the colours that one sees of an object of this design in the colour c, most of all first. A cactus in a blue pot is a "blue
// cactus", but most of it is green.
func (d *Design) Tones(c Color) []Tone {
	key := toneKey{d, c.Name}
	if known, ok := tones.Load(key); ok {
		return known.([]Tone)
	}
	kept, _ := tones.LoadOrStore(key, d.tones(c))
	return kept.([]Tone)
}

// Mixed are colours for which "the blue thing" may or may not mean an object of this design in the colour c: other colours that as much of
// it has, or nearly, and c itself if little of it is c. None of most objects. "The blue cactus" means it all the same.
func (d *Design) Mixed(c Color) []string {
	var own, others float64 // others: what is neither c nor a shade of gray
	all := d.Tones(c)
	for _, t := range all {
		switch t.Color {
		case c.Name:
			own = t.Share
		case "white", "silver", "gray", "black":
		default:
			others += t.Share
		}
	}
	var out []string
	if own < 0.42 || others > own {
		out = append(out, c.Name)
	}
	for _, t := range all {
		if t.Color != c.Name && t.Share >= max(0.3, 0.8*own) {
			out = append(out, t.Color)
		}
	}
	return out
}

type toneKey struct {
	design *Design
	color  string
}

var tones sync.Map // toneKey → []Tone

func (d *Design) tones(c Color) []Tone {
	counts := make([]int, len(Colors))
	look := looker{own: c}
	const sides = 4
	for k := range sides {
		for _, i := range d.glimpse(c, 2*math.Pi*float64(k)/sides, &look) {
			if i >= 0 {
				counts[i]++
			}
		}
	}
	total := 0
	for _, n := range counts {
		total += n
	}
	var out []Tone
	for i, n := range counts {
		if n > 0 {
			out = append(out, Tone{Colors[i].Name, float64(n) / float64(total)})
		}
	}
	slices.SortStableFunc(out, func(a, b Tone) int { return cmp.Compare(b.Share, a.Share) })
	return out
}

// glimpsePixels is the width and height of a glimpse.
const glimpsePixels = 40

// glimpse draws the object as a far camera 40° above the horizon sees it from a side, without light: for each pixel the index of its
// colour, -1 where nothing is.
func (d *Design) glimpse(c Color, side float64, look *looker) []int {
	const n, rise = glimpsePixels, 40 * math.Pi / 180
	lo, hi := d.Bounds()
	middle, scale := lo.Add(hi).Mul(0.5), n/hi.Sub(lo).Len()
	back := sim.Vec3{math.Cos(rise) * math.Cos(side), math.Cos(rise) * math.Sin(side), math.Sin(rise)}
	right := sim.Vec3{-math.Sin(side), math.Cos(side), 0}
	up := back.Cross(right)
	colors, depths := make([]int, n*n), make([]float64, n*n)
	for i := range colors {
		colors[i], depths[i] = -1, math.Inf(-1)
	}
	for _, p := range d.Parts() {
		paint, pose, mesh := p.Paint(c), p.pose(), p.Mesh
		flat := look.nearest(paint.Color)
		seen := make([]sim.Vec3, len(mesh.Positions)) // x and y in px, z towards the camera in m
		for i, v := range mesh.Positions {
			q := pose.Apply(sim.Vec3{float64(v[0]), float64(v[1]), float64(v[2])}).Sub(middle)
			seen[i] = sim.Vec3{n/2 + scale*q.Dot(right), n/2 + scale*q.Dot(up), q.Dot(back)}
		}
		for k := 0; k+2 < len(mesh.Indices); k += 3 {
			i := mesh.Indices[k : k+3]
			a, b, e := seen[i[0]], seen[i[1]], seen[i[2]]
			area := (b[0]-a[0])*(e[1]-a[1]) - (b[1]-a[1])*(e[0]-a[0])
			if area <= 0 { // it looks away
				continue
			}
			x0, x1 := int(math.Ceil(min(a[0], b[0], e[0])-0.5)), int(math.Floor(max(a[0], b[0], e[0])-0.5))
			y0, y1 := int(math.Ceil(min(a[1], b[1], e[1])-0.5)), int(math.Floor(max(a[1], b[1], e[1])-0.5))
			for y := max(y0, 0); y <= min(y1, n-1); y++ {
				for x := max(x0, 0); x <= min(x1, n-1); x++ {
					u, v := float64(x)+0.5, float64(y)+0.5
					wb := ((u-a[0])*(e[1]-a[1]) - (v-a[1])*(e[0]-a[0])) / area
					we := ((b[0]-a[0])*(v-a[1]) - (b[1]-a[1])*(u-a[0])) / area
					wa := 1 - wb - we
					depth := wa*a[2] + wb*b[2] + we*e[2]
					if wa < 0 || wb < 0 || we < 0 || depth <= depths[y*n+x] {
						continue
					}
					depths[y*n+x], colors[y*n+x] = depth, flat
					if paint.Texture != nil && mesh.UVs != nil {
						var uv [2]float64
						for j := range uv {
							uv[j] = wa*float64(mesh.UVs[i[0]][j]) + wb*float64(mesh.UVs[i[1]][j]) + we*float64(mesh.UVs[i[2]][j])
						}
						colors[y*n+x] = look.nearest(texel(paint.Texture, uv, paint.Color))
					}
				}
			}
		}
	}
	return colors
}

// texel is the texture's colour at (u, v), times a colour.
func texel(t *sim.Texture, uv [2]float64, by [3]float32) [3]float32 {
	at := func(x float64, n int) int { return min(int((x-math.Floor(x))*float64(n)), n-1) }
	k := 3 * (at(uv[1], t.Height)*t.Width + at(uv[0], t.Width))
	var out [3]float32
	for i := range out {
		out[i] = float32(t.RGB[k+i]) / 255 * by[i]
	}
	return out
}

// A looker tells colours, and remembers the answers.
type looker struct {
	own   Color
	known map[[3]uint8]int
}

// nearest is the index of the colour that rgb looks like most: by distance in CIELAB, lightness counting half, since light and shade
// change it. What could be a tone of the object's own colour is taken for it.
func (l *looker) nearest(rgb [3]float32) int {
	var key [3]uint8 // five bits each: no name of a colour hangs on less
	for i, x := range rgb {
		key[i] = uint8(min(max(x, 0), 1)*31 + 0.5)
		rgb[i] = float32(key[i]) / 31
	}
	if i, ok := l.known[key]; ok {
		return i
	}
	lab := cieLab(rgb)
	best, nearest := 0, math.Inf(1)
	for i, c := range Colors {
		d := labDistance(lab, colorLabs()[i])
		if c.Name == l.own.Name {
			d *= 0.7
		}
		if d < nearest {
			best, nearest = i, d
		}
	}
	if l.known == nil {
		l.known = map[[3]uint8]int{}
	}
	l.known[key] = best
	return best
}

// colorLabs are Colors in CIELAB.
var colorLabs = sync.OnceValue(func() [][3]float64 {
	out := make([][3]float64, len(Colors))
	for i, c := range Colors {
		out[i] = cieLab(c.RGB)
	}
	return out
})

func labDistance(a, b [3]float64) float64 {
	return math.Sqrt((a[0]-b[0])*(a[0]-b[0])/4 + (a[1]-b[1])*(a[1]-b[1]) + (a[2]-b[2])*(a[2]-b[2]))
}

// cieLab takes sRGB to CIELAB under D65 (CIE 15:2004).
func cieLab(rgb [3]float32) [3]float64 {
	var lin [3]float64
	for i, c := range rgb {
		x := float64(c)
		if x <= 0.04045 {
			lin[i] = x / 12.92
		} else {
			lin[i] = math.Pow((x+0.055)/1.055, 2.4)
		}
	}
	f := func(t float64) float64 {
		if t > 216.0/24389 {
			return math.Cbrt(t)
		}
		return (24389.0/27*t + 16) / 116
	}
	x := f((0.4124*lin[0] + 0.3576*lin[1] + 0.1805*lin[2]) / 0.9505)
	y := f(0.2126*lin[0] + 0.7152*lin[1] + 0.0722*lin[2])
	z := f((0.0193*lin[0] + 0.1192*lin[1] + 0.9505*lin[2]) / 1.0890)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}
