#include "compute/cpu/kv_quantize.h"

#include <cmath>
#include <limits>

#include "compute/cpu/kernels/exp.h"
#include "compute/cpu/kernels/sum16.h"
#include "compute/cpu/kv_layout.h"

namespace compute::cpu {
namespace {

constexpr float kNothing = 1e-30f;  // 127 / x stays finite above it, and so do squares' sums
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

float sum_of_products(const float* a, const float* b, int n) {
  float lanes[16] = {};
  int i = 0;
  for (; i + 16 <= n; i += 16) {
    for (int lane = 0; lane < 16; ++lane) lanes[lane] = lanes[lane] + a[i + lane] * b[i + lane];
  }
  for (int lane = 0; i + lane < n; ++lane) lanes[lane] = lanes[lane] + a[i + lane] * b[i + lane];
  return scalar::tree_sum(lanes);
}

}  // namespace

float quantize_int8(const float* x, int n, int8_t* codes) {
  float max = 0.0f, sum = 0.0f;
  for (int i = 0; i < n; ++i) {
    const float size = std::fabs(x[i]);
    max = size > max ? size : max;
    sum = sum + (x[i] - x[i]);  // NaN if one is not finite
  }
  const bool nothing = !(max > kNothing) || sum != 0.0f || sum != sum;
  const float factor = nothing ? 0.0f : 127.0f / max;
  for (int i = 0; i < n; ++i) {
    // The sum's low bits are the rounded value in two's complement.
    const float shifted = (nothing ? 0.0f : x[i] * factor) + kRoundingShift;
    codes[i] = static_cast<int8_t>(std::bit_cast<uint32_t>(shifted) & 0xFF);
  }
  return sum != sum ? kNaN : nothing ? 0.0f : max / 127.0f;
}

float quantize_q4(const float* x, int n, uint8_t* codes) {
  const float squares = sum_of_products(x, x, n);
  const bool finite = squares - squares == 0.0f;
  const bool nothing = !finite || !(squares > kNothing);
  const float factor = nothing ? 0.0f : 1.0f / std::sqrt(squares / static_cast<float>(n));
  float dot_lanes[16] = {}, size_lanes[16] = {};
  for (int i = 0; i < n; ++i) {
    const float size = std::fabs(x[i]) * factor;
    int level = 0;
    for (int l = 0; l < 7; ++l) level += size > (kQ4Levels[l] + kQ4Levels[l + 1]) * 0.5f ? 1 : 0;
    codes[i] = static_cast<uint8_t>(level | (x[i] < 0.0f ? 8 : 0));
    const float value = kQ4Levels[codes[i]];
    dot_lanes[i % 16] = dot_lanes[i % 16] + x[i] * value;
    size_lanes[i % 16] = size_lanes[i % 16] + value * value;
  }
  if (!finite) return kNaN;
  return nothing ? 0.0f : scalar::tree_sum(dot_lanes) / scalar::tree_sum(size_lanes);
}

void hadamard(float* x, int n) {
  const int block = n & -n;
  for (int distance = 1; distance < block; distance *= 2) {
    for (int first = 0; first < n; first += 2 * distance) {
      for (int i = first; i < first + distance; ++i) {
        const float a = x[i], b = x[i + distance];
        x[i] = a + b;
        x[i + distance] = a - b;
      }
    }
  }
  const float factor = 1.0f / std::sqrt(static_cast<float>(block));
  for (int i = 0; i < n; ++i) x[i] = x[i] * factor;
}

}  // namespace compute::cpu
