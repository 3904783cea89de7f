// domicile serve: models behind HTTP.
#include <unistd.h>

#include <csignal>
#include <memory>
#include <thread>

#include "api/server.h"
#include "apps/domicile/commands.h"
#include "apps/domicile/model_flags.h"
#include "apps/domicile/model_paths.h"
#include "apps/domicile/output.h"
#include "base/strings.h"
#include "platform/signals.h"

namespace apps {

using base::cat;
using base::Result;

namespace {

constexpr std::chrono::milliseconds kGrace =
    std::chrono::minutes(10);  // for running answers when asked to end

// The model under its id, kept alive by what is handed out.
serving::ModelDirectory::Shared shared(const std::shared_ptr<serving::HostedModel>& host) {
  return {host, &host->served()};
}

Result<api::ServerOptions> server_options(const config::Settings& settings) {
  api::ServerOptions options;
  options.host = *settings.text("host");
  options.port = static_cast<uint16_t>(*settings.integer("port"));
  if (const auto key = settings.text("api-key")) options.keys.push_back(*key);
  return options;
}

// Loads on a thread of its own while the server already answers /health; signals are looked at meanwhile.
Result<int> serve(std::vector<std::string> names, const config::Settings& settings) {
  if (names.empty()) names.emplace_back(kDefaultModel);
  platform::SignalWatch signals = TRY(platform::SignalWatch::start({SIGINT, SIGTERM}));
  const std::unique_ptr<api::Server> server = TRY(api::Server::start(TRY(server_options(settings))));
  print_note(cat("listening on ", server->url()));

  std::atomic<bool> cancelled = false, done = false;
  std::vector<serving::ModelDirectory::Shared> models;
  base::Status loaded;
  std::jthread loader([&] {
    for (const std::string& name : names) {
      auto host_model = host(name, settings, &cancelled);
      if (!host_model) {
        loaded = std::unexpected(host_model.error());
        break;
      }
      if (!(*host_model)->note().empty()) print_note((*host_model)->note());
      models.push_back(shared(*host_model));
    }
    done = true;
  });
  constexpr int kLookMs = 50;
  std::optional<int> signal;
  while (!done && !signal) signal = signals.wait(kLookMs);
  if (signal) cancelled = true;
  loader.join();
  if (!signal) {
    if (!loaded) return std::unexpected(loaded.error());
    for (const auto& model : models)
      print_note(cat("serving ", model->id, ", ", model->engine->context_tokens(), " tokens of context"));
    server->set_models(models);
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
      .summary = "Serve models over HTTP in OpenAI's dialect",
      .examples =
          "  domicile serve\n"
          "  domicile serve smollm2 ./qwen2.5-7b.gguf --port 8080\n"
          "  DOMICILE_API_KEY=... domicile serve smollm2 --host 0.0.0.0",
      .settings = {"host", "port", "api-key", "context", "chat-template", "numerics", "threads", "chunk",
                   "kernels", "kv", "memory", "speculation", "draft-tokens", "draft-model", "log-level",
                   "log-format"},
      .declare =
          [names](FlagSet& set) {
            set.positionals("MODEL", *names, "names, .gguf files or folders [smollm2]");
          },
      .run = [names](const config::Settings& settings) { return serve(*names, settings); },
  };
}

}  // namespace apps
