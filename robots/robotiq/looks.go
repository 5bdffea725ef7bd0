package robotiq

import (
	"math"
	"sync"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// Surfaces of the gripper.
var (
	black  = sim.Material{Name: "2f85 body", Color: [3]float32{0.13, 0.13, 0.14}, Roughness: 0.45, Metallic: 0.1}
	grey   = sim.Material{Name: "2f85 finger", Color: [3]float32{0.30, 0.31, 0.33}, Roughness: 0.4, Metallic: 0.3}
	silver = sim.Material{Name: "2f85 link", Color: [3]float32{0.66, 0.67, 0.69}, Roughness: 0.35, Metallic: 0.5}
	rubber = sim.Material{Name: "2f85 pad", Color: [3]float32{0.20, 0.20, 0.20}, Roughness: 0.9}
)

type part struct {
	body string
	mesh *shape.Mesh
	mat  sim.Material
}

type yz = [2]float64

// Pivots of the right finger relative to each other, as (y, z) [m] at driver angle 0.
var (
	driverB   = yz{0.0314249, -0.0045322}                   // from A
	couplerP  = yz{linkY - driverB[0], linkZ - driverB[1]}  // from B
	springC   = yz{linkY, linkZ}                            // from D
	followerC = yz{0.0127 - 0.0306011, 0.06142 - 0.0549045} // from P: the ground link D - A, since the loop is a parallelogram
)

// looks are all parts, made once. Outer dimensions: measured on the manufacturer's meshes.
var looks = sync.OnceValue(func() []part {
	var parts []part
	add := func(body string, mat sim.Material, name string, meshes ...*shape.Mesh) {
		parts = append(parts, part{body, shape.Merge("2f85/"+name, meshes...), mat})
	}
	// plate is an outline in yz, given thickness along x.
	plate := func(outline []yz, thickness, bevel, x float64) *shape.Mesh {
		return shape.Extrude(outline, thickness, bevel).Transformed([4]float64{0.5, 0.5, 0.5, 0.5}, [3]float64{x, 0, 0})
	}
	pin := func(at yz, radius, length float64) *shape.Mesh {
		return shape.Cylinder(radius, length, 0.0006, 20).Transformed([4]float64{math.Sqrt2 / 2, 0, math.Sqrt2 / 2, 0}, [3]float64{0, at[0], at[1]})
	}

	add("base", silver, "coupling", shape.Cylinder(0.0375, 0.0139, 0.0012, 48).Moved(0, 0, -MountZ+0.0139/2))
	body := []yz{{-0.030, 0.003}, {0.030, 0.003}, {0.0425, 0.020}, {0.0425, 0.052}, {0.036, 0.066}, {0.020, 0.088}, {0.016, 0.090},
		{-0.016, 0.090}, {-0.020, 0.088}, {-0.036, 0.066}, {-0.0425, 0.052}, {-0.0425, 0.020}}
	add("base", black, "body", shape.Cylinder(0.0372, 0.020, 0.002, 48).Moved(0, 0, 0.010), plate(body, 0.062, 0.004, 0))
	add("base", grey, "panels", shape.Box([3]float64{0.0665, 0.040, 0.030}, 0.002).Moved(0, 0, 0.036),
		shape.Box([3]float64{0.046, 0.022, 0.004}, 0.001).Moved(0, 0, 0.0905))
	for i, side := range []string{"right", "left"} {
		a := yz{0.0306011, 0.0549045}
		if i == 1 {
			a[0] = -a[0]
		}
		add("base", silver, side+" shaft", pin(a, 0.0055, 0.066))
		add(side+"_driver", silver, "driver", plate(bar(yz{}, driverB, 0.0105, 0.0080), 0.0075, 0.001, 0.0082),
			plate(bar(yz{}, driverB, 0.0105, 0.0080), 0.0075, 0.001, -0.0082))
		add(side+"_driver", grey, "driver pin", pin(driverB, 0.0042, 0.0285))
		add(side+"_coupler", black, "coupler", plate(bar(yz{}, couplerP, 0.0066, 0.0062), 0.0265, 0.0015, 0))
		add(side+"_spring_link", silver, "spring link", plate(bar(yz{}, springC, 0.0062, 0.0055), 0.0050, 0.0008, 0.0170),
			plate(bar(yz{}, springC, 0.0062, 0.0055), 0.0050, 0.0008, -0.0170), pin(springC, 0.0032, 0.039))
		finger := []yz{{-0.002, -0.006}, {0.0045, -0.004}, {0.0062, 0.002}, {0.0040, 0.016}, {-0.0060, 0.042}, {-0.0110, 0.0508}, {-0.0200, 0.0508},
			{-0.0200, 0.0134}, {-0.0236, 0.0100}, {-0.0236, 0.0030}, {-0.0185, 0.0008}}
		add(side+"_follower", grey, "finger", plate(finger, 0.0190, 0.0012, 0), pin(yz{}, 0.0045, 0.0280), pin(followerC, 0.0038, 0.0290))
		var ribs []*shape.Mesh // the pad's grooves, seen as the gaps between ribs
		ribs = append(ribs, shape.Box([3]float64{PadWidth, 0.0052, PadLength}, 0.0006).Moved(0, 0.00375, 0))
		for k := range 6 {
			ribs = append(ribs, shape.Box([3]float64{PadWidth, 0.0030, 0.0050}, 0.0005).Moved(0, 0.0015, (float64(k)-2.5)*PadLength/6))
		}
		add(side+"_pad", rubber, "pad", ribs...)
	}
	return parts
})

// bar is the outline around two circles, counter-clockwise: a link between two pivots.
func bar(p, q yz, rp, rq float64) []yz {
	const steps = 10
	dir := math.Atan2(q[1]-p[1], q[0]-p[0])
	lean := math.Asin((rp - rq) / math.Hypot(q[0]-p[0], q[1]-p[1]))
	var out []yz
	arc := func(c yz, r, from, to float64) {
		for i := range steps + 1 {
			s, co := math.Sincos(from + (to-from)*float64(i)/steps)
			out = append(out, yz{c[0] + r*co, c[1] + r*s})
		}
	}
	side := math.Pi/2 - lean // where the common tangents touch, from the direction of the bar
	arc(q, rq, dir-side, dir+side)
	arc(p, rp, dir+side, dir-side+2*math.Pi)
	return out
}

// Dress adds the gripper's looks to a Spec that was parsed from its MJCF.
func Dress(s *sim.Spec) error {
	for _, p := range looks() {
		b, err := s.Body(p.body)
		if err != nil {
			return err
		}
		b.AddVisual(sim.Identity(), p.mesh, p.mat)
	}
	return nil
}
