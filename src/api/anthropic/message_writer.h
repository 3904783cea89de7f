#pragma once
// A Message as Anthropic's clients read it, whole or as a stream of named events:
//
//   message_start, then per block content_block_start, content_block_delta..., content_block_stop,
//   then message_delta, message_stop
//
// Thoughts and answer are blocks of their own, in the order in which they came; one is closed before the next
// begins.
#include <memory>
#include <string>

#include "api/common/reply_writer.h"
#include "base/json.h"

namespace api::anthropic {

struct MessageFrame {
  std::string id;  // "msg_..."
  std::string model;
  std::string request_id;
  int64_t max_tokens = 0;
  bool show_thoughts = true;
};

std::unique_ptr<ReplyWriter> message_writer(MessageFrame frame);

// The whole message of a choice that has ended.
base::Json message_json(const MessageFrame& frame, const std::vector<Choice>& choices);

}  // namespace api::anthropic
