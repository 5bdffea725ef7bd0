// Draws depth as the key light sees it.
layout(location = 0) in vec3 VertexPosition;

uniform mat4 ModelMatrix; // T_world_visual
uniform mat4 WorldClip;

void main() {
	gl_Position = WorldClip * (ModelMatrix * vec4(VertexPosition, 1.0));
}
