#include "api/dashscope/reply_writer.h"

#include <utility>

#include "api/dashscope/errors.h"
#include "base/json.h"
#include "base/strings.h"

namespace api::dashscope {
namespace {

using base::Json;
using serving::Event;

Json usage_json(const std::vector<Choice>& choices) {
  const Usage usage = usage_of(choices);
  Json prompt_details(Json::Object{});
  prompt_details.set("cached_tokens", usage.cached_tokens);
  Json output_details(Json::Object{});
  output_details.set("reasoning_tokens", usage.reasoning_tokens);
  Json out(Json::Object{});
  out.set("input_tokens", usage.prompt_tokens);
  out.set("output_tokens", usage.completion_tokens);
  out.set("total_tokens", usage.prompt_tokens + usage.completion_tokens);
  out.set("prompt_tokens_details", std::move(prompt_details));
  out.set("output_tokens_details", std::move(output_details));
  return out;
}

class GenerationWriter : public ReplyWriter {
 public:
  explicit GenerationWriter(ReplyFrame frame) : frame_(std::move(frame)) {}

  http::Response refusal(const ApiError& error) override { return error_response(error, frame_.request_id); }

  http::Response whole(const std::vector<Choice>& choices) override {
    const Choice& choice = choices.front();
    return http::json_response(200, reply(choices, choice.text, finish_reason(choice)).write());
  }

  void event(const std::vector<Choice>& choices, const Choice&, const Event& news,
             std::string& out) override {
    if (news.content.empty() && news.reasoning.empty()) return;
    so_far_.content += news.content;
    so_far_.reasoning += news.reasoning;
    append_event("result", 200, reply(choices, frame_.incremental ? news : so_far_, "null").write(), out);
  }

  void choice_end(const std::vector<Choice>& choices, const Choice& choice, std::string& out) override {
    const Event last = frame_.incremental ? Event() : so_far_;
    append_event("result", 200, reply(choices, last, finish_reason(choice)).write(), out);
  }

  void end(const std::vector<Choice>&, std::string&) override {}

  void error(const ApiError& error, std::string& out) override {
    append_event("error", error.status, error_body(error, frame_.request_id), out);
  }

 private:
  static std::string finish_reason(const Choice& choice) {
    return serving::finish_reason_name(choice.outcome->reason);
  }

  // While the answer runs, the reason is the word "null".
  Json reply(const std::vector<Choice>& choices, const Event& text, const std::string& reason) const {
    Json output(Json::Object{});
    if (frame_.as_message) {
      Json message(Json::Object{});
      message.set("role", "assistant");
      message.set("content", text.content);
      if (!text.reasoning.empty()) message.set("reasoning_content", text.reasoning);
      Json choice(Json::Object{});
      choice.set("finish_reason", reason);
      choice.set("message", std::move(message));
      output.set("choices", Json::Array{std::move(choice)});
    } else {
      output.set("text", text.content);
      output.set("finish_reason", reason);
      if (!text.reasoning.empty()) output.set("reasoning_content", text.reasoning);
    }
    Json out(Json::Object{});
    out.set("output", std::move(output));
    out.set("usage", usage_json(choices));
    out.set("request_id", frame_.request_id);
    return out;
  }

  void append_event(const char* name, int status, const std::string& data, std::string& out) {
    out +=
        base::cat("id:", ++n_events_, "\nevent:", name, "\n:HTTP_STATUS/", status, "\ndata:", data, "\n\n");
  }

  ReplyFrame frame_;
  Event so_far_;
  int64_t n_events_ = 0;
};

}  // namespace

std::unique_ptr<ReplyWriter> reply_writer(ReplyFrame frame) {
  return std::make_unique<GenerationWriter>(std::move(frame));
}

}  // namespace api::dashscope
