package tasks

import "math"

// Wilson is the score interval of Wilson (1927) for a rate of k successes in n trials, at 95 %: what the rate is likely to be between.
// Without trials it is 0…1.
func Wilson(k, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	const z = 1.959963984540054 // the normal distribution's 97.5 % point
	p, m := float64(k)/float64(n), float64(n)
	centre := p + z*z/(2*m)
	half := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	scale := 1 / (1 + z*z/m)
	low, high = (centre-half)*scale, (centre+half)*scale
	if k == 0 {
		low = 0 // exactly, where rounding would leave a trace
	}
	if k == n {
		high = 1
	}
	return low, high
}
