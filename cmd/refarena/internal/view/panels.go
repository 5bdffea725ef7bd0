package view

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"
)

// A layout says where things are on the screen, in units.
type layout struct {
	w, h                     float64
	top, scene, side, bottom rect
	eye                      rect
	track                    rect // of the time line
}

const (
	topHeight    = 44.0
	sideWidth    = 348.0
	bottomHeight = 84.0
	margin       = 12.0
	rowHeight    = 19.0
)

// newLayout lays a screen out. ratio is height over width of the referee's picture.
func newLayout(w, h, ratio float64) layout {
	l := layout{w: w, h: h}
	side := min(sideWidth, w*0.4)
	l.top = rect{0, 0, w, topHeight}
	l.bottom = rect{0, h - bottomHeight, w - side, bottomHeight}
	l.scene = rect{0, topHeight, w - side, h - topHeight - bottomHeight}
	l.side = rect{w - side, topHeight, side, h - topHeight}
	l.eye = rect{l.side.x + margin, l.side.y + 38, side - 2*margin, (side - 2*margin) * ratio}
	if most := l.side.h * 0.42; l.eye.h > most {
		l.eye.w, l.eye.h = most/ratio, most
	}
	l.track = rect{l.bottom.x + 262, l.bottom.y + 34, l.bottom.w - 262 - 2*margin, 16}
	return l
}

// A button is a place on the screen that gives an order when it is clicked.
type button struct {
	rect
	label string
	order string
	on    bool
}

// buttons are all there are on the screen.
func (l layout) buttons(sh *Shown) []button {
	var out []button
	// Time.
	x, y := l.bottom.x+margin, l.bottom.y+26
	play := "▶"
	if sh.Playing {
		play = "❚❚"
	}
	for _, b := range []struct{ label, order string }{{"|◀", "seek start"}, {"◀", "period -1"}, {play, "toggle"}, {"▶|", "period 1"}} {
		w := 34.0
		if b.order == "toggle" {
			w = 44
		}
		out = append(out, button{rect{x, y, w, 32}, b.label, b.order, b.order == "toggle" && sh.Playing})
		x += w + 6
	}
	slower, faster := speedNext(sh.Speed, -1), speedNext(sh.Speed, 1)
	out = append(out, button{rect{x + 4, y, 15, 32}, "−", fmt.Sprintf("speed %g", slower), false}, button{rect{x + 45, y, 15, 32}, "+", fmt.Sprintf("speed %g", faster), false})
	// The referee's picture.
	x = l.eye.x
	for _, t := range []string{"rgb", "depth", "ids"} {
		out = append(out, button{rect{x, l.side.y + 8, 54, 24}, t, "tab " + t, sh.Tab == t})
		x += 58
	}
	x = l.side.x + l.side.w - margin - 132
	for _, t := range []string{"asked", "live"} {
		out = append(out, button{rect{x, l.side.y + 8, 64, 24}, t, "eye " + t, sh.Eye == t})
		x += 68
	}
	// What is drawn over the pictures.
	x = l.scene.x + margin
	for i, o := range overlays {
		out = append(out, button{rect{x, l.scene.y + l.scene.h - 34, 78, 24}, fmt.Sprintf("%d %s", i+1, o), "overlay " + string(o), sh.UI.Overlays[o]})
		x += 83
	}
	x = l.w - margin - 30
	out = append(out, button{rect{x, 9, 30, 26}, "?", "help", sh.Help})
	for _, b := range []struct{ label, order string }{{"save", "save"}, {"shot", "shot"}, {"record", "record"}} {
		x -= 62
		out = append(out, button{rect{x, 9, 56, 26}, b.label, b.order, false})
	}
	return out
}

var speeds = []float64{0.1, 0.25, 0.5, 1, 2, 4, 8, 16}

// speedNext is the next of the usual speeds, up or down.
func speedNext(now float64, way int) float64 {
	best := now
	if way > 0 {
		for i := len(speeds) - 1; i >= 0; i-- {
			if speeds[i] > now+1e-9 {
				best = speeds[i]
			}
		}
		return best
	}
	for _, s := range speeds {
		if s < now-1e-9 {
			best = s
		}
	}
	return best
}

// span is the time that the time line shows [s].
func (s *State) span() float64 { return max(s.Head, s.Time, 4) * 1.02 }

func (l layout) timeX(sh *Shown, t float64) float64 {
	return l.track.x + l.track.w*min(max(t/sh.span(), 0), 1)
}

// timeAt is the time at a place on the time line.
func (l layout) timeAt(sh *Shown, x float64) float64 {
	return min(max((x-l.track.x)/l.track.w, 0)*sh.span(), sh.Head)
}

