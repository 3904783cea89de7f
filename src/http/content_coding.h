#pragma once
// Bodies that a client has compressed (Content-Encoding, RFC 9110, 8.4).
#include <string>
#include <string_view>

#include "base/result.h"

namespace http {

// The body as it was before `coding` ("gzip", "x-gzip", "deflate", "identity"; "" as identity) was applied.
// It never takes more than `most_bytes`, whatever the compressed bytes would grow to.
// Code::unsupported: another coding; Code::exhausted: it is longer; Code::corrupt: it is cut or broken.
base::Result<std::string> decoded_body(std::string_view coding, std::string body, size_t most_bytes);

}  // namespace http
