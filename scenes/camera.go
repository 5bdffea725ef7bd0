package scenes

import (
	"math"

	"github.com/refarena/refarena/sim"
)

// DefaultCamera is the camera that the referee sees through: across the table from the robot, looking down into the task zone.
// width and height are in px; 640 × 480 is usual.
func DefaultCamera(width, height int) sim.Camera {
	return sim.NewCamera("referee", width, height, 42, sim.LookAt(sim.Vec3{1.25, 0, 0.95}, sim.Vec3{0.36, 0, 0.06}))
}

// visible is how much of the object the camera sees, 0…1: of points spread over its width and height, the share that lie in the picture
// and that nothing else stands in front of, the robot included. It looks at collision geometry.
func (p *Placed) visible(data *sim.Data, body int, cam sim.Camera) float64 {
	f := p.Footprint()
	c, s := math.Cos(f.Yaw), math.Sin(f.Yaw)
	seen, all := 0, 0
	for _, side := range [5][2]float64{{0, 0}, {1, 0}, {0, 1}, {-1, 0}, {0, -1}} {
		dx, dy := 0.6*side[0]*(f.HalfX+f.Radius), 0.6*side[1]*(f.HalfY+f.Radius)
		for _, height := range []float64{0.15, 0.5, 0.9} {
			all++
			at := sim.Vec3{f.X + c*dx - s*dy, f.Y + s*dx + c*dy, p.TWorldObj.Pos[2] - p.Design.Lift + height*p.Design.Height}
			px, _, ok := cam.Project(at)
			if _, inside := px.Index(cam.Width, cam.Height); !ok || !inside {
				continue
			}
			origin := cam.TWorldCam.Pos
			sight := at.Sub(origin)
			dist, geom, hit := data.Ray(origin, sight.Normalize(), false)
			if !hit || dist > sight.Len() || data.Model().GeomBody(geom) == body {
				seen++
			}
		}
	}
	return float64(seen) / float64(all)
}
