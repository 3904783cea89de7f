#include "api/ollama/pull_stream.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "api/common/errors.h"
#include "api/ollama/errors.h"
#include "base/json.h"

namespace api::ollama {
namespace {

using base::Json;

Json status(std::string text) {
  Json out(Json::Object{});
  out.set("status", std::move(text));
  return out;
}

std::string line_of(const serving::PullProgress& progress) {
  Json out = status(serving::stage_name(progress.stage));
  if (progress.total_bytes > 0) {
    out.set("total", size_t{progress.total_bytes});
    out.set("completed", size_t{progress.done_bytes});
  }
  return out.write() + "\n";
}

// An absolute path goes up to the quote or blank that ends it.
std::string without_paths(std::string_view text) {
  std::string out;
  bool at_word = true;
  while (!text.empty()) {
    if (at_word && text.front() == '/') {
      out += "(a path)";
      text.remove_prefix(std::min(text.find_first_of(" '\",;:)"), text.size()));
      at_word = false;
      continue;
    }
    at_word = std::string_view(" '\"(=:").find(text.front()) != std::string_view::npos;
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

std::string last_line(const base::Result<serving::LibraryEntry>& pulled) {
  if (pulled) return status("success").write() + "\n";
  return error_body(pull_error(pulled.error())) + "\n";
}

}  // namespace

ApiError pull_error(const base::Error& cause) {
  ApiError error = invalid_request(without_paths(cause.message));
  error.kind = cause.code == base::Code::unavailable ? ErrorKind::overloaded : ErrorKind::internal;
  error.status = cause.code == base::Code::unavailable ? 503 : 500;
  return error;
}

bool PullStream::on_progress(const serving::PullProgress& progress) {
  {
    std::lock_guard lock(mutex_);
    if (stage_ && *stage_ != progress.stage) lines_ += latest_;
    stage_ = progress.stage;
    latest_ = line_of(progress);
  }
  reply_->wake();
  return !left_;
}

void PullStream::finish(const base::Result<serving::LibraryEntry>& pulled) {
  {
    std::lock_guard lock(mutex_);
    lines_ += std::exchange(latest_, {});
    lines_ += last_line(pulled);
    ended_ = true;
  }
  reply_->wake();
}

bool PullStream::read(std::string& out) {
  std::lock_guard lock(mutex_);
  out += std::exchange(lines_, {});
  out += std::exchange(latest_, {});
  return ended_;
}

}  // namespace api::ollama
