// Notes what a pixel shows, for light.c, as raster.c does on the CPU. Triangles are small, and llvmpipe shades each in blocks of 4 × 4 pixels: what is done here is done
// several times a pixel. llvmpipe fetches a uniform in a fragment shader with a gather, thirty instructions for each number; a varying that
// is the same at all vertices costs a few.
in vec4 normal;
#ifdef TEXTURED
in vec2 texcoord;
uniform sampler2D MatTexture; // sRGB, decoded by the sampler
#endif

layout(location = 0) out int Surface; // visual: 12 bits, normal: 2 × 10 bits
#ifdef TEXTURED
layout(location = 1) out vec4 Print; // square roots of the texture's colour
#endif

void main() {
	// The normal as a point of an octahedron that is unfolded into a square (Meyer et al., "On floating-point normal vectors", 2010).
	vec2 p = normal.xy / (abs(normal.x) + abs(normal.y) + abs(normal.z));
	vec2 folded = 1.0 - abs(p.yx);
	folded = mix(-folded, folded, greaterThanEqual(p, vec2(0.0)));
	p = normal.z >= 0.0 ? p : folded;
	ivec2 q = ivec2(p * 511.0 + 511.5);
	Surface = int(normal.w + 0.5) << 20 | q.x << 10 | q.y;
#ifdef TEXTURED
	Print = vec4(sqrt(texture(MatTexture, texcoord).rgb), 1.0);
#endif
}
