#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <span>
#include <vector>

#include "compute/cpu/kernels/kernel_testing.h"
#include "compute/cpu/kv_layout.h"
#include "tensor/float16.h"

namespace compute::cpu {
namespace {

constexpr KvType kTypes[] = {KvType::f32, KvType::bf16, KvType::int8, KvType::q4};

// One page and some queries over it, with everything beyond the visible keys poisoned.
struct Case {
  int head_dim;
  std::vector<int> n_keys;
  std::vector<float> q, k, v;  // of the page in float32; the other types have their own below
  std::vector<uint16_t> k_bf16, v_bf16;
  std::vector<float> k_scales, v_scales;  // [64], of int8 and q4

  Case(int head_dim, std::vector<int> visible, float spread, uint32_t seed)
      : head_dim(head_dim), n_keys(std::move(visible)) {
    q = random_floats(static_cast<int64_t>(n_keys.size()) * head_dim, spread, seed);
    k = random_floats(int64_t{head_dim} * kPageTokens, spread, seed + 1);
    v = random_floats(int64_t{head_dim} * kPageTokens, spread, seed + 2);
    k_scales = random_floats(kPageTokens, spread / 100, seed + 3);
    v_scales = random_floats(kPageTokens, spread / 100, seed + 4);
    round_to_bf16();
  }

  void round_to_bf16() {
    k_bf16.clear();
    v_bf16.clear();
    for (const float x : k) k_bf16.push_back(tensor::f32_to_bf16(x));
    for (const float x : v) v_bf16.push_back(tensor::f32_to_bf16(x));
  }

  void poison_beyond(int n) {
    for (int d = 0; d < head_dim; ++d) {
      for (int j = n; j < kPageTokens; ++j) {
        k[d * kPageTokens + j] = NAN;
        v[j * head_dim + d] = j % 2 ? NAN : HUGE_VALF;
      }
    }
    for (int j = n; j < kPageTokens; ++j) {
      k_scales[j] = j % 2 ? HUGE_VALF : NAN;
      v_scales[j] = j % 2 ? NAN : HUGE_VALF;
    }
    round_to_bf16();
  }

  // Any bytes are codes.
  std::vector<std::byte> coded(KvType type, const std::vector<float>& scales, uint32_t seed) const {
    const int64_t row = type == KvType::int8 ? v_stride<int8_t>(head_dim) : v_stride<NibblePair>(head_dim);
    std::mt19937 random(seed);
    std::vector<std::byte> page(kPageTokens * (row + sizeof(float)));
    for (std::byte& byte : page) byte = static_cast<std::byte>(random() & 0xFF);
    std::memcpy(page.data() + kPageTokens * row, scales.data(), kPageTokens * sizeof(float));
    return page;
  }

