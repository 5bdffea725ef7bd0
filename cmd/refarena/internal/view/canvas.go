package view

import (
	"image"
	"image/color"
	"math"
	"sync"
	"unicode/utf8"

	"github.com/golang/freetype/truetype"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/math/fixed"
)

// A canvas draws antialiased shapes and text into an image, in units that follow the display's scale: one unit is one pixel at scale 1.
type canvas struct {
	img   *image.RGBA
	scale float64
}

// The palette. Colours are straight, not multiplied with their alpha.
var (
	colBack    = color.NRGBA{0x14, 0x17, 0x1c, 0xff}
	colPanel   = color.NRGBA{0x1c, 0x20, 0x27, 0xff}
	colRaised  = color.NRGBA{0x2a, 0x30, 0x3a, 0xff}
	colLine    = color.NRGBA{0x38, 0x40, 0x4c, 0xff}
	colText    = color.NRGBA{0xe6, 0xea, 0xf0, 0xff}
	colDim     = color.NRGBA{0x9a, 0xa5, 0xb4, 0xff}
	colAccent  = color.NRGBA{0x5b, 0xb8, 0xff, 0xff}
	colGood    = color.NRGBA{0x5f, 0xd0, 0x8a, 0xff}
	colBad     = color.NRGBA{0xff, 0x7a, 0x6b, 0xff}
	colWarn    = color.NRGBA{0xf5, 0xc2, 0x5c, 0xff}
	colPick    = color.NRGBA{0x3d, 0x6f, 0x9e, 0xff}
	colPlace   = color.NRGBA{0x6a, 0x56, 0x9c, 0xff}
	colContact = color.NRGBA{0xff, 0xd1, 0x4a, 0xff}
	colGrasp   = color.NRGBA{0x7f, 0xe0, 0xd0, 0xff}
)

func alpha(c color.NRGBA, a float64) color.NRGBA {
	c.A = uint8(float64(c.A)*a + 0.5)
	return c
}

type rect struct{ x, y, w, h float64 }

func (r rect) contains(x, y float64) bool { return x >= r.x && y >= r.y && x < r.x+r.w && y < r.y+r.h }

// blend mixes a colour into a pixel, coverage 0…1.
func blend(img *image.RGBA, x, y int, c color.NRGBA, coverage float64) {
	if coverage <= 0 || x < img.Rect.Min.X || y < img.Rect.Min.Y || x >= img.Rect.Max.X || y >= img.Rect.Max.Y {
		return
	}
	a := uint32(float64(c.A)*min(coverage, 1) + 0.5)
	p := img.Pix[img.PixOffset(x, y):]
	p = p[:4:4]
	for i, v := range [3]uint8{c.R, c.G, c.B} {
		p[i] = uint8((uint32(v)*a + uint32(p[i])*(255-a) + 127) / 255)
	}
	p[3] = uint8(a + (uint32(p[3])*(255-a)+127)/255)
}

// shape fills what has a negative distance, within the box x0…x1, y0…y1 [px]. dist is the signed distance to the outline [px].
func shape(img *image.RGBA, x0, y0, x1, y1 float64, c color.NRGBA, dist func(x, y float64) float64) {
	b := image.Rect(int(math.Floor(x0))-1, int(math.Floor(y0))-1, int(math.Ceil(x1))+1, int(math.Ceil(y1))+1).Intersect(img.Rect)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			blend(img, x, y, c, 0.5-dist(float64(x)+0.5, float64(y)+0.5))
		}
	}
}

// segment is the distance to the segment from a to b.
func segment(x, y, ax, ay, bx, by float64) float64 {
	dx, dy := bx-ax, by-ay
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = min(max(((x-ax)*dx+(y-ay)*dy)/l, 0), 1)
	}
	return math.Hypot(x-ax-t*dx, y-ay-t*dy)
}

