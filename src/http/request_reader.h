#pragma once
// Bytes of a connection to requests (RFC 9112): one request after the other, in any cut.
//
// Strict where looseness has let requests be smuggled: Content-Length with Transfer-Encoding, several of
// either, Transfer-Encoding in HTTP/1.0, bare control characters and a missing, repeated or malformed Host
// are refused.
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/message.h"

namespace http {

struct Limits {
  size_t header_bytes = size_t{32} << 10;
  size_t body_bytes = size_t{32} << 20;
};

class RequestReader {
 public:
  explicit RequestReader(Limits limits);
  ~RequestReader();

  enum class State {
    need_more,
    head,      // the head is there, the body is not (yet); comes once, also for a request without a body
    complete,  // take() the request
    failed,    // see status(); the connection cannot be used further
  };
  // Feeds bytes that follow those consumed before. `consumed` is how many were used: pass the rest again.
  State feed(std::string_view bytes, size_t& consumed);

  // After State::head, also if reading failed later: the request without its body.
  const Request& request() const { return request_; }
  bool has_head() const;
  // After State::head: how long the body may be, instead of Limits::body_bytes.
  void set_body_limit(size_t bytes) { body_limit_ = bytes; }
  // After State::head: the name that the request goes by from now on.
  void set_id(std::string id) { request_.id = std::move(id); }
  bool expects_continue() const;
  // After State::head: bytes that the body will have; nothing if it is chunked.
  std::optional<size_t> body_bytes() const;
  bool keep_alive() const { return keep_alive_; }

  // After State::complete. The reader is then ready for the next request.
  Request take();

  // After State::failed: 400, 413, 417, 431, 501 or 505, and a sentence.
  int status() const { return status_; }
  const std::string& problem() const { return problem_; }

 private:
  struct Parser;
  State fail(int status, std::string problem);
  State read_head();
  std::optional<State> apply_body_limit();

  Limits limits_;
  size_t body_limit_ = 0;  // of the request that is being read
  std::unique_ptr<Parser> parser_;
  Request request_;
  bool keep_alive_ = true;
  int status_ = 400;
  std::string problem_;
};

}  // namespace http
