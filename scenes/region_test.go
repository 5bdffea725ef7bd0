package scenes

import (
	"math"
	"testing"

	"github.com/refarena/refarena/sim"
)

// includeVisuals is a mount that lets Data.Ray see what is drawn.
var includeVisuals = Mount{Attach: func(s *sim.Spec) error { s.IncludeVisuals(); return nil }}

// castShot is a shot made by casting a ray through each pixel: slow, and no renderer needed.
func castShot(s *Scene, cam sim.Camera) *sim.Shot {
	shot := &sim.Shot{Frame: sim.Frame{Camera: cam}, Seg: sim.Segmentation{Width: cam.Width, Height: cam.Height}}
	forward := cam.TWorldCam.Axis(2)
	for y := range cam.Height {
		for x := range cam.Width {
			origin, dir := cam.Ray(sim.Pixel{X: float64(x) + 0.5, Y: float64(y) + 0.5})
			dist, geom, ok := s.Data.Ray(origin, dir, true)
			body, depth := int32(-1), float32(0)
			if ok {
				body, depth = int32(s.Model.GeomBody(geom)), float32(dist*dir.Dot(forward))
			}
			shot.Seg.Bodies = append(shot.Seg.Bodies, body)
			shot.Frame.Depth = append(shot.Frame.Depth, depth)
		}
	}
	return shot
}

func rayScene(t *testing.T, seed uint64) (*Scene, *sim.Shot) {
	t.Helper()
	s, err := Generate(Config{}, seed, includeVisuals)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, castShot(s, DefaultCamera(160, 120))
}

// Objects are seen where they are: all of them, and none of their pixels shows a point outside of their outline.
func TestObjectRegion(t *testing.T) {
	for seed := range uint64(2) {
		s, shot := rayScene(t, seed)
		for i, p := range s.Objects {
			region := s.ObjectRegion(shot, i)
			if region.Count() < 15 {
				t.Errorf("seed %d: %s shows in %d pixels of 160 × 120", seed, p.Name, region.Count())
			}
			grown := p.Footprint()
			grown.Radius += 0.005
			for k, in := range region.Mask {
				px := sim.Pixel{X: float64(k%160) + 0.5, Y: float64(k/160) + 0.5}
				if in != region.Contains(px.Norm(region.Width, region.Height)) {
					t.Fatalf("Contains(%v) = %v", px, !in)
				}
				if !in {
					continue
				}
				if q := shot.Frame.Camera.Deproject(px, float64(shot.Frame.Depth[k])); !grown.Contains(q[0], q[1]) {
					t.Fatalf("seed %d: pixel %v of %s shows %v, which is outside of %+v", seed, px, p.Name, q, grown)
				}
			}
		}
	}
}

// What is put down at a pixel of the region, turned anyhow, stays there: the promise of PlaceRegion, kept by physics. Objects that do
// not fit have no region.
func TestPlaceRegion(t *testing.T) {
	r := Stream(1, "test")
	tried := map[string]int{}
	for seed := range uint64(8) {
		s, shot := rayScene(t, seed)
		start, err := sim.NewSnapshot(s.Model)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(start.Close) // runs before the scene's Close
		if err := s.Data.Save(start); err != nil {
			t.Fatal(err)
		}
		for held, p := range s.Objects {
			joint, err := s.Model.JointID(p.Name)
			if err != nil {
				t.Fatal(err)
			}
			for support, q := range s.Objects {
				region := s.PlaceRegion(shot, s.Data, held, support)
				if held == support || !p.Design.Fits(q.Design) {
					if n := region.Count(); n > 0 {
						t.Fatalf("seed %d: %s in %s: %d pixels, want none", seed, p.Name, q.Name, n)
					}
					continue
				}
				var pixels []int
				for k, in := range region.Mask {
					if in {
						pixels = append(pixels, k)
					}
				}
				if len(pixels) == 0 {
					t.Logf("seed %d: no place to be seen for %s %s %s", seed, p.Name, q.Design.Support.Preposition, q.Name)
					continue
				}
				for range 2 {
					if err := s.Data.Restore(start); err != nil {
						t.Fatal(err)
					}
					k := pick(r, pixels)
					at := shot.Frame.Camera.Deproject(sim.Pixel{X: float64(k%160) + 0.5, Y: float64(k/160) + 0.5}, float64(shot.Frame.Depth[k]))
					pose := sim.Rotation(2*math.Pi*r.Float64(), sim.Vec3{0, 0, 1})
					pose.Pos = sim.Vec3{at[0], at[1], q.TWorldObj.Pos[2] + q.Design.Support.Z + p.Design.Lift + 0.002}
					if q.Design.Support.hollow() && !p.Design.Upright {
						pose.Pos[2] += q.Design.Support.Depth // let go at the rim: the walls are not vertical
					}
					s.Data.SetFreePose(joint, pose)
					if err := s.Data.Forward(); err != nil {
						t.Fatal(err)
					}
					if err := s.Data.Step(1000); err != nil {
						t.Fatal(err)
					}
					if !s.RestsOn(s.Data, held, support) || !s.Stands(s.Data, held) {
						t.Errorf("seed %d: %s let go at %v is not %s %s after 2 s, but at %v", seed, p.Name, at, q.Design.Support.Preposition, q.Name,
							s.Data.BodyPose(s.Bodies[held]))
					}
					if s.RestsOn(s.Data, support, held) {
						t.Errorf("seed %d: %s rests on %s, which rests on it", seed, q.Name, p.Name)
					}
					tried[q.Design.Name]++
				}
			}
			if err := s.Data.Restore(start); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(tried) < 4 {
		t.Errorf("placed %v, want 4 or more kinds of supports", tried)
	}
	t.Logf("placed %v", tried)
}

// Where something lies already there is no place for more.
func TestPlaceRegionTaken(t *testing.T) {
	cfg := Config{MinObjects: 3, MaxObjects: 3, MaxSupports: 1, Designs: []string{"tray", "apple"}}
	s, err := Generate(cfg, 1, includeVisuals)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	cam := DefaultCamera(160, 120)
	before := s.PlaceRegion(castShot(s, cam), s.Data, 1, 0)
	joint, err := s.Model.JointID(s.Objects[2].Name)
	if err != nil {
		t.Fatal(err)
	}
	pose := s.Objects[0].TWorldObj
	pose.Pos[2] += s.Objects[0].Design.Support.Z
	s.Data.SetFreePose(joint, pose)
	if err := s.Data.Forward(); err != nil {
		t.Fatal(err)
	}
	shot := castShot(s, cam)
	after := s.PlaceRegion(shot, s.Data, 1, 0)
	if after.Count() == 0 || after.Count() > before.Count()*3/4 {
		t.Errorf("%d pixels are free with an apple on the tray, %d without, want some, and much fewer", after.Count(), before.Count())
	}
	need := s.Objects[1].Design.Footprint.Radius + s.Objects[2].Design.Footprint.Radius + PlaceMargin
	for k, in := range after.Mask {
		if !in {
			continue
		}
		at := cam.Deproject(sim.Pixel{X: float64(k%160) + 0.5, Y: float64(k/160) + 0.5}, float64(shot.Frame.Depth[k]))
		if d := math.Hypot(at[0]-pose.Pos[0], at[1]-pose.Pos[1]); d < need-1e-6 {
			t.Fatalf("a pixel of the region is %.1f mm from the apple's middle, want %.1f or more", 1e3*d, 1e3*need)
		}
	}
}
