package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A Port is an input or output of a graph.
type Port struct {
	Name string
	Type ElementType
	Dims []Dim
}

// A Dim is one dimension of a port: a number, or a name for what is only known at run time.
type Dim struct {
	Size int    // 0 if it has a name
	Name string // "batch"
}

func (p Port) String() string {
	dims := make([]string, len(p.Dims))
	for i, d := range p.Dims {
		dims[i] = d.Name
		if d.Name == "" {
			dims[i] = fmt.Sprint(d.Size)
		}
	}
	return fmt.Sprintf("%s %v [%s]", p.Name, p.Type, strings.Join(dims, ", "))
}

// ReadPorts reads the inputs and outputs of the graph in an .onnx file of size bytes, without its weights. It trusts nothing: what is no
// ONNX file gives an error.
func ReadPorts(r io.ReaderAt, size int64) (in, out []Port, err error) {
	const graphField, inputField, outputField = 7, 11, 12
	found := false
	err = fields(r, 0, size, func(f field) error {
		if f.number != graphField || f.kind != lengthKind {
			return nil
		}
		found = true
		return fields(r, f.start, f.end, func(f field) error {
			if f.kind != lengthKind || f.number != inputField && f.number != outputField {
				return nil
			}
			p, err := readPort(r, f)
			if err != nil {
				return err
			}
			if f.number == inputField {
				in = append(in, p)
			} else {
				out = append(out, p)
			}
			return nil
		})
	})
	if err == nil && !found {
		err = errors.New("no graph in it")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("onnx: not an ONNX file: %w", err)
	}
	return in, out, nil
}

func readPort(r io.ReaderAt, f field) (Port, error) {
	const nameField, typeField, tensorField, elemField, shapeField, dimField, valueField, paramField = 1, 2, 1, 1, 2, 1, 1, 2
	var p Port
	err := fields(r, f.start, f.end, func(f field) error {
		switch {
		case f.number == nameField && f.kind == lengthKind:
			var err error
			p.Name, err = f.text(r)
			return err
		case f.number != typeField || f.kind != lengthKind:
			return nil
		}
		return fields(r, f.start, f.end, func(f field) error {
			if f.number != tensorField || f.kind != lengthKind {
				return nil
			}
			return fields(r, f.start, f.end, func(f field) error {
				switch {
				case f.number == elemField && f.kind == varintKind:
					p.Type = ElementType(f.value)
				case f.number == shapeField && f.kind == lengthKind:
					return fields(r, f.start, f.end, func(f field) error {
						if f.number != dimField || f.kind != lengthKind {
							return nil
						}
						var d Dim
						err := fields(r, f.start, f.end, func(f field) (err error) {
							switch {
							case f.number == valueField && f.kind == varintKind:
								d.Size = int(f.value)
							case f.number == paramField && f.kind == lengthKind:
								d.Name, err = f.text(r)
							}
							return err
						})
						if len(p.Dims) == 64 {
							return errors.New("more than 64 dimensions")
						}
						p.Dims = append(p.Dims, d)
						return err
					})
				}
				return nil
			})
		})
	})
	return p, err
}

// Kinds of fields in the protocol buffers' wire format.
const (
	varintKind = 0
	fixed64    = 1
	lengthKind = 2
	fixed32    = 5
)

// A field is one field of a message: its value, or where its bytes lie.
type field struct {
	number     int
	kind       int
	value      uint64
	start, end int64
}

func (f field) text(r io.ReaderAt) (string, error) {
	const longest = 1 << 10
	if f.end-f.start > longest {
		return "", fmt.Errorf("a name of %d bytes", f.end-f.start)
	}
	b := make([]byte, f.end-f.start)
	if _, err := r.ReadAt(b, f.start); err != nil {
		return "", err
	}
	return string(b), nil
}

// fields calls visit for each field of the message in bytes start to end, in order, and skips their contents.
func fields(r io.ReaderAt, start, end int64, visit func(field) error) error {
	var buf [20]byte
	for at := start; at < end; {
		n, err := r.ReadAt(buf[:min(int64(len(buf)), end-at)], at)
		if n == 0 {
			return fmt.Errorf("byte %d: %w", at, err)
		}
		tag, k := binary.Uvarint(buf[:n])
		if k <= 0 || tag>>3 == 0 || tag>>3 > 1<<29 {
			return fmt.Errorf("byte %d: no field begins there", at)
		}
		f := field{number: int(tag >> 3), kind: int(tag & 7)}
		f.start = at + int64(k)
		switch f.kind {
		case varintKind:
			v, j := binary.Uvarint(buf[k:n])
			if j <= 0 {
				return fmt.Errorf("byte %d: a number without an end", f.start)
			}
			f.value, f.end = v, f.start+int64(j)
		case fixed64:
			f.end = f.start + 8
		case fixed32:
			f.end = f.start + 4
		case lengthKind:
			v, j := binary.Uvarint(buf[k:n])
			if j <= 0 || v > uint64(end-f.start) {
				return fmt.Errorf("byte %d: %d bytes of %d that are left (the file is cut short?)", f.start, v, end-f.start)
			}
			f.start += int64(j)
			f.end = f.start + int64(v)
		default:
			return fmt.Errorf("byte %d: a field of kind %d", at, f.kind)
		}
		if f.end > end {
			return fmt.Errorf("byte %d: a field that ends after its message (the file is cut short?)", at)
		}
		if err := visit(f); err != nil {
			return err
		}
		at = f.end
	}
	return nil
}