// hits are places on the panels that depend on what they show.
type hits struct {
	question rect   // the instruction
	rows     []rect // of the list of objects
	joints   []rect // sliders
}

func drawPanels(cv *canvas, l layout, sh *Shown) hits {
	cv.fill(l.top, 0, colPanel)
	cv.fill(l.bottom, 0, colPanel)
	for _, r := range []rect{ // the side, around the picture
		{l.side.x, l.side.y, l.side.w, l.eye.y - l.side.y}, {l.side.x, l.eye.y, l.eye.x - l.side.x, l.eye.h},
		{l.eye.x + l.eye.w, l.eye.y, l.side.x + l.side.w - l.eye.x - l.eye.w, l.eye.h}, {l.side.x, l.eye.y + l.eye.h, l.side.w, l.h - l.eye.y - l.eye.h},
	} {
		cv.fill(r, 0, colPanel)
	}
	cv.line(l.side.x, l.side.y, l.side.x, l.h, 1, colLine)
	cv.line(0, topHeight, l.w, topHeight, 1, colLine)
	cv.line(0, l.bottom.y, l.side.x, l.bottom.y, 1, colLine)
	drawTop(cv, l, sh)
	drawTime(cv, l, sh)
	h := drawSide(cv, l, sh)
	for _, b := range l.buttons(sh) {
		drawButton(cv, b)
	}
	drawNotice(cv, l, sh)
	if sh.Help {
		drawHelp(cv, l)
	}
	return h
}

func drawButton(cv *canvas, b button) {
	back, fore := colRaised, colText
	if b.on {
		back, fore = colAccent, color.NRGBA{0x0b, 0x1a, 0x28, 0xff}
	}
	if strings.HasPrefix(b.order, "overlay") && !b.on {
		back = alpha(color.NRGBA{0x0c, 0x0e, 0x12, 0xff}, 0.62)
	}
	cv.fill(b.rect, 5, back)
	cx, cy := b.x+b.w/2, b.y+b.h/2
	switch b.label {
	case "▶":
		cv.triangle(cx, cy, 9, 1, fore)
	case "◀":
		cv.triangle(cx, cy, 7, -1, fore)
	case "|◀":
		cv.fill(rect{cx - 7, cy - 7, 2, 14}, 0, fore)
		cv.triangle(cx+1, cy, 7, -1, fore)
	case "▶|":
		cv.triangle(cx-1, cy, 7, 1, fore)
		cv.fill(rect{cx + 5, cy - 7, 2, 14}, 0, fore)
	case "❚❚":
		cv.fill(rect{cx - 6, cy - 8, 4, 16}, 1, fore)
		cv.fill(rect{cx + 2, cy - 8, 4, 16}, 1, fore)
	default:
		w := cv.width(regular, 12.5, b.label)
		cv.text(cx-w/2, cy+4.5, regular, 12.5, fore, b.label)
	}
}

func drawTop(cv *canvas, l layout, sh *Shown) {
	x := margin + cv.text(margin, 28, medium, 15, colText, sh.Title) + 18
	for _, f := range [][2]string{{"seed", fmt.Sprint(sh.Seed)}, {"robot", sh.Robot}, {"referee", cv.clipped(regular, 13, 150, sh.Referee)}} {
		if f[1] == "" {
			continue
		}
		x += cv.text(x, 28, regular, 13, colDim, f[0]) + 5
		x += cv.text(x, 28, regular, 13, colText, f[1]) + 16
	}
	if sh.Episodes > 1 {
		x += cv.text(x, 28, regular, 13, colDim, fmt.Sprintf("episode %d of %d", sh.Episode, sh.Episodes)) + 16
	}
	label, c := sh.condition()
	w := cv.width(medium, 12.5, label) + 20
	cv.fill(rect{x, 11, w, 22}, 11, alpha(c, 0.2))
	cv.text(x+10, 26.5, medium, 12.5, c, label)
	x += w + 8
	if sh.Branched {
		w := cv.width(medium, 12.5, "branch") + 20
		cv.fill(rect{x, 11, w, 22}, 11, alpha(colWarn, 0.2))
		cv.text(x+10, 26.5, medium, 12.5, colWarn, "branch")
	}
}

