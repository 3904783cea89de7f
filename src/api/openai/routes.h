#pragma once
// The routes of OpenAI's dialect: models, chat completions, completions.
#include "api/common/environment.h"
#include "http/router.h"

namespace api::openai {

// The environment outlives the router.
void add_routes(http::Router& router, const Environment& environment);

}  // namespace api::openai
