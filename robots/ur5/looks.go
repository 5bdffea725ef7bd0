package ur5

import (
	"math"
	"sync"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// Surfaces of the arm.
var (
	aluminium = sim.Material{Name: "ur5 aluminium", Color: [3]float32{0.74, 0.75, 0.77}, Roughness: 0.38, Metallic: 0.25}
	tube      = sim.Material{Name: "ur5 tube", Color: [3]float32{0.80, 0.81, 0.82}, Roughness: 0.30, Metallic: 0.35}
	blue      = sim.Material{Name: "ur5 cap", Color: [3]float32{0.36, 0.58, 0.76}, Roughness: 0.45}
	seal      = sim.Material{Name: "ur5 seal", Color: [3]float32{0.11, 0.11, 0.12}, Roughness: 0.7}
	steel     = sim.Material{Name: "ur5 steel", Color: [3]float32{0.55, 0.56, 0.58}, Roughness: 0.3, Metallic: 0.6}
)

// A part is a mesh in a link's frame.
type part struct {
	link int // of LinkNames
	mesh *shape.Mesh
	mat  sim.Material
}

// Axes that the arm's cylinders lie along, as rotations (wxyz) that take z there.
var (
	alongZ  = [4]float64{1, 0, 0, 0}
	alongNZ = [4]float64{0, 1, 0, 0}
	alongY  = [4]float64{math.Sqrt2 / 2, -math.Sqrt2 / 2, 0, 0}
	alongNY = [4]float64{math.Sqrt2 / 2, math.Sqrt2 / 2, 0, 0}
)

// looks are all parts, made once, so that every Spec shares them and a renderer keeps one copy. Outer dimensions: measured on the
// manufacturer's collision meshes.
var looks = sync.OnceValue(func() []part {
	var parts []part
	const around = 40
	add := func(link int, mat sim.Material, name string, meshes ...*shape.Mesh) {
		parts = append(parts, part{link, shape.Merge("ur5/"+name, meshes...), mat})
	}
	// rod is a cylinder along an axis through pos, between two places on the axis.
	rod := func(axis [4]float64, pos [3]float64, from, to, radius, bevel float64) *shape.Mesh {
		return shape.Cylinder(radius, to-from, bevel, around).Moved(0, 0, (from+to)/2).Transformed(axis, pos)
	}
	// lid closes a housing at a place on the axis, looking along it: a disc with a rounded edge e and a groove around its middle.
	lid := func(axis [4]float64, pos [3]float64, at, radius, height, e float64) *shape.Mesh {
		profile := [][2]float64{{0, 0}, {radius, 0}}
		profile = append(profile, shape.Arc(radius-e, height-2*e, e, 0, math.Pi/2, 4)...)
		profile = append(profile, [2]float64{radius * 0.62, height - e*0.9}, [2]float64{radius * 0.60, height - 1.3*e},
			[2]float64{radius * 0.56, height - 1.3*e}, [2]float64{radius * 0.54, height - e*0.8}, [2]float64{0, height})
		return shape.Lathe(profile, around).Moved(0, 0, at).Transformed(axis, pos)
	}
	// bolts are screw heads in a circle.
	bolts := func(axis [4]float64, pos [3]float64, at, ring, radius float64, n int) *shape.Mesh {
		var heads []*shape.Mesh
		for i := range n {
			s, c := math.Sincos(2 * math.Pi * (float64(i) + 0.5) / float64(n))
			heads = append(heads, shape.Cylinder(radius, 0.004, 0.0008, 12).Moved(ring*c, ring*s, at))
		}
		return shape.Merge("bolts", heads...).Transformed(axis, pos)
	}
	o := [3]float64{}

	// Base: mounting flange, collar and the cable's outlet.
	add(0, aluminium, "base", rod(alongZ, o, 0, 0.017, 0.0735, 0.003), rod(alongZ, o, 0.015, 0.0225, 0.058, 0.001),
		shape.Box([3]float64{0.05, 0.06, 0.011}, 0.002).Moved(0, -0.08, 0.0095))
	add(0, steel, "base bolts", bolts(alongZ, o, 0.0185, 0.066, 0.0045, 4))
	add(0, seal, "base seal", rod(alongZ, o, 0.020, 0.026, 0.0565, 0.001))

	// Shoulder: upright housing, a blue lid on top, the neck towards the upper arm.
	add(1, aluminium, "shoulder", rod(alongZ, o, -0.0640, 0.0520, 0.058, 0.004), rod(alongY, o, 0.010, 0.0690, 0.0575, 0.002))
	add(1, blue, "shoulder lid", lid(alongZ, o, 0.0500, 0.0595, 0.0200, 0.0055))
	add(1, seal, "shoulder seal", rod(alongY, o, 0.0680, 0.0720, 0.0560, 0.0005))

	// Upper arm: both size-3 joints and the wide tube.
	elbow := [3]float64{0, 0, a2}
	add(2, aluminium, "upper arm joints",
		rod(alongY, o, -0.0640, 0.0500, 0.058, 0.004), rod(alongZ, o, 0.020, 0.0760, 0.0535, 0.003),
		rod(alongY, elbow, -0.0640, 0.0480, 0.058, 0.004), rod(alongNZ, elbow, 0.020, 0.0760, 0.0535, 0.003))
	add(2, tube, "upper arm tube", rod(alongZ, o, 0.070, 0.355, 0.0504, 0.001))
	add(2, blue, "upper arm lids", lid(alongY, o, 0.0490, 0.0590, 0.0200, 0.0055), lid(alongY, elbow, 0.0470, 0.0590, 0.0195, 0.0055))
	add(2, seal, "upper arm seals", rod(alongZ, o, 0.074, 0.0785, 0.0525, 0.0005), rod(alongNZ, elbow, 0.074, 0.0785, 0.0525, 0.0005),
		rod(alongY, elbow, -0.0670, -0.0630, 0.0560, 0.0005))

	// Forearm: its half of the elbow, the thin tube, the first wrist joint.
	wrist := [3]float64{0, 0, a3}
	add(3, aluminium, "forearm joints",
		rod(alongY, o, -0.0130, 0.0535, 0.058, 0.003), lathedCone(0.0480, 0.0400, 0.030, 0.072, around),
		rod(alongY, wrist, -0.0450, 0.0465, 0.0375, 0.002), rod(alongNZ, wrist, 0.010, 0.0480, 0.0385, 0.002))
	add(3, tube, "forearm tube", rod(alongZ, o, 0.060, 0.355, 0.0377, 0.001))
	add(3, blue, "forearm lids", lid(alongNY, o, 0.0120, 0.0585, 0.0175, 0.0050), lid(alongNY, wrist, 0.0440, 0.0380, 0.0135, 0.0035))
	add(3, seal, "forearm seals", rod(alongZ, o, 0.071, 0.0745, 0.0395, 0.0005), rod(alongNZ, wrist, 0.047, 0.0505, 0.0387, 0.0005),
		rod(alongY, wrist, 0.0455, 0.0490, 0.0362, 0.0005))

	// Wrists 1 and 2 are the same part: a joint's housing that crosses the next one's. Its lid is nearly flat: the crossing comes close.
	w1 := [3]float64{0, wristY, 0}
	add(4, aluminium, "wrist 1", rod(alongY, o, 0.0485, 0.1210, 0.0375, 0.002), rod(alongZ, w1, -0.0450, 0.0465, 0.0375, 0.002))
	add(4, blue, "wrist 1 lids", lid(alongY, o, 0.1195, 0.0380, 0.0140, 0.0014), lid(alongNZ, w1, 0.0440, 0.0380, 0.0135, 0.0035))
	add(4, seal, "wrist 1 seal", rod(alongZ, w1, 0.0455, 0.0495, 0.0362, 0.0005))
	w2 := [3]float64{0, 0, d5}
	add(5, aluminium, "wrist 2", rod(alongZ, o, 0.0490, 0.1220, 0.0375, 0.002), rod(alongY, w2, -0.0450, 0.0460, 0.0375, 0.002))
	add(5, blue, "wrist 2 lids", lid(alongZ, o, 0.1205, 0.0380, 0.0140, 0.0014), lid(alongNY, w2, 0.0440, 0.0380, 0.0135, 0.0035))
	add(5, seal, "wrist 2 seal", rod(alongY, w2, 0.0450, 0.0490, 0.0362, 0.0005))

	// Wrist 3: the tool flange with its connector.
	add(6, aluminium, "wrist 3", rod(alongY, o, 0.0480, 0.0740, 0.0375, 0.002),
		shape.Cylinder(0.006, 0.012, 0.001, 20).Moved(0, 0.061, 0.0375))
	add(6, steel, "tool flange", rod(alongY, o, 0.0720, d6, 0.0315, 0.001))
	return parts
})

// lathedCone narrows from radius r0 at z0 to r1 at z1 along z.
func lathedCone(r0, r1, z0, z1 float64, around int) *shape.Mesh {
	return shape.Lathe([][2]float64{{0, z0}, {r0, z0}, {r0, (2*z0 + z1) / 3}, {r1, z1}, {0, z1}}, around)
}

// Dress adds the arm's looks to a Spec that was parsed from its MJCF.
func Dress(s *sim.Spec) error {
	for _, p := range looks() {
		b, err := s.Body(LinkNames[p.link])
		if err != nil {
			return err
		}
		b.AddVisual(sim.Identity(), p.mesh, p.mat)
	}
	return nil
}