// condition is how things stand, in a word.
func (sh *Shown) condition() (string, color.NRGBA) {
	switch {
	case sh.Busy != "":
		return sh.Busy, colWarn
	case sh.Ask != nil && sh.Ask.Waiting:
		return fmt.Sprintf("your answer?  %.1f s", sh.Ask.Seconds), colWarn
	case sh.Ended && sh.Time >= sh.Head-1e-9 && sh.Outcome != "":
		if sh.Outcome == "success" {
			return "success", colGood
		}
		return sh.Outcome, colBad
	case sh.Ask != nil && !sh.Ask.Answered:
		return "asking", colAccent
	case sh.Playing:
		return "playing", colAccent
	}
	return "paused", colDim
}

func drawTime(cv *canvas, l layout, sh *Shown) {
	t := l.track
	y := l.bottom.y + 19
	cv.text(l.bottom.x+margin, y-2, mono, 12.5, colText, fmt.Sprintf("%.3f s", sh.Time))
	of := fmt.Sprintf("of %.2f s", sh.Head)
	if !sh.Ended {
		of += " so far"
	}
	cv.text(l.bottom.x+margin+78, y-2, regular, 12, colDim, of)
	sp := fmt.Sprintf("%g×", sh.Speed)
	sx := l.bottom.x + margin + 4*34 + 10 + 4*6 + 4 + 15
	cv.text(sx+13-cv.width(regular, 12, sp)/2, l.bottom.y+46.5, regular, 12, colText, sp)

	cv.fill(t, 4, colBack)
	cv.fill(rect{t.x, t.y, l.timeX(sh, sh.Head) - t.x, t.h}, 4, colRaised)
	for i, s := range sh.StepList {
		x0 := l.timeX(sh, s.Begin)
		end := s.End
		if end < 0 {
			end = sh.Head
		}
		x1 := max(l.timeX(sh, end), x0+3)
		c := colPlace
		if s.Skill == "pick" {
			c = colPick
		}
		if s.Outcome == "" {
			c = alpha(c, 0.6)
		}
		cv.fill(rect{x0, t.y, x1 - x0 - 1, t.h}, 3, c)
		if s.Outcome == "failure" || s.Outcome == "error" {
			cv.fill(rect{x1 - 4, t.y - 3, 3, t.h + 6}, 1, colBad)
		}
		label := fmt.Sprintf("%d %s", i+1, s.Skill)
		lc := colDim
		switch s.Outcome {
		case "failure", "error":
			label, lc = label+" · "+s.Cause, colBad
		case "success":
			label = label + " ✓"
		}
		if s.Now {
			lc = colText
			if s.Outcome == "failure" {
				lc = colBad
			}
		}
		if w := x1 - x0 - 6; w > 20 {
			label = strings.ReplaceAll(label, " ✓", "")
			cv.text(x0+3, t.y+t.h+16, regular, 11.5, lc, cv.clipped(regular, 11.5, w, label))
		}
		cv.line(x0, t.y-4, x0, t.y+t.h+4, 1, colLine)
	}
	for s := 0.0; s <= sh.span(); s += tickEvery(sh.span()) {
		x := l.timeX(sh, s)
		cv.line(x, t.y-6, x, t.y-3, 1, colLine)
		label := fmt.Sprintf("%g", s)
		cv.text(x-cv.width(regular, 10.5, label)/2, t.y-9, regular, 10.5, colDim, label)
	}
	x := l.timeX(sh, sh.Time)
	cv.line(x, t.y-7, x, t.y+t.h+5, 2, colText)
	cv.disc(x, t.y-7, 4.5, colText)
}

func tickEvery(span float64) float64 {
	for _, t := range []float64{1, 2, 5, 10, 20, 30, 60, 120} {
		if span/t <= 12 {
			return t
		}
	}
	return 300
}

