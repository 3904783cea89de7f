#pragma once
// What handlers need from outside; all of it may be called from any thread.
#include <cstdint>
#include <functional>

#include "http/message.h"
#include "serving/model_directory.h"
#include "serving/model_library.h"
#include "serving/prompt.h"

namespace api {

struct Environment {
  serving::ModelDirectory* models = nullptr;
  const serving::ModelLibrary* library =
      nullptr;  // what else this machine holds; null: nothing is told of it
  std::function<int64_t()> unix_seconds;
  std::function<serving::CivilTime()> local_time;
  std::function<uint64_t()> random_seed;  // for requests that bring none
  // Tells callers apart: the key's id, a part of its hash; empty without keys.
  std::function<std::string(const http::Request&)> caller;
};

}  // namespace api
