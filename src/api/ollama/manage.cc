#include "api/ollama/manage.h"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "api/common/background.h"
#include "api/common/field_reader.h"
#include "api/common/inference.h"
#include "api/ollama/alias_request.h"
#include "api/ollama/errors.h"
#include "api/ollama/names.h"
#include "api/ollama/pull_stream.h"
#include "api/ollama/reply_writer.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace api::ollama {
namespace {

using base::Json;
using SharedReply = std::shared_ptr<http::Reply>;

constexpr std::chrono::minutes kKeepAlive{5};  // of pulled models: Ollama's default
constexpr size_t kMaxAliases = 1000;
constexpr size_t kMaxWaitingPulls = 16;

// What the handlers share; it lives as long as one of them.
struct Manager {
  explicit Manager(const Environment& given) : environment(given) {}

  bool has_alias(const std::string& id) {
    std::lock_guard lock(mutex);
    return aliases.contains(id);
  }

  const Environment& environment;
  std::mutex mutex;
  std::set<std::string> aliases;  // ids; guarded by mutex
  Background pulls{/*n_threads=*/1, kMaxWaitingPulls};
};
using SharedManager = std::shared_ptr<Manager>;

void send(const Parsed<http::Response>& response, http::Reply& reply) {
  reply.send(response ? *response : error_response(response.error()));
}

http::Response done() {
  return {};
}

ApiError conflict(std::string message) {
  ApiError error = invalid_request(std::move(message));
  error.kind = ErrorKind::conflict;
  error.status = 409;
  return error;
}

// ---- aliases

Parsed<void> add_alias(Manager& manager, serving::AliasSettings settings, const std::string& parent) {
  serving::ModelDirectory& models = *manager.environment.models;
  std::lock_guard lock(manager.mutex);
  const std::string id = settings.id;
  if (!models.describe(parent)) return std::unexpected(no_such_model(parent));
  if (id == parent) return std::unexpected(conflict("a model cannot be made of itself"));
  if (models.describe(id) && !manager.aliases.contains(id))
    return std::unexpected(
        conflict(base::cat("'", base::printable(id), "' is a model of its own: give another name")));
  if (manager.aliases.size() >= kMaxAliases && !manager.aliases.contains(id))
    return std::unexpected(conflict(base::cat("there are ", kMaxAliases, " aliases already: delete some")));
  const auto derive = [settings = std::move(settings)](const serving::ModelDirectory::Shared& model) {
    return make_alias(model, settings);
  };
  serving::ModelEntry entry;
  entry.id = id;
  entry.created = manager.environment.unix_seconds();
  if (const auto added = models.add_derived(std::move(entry), parent, derive); !added)
    return std::unexpected(conflict(added.error().message));
  manager.aliases.insert(id);
  return {};
}

http::Response success_lines() {
  http::Response response = json_lines_head();
  response.body = "{\"status\":\"success\"}\n";
  return response;
}

Parsed<http::Response> create(Manager& manager, const http::Request& request) {
  CreateRequest asked = TRY_PARSED(read_create_request(TRY_PARSED(parse_body(request.body))));
  if (const auto fine = check_alias(asked.settings); !fine)
    return std::unexpected(invalid_field("template", "'template': " + fine.error().message));
  if (auto added = add_alias(manager, std::move(asked.settings), asked.parent); !added)
    return std::unexpected(std::move(added.error()));
  return asked.stream ? success_lines() : http::json_response(200, R"({"status":"success"})");
}

Parsed<http::Response> copy(Manager& manager, const http::Request& request) {
  const Json body = TRY_PARSED(parse_body(request.body));
  FieldReader reader(body);
  const std::string source = reader.text("source").value_or("");
  serving::AliasSettings settings;
  settings.id = std::string(without_latest(reader.text("destination").value_or("")));
  if (source.empty()) reader.wrong("source", "is missing: the name of a model that is here");
  if (!is_alias_name(settings.id)) reader.wrong("destination", "has to be a name");
  if (reader.error()) return std::unexpected(*reader.error());
  if (auto added = add_alias(manager, std::move(settings), std::string(without_latest(source))); !added)
    return std::unexpected(std::move(added.error()));
  return done();
}

// ---- the store

// An alias is forgotten; a model of the store is deleted. Others are the operator's.
Parsed<http::Response> remove(Manager& manager, const http::Request& request) {
  const std::string name(without_latest(TRY_PARSED(read_model_name(TRY_PARSED(parse_body(request.body))))));
  serving::ModelDirectory& models = *manager.environment.models;
  std::lock_guard lock(manager.mutex);
  if (manager.aliases.erase(name) > 0) {
    (void)models.remove(name);  // NOLINT(bugprone-unused-return-value): already gone if its parent is
    return done();
  }
  const serving::ModelLibrary* library = manager.environment.library;
  const auto removed = library ? library->remove(name) : base::fail(base::Code::not_found, "");
  const bool is_known = models.describe(name).has_value();
  if (!removed && removed.error().code != base::Code::not_found)
    return std::unexpected(pull_error(removed.error()));
  if (!removed && !is_known) return std::unexpected(no_such_model(name));
  if (!removed)
    return std::unexpected(conflict(
        base::cat("'", base::printable(name), "' was named by the operator and does not lie in the store")));
  if (is_known) (void)models.remove(name);  // NOLINT(bugprone-unused-return-value): somebody was faster
  return done();
}

// The body of a pull's reply.
class PullSource : public http::BodySource {
 public:
  explicit PullSource(std::shared_ptr<PullStream> stream) : stream_(std::move(stream)) {}
  ~PullSource() override { stream_->leave(); }
  bool read(std::string& out) override { return stream_->read(out); }

