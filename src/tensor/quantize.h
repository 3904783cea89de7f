#pragma once
// Floats to stored elements, for test models and for conversion of files.
//
// F16, BF16, Q4_0, Q4_1, Q5_0, Q8_0 and MXFP4 give the bytes that llama.cpp's reference quantiser gives.
// Q4_K, Q5_K, Q6_K, IQ4_NL and IQ4_XS take each group's range as it is and search no better scale, so their
// error is somewhat above the best one possible.
#include <cstddef>
#include <cstdint>

#include "tensor/dtype.h"

namespace tensor {

// The types that quantize_row knows: those of dequantize_row.
bool can_quantize(DType type);

// `n` floats to row_bytes(type, n) bytes at `to`, at any alignment.
// REQUIRES: can_quantize(type), n a multiple of the type's block, all values finite.
void quantize_row(DType type, const float* from, int64_t n, std::byte* to);

}  // namespace tensor
