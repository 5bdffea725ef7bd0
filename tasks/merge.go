package tasks

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Merge writes one run into the folder out from runs that are parts of it: shards, runs that were cut short, or runs of one suite that begin at
// different seeds. The parts must have asked the same question with the same versions and have no episode in common, and together have every episode
// that any of them asks for: if not, nothing is written. Seeds that none asks for may lie between (RunInfo.Spans). The controls' runs that every
// part has are merged, too. It returns how many episodes there are.
func Merge(out string, parts []string) (int, error) {
	whole, err := gather(parts)
	if err != nil {
		return 0, err
	}
	controls := map[string]*merger{}
	for _, dir := range ControlRuns(parts[0]) {
		name := filepath.Base(dir)
		theirs := make([]string, len(parts))
		for i, part := range parts {
			theirs[i] = ControlDir(part, name)
		}
		if slices.ContainsFunc(theirs, lacksRun) {
			continue
		}
		if controls[name], err = gather(theirs); err != nil {
			return 0, err
		}
	}
	if err := whole.write(out); err != nil {
		return 0, err
	}
	for _, name := range slices.Sorted(maps.Keys(controls)) {
		if err := controls[name].write(ControlDir(out, name)); err != nil {
			return 0, err
		}
	}
	return len(whole.records), nil
}

func lacksRun(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, runFile))
	return err != nil
}

// A merger is a run that is put together from parts.
type merger struct {
	parts   []string
	info    RunInfo
	suite   *Suite
	records []*Record
}

// gather reads the parts of a run, and finds out whether they are.
func gather(parts []string) (*merger, error) {
	if len(parts) == 0 {
		return nil, fmt.Errorf("tasks: merge: no runs (want at least one)")
	}
	m := &merger{parts: parts}
	from := map[uint64]string{} // which part has an episode, by seed
	var asked []uint64          // by any part, or by the run that it is a shard of
	asks := map[uint64]string{} // which part itself asks for an episode
	for i, dir := range parts {
		info, err := ReadRunInfo(dir)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			m.info = info
		}
		if diffs := m.info.Differences(info); diffs != nil {
			return nil, fmt.Errorf("tasks: merge: %s and %s are not parts of one run: %s", parts[0], dir, strings.Join(diffs, "; "))
		}
		if info.Started.Before(m.info.Started) {
			m.info.Started = info.Started
		}
		for _, seed := range info.Seeds() {
			asks[seed] = dir
		}
		info.Shard = nil
		asked = append(asked, info.Seeds()...)
		records, err := ReadRecords(dir)
		if err != nil {
			return nil, err
		}
		var twice []uint64
		for _, r := range records {
			if _, ok := from[r.Seed]; ok {
				twice = append(twice, r.Seed)
				continue
			}
			from[r.Seed] = dir
		}
		if twice != nil {
			return nil, fmt.Errorf("tasks: merge: %s in %s and in %s (want each episode once)", few(twice, " is", " are"), from[twice[0]], dir)
		}
		m.records = append(m.records, records...)
	}
	slices.Sort(asked)
	asked = slices.Compact(asked)
	if missing := slices.DeleteFunc(slices.Clone(asked), func(seed uint64) bool { _, ok := from[seed]; return ok }); len(missing) > 0 {
		where := "which shards have that are not given: give them, too"
		if dir, ok := asks[missing[0]]; ok {
			where = fmt.Sprintf("which %s asks for: play them with --resume first", dir)
		}
		return nil, fmt.Errorf("tasks: merge: %d of %d episodes are in none of the parts (%s), %s", len(missing), len(asked), few(missing, "", ""), where)
	}
	m.info.Shard = nil
	m.info.setSeeds(asked)
	sortRecords(m.records)
	var err error
	m.suite, err = ReadRunSuite(parts[0])
	return m, err
}

// few names the first of some seeds, and says of one or of several of them what there is to say.
func few(seeds []uint64, ofOne, ofMany string) string {
	if len(seeds) == 1 {
		return fmt.Sprintf("seed %d%s", seeds[0], ofOne)
	}
	var words []string
	for _, s := range seeds[:min(len(seeds), 5)] {
		words = append(words, fmt.Sprint(s))
	}
	if n := len(seeds) - len(words); n > 0 {
		words = append(words, fmt.Sprintf("and %d more", n))
	}
	return "seeds " + strings.Join(words, ", ") + ofMany
}

// write makes the run's folder.
func (m *merger) write(out string) error {
	j, err := CreateJournal(out, m.info, m.suite.text)
	if err != nil {
		return err
	}
	defer j.Close()
	for _, r := range m.records {
		if err := j.Append(r); err != nil {
			return err
		}
	}
	for _, dir := range m.parts {
		if err := copyFrames(out, dir); err != nil {
			return err
		}
	}
	return j.Close()
}

// copyFrames copies the pictures of a run, if it has any.
func copyFrames(out, dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, FramesDir, "*"))
	if err != nil || len(names) == 0 {
		return err
	}
	if err := os.MkdirAll(filepath.Join(out, FramesDir), 0o777); err != nil {
		return fmt.Errorf("tasks: merge: %w", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(filepath.Join(out, FramesDir, filepath.Base(name)), data, 0o666)
		}
		if err != nil {
			return fmt.Errorf("tasks: merge: %w", err)
		}
	}
	return nil
}
