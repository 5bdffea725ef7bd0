// Arithmetic on eight numbers at a time, for the CPUs at hand.
#ifndef REFARENA_LANES_H
#define REFARENA_LANES_H

#include <stdint.h>
#include <string.h>

// VECTOR marks functions that are compiled for new CPUs (2013 on: AVX2 and FMA) and for old ones; which is chosen when the program starts.
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__)
#define VECTOR __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define VECTOR
#endif
#define INLINE static inline __attribute__((always_inline))

enum { LANES = 8 };
typedef float floats __attribute__((vector_size(32), aligned(4)));
typedef int32_t ints __attribute__((vector_size(32), aligned(4))); // as the result of a comparison: -1 where it holds

// These are macros where a function's arguments would be vectors: it is inlined, but the compiler warns of its calling convention.
#define SPLAT(x) ((floats){x, x, x, x, x, x, x, x})
#define SPLATI(x) ((ints){x, x, x, x, x, x, x, x})
#define PICK(mask, a, b) ((floats)(((mask) & (ints)(a)) | (~(mask) & (ints)(b))))
#define PICKI(mask, a, b) (((mask) & (a)) | (~(mask) & (b)))
#define GATHER(p, i) {(p)[(i)[0]], (p)[(i)[1]], (p)[(i)[2]], (p)[(i)[3]], (p)[(i)[4]], (p)[(i)[5]], (p)[(i)[6]], (p)[(i)[7]]}
#define TRUNC(x) __builtin_convertvector(x, ints)
#define FLOAT(x) __builtin_convertvector(x, floats)

// ANY says whether a mask has a lane set.
#define ANY(mask) anyLane((const ints[1]){mask})
INLINE int anyLane(const ints *mask) {
	int64_t m[4];
	memcpy(m, mask, sizeof m);
	return (m[0] | m[1] | m[2] | m[3]) != 0;
}

INLINE float clamp(float x, float lo, float hi) { return x < lo ? lo : x > hi ? hi : x; }
INLINE int clampi(int x, int lo, int hi) { return x < lo ? lo : x > hi ? hi : x; }
INLINE int least(int a, int b) { return a < b ? a : b; }
INLINE int most(int a, int b) { return a > b ? a : b; }

#endif
