#pragma once
// GET /v1/models and GET /v1/models/{id}, in a shape that OpenAI's and Anthropic's clients read.
#include <string>

#include "http/router.h"
#include "serving/model_directory.h"

namespace api::openai {

// `prefix` stands before "/models". The directory outlives the router.
void add_model_routes(http::Router& router, const serving::ModelDirectory& models, const std::string& prefix);

}  // namespace api::openai
