#pragma once
// POST /api/chat and /api/generate.
#include "api/common/environment.h"
#include "http/router.h"

namespace api::ollama {

// The environment outlives the router.
void add_inference_routes(http::Router& router, const Environment& environment);

}  // namespace api::ollama
