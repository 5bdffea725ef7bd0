package tasks

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/refer"
	"github.com/refarena/refarena/scenes/relate"
	"github.com/refarena/refarena/sim"
)

// RobotPrefix begins the names of everything in a stage's model that belongs to the robot.
const RobotPrefix = "robot/"

// A Stage is an episode before it begins: the scene of a suite's seed, settled, with the robot in its home position and the goals bound
// to objects. It is for one goroutine.
type Stage struct {
	Suite  *Suite
	Task   *Task
	Seed   uint64
	Scene  *scenes.Scene
	Robot  *robots.Robot
	Plant  *robots.SimPlant
	Things []int // the object that each of Task.Things is, an index into Scene.Objects
	Goals  []BoundGoal

	camera  string // that was chosen: see ParseCamera
	ownView bool   // the referee looks through the robot's camera
	events  []boundPush
}

// A BoundGoal is a goal with the scene's objects that it means, as indices into Scene.Objects.
type BoundGoal struct {
	*Goal
	Move  int
	To    int            // -1 if the object goes to a free place
	Where []relate.Claim // of a place that the goal describes
	Amid  []int          // the things that it is in the middle of; nil for other places
	Which *relate.Claim  // that tells the object from its like; nil: its name does

	find, place *refer.Instruction // the grammar's instructions, made when the scene was approved; nil without
}

// The picture by which a scene is accepted, whatever the size of the referee's, so that the scenes do not depend on that [px].
const approveWidth, approveHeight = 640, 480

// minRegion is the least share of a picture that a right answer takes up: what is smaller is no fair question.
const minRegion = 0.0004

// NewStage prepares an episode. The caller closes the Stage. The error names the seed.
//
// see draws the pictures by which scenes are refused in which a question of the task has no right answer; if it is nil, none is, and the scene may be
// another one.
func NewStage(suite *Suite, robot *robots.Robot, seed uint64, see sim.Renderer) (*Stage, error) {
	return newStage(suite, robot, seed, see, "")
}

func newStage(suite *Suite, robot *robots.Robot, seed uint64, see sim.Renderer, camera string) (*Stage, error) {
	st := &Stage{Suite: suite, Task: suite.Task(seed), Seed: seed, Robot: robot, camera: camera}
	part, err := robot.Build()
	if err != nil {
		return nil, err
	}
	defer part.Close()
	mount := scenes.Mount{
		Attach: func(s *sim.Spec) error { return s.Attach(part, s.World(), sim.Identity(), RobotPrefix) },
		Home: func(d *sim.Data) error {
			var err error
			if st.Plant, err = robot.NewPlant(d, RobotPrefix); err != nil {
				return err
			}
			return st.Plant.Reset()
		},
		Accept: st.bind,
	}
	if suite.IsScene() {
		mount.Accept = nil
		if st.Scene, err = scenes.Load(suite.Name, suite.layout, mount); err != nil {
			return nil, fmt.Errorf("tasks: %w", err)
		}
		return st, nil
	}
	if see != nil {
		var shot sim.Shot
		mount.Approve = func(s *scenes.Scene) (bool, error) {
			if err := see.Render(s.Data, s.Camera(approveWidth, approveHeight), &shot); err != nil {
				return false, err
			}
			ok, err := st.approve(s, &shot)
			if ok && err == nil && len(st.Goals) > 1 {
				ok, err = st.rehearse(&shot, see)
			}
			if err != nil || !ok || !st.mounted() || st.speaksOfPlaces() {
				return ok, err
			}
			// Scenes are the same for all robots. What the robot's own camera does not show is asked about from across the table.
			st.ownView = true
			own, err := st.Camera(ownWidth, ownHeight)
			if err == nil {
				err = see.Render(s.Data, own, &shot)
			}
			if err != nil {
				return false, err
			}
			st.ownView = st.inView(s, &shot)
			return true, nil
		}
	}
	if st.Scene, err = scenes.Generate(suite.sceneConfig(st.Task), seed, mount); err != nil {
		return nil, fmt.Errorf("tasks: %s/%s: %w", suite.Name, st.Task.Name, err)
	}
	return st, nil
}

// Close frees the scene.
func (st *Stage) Close() { st.Scene.Close() }

