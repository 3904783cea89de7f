#include "serving/generation.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/byte_tokenizer.h"
#include "tests/support/scripted_engine.h"

namespace serving {
namespace {

using engine::FinishReason;
using tests::ByteTokenizer;
using tests::ScriptedEngine;

// A model that says what it is told to.
struct Speaker {
  explicit Speaker(std::string text_given) : text(std::move(text_given)) {
    model.id = "speaker";
    model.tokenizer = &tokenizer;
    model.engine = &engine;
    model.stop_ids = {ByteTokenizer::kEnd};
    model.n_ids = tokenizer.size();
  }
  Prompt prompt(bool starts_in_thinking = false) { return {{1, 2, 3}, "", starts_in_thinking}; }

  std::string text;
  ByteTokenizer tokenizer;
  ScriptedEngine engine{[this](const engine::Request&) {
    ScriptedEngine::Script script;
    script.tokens = tests::tokens_of(tokenizer, text);
    return script;
  }};
  ServedModel model;
};

struct Heard {
  Event all;
  std::vector<std::string> contents;
  Outcome outcome;
};

Heard listen(Speaker& speaker, const GenerationOptions& options, bool starts_in_thinking = false) {
  Heard heard;
  Callbacks callbacks;
  callbacks.on_event = [&](const Event& event) {
    heard.all.content += event.content;
    heard.all.reasoning += event.reasoning;
    heard.all.ids.insert(heard.all.ids.end(), event.ids.begin(), event.ids.end());
    heard.all.logprobs.insert(heard.all.logprobs.end(), event.logprobs.begin(), event.logprobs.end());
    heard.contents.push_back(event.content);
  };
  auto outcome = generate(speaker.model, speaker.prompt(starts_in_thinking), options, callbacks);
  EXPECT_TRUE(outcome) << outcome.error().message;
  if (outcome) heard.outcome = *outcome;
  return heard;
}

TEST(Generation, GivesTextWithoutTheTokenThatEndedIt) {
  Speaker speaker("Hello<|im_end|>");
  const Heard heard = listen(speaker, {});
  EXPECT_EQ(heard.all.content, "Hello");
  EXPECT_EQ(heard.all.ids.size(), 6u);
  EXPECT_EQ(heard.all.ids.back(), ByteTokenizer::kEnd);
  EXPECT_EQ(heard.outcome.reason, FinishReason::stop);
  EXPECT_FALSE(heard.outcome.stop_string);
}

TEST(Generation, NeverSplitsACharacter) {
  const std::string text = "안녕하세요 こんにちは 你好 👋🏽 é";
  Speaker speaker(text + "<|im_end|>");
  const Heard heard = listen(speaker, {});
  EXPECT_EQ(heard.all.content, text);
  for (const std::string& piece : heard.contents) EXPECT_TRUE(base::is_valid_utf8(piece)) << piece;
}

TEST(Generation, SendsNothingOfAStopStringWhereverTokensCutIt) {
  Speaker speaker("one two 멈춤 three<|im_end|>");
  const Heard heard = listen(speaker, {.stop = {"멈춤"}});
  EXPECT_EQ(heard.all.content, "one two ");
  EXPECT_EQ(heard.outcome.reason, FinishReason::stop);
  EXPECT_EQ(heard.outcome.stop_string, "멈춤");
  EXPECT_EQ(heard.outcome.timings.generated_tokens, 14);  // the engine stopped at the last byte of it
}

TEST(Generation, GivesOutWhatWasHeldBackIfItWasNoStopString) {
  Speaker speaker("to be con<|im_end|>");
  EXPECT_EQ(listen(speaker, {.stop = {"continued"}}).all.content, "to be con");
  EXPECT_EQ(listen(speaker, {.max_tokens = 8, .stop = {"continued"}}).all.content, "to be co");
}

TEST(Generation, LogprobsLeaveWithTheirTextAndBetrayNothingOfAStopString) {
  Speaker speaker("ab멈춤<|im_end|>");
  const Heard stopped = listen(speaker, {.stop = {"멈춤"}, .n_top_logprobs = 2});
  ASSERT_EQ(stopped.all.logprobs.size(), 2u);
  EXPECT_EQ(stopped.all.logprobs[1].bytes, "b");
  const Heard whole = listen(speaker, {.n_top_logprobs = 2});
  ASSERT_EQ(whole.all.logprobs.size(), 8u);  // one a byte
  EXPECT_EQ(whole.all.logprobs[2].bytes, "\xEB");
  EXPECT_EQ(whole.all.logprobs[2].top.size(), 2u);
}

TEST(Generation, SetsThoughtsApart) {
  Speaker speaker("hm</think>yes<|im_end|>");
  const Heard heard =
      listen(speaker, {.n_top_logprobs = 0, .split_reasoning = true}, /*starts_in_thinking=*/true);
  EXPECT_EQ(heard.all.reasoning, "hm");
  EXPECT_EQ(heard.all.content, "yes");
  EXPECT_EQ(heard.all.logprobs.size(), 3u);
  EXPECT_EQ(heard.outcome.reasoning_tokens, 3);
}

TEST(Generation, AThoughtThatWasCutIsNoAnswer) {
  Speaker speaker("let me think about it");
  const Heard heard = listen(speaker, {.split_reasoning = true}, /*starts_in_thinking=*/true);
  EXPECT_EQ(heard.all.reasoning, "let me think about it");
  EXPECT_EQ(heard.all.content, "");
  EXPECT_EQ(heard.outcome.reason, FinishReason::length);
}

TEST(Generation, StopStringsDoNotEndThoughts) {
  Speaker speaker("a. b.</think>c. d<|im_end|>");
  const Heard heard = listen(speaker, {.stop = {"."}, .split_reasoning = true}, /*starts_in_thinking=*/true);
  EXPECT_EQ(heard.all.reasoning, "a. b.");
  EXPECT_EQ(heard.all.content, "c");
}

TEST(Generation, FillsOpenParametersFromTheModelThenFromOurs) {
  Speaker speaker("x");
  speaker.model.defaults = {.temperature = 0.7, .top_k = 20};
  listen(speaker, {.sampling = {.temperature = 0.0}});
  const sampling::Parameters used = speaker.engine.last_request().sampling;
  EXPECT_EQ(used.temperature, 0.0f);
  EXPECT_EQ(used.top_k, 20);
  EXPECT_EQ(used.top_p, 1.0f);
  EXPECT_EQ(used.min_p, 0.0f);
}

TEST(Generation, IgnoredStopIdsAreTokensLikeOthers) {
  Speaker speaker("a<|im_end|>b");
  const Heard heard = listen(speaker, {.ignore_stop_ids = true});
  EXPECT_EQ(heard.all.content, "ab");
  EXPECT_EQ(heard.outcome.reason, FinishReason::length);
}

TEST(Generation, RefusesAPromptThatFillsTheContextAndNamesBothNumbers) {
  Speaker speaker("x");
  Prompt prompt{std::vector<TokenId>(4096, 1), "", false};
  auto outcome = generate(speaker.model, std::move(prompt), {}, {});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, base::Code::exhausted);
  EXPECT_NE(outcome.error().message.find("4096"), std::string::npos);
}

TEST(Generation, EndsWhenCancelled) {
  Speaker speaker("x");
  ScriptedEngine endless([&](const engine::Request&) {
    return ScriptedEngine::Script{.tokens = tests::tokens_of(speaker.tokenizer, "x"),
                                  .gap = std::chrono::microseconds(500),
                                  .endless = true};
  });
  speaker.model.engine = &endless;
  std::atomic<bool> cancelled{false};
  int n = 0;
  Callbacks callbacks{
      .on_event = [&](const Event&) { cancelled = ++n >= 3; }, .on_prefill = {}, .cancelled = &cancelled};
  auto outcome = generate(speaker.model, speaker.prompt(), {}, callbacks);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->reason, FinishReason::cancelled);
}

