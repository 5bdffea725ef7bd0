package robots

import (
	"encoding/xml"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/refarena/refarena/assets"
	"github.com/refarena/refarena/robots/ur5"
	"github.com/refarena/refarena/sim"
)

func randRow(r *rand.Rand, joints []Joint) []float64 {
	row := make([]float64, len(joints))
	for i := range row {
		row[i] = r.Float64()*4 - 2
	}
	return row
}

// A path goes through its rows, and its derivatives are those of what it says.
func TestPath(t *testing.T) {
	robot, _ := Open("ur5")
	r := rand.New(rand.NewPCG(11, 12))
	n := len(robot.Arm.Joints)
	for draw := range 50 {
		rows := [][]float64{}
		for range 2 + r.IntN(5) {
			rows = append(rows, randRow(r, robot.Arm.Joints))
		}
		p := newPath(rows...)
		q, d1, d2 := make([]float64, n), make([]float64, n), make([]float64, n)
		for k, s := range p.knots {
			if p.at(s, q, nil, nil); jointDistance(q, rows[k]) > 1e-9 {
				t.Fatalf("draw %d: at knot %d: %v, want %v", draw, k, q, rows[k])
			}
		}
		const h = 1e-5
		lo, hi := make([]float64, n), make([]float64, n)
		for s := 0.013; s < 0.99; s += 0.07 {
			p.at(s, q, d1, d2)
			p.at(s-h, lo, nil, nil)
			p.at(s+h, hi, nil, nil)
			for i := range q {
				if want := (hi[i] - lo[i]) / (2 * h); math.Abs(d1[i]-want) > 1e-3 {
					t.Fatalf("draw %d: dq/ds = %g at %g, differences say %g", draw, d1[i], s, want)
				}
				if want := (hi[i] - 2*q[i] + lo[i]) / (h * h); math.Abs(d2[i]-want) > 0.02*(1+math.Abs(want)) {
					t.Fatalf("draw %d: d²q/ds² = %g at %g, differences say %g", draw, d2[i], s, want)
				}
			}
		}
	}
}

func TestPathOfOnePlace(t *testing.T) {
	robot, _ := Open("ur5")
	row := randRow(rand.New(rand.NewPCG(1, 1)), robot.Arm.Joints)
	tr := timed(newPath(row, row), robot.Arm.Joints, pace{})
	q, qd := make([]float64, len(row)), make([]float64, len(row))
	if tr.at(1, q, qd); tr.periods != 1 || jointDistance(q, row) > 0 || jointDistance(qd, make([]float64, len(row))) > 0 {
		t.Errorf("a path from a place to itself: %d periods, %v at %v", tr.periods, q, qd)
	}
}

// Trajectories keep within every joint's limits, use them, start and end at rest, and their velocities are those of their positions.
func TestTimedKeepsLimits(t *testing.T) {
	robot, _ := Open("ur5")
	joints := robot.Arm.Joints
	r := rand.New(rand.NewPCG(13, 14))
	n := len(joints)
	for draw := range 100 {
		rows := [][]float64{}
		for range 2 + draw%4 {
			rows = append(rows, randRow(r, joints))
		}
		tr := timed(newPath(rows...), joints, pace{})
		q, qd, last, lastD := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
		copy(last, rows[0])
		var speed, accel float64
		for k := 1; k <= tr.periods; k++ {
			tr.at(k, q, qd)
			for i, j := range joints {
				speed = max(speed, math.Abs(q[i]-last[i])*Rate/j.MaxSpeed, math.Abs(qd[i])/j.MaxSpeed)
				accel = max(accel, math.Abs(qd[i]-lastD[i])*Rate/j.MaxAccel)
				if mean := (qd[i] + lastD[i]) / 2; math.Abs((q[i]-last[i])*Rate-mean) > 0.05 {
					t.Fatalf("draw %d, period %d: moved at %.3f rad/s, says %.3f", draw, k, (q[i]-last[i])*Rate, mean)
				}
			}
			copy(last, q)
			copy(lastD, qd)
		}
		if speed > 1 || accel > 1.02 {
			t.Errorf("draw %d: %.3f of the speed limit, %.3f of the acceleration limit", draw, speed, accel)
		}
		if max(speed, accel) < 0.85 {
			t.Errorf("draw %d: only %.3f of the speed and %.3f of the acceleration limit used", draw, speed, accel)
		}
		if jointDistance(q, rows[len(rows)-1]) > 1e-9 || jointDistance(qd, make([]float64, n)) > 1e-9 {
			t.Errorf("draw %d: ends at %v with %v, want %v at rest", draw, q, qd, rows[len(rows)-1])
		}
	}
}

