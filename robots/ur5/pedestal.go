package ur5

import (
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/shape"
)

// PedestalHeight is how far above the floor the base stands: as high as a table [m].
const PedestalHeight = 0.75

// The pedestal's meshes, shared by all Specs.
var (
	pedestalTop    = shape.Cylinder(0.078, 0.016, 0.003, 48)
	pedestalColumn = shape.Cylinder(0.060, PedestalHeight-0.016-0.020, 0.001, 40)
	pedestalFoot   = shape.Cylinder(0.200, 0.020, 0.004, 56)
)

// AddPedestal puts a column under the base of an arm's Spec, down to the floor.
func AddPedestal(arm *sim.Spec) {
	steel := sim.Material{Name: "pedestal", Color: [3]float32{0.24, 0.25, 0.27}, Roughness: 0.5, Metallic: 0.4}
	b := arm.World().AddBody("pedestal", sim.Identity())
	b.AddVisual(sim.Translation(0, 0, -0.008), pedestalTop, steel)
	b.AddVisual(sim.Translation(0, 0, -0.016-(PedestalHeight-0.036)/2), pedestalColumn, steel)
	b.AddVisual(sim.Translation(0, 0, 0.010-PedestalHeight), pedestalFoot, steel)
	b.AddGeom(sim.Geom{Name: "pedestal_top", Type: sim.GeomCylinder, Size: sim.Vec3{0.078, 0.008}, Pose: sim.Translation(0, 0, -0.008)})
	b.AddGeom(sim.Geom{Name: "pedestal", Type: sim.GeomCylinder, Size: sim.Vec3{0.060, (PedestalHeight - 0.016) / 2}, Pose: sim.Translation(0, 0, -0.016-(PedestalHeight-0.016)/2)})
}
