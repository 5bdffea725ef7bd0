#include "light.h"

#include <math.h>
#include <string.h>

#include "lanes.h"

enum { CHUNK = 64 }; // pixels that are worked on together


// normalOf unfolds the octahedron of surface.frag.
INLINE void normalOf(int32_t s, float *nx, float *ny, float *nz) {
	float x = (float)(s >> 10 & 1023) * (1 / 511.0f) - 1;
	float y = (float)(s & 1023) * (1 / 511.0f) - 1;
	float z = 1 - fabsf(x) - fabsf(y);
	float t = z < 0 ? -z : 0;
	x += x >= 0 ? -t : t;
	y += y >= 0 ? -t : t;
	float k = 1 / sqrtf(x * x + y * y + z * z);
	*nx = x * k;
	*ny = y * k;
	*nz = z * k;
}

VECTOR void lightDepth(const int32_t *surfaces, const int32_t *visualBody, const float clip[2], float *depth, int32_t *bodies, int n) {
	const float a = clip[0], b = clip[1];
	for (int i = 0; i < n; i++) {
		float d = 1 / (a - b * depth[i]);
		depth[i] = surfaces[i] ? d : 0;
	}
	for (int i = 0; i < n; i++) bodies[i] = visualBody[(uint32_t)surfaces[i] >> 20];
}

// Ambient obstruction from the depth buffer (McGuire, Mara and Luebke, "Scalable ambient obscurance", 2012), on a coarse grid of pixels,
// since it changes slowly.
VECTOR void lightRaw(const lightScene *s, const float *depths, int first, int last) {
	enum { SAMPLES = 16 };
	const float reach = 0.10f;                          // [m]
	const float strength = 5.0f * 0.9f / SAMPLES / reach;
	static const float spiral[2][SAMPLES] = {
	    {0.03125f, -0.06913f, 0.01366f, 0.13310f, -0.27695f, 0.29004f, -0.10546f, -0.21605f, 0.49901f, -0.54883f, 0.27815f, 0.21511f, -0.67595f, 0.82407f, -0.52121f, -0.12450f},
	    {0.00000f, 0.06333f, -0.15565f, 0.17360f, -0.04899f, -0.18450f, 0.39232f, -0.41599f, 0.18224f, 0.22655f, -0.59439f, 0.68580f, -0.39172f, -0.18117f, 0.74137f, -0.96072f},
	};
	const int w = s->width, h = s->height, cw = (w + LIGHT_COARSE - 1) / LIGHT_COARSE;
	for (int cy = first; cy < last; cy++) {
		int y = clampi(cy * LIGHT_COARSE + LIGHT_COARSE / 2, 0, h - 1);
		for (int cx = 0; cx < cw; cx++) {
			int x = clampi(cx * LIGHT_COARSE + LIGHT_COARSE / 2, 0, w - 1);
			int at = y * w + x;
			float depth = depths[at];
			if (depth <= 0) {
				s->raw[cy * cw + cx] = 255;
				continue;
			}
			float nx, ny, nz;
			normalOf(s->surfaces[at], &nx, &ny, &nz);
			float ray[3], p[3];
			for (int i = 0; i < 3; i++) {
				ray[i] = s->rayCorner[i] + (float)x * s->rayX[i] + (float)y * s->rayY[i];
				p[i] = depth * ray[i];
			}
			const floats r = SPLAT(clamp(reach * s->focal / depth, 3, 200)), bias = SPLAT(0.002f + 0.0015f * depth), zero = SPLAT(0);
			floats sums = zero;
			for (int k = 0; k < SAMPLES; k += LANES) {
				const floats *sx = (const floats *)(spiral[0] + k), *sy = (const floats *)(spiral[1] + k);
				ints qx = x + TRUNC(*sx * r), qy = y + TRUNC(*sy * r);
				qx = PICKI(qx > 0, qx, SPLATI(0)), qx = PICKI(qx < w, qx, SPLATI(w - 1));
				qy = PICKI(qy > 0, qy, SPLATI(0)), qy = PICKI(qy < h, qy, SPLATI(h - 1));
				const ints at = qy * w + qx;
				const floats d = GATHER(depths, at), dx = FLOAT(qx - x), dy = FLOAT(qy - y);
				const floats v0 = d * (ray[0] + dx * s->rayX[0] + dy * s->rayY[0]) - p[0];
				const floats v1 = d * (ray[1] + dx * s->rayX[1] + dy * s->rayY[1]) - p[1];
				const floats v2 = d * (ray[2] + dx * s->rayX[2] + dy * s->rayY[2]) - p[2];
				const floats vv = v0 * v0 + v1 * v1 + v2 * v2, vn = v0 * nx + v1 * ny + v2 * nz;
				floats f = 1 - vv * (1 / (reach * reach)), g = vn - bias;
				f = PICK(f > zero, f * f * f, zero);
				g = PICK(g > zero, g, zero);
				sums += f * g / (vv + 1e-4f);
			}
			float sum = 0;
			for (int k = 0; k < LANES; k++) sum += sums[k];
			sum *= strength * reach * reach;
			s->raw[cy * cw + cx] = (uint8_t)(255 / (1 + sum)); // as 1 - sum where that is little, and black nowhere
		}
	}
}

