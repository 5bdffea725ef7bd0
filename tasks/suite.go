package tasks

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/refarena/refarena/assets"
	"github.com/refarena/refarena/scenes"
)

// A Suite is a list of tasks and what they have in common. An episode of a suite is named by a seed: the seed chooses the task, the
// scene and every random number.
type Suite struct {
	Name   string       `yaml:"name"`
	About  string       `yaml:"about"`
	Scene  SceneOptions `yaml:"scene"`
	Tasks  []Task       `yaml:"tasks"`
	Budget Budget       `yaml:"budget"`

	Hash string `yaml:"-"` // SHA-256 of the file, hexadecimal
	text []byte // the file
}

// SceneOptions says which scenes a suite is played in.
type SceneOptions struct {
	Level      string `yaml:"level"`       // easy, medium or hard: see scenes.Level; "" means tidy tables of MinObjects to MaxObjects
	MinObjects int    `yaml:"min_objects"` // 0 means 4; not with a level
	MaxObjects int    `yaml:"max_objects"` // 0 means 8; not with a level
	// Designs are what the objects are chosen from, by the names that `refarena objects` prints; empty means the whole catalogue.
	Designs []string `yaml:"designs"`
}

// A Task is a list of goals, reached one after the other.
type Task struct {
	Name  string `yaml:"name"`
	Level string `yaml:"level"` // of its scenes, instead of the suite's; "" means the suite's
	Goals []Goal `yaml:"goals"`
}

// maxGoals is how many goals a task can have: each has a support of its own, and the table has room for so many.
const maxGoals = 4

// A Goal asks for one object to be put on or into another. Which ones, of those that fit, is drawn from the seed.
type Goal struct {
	Move Selector `yaml:"move"` // what is picked up; an empty selector means anything that can be
	To   Selector `yaml:"to"`   // what it is put on or into; empty means anything that can hold it
}

// A Selector describes objects. Empty fields fit everything.
type Selector struct {
	Kind  string `yaml:"kind"`  // "mug"
	Color string `yaml:"color"` // "red"
}

func (s Selector) fits(o *scenes.Placed) bool {
	return (s.Kind == "" || slices.Contains(o.Design.Names, s.Kind)) && (s.Color == "" || s.Color == o.Color.Name)
}

func (s Selector) check() error {
	var names []string
	for _, d := range scenes.Catalogue() {
		if s.describes(d) {
			return nil
		}
		names = append(names, d.Category())
	}
	return fmt.Errorf("no %s in the catalogue (have the kinds %s)", s, strings.Join(names, ", "))
}

// possible reports whether the catalogue has a pair of objects for the goal.
func (g Goal) possible() bool {
	for _, a := range scenes.Catalogue() {
		for _, b := range scenes.Catalogue() {
			if a.Pickable() && g.Move.describes(a) && g.To.describes(b) && a.Fits(b) {
				return true
			}
		}
	}
	return false
}

func (s Selector) describes(d *scenes.Design) bool {
	return (s.Kind == "" || slices.Contains(d.Names, s.Kind)) && (s.Color == "" || slices.Contains(d.Colors, s.Color))
}

func (s Selector) String() string {
	return strings.TrimSpace(s.Color + " " + cmp.Or(s.Kind, "object"))
}

// A Budget bounds an episode. Zero fields mean the defaults.
type Budget struct {
	Attempts   int     `yaml:"attempts"`    // tries of each step, a query each; 0 means 1
	SimSeconds float64 `yaml:"sim_seconds"` // simulated time of the whole episode [s]; 0 means 60 for each goal
}

// SuiteNames lists the suites that come with the program.
func SuiteNames() []string {
	files, err := fs.Glob(assets.Suites, "suites/*.yaml")
	if err != nil {
		panic(err) // the pattern is well formed
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(path.Base(f), ".yaml")
	}
	return names
}

// LoadSuite loads a suite by its name, or from a file if nameOrPath ends in .yaml or .yml.
func LoadSuite(nameOrPath string) (*Suite, error) {
	var text []byte
	var err error
	if strings.HasSuffix(nameOrPath, ".yaml") || strings.HasSuffix(nameOrPath, ".yml") {
		if text, err = os.ReadFile(nameOrPath); err != nil {
			return nil, fmt.Errorf("tasks: suite file: %w", err)
		}
	} else {
		if !slices.Contains(SuiteNames(), nameOrPath) {
			return nil, fmt.Errorf("tasks: no suite %q (have %s; or a file that ends in .yaml)", nameOrPath, strings.Join(SuiteNames(), ", "))
		}
		if text, err = assets.Suites.ReadFile("suites/" + nameOrPath + ".yaml"); err != nil {
			return nil, fmt.Errorf("tasks: suite %q: %w", nameOrPath, err)
		}
	}
	s, err := ParseSuite(text)
	if err != nil {
		return nil, fmt.Errorf("tasks: suite %s: %w", nameOrPath, err)
	}
	return s, nil
}

