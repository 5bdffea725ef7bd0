package sim

import (
	"fmt"
	"math"
	"strings"
)

// A CameraPreset is a real camera: its intrinsics at full size and, if it is mounted on a robot, where.
type CameraPreset struct {
	Name          string
	Width, Height int        // of its sensor's pictures [px]
	Fx, Fy        float64    // focal lengths at that size [px]; the principal point is in the middle
	Distortion    Distortion // of its lens; pictures are drawn without, see Distortion.Apply
	Depth         DepthNoise // its depth sensor's errors
	Body          string     // that it is mounted on; "" for a third person, who stands anywhere
	TBodyCam      Pose       // … and where on it, optical frame
}

// cameraPresets: figures marked recalled are from memory of the manufacturer's data sheet.
//
// D435: colour 69.4° × 42.5° at 1920 × 1080 (recalled), delivered without distortion. L515: colour 70° × 43° at 1920 × 1080 (recalled);
// distortion as its calibration typically reads (recalled).
//
// The UR5's wrist camera is a D435 on a bracket of our own design: 95 mm beside the tool's axis, where the fingers do not move, 50 mm before
// the flange's face, tilted by 5° towards the fingers' tips. The G1's head camera is the colour sensor of its D435i: Unitree's URDF (g1_29dof_rev_1_0, d435_link) and
// the 15 mm between imager and colour sensor of Intel's realsense2_description; it looks 47.6° down.
var cameraPresets = []CameraPreset{
	{Name: "d435", Width: 1920, Height: 1080, Fx: 1386.4, Fy: 1386.4, Depth: D435},
	{Name: "l515", Width: 1920, Height: 1080, Fx: 1371.0, Fy: 1371.0, Depth: L515, Distortion: Distortion{0.154, -0.466, -0.0006, 0.0004, 0.422}},
	{Name: "ur5-wrist", Width: 1920, Height: 1080, Fx: 1386.4, Fy: 1386.4, Depth: D435, Body: "wrist_3_link",
		TBodyCam: Pose{Vec3{0, 0.0823, 0}, Rotation(-math.Pi/2, Vec3{1, 0, 0}).Rot}. // the flange
												Mul(Pose{Vec3{-0.095, 0, 0.050}, Rotation(math.Pi/36, Vec3{0, 1, 0}).Rot})},
	{Name: "g1-head", Width: 1920, Height: 1080, Fx: 1386.4, Fy: 1386.4, Depth: D435, Body: "torso_link",
		TBodyCam: Pose{Vec3{0.0576235, 0.03253, 0.42987}, QuatFromAxes(Vec3{0, -1, 0}, Vec3{-0.738455, 0, -0.674302}, Vec3{0.674302, 0, -0.738455})}},
}

// CameraPresets are the names of the presets.
func CameraPresets() []string {
	names := make([]string, len(cameraPresets))
	for i, p := range cameraPresets {
		names[i] = p.Name
	}
	return names
}

// FindCameraPreset is the preset of that name.
func FindCameraPreset(name string) (CameraPreset, error) {
	for _, p := range cameraPresets {
		if p.Name == name {
			return p, nil
		}
	}
	return CameraPreset{}, fmt.Errorf("sim: no camera %q (have %s)", name, strings.Join(CameraPresets(), ", "))
}

// Camera is the preset's camera with pictures of another size: the sensor's picture made larger or smaller until it covers that size, and
// its overhang cut off evenly on both sides. So a square picture shows the sensor's full height.
func (p CameraPreset) Camera(width, height int, tWorldCam Pose) Camera {
	k := max(float64(width)/float64(p.Width), float64(height)/float64(p.Height))
	return Camera{
		Name: p.Name, Width: width, Height: height,
		Fx: k * p.Fx, Fy: k * p.Fy, Cx: float64(width) / 2, Cy: float64(height) / 2, TWorldCam: tWorldCam,
	}
}

// Mounted is the camera where it is on the robot whose bodies' names begin with prefix, for d as it stands. The error is for a model without that robot, or a preset of a third person.
func (p CameraPreset) Mounted(d *Data, prefix string, width, height int) (Camera, error) {
	if p.Body == "" {
		return Camera{}, fmt.Errorf("sim: camera %s is not mounted on anything: it needs a place", p.Name)
	}
	id, err := d.Model().BodyID(prefix + p.Body)
	if err != nil {
		return Camera{}, fmt.Errorf("sim: camera %s: %w", p.Name, err)
	}
	return p.Camera(width, height, d.BodyPose(id).Mul(p.TBodyCam)), nil
}

// Distortion is a lens's: k1, k2, p1, p2, k3 (Brown 1966; the order of OpenCV and of librealsense). The zero value is none.
type Distortion [5]float64

// distort is where the lens puts the point that a pinhole camera puts at (x, y), both in units of the focal length from the principal point.
func (l Distortion) distort(x, y float64) (float64, float64) {
	r2 := x*x + y*y
	radial := 1 + r2*(l[0]+r2*(l[1]+r2*l[4]))
	return x*radial + 2*l[2]*x*y + l[3]*(r2+2*x*x), y*radial + l[2]*(r2+2*y*y) + 2*l[3]*x*y
}

// undistort inverts distort by iteration, to a millionth of the focal length for lenses that are nearly straight.
func (l Distortion) undistort(xd, yd float64) (x, y float64) {
	x, y = xd, yd
	for range 20 {
		fx, fy := l.distort(x, y)
		x, y = x+xd-fx, y+yd-fy
	}
	return x, y
}

// Apply bends an undistorted shot as the lens would have: colours are blended, depth and ids are those of the nearest pixel, never mixed.
// What the undistorted picture does not show is black, without depth, and nothing. Camera.Project and Deproject no longer hold afterwards.
func (l Distortion) Apply(shot *Shot) {
	if l == (Distortion{}) {
		return
	}
	c := shot.Frame.Camera
	w, h := c.Width, c.Height
	rgb, depth, bodies := make([]byte, 3*w*h), make([]float32, w*h), make([]int32, w*h)
	for v := range h {
		for u := range w {
			i := v*w + u
			bodies[i] = -1
			x, y := l.undistort((float64(u)+0.5-c.Cx)/c.Fx, (float64(v)+0.5-c.Cy)/c.Fy)
			px := Pixel{c.Cx + c.Fx*x, c.Cy + c.Fy*y}
			j, ok := px.Index(w, h)
			if !ok {
				continue
			}
			depth[i], bodies[i] = shot.Frame.Depth[j], shot.Seg.Bodies[j]
			sx, sy := min(max(px.X-0.5, 0), float64(w-1)), min(max(px.Y-0.5, 0), float64(h-1))
			x0, y0 := int(sx), int(sy)
			x1, y1 := min(x0+1, w-1), min(y0+1, h-1)
			fx, fy := sx-float64(x0), sy-float64(y0)
			at := func(x, y, k int) float64 { return float64(shot.Frame.RGB[3*(y*w+x)+k]) }
			for k := range 3 {
				top, bottom := at(x0, y0, k)*(1-fx)+at(x1, y0, k)*fx, at(x0, y1, k)*(1-fx)+at(x1, y1, k)*fx
				rgb[3*i+k] = byte(top*(1-fy) + bottom*fy + 0.5)
			}
		}
	}
	shot.Frame.RGB, shot.Frame.Depth, shot.Seg.Bodies = rgb, depth, bodies
}
