#include "engine/engine.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <ctime>
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
  sampling::Sampler sampler({.temperature = ask.temperature, .seed = ask.seed});
  for (int64_t i = 0; i < ask.max_tokens; ++i)
    tokens.push_back(sampler.sample(FakeModel::logits_after(tokens, 97), i, -1)->id);
  return {tokens.begin() + static_cast<std::ptrdiff_t>(ask.prompt.size()), tokens.end()};
}

std::unique_ptr<Engine> start(FakeModel& model, EngineOptions options) {
  auto engine = Engine::start(model, options);
  EXPECT_TRUE(engine) << engine.error().message;
  return std::move(*engine);
}

// Holds the loop in front of a step until it is opened.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    ++n_arrived_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return is_open_; });
  }
  void wait_for_arrival() {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, 20s, [this] { return n_arrived_ > 0; }));
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = false;
  int n_arrived_ = 0;
};

// The loop publishes its numbers after it has told the sinks.
void expect_idle(const Engine& engine) {
  EngineStats stats;
  for (int i = 0; i < 1000; ++i) {
    stats = engine.stats();
    if (stats.running == 0 && stats.waiting == 0) break;
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(stats.running, 0);
  EXPECT_EQ(stats.waiting, 0);
  EXPECT_EQ(stats.pages_free + stats.pages_cached, stats.pages_total);
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
  EXPECT_EQ(model.n_violations, 0);
}

// Prompts that share beginnings, come at any time, some cancelled, in little memory: each answer is what the
// request would have got alone.
void expect_same_answers_in_a_crowd(const EngineOptions& options, uint32_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed) + ", pages " + std::to_string(options.n_pages) + ", chunk " +
               std::to_string(options.chunk_tokens));
  FakeModel model;
  std::mt19937 random(seed);
  std::vector<std::pair<Ask, std::shared_ptr<Recorder>>> answered;
  const auto engine = start(model, options);
  for (int i = 0; i < 40; ++i) {
    Ask ask;
    ask.prompt = random_prompt(static_cast<int64_t>(random() % 200), /*seed=*/random() % 3);
    const auto tail = random_prompt(1 + static_cast<int64_t>(random() % 80), random());
    ask.prompt.insert(ask.prompt.end(), tail.begin(), tail.end());
    ask.max_tokens = 1 + static_cast<int64_t>(random() % 60);
    ask.temperature = random() % 2 == 0 ? 0.0f : 1.5f;
    ask.seed = random();
    ask.salt = std::string(1, static_cast<char>('a' + random() % 2));
    auto recorder = std::make_shared<Recorder>();
    const auto id = engine->submit(make_request(ask, recorder));
    ASSERT_TRUE(id);
    if (random() % 5 == 0) {
      engine->cancel(*id);
      recorder->wait();
      continue;
    }
    answered.emplace_back(ask, recorder);
    if (random() % 4 == 0) answered[random() % answered.size()].second->wait();
  }
  for (const auto& [ask, recorder] : answered) {
    EXPECT_EQ(recorder->ids(), expected_answer(ask));
    EXPECT_EQ(recorder->reason(), FinishReason::length);
  }
  expect_idle(*engine);
  EXPECT_EQ(model.n_violations, 0);
}

TEST(Engine, GivesEachRequestTheSameTokensWhateverElseRuns) {
  for (uint32_t seed = 0; seed < 4; ++seed) {
    expect_same_answers_in_a_crowd(
        {.context_tokens = 400, .n_pages = 64, .max_sequences = 8, .chunk_tokens = 64}, seed);
    expect_same_answers_in_a_crowd(
        {.context_tokens = 400, .n_pages = 9, .max_sequences = 8, .chunk_tokens = 33}, seed);
    expect_same_answers_in_a_crowd(
        {.context_tokens = 400, .n_pages = 7, .max_sequences = 3, .chunk_tokens = 7}, seed);
    expect_same_answers_in_a_crowd({.context_tokens = 400,
                                    .n_pages = 20,
                                    .max_sequences = 32,
                                    .chunk_tokens = 512,
                                    .prefix_cache = false},
                                   seed);
  }
}

// 97 ids repeat themselves all the time, and the fake model does not go on as they did: nearly all guesses
// are wrong.
TEST(Engine, GivesTheSameTokensWhenItGuessesAndIsWrong) {
  for (uint32_t seed = 0; seed < 4; ++seed)
    for (const int64_t draft_tokens : {1, 5, 16, 32})
      for (const bool always : {true, false}) {
        SCOPED_TRACE("drafts " + std::to_string(draft_tokens));
        EngineOptions options{.context_tokens = 400, .n_pages = 9, .max_sequences = 8, .chunk_tokens = 33};
        options.draft_tokens = draft_tokens;
        options.always_draft = always;
        expect_same_answers_in_a_crowd(options, seed);
        options.n_pages = 64;
        expect_same_answers_in_a_crowd(options, seed);
      }
}

