package view

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/tasks"
)

// A State is what the panels show, in the form in which a browser gets it. Times are in seconds since the episode began.
type State struct {
	Title    string `json:"title"`
	Robot    string `json:"robot"`
	Referee  string `json:"referee"`
	Seed     uint64 `json:"seed"`
	Episode  int    `json:"episode"` // of Episodes, from 1
	Episodes int    `json:"episodes"`

	Playing   bool    `json:"playing"`
	Speed     float64 `json:"speed"`
	Time      float64 `json:"time"`
	Head      float64 `json:"head"` // how far it is simulated
	Ended     bool    `json:"ended"`
	Outcome   string  `json:"outcome,omitempty"`
	Branched  bool    `json:"branched"`
	Recording bool    `json:"recording"` // of the screen
	Message   string  `json:"message,omitempty"`
	Failure   string  `json:"failure,omitempty"`
	Busy      string  `json:"busy,omitempty"`
	Phase     string  `json:"phase,omitempty"`

	Ask       *AskState     `json:"ask,omitempty"`
	StepList  []StepState   `json:"steps"`
	DwellBar  *DwellState   `json:"dwell,omitempty"`
	GoalList  []string      `json:"goals"`
	JointList []JointState  `json:"joints"`
	HandsMM   []float64     `json:"hands_mm"`
	EyePX     [2]int        `json:"eye_px"` // width and height of the referee's picture
	Things    []ObjectState `json:"objects"`
	Choice    ChoiceState   `json:"choice"`
	Stats     StatState     `json:"stats"`
}

// An AskState is the question that is being acted on.
type AskState struct {
	Instruction string         `json:"instruction"`
	Answer      string         `json:"answer"`
	Point       *sim.NormPoint `json:"point,omitempty"`
	Hit         bool           `json:"hit"`
	Answered    bool           `json:"answered"`
	Waiting     bool           `json:"waiting"` // for the person in front of the screen
	Seconds     float64        `json:"seconds"` // … so long
	Referent    string         `json:"referent"`
}

// A StepState is a step on the time line.
type StepState struct {
	Skill   string  `json:"skill"`
	Goal    int     `json:"goal"`
	Begin   float64 `json:"begin"`
	End     float64 `json:"end"` // -1 while it lasts
	Outcome string  `json:"outcome,omitempty"`
	Cause   string  `json:"cause,omitempty"`
	Reason  string  `json:"reason,omitempty"`
	Now     bool    `json:"now"`
}

// A DwellState is how long the goals have held.
type DwellState struct {
	Share float64 `json:"share"` // of what is wanted
	Why   string  `json:"why,omitempty"`
}

// A JointState is a joint's position.
type JointState struct {
	Name  string  `json:"name"`
	Deg   float64 `json:"deg"`
	Aside float64 `json:"aside"` // how far it is to stand aside of its own course [°]
	Min   float64 `json:"min"`
	Max   float64 `json:"max"`
}

// An ObjectState is where an object is.
type ObjectState struct {
	Name     string     `json:"name"`
	Pos      [3]float64 `json:"pos"`
	Asleep   bool       `json:"asleep"`
	Selected bool       `json:"selected"`
	Meant    bool       `json:"meant"` // by the question
}

// A ChoiceState is what is chosen on the screen.
type ChoiceState struct {
	Tab      string          `json:"tab"`
	Eye      string          `json:"eye"`
	View     string          `json:"view"`
	Overlays map[string]bool `json:"overlays"`
	Help     bool            `json:"help"`
}

// A StatState says how fast things are.
type StatState struct {
	RealTime  float64 `json:"real_time"` // simulated time over wall time; 0 while it stands still
	FrameMS   float64 `json:"frame_ms"`  // to draw a picture
	Contacts  int     `json:"contacts"`
	PerSecond int     `json:"per_second"` // pictures drawn
}

// same reports whether nothing changed that panels show.
func (s *State) same(o *State) bool {
	a, b := *s, *o
	a.Stats, b.Stats = StatState{}, StatState{}
	if a.Ask != nil && b.Ask != nil && a.Ask.Waiting && b.Ask.Waiting {
		x, y := *a.Ask, *b.Ask
		x.Seconds, y.Seconds = float64(int(10*x.Seconds)), float64(int(10*y.Seconds))
		a.Ask, b.Ask = &x, &y
	}
	return fmt.Sprintf("%+v %+v %+v", a, a.Ask, a.DwellBar) == fmt.Sprintf("%+v %+v %+v", b, b.Ask, b.DwellBar) && slices.Equal(a.StepList, b.StepList)
}

