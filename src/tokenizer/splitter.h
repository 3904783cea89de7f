#pragma once
// One step of pre-tokenization: cuts a piece of text into smaller ones.
#include <string>
#include <string_view>
#include <type_traits>

namespace tokenizer {

// A borrowed callable that takes each piece in turn. Unlike std::function it never allocates, and one is made
// for every piece of every step. The callable must outlive it.
class PieceSink {
 public:
  template <class Callable>
    requires(!std::is_same_v<Callable, PieceSink>)
  PieceSink(const Callable& callable)  // NOLINT(google-explicit-constructor): lambdas are passed as sinks
      : object_(&callable), call_([](const void* object, std::string_view piece) {
          (*static_cast<const Callable*>(object))(piece);
        }) {}
  void operator()(std::string_view piece) const { call_(object_, piece); }

 private:
  const void* object_;
  void (*call_)(const void*, std::string_view);
};

class Splitter {
 public:
  virtual ~Splitter() = default;
  // Hands the pieces of `text` to `sink`, in order and none empty. Pieces live as long as the call of the
  // sink. REQUIRES: `text` is well-formed.
  virtual void split(std::string_view text, PieceSink sink) const = 0;
  // In words, for `show`.
  virtual std::string description() const = 0;
};

}  // namespace tokenizer
