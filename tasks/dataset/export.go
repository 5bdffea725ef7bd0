package dataset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"

	"github.com/refarena/refarena/referee"
)

// Rows gives the rows of a complete data set to do, shard by shard, until do has enough. The hash of each shard is compared first.
func Rows(dir string, do func(*Row) (more bool, err error)) error {
	info, shards, err := Read(dir, false)
	if err != nil {
		return err
	}
	for i := range info.Shards {
		if err := shards[i].check(dir); err != nil {
			return err
		}
		enough := false
		err := ReadShard(filepath.Join(dir, shardName(i)), func(r *Row) (bool, error) {
			more, err := do(r)
			enough = !more
			return more, err
		})
		if err != nil || enough {
			return err
		}
	}
	return nil
}

// Image decodes the row's colours.
func (r *Row) Image() (image.Image, error) {
	w, h := int(r.Width), int(r.Height)
	switch Format(r.RGBFormat) {
	case PNG:
		return decoded(r, png.Decode)
	case JPEG:
		return decoded(r, jpeg.Decode)
	case Raw:
		if len(r.RGB) != 3*w*h {
			return nil, fmt.Errorf("dataset: picture %s has %d bytes of colour (want 3 × %d × %d)", r.ID, len(r.RGB), h, w)
		}
		return rgba(r.RGB, w, h), nil
	}
	return nil, fmt.Errorf("dataset: picture %s is of format %q (have %s)", r.ID, r.RGBFormat, join(formats))
}

func decoded(r *Row, decode func(io.Reader) (image.Image, error)) (image.Image, error) {
	img, err := decode(bytes.NewReader(r.RGB))
	if err != nil {
		return nil, fmt.Errorf("dataset: picture %s: %w", r.ID, err)
	}
	if b := img.Bounds(); b.Dx() != int(r.Width) || b.Dy() != int(r.Height) {
		return nil, fmt.Errorf("dataset: picture %s is of %v (want %d × %d)", r.ID, b.Size(), r.Width, r.Height)
	}
	return img, nil
}

// rgba is an opaque image of rows of RGB.
func rgba(rgb []byte, w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i, j := 0, 0; j < len(rgb); i, j = i+4, j+3 {
		img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = rgb[j], rgb[j+1], rgb[j+2], 255
	}
	return img
}

// List decodes the row's questions.
func (r *Row) List() ([]Question, error) {
	var out []Question
	if err := json.Unmarshal([]byte(r.Questions), &out); err != nil {
		return nil, fmt.Errorf("dataset: questions of picture %s: %w", r.ID, err)
	}
	return out, nil
}

// Things decodes the row's objects.
func (r *Row) Things() ([]Object, error) {
	var out []Object
	if err := json.Unmarshal([]byte(r.Objects), &out); err != nil {
		return nil, fmt.Errorf("dataset: objects of picture %s: %w", r.ID, err)
	}
	return out, nil
}

// saveColors writes the row's colours as PNG, or JPEG if that is what it has, without saying that they are on the disk, and returns the name.
func (r *Row) saveColors(dir, name string) (string, error) {
	if Format(r.RGBFormat) == JPEG {
		return name + ".jpg", os.WriteFile(filepath.Join(dir, name+".jpg"), r.RGB, 0o666)
	}
	data := r.RGB
	if Format(r.RGBFormat) == Raw {
		img, err := r.Image()
		if err != nil {
			return "", err
		}
		if data, err = encoded(img); err != nil {
			return "", err
		}
	}
	return name + ".png", os.WriteFile(filepath.Join(dir, name+".png"), data, 0o666)
}

func encoded(img image.Image) ([]byte, error) {
	var b bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img)
	return b.Bytes(), err
}

// A turn is what somebody says in LLaVA's JSON.
type turn struct {
	From  string `json:"from"` // human or gpt
	Value string `json:"value"`
}

