#include "api/anthropic/message_writer.h"

#include <optional>
#include <utility>

#include "api/anthropic/errors.h"
#include "base/strings.h"

namespace api::anthropic {
namespace {

using base::Json;
using engine::FinishReason;

// Tokens found in the cache are told apart from those that were computed, as Anthropic counts them.
Json usage_json(const std::vector<Choice>& choices) {
  const Usage usage = usage_of(choices);
  Json created(Json::Object{});
  created.set("ephemeral_5m_input_tokens", 0);
  created.set("ephemeral_1h_input_tokens", 0);
  Json details(Json::Object{});
  details.set("thinking_tokens", usage.reasoning_tokens);
  Json out(Json::Object{});
  out.set("input_tokens", usage.prompt_tokens - usage.cached_tokens);
  out.set("cache_creation_input_tokens", 0);
  out.set("cache_read_input_tokens", usage.cached_tokens);
  out.set("cache_creation", std::move(created));
  out.set("output_tokens", usage.completion_tokens);
  out.set("output_tokens_details", std::move(details));
  out.set("service_tier", "standard");
  return out;
}

const char* stop_reason(const Choice& choice, const MessageFrame& frame) {
  if (choice.outcome->reason == FinishReason::length)
    return choice.generated_tokens < frame.max_tokens ? "model_context_window_exceeded" : "max_tokens";
  return choice.outcome->stop_string ? "stop_sequence" : "end_turn";
}

void set_stop(const Choice& choice, const MessageFrame& frame, Json& out) {
  const auto& stop_string = choice.outcome->stop_string;
  out.set("stop_reason", stop_reason(choice, frame));
  out.set("stop_sequence", stop_string ? Json(*stop_string) : Json());
}

Json empty_message(const MessageFrame& frame) {
  Json out(Json::Object{});
  out.set("id", frame.id);
  out.set("type", "message");
  out.set("role", "assistant");
  out.set("model", frame.model);
  out.set("content", Json::Array{});
  out.set("stop_reason", Json());
  out.set("stop_sequence", Json());
  return out;
}

Json thinking_block(std::string thoughts) {
  Json out(Json::Object{});
  out.set("type", "thinking");
  out.set("thinking", std::move(thoughts));
  out.set("signature", "");  // nothing is checked when it comes back
  return out;
}

Json text_block(std::string text) {
  Json out(Json::Object{});
  out.set("type", "text");
  out.set("text", std::move(text));
  return out;
}

Json event_json(const char* type) {
  Json out(Json::Object{});
  out.set("type", type);
  return out;
}

void append_event(const Json& event, std::string& out) {
  out += base::cat("event: ", event.find("type")->as_string(), "\ndata: ");
  event.write_to(out);
  out += "\n\n";
}

class MessageWriter : public ReplyWriter {
 public:
  explicit MessageWriter(MessageFrame frame) : frame_(std::move(frame)) {}

  http::Response refusal(const ApiError& error) override { return error_response(error, frame_.request_id); }

  http::Response whole(const std::vector<Choice>& choices) override {
    http::Response response = http::json_response(200, message_json(frame_, choices).write());
    add_request_id(response, frame_.request_id);
    return response;
  }

  http::Response head() override {
    http::Response response = ReplyWriter::head();
    add_request_id(response, frame_.request_id);
    return response;
  }

  std::string filler() override {
    std::string out;
    append_event(event_json("ping"), out);
    return out;
  }

  void begin(const std::vector<Choice>& choices, std::string& out) override {
    Json message = empty_message(frame_);
    message.set("usage", usage_json(choices));
    Json event = event_json("message_start");
    event.set("message", std::move(message));
    append_event(event, out);
  }

  void event(const std::vector<Choice>&, const Choice&, const serving::Event& news,
             std::string& out) override {
    if (!news.reasoning.empty()) {
      open(Block::thinking, out);
      if (frame_.show_thoughts) append_delta("thinking_delta", "thinking", news.reasoning, out);
    }
    if (!news.content.empty()) {
      open(Block::text, out);
      append_delta("text_delta", "text", news.content, out);
    }
  }

  void choice_end(const std::vector<Choice>& choices, const Choice& choice, std::string& out) override {
    close(out);
    Json delta(Json::Object{});
    set_stop(choice, frame_, delta);
    Json event = event_json("message_delta");
    event.set("delta", std::move(delta));
    event.set("usage", usage_json(choices));
    append_event(event, out);
  }

  void end(const std::vector<Choice>&, std::string& out) override {
    append_event(event_json("message_stop"), out);
  }

  void error(const ApiError& error, std::string& out) override {
    append_event(error_json(error, frame_.request_id), out);
  }

 private:
  enum class Block { none, thinking, text };

  void open(Block block, std::string& out) {
    if (open_ == block) return;
    close(out);
    open_ = block;
    Json event = event_json("content_block_start");
    event.set("index", index_);
    event.set("content_block", block == Block::thinking ? thinking_block("") : text_block(""));
    append_event(event, out);
  }

  void close(std::string& out) {
    if (open_ == Block::none) return;
    if (open_ == Block::thinking) append_delta("signature_delta", "signature", "", out);
    Json event = event_json("content_block_stop");
    event.set("index", index_++);
    append_event(event, out);
    open_ = Block::none;
  }

  void append_delta(const char* type, const char* member, const std::string& text, std::string& out) const {
    Json delta = event_json(type);
    delta.set(member, text);
    Json event = event_json("content_block_delta");
    event.set("index", index_);
    event.set("delta", std::move(delta));
    append_event(event, out);
  }

  MessageFrame frame_;
  Block open_ = Block::none;
  int64_t index_ = 0;  // of the open block, or of the next
};

}  // namespace

Json message_json(const MessageFrame& frame, const std::vector<Choice>& choices) {
  const Choice& choice = choices.front();
  Json content(Json::Array{});
  if (!choice.text.reasoning.empty())
    content.push_back(thinking_block(frame.show_thoughts ? choice.text.reasoning : ""));
  if (!choice.text.content.empty()) content.push_back(text_block(choice.text.content));
  Json out = empty_message(frame);
  out.set("content", std::move(content));
  set_stop(choice, frame, out);
  out.set("usage", usage_json(choices));
  return out;
}

std::unique_ptr<ReplyWriter> message_writer(MessageFrame frame) {
  return std::make_unique<MessageWriter>(std::move(frame));
}

}  // namespace api::anthropic
