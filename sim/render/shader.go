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
	shadow   shadowProgram  // depth only, for the shadow map
}

// The programs and where their uniforms are.
type (
	surfaceProgram struct {
		*gls.Program
		clipMesh, worldMesh, visual int32
	}
	shadowProgram struct {
		*gls.Program
		clipMesh int32
	}
)

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
	for _, name := range []string{"surface", "shadow"} {
		manager.AddShader(name+".vert", source(name+".vert"))
		manager.AddShader(name+".frag", source(name+".frag"))
		manager.AddProgram(name, name+".vert", name+".frag")
	}
	var err error
	build := func(name string, defines gls.ShaderDefines) (program *gls.Program, at func(string) int32) {
		if err == nil {
			program, err = manager.GenProgram(&renderer.ShaderSpecs{Name: name, ShaderUnique: true, Defines: defines})
		}
		if err != nil {
			err = fmt.Errorf("render: shader %s: %w", name, err)
			return nil, func(string) int32 { return -1 }
		}
		return program, func(uniform string) int32 { return gs.GetUniformLocation(program.Handle(), uniform) }
	}
	surface := func(defines gls.ShaderDefines) surfaceProgram {
		p, at := build("surface", defines)
		return surfaceProgram{p, at("ClipMesh"), at("WorldMesh"), at("Visual")}
	}
	all := &programs{
		plain:    surface(nil),
		textured: surface(gls.ShaderDefines{"TEXTURED": "1"}),
	}
	p, at := build("shadow", nil)
	all.shadow = shadowProgram{p, at("ClipMesh")}
	return all, err
}
