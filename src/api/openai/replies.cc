// What distinguishes the replies of /v1/chat/completions from those of /v1/completions.
#include "api/openai/replies.h"

#include <map>
#include <set>
#include <utility>

#include "api/openai/logprobs.h"
#include "api/openai/reply_writer.h"

namespace api::openai {
namespace {

using base::Json;
using serving::Event;

const char* finish_reason(const Choice& choice) {
  return serving::finish_reason_name(choice.outcome->reason);
}

class ChatWriter : public FramedWriter {
 public:
  using FramedWriter::FramedWriter;

 private:
  std::string whole_object() const override { return "chat.completion"; }
  std::string chunk_object() const override { return "chat.completion.chunk"; }

  // Thoughts and answer never share a delta: clients switch their display by which of the two is there.
  std::vector<Json> chunk_choices(const Choice& choice, const Event& news) override {
    std::vector<Json> out;
    if (begun_.insert(choice.index).second) {
      Json delta(Json::Object{});
      delta.set("role", "assistant");
      delta.set("content", "");
      out.push_back(chunk_choice(choice, std::move(delta), Json()));
    }
    if (!news.reasoning.empty()) {
      Json delta(Json::Object{});
      delta.set("reasoning_content", news.reasoning);
      out.push_back(chunk_choice(choice, std::move(delta), Json()));
    }
    if (news.content.empty() && news.logprobs.empty()) return out;
    Json delta(Json::Object{});
    delta.set("content", news.content);
    out.push_back(chunk_choice(choice, std::move(delta), logprobs_of(news)));
    return out;
  }

  Json final_chunk_choice(const Choice& choice) override {
    Json out = chunk_choice(choice, Json::Object{}, Json());
    out.set("finish_reason", finish_reason(choice));
    return out;
  }

  Json whole_choice(const Choice& choice) override {
    Json message(Json::Object{});
    message.set("role", "assistant");
    message.set("content", choice.text.content);
    if (!choice.text.reasoning.empty()) message.set("reasoning_content", choice.text.reasoning);
    message.set("refusal", Json());
    Json out(Json::Object{});
    out.set("index", choice.index);
    out.set("message", std::move(message));
    out.set("logprobs", logprobs_of(choice.text));
    out.set("finish_reason", finish_reason(choice));
    return out;
  }

  Json logprobs_of(const Event& event) const {
    return frame().with_logprobs ? chat_logprobs(event.logprobs) : Json();
  }

  static Json chunk_choice(const Choice& choice, Json delta, Json logprobs) {
    Json out(Json::Object{});
    out.set("index", choice.index);
    out.set("delta", std::move(delta));
    out.set("logprobs", std::move(logprobs));
    out.set("finish_reason", Json());
    return out;
  }

  std::set<int64_t> begun_;  // choices whose role was sent
};

class CompletionWriter : public FramedWriter {
 public:
  using FramedWriter::FramedWriter;

 private:
  std::string whole_object() const override { return "text_completion"; }
  std::string chunk_object() const override { return "text_completion"; }

  std::vector<Json> chunk_choices(const Choice& choice, const Event& news) override {
    if (news.content.empty() && news.logprobs.empty()) return {};
    size_t& n_characters = n_characters_[choice.index];
    Json logprobs = logprobs_of(news, n_characters);
    n_characters += count_characters(news.content);
    return {one(choice, news.content, std::move(logprobs), Json())};
  }

  Json final_chunk_choice(const Choice& choice) override {
    return one(choice, "", Json(), finish_reason(choice));
  }

  Json whole_choice(const Choice& choice) override {
    return one(choice, choice.text.content, logprobs_of(choice.text, 0), finish_reason(choice));
  }

  Json logprobs_of(const Event& event, size_t first_offset) const {
    return frame().with_logprobs ? completion_logprobs(event.logprobs, first_offset) : Json();
  }

  static Json one(const Choice& choice, std::string text, Json logprobs, Json finish_reason) {
    Json out(Json::Object{});
    out.set("index", choice.index);
    out.set("text", std::move(text));
    out.set("logprobs", std::move(logprobs));
    out.set("finish_reason", std::move(finish_reason));
    return out;
  }

  std::map<int64_t, size_t> n_characters_;  // sent so far, of each choice
};

}  // namespace

std::unique_ptr<ReplyWriter> chat_writer(ReplyFrame frame) {
  return std::make_unique<ChatWriter>(std::move(frame));
}

std::unique_ptr<ReplyWriter> completion_writer(ReplyFrame frame) {
  return std::make_unique<CompletionWriter>(std::move(frame));
}

}  // namespace api::openai
