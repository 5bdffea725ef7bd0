package tasks

import (
	"fmt"
	"slices"

	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/refer"
	"github.com/refarena/refarena/scenes/relate"
	"github.com/refarena/refarena/sim"
)

// pWorldHeld is about where a robot at home holds things [m]. It is a UR5's place and the same for all, so that the scenes are.
var pWorldHeld = sim.Vec3{0.18, 0, 0.20}

// rehearse plays the task through once without a robot's hand: each thing is put down where a perfect answer says, and comes to rest as it will. It
// reports whether every question had a right answer in the picture, and everything that was reached held to the end. What lies in a
// basket, a plate that has something on it, a place that is taken: the later goals find a table that only the earlier ones make.
//
// Data and shot are as they were before, bit for bit, when it returns.
func (st *Stage) rehearse(shot *sim.Shot, see sim.Renderer) (bool, error) {
	s := st.Scene
	before, err := sim.NewSnapshot(s.Model)
	if err != nil {
		return false, err
	}
	defer before.Close()
	if err := s.Data.Save(before); err != nil {
		return false, err
	}
	ok, err := st.playThrough(shot, see)
	if e := s.Data.Restore(before); err == nil {
		err = e
	}
	return ok, err
}

func (st *Stage) playThrough(shot *sim.Shot, see sim.Renderer) (bool, error) {
	s := st.Scene
	begun := st.poses()
	type put struct {
		object int
		area   *refer.Area // of free places; nil: on or in thing
		thing  int
	}
	var reached []put
	look := func() error { return see.Render(s.Data, s.Camera(approveWidth, approveHeight), shot) }
	enough := func(r sim.Region) bool { return float64(r.Count()) >= minRegion*float64(len(r.Mask)) }
	for k := range st.Goals[:st.Task.Need] {
		g := &st.Goals[k]
		if k > 0 { // at the beginning it was looked at
			if err := look(); err != nil {
				return false, err
			}
			if !enough(s.ObjectRegion(shot, g.Move)) {
				return false, nil
			}
		}
		reached = slices.DeleteFunc(reached, func(p put) bool { return p.object == g.Move })
		upright := sim.Pose{Pos: pWorldHeld, Rot: s.Objects[g.Move].TWorldObj.Rot}
		if err := st.setDown(g.Move, upright); err != nil {
			return false, err
		}
		if err := look(); err != nil {
			return false, err
		}
		place := put{object: g.Move, thing: g.To}
		var region sim.Region
		if g.put() == putTo {
			region = s.PlaceRegion(shot, s.Data, g.Move, g.To)
		} else {
			view, err := refer.LookHolding(s, shot, g.Move)
			if err != nil {
				return false, err
			}
			in, ok, err := g.sayWhere(view, scenes.Stream(st.Seed, fmt.Sprintf("rehearse %d", k)))
			if err != nil || !ok {
				return false, err
			}
			region, place.area = in.Region, in.Area
			if in.Area.Thing >= 0 {
				place.area, place.thing = nil, in.Area.Thing
			}
		}
		p, ok := st.middle(shot, region)
		if !ok || !enough(region) {
			return false, nil
		}
		upright.Pos = sim.Vec3{p[0], p[1], p[2] - s.Objects[g.Move].Design.Lowest(sim.Pose{Rot: upright.Rot})}
		if err := st.letGo(g.Move, upright); err != nil {
			return false, err
		}
		reached = append(reached, place)
		for _, p := range reached {
			var there bool
			if p.area != nil {
				now := s.Data.BodyPose(s.Bodies[p.object]).Pos
				there = p.area.Meets(relate.Vec2{now[0], now[1]}, placeSlack)
			} else {
				there = s.RestsOn(s.Data, p.object, p.thing)
			}
			if !there || !s.Stands(s.Data, p.object) {
				return false, nil
			}
		}
	}
	return st.endsWell(begun)
}

// middle is what the picture shows in the middle of a region, in the world [m]; false if the region is empty or that is out of reach.
func (st *Stage) middle(shot *sim.Shot, region sim.Region) (sim.Vec3, bool) {
	px, _, ok := region.Pole()
	if !ok {
		return sim.Vec3{}, false
	}
	cam := shot.Frame.Camera
	at, _ := px.Index(cam.Width, cam.Height)
	p := cam.Deproject(px, float64(shot.Frame.Depth[at]))
	return p, st.Scene.Reaches(p[0], p[1])
}

// letGo puts an object at a pose, or as little above it as it takes to touch nothing, and lets everything come to rest.
func (st *Stage) letGo(object int, tWorldObj sim.Pose) error {
	const step, most = 0.004, 0.20 // [m]
	d := st.Scene.Data
	var contacts []sim.Contact
	for up := 0.002; ; up += step {
		at := tWorldObj
		at.Pos[2] += up
		if err := st.setDown(object, at); err != nil {
			return err
		}
		contacts = d.Contacts(contacts)
		if up > most || !slices.ContainsFunc(contacts, func(c sim.Contact) bool {
			return c.Dist < 0 && (d.Model().BodyRoot(c.Body1) == st.Scene.Bodies[object] || d.Model().BodyRoot(c.Body2) == st.Scene.Bodies[object])
		}) {
			break
		}
	}
	const look, patience = 50, 750 // physics steps: 0.1 s, 1.5 s
	for range patience / look {
		if err := d.Step(look); err != nil {
			return err
		}
		if !slices.ContainsFunc(st.Scene.Bodies, func(b int) bool { return !d.Asleep(b) }) {
			break
		}
	}
	return nil
}

// setDown puts an object at a pose, at rest, and wakes what sleeps: what lay on it, or lies on it now, does not notice otherwise.
func (st *Stage) setDown(object int, tWorldObj sim.Pose) error {
	d := st.Scene.Data
	joint, err := d.Model().JointID(d.Model().BodyName(st.Scene.Bodies[object]))
	if err != nil {
		return err
	}
	d.SetFreePose(joint, tWorldObj)
	for _, b := range st.Scene.Bodies { // the least of speeds wakes them
		if j, err := d.Model().JointID(d.Model().BodyName(b)); err == nil && d.Asleep(b) {
			d.Qvel()[d.Model().JointDof(j)+2] += 1e-9
		}
	}
	return d.Forward()
}
