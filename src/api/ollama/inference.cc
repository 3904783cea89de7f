#include "api/ollama/inference.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/common/inference.h"
#include "api/ollama/errors.h"
#include "api/ollama/names.h"
#include "api/ollama/reply_writer.h"
#include "api/ollama/requests.h"
#include "api/ollama/truncation.h"

namespace api::ollama {
namespace {

using base::Json;
using serving::ServedModel;
using SharedReply = std::shared_ptr<http::Reply>;

constexpr int64_t kRoomForAnswer = 512;  // tokens, at most, when a conversation is cut

// Ollama's own, for what neither request nor model says.
void fill_defaults(const serving::SamplingChoices& model, serving::SamplingChoices& out) {
  const auto fill = [](auto& open, const auto& of_model, auto value) {
    if (!open && !of_model) open = value;
  };
  fill(out.temperature, model.temperature, 0.8);
  fill(out.top_k, model.top_k, int64_t{40});
  fill(out.top_p, model.top_p, 0.9);
  fill(out.repetition_penalty, model.repetition_penalty, 1.1);
  fill(out.repeat_last_n, model.repeat_last_n, int64_t{64});
}

// What an alias says beside what serving applies itself. Its parameters were read when it was made, so they
// are right.
void take_presets(const ServedModel& model, Common& common) {
  if (!model.presets.parameters.is_object()) return;
  const auto preset = read_options(model.presets.parameters, "parameters.");
  if (!preset) return;
  if (!common.num_ctx) common.num_ctx = preset->num_ctx;
  if (!common.asked.seed) common.asked.seed = preset->asked.seed;
}

// The switch for thinking is named as the client named it.
void drop_unused_switches(const ServedModel& model, Json& variables, std::vector<std::string>& ignored) {
  drop_if_unused(model, variables, "enable_thinking", "think", ignored);
  drop_if_unused(model, variables, "reasoning_effort", "think", ignored);
}

// Tokens of prompt and answer together.
int64_t limit_of(const ServedModel& model, Common& common) {
  const int64_t context = model.engine->context_tokens();
  if (common.num_ctx && *common.num_ctx > context) common.asked.ignored.emplace_back("options.num_ctx");
  return std::min(context, common.num_ctx.value_or(context));
}

// A prompt has to leave room for one token at least; the answer ends where num_ctx does.
Parsed<serving::Prompt> within(serving::Prompt prompt, int64_t limit, const char* field, Common& common) {
  const auto n = static_cast<int64_t>(prompt.ids.size());
  if (n >= limit) return std::unexpected(context_overflow({.prompt = n, .context = limit}, field));
  int64_t& most = common.asked.options.max_tokens;
  if (common.num_ctx) most = most < 0 ? limit - n : std::min(most, limit - n);
  return prompt;
}

struct Prepared {
  Inference inference;
  ReplyFrame frame;
};

Prepared prepared(const Environment& environment, SharedModel model, Common common, Route route,
                  serving::Prompt prompt) {
  fill_defaults(model->defaults, common.asked.options.sampling);
  Prepared out;
  out.frame = {.route = route,
               .model = common.asked.model,
               .unix_seconds = environment.unix_seconds,
               .with_logprobs = common.asked.options.n_top_logprobs >= 0};
  out.inference.model = std::move(model);
  out.inference.asked = std::move(common.asked);
  out.inference.prompts.push_back(std::move(prompt));
  out.inference.prompt_field = route == Route::chat ? "messages" : "prompt";
  return out;
}

Parsed<Prepared> prepare(const Environment& environment, SharedModel model, ChatRequest request) {
  take_presets(*model, request.common);
  drop_unused_switches(*model, request.chat.variables, request.common.asked.ignored);
  const int64_t limit = limit_of(*model, request.common);
  const int64_t wanted = request.common.asked.options.max_tokens;
  const int64_t most_room = std::min(kRoomForAnswer, limit / 4);
  const int64_t room = std::max<int64_t>(1, wanted < 0 ? most_room : std::min(wanted, most_room));
  const Render render = [&](const Json& messages) {
    Chat chat = request.chat;
    chat.messages = messages;
    return chat_prompt(environment, *model, std::move(chat), request.common.asked.ignored, "messages");
  };
  Fitted fitted;
  if (request.common.truncate)
    fitted = TRY_PARSED(fit_conversation(request.chat.messages, limit, room, render));
  else
    fitted.prompt = TRY_PARSED(render(request.chat.messages));
  serving::Prompt prompt = TRY_PARSED(within(std::move(fitted.prompt), limit, "messages", request.common));
  Prepared out =
      prepared(environment, std::move(model), std::move(request.common), Route::chat, std::move(prompt));
  out.frame.n_truncated = fitted.n_dropped;
  return out;
}

// A model without a chat template reads the text as it is, as it does with Ollama.
Parsed<serving::Prompt> generate_prompt(const Environment& environment, const ServedModel& model,
                                        GenerateRequest& request) {
  if (request.raw || (!model.chat_template && request.system.empty()))
    return from_result(text_prompt(model, request.prompt, serving::PlainText::as_usual), "prompt");
  Chat chat;
  if (!request.system.empty()) chat.messages.push_back(message("system", request.system));
  chat.messages.push_back(message("user", request.prompt));
  chat.variables = std::move(request.variables);
  return chat_prompt(environment, model, std::move(chat), request.common.asked.ignored, "prompt");
}

Parsed<Prepared> prepare(const Environment& environment, SharedModel model, GenerateRequest request) {
  take_presets(*model, request.common);
  drop_unused_switches(*model, request.variables, request.common.asked.ignored);
  serving::Prompt prompt = TRY_PARSED(generate_prompt(environment, *model, request));
  if (!request.context.empty()) {
    serving::Prompt before = TRY_PARSED(from_result(ids_prompt(*model, request.context), "context"));
    prompt.ids.insert(prompt.ids.begin(), before.ids.begin(), before.ids.end());
  }
  prompt = TRY_PARSED(within(std::move(prompt), limit_of(*model, request.common), "prompt", request.common));
  std::vector<serving::TokenId> ids = request.raw ? std::vector<serving::TokenId>() : prompt.ids;
  Prepared out =
      prepared(environment, std::move(model), std::move(request.common), Route::generate, std::move(prompt));
  out.frame.prompt = std::move(ids);
  return out;
}

Parsed<ChatRequest> read(const Json& body, ChatRequest*) {
  return read_chat_request(body);
}
Parsed<GenerateRequest> read(const Json& body, GenerateRequest*) {
  return read_generate_request(body);
}
bool is_empty(const ChatRequest& request) {
  return request.chat.messages.as_array().empty();
}
bool is_empty(const GenerateRequest& request) {
  return request.prompt.empty();
}

// Without a prompt the model is only loaded, or, with a keep_alive of 0, let go of.
Parsed<http::Response> only_load(const Environment& environment, const Common& common, Route route) {
  const ReplyFrame frame{
      .route = route, .model = common.asked.model, .unix_seconds = environment.unix_seconds};
  const bool unload = common.keep_alive && *common.keep_alive == std::chrono::milliseconds(0);
  if (!unload) TRY_PARSED(find_served(environment, common.asked.model, common.keep_alive));
  if (unload && !environment.models->unload(common.asked.model))
    return std::unexpected(no_such_model(common.asked.model));
  return empty_reply(frame, unload ? "unload" : "load");
}

template <class Request>
std::optional<ApiError> run(const Environment& environment, Route route, const http::Request& request,
                            const SharedReply& reply) {
  const auto start = [&]() -> Parsed<std::optional<Prepared>> {
    const Json body = TRY_PARSED(parse_body(request.body));
    Request asked = TRY_PARSED(read(body, static_cast<Request*>(nullptr)));
    if (is_empty(asked)) {
      reply->send(TRY_PARSED(only_load(environment, asked.common, route)));
      return std::nullopt;
    }
    SharedModel model =
        TRY_PARSED(find_served(environment, asked.common.asked.model, asked.common.keep_alive));
    return TRY_PARSED(prepare(environment, std::move(model), std::move(asked)));
  };
  auto made = start();
  if (!made) return made.error();
  if (*made)
    run_inference(environment, std::move((*made)->inference), reply_writer(std::move((*made)->frame)),
                  request, reply);
  return std::nullopt;
}

template <class Request>
http::Handler handler(const Environment& environment, Route route) {
  return [&environment, route](const http::Request& request, const SharedReply& reply) {
    if (const auto error = run<Request>(environment, route, request, reply))
      reply->send(error_response(*error));
  };
}

}  // namespace

void add_inference_routes(http::Router& router, const Environment& environment) {
  router.add("POST", "/api/chat", handler<ChatRequest>(environment, Route::chat));
  router.add("POST", "/api/generate", handler<GenerateRequest>(environment, Route::generate));
}

}  // namespace api::ollama
