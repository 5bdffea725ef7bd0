package scenes

import (
	"github.com/refarena/refarena/sim"
)

// PlaceMargin is what must be left free around the base of an object that is put down [m].
const PlaceMargin = 0.005

func regionOf(seg *sim.Segmentation, in func(pixel int) bool) sim.Region {
	r := sim.Region{Width: seg.Width, Height: seg.Height, Mask: make([]bool, seg.Width*seg.Height)}
	for i := range r.Mask {
		r.Mask[i] = in(i)
	}
	return r
}

// ObjectRegion is where the shot shows the object: the right answers to "point at the red mug".
func (s *Scene) ObjectRegion(shot *sim.Shot, object int) sim.Region {
	id := int32(s.Bodies[object])
	return regionOf(&shot.Seg, func(i int) bool { return shot.Seg.Bodies[i] == id })
}

// PlaceRegion is where the shot shows a place at which the object held can be put down on or in the object support: the right answers
// to "put the can on the plate". A pixel is right if the point of the support's surface that it shows lies so far inside the
// surface that the held object's base has PlaceMargin to spare whichever way it is turned (see Design.Fits), and so
// far from whatever else is on the support. In a hollow thing what need not stand may lie on what is in there already, as long as that
// is well below the rim. The region is computed from where data has the objects now. A support that the held object does not fit has an empty one.
func (s *Scene) PlaceRegion(shot *sim.Shot, data *sim.Data, held, support int) sim.Region {
	what, on := s.Objects[held].Design, s.Objects[support].Design
	none := func(int) bool { return false }
	if !what.Fits(on) {
		return regionOf(&shot.Seg, none)
	}
	room, _ := on.Support.room(what)
	tWorldSupport := data.BodyPose(s.Bodies[support])
	tSupportWorld := tWorldSupport.Inv()
	free := circle(what.Footprint.turned() + PlaceMargin)
	others := s.takenOn(held, support, func(i int) sim.Pose { return data.BodyPose(s.Bodies[i]) })
	cam := shot.Frame.Camera
	ground := map[int32]bool{int32(s.Bodies[support]): true}
	heap := on.Support.hollow() && !what.Upright
	if heap {
		others = nil
		for i := range s.Objects {
			if i != held && i != support && s.RestsOn(data, i, support) {
				ground[int32(s.Bodies[i])] = true
			}
		}
	}
	return regionOf(&shot.Seg, func(i int) bool {
		if !ground[shot.Seg.Bodies[i]] || shot.Frame.Depth[i] == 0 {
			return false
		}
		px := sim.Pixel{X: float64(i%shot.Seg.Width) + 0.5, Y: float64(i/shot.Seg.Width) + 0.5}
		p := tSupportWorld.Apply(cam.Deproject(px, float64(shot.Frame.Depth[i])))
		const rough = 0.004 // the surface's relief and the depth's error [m]
		if p[2] < on.Support.Z-rough || p[2] > on.Support.Z+on.Support.Depth+rough || !room.Contains(p[0], p[1]) {
			return false
		}
		const belowRim = 0.02 // [m]
		if heap && p[2] > on.Support.Z+max(rough, on.Support.Depth-belowRim) {
			return false
		}
		at := free
		at.X, at.Y = p[0], p[1]
		for _, f := range others {
			if f.Gap(at) < 0 {
				return false
			}
		}
		return true
	})
}
