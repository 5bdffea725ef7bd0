package scenes

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// DecodeYAML reads a file of this project's strictly: an unknown key is an error. It is one line and names the line and column of the file, as
// "[3:5] unknown field", wherever the library knows it.
func DecodeYAML(text []byte, into any) (err error) {
	// go-yaml 1.19.2 panics on some malformed documents, such as a tag where a list should be.
	defer func() {
		if recover() != nil {
			err = errors.New("not a YAML file that can be read (want no tag without its value)")
		}
	}()
	switch err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(into); {
	case errors.Is(err, io.EOF):
		return errors.New("the file is empty")
	case err != nil:
		message := strings.Join(strings.Fields(yaml.FormatError(err, false, false)), " ")
		var unknown *yaml.UnknownFieldError
		if tree, e := parser.ParseBytes(text, 0); e == nil && len(tree.Docs) > 0 && errors.As(err, &unknown) {
			if keys := keysAt(tree.Docs[0].Body, reflect.TypeOf(into), unknown.Token.Position.Offset); keys != nil {
				message += fmt.Sprintf(" (have %s)", strings.Join(keys, ", "))
			}
		}
		return errors.New(message)
	}
	return nil
}

// keysAt are the keys that the mapping can have that has a key at an offset of the file; nil if it is not found. t is what node is decoded into.
func keysAt(node ast.Node, t reflect.Type, offset int) []string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch n := node.(type) {
	case *ast.SequenceNode:
		if t.Kind() != reflect.Slice {
			return nil
		}
		for _, v := range n.Values {
			if keys := keysAt(v, t.Elem(), offset); keys != nil {
				return keys
			}
		}
	case *ast.MappingNode:
		if t.Kind() != reflect.Struct {
			return nil
		}
		var keys []string
		types := map[string]reflect.Type{}
		for i := range t.NumField() {
			if key, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ","); key != "" && key != "-" {
				keys, types[key] = append(keys, key), t.Field(i).Type
			}
		}
		for _, v := range n.Values {
			if v.Key.GetToken().Position.Offset == offset {
				return keys
			}
			if of := types[v.Key.GetToken().Value]; of != nil {
				if keys := keysAt(v.Value, of, offset); keys != nil {
					return keys
				}
			}
		}
	}
	return nil
}

// At says of an error which field of a YAML file it is about, as a path: "goals[1].move". Errors of fields within fields nest, with other
// wrapping in between or not; one that begins with "$." is of the whole file. Locate finds the place. nil stays nil, and the message stays what it is.
func At(field string, err error) error {
	if err == nil {
		return nil
	}
	return &fieldError{field, err}
}

type fieldError struct {
	field string
	err   error
}

func (e *fieldError) Error() string { return e.err.Error() }
func (e *fieldError) Unwrap() error { return e.err }

// Locate puts the line and column of the field that At has named in front of an error's message, as DecodeYAML does: "[3:5] …". What is missing
// is at the place of what it would be in. text is the file's, which has been decoded before.
func Locate(text []byte, err error) error {
	if err == nil {
		return nil
	}
	var path []string
	for e := err; e != nil; e = errors.Unwrap(e) {
		if f, ok := e.(*fieldError); ok {
			field, whole := strings.CutPrefix(f.field, "$.")
			if whole {
				path = nil
			}
			path = append(path, field)
		}
	}
	line, column := Position(text, strings.Join(path, "."))
	return fmt.Errorf("[%d:%d] %w", line, column, err)
}

// Position is the line and column of a field of a YAML file, or of what it would be in: "parts[1].mesh", then "parts[1]", then "parts", then
// the first line.
func Position(text []byte, field string) (line, column int) {
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		return 1, 1
	}
	for field != "" {
		if p, err := yaml.PathString("$." + field); err == nil {
			if node, err := p.FilterFile(tree); err == nil && node != nil && node.GetToken() != nil {
				at := node.GetToken().Position
				return at.Line, at.Column
			}
		}
		field = field[:max(strings.LastIndexAny(field, ".["), 0)]
	}
	return 1, 1
}
