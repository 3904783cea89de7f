// The definition of the matrix products: one accumulator per row and token, the summed dimension in ascending
// order.
#include <cmath>
#include <limits>
#include <vector>

#include "base/check.h"
#include "compute/cpu/kernels/linear.h"

namespace compute::cpu::scalar {
namespace {

using Output = KernelTable::LinearOutput;

void put(const Output& out, int64_t row, int64_t token, float value) {
  if (out.bias != nullptr) value += out.bias[row];
  float& to = out.data[token * out.stride + row];
  to = out.add ? to + value : value;
}

int64_t end_row(const PackedMatrix& weight, int64_t last_panel) {
  return std::min(weight.n_rows, last_panel * kPanelRows);
}

// Where the group's values of one token lie.
struct TokenGroup {
  const int8_t* q;
  float scale;
  float scaled_sum;
};

TokenGroup token_group(const QuantizedRow& row, int64_t group) {
  const int64_t entry = group * row.stride;
  return {row.q + entry * kGroup, row.scale[entry], row.scaled_sum[entry]};
}

float add_group(const UnpackedGroup& w, const TokenGroup& x, float acc) {
  int sums[2] = {0, 0};
  for (int j = 0; j < kGroup; ++j) sums[j / 16] += w.q[j] * x.q[j];
  // At most 2 * 16 * 32 * 127 * 128 for Q6_K, below 2^24: exact as float.
  const int sum = w.sub_scale[0] * sums[0] + w.sub_scale[1] * sums[1];
  acc = std::fma(static_cast<float>(sum), w.scale * x.scale, acc);
  return w.has_minimum ? std::fma(w.minimum, x.scaled_sum, acc) : acc;
}

}  // namespace

void linear_exact(const PackedMatrix& weight, int64_t first_panel, int64_t last_panel, const float* x,
                  int64_t x_stride, int64_t n_tokens, const Output& out) {
  std::vector<float> w(weight.n_columns);
  for (int64_t row = first_panel * kPanelRows; row < end_row(weight, last_panel); ++row) {
    dequantize_packed_row(weight, row, w.data());
    for (int64_t t = 0; t < n_tokens; ++t) {
      float acc = 0.0f;
      for (int64_t k = 0; k < weight.n_columns; ++k) acc = std::fma(w[k], x[t * x_stride + k], acc);
      put(out, row, t, acc);
    }
  }
}

void linear_fast(const PackedMatrix& weight, int64_t first_panel, int64_t last_panel, const QuantizedRows& x,
                 int64_t first_token, int64_t n_tokens, const Output& out) {
  DCHECK(first_token % x.tile_tokens == 0);
  const int64_t n_groups = weight.n_columns / kGroup;
  std::vector<UnpackedGroup> w(n_groups);
  for (int64_t row = first_panel * kPanelRows; row < end_row(weight, last_panel); ++row) {
    for (int64_t g = 0; g < n_groups; ++g) w[g] = unpack_group(weight, row, g);
    for (int64_t t = 0; t < n_tokens; ++t) {
      const QuantizedRow token = x.row(first_token + t);
      float acc = 0.0f;
      for (int64_t g = 0; g < n_groups; ++g) acc = add_group(w[g], token_group(token, g), acc);
      put(out, row, t, acc);
    }
  }
}

namespace {

// Scale and its inverse; {0, 0} if the group is too small for one, {NaN, 0} if it holds a value that is not
// finite.
struct GroupScale {
  float scale;
  float inverse;
};

GroupScale group_scale(const float* x) {
  float amax = 0.0f;
  bool finite = true;
  for (int j = 0; j < kGroup; ++j) {
    amax = std::max(amax, std::fabs(x[j]));
    finite = finite && std::isfinite(x[j]);
  }
  if (!finite) return {std::numeric_limits<float>::quiet_NaN(), 0.0f};
  const float inverse = 127.0f / amax;
  if (!std::isfinite(inverse)) return {0.0f, 0.0f};
  return {amax / 127.0f, inverse};
}

// To the nearest integer, ties to even. REQUIRES: |x| < 2^22.
int round_to_int(float x) {
  constexpr float kShift = 0x1.8p+23f;
  return static_cast<int>((x + kShift) - kShift);
}

}  // namespace

void quantize_row(const float* x, int64_t n, QuantizedRow out) {
  for (int64_t g = 0; g < n / kGroup; ++g, x += kGroup) {
    const auto [scale, inverse] = group_scale(x);
    const int64_t entry = g * out.stride;
    int sums[2] = {0, 0};
    for (int j = 0; j < kGroup; ++j) {
      const int q = inverse == 0.0f ? 0 : round_to_int(x[j] * inverse);
      out.q[entry * kGroup + j] = static_cast<int8_t>(q);
      sums[j / 16] += q;
    }
    out.scale[entry] = scale;
    out.scaled_sum[entry] = scale * static_cast<float>(sums[0] + sums[1]);
    out.offset_sum[entry] = -128 * (sums[0] + sums[1]);
    for (int i = 0; i < 2; ++i) out.offset_sum16[2 * entry + i] = -128 * sums[i];
  }
}

}  // namespace compute::cpu::scalar