TEST(Engine, RunsRequestsThatAreThereTogetherInOneStep) {
  FakeModel model;
  Gate gate;
  std::atomic<size_t> most_sequences = 0;
  model.before_step = [&](const models::Step& step) {
    most_sequences = std::max(most_sequences.load(), step.sequences.size());
    gate.pass();
  };
  const auto engine = start(model, {.context_tokens = 100, .n_pages = 20});
  std::vector<std::shared_ptr<Recorder>> answers;
  for (uint32_t i = 0; i < 6; ++i) answers.push_back(submit(*engine, {.prompt = random_prompt(10, i)}));
  gate.wait_for_arrival();
  gate.open();
  for (const auto& answer : answers) answer->wait();
  EXPECT_EQ(most_sequences, 6u);
}

TEST(Engine, CannotHoldThemAllAndStillAnswersAll) {
  FakeModel model;
  const auto engine = start(model, {.context_tokens = 256, .n_pages = 4, .max_sequences = 4});
  std::vector<Ask> asks;
  std::vector<std::shared_ptr<Recorder>> answers;
  for (uint32_t i = 0; i < 4; ++i) {
    asks.push_back({.prompt = random_prompt(30, i), .max_tokens = 200, .seed = i});
    answers.push_back(submit(*engine, asks.back()));
  }
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(answers[i]->ids(), expected_answer(asks[i]));
  EXPECT_GT(engine->stats().preempted, 0);
  EXPECT_EQ(model.n_violations, 0);
}

TEST(Engine, EndsAtAStopTokenWhichItDelivers) {
  FakeModel model;
  const auto engine = start(model, {});
  const Ask ask{.prompt = random_prompt(10, 1)};
  const auto whole = expected_answer(ask);
  for (const bool ignore : {false, true}) {
    auto recorder = std::make_shared<Recorder>();
    Request request = make_request(ask, recorder);
    request.stop_ids = {whole[5], 9999999, -1};
    request.ignore_stop_ids = ignore;
    ASSERT_TRUE(engine->submit(std::move(request)));
    const auto first_stop = std::ranges::find(whole, whole[5]) - whole.begin();
    EXPECT_EQ(std::ssize(recorder->ids()), ignore ? 20 : first_stop + 1);
    EXPECT_EQ(recorder->reason(), ignore ? FinishReason::length : FinishReason::stop);
  }
}

TEST(Engine, EndsWhenTheSinkHasEnough) {
  FakeModel model;
  const auto engine = start(model, {});
  auto recorder = std::make_shared<Recorder>();
  recorder->enough = 3;
  ASSERT_TRUE(engine->submit(make_request({.prompt = random_prompt(10, 1)}, recorder)));
  EXPECT_EQ(recorder->ids().size(), 3u);
  EXPECT_EQ(recorder->reason(), FinishReason::stop);
}

TEST(Engine, EndsWhereTheContextEnds) {
  FakeModel model;
  const auto engine = start(model, {.context_tokens = 100});
  const auto answer = submit(*engine, {.prompt = random_prompt(90, 1), .max_tokens = -1});
  EXPECT_EQ(answer->ids().size(), 10u);
  EXPECT_EQ(answer->reason(), FinishReason::length);
  EXPECT_EQ(submit(*engine, {.prompt = random_prompt(99, 1), .max_tokens = 50})->ids().size(), 1u);
}

TEST(Engine, NamesWhatIsWrongWithARequest) {
  FakeModel model;
  const auto engine = start(model, {.context_tokens = 100, .n_valid_ids = 91});
  const auto refusal = [&](Ask ask) -> base::Error {
    auto recorder = std::make_shared<Recorder>();
    const auto id = engine->submit(make_request(ask, recorder));
    return id ? base::Error{} : id.error();
  };
  EXPECT_EQ(refusal({}).message, "the prompt is empty");
  EXPECT_EQ(refusal({.prompt = {1, 91}}).message, "the prompt has token id 91, the model knows 0 to 90");
  EXPECT_EQ(refusal({.prompt = {-1}}).code, base::Code::invalid_argument);
  EXPECT_EQ(refusal({.prompt = {1}, .max_tokens = 0}).message, "max_tokens is 0; it must be at least 1");
  EXPECT_EQ(refusal({.prompt = {1}, .temperature = -1}).message,
            "temperature is -1; it must lie between 0 and 100");
  const base::Error too_long = refusal({.prompt = random_prompt(100, 1)});
  EXPECT_EQ(too_long.code, base::Code::exhausted);
  EXPECT_EQ(too_long.message,
            "the prompt has 100 tokens, which leaves no room for an answer in a context of 100");
  EXPECT_EQ(submit(*engine, {.prompt = {1}})->reason(), FinishReason::length);
}

