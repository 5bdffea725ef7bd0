// Places a visual in the picture.
layout(location = 0) in vec3 VertexPosition; // [m]
layout(location = 1) in vec3 VertexNormal;
layout(location = 2) in vec2 VertexTexcoord;

uniform mat4 ClipMesh;
uniform mat3 WorldMesh; // the rotation
uniform float Visual;   // number of the visual, from 1

out vec4 normal; // in the world, not of unit length; w: Visual
#ifdef TEXTURED
out vec2 texcoord;
#endif

void main() {
	gl_Position = ClipMesh * vec4(VertexPosition, 1.0);
	normal = vec4(WorldMesh * VertexNormal, Visual);
#ifdef TEXTURED
	texcoord = VertexTexcoord;
#endif
}
