package export

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/refarena/refarena/tasks"
)

// The elements of JUnit XML as Jenkins, GitLab and GitHub's actions read it: one suite for the run, one case for each episode.
type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class   string       `xml:"classname,attr"`
	Name    string       `xml:"name,attr"`
	Time    string       `xml:"time,attr"`
	Failure *junitReason `xml:"failure"`
	Error   *junitReason `xml:"error"`
	Skipped *junitReason `xml:"skipped"`
	Output  string       `xml:"system-out,omitempty"`
}

type junitReason struct {
	Type    string `xml:"type,attr,omitempty"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes a run as JUnit XML: a case for each episode that was asked for. An episode that failed is a failure whose type is the cause of its
// last step, one that could not be judged an error, and one that did not end is skipped, so that none is lost.
func WriteJUnit(w io.Writer, info tasks.RunInfo, records []*tasks.Record) error {
	seeds := info.Seeds()
	s := tasks.Summarize(records, len(seeds), 0)
	suite := junitSuite{
		Name: "refarena." + info.Suite, Failures: s.Failure, Errors: s.Error, Skipped: s.Abandoned, Tests: s.Episodes + s.Abandoned,
		Properties: []junitProperty{
			{"robot", info.Robot}, {"referee", info.Referee.Name}, {"suite_sha256", info.SuiteHash}, {"success_rate", fmt.Sprintf("%.4f", s.Rate)},
			{"success_low", fmt.Sprintf("%.4f", s.Low)}, {"success_high", fmt.Sprintf("%.4f", s.High)}, {"hit_rate", fmt.Sprintf("%.4f", s.HitRate)},
		},
	}
	done := map[uint64]*tasks.Record{}
	for _, r := range records {
		done[r.Seed] = r
	}
	var wall float64
	for _, seed := range seeds {
		c := junitCase{Class: "refarena." + info.Suite, Name: fmt.Sprintf("seed=%d", seed), Time: "0"}
		r := done[seed]
		if r == nil {
			c.Skipped = &junitReason{Message: "the run was cut short"}
			suite.Cases = append(suite.Cases, c)
			continue
		}
		wall += r.WallSeconds
		c.Class, c.Time = "refarena."+strings.ReplaceAll(r.Task, "/", "."), fmt.Sprintf("%.3f", r.WallSeconds)
		var lines []string
		for i, st := range r.Steps {
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("step %d, %s: %s: %s: %s %s %s", i+1, st.Skill, st.Instruction, st.Answer, st.Outcome, st.Cause, st.Reason)))
		}
		c.Output = printable(strings.Join(lines, "\n"))
		switch r.Outcome {
		case tasks.Failure:
			c.Failure = &junitReason{Message: printable(r.Why()), Text: fmt.Sprintf("trace %s", r.Trace)}
			if n := len(r.Steps); n > 0 {
				c.Failure.Type = string(r.Steps[n-1].Cause)
			}
		case tasks.Error:
			c.Error = &junitReason{Type: "error", Message: printable(r.Error), Text: printable(r.Stack)}
		}
		suite.Cases = append(suite.Cases, c)
	}
	suite.Time = fmt.Sprintf("%.3f", wall)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("export: junit: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(junitSuites{Suites: []junitSuite{suite}}); err != nil {
		return fmt.Errorf("export: junit: %w", err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("export: junit: %w", err)
	}
	return nil
}

// printable replaces what XML 1.0 cannot hold, such as a model's control characters.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0xfffe || r == 0xffff {
			return '\ufffd'
		}
		return r
	}, s)
}
