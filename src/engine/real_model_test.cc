// The engine over a real, tiny model: the bits of an answer do not depend on what else runs.
#include <filesystem>
#include <future>
#include <random>

#include <unistd.h>

#include "engine/engine.h"
#include "engine/oracle_drafter.h"
#include "engine/scorer.h"
#include "gtest/gtest.h"
#include "tests/support/tiny_model.h"

namespace engine {
namespace {

constexpr compute::KvType kKvTypes[] = {compute::KvType::f32, compute::KvType::bf16, compute::KvType::int8,
                                        compute::KvType::q4};

struct Answer {
  std::vector<TokenId> ids;
  std::vector<float> logprobs;
  bool operator==(const Answer&) const = default;
};

class Collector : public RequestSink {
 public:
  bool on_token(const sampling::Sampled& token) override {
    answer_.ids.push_back(token.id);
    answer_.logprobs.push_back(token.logprob);
    return true;
  }
  void on_finish(FinishReason reason, const Timings&, const base::Error*) override {
    EXPECT_EQ(reason, FinishReason::length);
    done_.set_value(std::move(answer_));
  }
  std::future<Answer> answer() { return done_.get_future(); }

 private:
  Answer answer_;
  std::promise<Answer> done_;
};

std::future<Answer> ask(Engine& engine, const Request& request) {
  auto collector = std::make_shared<Collector>();
  auto answer = collector->answer();
  Request copy = request;
  copy.sink = std::move(collector);
  EXPECT_TRUE(engine.submit(std::move(copy)));
  return answer;
}

// A model with a backend of its own.
struct RealModel {
  RealModel(const std::filesystem::path& path, compute::Numerics numerics, int n_threads)
      : backend(*compute::make_cpu_backend({.numerics = numerics, .n_threads = n_threads})),
        file(*model_files::ModelFile::open(path)),
        model(*models::load_model(*file, {.backend = *backend})) {}
  std::unique_ptr<compute::Backend> backend;
  std::unique_ptr<model_files::ModelFile> file;
  std::unique_ptr<models::Model> model;
};

class RealModelTest : public testing::TestWithParam<compute::Numerics> {
 protected:
  void SetUp() override {
    path_ =
        std::filesystem::temp_directory_path() / ("domicile_engine_" + std::to_string(getpid()) + ".gguf");
    ASSERT_TRUE(tests::write_tiny_gguf(path_, tests::TinyModelOptions::of_type(tensor::DType::Q8_0)));
  }
  void TearDown() override { std::filesystem::remove(path_); }

  // Prompts of all lengths around a page, which share beginnings.
  std::vector<Request> some_requests() const {
    std::mt19937 random(11);
    std::vector<TokenId> common(140);
    for (TokenId& id : common) id = static_cast<TokenId>(random() % 256);
    std::vector<Request> requests;
    for (const int64_t n_common : {1, 63, 64, 65, 127, 128, 129, 20, 100, 140}) {
      Request request;
      request.prompt.assign(common.begin(), common.begin() + n_common);
      for (uint32_t n = random() % 12; n > 0; --n)
        request.prompt.push_back(static_cast<TokenId>(random() % 256));
      request.sampling = {.temperature = requests.size() % 2 == 0 ? 0.0f : 1.0f, .seed = random()};
      request.max_tokens = 24;
      request.n_top_logprobs = 0;
      requests.push_back(std::move(request));
    }
    return requests;
  }

