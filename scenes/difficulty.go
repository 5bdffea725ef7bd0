package scenes

import (
	"slices"

	"github.com/refarena/refarena/sim"
)

// A Difficulty says, in figures, what makes a settled scene hard to refer to and to work in. Those of an instruction (how many
// steps of reasoning, which relations) come from the instruction.
type Difficulty struct {
	Objects int                `json:"objects"`
	Carried int                `json:"carried"` // how many of them stand on or lie in others
	Density float64            `json:"density"` // share of the tables' zones (see Config.Zone) that outlines of objects cover
	Each    []ObjectDifficulty `json:"each"`    // by object
}

// An ObjectDifficulty says what makes one object hard to find, to tell from others and to take.
type ObjectDifficulty struct {
	Occlusion   float64 `json:"occlusion"`    // share of its outline in the picture that something hides or the border cuts off, 0…1
	Similarity  float64 `json:"similarity"`   // to the most similar other object, 0…1: see Similarity
	Clearance   float64 `json:"clearance"`    // to the nearest other thing in the way of fingers [m]: see Layout.Clearance
	ReachMargin float64 `json:"reach_margin"` // how far its middle is inside JointZone, negative outside [m]
}

// Difficulty measures the scene as data has it now, seen by cam. About a ms an object.
func (s *Scene) Difficulty(data *sim.Data, cam sim.Camera) Difficulty {
	now := s.Layout
	now.Objects = slices.Clone(s.Objects)
	for i := range now.Objects {
		now.Objects[i].TWorldObj = data.BodyPose(s.Bodies[i])
	}
	var zones, covered float64
	for _, z := range s.Config.withDefaults().zones(s.Setting) {
		zones += z.area()
	}
	d := Difficulty{Objects: len(now.Objects)}
	for i := range now.Objects {
		p := &now.Objects[i]
		at := p.TWorldObj.Pos
		e := ObjectDifficulty{
			Occlusion:   1 - p.visible(data, s.Bodies[i], cam, stareRays),
			Clearance:   now.Clearance(i),
			ReachMargin: JointZone.depth(at[0], at[1]),
		}
		for j := range now.Objects {
			if j != i {
				e.Similarity = max(e.Similarity, Similarity(p, &now.Objects[j]))
			}
		}
		if p.On != "" {
			d.Carried++
		} else {
			covered += p.Footprint().area()
		}
		d.Each = append(d.Each, e)
	}
	if zones > 0 {
		d.Density = covered / zones
	}
	return d
}

// Similarity is how easily one object is taken for another, 0…1: a half for a name in common, 0.3 for the same colour, and up to 0.2
// for the same size (the ratio of the smaller to the larger, of heights times that of outlines).
func Similarity(p, q *Placed) float64 {
	ratio := func(a, b float64) float64 { return min(a, b) / max(a, b) }
	x := 0.2 * ratio(p.Design.Height, q.Design.Height) * ratio(p.Design.Footprint.Reach(), q.Design.Footprint.Reach())
	if p.Design.sharesName(q.Design) {
		x += 0.5
	}
	if p.Color.Name == q.Color.Name {
		x += 0.3
	}
	return min(x, 1)
}
