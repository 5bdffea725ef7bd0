package mjcf

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// An element is an element of MJCF, which has no text.
type element struct {
	name     string
	attrs    []xml.Attr
	children []*element
}

// newElement is an element with attributes, given as names and values.
func newElement(name string, attrs ...string) *element {
	e := &element{name: name}
	for i := 0; i+1 < len(attrs); i += 2 {
		e.set(attrs[i], attrs[i+1])
	}
	return e
}

// parse reads a document.
func parse(text string) (*element, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	var open []*element
	for {
		token, err := d.Token()
		if err == io.EOF {
			return nil, errors.New("XML without an element")
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			e := &element{name: t.Name.Local, attrs: slices.Clone(t.Attr)}
			if n := len(open); n > 0 {
				open[n-1].children = append(open[n-1].children, e)
			}
			open = append(open, e)
		case xml.EndElement:
			n := len(open)
			if n == 1 {
				return open[0], nil
			}
			open = open[:n-1]
		}
	}
}

// print writes the element with an indentation of two spaces a level.
func (e *element) print(to *bytes.Buffer, depth int) {
	indent := strings.Repeat("  ", depth)
	fmt.Fprintf(to, "%s<%s", indent, e.name)
	for _, a := range e.attrs {
		fmt.Fprintf(to, " %s=\"", a.Name.Local)
		xml.EscapeText(to, []byte(a.Value)) // a Buffer takes everything
		to.WriteByte('"')
	}
	if len(e.children) == 0 {
		to.WriteString("/>\n")
		return
	}
	to.WriteString(">\n")
	for _, c := range e.children {
		c.print(to, depth+1)
	}
	fmt.Fprintf(to, "%s</%s>\n", indent, e.name)
}

// each visits e and all below it that have the name.
func (e *element) each(name string, visit func(*element)) {
	if e.name == name {
		visit(e)
	}
	for _, c := range e.children {
		c.each(name, visit)
	}
}

// section is the first child of that name, added if there is none.
func (e *element) section(name string) *element {
	for _, c := range e.children {
		if c.name == name {
			return c
		}
	}
	c := newElement(name)
	e.children = append(e.children, c)
	return c
}

func (e *element) get(name string) string {
	for _, a := range e.attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (e *element) set(name, value string) {
	for i := range e.attrs {
		if e.attrs[i].Name.Local == name {
			e.attrs[i].Value = value
			return
		}
	}
	e.attrs = append(e.attrs, xml.Attr{Name: xml.Name{Local: name}, Value: value})
}

func (e *element) remove(names ...string) {
	e.attrs = slices.DeleteFunc(e.attrs, func(a xml.Attr) bool { return slices.Contains(names, a.Name.Local) })
}

// numbers is how MJCF writes a vector.
func numbers[F ~float32 | ~float64](x ...F) string {
	words := make([]string, len(x))
	for i, v := range x {
		words[i] = strconv.FormatFloat(float64(v), 'g', 9, 64)
	}
	return strings.Join(words, " ")
}
