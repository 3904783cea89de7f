// What distinguishes the replies of /v1/chat/completions from those of /v1/completions.
#include "api/openai/replies.h"

#include <algorithm>
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

  // vLLM's place for them.
  void finish_whole(const std::vector<Choice>& choices, Json& reply) const override {
    if (frame().with_prompt_logprobs)
      reply.set("prompt_logprobs", prompt_logprobs(choices.front().text.prompt_logprobs));
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

// Log-probability per token: what best_of ranks by.
double likelihood(const Choice& choice) {
  double sum = 0;
  for (const serving::TokenLogprob& token : choice.text.logprobs) sum += token.logprob;
  return choice.text.logprobs.empty() ? 0 : sum / static_cast<double>(choice.text.logprobs.size());
}

class CompletionWriter : public FramedWriter {
 public:
  using FramedWriter::FramedWriter;

 private:
  std::string whole_object() const override { return "text_completion"; }
  std::string chunk_object() const override { return "text_completion"; }

  std::vector<Json> chunk_choices(const Choice& choice, const Event& news) override {
    Sent& sent = sent_[choice.index];
    // An echo waits until all that is said of its tokens has come: then the answer begins, or is over.
    sent.prompt_logprobs.insert(sent.prompt_logprobs.end(), news.prompt_logprobs.begin(),
                                news.prompt_logprobs.end());
    const bool has_text = !news.content.empty() || !news.logprobs.empty();
    if (!has_text && !choice.outcome) return {};
    Event piece = news;
    if (!std::exchange(sent.begun, true)) {
      piece.prompt_logprobs = std::move(sent.prompt_logprobs);
      piece = with_echo(choice, piece);
    }
    if (piece.content.empty() && piece.logprobs.empty()) return {};
    Json logprobs = logprobs_of(piece, sent.n_characters);
    sent.n_characters += count_characters(piece.content);
    return {one(choice.index, piece.content, std::move(logprobs), Json())};
  }

  Json final_chunk_choice(const Choice& choice) override {
    return one(choice.index, "", Json(), finish_reason(choice));
  }

  Json whole_choice(const Choice& choice) override {
    const Event all = with_echo(choice, choice.text);
    Json out = one(choice.index, all.content, logprobs_of(all, 0), finish_reason(choice));
    if (frame().with_prompt_logprobs)
      out.set("prompt_logprobs", prompt_logprobs(choice.text.prompt_logprobs));
    return out;
  }

  // Of the choices of each prompt the likeliest, numbered anew.
  std::vector<const Choice*> returned(const std::vector<Choice>& choices) const override {
    std::vector<const Choice*> out;
    const auto n_made = static_cast<size_t>(frame().n_made);
    for (size_t begin = 0; begin < choices.size(); begin += n_made) {
      std::vector<const Choice*> made;
      for (size_t i = begin; i < begin + n_made; ++i) made.push_back(&choices[i]);
      if (frame().n < frame().n_made)
        std::ranges::sort(made, [](const Choice* a, const Choice* b) {
          return std::pair(-likelihood(*a), a->index) < std::pair(-likelihood(*b), b->index);
        });
      out.insert(out.end(), made.begin(), made.begin() + static_cast<ptrdiff_t>(frame().n));
    }
    return out;
  }

  Event with_echo(const Choice& choice, const Event& news) const {
    if (frame().echoes.empty()) return news;
    const ReplyFrame::Echo& echo = frame().echoes[static_cast<size_t>(choice.index / frame().n_made)];
    Event out = news;
    out.content = echo.text + out.content;
    if (!frame().with_logprobs) return out;
    out.logprobs.insert(out.logprobs.begin(), news.prompt_logprobs.begin(), news.prompt_logprobs.end());
    out.logprobs.insert(out.logprobs.begin(), echo.first_token);
    return out;
  }

  Json logprobs_of(const Event& event, size_t first_offset) const {
    return frame().with_logprobs ? completion_logprobs(event.logprobs, first_offset) : Json();
  }

  static Json one(int64_t index, std::string text, Json logprobs, Json finish_reason) {
    Json out(Json::Object{});
    out.set("index", index);
    out.set("text", std::move(text));
    out.set("logprobs", std::move(logprobs));
    out.set("finish_reason", std::move(finish_reason));
    return out;
  }

  struct Sent {
    bool begun = false;
    std::vector<serving::TokenLogprob> prompt_logprobs;
    size_t n_characters = 0;
  };
  std::map<int64_t, Sent> sent_;  // of each choice
};

}  // namespace

std::unique_ptr<ReplyWriter> chat_writer(ReplyFrame frame) {
  return std::make_unique<ChatWriter>(std::move(frame));
}

std::unique_ptr<ReplyWriter> completion_writer(ReplyFrame frame) {
  return std::make_unique<CompletionWriter>(std::move(frame));
}

}  // namespace api::openai
