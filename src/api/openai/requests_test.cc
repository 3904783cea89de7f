#include "api/openai/requests.h"

#include <gtest/gtest.h>

#include <limits>
#include <utility>

#include "api/common/inference.h"

namespace api::openai {
namespace {

using base::Json;
using serving::TokenId;

// A chat request with `more` members beside the needed ones.
Parsed<ChatRequest> chat(const std::string& more) {
  const auto body = parse_body(R"({"model":"m","messages":[{"role":"user","content":"hi"}])" +
                               (more.empty() ? "" : "," + more) + "}");
  if (!body) return std::unexpected(body.error());
  return read_chat_request(*body);
}

Parsed<CompletionRequest> completion(const std::string& more) {
  return read_completion_request(*parse_body(R"({"model":"m",)" + more + "}"));
}

Parsed<Json> messages(const std::string& array) {
  auto request = read_chat_request(*parse_body(R"({"model":"m","messages":)" + array + "}"));
  if (!request) return std::unexpected(request.error());
  return request->chat.messages;
}

TEST(ChatRequest, ReadsItsFields) {
  const auto request = chat(
      R"("temperature":0.5,"top_p":0.9,"top_k":40,"min_p":0.05,"seed":-7,"max_tokens":9,"stop":["a","b"],"logprobs":true,)"
      R"("top_logprobs":3,"stream":true,"stream_options":{"include_usage":true},"ignore_eos":true,"cache_salt":"s")");
  ASSERT_TRUE(request) << request.error().message;
  const serving::GenerationOptions& options = request->common.options;
  EXPECT_EQ(options.sampling.temperature, 0.5);
  EXPECT_EQ(options.sampling.top_p, 0.9);
  EXPECT_EQ(options.sampling.top_k, 40);
  EXPECT_EQ(options.sampling.min_p, 0.05);
  EXPECT_EQ(request->common.seed, static_cast<uint64_t>(-7));
  EXPECT_EQ(options.max_tokens, 9);
  EXPECT_EQ(options.stop, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(options.n_top_logprobs, 3);
  EXPECT_TRUE(options.ignore_stop_ids);
  EXPECT_EQ(options.cache_salt, "s");
  EXPECT_TRUE(request->common.stream);
  EXPECT_TRUE(request->common.include_usage);
}

TEST(ChatRequest, LeavesOpenWhatIsNotSaid) {
  const auto request = chat(R"("temperature":null,"stop":null)");
  ASSERT_TRUE(request);
  EXPECT_FALSE(request->common.options.sampling.temperature);
  EXPECT_FALSE(request->common.seed);
  EXPECT_EQ(request->common.options.max_tokens, -1);
  EXPECT_EQ(request->common.options.n_top_logprobs, -1);
  EXPECT_TRUE(request->common.options.stop.empty());
}

TEST(ChatRequest, TheNewerLimitWins) {
  EXPECT_EQ(chat(R"("max_tokens":5,"max_completion_tokens":7)")->common.options.max_tokens, 7);
}

TEST(ChatRequest, NamesTheFieldThatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("temperature":"hot")", "temperature"},
      {R"("temperature":2.5)", "temperature"},
      {R"("temperature":-1)", "temperature"},
      {R"("top_p":1.5)", "top_p"},
      {R"("top_k":1.5)", "top_k"},
      {R"("max_tokens":0)", "max_tokens"},
      {R"("max_tokens":99999999999999999999)", "max_tokens"},
      {R"("seed":"x")", "seed"},
      {R"("seed":1.5)", "seed"},
      {R"("stop":7)", "stop"},
      {R"("stop":[""])", "stop"},
      {R"("stop":["a",1])", "stop"},
      {R"("stream":1)", "stream"},
      {R"("stream_options":{"include_usage":true})", "stream_options"},
      {R"("stream":true,"stream_options":{"include_usage":1})", "stream_options.include_usage"},
      {R"("logprobs":1)", "logprobs"},
      {R"("top_logprobs":2)", "top_logprobs"},
      {R"("logprobs":true,"top_logprobs":21)", "top_logprobs"},
      {R"("stop_token_ids":[-1])", "stop_token_ids"},
      {R"("cache_salt":"")", "cache_salt"},
      {R"("chat_template_kwargs":[])", "chat_template_kwargs"},
      {R"("chat_template_kwargs":{"chat_template":"x"})", "chat_template_kwargs.chat_template"},
      {R"("chat_template_kwargs":{"bos_token":"x"})", "chat_template_kwargs.bos_token"},
  };
  for (const auto& [member, param] : cases) {
    const auto request = chat(member);
    ASSERT_FALSE(request) << member;
    EXPECT_EQ(request.error().status, 400);
    EXPECT_EQ(request.error().param, param);
    EXPECT_EQ(request.error().kind, ErrorKind::invalid_request);
  }
}

TEST(ChatRequest, TakesSamplingUnderEverySpelling) {
  const auto request = chat(
      R"("repeat_penalty":1.2,"repeat_last_n":64,"presence_penalty":0.5,"frequency_penalty":-1,"typical_p":0.9,)"
      R"("dry_multiplier":0.8,"dry_sequence_breakers":["\n"],"xtc_probability":0.5,"mirostat":2,"mirostat_tau":4,)"
      R"("samplers":["penalties","top_k","temperature"],"logit_bias":{"5":-100,"7":2},"min_new_tokens":3,)"
      R"("bad_words":["no"],"allowed_token_ids":[1,2],"no_stop_trim":true,"priority":-2,"n":3,)"
      R"("repetition_detection":{"max_pattern_size":4,"min_count":3},"skip_special_tokens":false)");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_TRUE(request->common.ignored.empty());
  const serving::GenerationOptions& options = request->common.options;
  EXPECT_EQ(options.sampling.repetition_penalty, 1.2);
  EXPECT_EQ(options.sampling.repeat_last_n, 64);
  EXPECT_EQ(options.sampling.frequency_penalty, -1);
  EXPECT_EQ(options.sampling.dry_breakers, std::vector<std::string>{"\n"});
  EXPECT_EQ(options.sampling.mirostat, 2);
  EXPECT_EQ(options.sampling.order,
            (std::vector{sampling::Stage::penalties, sampling::Stage::top_k, sampling::Stage::temperature}));
  ASSERT_EQ(options.logit_bias.size(), 2u);
  EXPECT_EQ(options.logit_bias[0].id, 5);
  EXPECT_EQ(options.logit_bias[0].bias, -100);
  EXPECT_EQ(options.min_tokens, 3);
  EXPECT_EQ(options.bad_words, std::vector<std::string>{"no"});
  EXPECT_EQ(options.allowed_ids, (std::vector<serving::TokenId>{1, 2}));
  EXPECT_TRUE(options.include_stop_string);
  EXPECT_FALSE(options.skip_special_tokens);
  EXPECT_EQ(options.priority, -2);
  EXPECT_EQ(options.repetition_stop.max_size, 4);
  EXPECT_EQ(options.repetition_stop.min_count, 3);
  EXPECT_EQ(request->common.n, 3);
}

TEST(ChatRequest, RefusesSamplingThatMakesNoSense) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("repetition_penalty":1.1,"repeat_penalty":1.2)", "repeat_penalty"},
      {R"("repetition_penalty":0)", "repetition_penalty"},
      {R"("presence_penalty":2.5)", "presence_penalty"},
      {R"("samplers":["top_k","nothing"])", "samplers"},
      {R"("samplers":"k!")", "samplers"},
      {R"("mirostat":1)", "mirostat"},
      {R"("logit_bias":{"x":1})", "logit_bias"},
      {R"("logit_bias":{"1":101})", "logit_bias"},
      {R"("logit_bias":[[1]])", "logit_bias"},
      {R"("logit_bias":{"-1":1})", "logit_bias"},
      {R"("min_tokens":1,"min_new_tokens":2)", "min_new_tokens"},
      {R"("repetition_detection":{"min_count":1})", "repetition_detection.min_count"},
      {R"("n":0)", "n"},
      {R"("n":129)", "n"},
      {R"("use_beam_search":true)", "use_beam_search"},
      {R"("continue_final_message":true,"add_generation_prompt":true)", "add_generation_prompt"},
      {R"("prompt_logprobs":21)", "prompt_logprobs"},
  };
  for (const auto& [member, param] : cases) {
    const auto request = chat(member);
    ASSERT_FALSE(request) << member;
    EXPECT_EQ(request.error().param, param) << member;
  }
  EXPECT_TRUE(chat(R"("repetition_penalty":1.1,"repeat_penalty":1.1)"));
  EXPECT_EQ(chat(R"("logit_bias":[[5,false],[6,1.5]])")->common.options.logit_bias[0].bias,
            -std::numeric_limits<float>::infinity());
}

