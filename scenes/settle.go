package scenes

import (
	"cmp"
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
	minBalance     = 0.003 // how far the centre of mass has to be inside what a thing stands on [m]
	minBorne       = 0.5   // share of a thing's weight that what it was put on has to bear
)

// settleSteps is how many physics steps are made between two looks at what is at rest.
const settleSteps = 10

// A finding is what is wrong with a scene: the reason, the object and the figure that was too large or too small.
type finding struct {
	reason Reason
	object string
	detail string
}

func (f finding) String() string { return fmt.Sprintf("%s: the %s %s", f.reason, f.object, f.detail) }

// settle steps the physics until all objects of the layout are asleep, then looks at what has become of them, and writes their poses into the layout. data
// must be of a Model compiled from the layout's Spec; a robot in it holds the posture that its Ctrl asks for meanwhile. The error is for physics
// that cannot go on.
func settle(data *sim.Data, l *Layout) (finding, error) {
	ids, err := l.bodies(data.Model())
	if err != nil {
		return finding{}, fmt.Errorf("scenes: settle: %w", err)
	}
	end := data.Steps() + int(MaxSettleTime/data.Model().Timestep())
	for {
		awake := slices.IndexFunc(ids, func(id int) bool { return !data.Asleep(id) })
		if awake < 0 {
			break
		}
		if f := l.fallen(data, ids); f.reason != "" {
			return f, nil
		}
		if data.Steps() >= end {
			return finding{Unsettled, l.Objects[awake].Name, fmt.Sprintf("still moves after %g s", MaxSettleTime)}, nil
		}
		if err := data.Step(settleSteps); err != nil {
			return finding{}, fmt.Errorf("scenes: settle: %w", err)
		}
	}
	if f := l.takePoses(data, ids); f.reason != "" {
		return f, nil
	}
	if f, err := l.checkContacts(data, ids); err != nil || f.reason != "" {
		return f, err
	}
	cfg := l.Config.withDefaults()
	cam := l.Camera(640, 480)
	for i := range l.Objects {
		p := &l.Objects[i]
		if share := p.visible(data, ids[i], cam, glanceRays); share < cfg.MinVisible {
			return finding{Hidden, p.Name, fmt.Sprintf("is visible to %.0f %%, want %.0f", 100*share, 100*cfg.MinVisible)}, nil
		}
	}
	return finding{}, nil
}

// fallen says early what cannot come to a good end: something has fallen over or off the table.
func (l *Layout) fallen(data *sim.Data, ids []int) finding {
	const tilt, drop = 0.5, 0.1 // [rad], [m]
	lowest := math.Inf(1)
	for _, t := range l.Setting.tables() {
		lowest = min(lowest, t.Z)
	}
	for i, id := range ids {
		p := &l.Objects[i]
		now := data.BodyPose(id)
		switch {
		case !p.Design.Rolls && !l.loose(i) && now.Axis(2)[2] < math.Cos(tilt):
			return finding{Toppled, p.Name, "falls over"}
		case now.Pos[2] < lowest-drop:
			return finding{LeftZone, p.Name, "falls down"}
		}
	}
	return finding{}
}

