package assets

import (
	"embed"
	"io/fs"
)

//go:embed referee/roborefer.json referee/tokenizer.json referee/*.onnx
var refereeFiles embed.FS

// Referee is the model that is built in: the graphs of a tiny RoboRefer, its roborefer.json and its tokenizer. referee/README.md in this package is its card.
func Referee() fs.FS {
	f, err := fs.Sub(refereeFiles, "referee")
	if err != nil {
		panic(err) // only for a path that is none
	}
	return f
}
