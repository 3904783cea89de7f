// domicile ps: the models that a running server holds in memory.
#include <algorithm>
#include <memory>

#include "apps/domicile/commands.h"
#include "apps/domicile/output.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "http/client.h"

namespace apps {

using base::Json;
using base::Result;

namespace {

// A server that listens on all addresses is asked on loopback.
std::string reachable(const std::string& host) {
  return host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host;
}

Result<Json> ask(const config::Settings& settings) {
  http::ClientRequest request{.host = reachable(*settings.text("host")),
                              .port = static_cast<uint16_t>(*settings.integer("port")),
                              .target = "/api/ps",
                              .headers = {},
                              .body = {}};
  if (const auto key = settings.text("api-key"))
    request.headers.add("authorization", base::cat("Bearer ", *key));
  const auto response = http::fetch(request);
  if (!response && response.error().code == base::Code::unavailable)
    return base::fail(base::Code::unavailable,
                      base::cat(response.error().message,
                                "; is `domicile serve` running there? --host and --port say where to ask"));
  if (!response) return std::unexpected(response.error());
  if (response->status == 401)
    return base::fail(base::Code::unauthenticated,
                      "the server wants a key: give --api-key or DOMICILE_API_KEY");
  auto body = Json::parse(response->body);
  const Json* models = body ? body->find("models") : nullptr;
  if (response->status != 200 || models == nullptr || !models->is_array())
    return base::fail(base::Code::corrupt,
                      base::cat("what listens at ", request.host, ":", request.port,
                                " does not answer as domicile does (status ", response->status, ")"));
  return std::move(*body);
}

std::string text_of(const Json& model, std::string_view name) {
  const Json* value = model.find(name);
  return value != nullptr && value->is_string() ? base::printable(value->as_string(), 80) : "";
}

std::string row_text(const std::vector<std::string>& row, const std::vector<size_t>& widths) {
  std::string line;
  for (size_t i = 0; i < row.size(); ++i)
    line += base::cat(row[i], i + 1 < row.size() ? std::string(widths[i] - row[i].size() + 2, ' ') : "");
  return line + "\n";
}

std::vector<std::string> row_of(const Json& model) {
  const auto number = [&](std::string_view name) {
    const Json* value = model.find(name);
    return value != nullptr && value->is_number() ? value->as_double() : 0.0;
  };
  std::string expires = text_of(model, "expires_at");
  if (expires >= "2300") expires.clear();  // Ollama's clients want a point in time also where there is none
  return {text_of(model, "name"), base::format_bytes(static_cast<uint64_t>(std::max(number("size"), 0.0))),
          base::cat(static_cast<int64_t>(number("context_length"))), expires.empty() ? "stays" : expires};
}

std::string table_of(const Json& models) {
  std::vector<std::vector<std::string>> rows = {{"NAME", "SIZE", "CONTEXT", "UNTIL"}};
  for (const Json& model : models.as_array()) rows.push_back(row_of(model));
  std::vector<size_t> widths(rows[0].size());
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string out;
  for (const auto& row : rows) out += row_text(row, widths);
  return out;
}

Result<int> ps(bool as_json, const config::Settings& settings) {
  const Json body = TRY(ask(settings));
  if (as_json)
    TRY(print_json(body));
  else
    TRY(print(table_of(*body.find("models"))));
  return kExitOk;
}

}  // namespace

Command ps_command() {
  auto as_json = std::make_shared<bool>(false);
  return {
      .name = "ps",
      .summary = "Models that a running server holds in memory",
      .examples = "  domicile ps\n  domicile ps --port 8080 --json",
      .settings = {"host", "port", "api-key"},
      .declare = [as_json](FlagSet& set) { set.flag("--json", *as_json, "print JSON"); },
      .run = [as_json](const config::Settings& settings) { return ps(*as_json, settings); },
  };
}

}  // namespace apps
