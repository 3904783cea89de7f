#pragma once
// The bytes in front of a response's body.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace http {

enum class Framing { length, chunked, until_close };

struct HeadOptions {
  Framing framing = Framing::length;
  size_t body_bytes = 0;  // for Framing::length
  bool keep_alive = true;
  std::string date;  // see http_date()
};
std::string response_head(const Response& response, const HeadOptions& options);

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(int64_t unix_seconds);

// One chunk of a chunked body, or nothing if `data` is empty (an empty chunk would end the body).
void append_chunk(std::string& out, std::string_view data);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace http
