// Writes colour, depth and body id in one go.
in vec3 nWorld;
#ifdef TEXTURED
in vec2 uv;
uniform sampler2D MatTexture; // sRGB, decoded by the sampler
#endif

uniform vec3 Albedo; // linear
uniform vec2 Finish; // roughness, metallic
uniform int Body;
uniform mat3 PixelRay; // from window coordinates (x, y, 1) to the ray of depth 1 through them, in the world

layout(location = 0) out vec4 Color; // sRGB
layout(location = 1) out float Depth; // along cam z [m]
layout(location = 2) out int Id;

#include <light>

void main() {
	vec3 albedo = Albedo;
#ifdef TEXTURED
	albedo *= texture(MatTexture, uv).rgb;
#endif
	float depth = 1.0 / gl_FragCoord.w; // clip w is the depth along cam z, see Camera.ProjectionGL
	vec3 pWorld = Eye + PixelRay * vec3(gl_FragCoord.xy, 1.0) * depth; // cheaper than a varying, and exact
	Color = vec4(encode(shade(pWorld, normalize(nWorld), albedo, Finish.x, Finish.y)), 1.0);
	Depth = depth;
	Id = Body;
}
