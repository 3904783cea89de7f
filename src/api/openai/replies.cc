#include "api/openai/replies.h"

#include <utility>

#include "api/openai/errors.h"
#include "base/strings.h"

namespace api::openai {
namespace {

using base::Json;
using serving::Event;

Json usage_json(const Usage& usage) {
  Json out(Json::Object{});
  out.set("prompt_tokens", usage.prompt_tokens);
  out.set("completion_tokens", usage.completion_tokens);
  out.set("total_tokens", usage.prompt_tokens + usage.completion_tokens);
  Json prompt_details(Json::Object{});
  prompt_details.set("cached_tokens", usage.cached_tokens);
  out.set("prompt_tokens_details", std::move(prompt_details));
  Json completion_details(Json::Object{});
  completion_details.set("reasoning_tokens", usage.reasoning_tokens);
  out.set("completion_tokens_details", std::move(completion_details));
  return out;
}

Json frame_json(const ReplyFrame& frame, std::string object) {
  Json out(Json::Object{});
  out.set("id", frame.id);
  out.set("object", std::move(object));
  out.set("created", frame.created);
  out.set("model", frame.model);
  return out;
}

// The client left, or the server is stopping: whoever still listens shall not take what came for an answer.
base::Error error_of(const serving::Outcome& outcome) {
  if (outcome.error) return *outcome.error;
  return {base::Code::unavailable, "the answer was cut off because the server is stopping"};
}

bool is_failure(const serving::Outcome& outcome) {
  return outcome.reason == engine::FinishReason::error || outcome.reason == engine::FinishReason::cancelled;
}

// Once an answer runs, what goes wrong is no longer the request's fault.
ApiError late_error(const serving::Outcome& outcome) {
  base::Error error = error_of(outcome);
  ApiError out = generation_error(error);
  if (error.code != base::Code::unavailable && error.code != base::Code::internal) {
    out.status = 500;
    out.type = "server_error";
    out.code = "internal_error";
  }
  return out;
}

}  // namespace

ReplyStream::ReplyStream(const Dialect& dialect, ReplyFrame frame, std::vector<Choice> choices)
    : dialect_(dialect),
      frame_(std::move(frame)),
      choices_(std::move(choices)),
      progress_(choices_.size()),
      n_running_(choices_.size()) {}

bool ReplyStream::read(std::string& out) {
  for (size_t i = 0; i < choices_.size() && !failed_; ++i)
    if (!choices_[i].outcome) read_choice(choices_[i], progress_[i], out);
  if (n_running_ > 0 && !failed_) return false;
  if (frame_.include_usage && !failed_) append_chunk(Json::Array{}, usage_json(usage_of(choices_)), out);
  out += "data: [DONE]\n\n";
  return true;
}

void ReplyStream::read_choice(Choice& choice, ChoiceProgress& progress, std::string& out) {
  serving::EventMailbox::Contents news = choice.mailbox->take();
  std::vector<Json> parts;
  if (news.has_text || news.outcome)
    dialect_.append_chunk_choices(news.event, choice.index, frame_.with_logprobs, progress, parts);
  if (news.outcome) {
    --n_running_;
    choice.outcome = std::move(*news.outcome);
    failed_ = is_failure(*choice.outcome);
    if (!failed_)
      parts.push_back(
          dialect_.final_chunk_choice(choice.index, serving::finish_reason_name(choice.outcome->reason)));
  }
  for (Json& part : parts) append_chunk(Json::Array{std::move(part)}, Json(), out);
  if (failed_) out += base::cat("data: ", error_body(late_error(*choice.outcome)), "\n\n");
}

void ReplyStream::append_chunk(Json choices, Json usage, std::string& out) const {
  Json chunk = frame_json(frame_, dialect_.chunk_object());
  chunk.set("choices", std::move(choices));
  if (frame_.include_usage) chunk.set("usage", std::move(usage));
  out += "data: ";
  chunk.write_to(out);
  out += "\n\n";
}

http::Response whole_reply(const Dialect& dialect, const ReplyFrame& frame, std::vector<Choice>& choices) {
  Json all(Json::Array{});
  for (Choice& choice : choices) {
    serving::EventMailbox::Contents news = choice.mailbox->take();
    choice.outcome = std::move(news.outcome);
    if (is_failure(*choice.outcome)) return error_response(late_error(*choice.outcome));
    all.push_back(dialect.whole_choice(news.event, choice.index, frame.with_logprobs,
                                       serving::finish_reason_name(choice.outcome->reason)));
  }
  Json reply = frame_json(frame, dialect.whole_object());
  reply.set("choices", std::move(all));
  reply.set("usage", usage_json(usage_of(choices)));
  return http::json_response(200, reply.write());
}

}  // namespace api::openai
