package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/refer"
	"github.com/refarena/refarena/scenes/relate"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
)

type genCommand struct {
	Levels    []string `name:"level" default:"easy,medium,hard" help:"Levels of the scenes, in turn: easy, medium, hard."`
	Robot     string   `placeholder:"ROBOT" help:"The robot that stands at the table, arms at rest: ${robots}. The first view is what its referee sees in eval: through the head's camera for the G1 (default: none; the scene's camera)."`
	Scenes    int      `short:"n" default:"12" help:"How many scenes."`
	Seed      uint64   `default:"0" help:"Seed of the first scene; the others count up from it. 0: 1, or with --out 100000, the first for training."`
	Count     int      `default:"20" aliases:"questions" help:"Instructions of each picture, at most."`
	Kinds     []string `name:"kind" help:"Only locations, or only placements."`
	Steps     []int    `help:"Only these numbers of reasoning steps."`
	Relations []string `name:"relation" help:"Only instructions that use all of these relations."`
	Split     string   `help:"Only the split seen, or only unseen."`
	glFlag
	JSON     bool   `name:"json" xor:"output" help:"One line of JSON for each scene, with its difficulty, and for each instruction."`
	Stats    bool   `xor:"output" help:"Print how kinds, steps, splits and relations are distributed."`
	Examples int    `xor:"output" placeholder:"N" help:"Print so many instructions as Markdown (docs/instructions.md is --examples 200)."`
	Out      string `xor:"output" placeholder:"DIR" help:"Write a data set for training into this folder (docs/data.md), or go on with one."`

	From       string `xor:"output" placeholder:"DIR" help:"Use this complete data set instead of making one: compare it with its hashes, and write what follows from it."`
	LLaVA      string `group:"Of data sets (--out, --from)" name:"llava" placeholder:"DIR" help:"Also write the data set as RoboRefer's loader reads it: pictures and LLaVA JSON."`
	RefSpatial string `group:"Of data sets (--out, --from)" name:"refspatial" placeholder:"DIR" help:"Also write an evaluation set in the form of RefSpatial-Bench; the seeds are then those of the bench, from 800000 on."`
	Each       int    `group:"Of data sets (--out, --from)" default:"300" help:"Questions of each task of --refspatial."`
	Sheet      string `group:"Of data sets (--out, --from)" placeholder:"FILE" help:"Also write a picture of some of the data set, questions and answers marked, to this PNG file."`

	Renderer    string   `group:"Of data sets (--out, --from)" default:"g3n" enum:"g3n,cycles" help:"What makes colours: refarena's own renderer on g3n's scene (g3n), or Blender Cycles, which takes seconds a picture (make cycles sets it up). Depth and answers do not depend on it."`
	Samples     int      `group:"Of data sets (--out, --from)" default:"128" help:"Paths a pixel of --renderer cycles."`
	Python      string   `group:"Of data sets (--out, --from)" default:".cache/bpy/bin/python" help:"The Python with Blender for --renderer cycles, which runs train/cycles.py."`
	Views       int      `group:"Of data sets (--out, --from)" default:"4" help:"Pictures of each scene: the first from its own camera, or through that on --robot, the others from around its own."`
	Size        string   `group:"Of data sets (--out, --from)" placeholder:"SIZE" help:"Size of the pictures [px]: a number, or WIDTHxHEIGHT (default: 448; 640x360, all of the sensor, with the G1)."`
	Aspects     []string `group:"Of data sets (--out, --from)" name:"aspect" placeholder:"W:H" help:"Ratios of width to height of what pictures show, in turn over the views; a picture of another size is squeezed (default: that of --size)."`
	MinCount    int      `group:"Of data sets (--out, --from)" default:"0" help:"Leave out pictures with fewer instructions; 0: 8, or --count if that is less."`
	RGB         string   `group:"Of data sets (--out, --from)" name:"rgb" default:"raw" help:"How shards keep colours: raw (Parquet packs it), png, or jpeg, which is the smallest."`
	ShardScenes int      `group:"Of data sets (--out, --from)" default:"64" help:"Scenes of a shard."`
	Workers     int      `group:"Of data sets (--out, --from)" default:"0" help:"Shards at a time; 0: one for each core. What is written does not depend on it."`
}

