#include "light.h"

#include <string.h>

#include "lanes.h"

VECTOR void lightClear(float *map, int n) {
	for (int i = 0; i < n; i++) map[i] = 1;
}

// The triangles are small, a few texels each: they are filled row by row between their edges. What lies on an edge belongs to both
// triangles, since the nearest of all is kept in any case; so there are no cracks, and the order doesn't matter.
VECTOR void lightCast(float *map, int side, const lightCaster *c, const float m[12], float *tmp) {
	const int n = c->points;
	const float *px = c->at, *py = px + n, *pz = py + n;
	float *x = tmp, *y = x + n, *z = y + n;
	for (int i = 0; i < n; i++) {
		x[i] = m[0] * px[i] + m[1] * py[i] + m[2] * pz[i] + m[3];
		y[i] = m[4] * px[i] + m[5] * py[i] + m[6] * pz[i] + m[7];
		z[i] = m[8] * px[i] + m[9] * py[i] + m[10] * pz[i] + m[11];
	}
	const float slack = 1e-3f; // [texels]: no pixel centre falls between two triangles
	const uint32_t *corner = c->corners, *end = corner + 3 * c->triangles;
	for (; corner < end; corner += 3) {
		const uint32_t i = corner[0], j = corner[1], k = corner[2];
		const float xa = x[i], ya = y[i], xb = x[j], yb = y[j], xc = x[k], yc = y[k];
		const float area = (xb - xa) * (yc - ya) - (xc - xa) * (yb - ya);
		if (!(area < -1e-4f)) continue; // it faces the light: only back faces count, so that what is lit can't shade itself
		float low = ya < yb ? ya : yb, high = ya > yb ? ya : yb;
		low = yc < low ? yc : low;
		high = yc > high ? yc : high;
		int row = (int)(low + 0.5f - slack), last = (int)(high - 0.5f + slack + 1) - 1; // texel centres between the two
		row = low < 0 ? 0 : row;
		last = last < side ? last : side - 1;
		if (row > last) continue;
		const float k1 = 1 / area, za = z[i], zb = z[j], zc = z[k];
		float nearest = za < zb ? za : zb; // slivers are steep
		nearest = zc < nearest ? zc : nearest;
		const float zx = ((zb - za) * (yc - ya) - (zc - za) * (yb - ya)) * k1;
		const float zy = ((zc - za) * (xb - xa) - (zb - za) * (xc - xa)) * k1;
		const float ex[3] = {xa, xb, xc}, ey[3] = {ya, yb, yc}, fx[3] = {xb, xc, xa}, fy[3] = {yb, yc, ya};
		float slope[3], at[3]; // of the edges: x at the row's middle
		int left[3];
		for (int e = 0; e < 3; e++) {
			const float dy = fy[e] - ey[e];
			left[e] = dy > 0; // the triangle turns clockwise: where an edge goes up, the triangle is on its right
			slope[e] = dy != 0 ? (fx[e] - ex[e]) / dy : 0;
			at[e] = ex[e] + slope[e] * ((float)row + 0.5f - ey[e]);
			if (dy == 0) left[e] = -1;
		}
		for (; row <= last; row++) {
			float from = -1, to = (float)side;
			for (int e = 0; e < 3; e++) {
				from = left[e] == 1 && at[e] > from ? at[e] : from;
				to = left[e] == 0 && at[e] < to ? at[e] : to;
				at[e] += slope[e];
			}
			int first = from > 0 ? (int)(from + 0.5f - slack) : 0, past = (int)(to + 0.5f + slack);
			past = to < 0 ? 0 : past;
			past = past < side ? past : side;
			float *line = map + row * side;
			float depth = za + zx * ((float)first + 0.5f - xa) + zy * ((float)row + 0.5f - ya);
			for (int t = first; t < past; t++) {
				float d = depth + zx * (float)(t - first);
				d = d > nearest ? d : nearest;
				line[t] = d < line[t] ? d : line[t];
			}
		}
	}
}

VECTOR void lightBounds(const float *shadow, int side, float *lo, float *hi, float *tmp) {
	const int blocks = side / LIGHT_BLOCK;
	float *l = tmp, *h = tmp + blocks * blocks;
	for (int j = 0; j < blocks; j++) {
		float rowLo[LIGHT_SHADOW], rowHi[LIGHT_SHADOW];
		const float *row = shadow + (size_t)j * LIGHT_BLOCK * side;
		memcpy(rowLo, row, sizeof(float) * side);
		memcpy(rowHi, row, sizeof(float) * side);
		for (int r = 1; r < LIGHT_BLOCK; r++) {
			row += side;
			for (int i = 0; i < side; i++) {
				rowLo[i] = row[i] < rowLo[i] ? row[i] : rowLo[i];
				rowHi[i] = row[i] > rowHi[i] ? row[i] : rowHi[i];
			}
		}
		for (int i = 0; i < blocks; i++) {
			float a = rowLo[i * LIGHT_BLOCK], b = rowHi[i * LIGHT_BLOCK];
			for (int k = 1; k < LIGHT_BLOCK; k++) {
				float x = rowLo[i * LIGHT_BLOCK + k], y = rowHi[i * LIGHT_BLOCK + k];
				a = x < a ? x : a;
				b = y > b ? y : b;
			}
			l[j * blocks + i] = a;
			h[j * blocks + i] = b;
		}
	}
	for (int j = 0; j < blocks; j++) {
		for (int i = 0; i < blocks; i++) {
			float a = 1, b = 0;
			for (int y = clampi(j - 1, 0, blocks - 1); y <= clampi(j + 1, 0, blocks - 1); y++) {
				for (int x = clampi(i - 1, 0, blocks - 1); x <= clampi(i + 1, 0, blocks - 1); x++) {
					a = l[y * blocks + x] < a ? l[y * blocks + x] : a;
					b = h[y * blocks + x] > b ? h[y * blocks + x] : b;
				}
			}
			lo[j * blocks + i] = a;
			hi[j * blocks + i] = b;
		}
	}
}
