#pragma once
// From the body of a message request to what is run for it, whether somebody waits for the answer or a batch
// holds it.
#include <string>

#include "api/anthropic/message_writer.h"
#include "api/common/environment.h"
#include "api/common/errors.h"
#include "api/common/inference.h"
#include "base/json.h"

namespace api::anthropic {

struct Prepared {
  Inference inference;
  MessageFrame frame;
};

// Loads the model if need be. REQUIRES: `body` is an object.
Parsed<Prepared> prepare_message(const Environment& environment, const base::Json& body,
                                 std::string_view unique, const std::string& request_id);

// The prompt alone, of a request that counts its tokens.
Parsed<serving::Prompt> prepare_count(const Environment& environment, const base::Json& body);

}  // namespace api::anthropic
