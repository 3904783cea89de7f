#pragma once
// How a handler answers: at once or later, from any thread, whole or as a stream.
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/message.h"

namespace http {

// The body of a streamed response, read by the server whenever the socket has taken what was read before. So
// a slow client costs one read's worth of memory, and the source decides what to do with what piles up behind
// it.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // Appends what is ready (may be nothing: the server asks again after Reply::wake) and tells whether this
  // was the end. Called on the server's thread: quick, never blocks.
  virtual bool read(std::string& out) = 0;
};

struct StreamOptions {
  // Sent when nothing else was for that long; and at once, behind the head. Empty: nothing.
  std::string filler;
  std::chrono::milliseconds filler_interval{15'000};
};

// The answer to one request. Exactly one of send() and stream() is called, once; further calls do nothing.
class Reply {
 public:
  virtual ~Reply() = default;  // without an answer the client gets a 500

  virtual void send(Response response) = 0;
  // Sends the head of `response` now, then what `source` gives. The source lives until the end or the
  // client's leaving.
  virtual void stream(Response response, std::unique_ptr<BodySource> source, StreamOptions options) = 0;
  // The source has more to read. Cheap; calls that come close together count as one.
  virtual void wake() = 0;
  // `callback` runs once, on the server's thread, if the client leaves before the answer has ended (also if
  // it has already left), or if the server stops. It is forgotten when the answer has ended.
  virtual void on_disconnect(std::function<void()> callback) = 0;
  // Runs `work` on one of the server's worker threads: for what must not hold up the thread that calls.
  virtual void run(std::function<void()> work) = 0;
  // A fact for the server's record of this request (ServerOptions::on_answered): the model, a count of
  // tokens. Before the answer's end, else it is lost.
  virtual void note(std::string_view key, const std::string& value) { (void)key, (void)value; }
};

}  // namespace http
