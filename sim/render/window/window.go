// Package window shows images in a window on the desktop and says what mouse and keyboard do there. It knows nothing of what the images show: drawing
// them is package render's and the viewer's.
package window

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"image"
	"log"
	"os"
	"strings"
	"unsafe"

	"github.com/go-gl/gl/v3.3-core/gl"
	"github.com/go-gl/glfw/v3.3/glfw"

	"github.com/refarena/refarena/sim/render"
)

// ErrNoDisplay means that there is no desktop to open a window on.
var ErrNoDisplay = errors.New("window: no display (neither DISPLAY nor WAYLAND_DISPLAY is set)")

// CheckDisplay is ErrNoDisplay where a window cannot be opened at all.
func CheckDisplay() error {
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return ErrNoDisplay
	}
	return nil
}

// A Window is one with an OpenGL 3.3 context. All its methods are for the one thread that opened it.
type Window struct {
	w       *glfw.Window
	program uint32
	place   int32 // uniforms
	vao     uint32
	layers  []texture
	events  []Event
}

// A Layer is an image and where it goes, in pixels from the window's top left corner; it is scaled to fit. Its pixels are multiplied with their alpha, as
// image.RGBA's are.
type Layer struct {
	Image *image.RGBA
	Place image.Rectangle
	Same  bool // as at the last Show: it need not be sent again
}

type texture struct {
	id   uint32
	size image.Point
}

// The kinds of events.
type Kind int

const (
	Press   Kind = iota // of a mouse button
	Release             // …
	Move
	Scroll
	Key  // pressed, or repeated while it is held
	Char // text
)

// An Event is something that mouse or keyboard did.
type Event struct {
	Kind             Kind
	X, Y             float64 // of the mouse [px]; of Scroll, by how much
	Button           int     // 0 left, 1 right, 2 middle
	Name             string  // of the Key: "Space", "Left", "Escape", "A"
	Rune             rune
	Shift, Ctrl, Alt bool
}

// Open opens a window. The goroutine must be locked to its thread, and stay so until Close. w and h are in screen coordinates, which are pixels but on
// displays that scale.
func Open(title string, w, h int) (_ *Window, err error) {
	if err := CheckDisplay(); err != nil {
		return nil, err
	}
	if err := render.LoadGL(); err != nil {
		return nil, err
	}
	var said bytes.Buffer // the binding logs why, and panics afterwards
	out, flags := log.Writer(), log.Flags()
	log.SetOutput(&said)
	log.SetFlags(0)
	defer func() {
		log.SetOutput(out)
		log.SetFlags(flags)
		if cause := recover(); cause != nil {
			why := cmp.Or(strings.TrimSpace(said.String()), fmt.Sprint(cause))
			err = fmt.Errorf("window: display %q cannot be opened: %s", os.Getenv("DISPLAY")+os.Getenv("WAYLAND_DISPLAY"), why[strings.LastIndexByte(why, '\n')+1:])
		}
	}()
	if err := glfw.Init(); err != nil {
		return nil, fmt.Errorf("window: %w", err)
	}
	for hint, value := range map[glfw.Hint]int{ // in any order
		glfw.ContextCreationAPI:  glfw.EGLContextAPI, // whose functions render has loaded
		glfw.ContextVersionMajor: 3, glfw.ContextVersionMinor: 3, glfw.OpenGLProfile: glfw.OpenGLCoreProfile, glfw.OpenGLForwardCompatible: glfw.True,
		glfw.ScaleToMonitor: glfw.True,
	} {
		glfw.WindowHint(hint, value)
	}
	win, err := glfw.CreateWindow(w, h, title, nil, nil)
	if err != nil {
		glfw.Terminate()
		return nil, fmt.Errorf("window: no OpenGL 3.3 on this display: %w", err)
	}
	win.MakeContextCurrent()
	glfw.SwapInterval(1)
	win.SetSizeLimits(640, 400, glfw.DontCare, glfw.DontCare)
	window := &Window{w: win}
	if err := window.prepare(); err != nil {
		window.Close()
		return nil, err
	}
	window.listen()
	return window, nil
}

const vertexShader = `#version 330 core
uniform vec4 Place; // left, top, right, bottom in clip coordinates
out vec2 at;
void main() {
	at = vec2(gl_VertexID & 1, gl_VertexID >> 1);
	gl_Position = vec4(mix(Place.xy, Place.zw, at), 0.0, 1.0);
}
` + "\x00"

