package objectfile

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// parseOBJ reads Wavefront OBJ: vertices, texture coordinates and faces with any number of corners, which are cut into fans. Normals,
// groups, materials and smoothing are ignored; normals are computed anew. An error names the line.
func parseOBJ(data []byte) (*model, error) {
	m := &model{}
	var coords [][2]float64
	one := piece{}
	textured := true
	lines := 0
	for line := range bytes.Lines(data) {
		lines++
		fail := func(format string, args ...any) (*model, error) {
			return nil, fmt.Errorf("line %d: %s", lines, fmt.Sprintf(format, args...))
		}
		text, _, _ := strings.Cut(string(line), "#")
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		switch words[0] {
		case "v":
			var p [3]float64
			if err := numbers(words[1:], p[:]); err != nil {
				return fail("vertex: %v", err)
			}
			m.points = append(m.points, p)
		case "vt":
			var uv [2]float64
			if err := numbers(words[1:min(len(words), 3)], uv[:]); err != nil {
				return fail("texture coordinate: %v", err)
			}
			coords = append(coords, [2]float64{uv[0], 1 - uv[1]}) // OBJ's v points up
		case "f":
			if len(words) < 4 {
				return fail("a face of %d corners (want 3 or more)", len(words)-1)
			}
			var corners []int
			var uvs [][2]float64
			for _, w := range words[1:] {
				fields := strings.Split(w, "/")
				v, err := reference(fields[0], len(m.points))
				if err != nil {
					return fail("vertex of a face: %v", err)
				}
				corners = append(corners, v)
				if len(fields) > 1 && fields[1] != "" {
					t, err := reference(fields[1], len(coords))
					if err != nil {
						return fail("texture coordinate of a face: %v", err)
					}
					uvs = append(uvs, coords[t])
				}
			}
			textured = textured && len(uvs) == len(corners)
			for k := 2; k < len(corners); k++ {
				one.faces = append(one.faces, [3]int{corners[0], corners[k-1], corners[k]})
				if textured {
					one.uvs = append(one.uvs, [3][2]float64{uvs[0], uvs[k-1], uvs[k]})
				}
			}
			if len(one.faces) > maxFaces {
				return fail("more than %d triangles: simplify the mesh", maxFaces)
			}
		case "vn", "vp", "o", "g", "s", "usemtl", "mtllib", "l", "p":
		default:
			return fail("unknown word %q (want v, vt, vn, f, o, g, s, usemtl or mtllib)", words[0])
		}
	}
	if !textured {
		one.uvs = nil
	}
	m.pieces = []piece{one}
	return m, nil
}

// numbers reads the first len(out) words as finite numbers; words after them (colours, weights) are ignored.
func numbers(words []string, out []float64) error {
	if len(words) < len(out) {
		return fmt.Errorf("%d numbers (want %d)", len(words), len(out))
	}
	for i := range out {
		x, err := strconv.ParseFloat(words[i], 64)
		if err != nil || x != x || x > 1e9 || x < -1e9 {
			return fmt.Errorf("%q is not a number", words[i])
		}
		out[i] = x
	}
	return nil
}

// reference is the index, from 0, that an OBJ reference means: 1 is the first of the n so far, -1 the last.
func reference(word string, n int) (int, error) {
	i, err := strconv.Atoi(word)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is not an index", word)
	case i > 0 && i <= n:
		return i - 1, nil
	case i < 0 && i >= -n:
		return n + i, nil
	}
	return 0, fmt.Errorf("index %d (have %d so far)", i, n)
}
