package photo_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"strings"
	"testing"

	"github.com/refarena/refarena/referee/photo"
)

func encodePNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// exif is a TIFF structure that says how the camera was held.
func exif(order binary.AppendByteOrder, orientation uint16) []byte {
	b := []byte("II*\x00")
	if order.String() == binary.BigEndian.String() {
		b = []byte("MM\x00*")
	}
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 2)
	for _, e := range [][2]uint16{{0x010f, 1}, {0x0112, orientation}} {
		b = order.AppendUint16(b, e[0])
		b = order.AppendUint16(b, 3)
		b = order.AppendUint32(b, 1)
		b = order.AppendUint16(b, e[1])
		b = order.AppendUint16(b, 0)
	}
	return order.AppendUint32(b, 0)
}

func withExif(t testing.TB, data []byte, tiff []byte) []byte {
	t.Helper()
	if data[0] == 0xff {
		body := append([]byte("Exif\x00\x00"), tiff...)
		head := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2))
		return bytes.Join([][]byte{data[:2], head, body, data[2:]}, nil)
	}
	chunk := append([]byte("eXIf"), tiff...)
	full := binary.BigEndian.AppendUint32(nil, uint32(len(tiff)))
	full = binary.BigEndian.AppendUint32(append(full, chunk...), crc32.ChecksumIEEE(chunk))
	return bytes.Join([][]byte{data[:33], full, data[33:]}, nil) // after IHDR
}

// corners is a picture of 24 × 16 whose quarters are red, green, blue and white, clockwise from the top left.
func corners() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, 24, 16))
	for y := range 16 {
		for x := range 24 {
			c := []color.RGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}}[x/12+2*(y/8)]
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

// quarters names the colours of p's quarters, clockwise from the top left.
func quarters(p *photo.Picture) string {
	var s strings.Builder
	for _, at := range [][2]int{{p.Width / 4, p.Height / 4}, {3 * p.Width / 4, p.Height / 4}, {3 * p.Width / 4, 3 * p.Height / 4}, {p.Width / 4, 3 * p.Height / 4}} {
		c := p.RGB[3*(at[1]*p.Width+at[0]):][:3]
		switch r, g, b := c[0] > 128, c[1] > 128, c[2] > 128; {
		case r && g && b:
			s.WriteByte('w')
		case r:
			s.WriteByte('r')
		case g:
			s.WriteByte('g')
		case b:
			s.WriteByte('b')
		}
	}
	return s.String()
}

// A picture that was taken with the camera held in any way comes out upright, and as it is stored if that is asked for.
func TestOrientation(t *testing.T) {
	want := []string{"rgwb", "grbw", "wbrg", "bwgr", "rbwg", "brgw", "wgrb", "gwbr"} // EXIF 2.32, figure of orientations; upright: rgwb
	for _, enc := range []string{"png", "jpeg"} {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			for o := uint16(1); o <= 8; o++ {
				t.Run(fmt.Sprint(enc, order, o), func(t *testing.T) {
					data := encodePNG(t, corners())
					if enc == "jpeg" {
						var b bytes.Buffer
						if err := jpeg.Encode(&b, corners(), &jpeg.Options{Quality: 95}); err != nil {
							t.Fatal(err)
						}
						data = b.Bytes()
					}
					data = withExif(t, data, exif(order, o))
					p, err := photo.Decode(data, photo.Options{})
					if err != nil {
						t.Fatal(err)
					}
					if w := p.Width; (w == 16) != (o >= 5) || p.Width*p.Height != 24*16 || p.Orientation != int(o) {
						t.Errorf("%d×%d, orientation %d", p.Width, p.Height, p.Orientation)
					}
					if got := quarters(p); got != want[o-1] {
						t.Errorf("quarters %s, want %s", got, want[o-1])
					}
					p, err = photo.Decode(data, photo.Options{Stored: true})
					if err != nil || quarters(p) != "rgwb" || p.Width != 24 {
						t.Errorf("as stored: %s, %d wide, error %v", quarters(p), p.Width, err)
					}
				})
			}
		}
	}
}