// lightOpen takes the mean of each place of the coarse grid and its neighbours at about the same depth.
VECTOR void lightOpen(const lightScene *s, const float *depths, int first, int last) {
	enum { WIDE = LIGHT_SIDE / LIGHT_COARSE };
	const float near = 0.02f; // of the depth
	const int w = s->width, h = s->height, cw = (w + LIGHT_COARSE - 1) / LIGHT_COARSE, ch = (h + LIGHT_COARSE - 1) / LIGHT_COARSE;
	float depth[3][WIDE + 2], raw[3][WIDE + 2], sum[WIDE], n[WIDE]; // rows above, at and below, with a place on either side
	for (int cy = first; cy < last; cy++) {
		for (int j = 0; j < 3; j++) {
			const int y = cy + j - 1;
			float *d = depth[j], *r = raw[j];
			if (y < 0 || y >= ch) {
				for (int i = 0; i < cw + 2; i++) d[i] = -1e9f, r[i] = 0; // at no depth
				continue;
			}
			const float *line = depths + (size_t)clampi(y * LIGHT_COARSE + LIGHT_COARSE / 2, 0, h - 1) * w;
			for (int i = 0; i < cw; i++) d[i + 1] = line[least(i * LIGHT_COARSE + LIGHT_COARSE / 2, w - 1)];
			for (int i = 0; i < cw; i++) r[i + 1] = s->raw[y * cw + i];
			d[0] = d[cw + 1] = -1e9f;
			r[0] = r[cw + 1] = 0;
		}
		for (int i = 0; i < cw; i++) sum[i] = n[i] = 0;
		for (int j = 0; j < 3; j++) {
			for (int k = 0; k < 3; k++) {
				const float *d = depth[j] + k, *r = raw[j] + k, *own = depth[1] + 1;
				for (int i = 0; i < cw; i++) {
					const float same = fabsf(d[i] - own[i]) <= near * own[i] ? 1 : 0;
					sum[i] += same * r[i];
					n[i] += same;
				}
			}
		}
		for (int i = 0; i < cw; i++) s->open[cy * cw + i] = (uint8_t)(int)(sum[i] / n[i] + 0.01f);
	}
}

