package roborefer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// A Config is roborefer.json: the numbers that make one RoboRefer-shaped model differ from another, as train/config.py writes them.
type Config struct {
	Name            string        `json:"name"`
	Variant         Variant       `json:"variant"`
	TileSize        int           `json:"tile_size"` // side of a tile [px]
	MinTiles        int           `json:"min_tiles"`
	MaxTiles        int           `json:"max_tiles"`
	Thumbnail       bool          `json:"thumbnail"` // a last tile with the whole picture, when there are several
	S2Scales        []int         `json:"s2_scales"` // dynamic_s2: side of the picture at each scale [px]; the last is of the grid's shape
	Mean            [3]float32    `json:"mean"`
	Std             [3]float32    `json:"std"`
	Resample        string        `json:"resample"`         // "bicubic"
	DepthConvention string        `json:"depth_convention"` // "disparity_minmax_u8"
	Projector       string        `json:"projector"`        // a key of folds
	Vision          TowerConfig   `json:"vision"`
	Depth           TowerConfig   `json:"depth"`
	Decoder         DecoderConfig `json:"decoder"`
	Tokens          TokenConfig   `json:"tokens"`
	System          string        `json:"system"`      // system prompt
	Suffix          string        `json:"suffix"`      // follows the instruction, directly
	RGBNewline      bool          `json:"rgb_newline"` // RGB only: one more newline before the text, as in the official training but not its inference
	MaxContext      int           `json:"max_context"` // positions, answer included
	MaxNewTokens    int           `json:"max_new_tokens"`
	Export          ExportConfig  `json:"export"`
}

// A Variant is how pictures become features.
type Variant string

const (
	Tiles     Variant = "tiles"      // RoboRefer 2B: tiles of one scale and a thumbnail
	DynamicS2 Variant = "dynamic_s2" // RoboRefer 8B: three scales, merged
)

// A TowerConfig is the size of a SigLIP tower.
type TowerConfig struct {
	Hidden int     `json:"hidden"`
	Layers int     `json:"layers"`
	Heads  int     `json:"heads"`
	MLP    int     `json:"mlp"`
	Patch  int     `json:"patch"` // [px]
	Eps    float64 `json:"eps"`
	Stem   string  `json:"stem"`
	// StemLayers is [width, stride] of the convolutions of a "conv" stem. It is inside the graph; nothing here depends on it.
	StemLayers [][2]int `json:"stem_layers"`
}

// A DecoderConfig is the size of the Qwen2 decoder.
type DecoderConfig struct {
	Hidden    int     `json:"hidden"`
	Layers    int     `json:"layers"`
	Heads     int     `json:"heads"`
	KVHeads   int     `json:"kv_heads"`
	HeadDim   int     `json:"head_dim"`
	MLP       int     `json:"mlp"`
	Vocab     int     `json:"vocab"`
	Eps       float64 `json:"eps"`
	RopeTheta float64 `json:"rope_theta"`
	Tied      bool    `json:"tied"`
}

// A TokenConfig is the ids that splicing and decoding need.
type TokenConfig struct {
	Image   int   `json:"image"`
	Depth   int   `json:"depth"`
	Newline int   `json:"newline"` // its embedding follows each block of features
	Stop    []int `json:"stop"`
}

// An ExportConfig says how train/export.py made the graphs.
type ExportConfig struct {
	Precision   string                `json:"precision"`   // of the weights: "fp32", "fp16", "int8" or "int4"
	Activations string                `json:"activations"` // "float32", for CPUs, or "float16", for CUDA
	Files       map[string]FileConfig `json:"files"`
}

