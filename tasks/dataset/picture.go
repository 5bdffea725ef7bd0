package dataset

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image/jpeg"
	"image/png"
	"math"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/refer"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/tasks"
)

// A painter makes rows. It owns a renderer and a shot, and is for one goroutine.
type painter struct {
	cfg   *Config
	ask   refer.Options
	robot *robots.Robot // at the table; nil: none
	r     sim.Renderer
	shot  sim.Shot
	buf   bytes.Buffer
	png   png.Encoder
	dark  *darkroom // of the shard that is being made; nil: the renderer's colours are kept
}

func newPainter(cfg *Config, r sim.Renderer) (*painter, error) {
	ask, err := cfg.ask()
	if err != nil {
		return nil, err
	}
	robot, err := cfg.robot()
	if err != nil {
		return nil, err
	}
	return &painter{cfg: cfg, ask: ask, robot: robot, r: r, png: png.Encoder{CompressionLevel: png.BestSpeed, BufferPool: new(pngPool)}}, nil
}

// level is the level of scene i.
func (c *Config) level(i int) scenes.Level { return c.Levels[i%len(c.Levels)] }

// scene makes the rows of scene i, one after the other, and gives them to emit together with the questions in them. why is not empty if there
// is no such scene: its seed leads to none.
func (p *painter) scene(i int, emit func(*Row, []Question) error) (why string, err error) {
	level, seed := p.cfg.level(i), p.cfg.Seed+uint64(i)
	s, err := tasks.LevelScene(level, p.robot, seed)
	if err != nil {
		return err.Error(), nil
	}
	defer s.Close()
	for view := range p.cfg.Views {
		row, questions, err := p.row(s, level, view)
		if err != nil {
			return "", fmt.Errorf("dataset: %s scene, seed %d, view %d: %w", level, seed, view, err)
		}
		if len(questions) < p.cfg.MinQuestions {
			continue
		}
		if err := emit(row, questions); err != nil {
			return "", err
		}
	}
	return "", nil
}

// row makes the picture of a view and asks about it.
func (p *painter) row(s *scenes.Scene, level scenes.Level, view int) (*Row, []Question, error) {
	cam, err := p.cfg.camera(s, p.robot, view)
	if err != nil {
		return nil, nil, err
	}
	if err := p.r.Render(s.Data, cam, &p.shot); err != nil {
		return nil, nil, err
	}
	look, err := refer.Look(s, &p.shot)
	if err != nil {
		return nil, nil, err
	}
	all, err := look.Generate(p.ask, scenes.Stream(s.Seed, fmt.Sprintf("questions %d", view)))
	if err != nil {
		return nil, nil, err
	}
	var questions []Question
	for i := range all {
		if q, ok := question(&all[i]); ok {
			questions = append(questions, q)
		}
	}
	if len(questions) < p.cfg.MinQuestions {
		return nil, questions, nil
	}
	ids, objects := p.objects(s, look)
	row := &Row{
		ID: fmt.Sprintf("%s-%d-%d", level, s.Seed, view), Level: string(level), Seed: int64(s.Seed), View: int32(view),
		Width: int32(cam.Width), Height: int32(cam.Height), RGBFormat: string(p.cfg.RGB),
		Disparity: referee.DisparityMinMaxU8(p.shot.Frame.Depth), Depth: littleEndian(referee.MillimetresU16(p.shot.Frame.Depth)), IDs: ids,
		Camera: text(cameraOf(cam)), Objects: text(objects), Questions: text(questions),
	}
	if p.dark != nil {
		return row, questions, p.dark.add(row, s, cam)
	}
	row.RGB, err = p.encode(p.shot.Frame.RGB, cam.Width, cam.Height)
	return row, questions, err
}

// encode is a picture, w × h pixels of RGB, in the format of the configuration.
func (p *painter) encode(rgb []byte, w, h int) ([]byte, error) {
	if p.cfg.RGB == Raw {
		return bytes.Clone(rgb), nil
	}
	img := rgba(rgb, w, h)
	p.buf.Reset()
	var err error
	if p.cfg.RGB == JPEG {
		err = jpeg.Encode(&p.buf, img, &jpeg.Options{Quality: 95})
	} else {
		err = p.png.Encode(&p.buf, img)
	}
	return bytes.Clone(p.buf.Bytes()), err
}

