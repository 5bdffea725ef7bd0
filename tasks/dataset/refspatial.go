package dataset

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"text/tabwriter"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/refer"
	"github.com/refarena/refarena/sim"
)

// A task is a folder of the bench.
type task struct {
	folder, name string
	kind         scenes.QuestionKind // "" is both
	split        refer.Split
	steps        []int // how many of each number of steps RefSpatial-Bench has, from 1 on (arXiv 2506.04308v4, table 11)
}

var tasksOfBench = []task{
	{"Location", "location", scenes.Location, refer.Seen, []int{30, 38, 32, 0, 0}},
	{"Placement", "placement", scenes.Placement, refer.Seen, []int{0, 43, 28, 22, 7}},
	{"Unseen", "unseen", "", refer.Unseen, []int{0, 29, 26, 17, 5}},
}

// quota is how many questions of each number of steps make n, in the proportions of RefSpatial-Bench: rounded down, and what is missing given to
// the fewest steps first.
func (t *task) quota(n int) []int {
	all := 0
	for _, k := range t.steps {
		all += k
	}
	out := make([]int, len(t.steps))
	left := n
	for i, k := range t.steps {
		out[i] = n * k / all
		left -= out[i]
	}
	for i := range out {
		if left > 0 && t.steps[i] > 0 {
			out[i]++
			left--
		}
	}
	return out
}

// fits reports whether a question belongs to the task.
func (t *task) fits(q *Question) bool {
	return (t.kind == "" || q.Kind == string(t.kind)) && q.Split == string(t.split)
}

// A benchQuestion is an entry of question.json. The fields up to step are RefSpatial-Bench's own.
type benchQuestion struct {
	ID        int      `json:"id"`
	Object    string   `json:"object"`
	Prompt    string   `json:"prompt"`
	Suffix    string   `json:"suffix"`
	RGBPath   string   `json:"rgb_path"`
	MaskPath  string   `json:"mask_path"`
	Category  string   `json:"category"`
	Step      int      `json:"step"`
	DepthPath string   `json:"depth_path"` // 16 bits: mm along the optical axis, 0 for no return
	Relations []string `json:"relations"`
	Answer    Point    `json:"answer"`  // one right answer
	Picture   string   `json:"picture"` // level, seed and view of the scene
}

