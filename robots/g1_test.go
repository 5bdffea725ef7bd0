package robots

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/refarena/refarena/robots/dex3"
	"github.com/refarena/refarena/robots/g1"
	"github.com/refarena/refarena/sim"
)

func openG1(t testing.TB) *Robot {
	t.Helper()
	r, err := Open("g1")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The MJCF and the manufacturer's description agree on where torso, camera, palms and fingers are, and the kinematics with the MJCF.
func TestG1ModelTruthTable(t *testing.T) {
	raw, err := os.ReadFile("testdata/fk_g1.json")
	if err != nil {
		t.Fatal(err)
	}
	type pose struct {
		Pos  [3]float64 `json:"pos"`
		Quat [4]float64 `json:"quat"`
	}
	var table struct {
		Samples []struct {
			Waist     []float64       `json:"waist"`
			LeftArm   []float64       `json:"left_arm"`
			RightArm  []float64       `json:"right_arm"`
			LeftHand  []float64       `json:"left_hand"`
			RightHand []float64       `json:"right_hand"`
			Torso     pose            `json:"torso"`
			Head      pose            `json:"head"`
			D435      pose            `json:"d435"`
			LeftWrist pose            `json:"left_wrist"`
			RightW    pose            `json:"right_wrist"`
			LeftPalm  pose            `json:"left_palm"`
			RightPalm pose            `json:"right_palm"`
			LeftF     map[string]pose `json:"left_fingers"`
			RightF    map[string]pose `json:"right_fingers"`
		} `json:"samples"`
	}
	if err := json.Unmarshal(raw, &table); err != nil {
		t.Fatal(err)
	}
	r := newRigOf(t, openG1(t), nil)
	set := func(names []string, q []float64) {
		for i, name := range names {
			id, err := r.model.JointID("robot/" + name)
			if err != nil {
				t.Fatal(err)
			}
			r.data.Qpos()[r.model.JointQpos(id)] = q[i]
		}
	}
	names := func(s g1.Side, from, to int) (out []string) {
		joints := g1.Joints(s)
		for _, j := range joints[from:to] {
			out = append(out, j.Name)
		}
		return out
	}
	hand := func(s g1.Side) (out []string) {
		for _, n := range dex3.JointNames {
			out = append(out, s.String()+"_hand_"+n)
		}
		return out
	}
	camera, err := r.model.SiteID("robot/d435")
	if err != nil {
		t.Fatal(err)
	}
	pelvis := r.body(t, "robot/pelvis")
	for i, s := range table.Samples {
		set(names(g1.Left, 0, g1.Waist), s.Waist)
		set(names(g1.Left, g1.Waist, g1.DOF), s.LeftArm)
		set(names(g1.Right, g1.Waist, g1.DOF), s.RightArm)
		set(hand(g1.Left), s.LeftHand)
		set(hand(g1.Right), s.RightHand)
		if err := r.data.Forward(); err != nil {
			t.Fatal(err)
		}
		inv := r.data.BodyPose(pelvis).Inv()
		near := func(what string, in, got sim.Pose, want pose) {
			t.Helper()
			w := sim.Pose{Pos: want.Pos, Rot: sim.Quat{W: want.Quat[0], V: sim.Vec3(want.Quat[1:])}}
			if pos, angle := in.Mul(got).Distance(w); pos > 1e-6 || angle > 1e-6 {
				t.Errorf("sample %d: %s is off by %g m, %g rad", i, what, pos, angle)
			}
		}
		at := func(name string) sim.Pose { return r.data.BodyPose(r.body(t, "robot/"+name)) }
		near("torso", inv, at("torso_link"), s.Torso)
		near("head", inv, at("head_link"), s.Head)
		near("camera", inv, r.data.SitePose(camera), s.D435)
		near("left wrist", inv, at("left_wrist_yaw_link"), s.LeftWrist)
		near("right wrist", inv, at("right_wrist_yaw_link"), s.RightW)
		near("left palm", inv, at("left_hand_palm_link"), s.LeftPalm)
		near("right palm", inv, at("right_hand_palm_link"), s.RightPalm)
		for side, f := range [2]map[string]pose{s.LeftF, s.RightF} {
			prefix := g1.Side(side).String() + "_hand_"
			palm := at(prefix + "palm_link").Inv()
			near(prefix+"thumb", palm, at(prefix+"thumb_2_link"), f["thumb"])
			near(prefix+"index", palm, at(prefix+"index_1_link"), f["index"])
			near(prefix+"middle", palm, at(prefix+"middle_1_link"), f["middle"])
		}
		// The kinematics that motions are planned with begin in base.
		q := append(append([]float64(nil), s.Waist...), s.RightArm...)
		want := at("right_hand_palm_link").Mul(dex3.Tripod.TPalmEE(1))
		if got := r.robot.Arm.Forward(q); !got.Near(want, 1e-9) {
			t.Errorf("sample %d: Forward = %v, the model has %v", i, got, want)
		}
	}
}

// The G1 weighs what the manufacturer's description says.
func TestG1Mass(t *testing.T) {
	r := newRigOf(t, openG1(t), nil)
	sum := 0.0
	for b := range r.model.NBody() {
		sum += r.model.BodyMass(b)
	}
	if math.Abs(sum-34.392) > 0.003 { // 34.394 with two emblems of a gram
		t.Errorf("the model weighs %.4f kg, want 34.392", sum)
	}
}

// At home, in every mode, the robot keeps clear of itself and of the plane that it stands on, and its arms are beside the head camera's picture.
func TestG1Home(t *testing.T) {
	preset, err := sim.FindCameraPreset("g1-head")
	if err != nil {
		t.Fatal(err)
	}
	r := newRigOf(t, openG1(t), nil)
	cam, err := preset.Mounted(r.data, "robot/", 1280, 720)
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range r.robot.Modes() {
		field := &obstacles{}
		field.reset()
		for i := range field.heights[0] { // a table of 0.81 m
			if float64(i/fieldNY)*cell+fieldMin >= tableFront {
				field.heights[0][i], field.tallest = 0.06, 0.06
			}
		}
		c := newChecker(&mode.Arm, field)
		if !c.clear(mode.Arm.Home, 0.012) {
			t.Errorf("%s: not clear at home", mode.Mode)
		}
		for _, p := range mode.Arm.Capsules(mode.Arm.Home, nil)[len(g1Body):] {
			for _, end := range [2]sim.Vec3{p.A, p.B} {
				at := cam.TWorldCam.Inv().Apply(end)
				x, y := math.Abs(at[0])-p.Radius, math.Abs(at[1])-p.Radius
				if at[2] > 0.03 && x < at[2]*640/cam.Fx && y < at[2]*360/cam.Fy {
					t.Errorf("%s: something at %.3f is in the picture", mode.Mode, end)
				}
			}
		}
	}
}

// Inverse brings the hand where it is asked to, within the limits, nearest first; from a neighbouring place it goes on without a jump.
func TestG1Inverse(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	for _, mode := range openG1(t).Modes() {
		found, rows := 0, []float64(nil)
		n := len(mode.Arm.Joints)
		y := 0.15
		if mode.Arm.Kinematics.(g1Arm).side == g1.Right {
			y = -y
		}
		const draws = 60
		for range draws {
			down := sim.QuatFromAxes(sim.Vec3{0, 1, 0}, sim.Vec3{1, 0, 0}, sim.Vec3{0, 0, -1})
			at := sim.Pose{Pos: sim.Vec3{0.32 + 0.18*draw.Float64(), y + 0.2*(draw.Float64()-0.5), 0.02 + 0.1*draw.Float64()}, Rot: down}.
				Mul(sim.Rotation(math.Pi+1.2*(draw.Float64()-0.5), sim.Vec3{0, 0, 1}))
			rows = mode.Arm.Inverse(at, mode.Arm.Home, rows)
			if len(rows) == 0 {
				continue
			}
			found++
			for k := 0; k < len(rows); k += n {
				q := rows[k : k+n]
				if got := mode.Arm.Forward(q); !got.Near(at, 1e-5) {
					t.Errorf("%s: at %v, want %v", mode.Mode, got, at)
				}
				for i, j := range mode.Arm.Joints {
					if !(q[i] >= j.Min && q[i] <= j.Max) {
						t.Errorf("%s: %s = %g outside %g…%g", mode.Mode, j.Name, q[i], j.Min, j.Max)
					}
				}
			}
			q := append([]float64(nil), rows[:n]...)
			at.Pos[2] += 0.01
			if next := mode.Arm.Inverse(at, q, nil); len(next) == 0 || jointDistance(next[:n], q) > 0.3 {
				t.Errorf("%s: no way 1 cm up from %v", mode.Mode, q)
			}
		}
		if found < draws*9/10 {
			t.Errorf("%s: %d of %d places before the hand reached", mode.Mode, found, draws)
		}
	}
}
