package scenes

import (
	"math"

	"github.com/refarena/refarena/sim"
)

// DefaultCamera is the camera that the referee sees through if a scene has none of its own (see Layout.Camera): across the table from the
// robot, looking down into the task zone. width and height are in px; 640 × 480 is usual.
func DefaultCamera(width, height int) sim.Camera { return defaultView.camera(width, height) }

// How many rays along each side of an object's box in the picture tell how much of it is visible.
const (
	glanceRays = 9  // to accept a scene
	stareRays  = 24 // for Difficulty
)

// visible is the share of the object's outline in the camera's image plane, 0…1, that is in the picture and that nothing else
// stands in front of, the robot included. rays × rays rays are cast through the box around the object's image. They look at collision geometry.
func (p *Placed) visible(data *sim.Data, body int, cam sim.Camera, rays int) float64 {
	inf := math.Inf(1)
	lo, hi, far := sim.Pixel{X: inf, Y: inf}, sim.Pixel{X: -inf, Y: -inf}, 0.0
	for _, c := range p.ball() {
		px, _, ok := cam.Project(c)
		if !ok {
			return 0
		}
		lo.X, lo.Y, hi.X, hi.Y = min(lo.X, px.X), min(lo.Y, px.Y), max(hi.X, px.X), max(hi.Y, px.Y)
		far = max(far, c.Sub(cam.TWorldCam.Pos).Len())
	}
	m := data.Model()
	seen, all := 0, 0
	for i := range rays {
		for j := range rays {
			px := sim.Pixel{X: lo.X + (hi.X-lo.X)*(float64(j)+0.5)/float64(rays), Y: lo.Y + (hi.Y-lo.Y)*(float64(i)+0.5)/float64(rays)}
			from, dir := cam.Ray(px)
			clear, gone := true, 0.0
			for gone < far { // through what is in front, geom by geom
				dist, geom, hit := data.Ray(from, dir, false)
				if !hit {
					break
				}
				if m.GeomBody(geom) == body {
					all++
					if _, inside := px.Index(cam.Width, cam.Height); clear && inside {
						seen++
					}
					break
				}
				if m.BodyRoot(m.GeomBody(geom)) == 0 || isTable(m.BodyName(m.GeomBody(geom))) {
					break // there is nothing behind floor and table
				}
				clear = false
				const on = 0.0005
				from, gone = from.Add(dir.Mul(dist+on)), gone+dist+on
			}
		}
	}
	if all == 0 {
		return 0
	}
	return float64(seen) / float64(all)
}

// ball is the corners of a box that has all of the object in it, however it has rolled.
func (p *Placed) ball() [8]sim.Vec3 {
	d := p.Design
	if !d.Rolls && p.TWorldObj.Axis(2)[2] > 0.99 {
		return p.box()
	}
	r := max(d.Footprint.turned(), d.Height)
	var out [8]sim.Vec3
	for i := range out {
		s := func(bit int) float64 { return float64(2*(i>>bit&1)-1) * r }
		out[i] = p.TWorldObj.Pos.Add(sim.Vec3{s(0), s(1), s(2)})
	}
	return out
}
