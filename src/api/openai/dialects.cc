// What distinguishes the replies of /v1/chat/completions from those of /v1/completions.
#include <utility>

#include "api/openai/logprobs.h"
#include "api/openai/replies.h"

namespace api::openai {
namespace {

using base::Json;
using serving::Event;

class ChatDialect : public Dialect {
 public:
  const char* prompt_field() const override { return "messages"; }
  std::string id_prefix() const override { return "chatcmpl-"; }
  std::string whole_object() const override { return "chat.completion"; }
  std::string chunk_object() const override { return "chat.completion.chunk"; }

  // Thoughts and answer never share a delta: clients switch their display by which of the two is there.
  void append_chunk_choices(const Event& event, int64_t index, bool with_logprobs, ChoiceProgress& progress,
                            std::vector<Json>& out) const override {
    if (!std::exchange(progress.begun, true)) {
      Json delta(Json::Object{});
      delta.set("role", "assistant");
      delta.set("content", "");
      out.push_back(choice(index, std::move(delta), Json()));
    }
    if (!event.reasoning.empty()) {
      Json delta(Json::Object{});
      delta.set("reasoning_content", event.reasoning);
      out.push_back(choice(index, std::move(delta), Json()));
    }
    if (event.content.empty() && event.logprobs.empty()) return;
    Json delta(Json::Object{});
    delta.set("content", event.content);
    out.push_back(choice(index, std::move(delta), with_logprobs ? chat_logprobs(event.logprobs) : Json()));
  }

  Json final_chunk_choice(int64_t index, const std::string& finish_reason) const override {
    Json out = choice(index, Json::Object{}, Json());
    out.set("finish_reason", finish_reason);
    return out;
  }

  Json whole_choice(const Event& all, int64_t index, bool with_logprobs,
                    const std::string& finish_reason) const override {
    Json message(Json::Object{});
    message.set("role", "assistant");
    message.set("content", all.content);
    if (!all.reasoning.empty()) message.set("reasoning_content", all.reasoning);
    message.set("refusal", Json());
    Json out(Json::Object{});
    out.set("index", index);
    out.set("message", std::move(message));
    out.set("logprobs", with_logprobs ? chat_logprobs(all.logprobs) : Json());
    out.set("finish_reason", finish_reason);
    return out;
  }

 private:
  static Json choice(int64_t index, Json delta, Json logprobs) {
    Json out(Json::Object{});
    out.set("index", index);
    out.set("delta", std::move(delta));
    out.set("logprobs", std::move(logprobs));
    out.set("finish_reason", Json());
    return out;
  }
};

class CompletionDialect : public Dialect {
 public:
  const char* prompt_field() const override { return "prompt"; }
  std::string id_prefix() const override { return "cmpl-"; }
  std::string whole_object() const override { return "text_completion"; }
  std::string chunk_object() const override { return "text_completion"; }

  void append_chunk_choices(const Event& event, int64_t index, bool with_logprobs, ChoiceProgress& progress,
                            std::vector<Json>& out) const override {
    if (event.content.empty() && event.logprobs.empty()) return;
    Json logprobs = with_logprobs ? completion_logprobs(event.logprobs, progress.n_characters) : Json();
    progress.n_characters += count_characters(event.content);
    out.push_back(choice(index, event.content, std::move(logprobs), Json()));
  }

  Json final_chunk_choice(int64_t index, const std::string& finish_reason) const override {
    return choice(index, "", Json(), finish_reason);
  }

  Json whole_choice(const Event& all, int64_t index, bool with_logprobs,
                    const std::string& finish_reason) const override {
    return choice(index, all.content, with_logprobs ? completion_logprobs(all.logprobs, 0) : Json(),
                  finish_reason);
  }

 private:
  static Json choice(int64_t index, std::string text, Json logprobs, Json finish_reason) {
    Json out(Json::Object{});
    out.set("index", index);
    out.set("text", std::move(text));
    out.set("logprobs", std::move(logprobs));
    out.set("finish_reason", std::move(finish_reason));
    return out;
  }
};

}  // namespace

const Dialect& chat_dialect() {
  static const ChatDialect dialect;
  return dialect;
}

const Dialect& completion_dialect() {
  static const CompletionDialect dialect;
  return dialect;
}

}  // namespace api::openai
