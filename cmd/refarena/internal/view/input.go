package view

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// An Input turns what mouse and keyboard do on the screen that Screen draws into orders. It is for one goroutine.
type Input struct {
	v     *Viewer
	drag  string // what a pressed button does: "orbit", "pan", "grab", "time", "joint"; "" if nothing
	joint int    // whose slider is drawn
	x, y  float64
	click struct { // the last, in the 3D view or on a slider
		when time.Time
		x, y float64
	}
	typing bool
	order  string // what is typed is told with it
	text   []rune
}

// NewInput is the input of a screen.
func NewInput(v *Viewer) *Input { return &Input{v: v} }

// Mods are the keys that are held down besides.
type Mods struct{ Shift, Ctrl bool }

const doubleClick = 400 * time.Millisecond

// Press is a mouse button (0 left, 1 right, 2 middle) going down at a place in pixels.
func (in *Input) Press(x, y float64, button int, m Mods) {
	sh, l, u := in.v.latest(), in.v.layout(), in.v.pictures.unitSize()
	x, y = x/u, y/u
	in.x, in.y = x, y
	if sh.Help {
		in.v.Tell("help")
		return
	}
	for _, b := range l.buttons(sh) {
		if b.contains(x, y) {
			in.v.Tell(b.order)
			return
		}
	}
	for i, r := range in.v.pictures.lastHits().joints {
		if !r.contains(x, y) {
			continue
		}
		if button > 0 || in.again(x, y) {
			in.v.Tell(fmt.Sprintf("joint %d", i+1))
			return
		}
		in.drag, in.joint = "joint", i
		return
	}
	for i, r := range in.v.pictures.lastHits().rows {
		if r.contains(x, y) {
			if sh.Selected == i {
				i = -1
			}
			in.v.Tell(fmt.Sprintf("select %d", i))
			return
		}
	}
	switch {
	case l.eye.contains(x, y):
		order := "point"
		if m.Shift {
			order = "redirect"
		}
		in.v.Tell(fmt.Sprintf("%s %.5f %.5f", order, (x-l.eye.x)/l.eye.w, (y-l.eye.y)/l.eye.h))
	case in.v.pictures.lastHits().question.contains(x, y):
		in.beginTyping(sh, "say")
	case (rect{l.track.x - 8, l.track.y - 14, l.track.w + 16, l.track.h + 34}).contains(x, y):
		in.drag = "time"
		in.v.Tell("pause")
		in.Move(x*u, y*u, m)
	case l.scene.contains(x, y):
		if button == 0 && !m.Ctrl && !m.Shift && in.again(x, y) {
			in.v.Tell("touch " + in.inScene(l, x, y))
			return
		}
		switch {
		case m.Ctrl:
			in.drag = "grab"
			in.v.Tell("grab " + in.inScene(l, x, y))
		case m.Shift || button > 0:
			in.drag = "pan"
		default:
			in.drag = "orbit"
		}
	}
}

// again reports whether a click is the second of two.
func (in *Input) again(x, y float64) bool {
	c := &in.click
	twice := time.Since(c.when) < doubleClick && math.Hypot(x-c.x, y-c.y) < 4
	c.when, c.x, c.y = time.Now(), x, y
	if twice {
		c.when = time.Time{}
	}
	return twice
}

func (in *Input) inScene(l layout, x, y float64) string {
	c := func(v float64) float64 { return min(max(v, 0), 1) }
	return fmt.Sprintf("%.5f %.5f", c((x-l.scene.x)/l.scene.w), c((y-l.scene.y)/l.scene.h))
}

// Move is the mouse being at a place.
func (in *Input) Move(x, y float64, _ Mods) {
	l, u := in.v.layout(), in.v.pictures.unitSize()
	x, y = x/u, y/u
	dx, dy := x-in.x, y-in.y
	in.x, in.y = x, y
	switch in.drag {
	case "orbit":
		in.v.Tell(fmt.Sprintf("orbit %.5f %.5f", -3*dx/l.scene.h, 3*dy/l.scene.h))
	case "pan":
		in.v.Tell(fmt.Sprintf("pan %.5f %.5f", dx/l.scene.h, dy/l.scene.h))
	case "grab":
		in.v.Tell("drag " + in.inScene(l, x, y))
	case "joint":
		sliders, joints := in.v.pictures.lastHits().joints, in.v.latest().JointList
		if in.joint < min(len(sliders), len(joints)) && dx != 0 {
			r, j := sliders[in.joint], joints[in.joint]
			in.v.Tell(fmt.Sprintf("joint %d %.2f", in.joint+1, j.Min+min(max((x-r.x)/r.w, 0), 1)*(j.Max-j.Min)))
		}
	case "time":
		in.v.Tell(fmt.Sprintf("seek %.4f", l.timeAt(in.v.latest(), x)))
	}
}