// A FileConfig identifies one file of a model folder.
type FileConfig struct {
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// folds is the number of neighbouring patches, along each side, that a projector folds into one position.
var folds = map[string]int{"mlp_downsample": 2, "mlp_downsample_3x3_fix": 3}

// ParseConfig reads roborefer.json strictly: an unknown key, a missing part or sizes that do not fit each other are errors.
func ParseConfig(data []byte) (Config, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var c Config
	if err := d.Decode(&c); err != nil {
		return Config{}, fmt.Errorf("roborefer: %s: %w", configFile, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Config{}, fmt.Errorf("roborefer: %s: more than one object", configFile)
	}
	if err := c.validate(); err != nil {
		return Config{}, fmt.Errorf("roborefer: %s: %w", configFile, err)
	}
	return c, nil
}

// Limits that no real model comes near. They keep sizes computed from a file within an int.
const (
	maxSide    = 1 << 13 // of a tile or a scale [px]
	maxWidth   = 1 << 17 // of a layer
	maxLayers  = 1 << 10
	maxVocab   = 1 << 22
	maxContext = 1 << 20
	maxTiles   = 1 << 8
)

func (c *Config) validate() error {
	between := func(what string, v, lo, hi int) error {
		if v < lo || v > hi {
			return fmt.Errorf("%s is %d (want %d to %d)", what, v, lo, hi)
		}
		return nil
	}
	d := c.Decoder
	errs := []error{
		between("tile_size", c.TileSize, 1, maxSide),
		between("min_tiles", c.MinTiles, 1, maxTiles),
		between("max_tiles", c.MaxTiles, max(c.MinTiles, 1), maxTiles),
		between("decoder.hidden", d.Hidden, 1, maxWidth),
		between("decoder.layers", d.Layers, 1, maxLayers),
		between("decoder.heads", d.Heads, 1, maxWidth),
		between("decoder.kv_heads", d.KVHeads, 1, max(d.Heads, 1)),
		between("decoder.head_dim", d.HeadDim, 1, maxWidth),
		between("decoder.vocab", d.Vocab, 1, maxVocab),
		between("max_context", c.MaxContext, 2, maxContext),
		between("max_new_tokens", c.MaxNewTokens, 1, max(c.MaxContext-1, 1)),
		between("tokens.image", c.Tokens.Image, 0, d.Vocab-1),
		between("tokens.depth", c.Tokens.Depth, 0, d.Vocab-1),
		between("tokens.newline", c.Tokens.Newline, 0, d.Vocab-1),
		between("the number of tokens.stop", len(c.Tokens.Stop), 1, 64),
	}
	for _, id := range c.Tokens.Stop {
		errs = append(errs, between("an id of tokens.stop", id, 0, d.Vocab-1))
	}
	for _, t := range []struct {
		name string
		TowerConfig
	}{{"vision", c.Vision}, {"depth", c.Depth}} {
		errs = append(errs, between(t.name+".hidden", t.Hidden, 1, maxWidth), between(t.name+".patch", t.Patch, 1, max(c.TileSize, 1)))
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	switch {
	case c.Variant != Tiles && c.Variant != DynamicS2:
		return fmt.Errorf("variant %q (want %s or %s)", c.Variant, Tiles, DynamicS2)
	case folds[c.Projector] == 0:
		return fmt.Errorf("projector %q (want mlp_downsample or mlp_downsample_3x3_fix)", c.Projector)
	case c.Resample != "bicubic":
		return fmt.Errorf("resample %q (want bicubic)", c.Resample)
	case c.DepthConvention != "disparity_minmax_u8":
		return fmt.Errorf("depth_convention %q (want disparity_minmax_u8)", c.DepthConvention)
	case c.Vision.Patch != c.Depth.Patch || c.TileSize%c.Vision.Patch != 0:
		return fmt.Errorf("patches of %d and %d px in tiles of %d px (want the same, and tiles of whole patches)", c.Vision.Patch, c.Depth.Patch, c.TileSize)
	case c.Tokens.Image == c.Tokens.Depth:
		return fmt.Errorf("tokens.image and tokens.depth are both %d", c.Tokens.Image)
	case c.Export.Activations != "float32" && c.Export.Activations != "float16":
		return fmt.Errorf("export.activations %q (want float32 or float16; was this folder made by train/export.py?)", c.Export.Activations)
	}
	for i := range c.Mean {
		if bad := func(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) }; bad(c.Mean[i]) || bad(c.Std[i]) || c.Std[i] == 0 {
			return fmt.Errorf("mean %v, std %v", c.Mean, c.Std)
		}
	}
	if c.Variant == DynamicS2 {
		if len(c.S2Scales) < 1 || len(c.S2Scales) > 8 || !slices.IsSorted(c.S2Scales) {
			return fmt.Errorf("s2_scales %v (want 1 to 8, ascending)", c.S2Scales)
		}
		for _, s := range c.S2Scales {
			if s < 1 || s > maxSide || s%c.TileSize != 0 || (s/c.TileSize)*(s/c.TileSize) > maxTiles {
				return fmt.Errorf("s2_scales %v (want multiples of the tile size, %d px)", c.S2Scales, c.TileSize)
			}
		}
		if least := c.S2Scales[len(c.S2Scales)-1] / c.TileSize; least*least > c.MaxTiles {
			return fmt.Errorf("max_tiles is %d and the last scale has %d tiles", c.MaxTiles, least*least)
		}
		if c.grid()%folds[c.Projector] != 0 {
			return fmt.Errorf("%d patches a side cannot be folded by %d without padding (dynamic_s2 wants that)", c.grid(), folds[c.Projector])
		}
	}
	return nil
}

// grid is the number of patches along a tile's side.
func (c *Config) grid() int { return c.TileSize / c.Vision.Patch }

// tokensPerTile is the number of positions that a projector makes of one tile, without the newline that follows.
func (c *Config) tokensPerTile() int {
	k := folds[c.Projector]
	side := (c.grid() + k - 1) / k
	return side * side
}

// maxPositions is the most positions that the features of one picture take, with the newlines of encoder and prompt.
func (c *Config) maxPositions() int {
	if c.Variant == DynamicS2 {
		return c.MaxTiles*c.tokensPerTile() + 2
	}
	tiles := c.MaxTiles
	if c.Thumbnail && tiles > 1 {
		tiles++
	}
	return tiles * (c.tokensPerTile() + 2)
}
