package shape

import (
	"math"
	"slices"
)

// Lathe turns a profile, a polyline of (radius, z) [m], about the z axis into a solid with the given number of segments around it.
//
// If the profile's last point is its first, the solid is a ring. Otherwise its ends are closed: one that lies off the axis gets a
// flat disc. The profile may run either way; normals point out of the solid. Corners of the profile under 35° are smooth.
// Texture: u runs once around, to the right seen from outside; v falls from 1 at the profile's start to 0 at its end.
//
// It panics if there are fewer than 3 segments, a radius is negative, or the profile encloses nothing.
func Lathe(profile [][2]float64, segments int) *Mesh {
	check(segments >= 3, "lathe with %d segments (want 3 or more)", segments)
	for i, p := range profile {
		check(p[0] >= 0 && !math.IsInf(p[0], 0) && !math.IsNaN(p[1]) && !math.IsInf(p[1], 0), "lathe profile point %d is %v (want radius ≥ 0, z)", i, p)
	}
	profile = slices.CompactFunc(slices.Clone(profile), func(a, b [2]float64) bool { return a == b })
	check(len(profile) >= 2, "lathe profile has %d different points (want 2 or more)", len(profile))
	ring := profile[0] == profile[len(profile)-1]
	if !ring {
		if first := profile[0]; first[0] > 0 {
			profile = slices.Insert(profile, 0, [2]float64{0, first[1]})
		}
		if last := profile[len(profile)-1]; last[0] > 0 {
			profile = append(profile, [2]float64{0, last[1]})
		}
	}

	// The profile is walked so that the solid is on its left: the signed area in the (radius, z) plane says whether it is already.
	var area float64
	for i, p := range profile {
		q := profile[(i+1)%len(profile)]
		area += p[0]*q[1] - q[0]*p[1]
	}
	check(area != 0, "lathe profile of %d points encloses nothing", len(profile))
	n := len(profile)
	v := make([]float64, n)
	for i := 1; i < n; i++ {
		v[i] = v[i-1] + math.Hypot(profile[i][0]-profile[i-1][0], profile[i][1]-profile[i-1][1])
	}
	for i := range v {
		v[i] = 1 - v[i]/v[n-1]
	}
	v[n-1] = 0
	if area < 0 {
		slices.Reverse(profile)
		slices.Reverse(v)
	}

	// Normals in the profile's plane at both ends of each piece: to the right of the walk, averaged across soft corners by length,
	// so that a long straight wall stays straight beside a small rounding.
	normal := make([][2]float64, n-1)
	length := make([]float64, n-1)
	for i := range normal {
		dr, dz := profile[i+1][0]-profile[i][0], profile[i+1][1]-profile[i][1]
		length[i] = math.Hypot(dr, dz)
		normal[i] = [2]float64{dz / length[i], -dr / length[i]}
	}
	soften := func(i, j int) [2]float64 { // the normal of piece i where it meets piece j
		a, b := normal[i], normal[j]
		if a[0]*b[0]+a[1]*b[1] < creaseCos {
			return a
		}
		r, z := a[0]*length[i]+b[0]*length[j], a[1]*length[i]+b[1]*length[j]
		l := math.Hypot(r, z)
		return [2]float64{r / l, z / l}
	}

	b := &builder{name: "lathe"}
	rings := make([][]int, n) // points of each profile point, one for each segment
	cosA, sinA := circle(segments)
	for i, p := range profile {
		switch {
		case ring && i == n-1:
			rings[i] = rings[0]
			continue
		case p[0] == 0:
			rings[i] = slices.Repeat([]int{b.point(vec3{0, 0, p[1]})}, segments)
			continue
		}
		for s := range segments {
			rings[i] = append(rings[i], b.point(vec3{p[0] * cosA[s], p[0] * sinA[s], p[1]}))
		}
	}
	for i := range n - 1 {
		lo, hi := normal[i], normal[i]
		switch {
		case i > 0:
			lo = soften(i, i-1)
		case ring:
			lo = soften(i, n-2)
		}
		switch {
		case i < n-2:
			hi = soften(i, i+1)
		case ring:
			hi = soften(i, 0)
		}
		at := func(k, s int, nrm [2]float64) corner {
			c, sn := cosA[s%segments], sinA[s%segments]
			u := float64(s) / float64(segments)
			if profile[k][0] == 0 { // the pole: it looks along z if the surface is nearly flat there
				if math.Abs(nrm[1]) >= creaseCos {
					nrm = [2]float64{0, math.Copysign(1, nrm[1])}
				}
			}
			return corner{rings[k][s%segments], vec3{nrm[0] * c, nrm[0] * sn, nrm[1]}, [2]float64{u, v[k]}}
		}
		for s := range segments {
			b.quad(at(i, s, lo), at(i, s+1, lo), at(i+1, s+1, hi), at(i+1, s, hi))
		}
	}
	return b.mesh()
}

