// A real model, SmolLM2-135M-Instruct, against the reference implementation's log-probabilities and greedy
// answers.
//
// Needs the reference set 'real' and the model: DOMICILE_SMOLLM2 names the file (./run-tests pulls it).
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "base/exact_math.h"
#include "base/sha256.h"
#include "base/strings.h"
#include "engine/scorer.h"
#include "loading/loaded_model.h"
#include "platform/cpu_facts.h"
#include "platform/files.h"
#include "sampling/sampler.h"
#include "tests/golden.h"
#include "tests/support/golden_tensors.h"

namespace {

using base::Json;
using TokenId = int32_t;

struct Loaded {
  std::unique_ptr<compute::Backend> backend;
  loading::LoadedModel model;
};

Loaded load(const std::string& path, const compute::BackendOptions& options) {
  auto backend = compute::make_cpu_backend(options).value();
  auto loaded = loading::load_weights(loading::open_model(path).value(), {.backend = *backend}).value();
  return {std::move(backend), std::move(loaded)};
}

compute::BackendOptions with(compute::Numerics numerics) {
  return {.numerics = numerics, .n_threads = platform::cpu_facts().usable_cores};
}

engine::ScoreOptions score_options(compute::Numerics numerics) {
  return {.kv_type = numerics == compute::Numerics::exact ? compute::KvType::f32 : compute::KvType::bf16};
}

class RealModel : public testing::Test {
 protected:
  void SetUp() override {
    const char* path = std::getenv("DOMICILE_SMOLLM2");
    if (path == nullptr) GTEST_SKIP() << "DOMICILE_SMOLLM2 does not name the model file";
    path_ = path;
    dir_ = tests::golden_dir("real");
    if (!dir_) GTEST_SKIP() << "reference outputs 'real' not found";
    golden_ = std::make_unique<tests::GoldenTensors>(*dir_ / "smollm2.safetensors");
  }
  std::string path_;
  std::optional<std::filesystem::path> dir_;
  std::unique_ptr<tests::GoldenTensors> golden_;
};

const char* const kKeys[] = {"english", "korean", "japanese", "chinese", "malay", "python", "cpp", "chat"};

double log_sum_exp(std::span<const float> logits) {
  const double max = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float x : logits) sum += base::exact_exp(x - max);
  return max + base::exact_log(sum);
}

// Kullback-Leibler divergence of one position over the reference's 64 likeliest tokens and the rest taken as
// one.
double divergence(std::span<const float> logits, std::span<const int32_t> ids,
                  std::span<const float> logprobs, double rest) {
  const double norm = log_sum_exp(logits);
  double sum = 0, q_top = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    const double log_q = logits[static_cast<size_t>(ids[i])] - norm, log_p = logprobs[i];
    sum += base::exact_exp(log_p) * (log_p - log_q);
    q_top += base::exact_exp(log_q);
  }
  const double p = std::max(rest, 1e-12), q = std::max(1 - q_top, 1e-12);
  return sum + p * (base::exact_log(p) - base::exact_log(q));
}

TEST_F(RealModel, ExactNumericsGiveTheReferencesLogProbabilities) {
  Loaded loaded = load(path_, with(compute::Numerics::exact));
  for (const char* key : {"english", "korean", "malay", "cpp", "long"}) {
    const auto ids = golden_->values<int32_t>(base::cat("ids_", key));
    const auto expected = golden_->values<float>(base::cat("logprob_", key));
    double error = 0;
    const auto scored = engine::score(
        *loaded.model.model, ids, score_options(compute::Numerics::exact),
        [&](int64_t t, std::span<const float> logits) -> base::Status {
          const auto next = static_cast<size_t>(t) + 1;
          if (next < ids.size())
            error += std::abs(sampling::log_probability(logits, ids[next]) - expected[next - 1]);
          return {};
        });
    ASSERT_TRUE(scored.has_value()) << scored.error().message;
    EXPECT_LE(error / static_cast<double>(expected.size()), 1e-4) << key;
  }
}

