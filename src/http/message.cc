#include "http/message.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"

namespace http {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const Header& header : all_)
    if (equal_ignoring_case(header.name, name)) return header.value;
  return std::nullopt;
}

bool Headers::has_token(std::string_view name, std::string_view token) const {
  for (const Header& header : all_) {
    if (!equal_ignoring_case(header.name, name)) continue;
    for (std::string_view part : base::split(header.value, ','))
      if (equal_ignoring_case(base::trim(part), token)) return true;
  }
  return false;
}

int Headers::count(std::string_view name) const {
  return static_cast<int>(std::count_if(all_.begin(), all_.end(), [&](const Header& header) {
    return equal_ignoring_case(header.name, name);
  }));
}

void Headers::set(std::string_view name, std::string value) {
  std::erase_if(all_, [&](const Header& header) { return equal_ignoring_case(header.name, name); });
  all_.push_back({std::string(name), std::move(value)});
}

std::string_view Request::path_parameter(std::string_view name) const {
  for (const Parameter& parameter : path_parameters)
    if (parameter.name == name) return parameter.value;
  return {};
}

Response json_response(int status, std::string body) {
  Response out{status, {}, std::move(body)};
  out.headers.add("content-type", "application/json");
  return out;
}

std::string_view reason_phrase(int status) {
  static constexpr std::pair<int, std::string_view> kPhrases[] = {
      {100, "Continue"},
      {200, "OK"},
      {204, "No Content"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {413, "Content Too Large"},
      {415, "Unsupported Media Type"},
      {417, "Expectation Failed"},
      {422, "Unprocessable Content"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {503, "Service Unavailable"},
      {505, "HTTP Version Not Supported"},
  };
  for (const auto& [code, phrase] : kPhrases)
    if (code == status) return phrase;
  return "Status";
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace http
