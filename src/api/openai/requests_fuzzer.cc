// Any bytes are a request or an error that can be shown: valid JSON, a status between 400 and 499.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/common/inference.h"
#include "api/openai/errors.h"
#include "api/openai/requests.h"

namespace {

void check_error(const api::ApiError& error) {
  if (error.status < 400 || error.status > 499 || error.message.empty()) std::abort();
  if (!base::Json::parse(api::openai::error_body(error))) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace api::openai;
  const auto body = api::parse_body({reinterpret_cast<const char*>(data), size});
  if (!body) return check_error(body.error()), 0;
  const auto chat = read_chat_request(*body);
  if (!chat) check_error(chat.error());
  if (chat && !chat->chat.messages.is_array()) std::abort();
  const auto completion = read_completion_request(*body);
  if (!completion) check_error(completion.error());
  if (completion && completion->prompts.empty()) std::abort();
  return 0;
}
