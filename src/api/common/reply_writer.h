#pragma once
// How one reply looks in one dialect. One writer per reply; run_inference() drives it:
//
//   whole:     whole()
//   streamed:  head(), begin(), then per choice event()... and choice_end(), at last end()
//              or, when a generation fails in the middle, error() instead of what would follow
//   before either, if nothing could be started: refusal()
//
// Calls never overlap, and nothing follows the last. Those that append do it in the dialect's own framing
// (server-sent events, JSON lines). Only refusal(), head() and whole() may take their time: the others run on
// the thread that serves all connections.
#include <string>
#include <vector>

#include "api/common/choices.h"
#include "api/common/errors.h"
#include "http/message.h"

namespace api {

class ReplyWriter {
 public:
  virtual ~ReplyWriter() = default;

  virtual http::Response refusal(const ApiError& error) = 0;
  // Every choice has its text and outcome.
  virtual http::Response whole(const std::vector<Choice>& choices) = 0;

  // Head of a stream: server-sent events unless overridden.
  virtual http::Response head();
  // Sent at once and whenever nothing else was for a while; a comment unless overridden. Empty: nothing.
  virtual std::string filler() { return ": keep-alive\n\n"; }
  // As soon as the request is admitted, before anything is computed.
  virtual void begin(const std::vector<Choice>& choices, std::string& out) { (void)choices, (void)out; }
  // News of one choice: `news` has text, thoughts, ids or log-probabilities.
  virtual void event(const std::vector<Choice>& choices, const Choice& choice, const serving::Event& news,
                     std::string& out) = 0;
  virtual void choice_end(const std::vector<Choice>& choices, const Choice& choice, std::string& out) = 0;
  virtual void end(const std::vector<Choice>& choices, std::string& out) = 0;
  virtual void error(const ApiError& error, std::string& out) = 0;
};

}  // namespace api