  // [query][max, sum, values...] after `n_passes` over the page, each after the first merged.
  std::vector<float> run(const KernelTable& table, KvType type, float scale, int n_passes = 1) const {
    const bool scaled = type == KvType::int8 || type == KvType::q4;
    const std::vector<std::byte> k_coded = scaled ? coded(type, k_scales, 7) : std::vector<std::byte>();
    const std::vector<std::byte> v_coded = scaled ? coded(type, v_scales, 8) : std::vector<std::byte>();
    const void* k_page = scaled                ? k_coded.data()
                         : type == KvType::f32 ? k.data()
                                               : static_cast<const void*>(k_bf16.data());
    const void* v_page = scaled                ? v_coded.data()
                         : type == KvType::f32 ? v.data()
                                               : static_cast<const void*>(v_bf16.data());
    const int n = static_cast<int>(n_keys.size());
    std::vector<PagePartial> partials(n, PagePartial{-77.0f, -77.0f});
    std::vector<float> values(static_cast<int64_t>(n) * head_dim, -77.0f);
    std::vector<KernelTable::PageQuery> queries(n);
    for (int pass = 0; pass < n_passes; ++pass) {
      for (int i = 0; i < n; ++i) {
        // Each pass looks at other queries, so that the pages differ.
        const float* own = q.data() + static_cast<int64_t>((i + pass) % n) * head_dim;
        queries[i] = {own, n_keys[i], pass > 0, &partials[i],
                      values.data() + static_cast<int64_t>(i) * head_dim};
      }
      table.attend_page(type, static_cast<const std::byte*>(k_page), static_cast<const std::byte*>(v_page),
                        head_dim, scale, queries.data(), n, k.data());
    }
    std::vector<float> all;
    for (int i = 0; i < n; ++i) {
      all.push_back(partials[i].max);
      all.push_back(partials[i].sum);
      all.insert(all.end(), values.begin() + i * head_dim, values.begin() + (i + 1) * head_dim);
    }
    return all;
  }
};

std::vector<int> visible_keys(int n_queries, int first) {
  std::vector<int> n_keys;
  for (int i = 0; i < n_queries; ++i) n_keys.push_back(1 + (first + i * 3) % kPageTokens);
  return n_keys;
}

class AttentionKernels : public ::testing::TestWithParam<int> {};

TEST_P(AttentionKernels, HaveTheScalarBits) {
  const int head_dim = GetParam();
  const int sizes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 20, 24, 25, 64};
  for (const int n_queries : sizes) {
    const Case full(head_dim, std::vector<int>(n_queries, kPageTokens), 1.0f, n_queries);
    const Case ragged(head_dim, visible_keys(n_queries, n_queries), 1.0f, n_queries);
    for (const KvType type : kTypes) {
      for (const Case* c : {&full, &ragged}) {
        const std::vector<float> want = c->run(scalar_kernels(), type, 0.3f, /*n_passes=*/2);
        for (const KernelTable* table : fast_tables()) {
          EXPECT_TRUE(same_bits(want, c->run(*table, type, 0.3f, 2)))
              << table->name << " " << name(type) << " queries " << n_queries
              << (c == &full ? " full" : " ragged");
        }
      }
    }
  }
}

TEST_P(AttentionKernels, HaveTheScalarBitsForEveryNumberOfKeys) {
  const int head_dim = GetParam();
  for (int n_keys = 1; n_keys <= kPageTokens; ++n_keys) {
    Case c(head_dim, {n_keys, n_keys}, 2.0f, n_keys);
    c.poison_beyond(n_keys);
    for (const KvType type : kTypes) {
      const std::vector<float> want = c.run(scalar_kernels(), type, 0.125f);
      for (const float x : want) ASSERT_TRUE(std::isfinite(x)) << "looked beyond " << n_keys;
      for (const KernelTable* table : fast_tables()) {
        EXPECT_TRUE(same_bits(want, c.run(*table, type, 0.125f)))
            << table->name << " " << name(type) << " keys " << n_keys;
      }
    }
  }
}

TEST_P(AttentionKernels, HaveTheScalarBitsOnExtremeValues) {
  const int head_dim = GetParam();
  for (const bool non_finite : {false, true}) {
    Case c(head_dim, visible_keys(13, 40), 20.0f, 5);
    strew_extremes(c.q, 1, non_finite);
    strew_extremes(c.k, 2, non_finite);
    strew_extremes(c.v, 3, non_finite);
    strew_extremes(c.k_scales, 4, non_finite);
    strew_extremes(c.v_scales, 5, non_finite);
    c.round_to_bf16();
    for (const KvType type : kTypes) {
      const std::vector<float> want = c.run(scalar_kernels(), type, 0.1f, 3);
      for (const KernelTable* table : fast_tables()) {
        EXPECT_TRUE(same_bits(want, c.run(*table, type, 0.1f, 3)))
            << table->name << " " << name(type) << " non-finite " << non_finite;
      }
    }
  }
}

TEST_P(AttentionKernels, AgreeWithDouble) {
  const int head_dim = GetParam();
  const Case c(head_dim, visible_keys(8, 50), 1.0f, 9);
  const float scale = 1.0f / std::sqrt(static_cast<float>(head_dim));
  const std::vector<float> got = c.run(scalar_kernels(), KvType::f32, scale);
  for (size_t i = 0; i < c.n_keys.size(); ++i) {
    double sum = 0.0, spread = 0.0;
    std::vector<double> values(head_dim, 0.0), magnitudes(head_dim, 0.0);
    for (int j = 0; j < c.n_keys[i]; ++j) {
      double score = 0.0, size = 0.0;
      for (int d = 0; d < head_dim; ++d) {
        score += static_cast<double>(c.q[i * head_dim + d]) * c.k[d * kPageTokens + j];
        size += std::fabs(static_cast<double>(c.q[i * head_dim + d]) * c.k[d * kPageTokens + j]);
      }
      spread = std::max(spread, scale * size);
      const double weight = std::exp(scale * score - got[i * (head_dim + 2)]);
      sum += weight;
      for (int d = 0; d < head_dim; ++d) {
        values[d] += weight * c.v[j * head_dim + d];
        magnitudes[d] += weight * std::fabs(c.v[j * head_dim + d]);
      }
    }
    // A score is off by head_dim + 2 roundings of at most `spread`; exp turns that into a relative error of a
    // weight.
    const double relative = ((head_dim + 3) * spread + 2 + kPageTokens) * 0x1p-24;
    const float* result = got.data() + i * (head_dim + 2);
    EXPECT_NEAR(result[1], sum, sum * relative);
    for (int d = 0; d < head_dim; ++d) EXPECT_NEAR(result[2 + d], values[d], magnitudes[d] * relative);
  }
}

// What a coded page holds is a float page as well.
TEST_P(AttentionKernels, TakeCodesForTheirValues) {
  const int head_dim = GetParam();
  for (const KvType type : {KvType::int8, KvType::q4}) {
    const Case coded(head_dim, visible_keys(9, 50), 1.0f, 9);
    Case plain = coded;
    const std::vector<std::byte> k_page = coded.coded(type, coded.k_scales, 7);
    const std::vector<std::byte> v_page = coded.coded(type, coded.v_scales, 8);
    const auto value = [&](const std::vector<std::byte>& page, int64_t row, int64_t row_elements,
                           int64_t column) {
      if (type == KvType::int8)
        return static_cast<float>(static_cast<int8_t>(page[row * row_elements + column]));
      const auto byte = static_cast<int>(page[row * row_elements + nibble_element(column)]);
      return kQ4Levels[byte >> nibble_shift(column) & 15];
    };
    const bool int8 = type == KvType::int8;
    const int64_t k_row = int8 ? kKeyStride<int8_t> : kKeyStride<NibblePair>;
    const int64_t v_row = int8 ? v_stride<int8_t>(head_dim) : v_stride<NibblePair>(head_dim);
    for (int j = 0; j < kPageTokens; ++j) {
      for (int d = 0; d < head_dim; ++d) {
        plain.k[d * kPageTokens + j] = coded.k_scales[j] * value(k_page, d, k_row, j);
        plain.v[j * head_dim + d] = coded.v_scales[j] * value(v_page, j, v_row, d);
      }
    }
    const std::vector<float> want = plain.run(scalar_kernels(), KvType::f32, 0.2f);
    const std::vector<float> got = coded.run(scalar_kernels(), type, 0.2f);
    for (size_t i = 0; i < want.size(); ++i)
      EXPECT_NEAR(want[i], got[i], 1e-4f * (1 + std::fabs(want[i]))) << name(type) << " " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(HeadDims, AttentionKernels, ::testing::Values(4, 8, 20, 64, 80, 128));

TEST(MergePages, GivesTheBitsOfMergingPageByPage) {
  for (const int head_dim : {4, 20, 64, 80, 128}) {
    constexpr int kPages = 5;
    const Case c(head_dim, {64, 64, 64, 64, 64}, 1.0f, 3);
    std::vector<const KernelTable*> tables = fast_tables();
    tables.push_back(&scalar_kernels());
    for (const KernelTable* table : tables) {
      PagePartial folded{}, first{};
      std::vector<float> folded_values(head_dim), first_values(head_dim);
      std::vector<PagePartial> pages(kPages - 1);
      std::vector<float> page_values((kPages - 1) * head_dim);
      for (int p = 0; p < kPages; ++p) {
        const float* q = c.q.data() + p * head_dim;
        const KernelTable::PageQuery fold{q, 64, p > 0, &folded, folded_values.data()};
        table->attend_page(KvType::f32, std::as_bytes(std::span(c.k)).data(),
                           std::as_bytes(std::span(c.v)).data(), head_dim, 0.5f, &fold, 1, nullptr);
        PagePartial* partial = p == 0 ? &first : &pages[p - 1];
        float* values = p == 0 ? first_values.data() : page_values.data() + (p - 1) * head_dim;
        const KernelTable::PageQuery apart{q, 64, false, partial, values};
        table->attend_page(KvType::f32, std::as_bytes(std::span(c.k)).data(),
                           std::as_bytes(std::span(c.v)).data(), head_dim, 0.5f, &apart, 1, nullptr);
      }
      table->merge_pages(pages.data(), page_values.data(), kPages - 1, head_dim, &first, first_values.data());
      EXPECT_TRUE(same_bits(folded_values, first_values)) << table->name << " head_dim " << head_dim;
      EXPECT_EQ(folded.max, first.max);
      EXPECT_EQ(folded.sum, first.sum);
      std::vector<float> want(head_dim), got(head_dim);
      scalar_kernels().finish_attention(first, first_values.data(), head_dim, want.data());
      table->finish_attention(first, first_values.data(), head_dim, got.data());
      EXPECT_TRUE(same_bits(want, got)) << table->name;
    }
  }
}

}  // namespace
}  // namespace compute::cpu