// All kinds of PNG give the colours that they show, and transparency counts for nothing.
func TestKinds(t *testing.T) {
	r := image.Rect(0, 0, 3, 2)
	c := color.NRGBA{200, 100, 50, 255}
	fill := func(img interface {
		image.Image
		Set(x, y int, c color.Color)
	}, c color.Color) image.Image {
		for i := range 6 {
			img.Set(i%3, i/3, c)
		}
		return img
	}
	var g bytes.Buffer
	if err := gif.Encode(&g, fill(image.NewPaletted(r, color.Palette{color.Black, c}), c), nil); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		data []byte
		want [3]byte
	}{
		{"RGB", encodePNG(t, fill(image.NewRGBA(r), c)), [3]byte{200, 100, 50}},
		{"RGBA", encodePNG(t, fill(image.NewNRGBA(r), color.NRGBA{200, 100, 50, 10})), [3]byte{200, 100, 50}},
		{"wholly transparent", encodePNG(t, fill(image.NewNRGBA(r), color.NRGBA{200, 100, 50, 0})), [3]byte{200, 100, 50}},
		{"RGB 16", encodePNG(t, fill(image.NewRGBA64(r), color.RGBA64{0xc8ff, 0x64ff, 0x32ff, 0xffff})), [3]byte{200, 100, 50}},
		{"RGBA 16", encodePNG(t, fill(image.NewNRGBA64(r), color.NRGBA64{0xc801, 0x6401, 0x3201, 0x1000})), [3]byte{200, 100, 50}},
		{"grey", encodePNG(t, fill(image.NewGray(r), color.Gray{77})), [3]byte{77, 77, 77}},
		{"grey 16", encodePNG(t, fill(image.NewGray16(r), color.Gray16{0x4dff})), [3]byte{77, 77, 77}},
		{"palette", encodePNG(t, fill(image.NewPaletted(r, color.Palette{color.Black, c}), c)), [3]byte{200, 100, 50}},
		{"transparent palette", encodePNG(t, fill(image.NewPaletted(r, color.Palette{color.NRGBA{}, color.NRGBA{200, 100, 50, 9}}), color.NRGBA{200, 100, 50, 9})), [3]byte{200, 100, 50}},
		{"GIF", g.Bytes(), [3]byte{200, 100, 50}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := photo.Decode(tt.data, photo.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if p.Width != 3 || p.Height != 2 || !bytes.Equal(p.RGB, bytes.Repeat(tt.want[:], 6)) {
				t.Errorf("%d×%d %v, want %v", p.Width, p.Height, p.RGB, tt.want)
			}
		})
	}
}

func TestDecodeBad(t *testing.T) {
	good := encodePNG(t, corners())
	huge := bytes.Clone(good)
	binary.BigEndian.PutUint32(huge[16:], 60000)
	binary.BigEndian.PutUint32(huge[20:], 60000)
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "no data"},
		{"text", []byte("<html>"), `begin with "<html>" are no picture (want PNG, JPEG or GIF)`},
		{"cut header", good[:20], "header"},
		{"cut off", good[:len(good)/2], "24×16"},
		{"huge", huge, "60000×60000 pixels (want 1 to 64000000 in all)"},
	} {
		if _, err := photo.Decode(tt.data, photo.Options{}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Decode() error %v, want one with %q", tt.name, err, tt.want)
		}
		if _, err := photo.DecodeDepth(tt.data, "", photo.Options{}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: DecodeDepth() error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}

func TestTooLargeIsMadeSmaller(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 300, 100))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	p, err := photo.Decode(encodePNG(t, img), photo.Options{MaxSide: 60})
	if err != nil {
		t.Fatal(err)
	}
	if p.Width != 60 || p.Height != 20 || p.StoredWidth != 300 || len(p.RGB) != 3*60*20 || p.RGB[0] != 255 {
		t.Errorf("%d×%d of %d×%d, first %d", p.Width, p.Height, p.StoredWidth, p.StoredHeight, p.RGB[0])
	}
}

func npy(descr string, h, w int, body []byte) []byte {
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%d, %d), }", descr, h, w)
	header += strings.Repeat(" ", 63-(10+len(header))%64) + "\n"
	return append(append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8)), append([]byte(header), body...)...)
}

