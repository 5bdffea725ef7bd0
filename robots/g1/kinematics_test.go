package g1

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/refarena/refarena/robots/dex3"
	"github.com/refarena/refarena/sim"
)

type truthPose struct {
	Pos  [3]float64 `json:"pos"`
	Quat [4]float64 `json:"quat"`
}

func (p truthPose) pose() sim.Pose {
	return sim.Pose{Pos: p.Pos, Rot: sim.Quat{W: p.Quat[0], V: sim.Vec3(p.Quat[1:])}}
}

type truthSample struct {
	Set          string               `json:"set"`
	Waist        [Waist]float64       `json:"waist"`
	LeftArm      ArmConfig            `json:"left_arm"`
	RightArm     ArmConfig            `json:"right_arm"`
	LeftHand     dex3.Config          `json:"left_hand"`
	RightHand    dex3.Config          `json:"right_hand"`
	Torso        truthPose            `json:"torso"`
	Head         truthPose            `json:"head"`
	D435         truthPose            `json:"d435"`
	LeftWrist    truthPose            `json:"left_wrist"`
	RightWrist   truthPose            `json:"right_wrist"`
	LeftPalm     truthPose            `json:"left_palm"`
	RightPalm    truthPose            `json:"right_palm"`
	LeftFingers  map[string]truthPose `json:"left_fingers"`
	RightFingers map[string]truthPose `json:"right_fingers"`
}

// truthTable is 202 poses computed from the manufacturer's URDF, independently of this package.
func truthTable(t *testing.T) []truthSample {
	t.Helper()
	raw, err := os.ReadFile("../testdata/fk_g1.json")
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Samples []truthSample `json:"samples"`
	}
	if err := json.Unmarshal(raw, &table); err != nil {
		t.Fatal(err)
	}
	if len(table.Samples) != 202 {
		t.Fatalf("%d samples, want 202", len(table.Samples))
	}
	return table.Samples
}

func TestForwardTruthTable(t *testing.T) {
	for i, s := range truthTable(t) {
		near := func(what string, got sim.Pose, want truthPose) {
			t.Helper()
			if pos, angle := got.Distance(want.pose()); pos > 1e-8 || angle > 1e-7 {
				t.Errorf("sample %d (%s): %s is off by %g m, %g rad", i, s.Set, what, pos, angle)
			}
		}
		for side, arm := range [2]ArmConfig{s.LeftArm, s.RightArm} {
			q := Config{s.Waist[0], s.Waist[1], s.Waist[2], arm[0], arm[1], arm[2], arm[3], arm[4], arm[5], arm[6]}
			side := Side(side)
			var tPelvisLink [DOF + 1]sim.Pose
			Links(side, q, &tPelvisLink)
			torso := tPelvisLink[Waist]
			near("torso", torso, s.Torso)
			near("head", torso.Mul(TTorsoHead), s.Head)
			near("camera", torso.Mul(TTorsoD435), s.D435)
			near(side.String()+" wrist", tPelvisLink[DOF], [2]truthPose{s.LeftWrist, s.RightWrist}[side])
			near(side.String()+" palm", Forward(side, q), [2]truthPose{s.LeftPalm, s.RightPalm}[side])
			thumb, index, middle := dex3.Fingers(int(side), [2]dex3.Config{s.LeftHand, s.RightHand}[side])
			fingers := [2]map[string]truthPose{s.LeftFingers, s.RightFingers}[side]
			near(side.String()+" thumb", thumb, fingers["thumb"])
			near(side.String()+" index", index, fingers["index"])
			near(side.String()+" middle", middle, fingers["middle"])
		}
	}
}