 private:
  std::shared_ptr<PullStream> stream_;
};

base::Result<serving::LibraryEntry> pull_now(Manager& manager, const std::string& name,
                                             const serving::ModelLibrary::OnProgress& on_progress) {
  serving::LibraryEntry entry = TRY(manager.environment.library->pull(name, on_progress));
  if (manager.environment.models->describe(entry.id)) return entry;
  serving::ModelEntry model;
  model.id = entry.id;
  model.source = entry.id;
  model.keep_alive = kKeepAlive;
  model.created = manager.environment.unix_seconds();
  TRY(manager.environment.models->add(std::move(model)));
  return entry;
}

Parsed<void> start_pull(Manager& manager, const std::string& name, bool streamed, const SharedReply& reply) {
  auto stream = std::make_shared<PullStream>(reply);
  // The manager outlives its threads, hence the plain reference.
  const auto work = [&manager, name, stream, streamed, reply](const std::stop_token& stop) {
    const auto pulled = pull_now(manager, name, [&](const serving::PullProgress& progress) {
      return stream->on_progress(progress) && !stop.stop_requested();
    });
    if (streamed) return stream->finish(pulled);
    reply->send(pulled ? http::json_response(200, R"({"status":"success"})")
                       : error_response(pull_error(pulled.error())));
  };
  if (!manager.pulls.run(work)) {
    ApiError error = generation_error({base::Code::unavailable, "too many models are being pulled already"});
    return std::unexpected(std::move(error));
  }
  reply->on_disconnect([stream] { stream->leave(); });
  if (streamed) reply->stream(json_lines_head(), std::make_unique<PullSource>(stream), {});
  return {};
}

Parsed<void> pull(Manager& manager, const http::Request& request, const SharedReply& reply) {
  const Json body = TRY_PARSED(parse_body(request.body));
  const std::string name = TRY_PARSED(read_model_name(body));
  FieldReader reader(body);
  const bool streamed = reader.boolean("stream").value_or(true);
  if (reader.error()) return std::unexpected(*reader.error());
  const serving::ModelLibrary* library = manager.environment.library;
  if (!library || !library->can_pull(name))
    return std::unexpected(not_found(base::cat("the catalogue has no model '", base::printable(name),
                                               "': domicile pull PATH registers a file"),
                                     "model_not_found"));
  return start_pull(manager, name, streamed, reply);
}

// ---- what is not done here

// HEAD asks first; so the client does not upload in vain.
void answer_blob_question(const http::Request&, const SharedReply& reply) {
  reply->send(error_response(not_found("no file is kept under a digest here", "blob_not_found")));
}

void refuse_upload(const http::Request&, const SharedReply& reply) {
  reply->send(error_response(
      invalid_request("files are not uploaded here: the operator registers them, with domicile pull PATH")));
}

void refuse_push(const http::Request&, const SharedReply& reply) {
  reply->send(error_response(invalid_request("nothing is sent elsewhere from here")));
}

Parsed<http::Response> embed(const Environment& environment, const http::Request& request,
                             const char* input) {
  const Json body = TRY_PARSED(parse_body(request.body));
  const std::string name = TRY_PARSED(read_model_name(body));
  if (!environment.models->describe(name)) return std::unexpected(no_such_model(name));
  if (!body.find(input)) return std::unexpected(invalid_field(input, base::cat("'", input, "' is missing")));
  return std::unexpected(
      invalid_field("model", base::cat("model '", base::printable(name), "' has no embeddings")));
}

using Answer = Parsed<http::Response> (*)(Manager&, const http::Request&);

http::Handler handler(const SharedManager& manager, Answer answer) {
  return [manager, answer](const http::Request& request, const SharedReply& reply) {
    send(answer(*manager, request), *reply);
  };
}

}  // namespace

void add_manage_routes(http::Router& router, const Environment& environment) {
  const auto manager = std::make_shared<Manager>(environment);
  router.add("POST", "/api/pull", [manager](const http::Request& request, const SharedReply& reply) {
    const auto started = pull(*manager, request, reply);
    if (!started) reply->send(error_response(started.error()));
  });
  router.add("POST", "/api/create", handler(manager, create));
  router.add("POST", "/api/copy", handler(manager, copy));
  router.add("DELETE", "/api/delete", handler(manager, remove));
  router.add("POST", "/api/push", refuse_push);
  router.add("GET", "/api/blobs/{digest}", answer_blob_question);
  router.add("POST", "/api/blobs/{digest}", refuse_upload);
  router.add("POST", "/api/embed", [&environment](const http::Request& request, const SharedReply& reply) {
    send(embed(environment, request, "input"), *reply);
  });
  router.add("POST", "/api/embeddings",
             [&environment](const http::Request& request, const SharedReply& reply) {
               send(embed(environment, request, "prompt"), *reply);
             });
}

}  // namespace api::ollama
