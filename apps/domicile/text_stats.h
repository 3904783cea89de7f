#pragma once
// How an answer and its speeds are shown.
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/engine.h"
#include "serving/generation.h"

namespace apps {

// Tokens per second; 0 if no time passed. Prefill counts the tokens that were computed, not those found in
// the cache; decode counts the tokens after the first.
double prefill_rate(const engine::Timings& timings);
double decode_rate(const engine::Timings& timings);

// "prompt 38 tokens (12 cached), 410.2 tokens/s; answer 57 tokens, 98.1 tokens/s (20 of 24 drafts right)"
std::string stats_line(const engine::Timings& timings);

// Streams an answer to stdout. On a terminal thoughts are dimmed and control characters made harmless (an
// answer must not be able to move the cursor, retitle the window or write to the clipboard); elsewhere
// thoughts are left out and the text goes out as it is.
class AnswerPrinter {
 public:
  struct Options {
    bool is_terminal = false;
  };
  explicit AnswerPrinter(Options options) : is_terminal_(options.is_terminal) {}
  void show(const serving::Event& event);
  // Ends the line and takes the dimming back.
  void finish();
  // The first failure to write; nothing is written after it.
  const base::Status& status() const { return status_; }

 private:
  void write(std::string_view text);
  bool is_terminal_;
  bool dimmed_ = false;
  bool at_line_start_ = true;
  base::Status status_;
};

// Control characters but tab and line break become U+FFFD.
std::string harmless(std::string_view text);

}  // namespace apps
