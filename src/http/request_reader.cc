#include "http/request_reader.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/none.hpp>
#include <utility>

#include "base/strings.h"
#include "http/target.h"

namespace http {
namespace {

namespace beast_http = boost::beast::http;

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

// What a name, an address or a port is written with (RFC 3986, 3.2.2).
bool is_authority(std::string_view text) {
  constexpr std::string_view kMarks = "-._~!$&'()*+,;=:[]%";
  for (const char c : text) {
    const bool is_word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!is_word && kMarks.find(c) == std::string_view::npos) return false;
  }
  return true;
}

// Hosts may be absent in HTTP/1.0 only.
bool host_is_proper(const Request& request) {
  const int n = request.headers.count("host");
  if (n == 0) return request.version == 10;
  return n == 1 && is_authority(*request.headers.find("host"));
}

}  // namespace

struct RequestReader::Parser {
  beast_http::request_parser<beast_http::string_body> beast;
  bool head_told = false;
  bool body_limited = false;
};

RequestReader::RequestReader(Limits limits) : limits_(limits) {}
RequestReader::~RequestReader() = default;

RequestReader::State RequestReader::fail(int status, std::string problem) {
  status_ = status;
  problem_ = std::move(problem);
  keep_alive_ = false;
  return State::failed;
}

RequestReader::State RequestReader::feed(std::string_view bytes, size_t& consumed) {
  consumed = 0;
  if (!parser_) {
    // Empty lines in front of a request are skipped (RFC 9112, 2.2).
    while (consumed < bytes.size() && (bytes[consumed] == '\r' || bytes[consumed] == '\n')) ++consumed;
    if (consumed == bytes.size()) return State::need_more;
    parser_ = std::make_unique<Parser>();
    parser_->beast.header_limit(static_cast<uint32_t>(limits_.header_bytes));
    parser_->beast.body_limit(boost::none);  // until the head is known
    body_limit_ = limits_.body_bytes;
    parser_->beast.eager(false);
  }
  auto& beast = parser_->beast;
  if (const auto refusal = apply_body_limit()) return *refusal;
  while (!beast.is_done() && (consumed < bytes.size())) {
    boost::system::error_code error;
    const size_t n = beast.put(boost::asio::buffer(bytes.data() + consumed, bytes.size() - consumed), error);
    consumed += n;
    if (error == beast_http::error::need_more) break;
    if (error == beast_http::error::header_limit)
      return fail(431, base::cat("the header fields are longer than ", limits_.header_bytes, " bytes"));
    if (error == beast_http::error::body_limit)
      return fail(413, base::cat("the body is longer than ", body_limit_, " bytes"));
    if (error == beast_http::error::bad_version)
      return fail(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    if (error) return fail(400, base::cat("malformed HTTP request: ", error.message()));
    if (beast.is_header_done() && !parser_->head_told) return read_head();
    if (n == 0) break;
  }
  if (!beast.is_done()) return State::need_more;
  return State::complete;
}

// Once, when the head is known and whoever reads has had his say.
std::optional<RequestReader::State> RequestReader::apply_body_limit() {
  if (!parser_->head_told || std::exchange(parser_->body_limited, true)) return std::nullopt;
  const auto length = body_bytes();
  if (length && *length > body_limit_)
    return fail(413, base::cat("the body is longer than ", body_limit_, " bytes"));
  parser_->beast.body_limit(body_limit_);
  return std::nullopt;
}

bool RequestReader::has_head() const {
  return parser_ && parser_->head_told;
}

RequestReader::State RequestReader::read_head() {
  auto& beast = parser_->beast;
  parser_->head_told = true;
  beast.eager(true);
  const auto& message = beast.get();
  request_ = Request{};
  request_.method = view(message.method_string());
  request_.version = static_cast<int>(message.version());
  keep_alive_ = beast.keep_alive();
  for (const auto& field : message)
    request_.headers.add(std::string(view(field.name_string())), std::string(view(field.value())));
  auto target = read_target(view(message.target()));
  if (!target) return fail(400, "malformed HTTP request: bad request target");
  request_.path = std::move(target->path);
  request_.query = std::move(target->query);
  if (request_.version != 10 && request_.version != 11)
    return fail(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  if (!host_is_proper(request_))
    return fail(400, "malformed HTTP request: exactly one proper Host field is needed");
  if (const auto length = request_.headers.find("content-length");
      length && length->find_first_not_of("0123456789") != std::string_view::npos)
    return fail(400, "malformed HTTP request: a Content-Length is one number");
  if (const auto coding = request_.headers.find("transfer-encoding")) {
    if (request_.version == 10) return fail(400, "malformed HTTP request: HTTP/1.0 has no transfer codings");
    if (request_.headers.count("transfer-encoding") > 1 || !equal_ignoring_case(*coding, "chunked"))
      return fail(501, "only the transfer coding 'chunked' is understood");
  }
  if (const auto expected = request_.headers.find("expect");
      expected && request_.version == 11 && !equal_ignoring_case(*expected, "100-continue"))
    return fail(417, "the only expectation that is met here is 100-continue");
  return State::head;
}

bool RequestReader::expects_continue() const {
  return request_.version == 11 && request_.headers.has_token("expect", "100-continue");
}

std::optional<size_t> RequestReader::body_bytes() const {
  if (!parser_ || parser_->beast.chunked()) return std::nullopt;
  const auto length = parser_->beast.content_length();
  return length ? static_cast<size_t>(*length) : 0;
}

Request RequestReader::take() {
  request_.body = std::move(parser_->beast.get().body());
  parser_.reset();
  return std::exchange(request_, {});
}

}  // namespace http
