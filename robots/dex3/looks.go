package dex3

import (
	"math"
	"sync"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// Surfaces of the hand.
var (
	black  = sim.Material{Name: "dex3 body", Color: [3]float32{0.075, 0.075, 0.08}, Roughness: 0.5}
	grey   = sim.Material{Name: "dex3 link", Color: [3]float32{0.33, 0.34, 0.36}, Roughness: 0.4, Metallic: 0.35}
	rubber = sim.Material{Name: "dex3 pad", Color: [3]float32{0.16, 0.16, 0.16}, Roughness: 0.9}
)

type part struct {
	body string // after left_hand_ or right_hand_
	mesh [2]*shape.Mesh
	mat  sim.Material
}

type xyz = [3]float64

// looks are all parts, made once. Outer dimensions: measured on the manufacturer's meshes.
var looks = sync.OnceValue(func() []part {
	var parts []part
	add := func(body string, mat sim.Material, name string, meshes ...*shape.Mesh) { // of the left hand
		m := shape.Merge("dex3/left "+name, meshes...)
		parts = append(parts, part{body, [2]*shape.Mesh{m, m.Scaled(1, -1, 1).Named("dex3/right " + name)}, mat})
	}
	shell := func(f shape.Field, lo, hi xyz, cell float64) *shape.Mesh {
		for i := range lo {
			lo[i] -= 2.5 * cell
			hi[i] += 2.5 * cell
		}
		return shape.Contour("shell", f, lo, hi, cell)
	}
	pinY := [4]float64{math.Sqrt2 / 2, -math.Sqrt2 / 2, 0, 0}
	pin := func(x, y, z, radius, length float64) *shape.Mesh {
		return shape.Cylinder(radius, length, 0.0012, 24).Moved(x, y, z)
	}

	// Palm: a flat case, wide where the fingers begin, with a cover on its back.
	add("palm_link", black, "palm", shell(shape.Union(0.012, shape.BoxField(xyz{0.030, 0, 0}, xyz{0.058, 0.036, 0.056}, 0.010),
		shape.BoxField(xyz{0.062, 0.001, 0}, xyz{0.046, 0.034, 0.086}, 0.010)), xyz{0, -0.020, -0.044}, xyz{0.087, 0.021, 0.044}, 0.004))
	add("palm_link", grey, "back", shell(shape.BoxField(xyz{0.050, 0.0165, 0}, xyz{0.058, 0.010, 0.064}, 0.0045), xyz{0.02, 0.011, -0.033}, xyz{0.08, 0.022, 0.033}, 0.004))
	add("thumb_0_link", grey, "thumb root", shape.Cylinder(0.0105, 0.026, 0.002, 28).Transformed(pinY, xyz{0, -0.014, 0}), pin(-0.0025, -0.0193, 0, 0.009, 0.019))
	// A proximal link: knuckle, bar, and the fork that holds the outer link; along +x of the finger.
	link := func() []*shape.Mesh {
		return []*shape.Mesh{pin(0, 0, 0, 0.0105, 0.0255), shape.Box(xyz{0.040, 0.0170, 0.0225}, 0.004).Moved(0.0235, -0.001, 0), pin(Proximal, 0, 0, 0.0088, 0.0255)}
	}
	tip := func() []*shape.Mesh { // of an outer link: it tapers to 14 mm at the tip
		return []*shape.Mesh{shell(shape.Union(0.006, shape.CapsuleField(xyz{0.002, 0, 0.0035}, xyz{0.0445, 0, 0.0005}, 0.0085, 0.0068),
			shape.CapsuleField(xyz{0.002, 0, -0.0035}, xyz{0.0445, 0, -0.0005}, 0.0085, 0.0068)), xyz{-0.007, -0.009, -0.013}, xyz{0.052, 0.009, 0.013}, 0.0025)}
	}
	// pad is the rubber on the inner side, which is at inside·y.
	pad := func(inside float64) *shape.Mesh {
		return shape.Box(xyz{0.032, 0.0040, 0.0150}, 0.0016).Moved(0.031, inside*0.0070, 0)
	}
	for _, finger := range [...]string{"index", "middle"} {
		add(finger+"_0_link", black, finger+" 0", link()...)
		add(finger+"_1_link", grey, finger+" 1", tip()...)
		add(finger+"_1_link", rubber, finger+" pad", pad(-1))
	}
	// The thumb lies along -y: its inner side is towards the fingers, at +x.
	const quarter = math.Sqrt2 / 2
	toThumb := func(m *shape.Mesh) *shape.Mesh { return m.Transformed([4]float64{quarter, 0, 0, -quarter}, xyz{}) }
	var inner, outer []*shape.Mesh
	for _, m := range link() {
		inner = append(inner, toThumb(m))
	}
	for _, m := range tip() {
		outer = append(outer, toThumb(m))
	}
	add("thumb_1_link", black, "thumb 1", inner...)
	add("thumb_2_link", grey, "thumb 2", outer...)
	add("thumb_2_link", rubber, "thumb pad", toThumb(pad(1)))
	return parts
})

// Dress adds the looks of both hands to a Spec that has their bodies, named prefix + "left_hand_palm_link" and so on.
func Dress(s *sim.Spec) error {
	for _, p := range looks() {
		for i, side := range [2]string{"left_hand_", "right_hand_"} {
			b, err := s.Body(side + p.body)
			if err != nil {
				return err
			}
			b.AddVisual(sim.Identity(), p.mesh[i], p.mat)
		}
	}
	return nil
}
