package main

import (
	"errors"
	"os"
	"syscall"
)

// peakMemory is the largest resident set of a process that has ended [bytes].
func peakMemory(p *os.ProcessState) (int64, error) {
	usage, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, errors.New("the system does not tell how much memory a process took")
	}
	return usage.Maxrss << 10, nil // Linux counts in KiB
}
