package relate

import "math"

// Orders: which of two things comes first. Yes from the margin on, No from the margin in the other direction on. Margins are what one sees
// at a glance in a picture of 640 px, not what can be measured.

// Closer says whether a is closer to thing c than b is: relations close and far. Frame: world. Both the distance between middles and the gap
// between surfaces (of the outlines, seen from above) must differ by 2.5 cm and a seventh of the larger.
func (w *World) Closer(a, b, c int) Truth {
	mid := func(t int) float64 { return w.Solids[t].Middle().Sub(w.Solids[c].Middle()).Len() }
	return agree(more(mid(b), mid(a), 0.025, 1.0/7), more(w.gaps[b][c], w.gaps[a][c], 0.025, 1.0/7))
}

// HigherInImage says whether a is higher in the picture than b: relations above and below (image). Frame: image. The middles of their boxes,
// and their lower edges, must be 3 % of the picture's height apart.
func (w *World) HigherInImage(a, b int) Truth {
	s, t := &w.Solids[a], &w.Solids[b]
	margin := 0.03 * float64(w.Camera.Height)
	return agree(more(t.imageCentre()[1], s.imageCentre()[1], margin, 0), more(t.ImageMax[1], s.ImageMax[1], margin, 0))
}

// Nearer says whether a is nearer to the viewer than b: relation depth. Frame: viewer. Both the distance from the camera to the middle and
// the distance along the ground to the nearest point of the outline must differ by 3 cm.
func (w *World) Nearer(a, b int) Truth {
	eye := w.Camera.TWorldCam.Pos
	line := func(t int) float64 { return w.Solids[t].Middle().Sub(eye).Len() }
	ground := func(t int) float64 { lo, _ := w.Solids[t].Outline.Span(w.away); return lo }
	return agree(more(line(b), line(a), 0.03, 0), more(ground(b), ground(a), 0.03, 0))
}

// Lefter says whether a is further left than b: relations left and right as an order. Frame: viewer. Both the middles of the boxes in the
// picture must be 2 % of its width apart and the middles on the ground 2 cm.
func (w *World) Lefter(a, b int) Truth {
	s, t := &w.Solids[a], &w.Solids[b]
	return agree(more(t.imageCentre()[0], s.imageCentre()[0], 0.02*float64(w.Camera.Width), 0), more(t.Centre.Dot(w.right), s.Centre.Dot(w.right), 0.02, 0))
}

// Taller says whether a is taller than b: relations tall and short. Frame: gravity. Height is from the lowest to the highest point as it
// stands or lies, whatever it stands on; it must differ by 1 cm and 15 % of the larger.
func (w *World) Taller(a, b int) Truth {
	s, t := &w.Solids[a], &w.Solids[b]
	return more(s.Hi-s.Lo, t.Hi-t.Lo, 0.01, 0.15)
}

// Bigger says whether a is bigger than b: relations big and small. Frame: object. Both the volume of the box around it, in its own axes, must
// differ by 30 % of the larger, and the longest side by 5 %.
func (w *World) Bigger(a, b int) Truth {
	e, f := w.Solids[a].Extent, w.Solids[b].Extent
	return agree(more(e[0]*e[1]*e[2], f[0]*f[1]*f[2], 0, 0.30), more(max(e[0], e[1], e[2]), max(f[0], f[1], f[2]), 0, 0.05))
}

// Wider says whether a is wider than b: relations wide and thin. Frames: viewer and object. Both the width that the viewer sees, across the
// line of sight, and the largest extent along the ground must differ by 1 cm and 15 % of the larger.
func (w *World) Wider(a, b int) Truth {
	across := func(t int) float64 {
		s := &w.Solids[t]
		sight := s.Centre.Sub(w.eye).Normalize()
		lo, hi := s.Outline.Span(Vec2{sight[1], -sight[0]})
		return hi - lo
	}
	return agree(more(across(a), across(b), 0.01, 0.15), more(w.Solids[a].Diagonal, w.Solids[b].Diagonal, 0.01, 0.15))
}

// toEdge is how far the outline and the middle of thing t are from the table's edge [m]; negative beyond it.
func (w *World) toEdge(t int, side Way) (surface, middle float64, ok bool) {
	at, out, ok := w.edge(side)
	if !ok {
		return 0, 0, false
	}
	s := &w.Solids[t]
	_, hi := s.Outline.Span(out)
	return at.Dot(out) - hi, at.Dot(out) - s.Centre.Dot(out), true
}

// NearerEdge says whether a is nearer to an edge of the table than b: relation edge as an order. Frame: viewer, which names the edges. Both
// the distance of the outline and of the middle must differ by 2.5 cm. Unclear without an edge that can be named (see TableEdge).
func (w *World) NearerEdge(a, b int, side Way) Truth {
	as, am, ok := w.toEdge(a, side)
	bs, bm, _ := w.toEdge(b, side)
	if !ok {
		return Unclear
	}
	return agree(more(bs, as, 0.025, 0), more(bm, am, 0.025, 0))
}

// NearerCorner says whether a is nearer to a corner of the table than b: relation corner as an order. Frame: viewer. The distances of the
// outlines and of the middles must differ by 3 cm and a tenth of the larger. Unclear without a corner that can be named.
func (w *World) NearerCorner(a, b int, corner Way) Truth {
	c, ok := w.TableCorner(corner)
	if !ok {
		return Unclear
	}
	at := Vec2{c[0], c[1]}
	middle := func(t int) float64 { return w.Solids[t].Centre.Sub(at).Len() }
	surface := func(t int) float64 { return w.Solids[t].Outline.Distance(at) }
	return agree(more(middle(b), middle(a), 0.03, 0.1), more(surface(b), surface(a), 0.03, 0.1))
}

// AtEdge says whether a thing is at an edge of the table: relation edge. Its outline is within 5 cm of it for Yes, 10 cm or more away for No.
func (w *World) AtEdge(t int, side Way) Truth {
	surface, _, ok := w.toEdge(t, side)
	if !ok {
		return Unclear
	}
	return grade(surface, 0.05, 0.10)
}

// AtCorner says whether a thing is at a corner of the table: relation corner. Its outline is within 10 cm of the corner for Yes, 20 cm or
// more away for No.
func (w *World) AtCorner(t int, corner Way) Truth {
	c, ok := w.TableCorner(corner)
	if !ok {
		return Unclear
	}
	return grade(w.Solids[t].Outline.Distance(Vec2{c[0], c[1]}), 0.10, 0.20)
}

// Within says whether a is no more than d [m] from b: relation distance. Frame: world, seen from above. Yes if even the middles are 2 cm less
// apart, No if even the surfaces are 2 cm more apart.
func (w *World) Within(a, b int, d float64) Truth {
	if w.Solids[a].Centre.Sub(w.Solids[b].Centre).Len() <= d-0.02 {
		return Yes
	}
	return grade(w.gaps[a][b], math.Inf(-1), d+0.02)
}

// WellAway says whether a is far from b: relation far from. Frame: world, seen from above. The gap between the outlines is 25 cm or more for
// Yes, 15 cm or less for No.
func (w *World) WellAway(a, b int) Truth { return grade(w.gaps[a][b], 0.25, 0.15) }