func drawSide(cv *canvas, l layout, sh *Shown) (h hits) {
	x, w := l.side.x+margin, l.side.w-2*margin
	y := l.eye.y + l.eye.h + 20
	room := func(rows float64) bool { return y+rows*rowHeight < l.h-6 }
	heading := func(s string) {
		cv.text(x, y, medium, 11, colDim, strings.ToUpper(s))
		y += rowHeight - 2
	}
	if sh.Typing {
		cv.fill(rect{x - 4, y - 14, w + 8, 40}, 5, colRaised)
		about := "instruction, Enter asks, Esc leaves it"
		if strings.HasPrefix(sh.Text, ":") {
			about = "an order, Enter carries it out, Esc leaves it"
		}
		cv.text(x+2, y, regular, 11, colDim, about)
		text := sh.Text
		for cv.width(regular, 13, text+"|") > w-4 && len(text) > 0 {
			text = string([]rune(text)[1:])
		}
		cv.text(x+2, y+19, regular, 13, colText, text+"|")
		y += 46
	} else if a := sh.Ask; a != nil {
		for _, s := range cv.wrapped(medium, 13.5, w, 3, "“"+a.Instruction+"”") {
			cv.text(x, y, medium, 13.5, colText, s)
			y += 18
		}
		h.question = rect{x, l.eye.y + l.eye.h + 4, w, y - 14 - l.eye.y - l.eye.h}
		switch {
		case a.Waiting:
			cv.text(x, y, regular, 12.5, colWarn, "click in the picture; right-click too; Esc passes")
		case !a.Answered:
			cv.text(x, y, regular, 12.5, colAccent, "asking …")
		case a.Point == nil:
			cv.text(x, y, regular, 12.5, colBad, cv.clipped(regular, 12.5, w, "no point: "+a.Answer))
		case a.Hit:
			cv.text(x, y, regular, 12.5, colGood, cv.clipped(regular, 12.5, w, fmt.Sprintf("(%.3f, %.3f) hits %s", a.Point.X, a.Point.Y, a.Referent)))
		default:
			cv.text(x, y, regular, 12.5, colBad, cv.clipped(regular, 12.5, w, fmt.Sprintf("(%.3f, %.3f) misses %s", a.Point.X, a.Point.Y, a.Referent)))
		}
		y += rowHeight + 4
	} else {
		cv.text(x, y, regular, 13, colDim, "nothing was asked yet")
		y += rowHeight + 4
	}

	if len(sh.GoalList) > 0 {
		heading("task")
	}
	for i, g := range sh.GoalList {
		done := 0
		for _, s := range sh.StepList {
			if s.Goal == i+1 && s.Outcome == "success" && s.End >= 0 && s.End <= sh.Time+1e-9 {
				done++
				if s.Skill == "place" {
					done = 2
				}
			}
		}
		c := colDim
		if done > 0 {
			c = colAccent
		}
		if done >= 2 {
			c = colGood
		}
		cv.fill(rect{x, y - 10, 10, 10}, 5, alpha(c, 0.35))
		cv.fill(rect{x + 3, y - 7, 4, 4}, 2, c)
		cv.text(x+17, y, regular, 12.5, colText, cv.clipped(regular, 12.5, w-17, g))
		y += rowHeight
	}
	if sh.Moment.Phase != "" {
		cv.text(x+17, y, regular, 12, colDim, "robot: "+sh.Moment.Phase)
		y += rowHeight
	}
	if d := sh.DwellBar; d != nil {
		cv.fill(rect{x + 17, y - 9, w - 17, 8}, 4, colBack)
		if d.Share > 0 {
			cv.fill(rect{x + 17, y - 9, max((w-17)*d.Share, 8), 8}, 4, colGood)
		}
		y += 11
		why := "holds"
		if d.Why != "" {
			why = d.Why
		}
		cv.text(x+17, y+1, regular, 11.5, colDim, cv.clipped(regular, 11.5, w-17, why))
		y += rowHeight
	}
	for _, s := range sh.StepList {
		if s.Now && s.Reason != "" && s.Outcome != "success" && s.End >= 0 && s.End <= sh.Time+0.5 {
			for _, line := range cv.wrapped(regular, 12, w, 3, s.Cause+": "+s.Reason) {
				cv.text(x, y, regular, 12, colBad, line)
				y += 16
			}
		}
	}
	y += 6
	if n := len(sh.JointList); room(float64(n)/2 + 2) {
		heading("joints · " + hands(sh.HandsMM))
		first := column(sh.JointList)
		rows := float64(max(first, n-first))
		half, row := (w-14)/2, rowHeight+3.0
		for row > rowHeight-3 && y+rows*row+rowHeight+4+float64(len(sh.Things))*(rowHeight-1) > l.h-18 { // a humanoid has many
			row--
		}
		top := y
		for i, j := range sh.JointList {
			jx, k := x, i
			if i >= first {
				jx, k = x+half+14, i-first
			}
			y = top + float64(k)*row
			share := 0.0
			if j.Max > j.Min {
				share = min(max((j.Deg-j.Min)/(j.Max-j.Min), 0), 1)
			}
			v, vc := fmt.Sprintf("%.1f°", j.Deg), colText
			if j.Aside != 0 {
				v, vc = v+fmt.Sprintf(" (%+.0f)", j.Aside), colWarn
			}
			vw := cv.width(mono, 11, v)
			cv.text(jx, y, regular, 11, colDim, cv.clipped(regular, 11, half-vw-5, strings.TrimSuffix(j.Name, "_joint")))
			cv.text(jx+half-vw, y, mono, 11, vc, v)
			cv.fill(rect{jx, y + 3, half, 3}, 1.5, colBack)
			cv.disc(jx+half*share, y+4.5, 3.5, colAccent)
			h.joints = append(h.joints, rect{jx, y - 4, half, row - 1})
		}
		y = top + rows*row + 6
	}
	if room(3) {
		heading("objects")
		for _, o := range sh.Things {
			if !room(1.6) {
				break
			}
			c := colText
			h.rows = append(h.rows, rect{x - 4, y - 13, w + 8, rowHeight - 1})
			if o.Selected {
				cv.fill(rect{x - 4, y - 13, w + 8, rowHeight - 1}, 4, alpha(colAccent, 0.22))
			}
			if o.Asleep {
				c = colDim
			}
			if o.Meant {
				cv.disc(x-5.5, y-4, 2.5, colWarn)
			}
			cv.text(x, y, regular, 12, c, cv.clipped(regular, 12, w-122, o.Name))
			p := fmt.Sprintf("%5.2f %5.2f %5.2f", o.Pos[0]+0, o.Pos[1]+0, o.Pos[2]+0)
			cv.text(x+w-cv.width(mono, 11, p), y, mono, 11, colDim, p)
			y += rowHeight - 1
		}
	}
	st := fmt.Sprintf("%d contacts", sh.Stats.Contacts)
	if sh.Stats.PerSecond > 1 {
		st = fmt.Sprintf("%.0f ms a picture, %d/s · ", sh.Stats.FrameMS, sh.Stats.PerSecond) + st
	}
	if sh.Stats.RealTime > 0 {
		st = fmt.Sprintf("%.2f× real time · ", sh.Stats.RealTime) + st
	}
	cv.text(l.scene.x+margin, l.scene.y+20, regular, 12, alpha(colText, 0.85), st)
	return h
}

