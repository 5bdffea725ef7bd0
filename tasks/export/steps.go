// Package export writes runs for other programs: a row for each step as Parquet or CSV, JUnit XML for CI systems, and episodes that are played again
// from their records as MCAP, as a LeRobot data set, and as videos.
package export

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/refarena/refarena/tasks"
)

// A Step is one step of an episode with what is known about the episode, flat: a row of the tables. An episode without steps, since it could
// not be judged, has a row with Step 0, so that none is lost. Names are only ever added.
type Step struct {
	Suite   string `parquet:"suite,dict"`
	Task    string `parquet:"task,dict"` // suite/task
	Robot   string `parquet:"robot,dict"`
	Referee string `parquet:"referee,dict"`
	Seed    int64  `parquet:"seed"`

	EpisodeOutcome  string  `parquet:"episode_outcome,dict"` // success, failure or error
	EpisodeError    string  `parquet:"episode_error"`
	EpisodePlanned  int32   `parquet:"episode_planned"` // steps that the task has
	EpisodeProgress float64 `parquet:"episode_progress"`
	EpisodeSteps    int32   `parquet:"episode_steps"` // that were played
	EpisodeTrace    string  `parquet:"episode_trace"`
	EpisodeSimS     float64 `parquet:"episode_sim_s"`
	EpisodeWallS    float64 `parquet:"episode_wall_s"`

	SceneObjects int32   `parquet:"scene_objects"`
	SceneCarried int32   `parquet:"scene_carried"` // that lie on or in others
	SceneDensity float64 `parquet:"scene_density"`

	Step           int32    `parquet:"step"` // from 1; 0: none was played
	Skill          string   `parquet:"skill,dict"`
	Goal           int32    `parquet:"goal"`
	Attempt        int32    `parquet:"attempt"`
	Instruction    string   `parquet:"instruction"`
	ReasoningSteps int32    `parquet:"reasoning_steps"`
	Relations      []string `parquet:"relations,list"`
	Split          string   `parquet:"split,dict"`
	Referent       string   `parquet:"referent"`
	Query          string   `parquet:"query"` // hash
	Answer         string   `parquet:"answer"`
	PointX         *float64 `parquet:"point_x,optional"` // 0…1; null without
	PointY         *float64 `parquet:"point_y,optional"`
	Hit            bool     `parquet:"hit"`
	RegionPx       int32    `parquet:"region_px"`
	TargetX        *float64 `parquet:"target_x,optional"` // world [m]; null without
	TargetY        *float64 `parquet:"target_y,optional"`
	TargetZ        *float64 `parquet:"target_z,optional"`
	Outcome        string   `parquet:"outcome,dict"`
	Cause          string   `parquet:"cause,dict"`
	Reason         string   `parquet:"reason"`
	SimS           float64  `parquet:"sim_s"`
	WallS          float64  `parquet:"wall_s"`
	LatencyMS      float64  `parquet:"latency_ms"`
	Evidence       string   `parquet:"evidence"` // JSON of a tasks.Evidence; "" without
	Trace          string   `parquet:"trace"`
}

// Steps are the rows of a run's records, in their order.
func Steps(info tasks.RunInfo, records []*tasks.Record) ([]Step, error) {
	var out []Step
	for _, r := range records {
		d := r.Scene.Difficulty
		episode := Step{
			Suite: info.Suite, Task: r.Task, Robot: r.Robot, Referee: r.Referee, Seed: int64(r.Seed),
			EpisodeOutcome: string(r.Outcome), EpisodeError: r.Error, EpisodePlanned: int32(r.Planned), EpisodeProgress: r.Progress,
			EpisodeSteps: int32(len(r.Steps)), EpisodeTrace: r.Trace, EpisodeSimS: r.SimSeconds, EpisodeWallS: r.WallSeconds,
			SceneObjects: int32(d.Objects), SceneCarried: int32(d.Carried), SceneDensity: d.Density,
		}
		if len(r.Steps) == 0 {
			out = append(out, episode)
		}
		for i := range r.Steps {
			s, row := &r.Steps[i], episode
			row.Step, row.Skill, row.Goal, row.Attempt = int32(i+1), s.Skill, int32(s.Goal), int32(s.Attempt)
			row.Instruction, row.ReasoningSteps, row.Relations, row.Split = s.Instruction, int32(s.ReasoningSteps), s.Relations, s.Split
			row.Referent, row.Query, row.Answer, row.Hit, row.RegionPx = s.Referent, s.Query, s.Answer, s.Hit, int32(s.Region)
			if p := s.Point; p != nil {
				row.PointX, row.PointY = &p.X, &p.Y
			}
			if p := s.Target; p != nil {
				row.TargetX, row.TargetY, row.TargetZ = &p[0], &p[1], &p[2]
			}
			row.Outcome, row.Cause, row.Reason = string(s.Outcome), string(s.Cause), s.Reason
			row.SimS, row.WallS, row.LatencyMS, row.Trace = s.SimSeconds, s.WallSeconds, s.LatencyMS, s.Trace
			if s.Evidence != nil {
				text, err := json.Marshal(s.Evidence)
				if err != nil {
					return nil, fmt.Errorf("export: evidence of seed %d: %w", r.Seed, err)
				}
				row.Evidence = string(text)
			}
			out = append(out, row)
		}
	}
	return out, nil
}

// WriteParquet writes the rows as a Parquet file.
func WriteParquet(w io.Writer, rows []Step) error {
	p := parquet.NewGenericWriter[Step](w, parquet.CreatedBy("refarena", "", ""), parquet.Compression(&zstd.Codec{Level: zstd.SpeedDefault, Concurrency: 1}))
	if _, err := p.Write(rows); err != nil {
		return fmt.Errorf("export: parquet: %w", err)
	}
	if err := p.Close(); err != nil {
		return fmt.Errorf("export: parquet: %w", err)
	}
	return nil
}

// WriteCSV writes the rows as CSV (RFC 4180) with a header. What is null is empty; relations are separated by semicolons.
func WriteCSV(w io.Writer, rows []Step) error {
	t := reflect.TypeFor[Step]()
	header := make([]string, t.NumField())
	for i := range header {
		header[i], _, _ = strings.Cut(t.Field(i).Tag.Get("parquet"), ",")
	}
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return fmt.Errorf("export: csv: %w", err)
	}
	line := make([]string, len(header))
	for i := range rows {
		row := reflect.ValueOf(rows[i])
		for k := range line {
			line[k] = cell(row.Field(k))
		}
		if err := out.Write(line); err != nil {
			return fmt.Errorf("export: csv: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("export: csv: %w", err)
	}
	return nil
}

// cell is a field of a Step as text.
func cell(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return ""
		}
		return cell(v.Elem())
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case reflect.Slice:
		return strings.Join(v.Interface().([]string), ";")
	}
	panic(fmt.Sprintf("export: a column of kind %v", v.Kind())) // a mistake in Step, which its test would have found
}
