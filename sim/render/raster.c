#include "raster.h"

#include <math.h>
#include <sched.h>
#include <string.h>

#include "lanes.h"

typedef float fours __attribute__((vector_size(16), aligned(4)));
typedef int32_t fourInts __attribute__((vector_size(16), aligned(4)));

enum {
	CHUNK = 64, // triangles that are looked at together
	GUARD = RASTER_GUARD,
};

static const float slack = 1e-3f; // [px]: no pixel's centre falls between two triangles

// A corner is a vertex in the picture.
typedef struct {
	float x, y, near;  // [px], 1/m
	float normal[3];   // over depth
	float u, v;        // …
} corner;

// A vertex is one before the division by depth.
typedef struct {
	float at[3]; // (x, y, 1) · depth
	float normal[3], u, v;
} vertex;

// place writes where vertices lie: x and y [px], inverse depth and normal over depth, n floats each, and whether they are out of view.
VECTOR static void place(const rasterSolid *s, int width, int height, float nearest, float *out, uint8_t *outside) {
	const int n = s->mesh->vertices;
	const float *px = s->mesh->positions, *py = px + n, *pz = py + n, *qx = s->mesh->normals, *qy = qx + n, *qz = qy + n;
	const float *m = s->pixel, *r = s->rotation;
	float *x = out, *y = x + n, *near = y + n, *nx = near + n, *ny = nx + n, *nz = ny + n;
	for (int i = 0; i < n; i++) {
		float k = 1 / (m[8] * px[i] + m[9] * py[i] + m[10] * pz[i] + m[11]);
		x[i] = (m[0] * px[i] + m[1] * py[i] + m[2] * pz[i] + m[3]) * k;
		y[i] = (m[4] * px[i] + m[5] * py[i] + m[6] * pz[i] + m[7]) * k;
		near[i] = k;
		nx[i] = (r[0] * qx[i] + r[1] * qy[i] + r[2] * qz[i]) * k;
		ny[i] = (r[3] * qx[i] + r[4] * qy[i] + r[5] * qz[i]) * k;
		nz[i] = (r[6] * qx[i] + r[7] * qy[i] + r[8] * qz[i]) * k;
	}
	if (!s->leaves) return;
	const float right = (float)(width + GUARD), bottom = (float)(height + GUARD), most = 1 / nearest;
	for (int i = 0; i < n; i++) {
		int in = (near[i] > 0) & (near[i] <= most) & (x[i] > -GUARD) & (x[i] < right) & (y[i] > -GUARD) & (y[i] < bottom);
		outside[i] = (uint8_t)!in;
	}
}

// facet writes a triangle that faces the camera, with this area (twice, negative), if a pixel's centre may lie in it. It says whether it did.
INLINE int facet(const rasterJob *job, rasterSolid *s, const corner *a, const corner *b, const corner *c, float area) {
	float lo = a->y < b->y ? a->y : b->y, hi = a->y > b->y ? a->y : b->y;
	lo = c->y < lo ? c->y : lo;
	hi = c->y > hi ? c->y : hi;
	lo = lo > 0 ? lo : 0; // the numbers are finite and within the guard
	int first = (int)(lo + 0.5f - slack), last = (int)(hi - 0.5f + slack + 1) - 1;
	last = least(last, job->height - 1);
	if (first > last) return 0;
	const int at = s->facet + s->facets;
	rasterFacet *f = job->facets + at;
	job->rows[2 * at] = (int16_t)first;
	job->rows[2 * at + 1] = (int16_t)last;
	s->rowLo = least(s->rowLo, first);
	s->rowHi = most(s->rowHi, last);
	s->facets++;
	f->x[0] = a->x, f->x[1] = b->x, f->x[2] = c->x;
	f->y[0] = a->y, f->y[1] = b->y, f->y[2] = c->y;
	const float bx = b->x - a->x, by = b->y - a->y, cx = c->x - a->x, cy = c->y - a->y;
	// Numbers p at the corners have the slopes ((pb - pa) · cy - (pc - pa) · by) / area along x, ((pc - pa) · bx - (pb - pa) · cx) / area along y.
	// A sliver's normal has none: its pixels may lie as far beside it as it is wide.
	const float k = 1 / area, longest = bx * bx + by * by + cx * cx + cy * cy;
	const float xb = cy * k, xc = -by * k, yb = -cx * k, yc = bx * k;
	const float flat = area * area > 1e-4f * longest ? 1 : 0;
	float p = a->near, q = b->near - p, r = c->near - p;
	f->near = p;
	f->nearX = q * xb + r * xc;
	f->nearY = q * yb + r * yc;
	lo = q < r ? q : r;
	hi = q > r ? q : r;
	f->nearLo = p + (lo < 0 ? lo : 0);
	f->nearHi = p + (hi > 0 ? hi : 0);
	for (int i = 0; i < 3; i++) {
		p = a->normal[i], q = flat * (b->normal[i] - p), r = flat * (c->normal[i] - p);
		f->normal[i] = p;
		f->normalX[i] = q * xb + r * xc;
		f->normalY[i] = q * yb + r * yc;
	}
	f->visual = s->visual;
	f->body = s->body;
	f->texture = s->texture;
	if (!s->texture) return 1;
	rasterPrint *t = job->prints + at;
	p = a->u, q = b->u - p, r = c->u - p;
	t->u = p, t->uX = q * xb + r * xc, t->uY = q * yb + r * yc;
	p = a->v, q = b->v - p, r = c->v - p;
	t->v = p, t->vX = q * xb + r * xc, t->vY = q * yb + r * yc;
	return 1;
}

