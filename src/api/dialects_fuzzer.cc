// Any bytes are a request of each dialect, or an error that can be shown: a status between 400 and 499 and a
// sentence. The first byte chooses the reader.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/anthropic/batch.h"
#include "api/anthropic/requests.h"
#include "api/common/inference.h"
#include "api/dashscope/requests.h"
#include "api/ollama/alias_request.h"
#include "api/ollama/modelfile.h"
#include "api/ollama/requests.h"

namespace {

template <class T>
void check(const api::Parsed<T>& read) {
  if (read) return;
  const api::ApiError& error = read.error();
  if (error.status < 400 || error.status > 499 || error.message.empty()) std::abort();
}

template <class T>
void check_messages(const api::Parsed<T>& read) {
  check(read);
  if (read && !read->chat.messages.is_array()) std::abort();
}

void read_modelfile(std::string_view text) {
  const auto read = api::ollama::parse_modelfile(text);
  if (read && !read->find("from")) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 'm') return read_modelfile(text), 0;
  const auto body = api::parse_body(text);
  check(body);
  if (!body) return 0;
  switch (data[0]) {
    case 'a':
      check_messages(api::anthropic::read_message_request(*body));
      check_messages(api::anthropic::read_count_request(*body));
      check(api::anthropic::read_batch_items(*body));
      break;
    case 'd':
      check_messages(api::dashscope::read_generation_request(*body));
      break;
    case 'c':
      check(api::ollama::read_create_request(*body));
      break;
    default:
      check_messages(api::ollama::read_chat_request(*body));
      check(api::ollama::read_generate_request(*body));
  }
  return 0;
}
