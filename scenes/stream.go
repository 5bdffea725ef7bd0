package scenes

import (
	"hash/fnv"
	"math/rand/v2"
)

// Stream is the named stream of random numbers of a seed: PCG(seed, FNV-1a(name)). There is one for each purpose, so that a new
// draw for one shifts none of another.
func Stream(seed uint64, name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// pick is one of choices, all equally likely.
func pick[T any](r *rand.Rand, choices []T) T { return choices[r.IntN(len(choices))] }
