package scenes

import (
	"fmt"
	"math"
	"slices"

	"github.com/refarena/refarena/sim"
)

// What a settled scene has to satisfy.
const (
	MaxSettleTime  = 3.0   // simulated time after which everything must be at rest [s]
	MaxPenetration = 0.001 // two things may be this far inside each other [m]
	maxTilt        = 0.05  // from how a thing was put [rad]
	maxShift       = 0.02  // from where a thing was put [m]
	zoneSlack      = 0.002 // out of the zone [m]
)

// settleSteps is how many physics steps are made between two looks at what is at rest.
const settleSteps = 10

// Settle steps the physics until all objects of the layout are asleep, then looks at what has become of them, and writes their poses
// into the layout. Why the scene is no good, if it is not, is the Reason; "" means it is good. data must be of a Model compiled from the
// layout's Spec; a robot in it holds the posture that its Ctrl asks for meanwhile. The error is for physics that cannot go on.
func Settle(data *sim.Data, l *Layout) (Reason, error) {
	m := data.Model()
	cfg := l.Config.withDefaults()
	ids := make([]int, len(l.Objects))
	for i, p := range l.Objects {
		id, err := m.BodyID(p.Name)
		if err != nil {
			return "", fmt.Errorf("scenes: settle: %w", err)
		}
		ids[i] = id
	}
	end := data.Steps() + int(MaxSettleTime/m.Timestep())
	for slices.ContainsFunc(ids, func(id int) bool { return !data.Asleep(id) }) {
		if data.Steps() >= end {
			return Unsettled, nil
		}
		if err := data.Step(settleSteps); err != nil {
			return "", fmt.Errorf("scenes: settle: %w", err)
		}
	}
	for i, id := range ids {
		p := &l.Objects[i]
		put, now := p.TWorldObj, data.BodyPose(id)
		tilt := math.Acos(min(max(now.Axis(2)[2], -1), 1))
		switch {
		case !p.Design.Rolls && tilt > maxTilt:
			return Toppled, nil
		case now.Pos.Sub(put.Pos).Len() > maxShift:
			return Moved, nil
		}
		p.TWorldObj = now
		if !cfg.Zone.holds(p.Footprint(), zoneSlack) {
			return LeftZone, nil
		}
	}
	cam := DefaultCamera(640, 480)
	for i := range l.Objects {
		if l.Objects[i].visible(data, ids[i], cam) < cfg.MinVisible {
			return Hidden, nil
		}
	}
	if penetration(data, l, ids) > MaxPenetration {
		return Penetration, nil
	}
	return "", nil
}

// penetration is how deep the objects are inside the table or each other at most [m]. It asks the geometry itself: two bodies that are
// asleep have no contacts.
func penetration(data *sim.Data, l *Layout, ids []int) float64 {
	m := data.Model()
	geoms := make([][]int, len(ids)) // of each object
	var table []int
	for g := range m.NGeom() {
		if !m.GeomCollides(g) {
			continue
		}
		if i := slices.Index(ids, m.GeomBody(g)); i >= 0 {
			geoms[i] = append(geoms[i], g)
		} else if m.BodyName(m.GeomBody(g)) == TableBody {
			table = append(table, g)
		}
	}
	deepest := func(a, b []int) float64 {
		var depth float64
		for _, g := range a {
			for _, h := range b {
				depth = max(depth, -data.GeomDistance(g, h, 0.01))
			}
		}
		return depth
	}
	var depth float64
	for i := range ids {
		depth = max(depth, deepest(geoms[i], table))
		for j := range i {
			if l.Objects[i].Footprint().Gap(l.Objects[j].Footprint()) < 0.01 {
				depth = max(depth, deepest(geoms[i], geoms[j]))
			}
		}
	}
	return depth
}