TEST(Engine, NeverGivesAnIdBeyondTheValidOnes) {
  FakeModel model;
  const auto engine = start(model, {.n_valid_ids = 5});
  const auto answer = submit(*engine, {.prompt = {1, 2}, .max_tokens = 200, .temperature = 5});
  EXPECT_LT(std::ranges::max(answer->ids()), 5);
}

TEST(Engine, RefusesWhenTheQueueIsFullAndTakesMoreLater) {
  FakeModel model;
  Gate gate;
  model.before_step = [&](const models::Step&) { gate.pass(); };
  const auto engine =
      start(model, {.context_tokens = 100, .n_pages = 10, .max_sequences = 2, .max_queued = 3});
  std::vector<std::shared_ptr<Recorder>> answers;
  for (uint32_t i = 0; i < 5; ++i) answers.push_back(submit(*engine, {.prompt = random_prompt(10, i)}));
  auto recorder = std::make_shared<Recorder>();
  const auto refused = engine->submit(make_request({.prompt = {1}}, recorder));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::Code::unavailable);
  EXPECT_EQ(refused.error().message, "the queue is full: 5 requests are waiting or running");
  gate.open();
  for (const auto& answer : answers) answer->wait();
  EXPECT_EQ(submit(*engine, {.prompt = {1}})->reason(), FinishReason::length);
}

TEST(Engine, CancelsWhatRunsWhatReadsItsPromptAndWhatQueues) {
  FakeModel model;
  Gate gate;
  std::atomic<int> n_steps = 0;
  model.before_step = [&](const models::Step&) {
    if (++n_steps == 3) gate.pass();
  };
  const auto engine =
      start(model, {.context_tokens = 4000, .n_pages = 200, .max_sequences = 2, .chunk_tokens = 50});
  auto decoding = std::make_shared<Recorder>(), reading = std::make_shared<Recorder>(),
       queued = std::make_shared<Recorder>();
  std::vector<RequestId> ids;
  ids.push_back(*engine->submit(make_request({.prompt = {1}, .max_tokens = -1}, decoding)));
  ids.push_back(*engine->submit(make_request({.prompt = random_prompt(3000, 1)}, reading)));
  ids.push_back(*engine->submit(make_request({.prompt = random_prompt(10, 2)}, queued)));
  gate.wait_for_arrival();
  for (const RequestId id : ids) engine->cancel(id);
  engine->cancel(RequestId{12345});
  engine->cancel(ids[0]);
  gate.open();
  for (const auto& recorder : {decoding, reading, queued})
    EXPECT_EQ(recorder->reason(), FinishReason::cancelled);
  EXPECT_GE(decoding->ids().size(), 1u);
  EXPECT_TRUE(reading->ids().empty());
  EXPECT_TRUE(queued->ids().empty());
  EXPECT_LE(n_steps, 4);
  expect_idle(*engine);
}

TEST(Engine, EndsOnlyTheRequestWhoseLogitsAreNotNumbers) {
  FakeModel model;
  model.poison = 96;
  const auto engine = start(model, {});
  const Ask healthy{.prompt = random_prompt(10, 1), .max_tokens = 1};
  const auto before = submit(*engine, healthy);
  const auto sick = submit(*engine, {.prompt = {1, 2, 96}});
  const auto after = submit(*engine, healthy);
  EXPECT_EQ(sick->reason(), FinishReason::error);
  EXPECT_EQ(
      sick->error().message,
      "the model's logit of token 0 is not a number; the first value that is not finite comes from token "
      "96 of 1 sequence");
  EXPECT_EQ(before->ids(), expected_answer(healthy));
  EXPECT_EQ(after->ids(), expected_answer(healthy));
  expect_idle(*engine);
}

TEST(Engine, SurvivesAStepWithoutMemory) {
  FakeModel model;
  std::atomic<bool> has_failed = false;
  model.before_step = [&](const models::Step&) {
    if (!has_failed.exchange(true)) throw std::bad_alloc();
  };
  const auto engine = start(model, {});
  const auto unlucky = submit(*engine, {.prompt = {1, 2, 3}});
  EXPECT_EQ(unlucky->reason(), FinishReason::error);
  EXPECT_EQ(unlucky->error().code, base::Code::exhausted);
  expect_idle(*engine);
  const Ask ask{.prompt = {1, 2, 3}};
  EXPECT_EQ(submit(*engine, ask)->ids(), expected_answer(ask));
}

