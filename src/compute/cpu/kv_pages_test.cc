#include "compute/cpu/kv_pages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "compute/cpu/kernels/kernel_testing.h"
#include "compute/cpu/kv_layout.h"
#include "compute/cpu/kv_quantize.h"

namespace compute::cpu {
namespace {

constexpr KvType kTypes[] = {KvType::f32, KvType::bf16, KvType::int8, KvType::q4};

double relative_error(const std::vector<float>& want, const std::vector<float>& got) {
  double error = 0, size = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    error += (want[i] - got[i]) * (want[i] - got[i]);
    size += want[i] * want[i];
  }
  return std::sqrt(error / size);
}

std::vector<float> through_int8(const std::vector<float>& x) {
  std::vector<int8_t> codes(x.size());
  const float scale = quantize_int8(x.data(), static_cast<int>(x.size()), codes.data());
  std::vector<float> back;
  for (const int8_t code : codes) back.push_back(static_cast<float>(code) * scale);
  return back;
}

std::vector<float> through_q4(std::vector<float> x) {
  const int n = static_cast<int>(x.size());
  std::vector<uint8_t> codes(x.size());
  hadamard(x.data(), n);
  const float scale = quantize_q4(x.data(), n, codes.data());
  for (int i = 0; i < n; ++i) x[i] = kQ4Levels[codes[i]] * scale;
  hadamard(x.data(), n);
  return x;
}

TEST(KvQuantize, Int8IsOffByHalfAStepAtMost) {
  for (const int n : {20, 64, 80, 128}) {
    const std::vector<float> x = random_floats(n, 3.0f, n);
    const float max = std::fabs(*std::ranges::max_element(x, {}, [](float v) { return std::fabs(v); }));
    const std::vector<float> back = through_int8(x);
    for (int i = 0; i < n; ++i) EXPECT_NEAR(x[i], back[i], max / 127 * 0.5001f) << "dimension " << i;
  }
}

// The error of the sixteen levels on a normal distribution is 0.0975 of its deviation.
TEST(KvQuantize, Q4IsAsGoodAsItsLevelsAlsoWhereOneDimensionStandsOut) {
  for (const int n : {64, 128}) {
    double plain = 0, outlier = 0;
    for (uint32_t seed = 0; seed < 50; ++seed) {
      std::vector<float> x = random_floats(n, 1.0f, seed);
      plain += relative_error(x, through_q4(x)) / 50;
      x[5] = 10.0f;
      outlier += relative_error(x, through_q4(x)) / 50;
    }
    EXPECT_NEAR(plain, 0.0975, 0.01) << n;
    EXPECT_LT(outlier, 0.13) << n;
  }
}

TEST(KvQuantize, HadamardKeepsProductsAndUndoesItself) {
  for (const int n : {1, 4, 20, 64, 80, 96, 128}) {
    const std::vector<float> a = random_floats(n, 1.0f, 1), b = random_floats(n, 1.0f, 2);
    std::vector<float> turned_a = a, turned_b = b;
    hadamard(turned_a.data(), n);
    hadamard(turned_b.data(), n);
    double want = 0, got = 0;
    for (int i = 0; i < n; ++i) {
      want += static_cast<double>(a[i]) * b[i];
      got += static_cast<double>(turned_a[i]) * turned_b[i];
    }
    EXPECT_NEAR(want, got, 1e-4) << n;
    if (n % 4 == 0) {
      EXPECT_GT(relative_error(a, turned_a), 0.1) << n;
    }
    hadamard(turned_a.data(), n);
    EXPECT_LT(relative_error(a, turned_a), 1e-6) << n;
  }
}

TEST(KvQuantize, NothingIsZeroAndWhatIsNotFiniteHasANaNForScale) {
  std::vector<float> x(20, 0.0f);
  int8_t bytes[20];
  uint8_t nibbles[20];
  EXPECT_EQ(quantize_int8(x.data(), 20, bytes), 0.0f);
  EXPECT_EQ(quantize_q4(x.data(), 20, nibbles), 0.0f);
  for (const float value : {NAN, HUGE_VALF, -HUGE_VALF}) {
    x = random_floats(20, 1.0f, 1);
    x[17] = value;
    EXPECT_TRUE(std::isnan(quantize_int8(x.data(), 20, bytes)));
    EXPECT_TRUE(std::isnan(quantize_q4(x.data(), 20, nibbles)));
  }
  for (const uint8_t nibble : nibbles) EXPECT_LT(nibble, 16);
}

// One head of one layer of page 0, as bytes.
std::vector<std::byte> page_bytes(const KvPages& pages) {
  const auto n = static_cast<size_t>(pages.shape().page_bytes());
  return {pages.k(0, 0, 0), pages.k(0, 0, 0) + n};
}

TEST(KvPages, TokensStoredOneByOneAreThoseStoredAtOnce) {
  for (const KvType type : kTypes) {
    for (const int head_dim : {20, 64}) {
      const KvShape shape{.n_layers = 1, .n_kv_heads = 1, .head_dim = head_dim, .type = type};
      const auto at_once = *KvPages::make(shape, 1), one_by_one = *KvPages::make(shape, 1);
      const std::vector<float> k = random_floats(int64_t{head_dim} * kPageTokens, 1.0f, 1);
      const std::vector<float> v = random_floats(int64_t{head_dim} * kPageTokens, 1.0f, 2);
      at_once->store(0, 0, 0, 0, kPageTokens, k.data(), v.data(), head_dim);
      for (int slot = kPageTokens - 1; slot >= 0; --slot) {  // backwards: later slots survive earlier ones
        const int64_t at = int64_t{slot} * head_dim;
        one_by_one->store(0, 0, 0, slot, 1, k.data() + at, v.data() + at, head_dim);
      }
      EXPECT_EQ(page_bytes(*at_once), page_bytes(*one_by_one)) << name(type) << " head_dim " << head_dim;
    }
  }
}

TEST(KvPages, CopyTakesTheFirstTokensOfAllLayersAndHeads) {
  for (const KvType type : kTypes) {
    const KvShape shape{.n_layers = 2, .n_kv_heads = 3, .head_dim = 20, .type = type};
    const auto pages = *KvPages::make(shape, 3);
    const std::vector<float> rows = random_floats(20 * kPageTokens, 1.0f, 1);
    constexpr int kTokens = 37;
    for (int layer = 0; layer < 2; ++layer) {
      for (int head = 0; head < 3; ++head) {
        const float* first = rows.data() + (layer * 3 + head) * 20;
        pages->store(0, layer, head, 0, kTokens, first, first + 40, 20);
        pages->store(2, layer, head, 0, kTokens, first, first + 40, 20);
      }
    }
    pages->copy_page(0, 1, kTokens);
    // Page 1 was empty, page 2 has the same tokens and nothing else.
    const auto n = static_cast<size_t>(shape.page_bytes());
    EXPECT_EQ(std::memcmp(pages->k(1, 0, 0), pages->k(2, 0, 0), n), 0) << name(type);
  }
}

}  // namespace
}  // namespace compute::cpu
