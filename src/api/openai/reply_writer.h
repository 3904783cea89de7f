#pragma once
// What the replies of /v1/chat/completions and /v1/completions have in common: the frame around choices,
// usage, errors, the end of a stream.
#include <cstdint>
#include <string>
#include <vector>

#include "api/openai/replies.h"
#include "base/json.h"

namespace api::openai {

class FramedWriter : public ReplyWriter {
 public:
  explicit FramedWriter(ReplyFrame frame) : frame_(std::move(frame)) {}

  http::Response refusal(const ApiError& error) override;
  http::Response whole(const std::vector<Choice>& choices) override;
  void event(const std::vector<Choice>& choices, const Choice& choice, const serving::Event& news,
             std::string& out) override;
  void choice_end(const std::vector<Choice>& choices, const Choice& choice, std::string& out) override;
  void end(const std::vector<Choice>& choices, std::string& out) override;
  void error(const ApiError& error, std::string& out) override;

 protected:
  virtual std::string whole_object() const = 0;
  virtual std::string chunk_object() const = 0;
  // The choices of chunks for one piece of news: mostly one, none if there is nothing to say.
  virtual std::vector<base::Json> chunk_choices(const Choice& choice, const serving::Event& news) = 0;
  // The last one of a choice.
  virtual base::Json final_chunk_choice(const Choice& choice) = 0;
  virtual base::Json whole_choice(const Choice& choice) = 0;
  // Those of a whole reply that the client gets, in their order.
  virtual std::vector<const Choice*> returned(const std::vector<Choice>& choices) const;
  // What else a whole reply has.
  virtual void finish_whole(const std::vector<Choice>& choices, base::Json& reply) const {
    (void)choices, (void)reply;
  }

  const ReplyFrame& frame() const { return frame_; }

 private:
  base::Json framed(std::string object, base::Json choices) const;
  void append_chunk(base::Json choices, base::Json usage, std::string& out) const;

  ReplyFrame frame_;
};

}  // namespace api::openai
