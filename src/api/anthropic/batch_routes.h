#pragma once
// The routes of message batches.
#include "api/common/environment.h"
#include "http/router.h"

namespace api::anthropic {

// The environment outlives the router.
void add_batch_routes(http::Router& router, const Environment& environment);

}  // namespace api::anthropic
