#pragma once
// The vector kernels of each table; what they compute stands in kernel_table.h.
#include <cstdint>

namespace compute::cpu {

namespace scalar {
void rms_norm(const float* x, const float* weight, int64_t n, float eps, float* out);
void rope(float* head, int64_t n_pairs, bool interleaved, const float* cosines, const float* sines);
void silu_multiply(const float* gate, const float* up, int64_t n, float* out);
}  // namespace scalar

namespace avx2 {
void rms_norm(const float* x, const float* weight, int64_t n, float eps, float* out);
void rope(float* head, int64_t n_pairs, bool interleaved, const float* cosines, const float* sines);
void silu_multiply(const float* gate, const float* up, int64_t n, float* out);
}  // namespace avx2

namespace avx512 {
void rms_norm(const float* x, const float* weight, int64_t n, float eps, float* out);
void rope(float* head, int64_t n_pairs, bool interleaved, const float* cosines, const float* sines);
void silu_multiply(const float* gate, const float* up, int64_t n, float* out);
}  // namespace avx512

}  // namespace compute::cpu
