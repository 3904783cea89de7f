#include "api/common/reply_stream.h"

#include <utility>

namespace api {
namespace {

using serving::Outcome;

bool is_failure(const Outcome& outcome) {
  return outcome.reason == engine::FinishReason::error || outcome.reason == engine::FinishReason::cancelled;
}

// The client left, or the server is stopping: whoever still listens shall not take what came for an answer.
ApiError error_of(const Outcome& outcome) {
  if (outcome.error) return late_error(*outcome.error);
  return late_error({base::Code::unavailable, "the answer was cut off because the server is stopping"});
}

// Moves the mailbox's contents over; the event is what is new.
serving::EventMailbox::Contents take_news(Choice& choice) {
  serving::EventMailbox::Contents news = choice.mailbox->take();
  choice.generated_tokens += static_cast<int64_t>(news.event.ids.size());
  if (news.outcome) choice.outcome = std::move(news.outcome);
  return news;
}

}  // namespace

http::Response ReplyWriter::head() {
  http::Response head;
  head.headers.add("content-type", "text/event-stream; charset=utf-8");
  head.headers.add("cache-control", "no-cache");
  head.headers.add("x-accel-buffering", "no");  // a proxy in between shall not collect events
  return head;
}

ReplyStream::ReplyStream(std::unique_ptr<ReplyWriter> writer,
                         std::shared_ptr<const serving::ServedModel> model, std::vector<Choice> choices)
    : writer_(std::move(writer)),
      model_(std::move(model)),
      choices_(std::move(choices)),
      n_running_(choices_.size()) {}

bool ReplyStream::read(std::string& out) {
  if (!std::exchange(begun_, true)) writer_->begin(choices_, out);
  for (Choice& choice : choices_)
    if (!choice.outcome && !failed_) read_choice(choice, out);
  if (n_running_ > 0 && !failed_) return false;
  if (!failed_) writer_->end(choices_, out);
  return true;
}

void ReplyStream::read_choice(Choice& choice, std::string& out) {
  const serving::EventMailbox::Contents news = take_news(choice);
  const bool has_news = news.has_text || !news.event.prompt_logprobs.empty();
  if (has_news || choice.outcome) writer_->event(choices_, choice, news.event, out);
  if (!choice.outcome) return;
  --n_running_;
  failed_ = is_failure(*choice.outcome);
  if (failed_)
    writer_->error(error_of(*choice.outcome), out);
  else
    writer_->choice_end(choices_, choice, out);
}

http::Response whole_reply(ReplyWriter& writer, std::vector<Choice>& choices) {
  for (Choice& choice : choices) {
    choice.text = take_news(choice).event;
    if (is_failure(*choice.outcome)) return writer.refusal(error_of(*choice.outcome));
  }
  return writer.whole(choices);
}

}  // namespace api
