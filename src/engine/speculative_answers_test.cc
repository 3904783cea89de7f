// Answers with guessing on: the same as without, whoever guesses and whatever he guesses.
#include <chrono>
#include <future>
#include <string>
#include <thread>

#include "engine/draft_model.h"
#include "engine/engine.h"
#include "engine/fake_model.h"
#include "engine/oracle_drafter.h"
#include "gtest/gtest.h"

namespace engine {
namespace {

using Kind = OracleDrafter::Kind;
using namespace std::chrono_literals;

// So many ids that nothing repeats by chance: all guesses are the drafter's.
constexpr int64_t kVocabulary = 2000;

struct Answer {
  std::vector<TokenId> ids;
  std::vector<float> logprobs;
  FinishReason reason{};
  Timings timings;
};

class Collector final : public RequestSink {
 public:
  explicit Collector(int64_t enough) : enough_(enough) {}
  bool on_token(const sampling::Sampled& token) override {
    answer_.ids.push_back(token.id);
    answer_.logprobs.push_back(token.logprob);
    return std::ssize(answer_.ids) != enough_;
  }
  void on_finish(FinishReason reason, const Timings& timings, const base::Error*) override {
    answer_.reason = reason;
    answer_.timings = timings;
    done_.set_value(std::move(answer_));
  }
  std::future<Answer> answer() { return done_.get_future(); }

 private:
  const int64_t enough_;
  Answer answer_;
  std::promise<Answer> done_;
};

struct Ask {
  int64_t n_prompt = 20;
  float temperature = 0;
  int64_t max_tokens = 40;
  int64_t enough = -1;  // the sink ends the answer at this token
  std::vector<TokenId> stop_ids = {};
  uint64_t seed = 7;
  sampling::Parameters more = {};  // but for temperature and seed
};

sampling::Parameters parameters_of(const Ask& ask) {
  sampling::Parameters out = ask.more;
  out.temperature = ask.temperature;
  out.seed = ask.seed;
  out.end_ids = ask.stop_ids;
  return out;
}

std::vector<TokenId> prompt_of(const Ask& ask) {
  std::mt19937 random(static_cast<uint32_t>(ask.n_prompt));
  std::vector<TokenId> prompt(static_cast<size_t>(ask.n_prompt));
  for (TokenId& id : prompt) id = static_cast<TokenId>(random() % kVocabulary);
  return prompt;
}

std::future<Answer> submit(Engine& engine, const Ask& ask) {
  auto collector = std::make_shared<Collector>(ask.enough);
  auto answer = collector->answer();
  Request request{.prompt = prompt_of(ask),
                  .sampling = parameters_of(ask),
                  .stop_ids = ask.stop_ids,
                  .max_tokens = ask.max_tokens,
                  .n_top_logprobs = 0};
  request.sink = std::move(collector);
  EXPECT_TRUE(engine.submit(std::move(request)));
  return answer;
}

Answer get(std::future<Answer> answer) {
  EXPECT_EQ(answer.wait_for(20s), std::future_status::ready);
  return answer.get();
}

// What the fake model says when it is asked token by token.
Answer plain_answer(const Ask& ask) {
  Answer answer;
  std::vector<TokenId> tokens = prompt_of(ask);
  sampling::Sampler sampler(parameters_of(ask));
  for (int64_t i = 0; i < ask.max_tokens; ++i) {
    const auto sampled =
        sampler.sample(FakeModel::logits_after(tokens, kVocabulary), {tokens, ask.n_prompt}, {.n_top = 0});
    tokens.push_back(sampled->id);
    answer.ids.push_back(sampled->id);
    answer.logprobs.push_back(sampled->logprob);
  }
  return answer;
}

struct Speculating {
  Speculating(Kind kind, EngineOptions options) : drafter(std::make_shared<OracleDrafter>(kind)) {
    options.drafter = drafter;
    options.always_draft = true;
    model.before_step = [begin = begun.get_future().share()](const models::Step&) { begin.wait(); };
    engine = *Engine::start(model, options);
  }
  // The first step waits for this, so that what was asked before runs together.
  void begin() { begun.set_value(); }
  // Answers, after the drafter has been told.
  std::future<Answer> ask(const Ask& asked) {
    std::vector<TokenId> text = prompt_of(asked);
    const std::vector<TokenId> answer = plain_answer(asked).ids;
    text.insert(text.end(), answer.begin(), answer.end());
    drafter->learn(std::move(text));
    return submit(*engine, asked);
  }
  void expect_same(const Ask& asked) {
    const Answer plain = plain_answer(asked), answer = get(ask(asked));
    EXPECT_EQ(answer.ids, plain.ids);
    EXPECT_EQ(answer.logprobs, plain.logprobs);
    EXPECT_EQ(model.n_violations, 0);
  }

