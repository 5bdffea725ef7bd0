// Writes colour, depth and body id in one go.
in vec3 pWorld;
in vec3 nWorld;
#ifdef TEXTURED
in vec2 uv;
uniform sampler2D MatTexture; // sRGB, decoded by the sampler
#endif

uniform vec3 Albedo; // linear
uniform vec2 Finish; // roughness, metallic
uniform int Body;

layout(location = 0) out vec4 Color; // sRGB
layout(location = 1) out float Depth; // along cam z [m]
layout(location = 2) out int Id;

#include <light>

void main() {
	vec3 albedo = Albedo;
#ifdef TEXTURED
	albedo *= texture(MatTexture, uv).rgb;
#endif
	Color = vec4(encode(shade(pWorld, normalize(nWorld), albedo, Finish.x, Finish.y)), 1.0);
	Depth = 1.0 / gl_FragCoord.w; // clip w is the depth along cam z, see Camera.ProjectionGL
	Id = Body;
}
