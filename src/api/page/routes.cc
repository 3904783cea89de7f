#include "api/page/routes.h"

#include <algorithm>
#include <memory>
#include <string>

#include "api/page/embedded_files.h"
#include "api/page/status.h"

namespace api::page {
namespace {

constexpr std::string_view kFolder = "/page/";

const EmbeddedFile* find_file(std::string_view name) {
  const auto files = embedded_files();
  const auto found = std::ranges::find(files, name, &EmbeddedFile::name);
  return found == files.end() ? nullptr : &*found;
}

std::string_view content_type(std::string_view name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  return "image/svg+xml";
}

http::Response response_of(const EmbeddedFile& file) {
  http::Response response;
  response.headers.add("content-type", std::string(content_type(file.name)));
  response.headers.add("cache-control", "no-cache");
  response.headers.add("x-content-type-options", "nosniff");
  // Nothing from elsewhere, no script but ours, in nobody's frame.
  response.headers.add("content-security-policy",
                       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src "
                       "'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  response.headers.add("referrer-policy", "no-referrer");
  response.body = std::string(file.bytes);
  return response;
}

bool is_browser(const http::Request& request) {
  return request.headers.find("accept").value_or("").find("text/html") != std::string_view::npos;
}

void front_door(const http::Request& request, const std::shared_ptr<http::Reply>& reply) {
  http::Response response;
  if (is_browser(request)) {
    response = response_of(*find_file("index.html"));
  } else {
    response.headers.add("content-type", "text/plain; charset=utf-8");
    response.body = "Ollama is running";
  }
  response.headers.add("vary", "accept");
  reply->send(std::move(response));
}

}  // namespace

bool is_static(std::string_view path) {
  return path == "/" || (path.starts_with(kFolder) && find_file(path.substr(kFolder.size())) != nullptr);
}

void add_routes(http::Router& router, const Environment& environment) {
  router.add("GET", "/", front_door, http::RunOn::server);
  for (const EmbeddedFile& file : embedded_files())
    router.add(
        "GET", std::string(kFolder) + std::string(file.name),
        [&file](const http::Request&, const std::shared_ptr<http::Reply>& reply) {
          reply->send(response_of(file));
        },
        http::RunOn::server);
  router.add("GET", "/v1/domicile/status",
             [board = std::make_shared<StatusBoard>(environment)](const http::Request&,
                                                                  const std::shared_ptr<http::Reply>& reply) {
               reply->send(http::json_response(200, board->read().write()));
             });
}

}  // namespace api::page
