package view

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// RunScript carries out a list of orders, one a line; empty lines and those that begin with # are left out. Besides Orders there are
//
//	loop N|DURATION       what follows, up to a line that says endloop, so many times, or again and again for so long (90s, 1h)
//	wait SECONDS          of wall time
//	wait question         until a question is being asked
//	wait answered         until it is answered
//	wait end              until the time line has got to the end of the episode
//	size WIDTHxHEIGHT     of the screen [px]
//	expect TEXT           fails unless what the panels say contains it
//
// What each order came to is written to out, of loops one line a round. The first that cannot be carried out ends the script.
func RunScript(ctx context.Context, v *Viewer, script io.Reader, out io.Writer) error {
	lines, err := readScript(script)
	if err != nil {
		return err
	}
	for i := 0; i < len(lines); i++ {
		l := &lines[i]
		if l.loop == nil {
			if err := l.run(ctx, v); err != nil {
				return err
			}
			fmt.Fprintf(out, "%-32s %s\n", l.text, standing(v))
			continue
		}
		begun := time.Now()
		for round := 1; l.loop.again(round, time.Since(begun)); round++ {
			for k := range l.loop.body {
				if err := l.loop.body[k].run(ctx, v); err != nil {
					return fmt.Errorf("round %d: %w", round, err)
				}
			}
			fmt.Fprintf(out, "%-32s %s, %.0f MB\n", fmt.Sprintf("%s: %d, %v", l.text, round, time.Since(begun).Round(time.Second)), standing(v), residentMB())
		}
	}
	return nil
}

// standing is how things stand, in a line.
func standing(v *Viewer) string {
	sh := v.latest()
	return strings.TrimRight(fmt.Sprintf("%8.3f s %3d pictures/s  %s", sh.Time, v.perSecond(), strings.TrimSpace(sh.Message)), " ")
}

// A scriptLine is an order, or a loop of some.
type scriptLine struct {
	number int
	text   string
	loop   *scriptLoop
}

type scriptLoop struct {
	body   []scriptLine
	rounds int           // either
	lasts  time.Duration // … or
}

// again reports whether a round, counted from 1, is due after such a time.
func (l *scriptLoop) again(round int, since time.Duration) bool {
	return round <= l.rounds || since < l.lasts
}

func (l *scriptLine) run(ctx context.Context, v *Viewer) error {
	if err := runLine(ctx, v, l.text); err != nil {
		return fmt.Errorf("line %d, %s: %w", l.number, l.text, err)
	}
	return nil
}

// readScript reads a whole script, so that what is wrong with its loops is known before anything is done.
func readScript(script io.Reader) (lines []scriptLine, err error) {
	var open *scriptLine // a loop
	in := bufio.NewScanner(script)
	for n := 1; in.Scan(); n++ {
		text := strings.TrimSpace(in.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		l := scriptLine{number: n, text: text}
		name, rest, _ := strings.Cut(text, " ")
		switch {
		case name == "loop" && open != nil:
			return nil, fmt.Errorf("line %d, %s: inside of the loop in line %d (loops are not nested)", n, text, open.number)
		case name == "loop":
			if l.loop, err = parseLoop(strings.TrimSpace(rest)); err != nil {
				return nil, fmt.Errorf("line %d, %s: %w", n, text, err)
			}
			open = &l
		case name == "endloop" && open == nil:
			return nil, fmt.Errorf("line %d, endloop: no loop was begun", n)
		case name == "endloop":
			lines, open = append(lines, *open), nil
		case open != nil:
			open.loop.body = append(open.loop.body, l)
		default:
			lines = append(lines, l)
		}
	}
	if open != nil {
		return nil, fmt.Errorf("line %d, %s: no endloop follows", open.number, open.text)
	}
	return lines, in.Err()
}

func parseLoop(s string) (*scriptLoop, error) {
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return &scriptLoop{rounds: n}, nil
	}
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return &scriptLoop{lasts: d}, nil
	}
	return nil, fmt.Errorf("loop %q (want how many times, or for how long, such as 90s or 1h)", s)
}

// residentMB is how much memory the program has in use; 0 where the system does not tell.
func residentMB() float64 {
	text, err := os.ReadFile("/proc/self/statm")
	var size, resident float64
	if err != nil {
		return 0
	}
	fmt.Sscan(string(text), &size, &resident)
	return resident * float64(os.Getpagesize()) / 1e6
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
