#include "api/openai/routes.h"

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/openai/errors.h"
#include "api/openai/models.h"
#include "api/openai/replies.h"
#include "api/openai/requests.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace api::openai {
namespace {

using base::Json;
using serving::EventMailbox;
using serving::ServedModel;

using SharedModel = std::shared_ptr<const ServedModel>;
using SharedReply = std::shared_ptr<http::Reply>;

// Fields that had no effect, in a header. Names are the caller's, so they are made harmless and cut.
void add_ignored(http::Response& response, const std::vector<std::string>& ignored) {
  if (ignored.empty()) return;
  std::string list;
  for (const std::string& name : ignored) list += (list.empty() ? "" : ", ") + name;
  for (char& c : list)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
  if (list.size() > 1000) list = list.substr(0, 1000) + "...";
  response.headers.add("x-ignored-fields", list);
}

Parsed<SharedModel> find_model(const Environment& environment, const std::string& id) {
  if (!environment.models->is_ready()) return std::unexpected(still_loading());
  if (auto model = environment.models->find(id)) return model;
  return std::unexpected(model_not_found(id));
}

// A template's complaint is about the messages, a text that is too long about the prompt; of other troubles
// (a full queue) no field is to blame.
template <class T>
Parsed<T> from_result(base::Result<T> result, const char* param) {
  if (result) return std::move(*result);
  ApiError error = generation_error(result.error());
  if (error.status == 400 && param) error.param = param;
  return std::unexpected(std::move(error));
}

Parsed<std::vector<Choice>> from_start(base::Result<std::vector<Choice>> choices, const Dialect& dialect) {
  const bool too_long = !choices && choices.error().code == base::Code::exhausted;
  return from_result(std::move(choices), too_long ? dialect.prompt_field() : nullptr);
}

// A request that is understood, up to its prompts.
struct Prepared {
  SharedModel model;
  Common common;
  std::vector<serving::Prompt> prompts;
};

// ---- from prompts to the reply

ReplyFrame frame_of(const Dialect& dialect, const Prepared& prepared, const std::string& request_id,
                    int64_t now) {
  const std::string_view unique = std::string_view(request_id).substr(request_id.find('_') + 1);
  return {.id = dialect.id_prefix() + std::string(unique),
          .created = now,
          .model = prepared.model->id,
          .with_logprobs = prepared.common.options.n_top_logprobs >= 0,
          .include_usage = prepared.common.include_usage,
          .served = prepared.model};
}

http::Response stream_head(const std::vector<std::string>& ignored) {
  http::Response head;
  head.headers.add("content-type", "text/event-stream; charset=utf-8");
  head.headers.add("cache-control", "no-cache");
  head.headers.add("x-accel-buffering", "no");  // a proxy in between shall not collect events
  add_ignored(head, ignored);
  return head;
}

void start_stream(const Dialect& dialect, ReplyFrame frame, Prepared prepared, const SharedReply& reply) {
  auto choices = from_start(start_choices(
                                *prepared.model, std::move(prepared.prompts), prepared.common.options,
                                [reply] { reply->wake(); }, EventMailbox::WakeOn::text),
                            dialect);
  if (!choices) return reply->send(error_response(choices.error()));
  // Letting go of the stream cancels its generations, but a client's leaving must not wait for the next
  // write.
  auto ids = std::make_shared<std::vector<std::weak_ptr<serving::Generation>>>();
  for (Choice& choice : *choices) ids->push_back(choice.generation);
  reply->on_disconnect([ids] {
    for (const auto& weak : *ids)
      if (auto generation = weak.lock()) generation->cancel();
  });
  reply->stream(stream_head(prepared.common.ignored),
                std::make_unique<ReplyStream>(dialect, std::move(frame), std::move(*choices)),
                {.filler = ": keep-alive\n\n"});
}

// Waits for all choices of a whole reply.
struct WholeReply {
  std::atomic<size_t> n_running;
  ReplyFrame frame;
  std::vector<std::string> ignored;
  std::vector<Choice> choices;
};

void send_whole(const Dialect& dialect, WholeReply& whole, http::Reply& reply) {
  http::Response response = whole_reply(dialect, whole.frame, whole.choices);
  add_ignored(response, whole.ignored);
  reply.send(std::move(response));
}

void start_whole(const Dialect& dialect, ReplyFrame frame, Prepared prepared, const SharedReply& reply) {
  auto whole = std::make_shared<WholeReply>();
  // One more than choices, so that nothing is sent before the choices are in their place.
  whole->n_running = prepared.prompts.size() + 1;
  whole->frame = std::move(frame);
  whole->ignored = std::move(prepared.common.ignored);
  // A worker writes the reply, not the engine's thread. A mailbox lives in a choice of `whole`, hence the
  // weak pointer.
  auto one_ended = [&dialect, reply, weak = std::weak_ptr(whole)] {
    if (auto strong = weak.lock(); strong && --strong->n_running == 0)
      reply->run([&dialect, reply, strong] { send_whole(dialect, *strong, *reply); });
  };
  auto choices = from_start(start_choices(*prepared.model, std::move(prepared.prompts),
                                          prepared.common.options, one_ended, EventMailbox::WakeOn::finish),
                            dialect);
  if (!choices) return reply->send(error_response(choices.error()));
  whole->choices = std::move(*choices);
  // Also what keeps `whole` until the answer has ended.
  reply->on_disconnect([whole] {
    for (Choice& choice : whole->choices) choice.generation->cancel();
  });
  one_ended();
}

void start(const Dialect& dialect, const Environment& environment, const std::string& request_id,
           Prepared prepared, const SharedReply& reply) {
  ReplyFrame frame = frame_of(dialect, prepared, request_id, environment.unix_seconds());
  prepared.common.options.seed = prepared.common.seed ? *prepared.common.seed : environment.random_seed();
  if (prepared.common.stream)
    start_stream(dialect, std::move(frame), std::move(prepared), reply);
  else
    start_whole(dialect, std::move(frame), std::move(prepared), reply);
}

// ---- from a body to prompts

// Variables that the template never looks at have no effect, and are listed as such.
void list_unused_variables(const ServedModel& model, const Json& variables,
                           std::vector<std::string>& ignored) {
  if (!model.chat_template) return;
  for (const Json::Member& member : variables.as_object())
    if (!model.chat_template->mentions(member.key)) ignored.push_back("chat_template_kwargs." + member.key);
}

Parsed<Prepared> prepare_chat(const Environment& environment, const std::string& text) {
  auto body = parse_body(text);
  if (!body) return std::unexpected(body.error());
  auto request = read_chat_request(*body);
  if (!request) return std::unexpected(request.error());
  auto model = find_model(environment, request->common.model);
  if (!model) return std::unexpected(model.error());
  list_unused_variables(**model, request->variables, request->common.ignored);
  auto prompt = from_result(chat_prompt(**model, {.messages = std::move(request->messages),
                                                  .variables = std::move(request->variables),
                                                  .now = environment.local_time()}),
                            "messages");
  if (!prompt) return std::unexpected(prompt.error());
  Prepared out{std::move(*model), std::move(request->common), {}};
  out.prompts.push_back(std::move(*prompt));
  return out;
}

base::Result<serving::Prompt> make_prompt(const ServedModel& model, const CompletionRequest::Prompt& prompt) {
  if (const auto* text = std::get_if<std::string>(&prompt))
    return text_prompt(model, *text, serving::PlainText::as_usual);
  return ids_prompt(model, std::get<std::vector<serving::TokenId>>(prompt));
}

Parsed<Prepared> prepare_completion(const Environment& environment, const std::string& text) {
  auto body = parse_body(text);
  if (!body) return std::unexpected(body.error());
  auto request = read_completion_request(*body);
  if (!request) return std::unexpected(request.error());
  auto model = find_model(environment, request->common.model);
  if (!model) return std::unexpected(model.error());
  Prepared out{std::move(*model), std::move(request->common), {}};
  for (const CompletionRequest::Prompt& prompt : request->prompts) {
    auto made = from_result(make_prompt(*out.model, prompt), "prompt");
    if (!made) return std::unexpected(made.error());
    out.prompts.push_back(std::move(*made));
  }
  return out;
}

std::optional<ApiError> check_stop_ids(const Prepared& prepared) {
  for (serving::TokenId id : prepared.common.options.stop_ids)
    if (id >= prepared.model->n_ids)
      return invalid_field("stop_token_ids",
                           base::cat("'stop_token_ids' holds ", id, ", and this model's ids are 0 to ",
                                     prepared.model->n_ids - 1));
  return std::nullopt;
}

using Prepare = Parsed<Prepared> (*)(const Environment&, const std::string& body);

http::Handler handler(const Environment& environment, const Dialect& dialect, Prepare prepare) {
  return [&environment, &dialect, prepare](const http::Request& request, const SharedReply& reply) {
    auto prepared = prepare(environment, request.body);
    if (!prepared) return reply->send(error_response(prepared.error()));
    if (const auto error = check_stop_ids(*prepared)) return reply->send(error_response(*error));
    start(dialect, environment, request.id, std::move(*prepared), reply);
  };
}

}  // namespace

void add_routes(http::Router& router, const Environment& environment) {
  add_model_routes(router, *environment.models);
  router.add("POST", "/v1/chat/completions", handler(environment, chat_dialect(), prepare_chat));
  router.add("POST", "/v1/completions", handler(environment, completion_dialect(), prepare_completion));
}

}  // namespace api::openai
