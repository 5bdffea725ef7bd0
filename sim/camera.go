package sim

import (
	"fmt"
	"math"

	"github.com/go-gl/mathgl/mgl64"
)

// MaxImageSide is the largest width or height of a camera image [px].
const MaxImageSide = 4096

// A Pixel is a position in an image: origin at the top left corner, x right, y down. The centre of the first pixel is (0.5, 0.5).
type Pixel struct{ X, Y float64 }

// A NormPoint is a position in an image as models answer it: 0…1 over the width and the height.
type NormPoint struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Pixel is p in an image of w × h pixels.
func (p NormPoint) Pixel(w, h int) Pixel { return Pixel{p.X * float64(w), p.Y * float64(h)} }

// Norm is p over an image of w × h pixels.
func (p Pixel) Norm(w, h int) NormPoint { return NormPoint{p.X / float64(w), p.Y / float64(h)} }

// Index is the row-major index of the pixel of a w × h image that p falls on; false if p is outside.
// The right and bottom borders, x = w and y = h, count as the last column and row, since models answer 1.0.
func (p Pixel) Index(w, h int) (int, bool) {
	if !(p.X >= 0 && p.Y >= 0 && p.X <= float64(w) && p.Y <= float64(h)) {
		return 0, false
	}
	return min(int(p.Y), h-1)*w + min(int(p.X), w-1), true
}

// A Camera is a pinhole camera without distortion. Its frame is optical: x right, y down, z forward.
type Camera struct {
	Name          string
	Width, Height int
	Fx, Fy        float64 // focal lengths [px]
	Cx, Cy        float64 // principal point [px]
	Near, Far     float64 // what lies outside is not drawn [m along cam z]; 0 means 0.02 and 20
	TWorldCam     Pose
}

// NewCamera is a camera with square pixels, its principal point in the middle, and the vertical field of view fovyDeg [degrees].
func NewCamera(name string, width, height int, fovyDeg float64, tWorldCam Pose) Camera {
	f := float64(height) / 2 / math.Tan(mgl64.DegToRad(fovyDeg)/2)
	return Camera{
		Name: name, Width: width, Height: height,
		Fx: f, Fy: f, Cx: float64(width) / 2, Cy: float64(height) / 2,
		Near: 0.02, Far: 20, TWorldCam: tWorldCam,
	}
}

// LookAt is the pose T_world_cam of an optical frame at eye that looks at target, with the world's z as near to up as it gets.
// Looking straight up or down, the image's right is the world's -y.
func LookAt(eye, target Vec3) Pose {
	z := target.Sub(eye).Normalize()
	x := z.Cross(Vec3{0, 0, 1})
	if x.Len() < 1e-9 {
		x = Vec3{0, -1, 0}
	}
	x = x.Normalize()
	return Pose{eye, QuatFromAxes(x, z.Cross(x), z)}
}

// Validate says what is wrong with the camera, if anything.
func (c Camera) Validate() error {
	switch {
	case c.Width < 1 || c.Height < 1 || c.Width > MaxImageSide || c.Height > MaxImageSide:
		return fmt.Errorf("sim: camera %q: image size %d×%d (want 1×1 to %d×%d)", c.Name, c.Width, c.Height, MaxImageSide, MaxImageSide)
	case !(c.Fx > 0 && c.Fy > 0) || math.IsInf(c.Fx, 0) || math.IsInf(c.Fy, 0):
		return fmt.Errorf("sim: camera %q: focal lengths %g, %g px (want positive numbers)", c.Name, c.Fx, c.Fy)
	case math.Abs(c.TWorldCam.Rot.Len()-1) > 1e-6:
		return fmt.Errorf("sim: camera %q: pose has a rotation of length %g (want a unit quaternion)", c.Name, c.TWorldCam.Rot.Len())
	}
	if near, far := c.Clip(); !(near > 0 && far > near) {
		return fmt.Errorf("sim: camera %q: clip range %g…%g m (want 0 < near < far)", c.Name, near, far)
	}
	return nil
}

// Clip is the range of depths that is drawn [m], with the defaults for zeros.
func (c Camera) Clip() (near, far float64) {
	near, far = c.Near, c.Far
	if near == 0 {
		near = 0.02
	}
	if far == 0 {
		far = 20
	}
	return near, far
}

// FovyDeg is the vertical field of view [degrees].
func (c Camera) FovyDeg() float64 {
	return mgl64.RadToDeg(math.Atan2(c.Cy, c.Fy) + math.Atan2(float64(c.Height)-c.Cy, c.Fy))
}

// Project is the pixel that shows the world's point and its depth along cam z [m]. ok is false if the point is not in front of the
// camera; a pixel outside the image is still returned.
func (c Camera) Project(pWorld Vec3) (px Pixel, depth float64, ok bool) {
	p := c.TWorldCam.Inv().Apply(pWorld)
	if p[2] <= 0 {
		return Pixel{}, p[2], false
	}
	return Pixel{c.Cx + c.Fx*p[0]/p[2], c.Cy + c.Fy*p[1]/p[2]}, p[2], true
}

// Deproject is the world's point at a pixel and a depth along cam z [m].
func (c Camera) Deproject(px Pixel, depth float64) Vec3 {
	return c.TWorldCam.Apply(Vec3{(px.X - c.Cx) / c.Fx * depth, (px.Y - c.Cy) / c.Fy * depth, depth})
}

// Ray is the ray through a pixel: the camera's centre, and a direction of unit length, both in the world.
func (c Camera) Ray(px Pixel) (origin, dir Vec3) {
	d := Vec3{(px.X - c.Cx) / c.Fx, (px.Y - c.Cy) / c.Fy, 1}.Normalize()
	return c.TWorldCam.Pos, c.TWorldCam.Rot.Rotate(d)
}

// ViewGL is the world-to-eye matrix in OpenGL's convention (x right, y up, looking along -z), column-major.
// The flip of y and z between the optical and the GL camera frame happens here and nowhere else.
func (c Camera) ViewGL() mgl64.Mat4 {
	inv := c.TWorldCam.Inv()
	view := inv.Rot.Mat4()
	view.SetCol(3, inv.Pos.Vec4(1))
	return mgl64.Diag4(mgl64.Vec4{1, -1, -1, 1}).Mul4(view)
}

// ProjectionGL is the eye-to-clip matrix of OpenGL's convention, column-major, for depths Near…Far.
func (c Camera) ProjectionGL() mgl64.Mat4 {
	near, far := c.Clip()
	w, h := float64(c.Width), float64(c.Height)
	return mgl64.Mat4{
		2 * c.Fx / w, 0, 0, 0,
		0, 2 * c.Fy / h, 0, 0,
		1 - 2*c.Cx/w, 2*c.Cy/h - 1, -(far + near) / (far - near), -1,
		0, 0, -2 * far * near / (far - near), 0,
	}
}
