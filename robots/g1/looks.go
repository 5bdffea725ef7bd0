package g1

import (
	"math"
	"strings"
	"sync"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// Surfaces of the body.
var (
	white = sim.Material{Name: "g1 shell", Color: [3]float32{0.80, 0.81, 0.82}, Roughness: 0.42}
	grey  = sim.Material{Name: "g1 housing", Color: [3]float32{0.40, 0.41, 0.43}, Roughness: 0.40, Metallic: 0.3}
	black = sim.Material{Name: "g1 joint", Color: [3]float32{0.07, 0.07, 0.08}, Roughness: 0.5}
	glass = sim.Material{Name: "g1 visor", Color: [3]float32{0.015, 0.016, 0.02}, Roughness: 0.08}
	glow  = sim.Material{Name: "g1 light", Color: [3]float32{0.45, 0.80, 0.98}, Roughness: 0.3}
)

// A part is a mesh in a link's frame.
type part struct {
	body string
	mesh *shape.Mesh
	mat  sim.Material
}

type xyz = [3]float64

// Axes that cylinders lie along, as rotations (wxyz) that take z there.
var (
	alongX = [4]float64{math.Sqrt2 / 2, 0, math.Sqrt2 / 2, 0}
	alongY = [4]float64{math.Sqrt2 / 2, -math.Sqrt2 / 2, 0, 0}
	alongZ = [4]float64{1, 0, 0, 0}
)

// disc is a cylinder along an axis through pos, between two places on the axis.
func disc(axis [4]float64, pos xyz, from, to, radius, bevel float64) *shape.Mesh {
	return shape.Cylinder(radius, to-from, bevel, 36).Moved(0, 0, (from+to)/2).Transformed(axis, pos)
}

// shell is the surface of a field that lies within margin of the box lo…hi.
func shell(f shape.Field, lo, hi xyz, cell float64) *shape.Mesh {
	for i := range lo {
		lo[i] -= 2.5 * cell
		hi[i] += 2.5 * cell
	}
	return shape.Contour("shell", f, lo, hi, cell)
}

// between is the value at x of a line through points (x, y), level beyond its ends.
func between(points [][2]float64, x float64) float64 {
	if x <= points[0][0] {
		return points[0][1]
	}
	for i := 1; i < len(points); i++ {
		if a, b := points[i-1], points[i]; x <= b[0] {
			t := (x - a[0]) / (b[0] - a[0])
			return a[1] + (b[1]-a[1])*t*t*(3-2*t)
		}
	}
	return points[len(points)-1][1]
}

// torso is the trunk: rounded cross sections whose widths and depths follow the measured outline.
func torso(p xyz) float64 {
	const low, high, round = 0.040, 0.3100, 0.022
	halfY := between([][2]float64{{0.03, 0.070}, {0.10, 0.096}, {0.22, 0.1065}, {0.29, 0.086}, {0.31, 0.070}}, p[2])
	front := between([][2]float64{{0.03, 0.052}, {0.12, 0.076}, {0.21, 0.083}, {0.31, 0.055}}, p[2])
	back := between([][2]float64{{0.03, -0.050}, {0.13, -0.064}, {0.25, -0.066}, {0.31, -0.050}}, p[2])
	halfX, x := (front-back)/2, p[0]-(front+back)/2
	const n = 3.2
	r := math.Pow(math.Pow(math.Abs(x)/halfX, n)+math.Pow(math.Abs(p[1])/halfY, n), 1/n)
	side := (r - 1) * min(halfX, halfY)
	end := max(low-p[2], p[2]-high)
	a, b := max(side+round, 0), max(end+round, 0)
	return 0.8 * (math.Hypot(a, b) + min(max(side+round, end+round), 0) - round)
}

// looks are all parts, made once, so that every Spec shares them and a renderer keeps one copy. Outer dimensions: measured on the
// manufacturer's meshes (link frames).
var looks = sync.OnceValue(func() []part {
	var parts []part
	add := func(body string, mat sim.Material, name string, meshes ...*shape.Mesh) {
		parts = append(parts, part{body, shape.Merge("g1/"+name, meshes...), mat})
	}
	// both adds a part of the left side and its mirror image.
	both := func(body string, mat sim.Material, name string, meshes ...*shape.Mesh) {
		m := shape.Merge("g1/left "+name, meshes...)
		parts = append(parts, part{"left_" + body, m, mat}, part{"right_" + body, m.Scaled(1, -1, 1).Named("g1/right " + name), mat})
	}
	o := xyz{}

	// Pelvis and waist.
	add("pelvis", black, "pelvis", shell(shape.Union(0.03, shape.BoxField(xyz{0, 0, -0.052}, xyz{0.100, 0.126, 0.070}, 0.022),
		shape.CapsuleField(xyz{0, 0, -0.075}, xyz{0.002, 0, -0.125}, 0.048, 0.022)), xyz{-0.06, -0.068, -0.15}, xyz{0.062, 0.068, -0.01}, 0.006))
	add("pelvis", white, "pelvis cover", shell(shape.Common(0.004, shape.Union(0.02, shape.BoxField(xyz{0.030, 0, -0.060}, xyz{0.062, 0.086, 0.062}, 0.018),
		shape.CapsuleField(xyz{0.034, 0, -0.080}, xyz{0.020, 0, -0.128}, 0.030, 0.020)), shape.BoxField(xyz{0.06, 0, -0.09}, xyz{0.10, 0.12, 0.13}, 0.01)),
		xyz{0, -0.05, -0.15}, xyz{0.07, 0.05, -0.02}, 0.005))
	add("waist_yaw_link", grey, "waist disc", disc(alongZ, o, -0.004, 0.030, 0.0425, 0.004))
	add("waist_roll_link", black, "waist", disc(alongX, o, -0.046, 0.046, 0.030, 0.003), disc(alongY, o, -0.058, 0.058, 0.028, 0.003))

	// Trunk: light shell, dark belly and back, the emblem's panel, a strip of light.
	add("torso_link", white, "trunk", shell(torso, xyz{-0.068, -0.108, 0.03}, xyz{0.085, 0.108, 0.315}, 0.0065))
	add("torso_link", black, "belly", shell(shape.BoxField(xyz{0.004, 0, 0.034}, xyz{0.092, 0.120, 0.064}, 0.026), xyz{-0.045, -0.062, 0}, xyz{0.052, 0.062, 0.068}, 0.006))
	add("torso_link", black, "chest panel", shell(shape.Common(0.003, func(p xyz) float64 { return torso(p) - 0.0016 },
		shape.BoxField(xyz{0.09, 0, 0.225}, xyz{0.11, 0.104, 0.082}, 0.018)), xyz{0.03, -0.055, 0.18}, xyz{0.09, 0.055, 0.27}, 0.004))
	add("torso_link", grey, "emblem", shape.Box(xyz{0.003, 0.058, 0.010}, 0.001).Moved(0.0842, 0, 0.226))
	add("torso_link", black, "battery", shell(shape.Common(0.003, func(p xyz) float64 { return torso(p) - 0.0015 },
		shape.BoxField(xyz{-0.07, 0, 0.180}, xyz{0.09, 0.120, 0.150}, 0.015)), xyz{-0.07, -0.062, 0.10}, xyz{-0.02, 0.062, 0.26}, 0.005))

	// Head: collar, neck, a light helmet around a dark face.
	helmet := shape.Union(0.02, shape.EllipsoidField(xyz{0.002, 0, 0.470}, xyz{0.068, 0.060, 0.0600}),
		shape.CapsuleField(xyz{-0.014, 0, 0.400}, xyz{-0.006, 0, 0.465}, 0.038, 0.050))
	face := shape.EllipsoidField(xyz{0.052, 0, 0.458}, xyz{0.044, 0.0485, 0.060})
	add("head_link", black, "collar", shape.Lathe([][2]float64{{0, 0.322}, {0.069, 0.322}, {0.070, 0.330}, {0.062, 0.345}, {0.045, 0.356}, {0.034, 0.365},
		{0.031, 0.385}, {0.034, 0.400}, {0, 0.402}}, 40))
	add("head_link", white, "helmet", shell(shape.Carve(0.006, helmet, face), xyz{-0.068, -0.064, 0.355}, xyz{0.076, 0.064, 0.532}, 0.0045))
	add("head_link", glass, "visor", shell(shape.Common(0.004, func(p xyz) float64 { return helmet(p) + 0.0035 },
		shape.EllipsoidField(xyz{0.052, 0, 0.458}, xyz{0.047, 0.0505, 0.063})), xyz{0, -0.055, 0.385}, xyz{0.078, 0.055, 0.53}, 0.004))
	add("head_link", glow, "light", shape.Tube(faceRing(helmet), 0.0020, 8, true))
	add("head_link", black, "lidar", disc(alongZ, xyz{-0.004, 0, 0}, 0.5265, 0.5325, 0.024, 0.002))
	add("torso_link", grey, "d435", shape.Box(xyz{0.016, 0.086, 0.022}, 0.004).Transformed([4]float64{math.Cos(0.4154), 0, math.Sin(0.4154), 0}, xyz{0.046, 0, 0.4325}))

	// Arms.
	both("shoulder_pitch_link", black, "shoulder motor", disc(alongY, xyz{0, 0, -0.006}, 0.000, 0.056, 0.0310, 0.003))
	both("shoulder_pitch_link", grey, "shoulder ring", disc(alongY, xyz{0, 0, -0.006}, 0.054, 0.074, 0.0300, 0.004))
	both("shoulder_roll_link", white, "shoulder", shell(shape.Union(0.012, shape.CapsuleField(xyz{0, 0.004, -0.004}, xyz{0, 0.005, -0.068}, 0.0345, 0.0330)),
		xyz{-0.04, -0.033, -0.104}, xyz{0.04, 0.042, 0.034}, 0.0045))
	both("shoulder_roll_link", black, "shoulder roll", disc(alongX, o, -0.040, 0.041, 0.0260, 0.003))
	both("shoulder_yaw_link", black, "upper arm ring", disc(alongZ, xyz{0, -0.002, 0}, -0.012, 0.004, 0.0320, 0.002))
	both("shoulder_yaw_link", white, "upper arm", shell(shape.CapsuleField(xyz{0.003, -0.002, -0.030}, xyz{0.013, -0.002, -0.078}, 0.0320, 0.0325),
		xyz{-0.032, -0.036, -0.114}, xyz{0.048, 0.032, 0.004}, 0.0045))
	both("shoulder_yaw_link", black, "elbow motor", disc(alongY, xyz{0.015783, 0, -0.080518}, -0.0405, 0.0330, 0.0270, 0.003))
	both("elbow_link", white, "forearm", shell(shape.Union(0.01, shape.CapsuleField(xyz{0.004, 0.002, -0.004}, xyz{0.066, 0.002, -0.009}, 0.0310, 0.0275)),
		xyz{-0.03, -0.031, -0.045}, xyz{0.10, 0.036, 0.030}, 0.0045))
	both("elbow_link", grey, "forearm band", disc(alongX, xyz{0, 0.0019, -0.010}, 0.076, 0.099, 0.0275, 0.002))
	both("wrist_roll_link", black, "wrist roll", disc(alongX, o, 0.000, 0.020, 0.0270, 0.002), disc(alongY, xyz{0.038, 0, 0}, -0.0290, -0.0215, 0.020, 0.002),
		disc(alongY, xyz{0.038, 0, 0}, 0.0215, 0.0290, 0.020, 0.002), shape.Box(xyz{0.034, 0.0055, 0.034}, 0.002).Moved(0.023, 0.0255, 0),
		shape.Box(xyz{0.034, 0.0055, 0.034}, 0.002).Moved(0.023, -0.0255, 0))
	both("wrist_pitch_link", grey, "wrist pitch", disc(alongY, o, -0.0210, 0.0210, 0.0235, 0.002), shape.Box(xyz{0.040, 0.036, 0.036}, 0.006).Moved(0.020, 0, 0))
	both("wrist_pitch_link", black, "wrist yaw motor", disc(alongZ, xyz{0.046, 0, 0}, -0.0270, 0.0270, 0.0235, 0.003))
	both("wrist_yaw_link", black, "wrist yaw", shape.Box(xyz{0.038, 0.046, 0.006}, 0.002).Moved(0.014, 0.003, 0.0290), shape.Box(xyz{0.038, 0.046, 0.006}, 0.002).Moved(0.014, 0.003, -0.0290),
		shape.Box(xyz{0.012, 0.048, 0.060}, 0.003).Moved(0.0345, 0.003, 0))

	// Legs.
	both("hip_pitch_link", black, "hip motor", disc(alongY, xyz{0, 0, -0.021}, 0.004, 0.062, 0.0400, 0.004))
	both("hip_pitch_link", grey, "hip disc", disc(alongY, xyz{0, 0, -0.021}, 0.060, 0.096, 0.0380, 0.006))
	both("hip_roll_link", black, "hip roll", disc(alongX, o, -0.024, 0.078, 0.0430, 0.005))
	both("hip_roll_link", white, "hip", shell(shape.CapsuleField(xyz{0.028, 0, -0.004}, xyz{0.027, 0, -0.082}, 0.0450, 0.0400), xyz{-0.02, -0.049, -0.124}, xyz{0.078, 0.049, 0.044}, 0.006))
	both("hip_yaw_link", white, "thigh", shell(shape.Union(0.02, shape.CapsuleField(xyz{-0.004, 0, -0.045}, xyz{-0.058, 0, -0.150}, 0.0440, 0.0390),
		shape.CapsuleField(xyz{-0.050, 0, -0.130}, xyz{-0.078, 0, -0.177}, 0.0390, 0.0420)), xyz{-0.128, -0.046, -0.227}, xyz{0.052, 0.046, 0.005}, 0.006))
	both("hip_yaw_link", black, "knee motor", disc(alongY, xyz{-0.078273, 0, -0.17734}, -0.0450, 0.0435, 0.0360, 0.004))
	both("knee_link", black, "knee", disc(alongY, o, -0.0365, 0.0365, 0.0330, 0.004))
	both("knee_link", white, "shank", shell(shape.Union(0.02, shape.CapsuleField(xyz{0.012, 0, -0.030}, xyz{0.016, 0, -0.110}, 0.0350, 0.0370),
		shape.CapsuleField(xyz{0.014, 0, -0.110}, xyz{0.002, 0, -0.275}, 0.0360, 0.0230)), xyz{-0.040, -0.040, -0.315}, xyz{0.064, 0.040, 0.040}, 0.006))
	both("knee_link", grey, "ankle", disc(alongY, xyz{0, 0, -0.300}, -0.024, 0.024, 0.0220, 0.003))
	both("ankle_roll_link", black, "foot", shell(shape.Union(0.02, shape.BoxField(xyz{0.038, 0, -0.024}, xyz{0.208, 0.072, 0.022}, 0.010),
		shape.CapsuleField(xyz{-0.010, 0, -0.012}, xyz{0.050, 0, -0.018}, 0.0300, 0.0180)), xyz{-0.068, -0.039, -0.036}, xyz{0.144, 0.039, 0.026}, 0.005))
	return parts
})

// faceRing is the edge of the face on the helmet: a closed line.
func faceRing(helmet shape.Field) [][3]float64 {
	const steps = 48
	var ring [][3]float64
	for k := range steps {
		s, c := math.Sincos(2 * math.Pi * float64(k) / steps)
		p := xyz{0.100, 0.0470 * c, 0.458 + 0.0590*s}
		for helmet(p) > 0.0003 && p[0] > -0.02 { // from the front onto it
			p[0] -= 0.0004
		}
		ring = append(ring, p)
	}
	return ring
}

// Dress adds the body's looks to a Spec that was parsed from its MJCF.
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

// BodyName is the name of a body of the left side on that side.
func BodyName(s Side, left string) string { return s.String() + strings.TrimPrefix(left, "left") }
