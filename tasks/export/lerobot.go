package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/parquet-go/parquet-go"

	"github.com/refarena/refarena/tasks"
)

// The layout of a LeRobot data set, format v3.0 (huggingface/lerobot, src/lerobot/datasets).
const (
	leVersion   = "v3.0"
	leChunk     = 1000      // files of a folder
	leFileBytes = 100 << 20 // of the rows of a file, about
	leImage     = "observation.images.front"
	leData      = "data/chunk-%03d/file-%03d.parquet"
	leVideo     = "videos/" + leImage + "/chunk-%03d/file-%03d.mp4"
	leEpisodes  = "meta/episodes/chunk-000/file-000.parquet"
)

// A LeRobot writes episodes as a LeRobot data set: joint positions and the hand's opening (observation.state), the actuators' set points (action), the
// referee's camera (observation.images.front) and, as the task of each moment, the instruction that was being carried out. It is a Watcher of one
// episode after the other. Pictures are MP4 videos if ffmpeg is there, else JPEG in the rows.
type LeRobot struct {
	dir     string
	videos  bool
	robot   string
	opts    PlayOptions
	state   []string // names
	action  []string
	file    *parquetFile
	files   int
	bytes   int
	frames  int64 // in all
	tasks   []string
	rows    []leEpisode
	stats   map[string]*leStats
	from    []leSource
	video   *Video
	now     *leEpisode
	episode *tasks.Record
	ask     string
	jpegs   bytes.Buffer
}

type leFrame struct {
	Image        leJPEG    `parquet:"observation.images.front"`
	State        []float32 `parquet:"observation.state,list"`
	Action       []float32 `parquet:"action,list"`
	Timestamp    float32   `parquet:"timestamp"`
	FrameIndex   int64     `parquet:"frame_index"`
	EpisodeIndex int64     `parquet:"episode_index"`
	Index        int64     `parquet:"index"`
	TaskIndex    int64     `parquet:"task_index"`
}

// A leJPEG is a picture as Hugging Face's datasets keep it.
type leJPEG struct {
	Bytes []byte `parquet:"bytes"`
	Path  string `parquet:"path"`
}

// A leRow is a leFrame whose picture is in a video.
type leRow struct {
	State        []float32 `parquet:"observation.state,list"`
	Action       []float32 `parquet:"action,list"`
	Timestamp    float32   `parquet:"timestamp"`
	FrameIndex   int64     `parquet:"frame_index"`
	EpisodeIndex int64     `parquet:"episode_index"`
	Index        int64     `parquet:"index"`
	TaskIndex    int64     `parquet:"task_index"`
}

type leEpisode struct {
	EpisodeIndex int64    `parquet:"episode_index"`
	Tasks        []string `parquet:"tasks,list"`
	Length       int64    `parquet:"length"`
	DataChunk    int64    `parquet:"data/chunk_index"`
	DataFile     int64    `parquet:"data/file_index"`
	From         int64    `parquet:"dataset_from_index"`
	To           int64    `parquet:"dataset_to_index"`
	VideoChunk   *int64   `parquet:"videos/observation.images.front/chunk_index,optional"`
	VideoFile    *int64   `parquet:"videos/observation.images.front/file_index,optional"`
	VideoFrom    *float64 `parquet:"videos/observation.images.front/from_timestamp,optional"`
	VideoTo      *float64 `parquet:"videos/observation.images.front/to_timestamp,optional"`
	MetaChunk    int64    `parquet:"meta/episodes/chunk_index"`
	MetaFile     int64    `parquet:"meta/episodes/file_index"`
}

type leTask struct {
	TaskIndex int64  `parquet:"task_index"`
	Task      string `parquet:"task"`
}

// A leSource is where an episode comes from: meta/refarena.json.
type leSource struct {
	EpisodeIndex int64         `json:"episode_index"`
	Task         string        `json:"task"` // suite/task
	Seed         uint64        `json:"seed"`
	Referee      string        `json:"referee"`
	Outcome      tasks.Outcome `json:"outcome"`
	Trace        string        `json:"trace"`
}

// A leStats gathers the statistics of a feature, number by number.
type leStats struct {
	min, max, sum, squares []float64
	count                  int64
}

