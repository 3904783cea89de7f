#include "engine/engine.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

#include "engine/fake_model.h"
#include "gtest/gtest.h"

namespace engine {
namespace {

using namespace std::chrono_literals;

// Records what a request heard; wait() returns when it has ended.
class Recorder : public RequestSink {
 public:
  bool on_token(const sampling::Sampled& token) override {
    const std::lock_guard lock(mutex_);
    EXPECT_FALSE(ended_);
    ids_.push_back(token.id);
    tokens_.push_back(token);
    changed_.notify_all();
    return static_cast<int64_t>(ids_.size()) != enough;
  }
  void on_prefill(int64_t done, int64_t total) override {
    const std::lock_guard lock(mutex_);
    EXPECT_GT(done, prefilled_);
    EXPECT_LE(done, total);
    prefilled_ = done;
  }
  void on_finish(FinishReason reason, const Timings& timings, const base::Error* error) override {
    const std::lock_guard lock(mutex_);
    EXPECT_FALSE(ended_);
    EXPECT_EQ(error != nullptr, reason == FinishReason::error);
    if (error != nullptr) error_ = *error;
    reason_ = reason;
    timings_ = timings;
    ended_ = true;
    changed_.notify_all();
  }

  void wait() {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, 20s, [this] { return ended_; }));
  }
  void wait_for_tokens(size_t n) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, 20s, [&] { return ids_.size() >= n; }));
  }
  std::vector<TokenId> ids() {
    wait();
    return ids_;
  }
  const std::vector<sampling::Sampled>& tokens() { return wait(), tokens_; }
  FinishReason reason() { return wait(), reason_; }
  Timings timings() { return wait(), timings_; }
  base::Error error() { return wait(), error_; }
  bool has_ended() {
    const std::lock_guard lock(mutex_);
    return ended_;
  }

  int64_t enough = -1;  // on_token returns false for this token

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<TokenId> ids_;
  std::vector<sampling::Sampled> tokens_;
  int64_t prefilled_ = 0;
  bool ended_ = false;
  FinishReason reason_{};
  Timings timings_;
  base::Error error_{};
};

std::vector<TokenId> random_prompt(int64_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<TokenId> prompt(static_cast<size_t>(n));
  for (TokenId& id : prompt) id = static_cast<TokenId>(random() % 90);
  return prompt;
}

struct Ask {
  std::vector<TokenId> prompt;
  int64_t max_tokens = 20;
  float temperature = 1;
  uint64_t seed = 1;
  std::string salt = {};
};

Request make_request(const Ask& ask, std::shared_ptr<Recorder> recorder) {
  Request request;
  request.prompt = ask.prompt;
  request.sampling = {.temperature = ask.temperature, .seed = ask.seed};
  request.max_tokens = ask.max_tokens;
  request.cache_salt = ask.salt;
  request.sink = std::move(recorder);
  return request;
}

std::shared_ptr<Recorder> submit(Engine& engine, const Ask& ask) {
  auto recorder = std::make_shared<Recorder>();
  EXPECT_TRUE(engine.submit(make_request(ask, recorder)));
  return recorder;
}

// What the fake model says when it is asked directly.
std::vector<TokenId> expected_answer(const Ask& ask) {
  std::vector<TokenId> tokens = ask.prompt;
  const sampling::Sampler sampler({.temperature = ask.temperature, .seed = ask.seed});
  for (int64_t i = 0; i < ask.max_tokens; ++i)
    tokens.push_back(sampler.sample(FakeModel::logits_after(tokens, 97), i, -1)->id);
  return {tokens.begin() + static_cast<std::ptrdiff_t>(ask.prompt.size()), tokens.end()};
}

std::unique_ptr<Engine> start(FakeModel& model, EngineOptions options) {
  auto engine = Engine::start(model, options);
  EXPECT_TRUE(engine) << engine.error().message;
  return std::move(*engine);
}

TEST(Engine, AnswersAsTheModelDoes) {
  FakeModel model;
  const auto engine = start(model, {});
  for (const float temperature : {0.0f, 1.0f}) {
    const Ask ask{.prompt = random_prompt(100, 1), .temperature = temperature};
    const auto answer = submit(*engine, ask);
    EXPECT_EQ(answer->ids(), expected_answer(ask));
    EXPECT_EQ(answer->reason(), FinishReason::length);
    EXPECT_EQ(answer->timings().generated_tokens, 20);
    EXPECT_EQ(answer->timings().prompt_tokens, 100);
  }
}

}  // namespace
}  // namespace engine