TEST(ChatRequest, TakesSeedsUpTo64Bits) {
  EXPECT_EQ(chat(R"("seed":18446744073709551615)")->common.seed, UINT64_MAX);
  EXPECT_FALSE(chat(R"("seed":18446744073709551616)"));
}

TEST(ChatRequest, NeedsModelAndMessages) {
  EXPECT_EQ(read_chat_request(*parse_body(R"({"messages":[]})")).error().param, "model");
  EXPECT_EQ(read_chat_request(*parse_body(R"({"model":"m"})")).error().param, "messages");
  EXPECT_EQ(read_chat_request(*parse_body(R"({"model":"m","messages":[]})")).error().param, "messages");
}

TEST(ChatRequest, ThinkingSwitchesBecomeTemplateVariables) {
  const auto request = chat(R"("enable_thinking":false,"chat_template_kwargs":{"x":1,"y":null})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->chat.variables.write(), R"({"enable_thinking":false,"x":1})");
}

TEST(Messages, TextPartsStayAList) {
  const auto out = messages(
      R"([{"role":"user","content":[{"type":"text","text":"a","x":1},{"type":"text","text":"b"}]}])");
  EXPECT_EQ(out->write(),
            R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}])");
}

TEST(Messages, EveryKindOfEmptyContentIsTheEmptyText) {
  const auto out = messages(
      R"([{"role":"assistant","content":null},{"role":"assistant"},{"role":"assistant","content":[]},)"
      R"({"role":"assistant","content":""}])");
  ASSERT_TRUE(out);
  for (const Json& message : out->as_array())
    EXPECT_EQ(message.write(), R"({"role":"assistant","content":""})");
}