// A generated scene is what its picture can be asked about.
type generated struct {
	level        scenes.Level
	seed         uint64
	objects      []string
	difficulty   scenes.Difficulty
	instructions []refer.Instruction
}

// Run makes scenes and instructions about them, and prints the instructions, their distribution, or a page of examples, or writes a data set.
func (c *genCommand) Run(ctx context.Context, io console) error {
	if c.Out != "" || c.From != "" {
		return c.data(ctx, io)
	}
	if c.LLaVA != "" || c.RefSpatial != "" || c.Sheet != "" {
		return usageError{errors.New("--llava, --refspatial and --sheet are made from a data set (add --out DIR, or --from DIR for one that is there)")}
	}
	c.Seed = cmp.Or(c.Seed, 1)
	o, err := c.options()
	if err != nil {
		return usageError{err}
	}
	if c.Examples > 0 {
		return c.examples(ctx, o, io.out)
	}
	if c.JSON {
		return c.lines(ctx, o, io.out)
	}
	var stats refer.Stats
	err = c.each(ctx, o, func(g generated) bool {
		for i := range g.instructions {
			in := &g.instructions[i]
			stats.Add(in)
			if !c.Stats {
				fmt.Fprintf(io.out, "%s\t%d\t%s\t%d\t%s\n", g.level, g.seed, in.Kind, in.Steps, in.Text)
			}
		}
		return true
	})
	if err != nil || !c.Stats {
		return err
	}
	_, err = stats.WriteTo(io.out)
	return err
}

// options are the request that the flags make.
func (c *genCommand) options() (refer.Options, error) {
	o := refer.Options{Count: c.Count, Steps: c.Steps, Split: refer.Split(c.Split)}
	for _, k := range c.Kinds {
		o.Kinds = append(o.Kinds, scenes.QuestionKind(k))
	}
	for _, name := range c.Relations {
		r, err := relate.ParseRelation(name)
		if err != nil {
			return o, err
		}
		o.Relations = append(o.Relations, r)
	}
	for _, name := range c.Levels {
		if _, err := scenes.ParseLevel(name); err != nil {
			return o, err
		}
	}
	if c.Scenes < 1 || c.Count < 1 {
		return o, fmt.Errorf("%d scenes with %d instructions (want 1 or more of both)", c.Scenes, c.Count)
	}
	return o, o.Validate()
}

// each makes one scene after the other, until do has enough.
func (c *genCommand) each(ctx context.Context, o refer.Options, do func(generated) bool) error {
	robot, err := c.robot()
	if err != nil {
		return usageError{err}
	}
	device, err := c.device()
	if err != nil {
		return err
	}
	r, err := render.New(render.Options{Device: device})
	if err != nil {
		return err
	}
	defer r.Close()
	for i := range c.Scenes {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		g, err := generate(robot, scenes.Level(c.Levels[i%len(c.Levels)]), c.Seed+uint64(i), o, r)
		if err != nil {
			return err
		}
		if !do(g) {
			break
		}
	}
	return nil
}

// robot is the robot at the table; nil for none.
func (c *genCommand) robot() (*robots.Robot, error) {
	if c.Robot == "" {
		return nil, nil
	}
	return robots.Open(c.Robot)
}

// generate makes the scene of a level and a seed, with the robot, if any, and instructions about it.
func generate(robot *robots.Robot, level scenes.Level, seed uint64, o refer.Options, r sim.Renderer) (generated, error) {
	g := generated{level: level, seed: seed}
	s, err := tasks.LevelScene(level, robot, seed)
	if err != nil {
		return g, err
	}
	defer s.Close()
	w, h := tasks.PictureSize(robot)
	cam, err := tasks.LevelCamera(s, robot, w, h)
	if err != nil {
		return g, err
	}
	var shot sim.Shot
	if err := r.Render(s.Data, cam, &shot); err != nil {
		return g, err
	}
	view, err := refer.Look(s, &shot)
	if err != nil {
		return g, err
	}
	if g.instructions, err = view.Generate(o, scenes.Stream(seed, "instructions")); err != nil {
		return g, err
	}
	for i := range s.Objects {
		g.objects = append(g.objects, strings.TrimPrefix(s.Objects[i].Phrase(), "the "))
	}
	g.difficulty = s.Difficulty(s.Data, cam)
	return g, nil
}

