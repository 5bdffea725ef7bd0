package sim

import "math"

// An Environment is everything about a picture that is not a body: light, background, and how the camera turns light into numbers.
//
// Light is measured on a scale on which a white matt surface that faces one unit of it shows as 1 (radiance, in units of irradiance / π).
// So in a path tracer the key light is a sun of irradiance π·KeyColor and of angular diameter KeyAngle, and the rest is a world that shines
// with radiance Sky from every direction above the horizon and Ground from every one below. On a surface whose normal has the world's
// z-component n, such a world without occlusion adds up to Ground + (Sky - Ground)·(1 + n)/2, which is what the rasteriser uses.
// Floors and walls of a room let the light through (they are wider than a scene and cast no shadow); see Camera.
//
// A pixel is EncodeSRGB(Tone(2^Exposure · WhiteBalance · light)), channel by channel.
type Environment struct {
	KeyDir       Vec3       // direction towards the key light, in the world; need not be of unit length
	KeyColor     [3]float32 // the key light on a surface that faces it, linear RGB
	KeyAngle     float64    // angular diameter of the key light, which makes shadows soft [rad]; 0: a point
	Sky          [3]float32 // light from above, linear RGB
	Ground       [3]float32 // … and from below: what table and floor throw back
	Background   [3]float32 // what a ray that hits nothing shows, sRGB 0…1, as it comes out of the camera
	Exposure     float64    // [EV]: each step doubles the light
	WhiteBalance [3]float32 // gain of each channel, linear; zero means 1, 1, 1
}

// DefaultEnvironment is a bright room with a window on the robot's right, so that shadows fall where the camera across the table sees them.
func DefaultEnvironment() Environment {
	return Environment{
		KeyDir:     Vec3{-0.15, -0.60, 0.78},
		KeyColor:   [3]float32{0.80, 0.76, 0.70},
		KeyAngle:   0.07,
		Sky:        [3]float32{0.36, 0.38, 0.41},
		Ground:     [3]float32{0.22, 0.20, 0.18},
		Background: [3]float32{0.80, 0.83, 0.86},
	}
}

// Gain is what the camera multiplies linear light by: exposure and white balance together.
func (e Environment) Gain() [3]float32 {
	g := e.WhiteBalance
	if g == ([3]float32{}) {
		g = [3]float32{1, 1, 1}
	}
	k := float32(math.Exp2(e.Exposure))
	return [3]float32{k * g[0], k * g[1], k * g[2]}
}

// Tone bends what is brighter than 0.8 towards white instead of clipping it: the identity up to 0.8, then 1 - 0.2/(5x - 3), with the same
// slope where they meet. x is linear light, 0 or more.
func Tone(x float64) float64 {
	if x <= 0.8 {
		return x
	}
	return 1 - 0.2/(5*x-3)
}

// EncodeSRGB is the transfer function of sRGB (IEC 61966-2-1), from linear light 0…1 to 0…1.
func EncodeSRGB(x float64) float64 {
	if x <= 0.0031308 {
		return 12.92 * x
	}
	return 1.055*math.Pow(x, 1/2.4) - 0.055
}

// DecodeSRGB is EncodeSRGB's inverse.
func DecodeSRGB(x float64) float64 {
	if x <= 0.04045 {
		return x / 12.92
	}
	return math.Pow((x+0.055)/1.055, 2.4)
}