// A dialogue is an entry of LLaVA's JSON.
type dialogue struct {
	ID            string `json:"id"`
	Image         string `json:"image"`
	Depth         string `json:"depth,omitempty"`
	Conversations []turn `json:"conversations"`
}

// The files of a LLaVA folder. Each has every question once.
var llavaFiles = []struct {
	name             string
	depth, reasoning bool
}{
	{"rgb.json", false, false},
	{"rgbd.json", true, false},
	{"reasoning.json", true, true},
}

// LLaVA writes a complete data set as RoboRefer's loader reads it (LLaVA's JSON): image/ with the pictures, depth/ with relative inverse depth in
// three equal channels of 8 bits, and three lists of questions that name them: rgb.json, rgbd.json, and reasoning.json, whose answers show their
// steps. The lists appear when all pictures are there.
func LLaVA(dir, out string) error {
	for _, sub := range []string{"image", "depth"} {
		if err := os.MkdirAll(filepath.Join(out, sub), 0o777); err != nil {
			return fmt.Errorf("dataset: LLaVA folder: %w", err)
		}
	}
	pictures := func() error {
		return Rows(dir, func(r *Row) (bool, error) {
			if _, err := r.saveColors(filepath.Join(out, "image"), r.ID); err != nil {
				return false, fmt.Errorf("dataset: LLaVA folder: %w", err)
			}
			near, err := encoded(rgba(triple(r.Disparity), int(r.Width), int(r.Height)))
			if err == nil {
				err = os.WriteFile(filepath.Join(out, "depth", r.ID+".png"), near, 0o666)
			}
			if err != nil {
				return false, fmt.Errorf("dataset: LLaVA folder: %w", err)
			}
			return true, nil
		})
	}
	if err := pictures(); err != nil {
		return err
	}
	for _, f := range llavaFiles {
		err := create(filepath.Join(out, f.name), func(w io.Writer) error {
			list := &jsonList{w: w}
			err := Rows(dir, func(r *Row) (bool, error) {
				questions, err := r.List()
				if err != nil {
					return false, err
				}
				for i := range questions {
					if err := list.add(r.dialogue(i, &questions[i], f.depth, f.reasoning)); err != nil {
						return false, err
					}
				}
				return true, nil
			})
			if err != nil {
				return err
			}
			return list.end()
		})
		if err != nil {
			return fmt.Errorf("dataset: LLaVA folder: %w", err)
		}
	}
	return nil
}

// dialogue is question i of the row in LLaVA's form.
func (r *Row) dialogue(i int, q *Question, depth, reasoning bool) dialogue {
	d := dialogue{ID: fmt.Sprintf("%s-%d", r.ID, i), Image: "image/" + r.ID + ".png"}
	if Format(r.RGBFormat) == JPEG {
		d.Image = "image/" + r.ID + ".jpg"
	}
	ask, answer := "<image>\n", q.Answer
	if depth {
		ask, d.Depth = "<image> <depth>\n", "depth/"+r.ID+".png"
	}
	if reasoning {
		answer = q.Reasoning
	}
	d.Conversations = []turn{{"human", ask + q.Text + " " + referee.RoboReferSuffix}, {"gpt", answer}}
	return d
}

// triple repeats each byte three times.
func triple(b []byte) []byte {
	out := make([]byte, 0, 3*len(b))
	for _, x := range b {
		out = append(out, x, x, x)
	}
	return out
}

// A jsonList writes a JSON list, an element a line.
type jsonList struct {
	w     io.Writer
	begun bool
}

func (l *jsonList) add(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	before := "[\n"
	if l.begun {
		before = ",\n"
	}
	l.begun = true
	_, err = l.w.Write(append([]byte(before), b...))
	return err
}

func (l *jsonList) end() error {
	text := "\n]\n"
	if !l.begun {
		text = "[]\n"
	}
	_, err := io.WriteString(l.w, text)
	return err
}
