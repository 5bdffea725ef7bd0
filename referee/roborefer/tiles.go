package roborefer

import (
	"math"
	"slices"
)

// A shape is the columns and rows of a grid of tiles.
type shape struct{ cols, rows int }

// shapes is every grid of lo to hi tiles, the fewest tiles first.
func shapes(lo, hi int) []shape {
	var all []shape
	for c := 1; c <= hi; c++ {
		for r := 1; c*r <= hi; r++ {
			if c*r >= lo {
				all = append(all, shape{c, r})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b shape) int { return a.cols*a.rows - b.cols*b.rows })
	return all
}

// chooseShape is the grid of lo to hi tiles of size px whose aspect ratio is nearest to w:h. Of two that are equally near it is the larger
// one if the picture would fill more than half of it (RoboRefer, llava/mm_utils.py).
func chooseShape(w, h, lo, hi, size int) shape {
	best, bestDiff := shape{1, 1}, math.Inf(1)
	aspect := float64(w) / float64(h)
	for _, s := range shapes(lo, hi) {
		diff := math.Abs(aspect - float64(s.cols)/float64(s.rows))
		switch {
		case diff < bestDiff:
			best, bestDiff = s, diff
		case diff == bestDiff && float64(w)*float64(h) > 0.5*float64(size*size*s.cols*s.rows):
			best = s
		}
	}
	return best
}

// cut appends p, resized to s tiles of size px, as tiles in row-major order.
func cut(tiles []picture, p picture, s shape, size int) []picture {
	p = p.resize(s.cols*size, s.rows*size)
	for r := range s.rows {
		for c := range s.cols {
			t := newPicture(size, size, p.c)
			for y := range size {
				copy(t.pix[y*size*p.c:(y+1)*size*p.c], p.pix[((r*size+y)*p.w+c*size)*p.c:])
			}
			tiles = append(tiles, t)
		}
	}
	return tiles
}

// tiles cuts p as the model wants it. The shape is that of the last scale for dynamic_s2.
func (c *Config) tiles(p picture) ([]picture, shape) {
	if c.Variant == DynamicS2 {
		var ts []picture
		last := len(c.S2Scales) - 1
		for _, scale := range c.S2Scales[:last] {
			ts = cut(ts, p, shape{scale / c.TileSize, scale / c.TileSize}, c.TileSize)
		}
		least := c.S2Scales[last] / c.TileSize
		s := chooseShape(p.w, p.h, least*least, c.MaxTiles, c.TileSize)
		return cut(ts, p, s, c.TileSize), s
	}
	s := chooseShape(p.w, p.h, c.MinTiles, c.MaxTiles, c.TileSize)
	ts := cut(nil, p, s, c.TileSize)
	if c.Thumbnail && len(ts) > 1 {
		ts = append(ts, p.resize(c.TileSize, c.TileSize))
	}
	return ts, s
}

// normalise writes a tile as float32 [3, size, size]: value/255, less the mean, by the standard deviation. One channel is used three times.
func (c *Config) normalise(dst []float32, t picture) {
	n := t.w * t.h
	for ch := range 3 {
		var table [256]float32
		for v := range table {
			table[v] = (float32(v)/255 - c.Mean[ch]) / c.Std[ch]
		}
		out := dst[ch*n : (ch+1)*n]
		if t.c == 1 {
			for i, v := range t.pix {
				out[i] = table[v]
			}
			continue
		}
		for i := range out {
			out[i] = table[t.pix[3*i+ch]]
		}
	}
}

// scaleShapes is the grid of each scale of dynamic_s2, given the last one's.
func (c *Config) scaleShapes(last shape) []shape {
	var ss []shape
	for _, scale := range c.S2Scales[:len(c.S2Scales)-1] {
		ss = append(ss, shape{scale / c.TileSize, scale / c.TileSize})
	}
	return append(ss, last)
}

// mergeScales makes the projector's input of the features of one picture's tiles (dynamic_s2). features is [tiles, g·g, ch], the tiles of
// each scale in its own row-major order, the scales in the order of scaleShapes; the result is [rows·cols of the last scale, g·g, ch·scales].
// A smaller scale's map is brought to the size of the last by adaptive average pooling, as PyTorch's interpolate(mode="area") does: output i
// is the mean of inputs floor(i·in/out) … ceil((i+1)·in/out)-1.
func mergeScales(features []float32, g, ch int, scales []shape) []float32 {
	last := scales[len(scales)-1]
	tile := g * g * ch
	out := make([]float32, last.cols*last.rows*tile*len(scales))
	at := 0
	for si, s := range scales {
		maps := features[at*tile:]
		// position is where pixel (x, y) of this scale's whole map lies.
		position := func(x, y int) int { return ((y/g*s.cols+x/g)*g*g + y%g*g + x%g) * ch }
		for y := range last.rows * g {
			y0, y1 := pool(y, s.rows*g, last.rows*g)
			for x := range last.cols * g {
				x0, x1 := pool(x, s.cols*g, last.cols*g)
				block := y/g*last.cols + x/g
				dst := out[((block*g*g+y%g*g+x%g)*len(scales)+si)*ch:][:ch]
				if y1-y0 == 1 && x1-x0 == 1 {
					copy(dst, maps[position(x0, y0):])
					continue
				}
				for yy := y0; yy < y1; yy++ {
					for xx := x0; xx < x1; xx++ {
						for k, v := range maps[position(xx, yy):][:ch] {
							dst[k] += v
						}
					}
				}
				n := float32((y1 - y0) * (x1 - x0))
				for k := range dst {
					dst[k] /= n
				}
			}
		}
		at += s.cols * s.rows
	}
	return out
}

// pool is the window of inputs, first and end, of output i.
func pool(i, in, out int) (int, int) { return i * in / out, ((i+1)*in + out - 1) / out }

// joinBlocks puts the projected blocks of one picture, [rows·cols, side·side, width], together row by row: [rows·side, cols·side, width].
func joinBlocks(blocks []float32, s shape, side, width int) []float32 {
	out := make([]float32, 0, len(blocks))
	for y := range s.rows * side {
		for c := range s.cols {
			at := ((y/side*s.cols+c)*side*side + y%side*side) * width
			out = append(out, blocks[at:at+side*width]...)
		}
	}
	return out
}
