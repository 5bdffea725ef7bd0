package main

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
)

const (
	planQueries  = 300
	planPerScene = 5
	// planRepeats is how often each query is answered: the fastest time counts, since other programs use the machine too.
	planRepeats = 3
	// planMargin is the clearance that a query's ends have [m].
	planMargin = 0.012
)

// A planQuery is a motion from where something was just picked up, a few centimetres above where it stood, to just above where it is to
// be set down, among what stands around.
type planQuery struct {
	from   []float64
	goals  [][]float64 // all clear positions that bring the hand, either way around, to where it is to be, the nearest first; then those but for a whole turn of a joint
	load   robots.Cylinder
	object int      // in the scene
	tEEObj sim.Pose // of the object in the hand
}

// A planScene is a hard scene as its camera saw it, and queries in it.
type planScene struct {
	seed    uint64
	scene   *scenes.Scene
	frame   *sim.Frame
	seg     *sim.Segmentation
	plant   *robots.SimPlant
	queries []planQuery
}

// A planBench is what the plan.* figures share: the answers to all queries.
type planBench struct {
	times, cpu    []float64 // by query: on the clock, and of the processor [ms]
	lengths       []float64 // by solved query [rad]
	solved        int
	straight      int
	refused       int // draws without clear ends
	scenes        int
	seed          uint64 // of the first
	nodes, checks []float64
}

// planScenes draws hard scenes and queries in them until there are n, and calls visit for each scene with a planner that sees it, but for
// what the first query's hand holds: see look.
func (b *bench) planScenes(n int, visit func(p *robots.MotionPlanner, s *planScene) error) (refused int, err error) {
	cfg, err := scenes.LevelHard.Config()
	if err != nil {
		return 0, err
	}
	r, err := render.New(render.Options{Device: b.device})
	if err != nil {
		return 0, err
	}
	defer r.Close()
	planner := robots.NewMotionPlanner(&b.robot.Arm, robots.MotionOptions{})
	part, err := b.robot.Build()
	if err != nil {
		return 0, err
	}
	defer part.Close()
	for seed := b.seed; n > 0; seed++ {
		if b.ctx.Err() != nil {
			return refused, b.ctx.Err()
		}
		s := &planScene{seed: seed}
		s.scene, err = scenes.Generate(cfg, seed, scenes.Mount{
			Attach: func(spec *sim.Spec) error { return spec.Attach(part, spec.World(), sim.Identity(), tasks.RobotPrefix) },
			Home: func(d *sim.Data) error {
				if s.plant, err = b.robot.NewPlant(d, tasks.RobotPrefix); err != nil {
					return err
				}
				return s.plant.Reset()
			},
		})
		if err != nil {
			return refused, err
		}
		var shot sim.Shot
		if err = r.Render(s.scene.Data, s.scene.Camera(640, 480), &shot); err == nil {
			s.frame, s.seg = &shot.Frame, &shot.Seg
			refused += b.planDraw(planner, s, min(n, planPerScene))
			n -= len(s.queries)
			if len(s.queries) > 0 {
				err = visit(planner, s)
			}
		}
		s.scene.Close()
		if err != nil {
			return refused, err
		}
	}
	return refused, nil
}

// look makes the scene, without the object, what the planner sees.
func (s *planScene) look(p *robots.MotionPlanner, arm *robots.Arm, object int) {
	skip := make([]bool, len(s.seg.Bodies))
	for i, body := range s.seg.Bodies {
		skip[i] = int(body) == s.scene.Bodies[object]
	}
	p.See(s.frame, s.plant.Base(), arm.Home, skip)
}

// planDraw draws queries whose ends are clear, and returns how many draws had none.
func (b *bench) planDraw(p *robots.MotionPlanner, s *planScene, n int) (refused int) {
	draw := scenes.Stream(s.seed, "bench/plan")
	var able []int
	for _, i := range s.scene.Pickable() {
		if len(s.scene.Carried(i)) == 0 {
			able = append(able, i)
		}
	}
	if len(able) == 0 {
		return 0
	}
	for range 20 * n {
		if len(s.queries) == n {
			break
		}
		object := able[draw.IntN(len(able))]
		s.look(p, &b.robot.Arm, object)
		q, ok := b.planQuery(p, s, object, draw)
		if !ok {
			refused++
			continue
		}
		s.queries = append(s.queries, q)
	}
	return refused
}

