package export

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/foxglove/mcap/go/mcap"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/glb"
	"github.com/refarena/refarena/tasks"
)

// The topics of an MCAP file. Messages are JSON; those with Foxglove's schemas (https://docs.foxglove.dev/docs/visualization/message-schemas) are
// shown by its panels without any set-up.
const (
	TopicImage       = "/camera/image"       // foxglove.CompressedImage, JPEG: what the referee's camera sees
	TopicOverview    = "/overview/image"     // foxglove.CompressedImage, JPEG
	TopicDepth       = "/camera/depth"       // foxglove.RawImage, 32FC1 [m]: of each question
	TopicCalibration = "/camera/calibration" // foxglove.CameraCalibration
	TopicAnnotations = "/camera/annotations" // foxglove.ImageAnnotations: the point that was answered, and the right answers
	TopicTransforms  = "/tf"                 // foxglove.FrameTransforms: all bodies in the world, and the camera
	TopicScene       = "/scene"              // foxglove.SceneUpdate: a glTF model for each body, once
	TopicLog         = "/log"                // foxglove.Log: questions, answers and outcomes
	TopicJoints      = "/joints"             // refarena.Joints
	TopicSteps       = "/steps"              // refarena.Step: the records of the steps
)

// MCAP writes episodes as an MCAP file; each is a Watcher for one episode.
type MCAP struct {
	w        *mcap.Writer
	channels map[string]uint16
	sequence map[string]uint32
	ask      *Ask
	jpegs    bytes.Buffer
	size     [2]int
}

// NewMCAP begins a file. Close ends it.
func NewMCAP(w io.Writer) (*MCAP, error) {
	out, err := mcap.NewWriter(w, &mcap.WriterOptions{Chunked: true, ChunkSize: 4 << 20, Compression: mcap.CompressionZSTD, IncludeCRC: true})
	if err != nil {
		return nil, fmt.Errorf("export: mcap: %w", err)
	}
	if err := out.WriteHeader(&mcap.Header{Library: "refarena"}); err != nil {
		return nil, fmt.Errorf("export: mcap: %w", err)
	}
	m := &MCAP{w: out, channels: map[string]uint16{}, sequence: map[string]uint32{}}
	for i, t := range mcapTopics {
		schema, err := json.Marshal(t.schema)
		if err != nil {
			return nil, fmt.Errorf("export: mcap: %w", err)
		}
		id := uint16(i + 1)
		if err := out.WriteSchema(&mcap.Schema{ID: id, Name: t.name, Encoding: "jsonschema", Data: schema}); err != nil {
			return nil, fmt.Errorf("export: mcap: %w", err)
		}
		if err := out.WriteChannel(&mcap.Channel{ID: id, SchemaID: id, Topic: t.topic, MessageEncoding: "json"}); err != nil {
			return nil, fmt.Errorf("export: mcap: %w", err)
		}
		m.channels[t.topic] = id
	}
	return m, nil
}

// Close writes the index and ends the file.
func (m *MCAP) Close() error {
	if err := m.w.Close(); err != nil {
		return fmt.Errorf("export: mcap: %w", err)
	}
	return nil
}

type object = map[string]any

func timeOf(t float64) object {
	sec, nsec := stamp(t)
	return object{"sec": sec, "nsec": nsec}
}

func vector(v sim.Vec3) object { return object{"x": v[0], "y": v[1], "z": v[2]} }

// quaternion is xyzw, as Foxglove has it.
func quaternion(q sim.Quat) object { return object{"x": q.V[0], "y": q.V[1], "z": q.V[2], "w": q.W} }

func rgba(r, g, b, a float64) object { return object{"r": r, "g": g, "b": b, "a": a} }

// send writes a message of simulated time t [s].
func (m *MCAP) send(topic string, t float64, message any) error {
	data, err := json.Marshal(message)
	if err == nil {
		sec, nsec := stamp(t)
		m.sequence[topic]++
		err = m.w.WriteMessage(&mcap.Message{ChannelID: m.channels[topic], Sequence: m.sequence[topic], LogTime: sec*1e9 + nsec, PublishTime: sec*1e9 + nsec, Data: data})
	}
	if err != nil {
		return fmt.Errorf("export: mcap: %s: %w", topic, err)
	}
	return nil
}

