// domicile serve: models behind HTTP.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <future>
#include <memory>
#include <thread>

#include "api/server.h"
#include "apps/domicile/commands.h"
#include "apps/domicile/inputs.h"
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

// Null without a certificate: plain HTTP.
Result<std::shared_ptr<const http::TlsContext>> tls_of(const config::Settings& settings) {
  const auto certificate = settings.text("tls-cert"), key = settings.text("tls-key");
  if (!certificate && !key) return nullptr;
  if (!certificate || !key)
    return base::fail(base::Code::invalid_argument,
                      "--tls-cert and --tls-key come together: one of them is missing");
  return http::TlsContext::load(*certificate, *key);
}

// One a line; lines that begin with # are comments.
Result<std::vector<std::string>> keys_of_file(const std::string& path) {
  const std::string contents = TRY(read_input_file(path));
  std::vector<std::string> keys;
  for (const std::string_view line : base::split(contents, '\n')) {
    const std::string_view key = base::trim(line);
    if (!key.empty() && !key.starts_with('#')) keys.emplace_back(key);
  }
  if (keys.empty())
    return base::fail(base::Code::invalid_argument,
                      cat("key file '", path, "' holds no key: write one a line"));
  return keys;
}

Result<std::vector<std::string>> keys_of(const config::Settings& settings) {
  std::vector<std::string> keys;
  if (const auto file = settings.text("api-key-file")) keys = TRY(keys_of_file(*file));
  if (const auto key = settings.text("api-key")) keys.push_back(*key);
  return keys;
}

Result<api::ServerOptions> server_options(const config::Settings& settings) {
  api::ServerOptions options;
  options.host = *settings.text("host");
  options.port = static_cast<uint16_t>(*settings.integer("port"));
  options.keys = TRY(keys_of(settings));
  options.limits.body_bytes = *settings.bytes("max-body");
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
  server->shutdown(std::max(*settings.duration("drain-timeout"), std::chrono::milliseconds(0)));
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
      .settings = {"host",          "port",       "api-key",     "api-key-file", "max-queue",     "max-body",
                   "drain-timeout", "tls-cert",   "tls-key",     "context",      "chat-template", "numerics",
                   "threads",       "chunk",      "kernels",     "kv",           "memory",        "kv-memory",
                   "max-sequences", "keep-alive", "speculation", "draft-tokens", "draft-model",   "log-level",
                   "log-format"},
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
