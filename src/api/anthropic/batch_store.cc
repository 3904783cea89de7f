#include "api/anthropic/batch_store.h"

#include <algorithm>
#include <utility>

#include "api/anthropic/errors.h"
#include "api/anthropic/prepare.h"
#include "api/common/choices.h"
#include "api/common/reply_stream.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace api::anthropic {
namespace {

using base::Json;

constexpr size_t kMostBatches = 100;  // kept, of all owners together
constexpr size_t kAtOnce = 4;         // requests of a batch
constexpr const char* kCanceled = R"({"type":"canceled"})";

// Rings when one of several generations has ended.
class Bell {
 public:
  void ring() {
    std::lock_guard lock(mutex_);
    rung_ = true;
    changed_.notify_one();
  }
  void wait(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    // The time-out is for a batch that is canceled meanwhile.
    changed_.wait_for(lock, stop, std::chrono::milliseconds(200), [this] { return rung_; });
    rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool rung_ = false;
};

struct RunningItem {
  size_t index;
  SharedModel model;  // kept as long as its generation runs
  std::unique_ptr<ReplyWriter> writer;
  std::vector<Choice> choices;
  std::shared_ptr<std::atomic<bool>> ended;
};

std::string succeeded(const std::string& message) {
  return base::cat(R"({"type":"succeeded","message":)", message, "}");
}

std::string errored(const std::string& error) {
  return base::cat(R"({"type":"errored","error":)", error, "}");
}

Parsed<RunningItem> start(const Environment& environment, const Json& params, std::string_view unique,
                          size_t index, const std::shared_ptr<Bell>& bell) {
  Prepared prepared = TRY_PARSED(prepare_message(environment, params, unique, std::string()));
  serving::GenerationOptions options = std::move(prepared.inference.asked.options);
  options.seed = prepared.inference.asked.seed ? *prepared.inference.asked.seed : environment.random_seed();
  auto ended = std::make_shared<std::atomic<bool>>(false);
  const auto wake = [ended, bell] {
    *ended = true;
    bell->ring();
  };
  auto choices =
      TRY_PARSED(from_result(start_choices(*prepared.inference.model, prepared.inference.prompts, 1,
                                           std::move(options), wake, serving::EventMailbox::WakeOn::finish),
                             "messages"));
  return RunningItem{index, std::move(prepared.inference.model), message_writer(std::move(prepared.frame)),
                     std::move(choices), std::move(ended)};
}

}  // namespace

Parsed<Json> BatchStore::add(Batch given) {
  auto batch = std::make_shared<Batch>(std::move(given));
  std::lock_guard lock(mutex_);
  forget_old();
  const auto work = [this, batch](const std::stop_token& stop) { work_through(batch, stop); };
  if (batches_.size() >= kMostBatches || !background_.run(work))
    return std::unexpected(
        generation_error({base::Code::unavailable,
                          base::cat("there are ", batches_.size(), " batches already: delete some")}));
  batches_.push_front(batch);
  return batch_json(*batch);
}

void BatchStore::forget_old() {
  const int64_t oldest = environment_.unix_seconds() - kBatchSeconds;
  std::erase_if(batches_, [&](const Shared& batch) { return batch->ended_at && batch->created_at < oldest; });
}

Parsed<BatchStore::Shared> BatchStore::find(const std::string& owner, const std::string& id) {
  forget_old();
  for (const Shared& batch : batches_)
    if (batch->id == id && batch->owner == owner) return batch;
  return std::unexpected(not_found(base::cat("there is no batch '", base::printable(id), "'"), "not_found"));
}

Parsed<Json> BatchStore::show(const std::string& owner, const std::string& id) {
  std::lock_guard lock(mutex_);
  return batch_json(*TRY_PARSED(find(owner, id)));
}

Json BatchStore::list(const std::string& owner) {
  std::lock_guard lock(mutex_);
  forget_old();
  Json data(Json::Array{});
  for (const Shared& batch : batches_)
    if (batch->owner == owner) data.push_back(batch_json(*batch));
  const auto id_of = [](const Json& one) { return *one.find("id"); };
  Json out(Json::Object{});
  out.set("first_id", data.as_array().empty() ? Json() : id_of(data.as_array().front()));
  out.set("last_id", data.as_array().empty() ? Json() : id_of(data.as_array().back()));
  out.set("has_more", false);
  out.set("data", std::move(data));
  return out;
}

Parsed<Json> BatchStore::cancel(const std::string& owner, const std::string& id) {
  std::lock_guard lock(mutex_);
  const Shared batch = TRY_PARSED(find(owner, id));
  if (!batch->ended_at && !batch->cancel_initiated_at)
    batch->cancel_initiated_at = environment_.unix_seconds();
  return batch_json(*batch);
}

Parsed<std::string> BatchStore::results(const std::string& owner, const std::string& id) {
  std::lock_guard lock(mutex_);
  const Shared batch = TRY_PARSED(find(owner, id));
  if (!batch->ended_at) return std::unexpected(invalid_request("the batch has not ended yet"));
  return results_of(*batch);
}

Parsed<Json> BatchStore::remove(const std::string& owner, const std::string& id) {
  std::lock_guard lock(mutex_);
  const Shared batch = TRY_PARSED(find(owner, id));
  if (!batch->ended_at)
    return std::unexpected(invalid_request("the batch has not ended yet: cancel it first"));
  batches_.remove(batch);
  Json out(Json::Object{});
  out.set("id", id);
  out.set("type", "message_batch_deleted");
  return out;
}

void BatchStore::finish_item(const Shared& batch, size_t index, ItemState state, std::string result) {
  std::lock_guard lock(mutex_);
  BatchItem& item = batch->items[index];
  item.state = state;
  item.result = std::move(result);
  item.params = Json();  // what was asked is not kept longer than it is needed
}

// On the background's thread, which alone touches items while the batch has not ended.
void BatchStore::work_through(const Shared& batch, const std::stop_token& stop) {
  const auto bell = std::make_shared<Bell>();
  const auto is_canceled = [&] {
    std::lock_guard lock(mutex_);
    return stop.stop_requested() || batch->cancel_initiated_at.has_value();
  };
  std::list<RunningItem> running;
  const auto finish_ended = [&] {
    std::erase_if(running, [&](RunningItem& item) {
      if (!*item.ended) return false;
      const bool was_canceled = item.choices.front().generation == nullptr;
      const http::Response reply = whole_reply(*item.writer, item.choices);
      if (was_canceled && reply.status != 200)
        finish_item(batch, item.index, ItemState::canceled, kCanceled);
      else if (reply.status == 200)
        finish_item(batch, item.index, ItemState::succeeded, succeeded(reply.body));
      else
        finish_item(batch, item.index, ItemState::errored, errored(reply.body));
      return true;
    });
  };
  size_t next = 0;
  while (next < batch->items.size() || !running.empty()) {
    if (is_canceled()) {
      for (; next < batch->items.size(); ++next) finish_item(batch, next, ItemState::canceled, kCanceled);
      for (RunningItem& item : running) item.choices.front().generation.reset();  // cancels it
    }
    if (next < batch->items.size() && running.size() < kAtOnce) {
      const std::string unique = base::cat(std::string_view(batch->id).substr(9), "_", next);
      auto started = start(environment_, batch->items[next].params, unique, next, bell);
      if (!started && started.error().kind == ErrorKind::overloaded) {  // nobody waits: so later
        bell->wait(stop);
        finish_ended();
        continue;
      }
      if (started)
        running.push_back(std::move(*started));
      else
        finish_item(batch, next, ItemState::errored, errored(error_json(started.error(), {}).write()));
      ++next;
      continue;
    }
    if (!running.empty()) bell->wait(stop);
    finish_ended();
  }
  std::lock_guard lock(mutex_);
  batch->ended_at = environment_.unix_seconds();
}

}  // namespace api::anthropic
