#pragma once
// Progress of a pull as Ollama's clients read it: JSON lines {"status", "total", "completed"}, the last one
// "success".
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "api/common/errors.h"
#include "http/reply.h"
#include "serving/model_library.h"

namespace api::ollama {

// What stood in the way of a pull, without the server's paths: nobody but the operator needs to know them.
ApiError pull_error(const base::Error& cause);

// Between the thread that pulls and the connection that tells. Lines that are not yet taken are merged: only
// the latest progress of a stage counts.
class PullStream {
 public:
  explicit PullStream(std::shared_ptr<http::Reply> reply) : reply_(std::move(reply)) {}

  // The pulling thread. False once the client has left.
  bool on_progress(const serving::PullProgress& progress);
  void finish(const base::Result<serving::LibraryEntry>& pulled);
  // Any thread.
  void leave() { left_ = true; }
  bool has_left() const { return left_; }

  // The server's thread: what is new; true at the end.
  bool read(std::string& out);

 private:
  std::shared_ptr<http::Reply> reply_;
  std::atomic<bool> left_{false};
  std::mutex mutex_;
  std::optional<serving::PullProgress::Stage> stage_;  // the rest: guarded by mutex_
  std::string lines_;
  std::string latest_;  // of the stage under way, not yet in lines_
  bool ended_ = false;
};

}  // namespace api::ollama
