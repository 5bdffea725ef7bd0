package tasks

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
)

// robotPrefix begins the names of everything that belongs to the robot.
const robotPrefix = "robot/"

// A Stage is an episode before it begins: the scene of a suite's seed, settled, with the robot in its home position and the goals bound
// to objects. It is for one goroutine.
type Stage struct {
	Suite *Suite
	Task  *Task
	Seed  uint64
	Scene *scenes.Scene
	Robot *robots.Robot
	Plant *robots.SimPlant
	Goals []BoundGoal
}

// A BoundGoal is a goal with the scene's objects that it means, as indices into Scene.Objects.
type BoundGoal struct{ Move, To int }

// NewStage prepares an episode. The caller closes the Stage. The error names the seed.
func NewStage(suite *Suite, robot *robots.Robot, seed uint64) (*Stage, error) {
	st := &Stage{Suite: suite, Task: suite.Task(seed), Seed: seed, Robot: robot}
	part, err := robot.Build()
	if err != nil {
		return nil, err
	}
	defer part.Close()
	mount := scenes.Mount{
		Attach: func(s *sim.Spec) error { return s.Attach(part, s.World(), sim.Identity(), robotPrefix) },
		Home: func(d *sim.Data) error {
			var err error
			if st.Plant, err = robot.NewPlant(d, robotPrefix); err != nil {
				return err
			}
			return st.Plant.Reset()
		},
		Accept: func(l *scenes.Layout) bool {
			st.Goals = st.Task.bind(l, seed)
			return st.Goals != nil
		},
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
	cfg.Designs = s.Scene.Designs
	goals := len(t.Goals)
	cfg.MinSupports, cfg.MaxSupports = max(cfg.MinSupports, goals), max(cfg.MaxSupports, goals, 2)
	cfg.MinPickable = max(cfg.MinPickable, goals)
	if cfg.MinObjects >= cfg.MinSupports+2 {
		cfg.MinPickable = max(cfg.MinPickable, 2) // something that could be mistaken for the right one
	}
	cfg.MaxTries = 10000
	return cfg
}

// bind draws, for each goal, one of the pairs of objects that it allows; nil if there is none for one of them. An object that a goal has
// moved or filled is not moved again, and what a phrase could mistake for something else is left alone.
func (t *Task) bind(l *scenes.Layout, seed uint64) []BoundGoal {
	draw := scenes.Stream(seed, "goals")
	used := make([]bool, len(l.Objects))
	var goals []BoundGoal
	for _, g := range t.Goals {
		var pairs []BoundGoal
		for _, object := range l.Pickable() {
			if used[object] || !l.Unique(object) || !g.Move.fits(&l.Objects[object]) {
				continue
			}
			for _, support := range l.SupportsFor(object) {
				if !used[support] && l.Unique(support) && g.To.fits(&l.Objects[support]) {
					pairs = append(pairs, BoundGoal{object, support})
				}
			}
		}
		if len(pairs) == 0 {
			return nil
		}
		pair := pairs[draw.IntN(len(pairs))]
		used[pair.Move], used[pair.To] = true, true
		goals = append(goals, pair)
	}
	return goals
}

// isRobot reports whether a body of that name belongs to the robot.
func isRobot(body string) bool { return strings.HasPrefix(body, robotPrefix) }
