package scenes

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/goccy/go-yaml"
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
		return errors.New(strings.Join(strings.Fields(yaml.FormatError(err, false, false)), " "))
	}
	return nil
}
