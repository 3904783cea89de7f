#pragma once
// An engine for tests: each request gets the tokens that a script gives it, at the pace of the script.
// Several requests run at once, one token of each per step, on a thread of its own, as the real engine does
// it.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "engine/engine.h"
#include "tokenizer/tokenizer.h"

namespace tests {

class ScriptedEngine : public engine::Engine {
 public:
  struct Script {
    std::vector<sampling::Sampled> tokens;
    std::chrono::microseconds gap{0};      // before each token
    std::chrono::milliseconds prefill{0};  // before the first
    bool endless = false;                  // begins again at the end
    std::optional<base::Error> error;      // at the end, instead of finishing
  };
  using Author = std::function<Script(const engine::Request&)>;

  explicit ScriptedEngine(Author author, int64_t context_tokens = 4096, size_t max_queued = 10'000)
      : author_(std::move(author)), context_tokens_(context_tokens), max_queued_(max_queued) {
    thread_ = std::thread([this] { loop(); });
  }
  ~ScriptedEngine() override {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  base::Result<engine::RequestId> submit(engine::Request request) override {
    std::lock_guard lock(mutex_);
    if (running_.size() >= max_queued_) return base::fail(base::Code::unavailable, "the queue is full");
    last_request_ = request;
    const auto id = static_cast<engine::RequestId>(++n_submitted_);
    Script script = author_(request);
    const auto first = Clock::now() + script.prefill + script.gap;
    running_.push_back({id, std::move(request), std::move(script), first, 0, false});
    changed_.notify_all();
    return id;
  }
  void cancel(engine::RequestId id) override {
    std::lock_guard lock(mutex_);
    for (Running& one : running_)
      if (one.id == id) one.cancelled = true;
    changed_.notify_all();
  }
  void drain(double) override {}
  engine::EngineStats stats() const override {
    std::lock_guard lock(mutex_);
    engine::EngineStats out;
    out.running = static_cast<int64_t>(running_.size());
    out.tokens_generated = n_tokens_;
    return out;
  }
  int64_t context_tokens() const override { return context_tokens_; }

  engine::Request last_request() const {
    std::lock_guard lock(mutex_);
    return last_request_;
  }
  uint64_t n_submitted() const {
    std::lock_guard lock(mutex_);
    return n_submitted_;
  }
  int64_t n_cancelled() const {
    std::lock_guard lock(mutex_);
    return n_cancelled_;
  }
  // Waits until nothing runs.
  bool becomes_idle_within(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [this] { return running_.empty(); });
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Running {
    engine::RequestId id;
    engine::Request request;
    Script script;
    Clock::time_point next;
    int64_t n_generated;
    bool cancelled;
  };

  void loop() {
    std::unique_lock lock(mutex_);
    while (!stopping_ || !running_.empty()) {
      auto due = Clock::time_point::max();
      for (auto it = running_.begin(); it != running_.end();) {
        if (stopping_) it->cancelled = true;
        const bool ended = (it->cancelled || it->next <= Clock::now()) && step(*it, lock);
        if (!ended) due = std::min(due, it->next);
        it = ended ? running_.erase(it) : std::next(it);
      }
      changed_.notify_all();
      if (stopping_) continue;
      if (due == Clock::time_point::max())
        changed_.wait(lock, [this] { return stopping_ || !running_.empty(); });
      else
        changed_.wait_until(lock, due);
    }
  }

  // Whether the request has ended. Sinks are called without the lock, as they may come back to us.
  bool step(Running& one, std::unique_lock<std::mutex>& lock) {
    if (one.cancelled) return finish(one, engine::FinishReason::cancelled, nullptr, lock);
    const auto& tokens = one.script.tokens;
    if (one.n_generated >= static_cast<int64_t>(tokens.size()) && !one.script.endless) {
      if (one.script.error) return finish(one, engine::FinishReason::error, &*one.script.error, lock);
      return finish(one, engine::FinishReason::length, nullptr, lock);
    }
    const sampling::Sampled token = tokens[static_cast<size_t>(one.n_generated) % tokens.size()];
    ++one.n_generated;
    ++n_tokens_;
    one.next = Clock::now() + one.script.gap;
    lock.unlock();
    const bool goes_on = one.request.sink->on_token(token);
    lock.lock();
    const auto& stops = one.request.stop_ids;
    const bool stop =
        !one.request.ignore_stop_ids && std::find(stops.begin(), stops.end(), token.id) != stops.end();
    if (!goes_on || stop) return finish(one, engine::FinishReason::stop, nullptr, lock);
    if (one.request.max_tokens >= 0 && one.n_generated >= one.request.max_tokens)
      return finish(one, engine::FinishReason::length, nullptr, lock);
    return false;
  }

  bool finish(Running& one, engine::FinishReason reason, const base::Error* error,
              std::unique_lock<std::mutex>& lock) {
    if (reason == engine::FinishReason::cancelled) ++n_cancelled_;
    engine::Timings timings;
    timings.prompt_tokens = static_cast<int64_t>(one.request.prompt.size());
    timings.generated_tokens = one.n_generated;
    lock.unlock();
    one.request.sink->on_finish(reason, timings, error);
    one.request.sink.reset();
    lock.lock();
    return true;
  }

  Author author_;
  int64_t context_tokens_;
  size_t max_queued_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Running> running_;
  engine::Request last_request_;
  uint64_t n_submitted_ = 0;
  int64_t n_tokens_ = 0, n_cancelled_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

// What says `text` in a tokenizer's words; added tokens such as "<think>" are found.
inline std::vector<sampling::Sampled> tokens_of(const tokenizer::Tokenizer& tokenizer,
                                                std::string_view text) {
  std::vector<sampling::Sampled> out;
  for (tokenizer::TokenId id : tokenizer.encode(text, {.find_added_tokens = true, .add_special = false}))
    out.push_back({id, -0.5f, {{id, -0.5f}, {0, -2.0f}}});
  return out;
}

}  // namespace tests
