package tasks

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/sim"
)

// An Outcome is how an episode or a step ended.
type Outcome string

const (
	Success Outcome = "success"
	Failure Outcome = "failure"
	// Error means that the episode could not be judged: the server was down, the physics diverged. It counts neither way.
	Error Outcome = "error"
)

// A Cause is why a step failed, one code a failed step; the first that fits, in the order in which things happen.
type Cause string

// The causes that the runner itself finds. Those of the referee are referee.Problem, those of the robot robots.Cause.
const (
	CauseMiss        Cause = "refer.miss"           // the point is not on the right region, and the step failed
	CauseWrongObject Cause = "exec.wrong_object"    // the point was right and something else was in the hand after the pick
	CauseOffTarget   Cause = "place.off_target"     // it lies somewhere else
	CauseToppled     Cause = "place.toppled"        // it lies on its side
	CauseDisturb     Cause = "disturb.other_object" // what was right before, or could be seen before, is so no more
	CauseUnstable    Cause = "place.unstable"       // it does not come to rest
	CauseDwell       Cause = "dwell.broken"         // it was right for a moment, and not for as long as it has to be
	CauseTime        Cause = "budget.time"          // the simulated time is used up
	CauseQueries     Cause = "budget.queries"       // the questions are used up
)

// A Record is all there is to know about an episode: one line of episodes.jsonl.
type Record struct {
	Seed     uint64       `json:"seed"`
	Task     string       `json:"task"` // suite/task
	Robot    string       `json:"robot"`
	Referee  string       `json:"referee"`
	Outcome  Outcome      `json:"outcome"`
	Error    string       `json:"error,omitempty"`
	Stack    string       `json:"stack,omitempty"` // of a panic
	Planned  int          `json:"planned"`         // steps that the task has
	Progress float64      `json:"progress"`        // share of them that succeeded, 0…1
	Scene    SceneRecord  `json:"scene"`
	Steps    []StepRecord `json:"steps"`
	Also     []Measure    `json:"also,omitempty"` // the task's conditions that decide nothing, at the end
	// Trace is a hash chained over the bits of every state and decision: equal traces mean equal episodes.
	Trace      string  `json:"trace"`
	SimSeconds float64 `json:"sim_s"`
	Fallen     string  `json:"fallen,omitempty"` // how, if the robot lay on the floor at the end: one whose base is not held
	// WallSeconds, Wall and Tries are not part of what repeats.
	WallSeconds float64 `json:"wall_s"`
	// Renderer is what drew at the end of the episode if it is not what the run began with: the driver has failed, and another took over.
	Renderer *sim.RendererInfo `json:"renderer,omitempty"`
	Wall     WallTimes         `json:"wall"`
	Tries    int               `json:"tries"` // 2 if the first could not be judged for a reason that may pass: a server that was busy

	retryable bool
	failure   error // what Error says
}

// A SceneRecord is what stood on the table before the episode, settled.
type SceneRecord struct {
	Draws   int            `json:"draws"` // layouts drawn until one held
	Objects []ObjectRecord `json:"objects"`
	// Difficulty is of the scene as the referee's camera sees it at the beginning; its Each goes with Objects.
	Difficulty scenes.Difficulty `json:"difficulty"`
	Camera     string            `json:"camera,omitempty"` // that the referee looked through if it is not the run's: a robot's own camera does not show all
}

// An ObjectRecord is an object and where it stood.
type ObjectRecord struct {
	Phrase    string     `json:"phrase"` // "red mug"
	Kind      string     `json:"kind"`
	Color     string     `json:"color"`
	PosWorld  [3]float64 `json:"pos_world"`
	QuatWorld [4]float64 `json:"quat_world"` // wxyz
}

