// The promise of backend.h: the same bits whatever the threads, the cut into steps, the neighbours and the
// kernel set.
#include "compute/backend.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>

#include "compute/cpu/kernels/kernel_testing.h"
#include "platform/cpu_facts.h"
#include "platform/topology.h"
#include "tensor/dequantize.h"
#include "tensor/quantize.h"

namespace compute {
namespace {

using cpu::random_floats;
using cpu::same_bits;
using tensor::DType;

std::vector<std::string> kernel_sets() {
  std::vector<std::string> names;
  for (const cpu::KernelChoice& choice : cpu::built_kernels()) {
    if (choice.runs_here) names.emplace_back(choice.table->name);
  }
  return names;
}

std::unique_ptr<Backend> backend_of(Numerics numerics, int n_threads, const std::string& kernels) {
  auto backend = make_cpu_backend({.numerics = numerics, .n_threads = n_threads, .kernels = kernels});
  EXPECT_TRUE(backend.has_value());
  return std::move(*backend);
}

// A weight tensor of a file.
struct Weight {
  std::vector<std::byte> bytes;
  tensor::TensorView view;

  Weight(DType type, int64_t n_out, int64_t n_in, uint32_t seed) {
    const std::vector<float> values = random_floats(n_out * n_in, 0.08f, seed);
    bytes.resize(n_out * tensor::row_bytes(type, n_in));
    for (int64_t i = 0; i < n_out; ++i) {
      tensor::quantize_row(type, values.data() + i * n_in, n_in,
                           bytes.data() + i * tensor::row_bytes(type, n_in));
    }
    view = {.dtype = type, .shape = {n_out, n_in}, .bytes = bytes};
  }
};

std::unique_ptr<Matrix> matrix_of(Backend& backend, const Weight& weight) {
  auto matrix = backend.make_matrix(weight.view, {});
  EXPECT_TRUE(matrix.has_value());
  return std::move(*matrix);
}

// One transformer layer with every operation in it, over sequences of tokens whose pages are shuffled.
class Layer {
 public:
  static constexpr int kHeads = 8, kKvHeads = 2, kHeadDim = 20, kWidth = 256, kFfn = 512, kVocab = 50;

  Layer(Backend& backend, KvType kv_type)
      : ops_(backend),
        table_(matrix_of(backend, {DType::Q8_0, kVocab, kWidth, 1})),
        q_(matrix_of(backend, {DType::F16, kHeads * kHeadDim, kWidth, 2})),
        k_(matrix_of(backend, {DType::Q4_0, kKvHeads * kHeadDim, kWidth, 3})),
        v_(matrix_of(backend, {DType::Q6_K, kKvHeads * kHeadDim, kWidth, 4})),
        out_(matrix_of(backend, {DType::Q4_1, kWidth, kHeads * kHeadDim, 5})),
        gate_(matrix_of(backend, {DType::Q5_0, kFfn, kWidth, 6})),
        up_(matrix_of(backend, {DType::Q4_K, kFfn, kWidth, 7})),
        down_(matrix_of(backend, {DType::Q8_0, kWidth, kFfn, 8})),
        norm_(random_floats(kWidth, 1.0f, 9)),
        bias_(random_floats(kHeads * kHeadDim, 0.1f, 10)),
        head_norm_(random_floats(kHeadDim, 1.0f, 12)),
        frequencies_(random_floats(kHeadDim / 2, 0.5f, 11)) {
    auto memory = backend.make_kv_memory(
        {.n_layers = 2, .n_kv_heads = kKvHeads, .head_dim = kHeadDim, .type = kv_type}, 40);
    EXPECT_TRUE(memory.has_value());
    memory_ = std::move(*memory);
  }

  struct Part {  // tokens of one sequence in a step
    std::vector<TokenId> tokens;
    int64_t position;
    std::vector<int32_t> pages;
  };