// penumbra is how much of a place in the shadow map, u and v [texels], is lit at depth z: what casts no shadow there, weighted with a tent
// along each axis that has the variance of a disk of radius r blended between texels. Beyond four texels, every second row will do.
INLINE float penumbra(const float *map, int side, float u, float v, float z, float r) {
	float reach = sqrtf(1.5f * r * r + 1);
	reach = reach < 9 ? reach : 9;
	const int step = reach > 4 ? 2 : 1, wide = reach > 4 ? 3 : 1; // columns: eights
	const float k = 1 / reach;
	u -= 0.5f;
	v -= 0.5f;
	const int i = clampi((int)u - (wide == 1 ? 3 : 11), 0, side - 24);
	int j = clampi((int)(v - reach + 1), 0, side - 1), last = clampi((int)(v + reach), 0, side - 1);
	j += j & (step - 1);
	const floats zero = {0}, one = {1, 1, 1, 1, 1, 1, 1, 1}, count = {0, 1, 2, 3, 4, 5, 6, 7};
	floats sum = zero, all = zero;
	for (int w = 0; w < wide; w++) {
		floats d = (count + ((float)(i + 8 * w) - u)) * k;
		floats weight = one - (floats)((ints)d & 0x7fffffff); // |d|
		weight = (floats)((ints)weight & (weight > zero));
		float rows = 0;
		floats lit = zero;
		for (int y = j; y <= last; y += step) {
			float e = ((float)y - v) * k;
			e = 1 - (e > 0 ? e : -e);
			e = e > 0 ? e : 0;
			rows += e;
			floats t = *(const floats *)(map + (size_t)y * side + i + 8 * w);
			lit += (floats)((t >= z) & (ints)(one * e));
		}
		sum += weight * lit;
		all += weight * rows;
	}
	float a = 0, b = 0;
	for (int c = 0; c < 8; c++) {
		a += sum[c];
		b += all[c];
	}
	return b > 0 ? a / b : 1;
}


// reached writes into reach how much of the key light reaches the n places in the list, which is filled up to a multiple of LANES.
INLINE void reached(const lightScene *s, const float *u, const float *v, const float *z, int32_t *list, int n, float *reach) {
	// What casts the shadow is looked for in the same places around a texel, LIGHT_BLOCK away at most.
	static const int8_t search[12][2] = {
	    {2, 0}, {-2, 2}, {0, -4}, {3, 3}, {-5, -1}, {5, -3}, {-2, 6}, {-3, -6}, {6, 2}, {-7, 3}, {3, -7}, {2, 7},
	};
	const int side = s->shadowSide;
	for (int i = n; i % LANES; i++) list[i] = list[n - 1];
	for (int i = 0; i < n; i += LANES) {
		ints at;
		floats depth, sum = SPLAT(0);
		ints casters = {0};
		for (int c = 0; c < LANES; c++) {
			const int k = list[i + c];
			const int x = clampi((int)u[k], LIGHT_BLOCK, side - LIGHT_BLOCK - 1), y = clampi((int)v[k], LIGHT_BLOCK, side - LIGHT_BLOCK - 1);
			at[c] = y * side + x;
			depth[c] = z[k];
		}
		for (int j = 0; j < 12; j++) {
			const float *there = s->shadow + search[j][1] * side + search[j][0];
			const floats t = GATHER(there, at);
			const ints near = t < depth;
			casters -= near;
			sum += (floats)(near & (ints)t);
		}
		for (int c = 0; c < LANES && i + c < n; c++) {
			const int k = list[i + c];
			reach[k] = casters[c] == 0 ? 1 : 0;
			if (casters[c] % 12 == 0) continue;
			const float r = clamp((depth[c] - sum[c] / (float)casters[c]) * s->penumbra, 1, LIGHT_BLOCK);
			reach[k] = penumbra(s->shadow, side, u[k], v[k], depth[c], r);
		}
	}
}