func line(img *image.RGBA, ax, ay, bx, by, width float64, c color.NRGBA) {
	// Along long slanted lines the box is mostly empty: cut them up.
	if l := math.Hypot(bx-ax, by-ay); l > 4096 || l != l {
		return
	} else if l > 48 && width < 12 {
		n := math.Ceil(l / 32)
		for i := range int(n) {
			s, t := float64(i)/n, float64(i+1)/n
			piece(img, ax, ay, bx, by, s, t, width, c)
		}
		return
	}
	piece(img, ax, ay, bx, by, 0, 1, width, c)
}

// piece is the part of a line from s to t, 0…1, cut off straight where the next one begins so that they do not overlap.
func piece(img *image.RGBA, ax, ay, bx, by, s, t, width float64, c color.NRGBA) {
	px, py, qx, qy := ax+s*(bx-ax), ay+s*(by-ay), ax+t*(bx-ax), ay+t*(by-ay)
	dx, dy := bx-ax, by-ay
	l2 := max(dx*dx+dy*dy, 1e-12)
	w := width/2 + 1
	shape(img, min(px, qx)-w, min(py, qy)-w, max(px, qx)+w, max(py, qy)+w, c, func(x, y float64) float64 {
		along := ((x-ax)*dx + (y-ay)*dy) / l2
		if s > 0 && along < s || t < 1 && along >= t {
			return 1
		}
		return segment(x, y, ax, ay, bx, by) - width/2
	})
}

func ring(img *image.RGBA, cx, cy, r, width float64, c color.NRGBA) {
	o := r + width
	shape(img, cx-o, cy-o, cx+o, cy+o, c, func(x, y float64) float64 { return math.Abs(math.Hypot(x-cx, y-cy)-r) - width/2 })
}

func disc(img *image.RGBA, cx, cy, r float64, c color.NRGBA) {
	shape(img, cx-r, cy-r, cx+r, cy+r, c, func(x, y float64) float64 { return math.Hypot(x-cx, y-cy) - r })
}

// target marks a point: a ring with a gap for what it marks, dark around.
func target(img *image.RGBA, x, y, scale float64, c color.NRGBA) {
	ring(img, x, y, 8*scale, 5*scale, color.NRGBA{0, 0, 0, 150})
	ring(img, x, y, 8*scale, 2.4*scale, c)
	disc(img, x, y, 1.4*scale, c)
}

// fill is a rectangle with round corners.
func (cv *canvas) fill(r rect, radius float64, c color.NRGBA) {
	s := cv.scale
	x0, y0, w, h, rad := r.x*s, r.y*s, r.w*s, r.h*s, min(radius, r.w/2, r.h/2)*s
	if w <= 0 || h <= 0 {
		return
	}
	if rad == 0 {
		b := image.Rect(int(math.Round(x0)), int(math.Round(y0)), int(math.Round(x0+w)), int(math.Round(y0+h))).Intersect(cv.img.Rect)
		if c.A == 255 {
			for y := b.Min.Y; y < b.Max.Y; y++ {
				row := cv.img.Pix[cv.img.PixOffset(b.Min.X, y):cv.img.PixOffset(b.Max.X, y)]
				for i := 0; i < len(row); i += 4 {
					row[i], row[i+1], row[i+2], row[i+3] = c.R, c.G, c.B, 255
				}
			}
			return
		}
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				blend(cv.img, x, y, c, 1)
			}
		}
		return
	}
	cx, cy := x0+w/2, y0+h/2
	shape(cv.img, x0, y0, x0+w, y0+h, c, func(x, y float64) float64 {
		dx, dy := math.Abs(x-cx)-w/2+rad, math.Abs(y-cy)-h/2+rad
		return math.Hypot(max(dx, 0), max(dy, 0)) + min(max(dx, dy), 0) - rad
	})
}

func (cv *canvas) line(ax, ay, bx, by, width float64, c color.NRGBA) {
	s := cv.scale
	line(cv.img, ax*s, ay*s, bx*s, by*s, width*s, c)
}

func (cv *canvas) disc(x, y, r float64, c color.NRGBA) {
	disc(cv.img, x*cv.scale, y*cv.scale, r*cv.scale, c)
}