// A StepRecord is one decision and what came of it.
type StepRecord struct {
	Skill       string `json:"skill"` // "pick", "place", or "check" of the task's conditions at the end
	Goal        int    `json:"goal"`  // which of the task's goals, from 1
	Attempt     int    `json:"attempt"`
	Instruction string `json:"instruction"`
	// What the instruction takes: reasoning steps, relations by name, the split it is of, and the steps one by one; the last three only of
	// instructions that the scene grammar made.
	ReasoningSteps int             `json:"reasoning_steps"`
	Relations      []string        `json:"relations,omitempty"`
	Split          string          `json:"split,omitempty"`
	Reasoning      []string        `json:"reasoning,omitempty"`
	Referent       string          `json:"referent"` // the object that is meant: ground truth
	Query          string          `json:"query"`    // hash of what the model was shown
	Answer         string          `json:"answer"`
	Points         []sim.NormPoint `json:"points"`
	Point          *sim.NormPoint  `json:"point"` // the one that was acted on; null without
	Hit            bool            `json:"hit"`   // it lies in the true region
	Region         int             `json:"region_px"`
	Target         *[3]float64     `json:"target_world"` // where the robot understood it to be; null if nowhere
	Outcome        Outcome         `json:"outcome"`
	Cause          Cause           `json:"cause,omitempty"`
	Reason         string          `json:"reason,omitempty"`
	SimSeconds     float64         `json:"sim_s"`
	WallSeconds    float64         `json:"wall_s"`
	AskedSeconds   float64         `json:"asked_s"`            // simulated time since the episode began at which the question was asked
	ChargedSeconds float64         `json:"charged_s"`          // simulated time that its answer took: see Clock
	Updates        []Update        `json:"updates,omitempty"`  // the same question asked again
	LatencyMS      float64         `json:"latency_ms"`         // of the referee; not part of what repeats
	Tokens         int             `json:"tokens,omitempty"`   // that the model generated; 0: it is not known
	Evidence       *Evidence       `json:"evidence,omitempty"` // of a step that failed: how things were at its end
	Trace          string          `json:"trace"`
}

// WallTimes says where an episode's wall time went [s]. What is left of the whole is the rest: hashes, records, waiting.
type WallTimes struct {
	Scene   float64 `json:"scene_s"`   // drawing lots for the scene, settling it, approving of it
	Render  float64 `json:"render_s"`  // pictures for referee and robot
	Referee float64 `json:"referee_s"` // its answers
	Robot   float64 `json:"robot_s"`   // skills: planning, and the physics of moving
	Judge   float64 `json:"judge_s"`   // dwelling: physics and predicates
}

func (w *WallTimes) all() []*float64 {
	return []*float64{&w.Scene, &w.Render, &w.Referee, &w.Robot, &w.Judge}
}

func (w *WallTimes) round() {
	for _, t := range w.all() {
		*t = math.Round(*t*1e5) / 1e5
	}
}

// add adds a share of another episode's times.
func (w *WallTimes) add(o WallTimes, share float64) {
	for i, t := range o.all() {
		*w.all()[i] += share * *t
	}
}

// Evidence is what a step's cause was decided by, besides what its StepRecord says: ground truth at the end of the step.
type Evidence struct {
	PointOn string `json:"point_on,omitempty"` // what the picture shows at the point
	// Aimed is what the depth image had the point on when the question was asked: what was nearest to that place in the world, within 15 mm; "" if
	// nothing was. It differs from PointOn where the depth was wrong.
	Aimed     string      `json:"aimed_at,omitempty"`
	InHand    string      `json:"in_hand,omitempty"` // what touches the robot
	Object    string      `json:"object"`            // the one that the goal moves
	PosWorld  [3]float64  `json:"pos_world"`         // of the object [m]
	QuatWorld [4]float64  `json:"quat_world"`        // wxyz
	Holder    *[3]float64 `json:"holder_world,omitempty"`
	Touches   []string    `json:"touches"` // what the object touches, each once, by name
	Moved     []string    `json:"moved"`   // other objects that are more than 10 mm from where they were when the episode began
}

