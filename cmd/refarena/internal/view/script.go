package view

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// RunScript carries out a list of orders, one a line; empty lines and those that begin with # are left out. Besides Orders there are
//
//	wait SECONDS          of wall time
//	wait question         until a question is being asked
//	wait answered         until it is answered
//	wait end              until the time line has got to the end of the episode
//	size WIDTHxHEIGHT     of the screen [px]
//	expect TEXT           fails unless what the panels say contains it
//
// What each order came to is written to out. The first that cannot be carried out ends the script.
func RunScript(ctx context.Context, v *Viewer, script io.Reader, out io.Writer) error {
	in := bufio.NewScanner(script)
	for n := 1; in.Scan(); n++ {
		line := strings.TrimSpace(in.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := runLine(ctx, v, line); err != nil {
			return fmt.Errorf("line %d, %s: %w", n, line, err)
		}
		sh := v.latest()
		fmt.Fprintf(out, "%-32s %8.3f s %3d pictures/s  %s\n", line, sh.Time, v.perSecond(), strings.TrimSpace(sh.Message))
	}
	return in.Err()
}

func runLine(ctx context.Context, v *Viewer, line string) error {
	name, rest, _ := strings.Cut(line, " ")
	switch name {
	case "wait":
		return v.wait(ctx, strings.TrimSpace(rest))
	case "size":
		var w, h int
		if n, _ := fmt.Sscanf(rest, "%dx%d", &w, &h); n != 2 || w < 320 || h < 240 || w > 4096 || h > 4096 {
			return fmt.Errorf("size %q (want WIDTHxHEIGHT, from 320x240 to 4096x4096)", rest)
		}
		v.SetSize(w, h, 1)
		return nil
	case "expect":
		sh := v.latest()
		if all := sh.words(); !strings.Contains(all, rest) {
			return fmt.Errorf("not there; there is: %s", all)
		}
		return nil
	}
	return v.Do(line)
}

// words is what the panels say.
func (sh *Shown) words() string {
	s := sh.State
	label, _ := sh.condition()
	all := []string{s.Title, s.Referee, label, s.Message, s.Failure, s.Phase, s.Outcome}
	if s.Branched {
		all = append(all, "branch")
	}
	if s.Ask != nil {
		all = append(all, s.Ask.Instruction, s.Ask.Answer)
	}
	for i, x := range s.StepList {
		all = append(all, fmt.Sprintf("step %d: %s %s %s", i+1, x.Skill, x.Outcome, x.Cause))
	}
	return strings.Join(all, " | ")
}

// wait waits for something to come about.
func (v *Viewer) wait(ctx context.Context, what string) error {
	var seconds float64
	var done func(*Shown) bool
	switch what {
	case "question":
		done = func(sh *Shown) bool { // that of a person is there when it can be answered
			return sh.Ask != nil && (sh.Ask.Waiting || v.o.Human == nil && !sh.Ask.Answered)
		}
	case "answered":
		done = func(sh *Shown) bool { return sh.Ask != nil && sh.Ask.Answered }
	case "end":
		done = func(sh *Shown) bool { return sh.Ended && (sh.Time >= sh.Head-1e-9 || !sh.Playing) }
	default:
		if n, _ := fmt.Sscanf(what, "%g", &seconds); n != 1 || seconds < 0 {
			return fmt.Errorf("wait %q (want seconds, question, answered or end)", what)
		}
		select {
		case <-time.After(time.Duration(seconds * float64(time.Second))):
		case <-ctx.Done():
		}
		return ctx.Err()
	}
	limit := time.After(5 * time.Minute)
	for {
		sh, changed := v.Shown()
		if done(sh) {
			return nil
		}
		if sh.Failure != "" {
			return fmt.Errorf("%s", sh.Failure)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-v.Done():
			return errClosed
		case <-limit:
			return fmt.Errorf("%s has not come about in 5 minutes; there is: %s", what, sh.words())
		}
	}
}
