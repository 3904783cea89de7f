#pragma once
// DashScope's native routes. Its compatible ones are OpenAI's under another prefix: see openai/routes.h.
#include "api/common/environment.h"
#include "http/router.h"

namespace api::dashscope {

// The environment outlives the router.
void add_routes(http::Router& router, const Environment& environment);

}  // namespace api::dashscope
