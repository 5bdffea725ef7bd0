package robots

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/refarena/refarena/sim"
)

func randPosition(r *rand.Rand, joints []Joint) []float64 {
	q := make([]float64, len(joints))
	for i, j := range joints {
		q[i] = j.Min + r.Float64()*(j.Max-j.Min)
	}
	return q
}

// wall fills a planner's scene with columns, as if the camera had seen them.
func wall(p *MotionPlanner, x0, x1, y0, y1, height float64) {
	for x := x0; x < x1; x += cell {
		for y := y0; y < y1; y += cell {
			if k, ok := fieldIndex(x, y); ok {
				p.own.heights[0][k] = float32(height)
			}
		}
	}
	p.own.tallest = max(p.own.tallest, height)
	p.own.finish()
}

// Where MuJoCo finds parts of the robot inside each other, the planner does too; home it thinks clear.
func TestSelfCollisionAgainstMuJoCo(t *testing.T) {
	rg := newRig(t, nil)
	p := NewMotionPlanner(&rg.robot.Arm, MotionOptions{})
	if !p.Clear(rg.robot.Arm.Home, nil, 0.012) {
		t.Error("home is not clear")
	}
	r := rand.New(rand.NewPCG(21, 22))
	var contacts []sim.Contact
	hits, more := 0, 0
	for range 8000 {
		q := randPosition(r, rg.robot.Arm.Joints)
		for k, c := range rg.plant.joints {
			rg.data.Qpos()[c.qpos] = q[k]
		}
		if err := rg.data.Collide(); err != nil {
			t.Fatal(err)
		}
		p.check.place(q)
		clear, itself := p.check.placedClear(0), p.check.clearOfItself(0) // the pedestal is under the plane
		contacts = rg.data.Contacts(contacts)
		touching := slices.ContainsFunc(contacts, func(c sim.Contact) bool { return c.Dist < 0 })
		if touching {
			hits++
			if clear {
				t.Errorf("MuJoCo: %s touches %s at %.4f; the planner sees nothing",
					rg.model.BodyName(contacts[0].Body1), rg.model.BodyName(contacts[0].Body2), q)
			}
		} else if !itself {
			more++
		}
	}
	if hits < 1000 || more > hits/3 {
		t.Errorf("%d positions where the arm touches itself, %d more that only the planner refuses", hits, more)
	}
}

// Nothing moves farther than moving says, nor with respect to the links before it.
func TestMovingIsBounded(t *testing.T) {
	for _, name := range Names() {
		robot, _ := Open(name)
		p := NewMotionPlanner(&robot.Arm, MotionOptions{})
		r := rand.New(rand.NewPCG(23, 24))
		for _, load := range []*Load{nil, Cylinder{X: 0.02, Top: -0.05, Bottom: 0.15, Radius: 0.06}.Load()} {
			p.check.hold(load)
			for range 1000 {
				a := randPosition(r, robot.Arm.Joints)
				b := slices.Clone(a)
				for i := range b {
					b[i] += 0.02 * (r.Float64() - 0.5)
				}
				// Where everything is, in the frame of each link.
				seen := func(q []float64) (out [][]Capsule) {
					p.check.place(q)
					for _, tBaseLink := range p.check.links {
						inv := tBaseLink.Inv()
						var row []Capsule
						for _, c := range append(slices.Clone(p.check.placed), p.check.carried...) {
							row = append(row, Capsule{inv.Apply(c.A), inv.Apply(c.B), c.Radius})
						}
						out = append(out, row)
					}
					return out
				}
				before, after := seen(a), seen(b)
				most := p.check.moved(a, b)
				for link := range before {
					for i, c := range after[link] {
						on := len(p.check.shift) - 1
						if i < len(robot.Arm.Parts) {
							on = robot.Arm.Parts[i].Link
						}
						moved := max(c.A.Sub(before[link][i].A).Len(), c.B.Sub(before[link][i].B).Len())
						if bound := p.check.shift[link][on]; link <= on && (moved > bound+1e-12 || bound > most) {
							t.Fatalf("%s: a part of link %d moves %.5f m in link %d, bound %.5f, of all %.5f", name, on, moved, link, bound, most)
						}
					}
				}
			}
		}
	}
}

