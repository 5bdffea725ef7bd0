package tasks

import (
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
			if st.Plant, err = robot.NewPlant(d, robotPrefix); err != nil {
				return err
			}
			return st.Plant.Reset()
		},
	}
	if st.Scene, err = scenes.Generate(st.config(), seed, mount); err != nil {
		return nil, err
	}
	if st.Goals, err = st.bind(); err != nil {
		st.Close()
		return nil, fmt.Errorf("tasks: %s/%s, seed %d: %w", suite.Name, st.Task.Name, seed, err)
	}
	return st, nil
}

// Close frees the scene.
func (st *Stage) Close() { st.Scene.Close() }

// config is what the scene has to have, for the task to be possible.
func (st *Stage) config() scenes.Config {
	return scenes.Config{MinObjects: st.Suite.Scene.MinObjects, MaxObjects: st.Suite.Scene.MaxObjects}
}

// bind draws, for each goal, one of the pairs of objects that it allows. An object that a goal has moved or filled is not moved again.
func (st *Stage) bind() ([]BoundGoal, error) {
	draw := scenes.Stream(st.Seed, "goals")
	used := make([]bool, len(st.Scene.Objects))
	var goals []BoundGoal
	for i, g := range st.Task.Goals {
		var pairs []BoundGoal
		for _, object := range st.Scene.Pickable() {
			if used[object] || !g.Move.fits(&st.Scene.Objects[object]) {
				continue
			}
			for _, support := range st.Scene.SupportsFor(object) {
				if !used[support] && g.To.fits(&st.Scene.Objects[support]) {
					pairs = append(pairs, BoundGoal{object, support})
				}
			}
		}
		if len(pairs) == 0 {
			return nil, fmt.Errorf("goal %d: no %s that can be picked up and put on or in a %s (have %s)", i+1, g.Move, g.To, st.phrases())
		}
		pair := pairs[draw.IntN(len(pairs))]
		used[pair.Move], used[pair.To] = true, true
		goals = append(goals, pair)
	}
	return goals, nil
}

func (st *Stage) phrases() string {
	var out []string
	for i := range st.Scene.Objects {
		out = append(out, st.Scene.Objects[i].Phrase())
	}
	return strings.Join(out, ", ")
}

// isRobot reports whether a body of that name belongs to the robot.
func isRobot(body string) bool { return strings.HasPrefix(body, robotPrefix) }