INLINE corner cornerAt(const rasterMesh *m, const float *placed, uint32_t i) {
	const int n = m->vertices;
	corner c = {placed[i], placed[n + i], placed[2 * n + i], {placed[3 * n + i], placed[4 * n + i], placed[5 * n + i]}, 0, 0};
	if (m->uvs) c.u = m->uvs[i] * c.near, c.v = m->uvs[n + i] * c.near;
	return c;
}

// clip keeps what of a polygon lies where plane · (x, y, depth) >= 0 (Sutherland and Hodgman 1974), and counts its vertices.
static int clip(const vertex *in, int n, float px, float py, float pw, float offset, vertex *out) {
	int count = 0;
	for (int i = 0; i < n; i++) {
		const vertex *a = in + i, *b = in + (i + 1 < n ? i + 1 : 0);
		const float da = px * a->at[0] + py * a->at[1] + pw * a->at[2] - offset, db = px * b->at[0] + py * b->at[1] + pw * b->at[2] - offset;
		if (da >= 0) out[count++] = *a;
		if ((da >= 0) == (db >= 0)) continue;
		const float t = da / (da - db);
		const float *from = (const float *)a, *to = (const float *)b;
		float *o = (float *)(out + count++);
		for (int k = 0; k < (int)(sizeof(vertex) / sizeof(float)); k++) o[k] = from[k] + t * (to[k] - from[k]);
	}
	return count;
}

// split writes the parts of a triangle that are in view.
static void split(const rasterJob *job, rasterSolid *s, const uint32_t *index) {
	const rasterMesh *m = s->mesh;
	const int n = m->vertices;
	vertex one[9], two[9];
	for (int i = 0; i < 3; i++) {
		const uint32_t k = index[i];
		const float p[3] = {m->positions[k], m->positions[n + k], m->positions[2 * n + k]};
		const float q[3] = {m->normals[k], m->normals[n + k], m->normals[2 * n + k]};
		vertex *v = one + i;
		for (int r = 0; r < 3; r++) {
			v->at[r] = s->pixel[4 * r] * p[0] + s->pixel[4 * r + 1] * p[1] + s->pixel[4 * r + 2] * p[2] + s->pixel[4 * r + 3];
			v->normal[r] = s->rotation[3 * r] * q[0] + s->rotation[3 * r + 1] * q[1] + s->rotation[3 * r + 2] * q[2];
		}
		v->u = m->uvs ? m->uvs[k] : 0;
		v->v = m->uvs ? m->uvs[n + k] : 0;
	}
	int count = clip(one, 3, 0, 0, 1, job->nearest, two);
	count = clip(two, count, 1, 0, GUARD, 0, one);
	count = clip(one, count, -1, 0, (float)(job->width + GUARD), 0, two);
	count = clip(two, count, 0, 1, GUARD, 0, one);
	count = clip(one, count, 0, -1, (float)(job->height + GUARD), 0, two);
	corner c[9];
	for (int i = 0; i < count; i++) {
		const vertex *v = two + i;
		const float k = 1 / v->at[2];
		c[i] = (corner){v->at[0] * k, v->at[1] * k, k, {v->normal[0] * k, v->normal[1] * k, v->normal[2] * k}, v->u * k, v->v * k};
	}
	for (int i = 1; i + 1 < count; i++) {
		const float area = (c[i].x - c[0].x) * (c[i + 1].y - c[0].y) - (c[i + 1].x - c[0].x) * (c[i].y - c[0].y);
		if (area < -1e-4f) facet(job, s, c, c + i, c + i + 1, area);
	}
}