// shadows multiplies lit with how much of the key light reaches CHUNK places in a row: percentage-closer soft shadows (Fernando 2005) where
// the shadow map's bounds leave it open. u and v are in texels.
INLINE void shadows(const lightScene *s, const float *u, const float *v, float *z, float *lit) {
	const int side = s->shadowSide, blocks = side / LIGHT_BLOCK;
	if (side == 0) return;
	const floats zero = SPLAT(0), one = SPLAT(1), edge = SPLAT((float)side);
	int32_t list[CHUNK + LANES], open[CHUNK + 1];
	float reach[CHUNK + 1];
	int any = 0;
	for (int k = 0; k < CHUNK; k += LANES) {
		const floats l = *(const floats *)(lit + k), a = *(const floats *)(u + k), b = *(const floats *)(v + k);
		*(ints *)(open + k) = (ints){0};
		if (!ANY(l > zero)) continue;
		const ints inside = (a >= zero) & (b >= zero) & (a < edge) & (b < edge);
		const ints i = TRUNC(PICK(inside, a, zero)), j = TRUNC(PICK(inside, b, zero));
		const ints block = (j >> LIGHT_BLOCK_SHIFT) * blocks + (i >> LIGHT_BLOCK_SHIFT);
		// A floor may lie beyond the map's far end, where nothing casts a shadow on it but what is in the map.
		const floats far = *(const floats *)(z + k), depth = PICK(far < one, far, one);
		const floats lo = GATHER(s->shadowLo, block), hi = GATHER(s->shadowHi, block), left = PICK((depth > hi) & inside, zero, l);
		const ints unknown = (depth > lo) & inside & (left > zero);
		*(floats *)(z + k) = depth;
		*(floats *)(lit + k) = left;
		*(ints *)(open + k) = unknown;
		any |= ANY(unknown);
	}
	if (!any) return;
	// First every second place; then those between two that are about alike, on the same plane, get their mean, and the others are looked at too.
	int n = 0;
	for (int k = 0; k < CHUNK; k += 2) {
		list[n] = k;
		n += open[k] & 1;
	}
	if (n > 0) reached(s, u, v, z, list, n, reach);
	n = 0;
	for (int k = 1; k < CHUNK; k += 2) {
		if (!open[k]) continue;
		if (k + 1 < CHUNK && open[k - 1] && open[k + 1] && fabsf(reach[k - 1] - reach[k + 1]) < 0.25f && fabsf(u[k - 1] + u[k + 1] - 2 * u[k]) < 0.25f &&
		    fabsf(v[k - 1] + v[k + 1] - 2 * v[k]) < 0.25f && fabsf(z[k - 1] + z[k + 1] - 2 * z[k]) < 0.001f) {
			reach[k] = 0.5f * (reach[k - 1] + reach[k + 1]);
			continue;
		}
		list[n++] = k;
	}
	if (n > 0) reached(s, u, v, z, list, n, reach);
	for (int k = 0; k < CHUNK; k++) lit[k] *= open[k] ? reach[k] : 1;
}

// openRow is the ambient occlusion along a row of pixels, blended between the middles of the coarse grid.
INLINE void openRow(const lightScene *s, int y, float *out) {
	enum { HALF = LIGHT_COARSE / 2 };
	const int w = s->width, cw = (w + LIGHT_COARSE - 1) / LIGHT_COARSE, ch = (s->height + LIGHT_COARSE - 1) / LIGHT_COARSE;
	const int j = clampi((y - HALF + LIGHT_COARSE) / LIGHT_COARSE - 1, 0, ch - 1), j1 = j + 1 < ch ? j + 1 : j;
	const float fv = clamp(((float)(y - HALF) - (float)(j * LIGHT_COARSE)) * (1.0f / LIGHT_COARSE), 0, 1);
	float row[LIGHT_SIDE / LIGHT_COARSE + 1];
	const uint8_t *a = s->open + (size_t)j * cw, *b = s->open + (size_t)j1 * cw;
	for (int i = 0; i < cw; i++) row[i] = ((float)a[i] + fv * ((float)b[i] - (float)a[i])) * (1 / 255.0f);
	row[cw] = row[cw - 1];
	for (int x = 0; x < HALF && x < w; x++) out[x] = row[0];
	for (int i = 0; i < cw; i++) {
		float *o = out + HALF + i * LIGHT_COARSE, step = (row[i + 1] - row[i]) * (1.0f / LIGHT_COARSE);
		for (int k = 0; k < LIGHT_COARSE; k++) o[k] = row[i] + (float)k * step;
	}
}

