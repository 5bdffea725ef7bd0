// Lights what a seer noted, pixel by pixel, on the CPU. See lighting.go for why.
#ifndef REFARENA_LIGHT_H
#define REFARENA_LIGHT_H

#include <stdint.h>

enum {
	LIGHT_SIDE = 4096,   // largest picture; see sim.MaxImageSide
	LIGHT_COARSE = 4,  // how many pixels, along each side, share one of the ambient occlusion
	LIGHT_SHADOW = 768,  // texels on each side of the shadow map
	LIGHT_BLOCK_SHIFT = 3,
	LIGHT_BLOCK = 1 << LIGHT_BLOCK_SHIFT, // … of a block of its bounds
};

// A lightMaterial is how a visual looks. Colours are linear.
typedef struct {
	float albedo[3], roughness, metallic;
	int32_t textured; // the albedo is multiplied with the square of the texture's
} lightMaterial;

// A lightScene is what is the same for the whole picture.
typedef struct {
	int32_t width, height;
	const int32_t *surfaces;  // visual: 12 bits, normal: 2 × 10 bits; see surface.frag
	uint8_t *prints;          // RGBA: square roots of the texture's colour where the visual has one; later the picture before it is smooth
	uint8_t *edges;           // for lightEdges
	uint8_t *open;            // ambient occlusion, a byte for LIGHT_COARSE² pixels: 255 is none
	uint8_t *raw;             // … before it is smooth
	const lightMaterial *materials; // by visual
	float rayCorner[3], rayX[3], rayY[3]; // from the eye towards the first pixel's centre, one metre along cam z, in the world; what a pixel adds
	float focal;                          // [px]

	float key[3], keyColor[3], ground[3], sky[3]; // towards the key light, unit; linear light; sky is less ground
	uint8_t background[3];

	const float *shadow;           // the shadow map: depth, shadowSide²; nothing is 1
	const float *shadowLo, *shadowHi; // least and largest of each block and its neighbours
	int32_t shadowSide; // at most LIGHT_SHADOW, a multiple of LIGHT_BLOCK
	float eyeShadow[3];            // the eye in the map [texels, texels, 0…1]
	float worldShadow[9];          // a world's vector in the map, rows
	float texel;                   // a texel's side [m]
	float penumbra;                // radius of the penumbra [texels] for a depth of 1 of the map between caster and surface
} lightScene;

// lightDepth turns n values of the depth buffer into depth along cam z [m], 0 for nothing, and visuals into bodies. 1 / depth = clip[0] -
// clip[1] · value.
void lightDepth(const int32_t *surfaces, const int32_t *visualBody, const float clip[2], float *depth, int32_t *bodies, int n);

// The steps of a picture, each over the rows from first to last - 1; a step begins when the one before is done everywhere. Depth and
// rgb are whole images.

// lightRaw fills s->raw, lightOpen s->open; rows are those of their own grid.
void lightRaw(const lightScene *s, const float *depth, int first, int last);
void lightOpen(const lightScene *s, const float *depth, int first, int last);

// lightColors writes the picture, sRGB.
void lightColors(const lightScene *s, const float *depth, uint8_t *rgb, int first, int last);

// lightEdges finds where pixels show different things, and copies the picture.
void lightEdges(const lightScene *s, const uint8_t *rgb, int first, int last);

// lightSmooth blends pixels at edges with their neighbours, by how much of them these would cover if the edge were straight.
void lightSmooth(const lightScene *s, uint8_t *rgb, int first, int last);

// A lightCaster is what of a body casts a shadow: triangles.
typedef struct {
	int32_t points, triangles;
	const float *at;         // the points' x, then all y, then all z, in the body's frame [m]
	const uint32_t *corners; // three points of each triangle, counter-clockwise from outside
} lightCaster;

// lightClear empties n texels of a shadow map. lightCast draws a caster into it: bodyMap turns the body's frame into texels and depth, three
// rows of four. tmp has place for three floats a point.
void lightClear(float *map, int n);
void lightCast(float *map, int side, const lightCaster *c, const float bodyMap[12], float *tmp);

// lightBounds makes the bounds of a shadow map's blocks; tmp has as many floats as lo and hi together.
void lightBounds(const float *shadow, int side, float *lo, float *hi, float *tmp);

#endif
