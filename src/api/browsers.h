#pragma once
// Web pages as callers: a browser sends what any page in it asks for, with this machine's rights.
//
// Pages of this machine itself (http://localhost:3000) may call and read, without credentials. Where no key
// guards the server, other pages are refused, and so is a Host that does not name loopback: a page can make
// its own name point at 127.0.0.1 after it was loaded, but it cannot change what the browser says it is.
#include <optional>
#include <string_view>

#include "http/message.h"

namespace api {

// "localhost:11434", "127.0.0.1", "[::1]:80".
bool is_loopback_authority(std::string_view authority);
// "http://localhost:3000"
bool is_loopback_origin(std::string_view origin);

// Why a request to a server without keys is refused, or nothing.
std::optional<std::string_view> refusal_of_page(const http::Request& head);

// Lets a page of this machine read the response.
void add_cors_headers(const http::Request& request, http::Response& response);

}  // namespace api
