package main

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/refarena/refarena/robots/g1"
	"github.com/refarena/refarena/sim"
	"github.com/refarena/refarena/tasks"
)

// inverseDraws is how many palm poses of each arm the G1's inverse kinematics is asked for.
const inverseDraws = 10_000

// g1Poses are palm poses in the torso that random joint positions within the limits reach.
func g1Poses(s g1.Side, n int) []sim.Pose {
	draw := rand.New(rand.NewPCG(5, uint64(s)))
	joints := g1.Joints(s)
	out := make([]sim.Pose, n)
	for i := range out {
		var q g1.Config
		for k := g1.Waist; k < g1.DOF; k++ {
			q[k] = joints[k].Min + draw.Float64()*(joints[k].Max-joints[k].Min)
		}
		var links [g1.DOF + 1]sim.Pose
		g1.Links(s, q, &links)
		out[i] = links[g1.Waist].Inv().Mul(links[g1.DOF]).Mul(g1.TWristPalm[s])
	}
	return out
}

// g1WaistPoses are palm poses in the pelvis that random positions of waist and arm reach.
func g1WaistPoses(s g1.Side, n int) []sim.Pose {
	draw := rand.New(rand.NewPCG(6, uint64(s)))
	out := make([]sim.Pose, n)
	for i := range out {
		var q g1.Config
		for k, j := range g1.Joints(s) {
			q[k] = j.Min + draw.Float64()*(j.Max-j.Min)
		}
		out[i] = g1.Forward(s, q)
	}
	return out
}

// g1Inverse solves random reachable palm poses of the arm alone, each once: times [µs] and the share that was solved [%].
func g1Inverse() (times []float64, solved float64) {
	var sols [8]g1.ArmConfig
	return g1Solve(g1Poses, func(s g1.Side, pose sim.Pose) int {
		return g1.InverseArm(s, pose, g1.ArmConfig{}, g1.Options{}, &sols)
	})
}

// g1WaistInverse is g1Inverse of waist and arm.
func g1WaistInverse() (times []float64, solved float64) {
	var sols [8]g1.Config
	return g1Solve(g1WaistPoses, func(s g1.Side, pose sim.Pose) int {
		return g1.Inverse(s, pose, g1.Config{}, g1.Options{}, &sols)
	})
}

func g1Solve(poses func(g1.Side, int) []sim.Pose, solve func(g1.Side, sim.Pose) int) (times []float64, solved float64) {
	count := 0
	for _, s := range [2]g1.Side{g1.Left, g1.Right} {
		for _, pose := range poses(s, inverseDraws) {
			start := time.Now()
			n := solve(s, pose)
			times = append(times, 1e6*time.Since(start).Seconds())
			if n > 0 {
				count++
			}
		}
	}
	return times, 100 * float64(count) / float64(len(times))
}

func g1Config() map[string]any {
	return map[string]any{"poses": 2 * inverseDraws, "pos_tol_m": g1.PosTol, "rot_tol_rad": g1.RotTol, "cpu": tasks.CPUModel()}
}

// g1InverseTime is how long one arm's inverse kinematics takes.
func (b *bench) g1InverseTime() ([]float64, map[string]any, error) {
	times, _ := g1Inverse()
	return times, g1Config(), nil
}

// g1InverseSlowest is what 99 of 100 stay below.
func (b *bench) g1InverseSlowest() ([]float64, map[string]any, error) {
	times, _ := g1Inverse()
	slices.Sort(times)
	return []float64{times[len(times)*99/100]}, g1Config(), nil
}

// g1InverseSolved is the share of reachable poses that is solved.
func (b *bench) g1InverseSolved() ([]float64, map[string]any, error) {
	_, solved := g1Inverse()
	return []float64{solved}, g1Config(), nil
}

// g1WaistTime is how long the inverse kinematics of waist and arm takes.
func (b *bench) g1WaistTime() ([]float64, map[string]any, error) {
	times, _ := g1WaistInverse()
	return times, g1Config(), nil
}

// g1WaistSlowest is what 99 of 100 stay below.
func (b *bench) g1WaistSlowest() ([]float64, map[string]any, error) {
	times, _ := g1WaistInverse()
	slices.Sort(times)
	return []float64{times[len(times)*99/100]}, g1Config(), nil
}

// g1WaistSolved is the share of reachable poses that is solved.
func (b *bench) g1WaistSolved() ([]float64, map[string]any, error) {
	_, solved := g1WaistInverse()
	return []float64{solved}, g1Config(), nil
}
