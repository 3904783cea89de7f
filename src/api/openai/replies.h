#pragma once
// Replies in OpenAI's shapes, whole and chunk by chunk.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/common/reply_writer.h"

namespace api::openai {

// What every chunk of one reply repeats.
struct ReplyFrame {
  std::string id;       // "chatcmpl-..." or "cmpl-..."
  int64_t created = 0;  // Unix seconds
  std::string model;
  bool with_logprobs = false;
  bool with_prompt_logprobs = false;
  bool include_usage = false;

  int64_t n = 1;       // choices per prompt that come back
  int64_t n_made = 1;  // and that are made
  // Of each prompt that stands before its answers: its text, and the bytes of its first token, of which
  // nothing says how likely it is. Empty: no echo.
  struct Echo {
    std::string text;
    serving::TokenLogprob first_token;
  };
  std::vector<Echo> echoes;
};

std::unique_ptr<ReplyWriter> chat_writer(ReplyFrame frame);
std::unique_ptr<ReplyWriter> completion_writer(ReplyFrame frame);

}  // namespace api::openai
