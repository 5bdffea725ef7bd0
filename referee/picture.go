package referee

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"sync"
)

// EncodeRGB is the 8-bit colour PNG of q's image. q must be valid. The caller owns the result.
func EncodeRGB(q Query) ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, q.Width, q.Height))
	for i, j := 0, 0; i < len(q.RGB); i, j = i+3, j+4 {
		px, rgb := img.Pix[j:j+4:j+4], q.RGB[i:i+3:i+3]
		px[0], px[1], px[2], px[3] = rgb[0], rgb[1], rgb[2], 0xff
	}
	return encodePNG(img)
}

// EncodeDisparity is the PNG of q's depth as RoboRefer's server wants it (Query.DisparityU8): 8 bits, three equal channels. q must be valid and
// have depth. The caller owns the result.
func EncodeDisparity(q Query) ([]byte, error) {
	return encodeDisparity(q.Width, q.Height, q.DisparityU8())
}

func encodeDisparity(w, h int, disparity []byte) ([]byte, error) {
	if len(disparity) != w*h {
		return nil, fmt.Errorf("referee: %d disparities for an image of %d×%d (want width × height)", len(disparity), w, h)
	}
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i, v := range disparity {
		px := img.Pix[4*i : 4*i+4 : 4*i+4]
		px[0], px[1], px[2], px[3] = v, v, v, 0xff
	}
	return encodePNG(img)
}

// encodePNG writes an opaque image: an RGBA becomes three channels, a Gray16 one. A picture crosses the wire once, so speed comes first.
func encodePNG(img image.Image) ([]byte, error) {
	var b bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestSpeed, BufferPool: &pngBuffers}
	if err := enc.Encode(&b, img); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// pngBuffers keeps the encoder's scratch memory from one picture to the next.
var pngBuffers pngPool

type pngPool struct{ pool sync.Pool }

func (p *pngPool) Get() *png.EncoderBuffer {
	b, _ := p.pool.Get().(*png.EncoderBuffer)
	return b
}

func (p *pngPool) Put(b *png.EncoderBuffer) { p.pool.Put(b) }
