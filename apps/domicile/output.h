#pragma once
// What a command prints: results on stdout, everything about them on stderr.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace apps {

// Gives stdin, stdout and stderr something to stand for if the caller closed them: otherwise the next file
// that is opened would take their numbers, and an error message could end up in it.
void ensure_standard_streams();

// Writes all of `text` to stdout. Fails if the reader has gone or the disk is full.
base::Status print(std::string_view text);
base::Status print_json(const base::Json& value);  // one line

// One sentence on stderr, control characters escaped.
void print_error(std::string_view message);
void print_note(std::string_view message);

// A bar on stderr for work that takes over a second; silent if stderr is no terminal.
class ProgressBar {
 public:
  enum class Unit { bytes, tokens };
  explicit ProgressBar(std::string label, Unit unit = Unit::bytes);
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  void update(uint64_t done, uint64_t total);
  void clear();  // takes it off the screen

 private:
  std::string label_;
  Unit unit_;
  bool is_terminal_;
  int64_t started_ms_;
  int64_t shown_ms_ = 0;
  bool shown_ = false;
};

}  // namespace apps