  std::filesystem::path path_;
};

TEST_P(RealModelTest, GivesTheSameBitsAloneAndInACrowdColdAndWarm) {
  const std::vector<Request> requests = some_requests();
  std::vector<Answer> alone;
  {
    RealModel real(path_, GetParam(), /*n_threads=*/1);
    const auto engine = Engine::start(*real.model, {.context_tokens = 256, .prefix_cache = false});
    ASSERT_TRUE(engine);
    for (const Request& request : requests) alone.push_back(ask(**engine, request).get());
  }
  struct Setting {
    int n_threads;
    int64_t n_pages, chunk_tokens;
    int max_sequences;
  };
  for (const Setting& s : {Setting{2, 40, 512, 16}, Setting{1, 6, 37, 8}, Setting{2, 8, 1, 4}}) {
    SCOPED_TRACE("pages " + std::to_string(s.n_pages) + ", chunk " + std::to_string(s.chunk_tokens));
    RealModel real(path_, GetParam(), s.n_threads);
    const auto engine = Engine::start(*real.model, {.context_tokens = 256,
                                                    .n_pages = s.n_pages,
                                                    .max_sequences = s.max_sequences,
                                                    .chunk_tokens = s.chunk_tokens});
    ASSERT_TRUE(engine);
    for (const char* state_of_cache : {"cold", "warm"}) {
      std::vector<std::future<Answer>> crowd;
      for (const Request& request : requests) crowd.push_back(ask(**engine, request));
      for (size_t i = 0; i < requests.size(); ++i)
        EXPECT_EQ(crowd[i].get(), alone[i]) << state_of_cache << ", request " << i;
    }
    EXPECT_GT((*engine)->stats().cached_prompt_tokens, 0);
  }
}

// Prompts that say something twice, and a drafter that knows the answers: ids and log-probabilities are those
// of plain decoding, whatever is guessed, for how far, and with how little room.
TEST_P(RealModelTest, GivesTheSameBitsHoweverFarItGuesses) {
  std::vector<Request> requests = some_requests();
  for (Request& request : requests) {
    const size_t n = request.prompt.size() / 2;
    request.prompt.insert(request.prompt.end(), request.prompt.begin(), request.prompt.begin() + n);
    const float temperatures[] = {0.0f, 0.8f, 2.0f};
    request.sampling.temperature = temperatures[request.prompt.size() % 3];
  }
  for (const compute::KvType kv_type : kKvTypes) {
    std::vector<Answer> plain;
    const auto drafter = std::make_shared<OracleDrafter>(OracleDrafter::Kind::sometimes);
    {
      RealModel real(path_, GetParam(), /*n_threads=*/1);
      const auto engine =
          Engine::start(*real.model, {.context_tokens = 256, .kv_type = kv_type, .prefix_cache = false});
      ASSERT_TRUE(engine);
      for (const Request& request : requests) {
        plain.push_back(ask(**engine, request).get());
        std::vector<TokenId> text = request.prompt;
        text.insert(text.end(), plain.back().ids.begin(), plain.back().ids.end());
        drafter->learn(std::move(text));
      }
    }
    for (int64_t draft_tokens = 1; draft_tokens <= 16; ++draft_tokens) {
      SCOPED_TRACE("drafts " + std::to_string(draft_tokens));
      RealModel real(path_, GetParam(), /*n_threads=*/2);
      // In turn: much room, so little that sequences give up their pages, single rows of prompts.
      constexpr int64_t kPages[] = {40, 6, 8}, kChunk[] = {512, 37, 1};
      const auto cut = static_cast<size_t>(draft_tokens % 3);
      const auto engine = Engine::start(*real.model, {.context_tokens = 256,
                                                      .n_pages = kPages[cut],
                                                      .max_sequences = 6,
                                                      .chunk_tokens = kChunk[cut],
                                                      .kv_type = kv_type,
                                                      .draft_tokens = draft_tokens,
                                                      .always_draft = true,
                                                      .drafter = draft_tokens % 2 == 0 ? drafter : nullptr});
      ASSERT_TRUE(engine);
      for (const char* state_of_cache : {"cold", "warm"}) {
        std::vector<std::future<Answer>> crowd;
        for (const Request& request : requests) crowd.push_back(ask(**engine, request));
        for (size_t i = 0; i < requests.size(); ++i)
          EXPECT_EQ(crowd[i].get(), plain[i]) << state_of_cache << ", request " << i;
      }
      EXPECT_GT((*engine)->stats().drafted_tokens, 0);
      if (draft_tokens % 2 == 0) {
        EXPECT_GT((*engine)->stats().accepted_tokens, 0);
      }
    }
  }
}

TEST_P(RealModelTest, ScoresTheSameBitsHoweverTheStepsAreCut) {
  RealModel real(path_, GetParam(), /*n_threads=*/2);
  const std::vector<TokenId> tokens = some_requests().back().prompt;
  for (const compute::KvType kv_type : kKvTypes) {
    std::vector<float> expected;
    for (const auto& [chunk, batch] :
         {std::pair{512, 1}, std::pair{1, 1}, std::pair{7, 8}, std::pair{64, 3}}) {
      std::vector<float> logits;
      ASSERT_TRUE(score(*real.model, tokens, {.chunk_tokens = chunk, .batch = batch, .kv_type = kv_type},
                        [&](int64_t, std::span<const float> row) -> base::Status {
                          logits.insert(logits.end(), row.begin(), row.end());
                          return {};
                        }));
      if (expected.empty()) expected = logits;
      EXPECT_TRUE(logits == expected) << compute::name(kv_type) << ", chunk " << chunk << ", batch " << batch;
    }
  }
}

// How a request ended that came to nothing.
class LastWords : public RequestSink {
 public:
  bool on_token(const sampling::Sampled&) override { return true; }
  void on_finish(FinishReason, const Timings&, const base::Error* error) override {
    message_.set_value(error == nullptr ? "no error" : error->message);
  }
  std::future<std::string> message() { return message_.get_future(); }

