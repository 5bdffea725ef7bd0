// Places a visual in the picture and gives the fragments what they need to shade it, in the mesh's frame.
//
// llvmpipe fetches a uniform in a fragment shader with a gather, thirty instructions for each number; a flat varying costs one. So the
// fragment shader has no uniforms but samplers: what is the same for a whole visual goes through the vertices.
layout(location = 0) in vec3 VertexPosition; // [m]
layout(location = 1) in vec3 VertexNormal;
layout(location = 2) in vec2 VertexTexcoord;

uniform mat4 ClipMesh;
uniform mat4 ShadowMesh; // mesh to the shadow map, 0…1 each
uniform vec4 Eye;        // the camera's centre; w: a texel's side of the shadow map [m]
uniform vec3 Key;        // unit, towards the light
uniform vec3 Up;         // the world's z
uniform vec3 KeyColor;   // linear, as all colours
uniform vec3 Ground;     // ambient light from below
uniform vec3 Sky;        // … from above, less Ground
uniform vec4 Diffuse;    // albedo that scatters; w: the body's id, exact up to 2²⁴
uniform vec4 Mirror;     // reflectance at normal incidence; w: the part of it that a texture doesn't tint
uniform vec3 Gloss;      // what newSurface makes of the roughness, used in shade
uniform vec4 Fit;        // …

out vec4 normalKey; // normal, not of unit length; its product with Key
out vec4 viewKey;   // vector to the eye [m]; its product with Key
out vec4 shadowUp;  // in the shadow map; product of normal and Up
#ifdef TEXTURED
out vec3 viewUp; // x: product of the vector to the eye and Up; yz: texture coordinates
#else
out vec2 viewUp; // x: product of the vector to the eye and Up
#endif
flat out vec4 keyColor; // w: the body
flat out vec4 ground, sky, diffuse; // w: Gloss
flat out vec4 mirror, fit;

void main() {
	vec3 n = VertexNormal;
	vec3 v = Eye.xyz - VertexPosition;
	normalKey = vec4(n, dot(n, Key));
	viewKey = vec4(v, dot(v, Key));
	// Moved along the normal by about a texel, so that a surface doesn't shade itself.
	vec3 p = VertexPosition + n * (Eye.w * (2.2 - 1.6 * max(normalKey.w, 0.0)));
	shadowUp = vec4((ShadowMesh * vec4(p, 1.0)).xyz, dot(n, Up));
	float up = dot(v, Up);
#ifdef TEXTURED
	viewUp = vec3(up, VertexTexcoord);
#else
	viewUp = vec2(up, 0.0);
#endif
	keyColor = vec4(KeyColor, Diffuse.w);
	ground = vec4(Ground, Gloss.x);
	sky = vec4(Sky, Gloss.y);
	diffuse = vec4(Diffuse.rgb, Gloss.z);
	mirror = Mirror;
	fit = Fit;
	gl_Position = ClipMesh * vec4(VertexPosition, 1.0);
}