// Begin writes what does not change: the models of all bodies, and the camera.
func (m *MCAP) Begin(e *Episode) error {
	rec, st, o := e.Record, e.Stage, e.Options
	meta := &mcap.Metadata{Name: "episode", Metadata: map[string]string{
		"suite": st.Suite.Name, "suite_sha256": st.Suite.Hash, "task": rec.Task, "seed": fmt.Sprint(rec.Seed), "robot": rec.Robot, "referee": rec.Referee,
		"outcome": string(rec.Outcome), "trace": rec.Trace,
	}}
	if err := m.w.WriteMetadata(meta); err != nil {
		return fmt.Errorf("export: mcap: %w", err)
	}
	data := st.Scene.Data
	model := data.Model()
	var entities []object
	for id := range model.NBody() {
		var visuals []sim.Visual
		for _, v := range model.Visuals() {
			if v.Body == id {
				v.Body = 1
				visuals = append(visuals, v)
			}
		}
		if visuals == nil {
			continue
		}
		var file bytes.Buffer
		s := glb.Scene{
			Name:   bodyFrame(model, id),
			Bodies: []glb.Body{{Name: "world", TWorldBody: sim.Identity()}, {Name: bodyFrame(model, id), TWorldBody: sim.Identity()}}, Visuals: visuals,
			Environment: model.Environment(),
		}
		if err := s.Write(&file); err != nil {
			return fmt.Errorf("export: mcap: %w", err)
		}
		entities = append(entities, object{
			"timestamp": timeOf(0), "frame_id": bodyFrame(model, id), "id": bodyFrame(model, id), "lifetime": timeOf(0), "frame_locked": true,
			"metadata": []object{}, "arrows": []object{}, "cubes": []object{}, "spheres": []object{}, "cylinders": []object{}, "lines": []object{},
			"triangles": []object{}, "texts": []object{},
			"models": []object{{
				"pose": object{"position": vector(sim.Vec3{}), "orientation": quaternion(sim.Identity().Rot)}, "scale": vector(sim.Vec3{1, 1, 1}),
				"color": rgba(1, 1, 1, 1), "override_color": false, "url": "", "media_type": "model/gltf-binary",
				"data": base64.StdEncoding.EncodeToString(file.Bytes()),
			}},
		})
	}
	if err := m.send(TopicScene, 0, object{"deletions": []object{}, "entities": entities}); err != nil {
		return err
	}
	cam, err := st.Camera(o.Width, o.Height)
	if err != nil {
		return err
	}
	m.size = [2]int{o.Width, o.Height}
	return m.send(TopicCalibration, 0, object{
		"timestamp": timeOf(0), "frame_id": cameraFrame, "width": cam.Width, "height": cam.Height, "distortion_model": "", "D": []float64{},
		"K": []float64{cam.Fx, 0, cam.Cx, 0, cam.Fy, cam.Cy, 0, 0, 1}, "R": []float64{1, 0, 0, 0, 1, 0, 0, 0, 1},
		"P": []float64{cam.Fx, 0, cam.Cx, 0, 0, cam.Fy, cam.Cy, 0, 0, 0, 1, 0},
	})
}

// cameraFrame is the referee's camera: x right, y down, z forward, as Foxglove wants it.
const cameraFrame = "camera"

// bodyFrame names a body's frame. The world has its own; the others are unique.
func bodyFrame(m *sim.Model, id int) string {
	if id == 0 {
		return "world"
	}
	if name := m.BodyName(id); name != "" {
		return name
	}
	return fmt.Sprintf("body %d", id)
}

// Moment writes pictures, poses and joints.
func (m *MCAP) Moment(now *Moment) error {
	t := now.Time
	data := now.Stage.Scene.Data
	model := data.Model()
	transform := func(child string, pose sim.Pose) object {
		return object{"timestamp": timeOf(t), "parent_frame_id": "world", "child_frame_id": child, "translation": vector(pose.Pos), "rotation": quaternion(pose.Rot)}
	}
	cam, err := now.Stage.Camera(m.size[0], m.size[1])
	if err != nil {
		return err
	}
	poses := []object{transform(cameraFrame, cam.TWorldCam)}
	for id := 1; id < model.NBody(); id++ {
		poses = append(poses, transform(bodyFrame(model, id), data.BodyPose(id)))
	}
	if err := m.send(TopicTransforms, t, object{"transforms": poses}); err != nil {
		return err
	}
	joints := object{"timestamp": timeOf(t), "hand_width": now.Width}
	var names []string
	var position, velocity, command []float64
	for _, j := range now.Joints {
		names, position, velocity, command = append(names, j.Name), append(position, j.Position), append(velocity, j.Velocity), append(command, j.Command)
	}
	joints["name"], joints["position"], joints["velocity"], joints["command"] = names, position, velocity, command
	if err := m.send(TopicJoints, t, joints); err != nil {
		return err
	}
	for _, picture := range []struct {
		topic, frame string
		frameOf      *sim.Frame
	}{{TopicImage, cameraFrame, now.Referee}, {TopicOverview, "overview", now.View}} {
		if picture.frameOf == nil {
			continue
		}
		m.jpegs.Reset()
		if err := jpeg.Encode(&m.jpegs, frameImage(picture.frameOf), &jpeg.Options{Quality: 85}); err != nil {
			return fmt.Errorf("export: mcap: %w", err)
		}
		message := object{"timestamp": timeOf(t), "frame_id": picture.frame, "format": "jpeg", "data": base64.StdEncoding.EncodeToString(m.jpegs.Bytes())}
		if err := m.send(picture.topic, t, message); err != nil {
			return err
		}
	}
	return m.annotate(t)
}

