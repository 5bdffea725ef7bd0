// Package refspatial reads RefSpatial-Bench (BAAI/RefSpatial-Bench, JingkunAn/RefSpatial-Expand-Bench) and folders of that form, and scores answers:
// as the official script does, bit for bit, with the samples that it drops and those that it dies of (Official), and strictly, where every
// sample counts (Strict).
package refspatial

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/refarena/refarena/referee/photo"
	"github.com/refarena/refarena/sim"
)

// A Split is one task of a benchmark, such as "location".
type Split struct {
	Name    string // folder or file it came from, in small letters: "location", "placement", "unseen"
	Samples []Sample
}

// A Sample is one question.
type Sample struct {
	ID     string // as in the file, unique within its split
	Object string // "the mug left of the bowl": what is asked for, alone
	Prompt string // "Please point out the mug left of the bowl."
	Suffix string // how to answer
	Step   int    // anchors and directions that narrow the search, 1 to 5 (arXiv 2506.04308, app. C); 0 if unknown
	Scene  string // "indoor", "outdoor"; "" if unknown
	// Relations are those that the question uses, by their names in docs/instructions.md, in folders of `refarena gen`; nil if unknown.
	Relations []string
	// RGBPath and MaskPath are the files' names within the split's folder; "" in a Parquet file that does not say.
	RGBPath, MaskPath string

	image, mask, depth source
}

// A source is a file, or the bytes of one.
type source struct {
	path string
	data []byte
}

func (s source) none() bool { return s.path == "" && s.data == nil }

func (s source) read() ([]byte, error) {
	if s.path == "" {
		return s.data, nil
	}
	return os.ReadFile(s.path)
}

// Picture reads the sample's image as it is stored, since the mask knows nothing of EXIF.
func (s *Sample) Picture() (*photo.Picture, error) {
	data, err := s.image.read()
	if err != nil {
		return nil, fmt.Errorf("refspatial: sample %s: image: %w", s.ID, err)
	}
	p, err := photo.Decode(data, photo.Options{Stored: true})
	if err != nil {
		return nil, fmt.Errorf("refspatial: sample %s: image: %w", s.ID, err)
	}
	return p, nil
}

// HasDepth says whether the folder has a depth picture for the sample: an extension of ours, the official benchmark never sends one.
func (s *Sample) HasDepth() bool { return !s.depth.none() }

// Depth reads the sample's depth picture; nil if it has none.
func (s *Sample) Depth() (*photo.Depth, error) {
	if s.depth.none() {
		return nil, nil
	}
	data, err := s.depth.read()
	if err != nil {
		return nil, fmt.Errorf("refspatial: sample %s: depth: %w", s.ID, err)
	}
	d, err := photo.DecodeDepth(data, photo.DepthAuto, photo.Options{Stored: true})
	if err != nil {
		return nil, fmt.Errorf("refspatial: sample %s: depth: %w", s.ID, err)
	}
	return d, nil
}

// Mask reads which pixels are right: those that are not zero, in the first channel if there are several, by the palette's index and not its colour.
func (s *Sample) Mask() (sim.Region, error) {
	data, err := s.mask.read()
	if err != nil {
		return sim.Region{}, fmt.Errorf("refspatial: sample %s: mask: %w", s.ID, err)
	}
	r, err := decodeMask(data)
	if err != nil {
		return sim.Region{}, fmt.Errorf("refspatial: sample %s: mask: %w", s.ID, err)
	}
	return r, nil
}

func decodeMask(data []byte) (sim.Region, error) {
	c, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return sim.Region{}, err
	}
	if c.Width < 1 || c.Height < 1 || c.Width > sim.MaxImageSide || c.Height > sim.MaxImageSide {
		return sim.Region{}, fmt.Errorf("%d×%d pixels (want 1×1 to %d×%d)", c.Width, c.Height, sim.MaxImageSide, sim.MaxImageSide)
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return sim.Region{}, err
	}
	b := img.Bounds()
	r := sim.Region{Width: b.Dx(), Height: b.Dy(), Mask: make([]bool, b.Dx()*b.Dy())}
	for i := range r.Mask {
		x, y := b.Min.X+i%r.Width, b.Min.Y+i/r.Width
		switch img := img.(type) {
		case *image.Paletted:
			r.Mask[i] = img.ColorIndexAt(x, y) != 0
		case *image.Gray:
			r.Mask[i] = img.GrayAt(x, y).Y != 0
		case *image.Gray16:
			r.Mask[i] = img.Gray16At(x, y).Y != 0
		case *image.NRGBA:
			r.Mask[i] = img.NRGBAAt(x, y).R != 0
		case *image.NRGBA64:
			r.Mask[i] = img.NRGBA64At(x, y).R>>8 != 0 // Pillow keeps the upper eight bits
		default:
			v, _, _, _ := img.At(x, y).RGBA()
			r.Mask[i] = v>>8 != 0
		}
	}
	return r, nil
}

