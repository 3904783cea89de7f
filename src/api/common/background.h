#pragma once
// Work that outlives the request that asked for it, or would hold up the server's few workers: a few threads
// of its own. Any thread may call.
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace api {

class Background {
 public:
  // Runs up to `n_threads` pieces of work at once; up to `most_waiting` more wait.
  Background(size_t n_threads, size_t most_waiting);
  // Asks the work under way to stop and waits for it; what waits is dropped.
  ~Background();

  using Work = std::function<void(const std::stop_token&)>;
  // False if too much waits already.
  bool run(Work work);

 private:
  void loop(const std::stop_token& stop);

  const size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Work> waiting_;           // guarded by mutex_
  std::vector<std::jthread> threads_;  // last: they use the rest
};

}  // namespace api