// annotate writes the answer of the question that is being acted on over the picture.
func (m *MCAP) annotate(t float64) error {
	circles, texts := []object{}, []object{}
	w, h := float64(m.size[0]), float64(m.size[1])
	if a := m.ask; a != nil {
		color := rgba(0.9, 0.1, 0.1, 1)
		if a.Record.Hit {
			color = rgba(0.1, 0.8, 0.2, 1)
		}
		if p := a.Record.Point; p != nil {
			circles = append(circles, object{
				"timestamp": timeOf(t), "position": object{"x": p.X * w, "y": p.Y * h}, "diameter": h / 30, "thickness": 2.0, "fill_color": rgba(0, 0, 0, 0),
				"outline_color": color,
			})
		}
		texts = append(texts, object{
			"timestamp": timeOf(t), "position": object{"x": w / 80, "y": h - h/40}, "text": a.Record.Instruction, "font_size": h / 32,
			"text_color": rgba(1, 1, 1, 1), "background_color": rgba(0, 0, 0, 0.6),
		})
	}
	return m.send(TopicAnnotations, t, object{"timestamp": timeOf(t), "metadata": []object{}, "circles": circles, "points": []object{}, "texts": texts})
}

// Asked writes a question: the depth that it was asked with, and the words.
func (m *MCAP) Asked(now *Moment) error {
	a := *now.Ask
	m.ask = &a
	f := &a.Shot.Frame
	if len(f.Depth) == f.Camera.Width*f.Camera.Height {
		raw := make([]byte, 0, 4*len(f.Depth))
		for _, d := range f.Depth {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(d))
		}
		message := object{
			"timestamp": timeOf(now.Time), "frame_id": cameraFrame, "width": f.Camera.Width, "height": f.Camera.Height, "encoding": "32FC1",
			"step": 4 * f.Camera.Width, "data": base64.StdEncoding.EncodeToString(raw),
		}
		if err := m.send(TopicDepth, now.Time, message); err != nil {
			return err
		}
	}
	m.ask.Shot = nil
	return m.log(now.Time, infoLevel, fmt.Sprintf("step %d, %s: %s → %s", a.Step+1, a.Record.Skill, a.Record.Instruction, strings.TrimSpace(a.Record.Answer)))
}

// Foxglove's levels of a log message.
const (
	infoLevel  = 2
	errorLevel = 4
)

func (m *MCAP) log(t float64, level int, text string) error {
	return m.send(TopicLog, t, object{"timestamp": timeOf(t), "level": level, "message": text, "name": "refarena", "file": "", "line": 0})
}

// Ended writes the record of a step.
func (m *MCAP) Ended(step int, s tasks.StepRecord, t float64) error {
	text, level := fmt.Sprintf("step %d, %s: %s", step+1, s.Skill, s.Outcome), infoLevel
	if s.Outcome != tasks.Success {
		text, level = fmt.Sprintf("%s: %s: %s", text, s.Cause, s.Reason), errorLevel
	}
	if err := m.log(t, level, text); err != nil {
		return err
	}
	return m.send(TopicSteps, t, struct {
		Timestamp object `json:"timestamp"`
		Step      int    `json:"step"`
		tasks.StepRecord
	}{timeOf(t), step + 1, s})
}

// frameImage is a frame's colours.
func frameImage(f *sim.Frame) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, f.Camera.Width, f.Camera.Height))
	for i, j := 0, 0; j+2 < len(f.RGB) && i+3 < len(img.Pix); i, j = i+4, j+3 {
		img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = f.RGB[j], f.RGB[j+1], f.RGB[j+2], 255
	}
	return img
}

