package tasks

import (
	"fmt"
	"strconv"
	"strings"
)

// A Shard is a part of a run's episodes, for several machines: of Count parts the one with number Index, which has every Count-th episode
// from the Index-th on. Index counts from 1. The zero value is the whole run.
type Shard struct {
	Index int `json:"index"`
	Count int `json:"count"`
}

// ParseShard reads "2/3"; "" is the whole run.
func ParseShard(s string) (Shard, error) {
	if s == "" {
		return Shard{}, nil
	}
	index, count, _ := strings.Cut(s, "/")
	i, errI := strconv.Atoi(index)
	n, errN := strconv.Atoi(count)
	shard := Shard{i, n}
	if errI != nil || errN != nil || shard == (Shard{}) || shard.check() != nil {
		return Shard{}, fmt.Errorf("shard %q (want i/n with 1 ≤ i ≤ n, such as 2/3)", s)
	}
	return shard, nil
}

func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Count) }

func (s Shard) check() error {
	if s != (Shard{}) && (s.Index < 1 || s.Index > s.Count) {
		return fmt.Errorf("tasks: shard %v (want 1 ≤ i ≤ n)", s)
	}
	return nil
}

// Seeds are those of the shard's part of episodes that count up from first, ascending.
func (s Shard) Seeds(first uint64, episodes int) []uint64 {
	if s == (Shard{}) {
		s = Shard{1, 1}
	}
	var seeds []uint64
	for i := s.Index - 1; i < episodes; i += s.Count {
		seeds = append(seeds, first+uint64(i))
	}
	return seeds
}
