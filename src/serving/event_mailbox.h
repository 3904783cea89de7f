#pragma once
// Carries the events of one generation from the engine's thread to whoever reads them, without either
// waiting.
//
// Events that are not yet taken are merged into one, so a slow reader costs no more memory than the answer's
// text.
#include <functional>
#include <mutex>
#include <optional>

#include "serving/generation.h"

namespace serving {

class EventMailbox : public EventSink {
 public:
  struct Contents {
    Event event;
    bool has_text = false;           // any of content, reasoning, logprobs
    std::optional<Outcome> outcome;  // once; nothing comes after it
    int64_t prefill_done = 0, prefill_total = 0;
  };

  enum class WakeOn {
    text,    // and at the end
    finish,  // only then: for readers who want the whole
  };
  // `wake` is called, without a lock held, when there is something to take. It must not block. Tokens that
  // bring no text and progress of the prefill do not wake; they are there at the next take().
  explicit EventMailbox(std::function<void()> wake, WakeOn wake_on = WakeOn::text)
      : wake_(std::move(wake)), wake_on_(wake_on) {}

  void on_event(Event event) override;
  void on_prefill(int64_t done, int64_t total) override;
  void on_finish(Outcome outcome) override;

  // Empties the mailbox.
  Contents take();

 private:
  void arrived(std::unique_lock<std::mutex> lock);

  std::function<void()> wake_;
  WakeOn wake_on_;
  std::mutex mutex_;
  Contents contents_;       // guarded by mutex_
  bool announced_ = false;  // guarded by mutex_: wake_ was called since the last take()
};

}  // namespace serving