TEST(Engine, EndsOnlyTheRequestWhoseSinkThrows) {
  struct Throwing : Recorder {
    explicit Throwing(bool early) : in_prefill(early) {}
    void on_prefill(int64_t, int64_t) override {
      if (in_prefill) throw std::bad_alloc();
    }
    bool on_token(const sampling::Sampled&) override { throw std::bad_alloc(); }
    bool in_prefill;
  };
  FakeModel model;
  Gate gate;
  model.before_step = [&](const models::Step&) { gate.pass(); };
  const auto engine = start(model, {.context_tokens = 100, .n_pages = 10});
  const Ask ask{.prompt = random_prompt(20, 3)};
  submit(*engine, {.prompt = {1}, .max_tokens = 1});
  gate.wait_for_arrival();
  const auto early = std::make_shared<Throwing>(true), late = std::make_shared<Throwing>(false);
  ASSERT_TRUE(engine->submit(make_request(ask, early)));
  ASSERT_TRUE(engine->submit(make_request(ask, late)));
  const auto healthy = submit(*engine, ask);
  gate.open();
  EXPECT_EQ(early->reason(), FinishReason::error);
  EXPECT_EQ(late->reason(), FinishReason::error);
  EXPECT_EQ(healthy->ids(), expected_answer(ask));
  expect_idle(*engine);
}

TEST(Engine, ReportsLogProbabilitiesOfTheRawDistribution) {
  FakeModel model;
  const auto engine = start(model, {});
  for (const float temperature : {0.0f, 0.7f, 2.0f}) {
    const Ask ask{.prompt = random_prompt(10, 1), .max_tokens = 5, .temperature = temperature};
    auto recorder = std::make_shared<Recorder>();
    Request request = make_request(ask, recorder);
    request.n_top_logprobs = 3;
    ASSERT_TRUE(engine->submit(std::move(request)));
    std::vector<TokenId> tokens = ask.prompt;
    for (const sampling::Sampled& sampled : recorder->tokens()) {
      const auto logits = FakeModel::logits_after(tokens, 97);
      EXPECT_FLOAT_EQ(sampled.logprob, static_cast<float>(sampling::log_probability(logits, sampled.id)));
      ASSERT_EQ(sampled.top.size(), 3u);
      EXPECT_EQ(sampled.top[0].id, std::ranges::max_element(logits) - logits.begin());
      tokens.push_back(sampled.id);
    }
  }
}

TEST(Engine, FindsThePromptOfAConversationAgain) {
  FakeModel model;
  const auto engine = start(model, {.context_tokens = 1000, .n_pages = 40});
  Ask ask{.prompt = random_prompt(300, 1), .max_tokens = 30};
  for (int turn = 0; turn < 4; ++turn) {
    const auto answer = submit(*engine, ask);
    EXPECT_EQ(answer->ids(), expected_answer(ask));
    // All of the turn before but its last token, which was never computed.
    EXPECT_EQ(answer->timings().cached_prompt_tokens, turn == 0 ? 0 : answer->timings().prompt_tokens - 11);
    const auto said = answer->ids();
    ask.prompt.insert(ask.prompt.end(), said.begin(), said.end());
    const auto next = random_prompt(10, 50 + static_cast<uint32_t>(turn));
    ask.prompt.insert(ask.prompt.end(), next.begin(), next.end());
  }
  ask.salt = "another key";
  EXPECT_EQ(submit(*engine, ask)->timings().cached_prompt_tokens, 0);
  EXPECT_EQ(model.n_violations, 0);
  EXPECT_GT(engine->stats().cached_prompt_tokens, 900);
}

TEST(Engine, ComputesACommonBeginningOnceForThoseThatComeTogether) {
  FakeModel model;
  Gate gate;
  model.before_step = [&](const models::Step&) { gate.pass(); };
  const auto engine = start(model, {.context_tokens = 1000, .n_pages = 100, .chunk_tokens = 512});
  const auto first = submit(*engine, {.prompt = {1}, .max_tokens = 1});
  gate.wait_for_arrival();
  std::vector<Ask> asks;
  std::vector<std::shared_ptr<Recorder>> answers;
  for (uint32_t i = 0; i < 8; ++i) {
    asks.push_back({.prompt = random_prompt(140, 77), .max_tokens = 2, .seed = i});
    asks.back().prompt.push_back(static_cast<TokenId>(i));
    answers.push_back(submit(*engine, asks.back()));
  }
  gate.open();
  for (size_t i = 0; i < 8; ++i) EXPECT_EQ(answers[i]->ids(), expected_answer(asks[i]));
  // 128 of 141 tokens are whole pages; without sharing it would be 8 * 141 rows.
  EXPECT_LE(model.n_rows, 1 + 141 + 7 * 13 + 8);
}