// toSRGB is sim.Tone, then sim.EncodeSRGB, as a cubic in the square root above its straight beginning (error below 0.002), 0…255.
INLINE float toSRGB(float c) {
	float over = c > 0.8f ? c : 0.8f;
	c = c > 0.8f ? 1 - 0.2f / (5 * over - 3) : c;
	float r = sqrtf(c);
	float low = 12.92f * c, high = ((0.216569f * r - 0.539952f) * r + 1.357183f) * r - 0.031926f;
	return 255 * (c > 0.0031308f ? high : low) + 0.5f;
}

// turn is by how much the normal turns between two pixels, in the 10 bits of its parts, squared; FAR if they show different visuals.
enum { FAR = 1 << 28 };
INLINE int turn(int32_t a, int32_t b) {
	int x = (a >> 10 & 1023) - (b >> 10 & 1023), y = (a & 1023) - (b & 1023);
	int d = x * x + y * y;
	return (a ^ b) >> 20 ? FAR : d;
}

// spread is what the highlights of some pixels of a row are widened by, to be added to the square of GGX's width: the normals that a pixel covers spread
// by half of what they turn by from it to the next one, or a rim that is as thin as a pixel would sparkle (Kaplanyan, Hill, Patney and Lefohn, "Filtering
// distributions of normals for shading antialiasing", HPG 2016). Of the neighbours on either side the more alike counts, and not another visual.
INLINE void spread(const lightScene *s, int x0, int y, int count, float *wide) {
	const int32_t *row = s->surfaces + (size_t)y * s->width + x0, *above = y > 0 ? row - s->width : row, *below = y + 1 < s->height ? row + s->width : row;
	int32_t here[CHUNK + 2];
	memcpy(here + 1, row, sizeof *row * (size_t)count);
	here[0] = x0 > 0 ? row[-1] : row[0];
	here[count + 1] = x0 + count < s->width ? row[count] : row[count - 1];
	for (int k = 0; k < count; k++) {
		int a = least(turn(here[k + 1], here[k]), turn(here[k + 1], here[k + 2])), b = least(turn(here[k + 1], above[k]), turn(here[k + 1], below[k]));
		a = (a == FAR ? 0 : a) + (b == FAR ? 0 : b);
		float most = 0.5f / (511 * 511) * (float)a;
		wide[k] = most < 0.18f ? most : 0.18f;
	}
}