// column is how many joints stand in the first of two columns: half of them, or, of a robot with two arms, all before the left one's.
func column(joints []JointState) int {
	if i := slices.IndexFunc(joints, func(j JointState) bool { return strings.HasPrefix(j.Name, "left_") }); i > 0 {
		return i
	}
	return (len(joints) + 1) / 2
}

func drawNotice(cv *canvas, l layout, sh *Shown) {
	text, c := sh.Message, colText
	if sh.Failure != "" {
		text, c = sh.Failure, colBad
	}
	if text == "" {
		return
	}
	lines := cv.wrapped(regular, 13, l.scene.w-80, 3, text)
	w := 0.0
	for _, s := range lines {
		w = max(w, cv.width(regular, 13, s))
	}
	h := 14 + 18*float64(len(lines))
	r := rect{l.scene.x + l.scene.w - margin - w - 24, l.scene.y + margin, w + 24, h}
	cv.fill(r, 6, alpha(color.NRGBA{0x0c, 0x0e, 0x12, 0xff}, 0.82))
	for i, s := range lines {
		cv.text(r.x+12, r.y+20+18*float64(i), regular, 13, c, s)
	}
}

func drawHelp(cv *canvas, l layout) {
	cv.fill(rect{0, 0, l.w, l.h}, 0, alpha(color.NRGBA{0x06, 0x08, 0x0b, 0xff}, 0.55))
	rows := (len(orders) + 1) / 2
	h := 84 + float64(rows)*20
	r := rect{math.Round(l.w/2 - min(l.w-40, 1240)/2), math.Round(max(l.h/2-h/2, 10)), min(l.w-40, 1240), min(h, l.h-20)}
	cv.fill(r, 10, colPanel)
	cv.text(r.x+24, r.y+36, medium, 16, colText, "Keys and orders")
	cv.text(r.x+180, r.y+36, regular, 12.5, colDim, "Orders without a key are typed after a colon (:), as in --headless-script. ? or Esc closes.")
	col := (r.w - 48) / 2
	for i, o := range orders {
		x, y := r.x+24+float64(i/rows)*col, r.y+66+float64(i%rows)*20
		key := cmp.Or(o.Key, strings.TrimSpace(":"+o.Name+" "+o.Args))
		cv.text(x, y, mono, 11.5, colAccent, cv.clipped(mono, 11.5, 142, key))
		cv.text(x+148, y, medium, 12, colText, o.Name)
		cv.text(x+208, y, regular, 12, colDim, cv.clipped(regular, 12, col-216, o.About))
	}
}

// hands says how far the hands are open.
func hands(mm []float64) string {
	if len(mm) == 2 {
		return fmt.Sprintf("hands, right %.0f mm, left %.0f mm", mm[0], mm[1])
	}
	return fmt.Sprintf("hand %.0f mm", mm[0])
}