func TestDepth(t *testing.T) {
	r := image.Rect(0, 0, 2, 1)
	deep := image.NewGray16(r)
	deep.SetGray16(0, 0, color.Gray16{1000})
	deep.SetGray16(1, 0, color.Gray16{3000})
	grey := image.NewGray(r)
	grey.Pix = []byte{7, 200}
	rgba := image.NewNRGBA(r)
	rgba.Pix = []byte{7, 7, 7, 0, 200, 200, 200, 3}
	colors := image.NewRGBA(r)
	colors.Pix = []byte{255, 0, 0, 255, 0, 255, 0, 255}
	f4 := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, math.Float32bits(0.5)), math.Float32bits(2))
	for _, tt := range []struct {
		name      string
		data      []byte
		kind      photo.DepthKind
		disparity []byte
		metric    []float32
		wantErr   string
	}{
		{"16 bits", encodePNG(t, deep), "", nil, []float32{1, 3}, ""},
		{"16 bits as disparity", encodePNG(t, deep), photo.DepthDisparity, []byte{0, 255}, nil, ""},
		{"grey", encodePNG(t, grey), "", []byte{7, 200}, nil, ""},
		{"RGBA", encodePNG(t, rgba), "", []byte{7, 200}, nil, ""},
		{"colours", encodePNG(t, colors), "", []byte{76, 150}, nil, ""}, // as Pillow has it
		{"grey as millimetres", encodePNG(t, grey), photo.DepthMillimetres, nil, nil, "want one channel of 16 bits"},
		{"npy", npy("<f4", 1, 2, f4), "", nil, []float32{0.5, 2}, ""},
		{"npy u2", npy("<u2", 1, 2, []byte{0xe8, 3, 0, 0}), "", nil, []float32{1, 0}, ""},
		{"npy u1", npy("|u1", 1, 2, []byte{3, 4}), "", []byte{3, 4}, nil, ""},
		{"npy short", npy("<f4", 1, 2, f4[1:]), "", nil, nil, "7 bytes for 2×1 numbers"},
		{"npy complex", npy("<c8", 1, 2, f4), "", nil, nil, "type <c8"},
		{"no kind", encodePNG(t, grey), "metres", nil, nil, "have auto, disparity, millimetres"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := photo.DecodeDepth(tt.data, tt.kind, photo.Options{})
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Errorf("error %v, want one with %q", err, tt.wantErr)
				}
				return
			}
			if err != nil || d.Width != 2 || d.Height != 1 || !bytes.Equal(d.Disparity, tt.disparity) || fmt.Sprint(d.Metric) != fmt.Sprint(tt.metric) {
				t.Errorf("%+v, error %v; want %v, %v", d, err, tt.disparity, tt.metric)
			}
		})
	}
}

// Depth of another size is brought to the picture's; of another shape it is refused; lying on its side as the picture was stored it is turned.
func TestAsk(t *testing.T) {
	p, err := photo.Decode(withExif(t, encodePNG(t, corners()), exif(binary.BigEndian, 6)), photo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := &photo.Depth{Width: 24, Height: 16, Disparity: make([]byte, 24*16)}
	d.Disparity[0] = 9 // top left as stored: top right when upright
	q, err := photo.Ask(p, d, "x", 1)
	if err != nil || q.Width != 16 || q.Height != 24 || q.Disparity[15] != 9 {
		t.Errorf("turned depth: %d×%d, error %v", q.Width, q.Height, err)
	}
	q, err = photo.Ask(p, &photo.Depth{Width: 8, Height: 12, Metric: make([]float32, 96)}, "x", 1)
	if err != nil || len(q.Depth) != 16*24 {
		t.Errorf("small depth: %d, error %v", len(q.Depth), err)
	}
	if _, err = photo.Ask(p, &photo.Depth{Width: 8, Height: 8, Metric: make([]float32, 64)}, "x", 1); err == nil || !strings.Contains(err.Error(), "the same shape") {
		t.Errorf("square depth: error %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	data := encodePNG(f, corners())
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add(withExif(f, data, exif(binary.BigEndian, 6)))
	deep := image.NewGray16(image.Rect(0, 0, 3, 3))
	f.Add(encodePNG(f, deep))
	f.Add(encodePNG(f, image.NewNRGBA(image.Rect(0, 0, 3, 3))))
	f.Add(encodePNG(f, image.NewPaletted(image.Rect(0, 0, 3, 3), color.Palette{color.Black, color.White})))
	f.Add(npy("<f4", 1, 2, make([]byte, 8)))
	var b bytes.Buffer
	if err := jpeg.Encode(&b, corners(), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(withExif(f, b.Bytes(), exif(binary.LittleEndian, 3)))
	f.Fuzz(func(t *testing.T, data []byte) {
		opt := photo.Options{MaxPixels: 1 << 16}
		p, err := photo.Decode(data, opt)
		if err == nil && (len(p.RGB) != 3*p.Width*p.Height || p.Width < 1 || p.Height < 1) {
			t.Fatalf("Decode: %d×%d with %d bytes", p.Width, p.Height, len(p.RGB))
		}
		d, err := photo.DecodeDepth(data, "", opt)
		if err == nil && len(d.Disparity)+len(d.Metric) != d.Width*d.Height {
			t.Fatalf("DecodeDepth: %d×%d with %d and %d", d.Width, d.Height, len(d.Disparity), len(d.Metric))
		}
		if p != nil && d != nil {
			if q, err := photo.Ask(p, d, "", 0); err == nil && q.Validate() != nil {
				t.Fatal("a query that is not valid")
			}
		}
	})
}
