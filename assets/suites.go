package assets

import "embed"

// Suites holds the suite files that come with the program, as suites/NAME.yaml.
//
//go:embed suites/*.yaml
var Suites embed.FS