// triangle points along dx: 1 right, -1 left.
func (cv *canvas) triangle(x, y, size, dx float64, c color.NRGBA) {
	s := cv.scale
	cx, cy, r := x*s, y*s, size*s
	shape(cv.img, cx-r, cy-r, cx+r, cy+r, c, func(px, py float64) float64 {
		u, v := (px-cx)*dx, math.Abs(py-cy)
		return max(-u-r*0.55, (u*0.5+v*0.866)-r*0.5)
	})
}

// The fonts: Go's own, which x/image carries.
type fontName int

const (
	regular fontName = iota
	medium
	mono
)

var parsed = sync.OnceValue(func() (fonts [3]*truetype.Font) {
	for i, ttf := range [][]byte{goregular.TTF, gomedium.TTF, gomono.TTF} {
		f, err := truetype.Parse(ttf)
		if err != nil {
			panic(err) // it is compiled in
		}
		fonts[i] = f
	}
	return fonts
})

// faces keeps what was rasterised, by font and size. A face is not safe for concurrent use.
var faces = struct {
	sync.Mutex
	by      map[faceKey]font.Face
	advance map[advanceKey]fixed.Int26_6
}{by: map[faceKey]font.Face{}, advance: map[advanceKey]fixed.Int26_6{}}

type advanceKey struct {
	face faceKey
	r    rune
}

type faceKey struct {
	name fontName
	size int // 64ths of a pixel
}

func face(name fontName, px float64) font.Face {
	key := faceKey{name, int(px * 64)}
	f := faces.by[key]
	if f == nil {
		f = truetype.NewFace(parsed()[name], &truetype.Options{Size: px, DPI: 72, Hinting: font.HintingFull, GlyphCacheEntries: 512})
		faces.by[key] = f
	}
	return f
}

// text writes a line with its baseline at y and returns its width.
func (cv *canvas) text(x, y float64, name fontName, size float64, c color.NRGBA, s string) float64 {
	faces.Lock()
	defer faces.Unlock()
	d := font.Drawer{Dst: cv.img, Src: image.NewUniform(c), Face: face(name, size*cv.scale), Dot: fixed.P(int(x*cv.scale+0.5), int(y*cv.scale+0.5))}
	from := d.Dot.X
	d.DrawString(s)
	return float64(d.Dot.X-from) / 64 / cv.scale
}

func (cv *canvas) width(name fontName, size float64, s string) float64 {
	faces.Lock()
	defer faces.Unlock()
	f := face(name, size*cv.scale)
	key := faceKey{name, int(size * cv.scale * 64)}
	x := fixed.Int26_6(0)
	for _, r := range s {
		k := advanceKey{key, r}
		a, ok := faces.advance[k]
		if !ok { // the font reckons it anew each time
			a, _ = f.GlyphAdvance(r)
			faces.advance[k] = a
		}
		x += a
	}
	return float64(x) / 64 / cv.scale
}

// clipped is s, cut so that it is not wider than w.
func (cv *canvas) clipped(name fontName, size, w float64, s string) string {
	if cv.width(name, size, s) <= w {
		return s
	}
	for len(s) > 0 {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
		if cv.width(name, size, s+"…") <= w {
			break
		}
	}
	return s + "…"
}

// wrapped is s in lines that are not wider than w, at most n of them.
func (cv *canvas) wrapped(name fontName, size, w float64, n int, s string) []string {
	var lines []string
	words := []rune(s)
	for len(words) > 0 && len(lines) < n {
		end, cut := 0, 0
		for end < len(words) {
			end++
			if cv.width(name, size, string(words[:end])) > w {
				end--
				break
			}
			if end == len(words) || words[end] == ' ' {
				cut = end
			}
		}
		if cut == 0 {
			cut = max(end, 1)
		}
		if len(lines) == n-1 {
			lines = append(lines, cv.clipped(name, size, w, string(words)))
			break
		}
		lines = append(lines, string(words[:cut]))
		words = words[cut:]
		for len(words) > 0 && words[0] == ' ' {
			words = words[1:]
		}
	}
	return lines
}
