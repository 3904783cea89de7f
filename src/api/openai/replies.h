#pragma once
// Replies in OpenAI's shapes, whole and chunk by chunk.
//
// A Dialect writes what distinguishes the two endpoints; ReplyStream and whole_reply() do the rest once for
// both.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/openai/choices.h"
#include "base/json.h"
#include "http/reply.h"
#include "serving/generation.h"
#include "serving/served_model.h"

namespace api::openai {

// What every chunk of one reply repeats.
struct ReplyFrame {
  std::string id;       // "chatcmpl-..." or "cmpl-..."
  int64_t created = 0;  // Unix seconds
  std::string model;
  bool with_logprobs = false;
  bool include_usage = false;
  std::shared_ptr<const serving::ServedModel> served;  // kept alive as long as its generations run
};

// The text of a choice as it grows; completions count offsets in it.
struct ChoiceProgress {
  bool begun = false;
  size_t n_characters = 0;
};

class Dialect {
 public:
  virtual ~Dialect() = default;
  virtual const char* prompt_field() const = 0;  // of the request
  virtual std::string id_prefix() const = 0;
  virtual std::string whole_object() const = 0;
  virtual std::string chunk_object() const = 0;
  // The choices of a chunk's array for one event: mostly one, none if there is nothing to say.
  virtual void append_chunk_choices(const serving::Event& event, int64_t index, bool with_logprobs,
                                    ChoiceProgress& progress, std::vector<base::Json>& out) const = 0;
  // The last one of a choice.
  virtual base::Json final_chunk_choice(int64_t index, const std::string& finish_reason) const = 0;
  virtual base::Json whole_choice(const serving::Event& all, int64_t index, bool with_logprobs,
                                  const std::string& finish_reason) const = 0;
};
const Dialect& chat_dialect();
const Dialect& completion_dialect();

// Server-sent events of one reply. An error in the middle becomes an event that makes OpenAI's clients raise.
class ReplyStream : public http::BodySource {
 public:
  ReplyStream(const Dialect& dialect, ReplyFrame frame, std::vector<Choice> choices);
  bool read(std::string& out) override;

 private:
  void read_choice(Choice& choice, ChoiceProgress& progress, std::string& out);
  void append_chunk(base::Json choices, base::Json usage, std::string& out) const;

  const Dialect& dialect_;
  ReplyFrame frame_;
  std::vector<Choice> choices_;
  std::vector<ChoiceProgress> progress_;
  size_t n_running_;
  bool failed_ = false;
};

// REQUIRES: every generation has finished.
http::Response whole_reply(const Dialect& dialect, const ReplyFrame& frame, std::vector<Choice>& choices);

}  // namespace api::openai
