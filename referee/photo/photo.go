// Package photo reads pictures as people have them: PNG, JPEG or GIF, 8 or 16 bits, grey, palette or with transparency, turned by a camera
// (EXIF), far too large, cut off, or no picture at all. What comes out is what a referee.Query wants.
//
// Colours are taken as RoboRefer's server takes them (Pillow's convert("RGB")): transparency is dropped, not blended; of 16 bits the upper eight
// count. Unlike that server, which turns depth but not colour, the camera's orientation is honoured for both (see Options.Stored).
package photo

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // decoders, by content
	_ "image/jpeg"
	_ "image/png"

	"golang.org/x/image/draw"

	"github.com/refarena/refarena/sim"
)

// Options tunes Decode and DecodeDepth. The zero value is ready to use.
type Options struct {
	MaxPixels int  // largest picture that is unpacked [px]; 0 means 64 million, as much as a phone takes
	MaxSide   int  // larger pictures are made smaller to fit [px]; 0 means sim.MaxImageSide
	Stored    bool // leave the pixels as they are stored, whatever the orientation in EXIF says
}

func (o Options) withDefaults() Options {
	o.MaxPixels = cmp.Or(o.MaxPixels, 64_000_000)
	o.MaxSide = cmp.Or(o.MaxSide, sim.MaxImageSide)
	return o
}

// A Picture is a colour picture, upright.
type Picture struct {
	Width, Height int    // [px]
	RGB           []byte // Height × Width × 3, row-major from the top left, sRGB

	Format      string // as found: "png", "jpeg", "gif"
	Orientation int    // EXIF's, 1 (upright) to 8; 1 where there is none
	// StoredWidth and StoredHeight are the size in the file, before turning and before making it smaller [px].
	StoredWidth, StoredHeight int
}

// Decode reads the picture in data. The error says what is wrong: no picture, an unknown format, too large, cut off.
func Decode(data []byte, opt Options) (*Picture, error) {
	img, format, orientation, err := decode(data, opt.withDefaults())
	if err != nil {
		return nil, err
	}
	b := img.Bounds()
	p := &Picture{Width: b.Dx(), Height: b.Dy(), Format: format, Orientation: orientation, StoredWidth: b.Dx(), StoredHeight: b.Dy()}
	p.RGB = rgb(img)
	if !opt.Stored {
		p.RGB, p.Width, p.Height = turn(p.RGB, p.Width, p.Height, 3, orientation)
	}
	p.RGB, p.Width, p.Height = Shrink(p.RGB, p.Width, p.Height, cmp.Or(opt.MaxSide, sim.MaxImageSide))
	return p, nil
}

// decode unpacks data after looking at the size that its header claims.
func decode(data []byte, opt Options) (img image.Image, format string, orientation int, err error) {
	c, format, err := image.DecodeConfig(bytes.NewReader(data))
	switch {
	case len(data) == 0:
		return nil, "", 0, errors.New("photo: no data")
	case errors.Is(err, image.ErrFormat):
		return nil, "", 0, fmt.Errorf("photo: %d bytes that begin with %.16q are no picture (want PNG, JPEG or GIF)", len(data), data[:min(16, len(data))])
	case err != nil:
		return nil, "", 0, fmt.Errorf("photo: header: %w", err)
	case c.Width < 1 || c.Height < 1 || c.Width > opt.MaxPixels/c.Height:
		return nil, "", 0, fmt.Errorf("photo: %s of %d×%d pixels (want 1 to %d in all)", format, c.Width, c.Height, opt.MaxPixels)
	}
	img, _, err = image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, "", 0, fmt.Errorf("photo: %s of %d×%d pixels: %w", format, c.Width, c.Height, err)
	}
	return img, format, Orientation(data), nil
}

// rgb is img's colours without transparency, 8 bits each.
func rgb(img image.Image) []byte {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	out := make([]byte, 0, 3*w*h)
	switch img := img.(type) {
	case *image.NRGBA:
		for y := range h {
			for row := img.Pix[y*img.Stride:][:4*w]; len(row) > 0; row = row[4:] {
				out = append(out, row[0], row[1], row[2])
			}
		}
	case *image.RGBA: // what the decoders make of opaque pictures only
		for y := range h {
			for row := img.Pix[y*img.Stride:][:4*w]; len(row) > 0; row = row[4:] {
				out = append(out, row[0], row[1], row[2])
			}
		}
	case *image.Gray:
		for y := range h {
			for _, v := range img.Pix[y*img.Stride:][:w] {
				out = append(out, v, v, v)
			}
		}
	case *image.YCbCr:
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				c := img.COffset(x, y)
				r, g, bl := color.YCbCrToRGB(img.Y[img.YOffset(x, y)], img.Cb[c], img.Cr[c])
				out = append(out, r, g, bl)
			}
		}
	default:
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				c := straight(img.At(x, y))
				out = append(out, byte(c.R>>8), byte(c.G>>8), byte(c.B>>8))
			}
		}
	}
	return out
}

