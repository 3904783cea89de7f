#include "api/openai/routes.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "api/common/inference.h"
#include "api/openai/errors.h"
#include "api/openai/models.h"
#include "api/openai/replies.h"
#include "api/openai/requests.h"

namespace api::openai {
namespace {

// An inference, and how its reply begins.
struct Prepared {
  Inference inference;
  ReplyFrame frame;
};

ReplyFrame frame_of(const Common& common, const std::string& model, const char* id_prefix,
                    const http::Request& request, const Environment& environment) {
  return {.id = id_prefix + std::string(unique_part(request)),
          .created = environment.unix_seconds(),
          .model = model,
          .with_logprobs = common.options.n_top_logprobs >= 0,
          .with_prompt_logprobs = common.options.n_prompt_logprobs >= 0,
          .include_usage = common.include_usage};
}

Parsed<Prepared> prepare_chat(const Environment& environment, const http::Request& request) {
  const base::Json body = TRY_PARSED(parse_body(request.body));
  ChatRequest chat = TRY_PARSED(read_chat_request(body));
  Prepared out;
  out.inference.model = TRY_PARSED(find_model(environment, chat.common.model));
  chat.chat.cache_salt = salt_of(environment, request, chat.common);
  out.inference.prompts.push_back(TRY_PARSED(
      chat_prompt(environment, *out.inference.model, std::move(chat.chat), chat.common.ignored, "messages")));
  out.inference.prompt_field = "messages";
  out.inference.n = chat.common.n;
  out.frame = frame_of(chat.common, out.inference.model->id, "chatcmpl-", request, environment);
  out.inference.asked = std::move(chat.common);
  return out;
}

base::Result<serving::Prompt> make_prompt(const serving::ServedModel& model,
                                          const CompletionRequest::Prompt& prompt) {
  if (const auto* text = std::get_if<std::string>(&prompt))
    return text_prompt(model, *text, serving::PlainText::as_usual);
  return ids_prompt(model, std::get<std::vector<serving::TokenId>>(prompt));
}

// Prompts that were given as ids are shown as text.
void add_echo(Prepared& out, serving::GenerationOptions& options) {
  const serving::ServedModel& model = *out.inference.model;
  for (const serving::Prompt& prompt : out.inference.prompts) {
    ReplyFrame::Echo echo{.text = prompt.text, .first_token = {}};
    if (echo.text.empty() && model.tokenizer)
      echo.text = model.tokenizer->decode(prompt.ids, /*skip_special=*/false);
    const serving::TokenId first = prompt.ids.empty() ? 0 : prompt.ids.front();
    echo.first_token = {.id = first,
                        .bytes = model.tokenizer ? model.tokenizer->token_bytes(first) : std::string(),
                        .logprob = std::numeric_limits<float>::quiet_NaN(),
                        .top = {}};
    out.frame.echoes.push_back(std::move(echo));
  }
  if (out.frame.with_logprobs)
    options.n_prompt_logprobs = std::max(options.n_prompt_logprobs, options.n_top_logprobs);
}

Parsed<Prepared> prepare_completion(const Environment& environment, const http::Request& request) {
  const base::Json body = TRY_PARSED(parse_body(request.body));
  CompletionRequest completion = TRY_PARSED(read_completion_request(body));
  Prepared out;
  out.inference.model = TRY_PARSED(find_model(environment, completion.common.model));
  for (const CompletionRequest::Prompt& prompt : completion.prompts)
    out.inference.prompts.push_back(
        TRY_PARSED(from_result(make_prompt(*out.inference.model, prompt), "prompt")));
  out.inference.prompt_field = "prompt";
  out.inference.n = completion.best_of;
  out.frame = frame_of(completion.common, out.inference.model->id, "cmpl-", request, environment);
  out.frame.n = completion.common.n;
  out.frame.n_made = completion.best_of;
  if (completion.best_of > completion.common.n && completion.common.options.n_top_logprobs < 0)
    completion.common.options.n_top_logprobs = 0;  // to choose by
  if (completion.echo) add_echo(out, completion.common.options);
  out.inference.asked = std::move(completion.common);
  return out;
}

using Prepare = Parsed<Prepared> (*)(const Environment&, const http::Request&);
using MakeWriter = std::unique_ptr<ReplyWriter> (*)(ReplyFrame);

http::Handler handler(const Environment& environment, Prepare prepare, MakeWriter make_writer) {
  return [&environment, prepare, make_writer](const http::Request& request,
                                              const std::shared_ptr<http::Reply>& reply) {
    auto prepared = prepare(environment, request);
    if (!prepared) return reply->send(error_response(prepared.error()));
    run_inference(environment, std::move(prepared->inference), make_writer(std::move(prepared->frame)),
                  request, reply);
  };
}

}  // namespace

void add_routes(http::Router& router, const Environment& environment) {
  // The second is what DashScope calls its compatible mode.
  for (const std::string prefix : {"/v1", "/compatible-mode/v1"}) {
    add_model_routes(router, *environment.models, prefix);
    router.add("POST", prefix + "/chat/completions", handler(environment, prepare_chat, chat_writer));
    router.add("POST", prefix + "/completions", handler(environment, prepare_completion, completion_writer));
  }
}

}  // namespace api::openai