// ParseSuite reads a suite file, strictly: an unknown key, a missing name or an impossible number is an error.
func ParseSuite(text []byte) (*Suite, error) {
	s := &Suite{}
	switch err := decode(text, s); {
	case errors.Is(err, io.EOF):
		return nil, errors.New("the file is empty")
	case err != nil:
		return nil, fmt.Errorf("%s", oneLine(yaml.FormatError(err, false, false)))
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	s.Hash, s.text = hex.EncodeToString(sum[:]), bytes.Clone(text)
	return s, nil
}

// decode reads YAML strictly. The library panics at some broken files (a tag without a value where a list should be): an error, too.
func decode(text []byte, into any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("not a YAML file that can be read: %v", p)
		}
	}()
	return yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(into)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func (s *Suite) check() error {
	if s.Name == "" || strings.ContainsAny(s.Name, "/ \t\n") {
		return fmt.Errorf("name %q (want a word without spaces and slashes)", s.Name)
	}
	if len(s.Tasks) == 0 {
		return fmt.Errorf("no tasks (want at least one under `tasks:`)")
	}
	if s.Scene.Level != "" {
		if _, err := scenes.ParseLevel(s.Scene.Level); err != nil {
			return fmt.Errorf("scene: %w", err)
		}
		if s.Scene.MinObjects != 0 || s.Scene.MaxObjects != 0 {
			return fmt.Errorf("scene: level %s and a number of objects (want one or the other)", s.Scene.Level)
		}
	}
	s.Scene.MinObjects = cmp.Or(s.Scene.MinObjects, 4)
	s.Scene.MaxObjects = cmp.Or(s.Scene.MaxObjects, max(8, s.Scene.MinObjects))
	if s.Scene.MinObjects < 2 || s.Scene.MaxObjects < s.Scene.MinObjects || s.Scene.MaxObjects > 12 {
		return fmt.Errorf("scene: %d to %d objects (want 2 ≤ min_objects ≤ max_objects ≤ 12; a level has more)", s.Scene.MinObjects, s.Scene.MaxObjects)
	}
	s.Budget.Attempts = cmp.Or(s.Budget.Attempts, 1)
	if s.Budget.Attempts < 1 || s.Budget.Attempts > 100 {
		return fmt.Errorf("budget: %d attempts (want 1 to 100)", s.Budget.Attempts)
	}
	if !(s.Budget.SimSeconds >= 0 && s.Budget.SimSeconds <= 3600) {
		return fmt.Errorf("budget: %g sim_seconds (want 0 to 3600)", s.Budget.SimSeconds)
	}
	names := map[string]bool{}
	for i := range s.Tasks {
		t := &s.Tasks[i]
		t.Name = cmp.Or(t.Name, fmt.Sprint(i+1))
		if names[t.Name] {
			return fmt.Errorf("task %q twice", t.Name)
		}
		names[t.Name] = true
		if len(t.Goals) == 0 {
			return fmt.Errorf("task %q: no goals (want at least one under `goals:`)", t.Name)
		}
		if _, err := scenes.ParseLevel(cmp.Or(t.Level, string(scenes.LevelEasy))); err != nil {
			return fmt.Errorf("task %q: %w", t.Name, err)
		}
		if len(t.Goals) > maxGoals {
			return fmt.Errorf("task %q: %d goals (want at most %d)", t.Name, len(t.Goals), maxGoals)
		}
		if err := s.sceneConfig(t).Validate(); err != nil {
			return fmt.Errorf("task %q: its scenes: %w", t.Name, err)
		}
		for k, g := range t.Goals {
			for _, sel := range []struct {
				field string
				s     Selector
			}{{"move", g.Move}, {"to", g.To}} {
				if err := sel.s.check(); err != nil {
					return fmt.Errorf("task %q, goal %d, %s: %w", t.Name, k+1, sel.field, err)
				}
			}
			if !g.possible() {
				return fmt.Errorf("task %q, goal %d: no %s in the catalogue can be picked up and put on or in a %s", t.Name, k+1, g.Move, g.To)
			}
		}
	}
	return nil
}

// Task is the task of an episode: the seeds go through the tasks in turn.
func (s *Suite) Task(seed uint64) *Task { return &s.Tasks[seed%uint64(len(s.Tasks))] }