// sceneConfig is what a task's scenes are drawn from. A task that asks for certain objects refuses layouts without them, so there are
// many tries: a refused layout costs microseconds.
func (s *Suite) sceneConfig(t *Task) scenes.Config {
	cfg := scenes.Config{MinObjects: s.Scene.MinObjects, MaxObjects: s.Scene.MaxObjects}
	if level := cmp.Or(t.Level, s.Scene.Level); level != "" {
		cfg, _ = scenes.Level(level).Config() // the suite was checked
	}
	if t.MaxObjects > 0 {
		cfg.MinObjects, cfg.MaxObjects = min(cfg.MinObjects, t.MaxObjects), t.MaxObjects
	}
	cfg.Designs = s.Scene.Designs
	cfg.MaxTries = 10000
	roles := make([]scenes.Role, len(t.Things))
	index := func(name string) int {
		return slices.IndexFunc(t.Things, func(x Thing) bool { return x.Name == name })
	}
	carriers, moved := 0, 0 // that goals want, whichever they are
	for i := range t.Goals {
		g := &t.Goals[i]
		if k := index(g.Move.Thing); k >= 0 {
			roles[k] = scenes.Picked
		} else {
			moved++
		}
		if g.put() != putTo {
			continue
		}
		if k := index(g.to().Thing); k < 0 {
			carriers++
		} else if roles[k] == scenes.Bystander {
			roles[k] = scenes.Carrier
		}
	}
	for i, thing := range t.Things {
		if thing.Table == 2 {
			cfg.MinTables = 2
		}
		w := scenes.Wanted{Colors: thing.Color, Role: roles[i], Like: thing.Like, Table: thing.Table}
		for _, d := range scenes.Catalogue() {
			if thing.selector().describes(d) {
				w.Designs = append(w.Designs, d.Name)
			}
		}
		cfg.Wanted = append(cfg.Wanted, w)
	}
	count := func(r scenes.Role) (n int) {
		for _, role := range roles {
			if role == r {
				n++
			}
		}
		return n
	}
	supports, pickable := carriers+count(scenes.Carrier), moved+count(scenes.Picked)
	if supports == 0 {
		cfg.MinSupports = 0
	}
	cfg.MinSupports, cfg.MaxSupports = max(cfg.MinSupports, supports), max(cfg.MaxSupports, supports, 2)
	cfg.MinPickable = max(cfg.MinPickable, pickable)
	if cfg.MinObjects >= cfg.MinSupports+2 {
		cfg.MinPickable = max(cfg.MinPickable, 2) // something that could be mistaken for the right one
	}
	if len(t.Things) > 0 {
		cfg.MinObjects = max(cfg.MinObjects, max(1, cfg.MinSupports)+cfg.MinPickable+count(scenes.Bystander)) // a scene has one support at least
		cfg.MaxObjects = max(cfg.MaxObjects, cfg.MinObjects)
	}
	return cfg
}

// bind draws which objects of a layout are the task's things, and for each goal those that it means; it reports whether there are some for
// all. What a goal without names moves or fills is used by no other, and what a phrase could mistake for something else is left alone.
func (st *Stage) bind(l *scenes.Layout) bool {
	draw := scenes.Stream(st.Seed, "goals")
	used := make([]bool, len(l.Objects))
	index := map[string]int{}
	st.Things, st.Goals = nil, nil
	for _, thing := range st.Task.Things {
		var fit []int
		for i := range l.Objects {
			if !used[i] && thing.on(l, i) && (thing.Like || l.Unique(i)) && l.Objects[i].On == "" && thing.selector().fits(&l.Objects[i]) {
				fit = append(fit, i)
			}
		}
		if len(fit) == 0 {
			return false
		}
		i := fit[draw.IntN(len(fit))]
		used[i] = true
		index[thing.Name] = i
		st.Things = append(st.Things, i)
	}
	find := func(name string) int { return index[name] }
	pickable := l.Pickable()
	for k := range st.Task.Goals {
		g := &st.Task.Goals[k]
		bound := BoundGoal{Goal: g, Move: -1, To: -1}
		if g.Which != nil {
			c, err := g.Which.which(find)
			if err != nil {
				panic(err) // the suite was checked
			}
			bound.Which = &c
			if !nearestOfItsKind(l, index[g.Move.Thing], c) {
				return false
			}
		}
		for _, w := range g.At {
			if w.Relation == center {
				for _, name := range w.Of {
					bound.Amid = append(bound.Amid, index[name])
				}
				continue
			}
			c, err := w.claim(find)
			if err != nil {
				panic(err) // the suite was checked
			}
			bound.Where = append(bound.Where, c)
		}
		var pairs []BoundGoal
		for _, object := range pickable {
			if g.Move.Thing != "" && object != index[g.Move.Thing] || g.Move.Thing == "" && (used[object] || !l.Unique(object) || !g.Move.fits(&l.Objects[object])) {
				continue
			}
			bound.Move = object
			if g.put() != putTo {
				pairs = append(pairs, bound)
				continue
			}
			if to := g.to(); to.Thing != "" {
				if bound.To = index[to.Thing]; bound.To != object && l.Objects[object].Design.Fits(l.Objects[bound.To].Design) {
					pairs = append(pairs, bound)
				}
				continue
			}
			for _, support := range l.SupportsFor(object) {
				if !used[support] && l.Unique(support) && g.to().fits(&l.Objects[support]) {
					bound.To = support
					pairs = append(pairs, bound)
				}
			}
		}
		if len(pairs) == 0 {
			return false
		}
		pair := pairs[draw.IntN(len(pairs))]
		used[pair.Move] = true
		if pair.To >= 0 {
			used[pair.To] = true
		}
		st.Goals = append(st.Goals, pair)
	}
	return true
}