TEST(Generation, WorksWithoutATokenizerOnIdsAlone) {
  Speaker speaker("abc");
  speaker.model.tokenizer = nullptr;
  const Heard heard = listen(speaker, {});
  EXPECT_EQ(heard.all.content, "");
  EXPECT_EQ(heard.all.ids, (std::vector<TokenId>{'a', 'b', 'c'}));
}

TEST(Generation, SaysWhatEndedIt) {
  Speaker speaker("a STOP b<|im_end|>");
  const Outcome by_id = listen(speaker, {}).outcome;
  EXPECT_EQ(by_id.ended_by, EndedBy::stop_id);
  EXPECT_EQ(by_id.stop_id, ByteTokenizer::kEnd);
  EXPECT_EQ(listen(speaker, {.stop = {"STOP"}}).outcome.ended_by, EndedBy::stop_string);
  EXPECT_EQ(listen(speaker, {.max_tokens = 3}).outcome.ended_by, EndedBy::max_tokens);
  Speaker stutterer("it is is is is is");
  const Heard repeated = listen(stutterer, {.repetition_stop = {1, 8, 3}});
  EXPECT_EQ(repeated.outcome.ended_by, EndedBy::repetition);
  EXPECT_EQ(repeated.outcome.reason, FinishReason::stop);
  EXPECT_EQ(repeated.all.content, "it is is is");
}

TEST(Generation, KeepsTheStopStringIfToldTo) {
  Speaker speaker("a STOP b<|im_end|>");
  EXPECT_EQ(listen(speaker, {.stop = {"STOP"}, .include_stop_string = true}).all.content, "a STOP");
}

TEST(Generation, ObeysNoStopStringBeforeTheLeastNumberOfTokens) {
  Speaker speaker("STOP STOP STOP b<|im_end|>");
  const Heard heard = listen(speaker, {.min_tokens = 5, .stop = {"STOP"}});
  EXPECT_EQ(heard.all.content, "STOP ");
  EXPECT_EQ(heard.outcome.timings.generated_tokens, 9);
}

TEST(Generation, ShowsSpecialTokensIfToldTo) {
  Speaker speaker("a<|im_start|>b<|im_end|>");
  EXPECT_EQ(listen(speaker, {}).all.content, "ab");
  EXPECT_EQ(listen(speaker, {.skip_special_tokens = false}).all.content, "a<|im_start|>b");
}

}  // namespace
}  // namespace serving
