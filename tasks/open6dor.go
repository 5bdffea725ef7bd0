package tasks

import (
	"fmt"
	"math"
	"strings"

	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
)

// The position predicates of Open6DOR V2's evaluation, as its code has them, to set figures side by side: bare inequalities between the final
// positions of the objects' frames, no tolerance, whatever holds or moves them. They stand under `also` and decide nothing; the goals of the suite are
// what a corrected predicate asks: the right relation by package relate's margins, released, upright and at rest, for a second.
//
// Axes are the viewer's, along the ground, with the middle of the table's task zone as origin: the instructions' left is the viewer's. The
// official `between` tests the first coordinate against the range of both axes and joins them with OR; that is kept.
const officialPrefix = "open6dor "

var officialKinds = []ConditionKind{
	{Name: officialPrefix + "left", About: "as Open6DOR V2 has it: farther left than the second, by any amount", Min: 2, Max: 2, Also: true},
	{Name: officialPrefix + "right", About: "… farther right", Min: 2, Max: 2, Also: true},
	{Name: officialPrefix + "front", About: "… nearer to the viewer", Min: 2, Max: 2, Also: true},
	{Name: officialPrefix + "behind", About: "… farther from the viewer", Min: 2, Max: 2, Also: true},
	{Name: officialPrefix + "top", About: "… higher, wherever it is", Min: 2, Max: 2, Also: true},
	{Name: officialPrefix + "between", About: "… its first coordinate lies in the range of the two others' first, or in that of their second coordinates (an error of the official code, kept)", Min: 3, Max: 3, Also: true},
	{Name: officialPrefix + "center", About: "… inside of the box, along the axes, around the others", Min: 3, Max: 6, Also: true},
}

// A Measure is a condition under `also` as it was when the episode was over.
type Measure struct {
	Name  string `json:"name"`
	Kind  string `json:"kind"`
	Holds bool   `json:"holds"`
	Why   string `json:"why,omitempty"` // it does not
}

// measure looks at the task's conditions under `also`, in the state that the judge saw last.
func (st *Stage) measure(j *judge, begun []sim.Pose) []Measure {
	var out []Measure
	for _, c := range st.Task.Also {
		m := Measure{Name: c.String(), Kind: c.Kind}
		if official, ok := strings.CutPrefix(c.Kind, officialPrefix); ok {
			m.Holds = st.official(official, c)
		} else {
			m.Holds, m.Why = st.holds(c, j, begun)
		}
		out = append(out, m)
	}
	return out
}

// official is a position predicate of Open6DOR V2.
func (st *Stage) official(kind string, c Condition) bool {
	var at []sim.Vec3 // right, away, up
	view := st.Scene.Camera(approveWidth, approveHeight).TWorldCam
	right, away := level(view.Axis(0)), level(view.Axis(2))
	middle := sim.Vec3{(scenes.TaskZone.MinX + scenes.TaskZone.MaxX) / 2, (scenes.TaskZone.MinY + scenes.TaskZone.MaxY) / 2, 0}
	for _, o := range st.objects(c) {
		p := st.Scene.Data.BodyPose(st.Scene.Bodies[o]).Pos.Sub(middle)
		at = append(at, sim.Vec3{p.Dot(right), p.Dot(away), p[2]})
	}
	thing, others := at[0], at[1:]
	within := func(x float64, axis int) bool {
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, p := range others {
			lo, hi = min(lo, p[axis]), max(hi, p[axis])
		}
		return lo < x && x < hi
	}
	switch kind {
	case "left":
		return thing[0] < others[0][0]
	case "right":
		return thing[0] > others[0][0]
	case "front":
		return thing[1] < others[0][1]
	case "behind":
		return thing[1] > others[0][1]
	case "top":
		return thing[2] > others[0][2]
	case "between": // x is away, y to the side: the official code's first coordinate is the one along its viewing direction
		return within(thing[1], 1) || within(thing[1], 0)
	case "center":
		return within(thing[0], 0) && within(thing[1], 1)
	}
	panic(fmt.Sprintf("tasks: no official predicate %q", kind)) // the suite was checked
}

// level is a direction along the ground, of unit length.
func level(v sim.Vec3) sim.Vec3 {
	v[2] = 0
	return v.Mul(1 / v.Len())
}
