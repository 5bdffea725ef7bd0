package sim

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/go-gl/mathgl/mgl64"
)

const testArm = `<mujoco><worldbody><body name="link" pos="0 0 0.12"><joint name="pan" axis="0 0 1" damping="0.5"/>
<geom name="beam" type="capsule" fromto="0 0 0 0.4 0 0" size="0.02" group="3"/>
<geom name="pointer" type="box" size="0.02 0.02 0.05" pos="0.4 0 -0.06"/><site name="tip" pos="0.4 0 -0.11"/></body></worldbody>
<actuator><position name="pan" joint="pan" kp="50" kv="5" forcerange="-40 40"/></actuator></mujoco>`

// testModel is a table with boxes, balls and cylinders, and a one-joint arm that can sweep them off.
func testModel(t testing.TB) *Model {
	t.Helper()
	s, err := NewSpec()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	table := s.World().AddBody("table", Translation(0.4, 0, -0.02))
	table.AddGeom(Geom{Name: "top", Type: GeomBox, Size: Vec3{0.5, 0.5, 0.02}, Visible: true})
	arm, err := ParseMJCF([]byte(testArm))
	if err != nil {
		t.Fatal(err)
	}
	defer arm.Close()
	if err := s.Attach(arm, s.World(), Identity(), "arm/"); err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		a := 0.3 + 0.25*float64(i)
		b := s.World().AddBody(fmt.Sprintf("obj%d", i), Translation(0.4*math.Cos(a), 0.4*math.Sin(a), 0.06))
		b.AddFreeJoint(fmt.Sprintf("obj%d", i))
		b.AddGeom(Geom{Type: []GeomType{GeomBox, GeomSphere, GeomCylinder}[i%3], Size: Vec3{0.03, 0.03, 0.03}, Mass: 0.1, Condim: 4})
	}
	m, err := s.Compile()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func testData(t testing.TB, m *Model) *Data {
	t.Helper()
	d, err := NewData(m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// sweep drives the arm through the objects for n batches of batch steps and returns a hash over every batch's state.
func sweep(t testing.TB, d *Data, n, batch int) string {
	t.Helper()
	h := sha256.New()
	for range n {
		d.Ctrl()[0] = 2 * math.Sin(d.Time())
		if err := d.Step(batch); err != nil {
			t.Fatal(err)
		}
		d.Hash(h)
	}
	return sum(h)
}

func sum(h hash.Hash) string { return fmt.Sprintf("%x", h.Sum(nil)) }

func TestResetEqualsFresh(t *testing.T) {
	m := testModel(t)
	used := testData(t, m)
	want := sweep(t, testData(t, m), 200, 5)
	sweep(t, used, 300, 5)
	if err := used.Reset(); err != nil {
		t.Fatal(err)
	}
	if got := sweep(t, used, 200, 5); got != want {
		t.Errorf("after Reset the run has hash %s, a fresh one %s", got, want)
	}
}

func TestRestoreContinuesBitForBit(t *testing.T) {
	m := testModel(t)
	d, other := testData(t, m), testData(t, m)
	s, err := NewSnapshot(m)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := d.Restore(s); err == nil {
		t.Error("Restore of a snapshot that was never saved to succeeds")
	}
	sweep(t, d, 150, 5) // several objects are asleep by now, others are being pushed
	if err := d.Save(s); err != nil {
		t.Fatal(err)
	}
	want := sweep(t, d, 200, 5)
	for _, tt := range []struct {
		name string
		d    *Data
	}{{"same Data", d}, {"another Data", other}} {
		if err := tt.d.Restore(s); err != nil {
			t.Fatal(err)
		}
		if tt.d.Steps() != 750 {
			t.Errorf("%s: Steps() = %d after Restore, want 750", tt.name, tt.d.Steps())
		}
		if got := sweep(t, tt.d, 200, 5); got != want {
			t.Errorf("%s: the run after Restore has hash %s, want %s", tt.name, got, want)
		}
	}
}

func TestStepsAtOnceEqualSingleSteps(t *testing.T) {
	m := testModel(t)
	run := func(batch int) string {
		d := testData(t, m)
		h := sha256.New()
		for range 300 {
			d.Ctrl()[0] = 2 * math.Sin(d.Time())
			for range 10 / batch {
				if err := d.Step(batch); err != nil {
					t.Fatal(err)
				}
			}
			d.Hash(h)
		}
		return sum(h)
	}
	want := run(10)
	for _, batch := range []int{1, 2, 5} {
		if got := run(batch); got != want {
			t.Errorf("steps in batches of %d give hash %s, all ten at once %s", batch, got, want)
		}
	}
}

func TestTwoGoroutinesGetTheSameBits(t *testing.T) {
	m := testModel(t)
	want := sweep(t, testData(t, m), 300, 5)
	var wg sync.WaitGroup
	got := make([]string, 4)
	for i := range got {
		d := testData(t, m)
		wg.Go(func() { got[i] = sweep(t, d, 300, 5) })
	}
	wg.Wait()
	for i, g := range got {
		if g != want {
			t.Errorf("goroutine %d got hash %s, one after the other gave %s", i, g, want)
		}
	}
}

func TestComposedAnewGivesTheSameBits(t *testing.T) {
	if a, b := sweep(t, testData(t, testModel(t)), 200, 5), sweep(t, testData(t, testModel(t)), 200, 5); a != b {
		t.Errorf("two compiled models give hashes %s and %s", a, b)
	}
}

func TestDivergedPhysicsNamesTheStep(t *testing.T) {
	d := testData(t, testModel(t))
	if err := d.Step(7); err != nil {
		t.Fatal(err)
	}
	d.Qvel()[2] = math.NaN()
	err := d.Step(100)
	if err == nil || !strings.Contains(err.Error(), "step 8 (0.016 s)") || !strings.Contains(err.Error(), "diverged") {
		t.Errorf("Step after a NaN = %v, want an error that names step 8", err)
	}
	if err := d.Reset(); err != nil {
		t.Fatal(err)
	}
	if err := d.Step(10); err != nil {
		t.Errorf("Step after Reset = %v, want nil", err)
	}
	d.Ctrl()[0] = math.Inf(1)
	if err := d.Step(1); err == nil || !strings.Contains(err.Error(), "control") {
		t.Errorf("Step with an infinite control = %v, want an error about the control", err)
	}
}

func TestForwardRefusesWhatIsNotFinite(t *testing.T) {
	d := testData(t, testModel(t))
	look := testData(t, d.Model())
	d.Qpos()[2] = math.NaN()
	for name, err := range map[string]error{"Forward": d.Forward(), "Collide": d.Collide(), "CopyAwake": look.CopyAwake(d)} {
		if err == nil || !strings.Contains(err.Error(), "not finite") {
			t.Errorf("%s of a NaN = %v, want an error", name, err)
		}
	}
}

// A caller's bug is a panic that can be recovered from, never a crash in C.
func TestMisuseStaysInGo(t *testing.T) {
	m := testModel(t)
	d, err := NewData(m)
	if err != nil {
		t.Fatal(err)
	}
	for name, use := range map[string]func(){
		"geom": func() { d.GeomDistance(0, 1e8, 1) },
		"body": func() { d.BodyVelocity(-1) },
		"site": func() { d.SiteJacobian(1e8, nil, nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			use()
		}()
	}
	d.Close()
	defer func() {
		if recover() == nil {
			t.Error("Step of a closed Data: no panic")
		}
	}()
	d.Step(1)
}

func TestCompileErrors(t *testing.T) {
	box := Geom{Type: GeomBox, Size: Vec3{0.1, 0.1, 0.1}}
	for _, tt := range []struct {
		name  string
		build func(s *Spec)
		want  string
	}{
		{"same name twice", func(s *Spec) { s.World().AddBody("a", Identity()); s.World().AddBody("a", Identity()) }, `body "a" twice`},
		{"no such mesh", func(s *Spec) { s.World().AddGeom(Geom{Name: "g", Type: GeomMesh, Mesh: "nope"}) }, "nope"},
		{"free without mass", func(s *Spec) { s.World().AddBody("a", Identity()).AddFreeJoint("a") }, "mass"},
		{"negative size", func(s *Spec) { s.World().AddGeom(Geom{Name: "g", Type: GeomSphere, Size: Vec3{-1}}) }, "size"},
		{"free joint inside", func(s *Spec) {
			b := s.World().AddBody("a", Identity())
			b.AddGeom(box)
			c := b.AddBody("b", Identity())
			c.AddGeom(box)
			c.AddFreeJoint("b")
		}, "free joint"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := NewSpec()
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			tt.build(s)
			m, err := s.Compile()
			if err == nil {
				m.Close()
				t.Fatal("Compile succeeds")
			}
			if !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("Compile() = %q, want one line with %q", err, tt.want)
			}
		})
	}
	if _, err := ParseMJCF([]byte(`<mujoco><worldbody><geom siz="1"/></worldbody></mujoco>`)); err == nil || !strings.Contains(err.Error(), "siz") {
		t.Errorf("ParseMJCF of a bad attribute = %v, want an error that names it", err)
	}
	if _, err := testModel(t).BodyID("cup"); err == nil || !strings.Contains(err.Error(), `no body "cup"`) || !strings.Contains(err.Error(), "arm/link") {
		t.Errorf("BodyID of an unknown body = %v, want an error that lists the bodies", err)
	}
}

func TestContactsBearTheWeight(t *testing.T) {
	s, err := NewSpec()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.World().AddGeom(Geom{Name: "floor", Type: GeomPlane, Size: Vec3{1, 1, 1}})
	b := s.World().AddBody("box", Translation(0, 0, 0.0301))
	b.AddFreeJoint("box")
	b.AddGeom(Geom{Name: "box", Type: GeomBox, Size: Vec3{0.03, 0.03, 0.03}, Mass: 0.5})
	m, err := s.Compile()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	d := testData(t, m)
	if err := d.Step(200); err != nil {
		t.Fatal(err)
	}
	id, _ := m.BodyID("box")
	if !d.Asleep(id) || len(d.Contacts(nil)) > 0 {
		t.Errorf("after 0.4 s the box is awake or has contacts; want it asleep and left out")
	}
	look := testData(t, m)
	if err := look.CopyAwake(d); err != nil {
		t.Fatal(err)
	}
	var force float64
	for _, c := range look.Contacts(nil) {
		force += c.Force * math.Abs(c.Normal[2])
		if c.Dist < -0.001 {
			t.Errorf("contact %v penetrates by %.1f mm", c.Pos, -1000*c.Dist)
		}
	}
	if want := 0.5 * 9.81; math.Abs(force-want) > 0.02*want {
		t.Errorf("contacts carry %.3f N, want the weight %.3f N", force, want)
	}
}

func TestRayAndDrawnGeometry(t *testing.T) {
	d := testData(t, testModel(t))
	dist, geom, ok := d.Ray(Vec3{0.7, -0.3, 1}, Vec3{0, 0, -1}, false)
	if !ok || math.Abs(dist-1) > 1e-9 || d.Model().GeomName(geom) != "top" {
		t.Errorf("Ray down to the table = %.6f m, geom %d, %v; want 1 m to the top", dist, geom, ok)
	}
	if _, _, ok := d.Ray(Vec3{0, 0, 1}, Vec3{0, 0, 1}, false); ok {
		t.Error("Ray into the sky hits something")
	}
	var drawn []string
	for _, v := range d.Model().Visuals() {
		drawn = append(drawn, d.Model().BodyName(v.Body))
	}
	if got := strings.Join(drawn, " "); got != "arm/link table" { // the pointer is in group 0, the beam in group 3
		t.Errorf("drawn bodies are %q, want the arm's pointer and the table", got)
	}
}

func TestSiteJacobianEqualsFiniteDifferences(t *testing.T) {
	d := testData(t, testModel(t))
	m := d.Model()
	site, err := m.SiteID("arm/tip")
	if err != nil {
		t.Fatal(err)
	}
	pan, _ := m.JointID("arm/pan")
	nv := m.NV()
	jacp, jacr := make([]float64, 3*nv), make([]float64, 3*nv)
	d.SiteJacobian(site, jacp, jacr)
	at := func(q float64) Vec3 {
		d.Qpos()[m.JointQpos(pan)] = q
		if err := d.Forward(); err != nil {
			t.Fatal(err)
		}
		return d.SitePose(site).Pos
	}
	const h = 1e-6
	diff := at(h).Sub(at(-h)).Mul(1 / (2 * h))
	dof := m.JointDof(pan)
	got := Vec3{jacp[dof], jacp[nv+dof], jacp[2*nv+dof]}
	if got.Sub(diff).Len() > 1e-8 {
		t.Errorf("Jacobian column %v, finite differences %v", got, diff)
	}
	if rot := (Vec3{jacr[dof], jacr[nv+dof], jacr[2*nv+dof]}); rot.Sub(Vec3{0, 0, 1}).Len() > 1e-12 {
		t.Errorf("rotational Jacobian %v, want the joint's axis", rot)
	}
}

func TestSteppingAllocatesNothing(t *testing.T) {
	d := testData(t, testModel(t))
	h := sha256.New()
	var contacts []Contact
	step := func() {
		if err := d.Step(4); err != nil {
			t.Fatal(err)
		}
		d.Hash(h)
		contacts = d.Contacts(contacts)
		_ = d.BodyPose(1)
	}
	for range 200 {
		step()
	}
	if n := testing.AllocsPerRun(100, step); n > 0 {
		t.Errorf("a step allocates %v times, want 0", n)
	}
}

func randPose(r *rand.Rand) Pose {
	q := Quat{W: r.NormFloat64(), V: Vec3{r.NormFloat64(), r.NormFloat64(), r.NormFloat64()}}
	return Pose{Vec3{r.NormFloat64(), r.NormFloat64(), r.NormFloat64()}, q.Normalize()}
}

func TestPoseLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 200 {
		a, b, c := randPose(r), randPose(r), randPose(r)
		if !a.Mul(b).Mul(b.Inv()).Near(a, 1e-12) {
			t.Fatalf("draw %d: a·b·b⁻¹ ≠ a for a = %v, b = %v", i, a, b)
		}
		if !a.Mul(b.Mul(c)).Near(a.Mul(b).Mul(c), 1e-12) {
			t.Fatalf("draw %d: a·(b·c) ≠ (a·b)·c", i)
		}
		p := Vec3{r.NormFloat64(), r.NormFloat64(), r.NormFloat64()}
		if a.Mul(b).Apply(p).Sub(a.Apply(b.Apply(p))).Len() > 1e-12 {
			t.Fatalf("draw %d: (a·b)(p) ≠ a(b(p))", i)
		}
		if q := QuatFromAxes(a.Axis(0), a.Axis(1), a.Axis(2)); QuatAngle(q, a.Rot) > 1e-12 {
			t.Fatalf("draw %d: the axes of %v give %v", i, a.Rot, q)
		}
	}
	if got := (Pose{Rot: RPY(0.1, 0.2, 0.3)}).Axis(0); got.Sub(Vec3{math.Cos(0.3) * math.Cos(0.2), math.Sin(0.3) * math.Cos(0.2), -math.Sin(0.2)}).Len() > 1e-12 {
		t.Errorf("RPY(0.1, 0.2, 0.3) has x axis %v", got)
	}
}

