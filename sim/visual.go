package sim

import "github.com/refarena/refarena/sim/shape"

// A Material is how a surface looks. Colour is sRGB, 0…1, as a colour picker shows it.
type Material struct {
	Name      string
	Color     [3]float32
	Roughness float32 // 0 mirror … 1 matt
	Metallic  float32 // 0 dielectric … 1 metal
	Texture   *Texture
}

// A Texture is an sRGB image wrapped over a mesh's UV coordinates, repeating. Compared by pointer: share one among its users.
type Texture struct {
	Name          string
	Width, Height int
	RGB           []byte // Height × Width × 3, row-major from the top left
}

// A Visual is a mesh that moves with a body. It has no mass and touches nothing.
type Visual struct {
	Body        int         // id in the Model
	TBodyVisual Pose        // mesh frame in the body's frame
	Mesh        *shape.Mesh // immutable and compared by pointer: renderers keep one copy of each on the GPU
	Material    Material
}

// An Environment is everything about a picture that is not a body: lights and background. Colours are linear RGB factors.
type Environment struct {
	KeyDir     Vec3       // direction towards the key light, in the world
	KeyColor   [3]float32 // irradiance of the key light on a surface that faces it
	Sky        [3]float32 // hemisphere ambient light from above
	Ground     [3]float32 // … and from below
	Background [3]float32 // what a ray that hits nothing shows, sRGB
}

// DefaultEnvironment is a bright room with a window on the robot's right, so that shadows fall where the camera across the table sees them.
func DefaultEnvironment() Environment {
	return Environment{
		KeyDir:     Vec3{-0.15, -0.60, 0.78},
		KeyColor:   [3]float32{0.86, 0.82, 0.76},
		Sky:        [3]float32{0.27, 0.29, 0.32},
		Ground:     [3]float32{0.17, 0.155, 0.14},
		Background: [3]float32{0.80, 0.83, 0.86},
	}
}