// Line is the record as one line for other programs; its names are a contract.
func (r *Record) Line() ([]byte, error) {
	hits, causes := []bool{}, []Cause{}
	for _, s := range r.Steps {
		hits = append(hits, s.Hit)
		if s.Cause != "" {
			causes = append(causes, s.Cause)
		}
	}
	return json.Marshal(struct {
		Type        string  `json:"type"`
		Seed        uint64  `json:"seed"`
		Task        string  `json:"task"`
		Robot       string  `json:"robot"`
		Referee     string  `json:"referee"`
		Outcome     Outcome `json:"outcome"`
		Error       string  `json:"error,omitempty"`
		Progress    float64 `json:"progress"`
		Hits        []bool  `json:"hits"`
		Causes      []Cause `json:"causes"`
		Trace       string  `json:"trace"`
		SimSeconds  float64 `json:"sim_s"`
		WallSeconds float64 `json:"wall_s"`
	}{"episode", r.Seed, r.Task, r.Robot, r.Referee, r.Outcome, r.Error, r.Progress, hits, causes, r.Trace, r.SimSeconds, r.WallSeconds})
}

// Why is the reason for an episode that did not succeed, for people; "" if it did.
func (r *Record) Why() string {
	switch {
	case r.Outcome == Error:
		return r.Error
	case r.Outcome == Failure && len(r.Steps) > 0:
		s := r.Steps[len(r.Steps)-1]
		return fmt.Sprintf("%s: %s: %s", s.Skill, s.Cause, s.Reason)
	}
	return ""
}

// asked says whether the model was asked where to point: there was something to point at.
func (s *StepRecord) asked() bool { return s.Skill != "check" && s.Query != "" && s.Region != 0 }

// A Summary counts episodes and puts intervals around the rates.
type Summary struct {
	Type        string    `json:"type"`      // "summary"
	Episodes    int       `json:"episodes"`  // that ended
	Abandoned   int       `json:"abandoned"` // that were asked for and did not end
	Success     int       `json:"success"`
	Failure     int       `json:"failure"`
	Error       int       `json:"error"`
	Rate        float64   `json:"rate"` // of the judged ones
	Low         float64   `json:"low"`  // 95 % Wilson interval of the rate
	High        float64   `json:"high"`
	HitRate     float64   `json:"hit_rate"`       // of all decisions
	HitTable    [2][2]int `json:"hit_by_success"` // questions by [hit][success]
	WallSeconds float64   `json:"wall_s"`
}

// Summarize counts the records of a run of which asked episodes were asked for. wallSeconds is the time that the whole run took.
func Summarize(records []*Record, asked int, wallSeconds float64) Summary {
	s := Summary{Type: "summary", Episodes: len(records), Abandoned: asked - len(records), WallSeconds: wallSeconds}
	var hits, decisions int
	for _, r := range records {
		switch r.Outcome {
		case Success:
			s.Success++
		case Failure:
			s.Failure++
		default:
			s.Error++
		}
		for _, st := range r.Steps {
			if !st.asked() {
				continue
			}
			decisions++
			if st.Hit {
				hits++
			}
			if r.Outcome != Error {
				s.HitTable[bit(st.Hit)][bit(st.Outcome == Success)]++
			}
		}
	}
	judged := s.Success + s.Failure
	if judged > 0 {
		s.Rate = float64(s.Success) / float64(judged)
	}
	s.Low, s.High = Wilson(s.Success, judged)
	if decisions > 0 {
		s.HitRate = float64(hits) / float64(decisions)
	}
	return s
}

// String is the summary for people, two lines: what came out, and whether it was the model or the robot.
func (s Summary) String() string {
	abandoned := ""
	if s.Abandoned > 0 {
		abandoned = fmt.Sprintf(", %d abandoned", s.Abandoned)
	}
	t := s.HitTable
	return fmt.Sprintf("%d episodes: %d success, %d failure, %d error%s; %.1f %% of %d judged (95 %% interval %.1f to %.1f %%); %.1f %% of the points hit; %.1f s\n"+
		"%d points hit and their steps succeeded, %d hit and failed; %d missed and succeeded, %d missed and failed",
		s.Episodes, s.Success, s.Failure, s.Error, abandoned, 100*s.Rate, s.Success+s.Failure, 100*s.Low, 100*s.High, 100*s.HitRate, s.WallSeconds,
		t[1][1], t[1][0], t[0][1], t[0][0])
}