TEST_F(RealModel, FastNumericsStayAsCloseAsPromised) {
  Loaded loaded = load(path_, with(compute::Numerics::fast));
  double sum = 0;
  int64_t n_positions = 0;
  for (const char* key : kKeys) {
    const auto ids = golden_->values<int32_t>(base::cat("ids_", key));
    const auto top_ids = golden_->values<int32_t>(base::cat("top64_ids_", key));
    const auto top = golden_->values<float>(base::cat("top64_logprob_", key));
    const auto rest = golden_->values<float>(base::cat("rest_", key));
    const auto scored =
        engine::score(*loaded.model.model, ids, score_options(compute::Numerics::fast),
                      [&](int64_t t, std::span<const float> logits) -> base::Status {
                        const auto at = static_cast<size_t>(t) * 64;
                        sum += divergence(logits, std::span(top_ids).subspan(at, 64),
                                          std::span(top).subspan(at, 64), rest[static_cast<size_t>(t)]);
                        ++n_positions;
                        return {};
                      });
    ASSERT_TRUE(scored.has_value()) << scored.error().message;
  }
  const double mean = sum / static_cast<double>(n_positions);
  RecordProperty("mean_kl_top64_and_rest", base::format_double(mean));
  EXPECT_LE(mean, 0.0039);
}

TEST_F(RealModel, ExactNumericsWriteTheReferencesGreedyAnswers) {
  Loaded loaded = load(path_, with(compute::Numerics::exact));
  const std::string text = platform::read_file(*dir_ / "smollm2.greedy.jsonl", 1 << 24).value();
  for (const std::string_view line : base::split(text, '\n')) {
    if (line.empty()) continue;
    const Json prompt = Json::parse(line).value();
    std::vector<TokenId> ids;
    for (const Json& id : prompt.find("ids")->as_array())
      ids.push_back(static_cast<TokenId>(id.as_integer()));
    const size_t n_prompt = ids.size();
    for (const Json& id : prompt.find("tokens")->as_array())
      ids.push_back(static_cast<TokenId>(id.as_integer()));
    const Json::Array& margins = prompt.find("margins")->as_array();
    // One pass over prompt and answer: each answered token must be the likeliest one before it.
    const auto scored = engine::score(*loaded.model.model, ids, score_options(compute::Numerics::exact),
                                      [&](int64_t t, std::span<const float> logits) -> base::Status {
                                        const auto next = static_cast<size_t>(t) + 1;
                                        if (next < n_prompt || next >= ids.size()) return {};
                                        if (margins[next - n_prompt].as_double() < 0.01) return {};
                                        const auto best = std::max_element(logits.begin(), logits.end());
                                        EXPECT_EQ(best - logits.begin(), ids[next]) << "token " << next;
                                        return {};
                                      });
    ASSERT_TRUE(scored.has_value()) << scored.error().message;
  }
}

TEST_F(RealModel, HasTheSameBitsHoweverItIsRun) {
  auto ids = golden_->values<int32_t>("ids_english");
  ids.resize(130);  // three pages, the last one begun
  struct Way {
    std::string name;
    compute::BackendOptions backend;
    engine::ScoreOptions score;
  };
  std::vector<Way> ways = {{"1 thread", {.n_threads = 1}, {}},
                           {"2 threads", {.n_threads = 2}, {}},
                           {"chunks of 7", {.n_threads = 2}, {.chunk_tokens = 7}},
                           {"chunks of 64", {.n_threads = 2}, {.chunk_tokens = 64}},
                           {"batch 8", {.n_threads = 2}, {.batch = 8}},
                           {"avx2", {.n_threads = 2, .kernels = "avx2"}, {}},
                           {"avx_vnni", {.n_threads = 2, .kernels = "avx_vnni"}, {}},
                           {"avx512", {.n_threads = 2, .kernels = "avx512"}, {}},
                           {"amx", {.n_threads = 2, .kernels = "amx"}, {}}};
  std::string first;
  for (const Way& way : ways) {
    if (!compute::make_cpu_backend(way.backend)) continue;  // this CPU lacks the kernel set
    Loaded loaded = load(path_, way.backend);
    base::Sha256 hash;
    const auto scored =
        engine::score(*loaded.model.model, ids, way.score, [&](int64_t, std::span<const float> logits) {
          hash.update(std::as_bytes(logits));
          return base::Status{};
        });
    ASSERT_TRUE(scored.has_value()) << scored.error().message;
    const std::string hex = hash.finish_hex();
    if (first.empty()) first = hex;
    EXPECT_EQ(hex, first) << way.name;
  }
}

}  // namespace
