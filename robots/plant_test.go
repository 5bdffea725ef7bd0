package robots

import (
	"testing"

	"github.com/refarena/refarena/sim"
)

func TestScratch(t *testing.T) {
	r, err := Open("ur5")
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Build()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m, err := s.Compile()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, v := range m.Visuals() {
		if err := v.Mesh.Validate(); err != nil {
			t.Error(v.Mesh.Name, err)
		}
		n += v.Mesh.Triangles()
	}
	t.Log("visuals", len(m.Visuals()), "triangles", n, "nv", m.NV())
	d, err := sim.NewData(m)
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.NewPlant(d, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Reset(); err != nil {
		t.Fatal(err)
	}
	id, _ := m.SiteID("gripper/ee")
	t.Log(d.SitePose(id), r.Arm.Forward(r.Arm.Home))
	home := append([]float64(nil), r.Arm.Home...)
	zero := make([]float64, 6)
	for i := range 125 {
		w := 0.0
		if err := p.Step(Command{Q: home, QD: zero, Hand: HandCommand{Width: w, Force: 235}}); err != nil {
			t.Fatal(err)
		}
		if i%8 == 0 {
			a, _ := m.BodyID("gripper/right_pad")
			b, _ := m.BodyID("gripper/left_pad")
			t.Logf("%.3f width %.4f speed %.3f grip %.1f pads %.3f %.3f deg, apart %.4f", d.Time(), p.State().Width, p.State().WidthD, p.State().Grip,
				sim.QuatAngle(d.BodyPose(a).Rot, d.SitePose(id).Rot)*57.3, sim.QuatAngle(d.BodyPose(b).Rot, d.SitePose(id).Rot)*57.3-180, d.BodyPose(a).Pos.Sub(d.BodyPose(b).Pos).Len())
		}
	}
}
