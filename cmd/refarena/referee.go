package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/refarena/refarena/assets"
	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/referee/cassette"
	program "github.com/refarena/refarena/referee/command"
	"github.com/refarena/refarena/referee/openai"
	"github.com/refarena/refarena/referee/roborefer"
)

// Which referee is asked, shared by the commands that ask one.
type refereeFlags struct {
	Referee string        `default:"embedded" help:"What is asked where to point: see above."`
	Timeout time.Duration `default:"60s" help:"How long a model may take for one answer."`
	Device  string        `default:"auto" help:"Where embedded or a model of roborefer:DIR runs: auto, cpu or cuda:N."`
	Record  string        `placeholder:"FILE" help:"Write every answer to the end of this file, for --referee cassette:FILE."`
}

// makers are the referees of other packages than referee, for referee.Open.
func (f refereeFlags) makers(io console) []referee.Maker {
	return []referee.Maker{
		{
			Name: "embedded", Doc: "a tiny RoboRefer that is built in, see assets/referee/README.md",
			Make: func(string, referee.Options) (referee.Referee, error) {
				return roborefer.OpenFS("embedded", assets.Referee(), roborefer.Options{Device: f.Device})
			},
		},
		roborefer.Maker(roborefer.Options{Device: f.Device}),
		openai.Maker(f.Timeout),
		program.Maker(program.Options{Timeout: f.Timeout, Stderr: io.err}),
		cassette.Maker(),
	}
}

// allMakers are the referees that --referee can name.
func allMakers() []referee.Maker {
	return append(referee.Makers(), refereeFlags{}.makers(console{out: io.Discard, err: io.Discard})...)
}

// refereeNames is what --referee takes.
func refereeNames() []string {
	var names []string
	for _, m := range allMakers() {
		names = append(names, m.Name)
	}
	return names
}

// modelNames is refereeNames but for the controls, which have to be told the answer.
func modelNames() []string {
	return slices.DeleteFunc(refereeNames(), func(n string) bool { return n == referee.OracleName || n == referee.RandomInMaskName })
}

// Help is what --help says before the flags of a command that asks a referee: kong calls it.
func (f refereeFlags) Help() string { return refereeHelp(allMakers()) }

func refereeHelp(makers []referee.Maker) string {
	var list strings.Builder
	w := tabwriter.NewWriter(&list, 0, 0, 2, ' ', 0)
	for _, m := range makers {
		fmt.Fprintf(w, "    %s\t%s\n", m.Name, m.Doc)
	}
	w.Flush()
	return "What --referee takes (more in docs/referees.md):\n\n" + list.String()
}

// open makes the referee that the flags name. done closes it and joins what goes wrong then to the error; nothing is asked yet.
func (f refereeFlags) open(io console) (r referee.Referee, done func(*error), err error) {
	return f.openWith(io, referee.DepthFromQuery)
}

// openWith is open with the depth that RoboRefer's server shall work with.
func (f refereeFlags) openWith(io console, depth referee.DepthSource) (r referee.Referee, done func(*error), err error) {
	if f.Timeout <= 0 {
		return nil, nil, usageError{fmt.Errorf("a time-out of %v (want more than 0, such as 60s)", f.Timeout)}
	}
	if f.Referee == humanName {
		return nil, nil, usageError{fmt.Errorf("--referee %s is somebody who clicks, which is for refarena view only (have %s)", humanName, strings.Join(refereeNames(), ", "))}
	}
	r, err = referee.Open(f.Referee, referee.Options{RoboRefer: referee.RoboReferOptions{Timeout: f.Timeout, Depth: depth}}, f.makers(io)...)
	if err != nil {
		return nil, nil, usageError{err}
	}
	if f.Record != "" {
		recorder, err := cassette.Record(r, f.Record)
		if err != nil {
			return nil, nil, errors.Join(err, closeReferee(r))
		}
		r = recorder
	}
	return r, func(err *error) { *err = errors.Join(*err, closeReferee(r)) }, nil
}

// closeReferee closes r if it holds anything.
func closeReferee(r referee.Referee) error {
	if c, ok := r.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
