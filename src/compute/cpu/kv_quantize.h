#pragma once
// A head's keys or values as the quantised cache types hold them. The arithmetic stands in docs/numerics.md;
// it is additions, multiplications, divisions and square roots alone, so every compiler gives the same bits.
#include <cstdint>

namespace compute::cpu {

// codes[i] = x[i] * (127 / max|x|), rounded to nearest even; the scale max|x| / 127 is returned. Below 1e-30
// all is zero; the scale is NaN if a value is not finite.
float quantize_int8(const float* x, int n, int8_t* codes);

// codes[i] = the level of kQ4Levels nearest to x[i] / sqrt(mean(x^2)); the scale of least squares for these
// levels is returned. Zero and NaN as above.
float quantize_q4(const float* x, int n, uint8_t* codes);

// Turns a head in place by the orthonormal Hadamard matrix of the largest power of two that divides n, block
// by block. Scalar products of two turned heads are those of the heads; turning twice gives the head again
// (both but for rounding). What stood out in few dimensions is spread over all: that is why four bits are
// enough.
void hadamard(float* x, int n);

}  // namespace compute::cpu
