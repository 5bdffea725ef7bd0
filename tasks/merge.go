package tasks

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Merge writes one run into the folder out from parts of it, played by shards or cut short. The parts must have asked the same question with
// the same versions and have no episode in common, and together have every episode: if not, nothing is written. It returns how many
// episodes there are.
func Merge(out string, parts []string) (int, error) {
	if len(parts) == 0 {
		return 0, fmt.Errorf("tasks: merge: no runs (want at least one)")
	}
	var all []*Record
	var whole RunInfo
	from := map[uint64]string{} // by seed
	for i, dir := range parts {
		info, err := ReadRunInfo(dir)
		if err != nil {
			return 0, err
		}
		if i == 0 {
			whole = info
		}
		diffs := whole.Differences(info)
		if whole.Seed != info.Seed || whole.Episodes != info.Episodes {
			diffs = append(diffs, fmt.Sprintf("episodes %s and %s", whole.span(), info.span()))
		}
		if diffs != nil {
			return 0, fmt.Errorf("tasks: merge: %s and %s are not parts of one run: %s", parts[0], dir, strings.Join(diffs, "; "))
		}
		if info.Started.Before(whole.Started) {
			whole.Started = info.Started
		}
		records, err := ReadRecords(dir)
		if err != nil {
			return 0, err
		}
		for _, r := range records {
			if other, twice := from[r.Seed]; twice {
				return 0, fmt.Errorf("tasks: merge: seed %d is in %s and in %s", r.Seed, other, dir)
			}
			from[r.Seed] = dir
		}
		all = append(all, records...)
	}
	var missing []string
	for _, seed := range (Shard{}).Seeds(whole.Seed, whole.Episodes) {
		if _, ok := from[seed]; !ok {
			missing = append(missing, fmt.Sprint(seed))
		}
	}
	if n := len(missing); n > 0 {
		if n > 5 {
			missing = append(missing[:5], "…")
		}
		return 0, fmt.Errorf("tasks: merge: %d of %d episodes are in none of the parts (seeds %s): play them with --resume first", n, whole.Episodes, strings.Join(missing, ", "))
	}
	suite, err := ReadRunSuite(parts[0])
	if err != nil {
		return 0, err
	}
	whole.Shard = nil
	j, err := CreateJournal(out, whole, suite.text)
	if err != nil {
		return 0, err
	}
	defer j.Close()
	sortRecords(all)
	for _, r := range all {
		if err := j.Append(r); err != nil {
			return 0, err
		}
	}
	for _, dir := range parts {
		if err := copyFrames(out, dir); err != nil {
			return 0, err
		}
	}
	return len(all), j.Close()
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