// state fills in sh.State.
func (v *Viewer) state(sh *Shown, first, head int, ended bool) {
	seconds := func(step int) float64 { return float64(step-first) * sim.Timestep }
	s := &sh.State
	*s = State{
		Title: v.options.Suite.Name + " / " + v.session.Stage().Task.Name, Robot: v.options.Robot, Referee: v.options.Referee.Info().Name, Seed: v.options.Seed,
		Episode: v.episode + 1, Episodes: v.o.Episodes,
		Playing: v.playing, Speed: v.speed, Time: seconds(sh.Step), Head: seconds(head), Ended: ended, Branched: v.branched, Recording: v.pictures.filming.Load(),
		Message: v.message, Failure: v.failure, Busy: v.busy, Phase: sh.Moment.Phase, GoalList: v.still.goals,
		Choice: ChoiceState{Tab: v.ui.Tab, Eye: v.ui.Eye, View: v.view(), Overlays: map[string]bool{}, Help: v.ui.Help},
		Stats:  StatState{RealTime: v.rate.value(), FrameMS: v.pictures.frameMS(), Contacts: len(sh.Moment.Contacts), PerSecond: v.pictures.perSecond()},
	}
	if v.options.Suite.IsScene() { // nothing is asked in it, or judged
		s.Title, s.Referee = v.options.Suite.Name, ""
	} else if rec := v.session.Record(); rec != nil {
		s.Outcome = string(rec.Outcome)
	}
	for _, o := range overlays {
		s.Choice.Overlays[string(o)] = v.ui.Overlays[o]
	}
	for _, st := range v.session.Steps() {
		x := StepState{Skill: st.Skill, Goal: st.Goal, Begin: seconds(st.Begin), End: -1, Outcome: string(st.Outcome), Cause: string(st.Cause), Reason: st.Reason,
			Now: sh.Current != nil && sh.Current.Index == st.Index}
		if st.End >= 0 {
			x.End = seconds(st.End)
		}
		s.StepList = append(s.StepList, x)
	}
	if q := sh.Question; q != nil {
		s.Ask = &AskState{Instruction: q.Instruction, Answer: q.Answer, Point: q.Point, Hit: q.Hit, Answered: q.Answered, Referent: q.Referent}
		if v.human != nil && !q.Answered {
			var d time.Duration
			d, s.Ask.Waiting = v.human.waiting()
			s.Ask.Seconds = d.Seconds()
			if s.Ask.Waiting { // as any referee, they are not told
				s.Ask.Referent, s.GoalList = "", nil
			}
		}
	}
	if d := sh.Dwell; d != nil {
		s.DwellBar = &DwellState{min(float64(d.Held)/float64(max(d.Want, 1)), 1), d.Why}
	}
	const deg = 57.29577951308232
	for i, j := range v.still.robot.Joints() {
		if i < len(sh.Joints) {
			s.JointList = append(s.JointList, JointState{j.Name, sh.Joints[i] * deg, sh.Moment.AsideTo[i] * deg, j.Min * deg, j.Max * deg})
		}
	}
	s.EyePX = [2]int{v.still.eye.Width, v.still.eye.Height}
	for _, width := range sh.Hands {
		s.HandsMM = append(s.HandsMM, 1000*width)
	}
	for i, name := range v.still.objects {
		s.Things = append(s.Things, ObjectState{Name: name, Pos: rounded(sh.Poses[v.still.bodies[i]].Pos), Asleep: sh.Asleep[i], Selected: i == v.ui.Selected,
			Meant: s.Ask != nil && s.Ask.Referent == name})
	}
}

// rounded is a position to the millimetre, without negative zeros.
func rounded(p sim.Vec3) (out [3]float64) {
	for i, x := range p {
		out[i] = math.Round(1000*x)/1000 + 0
		if math.Abs(out[i]) < 0.005 {
			out[i] = 0
		}
	}
	return out
}

// latest is what was shown last.
func (v *Viewer) latest() *Shown {
	sh, _ := v.Shown()
	return sh
}

// waitFor waits until the episode has reached a physics step that it is allowed to go to, or has ended, or waits for a person.
func (v *Viewer) waitFor(step int) {
	for v.ctx.Err() == nil {
		if _, head, ended := v.session.Span(); head >= step || ended {
			return
		}
		if v.human != nil {
			if _, waits := v.human.waiting(); waits {
				return
			}
		}
		time.Sleep(time.Millisecond)
	}
}

// waitAsked waits until a step's question, which is due now, has been asked.
func (v *Viewer) waitAsked(asked *tasks.Question) {
	there := func(q *tasks.Question) bool { return q.Step == asked.Step && q.Halted == asked.Halted }
	for v.ctx.Err() == nil && !slices.ContainsFunc(v.session.Questions(), there) && !v.session.Idle() {
		time.Sleep(time.Millisecond)
	}
}

// settleEdits waits until an object is seen where it was put. While the referee is asked it stays where it is.
func (v *Viewer) settleEdits(object int, pose sim.Pose) {
	var m tasks.Moment
	for v.ctx.Err() == nil {
		idle := v.session.Idle() // before the look: what was to be done then is seen
		if v.session.Look(int(v.at)+4, &m) == nil && m.Poses[v.still.bodies[object]].Pos == pose.Pos {
			v.at = float64(m.Step)
			return
		}
		if idle {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
