// The numbers of whole models: against the reference implementation's logits and greedy answers, and against
// ourselves for every number of threads, cut of the prompt, batch and kernel set.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/sha256.h"
#include "base/strings.h"
#include "engine/scorer.h"
#include "loading/loaded_model.h"
#include "platform/files.h"
#include "tests/golden.h"
#include "tests/support/golden_tensors.h"

namespace {

namespace fs = std::filesystem;
using base::Json;
using TokenId = int32_t;

// What this build promises; further folders of the reference set belong to other architectures.
const std::vector<std::string> kCases = {
    "llama-tied",   "llama-tied-gguf", "llama-llama3rope", "llama-llama3rope-gguf", "llama-bias",
    "llama-linear", "llama-yarn",      "qwen2-tied",       "qwen2-tied-gguf",       "qwen2-yarn",
    "qwen3-tied",   "qwen3-tied-gguf", "qwen3-yarn"};

// The case's folder: of the large set if it is there, else the repository's own copy of a few.
std::optional<fs::path> find_case(const std::string& name) {
  if (const auto large = tests::golden_dir("models"); large && fs::exists(*large / name))
    return *large / name;
  const fs::path own = fs::path(DOMICILE_SOURCE_DIR) / "tests/data/models" / name;
  if (fs::exists(own)) return own;
  return std::nullopt;
}

struct Case {
  fs::path model;
  Json facts;
  tests::GoldenTensors golden;
};

Case read_case(const fs::path& folder) {
  const Json facts = Json::parse(platform::read_file(folder / "case.json", 1 << 20).value()).value();
  const Json* golden = facts.find("golden");
  const fs::path model = fs::exists(folder / "model.gguf") ? folder / "model.gguf" : folder;
  return {model, facts, tests::GoldenTensors(folder / (golden ? golden->as_string() : "golden.safetensors"))};
}

struct Loaded {
  std::unique_ptr<compute::Backend> backend;
  loading::LoadedModel model;
};

Loaded load(const fs::path& path, const compute::BackendOptions& options) {
  auto backend = compute::make_cpu_backend(options).value();
  auto opened = loading::open_model(path.string());
  EXPECT_TRUE(opened.has_value()) << opened.error().message;
  auto loaded = loading::load_weights(std::move(opened).value(), {.backend = *backend});
  EXPECT_TRUE(loaded.has_value()) << loaded.error().message;
  return {std::move(backend), std::move(loaded).value()};
}

std::vector<float> all_logits(models::Model& model, std::span<const TokenId> ids,
                              const engine::ScoreOptions& options) {
  std::vector<float> logits;
  const auto scored =
      engine::score(model, ids, options, [&](int64_t, std::span<const float> row) -> base::Status {
        logits.insert(logits.end(), row.begin(), row.end());
        return {};
      });
  EXPECT_TRUE(scored.has_value()) << scored.error().message;
  return logits;
}

class GoldenModel : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, GoldenModel, testing::ValuesIn(kCases), [](const auto& info) {
  std::string name = info.param;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
});

TEST_P(GoldenModel, HasTheLogitsOfTheReference) {
  const auto folder = find_case(GetParam());
  if (!folder) GTEST_SKIP() << "reference outputs 'models/" << GetParam() << "' not found";
  const Case c = read_case(*folder);
  Loaded loaded = load(c.model, {.numerics = compute::Numerics::exact});
  const std::vector<TokenId> ids = c.golden.values<int32_t>("ids");
  const std::vector<float> expected = c.golden.values<float>("logits");
  const auto shape = c.golden.shape("logits");  // [S, T, V]
  const auto n_tokens = static_cast<size_t>(shape[1]), vocab = static_cast<size_t>(shape[2]);
  const double tolerance = c.facts.find("max_abs_logit_error")->as_double();
  for (size_t s = 0; s < static_cast<size_t>(shape[0]); ++s) {
    const auto logits = all_logits(*loaded.model.model, std::span(ids).subspan(s * n_tokens, n_tokens),
                                   {.kv_type = compute::KvType::f32});
    ASSERT_EQ(logits.size(), n_tokens * vocab);
    for (size_t i = 0; i < logits.size(); ++i)
      ASSERT_LE(std::abs(logits[i] - expected[s * logits.size() + i]), tolerance)
          << "sequence " << s << ", logit " << i;
  }
}

TEST_P(GoldenModel, WritesTheGreedyAnswerOfTheReference) {
  const auto folder = find_case(GetParam());
  if (!folder) GTEST_SKIP() << "reference outputs 'models/" << GetParam() << "' not found";
  const Case c = read_case(*folder);
  Loaded loaded = load(c.model, {.numerics = compute::Numerics::exact});
  std::vector<TokenId> ids = c.golden.values<int32_t>("greedy_prompt");
  for (const TokenId expected : c.golden.values<int32_t>("greedy")) {
    const auto logits = all_logits(*loaded.model.model, ids, {.kv_type = compute::KvType::f32});
    const auto vocab = static_cast<ptrdiff_t>(loaded.model.model->config().vocab_size);
    const auto best = std::max_element(logits.end() - vocab, logits.end());
    ids.push_back(static_cast<TokenId>(best - (logits.end() - vocab)));
    ASSERT_EQ(ids.back(), expected) << "after " << ids.size() - 1 << " tokens";
  }
}

TEST_P(GoldenModel, HasTheSameBitsHoweverItIsRun) {
  const auto folder = find_case(GetParam());
  if (!folder) GTEST_SKIP() << "reference outputs 'models/" << GetParam() << "' not found";
  const Case c = read_case(*folder);
  std::vector<TokenId> ids = c.golden.values<int32_t>("ids");
  ids.resize(static_cast<size_t>(c.golden.shape("ids")[1]));
  struct Way {
    std::string name;
    compute::BackendOptions backend;
    engine::ScoreOptions score;
  };
  for (const compute::Numerics numerics : {compute::Numerics::exact, compute::Numerics::fast}) {
    std::vector<Way> ways;
    for (const int threads : {1, 2, 3})
      ways.push_back({base::cat("threads ", threads), {.n_threads = threads}, {}});
    for (const int64_t chunk : {1, 7, 64, 512})
      ways.push_back({base::cat("chunk ", chunk), {}, {.chunk_tokens = chunk}});
    for (const int batch : {2, 8}) ways.push_back({base::cat("batch ", batch), {}, {.batch = batch}});
    for (const char* kernels : {"scalar", "avx2", "avx_vnni", "avx512|amx", "amx"})
      ways.push_back({kernels, {.kernels = kernels}, {}});
    std::string first;
    for (Way& way : ways) {
      way.backend.numerics = numerics;
      if (!compute::make_cpu_backend(way.backend)) continue;  // this CPU lacks the kernel set
      Loaded loaded = load(c.model, way.backend);
      const auto logits = all_logits(*loaded.model.model, ids, way.score);
      const std::string hash = base::sha256_hex(std::as_bytes(std::span(logits)));
      if (first.empty()) first = hash;
      EXPECT_EQ(hash, first) << compute::name(numerics) << ", " << way.name;
    }
  }
}

}  // namespace