// bodies are the ids of the objects' bodies.
func (l *Layout) bodies(m *sim.Model) ([]int, error) {
	ids := make([]int, len(l.Objects))
	for i, p := range l.Objects {
		id, err := m.BodyID(p.Name)
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	return ids, nil
}

// loose reports whether the object lies in a hollow one, where it may have come to lie anyhow.
func (l *Layout) loose(object int) bool {
	on := l.Under(object)
	return on >= 0 && l.Objects[on].Design.Support.hollow() && !l.Objects[object].Design.Upright
}

// letDown lowers what lies in hollow things until it touches them, instead of dropping it, since walls are not vertical.
func (l *Layout) letDown(data *sim.Data, ids []int) error {
	m := data.Model()
	var contacts []sim.Contact
	for i := range l.Objects {
		if !l.loose(i) {
			continue
		}
		p := &l.Objects[i]
		joint, err := m.JointID(p.Name)
		if err != nil {
			return err
		}
		touches := func(height float64) (bool, error) {
			at := p.TWorldObj
			at.Pos[2] += height
			data.SetFreePose(joint, at)
			if err := data.Collide(); err != nil {
				return false, err
			}
			contacts = data.Contacts(contacts)
			return slices.ContainsFunc(contacts, func(c sim.Contact) bool {
				return c.Dist < -1e-5 && (m.BodyRoot(c.Body1) == ids[i] || m.BodyRoot(c.Body2) == ids[i])
			}), nil
		}
		in, out := 0.0, l.Objects[l.Under(i)].Design.Support.Depth+p.Design.Height
		if hit, err := touches(in); err != nil {
			return err
		} else if !hit {
			continue
		}
		for out-in > 0.0005 {
			mid := (in + out) / 2
			hit, err := touches(mid)
			if err != nil {
				return err
			}
			if hit {
				in = mid
			} else {
				out = mid
			}
		}
		if _, err := touches(out); err != nil {
			return err
		}
		p.TWorldObj.Pos[2] += out
	}
	return nil
}

// takePoses writes the settled poses into the layout and looks at which of them are not what was wanted.
func (l *Layout) takePoses(data *sim.Data, ids []int) finding {
	zones := l.Config.withDefaults().zones(l.Setting)
	for i, id := range ids {
		p := &l.Objects[i]
		put, now := p.TWorldObj, data.BodyPose(id)
		p.TWorldObj = now
		tilt := math.Acos(min(max(now.Axis(2)[2], -1), 1))
		if !p.Design.Rolls && !l.loose(i) && tilt > maxTilt {
			return finding{Toppled, p.Name, fmt.Sprintf("leans by %.0f°", tilt*180/math.Pi)}
		}
		if on := l.Under(i); on >= 0 {
			if !restsOn(p, data.BodyPose(ids[on]).Inv().Mul(now), l.Objects[on].Design) {
				return finding{FellOff, p.Name, "is no longer " + l.Objects[on].Design.Support.Preposition + " the " + l.Objects[on].Name}
			}
			if l.loose(i) {
				continue
			}
		}
		if shift := now.Pos.Sub(put.Pos).Len(); shift > maxShift {
			return finding{Moved, p.Name, fmt.Sprintf("has moved by %.0f mm", 1000*shift)}
		}
		if p.On != "" {
			continue
		}
		k := max(l.TableUnder(now.Pos[0], now.Pos[1]), 0)
		if !zones[k].holds(p.Footprint(), zoneSlack) {
			return finding{LeftZone, p.Name, fmt.Sprintf("at (%.3f, %.3f) m sticks out of the zone %+v", now.Pos[0], now.Pos[1], zones[k])}
		}
	}
	return finding{}
}

// checkContacts wakes everything, in a Data of its own, and looks at what touches what: how deep, and who bears whose weight.
func (l *Layout) checkContacts(data *sim.Data, ids []int) (finding, error) {
	m := data.Model()
	look, err := sim.NewData(m)
	if err != nil {
		return finding{}, err
	}
	defer look.Close()
	if err := look.CopyAwake(data); err != nil {
		return finding{}, err
	}
	contacts := look.Contacts(nil)
	if depth, a, _ := penetration(m, contacts, ids); depth > MaxPenetration {
		return finding{Penetration, m.BodyName(a), fmt.Sprintf("is %.1f mm inside something", 1000*depth)}, nil
	}
	const gravity = 9.81
	for i, id := range ids {
		p := &l.Objects[i]
		var feet [][2]float64 // where it is pushed up
		var borne float64
		for _, c := range contacts {
			other, up := m.BodyRoot(c.Body1), c.Normal[2]
			if m.BodyRoot(c.Body2) != id {
				other, up = m.BodyRoot(c.Body2), -up
			}
			if m.BodyRoot(c.Body1) != id && m.BodyRoot(c.Body2) != id || up*c.Force <= 0 {
				continue
			}
			feet = append(feet, [2]float64{c.Pos[0], c.Pos[1]})
			if on := l.Under(i); on < 0 && isTable(m.BodyName(other)) || on >= 0 && other == ids[on] {
				borne += up * c.Force
			}
		}
		for _, j := range l.Carried(i) { // what it carries presses it down and is borne, too
			borne -= m.BodyMass(ids[j]) * gravity
		}
		if weight := m.BodyMass(id) * gravity; borne < minBorne*weight {
			what := "the table"
			if p.On != "" {
				what = "the " + p.On
			}
			return finding{FellOff, p.Name, fmt.Sprintf("rests on %s with %.0f %% of its weight", what, 100*borne/weight)}, nil
		}
		if p.Design.Rolls || l.loose(i) {
			continue
		}
		com := p.TWorldObj.Apply(p.Design.centreOfMass())
		if on := l.Under(i); on >= 0 {
			at := l.Objects[on].TWorldObj.Inv().Apply(com)
			if b := -l.Objects[on].Design.Support.Area.distance(at[0], at[1]); b < minBalance {
				return finding{Unbalanced, p.Name, fmt.Sprintf("has its centre of mass %.1f mm inside the edge of the %s", 1000*b, p.On)}, nil
			}
		}
		if len(feet) < 3 {
			continue
		}
		if b := balance(feet, com[0], com[1]); b < minBalance && (p.Design.Upright || b < 0) {
			return finding{Unbalanced, p.Name, fmt.Sprintf("has its centre of mass %.1f mm inside its feet", 1000*b)}, nil
		}
	}
	return finding{}, nil
}

func isTable(body string) bool { return body == tableName(0) || body == tableName(1) }

// penetration is how deep the objects are inside each other or something else at most [m], and between which bodies.
func penetration(m *sim.Model, contacts []sim.Contact, ids []int) (depth float64, a, b int) {
	for _, c := range contacts {
		one, two := m.BodyRoot(c.Body1), m.BodyRoot(c.Body2)
		if slices.Contains(ids, one) || slices.Contains(ids, two) {
			if -c.Dist > depth {
				depth, a, b = -c.Dist, one, two
			}
		}
	}
	return depth, a, b
}

// centreOfMass is in the object's frame [m].
func (d *Design) centreOfMass() sim.Vec3 {
	var sum sim.Vec3
	var mass float64
	for _, g := range d.Geoms {
		at := g.Pose.Pos
		if g.Type == sim.GeomMesh {
			at = g.Pose.Apply(d.hull(g.Mesh).middle())
		}
		sum, mass = sum.Add(at.Mul(g.Mass)), mass+g.Mass
	}
	return sum.Mul(1 / mass)
}

// middle is the mean of a hull's vertices, near enough to its centroid for asking what it stands on.
func (h *Hull) middle() sim.Vec3 {
	var sum sim.Vec3
	for _, v := range h.Vertices {
		sum = sum.Add(sim.Vec3{float64(v[0]), float64(v[1]), float64(v[2])})
	}
	return sum.Mul(1 / float64(len(h.Vertices)))
}

// balance is how far (x, y) is inside the convex hull of feet, three or more [m]; negative outside.
func balance(feet [][2]float64, x, y float64) float64 {
	hull := convexHull(feet)
	inside := math.Inf(1)
	for i, p := range hull {
		q := hull[(i+1)%len(hull)]
		dx, dy := q[0]-p[0], q[1]-p[1]
		if l := math.Hypot(dx, dy); l > 0 {
			inside = min(inside, (dx*(y-p[1])-dy*(x-p[0]))/l)
		}
	}
	if len(hull) < 3 { // a line: nothing is inside it
		return min(inside, 0)
	}
	return inside
}

// convexHull is the convex hull, counter-clockwise (Andrew's monotone chain, 1979).
func convexHull(points [][2]float64) [][2]float64 {
	p := slices.Clone(points)
	slices.SortFunc(p, func(a, b [2]float64) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	p = slices.Compact(p)
	if len(p) < 3 {
		return p
	}
	var hull [][2]float64
	walk := func(q [2]float64, keep int) {
		for len(hull) > keep {
			a, b := hull[len(hull)-2], hull[len(hull)-1]
			if (b[0]-a[0])*(q[1]-a[1])-(b[1]-a[1])*(q[0]-a[0]) > 0 {
				break
			}
			hull = hull[:len(hull)-1]
		}
		hull = append(hull, q)
	}
	for _, q := range p {
		walk(q, 1)
	}
	lower := len(hull)
	for i := len(p) - 2; i >= 0; i-- {
		walk(p[i], lower)
	}
	return hull[:len(hull)-1]
}