// lightColors shades: metallic-roughness under one distant key light with a shadow, and a sky above a ground, on a scale on which a white
// matt surface under a unit of light is 1.
VECTOR void lightColors(const lightScene *s, const float *depths, uint8_t *rgb, int first, int last) {
	float albedo[3][CHUNK + LANES], rough[CHUNK + LANES], metal[CHUNK + LANES], n[3][CHUNK], v[3][CHUNK], u[3][CHUNK], lit[CHUNK], wide[CHUNK], color[3][CHUNK];
	const float *m = s->worldShadow;
	float openings[LIGHT_SIDE + 2 * LIGHT_COARSE];
	for (int y = first; y < last; y++) {
		openRow(s, y, openings);
		for (int x0 = 0; x0 < s->width; x0 += CHUNK) {
			const int count = s->width - x0 < CHUNK ? s->width - x0 : CHUNK;
			const size_t at = (size_t)y * s->width + x0;
			const int32_t *surface = s->surfaces + at;
			const float *depth = depths + at;
			for (int k = 0; k < count;) { // pixels of one visual in a row
				const uint32_t visual = (uint32_t)surface[k] >> 20;
				const lightMaterial *mat = s->materials + visual;
				const int from = k;
				while (k < count && (uint32_t)surface[k] >> 20 == visual) k++;
				for (int i = from; i < k; i += LANES) { // the next run overwrites what is too much
					*(floats *)(albedo[0] + i) = SPLAT(mat->albedo[0]);
					*(floats *)(albedo[1] + i) = SPLAT(mat->albedo[1]);
					*(floats *)(albedo[2] + i) = SPLAT(mat->albedo[2]);
					*(floats *)(rough + i) = SPLAT(mat->roughness);
					*(floats *)(metal + i) = SPLAT(mat->metallic);
				}
				if (!mat->textured) continue;
				for (int i = from; i < k; i++) {
					const uint8_t *print = s->prints + 4 * (at + i);
					albedo[0][i] *= (float)(print[0] * print[0]) * (1 / 65025.0f);
					albedo[1][i] *= (float)(print[1] * print[1]) * (1 / 65025.0f);
					albedo[2][i] *= (float)(print[2] * print[2]) * (1 / 65025.0f);
				}
			}
			float ray[3], key[3] = {s->key[0], s->key[1], s->key[2]};
			for (int i = 0; i < 3; i++) ray[i] = s->rayCorner[i] + (float)x0 * s->rayX[i] + (float)y * s->rayY[i];
			for (int k = 0; k < count; k++) {
				normalOf(surface[k], &n[0][k], &n[1][k], &n[2][k]);
				float r0 = ray[0] + (float)k * s->rayX[0], r1 = ray[1] + (float)k * s->rayX[1], r2 = ray[2] + (float)k * s->rayX[2];
				float d = depth[k], nl = n[0][k] * key[0] + n[1][k] * key[1] + n[2][k] * key[2];
				// Moved along the normal by about a texel, so that a surface doesn't shade itself.
				float off = s->texel * (2.2f - 1.6f * (nl > 0 ? nl : 0));
				float p0 = d * r0 + off * n[0][k], p1 = d * r1 + off * n[1][k], p2 = d * r2 + off * n[2][k];
				u[0][k] = s->eyeShadow[0] + m[0] * p0 + m[1] * p1 + m[2] * p2;
				u[1][k] = s->eyeShadow[1] + m[3] * p0 + m[4] * p1 + m[5] * p2;
				u[2][k] = s->eyeShadow[2] + m[6] * p0 + m[7] * p1 + m[8] * p2;
				float l = -1 / sqrtf(r0 * r0 + r1 * r1 + r2 * r2);
				v[0][k] = r0 * l;
				v[1][k] = r1 * l;
				v[2][k] = r2 * l;
				lit[k] = nl;
			}
			for (int k = 0; k < count; k++) lit[k] = lit[k] > 0 && surface[k] ? lit[k] : 0;
			for (int k = count; k < CHUNK; k++) lit[k] = 0;
			shadows(s, u[0], u[1], u[2], lit);
			spread(s, x0, y, count, wide);
			const float *open = openings + x0;
			for (int k = 0; k < count; k++) {
				float nl = n[0][k] * key[0] + n[1][k] * key[1] + n[2][k] * key[2];
				float nv = n[0][k] * v[0][k] + n[1][k] * v[1][k] + n[2][k] * v[2][k];
				float vl = v[0][k] * key[0] + v[1][k] * key[1] + v[2][k] * key[2];
				float r = rough[k];
				// Key light: Lambert, and GGX with the visibility and Fresnel terms folded into one quotient (Zioma, "Optimizing PBR for
				// Mobile", SIGGRAPH 2015): a²/(4 d² (l·h)² (roughness + ½)), d = (n·h)²(a² - 1) + 1. With |v + l|² = 2 + 2 v·l the half
				// vector h isn't needed.
				float a = r * r;
				a = (a > 0.02f ? a * a : 0.0004f) + wide[k];
				float hh = 2 + 2 * vl;
				hh = hh > 0.04f ? hh : 0.04f;
				float nh = nl + nv;
				nh = nh > 0 ? nh : 0;
				float d = nh * nh * (a - 1) + hh;
				float spec = lit[k] * a * hh / (d * d * (r + 0.5f));
				// Ambient light: a hemisphere for the diffuse part; for the mirrored part the same hemisphere, sharper the smoother the
				// surface, weighted by the split-sum fit (Karis, "Physically Based Shading on Mobile", 2014), with (1 - n·v)⁶ for its power.
				float up = 0.5f + 0.5f * (2 * nv * n[2][k] - v[2][k]) / (0.25f + 0.75f * r);
				up = clamp(up, 0, 1);
				float kx = 1 - r, e = 1 - fabsf(nv);
				e = e * e * e;
				e = e * e;
				e = (kx * kx < e ? kx * kx : e) * kx + 0.0425f - 0.0275f * r;
				float fa = 1.04f - 0.572f * r - 1.04f * e, fb = 0.022f * r - 0.04f + 1.04f * e;
				float metallic = metal[k], occlusion = open[k], half = 0.5f + 0.5f * n[2][k];
				for (int c = 0; c < 3; c++) {
					float base = albedo[c][k], scattered = base * (1 - metallic), f0 = 0.04f + metallic * (base - 0.04f);
					float light = s->keyColor[c] * (lit[k] * scattered + spec * f0);
					float around = scattered * (s->ground[c] + s->sky[c] * half) + (f0 * fa + fb) * (s->ground[c] + s->sky[c] * up);
					color[c][k] = toSRGB(light + occlusion * around);
				}
			}
			uint8_t *out = rgb + 3 * at;
			for (int k = 0; k < count; k++) {
				out[3 * k] = (uint8_t)(int)color[0][k];
				out[3 * k + 1] = (uint8_t)(int)color[1][k];
				out[3 * k + 2] = (uint8_t)(int)color[2][k];
			}
			for (int k = 0; k < count; k++) {
				if (!surface[k]) memcpy(out + 3 * k, s->background, 3);
			}
		}
	}
}

