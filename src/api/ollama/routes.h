#pragma once
// The routes of Ollama's dialect.
#include "api/common/environment.h"
#include "http/router.h"

namespace api::ollama {

// The environment outlives the router.
void add_routes(http::Router& router, const Environment& environment);

}  // namespace api::ollama
