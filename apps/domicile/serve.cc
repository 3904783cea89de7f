// domicile serve: models behind HTTP.
#include <unistd.h>

#include <csignal>
#include <future>
#include <memory>
#include <thread>

#include "api/server.h"
#include "apps/domicile/commands.h"
#include "apps/domicile/model_paths.h"
#include "apps/domicile/output.h"
#include "apps/domicile/served_models.h"
#include "base/strings.h"
#include "platform/signals.h"

namespace apps {

using base::cat;
using base::Result;

namespace {

constexpr int kLookMs = 50;  // between two looks at signals
constexpr std::chrono::milliseconds kGrace =
    std::chrono::minutes(10);  // for running answers when asked to end

// Null without a certificate: plain HTTP.
Result<std::shared_ptr<const http::TlsContext>> tls_of(const config::Settings& settings) {
  const auto certificate = settings.text("tls-cert"), key = settings.text("tls-key");
  if (!certificate && !key) return nullptr;
  if (!certificate || !key)
    return base::fail(base::Code::invalid_argument,
                      "--tls-cert and --tls-key come together: one of them is missing");
  return http::TlsContext::load(*certificate, *key);
}

Result<api::ServerOptions> server_options(const config::Settings& settings) {
  api::ServerOptions options;
  options.host = *settings.text("host");
  options.port = static_cast<uint16_t>(*settings.integer("port"));
  if (const auto key = settings.text("api-key")) options.keys.push_back(*key);
  options.tls = TRY(tls_of(settings));
  options.library = serving::library_of(open_store(settings));
  return options;
}

// Brings up what has to be there before the server is ready, while it already answers /health. Looks at
// signals meanwhile; false if one came.
Result<bool> bring_up(serving::ModelDirectory& models, const std::vector<std::string>& ids,
                      platform::SignalWatch& signals) {
  for (const std::string& id : ids) {
    auto loaded = std::make_shared<std::promise<base::Status>>();
    auto outcome = loaded->get_future();
    models.acquire(id, [loaded](const Result<serving::ModelDirectory::Shared>& model) {
      loaded->set_value(model ? base::Status() : std::unexpected(model.error()));
    });
    while (outcome.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
      if (signals.wait(kLookMs)) return false;
    TRY(outcome.get());
  }
  models.set_ready();
  return true;
}

Result<int> serve(const std::vector<std::string>& names, const config::Settings& settings) {
  platform::SignalWatch signals = TRY(platform::SignalWatch::start({SIGINT, SIGTERM}));
  Offer offered = TRY(offer(names, settings));
  serving::ModelDirectory models(model_loader(settings), {.memory_bytes = memory_for_models(settings)});
  for (serving::ModelEntry& entry : offered.entries) TRY(models.add(std::move(entry)));
  const std::unique_ptr<api::Server> server = TRY(api::Server::start(TRY(server_options(settings)), models));
  print_note(cat("listening on ", server->url()));
  if (TRY(bring_up(models, offered.at_start, signals))) {
    signals.wait(-1);
    print_note("ending: running answers may finish, a second signal cuts them off");
  }
  // A second signal ends the wait.
  std::jthread impatience([&](const std::stop_token& stop) {
    while (!stop.stop_requested())
      if (signals.wait(kLookMs)) ::_exit(kExitInterrupted);
  });
  server->shutdown(kGrace);
  return kExitOk;
}

}  // namespace

Command serve_command() {
  auto names = std::make_shared<std::vector<std::string>>();
  return {
      .name = "serve",
      .summary = "Serve models over HTTP to the clients of OpenAI, Anthropic and Ollama",
      .examples =
          "  domicile serve\n"
          "  domicile serve smollm2 ./qwen2.5-7b.gguf --port 8080\n"
          "  DOMICILE_API_KEY=... domicile serve smollm2 --host 0.0.0.0",
      .settings = {"host",          "port",      "api-key",       "tls-cert",   "tls-key",     "context",
                   "chat-template", "numerics",  "threads",       "chunk",      "kernels",     "kv",
                   "memory",        "kv-memory", "max-sequences", "keep-alive", "speculation", "draft-tokens",
                   "draft-model",   "log-level", "log-format"},
      .declare =
          [names](FlagSet& set) {
            set.positionals(
                "MODEL", *names,
                "names, .gguf files or folders; without any smollm2, and what the store holds on demand");
          },
      .run = [names](const config::Settings& settings) { return serve(*names, settings); },
  };
}

}  // namespace apps
