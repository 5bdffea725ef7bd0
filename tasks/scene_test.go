package tasks

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
)

// A level's scene has the robot that it was asked for, and the spec of a scene compiles to the same model, things at rest in their places.
func TestLevelScene(t *testing.T) {
	ur5, err := robots.Open("ur5")
	require.NoError(t, err)
	for _, robot := range []*robots.Robot{nil, ur5} {
		s, err := LevelScene(scenes.LevelEasy, robot, 2)
		require.NoError(t, err)
		defer s.Close()
		withRobot := 0
		for id := range s.Model.NBody() {
			if strings.HasPrefix(s.Model.BodyName(id), RobotPrefix) {
				withRobot++
			}
		}
		require.Equal(t, robot != nil, withRobot > 0)

		spec, err := SceneSpec(s, robot)
		require.NoError(t, err)
		defer spec.Close()
		m, err := spec.Compile()
		require.NoError(t, err)
		defer m.Close()
		require.Equal(t, []int{s.Model.NQ(), s.Model.NU(), s.Model.NBody()}, []int{m.NQ(), m.NU(), m.NBody()})
		d, err := sim.NewData(m)
		require.NoError(t, err)
		defer d.Close()
		require.NoError(t, d.Forward())
		for i, id := range s.Bodies {
			require.Equal(t, s.Model.BodyName(id), m.BodyName(id))
			require.True(t, s.Data.BodyPose(id).Near(d.BodyPose(id), 1e-9), "%s is elsewhere", s.Objects[i].Name)
		}
	}
	_, err = LevelScene("harder", nil, 1)
	require.ErrorContains(t, err, "easy, medium, hard")
}
