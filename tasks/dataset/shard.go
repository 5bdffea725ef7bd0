package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// groupRows is how many rows a row group has: what is in memory at a time, for the writer and for readers.
const groupRows = 32

// A ShardInfo says what is in a shard. It lies beside it.
type ShardInfo struct {
	Shard     int      `json:"shard"`
	Pictures  int      `json:"pictures"`
	Questions int      `json:"questions"`
	LeftOut   int      `json:"left_out"` // pictures with fewer questions than Config.MinQuestions
	Skipped   []string `json:"skipped"`  // scenes whose seed leads to none, and why
	Counts    Counts   `json:"counts"`
	Bytes     int64    `json:"bytes"`
	SHA256    string   `json:"sha256"` // of the shard
}

func shardName(i int) string { return fmt.Sprintf("shard-%05d.parquet", i) }
func infoName(i int) string  { return fmt.Sprintf("shard-%05d.json", i) }

// writeShard makes a shard out of the rows that fill hands to its argument. When it returns without an error the shard is in the folder, whole;
// else there is no trace of it.
func writeShard(dir string, i int, fill func(info *ShardInfo, emit func(*Row) error) error) (info ShardInfo, err error) {
	info = ShardInfo{Shard: i, Skipped: []string{}, Counts: Counts{}}
	sum := sha256.New()
	err = create(filepath.Join(dir, shardName(i)), func(f io.Writer) error {
		size := &counter{}
		w := parquet.NewGenericWriter[Row](io.MultiWriter(f, sum, size), writerOptions()...)
		rows := 0
		err := fill(&info, func(row *Row) error {
			if _, err := w.Write([]Row{*row}); err != nil {
				return err
			}
			if rows++; rows%groupRows == 0 {
				return w.Flush()
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		info.Bytes, info.SHA256 = size.n, hex.EncodeToString(sum.Sum(nil))
		// What is known about the shard is there before the shard is.
		return writeJSON(filepath.Join(dir, infoName(i)), &info)
	})
	return info, err
}

// writerOptions pack fast, and keep the largest and smallest picture of each page, in full, out of the file.
func writerOptions() []parquet.WriterOption {
	options := []parquet.WriterOption{parquet.CreatedBy("refarena", "", ""), parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest, Concurrency: 1})}
	for _, blob := range []string{"rgb", "disparity", "depth", "ids", "camera", "objects", "questions"} {
		options = append(options, parquet.SkipPageBounds(blob), parquet.SkipPageStatistics(blob))
	}
	return options
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// create makes a file that is there with all of its contents, on the disk, or not at all.
func create(name string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*"+unfinished)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// unfinished ends the names of files that are being written.
const unfinished = ".unfinished"

func writeJSON(name string, v any) error {
	return create(name, func(w io.Writer) error {
		b, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return err
		}
		_, err = w.Write(append(b, '\n'))
		return err
	})
}

// readJSON reads a file into v. Fields that v does not have are an error.
func readJSON(name string, v any) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// readInfo is what lies beside a shard. ok is false if the shard is not there; the error is for one that is not as it was written.
func readInfo(dir string, i int) (info ShardInfo, ok bool, err error) {
	name := filepath.Join(dir, shardName(i))
	stat, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return info, false, nil
	}
	if err != nil {
		return info, false, fmt.Errorf("dataset: %w", err)
	}
	if err := readJSON(filepath.Join(dir, infoName(i)), &info); err != nil {
		return info, false, fmt.Errorf("dataset: what is known about %s: %w (remove the shard, and it is made anew)", name, err)
	}
	if stat.Size() != info.Bytes {
		return info, false, fmt.Errorf("dataset: %s has %d bytes, and was written with %d (remove it, and it is made anew)", name, stat.Size(), info.Bytes)
	}
	return info, true, nil
}

// check compares a shard with the hash it was written with.
func (info *ShardInfo) check(dir string) error {
	name := filepath.Join(dir, shardName(info.Shard))
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != info.SHA256 {
		return fmt.Errorf("dataset: %s is not as it was written: SHA-256 %s, want %s (remove it, and it is made anew)", name, got, info.SHA256)
	}
	return nil
}

// ReadShard gives the rows of a shard to do, one after the other, until do has enough. Rows are do's to keep.
func ReadShard(name string, do func(*Row) (more bool, err error)) (err error) {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	defer f.Close()
	defer func() { // the library trusts its files
		if e := recover(); e != nil {
			err = fmt.Errorf("dataset: %s is no shard: %v", name, e)
		}
	}()
	stat, err := f.Stat()
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	file, err := parquet.OpenFile(f, stat.Size())
	if err != nil {
		return fmt.Errorf("dataset: %s is no shard: %w", name, err)
	}
	want := parquet.SchemaOf(Row{})
	if file.Schema().String() != want.String() {
		return fmt.Errorf("dataset: %s is no shard of this version: it has the columns %v, want %v", name, columns(file.Schema()), columns(want))
	}
	r := parquet.NewGenericReader[Row](file)
	defer r.Close()
	for {
		rows := make([]Row, 1)
		n, err := r.Read(rows)
		if n == 1 {
			more, err := do(&rows[0])
			if err != nil || !more {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("dataset: %s: %w", name, err)
		}
	}
}

func columns(s *parquet.Schema) []string {
	var names []string
	for _, f := range s.Fields() {
		names = append(names, f.Name())
	}
	return names
}
