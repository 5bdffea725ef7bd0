package tasks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/refarena/refarena/scenes/relate"
)

// center is a relation that free places have and the 31 of package relate do not name: in the middle of several things.
const center = "center"

// checkCenter says what is wrong with a place in the middle of things, if anything.
func (w Where) checkCenter(g *Goal) error {
	switch {
	case len(w.Of) < 2 || len(w.Of) > 5:
		return fmt.Errorf("%s of %d things (want 2 to 5)", center, len(w.Of))
	case len(g.At) > 1 || w.Way != "" || w.Distance != 0:
		return fmt.Errorf("%s with another relation, a way or a distance (want it alone)", center)
	}
	return nil
}

// whichRelations are those that tell a thing from others like it.
var whichRelations = []relate.Relation{relate.Close, relate.Far, relate.Left, relate.Right, relate.Front, relate.Behind, relate.Between, relate.Face}

// which is the claim by which a thing is told from others like it; index finds objects by their names.
func (w Where) which(index func(string) int) (relate.Claim, error) {
	c := relate.Claim{A: -1, B: -1}
	var err error
	if c.Relation, err = relate.ParseRelation(w.Relation); err != nil || !slices.Contains(whichRelations, c.Relation) {
		var have []string
		for _, r := range whichRelations {
			have = append(have, r.String())
		}
		return c, fmt.Errorf("relation %q (have %s)", w.Relation, strings.Join(have, ", "))
	}
	n := 1
	if c.Relation == relate.Between {
		n = 2
	}
	if len(w.Of) != n || w.Way != "" || w.Distance != 0 {
		return c, fmt.Errorf("relation %s of %d things (want %d, and no way or distance)", w.Relation, len(w.Of), n)
	}
	c.A = index(w.Of[0])
	if n > 1 {
		c.B = index(w.Of[1])
	}
	return c, nil
}

// checkWhich says what is wrong with how a goal tells its object from others, if anything.
func (t *Task) checkWhich(g *Goal, known func(string) error) error {
	i := slices.IndexFunc(t.Things, func(x Thing) bool { return x.Name == g.Move.Thing })
	if g.Which == nil {
		if i >= 0 && t.Things[i].Like {
			return fmt.Errorf("nothing says which %s is meant (want which, since others are like it)", g.Move.Thing)
		}
		return nil
	}
	if i < 0 {
		return fmt.Errorf("of %s (want a goal that moves one of the things, by its name)", g.Move)
	}
	if g.Steps > 0 {
		return fmt.Errorf("and steps (want one or the other)")
	}
	if _, err := g.Which.which(func(string) int { return 0 }); err != nil {
		return err
	}
	for _, name := range g.Which.Of {
		if err := known(name); err != nil {
			return err
		}
	}
	return nil
}

// checkMaxObjects says what is wrong with a task's own number of objects, if anything.
func (s *Suite) checkMaxObjects(t *Task) error {
	switch {
	case t.MaxObjects == 0:
		return nil
	case t.Level != "" || s.Scene.Level != "":
		return fmt.Errorf("max_objects and a level (want one or the other)")
	case t.MaxObjects < 2 || t.MaxObjects > 12:
		return fmt.Errorf("max_objects %d (want 2 to 12)", t.MaxObjects)
	}
	return nil
}
