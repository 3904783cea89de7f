#pragma once
// The routes of OpenAI's dialect: models, chat completions, completions.
#include <cstdint>
#include <functional>

#include "http/router.h"
#include "serving/model_directory.h"
#include "serving/prompt.h"

namespace api::openai {

// What the handlers need from outside; all of it may be called from any thread.
struct Environment {
  const serving::ModelDirectory* models = nullptr;
  std::function<int64_t()> unix_seconds;
  std::function<serving::CivilTime()> local_time;
  std::function<uint64_t()> random_seed;  // for requests that bring none
};

// The environment outlives the router.
void add_routes(http::Router& router, const Environment& environment);

}  // namespace api::openai
