package tasks

import (
	"testing"

	"github.com/refarena/refarena/sim"
)

// The official predicates say what Open6DOR's code says, its error included: the viewer sits at +x and looks along -x, so that +y is right.
func TestOfficialPredicates(t *testing.T) {
	b := newBench(t, [2]string{"red", "block"}, [2]string{"blue", "book"}, [2]string{"green", "block"}, [2]string{"red", "can"})
	at := func(x, y, z float64) sim.Pose { return sim.Translation(x, y, z) }
	for _, tt := range []struct {
		kind   string
		things []string
		at     map[int]sim.Pose
		want   bool
	}{
		{"left", []string{"0", "1"}, map[int]sim.Pose{0: at(0.45, -0.14, 0)}, true}, // by 1 cm
		{"left", []string{"3", "1"}, nil, false},
		{"right", []string{"3", "1"}, nil, true},
		{"right", []string{"0", "1"}, nil, false},
		{"front", []string{"0", "1"}, map[int]sim.Pose{0: at(0.46, -0.26, 0)}, true},
		{"front", []string{"0", "1"}, map[int]sim.Pose{0: at(0.44, -0.26, 0)}, false},
		{"behind", []string{"0", "1"}, map[int]sim.Pose{0: at(0.44, -0.26, 0)}, true},
		{"top", []string{"0", "1"}, map[int]sim.Pose{0: at(0.45, 0.30, 0.5)}, true}, // in the air, elsewhere
		{"top", []string{"0", "1"}, nil, false},
		{"between", []string{"2", "0", "3"}, map[int]sim.Pose{0: at(0.40, -0.26, 0), 3: at(0.50, -0.20, 0)}, true},                      // in the range of x, though not of y
		{"between", []string{"2", "0", "3"}, map[int]sim.Pose{2: at(0.60, 0.30, 0), 0: at(0.45, -0.26, 0), 3: at(0.45, 0.13, 0)}, true}, // x - 0.49 = 0.11 is in the range of y
		{"between", []string{"2", "0", "3"}, map[int]sim.Pose{2: at(0.80, 0, 0), 0: at(0.45, -0.26, 0), 3: at(0.45, 0.13, 0)}, false},   // and so a true between may fail
		{"center", []string{"2", "0", "1", "3"}, map[int]sim.Pose{2: at(0.45, 0, 0), 0: at(0.35, -0.26, 0), 3: at(0.60, 0.13, 0)}, true},
		{"center", []string{"2", "0", "1", "3"}, map[int]sim.Pose{2: at(0.65, 0, 0), 0: at(0.35, -0.26, 0), 3: at(0.60, 0.13, 0)}, false},
	} {
		b.set(tt.at, 1, 0)
		if got := b.stage.official(tt.kind, Condition{Kind: officialPrefix + tt.kind, Things: tt.things}); got != tt.want {
			t.Errorf("%s %v at %v = %v, want %v", tt.kind, tt.things, tt.at, got, tt.want)
		}
	}
}
