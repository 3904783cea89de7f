#include <cmath>

#include "compute/cpu/kernels/exp.h"
#include "compute/cpu/kernels/sum16.h"
#include "compute/cpu/kernels/vector_kernels.h"

namespace compute::cpu::scalar {

void rms_norm(const float* x, const float* weight, int64_t n, float eps, float* out) {
  float lanes[16] = {};
  for (int64_t i = 0; i < n; ++i) lanes[i % 16] = std::fma(x[i], x[i], lanes[i % 16]);
  const float scale = 1.0f / std::sqrt(tree_sum(lanes) / static_cast<float>(n) + eps);
  for (int64_t i = 0; i < n; ++i) out[i] = (x[i] * scale) * weight[i];
}

void rope(float* head, int64_t n_pairs, bool interleaved, const float* cosines, const float* sines) {
  const int64_t step = interleaved ? 2 : 1;
  const int64_t distance = interleaved ? 1 : n_pairs;
  for (int64_t i = 0; i < n_pairs; ++i) {
    float& first = head[i * step];
    float& second = head[i * step + distance];
    const float a = first;
    const float b = second;
    first = std::fma(a, cosines[i], -(b * sines[i]));
    second = std::fma(b, cosines[i], a * sines[i]);
  }
}

void silu_multiply(const float* gate, const float* up, int64_t n, float* out) {
  for (int64_t i = 0; i < n; ++i) out[i] = gate[i] / (1.0f + exp_f32(-gate[i])) * up[i];
}

}  // namespace compute::cpu::scalar
