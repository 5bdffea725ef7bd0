module example.org/suite

go 1.26.0

require github.com/refarena/refarena v0.0.0

require (
	github.com/g3n/engine v0.2.0 // indirect
	github.com/go-gl/gl v0.0.0-20231021071112-07e5d0ea2e71 // indirect
	github.com/go-gl/glfw/v3.3/glfw v0.0.0-20210410170116-ea3d685f79fb // indirect
	github.com/go-gl/mathgl v1.2.0 // indirect
	github.com/goccy/go-yaml v1.19.2 // indirect
	github.com/golang/freetype v0.0.0-20170609003504-e2365dfdc4a0 // indirect
	golang.org/x/image v0.0.0-20210607152325-775e3b0c77b9 // indirect
	gopkg.in/yaml.v2 v2.4.0 // indirect
)

replace github.com/refarena/refarena => ../..
