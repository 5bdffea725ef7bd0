package render_test

import (
	"fmt"
	"log"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
)

// A camera one metre above a box of 10 cm sees its top at 0.9 m.
func Example() {
	spec, err := sim.NewSpec()
	if err != nil {
		log.Fatal(err)
	}
	defer spec.Close()
	box := spec.World().AddBody("box", sim.Identity())
	box.AddGeom(sim.Geom{
		Type: sim.GeomBox, Size: sim.Vec3{0.1, 0.1, 0.1}, Visible: true,
		Material: sim.Material{Color: [3]float32{0.8, 0.1, 0.1}, Roughness: 0.4},
	})
	model, err := spec.Compile()
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	data, err := sim.NewData(model)
	if err != nil {
		log.Fatal(err)
	}
	defer data.Close()
	if err := data.Forward(); err != nil {
		log.Fatal(err)
	}

	r, err := render.New(render.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	cam := sim.NewCamera("top", 64, 48, 45, sim.LookAt(sim.Vec3{0, 0, 1}, sim.Vec3{}))
	var shot sim.Shot
	if err := r.Render(data, cam, &shot); err != nil {
		log.Fatal(err)
	}
	middle, _ := sim.Pixel{X: 32, Y: 24}.Index(64, 48)
	fmt.Printf("%s at %.2f m\n", model.BodyName(int(shot.Seg.Bodies[middle])), shot.Frame.Depth[middle])
	// Output: box at 0.90 m
}