// JSON schemas. Foxglove goes by their names and needs the fields' types; see its message schemas.
var (
	number  = object{"type": "number"}
	integer = object{"type": "integer"}
	words   = object{"type": "string"}
	boolean = object{"type": "boolean"}
	base64s = object{"type": "string", "contentEncoding": "base64"}
	stampOf = fields(object{"sec": integer, "nsec": integer})
	xyz     = fields(object{"x": number, "y": number, "z": number})
	xyzw    = fields(object{"x": number, "y": number, "z": number, "w": number})
	xy      = fields(object{"x": number, "y": number})
	colors  = fields(object{"r": number, "g": number, "b": number, "a": number})
)

func fields(properties object) object { return object{"type": "object", "properties": properties} }
func listOf(items object) object      { return object{"type": "array", "items": items} }

type mcapTopic struct {
	topic, name string
	schema      object
}

var mcapTopics = func() []mcapTopic {
	picture := object{"timestamp": stampOf, "frame_id": words, "data": base64s, "format": words}
	raw := object{"timestamp": stampOf, "frame_id": words, "width": integer, "height": integer, "encoding": words, "step": integer, "data": base64s}
	calibration := object{"timestamp": stampOf, "frame_id": words, "width": integer, "height": integer, "distortion_model": words, "D": listOf(number),
		"K": listOf(number), "R": listOf(number), "P": listOf(number)}
	annotations := object{
		"timestamp": stampOf, "metadata": listOf(fields(object{"key": words, "value": words})),
		"circles": listOf(fields(object{"timestamp": stampOf, "position": xy, "diameter": number, "thickness": number, "fill_color": colors, "outline_color": colors})),
		"points": listOf(fields(object{"timestamp": stampOf, "type": integer, "points": listOf(xy), "outline_color": colors, "outline_colors": listOf(colors),
			"fill_color": colors, "thickness": number})),
		"texts": listOf(fields(object{"timestamp": stampOf, "position": xy, "text": words, "font_size": number, "text_color": colors, "background_color": colors})),
	}
	transforms := object{"transforms": listOf(fields(object{"timestamp": stampOf, "parent_frame_id": words, "child_frame_id": words, "translation": xyz, "rotation": xyzw}))}
	pose := fields(object{"position": xyz, "orientation": xyzw})
	anything := listOf(fields(object{}))
	scene := object{
		"deletions": listOf(fields(object{"timestamp": stampOf, "type": integer, "id": words})),
		"entities": listOf(fields(object{
			"timestamp": stampOf, "frame_id": words, "id": words, "lifetime": stampOf, "frame_locked": boolean, "metadata": listOf(fields(object{"key": words, "value": words})),
			"arrows": anything, "cubes": anything, "spheres": anything, "cylinders": anything, "lines": anything, "triangles": anything, "texts": anything,
			"models": listOf(fields(object{"pose": pose, "scale": xyz, "color": colors, "override_color": boolean, "url": words, "media_type": words, "data": base64s})),
		})),
	}
	log := object{"timestamp": stampOf, "level": integer, "message": words, "name": words, "file": words, "line": integer}
	joints := object{"timestamp": stampOf, "name": listOf(words), "position": listOf(number), "velocity": listOf(number), "command": listOf(number), "hand_width": number}
	step := object{"timestamp": stampOf, "step": integer, "skill": words, "goal": integer, "attempt": integer, "instruction": words, "referent": words, "answer": words,
		"hit": boolean, "region_px": integer, "outcome": words, "cause": words, "reason": words, "sim_s": number, "trace": words}
	topics := []mcapTopic{
		{TopicImage, "foxglove.CompressedImage", picture}, {TopicOverview, "foxglove.CompressedImage", picture}, {TopicDepth, "foxglove.RawImage", raw},
		{TopicCalibration, "foxglove.CameraCalibration", calibration}, {TopicAnnotations, "foxglove.ImageAnnotations", annotations},
		{TopicTransforms, "foxglove.FrameTransforms", transforms}, {TopicScene, "foxglove.SceneUpdate", scene}, {TopicLog, "foxglove.Log", log},
		{TopicJoints, "refarena.Joints", joints}, {TopicSteps, "refarena.Step", step},
	}
	for i := range topics {
		s := fields(topics[i].schema)
		s["title"], s["$schema"] = topics[i].name, "https://json-schema.org/draft/2020-12/schema"
		topics[i].schema = s
	}
	return slices.Clip(topics)
}()