func TestCameraLaws(t *testing.T) {
	cam := NewCamera("c", 640, 480, 45, LookAt(Vec3{1.2, 0.3, 0.9}, Vec3{0.4, 0, 0}))
	cam.Cx, cam.Cy = 300, 260
	if err := cam.Validate(); err != nil {
		t.Fatal(err)
	}
	if px, _, _ := cam.Project(Vec3{0.4, 0, 0}); math.Hypot(px.X-cam.Cx, px.Y-cam.Cy) > 1e-9 {
		t.Errorf("the point looked at is seen at %v, want the principal point", px)
	}
	view, proj := cam.ViewGL(), cam.ProjectionGL()
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 200 {
		p := Vec3{r.Float64(), r.Float64() - 0.5, r.Float64() * 0.3}
		px, depth, ok := cam.Project(p)
		if !ok {
			t.Fatalf("point %v is not in front of the camera", p)
		}
		if back := cam.Deproject(px, depth); back.Sub(p).Len() > 1e-12 {
			t.Fatalf("draw %d: Deproject(Project(%v)) = %v", i, p, back)
		}
		o, dir := cam.Ray(px)
		if p.Sub(o).Normalize().Sub(dir).Len() > 1e-12 {
			t.Fatalf("draw %d: the ray through %v misses %v", i, px, p)
		}
		clip := proj.Mul4(view).Mul4x1(p.Vec4(1)) // OpenGL: y up, -1…1
		gl := Pixel{(clip[0]/clip[3] + 1) / 2 * 640, (1 - clip[1]/clip[3]) / 2 * 480}
		if math.Hypot(gl.X-px.X, gl.Y-px.Y) > 1e-9 {
			t.Fatalf("draw %d: GL shows %v at %v, Project at %v", i, p, gl, px)
		}
	}
	for _, bad := range []func(*Camera){
		func(c *Camera) { c.Width = 0 }, func(c *Camera) { c.Height = MaxImageSide + 1 }, func(c *Camera) { c.Fx = math.NaN() },
		func(c *Camera) { c.Near, c.Far = 2, 1 }, func(c *Camera) { c.TWorldCam = Pose{} },
	} {
		c := cam
		bad(&c)
		if c.Validate() == nil {
			t.Errorf("Validate accepts %+v", c)
		}
	}
	down := LookAt(Vec3{0, 0, 1}, Vec3{})
	if down.Axis(2).Sub(Vec3{0, 0, -1}).Len() > 1e-12 || math.Abs(mgl64.Mat4(down.Rot.Mat4()).Det()-1) > 1e-9 {
		t.Errorf("LookAt straight down = %v", down)
	}
}

func TestPixelIndex(t *testing.T) {
	for _, tt := range []struct {
		p    NormPoint
		want int
		ok   bool
	}{
		{NormPoint{0, 0}, 0, true}, {NormPoint{0.999, 0}, 3, true}, {NormPoint{1, 1}, 11, true}, {NormPoint{0.5, 0.5}, 6, true},
		{NormPoint{-0.01, 0.5}, 0, false}, {NormPoint{0.5, 1.01}, 0, false}, {NormPoint{math.NaN(), 0.5}, 0, false},
	} {
		if got, ok := tt.p.Pixel(4, 3).Index(4, 3); got != tt.want || ok != tt.ok {
			t.Errorf("%v in 4×3: Index = %d, %v, want %d, %v", tt.p, got, ok, tt.want, tt.ok)
		}
	}
}
