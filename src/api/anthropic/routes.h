#pragma once
// The routes of Anthropic's dialect: messages and the counting of their tokens. Models are listed by
// openai/models.h, in a shape that both dialects' clients read.
#include "api/common/environment.h"
#include "http/router.h"

namespace api::anthropic {

// The environment outlives the router.
void add_routes(http::Router& router, const Environment& environment);

}  // namespace api::anthropic
