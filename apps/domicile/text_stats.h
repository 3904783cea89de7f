#pragma once
// How an answer and its speeds are shown.
#include <string>

#include "engine/engine.h"
#include "serving/generation.h"

namespace apps {

// Tokens per second; 0 if no time passed. Prefill counts the tokens that were computed, not those found in
// the cache; decode counts the tokens after the first.
double prefill_rate(const engine::Timings& timings);
double decode_rate(const engine::Timings& timings);

// "prompt 38 tokens (12 cached), 410.2 tokens/s; answer 57 tokens, 98.1 tokens/s"
std::string stats_line(const engine::Timings& timings);

// Streams an answer to stdout; thoughts are dimmed on a terminal and left out elsewhere.
class AnswerPrinter {
 public:
  explicit AnswerPrinter(bool dims_thoughts) : dims_thoughts_(dims_thoughts) {}
  void show(const serving::Event& event);
  // Ends the line and takes the dimming back.
  void finish();

 private:
  void write(std::string_view text);
  bool dims_thoughts_;
  bool dimmed_ = false;
  bool at_line_start_ = true;
};

}  // namespace apps
