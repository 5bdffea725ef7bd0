package scenes

import (
	"fmt"
	"strings"

	"github.com/refarena/refarena/sim"
)

// A Color is a colour that people have one word for.
type Color struct {
	Name string
	RGB  [3]float32 // sRGB, 0…1
}

// Colors are all colours that objects come in.
var Colors = []Color{
	{"red", [3]float32{0.78, 0.11, 0.11}},
	{"orange", [3]float32{0.95, 0.48, 0.08}},
	{"yellow", [3]float32{0.96, 0.80, 0.12}},
	{"green", [3]float32{0.16, 0.52, 0.22}},
	{"blue", [3]float32{0.12, 0.30, 0.70}},
	{"purple", [3]float32{0.44, 0.20, 0.58}},
	{"pink", [3]float32{0.95, 0.55, 0.68}},
	{"white", [3]float32{0.93, 0.92, 0.89}},
	{"black", [3]float32{0.10, 0.10, 0.11}},
	{"brown", [3]float32{0.45, 0.27, 0.13}},
	{"gray", [3]float32{0.47, 0.48, 0.50}},
	{"silver", [3]float32{0.74, 0.75, 0.77}},
}

// FindColor is the colour of that name; the error lists the names there are.
func FindColor(name string) (Color, error) {
	names := make([]string, len(Colors))
	for i, c := range Colors {
		if c.Name == name {
			return c, nil
		}
		names[i] = c.Name
	}
	return Color{}, fmt.Errorf("scenes: no colour %q (have %s)", name, strings.Join(names, ", "))
}

// luminance is how bright the colour looks, 0…1 (Rec. 709 weights on the sRGB values).
func (c Color) luminance() float32 { return 0.2126*c.RGB[0] + 0.7152*c.RGB[1] + 0.0722*c.RGB[2] }

// mixed is the colour mixed with another, t of it.
func (c Color) mixed(with [3]float32, t float32) [3]float32 {
	var out [3]float32
	for i := range out {
		out[i] = c.RGB[i]*(1-t) + with[i]*t
	}
	return out
}

// A Paint says how a part looks on an object of a colour.
type Paint func(Color) sim.Material

var (
	offWhite = [3]float32{0.92, 0.91, 0.87}
	ink      = [3]float32{0.16, 0.16, 0.18}
)

// finish is the object's own colour with the given roughness.
func finish(name string, roughness float32) Paint {
	return func(c Color) sim.Material { return sim.Material{Name: name, Color: c.RGB, Roughness: roughness} }
}

var (
	glazed  = finish("glazed", 0.22)
	plastic = finish("plastic", 0.38)
	card    = finish("card", 0.75)
	painted = finish("painted", 0.45)
)

// metalled is finish, except that silver is metal.
func metalled(name string, roughness float32) Paint {
	return func(c Color) sim.Material {
		m := sim.Material{Name: name, Color: c.RGB, Roughness: roughness}
		if c.Name == "silver" {
			m.Roughness, m.Metallic = 0.3, 0.9
		}
		return m
	}
}

// tint is a colour that does not depend on the object's.
func tint(name string, r, g, b, roughness float32) Paint {
	return fixed(sim.Material{Name: name, Color: [3]float32{r, g, b}, Roughness: roughness})
}

// accent is off-white on colours and ink on white: a label that can be told from what it is on.
func accent(c Color) sim.Material {
	m := sim.Material{Name: "accent", Color: offWhite, Roughness: 0.6}
	if c.luminance() > 0.7 {
		m.Color = [3]float32{0.23, 0.36, 0.55}
	}
	return m
}

// shade is a darker tone of the object's colour.
func shade(roughness float32) Paint {
	return func(c Color) sim.Material {
		return sim.Material{Name: "shade", Color: c.mixed([3]float32{0.03, 0.03, 0.04}, 0.45), Roughness: roughness}
	}
}

// fixed is the same on every colour.
func fixed(m sim.Material) Paint { return func(Color) sim.Material { return m } }

var (
	steel = fixed(sim.Material{Name: "steel", Color: [3]float32{0.72, 0.73, 0.75}, Roughness: 0.3, Metallic: 0.9})
	paper = fixed(sim.Material{Name: "paper", Color: [3]float32{0.94, 0.92, 0.86}, Roughness: 0.9})
	dark  = fixed(sim.Material{Name: "dark", Color: ink, Roughness: 0.6})
	stalk = fixed(sim.Material{Name: "stalk", Color: [3]float32{0.33, 0.22, 0.11}, Roughness: 0.85})
	leaf  = fixed(sim.Material{Name: "leaf", Color: [3]float32{0.24, 0.46, 0.16}, Roughness: 0.7})
)