// Balls against columns are exact; the quick look never clears what is not clear.
func TestObstaclesAgainstBruteForce(t *testing.T) {
	var o obstacles
	o.reset()
	r := rand.New(rand.NewPCG(25, 26))
	type column struct{ x, y, h float64 }
	var columns []column
	for range 300 {
		i, k, h := r.IntN(fieldNX), r.IntN(fieldNY), 0.3*r.Float64()
		o.heights[0][i*fieldNY+k] = float32(h)
		o.tallest = max(o.tallest, h)
	}
	o.finish()
	for i := range fieldNX {
		for k := range fieldNY {
			if h := o.heights[0][i*fieldNY+k]; h > 0 {
				columns = append(columns, column{fieldMin + float64(i)*cell, -fieldY + float64(k)*cell, float64(h)})
			}
		}
	}
	hits := 0
	for range 20_000 {
		p := sim.Vec3{fieldMin - 0.1 + 1.7*r.Float64(), -1 + 2*r.Float64(), 0.35 * r.Float64()}
		radius := 0.005 + 0.15*r.Float64()
		want := p[2] < radius
		for _, c := range columns {
			dx, dy := max(c.x-p[0], p[0]-c.x-cell, 0), max(c.y-p[1], p[1]-c.y-cell, 0)
			dz := max(p[2]-c.h, 0)
			want = want || dx*dx+dy*dy+dz*dz < radius*radius-1e-12
		}
		if want {
			hits++
		}
		if got := o.hits(p, radius); got != want {
			t.Fatalf("hits(%v, %.3f) = %v, want %v", p, radius, got, want)
		}
		if o.above(p, radius) && want {
			t.Fatalf("above(%v, %.3f), but it touches something", p, radius)
		}
	}
	if hits < 1000 || hits > 19_000 {
		t.Errorf("%d of 20000 balls touch something: the test shows little", hits)
	}
}

func TestSegmentsDistance(t *testing.T) {
	r := rand.New(rand.NewPCG(27, 28))
	point := func() sim.Vec3 { return sim.Vec3{r.Float64(), r.Float64(), r.Float64()} }
	for draw := range 300 {
		a, b, c, d := point(), point(), point(), point()
		if draw%10 == 0 {
			b = a
		}
		if draw%15 == 0 {
			d = c
		}
		if draw%7 == 0 {
			d = c.Add(b.Sub(a))
		}
		want := math.Inf(1)
		const n = 200
		for i := range n + 1 {
			want = min(want, segmentDistance2(a.Add(b.Sub(a).Mul(float64(i)/n)), c, d))
		}
		if got := segmentsDistance2(a, b, c, d); math.Abs(math.Sqrt(got)-math.Sqrt(want)) > 0.006 || got > want+1e-9 {
			t.Errorf("draw %d: distance %g, sampling says %g", draw, math.Sqrt(got), math.Sqrt(want))
		}
	}
}

// A planner that has to get around a wall finds a way whose every millimetre keeps what it promises; the same query gives the same
// way, whatever was asked before; where there is none it says so.
func TestPlanAroundAWall(t *testing.T) {
	robot, _ := Open("ur5")
	joints := robot.Arm.Joints
	p := NewMotionPlanner(&robot.Arm, MotionOptions{})
	wall(p, 0.30, 0.70, -0.02, 0.02, 0.35)
	load := Cylinder{Top: -0.02, Bottom: 0.10, Radius: 0.04}.Load()
	down := func(x, y, z float64) []float64 {
		rows := robot.Arm.Inverse(sim.Pose{Pos: sim.Vec3{x, y, z}, Rot: sim.QuatFromAxes(sim.Vec3{1, 0, 0}, sim.Vec3{0, -1, 0}, sim.Vec3{0, 0, -1})}, robot.Arm.Home, nil)
		for ; len(rows) > 0; rows = rows[len(joints):] {
			if p.Clear(rows[:len(joints)], load, 0.012) {
				return slices.Clone(rows[:len(joints)])
			}
		}
		t.Fatalf("(%g, %g, %g) is out of reach", x, y, z)
		return nil
	}
	from, to := down(0.50, -0.25, 0.15), down(0.50, 0.25, 0.15)
	m, ok := p.Plan(from, to, load)
	if !ok || m.Straight {
		t.Fatalf("Plan = %+v, %v, want a way around", m, ok)
	}
	q, last := make([]float64, len(joints)), slices.Clone(from)
	for k := range 1001 {
		m.Sample(float64(k)/1000, q)
		if !p.Clear(q, load, curveShare*m.Clearance-step(m.Clearance)/2) {
			t.Fatalf("not clear at %d/1000", k)
		}
		if d := distance(q, last); d > 0.05 {
			t.Fatalf("the way jumps by %.3f rad", d)
		}
		copy(last, q)
	}
	if distance(q, to) > 1e-9 {
		t.Errorf("the way ends at %v, want %v", q, to)
	}
	qd := make([]float64, len(joints))
	periods := int(math.Round(m.Seconds * Rate))
	for k := range periods + 1 { // the motion in time cuts corners a little
		if m.At(k, q, qd); !p.Clear(q, load, 0.001) {
			t.Fatalf("not clear after %d periods", k)
		}
	}
	if _, ok := p.Plan(to, robot.Arm.Home, nil); !ok {
		t.Error("no way home")
	}
	again, _ := p.Plan(from, to, load)
	if len(again.Rows) != len(m.Rows) || again.Checks != m.Checks {
		t.Fatalf("the same query: %d rows and %d checks, then %d and %d", len(m.Rows), m.Checks, len(again.Rows), again.Checks)
	}
	for i, row := range m.Rows {
		if !slices.Equal(row, again.Rows[i]) {
			t.Fatalf("the same query gives another way: %v, %v", row, again.Rows[i])
		}
	}
	// In a ring of walls up to the arm's reach there is no way out for something wide.
	p.own.reset()
	wall(p, -0.45, 0.95, -0.85, 0.85, 0.12)
	if m, ok := p.Plan(from, to, load); ok {
		t.Errorf("a way between ends that are inside something: %+v", m)
	}
	bad := slices.Clone(to)
	bad[2] = 4
	if _, ok := p.Plan(from, bad, nil); ok {
		t.Error("a way to beyond a joint's limit")
	}
	bad[2] = math.NaN()
	if _, ok := p.Plan(from, bad, nil); ok {
		t.Error("a way to NaN")
	}
}

