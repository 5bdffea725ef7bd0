package referee

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"

	"github.com/refarena/refarena/sim"
)

// The names of the baselines, as Open knows them and as they stand in records.
const (
	OracleName       = "oracle"
	RandomInMaskName = "random-in-mask"
	RandomPixelName  = "random-pixel"
)

// Oracle points at the true region's pole of inaccessibility (sim.Region.Pole): the ceiling, which shows what the arm and the scenes allow. It
// draws no random numbers and ignores the query's pixels, instruction and seed.
func Oracle() Control {
	return control{
		info: Info{Name: OracleName, Model: "the middle of the true region", Version: "1", Repeatable: true},
		pick: func(_ *rand.Rand, truth sim.Region) (sim.Pixel, bool) {
			px, _, ok := truth.Pole()
			return px, ok
		},
	}
}

// RandomInMask points at the centre of a pixel drawn evenly from the true region, by the query's seed: a model that always hits, but
// does not know where a thing is best taken.
func RandomInMask() Control {
	return control{
		info: Info{Name: RandomInMaskName, Model: "any pixel of the true region", Version: "1", Repeatable: true},
		pick: func(rng *rand.Rand, truth sim.Region) (sim.Pixel, bool) {
			n := truth.Count()
			if n == 0 {
				return sim.Pixel{}, false
			}
			k := rng.IntN(n)
			for i, in := range truth.Mask {
				if !in {
					continue
				}
				if k == 0 {
					return sim.Pixel{X: float64(i%truth.Width) + 0.5, Y: float64(i/truth.Width) + 0.5}, true
				}
				k--
			}
			panic("referee: fewer pixels than were counted")
		},
	}
}

// RandomPixel points at the centre of a pixel drawn evenly from the whole image, by the query's seed: the floor. It is not told the answer.
func RandomPixel() Referee { return randomPixel{} }

// Baseline is the name by which Open makes r again, if it is one of the baselines and nothing around one.
func Baseline(r Referee) (name string, ok bool) {
	switch b := r.(type) {
	case control:
		return b.info.Name, true
	case randomPixel:
		return RandomPixelName, true
	}
	return "", false
}

// A control draws its point from the true region.
type control struct {
	info Info
	pick func(rng *rand.Rand, truth sim.Region) (sim.Pixel, bool) // false if truth has no pixel
}

func (c control) Info() Info { return c.info }

func (c control) Point(context.Context, Query) (Answer, error) {
	return Answer{}, fmt.Errorf("referee: %s has to be told the true region (ask it through Ask or PointKnowing)", c.info.Name)
}

func (c control) PointKnowing(ctx context.Context, q Query, truth sim.Region) (Answer, error) {
	if err := begin(ctx, c.info.Name, q); err != nil {
		return Answer{}, err
	}
	if err := truth.Validate(); err != nil {
		return Answer{}, err
	}
	if truth.Width != q.Width || truth.Height != q.Height {
		return Answer{}, fmt.Errorf("referee: region of %d×%d for an image of %d×%d (want the same size)",
			truth.Width, truth.Height, q.Width, q.Height)
	}
	px, ok := c.pick(stream(c.info.Name, q.Seed), truth)
	if !ok {
		return Answer{Text: FormatPoints(nil), Problem: ProblemEmpty, Reason: "the true region has no pixel", Attempts: 1}, nil
	}
	return answerPixel(px, q), nil
}

type randomPixel struct{}

func (randomPixel) Info() Info {
	return Info{Name: RandomPixelName, Model: "any pixel of the image", Version: "1", Repeatable: true}
}

func (randomPixel) Point(ctx context.Context, q Query) (Answer, error) {
	if err := begin(ctx, RandomPixelName, q); err != nil {
		return Answer{}, err
	}
	rng := stream(RandomPixelName, q.Seed)
	x, y := rng.IntN(q.Width), rng.IntN(q.Height)
	return answerPixel(sim.Pixel{X: float64(x) + 0.5, Y: float64(y) + 0.5}, q), nil
}

// begin is what every referee does first: it refuses an ended ctx and a query that cannot be asked.
func begin(ctx context.Context, name string, q Query) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("referee: %s: not asked: %w", name, err)
	}
	return q.Validate()
}

// answerPixel is the answer with one point, in the words of a model.
func answerPixel(px sim.Pixel, q Query) Answer {
	points := []sim.NormPoint{px.Norm(q.Width, q.Height)}
	return Answer{Text: FormatPoints(points), Points: points, Attempts: 1}
}

// stream is the random stream of the referee called name for one query.
func stream(name string, seed uint64) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte("referee/" + name))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}
