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
