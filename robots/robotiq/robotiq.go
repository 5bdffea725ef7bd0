// Package robotiq is Robotiq's 2F-85 gripper: the geometry of its linkage, its limits and its looks.
//
// Frames: base is the mounting face's frame of the MJCF (z out of the palm, the fingers open along y); ee is parallel to base, its
// origin midway between the finger tips when the gripper is closed, which is the farthest that they reach (but for 0.3 mm).
package robotiq

import "math"

// Limits of the gripper. Source: Robotiq's 2F-85 specification.
const (
	MaxWidth = 0.085 // opening [m]
	MinForce = 20.0  // [N]
	MaxForce = 235.0 // [N]
	MinSpeed = 0.020 // of the opening [m/s]
	MaxSpeed = 0.150 // [m/s]
)

// Dimensions [m]. Pads and body: Robotiq's CAD model.
const (
	TipZ      = 0.1628    // base to ee: the closed gripper's height in the manual
	MountZ    = 0.0108    // flange to base: what of the coupling plate stands out
	PadWidth  = 0.022     // across the closing direction
	PadLength = 0.0375    // along z
	linkY     = 0.0382079 // A to P, D to C: the parallelogram's long sides at driver angle 0
	linkZ     = 0.0425003
)

// inward is how far each pad has moved towards the centre plane [m] at a driver angle [rad]: pads move on circles without turning.
func inward(angle float64) float64 { return linkY*(1-math.Cos(angle)) + linkZ*math.Sin(angle) }

// rise is how far each pad has moved out of the palm along z [m].
func rise(angle float64) float64 { return linkY*math.Sin(angle) - linkZ*(1-math.Cos(angle)) }

// Width is the opening between the pads [m] at a driver angle [rad]; negative beyond closed.
func Width(angle float64) float64 { return MaxWidth - 2*inward(angle) }

// Angle is the driver angle [rad] at an opening [m], the inverse of Width for 0…MaxWidth and somewhat beyond.
func Angle(width float64) float64 {
	// inward = linkY + R·sin(angle - φ) with R and φ the polar coordinates of (linkZ, linkY)
	return math.Atan2(linkY, linkZ) + math.Asin(((MaxWidth-width)/2-linkY)/math.Hypot(linkY, linkZ))
}

// Leverage is the torque on each driver [N·m] that a force of 1 N at each pad takes, at a driver angle: d inward / d angle.
func Leverage(angle float64) float64 { return linkY*math.Sin(angle) + linkZ*math.Cos(angle) }

// TipBack is how far behind the ee frame's origin the finger tips are [m] at an opening [m]: they come forward as the gripper closes.
func TipBack(width float64) float64 { return rise(Angle(0)) - rise(Angle(width)) }