// planQuery draws a query about an object.
func (b *bench) planQuery(p *robots.MotionPlanner, s *planScene, object int, draw *rand.Rand) (planQuery, bool) {
	arm := &b.robot.Arm
	tBaseWorld := s.plant.Base().Inv()
	tBaseObj := tBaseWorld.Mul(s.scene.Data.BodyPose(s.scene.Bodies[object]))
	lo, hi := s.scene.Objects[object].Design.Bounds()
	var corners [8]sim.Vec3
	low, high, middle := math.Inf(1), math.Inf(-1), sim.Vec3{}
	for i := range corners {
		c := lo
		for axis := range 3 {
			if i>>axis&1 == 1 {
				c[axis] = hi[axis]
			}
		}
		corners[i] = tBaseObj.Apply(c)
		middle = middle.Add(corners[i].Mul(1. / 8))
		low, high = min(low, corners[i][2]), max(high, corners[i][2])
	}
	q := planQuery{object: object}
	for _, c := range corners {
		q.load.Radius = max(q.load.Radius, math.Hypot(c[0]-middle[0], c[1]-middle[1]))
	}
	tip := max(low+0.004, high-0.060)
	q.load.Top, q.load.Bottom = tip-high, tip-low
	yaw := 2 * math.Pi * draw.Float64()
	hand := func(x, y, z float64) sim.Pose {
		sin, cos := math.Sincos(yaw)
		return sim.Pose{Pos: sim.Vec3{x, y, z}, Rot: sim.QuatFromAxes(sim.Vec3{cos, sin, 0}, sim.Vec3{sin, -cos, 0}, sim.Vec3{0, 0, -1})}
	}
	q.tEEObj = hand(middle[0], middle[1], tip).Inv().Mul(tBaseObj)

	reach := func(t sim.Pose, seed []float64) (rows [][]float64) { // all clear positions, the nearest first
		all := arm.Inverse(t, seed, nil)
		for n := len(arm.Home); len(all) > 0; all = all[n:] {
			if p.Clear(all[:n], q.load.Load(), planMargin) {
				rows = append(rows, all[:n])
			}
		}
		return rows
	}
	starts := reach(hand(middle[0], middle[1], tip+0.03+0.05*draw.Float64()), arm.Home)
	if len(starts) == 0 {
		return q, false
	}
	q.from = starts[0]
	// To where, of 20 places, it gets lowest.
	ground := math.Inf(1)
	var x, y float64
	for range 20 {
		u := scenes.JointZone.MinX + draw.Float64()*(scenes.JointZone.MaxX-scenes.JointZone.MinX)
		v := scenes.JointZone.MinY + draw.Float64()*(scenes.JointZone.MaxY-scenes.JointZone.MinY)
		at := tBaseWorld.Apply(sim.Vec3{u, v, 0})
		if h := p.Height(at[0], at[1], q.load.Radius+planMargin); h < ground {
			ground, x, y = h, at[0], at[1]
		}
	}
	yaw = 2 * math.Pi * draw.Float64()
	for range 2 {
		q.goals = append(q.goals, reach(hand(x, y, ground+q.load.Bottom+0.03), q.from)...)
		yaw += math.Pi
	}
	nearest := func(rows [][]float64) {
		slices.SortStableFunc(rows, func(a, b []float64) int { return cmp.Compare(span(q.from, a), span(q.from, b)) })
	}
	nearest(q.goals)
	var turned [][]float64
	for _, row := range q.goals {
		turned = arm.Turns(row, turned)
	}
	nearest(turned)
	q.goals = append(q.goals, turned...)
	return q, len(q.goals) > 0
}

// span is the distance of joint positions [rad].
func span(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(sum)
}

