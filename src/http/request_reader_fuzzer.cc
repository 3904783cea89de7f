// Any bytes, cut anywhere, are requests or a refusal; the cut does not matter.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/request_reader.h"

namespace {

// What the bytes amount to, told in one text.
std::string read_all(std::string_view bytes, size_t piece) {
  using http::RequestReader;
  RequestReader reader({.header_bytes = 4096, .body_bytes = 4096});
  std::string told, pending;
  bool again = false;
  while (again || !bytes.empty()) {
    if (!again) {
      pending += bytes.substr(0, piece);
      bytes.remove_prefix(std::min(piece, bytes.size()));
    }
    size_t consumed = 0;
    const RequestReader::State state = reader.feed(pending, consumed);
    if (consumed > pending.size()) std::abort();
    pending.erase(0, consumed);
    again =
        state == RequestReader::State::head || (state == RequestReader::State::complete && !pending.empty());
    if (state == RequestReader::State::failed) return told + "failed";
    if (state != RequestReader::State::complete) continue;
    const http::Request request = reader.take();
    told += request.method + " " + request.path + "\n" + request.body + "\n";
  }
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = read_all(bytes, size + 1);
  const std::string cut = read_all(bytes, 1 + size / 7);
  // A limit may be met in a different place, so only texts without a failure have to agree.
  if (!whole.ends_with("failed") && !cut.ends_with("failed") && whole != cut) std::abort();
  return 0;
}
