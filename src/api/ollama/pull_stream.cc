#include "api/ollama/pull_stream.h"

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

// What stands in the way of a pull is told: it is the catalogue's or the network's, not ours.
std::string last_line(const base::Result<serving::LibraryEntry>& pulled) {
  if (pulled) return status("success").write() + "\n";
  return error_body(invalid_request(pulled.error().message)) + "\n";
}

}  // namespace

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