func (s *leStats) add(values ...float64) {
	if s.min == nil {
		s.min, s.max = slices.Clone(values), slices.Clone(values)
		s.sum, s.squares = make([]float64, len(values)), make([]float64, len(values))
	}
	for i, v := range values {
		s.min[i], s.max[i] = min(s.min[i], v), max(s.max[i], v)
		s.sum[i] += v
		s.squares[i] += v * v
	}
	s.count++
}

// json is the statistics as stats.json has them; those of pictures are shaped 3 × 1 × 1.
func (s *leStats) json(picture bool) map[string]any {
	mean, std := make([]float64, len(s.sum)), make([]float64, len(s.sum))
	for i := range s.sum {
		mean[i] = s.sum[i] / float64(s.count)
		std[i] = math.Sqrt(max(s.squares[i]/float64(s.count)-mean[i]*mean[i], 0))
	}
	out := map[string]any{"count": []int64{s.count}}
	for name, values := range map[string][]float64{"min": s.min, "max": s.max, "mean": mean, "std": std} {
		if !picture {
			out[name] = values
			continue
		}
		var nested [][][]float64
		for _, v := range values {
			nested = append(nested, [][]float64{{v}})
		}
		out[name] = nested
	}
	return out
}

// A parquetFile is a file of rows of one of two kinds.
type parquetFile struct {
	f     *os.File
	write func(*leFrame) error
	close func() error
}

func newParquetFile(name string, videos bool) (*parquetFile, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return nil, err
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	options := []parquet.WriterOption{parquet.CreatedBy("refarena", "", ""), parquet.Compression(&parquet.Snappy)}
	if videos {
		w := parquet.NewGenericWriter[leRow](f, options...)
		return &parquetFile{f, func(r *leFrame) error {
			_, err := w.Write([]leRow{{r.State, r.Action, r.Timestamp, r.FrameIndex, r.EpisodeIndex, r.Index, r.TaskIndex}})
			return err
		}, w.Close}, nil
	}
	w := parquet.NewGenericWriter[leFrame](f, append(options, parquet.SkipPageBounds(leImage, "bytes"))...)
	return &parquetFile{f, func(r *leFrame) error {
		_, err := w.Write([]leFrame{*r})
		return err
	}, w.Close}, nil
}

func (p *parquetFile) end() error { return errors.Join(p.close(), p.f.Close()) }

// NewLeRobot begins a data set in a folder, which must be empty or not there.
func NewLeRobot(dir string) (*LeRobot, error) {
	if have, err := os.ReadDir(dir); err == nil && len(have) > 0 {
		return nil, fmt.Errorf("export: %s is not empty (want a new folder for the data set)", dir)
	}
	if err := os.MkdirAll(filepath.Join(dir, "meta"), 0o777); err != nil {
		return nil, fmt.Errorf("export: lerobot: %w", err)
	}
	_, videos := FFmpeg()
	return &LeRobot{dir: dir, videos: videos, stats: map[string]*leStats{}}, nil
}

func (l *LeRobot) wrap(err error) error {
	if err != nil {
		return fmt.Errorf("export: lerobot: %w", err)
	}
	return nil
}

// Begin begins an episode.
func (l *LeRobot) Begin(e *Episode) error {
	var state []string
	for _, j := range e.Joints {
		state = append(state, j.Name)
	}
	state = append(state, "hand_width")
	if len(l.rows) == 0 {
		l.state, l.action, l.robot, l.opts = state, slices.Clone(e.Controls), e.Record.Robot, e.Options
	} else if !slices.Equal(l.state, state) || !slices.Equal(l.action, e.Controls) || l.opts.FPS != e.Options.FPS || l.opts.Width != e.Options.Width || l.opts.Height != e.Options.Height {
		return fmt.Errorf("export: lerobot: seed %d has another robot, another rate or other pictures than the episodes before", e.Record.Seed)
	}
	n := int64(len(l.rows))
	l.now = &leEpisode{EpisodeIndex: n, From: l.frames}
	l.episode = e.Record
	l.ask = e.Record.Task
	for i := range e.Record.Steps { // before the first question the robot waits for it
		if s := &e.Record.Steps[i]; s.Instruction != "" {
			l.ask = s.Instruction
			break
		}
	}
	if l.file == nil || l.bytes > leFileBytes {
		if err := l.endFile(); err != nil {
			return err
		}
		var err error
		if l.file, err = newParquetFile(filepath.Join(l.dir, fmt.Sprintf(leData, l.files/leChunk, l.files%leChunk)), l.videos); err != nil {
			return l.wrap(err)
		}
		l.files++
		l.bytes = 0
	}
	file := int64(l.files - 1)
	l.now.DataChunk, l.now.DataFile = file/leChunk, file%leChunk
	if l.videos {
		name := filepath.Join(l.dir, fmt.Sprintf(leVideo, n/leChunk, n%leChunk))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return l.wrap(err)
		}
		var err error
		if l.video, err = NewVideo(name, l.opts.Width, l.opts.Height, l.opts.FPS); err != nil {
			return err
		}
	}
	return nil
}

