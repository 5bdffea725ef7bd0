package photo

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"math"
	"regexp"
	"strconv"

	"github.com/refarena/refarena/referee"
)

// A DepthKind says what the numbers of a depth picture mean. The zero value is DepthAuto.
type DepthKind string

const (
	// DepthAuto: one channel of 16 bits is in millimetres, as depth cameras store it; an .npy file of float32 or float64 in metres, of uint16 in
	// millimetres; anything of 8 bits is disparity.
	DepthAuto        DepthKind = "auto"
	DepthDisparity   DepthKind = "disparity"   // relative inverse depth, near is bright: what RoboRefer sees
	DepthMillimetres DepthKind = "millimetres" // along the optical axis [mm], 0 is no return
)

// Validate says if k is no known kind.
func (k DepthKind) Validate() error {
	switch k {
	case "", DepthAuto, DepthDisparity, DepthMillimetres:
		return nil
	}
	return fmt.Errorf("photo: no kind of depth %q (have %s, %s, %s)", string(k), DepthAuto, DepthDisparity, DepthMillimetres)
}

// A Depth is a depth picture: Disparity or Metric, and the other is nil.
type Depth struct {
	Width, Height int
	Disparity     []byte    // Height × Width, near is bright
	Metric        []float32 // Height × Width, along the optical axis [m], 0 is no return
}

// DecodeDepth reads the depth picture in data, of any kind that a picture comes in. Disparity of 16 bits is spread from its least and largest
// value over 0 to 255, as RoboRefer's server does; of three unequal channels the luma counts, and transparency is dropped.
func DecodeDepth(data []byte, kind DepthKind, opt Options) (*Depth, error) {
	if err := kind.Validate(); err != nil {
		return nil, err
	}
	kind, opt = cmp.Or(kind, DepthAuto), opt.withDefaults()
	if bytes.HasPrefix(data, []byte(npyMagic)) {
		return decodeNPY(data, kind, opt)
	}
	img, _, orientation, err := decode(data, opt)
	if err != nil {
		return nil, fmt.Errorf("depth: %w", err)
	}
	if opt.Stored {
		orientation = 1
	}
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	deep := make([]uint16, 0, w*h)
	grey, is16 := img.(*image.Gray16)
	if is16 {
		for i := 0; i < 2*w*h; i += 2 {
			deep = append(deep, binary.BigEndian.Uint16(grey.Pix[i:]))
		}
	}
	d := &Depth{Width: w, Height: h}
	switch {
	case is16 && kind != DepthDisparity:
		d.Metric = metres(deep)
	case kind == DepthMillimetres:
		return nil, fmt.Errorf("photo: depth: %T has 8 bits or several channels (want one channel of 16 bits for %s)", img, DepthMillimetres)
	case is16:
		d.Disparity = spread(deep)
	default:
		d.Disparity = luma(rgb(img))
	}
	d.turn(orientation)
	return d, nil
}

// metres are millimetres as metres.
func metres(mm []uint16) []float32 {
	out := make([]float32, len(mm))
	for i, v := range mm {
		out[i] = float32(v) / 1000
	}
	return out
}

// spread maps the least value to 0 and the largest to 255, linearly and cut to whole numbers; a flat picture to 0.
func spread(v []uint16) []byte {
	out := make([]byte, len(v))
	lo, hi := uint16(math.MaxUint16), uint16(0)
	for _, v := range v {
		lo, hi = min(lo, v), max(hi, v)
	}
	if hi > lo {
		for i, v := range v {
			out[i] = byte(uint32(v-lo) * 255 / uint32(hi-lo))
		}
	}
	return out
}

// luma is Pillow's convert("L") in its fixed-point arithmetic (ITU-R 601-2); equal channels stay what they are.
func luma(rgb []byte) []byte {
	out := make([]byte, len(rgb)/3)
	for i := range out {
		c := rgb[3*i : 3*i+3]
		out[i] = byte((uint32(c[0])*19595 + uint32(c[1])*38470 + uint32(c[2])*7471 + 0x8000) >> 16)
	}
	return out
}