// Load reads what is at path: a folder with question.json, a folder of such folders, a parquet file, or a folder of those (as on Hugging Face,
// "location-00000-of-00001.parquet"). Every file that is named must exist, and every image and mask must begin like one, so that a broken copy is
// found before the first question. Pictures themselves are read when they are needed. Splits are in the order location, placement, unseen, others by
// name; samples in the file's.
func Load(path string) ([]Split, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("refspatial: %w", err)
	}
	var splits []Split
	if !info.IsDir() {
		if splits, err = loadParquets([]string{path}); err != nil {
			return nil, err
		}
		return splits, nil
	}
	folders, err := questionFolders(path)
	if err != nil {
		return nil, err
	}
	for _, dir := range folders {
		s, err := loadFolder(dir)
		if err != nil {
			return nil, err
		}
		splits = append(splits, s)
	}
	if len(splits) == 0 {
		var files []string
		err := filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(p, ".parquet") {
				files = append(files, p)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("refspatial: %w", err)
		}
		if splits, err = loadParquets(files); err != nil {
			return nil, err
		}
	}
	if len(splits) == 0 {
		return nil, fmt.Errorf("refspatial: %s has no question.json, no folder with one and no .parquet file (want RefSpatial-Bench: Location/, Placement/, Unseen/, each with question.json, image/ and mask/)", path)
	}
	slices.SortStableFunc(splits, func(a, b Split) int {
		return cmp.Or(cmp.Compare(splitRank(a.Name), splitRank(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return splits, nil
}

func splitRank(name string) int {
	if i := slices.Index([]string{"location", "placement", "unseen"}, name); i >= 0 {
		return i
	}
	return 3
}

// questionFolders are dir itself or the folders in it that have a question.json.
func questionFolders(dir string) ([]string, error) {
	has := func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, "question.json"))
		return err == nil
	}
	if has(dir) {
		return []string{dir}, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("refspatial: %w", err)
	}
	var out []string
	for _, e := range entries {
		if sub := filepath.Join(dir, e.Name()); has(sub) {
			out = append(out, sub)
		}
	}
	return out, nil
}

// A question is an entry of question.json. Fields that are not named here are left alone: the folders are other people's.
type question struct {
	ID        json.RawMessage `json:"id"`
	Object    string          `json:"object"`
	Prompt    *string         `json:"prompt"`
	Suffix    string          `json:"suffix"`
	RGBPath   string          `json:"rgb_path"`
	MaskPath  string          `json:"mask_path"`
	DepthPath string          `json:"depth_path"`
	Step      int             `json:"step"`
	Scene     string          `json:"scene"`
	Relations []string        `json:"relations"`
}

func loadFolder(dir string) (Split, error) {
	file := filepath.Join(dir, "question.json")
	s := Split{Name: strings.ToLower(filepath.Base(dir))}
	data, err := os.ReadFile(file)
	if err != nil {
		return s, fmt.Errorf("refspatial: %w", err)
	}
	var questions []question
	if err := json.Unmarshal(data, &questions); err != nil {
		return s, fmt.Errorf("refspatial: %s: %w (want a list of questions)", file, err)
	}
	if len(questions) == 0 {
		return s, fmt.Errorf("refspatial: %s has no question", file)
	}
	seen := map[string]bool{}
	for i, q := range questions {
		sample := Sample{ID: strings.Trim(string(q.ID), `"`), Object: q.Object, Suffix: q.Suffix, Step: q.Step, Scene: q.Scene, Relations: q.Relations, RGBPath: q.RGBPath, MaskPath: q.MaskPath}
		err := func() error {
			switch {
			case sample.ID == "" || seen[sample.ID]:
				return fmt.Errorf("id %q is missing or occurs twice", sample.ID)
			case q.Prompt == nil || *q.Prompt == "":
				return errors.New("no prompt")
			}
			seen[sample.ID] = true
			sample.Prompt = *q.Prompt
			if sample.image, err = localFile(dir, "rgb_path", q.RGBPath); err != nil {
				return err
			}
			if sample.mask, err = localFile(dir, "mask_path", q.MaskPath); err != nil {
				return err
			}
			if q.DepthPath != "" {
				sample.depth, err = localFile(dir, "depth_path", q.DepthPath)
			}
			return err
		}()
		if err != nil {
			return s, fmt.Errorf("refspatial: %s: entry %d: %w", file, i, err)
		}
		s.Samples = append(s.Samples, sample)
	}
	return s, nil
}

// localFile is the picture at path within dir. It must begin like one.
func localFile(dir, field, path string) (source, error) {
	if path == "" || !filepath.IsLocal(path) {
		return source{}, fmt.Errorf("%s %q (want a file in the folder)", field, path)
	}
	full := filepath.Join(dir, path)
	f, err := os.Open(full)
	if err != nil {
		return source{}, fmt.Errorf("%s: %w", field, err)
	}
	defer f.Close()
	if strings.HasSuffix(path, ".npy") {
		return source{path: full}, nil
	}
	if _, _, err := image.DecodeConfig(f); err != nil {
		return source{}, fmt.Errorf("%s %s: %w", field, path, err)
	}
	return source{path: full}, nil
}

// A parquetRow is a sample as the Hugging Face datasets library stores it: an image is a struct of bytes and path.
type parquetRow struct {
	ID     int64        `parquet:"id,optional"`
	Image  parquetImage `parquet:"image,optional"`
	Mask   parquetImage `parquet:"mask,optional"`
	Depth  parquetImage `parquet:"depth,optional"`
	Object string       `parquet:"object,optional"`
	Prompt string       `parquet:"prompt,optional"`
	Suffix string       `parquet:"suffix,optional"`
	Step   int64        `parquet:"step,optional"`
	Scene  string       `parquet:"scene,optional"`
}

type parquetImage struct {
	Bytes []byte `parquet:"bytes,optional"`
	Path  string `parquet:"path,optional"`
}

// loadParquets joins the shards of each split, in the order of their names.
func loadParquets(files []string) ([]Split, error) {
	slices.Sort(files)
	var splits []Split
	for _, file := range files {
		name, _, _ := strings.Cut(strings.ToLower(strings.TrimSuffix(filepath.Base(file), ".parquet")), "-")
		samples, err := loadParquet(file)
		if err != nil {
			return nil, fmt.Errorf("refspatial: %s: %w", file, err)
		}
		i := slices.IndexFunc(splits, func(s Split) bool { return s.Name == name })
		if i < 0 {
			splits = append(splits, Split{Name: name})
			i = len(splits) - 1
		}
		splits[i].Samples = append(splits[i].Samples, samples...)
	}
	return splits, nil
}

func loadParquet(file string) (samples []Sample, err error) {
	defer func() { // the library panics at some broken files
		if e := recover(); e != nil {
			samples, err = nil, fmt.Errorf("not a readable parquet file: %v", e)
		}
	}()
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	// The library would reserve what the footer claims to be long, up to 4 GB of it.
	var end [8]byte
	if _, err := f.ReadAt(end[:], info.Size()-8); err != nil || info.Size() < 12 || string(end[4:]) != "PAR1" || int64(binary.LittleEndian.Uint32(end[:])) > info.Size()-12 {
		return nil, errors.New("not a parquet file, or one that is cut off")
	}
	pf, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		return nil, err
	}
	var columns []string
	for _, c := range pf.Root().Columns() {
		columns = append(columns, c.Name())
	}
	for _, want := range []string{"id", "image", "mask", "object", "prompt", "suffix", "step"} {
		if !slices.Contains(columns, want) {
			return nil, fmt.Errorf("no column %q (have %s)", want, strings.Join(columns, ", "))
		}
	}
	if n := pf.NumRows(); n < 0 || n > info.Size() {
		return nil, fmt.Errorf("%d rows in %d bytes", n, info.Size())
	}
	rows := make([]parquetRow, pf.NumRows())
	r := parquet.NewGenericReader[parquetRow](pf)
	defer r.Close()
	for n := 0; n < len(rows); {
		k, err := r.Read(rows[n:])
		if n += k; n < len(rows) && err != nil {
			return nil, fmt.Errorf("row %d of %d: %w", n, len(rows), err)
		}
	}
	for i, row := range rows {
		s := Sample{ID: fmt.Sprint(row.ID), Object: row.Object, Prompt: row.Prompt, Suffix: row.Suffix, Step: int(row.Step), Scene: row.Scene, RGBPath: row.Image.Path, MaskPath: row.Mask.Path,
			image: source{data: row.Image.Bytes}, mask: source{data: row.Mask.Bytes}, depth: source{data: row.Depth.Bytes}}
		for _, pic := range []struct {
			name string
			data []byte
		}{{"image", s.image.data}, {"mask", s.mask.data}} {
			if _, _, err := image.DecodeConfig(bytes.NewReader(pic.data)); err != nil {
				return nil, fmt.Errorf("row %d: %s of %d bytes: %w", i, pic.name, len(pic.data), err)
			}
		}
		if s.Prompt == "" {
			return nil, fmt.Errorf("row %d: no prompt", i)
		}
		samples = append(samples, s)
	}
	return samples, nil
}
