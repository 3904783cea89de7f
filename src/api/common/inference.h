#pragma once
// From a request that a dialect has understood to its reply: finds the model, starts the generations, has the
// dialect's writer put what they say into words, and cancels them when the client leaves.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/common/asked.h"
#include "api/common/environment.h"
#include "api/common/errors.h"
#include "api/common/reply_writer.h"
#include "base/json.h"
#include "http/reply.h"
#include "serving/prompt.h"
#include "serving/served_model.h"

namespace api {

using SharedModel = std::shared_ptr<const serving::ServedModel>;

// A body that is a JSON object.
Parsed<base::Json> parse_body(std::string_view text);

// A model that is not loaded is loaded meanwhile: on one of the server's workers only.
Parsed<SharedModel> find_model(const Environment& environment, const std::string& id);

// What is left of a request when it is understood.
struct Inference {
  SharedModel model;
  Asked asked;
  std::vector<serving::Prompt> prompts;  // at least one
  int64_t n = 1;                         // choices per prompt
  std::string prompt_field;              // to blame for a prompt that does not fit
};

// Answers `request`, whole or streamed. Fields without effect go to the header x-ignored-fields.
void run_inference(const Environment& environment, Inference inference, std::unique_ptr<ReplyWriter> writer,
                   const http::Request& request, const std::shared_ptr<http::Reply>& reply);

// Under which salt prompts of this caller are shared: the key's id and the request's own. So callers with
// different keys never share a computed prompt, and no one's timing tells of another's.
std::string salt_of(const Environment& environment, const http::Request& request, const Asked& asked);

// The part of a request's id that tells it from others: what ids of objects are made from.
std::string_view unique_part(const http::Request& request);

}  // namespace api
