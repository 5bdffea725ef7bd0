package dataset

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/refarena/refarena/sim"
)

// A Row is one picture in a shard, with all that is known about it.
type Row struct {
	ID        string `parquet:"id"` // level, seed and view
	Level     string `parquet:"level,dict"`
	Seed      int64  `parquet:"seed"`
	View      int32  `parquet:"view"`
	Width     int32  `parquet:"width"` // [px]
	Height    int32  `parquet:"height"`
	RGBFormat string `parquet:"rgb_format,dict"`
	RGB       []byte `parquet:"rgb"`       // in the format
	Disparity []byte `parquet:"disparity"` // Height × Width, one byte each: referee.DisparityMinMaxU8
	Depth     []byte `parquet:"depth"`     // Height × Width × 2 bytes, the low one first: millimetres along cam z, 0 for no return
	IDs       []byte `parquet:"ids"`       // Height × Width: 0 for what is around, an object's id, or TableID
	Camera    string `parquet:"camera"`    // JSON of a Camera
	Objects   string `parquet:"objects"`   // JSON of a list of Object
	Questions string `parquet:"questions"` // JSON of a list of Question
}

// TableID is what Row.IDs has for a table.
const TableID = 255

// A Camera is a sim.Camera as data files have it. Where Fx and Fy differ, the picture has been squeezed.
type Camera struct {
	Width  int        `json:"width"` // [px]
	Height int        `json:"height"`
	Fx     float64    `json:"fx"` // [px]
	Fy     float64    `json:"fy"`
	Cx     float64    `json:"cx"`
	Cy     float64    `json:"cy"`
	Eye    [3]float64 `json:"eye"`  // T_world_cam: the camera's centre [m]
	Quat   [4]float64 `json:"quat"` // … wxyz; x right, y down, z forward
}

// An Object is a thing in the picture.
type Object struct {
	ID       int        `json:"id"`       // from 1; in Row.IDs
	Name     string     `json:"name"`     // category
	Names    []string   `json:"names"`    // all that it may be called, the category first
	Color    string     `json:"color"`    // one word
	Box      *[4]int    `json:"box"`      // x0, y0, x1, y1 of what is visible [px], half open; null if nothing is
	Pixels   int        `json:"pixels"`   // visible
	Point    *Point     `json:"point"`    // the visible pixel that is deepest inside; null if nothing is
	Position [3]float64 `json:"position"` // of its middle, in the world [m]
	Size     [3]float64 `json:"size"`     // along its own axes [m]
	On       int        `json:"on"`       // id of what it stands on or lies in; 0 is a table
}

// A Point is a position in the picture, 0…1 over width and height, with three decimals as in an answer.
type Point [2]float64

// String is the point as a tuple of RoboRefer's answers.
func (p Point) String() string { return fmt.Sprintf("(%.3f, %.3f)", p[0], p[1]) }

// A Question is a question about a picture, with its answer.
type Question struct {
	Kind       string   `json:"kind"` // location or placement
	Text       string   `json:"text"`
	Object     string   `json:"object"`      // what Text asks for, alone
	ObjectSpan [3]int   `json:"object_span"` // where the words for that are in Text: start, end of the bare noun, end [bytes]
	HeldSpan   [3]int   `json:"held_span"`   // … those for what is held; zeros if there are none
	Steps      int      `json:"steps"`       // of reasoning, 1…5
	Relations  []string `json:"relations"`
	Split      string   `json:"split"`     // seen or unseen
	Target     int      `json:"target"`    // of a location: the object's id, else 0
	Held       int      `json:"held"`      // of a placement: the id of what is to be put there, 0 if nothing is said of it
	Part       string   `json:"part"`      // of a location: the part that is meant; "" is all of it
	Anchors    []int    `json:"anchors"`   // ids of the objects named on the way, in the order of Trace
	Mask       []int    `json:"mask"`      // the right answers: see sim.Region.Runs
	Pixels     int      `json:"pixels"`    // how many
	Points     []Point  `json:"points"`    // right answers, the first of them the deepest inside
	Answer     string   `json:"answer"`    // the first of Points, as RoboRefer answers
	Trace      []Step   `json:"trace"`     // the steps
	Reasoning  string   `json:"reasoning"` // the answer that shows its steps
}

// A Step is a step of reasoning, annotated for process rewards.
type Step struct {
	Kind     string    `json:"kind"` // Position, Orientation or Size
	Target   string    `json:"target"`
	Value    []float64 `json:"value"`    // a point of the picture, a unit vector in the camera frame, or a length [m]
	Relation string    `json:"relation"` // that the step is for; "" for none
	Objects  []int     `json:"objects"`  // ids of what has the position or size, or of what the direction starts from
	Depth    int       `json:"depth"`    // 0 for what is asked for, 1 for what its own words name, 2 for what the words for that name, …
	Span     [3]int    `json:"span"`     // its words in Question.Text: start, end of the bare noun (of a direction: before its anchor), end [bytes]
	Line     string    `json:"line"`     // as the reasoning says it
}

// Reasoning is RoboRefer's answer with its steps shown (arXiv 2506.04308, appendix D.4).
func Reasoning(lines []string, answer string) string {
	return "<think>" + strings.Join(lines, "\n") + "</think><answer>" + answer + "</answer>"
}

// RegionOf is the region that runs say (see sim.Region.Runs). The error is for runs that do not make up a picture of that size.
func RegionOf(runs []int, width, height int) (sim.Region, error) {
	r := sim.Region{Width: width, Height: height, Mask: make([]bool, 0, width*height)}
	for i, n := range runs {
		if n < 0 || n > width*height-len(r.Mask) {
			return sim.Region{}, fmt.Errorf("dataset: run %d of a mask is %d px long, %d px of %d × %d are left", i, n, width*height-len(r.Mask), width, height)
		}
		for range n {
			r.Mask = append(r.Mask, i%2 == 1)
		}
	}
	if len(r.Mask) != width*height {
		return sim.Region{}, fmt.Errorf("dataset: a mask of %d px in a picture of %d × %d", len(r.Mask), width, height)
	}
	return r, nil
}

// round is x to so many decimals; never "-0".
func round(x float64, decimals int) float64 {
	p := math.Pow10(decimals)
	return math.Round(x*p)/p + 0
}

// text is v as JSON.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // the types above are plain
	}
	return string(b)
}
