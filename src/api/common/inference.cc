#include "api/common/inference.h"

#include <atomic>
#include <optional>
#include <utility>

#include "api/common/choices.h"
#include "api/common/reply_stream.h"
#include "base/strings.h"

namespace api {
namespace {

using base::Json;
using serving::EventMailbox;
using SharedReply = std::shared_ptr<http::Reply>;

// Names are the caller's, so they are made harmless and cut.
void add_ignored(http::Response& response, const std::vector<std::string>& ignored) {
  if (ignored.empty()) return;
  std::string list;
  for (const std::string& name : ignored) list += (list.empty() ? "" : ", ") + name;
  for (char& c : list)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
  if (list.size() > 1000) list = list.substr(0, 1000) + "...";
  response.headers.add("x-ignored-fields", list);
}

// What the engine would find too, but without the numbers.
std::optional<ApiError> check(const Inference& inference) {
  for (serving::TokenId id : inference.asked.options.stop_ids)
    if (id >= inference.model->n_ids)
      return invalid_field("stop_token_ids",
                           base::cat("'stop_token_ids' holds ", id, ", and this model's ids are 0 to ",
                                     inference.model->n_ids - 1));
  const int64_t context = inference.model->engine->context_tokens();
  for (const serving::Prompt& prompt : inference.prompts)
    if (const auto n = static_cast<int64_t>(prompt.ids.size()); n >= context)
      return context_overflow({.prompt = n, .context = context}, inference.prompt_field);
  return std::nullopt;
}

Parsed<std::vector<Choice>> start(const Inference& inference, const std::function<void()>& wake,
                                  EventMailbox::WakeOn wake_on) {
  return from_result(
      start_choices(*inference.model, inference.prompts, inference.n, inference.asked.options, wake, wake_on),
      nullptr);
}

void run_streamed(Inference inference, std::unique_ptr<ReplyWriter> writer, const SharedReply& reply) {
  auto choices = start(inference, [reply] { reply->wake(); }, EventMailbox::WakeOn::text);
  if (!choices) return reply->send(writer->refusal(choices.error()));
  // Letting go of the stream cancels its generations, but a client's leaving must not wait for the next
  // write.
  auto generations = std::make_shared<std::vector<std::weak_ptr<serving::Generation>>>();
  for (Choice& choice : *choices) generations->push_back(choice.generation);
  reply->on_disconnect([generations] {
    for (const auto& weak : *generations)
      if (auto generation = weak.lock()) generation->cancel();
  });
  http::Response head = writer->head();
  add_ignored(head, inference.asked.ignored);
  std::string filler = writer->filler();
  reply->stream(
      std::move(head),
      std::make_unique<ReplyStream>(std::move(writer), std::move(inference.model), std::move(*choices)),
      {.filler = std::move(filler)});
}

// Waits for all choices of a whole reply.
struct WholeReply {
  std::atomic<size_t> n_running;
  std::unique_ptr<ReplyWriter> writer;
  SharedModel model;  // kept as long as its generations run
  std::vector<std::string> ignored;
  std::vector<Choice> choices;
};

void send_whole(WholeReply& whole, http::Reply& reply) {
  http::Response response = whole_reply(*whole.writer, whole.choices);
  add_ignored(response, whole.ignored);
  reply.send(std::move(response));
}

void run_whole(Inference inference, std::unique_ptr<ReplyWriter> writer, const SharedReply& reply) {
  auto whole = std::make_shared<WholeReply>();
  // One more than choices, so that nothing is sent before the choices are in their place.
  whole->n_running = inference.prompts.size() * static_cast<size_t>(inference.n) + 1;
  whole->writer = std::move(writer);
  whole->model = inference.model;
  whole->ignored = std::move(inference.asked.ignored);
  // A worker writes the reply, not the engine's thread. A mailbox lives in a choice of `whole`, hence the
  // weak pointer.
  auto one_ended = [reply, weak = std::weak_ptr(whole)] {
    if (auto strong = weak.lock(); strong && --strong->n_running == 0)
      reply->run([reply, strong] { send_whole(*strong, *reply); });
  };
  auto choices = start(inference, one_ended, EventMailbox::WakeOn::finish);
  if (!choices) return reply->send(whole->writer->refusal(choices.error()));
  whole->choices = std::move(*choices);
  // Also what keeps `whole` until the answer has ended.
  reply->on_disconnect([whole] {
    for (Choice& choice : whole->choices) choice.generation->cancel();
  });
  one_ended();
}

}  // namespace

Parsed<Json> parse_body(std::string_view text) {
  auto body = Json::parse(text);
  if (!body)
    return std::unexpected(invalid_request(base::cat("the body is not valid JSON: ", body.error().message)));
  if (!body->is_object())
    return std::unexpected(
        invalid_request(base::cat("the body has to be a JSON object, not of type ", body->type_name())));
  return std::move(*body);
}

Parsed<SharedModel> find_model(const Environment& environment, const std::string& id) {
  if (!environment.models->is_ready()) return std::unexpected(still_loading());
  auto model = environment.models->acquire_now(id);
  if (model) return std::move(*model);
  if (model.error().code == base::Code::not_found && !environment.models->describe(id))
    return std::unexpected(model_not_found(id));
  return from_result(base::Result<SharedModel>(std::move(model)), nullptr);
}

void run_inference(const Environment& environment, Inference inference, std::unique_ptr<ReplyWriter> writer,
                   const http::Request& request, const SharedReply& reply) {
  inference.asked.options.cache_salt = salt_of(environment, request, inference.asked);
  if (const auto error = check(inference)) return reply->send(writer->refusal(*error));
  inference.asked.options.seed = inference.asked.seed ? *inference.asked.seed : environment.random_seed();
  if (inference.asked.stream)
    run_streamed(std::move(inference), std::move(writer), reply);
  else
    run_whole(std::move(inference), std::move(writer), reply);
}

std::string salt_of(const Environment& environment, const http::Request& request, const Asked& asked) {
  const std::string caller = environment.caller ? environment.caller(request) : std::string();
  return caller.empty() ? asked.options.cache_salt : base::cat(caller, "/", asked.options.cache_salt);
}

std::string_view unique_part(const http::Request& request) {
  return std::string_view(request.id).substr(request.id.find('_') + 1);
}

}  // namespace api