// RefSpatial writes an evaluation set in the form of RefSpatial-Bench: Location, Placement and Unseen, each with n questions (question.json, image/,
// mask/, depth/), step counts in that benchmark's proportions, and no more than one question of a picture in each. dir is a complete data set from
// the seeds of the bench. The folder must not exist; it appears when it is complete. What blind baselines score in it comes back, and lies in it as
// baselines.json.
func RefSpatial(dir, out string, n int) (*Baselines, error) {
	info, _, err := Read(dir, false)
	if err != nil {
		return nil, err
	}
	if info.Partition != Bench.Name {
		return nil, fmt.Errorf("dataset: %s is made from seeds for %s (want those for the %s, %d…%d)", dir, info.Partition, Bench.Name, Bench.First, Bench.End-1)
	}
	if n < 1 {
		return nil, fmt.Errorf("dataset: %d questions of each task (want 1 or more)", n)
	}
	if _, err := os.Lstat(out); err == nil {
		return nil, fmt.Errorf("dataset: %s is there already (choose another folder)", out)
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("dataset: evaluation set: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(out)), 0o777); err != nil {
		return nil, fmt.Errorf("dataset: evaluation set: %w", err)
	}
	work, err := os.MkdirTemp(filepath.Dir(filepath.Clean(out)), "."+filepath.Base(out)+".*"+unfinished)
	if err != nil {
		return nil, fmt.Errorf("dataset: evaluation set: %w", err)
	}
	defer os.RemoveAll(work)
	b, err := writeBench(dir, work, n)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(work, 0o755); err != nil {
		return nil, fmt.Errorf("dataset: evaluation set: %w", err)
	}
	if err := os.Rename(work, out); err != nil {
		return nil, fmt.Errorf("dataset: evaluation set: %w", err)
	}
	return b, nil
}

func writeBench(dir, out string, n int) (*Baselines, error) {
	lists := make([][]benchQuestion, len(tasksOfBench))
	quotas := make([][]int, len(tasksOfBench))
	for i := range tasksOfBench {
		quotas[i] = tasksOfBench[i].quota(n)
		for _, sub := range []string{"image", "mask", "depth"} {
			if err := os.MkdirAll(filepath.Join(out, tasksOfBench[i].folder, sub), 0o777); err != nil {
				return nil, fmt.Errorf("dataset: evaluation set: %w", err)
			}
		}
	}
	var blind Baselines
	err := Rows(dir, func(r *Row) (bool, error) {
		questions, err := r.List()
		if err != nil {
			return false, err
		}
		things, err := r.Things()
		if err != nil {
			return false, err
		}
		short := 0
		for i := range tasksOfBench {
			t := &tasksOfBench[i]
			if q := pickQuestion(t, quotas[i], questions); q != nil {
				quotas[i][q.Steps-1]--
				entry, err := r.saveBench(filepath.Join(out, t.folder), t.name, len(lists[i]), q)
				if err != nil {
					return false, fmt.Errorf("dataset: evaluation set: %w", err)
				}
				lists[i] = append(lists[i], entry)
				if err := blind.add(t.name, r, q, things); err != nil {
					return false, err
				}
			}
			for _, k := range quotas[i] {
				short += k
			}
		}
		return short > 0, nil
	})
	if err != nil {
		return nil, err
	}
	for i, t := range tasksOfBench {
		if missing := n - len(lists[i]); missing > 0 {
			return nil, fmt.Errorf("dataset: %s has too few questions for the bench: %d of %d for task %s are missing, by steps %v (make more scenes)",
				dir, missing, n, t.name, quotas[i])
		}
		if err := writeJSON(filepath.Join(out, t.folder, "question.json"), lists[i]); err != nil {
			return nil, fmt.Errorf("dataset: evaluation set: %w", err)
		}
	}
	blind.finish()
	if err := writeJSON(filepath.Join(out, "baselines.json"), &blind); err != nil {
		return nil, fmt.Errorf("dataset: evaluation set: %w", err)
	}
	return &blind, nil
}

// pickQuestion is the question of a picture that the task needs and that is the rarest: with the number of steps that the task has the fewest of; nil
// if it needs none.
func pickQuestion(t *task, quota []int, questions []Question) *Question {
	var best *Question
	for i := range questions {
		q := &questions[i]
		if t.fits(q) && quota[q.Steps-1] > 0 && (best == nil || t.steps[q.Steps-1] < t.steps[best.Steps-1]) {
			best = q
		}
	}
	return best
}

// saveBench writes the pictures of entry id of a task.
func (r *Row) saveBench(dir, name string, id int, q *Question) (benchQuestion, error) {
	file := fmt.Sprintf("%d.png", id)
	e := benchQuestion{
		ID: id, Object: q.Object, Prompt: q.Text, Suffix: referee.RoboReferSuffix, RGBPath: "image/" + file, MaskPath: "mask/" + file, DepthPath: "depth/" + file,
		Category: name, Step: q.Steps, Relations: q.Relations, Answer: q.Points[0], Picture: r.ID,
	}
	img, err := r.Image()
	if err != nil {
		return e, err
	}
	w, h := int(r.Width), int(r.Height)
	region, err := RegionOf(q.Mask, w, h)
	if err != nil {
		return e, err
	}
	mask := image.NewGray(image.Rect(0, 0, w, h))
	for i, in := range region.Mask {
		if in {
			mask.Pix[i] = 255
		}
	}
	if len(r.Depth) != 2*w*h {
		return e, fmt.Errorf("dataset: picture %s has %d bytes of depth (want 2 × %d × %d)", r.ID, len(r.Depth), h, w)
	}
	depth := image.NewGray16(image.Rect(0, 0, w, h))
	for i := range w * h {
		depth.SetGray16(i%w, i/w, color.Gray16{Y: binary.LittleEndian.Uint16(r.Depth[2*i:])})
	}
	for sub, img := range map[string]image.Image{"image": img, "mask": mask, "depth": depth} {
		data, err := encoded(img)
		if err != nil {
			return e, err
		}
		if err := os.WriteFile(filepath.Join(dir, sub, file), data, 0o666); err != nil {
			return e, err
		}
	}
	return e, nil
}

// Baselines are what answers that ignore the question score on an evaluation set: expectations, not draws.
type Baselines struct {
	Tasks []TaskBaselines `json:"tasks"`
}

// TaskBaselines are those of a task. Scores are shares of the questions, 0…1.
type TaskBaselines struct {
	Task         string             `json:"task"`
	Questions    int                `json:"questions"`
	RandomPixel  float64            `json:"random_pixel"`  // any pixel of the picture
	RandomObject float64            `json:"random_object"` // the middle of any object
	Rules        map[string]float64 `json:"rules"`         // always the object that is first by one relation, whatever the question
	Best         string             `json:"best"`          // … the best of them
	Steps        map[int]int        `json:"steps"`         // how many questions have so many steps
}

// ReadBaselines reads those of a folder that RefSpatial wrote; nil if it has none.
func ReadBaselines(dir string) (*Baselines, error) {
	path := filepath.Join(dir, "baselines.json")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	var b Baselines
	if err := json.Unmarshal(data, &b); err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", path, err)
	}
	return &b, nil
}

