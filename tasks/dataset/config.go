package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/refer"
	"github.com/refarena/refarena/scenes/relate"
	"github.com/refarena/refarena/sim"
)

// A Partition is a range of seeds with a purpose. The seeds below the first partition are for tests and suites, those above the last for the
// final examination of a model.
type Partition struct {
	Name       string
	First, End uint64 // half open
}

// The partitions. Data for training has no question of split unseen; the other two have both splits.
var (
	Training   = Partition{"training", 100_000, 700_000}
	Validation = Partition{"validation", 700_000, 800_000}
	Bench      = Partition{"bench", 800_000, 900_000}

	partitions = []Partition{Training, Validation, Bench}
)

// PartitionOf is the partition that has all of n seeds from first on.
func PartitionOf(first uint64, n int) (Partition, error) {
	var all []string
	for _, p := range partitions {
		if first >= p.First && first < p.End {
			if last := first + uint64(n); last > p.End {
				return p, fmt.Errorf("dataset: seeds %d to %d reach beyond those for %s, %d to %d (want fewer scenes, or an earlier seed)",
					first, last-1, p.Name, p.First, p.End-1)
			}
			return p, nil
		}
		all = append(all, fmt.Sprintf("%s %d…%d", p.Name, p.First, p.End-1))
	}
	return Partition{}, fmt.Errorf("dataset: seed %d is for no data set (have %s; those below are for tests and suites, those above for the final examination)",
		first, strings.Join(all, ", "))
}

// A Format is how a shard keeps the colours of a picture.
type Format string

// The formats.
const (
	PNG  Format = "png"  // exact
	JPEG Format = "jpeg" // quality 95, chroma halved: the smallest
	Raw  Format = "raw"  // height × width × 3 bytes, which Parquet packs: the fastest to read
)

var formats = []Format{PNG, JPEG, Raw}

// A Config says what is in a data set. The zero value of each field but Seed and Scenes is a default.
type Config struct {
	Levels       []scenes.Level        `json:"levels"`           // of the scenes, in turn; none means all
	Seed         uint64                `json:"seed"`             // of the first scene; the others count up from it
	Scenes       int                   `json:"scenes"`           // how many
	Robot        string                `json:"robot,omitempty"`  // that stands at the table, where it rests, and may be seen; "": none
	Views        int                   `json:"views"`            // pictures of each scene: the first from the camera of the robot's referee, the others from around the scene's own; 0 means 4
	Width        int                   `json:"width"`            // of a picture [px]; 0 means 448
	Height       int                   `json:"height"`           // 0 means Width
	Aspects      []float64             `json:"aspects"`          // width over height of what a picture shows, in turn over the views; none means Width/Height
	Questions    int                   `json:"questions"`        // about each picture, at most; 0 means 16
	MinQuestions int                   `json:"min_questions"`    // a picture with fewer is left out; 0 means 8, or Questions if that is less
	Kinds        []scenes.QuestionKind `json:"kinds"`            // none means both
	Steps        []int                 `json:"steps"`            // none means all
	Relations    []string              `json:"relations"`        // that each question uses; none means any
	Split        refer.Split           `json:"split"`            // "" means both, for training seen
	RGB          Format                `json:"rgb"`              // "" means raw
	ShardScenes  int                   `json:"shard_scenes"`     // scenes of a shard; 0 means 64
	Cycles       int                   `json:"cycles,omitempty"` // colours are those of Blender Cycles with so many paths a pixel; 0: those of the renderer
}

// WithDefaults is the configuration with its defaults filled in.
func (c Config) WithDefaults() Config {
	if len(c.Levels) == 0 {
		c.Levels = scenes.Levels()
	}
	c.Views = cmp.Or(c.Views, 4)
	c.Width = cmp.Or(c.Width, 448)
	c.Height = cmp.Or(c.Height, c.Width)
	if len(c.Aspects) == 0 {
		c.Aspects = []float64{float64(c.Width) / float64(c.Height)}
	}
	c.Questions = cmp.Or(c.Questions, 16)
	c.MinQuestions = cmp.Or(c.MinQuestions, min(8, c.Questions))
	if len(c.Kinds) == 0 {
		c.Kinds = []scenes.QuestionKind{scenes.Location, scenes.Placement}
	}
	if len(c.Steps) == 0 {
		c.Steps = []int{1, 2, 3, 4, 5}
	}
	if p, err := PartitionOf(c.Seed, c.Scenes); err == nil && p == Training {
		c.Split = cmp.Or(c.Split, refer.Seen)
	}
	c.RGB = cmp.Or(c.RGB, Raw)
	c.ShardScenes = cmp.Or(c.ShardScenes, 64)
	return c
}

