#pragma once
// The whole server on loopback with one model, "speaker", that says what it is told: for tests of dialects.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/server.h"
#include "base/json.h"
#include "tests/support/byte_tokenizer.h"
#include "tests/support/http_client.h"
#include "tests/support/scripted_engine.h"

namespace tests {

struct SpeakingServer {
  // Complains about a message "complain"; knows the switch enable_thinking.
  static constexpr std::string_view kTemplate =
      "{% for message in messages %}{% if message.content == 'complain' %}{{ raise_exception('roles must "
      "alternate') }}{% endif %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
      "{% if add_generation_prompt %}<|im_start|>assistant\n{% if enable_thinking %}<think>\n{% endif %}{% "
      "endif %}";

  explicit SpeakingServer(std::string_view text, api::ServerOptions options = {}, int64_t context = 4096,
                          size_t max_queued = 1000) {
    script.tokens = tokens_of(tokenizer, text);
    engine.emplace([this](const engine::Request&) { return script; }, context, max_queued);
    auto parsed = chat::Template::parse(kTemplate);
    EXPECT_TRUE(parsed);
    chat_template.emplace(std::move(*parsed));
    auto model = std::make_shared<serving::ServedModel>();
    model->id = "speaker";
    model->created = 1700000000;
    model->tokenizer = &tokenizer;
    model->chat_template = &*chat_template;
    model->template_source = kTemplate;
    model->engine = &*engine;
    model->stop_ids = {ByteTokenizer::kEnd};
    model->n_ids = tokenizer.size();
    model->facts = {.container = "GGUF",
                    .architecture = "llama",
                    .weight_type = "Q4_1",
                    .size_bytes = 1000,
                    .n_parameters = 134'515'008,
                    .context_length = 2048};
    EXPECT_TRUE(models.put(model));
    models.set_ready();
    options.port = 0;
    auto started = api::Server::start(options, models);
    EXPECT_TRUE(started) << started.error().message;
    server = std::move(*started);
  }
  ~SpeakingServer() { server.reset(); }

  HttpAnswer ask(std::string_view method, std::string_view path, std::string_view body = "",
                 std::string_view headers = "") const {
    return HttpClient(server->port()).ask(method, path, body, headers);
  }
  // What the model was last asked.
  std::string last_prompt() const { return tokenizer.decode(engine->last_request().prompt, false); }

  ByteTokenizer tokenizer;
  ScriptedEngine::Script script;
  std::optional<ScriptedEngine> engine;
  std::optional<chat::Template> chat_template;
  serving::ModelDirectory models;
  std::unique_ptr<api::Server> server;
};

inline base::Json json_of(const std::string& text) {
  auto parsed = base::Json::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? std::move(*parsed) : base::Json();
}

}  // namespace tests
