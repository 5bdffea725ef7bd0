package objectfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
)

// parseSTL reads STL, binary or ASCII. A file whose length is that of a binary file with the number of triangles it states is binary,
// whatever it begins with.
func parseSTL(data []byte) (*model, error) {
	const header, record = 84, 50
	if len(data) >= header {
		n := int64(binary.LittleEndian.Uint32(data[80:]))
		if int64(len(data)) == header+record*n {
			return binarySTL(data[header:], int(n))
		}
		if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("solid")) {
			return nil, fmt.Errorf("%d bytes for the %d triangles of a binary STL file (want %d bytes)", len(data), n, header+record*n)
		}
	}
	return textSTL(data)
}

func binarySTL(data []byte, n int) (*model, error) {
	if n > maxFaces {
		return nil, fmt.Errorf("%d triangles (want at most %d): simplify the mesh", n, maxFaces)
	}
	m := &model{pieces: make([]piece, 1)}
	for i := range n {
		record := data[50*i:]
		var face [3]int
		for k := range 3 {
			var p [3]float64
			for j := range p {
				p[j] = float64(math.Float32frombits(binary.LittleEndian.Uint32(record[12+12*k+4*j:])))
			}
			face[k] = len(m.points)
			m.points = append(m.points, p)
		}
		m.pieces[0].faces = append(m.pieces[0].faces, face)
	}
	return m, nil
}

// textSTL reads "solid … facet … vertex x y z (three times) … endfacet … endsolid".
func textSTL(data []byte) (*model, error) {
	m := &model{pieces: make([]piece, 1)}
	lines, ended := 0, false
	var face []int
	for line := range bytes.Lines(data) {
		lines++
		fail := func(format string, args ...any) (*model, error) {
			return nil, fmt.Errorf("line %d: %s", lines, fmt.Sprintf(format, args...))
		}
		words := strings.Fields(string(line))
		if len(words) == 0 {
			continue
		}
		if lines == 1 && words[0] != "solid" {
			return fail("%.20q (want the word solid, or a binary STL file)", words[0])
		}
		switch words[0] {
		case "vertex":
			var p [3]float64
			if err := numbers(words[1:], p[:]); err != nil {
				return fail("vertex: %v", err)
			}
			face = append(face, len(m.points))
			m.points = append(m.points, p)
		case "facet":
			face = face[:0]
		case "endfacet":
			if len(face) != 3 {
				return fail("a facet of %d vertices (want 3)", len(face))
			}
			m.pieces[0].faces = append(m.pieces[0].faces, [3]int(face))
			if len(m.pieces[0].faces) > maxFaces {
				return fail("more than %d triangles: simplify the mesh", maxFaces)
			}
		case "endsolid":
			ended = true
		case "solid", "outer", "endloop":
		default:
			return fail("unknown word %.20q (want solid, facet, outer loop, vertex, endloop, endfacet or endsolid)", words[0])
		}
	}
	if !ended {
		return nil, errors.New("the file ends before endsolid")
	}
	return m, nil
}