enum { LEFT = 1, TOP = 2 }; // an edge between a pixel and the one to its left, or above it

// corner says whether two pixels lie on different visuals, or on faces that meet at an edge.
INLINE int corner(int32_t a, int32_t b) {
	const int bend = 128; // in the 10 bits of a normal: about 12°
	int x = (a >> 10 & 1023) - (b >> 10 & 1023), y = (a & 1023) - (b & 1023);
	return ((a ^ b) >> 20 != 0) | (x > bend) | (x < -bend) | (y > bend) | (y < -bend);
}

VECTOR void lightEdges(const lightScene *s, const uint8_t *rgb, int first, int last) {
	const int w = s->width;
	memcpy(s->prints + 3 * (size_t)first * w, rgb + 3 * (size_t)first * w, 3 * (size_t)(last - first) * w);
	for (int y = first; y < last; y++) {
		const int32_t *row = s->surfaces + (size_t)y * w, *above = y > 0 ? row - w : row;
		uint8_t *edges = s->edges + (size_t)y * w;
		edges[0] = (uint8_t)(corner(row[0], above[0]) * TOP);
		for (int x = 1; x < w; x++) edges[x] = (uint8_t)(corner(row[x], row[x - 1]) * LEFT | corner(row[x], above[x]) * TOP);
	}
}

// areas adds the area between the axis and a straight line that goes from height a to height b over a length: above and below the axis.
INLINE void areas(float a, float b, float length, float *above, float *below) {
	if (a * b < 0) {
		float top = a > b ? a : b, bottom = a > b ? b : a, k = 0.5f * length / (top - bottom);
		*above += top * top * k;
		*below += bottom * bottom * k;
	} else {
		float mean = 0.5f * (a + b) * length;
		if (mean > 0) *above += mean;
		else *below -= mean;
	}
}