func (d *Depth) turn(orientation int) {
	if d.Disparity != nil {
		d.Disparity, d.Width, d.Height = turn(d.Disparity, d.Width, d.Height, 1, orientation)
		return
	}
	raw := make([]byte, 0, 4*len(d.Metric))
	for _, z := range d.Metric {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(z))
	}
	raw, d.Width, d.Height = turn(raw, d.Width, d.Height, 4, orientation)
	for i := range d.Metric {
		d.Metric[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
}

// Match brings d to the size of p: turned as p was if it lies as p was stored, and each pixel of p given the nearest one of d. The error is for a
// depth picture of another shape, which does not show what p shows.
func (d *Depth) Match(p *Picture) error {
	onSide := p.Orientation >= 5 && p.Height != p.Width && (p.Width < p.Height) == (p.StoredWidth > p.StoredHeight)
	if onSide && (d.Width > d.Height) == (p.StoredWidth > p.StoredHeight) && d.Width != d.Height {
		d.turn(p.Orientation)
	}
	if d.Width == p.Width && d.Height == p.Height {
		return nil
	}
	if r := float64(d.Width) * float64(p.Height) / (float64(d.Height) * float64(p.Width)); r < 0.98 || r > 1.02 {
		return fmt.Errorf("photo: depth of %d×%d pixels for a picture of %d×%d (want the same size, or at least the same shape)", d.Width, d.Height, p.Width, p.Height)
	}
	out := Depth{Width: p.Width, Height: p.Height}
	if d.Disparity != nil {
		out.Disparity = nearest(d.Disparity, d.Width, d.Height, p.Width, p.Height)
	} else {
		out.Metric = nearest(d.Metric, d.Width, d.Height, p.Width, p.Height)
	}
	*d = out
	return nil
}

func nearest[T any](v []T, w, h, w2, h2 int) []T {
	out := make([]T, 0, w2*h2)
	for y := range h2 {
		row := v[(2*y+1)*h/(2*h2)*w:][:w]
		for x := range w2 {
			out = append(out, row[(2*x+1)*w/(2*w2)])
		}
	}
	return out
}

const npyMagic = "\x93NUMPY"

var npyHeader = regexp.MustCompile(`^\{'descr': '([<>|=]?[a-z]\d+)', 'fortran_order': (True|False), 'shape': \((\d{1,9}), (\d{1,9})\), \}\s*$`)

// decodeNPY reads an array as numpy.save writes it (NEP 1): two dimensions, float32 or float64 in metres, uint16 in millimetres, uint8 as disparity.
func decodeNPY(data []byte, kind DepthKind, opt Options) (*Depth, error) {
	bad := func(format string, args ...any) (*Depth, error) {
		return nil, fmt.Errorf("photo: depth: .npy file %s", fmt.Sprintf(format, args...))
	}
	if len(data) < 12 {
		return nil, errors.New("photo: depth: .npy file is cut off in its header")
	}
	start, n := 10, int(binary.LittleEndian.Uint16(data[8:]))
	if data[6] > 1 { // versions 2 and 3 have a longer length
		start, n = 12, int(binary.LittleEndian.Uint32(data[8:]))
	}
	if n < 0 || n > len(data)-start {
		return bad("is cut off in its header")
	}
	m := npyHeader.FindSubmatch(data[start : start+n])
	if m == nil || string(m[2]) == "True" {
		return bad("has the header %.80q (want two dimensions in C order)", data[start:start+n])
	}
	h, _ := strconv.Atoi(string(m[3]))
	w, _ := strconv.Atoi(string(m[4]))
	if w < 1 || h < 1 || w > opt.MaxPixels/h {
		return bad("has %d×%d pixels (want 1 to %d in all)", w, h, opt.MaxPixels)
	}
	body, size := data[start+n:], map[string]int{"<f4": 4, "<f8": 8, "<u2": 2, "|u1": 1}[string(m[1])]
	switch {
	case size == 0:
		return bad("has numbers of type %s (want float32 or float64 [m], uint16 [mm] or uint8)", m[1])
	case len(body) != w*h*size:
		return bad("has %d bytes for %d×%d numbers of %d (want %d)", len(body), w, h, size, w*h*size)
	case size == 1 && kind == DepthMillimetres, size != 1 && kind == DepthDisparity, size > 2 && kind == DepthMillimetres:
		return bad("has numbers of type %s, which are not %s", m[1], kind)
	}
	d := &Depth{Width: w, Height: h}
	if size == 1 {
		d.Disparity = bytes.Clone(body)
		return d, nil
	}
	d.Metric = make([]float32, w*h)
	for i := range d.Metric {
		switch size {
		case 2:
			d.Metric[i] = float32(binary.LittleEndian.Uint16(body[2*i:])) / 1000
		case 4:
			d.Metric[i] = math.Float32frombits(binary.LittleEndian.Uint32(body[4*i:]))
		case 8:
			d.Metric[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(body[8*i:])))
		}
	}
	return d, nil
}

// Ask is the query about p and d, which may be nil; d is brought to the size of p (Match). The query shares their slices.
func Ask(p *Picture, d *Depth, instruction string, seed uint64) (referee.Query, error) {
	q := referee.Query{Width: p.Width, Height: p.Height, RGB: p.RGB, Instruction: instruction, Seed: seed}
	if d != nil {
		if err := d.Match(p); err != nil {
			return q, err
		}
		q.Depth, q.Disparity = d.Metric, d.Disparity
	}
	return q, q.Validate()
}
