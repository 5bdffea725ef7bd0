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
	plain    program // a surface of one colour
	textured program // a surface with a texture
	shadow   program // depth only, for the shadow map
}

// A program is a shader program and where its uniforms are; -1 for one that it doesn't have. Setting those does nothing.
type program struct {
	*gls.Program
	clipMesh, shadowMesh, eye, key, up int32
	keyColor, sky, ground              int32
	diffuse, mirror, gloss, fit        int32
	shadowMap                          int32
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
	for _, name := range []string{"surface", "shadow"} {
		manager.AddShader(name+".vert", source(name+".vert"))
		manager.AddShader(name+".frag", source(name+".frag"))
		manager.AddProgram(name, name+".vert", name+".frag")
	}
	var err error
	build := func(name string, defines gls.ShaderDefines) (p program) {
		if err != nil {
			return p
		}
		if p.Program, err = manager.GenProgram(&renderer.ShaderSpecs{Name: name, ShaderUnique: true, Defines: defines}); err != nil {
			err = fmt.Errorf("render: shader %s: %w", name, err)
			return p
		}
		at := func(uniform string) int32 { return gs.GetUniformLocation(p.Handle(), uniform) }
		p.clipMesh, p.shadowMesh, p.eye, p.key, p.up = at("ClipMesh"), at("ShadowMesh"), at("Eye"), at("Key"), at("Up")
		p.keyColor, p.sky, p.ground = at("KeyColor"), at("Sky"), at("Ground")
		p.diffuse, p.mirror, p.gloss, p.fit = at("Diffuse"), at("Mirror"), at("Gloss"), at("Fit")
		p.shadowMap = at("ShadowMap")
		return p
	}
	all := &programs{
		plain:    build("surface", nil),
		textured: build("surface", gls.ShaderDefines{"TEXTURED": "1"}),
		shadow:   build("shadow", nil),
	}
	return all, err
}
