package roborefer

import (
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"testing"
)

// Pillow 11 made testdata/resize.json (train/parity.py resize). Every bit must be its.
func TestResizeIsPillows(t *testing.T) {
	var cases []struct {
		W, H, Channels int
		Seed           uint32
		Binary         bool
		OutW           int `json:"out_w"`
		OutH           int `json:"out_h"`
		SHA256, Pillow string
	}
	readJSON(t, "resize.json", &cases)
	if len(cases) < 30 {
		t.Fatalf("%d cases, want 30", len(cases))
	}
	for _, c := range cases {
		p := testPicture(c.W, c.H, c.Channels, c.Seed)
		if c.Binary {
			for i, v := range p.pix {
				p.pix[i] = 0
				if v > 128 {
					p.pix[i] = 255
				}
			}
		}
		before := slices.Clone(p.pix)
		got := p.resize(c.OutW, c.OutH)
		if sum := sha256.Sum256(got.pix); hex.EncodeToString(sum[:]) != c.SHA256 {
			t.Errorf("%d×%d×%d to %d×%d: not the pixels of Pillow %s", c.W, c.H, c.Channels, c.OutW, c.OutH, c.Pillow)
		}
		if !slices.Equal(before, p.pix) {
			t.Errorf("%d×%d to %d×%d: the input was changed", c.W, c.H, c.OutW, c.OutH)
		}
	}
}

// A flat picture stays flat, whatever the sizes; three equal channels are three times the one.
func TestResizeLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		w, h, ow, oh := 1+r.IntN(90), 1+r.IntN(90), 1+r.IntN(120), 1+r.IntN(120)
		flat := newPicture(w, h, 1)
		v := byte(r.IntN(256))
		for i := range flat.pix {
			flat.pix[i] = v
		}
		for _, got := range flat.resize(ow, oh).pix {
			if got != v {
				t.Fatalf("%d×%d of %d to %d×%d: %d", w, h, v, ow, oh, got)
			}
		}
		grey, rgb := newPicture(w, h, 1), newPicture(w, h, 3)
		for i := range grey.pix {
			grey.pix[i] = byte(r.IntN(256))
			rgb.pix[3*i], rgb.pix[3*i+1], rgb.pix[3*i+2] = grey.pix[i], grey.pix[i], grey.pix[i]
		}
		one, three := grey.resize(ow, oh), rgb.resize(ow, oh)
		for i, g := range one.pix {
			if three.pix[3*i] != g || three.pix[3*i+1] != g || three.pix[3*i+2] != g {
				t.Fatalf("%d×%d to %d×%d, pixel %d: %v for grey %d", w, h, ow, oh, i, three.pix[3*i:3*i+3], g)
			}
		}
	}
}

func BenchmarkTile640x480(b *testing.B) {
	c := Config{Variant: Tiles, TileSize: 448, MinTiles: 1, MaxTiles: 12, Thumbnail: true}
	p := testPicture(640, 480, 3, 1)
	for b.Loop() {
		c.tiles(p)
	}
}
