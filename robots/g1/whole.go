package g1

import (
	"math"

	"github.com/refarena/refarena/sim"
)

// A waist is a position of the waist's joints, yaw, roll, pitch [rad].
type waist [Waist]float64

// waists are where Inverse turns and bends the waist to for the arm to be solved for, the least first: upright, then forward, then to the side as well.
var waists = func() (out []waist) {
	for _, bent := range [...][2]float64{{0, 0}, {0, 0.25}, {0, 0.48}, {0.3, 0}, {-0.3, 0}, {0.3, 0.3}, {-0.3, 0.3}, {0, -0.3}, {0.3, -0.3}, {-0.3, -0.3}} {
		for _, yaw := range [...]float64{0, 0.5, -0.5, 1, -1, 1.5, -1.5, 2, -2, 2.5, -2.5} {
			out = append(out, waist{yaw, bent[0], bent[1]})
		}
	}
	return out
}()

var wholeWeight = Config{0.6, 0.6, 0.6, 1, 1, 1, 1, 1, 1, 1}

// Inverse fills sols with positions of waist and arm that bring the palm to tPelvisPalm, best first, and returns how many it found, opt.Most at
// most. They differ by a tenth of a radian at least in some joint. Best is near to seed, with the waist near upright.
//
// Ten joints leave four degrees of freedom. The shortest way from seed (see Track) is one answer; others have the waist in one of a fixed list of
// positions, and the arm as InverseArm finds it from its analytic starts. If there is none, damped Newton steps of all ten joints begin at a fixed
// sequence of positions: the same request has the same answer.
func Inverse(s Side, tPelvisPalm sim.Pose, seed Config, opt Options, sols *[8]Config) int {
	for _, v := range tPelvisPalm.Pos {
		if math.IsNaN(v) || math.Abs(v) > 1.2 { // waist and arm are less than a metre long
			return 0
		}
	}
	c := chain{side: s, start: identity, margin: opt.Margin}
	t := target(frameOf(tPelvisPalm))
	most := min(max(opt.Most, 1), len(sols))
	count := 0
	keep := func(q *Config) {
		for i := range sols[:count] {
			near := true
			for k := range q {
				near = near && math.Abs(q[k]-sols[i][k]) < 0.1
			}
			if near {
				return
			}
		}
		sols[count] = *q
		count++
	}
	q := seed
	if c.solve(&t, &q, &trackWeight) {
		keep(&q)
	}
	var arms [8]ArmConfig
	seedArm := ArmConfig(seed[Waist:])
	quick := Options{Most: 1, Quick: true, Margin: opt.Margin}
	for i := 0; i < len(waists) && count < most; i++ {
		q = Config{waists[i][0], waists[i][1], waists[i][2]}
		var tPelvisLink [DOF + 1]sim.Pose
		Links(s, q, &tPelvisLink)
		if InverseArm(s, tPelvisLink[Waist].Inv().Mul(tPelvisPalm), seedArm, quick, &arms) > 0 {
			copy(q[Waist:], arms[0][:])
			keep(&q)
		}
	}
	state := uint64(0x9e3779b97f4a7c15)
	for k := 0; k < restarts && count == 0 && !opt.Quick; k++ {
		for i := range q {
			state = state*6364136223846793005 + 1442695040888963407
			j := &chains[s][i]
			q[i] = j.Min + (j.Max-j.Min)*float64(state>>11)/(1<<53)
		}
		if c.solve(&t, &q, &wholeWeight) {
			keep(&q)
		}
	}
	for i := 1; i < count; i++ {
		for k := i; k > 0 && wholePosture(&sols[k], &seed) < wholePosture(&sols[k-1], &seed); k-- {
			sols[k], sols[k-1] = sols[k-1], sols[k]
		}
	}
	return count
}

// wholePosture is what a position of waist and arm costs: its distance from seed, the farthest joint's and a little of all, and a bent waist.
func wholePosture(q, seed *Config) float64 {
	far, sum := 0.0, 0.0
	for i := range q {
		d := math.Abs(q[i] - seed[i])
		far, sum = max(far, d), sum+d
	}
	return far + 0.1*sum + 0.8*(math.Abs(q[1])+math.Abs(q[2]))
}
