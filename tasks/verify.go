package tasks

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/sim"
)

// A Verification is what came of playing recorded episodes again with the answers that were recorded.
type Verification struct {
	Checked    []uint64   // seeds, ascending
	Mismatches []Mismatch // one for each episode that is not equal
	Changes    []string   // in what the run was made with and what is running now: a reason for a mismatch
}

// A Mismatch is the first difference in an episode.
type Mismatch struct {
	Seed uint64
	Step int    // counted from 1; 0: before the first step, or of the episode as a whole
	What string // for people
}

func (m Mismatch) String() string {
	if m.Step == 0 {
		return fmt.Sprintf("seed %d: %s", m.Seed, m.What)
	}
	return fmt.Sprintf("seed %d, step %d: %s", m.Seed, m.Step, m.What)
}

// VerifyOptions tune Verify. NewRenderer must be set.
type VerifyOptions struct {
	NewRenderer func() (sim.Renderer, error)
	Sample      int // how many episodes, spread evenly over those recorded; 0 means all
	Workers     int // 0 means one for each core
	OnDone      func(done int)
}

// Verify plays the episodes of the run in a folder again, the referee giving the answers that were recorded, and compares every step's trace.
// Episodes that were errors are left out: what they depended on is gone. The error says that nothing could be compared.
func Verify(ctx context.Context, dir string, o VerifyOptions) (*Verification, error) {
	info, suite, records, err := readRun(dir)
	if err != nil {
		return nil, err
	}
	records = slices.DeleteFunc(records, func(r *Record) bool { return r.Outcome == Error })
	if records = sample(records, o.Sample); len(records) == 0 {
		return nil, fmt.Errorf("tasks: the run in %s has no judged episodes to verify", dir)
	}
	again, err := replayOptions(dir, info, suite, records)
	if err != nil {
		return nil, err
	}
	again.NewRenderer, again.Workers, again.OnDone = o.NewRenderer, o.Workers, o.OnDone
	v := &Verification{}
	for _, r := range records {
		v.Checked = append(v.Checked, r.Seed)
	}
	again.seeds = v.Checked
	again.onRenderer = func(r sim.RendererInfo) { v.Changes = info.Differences(runInfo(again, r)) }
	played, err := Evaluate(ctx, again)
	if err != nil {
		return nil, err
	}
	for i, r := range played {
		if m, differs := compareRecords(records[i], r); differs {
			v.Mismatches = append(v.Mismatches, m)
		}
	}
	return v, nil
}

// sample is n of the records, evenly spread; all of them if n is 0 or too many.
func sample(records []*Record, n int) []*Record {
	if n <= 0 || n >= len(records) {
		return records
	}
	var out []*Record
	for i := range n {
		out = append(out, records[i*len(records)/n])
	}
	return out
}

// compareRecords finds the first difference between a record and the same episode played again.
func compareRecords(recorded, again *Record) (Mismatch, bool) {
	m := Mismatch{Seed: recorded.Seed}
	if again.Outcome == Error {
		m.Step, m.What = len(again.Steps), "played again it cannot be judged: "+again.Error
		return m, true
	}
	for i := range max(len(recorded.Steps), len(again.Steps)) {
		m.Step = i + 1
		if i >= len(recorded.Steps) || i >= len(again.Steps) {
			m.What = fmt.Sprintf("%d steps were recorded, %d are played", len(recorded.Steps), len(again.Steps))
			return m, true
		}
		a, b := &recorded.Steps[i], &again.Steps[i]
		for _, d := range []struct{ what, a, b string }{
			{"skill", a.Skill, b.Skill},
			{"instruction", a.Instruction, b.Instruction},
			{"what the referee was shown (query)", a.Query, b.Query},
			{"answer", a.Answer, b.Answer},
			{"points", fmt.Sprint(a.Points), fmt.Sprint(b.Points)},
			{"outcome", string(a.Outcome), string(b.Outcome)},
			{"cause", string(a.Cause), string(b.Cause)},
			{"hit", fmt.Sprint(a.Hit), fmt.Sprint(b.Hit)},
			{"trace", a.Trace, b.Trace},
		} {
			if d.a != d.b {
				m.What = fmt.Sprintf("%s: recorded %.80q, played %.80q", d.what, d.a, d.b)
				return m, true
			}
		}
	}
	m.Step = 0
	switch {
	case recorded.Outcome != again.Outcome:
		m.What = fmt.Sprintf("outcome: recorded %s, played %s", recorded.Outcome, again.Outcome)
	case recorded.Trace != again.Trace:
		m.What = fmt.Sprintf("trace: recorded %s, played %s", recorded.Trace, again.Trace)
	default:
		return m, false
	}
	return m, true
}

// A replay answers with what was recorded. Queries are told apart by their seeds, so that a picture that differs gets the same answer, and
// the comparison says that it differs.
type replay struct {
	info    referee.Info
	answers map[uint64]referee.Answer // by querySeed
}

func newReplay(info referee.Info, records []*Record) *replay {
	r := &replay{info, map[uint64]referee.Answer{}}
	for _, rec := range records {
		updates := 0
		for i, s := range rec.Steps {
			for _, u := range s.Updates {
				if u.Query == "" {
					continue // nothing was asked
				}
				r.answers[updateSeed(rec.Seed, i, updates)] = referee.Answer{Text: u.Answer, Points: u.Points, Attempts: 1, Latency: seconds(u.ChargedSeconds)}
				updates++
			}
			a := referee.Answer{Text: s.Answer, Points: s.Points, Tokens: s.Tokens, Attempts: 1, Latency: seconds(s.ChargedSeconds)}
			if len(s.Points) == 0 {
				a.Problem, a.Reason = referee.Problem(s.Cause), s.Reason
			}
			r.answers[querySeed(rec.Seed, i)] = a
		}
	}
	return r
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func (r *replay) Point(_ context.Context, q referee.Query) (referee.Answer, error) {
	a, ok := r.answers[q.Seed]
	if !ok {
		return a, fmt.Errorf("tasks: replay: %q was not asked when the run was recorded", q.Instruction)
	}
	a.Points = slices.Clone(a.Points)
	return a, nil
}

func (r *replay) Info() referee.Info { return r.info }