// Release is the mouse button going up.
func (in *Input) Release() {
	if in.drag == "grab" {
		in.v.Tell("drop")
	}
	in.drag = ""
}

// Scroll is the wheel being turned.
func (in *Input) Scroll(by float64) {
	if in.v.layout().scene.contains(in.x, in.y) {
		in.v.Tell(fmt.Sprintf("zoom %.4f", math.Exp(0.15*by)))
	}
}

// Text is a character being written.
func (in *Input) Text(r rune) {
	if in.typing {
		in.text = append(in.text, r)
		in.typed()
		return
	}
	sh := in.v.latest()
	if i := strings.IndexRune("123456", r); i >= 0 {
		in.v.Tell("overlay " + string(overlays[i]))
		return
	}
	switch r {
	case '.':
		in.v.Tell("step 1")
	case ',':
		in.v.Tell("step -1")
	case '[':
		in.v.Tell(fmt.Sprintf("speed %g", speedNext(sh.Speed, -1)))
	case ']':
		in.v.Tell(fmt.Sprintf("speed %g", speedNext(sh.Speed, 1)))
	case '+', '=':
		in.v.Tell("zoom 1.15")
	case '-':
		in.v.Tell("zoom 0.87")
	case ':':
		in.order, in.text = "", nil
		in.typing = true
		in.v.Tell("type :")
	case '?':
		in.v.Tell("help")
	}
}

// keyOrders are orders by the letter on the key.
var keyOrders = map[string]string{"E": "run", "V": "view", "T": "tab", "L": "eye", "S": "shot", "R": "record", "N": "next", "Q": "quit"}

// Key is a key going down, by the name of package window.
func (in *Input) Key(name string, m Mods) {
	sh := in.v.latest()
	if in.typing {
		switch name {
		case "Enter":
			in.v.Tell(strings.TrimSpace(in.order + " " + string(in.text)))
			in.typing = false
		case "Escape":
			in.typing = false
		case "Backspace":
			in.text = in.text[:max(len(in.text)-1, 0)]
		default:
			return
		}
		if in.typing {
			in.typed()
		} else {
			in.v.Tell("typed")
		}
		return
	}
	switch {
	case name == "Space":
		in.v.Tell("toggle")
	case name == "Right" && m.Shift:
		in.v.Tell("seek +0.5")
	case name == "Left" && m.Shift:
		in.v.Tell("seek -0.5")
	case name == "Right":
		in.v.Tell("period 1")
	case name == "Left":
		in.v.Tell("period -1")
	case name == "Home":
		in.v.Tell("seek start")
	case name == "End":
		in.v.Tell("seek end")
	case name == "Escape" && sh.Help:
		in.v.Tell("help")
	case name == "Escape" && sh.Ask != nil && sh.Ask.Waiting:
		in.v.Tell("pass")
	case name == "S" && m.Ctrl:
		in.v.Tell("save")
	case name == "R" && m.Shift:
		in.v.Tell("restart")
	case name == "I" && m.Shift:
		in.beginTyping(sh, "redirect")
	case name == "I" && !m.Ctrl:
		in.beginTyping(sh, "say")
	case !m.Ctrl && keyOrders[name] != "":
		in.v.Tell(keyOrders[name])
	}
}

// beginTyping takes an instruction, for an order.
func (in *Input) beginTyping(sh *Shown, order string) {
	if sh.Ask == nil || sh.Ask.Waiting {
		return
	}
	in.typing, in.order, in.text = true, order, []rune(sh.Ask.Instruction)
	in.typed()
}

// typed shows what is typed so far: an instruction, or, after a colon, an order.
func (in *Input) typed() {
	prompt := ""
	if in.order == "" {
		prompt = ":"
	}
	in.v.Tell("type " + prompt + string(in.text))
}
