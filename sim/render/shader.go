package render

import (
	"embed"
	"fmt"

	"github.com/g3n/engine/gls"
	"github.com/g3n/engine/renderer"
)

//go:embed shaders
var shaderFiles embed.FS

// programs are the compiled shader programs of one context.
type programs struct {
	plain    surfaceProgram // a surface of one colour
	textured surfaceProgram // a surface with a texture
}

// A surfaceProgram and where its uniforms are.
type surfaceProgram struct {
	*gls.Program
	clipMesh, worldMesh, visual int32
}

// newPrograms compiles the shaders through g3n's shader manager.
func newPrograms(gs *gls.GLS) (*programs, error) {
	manager := renderer.NewShaman(gs)
	source := func(file string) string {
		text, err := shaderFiles.ReadFile("shaders/" + file)
		if err != nil {
			panic(err) // embedded: the build has it
		}
		return string(text)
	}
	const name = "surface"
	manager.AddShader(name+".vert", source(name+".vert"))
	manager.AddShader(name+".frag", source(name+".frag"))
	manager.AddProgram(name, name+".vert", name+".frag")
	build := func(defines gls.ShaderDefines) (surfaceProgram, error) {
		p, err := manager.GenProgram(&renderer.ShaderSpecs{Name: name, ShaderUnique: true, Defines: defines})
		if err != nil {
			return surfaceProgram{}, fmt.Errorf("render: shader %s: %w", name, err)
		}
		at := func(uniform string) int32 { return gs.GetUniformLocation(p.Handle(), uniform) }
		return surfaceProgram{p, at("ClipMesh"), at("WorldMesh"), at("Visual")}, nil
	}
	plain, err := build(nil)
	if err != nil {
		return nil, err
	}
	textured, err := build(gls.ShaderDefines{"TEXTURED": "1"})
	return &programs{plain, textured}, err
}