func TestCheckAllocatesNothing(t *testing.T) {
	robot, _ := Open("ur5")
	p := NewMotionPlanner(&robot.Arm, MotionOptions{})
	wall(p, 0.3, 0.7, -0.02, 0.02, 0.3)
	p.check.hold(Cylinder{Top: -0.02, Bottom: 0.10, Radius: 0.04}.Load())
	to := slices.Clone(robot.Arm.Home)
	to[0] += 1
	if n := testing.AllocsPerRun(10, func() { p.edge(robot.Arm.Home, to, 0.012) }); n != 0 {
		t.Errorf("checking an edge allocates %v times", n)
	}
}

// Straight tool motions leave the line between their ends by less than a millimetre, in time too.
func TestLinesAreStraight(t *testing.T) {
	robot, _ := Open("ur5")
	e := &Executor{robot: robot}
	r := rand.New(rand.NewPCG(29, 30))
	tried, worst := 0, 0.0
	q, qd := make([]float64, len(robot.Arm.Joints)), make([]float64, len(robot.Arm.Joints))
	for range 200 {
		at := sim.Pose{Pos: sim.Vec3{0.3 + 0.4*r.Float64(), -0.4 + 0.8*r.Float64(), 0.05 + 0.25*r.Float64()},
			Rot: sim.QuatFromAxes(sim.Vec3{1, 0, 0}, sim.Vec3{0, -1, 0}, sim.Vec3{0, 0, -1})}
		start, ok := e.nearest(at, robot.Arm.Home)
		if !ok {
			continue
		}
		end := at.Pos.Add(sim.Vec3{0, 0, 0.05 + 0.2*r.Float64()})
		rows, ok := e.line(start, end)
		if !ok {
			continue
		}
		tried++
		tr := e.timed(newPath(rows...), lineSpeed)
		dir := end.Sub(at.Pos).Normalize()
		for k := range tr.periods + 1 {
			tr.at(k, q, qd)
			worst = max(worst, robot.Arm.Forward(q).Pos.Sub(at.Pos).Cross(dir).Len())
		}
	}
	if tried < 100 || worst > 0.001 {
		t.Errorf("%d lines, the tool leaves them by up to %.2f mm, want at most 1", tried, 1000*worst)
	}
	t.Logf("%d lines: up to %.3f mm", tried, 1000*worst)
}

// What is planned for covers the collision geometry of the hand at every opening.
func TestPartsCoverTheHand(t *testing.T) {
	for name, hand := range map[string]string{"ur5": "robot/gripper/", "g1": "robot/right_hand_"} {
		robot, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		rg := newRigOf(t, robot, nil)
		p := NewMotionPlanner(&rg.robot.Arm, MotionOptions{})
		home := rg.robot.Arm.Home
		p.check.place(home)
		for _, share := range []float64{1, 0.75, 0.5, 0.35, 0.2, 0} {
			width := share * robot.Hand.MaxWidth
			rg.hold(t, Rate, home, HandCommand{Width: width})
			for g := range rg.model.NGeom() {
				if body := rg.model.BodyName(rg.model.GeomBody(g)); !strings.HasPrefix(body, hand) || !rg.model.GeomCollides(g) {
					continue
				}
				at := rg.data.GeomPose(g).Pos
				covered := slices.ContainsFunc(p.check.placed, func(c Capsule) bool { return segmentDistance2(at, c.A, c.B) <= c.Radius*c.Radius })
				if !covered {
					t.Errorf("%s, opening %.3f m: the middle of %s %s is outside", name, width, rg.model.BodyName(rg.model.GeomBody(g)), rg.model.GeomName(g))
				}
			}
		}
	}
}

// A whole turn of a joint changes nothing but the joint, and stays inside the limits.
func TestTurns(t *testing.T) {
	robot, _ := Open("ur5")
	p := NewMotionPlanner(&robot.Arm, MotionOptions{})
	r := rand.New(rand.NewPCG(31, 32))
	for range 100 {
		q := randPosition(r, robot.Arm.Joints)
		rows := robot.Arm.Turns(q, nil)
		if len(rows) != len(q)-1 { // the elbow alone has no room for one
			t.Fatalf("%d turns of %.2f, want %d", len(rows), q, len(q)-1)
		}
		for _, row := range rows {
			pos, angle := robot.Arm.Forward(row).Distance(robot.Arm.Forward(q))
			if !p.inside(row) || pos > 1e-9 || angle > 1e-6 || math.Abs(distance(q, row)-2*math.Pi) > 1e-9 {
				t.Errorf("%.2f turned is %.2f: the hand is %g m and %g rad off", q, row, pos, angle)
			}
		}
	}
}
