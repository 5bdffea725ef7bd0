// Draws depth as the key light sees it.
layout(location = 0) in vec3 VertexPosition;

uniform mat4 ClipMesh;

void main() {
	gl_Position = ClipMesh * vec4(VertexPosition, 1.0);
}