// facets finds the triangles of a solid that face the camera and may be seen.
VECTOR static void facets(const rasterJob *job, rasterSolid *s, const float *placed, const uint8_t *outside) {
	const rasterMesh *m = s->mesh;
	const int n = m->vertices, triangles = m->triangles;
	const uint32_t *ia = m->corners, *ib = ia + triangles, *ic = ib + triangles;
	const float *x = placed, *y = x + n;
	const float right = (float)job->width, bottom = (float)job->height;
	s->facets = 0;
	s->rowLo = job->height;
	s->rowHi = -1;
	for (int t0 = 0; t0 < triangles; t0 += CHUNK) {
		const int count = least(CHUNK, triangles - t0);
		float areas[CHUNK];
		int32_t seen[CHUNK], list[CHUNK];
		for (int t = 0; t < count; t++) {
			const uint32_t a = ia[t0 + t], b = ib[t0 + t], c = ic[t0 + t];
			const float xa = x[a], ya = y[a], xb = x[b], yb = y[b], xc = x[c], yc = y[c];
			const float area = (xb - xa) * (yc - ya) - (xc - xa) * (yb - ya);
			float left = xa < xb ? xa : xb, rightmost = xa > xb ? xa : xb, top = ya < yb ? ya : yb, low = ya > yb ? ya : yb;
			left = xc < left ? xc : left;
			rightmost = xc > rightmost ? xc : rightmost;
			top = yc < top ? yc : top;
			low = yc > low ? yc : low;
			// Between the least and the largest there is the centre of a pixel.
			const float column = floorf(rightmost - 0.5f + slack), row = floorf(low - 0.5f + slack);
			areas[t] = area;
			seen[t] = (area < -1e-4f) & (column + 0.5f + slack >= left) & (row + 0.5f + slack >= top) & (rightmost >= 0) & (low >= 0) & (left <= right) &
			    (top <= bottom);
		}
		if (s->leaves) {
			for (int t = 0; t < count; t++) {
				const uint32_t index[3] = {ia[t0 + t], ib[t0 + t], ic[t0 + t]};
				if (!(outside[index[0]] | outside[index[1]] | outside[index[2]])) continue;
				seen[t] = 0;
				split(job, s, index);
			}
		}
		int k = 0;
		for (int t = 0; t < count; t++) {
			list[k] = t;
			k += seen[t];
		}
		for (int i = 0; i < k; i++) {
			const int t = t0 + list[i];
			const corner a = cornerAt(m, placed, ia[t]), b = cornerAt(m, placed, ib[t]), c = cornerAt(m, placed, ic[t]);
			facet(job, s, &a, &b, &c, areas[list[i]]);
		}
	}
}

// A strip is some rows while they are drawn. Rows are longer than the picture, so that eights of pixels may end beyond it.
typedef struct {
	int stride;
	float *near;     // inverse depth
	int32_t *facets; // what is there
	float *normal[3], *u, *v, *uX, *uY, *vX, *vY; // of one row
	int32_t *visual, *body;                       // …
} stripRows;

int rasterStripFloats(int width) { return (width + 2 * LANES) * (2 * RASTER_STRIP + 11); }

