// Finds out what a camera sees, on the CPU: what shaders/surface.* have GL do, triangle by triangle. See raster.go.
#ifndef REFARENA_RASTER_H
#define REFARENA_RASTER_H

#include <stdint.h>

enum {
	RASTER_STRIP = 16, // rows of a picture that are drawn together
	RASTER_LEVELS = 14, // … of a texture: 8192 texels a side and smaller
	RASTER_GUARD = 1024, // how far out of the picture the corner of a triangle may lie [px]
	RASTER_SPLIT = 6,   // triangles that one may become where it leaves the view
};

// A rasterTexture holds square roots of linear colour, RGBA, 8 bits each: smaller and smaller copies of an image that repeats.
typedef struct {
	const uint32_t *texels;
	int32_t levels;
	int32_t at[RASTER_LEVELS], width[RASTER_LEVELS], height[RASTER_LEVELS];
} rasterTexture;

// A rasterMesh is triangles. Arrays of vectors hold all x, then all y, then all z.
typedef struct {
	int32_t vertices, triangles;
	const float *positions, *normals; // [m]
	const float *uvs;                 // or none
	const uint32_t *corners;          // each triangle's first vertex, then each one's second, then third: counter-clockwise from outside
} rasterMesh;

// A rasterFacet is a triangle as the picture has it: places in pixels, x to the right and y down, and what is linear in them. Where a number has
// two slopes, it is that at the first corner.
typedef struct {
	float x[3], y[3];                        // corners, clockwise
	float near, nearX, nearY, nearLo, nearHi; // inverse depth [1/m] and its range
	float normal[3], normalX[3], normalY[3]; // in the world, not of unit length
	int32_t visual, body;
	const rasterTexture *texture; // or none
} rasterFacet;

// A rasterPrint is where in its texture a facet is: u and v over depth.
typedef struct {
	float u, uX, uY, v, vX, vY;
} rasterPrint;

// A rasterSolid is a mesh somewhere.
typedef struct {
	const rasterMesh *mesh;
	const rasterTexture *texture; // or none
	float pixel[12];    // mesh to (x, y, 1) · depth, rows
	float rotation[9];  // mesh to world, rows
	int32_t visual, body;
	int32_t leaves;     // parts may be behind the camera or far out of the picture
	int32_t facet;      // where its facets begin: place for as many as it has triangles, RASTER_SPLIT times that if it leaves
	int32_t facets;     // found
	int32_t rowLo, rowHi; // … in these rows of the picture
} rasterSolid;

// A rasterJob is a picture. Several threads may work on it at the same time.
typedef struct {
	int32_t width, height;
	int32_t solids;
	rasterSolid *solid;   // the nearest first
	rasterFacet *facets;  // the first one is nothing
	rasterPrint *prints;  // … of the same facets
	int16_t *rows;        // first and last row of each facet
	float nearest, farthest; // depths that are seen [m]

	int32_t *surfaces;    // what is seen, see light.h
	uint8_t *colors;      // RGBA of the texture, where there is one

	int32_t nextSolid, doneSolids, nextStrip; // 0 in the beginning
} rasterJob;

// rasterWork does what is left of a job, with others that do the same; when all have returned, it is done: depth [m] and bodies of the
// whole picture are filled too. vertices has place for six floats and a byte for each vertex of the largest mesh, strip for
// rasterStripFloats(width) floats; they are this thread's.
void rasterWork(rasterJob *job, float *depth, int32_t *bodies, float *vertices, float *strip);

int rasterStripFloats(int width);

#endif