// A pngPool keeps the encoder's buffers from one picture to the next.
type pngPool struct{ b *png.EncoderBuffer }

func (p *pngPool) Get() *png.EncoderBuffer  { return p.b }
func (p *pngPool) Put(b *png.EncoderBuffer) { p.b = b }

func littleEndian(list []uint16) []byte {
	out := make([]byte, 2*len(list))
	for i, x := range list {
		binary.LittleEndian.PutUint16(out[2*i:], x)
	}
	return out
}

// objects are the picture's ids, and what they stand for.
func (p *painter) objects(s *scenes.Scene, look *refer.View) (ids []byte, objects []Object) {
	w, h := p.shot.Seg.Width, p.shot.Seg.Height
	byBody := make([]byte, s.Model.NBody())
	for _, t := range look.World.Tables {
		byBody[t.Body] = TableID
	}
	for i, body := range s.Bodies {
		byBody[body] = byte(i + 1)
	}
	ids = make([]byte, w*h)
	boxes := make([][4]int, len(s.Objects))
	pixels := make([]int, len(s.Objects))
	for y := range h {
		for x := range w {
			body := p.shot.Seg.Bodies[y*w+x]
			if body <= 0 {
				continue
			}
			id := byBody[body]
			ids[y*w+x] = id
			if id == 0 || id == TableID {
				continue
			}
			b := &boxes[id-1]
			if pixels[id-1]++; pixels[id-1] == 1 {
				*b = [4]int{x, y, x + 1, y + 1}
			}
			b[0], b[2], b[3] = min(b[0], x), max(b[2], x+1), y+1
		}
	}
	for i := range s.Objects {
		o := &s.Objects[i]
		solid := &look.World.Solids[i]
		middle := solid.Middle()
		out := Object{ID: i + 1, Name: o.Design.Category(), Names: o.Design.Names, Color: o.Color.Name, Pixels: pixels[i]}
		for k := range 3 {
			out.Position[k], out.Size[k] = round(middle[k], 4), round(solid.Extent[k], 4)
		}
		if px, ok := look.Mark(i); ok {
			n := px.Norm(w, h)
			out.Box, out.Point = &boxes[i], &Point{round(n.X, 3), round(n.Y, 3)}
		}
		out.On = look.World.Parent(i) + 1
		objects = append(objects, out)
	}
	return ids, objects
}

// question is an instruction as data files have it. ok is false if no answer with three decimals is right.
func question(in *refer.Instruction) (q Question, ok bool) {
	runs := in.Region.Runs()
	points := answers(&in.Region, runs)
	if len(points) == 0 {
		return q, false
	}
	q = Question{
		Kind: string(in.Kind), Text: in.Text, Object: in.Object, Steps: in.Steps, Relations: []string{}, Split: string(in.Split),
		Target: max(in.Target, -1) + 1, Held: max(in.Held, -1) + 1, Anchors: ids(in.Anchors),
		ObjectSpan: span(in.ObjectSpan), HeldSpan: span(in.HeldSpan), Mask: runs, Pixels: in.Region.Count(), Points: points, Answer: "[" + points[0].String() + "]",
	}
	if in.Phrase != nil {
		q.Part = in.Phrase.Part
	}
	for _, r := range in.Relations {
		q.Relations = append(q.Relations, r.String())
	}
	var lines []string
	for _, step := range in.Trace {
		out := Step{Kind: string(step.Kind), Target: step.Target, Value: step.Value, Objects: ids(step.Things), Depth: step.Depth, Span: span(step.Span),
			Line: step.String()}
		if step.Relation != 0 {
			out.Relation = step.Relation.String()
		}
		q.Trace = append(q.Trace, out)
		lines = append(lines, out.Line)
	}
	q.Reasoning = Reasoning(lines, q.Answer)
	for _, p := range points { // a right answer is one that the scorer takes
		if !in.Region.Contains(sim.NormPoint{X: p[0], Y: p[1]}) || math.IsNaN(p[0]) {
			return q, false
		}
	}
	return q, true
}

func span(s refer.Span) [3]int { return [3]int{s.Start, s.Head, s.End} }

// ids are things as the ids of objects.
func ids(things []int) []int {
	out := make([]int, len(things))
	for i, t := range things {
		out[i] = t + 1
	}
	return out
}
