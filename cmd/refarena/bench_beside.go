package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
)

const (
	besideEpisodes = 25 // scenes of the suite executor, each with a point at each distance
	besideFarthest = 6  // from the outline [px]
)

// beside is what becomes of points that miss what is meant by a few pixels: in scenes of the suite executor, a pixel of what the thing stands
// on, so many pixels outside of the thing's outline in the picture, is picked up at. The samples are 100 where the robot then holds that thing,
// else 0; by distance, the configuration counts where it holds another thing, where it refused, and where it tried and failed. snap is
// robots.PickOptions.Snap: 0 takes a point near a thing to mean it, -1 refuses it.
func (b *bench) beside(snap int) (x []float64, _ map[string]any, err error) {
	suite, err := tasks.LoadSuite("executor")
	if err != nil {
		return nil, nil, err
	}
	r, err := render.New(render.Options{Device: b.device})
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	byDistance := map[string]map[string]int{}
	for i := range besideEpisodes {
		if b.ctx.Err() != nil {
			return nil, nil, b.ctx.Err()
		}
		ends, err := b.besideEpisode(suite, r, benchSeed+uint64(i), snap)
		if err != nil {
			return nil, nil, err
		}
		for distance, end := range ends {
			if end == "" {
				continue // no such pixel
			}
			key := fmt.Sprintf("%d px", distance+1)
			if byDistance[key] == nil {
				byDistance[key] = map[string]int{}
			}
			byDistance[key][end]++
			if end == "right" {
				x = append(x, 100)
			} else {
				x = append(x, 0)
			}
		}
	}
	right := 0.0
	for _, v := range x {
		right += v
	}
	return []float64{right / float64(len(x))}, map[string]any{
		"suite": suite.Name, "episodes": besideEpisodes, "points": len(x), "by_distance": byDistance, "cpu": tasks.CPUModel(),
	}, nil
}

// besideEpisode points beside the thing of an episode's first goal from each distance, and says what came of it: right, wrong (another thing
// is in the hand), refused or failed; "" where there is no such pixel.
func (b *bench) besideEpisode(suite *tasks.Suite, r sim.Renderer, seed uint64, snap int) (ends [besideFarthest]string, err error) {
	st, err := tasks.NewStage(suite, b.robot, seed, r)
	if err != nil {
		return ends, err
	}
	defer st.Close()
	data := st.Scene.Data
	begin, err := sim.NewSnapshot(st.Scene.Model)
	if err != nil {
		return ends, err
	}
	defer begin.Close()
	if err := data.Save(begin); err != nil {
		return ends, err
	}
	width, height := 640, 480
	if b.robot.Camera != "" {
		height = 360
	}
	cam, err := st.Camera(width, height)
	if err != nil {
		return ends, err
	}
	var shot sim.Shot
	if err := r.Render(data, cam, &shot); err != nil {
		return ends, err
	}
	object := st.Goals[0].Move
	draw := scenes.Stream(seed, "bench/beside")
	for k := range ends {
		px, ok := pixelBeside(&shot.Seg, st.Scene, object, k+1, draw)
		if !ok {
			continue
		}
		if err := data.Restore(begin); err != nil {
			return ends, err
		}
		if err := st.Plant.Reset(); err != nil {
			return ends, err
		}
		pick, err := robots.NewExecutor(b.robot, st.Plant).Pick(b.ctx, &shot.Frame, px, robots.PickOptions{Snap: snap})
		if err != nil {
			return ends, err
		}
		switch {
		case !pick.OK() && pick.Attempts == 0:
			ends[k] = "refused"
		case !pick.OK():
			ends[k] = "failed"
		case risen(st, begin, object):
			ends[k] = "right"
		default:
			ends[k] = "wrong"
		}
	}
	return ends, nil
}

// pixelBeside draws a pixel, distance pixels outside of an object's outline (at 480 rows), that shows what the object stands on; false if
// there is none.
func pixelBeside(seg *sim.Segmentation, scene *scenes.Scene, object, distance int, draw *rand.Rand) (sim.Pixel, bool) {
	body := int32(scene.Bodies[object])
	shows := func(i int) bool { // a thing that could be picked up
		for k, id := range scene.Bodies {
			if seg.Bodies[i] == int32(id) && scene.Objects[k].Design.Pickable() {
				return true
			}
		}
		return false
	}
	far := max(distance*seg.Height/480, 1)
	var able []int
	for i := range seg.Bodies {
		if seg.Bodies[i] < 0 || shows(i) {
			continue
		}
		x0, y0, nearest := i%seg.Width, i/seg.Width, math.Inf(1)
		for y := max(y0-far, 0); y <= min(y0+far, seg.Height-1); y++ {
			for x := max(x0-far, 0); x <= min(x0+far, seg.Width-1); x++ {
				if seg.Bodies[y*seg.Width+x] == body {
					nearest = min(nearest, math.Hypot(float64(x-x0), float64(y-y0)))
				}
			}
		}
		if nearest > float64(far)-0.5 && nearest <= float64(far)+0.5 {
			able = append(able, i)
		}
	}
	if len(able) == 0 {
		return sim.Pixel{}, false
	}
	i := able[draw.IntN(len(able))]
	return sim.Pixel{X: float64(i%seg.Width) + 0.5, Y: float64(i/seg.Width) + 0.5}, true
}

// risen reports whether an object is at least 3 cm higher than at the beginning.
func risen(st *tasks.Stage, begin *sim.Snapshot, object int) bool {
	data := st.Scene.Data
	now := data.BodyPose(st.Scene.Bodies[object]).Pos[2]
	if data.Restore(begin) != nil || data.Forward() != nil {
		return false
	}
	return now > data.BodyPose(st.Scene.Bodies[object]).Pos[2]+0.03
}
