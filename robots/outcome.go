package robots

import "fmt"

// A Cause says why a skill failed; "" is success. The codes are those of the result records.
type Cause string

// The causes that a robot can give, in the order in which they can arise.
const (
	NoDepth     Cause = "deproject.no_depth"     // no usable depth at the pixel
	OutOfReach  Cause = "deproject.out_of_reach" // the point is farther from the base than the arm is long
	NoGrasp     Cause = "grasp.none"             // nothing to grasp there, or no way to
	Unreachable Cause = "ik.unreachable"         // no joint positions for any grasp or place
	NoPath      Cause = "plan.no_path"           // no way there that is clear of what the camera sees
	Collision   Cause = "exec.collision"         // the arm met resistance
	Slip        Cause = "exec.slip"              // the fingers closed on nothing, or lost it while lifting
	Overload    Cause = "exec.overload"          // it is heavier than the arm lifts so far out; it stands where it stood
	Dropped     Cause = "exec.dropped"           // lost while carrying
	Fell        Cause = "exec.fell"              // the robot lies on the floor, or is about to: see Robot.Stance
	OverBudget  Cause = "budget.time"            // no control periods left
	Interrupted Cause = "exec.interrupted"       // whoever gave the point wanted it no more: see Executor.Interrupt
)

// An Outcome is how a skill or one of its phases ended.
type Outcome struct {
	Cause  Cause  // "" is success
	Detail string // what was found and what was wanted, or why a phase that went well ended, for people
}

// OK reports success.
func (o Outcome) OK() bool { return o.Cause == "" }

func (o Outcome) String() string {
	switch {
	case o.OK() && o.Detail == "":
		return "ok"
	case o.OK():
		return "ok: " + o.Detail
	}
	return string(o.Cause) + ": " + o.Detail
}

func failed(c Cause, format string, args ...any) Outcome {
	return Outcome{c, fmt.Sprintf(format, args...)}
}

// A Phase is a part of a skill, in the order of execution.
type Phase struct {
	Name    string // "approach", "close", "lift", …
	Outcome Outcome
	Periods int // control periods it took
}