TEST(Engine, DrainsByRefusingTheNewAndEndingTheOld) {
  FakeModel model;
  Gate gate;
  model.before_step = [&](const models::Step&) { gate.pass(); };
  const auto engine = start(model, {});
  const auto old = submit(*engine, {.prompt = {1, 2, 3}});
  engine->drain(0.01);
  EXPECT_FALSE(old->has_ended());
  auto recorder = std::make_shared<Recorder>();
  const auto refused = engine->submit(make_request({.prompt = {1}}, recorder));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::Code::unavailable);
  gate.open();
  engine->drain(20);
  EXPECT_TRUE(old->has_ended());
  EXPECT_EQ(old->reason(), FinishReason::length);
}

TEST(Engine, CancelsWhatStillRunsWhenItIsDestroyed) {
  FakeModel model;
  auto engine = start(model, {.context_tokens = 4000, .max_sequences = 1});
  std::vector<std::shared_ptr<Recorder>> answers;
  for (uint32_t i = 0; i < 3; ++i) answers.push_back(submit(*engine, {.prompt = {1, 2}, .max_tokens = -1}));
  answers[0]->wait_for_tokens(1);
  engine.reset();
  for (const auto& answer : answers) {
    ASSERT_TRUE(answer->has_ended());
    EXPECT_EQ(answer->reason(), FinishReason::cancelled);
  }
}

TEST(Engine, UsesNoProcessorTimeWhileIdle) {
  FakeModel model;
  const auto engine = start(model, {});
  submit(*engine, {.prompt = {1}})->wait();
  expect_idle(*engine);
  std::this_thread::sleep_for(20ms);
  const std::clock_t before = std::clock();
  std::this_thread::sleep_for(300ms);
  EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 100);
}

TEST(Engine, LetsASinkAskAgain) {
  struct Asking : Recorder {
    void on_finish(FinishReason reason, const Timings& timings, const base::Error* error) override {
      EXPECT_TRUE(engine->submit(make_request({.prompt = {4, 5}}, next)));
      Recorder::on_finish(reason, timings, error);
    }
    Engine* engine = nullptr;
    std::shared_ptr<Recorder> next = std::make_shared<Recorder>();
  };
  FakeModel model;
  const auto engine = start(model, {});
  const auto first = std::make_shared<Asking>();
  first->engine = engine.get();
  ASSERT_TRUE(engine->submit(make_request({.prompt = {1, 2, 3}}, first)));
  EXPECT_EQ(first->next->ids(), expected_answer({.prompt = {4, 5}}));
}

TEST(Engine, SurvivesClientsThatComeAndGoOnManyThreads) {
  FakeModel model;
  const auto engine =
      start(model, {.context_tokens = 300, .n_pages = 30, .max_sequences = 8, .chunk_tokens = 64});
  std::vector<std::thread> clients;
  for (uint32_t client = 0; client < 4; ++client)
    clients.emplace_back([&, client] {
      std::mt19937 random(client);
      for (int i = 0; i < 50; ++i) {
        const Ask ask{.prompt = random_prompt(1 + static_cast<int64_t>(random() % 100), random() % 4),
                      .max_tokens = 1 + static_cast<int64_t>(random() % 30)};
        auto recorder = std::make_shared<Recorder>();
        const auto id = engine->submit(make_request(ask, recorder));
        ASSERT_TRUE(id);
        if (random() % 3 == 0) engine->cancel(*id);
        recorder->wait();
      }
    });
  for (std::thread& client : clients) client.join();
  expect_idle(*engine);
  EXPECT_EQ(model.n_violations, 0);
}

TEST(Engine, RefusesOptionsThatCannotWork) {
  FakeModel model;
  const auto refused = Engine::start(model, {.context_tokens = 1000, .n_pages = 15});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "a context of 1000 tokens needs 16 pages of KV memory, there are 15");
  EXPECT_FALSE(Engine::start(model, {.max_sequences = 0}));
  EXPECT_FALSE(Engine::start(model, {.chunk_tokens = 0}));
  EXPECT_EQ(Engine::start(model, {.draft_tokens = 33}).error().message,
            "a sequence may have 0 to 32 drafts, not 33");
  EXPECT_FALSE(Engine::start(model, {.draft_tokens = -1}));
}

}  // namespace
}  // namespace engine
