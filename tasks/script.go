package tasks

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/sim"
)

// A Script is what determines one episode besides its suite: the seed, the robot, the answers that were given and what was done to the
// scene. A suite file with a script, under `replay:`, is a scenario: `refarena eval` and scenariotest play that one episode, and get the
// states that the viewer showed, bit for bit on the same kind of machine.
type Script struct {
	Seed       uint64         `yaml:"seed"`
	Robot      string         `yaml:"robot"`
	Size       []int          `yaml:"size,flow"` // of the referee's picture, width and height [px]
	DepthNoise sim.DepthNoise `yaml:"depth_noise,omitempty"`
	ColorNoise bool           `yaml:"colour_noise,omitempty"`
	Camera     string         `yaml:"camera,omitempty"` // that the referee looks through: see ParseCamera; "" means the robot's usual one
	// Answers stand in for the referee's. What they leave open is asked.
	Answers []ScriptedAnswer `yaml:"answers,omitempty"`
	Events  []Event          `yaml:"events,omitempty"`
	// Trace is the episode's trace where it was recorded; "" if it had not ended. It is not checked by itself: other machines have others.
	Trace string `yaml:"trace,omitempty"`
}

// A ScriptedAnswer is what is said in a step of the episode.
type ScriptedAnswer struct {
	Step int `yaml:"step"` // of the record, from 1
	// At, if not 0, is the physics step in which the robot is halted on its way to a grasp or a place, and the question put again: this is
	// what is said then, to a new picture. Between the hand's closing and the next question nothing halts it.
	At int `yaml:"at,omitempty"`
	// Instruction, if set, is asked instead of the task's own. The goal, and with it what counts as a hit, stays the task's.
	Instruction string          `yaml:"instruction,omitempty"`
	Points      []sim.NormPoint `yaml:"points,omitempty,flow"`
	Text        string          `yaml:"text,omitempty"`
	// Problem and Reason are why there are no points. Without points and problem only the instruction is scripted.
	Problem referee.Problem `yaml:"problem,omitempty"`
	Reason  string          `yaml:"reason,omitempty"`
}

// open reports whether the referee has to be asked.
func (a *ScriptedAnswer) open() bool { return len(a.Points) == 0 && a.Problem == "" }

func (a *ScriptedAnswer) answer() referee.Answer {
	return referee.Answer{Text: a.Text, Points: slices.Clone(a.Points), Problem: a.Problem, Reason: a.Reason, Attempts: 1}
}

// An Event is something that is done to an object of the scene, or to the robot, and is not the robot's doing.
type Event struct {
	At     int `yaml:"at"`               // physics step; it happens before the first step from then on
	Object int `yaml:"object,omitempty"` // index in the scene; 0 if left out
	// Either it is put somewhere, at rest: its position [m] and orientation (wxyz) in the world …
	Pose []float64 `yaml:"pose,omitempty,flow"`
	// … or it is pulled, until another Force on it, with a force [N] at a point [m], both in the world; zero lets go.
	Force []float64 `yaml:"force,omitempty,flow"`
	Point []float64 `yaml:"point,omitempty,flow"`
	// … or a joint of the robot stands aside from where it is commanded by so much [rad], until another such event: see robots.SimPlant.Deflect.
	Joint string  `yaml:"joint,omitempty"`
	Aside float64 `yaml:"aside,omitempty"`
}

// maxAside is how far a joint may be pushed aside [rad].
const maxAside = 2 * math.Pi

func (e *Event) check() error {
	switch {
	case e.At < 0 || e.Object < 0:
		return fmt.Errorf("event at %d on object %d (want 0 or more)", e.At, e.Object)
	case e.Joint != "":
		if e.Object != 0 || e.Pose != nil || e.Force != nil || e.Point != nil || !(math.Abs(e.Aside) <= maxAside) {
			return fmt.Errorf("event at %d on joint %s: want how far it stands aside, within ±%.2f rad, and nothing of an object", e.At, e.Joint, maxAside)
		}
	case len(e.Pose) == 7 && e.Force == nil && e.Point == nil && e.Aside == 0:
	case len(e.Force) == 3 && len(e.Point) == 3 && e.Pose == nil && e.Aside == 0:
	default:
		return fmt.Errorf("event at %d on object %d: want a pose of 7 numbers, or a force and a point of 3 each; or a joint and how far it stands aside", e.At, e.Object)
	}
	return nil
}