// The rules of the baselines: what is first by one relation, among the visible objects.
var rules = []struct {
	name string
	less func(a, b *Object) bool // a before b
}{
	{"leftmost", func(a, b *Object) bool { return a.Point[0] < b.Point[0] }},
	{"rightmost", func(a, b *Object) bool { return a.Point[0] > b.Point[0] }},
	{"nearest", func(a, b *Object) bool { return a.Box[3] > b.Box[3] }},
	{"farthest", func(a, b *Object) bool { return a.Box[3] < b.Box[3] }},
	{"tallest", func(a, b *Object) bool { return a.Size[2] > b.Size[2] }},
	{"shortest", func(a, b *Object) bool { return a.Size[2] < b.Size[2] }},
	{"biggest", func(a, b *Object) bool { return slices.Max(a.Size[:]) > slices.Max(b.Size[:]) }},
	{"smallest", func(a, b *Object) bool { return slices.Max(a.Size[:]) < slices.Max(b.Size[:]) }},
	{"most pixels", func(a, b *Object) bool { return a.Pixels > b.Pixels }},
}

func (b *Baselines) add(name string, r *Row, q *Question, things []Object) error {
	i := slices.IndexFunc(b.Tasks, func(t TaskBaselines) bool { return t.Task == name })
	if i < 0 {
		i = len(b.Tasks)
		b.Tasks = append(b.Tasks, TaskBaselines{Task: name, Rules: map[string]float64{}, Steps: map[int]int{}})
	}
	t := &b.Tasks[i]
	region, err := RegionOf(q.Mask, int(r.Width), int(r.Height))
	if err != nil {
		return err
	}
	hit := func(o *Object) float64 {
		if region.Contains(sim.NormPoint{X: o.Point[0], Y: o.Point[1]}) {
			return 1
		}
		return 0
	}
	t.Questions++
	t.Steps[q.Steps]++
	t.RandomPixel += float64(q.Pixels) / float64(len(region.Mask))
	var visible []*Object
	hits := 0.0
	for i := range things {
		if o := &things[i]; o.Point != nil {
			visible = append(visible, o)
			hits += hit(o)
		}
	}
	if len(visible) == 0 {
		return nil
	}
	t.RandomObject += hits / float64(len(visible))
	for _, rule := range rules {
		first := visible[0]
		for _, o := range visible[1:] {
			if rule.less(o, first) {
				first = o
			}
		}
		t.Rules[rule.name] += hit(first)
	}
	return nil
}

func (b *Baselines) finish() {
	slices.SortStableFunc(b.Tasks, func(x, y TaskBaselines) int { return rank(x.Task) - rank(y.Task) })
	for i := range b.Tasks {
		t := &b.Tasks[i]
		n := float64(t.Questions)
		t.RandomPixel, t.RandomObject = round(t.RandomPixel/n, 4), round(t.RandomObject/n, 4)
		best := -1.0
		for _, rule := range rules {
			t.Rules[rule.name] = round(t.Rules[rule.name]/n, 4)
			if t.Rules[rule.name] > best {
				best, t.Best = t.Rules[rule.name], rule.name
			}
		}
	}
}

// Write writes the baselines as a table, in percent.
func (b *Baselines) Write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "TASK\tQUESTIONS\tRANDOM PIXEL\tRANDOM OBJECT\tBEST RULE")
	for _, x := range b.Tasks {
		fmt.Fprintf(t, "%s\t%d\t%.1f\t%.1f\t%.1f (%s)\n", x.Task, x.Questions, 100*x.RandomPixel, 100*x.RandomObject, 100*x.Rules[x.Best], x.Best)
	}
	return t.Flush()
}

// rank is the place of a task in the bench.
func rank(name string) int {
	return slices.IndexFunc(tasksOfBench, func(t task) bool { return t.name == name })
}
