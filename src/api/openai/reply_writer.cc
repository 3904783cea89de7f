#include "api/openai/reply_writer.h"

#include <utility>

#include "api/openai/errors.h"
#include "base/strings.h"

namespace api::openai {
namespace {

using base::Json;

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

}  // namespace

http::Response FramedWriter::refusal(const ApiError& error) {
  return error_response(error);
}

http::Response FramedWriter::whole(const std::vector<Choice>& choices) {
  Json all(Json::Array{});
  for (const Choice* choice : returned(choices)) {
    Json one = whole_choice(*choice);
    one.set("index", static_cast<int64_t>(all.as_array().size()));
    all.push_back(std::move(one));
  }
  Json reply = framed(whole_object(), std::move(all));
  finish_whole(choices, reply);
  reply.set("usage", usage_json(usage_of(choices)));
  return http::json_response(200, reply.write());
}

std::vector<const Choice*> FramedWriter::returned(const std::vector<Choice>& choices) const {
  std::vector<const Choice*> out;
  out.reserve(choices.size());
  for (const Choice& choice : choices) out.push_back(&choice);
  return out;
}

void FramedWriter::event(const std::vector<Choice>&, const Choice& choice, const serving::Event& news,
                         std::string& out) {
  for (Json& part : chunk_choices(choice, news)) append_chunk(Json::Array{std::move(part)}, Json(), out);
}

void FramedWriter::choice_end(const std::vector<Choice>&, const Choice& choice, std::string& out) {
  append_chunk(Json::Array{final_chunk_choice(choice)}, Json(), out);
}

void FramedWriter::end(const std::vector<Choice>& choices, std::string& out) {
  if (frame_.include_usage) append_chunk(Json::Array{}, usage_json(usage_of(choices)), out);
  out += "data: [DONE]\n\n";
}

// A chunk at which OpenAI's clients raise.
void FramedWriter::error(const ApiError& error, std::string& out) {
  out += base::cat("data: ", error_body(error), "\n\ndata: [DONE]\n\n");
}

Json FramedWriter::framed(std::string object, Json choices) const {
  Json out(Json::Object{});
  out.set("id", frame_.id);
  out.set("object", std::move(object));
  out.set("created", frame_.created);
  out.set("model", frame_.model);
  out.set("choices", std::move(choices));
  return out;
}

void FramedWriter::append_chunk(Json choices, Json usage, std::string& out) const {
  Json chunk = framed(chunk_object(), std::move(choices));
  if (frame_.include_usage) chunk.set("usage", std::move(usage));
  out += "data: ";
  chunk.write_to(out);
  out += "\n\n";
}

}  // namespace api::openai