// planAll answers all queries, once for all plan.* figures.
func (b *bench) planAll() (*planBench, error) {
	if b.plan != nil {
		return b.plan, nil
	}
	runtime.LockOSThread() // for threadTime
	defer runtime.UnlockOSThread()
	out := &planBench{seed: b.seed}
	var export *planExport
	if b.planFile != "" {
		export = newPlanExport(&b.robot.Arm)
	}
	refused, err := b.planScenes(planQueries, func(p *robots.MotionPlanner, s *planScene) error {
		out.scenes++
		for i := range s.queries {
			q := &s.queries[i]
			s.look(p, &b.robot.Arm, q.object)
			var m robots.Motion
			var ok bool
			fastest, least := math.Inf(1), math.Inf(1)
			for range planRepeats {
				start, used := time.Now(), threadTime()
				m, _, ok = p.PlanAny(q.from, q.goals, q.load.Load())
				fastest = min(fastest, 1000*time.Since(start).Seconds())
				least = min(least, 1000*(threadTime()-used).Seconds())
			}
			out.times, out.cpu = append(out.times, fastest), append(out.cpu, least)
			out.nodes, out.checks = append(out.nodes, float64(m.Searched)), append(out.checks, float64(m.Checks))
			if ok {
				out.solved++
				out.lengths = append(out.lengths, m.Length)
				if m.Straight {
					out.straight++
				}
			}
			if export != nil {
				export.add(p, s, q, m, ok, least)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out.refused = refused
	if export != nil {
		if err := export.write(b.planFile); err != nil {
			return nil, err
		}
	}
	b.plan = out
	return out, nil
}

// threadTime is what this thread has used of a processor: other programs do not count.
func threadTime() time.Duration {
	const rusageThread = 1 // RUSAGE_THREAD of getrusage(2)
	var u syscall.Rusage
	if err := syscall.Getrusage(rusageThread, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (o *planBench) config() map[string]any {
	times, checks, nodes := slices.Sorted(slices.Values(o.times)), slices.Sorted(slices.Values(o.checks)), slices.Sorted(slices.Values(o.nodes))
	cpu := slices.Sorted(slices.Values(o.cpu))
	return map[string]any{
		"level": "hard", "first_seed": o.seed, "scenes": o.scenes, "queries": len(o.times), "solved": o.solved, "straight": o.straight, "refused_draws": o.refused,
		"p99_ms": times[(len(times)*99+99)/100-1], "cpu_median_ms": median(cpu), "cpu_p99_ms": cpu[(len(cpu)*99+99)/100-1], "checks_median": median(checks), "nodes_median": median(nodes), "fastest_of": planRepeats,
		"cpu": tasks.CPUModel(),
	}
}

// planTime is how long a query takes, with smoothing and timing.
func (b *bench) planTime() (x []float64, _ map[string]any, err error) {
	o, err := b.planAll()
	if err != nil {
		return nil, nil, err
	}
	return slices.Clone(o.times), o.config(), nil
}

// planSlowest is the time that 99 of 100 queries stay below.
func (b *bench) planSlowest() (x []float64, _ map[string]any, err error) {
	o, err := b.planAll()
	if err != nil {
		return nil, nil, err
	}
	return []float64{o.config()["p99_ms"].(float64)}, o.config(), nil
}

// planSolved is the share of queries with an answer.
func (b *bench) planSolved() (x []float64, _ map[string]any, err error) {
	o, err := b.planAll()
	if err != nil {
		return nil, nil, err
	}
	return []float64{100 * float64(o.solved) / float64(len(o.times))}, o.config(), nil
}

// planLength is how long the ways are.
func (b *bench) planLength() (x []float64, _ map[string]any, err error) {
	o, err := b.planAll()
	if err != nil {
		return nil, nil, err
	}
	return slices.Clone(o.lengths), o.config(), nil
}

// planPenetration follows motions through the true scene: every millimetre, MuJoCo is asked for contacts of the arm, and of what it
// carries, with anything else. The samples are each motion's deepest penetration, 0 if there is none. What the camera could not see is
// counted apart: contacts higher than all that was seen within 2 cm.
func (b *bench) planPenetration() (x []float64, config map[string]any, err error) {
	const queries, resolution = 100, 0.001
	unseen, samples := 0, 0
	_, err = b.planScenes(queries, func(p *robots.MotionPlanner, s *planScene) error {
		model := s.scene.Model
		data, err := sim.NewData(model)
		if err != nil {
			return err
		}
		defer data.Close()
		var joints []int
		for _, j := range b.robot.Arm.Joints {
			id, err := model.JointID(tasks.RobotPrefix + j.Name)
			if err != nil {
				return err
			}
			joints = append(joints, model.JointQpos(id))
		}
		tWorldBase := s.plant.Base()
		for i := range s.queries {
			q := &s.queries[i]
			s.look(p, &b.robot.Arm, q.object)
			m, _, ok := p.PlanAny(q.from, q.goals, q.load.Load())
			if !ok {
				continue
			}
			if err := data.CopyAwake(s.scene.Data); err != nil {
				return err
			}
			free, err := model.JointID(s.scene.Objects[q.object].Name)
			if err != nil {
				return err
			}
			deepest, hidden, n, err := penetration(data, p, b.robot, s, q, &m, joints, free, tWorldBase, resolution)
			if err != nil {
				return err
			}
			samples += n
			if hidden {
				unseen++
			}
			x = append(x, 1000*deepest)
		}
		return nil
	})
	touching := 0
	for _, d := range x {
		if d > 0 {
			touching++
		}
	}
	return x, map[string]any{"level": "hard", "resolution_mm": 1000 * resolution, "samples": samples, "touching": touching, "touching_unseen_only": unseen}, err
}

// penetration is the deepest that the arm or the load gets into something that was seen, along a motion, and whether they get into
// something that was not.
func penetration(data *sim.Data, p *robots.MotionPlanner, robot *robots.Robot, s *planScene, q *planQuery, m *robots.Motion,
	joints []int, free int, tWorldBase sim.Pose, resolution float64) (deepest float64, hidden bool, samples int, err error) {
	model, arm := data.Model(), &robot.Arm
	base, err := model.BodyID(tasks.RobotPrefix + arm.Base)
	if err != nil {
		return 0, false, 0, err
	}
	const (
		around = iota
		foot
		link
		hand
		carried
	)
	acting, _, _ := strings.Cut(robot.Mode, " ") // whose hand it is, if there are two
	kind := func(body int) int {
		switch {
		case body == s.scene.Bodies[q.object]:
			return carried
		case body == base:
			return foot
		case model.BodyRoot(body) != base:
			return around
		case strings.HasPrefix(model.BodyName(body), tasks.RobotPrefix+"gripper/"), strings.HasPrefix(model.BodyName(body), tasks.RobotPrefix+acting+"_hand_"):
			return hand
		}
		return link
	}
	at, last := make([]float64, len(joints)), make([]float64, len(joints))
	m.Sample(0, last)
	coarse := 0.0
	for k := 1; k <= 400; k++ {
		m.Sample(float64(k)/400, at)
		for i, r := range arm.Sweep {
			coarse += r * math.Abs(at[i]-last[i])
		}
		copy(last, at)
	}
	samples = int(coarse/resolution) + 1
	var contacts []sim.Contact
	tBaseWorld := tWorldBase.Inv()
	for k := range samples + 1 {
		m.Sample(float64(k)/float64(samples), at)
		for i, a := range joints {
			data.Qpos()[a] = at[i]
		}
		data.SetFreePose(free, tWorldBase.Mul(arm.Forward(at)).Mul(q.tEEObj))
		if err := data.Collide(); err != nil {
			return 0, false, samples, err
		}
		contacts = data.Contacts(contacts)
		for _, c := range contacts {
			a, b := kind(c.Body1), kind(c.Body2)
			if a > b {
				a, b = b, a
			}
			if c.Dist >= 0 || b <= foot || a >= hand { // two things that stand there, or the hand and what it holds
				continue
			}
			pBase := tBaseWorld.Apply(c.Pos)
			if a == around && pBase[2] > 0.005 && pBase[2] > p.Height(pBase[0], pBase[1], 0.02) {
				hidden = true
				continue
			}
			deepest = max(deepest, -c.Dist)
		}
	}
	return deepest, hidden, samples, nil
}

// planMuJoCo compares one look at joint positions, as the planner does it, with MuJoCo's: the robot's own geometry against a box for
// each column, 2 cm wide where the planner's are 1 cm. The samples are how many times as long MuJoCo takes.
func (b *bench) planMuJoCo() (x []float64, config map[string]any, err error) {
	var ours, theirs, compile, look []float64
	var contacts []sim.Contact
	boxes, oursHit, theirsHit := 0, 0, 0
	_, err = b.planScenes(25, func(p *robots.MotionPlanner, s *planScene) error {
		spec, err := sim.NewSpec()
		if err != nil {
			return err
		}
		defer spec.Close()
		part, err := b.robot.Build()
		if err != nil {
			return err
		}
		defer part.Close()
		if err := spec.Attach(part, spec.World(), sim.Identity(), tasks.RobotPrefix); err != nil {
			return err
		}
		spec.World().AddGeom(sim.Geom{Name: "plane", Type: sim.GeomPlane, Size: sim.Vec3{0, 0, 1}})
		q := &s.queries[0]
		s.look(p, &b.robot.Arm, q.object)
		const size = 0.02
		for i := range int(1.4 / size) {
			for k := range int(1.6 / size) {
				at := sim.Vec3{-0.45 + size*float64(i), -0.8 + size*float64(k), 0}
				if h := p.Height(at[0], at[1], 0); h > 0 {
					boxes++
					at[2] = h / 2
					spec.World().AddGeom(sim.Geom{
						Name: fmt.Sprintf("column %d %d", i, k), Type: sim.GeomBox, Size: sim.Vec3{size / 2, size / 2, h / 2},
						Pose: sim.Pose{Pos: at, Rot: sim.Identity().Rot},
					})
				}
			}
		}
		start := time.Now()
		model, err := spec.Compile()
		if err != nil {
			return err
		}
		defer model.Close()
		data, err := sim.NewData(model)
		if err != nil {
			return err
		}
		defer data.Close()
		compile = append(compile, 1000*time.Since(start).Seconds())
		start = time.Now()
		s.look(p, &b.robot.Arm, q.object)
		look = append(look, 1000*time.Since(start).Seconds())
		var joints []int
		for _, j := range b.robot.Arm.Joints {
			id, err := model.JointID(tasks.RobotPrefix + j.Name)
			if err != nil {
				return err
			}
			joints = append(joints, model.JointQpos(id))
		}
		const looks = 200
		at := make([]float64, len(q.from))
		place := func(k int) []float64 {
			for i := range at {
				at[i] = q.from[i] + (q.goals[0][i]-q.from[i])*float64(k)/looks
			}
			return at
		}
		start = time.Now()
		for k := range looks {
			if !p.Clear(place(k), nil, 0) {
				oursHit++
			}
		}
		mine := time.Since(start).Seconds() / looks
		start = time.Now()
		for k := range looks {
			for i, v := range place(k) {
				data.Qpos()[joints[i]] = v
			}
			if err := data.Collide(); err != nil {
				return err
			}
			if contacts = data.Contacts(contacts); len(contacts) > 0 {
				theirsHit++
			}
		}
		its := time.Since(start).Seconds() / looks
		ours, theirs = append(ours, 1e6*mine), append(theirs, 1e6*its)
		x = append(x, its/mine)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	slices.Sort(compile)
	slices.Sort(look)
	return x, map[string]any{
		"columns_us": median(ours), "mujoco_us": median(theirs), "boxes": boxes / len(x), "columns_hit": oursHit, "mujoco_hit": theirsHit,
		"columns_see_ms": median(look), "mujoco_compile_ms": median(compile),
	}, nil
}

// A meter is a plant that notes how near the arm comes to its limits, whichever of the robot's modes acts.
type meter struct {
	*robots.SimPlant
	*reading
	joints []robots.Joint
	last   []float64
	modes  []robots.Plant // of the first: meters
}

// A reading is what the meters of a robot's modes have noted.
type reading struct {
	lag, speed        float64 // [rad, rad/s]
	lagAt             int     // control period of the largest lag
	torque, command   float64 // shares of the limits
	big, small, accel float64 // [N·m, N·m, share of the limit]
}

func newMeter(r *robots.Robot, p *robots.SimPlant) *meter {
	var all []robots.Plant
	read := new(reading)
	for i, mode := range r.Modes() {
		all = append(all, &meter{SimPlant: p.Modes()[i].(*robots.SimPlant), reading: read, joints: mode.Arm.Joints, last: make([]float64, len(mode.Arm.Joints))})
	}
	m := all[0].(*meter)
	m.modes = all
	return m
}

// Modes are the meters of all modes.
func (m *meter) Modes() []robots.Plant { return m.modes }

// Resume begins with the arm at rest.
func (m *meter) Resume() []float64 {
	clear(m.last)
	return m.SimPlant.Resume()
}

// Step carries out a command and looks at the joints afterwards.
func (m *meter) Step(c robots.Command) error {
	if err := m.SimPlant.Step(c); err != nil {
		return err
	}
	s := m.State()
	for i, j := range m.joints {
		if lag := math.Abs(s.Q[i] - c.Q[i]); lag > m.lag {
			m.lag, m.lagAt = lag, m.Commands()
		}
		m.speed = max(m.speed, math.Abs(s.QD[i]))
		m.command = max(m.command, math.Abs(c.QD[i])/j.MaxSpeed)
		m.accel = max(m.accel, math.Abs(c.QD[i]-m.last[i])/robots.Period/j.MaxAccel)
		m.torque = max(m.torque, math.Abs(s.Torque[i])/j.MaxTorque)
		if j.MaxTorque > 100 {
			m.big = max(m.big, math.Abs(s.Torque[i]))
		} else {
			m.small = max(m.small, math.Abs(s.Torque[i]))
		}
	}
	copy(m.last, c.QD)
	return nil
}

// planTracking plays 100 episodes, a pick and a place each, and notes each one's largest difference between commanded and measured
// joint positions. The greatest speeds and torques are in the configuration; episodes beyond half a degree are
// listed there with the phase in which it happened and how they ended.
func (b *bench) planTracking() (x []float64, config map[string]any, err error) {
	const episodes = 100
	r, err := render.New(render.Options{Device: b.device})
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	var all reading
	var beyond []string
	placed := 0
	for i := range episodes {
		m, out, phases, err := b.trackEpisode(r, b.seed+uint64(i))
		if err != nil {
			return nil, nil, err
		}
		if out.OK() {
			placed++
		}
		lag := m.lag * 180 / math.Pi
		x = append(x, lag)
		if lag > 0.5 {
			when, from := "", 0
			for _, p := range phases {
				if m.lagAt > from {
					when = p.Name
				}
				from += p.Periods
			}
			beyond = append(beyond, fmt.Sprintf("seed %d: %.2f° in %q, %v", b.seed+uint64(i), lag, when, out))
			continue // an arm that meets something is no measure of how it follows
		}
		all.speed, all.big, all.small = max(all.speed, m.speed), max(all.big, m.big), max(all.small, m.small)
		all.command, all.accel, all.torque = max(all.command, m.command), max(all.accel, m.accel), max(all.torque, m.torque)
	}
	return x, map[string]any{
		"episodes": episodes, "placed": placed, "beyond": beyond, "max_speed_rad_s": all.speed, "max_torque_big_nm": all.big, "max_torque_small_nm": all.small,
		"commanded_speed_share": all.command, "commanded_accel_share": all.accel, "torque_share": all.torque,
	}, nil
}

func (b *bench) trackEpisode(r sim.Renderer, seed uint64) (*meter, robots.Outcome, []robots.Phase, error) {
	st, err := tasks.NewStage(b.suite, b.robot, seed, r)
	if err != nil {
		return nil, robots.Outcome{}, nil, err
	}
	defer st.Close()
	m := newMeter(b.robot, st.Plant)
	exec := robots.NewExecutor(b.robot, m)
	var shot sim.Shot
	draw := scenes.Stream(seed, "bench/track")
	point := func(object int) (sim.Pixel, error) {
		if err := r.Render(st.Scene.Data, st.Scene.Camera(640, 480), &shot); err != nil {
			return sim.Pixel{}, err
		}
		var seen []int
		for i, body := range shot.Seg.Bodies {
			if int(body) == st.Scene.Bodies[object] {
				seen = append(seen, i)
			}
		}
		if len(seen) == 0 {
			return sim.Pixel{}, fmt.Errorf("seed %d: %s is not seen", seed, st.Scene.Objects[object].Name)
		}
		i := seen[draw.IntN(len(seen))]
		return sim.Pixel{X: float64(i%640) + 0.5, Y: float64(i/640) + 0.5}, nil
	}
	goal := st.Goals[0]
	px, err := point(goal.Move)
	if err != nil {
		return nil, robots.Outcome{}, nil, err
	}
	pick, err := exec.Pick(b.ctx, &shot.Frame, px, robots.PickOptions{})
	if err != nil || !pick.OK() {
		return m, pick.Outcome, pick.Phases, err
	}
	if px, err = point(goal.To); err != nil {
		return nil, robots.Outcome{}, nil, err
	}
	place, err := exec.Place(b.ctx, &shot.Frame, px, pick.Held, robots.PlaceOptions{})
	return m, place.Outcome, append(pick.Phases, place.Phases...), err
}

// A planExport is the collision model and the queries for other planners: see train/bench_ompl.py.
type planExport struct {
	Cell    float64           `json:"cell"` // of the columns [m]
	Min     [2]float64        `json:"min"`  // corner of the columns in base [m]
	Size    [2]int            `json:"size"` // cells along x and y; y runs fastest
	Margin  float64           `json:"margin"`
	Lower   []float64         `json:"lower"` // joint limits [rad]
	Upper   []float64         `json:"upper"`
	Joints  []planExportJoint `json:"joints"`
	TLinkEE planExportPose    `json:"t_link_ee"` // in the last link
	Parts   []planExportPart  `json:"parts"`
	Pairs   [][2]int          `json:"pairs"`
	Queries []planExportQuery `json:"queries"`
}

type planExportPose struct {
	Pos [3]float64 `json:"pos"`
	X   [3]float64 `json:"x"` // axes
	Y   [3]float64 `json:"y"`
	Z   [3]float64 `json:"z"`
}

// A planExportJoint is link i+1 in link i at joint position 0, and the axis that it turns about, in its own frame.
type planExportJoint struct {
	TParentLink planExportPose `json:"t_parent_link"`
	Axis        [3]float64     `json:"axis"`
}

type planExportPart struct {
	Link   int        `json:"link"`
	A      [3]float64 `json:"a"`
	B      [3]float64 `json:"b"`
	Radius float64    `json:"radius"`
}

type planExportQuery struct {
	Seed    uint64           `json:"seed"`
	From    []float64        `json:"from"`
	Goals   [][]float64      `json:"goals"`
	Load    []planExportPart `json:"load"`    // in ee; link is -1
	Columns string           `json:"columns"` // heights [m], float32, little endian, base64
	Solved  bool             `json:"solved"`
	Length  float64          `json:"length"` // of our path [rad]
	Seconds float64          `json:"seconds"`
	Nodes   int              `json:"nodes"`
	Checks  int              `json:"checks"`
	TimeMS  float64          `json:"time_ms"` // of the processor, to find it
}

func exportPose(t sim.Pose) planExportPose {
	return planExportPose{t.Pos, t.Axis(0), t.Axis(1), t.Axis(2)}
}

func newPlanExport(arm *robots.Arm) *planExport {
	e := &planExport{Margin: planMargin, Pairs: arm.Pairs}
	zero := make([]float64, len(arm.Joints))
	links := arm.Links(zero, nil)
	for i, j := range arm.Joints {
		e.Lower, e.Upper = append(e.Lower, j.Min), append(e.Upper, j.Max)
		turned := slices.Clone(zero)
		turned[i] = 0.5
		turn := links[i+1].Rot.Inverse().Mul(arm.Links(turned, nil)[i+1].Rot)
		e.Joints = append(e.Joints, planExportJoint{exportPose(links[i].Inv().Mul(links[i+1])), turn.V.Normalize()})
	}
	e.TLinkEE = exportPose(links[len(links)-1].Inv().Mul(arm.Forward(zero)))
	for _, p := range arm.Parts {
		e.Parts = append(e.Parts, planExportPart{p.Link, p.A, p.B, p.Radius})
	}
	return e
}

func (e *planExport) add(p *robots.MotionPlanner, s *planScene, q *planQuery, m robots.Motion, solved bool, timeMS float64) {
	columns := p.Columns()
	e.Cell, e.Min, e.Size = columns.Cell, columns.Min, columns.Size
	raw := make([]byte, 0, 4*len(columns.Heights))
	for _, h := range columns.Heights {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(h))
	}
	out := planExportQuery{Seed: s.seed, From: q.from, Goals: q.goals, Columns: base64.StdEncoding.EncodeToString(raw), Solved: solved, Length: m.Length,
		Seconds: m.Seconds, Nodes: m.Searched, Checks: m.Checks, TimeMS: timeMS}
	for _, c := range q.load.Load().Capsules {
		out.Load = append(out.Load, planExportPart{-1, c.A, c.B, c.Radius})
	}
	e.Queries = append(e.Queries, out)
}

func (e *planExport) write(path string) error {
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}