  // Output rows of all parts, in order.
  std::vector<float> step(const std::vector<Part>& parts) {
    std::vector<TokenId> ids;
    std::vector<SequenceRows> sequences;
    for (const Part& part : parts) {
      sequences.push_back({static_cast<int64_t>(ids.size()), static_cast<int64_t>(part.tokens.size()),
                           part.position, part.pages});
      ids.insert(ids.end(), part.tokens.begin(), part.tokens.end());
    }
    const int64_t n = static_cast<int64_t>(ids.size());
    Buffer x(n, kWidth), normed(n, kWidth), q(n, kHeads * kHeadDim), k(n, kKvHeads * kHeadDim),
        v(n, kKvHeads * kHeadDim);
    Buffer mixed(n, kHeads * kHeadDim), gate(n, kFfn), up(n, kFfn);
    ops_.embed(*table_, ids, x.rows());
    ops_.rms_norm(x.rows(), norm_.data(), kWidth, 1e-5f, normed.rows());
    const LinearTerm qkv[] = {
        {q_.get(), bias_.data(), q.rows()}, {k_.get(), nullptr, k.rows()}, {v_.get(), nullptr, v.rows()}};
    const LinearTerm out[] = {{out_.get(), nullptr, x.rows(), /*add_to_output=*/true}};
    const Rope rope{.inverse_frequencies = frequencies_, .magnitude = 1.1f};
    const AttentionShape shape{kHeads, kKvHeads, kHeadDim, 0.22f};
    const LinearTerm gate_term{gate_.get(), nullptr, gate.rows()}, up_term{up_.get(), nullptr, up.rows()},
        down_term{down_.get(), nullptr, x.rows(), /*add_to_output=*/true};
    if (fused) {
      ops_.attention_block(normed.rows(), qkv,
                           {.q = q.rows(),
                            .k = k.rows(),
                            .v = v.rows(),
                            .q_norm = head_norm_.data(),
                            .k_norm = head_norm_.data(),
                            .norm_eps = 1e-5f,
                            .rope = rope,
                            .memory = *memory_,
                            .layer_index = 1,
                            .shape = shape,
                            .sequences = sequences,
                            .output = mixed.rows()},
                           out[0]);
    } else {
      ops_.linear(normed.rows(), qkv);
      ops_.rms_norm(q.rows(), head_norm_.data(), kHeadDim, 1e-5f, q.rows());
      ops_.rms_norm(k.rows(), head_norm_.data(), kHeadDim, 1e-5f, k.rows());
      ops_.rope(q.rows(), kHeadDim, rope, sequences);
      ops_.rope(k.rows(), kHeadDim, rope, sequences);
      ops_.store_kv(*memory_, 1, k.rows(), v.rows(), sequences);
      ops_.attention(q.rows(), *memory_, 1, shape, sequences, mixed.rows());
      ops_.linear(mixed.rows(), out);
    }
    ops_.rms_norm(x.rows(), norm_.data(), kWidth, 1e-5f, normed.rows());
    if (fused) {
      ops_.gated_mlp(normed.rows(), gate_term, up_term, down_term);
    } else {
      const LinearTerm gate_up[] = {gate_term, up_term};
      ops_.linear(normed.rows(), gate_up);
      ops_.silu_multiply(gate.rows(), up.rows(), gate.rows());
      ops_.linear(gate.rows(), {&down_term, 1});
    }
    return x.values;
  }

  KvMemory& memory() { return *memory_; }

  bool fused = false;  // by the operations that stand for several

 private:
  struct Buffer {
    Buffer(int64_t n_rows, int64_t n_columns) : values(n_rows * n_columns), n_columns(n_columns) {}
    Rows rows() { return {values.data(), static_cast<int64_t>(values.size()) / n_columns, n_columns}; }
    std::vector<float> values;
    int64_t n_columns;
  };

