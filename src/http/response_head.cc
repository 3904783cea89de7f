#include "http/response_head.h"

#include <charconv>
#include <cstdio>
#include <ctime>

#include "base/strings.h"

namespace http {
namespace {

// A value with a line break would let its author write headers, or a second response.
std::string one_line(std::string_view value) {
  std::string out(value);
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return out;
}

}  // namespace

std::string response_head(const Response& response, const HeadOptions& options) {
  std::string out = base::cat("HTTP/1.1 ", response.status, " ", reason_phrase(response.status), "\r\n");
  auto line = [&](std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(one_line(value)).append("\r\n");
  };
  for (const Header& header : response.headers.all()) line(header.name, header.value);
  if (!options.date.empty()) line("date", options.date);
  if (options.framing == Framing::chunked) line("transfer-encoding", "chunked");
  if (options.framing == Framing::length && response.status != 204)
    line("content-length", base::cat(options.body_bytes));
  line("connection", options.keep_alive ? "keep-alive" : "close");
  return out += "\r\n";
}

std::string http_date(int64_t unix_seconds) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t time = unix_seconds;
  std::tm utc{};
  gmtime_r(&time, &utc);
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[utc.tm_wday], utc.tm_mday,
                kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  return text;
}

void append_chunk(std::string& out, std::string_view data) {
  if (data.empty()) return;
  char digits[20];
  auto [end, error] = std::to_chars(digits, digits + sizeof digits, data.size(), 16);
  out.append(digits, end).append("\r\n").append(data).append("\r\n");
}

}  // namespace http