func (l *LeRobot) endFile() error {
	if l.file == nil {
		return nil
	}
	err := l.file.end()
	l.file = nil
	return l.wrap(err)
}

// Moment adds a row.
func (l *LeRobot) Moment(m *Moment) error {
	if m.Referee == nil {
		return errors.New("export: lerobot: no pictures (want to be played with pictures)")
	}
	row := leFrame{EpisodeIndex: l.now.EpisodeIndex, FrameIndex: l.now.Length, Index: l.frames, Timestamp: float32(float64(l.now.Length) / float64(l.opts.FPS))}
	add := func(name string, values ...float64) {
		if l.stats[name] == nil {
			l.stats[name] = &leStats{}
		}
		l.stats[name].add(values...)
	}
	var state []float64
	for _, j := range m.Joints {
		state = append(state, j.Position)
	}
	state = append(state, m.Width)
	add("observation.state", state...)
	add("action", m.Control...)
	for _, v := range state {
		row.State = append(row.State, float32(v))
	}
	for _, v := range m.Control {
		row.Action = append(row.Action, float32(v))
	}
	task := slices.Index(l.tasks, l.ask)
	if task < 0 {
		task = len(l.tasks)
		l.tasks = append(l.tasks, l.ask)
	}
	if !slices.Contains(l.now.Tasks, l.ask) {
		l.now.Tasks = append(l.now.Tasks, l.ask)
	}
	row.TaskIndex = int64(task)
	for name, v := range map[string]float64{"timestamp": float64(row.Timestamp), "frame_index": float64(row.FrameIndex), "episode_index": float64(row.EpisodeIndex),
		"index": float64(row.Index), "task_index": float64(row.TaskIndex)} {
		add(name, v)
	}
	rgb := m.Referee.RGB
	const stride = 97 // a sample of the pixels is enough for statistics
	for i := 0; i+2 < len(rgb); i += 3 * stride {
		add(leImage, float64(rgb[i])/255, float64(rgb[i+1])/255, float64(rgb[i+2])/255)
	}
	picture := frameImage(m.Referee)
	if l.videos {
		if err := l.video.Add(picture, 1); err != nil {
			return err
		}
	} else {
		l.jpegs.Reset()
		if err := jpeg.Encode(&l.jpegs, picture, &jpeg.Options{Quality: 95}); err != nil {
			return l.wrap(err)
		}
		row.Image = leJPEG{bytes.Clone(l.jpegs.Bytes()), fmt.Sprintf("frame-%06d.jpg", row.FrameIndex)}
	}
	l.bytes += len(row.Image.Bytes) + 4*(len(row.State)+len(row.Action)) + 40
	if err := l.file.write(&row); err != nil {
		return l.wrap(err)
	}
	l.now.Length++
	l.frames++
	return nil
}

// Asked makes the question the task of the moments that follow.
func (l *LeRobot) Asked(m *Moment) error {
	l.ask = m.Ask.Record.Instruction
	return nil
}

// Ended is of no interest.
func (l *LeRobot) Ended(int, tasks.StepRecord, float64) error { return nil }

