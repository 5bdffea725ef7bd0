package refspatial

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/sim"
)

// Strict is the score that counts every sample: the share of the answer's points that fall on the mask, as the referee read them by its model's own
// grammar. What is unreadable, empty or late is worth 0; a point outside the picture makes an answer unreadable, so that nothing is dropped.
func Strict(a referee.Answer, mask sim.Region) Score {
	s := Score{Outcome: Scored, Points: int64(len(a.Points))}
	for _, p := range a.Points {
		if mask.Contains(p) {
			s.Hits++
		}
	}
	if s.Points > 0 {
		s.Value = float64(s.Hits) / float64(s.Points)
	} else {
		s.Reason = a.Reason
	}
	return s
}

// Mean is numpy.mean of values, to the last bit: numpy adds up in pairs (Higham, "The accuracy of floating point summation", 1993), and the official
// scorer prints what comes of it. 0 without values.
func Mean(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	return pairwise(values) / float64(len(values))
}

func pairwise(v []float64) float64 {
	switch n := len(v); {
	case n < 8:
		var sum float64
		for _, x := range v {
			sum += x
		}
		return sum
	case n <= 128:
		r := [8]float64(v)
		i := 8
		for ; i < n-n%8; i += 8 {
			for k := range r {
				r[k] += v[i+k]
			}
		}
		sum := ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]))
		for _, x := range v[i:] {
			sum += x
		}
		return sum
	default:
		half := n / 2
		half -= half % 8
		return pairwise(v[:half]) + pairwise(v[half:])
	}
}

// Bootstrap is what the mean of values is likely to be between, at 95 %: the percentile interval of 10,000 means of samples drawn with replacement
// (Efron and Tibshirani, "An introduction to the bootstrap", 1993, ch. 13), by a fixed seed. Wilson's interval, which serves for rates, does not know what
// to do with an answer of which half the points hit; where every value is 0 or 1, use that. 0 and 1 without values.
func Bootstrap(values []float64) (low, high float64) {
	n := len(values)
	if n == 0 {
		return 0, 1
	}
	const draws = 10_000
	rng := rand.New(rand.NewPCG(1, 0x9e3779b97f4a7c15))
	means := make([]float64, draws)
	for k := range means {
		var sum float64
		for range n {
			sum += values[rng.IntN(n)]
		}
		means[k] = sum / float64(n)
	}
	slices.Sort(means)
	return means[draws*25/1000], means[draws*975/1000-1]
}

// An Estimate is a score with what it is likely to be between.
type Estimate struct{ Score, Low, High float64 }

// Average is the mean of two independent estimates with the interval that theirs make (the method of variance estimates recovery: Zou and Donner,
// "Construction of confidence limits about effect measures", 2008). It is no narrower than it should be where all answers of a task are right or wrong.
func Average(a, b Estimate) Estimate {
	mean := (a.Score + b.Score) / 2
	return Estimate{mean, mean - math.Hypot(a.Score-a.Low, b.Score-b.Low)/2, mean + math.Hypot(a.High-a.Score, b.High-b.Score)/2}
}
