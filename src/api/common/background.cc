#include "api/common/background.h"

#include <utility>

namespace api {

Background::Background(size_t n_threads, size_t most_waiting) : most_waiting_(most_waiting) {
  for (size_t i = 0; i < n_threads; ++i)
    threads_.emplace_back([this](const std::stop_token& stop) { loop(stop); });
}

Background::~Background() {
  for (std::jthread& thread : threads_) thread.request_stop();
}

bool Background::run(Work work) {
  {
    std::lock_guard lock(mutex_);
    if (waiting_.size() >= most_waiting_) return false;
    waiting_.push_back(std::move(work));
  }
  changed_.notify_one();
  return true;
}

void Background::loop(const std::stop_token& stop) {
  while (true) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [this] { return !waiting_.empty(); }) || stop.stop_requested()) return;
    Work work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    work(stop);
  }
}

}  // namespace api
