package scenes

import (
	"math"
	"sync"

	"github.com/refarena/refarena/sim"
)

// Ranges within which a scene's light varies, each from a stream of its own.
const (
	keyTurn              = 2.1        // the key light's azimuth from the wall behind the robot [rad]; "light"
	keyLow, keyHigh      = 0.72, 1.22 // … its height above the horizon [rad]
	keyWeak, keyStrong   = 0.66, 0.94 // … how strong it is
	keySharp, keySoft    = 0.03, 0.12 // … its angular diameter [rad]: a lamp to a window some way off
	fillWeak, fillStrong = 0.85, 1.25 // … the light from all around, of sim.DefaultEnvironment's
	exposureRange        = 0.30       // more or less [EV]; "exposure"
	balanceRange         = 0.07       // how far red goes up and blue down, or the other way round; "white balance"
)

// drawLight draws a key light between a low window and a high lamp, from anywhere but behind the camera (which would throw each
// object's shadow out of sight), warm or cold, and the share of light that comes from all around; then how a camera sees it.
func drawLight(seed uint64) sim.Environment {
	r := Stream(seed, "light")
	between := func(lo, hi float64) float64 { return lo + (hi-lo)*r.Float64() }
	e := sim.DefaultEnvironment()
	azimuth := math.Pi + between(-keyTurn, keyTurn) // 0 is the camera's side
	rise := between(keyLow, keyHigh)
	e.KeyDir = sim.Vec3{math.Cos(azimuth) * math.Cos(rise), math.Sin(azimuth) * math.Cos(rise), math.Sin(rise)}
	warm, power, fill := r.Float64(), between(keyWeak, keyStrong), between(fillWeak, fillStrong)
	e.KeyAngle = between(keySharp, keySoft)
	tint := [3]float64{0.93 + 0.14*warm, 1, 1.10 - 0.24*warm} // from a cloudy sky's white to a lamp's, green kept
	for i := range 3 {
		e.KeyColor[i] = float32(power * tint[i])
		e.Sky[i] *= float32(fill)
	}
	e.Exposure = (2*Stream(seed, "exposure").Float64() - 1) * exposureRange
	b := float32((2*Stream(seed, "white balance").Float64() - 1) * balanceRange)
	e.WhiteBalance = [3]float32{1 + b, 1, 1 - b}
	return e
}

// bounced is e with the light from below that the first table throws back: most of what a thing on it sees below the horizon.
func (s Setting) bounced(e sim.Environment) sim.Environment {
	const share = 0.8
	finish, err := findFinish(s.tables()[0].Finish)
	if err != nil {
		return e // Validate says so
	}
	albedo := meanAlbedo(finish.material())
	up := float32(e.KeyDir.Normalize()[2])
	for i := range 3 {
		e.Ground[i] = share * albedo[i] * (e.KeyColor[i]*up + e.Sky[i])
	}
	return e
}

// albedos keeps the mean of each texture.
var albedos struct {
	sync.Mutex
	m map[*sim.Texture][3]float32
}

// meanAlbedo is the mean colour of a material, linear.
func meanAlbedo(m sim.Material) (out [3]float32) {
	for i, c := range m.Color {
		out[i] = float32(sim.DecodeSRGB(float64(c)))
	}
	if m.Texture == nil {
		return out
	}
	albedos.Lock()
	defer albedos.Unlock()
	mean, ok := albedos.m[m.Texture]
	if !ok {
		var count [3][256]int
		for i, c := range m.Texture.RGB {
			count[i%3][c]++
		}
		for i := range 3 {
			sum := 0.0
			for c, n := range count[i] {
				sum += float64(n) * sim.DecodeSRGB(float64(c)/255)
			}
			mean[i] = float32(sum / float64(len(m.Texture.RGB)/3))
		}
		if albedos.m == nil {
			albedos.m = map[*sim.Texture][3]float32{}
		}
		albedos.m[m.Texture] = mean
	}
	for i := range 3 {
		out[i] *= mean[i]
	}
	return out
}
