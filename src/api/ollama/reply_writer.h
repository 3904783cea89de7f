#pragma once
// Replies of /api/chat and /api/generate: JSON lines, whose last one has `done` and what the answer took.
// Durations are in nanoseconds.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/common/reply_writer.h"
#include "serving/prompt.h"

namespace api::ollama {

enum class Route { chat, generate };

struct ReplyFrame {
  Route route = Route::chat;
  std::string model;  // as the request wrote it
  std::function<int64_t()> unix_seconds;
  bool with_logprobs = false;
  size_t n_truncated = 0;                // messages that were dropped to make the prompt fit
  std::vector<serving::TokenId> prompt;  // generate: of `context`; empty: no context is given
};

std::unique_ptr<ReplyWriter> reply_writer(ReplyFrame frame);

// The reply to a request without a prompt: nothing but the last line, with this reason.
http::Response empty_reply(const ReplyFrame& frame, const char* done_reason);

// "application/x-ndjson"
http::Response json_lines_head();

}  // namespace api::ollama
