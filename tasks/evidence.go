package tasks

import (
	"math"
	"slices"

	"github.com/refarena/refarena/sim"
)

// evidence is how things are in the state that the judge saw last, which is the end of a step of a goal.
func (e *episode) evidence(goal int, s *StepRecord) *Evidence {
	g, data := &e.stage.Goals[goal], e.stage.Scene.Data
	object := e.body(g.Move)
	pose := data.BodyPose(object)
	out := &Evidence{Object: e.phrase(g.Move), PosWorld: pose.Pos, QuatWorld: wxyz(pose.Rot), Touches: e.touches(object), Moved: []string{}}
	if s.Point != nil {
		out.PointOn, out.Aimed = e.seenAt(*s.Point), e.aimed
	}
	if held := e.inHand(); held != "nothing" {
		out.InHand = held
	}
	if g.To >= 0 {
		p := [3]float64(data.BodyPose(e.body(g.To)).Pos)
		out.Holder = &p
	}
	for i, was := range e.begun {
		if i == g.Move {
			continue
		}
		if pos, _ := data.BodyPose(e.body(i)).Distance(was); pos > 0.010 {
			out.Moved = append(out.Moved, e.phrase(i))
		}
	}
	return out
}

func wxyz(q sim.Quat) [4]float64 { return [4]float64{q.W, q.V[0], q.V[1], q.V[2]} }

// touches names what a body is in contact with, each once: objects as people call them.
func (e *episode) touches(object int) []string {
	out := []string{}
	for _, c := range e.judge.contacts {
		a, b := e.judge.model.BodyRoot(c.Body1), e.judge.model.BodyRoot(c.Body2)
		other, id := b, c.Body2
		switch object {
		case a:
		case b:
			other, id = a, c.Body1
		default:
			continue
		}
		name := e.called(other, id)
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// called is what people call a body of which root is the one that moves freely.
func (e *episode) called(root, id int) string {
	if k := slices.Index(e.stage.Scene.Bodies, root); k >= 0 {
		return e.phrase(k)
	}
	switch name := e.stage.Scene.Model.BodyName(id); {
	case isRobot(name):
		return "the robot"
	case id == 0:
		return "the floor"
	default:
		return "the " + name
	}
}

// aim names what the depth image has a point of the picture on; "" if it is on nothing.
func (e *episode) aim(p sim.NormPoint) string {
	cam := e.shot.Frame.Camera
	px := p.Pixel(cam.Width, cam.Height)
	i, ok := px.Index(cam.Width, cam.Height)
	if !ok || i >= len(e.shot.Frame.Depth) || e.shot.Frame.Depth[i] == 0 {
		return ""
	}
	return e.nearest(cam.Deproject(px, float64(e.shot.Frame.Depth[i])))
}

// nearest names what is nearest to a place in the world, within 15 mm, but not the robot; "" if nothing is.
func (e *episode) nearest(p [3]float64) string {
	// Rays from 15 mm away along each axis, towards the place and on to as far behind it.
	const near = 0.015
	best, name := math.Inf(1), ""
	for axis := range 3 {
		for _, sign := range [...]float64{-1, 1} {
			var dir sim.Vec3
			dir[axis] = sign
			from := sim.Vec3(p).Sub(dir.Mul(near))
			dist, geom, ok := e.stage.Scene.Data.Ray(from, dir, false)
			if !ok || dist > 2*near {
				continue
			}
			body := e.stage.Scene.Model.GeomBody(geom)
			if who := e.called(e.stage.Scene.Model.BodyRoot(body), body); who != "the robot" && math.Abs(dist-near) < best {
				best, name = math.Abs(dist-near), who
			}
		}
	}
	return name
}
