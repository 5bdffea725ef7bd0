package robots

import (
	"math"
	"slices"
	"testing"

	"github.com/refarena/refarena/sim"
)

// In every mode of every robot there is room to turn something as long as a bottle over, and the half turn is one: the hand's axis is level all the way, and the
// hand has turned by π about it in the end.
func TestHalfTurn(t *testing.T) {
	for _, name := range Names() {
		robot, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		r := newRigOf(t, robot, nil)
		first := NewExecutor(robot, r.plant)
		for _, e := range first.modes() {
			first.field.reset()
			ee := e.tWorldBase.Mul(e.robot.Arm.Forward(e.robot.Arm.Home))
			held := &Held{Grasp: Grasp{TWorldEE: ee, body: []Capsule{{ee.Apply(sim.Vec3{0, 0, 0.10}), ee.Apply(sim.Vec3{0, 0, -0.05}), 0.03}}}}
			held.Grasp.TWorldEE.Pos[2] = 0.1
			held.Grasp.body[0].A[2] += 0.1 - ee.Pos[2]
			held.Grasp.body[0].B[2] += 0.1 - ee.Pos[2]
			from, _, ok := e.exercisePlace(held)
			if !ok {
				t.Errorf("%s %s: no place to shake", name, e.robot.Mode)
				continue
			}
			if up := e.robot.Arm.Forward(from).Pos[2] - 0.1; up < exerciseLift {
				t.Errorf("%s %s: lifted by %.3f m, want %.3f at least", name, e.robot.Mode, up, exerciseLift)
			}
			copy(e.q, from)
			around := e.halfTurns(held)
			if len(around) == 0 {
				t.Errorf("%s %s: no room to turn the hand half around", name, e.robot.Mode)
			}
			for _, h := range around {
				a, b := e.robot.Arm.Forward(h.from), e.robot.Arm.Forward(h.to)
				turned := a.Inv().Mul(b).Rot
				q := slices.Clone(h.from)
				for k := range 11 {
					for i := range q {
						q[i] = h.from[i] + float64(k)/10*(h.to[i]-h.from[i])
					}
					if up := e.robot.Arm.Forward(q).Axis(2)[2]; math.Abs(up) > 1e-6 {
						t.Fatalf("%s %s: on the way from %.3f to %.3f the hand's axis rises by %g", name, e.robot.Mode, h.from, h.to, up)
					}
				}
				if math.Abs(turned.W) > 1e-6 || math.Abs(math.Abs(turned.V[2])-1) > 1e-6 {
					t.Fatalf("%s %s: from %.3f to %.3f the hand turns by %v, want π about z", name, e.robot.Mode, h.from, h.to, turned)
				}
			}
		}
	}
}
