#pragma once
// GET /v1/models and GET /v1/models/{id}.
#include "http/router.h"
#include "serving/model_directory.h"

namespace api::openai {

// The directory outlives the router.
void add_model_routes(http::Router& router, const serving::ModelDirectory& models);

}  // namespace api::openai
