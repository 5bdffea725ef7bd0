package onnx

import (
	"bytes"
	"strings"
	"testing"
)

// field writes one length-delimited field of the wire format.
func lengthField(number byte, body ...byte) []byte {
	return append([]byte{number<<3 | 2, byte(len(body))}, body...)
}

// tinyGraph is a ModelProto with an input "x" float32 ["n", 3] and an output "y" int64 [4].
func tinyGraph() []byte {
	dim := func(body []byte) []byte { return lengthField(1, body...) }
	port := func(name string, elem byte, dims ...[]byte) []byte {
		shape := lengthField(2, bytes.Join(dims, nil)...)
		tensor := lengthField(1, append([]byte{1 << 3, elem}, shape...)...)
		return append(lengthField(1, []byte(name)...), lengthField(2, tensor...)...)
	}
	x := port("x", 1, dim(lengthField(2, 'n')), dim([]byte{1 << 3, 3}))
	y := port("y", 7, dim([]byte{1 << 3, 4}))
	graph := append(lengthField(11, x...), lengthField(12, y...)...)
	return append([]byte{1 << 3, 10}, lengthField(7, graph...)...)
}

func TestReadPorts(t *testing.T) {
	b := tinyGraph()
	in, out, err := ReadPorts(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if len(in) != 1 || in[0].String() != "x float32 [n, 3]" || len(out) != 1 || out[0].String() != "y int64 [4]" {
		t.Errorf("ReadPorts() = %v, %v", in, out)
	}
	for n := range len(b) {
		if _, _, err := ReadPorts(bytes.NewReader(b[:n]), int64(n)); n > 2 && err == nil {
			t.Errorf("the first %d bytes are taken for a graph", n)
		}
	}
	if _, _, err := ReadPorts(strings.NewReader("hello"), 5); err == nil || !strings.Contains(err.Error(), "not an ONNX file") {
		t.Errorf("error %v", err)
	}
}

func FuzzReadPorts(f *testing.F) {
	f.Add(tinyGraph())
	f.Fuzz(func(t *testing.T, b []byte) {
		in, out, err := ReadPorts(bytes.NewReader(b), int64(len(b)))
		if err != nil && len(in)+len(out) > 0 {
			t.Errorf("an error and ports")
		}
	})
}
