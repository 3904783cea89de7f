#include "api/anthropic/message_writer.h"

#include <gtest/gtest.h>

#include "base/strings.h"

namespace api::anthropic {
namespace {

using base::Json;
using engine::FinishReason;

struct Fixture {
  Fixture() : choices(1) { choices[0].prompt_tokens = 7; }
  Choice& choice() { return choices[0]; }
  void tell(std::string reasoning, std::string content) {
    writer->event(choices, choice(), {.reasoning = std::move(reasoning), .content = std::move(content)}, out);
  }
  void finish(FinishReason reason = FinishReason::stop, std::optional<std::string> stop = {}) {
    serving::Outcome outcome{.reason = reason, .stop_string = std::move(stop), .reasoning_tokens = 1};
    outcome.timings.cached_prompt_tokens = 4;
    choice().outcome = std::move(outcome);
    choice().generated_tokens = 3;
    writer->choice_end(choices, choice(), out);
    writer->end(choices, out);
  }
  // "name data" of each event.
  std::vector<std::pair<std::string, Json>> events() const {
    std::vector<std::pair<std::string, Json>> all;
    for (size_t at = 0; at < out.size();) {
      const size_t end = out.find("\n\n", at);
      const std::string event = out.substr(at, end - at);
      const size_t line = event.find('\n');
      EXPECT_TRUE(event.starts_with("event: ") && event.substr(line + 1).starts_with("data: ")) << event;
      all.emplace_back(event.substr(7, line - 7), *Json::parse(event.substr(line + 7)));
      EXPECT_EQ(all.back().second.find("type")->as_string(), all.back().first);
      at = end + 2;
    }
    return all;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& [name, data] : events()) {
      const Json* index = data.find("index");
      all.push_back(index ? base::cat(name, " ", index->as_integer()) : name);
    }
    return all;
  }

  MessageFrame frame{.id = "msg_1", .model = "m", .request_id = "req_1", .max_tokens = 9};
  std::unique_ptr<ReplyWriter> writer = message_writer(frame);
  std::vector<Choice> choices;
  std::string out;
};

TEST(MessageWriter, ClosesABlockBeforeTheNextKindBegins) {
  Fixture fixture;
  fixture.writer->begin(fixture.choices, fixture.out);
  fixture.tell("hm", "");
  fixture.tell("m", "yes");
  fixture.tell("again", "");
  fixture.tell("", "no");
  fixture.finish();
  EXPECT_EQ(fixture.names(), (std::vector<std::string>{
                                 "message_start", "content_block_start 0", "content_block_delta 0",
                                 "content_block_delta 0", "content_block_delta 0", "content_block_stop 0",
                                 "content_block_start 1", "content_block_delta 1", "content_block_stop 1",
                                 "content_block_start 2", "content_block_delta 2", "content_block_delta 2",
                                 "content_block_stop 2", "content_block_start 3", "content_block_delta 3",
                                 "content_block_stop 3", "message_delta", "message_stop"}));
  const auto all = fixture.events();
  EXPECT_EQ(all[2].second.find("delta")->write(), R"({"type":"thinking_delta","thinking":"hm"})");
  EXPECT_EQ(all[4].second.find("delta")->write(), R"({"type":"signature_delta","signature":""})");
  EXPECT_EQ(all[7].second.find("delta")->write(), R"({"type":"text_delta","text":"yes"})");
}

TEST(MessageWriter, CountsCachedTokensApart) {
  Fixture fixture;
  fixture.writer->begin(fixture.choices, fixture.out);
  const Json start = *fixture.events()[0].second.find("message");
  EXPECT_EQ(start.find("usage")->find("input_tokens")->as_integer(), 7);
  EXPECT_TRUE(start.find("stop_reason")->is_null());
  fixture.out.clear();
  fixture.finish();
  const Json usage = *fixture.events()[0].second.find("usage");
  EXPECT_EQ(usage.find("input_tokens")->as_integer(), 3);
  EXPECT_EQ(usage.find("cache_read_input_tokens")->as_integer(), 4);
  EXPECT_EQ(usage.find("cache_creation_input_tokens")->as_integer(), 0);
  EXPECT_EQ(usage.find("output_tokens")->as_integer(), 3);
}

TEST(MessageWriter, TellsWhyItStopped) {
  const auto reason = [](FinishReason why, std::optional<std::string> stop, int64_t max_tokens) {
    Fixture fixture;
    fixture.frame.max_tokens = max_tokens;
    fixture.writer = message_writer(fixture.frame);
    fixture.finish(why, std::move(stop));
    return fixture.events()[0].second.find("delta")->write();
  };
  EXPECT_EQ(reason(FinishReason::stop, {}, 9), R"({"stop_reason":"end_turn","stop_sequence":null})");
  EXPECT_EQ(reason(FinishReason::stop, "END", 9), R"({"stop_reason":"stop_sequence","stop_sequence":"END"})");
  EXPECT_EQ(reason(FinishReason::length, {}, 3), R"({"stop_reason":"max_tokens","stop_sequence":null})");
  EXPECT_EQ(reason(FinishReason::length, {}, 9),
            R"({"stop_reason":"model_context_window_exceeded","stop_sequence":null})");
}

TEST(MessageWriter, GivesThoughtsWithoutTheirTextIfAskedTo) {
  Fixture fixture;
  fixture.frame.show_thoughts = false;
  fixture.writer = message_writer(fixture.frame);
  fixture.tell("secret", "yes");
  EXPECT_EQ(fixture.out.find("secret"), std::string::npos);
  EXPECT_EQ(fixture.names().front(), "content_block_start 0");
}

TEST(MessageWriter, AnErrorInTheMiddleIsAnEvent) {
  Fixture fixture;
  fixture.writer->error(generation_error({base::Code::unavailable, "ending"}), fixture.out);
  EXPECT_EQ(fixture.out,
            "event: error\ndata: "
            R"({"type":"error","error":{"type":"overloaded_error","message":"ending"},"request_id":"req_1"})"
            "\n\n");
}

}  // namespace
}  // namespace api::anthropic
