// Log-probabilities of the prompt's own tokens.
#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>

#include "engine/engine.h"
#include "engine/fake_model.h"
#include "gtest/gtest.h"

namespace engine {
namespace {

constexpr int kVocabulary = 97;

class Listener : public RequestSink {
 public:
  bool on_token(const sampling::Sampled& token) override {
    const std::lock_guard lock(mutex_);
    if (answer.empty()) n_before_answer = prompt.size();
    answer.push_back(token.id);
    return true;
  }
  void on_prompt_logprobs(std::span<const sampling::Sampled> tokens) override {
    const std::lock_guard lock(mutex_);
    prompt.insert(prompt.end(), tokens.begin(), tokens.end());
  }
  void on_finish(FinishReason reason, const Timings& timings, const base::Error*) override {
    const std::lock_guard lock(mutex_);
    finished = reason;
    n_cached = timings.cached_prompt_tokens;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, std::chrono::seconds(20), [this] { return finished.has_value(); }));
  }

  std::vector<sampling::Sampled> prompt;
  std::vector<TokenId> answer;
  size_t n_before_answer = 0;
  std::optional<FinishReason> finished;
  int64_t n_cached = 0;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

std::vector<TokenId> random_tokens(int64_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<TokenId> out(static_cast<size_t>(n));
  for (TokenId& id : out) id = static_cast<TokenId>(random() % kVocabulary);
  return out;
}

std::shared_ptr<Listener> ask(Engine& engine, const std::vector<TokenId>& prompt, int n_prompt_logprobs,
                              int64_t max_tokens = 3) {
  auto listener = std::make_shared<Listener>();
  EXPECT_TRUE(engine.submit({.prompt = prompt,
                             .sampling = {.temperature = 0},
                             .max_tokens = max_tokens,
                             .n_prompt_logprobs = n_prompt_logprobs,
                             .sink = listener}));
  return listener;
}

void expect_right(const Listener& heard, const std::vector<TokenId>& prompt, int n_top) {
  ASSERT_EQ(heard.prompt.size(), prompt.size() - 1);
  for (size_t i = 1; i < prompt.size(); ++i) {
    const std::vector<TokenId> before(prompt.begin(), prompt.begin() + static_cast<ptrdiff_t>(i));
    const auto expected = sampling::appraise(FakeModel::logits_after(before, kVocabulary), prompt[i], n_top);
    EXPECT_EQ(heard.prompt[i - 1].id, prompt[i]);
    EXPECT_EQ(heard.prompt[i - 1].logprob, expected->logprob) << i;
    EXPECT_EQ(heard.prompt[i - 1].top.size(), expected->top.size());
  }
  EXPECT_EQ(heard.n_before_answer, prompt.size() - 1) << "all of them come before the answer";
}

TEST(PromptLogprobs, AreWhatTheModelThoughtOfEachToken) {
  FakeModel model{{.vocab_size = kVocabulary}};
  const auto engine = *Engine::start(model, {.context_tokens = 512});
  for (const int64_t n : {1, 2, 15, 16, 17, 64, 65, 200}) {
    const auto prompt = random_tokens(n, static_cast<uint32_t>(n));
    const auto heard = ask(*engine, prompt, 2);
    heard->wait();
    expect_right(*heard, prompt, 2);
    EXPECT_EQ(heard->answer.size(), 3u);
  }
  EXPECT_EQ(model.n_violations, 0);
}

TEST(PromptLogprobs, AreThereThoughThePromptIsKnown) {
  FakeModel model{{.vocab_size = kVocabulary}};
  const auto engine = *Engine::start(model, {.context_tokens = 512});
  const auto prompt = random_tokens(200, 1);
  const auto first = ask(*engine, prompt, -1);
  first->wait();
  EXPECT_TRUE(first->prompt.empty());
  const auto heard = ask(*engine, prompt, 0);
  heard->wait();
  expect_right(*heard, prompt, 0);
  EXPECT_EQ(heard->n_cached, 0);
  EXPECT_EQ(heard->answer, first->answer);
  const auto last = ask(*engine, prompt, -1);
  last->wait();
  EXPECT_GT(last->n_cached, 100) << "others still find it";
}

// Few pages and many requests: sequences give up their pages while they read.
TEST(PromptLogprobs, ComeOnceEvenIfTheSequenceIsPreempted) {
  FakeModel model{{.vocab_size = kVocabulary}};
  const auto engine = *Engine::start(model, {.context_tokens = 448, .n_pages = 9, .chunk_tokens = 64});
  std::vector<std::vector<TokenId>> prompts;
  std::vector<std::shared_ptr<Listener>> heard;
  for (uint32_t i = 0; i < 12; ++i) {
    prompts.push_back(random_tokens(60 + 20 * (i % 4), i));
    heard.push_back(ask(*engine, prompts.back(), 1, 120));
  }
  for (size_t i = 0; i < heard.size(); ++i) {
    heard[i]->wait();
    EXPECT_EQ(heard[i]->finished, FinishReason::length);
    expect_right(*heard[i], prompts[i], 1);
  }
  EXPECT_GT(engine->stats().preempted, 0);
}

}  // namespace
}  // namespace engine
