package scenes

import (
	"fmt"
	"slices"
	"strings"
)

// A Level is how hard scenes are to refer to and to work in.
type Level string

// The levels.
const (
	LevelEasy   Level = "easy"   // 3 to 5 objects, each with room for a hand around it
	LevelMedium Level = "medium" // 6 to 9 objects, several of one category, some in one colour
	LevelHard   Level = "hard"   // 10 to 16 objects: some hide others, stand on others, lie in bowls or on plates
)

// Levels are all levels, from easy to hard.
func Levels() []Level { return []Level{LevelEasy, LevelMedium, LevelHard} }

// tableZone is the part of the first table where a camera across the table sees things: what does not fit into the picture is redrawn.
var tableZone = Zone{0.20, 0.85, -0.70, 0.70}

// Config is what scenes of the level are drawn from. In all of them tables, room, light and view vary, up to a third of the scenes have a
// second table, and what can be picked up, and what it can be put on, is in JointZone; other objects stand anywhere on the tables. The
// error is for a level that does not exist.
func (l Level) Config() (Config, error) {
	c := Config{Vary: true, MaxTables: 2, Zone: tableZone, Reach: JointZone}
	switch l {
	case LevelEasy:
		c.MinObjects, c.MaxObjects = 3, 5
		c.MaxSupports = 1
	case LevelMedium:
		c.MinObjects, c.MaxObjects = 6, 9
		c.Twins, c.Lookalikes = 2, true
		c.MinPickable, c.MaxCarried = 3, 1
		c.Gap, c.Huddle, c.MinVisible = 0.020, 3, 0.5
	case LevelHard:
		c.MinObjects, c.MaxObjects = 10, 16
		c.Twins, c.Lookalikes = 3, true
		c.MinSupports, c.MaxSupports = 2, 5
		c.MinPickable = 4
		c.MinCarried, c.MaxCarried = 2, 5
		c.Gap, c.Huddle, c.MinVisible = 0.006, 12, 0.15
	default:
		return Config{}, fmt.Errorf("scenes: no level %q (have %s)", l, levelNames())
	}
	return c, nil
}

func levelNames() string {
	var names []string
	for _, l := range Levels() {
		names = append(names, string(l))
	}
	return strings.Join(names, ", ")
}

// ParseLevel is the level of that name; the error lists the names there are.
func ParseLevel(name string) (Level, error) {
	if l := Level(name); slices.Contains(Levels(), l) {
		return l, nil
	}
	return "", fmt.Errorf("scenes: no level %q (have %s)", name, levelNames())
}
