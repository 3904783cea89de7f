#pragma once
// Stored elements to float: the definition that every kernel is held against.
#include <cstddef>
#include <cstdint>

#include "tensor/dtype.h"

namespace tensor {

// The types that dequantize_row knows: F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q8_0, Q4_K, Q5_K, Q6_K, IQ4_NL,
// IQ4_XS, MXFP4.
bool can_dequantize(DType type);

// `n` elements of a row, stored at `from` at any alignment, to `to`. F16 and BF16 are exact, F32 is copied.
// In a block, products of scales and quants are exact in float, so that one rounding is left at most: the
// subtraction or addition of a minimum. REQUIRES: can_dequantize(type), n a multiple of the type's block,
// row_bytes(type, n) bytes at `from`.
void dequantize_row(DType type, const std::byte* from, int64_t n, float* to);

}  // namespace tensor