const fragmentShader = `#version 330 core
uniform sampler2D Picture;
in vec2 at;
out vec4 color;
void main() { color = texture(Picture, at); }
` + "\x00"

func (w *Window) prepare() error {
	w.program = gl.CreateProgram()
	for kind, source := range map[uint32]string{gl.VERTEX_SHADER: vertexShader, gl.FRAGMENT_SHADER: fragmentShader} {
		s := gl.CreateShader(kind)
		text, free := gl.Strs(source)
		gl.ShaderSource(s, 1, text, nil)
		free()
		gl.CompileShader(s)
		gl.AttachShader(w.program, s)
	}
	gl.LinkProgram(w.program)
	var ok int32
	if gl.GetProgramiv(w.program, gl.LINK_STATUS, &ok); ok != gl.TRUE {
		var log [1024]byte
		gl.GetProgramInfoLog(w.program, int32(len(log)), nil, &log[0])
		return fmt.Errorf("window: shader: %s", gl.GoStr(&log[0]))
	}
	w.place = gl.GetUniformLocation(w.program, gl.Str("Place\x00"))
	gl.GenVertexArrays(1, &w.vao)
	return w.check("setting up")
}

func (w *Window) check(doing string) error {
	if code := gl.GetError(); code != gl.NO_ERROR {
		return fmt.Errorf("window: %s: GL error 0x%x", doing, code)
	}
	return nil
}

// Show draws the layers, the first at the bottom, and shows them.
func (w *Window) Show(layers ...Layer) error {
	if err := w.draw(layers); err != nil {
		return err
	}
	w.w.SwapBuffers()
	return nil
}

func (w *Window) draw(layers []Layer) error {
	width, height := w.w.GetFramebufferSize()
	gl.Viewport(0, 0, int32(width), int32(height))
	gl.Disable(gl.DEPTH_TEST)
	gl.ClearColor(0.05, 0.055, 0.07, 1)
	gl.Clear(gl.COLOR_BUFFER_BIT)
	gl.Enable(gl.BLEND)
	gl.BlendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA)
	gl.UseProgram(w.program)
	gl.BindVertexArray(w.vao)
	gl.ActiveTexture(gl.TEXTURE0)
	for i, l := range layers {
		if i == len(w.layers) {
			w.layers = append(w.layers, texture{})
			gl.GenTextures(1, &w.layers[i].id)
		}
		t := &w.layers[i]
		gl.BindTexture(gl.TEXTURE_2D, t.id)
		w.send(t, &l)
		x := func(px int) float32 { return 2*float32(px)/float32(max(width, 1)) - 1 }
		y := func(px int) float32 { return 1 - 2*float32(px)/float32(max(height, 1)) }
		gl.Uniform4f(w.place, x(l.Place.Min.X), y(l.Place.Min.Y), x(l.Place.Max.X), y(l.Place.Max.Y))
		gl.DrawArrays(gl.TRIANGLE_STRIP, 0, 4)
	}
	return w.check("drawing")
}

// send brings a layer's image to the bound texture.
func (w *Window) send(t *texture, l *Layer) {
	size := l.Image.Rect.Size()
	if l.Same && t.size == size || size.X == 0 || size.Y == 0 {
		return
	}
	pixels := unsafe.Pointer(unsafe.SliceData(l.Image.Pix))
	gl.PixelStorei(gl.UNPACK_ALIGNMENT, 4)
	if t.size != size {
		t.size = size
		gl.TexImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, int32(size.X), int32(size.Y), 0, gl.RGBA, gl.UNSIGNED_BYTE, pixels)
		for name, value := range map[uint32]int32{gl.TEXTURE_MIN_FILTER: gl.LINEAR, gl.TEXTURE_MAG_FILTER: gl.LINEAR, gl.TEXTURE_WRAP_S: gl.CLAMP_TO_EDGE, gl.TEXTURE_WRAP_T: gl.CLAMP_TO_EDGE} {
			gl.TexParameteri(gl.TEXTURE_2D, name, value)
		}
		return
	}
	gl.TexSubImage2D(gl.TEXTURE_2D, 0, 0, 0, int32(size.X), int32(size.Y), gl.RGBA, gl.UNSIGNED_BYTE, pixels)
}