// approve reports whether the questions that a task begins with have answers in the picture: each object that is to be moved can be seen,
// and so can the place where it is to be put, as it is now. A goal that takes what another one has put somewhere is not looked at.
func (st *Stage) approve(s *scenes.Scene, shot *sim.Shot) (bool, error) {
	enough := func(r sim.Region) bool { return float64(r.Count()) >= minRegion*float64(len(r.Mask)) }
	st.Scene = s
	if ok, err := st.premise(); err != nil || !ok {
		return false, err
	}
	if !st.bindEvents(s) {
		return false, nil
	}
	touched := map[int]bool{} // by an earlier goal
	for k := range st.Goals {
		g := &st.Goals[k]
		draw := scenes.Stream(st.Seed, fmt.Sprintf("approve %d", k))
		if touched[g.Move] || touched[g.To] {
			continue
		}
		touched[g.Move] = true
		if g.put() == putTo {
			touched[g.To] = true
		}
		if !enough(s.ObjectRegion(shot, g.Move)) {
			return false, nil
		}
		if g.put() == putTo {
			if !enough(s.PlaceRegion(shot, s.Data, g.Move, g.To)) {
				return false, nil
			}
			if !g.described() {
				continue
			}
		}
		here, err := refer.Look(s, shot)
		if err != nil {
			return false, err
		}
		if g.described() {
			in, ok, err := g.sayWhich(here, draw)
			if err != nil || !ok {
				return false, err
			}
			g.find = &in
		}
		if g.put() == putTo {
			continue
		}
		holding, err := refer.LookHolding(s, shot, g.Move)
		if err != nil {
			return false, err
		}
		in, ok, err := g.sayWhere(holding, draw)
		if err != nil || !ok || !enough(in.Region) {
			return false, err
		}
		g.place = &in
		if p := s.Data.BodyPose(s.Bodies[g.Move]).Pos; in.Area.Meets(relate.Vec2{p[0], p[1]}, placeSlack) {
			return false, nil // it is there already
		}
	}
	return true, nil
}

// premise reports whether what the task wants kept holds at the beginning, and what it wants at the end does not: no condition, and nothing is
// carried by what a goal would put it on.
func (st *Stage) premise() (ok bool, err error) {
	begun := st.poses()
	err = st.judged(func(j *judge) {
		holds := func(c Condition) bool { ok, _ := st.holds(c, j, begun); return ok }
		reached := func(g BoundGoal) bool {
			return g.put() == putTo && j.standing(st.Scene.Data, st.Scene.Bodies[g.Move], st.carriers(g.To)).supported
		}
		ok = !slices.ContainsFunc(st.Task.Keep, func(c Condition) bool { return !holds(c) }) &&
			!slices.ContainsFunc(st.Task.Finally, holds) && !slices.ContainsFunc(st.Goals, reached)
	})
	return ok && err == nil, err
}

// endsWell reports whether what the task wants at the end holds now; begun is where the objects were at the beginning.
func (st *Stage) endsWell(begun []sim.Pose) (ok bool, err error) {
	err = st.judged(func(j *judge) {
		ok = !slices.ContainsFunc(slices.Concat(st.Task.Keep, st.Task.Finally), func(c Condition) bool { ok, _ := st.holds(c, j, begun); return !ok })
	})
	return ok && err == nil, err
}

// judged lets a judge look at the scene as it is now.
func (st *Stage) judged(look func(*judge)) error {
	j, err := newJudge(st.Scene.Model, isRobot)
	if err != nil {
		return err
	}
	defer j.Close()
	if err := j.see(st.Scene.Data); err != nil {
		return err
	}
	look(j)
	return nil
}

// poses are where the scene's objects are now.
func (st *Stage) poses() []sim.Pose {
	out := make([]sim.Pose, len(st.Scene.Bodies))
	for i, b := range st.Scene.Bodies {
		out[i] = st.Scene.Data.BodyPose(b)
	}
	return out
}

