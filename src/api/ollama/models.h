#pragma once
// What Ollama's clients ask about models: GET /api/tags, /api/ps, /api/version, POST /api/show. (GET / is
// page/routes.h's.)
#include "api/common/environment.h"
#include "http/router.h"

namespace api::ollama {

// The environment outlives the router.
void add_model_routes(http::Router& router, const Environment& environment);

}  // namespace api::ollama
