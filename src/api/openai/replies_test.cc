#include "api/openai/replies.h"

#include <gtest/gtest.h>

#include <cmath>

#include "api/common/reply_stream.h"
#include "tests/support/http_client.h"

namespace api::openai {
namespace {

using base::Json;
using engine::FinishReason;
using serving::Event;
using serving::EventMailbox;
using serving::Outcome;

struct Parts {
  explicit Parts(size_t n_choices = 1) {
    frame = {.id = "x-1", .created = 1700000000, .model = "m"};
    for (size_t i = 0; i < n_choices; ++i) {
      mailboxes.push_back(std::make_shared<EventMailbox>(nullptr));
      Choice choice;
      choice.index = static_cast<int64_t>(i);
      choice.prompt_tokens = 3;
      choice.mailbox = mailboxes.back();
      choices.push_back(std::move(choice));
    }
  }
  Outcome ended(FinishReason reason = FinishReason::stop) {
    Outcome outcome{.reason = reason, .stop_string = {}, .reasoning_tokens = 1, .timings = {}, .error = {}};
    return outcome;
  }
  ReplyFrame frame;
  std::vector<std::shared_ptr<EventMailbox>> mailboxes;
  std::vector<Choice> choices;
};

std::vector<Json> chunks(const std::string& stream) {
  std::vector<Json> out;
  for (const std::string& data : tests::events_of(stream))
    if (data != "[DONE]") out.push_back(*Json::parse(data));
  return out;
}

const Json& choice_of(const Json& chunk) {
  return chunk.find("choices")->as_array().at(0);
}

TEST(ReplyStream, SendsRoleThenThoughtsThenAnswerThenTheReason) {
  Parts parts;
  ReplyStream stream(chat_writer(parts.frame), nullptr, std::move(parts.choices));
  std::string out;
  EXPECT_FALSE(stream.read(out));
  EXPECT_EQ(out, "");
  parts.mailboxes[0]->on_event({.reasoning = "hm", .content = "yes"});
  EXPECT_FALSE(stream.read(out));
  parts.mailboxes[0]->on_finish(parts.ended());
  EXPECT_TRUE(stream.read(out));
  EXPECT_TRUE(out.ends_with("data: [DONE]\n\n"));
  const auto all = chunks(out);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(choice_of(all[0]).find("delta")->write(), R"({"role":"assistant","content":""})");
  EXPECT_EQ(choice_of(all[1]).find("delta")->write(), R"({"reasoning_content":"hm"})");
  EXPECT_EQ(choice_of(all[2]).find("delta")->write(), R"({"content":"yes"})");
  EXPECT_EQ(choice_of(all[3]).find("delta")->write(), "{}");
  EXPECT_EQ(choice_of(all[3]).find("finish_reason")->as_string(), "stop");
  for (const Json& chunk : all) {
    EXPECT_EQ(chunk.find("id")->as_string(), "x-1");
    EXPECT_EQ(chunk.find("object")->as_string(), "chat.completion.chunk");
    EXPECT_EQ(chunk.find("created")->as_integer(), 1700000000);
    EXPECT_FALSE(chunk.find("usage"));
  }
}

TEST(ReplyStream, UsageComesLastAndOnlyIfAskedFor) {
  Parts parts;
  parts.frame.include_usage = true;
  ReplyStream stream(completion_writer(parts.frame), nullptr, std::move(parts.choices));
  parts.mailboxes[0]->on_event({.content = "a", .ids = {7, 8}});
  parts.mailboxes[0]->on_finish(parts.ended(FinishReason::length));
  std::string out;
  EXPECT_TRUE(stream.read(out));
  const auto all = chunks(out);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_TRUE(all[0].find("usage")->is_null());
  EXPECT_EQ(choice_of(all[1]).find("finish_reason")->as_string(), "length");
  EXPECT_TRUE(all[2].find("choices")->as_array().empty());
  EXPECT_EQ(all[2].find("usage")->find("total_tokens")->as_integer(), 5);
  EXPECT_EQ(all[2].find("usage")->find("completion_tokens_details")->find("reasoning_tokens")->as_integer(),
            1);
}

TEST(ReplyStream, WaitsForEveryChoice) {
  Parts parts(2);
  ReplyStream stream(completion_writer(parts.frame), nullptr, std::move(parts.choices));
  parts.mailboxes[1]->on_event({.content = "b"});
  parts.mailboxes[1]->on_finish(parts.ended());
  std::string out;
  EXPECT_FALSE(stream.read(out));
  parts.mailboxes[0]->on_finish(parts.ended());
  EXPECT_TRUE(stream.read(out));
  EXPECT_EQ(choice_of(chunks(out)[0]).find("index")->as_integer(), 1);
}

TEST(ReplyStream, AnErrorInTheMiddleIsAnEventThatClientsRaise) {
  Parts parts;
  ReplyStream stream(chat_writer(parts.frame), nullptr, std::move(parts.choices));
  Outcome outcome = parts.ended(FinishReason::error);
  outcome.error = base::Error{base::Code::internal, "a secret of ours"};
  parts.mailboxes[0]->on_finish(std::move(outcome));
  std::string out;
  EXPECT_TRUE(stream.read(out));
  const auto all = chunks(out);
  ASSERT_TRUE(all.back().find("error"));
  EXPECT_EQ(all.back().find("error")->find("type")->as_string(), "server_error");
  EXPECT_EQ(out.find("secret"), std::string::npos);
  EXPECT_EQ(out.find("finish_reason\":\"stop"), std::string::npos);
}

TEST(WholeReply, HoldsMessageUsageAndReason) {
  Parts parts;
  parts.mailboxes[0]->on_event({.reasoning = "h", .content = "ye"});
  parts.mailboxes[0]->on_event({.reasoning = "m", .content = "s"});
  parts.mailboxes[0]->on_finish(parts.ended());
  const http::Response response = whole_reply(*chat_writer(parts.frame), parts.choices);
  EXPECT_EQ(response.status, 200);
  const Json reply = *Json::parse(response.body);
  EXPECT_EQ(choice_of(reply).find("message")->write(),
            R"({"role":"assistant","content":"yes","reasoning_content":"hm","refusal":null})");
  EXPECT_TRUE(choice_of(reply).find("logprobs")->is_null());
  EXPECT_EQ(reply.find("usage")->find("prompt_tokens")->as_integer(), 3);
}

TEST(WholeReply, AFailedGenerationIsAnErrorNotAnAnswer) {
  Parts parts;
  parts.mailboxes[0]->on_event({.content = "half of"});
  parts.mailboxes[0]->on_finish(parts.ended(FinishReason::cancelled));
  EXPECT_EQ(whole_reply(*chat_writer(parts.frame), parts.choices).status, 503);
}

TEST(Logprobs, CarryTheBytesOfHalfCharacters) {
  Parts parts;
  parts.frame.with_logprobs = true;
  parts.mailboxes[0]->on_event(
      {.content = "é", .logprobs = {{1, "\xC3", -0.25f, {{1, "\xC3", -0.25f}}}, {2, "\xA9", -INFINITY, {}}}});
  parts.mailboxes[0]->on_finish(parts.ended());
  const Json reply = *Json::parse(whole_reply(*chat_writer(parts.frame), parts.choices).body);
  const Json& content = *choice_of(reply).find("logprobs")->find("content");
  EXPECT_EQ(content.as_array()[0].find("bytes")->write(), "[195]");
  EXPECT_EQ(content.as_array()[0].find("token")->as_string(), "\xEF\xBF\xBD");
  EXPECT_EQ(content.as_array()[0].find("top_logprobs")->as_array()[0].find("logprob")->as_double(), -0.25);
  EXPECT_TRUE(content.as_array()[1].find("logprob")->is_number());  // minus infinity is no JSON
}

TEST(Logprobs, OfCompletionsCountOffsetsInCharactersOverAllChunks) {
  Parts parts;
  parts.frame.with_logprobs = true;
  ReplyStream stream(completion_writer(parts.frame), nullptr, std::move(parts.choices));
  std::string out;
  parts.mailboxes[0]->on_event({.content = "éa", .logprobs = {{1, "é", -1.0f, {}}, {2, "a", -1.0f, {}}}});
  stream.read(out);
  parts.mailboxes[0]->on_event({.content = "b", .logprobs = {{3, "b", -1.0f, {}}}});
  stream.read(out);
  const auto all = chunks(out);
  EXPECT_EQ(choice_of(all[0]).find("logprobs")->find("text_offset")->write(), "[0,1]");
  EXPECT_EQ(choice_of(all[1]).find("logprobs")->find("text_offset")->write(), "[2]");
}

}  // namespace
}  // namespace api::openai