// fill draws a facet into the rows from first to last of a strip that begins at row top. What lies on an edge belongs to both triangles, and
// the nearest of all is kept; of equals, the first.
INLINE void fill(const rasterFacet *f, int id, int first, int last, int top, int width, stripRows *s) {
	// Corners are clockwise with y down: along an edge on the left y grows. Of those the rightmost counts, of the edges on the right the leftmost.
	const fours none = {0, 0, 0, 0}, big = {1e9f, 1e9f, 1e9f, 1e9f};
	const fours ex = {f->x[0], f->x[1], f->x[2], 0}, ey = {f->y[0], f->y[1], f->y[2], 0};
	const fours dx = {f->x[1] - f->x[0], f->x[2] - f->x[1], f->x[0] - f->x[2], 0}, dy = {f->y[1] - f->y[0], f->y[2] - f->y[1], f->y[0] - f->y[2], 0};
	const fourInts isLeft = dy > none, isRight = dy < none, slant = isLeft | isRight;
	const fours slope = (fours)(slant & (fourInts)(dx / (fours)((slant & (fourInts)dy) | (~slant & (fourInts)big))));
	const fours left = (fours)((isLeft & (fourInts)ex) | (~isLeft & (fourInts)-big)), leftSlope = (fours)(isLeft & (fourInts)slope);
	const fours right = (fours)((isRight & (fourInts)ex) | (~isRight & (fourInts)big)), rightSlope = (fours)(isRight & (fourInts)slope);
	const floats count = {0, 1, 2, 3, 4, 5, 6, 7}, lo = SPLAT(f->nearLo), hi = SPLAT(f->nearHi);
	const ints counts = {0, 1, 2, 3, 4, 5, 6, 7};
	for (int row = first; row <= last; row++) {
		const float y = (float)row + 0.5f;
		const fours dy = y - ey, l = left + leftSlope * dy, r = right + rightSlope * dy;
		float from = l[0] > l[1] ? l[0] : l[1], to = r[0] < r[1] ? r[0] : r[1];
		from = l[2] > from ? l[2] : from;
		to = r[2] < to ? r[2] : to;
		int x = from > 0 ? (int)(from + 0.5f - slack) : 0;
		int past = to > 0 ? (int)((to < 8192 ? to : 8192) + 0.5f + slack) : 0;
		past = least(past, width);
		x = most(x, 0);
		if (x >= past) continue;
		const float start = f->near + f->nearX * (0.5f - f->x[0]) + f->nearY * (y - f->y[0]);
		float *near = s->near + (row - top) * s->stride;
		int32_t *ids = s->facets + (row - top) * s->stride;
		for (; x < past; x += LANES) {
			floats d = start + f->nearX * (count + (float)x);
			d = PICK(d > lo, d, lo);
			d = PICK(d < hi, d, hi);
			floats *there = (floats *)(near + x);
			ints *what = (ints *)(ids + x);
			const ints nearer = (d > *there) & (counts < past - x);
			*there = PICK(nearer, d, *there);
			*what = (nearer & id) | (*what & ~nearer);
		}
	}
}

