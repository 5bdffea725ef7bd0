// Places a visual in the world and in the picture. All light is computed in the world's frame.
layout(location = 0) in vec3 VertexPosition; // [m], in the mesh's frame
layout(location = 1) in vec3 VertexNormal;
layout(location = 2) in vec2 VertexTexcoord;

uniform mat4 ModelMatrix; // T_world_visual
uniform mat4 WorldClip;

out vec3 nWorld;
#ifdef TEXTURED
out vec2 uv;
#endif

void main() {
	vec4 p = ModelMatrix * vec4(VertexPosition, 1.0);
	nWorld = mat3(ModelMatrix) * VertexNormal;
#ifdef TEXTURED
	uv = VertexTexcoord;
#endif
	gl_Position = WorldClip * p;
}
