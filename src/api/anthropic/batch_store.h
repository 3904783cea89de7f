#pragma once
// Message batches in memory, and the thread that works through them: one batch after the other, a few of its
// requests at once, so that those who wait for an answer are not held up.
//
// Any thread may call. A batch is seen by its owner alone.
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "api/anthropic/batch.h"
#include "api/common/background.h"
#include "api/common/environment.h"
#include "api/common/errors.h"
#include "base/json.h"

namespace api::anthropic {

class BatchStore {
 public:
  // The environment outlives the store.
  explicit BatchStore(const Environment& environment) : environment_(environment) {}

  // ErrorKind::overloaded if too many are kept already.
  Parsed<base::Json> add(Batch batch);
  // Each ErrorKind::not_found if the owner has none of that id.
  Parsed<base::Json> show(const std::string& owner, const std::string& id);
  Parsed<base::Json> cancel(const std::string& owner, const std::string& id);
  // ErrorKind::invalid_request until it has ended.
  Parsed<std::string> results(const std::string& owner, const std::string& id);
  Parsed<base::Json> remove(const std::string& owner, const std::string& id);
  // The newest first.
  base::Json list(const std::string& owner);

 private:
  using Shared = std::shared_ptr<Batch>;
  Parsed<Shared> find(const std::string& owner, const std::string& id);
  void forget_old();
  void work_through(const Shared& batch, const std::stop_token& stop);
  void finish_item(const Shared& batch, size_t index, ItemState state, std::string result);

  const Environment& environment_;
  std::mutex mutex_;
  std::list<Shared> batches_;  // the newest first; it and all in it guarded by mutex_
  Background background_{/*n_threads=*/1, /*most_waiting=*/1000};  // last: it uses the rest
};

}  // namespace api::anthropic
