#pragma once
// The body of POST /api/create: a model made of another one, with settings of its own.
#include <string>

#include "api/common/errors.h"
#include "base/json.h"
#include "serving/alias.h"

namespace api::ollama {

struct CreateRequest {
  std::string parent;
  serving::AliasSettings settings;
  bool stream = true;
};

// REQUIRES: an object.
Parsed<CreateRequest> read_create_request(const base::Json& body);

}  // namespace api::ollama