 private:
  std::promise<std::string> message_;
};

// What a model says with a NaN in its `spoiled_tensor`; of an embedding, that is in the row of token 0.
std::string error_of(const std::filesystem::path& path, compute::Numerics numerics,
                     const tests::TinyModelOptions& options, std::vector<TokenId> prompt,
                     int64_t chunk_tokens = 512) {
  EXPECT_TRUE(tests::write_tiny_gguf(path, options));
  RealModel real(path, numerics, /*n_threads=*/2);
  const auto engine = Engine::start(*real.model, {.context_tokens = 256, .chunk_tokens = chunk_tokens});
  const auto sink = std::make_shared<LastWords>();
  std::future<std::string> message = sink->message();
  EXPECT_TRUE((*engine)->submit({.prompt = std::move(prompt), .max_tokens = 2, .sink = sink}));
  return message.get();
}

TEST_P(RealModelTest, NamesTheTensorThatMakesLogitsNotFinite) {
  tests::TinyModelOptions options = tests::TinyModelOptions::of_type(tensor::DType::Q8_0);
  options.tied = false;
  for (const char* architecture : {"qwen2", "qwen3"}) {
    options.architecture = architecture;
    options.spoiled_tensor.clear();
    ASSERT_TRUE(tests::write_tiny_gguf(path_, options));
    std::vector<std::string> names;
    const auto file = *model_files::ModelFile::open(path_);
    for (const model_files::NamedTensor& tensor : file->tensors()) names.push_back(tensor.name);
    for (const std::string& name : names) {
      options.spoiled_tensor = name;
      const std::string message = error_of(path_, GetParam(), options, {7, 0});
      const std::string place = name.starts_with("blk.0.")         ? "layer 0"
                                : name.starts_with("blk.1.")       ? "layer 1"
                                : name.starts_with("token_embd.")  ? "the embedding"
                                : name.starts_with("output_norm.") ? "the final norm"
                                                                   : "the output head";
      EXPECT_TRUE(message.ends_with("; the first value that is not finite comes from " + place +
                                    ", tensor '" + name + "'"))
          << architecture << ", " << name << ": " << message;
    }
  }
}

// A tied head is named by its table. What an earlier step has stored is not traced to its tensor.
TEST_P(RealModelTest, NamesHeadsThatAreTiedAndAttentionThatReadsNaNs) {
  tests::TinyModelOptions options = tests::TinyModelOptions::of_type(tensor::DType::Q8_0);
  options.spoiled_tensor = "token_embd.weight";
  std::string message = error_of(path_, GetParam(), options, {7, 8});
  EXPECT_TRUE(message.ends_with("comes from the output head, tensor 'token_embd.weight'")) << message;
  options.tied = false;
  message = error_of(path_, GetParam(), options, {0, 7, 8}, /*chunk_tokens=*/2);
  EXPECT_TRUE(message.ends_with("comes from layer 0, attention over the stored keys and values")) << message;
}

INSTANTIATE_TEST_SUITE_P(Numerics, RealModelTest,
                         testing::Values(compute::Numerics::exact, compute::Numerics::fast),
                         [](const auto& info) { return std::string(compute::name(info.param)); });

}  // namespace
}  // namespace engine