// Read draws the layers without showing them and reads them back: what Show shows.
func (w *Window) Read(layers ...Layer) (*image.RGBA, error) {
	if err := w.draw(layers); err != nil {
		return nil, err
	}
	width, height := w.w.GetFramebufferSize()
	flipped := image.NewRGBA(image.Rect(0, 0, width, height))
	gl.PixelStorei(gl.PACK_ALIGNMENT, 4)
	gl.ReadPixels(0, 0, int32(width), int32(height), gl.RGBA, gl.UNSIGNED_BYTE, unsafe.Pointer(unsafe.SliceData(flipped.Pix)))
	out := image.NewRGBA(flipped.Rect)
	for y := range height {
		copy(out.Pix[y*out.Stride:(y+1)*out.Stride], flipped.Pix[(height-1-y)*flipped.Stride:])
	}
	return out, w.check("reading")
}

// Size is the window's, in pixels, and how many of them the display gives to a unit of length that looks alike on all displays.
func (w *Window) Size() (width, height int, scale float64) {
	width, height = w.w.GetFramebufferSize()
	x, _ := w.w.GetContentScale()
	return width, height, float64(max(x, 0.5))
}

// Closing reports whether somebody wants the window closed.
func (w *Window) Closing() bool { return w.w.ShouldClose() }

// Wait waits for events for so many seconds at most, and returns those that came. The slice is overwritten by the next Wait.
func (w *Window) Wait(seconds float64) []Event {
	w.events = w.events[:0]
	glfw.WaitEventsTimeout(max(seconds, 1e-4))
	return w.events
}

// Close closes the window. It may be called twice.
func (w *Window) Close() {
	if w.w != nil {
		w.w.Destroy()
		w.w = nil
		glfw.Terminate()
	}
}

func (w *Window) listen() {
	mouse := func() (x, y float64) { // in pixels
		x, y = w.w.GetCursorPos()
		ww, wh := w.w.GetSize()
		fw, fh := w.w.GetFramebufferSize()
		return x * float64(fw) / float64(max(ww, 1)), y * float64(fh) / float64(max(wh, 1))
	}
	add := func(e Event, m glfw.ModifierKey) {
		e.Shift, e.Ctrl, e.Alt = m&glfw.ModShift != 0, m&(glfw.ModControl|glfw.ModSuper) != 0, m&glfw.ModAlt != 0
		w.events = append(w.events, e)
	}
	w.w.SetMouseButtonCallback(func(_ *glfw.Window, b glfw.MouseButton, a glfw.Action, m glfw.ModifierKey) {
		kind := Press
		if a == glfw.Release {
			kind = Release
		}
		x, y := mouse()
		add(Event{Kind: kind, X: x, Y: y, Button: int(b)}, m)
	})
	w.w.SetCursorPosCallback(func(*glfw.Window, float64, float64) {
		x, y := mouse()
		add(Event{Kind: Move, X: x, Y: y}, 0)
	})
	w.w.SetScrollCallback(func(_ *glfw.Window, x, y float64) { add(Event{Kind: Scroll, X: x, Y: y}, 0) })
	w.w.SetKeyCallback(func(_ *glfw.Window, k glfw.Key, code int, a glfw.Action, m glfw.ModifierKey) {
		if a != glfw.Release {
			add(Event{Kind: Key, Name: keyName(k, code)}, m)
		}
	})
	w.w.SetCharCallback(func(_ *glfw.Window, r rune) { add(Event{Kind: Char, Rune: r}, 0) })
}

var keyNames = map[glfw.Key]string{
	glfw.KeySpace: "Space", glfw.KeyLeft: "Left", glfw.KeyRight: "Right", glfw.KeyUp: "Up", glfw.KeyDown: "Down", glfw.KeyHome: "Home", glfw.KeyEnd: "End",
	glfw.KeyEscape: "Escape", glfw.KeyEnter: "Enter", glfw.KeyKPEnter: "Enter", glfw.KeyBackspace: "Backspace", glfw.KeyDelete: "Delete", glfw.KeyTab: "Tab",
}

// keyName is the name of a key that writes nothing, or the letter that is on it; "" for others, whose text comes as Char.
func keyName(k glfw.Key, _ int) string {
	if n := keyNames[k]; n != "" {
		return n
	}
	if k >= glfw.KeyA && k <= glfw.KeyZ {
		return string(rune('A' + k - glfw.KeyA))
	}
	return ""
}