// straight is c with its colours as they are, not weakened by transparency.
func straight(c color.Color) color.NRGBA64 {
	switch c := c.(type) {
	case color.NRGBA:
		return color.NRGBA64{R: uint16(c.R) * 0x101, G: uint16(c.G) * 0x101, B: uint16(c.B) * 0x101, A: uint16(c.A) * 0x101}
	case color.NRGBA64:
		return c
	}
	return color.NRGBA64Model.Convert(c).(color.NRGBA64)
}

// Shrink makes a colour picture of w × h pixels smaller until no side is longer than side [px]; one that fits is returned as it is.
func Shrink(pix []byte, w, h, side int) (smaller []byte, w2, h2 int) {
	if w <= side && h <= side {
		return pix, w, h
	}
	scale := float64(side) / float64(max(w, h))
	w2, h2 = max(1, int(float64(w)*scale+0.5)), max(1, int(float64(h)*scale+0.5))
	src := image.NewRGBA(image.Rect(0, 0, w, h))
	for i, j := 0, 0; i < len(pix); i, j = i+3, j+4 {
		src.Pix[j], src.Pix[j+1], src.Pix[j+2], src.Pix[j+3] = pix[i], pix[i+1], pix[i+2], 0xff
	}
	dst := image.NewRGBA(image.Rect(0, 0, w2, h2))
	draw.CatmullRom.Scale(dst, dst.Bounds(), src, src.Bounds(), draw.Src, nil)
	return rgb(dst), w2, h2
}

// turn brings pixels of n bytes into the upright position. Orientation o is EXIF's: 1 upright, 2 mirrored, 3 upside down, 4 both, 5 to 8 on a side.
func turn(pix []byte, w, h, n, o int) ([]byte, int, int) {
	if o < 2 || o > 8 {
		return pix, w, h
	}
	w2, h2 := w, h
	if o >= 5 {
		w2, h2 = h, w
	}
	out := make([]byte, len(pix))
	for y := range h2 {
		for x := range w2 {
			var sx, sy int // where the upright pixel (x, y) is stored
			switch o {
			case 2:
				sx, sy = w-1-x, y
			case 3:
				sx, sy = w-1-x, h-1-y
			case 4:
				sx, sy = x, h-1-y
			case 5:
				sx, sy = y, x
			case 6:
				sx, sy = y, h-1-x
			case 7:
				sx, sy = w-1-y, h-1-x
			case 8:
				sx, sy = w-1-y, x
			}
			copy(out[(y*w2+x)*n:][:n], pix[(sy*w+sx)*n:][:n])
		}
	}
	return out, w2, h2
}

// Orientation is what EXIF in a JPEG or PNG says about how the camera was held, 1 to 8; 1 where it says nothing that can be read.
func Orientation(data []byte) int {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8")):
		for i := 2; i+4 <= len(data) && data[i] == 0xff; {
			marker, n := data[i+1], int(binary.BigEndian.Uint16(data[i+2:]))
			if marker == 0xff { // fill byte
				i++
				continue
			}
			if marker == 0xda || n < 2 || i+2+n > len(data) { // the pixels begin
				break
			}
			if body := data[i+4 : i+2+n]; marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
				return tiffOrientation(body[6:])
			}
			i += 2 + n
		}
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		for i := 8; i+12 <= len(data); {
			n := int(binary.BigEndian.Uint32(data[i:]))
			if n < 0 || n > len(data)-i-12 {
				break
			}
			if string(data[i+4:i+8]) == "eXIf" {
				return tiffOrientation(data[i+8 : i+8+n])
			}
			i += 12 + n
		}
	}
	return 1
}

// tiffOrientation is tag 0x0112 of the first directory of a TIFF structure (EXIF 2.32, section 4.6.4).
func tiffOrientation(b []byte) int {
	if len(b) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(b[:4]) {
	case "II*\x00":
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := int64(order.Uint32(b[4:]))
	if at < 8 || at+2 > int64(len(b)) {
		return 1
	}
	entries := b[at+2:]
	for range int(order.Uint16(b[at:])) {
		if len(entries) < 12 {
			return 1
		}
		if order.Uint16(entries) == 0x0112 {
			v := int(order.Uint16(entries[8:]))
			if order.Uint16(entries[2:]) == 3 && v >= 1 && v <= 8 { // one SHORT
				return v
			}
			return 1
		}
		entries = entries[12:]
	}
	return 1
}