  std::promise<void> begun;
  FakeModel model{{.vocab_size = kVocabulary}};
  std::shared_ptr<OracleDrafter> drafter;
  std::unique_ptr<Engine> engine;
};

std::string name_of(Kind kind) {
  switch (kind) {
    case Kind::right:
      return "right";
    case Kind::wrong:
      return "wrong";
    case Kind::sometimes:
      return "sometimes";
    case Kind::nonsense:
      return "nonsense";
    case Kind::unstoppable:
      return "unstoppable";
  }
  return {};
}

class SpeculativeAnswers : public testing::TestWithParam<Kind> {};

TEST_P(SpeculativeAnswers, AreThePlainOnesForEveryDraftLength) {
  for (int64_t draft_tokens = 1; draft_tokens <= 16; ++draft_tokens) {
    SCOPED_TRACE(draft_tokens);
    Speculating s(GetParam(), {.draft_tokens = draft_tokens});
    s.begin();
    for (const float temperature : {0.0f, 0.8f, 2.0f}) s.expect_same({.temperature = temperature});
    s.expect_same({.n_prompt = 64, .temperature = 0.8f, .max_tokens = 70});
  }
}

TEST_P(SpeculativeAnswers, AreThePlainOnesInACrowdWithoutRoom) {
  for (const int64_t n_pages : {5, 40})
    for (const int64_t chunk_tokens : {7, 64}) {
      SCOPED_TRACE(n_pages);
      Speculating s(GetParam(), {.context_tokens = 256,
                                 .n_pages = n_pages,
                                 .max_sequences = 6,
                                 .chunk_tokens = chunk_tokens,
                                 .draft_tokens = 8});
      std::vector<Ask> asks;
      std::vector<std::future<Answer>> answers;
      for (int64_t i = 0; i < 8; ++i) {
        asks.push_back({.n_prompt = 10 + 14 * i,
                        .temperature = i % 2 == 0 ? 0.0f : 1.0f,
                        .max_tokens = 80,
                        .seed = static_cast<uint64_t>(i)});
        answers.push_back(s.ask(asks.back()));
      }
      s.begin();
      for (size_t i = 0; i < asks.size(); ++i) {
        EXPECT_EQ(get(std::move(answers[i])).ids, plain_answer(asks[i]).ids) << i;
        s.expect_same(asks[i]);  // and once more, found in the cache
      }
      if (n_pages == 5) {
        EXPECT_GT(s.engine->stats().preempted, 0);
      }
      EXPECT_EQ(s.model.n_violations, 0);
    }
}

TEST_P(SpeculativeAnswers, EndWhereThePlainOnesEnd) {
  const std::vector<TokenId> whole = plain_answer({}).ids;
  for (const int64_t n : {1, 2, 7, 13}) {
    const std::vector<TokenId> beginning(whole.begin(), whole.begin() + n);
    Speculating s(GetParam(), {.context_tokens = 200, .draft_tokens = 8});
    s.begin();
    s.drafter->learn([&] {
      auto text = prompt_of({});
      text.insert(text.end(), whole.begin(), whole.end());
      return text;
    }());
    const Answer at_limit = get(submit(*s.engine, {.max_tokens = n}));
    EXPECT_EQ(at_limit.ids, beginning);
    EXPECT_EQ(at_limit.reason, FinishReason::length);
    const Answer at_stop = get(submit(*s.engine, {.stop_ids = {whole[static_cast<size_t>(n - 1)]}}));
    EXPECT_EQ(at_stop.ids, beginning);
    EXPECT_EQ(at_stop.reason, FinishReason::stop);
    const Answer had_enough = get(submit(*s.engine, {.enough = n}));
    EXPECT_EQ(had_enough.ids, beginning);
    EXPECT_EQ(had_enough.reason, FinishReason::stop);
    // Ended in the middle of accepted drafts, it leaves behind what a plain answer leaves: all but its last
    // token.
    EXPECT_EQ(get(submit(*s.engine, {.n_prompt = 20, .max_tokens = 1})).timings.cached_prompt_tokens, 19);
  }
}

INSTANTIATE_TEST_SUITE_P(Drafters, SpeculativeAnswers,
                         testing::Values(Kind::right, Kind::wrong, Kind::sometimes, Kind::nonsense,
                                         Kind::unstoppable),
                         [](const auto& info) { return name_of(info.param); });

TEST(Speculation, TakesAsManyStepsFewerAsTheDraftsAllow) {
  Speculating s(Kind::right, {.draft_tokens = 7});
  s.begin();
  const Answer answer = get(s.ask({.max_tokens = 41}));
  // The prompt gives the first token, each step eight more.
  EXPECT_EQ(s.model.n_steps, 1 + 5);
  EXPECT_EQ(answer.timings.drafted_tokens, 35);
  EXPECT_EQ(answer.timings.accepted_tokens, 35);
  EXPECT_EQ(s.engine->stats().accepted_tokens, 35);
}

TEST(Speculation, CountsWhatWasDraftedInVain) {
  Speculating s(Kind::wrong, {.draft_tokens = 4});
  s.begin();
  const Answer answer = get(s.ask({.max_tokens = 21}));
  EXPECT_EQ(s.model.n_steps, 21);
  EXPECT_EQ(answer.timings.accepted_tokens, 0);
  EXPECT_EQ(answer.timings.drafted_tokens, 4 * 16 + 3 + 2 + 1);  // the last may not pass the limit
  EXPECT_EQ(s.drafter->n_remembered(), 0u);
}

TEST(Speculation, StopsAskingADrafterThatIsAlwaysWrong) {
  FakeModel model({.vocab_size = kVocabulary});
  const auto drafter = std::make_shared<OracleDrafter>(Kind::wrong);
  const auto engine = *Engine::start(model, {.draft_tokens = 8, .drafter = drafter});
  const Ask ask{.max_tokens = 400};
  std::vector<TokenId> text = prompt_of(ask);
  const Answer plain = plain_answer(ask);
  text.insert(text.end(), plain.ids.begin(), plain.ids.end());
  drafter->learn(text);
  const Answer answer = get(submit(*engine, ask));
  EXPECT_EQ(answer.ids, plain.ids);
  EXPECT_GT(answer.timings.drafted_tokens, 0);
  EXPECT_LT(answer.timings.drafted_tokens, 200) << "of 3200 that it would have given";
}

// A second model guesses. It thinks as the first one does, so at temperature 0 it is always right; at others
// the draw differs. Its pages are as few as the first one's.
TEST(Speculation, GivesThePlainAnswersWithASmallModel) {
  for (const int64_t n_pages : {5, 40})
    for (const int64_t draft_tokens : {1, 3, 8}) {
      SCOPED_TRACE(draft_tokens);
      FakeModel model({.vocab_size = kVocabulary}), small({.vocab_size = kVocabulary});
      const std::shared_ptr<Drafter> drafter = *DraftModel::make(
          small, {.n_pages = n_pages, .chunk_tokens = 50, .max_sequences = 4, .n_valid_ids = kVocabulary});
      const auto engine = *Engine::start(model, {.context_tokens = 256,
                                                 .n_pages = n_pages,
                                                 .max_sequences = 4,
                                                 .draft_tokens = draft_tokens,
                                                 .always_draft = true,
                                                 .drafter = drafter});
      std::vector<Ask> asks;
      std::vector<std::future<Answer>> answers;
      for (int64_t i = 0; i < 8; ++i) {
        asks.push_back({.n_prompt = 5 + 20 * i, .temperature = i % 2 == 0 ? 0.0f : 1.0f, .max_tokens = 60});
        answers.push_back(submit(*engine, asks.back()));
      }
      for (size_t i = 0; i < asks.size(); ++i)
        EXPECT_EQ(get(std::move(answers[i])).ids, plain_answer(asks[i]).ids) << i;
      EXPECT_GT(engine->stats().accepted_tokens, 0);
      EXPECT_EQ(model.n_violations + small.n_violations, 0);
    }
}

TEST(Speculation, DraftsNothingWhileAPromptIsRead) {
  FakeModel model({.vocab_size = kVocabulary});
  std::atomic<int64_t> n_mixed = 0, n_both = 0;
  std::promise<void> both_asked;
  model.before_step = [&, wait = both_asked.get_future().share()](const models::Step& step) {
    bool reads = false, drafts = false;
    for (const auto& rows : step.sequences) {
      if (rows.position >= 1100) wait.wait();  // the first answer has begun
      reads |= rows.position + rows.n_rows <= 900 && rows.n_rows > 1;
      drafts |= rows.position >= 1100 && rows.n_rows > 1;
    }
    n_both += reads && step.sequences.size() == 2 ? 1 : 0;
    n_mixed += reads && drafts ? 1 : 0;
  };
  const auto drafter = std::make_shared<OracleDrafter>(Kind::right);
  const auto engine = *Engine::start(
      model,
      {.n_pages = 128, .chunk_tokens = 32, .draft_tokens = 8, .always_draft = true, .drafter = drafter});
  const Ask writing{.n_prompt = 1100, .max_tokens = 400}, reading{.n_prompt = 900, .max_tokens = 1};
  std::vector<TokenId> text = prompt_of(writing);
  const Answer plain = plain_answer(writing);
  text.insert(text.end(), plain.ids.begin(), plain.ids.end());
  drafter->learn(text);
  auto first = submit(*engine, writing);
  while (engine->stats().tokens_generated == 0) std::this_thread::sleep_for(1ms);
  auto second = submit(*engine, reading);
  both_asked.set_value();
  EXPECT_EQ(get(std::move(first)).ids, plain.ids);
  get(std::move(second));
  EXPECT_GT(n_both, 20);
  EXPECT_EQ(n_mixed, 0);
}

// Samplers that look back must see the text as it stands at each token, not as it stood when the step began.
TEST(SpeculativeAnswers, SamplersThatLookBackGiveTheSame) {
  const sampling::Parameters looking_back[] = {
      {.repetition_penalty = 1.3f},
      {.presence_penalty = 0.7f, .frequency_penalty = 0.4f},
      {.repetition_penalty = 1.2f, .penalty_last_n = 8},
      {.dry = {.multiplier = 0.8f, .allowed_length = 1}},
      {.mirostat = {.on = true, .tau = 3, .eta = 0.3f}},
      {.typical_p = 0.8f, .xtc = {.probability = 0.5f, .threshold = 0.05f}},
      {.bad_words = {{1, 2}, {3}, {5, 6, 7}}},
      {.min_tokens = 30},
  };
  for (const sampling::Parameters& more : looking_back)
    for (const Kind kind : {Kind::right, Kind::sometimes, Kind::wrong}) {
      Speculating with(kind, {.context_tokens = 256, .draft_tokens = 8});
      with.begin();
      with.expect_same({.temperature = 0.9f, .more = more});
    }
}

}  // namespace
}  // namespace engine
