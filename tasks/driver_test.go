package tasks_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
)

// A failingDriver draws some pictures, and then no more.
type failingDriver struct {
	sim.Renderer
	left int
}

func (f *failingDriver) Render(d *sim.Data, cam sim.Camera, shot *sim.Shot) error {
	if f.left--; f.left < 0 {
		return errors.New("render: drawing: the graphics driver lost its context")
	}
	return f.Renderer.Render(d, cam, shot)
}

func (f *failingDriver) Info() sim.RendererInfo { return sim.RendererInfo{Renderer: "a GPU"} }

// A driver that fails on the way is an error of the episode, which says so; only a run that was told to goes on with another one, and says so in the
// record. The pictures being the same, so is the rest.
func TestDriverFails(t *testing.T) {
	failing := func() (sim.Renderer, error) {
		r, err := software()
		return &failingDriver{r, 2}, err
	}
	o := starter(t, "ur5", 7)
	good, err := tasks.Evaluate(t.Context(), o)
	require.NoError(t, err)
	require.Nil(t, good[0].Renderer)

	o.NewRenderer = failing
	bad, err := tasks.Evaluate(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, tasks.Error, bad[0].Outcome)
	require.Contains(t, bad[0].Error, "lost its context")

	o.NewRenderer = func() (sim.Renderer, error) { return render.WithFallback(failing, software, nil) }
	saved, err := tasks.Evaluate(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, good[0].Trace, saved[0].Trace)
	require.NotNil(t, saved[0].Renderer)
	require.Contains(t, saved[0].Renderer.InsteadOf, "a GPU: render: drawing: the graphics driver lost its context")
}

// The referee looks through the camera that was chosen, with the sensor's noise, and a scenario of that plays the same.
func TestChosenCamera(t *testing.T) {
	for _, tt := range []struct{ robot, name, want, err string }{
		{"ur5", "", "", ""}, {"ur5", "wrist", "ur5-wrist", ""}, {"ur5", "ur5-wrist", "ur5-wrist", ""}, {"g1", "head", "g1-head", ""},
		{"g1", "l515", "l515", ""}, {"ur5", "head", "", "have referee, d435, l515, ur5-wrist"}, {"g1", "referee", "referee", ""},
	} {
		got, err := tasks.ParseCamera(tt.robot, tt.name)
		if tt.err != "" {
			require.ErrorContains(t, err, tt.err)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, tt.want, got)
	}
	o := starter(t, "ur5", 7)
	plain := open(t, o, nil)
	own, err := plain.Stage().Camera(640, 480)
	plain.Close()
	require.NoError(t, err)
	o.Camera, o.ColorNoise, o.DepthNoise = "l515", true, sim.L515
	s := open(t, o, nil)
	rec := finish(t, s)
	shot := &s.Questions()[0].Shot
	require.Equal(t, "l515", shot.Frame.Camera.Name)
	require.Equal(t, own.TWorldCam, shot.Frame.Camera.TWorldCam)
	text, err := s.Scenario()
	s.Close()
	require.NoError(t, err)
	require.Contains(t, string(text), "camera: l515")
	suite, err := tasks.ParseSuite(text)
	require.NoError(t, err)
	again, err := tasks.Evaluate(t.Context(), tasks.Options{Suite: suite, Referee: tasks.Nobody(), NewRenderer: software})
	require.NoError(t, err)
	require.Equal(t, rec.Trace, again[0].Trace)
}