// described reports whether the object to be moved is asked for by the grammar's words, not by its name.
func (g *BoundGoal) described() bool { return g.Steps > 0 || g.Which != nil }

// on reports whether an object stands on the table that the thing is wanted on.
func (t Thing) on(l *scenes.Layout, i int) bool {
	if t.Table == 0 || len(l.Setting.Tables) < 2 {
		return t.Table < 2
	}
	top, p := l.Setting.Tables[1].Top, l.Objects[i].TWorldObj.Pos
	second := p[0] > top.MinX && p[0] < top.MaxX && p[1] > top.MinY && p[1] < top.MaxY
	return second == (t.Table == 2)
}

// nearestOfItsKind refuses at a glance what FindBy would refuse later: of several things alike the one that is meant has to be nearest to c.A,
// farthest from it, or where its front points.
func nearestOfItsKind(l *scenes.Layout, object int, c relate.Claim) bool {
	if c.Relation == relate.Face { // it alone is where c.A's front points, as relate has it
		for i := range l.Objects {
			if l.Objects[i].Design != l.Objects[object].Design {
				continue
			}
			if a := offFront(l, c.A, i); i == object && a > 25*math.Pi/180 || i != object && a < 50*math.Pi/180 {
				return false
			}
		}
		return true
	}
	from := func(i int) float64 { return l.Objects[i].TWorldObj.Pos.Sub(l.Objects[c.A].TWorldObj.Pos).Len() }
	for i := range l.Objects {
		if i == object || i == c.A || l.Objects[i].Design != l.Objects[object].Design {
			continue
		}
		if c.Relation == relate.Close && from(i) < from(object)+0.05 || c.Relation == relate.Far && from(i) > from(object)-0.05 {
			return false
		}
	}
	return true
}

// offFront is how far a front points past another object, seen from above [rad].
func offFront(l *scenes.Layout, of, i int) float64 {
	t := l.Objects[of].TWorldObj
	d, x := l.Objects[i].TWorldObj.Pos.Sub(t.Pos), t.Axis(0)
	return math.Abs(math.Remainder(math.Atan2(d[1], d[0])-math.Atan2(x[1], x[0]), 2*math.Pi))
}

// sayWhich is the grammar's instruction for the object to be moved. ok is false if it finds none of so many steps.
func (g *BoundGoal) sayWhich(v *refer.View, r *rand.Rand) (refer.Instruction, bool, error) {
	if g.Which != nil {
		in, ok := v.FindBy(g.Move, *g.Which, r)
		return in, ok, nil
	}
	return g.say(v, r, refer.Options{Kinds: []scenes.QuestionKind{scenes.Location}, Target: v.World.Things[g.Move].Name})
}

// sayWhere is the grammar's instruction for the free place where the object is to be put; v is what is seen while it is held.
func (g *BoundGoal) sayWhere(v *refer.View, r *rand.Rand) (refer.Instruction, bool, error) {
	if g.Amid != nil {
		in, ok := v.PlaceAmid(g.Move, g.Amid, r)
		return in, ok, nil
	}
	if g.put() == putAt {
		in, ok := v.PlaceAt(g.Move, g.Where, r)
		return in, ok, nil
	}
	return g.say(v, r, refer.Options{Kinds: []scenes.QuestionKind{scenes.Placement}})
}

func (g *BoundGoal) say(v *refer.View, r *rand.Rand, o refer.Options) (refer.Instruction, bool, error) {
	o.Count, o.Steps, o.Split, o.Executable = 1, []int{g.Steps}, refer.Split(g.Split), true
	const tries = 3 // for each the grammar makes some more
	for range tries {
		if o.Split == refer.Unseen { // these combinations are rare: ask for one of them
			rows := slices.DeleteFunc(slices.Clone(refer.HeldOut), func(row []relate.Relation) bool {
				p := o
				p.Relations = row
				return p.Validate() != nil
			})
			if len(rows) == 0 {
				return refer.Instruction{}, false, fmt.Errorf("tasks: no held-out combination of relations takes %d steps", g.Steps)
			}
			o.Relations = rows[r.IntN(len(rows))]
		}
		list, err := v.Generate(o, r)
		if err != nil {
			return refer.Instruction{}, false, err
		}
		if len(list) > 0 {
			return list[0], true, nil
		}
	}
	return refer.Instruction{}, false, nil
}

// isRobot reports whether a body of that name belongs to the robot.
func isRobot(body string) bool { return strings.HasPrefix(body, RobotPrefix) }
