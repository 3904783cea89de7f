#pragma once
// The built-in page: a chat with a served model, what runs, how fast. Its files are part of the program, and
// need no key; what the page then asks for does.
//
//   /                     the page, for a browser; another client gets what Ollama's clients look for
//   /page/{file}          its script, style and icon
//   /v1/domicile/status   what runs, as JSON (docs/http-api.md)
#include <string_view>

#include "api/common/environment.h"
#include "http/router.h"

namespace api::page {

// The environment outlives the router.
void add_routes(http::Router& router, const Environment& environment);

// Whether the path is one of the page's own files.
bool is_static(std::string_view path);

}  // namespace api::page