// prints looks up what the texture shows along a row, from one pixel to past another: bilinear, with weights of 1/256, in the copy whose texels are about
// as large as pixels. Square roots of light are blended, not light: only between texels that differ much is there a difference.
INLINE void prints(const rasterTexture *t, const stripRows *s, const float *inverse, int from, int past, uint8_t *out) {
	const floats zero = SPLAT(0), one = SPLAT(1), half = SPLAT(0.5f), w0 = SPLAT((float)t->width[0]), h0 = SPLAT((float)t->height[0]);
	for (int x = from; x < past; x += LANES) {
		const floats z = 1 / *(const floats *)(inverse + x);
		floats u = *(const floats *)(s->u + x) * z, v = *(const floats *)(s->v + x) * z;
		// Slopes of u = U/W, W = near, are (U' - u W')/W.
		const floats ux = *(const floats *)(s->uX + x) * z * w0, uy = *(const floats *)(s->uY + x) * z * w0;
		const floats vx = *(const floats *)(s->vX + x) * z * h0, vy = *(const floats *)(s->vY + x) * z * h0;
		const floats a = ux * ux + vx * vx, b = uy * uy + vy * vy, size = 2 * PICK(a > b, a, b);
		ints level = (((ints)size >> 23) - 127) >> 1; // half the exponent of the square, rounded
		level = level & (level > 0);
		level = PICKI(level < t->levels, level, SPLATI(t->levels - 1));
		ints w, h, base;
		const int first = level[0];
		if (!ANY(level != first)) {
			w = SPLATI(t->width[first]), h = SPLATI(t->height[first]), base = SPLATI(t->at[first]);
		} else {
			for (int k = 0; k < LANES; k++) w[k] = t->width[level[k]], h[k] = t->height[level[k]], base[k] = t->at[level[k]];
		}
		floats whole = FLOAT(TRUNC(u));
		u = u - whole, u = u + PICK(u < zero, one, zero);
		u = PICK(u > zero, u, zero), u = PICK(u < one, u, one); // 0…1, also where it is past the end and may be anything
		whole = FLOAT(TRUNC(v));
		v = v - whole, v = v + PICK(v < zero, one, zero);
		v = PICK(v > zero, v, zero), v = PICK(v < one, v, one);
		const floats px = u * FLOAT(w) + half, py = v * FLOAT(h) + half; // 1 more than the texel to the left, so that it is never negative
		const ints i = TRUNC(px), j = TRUNC(py);
		const floats fx = px - FLOAT(i), fy = py - FLOAT(j);
		const ints i0 = PICKI(i > 0, i, w) - 1, i1 = i & (i < w), j0 = PICKI(j > 0, j, h) - 1, j1 = j & (j < h);
		const ints upper = base + j0 * w, lower = base + j1 * w, at00 = upper + i0, at01 = upper + i1, at10 = lower + i0, at11 = lower + i1;
		const int32_t *texels = (const int32_t *)t->texels;
		const ints t00 = GATHER(texels, at00), t01 = GATHER(texels, at01), t10 = GATHER(texels, at10), t11 = GATHER(texels, at11);
		const ints wx = TRUNC(fx * 256 + half), wy = TRUNC(fy * 256 + half), w11 = (wx * wy + 128) >> 8, w01 = wx - w11, w10 = wy - w11, w00 = 256 - wx - w10;
		const int even = 0x00ff00ff; // two channels at once
		const ints rb = (t00 & even) * w00 + (t01 & even) * w01 + (t10 & even) * w10 + (t11 & even) * w11 + 0x00800080;
		const ints g = (t00 >> 8 & 255) * w00 + (t01 >> 8 & 255) * w01 + (t10 >> 8 & 255) * w10 + (t11 >> 8 & 255) * w11 + 0x80;
		const ints packed = (rb >> 8 & even) | (g & 0xff00);
		memcpy(out + 4 * x, &packed, 4 * (size_t)least(LANES, past - x));
	}
}

// resolve writes what is seen in a row.
INLINE void resolve(const rasterJob *job, stripRows *s, float *depth, int32_t *bodies, int row, int top) {
	const int w = job->width;
	const float *near = s->near + (row - top) * s->stride;
	const int32_t *ids = s->facets + (row - top) * s->stride;
	const floats count = {0.5f, 1.5f, 2.5f, 3.5f, 4.5f, 5.5f, 6.5f, 7.5f};
	float *nx = s->normal[0], *ny = s->normal[1], *nz = s->normal[2];
	const size_t line = (size_t)row * w;
	int from = 0, past = 0; // of the texture being looked at
	const rasterTexture *texture = 0;
	for (int x = 0; x < w;) {
		const int id = ids[x];
		int end = x + 1;
		while (end < w && ids[end] == id) end++;
		const rasterFacet *f = job->facets + id;
		const float dy = (float)row + 0.5f - f->y[0];
		const float a = f->normal[0] + f->normalY[0] * dy, b = f->normal[1] + f->normalY[1] * dy, c = f->normal[2] + f->normalY[2] * dy;
		const ints visual = SPLATI(f->visual), body = SPLATI(f->body);
		for (int k = x; k < end; k += LANES) { // the next run overwrites what is too much
			const floats dx = count + ((float)k - f->x[0]);
			*(floats *)(nx + k) = a + f->normalX[0] * dx;
			*(floats *)(ny + k) = b + f->normalX[1] * dx;
			*(floats *)(nz + k) = c + f->normalX[2] * dx;
			*(ints *)(s->visual + k) = visual;
			*(ints *)(s->body + k) = body;
		}
		if (f->texture != texture) {
			if (texture) prints(texture, s, near, from, past, job->colors + 4 * line);
			texture = f->texture;
			from = x;
		}
		if (texture) {
			const rasterPrint *t = job->prints + id;
			const float u = t->u + t->uY * dy, v = t->v + t->vY * dy, kx = f->nearX, ky = f->nearY;
			for (int k = x; k < end; k += LANES) {
				const floats dx = count + ((float)k - f->x[0]), z = 1 / *(const floats *)(near + k);
				const floats U = u + t->uX * dx, V = v + t->vX * dx, uz = U * z, vz = V * z;
				*(floats *)(s->u + k) = U;
				*(floats *)(s->v + k) = V;
				*(floats *)(s->uX + k) = t->uX - uz * kx;
				*(floats *)(s->uY + k) = t->uY - uz * ky;
				*(floats *)(s->vX + k) = t->vX - vz * kx;
				*(floats *)(s->vY + k) = t->vY - vz * ky;
			}
		}
		past = end;
		x = end;
	}
	if (texture) prints(texture, s, near, from, past, job->colors + 4 * line);
	int32_t *surfaces = job->surfaces + line;
	depth += line;
	for (int x = 0; x < w; x++) { // as in surface.frag
		const float k = 1 / (fabsf(nx[x]) + fabsf(ny[x]) + fabsf(nz[x]));
		float p = nx[x] * k, q = ny[x] * k;
		const float fp = 1 - fabsf(q), fq = 1 - fabsf(p);
		const float gp = p >= 0 ? fp : -fp, gq = q >= 0 ? fq : -fq;
		p = nz[x] >= 0 ? p : gp;
		q = nz[x] >= 0 ? q : gq;
		const int32_t i = (int32_t)(p * 511 + 511.5f), j = (int32_t)(q * 511 + 511.5f), visual = s->visual[x];
		const float d = 1 / near[x];
		surfaces[x] = visual ? visual << 20 | (i & 1023) << 10 | (j & 1023) : 0;
		depth[x] = visual ? d : 0;
	}
	memcpy(bodies + line, s->body, sizeof(int32_t) * (size_t)w);
}

