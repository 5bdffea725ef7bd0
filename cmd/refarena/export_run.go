package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/sim/render"
	"github.com/refarena/refarena/tasks"
	"github.com/refarena/refarena/tasks/export"
)

type exportCommand struct {
	Scene exportSceneCommand `cmd:"" default:"withargs" help:"Write a scene for other programs: glTF for Blender or three.js, MJCF for MuJoCo (the default)."`
	Run   exportRunCommand   `cmd:"" help:"Write a run: tables (Parquet, CSV), JUnit XML, MCAP for Foxglove, a LeRobot data set, videos."`
}

type exportRunCommand struct {
	Dir     string   `arg:"" name:"run" help:"Folder of the run."`
	Parquet string   `placeholder:"FILE" help:"A row for each step, as Parquet."`
	CSV     string   `name:"csv" placeholder:"FILE" help:"The same as CSV."`
	JUnit   string   `name:"junit" placeholder:"FILE" help:"A case for each episode, as JUnit XML for CI systems."`
	MCAP    string   `name:"mcap" placeholder:"DIR" help:"An MCAP file for each episode: scene, pictures, joints, questions; opens in Foxglove."`
	LeRobot string   `name:"lerobot" placeholder:"DIR" help:"A LeRobot data set (format v3.0) of the episodes."`
	Video   string   `placeholder:"DIR" help:"A video of each episode."`
	Format  string   `default:"" enum:",mp4,webm,apng" placeholder:"FORMAT" help:"Of videos: mp4 or webm (with ffmpeg), or apng (default: mp4 if ffmpeg is there)."`
	Seeds   []uint64 `name:"seed" placeholder:"SEED" help:"Only the episodes of these seeds."`
	Only    string   `default:"all" enum:"all,success,failure" help:"Only the episodes that ended so: all, success or failure."`
	FPS     int      `name:"fps" default:"25" help:"Pictures a second of simulated time: 1, 5, 25 or 125."`
	Size    string   `default:"640x480" help:"Size of the pictures [px]."`
	glFlag
}

// Run writes what was asked for. Episodes are played again from their records for everything but the tables.
func (c *exportRunCommand) Run(ctx context.Context, con console) (err error) {
	if c.Parquet+c.CSV+c.JUnit+c.MCAP+c.LeRobot+c.Video == "" {
		return usageError{errors.New("nothing to write (want --parquet, --csv, --junit, --mcap, --lerobot or --video)")}
	}
	info, err := tasks.ReadRunInfo(c.Dir)
	if err != nil {
		return usageError{err}
	}
	records, err := tasks.ReadRecords(c.Dir)
	if err != nil {
		return err
	}
	for _, seed := range c.Seeds {
		if !slices.ContainsFunc(records, func(r *tasks.Record) bool { return r.Seed == seed }) {
			return usageError{fmt.Errorf("no episode of seed %d in %s", seed, c.Dir)}
		}
	}
	chosen := slices.DeleteFunc(slices.Clone(records), func(r *tasks.Record) bool {
		return len(c.Seeds) > 0 && !slices.Contains(c.Seeds, r.Seed) || c.Only != "all" && string(r.Outcome) != c.Only
	})
	slices.SortFunc(chosen, func(a, b *tasks.Record) int {
		switch {
		case a.Seed < b.Seed:
			return -1
		case a.Seed > b.Seed:
			return 1
		}
		return 0
	})
	if len(chosen) == 0 {
		return fmt.Errorf("no episode to write: %s has %d, none of which was asked for", c.Dir, len(records))
	}
	rows, err := export.Steps(info, chosen)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{c.Parquet, func(w io.Writer) error { return export.WriteParquet(w, rows) }},
		{c.CSV, func(w io.Writer) error { return export.WriteCSV(w, rows) }},
		{c.JUnit, func(w io.Writer) error { return export.WriteJUnit(w, info, records) }},
	} {
		if f.name == "" {
			continue
		}
		if err := writeWith(f.name, f.write); err != nil {
			return err
		}
		fmt.Fprintln(con.out, f.name)
	}
	if c.MCAP+c.LeRobot+c.Video == "" {
		return nil
	}
	return c.play(ctx, con, chosen)
}

// play plays the episodes again and writes what is seen of them.
func (c *exportRunCommand) play(ctx context.Context, con console, records []*tasks.Record) (err error) {
	device, err := c.device()
	if err != nil {
		return err
	}
	w, h, err := parseSize(c.Size)
	if err != nil {
		return err
	}
	if c.Format == "" {
		c.Format = "apng"
		if _, ok := export.FFmpeg(); ok {
			c.Format = "mp4"
		}
	}
	var set *export.LeRobot
	if c.LeRobot != "" {
		if set, err = export.NewLeRobot(c.LeRobot); err != nil {
			return usageError{err}
		}
	}
	for _, dir := range []string{c.MCAP, c.Video} {
		if dir == "" {
			continue
		}
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
	}
	bar := progress(con.err, len(records))
	defer bar.Finish()
	options := export.PlayOptions{
		NewRenderer: func() (sim.Renderer, error) { return render.New(render.Options{Device: device}) },
		FPS:         c.FPS, Width: w, Height: h, Overview: c.MCAP+c.Video != "",
	}
	for _, r := range records {
		if err := c.episode(ctx, con, r.Seed, options, set); err != nil {
			return err
		}
		bar.Add(1)
	}
	if set == nil {
		return nil
	}
	if err := set.Close(); err != nil {
		return err
	}
	fmt.Fprintln(con.out, c.LeRobot)
	return nil
}

// episode plays one episode for all that it is written as.
func (c *exportRunCommand) episode(ctx context.Context, con console, seed uint64, o export.PlayOptions, set *export.LeRobot) error {
	var watchers []export.Watcher
	var ends []func() error
	if c.MCAP != "" {
		name := filepath.Join(c.MCAP, fmt.Sprintf("%d.mcap", seed))
		f, err := os.Create(name)
		if err != nil {
			return err
		}
		m, err := export.NewMCAP(f)
		if err != nil {
			return errors.Join(err, f.Close())
		}
		watchers = append(watchers, m)
		ends = append(ends, m.Close, f.Close, func() error { fmt.Fprintln(con.out, name); return nil })
	}
	if c.Video != "" {
		name := filepath.Join(c.Video, fmt.Sprintf("%d.%s", seed, c.Format))
		film := export.NewFilm(name)
		watchers = append(watchers, film)
		ends = append(ends, film.Close, func() error { fmt.Fprintln(con.out, name); return nil })
	}
	if set != nil {
		watchers = append(watchers, set)
		ends = append(ends, set.EndEpisode)
	}
	err := export.Play(ctx, c.Dir, seed, o, watchers...)
	for _, end := range ends {
		if err != nil {
			return err
		}
		err = end()
	}
	return err
}

// writeWith writes a file as a whole, or not.
func writeWith(name string, write func(io.Writer) error) error {
	f, err := besides(name)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := errors.Join(write(f), f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

// canWrite says why writeWith could not write a file, if it could not.
func canWrite(name string) error {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return fmt.Errorf("export: %s is a folder (want a file)", name)
	}
	f, err := besides(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// besides is a new file in the folder of another one.
func besides(name string) (*os.File, error) {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err // the path is of no file that anybody has asked for
	}
	if err != nil {
		return nil, fmt.Errorf("export: %s cannot be written: %w", name, err)
	}
	return f, nil
}