// A pace bounds the accelerations of the tool and of what it holds, along every axis, and costs no more time than it must.
func TestTimedKeepsPace(t *testing.T) {
	const most = 2.5
	robot, _ := Open("g1")
	arm := &robot.Arm
	n := len(arm.Joints)
	end := sim.Vec3{0.03, 0.02, 0.15}
	points := func(q []float64, buf []sim.Vec3) []sim.Vec3 {
		tBaseEE := arm.Forward(q)
		return append(buf[:0], tBaseEE.Pos, tBaseEE.Apply(end))
	}
	r := rand.New(rand.NewPCG(15, 16))
	for draw := range 50 {
		rows := [][]float64{arm.Home}
		for range 1 + draw%3 {
			rows = append(rows, lerp(rows[len(rows)-1], randRow(r, arm.Joints), 0.5))
		}
		free := timed(newPath(rows...), arm.Joints, pace{})
		tr := timed(newPath(rows...), arm.Joints, pace{accel: most, points: points})
		q, qd := make([]float64, n), make([]float64, n)
		var at [3][]sim.Vec3 // at the last three periods
		worst, limit := 0.0, 0.0
		for k := range tr.periods + 1 {
			tr.at(k, q, qd)
			at[0], at[1], at[2] = at[1], at[2], points(q, nil)
			for i := range at[0] {
				a := at[2][i].Sub(at[1][i].Mul(2)).Add(at[0][i]).Mul(Rate * Rate)
				worst = max(worst, math.Abs(a[0]), math.Abs(a[1]), math.Abs(a[2]))
			}
			for i, j := range arm.Joints {
				limit = max(limit, math.Abs(qd[i])/j.MaxSpeed)
			}
		}
		if worst > 1.1*most || limit > 1 { // a path is looked at on a grid
			t.Errorf("draw %d: %.2f m/s², want at most %.2f; %.2f of a joint's speed", draw, worst, most, limit)
		}
		if worst < 0.7*most && tr.periods > free.periods {
			t.Errorf("draw %d: %d periods, without a pace %d, and only %.2f m/s² of %.2f used", draw, tr.periods, free.periods, worst, most)
		}
		if jointDistance(q, rows[len(rows)-1]) > 1e-9 {
			t.Errorf("draw %d: ends at %v, want %v", draw, q, rows[len(rows)-1])
		}
	}
}

func TestTimedKeepsToolSpeed(t *testing.T) {
	robot, _ := Open("ur5")
	e := &Executor{robot: robot}
	rows, ok := e.line(robot.Arm.Home, robot.Arm.Forward(robot.Arm.Home).Pos.Add(sim.Vec3{0.15, 0.1, -0.1}))
	if !ok {
		t.Fatal("no straight line from home")
	}
	tr := e.timed(newPath(rows...), 0.3)
	q, qd := make([]float64, len(robot.Arm.Home)), make([]float64, len(robot.Arm.Home))
	start, end := robot.Arm.Forward(rows[0]), robot.Arm.Forward(rows[len(rows)-1])
	dir := end.Pos.Sub(start.Pos).Normalize()
	last, fastest, off := start.Pos, 0.0, 0.0
	for k := 1; k <= tr.periods; k++ {
		tr.at(k, q, qd)
		at := robot.Arm.Forward(q)
		fastest = max(fastest, at.Pos.Sub(last).Len()*Rate)
		off = max(off, at.Pos.Sub(start.Pos).Cross(dir).Len())
		if angle := sim.QuatAngle(at.Rot, start.Rot); angle > 1e-3 {
			t.Errorf("the tool turns by %g rad", angle)
		}
		last = at.Pos
	}
	if fastest > 0.303 || fastest < 0.27 {
		t.Errorf("tool at %.3f m/s, want up to 0.3", fastest)
	}
	if off > 5e-4 {
		t.Errorf("the tool leaves the line by %.2f mm", 1000*off)
	}
}

// What motions are planned with takes up at least the arm's collision geometry in the MJCF.
func TestCapsulesCoverTheModel(t *testing.T) {
	type body struct {
		Name  string `xml:"name,attr"`
		Geoms []struct {
			Name   string `xml:"name,attr"`
			Type   string `xml:"type,attr"`
			Size   string `xml:"size,attr"`
			FromTo string `xml:"fromto,attr"`
		} `xml:"geom"`
		Bodies []body `xml:"body"`
	}
	var model struct {
		World body `xml:"worldbody"`
	}
	if err := xml.Unmarshal(assets.UR5, &model); err != nil {
		t.Fatal(err)
	}
	checked := 0
	var visit func(body)
	visit = func(b body) {
		for _, g := range b.Geoms {
			if g.Type != "capsule" {
				continue
			}
			f, size := numbers(t, g.FromTo), numbers(t, g.Size)
			for _, p := range [2]sim.Vec3{{f[0], f[1], f[2]}, {f[3], f[4], f[5]}} {
				covered := false
				for _, c := range ur5Capsules {
					d := math.Sqrt(segmentDistance2(p, c.a, c.b))
					covered = covered || ur5.LinkNames[c.link] == b.Name && d+size[0] <= c.radius+0.002
				}
				if !covered {
					t.Errorf("%s of %s sticks out at %v, radius %g", g.Name, b.Name, p, size[0])
				}
				checked++
			}
		}
		for _, c := range b.Bodies {
			visit(c)
		}
	}
	visit(model.World)
	if checked != 24 {
		t.Errorf("%d ends of capsules checked, want 24", checked)
	}
}

func numbers(t *testing.T, text string) []float64 {
	t.Helper()
	var out []float64
	for field := range strings.FieldsSeq(text) {
		x, err := strconv.ParseFloat(field, 64)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, x)
	}
	return out
}

// The meshes are closed surfaces, shared among Specs, and not too many triangles.
func TestLooks(t *testing.T) {
	r := newRig(t, nil)
	triangles := 0
	for _, v := range r.model.Visuals() {
		if err := v.Mesh.Validate(); err != nil {
			t.Errorf("%s: %v", v.Mesh.Name, err)
		}
		triangles += v.Mesh.Triangles()
	}
	if triangles < 10_000 || triangles > 45_000 {
		t.Errorf("%d triangles", triangles)
	}
	again := newRig(t, nil)
	for i, v := range again.model.Visuals() {
		if v.Mesh != r.model.Visuals()[i].Mesh {
			t.Errorf("%s is built anew for each Spec", v.Mesh.Name)
		}
	}
}

// ease is the quintic from 0 to 1 that starts and ends at rest without acceleration, with its derivatives.
func ease(t float64) (s, d1, d2 float64) {
	return t * t * t * (10 + t*(6*t-15)), 30 * t * t * (1 - t) * (1 - t), 60 * t * (1 - t) * (1 - 2*t)
}
