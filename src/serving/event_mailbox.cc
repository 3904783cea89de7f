#include "serving/event_mailbox.h"

#include <iterator>
#include <utility>

namespace serving {
namespace {

template <class T>
void append(std::vector<T>& to, std::vector<T> more) {
  if (to.empty())
    to = std::move(more);
  else
    to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

void EventMailbox::arrived(std::unique_lock<std::mutex> lock) {
  const bool announce = !std::exchange(announced_, true);
  lock.unlock();
  if (announce && wake_) wake_();
}

void EventMailbox::on_event(Event event) {
  std::unique_lock lock(mutex_);
  const bool has_text = !event.content.empty() || !event.reasoning.empty() || !event.logprobs.empty();
  contents_.event.content += event.content;
  contents_.event.reasoning += event.reasoning;
  append(contents_.event.ids, std::move(event.ids));
  append(contents_.event.logprobs, std::move(event.logprobs));
  append(contents_.event.prompt_logprobs, std::move(event.prompt_logprobs));
  if (!has_text) return;
  contents_.has_text = true;
  if (wake_on_ == WakeOn::text) arrived(std::move(lock));
}

void EventMailbox::on_prefill(int64_t done, int64_t total) {
  std::lock_guard lock(mutex_);
  contents_.prefill_done = done;
  contents_.prefill_total = total;
}

void EventMailbox::on_finish(Outcome outcome) {
  std::unique_lock lock(mutex_);
  contents_.outcome = std::move(outcome);
  arrived(std::move(lock));
}

EventMailbox::Contents EventMailbox::take() {
  std::lock_guard lock(mutex_);
  announced_ = false;
  Contents out = std::exchange(contents_, {});
  contents_.prefill_done = out.prefill_done;
  contents_.prefill_total = out.prefill_total;
  return out;
}

}  // namespace serving