// circle is the cosine and sine of n equal steps around, with exact mirror symmetry wherever n allows it.
func circle(n int) (cosA, sinA []float64) {
	cosA, sinA = make([]float64, n), make([]float64, n)
	for s := range n {
		a := 2 * math.Pi * float64(s) / float64(n)
		cosA[s], sinA[s] = sin(a+math.Pi/2), sin(a)
	}
	return cosA, sinA
}

// Cylinder stands along z, centred at the origin; its two rims are rounded with the radius bevel [m] (0: sharp). It panics as Lathe
// does, and if the bevel does not fit.
func Cylinder(radius, height, bevel float64, segments int) *Mesh {
	check(radius > 0 && height > 0, "cylinder of radius %g m and height %g m (want positive)", radius, height)
	check(bevel >= 0 && bevel <= radius && bevel <= height/2, "cylinder of radius %g m and height %g m with a bevel of %g m", radius, height, bevel)
	profile := [][2]float64{{0, -height / 2}}
	profile = append(profile, arc(radius-bevel, -height/2+bevel, bevel, -math.Pi/2, 0, bevelSteps)...)
	profile = append(profile, arc(radius-bevel, height/2-bevel, bevel, 0, math.Pi/2, bevelSteps)...)
	m := Lathe(append(profile, [2]float64{0, height / 2}), segments)
	m.Name = "cylinder"
	return m
}

// Capsule is a cylinder along z whose straight part has the given length, with half spheres at its ends, centred at the origin.
// It panics as Lathe does.
func Capsule(radius, length float64, segments int) *Mesh {
	check(radius > 0 && length >= 0, "capsule of radius %g m and length %g m (want positive)", radius, length)
	steps := max(segments/4, 2)
	profile := arc(0, -length/2, radius, -math.Pi/2, 0, steps)
	profile = append(profile, arc(0, length/2, radius, 0, math.Pi/2, steps)...)
	m := Lathe(profile, segments)
	m.Name = "capsule"
	return m
}

// Arc is the part of a circle about (r, z) of the given radius from one angle to another [rad; 0 points away from the axis, π/2 up],
// as steps+1 profile points for Lathe.
func Arc(r, z, radius, from, to float64, steps int) [][2]float64 {
	return arc(r, z, radius, from, to, steps)
}

func arc(r, z, radius, from, to float64, steps int) [][2]float64 {
	if radius == 0 {
		return [][2]float64{{r, z}}
	}
	points := make([][2]float64, 0, steps+1)
	for i := range steps + 1 {
		a := from + (to-from)*float64(i)/float64(steps)
		points = append(points, [2]float64{max(0, r+radius*sin(a+math.Pi/2)), z + radius*sin(a)})
	}
	return points
}

// Ellipsoid has the given radii [m] along x, y and z and is centred at the origin; segments around, half as many from pole to pole.
// It panics if a radius is not positive or there are fewer than 3 segments.
func Ellipsoid(radii [3]float64, segments int) *Mesh {
	check(min(radii[0], radii[1], radii[2]) > 0, "ellipsoid of radii %v m (want positive)", radii)
	check(segments >= 3, "ellipsoid with %d segments (want 3 or more)", segments)
	b := &builder{name: "ellipsoid"}
	rows := max(segments/2, 2)
	cosA, sinA := circle(segments)
	node := func(row, s int) corner {
		lat := math.Pi * (float64(row)/float64(rows) - 0.5)
		c, z := sin(lat+math.Pi/2), sin(lat)
		if row == 0 || row == rows {
			c = 0
		}
		dir := vec3{c * cosA[s%segments], c * sinA[s%segments], z}
		n := unit(vec3{dir[0] / radii[0], dir[1] / radii[1], dir[2] / radii[2]})
		return corner{(row-1)*segments + s%segments + 1, n, [2]float64{float64(s) / float64(segments), 1 - float64(row)/float64(rows)}}
	}
	b.point(vec3{0, 0, -radii[2]})
	for row := 1; row < rows; row++ {
		for s := range segments {
			lat := math.Pi * (float64(row)/float64(rows) - 0.5)
			c := sin(lat + math.Pi/2)
			b.point(vec3{radii[0] * c * cosA[s], radii[1] * c * sinA[s], radii[2] * sin(lat)})
		}
	}
	top := b.point(vec3{0, 0, radii[2]})
	for row := range rows {
		for s := range segments {
			p, q, r, t := node(row, s), node(row, s+1), node(row+1, s+1), node(row+1, s)
			if row == 0 {
				p.point, q.point = 0, 0
			}
			if row == rows-1 {
				r.point, t.point = top, top
			}
			b.quad(p, q, r, t)
		}
	}
	return b.mesh()
}