// check says what is wrong with a script, and puts it in order.
func (s *Script) check() error {
	if s.Robot == "" {
		return fmt.Errorf("replay: no robot (want one of %s)", strings.Join(robots.Names(), ", "))
	}
	if len(s.Size) != 2 || min(s.Size[0], s.Size[1]) < 1 || max(s.Size[0], s.Size[1]) > sim.MaxImageSide {
		return fmt.Errorf("replay: size %v (want [width, height], each 1 to %d)", s.Size, sim.MaxImageSide)
	}
	if _, err := sim.ParseDepthNoise(string(s.DepthNoise)); err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	if _, err := ParseCamera(s.Robot, s.Camera); err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	last := map[int]int{} // by step, when it was last answered, plus 1
	for _, a := range s.Answers {
		if a.Step < 1 || a.At < 0 || a.At < last[a.Step] {
			return fmt.Errorf("replay: answers: step %d at %d (want each step once, from 1, and what halts it in order of time)", a.Step, a.At)
		}
		last[a.Step] = a.At + 1
		if a.open() && a.Instruction == "" {
			return fmt.Errorf("replay: answers: step %d says nothing (want points, a problem or an instruction)", a.Step)
		}
		if len(a.Points) > 0 && a.Problem != "" {
			return fmt.Errorf("replay: answers: step %d has points and a problem (want one or the other)", a.Step)
		}
		for _, p := range a.Points {
			if !(p.X >= 0 && p.X <= 1 && p.Y >= 0 && p.Y <= 1) {
				return fmt.Errorf("replay: answers: step %d points at (%g, %g) (want 0 to 1)", a.Step, p.X, p.Y)
			}
		}
	}
	for i := range s.Events {
		if err := s.Events[i].check(); err != nil {
			return fmt.Errorf("replay: %w", err)
		}
		if i > 0 && s.Events[i].At < s.Events[i-1].At {
			return fmt.Errorf("replay: events: at %d after %d (want them in order)", s.Events[i].At, s.Events[i-1].At)
		}
	}
	return nil
}

// answerTo is what the script has for a step, from 1; nil if nothing. A nil Script has nothing.
func (s *Script) answerTo(step int) *ScriptedAnswer { return s.answerAt(step, 0) }

// answerAt is what the script has for a step when the robot is halted in a physics step, or the step is first asked, which is at 0.
func (s *Script) answerAt(step, at int) *ScriptedAnswer {
	if s == nil {
		return nil
	}
	for i := range s.Answers {
		if a := &s.Answers[i]; a.Step == step && a.At == at {
			return a
		}
	}
	return nil
}

// halt is what halts the robot next in a step, after the physics step of the last time; nil if nothing does. A nil Script has nothing.
func (s *Script) halt(step, after int) *ScriptedAnswer {
	if s == nil {
		return nil
	}
	for i := range s.Answers {
		if a := &s.Answers[i]; a.Step == step && a.At > after {
			return a
		}
	}
	return nil
}

// ScriptOf is the script of a recorded episode: all its answers.
func ScriptOf(info RunInfo, r *Record) Script {
	s := Script{Seed: r.Seed, Robot: info.Robot, Size: []int{info.Camera.Width, info.Camera.Height}, DepthNoise: info.Camera.DepthNoise, ColorNoise: info.Camera.ColorNoise,
		Camera: info.Camera.Chosen, Trace: r.Trace}
	for i := range r.Steps {
		if a, ok := answerIn(i, &r.Steps[i]); ok {
			s.Answers = append(s.Answers, a)
		}
	}
	return s
}

// answerIn is the answer in a step of a record, counted from 0; false if nothing was answered.
func answerIn(i int, s *StepRecord) (ScriptedAnswer, bool) {
	a := ScriptedAnswer{Step: i + 1, Points: s.Points, Text: s.Answer}
	if len(s.Points) == 0 {
		if !strings.HasPrefix(string(s.Cause), "refer.") {
			return a, false
		}
		a.Problem, a.Reason = referee.Problem(s.Cause), s.Reason
	}
	return a, true
}

// Scenario is the suite's file with a script: a scenario.
func (s *Suite) Scenario(script Script) ([]byte, error) {
	if err := script.check(); err != nil {
		return nil, fmt.Errorf("tasks: scenario: %w", err)
	}
	text, err := yaml.MarshalWithOptions(struct {
		Replay Script `yaml:"replay"`
	}{script}, yaml.Indent(2))
	if err != nil {
		return nil, fmt.Errorf("tasks: scenario: %w", err)
	}
	whole := append(append(s.plain(), "\n# One episode, answer by answer. What the answers leave open is asked of the referee.\n"...), text...)
	if _, err := ParseSuite(whole); err != nil {
		return nil, fmt.Errorf("tasks: scenario: %w", err)
	}
	return whole, nil
}

// plain is the suite's file without a script.
func (s *Suite) plain() []byte {
	text := s.text
	if i := bytes.Index(text, []byte("\nreplay:")); s.Replay != nil && i >= 0 {
		text = text[:i+1]
		text = bytes.TrimSuffix(text, []byte("# One episode, answer by answer. What the answers leave open is asked of the referee.\n"))
	}
	return append(bytes.TrimRight(bytes.Clone(text), "\n"), '\n')
}

// Nobody is the referee of a scenario that answers everything itself: it can be asked nothing.
func Nobody() referee.Referee { return nobody{} }

type nobody struct{}

func (nobody) Point(_ context.Context, q referee.Query) (referee.Answer, error) {
	return referee.Answer{}, fmt.Errorf("tasks: the script has no answer to %q, and there is no referee to ask", q.Instruction)
}

func (nobody) Info() referee.Info {
	return referee.Info{Name: "script", Model: "script", Repeatable: true}
}
