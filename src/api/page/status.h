#pragma once
// GET /v1/domicile/status: what the server holds and does.
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "api/common/environment.h"
#include "base/json.h"

namespace api::page {

// Any thread; the environment outlives it.
class StatusBoard {
 public:
  explicit StatusBoard(const Environment& environment) : environment_(environment) {}

  // {"models": [{"id", "state", "memory_bytes", "context_length", "running", "waiting", "pages_total",
  // "pages_free", "decode_limit_tokens_per_second"}, ...]}: of the models that are loaded or being loaded.
  // The limit is measured once for each model, by the first call that finds the whole server idle; null until
  // then. So a call may take some tenths of a second.
  base::Json read();

 private:
  base::Json row(const serving::ModelDirectory::Description& description, bool is_idle);
  std::optional<double> decode_limit(const serving::ServedModel& model, bool is_idle);

  const Environment& environment_;
  std::mutex mutex_;
  std::map<std::string, std::optional<double>, std::less<>> limits_;  // by model; guarded by mutex_
};

}  // namespace api::page