// patience is after how many vain draws a number of steps is given up: without it, half of the time goes into the last few of five steps. The
// bench, which needs those, takes the time.
const patience = 40

// What a data set may be at most.
const (
	maxScenes = 600_000
	maxViews  = 100
	minSide   = 32 // [px]
	maxPaths  = 1 << 20
)

// Validate says what is wrong with the configuration, if anything.
func (c Config) Validate() error {
	c = c.WithDefaults()
	for _, l := range c.Levels {
		if _, err := scenes.ParseLevel(string(l)); err != nil {
			return err
		}
	}
	if c.Scenes < 1 || c.Scenes > maxScenes {
		return fmt.Errorf("dataset: %d scenes (want 1…%d)", c.Scenes, maxScenes)
	}
	p, err := PartitionOf(c.Seed, c.Scenes)
	if err != nil {
		return err
	}
	if p == Training && c.Split != refer.Seen {
		return fmt.Errorf("dataset: split %q with seeds for training (want %s: the combinations of split %s are held out)", c.Split, refer.Seen, refer.Unseen)
	}
	switch {
	case c.Views < 1 || c.Views > maxViews:
		return fmt.Errorf("dataset: %d views of a scene (want 1…%d)", c.Views, maxViews)
	case c.Width < minSide || c.Height < minSide || c.Width > sim.MaxImageSide || c.Height > sim.MaxImageSide:
		return fmt.Errorf("dataset: pictures of %d × %d px (want %d…%d each)", c.Width, c.Height, minSide, sim.MaxImageSide)
	case c.MinQuestions < 1 || c.MinQuestions > c.Questions:
		return fmt.Errorf("dataset: %d questions about a picture at least (want 1…%d, the most)", c.MinQuestions, c.Questions)
	case c.ShardScenes < 1:
		return fmt.Errorf("dataset: %d scenes in a shard (want 1 or more)", c.ShardScenes)
	case c.Cycles < 0 || c.Cycles > maxPaths:
		return fmt.Errorf("dataset: %d paths a pixel (want 1…%d, or 0 for the renderer's colours)", c.Cycles, maxPaths)
	case !slices.Contains(formats, c.RGB):
		return fmt.Errorf("dataset: no picture format %q (have %s)", c.RGB, join(formats))
	}
	for _, a := range c.Aspects {
		if !(a >= 0.25 && a <= 4) {
			return fmt.Errorf("dataset: pictures %g times as wide as high (want 0.25…4)", a)
		}
	}
	if _, err := c.robot(); err != nil {
		return err
	}
	o, err := c.ask()
	if err != nil {
		return err
	}
	return o.Validate()
}

// robot is the robot at the table; nil for none.
func (c *Config) robot() (*robots.Robot, error) {
	if c.Robot == "" {
		return nil, nil
	}
	r, err := robots.Open(c.Robot)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	return r, nil
}

// ask is the configuration as a request for instructions.
func (c *Config) ask() (refer.Options, error) {
	o := refer.Options{Count: c.Questions, Kinds: c.Kinds, Steps: c.Steps, Split: c.Split, Patience: patience}
	if c.Seed >= Bench.First {
		o.Patience = 0
	}
	for _, name := range c.Relations {
		r, err := relate.ParseRelation(name)
		if err != nil {
			return o, err
		}
		o.Relations = append(o.Relations, r)
	}
	return o, nil
}

// Shards is the number of shards.
func (c *Config) Shards() int { return (c.Scenes + c.ShardScenes - 1) / c.ShardScenes }

func join[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, x := range list {
		words[i] = string(x)
	}
	return strings.Join(words, ", ")
}

var errNoRenderer = errors.New("dataset: nothing to draw with (want Options.NewRenderer)")
