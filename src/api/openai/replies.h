#pragma once
// Replies in OpenAI's shapes, whole and chunk by chunk.
#include <cstdint>
#include <memory>
#include <string>

#include "api/common/reply_writer.h"

namespace api::openai {

// What every chunk of one reply repeats.
struct ReplyFrame {
  std::string id;       // "chatcmpl-..." or "cmpl-..."
  int64_t created = 0;  // Unix seconds
  std::string model;
  bool with_logprobs = false;
  bool include_usage = false;
};

std::unique_ptr<ReplyWriter> chat_writer(ReplyFrame frame);
std::unique_ptr<ReplyWriter> completion_writer(ReplyFrame frame);

}  // namespace api::openai