// cover finds the run of edge pixels that the pixel e belongs to, and lays through it the straight line that its ends suggest
// (Reshetov, "Morphological antialiasing", 2009): how much of the pixel before the edge is covered by what lies behind the edge, and how
// much of the pixel behind it by what lies before. along and across are steps in memory; e may go back and forth so many steps along.
INLINE void cover(const uint8_t *e, int along, int across, int back, int forth, int edge, int cross, float *before, float *behind) {
	enum { FAR = 40 }; // px
	int l = 0, r = 1;
	while (l < back && l < FAR && e[-(l + 1) * along] & edge) l++;
	while (r < forth && r < FAR && e[r * along] & edge) r++;
	float left = 0, right = 0;
	if (l < FAR) {
		const uint8_t *end = e - l * along;
		left = 0.5f * (float)(((end[-across] & cross) != 0) - ((end[0] & cross) != 0));
	}
	if (r < FAR && r < forth) {
		const uint8_t *end = e + r * along;
		right = 0.5f * (float)(((end[-across] & cross) != 0) - ((end[0] & cross) != 0));
	}
	*before = *behind = 0;
	float length = (float)(l + r), a = (float)l, b = a + 1, half = 0.5f * length;
	if (left * right < 0) {
		float slope = (right - left) / length;
		areas(left + slope * a, left + slope * b, 1, before, behind);
		return;
	}
	if (a < half) {
		float to = b < half ? b : half;
		areas(left * (1 - a / half), left * (1 - to / half), to - a, before, behind);
	}
	if (b > half) {
		float from = a > half ? a : half;
		areas(right * (from / half - 1), right * (b / half - 1), b - from, before, behind);
	}
}

// lightSmooth blends pixels at edges with their neighbours.
VECTOR void lightSmooth(const lightScene *s, uint8_t *rgb, int first, int last) {
	const int w = s->width, h = s->height;
	const uint8_t *from = s->prints;
	for (int y = first; y < last; y++) {
		const uint8_t *row = s->edges + (size_t)y * w;
		for (int x = 0; x < w; x++) {
			const uint8_t *e = row + x;
			if (x + 9 <= w && y + 1 < h) { // most of the picture has no edges
				uint64_t a, b, c;
				memcpy(&a, e, 8);
				memcpy(&b, e + 1, 8);
				memcpy(&c, e + w, 8);
				if (!(a | b | c)) {
					x += 7;
					continue;
				}
			}
			int top = e[0] & TOP, left = e[0] & LEFT, bottom = y + 1 < h && e[w] & TOP, right = x + 1 < w && e[1] & LEFT;
			if (!(top | left | bottom | right)) continue;
			float part[4] = {0, 0, 0, 0}, other;
			if (top) cover(e, 1, w, x, w - x, TOP, LEFT, &other, &part[0]);
			if (bottom) cover(e + w, 1, w, x, w - x, TOP, LEFT, &part[1], &other);
			if (left) cover(e, w, 1, y, h - y, LEFT, TOP, &other, &part[2]);
			if (right) cover(e + 1, w, 1, y, h - y, LEFT, TOP, &part[3], &other);
			float sum = part[0] + part[1] + part[2] + part[3];
			if (sum < 1 / 512.0f) continue;
			float most = sum > 1 ? 1 / sum : 1, own = 1 - sum * most;
			size_t at = (size_t)y * w + x;
			const uint8_t *p = from + 3 * at;
			const uint8_t *near[4] = {top ? p - 3 * w : p, bottom ? p + 3 * w : p, left ? p - 3 : p, right ? p + 3 : p};
			for (int c = 0; c < 3; c++) { // squares are nearly linear in light
				float v = own * (float)(p[c] * p[c]);
				for (int i = 0; i < 4; i++) v += most * part[i] * (float)(near[i][c] * near[i][c]);
				rgb[3 * at + c] = (uint8_t)(int)(sqrtf(v) + 0.5f);
			}
		}
	}
}