// A sceneLine is what `refarena gen --json` says of a scene.
type sceneLine struct {
	Type       string            `json:"type"` // "scene"
	Level      scenes.Level      `json:"level"`
	Seed       uint64            `json:"seed"`
	Objects    []string          `json:"objects"`
	Difficulty scenes.Difficulty `json:"difficulty"`
}

// An instructionLine is what `refarena gen --json` says of an instruction. Objects are indices into the scene's.
type instructionLine struct {
	Type      string              `json:"type"` // "instruction"
	Level     scenes.Level        `json:"level"`
	Seed      uint64              `json:"seed"`
	Kind      scenes.QuestionKind `json:"kind"`
	Text      string              `json:"text"`
	Steps     int                 `json:"steps"`
	Relations []relationID        `json:"relations"`
	Split     refer.Split         `json:"split"`
	Target    int                 `json:"target"` // of a location; -1 for a placement
	Held      int                 `json:"held"`   // of a placement: what is to be put there; -1 if nothing is said of it
	Anchors   []int               `json:"anchors"`
	Pixels    int                 `json:"pixels"` // right answers in the picture of 640 × 480, or 640 × 360 through the G1's camera
	// Of a location, the target's difficulty; of a placement, that of the free space.
	TargetDifficulty *scenes.ObjectDifficulty `json:"target_difficulty,omitempty"`
	AreaM2           float64                  `json:"area_m2,omitempty"`
	AreaSeen         float64                  `json:"area_seen,omitempty"` // the share of it that is visible
}

// A relationID is a relation by its number in docs/relations.md and its name.
type relationID struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

// lines writes scenes and instructions as JSON.
func (c *genCommand) lines(ctx context.Context, o refer.Options, w io.Writer) error {
	enc := json.NewEncoder(w)
	var bad error
	err := c.each(ctx, o, func(g generated) bool {
		bad = enc.Encode(sceneLine{"scene", g.level, g.seed, g.objects, g.difficulty})
		for i := range g.instructions {
			in := &g.instructions[i]
			line := instructionLine{
				Type: "instruction", Level: g.level, Seed: g.seed, Kind: in.Kind, Text: in.Text, Steps: in.Steps, Split: in.Split,
				Target: in.Target, Held: in.Held, Anchors: append([]int{}, in.Anchors...), Pixels: in.Region.Count(),
			}
			for _, r := range in.Relations {
				line.Relations = append(line.Relations, relationID{int(r), r.String()})
			}
			if in.Target >= 0 {
				line.TargetDifficulty = &g.difficulty.Each[in.Target]
			} else {
				line.AreaM2, line.AreaSeen = in.Area.Size, in.Area.Seen
			}
			bad = cmp.Or(bad, enc.Encode(line))
		}
		return bad == nil
	})
	return cmp.Or(err, bad)
}

// examples writes a page of instructions with what is known about them.
func (c *genCommand) examples(ctx context.Context, o refer.Options, w io.Writer) error {
	fmt.Fprintf(w, "# Instructions\n\n%d instructions as the grammar makes them, made by `refarena gen --examples %d`: scenes of the three levels in turn, %d instructions each\n"+
		"at most. Steps and relations are as in [relations.md](relations.md); of each scene the last trace is shown.\n", c.Examples, c.Examples, c.Count)
	left := c.Examples
	c.Scenes = max(c.Scenes, c.Examples) // as many as it takes
	return c.each(ctx, o, func(g generated) bool {
		if len(g.instructions) == 0 {
			return true
		}
		all := g.instructions[:min(left, len(g.instructions))]
		left -= len(all)
		fmt.Fprintf(w, "\n## Level %s, seed %d\n\nOn the table: %s.\n\n| steps | relations | instruction |\n|---|---|---|\n", g.level, g.seed, strings.Join(g.objects, ", "))
		for i := range all {
			in := &all[i]
			var relations []string
			for _, r := range in.Relations {
				relations = append(relations, r.String())
			}
			fmt.Fprintf(w, "| %d | %s | %s |\n", in.Steps, strings.Join(relations, ", "), in.Text)
		}
		last := &all[len(all)-1]
		var lines []string
		for _, step := range last.Trace {
			lines = append(lines, step.String())
		}
		fmt.Fprintf(w, "\n%s\n\n```\n%s\n```\n", last.Text, strings.Join(lines, "\n"))
		return left > 0
	})
}
