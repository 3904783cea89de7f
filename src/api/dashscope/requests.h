#pragma once
// The body of DashScope's native route to what serving takes. Pure: no model is asked.
#include "api/common/asked.h"
#include "api/common/errors.h"
#include "api/common/messages.h"
#include "base/json.h"

namespace api::dashscope {

struct GenerationRequest {
  Asked asked;  // but for `stream`, which a header says
  Chat chat;
  bool as_message = false;   // result_format
  bool incremental = false;  // incremental_output
};

// REQUIRES: an object.
Parsed<GenerationRequest> read_generation_request(const base::Json& body);

}  // namespace api::dashscope
