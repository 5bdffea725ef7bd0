package scenes

import (
	"fmt"
	"math"
	"strings"
	"sync"

	"github.com/refarena/refarena/sim"
)

// textures keeps one picture for each name, because renderers tell textures apart by pointer.
var textures struct {
	sync.Mutex
	m map[string]*sim.Texture
}

// texture is the picture of that name, drawn on first use: pixel gives the sRGB colour, 0…1, at (u, v), 0…1 from the top left.
func texture(name string, width, height int, pixel func(u, v float64) [3]float32) *sim.Texture {
	textures.Lock()
	defer textures.Unlock()
	if t := textures.m[name]; t != nil {
		return t
	}
	t := &sim.Texture{Name: name, Width: width, Height: height, RGB: make([]byte, 0, width*height*3)}
	for y := range height {
		for x := range width {
			for _, c := range pixel((float64(x)+0.5)/float64(width), (float64(y)+0.5)/float64(height)) {
				t.RGB = append(t.RGB, byte(min(max(c, 0), 1)*255+0.5))
			}
		}
	}
	if textures.m == nil {
		textures.m = map[string]*sim.Texture{}
	}
	textures.m[name] = t
	return t
}

// printed paints a part with a picture made for each colour.
func printed(name string, width, height int, roughness float32, pixel func(c Color, u, v float64) [3]float32) Paint {
	return func(c Color) sim.Material {
		return sim.Material{
			Name: name, Color: [3]float32{1, 1, 1}, Roughness: roughness,
			Texture: texture(name+"/"+c.Name, width, height, func(u, v float64) [3]float32 { return pixel(c, u, v) }),
		}
	}
}

func mix(a, b [3]float32, t float64) [3]float32 {
	k := float32(min(max(t, 0), 1))
	var out [3]float32
	for i := range out {
		out[i] = a[i]*(1-k) + b[i]*k
	}
	return out
}

// inside is 1 within a shape of signed distance d (negative inside) and 0 outside, with an edge of the given softness.
func inside(d, soft float64) float64 { return min(max(0.5-d/soft, 0), 1) }

// boxDistance is the signed distance of (x, y) to a rectangle about (cx, cy) with half extents (hx, hy) and rounded corners.
func boxDistance(x, y, cx, cy, hx, hy, round float64) float64 {
	qx, qy := math.Abs(x-cx)-hx+round, math.Abs(y-cy)-hy+round
	return math.Hypot(max(qx, 0), max(qy, 0)) + min(max(qx, qy), 0) - round
}

// hash01 is a number in 0…1 that looks random, for the corner (x, y) of a grid (the mixing function of SplitMix64).
func hash01(x, y int, salt uint64) float64 {
	z := uint64(x)*0x9e3779b97f4a7c15 + uint64(y)*0xc2b2ae3d27d4eb4f + salt*0x165667b19e3779f9
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return float64((z^z>>31)>>11) / (1 << 53)
}

// noise is value noise: random numbers at whole x and y, smoothly joined. It repeats every period in both directions.
func noise(x, y float64, period int, salt uint64) float64 {
	ix, iy := math.Floor(x), math.Floor(y)
	fx, fy := x-ix, y-iy
	fx, fy = fx*fx*(3-2*fx), fy*fy*(3-2*fy)
	wrap := func(i float64) int { return ((int(i) % period) + period) % period }
	x0, x1, y0, y1 := wrap(ix), wrap(ix+1), wrap(iy), wrap(iy+1)
	top := hash01(x0, y0, salt)*(1-fx) + hash01(x1, y0, salt)*fx
	bottom := hash01(x0, y1, salt)*(1-fx) + hash01(x1, y1, salt)*fx
	return top*(1-fy) + bottom*fy
}

// A woodTone is a kind of wood: the colours of its early and late growth.
type woodTone struct {
	name        string
	light, dark [3]float32
}

var woodTones = []woodTone{
	{"birch", [3]float32{0.84, 0.74, 0.59}, [3]float32{0.74, 0.61, 0.44}},
	{"oak", [3]float32{0.74, 0.59, 0.41}, [3]float32{0.60, 0.44, 0.28}},
	{"walnut", [3]float32{0.50, 0.36, 0.25}, [3]float32{0.36, 0.24, 0.16}},
}

// Woods are the names of the woods that table tops are made of.
func Woods() []string {
	names := make([]string, len(woodTones))
	for i, w := range woodTones {
		names[i] = w.name
	}
	return names
}

func findWood(name string) (woodTone, error) {
	for _, w := range woodTones {
		if w.name == name {
			return w, nil
		}
	}
	return woodTone{}, fmt.Errorf("scenes: no wood %q (have %s)", name, strings.Join(Woods(), ", "))
}

// planks is a table top of planks that run along v: growth rings cut lengthwise, fine pores, and a dark seam between planks.
func (w woodTone) planks() *sim.Texture {
	const count, size = 9, 640
	return texture("wood/"+w.name, size, size, func(u, v float64) [3]float32 {
		plank := math.Floor(u * count)
		salt := uint64(plank) + 1
		along := math.Mod(v+hash01(int(plank), 7, 3), 1)
		warp := noise(u*count*2, along*6, 64, salt)*0.9 + noise(u*count*6, along*14, 64, salt+40)*0.35
		rings := 0.5 + 0.5*math.Sin(2*math.Pi*(math.Mod(u*count, 1)*4+warp*2.2))
		pores := noise(u*420, along*36, 1024, salt+80)
		t := 0.5*rings + 0.35*pores + 0.3*(hash01(int(plank), 1, 9)-0.5)
		c := mix(w.light, w.dark, t)
		seam := math.Min(math.Mod(u*count, 1), 1-math.Mod(u*count, 1)) / count
		return mix(c, [3]float32{w.dark[0] * 0.5, w.dark[1] * 0.5, w.dark[2] * 0.5}, inside(seam-0.0012, 0.0012)*0.8)
	})
}

// tiles is a floor of pale stone tiles, one tile the size of the picture.
func tiles() *sim.Texture {
	return texture("tiles", 256, 256, func(u, v float64) [3]float32 {
		cloud := noise(u*6, v*6, 6, 11)*0.6 + noise(u*24, v*24, 24, 12)*0.4
		c := mix([3]float32{0.60, 0.60, 0.59}, [3]float32{0.68, 0.67, 0.65}, cloud)
		joint := min(u, 1-u, v, 1-v)
		return mix(c, [3]float32{0.46, 0.46, 0.46}, inside(joint-0.006, 0.006))
	})
}