VECTOR static void strip(const rasterJob *job, float *depth, int32_t *bodies, int top, stripRows *s) {
	const int w = job->width, bottom = least(top + RASTER_STRIP, job->height) - 1;
	const float far = 1 / job->farthest;
	for (int i = 0; i < RASTER_STRIP * s->stride; i++) s->near[i] = far;
	memset(s->facets, 0, sizeof(int32_t) * RASTER_STRIP * (size_t)s->stride);
	for (int i = 0; i < job->solids; i++) {
		const rasterSolid *solid = job->solid + i;
		if (solid->rowLo > bottom || solid->rowHi < top) continue;
		const int first = solid->facet, past = first + solid->facets;
		for (int id = first; id < past; id++) {
			const int lo = job->rows[2 * id], hi = job->rows[2 * id + 1];
			if (lo > bottom || hi < top) continue;
			fill(job->facets + id, id, most(lo, top), least(hi, bottom), top, w, s);
		}
	}
	for (int row = top; row <= bottom; row++) resolve(job, s, depth, bodies, row, top);
}

void rasterWork(rasterJob *job, float *depth, int32_t *bodies, float *vertices, float *memory) {
	for (;;) {
		const int i = __atomic_fetch_add(&job->nextSolid, 1, __ATOMIC_RELAXED);
		if (i >= job->solids) break;
		rasterSolid *s = job->solid + i;
		uint8_t *outside = (uint8_t *)(vertices + 6 * (size_t)s->mesh->vertices);
		place(s, job->width, job->height, job->nearest, vertices, outside);
		facets(job, s, vertices, outside);
		__atomic_fetch_add(&job->doneSolids, 1, __ATOMIC_RELEASE);
	}
	while (__atomic_load_n(&job->doneSolids, __ATOMIC_ACQUIRE) < job->solids) sched_yield();

	stripRows s;
	s.stride = (job->width + 2 * LANES - 1) / LANES * LANES;
	s.near = memory;
	s.facets = (int32_t *)(memory + RASTER_STRIP * s.stride);
	float *rows = memory + 2 * RASTER_STRIP * s.stride;
	float **list[] = {&s.normal[0], &s.normal[1], &s.normal[2], &s.u, &s.v, &s.uX, &s.uY, &s.vX, &s.vY};
	for (int i = 0; i < 9; i++, rows += s.stride) *list[i] = rows;
	s.visual = (int32_t *)rows;
	s.body = (int32_t *)(rows + s.stride);
	for (;;) {
		const int top = __atomic_fetch_add(&job->nextStrip, 1, __ATOMIC_RELAXED) * RASTER_STRIP;
		if (top >= job->height) break;
		strip(job, depth, bodies, top, &s);
	}
}