// EndEpisode ends the episode that has been played.
func (l *LeRobot) EndEpisode() error {
	e := l.now
	e.To = l.frames
	if l.videos {
		if err := l.video.Close(); err != nil {
			return err
		}
		l.video = nil
		chunk, file, from, to := e.EpisodeIndex/leChunk, e.EpisodeIndex%leChunk, 0.0, float64(e.Length)/float64(l.opts.FPS)
		e.VideoChunk, e.VideoFile, e.VideoFrom, e.VideoTo = &chunk, &file, &from, &to
	}
	l.rows = append(l.rows, *e)
	r := l.episode
	l.from = append(l.from, leSource{e.EpisodeIndex, r.Task, r.Seed, r.Referee, r.Outcome, r.Trace})
	return nil
}

// Close writes what the data set needs besides the rows.
func (l *LeRobot) Close() error {
	if err := l.endFile(); err != nil {
		return err
	}
	if len(l.rows) == 0 {
		return errors.New("export: lerobot: no episodes")
	}
	feature := func(dtype string, shape []int, names any) map[string]any {
		return map[string]any{"dtype": dtype, "shape": shape, "names": names}
	}
	picture := feature("image", []int{l.opts.Height, l.opts.Width, 3}, []string{"height", "width", "channels"})
	var videoPath any
	if l.videos {
		picture["dtype"] = "video"
		picture["info"] = map[string]any{"video.height": l.opts.Height, "video.width": l.opts.Width, "video.channels": 3, "video.codec": "h264",
			"video.pix_fmt": "yuv420p", "video.is_depth_map": false, "video.fps": l.opts.FPS, "has_audio": false}
		videoPath = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
	}
	info := map[string]any{
		"codebase_version": leVersion, "robot_type": l.robot, "total_episodes": len(l.rows), "total_frames": l.frames, "total_tasks": len(l.tasks),
		"chunks_size": leChunk, "data_files_size_in_mb": 100, "video_files_size_in_mb": 200, "fps": l.opts.FPS,
		"splits":    map[string]string{"train": fmt.Sprintf("0:%d", len(l.rows))},
		"data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet", "video_path": videoPath,
		"features": map[string]any{
			leImage: picture, "observation.state": feature("float32", []int{len(l.state)}, l.state), "action": feature("float32", []int{len(l.action)}, l.action),
			"timestamp": feature("float32", []int{1}, nil), "frame_index": feature("int64", []int{1}, nil), "episode_index": feature("int64", []int{1}, nil),
			"index": feature("int64", []int{1}, nil), "task_index": feature("int64", []int{1}, nil),
		},
	}
	stats := map[string]any{}
	for name, s := range l.stats {
		stats[name] = s.json(name == leImage)
	}
	for _, f := range []struct {
		name  string
		value any
	}{{"info.json", info}, {"stats.json", stats}, {"refarena.json", l.from}} {
		text, err := json.MarshalIndent(f.value, "", "  ")
		if err == nil {
			err = os.WriteFile(filepath.Join(l.dir, "meta", f.name), append(text, '\n'), 0o666)
		}
		if err != nil {
			return l.wrap(err)
		}
	}
	var all []leTask
	for i, t := range l.tasks {
		all = append(all, leTask{int64(i), t})
	}
	// LeRobot reads the tasks with pandas and wants their texts to be the index.
	const pandas = `{"index_columns": ["task"], "column_indexes": [], "columns": [` +
		`{"name": "task_index", "field_name": "task_index", "pandas_type": "int64", "numpy_type": "int64", "metadata": null}, ` +
		`{"name": "task", "field_name": "task", "pandas_type": "unicode", "numpy_type": "object", "metadata": null}], ` +
		`"creator": {"library": "refarena", "version": "1"}, "pandas_version": "2.0.0"}`
	if err := writeRows(filepath.Join(l.dir, "meta", "tasks.parquet"), all, parquet.KeyValueMetadata("pandas", pandas)); err != nil {
		return l.wrap(err)
	}
	return l.wrap(writeRows(filepath.Join(l.dir, leEpisodes), l.rows))
}

func writeRows[T any](name string, rows []T, options ...parquet.WriterOption) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := parquet.NewGenericWriter[T](f, append(options, parquet.CreatedBy("refarena", "", ""), parquet.Compression(&parquet.Snappy))...)
	_, err = w.Write(rows)
	return errors.Join(err, w.Close(), f.Close())
}
