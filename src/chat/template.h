#pragma once
// A chat template: the Jinja program that turns messages into a prompt, with the origin of every byte kept.
//
// A template is untrusted: parsing and rendering are bounded in size, depth, steps, output and memory.
// A Template is immutable and may be rendered by any number of threads at once.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace chat {

// Half-open range of bytes.
struct ByteRange {
  size_t begin;
  size_t end;
  bool operator==(const ByteRange&) const = default;
};

struct Rendered {
  std::string text;
  std::vector<ByteRange> trusted;  // sorted, not touching; all other bytes are the caller's
};

// Local civil time as strftime_now sees it.
struct CivilTime {
  int year, month, day, hour, minute, second;
};

struct RenderInput {
  base::Json messages;   // strings inside are untrusted
  base::Json tools;      // null: none in the template
  base::Json documents;  // null: none in the template
  base::Json variables;  // object: every member is a variable of its own, and trusted
  CivilTime now;
};

struct RenderLimits {
  int64_t max_steps = 10'000'000;
  int max_depth = 200;
  size_t max_output_bytes = size_t{64} << 20;
  size_t max_memory_bytes = size_t{512} << 20;
};

class Program;  // the parsed template

class Template {
 public:
  // The error names the line.
  static base::Result<Template> parse(std::string_view source);
  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;
  ~Template();

  // Code::invalid_argument with the template's own words if it called raise_exception (message exactly those words,
  // see `raised`), otherwise a sentence with the line.
  base::Result<Rendered> render(const RenderInput& input, const RenderLimits& limits = {}) const;

  // True if the source ever looks at a variable of that name: "tools", "enable_thinking".
  bool mentions(std::string_view variable) const;

 private:
  explicit Template(std::unique_ptr<Program> program);
  std::unique_ptr<Program> program_;
};

}  // namespace chat