TEST(Messages, DeveloperIsTheNewerNameOfSystem) {
  EXPECT_EQ(messages(R"([{"role":"developer","content":"x"}])")->write(),
            R"([{"role":"system","content":"x"}])");
}

TEST(Messages, ArgumentsOfToolCallsBecomeTheObjectTheySpell) {
  const auto out = messages(
      R"([{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"b\":1,\"a\":2}"}},)"
      R"({"id":"2","type":"function","function":{"name":"g","arguments":"not json"}}]}])");
  ASSERT_TRUE(out);
  EXPECT_NE(out->write().find(R"("arguments":{"b":1,"a":2})"), std::string::npos);
  EXPECT_NE(out->write().find(R"("arguments":"not json")"), std::string::npos);
}

TEST(Messages, NamesThePlaceThatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {R"(["x"])", "messages[0]"},
      {R"([{"content":"x"}])", "messages[0].role"},
      {R"([{"role":"king","content":"x"}])", "messages[0].role"},
      {R"([{"role":"user","content":7}])", "messages[0].content"},
      {R"([{"role":"user","content":"x"},{"role":"user","content":[{"type":"image_url","image_url":{}}]}])",
       "messages[1].content[0]"},
      {R"([{"role":"user","content":["x"]}])", "messages[0].content[0].type"},
      {R"([{"role":"user","content":[{"type":"text"}]}])", "messages[0].content[0].text"},
      {R"([{"role":"user","content":"x","name":7}])", "messages[0].name"},
      {R"("x")", "messages"},
  };
  for (const auto& [array, param] : cases) {
    const auto out = messages(array);
    ASSERT_FALSE(out) << array;
    EXPECT_EQ(out.error().param, param);
  }
}

TEST(Messages, MembersWithoutEffectAreListedOnce) {
  const auto request = read_chat_request(*parse_body(
      R"({"model":"m","messages":[{"role":"user","content":"a","mood":1},{"role":"user","content":"b","mood":2}]})"));
  EXPECT_EQ(request->common.ignored, std::vector<std::string>{"messages.mood"});
}

TEST(CompletionRequest, TakesEveryFormOfPrompt) {
  using Prompt = CompletionRequest::Prompt;
  EXPECT_EQ(completion(R"("prompt":"a")")->prompts, (std::vector<Prompt>{"a"}));
  EXPECT_EQ(completion(R"("prompt":"")")->prompts, (std::vector<Prompt>{""}));
  EXPECT_EQ(completion(R"("prompt":[1,2])")->prompts, (std::vector<Prompt>{std::vector<TokenId>{1, 2}}));
  EXPECT_EQ(completion(R"("prompt":["a","b"])")->prompts, (std::vector<Prompt>{"a", "b"}));
  EXPECT_EQ(completion(R"("prompt":[[1],[2,3]])")->prompts,
            (std::vector<Prompt>{std::vector<TokenId>{1}, std::vector<TokenId>{2, 3}}));
}

TEST(CompletionRequest, RefusesOtherForms) {
  for (const char* prompt : {R"("prompt":[])", R"("prompt":7)", R"("prompt":[[]])", R"("prompt":[1,"a"])",
                             R"("prompt":[[1.5]])", R"("prompt":{})", R"("temperature":1)"}) {
    const auto request = completion(prompt);
    ASSERT_FALSE(request) << prompt;
    EXPECT_EQ(request.error().param, "prompt");
  }
}

TEST(CompletionRequest, AnswersWith16TokensUnlessToldOtherwise) {
  EXPECT_EQ(completion(R"("prompt":"a")")->common.options.max_tokens, 16);
  EXPECT_EQ(completion(R"("prompt":"a","logprobs":0)")->common.options.n_top_logprobs, 0);
  EXPECT_FALSE(completion(R"("prompt":"a","logprobs":true)"));
}

TEST(Body, MustBeStrictJson) {
  for (const char* text : {"", "{", "{\"a\":1,}", "{\"a\":NaN}", "{\"a\":1e400}", "\xff", "{\"a\":1}x"}) {
    const auto body = parse_body(text);
    ASSERT_FALSE(body) << text;
    EXPECT_EQ(body.error().status, 400);
  }
  EXPECT_FALSE(parse_body(std::string(100'000, '[')));
  EXPECT_FALSE(parse_body("[]"));
}

}  // namespace
}  // namespace api::openai
