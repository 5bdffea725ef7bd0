package dataset

import (
	"fmt"
	"math"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/tasks"
)

// camera is the camera of a view of a scene. View 0 is what the robot's referee sees through: the scene's own, or that on the robot; the others stand
// around the scene's own: up to 0.45 rad to the side, 0.15 rad lower or 0.20 rad higher, at 0.80 to 1.10 of its distance, looking within 30 mm of
// the same spot, with a field of view of 38…46°.
func (c *Config) camera(s *scenes.Scene, robot *robots.Robot, view int) (sim.Camera, error) {
	v := s.Setting.View
	own := s.Camera(c.Width, c.Height)
	if view == 0 {
		var err error
		if own, err = tasks.LevelCamera(s, robot, c.Width, c.Height); err != nil {
			return own, err
		}
	}
	if view > 0 {
		r := scenes.Stream(s.Seed, fmt.Sprintf("view %d", view))
		uniform := func(lo, hi float64) float64 { return lo + (hi-lo)*r.Float64() }
		arm := own.TWorldCam.Pos.Sub(v.Target)
		flat := math.Hypot(arm[0], arm[1])
		around := math.Atan2(arm[1], arm[0]) + uniform(-0.45, 0.45)
		rise := min(math.Atan2(arm[2], flat)+uniform(-0.15, 0.20), 1.3)
		far := arm.Len() * uniform(0.80, 1.10)
		target := v.Target.Add(sim.Vec3{uniform(-0.03, 0.03), uniform(-0.03, 0.03), uniform(-0.03, 0.03)})
		eye := target.Add(sim.Vec3{math.Cos(around) * math.Cos(rise), math.Sin(around) * math.Cos(rise), math.Sin(rise)}.Mul(far))
		own = sim.NewCamera(own.Name, c.Width, c.Height, uniform(38, 46), sim.LookAt(eye, target))
	}
	aspect := c.Aspects[view%len(c.Aspects)]
	own.Fx = own.Fy * float64(c.Width) / float64(c.Height) / aspect
	return own, nil
}

func cameraOf(c sim.Camera) Camera {
	q := c.TWorldCam.Rot
	return Camera{
		Width: c.Width, Height: c.Height, Fx: c.Fx, Fy: c.Fy, Cx: c.Cx, Cy: c.Cy, Eye: c.TWorldCam.Pos,
		Quat: [4]float64{q.W, q.V[0], q.V[1], q.V[2]},
	}
}
