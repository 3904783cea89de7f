#include "api/ollama/reply_writer.h"

#include <cmath>
#include <utility>

#include "api/common/timestamp.h"
#include "api/ollama/errors.h"
#include "base/json.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace api::ollama {
namespace {

using base::Json;
using serving::Event;

int64_t nanoseconds(double seconds) {
  return std::llround(seconds * 1e9);
}

Json logprob_entry(const std::string& bytes, float logprob) {
  Json list(Json::Array{});
  for (unsigned char byte : bytes) list.push_back(int64_t{byte});
  Json out(Json::Object{});
  out.set("token", base::to_valid_utf8(bytes));
  out.set("logprob", std::isfinite(logprob) ? Json(double{logprob}) : Json(-9999.0));  // JSON has no infinity
  out.set("bytes", std::move(list));
  return out;
}

Json logprobs_json(const std::vector<serving::TokenLogprob>& tokens) {
  Json out(Json::Array{});
  for (const serving::TokenLogprob& token : tokens) {
    Json entry = logprob_entry(token.bytes, token.logprob);
    if (!token.top.empty()) {
      Json top(Json::Array{});
      for (const serving::AlternativeLogprob& other : token.top)
        top.push_back(logprob_entry(other.bytes, other.logprob));
      entry.set("top_logprobs", std::move(top));
    }
    out.push_back(std::move(entry));
  }
  return out;
}

Json piece(const ReplyFrame& frame, const Event& news, bool done) {
  Json out(Json::Object{});
  out.set("model", frame.model);
  out.set("created_at", rfc3339(frame.unix_seconds()));
  if (frame.route == Route::chat) {
    Json message(Json::Object{});
    message.set("role", "assistant");
    message.set("content", news.content);
    if (!news.reasoning.empty()) message.set("thinking", news.reasoning);
    out.set("message", std::move(message));
  } else {
    out.set("response", news.content);
    if (!news.reasoning.empty()) out.set("thinking", news.reasoning);
  }
  if (frame.with_logprobs && !news.logprobs.empty()) out.set("logprobs", logprobs_json(news.logprobs));
  out.set("done", done);
  return out;
}

// What came before the first step counts as loading: it is the wait that a client cannot tell from it.
void set_costs(const Choice& choice, Json& out) {
  const engine::Timings& t = choice.outcome->timings;
  out.set("total_duration", nanoseconds(t.queued_seconds + t.prefill_seconds + t.decode_seconds));
  out.set("load_duration", nanoseconds(t.queued_seconds));
  out.set("prompt_eval_count", t.prompt_tokens);
  out.set("prompt_eval_duration", nanoseconds(t.prefill_seconds));
  out.set("eval_count", t.generated_tokens);
  out.set("eval_duration", nanoseconds(t.decode_seconds));
}

void append_line(const Json& json, std::string& out) {
  json.write_to(out);
  out += '\n';
}

class LineWriter : public ReplyWriter {
 public:
  explicit LineWriter(ReplyFrame frame) : frame_(std::move(frame)), context_(frame_.prompt) {}

  http::Response refusal(const ApiError& error) override { return error_response(error); }

  http::Response whole(const std::vector<Choice>& choices) override {
    remember(choices.front().text);
    http::Response response =
        http::json_response(200, last_piece(choices.front(), choices.front().text).write());
    add_truncation(response);
    return response;
  }

  http::Response head() override {
    http::Response response = json_lines_head();
    add_truncation(response);
    return response;
  }

  // Their clients take every line for a piece of the answer: so an empty one.
  std::string filler() override {
    std::string out;
    append_line(piece(frame_, {}, /*done=*/false), out);
    return out;
  }

  // Thoughts and answer never share a line: clients switch their display by which of the two is there.
  void event(const std::vector<Choice>&, const Choice&, const Event& news, std::string& out) override {
    remember(news);
    if (!news.reasoning.empty())
      append_line(piece(frame_, {.reasoning = news.reasoning}, /*done=*/false), out);
    if (!news.content.empty() || !news.logprobs.empty())
      append_line(piece(frame_, {.content = news.content, .logprobs = news.logprobs}, /*done=*/false), out);
  }

  void choice_end(const std::vector<Choice>&, const Choice& choice, std::string& out) override {
    append_line(last_piece(choice, {}), out);
  }

  void end(const std::vector<Choice>&, std::string&) override {}

  void error(const ApiError& error, std::string& out) override { out += error_body(error) + "\n"; }

 private:
  void remember(const Event& news) {
    if (!frame_.prompt.empty()) context_.insert(context_.end(), news.ids.begin(), news.ids.end());
  }

  Json last_piece(const Choice& choice, const Event& text) const {
    Json out = piece(frame_, text, /*done=*/true);
    out.set("done_reason", serving::finish_reason_name(choice.outcome->reason));
    if (!frame_.prompt.empty()) {
      Json context(Json::Array{});
      for (serving::TokenId id : context_) context.push_back(int64_t{id});
      out.set("context", std::move(context));
    }
    set_costs(choice, out);
    return out;
  }

  void add_truncation(http::Response& response) const {
    if (frame_.n_truncated > 0) response.headers.add("x-truncated-messages", base::cat(frame_.n_truncated));
  }

  ReplyFrame frame_;
  std::vector<serving::TokenId> context_;  // the prompt and what was generated
};

}  // namespace

http::Response json_lines_head() {
  http::Response head;
  head.headers.add("content-type", "application/x-ndjson");
  head.headers.add("cache-control", "no-cache");
  head.headers.add("x-accel-buffering", "no");  // a proxy in between shall not collect lines
  return head;
}

std::unique_ptr<ReplyWriter> reply_writer(ReplyFrame frame) {
  return std::make_unique<LineWriter>(std::move(frame));
}

http::Response empty_reply(const ReplyFrame& frame, const char* done_reason) {
  Json out = piece(frame, {}, /*done=*/true);
  out.set("done_reason", done_reason);
  return http::json_response(200, out.write());
}

}  // namespace api::ollama