  Backend& ops_;
  std::unique_ptr<Matrix> table_, q_, k_, v_, out_, gate_, up_, down_;
  std::vector<float> norm_, bias_, head_norm_, frequencies_;
  std::unique_ptr<KvMemory> memory_;
};

std::vector<TokenId> some_tokens(int n, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<TokenId> tokens(n);
  for (TokenId& token : tokens) token = static_cast<TokenId>(random() % Layer::kVocab);
  return tokens;
}

std::vector<int32_t> some_pages(int n, int first) {
  std::vector<int32_t> pages(n);
  for (int i = 0; i < n; ++i) pages[i] = first + (i * 3 + 1) % n;  // n is no multiple of 3
  return pages;
}

// The sequence under test in steps of `chunk` tokens, alone or beside another sequence.
std::vector<float> run_in_chunks(Layer& layer, int n_tokens, int chunk, bool with_neighbour) {
  const std::vector<TokenId> tokens = some_tokens(n_tokens, 1);
  const std::vector<TokenId> others = some_tokens(n_tokens, 2);
  std::vector<float> result;
  for (int first = 0; first < n_tokens; first += chunk) {
    const int last = std::min(first + chunk, n_tokens);
    std::vector<Layer::Part> parts;
    if (with_neighbour)
      parts.push_back({{others.begin() + first, others.begin() + last}, first, some_pages(5, 20)});
    parts.push_back({{tokens.begin() + first, tokens.begin() + last}, first, some_pages(5, 0)});
    const std::vector<float> rows = layer.step(parts);
    const int64_t own = int64_t{last - first} * Layer::kWidth;
    result.insert(result.end(), rows.end() - own, rows.end());
  }
  return result;
}

constexpr int kTokens = 203;  // three pages and a bit

class SameBits : public ::testing::TestWithParam<std::tuple<Numerics, KvType>> {};

TEST_P(SameBits, WhateverTheThreadsChunksNeighboursAndKernels) {
  const auto [numerics, kv_type] = GetParam();
  std::vector<float> want;
  {
    auto backend = backend_of(numerics, 1, "scalar");
    Layer layer(*backend, kv_type);
    want = run_in_chunks(layer, kTokens, kTokens, /*with_neighbour=*/false);
  }
  for (const float x : want) ASSERT_TRUE(std::isfinite(x));
  for (const std::string& kernels : kernel_sets()) {
    for (const int n_threads : {1, 2, 3}) {
      auto backend = backend_of(numerics, n_threads, kernels);
      Layer layer(*backend, kv_type);
      for (const int chunk : {1, 7, 64, kTokens}) {
        if ((kernels == "scalar" || n_threads != 2) && chunk != 7) continue;  // all of it takes long
        for (const bool with_neighbour : {false, true}) {
          layer.fused = with_neighbour || chunk == 1;
          EXPECT_TRUE(same_bits(want, run_in_chunks(layer, kTokens, chunk, with_neighbour)))
              << kernels << ", " << n_threads << " threads, chunk " << chunk << ", neighbour "
              << with_neighbour;
        }
      }
    }
  }
}

// The CPUs of this process as if they lay in two nodes.
platform::Topology two_nodes() {
  const std::vector<platform::Core> cores = platform::cpus_by_core("/", platform::allowed_cpus());
  const auto middle = cores.begin() + static_cast<std::ptrdiff_t>(cores.size() / 2);
  return {{{{cores.begin(), middle}}, {{middle, cores.end()}}}};
}

TEST_P(SameBits, WhateverTheNodesThatThreadsArePinnedTo) {
  const auto [numerics, kv_type] = GetParam();
  const platform::Topology machine = two_nodes();
  if (machine.nodes[0].cores.empty()) GTEST_SKIP() << "there is one core";
  const int n_threads =
      static_cast<int>(std::min<size_t>(4, machine.nodes[0].cores.size() + machine.nodes[1].cores.size()));
  std::vector<platform::Place> places = platform::thread_places(machine, n_threads);
  ASSERT_EQ(places.size(), static_cast<size_t>(n_threads));
  auto unpinned = backend_of(numerics, 1, "auto");
  Layer layer(*unpinned, kv_type);
  const std::vector<float> want = run_in_chunks(layer, kTokens, 7, /*with_neighbour=*/true);
  for (int order = 0; order < 2; ++order, std::ranges::reverse(places)) {  // the caller in either node
    auto pinned = make_cpu_backend({.numerics = numerics, .n_threads = n_threads, .places = places});
    ASSERT_TRUE(pinned.has_value());
    Layer pinned_layer(**pinned, kv_type);
    EXPECT_TRUE(same_bits(want, run_in_chunks(pinned_layer, kTokens, 7, /*with_neighbour=*/true)));
    pinned_layer.fused = true;
    EXPECT_TRUE(same_bits(want, run_in_chunks(pinned_layer, kTokens, 1, /*with_neighbour=*/true)));
  }
}

INSTANTIATE_TEST_SUITE_P(All, SameBits,
                         ::testing::Combine(::testing::Values(Numerics::exact, Numerics::fast),
                                            ::testing::Values(KvType::f32, KvType::bf16, KvType::int8,
                                                              KvType::q4)));

// How far attention over a cache of this type is from the same in double over values never rounded: error
// over size, as root mean squares.
double attention_error(KvType type) {
  auto backend = backend_of(Numerics::exact, 2, "auto");
  constexpr int kHeads = 4, kKvHeads = 2, kHeadDim = 32, kN = 150;
  auto memory = *backend->make_kv_memory({1, kKvHeads, kHeadDim, type}, 3);
  std::vector<float> q = random_floats(kN * kHeads * kHeadDim, 1.0f, 1);
  std::vector<float> k = random_floats(kN * kKvHeads * kHeadDim, 1.0f, 2);
  std::vector<float> v = random_floats(kN * kKvHeads * kHeadDim, 1.0f, 3);
  std::vector<float> out(q.size());
  const std::vector<int32_t> pages = {2, 0, 1};
  const SequenceRows sequence{0, kN, 0, pages};
  backend->store_kv(*memory, 0, {k.data(), kN, kKvHeads * kHeadDim}, {v.data(), kN, kKvHeads * kHeadDim},
                    {&sequence, 1});
  backend->attention({q.data(), kN, kHeads * kHeadDim}, *memory, 0, {kHeads, kKvHeads, kHeadDim, 0.35f},
                     {&sequence, 1}, {out.data(), kN, kHeads * kHeadDim});
  double errors = 0.0, sizes = 0.0;
  for (int row = 0; row < kN; row += 13) {
    for (int head = 0; head < kHeads; ++head) {
      const float* query = q.data() + (row * kHeads + head) * kHeadDim;
      double sum = 0.0;
      std::vector<double> values(kHeadDim, 0.0);
      for (int j = 0; j <= row; ++j) {
        const int64_t at = (j * kKvHeads + head / 2) * kHeadDim;
        double score = 0.0;
        for (int d = 0; d < kHeadDim; ++d) score += static_cast<double>(query[d]) * k[at + d];
        const double weight = std::exp(score * 0.35f);
        sum += weight;
        for (int d = 0; d < kHeadDim; ++d) values[d] += weight * v[at + d];
      }
      for (int d = 0; d < kHeadDim; ++d) {
        const double want = values[d] / sum;
        const double error = out[(row * kHeads + head) * kHeadDim + d] - want;
        errors += error * error;
        sizes += want * want;
      }
    }
  }
  return std::sqrt(errors / sizes);
}

TEST(CpuBackend, AttentionIsAsNearToDoubleAsItsKeysAndValuesAre) {
  EXPECT_LT(attention_error(KvType::f32), 1e-6);
  EXPECT_LT(attention_error(KvType::bf16), 5e-3);
  EXPECT_LT(attention_error(KvType::int8), 0.015);
  EXPECT_LT(attention_error(KvType::q4), 0.18);
}

TEST(CpuBackend, RowOrderPermutesTheMatrix) {
  auto backend = backend_of(Numerics::exact, 2, "auto");
  const Weight weight(DType::F32, 40, 8, 1);
  std::vector<int32_t> order(40);
  for (int i = 0; i < 40; ++i) order[i] = (i * 7) % 40;
  auto plain = *backend->make_matrix(weight.view, {});
  auto permuted = *backend->make_matrix(weight.view, order);
  std::vector<float> a(40 * 8), b(40 * 8);
  std::vector<TokenId> ids(40);
  std::iota(ids.begin(), ids.end(), 0);
  backend->embed(*plain, order, {a.data(), 40, 8});
  backend->embed(*permuted, ids, {b.data(), 40, 8});
  EXPECT_TRUE(same_bits(a, b));
}

TEST(CpuBackend, CopyPageTakesTheFirstTokens) {
  for (const KvType type : {KvType::f32, KvType::bf16, KvType::int8, KvType::q4}) {
    auto backend = backend_of(Numerics::fast, 1, "auto");
    Layer layer(*backend, type);
    const std::vector<TokenId> tokens = some_tokens(30, 1);
    const std::vector<int32_t> first_page = {3}, second_page = {5};
    layer.step({{tokens, 0, first_page}});
    const std::vector<float> want = layer.step({{{7}, 30, first_page}});
    backend->copy_page(layer.memory(), 3, 5, 30);
    EXPECT_TRUE(same_bits(want, layer.step({{{7}, 30, second_page}})));
  }
}

TEST(CpuBackend, GatherRowsTakesRowsInOrder) {
  auto backend = backend_of(Numerics::fast, 1, "auto");
  std::vector<float> input = {1, 2, 3, 4, 5, 6}, output(4);
  const std::vector<int32_t> indices = {2, 0};
  backend->gather_rows({input.data(), 3, 2}, indices, {output.data(), 2, 2});
  EXPECT_EQ(output, (std::vector<float>{5, 6, 1, 2}));
}

TEST(CpuBackend, RefusesATypeThatItCannotPackByName) {
  auto backend = backend_of(Numerics::fast, 1, "auto");
  const std::vector<std::byte> bytes(1024);
  const auto matrix = backend->make_matrix({.dtype = DType::IQ2_XXS, .shape = {1, 256}, .bytes = bytes}, {});
  ASSERT_FALSE(matrix.has_value());
  EXPECT_EQ(matrix.error().code, base::Code::unsupported);
  EXPECT_NE(matrix.error().message.find("IQ2_XXS"), std::string::npos);
}

TEST(CpuBackend, UnknownKernelsAreRefusedWithTheNamesThatWork) {
  const auto backend = make_cpu_backend({.kernels = "avx1024"});
  ASSERT_FALSE(backend.has_value());
  EXPECT_EQ(backend.error().code, base::Code::invalid_argument);
  EXPECT_NE(backend.error().message.find("scalar"), std::string::npos);
}

TEST(KvShape, PageBytesCountKeysAndValuesOfAllLayers) {
  EXPECT_EQ((KvShape{.n_layers = 3, .n_kv_heads = 2, .head_dim = 8, .type = KvType::bf16}.page_bytes()),
            12288u);
  EXPECT_EQ((KvShape{.n_layers = 3, .n_kv_heads = 2, .head_dim = 8, .type = KvType::f32}.page_bytes()),
            24576u);
  EXPECT_EQ((KvShape{.n_layers = 3, .n_kv_heads = 2, .head_dim = 8, .type = KvType::int8}.page_bytes()),
            9216u);  // 8 bytes and a scale
  EXPECT_EQ((KvShape{.n_layers = 3, .n_kv_heads = 2, .head_dim = 20, .type = KvType::q4}.page_bytes()),
            15360u);  // 16 bytes and a scale
}

// ---- matrices that stay where they are

// What a matrix gives: some rows embedded, and products of 1, 5 and 40 tokens, written and added.
std::vector<float> results_of(Backend& backend, const Matrix& matrix) {
  std::vector<float> all;
  const std::vector<TokenId> ids = {0, static_cast<TokenId>(matrix.n_out() - 1), 3};
  std::vector<float> embedded(ids.size() * matrix.n_in());
  backend.embed(matrix, ids, {embedded.data(), std::ssize(ids), matrix.n_in()});
  all = embedded;
  const std::vector<float> bias = random_floats(matrix.n_out(), 1, 8);
  for (const int64_t n_rows : {1, 5, 40}) {
    std::vector<float> input = random_floats(n_rows * matrix.n_in(), 1, 9);
    std::vector<float> output = random_floats(n_rows * matrix.n_out(), 1, 10);
    const LinearTerm term{.weight = &matrix,
                          .bias = bias.data(),
                          .output = {output.data(), n_rows, matrix.n_out()},
                          .add_to_output = n_rows == 5};
    backend.linear({input.data(), n_rows, matrix.n_in()}, {&term, 1});
    all.insert(all.end(), output.begin(), output.end());
  }
  return all;
}

TEST(CpuBackend, AMatrixGivesTheSameBitsWhereverItLies) {
  for (const DType type :
       {DType::F32, DType::F16, DType::BF16, DType::Q4_0, DType::Q8_0, DType::Q4_K, DType::Q6_K}) {
    for (const Numerics numerics : {Numerics::exact, Numerics::fast}) {
      SCOPED_TRACE(std::string(tensor::name(type)) + " " + name(numerics));
      const Weight weight(type, /*n_out=*/16 * 9 + 5, /*n_in=*/512, 1);
      const auto backend = backend_of(numerics, /*n_threads=*/3, "auto");
      const auto packed = matrix_of(*backend, weight);
      const std::vector<float> expected = results_of(*backend, *packed);

      const auto repacked_as_used = backend->map_matrix(weight.view, tensor::Layout::rows);
      ASSERT_TRUE(repacked_as_used);
      EXPECT_TRUE(same_bits(results_of(*backend, **repacked_as_used), expected));
      EXPECT_EQ((*repacked_as_used)->size_bytes(), weight.bytes.size());

      tensor::TensorView stored = weight.view;
      stored.bytes = packed->bytes();
      const auto used_in_place = backend->map_matrix(stored, tensor::Layout::backend);
      ASSERT_TRUE(used_in_place);
      EXPECT_TRUE(same_bits(results_of(*backend, **used_in_place), expected));
      EXPECT_EQ((*used_in_place)->bytes().data(), packed->bytes().data());
    }
  }
}

TEST(CpuBackend, StoredPanelsAreHeldAgainstTheirShape) {
  const auto backend = backend_of(Numerics::fast, 1, "auto");
  const Weight weight(DType::Q8_0, 32, 64, 1);
  const auto packed = matrix_of(*backend, weight);
  tensor::TensorView stored = weight.view;
  stored.bytes = packed->bytes().first(packed->bytes().size() - 64);
  EXPECT_EQ(backend->map_matrix(stored, tensor::Layout::backend).error().message,
            "has " + std::to_string(stored.bytes.size()) + " packed bytes, its shape [32, 64] takes " +
                std::to_string(packed->bytes().size()));
  std::vector<std::byte> crooked(packed->bytes().size() + 128);
  const size_t shift = 65 - reinterpret_cast<uintptr_t>(crooked.data()) % 64;
  stored.bytes = base::Bytes(crooked).subspan(shift, packed->bytes().size());
  EXPECT_EQ(backend->map_matrix(stored, tensor::Layout::backend).error().message,
            "is packed, but does not begin at a multiple of 64 bytes");
}

}  // namespace
}  // namespace compute
